//! The table of `docker system`, `docker inspect`, `docker version`:
//! what there is to type, since when, and what runs it.

use crate::commands::{events, inspect, prune, system, usage};
use crate::table::{Command, Count, command};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command("system df", "[OPTIONS]", "Show docker disk usage")
        .flags(
            "
            --format | string | since 17.06 | @list
                until 20.10 | Pretty-print images using a Go template
            -v, --verbose | bool | | Show detailed information on space usage
        ",
        )
        .run(|cli| Box::pin(usage::disk_usage(cli))),
    command("system events", "[OPTIONS]", "Get real time events from the server")
        .top("events")
        .flags(
            "
            -f, --filter | filter | | Filter output based on conditions provided
            --format | string | | @inspect
                until 20.10 | Format the output using the given Go template
            --since | string | | Show all events created since timestamp
            --until | string | | Stream events until this timestamp
        ",
        )
        .run(|cli| Box::pin(events::events(cli))),
    command("system info", "[OPTIONS]", "Display system-wide information")
        .top("info")
        .flags(
            "
            -f, --format | string | | @list
                until 20.10 | Format the output using the given Go template
        ",
        )
        .run(|cli| Box::pin(system::info(cli))),
    command(
        "inspect",
        "[OPTIONS] NAME|ID [NAME|ID...]",
        "Return low-level information on Docker objects",
    )
    .args(Count::Min(1))
    .flags(
        "
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
        -s, --size | bool | | Display total file sizes if the type is container
        --type | string | | Only inspect objects of the given type
            until 20.10 | Return JSON for specified type
    ",
    )
    .run(|cli| Box::pin(inspect::any(cli))),
    command("system prune", "[OPTIONS]", "Remove unused data")
        .flags(
            "
            -a, --all | bool | | Remove all unused images not just dangling ones
            --filter | filter | since 17.06 | Provide filter values (e.g. \"label=<key>=<value>\")
                until 20.10 | Provide filter values (e.g. 'label=<key>=<value>')
            -f, --force | bool | | Do not prompt for confirmation
            --volumes | bool | since 17.06 | Prune anonymous volumes
                until 20.10 | Prune volumes
        ",
        )
        .run(|cli| Box::pin(prune::system(cli))),
    command("version", "[OPTIONS]", "Show the Docker version information")
        .flags(
            "
            -f, --format | string | | @list
                until 20.10 | Format the output using the given Go template
        ",
        )
        .run(|cli| Box::pin(system::version(cli))),
];
