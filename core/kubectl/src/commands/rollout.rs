//! `kubectl rollout` (kubectl: `cmd/rollout/`, `polymorphichelpers/`).

use commandline::tab::{Cells, align};
use serde_json::{Value, json};
use sim::Duration;

use super::describe::is_owned;
use super::{LAST_APPLIED, POLL, annotation, changing};
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{at, flag, int, items, name, namespace, text};
use crate::output::{DryRun, Format, tell};
use crate::select::{Found, Need, Selection, select};
use crate::table::Outcome;

/// The revision of a ReplicaSet or Deployment.
const REVISION: &str = "deployment.kubernetes.io/revision";

pub(crate) fn revision(object: &Value) -> i64 {
    annotation(object, REVISION).parse().unwrap_or_default()
}

/// The ReplicaSets of a deployment, by revision.
pub(crate) async fn sets_of(cli: &Cli, deployment: &Value) -> Result<Vec<Value>, Failure> {
    let path = format!("/apis/apps/v1/namespaces/{}/replicasets", namespace(deployment));
    let selector = crate::printers::selector(at(deployment, "spec/selector"));
    let list = cli.call(Call::get(path).with("labelSelector", selector)).await?;
    let own = |set: &&Value| is_owned(set, deployment);
    let mut sets: Vec<Value> = items(&list, "items").iter().filter(own).cloned().collect();
    sets.sort_by_key(revision);
    Ok(sets)
}

/// The deployments that the arguments name; other kinds have no rollout.
async fn deployments(cli: &Cli, verb: &str) -> Result<Selection, Failure> {
    if cli.args().is_empty() && !cli.matches.changed("filename") {
        return cli.usage("required resource not specified");
    }
    let mut selection = select(cli, cli.args(), Need::Lists).await?;
    let (found, others): (Vec<Found>, Vec<Found>) =
        selection.found.into_iter().partition(|found| found.resource.kind == "Deployment");
    for other in others {
        let resource = other.resource.group_resource();
        selection.failures.push(match verb {
            "status" | "history" | "undo" => Failure::text(format!(
                "no {verb} has been implemented for \"{}\"",
                other.resource.kind
            )),
            _ => Failure::text(format!("{resource} \"{}\" {verb} is not supported", other.name)),
        });
    }
    selection.found = found;
    Ok(selection)
}

/// `kubectl rollout status`.
pub(crate) fn status(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let selection = deployments(cli, "status").await?;
        Failure::all(selection.failures)?;
        let wanted: i64 = cli.flag("revision").parse().unwrap_or_default();
        let limit = Duration::parse(cli.flag("timeout")).filter(|limit| limit.as_nanos() > 0);
        let end = limit.map(|limit| cli.proc.now() + limit);
        for found in &selection.found {
            let mut said = String::new();
            let mut object = found.object.clone();
            loop {
                let (line, is_done) = progress(&object, wanted)?;
                if line != said {
                    cli.out(&line);
                    said = line;
                }
                if is_done || cli.flag("watch") == "false" {
                    break;
                }
                if end.is_some_and(|end| cli.proc.now() >= end) {
                    return Err(Failure::text("timed out waiting for the condition"));
                }
                cli.flush().await;
                if cli.proc.sleep(POLL).await.is_err() {
                    return Err(Failure::Exit(130));
                }
                object = cli.call(Call::get(found.path())).await?;
            }
        }
        Ok(0)
    })
}

/// How far a deployment is, and whether that is the end.
fn progress(deployment: &Value, wanted: i64) -> Result<(String, bool), Failure> {
    let shown = commandline::text::quote(name(deployment));
    let is = revision(deployment);
    if wanted > 0 && is != wanted {
        return Err(Failure::text(format!(
            "desired revision ({wanted}) is different from the running revision ({is})"
        )));
    }
    if int(deployment, "metadata/generation") > int(deployment, "status/observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let mut conditions = items(deployment, "status/conditions").iter();
    let late = conditions.any(|condition| text(condition, "reason") == "ProgressDeadlineExceeded");
    if late {
        return Err(Failure::text(format!("deployment {shown} exceeded its progress deadline")));
    }
    let of = |field: &str| int(deployment, &format!("status/{field}"));
    let (updated, all, available) =
        (of("updatedReplicas"), of("replicas"), of("availableReplicas"));
    let replicas = at(deployment, "spec/replicas").as_i64().unwrap_or(1);
    let waiting = format!("Waiting for deployment {shown} rollout to finish:");
    Ok(if updated < replicas {
        (
            format!("{waiting} {updated} out of {replicas} new replicas have been updated...\n"),
            false,
        )
    } else if all > updated {
        (format!("{waiting} {} old replicas are pending termination...\n", all - updated), false)
    } else if available < updated {
        (format!("{waiting} {available} of {updated} updated replicas are available...\n"), false)
    } else {
        (format!("deployment {shown} successfully rolled out\n"), true)
    })
}

/// `kubectl rollout restart`, `pause`, `resume`.
pub(crate) fn change(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let verb = cli.command.name();
        let format = Format::of(cli, false)?;
        let mut selection = deployments(cli, verb).await?;
        let moment = crate::json::time(cli.now());
        for found in std::mem::take(&mut selection.found) {
            let is_paused = flag(&found.object, "spec/paused");
            let refusal = match verb {
                "restart" if is_paused => {
                    Some("can't restart paused deployment (run rollout resume first)")
                }
                "pause" if is_paused => Some("is already paused"),
                "resume" if !is_paused => Some("is not paused"),
                _ => None,
            };
            if let Some(refusal) = refusal {
                let resource = found.resource.group_resource();
                selection
                    .failures
                    .push(Failure::text(format!("{resource} \"{}\" {refusal}", found.name)));
                continue;
            }
            let (body, done) = match verb {
                "restart" => {
                    let annotations = json!({ "kubectl.kubernetes.io/restartedAt": moment });
                    (
                        json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } }),
                        "restarted",
                    )
                }
                "pause" => (json!({ "spec": { "paused": true } }), "paused"),
                _ => (json!({ "spec": { "paused": null } }), "resumed"),
            };
            let call = Call::get(found.path()).patch("strategic", body);
            let object = if DryRun::of(cli)? == DryRun::Client {
                found.object
            } else {
                cli.call(changing(cli, call, "kubectl-rollout")?).await?
            };
            tell(cli, &format, &object, done)?;
        }
        cli.done(selection.failures)
    })
}

/// `kubectl rollout history`.
pub(crate) fn history(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let selection = deployments(cli, "history").await?;
        let wanted: i64 = cli.flag("revision").parse().unwrap_or_default();
        for found in &selection.found {
            let sets = sets_of(cli, &found.object).await?;
            let shown = found.shown();
            if wanted > 0 {
                let Some(set) = sets.iter().find(|set| revision(set) == wanted) else {
                    return Err(Failure::text("unable to find the specified revision"));
                };
                let template = crate::describe::template(at(set, "spec/template"));
                cli.out(format!("{shown} with revision #{wanted}\n{template}\n"));
                continue;
            }
            let mut lines = "REVISION\tCHANGE-CAUSE\n".to_owned();
            for set in &sets {
                let cause = match annotation(set, "kubernetes.io/change-cause") {
                    "" => "<none>",
                    cause => cause,
                };
                lines += &format!("{}\t{cause}\n", revision(set));
            }
            let table = if sets.is_empty() {
                "No rollout history found.".to_owned()
            } else {
                align(&lines, Cells { min: 0, padding: 2 })
            };
            cli.out(format!("{shown} \n{table}\n"));
        }
        cli.done(selection.failures)
    })
}

/// The annotations of a deployment that becomes what it was as this ReplicaSet: the ReplicaSet's, but its own about
/// roll-outs.
fn notes_of(deployment: &Value, set: &Value) -> Value {
    let is_own = |key: &str| key == LAST_APPLIED || key.starts_with("deployment.kubernetes.io/");
    let notes = |object: &'_ Value, own: bool| -> Vec<(String, Value)> {
        let all = crate::json::members(object, "metadata/annotations");
        all.filter(|(key, _)| is_own(key) == own)
            .map(|(key, note)| (key.to_owned(), note.clone()))
            .collect()
    };
    notes(set, false)
        .into_iter()
        .chain(notes(deployment, true))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// `kubectl rollout undo`.
pub(crate) fn undo(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let mut selection = deployments(cli, "undo").await?;
        let wanted: i64 = cli.flag("to-revision").parse().unwrap_or_default();
        for found in std::mem::take(&mut selection.found) {
            let sets = sets_of(cli, &found.object).await?;
            if flag(&found.object, "spec/paused") {
                let name = &found.name;
                return Err(Failure::text(format!(
                    "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again: {name}"
                )));
            }
            let set = if wanted > 0 {
                sets.iter().find(|set| revision(set) == wanted)
            } else {
                sets.iter().rev().nth(1)
            };
            let Some(set) = set else {
                return Err(Failure::text(if wanted > 0 {
                    format!("unable to find specified revision {wanted} in history")
                } else {
                    format!("no rollout history found for deployment \"{}\"", found.name)
                }));
            };
            let mut template = at(set, "spec/template").clone();
            crate::json::remove(&mut template, "metadata/labels/pod-template-hash");
            let note = DryRun::of(cli)?.note();
            if template == *at(&found.object, "spec/template") {
                let is = revision(set);
                cli.out(format!(
                    "{} skipped rollback (current template already matches revision {is}){note}\n",
                    found.shown()
                ));
                continue;
            }
            if note.is_empty() {
                let mut body =
                    vec![json!({ "op": "replace", "path": "/spec/template", "value": template })];
                let notes = notes_of(&found.object, set);
                body.push(
                    json!({ "op": "replace", "path": "/metadata/annotations", "value": notes }),
                );
                let body = Value::Array(body);
                cli.call(Call::get(found.path()).patch("json", body)).await?;
            }
            cli.out(format!("{} rolled back{note}\n", found.shown()));
        }
        cli.done(selection.failures)
    })
}
