//! Random work on a Kubernetes under random faults, with every invariant on; then peace, and all must be well.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use glasshive_invariants::Watch;
use kube::json::{items, text};
use kube::rest::{Credential, Method, Request};
use serde_json::Value;
use sim::{Duration, Rng, Streams};
use world::{Fault, Input, KubeSpec, Spec, World};

struct Run {
    world: World,
    watch: Watch,
    hosts: Vec<String>,
    /// What happened, for a failure.
    told: Vec<String>,
    down: Vec<String>,
    frozen: Vec<String>,
}

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    rng.pick(words).copied().unwrap_or_default()
}

const SECRETS: [&str; 3] = ["alpha", "beta", "gamma"];
const PODS: [&str; 3] = ["one", "two", "three"];

fn pod(name: &str, secret: &str, policy: &str, command: &str) -> String {
    format!(
        "kubectl create -f - <<'END'\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  \
         restartPolicy: {policy}\n  terminationGracePeriodSeconds: 5\n  containers:\n  - name: c\n    image: \
         alpine\n    command: [sh, -c, '{command}']\n    volumeMounts:\n    - name: v\n      mountPath: \
         /v\n  volumes:\n  - name: v\n    secret:\n      secretName: {secret}\nEND"
    )
}

impl Run {
    fn new(seed: u64, rng: &mut Rng) -> Self {
        let planes = if rng.chance(1, 2) { 3 } else { 1 };
        let mut hosts: Vec<String> = (1..=planes).map(|number| format!("m{number}")).collect();
        hosts.extend(["w1".to_owned(), "w2".to_owned()]);
        let mut kube = KubeSpec::new(hosts.iter().cloned(), pick(rng, &["1.17", "1.25", "1.31"]));
        kube.control_planes = planes;
        let spec = Spec::new(hosts.iter().cloned()).with_docker("20.10").with_seed(seed);
        let world = World::new(spec.with_kube(kube)).unwrap();
        let watch = Watch::new(&world).unwrap();
        Self {
            world,
            watch,
            hosts,
            told: vec![format!("seed {seed}")],
            down: Vec::new(),
            frozen: Vec::new(),
        }
    }

    fn apply(&mut self, input: Input) {
        self.told.push(format!("{} {input:?}", self.world.at_ms()));
        if let Err(error) = self.world.apply(input) {
            self.told.push(format!("  {error}"));
            return;
        }
        self.look();
    }

    fn look(&mut self) {
        if let Err(violation) = self.watch.after(&self.world) {
            panic!("{violation}\n{}", self.told.join("\n"));
        }
    }

    fn pass(&mut self, span: Duration) {
        let until = self.world.now() + span;
        while self.world.step(until) {
            self.look();
        }
        self.world.advance_until(until);
    }

    fn fault(&mut self, line: &str) {
        self.apply(Input::Fault { fault: Fault::parse(line).unwrap() });
    }

    fn work(&mut self, rng: &mut Rng) {
        let node = rng.pick(&self.hosts).cloned().unwrap_or_default();
        let (secret, name) = (pick(rng, &SECRETS), pick(rng, &PODS));
        let number = rng.below(1_000_000);
        let text = match rng.below(9) {
            0 | 1 => format!(
                "kubectl create secret generic {secret} --from-literal=k=Quaxolotl-{number:06}"
            ),
            2 => format!("kubectl delete secret {secret} --wait=false"),
            3 => format!(
                "kubectl patch secret {secret} -p '{{\"stringData\":{{\"k\":\"Quaxolotl-{number:06}\"}}}}'"
            ),
            4 | 5 => {
                let policy = pick(rng, &["Always", "Never", "OnFailure"]);
                let command = pick(rng, &["sleep 100000", "sleep 3", "sleep 2; exit 1"]);
                pod(name, secret, policy, command)
            }
            6 => format!("kubectl delete pod {name} --wait=false"),
            7 => "kubectl create deployment web --image=nginx --replicas=2".to_owned(),
            _ => format!("kubectl scale deployment web --replicas={}", rng.below(4)),
        };
        self.apply(Input::Type { node, text: format!("{text}\n") });
    }

    fn trouble(&mut self, rng: &mut Rng) {
        let node = rng.pick(&self.hosts).cloned().unwrap_or_default();
        match rng.below(8) {
            0 if !self.down.contains(&node) => {
                self.fault(&format!("crash {node}"));
                self.frozen.retain(|one| *one != node);
                self.down.push(node);
            }
            1 | 2 => {
                if let Some(node) = self.down.pop() {
                    self.fault(&format!("restart {node}"));
                }
            }
            3 => self.fault(&format!("partition {node}")),
            4 => self.fault("heal all"),
            5 if !self.frozen.contains(&node) && !self.down.contains(&node) => {
                self.fault(&format!("freeze {node}"));
                self.frozen.push(node);
            }
            6 => {
                if let Some(node) = self.frozen.pop() {
                    self.fault(&format!("thaw {node}"));
                }
            }
            _ => {
                let text =
                    format!("systemctl {} kubelet\n", pick(rng, &["restart", "stop", "start"]));
                self.apply(Input::Type { node, text });
            }
        }
    }

    /// Nothing is wrong any more, and time passes.
    fn peace(&mut self) {
        for node in std::mem::take(&mut self.down) {
            self.fault(&format!("restart {node}"));
        }
        for node in std::mem::take(&mut self.frozen) {
            self.fault(&format!("thaw {node}"));
        }
        self.fault("heal all");
        self.pass(Duration::from_secs(60));
        for node in self.hosts.clone() {
            self.apply(Input::Interrupt { node: node.clone() });
            self.pass(Duration::from_secs(1));
            self.apply(Input::Type { node, text: "systemctl start kubelet\n".to_owned() });
        }
        self.pass(Duration::from_secs(400));
    }

    fn list(&mut self, path: &str) -> Vec<Value> {
        let request = Request {
            server: String::new(),
            credential: Credential::Anonymous,
            method: Method::Get,
            path: path.to_owned(),
            query: Vec::new(),
            content_type: "application/json",
            body: Value::Null,
        };
        let node = self.hosts[0].clone();
        let answer = self.world.ask_cluster(&node, request);
        let answer = answer.unwrap_or_else(|why| panic!("{why:?}\n{}", self.told.join("\n")));
        assert_eq!(answer.code, 200, "{}\n{}", answer.body, self.told.join("\n"));
        items(&answer.body, "items").to_vec()
    }

    fn all_is_well(&mut self, seed: u64) {
        let told = self.told.join("\n");
        let cluster = self.world.observe().cluster.expect("an API server");
        assert!(cluster.nodes.iter().all(|node| node.ready), "seed {seed}: {cluster:?}\n{told}");
        let secrets = self.list("/api/v1/namespaces/default/secrets");
        let is_there = |name: &str| secrets.iter().any(|one| kube::json::name(one) == name);
        let pods = self.list("/api/v1/pods");
        for pod in &pods {
            let name = kube::json::name(pod);
            let waits = items(pod, "spec/volumes").iter().any(|volume| {
                let secret = text(volume, "secret/secretName");
                !secret.is_empty() && !is_there(secret)
            });
            let phase = text(pod, "status/phase");
            let is_well = match phase {
                "Pending" => waits,
                phase => matches!(phase, "Running" | "Succeeded" | "Failed"),
            };
            assert!(is_well, "seed {seed}: {name} is {phase}\n{pod:#}\n{told}");
            assert!(
                text(pod, "metadata/deletionTimestamp").is_empty(),
                "seed {seed}: {name} does not go\n{pod:#}\n{told}"
            );
        }
        // Containers belong to pods that are there.
        for host in 0..self.world.host_count() {
            let Some(daemon) = self.world.probe(host).and_then(|probe| probe.daemon) else {
                continue;
            };
            for container in daemon.engine().containers() {
                let uid = container.config.labels.get("io.kubernetes.pod.uid");
                let is_ours =
                    uid.is_none_or(|uid| pods.iter().any(|pod| kube::json::uid(pod) == uid));
                assert!(is_ours, "seed {seed}: {} is left behind\n{told}", container.name);
            }
        }
    }
}

fn run(seed: u64) {
    let mut rng = Streams::new(seed).stream("cluster test");
    let mut run = Run::new(seed, &mut rng);
    let troubles = rng.chance(5, 6);
    for _ in 0..rng.between(10, 40) {
        match troubles && rng.chance(1, 3) {
            true => run.trouble(&mut rng),
            false => run.work(&mut rng),
        }
        let pause = *rng.pick(&[50, 500, 3_000, 15_000, 60_000]).unwrap();
        run.pass(Duration::from_millis(pause));
    }
    run.peace();
    run.all_is_well(seed);
}

#[test]
fn a_cluster_comes_to_rest_after_trouble() {
    for seed in 1..=2 {
        run(seed);
    }
}
