//! What is given out once belongs to one.

use sorted::SortedMap;

use swarm::objects::{Id, Object, PublishMode, Service, TaskState};
use swarm::store::{Store, StoreEvent};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "addresses",
    statement: "two living tasks or services never have the same address in a network, two services never publish the same port through the mesh, two networks never have the same number, and a service keeps its virtual IP",
    source: "swarmkit `manager/allocator/network.go`, `portallocator.go`; `manager/controlapi/service.go`, `checkPortConflicts`",
};

/// What a change did, and the store after it.
///
/// # Errors
/// Names who has the same.
pub fn check(event: &StoreEvent, store: &Store) -> Verdict {
    match (event, event.old(), event.object()) {
        (StoreEvent::Removed(_), ..) => Ok(()),
        (_, old, Object::Task(task)) if !task.networks.is_empty() => {
            let same =
                |old: &Object| matches!(old, Object::Task(old) if old.networks == task.networks);
            if old.is_some_and(same) { Ok(()) } else { unique(store) }
        }
        (_, old, Object::Service(service)) if service.endpoint.is_some() => {
            let Some(Object::Service(old)) = old else { return unique(store) };
            kept(old, service)?;
            if old.endpoint == service.endpoint { Ok(()) } else { unique(store) }
        }
        (_, _, Object::Network(_)) => numbers(store),
        _ => Ok(()),
    }
}

fn kept(old: &Service, new: &Service) -> Verdict {
    let of = |service: &Service| service.endpoint.clone().unwrap_or_default().virtual_ips;
    let before = of(old);
    for vip in of(new) {
        let earlier = before.iter().find(|earlier| earlier.network_id == vip.network_id);
        ensure!(
            earlier.is_none_or(|earlier| earlier.addr == vip.addr),
            "{} gets another virtual IP, {}",
            new.spec.annotations.name,
            vip.addr
        );
    }
    Ok(())
}

fn unique(store: &Store) -> Verdict {
    let mut owners: SortedMap<(Id, String), String> = SortedMap::new();
    let mut own = |network: &Id, addr: &str, owner: String| {
        let other = owners.insert((network.clone(), addr.to_owned()), owner.clone());
        ensure!(other.is_none(), "{owner} and {} have {addr}", other.unwrap_or_default());
        Ok(())
    };
    let mut ports = SortedMap::new();
    for service in store.services().iter() {
        let name = &service.spec.annotations.name;
        let Some(endpoint) = &service.endpoint else { continue };
        for vip in &endpoint.virtual_ips {
            own(&vip.network_id, &vip.addr, name.clone())?;
        }
        let meshed = endpoint.ports.iter().filter(|port| port.publish_mode == PublishMode::Ingress);
        for port in meshed.filter(|port| port.published_port != 0) {
            let other = ports.insert((port.published_port, port.protocol), name);
            ensure!(
                other.is_none(),
                "{name} and {other:?} both publish port {}",
                port.published_port
            );
        }
    }
    for task in store.tasks().iter().filter(|task| task.status.state <= TaskState::Running) {
        for attached in &task.networks {
            for addr in &attached.addresses {
                own(&attached.network.id, addr, format!("{} ({})", task.short_name(), task.id))?;
            }
        }
    }
    Ok(())
}

fn numbers(store: &Store) -> Verdict {
    let mut owners = SortedMap::new();
    for network in store.networks().iter() {
        let number = network.driver_state.as_ref().and_then(|state| state.options.values().next());
        let Some(number) = number else { continue };
        let other = owners.insert(number, &network.spec.annotations.name);
        ensure!(
            other.is_none(),
            "networks {} and {other:?} are both number {number}",
            network.spec.annotations.name
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use swarm::objects::{Endpoint, Network, PortConfig, Task, TaskNetwork, VirtualIp};
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, service, task};

    fn with_vip(name: &str, addr: &str, published_port: u32) -> Service {
        let mut with = service(name);
        let vip = VirtualIp { network_id: "net".into(), addr: addr.to_owned() };
        let port = PortConfig { published_port, ..PortConfig::default() };
        with.endpoint =
            Some(Endpoint { virtual_ips: vec![vip], ports: vec![port], ..Endpoint::default() });
        with
    }

    fn with_address(id: &str, addr: &str) -> Task {
        let mut with = task(id, "web", Some("n1"));
        let network = Rc::new(Network { id: "net".into(), ..Network::default() });
        let addresses = vec![addr.to_owned()];
        with.networks = vec![TaskNetwork { network, addresses, aliases: Vec::new() }];
        with
    }

    fn all(actions: &[StoreAction]) -> Verdict {
        let mut store = Store::new();
        actions.iter().try_for_each(|action| {
            let events = store.apply(std::slice::from_ref(action));
            events.iter().try_for_each(|event| check(event, &store))
        })
    }

    #[test]
    fn what_two_have() {
        let create = |object: Object| StoreAction::Create(object);
        let web = || create(with_vip("web", "10.0.1.2/24", 80).into());
        all(&[web(), create(with_vip("db", "10.0.1.3/24", 81).into())]).unwrap();
        all(&[web(), create(with_address("t1", "10.0.1.4/24").into())]).unwrap();
        for bad in [
            create(with_vip("db", "10.0.1.2/24", 81).into()),
            create(with_vip("db", "10.0.1.3/24", 80).into()),
            create(with_address("t1", "10.0.1.2/24").into()),
            StoreAction::Update(with_vip("web", "10.0.1.9/24", 80).into()),
        ] {
            complains(all(&[web(), bad]), &INVARIANT);
        }
    }
}
