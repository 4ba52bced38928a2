//! Format specifications: `{:>10}`, `{:.2f}`, `{:,}`, `{:05d}`, `{:x}`.

use super::value::{Raised, Value, raise, unknown};

const UNITS: i128 = 1_000_000_000;

/// A value as the specification wants it.
pub(super) fn formatted(value: &Value, spec: &str) -> Result<String, Raised> {
    if spec.is_empty() {
        return Ok(value.show());
    }
    let chars: Vec<char> = spec.chars().collect();
    let mut rest = chars.as_slice();
    let (mut fill, mut align) = (' ', None);
    let is_align = |char: &char| matches!(char, '<' | '>' | '^');
    if let [char, sign, ..] = rest
        && is_align(sign)
    {
        (fill, align, rest) = (*char, Some(*sign), &rest[2..]);
    } else if let [sign, ..] = rest
        && is_align(sign)
    {
        (align, rest) = (Some(*sign), &rest[1..]);
    }
    let plus = rest.first() == Some(&'+');
    rest = &rest[usize::from(plus)..];
    if rest.first() == Some(&'0') && align.is_none() {
        (fill, align) = ('0', Some('>'));
    }
    let mut number = || {
        let size = rest.iter().take_while(|char| char.is_ascii_digit()).count();
        let (digits, after) = rest.split_at(size);
        rest = after;
        digits.iter().collect::<String>().parse::<usize>().ok()
    };
    let width = number().unwrap_or(0).min(1_000);
    let commas = rest.first() == Some(&',');
    rest = &rest[usize::from(commas)..];
    let mut precision = None;
    if rest.first() == Some(&'.') {
        rest = &rest[1..];
        let size = rest.iter().take_while(|char| char.is_ascii_digit()).count();
        precision = rest[..size].iter().collect::<String>().parse::<usize>().ok();
        rest = &rest[size..];
    }
    let kind = match rest {
        [] => None,
        [kind] => Some(*kind),
        _ => return raise("ValueError", "Invalid format specifier"),
    };
    let mut text = match (value, kind) {
        (Value::Int(_) | Value::Real(_), Some('f' | '%')) => {
            let units = match value {
                Value::Real(units) => i128::from(*units),
                Value::Int(number) => i128::from(*number) * UNITS,
                _ => 0,
            };
            let percent = kind == Some('%');
            let text = fixed(if percent { units * 100 } else { units }, precision.unwrap_or(6));
            if percent { text + "%" } else { text }
        }
        (Value::Real(units), None) if precision.is_some() => {
            fixed(i128::from(*units), precision.unwrap_or(0))
        }
        (Value::Int(number), Some('x')) => format!("{number:x}"),
        (Value::Int(number), Some('X')) => format!("{number:X}"),
        (Value::Int(number), Some('o')) => format!("{number:o}"),
        (Value::Int(number), Some('b')) => format!("{number:b}"),
        (_, None | Some('d' | 's')) => {
            let shown = value.show();
            match precision {
                Some(size) if matches!(value, Value::Text(_)) => shown.chars().take(size).collect(),
                _ => shown,
            }
        }
        (_, Some(kind)) => return unknown(&format!("the format {kind}")),
    };
    if commas {
        text = with_commas(&text);
    }
    if plus && !text.starts_with('-') {
        text.insert(0, '+');
    }
    let missing = width.saturating_sub(text.chars().count());
    let is_number = matches!(value, Value::Int(_) | Value::Real(_));
    let pad = |count: usize| fill.to_string().repeat(count);
    Ok(match align.unwrap_or(if is_number { '>' } else { '<' }) {
        '<' => text + &pad(missing),
        '^' => pad(missing / 2) + &text + &pad(missing - missing / 2),
        _ if fill == '0' && text.starts_with(['-', '+']) => {
            let (sign, digits) = text.split_at(1);
            format!("{sign}{}{digits}", pad(missing))
        }
        _ => pad(missing) + &text,
    })
}

/// So many decimal places, rounded half away from zero.
fn fixed(units: i128, places: usize) -> String {
    let places = places.min(9);
    let step = 10_i128.pow(u32::try_from(9 - places).unwrap_or(0));
    let sign = if units < 0 { "-" } else { "" };
    let rounded = (units.abs() + step / 2) / step;
    let whole = UNITS / step;
    if places == 0 {
        return format!("{sign}{rounded}");
    }
    format!("{sign}{}.{:0places$}", rounded / whole, rounded % whole)
}

fn with_commas(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut shown = String::new();
    for (at, char) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(char);
    }
    format!("{sign}{shown}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_put_into_their_places() {
        let check = |value: Value, spec: &str, expected: &str| {
            assert_eq!(formatted(&value, spec).unwrap(), expected, "{spec}");
        };
        check(Value::Real(3_141_592_654), ".2f", "3.14");
        check(Value::Int(2), ".1f", "2.0");
        check(Value::Real(-2_500_000_000), ".0f", "-3");
        check(Value::Int(1_234_567), ",", "1,234,567");
        check(Value::Int(7), "03d", "007");
        check(Value::Int(-7), "04", "-007");
        check(Value::Int(255), "x", "ff");
        check(Value::text("ab"), ">5", "   ab");
        check(Value::text("ab"), "*^6", "**ab**");
        check(Value::text("abc"), ".2", "ab");
        check(Value::Int(5), "<3", "5  ");
        assert!(formatted(&Value::Int(1), "zz").is_err());
    }
}
