//! The table of `docker container` and its short forms:
//! what there is to type, since when, and what runs it.

use crate::commands::{container, copy, prune, stats};
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, command};

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
    .flags("
        --detach-keys | string | not simulated: detaching from a container | Override the key sequence for detaching a container
        --no-stdin | bool | | Do not attach STDIN
        --sig-proxy | bool | default true | Proxy all received signals to the process
    ")
    .run(|cli| Box::pin(container::attach(cli))),
    command(
        "container commit",
        "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
        "Create a new image from a container's changes",
    )
    .top("commit")
    .args(Count::Range(1, 2))
    .flags("
        -a, --author | string | | Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")
        -c, --change | list | | Apply Dockerfile instruction to the created image
        -m, --message | string | | Commit message
        --no-pause | bool | since 29.0 | Disable pausing container during commit
        -p, --pause | bool | until 28.5, default true | Pause container during commit
    ")
    .run(|cli| Box::pin(container::commit(cli))),
    command(
        "container cp",
        "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n	docker cp [OPTIONS] \
SRC_PATH|- CONTAINER:DEST_PATH",
        "Copy files/folders between a container and the local filesystem",
    )
    .top("cp")
    .args(Count::Exact(2))
    .flags("
        -a, --archive | bool | since 17.06, not simulated: owners in docker cp | Archive mode (copy all uid/gid information)
        -L, --follow-link | bool | | Always follow symbol link in SRC_PATH
        -q, --quiet | bool | since 23.0 | Suppress progress output during copy
    ")
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
    .flags("
        -d, --detach | bool | | Detached mode: run command in the background
        --detach-keys | string | not simulated: detaching from a container | Override the key sequence for detaching a container
        -e, --env | list | api 1.25 | Set environment variables
        --env-file | list | since 20.10, api 1.25 | Read in a file of environment variables
        -i, --interactive | bool | | Keep STDIN open even if not attached
        --privileged | bool | not simulated: capabilities | Give extended privileges to the command
        -t, --tty | bool | | Allocate a pseudo-TTY
        -u, --user | string | | Username or UID (format: \"<name|uid>[:<group|gid>]\")
            until 20.10 | Username or UID (format: <name|uid>[:<group|gid>])
        -w, --workdir | string | since 17.12, api 1.35 | Working directory inside the container
    ")
    .run(|cli| Box::pin(container::exec(cli))),
    command(
        "container export",
        "[OPTIONS] CONTAINER",
        "Export a container's filesystem as a tar archive",
    )
    .top("export")
    .args(Count::Exact(1))
    .flags("
        -o, --output | string | | Write to a file, instead of STDOUT
    ")
    .run(|cli| Box::pin(copy::export(cli))),
    command(
        "container inspect",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Display detailed information on one or more containers",
    )
    .args(Count::Min(1))
    .flags("
        -f, --format | string | | @inspect
            until 20.10 | Format the output using the given Go template
        -s, --size | bool | | Display total file sizes
    ")
    .run(|cli| Box::pin(container::inspect(cli))),
    command(
        "container kill",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Kill one or more running containers",
    )
    .top("kill")
    .args(Count::Min(1))
    .flags("
        -s, --signal | string | default KILL | Signal to send to the container
    ")
    .run(|cli| Box::pin(container::kill(cli))),
    command("container ls", "[OPTIONS]", "List containers")
        .aliases(&["list", "ps"])
        .top("ps")
        .flags("
            -a, --all | bool | | Show all containers (default shows just running)
            -f, --filter | filter | | Filter output based on conditions provided
            --format | string | | @list
                until 20.10 | Pretty-print containers using a Go template
            -n, --last | int | default -1 | Show n last created containers (includes all states)
            -l, --latest | bool | | Show the latest created container (includes all states)
            --no-trunc | bool | | Don't truncate output
            -q, --quiet | bool | | Only display container IDs
                until 17.06 | Only display numeric IDs
            -s, --size | bool | | Display total file sizes
        ")
        .run(|cli| Box::pin(container::list(cli))),
    command("container logs", "[OPTIONS] CONTAINER", "Fetch the logs of a container")
        .top("logs")
        .args(Count::Exact(1))
        .flags("
            --details | bool | not simulated: details of log drivers | Show extra details provided to logs
            -f, --follow | bool | | Follow log output
            --since | string | | Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)
                until 20.10 | Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)
                until 17.06 | Show logs since timestamp
            -n, --tail | string | default all | Number of lines to show from the end of the logs
            -t, --timestamps | bool | | Show timestamps
            --until | string | since 17.12, api 1.35 | Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)
                until 20.10 | Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)
        ")
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
        .flags("
            --filter | filter | since 17.06 | Provide filter values (e.g. \"until=<timestamp>\")
                until 20.10 | Provide filter values (e.g. 'until=<timestamp>')
            -f, --force | bool | | Do not prompt for confirmation
        ")
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
    .flags("
        -t, --time | int | default 10 | Seconds to wait before killing the container (deprecated: use --timeout)
            until 20.10 | Seconds to wait for stop before killing the container
    ")
    .run(|cli| Box::pin(container::restart(cli))),
    command("container rm", "[OPTIONS] CONTAINER [CONTAINER...]", "Remove one or more containers")
        .top("rm")
        .args(Count::Min(1))
        .flags("
            -f, --force | bool | | Force the removal of a running container (uses SIGKILL)
            -l, --link | bool | not simulated: links between containers | Remove the specified link
            -v, --volumes | bool | | Remove anonymous volumes associated with the container
                until 17.06 | Remove the volumes associated with the container
        ")
        .run(|cli| Box::pin(container::remove(cli))),
    command(
        "container start",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Start one or more stopped containers",
    )
    .top("start")
    .args(Count::Min(1))
    .flags("
        -a, --attach | bool | | Attach STDOUT/STDERR and forward signals
        --detach-keys | string | not simulated: detaching from a container | Override the key sequence for detaching a container
        -i, --interactive | bool | | Attach container's STDIN
    ")
    .run(|cli| Box::pin(container::start(cli))),
    command(
        "container stats",
        "[OPTIONS] [CONTAINER...]",
        "Display a live stream of container(s) resource usage statistics",
    )
    .top("stats")
    .args(Count::Min(0))
    .flags("
        -a, --all | bool | | Show all containers (default shows just running)
        --format | string | | @list
            until 20.10 | Pretty-print images using a Go template
        --no-stream | bool | | Disable streaming stats and only pull the first result
        --no-trunc | bool | since 18.03 | Do not truncate output
    ")
    .run(|cli| Box::pin(stats::stats(cli))),
    command(
        "container stop",
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "Stop one or more running containers",
    )
    .top("stop")
    .args(Count::Min(1))
    .flags("
        -s, --signal | string | since 23.0, not simulated: other stop signals | Signal to send to the container
        -t, --time | int | until 27.5, default 10 | Seconds to wait before killing the container (deprecated: use --timeout)
            until 20.10 | Seconds to wait for stop before killing it
        -t, --timeout | int | since 28.0 | Seconds to wait before killing the container
    ")
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
    .flags("
        --blkio-weight | uint | not simulated: kernel settings | Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)
        --cpu-period | int | | Limit CPU CFS (Completely Fair Scheduler) period
        --cpu-quota | int | | Limit CPU CFS (Completely Fair Scheduler) quota
        -c, --cpu-shares | int | | CPU shares (relative weight)
        --cpus | decimal | since 17.06, api 1.29 | Number of CPUs
        --cpuset-cpus | string | | CPUs in which to allow execution (0-3, 0,1)
        --cpuset-mems | string | | MEMs in which to allow execution (0-3, 0,1)
        -m, --memory | bytes | | Memory limit
        --memory-reservation | bytes | | Memory soft limit
        --memory-swap | bytes | | Swap limit equal to memory plus swap: -1 to enable unlimited swap
        --pids-limit | int | since 19.03, api 1.40 | Tune container pids limit (set -1 for unlimited)
        --restart | string | | Restart policy to apply when a container exits
    ")
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
