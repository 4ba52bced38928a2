//! Managers and agents, host by host.

pub mod agent_secrets;
pub mod agent_tasks;
pub mod key_files;
pub mod leader_only;
pub mod nonces;
pub mod plaintext;
