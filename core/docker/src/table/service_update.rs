//! The table of `docker service update`: what there is to type, since when, and what runs it.

use crate::commands::service;
use crate::table::service_both::BOTH;
use crate::table::{Command, Count, command};

/// `docker service update`.
pub(super) const UPDATE: Command =
    command("service update", "[OPTIONS] SERVICE", "Update a service")
        .args(Count::Exact(1))
        .flags(BOTH)
        .more_flags("
            --args | command | | Service command args
            --config-add | config | since 17.06, api 1.30 | Add or update a config file on a service
            --config-rm | list | since 17.06, api 1.30 | Remove a configuration file
            --constraint-add | list | | Add or update a placement constraint
            --constraint-rm | list | | Remove a constraint
            --container-label-add | list | | Add or update a container label
            --container-label-rm | list | | Remove a container label by its key
            --dns-add | list | api 1.25 | Add or update a custom DNS server
            --dns-option-add | list | api 1.25 | Add or update a DNS option
            --dns-option-rm | list | api 1.25 | Remove a DNS option
            --dns-rm | list | api 1.25 | Remove a custom DNS server
            --dns-search-add | list | api 1.25 | Add or update a custom DNS search domain
            --dns-search-rm | list | api 1.25 | Remove a DNS search domain
            --endpoint-mode | string | | Endpoint mode (vip or dnsrr)
            --env-add | list | | Add or update an environment variable
            --env-rm | list | | Remove an environment variable
            --force | bool | api 1.25 | Force update even if no changes require it
            --generic-resource-add | list | since 17.12, api 1.32, not simulated: generic resources | Add a Generic resource
            --generic-resource-rm | list | since 17.12, api 1.32, not simulated: generic resources | Remove a Generic resource
            --group-add | list | api 1.25 | Add an additional supplementary user group to the container
            --group-rm | list | api 1.25 | Remove a previously added supplementary user group from the container
            --host-add | list | api 1.25 | Add a custom host-to-IP mapping (\"host:ip\")
                until 20.10 | Add a custom host-to-IP mapping (host:ip)
                until 17.06 | Add or update a custom host-to-IP mapping (host:ip)
            --host-rm | list | api 1.25 | Remove a custom host-to-IP mapping (\"host:ip\")
                until 20.10 | Remove a custom host-to-IP mapping (host:ip)
            --image | string | | Service image tag
            --label-add | list | | Add or update a service label
            --label-rm | list | | Remove a label by its key
            --mount-add | mount | | Add or update a mount on a service
            --mount-rm | list | | Remove a mount by its target path
            --network-add | network | since 17.05, api 1.29 | Add a network
            --network-rm | list | since 17.05, api 1.29 | Remove a network
            --placement-pref-add | pref | since 17.04, api 1.28 | Add a placement preference
            --placement-pref-rm | pref | since 17.04, api 1.28 | Remove a placement preference
            --publish-add | port | | Add or update a published port
            --publish-rm | port | | Remove a published port by its target port
            --rollback | bool | api 1.25 | Rollback to previous specification
            --rollback-parallelism | uint | since 17.04, api 1.28 | Maximum number of tasks rolled back simultaneously (0 to roll back all at once)
            --secret-add | secret | api 1.25 | Add or update a secret on a service
            --secret-rm | list | api 1.25 | Remove a secret
            --sysctl-add | list | since 19.03, api 1.40 | Add or update a Sysctl option
            --sysctl-rm | list | since 19.03, api 1.40 | Remove a Sysctl option
            --ulimit-add | ulimit | since 20.10, api 1.41 | Add or update a ulimit option
            --ulimit-rm | list | since 20.10, api 1.41 | Remove a ulimit option
            --update-parallelism | uint | | Maximum number of tasks updated simultaneously (0 to update all at once)
        ")
        .run(|cli| Box::pin(service::update(cli)));
