//! What can be wrong with what a world is asked.

use std::fmt;

/// A request that cannot be met; the world is as it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No host has this name; the names there are.
    UnknownNode(String, Vec<String>),
    /// The host is down.
    NodeDown(String),
    /// The host is not down.
    NodeUp(String),
    /// The host is frozen.
    NodeFrozen(String),
    /// A fault that cannot be, or not now.
    Fault(String),
    /// No editor is open at the host's terminal.
    NoEditor(String),
    /// The specification contradicts itself or asks for what there is not.
    Spec(String),
    /// A recording that does not fit the world it is played in.
    Recording(String),
    /// The cluster that the specification describes did not come up.
    Boot(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownNode(name, known) => {
                write!(f, "there is no node `{name}`; there are {}", known.join(", "))
            }
            Self::NodeDown(name) => write!(f, "{name} is down"),
            Self::NodeUp(name) => write!(f, "{name} is not down"),
            Self::NodeFrozen(name) => write!(f, "{name} is frozen"),
            Self::NoEditor(name) => write!(f, "no editor is open on {name}"),
            Self::Fault(text) | Self::Spec(text) | Self::Recording(text) => f.write_str(text),
            Self::Boot(text) => write!(f, "the cluster did not come up: {text}"),
        }
    }
}

impl std::error::Error for Error {}
