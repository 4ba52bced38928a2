//! Looks for many byte strings at once, and skips most of what it reads.
//!
//! The method of Wu and Manber (1994): a table tells for every two bytes how far the window may move
//! because no pattern has them nearer to its end. In sealed bytes nearly every look moves the window
//! by almost the length of the shortest pattern, which is what keeps the audit cheap.

/// A set of patterns, ready to be looked for.
pub(super) struct Matcher {
    patterns: Vec<Box<[u8]>>,
    /// By two bytes: how far the window may move.
    shifts: Vec<u8>,
    /// Patterns by the last two bytes of their window, sorted.
    ends: Vec<(u16, u32)>,
    /// The length of the window: of the shortest pattern, within bounds.
    window: usize,
}

/// Patterns are bytes of secrets.
impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Matcher({} patterns)", self.patterns.len())
    }
}

/// Longer windows would not move faster in one byte of the table.
const WINDOW_MAX: usize = 64;
/// The shortest pattern that may be looked for.
pub(super) const PATTERN_SIZE_MIN: usize = 4;

const fn block(first: u8, second: u8) -> u16 {
    u16::from_le_bytes([first, second])
}

impl Matcher {
    /// Patterns shorter than [`PATTERN_SIZE_MIN`] are never found.
    pub(super) fn new(patterns: Vec<Box<[u8]>>) -> Self {
        let usable = || patterns.iter().filter(|pattern| pattern.len() >= PATTERN_SIZE_MIN);
        let shortest = usable().map(|pattern| pattern.len()).min().unwrap_or(PATTERN_SIZE_MIN);
        let window = shortest.min(WINDOW_MAX);
        // A block that no window has lets the window move behind its first byte.
        let farthest = (window - 1) as u8;
        let mut shifts = Vec::new();
        let mut ends = Vec::new();
        if usable().next().is_some() {
            shifts = vec![farthest; 1 << 16];
        }
        for (index, pattern) in patterns.iter().enumerate() {
            if pattern.len() < PATTERN_SIZE_MIN {
                continue;
            }
            for last in 1..window {
                let block = block(pattern[last - 1], pattern[last]);
                let shift = &mut shifts[usize::from(block)];
                *shift = (*shift).min((window - 1 - last) as u8);
                if last == window - 1 {
                    ends.push((block, index as u32));
                }
            }
        }
        ends.sort_unstable();
        Self { patterns, shifts, ends, window }
    }

    /// Calls `found` with every pattern and the offset where it begins, from `from` on.
    pub(super) fn find(&self, bytes: &[u8], from: usize, found: &mut impl FnMut(u32, usize)) {
        if self.ends.is_empty() {
            return;
        }
        let mut last = from.saturating_add(self.window - 1);
        while last < bytes.len() {
            let block = block(bytes[last - 1], bytes[last]);
            let shift = self.shifts[usize::from(block)];
            if shift > 0 {
                last += usize::from(shift);
                continue;
            }
            let start = last + 1 - self.window;
            let first = self.ends.partition_point(|(end, _)| *end < block);
            for (_, index) in self.ends[first..].iter().take_while(|(end, _)| *end == block) {
                if bytes[start..].starts_with(&self.patterns[*index as usize]) {
                    found(*index, start);
                }
            }
            last += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use sim::Streams;

    use super::*;

    fn found(patterns: &[&[u8]], bytes: &[u8], from: usize) -> Vec<(u32, usize)> {
        let matcher = Matcher::new(patterns.iter().map(|pattern| Box::from(*pattern)).collect());
        let mut all = Vec::new();
        matcher.find(bytes, from, &mut |index, at| all.push((index, at)));
        all.sort_unstable();
        all
    }

    #[test]
    fn it_finds_what_a_plain_search_finds() {
        for seed in 0..200 {
            let mut rng = Streams::new(seed).stream("matcher");
            // Few different bytes, so that there is much to find and much that nearly fits.
            let mut text =
                |size: u64| -> Vec<u8> { (0..size).map(|_| b'a' + rng.below(2) as u8).collect() };
            let bytes = text(400);
            let patterns: Vec<Vec<u8>> = (0..6).map(|extra| text(4 + extra)).collect();
            let patterns: Vec<&[u8]> = patterns.iter().map(Vec::as_slice).collect();
            for from in [0, 1, 37, 399, 500] {
                let mut expected = Vec::new();
                for (index, pattern) in patterns.iter().enumerate() {
                    for at in from..bytes.len() {
                        if bytes[at..].starts_with(pattern) {
                            expected.push((index as u32, at));
                        }
                    }
                }
                assert_eq!(found(&patterns, &bytes, from), expected, "seed {seed}, from {from}");
            }
        }
    }

    #[test]
    fn nothing_is_found_of_nothing() {
        assert_eq!(found(&[], b"anything", 0), []);
        assert_eq!(found(&[b"abc"], b"abcabc", 0), [], "too short to be looked for");
        assert_eq!(found(&[b"abcd"], b"", 0), []);
        assert_eq!(found(&[b"abcd"], b"abcd", 0), [(0, 0)]);
    }
}
