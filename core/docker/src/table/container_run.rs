//! The table of `docker run` and `docker create`: what there is to type, since when, and what runs it.

use crate::commands::container;
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, Flag, Kind, command, flag};

/// `docker container run`.
pub(super) const RUN: Command = command(
    "container run",
    "[OPTIONS] IMAGE [COMMAND] [ARG...]",
    "Create and run a new container from an image",
)
.short_was(V20_10, "Run a command in a new container")
.top("run")
.args(Count::Min(1))
.not_interspersed()
.flags(SHARED)
.more_flags(&[
    flag("-d, --detach", Kind::Bool, "Run container in background and print container ID"),
    flag("--detach-keys", Kind::String, "Override the key sequence for detaching a container")
        .unsimulated("kernel settings"),
    flag("--sig-proxy", Kind::Bool, "Proxy received signals to the process").default("true"),
])
.run(|cli| Box::pin(container::run(cli)));

/// `docker container create`.
pub(super) const CREATE: Command =
    command("container create", "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new container")
        .top("create")
        .args(Count::Min(1))
        .not_interspersed()
        .flags(SHARED)
        .run(|cli| Box::pin(container::create(cli)));

/// What both take.
const SHARED: &[Flag] = &[
    flag("--add-host", Kind::List, "Add a custom host-to-IP mapping (host:ip)"),
    flag(
        "--annotation",
        Kind::Other("map"),
        "Add an annotation to the container (passed through to the OCI \
runtime)",
    )
    .since(24, 0)
    .api("1.43")
    .default("map[]")
    .unsimulated("this option of run"),
    flag("-a, --attach", Kind::List, "Attach to STDIN, STDOUT or STDERR")
        .unsimulated("attaching to single streams"),
    flag(
        "--blkio-weight",
        Kind::Uint,
        "Block IO (relative weight), between 10 and 1000, or 0 to disable \
(default 0)",
    )
    .unsimulated("kernel settings"),
    flag("--blkio-weight-device", Kind::List, "Block IO weight (relative device weight)")
        .unsimulated("kernel settings"),
    flag("--cap-add", Kind::List, "Add Linux capabilities"),
    flag("--cap-drop", Kind::List, "Drop Linux capabilities"),
    flag("--cgroup-parent", Kind::String, "Optional parent cgroup for the container")
        .unsimulated("kernel settings"),
    flag(
        "--cgroupns",
        Kind::String,
        "Cgroup namespace to use (host|private) / 'host':    Run the \
container in the Docker host's cgroup namespace / 'private': Run \
the container in its own private cgroup namespace / '':        \
Use the cgroup namespace as configured by the /            \
default-cgroupns-mode option on the daemon (default)",
    )
    .since(20, 10)
    .api("1.41")
    .unsimulated("kernel settings"),
    flag("--cidfile", Kind::String, "Write the container ID to the file"),
    flag("--cpu-count", Kind::Int, "CPU count (Windows only)").unsimulated("kernel settings"),
    flag("--cpu-percent", Kind::Int, "CPU percent (Windows only)").unsimulated("kernel settings"),
    flag("--cpu-period", Kind::Int, "Limit CPU CFS (Completely Fair Scheduler) period"),
    flag("--cpu-quota", Kind::Int, "Limit CPU CFS (Completely Fair Scheduler) quota"),
    flag("--cpu-rt-period", Kind::Int, "Limit CPU real-time period in microseconds")
        .api("1.25")
        .unsimulated("kernel settings"),
    flag("--cpu-rt-runtime", Kind::Int, "Limit CPU real-time runtime in microseconds")
        .api("1.25")
        .unsimulated("kernel settings"),
    flag("-c, --cpu-shares", Kind::Int, "CPU shares (relative weight)"),
    flag("--cpus", Kind::Decimal, "Number of CPUs").api("1.25"),
    flag("--cpuset-cpus", Kind::String, "CPUs in which to allow execution (0-3, 0,1)"),
    flag("--cpuset-mems", Kind::String, "MEMs in which to allow execution (0-3, 0,1)"),
    flag("--device", Kind::List, "Add a host device to the container")
        .unsimulated("kernel settings"),
    flag("--device-cgroup-rule", Kind::List, "Add a rule to the cgroup allowed devices list")
        .since(17, 4)
        .unsimulated("kernel settings"),
    flag("--device-read-bps", Kind::List, "Limit read rate (bytes per second) from a device")
        .unsimulated("kernel settings"),
    flag("--device-read-iops", Kind::List, "Limit read rate (IO per second) from a device")
        .unsimulated("kernel settings"),
    flag("--device-write-bps", Kind::List, "Limit write rate (bytes per second) to a device")
        .unsimulated("kernel settings"),
    flag("--device-write-iops", Kind::List, "Limit write rate (IO per second) to a device")
        .unsimulated("kernel settings"),
    flag("--dns", Kind::List, "Set custom DNS servers"),
    flag("--dns-option", Kind::List, "Set DNS options"),
    flag("--dns-search", Kind::List, "Set custom DNS search domains"),
    flag("--domainname", Kind::String, "Container NIS domain name")
        .since(19, 3)
        .unsimulated("container networks"),
    flag("--entrypoint", Kind::String, "Overwrite the default ENTRYPOINT of the image"),
    flag("-e, --env", Kind::List, "Set environment variables"),
    flag("--env-file", Kind::List, "Read in a file of environment variables"),
    flag("--expose", Kind::List, "Expose a port or a range of ports"),
    flag(
        "--gpus",
        Kind::Other("gpu-request"),
        "GPU devices to add to the container ('all' to pass all GPUs)",
    )
    .since(19, 3)
    .api("1.40")
    .unsimulated("kernel settings"),
    flag("--group-add", Kind::List, "Add additional groups to join"),
    flag("--health-cmd", Kind::String, "Command to run to check health"),
    flag(
        "--health-interval",
        Kind::Duration,
        "Time between running the check (ms|s|m|h) (default 0s)",
    )
    .was(V17_06, "Time between running the check (ns|us|ms|s|m|h) (default 0s)"),
    flag("--health-retries", Kind::Int, "Consecutive failures needed to report unhealthy"),
    flag(
        "--health-start-interval",
        Kind::Duration,
        "Time between running the check during the start period (ms|s|m|h) \
(default 0s)",
    )
    .since(25, 0)
    .api("1.44")
    .unsimulated("health checks"),
    flag(
        "--health-start-period",
        Kind::Duration,
        "Start period for the container to initialize before starting \
health-retries countdown (ms|s|m|h) (default 0s)",
    )
    .since(17, 5)
    .api("1.29"),
    flag(
        "--health-timeout",
        Kind::Duration,
        "Maximum time to allow one check to run (ms|s|m|h) (default 0s)",
    )
    .was(
        V17_06,
        "Maximum time to allow one check to run (ns|us|ms|s|m|h) (default \
0s)",
    ),
    flag("-h, --hostname", Kind::String, "Container host name"),
    flag(
        "--init",
        Kind::Bool,
        "Run an init inside the container that forwards signals and reaps \
processes",
    )
    .api("1.25"),
    flag("-i, --interactive", Kind::Bool, "Keep STDIN open even if not attached"),
    flag(
        "--io-maxbandwidth",
        Kind::Bytes,
        "Maximum IO bandwidth limit for the system drive (Windows only)",
    )
    .unsimulated("kernel settings"),
    flag("--io-maxiops", Kind::Uint, "Maximum IOps limit for the system drive (Windows only)")
        .unsimulated("kernel settings"),
    flag("--ip", Kind::Other("ip"), "IPv4 address (e.g., 172.30.100.104)")
        .was(V17_06, "Container IPv4 address (e.g. 172.30.100.104)"),
    flag("--ip6", Kind::Other("ip"), "IPv6 address (e.g., 2001:db8::33)")
        .was(V17_06, "Container IPv6 address (e.g. 2001:db8::33)")
        .unsimulated("container networks"),
    flag("--ipc", Kind::String, "IPC mode to use")
        .was(V17_06, "IPC namespace to use")
        .unsimulated("kernel settings"),
    flag("--isolation", Kind::String, "Container isolation technology")
        .unsimulated("this option of run"),
    flag("-l, --label", Kind::List, "Set meta data on a container"),
    flag("--label-file", Kind::List, "Read in a line delimited file of labels"),
    flag("--link", Kind::List, "Add link to another container"),
    flag("--link-local-ip", Kind::List, "Container IPv4/IPv6 link-local addresses")
        .unsimulated("container networks"),
    flag("--log-driver", Kind::String, "Logging driver for the container"),
    flag("--log-opt", Kind::List, "Log driver options"),
    flag("--mac-address", Kind::String, "Container MAC address (e.g., 92:d0:c6:0a:29:33)")
        .was(V17_06, "Container MAC address (e.g. 92:d0:c6:0a:29:33)")
        .unsimulated("container networks"),
    flag("-m, --memory", Kind::Bytes, "Memory limit"),
    flag("--memory-reservation", Kind::Bytes, "Memory soft limit"),
    flag(
        "--memory-swap",
        Kind::Bytes,
        "Swap limit equal to memory plus swap: '-1' to enable unlimited \
swap",
    ),
    flag("--memory-swappiness", Kind::Int, "Tune container memory swappiness (0 to 100)")
        .default("-1"),
    flag("--mount", Kind::Mount, "Attach a filesystem mount to the container").since(17, 5),
    flag("--name", Kind::String, "Assign a name to the container"),
    flag("--network", Kind::Other("network"), "Connect a container to a network"),
    flag("--network-alias", Kind::List, "Add network-scoped alias for the container"),
    flag("--no-healthcheck", Kind::Bool, "Disable any container-specified HEALTHCHECK"),
    flag("--oom-kill-disable", Kind::Bool, "Disable OOM Killer"),
    flag("--oom-score-adj", Kind::Int, "Tune host's OOM preferences (-1000 to 1000)"),
    flag("--pid", Kind::String, "PID namespace to use").unsimulated("kernel settings"),
    flag("--pids-limit", Kind::Int, "Tune container pids limit (set -1 for unlimited)"),
    flag("--platform", Kind::String, "Set platform if server is multi-platform capable")
        .since(17, 12)
        .api("1.32"),
    flag("--privileged", Kind::Bool, "Give extended privileges to this container"),
    flag("-p, --publish", Kind::List, "Publish a container's port(s) to the host"),
    flag("-P, --publish-all", Kind::Bool, "Publish all exposed ports to random ports"),
    flag("--pull", Kind::String, "\")").since(20, 10).default("missing"),
    flag("-q, --quiet", Kind::Bool, "Suppress the pull output").since(23, 0),
    flag("--read-only", Kind::Bool, "Mount the container's root filesystem as read only"),
    flag("--restart", Kind::String, "Restart policy to apply when a container exits").default("no"),
    flag(
        "--rm",
        Kind::Bool,
        "Automatically remove the container and its associated anonymous \
volumes when it exits",
    )
    .was(V20_10, "Automatically remove the container when it exits"),
    flag("--runtime", Kind::String, "Runtime to use for this container")
        .unsimulated("kernel settings"),
    flag("--security-opt", Kind::List, "Security Options"),
    flag("--shm-size", Kind::Bytes, "Size of /dev/shm")
        .was(V17_06, "Size of /dev/shm, default value is 64MB"),
    flag("--stop-signal", Kind::String, "Signal to stop the container")
        .was(V20_10, "Signal to stop a container")
        .was(V17_06, "Signal to stop a container, %v by default"),
    flag("--stop-timeout", Kind::Int, "Timeout (in seconds) to stop a container").api("1.25"),
    flag("--storage-opt", Kind::List, "Storage driver options for the container")
        .unsimulated("mounts"),
    flag("--sysctl", Kind::Other("map"), "Sysctl options").default("map[]"),
    flag("--tmpfs", Kind::List, "Mount a tmpfs directory"),
    flag("-t, --tty", Kind::Bool, "Allocate a pseudo-TTY"),
    flag("--ulimit", Kind::Other("ulimit"), "Ulimit options"),
    flag("--use-api-socket", Kind::Bool, "Bind mount Docker API socket and required auth")
        .since(28, 3)
        .unsimulated("this option of run"),
    flag("-u, --user", Kind::String, "Username or UID (format: <name|uid>[:<group|gid>])"),
    flag("--userns", Kind::String, "User namespace to use").unsimulated("kernel settings"),
    flag("--uts", Kind::String, "UTS namespace to use").unsimulated("kernel settings"),
    flag("-v, --volume", Kind::List, "Bind mount a volume"),
    flag("--volume-driver", Kind::String, "Optional volume driver for the container")
        .unsimulated("mounts"),
    flag("--volumes-from", Kind::List, "Mount volumes from the specified container(s)"),
    flag("-w, --workdir", Kind::String, "Working directory inside the container"),
];
