//! A flag, and how a table of flags is read.
//!
//! Such a table is a text with a flag in each line, its cells between bars: how it is spelled, what its value is,
//! conditions, and its help. An indented line has the help that the flag above had up to and including a release, the
//! newest first:
//!
//! ```text
//! -d, --detach | bool | since 17.05, api 1.29 | Exit immediately instead of waiting for the service to converge
//! --mode | string | default replicated | Service mode ("replicated", "global", "replicated-job", "global-job")
//!     until 20.10 | Service mode (replicated, global, replicated-job, or global-job)
//! --isolation | string | since 17.12, not simulated: Windows containers | Service container isolation mode
//! ```
//!
//! The conditions are the first and the last release that have the flag (`since`, `until`), the API version that it
//! needs (`api`), its value if it is not given, as help shows it (`default`; without one, the type's zero), and what
//! it would need that is not simulated.

use crate::profile::{Profile, Version};
use crate::table::entry::Text;

/// A flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after pflag's and Docker's own types")]
pub enum Kind {
    Bool,
    String,
    List,
    Strings,
    Int,
    Uint,
    Float,
    Duration,
    Bytes,
    Decimal,
    Filter,
    Secret,
    Config,
    Mount,
    NodeAddr,
    Command,
    /// A type that is only shown.
    Other(&'static str),
}

/// By the word in the tables.
const KINDS: [(&str, Kind); 16] = [
    ("bool", Kind::Bool),
    ("string", Kind::String),
    ("list", Kind::List),
    ("strings", Kind::Strings),
    ("int", Kind::Int),
    ("uint", Kind::Uint),
    ("float", Kind::Float),
    ("duration", Kind::Duration),
    ("bytes", Kind::Bytes),
    ("decimal", Kind::Decimal),
    ("filter", Kind::Filter),
    ("secret", Kind::Secret),
    ("config", Kind::Config),
    ("mount", Kind::Mount),
    ("node-addr", Kind::NodeAddr),
    ("command", Kind::Command),
];

impl Kind {
    fn read(word: &'static str) -> Self {
        let known = KINDS.iter().find(|(known, _)| *known == word);
        known.map_or(Self::Other(word), |(_, kind)| *kind)
    }

    /// What help shows after the flag's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bool => "",
            Self::Other(label) => label,
            kind => KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word),
        }
    }
}

/// The help of `--format` of lists, `@list` in a table.
const FORMAT_LIST: &str = "Format output using a custom template:\n\
    'table':            Print output in table format with column headers (default)\n\
    'table TEMPLATE':   Print output in table format using the given Go template\n\
    'json':             Print in JSON format\n\
    'TEMPLATE':         Print output using the given Go template.\n\
    Refer to https://docs.docker.com/go/formatting/ for more information about formatting output \
    with templates";

/// The help of `--format` of `inspect`, `@inspect` in a table.
const FORMAT_INSPECT: &str = "Format output using a custom template:\n\
    'json':             Print in JSON format\n\
    'TEMPLATE':         Print output using the given Go template.\n\
    Refer to https://docs.docker.com/go/formatting/ for more information about formatting output \
    with templates";

/// A flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// `-d, --detach` or `--name`.
    spelling: &'static str,
    /// Its value.
    pub kind: Kind,
    help: Text,
    since: Version,
    until: Version,
    /// The API version it needs.
    pub api: Option<&'static str>,
    /// Its value if it is not given, as help shows it; empty: the type's zero.
    pub default: &'static str,
    /// What it would need that is not simulated.
    pub unsimulated: Option<&'static str>,
}

/// The flags of a table, of all releases.
pub(super) fn read(table: &'static str) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for line in table.lines().map(str::trim_start) {
        match earlier(line) {
            Some((until, help)) => {
                flags.last_mut().into_iter().for_each(|flag| flag.help = flag.help.was(until, help))
            }
            None => flags.extend(Flag::read(line)),
        }
    }
    flags
}

/// A line with an earlier help.
fn earlier(line: &'static str) -> Option<(Version, &'static str)> {
    let (until, help) = line.strip_prefix("until ")?.split_once(" | ")?;
    Some((release(until)?, help))
}

fn release(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some(Version(major.parse().ok()?, minor.parse().ok()?))
}

impl Flag {
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.splitn(4, '|');
        let mut cell = || cells.next().map(|cell| cell.strip_prefix(' ').unwrap_or(cell));
        let (spelling, kind) = (cell()?.trim_end(), Kind::read(cell()?.trim_end()));
        let (conditions, help) = (cell()?.trim_end(), cell()?);
        let help = match help {
            "@list" => FORMAT_LIST,
            "@inspect" => FORMAT_INSPECT,
            help => help,
        };
        let mut flag = Self {
            spelling,
            kind,
            help: Text::new(help),
            since: Version(0, 0),
            until: Version(u8::MAX, 0),
            api: None,
            default: "",
            unsimulated: None,
        };
        for condition in conditions.split(", ").filter(|condition| !condition.is_empty()) {
            match condition.split_once(' ')? {
                ("since", text) => flag.since = release(text)?,
                ("until", text) => flag.until = release(text)?,
                ("api", text) => flag.api = Some(text),
                ("default", text) => flag.default = text,
                ("not", text) => flag.unsimulated = Some(text.strip_prefix("simulated: ")?),
                _ => return None,
            }
        }
        Some(flag)
    }

    /// The name without dashes.
    pub fn name(&self) -> &'static str {
        let long = self.spelling.split_once("--").map(|(_, name)| name);
        long.unwrap_or(self.spelling)
    }

    /// The letter after a single dash.
    pub fn shorthand(&self) -> Option<char> {
        let rest = self.spelling.strip_prefix('-')?;
        rest.chars().next().filter(|char| *char != '-')
    }

    /// Its help in a release.
    pub fn help(&self, profile: &Profile) -> &'static str {
        self.help.at(profile.version)
    }

    pub(super) fn exists(&self, profile: &Profile) -> bool {
        (self.since..=self.until).contains(&profile.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{GROUPS, ROOT_FLAGS, commands};

    /// A line with a slip of the pen would be a flag that is not there.
    #[test]
    fn every_line_is_read() {
        let newest = crate::PROFILES.last().expect("there are releases");
        let tables = commands(newest).flat_map(|command| command.tables());
        let tables = tables.chain(GROUPS.iter().map(|group| group.flags)).chain([ROOT_FLAGS]);
        let mut count = 0;
        for table in tables {
            let lines = table.lines().map(str::trim_start).filter(|line| !line.is_empty());
            let (texts, rows): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("until"));
            let wrong = texts.into_iter().find(|line| earlier(line).is_none());
            assert_eq!(wrong.or(rows.into_iter().find(|row| Flag::read(row).is_none())), None);
            count += read(table).len();
        }
        assert!(count > 600, "{count}");
    }
}
