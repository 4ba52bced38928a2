//! `docker context`: names for daemons (docker/cli: `cli/command/context`).

use serde_json::{Value as Json, json};

use super::go_error;
use super::inspect::{Found, show_all};
use crate::cli::{Cli, Failure};
use crate::configuration::{self, DEFAULT};
use crate::endpoint::{context_name, default_host};
use crate::output::list::List;
use crate::table::Outcome;

const OVERRIDES: &str =
    "Warning: DOCKER_HOST environment variable overrides the active context. To use ";
const UNSETS: &str =
    ", either set the global --context flag, or unset DOCKER_HOST environment variable.\n";

/// The default context as others are stored.
fn default(cli: &Cli) -> Json {
    let mut metadata = json!({});
    if cli.profile.orchestrator_column {
        metadata["StackOrchestrator"] = "swarm".into();
    }
    let host = default_host(&cli.proc, &cli.root);
    let docker = json!({"Host": host, "SkipTLSVerify": false});
    json!({"Name": DEFAULT, "Metadata": metadata, "Endpoints": {"docker": docker}})
}

fn find(cli: &Cli, name: &str) -> Result<Json, Failure> {
    match name {
        DEFAULT => Ok(default(cli)),
        name => configuration::context(&cli.proc, name),
    }
}

fn overrides(cli: &Cli) -> bool {
    cli.proc.env("DOCKER_HOST").is_some_and(|host| !host.is_empty())
}

/// `docker context create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let (proc, name) = (&cli.proc, cli.arg(0));
    if name == DEFAULT {
        return Err(Failure::text(format!("{name:?} is a reserved context name")));
    }
    let is_word = |letter: char| letter.is_ascii_alphanumeric();
    let is_valid = name.len() > 1
        && name.starts_with(is_word)
        && name.chars().all(|letter| is_word(letter) || "_.+-".contains(letter));
    if !is_valid {
        return Err(Failure::text(format!(
            "context name {name:?} is invalid, names are validated against regular expression \
             \"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\""
        )));
    }
    if configuration::context(proc, name).is_ok() {
        return Err(Failure::text(format!("context {name:?} already exists")));
    }
    let mut context = json!({"Name": name, "Metadata": {}});
    let tls = configuration::context_folder(proc, "tls", name);
    let mut files = Vec::new();
    if cli.matches.changed("docker") {
        if cli.matches.changed("from") {
            return Err(Failure::text("cannot use --docker flag when --from is set"));
        }
        let failed =
            |why: String| Failure::text(format!("unable to create docker endpoint config: {why}"));
        let (mut host, mut skips) = (String::new(), false);
        let typed = cli.matches.all("docker").iter().flat_map(|text| text.split(','));
        for (key, value) in typed.map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
            match key {
                "host" => value.clone_into(&mut host),
                "skip-tls-verify" => skips = commandline::text::boolean(value).unwrap_or(false),
                "ca" | "cert" | "key" => {
                    let bytes = proc.read_file(value);
                    let bytes = bytes
                        .map_err(|errno| failed(format!("open {value}: {}", go_error(errno))))?;
                    files.push((format!("{tls}/docker/{key}.pem"), bytes));
                }
                "from" => {
                    return Err(Failure::text("not simulated: --docker from=CONTEXT; use --from"));
                }
                _ => return Err(failed(format!("unrecognized config key: {key}"))),
            }
        }
        context["Endpoints"]["docker"] = json!({"Host": host, "SkipTLSVerify": skips});
    } else {
        let current = context_name(proc, cli.profile, &cli.root);
        let from = cli.flag("from").unwrap_or(&current);
        let old = find(cli, from)?;
        context["Metadata"] = old["Metadata"].clone();
        context["Endpoints"] = old["Endpoints"].clone();
        let old = configuration::context_folder(proc, "tls", from) + "/docker";
        for (file, _) in proc.list(&old).unwrap_or_default() {
            let bytes = proc.read_file(&format!("{old}/{file}")).unwrap_or_default();
            files.push((format!("{tls}/docker/{file}"), bytes));
        }
    }
    if let Some(description) = cli.flag("description") {
        context["Metadata"]["Description"] = description.into();
    }
    let path = configuration::context_folder(proc, "meta", name) + "/meta.json";
    configuration::write(proc, &path, context.to_string().as_bytes())?;
    for (path, bytes) in files {
        configuration::write(proc, &path, &bytes)?;
    }
    cli.out(format!("{name}\n")).await;
    cli.err(format!("Successfully created context {name:?}\n")).await;
    Ok(0)
}

/// `docker context ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let current = context_name(&cli.proc, cli.profile, &cli.root);
    let mut contexts = vec![default(cli)];
    contexts.extend(configuration::contexts(&cli.proc));
    contexts.sort_by(|a, b| a["Name"].as_str().cmp(&b["Name"].as_str()));
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let rows = contexts.iter().map(|context| {
        let name = text(&context["Name"]);
        let is_current = name == current;
        let description = match name.as_str() {
            DEFAULT => "Current DOCKER_HOST based configuration".to_owned(),
            _ => text(&context["Metadata"]["Description"]),
        };
        vec![
            ("Shown", if is_current { format!("{name} *") } else { name.clone() }),
            ("Name", name),
            ("Description", description),
            ("DockerEndpoint", text(&context["Endpoints"]["docker"]["Host"])),
            ("KubernetesEndpoint", String::new()),
            ("StackOrchestrator", text(&context["Metadata"]["StackOrchestrator"])),
            ("Current", is_current.to_string()),
            ("Error", String::new()),
        ]
    });
    let mut columns = vec![
        ("Shown", "NAME"),
        ("Description", "DESCRIPTION"),
        ("DockerEndpoint", "DOCKER ENDPOINT"),
    ];
    if cli.profile.orchestrator_column {
        columns.push(("KubernetesEndpoint", "KUBERNETES ENDPOINT"));
        columns.push(("StackOrchestrator", "ORCHESTRATOR"));
    } else {
        columns.push(("Error", "ERROR"));
    }
    let (rows, cells) = (rows.collect(), cli.profile.cells);
    let more_titles = &[("Name", "NAME")];
    List { columns, more_titles, quiet: "Name", rows, cells }.show(cli).await?;
    if overrides(cli) {
        cli.err(format!("{OVERRIDES}a context{UNSETS}")).await;
    }
    Ok(0)
}

/// `docker context show`.
pub(crate) async fn show(cli: &Cli) -> Outcome {
    cli.out(context_name(&cli.proc, cli.profile, &cli.root) + "\n").await;
    Ok(0)
}

/// `docker context use`.
pub(crate) async fn choose(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    find(cli, name)?;
    choose_for(cli, name)?;
    cli.out(format!("{name}\n")).await;
    cli.err(format!("Current context is now {name:?}\n")).await;
    if name != DEFAULT && overrides(cli) {
        cli.err(format!("{OVERRIDES}{name:?}{UNSETS}")).await;
    }
    Ok(0)
}

/// Writes it into the configuration, if it is another one.
fn choose_for(cli: &Cli, name: &str) -> Result<(), Failure> {
    let mut stored = configuration::read(&cli.proc);
    let before = stored["currentContext"].as_str().unwrap_or(DEFAULT);
    if before == name {
        return Ok(());
    }
    match (name, stored.as_object_mut()) {
        (DEFAULT, Some(members)) => drop(members.remove("currentContext")),
        _ => stored["currentContext"] = name.into(),
    }
    configuration::save(&cli.proc, &stored)
}

/// `docker context rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    let current = context_name(&cli.proc, cli.profile, &cli.root);
    let force = cli.is_set("force");
    let mut removed = String::new();
    let result = cli
        .for_each_arg(async |name| {
            if name == DEFAULT {
                return Err(Failure::text("context \"default\" cannot be removed"));
            }
            if name == current && !force {
                let text = format!("context {name:?} is in use, set -f flag to force remove");
                return Err(Failure::text(text));
            }
            if configuration::context(&cli.proc, name).is_err() && !force {
                return Err(Failure::text(format!("context {name:?} does not exist")));
            }
            if name == current {
                choose_for(cli, DEFAULT)?;
            }
            for kind in ["meta", "tls"] {
                let folder = configuration::context_folder(&cli.proc, kind, name);
                for inner in [format!("{folder}/docker"), folder] {
                    for (file, _) in cli.proc.list(&inner).unwrap_or_default() {
                        let _ = cli.proc.remove_file(&format!("{inner}/{file}"));
                    }
                    let _ = cli.proc.remove_directory(&inner);
                }
            }
            removed += &format!("{name}\n");
            Ok(())
        })
        .await;
    cli.out(removed).await;
    result
}

/// `docker context inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    let current = [context_name(&cli.proc, cli.profile, &cli.root)];
    let names = if cli.args().is_empty() { &current[..] } else { cli.args() };
    let mut shown = Vec::new();
    for name in names {
        let mut context = find(cli, name)?;
        let place = |kind: &str| match name.as_str() {
            DEFAULT => "<IN MEMORY>".to_owned(),
            name => configuration::context_folder(&cli.proc, kind, name),
        };
        let (metadata, tls) = (place("meta"), place("tls"));
        let files = cli.proc.list(&format!("{tls}/docker")).unwrap_or_default();
        let files: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
        context["TLSMaterial"] =
            if files.is_empty() { json!({}) } else { json!({ "docker": files }) };
        context["Storage"] = json!({"MetadataPath": metadata, "TLSPath": tls});
        shown.push(Found::new(cli, false, |_| context.clone()));
    }
    show_all(cli, shown, Vec::new()).await
}
