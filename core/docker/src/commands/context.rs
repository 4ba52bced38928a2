//! `docker context`: there is one, the daemon of this host (docker/cli: `cli/command/context`).

use serde_json::{Value as Json, json};

use super::inspect::indented;
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::table::Outcome;

const DEFAULT: &str = "default";
const SOCKET: &str = "unix:///var/run/docker.sock";

/// What is said of a context that is not there; its folder is named by the name's digest.
fn missing(cli: &Cli, name: &str) -> Failure {
    let digest = engine::Digest::of(name.as_bytes()).hex();
    let home = cli.proc.env("HOME").unwrap_or_default();
    let path = format!("{home}/.docker/contexts/meta/{digest}/meta.json");
    Failure::text(format!(
        "context {name:?}: context not found: open {path}: no such file or directory"
    ))
}

/// `docker context ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let row = vec![
        ("Name", DEFAULT.to_owned()),
        ("Shown", format!("{DEFAULT} *")),
        ("Description", "Current DOCKER_HOST based configuration".to_owned()),
        ("DockerEndpoint", SOCKET.to_owned()),
        ("KubernetesEndpoint", String::new()),
        ("StackOrchestrator", "swarm".to_owned()),
        ("Current", "true".to_owned()),
        ("Error", String::new()),
    ];
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
    let cells = cli.profile.cells;
    let more_titles = &[("Name", "NAME")];
    List { columns, more_titles, quiet: "Name", rows: vec![row], cells }.show(cli).await
}

/// `docker context show`.
pub(crate) async fn show(cli: &Cli) -> Outcome {
    cli.out(format!("{DEFAULT}\n")).await;
    Ok(0)
}

/// `docker context use`.
pub(crate) async fn choose(cli: &Cli) -> Outcome {
    match cli.arg(0) {
        DEFAULT => {
            cli.out(format!("{DEFAULT}\n")).await;
            cli.err(format!("Current context is now {DEFAULT:?}\n")).await;
            Ok(0)
        }
        other => Err(missing(cli, other)),
    }
}

/// `docker context inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    if let Some(other) = cli.args().iter().find(|name| *name != DEFAULT) {
        return Err(missing(cli, other));
    }
    let metadata = match cli.profile.orchestrator_column {
        true => json!({"StackOrchestrator": "swarm"}),
        false => json!({}),
    };
    let context = json!({
        "Name": DEFAULT,
        "Metadata": metadata,
        "Endpoints": {"docker": {"Host": SOCKET, "SkipTLSVerify": false}},
        "TLSMaterial": {},
        "Storage": {"MetadataPath": "<IN MEMORY>", "TLSPath": "<IN MEMORY>"},
    });
    cli.out(indented(&Json::from(vec![context])) + "\n").await;
    Ok(0)
}
