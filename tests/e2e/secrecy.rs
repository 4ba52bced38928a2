//! Where the clear text is: in no frame and on no disk, in the memory of the task's node, and nowhere
//! after the clean-up. The search goes over the very bytes that the simulated machines hold.

use glasshive_tests::desk::Desk;
use world::{Spec, Surface};

/// Not typed anywhere: the file is put on the host, so that terminals and history do not know it.
const TEXT: &str = "correct horse battery staple";

fn with_file(spec: Spec, node: &str, text: &str) -> Desk {
    let mut desk = Desk::new(spec);
    let put = world::Input::WriteFile {
        node: node.into(),
        path: "/root/sec.txt".into(),
        text: text.into(),
    };
    desk.world.apply(put).unwrap();
    desk
}

fn spec(seed: u64) -> Spec {
    Spec::new(["m1", "m2", "m3", "w1", "w2"]).with_managers(["m1", "m2", "m3"]).with_seed(seed)
}

#[test]
fn the_search_itself_finds_what_leaks() {
    let mut desk = with_file(spec(1), "m1", TEXT);
    desk.says("m1", "cp sec.txt copy; cat sec.txt");
    desk.says(
        "m1",
        "docker service create --name env -e PASSWORD=\"$(cat sec.txt)\" nginx > /dev/null",
    );
    desk.until_running("env", 1);
    let surfaces: Vec<Surface> =
        desk.surfaces_with(TEXT).into_iter().map(|found| found.0).collect();
    for surface in [Surface::File, Surface::Terminal, Surface::Metadata] {
        assert!(surfaces.contains(&surface), "{surface:?} in {surfaces:?}");
    }
}

#[test]
fn a_secret_is_only_where_its_task_is() {
    for (docker, seed) in [("17.03", 1), ("17.03", 2), ("20.10", 3)] {
        let text = format!("{TEXT} {seed}");
        let mut desk = with_file(spec(seed).with_docker(docker), "m1", &text);
        desk.says("m1", "docker secret create s sec.txt && rm sec.txt");
        let managers = |surface| ["m1", "m2", "m3"].map(|node| (surface, node.to_owned())).to_vec();
        // Followers learn from the next message what is committed.
        desk.wait(2);
        // The managers' stores only.
        assert_eq!(desk.surfaces_with(&text), managers(Surface::Memory), "seed {seed}");

        let create = "docker service create --name user --secret s redis:alpine > /dev/null";
        desk.says("m2", create);
        desk.says("m2", "docker service create --name stranger --replicas 5 nginx > /dev/null");
        desk.until_running("user", 1);
        desk.until_running("stranger", 5);
        let node = desk.nodes_of("user").remove(0);
        let mut expected = managers(Surface::Memory);
        expected.push((Surface::Memory, node.clone()));
        expected.push((Surface::Tmpfs, node.clone()));
        expected.sort();
        expected.dedup();
        assert_eq!(desk.surfaces_with(&text), expected, "seed {seed}");
        for seen in desk.world.observe().nodes {
            let holds: &[&str] = if seen.name == node { &["s"] } else { &[] };
            assert_eq!(seen.agent_secrets, holds, "seed {seed}, {}", seen.name);
        }
        let read = "docker exec $(docker ps -qf name=user) cat /run/secrets/s > /dev/null";
        desk.says(&node, read);
        assert_eq!(desk.surfaces_with(&text), expected, "seed {seed}");

        // The clean-up, at any manager.
        desk.says("m3", "docker service rm user && docker secret rm s");
        assert_eq!(desk.says("m1", "docker secret ls -q"), "");
        desk.until("nobody holds it", |seen| {
            seen.nodes.iter().all(|node| node.agent_secrets.is_empty())
        });
        desk.wait(15);
        assert_eq!(desk.surfaces_with(&text), [], "seed {seed}");
    }
}

#[test]
fn scaling_moves_the_secret_with_the_tasks() {
    let mut desk = with_file(spec(5), "m1", TEXT);
    desk.says("m1", "docker secret create s sec.txt && rm sec.txt");
    desk.says("m1", "docker service create --name user --secret s --replicas 2 nginx > /dev/null");
    for replicas in [2, 4, 1, 0] {
        desk.says("m1", &format!("docker service scale user={replicas} > /dev/null"));
        desk.until_running("user", replicas);
        desk.wait(15);
        let mut nodes = desk.nodes_of("user");
        nodes.sort();
        let tmpfs: Vec<String> = desk
            .surfaces_with(TEXT)
            .into_iter()
            .filter(|(surface, _)| *surface == Surface::Tmpfs)
            .map(|(_, node)| node)
            .collect();
        assert_eq!(tmpfs, nodes, "{replicas} replicas");
        let agents: Vec<String> = desk
            .world
            .observe()
            .nodes
            .into_iter()
            .filter(|node| !node.agent_secrets.is_empty())
            .map(|node| node.name)
            .collect();
        assert_eq!(agents, nodes, "{replicas} replicas");
    }
}

#[test]
fn a_crash_leaves_no_clear_text_behind() {
    let mut desk = with_file(spec(6), "m1", TEXT);
    desk.says("m1", "docker secret create s sec.txt && rm sec.txt");
    desk.says("m1", "docker service create --name user --secret s --replicas 5 nginx > /dev/null");
    desk.until_running("user", 5);
    for node in ["m1", "m2", "m3", "w1", "w2"] {
        desk.world.inject(&format!("crash {node}")).unwrap();
    }
    assert_eq!(desk.surfaces_with(TEXT), []);
    for node in ["m1", "m2", "m3", "w1", "w2"] {
        desk.world.inject(&format!("restart {node}")).unwrap();
    }
    desk.until("five mounts", |seen| {
        seen.nodes.iter().all(|node| {
            node.containers.iter().any(|one| one.state == "running" && one.secrets == ["s"])
        })
    });
    // From the sealed log to the stores and to the tasks, and again nowhere else.
    assert!(
        desk.surfaces_with(TEXT)
            .iter()
            .all(|(surface, _)| { matches!(surface, Surface::Memory | Surface::Tmpfs) })
    );
    assert!(desk.surfaces_with(TEXT).contains(&(Surface::Tmpfs, "w2".into())));
}

#[test]
fn no_command_and_no_answer_shows_it() {
    for docker in ["17.03", "20.10"] {
        let spec = Spec::new(["m1", "w1"]).with_managers(["m1"]).with_docker(docker);
        let mut desk = with_file(spec, "m1", TEXT);
        desk.says("m1", "docker secret create s sec.txt && rm sec.txt");
        desk.says(
            "m1",
            "docker service create --name user --secret s --replicas 2 nginx > /dev/null",
        );
        desk.until_running("user", 2);
        for command in [
            "docker secret inspect s",
            "docker secret inspect --format '{{json .}}' s",
            "docker inspect s",
            "docker service inspect user",
            "docker inspect user",
            "docker inspect $(docker ps -q)",
            "docker info",
            "docker node inspect self",
            "docker inspect $(docker service ps -q user | head -n 1)",
        ] {
            let shown = desk.says("m1", command);
            assert!(!shown.contains(TEXT), "{command}\n{shown}");
            // A container's graph driver has a member `Data`, too.
            assert!(!shown.contains("\"Data\": \""), "{command}\n{shown}");
        }
        // A worker cannot ask: neither for the secret nor with the ID.
        let id = desk.says("m1", "docker secret ls -q");
        let id = id.trim_end();
        for command in ["docker secret inspect s", "docker secret ls"] {
            let refused = desk.fails("w1", command, 1);
            assert!(refused.contains("This node is not a swarm manager."), "{refused}");
        }
        let refused = desk.fails("w1", &format!("docker inspect {id}"), 1);
        assert!(refused.contains("o such object"), "{refused}");
        assert!(
            desk.surfaces_with(TEXT)
                .iter()
                .all(|(surface, _)| { matches!(surface, Surface::Memory | Surface::Tmpfs) })
        );
    }
}

/// The services that nodes speak with each other, as the traffic's source names them.
#[test]
fn nodes_have_no_message_to_ask_for_a_secret() {
    let source = include_str!("../../core/swarm/src/transport/protocol.rs");
    let requests = source.split("pub(crate) enum Request {").nth(1).unwrap();
    let requests = requests.split("\n}\n").next().unwrap();
    let kinds: Vec<&str> = requests
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.split(['(', ' ', ',']).next().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "RootCa",
            "IssueCertificate",
            "CertificateStatus",
            "Health",
            "RaftJoin",
            "Control",
            "OpenSession",
            "Heartbeat",
            "UpdateTaskStatus",
        ],
        "a new request between nodes: make sure that no node can ask for a secret with it"
    );
}
