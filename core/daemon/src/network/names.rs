//! The name server that a container asks: the engine's own at 127.0.0.11 in networks that have names, the
//! host's one elsewhere (libnetwork: `resolver.go`, `endpoint_info`).

use engine::ContainerId;

use crate::daemon::Daemon;

/// The addresses behind a name for everybody: what the world outside answers. It knows any name below a
/// well-known top-level domain; the address follows from the name.
fn outside(name: &str) -> Vec<String> {
    let top = name.rsplit_once('.').map_or("", |(_, top)| top);
    if !matches!(top, "com" | "org" | "net" | "io" | "es" | "de" | "fr" | "uk" | "eu") {
        return Vec::new();
    }
    // 203.0.113.0/24 is set aside for documentation.
    let sum =
        name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    vec![format!("203.0.113.{}", sum % 250 + 1)]
}

impl Daemon {
    /// The addresses behind a name as a container, or for `None` the host, gets them.
    pub(super) fn look_up(&mut self, from: Option<&ContainerId>, name: &str) -> Vec<String> {
        let name = name.trim_end_matches('.').to_lowercase();
        let attachments =
            from.and_then(|id| self.engine.get(id)).map(|one| one.attachments.clone());
        for attachment in attachments.into_iter().flatten() {
            let mut found = self.in_network(&attachment.network_id, &name);
            if !found.is_empty() {
                // libnetwork: `shuffleAddr`.
                found.sort();
                self.net.rng.shuffle(&mut found);
                return found;
            }
        }
        outside(&name)
    }

    fn in_network(&self, network: &str, name: &str) -> Vec<String> {
        let Some(known) = self.engine.network(network).filter(|known| known.has_names()) else {
            return Vec::new();
        };
        let is = |text: &str| text.to_lowercase() == name;
        let mut found = Vec::new();
        if !known.is_swarm {
            for container in self.engine.containers_in(network) {
                let here = container.attachments.iter().filter(|a| a.network_id == network);
                let named = is(&container.name) || is(container.id.short());
                let here = here.filter(|a| named || a.aliases.iter().any(|alias| is(alias)));
                found.extend(here.map(|attachment| attachment.address.clone()));
            }
            return found;
        }
        let tasks_of = name.strip_prefix("tasks.");
        for (_, endpoint) in self.net.table.of_network(network) {
            let answers_to = |name: &str| {
                let service = endpoint.member.as_ref().map(|member| member.service.to_lowercase());
                service.is_some_and(|service| service == name)
                    || endpoint.aliases.iter().any(|alias| alias.to_lowercase() == name)
            };
            let address = if is(&endpoint.container) || tasks_of.is_some_and(answers_to) {
                endpoint.address.clone()
            } else if answers_to(name) {
                let vip = endpoint.member.as_ref().and_then(|member| member.vip.clone());
                vip.unwrap_or_else(|| endpoint.address.clone())
            } else {
                continue;
            };
            if !found.contains(&address) {
                found.push(address);
            }
        }
        found
    }
}
