//! Compose files as `docker stack deploy` reads them (docker/cli: `cli/compose`).
//!
//! ```text
//! text -> tree with places -> variables -> schema -> one form -> merged with the other files
//! ```
//!
//! | module | what it does |
//! | --- | --- |
//! | [`tree`] | YAML with the place of every node, anchors and merge keys |
//! | `interpolate` | `${NAME:-default}` |
//! | `schema`, `table` | what a file of which version may say |
//! | `forms` | ports, mounts, environment, ... in one form each |
//! | `merge` | several files |
//! | [`emit`] | YAML again |
//!
//! What the tree means for a swarm is not said here but in the `docker` crate, next to the other commands
//! that make services.

mod emit;
mod forms;
mod interpolate;
mod merge;
mod schema;
mod table;

pub use emit::{BY_NAME, emit, emit_in};
pub use yaml::{Node, Place, Value};

/// What a file can ask of the host it is read on.
pub struct Host<'a> {
    /// A variable of the caller's environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// A file's text, or why it cannot be read.
    pub read: &'a dyn Fn(&str) -> Result<String, String>,
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Host")
    }
}

/// How a release reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The release as a number: 1903 for 19.03.
    pub release: u16,
    /// The newest version `3.N` that it knows.
    pub newest: u8,
    /// A file without a version is of the newest one; otherwise it is refused.
    pub version_is_optional: bool,
    /// Leave variables as they are (`stack config --skip-interpolation`).
    pub keeps_variables: bool,
    /// As `docker compose` reads it: the version does not matter, nothing is checked against a schema, an
    /// image may be built, and a port may have an address.
    pub is_for_one_host: bool,
}

/// A file.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, as typed.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// All files in one, in one form.
    pub root: Node,
    /// Options that are passed over, sorted.
    pub unsupported: Vec<String>,
    /// Options that should not be used, and why, sorted.
    pub deprecated: Vec<(&'static str, &'static str)>,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In docker's words.
    pub message: String,
    /// Where, if docker does not say it itself: `docker-compose.yml:7`.
    pub place: Option<String>,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Reads files; later ones win. `folder` is the first one's, which relative paths begin at.
///
/// # Errors
/// As `docker stack deploy` says it, with the place where it stands.
pub fn load(
    sources: &[Source<'_>],
    folder: &str,
    rules: Rules,
    host: &Host<'_>,
) -> Result<Loaded, Error> {
    let plain = |message: String| Error { message, place: None };
    let placed = |(message, place): (String, Place)| {
        let source = sources.get(usize::from(place.file));
        let place =
            source.filter(|_| place.line > 0).map(|it| format!("{}:{}", it.name, place.line));
        Error { message, place }
    };
    let mut roots = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let root =
            yaml::read(u16::try_from(index).unwrap_or(u16::MAX), source.text).map_err(plain)?;
        if !matches!(root.value, Value::Map(_)) {
            return Err(plain("Top-level object must be a mapping".to_owned()));
        }
        roots.push(root);
    }
    let mut whole: Option<Node> = None;
    let mut used: Vec<String> = Vec::new();
    for mut root in roots {
        let minor = match rules.is_for_one_host {
            true => rules.newest,
            false => version(&root, rules).map_err(plain)?,
        };
        for (_, service) in root.get("services").map_or(&[][..], Node::entries) {
            used.extend(service.entries().iter().map(|(key, _)| key.clone()));
        }
        if !rules.is_for_one_host {
            forbidden(&used).map_err(plain)?;
        }
        if !rules.keeps_variables {
            let filled = interpolate::interpolate(&mut root, host.env);
            filled.map_err(|(message, node)| placed((message, node.place)))?;
        }
        if !rules.is_for_one_host {
            schema::check(&root, minor).map_err(placed)?;
        }
        forms::normalize(&mut root, folder, rules, host).map_err(placed)?;
        root.put("version", Node::text_at(root.place, format!("3.{minor}")));
        match &mut whole {
            None => whole = Some(root),
            Some(whole) => merge::merge(whole, root),
        }
    }
    let root = whole.ok_or_else(|| plain("no files".to_owned()))?;
    let names = table::UNSUPPORTED.iter().filter(|(_, last)| rules.release <= *last);
    let is_used = |name: &str| used.iter().any(|known| known == name);
    Ok(Loaded {
        root,
        unsupported: names
            .filter(|(name, _)| is_used(name))
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        deprecated: table::DEPRECATED.iter().filter(|(name, _)| is_used(name)).copied().collect(),
    })
}

/// The minor version; `3` is the newest.
fn version(root: &Node, rules: Rules) -> Result<u8, String> {
    let given = root.get("version").and_then(Node::text);
    let text = match given.as_deref() {
        None | Some("") if rules.version_is_optional => return Ok(rules.newest),
        None | Some("") => "1.0".to_owned(),
        Some("3") => return Ok(if rules.release < 1903 { 0 } else { rules.newest }),
        Some(text) => text.to_owned(),
    };
    let minor = text.strip_prefix("3.").and_then(|minor| minor.parse::<u8>().ok());
    minor
        .filter(|minor| *minor <= rules.newest)
        .ok_or_else(|| format!("unsupported Compose file version: {text}"))
}

fn forbidden(used: &[String]) -> Result<(), String> {
    let found = table::FORBIDDEN.iter().filter(|(name, _)| used.iter().any(|known| known == name));
    let lines: Vec<String> = found.map(|(name, reason)| format!("{name}: {reason}")).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(format!("Compose file contains unsupported options:\n\n{}\n", lines.join("\n\n")))
}

/// A duration as Go reads it, in nanoseconds; nothing for what is none.
pub fn duration_nanos(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut total) = (text, 0_u64);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let (number, after) = rest.split_at(end);
        let unit_end = after.find(|char: char| char.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.len() > 9 {
            return None;
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(*scale)?)?;
        if !fraction.is_empty() {
            let digits = u32::try_from(fraction.len()).ok()?;
            let part = fraction.parse::<u64>().ok()?.checked_mul(*scale)?;
            total = total.checked_add(part / 10_u64.pow(digits))?;
        }
        rest = after;
    }
    Some(total)
}
