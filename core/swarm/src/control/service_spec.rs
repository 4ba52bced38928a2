//! What a service's spec may say (swarmkit: `manager/controlapi/service.go`, `validate*`).

use sorted::{SortedMap, SortedSet};

use sim::Duration;

use super::names::check_dns_name;
use super::{ApiError, image};
use crate::leader::constraint;
use crate::objects::{
    ContainerSpec, EndpointMode, EndpointSpec, FileTarget, Healthcheck, PublishMode,
    ResourceAmounts, ServiceSpec, TaskSpec, UpdateConfig,
};

/// The least processor time that can be asked for, in billionths.
const NANO_CPUS_MIN: i64 = 1_000_000;
/// The least memory that can be asked for.
const MEMORY_BYTES_MIN: i64 = 4 * 1024 * 1024;
/// The least duration of a health check.
const HEALTH_DURATION_MIN: Duration = Duration::from_millis(1);

pub(super) fn check(spec: &ServiceSpec) -> Result<(), ApiError> {
    check_dns_name(&spec.annotations)?;
    check_task(&spec.task)?;
    if spec.mode.is_job() {
        if spec.update.is_some() {
            return Err(ApiError::invalid("Jobs may not have an update config"));
        }
    } else {
        check_update(spec.update.as_ref())?;
    }
    check_endpoint(spec.endpoint.as_ref())
}

fn check_task(task: &TaskSpec) -> Result<(), ApiError> {
    check_resources(&task.resources.limits)?;
    check_resources(&task.resources.reservations)?;
    // gRPC has no code for what is no status: swarmkit's parser gives a plain error.
    constraint::parse(&task.placement.constraints)
        .map_err(|text| ApiError::new(super::Code::Unknown, text))?;
    let secrets = task.container.secrets.iter();
    check_references(
        "secret",
        secrets.map(|r| (&*r.secret_id, r.secret_name.as_str(), r.file.as_ref(), false)),
    )?;
    let configs = task.container.configs.iter();
    check_references(
        "config",
        configs.map(|r| (&*r.config_id, r.config_name.as_str(), r.file.as_ref(), r.runtime)),
    )?;
    check_container(&task.container)
}

fn check_resources(amounts: &ResourceAmounts) -> Result<(), ApiError> {
    let ResourceAmounts { nano_cpus, memory_bytes, .. } = *amounts;
    if nano_cpus != 0 && nano_cpus < NANO_CPUS_MIN {
        return Err(ApiError::invalid(format!(
            "invalid cpu value {}: Must be at least 0.001",
            billionths(nano_cpus)
        )));
    }
    if memory_bytes != 0 && memory_bytes < MEMORY_BYTES_MIN {
        return Err(ApiError::invalid(format!(
            "invalid memory value {memory_bytes}: Must be at least 4MiB"
        )));
    }
    Ok(())
}

/// A number of billionths as Go's `%g` prints the quotient: `0.0001`, `1e-05`.
fn billionths(nanos: i64) -> String {
    let (sign, digits) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    if digits == 0 {
        return "0".to_owned();
    }
    // From 0.0001 on the number is written out, below with an exponent.
    if 100_000 <= digits {
        let text = format!("{}.{:09}", digits / 1_000_000_000, digits % 1_000_000_000);
        return format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.'));
    }
    let text = digits.to_string();
    let exponent = 9 - (text.len() - 1);
    let (first, rest) = text.split_at(1);
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e-{exponent:02}")
}

/// References to secrets and configs: complete, and no two for the same file.
fn check_references<'a>(
    word: &str,
    references: impl Iterator<Item = (&'a str, &'a str, Option<&'a FileTarget>, bool)>,
) -> Result<(), ApiError> {
    let mut targets: SortedMap<&str, &str> = SortedMap::new();
    for (id, name, file, runtime) in references {
        if id.is_empty() || name.is_empty() {
            return Err(ApiError::invalid(format!("malformed {word} reference")));
        }
        let Some(file) = file else {
            if runtime {
                continue;
            }
            return Err(ApiError::invalid(format!(
                "malformed {word} reference, no target provided"
            )));
        };
        if file.name.is_empty() {
            return Err(ApiError::invalid(format!(
                "malformed file {word} reference, invalid target file name provided"
            )));
        }
        if let Some(other) = targets.insert(&file.name, name) {
            return Err(ApiError::invalid(format!(
                "{word} references '{other}' and '{name}' have a conflicting target: '{}'",
                file.name
            )));
        }
    }
    Ok(())
}

fn check_container(container: &ContainerSpec) -> Result<(), ApiError> {
    if container.image.is_empty() {
        return Err(ApiError::invalid("ContainerSpec: image reference must be provided"));
    }
    if !image::is_reference(&container.image) {
        return Err(ApiError::invalid(format!(
            "ContainerSpec: {:?} is not a valid repository/tag",
            container.image
        )));
    }
    let mut targets = SortedSet::new();
    for mount in &container.mounts {
        if !targets.insert(mount.target.as_str()) {
            return Err(ApiError::invalid(format!(
                "ContainerSpec: duplicate mount point: {}",
                mount.target
            )));
        }
    }
    container.healthcheck.as_ref().map_or(Ok(()), check_health)
}

fn check_health(health: &Healthcheck) -> Result<(), ApiError> {
    let durations = [
        ("Interval", health.interval),
        ("Timeout", health.timeout),
        ("StartPeriod", health.start_period),
        ("StartInterval", health.start_interval),
    ];
    for (name, duration) in durations {
        let given = duration.filter(|duration| *duration != Duration::ZERO);
        if given.is_some_and(|duration| duration < HEALTH_DURATION_MIN) {
            return Err(ApiError::invalid(format!(
                "ContainerSpec: {name} in HealthConfig cannot be less than {HEALTH_DURATION_MIN}"
            )));
        }
    }
    Ok(())
}

fn check_update(update: Option<&UpdateConfig>) -> Result<(), ApiError> {
    if update.is_some_and(|update| update.max_failure_ratio_ppm > 1_000_000) {
        return Err(ApiError::invalid(
            "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1",
        ));
    }
    Ok(())
}

fn check_endpoint(endpoint: Option<&EndpointSpec>) -> Result<(), ApiError> {
    let Some(endpoint) = endpoint else {
        return Ok(());
    };
    let mut published = SortedSet::new();
    for port in &endpoint.ports {
        if endpoint.mode == EndpointMode::DnsRr && port.publish_mode == PublishMode::Ingress {
            return Err(ApiError::invalid(
                "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
            ));
        }
        if port.published_port != 0 && !published.insert((port.published_port, port.protocol)) {
            return Err(ApiError::invalid("EndpointSpec: duplicate published ports provided"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn small_numbers_read_as_go_prints_them() {
        for (nanos, text) in [
            (100_000, "0.0001"),
            (10_000, "1e-05"),
            (15, "1.5e-08"),
            (1, "1e-09"),
            (-500_000_000, "-0.5"),
        ] {
            assert_eq!(super::billionths(nanos), text);
        }
    }
}
