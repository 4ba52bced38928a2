//! The table of `docker secret`: what there is to type, since when, and what runs it.

use crate::commands::secret;
use crate::profile::V17_09;
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "secret create",
        "[OPTIONS] SECRET [file|-]",
        "Create a secret from a file or STDIN as content",
    )
    .usage_was(V17_09, "[OPTIONS] SECRET file|-")
    .args(Count::Range(1, 2))
    .args_was(V17_09, Count::Exact(2))
    .flags(
        "
        -d, --driver | string | since 17.10, api 1.31, not simulated: secret drivers | Secret driver
        -l, --label | list | | Secret labels
        --template-driver | string | since 18.03, api 1.37 | Template driver
    ",
    )
    .run(|cli| Box::pin(secret::create(cli))),
    command(
        "secret inspect",
        "[OPTIONS] SECRET [SECRET...]",
        "Display detailed information on one or more secrets",
    )
    .args(Count::Min(1))
    .flags(
        "
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
        --pretty | bool | since 17.06 | Print the information in a human friendly format
    ",
    )
    .run(|cli| Box::pin(secret::inspect(cli))),
    command("secret ls", "[OPTIONS]", "List secrets")
        .aliases(&["list"])
        .flags(
            "
            -f, --filter | filter | since 17.05 | Filter output based on conditions provided
            --format | string | since 17.05 | @list
                until 20.10 | Pretty-print secrets using a Go template
            -q, --quiet | bool | | Only display IDs
        ",
        )
        .run(|cli| Box::pin(secret::list(cli))),
    command("secret rm", "SECRET [SECRET...]", "Remove one or more secrets")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .run(|cli| Box::pin(secret::remove(cli))),
];
