//! Points in time as Docker prints them.

use sim::Time;

use super::units::human_duration;
use crate::profile::Profile;

fn whole_seconds(time: Time) -> Time {
    Time::from_unix_nanos(time.unix_secs() * 1_000_000_000)
}

/// RFC 3339 with nine decimals, as logs have it.
pub(crate) fn rfc3339_fixed(time: Time) -> String {
    let text = whole_seconds(time).rfc3339();
    format!("{}.{:09}Z", text.trim_end_matches('Z'), time.civil().nanos)
}

/// The time that Go's zero value stands for.
pub(crate) const ZERO: &str = "0001-01-01T00:00:00Z";

/// Go's own form of a time: `2017-03-24 10:00:00.123 +0000 UTC`.
pub(crate) fn go_form(rfc: &str) -> String {
    rfc.replacen('T', " ", 1).trim_end_matches('Z').to_owned() + " +0000 UTC"
}

/// A time in whole seconds in Go's form: `2017-03-24 10:00:00 +0000 UTC`.
pub(crate) fn go_seconds(time: Time) -> String {
    go_form(&whole_seconds(time).rfc3339())
}

/// `11 seconds ago`.
pub(crate) fn ago(profile: &Profile, now: Time, then: Time) -> String {
    format!("{} ago", human_duration(profile, now.since(then)))
}

/// Go's `time.ANSIC`: `Tue Jun 27 03:35:14 2017`.
pub(crate) fn ansic(time: Time) -> String {
    let date = time.civil();
    format!(
        "{} {} {:>2} {:02}:{:02}:{:02} {}",
        date.weekday_name(),
        date.month_name(),
        date.day,
        date.hour,
        date.minute,
        date.second,
        date.year
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_gos_forms() {
        let time = Time::from_unix_nanos(1_490_349_600_120_000_000);
        assert_eq!(rfc3339_fixed(time), "2017-03-24T10:00:00.120000000Z");
        assert_eq!(go_form(&time.rfc3339()), "2017-03-24 10:00:00.12 +0000 UTC");
        assert_eq!(go_seconds(time), "2017-03-24 10:00:00 +0000 UTC");
        assert_eq!(ansic(time), "Fri Mar 24 10:00:00 2017");
    }
}
