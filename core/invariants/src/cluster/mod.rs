//! A Kubernetes: its pods, its kubelets, its store.

pub mod acknowledged_writes;
pub mod kubelet_secrets;
pub mod pods_once;
