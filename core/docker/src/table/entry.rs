//! What a row of the table is made of: a command, and since when and until when it is as it is.

use std::future::Future;
use std::pin::Pin;

use crate::cli::{Cli, Failure};
use crate::profile::{Profile, Version};
use crate::table::flag::{self, Flag};

/// What a command came to: an exit status.
pub type Outcome = Result<i32, Failure>;

/// What runs a command.
pub type Run = for<'a> fn(&'a Cli) -> Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// A text with its earlier forms: each held up to and including a release; newest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    now: &'static str,
    earlier: [Option<(Version, &'static str)>; 2],
}

impl Text {
    pub(super) const fn new(now: &'static str) -> Self {
        Self { now, earlier: [None, None] }
    }

    pub(super) const fn was(mut self, until: Version, text: &'static str) -> Self {
        let place = if self.earlier[0].is_none() { 0 } else { 1 };
        self.earlier[place] = Some((until, text));
        self
    }

    pub(super) fn at(self, version: Version) -> &'static str {
        let earlier = self.earlier.into_iter().flatten().rev();
        earlier.into_iter().find(|(until, _)| version <= *until).map_or(self.now, |(_, text)| text)
    }
}

/// How many arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// None.
    None,
    /// Exactly so many.
    Exact(usize),
    /// At least so many.
    Min(usize),
    /// At most so many.
    Max(usize),
    /// From so many to so many.
    Range(usize, usize),
}

/// After every release.
pub(super) const FOREVER: Version = Version(u8::MAX, u8::MAX);

/// A command.
#[derive(Clone, Copy)]
pub struct Command {
    /// Its words: `secret create`, `inspect`.
    pub path: &'static str,
    usage: Text,
    short: Text,
    pub(super) since: Version,
    pub(super) until: Version,
    pub(super) aliases: &'static [&'static str],
    /// Its short form without the group: `ps`.
    pub top: Option<&'static str>,
    args: Count,
    args_was: Option<(Version, Count)>,
    /// Until this release it needed a daemon with experimental features.
    experimental_until: Version,
    /// Flags may follow arguments.
    pub interspersed: bool,
    /// Tables of flags (`flag.rs`).
    flags: &'static str,
    more_flags: &'static str,
    /// What runs it.
    pub run: Option<Run>,
    /// What it would need that is not simulated.
    pub unsimulated: Option<&'static str>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path)
    }
}

/// A command that has always been there, takes no arguments and has no flags.
pub(super) const fn command(
    path: &'static str,
    usage: &'static str,
    short: &'static str,
) -> Command {
    Command {
        path,
        usage: Text::new(usage),
        short: Text::new(short),
        since: Version(0, 0),
        until: FOREVER,
        aliases: &[],
        top: None,
        args: Count::None,
        args_was: None,
        experimental_until: Version(0, 0),
        interspersed: true,
        flags: "",
        more_flags: "",
        run: None,
        unsimulated: None,
    }
}

impl Command {
    pub(super) const fn usage_was(mut self, until: Version, usage: &'static str) -> Self {
        self.usage = self.usage.was(until, usage);
        self
    }
    pub(super) const fn short_was(mut self, until: Version, short: &'static str) -> Self {
        self.short = self.short.was(until, short);
        self
    }
    pub(super) const fn since(mut self, major: u8, minor: u8) -> Self {
        self.since = Version(major, minor);
        self
    }
    pub(super) const fn until(mut self, major: u8, minor: u8) -> Self {
        self.until = Version(major, minor);
        self
    }
    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
    pub(super) const fn top(mut self, name: &'static str) -> Self {
        self.top = Some(name);
        self
    }
    pub(super) const fn args(mut self, count: Count) -> Self {
        self.args = count;
        self
    }
    pub(super) const fn args_was(mut self, until: Version, count: Count) -> Self {
        self.args_was = Some((until, count));
        self
    }
    pub(super) const fn experimental_until(mut self, major: u8, minor: u8) -> Self {
        self.experimental_until = Version(major, minor);
        self
    }
    pub(super) const fn not_interspersed(mut self) -> Self {
        self.interspersed = false;
        self
    }
    pub(super) const fn flags(mut self, flags: &'static str) -> Self {
        self.flags = flags;
        self
    }
    pub(super) const fn more_flags(mut self, flags: &'static str) -> Self {
        self.more_flags = flags;
        self
    }
    pub(super) const fn run(mut self, run: Run) -> Self {
        self.run = Some(run);
        self
    }
    pub(super) const fn unsimulated(mut self, what: &'static str) -> Self {
        self.unsimulated = Some(what);
        self
    }

    /// It needs a daemon with experimental features, which none has here.
    pub fn is_experimental(&self, profile: &Profile) -> bool {
        profile.version <= self.experimental_until
    }

    /// The group it is in; empty for none.
    pub fn group(&self) -> &'static str {
        self.path.split_once(' ').map_or("", |(group, _)| group)
    }

    /// Its own word.
    pub fn name(&self) -> &'static str {
        self.path.split_once(' ').map_or(self.path, |(_, name)| name)
    }

    /// Its other words.
    pub const fn aliases_of(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// What follows its words in a use line.
    pub fn usage(&self, profile: &Profile) -> &'static str {
        self.usage.at(profile.version)
    }

    /// What it does, in a line.
    pub fn short(&self, profile: &Profile) -> &'static str {
        self.short.at(profile.version)
    }

    /// How many arguments it takes.
    pub fn count(&self, profile: &Profile) -> Count {
        match self.args_was {
            Some((until, count)) if profile.version <= until => count,
            _ => self.args,
        }
    }

    /// The flags of a release, by name.
    pub fn flags_of(&self, profile: &Profile) -> impl Iterator<Item = Flag> {
        let mut flags = flag::read(self.flags);
        if !self.more_flags.is_empty() {
            flags.extend(flag::read(self.more_flags));
            flags.sort_by_key(Flag::name);
        }
        flags.into_iter().filter(|flag| flag.exists(profile))
    }

    #[cfg(test)]
    pub(super) const fn tables(&self) -> [&'static str; 2] {
        [self.flags, self.more_flags]
    }
}
