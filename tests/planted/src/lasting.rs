//! What is right or wrong over a while: updates, attempts, keys and certificates, days without a node.

use sim::Duration;
use swarm::node::LocalState;
use swarm::objects::{Service, Task, TaskState, UpdateState};
use world::fault::Reach;
use world::{Fault, Input};

use crate::lab::{Lab, Step};

fn running(task: &Task) -> bool {
    (task.desired_state, task.status.state) == (TaskState::Running, TaskState::Running)
}

fn service(lab: &Lab<'_>, name: &str) -> Option<Service> {
    lab.store().services().by_name(name).map(|service| (**service).clone())
}

/// One at a time: of six tasks five always run.
pub(crate) fn update_one_by_one(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name web --replicas 6 nginx:alpine")?;
    lab.wait(30)?;
    lab.says("m1", "docker service update --detach --update-parallelism 1 --force web")?;
    for _ in 0..800 {
        lab.wait_ms(50)?;
        let count = lab.store().tasks().iter().filter(|task| running(task)).count();
        lab.expect(5 <= count, "an_update_keeps_to_its_parallelism")?;
    }
    let state = service(lab, "web").and_then(|web| web.update_status).map(|status| status.state);
    lab.expect(state == Some(UpdateState::Completed), "an_update_ends")
}

/// The new tasks run for two seconds and fail.
pub(crate) fn update_that_fails(lab: &mut Lab<'_>) -> Step {
    let options = "--detach --name web --replicas 2 --update-failure-action rollback";
    lab.says("m1", &format!("docker service create {options} alpine sleep 100000"))?;
    lab.wait(30)?;
    lab.says("m1", "docker service update --detach --args \"sh -c 'sleep 2; exit 1'\" web")?;
    lab.wait(60)?;
    let web = service(lab, "web");
    let state = web.as_ref().and_then(|web| web.update_status.as_ref()).map(|status| status.state);
    lab.expect(state == Some(UpdateState::RollbackCompleted), "a_failed_update_is_rolled_back")
}

/// Two attempts within ten seconds are allowed, and a task lives for eight.
pub(crate) fn attempts_within_a_window(lab: &mut Lab<'_>) -> Step {
    let options = "--restart-delay 1s --restart-max-attempts 2 --restart-window 10s";
    let program = "alpine sh -c 'sleep 8; exit 1'";
    lab.says("m1", &format!("docker service create --detach --name slow {options} {program}"))?;
    lab.wait(90)?;
    let goes_on = lab.store().tasks().iter().any(|t| t.desired_state <= TaskState::Running);
    lab.expect(goes_on, "attempts_leave_the_window")
}

/// A leader is lost while a task waits for its delay.
pub(crate) fn leader_is_lost_during_a_delay(lab: &mut Lab<'_>) -> Step {
    let options = "--detach --name bad --constraint node.role==worker --restart-delay 40s";
    lab.says("m1", &format!("docker service create {options} alpine sh -c 'sleep 50; exit 1'"))?;
    lab.wait_until(|lab| {
        lab.store().tasks().iter().any(|task| task.desired_state == TaskState::Ready)
    })?;
    lab.crash("m1")?;
    lab.wait(90)?;
    let waits = lab.store().tasks().iter().any(|task| task.desired_state == TaskState::Ready);
    let runs = lab.store().tasks().iter().any(|task| running(task));
    lab.expect(runs || !waits, "a_new_leader_goes_on_with_delays")
}

/// Certificates for an hour, three hours.
pub(crate) fn certificates_for_an_hour(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker swarm ca --rotate --detach --cert-expiry 1h")?;
    lab.wait(3 * 3_600)?;
    for node in ["m1", "m2", "m3", "w1", "w2"] {
        let until = lab.daemon(node).and_then(|node| node.certificate_span()).map(|span| span.1);
        lab.expect(until.is_some_and(|until| lab.now() < until), "certificates_are_renewed")?;
    }
    lab.rest()
}

/// A node is away while the root CA is rotated.
pub(crate) fn rotation_without_a_node(lab: &mut Lab<'_>) -> Step {
    lab.crash("w1")?;
    lab.wait(30)?;
    lab.says("m1", "docker swarm ca --rotate --detach")?;
    lab.wait(30)?;
    lab.restart("w1")?;
    lab.rest()
}

/// The unlock key is another one now, and a manager starts again.
pub(crate) fn another_unlock_key(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker swarm update --autolock=true > old")?;
    lab.wait(20)?;
    lab.says("m1", "docker swarm unlock-key --rotate --quiet > new")?;
    let key = lab.says("m1", "docker swarm unlock-key --quiet")?;
    lab.wait(20)?;
    lab.crash("m2")?;
    lab.restart("m2")?;
    lab.wait(5)?;
    lab.run("m2", &format!("echo {} | docker swarm unlock", key.trim()))?;
    lab.wait(5)?;
    let state = lab.daemon("m2").map(|node| node.observe().state);
    lab.expect(state == Some(LocalState::Active), "the_new_key_opens")
}

/// A node does not come back for 25 hours.
pub(crate) fn node_is_lost_for_a_day(lab: &mut Lab<'_>) -> Step {
    let options = "--detach --name web --constraint node.hostname==w1";
    lab.says("m1", &format!("docker service create {options} nginx:alpine"))?;
    lab.wait(30)?;
    lab.crash("w1")?;
    lab.wait(25 * 3_600)?;
    let is_orphan = |task: &Task| task.status.state == TaskState::Orphaned;
    let has_orphan = lab.store().tasks().iter().any(|task| is_orphan(task));
    lab.expect(has_orphan, "lost_tasks_become_orphans")
}

fn is_any(lab: &Lab<'_>, state: TaskState) -> bool {
    lab.store().tasks().iter().any(|task| task.status.state == state)
}

/// A node whose disk is slow forgets how far its task was, begins it again, and takes its time to start it.
pub(crate) fn node_forgets_a_state(lab: &mut Lab<'_>) -> Step {
    let options = "--detach --name web --constraint node.hostname==w1 --health-cmd true";
    lab.says("m1", &format!("docker service create {options} --health-interval 5s nginx:alpine"))?;
    lab.wait_until(|lab| is_any(lab, TaskState::Preparing))?;
    lab.apply(Input::fault(Fault::SlowDisk("w1".into(), Duration::from_secs(600))))?;
    lab.wait_until(|lab| is_any(lab, TaskState::Running))?;
    lab.crash("w1")?;
    lab.restart("w1")?;
    lab.apply(Input::fault(Fault::Heal(Reach::All)))?;
    lab.rest()
}

/// A node crashes when its task is over and nothing else has happened yet; what it still knows of the task it tells before
/// it hears what to do with it, or after that.
pub(crate) fn node_is_lost_with_its_task(lab: &mut Lab<'_>) -> Step {
    let options = "--detach --constraint node.hostname==w1 --restart-condition none";
    for round in 0..16 {
        lab.says("m1", &format!("docker service create {options} --name once{round} alpine true"))?;
        lab.wait_until(|lab| is_any(lab, TaskState::Complete))?;
        lab.crash("w1")?;
        lab.restart("w1")?;
        lab.wait(10)?;
        lab.says("m1", &format!("docker service rm once{round}"))?;
        lab.wait(2)?;
    }
    Ok(())
}

/// Half of all frames arrive twice.
pub(crate) fn duplicates(lab: &mut Lab<'_>) -> Step {
    lab.wait(20)?;
    let before = lab.daemon("w1").and_then(|node| node.agent_change_count());
    lab.apply(Input::fault(Fault::Duplicate(Reach::All, 500)))?;
    lab.wait(60)?;
    let after = lab.daemon("w1").and_then(|node| node.agent_change_count());
    lab.expect(before == after, "duplicates_do_no_harm")
}

/// A service that fails as fast as it can, for half a minute.
pub(crate) fn no_quiet(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name bad --restart-delay 0s alpine false")?;
    lab.rest()
}

/// Two services are to publish the same port.
pub(crate) fn one_port_for_two(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name one --publish 8080:80 nginx:alpine")?;
    lab.run("m2", "docker service create --detach --name two --publish 8080:80 nginx:alpine")?;
    lab.wait(5)
}

/// A node loses the label for which it was chosen.
pub(crate) fn label_goes(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker node update --label-add zone=a w1")?;
    let options = "--detach --name web --replicas 2 --constraint node.labels.zone==a";
    lab.says("m1", &format!("docker service create {options} nginx:alpine"))?;
    lab.wait(30)?;
    lab.says("m1", "docker node update --label-rm zone w1")?;
    lab.rest()
}

/// The power of a manager fails as it writes keys or certificates, and it comes back each time.
pub(crate) fn power_fails_as_keys_change(lab: &mut Lab<'_>) -> Step {
    for _ in 0..16 {
        lab.arm("keys.written(node=m2)", Fault::PowerLoss("m2".into()))?;
        lab.says("m1", "docker swarm ca --rotate --detach")?;
        lab.wait_until(|lab| lab.daemon("m2").is_none())?;
        lab.restart("m2")?;
        lab.wait(30)?;
    }
    lab.rest()
}

/// A config is used no more.
pub(crate) fn config_goes(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "printf x > f && docker config create c f")?;
    lab.says(
        "m1",
        "docker service create --detach --name web --replicas 5 --config c nginx:alpine",
    )?;
    lab.wait(30)?;
    lab.says("m1", "docker service update --detach --config-rm c web")?;
    lab.wait(90)?;
    lab.rest()
}
