//! Deployments and ReplicaSets.

use serde_json::Value;

use super::{More, Text, controller, marks, pod};
use crate::cli::Cli;
use crate::commands::describe::phases;
use crate::commands::rollout::revision;
use crate::json::{at, int, items, name, namespace, text};
use crate::output::age::rfc1123;
use crate::printers::selector;

/// A pod template.
pub(super) fn template(lines: &mut Text, template: &Value) {
    lines.line(0, "Pod Template:");
    lines.labels("  Labels", at(template, "metadata/labels"));
    if !at(template, "metadata/annotations").is_null() {
        lines.annotations("  Annotations", at(template, "metadata/annotations"));
    }
    if !text(template, "spec/serviceAccountName").is_empty() {
        lines.pair(1, "Service Account", text(template, "spec/serviceAccountName"));
    }
    let first = items(template, "spec/initContainers");
    if !first.is_empty() {
        pod::containers(lines, "Init Containers", first, &[], template, "  ");
    }
    pod::containers(lines, "Containers", items(template, "spec/containers"), &[], template, "  ");
    pod::volumes(lines, items(template, "spec/volumes"), "  ");
}

fn conditions(lines: &mut Text, object: &Value) {
    let all = items(object, "status/conditions");
    if all.is_empty() {
        return;
    }
    lines.line(0, "Conditions:");
    lines.line(1, "Type\tStatus\tReason");
    lines.line(1, "----\t------\t------");
    for one in all {
        let of = |field: &str| text(one, field);
        lines.line(1, format!("{} \t{}\t{}", of("type"), of("status"), of("reason")));
    }
}

/// The node selectors and tolerations of a template, which newer releases show too.
fn placement(cli: &Cli, lines: &mut Text, object: &Value) {
    if cli.profile.minor >= 31 {
        lines.labels("  Node-Selectors", at(object, "spec/template/spec/nodeSelector"));
        lines.lines("  Tolerations", &[]);
    }
}

/// A number or a share, as it was written.
fn share(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A deployment.
pub(super) fn deployment(cli: &Cli, lines: &mut Text, it: &Value, more: &More) {
    lines.pair(0, "Name", name(it));
    lines.pair(0, "Namespace", namespace(it));
    lines.pair(0, "CreationTimestamp", rfc1123(it, "metadata/creationTimestamp"));
    marks(lines, it);
    lines.pair(0, "Selector", selector(at(it, "spec/selector")));
    let of = |field: &str| int(it, &format!("status/{field}"));
    lines.pair(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            int(it, "spec/replicas"),
            of("updatedReplicas"),
            of("replicas"),
            of("availableReplicas"),
            of("unavailableReplicas")
        ),
    );
    lines.pair(0, "StrategyType", text(it, "spec/strategy/type"));
    lines.pair(0, "MinReadySeconds", int(it, "spec/minReadySeconds").to_string());
    let rolling = at(it, "spec/strategy/rollingUpdate");
    if rolling.is_object() {
        let (down, up) = (share(at(rolling, "maxUnavailable")), share(at(rolling, "maxSurge")));
        lines.pair(0, "RollingUpdateStrategy", format!("{down} max unavailable, {up} max surge"));
    }
    template(lines, at(it, "spec/template"));
    placement(cli, lines, it);
    conditions(lines, it);
    if more.sets.is_empty() {
        return;
    }
    let newest = more.sets.iter().map(revision).max().unwrap_or_default();
    let shown = |is_new: bool| {
        let is_wanted = |set: &&Value| {
            (revision(set) == newest) == is_new
                && (is_new || int(set, "spec/replicas") > 0 || cli.profile.minor >= 27)
        };
        let all: Vec<String> = more
            .sets
            .iter()
            .filter(is_wanted)
            .map(|set| {
                let (is, wanted) = (int(set, "status/replicas"), int(set, "spec/replicas"));
                format!("{} ({is}/{wanted} replicas created)", name(set))
            })
            .collect();
        if all.is_empty() { "<none>".to_owned() } else { all.join(", ") }
    };
    lines.pair(0, "OldReplicaSets", shown(false));
    lines.pair(0, "NewReplicaSet", shown(true));
}

/// A ReplicaSet.
pub(super) fn replica_set(cli: &Cli, lines: &mut Text, it: &Value, more: &More) {
    lines.pair(0, "Name", name(it));
    lines.pair(0, "Namespace", namespace(it));
    lines.pair(0, "Selector", selector(at(it, "spec/selector")));
    marks(lines, it);
    if !controller(it).is_empty() {
        lines.pair(0, "Controlled By", controller(it));
    }
    let (is, wanted) = (int(it, "status/replicas"), int(it, "spec/replicas"));
    lines.pair(0, "Replicas", format!("{is} current / {wanted} desired"));
    let [running, waiting, succeeded, failed] = phases(more.pods.as_deref().unwrap_or_default());
    lines.pair(
        0,
        "Pods Status",
        format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed"),
    );
    template(lines, at(it, "spec/template"));
    placement(cli, lines, it);
    conditions(lines, it);
}
