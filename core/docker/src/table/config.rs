//! The table of `docker config`: what there is to type, since when, and what runs it.

use crate::commands::config;
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("config create", "[OPTIONS] CONFIG file|-", "Create a config from a file or STDIN")
        .since(17, 6)
        .args(Count::Exact(2))
        .flags(
            "
            -l, --label | list | since 17.06 | Config labels
            --template-driver | string | since 18.03, api 1.37 | Template driver
        ",
        )
        .run(|cli| Box::pin(config::create(cli))),
    command(
        "config inspect",
        "[OPTIONS] CONFIG [CONFIG...]",
        "Display detailed information on one or more configs",
    )
    .since(17, 6)
    .args(Count::Min(1))
    .flags(
        "
        -f, --format | string | since 17.06 | @inspect
            until 20.10 | Format the output using the given Go template
        --pretty | bool | since 17.06 | Print the information in a human friendly format
    ",
    )
    .run(|cli| Box::pin(config::inspect(cli))),
    command("config ls", "[OPTIONS]", "List configs")
        .since(17, 6)
        .aliases(&["list"])
        .flags(
            "
            -f, --filter | filter | since 17.06 | Filter output based on conditions provided
            --format | string | since 17.06 | @list
                until 20.10 | Pretty-print configs using a Go template
            -q, --quiet | bool | since 17.06 | Only display IDs
        ",
        )
        .run(|cli| Box::pin(config::list(cli))),
    command("config rm", "CONFIG [CONFIG...]", "Remove one or more configs")
        .since(17, 6)
        .aliases(&["remove"])
        .args(Count::Min(1))
        .run(|cli| Box::pin(config::remove(cli))),
];
