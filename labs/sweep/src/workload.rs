//! What people type.
//!
//! Names come from small pools, so that commands meet: two terminals create the same secret, one updates
//! what the other removes. Some lines are mistakes, as people make them.

use sim::Rng;
use swarm::objects::Cluster;
use world::{Input, Spec};

use crate::session::Session;
use crate::shape;

mod kubectl;
mod services;

pub(crate) use kubectl::put_right;

use kubectl::Kubectl;

use services::{ALWAYS, SINCE_17_06, Since};

/// Whoever types at the hosts of a seed.
#[derive(Debug)]
pub struct People {
    docker: Option<Workload>,
    kubectl: Option<Kubectl>,
}

impl People {
    /// Who they are and what they do, by what there is.
    pub fn draw(rng: &mut Rng, spec: &Spec) -> Self {
        let has_swarm = !spec.managers.is_empty();
        Self {
            docker: has_swarm.then(|| Workload::draw(rng, &spec.docker)),
            kubectl: spec.kube.as_ref().map(|kube| Kubectl::draw(rng, kube)),
        }
    }

    /// What somebody does next.
    pub fn next(&mut self, session: &Session<'_>, rng: &mut Rng) -> Vec<Input> {
        let nodes = &session.world.spec().nodes;
        let Some(node) = rng.pick(nodes).cloned() else { return Vec::new() };
        if !session.is_at_prompt(&node) {
            // Somebody loses patience now and then.
            return if rng.chance(1, 6) { vec![Input::Interrupt { node }] } else { Vec::new() };
        }
        match (&mut self.docker, &mut self.kubectl) {
            (Some(docker), None) => docker.next(session, rng, node),
            (Some(docker), Some(_)) if rng.chance(1, 3) => docker.next(session, rng, node),
            (_, Some(kubectl)) => kubectl.next(&session.world, rng, node),
            (None, None) => Vec::new(),
        }
    }
}

/// What people do with `docker`, with its usual weight.
const KINDS: [(&str, u64); 20] = [
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
    ("snapshot interval", 2),
    ("stack", 1),
    ("network", 1),
    ("systemctl", 1),
    ("leave", 1),
    ("join", 4),
    ("read", 2),
];

/// Who works with `docker`.
#[derive(Debug)]
struct Workload {
    weights: [u64; KINDS.len()],
    /// Secrets' contents, each its own.
    next_canary: u64,
    release: Since,
}

const SERVICES: [&str; 5] = ["web", "db", "api", "cache", "jobs"];
const SECRETS: [&str; 5] = ["sec1", "sec2", "token", "Sec1", "tls.key"];
const CONFIGS: [&str; 2] = ["conf1", "conf2"];

const NETWORKS: [&str; 2] = ["net1", "net2"];

/// A stack with a secret of its own.
const STACK: &str = "version: '3.1'
services:
  web:
    image: nginx:alpine
    secrets: [own]
    deploy: {replicas: REPLICAS}
  job:
    image: alpine
    command: sleep 20
    environment: {A: 'REPLICAS'}
secrets:
  own: {file: ./own.txt}
";

impl Workload {
    /// Which commands there are, and how often.
    fn draw(rng: &mut Rng, docker: &str) -> Self {
        let mut weights = shape::weights(rng, KINDS.map(|(_, weight)| weight));
        for (weight, (kind, usual)) in weights.iter_mut().zip(KINDS) {
            // Without services there is little to go wrong.
            if matches!(kind, "service create" | "secret create") {
                *weight = (*weight).max(usual);
            }
        }
        let release = shape::RELEASES.iter().position(|known| *known == docker).unwrap_or(ALWAYS);
        Self { weights, next_canary: rng.next_u64() >> 32, release }
    }

    fn next(&mut self, session: &Session<'_>, rng: &mut Rng, node: String) -> Vec<Input> {
        let nodes = &session.world.spec().nodes;
        let Some(kind) = shape::pick(rng, &self.weights) else { return Vec::new() };
        let host = session.host(&node).unwrap_or_default();
        let store = session.watch.model(&session.world, host).map(|model| model.store().clone());
        let store = store.unwrap_or_default();
        let text = match KINDS[kind].0 {
            "secret create" => return self.create(rng, node, "secret", &SECRETS),
            "config create" => return self.create(rng, node, "config", &CONFIGS),
            "service create" => {
                let (detach, name) = (self.detach(rng), service(rng));
                let rest = services::create(rng, &store, self.release);
                format!("docker service create{detach} --name {name} {rest}")
            }
            "service update" => {
                let (detach, change) =
                    (self.detach(rng), services::change(rng, &store, self.release));
                format!("docker service update{detach} {change} {}", service(rng))
            }
            "service scale" => {
                format!("docker service scale {}={}", service(rng), rng.below(7))
            }
            "service rollback" => {
                let has_command = SINCE_17_06 <= self.release && rng.chance(1, 2);
                let verb = if has_command { "rollback" } else { "update --rollback" };
                format!("docker service {verb}{} {}", self.detach(rng), service(rng))
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
                let what = word(rng, &["add zone=a", "add zone=b", "rm zone"]);
                format!("docker node update --label-{what} {}", word(rng, nodes))
            }
            "node role" => {
                let what = word(rng, &["promote", "demote", "rm", "rm --force"]);
                format!("docker node {what} {}", word(rng, nodes))
            }
            "container" => container(rng),
            "cluster" => cluster(rng),
            // As it is set nobody lives to see a second snapshot.
            "snapshot interval" => {
                format!("docker swarm update --snapshot-interval {}", rng.between(2, 30))
            }
            "stack" => return self.stack(rng, node),
            "network" => match rng.below(3) {
                0 => format!("docker network rm {}", word(rng, &NETWORKS)),
                _ => format!("docker network create --driver overlay {}", word(rng, &NETWORKS)),
            },
            "systemctl" => {
                let verb = word(rng, &["stop", "start", "start", "restart"]);
                format!("systemctl {verb} docker")
            }
            "leave" => word(rng, &["docker swarm leave", "docker swarm leave --force"]).to_owned(),
            "join" => return self.come_back(session, rng, node),
            _ => word(rng, &READS).to_owned(),
        };
        line(node, &text)
    }

    fn detach(&self, rng: &mut Rng) -> &'static str {
        if self.release < SINCE_17_06 {
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

    /// A stack is deployed, once more with another number of tasks, or removed.
    fn stack(&mut self, rng: &mut Rng, node: String) -> Vec<Input> {
        if rng.chance(1, 4) {
            return line(node, "docker stack rm app");
        }
        let file = |name: &str, text: String| Input::WriteFile {
            node: node.clone(),
            path: format!("/root/{name}"),
            text,
        };
        // A secret cannot change: it has the same content whenever the same person deploys.
        let mut inputs = vec![
            file("app.yml", STACK.replace("REPLICAS", &rng.below(4).to_string())),
            file("own.txt", format!("Quaxolotl-stack-{node}")),
        ];
        inputs.extend(line(node, "docker stack deploy -c app.yml app"));
        inputs
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
    match rng.below(9) {
        0 => "docker swarm join-token --rotate worker".to_owned(),
        1 => "docker swarm join-token --rotate manager".to_owned(),
        2 => "docker swarm update --autolock=true".to_owned(),
        3 => "docker swarm update --autolock=false".to_owned(),
        4 => "docker swarm unlock-key --rotate".to_owned(),
        5 => format!("docker swarm update --task-history-limit {}", rng.below(4)),
        6 | 7 => "docker swarm ca --rotate --detach".to_owned(),
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
