//! `kubectl set image`, `env`, `resources`, `serviceaccount` (kubectl: `cmd/set/`).

use serde_json::{Value, json};

use super::changing;
use super::make::split;
use crate::cli::Call;
use crate::cli::{Boxed, Cli, Failure};
use crate::json::{at, items, members, name, put, text};
use crate::output::{DryRun, Format, tell};
use crate::select::{Need, select};
use crate::table::Outcome;

/// Where the pod's spec is in an object.
fn pod_spec(object: &Value) -> &'static str {
    if text(object, "kind") == "Pod" { "spec" } else { "spec/template/spec" }
}

/// What is to be set.
enum Change {
    /// Container and image.
    Image(Vec<(String, String)>),
    /// Variables, and names of those that go.
    Env(Vec<Value>, Vec<String>),
    /// `limits` or `requests`, what of, how much.
    Resources(Vec<(&'static str, String, String)>),
    Account(String),
}

/// `secret x, key y`: where a variable's value is from.
fn source(from: &Value) -> String {
    let of = |field: &str, word: &str| {
        let source = &from[field];
        source
            .is_object()
            .then(|| format!("{word} {}, key {}", text(source, "name"), text(source, "key")))
    };
    of("configMapKeyRef", "configmap")
        .or_else(|| of("secretKeyRef", "secret"))
        .unwrap_or_else(|| format!("field path {}", text(from, "fieldRef/fieldPath")))
}

/// The variables of `--from`: one for each key of a Secret or ConfigMap.
async fn imported(cli: &Cli, from: &str) -> Result<Vec<Value>, Failure> {
    let selection = select(cli, &[from.to_owned()], Need::Names).await?;
    Failure::all(selection.failures)?;
    let keys = split(cli, "keys");
    let mut env = Vec::new();
    for found in &selection.found {
        let field = match found.resource.kind {
            "Secret" => "secretKeyRef",
            "ConfigMap" => "configMapKeyRef",
            _ => return Err(Failure::text("unsupported resource specified in --from")),
        };
        let mut all: Vec<&str> = members(&found.object, "data").map(|(key, _)| key).collect();
        all.sort_unstable();
        for key in
            all.into_iter().filter(|key| keys.is_empty() || keys.iter().any(|one| one == key))
        {
            let plain =
                |char: char| if char.is_ascii_alphanumeric() || char == '_' { char } else { '_' };
            let variable: String = key.chars().map(plain).collect::<String>().to_uppercase();
            if variable != key {
                cli.err(format!("Warning: key {key} transferred to {variable}\n"));
            }
            env.push(json!({
                "name": variable,
                "valueFrom": { field: { "key": key, "name": found.name } },
            }));
        }
    }
    Ok(env)
}

/// What the arguments ask for, and the objects that they name.
async fn asked(cli: &Cli) -> Result<(Change, Vec<String>, &'static str), Failure> {
    let what = cli.command.name();
    let is_env = what == "env";
    let is_pair = |arg: &&String| match what {
        "image" => arg.contains('='),
        "env" => arg.contains('=') || arg.len() > 1 && arg.ends_with('-'),
        _ => false,
    };
    let (pairs, mut names): (Vec<String>, Vec<String>) =
        cli.args().iter().cloned().partition(|arg| is_pair(&arg));
    let pairs = pairs.iter().chain(if is_env { cli.matches.all("env") } else { &[] });
    let parted =
        |pair: &String| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    Ok(match what {
        "image" => {
            let images: Vec<_> = pairs.filter_map(parted).collect();
            if images.is_empty() {
                return Err(Failure::text("at least one image update is required"));
            }
            (Change::Image(images), names, "image updated")
        }
        "env" => {
            let (mut env, mut gone) = (Vec::new(), Vec::new());
            for pair in pairs {
                match parted(pair) {
                    Some((key, value)) => env.push(json!({ "name": key, "value": value })),
                    None => gone.push(pair.trim_end_matches('-').to_owned()),
                }
            }
            match cli.flag("from") {
                "" if !cli.flag("keys").is_empty() => {
                    return Err(Failure::text(
                        "when specifying --keys, a configmap or secret must be provided with --from",
                    ));
                }
                "" => {}
                from => env.extend(imported(cli, from).await?),
            }
            for variable in &mut env {
                let long = format!("{}{}", cli.flag("prefix"), name_of(variable));
                variable["name"] = long.into();
            }
            if names.is_empty() && !cli.matches.changed("filename") {
                return Err(Failure::text(
                    "one or more resources must be specified as <resource> <name> or <resource>/<name>",
                ));
            }
            (Change::Env(env, gone), names, "env updated")
        }
        "resources" => {
            let mut all = Vec::new();
            for field in ["limits", "requests"] {
                for pair in split(cli, field) {
                    match parted(&pair) {
                        Some((key, value)) => all.push((field, key, value)),
                        None => {
                            return Err(Failure::text(format!(
                                "invalid argument syntax {pair}, expected <resource>=<value>"
                            )));
                        }
                    }
                }
            }
            if all.is_empty() {
                return Err(Failure::text(
                    "you must specify an update to requests or limits (in the form of --requests/--limits)",
                ));
            }
            (Change::Resources(all), names, "resource requirements updated")
        }
        _ => match names.pop() {
            Some(account) => (Change::Account(account), names, "serviceaccount updated"),
            None => return Err(Failure::text("serviceaccount is required")),
        },
    })
}

fn name_of(value: &Value) -> &str {
    text(value, "name")
}

/// Changes one container; true if it is meant.
fn change_container(cli: &Cli, change: &Change, container: &mut Value) -> Result<(), Failure> {
    match change {
        Change::Image(images) => {
            let own = name_of(container).to_owned();
            let image = images.iter().rfind(|(key, _)| key == "*" || *key == own);
            if let Some((_, image)) = image {
                container["image"] = image.as_str().into();
            }
        }
        Change::Env(new, gone) => {
            let mut env = items(container, "env").to_vec();
            env.retain(|one| !gone.iter().any(|gone| gone == name_of(one)));
            for variable in new.iter().filter(|one| !gone.iter().any(|gone| gone == name_of(one))) {
                let old = env.iter().position(|one| name_of(one) == name_of(variable));
                match old {
                    Some(place)
                        if cli.flag("overwrite") == "false"
                            && env[place]["value"] != variable["value"] =>
                    {
                        return Err(Failure::text(format!(
                            "'{}' already has a value ({}), and --overwrite is false",
                            name_of(variable),
                            text(&env[place], "value")
                        )));
                    }
                    Some(place) => env[place] = variable.clone(),
                    None => env.push(variable.clone()),
                }
            }
            if !env.is_empty() || !container["env"].is_null() {
                container["env"] = env.into();
            }
        }
        Change::Resources(all) => {
            for (field, key, value) in all {
                put(container, &format!("resources/{field}/{key}"), value.as_str());
            }
        }
        Change::Account(_) => {}
    }
    Ok(())
}

/// `# Deployment web, container nginx`, then its variables.
fn list(cli: &Cli, object: &Value, container: &Value) {
    let (kind, own) = (text(object, "kind"), name(object));
    cli.out(format!("# {kind} {own}, container {}\n", name_of(container)));
    for one in items(container, "env") {
        cli.out(match at(one, "valueFrom") {
            Value::Null => format!("{}={}\n", name_of(one), text(one, "value")),
            from => format!("# {} from {}\n", name_of(one), source(from)),
        });
    }
}

/// `kubectl set`.
pub(crate) fn set(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let (change, names, done) = asked(cli).await?;
        let format = Format::of(cli, false)?;
        let need = if cli.is_set("all") { Need::Lists } else { Need::Names };
        let mut selection = select(cli, &names, need).await?;
        let wanted = cli.flag("containers");
        for found in std::mem::take(&mut selection.found) {
            let mut object = found.object.clone();
            let spec = crate::json::object(&mut object, pod_spec(&found.object));
            if let Change::Account(account) = &change {
                spec.insert("serviceAccountName".to_owned(), account.as_str().into());
            }
            let Some(Value::Array(containers)) = spec.get_mut("containers") else { continue };
            let is_meant = |one: &Value, key: &str| matches!(key, "" | "*") || name_of(one) == key;
            let unknown = match &change {
                Change::Image(images) => images
                    .iter()
                    .filter(|(key, _)| !containers.iter().any(|one| is_meant(one, key)))
                    .map(|(key, _)| {
                        Failure::text(format!("unable to find container named \"{key}\""))
                    })
                    .collect(),
                Change::Resources(_) if !containers.iter().any(|one| is_meant(one, wanted)) => {
                    vec![Failure::text(format!("unable to find container named {wanted}"))]
                }
                _ => Vec::new(),
            };
            if !unknown.is_empty() {
                selection.failures.extend(unknown);
                continue;
            }
            for container in containers.iter_mut().filter(|one| is_meant(one, wanted)) {
                change_container(cli, &change, container)?;
                if cli.is_set("list") {
                    list(cli, &found.object, container);
                }
            }
            if object == found.object || cli.is_set("list") {
                continue;
            }
            let patch = crate::merge::two_way(&found.object, &object);
            if DryRun::of(cli)? != DryRun::Client {
                let call = Call::get(found.path()).patch("strategic", patch);
                object = cli.call(changing(cli, call, "kubectl-set")?).await?;
            }
            tell(cli, &format, &object, done)?;
        }
        cli.done(selection.failures)
    })
}
