//! Jobs.

use crate::objects::{
    Availability, Node, NodeState, RestartCondition, RestartPolicy, ServiceMode, Task, TaskState,
};
use crate::testing::{World, Writer, secs, spec};

#[test]
fn a_replicated_job_completes_so_many_tasks() {
    let mut world = World::new(1, 2);
    let mut wanted = spec("job", "once", 0);
    wanted.mode = ServiceMode::ReplicatedJob { max_concurrent: 2, total_completions: 5 };
    let job = world.create_service(wanted);
    world.run(secs(1));
    assert_eq!(world.count(&job, |_| true), 2);
    world.run(secs(30));
    let complete = |task: &Task| task.status.state == TaskState::Complete;
    assert_eq!((world.count(&job, complete), world.count(&job, |_| true)), (5, 5));
    // An update runs it again.
    world.update_service(&job, |spec| spec.task.force_update += 1);
    world.run(secs(30));
    assert_eq!(world.count(&job, |task| task.job_iteration == Some(1) && complete(task)), 5);
}

#[test]
fn a_global_job_runs_once_on_each_node() {
    let mut world = World::new(2, 3);
    world.run(secs(1));
    let mut wanted = spec("job", "once", 0);
    wanted.mode = ServiceMode::GlobalJob;
    let job = world.create_service(wanted);
    world.run(secs(10));
    assert_eq!(world.count(&job, |task| task.status.state == TaskState::Complete), 3);
    assert_eq!(world.count(&job, |_| true), 3);
    // Of an earlier run nothing is kept.
    world.update_service(&job, |spec| spec.task.force_update += 1);
    world.run(secs(30));
    assert_eq!(world.count(&job, |task| task.job_iteration == Some(1)), 3);
    assert_eq!(world.count(&job, |_| true), 3);
}

/// swarmkit's jobs do not hear of nodes; a task that ends lets them look again.
#[test]
fn a_global_job_learns_of_nodes_when_a_task_ends() {
    let mut world = World::new(3, 3);
    world.run(secs(1));
    let mut wanted = spec("job", "nginx", 0);
    wanted.mode = ServiceMode::GlobalJob;
    let job = world.create_service(wanted);
    world.run(secs(2));
    let set = |world: &mut World, availability| {
        world.change_node("node3", |node| node.spec.availability = availability);
        world.run(secs(10));
    };
    let on = |world: &World, node: &str| {
        world.count(&job, |task| {
            task.node_id.as_deref() == Some(node) && !task.status.state.is_terminal()
        })
    };
    let complete_one = |world: &mut World| {
        let tasks: Vec<_> = world.store.tasks_of_service(&job).cloned().collect();
        let is_meant = |task: &&std::rc::Rc<Task>| {
            task.status.state == TaskState::Running && task.node_id.as_deref() != Some("node3")
        };
        let one = tasks.iter().find(is_meant).unwrap();
        world.change(Writer::Agent, |tx| {
            tx.change_task(&one.id, |task| task.status.state = TaskState::Complete);
        });
        world.run(secs(10));
    };
    set(&mut world, Availability::Drain);
    assert_eq!(on(&world, "node3"), 1);
    complete_one(&mut world);
    assert_eq!(on(&world, "node3"), 0);
    set(&mut world, Availability::Active);
    world.add_node(4);
    world.run(secs(10));
    assert_eq!((on(&world, "node3"), on(&world, "node4")), (0, 0));
    complete_one(&mut world);
    assert_eq!((on(&world, "node3"), on(&world, "node4")), (1, 1));
}

/// Liveness seed 500172: what was told to stop completed, and so did who came for it.
#[test]
fn a_replicated_job_goes_on_where_its_node_is_drained() {
    let mut world = World::new(4, 2);
    let mut wanted = spec("job", "once", 0);
    wanted.mode = ServiceMode::ReplicatedJob { max_concurrent: 1, total_completions: 1 };
    let job = world.create_service(wanted);
    world.run(secs(2));
    for node in ["node1", "node2"] {
        world.change_node(node, |node| node.spec.availability = Availability::Drain);
    }
    world.run(secs(30));
    let complete = |task: &Task| task.status.state == TaskState::Complete;
    assert_eq!((world.count(&job, complete), world.count(&job, |_| true)), (1, 1));
}

/// Liveness seed 500199.
#[test]
fn a_global_job_makes_nothing_for_a_node_that_is_gone() {
    let mut world = World::new(5, 2);
    world.run(secs(1));
    let mut wanted = spec("job", "nginx", 0);
    wanted.mode = ServiceMode::GlobalJob;
    let job = world.create_service(wanted);
    world.run(secs(2));
    world.change(Writer::Api, |tx| {
        let task = tx.store().tasks_of_node("node2").next().unwrap().id.clone();
        tx.change_task(&task, |task| task.status.state = TaskState::Orphaned);
        tx.remove::<Node>(&"node2".into()).unwrap();
    });
    world.run(secs(30));
    let under_way = |task: &Task| task.desired_state == TaskState::Complete;
    assert_eq!((world.count(&job, under_way), world.count(&job, |_| true)), (1, 2));
}

/// A failure is no reason to open another slot: its own task comes again.
#[test]
fn a_replicated_job_keeps_to_its_concurrency() {
    let mut world = World::new(6, 2);
    let mut wanted = spec("job", "crash", 0);
    wanted.mode = ServiceMode::ReplicatedJob { max_concurrent: 2, total_completions: 5 };
    let job = world.create_service(wanted);
    for _ in 0..60 {
        world.run(secs(1));
        let under_way = |task: &Task| task.desired_state <= TaskState::Complete;
        assert_eq!(world.count(&job, under_way), 2);
        assert_eq!(world.count(&job, |task| 1 < task.slot), 0);
    }
    assert!(4 < world.count(&job, |_| true));
}

#[test]
fn a_global_job_has_so_many_attempts_on_each_node() {
    let mut world = World::new(7, 3);
    world.run(secs(1));
    let mut wanted = spec("job", "crash", 0);
    wanted.mode = ServiceMode::GlobalJob;
    wanted.task.restart = Some(RestartPolicy {
        condition: RestartCondition::OnFailure,
        delay: Some(secs(1)),
        max_attempts: 2,
        window: None,
    });
    let job = world.create_service(wanted);
    world.run(secs(200));
    for node in ["node1", "node2", "node3"] {
        assert_eq!(world.count(&job, |task| task.node_id.as_deref() == Some(node)), 3);
    }
}

/// The node was lost, and what its agent tells afterwards is a failure; it was told to stop, though.
#[test]
fn a_node_that_was_lost_runs_a_global_job_again() {
    let mut world = World::new(8, 3);
    world.run(secs(1));
    let mut wanted = spec("job", "nginx", 0);
    wanted.mode = ServiceMode::GlobalJob;
    let job = world.create_service(wanted);
    world.run(secs(2));
    let on = |world: &World, node: &str| {
        let tasks = world.store.tasks_of_service(&job);
        tasks.filter(|task| task.node_id.as_deref() == Some(node)).cloned().collect::<Vec<_>>()
    };
    world.kill("node3");
    world.run(secs(30));
    world.change_leader();
    world.run(secs(2));
    let [task] = on(&world, "node3").try_into().unwrap();
    assert_eq!(task.desired_state, TaskState::Shutdown);
    world.change(Writer::Agent, |tx| {
        tx.change_task(&task.id, |task| task.status.state = TaskState::Failed);
    });
    world.change_node("node3", |node| node.status.state = NodeState::Ready);
    let one = on(&world, "node1")[0].id.clone();
    world.change(Writer::Agent, |tx| {
        tx.change_task(&one, |task| task.status.state = TaskState::Complete);
    });
    world.run(secs(2));
    assert_eq!(on(&world, "node3").len(), 2);
}
