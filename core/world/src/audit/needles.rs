//! What the audit looks for: every secret that the swarm ever held, its keys and tokens, and the words
//! that a lab wants to be watched.

use sim::Time;

use super::forms::{CORE_SIZE_MIN, Form, core, spellings};
use super::matcher::Matcher;

/// What kind of text it is; the most telling kind comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedleKind {
    /// A secret's bytes.
    Secret,
    /// The key that unlocks managers (autolock).
    UnlockKey,
    /// The private key of the swarm's certificate authority.
    CaKey,
    /// The key of a manager's log and snapshots (DEK).
    DataKey,
    /// The private key of a node's certificate.
    NodeKey,
    /// What a node joins with.
    JoinToken,
    /// A text that somebody asked to watch.
    Word,
}

impl NeedleKind {
    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::UnlockKey => "unlock key",
            Self::CaKey => "key of the CA",
            Self::DataKey => "data key",
            Self::NodeKey => "node key",
            Self::JoinToken => "join token",
            Self::Word => "word",
        }
    }
}

/// One text to look for. Never shows it.
#[derive(Clone)]
pub(super) struct Needle {
    pub(super) kind: NeedleKind,
    /// Names of the secrets with these bytes, or what it is.
    pub(super) names: Vec<String>,
    /// Identifiers of those secrets.
    pub(super) ids: Vec<String>,
    pub(super) text: Box<[u8]>,
    /// Where the core begins in the text.
    lead: usize,
    /// How much of it is looked for at first.
    core_size: usize,
    /// When the audit came to know it.
    pub(super) since: Time,
}

impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needle({} {:?})", self.kind.word(), self.names)
    }
}

impl Needle {
    /// Nothing is looked for that is in too many places by chance.
    pub(super) const fn is_too_short(&self) -> bool {
        self.core_size < CORE_SIZE_MIN
    }

    fn core(&self) -> &[u8] {
        &self.text[self.lead..self.lead + self.core_size]
    }
}

/// Where a needle was found in some bytes, and how it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) offset: u64,
    pub(super) needle: u32,
    pub(super) form: Form,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Needles {
    all: Vec<Needle>,
    matcher: Matcher,
    /// By pattern.
    spelled: Vec<(u32, Form)>,
    /// The most bytes before a place that may belong to something found there.
    reach: usize,
    is_stale: bool,
}

impl Default for Needles {
    fn default() -> Self {
        let matcher = Matcher::new(Vec::new());
        Self { all: Vec::new(), matcher, spelled: Vec::new(), reach: 0, is_stale: false }
    }
}

/// More needles than this are not looked for; nobody makes so many secrets by hand.
const COUNT_MAX: usize = 5_000;

impl Needles {
    /// Adds a text; the same text under another name or of another kind is the same needle.
    pub(super) fn add(&mut self, kind: NeedleKind, name: &str, id: &str, text: &[u8], now: Time) {
        let own = core(text);
        if own.is_empty() {
            return;
        }
        let known = self.all.iter_mut().find(|needle| needle.core() == own);
        if let Some(needle) = known {
            if kind < needle.kind {
                needle.kind = kind;
                needle.names.clear();
                needle.ids.clear();
            }
            if kind == needle.kind && !needle.names.iter().any(|known| known == name) {
                needle.names.push(name.to_owned());
            }
            if !id.is_empty() && !needle.ids.iter().any(|known| known == id) {
                needle.ids.push(id.to_owned());
            }
            return;
        }
        if self.all.len() >= COUNT_MAX {
            return;
        }
        self.all.push(Needle {
            kind,
            names: vec![name.to_owned()],
            ids: if id.is_empty() { Vec::new() } else { vec![id.to_owned()] },
            text: text.into(),
            lead: text.len() - text.trim_ascii_start().len(),
            core_size: own.len(),
            since: now,
        });
        self.is_stale = true;
    }

    /// True if there is a text that was not looked for yet; from now on it is.
    pub(super) fn refresh(&mut self) -> bool {
        if !std::mem::take(&mut self.is_stale) {
            return false;
        }
        let mut patterns = Vec::new();
        self.spelled.clear();
        self.reach = 0;
        for (index, needle) in self.all.iter().enumerate() {
            if needle.is_too_short() {
                continue;
            }
            for (form, bytes) in spellings(needle.core()) {
                self.spelled.push((index as u32, form));
                self.reach = self.reach.max(bytes.len());
                patterns.push(bytes.into_boxed_slice());
            }
            self.reach = self.reach.max(needle.text.len() + needle.lead);
        }
        self.matcher = Matcher::new(patterns);
        true
    }

    pub(super) fn all(&self) -> &[Needle] {
        &self.all
    }

    pub(super) fn get(&self, index: u32) -> &Needle {
        &self.all[index as usize]
    }

    /// So many bytes in front of new ones may belong to something that ends in them.
    pub(super) const fn reach(&self) -> u64 {
        self.reach as u64
    }

    /// When everything before `kept` is known already: where to look again from.
    pub(super) const fn look_from(&self, kept: usize) -> usize {
        kept.saturating_sub(self.reach)
    }

    /// Everything that begins at `from` or later, in order of place.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.matcher.find(bytes, from, &mut |pattern, at| {
            let (needle, form) = self.spelled[pattern as usize];
            let form = match form {
                Form::Plain => self.all[needle as usize].exact_form(bytes, at),
                form => form,
            };
            hits.push(Hit { offset: at as u64, needle, form });
        });
        hits.sort_unstable();
        hits
    }
}

impl Needle {
    /// The core lies at `at`: how much of the whole text is around it?
    fn exact_form(&self, bytes: &[u8], at: usize) -> Form {
        let all = &self.text[..];
        let begins = at.checked_sub(self.lead).is_some_and(|start| bytes[start..].starts_with(all));
        if begins {
            return Form::Plain;
        }
        let trimmed = all.trim_ascii();
        if bytes[at..].starts_with(trimmed) { Form::Trimmed } else { Form::Beginning }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &[u8], bytes: &[u8]) -> Vec<(u64, Form)> {
        let mut needles = Needles::default();
        needles.add(NeedleKind::Word, "it", "", text, Time::EPOCH);
        needles.refresh();
        needles.find(bytes, 0).into_iter().map(|hit| (hit.offset, hit.form)).collect()
    }

    #[test]
    fn the_newline_is_told_from_the_text() {
        assert_eq!(forms(b"hunter2\n", b"..hunter2\n"), [(2, Form::Plain)]);
        assert_eq!(forms(b"hunter2\n", b"..hunter2;"), [(2, Form::Trimmed)]);
        assert_eq!(forms(b" hunter2", b"hunter2"), [(0, Form::Trimmed)]);
        let long: Vec<u8> = (0..900_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(forms(&long, &long), [(0, Form::Plain)]);
        assert_eq!(forms(&long, &long[..900]), [(0, Form::Beginning)]);
        assert_eq!(forms(b"abcd", b"abcd"), [], "too short");
    }

    #[test]
    fn one_text_is_one_needle() {
        let mut needles = Needles::default();
        needles.add(NeedleKind::Word, "the word", "", b"hunter2", Time::EPOCH);
        needles.add(NeedleKind::Secret, "pw", "id1", b"hunter2\n", Time::EPOCH);
        needles.add(NeedleKind::Secret, "pw2", "id2", b"hunter2", Time::EPOCH);
        assert!(needles.refresh() && !needles.refresh());
        let [needle] = needles.all() else { panic!("{needles:?}") };
        assert_eq!((needle.kind, needle.names.len(), needle.ids.len()), (NeedleKind::Secret, 2, 2));
        assert!(!format!("{needle:?}").contains("hunter2"));
    }
}
