//! Several managers: what one knows, all know, and a minority may be lost.

use glasshive_tests::desk::Desk;
use world::{Spec, Surface};

const MANAGERS: [&str; 3] = ["node1", "node2", "node3"];

fn three(docker: &str, seed: u64) -> Desk {
    let names = ["node1", "node2", "node3", "node4", "node5"];
    Desk::new(Spec::new(names).with_managers(MANAGERS).with_docker(docker).with_seed(seed))
}

fn leader(desk: &Desk) -> String {
    desk.world.observe().leader.unwrap()
}

#[test]
fn every_manager_lists_the_secret_and_takes_commands() {
    let mut desk = three("17.03", 1);
    let id = desk.says("node2", "echo hidden-words | docker secret create from2 -");
    for node in MANAGERS {
        assert_eq!(desk.says(node, "docker secret ls -q"), id, "{node}");
        let shown = desk.says(node, "docker node ls");
        assert_eq!(shown.matches("Leader").count(), 1, "{shown}");
        assert_eq!(shown.matches("Reachable").count(), 2, "{shown}");
    }
    for node in ["node4", "node5"] {
        assert!(desk.fails(node, "docker secret ls", 1).contains("Worker nodes can't be used"));
    }
    desk.says("node3", "docker service create --name web --secret from2 --replicas 5 nginx");
    desk.until_running("web", 5);
    let surfaces = desk.surfaces_with("hidden-words");
    for node in ["node1", "node2", "node3", "node4", "node5"] {
        assert!(surfaces.contains(&(Surface::Tmpfs, node.into())), "{surfaces:?}");
    }
    assert!(!surfaces.iter().any(|(surface, _)| matches!(surface, Surface::Disk | Surface::Frame)));
}

#[test]
fn the_leader_may_die_and_come_back() {
    for (docker, seed) in [("17.03", 1), ("20.10", 2), ("17.03", 3)] {
        let mut desk = three(docker, seed);
        let id = desk.says("node1", "echo x | docker secret create before -");
        let old = leader(&desk);
        desk.world.inject(&format!("crash {old}")).unwrap();
        desk.until("another leader", |seen| {
            seen.has_quorum && seen.leader.as_ref().is_some_and(|new| *new != old)
        });
        let new = leader(&desk);
        let others: Vec<&str> = MANAGERS.into_iter().filter(|node| *node != old).collect();
        for node in &others {
            assert_eq!(desk.says(node, "docker secret ls -q"), id, "seed {seed}, {node}");
        }
        desk.wait(10);
        let shown = desk.says(&new, "docker node ls");
        let dead = shown.lines().find(|line| line.contains(&old)).unwrap();
        assert!(dead.contains("Unreachable"), "seed {seed}\n{shown}");
        desk.says(others[0], "echo y | docker secret create after -");
        // Nothing is forgotten by the one that was away, and it learns what it missed.
        desk.world.inject(&format!("restart {old}")).unwrap();
        desk.until("the old leader follows", |seen| {
            let node = seen.nodes.iter().find(|node| node.name == old);
            node.is_some_and(|node| node.store_secrets.len() == 2)
        });
        desk.wait(20);
        let listed = desk.says(&old, "docker secret ls -q");
        assert_eq!(listed.lines().count(), 2, "{listed}");
        let shown = desk.says(&old, "docker node ls");
        assert_eq!(shown.matches("Reachable").count(), 2, "seed {seed}\n{shown}");
        assert_eq!(shown.matches("Ready").count(), 5, "seed {seed}\n{shown}");
    }
}

#[test]
fn without_a_majority_nothing_is_answered_and_nothing_is_lost() {
    let mut desk = three("20.10", 4);
    let id = desk.says("node1", "echo x | docker secret create kept -");
    for node in ["node1", "node3"] {
        desk.world.inject(&format!("crash {node}")).unwrap();
    }
    desk.wait(30);
    assert!(!desk.world.observe().has_quorum);
    let refused = desk.fails("node2", "docker secret ls", 1);
    assert!(refused.contains("The swarm does not have a leader."), "{refused}");
    let refused = desk.fails("node2", "echo y | docker secret create lost -", 1);
    assert!(refused.starts_with("Error response from daemon: rpc error:"), "{refused}");
    desk.world.inject("restart node3").unwrap();
    desk.until("a quorum", |seen| seen.has_quorum);
    desk.wait(5);
    assert_eq!(desk.says("node2", "docker secret ls -q"), id);
    assert_eq!(desk.says("node3", "docker secret ls -q"), id);
}

/// A manager that was cut off has raised its term again and again. Back, it makes the leader step down,
/// unless it asked first whether it could win (`pre-vote`, which swarms do not have).
#[test]
fn a_manager_that_comes_back_disturbs_the_leader_unless_it_asks_first() {
    for (pre_vote, seed) in [(false, 7), (true, 7), (false, 8), (true, 8)] {
        let mut spec = Spec::new(MANAGERS).with_managers(MANAGERS).with_docker("20.10");
        spec.pre_vote = pre_vote;
        let mut desk = Desk::new(spec.with_seed(seed));
        let old = leader(&desk);
        let away = MANAGERS.into_iter().find(|node| *node != old).unwrap();
        let term = |desk: &Desk, node: &str| {
            let seen = desk.world.observe();
            seen.nodes.iter().find(|known| known.name == node).unwrap().raft.as_ref().unwrap().term
        };
        let before = term(&desk, &old);
        desk.world.inject(&format!("isolate {away}")).unwrap();
        desk.wait(120);
        assert_eq!(term(&desk, &old), before, "the leader has a majority");
        assert_eq!(before < term(&desk, away), !pre_vote, "seed {seed}, pre-vote {pre_vote}");
        desk.world.inject(&format!("heal {away}")).unwrap();
        desk.wait(60);
        assert!(desk.world.observe().has_quorum);
        assert_eq!(before < term(&desk, &old), !pre_vote, "seed {seed}, pre-vote {pre_vote}");
        if pre_vote {
            assert_eq!(leader(&desk), old, "seed {seed}");
        }
    }
}

#[test]
fn one_manager_restarts_with_all_it_had() {
    let mut desk = Desk::classic(6);
    let id = desk.says("node1", "echo x | docker secret create kept -");
    let service =
        desk.says("node1", "docker service create --name web --secret kept --replicas 2 nginx");
    desk.until_running("web", 2);
    desk.world.inject("crash node1").unwrap();
    desk.wait(2);
    desk.world.inject("restart node1").unwrap();
    desk.until("a leader", |seen| seen.has_quorum);
    desk.wait(10);
    assert_eq!(desk.says("node1", "docker secret ls -q"), id);
    assert_eq!(desk.says("node1", "docker service ls -q"), service);
    desk.until_running("web", 2);
    desk.wait(30);
    let nodes = desk.says("node1", "docker node ls");
    assert_eq!(nodes.matches("Ready").count(), 3, "{nodes}");
}
