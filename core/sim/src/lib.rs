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
//! | [`trace`] | what happened, because of what, and the digest of all of it |

pub mod disk;
pub mod journal;
pub mod net;
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
