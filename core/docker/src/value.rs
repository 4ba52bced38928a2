//! Flag values: what Go's `strconv` and `time`, and Docker's own option types, accept, and what
//! they say of the rest.

pub(crate) use commandline::text::{boolean, quote};
use sim::Duration;

use crate::options::{config_reference, secret_reference};
use crate::profile::Profile;
use crate::table::{Flag, Kind};

/// Checks a value; the reason is shown after `invalid argument "x" for "--flag" flag: `.
pub(crate) fn check(profile: &Profile, flag: &Flag, text: &str) -> Result<(), String> {
    let number =
        |function: &str| format!("strconv.{function}: parsing {}: invalid syntax", quote(text));
    match flag.kind {
        Kind::Bool if boolean(text).is_none() => Err(number("ParseBool")),
        Kind::Int if text.parse::<i64>().is_err() => Err(number("ParseInt")),
        Kind::Uint if text.parse::<u64>().is_err() => Err(number("ParseUint")),
        Kind::Float if ratio_ppm(text).is_none() => Err(number("ParseFloat")),
        Kind::Duration if is_below_zero(flag.name(), text) => Ok(()),
        Kind::Duration if duration(text).is_none() => {
            let shown = if profile.quotes_duration { quote(text) } else { text.to_owned() };
            Err(format!("time: invalid duration {shown}"))
        }
        Kind::Bytes if bytes(text).is_none() => Err(format!("invalid size: '{text}'")),
        Kind::Decimal if nano_cpus(text).is_none() => {
            Err(format!("failed to parse {text} as a rational number"))
        }
        Kind::Filter if !text.is_empty() && !text.contains('=') => {
            Err("bad format of filter (expected name=value)".to_owned())
        }
        Kind::List if flag.name().starts_with("env") && text.is_empty() => {
            Err("invalid environment variable: ".to_owned())
        }
        Kind::Secret => secret_reference(profile, text).map(|_| ()),
        Kind::Mount => crate::mounts::mount(text).map(|_| ()),
        Kind::List if flag.name() == "publish" => crate::ports::ports(text).map(|_| ()),
        Kind::Other("port") => crate::ports::service_ports(text).map(|_| ()),
        Kind::Other("network") => crate::ports::network(text).map(|_| ()),
        Kind::Config => config_reference(profile, text).map(|_| ()),
        _ => Ok(()),
    }
}

/// Durations that may be below zero as far as pflag is concerned; it is said later what is wrong.
const SIGNED: [(&str, &str); 10] = [
    ("update-delay", "update-delay"),
    ("update-monitor", "update-monitor"),
    ("rollback-delay", "update-delay"),
    ("rollback-monitor", "update-monitor"),
    ("restart-delay", "restart-delay"),
    ("restart-window", "restart-window"),
    ("health-interval", ""),
    ("health-timeout", ""),
    ("health-start-period", ""),
    ("health-start-interval", ""),
];

fn is_below_zero(name: &str, text: &str) -> bool {
    let span = text.strip_prefix('-').and_then(duration);
    span.is_some_and(|span| span != Duration::ZERO) && SIGNED.iter().any(|(flag, _)| *flag == name)
}

/// What is wrong with a duration below zero: a manager's words, or none for a check of health, which the
/// command line looks at itself.
pub(crate) fn below_zero(name: &str, text: &str) -> Option<&'static str> {
    let (_, words) = SIGNED.iter().find(|(flag, _)| *flag == name)?;
    is_below_zero(name, text).then_some(words)
}

/// A decimal number as a whole number of 10^-`places`; nothing if it is none or too large.
fn decimal(text: &str, places: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |part: &str| part.chars().all(|char| char.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let scale = 10_u64.checked_pow(places)?;
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let mut value = whole.checked_mul(scale)?;
    let mut unit = scale;
    for digit in fraction.bytes() {
        unit /= 10;
        value = value.checked_add(u64::from(digit - b'0') * unit)?;
    }
    Some(value)
}

/// A duration as Go writes it: `1h30m`, `1.5s`, `250ms`, `0`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    Duration::parse(text)
}

/// A ratio in millionths.
pub(crate) fn ratio_ppm(text: &str) -> Option<u32> {
    decimal(text, 6).and_then(|value| u32::try_from(value).ok())
}

/// A number of processors in billionths.
pub(crate) fn nano_cpus(text: &str) -> Option<u64> {
    decimal(text, 9)
}

/// A size such as `64m`, `1.5GiB`, `512`; units are powers of 1024.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start().to_ascii_lowercase();
    let unit = unit.strip_suffix("ib").or(unit.strip_suffix('b')).unwrap_or(&unit);
    let shift = match unit {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        "p" => 50,
        _ => return None,
    };
    let thousandths = decimal(number, 3)?;
    u64::try_from((u128::from(thousandths) << shift) / 1_000).ok()
}

/// The words for a quote that stands wrong, at a byte from 0.
fn wrong_csv(at: usize, what: &str, place: &str) -> String {
    format!("parse error on line 1, column {}: {what} \" in {place}", at + 1)
}

/// A line of comma-separated values with quotes (Go's `encoding/csv`).
pub(crate) fn csv(text: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut field = String::new();
            let mut chars = quoted.chars();
            loop {
                match chars.next() {
                    None => {
                        return Err(wrong_csv(text.len(), "extraneous or missing", "quoted-field"));
                    }
                    Some('"') if chars.as_str().starts_with('"') => {
                        field.push('"');
                        chars.next();
                    }
                    Some('"') => break,
                    Some(char) => field.push(char),
                }
            }
            fields.push(field);
            rest = chars.as_str();
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            if let Some(quote) = rest[..end].find('"') {
                let at = text.len() - rest.len() + quote;
                return Err(wrong_csv(at, "bare", "non-quoted-field"));
            }
            fields.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(fields),
            None => {
                let at = text.len() - rest.len() - 1;
                return Err(wrong_csv(at, "extraneous or missing", "quoted-field"));
            }
        }
    }
}

/// `key=value` texts as a map; a text without `=` has an empty value.
pub(crate) fn map(texts: &[String]) -> sorted::SortedMap<String, String> {
    let split = texts.iter().map(|text| text.split_once('=').unwrap_or((text, "")));
    split.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(duration(text).map(|span| span.to_string()).as_deref(), expected, "{text}");
        };
        check("1h30m", Some("1h30m0s"));
        check("1.5s", Some("1.5s"));
        check("250ms", Some("250ms"));
        check("0", Some("0s"));
        check("10", None);
        check("", None);
        check("s", None);
        check("1.2.3s", None);
        check("99999999999999999999h", None);
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, expected) in [
            ("64m", Some(67_108_864)),
            ("1.5GiB", Some(1_610_612_736)),
            ("7", Some(7)),
            ("x", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        assert_eq!(nano_cpus("0.5"), Some(500_000_000));
        assert_eq!(ratio_ppm(".25"), Some(250_000));
    }

    #[test]
    fn fields_may_be_quoted() {
        assert_eq!(csv("source=a,\"target=b,c\"").unwrap(), ["source=a", "target=b,c"]);
        assert_eq!(csv("").unwrap(), [""]);
        assert!(csv("a\"b").is_err());
        assert!(csv("\"a").is_err());
        assert!(csv("\"a\"b").is_err());
    }
}
