//! No key seals two contents under one nonce.

use swarm::node::DurableLog;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "nonces",
    statement: "no (key, nonce) pair seals two different contents, also not after a restart",
    source: "NIST SP 800-38D, 8; raft.md X7; `core/seal/src/sealer.rs` asserts it within one boot",
};

/// What a manager's disk holds. A new key begins a new file, so within one file a nonce has one
/// content.
///
/// # Errors
/// Names the file and the entry.
pub fn check(log: &DurableLog) -> Verdict {
    ensure!(log.reused_nonce().is_none(), "{}", log.reused_nonce().unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it complains about is shown where the log is read (`swarm::node::DurableLog`).
    #[test]
    fn an_empty_log_reuses_nothing() {
        check(&DurableLog::default()).unwrap();
        assert_eq!(INVARIANT.name, "nonces");
    }
}
