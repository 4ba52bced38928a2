//! `kubectl cordon`, `uncordon`, `drain` (kubectl: `cmd/drain/drain.go`).

use kube::rest::Method;
use serde_json::{Value, json};
use sim::Duration;

use super::{POLL, annotation};
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{flag, items, name, namespace, text, uid};
use crate::output::DryRun;
use crate::select::{Need, select};
use crate::table::Outcome;

/// `kubectl cordon`, `uncordon` and `drain`.
pub(crate) fn node(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if cli.args().is_empty() && cli.flag("selector").is_empty() {
            return cli.usage(format!(
                "USAGE: {} {} [flags]",
                cli.command.name(),
                cli.command.usage
            ));
        }
        let mut words = vec!["nodes".to_owned()];
        words.extend(
            cli.args().iter().map(|arg| arg.rsplit('/').next().unwrap_or_default().to_owned()),
        );
        let mut selection = select(cli, &words, Need::Names).await?;
        let shuts = cli.command.name() != "uncordon";
        let note = DryRun::of(cli)?.note();
        for found in std::mem::take(&mut selection.found) {
            let node = &found.name;
            if flag(&found.object, "spec/unschedulable") == shuts {
                let word = if shuts { "already cordoned" } else { "already uncordoned" };
                cli.out(format!("node/{node} {word}{note}\n"));
            } else {
                if note.is_empty() {
                    let value = if shuts { json!(true) } else { Value::Null };
                    let body = json!({ "spec": { "unschedulable": value } });
                    cli.call(Call::get(found.path()).patch("strategic", body)).await?;
                }
                let word = if shuts { "cordoned" } else { "uncordoned" };
                cli.out(format!("node/{node} {word}{note}\n"));
            }
            if cli.command.name() == "drain"
                && let Err(failure) = drained(cli, node).await
            {
                selection.failures.push(failure);
            }
        }
        cli.done(selection.failures)
    })
}

/// The pods that have to go, or why they cannot.
fn leaving(cli: &Cli, pods: &[Value]) -> Result<Vec<Value>, Failure> {
    let (mut found, mut alone, mut local) = (Vec::new(), Vec::new(), Vec::new());
    let mut daemons = Vec::new();
    for pod in pods {
        let shown = format!("{}/{}", namespace(pod), name(pod));
        let owners = items(pod, "metadata/ownerReferences");
        if !annotation(pod, "kubernetes.io/config.mirror").is_empty() {
            continue;
        }
        if owners.iter().any(|owner| text(owner, "kind") == "DaemonSet") {
            daemons.push(shown);
            continue;
        }
        let is_over = matches!(text(pod, "status/phase"), "Succeeded" | "Failed");
        if owners.is_empty() && !is_over {
            alone.push(shown.clone());
        }
        if items(pod, "spec/volumes").iter().any(|volume| volume.get("emptyDir").is_some())
            && !is_over
        {
            local.push(shown);
        }
        found.push(pod.clone());
    }
    let older = cli.profile.minor < 20;
    let empties = if older { "delete-local-data" } else { "delete-emptydir-data" };
    let deletes_local = cli.is_set("delete-emptydir-data") || cli.is_set("delete-local-data");
    let mut wrong = Vec::new();
    if !daemons.is_empty() && !cli.is_set("ignore-daemonsets") {
        wrong.push(format!(
            "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): {}",
            daemons.join(", ")
        ));
    }
    if !local.is_empty() && !deletes_local {
        wrong.push(format!(
            "cannot delete Pods with local storage (use --{empties} to override): {}",
            local.join(", ")
        ));
    }
    if !alone.is_empty() && !cli.is_set("force") {
        let words = if older {
            "cannot delete Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet (use --force to override)"
        } else if cli.profile.minor < 27 {
            "cannot delete Pods declare no controller (use --force to override)"
        } else {
            "cannot delete Pods that declare no controller (use --force to override)"
        };
        wrong.push(format!("{words}: {}", alone.join(", ")));
    }
    if !wrong.is_empty() {
        return Err(Failure::text(wrong.join(", ")));
    }
    if !alone.is_empty() {
        cli.err(format!(
            "Warning: deleting Pods that declare no controller: {}\n",
            alone.join(", ")
        ));
    }
    Ok(found)
}

async fn drained(cli: &Cli, node: &str) -> Result<(), Failure> {
    let call = Call::get("/api/v1/pods").with("fieldSelector", format!("spec.nodeName={node}"));
    let list = cli.call(call).await?;
    let pods = match leaving(cli, items(&list, "items")) {
        Ok(pods) => pods,
        Err(Failure::Text(why)) => {
            return Err(Failure::Plain(if cli.profile.minor < 20 {
                format!(
                    "error: unable to drain node \"{node}\", aborting command...\n\nThere are pending nodes to be drained:\n {node}\nerror: {why}"
                )
            } else {
                format!(
                    "error: unable to drain node \"{node}\" due to error:{why}, continuing command...\nThere are pending nodes \
                     to be drained:\n {node}\nerror: {why}"
                )
            }));
        }
        Err(other) => return Err(other),
    };
    let dry_run = DryRun::of(cli)?;
    for pod in &pods {
        cli.err(format!("evicting pod {}/{}\n", namespace(pod), name(pod)));
        if dry_run == DryRun::None {
            let path = format!("/api/v1/namespaces/{}/pods/{}", namespace(pod), name(pod));
            let body = json!({ "kind": "DeleteOptions", "apiVersion": "v1" });
            match cli.call(Call::new(Method::Delete, path).body(body)).await {
                Err(failure) if !failure.is_not_found() => return Err(failure),
                _ => {}
            }
        }
    }
    for pod in &pods {
        loop {
            if dry_run != DryRun::None {
                break;
            }
            let path = format!("/api/v1/namespaces/{}/pods/{}", namespace(pod), name(pod));
            match cli.call(Call::get(path)).await {
                Ok(same) if uid(&same) == uid(pod) => {}
                _ => break,
            }
            if cli.proc.sleep(Duration::from_nanos(POLL.as_nanos() * 2)).await.is_err() {
                return Err(Failure::Exit(130));
            }
        }
        cli.out(format!("pod/{} evicted{}\n", name(pod), dry_run.note()));
    }
    let word = if cli.profile.minor < 19 { "evicted" } else { "drained" };
    cli.out(format!("node/{node} {word}{}\n", dry_run.note()));
    Ok(())
}
