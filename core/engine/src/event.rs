//! What happened in an engine, for `docker events` and for whoever waits.

use std::collections::BTreeMap;

use sim::Time;

use crate::container::Container;
use crate::digest::ContainerId;
use crate::exec::ExecId;
use crate::health::HealthStatus;
use crate::transfer::TransferId;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A container was made.
    Created(ContainerId),
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
    /// A program was started in it.
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
    /// A volume: action (`create`, `destroy`) and name.
    Volume(&'static str, String),
    /// A network: action (`create`, `destroy`, `connect`, `disconnect`) and name.
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
    pub attributes: BTreeMap<String, String>,
}

impl Event {
    /// Type, action and object as `docker events` prints them; nothing for what it does not print.
    pub fn words(&self) -> Option<(&'static str, String, String)> {
        let container =
            |action: &str, id: &ContainerId| Some(("container", action.to_owned(), id.to_string()));
        match &self.what {
            Happened::Created(id) => container("create", id),
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
            Happened::ExecStarted(id, _) => {
                let command = self.attributes.get("command").map_or("", String::as_str);
                container(&format!("exec_start: {command}"), id)
            }
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

pub(crate) fn attributes(container: &Container) -> BTreeMap<String, String> {
    let mut attributes = container.config.labels.clone();
    attributes.insert("image".to_owned(), container.config.image.clone());
    attributes.insert("name".to_owned(), container.name.clone());
    attributes
}
