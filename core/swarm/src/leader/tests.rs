//! The loops, driven by virtual time and a fake agent.

mod jobs;
mod networks;
mod random;
mod updates;

use sorted::SortedMap;

use sim::Duration;

use crate::control::ControlRequest;
use crate::objects::{
    Availability, NodeState, RestartCondition, RestartPolicy, ServiceMode, TaskState,
};
use crate::testing::{World, is_running, secs, spec};

fn placement(pairs: &[(&str, usize)]) -> SortedMap<String, usize> {
    pairs.iter().map(|(node, count)| ((*node).to_owned(), *count)).collect()
}

#[test]
fn a_service_spreads_over_the_nodes() {
    let mut world = World::new(1, 3);
    let web = world.create_service(spec("web", "nginx", 6));
    world.run(secs(2));
    assert_eq!(world.placement(&web), placement(&[("node1", 2), ("node2", 2), ("node3", 2)]));
    // The next service goes to the emptiest nodes, whoever they are.
    let db = world.create_service(spec("db", "redis", 3));
    world.run(secs(2));
    assert_eq!(world.placement(&db), placement(&[("node1", 1), ("node2", 1), ("node3", 1)]));
}

#[test]
fn a_task_passes_through_its_states_in_time() {
    let mut world = World::new(1, 1);
    world.create_service(spec("web", "nginx", 1));
    world.run(secs(2));
    let expected = [
        "0s web.1 pending",
        "50ms web.1 assigned",
        "150ms web.1 accepted",
        "250ms web.1 preparing",
        "350ms web.1 ready",
        "450ms web.1 starting",
        "550ms web.1 running",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn scaling_down_keeps_the_nodes_even() {
    let mut world = World::new(2, 3);
    let web = world.create_service(spec("web", "nginx", 9));
    world.run(secs(2));
    world.update_service(&web, |spec| spec.mode = ServiceMode::Replicated { replicas: 3 });
    world.run(secs(2));
    assert_eq!(world.placement(&web), placement(&[("node1", 1), ("node2", 1), ("node3", 1)]));
    assert_eq!(world.count(&web, |_| true), 3, "the reaper took the others");
    world.update_service(&web, |spec| spec.mode = ServiceMode::Replicated { replicas: 0 });
    world.run(secs(2));
    assert_eq!(world.count(&web, |_| true), 0);
}

#[test]
fn a_thousand_replicas_need_several_transactions() {
    let mut world = World::new(3, 3);
    let web = world.create_service(spec("web", "nginx", 1_000));
    world.run(secs(5));
    assert_eq!(world.running(&web), 1_000);
    world.request(ControlRequest::RemoveService { id: web.clone() }).unwrap();
    world.run(secs(5));
    assert_eq!(world.count(&web, |_| true), 0);
}

#[test]
fn a_crashing_task_restarts_every_five_seconds_and_five_are_kept() {
    let mut world = World::new(4, 2);
    let bad = world.create_service(spec("bad", "crash", 1));
    world.run(secs(60));
    let failures: Vec<&String> = world.log.iter().filter(|line| line.ends_with("failed")).collect();
    // Five seconds of delay, one of life, and the steps in between (the new task is prepared while
    // the delay runs).
    assert_eq!(failures.len(), 10, "{failures:#?}");
    assert_eq!(world.count(&bad, |_| true), 5, "history");
    let rejected = world.create_service(spec("rejected", "missing", 1));
    world.run(secs(30));
    assert!(world.count(&rejected, |task| task.status.state == TaskState::Rejected) >= 3);
}

#[test]
fn restart_policies() {
    let policy = |condition, max_attempts| RestartPolicy {
        condition,
        delay: Some(secs(1)),
        max_attempts,
        window: None,
    };
    for (image, condition, max_attempts, tasks) in [
        ("once", RestartCondition::None, 0, 1),
        ("once", RestartCondition::OnFailure, 0, 1),
        ("crash", RestartCondition::OnFailure, 2, 3),
        ("once", RestartCondition::Any, 3, 4),
    ] {
        let mut world = World::new(5, 1);
        let mut wanted = spec("job", image, 1);
        wanted.task.restart = Some(policy(condition, max_attempts));
        let id = world.create_service(wanted);
        world.run(secs(60));
        assert_eq!(world.count(&id, |_| true), tasks, "{image} {condition:?} {max_attempts}");
    }
}

#[test]
fn drain_moves_tasks_and_pause_keeps_them() {
    let mut world = World::new(6, 3);
    let web = world.create_service(spec("web", "nginx", 6));
    world.run(secs(2));
    world.change_node("node2", |node| node.spec.availability = Availability::Pause);
    world.change_node("node3", |node| node.spec.availability = Availability::Drain);
    world.run(secs(2));
    assert_eq!(world.placement(&web), placement(&[("node1", 4), ("node2", 2)]));
    assert_eq!(world.running(&web), 6);
}

#[test]
fn a_dead_nodes_tasks_are_replaced_after_the_restart_delay() {
    let mut world = World::new(7, 2);
    let web = world.create_service(spec("web", "nginx", 2));
    world.run(secs(2));
    world.kill("node2");
    world.run(Duration::from_millis(4_900));
    assert_eq!(world.running(&web), 1);
    world.run(secs(2));
    assert_eq!(world.placement(&web), placement(&[("node1", 2)]));
    // The lost task is still there: nobody has said that it stopped.
    let lost = world.count(&web, |task| {
        task.desired_state == TaskState::Shutdown && task.status.state == TaskState::Running
    });
    assert_eq!(lost, 1);
}

#[test]
fn disconnected_nodes_keep_their_tasks() {
    let mut world = World::new(8, 2);
    let web = world.create_service(spec("web", "nginx", 4));
    world.run(secs(2));
    for state in [NodeState::Disconnected, NodeState::Unknown] {
        world.change_node("node2", |node| node.status.state = state);
        world.run(secs(10));
        assert_eq!(world.placement(&web), placement(&[("node1", 2), ("node2", 2)]));
    }
}

#[test]
fn removing_a_service_stops_its_tasks() {
    let mut world = World::new(9, 2);
    let web = world.create_service(spec("web", "nginx", 4));
    world.run(secs(2));
    world.request(ControlRequest::RemoveService { id: web.clone() }).unwrap();
    assert!(world.store.service(&web).is_none());
    assert_eq!(world.count(&web, |task| task.status.state == TaskState::Running), 4);
    world.run(secs(2));
    assert_eq!(world.count(&web, |_| true), 0);
}

#[test]
fn tasks_without_a_node_say_why() {
    let mut world = World::new(10, 3);
    world.change_node("node1", |node| node.spec.availability = Availability::Drain);
    let mut wanted = spec("big", "redis", 1);
    wanted.task.resources.reservations.memory_bytes = 8 << 30;
    let big = world.create_service(wanted);
    let mut wanted = spec("ssd", "redis", 1);
    wanted.task.placement.constraints = vec!["node.labels.disk==ssd".to_owned()];
    let ssd = world.create_service(wanted);
    let mut wanted = spec("many", "redis", 3);
    wanted.task.placement.max_replicas = 1;
    let many = world.create_service(wanted);
    world.run(secs(2));
    let why = |world: &World, id| {
        let mut tasks = world.store.tasks_of_service(id);
        tasks.find_map(|task| task.status.err.clone()).unwrap_or_default()
    };
    assert_eq!(
        why(&world, &big),
        "no suitable node (insufficient resources on 2 nodes; 1 node not available for new tasks)"
    );
    assert_eq!(
        why(&world, &ssd),
        "no suitable node (scheduling constraints not satisfied on 2 nodes; 1 node not available \
         for new tasks)"
    );
    assert_eq!(
        why(&world, &many),
        "no suitable node (max replicas per node limit exceed; 1 node not available for new tasks)"
    );
    assert_eq!(world.running(&many), 2);
    // As soon as a node fits the task runs.
    let label = ("disk".to_owned(), "ssd".to_owned());
    world.change_node("node2", |node| node.spec.annotations.labels.extend([label]));
    world.run(secs(2));
    assert_eq!(world.placement(&ssd), placement(&[("node2", 1)]));
    // And when it does no more the task is rejected and waits again.
    world.change_node("node2", |node| node.spec.annotations.labels.clear());
    world.run(secs(10));
    assert_eq!(world.running(&ssd), 0);
    let rejected = world.store.tasks_of_service(&ssd).find(|task| {
        task.status.err.as_deref() == Some("assigned node no longer meets constraints")
    });
    assert!(rejected.is_some());
}

#[test]
fn spread_preferences_balance_racks_first() {
    let mut world = World::new(11, 4);
    for (node, rack) in [("node1", "a"), ("node2", "b"), ("node3", "b"), ("node4", "b")] {
        let label = ("rack".to_owned(), rack.to_owned());
        world.change_node(node, |node| node.spec.annotations.labels.extend([label]));
    }
    let mut wanted = spec("web", "nginx", 6);
    wanted.task.placement.preferences = vec!["node.labels.rack".to_owned()];
    let web = world.create_service(wanted);
    world.run(secs(2));
    let expected = [("node1", 3), ("node2", 1), ("node3", 1), ("node4", 1)];
    assert_eq!(world.placement(&web), placement(&expected));
}

#[test]
fn global_services_follow_the_nodes() {
    let mut world = World::new(12, 2);
    let mut wanted = spec("agent", "nginx", 0);
    wanted.mode = ServiceMode::Global;
    let agent = world.create_service(wanted);
    world.run(secs(2));
    assert_eq!(world.placement(&agent), placement(&[("node1", 1), ("node2", 1)]));
    world.add_node(3);
    world.run(secs(2));
    assert_eq!(world.running(&agent), 3);
    world.change_node("node2", |node| node.spec.availability = Availability::Drain);
    world.run(secs(2));
    assert_eq!(world.placement(&agent), placement(&[("node1", 1), ("node3", 1)]));
    world.change_node("node2", |node| node.spec.availability = Availability::Active);
    world.run(secs(2));
    assert_eq!(world.running(&agent), 3);
    world.update_service(&agent, |spec| {
        spec.task.placement.constraints = vec!["node.role==manager".to_owned()];
    });
    world.run(secs(20));
    assert_eq!(world.placement(&agent), placement(&[("node1", 1)]));
}

#[test]
fn a_new_leader_goes_on_where_the_old_one_stopped() {
    let mut world = World::new(13, 2);
    let bad = world.create_service(spec("bad", "crash", 2));
    let web = world.create_service(spec("web", "nginx", 3));
    for _ in 0..20 {
        world.run(Duration::from_millis(1_730));
        world.change_leader();
    }
    world.run(secs(3));
    assert_eq!(world.running(&web), 3);
    assert!(world.count(&bad, |task| task.desired_state <= TaskState::Running) == 2);
    assert!(world.count(&web, is_running) == 3);
}

#[test]
fn a_task_that_fails_without_a_pause_is_not_kept_for_ever() {
    let mut world = World::new(5, 2);
    let mut spec = spec("rejected", "missing", 3);
    spec.task.restart =
        Some(RestartPolicy { delay: Some(Duration::ZERO), ..crate::objects::defaults::RESTART });
    let rejected = world.create_service(spec);
    world.run(secs(60));
    let kept = world.count(&rejected, |_| true);
    assert!(kept < 60, "{kept} tasks are kept");
}
