//! The table of `docker login` and `docker logout`: what there is to type, since when, and what runs
//! it.

use crate::commands::registry;
use crate::profile::V20_10;
use crate::table::{Command, Count, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("login", "[OPTIONS] [SERVER]", "Authenticate to a registry")
        .short_was(V20_10, "Log in to a Docker registry")
        .args(Count::Max(1))
        .flags(&[
            flag("-p, --password", Kind::String, "Password or Personal Access Token (PAT)")
                .was(V20_10, "Password"),
            flag(
                "--password-stdin",
                Kind::Bool,
                "Take the Password or Personal Access Token (PAT) from stdin",
            )
            .since(17, 7)
            .was(V20_10, "Take the password from stdin"),
            flag("-u, --username", Kind::String, "Username"),
        ])
        .run(|cli| Box::pin(registry::login(cli))),
    command("logout", "[SERVER]", "Log out from a registry")
        .short_was(V20_10, "Log out from a Docker registry")
        .args(Count::Max(1))
        .run(|cli| Box::pin(registry::logout(cli))),
];
