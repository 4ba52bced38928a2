//! The allocator.

use crate::control::{ControlRequest, ControlResponse};
use crate::objects::{
    Annotations, EndpointSpec, Id, NetworkAttachment, NetworkSpec, PortConfig, PublishMode,
};
use crate::testing::{World, is_running, secs, spec};

fn create_network(world: &mut World, name: &str) -> Id {
    let spec = NetworkSpec { annotations: Annotations::named(name), ..NetworkSpec::default() };
    match world.request(ControlRequest::CreateNetwork { spec: Box::new(spec) }) {
        Ok(ControlResponse::Created { id }) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn networks_get_subnets_services_and_tasks_addresses() {
    let mut world = World::new(1, 2);
    let (front, back) = (create_network(&mut world, "front"), create_network(&mut world, "back"));
    world.run(secs(1));
    let subnets: Vec<String> = [&front, &back]
        .iter()
        .map(|id| world.store.network(id).unwrap().ipam[0].subnet.clone())
        .collect();
    // Both were new at once: the order is that of their random identifiers.
    let mut sorted = subnets.clone();
    sorted.sort();
    assert_eq!(sorted, ["10.0.1.0/24", "10.0.2.0/24"]);

    let mut wanted = spec("web", "nginx", 2);
    wanted.task.networks = vec![NetworkAttachment { target: "front".to_owned(), aliases: vec![] }];
    let web = world.create_service(wanted);
    world.run(secs(2));
    let base = subnets[0].trim_end_matches("0/24").to_owned();
    let endpoint = world.service(&web).endpoint.clone().unwrap();
    assert_eq!(endpoint.virtual_ips[0].addr, format!("{base}2/24"));
    let mut addresses: Vec<String> = world
        .store
        .tasks_of_service(&web)
        .map(|task| task.networks[0].addresses[0].clone())
        .collect();
    addresses.sort();
    assert_eq!(addresses, [format!("{base}3/24"), format!("{base}4/24")]);

    let remove = ControlRequest::RemoveNetwork { id: front.clone() };
    let error = world.request(remove.clone()).unwrap_err();
    assert_eq!(error.message, format!("network {front} is in use by service {web}"));
    world.request(ControlRequest::RemoveService { id: web }).unwrap();
    world.run(secs(2));
    world.request(remove).unwrap();
}

#[test]
fn a_service_needs_its_network() {
    let mut world = World::new(2, 1);
    let mut wanted = spec("web", "nginx", 1);
    wanted.task.networks = vec![NetworkAttachment { target: "later".to_owned(), aliases: vec![] }];
    let request = ControlRequest::CreateService { spec: Box::new(wanted.clone()) };
    let error = world.request(request).unwrap_err();
    assert_eq!(error.to_string(), "network later not found");
    create_network(&mut world, "later");
    let web = world.create_service(wanted);
    world.run(secs(2));
    assert_eq!(world.running(&web), 1);
}

#[test]
fn ports_are_chosen_and_host_ports_taken_once_per_node() {
    let mut world = World::new(3, 2);
    let ports = |published_port, publish_mode| {
        let port =
            PortConfig { target_port: 80, published_port, publish_mode, ..PortConfig::default() };
        Some(EndpointSpec { ports: vec![port], ..EndpointSpec::default() })
    };
    for (name, expected) in [("a", 30_000), ("b", 30_001)] {
        let mut wanted = spec(name, "nginx", 1);
        wanted.endpoint = ports(0, PublishMode::Ingress);
        let id = world.create_service(wanted);
        world.run(secs(2));
        assert_eq!(world.service(&id).endpoint.as_ref().unwrap().ports[0].published_port, expected);
    }
    let ingress = world.store.networks().by_name("ingress").unwrap().id.clone();
    let error = world.request(ControlRequest::RemoveNetwork { id: ingress }).unwrap_err();
    assert!(error.message.starts_with("ingress network cannot be removed because service "));
    let mut wanted = spec("c", "nginx", 3);
    wanted.endpoint = ports(8_080, PublishMode::Host);
    let id = world.create_service(wanted);
    world.run(secs(2));
    assert_eq!(world.running(&id), 2);
    let waiting = world.store.tasks_of_service(&id).find(|task| !is_running(task)).unwrap();
    let reason = "no suitable node (host-mode port already in use on 2 nodes)";
    assert_eq!(waiting.status.err.as_deref(), Some(reason));
}
