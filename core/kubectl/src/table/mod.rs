//! The command table: every command and flag of the real command line, since when it exists, what runs it, or why it is
//! not simulated.
//!
//! Parsing, help and completion read this table and nothing else.

mod basic;
mod flags;
mod lacking;
mod other;

use crate::cli::{Boxed, Cli, Failure};
use crate::profile::Profile;

/// What a command came to: an exit status.
pub type Outcome = Result<i32, Failure>;

/// What runs a command.
pub type Run = for<'a> fn(&'a Cli) -> Boxed<'a, Outcome>;

/// A flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A text.
    String,
    /// Texts, one each time.
    List,
    /// Texts, several at once with commas.
    Slice,
    /// A whole number.
    Int,
    /// A span of time.
    Duration,
    /// A text that may be left out, and what it is then.
    Bare(&'static str),
}

/// A flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its name without dashes.
    pub name: &'static str,
    /// The letter after a single dash.
    pub letter: Option<char>,
    /// Its value.
    pub kind: Kind,
    /// Its value if it is not given, as help shows it.
    pub default: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    /// What it would need that is not simulated; empty if it is.
    pub lacks: &'static str,
    /// The first release that has it.
    pub since: u8,
    /// The last release that has it.
    pub until: u8,
}

/// A flag that has always been there.
const fn flag(
    letter: Option<char>,
    name: &'static str,
    kind: Kind,
    default: &'static str,
    help: &'static str,
) -> Flag {
    Flag { name, letter, kind, default, help, lacks: "", since: 0, until: u8::MAX }
}

impl Flag {
    const fn lacks(mut self, what: &'static str) -> Self {
        self.lacks = what;
        self
    }
    const fn since(mut self, minor: u8) -> Self {
        self.since = minor;
        self
    }
    const fn until(mut self, minor: u8) -> Self {
        self.until = minor;
        self
    }
}

/// A command.
#[derive(Clone, Copy)]
pub struct Command {
    /// Its words: `create secret generic`.
    pub path: &'static str,
    /// What follows them in a use line.
    pub usage: &'static str,
    /// What it does, in a line.
    pub short: &'static str,
    /// Other words for the last one.
    pub aliases: &'static [&'static str],
    /// Its flags, in sets.
    pub flags: &'static [&'static [Flag]],
    /// What runs it; nothing for a mere group.
    pub run: Option<Run>,
    /// What it would need that is not simulated; empty if it is.
    pub lacks: &'static str,
    /// The first release that has it.
    pub since: u8,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path)
    }
}

/// A command that has always been there.
const fn command(
    path: &'static str,
    usage: &'static str,
    short: &'static str,
    flags: &'static [&'static [Flag]],
    run: Run,
) -> Command {
    Command { path, usage, short, aliases: &[], flags, run: Some(run), lacks: "", since: 0 }
}

/// Words that only have others below them.
const fn group(path: &'static str, short: &'static str) -> Command {
    Command {
        path,
        usage: "SUBCOMMAND",
        short,
        aliases: &[],
        flags: &[],
        run: None,
        lacks: "",
        since: 0,
    }
}

impl Command {
    const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
    const fn since(mut self, minor: u8) -> Self {
        self.since = minor;
        self
    }

    /// Its last word.
    pub fn name(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or(self.path)
    }

    /// The flags of a release, without the global ones.
    pub fn flags_of(&self, profile: &Profile) -> impl Iterator<Item = &'static Flag> {
        let minor = profile.minor;
        let all = self.flags.iter().flat_map(|set| set.iter());
        all.filter(move |flag| (flag.since..=flag.until).contains(&minor))
    }

    /// A flag's default in a release.
    pub fn default_of(&self, profile: &Profile, name: &str) -> &'static str {
        self.flags_of(profile).find(|flag| flag.name == name).map_or("", |flag| flag.default)
    }
}

/// Flags that every command has.
pub const GLOBAL: &[Flag] = flags::GLOBAL;

/// The commands of a release.
pub fn commands(profile: &Profile) -> impl Iterator<Item = &'static Command> {
    let minor = profile.minor;
    let lists = [basic::COMMANDS, other::COMMANDS, lacking::COMMANDS];
    lists.into_iter().flatten().filter(move |command| command.since <= minor)
}

/// The command whose words the arguments begin with, and how many words these are.
pub fn find(profile: &Profile, words: &[&str]) -> Option<(&'static Command, usize)> {
    let mut found = None;
    for count in 1..=words.len().min(3) {
        let parent = found.map_or("", |(command, _): (&Command, usize)| command.path);
        let word = words[count - 1];
        let next = commands(profile).find(|command| {
            let (before, name) = command.path.rsplit_once(' ').unwrap_or(("", command.path));
            before == parent && (name == word || command.aliases.contains(&word))
        });
        match next {
            Some(command) => found = Some((command, count)),
            None => break,
        }
    }
    found
}

/// The commands below some words.
pub fn below(profile: &Profile, path: &str) -> Vec<&'static Command> {
    let is_below =
        |command: &&Command| command.path.rsplit_once(' ').map_or("", |(before, _)| before) == path;
    commands(profile).filter(is_below).collect()
}
