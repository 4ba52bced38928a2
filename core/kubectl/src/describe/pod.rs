//! Pods: containers, environment, mounts, volumes.

use serde_json::Value;

use super::{Text, capital, controller};
use crate::cli::Cli;
use crate::json::{at, flag, int, items, members, text};
use crate::output::age::{human, rfc1123};
use sim::Time;

/// A pod.
pub(super) fn pod(cli: &Cli, lines: &mut Text, pod: &Value) {
    lines.pair(0, "Name", crate::json::name(pod));
    lines.pair(0, "Namespace", crate::json::namespace(pod));
    lines.pair(0, "Priority", int(pod, "spec/priority").to_string());
    let account = text(pod, "spec/serviceAccountName");
    if cli.profile.newer_columns && !account.is_empty() {
        lines.pair(0, "Service Account", account);
    }
    let (node, host) = (text(pod, "spec/nodeName"), text(pod, "status/hostIP"));
    lines.pair(
        0,
        "Node",
        if node.is_empty() { "<none>".to_owned() } else { format!("{node}/{host}") },
    );
    if !text(pod, "status/startTime").is_empty() {
        lines.pair(0, "Start Time", rfc1123(pod, "status/startTime"));
    }
    super::marks(lines, pod);
    let phase = text(pod, "status/phase");
    let deleted = Time::parse_rfc3339(text(pod, "metadata/deletionTimestamp"));
    match deleted.filter(|_| !matches!(phase, "Succeeded" | "Failed")) {
        Some(deleted) => {
            let now = cli.now();
            lines.pair(
                0,
                "Status",
                format!("Terminating (lasts {})", human(now.since(deleted.min(now)))),
            );
            let grace = int(pod, "metadata/deletionGracePeriodSeconds");
            lines.pair(0, "Termination Grace Period", format!("{grace}s"));
        }
        None => lines.pair(0, "Status", phase),
    }
    for (title, field) in [("Reason", "status/reason"), ("Message", "status/message")] {
        if !text(pod, field).is_empty() {
            lines.pair(0, title, text(pod, field));
        }
    }
    lines.pair(0, "IP", text(pod, "status/podIP"));
    let addresses = items(pod, "status/podIPs");
    if addresses.is_empty() {
        lines.pair(0, "IPs", "<none>");
    } else {
        lines.line(0, "IPs:");
        addresses.iter().for_each(|address| lines.pair(1, "IP", text(address, "ip")));
    }
    if !controller(pod).is_empty() {
        lines.pair(0, "Controlled By", controller(pod));
    }
    let first = items(pod, "spec/initContainers");
    if !first.is_empty() {
        containers(
            lines,
            "Init Containers",
            first,
            items(pod, "status/initContainerStatuses"),
            pod,
            "",
        );
    }
    let statuses = items(pod, "status/containerStatuses");
    containers(lines, "Containers", items(pod, "spec/containers"), statuses, pod, "");
    let conditions = items(pod, "status/conditions");
    if !conditions.is_empty() {
        lines.line(0, "Conditions:");
        lines.line(1, "Type\tStatus");
        for condition in conditions {
            lines.line(1, format!("{} \t{} ", text(condition, "type"), text(condition, "status")));
        }
    }
    volumes(lines, items(pod, "spec/volumes"), "");
    lines.pair(0, "QoS Class", qos(pod));
    lines.labels("Node-Selectors", at(pod, "spec/nodeSelector"));
    let all = items(pod, "spec/tolerations");
    let all: Vec<String> =
        all.iter().map(|one| toleration(one, cli.profile.newer_columns)).collect();
    lines.lines("Tolerations", &all);
}

fn qos(pod: &Value) -> &str {
    match text(pod, "status/qosClass") {
        "" => "BestEffort",
        class => class,
    }
}

fn toleration(toleration: &Value, tells_operator: bool) -> String {
    let of = |field: &str| text(toleration, field);
    let mut shown = of("key").to_owned();
    if !of("value").is_empty() {
        shown += &format!("={}", of("value"));
    }
    if !of("effect").is_empty() {
        shown += &format!(":{}", of("effect"));
    }
    if of("operator") == "Exists" && of("value").is_empty() && (tells_operator || shown.is_empty())
    {
        shown += if shown.is_empty() { "op=Exists" } else { " op=Exists" };
    }
    if let Some(seconds) = at(toleration, "tolerationSeconds").as_i64() {
        shown += &format!(" for {seconds}s");
    }
    shown
}

fn ports(container: &Value, field: &str) -> String {
    let all = items(container, "ports").iter().map(|port| {
        let protocol = text(port, "protocol");
        let protocol = if protocol.is_empty() { "TCP" } else { protocol };
        format!("{}/{protocol}", int(port, field))
    });
    all.collect::<Vec<_>>().join(", ")
}

/// Containers with their statuses; a template's have none.
pub(super) fn containers(
    lines: &mut Text,
    title: &str,
    all: &[Value],
    statuses: &[Value],
    pod: &Value,
    space: &str,
) {
    lines.line(0, format!("{space}{title}:{}", if all.is_empty() { " <none>" } else { "" }));
    let indent = if space.is_empty() { "" } else { " " };
    for container in all {
        lines.line(1, format!("{indent}{}:", text(container, "name")));
        let status = statuses.iter().find(|status| text(status, "name") == text(container, "name"));
        if let Some(status) = status {
            lines.pair(2, "Container ID", text(status, "containerID"));
        }
        lines.pair(2, "Image", text(container, "image"));
        if let Some(status) = status {
            lines.pair(2, "Image ID", text(status, "imageID"));
        }
        for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
            match ports(container, field) {
                all if all.is_empty() => lines.pair(2, title, "<none>"),
                all if all.contains(',') => lines.pair(2, &format!("{title}s"), all),
                one => lines.pair(2, title, one),
            }
        }
        for (title, field) in [("Command", "command"), ("Args", "args")] {
            let words: Vec<&str> =
                items(container, field).iter().filter_map(Value::as_str).collect();
            if !words.is_empty() {
                lines.line(2, format!("{title}:"));
            }
            words.iter().flat_map(|word| word.split('\n')).for_each(|line| lines.line(3, line));
        }
        if let Some(status) = status {
            state(lines, "State", at(status, "state"));
            if status.pointer("/lastState/terminated").is_some() {
                state(lines, "Last State", at(status, "lastState"));
            }
            lines.pair(2, "Ready", capital(flag(status, "ready")));
            lines.pair(2, "Restart Count", int(status, "restartCount").to_string());
        }
        for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
            let mut all: Vec<_> = members(container, &format!("resources/{field}")).collect();
            all.sort_by(|a, b| a.0.cmp(b.0));
            if !all.is_empty() {
                lines.line(2, format!("{title}:"));
            }
            for (name, value) in all {
                lines.pair(
                    3,
                    name,
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                );
            }
        }
        environment(lines, container, pod);
        mounts(lines, container);
    }
}

fn state(lines: &mut Text, title: &str, state: &Value) {
    if let Some(running) = state.get("running") {
        lines.pair(2, title, "Running");
        lines.pair(3, "Started", rfc1123(running, "startedAt"));
    } else if let Some(ended) = state.get("terminated") {
        lines.pair(2, title, "Terminated");
        if !text(ended, "reason").is_empty() {
            lines.pair(3, "Reason", text(ended, "reason"));
        }
        if !text(ended, "message").is_empty() {
            lines.pair(3, "Message", text(ended, "message"));
        }
        lines.pair(3, "Exit Code", int(ended, "exitCode").to_string());
        if int(ended, "signal") > 0 {
            lines.pair(3, "Signal", int(ended, "signal").to_string());
        }
        lines.pair(3, "Started", rfc1123(ended, "startedAt"));
        lines.pair(3, "Finished", rfc1123(ended, "finishedAt"));
    } else {
        lines.pair(2, title, "Waiting");
        let reason = text(state, "waiting/reason");
        if !reason.is_empty() {
            lines.pair(3, "Reason", reason);
        }
    }
}

fn environment(lines: &mut Text, container: &Value, pod: &Value) {
    let sources = items(container, "envFrom");
    if !sources.is_empty() {
        lines.line(2, "Environment Variables from:");
    }
    for source in sources {
        let (kind, field) = if source.get("secretRef").is_some() {
            ("Secret", "secretRef")
        } else {
            ("ConfigMap", "configMapRef")
        };
        let prefix = match text(source, "prefix") {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        let name = text(source, &format!("{field}/name"));
        let optional = flag(source, &format!("{field}/optional"));
        lines.line(3, format!("{name}\t{kind}{prefix}\tOptional: {optional}"));
    }
    let all = items(container, "env");
    lines.line(2, if all.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for one in all {
        let (name, from) = (text(one, "name"), at(one, "valueFrom"));
        let reference = |field: &str| {
            let of = |inner: &str| text(from, &format!("{field}/{inner}"));
            (of("key"), of("name"), flag(from, &format!("{field}/optional")))
        };
        if from.get("secretKeyRef").is_some() {
            let (key, secret, optional) = reference("secretKeyRef");
            lines.line(
                3,
                format!(
                    "{name}:\t<set to the key '{key}' in secret '{secret}'>\tOptional: {optional}"
                ),
            );
        } else if from.get("configMapKeyRef").is_some() {
            let (key, map, optional) = reference("configMapKeyRef");
            lines.line(
                3,
                format!(
                    "{name}:\t<set to the key '{key}' of config map '{map}'>\tOptional: {optional}"
                ),
            );
        } else if from.get("fieldRef").is_some() {
            let path = text(from, "fieldRef/fieldPath");
            let version = match text(from, "fieldRef/apiVersion") {
                "" => "v1",
                version => version,
            };
            let value = text(pod, &path.replace('.', "/"));
            lines.line(3, format!("{name}:\t{value} ({version}:{path})"));
        } else if let Some(reference) = from.get("resourceFieldRef") {
            let resource = text(reference, "resource");
            let asked = match kube::quantity::asked(container, reference) {
                0 if resource.starts_with("limits.") => "node allocatable".to_owned(),
                asked => asked.to_string(),
            };
            lines.line(3, format!("{name}:\t{asked} ({resource})"));
        } else {
            for (index, line) in text(one, "value").split('\n').enumerate() {
                lines.line(
                    3,
                    if index == 0 { format!("{name}:\t{line}") } else { format!("\t{line}") },
                );
            }
        }
    }
}

fn mounts(lines: &mut Text, container: &Value) {
    let mut all: Vec<&Value> = items(container, "volumeMounts").iter().collect();
    lines.line(2, if all.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    all.sort_by_key(|mount| text(mount, "mountPath"));
    for mount in all {
        let mut flags = if flag(mount, "readOnly") { "ro" } else { "rw" }.to_owned();
        if !text(mount, "subPath").is_empty() {
            flags += &format!(",path={}", commandline::text::quote(text(mount, "subPath")));
        }
        lines.line(
            3,
            format!("{} from {} ({flags})", text(mount, "mountPath"), text(mount, "name")),
        );
    }
}

/// Volumes.
pub(super) fn volumes(lines: &mut Text, all: &[Value], space: &str) {
    lines.line(0, format!("{space}Volumes:{}", if all.is_empty() { "\t<none>" } else { "" }));
    let indent = if space.is_empty() { "" } else { " " };
    for volume in all {
        lines.line(1, format!("{indent}{}:", text(volume, "name")));
        let mut show = |kind: &str, pairs: &[(&str, String)]| {
            lines.pair(2, "Type", kind);
            pairs.iter().for_each(|(title, value)| lines.pair(2, title, value));
        };
        let of = |field: &str| text(volume, field).to_owned();
        if volume.get("secret").is_some() {
            let optional = flag(volume, "secret/optional").to_string();
            show(
                "Secret (a volume populated by a Secret)",
                &[("SecretName", of("secret/secretName")), ("Optional", optional)],
            );
        } else if volume.get("configMap").is_some() {
            let optional = flag(volume, "configMap/optional").to_string();
            show(
                "ConfigMap (a volume populated by a ConfigMap)",
                &[("Name", of("configMap/name")), ("Optional", optional)],
            );
        } else if volume.get("emptyDir").is_some() {
            let limit = Some(of("emptyDir/sizeLimit")).filter(|limit| !limit.is_empty());
            show(
                "EmptyDir (a temporary directory that shares a pod's lifetime)",
                &[
                    ("Medium", of("emptyDir/medium")),
                    ("SizeLimit", limit.unwrap_or_else(|| "<unset>".to_owned())),
                ],
            );
        } else if volume.get("hostPath").is_some() {
            show(
                "HostPath (bare host directory volume)",
                &[("Path", of("hostPath/path")), ("HostPathType", of("hostPath/type"))],
            );
        } else if volume.get("projected").is_some() {
            projected(&mut show, volume);
        } else if volume.get("downwardAPI").is_some() {
            show("DownwardAPI (a volume populated by information about the pod)", &[]);
            lines.line(2, "Items:");
            for item in items(volume, "downwardAPI/items") {
                let what = text(item, "fieldRef/fieldPath");
                let what =
                    if what.is_empty() { text(item, "resourceFieldRef/resource") } else { what };
                lines.line(3, format!("{what} -> {}", text(item, "path")));
            }
        } else {
            lines.line(1, "<unknown>");
        }
    }
}

/// Writes what kind of volume it is, and titles with values.
type Show<'a> = dyn FnMut(&str, &[(&str, String)]) + 'a;

fn projected(show: &mut Show<'_>, volume: &Value) {
    let mut pairs = Vec::new();
    let optional = |source: &Value, field: &str| match at(source, field) {
        Value::Bool(bool) => bool.to_string(),
        _ => "<nil>".to_owned(),
    };
    for source in items(volume, "projected/sources") {
        if source.get("secret").is_some() {
            pairs.push(("SecretName", text(source, "secret/name").to_owned()));
            pairs.push(("SecretOptionalName", optional(source, "secret/optional")));
        } else if source.get("downwardAPI").is_some() {
            pairs.push(("DownwardAPI", "true".to_owned()));
        } else if source.get("configMap").is_some() {
            pairs.push(("ConfigMapName", text(source, "configMap/name").to_owned()));
            pairs.push(("ConfigMapOptional", optional(source, "configMap/optional")));
        } else if source.get("serviceAccountToken").is_some() {
            let seconds = int(source, "serviceAccountToken/expirationSeconds");
            pairs.push(("TokenExpirationSeconds", seconds.to_string()));
        }
    }
    show("Projected (a volume that contains injected data from multiple sources)", &pairs);
}
