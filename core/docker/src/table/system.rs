//! The table of `docker system`, `docker inspect`, `docker version`:
//! what there is to type, since when, and what runs it.

use crate::commands::{events, inspect, prune, system, usage};
use crate::profile::V20_10;
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("system df", "[OPTIONS]", "Show docker disk usage")
        .flags(&[
            flag("--format", Kind::String, FORMAT_LIST)
                .since(17, 6)
                .was(V20_10, "Pretty-print images using a Go template"),
            flag("-v, --verbose", Kind::Bool, "Show detailed information on space usage"),
        ])
        .run(|cli| Box::pin(usage::disk_usage(cli))),
    command("system events", "[OPTIONS]", "Get real time events from the server")
        .top("events")
        .flags(&[
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
            flag("--format", Kind::String, FORMAT_INSPECT)
                .was(V20_10, "Format the output using the given Go template"),
            flag("--since", Kind::String, "Show all events created since timestamp"),
            flag("--until", Kind::String, "Stream events until this timestamp"),
        ])
        .run(|cli| Box::pin(events::events(cli))),
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
        flag("-s, --size", Kind::Bool, "Display total file sizes if the type is container"),
        flag("--type", Kind::String, "Only inspect objects of the given type")
            .was(V20_10, "Return JSON for specified type"),
    ])
    .run(|cli| Box::pin(inspect::any(cli))),
    command("system prune", "[OPTIONS]", "Remove unused data")
        .flags(&[
            flag("-a, --all", Kind::Bool, "Remove all unused images not just dangling ones"),
            flag("--filter", Kind::Filter, "Provide filter values (e.g. \"label=<key>=<value>\")")
                .since(17, 6)
                .was(V20_10, "Provide filter values (e.g. 'label=<key>=<value>')"),
            flag("-f, --force", Kind::Bool, "Do not prompt for confirmation"),
            flag("--volumes", Kind::Bool, "Prune anonymous volumes")
                .since(17, 6)
                .was(V20_10, "Prune volumes"),
        ])
        .run(|cli| Box::pin(prune::system(cli))),
    command("version", "[OPTIONS]", "Show the Docker version information")
        .flags(&[flag("-f, --format", Kind::String, FORMAT_LIST)
            .was(V20_10, "Format the output using the given Go template")])
        .run(|cli| Box::pin(system::version(cli))),
];
