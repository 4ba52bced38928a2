//! What leaves the member, and what must wait for its disk first.
//!
//! A *promise* is a message, or the member's own vote, that is only true once everything decided so
//! far is durable: acknowledgements of appends, granted votes, and requests for votes (a candidate
//! that forgot its request could ask again in the same term with a shorter log and be elected by the
//! old answers). A promise carries the number of the write it waits for.

use std::collections::VecDeque;

use crate::{HardState, Message, MessageBody, Term};

#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    /// May be sent at once.
    pub(crate) messages: Vec<Message>,
    held: VecDeque<(u64, Promise)>,
    /// The newest write that a Ready carried, and the newest that is durable.
    written: u64,
    durable: u64,
    /// The hard state as the last Ready carried it.
    pub(crate) hard_state: HardState,
}

#[derive(Clone, Debug)]
pub(crate) enum Promise {
    Send(Message),
    /// The candidate's vote for itself in this term.
    OwnVote(Term),
}

impl Outbox {
    /// Nothing to send; the disk holds `hard_state`.
    pub(crate) fn new(hard_state: HardState) -> Self {
        Self { hard_state, ..Self::default() }
    }

    /// Keeps `promise` until all that is decided now is durable. `unwritten`: some of it is not in
    /// any Ready yet. Gives the promise back if nothing has to be waited for.
    pub(crate) fn hold(&mut self, promise: Promise, unwritten: bool) -> Option<Promise> {
        let needed = self.written + u64::from(unwritten);
        let is_early = match &promise {
            Promise::Send(message) => match message.body {
                MessageBody::AppendAccepted { .. } => sim::planted!(AckBeforeDurable),
                MessageBody::VoteResponse { .. } => sim::planted!(VoteBeforeDurable),
                _ => false,
            },
            Promise::OwnVote(_) => false,
        };
        if needed <= self.durable || is_early {
            return Some(promise);
        }
        self.held.push_back((needed, promise));
        None
    }

    /// Numbers the next write.
    pub(crate) const fn begin_write(&mut self) -> u64 {
        self.written += 1;
        self.written
    }

    /// The newest write that is durable.
    pub(crate) const fn durable(&self) -> u64 {
        self.durable
    }

    /// Writes up to `number` are durable; numbers that were never given out count as the newest.
    pub(crate) fn set_durable(&mut self, number: u64) {
        self.durable = self.durable.max(number.min(self.written));
    }

    /// The next promise that has become true.
    pub(crate) fn release(&mut self) -> Option<Promise> {
        let durable = self.durable;
        self.held.pop_front_if(|(needed, _)| *needed <= durable).map(|(_, promise)| promise)
    }
}
