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
}

/// Some hours of an idle cluster.
const SIZE_MAX: usize = 32 * 1024 * 1024;

impl Tap {
    pub(crate) fn see(&mut self, frame: &Frame, cause: Option<EventId>) {
        self.size += frame.bytes.len();
        self.frames.push_back(Seen { frame: frame.clone(), cause });
        while self.size > SIZE_MAX {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.size -= oldest.frame.bytes.len();
        }
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = &Seen> {
        self.frames.iter()
    }
}
