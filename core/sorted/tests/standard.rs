//! Random operations, the same on the standard collections: the same answers, the same order, the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use glasshive_sorted::{SortedMap, SortedSet};

/// A small generator of its own (splitmix64): the crate depends on nothing.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pairs(&mut self, size: u64) -> Vec<(u64, u64)> {
        let count = self.below(size);
        (0..count).map(|_| (self.below(size), self.below(1000))).collect()
    }
}

#[test]
fn a_map_is_the_standard_map() {
    for seed in 0..300 {
        let mut draws = Draws(seed);
        let size = 1 + draws.below(40);
        let first = draws.pairs(size);
        let mut ours: SortedMap<u64, u64> = first.iter().copied().collect();
        let mut theirs: BTreeMap<u64, u64> = first.iter().copied().collect();
        for step in 0..200 {
            let (key, value) = (draws.below(size), draws.below(1000));
            let at = format!("seed {seed}, step {step}");
            match draws.below(12) {
                0..3 => assert_eq!(ours.insert(key, value), theirs.insert(key, value), "{at}"),
                3 => assert_eq!(ours.remove(&key), theirs.remove(&key), "{at}"),
                4 => *ours.entry(key).or_insert(value) += *theirs.entry(key).or_insert(value) % 2,
                5 => assert_eq!(ours.pop_first(), theirs.pop_first(), "{at}"),
                6 => assert_eq!(ours.pop_last(), theirs.pop_last(), "{at}"),
                7 => {
                    let more = draws.pairs(size / 4 + 1);
                    ours.extend(more.iter().copied());
                    theirs.extend(more);
                }
                8 => {
                    let (low, high) = (key.min(value % size), key.max(value % size));
                    assert!(ours.range(low..=high).eq(theirs.range(low..=high)), "{at}");
                    assert!(ours.range(low..high).eq(theirs.range(low..high)), "{at}");
                    let open = (Bound::Excluded(low), Bound::Unbounded);
                    assert!(ours.range(open).rev().eq(theirs.range(open).rev()), "{at}");
                }
                9 => {
                    let (tail, theirs_tail) = (ours.split_off(&key), theirs.split_off(&key));
                    assert!(tail.iter().eq(&theirs_tail), "{at}");
                }
                10 => {
                    ours.retain(|key, value| (*key + *value) % 5 != 0);
                    theirs.retain(|key, value| (*key + *value) % 5 != 0);
                }
                _ => assert_eq!(ours.get_key_value(&key), theirs.get_key_value(&key), "{at}"),
            }
            theirs = theirs.keys().map(|key| (*key, ours.get(key).copied().unwrap_or(1))).collect();
            assert!(ours.iter().eq(&theirs), "{at}: {ours:?} {theirs:?}");
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{at}");
            assert_eq!(ours.len(), theirs.len(), "{at}");
        }
    }
}

#[test]
fn a_set_is_the_standard_set() {
    for seed in 0..200 {
        let mut draws = Draws(seed);
        let size = 1 + draws.below(30);
        let values: Vec<u64> = draws.pairs(size).into_iter().map(|(value, _)| value).collect();
        let others: Vec<u64> = draws.pairs(size).into_iter().map(|(value, _)| value).collect();
        let (ours, theirs): (SortedSet<u64>, BTreeSet<u64>) =
            (values.iter().copied().collect(), values.iter().copied().collect());
        let (our_other, their_other): (SortedSet<u64>, BTreeSet<u64>) =
            (others.iter().copied().collect(), others.iter().copied().collect());
        assert!(ours.iter().eq(&theirs), "seed {seed}");
        assert!(ours.union(&our_other).eq(theirs.union(&their_other)), "seed {seed}");
        assert!(ours.difference(&our_other).eq(theirs.difference(&their_other)), "seed {seed}");
        assert!(ours.intersection(&our_other).eq(theirs.intersection(&their_other)), "seed {seed}");
        assert_eq!(ours.is_subset(&our_other), theirs.is_subset(&their_other), "seed {seed}");
        assert_eq!(ours.is_disjoint(&our_other), theirs.is_disjoint(&their_other), "seed {seed}");
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "seed {seed}");
    }
}

#[test]
fn of_equal_keys_the_last_value_counts() {
    let map = SortedMap::from([(2, "a"), (1, "b"), (2, "c"), (1, "d"), (2, "e")]);
    assert!(map.into_iter().eq([(1, "d"), (2, "e")]));
}

#[test]
fn the_bytes_are_those_of_the_standard_collections() -> Result<(), serde_json::Error> {
    let pairs = [("b".to_owned(), vec![1, 2]), ("a".to_owned(), vec![])];
    let (ours, theirs) = (SortedMap::from(pairs.clone()), BTreeMap::from(pairs));
    let text = serde_json::to_string(&theirs)?;
    assert_eq!(serde_json::to_string(&ours)?, text);
    assert_eq!(serde_json::from_str::<SortedMap<String, Vec<u8>>>(&text)?, ours);
    let set = SortedSet::from([3, 1, 2, 3]);
    assert_eq!(serde_json::to_string(&set)?, "[1,2,3]");
    assert_eq!(serde_json::from_str::<SortedSet<u8>>("[3,2,1,1]")?, set);
    Ok(())
}
