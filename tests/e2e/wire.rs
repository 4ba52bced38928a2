//! What an eavesdropper reads: of an overlay everything, unless the network is encrypted; of the Engine API everything,
//! unless it is asked over TLS.

use glasshive_tests::desk::Desk;
use world::{AuditRules, Duration, Fault, Form, Input, PlaceRule, Spec, Surface, Verdict};

/// What travels; the shell's history has it in two halves.
const TEXT: &str = "marmalade-on-tuesday";

#[test]
fn an_overlay_is_readable_on_the_wire_and_an_encrypted_one_is_not() {
    for (options, seed) in [("", 3), ("--opt encrypted", 4)] {
        let spec = Spec::new(["one", "two"]).with_managers(["one"]).with_docker("19.03");
        let mut desk = Desk::new(spec.with_seed(seed));
        desk.says("one", &format!("docker network create -d overlay {options} wires > /dev/null"));
        for (name, node) in [("server", "two"), ("client", "one")] {
            let create = format!(
                "docker service create -d -q --name {name} --network wires \
                 --constraint node.hostname=={node} redis:alpine > /dev/null"
            );
            desk.says("one", &create);
            desk.until_running(name, 1);
        }
        desk.wait(2);
        let set = "A=marmalade; docker exec $(docker ps -qf name=client) \
                   redis-cli -h server set k $A-on-tuesday";
        assert_eq!(desk.says("one", set), "OK\n", "seed {seed}");
        let in_frames = desk.surfaces_with(TEXT).iter().any(|(it, _)| *it == Surface::Frame);
        assert_eq!(in_frames, options.is_empty(), "seed {seed}, {options:?}");
    }
}

/// A swarm of `shed` and `attic`; the daemon on `shed` listens with these flags.
fn listening(flags: &str, seed: u64) -> Desk {
    let spec = Spec::new(["attic", "shed"]).with_managers(["shed"]).with_docker("20.10");
    let mut desk = Desk::new(spec.with_seed(seed));
    desk.world.start_audit();
    let folder = "/etc/systemd/system/docker.service.d";
    desk.says(
        "shed",
        &format!(
            "mkdir {folder}; printf '[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// {flags}\n' \
             > {folder}/tcp.conf; systemctl daemon-reload; systemctl restart docker"
        ),
    );
    desk.wait(20);
    desk
}

/// A certificate authority, and what it has signed for the daemon and for a client, on both hosts.
fn certificates(desk: &mut Desk) {
    for line in [
        "openssl genrsa -out ca-key.pem 2048; openssl req -new -x509 -key ca-key.pem -subj /CN=ca -out ca.pem",
        "for who in shed client; do openssl genrsa -out $who-key.pem 2048; openssl req -new -key $who-key.pem \
         -subj /CN=$who -out $who.csr; echo subjectAltName=DNS:$who > $who.ext; openssl x509 -req -in $who.csr \
         -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out $who.pem -extfile $who.ext 2> /dev/null; done",
        "mkdir .docker; cp ca.pem .docker; cp client.pem .docker/cert.pem; cp client-key.pem .docker/key.pem",
        "ssh attic mkdir .docker; for f in ca cert key; do ssh attic \"cat > .docker/$f.pem\" < .docker/$f.pem; done",
    ] {
        desk.says("shed", line);
    }
}

/// What is done with a secret from `attic`: it is made, a service gets it, and a program shows it.
fn work(desk: &mut Desk, docker: &str) {
    let make = format!("A=marmalade; printf $A-on-tuesday | {docker} secret create pw -");
    desk.says("attic", &make);
    let on = "--constraint node.hostname==shed";
    desk.says("attic", &format!("{docker} service create -d -q --name web {on} --secret pw nginx"));
    desk.until_running("web", 1);
    let count = format!("{docker} exec $({docker} ps -q) cat /run/secrets/pw | wc -c");
    assert_eq!(desk.says("attic", &count), "20\n");
}

#[test]
fn a_client_without_tls_tells_the_wire_its_secret_and_one_with_tls_does_not() {
    let mut desk = listening("-H tcp://0.0.0.0:2375", 5);
    work(&mut desk, "docker -H shed");
    assert_eq!(desk.world.audit_differences(), [] as [String; 0]);
    let view = desk.world.audit_view(&AuditRules::default()).unwrap();
    let frames: Vec<_> =
        view.findings.iter().filter(|finding| finding.surface == Surface::Frame).collect();
    let found: Vec<_> = frames.iter().map(|it| (it.node.as_str(), it.form)).collect();
    // On its way there, and on its way back when somebody has it shown.
    assert_eq!(found, [("attic", Form::Base64), ("shed", Form::Plain)], "{frames:#?}");
    for frame in frames {
        assert_eq!((frame.needle.as_str(), frame.verdict), ("pw", Verdict::Unexpected));
        let typed = frame.causes.last().map(|cause| (cause.kind, cause.text.contains("docker -H")));
        assert_eq!(typed, Some(("input", true)), "{frame:#?}");
    }
    let allowed = AuditRules {
        allow: vec![PlaceRule::parse("pw in frame").unwrap()],
        ..AuditRules::default()
    };
    let view = desk.world.audit_view(&allowed).unwrap();
    let verdicts = view.findings.iter().filter(|it| it.surface == Surface::Frame);
    assert!(
        verdicts.clone().count() == 2
            && verdicts.clone().all(|it| it.verdict != Verdict::Unexpected)
    );

    let mut desk = listening("", 6);
    certificates(&mut desk);
    let flags = "-H tcp://0.0.0.0:2376 --tlsverify --tlscacert=ca.pem --tlscert=shed.pem --tlskey=shed-key.pem";
    let flags = flags.replace("=shed", "=/root/shed").replace("=ca", "=/root/ca");
    desk.says(
        "shed",
        &format!(
            "sed -i 's#-H fd://#-H fd:// {flags}#' /etc/systemd/system/docker.service.d/tcp.conf; \
             systemctl daemon-reload; systemctl restart docker"
        ),
    );
    desk.wait(20);
    work(&mut desk, "docker --tlsverify -H shed:2376");
    let view = desk.world.audit_view(&AuditRules::default()).unwrap();
    let frames = view.findings.iter().filter(|finding| finding.surface == Surface::Frame);
    assert_eq!(frames.count(), 0);
    let in_frames =
        desk.surfaces_with("secrets/create").iter().any(|(it, _)| *it == Surface::Frame);
    assert!(!in_frames, "the request is sealed");
}

#[test]
fn a_server_that_loses_its_power_is_given_up_and_found_again() {
    for seed in 7..10 {
        let mut desk = listening("-H tcp://0.0.0.0:2375", seed);
        desk.says("attic", "docker -H shed run -d --name nap busybox sleep 10000");
        desk.run_for("attic", "docker -H shed wait nap > told 2>&1", Duration::from_secs(5));
        desk.world.apply(Input::fault(Fault::parse("crash shed").unwrap())).unwrap();
        desk.wait(140);
        let told = desk.says("attic", "cat told");
        assert!(
            told.contains("connection timed out") || told.contains("no route"),
            "seed {seed}: {told}"
        );
        let down = "Cannot connect to the Docker daemon at tcp://shed:2375. Is the docker daemon running?\n";
        assert_eq!(desk.fails("attic", "docker -H shed ps", 1), down, "seed {seed}");
        desk.world.apply(Input::fault(Fault::parse("restart shed").unwrap())).unwrap();
        desk.wait(20);
        // What its unit says is on the disk.
        assert_eq!(
            desk.says("attic", "docker -H shed ps -aqf name=nap | wc -l"),
            "1\n",
            "seed {seed}"
        );
    }
}

#[test]
fn a_server_that_starts_again_knows_of_no_request() {
    let mut desk = listening("-H tcp://0.0.0.0:2375", 7);
    desk.says("attic", "docker -H shed run -d --name nap busybox sleep 10000");
    desk.run_for("attic", "docker -H shed wait nap > told 2>&1", Duration::from_secs(5));
    for fault in ["crash shed", "restart shed"] {
        desk.world.apply(Input::fault(Fault::parse(fault).unwrap())).unwrap();
    }
    desk.wait(60);
    let told = desk.says("attic", "cat told");
    assert!(told.ends_with(": read: connection reset by peer\n"), "{told}");
}

#[test]
fn a_unit_is_edited_and_read_again() {
    let mut desk = listening("", 13);
    desk.says("shed", "rm /etc/systemd/system/docker.service.d/tcp.conf");
    assert!(desk.run("shed", "systemctl edit docker").editor.is_some());
    let text = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// -H tcp://:2375 \\\n  -H 192.168.0.12\n";
    let (node, text) = ("shed".to_owned(), Some(text.to_owned()));
    desk.world.apply(Input::Edit { node, text }).unwrap();
    desk.says("shed", "systemctl restart docker");
    desk.wait(20);
    assert_eq!(desk.says("attic", "docker -H shed info --format '{{.Name}}'"), "shed\n");
    assert_eq!(desk.says("shed", "docker -H tcp://localhost info --format '{{.Name}}'"), "shed\n");
}

#[test]
fn a_request_that_a_link_doubles_is_done_once() {
    let mut desk = listening("-H tcp://0.0.0.0:2375", 12);
    desk.says("attic", "docker -H shed pull -q busybox");
    for fault in ["duplicate attic shed 100%", "loss attic shed 10%"] {
        desk.world.apply(Input::fault(Fault::parse(fault).unwrap())).unwrap();
    }
    desk.says("attic", "docker -H shed run -d busybox sleep 1000");
    desk.says("attic", "printf a-secret | docker -H shed secret create pw -");
    assert_eq!(desk.says("shed", "docker ps -q | wc -l"), "1\n");
    // Its daemon's successor is heard as well.
    desk.says("attic", "systemctl restart docker; docker -H shed run -d busybox sleep 1000");
    assert_eq!(desk.says("shed", "docker ps -q | wc -l"), "2\n");
}

#[test]
fn bytes_that_are_no_request_are_answered_and_no_more() {
    let mut desk = listening("-H tcp://0.0.0.0:2375", 11);
    desk.says("attic", "printf x | docker -H shed secret create pw -");
    for (command, said) in [
        ("curl -s http://shed:2375/_ping", "OK"),
        ("curl -s http://shed:2375/v1.41/containers/json", "not simulated"),
        (
            "curl -s -d '{\"Name\":\"by-hand\",\"Data\":\"eA==\"}' http://shed:2375/secrets/create",
            "{\"ID\":",
        ),
        (
            "curl -s -d '{\"Name\":\"by-hand\",\"Data\":\"eA==\"}' http://shed:2375/secrets/create",
            "already exists",
        ),
        ("curl -s -d '{\"Name\":' http://shed:2375/secrets/create", "not simulated"),
        ("curl -s -d '{\"Data\":\"?\"}' http://shed:2375/configs/create", "not simulated"),
        (
            "curl -s -H 'Content-Type: application/x-postcard' -d '0123456789' http://shed:2375/x",
            "not simulated",
        ),
        ("curl -s http://192.168.0.12:2375/ 2>&1", "not simulated"),
    ] {
        let told = desk.run("attic", command).output;
        assert!(told.contains(said), "{command}: {told}");
    }
    assert_eq!(desk.says("shed", "docker secret ls -q | wc -l"), "2\n");
}
