//! The table of `docker swarm`: what there is to type, since when, and what runs it.

use crate::commands::{ca, swarm};
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("swarm ca", "[OPTIONS]", "Display and rotate the root CA")
        .since(17, 6)
        .flags("
            --ca-cert | pem-file | since 17.06 | Path to the PEM-formatted root CA certificate to use for the new cluster
            --ca-key | pem-file | since 17.06 | Path to the PEM-formatted root CA key to use for the new cluster
            --cert-expiry | duration | since 17.06, default 2160h0m0s | Validity period for node certificates (ns|us|ms|s|m|h)
            -d, --detach | bool | since 17.06 | Exit immediately instead of waiting for the root rotation to converge
            --external-ca | external-ca | since 17.06, not simulated: external certificate authorities | Specifications of one or more certificate signing endpoints
            -q, --quiet | bool | since 17.06 | Suppress progress output
            --rotate | bool | since 17.06 | Rotate the swarm CA - if no certificate or key are provided, new ones will be generated
        ")
        .run(|cli| Box::pin(ca::ca(cli))),
    command("swarm init", "[OPTIONS]", "Initialize a swarm")
        .flags("
            --advertise-addr | string | | Advertised address (format: \"<ip|interface>[:port]\")
                until 20.10 | Advertised address (format: <ip|interface>[:port])
            --autolock | bool | | Enable manager autolocking (requiring an unlock key to start a stopped manager)
            --availability | string | since 17.04, default active | Availability of the node (\"active\", \"pause\", \"drain\")
                until 20.10 | Availability of the node (\"active\"|\"pause\"|\"drain\")
            --cert-expiry | duration | default 2160h0m0s | Validity period for node certificates (ns|us|ms|s|m|h)
            --data-path-addr | string | since 17.06, api 1.31 | Address or interface to use for data path traffic (format: \"<ip|interface>\")
                until 20.10 | Address or interface to use for data path traffic (format: <ip|interface>)
            --data-path-port | uint | since 19.03, api 1.40 | Port number to use for data path traffic (1024 - 49151). If no value is set or is set to 0, the default port (4789) is used.
            --default-addr-pool | ipNetSlice | since 18.09, api 1.39 | default address pool in CIDR format
            --default-addr-pool-mask-length | uint | since 18.09, api 1.39, default 24 | default address pool subnet mask length
            --dispatcher-heartbeat | duration | default 5s | Dispatcher heartbeat period (ns|us|ms|s|m|h)
            --external-ca | external-ca | not simulated: external certificate authorities | Specifications of one or more certificate signing endpoints
            --force-new-cluster | bool | | Force create a new cluster from current state
            --listen-addr | node-addr | default 0.0.0.0:2377 | Listen address (format: \"<ip|interface>[:port]\")
                until 20.10 | Listen address (format: <ip|interface>[:port])
            --max-snapshots | uint | api 1.25 | Number of additional Raft snapshots to retain
            --snapshot-interval | uint | api 1.25, default 10000 | Number of log entries between Raft snapshots
            --task-history-limit | int | default 5 | Task history retention limit
        ")
        .run(|cli| Box::pin(swarm::init(cli))),
    command("swarm join", "[OPTIONS] HOST:PORT", "Join a swarm as a node and/or manager")
        .args(Count::Exact(1))
        .flags("
            --advertise-addr | string | | Advertised address (format: \"<ip|interface>[:port]\")
                until 20.10 | Advertised address (format: <ip|interface>[:port])
            --availability | string | since 17.04, default active | Availability of the node (\"active\", \"pause\", \"drain\")
                until 20.10 | Availability of the node (\"active\"|\"pause\"|\"drain\")
            --data-path-addr | string | since 17.06, api 1.31 | Address or interface to use for data path traffic (format: \"<ip|interface>\")
                until 20.10 | Address or interface to use for data path traffic (format: <ip|interface>)
            --listen-addr | node-addr | default 0.0.0.0:2377 | Listen address (format: \"<ip|interface>[:port]\")
                until 20.10 | Listen address (format: <ip|interface>[:port])
            --token | string | | Token for entry into the swarm
        ")
        .run(|cli| Box::pin(swarm::join(cli))),
    command("swarm join-token", "[OPTIONS] (worker|manager)", "Manage join tokens")
        .args(Count::Exact(1))
        .flags("
            -q, --quiet | bool | | Only display token
            --rotate | bool | | Rotate join token
        ")
        .run(|cli| Box::pin(swarm::join_token(cli))),
    command("swarm leave", "[OPTIONS]", "Leave the swarm")
        .flags("
            -f, --force | bool | | Force this node to leave the swarm, ignoring warnings
        ")
        .run(|cli| Box::pin(swarm::leave(cli))),
    command("swarm unlock", "", "Unlock swarm").run(|cli| Box::pin(swarm::unlock(cli))),
    command("swarm unlock-key", "[OPTIONS]", "Manage the unlock key")
        .flags("
            -q, --quiet | bool | | Only display token
            --rotate | bool | | Rotate unlock key
        ")
        .run(|cli| Box::pin(swarm::unlock_key(cli))),
    command("swarm update", "[OPTIONS]", "Update the swarm")
        .flags("
            --autolock | bool | | Change manager autolocking setting (true|false)
            --cert-expiry | duration | default 2160h0m0s | Validity period for node certificates (ns|us|ms|s|m|h)
            --dispatcher-heartbeat | duration | default 5s | Dispatcher heartbeat period (ns|us|ms|s|m|h)
            --external-ca | external-ca | not simulated: external certificate authorities | Specifications of one or more certificate signing endpoints
            --max-snapshots | uint | api 1.25 | Number of additional Raft snapshots to retain
            --snapshot-interval | uint | api 1.25, default 10000 | Number of log entries between Raft snapshots
            --task-history-limit | int | default 5 | Task history retention limit
        ")
        .run(|cli| Box::pin(swarm::update(cli))),
];
