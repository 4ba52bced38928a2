//! What sweeps have found in a Kubernetes, each named after its cause.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use glasshive_invariants::{Look, Watch};
use sim::Duration;
use world::{Fault, Input, KubeSpec, Spec, World};

/// A Kubernetes that is watched after every event.
struct Lab {
    world: World,
    watch: Watch,
}

impl Lab {
    /// Hosts `m1` ... and `w1` ..., the former with etcd and API server.
    fn new(planes: usize, workers: usize) -> Self {
        let mut hosts: Vec<String> = (1..=planes).map(|number| format!("m{number}")).collect();
        hosts.extend((1..=workers).map(|number| format!("w{number}")));
        let mut kube = KubeSpec::new(hosts.iter().cloned(), "1.25");
        kube.control_planes = planes;
        let world = World::new(Spec::new(hosts).with_docker("20.10").with_kube(kube)).unwrap();
        let watch = Watch::new(&world).unwrap();
        Self { world, watch }
    }

    /// Three control planes; the first is lost so many seconds after a line was typed.
    fn without_the_first(node: &str, text: &str, seconds: u64) -> Self {
        let mut lab = Self::new(3, 1);
        lab.types(node, text);
        lab.pass(seconds);
        lab.fault("crash m1");
        lab
    }

    fn look(&mut self) {
        if let Err(violation) = self.watch.after(&self.world) {
            panic!("{violation}");
        }
    }

    fn pass(&mut self, seconds: u64) {
        let until = self.world.now() + Duration::from_secs(seconds);
        while self.world.step(until) {
            self.look();
        }
        self.world.advance_until(until);
    }

    fn types(&mut self, node: &str, text: &str) {
        let (node, text) = (node.to_owned(), format!("{text}\n"));
        self.world.apply(Input::Type { node, text }).unwrap();
        self.look();
    }

    fn fault(&mut self, line: &str) {
        self.world.apply(Input::fault(Fault::parse(line).unwrap())).unwrap();
        self.look();
    }

    /// A pod `one` goes, by force, some seconds after a daemon of the worker has stopped, and as long before it is back.
    fn deletes_without(&mut self, daemon: &str, seconds: u64) {
        self.pass(20);
        self.types("w1", &format!("systemctl stop {daemon}"));
        self.pass(seconds);
        self.types("m1", "kubectl delete pod one --grace-period=0 --force");
        self.pass(seconds);
        self.types("w1", &format!("systemctl start {daemon}"));
        self.pass(60);
    }

    fn is_at_rest(&self) {
        assert_eq!(self.watch.look_for_rest(&self.world), Look::default());
    }
}

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// Controllers that were to look again, but had no API server to ask, were due for ever.
#[test]
fn controllers_without_an_api_server() {
    let mut lab = Lab::new(1, 1);
    lab.types("w1", "systemctl stop kubelet");
    lab.pass(10);
    lab.types("m1", &format!("mv {MANIFEST} /root/"));
    lab.pass(90);
    lab.types("m1", &format!("mv /root/kube-apiserver.yaml {MANIFEST}; kubectl get nodes"));
    lab.types("w1", "systemctl start kubelet");
    lab.pass(60);
    lab.is_at_rest();
}

/// With several control planes, who cannot reach the first one asks the next.
#[test]
fn the_first_control_plane_is_lost() {
    let create = "kubectl create deployment web --image=nginx --replicas=2";
    let mut lab = Lab::without_the_first("m2", create, 20);
    lab.pass(60);
    lab.types("w1", "kubectl scale deployment web --replicas=3");
    lab.pass(60);
    let cluster = lab.world.observe().cluster.unwrap();
    let ready = |name: &str| cluster.nodes.iter().any(|node| node.name == name && node.ready);
    assert!(!ready("m1") && ready("m2") && ready("w1"), "{:?}", cluster.nodes);
    assert_eq!(
        cluster.pods.iter().filter(|pod| pod.ready && pod.namespace == "default").count(),
        3,
        "{:?}",
        cluster.pods
    );
    lab.fault("restart m1");
    lab.pass(60);
    lab.is_at_rest();
}

/// A kubectl that found a connection of an earlier one to a host that is lost waited half a minute.
#[test]
fn a_connection_to_a_lost_host() {
    let mut lab = Lab::without_the_first("w1", "kubectl create namespace one", 5);
    lab.pass(5);
    lab.types("w1", "kubectl create namespace two");
    lab.pass(5);
    assert!(lab.watch.cluster_has("/registry/namespaces/two"));
    // Nor does the connection break for whoever comes after the host is there again.
    lab.fault("restart m1");
    lab.fault("crash m2");
    lab.fault("restart m2");
    lab.pass(10);
    lab.types("w1", "kubectl create namespace three");
    lab.pass(5);
    assert!(lab.watch.cluster_has("/registry/namespaces/three"));
}

/// A process beside a kubelet, as the same user, finds their connection silent and takes another one; the kubelet's streams
/// notice, too.
#[test]
fn a_kubelet_hears_of_its_pods_again() {
    for pause in [1, 4, 7] {
        let mut lab = Lab::new(3, 1);
        lab.fault("freeze m1");
        lab.pass(pause);
        lab.types("w1", "kubectl --kubeconfig /etc/kubernetes/kubelet.conf get nodes");
        lab.pass(2);
        lab.fault("power-loss m1");
        lab.pass(90);
        lab.types("m2", "kubectl run one --image=nginx");
        lab.pass(60);
        let pods = lab.world.observe().cluster.unwrap().pods;
        assert!(pods.iter().any(|pod| pod.name == "one" && pod.ready), "{pause} s: {pods:?}");
    }
}

/// Controllers ran beside the etcd that leads, whether or not they had an API server there.
#[test]
fn another_host_has_the_controllers() {
    let mut lab = Lab::new(3, 1);
    let leads = |host: &usize| lab.world.probe(*host).unwrap().kube.unwrap().leads();
    let leader = (0..3).find(leads).unwrap();
    let (leader, other) = (format!("m{}", leader + 1), format!("m{}", (leader + 1) % 3 + 1));
    lab.types(&leader, &format!("mv {MANIFEST} /root/"));
    lab.pass(60);
    lab.types(&other, "kubectl create deployment web --image=nginx --replicas=2");
    lab.pass(30);
    let ready = |lab: &Lab| {
        let cluster = lab.world.observe().cluster.unwrap();
        cluster.pods.iter().filter(|pod| pod.ready && pod.namespace == "default").count()
    };
    assert_eq!(ready(&lab), 2);
    // Whoever holds the leases is lost, too.
    for part in ["kube-controller-manager", "kube-scheduler"] {
        assert!(lab.watch.cluster_has(&format!("/registry/leases/kube-system/{part}")));
    }
    lab.types(&leader, &format!("mv /root/kube-apiserver.yaml {MANIFEST}"));
    lab.pass(30);
    lab.fault(&format!("crash {other}"));
    lab.pass(60);
    lab.types(&leader, "kubectl scale deployment web --replicas=3");
    lab.pass(60);
    assert_eq!(ready(&lab), 3);
    lab.fault(&format!("restart {other}"));
    lab.pass(60);
    lab.is_at_rest();
}

/// etcd said that a write was on a disk that takes nothing.
#[test]
fn a_full_disk_below_etcd() {
    let mut lab = Lab::new(1, 1);
    lab.fault("full-disk m1");
    lab.types("w1", "kubectl create secret generic alpha --from-literal=k=v");
    lab.pass(60);
    lab.fault("crash m1");
    lab.fault("restart m1");
    lab.pass(20);
    lab.fault("heal all");
    lab.pass(400);
    lab.is_at_rest();
}

/// A kubelet whose Docker had been away, and that had nothing to ask of it since, said for ever that it was.
#[test]
fn docker_is_back_and_nobody_asks() {
    let mut lab = Lab::new(1, 1);
    lab.types("m1", "kubectl run one --image=alpine -- sleep 10000");
    lab.deletes_without("docker", 20);
    lab.is_at_rest();
}

/// What a pod had left behind on a host whose kubelet did not run as it was deleted stayed there for ever, secrets too.
#[test]
fn a_pod_goes_while_no_kubelet_looks() {
    let mut lab = Lab::new(1, 1);
    lab.types("m1", "kubectl create secret generic alpha --from-literal=k=kiwi-and-quince");
    lab.types("m1", POD);
    lab.deletes_without("kubelet", 10);
    lab.is_at_rest();
    let found = lab.world.find_bytes(b"kiwi-and-quince");
    let on_w1 = found.iter().filter(|found| found.surface == world::Surface::Tmpfs).count();
    assert_eq!(on_w1, 0, "{found:?}");
}

const POD: &str = "kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  containers:
  - name: lasts
    image: alpine
    command: [sleep, '10000']
    volumeMounts: [{name: v, mountPath: /v}]
  volumes: [{name: v, secret: {secretName: alpha}}]
END";
