//! The table of `docker system`, `docker inspect`, `docker version`:
//! what there is to type, since when, and what runs it.

use crate::commands::{inspect, system};
use crate::profile::V20_10;
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("system df", "[OPTIONS]", "Show docker disk usage").unsimulated("disk usage"),
    command("system events", "[OPTIONS]", "Get real time events from the server")
        .top("events")
        .unsimulated("events"),
    command("system info", "[OPTIONS]", "Display system-wide information")
        .top("info")
        .flags(&[flag("-f, --format", Kind::String, FORMAT_LIST)
            .was(V20_10, "Format the output using the given Go template")])
        .run(|cli| Box::pin(system::info(cli))),
    command(
        "inspect",
        "[OPTIONS] NAME|ID [NAME|ID...]",
        "Return low-level information on Docker objects",
    )
    .args(Count::Min(1))
    .flags(&[
        flag("-f, --format", Kind::String, FORMAT_INSPECT)
            .was(V20_10, "Format the output using the given Go template"),
        flag("-s, --size", Kind::Bool, "Display total file sizes if the type is container")
            .unsimulated("sizes in inspect"),
        flag("--type", Kind::String, "Only inspect objects of the given type")
            .was(V20_10, "Return JSON for specified type"),
    ])
    .run(|cli| Box::pin(inspect::any(cli))),
    command("system prune", "[OPTIONS]", "Remove unused data").unsimulated("pruning"),
    command("version", "[OPTIONS]", "Show the Docker version information")
        .flags(&[flag("-f, --format", Kind::String, FORMAT_LIST)
            .was(V20_10, "Format the output using the given Go template")])
        .run(|cli| Box::pin(system::version(cli))),
];
