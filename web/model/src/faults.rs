//! What a student can break, and what will come of it: the menu of a host and of its links.
//!
//! Every entry is one line of `world::fault`'s grammar; the forecast is read off the cluster as it
//! stands, before anything happens.

use world::{LinkView, NodeView, Observation};

/// An entry of the menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The fault, as it is written.
    pub line: String,
    /// What it does, in a few words.
    pub label: String,
    /// What will come of it, in a sentence.
    pub forecast: String,
    /// It makes something right again.
    pub heals: bool,
}

/// The entries that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// What they are about.
    pub title: String,
    /// The entries; those that heal come first.
    pub choices: Vec<Choice>,
}

/// Something that is wrong now, with the line that makes it right; both empty if nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What, in words.
    pub text: String,
    /// The fault that heals it; empty if nothing does.
    pub heal: String,
    /// What the healing does, in a few words.
    pub heal_label: String,
}

/// The menus of a host: its power, its network, its disk.
pub fn menus(seen: &Observation, name: &str) -> Vec<Menu> {
    let Some(node) = seen.nodes.iter().find(|node| node.name == name) else { return Vec::new() };
    let cluster = Cluster { seen };
    if node.up {
        vec![power(&cluster, node), network(&cluster, node), disk(&cluster, node)]
    } else {
        let forecast = "It reads its disk and comes back as what it was.";
        vec![Menu {
            title: "Power".to_owned(),
            choices: vec![healing(format!("restart {name}"), "Boot", forecast)],
        }]
    }
}

fn choice(line: String, label: &str, forecast: impl Into<String>) -> Choice {
    Choice { line, label: label.to_owned(), forecast: forecast.into(), heals: false }
}

fn healing(line: String, label: &str, forecast: &str) -> Choice {
    Choice { heals: true, ..choice(line, label, forecast) }
}

fn power(cluster: &Cluster<'_>, node: &NodeView) -> Menu {
    let name = &node.name;
    let gone = cluster.without(node, Ending::Crash);
    let torn = format!("{gone} The last write to its disk may be there in part.");
    let mut choices = vec![
        choice(format!("crash {name}"), "Cut the power", gone),
        choice(format!("power-loss {name}"), "Cut the power in the middle of a write", torn),
    ];
    if node.frozen {
        let forecast = "It goes on where it stopped, and catches up.";
        choices.insert(0, healing(format!("thaw {name}"), "Thaw", forecast));
    } else {
        let forecast = cluster.without(node, Ending::Freeze);
        choices.push(choice(format!("freeze {name}"), "Freeze", forecast));
    }
    Menu { title: "Power".to_owned(), choices }
}

fn network(cluster: &Cluster<'_>, node: &NodeView) -> Menu {
    let name = &node.name;
    let mut choices = Vec::new();
    let mut links = cluster.seen.links.iter();
    if links.any(|link| link.from == *name || link.to == *name) || !node.troubles.is_empty() {
        let forecast = "Frames arrive again, and what was missed is caught up.";
        choices.push(healing(format!("heal {name}"), "Make links and disk whole", forecast));
    }
    choices.extend([
        choice(
            format!("isolate {name}"),
            "Pull all its cables",
            cluster.without(node, Ending::Isolate),
        ),
        choice(
            format!("latency {name} 500ms"),
            "Delay its frames by half a second",
            cluster.slow(node),
        ),
        choice(
            format!("loss {name} 20%"),
            "Lose every fifth frame",
            "A lost frame breaks a connection, which is made anew: slow, but nothing is lost.",
        ),
        choice(
            format!("duplicate {name} 20%"),
            "Double every fifth frame",
            "Frames have numbers: the second copy is recognised, and nothing changes.",
        ),
    ]);
    Menu { title: "Network".to_owned(), choices }
}

fn disk(cluster: &Cluster<'_>, node: &NodeView) -> Menu {
    let name = &node.name;
    let mut choices = vec![
        choice(format!("slow-disk {name} 500ms"), "Slow its disk", cluster.slow_disk(node)),
        choice(
            format!("full-disk {name}"),
            "Fill its disk",
            "Nothing can be written there any more; what was written stays.",
        ),
        choice(
            format!("flip-bit {name}"),
            "Flip a bit on its disk",
            "Nothing happens until it is read: what is sealed is found out to be damaged.",
        ),
        choice(
            format!("clock {name} +90d"),
            "Set its clock 90 days ahead",
            "Certificates last 90 days: its own, and those of all others, have expired for it.",
        ),
    ];
    let mut others = cluster.seen.nodes.iter();
    if let Some(thief) = others.find(|other| other.name != *name && other.up) {
        let thief = &thief.name;
        let forecast = format!(
            "The swarm does not notice. The copy lies in /loot/{name} on {thief}; whether it opens \
             depends on autolock."
        );
        let line = format!("steal-disk {name} to {thief}");
        choices.push(choice(line, "Steal a copy of its disk", forecast));
    }
    Menu { title: "Disk and clock".to_owned(), choices }
}

/// The menus of the links from one host to each other one.
pub fn link_menus(seen: &Observation, name: &str) -> Vec<Menu> {
    let cluster = Cluster { seen };
    let Some(node) = seen.nodes.iter().find(|node| node.name == name) else { return Vec::new() };
    let others = seen.nodes.iter().filter(|other| other.name != name);
    others
        .map(|other| {
            let peer = &other.name;
            let wrong = seen
                .links
                .iter()
                .any(|link| is_between(link, name, peer) || is_between(link, peer, name));
            let mut choices = Vec::new();
            if wrong {
                choices.push(Choice {
                    line: format!("heal {name} {peer}"),
                    label: "Make it whole".to_owned(),
                    forecast: format!("Frames between {name} and {peer} arrive again."),
                    heals: true,
                });
            }
            let mut add = |line: String, label: &str, forecast: String| {
                choices.push(Choice { line, label: label.to_owned(), forecast, heals: false });
            };
            let both = cluster.apart(node, other);
            add(format!("cut {name} {peer}"), "Cut", both);
            let deaf = cluster.deaf(node, other);
            add(format!("cut {name} -> {peer}"), &format!("Cut towards {peer}"), deaf);
            let deaf = cluster.deaf(other, node);
            add(format!("cut {peer} -> {name}"), &format!("Cut from {peer}"), deaf);
            add(
                format!("latency {name} {peer} 500ms"),
                "Delay by half a second",
                format!("What {name} and {peer} say to each other comes late; nothing is lost."),
            );
            add(
                format!("loss {name} {peer} 20%"),
                "Lose every fifth frame",
                "Connections break and are made anew.".to_owned(),
            );
            Menu { title: format!("{name} and {peer}"), choices }
        })
        .collect()
}

/// What is wrong with a host now.
pub fn troubles(node: &NodeView) -> Vec<Trouble> {
    let mut all = Vec::new();
    if !node.up {
        return vec![Trouble {
            text: "no power".to_owned(),
            heal: format!("restart {}", node.name),
            heal_label: "Boot".to_owned(),
        }];
    }
    if node.frozen {
        all.push(Trouble {
            text: "frozen".to_owned(),
            heal: format!("thaw {}", node.name),
            heal_label: "Thaw".to_owned(),
        });
    }
    for text in &node.troubles {
        // A clock is not healed; it can be set back.
        let heal =
            if text.starts_with("disk") { format!("heal {}", node.name) } else { String::new() };
        let heal_label = if heal.is_empty() { "" } else { "Heal" }.to_owned();
        all.push(Trouble { text: text.clone(), heal, heal_label });
    }
    all
}

fn is_between(link: &LinkView, from: &str, to: &str) -> bool {
    link.from == from && link.to == to
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Crash,
    Freeze,
    Isolate,
}

struct Cluster<'a> {
    seen: &'a Observation,
}

fn is_manager(node: &NodeView) -> bool {
    node.role.as_deref() == Some("manager")
}

impl Cluster<'_> {
    fn managers(&self) -> usize {
        self.seen.nodes.iter().filter(|node| is_manager(node)).count()
    }

    /// Managers that run, without one.
    fn managers_without(&self, name: &str) -> usize {
        let runs = |node: &&NodeView| {
            is_manager(node)
                && node.up
                && !node.frozen
                && node.name != name
                && !self.is_isolated(node)
        };
        self.seen.nodes.iter().filter(runs).count()
    }

    /// Managers that a leader still hears without one of them; itself is one.
    fn heard(&self, leader: &NodeView, without: &NodeView) -> usize {
        let hears = |node: &&NodeView| {
            let is_cut = |link: &LinkView| {
                link.cut
                    && (is_between(link, &leader.name, &node.name)
                        || is_between(link, &node.name, &leader.name))
            };
            is_manager(node)
                && node.up
                && !node.frozen
                && node.name != without.name
                && !self.seen.links.iter().any(is_cut)
        };
        self.seen.nodes.iter().filter(hears).count()
    }

    /// No frame reaches it or leaves it.
    fn is_isolated(&self, node: &NodeView) -> bool {
        let cut = |other: &&NodeView| {
            let is_cut = |from: &str, to: &str| {
                self.seen.links.iter().any(|link| link.cut && is_between(link, from, to))
            };
            other.name == node.name
                || is_cut(&node.name, &other.name)
                || is_cut(&other.name, &node.name)
        };
        self.seen.nodes.len() > 1 && self.seen.nodes.iter().all(|other| cut(&other))
    }

    /// What comes of a host that is gone.
    fn without(&self, node: &NodeView, how: Ending) -> String {
        let mut text = String::new();
        let (all, left) = (self.managers(), self.managers_without(&node.name));
        let quorum = all / 2 + 1;
        let mut holds = left >= quorum;
        if is_manager(node) {
            text = format!("{left} of {all} managers left: ");
            text.push_str(match (holds, node.leader) {
                (true, true) => "quorum holds, another one is elected within seconds.",
                (true, false) => "quorum holds.",
                (false, _) => "no quorum, so that nothing can be changed.",
            });
        } else if node.role.is_some() {
            text.push_str("The managers are not touched.");
        } else {
            holds = false;
            text.push_str("It is in no swarm; nobody misses it.");
        }
        let here = |task: &&world::TaskView| {
            task.node.as_ref() == Some(&node.name) && task.state == "running"
        };
        let count = self.seen.tasks.iter().filter(here).count();
        let tasks = if count == 1 { "Its task".to_owned() } else { format!("Its {count} tasks") };
        let (go, stand, start, are) = match count {
            1 => ("goes", "stands", "is started", "is"),
            _ => ("go", "stand", "are started", "are"),
        };
        if count > 0 {
            text.push(' ');
            text.push_str(&match (how, holds) {
                (Ending::Crash, true) => {
                    format!("{tasks} {start} elsewhere once it counts as down.")
                }
                (Ending::Crash, false) => format!("{tasks} {are} gone, and nobody replaces them."),
                (Ending::Freeze, true) => {
                    format!("{tasks} {stand} still and {start} elsewhere once it counts as down.")
                }
                (Ending::Freeze, false) => format!("{tasks} {stand} still."),
                (Ending::Isolate, true) => {
                    format!("{tasks} {go} on here, and {start} elsewhere as well.")
                }
                (Ending::Isolate, false) => format!("{tasks} {go} on."),
            });
        }
        text
    }

    fn slow(&self, node: &NodeView) -> String {
        if node.leader && 1 < self.managers() {
            "Every change waits for a majority, so that all changes take longer; the others may elect \
             another leader."
                .to_owned()
        } else if is_manager(node) {
            "It is always a little behind; a majority without it is as fast as before.".to_owned()
        } else {
            "Its tasks start and report late.".to_owned()
        }
    }

    fn slow_disk(&self, node: &NodeView) -> String {
        if is_manager(node) {
            "A manager says yes only when its disk has: with this one in the majority, every change \
             waits for it."
                .to_owned()
        } else {
            "A worker keeps little on its disk; the swarm hardly notices.".to_owned()
        }
    }

    /// What comes of two hosts that do not hear each other.
    fn apart(&self, one: &NodeView, other: &NodeView) -> String {
        match (is_manager(one), is_manager(other)) {
            (true, true) if self.managers() == 2 => {
                "Two managers need both for a majority: no quorum, so that nothing can be changed."
                    .to_owned()
            }
            (true, true) if one.leader || other.leader => {
                let (leader, follower) = if one.leader { (one, other) } else { (other, one) };
                let (heard, all) = (self.heard(leader, follower), self.managers());
                if heard < all / 2 + 1 {
                    return format!(
                        "{} hears {heard} of {all} managers then: no quorum, unless another one is \
                         elected by a majority.",
                        leader.name
                    );
                }
                let follower = &follower.name;
                format!(
                    "{follower} does not hear the leader and asks for votes: the term rises, and the \
                     leader may change."
                )
            }
            (true, true) => "Both still hear the leader: quorum holds.".to_owned(),
            _ if one.leader || other.leader => {
                let worker = if one.leader { &other.name } else { &one.name };
                format!(
                    "{worker} does not hear the leader: it counts as down after a while, and its tasks \
                     are started elsewhere as well."
                )
            }
            _ => "They have nothing to say to each other as long as the leader stays.".to_owned(),
        }
    }

    /// What comes of frames that are lost one way.
    fn deaf(&self, from: &NodeView, to: &NodeView) -> String {
        if from.leader && is_manager(to) {
            format!("{} hears no heartbeat, and its calls for votes arrive.", to.name)
        } else if to.leader && is_manager(from) {
            format!(
                "The leader hears no answer of {}; the others are enough if they are a majority.",
                from.name
            )
        } else if from.leader || to.leader {
            let worker = if from.leader { &to.name } else { &from.name };
            format!("Half a connection is none: {worker} counts as down after a while.")
        } else {
            format!("{} does not hear {}.", to.name, from.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(down: &[&str]) -> Observation {
        let node = |name: &str| NodeView {
            name: name.to_owned(),
            up: !down.contains(&name),
            role: Some(if name == "w" { "worker" } else { "manager" }.to_owned()),
            leader: name == "a",
            ..NodeView::default()
        };
        let nodes = ["a", "b", "c", "w"].map(node).into();
        Observation { nodes, leader: Some("a".to_owned()), ..Observation::default() }
    }

    #[track_caller]
    fn foretells(seen: &Observation, node: &str, line: &str, expected: &str) {
        let all = menus(seen, node).into_iter().chain(link_menus(seen, node));
        let found = all.flat_map(|menu| menu.choices).find(|choice| choice.line == line);
        let forecast = found.map(|choice| choice.forecast).unwrap_or_default();
        assert!(forecast.contains(expected), "{line}: {forecast}");
    }

    #[test]
    fn a_quorum_is_counted_before_it_is_lost() {
        foretells(&seen(&[]), "a", "crash a", "2 of 3 managers left: quorum holds, another one");
        foretells(&seen(&[]), "b", "crash b", "2 of 3 managers left: quorum holds.");
        foretells(&seen(&["c"]), "b", "crash b", "1 of 3 managers left: no quorum");
        foretells(&seen(&["c"]), "c", "restart c", "comes back");
        foretells(&seen(&[]), "w", "crash w", "The managers are not touched.");
        foretells(&seen(&[]), "b", "cut b a", "b does not hear the leader and asks for votes");
        foretells(&seen(&["c"]), "a", "cut a b", "a hears 1 of 3 managers then: no quorum");
        foretells(&seen(&[]), "b", "cut b c", "quorum holds");
    }

    #[test]
    fn every_entry_is_a_fault() {
        let seen = seen(&[]);
        let all = menus(&seen, "a").into_iter().chain(link_menus(&seen, "a"));
        for choice in all.flat_map(|menu| menu.choices) {
            assert!(world::Fault::parse(&choice.line).is_ok(), "{}", choice.line);
            assert!(!choice.forecast.is_empty(), "{}", choice.line);
        }
    }
}
