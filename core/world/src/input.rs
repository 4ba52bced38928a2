//! What comes from outside, and the record of it.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Trigger};
use crate::spec::Spec;

/// One thing that a person or a fault does to the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Input {
    /// Text typed at a node's terminal; a newline enters the line.
    Type {
        /// The node.
        node: String,
        /// The text.
        text: String,
    },
    /// Ctrl-C.
    Interrupt {
        /// The node.
        node: String,
    },
    /// Ctrl-D.
    EndOfFile {
        /// The node.
        node: String,
    },
    /// Leaves the editor that is open at a node's terminal.
    Edit {
        /// The node.
        node: String,
        /// What to save; nothing quits without saving.
        #[serde(default)]
        text: Option<String>,
    },
    /// A file put on a host, as an upload does.
    WriteFile {
        /// The node.
        node: String,
        /// Where, absolute.
        path: String,
        /// What.
        text: String,
    },
    /// Something goes wrong, or right again.
    Fault {
        /// What.
        fault: Fault,
    },
    /// Faults that are to strike as soon as something happens, once.
    Arm {
        /// What they wait for.
        on: Trigger,
        /// What goes wrong then, in this order.
        faults: Vec<Fault>,
    },
    /// Faults that were armed and did not strike yet never will.
    Disarm {
        /// The number that arming gave them.
        armed: u64,
    },
}

impl Input {
    /// Something goes wrong, or right again.
    pub const fn fault(fault: Fault) -> Self {
        Self::Fault { fault }
    }

    /// For the history: what was done, in words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Type { node, text } => format!("{node}$ {}", text.trim_end_matches('\n')),
            Self::Interrupt { node } => format!("Ctrl-C on {node}"),
            Self::EndOfFile { node } => format!("Ctrl-D on {node}"),
            Self::Edit { node, text: Some(text) } => {
                format!("{} bytes saved by the editor on {node}", text.len())
            }
            Self::Edit { node, text: None } => format!("the editor on {node} quits"),
            Self::WriteFile { node, path, text } => {
                format!("{} bytes written to {path} on {node}", text.len())
            }
            Self::Fault { fault } => fault.to_string(),
            Self::Arm { on, faults } => format!("{on}: {}", words(faults)),
            Self::Disarm { armed } => format!("the armed fault {armed} never strikes"),
        }
    }
}

/// Faults in words, one after the other.
pub(crate) fn words(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join(", ")
}

/// An input and when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Nanoseconds of virtual time since the world was ready.
    pub at_ns: u64,
    /// What.
    pub input: Input,
}

/// A whole run: what to build and all that was done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// [`Recording::FORMAT`].
    pub format: String,
    /// What was built.
    pub spec: Spec,
    /// What was done, in order of time.
    pub inputs: Vec<Recorded>,
    /// How far virtual time had come, in nanoseconds since the world was ready.
    pub end_ns: u64,
}

impl Recording {
    /// The format's name and version.
    pub const FORMAT: &str = "glasshive-run/2";
}
