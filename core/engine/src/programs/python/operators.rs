//! Operators.

use super::builtin::items;
use super::value::{Raised, Value, raise, unknown};

type Result<T> = std::result::Result<T, Raised>;

pub(super) fn bad_operand<T>(operator: &str, left: &Value, right: &Value) -> Result<T> {
    let (left, right) = (left.type_name(), right.type_name());
    raise(
        "TypeError",
        format!("unsupported operand type(s) for {operator}: '{left}' and '{right}'"),
    )
}

pub(super) fn binary(operator: &str, left: &Value, right: &Value) -> Result<Value> {
    if let "in" | "not in" = operator {
        return Ok(Value::Bool(contains(right, left)? == (operator == "in")));
    }
    let is_same = match operator {
        "==" | "is" => Some(true),
        "!=" | "is not" => Some(false),
        _ => None,
    };
    if let Some(wanted) = is_same {
        return Ok(Value::Bool(left.equals(right) == wanted));
    }
    match (left, right) {
        (Value::Text(text), _) if operator == "%" => percent(text, right),
        (Value::Int(a), Value::Int(b)) => arithmetic(operator, *a, *b),
        (Value::Text(a), Value::Text(b)) => match operator {
            "+" => Ok(Value::text(format!("{a}{b}"))),
            _ => compare(operator, a.cmp(b)).map_or_else(|| bad_operand(operator, left, right), Ok),
        },
        (Value::Text(text), Value::Int(count)) | (Value::Int(count), Value::Text(text))
            if operator == "*" =>
        {
            // A student's mistake must not fill the memory.
            let count = usize::try_from(*count).unwrap_or(0).min(1_000_000 / text.len().max(1));
            Ok(Value::text(text.repeat(count)))
        }
        (Value::Real(a), Value::Real(b)) => real(operator, *a, *b),
        (Value::Real(a), Value::Int(b)) => real(operator, *a, b.saturating_mul(1_000_000_000)),
        (Value::Int(a), Value::Real(b)) => real(operator, a.saturating_mul(1_000_000_000), *b),
        (Value::List(a), Value::List(b)) if operator == "+" => {
            Ok(Value::list(a.borrow().iter().chain(b.borrow().iter()).cloned().collect()))
        }
        (Value::Text(_), other) if operator == "+" => raise(
            "TypeError",
            format!("cannot concatenate 'str' and '{}' objects", other.type_name()),
        ),
        _ => bad_operand(operator, left, right),
    }
}

fn compare(operator: &str, order: std::cmp::Ordering) -> Option<Value> {
    let holds = match operator {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => return None,
    };
    Some(Value::Bool(holds))
}

fn arithmetic(operator: &str, a: i64, b: i64) -> Result<Value> {
    if let Some(value) = compare(operator, a.cmp(&b)) {
        return Ok(value);
    }
    let number = match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "**" => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        _ if b == 0 => {
            return raise("ZeroDivisionError", "integer division or modulo by zero");
        }
        "%" => a.checked_rem_euclid(b),
        _ => a.checked_div_euclid(b),
    };
    number.map_or_else(|| unknown("numbers of more than 64 bits"), |number| Ok(Value::Int(number)))
}

/// Adding, subtracting and comparing numbers with decimal places.
fn real(operator: &str, a: i64, b: i64) -> Result<Value> {
    if let Some(value) = compare(operator, a.cmp(&b)) {
        return Ok(value);
    }
    match operator {
        "+" => Ok(Value::Real(a.saturating_add(b))),
        "-" => Ok(Value::Real(a.saturating_sub(b))),
        _ => unknown(&format!("{operator} of numbers with decimal places")),
    }
}

fn contains(holder: &Value, wanted: &Value) -> Result<bool> {
    match (holder, wanted) {
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(&**part)),
        (Value::Dict(pairs), _) => Ok(pairs.borrow().iter().any(|(key, _)| key.equals(wanted))),
        _ => Ok(items(holder)?.iter().any(|item| item.equals(wanted))),
    }
}

/// `%s`, `%d`, `%r` and `%%`.
fn percent(text: &str, value: &Value) -> Result<Value> {
    let mut values = match value {
        Value::Tuple(values) => values.to_vec(),
        other => vec![other.clone()],
    }
    .into_iter();
    let mut shown = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            shown.push(char);
            continue;
        }
        let kind = chars.next();
        if kind == Some('%') {
            shown.push('%');
            continue;
        }
        let Some(value) = values.next() else {
            return raise("TypeError", "not enough arguments for format string");
        };
        match kind {
            Some('s' | 'd' | 'i') => shown.push_str(&value.show()),
            Some('r') => shown.push_str(&value.repr(0)),
            _ => return unknown("this conversion of %"),
        }
    }
    Ok(Value::text(shown))
}
