//! The addresses behind a service: those of the pods that it selects.

use serde_json::{Value, json};

use super::{View, is_active, is_going, is_ready};
use crate::apiserver::selector::Selector;
use crate::client;
use crate::json::{at, in_order, items, put, text};

pub(super) fn run(view: &mut View<'_>) {
    for service in view.objects.list("services", "") {
        if !at(service, "spec/selector").is_object() || is_going(service) {
            continue;
        }
        let (home, name) = (crate::json::namespace(service), crate::json::name(service));
        let selector = Selector::of_labels(at(service, "spec/selector"));
        let (mut ready, mut others) = (Vec::new(), Vec::new());
        for pod in view.objects.list("pods", home) {
            let ip = text(pod, "status/podIP");
            if !selector.matches(pod) || !is_active(pod) || ip.is_empty() {
                continue;
            }
            let address = json!({
                "ip": ip,
                "nodeName": text(pod, "spec/nodeName"),
                "targetRef": {
                    "kind": "Pod",
                    "name": crate::json::name(pod),
                    "namespace": home,
                    "uid": crate::json::uid(pod),
                },
            });
            if is_ready(pod) { ready.push(address) } else { others.push(address) }
        }
        let ports: Vec<Value> = items(service, "spec/ports")
            .iter()
            .map(|port| {
                let number = match &port["targetPort"] {
                    Value::Number(number) => Value::Number(number.clone()),
                    _ => port["port"].clone(),
                };
                json!({ "name": port["name"], "port": number, "protocol": port["protocol"] })
            })
            .collect();
        let mut subset = json!({ "ports": ports });
        if !ready.is_empty() {
            put(&mut subset, "addresses", ready);
        }
        if !others.is_empty() {
            put(&mut subset, "notReadyAddresses", others);
        }
        let has_any = subset.get("addresses").or(subset.get("notReadyAddresses")).is_some();
        let subsets = in_order(if has_any { json!([subset]) } else { json!([]) });
        match view.objects.find("endpoints", home, name) {
            None => view.asks.push(client::create(json!({
                "apiVersion": "v1",
                "kind": "Endpoints",
                "metadata": {
                    "name": name,
                    "namespace": home,
                    "ownerReferences": super::owned_by(service),
                },
                "subsets": subsets,
            }))),
            Some(known)
                if items(known, "subsets") != items(&json!({ "subsets": subsets }), "subsets") =>
            {
                let mut changed = (**known).clone();
                put(&mut changed, "subsets", subsets);
                view.asks.push(client::replace(changed, ""));
            }
            Some(_) => {}
        }
    }
}
