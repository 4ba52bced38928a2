//! Create, update and patch.

use serde_json::Value;
use sim::Time;

use super::access::User;
use super::path::{Target, parameter};
use super::serve::ok;
use super::status::Status;
use super::{ApiServer, Served, Then, Write};
use super::{checks, kinds};
use crate::json::{at, in_order, int, items, object, put, remove, text};
use crate::resources::Resource;
use crate::rest::{Method, Request};
use crate::schema::{self, Problem, Strictness};

/// The revision that an object was read at.
pub(super) fn revision(object: &Value) -> u64 {
    text(object, "metadata/resourceVersion").parse().unwrap_or(0)
}

pub(super) fn is_dry(request: &Request) -> bool {
    parameter(request, "dryRun").is_some_and(|value| value == "All")
        || items(&request.body, "dryRun").iter().any(|value| value == "All")
}

/// Reads an object as its kind; the answer is warnings: of fields that it does not have, and of those that are new and that
/// nothing acts on here.
fn decode(
    request: &Request,
    resource: &Resource,
    value: &mut Value,
    old: &Value,
) -> Result<Vec<String>, Status> {
    let (kind, version) = (resource.kind, resource.version);
    let cannot = |why: &str| {
        Status::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"
        ))
    };
    let (found, api) = (text(value, "kind"), text(value, "apiVersion"));
    if !found.is_empty() && (found != kind || api != resource.api_version()) {
        return Err(Status::bad_request(format!(
            "the API version in the data ({api}) does not match the expected API version ({})",
            resource.api_version()
        )));
    }
    put(value, "kind", kind);
    put(value, "apiVersion", resource.api_version());
    let Some(schema) = schema::kind(kind) else { return Ok(Vec::new()) };
    let decoded = schema::check_decoding(schema, value).map_err(|why| cannot(&why))?;
    let known = schema::check_decoding(schema, &mut old.clone()).unwrap_or_default().kept;
    let new = decoded.kept.into_iter().filter(|path| !known.contains(path));
    let mut warnings: Vec<String> = new
        .map(|path| format!("{path}: not simulated: it is kept, and nothing acts on it"))
        .collect();
    let unknown = decoded.unknown;
    let validation = parameter(request, "fieldValidation").unwrap_or_default();
    match Strictness::parse(validation) {
        Strictness::Strict if !unknown.is_empty() => {
            Err(cannot(&format!("strict decoding error: {}", unknown.join(", "))))
        }
        Strictness::Warn => {
            warnings.extend(unknown);
            Ok(warnings)
        }
        _ => Ok(warnings),
    }
}

fn refuse(resource: &Resource, object: &Value, problems: &[Problem]) -> Result<(), Status> {
    match problems {
        [] => Ok(()),
        problems => Err(Status::invalid(resource, crate::json::name(object), problems)),
    }
}

/// What a pod names that only others may read.
fn mentions(spec: &Value) -> Option<&'static str> {
    match spec {
        Value::Object(map) => map.iter().find_map(|(key, value)| match key.as_str() {
            "secret" | "secretKeyRef" | "secretRef" | "imagePullSecrets" => Some("secrets"),
            "configMap" | "configMapKeyRef" | "configMapRef" => Some("configmaps"),
            "serviceAccountName" | "serviceAccount" => Some("a service account"),
            "projected" => Some("projected volumes"),
            "persistentVolumeClaim" => Some("persistentvolumeclaims"),
            _ => mentions(value),
        }),
        Value::Array(list) => list.iter().find_map(mentions),
        _ => None,
    }
}

impl ApiServer {
    pub(super) fn create(
        &mut self,
        wall: Time,
        user: &User,
        request: &Request,
        target: &Target,
    ) -> Result<Served, Status> {
        let resource = target.resource;
        if !target.name.is_empty() {
            return Err(Status::method_not_allowed());
        }
        let mut value = request.body.clone();
        let warnings = decode(request, resource, &mut value, &Value::Null)?;
        let meta = object(&mut value, "metadata");
        for field in ["uid", "resourceVersion", "selfLink", "deletionTimestamp", "managedFields"] {
            meta.shift_remove(field);
        }
        let own = text(&value, "metadata/namespace").to_owned();
        if resource.namespaced {
            if !own.is_empty() && own != target.namespace {
                return Err(Status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the \
                     request",
                ));
            }
            put(&mut value, "metadata/namespace", target.namespace.clone());
        } else {
            remove(&mut value, "metadata/namespace");
        }
        let generated = text(&value, "metadata/generateName").to_owned();
        if text(&value, "metadata/name").is_empty() && !generated.is_empty() {
            let name = format!("{generated}{}", self.suffix());
            put(&mut value, "metadata/name", name);
        }
        let name = text(&value, "metadata/name").to_owned();
        if resource.namespaced {
            self.check_namespace(resource, &target.namespace, &name)?;
        }
        let key = resource.key(&target.namespace, &name);
        if self.objects.get(&key).is_some() {
            return Err(Status::already_exists(resource, &name));
        }
        self.check_node_restriction(user, resource, &value)?;
        put(&mut value, "metadata/uid", self.uid());
        put(&mut value, "metadata/creationTimestamp", crate::json::time(wall));
        let suffix = self.suffix();
        // Since 1.22 tokens are projected; before, every account had a secret.
        let has_token_volumes = 22 <= self.options.minor;
        kinds::prepare_new(resource, &mut value, &self.objects, has_token_volumes, &suffix)?;
        refuse(resource, &value, &checks::problems(resource, &value))?;
        let value = in_order(value);
        if is_dry(request) {
            return Ok(ok(201, value));
        }
        let write = Write { key: key.clone(), seen: Some(0), value: Some(value) };
        Ok(Served::Write(vec![write], Then::Object(201, key), warnings))
    }

    fn check_namespace(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<(), Status> {
        let found = self.objects.find("namespaces", "", namespace);
        let Some(found) = found else {
            return Err(Status::not_found(super::objects::resource("namespaces"), namespace));
        };
        if text(found, "status/phase") == "Terminating" {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being \
                 terminated"
            );
            return Err(Status::forbidden(resource, name, &why));
        }
        Ok(())
    }

    /// Admission plug-in `NodeRestriction`: a kubelet makes its own node only, and mirror pods of it that name nothing that
    /// it could then read.
    fn check_node_restriction(
        &self,
        user: &User,
        resource: &Resource,
        value: &Value,
    ) -> Result<(), Status> {
        let Some(node) = user.node() else { return Ok(()) };
        let name = crate::json::name(value);
        let why = match resource.kind {
            "Node" if name != node => {
                format!("node \"{node}\" is not allowed to modify node \"{name}\"")
            }
            "Pod" if crate::is_mirror(value) && text(value, "spec/nodeName") == node => {
                match mentions(&value["spec"]) {
                    None => return Ok(()),
                    Some(what) => {
                        format!("node \"{node}\" can not create pods that reference {what}")
                    }
                }
            }
            "Pod" => {
                "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"".to_owned()
                    + node
                    + "\" can only create mirror pods"
            }
            _ => return Ok(()),
        };
        Err(Status::forbidden(resource, name, &why))
    }

    pub(super) fn update(
        &self,
        user: &User,
        request: &Request,
        target: &Target,
    ) -> Result<Served, Status> {
        let resource = target.resource;
        let old = match self.found(target) {
            Err(status) if request.method == Method::Put && status.code() == 404 => {
                return Err(status);
            }
            other => other?,
        };
        let is_status = target.subresource == "status";
        let mut value = match request.method {
            Method::Patch => {
                let kind = schema::kind(resource.kind);
                patched(request, kind, &old)?
            }
            _ => request.body.clone(),
        };
        let warnings = decode(request, resource, &mut value, &old)?;
        let given = revision(&value);
        if given != 0 && given != revision(&old) {
            return Err(Status::modified(resource, &target.name));
        }
        if text(&value, "metadata/name") != target.name && !text(&value, "metadata/name").is_empty()
        {
            return Err(Status::bad_request(
                "the name of the object does not match the name on the URL",
            ));
        }
        self.check_node_restriction_of_update(user, resource, &old)?;
        let value = self.merged(resource, &old, value, is_status)?;
        // What is sealed otherwise by now is written though nothing has changed.
        let key = resource.key(&target.namespace, &target.name);
        if value == old && !self.objects.is_stale(&key) {
            return Ok(Served::Now(crate::rest::Response { code: 200, warnings, body: old }));
        }
        if is_dry(request) {
            return Ok(ok(200, value));
        }
        Ok(self.write_back(target, &old, value, warnings))
    }

    fn check_node_restriction_of_update(
        &self,
        user: &User,
        resource: &Resource,
        old: &Value,
    ) -> Result<(), Status> {
        match resource.kind {
            "Node" => self.check_node_restriction(user, resource, old),
            _ => Ok(()),
        }
    }

    /// The write of an object that may be over with it: the last finaliser is gone and it is to be deleted.
    fn write_back(
        &self,
        target: &Target,
        old: &Value,
        value: Value,
        warnings: Vec<String>,
    ) -> Served {
        let key = target.key();
        let is_over = !text(&value, "metadata/deletionTimestamp").is_empty()
            && items(&value, "metadata/finalizers").is_empty()
            && !matches!(target.resource.kind, "Pod" | "Namespace");
        let seen = Some(revision(old));
        if is_over {
            let write = Write { key, seen, value: None };
            return Served::Write(vec![write], Then::Reply(200, value), warnings);
        }
        let write = Write { key: key.clone(), seen, value: Some(value) };
        Served::Write(vec![write], Then::Object(200, key), warnings)
    }

    /// What a request may change, put into what there is.
    pub(super) fn merged(
        &self,
        resource: &Resource,
        old: &Value,
        mut value: Value,
        is_status: bool,
    ) -> Result<Value, Status> {
        if is_status {
            let mut new = old.clone();
            new["status"] = value["status"].take();
            return Ok(in_order(new));
        }
        let has_status = !matches!(resource.kind, "Secret" | "ConfigMap" | "Event");
        if has_status && !old["status"].is_null() {
            value["status"] = old["status"].clone();
        }
        for field in [
            "name",
            "namespace",
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "generateName",
            "resourceVersion",
        ] {
            match at(old, "metadata").get(field) {
                Some(kept) => put(&mut value, &format!("metadata/{field}"), kept.clone()),
                None => remove(&mut value, &format!("metadata/{field}")),
            }
        }
        if resource.kind == "Pod" && !text(old, "spec/nodeName").is_empty() {
            put(&mut value, "spec/nodeName", text(old, "spec/nodeName").to_owned());
        }
        kinds::complete(resource, &mut value);
        let mut problems = checks::problems(resource, &value);
        problems.extend(checks::change_problems(resource, old, &value));
        refuse(resource, &value, &problems)?;
        let value = in_order(value);
        let counts = matches!(resource.kind, "Deployment" | "ReplicaSet");
        if counts && value["spec"] != old["spec"] {
            let mut value = value;
            put(&mut value, "metadata/generation", int(old, "metadata/generation") + 1);
            return Ok(value);
        }
        Ok(value)
    }
}

pub(super) fn patched(
    request: &Request,
    kind: Option<&schema::Type>,
    old: &Value,
) -> Result<Value, Status> {
    if request.content_type != "application/json-patch+json" && !request.body.is_object() {
        let found = schema::json_word(&request.body);
        return Err(Status::bad_request(format!(
            "json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
        )));
    }
    super::patch::apply(request.content_type, kind, old, &request.body).map_err(|_| {
        // What was wrong is not told.
        let why = "the server rejected our request due to an error in our request";
        Status::new(422, "Invalid", why)
    })
}
