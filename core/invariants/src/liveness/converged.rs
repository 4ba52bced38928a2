//! What is, is what was asked for.

use sorted::{SortedMap, SortedSet};

use raft::Index;
use sim::{Duration, Time};
use swarm::node::LocalState;
use swarm::objects::{
    Availability, Id, Node, NodeState, RestartCondition, Service, ServiceMode, Task, TaskState,
    UpdateState,
};
use swarm::store::Store;
use world::World;

use super::lasting;
use crate::invariant::{Invariant, Verdict};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "converged",
    statement: "some time after the last fault and the last command there is one leader, all managers have applied the same, every node that is up is ready and trusts the cluster's root CA, every service runs what it should or says why not, and every agent has exactly the tasks and secrets that the store gives it",
    source: "raft.md L1 to L6; TigerBeetle's and openraft's second phase",
};

/// The label that says which task a container runs.
const TASK_LABEL: &str = "com.docker.swarm.task.id";

/// One host as this check needs it.
#[derive(Clone, Debug, Default)]
pub struct HostState {
    /// Its name.
    pub name: String,
    /// Its node, if it is in a swarm.
    pub node_id: Option<Id>,
    /// Its part of the swarm did not start, or has stopped.
    pub has_failed: bool,
    /// The root CA that it trusts, as PEM.
    pub root: Option<String>,
    /// It does the leader's work.
    pub leads: bool,
    /// On managers: what it has applied.
    pub applied: Option<Index>,
    /// On managers: the nodes of the raft group.
    pub members: Vec<Id>,
    /// The agent's tasks: identifier, what the agent knows of it.
    pub tasks: SortedMap<Id, TaskState>,
    /// Those that a running container is there for.
    pub running: SortedSet<Id>,
    /// The secrets in the agent's memory.
    pub secrets: SortedSet<Id>,
    /// The configs there.
    pub configs: SortedSet<Id>,
}

/// The hosts that are up, and what their leader's store holds.
#[derive(Debug, Default)]
pub struct State {
    /// The virtual time.
    pub now: Time,
    /// The hosts that are up.
    pub hosts: Vec<HostState>,
    /// The leader's store; none without a leader.
    pub store: Option<Store>,
}

impl State {
    /// What there is in a world.
    pub fn of(world: &World) -> Self {
        let mut state = Self { now: world.now(), ..Self::default() };
        for probe in (0..world.host_count()).filter_map(|host| world.probe(host)) {
            let Some(daemon) = probe.daemon else { continue };
            let node = daemon.swarm();
            let mut host = HostState {
                name: probe.name.to_owned(),
                has_failed: node.info().state == LocalState::Error,
                node_id: node.node_id().map(Id::from),
                root: node.root_and_chain().map(|(root, _)| root.pem()),
                leads: node.is_leading(),
                applied: node.store().map(|(applied, _)| applied),
                ..HostState::default()
            };
            let running = daemon.engine().containers().filter(|container| container.is_running());
            let task_of = |labels: &SortedMap<String, String>| labels.get(TASK_LABEL).cloned();
            host.running =
                running.filter_map(|c| task_of(&c.config.labels)).map(Id::from).collect();
            if let Some(raft) = node.observe().raft {
                host.members = raft.members.into_iter().map(|(_, node, _, _)| node).collect();
            }
            if let Some(agent) = node.agent() {
                host.tasks =
                    agent.tasks.iter().map(|(task, at)| (task.id.clone(), at.state)).collect();
                host.secrets = agent.secrets.iter().map(|secret| secret.id.clone()).collect();
                host.configs = agent.configs.iter().map(|config| config.id.clone()).collect();
            }
            if host.leads {
                state.store = node.store().map(|(_, store)| store.clone());
            }
            state.hosts.push(host);
        }
        state
    }
}

/// Everything that is not yet as it should be, in words; empty when all is.
pub fn why_not(state: &State) -> Vec<String> {
    let mut why = Vec::new();
    let leaders: Vec<&HostState> = state.hosts.iter().filter(|host| host.leads).collect();
    let in_a_swarm = state.hosts.iter().any(|host| host.node_id.is_some());
    let (Some(store), [leader]) = (&state.store, leaders.as_slice()) else {
        if in_a_swarm {
            why.push(format!("{} leaders", leaders.len()));
        }
        return why;
    };
    for host in &state.hosts {
        if host.has_failed {
            why.push(format!("{} is up, and its part of the swarm has failed", host.name));
        }
        let Some(node) = host.node_id.as_ref().and_then(|id| store.node(id)) else { continue };
        if host.applied.is_some() && host.applied != leader.applied {
            why.push(format!(
                "{} has applied {:?}, not {:?}",
                host.name, host.applied, leader.applied
            ));
        }
        if node.status.state != NodeState::Ready {
            why.push(format!("{} is up and {}", host.name, node.status.state.word()));
            continue;
        }
        let root = store.cluster().map(|cluster| cluster.root_ca.certificate.as_slice());
        if root.is_some() && root != host.root.as_deref().map(str::as_bytes) {
            why.push(format!("{} trusts another root CA than the cluster's", host.name));
        }
        agents(host, &node.id, store, &mut why);
    }
    for node in leader.members.iter().filter(|node| store.node(node).is_none()) {
        why.push(format!("node {node} is gone and still a raft member"));
    }
    let all_ready = store.nodes().iter().all(|node| node.status.state == NodeState::Ready);
    if all_ready && store.cluster().is_some_and(|cluster| cluster.root_ca.rotation.is_some()) {
        why.push("the rotation of the root CA does not end".to_owned());
    }
    for service in store.services().iter() {
        services(service, state, store, &mut why);
    }
    for task in store.tasks().iter() {
        let is_up = task
            .node_id
            .as_ref()
            .and_then(|id| store.node(id))
            .is_some_and(|node| node.status.state == NodeState::Ready);
        let live = task.status.state <= TaskState::Running;
        let is_drained = task
            .node_id
            .as_ref()
            .and_then(|id| store.node(id))
            .is_some_and(|node| node.spec.availability == Availability::Drain);
        // An update that goes on makes a task for a node that was drained meanwhile (swarmkit:
        // `updater.go` takes the slots as it begins): it waits and says why, and holds nothing there.
        let holds = live && TaskState::Assigned <= task.status.state;
        if is_drained && holds && task.desired_state <= TaskState::Running {
            why.push(format!("task {} stays on a drained node", task.short_name()));
        }
        if live && !task.service_id.is_empty() && store.service(&task.service_id).is_none() && is_up
        {
            why.push(format!("task {} goes on without its service", task.short_name()));
        }
        if is_up && is_misplaced(task, store) {
            why.push(format!("task {} is where its constraints forbid it", task.short_name()));
        }
        if is_up && live && TaskState::Shutdown <= task.desired_state {
            why.push(format!("task {} does not end", task.short_name()));
        }
    }
    why
}

/// The task runs on a node that takes tasks and does not meet its constraints. Those of the service may be
/// others by now, if an update is paused.
fn is_misplaced(task: &Task, store: &Store) -> bool {
    let node = task.node_id.as_ref().and_then(|id| store.node(id));
    (task.desired_state, task.status.state) == RUNS
        && node.is_some_and(|node| {
            node.spec.availability == Availability::Active
                && !swarm::leader::constraint::matches_texts(&task.spec.placement.constraints, node)
        })
}

/// An agent against the store.
fn agents(host: &HostState, node_id: &Id, store: &Store, why: &mut Vec<String>) {
    let (mut secrets, mut configs) = (SortedSet::<&Id>::new(), SortedSet::<&Id>::new());
    for task in store.tasks_of_node(node_id) {
        if task.status.state < TaskState::Assigned {
            continue;
        }
        let known = host.tasks.get(&task.id);
        // A manager may have ended it in its own way: the constraint enforcer rejects what the agent then
        // shuts down.
        let has_ended = |state: &TaskState| TaskState::Running < *state;
        let is_over = has_ended(&task.status.state) && known.is_some_and(has_ended);
        let is_same = is_over || known == Some(&task.status.state);
        if !is_same && task.status.state != TaskState::Orphaned {
            let name = task.short_name();
            why.push(format!(
                "task {name} is {:?}, {} says {known:?}",
                task.status.state, host.name
            ));
        }
        if task.status.state <= TaskState::Running {
            let references = &task.spec.container.secrets;
            let named = references.iter().map(|reference| &reference.secret_id);
            secrets.extend(named.filter(|id| store.secret(id).is_some()));
            let named = task.spec.container.configs.iter().map(|reference| &reference.config_id);
            configs.extend(named.filter(|id| store.config(id).is_some()));
        }
    }
    for (id, _) in host.tasks.iter().filter(|(_, state)| **state == TaskState::Running) {
        if !host.running.contains(id) {
            why.push(format!(
                "{} says that task {id} runs, and has no container for it",
                host.name
            ));
        }
    }
    for id in host.tasks.keys().filter(|id| store.task(id).is_none()) {
        why.push(format!("{} has task {id}, which is gone", host.name));
    }
    if !host.secrets.iter().eq(secrets.iter().copied()) {
        let count = (host.secrets.len(), secrets.len());
        why.push(format!("{} holds {} secrets, its tasks name {}", host.name, count.0, count.1));
    }
    if !host.configs.iter().eq(configs.iter().copied()) {
        let count = (host.configs.len(), configs.len());
        why.push(format!("{} holds {} configs, its tasks name {}", host.name, count.0, count.1));
    }
}

/// A service whose tasks end again and again always has a young one.
const YOUNG: Duration = Duration::from_secs(60);

/// A service against its tasks.
fn services(service: &Service, state: &State, store: &Store, why: &mut Vec<String>) {
    let name = &service.spec.annotations.name;
    let is_young = |task: &Task| state.now.since(task.meta.created_at) < YOUNG;
    let (mut running, mut excused) = (0, 0);
    let mut is_restless = false;
    for task in store.tasks_of_service(&service.id) {
        let waits = task.status.state == TaskState::Pending && task.status.err.is_some();
        is_restless |= is_young(task) || waits;
        if TaskState::Running < task.desired_state {
            continue;
        }
        running += u64::from((task.desired_state, task.status.state) == RUNS);
        // It cannot be placed and says why, or it is a new attempt.
        excused += u64::from(task.status.state != TaskState::Running && (waits || is_young(task)));
    }
    let update = service.update_status.as_ref().map(|status| status.state);
    let goes_on = matches!(update, Some(UpdateState::Updating | UpdateState::RollbackStarted));
    if goes_on && !is_restless && !is_nobodys(service, store) {
        why.push(format!("the update of {name} does not end"));
    }
    let wanted = match &service.spec.mode {
        ServiceMode::Replicated { replicas } => *replicas,
        ServiceMode::Global => {
            store.nodes().iter().filter(|node| is_eligible(service, node)).count() as u64
        }
        ServiceMode::ReplicatedJob { max_concurrent, total_completions } => {
            // None may run: `--replicas 0` says so of both, and a scaling changes the total alone (docker: `service scale`).
            let total = if *max_concurrent == 0 { 0 } else { *total_completions };
            return job(service, total, store, why);
        }
        ServiceMode::GlobalJob => return,
    };
    let policy = service.spec.task.restart.unwrap_or_default();
    let gives_up = policy.max_attempts != 0 || policy.condition != RestartCondition::Any;
    let is_paused = matches!(update, Some(UpdateState::Paused | UpdateState::RollbackPaused));
    if running + excused < wanted && !gives_up && !is_paused {
        why.push(format!("{name} runs {running} of {wanted} tasks"));
    }
    // A paused node keeps its task of a global service; a paused start-first update keeps both.
    let is_global = matches!(service.spec.mode, ServiceMode::Global);
    if wanted < running && !is_global && !is_restless && !is_paused {
        why.push(format!("{name} runs {running} tasks instead of {wanted}"));
    }
}

/// The node may get tasks of the service.
fn is_eligible(service: &Service, node: &Node) -> bool {
    let constraints = &service.spec.task.placement.constraints;
    node.status.state == NodeState::Ready
        && node.spec.availability == Availability::Active
        && swarm::leader::constraint::matches_texts(constraints, node)
}

/// A rollback that was asked for while no node that may run the global service had a task of it: the orchestrator hands
/// nothing to the updater then, other nodes are left as they are or emptied, and nobody ends it before the service changes
/// again (swarmkit: `global.go`, `reconcileServices`). Or one of a job, which has no updater at all (`controlapi/service.go`, `UpdateService`).
fn is_nobodys(service: &Service, store: &Store) -> bool {
    let is_new = |task: &std::rc::Rc<Task>| task.spec_version == service.spec_version;
    let is_left = |task: &std::rc::Rc<Task>| {
        let node = task.node_id.as_ref().and_then(|id| store.node(id));
        !node.is_some_and(|node| is_eligible(service, node))
    };
    let had_none = || store.tasks_of_service(&service.id).all(|task| is_new(task) || is_left(task));
    let update = service.update_status.as_ref().map(|status| status.state);
    update == Some(UpdateState::RollbackStarted)
        && (service.spec.mode.is_job()
            || matches!(service.spec.mode, ServiceMode::Global) && had_none())
}

/// A replicated job: each of its places has completed once, is on its way, or has failed.
fn job(service: &Service, total: u64, store: &Store, why: &mut Vec<String>) {
    let name = &service.spec.annotations.name;
    let iteration = service.job_status.map(|job| job.iteration);
    let (mut completed, mut all) = (SortedSet::new(), SortedSet::new());
    for task in store.tasks_of_service(&service.id).filter(|t| t.job_iteration == iteration) {
        all.insert(task.slot);
        if task.status.state == TaskState::Complete && !completed.insert(task.slot) {
            why.push(format!("{name} has completed {} twice", task.slot));
        }
    }
    let (all, completed) = (all.len() as u64, completed.len() as u64);
    let is_held_up = completed < all;
    if total < all || (all < total && !is_held_up) {
        why.push(format!("{name} has run {all} of {total} times, {completed} have completed"));
    }
}

/// Desired and actual state of a task that runs as it should.
const RUNS: (TaskState, TaskState) = (TaskState::Running, TaskState::Running);

/// What was wrong at every one of some looks.
///
/// # Errors
/// With the first reasons.
pub fn check(looks: &[&[String]]) -> Verdict {
    lasting(looks).map_or(Ok(()), |what| Err(INVARIANT.broken(what)))
}

#[cfg(test)]
mod tests {
    use swarm::objects::Kind;
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, node, service, task};

    fn rolls_back() -> Option<swarm::objects::UpdateStatus> {
        Some(swarm::objects::UpdateStatus {
            state: UpdateState::RollbackStarted,
            started_at: None,
            completed_at: None,
            message: String::new(),
        })
    }

    /// A rollback that does not end, of a global service on a node that it may run on or not.
    fn rollback(state: &mut State, constraint: &str) {
        let store = state.store.as_mut().unwrap();
        let mut web = service("web");
        web.spec.mode = ServiceMode::Global;
        web.spec.task.placement.constraints = vec![constraint.to_owned()];
        (web.spec_version, web.update_status) = (1, rolls_back());
        store.apply(&[StoreAction::Update(web.into())]);
    }

    #[test]
    fn a_rollback_of_what_runs_nowhere() {
        bad(|state| rollback(state, "node.id==n1"));
        let mut state = good();
        rollback(&mut state, "node.id!=n1");
        state.store.as_mut().unwrap().apply(&[StoreAction::Remove(Kind::Task, "t1".into())]);
        (state.hosts[0].tasks, state.hosts[0].running) = Default::default();
        check(&[&why_not(&state)]).unwrap();
    }

    /// Liveness seed 501634.
    #[test]
    fn a_job_that_may_not_run() {
        for (max_concurrent, runs) in [(0, false), (1, true)] {
            let mut state = good();
            let mut job = service("job");
            job.spec.mode = ServiceMode::ReplicatedJob { max_concurrent, total_completions: 3 };
            state.store.as_mut().unwrap().apply(&[StoreAction::Create(job.into())]);
            assert_eq!(check(&[&why_not(&state)]).is_err(), runs);
        }
    }

    /// Liveness seed 500151.
    #[test]
    fn a_rollback_of_what_is_paused() {
        let mut state = good();
        rollback(&mut state, "node.id==n1");
        let mut paused = node("n1");
        paused.spec.availability = Availability::Pause;
        state.store.as_mut().unwrap().apply(&[StoreAction::Update(paused.into())]);
        check(&[&why_not(&state)]).unwrap();
    }

    /// Liveness seed 701266: the task that ran there before has ended, and is kept.
    #[test]
    fn a_rollback_where_nothing_may_run_any_more() {
        for (constraint, is_nobodys) in [("node.id!=n1", true), ("node.id==n1", false)] {
            let mut state = good();
            rollback(&mut state, constraint);
            let mut ended = task("t1", "web", Some("n1"));
            (ended.status.state, ended.desired_state) = (TaskState::Failed, TaskState::Shutdown);
            state.store.as_mut().unwrap().apply(&[StoreAction::Update(ended.into())]);
            (state.hosts[0].tasks, state.hosts[0].running) = Default::default();
            state.hosts[0].tasks.insert("t1".into(), TaskState::Failed);
            let why = why_not(&state);
            assert_eq!(!why.iter().any(|why| why.contains("does not end")), is_nobodys, "{why:?}");
        }
    }

    /// Liveness seed 200343.
    #[test]
    fn a_rollback_of_a_job() {
        let mut state = good();
        let mut job = service("job");
        job.spec.mode = ServiceMode::ReplicatedJob { max_concurrent: 0, total_completions: 0 };
        job.update_status = rolls_back();
        state.store.as_mut().unwrap().apply(&[StoreAction::Create(job.into())]);
        check(&[&why_not(&state)]).unwrap();
    }

    /// One host that leads and runs the one task of one service.
    fn good() -> State {
        let mut store = Store::new();
        let mut web = service("web");
        web.spec.mode = ServiceMode::Replicated { replicas: 1 };
        let mut running = task("t1", "web", Some("n1"));
        running.status.state = TaskState::Running;
        let objects = [node("n1").into(), web.into(), running.into()];
        store.apply(&objects.map(StoreAction::Create));
        let host = HostState {
            name: "node1".into(),
            node_id: Some("n1".into()),
            leads: true,
            applied: Some(Index(3)),
            members: vec!["n1".into()],
            tasks: SortedMap::from([("t1".into(), TaskState::Running)]),
            running: SortedSet::from(["t1".into()]),
            ..HostState::default()
        };
        // Long after the tasks were made.
        State { now: Time::from_date(2017, 3, 21), hosts: vec![host], store: Some(store) }
    }

    #[track_caller]
    fn bad(alter: impl FnOnce(&mut State)) {
        let mut state = good();
        alter(&mut state);
        complains(check(&[&why_not(&state)]), &INVARIANT);
    }

    #[test]
    fn what_is_not_as_it_should_be() {
        check(&[&why_not(&good())]).unwrap();
        check(&[&["a".into(), "b".into()], &["c".into()]]).unwrap();
        bad(|state| state.hosts[0].leads = false);
        bad(|state| state.hosts[0].tasks.clear());
        bad(|state| state.hosts[0].running.clear());
        bad(|state| state.hosts[0].members.push("n2".into()));
        bad(|state| state.hosts[0].secrets = SortedSet::from(["a".into()]));
        bad(|state| state.hosts[0].configs = SortedSet::from(["a".into()]));
        bad(|state| state.hosts[0].has_failed = true);
        bad(|state| {
            let mut cluster = swarm::objects::Cluster::default();
            cluster.root_ca.certificate = b"another".to_vec();
            state.store.as_mut().unwrap().apply(&[StoreAction::Create(cluster.into())]);
        });
        bad(|state| {
            let mut alone = task("t1", "gone", Some("n1"));
            alone.status.state = TaskState::Running;
            state.store.as_mut().unwrap().apply(&[StoreAction::Update(alone.into())]);
        });
        bad(|state| {
            let mut misplaced = task("t1", "web", Some("n1"));
            misplaced.status.state = TaskState::Running;
            misplaced.spec.placement.constraints = vec!["node.hostname==n2".to_owned()];
            state.store.as_mut().unwrap().apply(&[StoreAction::Update(misplaced.into())]);
        });
        bad(|state| {
            let mut twice = service("job");
            twice.spec.mode =
                ServiceMode::ReplicatedJob { max_concurrent: 1, total_completions: 2 };
            state.store.as_mut().unwrap().apply(&[StoreAction::Create(twice.into())]);
        });
        bad(|state| state.hosts[0].tasks.extend([("t9".into(), TaskState::Running)]));
        bad(|state| {
            let mut two = service("web");
            two.spec.mode = ServiceMode::Replicated { replicas: 2 };
            state.store.as_mut().unwrap().apply(&[StoreAction::Update(two.into())]);
        });
        bad(|state| {
            let mut down = node("n1");
            down.status.state = NodeState::Down;
            state.store.as_mut().unwrap().apply(&[StoreAction::Update(down.into())]);
        });
        bad(|state| {
            let mut other = state.hosts[0].clone();
            (other.leads, other.applied) = (false, Some(Index(2)));
            state.hosts.push(other);
        });
    }
}
