//! What a fault would do, told from the state before it happens.

use sorted::SortedSet;

use serde::Serialize;
use sim::Duration;
use swarm::objects::defaults;

use super::{Fault, Jump, Reach};
use crate::observe::Observation;
use crate::world::World;

/// What a fault would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// It can happen now.
    pub possible: bool,
    /// The swarm could be changed afterwards; nothing if no host is in a swarm.
    pub quorum: Option<bool>,
    /// What would happen, one sentence each, the most important first.
    pub sentences: Vec<String>,
}

/// Who could talk to whom.
#[derive(Clone, Debug)]
struct Ways {
    /// Hosts that make progress.
    alive: Vec<bool>,
    /// Hosts whose manager can write its log.
    writes: Vec<bool>,
    cut: SortedSet<(usize, usize)>,
}

impl Ways {
    fn talk(&self, a: usize, b: usize) -> bool {
        let open = |from, to| !self.cut.contains(&(from, to));
        self.alive[a] && self.alive[b] && (a == b || open(a, b) && open(b, a))
    }

    /// The managers that would go on together: the most that one of them can talk to.
    fn majority(&self, managers: &[usize]) -> Vec<usize> {
        let works = |host: &&usize| self.alive[**host] && self.writes[**host];
        let group = |one: &usize| -> Vec<usize> {
            managers.iter().filter(works).copied().filter(|b| self.talk(*one, *b)).collect()
        };
        let groups = managers.iter().filter(works).map(group);
        // The first of the largest.
        groups.fold(Vec::new(), |best, next| if best.len() < next.len() { next } else { best })
    }

    fn set_cut(&mut self, from: usize, to: usize, is_cut: bool) {
        if from != to && is_cut {
            self.cut.insert((from, to));
        } else {
            self.cut.remove(&(from, to));
        }
    }
}

impl World {
    /// What a fault would do now.
    pub fn forecast(&self, fault: &Fault) -> Forecast {
        let found = match self.check_fault(fault) {
            Ok(found) => found,
            Err(error) => {
                let sentences = vec![error.to_string()];
                return Forecast { sentences, ..Forecast::default() };
            }
        };
        let seen = self.observe();
        let is_manager = |index: &usize| seen.nodes[*index].role.as_deref() == Some("manager");
        let managers: Vec<usize> = (0..self.hosts.len()).filter(is_manager).collect();
        let before = self.ways();
        let after = self.ways_after(&before, fault, &found);
        let mut forecast = Forecast { possible: true, ..Forecast::default() };
        if !managers.is_empty() {
            self.tell_of_managers(&mut forecast, &seen, &managers, (&before, &after));
            self.tell_of_tasks(&mut forecast, &seen, &managers, (&before, &after));
        }
        self.tell_of_the_rest(&mut forecast, &seen, &managers, (fault, &found));
        forecast
    }

    fn ways(&self) -> Ways {
        let links = self.net.conditions().filter(|(_, condition)| condition.is_cut);
        Ways {
            alive: self.hosts.iter().map(|host| host.up.is_some() && !host.is_frozen()).collect(),
            writes: self.hosts.iter().map(|host| !host.disk.is_full()).collect(),
            cut: links.map(|((from, to), _)| (usize::from(from.0), usize::from(to.0))).collect(),
        }
    }

    fn ways_after(&self, before: &Ways, fault: &Fault, found: &[usize]) -> Ways {
        let mut ways = before.clone();
        let all = || 0..self.hosts.len();
        match (fault, found) {
            (Fault::Crash(_) | Fault::PowerLoss(_) | Fault::Freeze(_), &[index]) => {
                ways.alive[index] = false;
            }
            (Fault::Restart(_) | Fault::Thaw(_), &[index]) => ways.alive[index] = true,
            (Fault::FullDisk(_), &[index]) => ways.writes[index] = false,
            (Fault::Cut(reach) | Fault::Heal(reach), found) => {
                let is_cut = matches!(fault, Fault::Cut(_));
                let pairs: Vec<(usize, usize)> = match (reach, found) {
                    (Reach::OneWay(..), &[a, b]) => vec![(a, b)],
                    (Reach::Link(..), &[a, b]) => vec![(a, b), (b, a)],
                    (Reach::Node(_), &[a]) => all().flat_map(|b| [(a, b), (b, a)]).collect(),
                    _ => all().flat_map(|a| all().map(move |b| (a, b))).collect(),
                };
                for (from, to) in pairs {
                    ways.set_cut(from, to, is_cut);
                }
                match (reach, found) {
                    (Reach::Node(_), &[index]) if !is_cut => ways.writes[index] = true,
                    (Reach::All, _) if !is_cut => ways.writes.fill(true),
                    _ => {}
                }
            }
            (Fault::Partition(groups), found) => {
                let mut group_of = vec![groups.len(); self.hosts.len()];
                let mut found = found.iter();
                for (number, group) in groups.iter().enumerate() {
                    found.by_ref().take(group.len()).for_each(|index| group_of[*index] = number);
                }
                for (a, b) in all().flat_map(|a| all().map(move |b| (a, b))) {
                    if group_of[a] != group_of[b] {
                        ways.set_cut(a, b, true);
                    }
                }
            }
            _ => {}
        }
        ways
    }

    fn names_of(&self, hosts: &[usize]) -> String {
        let names: Vec<&str> = hosts.iter().map(|host| self.hosts[*host].name.as_str()).collect();
        names.join(", ")
    }

    fn tell_of_managers(
        &self,
        forecast: &mut Forecast,
        seen: &Observation,
        managers: &[usize],
        (before, after): (&Ways, &Ways),
    ) {
        let quorum = managers.len() / 2 + 1;
        let (had, left) = (before.majority(managers), after.majority(managers));
        let holds = quorum <= left.len();
        forecast.quorum = Some(holds);
        let all = managers.len();
        if holds {
            if had.len() != left.len() || had.len() < quorum {
                let word = if had.len() < quorum { "is back" } else { "holds" };
                let count = left.len();
                let sentence = format!("{count} of {all} managers left, quorum {word}");
                forecast.sentences.push(sentence);
            }
        } else {
            let missing = quorum - left.len();
            let more = if missing == 1 { "one more manager is" } else { "more managers are" };
            let again = if had.len() < quorum { "stays" } else { "is" };
            forecast.sentences.push(format!(
                "{} of {all} managers left, quorum {again} lost: the swarm cannot be changed until \
                 {more} back; containers that run go on",
                left.len()
            ));
        }
        let leader = seen.leader.as_ref().and_then(|name| self.index(name).ok());
        if let Some(leader) = leader.filter(|leader| !left.contains(leader))
            && holds
        {
            // Between one and two election timeouts after the last heartbeat, in ticks of a second.
            let ticks = self.profile.election_ticks;
            let (name, most) = (&self.hosts[leader].name, 2 * ticks - 1);
            forecast.sentences.push(format!(
                "{name} leads: one of {} is elected after {ticks} to {most} s",
                self.names_of(&left)
            ));
        }
    }

    fn tell_of_tasks(
        &self,
        forecast: &mut Forecast,
        seen: &Observation,
        managers: &[usize],
        (before, after): (&Ways, &Ways),
    ) {
        let holds = forecast.quorum == Some(true);
        let (had, left) = (before.majority(managers), after.majority(managers));
        let hears = |ways: &Ways, group: &[usize], host: usize| {
            group.iter().any(|manager| ways.talk(*manager, host))
        };
        let leader_goes = seen
            .leader
            .as_ref()
            .and_then(|name| self.index(name).ok())
            .is_some_and(|leader| !left.contains(&leader));
        for host in 0..self.hosts.len() {
            if !hears(before, &had, host) || hears(after, &left, host) {
                continue;
            }
            let name = &self.hosts[host].name;
            let mut services: Vec<&str> = seen
                .tasks
                .iter()
                .filter(|task| task.node.as_ref() == Some(name) && task.state == "running")
                .map(|task| task.service.as_str())
                .collect();
            services.dedup();
            if services.is_empty() {
                continue;
            }
            let services = services.join(", ");
            let lives = if after.alive[host] { "goes on there and" } else { "ends there and" };
            let sentence = if holds {
                // Three heartbeat periods (swarmkit: grace period); a new leader first waits longer
                // for nodes of which it knows nothing.
                let period = defaults::HEARTBEAT_PERIOD.as_secs();
                let wait = if leader_goes { period * 8 } else { period * 3 };
                format!(
                    "what runs of {services} on {name} {lives} is started elsewhere after about {wait} s"
                )
            } else {
                format!("what runs of {services} on {name} {lives} is not started elsewhere")
            };
            forecast.sentences.push(sentence);
        }
    }

    fn tell_of_the_rest(
        &self,
        forecast: &mut Forecast,
        seen: &Observation,
        managers: &[usize],
        (fault, found): (&Fault, &[usize]),
    ) {
        let mut say = |text: String| forecast.sentences.push(text);
        let name = |index: usize| self.hosts[index].name.as_str();
        match (fault, found) {
            (Fault::Latency(_, span), _) => {
                if *span < Duration::from_secs(1) {
                    say(format!("a change of the swarm takes up to {span} longer each way"));
                } else {
                    say("managers take each other for unreachable: no answer comes within 2 s"
                        .to_owned());
                }
            }
            (Fault::Loss(_, share), _) => {
                let word = if *share < 300 {
                    "a little late"
                } else {
                    "so late that nodes may be taken for dead"
                };
                say(format!(
                    "what is lost is sent again after 0.2 s or more: messages come {word}"
                ));
            }
            (Fault::Duplicate(..), _) => {
                say("no harm: the receiver drops what comes a second time".to_owned());
            }
            (Fault::SlowDisk(_, span), &[index]) => {
                let is_fast = |host: &&usize| {
                    let other = &self.hosts[**host];
                    let runs = other.up.is_some() && !other.is_frozen();
                    **host != index && runs && other.slow_disk == Duration::ZERO
                };
                let fast = managers.iter().filter(is_fast).count();
                let others = managers.len() / 2 < fast;
                say(match managers.contains(&index) {
                    false => format!("only writes of {} itself take longer", name(index)),
                    true if others => {
                        "a majority of the managers writes as fast as before: a change takes no longer".to_owned()
                    }
                    true => format!("a change of the swarm takes {span} longer"),
                });
            }
            (Fault::FullDisk(_), &[index]) => {
                let what = if managers.contains(&index) {
                    "its manager stops, for it cannot write its log, and tries again until there is room"
                } else {
                    "nothing can be written on it"
                };
                say(format!("{}: {what}", name(index)));
            }
            (Fault::FlipBit(..), &[index]) => {
                say(format!(
                    "it is noticed when {} reads the file: at its next start",
                    name(index)
                ));
            }
            (Fault::StealDisk { .. }, &[of, _]) if managers.contains(&of) => {
                let locked = self.is_autolocked();
                say(if locked {
                    "without the unlock key nobody can read the log of the copy".to_owned()
                } else {
                    "the key lies beside the log: whoever has the copy can read every secret"
                        .to_owned()
                });
            }
            (Fault::StealDisk { .. }, &[of, _]) => {
                say(format!(
                    "{} is no manager: its tasks and its certificate are in the copy, no secret",
                    name(of)
                ));
            }
            (Fault::Clock(_, jump), &[index]) => self.tell_of_clock(forecast, index, *jump),
            (Fault::Restart(_), &[index]) if seen.nodes[index].role.is_some() => {
                say(format!("{} comes back with what its disk kept", name(index)));
            }
            _ => {}
        }
        if forecast.sentences.is_empty() {
            forecast.sentences.push("the swarm does not notice".to_owned());
        }
    }

    fn tell_of_clock(&self, forecast: &mut Forecast, index: usize, jump: Jump) {
        let host = &self.hosts[index];
        let mut clock = host.clock;
        match jump {
            Jump::Ahead(span) => clock.jump_ahead(span),
            Jump::Back(span) => clock.jump_back(span),
        }
        let shown = clock.wall(self.now);
        let expiry = host.up.as_ref().and_then(|up| up.daemon.swarm().certificate_span());
        let sentence = match expiry {
            Some((from, until)) if shown < from || until < shown => format!(
                "{} then holds certificates for not valid, its own and those of others: connections \
                 that are open go on, new ones fail",
                host.name
            ),
            Some(_) => "dates change; certificates stay valid".to_owned(),
            None => "dates change".to_owned(),
        };
        forecast.sentences.push(sentence);
    }

    fn is_autolocked(&self) -> bool {
        let stores = self.hosts.iter().filter_map(|host| host.up.as_ref());
        stores
            .filter_map(|up| {
                up.daemon
                    .swarm()
                    .observe()
                    .store
                    .and_then(|store| store.cluster().map(|cluster| cluster.spec.autolock))
            })
            .next()
            .unwrap_or(false)
    }
}
