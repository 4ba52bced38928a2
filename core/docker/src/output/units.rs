//! Durations and sizes in words (docker/go-units).

use sim::Duration;

use crate::profile::Profile;

/// As `HumanDuration` says it: `Less than a second`, `About a minute`, `5 weeks`.
pub(crate) fn human_duration(profile: &Profile, span: Duration) -> String {
    let seconds = span.as_secs();
    let minutes = seconds / 60;
    let half_hour = if profile.rounds_hours { 1_800_000_000_000 } else { 0 };
    let hours = span.as_nanos().saturating_add(half_hour) / 3_600_000_000_000;
    match () {
        () if seconds < 1 => "Less than a second".to_owned(),
        () if seconds == 1 => "1 second".to_owned(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".to_owned(),
        () if minutes < profile.hour_minutes => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".to_owned(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 24 * 7 * 2 => format!("{} days", hours / 24),
        () if hours < 24 * 30 * 2 => format!("{} weeks", hours / 24 / 7),
        () if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", hours / 24 / 365),
    }
}

/// A size in powers of 1000 with so many significant digits: `5.57MB`.
pub(crate) fn human_size(bytes: u64, digits: usize, gap: &str) -> String {
    scaled(bytes, 1000, &["B", "kB", "MB", "GB", "TB", "PB"], digits, gap)
}

/// A size in powers of 1024 with four significant digits: `1.952GiB`.
pub(crate) fn bytes_size(bytes: u64, gap: &str) -> String {
    scaled(bytes, 1024, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 4, gap)
}

/// Go's `%.<digits>g` of a size in the largest unit that it fills.
fn scaled(bytes: u64, base: u64, units: &[&str], digits: usize, gap: &str) -> String {
    let mut unit = 0;
    let mut size = 1_u128;
    let bytes = u128::from(bytes);
    while bytes / size >= u128::from(base) && unit + 1 < units.len() {
        size *= u128::from(base);
        unit += 1;
    }
    let whole_digits = (bytes / size).to_string().len();
    let decimals = digits.saturating_sub(whole_digits);
    let scale = 10_u128.pow(u32::try_from(decimals).unwrap_or(0));
    let rounded = (bytes * scale + size / 2) / size;
    let (whole, fraction) = (rounded / scale, rounded % scale);
    let mut text = whole.to_string();
    if decimals > 0 && fraction > 0 {
        let fraction = format!("{fraction:0decimals$}");
        text = format!("{text}.{}", fraction.trim_end_matches('0'));
    }
    format!("{text}{gap}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_docker_says_them() {
        let said = |name: &str, seconds: u64| {
            human_duration(Profile::parse(name).unwrap(), Duration::from_secs(seconds))
        };
        let check = |seconds: u64, expected: &str| {
            assert_eq!(said("20.10", seconds), expected, "{seconds} s");
        };
        check(0, "Less than a second");
        check(1, "1 second");
        check(59, "59 seconds");
        check(60, "About a minute");
        check(119, "About a minute");
        check(120, "2 minutes");
        check(3_599, "59 minutes");
        check(3_600, "About an hour");
        check(61 * 60, "About an hour");
        check(90 * 60, "2 hours");
        check(47 * 3_600, "47 hours");
        check(48 * 3_600, "2 days");
        check(13 * 86_400, "13 days");
        check(14 * 86_400, "2 weeks");
        check(60 * 86_400, "2 months");
        check(729 * 86_400, "24 months");
        check(730 * 86_400, "2 years");
        assert_eq!(said("17.03", 90 * 60), "About an hour");
        assert_eq!(said("17.06", 46 * 60), "About an hour");
    }

    #[test]
    fn sizes_have_few_digits() {
        assert_eq!(human_size(5_570_000, 3, ""), "5.57MB");
        assert_eq!(human_size(113_200_000, 3, ""), "113MB");
        assert_eq!(human_size(0, 3, ""), "0B");
        assert_eq!(human_size(1_000, 3, " "), "1 kB");
        assert_eq!(human_size(3_072, 4, ""), "3.072kB");
        assert_eq!(bytes_size(2_095_890_432, ""), "1.952GiB");
    }
}
