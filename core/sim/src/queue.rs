//! What happens next: events in the order (time, sequence).

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::time::Time;

/// Events waiting for their time. Two events of the same time come out in the order they went in.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Waiting<E>>>,
    next_sequence: u64,
}

#[derive(Clone, Debug)]
struct Waiting<E> {
    at: Time,
    sequence: u64,
    event: E,
}

impl<E> Waiting<E> {
    const fn key(&self) -> (Time, u64) {
        (self.at, self.sequence)
    }
}

impl<E> PartialEq for Waiting<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl<E> Eq for Waiting<E> {}
impl<E> PartialOrd for Waiting<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Waiting<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next_sequence: 0 }
    }
}

impl<E> Queue<E> {
    /// Puts `event` at `at`, behind all that already waits for that time.
    pub fn push(&mut self, at: Time, event: E) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.heap.push(Reverse(Waiting { at, sequence, event }));
    }

    /// The time of the next event.
    pub fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(waiting)| waiting.at)
    }

    /// Takes the next event if its time is not after `limit`.
    pub fn pop_until(&mut self, limit: Time) -> Option<(Time, E)> {
        if self.next_at()? > limit {
            return None;
        }
        self.heap.pop().map(|Reverse(waiting)| (waiting.at, waiting.event))
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_keep_their_order() {
        let mut queue = Queue::default();
        for (at, event) in [(5, 'c'), (1, 'a'), (5, 'd'), (1, 'b'), (9, 'e')] {
            queue.push(Time::from_unix_nanos(at), event);
        }
        let limit = Time::from_unix_nanos(5);
        let order: String =
            std::iter::from_fn(|| queue.pop_until(limit)).map(|(_, event)| event).collect();
        assert_eq!(order, "abcd");
        assert_eq!(queue.len(), 1);
    }
}
