//! The daemon in memory: its networks and volumes.

use daemon::api::{Error, NetworkDetails, Request, Response, VolumeDetails};
use daemon::client::Reply;
use swarm::control::ControlRequest;
use swarm::objects::{Annotations, Driver, Id, IpamConfig, NetworkSpec};

use super::Daemon;

impl Daemon {
    pub(super) fn networks(&self) -> Vec<NetworkDetails> {
        let mut all: Vec<engine::Network> = self.engine.networks().cloned().collect();
        for network in self.swarm.iter().flat_map(|swarm| swarm.store.networks().iter()) {
            let ipam = network.ipam.first().cloned().unwrap_or_default();
            all.push(engine::Network {
                id: network.id.to_string(),
                name: network.spec.annotations.name.clone(),
                driver: "overlay".to_owned(),
                created: network.meta.created_at,
                is_swarm: true,
                attachable: network.spec.attachable,
                ingress: network.spec.ingress,
                labels: network.spec.annotations.labels.clone(),
                subnet: ipam.subnet,
                gateway: ipam.gateway,
                ..engine::Network::default()
            });
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.into_iter()
            .map(|network| NetworkDetails { network, ..NetworkDetails::default() })
            .collect()
    }

    pub(super) fn ask_network(&mut self, request: Request) -> Reply {
        let missing = |kind: &str, name: &str| Error::not_found(format!("{kind} {name} not found"));
        match request {
            Request::ListNetworks { filters } => {
                filters.validate(&["driver", "id", "label", "name", "scope"])?;
                let drivers = filters.get("driver");
                let labels = filters.get("label");
                let mut found = self.networks();
                found.retain(|one| drivers.is_empty() || drivers.contains(&one.network.driver));
                found.retain(|one| {
                    labels.iter().all(|label| {
                        let (key, value) = label.split_once('=').unwrap();
                        one.network.labels.get(key).is_some_and(|known| known == value)
                    })
                });
                Ok(Response::Networks(found))
            }
            Request::InspectNetwork { network } => {
                let mut all = self.networks().into_iter();
                let found =
                    all.find(|one| one.network.name == network || one.network.id == network);
                let found = found.ok_or_else(|| missing("network", &network))?;
                Ok(Response::Network(Box::new(found)))
            }
            Request::CreateNetwork(asked) if asked.is_swarm => {
                let ipam = IpamConfig { subnet: asked.subnet, ..IpamConfig::default() };
                let spec = NetworkSpec {
                    annotations: Annotations { name: asked.name, labels: asked.labels },
                    driver: Some(Driver { name: asked.driver, options: asked.options }),
                    attachable: asked.attachable,
                    ipam: if ipam.subnet.is_empty() { Vec::new() } else { vec![ipam] },
                    ..NetworkSpec::default()
                };
                let request = ControlRequest::CreateNetwork { spec: Box::new(spec) };
                self.control(request).map(Response::Control)
            }
            Request::CreateNetwork(asked) => {
                let id = self.engine.create_network(self.now, *asked)?;
                Ok(Response::Created { id })
            }
            Request::RemoveNetwork { network } => {
                let mut all = self.networks().into_iter();
                let found =
                    all.find(|one| one.network.name == network || one.network.id == network);
                match found.map(|one| one.network) {
                    Some(found) if found.is_swarm => {
                        let id = Id::from(found.id.as_str());
                        self.control(ControlRequest::RemoveNetwork { id }).map(Response::Control)
                    }
                    Some(found) => {
                        self.engine.remove_network(self.now, &found.id)?;
                        Ok(Response::Done)
                    }
                    None => Err(missing("network", &network)),
                }
            }
            Request::PruneNetworks { .. } => {
                let all = self.networks().into_iter().map(|one| one.network);
                let own = all.filter(|one| !one.is_predefined() && !one.is_swarm);
                let names: Vec<String> = own.map(|one| one.name).collect();
                for name in &names {
                    self.engine.remove_network(self.now, name)?;
                }
                Ok(Response::Pruned { names, size: 0 })
            }
            other => self.ask_volume(other),
        }
    }

    fn ask_volume(&mut self, request: Request) -> Reply {
        let missing = |name: &str| Error::not_found(format!("get {name}: no such volume"));
        match request {
            Request::ListVolumes { filters } => {
                filters.validate(&["dangling", "driver", "label", "name"])?;
                Ok(Response::Volumes(self.volumes.values().cloned().collect()))
            }
            Request::InspectVolume { volume } => {
                let found = self.volumes.get(&volume).ok_or_else(|| missing(&volume))?;
                Ok(Response::Volume(Box::new(found.clone())))
            }
            Request::CreateVolume(asked) => {
                let name = asked.name.clone();
                let made = VolumeDetails {
                    mountpoint: format!("/var/lib/docker/volumes/{name}/_data"),
                    created: self.now,
                    ..*asked
                };
                self.volumes.insert(name.clone(), made);
                Ok(Response::Created { id: name })
            }
            Request::RemoveVolume { volume, .. } => {
                self.volumes.remove(&volume).ok_or_else(|| missing(&volume))?;
                Ok(Response::Done)
            }
            Request::PruneVolumes { .. } => {
                let names = std::mem::take(&mut self.volumes).into_keys().collect();
                Ok(Response::Pruned { names, size: 1_234 })
            }
            other => Err(Error::internal(format!("not expected: {other:?}"))),
        }
    }
}
