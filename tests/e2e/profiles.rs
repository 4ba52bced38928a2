//! One command under two Docker releases, byte for byte.

use glasshive_tests::desk::Desk;
use world::Spec;

fn two(seed: u64) -> [Desk; 2] {
    ["17.03", "20.10"].map(|docker| Desk::release(docker, seed))
}

#[track_caller]
fn is_id(text: &str, length: usize) {
    assert_eq!(text.len(), length, "{text:?}");
    assert!(text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()), "{text:?}");
}

#[test]
fn secret_ls_has_the_columns_of_its_release() {
    for seed in [1, 2] {
        let mut shown = two(seed).map(|mut desk| {
            let id = desk.says("node1", "echo x | docker secret create my_secret -");
            is_id(id.trim_end(), 25);
            desk.wait(6);
            desk.says("node1", "docker secret ls").replace(id.trim_end(), &"i".repeat(25))
        });
        // The layout of the notes that one workshop consists of, ID column 28 wide.
        assert_eq!(
            shown[0],
            "ID                          NAME                CREATED             UPDATED\n\
             iiiiiiiiiiiiiiiiiiiiiiiii   my_secret           6 seconds ago       6 seconds ago\n"
        );
        assert_eq!(
            std::mem::take(&mut shown[1]),
            "ID                          NAME        DRIVER    CREATED         UPDATED\n\
             iiiiiiiiiiiiiiiiiiiiiiiii   my_secret             6 seconds ago   6 seconds ago\n"
        );
    }
}

#[test]
fn service_ls_and_ps_have_the_columns_of_their_release() {
    let [mut old, mut new] = two(9);
    for desk in [&mut old, &mut new] {
        desk.says("node1", "docker service create --name web --replicas 2 nginx > /dev/null");
        desk.until_running("web", 2);
    }
    let cut = |text: String| -> String {
        text.lines().map(|line| format!("{}\n", line.get(12..).unwrap_or_default())).collect()
    };
    assert_eq!(
        cut(old.says("node1", "docker service ls")),
        "  NAME  MODE        REPLICAS  IMAGE\n  web   replicated  2/2       nginx:latest\n"
    );
    assert_eq!(
        cut(new.says("node1", "docker service ls")),
        "   NAME      MODE         REPLICAS   IMAGE          PORTS\n   \
         web       replicated   2/2        nginx:latest   \n"
    );
    let heads = [&mut old, &mut new]
        .map(|desk| desk.says("node1", "docker service ps web").lines().next().map(str::to_owned));
    let old = heads[0].clone().unwrap_or_default();
    let new = heads[1].clone().unwrap_or_default();
    assert!(old.starts_with("ID            NAME   IMAGE         NODE   DESIRED STATE  "), "{old}");
    assert!(
        new.starts_with("ID             NAME      IMAGE          NODE      DESIRED STATE   "),
        "{new}"
    );
}

#[test]
fn docker_ps_names_the_image_as_its_release_does() {
    let [mut old, mut new] = two(3);
    let mut rows = Vec::new();
    for desk in [&mut old, &mut new] {
        desk.says("node1", "docker service create --name cache redis:alpine > /dev/null");
        desk.until_running("cache", 1);
        let node = desk.nodes_of("cache").remove(0);
        rows.push(desk.says(&node, "docker ps"));
    }
    assert!(
        rows[0].contains("redis@sha256:") && rows[0].contains("\"docker-entrypoint...\""),
        "{}",
        rows[0]
    );
    assert!(
        rows[1].contains("redis:alpine") && rows[1].contains("\"docker-entrypoint.s…\""),
        "{}",
        rows[1]
    );
}

#[test]
fn service_create_shows_its_progress_since_17_10() {
    let create = "docker service create --name web --replicas 3 nginx";
    let [mut old, mut new] = two(4);
    is_id(old.says("node1", create).trim_end(), 25);
    // At a terminal the lines are redrawn in place: what is shown in the end is the last state.
    let mark = new.world.terminal("node1", 0).unwrap().blocks.len();
    new.says("node1", create);
    let shown = new.world.terminal("node1", mark).unwrap().blocks.remove(0).shown;
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    is_id(lines[0], 25);
    // The bars need more than 110 columns, the terminal has 80.
    assert_eq!(
        &lines[1..],
        [
            "overall progress: 3 out of 3 tasks",
            "1/3: running",
            "2/3: running",
            "3/3: running",
            "verify: Service converged",
        ],
        "{shown}"
    );
    // In a pipe every change is a line, and nothing is redrawn.
    let piped = new.says("node1", "docker service create --name other redis:alpine | cat");
    assert!(!piped.contains('\u{1b}') && !piped.contains('\r'), "{piped:?}");
    let changes: Vec<&str> = piped.lines().skip(1).map(str::trim_end).collect();
    let stable = "verify: Waiting 5 seconds to verify that tasks are stable...";
    let at = |wanted: &str| changes.iter().position(|line| *line == wanted);
    let order = [
        at("overall progress: 0 out of 1 tasks"),
        at("overall progress: 1 out of 1 tasks"),
        at(stable),
        at("verify: Service converged"),
    ];
    assert!(order.is_sorted() && order[0].is_some(), "{piped}");
    assert_eq!(order[3], Some(changes.len() - 1), "{piped}");
    // Not waiting is a choice.
    is_id(new.says("node1", "docker service create -d --name third nginx").trim_end(), 25);
}

#[test]
fn the_verify_line_names_the_service_since_26() {
    let mut desk = Desk::release("28", 6);
    let piped = desk.says("node1", "docker service create --name web nginx | cat");
    let lines: Vec<&str> = piped.lines().map(str::trim_end).collect();
    // The service as the command line asks for it: by its identifier.
    assert_eq!(lines[lines.len() - 1], format!("verify: Service {} converged", lines[0]));
}

#[test]
fn clocks_are_told_as_docker_tells_them() {
    for docker in ["17.03", "17.06", "20.10"] {
        let mut desk = Desk::new(Spec::new(["node1"]).with_managers(["node1"]).with_docker(docker));
        desk.says("node1", "echo x | docker secret create s -");
        let mut since = 0;
        // Seconds since creation and what all releases say then.
        for (at, expected) in [
            (11, "11 seconds ago"),
            (70, "About a minute ago"),
            (125, "2 minutes ago"),
            (61 * 60, "About an hour ago"),
            (3 * 3600 + 60, "3 hours ago"),
        ] {
            desk.wait(at - since);
            since = at;
            let row = desk.says("node1", "docker secret ls | tail -n 1");
            assert_eq!(row.matches(expected).count(), 2, "docker {docker}, {at} s: {row}");
        }
    }
}

#[test]
fn every_release_boots_and_forms_a_swarm() {
    for docker in ["1.13", "17.03", "17.06", "19.03", "20.10", "28"] {
        let spec = Spec::new(["alpha", "beta"]).with_managers(["beta"]).with_docker(docker);
        let mut desk = Desk::new(spec);
        let version = desk.says("alpha", "docker version");
        assert!(version.contains(docker), "{version}");
        let nodes = desk.says("beta", "docker node ls");
        assert_eq!(nodes.matches("Ready").count(), 2, "{nodes}");
        assert_eq!(nodes.matches("Leader").count(), 1, "{nodes}");
        desk.fails("alpha", "docker node ls", 1);
    }
}

#[test]
fn hosts_run_the_system_of_their_year() {
    let systems = [
        ("1.13", "16.04.2"),
        ("17.06", "16.04.2"),
        ("19.03", "18.04.5"),
        ("20.10", "20.04.6"),
        ("28", "24.04.2"),
    ];
    for (docker, point) in systems {
        let mut desk = Desk::release(docker, 1);
        let mut ask = |line: &str| desk.says("node1", line).trim_end().to_owned();
        let kernel = ask("uname -r");
        assert_eq!(
            ask("docker info --format '{{.OperatingSystem}}'"),
            format!("Ubuntu {point} LTS")
        );
        assert_eq!(ask("lsb_release -ds"), format!("Ubuntu {point} LTS"));
        assert_eq!(ask("docker info --format '{{.KernelVersion}}'"), kernel);
        // A container has another system and the same kernel.
        assert_eq!(ask("docker run --rm alpine uname -r 2>/dev/null"), kernel);
        assert_eq!(ask("cut -d' ' -f3 /proc/version"), kernel);
    }
}
