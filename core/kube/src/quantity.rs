//! Amounts as Kubernetes writes them: `125m`, `64Mi`, `1.5`.

use serde_json::Value;

use crate::json::{at, text};

const SUFFIXES: [(&str, u128); 14] = [
    ("m", 1),
    ("", 1_000),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000_000),
    ("Ki", 1_000 << 10),
    ("Mi", 1_000 << 20),
    ("Gi", 1_000 << 30),
    ("Ti", 1_000 << 40),
    ("Pi", 1_000 << 50),
    ("Ei", 1_000 << 60),
];

/// In thousandths; nothing for what is no amount.
fn thousandths(amount: &Value) -> Option<u128> {
    let written = match amount {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let end = written.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(written.len());
    let (number, suffix) = written.split_at(end);
    let (_, factor) = SUFFIXES.iter().find(|(known, _)| *known == suffix)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    // Nine digits are more than any amount has.
    let part = &part[..part.len().min(9)];
    let digits: u128 = format!("{whole}{part}").parse().ok()?;
    let below = 10_u128.pow(u32::try_from(part.len()).ok()?);
    Some(digits.checked_mul(*factor)?.div_ceil(below))
}

/// Thousandths in the unit of a `resourceFieldRef`, rounded up.
pub fn divided(amount: u128, reference: &Value) -> u128 {
    let divisor = reference.get("divisor").and_then(thousandths).filter(|divisor| *divisor > 0);
    amount.div_ceil(divisor.unwrap_or(1_000))
}

/// What a container says that it needs, as a `resourceFieldRef` asks; 0 for what it does not say.
pub fn asked(container: &Value, reference: &Value) -> u128 {
    let (list, resource) = text(reference, "resource").split_once('.').unwrap_or_default();
    let amount = at(container, "resources").get(list).and_then(|all| all.get(resource));
    divided(amount.and_then(thousandths).unwrap_or(0), reference)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::asked;

    #[test]
    fn needs_are_rounded_up() {
        let container = json!({ "resources": {
            "limits": { "cpu": "250m", "memory": "64Mi" }, "requests": { "cpu": 1.5 },
        } });
        let of = |resource: &str, divisor: &str| {
            asked(&container, &json!({ "resource": resource, "divisor": divisor }))
        };
        assert_eq!(of("limits.cpu", "0"), 1);
        assert_eq!(of("limits.cpu", "1m"), 250);
        assert_eq!(of("limits.memory", "0"), 67_108_864);
        assert_eq!(of("limits.memory", "1Mi"), 64);
        assert_eq!(of("requests.cpu", ""), 2);
        assert_eq!(of("requests.memory", "0"), 0);
    }
}
