//! Who is in which overlay on which host (libnetwork: `networkdb`).
//!
//! Each host tells the others what it has as soon as that changes, and again from time to time: what was
//! lost on a cut link comes with the next telling. A host that is not heard of for a while is forgotten.
//! Names, virtual addresses and the routing mesh are answered from this table alone, without asking anybody.

use sorted::SortedMap;

use serde::{Deserialize, Serialize};
use sim::{Duration, HostId, Time};

/// Between two tellings although nothing has changed (networkdb: `PushPullInterval` is 30 s; with probes
/// every second, which are not simulated, a change is seen sooner).
const REFRESH: Duration = Duration::from_secs(10);
/// A host is forgotten after so long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(25);

/// The service that an endpoint is part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) service: String,
    /// The service's virtual address in the network; none in `dnsrr` mode.
    pub(crate) vip: Option<String>,
    /// Published and target port of the routing mesh; only in its own network.
    pub(crate) ports: Vec<(u16, u16)>,
}

/// A container in an overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) network: String,
    pub(crate) container: String,
    pub(crate) address: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) member: Option<Member>,
}

/// What a host tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Telling {
    /// A random number of the host's boot.
    boot: u64,
    version: u64,
    endpoints: Vec<Endpoint>,
}

#[derive(Debug)]
struct Peer {
    boot: u64,
    version: u64,
    heard: Time,
    endpoints: Vec<Endpoint>,
}

/// The table of one host.
#[derive(Debug)]
pub(crate) struct Table {
    boot: u64,
    version: u64,
    own: Vec<Endpoint>,
    peers: SortedMap<HostId, Peer>,
    refresh_at: Option<Time>,
}

impl Table {
    pub(crate) const fn new(boot: u64) -> Self {
        Self { boot, version: 0, own: Vec::new(), peers: SortedMap::new(), refresh_at: None }
    }

    /// This host has these endpoints; true if that is news.
    pub(crate) fn set_own(&mut self, own: Vec<Endpoint>) -> bool {
        let is_news = self.own != own;
        self.own = own;
        is_news
    }

    /// What to tell the others now.
    pub(crate) fn telling(&mut self, now: Time) -> Telling {
        self.version += 1;
        self.refresh_at = (!self.own.is_empty()).then(|| now + REFRESH);
        Telling { boot: self.boot, version: self.version, endpoints: self.own.clone() }
    }

    /// Another host tells what it has. True if this host should tell it in turn: it has just appeared.
    pub(crate) fn hear(&mut self, now: Time, from: HostId, telling: Telling) -> bool {
        let known = self.peers.get(&from).filter(|known| known.boot == telling.boot);
        if known.is_some_and(|known| known.version >= telling.version) {
            return false;
        }
        let is_new = known.is_none();
        let Telling { boot, version, endpoints } = telling;
        self.peers.insert(from, Peer { boot, version, heard: now, endpoints });
        is_new && !self.own.is_empty()
    }

    /// Forgets hosts that were not heard of; true if a refresh is due.
    pub(crate) fn due(&mut self, now: Time) -> bool {
        self.peers
            .retain(|_, peer| peer.endpoints.is_empty() || now < peer.heard + FORGOTTEN_AFTER);
        self.refresh_at.is_some_and(|at| at <= now)
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let peers = self.peers.values().filter(|peer| !peer.endpoints.is_empty());
        peers.map(|peer| peer.heard + FORGOTTEN_AFTER).chain(self.refresh_at).min()
    }

    /// The host has left the swarm.
    pub(crate) fn clear(&mut self) {
        *self = Self { version: self.version, ..Self::new(self.boot) };
    }

    /// All endpoints of a network with their hosts; `None` for this one.
    pub(crate) fn of_network<'a>(
        &'a self,
        network: &'a str,
    ) -> impl Iterator<Item = (Option<HostId>, &'a Endpoint)> {
        let own = self.own.iter().map(|endpoint| (None, endpoint));
        let others = self
            .peers
            .iter()
            .flat_map(|(host, peer)| peer.endpoints.iter().map(|endpoint| (Some(*host), endpoint)));
        own.chain(others).filter(move |(_, endpoint)| endpoint.network == network)
    }

    /// The ports of the routing mesh.
    pub(crate) fn mesh_ports(&self) -> impl Iterator<Item = u16> {
        let others = self.peers.values().flat_map(|peer| &peer.endpoints);
        let members = self.own.iter().chain(others).filter_map(|endpoint| endpoint.member.as_ref());
        members.flat_map(|member| member.ports.iter().map(|(published, _)| *published))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(container: &str) -> Endpoint {
        Endpoint {
            network: "n".into(),
            container: container.into(),
            address: "10.0.1.3".into(),
            aliases: Vec::new(),
            member: None,
        }
    }

    #[test]
    fn what_was_missed_comes_with_the_next_telling_and_old_news_is_no_news() {
        let now = Time::from_date(2020, 12, 5);
        let (mut one, mut two) = (Table::new(1), Table::new(2));
        assert!(one.set_own(vec![endpoint("a")]));
        let lost = one.telling(now);
        assert!(!one.due(now + Duration::from_secs(9)));
        assert!(one.due(now + Duration::from_secs(10)));
        let found = one.telling(now + Duration::from_secs(10));
        assert!(!two.hear(now, HostId(1), found), "it has nothing to tell in turn");
        assert!(!two.hear(now, HostId(1), lost));
        assert_eq!(two.of_network("n").count(), 1);
        two.due(now + Duration::from_secs(25));
        assert_eq!(two.of_network("n").count(), 0, "forgotten");
        assert!(two.set_own(vec![endpoint("b")]));
        let mut again = Table::new(3);
        assert!(two.hear(now, HostId(1), again.telling(now)), "it has booted again");
    }
}
