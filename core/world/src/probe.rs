//! Looking at one host without collecting anything: for what is checked after every event.

use sim::{Clock, Disk, HostId, Time};

use crate::world::World;

/// One host at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// Its name.
    pub name: &'a str,
    /// How often it has booted.
    pub boot_count: u32,
    /// What its daemon keeps on the disk.
    pub disk: &'a Disk,
    /// It runs but makes no progress.
    pub is_frozen: bool,
    /// When it made no progress last; [`Time::EPOCH`] if it always did.
    pub thawed_at: Time,
    /// What it takes for the time.
    pub clock: Clock,
    /// Its daemon; none while the host is down.
    pub daemon: Option<&'a daemon::Daemon>,
    /// Its part of a Kubernetes, if it has one and is up.
    pub kube: Option<&'a kube::KubeNode>,
}

impl World {
    /// How many hosts there are.
    pub const fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// The host with this number; none beyond the last.
    pub fn probe(&self, host: usize) -> Option<Probe<'_>> {
        let host = self.hosts.get(host)?;
        Some(Probe {
            name: &host.name,
            boot_count: host.boot_count,
            disk: &host.disk,
            is_frozen: host.is_frozen(),
            thawed_at: host.thawed_at,
            clock: host.clock,
            daemon: host.up.as_ref().map(|up| &up.daemon),
            kube: host.up.as_ref().and_then(|up| up.kube.as_deref()),
        })
    }

    /// The address of the host with this number.
    pub fn address(&self, host: usize) -> String {
        crate::boot::address(host)
    }

    /// How many frames have been on a wire.
    pub const fn frame_total(&self) -> u64 {
        self.tap.total()
    }

    /// The frames since there were `total`, as far as they are remembered.
    pub fn frames_since(&self, total: u64) -> impl Iterator<Item = &sim::Frame> {
        self.tap.since(total)
    }

    /// The host that the last event or input happened at, if it happened at one: the state of no
    /// other has changed by it.
    pub const fn touched(&self) -> Option<HostId> {
        self.touched
    }
}
