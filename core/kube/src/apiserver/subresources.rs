//! Subresources that change their object: `binding`, `scale`, `finalize`.

use serde_json::{Value, json};
use sim::Time;

use super::change::{patched, revision};
use super::path::Target;
use super::serve::ok;
use super::status::Status;
use super::{ApiServer, Served, Then, Write};
use crate::json::{at, in_order, int, items, put, text};
use crate::rest::{Method, Request};

impl ApiServer {
    /// The scheduler ties a pod to a node.
    pub(super) fn bind(
        &self,
        wall: Time,
        target: &Target,
        binding: &Value,
    ) -> Result<Served, Status> {
        let resource = super::objects::resource("pods");
        let name = match target.name.as_str() {
            "" => crate::json::name(binding),
            name => name,
        };
        let target = Target { resource, name: name.to_owned(), ..target.clone() };
        let old = self.found(&target)?;
        if !text(&old, "spec/nodeName").is_empty() {
            let why = format!(
                "pod {name} is already assigned to node \"{}\"",
                text(&old, "spec/nodeName")
            );
            return Err(Status::conflict(resource, name, &why));
        }
        if !text(&old, "metadata/deletionTimestamp").is_empty() {
            let why = format!("pod {name} is being deleted, cannot be assigned to a host");
            return Err(Status::conflict(resource, name, &why));
        }
        let mut value = old.clone();
        put(&mut value, "spec/nodeName", text(binding, "target/name").to_owned());
        crate::conditions::set(&mut value, "PodScheduled", "True", ("", ""), wall);
        let done = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "code": 201,
        });
        let write =
            Write { key: target.key(), seen: Some(revision(&old)), value: Some(in_order(value)) };
        Ok(Served::Write(vec![write], Then::Reply(201, done), Vec::new()))
    }

    pub(super) fn scale(&self, request: &Request, target: &Target) -> Result<Served, Status> {
        let old = self.found(&Target { subresource: String::new(), ..target.clone() })?;
        let scale = |object: &Value| {
            json!({
                "kind": "Scale",
                "apiVersion": "autoscaling/v1",
                "metadata": {
                    "name": crate::json::name(object),
                    "namespace": crate::json::namespace(object),
                    "uid": crate::json::uid(object),
                    "resourceVersion": text(object, "metadata/resourceVersion"),
                    "creationTimestamp": text(object, "metadata/creationTimestamp"),
                },
                "spec": { "replicas": int(object, "spec/replicas") },
                "status": {
                    "replicas": int(object, "status/replicas"),
                    "selector": selector_text(object),
                },
            })
        };
        let wanted = match request.method {
            Method::Get => return Ok(ok(200, scale(&old))),
            Method::Patch => patched(request, None, &scale(&old))?,
            _ => request.body.clone(),
        };
        let given = revision(&wanted);
        if given != 0 && given != revision(&old) {
            return Err(Status::modified(target.resource, &target.name));
        }
        let mut value = old.clone();
        put(&mut value, "spec/replicas", int(&wanted, "spec/replicas"));
        let value = self.merged(target.resource, &old, value, false)?;
        let answer = scale(&value);
        if value == old {
            return Ok(ok(200, answer));
        }
        let write = Write { key: target.key(), seen: Some(revision(&old)), value: Some(value) };
        Ok(Served::Write(vec![write], Then::Reply(200, answer), Vec::new()))
    }

    pub(super) fn finalize(&self, request: &Request, target: &Target) -> Result<Served, Status> {
        let old = self.found(&Target { subresource: String::new(), ..target.clone() })?;
        let mut value = old.clone();
        put(&mut value, "spec/finalizers", at(&request.body, "spec/finalizers").clone());
        let is_over = items(&value, "spec/finalizers").is_empty()
            && !text(&value, "metadata/deletionTimestamp").is_empty();
        let seen = Some(revision(&old));
        let new = (!is_over).then(|| value.clone());
        let write = Write { key: target.key(), seen, value: new };
        Ok(Served::Write(vec![write], Then::Reply(200, value), Vec::new()))
    }
}

fn selector_text(object: &Value) -> String {
    let labels = crate::json::members(object, "spec/selector/matchLabels");
    let parts: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    parts.join(",")
}
