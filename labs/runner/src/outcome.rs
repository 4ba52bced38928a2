//! What came of playing a lab: plain data for a page, a program or a terminal.

use serde::{Deserialize, Serialize};

use crate::check::Verdict;
use crate::model::At;
use crate::pattern::Comparison;

/// What came of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Of a command.
    Command(CommandOutcome),
    /// Of a `check` or an `until`.
    Check(CheckOutcome),
    /// Of a `fault`.
    Fault(FaultOutcome),
    /// Of an `ask`.
    Ask(AskOutcome),
}

impl Outcome {
    /// Whether everything was as the lab says.
    pub fn holds(&self) -> bool {
        match self {
            Self::Command(command) => command.holds(),
            Self::Check(check) => check.holds(),
            Self::Fault(fault) => fault.problem.is_none(),
            Self::Ask(ask) => ask.problem.is_none(),
        }
    }
}

/// A command that was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// The host it was typed on.
    pub node: String,
    /// What was typed, with the captured values filled in.
    pub text: String,
    /// The prompt it was typed at.
    pub prompt: String,
    /// What it printed, standard output and standard error in order.
    pub output: String,
    /// Its exit status; nothing while it runs or where a program has the terminal.
    pub status: Option<i32>,
    /// The exit status that the lab expects, if it says one.
    pub expected_status: Option<i32>,
    /// True if it was still running at its limit.
    pub running: bool,
    /// When it was typed, in ms of virtual time since the world's start.
    pub started_ms: u64,
    /// When the terminal waited again.
    pub ended_ms: u64,
    /// The output compared with the lab's expectation, if it has one.
    pub comparison: Option<Comparison>,
    /// Why it could not be typed.
    pub problem: Option<String>,
}

impl CommandOutcome {
    /// Whether the exit status is the expected one.
    pub fn status_holds(&self) -> bool {
        match (self.expected_status, self.status) {
            (Some(expected), Some(status)) => expected == status,
            _ => true,
        }
    }

    /// Whether everything is as the lab says.
    pub fn holds(&self) -> bool {
        self.problem.is_none()
            && !self.running
            && self.status_holds()
            && self.comparison.as_ref().is_none_or(|comparison| comparison.holds)
    }

    /// What is not as the lab says, one sentence each.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints: Vec<String> = self.problem.iter().cloned().collect();
        if self.running {
            complaints.push("it still runs at its time limit".to_owned());
        }
        if let (Some(expected), Some(status), false) =
            (self.expected_status, self.status, self.status_holds())
        {
            complaints.push(format!("expected exit status {expected}, got {status}"));
        }
        let comparison = self.comparison.iter().filter(|comparison| !comparison.holds);
        complaints.extend(comparison.map(|comparison| comparison.why.clone()));
        complaints
    }
}

/// A check that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    /// When, in ms of virtual time since the world's start.
    pub at_ms: u64,
    /// One for each line.
    pub verdicts: Vec<Verdict>,
}

impl CheckOutcome {
    /// Whether all lines hold.
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds)
    }
}

/// A fault that was injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultOutcome {
    /// When, in ms of virtual time since the world's start.
    pub at_ms: u64,
    /// What happened, in words.
    pub text: String,
    /// Why it could not be done.
    pub problem: Option<String>,
    /// Its number among the cluster's armed faults, while it waits for what it is to strike on.
    pub armed: Option<u64>,
}

/// A question that was passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskOutcome {
    /// When, in ms of virtual time since the world's start.
    pub at_ms: u64,
    /// The answers that count, with everything looked up.
    pub answers: Vec<String>,
    /// Why an answer cannot be known.
    pub problem: Option<String>,
}

/// Something that a page or a terminal may want to show as it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A step begins.
    Step {
        /// Which one.
        step: u32,
    },
    /// A command was typed.
    Typed {
        /// Which part.
        at: At,
        /// The host.
        node: String,
        /// What was typed.
        text: String,
    },
    /// A part is over; its [`Outcome`] is there.
    Done {
        /// Which part.
        at: At,
    },
    /// The next command cannot be typed now; playing stops.
    Blocked {
        /// The host whose terminal is in the way.
        node: String,
        /// What is in the way and what helps.
        why: String,
    },
    /// The lab is over.
    Finished,
}

impl Event {
    /// The part that it is about.
    pub const fn at(&self) -> Option<At> {
        match self {
            Self::Typed { at, .. } | Self::Done { at } => Some(*at),
            Self::Step { .. } | Self::Blocked { .. } | Self::Finished => None,
        }
    }
}
