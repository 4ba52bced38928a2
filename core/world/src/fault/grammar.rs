//! How faults are written: one line each, the same everywhere.

use sim::Duration;

use super::{Fault, Jump, PerCent, Reach, Target};

/// How each fault is written, by its first word; the messages quote it.
///
/// `NODE` is a host's name, `leader`, `follower` or `node of SERVICE.SLOT`; `REACH` is `all`, `NODE`,
/// `NODE NODE` (both ways) or `NODE -> NODE`.
pub const FORMS: [(&str, &str); 17] = [
    ("crash", "crash NODE"),
    ("power-loss", "power-loss NODE"),
    ("restart", "restart NODE"),
    ("freeze", "freeze NODE"),
    ("thaw", "thaw NODE"),
    ("cut", "cut REACH"),
    ("isolate", "isolate NODE"),
    ("partition", "partition NODE,NODE [| NODE,NODE ...]"),
    ("heal", "heal REACH"),
    ("latency", "latency REACH SPAN"),
    ("loss", "loss REACH N%"),
    ("duplicate", "duplicate REACH N%"),
    ("slow-disk", "slow-disk NODE SPAN"),
    ("full-disk", "full-disk NODE"),
    ("flip-bit", "flip-bit NODE [/PATH]"),
    ("steal-disk", "steal-disk NODE to NODE"),
    ("clock", "clock NODE +SPAN|-SPAN"),
];

/// The folder whose files a bit may flip in.
pub(super) const STATE_FOLDER: &str = "/var/lib/docker/swarm";

/// The longest jump of a clock, latency or delay of a disk: certificates of a root last twenty years.
const SPAN_MAX: Duration = Duration::from_secs(20 * 365 * 86_400);

/// Units of spans, in milliseconds, the greatest first.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A line that is no fault, or no trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where, in characters from 1.
    pub column: u32,
    /// What was expected there.
    pub message: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unreadable {}

/// The words of a line that were not taken yet.
struct Words<'a> {
    words: Vec<(u32, &'a str)>,
    at: usize,
    /// The column after the last character.
    end: u32,
    form: &'static str,
}

impl<'a> Words<'a> {
    fn new(line: &'a str) -> Self {
        let mut words = Vec::new();
        let mut start = None;
        let mut column = 0;
        let count = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for (index, (offset, c)) in line.char_indices().chain([(line.len(), ' ')]).enumerate() {
            match (c.is_whitespace(), start) {
                (false, None) => {
                    start = Some(offset);
                    column = count(index + 1);
                }
                (true, Some(from)) => {
                    words.push((column, &line[from..offset]));
                    start = None;
                }
                _ => {}
            }
        }
        let end = count(line.trim_end().chars().count() + 1);
        Self { words, at: 0, end, form: "" }
    }

    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(|(_, word)| *word)
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_it = self.peek() == Some(word);
        self.at += usize::from(is_it);
        is_it
    }

    fn next(&mut self, what: &str) -> Result<&'a str, Unreadable> {
        let Some(word) = self.peek() else { return self.error(what) };
        self.at += 1;
        Ok(word)
    }

    /// Complains about the next word.
    fn error<T>(&self, expected: &str) -> Result<T, Unreadable> {
        let (column, found) = match self.words.get(self.at) {
            Some((column, word)) => (*column, format!("found `{word}`")),
            None => (self.end, "found the end of the line".to_owned()),
        };
        let form = match self.form {
            "" => String::new(),
            form => format!(" (the form is: {form})"),
        };
        Err(Unreadable { column, message: format!("expected {expected}, {found}{form}") })
    }

    fn target(&mut self) -> Result<Target, Unreadable> {
        let word = self.peek().unwrap_or_default();
        let ahead = self.words.get(self.at + 1).map(|(_, word)| *word);
        if word == "node" && ahead == Some("of") {
            self.at += 2;
            let task = self.next("a task, SERVICE.SLOT")?;
            if is_task(task) {
                return Ok(Target::NodeOf(task.to_owned()));
            }
            self.at -= 1;
            return self.error("a task, SERVICE.SLOT");
        }
        match target(word) {
            Some(target) => {
                self.at += 1;
                Ok(target)
            }
            None => self.error("a host's name, `leader`, `follower` or `node of SERVICE.SLOT`"),
        }
    }

    fn reach(&mut self) -> Result<Reach, Unreadable> {
        if self.takes("all") {
            return Ok(Reach::All);
        }
        let first = self.target()?;
        if self.takes("->") {
            return Ok(Reach::OneWay(first, self.target()?));
        }
        match self.peek() {
            Some(word) if target(word).is_some() => Ok(Reach::Link(first, self.target()?)),
            _ => Ok(Reach::Node(first)),
        }
    }

    fn value<T>(&mut self, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Unreadable> {
        match self.peek().and_then(read) {
            Some(value) => {
                self.at += 1;
                Ok(value)
            }
            None => self.error(what),
        }
    }

    fn end(&self) -> Result<(), Unreadable> {
        if self.at < self.words.len() { self.error("the end of the line") } else { Ok(()) }
    }
}

/// A host's name, or a captured value that will be one.
fn is_name(word: &str) -> bool {
    let plain = word.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(word);
    plain.starts_with(|c: char| c.is_ascii_alphabetic() || c.is_ascii_digit())
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && !looks_like_span(word)
}

/// `200ms`: no host is called so where a span may follow.
fn looks_like_span(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < word.len() && UNITS.iter().any(|(known, _)| *known == unit)
}

fn is_task(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(service, slot)| !service.is_empty() && !slot.is_empty())
}

fn target(word: &str) -> Option<Target> {
    match word {
        "leader" => Some(Target::Leader),
        "follower" => Some(Target::Follower),
        "all" | "to" | "of" => None,
        name => is_name(name).then(|| Target::Named(name.to_owned())),
    }
}

/// `500ms`, `2s`, `3m`, `1h`, `90d`: a whole number and a unit.
fn span(word: &str) -> Option<Duration> {
    let digits = word.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = word[..digits].parse().ok()?;
    let (_, millis) = UNITS.into_iter().find(|(unit, _)| *unit == &word[digits..])?;
    let millis = number.checked_mul(millis).filter(|millis| *millis <= SPAN_MAX.as_millis())?;
    Some(Duration::from_millis(millis))
}

/// `5%`, `0.5%`: in thousandths.
fn share(word: &str) -> Option<u16> {
    let number = word.strip_suffix('%')?;
    let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
    if whole.len() > 3 || tenth.len() != 1 {
        return None;
    }
    let share = whole.parse::<u16>().ok()? * 10 + tenth.parse::<u16>().ok()?;
    (share <= 1_000).then_some(share)
}

fn jump(word: &str) -> Option<Jump> {
    match word.split_at_checked(1)? {
        ("+", rest) => span(rest).map(Jump::Ahead),
        ("-", rest) => span(rest).map(Jump::Back),
        _ => None,
    }
}

const SPAN: &str = "a span such as `200ms` or `2s`";
const SHARE: &str = "a share from `0%` to `100%`";

/// Reads a fault.
pub(super) fn fault(line: &str) -> Result<Fault, Unreadable> {
    let mut words = Words::new(line);
    let verb = words.peek().unwrap_or_default();
    let Some((_, form)) = FORMS.iter().find(|(known, _)| *known == verb) else {
        let known: Vec<String> = FORMS.iter().map(|(verb, _)| format!("`{verb}`")).collect();
        return words.error(&format!("one of {}", known.join(", ")));
    };
    words.at = 1;
    words.form = form;
    let fault = match verb {
        "crash" => Fault::Crash(words.target()?),
        "power-loss" => Fault::PowerLoss(words.target()?),
        "restart" => Fault::Restart(words.target()?),
        "freeze" => Fault::Freeze(words.target()?),
        "thaw" => Fault::Thaw(words.target()?),
        "cut" => Fault::Cut(words.reach()?),
        "isolate" => Fault::Cut(Reach::Node(words.target()?)),
        "partition" => Fault::Partition(groups(&mut words)?),
        "heal" => Fault::Heal(words.reach()?),
        "latency" => Fault::Latency(words.reach()?, words.value(SPAN, span)?),
        "loss" => Fault::Loss(words.reach()?, words.value(SHARE, share)?),
        "duplicate" => Fault::Duplicate(words.reach()?, words.value(SHARE, share)?),
        "slow-disk" => Fault::SlowDisk(words.target()?, words.value(SPAN, span)?),
        "full-disk" => Fault::FullDisk(words.target()?),
        "flip-bit" => {
            let node = words.target()?;
            let path = match words.peek() {
                None => STATE_FOLDER,
                Some(path) if path.starts_with('/') => words.next("a path")?,
                Some(_) => return words.error("an absolute path"),
            };
            Fault::FlipBit(node, path.to_owned())
        }
        "steal-disk" => {
            let of = words.target()?;
            if !words.takes("to") {
                return words.error("`to`");
            }
            Fault::StealDisk { of, to: words.target()? }
        }
        _ => Fault::Clock(words.target()?, words.value("a span such as `+90d` or `-1h`", jump)?),
    };
    words.end()?;
    Ok(fault)
}

/// `a,b | c,d`.
fn groups(words: &mut Words<'_>) -> Result<Vec<Vec<Target>>, Unreadable> {
    let mut groups = vec![Vec::new()];
    while let Some(word) = words.peek() {
        if word == "|" {
            groups.push(Vec::new());
        } else {
            for name in word.split(',').filter(|name| !name.is_empty()) {
                match (target(name), groups.last_mut()) {
                    (Some(target), Some(group)) => group.push(target),
                    _ => return words.error("hosts with commas between them, or `|`"),
                }
            }
        }
        words.at += 1;
    }
    if groups.iter().any(Vec::is_empty) {
        return words.error("a host");
    }
    Ok(groups)
}

impl Reach {
    fn line(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Node(node) => node.to_string(),
            Self::Link(a, b) => format!("{a} {b}"),
            Self::OneWay(from, to) => format!("{from} -> {to}"),
        }
    }
}

/// In the one unit that says it in whole numbers, milliseconds if no greater one does.
struct Span(Duration);

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = self.0.as_millis();
        let fits = |(_, size): &(&str, u64)| millis > 0 && millis.is_multiple_of(*size);
        let (unit, size) = UNITS.into_iter().find(fits).unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / size)
    }
}

/// As it is written; reading it again gives the same fault.
impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Crash(node) => format!("crash {node}"),
            Fault::PowerLoss(node) => format!("power-loss {node}"),
            Fault::Restart(node) => format!("restart {node}"),
            Fault::Freeze(node) => format!("freeze {node}"),
            Fault::Thaw(node) => format!("thaw {node}"),
            Fault::Cut(Reach::Node(node)) => format!("isolate {node}"),
            Fault::Cut(reach) => format!("cut {}", reach.line()),
            Fault::Partition(groups) => {
                let groups: Vec<String> = groups
                    .iter()
                    .map(|group| group.iter().map(Target::to_string).collect::<Vec<_>>().join(","))
                    .collect();
                format!("partition {}", groups.join(" | "))
            }
            Fault::Heal(reach) => format!("heal {}", reach.line()),
            Fault::Latency(reach, span) => format!("latency {} {}", reach.line(), Span(span)),
            Fault::Loss(reach, share) => format!("loss {} {}", reach.line(), PerCent(share)),
            Fault::Duplicate(reach, share) => {
                format!("duplicate {} {}", reach.line(), PerCent(share))
            }
            Fault::SlowDisk(node, span) => format!("slow-disk {node} {}", Span(span)),
            Fault::FullDisk(node) => format!("full-disk {node}"),
            Fault::FlipBit(node, path) => format!("flip-bit {node} {path}"),
            Fault::StealDisk { of, to } => format!("steal-disk {of} to {to}"),
            Fault::Clock(node, Jump::Ahead(span)) => format!("clock {node} +{}", Span(span)),
            Fault::Clock(node, Jump::Back(span)) => format!("clock {node} -{}", Span(span)),
        }
    }
}

impl TryFrom<String> for Fault {
    type Error = Unreadable;
    fn try_from(line: String) -> Result<Self, Unreadable> {
        fault(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_can_be_read_and_written() {
        for line in [
            "crash node1",
            "power-loss leader",
            "restart node1",
            "freeze follower",
            "thaw node of web.1",
            "cut node1 node2",
            "cut node1 -> leader",
            "cut all",
            "isolate node1",
            "partition node1,node2 | node3",
            "partition leader",
            "heal all",
            "heal node1",
            "heal node1 -> node2",
            "latency node1 200ms",
            "latency node1 node of web.1 2s",
            "loss all 0.5%",
            "duplicate node1 -> node2 100%",
            "slow-disk node1 3m",
            "full-disk {{where}}",
            "flip-bit node1 /var/lib/docker/swarm/raft",
            "steal-disk node1 to node2",
            "clock node1 +90d",
            "clock node1 -1h",
        ] {
            let read = fault(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(String::from(read.clone()), line, "{read}");
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_its_place() {
        for (line, column, expected) in [
            ("", 1, "expected one of `crash`"),
            ("explode node1", 1, "found `explode`"),
            ("crash", 6, "expected a host's name"),
            (
                "crash node1 node2",
                13,
                "expected the end of the line, found `node2` (the form is: crash NODE)",
            ),
            ("cut node1 ->", 13, "expected a host's name"),
            ("loss node1 5", 12, "the end of the line"),
            ("loss node1 101%", 12, "expected a share"),
            ("loss all 5.55%", 10, "expected a share"),
            ("latency node1", 14, "expected a span"),
            ("latency node1 9999999d", 15, "expected a span"),
            ("clock node1 1h", 13, "`+90d`"),
            ("flip-bit node1 wal", 16, "an absolute path"),
            ("steal-disk node1 node2", 18, "expected `to`"),
            ("partition node1 |", 18, "expected a host"),
            ("crash node of web", 15, "a task, SERVICE.SLOT"),
            ("crash node?", 7, "expected a host's name"),
        ] {
            let error = fault(line).expect_err(line);
            assert!(error.message.contains(expected), "{line}: {error}");
            if expected != "the end of the line" {
                assert_eq!(error.column, column, "{line}: {error}");
            }
        }
    }
}
