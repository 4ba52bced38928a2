//! Tasks, from the orchestrator to the node (swarmkit: `design/task_model.md`, `design/tla/`).

pub mod identity;
pub mod placement;
pub mod replacements;
pub mod restarts;
pub mod rollbacks;
pub mod running;
pub mod slots;
pub mod spread;
pub mod states;
pub mod unwritten;
