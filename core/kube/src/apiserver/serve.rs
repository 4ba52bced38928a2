//! Answers requests: authorisation, reading, and the way to what changes objects.

use serde_json::{Value, json};
use sim::Time;

use super::access::{self, Deed, User};
use super::path::{Place, Target, parameter, verb};
use super::selector::Selector;
use super::status::Status;
use super::{ApiServer, Served};
use crate::json::{items, text};
use crate::resources::RESOURCES;
use crate::rest::{Method, Request, Response};

/// An answer that is no refusal.
pub(super) fn ok(code: u16, body: Value) -> Served {
    Served::Now(Response { code, warnings: Vec::new(), body })
}

impl ApiServer {
    pub(super) fn serve(
        &mut self,
        wall: Time,
        user: &User,
        request: &Request,
    ) -> Result<Served, Status> {
        match Target::parse(&request.path) {
            None => Err(Status::no_resource()),
            Some(Place::Other) => self.serve_other(user, request),
            Some(Place::Resource(target)) => {
                let verb = verb(request, &target);
                // Whoever is to see one object by a selector is treated as if it was named.
                let selector = Selector::parse(
                    parameter(request, "labelSelector").unwrap_or_default(),
                    parameter(request, "fieldSelector").unwrap_or_default(),
                )
                .map_err(Status::bad_request)?;
                selector.check_fields(target.resource.kind).map_err(Status::bad_request)?;
                let name = match target.name.as_str() {
                    "" => selector.name().unwrap_or_default().to_owned(),
                    name => name.to_owned(),
                };
                let word = target.resource_word();
                let deed = Deed {
                    verb,
                    group: target.resource.group,
                    resource: &word,
                    namespace: match target.resource.name {
                        "namespaces" => &target.name,
                        _ => &target.namespace,
                    },
                    name: &name,
                };
                access::authorize(user, &deed, &self.objects)
                    .map_err(|why| access::refusal(user, verb, &target, &why))?;
                if target.resource.is_kept()
                    && target.resource.namespaced
                    && target.namespace.is_empty()
                {
                    let is_wide = target.name.is_empty() && request.method == Method::Get;
                    if !is_wide {
                        return Err(Status::no_resource());
                    }
                }
                self.serve_resource(wall, user, request, &target, verb, selector)
            }
        }
    }

    fn serve_other(&self, user: &User, request: &Request) -> Result<Served, Status> {
        let path = request.path.as_str();
        let is_public = matches!(path, "/version" | "/healthz" | "/livez" | "/readyz");
        let is_known = user.groups.iter().any(|group| group == "system:authenticated");
        let deed = Deed {
            verb: "get",
            group: access::NON_RESOURCE,
            resource: "",
            namespace: "",
            name: path,
        };
        if !is_public && access::authorize(user, &deed, &self.objects).is_err() && !is_known {
            let text = format!("forbidden: User \"{}\" cannot get path \"{path}\"", user.name);
            return Err(Status::new(403, "Forbidden", text));
        }
        let groups = || {
            let mut groups: Vec<&str> = RESOURCES.iter().map(|one| one.group).collect();
            groups.retain(|group| !group.is_empty());
            groups.dedup();
            groups
        };
        match path {
            "/version" => Ok(ok(200, self.version())),
            "/healthz" | "/livez" | "/readyz" => Ok(ok(200, "ok".into())),
            "/api" => Ok(ok(200, json!({ "kind": "APIVersions", "versions": ["v1"] }))),
            "/apis" => {
                let list: Vec<Value> = groups()
                    .into_iter()
                    .map(|group| json!({ "name": group, "versions": [{ "version": "v1" }] }))
                    .collect();
                Ok(ok(200, json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": list })))
            }
            _ => Err(Status::no_resource()),
        }
    }

    fn serve_resource(
        &mut self,
        wall: Time,
        user: &User,
        request: &Request,
        target: &Target,
        verb: &str,
        selector: Selector,
    ) -> Result<Served, Status> {
        if !target.resource.is_kept() {
            if request.method != Method::Post {
                return Err(Status::method_not_allowed());
            }
            if target.resource.kind == "Binding" {
                return self.bind(wall, target, &request.body);
            }
            let answer = access::review(target.resource.kind, user, &request.body, &self.objects);
            return Ok(ok(201, answer));
        }
        if !target.subresource.is_empty() && target.subresource != "status" {
            return self.serve_subresource(wall, request, target);
        }
        match verb {
            "get" => {
                let object = self.found(target)?;
                Ok(ok(200, object))
            }
            "list" => self.list(target, &selector),
            "watch" => {
                let since = parameter(request, "resourceVersion").unwrap_or_default();
                let since = since.parse().ok().filter(|since| *since > 0);
                let prefix = match target.name.as_str() {
                    "" => target.resource.key(&target.namespace, ""),
                    _ => target.key(),
                };
                Ok(Served::Watch { prefix, selector, since })
            }
            "create" => self.create(wall, user, request, target),
            "update" | "patch" => self.update(user, request, target),
            "delete" => self.delete(wall, request, target),
            _ => self.delete_all(wall, request, target, &selector),
        }
    }

    /// The object that a request names.
    pub(super) fn found(&self, target: &Target) -> Result<Value, Status> {
        let key = target.key();
        if let Some(object) = self.objects.get(&key) {
            return Ok((**object).clone());
        }
        match self.objects.trouble(&key) {
            Some((_, why)) => {
                let text = format!("Internal error occurred: {why}");
                Err(Status::new(500, "InternalError", text))
            }
            None => Err(Status::not_found(target.resource, &target.name)),
        }
    }

    fn list(&self, target: &Target, selector: &Selector) -> Result<Served, Status> {
        let prefix = target.resource.key(&target.namespace, "");
        if let Some((key, why)) = self.objects.trouble(&prefix) {
            // apiserver: one value that cannot be opened spoils the list.
            let text = format!("Internal error occurred: unable to transform key \"{key}\": {why}");
            return Err(Status::new(500, "InternalError", text));
        }
        let found: Vec<Value> = self
            .objects
            .range(prefix)
            .filter(|(_, object)| selector.matches(object))
            .map(|(_, object)| (**object).clone())
            .collect();
        Ok(ok(
            200,
            json!({
                "kind": format!("{}List", target.resource.kind),
                "apiVersion": target.resource.api_version(),
                "metadata": { "resourceVersion": self.objects.revision.to_string() },
                "items": found,
            }),
        ))
    }

    fn serve_subresource(
        &mut self,
        wall: Time,
        request: &Request,
        target: &Target,
    ) -> Result<Served, Status> {
        match (target.resource.kind, target.subresource.as_str(), request.method) {
            ("Pod", "log", Method::Get) => self.pod_log(request, target),
            ("Pod", "exec" | "attach", Method::Get | Method::Post) => {
                self.pod_exec(request, target)
            }
            ("Pod", "binding", Method::Post) => self.bind(wall, target, &request.body),
            ("Pod", "eviction", Method::Post) => self.delete(wall, request, target),
            ("Deployment" | "ReplicaSet", "scale", _) => self.scale(request, target),
            ("Namespace", "finalize", Method::Put) => self.finalize(request, target),
            ("ServiceAccount", "token", Method::Post) => {
                let account = self.found(target)?;
                let life = request.body["spec"]["expirationSeconds"].as_u64().unwrap_or(3_600);
                let life = sim::Duration::from_secs(life);
                let key = &self.options.token_key;
                let token = super::token::sign(&account, key, wall, Some(life));
                let mut answer = request.body.clone();
                answer["status"] = json!({
                    "token": token,
                    "expirationTimestamp": crate::json::time(wall + life),
                });
                Ok(ok(201, answer))
            }
            _ => Err(Status::no_resource()),
        }
    }

    /// The container that a request means, and where its pod runs.
    fn container_of(&self, request: &Request, target: &Target) -> Result<(Value, String), Status> {
        let pod = self.found(target)?;
        let containers = items(&pod, "spec/containers");
        let asked = parameter(request, "container").unwrap_or_default();
        let names = || {
            let names: Vec<&str> = containers.iter().map(|one| text(one, "name")).collect();
            format!("[{}]", names.join(" "))
        };
        let all = containers.iter().chain(items(&pod, "spec/initContainers"));
        let name = match (asked, containers) {
            ("", [one]) => text(one, "name").to_owned(),
            ("", _) => {
                return Err(Status::bad_request(format!(
                    "a container name must be specified for pod {}, choose one of: {}",
                    target.name,
                    names()
                )));
            }
            (asked, _) if all.clone().any(|one| text(one, "name") == asked) => asked.to_owned(),
            (asked, _) => {
                return Err(Status::bad_request(format!(
                    "container {asked} is not valid for pod {}",
                    target.name
                )));
            }
        };
        if crate::is_mirror(&pod) {
            let text = "not simulated: the programs of the control plane are parts of their host, and have no \
                        containers; etcdctl is a command of the host";
            return Err(Status::new(501, "NotImplemented", text.to_owned()));
        }
        Ok((pod, name))
    }

    fn to_kubelet(&self, pod: &Value, path: String, request: &Request) -> Result<Served, Status> {
        let node = text(pod, "spec/nodeName");
        if node.is_empty() {
            let name = crate::json::name(pod);
            return Err(Status::bad_request(format!("pod {name} does not have a host assigned")));
        }
        let found = self.objects.find("nodes", "", node);
        let address = found.and_then(|node| {
            items(node, "status/addresses").iter().find(|one| text(one, "type") == "InternalIP")
        });
        let Some(address) = address.map(|one| text(one, "address").to_owned()) else {
            return Err(Status::new(500, "InternalError", format!("no address for node {node}")));
        };
        let request = Box::new(Request { path, ..request.clone() });
        Ok(Served::Proxy { address, request })
    }

    fn pod_log(&self, request: &Request, target: &Target) -> Result<Served, Status> {
        let (pod, container) = self.container_of(request, target)?;
        let (home, name) = (&target.namespace, &target.name);
        let lists = ["status/containerStatuses", "status/initContainerStatuses"];
        let status = lists
            .iter()
            .flat_map(|list| items(&pod, list))
            .find(|status| text(status, "name") == container);
        let is_previous = parameter(request, "previous").is_some_and(|value| value == "true");
        let waiting = status.map(|status| text(status, "state/waiting/reason")).unwrap_or_default();
        let has_run = status.is_some_and(|status| {
            !text(status, "containerID").is_empty() || status["lastState"]["terminated"].is_object()
        });
        if !is_previous && !has_run && !text(&pod, "spec/nodeName").is_empty() {
            let reason = if waiting.is_empty() { "ContainerCreating" } else { waiting };
            return Err(Status::bad_request(format!(
                "container \"{container}\" in pod \"{name}\" is waiting to start: {}",
                waiting_words(reason)
            )));
        }
        self.to_kubelet(&pod, format!("/containerLogs/{home}/{name}/{container}"), request)
    }

    fn pod_exec(&self, request: &Request, target: &Target) -> Result<Served, Status> {
        let (pod, container) = self.container_of(request, target)?;
        let (home, name, sub) = (&target.namespace, &target.name, &target.subresource);
        self.to_kubelet(&pod, format!("/{sub}/{home}/{name}/{container}"), request)
    }
}

/// kubelet: some reasons are told with more words.
fn waiting_words(reason: &str) -> String {
    match reason {
        "ImagePullBackOff" | "ErrImagePull" => "trying and failing to pull image".to_owned(),
        other => other.to_owned(),
    }
}
