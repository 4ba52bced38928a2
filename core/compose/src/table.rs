//! The members of a file by version (docker/cli: `cli/compose/schema/data/config_schema_v3.*.json`), and the
//! options that a stack does not have (`cli/compose/types`).

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Type {
    Text,
    Int,
    Number,
    Bool,
    TextOrNumber,
    /// `1m30s`.
    Duration,
    /// A list of different texts.
    Texts,
    /// The same with numbers.
    Scalars,
    TextOrTexts,
    /// A map of scalars, or a list of `key=value`.
    Dict,
    /// A map of scalars.
    ScalarMap,
    ListOf(&'static Type),
    MapOf(&'static Type),
    Object(&'static [Prop]),
    Either(&'static [Type]),
    Nullable(&'static Type),
    Any,
}

/// A member, and the minor version that brought it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prop {
    pub(crate) name: &'static str,
    pub(crate) since: u8,
    pub(crate) kind: Type,
}

const fn prop(name: &'static str, kind: Type) -> Prop {
    Prop { name, since: 0, kind }
}

const fn since(since: u8, name: &'static str, kind: Type) -> Prop {
    Prop { name, since, kind }
}

use Type::{
    Any, Bool, Dict, Duration, Either, Int, ListOf, MapOf, Nullable, Number, Object, ScalarMap,
    Scalars, Text, TextOrNumber, TextOrTexts, Texts,
};

/// The file itself.
pub(crate) const ROOT: &[Prop] = &[
    prop("version", Text),
    prop("services", MapOf(&Object(SERVICE))),
    prop("networks", MapOf(&Nullable(&Object(NETWORK)))),
    prop("volumes", MapOf(&Nullable(&Object(VOLUME)))),
    since(1, "secrets", MapOf(&Object(SECRET))),
    since(3, "configs", MapOf(&Object(CONFIG))),
];

const EXTERNAL: Type = Either(&[Bool, Object(&[prop("name", Text)])]);

const NETWORK: &[Prop] = &[
    since(5, "name", Text),
    prop("driver", Text),
    prop("driver_opts", ScalarMap),
    prop(
        "ipam",
        Object(&[prop("driver", Text), prop("config", ListOf(&Object(&[prop("subnet", Text)])))]),
    ),
    prop("external", EXTERNAL),
    prop("internal", Bool),
    since(1, "attachable", Bool),
    prop("labels", Dict),
];

const VOLUME: &[Prop] = &[
    since(4, "name", Text),
    prop("driver", Text),
    prop("driver_opts", ScalarMap),
    prop("external", EXTERNAL),
    prop("labels", Dict),
];

const SECRET: &[Prop] = &[
    since(5, "name", Text),
    prop("file", Text),
    prop("external", EXTERNAL),
    prop("labels", Dict),
    since(8, "driver", Text),
    since(8, "driver_opts", ScalarMap),
    since(8, "template_driver", Text),
];

const CONFIG: &[Prop] = &[
    since(5, "name", Text),
    prop("file", Text),
    prop("external", EXTERNAL),
    prop("labels", Dict),
    since(8, "template_driver", Text),
];

const REFERENCES: Type = ListOf(&Either(&[
    Text,
    Object(&[
        prop("source", Text),
        prop("target", Text),
        prop("uid", Text),
        prop("gid", Text),
        prop("mode", Number),
    ]),
]));

const SERVICE: &[Prop] = &[
    prop("build", Either(&[Text, MapOf(&Any)])),
    prop("cap_add", Texts),
    prop("cap_drop", Texts),
    prop("cgroup_parent", Text),
    prop("command", TextOrTexts),
    since(3, "configs", REFERENCES),
    prop("container_name", Text),
    since(3, "credential_spec", MapOf(&Any)),
    prop("depends_on", Texts),
    prop("deploy", Nullable(&Object(DEPLOY))),
    prop("devices", Texts),
    prop("dns", TextOrTexts),
    prop("dns_search", TextOrTexts),
    prop("domainname", Text),
    prop("entrypoint", TextOrTexts),
    prop("env_file", TextOrTexts),
    prop("environment", Dict),
    prop("expose", Scalars),
    prop("external_links", Texts),
    prop("extra_hosts", Dict),
    prop("healthcheck", Object(HEALTHCHECK)),
    prop("hostname", Text),
    prop("image", Text),
    since(7, "init", Bool),
    prop("ipc", Text),
    since(5, "isolation", Text),
    prop("labels", Dict),
    prop("links", Texts),
    prop("logging", Object(&[prop("driver", Text), prop("options", ScalarMap)])),
    prop("mac_address", Text),
    prop("network_mode", Text),
    prop("networks", Either(&[Texts, MapOf(&Nullable(&Object(PLACE)))])),
    prop("pid", Nullable(&Text)),
    prop("ports", ListOf(&Either(&[TextOrNumber, Object(PORT)]))),
    prop("privileged", Bool),
    prop("read_only", Bool),
    prop("restart", Text),
    since(1, "secrets", REFERENCES),
    prop("security_opt", Texts),
    prop("shm_size", TextOrNumber),
    prop("stdin_open", Bool),
    prop("stop_grace_period", Duration),
    prop("stop_signal", Text),
    prop("sysctls", Dict),
    prop("tmpfs", TextOrTexts),
    prop("tty", Bool),
    prop("ulimits", MapOf(&Either(&[Int, Object(&[prop("hard", Int), prop("soft", Int)])]))),
    prop("user", Text),
    prop("userns_mode", Text),
    prop("volumes", ListOf(&Either(&[Text, Object(MOUNT)]))),
    prop("working_dir", Text),
    // Not in any of the schemas; known so that the reason can be told.
    prop("extends", Any),
    prop("volume_driver", Any),
    prop("volumes_from", Any),
    prop("cpu_quota", Any),
    prop("cpu_shares", Any),
    prop("cpuset", Any),
    prop("mem_limit", Any),
    prop("memswap_limit", Any),
];

const PLACE: &[Prop] =
    &[prop("aliases", Texts), prop("ipv4_address", Text), prop("ipv6_address", Text)];

const PORT: &[Prop] = &[
    since(2, "mode", Text),
    since(2, "target", Int),
    since(2, "published", Int),
    since(2, "protocol", Text),
];

const MOUNT: &[Prop] = &[
    since(2, "type", Text),
    since(2, "source", Text),
    since(2, "target", Text),
    since(2, "read_only", Bool),
    since(2, "consistency", Text),
    since(2, "bind", Object(&[prop("propagation", Text)])),
    since(2, "volume", Object(&[prop("nocopy", Bool)])),
    since(6, "tmpfs", Object(&[prop("size", Int)])),
];

const HEALTHCHECK: &[Prop] = &[
    prop("disable", Bool),
    prop("interval", Duration),
    prop("retries", Number),
    prop("test", TextOrTexts),
    prop("timeout", Duration),
    since(4, "start_period", Duration),
];

const CHANGE: &[Prop] = &[
    prop("parallelism", Int),
    prop("delay", Duration),
    prop("failure_action", Text),
    prop("monitor", Duration),
    prop("max_failure_ratio", Number),
    since(4, "order", Text),
];

const DEPLOY: &[Prop] = &[
    prop("mode", Text),
    since(3, "endpoint_mode", Text),
    prop("replicas", Int),
    prop("labels", Dict),
    prop("update_config", Object(CHANGE)),
    since(7, "rollback_config", Object(CHANGE)),
    prop(
        "resources",
        Object(&[
            prop(
                "limits",
                Object(&[prop("cpus", Text), prop("memory", Text), since(9, "pids", Int)]),
            ),
            prop(
                "reservations",
                Object(&[
                    prop("cpus", Text),
                    prop("memory", Text),
                    since(5, "generic_resources", Any),
                ]),
            ),
        ]),
    ),
    prop(
        "restart_policy",
        Object(&[
            prop("condition", Text),
            prop("delay", Duration),
            prop("max_attempts", Int),
            prop("window", Duration),
        ]),
    ),
    prop(
        "placement",
        Object(&[
            prop("constraints", Texts),
            since(3, "preferences", ListOf(&Object(&[prop("spread", Text)]))),
            since(8, "max_replicas_per_node", Int),
        ]),
    ),
];

/// Options that a stack ignores, sorted; the last release of the docker command line that did so.
pub(crate) const UNSUPPORTED: &[(&str, u16)] = &[
    ("build", u16::MAX),
    ("cap_add", 1903),
    ("cap_drop", 1903),
    ("cgroup_parent", u16::MAX),
    ("devices", u16::MAX),
    ("domainname", u16::MAX),
    ("external_links", u16::MAX),
    ("ipc", u16::MAX),
    ("links", u16::MAX),
    ("mac_address", u16::MAX),
    ("network_mode", u16::MAX),
    ("pid", u16::MAX),
    ("privileged", u16::MAX),
    ("restart", u16::MAX),
    ("security_opt", u16::MAX),
    ("shm_size", u16::MAX),
    ("sysctls", 1809),
    ("ulimits", 1903),
    ("userns_mode", u16::MAX),
];

/// Options that should not be used any more.
pub(crate) const DEPRECATED: &[(&str, &str)] = &[
    ("container_name", "Setting the container name is not supported."),
    (
        "expose",
        "Exposing ports is unnecessary - services on the same network can access each other's \
         containers on any port.",
    ),
];

const RESOURCES: &str = "Set resource limits using deploy.resources";

/// Options that end the reading of the file.
pub(crate) const FORBIDDEN: &[(&str, &str)] = &[
    ("cpu_quota", RESOURCES),
    ("cpu_shares", RESOURCES),
    ("cpuset", RESOURCES),
    ("extends", "Support for `extends` is not implemented yet."),
    ("mem_limit", RESOURCES),
    ("memswap_limit", RESOURCES),
    (
        "volume_driver",
        "Instead of setting the volume driver on the service, define a volume using the top-level \
         `volumes` option and specify the driver there.",
    ),
    (
        "volumes_from",
        "To share a volume between services, define it using the top-level `volumes` option and \
         reference it from each service that shares it using the service-level `volumes` option.",
    ),
];
