//! The table of `docker run` and `docker create`: what there is to type, since when, and what runs it.

use crate::commands::container;
use crate::profile::V20_10;
use crate::table::{Command, Count, command};

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
.more_flags("
    -d, --detach | bool | | Run container in background and print container ID
    --detach-keys | string | not simulated: kernel settings | Override the key sequence for detaching a container
    --sig-proxy | bool | default true | Proxy received signals to the process
")
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
const SHARED: &str = "
    --add-host | list | | Add a custom host-to-IP mapping (host:ip)
    --annotation | map | since 24.0, api 1.43, default map[], not simulated: this option of run | Add an annotation to the container (passed through to the OCI runtime)
    -a, --attach | list | not simulated: attaching to single streams | Attach to STDIN, STDOUT or STDERR
    --blkio-weight | uint | not simulated: kernel settings | Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)
    --blkio-weight-device | list | not simulated: kernel settings | Block IO weight (relative device weight)
    --cap-add | list | | Add Linux capabilities
    --cap-drop | list | | Drop Linux capabilities
    --cgroup-parent | string | not simulated: kernel settings | Optional parent cgroup for the container
    --cgroupns | string | since 20.10, api 1.41, not simulated: kernel settings | Cgroup namespace to use (host|private) / 'host':    Run the container in the Docker host's cgroup namespace / 'private': Run the container in its own private cgroup namespace / '':        Use the cgroup namespace as configured by the /            default-cgroupns-mode option on the daemon (default)
    --cidfile | string | | Write the container ID to the file
    --cpu-count | int | not simulated: kernel settings | CPU count (Windows only)
    --cpu-percent | int | not simulated: kernel settings | CPU percent (Windows only)
    --cpu-period | int | | Limit CPU CFS (Completely Fair Scheduler) period
    --cpu-quota | int | | Limit CPU CFS (Completely Fair Scheduler) quota
    --cpu-rt-period | int | api 1.25, not simulated: kernel settings | Limit CPU real-time period in microseconds
    --cpu-rt-runtime | int | api 1.25, not simulated: kernel settings | Limit CPU real-time runtime in microseconds
    -c, --cpu-shares | int | | CPU shares (relative weight)
    --cpus | decimal | api 1.25 | Number of CPUs
    --cpuset-cpus | string | | CPUs in which to allow execution (0-3, 0,1)
    --cpuset-mems | string | | MEMs in which to allow execution (0-3, 0,1)
    --device | list | not simulated: kernel settings | Add a host device to the container
    --device-cgroup-rule | list | since 17.04, not simulated: kernel settings | Add a rule to the cgroup allowed devices list
    --device-read-bps | list | not simulated: kernel settings | Limit read rate (bytes per second) from a device
    --device-read-iops | list | not simulated: kernel settings | Limit read rate (IO per second) from a device
    --device-write-bps | list | not simulated: kernel settings | Limit write rate (bytes per second) to a device
    --device-write-iops | list | not simulated: kernel settings | Limit write rate (IO per second) to a device
    --dns | list | | Set custom DNS servers
    --dns-option | list | | Set DNS options
    --dns-search | list | | Set custom DNS search domains
    --domainname | string | since 19.03, not simulated: container networks | Container NIS domain name
    --entrypoint | string | | Overwrite the default ENTRYPOINT of the image
    -e, --env | list | | Set environment variables
    --env-file | list | | Read in a file of environment variables
    --expose | list | | Expose a port or a range of ports
    --gpus | gpu-request | since 19.03, api 1.40, not simulated: kernel settings | GPU devices to add to the container ('all' to pass all GPUs)
    --group-add | list | | Add additional groups to join
    --health-cmd | string | | Command to run to check health
    --health-interval | duration | | Time between running the check (ms|s|m|h) (default 0s)
        until 17.06 | Time between running the check (ns|us|ms|s|m|h) (default 0s)
    --health-retries | int | | Consecutive failures needed to report unhealthy
    --health-start-interval | duration | since 25.0, api 1.44, not simulated: health checks | Time between running the check during the start period (ms|s|m|h) (default 0s)
    --health-start-period | duration | since 17.05, api 1.29 | Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)
    --health-timeout | duration | | Maximum time to allow one check to run (ms|s|m|h) (default 0s)
        until 17.06 | Maximum time to allow one check to run (ns|us|ms|s|m|h) (default 0s)
    -h, --hostname | string | | Container host name
    --init | bool | api 1.25 | Run an init inside the container that forwards signals and reaps processes
    -i, --interactive | bool | | Keep STDIN open even if not attached
    --io-maxbandwidth | bytes | not simulated: kernel settings | Maximum IO bandwidth limit for the system drive (Windows only)
    --io-maxiops | uint | not simulated: kernel settings | Maximum IOps limit for the system drive (Windows only)
    --ip | ip | | IPv4 address (e.g., 172.30.100.104)
        until 17.06 | Container IPv4 address (e.g. 172.30.100.104)
    --ip6 | ip | not simulated: container networks | IPv6 address (e.g., 2001:db8::33)
        until 17.06 | Container IPv6 address (e.g. 2001:db8::33)
    --ipc | string | not simulated: kernel settings | IPC mode to use
        until 17.06 | IPC namespace to use
    --isolation | string | not simulated: this option of run | Container isolation technology
    -l, --label | list | | Set meta data on a container
    --label-file | list | | Read in a line delimited file of labels
    --link | list | | Add link to another container
    --link-local-ip | list | not simulated: container networks | Container IPv4/IPv6 link-local addresses
    --log-driver | string | | Logging driver for the container
    --log-opt | list | | Log driver options
    --mac-address | string | not simulated: container networks | Container MAC address (e.g., 92:d0:c6:0a:29:33)
        until 17.06 | Container MAC address (e.g. 92:d0:c6:0a:29:33)
    -m, --memory | bytes | | Memory limit
    --memory-reservation | bytes | | Memory soft limit
    --memory-swap | bytes | | Swap limit equal to memory plus swap: '-1' to enable unlimited swap
    --memory-swappiness | int | default -1 | Tune container memory swappiness (0 to 100)
    --mount | mount | since 17.05 | Attach a filesystem mount to the container
    --name | string | | Assign a name to the container
    --network | network | | Connect a container to a network
    --network-alias | list | | Add network-scoped alias for the container
    --no-healthcheck | bool | | Disable any container-specified HEALTHCHECK
    --oom-kill-disable | bool | | Disable OOM Killer
    --oom-score-adj | int | | Tune host's OOM preferences (-1000 to 1000)
    --pid | string | not simulated: kernel settings | PID namespace to use
    --pids-limit | int | | Tune container pids limit (set -1 for unlimited)
    --platform | string | since 17.12, api 1.32 | Set platform if server is multi-platform capable
    --privileged | bool | | Give extended privileges to this container
    -p, --publish | list | | Publish a container's port(s) to the host
    -P, --publish-all | bool | | Publish all exposed ports to random ports
    --pull | string | since 20.10, default missing | \")
    -q, --quiet | bool | since 23.0 | Suppress the pull output
    --read-only | bool | | Mount the container's root filesystem as read only
    --restart | string | default no | Restart policy to apply when a container exits
    --rm | bool | | Automatically remove the container and its associated anonymous volumes when it exits
        until 20.10 | Automatically remove the container when it exits
    --runtime | string | not simulated: kernel settings | Runtime to use for this container
    --security-opt | list | | Security Options
    --shm-size | bytes | | Size of /dev/shm
        until 17.06 | Size of /dev/shm, default value is 64MB
    --stop-signal | string | | Signal to stop the container
        until 20.10 | Signal to stop a container
        until 17.06 | Signal to stop a container, %v by default
    --stop-timeout | int | api 1.25 | Timeout (in seconds) to stop a container
    --storage-opt | list | not simulated: mounts | Storage driver options for the container
    --sysctl | map | default map[] | Sysctl options
    --tmpfs | list | | Mount a tmpfs directory
    -t, --tty | bool | | Allocate a pseudo-TTY
    --ulimit | ulimit | | Ulimit options
    --use-api-socket | bool | since 28.3, not simulated: this option of run | Bind mount Docker API socket and required auth
    -u, --user | string | | Username or UID (format: <name|uid>[:<group|gid>])
    --userns | string | not simulated: kernel settings | User namespace to use
    --uts | string | not simulated: kernel settings | UTS namespace to use
    -v, --volume | list | | Bind mount a volume
    --volume-driver | string | not simulated: mounts | Optional volume driver for the container
    --volumes-from | list | | Mount volumes from the specified container(s)
    -w, --workdir | string | | Working directory inside the container
";
