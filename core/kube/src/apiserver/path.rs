//! From a path of the REST API to what it names.

use crate::resources::Resource;
use crate::rest::{Method, Request};

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The resource.
    pub resource: &'static Resource,
    /// The namespace, empty for none or all.
    pub namespace: String,
    /// The object, empty for all.
    pub name: String,
    /// `log`, `status`, ...; empty for the object itself.
    pub subresource: String,
}

/// A path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A resource.
    Resource(Target),
    /// Something else, as `/version`.
    Other,
}

impl Target {
    /// Takes a path apart; nothing for a resource that is not served.
    pub(crate) fn parse(path: &str) -> Option<Place> {
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let (group, version, rest) = match &steps[..] {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return Some(Place::Other),
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..]
                if !rest.is_empty() && !matches!(rest, ["status" | "finalize"]) =>
            {
                (*namespace, rest)
            }
            rest => ("", rest),
        };
        let resource = Resource::by_path(group, rest[0])?;
        if resource.version != version || rest.len() > 3 {
            return None;
        }
        let step = |place: usize| (*rest.get(place).unwrap_or(&"")).to_owned();
        Some(Place::Resource(Self {
            resource,
            namespace: namespace.to_owned(),
            name: step(1),
            subresource: step(2),
        }))
    }

    /// `pods`, `pods/log`.
    pub(crate) fn resource_word(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.name.to_owned(),
            sub => format!("{}/{sub}", self.resource.name),
        }
    }

    /// The object's key in the store.
    pub(crate) fn key(&self) -> String {
        self.resource.key(&self.namespace, &self.name)
    }
}

/// The verb of authorisation that a request is.
pub(crate) fn verb(request: &Request, target: &Target) -> &'static str {
    let is_one = !target.name.is_empty();
    let watches = parameter(request, "watch").is_some_and(|value| value != "false" && value != "0");
    match request.method {
        Method::Get if watches => "watch",
        Method::Get if is_one => "get",
        Method::Get => "list",
        Method::Post => "create",
        Method::Put => "update",
        Method::Patch => "patch",
        Method::Delete if is_one => "delete",
        Method::Delete => "deletecollection",
    }
}

/// A parameter of the query.
pub(crate) fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
