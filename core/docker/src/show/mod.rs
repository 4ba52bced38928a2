//! Objects as `inspect` shows them: JSON with the members and the order of Docker's API types.
//!
//! Go leaves out members that are marked so and empty. A template, though, sees the typed value
//! with all its members: [`Form::Typed`] keeps them.

pub(crate) mod cluster;
pub(crate) mod container;
pub(crate) mod image;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod secret;
pub(crate) mod service;
pub(crate) mod task;

use sorted::SortedMap;

use serde_json::{Map, Value as Json};
use sim::Time;
use swarm::objects::{Annotations, Driver, Meta};

use crate::profile::Profile;

/// What the JSON is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// To be printed: empty members are left out.
    Printed,
    /// For a template: all members of the type.
    Typed,
}

/// What decides how an object is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) profile: &'static Profile,
    pub(crate) form: Form,
}

impl Style {
    /// An object without members yet.
    pub(crate) fn object(self) -> Object {
        Object { map: Map::new(), form: self.form }
    }
}

/// An object under construction.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    map: Map<String, Json>,
    form: Form,
}

impl Object {
    /// A member that is always shown.
    pub(crate) fn put(&mut self, key: &str, value: impl Into<Json>) -> &mut Self {
        self.map.insert(key.to_owned(), value.into());
        self
    }

    /// A member that is left out when it is empty (`omitempty`).
    pub(crate) fn fill(&mut self, key: &str, value: impl Into<Json>) -> &mut Self {
        let value = value.into();
        if self.form == Form::Typed || !is_empty(&value) {
            self.map.insert(key.to_owned(), value);
        }
        self
    }

    /// A pointer: left out when there is nothing.
    pub(crate) fn some(&mut self, key: &str, value: Option<impl Into<Json>>) -> &mut Self {
        if let Some(value) = value {
            self.map.insert(key.to_owned(), value.into());
        }
        self
    }

    /// The finished object.
    pub(crate) fn json(&mut self) -> Json {
        Json::Object(std::mem::take(&mut self.map))
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(bool) => !bool,
        Json::Number(number) => number.as_i64() == Some(0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
    }
}

/// A map of texts; empty ones stay.
pub(crate) fn texts(map: &SortedMap<String, String>) -> Json {
    map.iter().map(|(key, value)| (key.clone(), Json::from(value.clone()))).collect()
}

/// Identifier, version and times, which every swarm object begins with.
pub(crate) fn head(style: Style, id: &str, meta: &Meta) -> Object {
    let mut object = style.object();
    object.put("ID", id);
    object.put("Version", style.object().fill("Index", meta.version).json());
    object.put("CreatedAt", time(meta.created_at)).put("UpdatedAt", time(meta.updated_at));
    object
}

/// Name and labels, which every spec begins with.
pub(crate) fn annotations(style: Style, annotations: &Annotations) -> Object {
    let mut object = style.object();
    object.fill("Name", annotations.name.clone());
    if style.profile.empty_labels {
        object.put("Labels", texts(&annotations.labels));
    } else {
        object.fill("Labels", texts(&annotations.labels));
    }
    object
}

/// A driver and its options.
pub(crate) fn driver(style: Style, driver: &Driver) -> Json {
    let mut object = style.object();
    object.fill("Name", driver.name.clone()).fill("Options", texts(&driver.options)).json()
}

/// A time in JSON.
pub(crate) fn time(time: Time) -> String {
    time.rfc3339()
}

/// A duration in JSON: nanoseconds.
pub(crate) fn nanos(span: sim::Duration) -> u64 {
    span.as_nanos()
}
