//! The table of `docker secret`: what there is to type, since when, and what runs it.

use crate::commands::secret;
use crate::profile::{V17_09, V20_10};
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

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
    .flags(&[
        flag("-d, --driver", Kind::String, "Secret driver")
            .since(17, 10)
            .api("1.31")
            .unsimulated("secret drivers"),
        flag("-l, --label", Kind::List, "Secret labels"),
        flag("--template-driver", Kind::String, "Template driver").since(18, 3).api("1.37"),
    ])
    .run(|cli| Box::pin(secret::create(cli))),
    command(
        "secret inspect",
        "[OPTIONS] SECRET [SECRET...]",
        "Display detailed information on one or more secrets",
    )
    .args(Count::Min(1))
    .flags(&[
        flag("-f, --format", Kind::String, FORMAT_INSPECT)
            .was(V20_10, "Format the output using the given Go template"),
        flag("--pretty", Kind::Bool, "Print the information in a human friendly format")
            .since(17, 6),
    ])
    .run(|cli| Box::pin(secret::inspect(cli))),
    command("secret ls", "[OPTIONS]", "List secrets")
        .aliases(&["list"])
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided")
                .since(17, 5),
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 5)
                .was(V20_10, "Pretty-print secrets using a Go template"),
            flag("-q, --quiet", Kind::Bool, "Only display IDs"),
        ])
        .run(|cli| Box::pin(secret::list(cli))),
    command("secret rm", "SECRET [SECRET...]", "Remove one or more secrets")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .run(|cli| Box::pin(secret::remove(cli))),
];
