//! What happened in an engine, for `docker events` and for whoever waits.

use sorted::SortedMap;

use sim::Time;

use crate::container::Container;
use crate::digest::ContainerId;
use crate::engine::Engine;
use crate::exec::ExecId;
use crate::health::HealthStatus;
use crate::network::Network;
use crate::transfer::TransferId;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A container was made.
    Created(ContainerId),
    /// Somebody gets what its first process writes.
    Attached(ContainerId),
    /// Its first process was started.
    Started(ContainerId),
    /// A signal was sent to it; the signal's number.
    Killed(ContainerId, i32),
    /// Its first process ended; the exit code.
    Died(ContainerId, i32),
    /// It ended because it was asked to stop.
    Stopped(ContainerId),
    /// It was stopped and started by `docker restart`.
    Restarted(ContainerId),
    /// A start by the restart policy failed; the error.
    StartFailed(ContainerId, String),
    /// It has another name now; the old one.
    Renamed(ContainerId, String),
    /// It is gone.
    Destroyed(ContainerId),
    /// A program is to be started in it.
    ExecCreated(ContainerId, ExecId),
    /// It was started.
    ExecStarted(ContainerId, ExecId),
    /// That program ended; the exit code.
    ExecDied(ContainerId, ExecId, i32),
    /// An image was made of it.
    Committed(ContainerId),
    /// It was frozen.
    Paused(ContainerId),
    /// It goes on.
    Unpaused(ContainerId),
    /// Its settings have changed.
    Updated(ContainerId),
    /// It is well now, or no longer.
    Health(ContainerId, HealthStatus),
    /// A pull or a push is over: see `Engine::transfer`.
    Transferred(TransferId),
    /// An image has another name: action (`tag`, `untag`, `delete`, `pull`, `push`) and name or id.
    Image(&'static str, String),
    /// A volume: action (`create`, `destroy`, `mount`, `unmount`) and name.
    Volume(&'static str, String),
    /// A network: action (`create`, `destroy`, `connect`, `disconnect`) and identifier.
    Network(&'static str, String),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Time,
    /// What.
    pub what: Happened,
    /// What `docker events` shows in parentheses: name, image and labels of a container.
    pub attributes: SortedMap<String, String>,
}

impl Event {
    fn of_exec(&self, action: &str) -> String {
        format!("{action}: {}", self.attributes.get("command").map_or("", String::as_str))
    }

    /// Type, action and object as `docker events` prints them; nothing for what it does not print.
    pub fn words(&self) -> Option<(&'static str, String, String)> {
        let container =
            |action: &str, id: &ContainerId| Some(("container", action.to_owned(), id.to_string()));
        match &self.what {
            Happened::Created(id) => container("create", id),
            Happened::Attached(id) => container("attach", id),
            Happened::Started(id) => container("start", id),
            Happened::Killed(id, _) => container("kill", id),
            Happened::Died(id, _) => container("die", id),
            Happened::Stopped(id) => container("stop", id),
            Happened::Restarted(id) => container("restart", id),
            Happened::Renamed(id, _) => container("rename", id),
            Happened::Destroyed(id) => container("destroy", id),
            Happened::Committed(id) => container("commit", id),
            Happened::Paused(id) => container("pause", id),
            Happened::Unpaused(id) => container("unpause", id),
            Happened::Updated(id) => container("update", id),
            Happened::Health(id, status) => {
                container(&format!("health_status: {}", status.word()), id)
            }
            Happened::ExecCreated(id, _) => container(&self.of_exec("exec_create"), id),
            Happened::ExecStarted(id, _) => container(&self.of_exec("exec_start"), id),
            Happened::ExecDied(id, ..) => container("exec_die", id),
            Happened::Image(action, name) => Some(("image", (*action).to_owned(), name.clone())),
            Happened::Volume(action, name) => Some(("volume", (*action).to_owned(), name.clone())),
            Happened::Network(action, name) => {
                Some(("network", (*action).to_owned(), name.clone()))
            }
            Happened::StartFailed(..) | Happened::Transferred(_) => None,
        }
    }
}

impl Engine {
    pub(crate) fn note(&mut self, at: Time, what: Happened, attributes: Attributes) {
        self.events.push(Event { at, what, attributes });
    }

    pub(crate) fn note_of(&mut self, at: Time, id: &ContainerId, what: Happened) {
        let Some(container) = self.containers.get(id) else {
            return self.note(at, what, SortedMap::new());
        };
        // A step of BuildKit's shows nowhere.
        if !container.config.hidden {
            let mut attributes = attributes(container);
            match &what {
                Happened::Killed(_, signal) => {
                    attributes.insert("signal".to_owned(), signal.to_string());
                }
                Happened::Renamed(_, old) => {
                    attributes.insert("oldName".to_owned(), format!("/{old}"));
                }
                _ => {}
            }
            self.note(at, what, attributes);
        }
    }

    /// Something about a network, and the container that comes or goes.
    pub(crate) fn note_network(
        &mut self,
        at: Time,
        action: &'static str,
        network: &Network,
        container: Option<&ContainerId>,
    ) {
        let (what, attributes) = network_event(action, network, container);
        self.note(at, what, attributes);
    }

    /// What is to be told of a container's networks and volumes when it comes to them, or leaves them.
    pub(crate) fn places(&self, id: &ContainerId, comes: bool) -> Vec<(Happened, Attributes)> {
        let Some(container) = self.containers.get(id).filter(|one| !one.config.hidden) else {
            return Vec::new();
        };
        let action = if comes { "connect" } else { "disconnect" };
        let networks = container.attachments.iter().filter_map(|one| {
            Some(network_event(action, self.networks.get(&one.network_id)?, Some(id)))
        });
        let action = if comes { "mount" } else { "unmount" };
        let volumes = container.mounts.iter().filter(|mount| !mount.name.is_empty());
        let volumes = volumes.map(|mount| {
            let mut attributes = words([("container", &id.to_string()), ("driver", "local")]);
            if comes {
                attributes.extend(words([
                    ("destination", &*mount.target),
                    ("propagation", ""),
                    ("read/write", if mount.read_only { "false" } else { "true" }),
                ]));
            }
            (Happened::Volume(action, mount.name.clone()), attributes)
        });
        networks.chain(volumes).collect()
    }
}

fn network_event(
    action: &'static str,
    network: &Network,
    container: Option<&ContainerId>,
) -> (Happened, Attributes) {
    let mut attributes = words([("name", &network.name), ("type", &network.driver)]);
    if let Some(id) = container {
        attributes.insert("container".to_owned(), id.to_string());
    }
    (Happened::Network(action, network.id.clone()), attributes)
}

/// What is told besides of something.
pub(crate) type Attributes = SortedMap<String, String>;

/// Attributes by their names.
pub(crate) fn words<const N: usize>(pairs: [(&str, &str); N]) -> Attributes {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

pub(crate) fn attributes(container: &Container) -> SortedMap<String, String> {
    let mut attributes = container.config.labels.clone();
    attributes.insert("image".to_owned(), container.config.image.clone());
    attributes.insert("name".to_owned(), container.name.clone());
    attributes
}
