//! The table of `docker container` and its short forms:
//! what there is to type, since when, and what runs it.

use crate::commands::{container, copy, prune, stats};
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, FORMAT_INSPECT, FORMAT_LIST, Kind, command, flag};

/// The commands, in the order of the release notes.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "container attach",
        "[OPTIONS] CONTAINER",
        "Attach local standard input, output, and error streams to a \
running container",
    )
    .short_was(V17_06, "Attach to a running container")
    .top("attach")
    .args(Count::Exact(1))
    .flags(&[
        flag("--detach-keys", Kind::String, "Override the key sequence for detaching a container")
            .unsimulated("detaching from a container"),
        flag("--no-stdin", Kind::Bool, "Do not attach STDIN"),
        flag("--sig-proxy", Kind::Bool, "Proxy all received signals to the process")
            .default("true"),
    ])
    .run(|cli| Box::pin(container::attach(cli))),
    command(
        "container commit",
        "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
        "Create a new image from a container's changes",
    )
    .top("commit")
    .args(Count::Range(1, 2))
    .flags(&[
        flag(
            "-a, --author",
            Kind::String,
            "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")",
        ),
        flag("-c, --change", Kind::List, "Apply Dockerfile instruction to the created image"),
        flag("-m, --message", Kind::String, "Commit message"),
        flag("--no-pause", Kind::Bool, "Disable pausing container during commit").since(29, 0),
        flag("-p, --pause", Kind::Bool, "Pause container during commit")
            .until(28, 5)
            .default("true"),
    ])
    .run(|cli| Box::pin(container::commit(cli))),
    command(
        "container cp",
        "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n	docker cp [OPTIONS] \
SRC_PATH|- CONTAINER:DEST_PATH",
        "Copy files/folders between a container and the local filesystem",
    )
    .top("cp")
    .args(Count::Exact(2))
    .flags(&[
        flag("-a, --archive", Kind::Bool, "Archive mode (copy all uid/gid information)")
            .since(17, 6)
            .unsimulated("owners in docker cp"),
        flag("-L, --follow-link", Kind::Bool, "Always follow symbol link in SRC_PATH"),
        flag("-q, --quiet", Kind::Bool, "Suppress progress output during copy").since(23, 0),
    ])
    .run(|cli| Box::pin(copy::copy(cli))),
    command(
        "container diff",
        "CONTAINER",
        "Inspect changes to files or directories on a container's \
filesystem",
    )
    .top("diff")
    .args(Count::Exact(1))
    .run(|cli| Box::pin(container::diff(cli))),
    command(
        "container exec",
        "[OPTIONS] CONTAINER COMMAND [ARG...]",
        "Execute a command in a running container",
    )
    .short_was(V20_10, "Run a command in a running container")
    .top("exec")
    .args(Count::Min(2))
    .not_interspersed()
    .flags(&[
        flag("-d, --detach", Kind::Bool, "Detached mode: run command in the background"),
        flag("--detach-keys", Kind::String, "Override the key sequence for detaching a container")
            .unsimulated("detaching from a container"),
        flag("-e, --env", Kind::List, "Set environment variables").api("1.25"),
        flag("--env-file", Kind::List, "Read in a file of environment variables")
            .since(20, 10)
            .api("1.25"),
        flag("-i, --interactive", Kind::Bool, "Keep STDIN open even if not attached"),
        flag("--privileged", Kind::Bool, "Give extended privileges to the command")
            .unsimulated("capabilities"),
        flag("-t, --tty", Kind::Bool, "Allocate a pseudo-TTY"),
        flag("-u, --user", Kind::String, "Username or UID (format: \"<name|uid>[:<group|gid>]\")")
            .was(V20_10, "Username or UID (format: <name|uid>[:<group|gid>])"),
        flag("-w, --workdir", Kind::String, "Working directory inside the container")
            .since(17, 12)
            .api("1.35"),
    ])
    .run(|cli| Box::pin(container::exec(cli))),
    command(
        "container export",
        "[OPTIONS] CONTAINER",
        "Export a container's filesystem as a tar archive",
    )
    .top("export")
    .args(Count::Exact(1))
    .flags(&[flag("-o, --output", Kind::String, "Write to a file, instead of STDOUT")])
    .run(|cli| Box::pin(copy::export(cli))),
    command(
        "container inspect",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Display detailed information on one or more containers",
    )
    .args(Count::Min(1))
    .flags(&[
        flag("-f, --format", Kind::String, FORMAT_INSPECT)
            .was(V20_10, "Format the output using the given Go template"),
        flag("-s, --size", Kind::Bool, "Display total file sizes"),
    ])
    .run(|cli| Box::pin(container::inspect(cli))),
    command(
        "container kill",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Kill one or more running containers",
    )
    .top("kill")
    .args(Count::Min(1))
    .flags(&[flag("-s, --signal", Kind::String, "Signal to send to the container").default("KILL")])
    .run(|cli| Box::pin(container::kill(cli))),
    command("container ls", "[OPTIONS]", "List containers")
        .aliases(&["list", "ps"])
        .top("ps")
        .flags(&[
            flag("-a, --all", Kind::Bool, "Show all containers (default shows just running)"),
            flag("-f, --filter", Kind::Filter, "Filter output based on conditions provided"),
            flag("--format", Kind::String, FORMAT_LIST)
                .was(V20_10, "Pretty-print containers using a Go template"),
            flag("-n, --last", Kind::Int, "Show n last created containers (includes all states)")
                .default("-1"),
            flag(
                "-l, --latest",
                Kind::Bool,
                "Show the latest created container (includes all states)",
            ),
            flag("--no-trunc", Kind::Bool, "Don't truncate output"),
            flag("-q, --quiet", Kind::Bool, "Only display container IDs")
                .was(V17_06, "Only display numeric IDs"),
            flag("-s, --size", Kind::Bool, "Display total file sizes"),
        ])
        .run(|cli| Box::pin(container::list(cli))),
    command("container logs", "[OPTIONS] CONTAINER", "Fetch the logs of a container")
        .top("logs")
        .args(Count::Exact(1))
        .flags(&[
            flag("--details", Kind::Bool, "Show extra details provided to logs")
                .unsimulated("details of log drivers"),
            flag("-f, --follow", Kind::Bool, "Follow log output"),
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
            flag(
                "--until",
                Kind::String,
                "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or \
relative (e.g. \"42m\" for 42 minutes)",
            )
            .since(17, 12)
            .api("1.35")
            .was(
                V20_10,
                "Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or \
relative (e.g. 42m for 42 minutes)",
            ),
        ])
        .run(|cli| Box::pin(container::logs(cli))),
    command(
        "container pause",
        "CONTAINER [CONTAINER...]",
        "Pause all processes within one or more containers",
    )
    .top("pause")
    .args(Count::Min(1))
    .run(|cli| Box::pin(container::pause(cli))),
    command(
        "container port",
        "CONTAINER [PRIVATE_PORT[/PROTO]]",
        "List port mappings or a specific mapping for the container",
    )
    .top("port")
    .args(Count::Range(1, 2))
    .run(|cli| Box::pin(container::port(cli))),
    command("container prune", "[OPTIONS]", "Remove all stopped containers")
        .flags(&[
            flag("--filter", Kind::Filter, "Provide filter values (e.g. \"until=<timestamp>\")")
                .since(17, 6)
                .was(V20_10, "Provide filter values (e.g. 'until=<timestamp>')"),
            flag("-f, --force", Kind::Bool, "Do not prompt for confirmation"),
        ])
        .run(|cli| Box::pin(prune::containers(cli))),
    command("container rename", "CONTAINER NEW_NAME", "Rename a container")
        .top("rename")
        .args(Count::Exact(2))
        .run(|cli| Box::pin(container::rename(cli))),
    command(
        "container restart",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Restart one or more containers",
    )
    .top("restart")
    .args(Count::Min(1))
    .flags(&[flag(
        "-t, --time",
        Kind::Int,
        "Seconds to wait before killing the container (deprecated: use \
--timeout)",
    )
    .default("10")
    .was(V20_10, "Seconds to wait for stop before killing the container")])
    .run(|cli| Box::pin(container::restart(cli))),
    command("container rm", "[OPTIONS] CONTAINER [CONTAINER...]", "Remove one or more containers")
        .top("rm")
        .args(Count::Min(1))
        .flags(&[
            flag(
                "-f, --force",
                Kind::Bool,
                "Force the removal of a running container (uses SIGKILL)",
            ),
            flag("-l, --link", Kind::Bool, "Remove the specified link")
                .unsimulated("links between containers"),
            flag(
                "-v, --volumes",
                Kind::Bool,
                "Remove anonymous volumes associated with the container",
            )
            .was(V17_06, "Remove the volumes associated with the container"),
        ])
        .run(|cli| Box::pin(container::remove(cli))),
    command(
        "container start",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Start one or more stopped containers",
    )
    .top("start")
    .args(Count::Min(1))
    .flags(&[
        flag("-a, --attach", Kind::Bool, "Attach STDOUT/STDERR and forward signals"),
        flag("--detach-keys", Kind::String, "Override the key sequence for detaching a container")
            .unsimulated("detaching from a container"),
        flag("-i, --interactive", Kind::Bool, "Attach container's STDIN"),
    ])
    .run(|cli| Box::pin(container::start(cli))),
    command(
        "container stats",
        "[OPTIONS] [CONTAINER...]",
        "Display a live stream of container(s) resource usage statistics",
    )
    .top("stats")
    .args(Count::Min(0))
    .flags(&[
        flag("-a, --all", Kind::Bool, "Show all containers (default shows just running)"),
        flag("--format", Kind::String, FORMAT_LIST)
            .was(V20_10, "Pretty-print images using a Go template"),
        flag("--no-stream", Kind::Bool, "Disable streaming stats and only pull the first result"),
        flag("--no-trunc", Kind::Bool, "Do not truncate output").since(18, 3),
    ])
    .run(|cli| Box::pin(stats::stats(cli))),
    command(
        "container stop",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Stop one or more running containers",
    )
    .top("stop")
    .args(Count::Min(1))
    .flags(&[
        flag("-s, --signal", Kind::String, "Signal to send to the container")
            .since(23, 0)
            .unsimulated("other stop signals"),
        flag(
            "-t, --time",
            Kind::Int,
            "Seconds to wait before killing the container (deprecated: use \
--timeout)",
        )
        .until(27, 5)
        .default("10")
        .was(V20_10, "Seconds to wait for stop before killing it"),
        flag("-t, --timeout", Kind::Int, "Seconds to wait before killing the container")
            .since(28, 0),
    ])
    .run(|cli| Box::pin(container::stop(cli))),
    command(
        "container top",
        "CONTAINER [ps OPTIONS]",
        "Display the running processes of a container",
    )
    .top("top")
    .args(Count::Min(1))
    .not_interspersed()
    .run(|cli| Box::pin(container::top(cli))),
    command(
        "container unpause",
        "CONTAINER [CONTAINER...]",
        "Unpause all processes within one or more containers",
    )
    .top("unpause")
    .args(Count::Min(1))
    .run(|cli| Box::pin(container::unpause(cli))),
    command(
        "container update",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Update configuration of one or more containers",
    )
    .top("update")
    .args(Count::Min(1))
    .flags(&[
        flag(
            "--blkio-weight",
            Kind::Uint,
            "Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)",
        )
        .unsimulated("kernel settings"),
        flag("--cpu-period", Kind::Int, "Limit CPU CFS (Completely Fair Scheduler) period"),
        flag("--cpu-quota", Kind::Int, "Limit CPU CFS (Completely Fair Scheduler) quota"),
        flag("-c, --cpu-shares", Kind::Int, "CPU shares (relative weight)"),
        flag("--cpus", Kind::Decimal, "Number of CPUs").since(17, 6).api("1.29"),
        flag("--cpuset-cpus", Kind::String, "CPUs in which to allow execution (0-3, 0,1)"),
        flag("--cpuset-mems", Kind::String, "MEMs in which to allow execution (0-3, 0,1)"),
        flag("-m, --memory", Kind::Bytes, "Memory limit"),
        flag("--memory-reservation", Kind::Bytes, "Memory soft limit"),
        flag(
            "--memory-swap",
            Kind::Bytes,
            "Swap limit equal to memory plus swap: -1 to enable unlimited swap",
        ),
        flag("--pids-limit", Kind::Int, "Tune container pids limit (set -1 for unlimited)")
            .since(19, 3)
            .api("1.40"),
        flag("--restart", Kind::String, "Restart policy to apply when a container exits"),
    ])
    .run(|cli| Box::pin(container::update(cli))),
    command(
        "container wait",
        "CONTAINER [CONTAINER...]",
        "Block until one or more containers stop, then print their exit \
codes",
    )
    .top("wait")
    .args(Count::Min(1))
    .run(|cli| Box::pin(container::wait(cli))),
];
