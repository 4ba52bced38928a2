//! Nobody talks without end.

use sorted::SortedMap;

use sim::Time;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "storms",
    statement: "so many seconds of virtual time take a bounded number of events on one host, so that time goes on",
    source: "raft.md Z4, Z6 and L7; TigerBeetle's limit of ticks without progress",
};

/// How long events are counted together, in seconds.
const WINDOW_SECS: u64 = 10;
/// An idle host has some fifty events in that time; the busiest one of sixty seeds had 555. Who tries again
/// as soon as a disk has answered has 12 500.
pub const EVENT_COUNT_MAX: u64 = 10_000;

/// Counts the events of each host, in the window under way.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    window: u64,
    counts: SortedMap<usize, u64>,
}

impl Pace {
    /// It is `now`, and something has happened at a host.
    ///
    /// # Errors
    /// If too much has in this window.
    pub fn check(&mut self, now: Time, host: usize) -> Verdict {
        let window = now.unix_secs() / WINDOW_SECS;
        if window != self.window {
            self.window = window;
            self.counts.clear();
        }
        let count = self.counts.entry(host).or_default();
        *count += 1;
        ensure!(*count <= EVENT_COUNT_MAX, "{count} events within {WINDOW_SECS} s on one host");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sim::Duration;

    use super::*;
    use crate::testing::complains;

    #[test]
    fn time_that_does_not_go_on() {
        let (mut pace, start) = (Pace::default(), Time::from_date(2017, 3, 21));
        for _ in 0..EVENT_COUNT_MAX {
            pace.check(start, 0).unwrap();
            pace.check(start, 1).unwrap();
        }
        complains(pace.clone().check(start, 0), &INVARIANT);
        pace.check(start + Duration::from_secs(WINDOW_SECS), 0).unwrap();
    }
}
