//! The agent: runs the tasks that the dispatcher assigns to this node, and nothing else.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`session`] | the session with the dispatcher: registration, heartbeats, backoff, reports |
//! | [`worker`] | the set of tasks, secrets and configs that the node shall have |
//! | [`task`] | one task's way from ASSIGNED to its end |
//! | [`storage`] | `tasks.db`: tasks and their states, never a secret's bytes |
//!
//! Cut off from the managers, the agent leaves what runs as it is: nothing is restarted, nothing new
//! comes, no secret changes (swarmkit: `agent/`).

pub(crate) mod session;
pub(crate) mod storage;
pub(crate) mod task;
pub(crate) mod worker;

pub(crate) use session::Agent;
pub(crate) use worker::Worker;
