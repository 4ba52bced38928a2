//! The table of `docker stack`: what there is to type, since when, and what runs it.

use crate::commands::stack;
use crate::profile::V17_06;
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "stack config",
        "[OPTIONS]",
        "Outputs the final config file, after doing merges and interpolations",
    )
    .since(23, 0)
    .flags("
        -c, --compose-file | strings | | Path to a Compose file, or \"-\" to read from stdin
        --skip-interpolation | bool | | Skip interpolation and output only merged config
    ")
    .run(|cli| Box::pin(stack::config(cli))),
    command("stack deploy", "[OPTIONS] STACK", "Deploy a new stack or update an existing stack")
        .aliases(&["up"])
        .args(Count::Exact(1))
        .flags("
            -c, --compose-file | strings | api 1.25 | Path to a Compose file, or \"-\" to read from stdin
                until 17.06 | Path to a Compose file
            -d, --detach | bool | since 26.0, default true | Exit immediately instead of waiting for the stack services to converge
            --prune | bool | since 17.05, api 1.27 | Prune services that are no longer referenced
            -q, --quiet | bool | since 26.0 | Suppress progress output
            --resolve-image | string | since 17.06, api 1.30, default always | Query the registry to resolve image digest and supported platforms (\"always\", \"changed\", \"never\")
                until 20.10 | Query the registry to resolve image digest and supported platforms (\"always\"|\"changed\"|\"never\")
            --with-registry-auth | bool | | Send registry authentication details to Swarm agents
        ")
        .run(|cli| Box::pin(stack::deploy(cli))),
    command("stack ls", "[OPTIONS]", "List stacks")
        .usage_was(V17_06, "")
        .aliases(&["list"])
        .flags("
            --format | string | since 17.06 | @list
                until 20.10 | Pretty-print stacks using a Go template
        ")
        .run(|cli| Box::pin(stack::list(cli))),
    command("stack ps", "[OPTIONS] STACK", "List the tasks in the stack")
        .args(Count::Exact(1))
        .flags("
            -f, --filter | filter | | Filter output based on conditions provided
            --format | string | since 17.04 | @list
                until 20.10 | Pretty-print tasks using a Go template
            --no-resolve | bool | | Do not map IDs to Names
            --no-trunc | bool | | Do not truncate output
            -q, --quiet | bool | since 17.04 | Only display task IDs
        ")
        .run(|cli| Box::pin(stack::ps(cli))),
    command("stack rm", "[OPTIONS] STACK [STACK...]", "Remove one or more stacks")
        .usage_was(V17_06, "STACK")
        .short_was(V17_06, "Remove the stack")
        .aliases(&["remove", "down"])
        .args(Count::Min(1))
        .flags("
            -d, --detach | bool | since 26.0, default true | Do not wait for stack removal
        ")
        .run(|cli| Box::pin(stack::remove(cli))),
    command("stack services", "[OPTIONS] STACK", "List the services in the stack")
        .args(Count::Exact(1))
        .flags("
            -f, --filter | filter | | Filter output based on conditions provided
            --format | string | since 17.04 | @list
                until 20.10 | Pretty-print services using a Go template
            -q, --quiet | bool | | Only display IDs
        ")
        .run(|cli| Box::pin(stack::services(cli))),
];
