//! The command table: every command and flag of the real command line, since when it exists, its
//! help, how many arguments it takes, and what runs it or why it is not simulated.
//!
//! Parsing, help, completion and the checks of versions read this table and nothing else. The
//! flags and texts are those of docker/cli's releases; a text that has changed is kept with the
//! last release that had it. Flags are tables in the tables: `flag.rs` says how they are written.

mod build;
mod compose;
mod config;
mod container;
mod container_run;
mod entry;
mod flag;
mod image;
mod network;
mod node;
mod other;
mod registry;
mod secret;
mod service;
mod service_both;
mod service_create;
mod service_update;
mod stack;
mod swarm;
mod system;

use crate::profile::{Profile, V17_06, V20_10, Version};

pub use entry::{Command, Count, Outcome, Run};
use entry::{FOREVER, Text, command};
pub use flag::{Flag, Kind};

/// A group of commands.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its word.
    pub name: &'static str,
    short: Text,
    since: Version,
    until: Version,
    experiment: Option<Experiment>,
    /// Its commands need a manager.
    pub swarm: bool,
    /// What it would need that is not simulated, and none of its commands is here.
    pub unsimulated: Option<&'static str>,
    /// A table of flags before the command; empty for most groups.
    flags: &'static str,
}

/// What a group is part of that has to be switched on, which it is nowhere here (docker/cli: the annotations
/// `experimental` and `experimentalCLI`).
#[derive(Clone, Copy, Debug)]
struct Experiment {
    /// Whose features they are.
    whose: &'static str,
    until: Version,
}

/// What an experimental command answers.
pub fn experimental_answer(profile: &Profile, typed: &str, whose: &str) -> String {
    if profile.version < V17_06 {
        return "only supported with experimental daemon".to_owned();
    }
    format!("{typed} is only supported on a Docker {whose} features enabled")
}

/// A daemon with what is switched off unless somebody asks for it.
pub const EXPERIMENTAL_DAEMON: &str = "daemon with experimental";

impl Group {
    /// Whose experimental features it needs in a release, if any.
    pub fn experiment(&self, profile: &Profile) -> Option<&'static str> {
        self.experiment.filter(|it| profile.version <= it.until).map(|it| it.whose)
    }

    /// The flags before the command.
    pub fn flags(&self) -> Vec<Flag> {
        flag::read(self.flags)
    }

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
    Group {
        name,
        short: Text::new(now),
        since,
        until: FOREVER,
        experiment: None,
        swarm,
        unsimulated: None,
        flags: "",
    }
}

const ALWAYS: Version = Version(0, 0);

/// All groups, by name.
const GROUPS: &[Group] = &[
    group("builder", "Manage builds", Version(18, 9), false),
    group("buildx", "Docker Buildx", Version(20, 10), false),
    Group {
        experiment: Some(Experiment { whose: EXPERIMENTAL_DAEMON, until: FOREVER }),
        ..group("checkpoint", "Manage checkpoints", ALWAYS, false)
    },
    COMPOSE,
    group("config", "Manage Swarm configs", Version(17, 6), true),
    group("container", "Manage containers", ALWAYS, false),
    group("context", "Manage contexts", Version(19, 3), false),
    Group {
        until: Version(19, 3),
        unsimulated: Some("engines of other editions"),
        ..group("engine", "Manage the docker engine", Version(18, 9), false)
    },
    group("image", "Manage images", ALWAYS, false),
    Group {
        experiment: Some(Experiment { whose: "cli with experimental cli", until: Version(19, 3) }),
        ..group(
            "manifest",
            "Manage Docker image manifests and manifest lists",
            Version(19, 3),
            false,
        )
    },
    group("network", "Manage networks", ALWAYS, false),
    group("node", "Manage Swarm nodes", ALWAYS, true),
    group("plugin", "Manage plugins", ALWAYS, false),
    Group {
        until: V20_10,
        unsimulated: Some("what is known of vulnerabilities"),
        ..group("scan", "Docker Scan", V20_10, false)
    },
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
    let is_there = move |group: &&Group| group.since <= version && version <= group.until;
    GROUPS.iter().filter(is_there).map(|group| {
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
    let lists = lists.into_iter().flatten();
    lists.filter(move |command| command.since <= version && version <= command.until)
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

/// The flags before the command.
const ROOT_FLAGS: &str = "
    --config | string | not simulated: configuration | Location of client config files
    -c, --context | string | since 19.03 | Name of the context to use to connect to the daemon
    -D, --debug | bool | | Enable debug mode
    -H, --host | list | | Daemon socket(s) to connect to
    -l, --log-level | string | | Set the logging level
    --tls | bool | | Use TLS; implied by --tlsverify
    --tlscacert | string | | Trust certs signed only by this CA
    --tlscert | string | | Path to TLS certificate file
    --tlskey | string | | Path to TLS key file
    --tlsverify | bool | | Use TLS and verify the remote
    -v, --version | bool | | Print version information and quit
";

/// The flags before the command, in a release.
pub fn root_flags(profile: &Profile) -> impl Iterator<Item = Flag> {
    flag::read(ROOT_FLAGS).into_iter().filter(|flag| flag.exists(profile))
}
