//! Who a node is, and how it comes to be that (swarmkit: `ca/`).
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`credentials`] | key, certificate and root CA of this node, and the channels they make |
//! | [`join`] | the way to a certificate: root CA download, digest check, request with token, poll |
//! | [`server`] | the leader's CA: who gets a certificate, for which role |
//! | [`rotation`] | the leader's part in a rotation of the root CA |
//! | [`files`] | the folder `/var/lib/docker/swarm` |

pub(crate) mod credentials;
pub(crate) mod files;
pub(crate) mod join;
mod rotation;
pub(crate) mod server;

pub(crate) use credentials::Credentials;
