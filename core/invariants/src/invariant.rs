//! What an invariant is, and how it complains.

use std::fmt;

use sim::Time;

/// One thing that must hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Invariant {
    /// A short name, the same as the file's.
    pub name: &'static str,
    /// What must hold, in one sentence.
    pub statement: &'static str,
    /// Where it comes from: a paper, a model, a file of swarmkit.
    pub source: &'static str,
}

/// An invariant does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: &'static Invariant,
    /// What was seen.
    pub what: String,
}

/// What a check says.
pub type Verdict = Result<(), Broken>;

impl Invariant {
    /// The complaint that it does not hold.
    pub fn broken(&'static self, what: impl Into<String>) -> Broken {
        Broken { invariant: self, what: what.into() }
    }
}

/// Complains unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(INVARIANT.broken(format!($($words)+)));
        }
    };
}
pub(crate) use ensure;

/// An invariant that did not hold in a world, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant and what was seen.
    pub broken: Broken,
    /// The virtual time.
    pub at: Time,
    /// After how many events.
    pub event: u64,
    /// The host that the event happened at.
    pub host: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { broken, at, event, host } = self;
        let (name, statement) = (broken.invariant.name, broken.invariant.statement);
        let (at, what) = (at.rfc3339(), &broken.what);
        write!(f, "{name}: {what}\n  at {at}, event {event} ({host})\n  must hold: {statement}")
    }
}
