//! What people type.
//!
//! Names come from small pools, so that commands meet: two terminals create the same secret, one updates
//! what the other removes. Some lines are mistakes, as people make them.

use sim::Rng;
use swarm::objects::Cluster;
use swarm::store::Store;
use world::Input;

use crate::session::Session;
use crate::shape;

/// What people do, with its usual weight.
const KINDS: [(&str, u64); 16] = [
    ("secret create", 5),
    ("config create", 1),
    ("service create", 6),
    ("service update", 8),
    ("service scale", 4),
    ("service rollback", 2),
    ("service rm", 2),
    ("secret rm", 3),
    ("node availability", 3),
    ("node label", 1),
    ("node role", 3),
    ("container", 3),
    ("cluster", 2),
    ("leave", 1),
    ("join", 4),
    ("read", 2),
];

/// The workload of one seed.
#[derive(Debug)]
pub struct Workload {
    weights: [u64; KINDS.len()],
    /// Secrets' contents, each its own.
    next_canary: u64,
    has_detach: bool,
}

const SERVICES: [&str; 5] = ["web", "db", "api", "cache", "jobs"];
const SECRETS: [&str; 5] = ["sec1", "sec2", "token", "Sec1", "tls.key"];
const CONFIGS: [&str; 2] = ["conf1", "conf2"];

/// Commands that run on, end well, fail at once, fail later, or ignore the signal to stop.
const PROGRAMS: [&str; 8] = [
    "nginx:alpine",
    "redis:alpine",
    "redis:3.2-alpine",
    "alpine sleep 100000",
    "alpine sleep 7",
    "alpine false",
    "alpine sh -c 'sleep 3; exit 1'",
    "nosuchimage:1",
];

impl Workload {
    /// Which commands there are, and how often.
    pub fn draw(rng: &mut Rng, docker: &str) -> Self {
        let mut weights = shape::weights(rng, KINDS.map(|(_, weight)| weight));
        for (weight, (kind, usual)) in weights.iter_mut().zip(KINDS) {
            // Without services there is little to go wrong.
            if matches!(kind, "service create" | "secret create") {
                *weight = (*weight).max(usual);
            }
        }
        Self { weights, next_canary: rng.next_u64() >> 32, has_detach: docker != "17.03" }
    }

    /// What somebody does next.
    pub fn next(&mut self, session: &Session<'_>, rng: &mut Rng) -> Vec<Input> {
        let nodes = &session.world.spec().nodes;
        let Some(node) = rng.pick(nodes).cloned() else { return Vec::new() };
        if !session.is_at_prompt(&node) {
            // Somebody loses patience now and then.
            return if rng.chance(1, 6) { vec![Input::Interrupt { node }] } else { Vec::new() };
        }
        let Some(kind) = shape::pick(rng, &self.weights) else { return Vec::new() };
        let host = session.host(&node).unwrap_or_default();
        let store = session.watch.model(&session.world, host).map(|model| model.store().clone());
        let store = store.unwrap_or_default();
        let text = match KINDS[kind].0 {
            "secret create" => return self.create(rng, node, "secret", &SECRETS),
            "config create" => return self.create(rng, node, "config", &CONFIGS),
            "service create" => self.service_create(rng, &store),
            "service update" => self.service_update(rng, &store),
            "service scale" => {
                format!("docker service scale {}={}", service(rng), rng.below(7))
            }
            "service rollback" => {
                format!("docker service update --rollback{} {}", self.detach(rng), service(rng))
            }
            "service rm" => format!("docker service rm {}", service(rng)),
            "secret rm" => match rng.below(4) {
                0 => format!("docker config rm {}", word(rng, &CONFIGS)),
                _ => format!("docker secret rm {}", word(rng, &SECRETS)),
            },
            "node availability" => {
                let to = word(rng, &["active", "active", "pause", "drain"]);
                format!("docker node update --availability {to} {}", word(rng, nodes))
            }
            "node label" => {
                let zone = word(rng, &["a", "b"]);
                format!("docker node update --label-add zone={zone} {}", word(rng, nodes))
            }
            "node role" => {
                let what = word(rng, &["promote", "demote", "rm", "rm --force"]);
                format!("docker node {what} {}", word(rng, nodes))
            }
            "container" => container(rng),
            "cluster" => cluster(rng),
            "leave" => word(rng, &["docker swarm leave", "docker swarm leave --force"]).to_owned(),
            "join" => return self.come_back(session, rng, node),
            _ => word(rng, &READS).to_owned(),
        };
        line(node, &text)
    }

    fn detach(&self, rng: &mut Rng) -> &'static str {
        if !self.has_detach {
            return "";
        }
        if rng.chance(2, 3) { " --detach=true" } else { " --detach=false" }
    }

    /// A file with a content of its own, and an object from it.
    fn create(&mut self, rng: &mut Rng, node: String, what: &str, names: &[&str]) -> Vec<Input> {
        self.next_canary += 1;
        let (name, canary) = (word(rng, names), self.next_canary);
        let path = format!("/root/{name}.txt");
        let text = format!("Quaxolotl-{canary:010x}-{:010x}", rng.next_u64() >> 24);
        let mut inputs = vec![Input::WriteFile { node: node.clone(), path, text }];
        inputs.extend(line(node, &format!("docker {what} create {name} ./{name}.txt")));
        inputs
    }

    fn service_create(&self, rng: &mut Rng, store: &Store) -> String {
        let mut options = vec![format!("--name {}", service(rng))];
        match rng.below(6) {
            0 => options.push("--mode global".to_owned()),
            _ => options.push(format!("--replicas {}", rng.below(6))),
        }
        if rng.chance(1, 2) {
            options.extend(secret(rng, store, "--secret"));
        }
        if rng.chance(1, 4) {
            options.push(constraint(rng, "--constraint"));
        }
        if rng.chance(1, 4) {
            options.push(restart(rng));
        }
        if rng.chance(1, 3) {
            options.push(update(rng, self.has_detach));
        }
        if rng.chance(1, 8) {
            options.push("--reserve-memory 700M".to_owned());
        }
        if rng.chance(1, 8) {
            options.push(format!("--stop-grace-period {}s", rng.below(15)));
        }
        let (detach, program) = (self.detach(rng), word(rng, &PROGRAMS));
        format!("docker service create{detach} {} {program}", options.join(" "))
    }

    fn service_update(&self, rng: &mut Rng, store: &Store) -> String {
        let what = match rng.below(10) {
            0 => "--force".to_owned(),
            1 => format!("--replicas {}", rng.below(6)),
            2 => format!("--env-add A={}", rng.below(3)),
            3 => secret(rng, store, "--secret-add").unwrap_or_else(|| "--force".to_owned()),
            4 => format!("--secret-rm {}", word(rng, &SECRETS)),
            5 => constraint(rng, "--constraint-add"),
            6 => restart(rng),
            7 => update(rng, self.has_detach),
            8 => "--args 'sleep 1000'".to_owned(),
            _ => {
                format!("--image {}", word(rng, &["nginx:alpine", "redis:alpine", "nosuchimage:2"]))
            }
        };
        format!("docker service update{} {what} {}", self.detach(rng), service(rng))
    }

    /// A node that is in no swarm joins one; a locked one is unlocked.
    fn come_back(&self, session: &Session<'_>, rng: &mut Rng, node: String) -> Vec<Input> {
        let world = &session.world;
        let Some(host) = session.host(&node) else { return Vec::new() };
        let Some(daemon) = world.probe(host).and_then(|probe| probe.daemon) else {
            return Vec::new();
        };
        // Somebody reads tokens and keys at another terminal.
        let hosts: Vec<usize> = (0..world.host_count()).filter(|other| *other != host).collect();
        let Some(other) = rng.pick(&hosts).copied() else { return Vec::new() };
        let cluster = session
            .watch
            .model(world, if daemon.swarm().cluster_id().is_some() { host } else { other })
            .and_then(|model| model.store().cluster().cloned());
        let Some(cluster) = cluster else { return Vec::new() };
        match daemon.swarm().observe().state {
            swarm::node::LocalState::Locked => unlock(&cluster)
                .map(|key| line(node, &format!("echo {key} | docker swarm unlock")))
                .unwrap_or_default(),
            swarm::node::LocalState::Inactive => {
                let ca = &cluster.root_ca;
                let token = if rng.chance(1, 2) { &ca.manager_token } else { &ca.worker_token };
                let address = world.address(other);
                line(node, &format!("docker swarm join --token {token} {address}:2377"))
            }
            _ => Vec::new(),
        }
    }
}

fn line(node: String, text: &str) -> Vec<Input> {
    vec![Input::Type { node, text: format!("{text}\n") }]
}

/// The unlock key as a person keeps it.
pub fn unlock(cluster: &Cluster) -> Option<String> {
    let key = cluster.unlock_keys.iter().find(|key| key.subsystem == "swarm-manager")?;
    let bytes: [u8; 32] = key.key.expose().try_into().ok()?;
    Some(seal::UnlockKey::from_bytes(bytes).to_string())
}

fn word<'a, T: AsRef<str>>(rng: &mut Rng, words: &'a [T]) -> &'a str {
    rng.pick(words).map_or("", AsRef::as_ref)
}

fn service(rng: &mut Rng) -> &'static str {
    word(rng, &SERVICES)
}

/// A reference to a secret that is there, mostly.
fn secret(rng: &mut Rng, store: &Store, flag: &str) -> Option<String> {
    if rng.chance(1, 8) {
        return Some(format!("{flag} {}", word(rng, &SECRETS)));
    }
    let all: Vec<&str> =
        store.secrets().iter().map(|secret| secret.spec.annotations.name.as_str()).collect();
    rng.pick(&all).map(|name| format!("{flag} {name}"))
}

fn constraint(rng: &mut Rng, flag: &str) -> String {
    let constraints =
        ["node.role==worker", "node.role==manager", "node.hostname!=m1", "node.labels.zone==a"];
    format!("{flag} {}", word(rng, &constraints))
}

fn restart(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => "--restart-condition none".to_owned(),
        1 => "--restart-condition on-failure".to_owned(),
        2 => format!("--restart-max-attempts {}", rng.between(1, 3)),
        _ => format!("--restart-delay {}s", rng.below(4)),
    }
}

fn update(rng: &mut Rng, has_order: bool) -> String {
    match rng.below(6) {
        0 if has_order => "--update-order start-first".to_owned(),
        0 | 1 => format!("--update-parallelism {}", rng.below(4)),
        2 => format!("--update-delay {}s", rng.below(5)),
        3 => "--update-failure-action continue".to_owned(),
        4 if has_order => "--update-failure-action rollback".to_owned(),
        _ => format!("--update-monitor {}s", rng.below(10)),
    }
}

/// What people do to containers by hand.
fn container(rng: &mut Rng) -> String {
    let one = "$(docker ps -q | head -n 1)";
    match rng.below(7) {
        0 => format!("docker stop {one}"),
        1 => format!("docker kill {one}"),
        2 => format!("docker rm -f {one}"),
        3 => format!("docker exec {one} ls /run/secrets"),
        4 => format!("docker commit {one} copy && docker run --rm copy ls /run/secrets"),
        5 => "docker run -d --name own nginx:alpine".to_owned(),
        _ => "docker rm -f own".to_owned(),
    }
}

/// What is set for the whole cluster.
fn cluster(rng: &mut Rng) -> String {
    match rng.below(8) {
        0 => "docker swarm join-token --rotate worker".to_owned(),
        1 => "docker swarm join-token --rotate manager".to_owned(),
        2 => "docker swarm update --autolock=true".to_owned(),
        3 => "docker swarm update --autolock=false".to_owned(),
        4 => "docker swarm unlock-key --rotate".to_owned(),
        5 => format!("docker swarm update --task-history-limit {}", rng.below(4)),
        6 => format!("docker swarm update --snapshot-interval {}", rng.between(5, 40)),
        _ => format!("docker swarm update --dispatcher-heartbeat {}s", rng.between(2, 8)),
    }
}

const READS: [&str; 6] = [
    "docker service ls",
    "docker node ls",
    "docker service ps web",
    "docker secret ls",
    "docker service inspect web",
    "docker info",
];
