//! What people were told.
//!
//! A command that ends with status 0 has done what it says; one that fails, or whose host crashes, may
//! still have: its name is left alone for a while.

use sorted::SortedMap;

use invariants::store::acknowledged::Acknowledged;
use invariants::{Broken, Watch};
use sim::{Duration, Time};
use swarm::objects::Kind;
use world::{Awaits, Mark, World};

/// So long a request may be under way after its command has given up and while no host is frozen: the
/// leader waits 25 s for a proposal, a forwarded one twice.
const DOUBT: Duration = Duration::from_secs(90);

/// What a typed line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    kind: Kind,
    name: String,
    is_creation: bool,
}

/// A line whose command runs.
#[derive(Debug)]
struct Pending {
    mark: Mark,
    asked: Asked,
    /// Nothing else about the same name was under way when it was typed.
    is_alone: bool,
}

/// What was asked for and told, by cluster.
#[derive(Debug, Default)]
pub struct Oracle {
    pending: SortedMap<usize, Pending>,
    /// Since when.
    doubtful: SortedMap<(Kind, String), Time>,
    /// When some host was last seen frozen: what waits there is not given up.
    frozen_at: Time,
    told: SortedMap<String, Acknowledged>,
    /// Commands that ended well, and others.
    pub counts: (u64, u64),
}

/// `docker secret create NAME FILE` and the like; lines that do more say nothing.
fn parse(line: &str) -> Option<Asked> {
    let unquoted: String = line.split('\'').step_by(2).collect();
    if unquoted.contains(['|', ';', '&', '$', '`']) {
        return None;
    }
    let words: Vec<&str> = unquoted.split_whitespace().collect();
    let (noun, verb) = match words.as_slice() {
        ["docker", noun, verb, ..] => (*noun, *verb),
        _ => return None,
    };
    let kind = match noun {
        "secret" => Kind::Secret,
        "config" => Kind::Config,
        "service" => Kind::Service,
        _ => return None,
    };
    let name = match (noun, verb, &words[3..]) {
        ("service", "create", rest) => {
            let at = rest.iter().position(|word| *word == "--name")?;
            (*rest.get(at + 1)?).to_owned()
        }
        (_, "create", [name, _]) | (_, "rm", [name]) => (*name).to_owned(),
        _ => return None,
    };
    // Names are the same whatever their case.
    Some(Asked { kind, name: name.to_lowercase(), is_creation: verb == "create" })
}

impl Oracle {
    /// A line is about to be typed at a host's terminal.
    pub fn typed(&mut self, world: &World, host: usize, node: &str, line: &str) {
        let Some(asked) = parse(line.trim_end()) else { return };
        let key = (asked.kind, asked.name.clone());
        let same = |other: &Pending| (other.asked.kind, &other.asked.name) == (key.0, &key.1);
        self.note_frozen(world);
        let since = self.doubtful.get(&key).map(|since| (*since).max(self.frozen_at));
        let doubtful = since.is_some_and(|since| world.now() < since + DOUBT);
        let is_alone = !doubtful && !self.pending.values().any(same);
        for other in self.pending.values_mut().filter(|other| same(other)) {
            other.is_alone = false;
        }
        for told in self.told.values_mut() {
            told.asked(asked.kind, &asked.name);
        }
        if let Ok(mark) = world.mark(node) {
            self.pending.insert(host, Pending { mark, asked, is_alone });
        }
    }

    fn note_frozen(&mut self, world: &World) {
        let mut probes = (0..world.host_count()).filter_map(|host| world.probe(host));
        if probes.any(|probe| probe.is_frozen) {
            self.frozen_at = world.now();
        }
    }

    /// Something has happened at a host.
    ///
    /// # Errors
    /// If something was acknowledged that is not so.
    pub fn after(&mut self, world: &World, watch: &Watch, host: usize) -> Result<(), Broken> {
        if !self.doubtful.is_empty() {
            self.note_frozen(world);
        }
        if !self.pending.contains_key(&host) {
            return Ok(());
        }
        let Some(probe) = world.probe(host) else { return Ok(()) };
        let is_up = probe.daemon.is_some();
        let at_prompt = world.awaits(probe.name).ok().flatten() == Some(Awaits::Command);
        if is_up && !at_prompt {
            return Ok(());
        }
        let Some(Pending { mark, asked, is_alone }) = self.pending.remove(&host) else {
            return Ok(());
        };
        let result = world.result_since(probe.name, &mark).ok().filter(|_| is_up);
        let is_done =
            result.is_some_and(|result| result.status == 0 && !result.output.contains("rror"));
        self.counts = (self.counts.0 + u64::from(is_done), self.counts.1 + u64::from(!is_done));
        let cluster = probe.daemon.and_then(|daemon| daemon.swarm().cluster_id());
        match (is_done && is_alone, cluster) {
            (true, Some(cluster)) => {
                let told = self.told.entry(cluster.to_owned()).or_default();
                if asked.is_creation {
                    told.created(asked.kind, &asked.name);
                } else {
                    told.removed(asked.kind, &asked.name);
                }
                watch.model(world, host).map_or(Ok(()), |model| told.check(model.store()))
            }
            _ => {
                self.doubtful.insert((asked.kind, asked.name), world.now());
                Ok(())
            }
        }
    }

    /// The end of a run: what was told is so on every manager's cluster.
    ///
    /// # Errors
    /// If something was acknowledged that is not so.
    pub fn end(&self, world: &World, watch: &Watch) -> Result<(), Broken> {
        for host in 0..world.host_count() {
            let Some(daemon) = world.probe(host).and_then(|probe| probe.daemon) else { continue };
            let told = daemon.swarm().cluster_id().and_then(|cluster| self.told.get(cluster));
            if let (Some(told), Some(model)) = (told, watch.model(world, host)) {
                told.check(model.store())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_say_what_they_do() {
        let asked = |kind, name: &str, is_creation| {
            Some(Asked { kind, name: name.to_owned(), is_creation })
        };
        for (line, expected) in [
            ("docker secret create s1 ./s1.txt", asked(Kind::Secret, "s1", true)),
            ("docker secret rm s1", asked(Kind::Secret, "s1", false)),
            (
                "docker service create --replicas 2 --name web nginx",
                asked(Kind::Service, "web", true),
            ),
            (
                "docker service create --name DB alpine sh -c 'sleep 3; exit 1'",
                asked(Kind::Service, "db", true),
            ),
            ("docker secret rm s1 s2", None),
            ("docker secret rm s1; true", None),
            ("docker service scale web=3", None),
            ("docker service create nginx", None),
            ("ls", None),
        ] {
            assert_eq!(parse(line), expected, "{line}");
        }
    }
}
