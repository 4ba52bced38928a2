//! What an engine of a release can do by itself, as its node tells the managers (moby:
//! `daemon/info.go`, `executor/container/executor.go`).

/// Kind, name, and the releases that have it: the first and the last, as `(major, minor)`.
type Plugin = (&'static str, &'static str, (u8, u8), (u8, u8));

const EVER: (u8, u8) = (u8::MAX, 0);

/// Sorted by kind and name.
const PLUGINS: &[Plugin] = &[
    ("Log", "awslogs", (17, 6), EVER),
    ("Log", "fluentd", (17, 6), EVER),
    ("Log", "gcplogs", (17, 6), EVER),
    ("Log", "gelf", (17, 6), EVER),
    ("Log", "journald", (17, 6), EVER),
    ("Log", "json-file", (17, 6), EVER),
    ("Log", "local", (18, 9), EVER),
    ("Log", "logentries", (17, 6), (24, 0)),
    ("Log", "splunk", (17, 6), EVER),
    ("Log", "syslog", (17, 6), EVER),
    ("Network", "bridge", (1, 12), EVER),
    ("Network", "host", (1, 12), EVER),
    ("Network", "ipvlan", (19, 3), EVER),
    ("Network", "macvlan", (1, 13), EVER),
    ("Network", "null", (1, 12), EVER),
    ("Network", "overlay", (1, 12), EVER),
    ("Volume", "local", (1, 12), EVER),
];

/// The plugins of an engine's version, `19.03.15`, as kind and name.
pub fn plugins(engine: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut numbers = engine.split('.').map(|part| part.parse::<u8>().unwrap_or(0));
    let release = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let has = move |(.., since, until): &&Plugin| (*since..=*until).contains(&release);
    PLUGINS.iter().filter(has).map(|(kind, name, ..)| (*kind, *name))
}
