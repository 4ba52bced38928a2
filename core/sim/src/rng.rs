//! One random stream per purpose, split from the seed by name.
//!
//! A component draws only from its own stream, so that one more draw in one place leaves every other
//! stream as it was. Ranges and shuffles are written out here: a library's may change between
//! releases, and with them every recorded history.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};

/// The source of all streams of one world.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// All streams of the world with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream for one purpose, for instance `"raft/node1"`. The same name gives the same stream
    /// from its start.
    pub fn stream(&self, name: &str) -> Rng {
        let mut hash = Sha256::new();
        hash.update(b"glasshive stream\0");
        hash.update(self.seed.to_le_bytes());
        hash.update(name.as_bytes());
        Rng { inner: ChaCha8Rng::from_seed(hash.finalize().into()) }
    }
}

/// A deterministic random stream (ChaCha8).
#[derive(Debug)]
pub struct Rng {
    inner: ChaCha8Rng,
}

impl Clone for Rng {
    /// A stream that goes on exactly as this one does (the generator itself is not `Clone`).
    fn clone(&self) -> Self {
        let mut inner = ChaCha8Rng::from_seed(self.inner.get_seed());
        inner.set_word_pos(self.inner.get_word_pos());
        Self { inner }
    }
}

impl Rng {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }

    /// A number in `0..limit`, each equally likely. `limit` 0 counts as 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        let limit = limit.max(1);
        // Lemire's multiplication with rejection: no bias, rarely a second draw.
        let threshold = limit.wrapping_neg() % limit;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(limit);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// A number in `low..=high`, each equally likely. `high` below `low` counts as `low`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// True in `numerator` of `denominator` cases.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.inner.fill_bytes(bytes);
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Puts `items` into a random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// One of `items`, or nothing when there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A changed generator or derivation would change every recorded history: pin it.
    #[test]
    fn streams_are_pinned() {
        let mut rng = Streams::new(42).stream("test");
        let draws = [rng.next_u64(), rng.below(1_000), rng.between(10, 19)];
        assert_eq!(draws, PINNED);
    }
    const PINNED: [u64; 3] = [8_872_072_717_527_563_079, 965, 11];

    #[test]
    fn streams_do_not_disturb_each_other() {
        let streams = Streams::new(7);
        let mut alone = streams.stream("a");
        let (mut first, mut second) = (streams.stream("a"), streams.stream("b"));
        for _ in 0..10 {
            second.next_u64();
            assert_eq!(alone.next_u64(), first.next_u64());
        }
        assert_ne!(streams.stream("a").next_u64(), streams.stream("b").next_u64());
        assert_ne!(Streams::new(8).stream("a").next_u64(), streams.stream("a").next_u64());
    }

    #[test]
    fn ranges_are_fair_and_closed() {
        let mut rng = Streams::new(1).stream("fair");
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            counts[(rng.between(10, 19) - 10) as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (800..1_200).contains(&count)), "{counts:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.between(5, 2), 5);
        assert_eq!(rng.pick::<u8>(&[]), None);
    }
}
