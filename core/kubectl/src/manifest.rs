//! Objects in files: YAML and JSON, several in one file, folders, standard input (cli-runtime: `resource/visitor.go`).

use os::Fd;
use serde_json::{Value, json};

use crate::cli::{Boxed, Cli, Failure};
use crate::json::{from_yaml, items, name, namespace, text};
use crate::kubeconfig::go_error;
use kube::resources::Resource;

/// An object of a file.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The file, `STDIN` for standard input.
    pub(crate) source: String,
    /// What it is.
    pub(crate) resource: &'static Resource,
    /// The object, in the namespace where it is meant to be.
    pub(crate) object: Value,
}

/// The documents of a file as JSON; what cannot be read ends them.
fn documents(source: &str, content: &str) -> (Vec<Value>, Option<Failure>) {
    let wrong = |why: String| Some(Failure::text(format!("error parsing {source}: {why}")));
    let mut found = Vec::new();
    if content.trim_start().starts_with('{') {
        // One JSON object after the other; what is no JSON may still be YAML in braces.
        let mut stream = serde_json::Deserializer::from_str(content).into_iter::<Value>();
        let all: Result<Vec<Value>, _> = stream.by_ref().collect();
        match (all, from_yaml(content)) {
            (Ok(all), _) => return (all, None),
            (Err(_), Ok(value)) => return (vec![value], None),
            (Err(error), Err(_)) => {
                return (
                    found,
                    wrong(format!("json: line {}: {}", error.line(), json_words(&error))),
                );
            }
        }
    }
    let mut document = String::new();
    let lines = content.lines().chain(std::iter::once("---"));
    for line in lines {
        if !line.starts_with("---") {
            document += line;
            document.push('\n');
            continue;
        }
        match from_yaml(&document) {
            Ok(Value::Null) => {}
            Ok(value) => found.push(value),
            Err(why) => return (found, wrong(format!("error converting YAML to JSON: {why}"))),
        }
        document.clear();
        let rest = line.trim_start_matches('-').trim_start();
        if !rest.is_empty() && !rest.starts_with('#') {
            document = format!("{rest}\n");
        }
    }
    (found, None)
}

fn json_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line").next().unwrap_or_default().to_owned()
}

/// A file's name ends as one with objects does.
fn has_objects(name: &str) -> bool {
    [".json", ".yaml", ".yml"].iter().any(|end| name.ends_with(end))
}

/// The files in a folder, those in its folders too if `deep`.
fn folder(cli: &Cli, path: &str, deep: bool, files: &mut Vec<String>) -> Result<(), Failure> {
    let failed = |errno| Failure::text(format!("open {path}: {}", go_error(errno)));
    for (name, inode) in cli.proc.list(path).map_err(failed)? {
        let inside = format!("{}/{name}", path.trim_end_matches('/'));
        if inode.is_directory() {
            if deep {
                folder(cli, &inside, deep, files)?;
            }
        } else if has_objects(&name) {
            files.push(inside);
        }
    }
    Ok(())
}

/// The paths of `-f`, folders opened.
fn paths(cli: &Cli) -> Result<Vec<String>, Failure> {
    let mut files = Vec::new();
    for given in cli.matches.all("filename").iter().flat_map(|given| given.split(',')) {
        if given.starts_with("http://") || given.starts_with("https://") {
            return Err(Failure::text(format!("not simulated: {given} is outside of the world")));
        }
        if given == "-" {
            files.push(given.to_owned());
            continue;
        }
        let Ok(inode) = cli.proc.stat(given) else {
            return Err(Failure::text(format!("the path \"{given}\" does not exist")));
        };
        if !inode.is_directory() {
            files.push(given.to_owned());
            continue;
        }
        let count = files.len();
        folder(cli, given, cli.is_set("recursive"), &mut files)?;
        if files.len() == count {
            let text = format!(
                "error reading [{given}]: recognized file extensions are [.json .yaml .yml]"
            );
            return Err(Failure::text(text));
        }
    }
    Ok(files)
}

/// Objects, and what was wrong with some of the files.
type Items = (Vec<Item>, Vec<Failure>);

/// The objects of `-f`.
pub(crate) fn read(cli: &Cli) -> Boxed<'_, Result<Items, Failure>> {
    Box::pin(async move {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for path in paths(cli)? {
            let bytes = if path == "-" {
                cli.proc.read_to_end(Fd::STDIN).await
            } else {
                cli.proc.read_file(&path)
            };
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(errno) => {
                    failures.push(Failure::text(format!("open {path}: {}", go_error(errno))));
                    continue;
                }
            };
            let source = if path == "-" { "STDIN".to_owned() } else { path };
            let (documents, failure) = documents(&source, &String::from_utf8_lossy(&bytes));
            failures.extend(failure);
            for document in documents {
                take(cli, &source, document, &mut found, &mut failures);
            }
        }
        Ok((found, failures))
    })
}

/// Adds an object, or the members of a list.
fn take(
    cli: &Cli,
    source: &str,
    object: Value,
    found: &mut Vec<Item>,
    failures: &mut Vec<Failure>,
) {
    let kind = text(&object, "kind");
    if kind.ends_with("List") && object.get("items").is_some() {
        for item in items(&object, "items") {
            take(cli, source, item.clone(), found, failures);
        }
        return;
    }
    match identified(cli, source, object) {
        Ok(item) => found.push(item),
        Err(failure) => failures.push(failure),
    }
}

fn identified(cli: &Cli, source: &str, mut object: Value) -> Result<Item, Failure> {
    let (api_version, kind) =
        (text(&object, "apiVersion").to_owned(), text(&object, "kind").to_owned());
    if kind.is_empty() || api_version.is_empty() {
        let missing = [("apiVersion", &api_version), ("kind", &kind)];
        let missing = missing.iter().filter(|(_, value)| value.is_empty());
        if !cli.profile.server_checks {
            let missing: Vec<String> = missing.map(|(name, _)| format!("{name} not set")).collect();
            let (open, close) = if missing.len() > 1 { ("[", "]") } else { ("", "") };
            return Err(Failure::text(format!(
                "error validating \"{source}\": error validating data: {open}{}{close}; if you choose to ignore these \
                 errors, turn validation off with --validate=false",
                missing.join(", ")
            )));
        }
        let word = if kind.is_empty() { "Kind" } else { "apiVersion" };
        return Err(Failure::text(format!(
            "unable to decode \"{source}\": Object '{word}' is missing in '{}'",
            crate::output::json::compact(&object)
        )));
    }
    let Some(resource) = Resource::of(&api_version, &kind) else {
        if kube::resources::lacking(&kind).is_some() {
            return Err(Failure::text(format!(
                "not simulated: objects of kind {kind} (\"{source}\")"
            )));
        }
        let unknown = format!("no matches for kind \"{kind}\" in version \"{api_version}\"");
        return Err(Failure::text(if cli.profile.server_checks {
            format!(
                "resource mapping not found for name: \"{}\" namespace: \"{}\" from \"{source}\": {unknown}\nensure \
                 CRDs are installed first",
                name(&object),
                namespace(&object)
            )
        } else {
            format!("unable to recognize \"{source}\": {unknown}")
        }));
    };
    if resource.namespaced {
        let own = namespace(&object).to_owned();
        let wanted = cli.namespace();
        if own.is_empty() {
            if !object["metadata"].is_object() {
                object["metadata"] = json!({});
            }
            object["metadata"]["namespace"] = wanted.into();
        } else if cli.config.is_namespace_given && own != wanted {
            return Err(Failure::text(format!(
                "the namespace from the provided object \"{own}\" does not match the namespace \"{wanted}\". You must \
                 pass '--namespace={own}' to perform this operation."
            )));
        }
    }
    Ok(Item { source: source.to_owned(), resource, object })
}
