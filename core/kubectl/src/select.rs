//! Which objects a command is about: kinds, names, selectors, files (cli-runtime: `resource/builder.go`).

use commandline::text::quote;
use kube::resources::{RESOURCES, Resource};
use serde_json::Value;

use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{items, name, namespace, text};
use crate::manifest;

/// An object that was named.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) resource: &'static Resource,
    /// Its name.
    pub(crate) name: String,
    /// Its namespace; empty if it is in none.
    pub(crate) namespace: String,
    /// The object: of the server, or of the file if the server was not asked.
    pub(crate) object: Value,
    /// The file that named it.
    pub(crate) source: String,
}

impl Found {
    /// Where it is.
    pub(crate) fn path(&self) -> String {
        object_path(self.resource, &self.namespace, &self.name)
    }

    /// `deployment.apps/web`.
    pub(crate) fn shown(&self) -> String {
        let (kind, group) = (self.resource.singular, self.resource.group);
        let dot = if group.is_empty() { "" } else { "." };
        format!("{kind}{dot}{group}/{}", self.name)
    }
}

/// Where an object is.
pub(crate) fn object_path(resource: &Resource, namespace: &str, name: &str) -> String {
    format!("{}/{name}", resource.path(Some(namespace)))
}

/// All that a command is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// In the order of the arguments.
    pub(crate) found: Vec<Found>,
    /// What could not be found.
    pub(crate) failures: Vec<Failure>,
    /// One object was named.
    pub(crate) is_single: bool,
    /// More than one kind was asked for.
    pub(crate) has_kinds: bool,
    /// None of what was asked for is outside of namespaces.
    pub(crate) is_namespaced: bool,
    /// The version of the only list that was read.
    pub(crate) version: String,
}

/// What a command needs of its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A kind alone means all objects of it (`get`).
    Lists,
    /// A kind alone is a mistake (`delete`, `label`) unless `--all` or a selector is given.
    Names,
    /// As [`Need::Names`], and the server is not asked for objects that have names.
    NamesOnly,
}

/// A kind and the names given for it; no names for all.
type Asked = (&'static Resource, Vec<String>);

/// Tells that nobody knows a kind; that is what the server says, so that it has to be there.
pub(crate) async fn unknown_kind<T>(cli: &Cli, word: &str) -> Result<T, Failure> {
    cli.call(Call::get("/version")).await?;
    if let Some(kind) = kube::resources::lacking(word) {
        return Err(Failure::text(format!("not simulated: objects of kind {kind}")));
    }
    let (kind, group) = word.split_once('.').unwrap_or((word, ""));
    let group = if group.is_empty() { String::new() } else { format!(" in group \"{group}\"") };
    Err(Failure::text(format!("the server doesn't have a resource type \"{kind}\"{group}")))
}

/// The kinds of a word: one, several with commas, `all`.
async fn kinds(cli: &Cli, words: &str) -> Result<Vec<&'static Resource>, Failure> {
    let mut found: Vec<&'static Resource> = Vec::new();
    for word in words.split(',') {
        if word == "all" {
            found.extend(RESOURCES.iter().filter(|resource| resource.in_all));
        } else {
            match Resource::find(word).filter(|resource| resource.verbs.contains(&"get")) {
                Some(resource) => found.push(resource),
                None => return unknown_kind(cli, word).await,
            }
        }
    }
    Ok(found)
}

/// What the arguments name.
async fn asked(cli: &Cli, args: &[String]) -> Result<Vec<Asked>, Failure> {
    if !args.iter().any(|arg| arg.contains('/')) {
        let Some((words, names)) = args.split_first() else { return Ok(Vec::new()) };
        let kinds = kinds(cli, words).await?;
        return Ok(kinds.into_iter().map(|kind| (kind, names.to_vec())).collect());
    }
    if args.iter().any(|arg| !arg.contains('/')) {
        let typed = &cli.typed;
        return Err(Failure::text(format!(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name \
             form (e.g. '{typed} resource/<resource_name>' instead of '{typed} resource resource/<resource_name>'"
        )));
    }
    let mut found: Vec<Asked> = Vec::new();
    for arg in args {
        let (word, name) = arg.split_once('/').unwrap_or((arg, ""));
        if word.is_empty() || name.is_empty() || name.contains('/') {
            return Err(Failure::text(
                "arguments in resource/name form must have a single resource and name",
            ));
        }
        for kind in kinds(cli, word).await? {
            found.push((kind, vec![name.to_owned()]));
        }
    }
    Ok(found)
}

/// The objects that `args`, `-f`, `-l`, `--field-selector`, `-A` and `--all` are about.
pub(crate) fn select<'a>(
    cli: &'a Cli,
    args: &'a [String],
    need: Need,
) -> Boxed<'a, Result<Selection, Failure>> {
    Box::pin(async move {
        let files = cli.matches.changed("filename");
        let (selector, fields) =
            (cli.flag("selector").to_owned(), cli.flag("field-selector").to_owned());
        let selects = !selector.is_empty() || !fields.is_empty() || cli.is_set("all");
        if files && !args.is_empty() {
            return Err(Failure::text(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        if args.is_empty() && !files {
            return Err(Failure::text(
                "You must provide one or more resources by argument or filename.\nExample resource specifications \
                 include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
            ));
        }
        let mut selection = Selection { is_namespaced: true, ..Selection::default() };
        if files {
            let (items, failures) = manifest::read(cli).await?;
            selection.failures = failures;
            selection.is_single = items.len() == 1;
            for item in items {
                let (resource, object) = (item.resource, item.object);
                let (name, namespace) = (name(&object).to_owned(), namespace(&object).to_owned());
                let found = Found { resource, name, namespace, object, source: item.source };
                one(cli, found, need, &mut selection).await;
            }
        } else {
            let asked = asked(cli, args).await?;
            let names: usize = asked.iter().map(|(_, names)| names.len()).sum();
            if names > 0 && selects {
                return Err(Failure::text(if cli.is_set("all") {
                    "setting 'all' parameter but found a non empty selector. "
                } else {
                    "name cannot be provided when a selector is specified"
                }));
            }
            if names > 0 && cli.is_set("all-namespaces") {
                return Err(Failure::text(
                    "a resource cannot be retrieved by name across all namespaces",
                ));
            }
            if names == 0 && !selects && need != Need::Lists {
                return Err(Failure::text(cli.profile.delete_needs));
            }
            selection.is_single = names == 1;
            for (resource, names) in asked {
                selection.is_namespaced &= resource.namespaced;
                if names.is_empty() {
                    list(cli, resource, &selector, &fields, &mut selection).await?;
                }
                for name in names {
                    let namespace =
                        if resource.namespaced { cli.namespace() } else { "" }.to_owned();
                    let (object, source) = (Value::Null, String::new());
                    let found = Found { resource, name, namespace, object, source };
                    one(cli, found, need, &mut selection).await;
                }
            }
        }
        let first = selection.found.first().map(|found| found.resource.kind);
        selection.has_kinds =
            selection.found.iter().any(|found| Some(found.resource.kind) != first);
        Ok(selection)
    })
}

/// Asks for one object, unless its name is enough.
async fn one(cli: &Cli, mut found: Found, need: Need, selection: &mut Selection) {
    if need == Need::NamesOnly {
        selection.found.push(found);
        return;
    }
    match cli.call(Call::get(found.path())).await {
        Ok(object) => {
            found.object = object;
            selection.found.push(found);
        }
        Err(failure) => selection.failures.push(failure),
    }
}

/// Asks for all objects of a kind that the selectors choose.
async fn list(
    cli: &Cli,
    resource: &'static Resource,
    labels: &str,
    fields: &str,
    selection: &mut Selection,
) -> Result<(), Failure> {
    let namespace = (!cli.is_set("all-namespaces")).then(|| cli.namespace());
    let call = Call::get(resource.path(namespace))
        .with("labelSelector", labels)
        .with("fieldSelector", fields);
    let list = match cli.call(call).await {
        Ok(list) => list,
        Err(Failure::Status(mut status)) => {
            if matches!(text(&status, "reason"), "BadRequest" | "NotFound") {
                let message = text(&status, "message").to_owned();
                let what =
                    format!("{}/{}, Resource={}", resource.group, resource.version, resource.name);
                status["message"] = if labels.is_empty() && fields.is_empty() {
                    format!("Unable to list \"{what}\": {message}")
                } else {
                    format!(
                        "Unable to find \"{what}\" that match label selector {}, field selector {}: {message}",
                        quote(labels),
                        quote(fields)
                    )
                }
                .into();
            }
            selection.failures.push(Failure::Status(status));
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    text(&list, "metadata/resourceVersion").clone_into(&mut selection.version);
    for item in items(&list, "items") {
        let mut object = item.clone();
        if let Value::Object(members) = &mut object {
            members.entry("kind").or_insert_with(|| resource.kind.into());
            members.entry("apiVersion").or_insert_with(|| resource.api_version().into());
        }
        selection.found.push(Found {
            resource,
            name: name(&object).to_owned(),
            namespace: crate::json::namespace(&object).to_owned(),
            object,
            source: String::new(),
        });
    }
    Ok(())
}
