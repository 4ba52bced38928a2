//! `awk`'s values: numbers, texts, and input that is both.

use std::cmp::Ordering;

use json::Decimal;

/// A value.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    /// Never assigned.
    #[default]
    None,
    Number(Decimal),
    Text(String),
    /// From outside: a number where it looks like one.
    Input(String),
}

impl Value {
    pub(super) fn text(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Number(number) if number.is_whole() => number.to_string(),
            Self::Number(number) => number.general(6),
            Self::Text(text) | Self::Input(text) => text.clone(),
        }
    }

    pub(super) fn number(&self) -> Decimal {
        match self {
            Self::None => Decimal::ZERO,
            Self::Number(number) => *number,
            Self::Text(text) | Self::Input(text) => Decimal::prefix(text).0,
        }
    }

    fn as_number(&self) -> Option<Decimal> {
        match self {
            Self::None => Some(Decimal::ZERO),
            Self::Number(number) => Some(*number),
            Self::Input(text) => Decimal::parse(text),
            Self::Text(_) => None,
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Input(text) => match Decimal::parse(text) {
                Some(number) => number != Decimal::ZERO,
                None => !text.is_empty(),
            },
            other => other.number() != Decimal::ZERO,
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self.as_number(), other.as_number()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.text().cmp(&other.text()),
        }
    }
}

/// `printf`.
pub(super) fn format(pattern: &str, values: &[Value]) -> String {
    let mut values = values.iter();
    let chars: Vec<char> = pattern.chars().collect();
    let (mut text, mut at) = (String::new(), 0);
    while let Some(&char) = chars.get(at) {
        at += 1;
        if char != '%' {
            text.push(char);
            continue;
        }
        if chars.get(at) == Some(&'%') {
            text.push('%');
            at += 1;
            continue;
        }
        let start = at;
        let flags: String =
            chars[at..].iter().take_while(|char| "-+ #0".contains(**char)).collect();
        at += flags.len();
        let mut size = |at: &mut usize| {
            if chars.get(*at) == Some(&'*') {
                *at += 1;
                return usize::try_from(values.next().map_or(0, |value| value.number().whole()))
                    .ok();
            }
            let digits: String =
                chars[*at..].iter().take_while(|char| char.is_ascii_digit()).collect();
            *at += digits.len();
            digits.parse().ok()
        };
        let width: usize = size(&mut at).unwrap_or(0).min(10_000);
        let mut precision = None;
        if chars.get(at) == Some(&'.') {
            at += 1;
            precision = Some(size(&mut at).unwrap_or(0).min(1_000));
        }
        while chars.get(at).is_some_and(|char| "lh".contains(*char)) {
            at += 1;
        }
        let Some(&kind) = chars.get(at).filter(|kind| "diouxXcsfFgGeE".contains(**kind)) else {
            text.push('%');
            text.extend(&chars[start..at]);
            continue;
        };
        at += 1;
        let value = values.next().cloned().unwrap_or_default();
        let body = one(kind, precision, &flags, &value);
        let missing = width.saturating_sub(body.chars().count());
        let zeros = flags.contains('0') && !"sc".contains(kind) && !flags.contains('-');
        if flags.contains('-') {
            text.push_str(&body);
            text.extend(std::iter::repeat_n(' ', missing));
        } else if zeros {
            let sign = usize::from(body.starts_with(['-', '+']));
            text.push_str(&body[..sign]);
            text.extend(std::iter::repeat_n('0', missing));
            text.push_str(&body[sign..]);
        } else {
            text.extend(std::iter::repeat_n(' ', missing));
            text.push_str(&body);
        }
    }
    text
}

fn one(kind: char, precision: Option<usize>, flags: &str, value: &Value) -> String {
    let number = value.number();
    let whole = number.whole();
    let body = match kind {
        's' => {
            let text = value.text();
            return precision.map_or(text.clone(), |limit| text.chars().take(limit).collect());
        }
        'c' => {
            return match value {
                Value::Number(_) => {
                    u32::try_from(whole).ok().and_then(char::from_u32).map(String::from)
                }
                other => other.text().chars().next().map(String::from),
            }
            .unwrap_or_default();
        }
        'x' => format!("{whole:x}"),
        'X' => format!("{whole:X}"),
        'o' => format!("{whole:o}"),
        'f' | 'F' | 'e' | 'E' => number.fixed(precision.unwrap_or(6)),
        'g' | 'G' => number.general(precision.unwrap_or(6).max(1)),
        _ => {
            let least = precision.unwrap_or(0);
            let sign = if whole < 0 { "-" } else { "" };
            format!("{sign}{:0>least$}", whole.unsigned_abs())
        }
    };
    if flags.contains('+') && !body.starts_with('-') { format!("+{body}") } else { body }
}
