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

/// What comes late to a host that was silent, frozen as a rule, and what the others then get as answers: so much for each
/// window of its silence. Two members of etcd send it four hundred heartbeats in that time.
const LATE_COUNT_MAX: u64 = 1_000;

/// Counts the events of each host, in its last window.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    hosts: SortedMap<usize, Tally>,
    /// The last window in which a host was there again, and what comes late because of that.
    late: Tally,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    window: u64,
    count: u64,
}

impl Pace {
    /// It is `now`, and something has happened at a host.
    ///
    /// # Errors
    /// If too much has in this window.
    pub fn check(&mut self, now: Time, host: usize) -> Verdict {
        let window = now.unix_secs() / WINDOW_SECS;
        let tally = self.hosts.entry(host).or_insert(Tally { window, count: 0 });
        let silent = window.saturating_sub(tally.window + 1);
        if window != tally.window {
            *tally = Tally { window, count: 0 };
        }
        tally.count += 1;
        let count = tally.count;
        if silent > 0 {
            self.late = Tally { window, count: silent * LATE_COUNT_MAX };
        }
        let late = if self.late.window + 1 >= window { self.late.count } else { 0 };
        ensure!(
            count <= EVENT_COUNT_MAX + late,
            "{count} events within {WINDOW_SECS} s on one host"
        );
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

    /// What was sent to a frozen host comes all at once when it goes on; that ends, too.
    #[test]
    fn what_was_late() {
        let (mut pace, start) = (Pace::default(), Time::from_date(2017, 3, 21));
        pace.check(start, 0).unwrap();
        let thaw = start + Duration::from_secs(51 * WINDOW_SECS);
        for _ in 0..EVENT_COUNT_MAX + 50 * LATE_COUNT_MAX {
            pace.check(thaw, 0).unwrap();
            pace.check(thaw, 1).unwrap();
        }
        complains(pace.clone().check(thaw, 0), &INVARIANT);
        complains(pace.check(thaw, 1), &INVARIANT);
    }
}
