//! The table of `docker service update`: what there is to type, since when, and what runs it.

use crate::commands::service;
use crate::profile::{V17_06, V20_10};
use crate::table::{Command, Count, Kind, command, flag};

/// `docker service update`.
pub(super) const UPDATE: Command =
    command("service update", "[OPTIONS] SERVICE", "Update a service")
        .args(Count::Exact(1))
        .flags(&[
            flag("--args", Kind::Command, "Service command args"),
            flag("--cap-add", Kind::List, "Add Linux capabilities").since(20, 10).api("1.41"),
            flag("--cap-drop", Kind::List, "Drop Linux capabilities").since(20, 10).api("1.41"),
            flag("--config-add", Kind::Config, "Add or update a config file on a service")
                .since(17, 6)
                .api("1.30"),
            flag("--config-rm", Kind::List, "Remove a configuration file").since(17, 6).api("1.30"),
            flag("--constraint-add", Kind::List, "Add or update a placement constraint"),
            flag("--constraint-rm", Kind::List, "Remove a constraint"),
            flag("--container-label-add", Kind::List, "Add or update a container label"),
            flag("--container-label-rm", Kind::List, "Remove a container label by its key"),
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
            flag("--dns-add", Kind::List, "Add or update a custom DNS server").api("1.25"),
            flag("--dns-option-add", Kind::List, "Add or update a DNS option").api("1.25"),
            flag("--dns-option-rm", Kind::List, "Remove a DNS option").api("1.25"),
            flag("--dns-rm", Kind::List, "Remove a custom DNS server").api("1.25"),
            flag("--dns-search-add", Kind::List, "Add or update a custom DNS search domain")
                .api("1.25"),
            flag("--dns-search-rm", Kind::List, "Remove a DNS search domain").api("1.25"),
            flag("--endpoint-mode", Kind::String, "Endpoint mode (vip or dnsrr)"),
            flag("--entrypoint", Kind::Command, "Overwrite the default ENTRYPOINT of the image")
                .since(17, 5),
            flag("--env-add", Kind::List, "Add or update an environment variable"),
            flag("--env-rm", Kind::List, "Remove an environment variable"),
            flag("--force", Kind::Bool, "Force update even if no changes require it").api("1.25"),
            flag("--generic-resource-add", Kind::List, "Add a Generic resource")
                .since(17, 12)
                .api("1.32")
                .unsimulated("generic resources"),
            flag("--generic-resource-rm", Kind::List, "Remove a Generic resource")
                .since(17, 12)
                .api("1.32")
                .unsimulated("generic resources"),
            flag(
                "--group-add",
                Kind::List,
                "Add an additional supplementary user group to the container",
            )
            .api("1.25"),
            flag(
                "--group-rm",
                Kind::List,
                "Remove a previously added supplementary user group from the \
container",
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
            flag("--host-add", Kind::List, "Add a custom host-to-IP mapping (\"host:ip\")")
                .api("1.25")
                .was(V20_10, "Add a custom host-to-IP mapping (host:ip)")
                .was(V17_06, "Add or update a custom host-to-IP mapping (host:ip)"),
            flag("--host-rm", Kind::List, "Remove a custom host-to-IP mapping (\"host:ip\")")
                .api("1.25")
                .was(V20_10, "Remove a custom host-to-IP mapping (host:ip)"),
            flag("--hostname", Kind::String, "Container hostname").api("1.25"),
            flag("--image", Kind::String, "Service image tag"),
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
            flag("--label-add", Kind::List, "Add or update a service label"),
            flag("--label-rm", Kind::List, "Remove a label by its key"),
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
            flag("--mount-add", Kind::Mount, "Add or update a mount on a service"),
            flag("--mount-rm", Kind::List, "Remove a mount by its target path"),
            flag("--network-add", Kind::Other("network"), "Add a network").since(17, 5).api("1.29"),
            flag("--network-rm", Kind::List, "Remove a network").since(17, 5).api("1.29"),
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
            flag("--placement-pref-add", Kind::Other("pref"), "Add a placement preference")
                .since(17, 4)
                .api("1.28"),
            flag("--placement-pref-rm", Kind::Other("pref"), "Remove a placement preference")
                .since(17, 4)
                .api("1.28"),
            flag("--publish-add", Kind::Other("port"), "Add or update a published port"),
            flag("--publish-rm", Kind::Other("port"), "Remove a published port by its target port"),
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
            flag("--rollback", Kind::Bool, "Rollback to previous specification").api("1.25"),
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
            .api("1.28"),
            flag("--secret-add", Kind::Secret, "Add or update a secret on a service").api("1.25"),
            flag("--secret-rm", Kind::List, "Remove a secret").api("1.25"),
            flag(
                "--stop-grace-period",
                Kind::Duration,
                "Time to wait before force killing a container (ns|us|ms|s|m|h)",
            ),
            flag("--stop-signal", Kind::String, "Signal to stop the container")
                .since(17, 4)
                .api("1.28"),
            flag("--sysctl-add", Kind::List, "Add or update a Sysctl option")
                .since(19, 3)
                .api("1.40"),
            flag("--sysctl-rm", Kind::List, "Remove a Sysctl option").since(19, 3).api("1.40"),
            flag("-t, --tty", Kind::Bool, "Allocate a pseudo-TTY").api("1.25"),
            flag("--ulimit-add", Kind::Other("ulimit"), "Add or update a ulimit option")
                .since(20, 10)
                .api("1.41"),
            flag("--ulimit-rm", Kind::List, "Remove a ulimit option").since(20, 10).api("1.41"),
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
            ),
            flag("-u, --user", Kind::String, "Username or UID (format: <name|uid>[:<group|gid>])"),
            flag(
                "--with-registry-auth",
                Kind::Bool,
                "Send registry authentication details to swarm agents",
            ),
            flag("-w, --workdir", Kind::String, "Working directory inside the container"),
        ])
        .run(|cli| Box::pin(service::update(cli)));
