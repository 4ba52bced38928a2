//! Networks and volumes as `inspect` shows them.

use daemon::api::{Network, NetworkDetails, VolumeDetails};
use serde_json::{Map, Value as Json, json};

use super::{Style, texts, time};

/// `local` or `swarm`.
pub(crate) const fn scope(network: &Network) -> &'static str {
    if network.is_swarm { "swarm" } else { "local" }
}

/// A network.
pub(crate) fn network(style: Style, details: &NetworkDetails) -> Json {
    let network = &details.network;
    let mut object = style.object();
    object.put("Name", network.name.clone()).put("Id", network.id.clone());
    object.put("Created", time(network.created)).put("Scope", scope(network));
    object.put("Driver", network.driver.clone());
    if style.profile.shows_ipv4 {
        object.put("EnableIPv4", true);
    }
    object.put("EnableIPv6", false);
    // What the client sends is an empty object; who makes networks otherwise sends nothing.
    let has_options = !network.is_predefined() && !network.is_swarm;
    let config = if network.subnet.is_empty() {
        Json::Array(Vec::new())
    } else {
        let mut config = style.object();
        config.fill("Subnet", network.subnet.clone()).fill("IPRange", network.range.clone());
        json!([config.fill("Gateway", network.gateway.clone()).json()])
    };
    let options = if has_options { json!({}) } else { Json::Null };
    object.put("IPAM", json!({"Driver": "default", "Options": options, "Config": config}));
    object.put("Internal", network.internal).put("Attachable", network.attachable);
    if style.profile.rollback_config {
        object.put("Ingress", network.ingress);
    }
    if style.profile.natural_order {
        object.put("ConfigFrom", json!({"Network": ""})).put("ConfigOnly", false);
    }
    let containers: Map<String, Json> = details
        .containers
        .iter()
        .map(|one| {
            let shown = json!({
                "Name": one.name,
                "EndpointID": one.endpoint_id,
                "MacAddress": one.mac,
                "IPv4Address": one.address,
                "IPv6Address": "",
            });
            (one.id.clone(), shown)
        })
        .collect();
    let is_elsewhere = network.is_swarm && containers.is_empty();
    object.put("Containers", if is_elsewhere { Json::Null } else { Json::Object(containers) });
    object.put("Options", texts(&network.options)).put("Labels", texts(&network.labels));
    if !details.peers.is_empty() {
        let peers = details.peers.iter().map(|(name, ip)| json!({"Name": name, "IP": ip}));
        object.put("Peers", peers.collect::<Vec<_>>());
    }
    object.json()
}

/// A volume.
pub(crate) fn volume(style: Style, volume: &VolumeDetails) -> Json {
    let mut object = style.object();
    let map = |map: &sorted::SortedMap<String, String>| {
        let is_null = volume.is_anonymous || style.profile.null_volume_maps;
        if map.is_empty() && is_null { Json::Null } else { texts(map) }
    };
    if style.profile.rollback_config {
        let created = time(volume.created);
        let seconds = created.split('.').next().unwrap_or_default().trim_end_matches('Z');
        object.put("CreatedAt", format!("{seconds}Z"));
    }
    object.put("Driver", volume.driver.clone()).put("Labels", map(&volume.labels));
    object.put("Mountpoint", volume.mountpoint.clone()).put("Name", volume.name.clone());
    object.put("Options", map(&volume.options)).put("Scope", "local").json()
}
