//! Whose fault it is that somebody is not heard.
//!
//! A timer that runs out has no frame to name as its cause. What it waited for was silenced by a fault:
//! of the silent host, of the one that listens, or of the way between them. This is the memory of which
//! fault that was.

use sorted::SortedMap;

use sim::{Duration, EventId, HostId, Time};

/// A timer that began during a fault may run out when it is over; none runs longer than this.
const REMEMBERED: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
struct Blamed {
    event: EventId,
    /// When it ended.
    until: Option<Time>,
}

/// The faults that hosts and links suffer from, or did until a short while ago.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blame {
    /// Hosts by name and by address.
    names: SortedMap<String, HostId>,
    hosts: SortedMap<HostId, Blamed>,
    links: SortedMap<(HostId, HostId), Blamed>,
}

impl Blame {
    /// From now on this event is why a host is not as it should be.
    pub(crate) fn host(&mut self, host: HostId, event: EventId) {
        self.hosts.insert(host, Blamed { event, until: None });
    }

    /// The host is as it should be again.
    pub(crate) fn host_well(&mut self, host: HostId, now: Time) {
        if let Some(blamed) = self.hosts.get_mut(&host) {
            blamed.until.get_or_insert(now);
        }
    }

    /// From now on this event is why the way from one host to another is not as it should be.
    pub(crate) fn link(&mut self, link: (HostId, HostId), event: EventId) {
        self.links.insert(link, Blamed { event, until: None });
    }

    /// The way is as it should be again.
    pub(crate) fn link_well(&mut self, link: (HostId, HostId), now: Time) {
        if let Some(blamed) = self.links.get_mut(&link) {
            blamed.until.get_or_insert(now);
        }
    }

    /// The event that is why a way loses, delays or doubles frames.
    pub(crate) fn of_link(&self, link: (HostId, HostId)) -> Option<EventId> {
        self.links.get(&link).map(|blamed| blamed.event)
    }

    /// A host is also known by this name or address.
    pub(crate) fn know(&mut self, name: String, host: HostId) {
        self.names.insert(name, host);
    }

    /// Why `listener` hears nothing of `silent` (a name, or an address with or without a port): the
    /// latest fault of either or of the way between them.
    pub(crate) fn of_silence(&self, silent: &str, listener: HostId, now: Time) -> Option<EventId> {
        let name = silent.rsplit_once(':').map_or(silent, |(host, _)| host);
        let is_recent =
            |blamed: &&Blamed| blamed.until.is_none_or(|until| now <= until + REMEMBERED);
        let Some(silent) = self.names.get(name).copied() else {
            // Nobody in particular: whatever keeps the listener from hearing anybody.
            let own = self.hosts.get(&listener).into_iter();
            let ways =
                self.links.iter().filter(|((from, to), _)| *from == listener || *to == listener);
            let all = own.chain(ways.map(|(_, blamed)| blamed));
            return all.filter(is_recent).map(|blamed| blamed.event).max();
        };
        let hosts = [silent, listener].into_iter().filter_map(|host| self.hosts.get(&host));
        let ways = [(silent, listener), (listener, silent)];
        let links = ways.into_iter().filter_map(|link| self.links.get(&link));
        hosts.chain(links).filter(is_recent).map(|blamed| blamed.event).max()
    }
}
