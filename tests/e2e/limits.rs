//! Sizes, endless programs, Ctrl-C.

use glasshive_tests::desk::Desk;
use world::{Duration, Input};

#[test]
fn a_secret_has_1_to_511_999_bytes() {
    for (docker, code) in [("17.03", "3"), ("20.10", "InvalidArgument")] {
        let mut desk = Desk::release(docker, 1);
        let refusal = format!(
            "Error response from daemon: rpc error: code = {code} desc = secret data must be larger \
             than 0 and less than 512000 bytes\n"
        );
        for (size, fits) in [(0, false), (1, true), (511_999, true), (512_000, false)] {
            desk.says("node1", &format!("head -c {size} /dev/zero | tr '\\0' x > f"));
            assert_eq!(desk.says("node1", "wc -c < f"), format!("{size}\n"));
            let create = format!("docker secret create s{size} f");
            if fits {
                assert_eq!(desk.says("node1", &create).trim_end().len(), 25);
            } else {
                assert_eq!(desk.fails("node1", &create, 1), refusal, "{size}");
            }
        }
        assert_eq!(desk.says("node1", "docker secret ls -q").lines().count(), 2);
        desk.says("node1", "docker service create --name big --secret s511999 nginx > /dev/null");
        desk.until_running("big", 1);
        let node = desk.nodes_of("big").remove(0);
        let read = "docker exec $(docker ps -q) wc -c /run/secrets/s511999";
        assert_eq!(desk.says(&node, read), "511999 /run/secrets/s511999\n");
    }
}

#[test]
fn ctrl_c_stops_a_program_and_the_shell_goes_on() {
    let mut desk = Desk::classic(1);
    let result = desk.run_for("node1", "sleep 1000", Duration::from_secs(3));
    assert!(result.running && result.prompt.is_empty(), "{result:?}");
    desk.world.apply(Input::Interrupt { node: "node1".into() }).unwrap();
    desk.wait(1);
    assert_eq!(desk.says("node1", "echo $?"), "130\n");
    // Other terminals never waited.
    assert_eq!(desk.says("node2", "hostname"), "node2\n");
}

#[test]
fn ctrl_c_at_the_progress_of_service_create_leaves_the_service() {
    let mut desk = Desk::release("20.10", 2);
    let create = "docker service create --name never --constraint node.hostname==nowhere nginx";
    let result = desk.run_for("node1", create, Duration::from_secs(20));
    assert!(result.running, "{result:?}");
    let mark = desk.world.mark("node1").unwrap();
    desk.world.apply(Input::Interrupt { node: "node1".into() }).unwrap();
    desk.wait(1);
    let shown = desk.world.result_since("node1", &mark).unwrap();
    assert!(shown.output.contains("Operation continuing in background."), "{shown:?}");
    assert!(shown.output.contains("to check progress."), "{shown:?}");
    assert_eq!(shown.prompt, "node1$ ");
    assert!(desk.says("node1", "docker service ls").contains("0/1"));
    let tasks = desk.says("node1", "docker service ps --no-trunc never");
    assert!(
        tasks.contains("no suitable node (scheduling constraints not satisfied on 3 nodes)"),
        "{tasks}"
    );
}

#[test]
fn an_endless_loop_is_bounded_by_the_limit() {
    let mut desk = Desk::classic(3);
    for line in [
        "while true; do sleep 1; done",
        "while :; do echo x > /dev/null; done",
        "cat /dev/zero > /dev/null",
    ] {
        let before = desk.world.at_ms();
        let result = desk.run_for("node1", line, Duration::from_secs(2));
        assert!(result.running, "{line}: {result:?}");
        assert_eq!(desk.world.at_ms() - before, 2000, "{line}");
        desk.world.apply(Input::Interrupt { node: "node1".into() }).unwrap();
        desk.wait(1);
        assert_eq!(desk.says("node1", "echo still here"), "still here\n", "{line}");
    }
}
