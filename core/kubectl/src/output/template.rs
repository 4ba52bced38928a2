//! Go templates over objects: `-o go-template` (kubectl: `genericclioptions/template_flags.go`).

use commandline::template::value;
use gotmpl::{MissingKey, Template, TemplateError, Value};
use serde_json::Value as Json;

use crate::cli::Failure;

/// The template's text for an object.
///
/// # Errors
/// In Go's words.
pub(crate) fn print(source: &str, object: &Json) -> Result<String, Failure> {
    let template =
        Template::new("output").missing_key(MissingKey::ZeroValue).func("base64decode", |args| {
            let text = args.first().map(ToString::to_string).unwrap_or_default();
            let bytes = seal::base64::decode(&text)
                .ok_or_else(|| TemplateError::Exec(format!("illegal base64 data: {text}")))?;
            Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
        });
    let wrong = |error: TemplateError| {
        // Go tells the line of what cannot be parsed, and no column.
        let error = error.to_string();
        let mut parts = error.splitn(4, ':');
        let (head, name, line) = (parts.next(), parts.next(), parts.next());
        let rest = parts.next().unwrap_or_default();
        let rest = rest.trim_start_matches(|char: char| char.is_ascii_digit());
        let line = [head, name, line].map(Option::unwrap_or_default).join(":");
        Failure::text(format!("error parsing template {source}, {line}{rest}"))
    };
    let template = template.parse(source).map_err(wrong)?;
    template.execute_to_string(&value(object)).map_err(|error| {
        Failure::text(format!("error executing template \"{source}\": template: output: {error}"))
    })
}
