//! Random workloads: whatever is asked for, the invariants hold at every commit and everything
//! settles when the asking ends.

use sorted::SortedMap;

use sim::{Duration, Rng, Streams};

use crate::control::ControlRequest;
use crate::objects::{
    Availability, FailureAction, Id, NodeState, ServiceMode, TaskState, UpdateConfig, UpdateOrder,
};
use crate::testing::{World, secs, spec};

const IMAGES: [&str; 5] = ["nginx", "redis", "crash", "once", "missing"];

fn disturb(world: &mut World, rng: &mut Rng) {
    let services: Vec<Id> = world.store.services().iter().map(|s| s.id.clone()).collect();
    let nodes: Vec<Id> = world.store.nodes().iter().map(|n| n.id.clone()).collect();
    let service = rng.pick(&services).cloned();
    let node = rng.pick(&nodes).cloned().unwrap();
    let image = (*rng.pick(&IMAGES).unwrap()).to_owned();
    let replicas = rng.below(8);
    match (rng.below(9), service) {
        (0, _) | (_, None) => {
            let mut wanted = spec(&format!("s{}", rng.below(1_000_000)), &image, replicas);
            if rng.chance(1, 4) {
                wanted.mode = ServiceMode::Global;
            }
            let order = [UpdateOrder::StopFirst, UpdateOrder::StartFirst];
            let actions = [FailureAction::Pause, FailureAction::Continue, FailureAction::Rollback];
            wanted.update = Some(UpdateConfig {
                parallelism: rng.below(3),
                order: *rng.pick(&order).unwrap(),
                failure_action: *rng.pick(&actions).unwrap(),
                delay: Duration::from_millis(rng.below(3_000)),
                ..UpdateConfig::default()
            });
            wanted.task.resources.reservations.memory_bytes =
                i64::try_from(rng.below(4)).unwrap() * (256 << 20);
            if rng.chance(1, 4) {
                wanted.task.placement.constraints = vec!["node.role==worker".to_owned()];
            }
            world.create_service(wanted);
        }
        (1, Some(id)) => {
            world.request(ControlRequest::RemoveService { id }).unwrap();
        }
        (2 | 3, Some(id)) => world.update_service(&id, |spec| {
            if let ServiceMode::Replicated { replicas: old } = &mut spec.mode {
                *old = replicas;
            }
        }),
        (4 | 5, Some(id)) => {
            world.update_service(&id, |spec| spec.task.container.image = image);
        }
        (6, _) => {
            let all = [Availability::Active, Availability::Pause, Availability::Drain];
            let availability = *rng.pick(&all).unwrap();
            world.change_node(&node, |node| node.spec.availability = availability);
        }
        (7, _) => world.change_leader(),
        _ if world.dead.contains(&node) => {
            world.dead.remove(&node);
            world.change_node(&node, |node| node.status.state = NodeState::Ready);
        }
        _ => world.kill(&node),
    }
}

#[test]
fn random_workloads_keep_the_invariants_and_settle() {
    for seed in 0..12 {
        let mut rng = Streams::new(seed).stream("workload");
        let mut world = World::new(seed, 4);
        for _ in 0..30 {
            disturb(&mut world, &mut rng);
            world.run(Duration::from_millis(rng.below(6_000)));
        }
        let nodes: Vec<Id> = world.store.nodes().iter().map(|n| n.id.clone()).collect();
        world.dead.clear();
        for id in nodes {
            world.change_node(&id, |node| {
                node.status.state = NodeState::Ready;
                node.spec.availability = Availability::Active;
            });
        }
        world.run(secs(120));
        for service in world.store.services().iter() {
            let (id, image) = (&service.id, service.spec.task.container.image.as_str());
            let alive = world.count(id, |task| task.desired_state <= TaskState::Running);
            let wanted = match service.spec.mode {
                ServiceMode::Replicated { replicas } => replicas as usize,
                _ => {
                    let constrained = !service.spec.task.placement.constraints.is_empty();
                    if constrained { 3 } else { 4 }
                }
            };
            let what = format!("seed {seed}: {} {image}", service.spec.annotations.name);
            // A paused start-first update leaves more than one task in a slot; no slot lacks one.
            let start_first =
                service.spec.update.is_some_and(|u| u.order == UpdateOrder::StartFirst);
            assert!(
                wanted == alive || start_first && wanted < alive,
                "{what}: O6 {alive} of {wanted}"
            );
            let mut ended: SortedMap<_, usize> = SortedMap::new();
            for task in world.store.tasks_of_service(id) {
                if task.status.state.is_terminal() {
                    *ended
                        .entry((task.slot, task.node_id.clone().filter(|_| task.slot == 0)))
                        .or_default() += 1;
                }
            }
            // One more may just have ended: the reaper waits for a moment of quiet.
            assert!(ended.values().all(|count| *count <= 6), "{what}: O10 {ended:?}");
        }
    }
}

#[test]
fn one_seed_gives_one_history() {
    let history = |seed: u64| {
        let mut rng = Streams::new(seed).stream("workload");
        let mut world = World::new(seed, 4);
        for _ in 0..20 {
            disturb(&mut world, &mut rng);
            world.run(Duration::from_millis(rng.below(6_000)));
        }
        (world.log, world.store.digest())
    };
    assert_eq!(history(7), history(7));
    assert_ne!(history(7).1, history(8).1);
}
