//! Updates and rollbacks.

use crate::control::ControlRequest;
use crate::objects::{FailureAction, TaskState, UpdateConfig, UpdateOrder, UpdateState};
use crate::testing::{World, secs, spec};

fn update_status(world: &World, id: &crate::objects::Id) -> (UpdateState, String) {
    let status = world.service(id).update_status.clone().unwrap();
    (status.state, status.message)
}

#[test]
fn a_rolling_update_replaces_one_task_at_a_time() {
    for order in [UpdateOrder::StopFirst, UpdateOrder::StartFirst] {
        let mut world = World::new(1, 3);
        let mut wanted = spec("web", "nginx:1", 3);
        wanted.update = Some(UpdateConfig { order, delay: secs(2), ..UpdateConfig::default() });
        let web = world.create_service(wanted);
        world.run(secs(3));
        world.update_service(&web, |spec| spec.task.container.image = "nginx:2".to_owned());
        let mut fewest = usize::MAX;
        let mut most = 0;
        for _ in 0..200 {
            world.run(sim::Duration::from_millis(50));
            let running = world.count(&web, |task| task.status.state == TaskState::Running);
            (fewest, most) = (fewest.min(running), most.max(running));
        }
        world.run(secs(30));
        let new = world.count(&web, |task| {
            task.spec.container.image == "nginx:2" && task.status.state == TaskState::Running
        });
        assert_eq!(new, 3);
        let expected = if order == UpdateOrder::StopFirst { (2, 3) } else { (3, 4) };
        assert_eq!((fewest, most), expected, "{order:?}");
        let completed = (UpdateState::Completed, "update completed".to_owned());
        assert_eq!(update_status(&world, &web), completed);
    }
}

#[test]
fn labels_of_the_service_replace_nothing_and_force_replaces_all() {
    let mut world = World::new(2, 1);
    let web = world.create_service(spec("web", "nginx", 2));
    world.run(secs(2));
    let tasks = |world: &World| world.store.tasks_of_service(&web).count();
    world.update_service(&web, |spec| {
        spec.annotations.labels.insert("a".to_owned(), "b".to_owned());
    });
    world.run(secs(20));
    assert_eq!((tasks(&world), world.service(&web).update_status.is_none()), (2, true));
    world.update_service(&web, |spec| spec.task.force_update += 1);
    world.run(secs(30));
    assert_eq!((tasks(&world), world.running(&web)), (4, 2));
}

#[test]
fn a_failing_update_pauses() {
    let mut world = World::new(3, 2);
    let web = world.create_service(spec("web", "nginx", 3));
    world.run(secs(2));
    world.update_service(&web, |spec| spec.task.container.image = "missing".to_owned());
    world.run(secs(20));
    let (state, message) = update_status(&world, &web);
    assert_eq!(state, UpdateState::Paused);
    assert!(message.starts_with("update paused due to failure or early termination of task "));
    let old = world.count(&web, |task| {
        task.spec.container.image == "nginx" && task.status.state == TaskState::Running
    });
    assert_eq!(old, 2);
}

#[test]
fn a_failing_update_rolls_back_if_told_so() {
    let mut world = World::new(4, 2);
    let mut wanted = spec("web", "nginx", 3);
    wanted.update =
        Some(UpdateConfig { failure_action: FailureAction::Rollback, ..UpdateConfig::default() });
    let web = world.create_service(wanted);
    world.run(secs(2));
    world.update_service(&web, |spec| spec.task.container.image = "crash".to_owned());
    world.run(secs(60));
    let completed = (UpdateState::RollbackCompleted, "rollback completed".to_owned());
    assert_eq!(update_status(&world, &web), completed);
    assert_eq!(world.service(&web).spec.task.container.image, "nginx");
    assert_eq!(world.running(&web), 3);
}

#[test]
fn a_manual_rollback_exchanges_the_specs() {
    let mut world = World::new(5, 2);
    let web = world.create_service(spec("web", "nginx:1", 2));
    world.run(secs(2));
    world.update_service(&web, |spec| spec.task.container.image = "nginx:2".to_owned());
    world.run(secs(30));
    let service = world.service(&web);
    let (version, spec) = (service.meta.version, Box::new(service.spec.clone()));
    let id = web.clone();
    world.request(ControlRequest::UpdateService { id, version, spec, rollback: true }).unwrap();
    let (state, message) = update_status(&world, &web);
    assert_eq!(
        (state, message.as_str()),
        (UpdateState::RollbackStarted, "manually requested rollback")
    );
    world.run(secs(30));
    assert_eq!(update_status(&world, &web).0, UpdateState::RollbackCompleted);
    let old = world.count(&web, |task| {
        task.spec.container.image == "nginx:1" && task.status.state == TaskState::Running
    });
    assert_eq!(old, 2);
}

#[test]
fn an_update_with_parallelism_and_a_tolerated_failure_goes_on() {
    let mut world = World::new(6, 2);
    let mut wanted = spec("web", "nginx", 4);
    wanted.update = Some(UpdateConfig {
        parallelism: 2,
        max_failure_ratio_ppm: 1_000_000,
        ..UpdateConfig::default()
    });
    let web = world.create_service(wanted);
    world.run(secs(2));
    world.update_service(&web, |spec| spec.task.container.image = "crash".to_owned());
    world.run(sim::Duration::from_millis(500));
    let stopped = world.count(&web, |task| task.desired_state == TaskState::Shutdown);
    assert_eq!(stopped, 2);
    world.run(secs(30));
    assert_eq!(update_status(&world, &web).0, UpdateState::Completed);
}

#[test]
fn an_update_does_not_wait_for_a_lost_node() {
    let mut world = World::new(7, 2);
    let web = world.create_service(spec("web", "nginx:1", 2));
    world.run(secs(2));
    world.update_service(&web, |spec| spec.task.container.image = "nginx:2".to_owned());
    world.run(sim::Duration::from_millis(300));
    let new = world
        .store
        .tasks_of_service(&web)
        .find(|task| task.spec.container.image == "nginx:2" && task.node_id.is_some());
    let node = new.unwrap().node_id.clone().unwrap();
    world.kill(&node);
    world.run(secs(30));
    assert_eq!(update_status(&world, &web).0, UpdateState::Completed);
    let new = world.count(&web, |task| {
        task.spec.container.image == "nginx:2" && crate::testing::is_running(task)
    });
    assert_eq!(new, 2);
}
