//! Processes: their numbers, what they are started with, how they end, and their system calls.

mod files;
mod handle;
mod proc;
mod procfs;
mod trees;
mod waiting;

use sorted::SortedMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use handle::{Handle, Onlookers, Sink};
pub use proc::{Proc, ProcessInfo};

pub(crate) use handle::Open;
pub(crate) use waiting::Withdraw;

use crate::fs::User;

/// A process number, unique on its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pid(pub u32);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fd(pub u32);

impl Fd {
    /// Standard input.
    pub const STDIN: Self = Self(0);
    /// Standard output.
    pub const STDOUT: Self = Self(1);
    /// Standard error.
    pub const STDERR: Self = Self(2);
}

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Signal {
    /// SIGHUP, 1.
    Hangup,
    /// SIGINT, 2: Ctrl-C.
    Interrupt,
    /// SIGQUIT, 3.
    Quit,
    /// SIGKILL, 9.
    Kill,
    /// SIGUSR1, 10.
    User1,
    /// SIGUSR2, 12.
    User2,
    /// SIGPIPE, 13.
    Pipe,
    /// SIGTERM, 15.
    Terminate,
}

impl Signal {
    /// Every signal there is here.
    pub const ALL: [Self; 8] = [
        Self::Hangup,
        Self::Interrupt,
        Self::Quit,
        Self::Kill,
        Self::User1,
        Self::User2,
        Self::Pipe,
        Self::Terminate,
    ];

    /// Linux's number.
    pub const fn number(self) -> i32 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Kill => 9,
            Self::User1 => 10,
            Self::User2 => 12,
            Self::Pipe => 13,
            Self::Terminate => 15,
        }
    }

    /// The name without `SIG`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hangup => "HUP",
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
            Self::User1 => "USR1",
            Self::User2 => "USR2",
            Self::Pipe => "PIPE",
            Self::Terminate => "TERM",
        }
    }

    /// The signal written as `9`, `KILL` or `SIGKILL` (in any case).
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        Self::ALL
            .into_iter()
            .find(|signal| signal.name() == name || signal.number().to_string() == name)
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// By itself, with this code (0 to 255).
    Code(i32),
    /// By a signal.
    Signal(Signal),
}

impl ExitStatus {
    /// As a shell's `$?` shows it: 128 and the signal's number for a killed process.
    pub const fn code(self) -> i32 {
        match self {
            Self::Code(code) => code & 0xff,
            Self::Signal(signal) => 128 + signal.number(),
        }
    }
}

/// What a process does when a signal comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disposition {
    /// Ends.
    #[default]
    Default,
    /// Nothing.
    Ignore,
    /// Its waiting system calls fail with EINTR and [`Proc::take_signal`] tells which.
    Catch,
}

/// What to start a program with.
#[derive(Clone, Debug, Default)]
pub struct Spawn {
    /// Path of the executable, absolute or relative to the caller's folder.
    pub path: String,
    /// The arguments; the first is the program's name.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: SortedMap<String, String>,
    /// Working folder; the caller's if none.
    pub cwd: Option<String>,
    /// Descriptors to give it instead of the caller's 0, 1 and 2.
    pub fds: SortedMap<Fd, Handle>,
    /// User to run as; the caller's if none.
    pub user: Option<User>,
    /// Start a process group of its own and put it in the foreground of the caller's terminal.
    pub foreground: bool,
    /// Start a process group of its own in the background.
    pub background: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_go_by_number_and_name() {
        for text in ["9", "KILL", "SIGKILL", "sigkill"] {
            assert_eq!(Signal::parse(text), Some(Signal::Kill));
        }
        assert_eq!(Signal::parse("SIGNOPE"), None);
        assert_eq!(ExitStatus::Signal(Signal::Kill).code(), 137);
    }
}
