//! The table of `docker service`: what there is to type, since when, and what runs it.

use crate::commands::service;
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "service inspect",
        "[OPTIONS] SERVICE [SERVICE...]",
        "Display detailed information on one or more services",
    )
    .args(Count::Min(1))
    .flags(&[
        flag("-f, --format", Kind::String, FORMAT_INSPECT)
            .was(V20_10, "Format the output using the given Go template"),
        flag("--pretty", Kind::Bool, "Print the information in a human friendly format")
            .was(V17_06, "Print the information in a human friendly format."),
    ])
    .run(|cli| Box::pin(service::inspect(cli))),
    command("service ls", "[OPTIONS]", "List services")
        .aliases(&["list"])
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 4)
                .was(V20_10, "Pretty-print services using a Go template"),
            flag("-q, --quiet", Kind::Bool, "Only display IDs"),
        ])
        .run(|cli| Box::pin(service::list(cli))),
    command("service logs", "[OPTIONS] SERVICE|TASK", "Fetch the logs of a service or task")
        .usage_was(V17_06, "[OPTIONS] SERVICE")
        .short_was(V17_06, "Fetch the logs of a service")
        .experimental_until(17, 4)
        .args(Count::Exact(1))
        .flags(&[
            flag("--details", Kind::Bool, "Show extra details provided to logs")
                .api("1.30")
                .unsimulated("details of log drivers"),
            flag("-f, --follow", Kind::Bool, "Follow log output"),
            flag("--no-resolve", Kind::Bool, "Do not map IDs to Names in output")
                .was(V17_06, "Do not map IDs to Names"),
            flag("--no-task-ids", Kind::Bool, "Do not include task IDs in output").since(17, 4),
            flag("--no-trunc", Kind::Bool, "Do not truncate output").since(17, 4),
            flag("--raw", Kind::Bool, "Do not neatly format logs").since(17, 6).api("1.30"),
            flag(
                "--since",
                Kind::String,
                "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or \
relative (e.g. \"42m\" for 42 minutes)",
            )
            .was(
                V20_10,
                "Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative \
(e.g. 42m for 42 minutes)",
            )
            .was(V17_06, "Show logs since timestamp"),
            flag("-n, --tail", Kind::String, "Number of lines to show from the end of the logs")
                .default("all"),
            flag("-t, --timestamps", Kind::Bool, "Show timestamps"),
        ])
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
    .flags(&[
        flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
        flag("--format", Kind::String, "Pretty-print tasks using a Go template").since(17, 4),
        flag("--no-resolve", Kind::Bool, "Do not map IDs to Names"),
        flag("--no-trunc", Kind::Bool, "Do not truncate output"),
        flag("-q, --quiet", Kind::Bool, "Only display task IDs"),
    ])
    .run(|cli| Box::pin(service::ps(cli))),
    command("service rm", "SERVICE [SERVICE...]", "Remove one or more services")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .run(|cli| Box::pin(service::remove(cli))),
    command("service rollback", "[OPTIONS] SERVICE", "Revert changes to a service's configuration")
        .since(17, 9)
        .args(Count::Exact(1))
        .flags(&[
            flag(
                "-d, --detach",
                Kind::Bool,
                "Exit immediately instead of waiting for the service to converge",
            )
            .since(17, 9)
            .api("1.29"),
            flag("-q, --quiet", Kind::Bool, "Suppress progress output").since(17, 9),
        ])
        .run(|cli| Box::pin(service::rollback(cli))),
    command(
        "service scale",
        "SERVICE=REPLICAS [SERVICE=REPLICAS...]",
        "Scale one or multiple replicated services",
    )
    .args(Count::Min(1))
    .flags(&[flag(
        "-d, --detach",
        Kind::Bool,
        "Exit immediately instead of waiting for the service to converge",
    )
    .since(17, 5)
    .api("1.29")])
    .run(|cli| Box::pin(service::scale(cli))),
];
