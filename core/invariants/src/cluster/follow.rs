//! What the watch remembers of a Kubernetes.

use sorted::SortedMap;

use kube::KubeNode;
use kube::json::{text, uid};
use world::{Probe, World};

use super::equal_members::Changes;
use super::etcd::Etcd;
use super::{acknowledged_writes, cached_objects, kubelet_secrets, pods_once};
use crate::invariant::Verdict;

/// The label that names a container's pod, and the one that names the container in it (dockershim).
pub(super) const UID_LABEL: &str = "io.kubernetes.pod.uid";
const NAME_LABEL: &str = "io.kubernetes.container.name";

/// A Kubernetes, as its nodes have shown it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed {
    etcd: Etcd,
    told: acknowledged_writes::Told,
    pub(crate) changes: Changes,
    /// By host: its boot, and the revision of its member that was looked at last.
    members: SortedMap<String, (u32, u64)>,
}

impl Followed {
    /// Something has happened on a host.
    pub(crate) fn look(&mut self, world: &World, probe: &Probe<'_>) -> Verdict {
        let Some(node) = probe.kube else { return Ok(()) };
        self.etcd.look(probe)?;
        self.member(probe, node)?;
        kubelet_secrets::check(probe.name, &node.held(), &node.used())?;
        if let Some(daemon) = probe.daemon {
            let containers = daemon.engine().containers();
            let running = containers.filter(|one| one.is_running());
            let labels = running.filter_map(|one| {
                let labels = &one.config.labels;
                Some((labels.get(UID_LABEL)?.as_str(), labels.get(NAME_LABEL)?.as_str()))
            });
            pods_once::check_containers(probe.name, labels)?;
        }
        let nodes = (0..world.host_count()).filter_map(|host| {
            let probe = world.probe(host)?;
            Some((probe.name, probe.kube?))
        });
        let pods: Vec<_> = nodes
            .flat_map(|(name, node)| {
                node.pods().into_iter().map(move |(pod, runs)| (name, pod, runs))
            })
            .collect();
        let running = pods.iter().filter(|(_, _, runs)| *runs);
        pods_once::check(
            running.map(|(name, pod, _)| (*name, uid(pod), text(pod, "spec/nodeName"))),
        )
    }

    /// What the host's etcd has applied since, and what the API server beside it makes of that.
    fn member(&mut self, probe: &Probe<'_>, node: &KubeNode) -> Verdict {
        let Some(store) = node.etcd() else { return Ok(()) };
        if let Some(term) = node.leads_in() {
            self.told.leads_with(probe.name, term, store.revision)?;
        }
        let boot = probe.boot_count;
        let known = self.members.get(probe.name).filter(|(known, _)| *known == boot);
        let seen = known.map_or(0, |(_, revision)| *revision);
        if known.is_some() && seen == store.revision {
            return Ok(());
        }
        self.members.insert(probe.name.to_owned(), (boot, store.revision));
        if self.changes.newest() < store.compacted {
            let keys = store.range("").map(|(key, one)| (key, one.modified));
            self.changes.adopt(store.revision, keys);
        }
        let objects = node.objects();
        for (revision, key, value) in store.changes_after(seen) {
            self.changes.see(probe.name, revision, key, value)?;
            if let Some(objects) = objects {
                let held = store.get(key).map(|one| one.modified);
                let cached =
                    objects.get(key).map(|object| text(object, "metadata/resourceVersion"));
                let is_sealed = objects.trouble(key).is_some_and(|(known, _)| known == key);
                cached_objects::check(probe.name, key, held, cached, is_sealed)?;
            }
        }
        Ok(())
    }
}
