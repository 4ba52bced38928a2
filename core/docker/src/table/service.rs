//! The table of `docker service`: what there is to type, since when, and what runs it.

use crate::commands::service;
use crate::profile::V17_06;
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "service inspect",
        "[OPTIONS] SERVICE [SERVICE...]",
        "Display detailed information on one or more services",
    )
    .args(Count::Min(1))
    .flags("
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
        --pretty | bool | | Print the information in a human friendly format
            until 17.06 | Print the information in a human friendly format.
    ")
    .run(|cli| Box::pin(service::inspect(cli))),
    command("service ls", "[OPTIONS]", "List services")
        .aliases(&["list"])
        .flags("
            -f, --filter | filter | | Filter output based on conditions provided
            --format | string | since 17.04 | @list
                until 20.10 | Pretty-print services using a Go template
            -q, --quiet | bool | | Only display IDs
        ")
        .run(|cli| Box::pin(service::list(cli))),
    command("service logs", "[OPTIONS] SERVICE|TASK", "Fetch the logs of a service or task")
        .usage_was(V17_06, "[OPTIONS] SERVICE")
        .short_was(V17_06, "Fetch the logs of a service")
        .experimental_until(17, 4)
        .args(Count::Exact(1))
        .flags("
            --details | bool | api 1.30, not simulated: details of log drivers | Show extra details provided to logs
            -f, --follow | bool | | Follow log output
            --no-resolve | bool | | Do not map IDs to Names in output
                until 17.06 | Do not map IDs to Names
            --no-task-ids | bool | since 17.04 | Do not include task IDs in output
            --no-trunc | bool | since 17.04 | Do not truncate output
            --raw | bool | since 17.06, api 1.30 | Do not neatly format logs
            --since | string | | Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)
                until 20.10 | Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)
                until 17.06 | Show logs since timestamp
            -n, --tail | string | default all | Number of lines to show from the end of the logs
            -t, --timestamps | bool | | Show timestamps
        ")
        .run(|cli| Box::pin(service::logs(cli))),
    command(
        "service ps",
        "[OPTIONS] SERVICE [SERVICE...]",
        "List the tasks of one or more services",
    )
    .usage_was(V17_06, "[OPTIONS] SERVICE")
    .short_was(V17_06, "List the tasks of a service")
    .args(Count::Min(1))
    .args_was(V17_06, Count::Exact(1))
    .flags("
        -f, --filter | filter | | Filter output based on conditions provided
        --format | string | since 17.04 | Pretty-print tasks using a Go template
        --no-resolve | bool | | Do not map IDs to Names
        --no-trunc | bool | | Do not truncate output
        -q, --quiet | bool | | Only display task IDs
    ")
    .run(|cli| Box::pin(service::ps(cli))),
    command("service rm", "SERVICE [SERVICE...]", "Remove one or more services")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .run(|cli| Box::pin(service::remove(cli))),
    command("service rollback", "[OPTIONS] SERVICE", "Revert changes to a service's configuration")
        .since(17, 9)
        .args(Count::Exact(1))
        .flags("
            -d, --detach | bool | since 17.09, api 1.29 | Exit immediately instead of waiting for the service to converge
            -q, --quiet | bool | since 17.09 | Suppress progress output
        ")
        .run(|cli| Box::pin(service::rollback(cli))),
    command(
        "service scale",
        "SERVICE=REPLICAS [SERVICE=REPLICAS...]",
        "Scale one or multiple replicated services",
    )
    .args(Count::Min(1))
    .flags("
        -d, --detach | bool | since 17.05, api 1.29 | Exit immediately instead of waiting for the service to converge
    ")
    .run(|cli| Box::pin(service::scale(cli))),
];
