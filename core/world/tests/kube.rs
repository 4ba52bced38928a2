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
