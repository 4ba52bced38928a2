//! The façade itself: typing, recording, completing, crashing. How Docker behaves is tested
//! end to end in `tests/`.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use glasshive_world::{Duration, Error, Input, LINE_LIMIT, Recording, Spec, World};

fn world() -> World {
    World::new(Spec::new(["node1", "node2"]).with_managers(["node1"]).with_seed(7)).unwrap()
}

#[test]
fn a_recording_gives_the_same_history() {
    let mut world = world();
    world.run_line("node1", "echo hello > greeting", LINE_LIMIT).unwrap();
    world.advance(Duration::from_secs(3));
    world.run_line("node1", "docker secret create greeting ./greeting", LINE_LIMIT).unwrap();
    world.inject("crash node2").unwrap();
    world.advance(Duration::from_secs(30));
    let recording = world.recording();
    let replayed = World::replay(&recording).unwrap();
    assert_eq!(replayed.digest(), world.digest());
    assert_eq!(replayed.observe(), world.observe());
    let other = Recording { spec: recording.spec.clone().with_seed(8), ..recording.clone() };
    assert_ne!(World::replay(&other).unwrap().digest(), world.digest());
    let wrong = Recording { format: "other/1".into(), ..recording };
    assert!(matches!(World::replay(&wrong), Err(Error::Recording(_))));
}

#[test]
fn time_may_be_cut_in_any_way() {
    let (mut whole, mut pieces) = (world(), world());
    whole.advance(Duration::from_secs(20));
    for _ in 0..2_000 {
        pieces.advance(Duration::from_millis(10));
    }
    assert_eq!(whole.digest(), pieces.digest());
}

#[test]
fn more_says_that_something_waits_for_input() {
    let mut world = world();
    let result = world.run_line("node1", "cat <<EOF", LINE_LIMIT).unwrap();
    assert!(result.more && result.output.is_empty(), "{result:?}");
    let result = world.run_line("node1", "one\ntwo\nEOF", LINE_LIMIT).unwrap();
    assert_eq!((result.output.as_str(), result.more), ("one\ntwo\n", false));
    let result = world.run_line("node1", "sleep 100", Duration::from_secs(5)).unwrap();
    assert!(result.running);
    world.apply(Input::Interrupt { node: "node1".into() }).unwrap();
    let result = world.run_line("node1", "echo $?", LINE_LIMIT).unwrap();
    assert_eq!(result.output, "130\n");
}

#[test]
fn words_are_completed_where_they_are_typed() {
    let mut world = world();
    world
        .run_line("node1", "echo x > sec.txt; docker secret create sec1 sec.txt", LINE_LIMIT)
        .unwrap();
    for (line, expected) in [
        ("docker sec", "secret"),
        ("docker secret ins", "inspect"),
        ("docker secret rm s", "sec1"),
        ("docker secret create other ./se", "./sec.txt"),
        ("cat se", "sec.txt"),
        ("hostn", "hostname"),
    ] {
        let completion = world.complete("node1", line, line.len()).unwrap();
        assert!(completion.candidates.iter().any(|c| c == expected), "{line}: {completion:?}");
        assert!(expected.starts_with(&line[completion.start..]), "{line}: {completion:?}");
    }
}

#[test]
fn an_impossible_input_changes_nothing() {
    let mut world = world();
    let before = world.digest();
    assert!(matches!(world.inject("crash node9"), Err(Error::UnknownNode(..))));
    assert_eq!(world.inject("restart node1"), Err(Error::NodeUp("node1".into())));
    assert!(matches!(world.inject("explode"), Err(Error::Fault(_))));
    assert_eq!(world.digest(), before);
    world.inject("crash node2").unwrap();
    assert_eq!(world.inject("crash node2"), Err(Error::NodeDown("node2".into())));
    assert!(world.run_line("node2", "ls", LINE_LIMIT).is_err());
}

#[test]
fn a_crashed_host_comes_back_with_its_files() {
    let mut world = world();
    world.run_line("node2", "echo kept > file", LINE_LIMIT).unwrap();
    world.inject("crash node2").unwrap();
    world.advance(Duration::from_secs(20));
    let down = world.run_line("node1", "docker node ls | grep node2", LINE_LIMIT).unwrap();
    assert!(down.output.contains("Down"), "{}", down.output);
    world.inject("restart node2").unwrap();
    world.advance(Duration::from_secs(20));
    let up = world.run_line("node1", "docker node ls | grep node2", LINE_LIMIT).unwrap();
    assert!(up.output.contains("Ready"), "{}", up.output);
    assert_eq!(world.run_line("node2", "cat file", LINE_LIMIT).unwrap().output, "kept\n");
}

#[test]
fn the_tools_of_a_host_see_the_swarms_state() {
    let mut world = world();
    let folder = "/var/lib/docker/swarm";
    let result = world.run_line("node1", &format!("ls {folder}"), LINE_LIMIT).unwrap();
    assert_eq!(result.output, "certificates  docker-state.json  raft  state.json  worker\n");
    let count = format!("cat {folder}/raft/wal-v3-encrypted/* | wc -c");
    let before = world.run_line("node1", &count, LINE_LIMIT).unwrap().output;
    world.run_line("node1", "echo otter | docker secret create s -", LINE_LIMIT).unwrap();
    let after = world.run_line("node1", &count, LINE_LIMIT).unwrap().output;
    assert!(after.trim().parse::<u64>().unwrap() > before.trim().parse::<u64>().unwrap());
    let search = format!("grep -r otter {folder}");
    assert_eq!(world.run_line("node1", &search, LINE_LIMIT).unwrap().output, "");
}

#[test]
fn a_manager_advertises_an_interface_or_an_address_that_only_others_know() {
    for (wanted, expected) in [
        ("eth0", "192.168.0.11:2377"),
        ("192.168.0.11:2400", "192.168.0.11:2400"),
        ("1.2.3.4", "1.2.3.4:2377"),
        ("eth7", "advertise address must be a non-zero IP address or network interface"),
        ("0.0.0.0", "advertise address must be a non-zero IP address or network interface"),
    ] {
        let mut world = World::new(Spec::new(["node1"]).with_seed(7)).unwrap();
        let line = format!("docker swarm init --advertise-addr {wanted}");
        let result = world.run_line("node1", &line, LINE_LIMIT).unwrap();
        assert!(result.output.contains(expected), "{wanted}: {}", result.output);
        let refused = expected.starts_with("advertise");
        assert_eq!(result.status, i32::from(refused));
        let nodes = world.run_line("node1", "docker node ls -q | wc -l", LINE_LIMIT).unwrap();
        assert_eq!(nodes.output.lines().last(), Some(if refused { "0" } else { "1" }));
    }
}
