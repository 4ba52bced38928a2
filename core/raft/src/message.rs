//! What members say to each other.
//!
//! The caller encodes and seals messages (`postcard` gives a compact stable form) and must accept
//! that any of them is lost, doubled, delayed or reordered.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Entry, Index, RaftId, Snapshot, Term};

/// One message from one member to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The sender.
    pub from: RaftId,
    /// The recipient.
    pub to: RaftId,
    /// The sender's term; of a pre-vote request and its grant, the term that would be.
    pub term: Term,
    /// What it says.
    pub body: MessageBody,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageBody {
    /// Leader: append `entries` after (`previous`, `previous_term`); up to `commit` is committed.
    Append {
        /// The index before the first entry.
        previous: Index,
        /// The term of the entry there.
        previous_term: Term,
        /// Consecutive entries, possibly none.
        entries: Vec<Entry>,
        /// The leader's commit index.
        commit: Index,
    },
    /// The sender's *durable* log equals the leader's up to `matched`.
    AppendAccepted {
        /// The last index that is equal.
        matched: Index,
    },
    /// The sender has another entry, or none, at the append's previous index.
    AppendRejected {
        /// The append's previous index.
        rejected: Index,
        /// The leader needs not try above this index.
        hint: Index,
        /// The term of the sender's entry at `hint`, 0 if unknown.
        hint_term: Term,
    },
    /// Leader: here I am. `commit` is never above what the recipient acknowledged.
    Heartbeat {
        /// What the recipient holds and is committed.
        commit: Index,
    },
    /// The answer to a heartbeat.
    HeartbeatResponse,
    /// Leader: up to `commit` is committed now. Not answered, and repeated by the next heartbeat
    /// (etcd/raft sends an empty append for this and gets an answer to it).
    Commit {
        /// What the recipient holds and is committed.
        commit: Index,
    },
    /// Would you vote for me?
    PreVoteRequest {
        /// The end of the sender's log.
        last_index: Index,
        /// The term of the entry there.
        last_term: Term,
    },
    /// The answer to a pre-vote request. A grant carries the request's term, a refusal the sender's.
    PreVoteResponse {
        /// Yes or no.
        granted: bool,
        /// What the sender knows to be committed.
        committed: Committed,
    },
    /// Vote for me in this term.
    VoteRequest {
        /// The end of the sender's log.
        last_index: Index,
        /// The term of the entry there.
        last_term: Term,
        /// The leader itself wants the sender to lead: the lease does not count.
        transfer: bool,
    },
    /// The answer to a vote request; a grant is durable.
    VoteResponse {
        /// Yes or no.
        granted: bool,
        /// What the sender knows to be committed.
        committed: Committed,
    },
    /// Leader: the log that you need is gone, take this.
    Snapshot(Snapshot),
    /// Leader: campaign at once (leadership transfer).
    TimeoutNow,
    /// The recipient's term is over, as the message's term shows. Sent to an old leader under
    /// check-quorum or pre-vote, where its recipient would otherwise be stuck (etcd answers with an
    /// empty append response).
    TermOver,
}

/// A committed entry. Answers to requests for votes carry the newest one that the voter knows of, as in
/// raft-rs: since changes of members count from when they are applied, a member can be the only one that
/// could be elected, and yet wait for the vote of one that was removed by an entry which it does not know
/// to be committed (etcd#12359).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// Its position.
    pub index: Index,
    /// Its term.
    pub term: Term,
}

impl MessageBody {
    /// A short name, the same as the variant's.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Append { .. } => "Append",
            Self::AppendAccepted { .. } => "AppendAccepted",
            Self::AppendRejected { .. } => "AppendRejected",
            Self::Heartbeat { .. } => "Heartbeat",
            Self::HeartbeatResponse => "HeartbeatResponse",
            Self::Commit { .. } => "Commit",
            Self::PreVoteRequest { .. } => "PreVoteRequest",
            Self::PreVoteResponse { .. } => "PreVoteResponse",
            Self::VoteRequest { .. } => "VoteRequest",
            Self::VoteResponse { .. } => "VoteResponse",
            Self::Snapshot(_) => "Snapshot",
            Self::TimeoutNow => "TimeoutNow",
            Self::TermOver => "TermOver",
        }
    }

    /// True for what only a leader sends, which therefore tells who leads the message's term.
    pub(crate) const fn is_from_leader(&self) -> bool {
        match self {
            Self::Append { .. }
            | Self::Heartbeat { .. }
            | Self::Commit { .. }
            | Self::Snapshot(_)
            | Self::TimeoutNow => true,
            Self::AppendAccepted { .. }
            | Self::AppendRejected { .. }
            | Self::HeartbeatResponse
            | Self::PreVoteRequest { .. }
            | Self::PreVoteResponse { .. }
            | Self::VoteRequest { .. }
            | Self::VoteResponse { .. }
            | Self::TermOver => false,
        }
    }
}

/// One line for people: positions are printed as `index/term`; payloads are not printed.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}->{} {} term {}", self.from, self.to, self.body.name(), self.term)?;
        match &self.body {
            MessageBody::Append { previous, previous_term, entries, commit } => {
                write!(f, " after {previous}/{previous_term}")?;
                match (entries.first(), entries.last()) {
                    (Some(first), Some(last)) if first.index < last.index => {
                        write!(f, " entries {}..{}/{}", first.index, last.index, last.term)?;
                    }
                    (Some(only), _) => write!(f, " entry {}/{}", only.index, only.term)?,
                    (None, _) => {}
                }
                write!(f, " commit {commit}")
            }
            MessageBody::AppendAccepted { matched } => write!(f, " matched {matched}"),
            MessageBody::AppendRejected { rejected, hint, hint_term } => {
                write!(f, " at {rejected} hint {hint}/{hint_term}")
            }
            MessageBody::Heartbeat { commit } | MessageBody::Commit { commit } => {
                write!(f, " commit {commit}")
            }
            MessageBody::PreVoteRequest { last_index, last_term } => {
                write!(f, " last {last_index}/{last_term}")
            }
            MessageBody::VoteRequest { last_index, last_term, transfer } => {
                write!(f, " last {last_index}/{last_term}")?;
                if *transfer { f.write_str(" transfer") } else { Ok(()) }
            }
            MessageBody::PreVoteResponse { granted, committed }
            | MessageBody::VoteResponse { granted, committed } => {
                let answer = if *granted { "granted" } else { "refused" };
                write!(f, " {answer} commit {}/{}", committed.index, committed.term)
            }
            MessageBody::Snapshot(snapshot) => {
                write!(f, " at {}/{} voters", snapshot.index, snapshot.term)?;
                snapshot.voters.iter().try_for_each(|id| write!(f, " {id}"))
            }
            MessageBody::HeartbeatResponse | MessageBody::TimeoutNow | MessageBody::TermOver => {
                Ok(())
            }
        }
    }
}
