//! Instants and spans of virtual time, in whole nanoseconds.
//!
//! A [`Time`] counts from the Unix epoch, so that a file's date and a certificate's validity need no
//! conversion; a world chooses the date it starts at. There are no leap seconds and only UTC.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A span of virtual time in nanoseconds.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
    /// A span of whole microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros * 1_000)
    }
    /// A span of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }
    /// A span of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000_000_000)
    }
    /// The span in nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// The span in milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }
    /// The span in seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }
    /// `self * factor`; the longest span there is on overflow.
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
    /// The difference, or zero where `other` is longer.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads a span as Go writes it: `1h30m`, `1.5s`, `250ms`, `0`.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix('+').unwrap_or(text);
        if body == "0" {
            return Some(Self::ZERO);
        }
        if body.is_empty() {
            return None;
        }
        let mut total = 0_u64;
        let mut rest = body;
        while !rest.is_empty() {
            let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
            let (number, after) = rest.split_at(end);
            let end = after.find(|char: char| char.is_ascii_digit() || char == '.');
            let (unit, after) = after.split_at(end.unwrap_or(after.len()));
            let nanos: u64 = match unit {
                "ns" => 1,
                "us" | "µs" | "μs" => 1_000,
                "ms" => 1_000_000,
                "s" => 1_000_000_000,
                "m" => 60_000_000_000,
                "h" => 3_600_000_000_000,
                _ => return None,
            };
            // Billionths of the unit are precise enough for all but the last digit of hours.
            let billionths = u128::from(billionths(number)?);
            let part = u64::try_from(billionths * u128::from(nanos) / 1_000_000_000).ok()?;
            total = total.checked_add(part)?;
            rest = after;
        }
        Some(Self(total))
    }
}

/// A decimal number in billionths; nothing if it is none or too large.
fn billionths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() < 1 + usize::from(text.contains('.')) || !is_number(whole) || !is_number(fraction)
    {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    whole.checked_mul(1_000_000_000)?.checked_add(digits.parse().ok()?)
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// As Go prints a duration: `1h2m3.5s`, `250ms`, `0s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0;
        if nanos == 0 {
            return f.write_str("0s");
        }
        if nanos < 1_000_000_000 {
            let (unit, size) = match nanos {
                0..1_000 => ("ns", 1),
                1_000..1_000_000 => ("µs", 1_000),
                _ => ("ms", 1_000_000),
            };
            return write_decimal(f, nanos, size, unit);
        }
        let (hours, minutes) = (nanos / 3_600_000_000_000, nanos / 60_000_000_000 % 60);
        if hours != 0 {
            write!(f, "{hours}h")?;
        }
        if hours != 0 || minutes != 0 {
            write!(f, "{minutes}m")?;
        }
        write_decimal(f, nanos % 60_000_000_000, 1_000_000_000, "s")
    }
}

/// Writes `nanos / size` with as many decimals as it needs.
fn write_decimal(f: &mut fmt::Formatter<'_>, nanos: u64, size: u64, unit: &str) -> fmt::Result {
    let (whole, rest) = (nanos / size, nanos % size);
    if rest == 0 {
        return write!(f, "{whole}{unit}");
    }
    let width = size.ilog10() as usize;
    let decimals = format!("{rest:0width$}");
    write!(f, "{whole}.{}{unit}", decimals.trim_end_matches('0'))
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An instant of virtual time: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(u64);

impl Time {
    /// The Unix epoch; also used where a real record would hold a zero time.
    pub const EPOCH: Self = Self(0);

    /// The instant so many nanoseconds after the Unix epoch.
    pub const fn from_unix_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
    /// Nanoseconds since the Unix epoch.
    pub const fn unix_nanos(self) -> u64 {
        self.0
    }
    /// Seconds since the Unix epoch, rounded down.
    pub const fn unix_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }
    /// The span from `earlier` to `self`, or zero where `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
    /// Midnight UTC at the start of a day of the Gregorian calendar (`year` ≥ 1970).
    pub const fn from_date(year: u32, month: u32, day: u32) -> Self {
        // Days from civil, after Howard Hinnant's description of the proleptic calendar.
        let y = (year as i64) - if month <= 2 { 1 } else { 0 };
        let era = y / 400;
        let year_of_era = y - era * 400;
        let shifted_month = ((month + 9) % 12) as i64;
        let day_of_year = (153 * shifted_month + 2) / 5 + day as i64 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Self(days as u64 * 86_400_000_000_000)
    }
    /// The calendar date and the time of day in UTC.
    pub const fn civil(self) -> Civil {
        let secs = self.unix_secs();
        let days = (secs / 86_400) as i64 + 719_468;
        let era = days / 146_097;
        let day_of_era = days - era * 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        Civil {
            year: year as u32,
            month: month as u32,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32,
            hour: (secs / 3_600 % 24) as u32,
            minute: (secs / 60 % 60) as u32,
            second: (secs % 60) as u32,
            nanos: (self.0 % 1_000_000_000) as u32,
            // 1970-01-01 was a Thursday.
            weekday: ((secs / 86_400 + 4) % 7) as u32,
        }
    }
    /// Reads `2013-01-02`, `2013-01-02T13:23:37Z`, `2013-01-02T13:23:37.5Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let text = text.strip_suffix('Z').unwrap_or(text);
        let (date, time) = text.split_once('T').unwrap_or((text, ""));
        // `+01:00`: so far ahead of UTC.
        let zone = time.rfind(['+', '-']).unwrap_or(time.len());
        let (time, zone) = time.split_at(zone);
        let ahead = match zone.get(1..).and_then(|zone| zone.split_once(':')) {
            _ if zone.is_empty() => 0,
            Some((hours, minutes)) => {
                hours.parse::<u64>().ok()?.min(23) * 3_600
                    + minutes.parse::<u64>().ok()?.min(59) * 60
            }
            None => return None,
        };
        let ahead = Duration::from_secs(ahead);
        let numbers = |part: &str, separator: char| {
            part.split(separator).map(|one| one.parse::<u32>().ok()).collect::<Option<Vec<u32>>>()
        };
        let date = numbers(date, '-')?;
        let [year, month, day] = date.as_slice() else { return None };
        if !(1970..=9_999).contains(year) || !(1..=12).contains(month) || !(1..=31).contains(day) {
            return None;
        }
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let time = if time.is_empty() { Vec::new() } else { numbers(time, ':')? };
        let at = |index: usize| u64::from(time.get(index).copied().unwrap_or(0));
        let seconds = at(0) * 3_600 + at(1) * 60 + at(2);
        let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        let nanos = digits.parse::<u64>().ok()?;
        let span =
            Duration::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(nanos));
        let local = Self::from_date(*year, *month, *day) + span;
        Some(if zone.starts_with('-') { local + ahead } else { local - ahead })
    }
    /// RFC 3339 with as many decimals as needed, as Go's `time.RFC3339Nano` prints it.
    pub fn rfc3339(self) -> String {
        let c = self.civil();
        let mut text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        if c.nanos != 0 {
            let decimals = format!("{:09}", c.nanos);
            text.push('.');
            text.push_str(decimals.trim_end_matches('0'));
        }
        text.push('Z');
        text
    }
}

impl Add<Duration> for Time {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for Time {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// A host's clock: virtual time, or what its clock says instead of it since it jumped. Timers follow
/// virtual time, as those of a real host follow its monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    ahead: Duration,
    back: Duration,
}

impl Clock {
    /// What the clock shows at an instant.
    pub fn wall(self, now: Time) -> Time {
        now + self.ahead - self.back
    }

    /// From now on it shows a later time.
    pub fn jump_ahead(&mut self, span: Duration) {
        self.ahead = self.ahead + span;
    }

    /// From now on it shows an earlier time.
    pub fn jump_back(&mut self, span: Duration) {
        self.back = self.back + span;
    }

    /// True when it shows virtual time.
    pub fn is_right(self) -> bool {
        self.ahead == self.back
    }
}

/// A date and a time of day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year, four digits.
    pub year: u32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// 0 to 999,999,999.
    pub nanos: u32,
    /// 0 (Sunday) to 6.
    pub weekday: u32,
}

impl Civil {
    /// `Jan` to `Dec`.
    pub const fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        NAMES[(self.month as usize + 11) % 12]
    }
    /// `Sun` to `Sat`.
    pub const fn weekday_name(&self) -> &'static str {
        const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        NAMES[self.weekday as usize % 7]
    }

    /// The date in a form of its own, as `strftime` takes it: `%Y`, `%m`, `%d`, `%b`, `%a` and `%T`, the time of day.
    pub fn strftime(&self, form: &str) -> String {
        let mut text = String::new();
        let mut letters = form.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                text.push(letter);
                continue;
            }
            match letters.next() {
                Some('Y') => text += &self.year.to_string(),
                Some('m') => text += &format!("{:02}", self.month),
                Some('d') => text += &format!("{:02}", self.day),
                Some('b') => text += self.month_name(),
                Some('a') => text += self.weekday_name(),
                Some('T') => {
                    text += &format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second);
                }
                other => text.extend(other),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways() {
        for (year, month, day) in [(1970, 1, 1), (2000, 2, 29), (2017, 3, 21), (2100, 12, 31)] {
            let c = Time::from_date(year, month, day).civil();
            assert_eq!((c.year, c.month, c.day, c.hour), (year, month, day, 0));
        }
        let c = Time::from_date(2017, 3, 21).civil();
        assert_eq!((c.weekday_name(), c.month_name()), ("Tue", "Mar"));
    }

    #[test]
    fn dates_take_the_form_that_is_asked_for() {
        let c = (Time::from_date(2017, 3, 1) + Duration::from_secs(3_723)).civil();
        assert_eq!(
            c.strftime("[%a, %d/%b/%Y %T +0000] %m%%"),
            "[Wed, 01/Mar/2017 01:02:03 +0000] 03%"
        );
    }

    #[test]
    fn instants_read_as_go_prints_them() {
        let t = Time::from_date(2017, 3, 21) + Duration::from_millis(67_268_790);
        assert_eq!(t.rfc3339(), "2017-03-21T18:41:08.79Z");
        assert_eq!(Time::EPOCH.rfc3339(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn spans_read_as_go_prints_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (250_000_000, "250ms"),
            (5_000_000_000, "5s"),
            (63_500_000_000, "1m3.5s"),
            (7_776_000_000_000_000, "2160h0m0s"),
        ] {
            assert_eq!(Duration::from_nanos(nanos).to_string(), text);
        }
    }
}
