//! What Docker leaves to the people who look after a swarm. They type the key at a locked host. They start a daemon again that
//! found its certificates invalid while its clock was wrong. A host that nobody can connect with any more leaves and joins
//! again. Where the managers that are left are no majority, one of them goes on alone.
//!
//! Who leaves and joins again is in one of two states only. Swarmkit leads to the one by itself
//! (`core/swarm/src/ca/rotation.rs`): a node that was away for two rotations of the root CA. The other is that of a manager of
//! the group that another one has left behind. Whoever is down for another reason stays down here, and is found.

use raft::RaftId;
use seal::CertificateError::UnknownAuthority;
use sim::Duration;
use swarm::node::{LocalState, SwarmNode};
use swarm::objects::{Id, NodeState, Role};
use world::{Input, World};

use crate::case::Failure;
use crate::session::Session;
use crate::workload;

/// How long people wait for a command to end, at most.
const PATIENCE: Duration = Duration::from_secs(40);

/// Looks at a swarm that nobody leads before people believe that nobody will: longer than three elections.
const LOOKS_UNLED: u32 = 12;

/// Those people.
#[derive(Debug, Default)]
pub(crate) struct Operator {
    /// Who shall leave and join again. Each host once: who is lost again stays so, and is found.
    removed: Vec<Lost>,
    /// Daemons that were started again. Each once: what fails again with the right clock is found.
    restarted: Vec<usize>,
    /// Looks in a row at managers that are no majority.
    unled: u32,
    /// One of them goes on alone. Once: what is lost again stays so.
    began_anew: bool,
}

/// A member that cannot connect with the leader any more.
#[derive(Clone, Debug)]
struct Lost {
    host: usize,
    /// Nobody knows it of a locked host.
    node_id: Option<Id>,
    role: Role,
}

impl Operator {
    /// Looks at every host once, and does what there is to do.
    pub(crate) fn look_after(&mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        for host in 0..session.world.host_count() {
            unlock(session, host)?;
            if !self.restarted.contains(&host) && has_certificates_of_another_time(session, host) {
                self.restarted.push(host);
                run(session, host, "systemctl restart docker")?;
            }
        }
        self.begin_anew(session)?;
        for host in 0..session.world.host_count() {
            if self.removed.iter().all(|lost| lost.host != host)
                && let Some((leader, id, lost)) = Lost::find(&session.world, host)
                && remove(session, leader, &id, lost.role)?
            {
                self.removed.push(lost);
            }
        }
        for lost in &self.removed {
            match node(&session.world, lost.host).map(|node| node.observe().state) {
                Some(LocalState::Inactive) => join(session, lost)?,
                None | Some(LocalState::Pending) => {}
                Some(_) if lost.is_back(&session.world) => {}
                Some(_) => run(session, lost.host, "docker swarm leave --force")?,
            }
        }
        Ok(())
    }

    /// A manager goes on alone where those who are left are no majority of the group: others have left it without being
    /// demoted, or are locked with a key that nobody has any more. All the others join it again.
    fn begin_anew(&mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        let Some(host) = without_quorum(&session.world).filter(|_| !self.began_anew) else {
            self.unled = 0;
            return Ok(());
        };
        self.unled += 1;
        if self.unled < LOOKS_UNLED {
            return Ok(());
        }
        run(session, host, "docker swarm init --force-new-cluster")?;
        self.began_anew = node(&session.world, host).is_some_and(SwarmNode::began_anew);
        if self.began_anew {
            // What the others had agreed on may be lost, as the manual says.
            session.oracle.begin_anew();
            let others = (0..session.world.host_count()).filter(|other| *other != host);
            let others = others.filter_map(|host| Lost::of_the_old_group(&session.world, host));
            self.removed.extend(others);
        }
        Ok(())
    }

    /// They have just begun anew, or will: all takes its time from now on.
    pub(crate) const fn is_beginning(&self) -> bool {
        0 < self.unled && self.unled <= LOOKS_UNLED
    }

    /// Hosts that were removed and are not back yet, in words.
    pub(crate) fn awaited(&self, world: &World) -> Vec<String> {
        let away = self.removed.iter().filter(|lost| !lost.is_back(world));
        let names = away.filter_map(|lost| Some(world.probe(lost.host)?.name));
        names.map(|name| format!("{name} was removed and has not joined again")).collect()
    }
}

impl Lost {
    /// The host that leads, and the member at this one if it is lost: the leader says that the node is down, and the node,
    /// which is up, trusts a root that the leader's certificate does not lead to. Its own certificate must be good: that is
    /// what a rotation waits for.
    fn find(world: &World, host: usize) -> Option<(usize, Id, Self)> {
        let member = node(world, host)?;
        let (leader, leading) = leader(world)?;
        let view = member.observe();
        let (node_id, role) = (view.node_id?, view.role?);
        let is_down = leading.store()?.1.node(&node_id)?.status.state == NodeState::Down;
        let (root, chain) = member.root_and_chain()?;
        let (leaders_root, leaders_chain) = leading.root_and_chain()?;
        let now = world.now();
        let is_left_behind = seal::ca::verify(leaders_chain, root, now) == Err(UnknownAuthority)
            && seal::ca::verify(chain, leaders_root, now).is_ok();
        let is_lost = view.state == LocalState::Active && is_down && is_left_behind;
        let lost = Self { host, node_id: Some(node_id.clone()), role };
        is_lost.then_some((leader, node_id, lost))
    }

    /// A manager that is one no more when another one goes on alone.
    fn of_the_old_group(world: &World, host: usize) -> Option<Self> {
        let node = node(world, host)?;
        let view = node.observe();
        let is_member = node.raft().is_some() || view.state == LocalState::Locked;
        is_member.then_some(Self { host, node_id: view.node_id, role: Role::Manager })
    }

    /// It is a member again, as another node.
    fn is_back(&self, world: &World) -> bool {
        let view = node(world, self.host).map(SwarmNode::observe);
        view.is_some_and(|view| view.state == LocalState::Active && view.node_id != self.node_id)
    }
}

fn node(world: &World, host: usize) -> Option<&SwarmNode> {
    Some(world.probe(host)?.daemon?.swarm())
}

fn leader(world: &World) -> Option<(usize, &SwarmNode)> {
    let mut nodes = (0..world.host_count()).filter_map(|host| Some((host, node(world, host)?)));
    nodes.find(|(_, node)| node.is_leading())
}

/// Who knows most of the managers, where nobody leads and they are no majority.
fn without_quorum(world: &World) -> Option<usize> {
    if leader(world).is_some() {
        return None;
    }
    let members =
        (0..world.host_count()).filter_map(|host| Some((host, node(world, host)?.raft()?)));
    let members: Vec<_> = members.collect();
    let newest =
        |(_, raft): &&(usize, &raft::Raft)| (raft.position().last_term, raft.position().last_index);
    let (host, raft) = members.iter().max_by_key(newest)?;
    let alive: Vec<RaftId> = members.iter().map(|(_, raft)| raft.id()).collect();
    let count = raft.voters().iter().filter(|voter| alive.contains(voter)).count();
    (count * 2 <= raft.voters().len()).then_some(*host)
}

/// Nobody has a log any more, or a key that opens it.
pub(crate) fn has_no_manager(world: &World) -> bool {
    (0..world.host_count()).all(|host| node(world, host).and_then(SwarmNode::raft).is_none())
}

/// Types a line where the shell waits for one, and waits for its end.
fn run(session: &mut Session<'_>, host: usize, line: &str) -> Result<(), Failure> {
    let node = session.world.spec().nodes[host].clone();
    if !session.is_at_prompt(&node) {
        return Ok(());
    }
    session.apply(Input::Type { node: node.clone(), text: format!("{line}\n") })?;
    let end = session.world.now() + PATIENCE;
    loop {
        session.run_until(session.world.now() + Duration::from_secs(1))?;
        if session.is_at_prompt(&node) || end <= session.world.now() {
            return Ok(());
        }
    }
}

/// Types the key at a locked host. People have the keys of all swarms that there were.
fn unlock(session: &mut Session<'_>, host: usize) -> Result<(), Failure> {
    let state = node(&session.world, host).map(|node| node.observe().state);
    if state != Some(LocalState::Locked) {
        return Ok(());
    }
    let clusters = session.watch.models().filter_map(|model| model.store().cluster());
    let keys: Vec<String> = clusters.filter_map(|cluster| workload::unlock(cluster)).collect();
    for key in keys {
        run(session, host, &format!("echo {key} | docker swarm unlock"))?;
    }
    Ok(())
}

/// The daemon was started with a wrong clock, and has given up.
fn has_certificates_of_another_time(session: &Session<'_>, host: usize) -> bool {
    node(&session.world, host).is_some_and(SwarmNode::is_out_of_time)
}

/// Takes a node out of what the managers know; false where Docker refuses, because the rest would be no majority: at another
/// look others may be back.
fn remove(session: &mut Session<'_>, leader: usize, id: &Id, role: Role) -> Result<bool, Failure> {
    let demote = match role {
        // Meanwhile the leader takes it out of the raft group.
        Role::Manager => format!("docker node demote {id} && sleep 5 && "),
        Role::Worker => String::new(),
    };
    run(session, leader, &format!("{demote}docker node rm --force {id}"))?;
    let store = node(&session.world, leader).and_then(SwarmNode::store);
    Ok(store.is_some_and(|(_, store)| store.node(id).is_none()))
}

/// Joins the swarm of whoever leads, with the token that it has now: at the end of a rotation there are others.
fn join(session: &mut Session<'_>, lost: &Lost) -> Result<(), Failure> {
    let world = &session.world;
    let leading = leader(world).and_then(|(host, node)| Some((host, node.store()?.1.cluster()?)));
    let Some((leader, cluster)) = leading else { return Ok(()) };
    let ca = &cluster.root_ca;
    let token = match lost.role {
        Role::Manager => &ca.manager_token,
        Role::Worker => &ca.worker_token,
    };
    let line = format!("docker swarm join --token {token} {}:2377", world.address(leader));
    run(session, lost.host, &line)
}

#[cfg(test)]
mod tests {
    use world::fault::Target;
    use world::{Fault, Spec};

    use super::*;
    use crate::rest::rest;

    const ROTATE: &str = "docker swarm ca --rotate --detach";

    fn strike(session: &mut Session<'_>, fault: fn(Target) -> Fault, host: &str) {
        assert_eq!(session.apply(Input::fault(fault(Target::from(host)))), Ok(true), "{host}");
    }

    /// Lets time pass until something is so.
    fn until(session: &mut Session<'_>, what: &str, is_so: impl Fn(&World) -> bool) {
        for _ in 0..300 {
            if is_so(&session.world) {
                return;
            }
            session.run_until(session.world.now() + Duration::from_millis(300)).expect("all holds");
        }
        panic!("{what}: not within 90 s");
    }

    /// The leader's rotation is under way, and these hosts have their new certificates.
    fn until_renewed(session: &mut Session<'_>, hosts: &[usize]) {
        let is_renewed = |world: &World, host| {
            let (root, chain) = node(world, host)?.root_and_chain()?;
            // The old root has signed the new one's certificate, not the node's.
            Some(!root.has_signed(&chain.leaf) && chain.intermediate.is_some())
        };
        until(session, "the new certificates", |world| {
            hosts.iter().all(|host| is_renewed(world, *host) == Some(true))
        });
    }

    fn is_rotating(world: &World) -> bool {
        let cluster = leader(world).and_then(|(_, node)| node.store()?.1.cluster());
        cluster.is_some_and(|cluster| cluster.root_ca.rotation.is_some())
    }

    /// Liveness seed 100420: a manager and a worker renew their certificates and are gone before the rotation ends; they come
    /// back in the next one. They trust the first root (and each other), everybody else shows certificates of the third
    /// with what leads to the second.
    #[test]
    fn who_was_away_for_two_rotations_joins_again() {
        let hosts = ["m1", "m2", "m3", "w1", "w2"];
        let spec = Spec::new(hosts).with_managers(["m1", "m2", "m3"]).with_docker("17.06");
        let mut inputs = Vec::new();
        let mut session = Session::new(spec, &mut inputs).expect("it boots");
        let session = &mut session;
        strike(session, Fault::PowerLoss, "w2");
        run(session, 0, ROTATE).expect("all holds");
        until_renewed(session, &[0, 1, 2, 3]);
        strike(session, Fault::PowerLoss, "m3");
        strike(session, Fault::PowerLoss, "w1");
        strike(session, Fault::Restart, "w2");
        until(session, "the rotation's end", |world| !is_rotating(world));
        run(session, 0, ROTATE).expect("all holds");
        until_renewed(session, &[0, 1, 4]);
        let ids = |session: &Session<'_>| -> Vec<Option<Id>> {
            (0..5).map(|host| node(&session.world, host)?.node_id().map(Id::from)).collect()
        };
        strike(session, Fault::Restart, "m3");
        strike(session, Fault::Restart, "w1");
        let before = ids(session);
        assert_eq!(rest(session), Ok(()));
        assert!(!is_rotating(&session.world), "nobody holds the second rotation up any more");
        for (host, (old, new)) in before.iter().zip(ids(session)).enumerate() {
            let view = node(&session.world, host).map(SwarmNode::observe).expect("it is up");
            assert_eq!(view.state, LocalState::Active);
            assert_eq!(view.role, Some(if host < 3 { Role::Manager } else { Role::Worker }));
            assert_eq!(*old != new, matches!(host, 2 | 3), "who was lost, and nobody else, is new");
        }
    }

    /// Three of five managers are gone for good: of those who are left one goes on alone, and the other one joins it.
    #[test]
    fn who_is_left_without_a_majority_begins_anew() {
        let hosts = ["m1", "m2", "m3", "m4", "m5", "w1"];
        let spec =
            Spec::new(hosts).with_managers(["m1", "m2", "m3", "m4", "m5"]).with_docker("20.10");
        let mut inputs = Vec::new();
        let mut session = Session::new(spec, &mut inputs).expect("it boots");
        let session = &mut session;
        run(session, 0, "echo something | docker secret create sec1 -").expect("all holds");
        for host in 2..5 {
            run(session, host, "docker swarm leave --force").expect("all holds");
        }
        assert_eq!(rest(session), Ok(()));
        let (first, leading) = leader(&session.world).expect("somebody leads");
        let store = leading.store().expect("a manager").1;
        assert_eq!(store.secrets().iter().count(), 1);
        let second = node(&session.world, 1 - first).map(SwarmNode::observe).expect("it is up");
        assert_eq!(second.role, Some(Role::Manager));
        assert_eq!(leading.raft().expect("a manager").voters().len(), 2);
    }
}
