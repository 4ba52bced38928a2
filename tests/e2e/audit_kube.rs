//! Planted leaks of a Kubernetes that the audit must find, and what opens with a key that lies beside etcd.

use glasshive_tests::desk::Desk;
use world::{AuditRules, AuditView, FindingView, Form, KubeSpec, Spec, Surface, Verdict};

/// In no published image and in no host's files.
const TEXT: &str = "otter-42-glass";

/// A control plane and two nodes with an audit and a Secret `pw`.
fn desk(seed: u64) -> Desk {
    let hosts = ["master", "worker1", "worker2"];
    let kube = KubeSpec::new(hosts, "1.25");
    let mut desk = Desk::new(Spec::new(hosts).with_kube(kube).with_docker("20.10").with_seed(seed));
    desk.world.start_audit();
    desk.says("master", &format!("kubectl create secret generic pw --from-literal=word={TEXT}"));
    desk
}

/// Makes objects of a text in YAML.
fn apply(desk: &mut Desk, yaml: &str) {
    desk.says("master", &format!("kubectl apply -f - <<'END'\n{yaml}\nEND"));
}

fn view(desk: &Desk) -> AuditView {
    assert_eq!(desk.world.audit_differences(), [] as [String; 0]);
    desk.world.audit_view(&AuditRules::default()).unwrap()
}

/// The finding of the Secret's text in a kind of place on a node whose place begins so and holds this.
fn find<'a>(
    view: &'a AuditView,
    (surface, node): (Surface, &str),
    (begins, holds): (&str, &str),
) -> Option<&'a FindingView> {
    view.findings.iter().find(|f| {
        f.needle == "pw/word"
            && f.surface == surface
            && f.node == node
            && f.place.starts_with(begins)
            && f.place.contains(holds)
    })
}

/// An unexpected finding.
#[track_caller]
fn leak(view: &AuditView, at: (Surface, &str), place: (&str, &str), form: Form) {
    let Some(found) = find(view, at, place) else {
        let shown: Vec<String> = view
            .findings
            .iter()
            .map(|f| format!("{} {} {} {:?}", f.node, f.surface.word(), f.place, f.form))
            .collect();
        panic!("nothing in {at:?} at {place:?}\n{}", shown.join("\n"))
    };
    assert_eq!((found.verdict, found.form), (Verdict::Unexpected, form), "{found:?}");
}

#[test]
fn etcd_keeps_a_secret_in_base64_in_every_file() {
    let desk = desk(1);
    let seen = view(&desk);
    for file in ["/var/lib/etcd/member/wal/", "/var/lib/etcd/member/snap/db"] {
        leak(&seen, (Surface::Disk, "master"), (file, ""), Form::Base64);
    }
    // Nobody else has it: no pod names it.
    let elsewhere = |found: &&FindingView| found.needle == "pw/word" && found.node != "master";
    assert!(!seen.findings.iter().any(|found| elsewhere(&found)), "{:#?}", seen.findings);
}

#[test]
fn what_apply_notes_stays_when_a_secret_is_changed_otherwise() {
    let mut desk = desk(2);
    apply(
        &mut desk,
        "apiVersion: v1\nkind: Secret\nmetadata: {name: applied}\nstringData: {word: otter-42-glass}",
    );
    desk.says("master", "kubectl patch secret applied -p '{\"stringData\":{\"word\":\"newer\"}}'");
    let seen = view(&desk);
    let found = seen.findings.iter().find(|f| {
        f.surface == Surface::Metadata && f.place.starts_with("secret default/applied, annotation")
    });
    let found = found.expect("the old text is in the annotation");
    assert_eq!((found.verdict, found.gone_ms), (Verdict::Unexpected, None), "{found:?}");
    desk.says("master", "kubectl delete secret applied");
    desk.says("master", "kubectl delete secret pw");
    let seen = view(&desk);
    let left = seen.findings.iter().find(|f| f.surface == Surface::Metadata && f.gone_ms.is_none());
    assert!(left.is_none(), "{left:#?}");
}

#[test]
fn a_pod_says_shows_logs_and_copies_it() {
    let mut desk = desk(3);
    apply(
        &mut desk,
        "apiVersion: v1
kind: Pod
metadata: {name: loose, annotations: {note: otter-42-glass}}
spec:
  nodeName: worker1
  initContainers:
  - name: copy
    image: busybox
    command: [\"sh\", \"-c\", \"cp /keys/word /plain/word\"]
    volumeMounts: [{name: keys, mountPath: /keys}, {name: plain, mountPath: /plain}]
  containers:
  - name: main
    image: busybox
    command: [\"sh\", \"-c\", \"cat /keys/word; echo; sleep 1000\"]
    env:
    - {name: PLAIN, value: otter-42-glass}
    - name: WORD
      valueFrom: {secretKeyRef: {name: pw, key: word}}
    volumeMounts: [{name: keys, mountPath: /keys}]
  volumes:
  - {name: keys, secret: {secretName: pw}}
  - {name: plain, emptyDir: {}}",
    );
    desk.says("master", "kubectl wait --for=condition=Ready pod/loose --timeout=60s");
    let seen = view(&desk);
    // Who may read pods, who may run `docker inspect` on the node, who may read logs.
    leak(&seen, (Surface::Metadata, "master"), ("pod default/loose", ""), Form::Plain);
    leak(
        &seen,
        (Surface::Metadata, "worker1"),
        ("container k8s_main_loose", "env PLAIN"),
        Form::Plain,
    );
    leak(
        &seen,
        (Surface::Metadata, "worker1"),
        ("container k8s_main_loose", "env WORD"),
        Form::Plain,
    );
    leak(&seen, (Surface::Log, "worker1"), ("log of k8s_main_loose", ""), Form::Plain);
    // A copy outside of memory stays on the node's disk.
    leak(
        &seen,
        (Surface::File, "worker1"),
        ("/var/lib/kubelet/pods/", "~empty-dir/plain/word"),
        Form::Plain,
    );
    // What the Secret's volume shows is where it belongs, and so is what the kubelet knows.
    for (surface, place) in
        [(Surface::Tmpfs, "container k8s_main_loose"), (Surface::Memory, "memory of the kubelet")]
    {
        let found = find(&seen, (surface, "worker1"), (place, "")).expect(place);
        assert_eq!(found.verdict, Verdict::Allowed, "{found:?}");
    }
}

#[test]
fn a_volume_whose_pod_does_not_start_has_it_all_the_same() {
    let mut desk = desk(4);
    apply(
        &mut desk,
        "apiVersion: v1
kind: Pod
metadata: {name: stuck}
spec:
  nodeName: worker2
  containers:
  - name: main
    image: there-is/no-such-image
    volumeMounts: [{name: keys, mountPath: /keys}]
  volumes:
  - {name: keys, secret: {secretName: pw}}",
    );
    desk.wait(20);
    let seen = view(&desk);
    let found = find(&seen, (Surface::Tmpfs, "worker2"), ("", "kubernetes.io~secret/keys"));
    let found = found.expect("the kubelet has filled the volume");
    assert_eq!(found.verdict, Verdict::Allowed, "{found:?}");
    desk.says("master", "kubectl delete pod stuck");
    desk.wait(20);
    let seen = view(&desk);
    let found = find(&seen, (Surface::Tmpfs, "worker2"), ("", "kubernetes.io~secret/keys"));
    assert!(found.is_some_and(|found| found.gone_ms.is_some()), "{found:?}");
}

#[test]
fn events_and_config_maps_are_for_everybody() {
    let mut desk = desk(5);
    desk.says("master", &format!("kubectl create configmap plain --from-literal=word={TEXT}"));
    // The text is taken for a program, and the event says so.
    desk.says(
        "master",
        &format!("kubectl run odd --image=busybox --restart=Never --command -- {TEXT}"),
    );
    desk.wait(20);
    let seen = view(&desk);
    leak(&seen, (Surface::Metadata, "master"), ("configmap default/plain", ""), Form::Plain);
    leak(&seen, (Surface::Metadata, "master"), ("event default/odd.", ""), Form::Plain);
    leak(&seen, (Surface::Metadata, "master"), ("pod default/odd", ""), Form::Plain);
}

#[test]
fn last_words_are_for_everybody() {
    let mut desk = desk(7);
    apply(
        &mut desk,
        "apiVersion: v1
kind: Pod
metadata: {name: ended}
spec:
  nodeName: worker2
  restartPolicy: Never
  containers:
  - name: main
    image: busybox
    command: [\"sh\", \"-c\", \"cat /keys/word > /dev/termination-log\"]
    volumeMounts: [{name: keys, mountPath: /keys}]
  volumes:
  - {name: keys, secret: {secretName: pw}}",
    );
    desk.wait(20);
    let seen = view(&desk);
    leak(&seen, (Surface::Metadata, "master"), ("pod default/ended", ""), Form::Plain);
    leak(
        &seen,
        (Surface::File, "worker2"),
        ("/var/lib/kubelet/pods/", "/containers/main/"),
        Form::Plain,
    );
}

const CONFIGURATION: &str = "/etc/kubernetes/pki/enc.yaml";

/// Turns encryption at rest on and writes every Secret again.
fn encrypt(desk: &mut Desk) {
    let text = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - secretbox: {keys: [{name: key1, secret: $(head -c 32 /dev/urandom | base64)}]}\n  - identity: {}";
    desk.says("master", &format!("cat > {CONFIGURATION} <<END\n{text}\nEND"));
    let manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
    let line = format!("--encryption-provider-config={CONFIGURATION}");
    desk.says("master", &format!("sed -i 's|    - kube-apiserver|&\\n    - {line}|' {manifest}"));
    desk.wait(60);
    desk.says("master", "kubectl get secrets -A -o json | kubectl replace -f - > /dev/null");
}

#[test]
fn an_encrypted_etcd_opens_with_the_key_on_the_same_host() {
    let mut desk = desk(6);
    encrypt(&mut desk);
    let seen = view(&desk);
    let disk = seen.disks.iter().find(|disk| disk.node == "master").expect("something is sealed");
    assert_eq!((disk.lock, disk.opened), ("the key lies beside the data", disk.sealed));
    let sealed = |view: &AuditView, node: &str| {
        view.findings.iter().find(|f| f.form == Form::Sealed && f.node == node).cloned()
    };
    let found = sealed(&seen, "master").expect("it opens");
    assert_eq!((found.surface, found.verdict), (Surface::Disk, Verdict::Allowed), "{found:?}");
    assert!(found.why.contains("EncryptionConfiguration"), "{}", found.why);
    // What was written before is in the clear still.
    leak(&seen, (Surface::Disk, "master"), ("/var/lib/etcd/member/snap/db", ""), Form::Base64);

    // A copy of etcd on the same host, with the key.
    desk.says("master", "cp -r /var/lib/etcd /root/backup");
    let seen = view(&desk);
    let copy = seen.disks.iter().find(|disk| disk.copy.as_deref() == Some("/root/backup"));
    assert_eq!(copy.map(|disk| disk.lock), Some("its key is known on the same host"));
    leak(&seen, (Surface::File, "master"), ("/root/backup/member/wal/", ""), Form::Sealed);

    // Somewhere else nothing opens.
    desk.says("master", "mv /root/backup/member/snap/db /root/db; rm -r /root/backup");
    desk.says("master", &format!("rm {CONFIGURATION}"));
    let seen = view(&desk);
    let disk = seen.disks.iter().find(|disk| disk.node == "master").expect("it is there still");
    assert_eq!((disk.lock, disk.opened), ("there is no key beside the data", 0));
    assert!(sealed(&seen, "master").is_none());
}
