//! What an eavesdropper on the wire has seen.

use std::collections::VecDeque;

use sim::{EventId, Frame};

/// A frame on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) frame: Frame,
    /// The event that sent it.
    pub(crate) cause: Option<EventId>,
}

/// The frames of the recent past; older ones are forgotten when there are too many bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap {
    frames: VecDeque<Seen>,
    size: usize,
    total: u64,
}

/// Some hours of an idle cluster.
const SIZE_MAX: usize = 32 * 1024 * 1024;

impl Tap {
    pub(crate) fn see(&mut self, frame: &Frame, cause: Option<EventId>) {
        self.size += frame.bytes.len();
        self.total += 1;
        self.frames.push_back(Seen { frame: frame.clone(), cause });
        while self.size > SIZE_MAX {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.size -= oldest.frame.bytes.len();
        }
    }

    /// How many frames there ever were.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The frames after the first `count` that there ever were, as far as they are remembered.
    pub(crate) fn since(&self, count: u64) -> impl Iterator<Item = &Frame> {
        let new = usize::try_from(self.total.saturating_sub(count)).unwrap_or(usize::MAX);
        let skipped = self.frames.len().saturating_sub(new);
        self.frames.range(skipped..).map(|seen| &seen.frame)
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = &Seen> {
        self.frames.iter()
    }
}
