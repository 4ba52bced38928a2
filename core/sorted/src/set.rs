//! The set.

use std::borrow::Borrow;
use std::fmt;
use std::ops::RangeBounds;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::map::SortedMap;

/// Values in order, each once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortedSet<T> {
    held: SortedMap<T, ()>,
}

impl<T> SortedSet<T> {
    /// An empty set.
    pub const fn new() -> Self {
        Self { held: SortedMap::new() }
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.held.len()
    }

    /// True if there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// The values in order.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.held.iter())
    }

    /// The least value.
    pub fn first(&self) -> Option<&T> {
        self.held.first_key_value().map(|(value, ())| value)
    }

    /// The greatest value.
    pub fn last(&self) -> Option<&T> {
        self.held.last_key_value().map(|(value, ())| value)
    }

    /// Takes out the least value.
    pub fn pop_first(&mut self) -> Option<T> {
        self.held.pop_first().map(|(value, ())| value)
    }

    /// Takes out the greatest value.
    pub fn pop_last(&mut self) -> Option<T> {
        self.held.pop_last().map(|(value, ())| value)
    }

    /// Keeps the values for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.held.retain(|value, ()| keep(value));
    }
}

impl<T: Ord> SortedSet<T> {
    /// True if the value is in it.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.held.contains_key(value)
    }

    /// The value as the set holds it.
    pub fn get<Q: Ord + ?Sized>(&self, value: &Q) -> Option<&T>
    where
        T: Borrow<Q>,
    {
        self.held.get_key_value(value).map(|(value, ())| value)
    }

    /// Puts a value in; false if it was there.
    pub fn insert(&mut self, value: T) -> bool {
        self.held.insert(value, ()).is_none()
    }

    /// Takes a value out; false if it was not there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.held.remove(value).is_some()
    }

    /// Takes a value out and returns it.
    pub fn take<Q: Ord + ?Sized>(&mut self, value: &Q) -> Option<T>
    where
        T: Borrow<Q>,
    {
        self.held.remove_entry(value).map(|(value, ())| value)
    }

    /// The values within a range.
    ///
    /// # Panics
    /// If the range ends before it starts.
    pub fn range<Q: Ord + ?Sized, R: RangeBounds<Q>>(&self, range: R) -> Iter<'_, T>
    where
        T: Borrow<Q>,
    {
        Iter(self.held.range(range))
    }

    /// Takes out what is not less than a value.
    pub fn split_off<Q: Ord + ?Sized>(&mut self, value: &Q) -> Self
    where
        T: Borrow<Q>,
    {
        Self { held: self.held.split_off(value) }
    }

    /// Takes everything out of another set.
    pub fn append(&mut self, other: &mut Self) {
        self.held.append(&mut other.held);
    }

    /// What is here and not in the other one, in order.
    pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> + Clone {
        self.iter().filter(|value| !other.contains(*value))
    }

    /// What is in both, in order.
    pub fn intersection<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> + Clone {
        self.iter().filter(|value| other.contains(*value))
    }

    /// What is in one of both, in order.
    pub fn union<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        let mut all: Vec<&T> = self.iter().chain(other.difference(self)).collect();
        all.sort();
        all.into_iter()
    }

    /// True if all of it is in the other one.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|value| other.contains(value))
    }

    /// True if it holds all of the other one.
    pub fn is_superset(&self, other: &Self) -> bool {
        other.is_subset(self)
    }

    /// True if nothing is in both.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        !self.iter().any(|value| other.contains(value))
    }
}

/// Values in order.
pub struct Iter<'a, T>(crate::map::Iter<'a, T, ()>);

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.0.next().map(|(value, ())| value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(value, ())| value)
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

/// The values themselves, in order.
#[derive(Debug)]
pub struct IntoIter<T>(std::vec::IntoIter<(T, ())>);

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next().map(|(value, ())| value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> DoubleEndedIterator for IntoIter<T> {
    fn next_back(&mut self) -> Option<T> {
        self.0.next_back().map(|(value, ())| value)
    }
}

impl<T> ExactSizeIterator for IntoIter<T> {}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter(self.held.into_iter())
    }
}

impl<'a, T> IntoIterator for &'a SortedSet<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Ord> Extend<T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<'a, T: Ord + Copy + 'a> Extend<&'a T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, values: I) {
        self.extend(values.into_iter().copied());
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self { held: values.into_iter().map(|value| (value, ())).collect() }
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for SortedSet<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SortedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<T: Serialize> Serialize for SortedSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for SortedSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|values| values.into_iter().collect())
    }
}
