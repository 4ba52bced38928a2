//! `--format`: Go templates over JSON values (docker/cli: `templates/templates.go`).

use std::sync::Arc;

pub(crate) use commandline::template::value;
use gotmpl::{MissingKey, Template, TemplateError, Value};
use serde_json::Value as Json;

use super::time::go_form;

/// A parsed `--format`.
pub(crate) struct Format {
    source: String,
    /// The data as the template sees it, and the same as it is printed: `json` shows the latter.
    original: Arc<(Json, Json)>,
}

impl Format {
    /// A template; `\t` and `\n` written with backslashes are understood.
    pub(crate) fn new(source: &str) -> Self {
        Self { source: source.to_owned(), original: Arc::default() }
    }

    /// The template's text for `data`.
    ///
    /// # Errors
    /// Go's words, without `template parsing error: `.
    pub(crate) fn execute(&self, data: &Value) -> Result<String, String> {
        let original = self.original.clone();
        // `{{.Label "x"}}` is a method with an argument.
        let source = self.source.replace(".Label ", "label . ");
        let template = Template::new("")
            .missing_key(MissingKey::Error)
            .func("json", move |args| Ok(Value::from(json_text(args, &original))))
            .func("join", |args| Ok(Value::from(join(args))))
            .func("split", |args| Ok(split(args)))
            .func("lower", |args| Ok(Value::from(text(args, 0).to_lowercase())))
            .func("upper", |args| Ok(Value::from(text(args, 0).to_uppercase())))
            .func("title", |args| Ok(Value::from(title(&text(args, 0)))))
            .func("pad", |args| Ok(Value::from(pad(args))))
            .func("truncate", |args| Ok(Value::from(truncate(args))))
            .func("label", |args| Ok(Value::from(label(args))))
            .parse(&source)
            .map_err(|error| self.explain(&error))?;
        template.execute_to_string(data).map_err(|error| self.explain(&error))
    }

    /// The same template for an object that is `printed` with other members than a template sees.
    pub(crate) fn over(&self, typed: &Json, printed: &Json) -> Self {
        let original = Arc::new((typed.clone(), printed.clone()));
        Self { source: self.source.clone(), original }
    }

    /// The chain of fields that ends in `key`, and the column Go names: that of the second field.
    fn chain(&self, key: &str) -> (String, usize) {
        let last = format!(".{key}");
        let Some(at) = self.source.find(&last) else { return (last, 0) };
        let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '.';
        let head = &self.source[..at];
        let start = head.len() - head.chars().rev().take_while(|char| is_part(*char)).count();
        let chain = &self.source[start..at + last.len()];
        let second = chain[1..].find('.').map_or(start, |dot| start + 1 + dot);
        (chain.to_owned(), second)
    }

    fn explain(&self, error: &TemplateError) -> String {
        match error {
            TemplateError::MissingKey { key } => {
                let (node, column) = self.chain(key);
                format!(
                    "template: :1:{column}: executing \"\" at <{node}>: map has no entry for key \
                     \"{key}\""
                )
            }
            TemplateError::Parse { line, message, .. }
            | TemplateError::Lex { line, message, .. } => {
                format!("template: :{line}: {message}")
            }
            TemplateError::UndefinedFunction(name) => {
                format!("template: :1: function \"{name}\" not defined")
            }
            other => format!("template: :1: {other}"),
        }
    }
}

/// Members that are times in Go, which a template prints in Go's form.
const TIMES: [&str; 6] =
    ["CreatedAt", "UpdatedAt", "Timestamp", "StartedAt", "CompletedAt", "LastExecution"];

/// A swarm object as templates see it: its times are times.
pub(crate) fn swarm_value(json: &Json) -> Value {
    fn with_times(json: &Json) -> Json {
        match json {
            Json::Array(items) => items.iter().map(with_times).collect(),
            Json::Object(members) => members
                .iter()
                .map(|(key, member)| match member {
                    Json::String(text) if TIMES.contains(&key.as_str()) => {
                        (key.clone(), Json::String(go_form(text)))
                    }
                    member => (key.clone(), with_times(member)),
                })
                .collect(),
            other => other.clone(),
        }
    }
    value(&with_times(json))
}

fn text(args: &[Value], index: usize) -> String {
    args.get(index).map(Value::to_string).unwrap_or_default()
}

fn number(args: &[Value], index: usize) -> usize {
    let number = args.get(index).and_then(Value::as_int).unwrap_or(0);
    usize::try_from(number).unwrap_or(0).min(10_000)
}

/// Compact JSON; a part of the original is shown as it is printed.
fn json_text(args: &[Value], (typed, printed): &(Json, Json)) -> String {
    let Some(wanted) = args.first() else { return "null".to_owned() };
    let found = find(typed, printed, wanted).cloned();
    found.unwrap_or_else(|| plain(wanted)).to_string()
}

/// The printed form of the part of `typed` that is `wanted`.
fn find<'a>(typed: &Json, printed: &'a Json, wanted: &Value) -> Option<&'a Json> {
    if !matches!(wanted, Value::Map(_) | Value::List(_)) {
        return None;
    }
    if value(typed) == *wanted || swarm_value(typed) == *wanted {
        return Some(printed);
    }
    match (typed, printed) {
        (Json::Array(typed), Json::Array(printed)) => {
            typed.iter().zip(printed).find_map(|(typed, printed)| find(typed, printed, wanted))
        }
        (Json::Object(typed), Json::Object(printed)) => {
            typed.iter().find_map(|(key, typed)| find(typed, printed.get(key)?, wanted))
        }
        _ => None,
    }
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Nil | Value::Function(_) => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Int(int) => Json::from(*int),
        Value::Uint(uint) => Json::from(*uint),
        Value::Float(_) | Value::String(_) => Json::String(value.to_string()),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Map(members) => {
            members.iter().map(|(key, member)| (key.to_string(), plain(member))).collect()
        }
    }
}

fn join(args: &[Value]) -> String {
    let Some(Value::List(items)) = args.first() else { return text(args, 0) };
    let items: Vec<String> = items.iter().map(Value::to_string).collect();
    items.join(&text(args, 1))
}

fn split(args: &[Value]) -> Value {
    let (whole, separator) = (text(args, 0), text(args, 1));
    if separator.is_empty() {
        return Value::List(whole.chars().map(|char| Value::from(char.to_string())).collect());
    }
    Value::List(whole.split(&separator).map(|part| Value::from(part.to_owned())).collect())
}

fn title(text: &str) -> String {
    let mut start = true;
    let mut titled = String::new();
    for char in text.chars() {
        if start {
            titled.extend(char.to_uppercase());
        } else {
            titled.push(char);
        }
        start = !char.is_alphanumeric();
    }
    titled
}

fn pad(args: &[Value]) -> String {
    let whole = text(args, 0);
    if whole.is_empty() {
        return whole;
    }
    format!("{}{whole}{}", " ".repeat(number(args, 1)), " ".repeat(number(args, 2)))
}

fn truncate(args: &[Value]) -> String {
    text(args, 0).chars().take(number(args, 1)).collect()
}

fn label(args: &[Value]) -> String {
    let Some(Value::Map(members)) = args.first() else { return String::new() };
    let labels = members.get("Labels").map(Value::to_string).unwrap_or_default();
    let wanted = text(args, 1);
    let mut pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &str) {
        let json = serde_json::json!({
            "Spec": {"Name": "sec1", "Labels": {"b": "2", "a": "1"}},
            "Tags": ["x", "y"],
            "Labels": "env=dev,rev=1",
            "CreatedAt": "2017-03-24T10:00:00.5Z",
        });
        let format = Format::new(source).over(&json, &json);
        let text = format.execute(&swarm_value(&json)).unwrap_or_else(|error| error);
        assert_eq!(text, expected, "{source}");
    }

    #[test]
    fn templates_have_dockers_functions() {
        check("{{.Spec.Name}}", "sec1");
        check("{{json .Spec}}", "{\"Name\":\"sec1\",\"Labels\":{\"b\":\"2\",\"a\":\"1\"}}");
        check("{{range $k, $v := .Spec.Labels}}{{$k}}={{$v}};{{end}}", "a=1;b=2;");
        check("{{join .Tags \"-\"}}", "x-y");
        check("{{upper .Spec.Name}}{{title \"a b\"}}", "SEC1A B");
        check("{{truncate .Spec.Name 2}}|{{pad .Spec.Name 1 2}}|", "se| sec1  |");
        check("{{len .Tags}}{{println .Spec.Name}}", "2sec1\n");
        check("{{.Label \"rev\"}}", "1");
        check("{{.CreatedAt}}", "2017-03-24 10:00:00.5 +0000 UTC");
        check("{{index (split \"a:b\" \":\") 1}}", "b");
    }

    #[test]
    fn mistakes_are_told_as_go_tells_them() {
        check(
            "{{.Nope}}",
            "template: :1:2: executing \"\" at <.Nope>: map has no entry for key \"Nope\"",
        );
        check(
            "{{.Spec.Data}}",
            "template: :1:7: executing \"\" at <.Spec.Data>: map has no entry for key \"Data\"",
        );
        check("{{.Spec", "template: :1: unclosed action");
        check("{{foo .}}", "template: :1: function \"foo\" not defined");
    }
}
