//! What is known of one thing, and why it is so: from the world's observation and its history.

use world::{EventId, Observation, TraceEntry, World};

use crate::clock;
use crate::cluster;
use crate::faults::{self, Menu, Trouble};

/// Something that a student can ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A host, by its name.
    Node(String),
    /// A service, by its name.
    Service(String),
    /// A task, by its identifier.
    Task(String),
    /// A secret, by its name.
    Secret(String),
    /// An event of the history, by its number.
    Event(u64),
    /// The leak audit.
    Audit,
}

/// One thing, opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectView {
    /// What kind of thing it is, for people.
    pub kind: &'static str,
    /// Its name.
    pub title: String,
    /// What is known of it: name and value.
    pub facts: Vec<(&'static str, String)>,
    /// The newest thing that happened to it, and what that came from: each line because of the next.
    pub why: Vec<EventLine>,
    /// What happened to it before, newest first.
    pub before: Vec<EventLine>,
    /// What is wrong with it now.
    pub troubles: Vec<Trouble>,
    /// What can be done to it.
    pub menus: Vec<Menu>,
    /// What can be done to its links, for each other host.
    pub links: Vec<Menu>,
}

/// An event, in a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventLine {
    /// Its number.
    pub id: u64,
    /// When, as a clock.
    pub at: String,
    /// Where; empty if at no host.
    pub place: String,
    /// The sentence.
    pub text: String,
    /// It came from outside: a typed command, a fault.
    pub from_outside: bool,
}

/// A chain of causes that is longer is cut in the middle of nothing: none is, in practice.
const CHAIN_COUNT_MAX: usize = 40;
/// How much of what happened before is listed.
const BEFORE_COUNT_MAX: usize = 12;

/// Opens something; nothing if it is not there any more.
pub fn inspect(world: &World, target: &Target) -> Option<InspectView> {
    let seen = world.observe();
    let mut view = facts(&seen, target)?;
    let named = Named::of(world, &seen, target);
    let mut about = world.trace().entries().rev().filter(|entry| named.is_meant(world, entry));
    if let Some(newest) = about.next() {
        view.why = chain(world, &seen, &named, newest);
        let mut last = newest.detail.clone();
        for entry in about {
            // Every manager applies the same entry; once is enough.
            if entry.detail != last {
                last = entry.detail.clone();
                view.before.push(line(world, &seen, entry));
            }
            if view.before.len() == BEFORE_COUNT_MAX {
                break;
            }
        }
    }
    if let Target::Node(name) = target {
        let node = seen.nodes.iter().find(|node| node.name == *name);
        view.troubles = node.map(faults::troubles).unwrap_or_default();
        view.menus = faults::menus(&seen, name);
        view.links = faults::link_menus(&seen, name);
    }
    if let Target::Event(id) = target {
        let entry = world.trace().entry(EventId(*id))?;
        view.title = line(world, &seen, entry).text;
    }
    Some(view)
}

/// An event and what it came from, each because of the next; empty if it is too long ago.
pub fn why(world: &World, seen: &Observation, id: EventId) -> Vec<EventLine> {
    let named = Named::of(world, seen, &Target::Event(id.0));
    world.trace().entry(id).map_or_else(Vec::new, |entry| chain(world, seen, &named, entry))
}

/// An event and what it came from, each because of the next.
fn chain(world: &World, seen: &Observation, named: &Named, from: &TraceEntry) -> Vec<EventLine> {
    let mut lines = vec![line(world, seen, from)];
    let mut last = from;
    while let Some(entry) = cause(world, named, last) {
        if lines.len() == CHAIN_COUNT_MAX {
            break;
        }
        lines.push(line(world, seen, entry));
        last = entry;
    }
    lines
}

/// What an event came from. Loops and agents also act on what they find when a timer wakes them: what
/// happened last to the same thing is the cause then, or to the service that a task belongs to.
fn cause<'w>(world: &'w World, named: &Named, of: &TraceEntry) -> Option<&'w TraceEntry> {
    if let Some(id) = of.cause {
        return world.trace().entry(id);
    }
    of.host?;
    let before = || world.trace().entries().rev().skip_while(|entry| entry.id >= of.id);
    let same_thing = || before().find(|entry| named.is_in(world, entry));
    let is_object_of = |entry: &&TraceEntry| {
        let words: Vec<&str> = entry.detail.split(' ').collect();
        let [_, kind, name, id, ..] = words.as_slice() else { return false };
        let is_task_of = || of.detail.contains(&format!("task {name}."));
        entry.kind == "store.applied"
            && ((*kind == "service" && is_task_of()) || of.detail.contains(id))
    };
    // What was sent to an agent leads to the service, not to what was sent before.
    if of.kind == "dispatcher.assignments" {
        before().find(is_object_of).or_else(same_thing)
    } else {
        same_thing().or_else(|| before().find(is_object_of))
    }
}

fn line(world: &World, seen: &Observation, entry: &TraceEntry) -> EventLine {
    let place = entry.host.and_then(|host| world.spec().nodes.get(usize::from(host.0)));
    EventLine {
        id: entry.id.0,
        at: clock::clock(entry.at.since(world.started()).as_nanos() / 1_000_000),
        place: place.cloned().unwrap_or_default(),
        text: sentence(entry.kind, &readable(seen, &entry.detail)),
        from_outside: entry.cause.is_none() && entry.host.is_none(),
    }
}

/// The same without identifiers that a reader cannot tell apart: a node's becomes its name, and one
/// that stands behind a name goes.
fn readable(seen: &Observation, detail: &str) -> String {
    let mut text = String::with_capacity(detail.len());
    let mut rest = detail;
    while let Some(first) = rest.chars().next() {
        let is_word = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
        let end = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
        if end == ID_LENGTH {
            let node = seen.nodes.iter().find(|node| node.id.as_deref() == Some(&rest[..end]));
            rest = &rest[end..];
            match node {
                Some(node) => text.push_str(&node.name),
                None if text.ends_with(" (") => {
                    text.truncate(text.len() - 2);
                    rest = rest.strip_prefix(')').unwrap_or(rest);
                }
                None if text.ends_with('.') => {
                    text.pop();
                }
                None => text.push('…'),
            }
            continue;
        }
        let end = end.max(first.len_utf8());
        text.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    text
}

/// Characters of a swarm's identifiers.
const ID_LENGTH: usize = 25;

/// The words before an event's detail, by the event's kind.
const WORDS: [(&str, &str); 24] = [
    ("raft.proposed", "the leader proposes to the managers"),
    ("raft.committed", "a majority of managers has written it to disk: committed"),
    ("raft.elected", "elected by a majority"),
    ("raft.snapshot", "a snapshot of the store replaces the old log"),
    ("raft.restored", "the log is read from the disk"),
    ("raft.joined", "becomes a member of the managers"),
    ("raft.join", "a new manager wants to join"),
    ("raft.removed", "is removed from the managers"),
    ("raft.unreachable", "another manager is silent"),
    ("manager.leading", "leads from now on"),
    ("store.applied", "the store has changed"),
    ("store.restored", "the store is built from what the disk holds"),
    ("dispatcher.assignments", "the leader tells a node what to run"),
    ("dispatcher.session_opened", "an agent reports to the leader"),
    ("dispatcher.node_down", "the leader gives a node up"),
    ("agent.session_opened", "the agent has found the leader"),
    ("agent.session_lost", "the agent has lost the leader"),
    ("task.state", "the agent reports a task"),
    ("ca.issued", "the swarm's CA signs a certificate"),
    ("swarm.certificate", "a certificate has come"),
    ("swarm.keys", "the keys on this disk"),
    ("swarm.init", "a swarm begins"),
    ("swarm.leave", "leaves the swarm"),
    ("image.pull", "an image is pulled"),
];

fn sentence(kind: &str, detail: &str) -> String {
    match WORDS.iter().find(|(known, _)| *known == kind) {
        Some((_, words)) if detail.is_empty() => (*words).to_owned(),
        Some((_, words)) => format!("{words}: {detail}"),
        // What came from outside says it all.
        None if kind == "input" || kind == "fault" => detail.to_owned(),
        None if detail.is_empty() => kind.to_owned(),
        None => format!("{kind}: {detail}"),
    }
}

/// How a thing is named in the history.
struct Named {
    words: Vec<String>,
    host: Option<usize>,
    id: Option<u64>,
}

impl Named {
    fn of(world: &World, seen: &Observation, target: &Target) -> Self {
        let nothing = Self { words: Vec::new(), host: None, id: None };
        match target {
            Target::Node(name) => Self {
                words: vec![format!(" {name} "), format!("{name} (")],
                host: seen.nodes.iter().position(|node| node.name == *name),
                ..nothing
            },
            Target::Service(name) => {
                let service = seen.services.iter().find(|service| service.name == *name);
                let id = service.map(|service| format!("({})", service.id));
                Self { words: id.into_iter().collect(), ..nothing }
            }
            // A pod's identifier is its full name, of which the history says the last part.
            Target::Task(id) => match id.split_once('/') {
                Some((_, pod)) => Self { words: vec![format!("pod {pod} ")], ..nothing },
                None => Self { words: vec![id.clone()], ..nothing },
            },
            Target::Secret(name) => {
                let secret = seen.secrets.iter().find(|secret| secret.name == *name);
                let id = secret.map(|secret| secret.id.clone());
                Self { words: id.into_iter().collect(), ..nothing }
            }
            Target::Audit => nothing,
            Target::Event(id) => {
                let entry = world.trace().entry(EventId(*id));
                let detail = entry.map(|entry| entry.detail.clone()).unwrap_or_default();
                let is_word = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
                let nodes = seen.nodes.iter().filter_map(|node| node.id.as_deref());
                let nodes: Vec<&str> = nodes.collect();
                let ids = detail.split(|char| !is_word(char));
                let ids = ids.filter(|word| word.len() == ID_LENGTH && !nodes.contains(word));
                Self { words: ids.map(str::to_owned).collect(), id: Some(*id), ..nothing }
            }
        }
    }

    /// True for the events that are asked about.
    fn is_meant(&self, world: &World, entry: &TraceEntry) -> bool {
        match self.id {
            Some(id) => entry.id.0 == id,
            None => self.is_in(world, entry),
        }
    }

    /// True for what happened to the thing.
    fn is_in(&self, world: &World, entry: &TraceEntry) -> bool {
        let is_here = || {
            let about_node = [
                "raft.elected",
                "raft.joined",
                "raft.removed",
                "raft.restored",
                "manager.leading",
                "agent.session_lost",
                "agent.session_opened",
                "swarm.init",
                "swarm.leave",
            ];
            about_node.contains(&entry.kind)
                && entry.host.map(|host| usize::from(host.0)) == self.host
        };
        let is_fault = || {
            let is_typed = entry.detail.contains("$ ") || entry.detail.contains("Ctrl-");
            let name = self.host.and_then(|host| world.spec().nodes.get(host));
            let is_named = name.is_some_and(|name| {
                entry
                    .detail
                    .split(|char: char| !char.is_alphanumeric() && char != '-')
                    .any(|word| word == name)
            });
            entry.host.is_none() && !is_typed && is_named
        };
        match self.host {
            Some(_) => {
                is_here()
                    || is_fault()
                    || (entry.kind == "dispatcher.node_down"
                        && self.words.iter().any(|word| entry.detail.starts_with(word.trim())))
            }
            None => self.words.iter().any(|word| entry.detail.contains(word.as_str())),
        }
    }
}

fn facts(seen: &Observation, target: &Target) -> Option<InspectView> {
    let view = |kind, title: &str, facts: Vec<(&'static str, String)>| {
        let facts = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Some(InspectView { kind, title: title.to_owned(), facts, ..InspectView::default() })
    };
    match target {
        Target::Node(name) => {
            let node = seen.nodes.iter().find(|node| node.name == *name)?;
            let raft = node.raft.as_ref().map(|raft| {
                format!(
                    "{}, term {}, log to {}, committed {}, applied {}",
                    raft.role, raft.term, raft.last, raft.commit, raft.applied
                )
            });
            let facts = vec![
                ("Address", node.address.clone()),
                ("Role", node.role.clone().unwrap_or_else(|| "in no swarm".to_owned())),
                ("State", node.state.clone().unwrap_or_default()),
                ("Availability", node.availability.clone().unwrap_or_default()),
                ("Raft", raft.unwrap_or_default()),
                ("Node ID", node.id.clone().unwrap_or_default()),
            ];
            view("Host", name, facts)
        }
        Target::Service(name) => {
            let service = seen.services.iter().find(|service| service.name == *name)?;
            let facts = vec![
                ("Mode", service.mode.clone()),
                ("Image", service.image.clone()),
                ("Tasks", format!("{} of {} run", service.running, service.desired)),
                ("Secrets", service.secrets.join(", ")),
                ("ID", service.id.clone()),
            ];
            view("Service", name, facts)
        }
        Target::Task(id) => {
            if let Some(pod) = cluster::pod(seen, id) {
                return Some(pod);
            }
            let task = seen.tasks.iter().find(|task| task.id == *id);
            if let Some(task) = task {
                let facts = vec![
                    ("State", task.state.clone()),
                    ("Should be", task.desired.clone()),
                    ("Host", task.node.clone().unwrap_or_else(|| "none yet".to_owned())),
                    ("Error", task.error.clone().unwrap_or_default()),
                    ("Service", task.service.clone()),
                    ("ID", task.id.clone()),
                ];
                return view("Task", &task.name, facts);
            }
            let containers =
                seen.nodes.iter().flat_map(|node| node.containers.iter().map(move |c| (node, c)));
            let (node, container) =
                containers.into_iter().find(|(_, container)| container.id == *id)?;
            let facts = vec![
                ("State", container.state.clone()),
                ("Host", node.name.clone()),
                ("Image", container.image.clone()),
                ("ID", container.id.chars().take(12).collect()),
            ];
            view("Container", &container.name, facts)
        }
        Target::Secret(name) => {
            if let Some(secret) = cluster::secret(seen, name) {
                return Some(secret);
            }
            let secret = seen.secrets.iter().find(|secret| secret.name == *name)?;
            let holders = |here: &dyn Fn(&world::NodeView) -> bool| {
                let nodes = seen.nodes.iter().filter(|node| here(node));
                nodes.map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ")
            };
            let sealed = holders(&|node| node.store_secrets.contains(name));
            let clear = holders(&|node| node.agent_secrets.contains(name));
            let services = seen.services.iter().filter(|service| service.secrets.contains(name));
            let services: Vec<&str> = services.map(|service| service.name.as_str()).collect();
            let none = |text: String| if text.is_empty() { "nowhere".to_owned() } else { text };
            let facts = vec![
                ("Sealed on", none(sealed)),
                ("In the clear on", none(clear)),
                ("Given to", services.join(", ")),
                ("ID", secret.id.clone()),
            ];
            view("Secret", name, facts)
        }
        Target::Event(_) => view("Event", "", Vec::new()),
        // It has a panel of its own.
        Target::Audit => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_made_readable() {
        let node = world::NodeView {
            name: "node3".into(),
            id: Some("lrvon6rx4h3durw2slye5w2la".into()),
            ..world::NodeView::default()
        };
        let seen = Observation { nodes: vec![node], ..Observation::default() };
        let told = "to lrvon6rx4h3durw2slye5w2la: +task why.1.slk9c1lmz04eo2crxdqsnv7bb (slk9c1lmz04eo2crxdqsnv7bb) é";
        assert_eq!(readable(&seen, told), "to node3: +task why.1 é");
    }
}
