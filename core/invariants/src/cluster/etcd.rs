//! etcd's members are a Raft group as a swarm's managers are, and what must hold of those must hold of these.

use raft::{Index, Position, RaftId};
use sorted::SortedMap;
use world::Probe;

use crate::group::{Disks, Durable, Group};
use crate::invariant::Verdict;

/// The members, as their hosts have shown them.
#[derive(Clone, Debug, Default)]
pub(super) struct Etcd {
    group: Group,
    hosts: SortedMap<String, Seen>,
    /// Nobody leaves a static cluster.
    left: SortedMap<RaftId, Index>,
}

/// What was last seen of one host: its disk, and its member with the boot that started it.
#[derive(Clone, Debug, Default)]
struct Seen {
    durable: Durable,
    member: Option<(u32, Position)>,
}

impl Etcd {
    /// Something has happened on a host of a Kubernetes.
    pub(super) fn look(&mut self, probe: &Probe<'_>) -> Verdict {
        let seen = self.hosts.entry(probe.name.to_owned()).or_default();
        seen.durable.follow(probe.disk, kube::etcd::WAL_FOLDER)?;
        // A member that ends is started again seconds later: in between it is seen not to be there.
        let Some(raft) = probe.kube.and_then(kube::KubeNode::raft) else {
            seen.member = None;
            return Ok(());
        };
        let position = raft.position();
        let before = seen.member.filter(|(boot, _)| *boot == probe.boot_count);
        let before = before.map(|(_, position)| position);
        if before == Some(position) {
            return Ok(());
        }
        if before.is_none() {
            seen.durable.starts(raft)?;
        }
        seen.member = Some((probe.boot_count, position));
        let logs = self.hosts.values().map(|seen| &seen.durable.log).collect();
        let disks = Disks { logs, left: &self.left };
        self.group.member(raft, before.as_ref(), &disks, &mut |_, _| Ok(()))
    }
}
