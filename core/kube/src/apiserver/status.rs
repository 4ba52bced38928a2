//! What an API server answers when something is wrong: `Status` objects with the texts of apimachinery's
//! `pkg/api/errors`.

use serde_json::{Value, json};

use crate::resources::Resource;
use crate::rest::Response;
use crate::schema::Problem;

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Status(pub Box<Value>);

impl Status {
    /// With a code of HTTP, a reason and a text.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self(Box::new(json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message.into(),
            "reason": reason,
            "code": code,
        })))
    }

    /// The same about one object.
    fn about(code: u16, reason: &str, message: String, resource: &Resource, name: &str) -> Self {
        let mut status = Self::new(code, reason, message);
        status.0["details"] = json!({ "name": name, "kind": resource.name });
        if !resource.group.is_empty() {
            status.0["details"]["group"] = resource.group.into();
        }
        status
    }

    /// There is no such object.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.group_resource());
        Self::about(404, "NotFound", message, resource, name)
    }

    /// There is no such path.
    pub fn no_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    /// There is one already.
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.group_resource());
        Self::about(409, "AlreadyExists", message, resource, name)
    }

    /// Somebody else has changed it.
    pub fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {why}",
            resource.group_resource()
        );
        Self::about(409, "Conflict", message, resource, name)
    }

    /// Somebody else has changed it since it was read.
    pub fn modified(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(resource, name, why)
    }

    /// It may not be done.
    pub fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let qualified = resource.group_resource();
        let message = match name {
            "" => format!("{qualified} is forbidden: {why}"),
            name => format!("{qualified} \"{name}\" is forbidden: {why}"),
        };
        Self::about(403, "Forbidden", message, resource, name)
    }

    /// The request cannot be read.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The object can be read and is not valid.
    pub fn invalid(resource: &Resource, name: &str, problems: &[Problem]) -> Self {
        let texts: Vec<String> = problems.iter().map(Problem::text).collect();
        let all = match &texts[..] {
            [one] => one.clone(),
            _ => format!("[{}]", texts.join(", ")),
        };
        let group = if resource.group.is_empty() {
            resource.kind.to_owned()
        } else {
            format!("{}.{}", resource.kind, resource.group)
        };
        let message = format!("{group} \"{name}\" is invalid: {all}");
        let mut status = Self::about(422, "Invalid", message, resource, name);
        status.0["details"]["kind"] = resource.kind.into();
        let causes: Vec<Value> = problems
            .iter()
            .map(|problem| {
                json!({
                    "reason": problem.reason,
                    "message": problem.message,
                    "field": problem.field,
                })
            })
            .collect();
        status.0["details"]["causes"] = causes.into();
        status
    }

    /// Nobody knows who asks.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// The store did not answer in time.
    pub fn store_timeout() -> Self {
        Self::new(500, "", "etcdserver: request timed out")
    }

    /// What cannot be done with such an object.
    pub fn method_not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
    }

    /// Something of Kubernetes that is not here.
    pub fn not_simulated(what: &str) -> Self {
        Self::new(501, "NotImplemented", format!("not simulated: {what}"))
    }

    /// The code of HTTP.
    pub fn code(&self) -> u16 {
        self.0["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500)
    }

    /// One word.
    pub fn reason(&self) -> &str {
        self.0["reason"].as_str().unwrap_or_default()
    }

    /// For a reader.
    pub fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }
}

impl From<Status> for Response {
    fn from(status: Status) -> Self {
        Self { code: status.code(), warnings: Vec::new(), body: *status.0 }
    }
}
