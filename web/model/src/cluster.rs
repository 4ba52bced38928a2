//! What a Kubernetes adds to the map: nodes, pods, and where its secrets are.

use world::{ClusterSecretView, ClusterView, Observation, PodView};

use crate::inspect::InspectView;
use crate::view::{ClearSecret, NodeCard, Pill, Shape, Tone};

/// Namespaces that the cluster keeps for itself.
const OWN_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// How the kubelet names the containers that it has Docker run: the pod stands for them on the map.
const CONTAINER_PREFIX: &str = "k8s_";

/// The cluster in a sentence, and how that is; nothing if there is none or nobody answers for it.
pub(crate) fn headline(seen: &Observation) -> Option<(String, Tone)> {
    let cluster = seen.cluster.as_ref()?;
    let ready = cluster.nodes.iter().filter(|node| node.ready).count();
    let running = pods(cluster).filter(|pod| pod.phase == "Running").count();
    let count = pods(cluster).count();
    let text = format!(
        "Kubernetes: {ready} of {} nodes ready, {running} of {count} pods running",
        cluster.nodes.len()
    );
    let tone = match &cluster.leader {
        None => Tone::Bad,
        Some(_) if ready < cluster.nodes.len() => Tone::Wait,
        Some(_) => Tone::Good,
    };
    Some((text, tone))
}

/// The pods that somebody has made.
fn pods(cluster: &ClusterView) -> impl Iterator<Item = &PodView> {
    cluster.pods.iter().filter(|pod| !OWN_NAMESPACES.contains(&pod.namespace.as_str()))
}

/// `NAMESPACE/NAME`, by which a pod or a secret is opened.
fn full_name(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

/// Pods that no node has yet.
pub(crate) fn unplaced(seen: &Observation) -> Vec<Pill> {
    let all = seen.cluster.iter().flat_map(pods);
    all.filter(|pod| pod.node.is_none()).map(pill).collect()
}

/// Adds to a host's card what it is in the cluster.
pub(crate) fn dress(card: &mut NodeCard, seen: &Observation) {
    let Some(cluster) = &seen.cluster else { return };
    let Some(node) = cluster.nodes.iter().find(|node| node.name == card.name) else { return };
    let role = if node.control_plane { "control plane" } else { "node" };
    if card.shape == Shape::Alone {
        card.shape = if node.control_plane { Shape::Hexagon } else { Shape::Square };
        card.role = role.to_owned();
        card.leads = node.control_plane && cluster.leader.as_ref() == Some(&card.name);
    } else {
        card.role = format!("{}; {role}", card.role);
    }
    if card.state == "up" {
        (card.state, card.tone) = if node.ready {
            ("ready".to_owned(), Tone::Good)
        } else {
            ("not ready".to_owned(), Tone::Bad)
        };
    }
    card.pills.retain(|pill| !pill.name.starts_with(CONTAINER_PREFIX));
    card.pills.extend(pods(cluster).filter(|pod| pod.node.as_ref() == Some(&card.name)).map(pill));
    for secret in secrets(cluster) {
        let mut places = Vec::new();
        if node.control_plane && is_clear_at_rest(secret) {
            places.push("etcd's disk, as base64".to_owned());
        }
        if secret.held_by.contains(&card.name) {
            places.push("the kubelet's memory".to_owned());
        }
        let mounts = cluster.pods.iter().filter(|pod| {
            pod.node.as_ref() == Some(&card.name)
                && pod.namespace == secret.namespace
                && pod.secrets.contains(&secret.name)
        });
        places.extend(mounts.map(|pod| format!("tmpfs of {}", pod.name)));
        let name = full_name(&secret.namespace, &secret.name);
        if node.control_plane && !is_clear_at_rest(secret) {
            card.sealed.push(name.clone());
        }
        if !places.is_empty() {
            card.clear.push(ClearSecret { name, places });
        }
    }
}

fn secrets(cluster: &ClusterView) -> impl Iterator<Item = &ClusterSecretView> {
    let is_own = |secret: &&ClusterSecretView| OWN_NAMESPACES.contains(&secret.namespace.as_str());
    cluster.secrets.iter().filter(move |secret| !is_own(secret))
}

fn is_clear_at_rest(secret: &ClusterSecretView) -> bool {
    matches!(secret.at_rest.as_str(), "clear" | "identity")
}

fn pill(pod: &PodView) -> Pill {
    let name = full_name(&pod.namespace, &pod.name);
    let tone = match (pod.phase.as_str(), pod.ready) {
        ("Running", true) => Tone::Good,
        ("Failed", _) => Tone::Bad,
        ("Succeeded", _) => Tone::Plain,
        _ => Tone::Wait,
    };
    Pill {
        name: if pod.namespace == "default" { pod.name.clone() } else { name.clone() },
        id: name,
        state: pod.phase.to_lowercase(),
        tone,
        ..Pill::default()
    }
}

/// A pod, opened.
pub(crate) fn pod(seen: &Observation, id: &str) -> Option<InspectView> {
    let mut pods = seen.cluster.iter().flat_map(|cluster| &cluster.pods);
    let pod = pods.find(|pod| full_name(&pod.namespace, &pod.name) == id)?;
    let facts = vec![
        ("Phase", pod.phase.clone()),
        ("Ready", if pod.ready { "yes" } else { "no" }.to_owned()),
        ("Node", pod.node.clone().unwrap_or_else(|| "none yet".to_owned())),
        ("Namespace", pod.namespace.clone()),
    ];
    let title = pod.name.clone();
    Some(InspectView { kind: "Pod", title, facts, ..InspectView::default() })
}

/// A secret of the cluster, opened.
pub(crate) fn secret(seen: &Observation, id: &str) -> Option<InspectView> {
    let mut all = seen.cluster.iter().flat_map(|cluster| &cluster.secrets);
    let secret = all.find(|secret| full_name(&secret.namespace, &secret.name) == id)?;
    let at_rest = if is_clear_at_rest(secret) {
        "base64, which is no encryption".to_owned()
    } else {
        format!("sealed by {}", secret.at_rest)
    };
    let holders =
        if secret.held_by.is_empty() { "no kubelet".to_owned() } else { secret.held_by.join(", ") };
    let facts = vec![
        ("Keys", secret.keys.join(", ")),
        ("On etcd's disk", at_rest),
        ("In the memory of", holders),
        ("Namespace", secret.namespace.clone()),
    ];
    let title = secret.name.clone();
    Some(InspectView { kind: "Secret of Kubernetes", title, facts, ..InspectView::default() })
}

#[cfg(test)]
mod tests {
    use world::{ClusterNodeView, ContainerView, NodeView};

    use super::*;
    use crate::map::map;

    fn observation() -> Observation {
        let host = |name: &str| NodeView {
            name: name.into(),
            up: true,
            swarm: "inactive".into(),
            ..NodeView::default()
        };
        let node = |name: &str, control_plane| ClusterNodeView {
            name: name.into(),
            ready: true,
            control_plane,
        };
        let pod = |namespace: &str, name: &str, node: Option<&str>| PodView {
            namespace: namespace.into(),
            name: name.into(),
            node: node.map(str::to_owned),
            phase: if node.is_some() { "Running" } else { "Pending" }.into(),
            ready: node.is_some(),
            secrets: if name == "web" { vec!["user-pass".into()] } else { Vec::new() },
        };
        let secret = ClusterSecretView {
            namespace: "default".into(),
            name: "user-pass".into(),
            keys: vec!["password".into()],
            held_by: vec!["worker1".into()],
            at_rest: "clear".into(),
        };
        let container = ContainerView {
            name: "k8s_app_web_default_1_0".into(),
            state: "running".into(),
            ..ContainerView::default()
        };
        let worker = NodeView { containers: vec![container], ..host("worker1") };
        Observation {
            nodes: vec![host("master"), worker],
            cluster: Some(ClusterView {
                leader: Some("master".into()),
                nodes: vec![node("master", true), node("worker1", false)],
                pods: vec![
                    pod("default", "web", Some("worker1")),
                    pod("kube-system", "kube-apiserver-master", Some("master")),
                    pod("team", "late", None),
                ],
                secrets: vec![secret],
            }),
            ..Observation::default()
        }
    }

    #[test]
    fn pods_stand_for_their_containers() {
        let map = map(&observation());
        assert_eq!(map.headline, "Kubernetes: 2 of 2 nodes ready, 1 of 2 pods running");
        let (master, worker) = (&map.nodes[0], &map.nodes[1]);
        assert_eq!((master.role.as_str(), master.leads), ("control plane", true));
        assert_eq!((worker.role.as_str(), worker.shape), ("node", Shape::Square));
        let names: Vec<&str> = worker.pills.iter().map(|pill| pill.name.as_str()).collect();
        assert_eq!(names, ["web"]);
        assert_eq!(map.unplaced[0].name, "team/late");
    }

    #[test]
    fn base64_on_a_disk_is_in_the_clear() {
        let mut seen = observation();
        let clear = map(&seen).nodes;
        assert_eq!(clear[0].clear[0].places, ["etcd's disk, as base64"]);
        assert_eq!(clear[1].clear[0].places, ["the kubelet's memory", "tmpfs of web"]);
        if let Some(cluster) = &mut seen.cluster {
            cluster.secrets[0].at_rest = "aescbc".into();
        }
        let sealed = map(&seen).nodes;
        assert_eq!((sealed[0].clear.len(), sealed[0].sealed.len()), (0, 1));
        let opened = secret(&seen, "default/user-pass").unwrap_or_default();
        assert!(opened.facts.contains(&("On etcd's disk", "sealed by aescbc".to_owned())));
    }
}
