//! Faults that wait for something to happen.

use serde::Serialize;
use sim::EventId;
use swarm::node::Mark;

use super::{Fault, Trigger};
use crate::error::Error;
use crate::input::Input;
use crate::world::World;

/// Faults that were armed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Armed {
    /// Their number, from 1.
    pub id: u64,
    /// What they wait for.
    pub on: Trigger,
    /// What goes wrong then.
    pub faults: Vec<Fault>,
    /// What became of them.
    pub state: ArmedState,
}

/// What became of armed faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArmedState {
    /// They wait.
    Waiting,
    /// They have struck.
    Struck,
    /// It happened, but the fault was not possible then; why.
    Missed(String),
    /// They were disarmed.
    Disarmed,
}

/// What the hosts did at one moment and an armed fault may be waiting for.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) mark: Mark,
    /// The event that says so.
    pub(crate) cause: Option<EventId>,
}

impl World {
    /// Reads a trigger and faults and arms them; their number.
    ///
    /// # Errors
    /// [`Error::Fault`] for what cannot be read, [`Error::UnknownNode`]; nothing has happened then.
    pub fn arm(&mut self, on: &str, faults: &[&str]) -> Result<u64, Error> {
        let wrong = |error: super::Unreadable| Error::Fault(error.message);
        let on = Trigger::parse(on).map_err(wrong)?;
        let faults = faults.iter().map(|line| Fault::parse(line));
        let faults = faults.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        self.apply(Input::Arm { on, faults })?;
        Ok(self.armed.len() as u64)
    }

    /// All faults that were armed, oldest first.
    pub fn armed(&self) -> &[Armed] {
        &self.armed
    }

    /// Checks what can be checked before anything happens: the hosts that are named.
    pub(crate) fn check_arm(&self, on: &Trigger, faults: &[Fault]) -> Result<(), Error> {
        if faults.is_empty() {
            return Err(Error::Fault("there is no fault to arm".to_owned()));
        }
        let named = faults.iter().flat_map(Fault::targets).filter_map(|target| match target {
            super::Target::Named(name) => Some(name.as_str()),
            _ => None,
        });
        on.nodes().chain(named).try_for_each(|name| self.index(name).map(drop))
    }

    pub(crate) fn check_disarm(&self, armed: u64) -> Result<(), Error> {
        let found = self.armed.iter().find(|known| known.id == armed);
        match found.map(|known| &known.state) {
            Some(ArmedState::Waiting) => Ok(()),
            Some(_) => Err(Error::Fault(format!("the armed fault {armed} waits no more"))),
            None => Err(Error::Fault(format!("there is no armed fault {armed}"))),
        }
    }

    pub(crate) fn put_armed(&mut self, on: Trigger, faults: Vec<Fault>) {
        let id = self.armed.len() as u64 + 1;
        self.armed.push(Armed { id, on, faults, state: ArmedState::Waiting });
    }

    /// Lets the armed faults strike that wait for what was seen at a host; `early`: those that come
    /// before what the host sends has left.
    pub(crate) fn trigger(&mut self, index: usize, seen: &[Seen], early: bool) {
        for Seen { mark, cause } in seen {
            for at in 0..self.armed.len() {
                let armed = &self.armed[at];
                let is_it = armed.state == ArmedState::Waiting
                    && armed.on.is_before_sending() == early
                    && armed.on.fits(mark, &self.hosts[index].name);
                if is_it {
                    self.strike_armed(at, *cause);
                    // This is still the host at which something happened.
                    self.touched = Some(self.hosts[index].id);
                }
            }
        }
    }

    fn strike_armed(&mut self, at: usize, cause: Option<EventId>) {
        let (id, faults) = (self.armed[at].id, self.armed[at].faults.clone());
        self.armed[at].state = ArmedState::Struck;
        for fault in &faults {
            self.trace.set_cause(cause);
            let struck = self.strike(fault, Some(id));
            for index in 0..self.hosts.len() {
                self.audit_host(index, self.trace.cause());
            }
            if let Err(error) = struck {
                let why = format!("{fault}: {error}");
                self.trace.set_cause(cause);
                self.trace.record(self.now, None, "fault.missed", why.as_str());
                self.armed[at].state = ArmedState::Missed(why);
            }
        }
    }
}
