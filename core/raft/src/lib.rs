//! The Raft consensus algorithm as a state machine without I/O.
//!
//! A [`Raft`] is one member. Ticks, messages, proposals and completions of writes go in; messages,
//! writes and committed entries come out. It has no clock, no thread, no socket and no file, knows
//! nothing of what the entries mean, and draws randomness only from the stream it is given. It follows
//! the Raft paper and thesis, etcd/raft's behaviour where swarmkit relies on it, and has what swarmkit
//! uses: elections with check-quorum, pre-vote as a switch, replication with flow control, snapshots,
//! one change of members at a time, leadership transfer. It has no joint consensus, no learners
//! and no read index, because swarmkit uses none of them.
//!
//! # The contract
//!
//! After every input call [`Raft::ready`] until it gives nothing. For each [`Ready`]:
//!
//! 1. **Write** `hard_state`, `snapshot` and `entries`, *in this order*, as one unit if the disk can do
//!    that. The snapshot replaces the log; the first entry may replace one that is on disk, and then all
//!    after it go too. If only part of the writes survives a crash, it must be a part from the front.
//! 2. **Send** `messages`. They need not wait for the writes: whatever would promise something that is
//!    not durable is kept back inside (votes, requests for votes, acknowledgements, and the leader's count
//!    of its own log, also when it is the only voter).
//! 3. When the writes are durable, call [`Raft::persisted`] with the Ready's number, then
//!    [`Raft::ready`] again. Several writes may be under way; they complete in order. A Ready without
//!    `must_sync` needs no completion.
//! 4. **Apply** what [`Raft::take_committed`] gives, in order, calling [`Raft::apply_conf_change`] for
//!    each change of members and then [`Raft::applied`]. A received `snapshot` replaces the state
//!    machine before any later entry is applied; report it with [`Raft::applied`] too. Entries are
//!    handed out only when they are durable here.
//! 5. Call [`Raft::ready`] again: applying a change of members may have given the leader work.
//!
//! After a restart give [`Raft::new`] what the disk has. Entries above
//! [`Restored::applied`] are handed out again. A disk that lost what it reported as durable cannot be
//! repaired by Raft: such a member must be removed, and come back under a new [`RaftId`].
//!
//! A new cluster starts with one [`Raft::bootstrap`]; its first entry adds the member itself. A new member
//! starts from `Restored::default()` and does nothing until a leader, who applied an
//! [`ConfChange::AddVoter`], contacts it.
//!
//! The network may lose, double, delay and reorder messages. A message that no correct member would send
//! is refused with a [`StepError`]; nothing that a peer sends or a disk holds can cause a panic.
//!
//! # Example
//!
//! One member, whose disk is a vector and completes at once:
//!
//! ```
//! use glasshive_raft::{Config, Payload, Raft, RaftId};
//!
//! let id = RaftId(0x1f);
//! let rng = sim::Streams::new(1).stream("raft/node1");
//! let mut raft = Raft::bootstrap(Config::new(id), &[(id, b"node1".to_vec())], rng);
//! let (mut disk, mut state) = (Vec::new(), Vec::new());
//!
//! let mut settle = |raft: &mut Raft| {
//!     while let Some(ready) = raft.ready() {
//!         disk.extend(ready.entries); // and hard_state before it, in a real one
//!         assert!(ready.messages.is_empty(), "there is nobody to talk to");
//!         raft.persisted(ready.number);
//!         for entry in raft.take_committed(100) {
//!             match entry.payload {
//!                 Payload::Empty => {}
//!                 Payload::Data(data) => state.push(data.to_vec()),
//!                 Payload::ConfChange(change) => raft.apply_conf_change(&change),
//!             }
//!             raft.applied(entry.index);
//!         }
//!     }
//! };
//! settle(&mut raft);
//! raft.campaign();
//! settle(&mut raft);
//! assert!(raft.is_leader());
//! raft.propose(b"secret create".to_vec())?;
//! settle(&mut raft);
//! assert_eq!(state, [b"secret create".to_vec()]);
//! assert_eq!(disk.len(), 3); // the member itself, the term's empty entry, the proposal
//! # Ok::<(), glasshive_raft::ProposeError>(())
//! ```
//!
//! # Files
//!
//! `types` and `message` are the vocabulary; `quorum`, `log` and `progress` are parts that know nothing of
//! the rest; `outbox` keeps promises back; `raft` puts them together, `election`, `follower` and
//! `leader` decide.

mod bytes;
mod config;
mod election;
mod error;
mod follower;
mod leader;
mod log;
mod message;
mod outbox;
mod progress;
mod quorum;
mod raft;
mod status;
mod types;
pub mod wal;

pub use config::Config;
pub use election::CampaignObstacle;
pub use error::{CompactError, ProposeError, StepError};
pub use message::{Committed, Message, MessageBody};
pub use progress::{PeerStatus, ProgressState};
pub use raft::{Raft, Ready};
pub use status::{Position, Role, Status};
pub use types::{ConfChange, Entry, HardState, Index, Payload, RaftId, Restored, Snapshot, Term};
