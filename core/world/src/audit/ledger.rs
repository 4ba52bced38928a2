//! What was found where, since when, and because of what.

use sorted::SortedMap;

use sim::{EventId, Time};

use super::forms::Form;
use super::needles::{Hit, Needles};
use crate::search::Surface;

/// A place that holds bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The host's number.
    pub(super) host: u16,
    pub(super) surface: Surface,
    pub(super) place: String,
}

/// From here on the bytes are an event's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: u64,
    cause: Option<EventId>,
}

#[derive(Debug, Default)]
struct Place {
    hits: Vec<Hit>,
    /// In order of `from`. None: nothing has changed since the audit began.
    spans: Vec<Span>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Where it is first in that place.
    pub(super) offset: u64,
    /// How often it is there.
    pub(super) count: u64,
    pub(super) seen: Time,
    pub(super) gone: Option<Time>,
    pub(super) cause: Option<EventId>,
    /// The place has been as it is since before the audit began.
    pub(super) is_old: bool,
    /// When it was first seen against the rules.
    pub(super) wrong_since: Option<Time>,
    /// Why it was allowed when it was judged last.
    pub(super) why: &'static str,
}

pub(super) type FindingKey = (Key, u32, Form);

/// Places and findings.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    places: SortedMap<Key, Place>,
    findings: SortedMap<FindingKey, Finding>,
    /// Findings that came, went or changed since they were judged last.
    fresh: Vec<FindingKey>,
    /// Findings that were not kept because there were too many.
    pub(super) dropped_count: u64,
    /// Bytes looked at.
    pub(super) read_size: u64,
}

/// The parts of a place that different events wrote; the oldest are forgotten.
const SPAN_COUNT_MAX: usize = 2_048;
/// Occurrences in one place that are told apart.
const HIT_COUNT_MAX: usize = 4_096;
/// Findings that are kept.
const FINDING_COUNT_MAX: usize = 20_000;

/// Whose work what is found now is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Because {
    pub(super) now: Time,
    /// The event that is being looked at; none when everything is looked at for a new needle.
    pub(super) cause: Option<EventId>,
    /// True while looking after an event, false when looking at everything anew.
    pub(super) is_live: bool,
}

impl Ledger {
    /// A place has changed behind its first `kept` bytes.
    pub(super) fn changed(&mut self, key: &Key, kept: u64, cause: Option<EventId>) {
        let place = match self.places.get_mut(key) {
            Some(place) => place,
            None => self.places.entry(key.clone()).or_default(),
        };
        while place.spans.last().is_some_and(|span| kept <= span.from) {
            place.spans.pop();
        }
        if place.spans.last().is_none_or(|span| span.cause != cause) {
            place.spans.push(Span { from: kept, cause });
        }
        if place.spans.len() > SPAN_COUNT_MAX {
            place.spans.drain(..SPAN_COUNT_MAX / 2);
        }
    }

    /// What lies before `base` is no longer there: of a log that has become too long.
    pub(super) fn forget_before(&mut self, key: &Key, base: u64, because: Because) {
        let Some(place) = self.places.get_mut(key) else { return };
        if place.hits.first().is_some_and(|hit| hit.offset < base) {
            let before = place.hits.clone();
            place.hits.retain(|hit| base <= hit.offset);
            self.settle(key, &before, because);
        }
    }

    /// Looks at a place's bytes from number `base` on; those before number `kept` were looked at before.
    pub(super) fn look(
        &mut self,
        needles: &Needles,
        key: &Key,
        (base, kept): (u64, u64),
        bytes: &[u8],
        because: Because,
    ) {
        let kept = usize::try_from(kept.saturating_sub(base)).unwrap_or(usize::MAX);
        let from = needles.look_from(kept.min(bytes.len()));
        self.read_size += (bytes.len() - from) as u64;
        let mut new = needles.find(bytes, from);
        let is_known = self.places.get(key).is_some_and(|place| !place.hits.is_empty());
        if new.is_empty() && !is_known {
            return;
        }
        let from = base + from as u64;
        new.iter_mut().for_each(|hit| hit.offset += base);
        let place = match self.places.get_mut(key) {
            Some(place) => place,
            None => self.places.entry(key.clone()).or_default(),
        };
        let before = place.hits.clone();
        place.hits.retain(|hit| hit.offset < from);
        place.hits.extend(new);
        place.hits.truncate(HIT_COUNT_MAX);
        if place.hits != before {
            self.settle(key, &before, because);
        }
    }

    /// Bytes have passed a place and left nothing there: frames. What was found stays found.
    pub(super) fn passed(&mut self, key: &Key, hits: Vec<Hit>, because: Because) {
        let place = self.places.entry(key.clone()).or_default();
        let before = place.hits.clone();
        place.hits.extend(hits);
        place.hits.truncate(HIT_COUNT_MAX);
        self.settle(key, &before, because);
    }

    /// Frames are looked at anew, as far as anybody remembers them.
    pub(super) fn forget_frames(&mut self) {
        self.places.retain(|key, _| key.surface != Surface::Frame);
    }

    /// A place is no more.
    pub(super) fn forget(&mut self, key: &Key, now: Time) {
        if let Some(place) = self.places.remove(key)
            && !place.hits.is_empty()
        {
            let because = Because { now, cause: None, is_live: true };
            self.settle(key, &place.hits, because);
        }
    }

    /// The places of a surface of a host that begin so and that hold something.
    pub(super) fn with_hits(&self, host: u16, surface: Surface, prefix: &str) -> Vec<Key> {
        self.below(host, surface, prefix).filter(|(_, p)| !p.hits.is_empty()).map(key_of).collect()
    }

    /// The place holds something now.
    pub(super) fn has_hits(&self, key: &Key) -> bool {
        self.places.get(key).is_some_and(|place| !place.hits.is_empty())
    }

    /// All known places of a surface of a host that begin so are no more.
    pub(super) fn forget_below(&mut self, host: u16, surface: Surface, prefix: &str, now: Time) {
        let keys: Vec<Key> = self.below(host, surface, prefix).map(key_of).collect();
        for key in keys {
            self.forget(&key, now);
        }
    }

    fn below<'a>(
        &'a self,
        host: u16,
        surface: Surface,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Place)> {
        let first = Key { host, surface, place: prefix.to_owned() };
        self.places.range(first..).take_while(move |(key, _)| {
            key.host == host && key.surface == surface && key.place.starts_with(prefix)
        })
    }

    /// Brings the findings of a place up to its hits.
    fn settle(&mut self, key: &Key, before: &[Hit], because: Because) {
        let none = Place::default();
        let place = self.places.get(key).unwrap_or(&none);
        let mut kinds: Vec<(u32, Form)> =
            before.iter().chain(&place.hits).map(|hit| (hit.needle, hit.form)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for (needle, form) in kinds {
            let same = |hit: &&Hit| hit.needle == needle && hit.form == form;
            let count = place.hits.iter().filter(same).count() as u64;
            let first = place.hits.iter().find(same);
            let id = (key.clone(), needle, form);
            match (self.findings.get_mut(&id), first) {
                (None, None) => continue,
                (Some(finding), None) => {
                    if finding.gone.is_some() {
                        continue;
                    }
                    finding.gone = Some(because.now);
                }
                (Some(finding), Some(hit)) => {
                    finding.offset = hit.offset;
                    finding.count = count;
                    finding.gone = None;
                }
                (None, Some(hit)) => {
                    if self.findings.len() >= FINDING_COUNT_MAX {
                        self.dropped_count += 1;
                        continue;
                    }
                    let span = place.spans.iter().rfind(|span| span.from <= hit.offset);
                    let finding = Finding {
                        offset: hit.offset,
                        count,
                        seen: because.now,
                        gone: None,
                        cause: span.map_or(because.cause, |span| span.cause.or(because.cause)),
                        is_old: span.is_none() && !because.is_live && because.cause.is_none(),
                        wrong_since: None,
                        why: "",
                    };
                    self.findings.insert(id.clone(), finding);
                }
            }
            self.fresh.push(id);
        }
    }

    /// Everything that was ever found.
    pub(super) fn findings(&self) -> &SortedMap<FindingKey, Finding> {
        &self.findings
    }

    pub(super) fn finding_mut(&mut self, id: &FindingKey) -> Option<&mut Finding> {
        self.findings.get_mut(id)
    }

    /// What came, went or changed since the last call.
    pub(super) fn take_fresh(&mut self) -> Vec<FindingKey> {
        std::mem::take(&mut self.fresh)
    }

    /// Whose work the byte at `offset` of a place is.
    pub(super) fn cause_at(&self, key: &Key, offset: u64) -> Option<EventId> {
        let spans = &self.places.get(key)?.spans;
        spans.iter().rfind(|span| span.from <= offset)?.cause
    }

    /// Every place that holds something now, with all of it: what a look at everything must give, too.
    pub(super) fn hits(&self) -> SortedMap<Key, Vec<Hit>> {
        let holding = self.places.iter().filter(|(_, place)| !place.hits.is_empty());
        holding.map(|(key, place)| (key.clone(), place.hits.clone())).collect()
    }
}

fn key_of((key, _): (&Key, &Place)) -> Key {
    key.clone()
}

#[cfg(test)]
mod tests {
    use super::super::needles::NeedleKind;
    use super::*;

    fn because(at: u64) -> Because {
        let now = Time::EPOCH + sim::Duration::from_secs(at);
        Because { now, cause: Some(EventId(at)), is_live: true }
    }

    #[test]
    fn what_grows_is_looked_at_from_its_end_and_every_part_has_its_cause() {
        let mut needles = Needles::default();
        needles.add(NeedleKind::Word, "it", "", b"hunter2", Time::EPOCH);
        needles.refresh();
        let mut ledger = Ledger::default();
        let key = Key { host: 0, surface: Surface::Log, place: "log".into() };
        let mut text = b"nothing yet, ".to_vec();
        ledger.changed(&key, 0, Some(EventId(1)));
        ledger.look(&needles, &key, (0, 0), &text, because(1));
        assert!(ledger.findings().is_empty());
        for (at, part) in [(2, "hunt"), (3, "er2, hunter2"), (4, " and more")] {
            let kept = text.len() as u64;
            text.extend(part.as_bytes());
            ledger.changed(&key, kept, Some(EventId(at)));
            ledger.look(&needles, &key, (0, kept), &text, because(at));
        }
        let finding = ledger.findings().values().next().unwrap().clone();
        assert_eq!((finding.offset, finding.count), (13, 2));
        assert_eq!(finding.cause, Some(EventId(2)), "whoever wrote its first byte");
        assert_eq!(finding.seen, because(3).now);
        assert_eq!(ledger.cause_at(&key, 30), Some(EventId(4)));
        ledger.forget(&key, because(5).now);
        let finding = ledger.findings().values().next().unwrap();
        assert_eq!(finding.gone, Some(because(5).now));
        assert!(ledger.hits().is_empty());
    }
}
