//! The tables of `docker network` and `docker volume`: what there is to type, since when, and what runs
//! it.

use crate::commands::{network, volume};
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("network connect", "[OPTIONS] NETWORK CONTAINER", "Connect a container to a network")
        .args(Count::Exact(2))
        .flags("
            --alias | strings | | Add network-scoped alias for the container
            --driver-opt | strings | since 19.03, not simulated: options of drivers | driver options for the network
            --ip | string | | IPv4 address (e.g., \"172.30.100.104\")
                until 20.10 | IPv4 address (e.g., 172.30.100.104)
                until 17.06 | IP Address
            --ip6 | string | not simulated: IPv6 | IPv6 address (e.g., \"2001:db8::33\")
                until 20.10 | IPv6 address (e.g., 2001:db8::33)
                until 17.06 | IPv6 Address
            --link | list | not simulated: links between containers | Add link to another container
            --link-local-ip | strings | not simulated: link-local addresses | Add a link-local address for the container
        ")
        .run(|cli| Box::pin(network::connect(cli))),
    command("network create", "[OPTIONS] NETWORK", "Create a network")
        .args(Count::Exact(1))
        .flags("
            --attachable | bool | api 1.25 | Enable manual container attachment
            --aux-address | map | default map[], not simulated: auxiliary addresses | Auxiliary IPv4 or IPv6 addresses used by Network driver
            --config-from | string | since 17.07, api 1.30, not simulated: networks that are only configurations | The network from which to copy the configuration
            --config-only | bool | since 17.07, api 1.30, not simulated: networks that are only configurations | Create a configuration only network
            -d, --driver | string | default bridge | Driver to manage the Network
            --gateway | strings | | IPv4 or IPv6 Gateway for the master subnet
            --ingress | bool | since 17.05, api 1.29 | Create swarm routing-mesh network
            --internal | bool | | Restrict external access to the network
            --ip-range | strings | | Allocate container ip from a sub-range
            --ipam-driver | string | default default | IP Address Management Driver
            --ipam-opt | map | default map[], not simulated: other drivers of addresses | Set IPAM driver specific options
            --ipv6 | bool | not simulated: IPv6 | Enable IPv6 networking
            --label | list | | Set metadata on a network
            -o, --opt | list | | Set driver specific options
            --scope | string | since 17.07, api 1.30 | Control the network's scope
            --subnet | strings | | Subnet in CIDR format that represents a network segment
        ")
        .run(|cli| Box::pin(network::create(cli))),
    command(
        "network disconnect",
        "[OPTIONS] NETWORK CONTAINER",
        "Disconnect a container from a network",
    )
    .args(Count::Exact(2))
    .flags("
        -f, --force | bool | | Force the container to disconnect from a network
    ")
    .run(|cli| Box::pin(network::disconnect(cli))),
    command(
        "network inspect",
        "[OPTIONS] NETWORK [NETWORK...]",
        "Display detailed information on one or more networks",
    )
    .args(Count::Min(1))
    .flags("
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
        -v, --verbose | bool | since 17.06 | Verbose output for diagnostics
    ")
    .run(|cli| Box::pin(network::inspect(cli))),
    command("network ls", "[OPTIONS]", "List networks")
        .aliases(&["list"])
        .flags("
            -f, --filter | filter | | Provide filter values (e.g. \"driver=bridge\")
                until 20.10 | Provide filter values (e.g. 'driver=bridge')
            --format | string | | @list
                until 20.10 | Pretty-print networks using a Go template
            --no-trunc | bool | | Do not truncate the output
            -q, --quiet | bool | | Only display network IDs
        ")
        .run(|cli| Box::pin(network::list(cli))),
    command("network prune", "[OPTIONS]", "Remove all unused networks")
        .flags("
            --filter | filter | since 17.06 | Provide filter values (e.g. \"until=<timestamp>\")
                until 20.10 | Provide filter values (e.g. 'until=<timestamp>')
            -f, --force | bool | | Do not prompt for confirmation
        ")
        .run(|cli| Box::pin(network::prune(cli))),
    command("network rm", "[OPTIONS] NETWORK [NETWORK...]", "Remove one or more networks")
        .usage_was(V20_10, "NETWORK [NETWORK...]")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .flags("
            -f, --force | bool | since 23.0 | Do not error if the network does not exist
        ")
        .run(|cli| Box::pin(network::remove(cli))),
    command("volume create", "[OPTIONS] [VOLUME]", "Create a volume")
        .args(Count::Max(1))
        .flags("
            -d, --driver | string | default local | Specify volume driver name
            --label | list | | Set metadata for a volume
            --name | string | | Specify volume name
            -o, --opt | list | | Set driver specific options
        ")
        .run(|cli| Box::pin(volume::create(cli))),
    command(
        "volume inspect",
        "[OPTIONS] VOLUME [VOLUME...]",
        "Display detailed information on one or more volumes",
    )
    .args(Count::Min(1))
    .flags("
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
    ")
    .run(|cli| Box::pin(volume::inspect(cli))),
    command("volume ls", "[OPTIONS]", "List volumes")
        .aliases(&["list"])
        .flags("
            -f, --filter | filter | | Provide filter values (e.g. \"dangling=true\")
                until 20.10 | Provide filter values (e.g. 'dangling=true')
            --format | string | | @list
                until 20.10 | Pretty-print volumes using a Go template
            -q, --quiet | bool | | Only display volume names
        ")
        .run(|cli| Box::pin(volume::list(cli))),
    command("volume prune", "[OPTIONS]", "Remove unused local volumes")
        .short_was(V20_10, "Remove all unused local volumes")
        .short_was(V17_06, "Remove all unused volumes")
        .flags("
            -a, --all | bool | since 23.0, api 1.42 | Remove all unused volumes, not just anonymous ones
            --filter | filter | since 17.06 | Provide filter values (e.g. \"label=<label>\")
                until 20.10 | Provide filter values (e.g. 'label=<label>')
            -f, --force | bool | | Do not prompt for confirmation
        ")
        .run(|cli| Box::pin(volume::prune(cli))),
    command("volume rm", "[OPTIONS] VOLUME [VOLUME...]", "Remove one or more volumes")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .flags("
            -f, --force | bool | api 1.25 | Force the removal of one or more volumes
        ")
        .run(|cli| Box::pin(volume::remove(cli))),
    command("volume update", "[OPTIONS] [VOLUME]", "Update a volume (cluster volumes only)")
        .since(25, 0)
        .unsimulated("cluster volumes"),
];
