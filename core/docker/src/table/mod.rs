//! The command table: every command and flag of the real command line, since when it exists, its
//! help, how many arguments it takes, and what runs it or why it is not simulated.
//!
//! Parsing, help, completion and the checks of versions read this table and nothing else. The
//! flags and texts are those of docker/cli's releases; a text that has changed is kept with the
//! last release that had it.

mod build;
mod compose;
mod config;
mod container;
mod container_run;
mod image;
mod network;
mod node;
mod other;
mod registry;
mod secret;
mod service;
mod service_create;
mod service_update;
mod stack;
mod swarm;
mod system;

use std::future::Future;
use std::pin::Pin;

use crate::cli::{Cli, Failure};
use crate::profile::{Profile, Version};

/// What a command came to: an exit status.
pub type Outcome = Result<i32, Failure>;

/// What runs a command.
pub type Run = for<'a> fn(&'a Cli) -> Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// A flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after pflag's and Docker's own types")]
pub enum Kind {
    Bool,
    String,
    List,
    Strings,
    Int,
    Uint,
    Float,
    Duration,
    Bytes,
    Decimal,
    Filter,
    Secret,
    Config,
    Mount,
    NodeAddr,
    Command,
    /// A type that is only shown.
    Other(&'static str),
}

impl Kind {
    /// What help shows after the flag's name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Bool => "",
            Self::String => "string",
            Self::List => "list",
            Self::Strings => "strings",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Float => "float",
            Self::Duration => "duration",
            Self::Bytes => "bytes",
            Self::Decimal => "decimal",
            Self::Filter => "filter",
            Self::Secret => "secret",
            Self::Config => "config",
            Self::Mount => "mount",
            Self::NodeAddr => "node-addr",
            Self::Command => "command",
            Self::Other(label) => label,
        }
    }
}

/// A text with its earlier forms: each held up to and including a release; newest first.
#[derive(Clone, Copy, Debug)]
struct Text {
    now: &'static str,
    earlier: [Option<(Version, &'static str)>; 2],
}

impl Text {
    const fn new(now: &'static str) -> Self {
        Self { now, earlier: [None, None] }
    }

    const fn was(mut self, until: Version, text: &'static str) -> Self {
        let place = if self.earlier[0].is_none() { 0 } else { 1 };
        self.earlier[place] = Some((until, text));
        self
    }

    fn at(self, version: Version) -> &'static str {
        let earlier = self.earlier.into_iter().flatten().rev();
        earlier.into_iter().find(|(until, _)| version <= *until).map_or(self.now, |(_, text)| text)
    }
}

/// A flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// `-d, --detach` or `--name`.
    spelling: &'static str,
    /// Its value.
    pub kind: Kind,
    help: Text,
    since: Version,
    until: Version,
    /// The API version it needs.
    pub api: Option<&'static str>,
    /// Its value if it is not given, as help shows it; empty: the type's zero.
    pub default: &'static str,
    /// What it would need that is not simulated.
    pub unsimulated: Option<&'static str>,
}

/// A flag that has always been there.
const fn flag(spelling: &'static str, kind: Kind, help: &'static str) -> Flag {
    Flag {
        spelling,
        kind,
        help: Text::new(help),
        since: Version(0, 0),
        until: Version(u8::MAX, 0),
        api: None,
        default: "",
        unsimulated: None,
    }
}

impl Flag {
    const fn since(mut self, major: u8, minor: u8) -> Self {
        self.since = Version(major, minor);
        self
    }
    const fn until(mut self, major: u8, minor: u8) -> Self {
        self.until = Version(major, minor);
        self
    }
    const fn api(mut self, version: &'static str) -> Self {
        self.api = Some(version);
        self
    }
    const fn default(mut self, value: &'static str) -> Self {
        self.default = value;
        self
    }
    const fn was(mut self, until: Version, help: &'static str) -> Self {
        self.help = self.help.was(until, help);
        self
    }
    const fn unsimulated(mut self, what: &'static str) -> Self {
        self.unsimulated = Some(what);
        self
    }

    /// The name without dashes.
    pub fn name(&self) -> &'static str {
        let long = self.spelling.split_once("--").map(|(_, name)| name);
        long.unwrap_or(self.spelling)
    }

    /// The letter after a single dash.
    pub fn shorthand(&self) -> Option<char> {
        let rest = self.spelling.strip_prefix('-')?;
        rest.chars().next().filter(|char| *char != '-')
    }

    /// Its help in a release.
    pub fn help(&self, profile: &Profile) -> &'static str {
        self.help.at(profile.version)
    }

    fn exists(&self, profile: &Profile) -> bool {
        (self.since..=self.until).contains(&profile.version)
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

/// A command.
#[derive(Clone, Copy)]
pub struct Command {
    /// Its words: `secret create`, `inspect`.
    pub path: &'static str,
    usage: Text,
    short: Text,
    since: Version,
    aliases: &'static [&'static str],
    /// Its short form without the group: `ps`.
    pub top: Option<&'static str>,
    args: Count,
    args_was: Option<(Version, Count)>,
    /// Until this release it needed a daemon with experimental features.
    experimental_until: Version,
    /// Flags may follow arguments.
    pub interspersed: bool,
    flags: &'static [Flag],
    more_flags: &'static [Flag],
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
const fn command(path: &'static str, usage: &'static str, short: &'static str) -> Command {
    Command {
        path,
        usage: Text::new(usage),
        short: Text::new(short),
        since: Version(0, 0),
        aliases: &[],
        top: None,
        args: Count::None,
        args_was: None,
        experimental_until: Version(0, 0),
        interspersed: true,
        flags: &[],
        more_flags: &[],
        run: None,
        unsimulated: None,
    }
}

impl Command {
    const fn usage_was(mut self, until: Version, usage: &'static str) -> Self {
        self.usage = self.usage.was(until, usage);
        self
    }
    const fn short_was(mut self, until: Version, short: &'static str) -> Self {
        self.short = self.short.was(until, short);
        self
    }
    const fn since(mut self, major: u8, minor: u8) -> Self {
        self.since = Version(major, minor);
        self
    }
    const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
    const fn top(mut self, name: &'static str) -> Self {
        self.top = Some(name);
        self
    }
    const fn args(mut self, count: Count) -> Self {
        self.args = count;
        self
    }
    const fn args_was(mut self, until: Version, count: Count) -> Self {
        self.args_was = Some((until, count));
        self
    }
    const fn experimental_until(mut self, major: u8, minor: u8) -> Self {
        self.experimental_until = Version(major, minor);
        self
    }
    const fn not_interspersed(mut self) -> Self {
        self.interspersed = false;
        self
    }
    const fn flags(mut self, flags: &'static [Flag]) -> Self {
        self.flags = flags;
        self
    }
    const fn more_flags(mut self, flags: &'static [Flag]) -> Self {
        self.more_flags = flags;
        self
    }
    const fn run(mut self, run: Run) -> Self {
        self.run = Some(run);
        self
    }
    const fn unsimulated(mut self, what: &'static str) -> Self {
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
    pub fn flags_of(&self, profile: &Profile) -> impl Iterator<Item = &'static Flag> {
        let mut flags: Vec<&'static Flag> = self.flags.iter().chain(self.more_flags).collect();
        if !self.more_flags.is_empty() {
            flags.sort_by_key(|flag| flag.name());
        }
        flags.into_iter().filter(|flag| flag.exists(profile))
    }
}

/// A group of commands.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its word.
    pub name: &'static str,
    short: Text,
    since: Version,
    /// Its commands need a manager.
    pub swarm: bool,
    /// Flags before the command.
    pub flags: &'static [Flag],
}

impl Group {
    /// What it is for, in a line.
    pub fn short(&self, profile: &Profile) -> &'static str {
        self.short.at(profile.version)
    }

    /// Its commands in a release, by name.
    pub fn commands(&self, profile: &Profile) -> Vec<&'static Command> {
        let mut found: Vec<_> = commands(profile)
            .filter(|command| command.group() == self.name)
            .filter(|command| !command.is_experimental(profile))
            .collect();
        found.sort_by_key(|command| command.name());
        found
    }
}

const fn group(name: &'static str, now: &'static str, since: Version, swarm: bool) -> Group {
    Group { name, short: Text::new(now), since, swarm, flags: &[] }
}

const ALWAYS: Version = Version(0, 0);

/// All groups, by name.
const GROUPS: &[Group] = &[
    group("builder", "Manage builds", Version(18, 9), false),
    group("buildx", "Docker Buildx", Version(20, 10), false),
    group("checkpoint", "Manage checkpoints", Version(23, 0), false),
    COMPOSE,
    group("config", "Manage Swarm configs", Version(17, 6), true),
    group("container", "Manage containers", ALWAYS, false),
    group("context", "Manage contexts", Version(19, 3), false),
    group("image", "Manage images", ALWAYS, false),
    group("manifest", "Manage Docker image manifests and manifest lists", Version(20, 10), false),
    group("network", "Manage networks", ALWAYS, false),
    group("node", "Manage Swarm nodes", ALWAYS, true),
    group("plugin", "Manage plugins", ALWAYS, false),
    group("secret", "Manage Swarm secrets", ALWAYS, true),
    group("service", "Manage Swarm services", ALWAYS, true),
    group("stack", "Manage Swarm stacks", ALWAYS, true),
    group("swarm", "Manage Swarm", ALWAYS, true),
    group("system", "Manage Docker", ALWAYS, false),
    group("trust", "Manage trust on Docker images", Version(18, 9), false),
    group("volume", "Manage volumes", ALWAYS, false),
];

/// `docker compose`; as `docker-compose` it was there before it was a group.
pub const COMPOSE: Group = Group {
    flags: compose::GROUP_FLAGS,
    ..group("compose", "Docker Compose", Version(20, 10), false)
};

/// Shorts that had other words until 20.10.
const SHORTS_UNTIL_20_10: &[(&str, &str)] = &[
    ("config", "Manage Docker configs"),
    ("secret", "Manage Docker secrets"),
    ("service", "Manage services"),
    ("stack", "Manage Docker stacks"),
];

/// The groups of a release, by name.
pub fn groups(profile: &Profile) -> impl Iterator<Item = Group> {
    let version = profile.version;
    GROUPS.iter().filter(move |group| group.since <= version).map(|group| {
        let old = SHORTS_UNTIL_20_10.iter().find(|(name, _)| *name == group.name);
        match old {
            Some((_, short)) => Group { short: group.short.was(Version(20, 10), short), ..*group },
            None => *group,
        }
    })
}

/// The commands of a release.
pub fn commands(profile: &Profile) -> impl Iterator<Item = &'static Command> {
    let version = profile.version;
    let lists = [
        container::COMMANDS,
        std::slice::from_ref(&container_run::RUN),
        std::slice::from_ref(&container_run::CREATE),
        image::COMMANDS,
        build::COMMANDS,
        registry::COMMANDS,
        swarm::COMMANDS,
        node::COMMANDS,
        secret::COMMANDS,
        config::COMMANDS,
        service::COMMANDS,
        std::slice::from_ref(&service_create::CREATE),
        std::slice::from_ref(&service_update::UPDATE),
        network::COMMANDS,
        stack::COMMANDS,
        compose::COMMANDS,
        system::COMMANDS,
        other::COMMANDS,
    ];
    lists.into_iter().flatten().filter(move |command| command.since <= version)
}

/// The command of a group by its word or one of its aliases.
pub fn in_group(profile: &Profile, group: &str, word: &str) -> Option<&'static Command> {
    commands(profile).find(|command| {
        command.group() == group && (command.name() == word || command.aliases.contains(&word))
    })
}

/// A command that needs no group: `inspect`, or a short form such as `ps`.
pub fn at_top(profile: &Profile, word: &str) -> Option<&'static Command> {
    commands(profile).find(|command| {
        command.top == Some(word) || (command.group().is_empty() && command.name() == word)
    })
}

/// The help of `--format` of lists.
const FORMAT_LIST: &str = "Format output using a custom template:\n\
    'table':            Print output in table format with column headers (default)\n\
    'table TEMPLATE':   Print output in table format using the given Go template\n\
    'json':             Print in JSON format\n\
    'TEMPLATE':         Print output using the given Go template.\n\
    Refer to https://docs.docker.com/go/formatting/ for more information about formatting output \
    with templates";

/// The help of `--format` of `inspect`.
const FORMAT_INSPECT: &str = "Format output using a custom template:\n\
    'json':             Print in JSON format\n\
    'TEMPLATE':         Print output using the given Go template.\n\
    Refer to https://docs.docker.com/go/formatting/ for more information about formatting output \
    with templates";

/// The flags before the command.
const ROOT_FLAGS: &[Flag] = &[
    flag("--config", Kind::String, "Location of client config files").unsimulated("configuration"),
    flag("-c, --context", Kind::String, "Name of the context to use to connect to the daemon")
        .since(19, 3)
        .unsimulated("contexts"),
    flag("-D, --debug", Kind::Bool, "Enable debug mode"),
    flag("-H, --host", Kind::List, "Daemon socket(s) to connect to")
        .unsimulated("daemons of other hosts"),
    flag("-l, --log-level", Kind::String, "Set the logging level"),
    flag("--tls", Kind::Bool, "Use TLS; implied by --tlsverify").unsimulated("TLS to the daemon"),
    flag("--tlscacert", Kind::String, "Trust certs signed only by this CA")
        .unsimulated("TLS to the daemon"),
    flag("--tlscert", Kind::String, "Path to TLS certificate file")
        .unsimulated("TLS to the daemon"),
    flag("--tlskey", Kind::String, "Path to TLS key file").unsimulated("TLS to the daemon"),
    flag("--tlsverify", Kind::Bool, "Use TLS and verify the remote")
        .unsimulated("TLS to the daemon"),
    flag("-v, --version", Kind::Bool, "Print version information and quit"),
];

/// The flags before the command, in a release.
pub fn root_flags(profile: &Profile) -> impl Iterator<Item = &'static Flag> {
    ROOT_FLAGS.iter().filter(|flag| flag.exists(profile))
}
