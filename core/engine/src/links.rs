//! The network devices of a host and of its containers: the host's own, a bridge for each bridge network, and for each
//! place of a running container in one a pair whose one end is the container's (libnetwork: `drivers/bridge`). The pairs of
//! overlays have their ends in namespaces that nobody looks into.

use os::Link;

use crate::container::{Attachment, Container};
use crate::digest::{ContainerId, Digest};
use crate::engine::Engine;
use crate::network::{GATEWAY_BRIDGE, Network};
use crate::places::mac;

/// The host's own device has number 2, behind the loopback device.
const OWN: u32 = 2;

/// `br-` and the identifier's beginning, unless the network says otherwise.
fn bridge_name(network: &Network) -> String {
    let named = network.options.get("com.docker.network.bridge.name").cloned();
    named.unwrap_or_else(|| match network.name.as_str() {
        GATEWAY_BRIDGE => network.name.clone(),
        _ => format!("br-{}", &network.id[..12.min(network.id.len())]),
    })
}

/// A locally administered hardware address that belongs to a text.
fn random_mac(text: &str) -> String {
    let hex = Digest::of(text.as_bytes()).hex();
    format!("02:42:{}:{}:{}:{}", &hex[..2], &hex[2..4], &hex[4..6], &hex[6..8])
}

impl Engine {
    /// The devices of a container, or of the host that has the address `own`.
    pub fn links(&self, of: Option<&ContainerId>, own: &str) -> Vec<Link> {
        let mut bridges: Vec<&Network> =
            self.networks.values().filter(|network| network.driver == "bridge").collect();
        bridges.sort_by_key(|network| (network.name != "bridge", network.created));
        let mut running: Vec<&Container> =
            self.containers.values().filter(|container| container.is_running()).collect();
        running.sort_by_key(|container| container.state.started);
        let first = OWN + 1 + u32::try_from(bridges.len()).unwrap_or(0);
        let ends = running.iter().flat_map(|one| one.attachments.iter().map(|end| (&one.id, end)));
        let ends: Vec<(u32, (&ContainerId, &Attachment))> =
            (first..).step_by(2).zip(ends).collect();
        if let Some(of) = of {
            let own = ends.iter().filter(|(_, (id, _))| *id == of);
            let link = |(number, (index, (_, end))): (u32, &(u32, (_, &Attachment)))| Link {
                index: *index,
                name: format!("eth{number}"),
                mac: end.mac.clone(),
                address: format!("{}/{}", end.address, end.prefix_length),
                peer: Some(index + 1),
                has_carrier: true,
                ..Link::default()
            };
            return (0..).zip(own).map(link).collect();
        }
        let mut links = vec![Link {
            index: OWN,
            name: "eth0".to_owned(),
            mac: mac(own),
            address: format!("{own}/24"),
            has_carrier: true,
            ..Link::default()
        }];
        for (index, network) in (OWN + 1..).zip(&bridges) {
            links.push(Link {
                index,
                name: bridge_name(network),
                mac: random_mac(&network.id),
                address: format!("{}/{}", network.gateway, network.prefix_length()),
                has_carrier: ends.iter().any(|(_, (_, end))| end.network_id == network.id),
                ..Link::default()
            });
        }
        for (index, (_, end)) in ends {
            let Some(network) = bridges.iter().find(|network| network.id == end.network_id) else {
                continue;
            };
            links.push(Link {
                index: index + 1,
                name: format!("veth{}", &Digest::of(end.endpoint_id.as_bytes()).hex()[..7]),
                mac: random_mac(&end.endpoint_id),
                master: bridge_name(network),
                peer: Some(index),
                has_carrier: true,
                ..Link::default()
            });
        }
        links
    }
}
