//! The map, from what the world shows of itself.

use world::{ContainerView, LinkView, NodeView, Observation, TaskView};

use crate::audit::{AuditPanel, leak_count};
use crate::cluster;
use crate::faults::troubles;
use crate::view::{ClearSecret, MapView, NodeCard, Pill, RaftLine, ServiceRow, Shape, Tone, Wire};

/// Draws an observation.
pub fn map(seen: &Observation) -> MapView {
    let (headline, tone) = headline(seen);
    let services = seen.services.iter().map(|service| ServiceRow {
        name: service.name.clone(),
        image: short_image(&service.image).to_owned(),
        mode: service.mode.clone(),
        running: service.running,
        desired: service.desired,
        tone: if service.running >= service.desired { Tone::Good } else { Tone::Wait },
        secrets: service.secrets.clone(),
    });
    let unplaced = seen.tasks.iter().filter(|task| task.node.is_none() && !is_over(task));
    MapView {
        headline,
        tone,
        nodes: seen.nodes.iter().enumerate().map(|(index, node)| card(index, node, seen)).collect(),
        services: services.collect(),
        unplaced: unplaced.map(|task| pill(task, None)).chain(cluster::unplaced(seen)).collect(),
        wires: wires(seen),
        armed: seen.armed.clone(),
    }
}

/// The links with which something is wrong, each once.
fn wires(seen: &Observation) -> Vec<Wire> {
    let place = |name: &str| seen.nodes.iter().position(|node| node.name == name).unwrap_or(0);
    let mut wires: Vec<Wire> = Vec::new();
    for link in &seen.links {
        let (from, to) = (place(&link.from), place(&link.to));
        let ends = (from.min(to), from.max(to));
        let index = wires.iter().position(|wire| wire.ends == ends).unwrap_or_else(|| {
            let heal = format!("heal {} {}", seen.nodes[ends.0].name, seen.nodes[ends.1].name);
            wires.push(Wire { ends, heal, ..Wire::default() });
            wires.len() - 1
        });
        let wire = &mut wires[index];
        let cut = if from == ends.0 { &mut wire.cut.0 } else { &mut wire.cut.1 };
        *cut = link.cut;
    }
    for wire in &mut wires {
        wire.text = wire_text(seen, wire);
    }
    wires
}

fn wire_text(seen: &Observation, wire: &Wire) -> String {
    let (one, other) = (&seen.nodes[wire.ends.0].name, &seen.nodes[wire.ends.1].name);
    let mut text = match wire.cut {
        (true, true) => format!("{one} and {other}: cut"),
        (true, false) => format!("{one} to {other}: cut"),
        (false, true) => format!("{other} to {one}: cut"),
        (false, false) => format!("{one} and {other}:"),
    };
    let here = |link: &&LinkView| {
        (link.from == *one && link.to == *other) || (link.from == *other && link.to == *one)
    };
    let worst =
        |of: fn(&LinkView) -> u64| seen.links.iter().filter(here).map(of).max().unwrap_or(0);
    let mut more = Vec::new();
    match worst(|link| link.latency_ms) {
        0 => {}
        ms => more.push(format!("{ms} ms slower")),
    }
    match worst(|link| u64::from(link.loss)) {
        0 => {}
        share => more.push(format!("{} % lost", share / 10)),
    }
    match worst(|link| u64::from(link.duplicate)) {
        0 => {}
        share => more.push(format!("{} % double", share / 10)),
    }
    if !more.is_empty() {
        let between = if text.ends_with(':') { " " } else { ", " };
        text.push_str(between);
        text.push_str(&more.join(", "));
    }
    text
}

/// Marks the hosts on which the audit has found something.
pub fn mark(map: &mut MapView, panel: &AuditPanel) {
    for node in &mut map.nodes {
        node.leak_count = leak_count(panel, &node.name);
    }
}

/// An image's name without the digest that the manager has pinned it to.
fn short_image(image: &str) -> &str {
    image.split_once('@').map_or(image, |(name, _)| name)
}

fn headline(seen: &Observation) -> (String, Tone) {
    let is_member = |node: &NodeView| node.role.is_some();
    match (cluster::headline(seen), seen.nodes.iter().any(is_member)) {
        (None, _) => swarm_headline(seen),
        (Some(cluster), false) => cluster,
        (Some((cluster, tone)), true) => {
            let (swarm, swarm_tone) = swarm_headline(seen);
            let tone = if swarm_tone == Tone::Bad { swarm_tone } else { tone };
            (format!("{swarm}. {cluster}"), tone)
        }
    }
}

fn swarm_headline(seen: &Observation) -> (String, Tone) {
    let with_role =
        |role: &str| seen.nodes.iter().filter(|node| node.role.as_deref() == Some(role)).count();
    let (managers, workers) = (with_role("manager"), with_role("worker"));
    if managers + workers == 0 {
        let count = seen.nodes.len();
        return (format!("{}, in no swarm yet", counted(count, "host")), Tone::Plain);
    }
    let members = format!("{}, {}", counted(managers, "manager"), counted(workers, "worker"));
    match &seen.leader {
        Some(leader) if seen.has_quorum => (format!("{members}; {leader} leads"), Tone::Good),
        Some(leader) => {
            (format!("{members}; {leader} was the leader, but has no majority"), Tone::Bad)
        }
        None => (format!("{members}; nobody leads"), Tone::Bad),
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn card(index: usize, node: &NodeView, seen: &Observation) -> NodeCard {
    let (shape, role) = match node.role.as_deref() {
        Some("manager") if node.leader => (Shape::Hexagon, "manager, leader"),
        Some("manager") => (Shape::Hexagon, "manager"),
        Some(_) => (Shape::Square, "worker"),
        None => (Shape::Alone, "in no swarm"),
    };
    let (state, tone) = state(node);
    let here = || seen.tasks.iter().filter(|task| task.node.as_ref() == Some(&node.name));
    let container = |task: &TaskView| {
        node.containers.iter().find(|container| container.task.as_ref() == Some(&task.id))
    };
    let tasks = here().filter(|task| !is_over(task) || went_wrong(task));
    let alone = node.containers.iter().filter(|container| container.task.is_none());
    let mut pills: Vec<Pill> = tasks.map(|task| pill(task, container(task))).collect();
    pills.extend(alone.map(own_container));
    let mut card = NodeCard {
        name: node.name.clone(),
        index,
        address: node.address.clone(),
        shape,
        role: role.to_owned(),
        leads: node.leader,
        state,
        tone,
        raft: node.raft.as_ref().map(|raft| RaftLine {
            role: raft.role.clone(),
            term: raft.term,
            commit: raft.commit,
            applied: raft.applied,
        }),
        pills,
        ended_count: here().filter(|task| is_over(task) && !went_wrong(task)).count(),
        clear: clear(node, seen),
        sealed: node.store_secrets.clone(),
        leak_count: 0,
        troubles: troubles(node),
    };
    cluster::dress(&mut card, seen);
    card
}

fn state(node: &NodeView) -> (String, Tone) {
    if !node.up {
        return ("powered off".to_owned(), Tone::Bad);
    }
    if node.frozen {
        return ("frozen".to_owned(), Tone::Bad);
    }
    if matches!(node.swarm.as_str(), "pending" | "locked" | "error") {
        return (node.swarm.clone(), Tone::Wait);
    }
    let Some(state) = &node.state else { return ("up".to_owned(), Tone::Plain) };
    let tone = match state.as_str() {
        "ready" => Tone::Good,
        "down" => Tone::Bad,
        _ => Tone::Wait,
    };
    match node.availability.as_deref() {
        Some("drain") => (format!("{state}, drained"), tone),
        Some("pause") => (format!("{state}, paused"), tone),
        _ => (state.clone(), tone),
    }
}

fn is_over(task: &TaskView) -> bool {
    matches!(
        task.state.as_str(),
        "complete" | "shutdown" | "failed" | "rejected" | "remove" | "orphaned"
    )
}

/// Ended, and not because it should.
fn went_wrong(task: &TaskView) -> bool {
    matches!(task.state.as_str(), "failed" | "rejected")
}

fn pill(task: &TaskView, container: Option<&ContainerView>) -> Pill {
    let tone = match task.state.as_str() {
        "running" => Tone::Good,
        "failed" | "rejected" | "orphaned" => Tone::Bad,
        _ => Tone::Wait,
    };
    // A running task that should not run is on its way out.
    let leaves = task.state == "running" && !matches!(task.desired.as_str(), "running" | "ready");
    Pill {
        id: task.id.clone(),
        name: task.name.clone(),
        state: if leaves { "stopping".to_owned() } else { task.state.clone() },
        tone: if leaves { Tone::Wait } else { tone },
        error: task.error.clone().unwrap_or_default(),
        secrets: container.map(|container| container.secrets.clone()).unwrap_or_default(),
    }
}

fn own_container(container: &ContainerView) -> Pill {
    Pill {
        id: container.id.clone(),
        name: container.name.clone(),
        state: container.state.clone(),
        tone: if container.state == "running" { Tone::Good } else { Tone::Plain },
        error: String::new(),
        secrets: container.secrets.clone(),
    }
}

/// The secrets that can be read on a node now, and where.
fn clear(node: &NodeView, seen: &Observation) -> Vec<ClearSecret> {
    let mut all: Vec<ClearSecret> = Vec::new();
    let mut add = |name: &str, place: String| match all.iter_mut().find(|one| one.name == name) {
        Some(one) => one.places.push(place),
        None => all.push(ClearSecret { name: name.to_owned(), places: vec![place] }),
    };
    for name in &node.agent_secrets {
        add(name, "the agent's memory".to_owned());
    }
    for container in &node.containers {
        let task = seen.tasks.iter().find(|task| container.task.as_ref() == Some(&task.id));
        let owner = task.map_or(container.name.as_str(), |task| task.name.as_str());
        for name in &container.secrets {
            add(name, format!("tmpfs of {owner}"));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeView {
        NodeView { name: name.into(), up: true, swarm: "inactive".into(), ..NodeView::default() }
    }

    fn member(name: &str, role: &str, leader: bool) -> NodeView {
        let state = Some("ready".into());
        NodeView { role: Some(role.into()), swarm: "active".into(), state, leader, ..node(name) }
    }

    #[test]
    fn hosts_in_no_swarm_say_so() {
        let seen = Observation { nodes: vec![node("node1")], ..Observation::default() };
        let map = map(&seen);
        assert_eq!(map.headline, "1 host, in no swarm yet");
        assert_eq!((map.nodes[0].shape, map.nodes[0].role.as_str()), (Shape::Alone, "in no swarm"));
    }

    #[test]
    fn a_secret_is_told_where_it_can_be_read() {
        let container = ContainerView {
            name: "web.1.abc".into(),
            state: "running".into(),
            task: Some("t1".into()),
            secrets: vec!["sec1".into()],
            ..ContainerView::default()
        };
        let worker = NodeView {
            agent_secrets: vec!["sec1".into()],
            containers: vec![container],
            ..member("node2", "worker", false)
        };
        let manager =
            NodeView { store_secrets: vec!["sec1".into()], ..member("node1", "manager", true) };
        let task = TaskView {
            id: "t1".into(),
            name: "web.1".into(),
            node: Some("node2".into()),
            state: "running".into(),
            desired: "running".into(),
            ..TaskView::default()
        };
        let seen = Observation {
            leader: Some("node1".into()),
            has_quorum: true,
            nodes: vec![manager, worker],
            tasks: vec![task],
            ..Observation::default()
        };
        let map = map(&seen);
        assert_eq!(map.headline, "1 manager, 1 worker; node1 leads");
        assert_eq!((map.nodes[0].sealed.len(), map.nodes[0].clear.len()), (1, 0));
        assert_eq!(map.nodes[1].clear[0].places, ["the agent's memory", "tmpfs of web.1"]);
        assert_eq!(map.nodes[1].pills[0].name, "web.1");
    }

    #[test]
    fn a_crashed_leader_is_told() {
        let off = NodeView { up: false, ..member("node1", "manager", false) };
        let seen = Observation { nodes: vec![off], ..Observation::default() };
        let map = map(&seen);
        assert_eq!(
            (map.headline.as_str(), map.tone),
            ("1 manager, 0 workers; nobody leads", Tone::Bad)
        );
        assert_eq!(map.nodes[0].state, "powered off");
    }
}
