//! The simulated world's physics: virtual time, seeded randomness, an event queue, a network, disks
//! and a trace.
//!
//! Nothing here knows of Raft, Docker or a shell. Nothing here reads a clock, asks the system for
//! entropy or touches a host's files: whoever holds the seed and the inputs holds the history.
//!
//! | module | what it simulates |
//! | --- | --- |
//! | [`time`] | instants and spans, in whole nanoseconds, and how they are written |
//! | [`rng`] | one random stream per purpose, split from the seed by name |
//! | [`queue`] | what happens next: events ordered by (time, sequence) |
//! | [`net`] | frames between hosts: latency, order within a flow, cut links, taps |
//! | [`disk`] | files that survive a crash only as far as they were synced |
//! | [`journal`] | what changed lately, for onlookers that look only at what is new |
//! | [`planted`] | bugs for tests that must find them; nothing in ordinary builds |
//! | [`trace`] | what happened, because of what, and the digest of all of it |

#![cfg_attr(
    feature = "planted",
    allow(clippy::disallowed_macros, reason = "the chosen bug is the thread's: see `planted`")
)]

pub mod disk;
pub mod journal;
pub mod net;
pub mod planted;
pub mod queue;
pub mod rng;
pub mod subnet;
pub mod time;
pub mod trace;

pub use disk::Disk;
pub use journal::Journal;
pub use net::{Frame, HostId, Net};
pub use queue::Queue;
pub use rng::{Rng, Streams};
pub use time::{Clock, Duration, Time};
pub use trace::{EventId, Trace};

/// True while this planted bug is chosen: `sim::planted!(VoteCountedTwice)`.
#[macro_export]
macro_rules! planted {
    ($bug:ident) => {
        $crate::planted::is($crate::planted::Bug::$bug)
    };
}
