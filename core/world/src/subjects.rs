//! What was said last of every object: the cause of what a daemon does by itself.
//!
//! A daemon gathers work: a scheduler waits 50 ms for more tasks, a dispatcher sends assignments every
//! 100 ms, an image is pulled for seconds. When such a wait is over nothing outside has happened, and
//! the history would lose the thread. What is done then is done to objects, though, and it follows
//! from what was last known of them: a task is assigned because it was created, a container is made
//! because its task was assigned.

use sorted::SortedMap;

use sim::EventId;

/// The last event of every object that an event's text names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subjects {
    last: SortedMap<Box<str>, EventId>,
}

/// More objects than this and those that nothing was said of for longest are forgotten.
const COUNT_MAX: usize = 20_000;

/// The identifiers in an event's text: of swarm objects (25 characters), of containers (12 digits), and
/// names of images with their tags.
fn ids(detail: &str) -> impl Iterator<Item = &str> {
    let images = detail.split(' ').filter_map(|word| {
        let name = word.split('@').next().unwrap_or_default();
        let (_, tag) = name.rsplit_once(':')?;
        tag.starts_with(|char: char| char.is_ascii_alphanumeric()).then_some(name)
    });
    let words = detail.split(|char: char| !char.is_ascii_alphanumeric());
    let ids = words.filter_map(|word| {
        let lower = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        match word.len() {
            25 if word.bytes().all(lower) => Some(word),
            12 | 64 if word.bytes().all(|byte| byte.is_ascii_hexdigit()) => Some(&word[..12]),
            _ => None,
        }
    });
    ids.chain(images)
}

impl Subjects {
    /// What was said last of any object in this text.
    pub(crate) fn last(&self, detail: &str) -> Option<EventId> {
        ids(detail).filter_map(|id| self.last.get(id).copied()).max()
    }

    /// Something was said.
    pub(crate) fn note(&mut self, detail: &str, id: EventId) {
        for subject in ids(detail) {
            self.last.insert(subject.into(), id);
        }
        if self.last.len() > COUNT_MAX {
            let mut ages: Vec<EventId> = self.last.values().copied().collect();
            ages.sort_unstable();
            let middle = ages[ages.len() / 2];
            self.last.retain(|_, last| middle < *last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_leads_to_what_was_said_of_its_objects() {
        let mut subjects = Subjects::default();
        subjects.note("create task web.1.spq6iltnzwtvbtktiiesbnbpa at index 3", EventId(7));
        subjects.note("start b1b3029b549c", EventId(9));
        assert_eq!(subjects.last("+task (spq6iltnzwtvbtktiiesbnbpa)"), Some(EventId(7)));
        assert_eq!(subjects.last("exec_die b1b3029b549c web"), Some(EventId(9)));
        assert_eq!(subjects.last("pull nginx:latest"), None);
        subjects.note("nginx:latest@sha256:12 is pulled for a task", EventId(8));
        assert_eq!(subjects.last("pull nginx:latest"), Some(EventId(8)));
        for number in 0..=COUNT_MAX as u64 {
            subjects.note(&format!("{number:012x}"), EventId(10 + number));
        }
        assert!(subjects.last.len() < COUNT_MAX);
        assert_eq!(subjects.last("b1b3029b549c"), None, "the oldest are forgotten");
    }
}
