//! Nodes and namespaces.

use serde_json::Value;

use super::{More, Text, marks};
use crate::cli::Cli;
use crate::json::{flag, items, members, name, namespace as space_of, text};
use crate::output::age::{rfc1123, since};
use crate::printers::node_roles;

/// A namespace.
pub(super) fn namespace(lines: &mut Text, namespace: &Value) {
    lines.pair(0, "Name", name(namespace));
    marks(lines, namespace);
    lines.pair(0, "Status", text(namespace, "status/phase"));
    lines.line(0, "\nNo resource quota.");
    lines.line(0, "\nNo LimitRange resource.");
}

/// A node.
pub(super) fn node(cli: &Cli, lines: &mut Text, node: &Value, more: &More) {
    lines.pair(0, "Name", name(node));
    lines.pair(0, "Roles", node_roles(node));
    marks(lines, node);
    lines.pair(0, "CreationTimestamp", rfc1123(node, "metadata/creationTimestamp"));
    let taints: Vec<String> = items(node, "spec/taints")
        .iter()
        .map(|taint| match text(taint, "value") {
            "" => format!("{}:{}", text(taint, "key"), text(taint, "effect")),
            value => format!("{}={value}:{}", text(taint, "key"), text(taint, "effect")),
        })
        .collect();
    lines.lines("Taints", &taints);
    lines.pair(0, "Unschedulable", flag(node, "spec/unschedulable").to_string());
    if more.lease.is_object() {
        lines.line(0, "Lease:");
        lines.pair(1, "HolderIdentity", text(&more.lease, "spec/holderIdentity"));
        lines.pair(1, "AcquireTime", "<unset>");
        lines.pair(1, "RenewTime", rfc1123(&more.lease, "spec/renewTime"));
    }
    let conditions = items(node, "status/conditions");
    if !conditions.is_empty() {
        lines.line(0, "Conditions:");
        lines.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        lines.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    }
    for condition in conditions {
        let of = |field: &str| text(condition, field);
        lines.line(
            1,
            format!(
                "{} \t{} \t{} \t{} \t{} \t{}",
                of("type"),
                of("status"),
                rfc1123(condition, "lastHeartbeatTime"),
                rfc1123(condition, "lastTransitionTime"),
                of("reason"),
                of("message")
            ),
        );
    }
    lines.line(0, "Addresses:");
    for address in items(node, "status/addresses") {
        lines.pair(1, text(address, "type"), text(address, "address"));
    }
    for (title, field) in [("Capacity", "status/capacity"), ("Allocatable", "status/allocatable")] {
        let mut all: Vec<_> = members(node, field).collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        if !all.is_empty() {
            lines.line(0, format!("{title}:"));
        }
        for (name, value) in all {
            lines.pair(1, name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    lines.line(0, "System Info:");
    let info = [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ];
    for (title, field) in info {
        lines.pair(1, title, text(node, &format!("status/nodeInfo/{field}")));
    }
    if !text(node, "spec/podCIDR").is_empty() {
        lines.pair(0, "PodCIDR", text(node, "spec/podCIDR"));
        lines.pair(0, "PodCIDRs", text(node, "spec/podCIDR"));
    }
    pods(cli, lines, more);
}

/// What runs there. Nobody asks for processor or memory here, as there are none.
fn pods(cli: &Cli, lines: &mut Text, more: &More) {
    let Some(pods) = &more.pods else {
        lines.pair(0, "Pods", "not authorized");
        return;
    };
    lines.pair(0, "Non-terminated Pods", format!("({} in total)", pods.len()));
    lines.line(
        1,
        "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge",
    );
    lines.line(
        1,
        "---------\t----\t\t------------\t----------\t---------------\t-------------\t---",
    );
    for pod in pods {
        let age = since(cli.now(), pod, "metadata/creationTimestamp");
        let (space, name) = (space_of(pod), name(pod));
        lines.line(1, format!("{space}\t{name}\t\t0 (0%)\t0 (0%)\t0 (0%)\t0 (0%)\t{age}"));
    }
    lines.line(
        0,
        "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)",
    );
    lines.line(1, "Resource\tRequests\tLimits");
    lines.line(1, "--------\t--------\t------");
    for resource in ["cpu", "memory", "ephemeral-storage"] {
        lines.line(1, format!("{resource}\t0 (0%)\t0 (0%)"));
    }
}
