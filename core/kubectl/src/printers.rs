//! The tables of `get`: for each kind its columns, and how a cell is computed of an object.
//!
//! In a real cluster the server computes them (kubernetes: `pkg/printers/internalversion`).

use serde_json::Value;
use sim::Time;

use crate::json::{at, flag, int, items, members, text};
use crate::output::age::{human, since};
use crate::profile::Profile;

/// What a cell is computed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// The time.
    pub(crate) now: Time,
    /// The release.
    pub(crate) profile: &'static Profile,
}

/// What is in a cell.
#[derive(Clone, Copy)]
enum Cell {
    /// The text or number at a place; nothing if there is none.
    At(&'static str),
    /// The same, `<none>` if there is nothing.
    OrNone(&'static str),
    /// How long ago the time at a place was.
    Age(&'static str),
    /// How many members or items are at a place.
    Count(&'static str),
    /// Something else.
    Of(fn(&Look, &Value) -> String),
}

/// A column.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    /// Its title.
    pub(crate) title: &'static str,
    /// Only in `-o wide`.
    pub(crate) is_wide: bool,
    cell: Cell,
    /// The first release that has it.
    since: u8,
    /// The last release that has it.
    until: u8,
}

const fn column(title: &'static str, cell: Cell) -> Column {
    Column { title, is_wide: false, cell, since: 0, until: u8::MAX }
}

const fn wide(title: &'static str, cell: Cell) -> Column {
    Column { is_wide: true, ..column(title, cell) }
}

impl Column {
    const fn since(mut self, minor: u8) -> Self {
        self.since = minor;
        self
    }
    const fn until(mut self, minor: u8) -> Self {
        self.until = minor;
        self
    }

    /// The text of a cell.
    pub(crate) fn show(&self, look: &Look, object: &Value) -> String {
        let plain = |path: &str| match at(object, path) {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match self.cell {
            Cell::At(path) => plain(path),
            Cell::OrNone(path) => {
                Some(plain(path)).filter(|text| !text.is_empty()).unwrap_or_else(none)
            }
            Cell::Age(path) => since(look.now, object, path),
            Cell::Count(path) => count(at(object, path)).to_string(),
            Cell::Of(compute) => compute(look, object),
        }
    }
}

fn none() -> String {
    "<none>".to_owned()
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    }
}

const NAME: Column = column("NAME", Cell::At("metadata/name"));
const AGE: Column = column("AGE", Cell::Age("metadata/creationTimestamp"));
const CREATED: Column = column("CREATED AT", Cell::At("metadata/creationTimestamp"));
const TEMPLATE: [Column; 3] = [
    wide("CONTAINERS", Cell::Of(|_, object| containers(object, "name"))),
    wide("IMAGES", Cell::Of(|_, object| containers(object, "image"))),
    wide("SELECTOR", Cell::Of(|_, object| selector(at(object, "spec/selector")))),
];

/// The columns of each kind; the last entry stands for all others.
const TABLES: &[(&str, &[Column])] = &[
    (
        "Pod",
        &[
            NAME,
            column("READY", Cell::Of(|_, pod| pod_ready(pod))),
            column("STATUS", Cell::Of(|_, pod| pod_status(pod))),
            column("RESTARTS", Cell::Of(pod_restarts)),
            AGE,
            wide("IP", Cell::OrNone("status/podIP")),
            wide("NODE", Cell::OrNone("spec/nodeName")),
            wide("NOMINATED NODE", Cell::OrNone("status/nominatedNodeName")),
            wide("READINESS GATES", Cell::Of(|_, _| none())),
        ],
    ),
    ("Secret", &[NAME, column("TYPE", Cell::At("type")), column("DATA", Cell::Count("data")), AGE]),
    (
        "ConfigMap",
        &[
            NAME,
            column(
                "DATA",
                Cell::Of(|_, map| {
                    (count(at(map, "data")) + count(at(map, "binaryData"))).to_string()
                }),
            ),
            AGE,
        ],
    ),
    ("Namespace", &[NAME, column("STATUS", Cell::At("status/phase")), AGE]),
    ("ServiceAccount", &[NAME, column("SECRETS", Cell::Count("secrets")), AGE]),
    (
        "Node",
        &[
            NAME,
            column("STATUS", Cell::Of(|_, node| node_status(node))),
            column("ROLES", Cell::Of(|_, node| node_roles(node))),
            AGE,
            column("VERSION", Cell::At("status/nodeInfo/kubeletVersion")),
            wide("INTERNAL-IP", Cell::Of(|_, node| node_address(node, "InternalIP"))),
            wide("EXTERNAL-IP", Cell::Of(|_, node| node_address(node, "ExternalIP"))),
            wide("OS-IMAGE", Cell::Of(|_, node| known(text(node, "status/nodeInfo/osImage")))),
            wide(
                "KERNEL-VERSION",
                Cell::Of(|_, node| known(text(node, "status/nodeInfo/kernelVersion"))),
            ),
            wide(
                "CONTAINER-RUNTIME",
                Cell::Of(|_, node| known(text(node, "status/nodeInfo/containerRuntimeVersion"))),
            ),
        ],
    ),
    (
        "Deployment",
        &[
            NAME,
            column(
                "READY",
                Cell::Of(|_, it| {
                    format!("{}/{}", int(it, "status/readyReplicas"), int(it, "spec/replicas"))
                }),
            ),
            column("UP-TO-DATE", Cell::Of(|_, it| int(it, "status/updatedReplicas").to_string())),
            column("AVAILABLE", Cell::Of(|_, it| int(it, "status/availableReplicas").to_string())),
            AGE,
            TEMPLATE[0],
            TEMPLATE[1],
            TEMPLATE[2],
        ],
    ),
    (
        "ReplicaSet",
        &[
            NAME,
            column("DESIRED", Cell::Of(|_, it| int(it, "spec/replicas").to_string())),
            column("CURRENT", Cell::Of(|_, it| int(it, "status/replicas").to_string())),
            column("READY", Cell::Of(|_, it| int(it, "status/readyReplicas").to_string())),
            AGE,
            TEMPLATE[0],
            TEMPLATE[1],
            TEMPLATE[2],
        ],
    ),
    (
        "Event",
        &[
            column("LAST SEEN", Cell::Of(last_seen)),
            column("TYPE", Cell::At("type")),
            column("REASON", Cell::At("reason")),
            column("OBJECT", Cell::Of(|_, event| involved(event))),
            wide("SUBOBJECT", Cell::At("involvedObject/fieldPath")),
            wide("SOURCE", Cell::Of(|_, event| source(event))),
            column("MESSAGE", Cell::Of(|_, event| text(event, "message").trim().to_owned())),
            wide("FIRST SEEN", Cell::Age("firstTimestamp")),
            wide("COUNT", Cell::Of(|_, event| int(event, "count").max(1).to_string())),
            wide("NAME", Cell::At("metadata/name")),
        ],
    ),
    ("Role", &[NAME, CREATED]),
    ("ClusterRole", &[NAME, CREATED]),
    ("RoleBinding", BINDING),
    ("ClusterRoleBinding", BINDING),
    ("Lease", &[NAME, column("HOLDER", Cell::At("spec/holderIdentity")), AGE]),
    (
        "Service",
        &[
            NAME,
            column("TYPE", Cell::At("spec/type")),
            column("CLUSTER-IP", Cell::OrNone("spec/clusterIP")),
            column(
                "EXTERNAL-IP",
                Cell::Of(|_, service| match text(service, "spec/type") {
                    "LoadBalancer" => "<pending>".to_owned(),
                    "ExternalName" => text(service, "spec/externalName").to_owned(),
                    _ => none(),
                }),
            ),
            column("PORT(S)", Cell::Of(|_, service| ports(service))),
            AGE,
            wide("SELECTOR", Cell::Of(|_, service| selector(at(service, "spec/selector")))),
        ],
    ),
    ("Endpoints", &[NAME, column("ENDPOINTS", Cell::Of(|_, it| endpoints(it))), AGE]),
    ("", &[NAME, AGE]),
];

const BINDING: &[Column] = &[
    NAME,
    column(
        "ROLE",
        Cell::Of(|_, it| format!("{}/{}", text(it, "roleRef/kind"), text(it, "roleRef/name"))),
    )
    .since(18),
    AGE,
    wide(
        "ROLE",
        Cell::Of(|_, it| format!("{}/{}", text(it, "roleRef/kind"), text(it, "roleRef/name"))),
    )
    .until(17),
    wide("USERS", Cell::Of(|_, it| subjects(it, "User"))),
    wide("GROUPS", Cell::Of(|_, it| subjects(it, "Group"))),
    wide("SERVICEACCOUNTS", Cell::Of(|_, it| subjects(it, "ServiceAccount"))),
];

/// The columns of a kind.
pub(crate) fn columns(kind: &str, is_wide: bool, profile: &Profile) -> Vec<&'static Column> {
    let table = TABLES.iter().find(|(known, _)| *known == kind).or(TABLES.last());
    let minor = profile.minor;
    let columns = table.map_or(&[][..], |(_, columns)| *columns).iter();
    columns
        .filter(|column| is_wide || !column.is_wide)
        .filter(|column| (column.since..=column.until).contains(&minor))
        .collect()
}

fn known(text: &str) -> String {
    if text.is_empty() { "<unknown>".to_owned() } else { text.to_owned() }
}

/// `app=web,tier=front`, as a selector is printed.
pub(crate) fn selector(value: &Value) -> String {
    let labels = if value.get("matchLabels").is_some() { at(value, "matchLabels") } else { value };
    let mut parts: Vec<String> = members(labels, "")
        .filter_map(|(key, value)| value.as_str().map(|value| format!("{key}={value}")))
        .collect();
    parts.sort();
    for one in items(value, "matchExpressions") {
        let values: Vec<&str> = items(one, "values").iter().filter_map(Value::as_str).collect();
        let (key, values) = (text(one, "key"), values.join(","));
        parts.push(match text(one, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    if parts.is_empty() { none() } else { parts.join(",") }
}

fn containers(object: &Value, what: &str) -> String {
    let all = items(object, "spec/template/spec/containers").iter();
    all.map(|container| text(container, what)).collect::<Vec<_>>().join(",")
}

fn subjects(binding: &Value, kind: &str) -> String {
    let all = items(binding, "subjects").iter().filter(|subject| text(subject, "kind") == kind);
    let names = all.map(|subject| match text(subject, "namespace") {
        "" => text(subject, "name").to_owned(),
        namespace => format!("{namespace}/{}", text(subject, "name")),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn ports(service: &Value) -> String {
    let all = items(service, "spec/ports").iter().map(|port| {
        let (number, protocol) = (int(port, "port"), text(port, "protocol"));
        let protocol = if protocol.is_empty() { "TCP" } else { protocol };
        match int(port, "nodePort") {
            0 => format!("{number}/{protocol}"),
            node => format!("{number}:{node}/{protocol}"),
        }
    });
    let all: Vec<String> = all.collect();
    if all.is_empty() { none() } else { all.join(",") }
}

fn endpoints(object: &Value) -> String {
    let mut all = Vec::new();
    for subset in items(object, "subsets") {
        for address in items(subset, "addresses") {
            for port in items(subset, "ports") {
                all.push(format!("{}:{}", text(address, "ip"), int(port, "port")));
            }
        }
    }
    if all.is_empty() { none() } else { all.join(",") }
}

/// The statuses of a pod's containers, those that run before the others first.
fn statuses(pod: &Value) -> (&[Value], &[Value]) {
    (items(pod, "status/initContainerStatuses"), items(pod, "status/containerStatuses"))
}

fn pod_ready(pod: &Value) -> String {
    let ready = statuses(pod)
        .1
        .iter()
        .filter(|status| flag(status, "ready") && status.pointer("/state/running").is_some());
    format!("{}/{}", ready.count(), items(pod, "spec/containers").len())
}

/// Why a container that has ended did so: its reason, or what there is instead.
fn ended(terminated: &Value) -> String {
    match (text(terminated, "reason"), int(terminated, "signal")) {
        ("", 0) => format!("ExitCode:{}", int(terminated, "exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// The most specific word for how a pod is.
pub(crate) fn pod_status(pod: &Value) -> String {
    let mut reason = text(pod, "status/phase").to_owned();
    if !text(pod, "status/reason").is_empty() {
        text(pod, "status/reason").clone_into(&mut reason);
    }
    let gated = items(pod, "status/conditions").iter().any(|condition| {
        text(condition, "type") == "PodScheduled" && text(condition, "reason") == "SchedulingGated"
    });
    if gated {
        "SchedulingGated".clone_into(&mut reason);
    }
    let (first, others) = statuses(pod);
    let mut initializing = false;
    for (index, status) in first.iter().enumerate() {
        let state = at(status, "state");
        if state.get("terminated").is_some() && int(state, "terminated/exitCode") == 0 {
            continue;
        }
        initializing = true;
        let waiting = text(state, "waiting/reason");
        reason = if state.get("terminated").is_some() {
            format!("Init:{}", ended(at(state, "terminated")))
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{index}/{}", items(pod, "spec/initContainers").len())
        };
        break;
    }
    if !initializing {
        let mut has_running = false;
        for status in others.iter().rev() {
            let state = at(status, "state");
            let waiting = text(state, "waiting/reason");
            if !waiting.is_empty() {
                waiting.clone_into(&mut reason);
            } else if state.get("terminated").is_some() {
                reason = ended(at(state, "terminated"));
            } else if flag(status, "ready") && state.get("running").is_some() {
                has_running = true;
            }
        }
        if reason == "Completed" && has_running {
            let ready = items(pod, "status/conditions").iter().any(|condition| {
                text(condition, "type") == "Ready" && text(condition, "status") == "True"
            });
            reason = if ready { "Running" } else { "NotReady" }.to_owned();
        }
    }
    if !text(pod, "metadata/deletionTimestamp").is_empty() {
        if text(pod, "status/reason") == "NodeLost" {
            return "Unknown".to_owned();
        }
        if !matches!(text(pod, "status/phase"), "Succeeded" | "Failed") {
            return "Terminating".to_owned();
        }
    }
    reason
}

fn pod_restarts(look: &Look, pod: &Value) -> String {
    let (first, others) = statuses(pod);
    let all =
        if others.iter().all(|status| int(status, "restartCount") == 0) { first } else { others };
    let count: i64 = all.iter().map(|status| int(status, "restartCount")).sum();
    let last = all
        .iter()
        .filter_map(|status| Time::parse_rfc3339(text(status, "lastState/terminated/finishedAt")));
    match last.max().filter(|_| count > 0 && look.profile.restarts_ago) {
        Some(last) => format!("{count} ({} ago)", human(look.now.since(last.min(look.now)))),
        None => count.to_string(),
    }
}

fn node_status(node: &Value) -> String {
    let conditions = items(node, "status/conditions");
    let ready = conditions.iter().find(|condition| text(condition, "type") == "Ready");
    let mut words = vec![match ready.map(|ready| text(ready, "status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }];
    if flag(node, "spec/unschedulable") {
        words.push("SchedulingDisabled");
    }
    words.join(",")
}

/// What a node's labels say it is for.
pub(crate) fn node_roles(node: &Value) -> String {
    let mut roles: Vec<&str> = members(node, "metadata/labels")
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    if roles.is_empty() { none() } else { roles.join(",") }
}

fn node_address(node: &Value, kind: &str) -> String {
    let all = items(node, "status/addresses").iter();
    all.filter(|address| text(address, "type") == kind)
        .map(|address| text(address, "address").to_owned())
        .next()
        .unwrap_or_else(none)
}

/// `pod/web`.
pub(crate) fn involved(event: &Value) -> String {
    let kind = text(event, "involvedObject/kind").to_lowercase();
    format!("{kind}/{}", text(event, "involvedObject/name"))
}

fn source(event: &Value) -> String {
    let component = match text(event, "source/component") {
        "" => text(event, "reportingComponent"),
        component => component,
    };
    match text(event, "source/host") {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}

fn last_seen(look: &Look, event: &Value) -> String {
    let path =
        if text(event, "lastTimestamp").is_empty() { "firstTimestamp" } else { "lastTimestamp" };
    let path = if text(event, path).is_empty() { "eventTime" } else { path };
    since(look.now, event, path)
}
