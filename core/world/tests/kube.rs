//! A Kubernetes on hosts of a world, asked as its administrator would.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use glasshive_world::{Duration, KubeSpec, Spec, World};
use kube::json::{at, items, text};
use kube::rest::{Credential, Method, Request, Response};
use serde_json::{Value, json};

fn world(seed: u64) -> World {
    let hosts = ["master", "worker1", "worker2"];
    let spec = Spec::new(hosts).with_docker("20.10").with_seed(seed);
    World::new(spec.with_kube(KubeSpec::new(hosts, "1.25"))).expect("the cluster is there")
}

fn ask(world: &mut World, method: Method, path: &str, body: Value) -> Response {
    let request = Request {
        server: String::new(),
        credential: Credential::Anonymous,
        method,
        path: path.to_owned(),
        query: Vec::new(),
        content_type: match method {
            Method::Patch => "application/merge-patch+json",
            _ => "application/json",
        },
        body,
    };
    world.ask_cluster("master", request).expect("an answer")
}

fn get(world: &mut World, path: &str) -> Value {
    ask(world, Method::Get, path, Value::Null).body
}

const HOME: &str = "/api/v1/namespaces/default";

fn make_secret(world: &mut World) {
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "user-pass" },
        "data": { "username": "amRvZQo=", "password": "bXktcGFzcwo=" } });
    let made = ask(world, Method::Post, &format!("{HOME}/secrets"), secret);
    assert_eq!(made.code, 201, "{}", made.body);
}

fn make_pod(world: &mut World, name: &str) {
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": {
        "containers": [{
            "name": "democon",
            "image": "alpine",
            "command": ["sh", "-c", "echo name $USERNAME; cat $PASSWORD_FILE; sleep 1000"],
            "env": [
                { "name": "USERNAME", "valueFrom": { "secretKeyRef": { "name": "user-pass", "key": "username" } } },
                { "name": "PASSWORD_FILE", "value": "/custom/path/pass" },
            ],
            "volumeMounts": [{ "name": "passvol", "mountPath": "/custom/path", "readOnly": true }],
        }],
        "volumes": [{ "name": "passvol", "secret": { "secretName": "user-pass",
            "items": [{ "key": "password", "path": "pass" }] } }],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 5,
    } });
    let made = ask(world, Method::Post, &format!("{HOME}/pods"), pod);
    assert_eq!(made.code, 201, "{}", made.body);
}

fn events(world: &mut World) -> Vec<String> {
    let list = get(world, &format!("{HOME}/events"));
    items(&list, "items")
        .iter()
        .map(|one| format!("{} {}", text(one, "reason"), text(one, "message")))
        .collect()
}

#[test]
fn a_pod_waits_for_its_secret_and_shows_it() {
    let mut world = world(1);
    make_pod(&mut world, "secretpod");
    world.advance(Duration::from_secs(5));
    let pod = get(&mut world, &format!("{HOME}/pods/secretpod"));
    let state = at(&pod, "status/containerStatuses/0/state");
    assert_eq!(
        text(state, "waiting/reason"),
        "ContainerCreating",
        "{pod:#} {:#?}",
        events(&mut world)
    );
    assert!(events(&mut world).iter().any(|one| one
        == "FailedMount MountVolume.SetUp failed for volume \"passvol\" : secret \"user-pass\" not found"));
    make_secret(&mut world);
    world.advance(Duration::from_secs(60));
    let pod = get(&mut world, &format!("{HOME}/pods/secretpod"));
    assert_eq!(text(&pod, "status/phase"), "Running", "{pod:#} {:#?}", events(&mut world));
    let log = get(&mut world, &format!("{HOME}/pods/secretpod/log"));
    assert_eq!(log, "name jdoe\nmy-pass\n");

    let gone = ask(&mut world, Method::Delete, &format!("{HOME}/pods/secretpod"), Value::Null);
    assert_eq!(gone.code, 200);
    world.advance(Duration::from_secs(8));
    let left = ask(&mut world, Method::Get, &format!("{HOME}/pods/secretpod"), Value::Null);
    assert_eq!(left.code, 404, "{}", left.body);
}

#[test]
fn one_seed_has_one_history() {
    let play = || {
        let mut world = world(7);
        make_secret(&mut world);
        make_pod(&mut world, "a");
        world.advance(Duration::from_secs(20));
        world.digest()
    };
    assert_eq!(play(), play());
}

fn line(world: &mut World, node: &str, text: &str) -> String {
    world.run_line(node, text, glasshive_world::LINE_LIMIT).unwrap().output
}

fn fault(world: &mut World, text: &str) {
    world
        .apply(glasshive_world::Input::Fault {
            fault: glasshive_world::Fault::parse(text).unwrap(),
        })
        .unwrap();
}

const CERTIFICATES: &str = "--cacert=/etc/kubernetes/pki/ca.crt --cert=/etc/kubernetes/pki/etcd/peer.crt \
     --key=/etc/kubernetes/pki/etcd/peer.key";

#[test]
fn encryption_is_switched_on_by_a_file_and_an_argument() {
    let mut world = world(3);
    make_secret(&mut world);
    let get = format!("etcdctl get /registry/secrets/default/user-pass {CERTIFICATES}");
    assert!(line(&mut world, "master", &get).contains("bXktcGFzcwo="));
    let find = "grep -c bXktcGFzcwo= /var/lib/etcd/member/snap/db";
    assert_eq!(line(&mut world, "master", find), "1\n");
    let file = "mkdir -p /etc/kubernetes/enc; cat > /etc/kubernetes/enc/enc.yaml <<'END'\n\
        apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n  - \
        resources:\n      - secrets\n    providers:\n      - aescbc:\n          keys:\n            - name: \
        key1\n              secret: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n      - identity: {}\nEND\n\
        sed -i 's/    - kube-apiserver$/    - kube-apiserver\\n    - \
        --encryption-provider-config=\\/etc\\/kubernetes\\/enc\\/enc.yaml/' \
        /etc/kubernetes/manifests/kube-apiserver.yaml\n";
    line(&mut world, "master", file);
    let manifest = line(&mut world, "master", "cat /etc/kubernetes/manifests/kube-apiserver.yaml");
    assert!(manifest.contains("\n    - --encryption-provider-config="), "{manifest}");
    world.advance(Duration::from_secs(40));
    let secret = self::get(&mut world, &format!("{HOME}/secrets/user-pass"));
    assert_eq!(text(&secret, "data/password"), "bXktcGFzcwo=", "{secret}");
    let mut changed = secret;
    changed["metadata"]["labels"] = json!({ "a": "b" });
    let done = ask(&mut world, Method::Put, &format!("{HOME}/secrets/user-pass"), changed);
    assert_eq!(done.code, 200, "{}", done.body);
    let front = format!("{get} --print-value-only | head -c 23");
    assert_eq!(line(&mut world, "master", &front), "k8s:enc:aescbc:v1:key1:");
    // Its old bytes are still on the disk.
    assert_eq!(line(&mut world, "master", find), "1\n");
    let cluster = world.observe().cluster.unwrap();
    assert_eq!(cluster.secrets[0].at_rest, "aescbc");
}

#[test]
fn a_node_that_is_cut_off_keeps_its_pods_and_is_not_ready() {
    let mut world = world(5);
    world.start_audit();
    make_secret(&mut world);
    make_pod(&mut world, "a");
    world.advance(Duration::from_secs(30));
    let pod = get(&mut world, &format!("{HOME}/pods/a"));
    let node = text(&pod, "spec/nodeName").to_owned();
    fault(&mut world, &format!("partition {node} | master"));
    world.advance(Duration::from_secs(60));
    let cluster = world.observe().cluster.unwrap();
    let view = cluster.nodes.iter().find(|one| one.name == node).unwrap();
    assert!(!view.ready, "{cluster:?}");
    let running = line(&mut world, &node, "docker ps --format '{{.Names}}'");
    assert!(running.starts_with("k8s_democon_a_default_"), "{running}");
    // Five minutes later the pod is to go, and cannot be told.
    world.advance(Duration::from_secs(320));
    let pod = get(&mut world, &format!("{HOME}/pods/a"));
    assert!(!text(&pod, "metadata/deletionTimestamp").is_empty(), "{pod:#}");
    fault(&mut world, "heal all");
    world.advance(Duration::from_secs(60));
    let left = ask(&mut world, Method::Get, &format!("{HOME}/pods/a"), Value::Null);
    assert_eq!(left.code, 404, "{}", left.body);
    assert_eq!(line(&mut world, &node, "docker ps -q"), "");
    let cluster = world.observe().cluster.unwrap();
    assert!(cluster.nodes.iter().all(|one| one.ready), "{cluster:?}");
    assert_eq!(cluster.secrets[0].held_by, Vec::<String>::new());
    assert_eq!(world.audit_differences(), Vec::<String>::new());
}

#[test]
fn hosts_come_back_from_a_crash() {
    let mut world = world(9);
    make_secret(&mut world);
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "web" } }, "template": {
            "metadata": { "labels": { "app": "web" } },
            "spec": { "containers": [{ "name": "c", "image": "alpine", "command": ["sleep", "100000"],
                "envFrom": [{ "secretRef": { "name": "user-pass" } }] }] } } } });
    let path = "/apis/apps/v1/namespaces/default/deployments";
    let made = ask(&mut world, Method::Post, path, deployment);
    assert_eq!(made.code, 201, "{}", made.body);
    let ready = |world: &mut World| {
        let deployment = get(world, &format!("{path}/web"));
        kube::json::int(&deployment, "status/readyReplicas")
    };
    world.advance(Duration::from_secs(40));
    assert_eq!(ready(&mut world), 3, "{:#?}", events(&mut world));
    for node in ["worker1", "master"] {
        fault(&mut world, &format!("crash {node}"));
        world.advance(Duration::from_secs(20));
        fault(&mut world, &format!("restart {node}"));
        world.advance(Duration::from_secs(90));
        assert_eq!(ready(&mut world), 3, "{node} {:#?}", events(&mut world));
    }
    // Another template: step by step, and one can go back.
    let patch = json!({ "spec": { "template": { "metadata": { "annotations": { "x": "1" } } } } });
    let done = ask(&mut world, Method::Patch, &format!("{path}/web"), patch);
    assert_eq!(done.code, 200, "{}", done.body);
    world.advance(Duration::from_secs(120));
    let deployment = get(&mut world, &format!("{path}/web"));
    assert_eq!(kube::json::int(&deployment, "status/updatedReplicas"), 3, "{deployment:#}");
    let pods = get(&mut world, &format!("{HOME}/pods"));
    assert_eq!(items(&pods, "items").len(), 3);
}

#[test]
fn a_control_plane_of_three_goes_on_without_one() {
    let hosts = ["m1", "m2", "m3", "worker"];
    let mut kube = KubeSpec::new(hosts, "1.25");
    kube.control_planes = 3;
    let spec = Spec::new(hosts).with_docker("20.10").with_seed(4).with_kube(kube);
    let mut world = World::new(spec).expect("the cluster is there");
    let leader = world.observe().cluster.unwrap().leader.expect("somebody leads");
    let other =
        hosts.iter().find(|host| **host != leader && **host != "m1" && **host != "worker").unwrap();
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" },
        "data": { "k": "bXktcGFzcwo=" } });
    let request = |method: Method, path: &str, body: Value| Request {
        server: String::new(),
        credential: Credential::Anonymous,
        method,
        path: path.to_owned(),
        query: Vec::new(),
        content_type: "application/json",
        body,
    };
    let path = format!("{HOME}/secrets");
    let made = world.ask_cluster("m1", request(Method::Post, &path, secret)).unwrap();
    assert_eq!(made.code, 201, "{}", made.body);
    fault(&mut world, &format!("crash {other}"));
    world.advance(Duration::from_secs(5));
    let read =
        world.ask_cluster("m1", request(Method::Get, &format!("{path}/s"), Value::Null)).unwrap();
    assert_eq!(read.code, 200, "{}", read.body);
    // Without a majority nothing is read or written.
    let last = hosts[..3].iter().find(|host| *host != other && **host != "m1").unwrap();
    fault(&mut world, &format!("crash {last}"));
    world.advance(Duration::from_secs(5));
    let read =
        world.ask_cluster("m1", request(Method::Get, &format!("{path}/s"), Value::Null)).unwrap();
    assert_eq!((read.code, text(&read.body, "message")), (500, "etcdserver: request timed out"));
    fault(&mut world, &format!("restart {last}"));
    world.advance(Duration::from_secs(10));
    let read =
        world.ask_cluster("m1", request(Method::Get, &format!("{path}/s"), Value::Null)).unwrap();
    assert_eq!(read.code, 200, "{}", read.body);
}
