//! The table of `docker node`: what there is to type, since when, and what runs it.

use crate::commands::node;
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

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
    .flags(&[
        flag("-f, --format", Kind::String, FORMAT_INSPECT)
            .was(V20_10, "Format the output using the given Go template"),
        flag("--pretty", Kind::Bool, "Print the information in a human friendly format")
            .was(V17_06, "Print the information in a human friendly format."),
    ])
    .run(|cli| Box::pin(node::inspect(cli))),
    command("node ls", "[OPTIONS]", "List nodes in the swarm")
        .aliases(&["list"])
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 5)
                .was(V20_10, "Pretty-print nodes using a Go template"),
            flag("-q, --quiet", Kind::Bool, "Only display IDs"),
        ])
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
    .flags(&[
        flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
        flag("--format", Kind::String, "Pretty-print tasks using a Go template").since(17, 4),
        flag("--no-resolve", Kind::Bool, "Do not map IDs to Names"),
        flag("--no-trunc", Kind::Bool, "Do not truncate output"),
        flag("-q, --quiet", Kind::Bool, "Only display task IDs").since(17, 4),
    ])
    .run(|cli| Box::pin(node::ps(cli))),
    command("node rm", "[OPTIONS] NODE [NODE...]", "Remove one or more nodes from the swarm")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .flags(&[flag("-f, --force", Kind::Bool, "Force remove a node from the swarm")])
        .run(|cli| Box::pin(node::remove(cli))),
    command("node update", "[OPTIONS] NODE", "Update a node")
        .args(Count::Exact(1))
        .flags(&[
            flag(
                "--availability",
                Kind::String,
                "Availability of the node (\"active\", \"pause\", \"drain\")",
            )
            .was(V20_10, "Availability of the node (\"active\"|\"pause\"|\"drain\")")
            .was(V17_06, "Availability of the node (active/pause/drain)"),
            flag("--label-add", Kind::List, "Add or update a node label (\"key=value\")")
                .was(V20_10, "Add or update a node label (key=value)"),
            flag("--label-rm", Kind::List, "Remove a node label if exists"),
            flag("--role", Kind::String, "Role of the node (\"worker\", \"manager\")")
                .was(V20_10, "Role of the node (\"worker\"|\"manager\")")
                .was(V17_06, "Role of the node (worker/manager)"),
        ])
        .run(|cli| Box::pin(node::update(cli))),
];
