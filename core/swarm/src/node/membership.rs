//! Who is a member of the raft group, as the leader sees to it: joins, and roles that follow what was
//! asked for (swarmkit: `manager/state/raft/raft.go`, `Join`; `manager/role_manager.go`).

use sorted::SortedMap;

use raft::{ConfChange, RaftId};
use sim::{Duration, Time};

use super::leader::{Job, Leader};
use super::manager::{Context, ReplyTo, members_of};
use crate::control::{ApiError, Code};
use crate::objects::{Id, Object, Role};
use crate::raft_driver::RaftDriver;
use crate::store::{Store, StoreEvent};
use crate::transport::protocol::{Member, Request, Response};
use crate::transport::{CallId, Trust};

/// swarmkit: `roleReconcileInterval`.
const ROLE_INTERVAL: Duration = Duration::from_secs(5);
/// swarmkit: the health check of a joiner's address.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct PendingJoin {
    raft_id: RaftId,
    member: Member,
    reply: ReplyTo,
}

/// Joins under way, and when roles are looked at.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    checking: SortedMap<CallId, PendingJoin>,
    look_at: Option<Time>,
}

impl Membership {
    /// Roles are to be looked at now.
    pub(crate) fn look_again(&mut self, now: Time) {
        self.look_at = Some(now);
    }

    /// When roles are looked at again.
    pub(crate) const fn next_deadline(&self) -> Option<Time> {
        self.look_at
    }

    /// A node changed.
    pub(crate) fn on_events(&mut self, events: &[StoreEvent], now: Time) {
        let differs = |event: &StoreEvent| matches!(event.object(), Object::Node(node) if node.spec.desired_role != node.role);
        if events.iter().any(differs) {
            self.look_again(now);
        }
    }

    /// This manager leads no more.
    pub(crate) fn stop(&mut self, error: &ApiError, context: &mut Context<'_>) {
        for join in std::mem::take(&mut self.checking).into_values() {
            context.answer(join.reply, Err(error.clone()));
        }
    }

    /// The next step towards the roles that were asked for, if one can be made now.
    pub(crate) fn next_job(
        &mut self,
        own: &Id,
        driver: &mut RaftDriver,
        store: &Store,
        context: &mut Context<'_>,
    ) -> Option<Job> {
        if self.look_at.is_none_or(|at| at > context.now) {
            return None;
        }
        self.look_at = None;
        let differing = store.nodes().iter().filter(|node| node.spec.desired_role != node.role);
        let differing = differing.map(|node| (node.id.clone(), node.spec.desired_role));
        // A node may be removed while its demotion is under way (swarmkit: `evictRemovedNode`).
        let members = driver.members().values().map(|member| &member.node_id);
        let is_gone = |id: &&Id| store.node(id).is_none() && !sim::planted!(GoneMemberKept);
        let gone = members.filter(is_gone);
        let gone = gone.map(|id| (id.clone(), Role::Worker));
        let pending: Vec<(Id, Role)> = differing.chain(gone).collect();
        for (node_id, role) in pending {
            // Whatever is done now, there may be more to do.
            self.look_at = Some(context.now + ROLE_INTERVAL);
            let member = driver.members().iter().find(|(_, member)| member.node_id == node_id);
            let raft_id = member.map(|(id, _)| *id);
            match (role, raft_id) {
                // Somebody may have gone silent since the demotion was accepted; it waits for them.
                (Role::Worker, Some(_)) if !members_of(driver).can_remove(&node_id) => {}
                // A leader that is demoted hands over first.
                (Role::Worker, Some(_)) if node_id == *own => hand_over(driver, context),
                (Role::Worker, Some(raft_id)) => {
                    let change = ConfChange::RemoveVoter { id: raft_id };
                    return Some(Job::Members { change, reply: ReplyTo::Nobody });
                }
                _ => return Some(Job::SetRole { node_id, role }),
            }
        }
        None
    }
}

fn hand_over(driver: &mut RaftDriver, context: &mut Context<'_>) {
    if let Some(heir) = driver.heir()
        && driver.raft_mut().transfer_leadership(heir)
    {
        context.event("raft.transfer", format!("leadership goes to {heir}"));
    }
}

impl Leader {
    /// A node with a manager's certificate wants to become a member: first its address is tried.
    pub(crate) fn raft_join(
        &mut self,
        raft_id: RaftId,
        member: Member,
        reply: ReplyTo,
        driver: &RaftDriver,
        context: &mut Context<'_>,
    ) {
        let known = driver.members().iter().find(|(_, known)| known.node_id == member.node_id);
        if let Some((known_id, known)) = known {
            // Whoever asks twice is told twice. A manager that lost its log is another one for Raft: it
            // must be removed first, or it would vote and acknowledge in the name of what it forgot
            // (swarmkit: `raft.go`, `Join`).
            let result = if (*known_id, known) == (raft_id, &member) {
                let members = driver.members().iter().map(|(id, m)| (*id, m.clone())).collect();
                let removed = driver.removed().iter().copied().collect();
                Ok(Response::RaftJoined { members, removed })
            } else {
                let text = "a raft member with this node ID already exists";
                Err(ApiError::new(Code::AlreadyExists, text))
            };
            return context.answer(reply, result);
        }
        if driver.members().contains_key(&raft_id) {
            return context.answer(reply, Ok(Response::RaftIdSpent));
        }
        let call = context.transport.call(
            context.now,
            (&member.addr, Trust::Mutual),
            Request::Health,
            HEALTH_TIMEOUT,
            context.out,
        );
        self.membership.checking.insert(call, PendingJoin { raft_id, member, reply });
    }

    /// The answer to a health check; false if it is none.
    pub(crate) fn on_answer(
        &mut self,
        call: CallId,
        result: &Result<Response, ApiError>,
        context: &mut Context<'_>,
    ) -> bool {
        let Some(join) = self.membership.checking.remove(&call) else { return false };
        match result {
            Ok(_) => {
                let detail = format!(
                    "node {} at {} becomes member {}",
                    join.member.node_id, join.member.addr, join.raft_id
                );
                context.event("raft.join", detail);
                let bytes =
                    postcard::to_allocvec(&join.member).expect("a member has no unsized parts");
                let change = ConfChange::AddVoter { id: join.raft_id, context: bytes };
                self.push(Job::Members { change, reply: join.reply });
            }
            Err(error) => {
                let text = format!(
                    "could not connect to prospective new cluster member using its advertised \
                     address: {error}"
                );
                context.answer(join.reply, Err(ApiError::new(Code::Unavailable, text)));
            }
        }
        true
    }
}
