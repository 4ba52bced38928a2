//! Reads one line of a check.

use super::{
    CheckLine, FilePlace, NodeField, Object, Place, Predicate, RaftNumber, Relation, ServiceNumber,
    TextRelation,
};
use crate::cluster::SURFACES;
use crate::pattern::Unreadable;

/// How each predicate is written, by its first word; the messages quote it.
const FORMS: [(&str, &str); 17] = [
    ("secret", "secret NAME exists|absent"),
    ("service", "service NAME exists|absent, service NAME running|replicas OP NUMBER"),
    ("secrets", "secrets OP NUMBER"),
    ("services", "services OP NUMBER"),
    ("nodes", "nodes OP NUMBER"),
    ("managers", "managers OP NUMBER, managers agree"),
    ("term", "term OP NUMBER"),
    ("quorum", "quorum holds|lost"),
    ("tasks", "tasks SERVICE STATE OP NUMBER"),
    ("link", "link NODE NODE cut|whole"),
    ("fault", "fault ID struck|waits"),
    ("leader", "leader exists, leader == NODE, leader != NODE"),
    (
        "node",
        "node NODE role|status|availability|host|raft == VALUE, node NODE term|commit|applied OP \
         NUMBER, node NODE runs [no] SERVICE, node NODE knows [no] secret NAME, node NODE holds secret NAME, node NODE holds no secret NAME, node NODE holds no secrets",
    ),
    ("file", "file NODE:/PATH exists|absent, file NODE:/PATH size OP NUMBER"),
    ("exit", "exit OP NUMBER"),
    ("output", "output has \"TEXT\", output lacks \"TEXT\", output lines OP NUMBER"),
    (
        "bytes",
        "bytes \"TEXT\" [not] in SURFACE [of NODE], bytes \"TEXT\" nowhere, \
         bytes \"TEXT\" nowhere else except PLACE, ...",
    ),
];

/// The states that `docker service ps` shows.
const TASK_STATES: [&str; 14] = [
    "new",
    "pending",
    "assigned",
    "accepted",
    "preparing",
    "ready",
    "starting",
    "running",
    "complete",
    "shutdown",
    "failed",
    "rejected",
    "remove",
    "orphaned",
];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    text: String,
    quoted: bool,
    column: u32,
}

/// Reads one line.
///
/// # Errors
/// Where the line leaves the vocabulary and what was expected there.
pub(crate) fn parse(source: &str) -> Result<CheckLine, Unreadable> {
    if let Some(predicate) = leak(source)? {
        return Ok(CheckLine { source: source.trim().to_owned(), predicate });
    }
    let tokens = tokens(source)?;
    let end = u32::try_from(source.trim_end().chars().count() + 1).unwrap_or(u32::MAX);
    let mut line = Line { tokens, at: 0, end };
    let predicate = line.predicate()?;
    if let Some(token) = line.tokens.get(line.at) {
        return Err(Unreadable {
            column: token.column,
            message: format!("expected the end of the line, found `{}`", token.text),
        });
    }
    Ok(CheckLine { source: source.trim().to_owned(), predicate })
}

/// `no leaks`, `leak [NAME in] PLACE`, `no leak [NAME in] PLACE`: a place may hold blanks and needs no quotation marks.
fn leak(source: &str) -> Result<Option<Predicate>, Unreadable> {
    let text = source.trim();
    if text == "no leaks" {
        return Ok(Some(Predicate::NoLeaks));
    }
    let (is_wanted, text) = match text.strip_prefix("no ") {
        None => (true, text),
        Some(text) => (false, text),
    };
    let Some(place) = text.strip_prefix("leak ") else { return Ok(None) };
    match super::parse_leak(place) {
        Ok(place) if is_wanted => Ok(Some(Predicate::Leak(place))),
        Ok(place) => Ok(Some(Predicate::NoLeak(place))),
        Err(message) => Err(Unreadable { column: 1, message }),
    }
}

fn tokens(source: &str) -> Result<Vec<Token>, Unreadable> {
    let mut tokens = Vec::new();
    let mut chars = source.chars().zip(1_u32..).peekable();
    while let Some((char, column)) = chars.next() {
        if char.is_whitespace() {
            continue;
        }
        let mut text = String::new();
        let quoted = char == '"';
        if quoted {
            loop {
                match chars.next() {
                    Some(('"', _)) => break,
                    Some(('\\', at)) => text.push(escape(chars.next().map(|(c, _)| c), at)?),
                    Some((char, _)) => text.push(char),
                    None => {
                        let message = "this quotation has no end: expected a second \"".to_owned();
                        return Err(Unreadable { column, message });
                    }
                }
            }
        } else {
            text.push(char);
            while char != ','
                && let Some((next, _)) = chars.next_if(|(c, _)| !c.is_whitespace() && *c != ',')
            {
                text.push(next);
            }
        }
        tokens.push(Token { text, quoted, column });
    }
    Ok(tokens)
}

fn escape(char: Option<char>, column: u32) -> Result<char, Unreadable> {
    match char {
        Some('n') => Ok('\n'),
        Some('t') => Ok('\t'),
        Some(char @ ('"' | '\\')) => Ok(char),
        _ => Err(Unreadable {
            column,
            message: "expected \\n, \\t, \\\" or \\\\ in a quotation".to_owned(),
        }),
    }
}

struct Line {
    tokens: Vec<Token>,
    at: usize,
    /// The column after the last character.
    end: u32,
}

impl Line {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn error<T>(&self, expected: &str) -> Result<T, Unreadable> {
        let (column, found) = match self.peek() {
            Some(token) => (token.column, format!("found `{}`", token.text)),
            None => (self.end, "found the end of the line".to_owned()),
        };
        Err(Unreadable { column, message: format!("expected {expected}, {found}") })
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, word: &str) -> bool {
        let taken = self.peek().is_some_and(|token| !token.quoted && token.text == word);
        self.at += usize::from(taken);
        taken
    }

    /// One of some words.
    fn one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Result<T, Unreadable> {
        match words.iter().find(|(word, _)| self.takes(word)) {
            Some((_, value)) => Ok(*value),
            None => self.error(&alternatives(words.iter().map(|(word, _)| *word))),
        }
    }

    fn text(&mut self, what: &str) -> Result<String, Unreadable> {
        let Some(token) = self.peek() else { return self.error(what) };
        let text = token.text.clone();
        self.at += 1;
        Ok(text)
    }

    fn relation(&mut self) -> Result<Relation, Unreadable> {
        const ALL: [Relation; 6] = [
            Relation::Equal,
            Relation::Different,
            Relation::AtMost,
            Relation::AtLeast,
            Relation::Less,
            Relation::More,
        ];
        self.one_of(&ALL.map(|relation| (relation.sign(), relation)))
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T, Unreadable> {
        match self.peek().and_then(|token| token.text.parse().ok()) {
            Some(number) => {
                self.at += 1;
                Ok(number)
            }
            None => self.error("a whole number"),
        }
    }

    fn predicate(&mut self) -> Result<Predicate, Unreadable> {
        let Some(first) = self.peek().cloned() else { return self.error("a predicate") };
        if first.quoted {
            return self.texts();
        }
        self.at += 1;
        self.after(&first.text).map_err(|error| with_form(error, &first.text))
    }

    /// What follows the first word.
    fn after(&mut self, first: &str) -> Result<Predicate, Unreadable> {
        match first {
            "secrets" => self.count(Object::Secret),
            "services" => self.count(Object::Service),
            "nodes" => self.count(Object::Node),
            "managers" if self.takes("agree") => Ok(Predicate::Agree),
            "managers" => self.count(Object::Manager),
            "term" => Ok(Predicate::Term(self.relation()?, self.number()?)),
            "quorum" => {
                let holds = self.one_of(&[("holds", true), ("lost", false)])?;
                Ok(Predicate::Quorum { holds })
            }
            "tasks" => {
                let service = self.text("a service's name")?;
                let states: Vec<(&str, &str)> = TASK_STATES.iter().map(|s| (*s, *s)).collect();
                let state = self.one_of(&states)?.to_owned();
                let relation = self.relation()?;
                Ok(Predicate::Tasks { service, state, relation, value: self.number()? })
            }
            "link" => {
                let (one, other) = (self.text("a node's name")?, self.text("a node's name")?);
                let cut = self.one_of(&[("cut", true), ("whole", false)])?;
                Ok(Predicate::Link { one, other, cut })
            }
            "fault" => {
                let fault = self.text("a fault's name")?;
                let struck = self.one_of(&[("struck", true), ("waits", false)])?;
                Ok(Predicate::Struck { fault, struck })
            }
            "secret" => {
                let name = self.text("a secret's name")?;
                let there = self.one_of(&[("exists", true), ("absent", false)])?;
                Ok(Predicate::Exists { object: Object::Secret, name, there })
            }
            "service" => self.service(),
            "leader" => self.leader(),
            "node" => self.node(),
            "file" => self.file(),
            "exit" => Ok(Predicate::Exit(self.relation()?, self.number()?)),
            "output" => self.output(),
            "prompt" => {
                let node = self.text("a node's name")?;
                self.one_of(&[("==", ())])?;
                Ok(Predicate::Prompt { node, text: self.text("the prompt in quotation marks")? })
            }
            "bytes" => self.bytes(),
            _ => {
                self.at -= 1;
                let words = FORMS
                    .iter()
                    .map(|(word, _)| *word)
                    .chain(["prompt", "leak", "no leaks", "\"TEXT\""]);
                self.error(&alternatives(words))
            }
        }
    }

    fn count(&mut self, object: Object) -> Result<Predicate, Unreadable> {
        Ok(Predicate::Count(object, self.relation()?, self.number()?))
    }

    fn service(&mut self) -> Result<Predicate, Unreadable> {
        enum After {
            There(bool),
            Number(ServiceNumber),
        }
        let name = self.text("a service's name")?;
        let after = [("exists", 0_u8), ("absent", 1), ("running", 2), ("replicas", 3)];
        let after = match self.one_of(&after)? {
            0 => After::There(true),
            1 => After::There(false),
            2 => After::Number(ServiceNumber::Running),
            _ => After::Number(ServiceNumber::Replicas),
        };
        Ok(match after {
            After::There(there) => Predicate::Exists { object: Object::Service, name, there },
            After::Number(number) => {
                let relation = self.relation()?;
                Predicate::Service { name, number, relation, value: self.number()? }
            }
        })
    }

    fn leader(&mut self) -> Result<Predicate, Unreadable> {
        if self.takes("exists") {
            return Ok(Predicate::LeaderExists);
        }
        let equal = self.one_of(&[("==", true), ("!=", false)]);
        let equal = match equal {
            Ok(equal) => equal,
            Err(_) => return self.error("`exists`, `==` or `!=`"),
        };
        Ok(Predicate::Leader { equal, node: self.text("a node's name")? })
    }

    fn node(&mut self) -> Result<Predicate, Unreadable> {
        let node = self.text("a node's name")?;
        if self.takes("runs") {
            let there = !self.takes("no");
            return Ok(Predicate::Runs { node, service: self.text("a service's name")?, there });
        }
        if self.takes("holds") {
            let there = !self.takes("no");
            if !there && self.takes("secrets") {
                return Ok(Predicate::Holds { node, secret: None, there });
            }
            self.one_of(&[("secret", ())])?;
            let secret = Some(self.text("a secret's name")?);
            return Ok(Predicate::Holds { node, secret, there });
        }
        if self.takes("knows") {
            let there = !self.takes("no");
            self.one_of(&[("secret", ())])?;
            return Ok(Predicate::Knows { node, secret: self.text("a secret's name")?, there });
        }
        for (word, number) in [
            ("term", RaftNumber::Term),
            ("commit", RaftNumber::Commit),
            ("applied", RaftNumber::Applied),
        ] {
            if self.takes(word) {
                let relation = self.relation()?;
                return Ok(Predicate::Raft { node, number, relation, value: self.number()? });
            }
        }
        const FIELDS: [(&str, NodeField); 5] = [
            ("role", NodeField::Role),
            ("status", NodeField::Status),
            ("availability", NodeField::Availability),
            ("host", NodeField::Host),
            ("raft", NodeField::Raft),
        ];
        let Some((_, field)) = FIELDS.into_iter().find(|(word, _)| self.takes(word)) else {
            return self.error(
                "`runs`, `holds`, `knows`, `role`, `status`, `availability`, `host`, `raft`, `term`, \
                 `commit` or `applied`",
            );
        };
        let equal = self.one_of(&[("==", true), ("!=", false)])?;
        let values: &[&str] = match field {
            NodeField::Role => &["manager", "worker", "none"],
            NodeField::Status => &["ready", "down", "unknown", "disconnected"],
            NodeField::Availability => &["active", "pause", "drain"],
            NodeField::Host => &["up", "down", "frozen"],
            NodeField::Raft => &["leader", "follower", "candidate", "none"],
        };
        let values: Vec<(&str, &str)> = values.iter().map(|value| (*value, *value)).collect();
        let value = self.one_of(&values)?.to_owned();
        Ok(Predicate::Node { node, field, equal, value })
    }

    fn file(&mut self) -> Result<Predicate, Unreadable> {
        let at = self.at;
        let place = self.text("NODE:/PATH")?;
        let Some((node, path)) = place.split_once(':').filter(|(_, path)| path.starts_with('/'))
        else {
            self.at = at;
            return self.error("NODE:/PATH");
        };
        let file = FilePlace { node: node.to_owned(), path: path.to_owned() };
        if self.takes("size") {
            return Ok(Predicate::FileSize {
                file,
                relation: self.relation()?,
                value: self.number()?,
            });
        }
        for (word, there) in [("exists", true), ("absent", false)] {
            if self.takes(word) {
                return Ok(Predicate::FileExists { file, there });
            }
        }
        self.error("`size`, `exists` or `absent`")
    }

    fn output(&mut self) -> Result<Predicate, Unreadable> {
        if self.takes("lines") {
            return Ok(Predicate::OutputLines(self.relation()?, self.number()?));
        }
        for (word, there) in [("has", true), ("lacks", false)] {
            if self.takes(word) {
                return Ok(Predicate::OutputHas { text: self.text("a text")?, there });
            }
        }
        self.error("`has`, `lacks` or `lines`")
    }

    fn bytes(&mut self) -> Result<Predicate, Unreadable> {
        if !self.peek().is_some_and(|token| token.quoted && !token.text.is_empty()) {
            return self.error("the bytes in quotation marks");
        }
        let text = self.text("the bytes")?;
        if self.takes("nowhere") {
            let mut except = Vec::new();
            if self.takes("else") {
                self.one_of(&[("except", ())])?;
                loop {
                    except.push(self.place()?);
                    if !self.takes(",") {
                        break;
                    }
                }
            }
            return Ok(Predicate::BytesNowhere { text, except });
        }
        let there = !self.takes("not");
        if !self.takes("in") {
            let expected = if there { "`in`, `not in` or `nowhere`" } else { "`in`" };
            return self.error(expected);
        }
        let mut place = self.place()?;
        if place.node.is_none() && self.takes("of") {
            place.node = Some(self.text("a node's name")?);
        }
        Ok(Predicate::BytesIn { text, place, there })
    }

    /// `SURFACE`, `SURFACE:NODE` or `SURFACE:NODE:/PATH`.
    fn place(&mut self) -> Result<Place, Unreadable> {
        let at = self.at;
        let text = self.text("a surface")?;
        let mut parts = text.splitn(3, ':').map(str::to_owned);
        let surface = parts.next().unwrap_or_default();
        if !SURFACES.iter().any(|(name, _)| *name == surface) {
            self.at = at;
            return self.error(&alternatives(SURFACES.iter().map(|(name, _)| *name)));
        }
        Ok(Place { surface, node: parts.next(), path: parts.next() })
    }

    fn texts(&mut self) -> Result<Predicate, Unreadable> {
        let left = self.text("a text")?;
        let relation = self.one_of(&[
            ("==", TextRelation::Equal),
            ("!=", TextRelation::Different),
            ("starts-with", TextRelation::StartsWith),
            ("contains", TextRelation::Contains),
        ])?;
        Ok(Predicate::Texts { left, relation, right: self.text("a text")? })
    }
}

/// `` `a`, `b` or `c` ``.
fn alternatives<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Adds how the predicate is written to a message.
fn with_form(mut error: Unreadable, first: &str) -> Unreadable {
    if let Some((_, form)) = FORMS.iter().find(|(word, _)| *word == first) {
        error.message = format!("{} (the form is: {form})", error.message);
    }
    error
}
