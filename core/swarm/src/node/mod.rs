//! One host's part of a swarm behind one type, [`SwarmNode`]: inputs and the time in, outputs out.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`api`] | what goes in and what comes out |
//! | [`swarm_node`] | the node: its parts, and how an input goes through them |
//! | [`lifecycle`] | init, join, start from disk, unlock, leave |
//! | [`identity`] | the node's certificate: new roles, renewal |
//! | [`routing`] | who may ask what of whom |
//! | [`manager`] | a member of the raft group: log, store, requests that go to the leader |
//! | [`leader`] | transactions, one at a time, and what else only the leader does |
//! | [`membership`] | who is a member of the raft group: join, promotion, demotion |
//! | [`mark`] | what happens, for those who wait for it |
//! | [`storage`] | a disk that takes nothing |
//! | [`texts`] | the daemon's words for a node that cannot do what it is asked |
//! | [`observe`] | a cheap view for maps and checks |

pub mod api;
mod identity;
mod leader;
mod lifecycle;
mod manager;
pub mod mark;
mod membership;
pub mod observe;
pub mod plugins;
mod raft_join;
mod routing;
mod saving;
mod storage;
mod swarm_node;
mod texts;

pub use crate::ca::files::CERTIFICATE_FOLDER;
pub use crate::raft_driver::durable::DurableLog;
pub use crate::raft_driver::wal::WAL_FOLDER;
pub use api::{
    ExecutorCommand, ExecutorEvent, InitOptions, Input, JoinOptions, LocalInfo, LocalRequest,
    LocalResponse, LocalState, NodeConfig, Output, RequestId, Rngs, SwarmOptions,
};
pub use mark::{Mark, Stage};
pub use observe::{AgentView, NodeView, RaftView, actions_of, joiner_of};
pub(crate) use swarm_node::PORT;
pub use swarm_node::SwarmNode;
