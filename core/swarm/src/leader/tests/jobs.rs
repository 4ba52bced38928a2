//! Jobs.

use crate::objects::{ServiceMode, TaskState};
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
    let mut wanted = spec("job", "once", 0);
    wanted.mode = ServiceMode::GlobalJob;
    let job = world.create_service(wanted);
    world.run(secs(10));
    assert_eq!(world.count(&job, |task| task.status.state == TaskState::Complete), 3);
    assert_eq!(world.count(&job, |_| true), 3);
}
