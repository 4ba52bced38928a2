//! The table of `docker swarm`: what there is to type, since when, and what runs it.

use crate::commands::{ca, swarm};
use crate::profile::V20_10;
use crate::table::{Command, Count, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("swarm ca", "[OPTIONS]", "Display and rotate the root CA")
        .since(17, 6)
        .flags(&[
            flag(
                "--ca-cert",
                Kind::Other("pem-file"),
                "Path to the PEM-formatted root CA certificate to use for the new \
cluster",
            )
            .since(17, 6),
            flag(
                "--ca-key",
                Kind::Other("pem-file"),
                "Path to the PEM-formatted root CA key to use for the new cluster",
            )
            .since(17, 6),
            flag(
                "--cert-expiry",
                Kind::Duration,
                "Validity period for node certificates (ns|us|ms|s|m|h)",
            )
            .since(17, 6)
            .default("2160h0m0s"),
            flag(
                "-d, --detach",
                Kind::Bool,
                "Exit immediately instead of waiting for the root rotation to \
converge",
            )
            .since(17, 6),
            flag(
                "--external-ca",
                Kind::Other("external-ca"),
                "Specifications of one or more certificate signing endpoints",
            )
            .since(17, 6)
            .unsimulated("external certificate authorities"),
            flag("-q, --quiet", Kind::Bool, "Suppress progress output").since(17, 6),
            flag(
                "--rotate",
                Kind::Bool,
                "Rotate the swarm CA - if no certificate or key are provided, new \
ones will be generated",
            )
            .since(17, 6),
        ])
        .run(|cli| Box::pin(ca::ca(cli))),
    command("swarm init", "[OPTIONS]", "Initialize a swarm")
        .flags(&[
            flag(
                "--advertise-addr",
                Kind::String,
                "Advertised address (format: \"<ip|interface>[:port]\")",
            )
            .was(V20_10, "Advertised address (format: <ip|interface>[:port])"),
            flag(
                "--autolock",
                Kind::Bool,
                "Enable manager autolocking (requiring an unlock key to start a \
stopped manager)",
            ),
            flag(
                "--availability",
                Kind::String,
                "Availability of the node (\"active\", \"pause\", \"drain\")",
            )
            .since(17, 4)
            .default("active")
            .was(V20_10, "Availability of the node (\"active\"|\"pause\"|\"drain\")"),
            flag(
                "--cert-expiry",
                Kind::Duration,
                "Validity period for node certificates (ns|us|ms|s|m|h)",
            )
            .default("2160h0m0s"),
            flag(
                "--data-path-addr",
                Kind::String,
                "Address or interface to use for data path traffic (format: \
\"<ip|interface>\")",
            )
            .since(17, 6)
            .api("1.31")
            .was(
                V20_10,
                "Address or interface to use for data path traffic (format: \
<ip|interface>)",
            ),
            flag(
                "--data-path-port",
                Kind::Uint,
                "Port number to use for data path traffic (1024 - 49151). If no \
value is set or is set to 0, the default port (4789) is used.",
            )
            .since(19, 3)
            .api("1.40"),
            flag(
                "--default-addr-pool",
                Kind::Other("ipNetSlice"),
                "default address pool in CIDR format",
            )
            .since(18, 9)
            .api("1.39"),
            flag(
                "--default-addr-pool-mask-length",
                Kind::Uint,
                "default address pool subnet mask length",
            )
            .since(18, 9)
            .api("1.39")
            .default("24"),
            flag(
                "--dispatcher-heartbeat",
                Kind::Duration,
                "Dispatcher heartbeat period (ns|us|ms|s|m|h)",
            )
            .default("5s"),
            flag(
                "--external-ca",
                Kind::Other("external-ca"),
                "Specifications of one or more certificate signing endpoints",
            )
            .unsimulated("external certificate authorities"),
            flag(
                "--force-new-cluster",
                Kind::Bool,
                "Force create a new cluster from current state",
            ),
            flag(
                "--listen-addr",
                Kind::NodeAddr,
                "Listen address (format: \"<ip|interface>[:port]\")",
            )
            .default("0.0.0.0:2377")
            .was(V20_10, "Listen address (format: <ip|interface>[:port])"),
            flag("--max-snapshots", Kind::Uint, "Number of additional Raft snapshots to retain")
                .api("1.25"),
            flag("--snapshot-interval", Kind::Uint, "Number of log entries between Raft snapshots")
                .api("1.25")
                .default("10000"),
            flag("--task-history-limit", Kind::Int, "Task history retention limit").default("5"),
        ])
        .run(|cli| Box::pin(swarm::init(cli))),
    command("swarm join", "[OPTIONS] HOST:PORT", "Join a swarm as a node and/or manager")
        .args(Count::Exact(1))
        .flags(&[
            flag(
                "--advertise-addr",
                Kind::String,
                "Advertised address (format: \"<ip|interface>[:port]\")",
            )
            .was(V20_10, "Advertised address (format: <ip|interface>[:port])"),
            flag(
                "--availability",
                Kind::String,
                "Availability of the node (\"active\", \"pause\", \"drain\")",
            )
            .since(17, 4)
            .default("active")
            .was(V20_10, "Availability of the node (\"active\"|\"pause\"|\"drain\")"),
            flag(
                "--data-path-addr",
                Kind::String,
                "Address or interface to use for data path traffic (format: \
\"<ip|interface>\")",
            )
            .since(17, 6)
            .api("1.31")
            .was(
                V20_10,
                "Address or interface to use for data path traffic (format: \
<ip|interface>)",
            ),
            flag(
                "--listen-addr",
                Kind::NodeAddr,
                "Listen address (format: \"<ip|interface>[:port]\")",
            )
            .default("0.0.0.0:2377")
            .was(V20_10, "Listen address (format: <ip|interface>[:port])"),
            flag("--token", Kind::String, "Token for entry into the swarm"),
        ])
        .run(|cli| Box::pin(swarm::join(cli))),
    command("swarm join-token", "[OPTIONS] (worker|manager)", "Manage join tokens")
        .args(Count::Exact(1))
        .flags(&[
            flag("-q, --quiet", Kind::Bool, "Only display token"),
            flag("--rotate", Kind::Bool, "Rotate join token"),
        ])
        .run(|cli| Box::pin(swarm::join_token(cli))),
    command("swarm leave", "[OPTIONS]", "Leave the swarm")
        .flags(&[flag(
            "-f, --force",
            Kind::Bool,
            "Force this node to leave the swarm, ignoring warnings",
        )])
        .run(|cli| Box::pin(swarm::leave(cli))),
    command("swarm unlock", "", "Unlock swarm").run(|cli| Box::pin(swarm::unlock(cli))),
    command("swarm unlock-key", "[OPTIONS]", "Manage the unlock key")
        .flags(&[
            flag("-q, --quiet", Kind::Bool, "Only display token"),
            flag("--rotate", Kind::Bool, "Rotate unlock key"),
        ])
        .run(|cli| Box::pin(swarm::unlock_key(cli))),
    command("swarm update", "[OPTIONS]", "Update the swarm")
        .flags(&[
            flag("--autolock", Kind::Bool, "Change manager autolocking setting (true|false)"),
            flag(
                "--cert-expiry",
                Kind::Duration,
                "Validity period for node certificates (ns|us|ms|s|m|h)",
            )
            .default("2160h0m0s"),
            flag(
                "--dispatcher-heartbeat",
                Kind::Duration,
                "Dispatcher heartbeat period (ns|us|ms|s|m|h)",
            )
            .default("5s"),
            flag(
                "--external-ca",
                Kind::Other("external-ca"),
                "Specifications of one or more certificate signing endpoints",
            )
            .unsimulated("external certificate authorities"),
            flag("--max-snapshots", Kind::Uint, "Number of additional Raft snapshots to retain")
                .api("1.25"),
            flag("--snapshot-interval", Kind::Uint, "Number of log entries between Raft snapshots")
                .api("1.25")
                .default("10000"),
            flag("--task-history-limit", Kind::Int, "Task history retention limit").default("5"),
        ])
        .run(|cli| Box::pin(swarm::update(cli))),
];
