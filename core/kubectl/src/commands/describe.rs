//! `kubectl describe` (kubectl: `cmd/describe/describe.go`).

use serde_json::Value;

use crate::cli::{Boxed, Call, Cli, Failure};
use crate::describe::{More, describe as described};
use crate::json::{at, items, name, text, uid};
use crate::select::{Found, Need, Selection, select};
use crate::table::Outcome;

/// `kubectl describe`.
pub(crate) fn describe(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if cli.args().is_empty() && !cli.matches.changed("filename") {
            cli.err(
                "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of \
                 supported resources.\n",
            );
            return cli.usage("Required resource not specified.");
        }
        let mut selection = select(cli, cli.args(), Need::Lists).await?;
        by_prefix(cli, &mut selection).await?;
        for (index, found) in selection.found.iter().enumerate() {
            let more = more(cli, found).await?;
            let text = described(cli, &found.object, &more);
            cli.out(if index == 0 { text } else { format!("\n\n{text}") });
        }
        if selection.found.is_empty() && selection.failures.is_empty() {
            if selection.is_namespaced && !cli.is_set("all-namespaces") {
                cli.err(format!("No resources found in {} namespace.\n", cli.namespace()));
            } else {
                cli.err("No resources found\n");
            }
        }
        cli.done(selection.failures)
    })
}

/// A name that nothing has may be the beginning of names.
async fn by_prefix(cli: &Cli, selection: &mut Selection) -> Result<(), Failure> {
    let [word, prefix] = cli.args() else { return Ok(()) };
    if !selection.found.is_empty() || !selection.failures.iter().all(Failure::is_not_found) {
        return Ok(());
    }
    let kind = [word.clone()];
    let all = select(cli, &kind, Need::Lists).await?;
    let matching: Vec<Found> =
        all.found.into_iter().filter(|found| found.name.starts_with(prefix.as_str())).collect();
    if !matching.is_empty() {
        selection.failures.clear();
        selection.found = matching;
    }
    Ok(())
}

/// What a description shows of other objects.
async fn more(cli: &Cli, found: &Found) -> Result<More, Failure> {
    let mut more = More::default();
    let kind = found.resource.kind;
    let shows = cli.flag("show-events") != "false";
    let silent = matches!(
        kind,
        "Secret" | "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" | "Namespace"
    );
    if shows && !silent {
        let namespace = if found.namespace.is_empty() { "default" } else { &found.namespace };
        let mut fields = format!("involvedObject.name={}", found.name);
        if kind == "Node" {
            fields += ",involvedObject.kind=Node";
        } else {
            fields += &format!(
                ",involvedObject.namespace={namespace},involvedObject.uid={}",
                uid(&found.object)
            );
        }
        let path = format!("/api/v1/namespaces/{namespace}/events");
        let events = cli.call(Call::get(path).with("fieldSelector", fields)).await;
        more.events = events.ok().map(|list| items(&list, "items").to_vec());
    }
    let pods = |namespace: &str| match namespace {
        "" => "/api/v1/pods".to_owned(),
        namespace => format!("/api/v1/namespaces/{namespace}/pods"),
    };
    match kind {
        "Node" => {
            let fields = format!(
                "spec.nodeName={},status.phase!=Failed,status.phase!=Succeeded",
                found.name
            );
            let list = cli.call(Call::get(pods("")).with("fieldSelector", fields)).await;
            more.pods = list.ok().map(|list| items(&list, "items").to_vec());
            let path = format!(
                "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{}",
                found.name
            );
            more.lease = cli.call(Call::get(path)).await.unwrap_or(Value::Null);
        }
        "ReplicaSet" => {
            let selector = crate::printers::selector(at(&found.object, "spec/selector"));
            let list =
                cli.call(Call::get(pods(&found.namespace)).with("labelSelector", selector)).await?;
            let own = |pod: &&Value| is_owned(pod, &found.object);
            more.pods = Some(items(&list, "items").iter().filter(own).cloned().collect());
        }
        "Deployment" => more.sets = super::rollout::sets_of(cli, &found.object).await?,
        "ServiceAccount" => {
            let path = format!("/api/v1/namespaces/{}/secrets", found.namespace);
            let list = cli.call(Call::get(path)).await.unwrap_or(Value::Null);
            more.secrets = items(&list, "items").to_vec();
        }
        _ => {}
    }
    Ok(more)
}

/// True if the second object made the first.
pub(crate) fn is_owned(object: &Value, owner: &Value) -> bool {
    let owners = items(object, "metadata/ownerReferences").iter();
    owners.filter(|one| text(one, "uid") == uid(owner)).any(|one| text(one, "name") == name(owner))
}

/// How many pods are in each phase: running, waiting, succeeded, failed.
pub(crate) fn phases(pods: &[Value]) -> [usize; 4] {
    let count = |phase: &str| pods.iter().filter(|pod| text(pod, "status/phase") == phase).count();
    [count("Running"), count("Pending"), count("Succeeded"), count("Failed")]
}
