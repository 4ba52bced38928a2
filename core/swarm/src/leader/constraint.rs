//! Placement constraints: `node.role==manager` (swarmkit: `manager/constraint/constraint.go`).

use std::net::IpAddr;

use crate::objects::Node;

/// One constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    key: String,
    equal: bool,
    value: String,
}

/// Reads constraints.
///
/// # Errors
/// swarmkit's text for the first that is none.
pub fn parse(texts: &[String]) -> Result<Vec<Constraint>, String> {
    texts.iter().map(|text| parse_one(text)).collect()
}

fn parse_one(text: &str) -> Result<Constraint, String> {
    let split = text.split_once("==").map(|parts| (true, parts));
    let split = split.or_else(|| text.split_once("!=").map(|parts| (false, parts)));
    let Some((equal, (key, value))) = split else {
        return Err("constraint expected one operator from ==, !=".to_owned());
    };
    let (key, value) = (key.trim(), value.trim());
    if !is_key(key) {
        return Err(format!("key '{key}' is invalid"));
    }
    if !is_value(value) {
        return Err(format!("value '{value}' is invalid"));
    }
    Ok(Constraint { key: key.to_owned(), equal, value: value.to_owned() })
}

/// `^(?i)[a-z_][a-z0-9\-_.]+$`
fn is_key(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.len() >= 2
        && text.starts_with(first)
        && text.chars().all(|c| first(c) || c.is_ascii_digit() || c == '-' || c == '.')
}

/// `^(?i)[a-z0-9:\-_\s\.\*\(\)\?\+\[\]\\\^\$\|\/]+$`
fn is_value(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| {
            c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":-_.*()?+[]\\^$|/".contains(c)
        })
}

/// The node meets all of them.
pub fn matches(constraints: &[Constraint], node: &Node) -> bool {
    constraints.iter().all(|constraint| constraint.allows(node))
}

/// The node meets what the texts say; texts that cannot be read say nothing (the control API lets
/// none through).
pub fn matches_texts(texts: &[String], node: &Node) -> bool {
    texts.is_empty() || parse(texts).is_ok_and(|constraints| matches(&constraints, node))
}

impl Constraint {
    fn allows(&self, node: &Node) -> bool {
        let key = self.key.to_ascii_lowercase();
        match key.as_str() {
            "node.id" => self.compare(&node.id),
            "node.hostname" => self.compare(&node.description.hostname),
            "node.ip" => self.allows_address(&node.status.addr),
            "node.role" => self.compare(node.role.word()),
            "node.platform.os" => self.compare(&node.description.os),
            "node.platform.arch" => self.compare(&node.description.arch),
            _ => self.allows_label(node),
        }
    }

    fn compare(&self, actual: &str) -> bool {
        self.value.eq_ignore_ascii_case(actual) == self.equal
    }

    /// The prefix is compared without regard to case, the label's key exactly.
    fn allows_label(&self, node: &Node) -> bool {
        let after = |prefix: &str| {
            let (head, label) = self.key.split_at_checked(prefix.len())?;
            (head.eq_ignore_ascii_case(prefix) && !label.is_empty()).then_some(label)
        };
        let labels = if let Some(label) = after("node.labels.") {
            node.spec.annotations.labels.get(label)
        } else if let Some(label) = after("engine.labels.") {
            node.description.engine_labels.get(label)
        } else {
            return false;
        };
        self.compare(labels.map_or("", String::as_str))
    }

    /// An address, or a network in CIDR notation.
    fn allows_address(&self, addr: &str) -> bool {
        let actual: Option<IpAddr> = addr.parse().ok();
        if let Ok(wanted) = self.value.parse::<IpAddr>() {
            return (actual == Some(wanted)) == self.equal;
        }
        let network = self.value.split_once('/').and_then(|(base, bits)| {
            Some((base.parse::<IpAddr>().ok()?, bits.parse::<u32>().ok()?))
        });
        let Some((base, bits)) = network else {
            return false;
        };
        let within = match (base, actual) {
            (IpAddr::V4(base), Some(IpAddr::V4(actual))) if bits <= 32 => {
                let shift = 32 - bits;
                base.to_bits().checked_shr(shift) == actual.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(base), Some(IpAddr::V6(actual))) if bits <= 128 => {
                let shift = 128 - bits;
                base.to_bits().checked_shr(shift) == actual.to_bits().checked_shr(shift)
            }
            _ => false,
        };
        within == self.equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Role;

    #[test]
    fn constraints() {
        let mut node = Node { id: "n1".into(), role: Role::Manager, ..Node::default() };
        node.description.hostname = "Node1".to_owned();
        node.status.addr = "10.0.0.11".to_owned();
        node.spec.annotations.labels.insert("Rack".to_owned(), "r1".to_owned());
        for (text, expected) in [
            ("node.role==manager", Ok(true)),
            ("node.role == MANAGER", Ok(true)),
            ("node.role!=manager", Ok(false)),
            ("NODE.hostname==node1", Ok(true)),
            ("node.labels.Rack==R1", Ok(true)),
            ("node.labels.rack==r1", Ok(false)),
            ("node.labels.none!=x", Ok(true)),
            ("node.ip==10.0.0.0/24", Ok(true)),
            ("node.ip==10.0.0.12", Ok(false)),
            ("node.ip==0.0.0.0/0", Ok(true)),
            ("unknown==x", Ok(false)),
            ("node.role=manager", Err("constraint expected one operator from ==, !=")),
            ("node role==x", Err("key 'node role' is invalid")),
            ("node.role==", Err("value '' is invalid")),
        ] {
            let got = parse(&[text.to_owned()]).map(|constraints| matches(&constraints, &node));
            assert_eq!(got, expected.map_err(str::to_owned), "{text}");
        }
    }
}
