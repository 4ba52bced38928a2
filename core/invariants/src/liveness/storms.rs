//! Nobody talks without end.

use sim::Time;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "storms",
    statement: "a second of virtual time takes a bounded number of events, so that time goes on",
    source: "raft.md Z4, Z6 and L7; TigerBeetle's limit of ticks without progress",
};

/// An idle cluster has some ten events in a second, a busy one some thousand.
pub const EVENT_COUNT_MAX: u64 = 50_000;

/// Counts the events of the second under way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    second: u64,
    /// How many events there had been when it began.
    began: u64,
}

impl Pace {
    /// It is `now`, and there have been so many events in all.
    ///
    /// # Errors
    /// If the second has had too many.
    pub fn check(&mut self, now: Time, event_count: u64) -> Verdict {
        let second = now.unix_secs();
        if second != self.second {
            *self = Self { second, began: event_count };
        }
        let count = event_count - self.began;
        ensure!(count <= EVENT_COUNT_MAX, "{count} events within one second");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sim::Duration;

    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_second_without_end() {
        let (mut pace, start) = (Pace::default(), Time::from_date(2017, 3, 21));
        pace.check(start, 1_000).unwrap();
        pace.check(start, 1_000 + EVENT_COUNT_MAX).unwrap();
        complains(pace.check(start, 1_001 + EVENT_COUNT_MAX), &INVARIANT);
        pace.check(start + Duration::from_secs(1), 1_002 + EVENT_COUNT_MAX).unwrap();
    }
}
