//! Requests of the control plane's own parts and of kubelets.

use serde_json::Value;

use crate::resources::Resource;
use crate::rest::{Credential, Method, Request};

/// A request without a query.
pub(crate) fn request(method: Method, path: &str, body: Value) -> Request {
    let content_type = match method {
        Method::Patch => "application/strategic-merge-patch+json",
        _ => "application/json",
    };
    Request {
        server: String::new(),
        credential: Credential::Anonymous,
        method,
        path: path.to_owned(),
        query: Vec::new(),
        content_type,
        body,
    }
}

/// An object's path.
pub(crate) fn path_of(object: &Value) -> String {
    use crate::json::text;
    let resource = Resource::of(text(object, "apiVersion"), text(object, "kind"));
    let Some(resource) = resource else { return String::new() };
    let home = crate::json::namespace(object);
    format!("{}/{}", resource.path(Some(home)), crate::json::name(object))
}

/// Makes an object.
pub(crate) fn create(object: Value) -> Request {
    let path = path_of(&object);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    request(Method::Post, folder, object)
}

/// Replaces an object, or with `part` a part of it, as `/status`.
pub(crate) fn replace(object: Value, part: &str) -> Request {
    request(Method::Put, &format!("{}{part}", path_of(&object)), object)
}

/// Deletes an object, if it is still this one.
pub(crate) fn delete(object: &Value, grace: Option<i64>) -> Request {
    let mut options = serde_json::json!({
        "kind": "DeleteOptions",
        "apiVersion": "v1",
        "preconditions": { "uid": crate::json::uid(object) },
    });
    if let Some(grace) = grace {
        options["gracePeriodSeconds"] = grace.into();
    }
    request(Method::Delete, &path_of(object), options)
}
