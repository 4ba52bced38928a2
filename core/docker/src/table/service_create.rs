//! The table of `docker service create`: what there is to type, since when, and what runs it.

use crate::commands::service;
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, Kind, command, flag};

/// `docker service create`.
pub(super) const CREATE: Command =
    command("service create", "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new service")
        .args(Count::Min(1))
        .not_interspersed()
        .flags(&[
            flag("--cap-add", Kind::List, "Add Linux capabilities").since(20, 10).api("1.41"),
            flag("--cap-drop", Kind::List, "Drop Linux capabilities").since(20, 10).api("1.41"),
            flag("--config", Kind::Config, "Specify configurations to expose to the service")
                .since(17, 6)
                .api("1.30"),
            flag("--constraint", Kind::List, "Placement constraints"),
            flag("--container-label", Kind::List, "Container labels"),
            flag(
                "--credential-spec",
                Kind::Other("credential-spec"),
                "Credential spec for managed service account (Windows only)",
            )
            .since(17, 5)
            .api("1.29")
            .unsimulated("Windows containers"),
            flag(
                "-d, --detach",
                Kind::Bool,
                "Exit immediately instead of waiting for the service to converge",
            )
            .since(17, 5)
            .api("1.29"),
            flag("--dns", Kind::List, "Set custom DNS servers").api("1.25"),
            flag("--dns-option", Kind::List, "Set DNS options").api("1.25"),
            flag("--dns-search", Kind::List, "Set custom DNS search domains").api("1.25"),
            flag("--endpoint-mode", Kind::String, "Endpoint mode (vip or dnsrr)").default("vip"),
            flag("--entrypoint", Kind::Command, "Overwrite the default ENTRYPOINT of the image")
                .since(17, 5),
            flag("-e, --env", Kind::List, "Set environment variables"),
            flag("--env-file", Kind::List, "Read in a file of environment variables"),
            flag("--generic-resource", Kind::List, "User defined resources")
                .since(17, 12)
                .unsimulated("generic resources"),
            flag(
                "--group",
                Kind::List,
                "Set one or more supplementary user groups for the container",
            )
            .api("1.25"),
            flag("--health-cmd", Kind::String, "Command to run to check health").api("1.25"),
            flag("--health-interval", Kind::Duration, "Time between running the check (ms|s|m|h)")
                .api("1.25")
                .was(V17_06, "Time between running the check (ns|us|ms|s|m|h)"),
            flag("--health-retries", Kind::Int, "Consecutive failures needed to report unhealthy")
                .api("1.25"),
            flag(
                "--health-start-interval",
                Kind::Duration,
                "Time between running the check during the start period (ms|s|m|h)",
            )
            .since(25, 0)
            .api("1.44"),
            flag(
                "--health-start-period",
                Kind::Duration,
                "Start period for the container to initialize before counting \
retries towards unstable (ms|s|m|h)",
            )
            .since(17, 5)
            .api("1.29"),
            flag(
                "--health-timeout",
                Kind::Duration,
                "Maximum time to allow one check to run (ms|s|m|h)",
            )
            .api("1.25")
            .was(V17_06, "Maximum time to allow one check to run (ns|us|ms|s|m|h)"),
            flag("--host", Kind::List, "Set one or more custom host-to-IP mappings (host:ip)")
                .api("1.25"),
            flag("--hostname", Kind::String, "Container hostname").api("1.25"),
            flag(
                "--init",
                Kind::Bool,
                "Use an init inside each service container to forward signals and \
reap processes",
            )
            .since(18, 6)
            .api("1.37"),
            flag("--isolation", Kind::String, "Service container isolation mode")
                .since(17, 12)
                .api("1.35")
                .unsimulated("Windows containers"),
            flag("-l, --label", Kind::List, "Service labels"),
            flag("--limit-cpu", Kind::Decimal, "Limit CPUs"),
            flag("--limit-memory", Kind::Bytes, "Limit Memory"),
            flag(
                "--limit-pids",
                Kind::Int,
                "Limit maximum number of processes (default 0 = unlimited)",
            )
            .since(20, 10)
            .api("1.41"),
            flag("--log-driver", Kind::String, "Logging driver for service"),
            flag("--log-opt", Kind::List, "Logging driver options"),
            flag(
                "--max-concurrent",
                Kind::Uint,
                "Number of job tasks to run concurrently (default equal to \
--replicas)",
            )
            .since(20, 10)
            .api("1.41"),
            flag("--memory-swap", Kind::Bytes, "Swap Bytes (-1 for unlimited)")
                .since(29, 0)
                .api("1.52")
                .unsimulated("kernel settings"),
            flag(
                "--memory-swappiness",
                Kind::Int,
                "Tune memory swappiness (0-100), -1 to reset to default",
            )
            .since(29, 0)
            .api("1.52")
            .default("-1")
            .unsimulated("kernel settings"),
            flag(
                "--mode",
                Kind::String,
                "Service mode (\"replicated\", \"global\", \"replicated-job\", \
\"global-job\")",
            )
            .default("replicated")
            .was(V20_10, "Service mode (replicated, global, replicated-job, or global-job)")
            .was(V17_06, "Service mode (replicated or global)"),
            flag("--mount", Kind::Mount, "Attach a filesystem mount to the service"),
            flag("--name", Kind::String, "Service name"),
            flag("--network", Kind::Other("network"), "Network attachments"),
            flag("--no-healthcheck", Kind::Bool, "Disable any container-specified HEALTHCHECK")
                .api("1.25"),
            flag(
                "--no-resolve-image",
                Kind::Bool,
                "Do not query the registry to resolve image digest and supported \
platforms",
            )
            .since(17, 6)
            .api("1.30"),
            flag("--oom-score-adj", Kind::Int, "Tune host's OOM preferences (-1000 to 1000) ")
                .since(27, 3)
                .api("1.46")
                .unsimulated("kernel settings"),
            flag("--placement-pref", Kind::Other("pref"), "Add a placement preference")
                .since(17, 4)
                .api("1.28"),
            flag("-p, --publish", Kind::Other("port"), "Publish a port as a node port"),
            flag("-q, --quiet", Kind::Bool, "Suppress progress output").since(17, 5),
            flag("--read-only", Kind::Bool, "Mount the container's root filesystem as read only")
                .since(17, 4)
                .api("1.28"),
            flag("--replicas", Kind::Uint, "Number of tasks"),
            flag(
                "--replicas-max-per-node",
                Kind::Uint,
                "Maximum number of tasks per node (default 0 = unlimited)",
            )
            .since(19, 3)
            .api("1.40"),
            flag("--reserve-cpu", Kind::Decimal, "Reserve CPUs"),
            flag("--reserve-memory", Kind::Bytes, "Reserve Memory"),
            flag(
                "--restart-condition",
                Kind::String,
                "Restart when condition is met (\"none\", \"on-failure\", \"any\")",
            )
            .was(V20_10, "Restart when condition is met (\"none\"|\"on-failure\"|\"any\")")
            .was(V17_06, "Restart when condition is met (none, on-failure, or any)"),
            flag(
                "--restart-delay",
                Kind::Duration,
                "Delay between restart attempts (ns|us|ms|s|m|h)",
            ),
            flag(
                "--restart-max-attempts",
                Kind::Uint,
                "Maximum number of restarts before giving up",
            ),
            flag(
                "--restart-window",
                Kind::Duration,
                "Window used to evaluate the restart policy (ns|us|ms|s|m|h)",
            ),
            flag(
                "--rollback-delay",
                Kind::Duration,
                "Delay between task rollbacks (ns|us|ms|s|m|h)",
            )
            .since(17, 4)
            .api("1.28"),
            flag(
                "--rollback-failure-action",
                Kind::String,
                "Action on rollback failure (\"pause\", \"continue\")",
            )
            .since(17, 4)
            .api("1.28")
            .was(V20_10, "Action on rollback failure (\"pause\"|\"continue\")"),
            flag(
                "--rollback-max-failure-ratio",
                Kind::Float,
                "Failure rate to tolerate during a rollback",
            )
            .since(17, 4)
            .api("1.28"),
            flag(
                "--rollback-monitor",
                Kind::Duration,
                "Duration after each task rollback to monitor for failure \
(ns|us|ms|s|m|h)",
            )
            .since(17, 4)
            .api("1.28"),
            flag(
                "--rollback-order",
                Kind::String,
                "Rollback order (\"start-first\", \"stop-first\")",
            )
            .since(17, 5)
            .api("1.29")
            .was(V20_10, "Rollback order (\"start-first\"|\"stop-first\")"),
            flag(
                "--rollback-parallelism",
                Kind::Uint,
                "Maximum number of tasks rolled back simultaneously (0 to roll \
back all at once)",
            )
            .since(17, 4)
            .api("1.28")
            .default("1"),
            flag("--secret", Kind::Secret, "Specify secrets to expose to the service").api("1.25"),
            flag(
                "--stop-grace-period",
                Kind::Duration,
                "Time to wait before force killing a container (ns|us|ms|s|m|h)",
            ),
            flag("--stop-signal", Kind::String, "Signal to stop the container")
                .since(17, 4)
                .api("1.28"),
            flag("--sysctl", Kind::List, "Sysctl options").since(19, 3).api("1.40"),
            flag("-t, --tty", Kind::Bool, "Allocate a pseudo-TTY").api("1.25"),
            flag("--ulimit", Kind::Other("ulimit"), "Ulimit options").since(20, 10).api("1.41"),
            flag("--update-delay", Kind::Duration, "Delay between updates (ns|us|ms|s|m|h)")
                .was(V17_06, "Delay between updates (ns|us|ms|s|m|h) (default 0s)"),
            flag(
                "--update-failure-action",
                Kind::String,
                "Action on update failure (\"pause\", \"continue\", \"rollback\")",
            )
            .was(V20_10, "Action on update failure (\"pause\"|\"continue\"|\"rollback\")")
            .was(V17_06, "Action on update failure (pause|continue)"),
            flag(
                "--update-max-failure-ratio",
                Kind::Float,
                "Failure rate to tolerate during an update",
            )
            .api("1.25"),
            flag(
                "--update-monitor",
                Kind::Duration,
                "Duration after each task update to monitor for failure \
(ns|us|ms|s|m|h)",
            )
            .api("1.25")
            .was(
                V17_06,
                "Duration after each task update to monitor for failure \
(ns|us|ms|s|m|h) (default 0s)",
            ),
            flag("--update-order", Kind::String, "Update order (\"start-first\", \"stop-first\")")
                .since(17, 5)
                .api("1.29")
                .was(V20_10, "Update order (\"start-first\"|\"stop-first\")"),
            flag(
                "--update-parallelism",
                Kind::Uint,
                "Maximum number of tasks updated simultaneously (0 to update all \
at once)",
            )
            .default("1"),
            flag("-u, --user", Kind::String, "Username or UID (format: <name|uid>[:<group|gid>])"),
            flag(
                "--with-registry-auth",
                Kind::Bool,
                "Send registry authentication details to swarm agents",
            ),
            flag("-w, --workdir", Kind::String, "Working directory inside the container"),
        ])
        .run(|cli| Box::pin(service::create(cli)));
