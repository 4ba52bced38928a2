//! What a compose file means for a swarm beside its services: names, networks, secrets and configs (docker/cli:
//! `cli/compose/convert`).

use sorted::SortedMap;

use compose::{Node, duration_nanos};
use daemon::api::Network;
use sim::Duration;
use swarm::objects::{Annotations, ConfigReference, Driver, FileTarget, SecretReference};

use crate::value;

/// The label that says which stack an object is of.
pub(super) const NAMESPACE: &str = "com.docker.stack.namespace";
/// The label that keeps the image as the file has it.
pub(super) const IMAGE: &str = "com.docker.stack.image";

/// A stack's name, and the names of its objects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Namespace<'a>(pub(super) &'a str);

impl Namespace<'_> {
    pub(super) fn scope(self, name: &str) -> String {
        format!("{}_{name}", self.0)
    }

    /// A name without the stack's.
    pub(super) fn descope(self, name: &str) -> &str {
        let rest = name.strip_prefix(self.0).and_then(|rest| rest.strip_prefix('_'));
        rest.unwrap_or(name)
    }

    pub(super) fn labels(self, node: Option<&Node>) -> SortedMap<String, String> {
        let mut labels = texts(node);
        labels.insert(NAMESPACE.to_owned(), self.0.to_owned());
        labels
    }

    /// The name an object of the file has in the swarm: its own, or the one in the file with the stack's in
    /// front.
    pub(super) fn name_of(self, node: &Node, key: &str) -> String {
        let own = node.text_of("name");
        if own.is_empty() { self.scope(key) } else { own }
    }
}

/// A map's texts; members without a value are empty.
pub(super) fn texts(node: Option<&Node>) -> SortedMap<String, String> {
    let entries = node.map_or(&[][..], Node::entries).iter();
    entries.map(|(key, value)| (key.clone(), value.text().unwrap_or_default())).collect()
}

pub(super) fn list(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).map_or(&[][..], Node::items);
    items.iter().filter_map(Node::text).collect()
}

pub(super) fn flag(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(Node::is_true)
}

pub(super) fn span(node: &Node, key: &str) -> Option<Duration> {
    let nanos = node.get(key)?.text().and_then(|text| duration_nanos(&text))?;
    Some(Duration::from_nanos(nanos))
}

pub(super) fn count(node: &Node, key: &str) -> Option<u64> {
    node.get(key)?.int().and_then(|number| u64::try_from(number).ok())
}

/// The networks to make, by the key of the file; and the names of those that must be there.
pub(super) fn networks(
    namespace: Namespace<'_>,
    root: &Node,
) -> (Vec<(String, Network)>, Vec<String>) {
    let mut used: Vec<String> = Vec::new();
    for (_, service) in root.get("services").map_or(&[][..], Node::entries) {
        for (name, _) in service.get("networks").map_or(&[][..], Node::entries) {
            if !used.contains(name) {
                used.push(name.clone());
            }
        }
    }
    used.sort();
    let (mut made, mut external) = (Vec::new(), Vec::new());
    for key in used {
        let node = root.get("networks").and_then(|all| all.get(&key));
        let Some(node) = node else {
            // What is not in the file is told when the service is made; the default one needs no mention.
            if key == "default" {
                made.push((key.clone(), network(namespace, &key, None)));
            }
            continue;
        };
        if flag(node, "external") {
            external.push(node.text_of("name"));
        } else {
            made.push((key.clone(), network(namespace, &key, Some(node))));
        }
    }
    (made, external)
}

fn network(namespace: Namespace<'_>, key: &str, node: Option<&Node>) -> Network {
    let mut network = Network {
        name: node.map_or_else(|| namespace.scope(key), |node| namespace.name_of(node, key)),
        driver: "overlay".to_owned(),
        is_swarm: true,
        labels: namespace.labels(node.and_then(|node| node.get("labels"))),
        ..Network::default()
    };
    if let Some(node) = node {
        let driver = node.text_of("driver");
        if !driver.is_empty() {
            network.is_swarm = driver == "overlay";
            network.driver = driver;
        }
        network.options = texts(node.get("driver_opts"));
        network.internal = flag(node, "internal");
        network.attachable = flag(node, "attachable");
        let config = node.get("ipam").and_then(|ipam| ipam.get("config"));
        let first = config.and_then(|config| config.items().first());
        network.subnet = first.map(|first| first.text_of("subnet")).unwrap_or_default();
    }
    network
}

/// A secret or config to make: name, labels, the file its bytes are in, and what it needs that is not
/// simulated.
pub(super) struct Content {
    pub(super) annotations: Annotations,
    pub(super) file: String,
    pub(super) driver: String,
    pub(super) templating: Option<Driver>,
}

/// The secrets or configs to make, sorted.
pub(super) fn contents(namespace: Namespace<'_>, root: &Node, section: &str) -> Vec<Content> {
    let entries = root.get(section).map_or(&[][..], Node::entries).iter();
    let own = entries.filter(|(_, node)| !flag(node, "external"));
    let mut contents: Vec<Content> = own
        .map(|(key, node)| Content {
            annotations: Annotations {
                name: namespace.name_of(node, key),
                labels: namespace.labels(node.get("labels")),
            },
            file: node.text_of("file"),
            driver: node.text_of("driver"),
            templating: Some(node.text_of("template_driver"))
                .filter(|name| !name.is_empty())
                .map(|name| Driver { name, ..Driver::default() }),
        })
        .collect();
    contents.sort_by(|a, b| a.annotations.name.cmp(&b.annotations.name));
    contents
}

/// A secret or config that a service asks for: its name in the swarm, and the file it becomes.
pub(super) fn references(
    namespace: Namespace<'_>,
    root: &Node,
    service: &Node,
    section: &str,
) -> Result<Vec<(String, FileTarget)>, String> {
    let mut wanted = Vec::new();
    for item in service.get(section).map_or(&[][..], Node::items) {
        let source = item.text_of("source");
        let kind = section.trim_end_matches('s');
        let known = root.get(section).and_then(|all| all.get(&source));
        let known = known.ok_or_else(|| format!("undefined {kind} {}", value::quote(&source)))?;
        let or = |key: &str, default: &str| {
            let text = item.text_of(key);
            if text.is_empty() { default.to_owned() } else { text }
        };
        // A config lies in the root folder unless it is said otherwise, a secret below `/run/secrets`.
        let default = if section == "configs" { format!("/{source}") } else { source.clone() };
        let mode = item.get("mode").and_then(Node::int).and_then(|mode| u32::try_from(mode).ok());
        let file = FileTarget {
            name: or("target", &default),
            uid: or("uid", "0"),
            gid: or("gid", "0"),
            mode: mode.unwrap_or(0o444),
        };
        wanted.push((namespace.name_of(known, &source), file));
    }
    Ok(wanted)
}

/// What the references of a service were found to be.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) secrets: Vec<SecretReference>,
    pub(super) configs: Vec<ConfigReference>,
}
