//! How objects are printed: `-o`.

pub(crate) mod age;
pub(crate) mod columns;
pub(crate) mod json;
pub(crate) mod jsonpath;
pub(crate) mod template;
pub(crate) mod yaml;

use serde_json::{Value, json};

use crate::cli::{Cli, Failure};
use crate::json::{name, text};
use crate::kubeconfig::go_error;

/// What `-o` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table, or one line that tells what was done.
    Human,
    /// A table with more columns.
    Wide,
    Json,
    Yaml,
    Name,
    JsonPath(String),
    /// The results of a JSONPath as a JSON list.
    JsonPathAsJson(String),
    Template(String),
    /// `custom-columns`: titles and paths.
    Columns(Vec<(String, String)>),
}

/// All formats in the order in which errors list them, and whether only `get` has them.
const FORMATS: [(&str, bool); 13] = [
    ("custom-columns", true),
    ("custom-columns-file", true),
    ("go-template", false),
    ("go-template-file", false),
    ("json", false),
    ("jsonpath", false),
    ("jsonpath-as-json", false),
    ("jsonpath-file", false),
    ("name", false),
    ("template", false),
    ("templatefile", false),
    ("wide", true),
    ("yaml", false),
];

impl Format {
    /// What the command's `-o` and `--template` ask for.
    ///
    /// # Errors
    /// In kubectl's words, with the list of what there is.
    pub(crate) fn of(cli: &Cli, is_get: bool) -> Result<Self, Failure> {
        let given = cli.flag("output");
        if given.is_empty() && cli.flag("template").is_empty() {
            return Ok(Self::Human);
        }
        let (format, value) = given.split_once('=').unwrap_or((given, ""));
        let format = if given.is_empty() { "go-template" } else { format };
        let value = if value.is_empty() { cli.flag("template") } else { value };
        let file = || {
            let bytes = cli.proc.read_file(value).map_err(|errno| {
                Failure::text(format!(
                    "error reading --template {value}, open {value}: {}",
                    go_error(errno)
                ))
            })?;
            Ok::<_, Failure>(String::from_utf8_lossy(&bytes).into_owned())
        };
        let known = FORMATS.iter().any(|(name, only)| *name == format && (is_get || !only));
        let needs_value =
            |what: &str| Failure::text(format!("{what} format specified but no template given"));
        let template = |value: String| {
            if value.is_empty() { Err(needs_value("template")) } else { Ok(value) }
        };
        Ok(match format {
            _ if !known => {
                let names: Vec<&str> = FORMATS
                    .iter()
                    .filter(|(_, only)| is_get || !only)
                    .map(|(name, _)| *name)
                    .collect();
                return Err(Failure::text(format!(
                    "unable to match a printer suitable for the output format \"{given}\", allowed formats are: {}",
                    names.join(",")
                )));
            }
            "json" => Self::Json,
            "yaml" => Self::Yaml,
            "name" => Self::Name,
            "wide" => Self::Wide,
            "jsonpath" => Self::JsonPath(template(value.to_owned())?),
            "jsonpath-as-json" => Self::JsonPathAsJson(template(value.to_owned())?),
            "jsonpath-file" => Self::JsonPath(file()?),
            "go-template" | "template" => Self::Template(template(value.to_owned())?),
            "go-template-file" | "templatefile" => Self::Template(file()?),
            "custom-columns-file" => Self::Columns(columns::of_file(&file()?)?),
            _ => Self::Columns(columns::of(value)?),
        })
    }

    /// True for what has a title and one line for each object.
    pub(crate) const fn is_table(&self) -> bool {
        matches!(self, Self::Human | Self::Wide)
    }
}

/// `secret/x`, `deployment.apps/web`.
pub(crate) fn object_name(object: &Value) -> String {
    let kind = text(object, "kind").to_lowercase();
    let group = text(object, "apiVersion").split_once('/').map_or("", |(group, _)| group);
    let dot = if group.is_empty() { "" } else { "." };
    let name = Some(name(object)).filter(|name| !name.is_empty()).unwrap_or("<unknown>");
    format!("{kind}{dot}{group}/{name}")
}

/// An object without what nobody asked to see.
fn shown(cli: &Cli, object: &Value) -> Value {
    let mut object = object.clone();
    if !cli.is_set("show-managed-fields") && cli.profile.minor > 20 {
        let strip = |object: &mut Value| {
            if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
                metadata.shift_remove("managedFields");
            }
        };
        strip(&mut object);
        if let Some(Value::Array(items)) = object.get_mut("items") {
            items.iter_mut().for_each(strip);
        }
    }
    object
}

/// Members that Go's types of a server write though there is nothing in them.
fn nothings(cli: &Cli, object: &mut Value) {
    match text(object, "kind") {
        "Pod" => {
            let conditions = object.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
            for condition in conditions.into_iter().flatten() {
                condition["lastProbeTime"] = Value::Null;
            }
        }
        "Deployment" | "ReplicaSet"
            if cli.profile.null_timestamps && !text(object, "metadata/uid").is_empty() =>
        {
            crate::json::put(object, "spec/template/metadata/creationTimestamp", Value::Null);
        }
        _ => {}
    }
}

/// Prints an object in a format that is no table.
///
/// # Errors
/// What a template or a path cannot do.
pub(crate) fn print(cli: &Cli, format: &Format, object: &Value) -> Result<(), Failure> {
    let mut object = shown(cli, object);
    if matches!(format, Format::Json | Format::Yaml) {
        match object.get_mut("items") {
            Some(Value::Array(items)) => items.iter_mut().for_each(|item| nothings(cli, item)),
            _ => nothings(cli, &mut object),
        }
    }
    let text = match format {
        Format::Human | Format::Wide => String::new(),
        Format::Json => json::print(&object) + "\n",
        Format::Yaml => yaml::print(&object),
        Format::Name => match object.get("items") {
            Some(Value::Array(items)) => {
                items.iter().map(|item| object_name(item) + "\n").collect()
            }
            _ => object_name(&object) + "\n",
        },
        Format::JsonPath(path) => jsonpath::print(path, &object)?,
        Format::JsonPathAsJson(path) => json::print(&jsonpath::list(path, &object)?) + "\n",
        Format::Template(source) => template::print(source, &object)?,
        Format::Columns(columns) => {
            let none = [];
            let items = match object.get("items") {
                Some(Value::Array(items)) => items.as_slice(),
                _ if object.get("kind").is_some() => std::slice::from_ref(&object),
                _ => &none,
            };
            columns::print(columns, items, !cli.is_set("no-headers"))?
        }
    };
    cli.out(text);
    Ok(())
}

/// Tells what was done with an object, or prints it as `-o` asks: `secret/x created (dry run)`.
///
/// # Errors
/// As [`print`].
pub(crate) fn tell(cli: &Cli, format: &Format, object: &Value, done: &str) -> Result<(), Failure> {
    if *format != Format::Human {
        return print(cli, format, object);
    }
    cli.out(format!("{} {done}{}\n", object_name(object), DryRun::of(cli)?.note()));
    Ok(())
}

/// `--dry-run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DryRun {
    None,
    Client,
    Server,
}

impl DryRun {
    /// What the flag says.
    ///
    /// # Errors
    /// A value that is none of the three.
    pub(crate) fn of(cli: &Cli) -> Result<Self, Failure> {
        if cli.profile.dry_run_is_bool {
            return Ok(if cli.is_set("dry-run") { Self::Client } else { Self::None });
        }
        match cli.flag("dry-run") {
            "" | "none" => Ok(Self::None),
            "client" => Ok(Self::Client),
            "server" => Ok(Self::Server),
            "unchanged" => Err(Failure::text(
                "--dry-run flag without a value was specified. A value must be set: \"none\", \"server\", or \"client\".",
            )),
            other => Err(Failure::text(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }

    /// The parameter of a request.
    pub(crate) const fn parameter(self) -> &'static str {
        match self {
            Self::Server => "All",
            _ => "",
        }
    }

    /// What follows the words that tell what was done.
    pub(crate) const fn note(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }
}

/// Several objects as the list that `get -o json` makes of them.
pub(crate) fn list(cli: &Cli, items: Vec<Value>) -> Value {
    let metadata = if cli.profile.minor < 20 {
        json!({ "resourceVersion": "", "selfLink": "" })
    } else {
        json!({ "resourceVersion": "" })
    };
    json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": metadata })
}
