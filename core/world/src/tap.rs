//! What an eavesdropper on the wire has seen.

use std::collections::VecDeque;

use sim::{Frame, Time};

/// The frames of the recent past; older ones are forgotten when there are too many bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap {
    frames: VecDeque<(Time, Frame)>,
    size: usize,
    total: u64,
}

/// Some hours of an idle cluster.
const SIZE_MAX: usize = 32 * 1024 * 1024;

impl Tap {
    pub(crate) fn see(&mut self, at: Time, frame: &Frame) {
        self.size += frame.bytes.len();
        self.total += 1;
        self.frames.push_back((at, frame.clone()));
        while self.size > SIZE_MAX {
            let Some((_, oldest)) = self.frames.pop_front() else { break };
            self.size -= oldest.bytes.len();
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
        self.frames.range(skipped..).map(|(_, frame)| frame)
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = &(Time, Frame)> {
        self.frames.iter()
    }
}
