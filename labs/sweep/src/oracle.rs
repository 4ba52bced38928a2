//! What people were told.
//!
//! A command that ends with status 0 has done what it says; one that fails, or whose host crashes, may
//! still have: its name is left alone for a while.

use sorted::SortedMap;

use invariants::cluster::node_rights;
use invariants::store::acknowledged::{Acknowledged, What, is_in_store};
use invariants::{Broken, Watch};
use sim::{Duration, Time};
use swarm::objects::{Config, Id, Kind, Secret, Service};
use swarm::store::{Row, Store};
use world::{Awaits, Mark, World};

/// So long a request may be under way after its command has given up and while no host is frozen: the
/// leader waits 25 s for a proposal, a forwarded one twice.
const DOUBT: Duration = Duration::from_secs(90);

/// What a line does to its object if it ends well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Will {
    /// The object is there.
    Be,
    /// It is gone.
    Go,
    /// It was read with the credentials of the host's kubelet.
    BeRead,
}

/// What a typed line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    what: What,
    name: String,
    will: Will,
}

/// A line whose command runs.
#[derive(Debug)]
struct Pending {
    mark: Mark,
    asked: Asked,
    /// Nothing else about the same name was under way when it was typed.
    is_alone: bool,
    /// Of a read: some pod of the host named the object meanwhile.
    is_named: bool,
}

/// What was asked for and told, by cluster.
#[derive(Debug, Default)]
pub struct Oracle {
    pending: SortedMap<usize, Pending>,
    /// Since when.
    doubtful: SortedMap<(What, String), Time>,
    /// When some host was last seen frozen: what waits there is not given up.
    frozen_at: Time,
    told: SortedMap<String, Acknowledged>,
    /// Commands that ended well, and others.
    pub counts: (u64, u64),
}

/// What a Kubernetes is called among clusters: there is one in a world.
const KUBERNETES: &str = "kubernetes";

fn asked(what: What, name: &str, will: Will) -> Option<Asked> {
    Some(Asked { what, name: name.to_owned(), will })
}

/// `docker secret create NAME FILE` and the like; lines that do more say nothing.
fn parse(line: &str) -> Option<Asked> {
    let unquoted: String = line.split('\'').step_by(2).collect();
    // What is piped into kubectl is what it says there.
    let line = unquoted.strip_suffix(" | kubectl apply -f -").unwrap_or(&unquoted);
    if line.contains(['|', ';', '&', '$', '`']) {
        return None;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["docker", noun, verb, rest @ ..] => parse_docker(noun, verb, rest),
        ["kubectl", rest @ ..] => parse_kubectl(rest),
        _ => None,
    }
}

fn parse_docker(noun: &str, verb: &str, rest: &[&str]) -> Option<Asked> {
    let kind = match noun {
        "secret" => Kind::Secret,
        "config" => Kind::Config,
        "service" => Kind::Service,
        _ => return None,
    };
    let name = match (noun, verb, rest) {
        ("service", "create", rest) => {
            let at = rest.iter().position(|word| *word == "--name")?;
            *rest.get(at + 1)?
        }
        (_, "create", [name, _]) | (_, "rm", [name]) => *name,
        _ => return None,
    };
    // Names are the same whatever their case.
    let will = if verb == "create" { Will::Be } else { Will::Go };
    asked(What::Swarm(kind), &name.to_lowercase(), will)
}

/// Only what is in the namespace `default`: such a line names no other.
fn parse_kubectl(words: &[&str]) -> Option<Asked> {
    // As somebody else it may be refused; if it is not, it is done.
    if words.contains(&"-n") {
        return None;
    }
    let resource = |noun: &str| match noun {
        "secret" => Some(What::Cluster("secrets")),
        "configmap" => Some(What::Cluster("configmaps")),
        _ => None,
    };
    match words {
        ["create", "secret", "generic", name, ..] => asked(resource("secret")?, name, Will::Be),
        ["create", "configmap", name, ..] => asked(resource("configmap")?, name, Will::Be),
        ["delete", noun, name, ..] => asked(resource(noun)?, name, Will::Go),
        ["--kubeconfig", "/etc/kubernetes/kubelet.conf", "get", noun, name, ..] => {
            asked(resource(noun)?, name, Will::BeRead)
        }
        _ => None,
    }
}

/// Some pod of the host names the object, as far as anybody knows.
fn is_named(world: &World, host: usize, asked: &Asked) -> bool {
    let What::Cluster(resource) = asked.what else { return false };
    let node = world.probe(host).map_or("", |probe| probe.name);
    let servers = (0..world.host_count()).filter_map(|host| world.probe(host)?.kube?.objects());
    let newest = servers.max_by_key(|objects| objects.revision);
    newest.into_iter().flat_map(|objects| objects.list("pods", "default")).any(|pod| {
        kube::json::text(pod, "spec/nodeName") == node
            && kube::apiserver::uses(pod, resource, &asked.name)
    })
}

/// Objects that a removal means if none has its argument for a name: those whose identifier begins with it.
fn named_by_id(world: &World, asked: &Asked) -> Vec<String> {
    let What::Swarm(kind) = asked.what else { return Vec::new() };
    let daemons = (0..world.host_count()).filter_map(|host| world.probe(host)?.daemon);
    let stores = daemons.filter_map(|daemon| daemon.swarm().store());
    let names = stores.flat_map(|(_, store)| ids_and_names(store, kind));
    let meant = names.filter(|(id, _)| id.starts_with(&asked.name));
    meant.map(|(_, name)| name.to_lowercase()).collect()
}

fn ids_and_names(store: &Store, kind: Kind) -> Vec<(Id, String)> {
    fn of<T: Row>(store: &Store) -> Vec<(Id, String)> {
        let rows = T::table(store).iter();
        rows.map(|row| (row.id().clone(), row.unique_name().unwrap_or_default().to_owned()))
            .collect()
    }
    match kind {
        Kind::Secret => of::<Secret>(store),
        Kind::Config => of::<Config>(store),
        Kind::Service => of::<Service>(store),
        Kind::Network | Kind::Cluster | Kind::Node | Kind::Task => Vec::new(),
    }
}

impl Oracle {
    /// A line is about to be typed at a host's terminal.
    pub fn typed(&mut self, world: &World, host: usize, node: &str, line: &str) {
        let Some(asked) = parse(line.trim_end()) else { return };
        let is_named = asked.will == Will::BeRead && is_named(world, host, &asked);
        let key = (asked.what, asked.name.clone());
        let same = |other: &Pending| (other.asked.what, &other.asked.name) == (key.0, &key.1);
        self.note_frozen(world);
        let since = self.doubtful.get(&key).map(|since| (*since).max(self.frozen_at));
        let doubtful = since.is_some_and(|since| world.now() < since + DOUBT);
        let is_alone = !doubtful && !self.pending.values().any(same);
        if asked.will != Will::BeRead {
            for other in self.pending.values_mut().filter(|other| same(other)) {
                other.is_alone = false;
            }
            let others = match asked.will {
                Will::Go => named_by_id(world, &asked),
                Will::Be | Will::BeRead => Vec::new(),
            };
            for told in self.told.values_mut() {
                for name in [&asked.name].into_iter().chain(&others) {
                    told.asked(asked.what, name);
                }
            }
        }
        if let Ok(mark) = world.mark(node) {
            self.pending.insert(host, Pending { mark, asked, is_alone, is_named });
        }
    }

    fn note_frozen(&mut self, world: &World) {
        let mut probes = (0..world.host_count()).filter_map(|host| world.probe(host));
        if probes.any(|probe| probe.is_frozen) {
            self.frozen_at = world.now();
        }
    }

    /// A manager goes on alone: what the others have acknowledged may be lost.
    pub fn begin_anew(&mut self) {
        self.told.clear();
    }

    /// Something has happened at a host.
    ///
    /// # Errors
    /// If something was acknowledged that is not so.
    pub fn after(&mut self, world: &World, watch: &Watch, host: usize) -> Result<(), Broken> {
        if !self.doubtful.is_empty() {
            self.note_frozen(world);
        }
        for (host, pending) in &mut self.pending {
            if pending.asked.will == Will::BeRead && !pending.is_named {
                pending.is_named = is_named(world, *host, &pending.asked);
            }
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
        let Some(Pending { mark, asked, is_alone, is_named }) = self.pending.remove(&host) else {
            return Ok(());
        };
        let result = world.result_since(probe.name, &mark).ok().filter(|_| is_up);
        let is_done =
            result.is_some_and(|result| result.status == 0 && !result.output.contains("rror"));
        self.counts = (self.counts.0 + u64::from(is_done), self.counts.1 + u64::from(!is_done));
        if asked.will == Will::BeRead {
            return node_rights::check(probe.name, &asked.name, is_named || !is_done);
        }
        let cluster = match asked.what {
            What::Swarm(_) => probe.daemon.and_then(|daemon| daemon.swarm().cluster_id()),
            What::Cluster(_) => Some(KUBERNETES),
        };
        match (is_done && is_alone, cluster) {
            (true, Some(cluster)) => {
                let told = self.told.entry(cluster.to_owned()).or_default();
                if asked.will == Will::Be {
                    told.created(asked.what, &asked.name);
                } else {
                    told.removed(asked.what, &asked.name);
                }
                self.check(world, watch, host)
            }
            _ => {
                self.doubtful.insert((asked.what, asked.name), world.now());
                Ok(())
            }
        }
    }

    /// What was told is so in the clusters of a host. Of a swarm without a leader nobody knows what is
    /// committed: a manager may commit, answer and find its disk full in one event, and nobody has seen
    /// but its disk. The next leader has it, and then it is looked at.
    fn check(&self, world: &World, watch: &Watch, host: usize) -> Result<(), Broken> {
        let Some(probe) = world.probe(host) else { return Ok(()) };
        let swarm = probe.daemon.and_then(|daemon| daemon.swarm().cluster_id());
        let leads = |host: usize| {
            let node =
                world.probe(host).and_then(|probe| probe.daemon).map(|daemon| daemon.swarm());
            node.is_some_and(|node| node.cluster_id() == swarm && node.is_leading())
        };
        let swarm = swarm.filter(|_| (0..world.host_count()).any(leads));
        if let (Some(told), Some(model)) =
            (swarm.and_then(|swarm| self.told.get(swarm)), watch.model(world, host))
        {
            told.check(&|what, name| is_in_store(model.store(), what, name))?;
        }
        let told = self.told.get(KUBERNETES);
        told.map_or(Ok(()), |told| {
            told.check(&|what, name| match what {
                What::Cluster(resource) => {
                    Some(watch.cluster_has(&format!("/registry/{resource}/default/{name}")))
                }
                What::Swarm(_) => None,
            })
        })
    }

    /// The end of a run: what was told is so on every manager's cluster.
    ///
    /// # Errors
    /// If something was acknowledged that is not so.
    pub fn end(&self, world: &World, watch: &Watch) -> Result<(), Broken> {
        (0..world.host_count()).try_for_each(|host| self.check(world, watch, host))
    }
}

#[cfg(test)]
mod tests {
    use world::{Input, Spec};

    use super::*;
    use crate::session::Session;

    /// Liveness seed 700247: `docker service rm db` where no service is called so, and one's identifier begins with it.
    #[test]
    fn what_is_removed_by_its_identifier() {
        let mut inputs = Vec::new();
        let spec = Spec::new(["m1"]).with_managers(["m1"]).with_docker("20.10").with_seed(1);
        let mut session = Session::new(spec, &mut inputs).unwrap();
        let mut type_line = |text: &str| {
            session.apply(Input::Type { node: "m1".into(), text: format!("{text}\n") }).unwrap();
            let until = session.world.now() + Duration::from_secs(5);
            session.run_until(until).unwrap();
            let daemon = session.world.probe(0).unwrap().daemon.unwrap();
            let (_, store) = daemon.swarm().store().unwrap();
            store.services().iter().map(|service| service.id.clone()).collect::<Vec<Id>>()
        };
        let [id] = type_line("docker service create -d --name web redis").try_into().unwrap();
        assert!(type_line(&format!("docker service rm {}", &id[..3])).is_empty());
    }

    #[test]
    fn lines_that_say_what_they_do() {
        let swarm = |kind, name, will| asked(What::Swarm(kind), name, will);
        let cluster = |resource, name, will| asked(What::Cluster(resource), name, will);
        for (line, expected) in [
            ("docker secret create s1 ./s1.txt", swarm(Kind::Secret, "s1", Will::Be)),
            ("docker secret rm s1", swarm(Kind::Secret, "s1", Will::Go)),
            (
                "docker service create --replicas 2 --name web nginx",
                swarm(Kind::Service, "web", Will::Be),
            ),
            (
                "docker service create --name DB alpine sh -c 'sleep 3; exit 1'",
                swarm(Kind::Service, "db", Will::Be),
            ),
            ("docker secret rm s1 s2", None),
            ("docker secret rm s1; true", None),
            ("docker service scale web=3", None),
            ("docker service create nginx", None),
            (
                "kubectl create secret generic s1 --from-literal=k=v",
                cluster("secrets", "s1", Will::Be),
            ),
            (
                "kubectl create configmap c --dry-run=client -o yaml | kubectl apply -f -",
                cluster("configmaps", "c", Will::Be),
            ),
            ("kubectl delete secret s1 --wait=false", cluster("secrets", "s1", Will::Go)),
            (
                "kubectl --kubeconfig /etc/kubernetes/kubelet.conf get secret s1",
                cluster("secrets", "s1", Will::BeRead),
            ),
            ("kubectl create secret generic s1 -n other", None),
            ("kubectl get secrets -o json | kubectl replace -f -", None),
            ("kubectl delete pod s1", None),
            ("ls", None),
        ] {
            assert_eq!(parse(line), expected, "{line}");
        }
    }
}
