//! The table of `docker service create`: what there is to type, since when, and what runs it.

use crate::commands::service;
use crate::table::service_both::BOTH;
use crate::table::{Command, Count, command};

/// `docker service create`.
pub(super) const CREATE: Command =
    command("service create", "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new service")
        .args(Count::Min(1))
        .not_interspersed()
        .flags(BOTH)
        .more_flags("
            --config | config | since 17.06, api 1.30 | Specify configurations to expose to the service
            --constraint | list | | Placement constraints
            --container-label | list | | Container labels
            --dns | list | api 1.25 | Set custom DNS servers
            --dns-option | list | api 1.25 | Set DNS options
            --dns-search | list | api 1.25 | Set custom DNS search domains
            --endpoint-mode | string | default vip | Endpoint mode (vip or dnsrr)
            -e, --env | list | | Set environment variables
            --env-file | list | | Read in a file of environment variables
            --generic-resource | list | since 17.12, not simulated: generic resources | User defined resources
            --group | list | api 1.25 | Set one or more supplementary user groups for the container
            --host | list | api 1.25 | Set one or more custom host-to-IP mappings (host:ip)
            -l, --label | list | | Service labels
            --mode | string | default replicated | Service mode (\"replicated\", \"global\", \"replicated-job\", \"global-job\")
                until 20.10 | Service mode (replicated, global, replicated-job, or global-job)
                until 17.06 | Service mode (replicated or global)
            --mount | mount | | Attach a filesystem mount to the service
            --name | string | | Service name
            --network | network | | Network attachments
            --placement-pref | pref | since 17.04, api 1.28 | Add a placement preference
            -p, --publish | port | | Publish a port as a node port
            --rollback-parallelism | uint | since 17.04, api 1.28, default 1 | Maximum number of tasks rolled back simultaneously (0 to roll back all at once)
            --secret | secret | api 1.25 | Specify secrets to expose to the service
            --sysctl | list | since 19.03, api 1.40 | Sysctl options
            --ulimit | ulimit | since 20.10, api 1.41 | Ulimit options
            --update-parallelism | uint | default 1 | Maximum number of tasks updated simultaneously (0 to update all at once)
        ")
        .run(|cli| Box::pin(service::create(cli)));
