//! The table of `docker node`: what there is to type, since when, and what runs it.

use crate::commands::node;
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("node demote", "NODE [NODE...]", "Demote one or more nodes from manager in the swarm")
        .args(Count::Min(1))
        .run(|cli| Box::pin(node::demote(cli))),
    command(
        "node inspect",
        "[OPTIONS] self|NODE [NODE...]",
        "Display detailed information on one or more nodes",
    )
    .args(Count::Min(1))
    .flags(
        "
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
        --pretty | bool | | Print the information in a human friendly format
            until 17.06 | Print the information in a human friendly format.
    ",
    )
    .run(|cli| Box::pin(node::inspect(cli))),
    command("node ls", "[OPTIONS]", "List nodes in the swarm")
        .aliases(&["list"])
        .flags(
            "
            -f, --filter | filter | | Filter output based on conditions provided
            --format | string | since 17.05 | @list
                until 20.10 | Pretty-print nodes using a Go template
            -q, --quiet | bool | | Only display IDs
        ",
        )
        .run(|cli| Box::pin(node::list(cli))),
    command("node promote", "NODE [NODE...]", "Promote one or more nodes to manager in the swarm")
        .args(Count::Min(1))
        .run(|cli| Box::pin(node::promote(cli))),
    command(
        "node ps",
        "[OPTIONS] [NODE...]",
        "List tasks running on one or more nodes, defaults to current node",
    )
    .args(Count::Min(0))
    .flags(
        "
        -f, --filter | filter | | Filter output based on conditions provided
        --format | string | since 17.04 | Pretty-print tasks using a Go template
        --no-resolve | bool | | Do not map IDs to Names
        --no-trunc | bool | | Do not truncate output
        -q, --quiet | bool | since 17.04 | Only display task IDs
    ",
    )
    .run(|cli| Box::pin(node::ps(cli))),
    command("node rm", "[OPTIONS] NODE [NODE...]", "Remove one or more nodes from the swarm")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .flags(
            "
            -f, --force | bool | | Force remove a node from the swarm
        ",
        )
        .run(|cli| Box::pin(node::remove(cli))),
    command("node update", "[OPTIONS] NODE", "Update a node")
        .args(Count::Exact(1))
        .flags(
            "
            --availability | string | | Availability of the node (\"active\", \"pause\", \"drain\")
                until 20.10 | Availability of the node (\"active\"|\"pause\"|\"drain\")
                until 17.06 | Availability of the node (active/pause/drain)
            --label-add | list | | Add or update a node label (\"key=value\")
                until 20.10 | Add or update a node label (key=value)
            --label-rm | list | | Remove a node label if exists
            --role | string | | Role of the node (\"worker\", \"manager\")
                until 20.10 | Role of the node (\"worker\"|\"manager\")
                until 17.06 | Role of the node (worker/manager)
        ",
        )
        .run(|cli| Box::pin(node::update(cli))),
];
