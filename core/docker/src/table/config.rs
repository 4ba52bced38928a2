//! The table of `docker config`: what there is to type, since when, and what runs it.

use crate::commands::config;
use crate::profile::V20_10;
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("config create", "[OPTIONS] CONFIG file|-", "Create a config from a file or STDIN")
        .since(17, 6)
        .args(Count::Exact(2))
        .flags(&[
            flag("-l, --label", Kind::List, "Config labels").since(17, 6),
            flag("--template-driver", Kind::String, "Template driver").since(18, 3).api("1.37"),
        ])
        .run(|cli| Box::pin(config::create(cli))),
    command(
        "config inspect",
        "[OPTIONS] CONFIG [CONFIG...]",
        "Display detailed information on one or more configs",
    )
    .since(17, 6)
    .args(Count::Min(1))
    .flags(&[
        flag("-f, --format", Kind::String, FORMAT_INSPECT)
            .since(17, 6)
            .was(V20_10, "Format the output using the given Go template"),
        flag("--pretty", Kind::Bool, "Print the information in a human friendly format")
            .since(17, 6),
    ])
    .run(|cli| Box::pin(config::inspect(cli))),
    command("config ls", "[OPTIONS]", "List configs")
        .since(17, 6)
        .aliases(&["list"])
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided")
                .since(17, 6),
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 6)
                .was(V20_10, "Pretty-print configs using a Go template"),
            flag("-q, --quiet", Kind::Bool, "Only display IDs").since(17, 6),
        ])
        .run(|cli| Box::pin(config::list(cli))),
    command("config rm", "CONFIG [CONFIG...]", "Remove one or more configs")
        .since(17, 6)
        .aliases(&["remove"])
        .args(Count::Min(1))
        .run(|cli| Box::pin(config::remove(cli))),
];
