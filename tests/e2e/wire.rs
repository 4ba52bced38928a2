//! What an eavesdropper reads of an overlay: everything, unless the network is encrypted.

use glasshive_tests::desk::Desk;
use world::{Spec, Surface};

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
