//! Maps and sets as one sorted piece of memory.
//!
//! They say and do what [`std::collections::BTreeMap`] and [`std::collections::BTreeSet`] do, in the same order, and are
//! written to the wire and the disk in the same bytes. Why not those: the code of a B-tree is compiled anew for every pair
//! of types, some 6 kB each, and there are more than a hundred; they were an eighth of the page. A search in one piece of
//! memory and a shift of what comes after is a tenth of that, and as fast as long as a map has some thousands of
//! entries or grows at its end, which is all that a cluster of a few hosts asks for: inserting costs time in proportion
//! to what sorts behind it.

mod map;
mod set;

pub use map::{Entry, IterMut, SortedMap};
pub use set::SortedSet;
