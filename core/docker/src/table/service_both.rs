//! What `docker service create` and `docker service update` both take.

/// The flags that mean the same in both. What update adds and removes by `--env-add` and `--env-rm`, create sets by
/// `--env`: those are in the tables of their own.
pub(super) const BOTH: &str = "
    --cap-add | list | since 20.10, api 1.41 | Add Linux capabilities
    --cap-drop | list | since 20.10, api 1.41 | Drop Linux capabilities
    --credential-spec | credential-spec | since 17.05, api 1.29, not simulated: Windows containers | Credential spec for managed service account (Windows only)
    -d, --detach | bool | since 17.05, api 1.29 | Exit immediately instead of waiting for the service to converge
    --entrypoint | command | since 17.05 | Overwrite the default ENTRYPOINT of the image
    --health-cmd | string | api 1.25 | Command to run to check health
    --health-interval | duration | api 1.25 | Time between running the check (ms|s|m|h)
        until 17.06 | Time between running the check (ns|us|ms|s|m|h)
    --health-retries | int | api 1.25 | Consecutive failures needed to report unhealthy
    --health-start-interval | duration | since 25.0, api 1.44 | Time between running the check during the start period (ms|s|m|h)
    --health-start-period | duration | since 17.05, api 1.29 | Start period for the container to initialize before counting retries towards unstable (ms|s|m|h)
    --health-timeout | duration | api 1.25 | Maximum time to allow one check to run (ms|s|m|h)
        until 17.06 | Maximum time to allow one check to run (ns|us|ms|s|m|h)
    --hostname | string | api 1.25 | Container hostname
    --init | bool | since 18.06, api 1.37 | Use an init inside each service container to forward signals and reap processes
    --isolation | string | since 17.12, api 1.35, not simulated: Windows containers | Service container isolation mode
    --limit-cpu | decimal | | Limit CPUs
    --limit-memory | bytes | | Limit Memory
    --limit-pids | int | since 20.10, api 1.41 | Limit maximum number of processes (default 0 = unlimited)
    --log-driver | string | | Logging driver for service
    --log-opt | list | | Logging driver options
    --max-concurrent | uint | since 20.10, api 1.41 | Number of job tasks to run concurrently (default equal to --replicas)
    --memory-swap | bytes | since 29.0, api 1.52, not simulated: kernel settings | Swap Bytes (-1 for unlimited)
    --memory-swappiness | int | since 29.0, api 1.52, default -1, not simulated: kernel settings | Tune memory swappiness (0-100), -1 to reset to default
    --no-healthcheck | bool | api 1.25 | Disable any container-specified HEALTHCHECK
    --no-resolve-image | bool | since 17.06, api 1.30 | Do not query the registry to resolve image digest and supported platforms
    --oom-score-adj | int | since 27.3, api 1.46, not simulated: kernel settings | Tune host's OOM preferences (-1000 to 1000)
    -q, --quiet | bool | since 17.05 | Suppress progress output
    --read-only | bool | since 17.04, api 1.28 | Mount the container's root filesystem as read only
    --replicas | uint | | Number of tasks
    --replicas-max-per-node | uint | since 19.03, api 1.40 | Maximum number of tasks per node (default 0 = unlimited)
    --reserve-cpu | decimal | | Reserve CPUs
    --reserve-memory | bytes | | Reserve Memory
    --restart-condition | string | | Restart when condition is met (\"none\", \"on-failure\", \"any\")
        until 20.10 | Restart when condition is met (\"none\"|\"on-failure\"|\"any\")
        until 17.06 | Restart when condition is met (none, on-failure, or any)
    --restart-delay | duration | | Delay between restart attempts (ns|us|ms|s|m|h)
    --restart-max-attempts | uint | | Maximum number of restarts before giving up
    --restart-window | duration | | Window used to evaluate the restart policy (ns|us|ms|s|m|h)
    --rollback-delay | duration | since 17.04, api 1.28 | Delay between task rollbacks (ns|us|ms|s|m|h)
    --rollback-failure-action | string | since 17.04, api 1.28 | Action on rollback failure (\"pause\", \"continue\")
        until 20.10 | Action on rollback failure (\"pause\"|\"continue\")
    --rollback-max-failure-ratio | float | since 17.04, api 1.28 | Failure rate to tolerate during a rollback
    --rollback-monitor | duration | since 17.04, api 1.28 | Duration after each task rollback to monitor for failure (ns|us|ms|s|m|h)
    --rollback-order | string | since 17.05, api 1.29 | Rollback order (\"start-first\", \"stop-first\")
        until 20.10 | Rollback order (\"start-first\"|\"stop-first\")
    --stop-grace-period | duration | | Time to wait before force killing a container (ns|us|ms|s|m|h)
    --stop-signal | string | since 17.04, api 1.28 | Signal to stop the container
    -t, --tty | bool | api 1.25 | Allocate a pseudo-TTY
    --update-delay | duration | | Delay between updates (ns|us|ms|s|m|h)
        until 17.06 | Delay between updates (ns|us|ms|s|m|h) (default 0s)
    --update-failure-action | string | | Action on update failure (\"pause\", \"continue\", \"rollback\")
        until 20.10 | Action on update failure (\"pause\"|\"continue\"|\"rollback\")
        until 17.06 | Action on update failure (pause|continue)
    --update-max-failure-ratio | float | api 1.25 | Failure rate to tolerate during an update
    --update-monitor | duration | api 1.25 | Duration after each task update to monitor for failure (ns|us|ms|s|m|h)
        until 17.06 | Duration after each task update to monitor for failure (ns|us|ms|s|m|h) (default 0s)
    --update-order | string | since 17.05, api 1.29 | Update order (\"start-first\", \"stop-first\")
        until 20.10 | Update order (\"start-first\"|\"stop-first\")
    -u, --user | string | | Username or UID (format: <name|uid>[:<group|gid>])
    --with-registry-auth | bool | | Send registry authentication details to swarm agents
    -w, --workdir | string | | Working directory inside the container
";
