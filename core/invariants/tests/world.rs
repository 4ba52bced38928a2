//! The watch looks at whole worlds: it accepts what is right, and is woken by every event.

use glasshive_invariants::{ALL, Look, Watch};
use world::{Duration, Fault, Input, Spec, World};

/// Steps a world under a watch.
fn run(world: &mut World, watch: &mut Watch, secs: u64) {
    let end = world.now() + Duration::from_secs(secs);
    while world.step(end) {
        if let Err(violation) = watch.after(world) {
            panic!("{violation}");
        }
    }
    world.advance_until(end);
}

fn apply(world: &mut World, watch: &mut Watch, input: Input) {
    world.apply(input).expect("the host is in the right state");
    if let Err(violation) = watch.after(world) {
        panic!("{violation}");
    }
}

fn type_line(world: &mut World, watch: &mut Watch, node: &str, line: &str) {
    let input = Input::Type { node: node.to_owned(), text: format!("{line}\n") };
    apply(world, watch, input);
    run(world, watch, 30);
}

#[test]
fn a_cluster_that_works_and_loses_its_leader_breaks_nothing() {
    let spec = Spec::new(["m1", "m2", "m3", "w1"]).with_managers(["m1", "m2", "m3"]).with_seed(5);
    let mut world = World::new(spec).unwrap();
    let mut watch = Watch::new(&world).unwrap();
    run(&mut world, &mut watch, 5);
    assert_eq!(watch.look_for_rest(&world), Look::default());
    for line in [
        "printf 'correct horse battery' | docker secret create sec1 -",
        "docker service create --name web --replicas 3 --secret sec1 redis:alpine",
        "docker service scale web=5",
    ] {
        type_line(&mut world, &mut watch, "m2", line);
    }
    apply(&mut world, &mut watch, Input::fault(Fault::Crash("m1".into())));
    run(&mut world, &mut watch, 60);
    apply(&mut world, &mut watch, Input::fault(Fault::Restart("m1".into())));
    run(&mut world, &mut watch, 60);
    type_line(&mut world, &mut watch, "m3", "docker service rm web && docker secret rm sec1");
    run(&mut world, &mut watch, 20);
    assert_eq!(watch.look_for_rest(&world), Look::default());
    watch.at_rest(&world, &[]).unwrap();
    let model = watch.model(&world, 0).unwrap();
    let state = (model.store().services().len(), model.applied().0 > 30);
    assert_eq!(state, (0, true), "{:?}", world.terminal("m3", 0));
}

#[test]
fn names_are_unique_and_sources_are_named() {
    for (place, invariant) in ALL.iter().enumerate() {
        assert!(!invariant.statement.is_empty() && !invariant.source.is_empty());
        assert!(ALL[..place].iter().all(|other| other.name != invariant.name), "{invariant:?}");
    }
}
