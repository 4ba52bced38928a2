//! What can go wrong, on purpose: one vocabulary for the API, the blocks of labs, a script's session and
//! a page.
//!
//! A fault is written in one line (`crash leader`, `loss node1 node2 5%`); [`grammar`] reads it,
//! [`Fault`]'s `Display` says it in words, and `strike` makes it happen. Stored and sent, a fault is
//! that line.

pub(crate) mod armed;
pub(crate) mod blame;
mod forecast;
pub(crate) mod grammar;
mod strike;
pub(crate) mod trigger;

use std::fmt;

use serde::{Deserialize, Serialize};
use sim::Duration;

pub use armed::{Armed, ArmedState};
pub use forecast::Forecast;
pub use grammar::{FORMS, Unreadable};
pub use strike::Struck;
pub use trigger::{FORMS as TRIGGER_FORMS, Trigger};

/// One thing that goes wrong, or right again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Fault {
    /// The power fails; what the disk had not synced is gone.
    Crash(Target),
    /// The power fails in the middle of a write: a part of the oldest unsynced one may be on the disk.
    PowerLoss(Target),
    /// A host without power boots.
    Restart(Target),
    /// A host stops making progress: its frames and timers wait.
    Freeze(Target),
    /// It goes on.
    Thaw(Target),
    /// Frames are lost.
    Cut(Reach),
    /// Frames between hosts of different groups are lost; hosts that are not named are one more group.
    Partition(Vec<Vec<Target>>),
    /// What is wrong with links and disks ends. Hosts without power, frozen hosts and clocks stay as
    /// they are.
    Heal(Reach),
    /// Every frame takes so much longer.
    Latency(Reach, Duration),
    /// Of a thousand frames so many are lost on their way.
    Loss(Reach, u16),
    /// Of a thousand frames so many arrive twice.
    Duplicate(Reach, u16),
    /// To make a write durable takes so much longer.
    SlowDisk(Target, Duration),
    /// Nothing can be written any more.
    FullDisk(Target),
    /// One bit of a file of the swarm's state is wrong from now on; which file (of those whose path
    /// begins so) and which bit is the seed's choice.
    FlipBit(Target, String),
    /// Somebody copies the swarm's state of a host; the copy is under `/loot/NODE` of another host.
    StealDisk {
        /// Whose.
        of: Target,
        /// Where the copy is.
        to: Target,
    },
    /// A host's clock jumps.
    Clock(Target, Jump),
}

/// How a clock jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// Into the future.
    Ahead(Duration),
    /// Into the past.
    Back(Duration),
}

/// Which links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of them, and with `heal` all disks.
    All,
    /// All of one host, and with `heal` its disk.
    Node(Target),
    /// One, both ways.
    Link(Target, Target),
    /// One, one way.
    OneWay(Target, Target),
}

/// A host, by name or by what it is when the fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its name.
    Named(String),
    /// The manager that leads.
    Leader,
    /// The first manager, in the order of hosts, that runs and does not lead.
    Follower,
    /// The host that runs this task, `SERVICE.SLOT`.
    NodeOf(String),
}

impl Fault {
    /// Reads a line.
    ///
    /// # Errors
    /// Where it leaves the grammar and what was expected there.
    pub fn parse(line: &str) -> Result<Self, Unreadable> {
        grammar::fault(line)
    }

    /// Every host that it names.
    pub fn targets(&self) -> Vec<&Target> {
        match self {
            Self::Crash(node)
            | Self::PowerLoss(node)
            | Self::Restart(node)
            | Self::Freeze(node)
            | Self::Thaw(node)
            | Self::SlowDisk(node, _)
            | Self::FullDisk(node)
            | Self::FlipBit(node, _)
            | Self::Clock(node, _) => vec![node],
            Self::Cut(reach)
            | Self::Heal(reach)
            | Self::Latency(reach, _)
            | Self::Loss(reach, _)
            | Self::Duplicate(reach, _) => reach.targets(),
            Self::Partition(groups) => groups.iter().flatten().collect(),
            Self::StealDisk { of, to } => vec![of, to],
        }
    }

    /// The same with other hosts, in the order of [`Fault::targets`].
    pub(crate) fn with_targets(mut self, names: &[String]) -> Self {
        let mut names = names.iter().map(|name| Target::Named(name.clone()));
        for target in self.targets_mut() {
            if let Some(name) = names.next() {
                *target = name;
            }
        }
        self
    }

    fn targets_mut(&mut self) -> Vec<&mut Target> {
        match self {
            Self::Crash(node)
            | Self::PowerLoss(node)
            | Self::Restart(node)
            | Self::Freeze(node)
            | Self::Thaw(node)
            | Self::SlowDisk(node, _)
            | Self::FullDisk(node)
            | Self::FlipBit(node, _)
            | Self::Clock(node, _) => vec![node],
            Self::Cut(reach)
            | Self::Heal(reach)
            | Self::Latency(reach, _)
            | Self::Loss(reach, _)
            | Self::Duplicate(reach, _) => match reach {
                Reach::All => Vec::new(),
                Reach::Node(node) => vec![node],
                Reach::Link(a, b) | Reach::OneWay(a, b) => vec![a, b],
            },
            Self::Partition(groups) => groups.iter_mut().flatten().collect(),
            Self::StealDisk { of, to } => vec![of, to],
        }
    }
}

impl From<&str> for Target {
    /// The host with this name.
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl Reach {
    /// The way from one host to another.
    pub fn one_way(from: &str, to: &str) -> Self {
        Self::OneWay(from.into(), to.into())
    }

    fn targets(&self) -> Vec<&Target> {
        match self {
            Self::All => Vec::new(),
            Self::Node(node) => vec![node],
            Self::Link(a, b) | Self::OneWay(a, b) => vec![a, b],
        }
    }
}

/// As it is written.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Leader => f.write_str("leader"),
            Self::Follower => f.write_str("follower"),
            Self::NodeOf(task) => write!(f, "node of {task}"),
        }
    }
}

/// In words: `frames between node1 and node2`.
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all frames"),
            Self::Node(node) => write!(f, "frames from and to {node}"),
            Self::Link(a, b) => write!(f, "frames between {a} and {b}"),
            Self::OneWay(from, to) => write!(f, "frames from {from} to {to}"),
        }
    }
}

/// A part of a thousand in per cent.
pub(crate) struct PerCent(pub(crate) u16);

impl fmt::Display for PerCent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(f, "{whole}%"),
            (whole, tenth) => write!(f, "{whole}.{tenth}%"),
        }
    }
}

/// In words: `node1 loses its power`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(node) => write!(f, "{node} loses its power"),
            Self::PowerLoss(node) => write!(f, "{node} loses its power in the middle of a write"),
            Self::Restart(node) => write!(f, "{node} boots"),
            Self::Freeze(node) => write!(f, "{node} freezes"),
            Self::Thaw(node) => write!(f, "{node} goes on"),
            Self::Cut(reach) => write!(f, "{reach} are lost"),
            Self::Partition(groups) => {
                f.write_str("the network is parted: ")?;
                for (index, group) in groups.iter().enumerate() {
                    let names: Vec<String> = group.iter().map(Target::to_string).collect();
                    let between = if index == 0 { "" } else { " | " };
                    write!(f, "{between}{}", names.join(", "))?;
                }
                f.write_str(if groups.len() == 1 { " | the others" } else { "" })
            }
            Self::Heal(Reach::All) => f.write_str("all links and disks are whole again"),
            Self::Heal(Reach::Node(node)) => {
                write!(f, "the links and the disk of {node} are whole again")
            }
            Self::Heal(Reach::Link(a, b)) => {
                write!(f, "the link between {a} and {b} is whole again")
            }
            Self::Heal(Reach::OneWay(from, to)) => {
                write!(f, "the way from {from} to {to} is whole again")
            }
            Self::Latency(reach, span) => write!(f, "{reach} take {span} longer"),
            Self::Loss(reach, share) => write!(f, "of {reach} {} are lost", PerCent(*share)),
            Self::Duplicate(reach, share) => {
                write!(f, "of {reach} {} arrive twice", PerCent(*share))
            }
            Self::SlowDisk(node, span) => {
                write!(f, "a sync of the disk of {node} takes {span} longer")
            }
            Self::FullDisk(node) => write!(f, "the disk of {node} is full"),
            Self::FlipBit(node, path) => write!(f, "a bit flips on the disk of {node}, in {path}"),
            Self::StealDisk { of, to } => {
                write!(f, "the swarm's state of {of} is copied to /loot/{of} on {to}")
            }
            Self::Clock(node, Jump::Ahead(span)) => {
                write!(f, "the clock of {node} jumps {span} ahead")
            }
            Self::Clock(node, Jump::Back(span)) => {
                write!(f, "the clock of {node} jumps {span} back")
            }
        }
    }
}
