//! The services of the cluster, for the environment of containers that are made from now on.

use serde_json::Value;
use sim::Time;
use sorted::SortedMap;

use super::{Kubelet, Purpose, Touch};
use crate::client;
use crate::json::{items, text};
use crate::rest::{Method, StreamEvent};
use crate::wire::Came;

const PATH: &str = "/api/v1/services";

/// By namespace and name; none while the API server has not told.
pub(super) type Services = Option<SortedMap<(String, String), Value>>;

fn key(service: &Value) -> (String, String) {
    (crate::json::namespace(service).to_owned(), crate::json::name(service).to_owned())
}

impl Kubelet {
    pub(super) fn services_due(&mut self, touch: &mut Touch<'_>) {
        let is_due = |at: &Time| *at <= touch.now;
        if self.services_at.take_if(|at| is_due(at)).is_some() {
            let request = client::request(Method::Get, PATH, Value::Null);
            self.ask(touch, Purpose::ListServices, request, false);
        }
    }

    pub(super) fn services_came(&mut self, touch: &mut Touch<'_>, is_list: bool, came: Came) {
        match came {
            Came::Response(answer) if is_list && answer.code == 200 => {
                let all = items(&answer.body, "items").iter();
                self.cache.services = Some(all.map(|one| (key(one), one.clone())).collect());
                let mut request = client::request(Method::Get, PATH, Value::Null);
                let version = text(&answer.body, "metadata/resourceVersion").to_owned();
                request.query =
                    vec![("watch".into(), "true".into()), ("resourceVersion".into(), version)];
                self.ask(touch, Purpose::WatchServices, request, true);
            }
            Came::Opened => {}
            Came::Event(StreamEvent::Change(change)) => {
                let Some(known) = &mut self.cache.services else { return };
                let service = &change["object"];
                match change["type"] == "DELETED" {
                    true => drop(known.remove(&key(service))),
                    false => drop(known.insert(key(service), service.clone())),
                }
            }
            // As late as the next list of pods.
            _ => self.services_at = Some(touch.now + self.relist_after),
        }
    }
}
