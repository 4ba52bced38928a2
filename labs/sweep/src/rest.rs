//! After the last fault: everything is mended, people put right what only people can, and within a bound all has to become
//! as it was asked for.

use invariants::Look;
use sim::Duration;
use world::{Input, World};

use crate::case::Failure;
use crate::faults::peace;
use crate::operator::{Operator, has_no_manager};
use crate::session::Session;
use crate::workload;

/// Between two looks at whether all is as asked for; not a divisor of the usual delays.
const LOOK_INTERVAL: Duration = Duration::from_millis(5_300);
/// What is wrong at so many looks in a row is wrong.
const LOOK_COUNT: usize = 6;

/// How long a healed swarm may take: two elections (40 s), agents that look for the new leader
/// (8 s) and a leader that waits for them (`unknown` nodes: 30 s), the last tasks of the old state to
/// stop (60 s), and for each task of each service its turn in a rolling update: stop (10 s), delay
/// (5 s), pull and start (10 s), monitor (10 s), for an update and its rollback.
fn swarm_bound(world: &World, session: &Session<'_>) -> Duration {
    let tasks: u64 = session
        .watch
        .models()
        .flat_map(|model| {
            model.store().services().iter().map(|service| match service.spec.mode {
                swarm::objects::ServiceMode::Replicated { replicas } => replicas,
                _ => world.host_count() as u64,
            })
        })
        .sum();
    Duration::from_secs(240 + tasks * 70)
}

/// How long a healed Kubernetes may take: an API server that is started again (25 s), silent nodes that are heard (40 s),
/// the longest waits for the next attempt at an image or a container that has failed (300 s), then at a volume (122 s), the
/// periodic sync that brings volumes up to date (60 s), and pods of deployments one after the other (grace 30 s, start 15 s).
const CLUSTER_BOUND: Duration = Duration::from_secs(25 + 40 + 300 + 122 + 60 + 12 * 45);

fn bound(session: &Session<'_>, has_swarm: bool, has_kube: bool) -> Duration {
    let swarm = if has_swarm { swarm_bound(&session.world, session) } else { Duration::ZERO };
    if has_kube { swarm.max(CLUSTER_BOUND) } else { swarm }
}

/// Lets a world come to rest.
///
/// # Errors
/// If it does not, or if something is wrong on the way.
pub(crate) fn rest(session: &mut Session<'_>) -> Result<(), Failure> {
    for input in peace(&session.world) {
        session.apply(input)?;
    }
    let spec = session.world.spec().clone();
    for node in &spec.nodes {
        if !session.is_at_prompt(node) {
            session.apply(Input::Interrupt { node: node.clone() })?;
        }
    }
    session.run_until(session.world.now() + Duration::from_secs(2))?;
    for node in &spec.nodes {
        for input in workload::put_right(&session.world, node) {
            if session.is_at_prompt(node) {
                session.apply(input)?;
            }
        }
    }
    let has_swarm = !spec.managers.is_empty();
    let has_kube = spec.kube.is_some();
    let mut end = session.world.now() + bound(session, has_swarm, has_kube);
    let (mut operator, mut looks) = (Operator::default(), Vec::<Look>::new());
    loop {
        session.run_until(session.world.now() + LOOK_INTERVAL)?;
        operator.look_after(session)?;
        let mut look = session.watch.look_for_rest(&session.world);
        let mut awaited = operator.awaited(&session.world);
        if operator.is_beginning() {
            end = session.world.now() + bound(session, has_swarm, has_kube);
        }
        if has_swarm && has_no_manager(&session.world) {
            if !has_kube {
                return Ok(());
            }
            look.forgive_swarm();
            awaited.clear();
        }
        let is_all_done = awaited.is_empty();
        look.add_to_swarm(awaited);
        // What comes and goes (a service that fails again and again) gets all the time there is.
        let is_over = look.is_clean() || end <= session.world.now();
        looks.push(look);
        let last = &looks[looks.len().saturating_sub(LOOK_COUNT)..];
        let verdict = session.watch.at_rest(&session.world, last);
        match verdict {
            Ok(()) if last.len() == LOOK_COUNT && is_all_done && is_over => return Ok(()),
            Err(violation) if end <= session.world.now() => return Err(Failure::from(*violation)),
            _ => {}
        }
    }
}
