//! The leader's work is done by the leader.

use raft::{Role, Term};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "leader_only",
    statement: "orchestrators, scheduler, dispatcher and CA run on a member only while it leads, and agents have sessions with such a member only",
    source: "swarmkit `manager/manager.go`, `becomeLeader` and `becomeFollower`; moby#53632",
};

/// What one manager does.
///
/// # Errors
/// If it does the leader's work, or holds sessions, without leading.
pub fn check(role: Role, term: Term, does_leaders_work: bool, session_count: u64) -> Verdict {
    ensure!(
        role == Role::Leader || !does_leaders_work,
        "a {role:?} of term {term} does the leader's work"
    );
    ensure!(
        does_leaders_work || session_count == 0,
        "a {role:?} of term {term} holds {session_count} sessions of agents"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_follower_that_leads() {
        check(Role::Leader, Term(2), true, 3).unwrap();
        complains(check(Role::Follower, Term(2), true, 0), &INVARIANT);
        complains(check(Role::Follower, Term(2), false, 1), &INVARIANT);
    }
}
