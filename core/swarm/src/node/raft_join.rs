//! A manager's way into the raft group (swarmkit: `manager/state/raft/raft.go`, `joinCluster`).
//!
//! It asks under a number that its disk already has. So the group never counts on somebody who forgets that he is meant:
//! after a power loss the manager goes on with that number, if it has promised nothing under it, and is heard by a group that
//! waits for its vote.

use raft::RaftId;
use seal::Sealer;
use sim::disk::Barrier;
use sim::{Duration, Time};

use super::Rngs;
use super::lifecycle::random_raft_id;
use super::swarm_node::{Io, SwarmNode};
use crate::ca::files;
use crate::control::ApiError;
use crate::objects::Id;
use crate::raft_driver::{RaftDriver, driver::Start};
use crate::transport::protocol::{Member, Request, Response};
use crate::transport::{CallId, Trust};

/// swarmkit: node.go retries to start the manager; the daemon's backoff goes up to 30 s.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(20);

/// A manager that is not a member of the raft group yet.
#[derive(Debug)]
pub(crate) struct RaftJoin {
    raft_id: RaftId,
    log: NewLog,
    /// Why it was not met, for `docker info`.
    pub(crate) error: Option<String>,
    call: Option<CallId>,
    retry_at: Time,
    target: String,
    backoff: Duration,
}

/// The log of such a manager: its number and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewLog {
    Unwritten,
    Written(Barrier),
    Durable,
}

impl RaftJoin {
    /// It will be called that.
    pub(crate) fn is_as(&self, raft_id: RaftId) -> bool {
        self.raft_id == raft_id
    }

    /// The disk has everything up to here.
    pub(crate) fn synced(&mut self, barrier: Barrier) {
        if matches!(self.log, NewLog::Written(waiting) if waiting <= barrier) {
            self.log = NewLog::Durable;
        }
    }

    /// When it is tried again, if neither a call nor the disk has to answer first.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let waits = self.call.is_some() || matches!(self.log, NewLog::Written(_));
        (!waits).then_some(self.retry_at)
    }

    /// It is tried again after a growing wait.
    fn wait(&mut self, now: Time) {
        self.retry_at = now + self.backoff;
        self.backoff = self.backoff.saturating_mul(2).min(BACKOFF_MAX);
    }
}

impl SwarmNode {
    /// This manager wants to be a member of the raft group; under the number that it has on its disk, if it has one.
    pub(crate) fn begin_raft_join(&mut self, written: Option<RaftId>, io: &Io<'_>) {
        let raft_id = written.unwrap_or_else(|| random_raft_id(&mut self.rngs.ids));
        self.raft_join = Some(RaftJoin {
            raft_id,
            log: if written.is_some() { NewLog::Durable } else { NewLog::Unwritten },
            error: None,
            call: None,
            retry_at: io.now,
            target: String::new(),
            backoff: BACKOFF_FIRST,
        });
    }

    /// The number is written, then the leader is asked, as often as it takes.
    pub(crate) fn raft_join_due(&mut self, io: &mut Io<'_>) {
        let own = self.advertise.clone();
        let Some(node_id) = self.node_id().map(Id::from) else { return };
        let Some(join) = &mut self.raft_join else { return };
        if join.next_deadline().is_none_or(|at| io.now < at) {
            return;
        }
        if join.log == NewLog::Unwritten {
            // What an earlier member has left there nobody can read any more.
            io.disk.remove_below(files::RAFT_FOLDER);
            if RaftDriver::begin_log(&node_id, join.raft_id, io.disk) {
                join.log = NewLog::Written(io.disk.begin_sync());
                io.sync();
            } else {
                join.wait(io.now);
            }
            return;
        }
        if join.target.is_empty() {
            let others: Vec<&Member> =
                self.managers.iter().filter(|member| member.addr != own).collect();
            let Some(member) = self.rngs.agent.pick(&others) else { return join.wait(io.now) };
            join.target.clone_from(&member.addr);
        }
        let target = (join.target.as_str(), Trust::Mutual);
        let request = Request::RaftJoin { addr: own, raft_id: join.raft_id };
        join.call = Some(self.transport.call(io.now, target, request, TIMEOUT, io.out));
    }

    /// The answer to that; false if it is none.
    pub(crate) fn raft_join_answer(
        &mut self,
        call: CallId,
        result: &Result<Response, ApiError>,
        io: &mut Io<'_>,
    ) -> bool {
        let Some(join) = &mut self.raft_join else { return false };
        if join.call != Some(call) {
            return false;
        }
        join.call = None;
        match result {
            Ok(Response::RaftJoined { members, removed }) => {
                self.become_member(members.clone(), removed.clone(), io);
            }
            Ok(Response::RaftIdSpent) => {
                self.begin_raft_join(None, io);
            }
            Ok(Response::NotLeader { leader_addr: Some(addr) }) => {
                join.target.clone_from(addr);
                join.retry_at = io.now;
            }
            _ => {
                join.error = result.as_ref().err().map(ToString::to_string);
                join.target.clear();
                join.wait(io.now);
            }
        }
        true
    }

    /// The manager that wanted to is a member of the raft group. Whom it does not know yet, the log tells it.
    pub(crate) fn become_member(
        &mut self,
        members: Vec<(RaftId, Member)>,
        removed: Vec<RaftId>,
        io: &mut Io<'_>,
    ) {
        let dek = self.key_file.as_ref().and_then(|file| file.dek.as_ref());
        let node_id = self.node_id().map(Id::from);
        let (Some(node_id), Some(dek), Some(join)) = (node_id, dek, &self.raft_join) else {
            return;
        };
        let raft_id = join.raft_id;
        let start = Start {
            node_id: &node_id,
            raft_id,
            sealer: Sealer::new(dek),
            options: self.config.options,
            rng: Rngs::split(&mut self.rngs.raft, "raft"),
        };
        let of = match members.len() {
            0 => "as it hears from one".to_owned(),
            count => format!("of {count}"),
        };
        io.event("raft.joined", format!("member {raft_id} {of}"));
        let list = members.iter().map(|(_, member)| member.clone()).collect();
        let driver = RaftDriver::join(io.now, start, members, removed, io.disk);
        self.start_manager(node_id, driver);
        self.set_managers(list, io);
    }
}
