//! Deleting: at once, or with a grace that whoever works on the object ends.

use serde_json::{Value, json};
use sim::Time;

use super::change::{is_dry, revision};
use super::path::{Target, parameter};
use super::selector::Selector;
use super::serve::ok;
use super::status::Status;
use super::{ApiServer, Served, Then, Write};
use crate::json::{at, in_order, items, put, text};
use crate::rest::Request;

impl ApiServer {
    pub(super) fn delete(
        &self,
        wall: Time,
        request: &Request,
        target: &Target,
    ) -> Result<Served, Status> {
        let resource = target.resource;
        let old = self.found(target)?;
        if resource.kind == "Namespace"
            && ["default", "kube-system", "kube-public"].contains(&&*target.name)
        {
            let why = "this namespace may not be deleted";
            return Err(Status::forbidden(resource, &target.name, why));
        }
        let options = match target.subresource.as_str() {
            "eviction" => &request.body["deleteOptions"],
            _ => &request.body,
        };
        let wanted = text(options, "preconditions/uid");
        if !wanted.is_empty() && wanted != crate::json::uid(&old) {
            let why = format!(
                "Precondition failed: UID in precondition: {wanted}, UID in object meta: {}",
                crate::json::uid(&old)
            );
            return Err(Status::conflict(resource, &target.name, &why));
        }
        if is_dry(request) {
            return Ok(ok(200, old));
        }
        let asked = options["gracePeriodSeconds"].as_i64().or_else(|| {
            parameter(request, "gracePeriodSeconds").and_then(|text| text.parse().ok())
        });
        Ok(match self.deletion(wall, target, &old, asked) {
            Some(write) => {
                let body = match (&write.value, resource.kind) {
                    (Some(_), _) => {
                        return Ok(Served::Write(
                            vec![write],
                            Then::Object(200, target.key()),
                            Vec::new(),
                        ));
                    }
                    (None, "Pod") => old,
                    (None, _) => json!({
                        "kind": "Status",
                        "apiVersion": "v1",
                        "metadata": {},
                        "status": "Success",
                        "details": {
                            "name": target.name,
                            "group": resource.group,
                            "kind": resource.name,
                            "uid": crate::json::uid(&old),
                        },
                    }),
                };
                Served::Write(vec![write], Then::Reply(200, body), Vec::new())
            }
            None => ok(200, old),
        })
    }

    /// What deleting an object writes; nothing if it is under way already.
    pub(super) fn deletion(
        &self,
        wall: Time,
        target: &Target,
        old: &Value,
        asked: Option<i64>,
    ) -> Option<Write> {
        let key = target.key();
        let seen = Some(revision(old));
        let is_going = !text(old, "metadata/deletionTimestamp").is_empty();
        let stays = match target.resource.kind {
            "Pod" => {
                let grace = asked.unwrap_or_else(|| {
                    at(old, "spec/terminationGracePeriodSeconds").as_i64().unwrap_or(30)
                });
                let is_idle = text(old, "spec/nodeName").is_empty()
                    || matches!(text(old, "status/phase"), "Succeeded" | "Failed");
                (!is_idle && grace > 0).then_some(grace)
            }
            "Namespace" => Some(0),
            _ => (!items(old, "metadata/finalizers").is_empty()).then_some(0),
        };
        let Some(grace) = stays else { return Some(Write { key, seen, value: None }) };
        let known = at(old, "metadata/deletionGracePeriodSeconds").as_i64().unwrap_or(i64::MAX);
        if is_going && known <= grace {
            return None;
        }
        let mut value = old.clone();
        let span = sim::Duration::from_secs(u64::try_from(grace).unwrap_or(0));
        put(&mut value, "metadata/deletionTimestamp", crate::json::time(wall + span));
        if target.resource.kind == "Namespace" {
            put(&mut value, "status/phase", "Terminating");
        } else {
            put(&mut value, "metadata/deletionGracePeriodSeconds", grace);
        }
        Some(Write { key, seen, value: Some(in_order(value)) })
    }

    pub(super) fn delete_all(
        &self,
        wall: Time,
        request: &Request,
        target: &Target,
        selector: &Selector,
    ) -> Result<Served, Status> {
        let asked = request.body["gracePeriodSeconds"].as_i64();
        let prefix = target.resource.key(&target.namespace, "");
        let found: Vec<Value> = self
            .objects
            .range(prefix)
            .filter(|(_, object)| selector.matches(object))
            .map(|(_, object)| (**object).clone())
            .collect();
        let writes: Vec<Write> = found
            .iter()
            .filter_map(|object| {
                let target =
                    Target { name: crate::json::name(object).to_owned(), ..target.clone() };
                self.deletion(wall, &target, object, asked)
            })
            .collect();
        let list = json!({
            "kind": format!("{}List", target.resource.kind),
            "apiVersion": target.resource.api_version(),
            "metadata": {},
            "items": found,
        });
        Ok(match writes.is_empty() || is_dry(request) {
            true => ok(200, list),
            false => Served::Write(writes, Then::Reply(200, list), Vec::new()),
        })
    }
}
