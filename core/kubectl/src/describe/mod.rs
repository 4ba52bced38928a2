//! What `describe` shows of each kind (kubectl: `pkg/describe/describe.go`).

mod access;
mod cluster;
mod events;
mod pod;
mod workload;

use commandline::tab::{Cells, align};
use serde_json::Value;

use crate::cli::Cli;
use crate::json::{at, items, members, name, namespace, text};
use crate::output::yaml;

/// What a description needs of other objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    /// What happened to the object; nothing if it is not shown or may not be seen.
    pub(crate) events: Option<Vec<Value>>,
    /// The pods of a node or ReplicaSet.
    pub(crate) pods: Option<Vec<Value>>,
    /// The ReplicaSets of a deployment, by revision.
    pub(crate) sets: Vec<Value>,
    /// The Secrets of a service account's namespace.
    pub(crate) secrets: Vec<Value>,
    /// A node's lease.
    pub(crate) lease: Value,
}

/// Lines with cells that end in tabs; each deeper level is indented by two blanks.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// A line.
    pub(crate) fn line(&mut self, level: usize, line: impl AsRef<str>) {
        self.0.push_str(&"  ".repeat(level));
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    /// A title and what there is of it.
    pub(crate) fn pair(&mut self, level: usize, title: &str, value: impl AsRef<str>) {
        self.line(level, format!("{title}:\t{}", value.as_ref()));
    }

    /// A title and a line for each part; `<none>` for none.
    pub(crate) fn lines(&mut self, title: &str, parts: &[String]) {
        if parts.is_empty() {
            self.line(0, format!("{title}:\t<none>"));
        }
        let indent: String = title.chars().take_while(|char| *char == ' ').collect();
        for (index, part) in parts.iter().enumerate() {
            self.line(
                0,
                if index == 0 { format!("{title}:\t{part}") } else { format!("{indent}\t{part}") },
            );
        }
    }

    /// Labels, sorted.
    pub(crate) fn labels(&mut self, title: &str, labels: &Value) {
        let mut all: Vec<String> = members(labels, "")
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
            .collect();
        all.sort();
        self.lines(title, &all);
    }

    /// Annotations, sorted; what was applied last is not shown, long ones have lines of their own.
    pub(crate) fn annotations(&mut self, title: &str, annotations: &Value) {
        const LENGTH_MAX: usize = 140;
        let mut all: Vec<(&str, &str)> = members(annotations, "")
            .filter(|(key, _)| *key != crate::commands::LAST_APPLIED)
            .map(|(key, value)| (key, value.as_str().unwrap_or_default().trim_end_matches('\n')))
            .collect();
        all.sort_unstable();
        let mut lines = Vec::new();
        for (key, value) in all {
            if key.len() + value.len() + 2 > LENGTH_MAX || value.contains('\n') {
                lines.push(format!("{key}:"));
                for line in value.split('\n') {
                    let short: String = line.chars().take(LENGTH_MAX - 2).collect();
                    let dots = if short.len() < line.len() { "..." } else { "" };
                    lines.push(format!("  {short}{dots}"));
                }
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.lines(title, &lines);
    }

    /// Aligned.
    pub(crate) fn aligned(self) -> String {
        align(&self.0, Cells { min: 0, padding: 2 })
    }
}

/// Name, namespace, labels, annotations.
fn head(text: &mut Text, object: &Value) {
    text.pair(0, "Name", name(object));
    if !namespace(object).is_empty() {
        text.pair(0, "Namespace", namespace(object));
    }
    marks(text, object);
}

/// Labels and annotations.
fn marks(text: &mut Text, object: &Value) {
    text.labels("Labels", at(object, "metadata/labels"));
    text.annotations("Annotations", at(object, "metadata/annotations"));
}

/// Who made an object: `ReplicaSet/web-1`.
fn controller(object: &Value) -> String {
    let owners = items(object, "metadata/ownerReferences").iter();
    let mut controllers = owners.filter(|owner| crate::json::flag(owner, "controller"));
    controllers
        .next()
        .map(|owner| format!("{}/{}", text(owner, "kind"), text(owner, "name")))
        .unwrap_or_default()
}

fn capital(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

/// The description of an object.
pub(crate) fn describe(cli: &Cli, object: &Value, more: &More) -> String {
    let mut lines = Text::default();
    let text = &mut lines;
    match crate::json::text(object, "kind") {
        "Pod" => pod::pod(cli, text, object),
        "Secret" => access::secret(text, object),
        "ConfigMap" => access::config_map(cli, text, object),
        "ServiceAccount" => access::service_account(text, object, more),
        "Role" | "ClusterRole" => access::role(text, object),
        "RoleBinding" | "ClusterRoleBinding" => access::binding(text, object),
        "Namespace" => cluster::namespace(text, object),
        "Node" => cluster::node(cli, text, object, more),
        "Deployment" => workload::deployment(cli, text, object, more),
        "ReplicaSet" => workload::replica_set(cli, text, object, more),
        _ => generic(text, object),
    }
    match more.events.as_deref() {
        Some([]) => {
            text.line(0, "Events:\t<none>");
            lines.aligned()
        }
        Some(events) => lines.aligned() + &events::table(cli, events),
        None => lines.aligned(),
    }
}

/// A pod template alone, as `rollout history --revision` shows it.
pub(crate) fn template(object: &Value) -> String {
    let mut text = Text::default();
    workload::template(&mut text, object);
    text.aligned()
}

/// A kind without a form of its own: its members as titles.
fn generic(text: &mut Text, object: &Value) {
    head(text, object);
    text.pair(0, "API Version", crate::json::text(object, "apiVersion"));
    text.pair(0, "Kind", crate::json::text(object, "kind"));
    let mut rest = object.clone();
    for field in ["apiVersion", "kind"] {
        crate::json::remove(&mut rest, field);
    }
    for field in ["name", "namespace", "labels", "annotations", "managedFields"] {
        crate::json::remove(&mut rest, &format!("metadata/{field}"));
    }
    for line in yaml::print(&rest).lines() {
        let blanks = line.chars().take_while(|char| *char == ' ').count();
        let (key, value) = line.trim_start().split_once(':').unwrap_or((line.trim_start(), ""));
        let mut chars = key.chars();
        let key: String =
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect();
        let value = value.trim_start();
        text.line(
            0,
            format!(
                "{}{key}:{}{value}",
                " ".repeat(blanks),
                if value.is_empty() { "" } else { "\t" }
            ),
        );
    }
}
