//! What an observer sees of a member: the browser's panel, `docker node ls`, tests.

use sorted::SortedMap;

use crate::election::CampaignObstacle;
use crate::progress::PeerStatus;
use crate::raft::{Raft, RoleState};
use crate::{Index, RaftId, Term};

/// What a member is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Follows a leader, or waits for one.
    Follower,
    /// Asks whether it could win an election.
    PreCandidate,
    /// Asks for votes.
    Candidate,
    /// Leads its term.
    Leader,
}

/// A member's state at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Who this is.
    pub id: RaftId,
    /// What it is.
    pub role: Role,
    /// The newest term it has seen.
    pub term: Term,
    /// Its vote in that term.
    pub vote: Option<RaftId>,
    /// Who leads that term, as far as it knows.
    pub leader: Option<RaftId>,
    /// The newest index known to be committed.
    pub commit: Index,
    /// The newest index whose effects the caller reported as applied.
    pub applied: Index,
    /// The newest index that is durable here.
    pub durable_index: Index,
    /// The end of its log.
    pub last_index: Index,
    /// The voters as of `applied`.
    pub voters: Vec<RaftId>,
    /// On a leader: each other voter.
    pub progress: SortedMap<RaftId, PeerStatus>,
    /// On a leader: who is to lead next.
    pub transfer_to: Option<RaftId>,
    /// Ticks since the last contact with a leader; on a leader, since its last check for a quorum.
    pub elapsed_ticks: u32,
    /// Ticks at which a member that hears nothing campaigns.
    pub timeout_ticks: u32,
    /// What keeps it from campaigning, if anything.
    pub campaign_obstacle: Option<CampaignObstacle>,
}

/// The numbers of a member, without what has to be collected for [`Status`]: for whoever looks after
/// every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// What it is.
    pub role: Role,
    /// The newest term it has seen.
    pub term: Term,
    /// Its vote in that term.
    pub vote: Option<RaftId>,
    /// The newest index known to be committed.
    pub commit: Index,
    /// The newest index whose effects the caller reported as applied.
    pub applied: Index,
    /// The end of its log.
    pub last_index: Index,
    /// The term of the entry there.
    pub last_term: Term,
    /// What the log in memory begins after.
    pub base: Index,
}

impl Position {
    pub(crate) fn of(raft: &Raft) -> Self {
        Self {
            role: role_of(raft),
            term: raft.term,
            vote: raft.vote,
            commit: raft.log.commit(),
            applied: raft.log.applied(),
            last_index: raft.log.last(),
            last_term: raft.log.last_term(),
            base: raft.log.base().0,
        }
    }
}

const fn role_of(raft: &Raft) -> Role {
    match raft.role {
        RoleState::Follower => Role::Follower,
        RoleState::PreCandidate(_) => Role::PreCandidate,
        RoleState::Candidate(_) => Role::Candidate,
        RoleState::Leader(_) => Role::Leader,
    }
}

impl Status {
    /// True if the member would campaign when it hears no leader.
    pub const fn may_campaign(&self) -> bool {
        self.campaign_obstacle.is_none()
    }

    pub(crate) fn of(raft: &Raft) -> Self {
        let (role, progress, transfer_to) = match &raft.role {
            RoleState::Follower => (Role::Follower, SortedMap::new(), None),
            RoleState::PreCandidate(_) => (Role::PreCandidate, SortedMap::new(), None),
            RoleState::Candidate(_) => (Role::Candidate, SortedMap::new(), None),
            RoleState::Leader(leader) => {
                let progress = leader.peers.iter().map(|(id, p)| (*id, p.status()));
                (Role::Leader, progress.collect(), leader.transfer)
            }
        };
        Self {
            id: raft.config.id,
            role,
            term: raft.term,
            vote: raft.vote,
            leader: raft.leader,
            commit: raft.log.commit(),
            applied: raft.log.applied(),
            durable_index: raft.log.stable(),
            last_index: raft.log.last(),
            voters: raft.voters().to_vec(),
            progress,
            transfer_to,
            elapsed_ticks: raft.timer.elapsed_ticks,
            timeout_ticks: raft.timer.timeout_ticks,
            campaign_obstacle: raft.campaign_obstacle(),
        }
    }
}
