//! What the sweep's invariants cannot see, because it is about time, about what a command says, or about
//! what a host may be told: one short story for each.

use swarm::node::LocalState;
use swarm::objects::{NodeState, Role, Task, TaskState};
use world::{Fault, Input, Surface};

use crate::lab::{Lab, Step};

/// What no terminal and no file shows unless it leaks.
const CANARY: &str = "quince-jelly-and-cold-iron";

/// A leader that hears nobody stops leading within two election timeouts.
pub(crate) fn leader_in_a_minority(lab: &mut Lab<'_>) -> Step {
    lab.cut("m1", true)?;
    lab.wait(45)?;
    let leads = lab.daemon("m1").and_then(|node| node.raft()).is_some_and(|raft| raft.is_leader());
    lab.expect(!leads, "a_minority_has_no_leader")
}

/// A manager that cannot reach the leader answers nothing.
pub(crate) fn read_in_a_minority(lab: &mut Lab<'_>) -> Step {
    lab.cut("m3", true)?;
    lab.says("m1", "printf x > f && docker secret create new f")?;
    let list = lab.run("m3", "docker secret ls")?;
    lab.expect(list.status != 0 || list.output.contains("new"), "reads_are_the_leaders")
}

/// Of two updates of what both have read, one is refused.
pub(crate) fn two_updates_at_once(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name web nginx:alpine")?;
    lab.wait(30)?;
    lab.type_line("m1", "docker service update --detach --env-add A=1 web; echo status $?")?;
    let second =
        lab.run("m2", "docker service update --detach --env-add B=1 web; echo status $?")?;
    lab.wait(5)?;
    let store = lab.store();
    let env = store.services().by_name("web").map(|web| web.spec.task.container.env.clone());
    let env = env.unwrap_or_default();
    let has = |wanted: &str| env.iter().any(|entry| entry == wanted);
    let was_taken = second.output.contains("status 0");
    lab.expect(has("B=1") == was_taken && (has("A=1") || !was_taken), "no_update_is_lost")
}

/// A spec that names a secret that is gone cannot come back.
pub(crate) fn rollback_to_a_lost_secret(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "printf x > f && docker secret create s f")?;
    lab.says("m1", "docker service create --detach --name web --secret s nginx:alpine")?;
    lab.wait(20)?;
    lab.says("m1", "docker service update --detach --secret-rm s web && docker secret rm s")?;
    let back = lab.run("m1", "docker service rollback --detach web")?;
    lab.wait(5)?;
    lab.expect(back.status != 0, "a_lost_secret_is_missed")
}

/// Who joins with a worker's token is a worker, and a rotated token is worth nothing.
pub(crate) fn join_with_an_old_token(lab: &mut Lab<'_>) -> Step {
    let role = lab.daemon("w1").and_then(|node| node.observe().role);
    lab.expect(role == Some(Role::Worker), "a_workers_token_makes_a_worker")?;
    let token = lab.store().cluster().map(|cluster| cluster.root_ca.worker_token.clone());
    let token = token.unwrap_or_default();
    lab.says("m1", "docker swarm join-token --rotate --quiet worker")?;
    lab.says("w1", "docker swarm leave")?;
    let address = lab.address("m1");
    let join = lab.run("w1", &format!("docker swarm join --token {token} {address}:2377"))?;
    lab.expect(join.status != 0, "an_old_token_is_refused")
}

/// What a lost node ran is run by others.
pub(crate) fn node_is_lost(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name web --replicas 5 nginx:alpine")?;
    lab.wait(40)?;
    lab.crash("w1")?;
    lab.wait(60)?;
    let store = lab.store();
    let is_up = |task: &Task| {
        let node = task.node_id.as_ref().and_then(|id| store.node(id));
        node.is_some_and(|node| node.status.state == NodeState::Ready)
    };
    let runs = |task: &Task| {
        (task.desired_state, task.status.state) == (TaskState::Running, TaskState::Running)
    };
    let count = store.tasks().iter().filter(|task| is_up(task) && runs(task)).count();
    lab.expect(count == 5, "lost_tasks_are_replaced")
}

/// A task that fails is replaced after the delay.
pub(crate) fn task_fails_at_once(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name bad alpine false")?;
    lab.wait(60)?;
    let store = lab.store();
    let mut made: Vec<_> = store.tasks().iter().map(|task| task.meta.created_at).collect();
    made.sort();
    let gaps_hold = made.windows(2).all(|pair| 4_500 <= pair[1].since(pair[0]).as_millis());
    lab.expect(1 < made.len() && gaps_hold, "restarts_wait")
}

fn state_of(lab: &Lab<'_>, name: &str) -> Option<NodeState> {
    let store = lab.store();
    let node = store.nodes().iter().find(|node| node.description.hostname == name);
    node.map(|node| node.status.state)
}

/// A node that is silent for less than three heartbeat periods is not down, whenever that begins.
pub(crate) fn short_silence(lab: &mut Lab<'_>) -> Step {
    for phase in 0..6 {
        lab.wait_ms(30_000 + phase * 900)?;
        lab.cut("w1", true)?;
        lab.wait_ms(7_600)?;
        let state = state_of(lab, "w1");
        lab.cut("w1", false)?;
        lab.expect(state == Some(NodeState::Ready), "the_grace_period_is_given")?;
    }
    Ok(())
}

/// A node that is dead is down after three heartbeat periods, whenever that begins.
pub(crate) fn long_silence(lab: &mut Lab<'_>) -> Step {
    for phase in 0..6 {
        lab.wait_ms(30_000 + phase * 900)?;
        lab.crash("w1")?;
        lab.wait_ms(16_800)?;
        let state = state_of(lab, "w1");
        lab.restart("w1")?;
        lab.expect(state == Some(NodeState::Down), "the_grace_period_ends")?;
    }
    Ok(())
}

/// With autolock a manager that starts again is locked.
pub(crate) fn autolock(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker swarm update --autolock=true > key")?;
    lab.wait(20)?;
    lab.crash("m2")?;
    lab.restart("m2")?;
    lab.wait(5)?;
    let state = lab.daemon("m2").map(|node| node.observe().state);
    lab.expect(state == Some(LocalState::Locked), "the_key_is_not_on_the_disk")
}

/// What a manager knew is not on the disk of the worker that it has become.
pub(crate) fn demotion(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker node demote m2")?;
    lab.wait(60)?;
    let is_log = |path: &String| path.starts_with("/var/lib/docker/swarm/raft/");
    let has_log = lab.files("m2").iter().any(is_log);
    lab.expect(!has_log, "a_worker_has_no_log")
}

/// A service with a secret on every node; its tasks are not replaced.
fn with_secret(lab: &mut Lab<'_>) -> Step {
    lab.write("m1", "/root/f", CANARY)?;
    lab.says("m1", "docker secret create s f && rm f")?;
    let options = "--detach --name web --mode global --restart-condition none --secret s";
    lab.says("m1", &format!("docker service create {options} nginx:alpine"))?;
    lab.wait(60)
}

/// An image that is made from a task's container does not hold its secret.
pub(crate) fn commit(lab: &mut Lab<'_>) -> Step {
    with_secret(lab)?;
    lab.says("w1", "docker commit $(docker ps -q | head -n 1) copy")?;
    lab.expect(!lab.is_found(CANARY, Surface::Image), "commit_takes_no_secret")
}

/// Once a task's container has stopped, its secret is mounted nowhere on its node.
pub(crate) fn stop(lab: &mut Lab<'_>) -> Step {
    with_secret(lab)?;
    let look = "cat /var/lib/docker/containers/*/mounts/secrets/* 2> /dev/null; true";
    let is_shown = |text: &str| text.contains(CANARY);
    let before = lab.says("w1", look)?;
    lab.expect(is_shown(&before), "the_secret_is_mounted")?;
    lab.says("w1", "docker stop $(docker ps -q)")?;
    lab.wait(5)?;
    let after = lab.says("w1", look)?;
    lab.expect(!is_shown(&after), "a_stopped_task_has_no_secret")
}

/// A rollback, which the invariant looks at.
pub(crate) fn rollback(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name web nginx:alpine")?;
    lab.says("m1", "docker service update --detach --image redis:alpine web")?;
    lab.says("m1", "docker service rollback --detach web")?;
    lab.wait(10)
}

/// More is reserved than there is.
pub(crate) fn too_much_is_reserved(lab: &mut Lab<'_>) -> Step {
    let options = "--detach --name web --replicas 40 --reserve-memory 700M";
    lab.says("m1", &format!("docker service create {options} nginx:alpine"))?;
    lab.wait(10)
}

/// A global job begins while a node is drained.
pub(crate) fn job_beside_a_drained_node(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker node update --availability drain w1")?;
    lab.says("m1", "docker service create --detach --name once --mode global-job alpine true")?;
    lab.wait(10)
}

/// A manager starts from a snapshot and has to know the others.
pub(crate) fn start_from_a_snapshot(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker swarm update --snapshot-interval 5")?;
    lab.says("m1", "docker service create --detach --name web --replicas 4 nginx:alpine")?;
    lab.wait(30)?;
    lab.crash("m2")?;
    lab.restart("m2")?;
    lab.wait(10)
}

/// A node that was cut off runs again what it is to run, and nothing else.
pub(crate) fn node_comes_back(lab: &mut Lab<'_>) -> Step {
    lab.says("m1", "docker service create --detach --name web --replicas 5 nginx:alpine")?;
    lab.wait(40)?;
    lab.cut("w1", true)?;
    lab.wait(60)?;
    lab.cut("w1", false)?;
    lab.wait(30)
}

/// A worker without room for what it wants to write.
pub(crate) fn full_disk(lab: &mut Lab<'_>) -> Step {
    lab.apply(Input::fault(Fault::FullDisk("w1".into())))?;
    lab.says("m1", "docker service create --detach --name web --mode global nginx:alpine")?;
    lab.wait(20)
}

/// A manager is removed before its demotion has come to the raft group, because its leader is lost in
/// the middle of it and two of three must not become one of two.
pub(crate) fn removal_overtakes_demotion(lab: &mut Lab<'_>) -> Step {
    lab.arm("entry.sent(kind=node)", Fault::Crash("m1".into()))?;
    lab.type_line("m2", "docker node demote m3")?;
    lab.wait_until(|lab| lab.leads("m2") || lab.leads("m3"))?;
    lab.wait(30)?;
    lab.says("m2", "docker node rm --force m3")?;
    lab.restart("m1")?;
    lab.rest()
}

/// A daemon starts again while a task is ready and waits for its turn.
pub(crate) fn daemon_starts_again(lab: &mut Lab<'_>) -> Step {
    let options = "--detach --name bad --constraint node.hostname==w1 --restart-delay 40s";
    lab.says("m1", &format!("docker service create {options} alpine false"))?;
    lab.wait(20)?;
    lab.crash("w1")?;
    lab.restart("w1")?;
    lab.rest()
}
