//! One seed, one history; another seed, another one.

use glasshive_tests::desk::Desk;
use world::{Recording, Spec, World};

/// The workshop's commands and some more; `{secret}` is the name of the secret.
fn play(seed: u64, secret: &str) -> (World, String) {
    let spec =
        Spec::new(["node1", "node2", "node3"]).with_managers(["node1", "node2"]).with_seed(seed);
    let mut desk = Desk::new(spec);
    let mut text = String::new();
    for (node, line) in [
        ("node1", "echo \"secrets are important\" > sec.txt; ls -l"),
        ("node1", &format!("docker secret create {secret} ./sec.txt")),
        ("node2", "docker secret ls"),
        ("node1", &format!("docker secret inspect {secret}")),
        ("node1", &format!("docker service create --name sec-test --secret={secret} redis:alpine")),
        ("node1", "docker service create --replicas 4 busybox sleep 1000"),
        ("node1", "sleep 20; docker service ls"),
        ("node1", "docker service ps sec-test; docker service inspect sec-test"),
        ("node1", "docker ps -a"),
        ("node2", "docker ps -a --no-trunc"),
        ("node3", "docker ps -a; date"),
        ("node1", "docker node ls; docker info; docker swarm join-token worker"),
        (
            "node1",
            "docker service rm $(docker service ls -q); docker secret rm $(docker secret ls -q)",
        ),
    ] {
        text.push_str(&desk.run(node, line).output);
    }
    desk.world.inject("crash node3").unwrap();
    desk.wait(40);
    text.push_str(&desk.run("node1", "docker node ls").output);
    (desk.world, text)
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (first, shown) = play(7, "sec1");
    let (second, again) = play(7, "sec1");
    assert_eq!(shown, again);
    assert_eq!(first.digest(), second.digest());
    assert_eq!(first.event_count(), second.event_count());
    assert_eq!(first.observe(), second.observe());
}

#[test]
fn another_seed_gives_other_identifiers_but_the_same_layouts() {
    let (one, shown) = play(7, "sec1");
    let (two, other) = play(8, "sec1");
    assert_ne!(one.digest(), two.digest());
    assert_ne!(shown, other);
    let long_words = |text: &str| -> sorted::SortedSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let is_id = |word: &&str| {
            (word.len() == 25 || word.len() == 12) && word.contains(|c: char| c.is_ascii_digit())
        };
        words.filter(is_id).map(str::to_owned).collect()
    };
    let (ids, others) = (long_words(&shown), long_words(&other));
    assert!(ids.len() >= 8, "{ids:?}");
    let common: Vec<_> = ids.intersection(&others).collect();
    // Build commits and image digests are the registry's and the release's, not the run's.
    assert!(common.is_empty(), "{common:?}");
}

#[test]
fn another_name_gives_other_bytes_in_the_log() {
    let (one, _) = play(7, "sec1");
    let (two, shown) = play(7, "other-name");
    assert_ne!(one.digest(), two.digest());
    assert!(shown.contains("other-name"));
}

#[test]
fn a_recording_plays_to_the_same_digest() {
    let (world, _) = play(9, "sec1");
    let stored = serde_json::to_string(&world.recording()).unwrap();
    let recording: Recording = serde_json::from_str(&stored).unwrap();
    let replayed = World::replay(&recording).unwrap();
    assert_eq!(replayed.digest(), world.digest());
    assert_eq!(replayed.observe(), world.observe());
    for node in ["node1", "node2"] {
        assert_eq!(replayed.terminal(node, 0).unwrap(), world.terminal(node, 0).unwrap());
    }
}

#[test]
fn looking_changes_nothing() {
    let run = |look: bool| {
        let mut desk = Desk::classic(12);
        desk.says("node1", "echo x | docker secret create s -");
        for _ in 0..20 {
            desk.wait(1);
            if look {
                let _ = (desk.world.observe(), desk.world.find_bytes(b"x"));
                let _ = (desk.world.terminal("node1", 0), desk.world.recording());
            }
        }
        desk.world.digest()
    };
    assert_eq!(run(true), run(false));
}
