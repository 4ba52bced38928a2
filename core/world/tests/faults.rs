//! Every fault of the vocabulary has an effect that a person at a terminal can see, and a chain of
//! causes leads from the effect back to it.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

use glasshive_world::fault::FORMS;
use glasshive_world::{ArmedState, Duration, Error, Fault, Input, LINE_LIMIT, Spec, World};

const NODES: [&str; 4] = ["node1", "node2", "node3", "worker"];

fn world(managers: usize) -> World {
    let spec = Spec::new(NODES).with_managers(NODES[..managers].iter().copied());
    World::new(spec.with_docker("20.10").with_seed(11)).unwrap()
}

fn run(world: &mut World, node: &str, line: &str) -> String {
    world.run_line(node, line, LINE_LIMIT).unwrap().output
}

/// Kinds and details from an entry of the history back to where it began.
fn chain(world: &World, kind: &str, detail: &str) -> Vec<String> {
    let trace = world.trace();
    let found = trace
        .entries()
        .rev()
        .find(|entry| entry.kind == kind && entry.detail.contains(detail))
        .unwrap_or_else(|| panic!("nothing of the kind {kind} with `{detail}` in the history"));
    let mut chain = vec![found.kind.to_owned()];
    let mut cause = found.cause;
    while let Some(entry) = cause.and_then(|id| trace.entry(id)) {
        chain.push(format!("{} {}", entry.kind, entry.detail));
        cause = entry.cause;
    }
    chain
}

#[track_caller]
fn leads_to(world: &World, kind: &str, detail: &str, fault: &str) {
    let chain = chain(world, kind, detail);
    assert!(chain.iter().any(|link| link == fault), "{chain:#?}");
}

fn node_status(world: &mut World, at: &str, node: &str) -> String {
    let line = format!("docker node ls --filter name={node} --format '{{{{.Status}}}}'");
    run(world, at, &line).trim().to_owned()
}

#[test]
fn a_crash_is_the_cause_of_what_follows() {
    let mut world = world(3);
    let old = world.observe().leader.unwrap();
    world.inject("crash leader").unwrap();
    world.inject("crash worker").unwrap();
    world.advance(Duration::from_secs(60));
    let seen = world.observe();
    assert!(seen.leader.is_some_and(|leader| leader != old));
    let crash = format!("fault {old} loses its power");
    leads_to(&world, "raft.campaign", "asks for votes", &crash);
    leads_to(&world, "raft.elected", "", &crash);
    leads_to(&world, "dispatcher.node_down", "worker", "fault worker loses its power");
    leads_to(&world, "store.applied", &format!("update node {old} "), &crash);
}

#[test]
fn a_torn_write_is_dropped_and_the_manager_goes_on() {
    let mut lost_count = 0;
    for seed in 0..8 {
        let spec = Spec::new(NODES).with_managers(["node1"]).with_seed(seed);
        let mut world = World::new(spec).unwrap();
        world.arm("entry.appended(kind=secret)", &["power-loss node1"]).unwrap();
        world.type_line("node1", "echo one | docker secret create one -").unwrap();
        world.advance(Duration::from_secs(1));
        assert_eq!(world.armed()[0].state, ArmedState::Struck);
        world.inject("restart node1").unwrap();
        world.advance(Duration::from_secs(5));
        // Nobody was told that it is there; the whole record may have reached the disk all the same.
        let list = run(&mut world, "node1", "docker secret ls -q");
        assert!(list.lines().count() <= 1, "seed {seed}: {list}");
        lost_count += u64::from(list.is_empty());
    }
    assert!(lost_count > 0);
}

#[test]
fn what_is_armed_is_seen_and_can_be_disarmed() {
    let mut world = world(1);
    world.arm("entry.appended(kind=secret)", &["crash node1"]).unwrap();
    let seen = world.observe().armed;
    assert_eq!(seen.len(), 1);
    let text = &seen[0].text;
    assert!(text.contains("a change of secret: node1 loses its power"), "{text}");
    world.apply(Input::Disarm { armed: seen[0].id }).unwrap();
    assert!(world.observe().armed.is_empty());
    assert!(world.apply(Input::Disarm { armed: seen[0].id }).is_err(), "it waits no more");
    run(&mut world, "node1", "echo one | docker secret create one -");
    assert_eq!(run(&mut world, "node1", "docker secret ls --format '{{.Name}}'"), "one\n");
}

#[test]
fn a_frozen_host_waits_and_goes_on() {
    let mut world = world(3);
    world.type_line("worker", "sleep 20; echo awake").unwrap();
    world.inject("freeze worker").unwrap();
    assert!(world.observe().nodes[3].frozen);
    assert_eq!(world.run_line("worker", "ls", LINE_LIMIT), Err(Error::NodeFrozen("worker".into())));
    world.advance(Duration::from_secs(60));
    assert_eq!(node_status(&mut world, "node1", "worker"), "Down");
    assert_eq!(world.terminal("worker", 0).unwrap().blocks.last().unwrap().status, None);
    leads_to(&world, "dispatcher.node_down", "worker", "fault worker freezes");
    world.inject("thaw worker").unwrap();
    world.advance(Duration::from_secs(20));
    assert_eq!(run(&mut world, "worker", "echo $?"), "awake\n0\n");
    assert_eq!(node_status(&mut world, "node1", "worker"), "Ready");
}

#[test]
fn a_frozen_leader_is_replaced_and_steps_down() {
    let mut world = world(3);
    let old = world.observe().leader.unwrap();
    world.inject("freeze leader").unwrap();
    world.advance(Duration::from_secs(40));
    let new = world
        .observe()
        .nodes
        .iter()
        .find(|node| node.leader && !node.frozen)
        .map(|node| node.name.clone());
    assert!(new.is_some_and(|new| new != old));
    world.inject(&format!("thaw {old}")).unwrap();
    world.advance(Duration::from_secs(10));
    assert_eq!(world.observe().nodes.iter().filter(|node| node.leader).count(), 1);
}

#[test]
fn a_cut_is_seen_and_healed() {
    let mut world = world(3);
    world.inject("isolate worker").unwrap();
    assert_eq!(world.observe().links.len(), 6);
    world.advance(Duration::from_secs(40));
    assert_eq!(node_status(&mut world, "node1", "worker"), "Down");
    let cut = "fault frames from and to worker are lost";
    leads_to(&world, "dispatcher.node_down", "worker", cut);
    leads_to(&world, "net.frame", "is lost", cut);
    world.inject("heal worker").unwrap();
    world.advance(Duration::from_secs(40));
    assert_eq!(node_status(&mut world, "node1", "worker"), "Ready");
    assert!(world.observe().links.is_empty());
    // One way is enough to be silent.
    world.inject("cut worker -> leader").unwrap();
    world.advance(Duration::from_secs(40));
    assert_eq!(node_status(&mut world, "node1", "worker"), "Down");
}

#[test]
fn a_partition_leaves_the_greater_part_a_leader() {
    let mut world = world(3);
    let leader = world.observe().leader.unwrap();
    world.inject("partition leader").unwrap();
    world.advance(Duration::from_secs(60));
    let seen = world.observe();
    assert!(seen.nodes.iter().any(|node| node.leader && node.name != leader));
    let error = run(&mut world, &leader, "docker node ls");
    assert!(error.contains("The swarm does not have a leader."), "{error}");
    leads_to(&world, "raft.stepped_down", "", "fault the network is parted: node1 | the others");
    world.inject("heal all").unwrap();
    // The old leader's higher term comes in, and there is another election.
    world.advance(Duration::from_secs(60));
    let nodes = run(&mut world, &leader, "docker node ls");
    assert!(nodes.contains("Leader"), "{nodes}");
}

#[test]
fn latency_makes_commands_slow() {
    let mut world = world(3);
    let time = |world: &mut World, name: &str| {
        let before = world.now();
        let line = format!("echo x | docker secret create {name} -");
        let result = world.run_line("node1", &line, LINE_LIMIT).unwrap();
        assert_eq!(result.status, 0, "{}", result.output);
        world.now().since(before).as_millis()
    };
    assert!(time(&mut world, "fast") < 100);
    world.inject("latency all 300ms").unwrap();
    let slow = time(&mut world, "slow");
    assert!((600..2_500).contains(&slow), "{slow} ms");
}

#[test]
fn lost_frames_come_late_and_doubled_ones_do_no_harm() {
    let mut world = world(3);
    let elections = |world: &World| {
        world.trace().entries().filter(|entry| entry.kind == "raft.elected").count()
    };
    let before = elections(&world);
    world.inject("duplicate all 50%").unwrap();
    world.advance(Duration::from_secs(3));
    leads_to(&world, "net.frame", "arrives twice", "fault of all frames 50% arrive twice");
    world.inject("loss all 5%").unwrap();
    for number in 0..10 {
        let line = format!("echo x | docker secret create s{number} -");
        let result = world.run_line("node1", &line, LINE_LIMIT).unwrap();
        assert_eq!(result.status, 0, "{}", result.output);
    }
    world.advance(Duration::from_secs(60));
    assert_eq!(run(&mut world, "node2", "docker secret ls -q | wc -l"), "10\n");
    assert_eq!(elections(&world), before, "nobody was taken for dead");
    let closed = world.trace().entries().filter(|entry| entry.kind == "agent.session_lost").count();
    assert_eq!(closed, 0, "no connection broke");
    leads_to(&world, "net.frame", "sent again", "fault of all frames 5% are lost");
}

#[test]
fn a_slow_disk_makes_writes_slow() {
    let mut world = world(1);
    world.inject("slow-disk node1 2s").unwrap();
    let before = world.now();
    run(&mut world, "node1", "echo x | docker secret create one -");
    assert!(world.now().since(before) >= Duration::from_secs(2));
    assert_eq!(world.observe().nodes[0].troubles, ["disk 2s slower"]);
}

#[test]
fn a_full_disk_stops_the_manager_and_room_starts_it_again() {
    let mut world = world(1);
    run(&mut world, "node1", "echo x | docker secret create one -");
    world.inject("full-disk node1").unwrap();
    let error = run(&mut world, "node1", "echo text > file");
    assert!(error.contains("No space left on device"), "{error}");
    let error = run(&mut world, "node1", "echo x | docker secret create two -");
    assert!(error.starts_with("Error response from daemon: "), "{error}");
    let info = run(&mut world, "node1", "docker info 2>&1 | grep -A3 Swarm:");
    assert!(info.contains("no space left on device"), "{info}");
    world.inject("heal node1").unwrap();
    world.advance(Duration::from_secs(60));
    let secrets = run(&mut world, "node1", "docker secret ls --format '{{.Name}}'");
    assert_eq!(secrets, "one\n");
    assert_eq!(node_status(&mut world, "node1", "worker"), "Ready");
}

#[test]
fn a_manager_with_a_full_disk_stops_and_the_others_go_on() {
    let mut world = world(3);
    run(&mut world, "node1", "echo x | docker secret create one -");
    let full = world.observe().leader.unwrap();
    let other = NODES.into_iter().find(|node| *node != full).unwrap();
    world.inject(&format!("full-disk {full}")).unwrap();
    // Nobody was told that it worked before it was on a majority of disks.
    let error = run(&mut world, &full, "echo x | docker secret create two -");
    assert!(error.starts_with("Error response from daemon: "), "{error}");
    let info = run(&mut world, &full, "docker info 2>&1 | grep -A3 Swarm:");
    assert!(info.contains("no space left on device"), "{info}");
    world.advance(Duration::from_secs(30));
    let leader = world.observe().leader.unwrap();
    assert_ne!(leader, full);
    let made = run(&mut world, other, "echo x | docker secret create three -");
    assert_eq!(made.trim().len(), 25, "{made}");
    let line = format!("docker node ls --filter name={full} --format '{{{{.ManagerStatus}}}}'");
    assert_eq!(run(&mut world, other, &line), "Unreachable\n");
    // With room it is back, with what it had promised and with what it missed.
    world.inject(&format!("heal {full}")).unwrap();
    world.advance(Duration::from_secs(60));
    let seen = world.observe();
    let of =
        |node: &str| &seen.nodes.iter().find(|known| known.name == node).unwrap().store_secrets;
    assert!(of(&full).len() >= 2 && of(&full) == of(other), "{:?}", of(&full));
    assert_eq!(run(&mut world, other, &line), "Reachable\n");
}

#[test]
fn a_flipped_bit_is_noticed() {
    for (file, told) in [
        ("/var/lib/docker/swarm/raft/wal", "wal: "),
        ("/var/lib/docker/swarm/certificates/swarm-node.key", "certificates cannot be read"),
        ("/var/lib/docker/swarm/certificates/swarm-node.crt", "certificates cannot be read"),
    ] {
        let mut world = world(1);
        world.inject(&format!("flip-bit node1 {file}")).unwrap();
        world.inject("crash node1").unwrap();
        world.inject("restart node1").unwrap();
        world.advance(Duration::from_secs(5));
        let info = run(&mut world, "node1", "docker info 2>&1 | grep -A3 Swarm:");
        assert!(info.contains("error") && info.contains(told), "{file}: {info}");
    }
}

#[test]
fn any_flipped_bit_is_survived() {
    for seed in 0..12 {
        let spec = Spec::new(["node1", "node2"]).with_managers(["node1"]).with_seed(seed);
        let mut world = World::new(spec).unwrap();
        for node in ["node1", "node2"] {
            world.inject(&format!("flip-bit {node}")).unwrap();
            world.inject(&format!("crash {node}")).unwrap();
            world.inject(&format!("restart {node}")).unwrap();
        }
        world.advance(Duration::from_secs(5));
        run(&mut world, "node1", "docker info");
        run(&mut world, "node1", "docker node ls");
    }
}

#[test]
fn a_stolen_copy_is_there_and_stays_as_it_was() {
    let mut world = world(1);
    run(&mut world, "node1", "echo x | docker secret create one -");
    world.inject("steal-disk node1 to worker").unwrap();
    let count = "cat /loot/node1/raft/wal-v3-encrypted/* | wc -c";
    let size = run(&mut world, "worker", count);
    let own = run(&mut world, "node1", "cat /var/lib/docker/swarm/raft/wal-v3-encrypted/* | wc -c");
    assert_eq!(size, own);
    run(&mut world, "node1", "echo x | docker secret create two -");
    assert_eq!(run(&mut world, "worker", count), size);
    let error = run(&mut world, "worker", "echo x > /loot/node1/state.json");
    assert!(error.contains("Read-only file system"), "{error}");
    world.inject("crash worker").unwrap();
    world.inject("restart worker").unwrap();
    world.advance(Duration::from_secs(1));
    assert_eq!(run(&mut world, "worker", count), size);
}

#[test]
fn a_clock_that_jumps_changes_dates_and_ends_certificates() {
    let mut world = world(1);
    let year =
        |world: &mut World| -> u64 { run(world, "worker", "date +%s").trim().parse().unwrap() };
    let before = year(&mut world);
    world.inject("clock worker +100d").unwrap();
    assert_eq!((year(&mut world) - before) / 86_400, 100);
    assert_eq!(node_status(&mut world, "node1", "worker"), "Ready", "an open connection stays");
    // Whoever starts again is judged by its own clock.
    world.inject("crash worker").unwrap();
    world.inject("restart worker").unwrap();
    world.advance(Duration::from_secs(40));
    assert_eq!(node_status(&mut world, "node1", "worker"), "Down");
    let info = run(&mut world, "worker", "docker info 2>&1 | grep -A3 Swarm:");
    assert!(info.contains("Swarm certificates have expired"), "{info}");
    world.inject("clock worker -100d").unwrap();
    world.inject("crash worker").unwrap();
    world.inject("restart worker").unwrap();
    world.advance(Duration::from_secs(40));
    assert_eq!(node_status(&mut world, "node1", "worker"), "Ready");
}

#[test]
fn the_leader_dies_when_the_entry_is_sent_and_not_committed() {
    for (on, survives) in
        [("entry.appended(kind=secret,name=pw)", false), ("entry.sent(kind=secret,name=pw)", true)]
    {
        let mut world = world(3);
        let leader = world.observe().leader.unwrap();
        let other = NODES.into_iter().find(|node| *node != leader).unwrap();
        world.arm(on, &["crash leader"]).unwrap();
        world.type_line(&leader, "echo x | docker secret create pw -").unwrap();
        world.advance(Duration::from_secs(60));
        assert_eq!(world.armed()[0].state, ArmedState::Struck);
        assert_eq!(world.struck()[0].nodes, [leader.as_str()]);
        // What was appended is on its way when the leader dies, or it never left.
        let chain = chain(&world, "fault", "loses its power");
        assert!(chain.iter().any(|link| link.starts_with("raft.proposed")), "{chain:#?}");
        assert!(chain.last().unwrap().contains("docker secret create pw"), "{chain:#?}");
        let names = run(&mut world, other, "docker secret ls --format '{{.Name}}'");
        assert_eq!(names == "pw\n", survives, "{on}: {names}");
    }
}

#[test]
fn triggers_fit_what_they_name() {
    let mut world = world(1);
    world.arm("task.running(service=web,slot=1)", &["freeze node of web.1"]).unwrap();
    world.arm("secret.delivered(name=pw)", &["latency all 1ms"]).unwrap();
    world.arm("node.down", &["heal all"]).unwrap();
    world.arm("entry.applied(kind=service,node=node1)", &["slow-disk node1 1ms"]).unwrap();
    world.arm("leader.elected", &["crash node1"]).unwrap();
    world.arm("entry.committed(name=other)", &["restart node1"]).unwrap();
    run(&mut world, "node1", "echo x | docker secret create pw -");
    run(&mut world, "node1", "docker service create -d --name web --secret pw redis:alpine");
    world.advance(Duration::from_secs(90));
    run(&mut world, "node1", "echo x | docker secret create other -");
    let states: Vec<&ArmedState> = world.armed().iter().map(|armed| &armed.state).collect();
    for (index, state) in states.iter().enumerate() {
        match index {
            0..=3 => assert_eq!(**state, ArmedState::Struck, "{:?}", world.armed()[index]),
            4 => assert_eq!(**state, ArmedState::Waiting),
            _ => assert!(matches!(state, ArmedState::Missed(why) if why.contains("is not down"))),
        }
    }
    assert!(world.observe().links.is_empty(), "the third one healed what the second one did");
    assert!(world.arm("node.down(name=zz)", &["crash node1"]).is_err());
    assert!(world.arm("node.down", &["crash zz"]).is_err());
}

#[test]
fn one_seed_one_history_with_every_fault() {
    let play = || {
        let mut world = world(3);
        world.arm("entry.sent(kind=secret)", &["power-loss leader"]).unwrap();
        for line in [
            "loss all 10%",
            "duplicate node1 node2 20%",
            "latency worker 5ms",
            "slow-disk node2 3ms",
            "cut node1 -> worker",
            "flip-bit worker",
            "clock node3 +1h",
            "steal-disk node3 to worker",
            "freeze worker",
            "full-disk worker",
        ] {
            world.inject(line).unwrap();
            world.advance(Duration::from_secs(2));
        }
        for node in ["node1", "node2", "node3"] {
            let _ = world.type_line(node, "echo x | docker secret create pw -");
            world.advance(Duration::from_secs(5));
        }
        world.inject("thaw worker").unwrap();
        world.inject("heal all").unwrap();
        world.advance(Duration::from_secs(30));
        world
    };
    let (one, two) = (play(), play());
    assert_eq!(one.digest(), two.digest());
    let json = serde_json::to_string(&one.recording()).unwrap();
    let replayed = World::replay(&serde_json::from_str(&json).unwrap()).unwrap();
    assert_eq!(replayed.digest(), one.digest());
    assert_eq!(replayed.struck(), one.struck());
}

fn forecast(world: &World, line: &str) -> String {
    world.forecast(&Fault::parse(line).unwrap()).sentences.join("; ")
}

#[test]
fn a_forecast_is_what_happens() {
    let mut world = world(3);
    run(&mut world, "node1", "docker service create -d --name web --replicas 4 redis:alpine");
    world.advance(Duration::from_secs(20));
    let told = forecast(&world, "crash leader");
    for part in [
        "2 of 3 managers left, quorum holds",
        "node1 leads: one of node2, node3 is elected after 10 to 19 s",
        "what runs of web on node1 ends there and is started elsewhere after about 40 s",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let told = forecast(&world, "isolate worker");
    let part = "what runs of web on worker goes on there and is started elsewhere after about 15 s";
    assert_eq!(told, part);
    let before = world.digest();
    world.inject("isolate worker").unwrap();
    assert_ne!(world.digest(), before);
    world.advance(Duration::from_secs(25));
    let seen = world.observe();
    let elsewhere = seen
        .tasks
        .iter()
        .filter(|task| task.desired == "running" && task.node.as_deref() != Some("worker"));
    assert_eq!(elsewhere.count(), 4);
    world.inject("crash node3").unwrap();
    let told = forecast(&world, "partition node1 | node2");
    assert!(told.contains("1 of 3 managers left, quorum is lost"), "{told}");
    assert!(told.contains("until one more manager is back"), "{told}");
    world.inject("partition node1 | node2").unwrap();
    world.advance(Duration::from_secs(30));
    assert!(!world.observe().has_quorum);
    assert!(forecast(&world, "heal all").contains("2 of 3 managers left, quorum is back"));
    world.inject("heal all").unwrap();
    world.advance(Duration::from_secs(60));
    assert!(world.observe().has_quorum);
    for (line, part) in [
        ("crash node3", "node3 is down"),
        ("crash node9", "there is no node `node9`"),
        ("full-disk node1", "1 of 3 managers left, quorum is lost"),
        ("steal-disk node1 to worker", "whoever has the copy can read every secret"),
        ("steal-disk worker to node1", "worker is no manager"),
        ("clock node1 +100d", "holds certificates for not valid"),
        ("clock node1 +1h", "certificates stay valid"),
        ("flip-bit node1", "at its next start"),
        ("latency all 20ms", "20ms longer"),
        ("duplicate all 5%", "no harm"),
        ("slow-disk worker 1s", "only writes of worker itself"),
        ("slow-disk node1 1s", "1s longer"),
    ] {
        let told = forecast(&world, line);
        assert!(told.contains(part), "{line}: {told}");
    }
}

/// A task whose container was only prepared when the daemon went stays one: it is started when its time
/// comes, and its container is removed with it.
#[test]
fn a_prepared_task_survives_a_restart() {
    let mut world = world(1);
    run(
        &mut world,
        "node1",
        "docker service create -d --name web --constraint node.role==manager alpine false",
    );
    let is_ready = |world: &World| {
        let seen = world.observe();
        seen.tasks.iter().any(|t| t.desired == "ready" && t.state == "ready")
    };
    for _ in 0..100 {
        world.advance(Duration::from_millis(250));
        if is_ready(&world) {
            break;
        }
    }
    assert!(is_ready(&world), "the next task waits for the restart delay");
    world.inject("crash node1").unwrap();
    world.inject("restart node1").unwrap();
    world.advance(Duration::from_secs(90));
    let seen = world.observe();
    assert!(!seen.tasks.iter().any(|task| task.state == "starting"), "{:#?}", seen.tasks);
    run(&mut world, "node1", "docker service rm web");
    world.advance(Duration::from_secs(30));
    let left = run(&mut world, "node1", "docker ps -a -q");
    assert_eq!(left, "", "containers of tasks that are gone");
}

/// The forms of the vocabulary and this file's tests go together.
#[test]
fn no_fault_is_without_a_test() {
    let source = include_str!("faults.rs");
    for (verb, _) in FORMS {
        assert!(source.contains(&format!("\"{verb} ")), "no test of `{verb}`");
        assert!(Fault::parse(verb).is_err());
    }
}
