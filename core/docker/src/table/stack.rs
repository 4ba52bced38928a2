//! The table of `docker stack`: what there is to type, since when, and what runs it.

use crate::commands::stack;
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "stack config",
        "[OPTIONS]",
        "Outputs the final config file, after doing merges and interpolations",
    )
    .since(23, 0)
    .flags(&[
        flag(
            "-c, --compose-file",
            Kind::Strings,
            "Path to a Compose file, or \"-\" to read from stdin",
        ),
        flag(
            "--skip-interpolation",
            Kind::Bool,
            "Skip interpolation and output only merged config",
        ),
    ])
    .run(|cli| Box::pin(stack::config(cli))),
    command("stack deploy", "[OPTIONS] STACK", "Deploy a new stack or update an existing stack")
        .aliases(&["up"])
        .args(Count::Exact(1))
        .flags(&[
            flag(
                "-c, --compose-file",
                Kind::Strings,
                "Path to a Compose file, or \"-\" to read from stdin",
            )
            .api("1.25")
            .was(V17_06, "Path to a Compose file"),
            flag(
                "-d, --detach",
                Kind::Bool,
                "Exit immediately instead of waiting for the stack services to converge",
            )
            .since(26, 0)
            .default("true"),
            flag("--prune", Kind::Bool, "Prune services that are no longer referenced")
                .since(17, 5)
                .api("1.27"),
            flag("-q, --quiet", Kind::Bool, "Suppress progress output").since(26, 0),
            flag(
                "--resolve-image",
                Kind::String,
                "Query the registry to resolve image digest and supported platforms (\"always\", \
                 \"changed\", \"never\")",
            )
            .since(17, 6)
            .api("1.30")
            .default("always")
            .was(
                V20_10,
                "Query the registry to resolve image digest and supported platforms \
                 (\"always\"|\"changed\"|\"never\")",
            ),
            flag(
                "--with-registry-auth",
                Kind::Bool,
                "Send registry authentication details to Swarm agents",
            ),
        ])
        .run(|cli| Box::pin(stack::deploy(cli))),
    command("stack ls", "[OPTIONS]", "List stacks")
        .usage_was(V17_06, "")
        .aliases(&["list"])
        .flags(&[flag("--format", Kind::String, FORMAT_LIST)
            .since(17, 6)
            .was(V20_10, "Pretty-print stacks using a Go template")])
        .run(|cli| Box::pin(stack::list(cli))),
    command("stack ps", "[OPTIONS] STACK", "List the tasks in the stack")
        .args(Count::Exact(1))
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 4)
                .was(V20_10, "Pretty-print tasks using a Go template"),
            flag("--no-resolve", Kind::Bool, "Do not map IDs to Names"),
            flag("--no-trunc", Kind::Bool, "Do not truncate output"),
            flag("-q, --quiet", Kind::Bool, "Only display task IDs").since(17, 4),
        ])
        .run(|cli| Box::pin(stack::ps(cli))),
    command("stack rm", "[OPTIONS] STACK [STACK...]", "Remove one or more stacks")
        .usage_was(V17_06, "STACK")
        .short_was(V17_06, "Remove the stack")
        .aliases(&["remove", "down"])
        .args(Count::Min(1))
        .flags(&[flag("-d, --detach", Kind::Bool, "Do not wait for stack removal")
            .since(26, 0)
            .default("true")])
        .run(|cli| Box::pin(stack::remove(cli))),
    command("stack services", "[OPTIONS] STACK", "List the services in the stack")
        .args(Count::Exact(1))
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 4)
                .was(V20_10, "Pretty-print services using a Go template"),
            flag("-q, --quiet", Kind::Bool, "Only display IDs"),
        ])
        .run(|cli| Box::pin(stack::services(cli))),
];
