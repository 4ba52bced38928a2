//! Settings of a service's containers that several flags make together: health checks, capabilities, kernel
//! settings, the log driver.

use sorted::SortedMap;

use swarm::objects::{ContainerSpec, Driver, Healthcheck};

use super::spec::{duration, number};
use crate::cli::{Cli, Failure};
use crate::value;

/// The health check with what the flags change; none if there is none and they change nothing.
pub(super) fn health(
    cli: &Cli,
    before: Option<Healthcheck>,
) -> Result<Option<Healthcheck>, Failure> {
    let flags = ["cmd", "interval", "retries", "start-interval", "start-period", "timeout"];
    let changed = flags.iter().any(|flag| cli.matches.changed(&format!("health-{flag}")));
    if cli.is_set("no-healthcheck") {
        if changed {
            return Err(Failure::text("--no-healthcheck conflicts with --health-* options"));
        }
        return Ok(Some(Healthcheck { test: vec!["NONE".to_owned()], ..Healthcheck::default() }));
    }
    if !changed {
        return Ok(before);
    }
    let mut check = before.unwrap_or_default();
    if check.test.first().is_some_and(|word| word == "NONE") {
        check.test.clear();
    }
    if let Some(command) = cli.flag("health-cmd") {
        check.test = if command.is_empty() {
            Vec::new()
        } else {
            vec!["CMD-SHELL".to_owned(), command.to_owned()]
        };
    }
    check.interval = duration(cli, "health-interval").or(check.interval);
    check.timeout = duration(cli, "health-timeout").or(check.timeout);
    check.start_period = duration(cli, "health-start-period").or(check.start_period);
    check.start_interval = duration(cli, "health-start-interval").or(check.start_interval);
    if let Some(count) = number(cli, "health-retries") {
        check.retries = u32::try_from(count).unwrap_or(u32::MAX);
    }
    Ok(Some(check))
}

/// `net_admin` as `CAP_NET_ADMIN`.
fn capability(text: &str) -> String {
    let upper = text.to_uppercase();
    if upper == "ALL" || upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") }
}

/// What `--cap-add` and `--cap-drop` make of the capabilities: what was in the other list is taken out of it,
/// and only what was in none is put into its own (docker/cli: `updateCapabilities`).
pub(super) fn capabilities(cli: &Cli, container: &mut ContainerSpec) {
    let ContainerSpec { cap_add, cap_drop, .. } = container;
    for flag in ["cap-drop", "cap-add"] {
        for text in cli.matches.all(flag) {
            let name = capability(text);
            let (own, other) = if flag == "cap-drop" {
                (&mut *cap_drop, &mut *cap_add)
            } else {
                (&mut *cap_add, &mut *cap_drop)
            };
            let count = other.len();
            other.retain(|known| *known != name);
            if other.len() == count && !own.contains(&name) {
                own.push(name);
            }
        }
    }
    cap_add.sort();
    cap_drop.sort();
}

/// `nofile=1024:2048` as (name, soft, hard).
fn ulimit(text: &str) -> Result<(String, i64, i64), Failure> {
    let invalid = || Failure::text(format!("invalid ulimit argument: {text}"));
    let (name, limits) = text.split_once('=').ok_or_else(invalid)?;
    let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
    let (soft, hard) =
        (soft.parse().map_err(|_| invalid())?, hard.parse::<i64>().map_err(|_| invalid())?);
    if hard != -1 && soft > hard {
        return Err(Failure::text(format!(
            "ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}"
        )));
    }
    Ok((name.to_owned(), soft, hard))
}

/// What `--ulimit` or `--ulimit-add` and `--ulimit-rm` make of the limits.
pub(super) fn ulimits(
    cli: &Cli,
    flag: &str,
    before: Vec<(String, i64, i64)>,
) -> Result<Vec<(String, i64, i64)>, Failure> {
    let removed = cli.matches.all("ulimit-rm");
    let mut limits: SortedMap<String, (i64, i64)> =
        before.into_iter().map(|(name, soft, hard)| (name, (soft, hard))).collect();
    limits.retain(|name, _| !removed.contains(name));
    for text in cli.matches.all(flag) {
        let (name, soft, hard) = ulimit(text)?;
        limits.insert(name, (soft, hard));
    }
    Ok(limits.into_iter().map(|(name, (soft, hard))| (name, soft, hard)).collect())
}

/// The log driver with what the flags change.
pub(super) fn log_driver(cli: &Cli, before: Option<Driver>) -> Option<Driver> {
    if !cli.matches.changed("log-driver") && !cli.matches.changed("log-opt") {
        return before;
    }
    Some(Driver {
        name: cli.flag("log-driver").unwrap_or_default().to_owned(),
        options: value::map(cli.matches.all("log-opt")),
    })
}
