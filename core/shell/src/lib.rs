//! A shell and the utilities that workshops use, as programs of [`os`].
//!
//! The shell is bash, dash or BusyBox's ash, depending on which program image was started; the
//! utilities are those of GNU or of BusyBox. [`register`] adds all of them to a machine's programs,
//! [`gnu_commands`] and [`busybox_commands`] say which executables a host or an image should hold.
//!
//! The grammar is our own (`syntax`). `brush-parser` 0.4 was tried first and cannot be used: its
//! packrat rules take exponential time on unfinished input (twelve `((` in a row took seven
//! seconds, a student's typo would freeze the page), it reports `done`, `echo <secret name>` and
//! `if true; then` alike as "at end of input" so that a prompt cannot tell an error from a command
//! that goes on, and it brings `getrandom` and `uuid` with their JavaScript into `core/`.
//!
//! What it deliberately is not: complete. What bash or a utility really has and we lack says
//! `not simulated: ...` and changes nothing.

mod accounts;
mod arithmetic;
mod builtins;
mod commands;
mod completion;
mod escapes;
mod hint;
mod messages;
mod pattern;
mod shell;
mod syntax;
mod utilities;

pub use commands::{busybox_commands, gnu_commands, host_commands, image_commands, register};
pub use completion::{Completion, complete};
pub use hint::hint;
pub use utilities::random::{OPENSSL_COMMANDS, openssl};

/// Which shell's texts and rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// GNU bash.
    Bash,
    /// `/bin/sh` of Debian.
    Dash,
    /// `/bin/sh` of BusyBox.
    Ash,
}

impl Flavour {
    /// The program's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Dash | Self::Ash => "sh",
        }
    }
}
