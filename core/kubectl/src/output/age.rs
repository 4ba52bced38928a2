//! How long ago (apimachinery: `util/duration`).

use serde_json::Value;
use sim::{Duration, Time};

use crate::json::text;

/// A span as columns show it: `5s`, `3m20s`, `2d4h`.
pub(crate) fn human(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let years = days / 365;
    let with = |whole: u64, unit: &str, rest: u64, small: &str| {
        if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}{unit}{rest}{small}") }
    };
    match () {
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => with(minutes, "m", seconds % 60, "s"),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => with(hours, "h", minutes % 60, "m"),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 192 => with(days, "d", hours % 24, "h"),
        () if days < 730 => format!("{days}d"),
        () if days < 2_920 => with(years, "y", days % 365, "d"),
        () => format!("{years}y"),
    }
}

/// How long ago a time of an object was; `<unknown>` for none, `<invalid>` for one to come.
pub(crate) fn since(now: Time, object: &Value, path: &str) -> String {
    match Time::parse_rfc3339(text(object, path)) {
        None => "<unknown>".to_owned(),
        Some(then) if then > now + Duration::from_secs(2) => "<invalid>".to_owned(),
        Some(then) => human(now.since(then.min(now))),
    }
}

/// Go's `time.RFC1123Z`: `Thu, 26 Nov 2026 22:30:00 +0000`.
pub(crate) fn rfc1123(object: &Value, path: &str) -> String {
    let Some(time) = Time::parse_rfc3339(text(object, path)) else {
        return "Mon, 01 Jan 0001 00:00:00 +0000".to_owned();
    };
    let date = time.civil();
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
        date.weekday_name(),
        date.day,
        date.month_name(),
        date.year,
        date.hour,
        date.minute,
        date.second
    )
}
