//! Links between containers of the default network, older than networks with names (moby: `links/links.go`,
//! `daemon/container_operations_unix.go`).

use crate::container::Container;
use crate::digest::ContainerId;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::network::Network;

/// What a container knows of those that it is linked to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Linked {
    /// Lines of `/etc/hosts`.
    pub(crate) hosts: String,
    /// Variables, `KEY=value`.
    pub(crate) env: Vec<String>,
}

impl Engine {
    /// Looks at the containers that one which starts is linked to.
    ///
    /// # Errors
    /// One of them does not run.
    pub(crate) fn linked(&self, id: &ContainerId) -> Result<Linked, EngineError> {
        let mut linked = Linked::default();
        let Some(container) = self.containers.get(id) else { return Ok(linked) };
        for (other, alias) in &container.config.links {
            let name = format!("/{}/{alias}", container.name);
            let Some(other) = self.containers.get(other) else { continue };
            if !other.is_running() {
                return Err(EngineError::conflict(format!(
                    "Cannot link to a non running container: /{} AS {name}",
                    other.name
                )));
            }
            let shared = other.attachments.iter().find(|theirs| {
                container.attachments.iter().any(|own| own.network_id == theirs.network_id)
            });
            let Some(place) = shared else { continue };
            let hostname = other.config.hostname.clone().unwrap_or_default();
            let own = if other.name == *alias { "" } else { &format!(" {}", other.name) };
            linked.hosts += &format!("{}\t{alias} {hostname}{own}\n", place.address);
            // Networks with names have no variables.
            if self.network(&place.network_id).is_some_and(Network::is_predefined) {
                linked.env.extend(variables(other, alias, &name, &place.address));
            }
        }
        Ok(linked)
    }
}

/// The variables of a link: its name, the ports and the settings of the other container.
fn variables(other: &Container, alias: &str, name: &str, address: &str) -> Vec<String> {
    let alias = alias.to_uppercase().replace('-', "_");
    let mut env = Vec::new();
    let mut ports: Vec<(u16, &str)> = other
        .config
        .exposed_ports
        .iter()
        .filter_map(|port| port.split_once('/'))
        .filter_map(|(number, protocol)| Some((number.parse().ok()?, protocol)))
        .collect();
    ports.sort_unstable();
    if let Some((number, protocol)) = ports.first() {
        env.push(format!("{alias}_PORT={protocol}://{address}:{number}"));
    }
    for (number, protocol) in ports {
        let port = format!("{alias}_PORT_{number}_{}", protocol.to_uppercase());
        env.push(format!("{port}={protocol}://{address}:{number}"));
        env.push(format!("{port}_ADDR={address}"));
        env.push(format!("{port}_PORT={number}"));
        env.push(format!("{port}_PROTO={protocol}"));
    }
    env.push(format!("{alias}_NAME={name}"));
    let own = other.config.env.iter().filter_map(|entry| entry.split_once('='));
    let told = own.filter(|(key, _)| !matches!(*key, "HOME" | "PATH"));
    env.extend(told.map(|(key, value)| format!("{alias}_ENV_{key}={value}")));
    env
}
