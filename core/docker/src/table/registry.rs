//! The table of `docker login` and `docker logout`: what there is to type, since when, and what runs
//! it.

use crate::commands::registry;
use crate::profile::V20_10;
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("login", "[OPTIONS] [SERVER]", "Authenticate to a registry")
        .short_was(V20_10, "Log in to a Docker registry")
        .args(Count::Max(1))
        .flags("
            -p, --password | string | | Password or Personal Access Token (PAT)
                until 20.10 | Password
            --password-stdin | bool | since 17.07 | Take the Password or Personal Access Token (PAT) from stdin
                until 20.10 | Take the password from stdin
            -u, --username | string | | Username
        ")
        .run(|cli| Box::pin(registry::login(cli))),
    command("logout", "[SERVER]", "Log out from a registry")
        .short_was(V20_10, "Log out from a Docker registry")
        .args(Count::Max(1))
        .run(|cli| Box::pin(registry::logout(cli))),
];
