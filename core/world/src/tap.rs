//! What an eavesdropper on the wire has seen.

use std::collections::VecDeque;

use sim::{Frame, Time};

/// The frames of the recent past; older ones are forgotten when there are too many bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap {
    frames: VecDeque<(Time, Frame)>,
    size: usize,
}

/// Some hours of an idle cluster.
const SIZE_MAX: usize = 32 * 1024 * 1024;

impl Tap {
    pub(crate) fn see(&mut self, at: Time, frame: &Frame) {
        self.size += frame.bytes.len();
        self.frames.push_back((at, frame.clone()));
        while self.size > SIZE_MAX {
            let Some((_, oldest)) = self.frames.pop_front() else { break };
            self.size -= oldest.bytes.len();
        }
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = &(Time, Frame)> {
        self.frames.iter()
    }
}
