//! Services and tasks as the managers show them and as the nodes run them.

use sorted::SortedSet;

use glasshive_tests::desk::Desk;
use world::Spec;

#[test]
fn a_failing_service_keeps_five_tasks_and_waits_between_attempts() {
    for (docker, seed) in [("17.03", 1), ("17.03", 2), ("20.10", 3)] {
        let mut desk = Desk::release(docker, seed);
        desk.says("node1", "docker service create --name good --replicas 2 nginx > /dev/null");
        let create = "docker service create --name bad busybox sh -c 'exit 3' > /dev/null";
        if docker == "17.03" {
            desk.says("node1", create);
        } else {
            desk.says("node1", &create.replace("--name", "-d --name"));
        }
        desk.wait(100);
        let shown = desk.says("node1", "docker service ps bad");
        let rows: Vec<&str> = shown.lines().skip(1).collect();
        assert_eq!(rows.len(), 5, "seed {seed}\n{shown}");
        assert!(rows[0].contains("  bad.1 ") && !rows[0].contains("\\_"), "{shown}");
        let mut ages = Vec::new();
        for row in &rows[1..] {
            assert!(row.contains(" \\_ bad.1"), "{shown}");
            assert!(row.contains("Shutdown"), "{shown}");
            assert!(row.contains("\"task: non-zero exit (3)\""), "{shown}");
            let words: Vec<&str> = row.split_whitespace().collect();
            let failed = words.iter().position(|word| *word == "Failed").unwrap();
            let age = match words[failed + 1] {
                "about" => 60,
                "less" => 0,
                number => number.parse::<u64>().unwrap(),
            };
            ages.push(age);
        }
        // The newest on top, and the restart delay of 5 s between them.
        assert!(ages.windows(2).all(|pair| pair[0] + 4 <= pair[1]), "{shown}");
        // The other service is not disturbed.
        assert_eq!(desk.nodes_of("good").len(), 2);
        assert!(desk.says("node1", "docker service ls").contains("0/1"));
    }
}

#[test]
fn an_unnamed_service_gets_a_name_that_later_commands_take() {
    let mut names = SortedSet::new();
    for seed in 1..=4 {
        let mut desk = Desk::classic(seed);
        desk.says("node1", "docker service create busybox sleep 3000");
        let shown = desk.says("node1", "docker service ls | tail -n 1");
        let name = shown.split_whitespace().nth(1).unwrap().to_owned();
        let (left, right) = name.split_once('_').unwrap();
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        assert!(is_word(left) && is_word(right), "seed {seed}: {name}");
        assert!(shown.contains(" busybox:latest"), "{shown}");
        desk.until_running(&name, 1);
        assert_eq!(desk.says("node1", &format!("docker service rm {name}")), format!("{name}\n"));
        names.insert(name);
    }
    assert!(names.len() > 2, "{names:?}");
}

#[test]
fn a_digest_is_that_of_the_image_not_of_the_run() {
    let image = "docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}'";
    let mut digests = SortedSet::new();
    for (seed, docker) in [(1, "17.03"), (2, "20.10")] {
        let mut desk = Desk::release(docker, seed);
        for (name, reference) in [("a", "nginx"), ("b", "nginx:latest"), ("c", "redis:alpine")] {
            desk.says(
                "node1",
                &format!("docker service create --name {name} {reference} > /dev/null"),
            );
        }
        let pinned = desk.says("node1", &format!("{image} a b c"));
        let lines: Vec<&str> = pinned.lines().collect();
        assert_eq!(lines[0], lines[1]);
        assert!(lines[0].starts_with("nginx:latest@sha256:"), "{pinned}");
        assert!(lines[2].starts_with("redis:alpine@sha256:"), "{pinned}");
        digests.insert(pinned);
    }
    assert_eq!(digests.len(), 1, "the registry should not depend on the seed: {digests:?}");
}

#[test]
fn an_image_that_is_nowhere_never_runs_and_says_why() {
    let mut desk = Desk::classic(5);
    let shown = desk.says("node1", "docker service create --name lost nosuch/image:1");
    assert!(shown.contains("nosuch/image:1"), "{shown}");
    desk.wait(30);
    let shown = desk.says("node1", "docker service ps lost");
    assert!(shown.contains("Rejected") && shown.contains("No such image"), "{shown}");
    assert!(desk.says("node1", "docker service ls").contains("0/1"));
}

#[test]
fn replicas_are_spread_over_all_nodes_and_ps_shows_only_its_own() {
    for (count, seed) in [(6, 1), (10, 2)] {
        let names = ["n1", "n2", "n3", "n4", "n5"];
        let spec = Spec::new(names).with_managers(["n2"]).with_seed(seed);
        let mut desk = Desk::new(spec);
        desk.says("n2", &format!("docker service create --name web --replicas {count} nginx"));
        desk.until_running("web", count);
        let mut total = 0;
        for name in names {
            let shown = desk.says(name, "docker ps -q");
            let here = shown.lines().count() as u64;
            assert!(
                (count / 5..=count.div_ceil(5)).contains(&here),
                "seed {seed}, {name}: {shown}"
            );
            total += here;
        }
        assert_eq!(total, count);
        desk.says("n2", "docker service scale web=1");
        desk.until_running("web", 1);
        desk.wait(15);
        let left: usize =
            names.iter().map(|name| desk.says(name, "docker ps -q").lines().count()).sum();
        assert_eq!(left, 1);
    }
}

#[test]
fn the_name_filter_finds_a_text_anywhere() {
    let mut desk = Desk::new(Spec::new(["solo"]).with_managers(["solo"]).with_seed(11));
    for name in ["redis", "my-redis-x", "nothing"] {
        desk.says("solo", &format!("docker service create --name {name} redis:alpine"));
        desk.until_running(name, 1);
    }
    for (filter, count) in
        [("redis", 2), ("my-redis", 1), ("^redis", 1), ("^/redis", 1), ("ing.1", 1), ("no-such", 0)]
    {
        let shown = desk.says("solo", &format!("docker ps -q --filter name={filter}"));
        assert_eq!(shown.lines().count(), count, "{filter}: {shown}");
    }
    assert_eq!(desk.says("solo", "docker ps -q -f name=^nothing -f name=^my").lines().count(), 2);
    assert_eq!(desk.says("solo", "docker ps -q -f name=redis -f status=exited").lines().count(), 0);
}

#[test]
fn a_node_that_is_lost_is_replaced() {
    let mut desk = Desk::classic(8);
    desk.says("node1", "docker service create --name web --replicas 3 nginx");
    desk.until_running("web", 3);
    desk.world.inject("crash node3").unwrap();
    desk.until("node3 is down", |seen| {
        seen.nodes.iter().any(|node| node.name == "node3" && node.state.as_deref() == Some("down"))
    });
    desk.wait(20);
    let nodes = desk.says("node1", "docker node ls");
    assert!(nodes.lines().any(|line| line.contains("node3") && line.contains("Down")), "{nodes}");
    let running: Vec<String> =
        desk.nodes_of("web").into_iter().filter(|node| node != "node3").collect();
    assert_eq!(running.len(), 3, "{}", desk.says("node1", "docker service ps web"));
}
