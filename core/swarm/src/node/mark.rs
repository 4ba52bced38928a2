//! What happens in a node that somebody may be waiting for, in a form that a program can compare.

use crate::objects::{Kind, NodeState, TaskState};
use crate::store::StoreAction;

/// How far an entry of the raft log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The leader has added it to its log and written it; no frame has left yet.
    Appended,
    /// It has left for a follower.
    Sent,
    /// A majority has it, as the leader knows.
    Committed,
    /// A manager's store has changed.
    Applied,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// An entry has come to a stage.
    Entry {
        /// Which.
        stage: Stage,
        /// The kinds and names of the objects that it changes.
        objects: Vec<(Kind, String)>,
    },
    /// This manager was elected.
    Elected,
    /// This manager has written its log anew behind a snapshot; the disk does not have it yet.
    Compacted,
    /// This node has written its certificates or its key file; the disk does not have them yet.
    Keys,
    /// A task of this node has a new state.
    Task {
        /// Its service.
        service: String,
        /// Its slot; 0 of a global service.
        slot: u64,
        /// The state.
        state: TaskState,
    },
    /// The leader has put down a new state of a node.
    Node {
        /// The node's host name.
        name: String,
        /// The state.
        state: NodeState,
    },
    /// A secret has come to this node's agent.
    Secret {
        /// Its name.
        name: String,
    },
}

/// The kinds and names of what a transaction changes; what it removes goes by its identifier.
pub(crate) fn objects_of(actions: &[StoreAction]) -> Vec<(Kind, String)> {
    actions
        .iter()
        .map(|action| match action {
            StoreAction::Create(object) | StoreAction::Update(object) => {
                (object.kind(), object.name().to_owned())
            }
            StoreAction::Remove(kind, id) => (*kind, id.to_string()),
        })
        .collect()
}
