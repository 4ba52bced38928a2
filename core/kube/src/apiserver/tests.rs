//! An API server over an etcd of one member, without a network.

use serde_json::{Value, json};
use sim::{Disk, Duration, Streams, Time};

use super::access::User;
use super::*;
use crate::client;
use crate::etcd::Peer;
use crate::rest::Method;

struct Cluster {
    now: Time,
    disk: Disk,
    member: Member,
    server: ApiServer,
    user: User,
    next: u64,
}

const CONFIG: &str = "
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - aescbc:
          keys:
            - name: key1
              secret: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
      - identity: {}
";

impl Cluster {
    fn new(encryption: Encryption) -> Self {
        let now = Time::from_date(2023, 1, 10);
        let mut disk = Disk::default();
        let (server, member) = Self::boot(now, &mut disk, encryption);
        let user = User::internal("kubernetes-admin");
        let mut cluster = Self { now, disk, member, server, user, next: 1 };
        cluster.settle();
        // The controllers are not here.
        let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": { "name": "default", "namespace": "default" } });
        assert_eq!(cluster.ask(client::create(account)).code, 201);
        cluster
    }

    fn boot(now: Time, disk: &mut Disk, encryption: Encryption) -> (ApiServer, Member) {
        let streams = Streams::new(1);
        let peers = vec![Peer::new("master", "192.168.0.11")];
        let member =
            Member::start(now, "master", peers, streams.stream("raft"), disk).expect("a good log");
        let options = Options {
            minor: 25,
            address: "192.168.0.11".into(),
            token_key: TokenKey(seal::PrivateKey::generate(&mut streams.stream("sa"))),
            encryption,
        };
        let server = ApiServer::new(now, options, &member, streams.stream("apiserver"));
        (server, member)
    }

    fn restart(&mut self, encryption: Encryption) {
        (self.server, self.member) = Self::boot(self.now, &mut self.disk, encryption);
        self.settle();
    }

    fn settle(&mut self) {
        for _ in 0..200 {
            let mut effects = Vec::new();
            let applied = self.member.drive(&mut self.disk, &mut effects).unwrap();
            self.server.applied(&self.member, applied);
            self.server.drive(self.now, self.now, &mut self.member, &mut effects);
            for effect in effects {
                if let Effect::Sync(barrier) = effect {
                    self.disk.complete_sync(barrier);
                    self.member.synced(&mut self.disk, barrier);
                }
            }
        }
    }

    fn ask(&mut self, request: Request) -> Response {
        self.next += 1;
        let origin = Origin::Internal(self.next);
        self.server.ask(self.now, origin, self.user.clone(), request, false);
        self.settle();
        let found = self.server.take_out().into_iter().find_map(|output| match output {
            Output::Respond(to, response) if to == origin => Some(response),
            _ => None,
        });
        found.expect("an answer")
    }

    #[track_caller]
    fn says(&mut self, request: Request, code: u16, text: &str) {
        let answer = self.ask(request);
        assert_eq!(
            (answer.code, answer.body["message"].as_str().unwrap_or_default()),
            (code, text)
        );
    }

    fn holds(&self, folder: &str, needle: &str) -> bool {
        self.disk.files().any(|(path, bytes)| {
            path.starts_with(folder)
                && bytes.windows(needle.len()).any(|part| part == needle.as_bytes())
        })
    }
}

fn secret(name: &str, value: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": "default" },
        "data": { "password": value } })
}

fn get(path: &str) -> Request {
    client::request(Method::Get, path, Value::Null)
}

const SECRETS: &str = "/api/v1/namespaces/default/secrets";

#[test]
fn a_secret_is_kept_in_the_clear_unless_it_is_said_otherwise() {
    let mut cluster = Cluster::new(Encryption::default());
    assert_eq!(cluster.ask(client::create(secret("one", "bXktcGFzcwo="))).code, 201);
    assert!(cluster.holds("/var/lib/etcd/member/wal/", "bXktcGFzcwo="));
    assert!(cluster.holds("/var/lib/etcd/member/snap/db", "bXktcGFzcwo="));

    cluster.restart(Encryption::parse(CONFIG).expect("a good file"));
    let read = cluster.ask(get(&format!("{SECRETS}/one")));
    assert_eq!(read.body["data"]["password"], "bXktcGFzcwo=");
    assert_eq!(cluster.ask(client::create(secret("two", "c2VhbGVk"))).code, 201);
    assert!(!cluster.holds("/var/lib/etcd/", "c2VhbGVk"));
    assert!(cluster.holds("/var/lib/etcd/member/snap/db", "k8s:enc:aescbc:v1:key1:"));
    // Written again as it is, it is sealed, and its old bytes are still there. Once more, and nothing is written.
    let again = cluster.ask(client::replace(read.body, ""));
    assert_eq!(again.code, 200);
    let revision = again.body["metadata"]["resourceVersion"].clone();
    let unchanged = cluster.ask(client::replace(again.body, ""));
    assert_eq!(unchanged.body["metadata"]["resourceVersion"], revision);
    let stored = cluster.member.store.get("/registry/secrets/default/one").expect("it is kept");
    assert!(stored.value.starts_with(b"k8s:enc:aescbc:v1:key1:"));
    assert!(cluster.holds("/var/lib/etcd/member/snap/db", "bXktcGFzcwo="));
    cluster.now += Duration::from_secs(400);
    cluster.settle();
    cluster.now += Duration::from_secs(400);
    cluster.settle();
    cluster.member.store.defragment(&mut cluster.disk);
    assert!(!cluster.holds("/var/lib/etcd/member/snap/db", "bXktcGFzcwo="));
    assert!(cluster.holds("/var/lib/etcd/member/wal/", "bXktcGFzcwo="));

    // Without its key nothing opens it.
    cluster.restart(Encryption::default());
    assert_eq!(cluster.ask(get(&format!("{SECRETS}/two"))).code, 500);
}

#[test]
fn mistakes_are_told_with_the_servers_words() {
    let mut cluster = Cluster::new(Encryption::default());
    cluster.ask(client::create(secret("one", "YQ==")));
    cluster.says(client::create(secret("one", "YQ==")), 409, "secrets \"one\" already exists");
    cluster.says(get(&format!("{SECRETS}/two")), 404, "secrets \"two\" not found");
    cluster.says(get("/api/v1/widgets"), 404, "the server could not find the requested resource");
    cluster.says(
        client::create(secret("two", "not base64")),
        400,
        "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 3",
    );
    let mut pod = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "p", "namespace": "default" }, "spec": { "foo": 1 } });
    let mut strict = client::create(pod.clone());
    strict.query.push(("fieldValidation".into(), "Strict".into()));
    cluster.says(
        strict,
        400,
        "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \
         \"spec.foo\"",
    );
    cluster.says(
        client::create(pod.clone()),
        422,
        "Pod \"p\" is invalid: spec.containers: Required value",
    );
    pod["spec"] = json!({ "containers": [{ "name": "c", "image": "alpine",
        "volumeMounts": [{ "name": "v", "mountPath": "/v" }] }] });
    cluster.says(
        client::create(pod.clone()),
        422,
        "Pod \"p\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"v\"",
    );
    pod["spec"]["volumes"] = json!([{ "name": "v", "secret": { "secretName": "one" } }]);
    let made = cluster.ask(client::create(pod)).body;
    assert_eq!(made["spec"]["containers"][0]["imagePullPolicy"], "Always");
    assert_eq!(made["spec"]["tolerations"][0]["tolerationSeconds"], 300);
    assert_eq!(made["spec"]["volumes"][0]["secret"]["defaultMode"], 420);

    let mut fixed = cluster.ask(get(&format!("{SECRETS}/one"))).body;
    fixed["immutable"] = true.into();
    let stale = fixed.clone();
    assert_eq!(cluster.ask(client::replace(fixed.clone(), "")).code, 200);
    cluster.says(
        client::replace(stale, ""),
        409,
        "Operation cannot be fulfilled on secrets \"one\": the object has been modified; please \
         apply your changes to the latest version and try again",
    );
    let patch = json!({ "data": { "password": "Yg==" } });
    let patch = client::request(Method::Patch, &format!("{SECRETS}/one"), patch);
    cluster.says(
        patch,
        422,
        "Secret \"one\" is invalid: data: Forbidden: field is immutable when `immutable` is set",
    );
}

#[test]
fn a_node_reads_the_secrets_of_its_pods_only() {
    let mut cluster = Cluster::new(Encryption::default());
    cluster.ask(client::create(secret("one", "YQ==")));
    let pod = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "p", "namespace": "default" },
        "spec": { "nodeName": "worker1", "containers": [{ "name": "c", "image": "alpine" }],
            "volumes": [{ "name": "v", "secret": { "secretName": "one" } }] } });
    assert_eq!(cluster.ask(client::create(pod)).code, 201);
    let node = |name: &str| User::new(&format!("system:node:{name}"), &["system:nodes"]);
    cluster.user = node("worker1");
    assert_eq!(cluster.ask(get(&format!("{SECRETS}/one"))).code, 200);
    cluster.user = node("worker2");
    cluster.says(
        get(&format!("{SECRETS}/one")),
        403,
        "secrets \"one\" is forbidden: User \"system:node:worker2\" cannot get resource \"secrets\" \
         in API group \"\" in the namespace \"default\": no relationship found between node \
         'worker2' and this object",
    );
    cluster.user = User::new("jane", &["system:authenticated"]);
    cluster.says(
        get(SECRETS),
        403,
        "secrets is forbidden: User \"jane\" cannot list resource \"secrets\" in API group \"\" in \
         the namespace \"default\"",
    );
}
