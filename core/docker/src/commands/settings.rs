//! Options of `run`, `create` and `update` that set what a kernel would enforce: they are checked,
//! kept and shown by `inspect`, and have no effect.

use sorted::SortedMap;

use daemon::api::Error;
use engine::HealthCheck;
use serde_json::{Value as Json, json};

use crate::cli::{Cli, Failure};
use crate::value;

/// How an option's text becomes a member's value.
#[derive(Clone, Copy)]
enum As {
    Bytes,
    NanoCpus,
    Int,
    Text,
    List,
    Bool,
}

/// Option, member of `HostConfig`, and how to read it.
const SETTINGS: &[(&str, &str, As)] = &[
    ("memory", "Memory", As::Bytes),
    ("memory-reservation", "MemoryReservation", As::Bytes),
    ("memory-swap", "MemorySwap", As::Bytes),
    ("memory-swappiness", "MemorySwappiness", As::Int),
    ("shm-size", "ShmSize", As::Bytes),
    ("cpus", "NanoCpus", As::NanoCpus),
    ("cpu-shares", "CpuShares", As::Int),
    ("cpu-period", "CpuPeriod", As::Int),
    ("cpu-quota", "CpuQuota", As::Int),
    ("cpuset-cpus", "CpusetCpus", As::Text),
    ("cpuset-mems", "CpusetMems", As::Text),
    ("pids-limit", "PidsLimit", As::Int),
    ("oom-kill-disable", "OomKillDisable", As::Bool),
    ("oom-score-adj", "OomScoreAdj", As::Int),
    ("cap-add", "CapAdd", As::List),
    ("cap-drop", "CapDrop", As::List),
    ("security-opt", "SecurityOpt", As::List),
    ("privileged", "Privileged", As::Bool),
    ("init", "Init", As::Bool),
];

/// The members that were asked for, as JSON.
pub(super) fn settings(cli: &Cli) -> Result<SortedMap<String, String>, Failure> {
    let mut found = SortedMap::new();
    for (flag, member, kind) in SETTINGS {
        if !cli.matches.changed(flag) {
            continue;
        }
        let text = cli.flag(flag).unwrap_or_default();
        let json = match kind {
            As::Bytes if text == "-1" => json!(-1),
            As::Bytes => json!(value::bytes(text).unwrap_or(0)),
            As::NanoCpus => json!(value::nano_cpus(text).unwrap_or(0)),
            As::Int => json!(text.parse::<i64>().unwrap_or(0)),
            As::Text => json!(text),
            As::Bool => json!(cli.is_set(flag)),
            As::List => json!(cli.matches.all(flag)),
        };
        found.insert((*member).to_owned(), json.to_string());
    }
    // moby: `daemon/daemon_unix.go`, `verifyContainerResources`.
    const MEMORY_MIN: u64 = 6 << 20;
    let memory = cli.flag("memory").and_then(value::bytes).unwrap_or(0);
    if memory > 0 && memory < MEMORY_MIN {
        let error = Error::invalid("Minimum memory limit allowed is 6MB");
        let text = Failure::Api(error).message(cli.profile);
        return Err(match cli.command.name() {
            "update" => Failure::text(text),
            _ => super::run::failed(cli, &text),
        });
    }
    let ulimits: Vec<Json> = cli
        .matches
        .all("ulimit")
        .iter()
        .filter_map(|text| {
            let (name, limits) = text.split_once('=')?;
            let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
            let number = |text: &str| text.parse::<i64>().ok();
            Some(json!({"Name": name, "Hard": number(hard)?, "Soft": number(soft)?}))
        })
        .collect();
    if !ulimits.is_empty() {
        found.insert("Ulimits".to_owned(), Json::from(ulimits).to_string());
    }
    let sysctls = value::map(cli.matches.all("sysctl"));
    if !sysctls.is_empty() {
        found.insert("Sysctls".to_owned(), json!(sysctls).to_string());
    }
    if let Some(driver) = cli.flag("log-driver") {
        if !matches!(driver, "" | "json-file" | "local" | "none") {
            return Err(Failure::text(format!(
                "not simulated: {} --log-driver {driver}",
                cli.typed
            )));
        }
        let options = value::map(cli.matches.all("log-opt"));
        let driver = if driver.is_empty() { "json-file" } else { driver };
        let config = json!({"Type": driver, "Config": options});
        found.insert("LogConfig".to_owned(), config.to_string());
    }
    Ok(found)
}

/// `--health-cmd` and its like; none of them: the image's.
pub(super) fn health(cli: &Cli) -> Result<Option<HealthCheck>, Failure> {
    let names = ["cmd", "interval", "retries", "start-period", "timeout"];
    let is_given = names.iter().any(|name| cli.matches.changed(&format!("health-{name}")));
    if cli.is_set("no-healthcheck") {
        if is_given {
            let text = "--no-healthcheck conflicts with --health-* options";
            return Err(Failure::Status(text.to_owned(), 125));
        }
        let test = vec!["NONE".to_owned()];
        return Ok(Some(HealthCheck { test, ..HealthCheck::default() }));
    }
    if !is_given {
        return Ok(None);
    }
    let command = cli.flag("health-cmd").unwrap_or_default();
    let test = if command.is_empty() {
        Vec::new()
    } else {
        vec!["CMD-SHELL".to_owned(), command.to_owned()]
    };
    let span = |name: &str| cli.flag(name).and_then(value::duration).unwrap_or_default();
    Ok(Some(HealthCheck {
        test,
        interval: span("health-interval"),
        timeout: span("health-timeout"),
        start_period: span("health-start-period"),
        retries: cli.flag("health-retries").and_then(|text| text.parse().ok()).unwrap_or(0),
    }))
}
