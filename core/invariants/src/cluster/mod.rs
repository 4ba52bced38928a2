//! A Kubernetes: its pods, its kubelets, its store.

pub mod acknowledged_writes;
pub mod cached_objects;
pub mod equal_members;
mod etcd;
mod follow;
pub mod kubelet_secrets;
pub mod node_rights;
pub mod pods_once;
pub mod settled;

pub(crate) use follow::Followed;
