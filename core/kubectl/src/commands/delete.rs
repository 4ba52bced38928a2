//! `kubectl delete` (kubectl: `cmd/delete/delete.go`).

use kube::resources::Resource;
use kube::rest::Method;
use serde_json::{Value, json};
use sim::Duration;

use super::POLL;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{text, uid};
use crate::output::DryRun;
use crate::select::{Found, Need, select};
use crate::table::Outcome;

/// `secret "x" deleted`.
pub(crate) fn say(cli: &Cli, resource: &Resource, name: &str, namespace: &str, done: &str) {
    let dot = if resource.group.is_empty() { "" } else { "." };
    let kind = format!("{}{dot}{}", resource.kind.to_lowercase(), resource.group);
    if cli.flag("output") == "name" {
        cli.out(format!("{kind}/{name}\n"));
        return;
    }
    let from = if cli.profile.deleted_from && resource.namespaced {
        format!(" from {namespace} namespace")
    } else {
        String::new()
    };
    let note = DryRun::of(cli).map_or("", DryRun::note);
    cli.out(format!("{kind} \"{name}\" {done}{from}{note}\n"));
}

/// Deletes an object and waits until it is gone.
pub(crate) async fn away(cli: &Cli, path: &str) -> Result<(), Failure> {
    let answer = cli.call(Call::new(Method::Delete, path).body(options(cli))).await?;
    gone(cli, path, &answer, Duration::from_secs(3_600)).await.map(|_| ())
}

fn options(cli: &Cli) -> Value {
    let mut options = json!({ "kind": "DeleteOptions", "apiVersion": "v1" });
    let cascade = match cli.flag("cascade") {
        "orphan" | "false" => "Orphan",
        "foreground" => "Foreground",
        _ => "Background",
    };
    options["propagationPolicy"] = cascade.into();
    if let Some(seconds) = grace(cli) {
        options["gracePeriodSeconds"] = seconds.into();
    }
    options
}

/// Seconds for a graceful end, if somebody has said so.
fn grace(cli: &Cli) -> Option<i64> {
    let given: i64 = cli.flag("grace-period").parse().unwrap_or(-1);
    match given {
        _ if given < 0 && cli.is_set("force") => Some(0),
        // Without --force nothing is ended at once.
        0 if !cli.is_set("force") => Some(1),
        _ if cli.is_set("now") => Some(1),
        given => Some(given).filter(|given| *given >= 0),
    }
}

/// Waits until an object is gone or another one has its name; false if that takes too long.
async fn gone(cli: &Cli, path: &str, deleted: &Value, limit: Duration) -> Result<bool, Failure> {
    let identity = match text(deleted, "details/uid") {
        "" => uid(deleted),
        identity => identity,
    };
    let end = cli.proc.now() + limit;
    loop {
        match cli.call(Call::get(path)).await {
            Ok(object) if !identity.is_empty() && uid(&object) != identity => return Ok(true),
            Ok(_) => {}
            Err(failure) if failure.is_not_found() => return Ok(true),
            // Who may not look does not wait.
            Err(Failure::Status(status)) if text(&status, "reason") == "Forbidden" => {
                return Ok(true);
            }
            Err(failure) => return Err(failure),
        }
        if cli.proc.now() >= end {
            return Ok(false);
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Err(Failure::Exit(130));
        }
    }
}

/// `kubectl delete`.
pub(crate) fn delete(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let dry_run = DryRun::of(cli)?;
        let force = cli.is_set("force");
        let given: i64 = cli.flag("grace-period").parse().unwrap_or(-1);
        if force && given > 0 {
            return Err(Failure::text(
                "--force and --grace-period greater than 0 cannot be specified together",
            ));
        }
        if cli.is_set("all") && !cli.flag("selector").is_empty() {
            return Err(Failure::text("cannot set --all and --selector at the same time"));
        }
        if !matches!(cli.flag("output"), "" | "name") {
            let output = cli.flag("output");
            return Err(Failure::text(format!(
                "unexpected -o output mode: {output}. We only support '-o name'"
            )));
        }
        let mut selection = select(cli, cli.args(), Need::NamesOnly).await?;
        if force {
            let word = if cli.profile.minor < 19 { "warning" } else { "Warning" };
            cli.err(format!(
                "{word}: Immediate deletion does not wait for confirmation that the running resource has been \
                 terminated. The resource may continue to run on the cluster indefinitely.\n"
            ));
        }
        let done = if force && grace(cli) == Some(0) { "force deleted" } else { "deleted" };
        let mut waits: Vec<(Found, Value)> = Vec::new();
        for found in std::mem::take(&mut selection.found) {
            let call = Call::new(Method::Delete, found.path())
                .with("dryRun", dry_run.parameter())
                .body(options(cli));
            let outcome = match dry_run {
                DryRun::Client => cli.call(Call::get(found.path())).await,
                _ => cli.call(call).await,
            };
            match outcome {
                Ok(answer) => {
                    say(cli, found.resource, &found.name, &found.namespace, done);
                    waits.push((found, answer));
                }
                Err(failure) if failure.is_not_found() && cli.is_set("ignore-not-found") => {}
                Err(failure) => {
                    selection.failures.push(failure.when("deleting", &found.source));
                }
            }
        }
        if waits.is_empty() && selection.failures.is_empty() {
            cli.out("No resources found\n");
        }
        if cli.is_set("wait") || !cli.matches.changed("wait") {
            let limit = match Duration::parse(cli.flag("timeout")) {
                Some(limit) if limit > Duration::from_secs(0) => limit,
                _ => Duration::from_secs(7 * 86_400),
            };
            for (found, answer) in &waits {
                let is_done =
                    dry_run != DryRun::None || gone(cli, &found.path(), answer, limit).await?;
                if !is_done {
                    selection.failures.push(Failure::text(format!(
                        "timed out waiting for the condition on {}/{}",
                        found.resource.group_resource(),
                        found.name
                    )));
                }
            }
        }
        cli.done(selection.failures)
    })
}
