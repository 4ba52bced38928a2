//! The tables of `docker network` and `docker volume`: what there is to type, since when, and what runs
//! it.

use crate::commands::{network, volume};
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("network connect", "[OPTIONS] NETWORK CONTAINER", "Connect a container to a network")
        .args(Count::Exact(2))
        .flags(&[
            flag("--alias", Kind::Strings, "Add network-scoped alias for the container"),
            flag("--driver-opt", Kind::Strings, "driver options for the network")
                .since(19, 3)
                .unsimulated("options of drivers"),
            flag("--ip", Kind::String, "IPv4 address (e.g., \"172.30.100.104\")")
                .was(V20_10, "IPv4 address (e.g., 172.30.100.104)")
                .was(V17_06, "IP Address"),
            flag("--ip6", Kind::String, "IPv6 address (e.g., \"2001:db8::33\")")
                .was(V20_10, "IPv6 address (e.g., 2001:db8::33)")
                .was(V17_06, "IPv6 Address")
                .unsimulated("IPv6"),
            flag("--link", Kind::List, "Add link to another container")
                .unsimulated("links between containers"),
            flag("--link-local-ip", Kind::Strings, "Add a link-local address for the container")
                .unsimulated("link-local addresses"),
        ])
        .run(|cli| Box::pin(network::connect(cli))),
    command("network create", "[OPTIONS] NETWORK", "Create a network")
        .args(Count::Exact(1))
        .flags(&[
            flag("--attachable", Kind::Bool, "Enable manual container attachment").api("1.25"),
            flag(
                "--aux-address",
                Kind::Other("map"),
                "Auxiliary IPv4 or IPv6 addresses used by Network driver",
            )
            .default("map[]")
            .unsimulated("auxiliary addresses"),
            flag("--config-from", Kind::String, "The network from which to copy the configuration")
                .since(17, 7)
                .api("1.30")
                .unsimulated("networks that are only configurations"),
            flag("--config-only", Kind::Bool, "Create a configuration only network")
                .since(17, 7)
                .api("1.30")
                .unsimulated("networks that are only configurations"),
            flag("-d, --driver", Kind::String, "Driver to manage the Network").default("bridge"),
            flag("--gateway", Kind::Strings, "IPv4 or IPv6 Gateway for the master subnet"),
            flag("--ingress", Kind::Bool, "Create swarm routing-mesh network")
                .since(17, 5)
                .api("1.29"),
            flag("--internal", Kind::Bool, "Restrict external access to the network"),
            flag("--ip-range", Kind::Strings, "Allocate container ip from a sub-range"),
            flag("--ipam-driver", Kind::String, "IP Address Management Driver").default("default"),
            flag("--ipam-opt", Kind::Other("map"), "Set IPAM driver specific options")
                .default("map[]")
                .unsimulated("other drivers of addresses"),
            flag("--ipv6", Kind::Bool, "Enable IPv6 networking").unsimulated("IPv6"),
            flag("--label", Kind::List, "Set metadata on a network"),
            flag("-o, --opt", Kind::List, "Set driver specific options"),
            flag("--scope", Kind::String, "Control the network's scope").since(17, 7).api("1.30"),
            flag(
                "--subnet",
                Kind::Strings,
                "Subnet in CIDR format that represents a network segment",
            ),
        ])
        .run(|cli| Box::pin(network::create(cli))),
    command(
        "network disconnect",
        "[OPTIONS] NETWORK CONTAINER",
        "Disconnect a container from a network",
    )
    .args(Count::Exact(2))
    .flags(&[flag("-f, --force", Kind::Bool, "Force the container to disconnect from a network")])
    .run(|cli| Box::pin(network::disconnect(cli))),
    command(
        "network inspect",
        "[OPTIONS] NETWORK [NETWORK...]",
        "Display detailed information on one or more networks",
    )
    .args(Count::Min(1))
    .flags(&[
        flag("-f, --format", Kind::String, FORMAT_INSPECT)
            .was(V20_10, "Format the output using the given Go template"),
        flag("-v, --verbose", Kind::Bool, "Verbose output for diagnostics").since(17, 6),
    ])
    .run(|cli| Box::pin(network::inspect(cli))),
    command("network ls", "[OPTIONS]", "List networks")
        .aliases(&["list"])
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Provide filter values (e.g. \"driver=bridge\")")
                .was(V20_10, "Provide filter values (e.g. 'driver=bridge')"),
            flag("--format", Kind::String, FORMAT_LIST)
                .was(V20_10, "Pretty-print networks using a Go template"),
            flag("--no-trunc", Kind::Bool, "Do not truncate the output"),
            flag("-q, --quiet", Kind::Bool, "Only display network IDs"),
        ])
        .run(|cli| Box::pin(network::list(cli))),
    command("network prune", "[OPTIONS]", "Remove all unused networks")
        .flags(&[
            flag("--filter", Kind::Filter, "Provide filter values (e.g. \"until=<timestamp>\")")
                .since(17, 6)
                .was(V20_10, "Provide filter values (e.g. 'until=<timestamp>')"),
            flag("-f, --force", Kind::Bool, "Do not prompt for confirmation"),
        ])
        .run(|cli| Box::pin(network::prune(cli))),
    command("network rm", "[OPTIONS] NETWORK [NETWORK...]", "Remove one or more networks")
        .usage_was(V20_10, "NETWORK [NETWORK...]")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .flags(&[flag("-f, --force", Kind::Bool, "Do not error if the network does not exist")
            .since(23, 0)])
        .run(|cli| Box::pin(network::remove(cli))),
    command("volume create", "[OPTIONS] [VOLUME]", "Create a volume")
        .args(Count::Max(1))
        .flags(&[
            flag("-d, --driver", Kind::String, "Specify volume driver name").default("local"),
            flag("--label", Kind::List, "Set metadata for a volume"),
            flag("--name", Kind::String, "Specify volume name"),
            flag("-o, --opt", Kind::List, "Set driver specific options"),
        ])
        .run(|cli| Box::pin(volume::create(cli))),
    command(
        "volume inspect",
        "[OPTIONS] VOLUME [VOLUME...]",
        "Display detailed information on one or more volumes",
    )
    .args(Count::Min(1))
    .flags(&[flag("-f, --format", Kind::String, FORMAT_INSPECT)
        .was(V20_10, "Format the output using the given Go template")])
    .run(|cli| Box::pin(volume::inspect(cli))),
    command("volume ls", "[OPTIONS]", "List volumes")
        .aliases(&["list"])
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Provide filter values (e.g. \"dangling=true\")")
                .was(V20_10, "Provide filter values (e.g. 'dangling=true')"),
            flag("--format", Kind::String, FORMAT_LIST)
                .was(V20_10, "Pretty-print volumes using a Go template"),
            flag("-q, --quiet", Kind::Bool, "Only display volume names"),
        ])
        .run(|cli| Box::pin(volume::list(cli))),
    command("volume prune", "[OPTIONS]", "Remove unused local volumes")
        .short_was(V20_10, "Remove all unused local volumes")
        .short_was(V17_06, "Remove all unused volumes")
        .flags(&[
            flag("-a, --all", Kind::Bool, "Remove all unused volumes, not just anonymous ones")
                .since(23, 0)
                .api("1.42"),
            flag("--filter", Kind::Filter, "Provide filter values (e.g. \"label=<label>\")")
                .since(17, 6)
                .was(V20_10, "Provide filter values (e.g. 'label=<label>')"),
            flag("-f, --force", Kind::Bool, "Do not prompt for confirmation"),
        ])
        .run(|cli| Box::pin(volume::prune(cli))),
    command("volume rm", "[OPTIONS] VOLUME [VOLUME...]", "Remove one or more volumes")
        .aliases(&["remove"])
        .args(Count::Min(1))
        .flags(&[
            flag("-f, --force", Kind::Bool, "Force the removal of one or more volumes").api("1.25")
        ])
        .run(|cli| Box::pin(volume::remove(cli))),
    command("volume update", "[OPTIONS] [VOLUME]", "Update a volume (cluster volumes only)")
        .since(25, 0)
        .unsimulated("cluster volumes"),
];
