//! The objects as the API server has them in memory: what etcd holds, opened and read (apiserver: the watch cache).

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use serde_json::Value;

use crate::json::put;
use crate::resources::{RESOURCES, Resource};

/// All objects by their keys in etcd.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    by_key: SortedMap<String, Rc<Value>>,
    /// Values that cannot be opened or read, and why.
    sealed: SortedMap<String, String>,
    /// Keys whose values would be sealed otherwise if they were written now.
    stale: SortedSet<String>,
    /// The newest revision that is in it.
    pub revision: u64,
}

/// The resource that a key belongs to.
pub(crate) fn resource_of(key: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|one| one.is_kept() && key.starts_with(&one.key("", "")))
}

/// The resource with this plural name, for our own use.
pub(crate) fn resource(name: &str) -> &'static Resource {
    RESOURCES.iter().find(|one| one.name == name).unwrap_or(&RESOURCES[0])
}

impl Objects {
    /// Nothing.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Puts what etcd holds for a key; gives what was there before.
    pub fn put(
        &mut self,
        key: &str,
        value: &Result<Vec<u8>, String>,
        revision: u64,
    ) -> Option<Rc<Value>> {
        self.revision = self.revision.max(revision);
        let parsed = value.clone().and_then(|bytes| {
            serde_json::from_slice::<Value>(&bytes).map_err(|error| error.to_string())
        });
        match parsed {
            Ok(mut object) => {
                put(&mut object, "metadata/resourceVersion", revision.to_string());
                self.sealed.remove(key);
                self.by_key.insert(key.to_owned(), Rc::new(object))
            }
            Err(why) => {
                self.sealed.insert(key.to_owned(), why);
                self.by_key.remove(key)
            }
        }
    }

    /// Notes whether a key's value would be sealed otherwise if it were written now.
    pub fn mark(&mut self, key: &str, is_stale: bool) {
        if is_stale {
            self.stale.insert(key.to_owned());
        } else {
            self.stale.remove(key);
        }
    }

    /// A key's value would be sealed otherwise if it were written now (apiserver: `origState.stale`).
    pub fn is_stale(&self, key: &str) -> bool {
        self.stale.contains(key)
    }

    /// A key is gone; gives what was there.
    pub fn remove(&mut self, key: &str, revision: u64) -> Option<Rc<Value>> {
        self.revision = self.revision.max(revision);
        self.sealed.remove(key);
        self.stale.remove(key);
        self.by_key.remove(key)
    }

    /// The object of a key.
    pub fn get(&self, key: &str) -> Option<&Rc<Value>> {
        self.by_key.get(key)
    }

    /// Why the value of a key, or of one that begins like this, cannot be read.
    pub fn trouble(&self, prefix: &str) -> Option<(&str, &str)> {
        let found = self.sealed.iter().find(|(key, _)| key.starts_with(prefix));
        found.map(|(key, why)| (key.as_str(), why.as_str()))
    }

    /// An object by its resource, namespace and name.
    pub fn find(&self, name_of_resource: &str, namespace: &str, name: &str) -> Option<&Rc<Value>> {
        self.by_key.get(&resource(name_of_resource).key(namespace, name))
    }

    /// All objects of a resource in a namespace, or in all.
    pub fn list<'a>(
        &'a self,
        name_of_resource: &str,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Rc<Value>> + use<'a> {
        self.range(resource(name_of_resource).key(namespace, "")).map(|(_, object)| object)
    }

    /// All objects whose keys begin like this.
    pub fn range(&self, prefix: String) -> impl Iterator<Item = (&str, &Rc<Value>)> {
        let from = std::ops::Bound::Included(prefix.as_str());
        let range = self.by_key.range::<str, _>((from, std::ops::Bound::Unbounded));
        range
            .take_while(move |(key, _)| key.starts_with(&prefix))
            .map(|(key, object)| (key.as_str(), object))
    }
}
