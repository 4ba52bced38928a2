//! `kubectl config` (kubectl: `cmd/config/`).

use commandline::text::quote;
use serde_json::{Value, json};

use super::get::Table;
use crate::cli::{Boxed, Cli, Failure};
use crate::json::{items, text};
use crate::kubeconfig::{Config, entry, go_error};
use crate::output::{Format, json as as_json, jsonpath, yaml};
use crate::table::Outcome;

/// Certificates, keys and tokens of a kubeconfig, and what is shown instead.
const HIDDEN: [(&str, &str, &str, &str); 5] = [
    ("clusters", "cluster", "certificate-authority-data", "DATA+OMITTED"),
    ("users", "user", "client-certificate-data", "DATA+OMITTED"),
    ("users", "user", "client-key-data", "DATA+OMITTED"),
    ("users", "user", "token", "REDACTED"),
    ("users", "user", "password", "REDACTED"),
];

/// `kubectl config view`.
pub(crate) fn view(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let mut content = if cli.config.content.is_object() {
            cli.config.content.clone()
        } else {
            json!({ "apiVersion": "v1", "kind": "Config", "current-context": "", "preferences": {},
                "clusters": null, "contexts": null, "users": null })
        };
        if crate::json::at(&content, "preferences").is_null() {
            content["preferences"] = json!({});
        }
        if cli.is_set("minify") {
            minify(cli, &mut content)?;
        }
        if !cli.is_set("raw") {
            for (list, inner, field, instead) in HIDDEN {
                let Some(Value::Array(entries)) = content.get_mut(list) else { continue };
                for one in entries {
                    if let Some(secret) = one.get_mut(inner).and_then(|inner| inner.get_mut(field))
                    {
                        let older = cli.profile.minor < 26 && field.starts_with("client");
                        *secret = if older { "REDACTED" } else { instead }.into();
                    }
                }
            }
        }
        let shown = match Format::of(cli, false)? {
            Format::Json => as_json::print(&content) + "\n",
            Format::JsonPath(path) => jsonpath::print(&path, &content)?,
            Format::Template(source) => crate::output::template::print(&source, &content)?,
            _ => yaml::print(&content),
        };
        cli.out(shown);
        Ok(0)
    })
}

/// Only what the context uses.
fn minify(cli: &Cli, content: &mut Value) -> Result<(), Failure> {
    let current =
        cli.matches.get("context").unwrap_or_else(|| text(content, "current-context")).to_owned();
    let Some(context) = entry(content, "contexts", &current).cloned() else {
        return Err(Failure::text("current-context must exist in order to minify"));
    };
    let wanted = [
        ("contexts", current.clone()),
        ("clusters", text(&context, "context/cluster").to_owned()),
        ("users", text(&context, "context/user").to_owned()),
    ];
    for (list, name) in wanted {
        if let Some(Value::Array(entries)) = content.get_mut(list) {
            entries.retain(|one| text(one, "name") == name);
        }
    }
    content["current-context"] = current.into();
    Ok(())
}

/// `kubectl config current-context`.
pub(crate) fn current(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let current = text(&cli.config.content, "current-context");
        if current.is_empty() {
            return Err(Failure::text("current-context is not set"));
        }
        cli.out(format!("{current}\n"));
        Ok(0)
    })
}

/// `kubectl config get-contexts`, `get-clusters` and `get-users`.
pub(crate) fn list(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let content = &cli.config.content;
        let names = |list: &str| {
            let mut names: Vec<String> =
                items(content, list).iter().map(|one| text(one, "name").to_owned()).collect();
            names.sort();
            names
        };
        if let Some(list) =
            cli.command.name().strip_prefix("get-").filter(|list| *list != "contexts")
        {
            let all: String = names(list).iter().map(|name| format!("{name}\n")).collect();
            cli.out(format!("NAME\n{all}"));
            return Ok(0);
        }
        let mut wanted = names("contexts");
        let mut failures = Vec::new();
        if !cli.args().is_empty() {
            let known = std::mem::take(&mut wanted);
            for name in cli.args() {
                if known.contains(name) {
                    wanted.push(name.clone());
                } else {
                    failures.push(Failure::text(format!("context {name} not found")));
                }
            }
        }
        if cli.flag("output") == "name" {
            wanted.iter().for_each(|name| cli.out(format!("{name}\n")));
            return cli.done(failures);
        }
        let title =
            ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"].map(str::to_owned).to_vec();
        let mut rows = if cli.is_set("no-headers") { Vec::new() } else { vec![title] };
        for name in &wanted {
            let context = entry(content, "contexts", name).unwrap_or(&Value::Null);
            let of = |field: &str| text(context, &format!("context/{field}")).to_owned();
            let mark = if text(content, "current-context") == name { "*" } else { "" }.to_owned();
            rows.push(vec![mark, name.clone(), of("cluster"), of("user"), of("namespace")]);
        }
        cli.out(Table::default().lines(&rows));
        cli.done(failures)
    })
}

fn one_arg<'a>(cli: &'a Cli, what: &str) -> Result<&'a str, Failure> {
    match cli.args() {
        [name] => Ok(name),
        args => cli.usage(format!("{what}: [{}]", args.join(" "))),
    }
}

/// The entries of a list, made if there is none.
fn entries<'a>(config: &'a mut Config, list: &str) -> &'a mut Vec<Value> {
    if !config.content.is_object() {
        config.content = json!({});
    }
    let entry = &mut config.content[list];
    if !entry.is_array() {
        *entry = json!([]);
    }
    match entry {
        Value::Array(entries) => entries,
        _ => unreachable!("it was made a list just now"),
    }
}

/// `kubectl config use-context`.
pub(crate) fn use_context(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_arg(cli, "Unexpected args")?;
        let mut config = cli.config.clone();
        if entry(&config.content, "contexts", name).is_none() {
            return Err(Failure::text(format!("no context exists with the name: {}", quote(name))));
        }
        config.content["current-context"] = name.into();
        config.save(&cli.proc)?;
        cli.out(format!("Switched to context {}.\n", quote(name)));
        Ok(0)
    })
}

/// `kubectl config set-context`.
pub(crate) fn set_context(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let current = text(&cli.config.content, "current-context").to_owned();
        let name = match (cli.args(), cli.is_set("current")) {
            ([], true) if current.is_empty() => {
                return Err(Failure::text("no current context is set"));
            }
            ([], true) => current,
            ([name], false) => name.clone(),
            ([_], true) => {
                return Err(Failure::text("you cannot specify both a context name and --current"));
            }
            ([], false) => {
                return Err(Failure::text(
                    "you must specify a non-empty context name or --current",
                ));
            }
            (args, _) => return cli.usage(format!("Unexpected args: [{}]", args.join(" "))),
        };
        let fields = ["cluster", "user", "namespace"];
        let set: Vec<(&str, &str)> =
            fields.iter().filter_map(|field| Some((*field, cli.matches.get(field)?))).collect();
        let done = put(cli, "contexts", "context", &name, &set)?;
        cli.out(format!("Context {} {done}.\n", quote(&name)));
        Ok(0)
    })
}

/// Sets members of an entry and writes the file; whether it was `created` or `modified`.
fn put(
    cli: &Cli,
    list: &str,
    inner: &str,
    name: &str,
    set: &[(&str, &str)],
) -> Result<&'static str, Failure> {
    let mut config = cli.config.clone();
    let entries = entries(&mut config, list);
    let place = entries.iter().position(|one| text(one, "name") == name);
    let place = place.unwrap_or_else(|| {
        let mut new = json!({ "name": name });
        new[inner] = json!({});
        entries.push(new);
        entries.len() - 1
    });
    let is_new = entry(&cli.config.content, list, name).is_none();
    for (field, value) in set {
        if value.is_empty() {
            crate::json::remove(&mut entries[place], &format!("{inner}/{field}"));
        } else {
            crate::json::object(&mut entries[place], inner)
                .insert((*field).to_owned(), (*value).into());
        }
    }
    config.save(&cli.proc)?;
    Ok(if is_new { "created" } else { "modified" })
}

/// `kubectl config set-credentials`.
pub(crate) fn set_credentials(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_arg(cli, "Unexpected args")?;
        let embeds = cli.is_set("embed-certs");
        let mut set: Vec<(String, String)> = Vec::new();
        if let Some(token) = cli.matches.get("token") {
            set.push(("token".to_owned(), token.to_owned()));
        }
        for field in ["client-certificate", "client-key"] {
            let Some(path) = cli.matches.get(field) else { continue };
            if embeds {
                let read = cli.proc.read_file(path);
                let bytes = read.map_err(|errno| {
                    Failure::text(format!(
                        "could not read {field} data from {path}: {}",
                        go_error(errno)
                    ))
                })?;
                set.push((format!("{field}-data"), seal::base64::encode(&bytes)));
            } else {
                set.push((field.to_owned(), os::fs::normalize(&cli.proc.cwd(), path)));
            }
        }
        let set: Vec<(&str, &str)> =
            set.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
        put(cli, "users", "user", name, &set)?;
        cli.out(format!("User {} set.\n", quote(name)));
        Ok(0)
    })
}

/// `kubectl config set-cluster`.
pub(crate) fn set_cluster(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_arg(cli, "Unexpected args")?;
        let set: Vec<(&str, &str)> =
            cli.matches.get("server").map(|server| ("server", server)).into_iter().collect();
        put(cli, "clusters", "cluster", name, &set)?;
        cli.out(format!("Cluster {} set.\n", quote(name)));
        Ok(0)
    })
}

/// `kubectl config delete-context`, `delete-cluster` and `delete-user`.
pub(crate) fn delete(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_arg(cli, "Unexpected args")?;
        let what = cli.command.name().strip_prefix("delete-").unwrap_or_default();
        let mut config = cli.config.clone();
        let entries = entries(&mut config, &format!("{what}s"));
        let count = entries.len();
        entries.retain(|one| text(one, "name") != name);
        let path = &cli.config.path;
        if entries.len() == count {
            return Err(Failure::text(format!("cannot delete {what} {name}, not in {path}")));
        }
        config.save(&cli.proc)?;
        if what == "context" && text(&cli.config.content, "current-context") == name {
            cli.err(
                "warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n",
            );
        }
        cli.out(format!("deleted {what} {name} from {path}\n"));
        Ok(0)
    })
}
