//! Jobs.

use crate::objects::{Availability, ServiceMode, TaskState};
use crate::testing::{World, secs, spec};

#[test]
fn a_replicated_job_completes_so_many_tasks() {
    let mut world = World::new(1, 2);
    let mut wanted = spec("job", "once", 0);
    wanted.mode = ServiceMode::ReplicatedJob { max_concurrent: 2, total_completions: 5 };
    let job = world.create_service(wanted);
    world.run(secs(1));
    assert_eq!(world.count(&job, |_| true), 2);
    world.run(secs(30));
    let complete = |task: &crate::objects::Task| task.status.state == TaskState::Complete;
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
}

#[test]
fn a_global_job_waits_for_a_drained_node_and_knows_no_newer_one() {
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
    let under_way = |world: &World| world.count(&job, |task| !task.status.state.is_terminal());
    // Nothing could run there: it is not tried again and again.
    set(&mut world, Availability::Drain);
    assert_eq!((under_way(&world), world.count(&job, |_| true)), (2, 3));
    set(&mut world, Availability::Active);
    assert_eq!((under_way(&world), world.count(&job, |_| true)), (3, 4));
    // It was not there when the job began.
    world.add_node(4);
    world.run(secs(10));
    assert_eq!(world.count(&job, |_| true), 4);
}
