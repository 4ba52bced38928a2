//! Variables in a file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?error}`,
//! `${NAME?error}`, and `$$` for a dollar (docker/cli: `cli/compose/template`, `.../interpolation`).

use yaml::{Node, Value};

/// Looks a variable up.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The sections whose values have variables.
const SECTIONS: [&str; 5] = ["services", "volumes", "networks", "secrets", "configs"];

/// Why a text could not be filled in.
#[derive(Debug, PartialEq, Eq)]
enum Problem {
    /// This part of it is no template.
    Template(String),
    Required(String),
}

/// A name at the beginning of a text.
fn name(text: &str) -> &str {
    let starts = |char: char| char.is_ascii_alphabetic() || char == '_';
    if !text.starts_with(starts) {
        return "";
    }
    let end = text.find(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    &text[..end.unwrap_or(text.len())]
}

fn fill(text: &str, lookup: Lookup<'_>) -> Result<String, Problem> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled += &rest[..at];
        let after = &rest[at + 1..];
        if let Some(next) = after.strip_prefix('$') {
            filled.push('$');
            rest = next;
        } else if let Some(inside) = after.strip_prefix('{') {
            let end = inside.find('}').ok_or_else(|| Problem::Template(text.to_owned()))?;
            filled += &braced(text, &inside[..end], lookup)?;
            rest = &inside[end + 1..];
        } else {
            let name = name(after);
            if name.is_empty() {
                return Err(Problem::Template(text.to_owned()));
            }
            filled += &lookup(name).unwrap_or_default();
            rest = &after[name.len()..];
        }
    }
    Ok(filled + rest)
}

fn braced(text: &str, inside: &str, lookup: Lookup<'_>) -> Result<String, Problem> {
    let variable = name(inside);
    if variable.is_empty() {
        return Err(Problem::Template(text.to_owned()));
    }
    let value = lookup(variable);
    let rest = &inside[variable.len()..];
    let non_empty = value.clone().filter(|value| !value.is_empty());
    let required = |reason: &str| {
        Problem::Required(format!("required variable {variable} is missing a value: {reason}"))
    };
    if rest.is_empty() {
        Ok(value.unwrap_or_default())
    } else if let Some(default) = rest.strip_prefix(":-") {
        Ok(non_empty.unwrap_or_else(|| default.to_owned()))
    } else if let Some(default) = rest.strip_prefix('-') {
        Ok(value.unwrap_or_else(|| default.to_owned()))
    } else if let Some(reason) = rest.strip_prefix(":?") {
        non_empty.ok_or_else(|| required(reason))
    } else if let Some(reason) = rest.strip_prefix('?') {
        value.ok_or_else(|| required(reason))
    } else {
        Err(Problem::Template(text.to_owned()))
    }
}

/// Fills the variables in.
///
/// # Errors
/// `invalid interpolation format for services.web.image: "..."; you may need to escape any $ with another $`;
/// `error while interpolating services.web.image: required variable X is missing a value: ...`.
pub(crate) fn interpolate(root: &mut Node, lookup: Lookup<'_>) -> Result<(), (String, Node)> {
    for section in SECTIONS {
        if let Some(node) = root.get_mut(section) {
            walk(node, section, lookup)?;
        }
    }
    Ok(())
}

fn walk(node: &mut Node, path: &str, lookup: Lookup<'_>) -> Result<(), (String, Node)> {
    let here = Node::at(node.place, Value::Null);
    match &mut node.value {
        Value::Text(text) if text.contains('$') => match fill(text, lookup) {
            Ok(filled) => *text = filled,
            Err(Problem::Template(part)) => {
                return Err((
                    format!(
                        "invalid interpolation format for {path}: {part:?}; you may need to escape any $ \
                         with another $"
                    ),
                    here,
                ));
            }
            Err(Problem::Required(text)) => {
                return Err((format!("error while interpolating {path}: {text}"), here));
            }
        },
        Value::List(items) => {
            for item in items {
                walk(item, &format!("{path}.[]"), lookup)?;
            }
        }
        Value::Map(entries) => {
            for (key, member) in entries {
                walk(member, &format!("{path}.{key}"), lookup)?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_defaults_and_demands() {
        let lookup = |name: &str| match name {
            "TAG" => Some("1.13".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let check = |text: &str, expected: &str| {
            assert_eq!(fill(text, &lookup), Ok(expected.to_owned()), "{text}");
        };
        check("a:$TAG", "a:1.13");
        check("a:${TAG}-x", "a:1.13-x");
        check("${NONE:-d}${NONE-e}", "de");
        check("${EMPTY:-d}${EMPTY-e}", "d");
        check("$$HOME ${NONE}", "$HOME ");
        check("${TAG?no}", "1.13");
        let required = "required variable EMPTY is missing a value: tell me";
        assert_eq!(fill("${EMPTY:?tell me}", &lookup), Err(Problem::Required(required.into())));
        for text in ["${", "$", "${}", "$1", "${TAG!x}", "${TAG"] {
            assert_eq!(fill(text, &lookup), Err(Problem::Template(text.into())), "{text}");
        }
    }
}
