//! What whoever watches a node may look at.

use sorted::SortedSet;

use super::KubeNode;
use crate::etcd;
use crate::kubelet::Kubelet;

impl KubeNode {
    /// The secrets and config maps that this host's kubelet has in memory: resource, namespace, name.
    pub fn held(&self) -> Vec<(String, String, String)> {
        self.kubelet.iter().flat_map(Kubelet::held).collect()
    }

    /// The secrets and config maps that the pods of this host's kubelet name.
    pub fn used(&self) -> SortedSet<(String, String, String)> {
        self.kubelet.iter().flat_map(Kubelet::used).collect()
    }

    /// The same as objects.
    pub fn held_objects(&self) -> Vec<&serde_json::Value> {
        self.kubelet.iter().flat_map(Kubelet::held_objects).collect()
    }

    /// The secrets whose bytes are in a volume of the pod with this identity now.
    pub fn mounted(&self, pod: &str) -> Vec<String> {
        let run = self.kubelet.iter().find_map(|kubelet| kubelet.pods.get(pod));
        run.map(|run| run.mounted_secrets()).unwrap_or_default()
    }

    /// The pods that this host's kubelet knows, and whether something of them runs.
    pub fn pods(&self) -> Vec<(&serde_json::Value, bool)> {
        let kubelets = self.kubelet.iter();
        kubelets
            .flat_map(|kubelet| kubelet.pods.values())
            .map(|run| (&*run.pod, run.runs()))
            .collect()
    }

    /// What this host's etcd holds, if it has one.
    pub fn etcd(&self) -> Option<&etcd::Store> {
        self.plane.as_ref().map(|plane| &plane.member.store)
    }

    /// This host's member of etcd in Raft, if it has one.
    pub fn raft(&self) -> Option<&raft::Raft> {
        self.plane.as_ref().map(|plane| plane.member.raft())
    }

    /// The objects as this host's API server has them.
    pub fn objects(&self) -> Option<&crate::apiserver::Objects> {
        self.plane
            .as_ref()
            .and_then(|plane| plane.server.as_ref().ok())
            .map(|server| &server.objects)
    }

    /// The term that this host's etcd leads, if it does.
    pub fn leads_in(&self) -> Option<u64> {
        let member = &self.plane.as_ref()?.member;
        member.is_leader().then(|| member.raft().term().0)
    }

    /// This host's etcd leads.
    pub fn leads(&self) -> bool {
        self.plane.as_ref().is_some_and(|plane| plane.member.is_leader())
    }
}
