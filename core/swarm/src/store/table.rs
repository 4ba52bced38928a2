//! One kind of object: rows by identifier and an index of names in lower case.

use sorted::SortedMap;
use std::rc::Rc;

use crate::objects::{Id, Stored};

/// The objects of one kind.
#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: Rc<SortedMap<Id, Rc<T>>>,
    names: Rc<SortedMap<String, Id>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Rc::default(), names: Rc::default() }
    }
}

impl<T: Stored> Table<T> {
    /// The object with this identifier.
    pub fn get(&self, id: &str) -> Option<&Rc<T>> {
        self.rows.get(id)
    }

    /// The object with this name, without regard to case.
    pub fn by_name(&self, name: &str) -> Option<&Rc<T>> {
        self.rows.get(self.names.get(&name.to_lowercase())?)
    }

    /// All objects in the order of their identifiers.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Rc<T>> {
        self.rows.values()
    }

    /// The objects whose identifier begins so.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Rc<T>> {
        self.rows
            .range(Id::from(prefix)..)
            .take_while(move |(id, _)| id.starts_with(prefix))
            .map(|(_, object)| object)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn put(&mut self, object: &Rc<T>) -> Option<Rc<T>> {
        let old = Rc::make_mut(&mut self.rows).insert(object.id().clone(), Rc::clone(object));
        let old_name = old.as_ref().and_then(|old| old.unique_name());
        if old_name != object.unique_name() {
            let names = Rc::make_mut(&mut self.names);
            if let Some(name) = old_name {
                names.remove(&name.to_lowercase());
            }
            if let Some(name) = object.unique_name() {
                names.insert(name.to_lowercase(), object.id().clone());
            }
        }
        old
    }

    pub(super) fn take(&mut self, id: &Id) -> Option<Rc<T>> {
        if !self.rows.contains_key(id) {
            return None;
        }
        let old = Rc::make_mut(&mut self.rows).remove(id)?;
        if let Some(name) = old.unique_name() {
            Rc::make_mut(&mut self.names).remove(&name.to_lowercase());
        }
        Some(old)
    }
}
