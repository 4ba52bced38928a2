//! The variables of a container, fixed when it is made (kubelet: `makeEnvironmentVariables`).

use serde_json::Value;

use super::cache::Cache;
use super::downward::{field_of, resource_of};
use crate::json::{flag, items, members, text};

/// Why there is no environment: the event says `Error: ` and this.
pub(super) enum Missing {
    /// It is not known yet.
    Wait,
    /// What is missing.
    What(String),
}

/// The object that a reference means; nothing if it is missing and may be.
fn object<'a>(
    resource: &'static str,
    home: &str,
    name: &str,
    optional: bool,
    cache: &'a Cache,
) -> Result<Option<&'a Value>, Missing> {
    let word = if resource == "secrets" { "secret" } else { "configmap" };
    let key = (resource, home.to_owned(), name.to_owned());
    let known = cache.known.get(&key).ok_or(Missing::Wait)?;
    match &known.object {
        Some(object) => Ok(Some(object)),
        None if optional && known.is_read => Ok(None),
        None => Err(match (&known.refusal, known.is_read) {
            (Some(why), _) => Missing::What(format!("failed to sync {word} cache: {why}")),
            (None, true) => Missing::What(format!("{word} \"{name}\" not found")),
            (None, false) => Missing::Wait,
        }),
    }
}

fn decoded(resource: &str, value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match resource {
        "secrets" => {
            let bytes = seal::base64::decode(text).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => text.to_owned(),
    }
}

/// `$(NAME)` stands for a variable that was set before, `$$` for a dollar.
pub(super) fn expand(text: &str, known: &[(String, String)]) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            rest = more;
            continue;
        }
        let name = after.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        match name {
            Some((name, more)) => {
                match known.iter().rev().find(|(known, _)| known == name) {
                    Some((_, value)) => out.push_str(value),
                    None => out.push_str(&format!("$({name})")),
                }
                rest = more;
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out + rest
}

/// Where services are, for whoever is in their namespace (kubelet: `pkg/kubelet/envvars`).
fn of_service(service: &Value, known: &mut Vec<(String, String)>) {
    let upper = |text: &str| text.to_ascii_uppercase().replace('-', "_");
    let (name, ip) = (upper(crate::json::name(service)), text(service, "spec/clusterIP"));
    let ports = items(service, "spec/ports");
    let (Some(first), false) = (ports.first(), matches!(ip, "" | "None")) else { return };
    let mut set = |end: String, value: String| known.push((format!("{name}_{end}"), value));
    set("SERVICE_HOST".to_owned(), ip.to_owned());
    set("SERVICE_PORT".to_owned(), first["port"].to_string());
    for port in ports.iter().filter(|port| !text(port, "name").is_empty()) {
        set(format!("SERVICE_PORT_{}", upper(text(port, "name"))), port["port"].to_string());
    }
    for (place, port) in ports.iter().enumerate() {
        let (number, protocol) = (port["port"].to_string(), text(port, "protocol"));
        let url = format!("{}://{ip}:{number}", protocol.to_ascii_lowercase());
        if place == 0 {
            set("PORT".to_owned(), url.clone());
        }
        let one = format!("PORT_{number}_{protocol}");
        set(format!("{one}_PROTO"), protocol.to_ascii_lowercase());
        set(format!("{one}_PORT"), number);
        set(format!("{one}_ADDR"), ip.to_owned());
        set(one, url);
    }
}

/// Names and values, in order.
pub(super) fn environment(
    pod: &Value,
    container: &Value,
    cache: &Cache,
) -> Result<Vec<(String, String)>, Missing> {
    let home = crate::json::namespace(pod);
    let mut known: Vec<(String, String)> = Vec::new();
    let Some(services) = &cache.services else {
        let why = "services have not yet been read at least once, cannot construct envvars";
        return Err(Missing::What(why.to_owned()));
    };
    for ((place, name), service) in services {
        let is_own = place == home && flag(pod, "spec/enableServiceLinks");
        if is_own || (place.as_str(), name.as_str()) == ("default", "kubernetes") {
            of_service(service, &mut known);
        }
    }
    let set = |known: &mut Vec<(String, String)>, name: String, value: String| {
        known.retain(|(old, _)| *old != name);
        known.push((name, value));
    };
    for from in items(container, "envFrom") {
        let prefix = text(from, "prefix");
        for (kind, resource) in [("secretRef", "secrets"), ("configMapRef", "configmaps")] {
            let reference = &from[kind];
            if !reference.is_object() {
                continue;
            }
            let optional = flag(reference, "optional");
            if let Some(found) = object(resource, home, text(reference, "name"), optional, cache)? {
                for (key, value) in members(found, "data") {
                    set(&mut known, format!("{prefix}{key}"), decoded(resource, value));
                }
            }
        }
    }
    for env in items(container, "env") {
        let name = text(env, "name").to_owned();
        let from = &env["valueFrom"];
        let mut value = Some(expand(text(env, "value"), &known));
        for (kind, resource) in [("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")] {
            let reference = &from[kind];
            if !reference.is_object() {
                continue;
            }
            let (object_name, key) = (text(reference, "name"), text(reference, "key"));
            let optional = flag(reference, "optional");
            let found = object(resource, home, object_name, optional, cache)?;
            value =
                found.and_then(|found| found["data"].get(key)).map(|one| decoded(resource, one));
            if value.is_none() && !optional {
                let word = if resource == "secrets" { "Secret" } else { "ConfigMap" };
                return Err(Missing::What(format!(
                    "couldn't find key {key} in {word} {home}/{object_name}"
                )));
            }
        }
        if from["fieldRef"].is_object() {
            value = Some(field_of(pod, text(from, "fieldRef/fieldPath")));
        }
        if from["resourceFieldRef"].is_object() {
            value = Some(resource_of(pod, Some(container), &from["resourceFieldRef"]));
        }
        if let Some(value) = value {
            set(&mut known, name, value);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables_stand_for_those_before() {
        let known = [("A".to_owned(), "x".to_owned())];
        assert_eq!(expand("$(A)/$$(A)/$(B)/$", &known), "x/$(A)/$(B)/$");
    }
}
