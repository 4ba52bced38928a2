//! `date`: the virtual time, in UTC.

use sim::{Duration, Time};

use super::{Arguments, Spec, Utility};

pub(crate) const DATE: Spec = Spec {
    flags: "ud:RI",
    long: &[
        ("utc", 'u'),
        ("universal", 'u'),
        ("date", 'd'),
        ("rfc-email", 'R'),
        ("rfc-2822", 'R'),
        ("iso-8601", 'J'),
        ("set", '\0'),
        ("reference", '\0'),
        ("rfc-3339", '\0'),
    ],
    lacking: "fsr",
    usage: "date [OPTIONS] [+FMT] [TIME]",
    ..Spec::NONE
};

pub(crate) async fn date(utility: Utility, parsed: Arguments) -> i32 {
    let mut time = utility.proc.wall();
    if let Some(text) = parsed.value('d') {
        match read(text, time) {
            Some(found) => time = found,
            None if utility.gnu => {
                return utility.error(format!("not simulated: date \u{2018}{text}\u{2019}")).await;
            }
            None => return utility.error(format!("invalid date '{text}'")).await,
        }
    }
    let format = match parsed.operands.first() {
        Some(operand) => match operand.strip_prefix('+') {
            Some(format) => format.to_owned(),
            None if utility.gnu => {
                return utility.error("not simulated: setting the date").await;
            }
            None => return utility.error(format!("invalid date '{operand}'")).await,
        },
        None if parsed.has('R') => "%a, %d %b %Y %H:%M:%S %z".to_owned(),
        None if parsed.has('J') || parsed.has('I') => match parsed.value('J').unwrap_or_default() {
            "seconds" => "%Y-%m-%dT%H:%M:%S+00:00",
            "minutes" => "%Y-%m-%dT%H:%M+00:00",
            "hours" => "%Y-%m-%dT%H+00:00",
            "ns" => "%Y-%m-%dT%H:%M:%S,%N+00:00",
            _ => "%Y-%m-%d",
        }
        .to_owned(),
        None => "%a %b %e %H:%M:%S %Z %Y".to_owned(),
    };
    let text = show(time, &format);
    utility.print(format!("{text}\n")).await;
    0
}

/// The dates that scripts write: `@seconds`, `now`, `2017-03-21`, `2017-03-21 19:37:00`, `2 days ago`.
fn read(text: &str, now: Time) -> Option<Time> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        let seconds: u64 = seconds.parse().ok()?;
        return Some(Time::from_unix_nanos(seconds.checked_mul(1_000_000_000)?));
    }
    let day = Duration::from_secs(86_400);
    match text {
        "now" | "" => return Some(now),
        "yesterday" => return Some(now - day),
        "tomorrow" => return Some(now + day),
        _ => {}
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [count, unit, rest @ ..] = words.as_slice()
        && let Ok(count) = count.trim_start_matches('+').parse::<i64>()
    {
        let seconds: u64 = match unit.trim_end_matches('s') {
            "second" | "sec" => 1,
            "minute" | "min" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            "week" => 604_800,
            _ => return None,
        };
        let span = Duration::from_secs(seconds.checked_mul(count.unsigned_abs())?);
        let back = rest == ["ago"] || count < 0;
        return Some(if back { now - span } else { now + span });
    }
    let (date, time) = text.trim_end_matches('Z').split_once(['T', ' ']).unwrap_or((text, ""));
    let mut parts = date.split('-').map(str::parse::<u32>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if !(1970..=2500).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut seconds = 0;
    for (part, factor) in time.split(':').filter(|part| !part.is_empty()).zip([3_600, 60, 1]) {
        seconds += part.parse::<u64>().ok().filter(|number| *number < 61)? * factor;
    }
    Some(Time::from_date(year, month, day) + Duration::from_secs(seconds))
}

/// A time in a format of `strftime`.
pub(crate) fn show(time: Time, format: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] =
        ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let c = time.civil();
    let first = Time::from_date(c.year, 1, 1);
    let day_of_year = time.since(first).as_secs() / 86_400 + 1;
    let twelve = if c.hour.is_multiple_of(12) { 12 } else { c.hour % 12 };
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            text.push(char);
            continue;
        }
        let mut letter = chars.next();
        let unpadded = letter == Some('-');
        if unpadded {
            letter = chars.next();
        }
        let piece = match letter {
            Some('Y') => c.year.to_string(),
            Some('C') => format!("{:02}", c.year / 100),
            Some('y') => format!("{:02}", c.year % 100),
            Some('m') => format!("{:02}", c.month),
            Some('d') => format!("{:02}", c.day),
            Some('e') => format!("{:>2}", c.day),
            Some('H') => format!("{:02}", c.hour),
            Some('I') => format!("{twelve:02}"),
            Some('k') => format!("{:>2}", c.hour),
            Some('l') => format!("{twelve:>2}"),
            Some('M') => format!("{:02}", c.minute),
            Some('S') => format!("{:02}", c.second),
            Some('N') => format!("{:09}", c.nanos),
            Some('3') => {
                chars.next();
                format!("{:03}", c.nanos / 1_000_000)
            }
            Some('s') => time.unix_secs().to_string(),
            Some('p') => if c.hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('P') => if c.hour < 12 { "am" } else { "pm" }.to_owned(),
            Some('a') => c.weekday_name().to_owned(),
            Some('A') => DAYS[c.weekday as usize % 7].to_owned(),
            Some('b' | 'h') => c.month_name().to_owned(),
            Some('B') => MONTHS[(c.month as usize + 11) % 12].to_owned(),
            Some('j') => format!("{day_of_year:03}"),
            Some('u') => if c.weekday == 0 { 7 } else { c.weekday }.to_string(),
            Some('w') => c.weekday.to_string(),
            Some('F') => format!("{}-{:02}-{:02}", c.year, c.month, c.day),
            Some('T') => format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second),
            Some('R') => format!("{:02}:{:02}", c.hour, c.minute),
            Some('D') => format!("{:02}/{:02}/{:02}", c.month, c.day, c.year % 100),
            Some('c') => show(time, "%a %b %e %H:%M:%S %Y"),
            Some('x') => show(time, "%m/%d/%y"),
            Some('X') => show(time, "%H:%M:%S"),
            Some('Z') => "UTC".to_owned(),
            Some('z') => "+0000".to_owned(),
            Some('n') => "\n".to_owned(),
            Some('t') => "\t".to_owned(),
            Some('%') => "%".to_owned(),
            other => format!("%{}", other.map(String::from).unwrap_or_default()),
        };
        if unpadded {
            let short = piece.trim_start_matches([' ', '0']);
            text.push_str(if short.is_empty() { "0" } else { short });
        } else {
            text.push_str(&piece);
        }
    }
    text
}
