//! The folder `/var/lib/docker/swarm`, laid out as moby and swarmkit lay it out.

use seal::keyfile::{self, KeyFileError, NodeKeyFile};
use seal::{Chain, Kek, RootCertificate};
use serde::{Deserialize, Serialize};
use sim::{Disk, Time};

use super::credentials::{Credentials, Own};
use crate::objects::Id;
use crate::transport::protocol::Member;

/// All of it.
pub(crate) const FOLDER: &str = "/var/lib/docker/swarm/";
const DOCKER_STATE: &str = "/var/lib/docker/swarm/docker-state.json";
const STATE: &str = "/var/lib/docker/swarm/state.json";
const ROOT_CA: &str = "/var/lib/docker/swarm/certificates/swarm-root-ca.crt";
const CERTIFICATE: &str = "/var/lib/docker/swarm/certificates/swarm-node.crt";
pub(crate) const KEY: &str = "/var/lib/docker/swarm/certificates/swarm-node.key";
/// The manager's log and snapshots.
pub(crate) const RAFT_FOLDER: &str = "/var/lib/docker/swarm/raft/";

/// moby's own file: how the node was started (`daemon/cluster/noderunner.go`, `nodeStartConfig`).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DockerState {
    pub(crate) local_addr: String,
    pub(crate) remote_addr: String,
    pub(crate) listen_addr: String,
    pub(crate) advertise_addr: String,
    pub(crate) data_path_addr: String,
    /// True while the first certificate or the membership is still to be had.
    #[serde(default)]
    pub(crate) join_in_progress: bool,
}

fn replace(disk: &mut Disk, path: &str, bytes: &[u8]) {
    let temporary = format!("{path}.tmp");
    disk.write(&temporary, bytes);
    disk.rename(&temporary, path);
}

/// Writes moby's file.
pub(crate) fn write_docker_state(disk: &mut Disk, state: &DockerState) {
    let text = serde_json::to_string(state).expect("plain strings are valid JSON");
    replace(disk, DOCKER_STATE, text.as_bytes());
}

/// Reads moby's file; none if this host is in no swarm.
pub(crate) fn read_docker_state(disk: &Disk) -> Option<DockerState> {
    serde_json::from_slice(disk.read(DOCKER_STATE)?).ok()
}

#[derive(Serialize, Deserialize)]
struct Remote {
    node_id: String,
    addr: String,
}

/// Writes the managers that the node knows (`node/node.go`, `persistentRemotes`).
pub(crate) fn write_managers(disk: &mut Disk, managers: &[Member]) {
    let remotes: Vec<Remote> = managers
        .iter()
        .map(|member| Remote { node_id: member.node_id.to_string(), addr: member.addr.clone() })
        .collect();
    let text = serde_json::to_string(&remotes).expect("plain strings are valid JSON");
    replace(disk, STATE, text.as_bytes());
}

/// Reads them.
pub(crate) fn read_managers(disk: &Disk) -> Vec<Member> {
    let remotes: Vec<Remote> =
        disk.read(STATE).and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
    remotes
        .into_iter()
        .map(|remote| Member {
            node_id: Id::from(remote.node_id),
            addr: remote.addr,
            ..Member::default()
        })
        .collect()
}

/// Writes certificates and key.
pub(crate) fn write_credentials(
    disk: &mut Disk,
    credentials: &Credentials,
    key_file: &NodeKeyFile,
    kek: Option<&Kek>,
) {
    replace(disk, ROOT_CA, credentials.root.pem().as_bytes());
    if let Some(own) = &credentials.own {
        replace(disk, CERTIFICATE, own.chain.pem().as_bytes());
    }
    write_key(disk, key_file, kek);
}

/// Writes the key file alone.
pub(crate) fn write_key(disk: &mut Disk, key_file: &NodeKeyFile, kek: Option<&Kek>) {
    let kek = kek.filter(|_| !sim::planted!(KeyInClear));
    replace(disk, KEY, keyfile::write(key_file, kek).as_bytes());
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Certificates and key.
    pub(crate) credentials: Credentials,
    /// The key file.
    pub(crate) key_file: NodeKeyFile,
}

/// Why there are no credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Nothing there.
    Absent,
    /// Sealed with an unlock key that was not given.
    Locked,
    /// Sealed with another unlock key.
    WrongKey,
    /// Not as they were written.
    Damaged,
    /// The certificate is no longer valid, or not yet, by the host's clock.
    Expired,
}

/// Reads certificates and key.
///
/// # Errors
/// Why there are none to use.
pub(crate) fn read_credentials(
    disk: &Disk,
    now: Time,
    kek: Option<&Kek>,
) -> Result<Found, Missing> {
    let text = |path| -> Result<&str, Missing> {
        let bytes = disk.read(path).ok_or(Missing::Absent)?;
        std::str::from_utf8(bytes).map_err(|_| Missing::Damaged)
    };
    let root = RootCertificate::from_pem(text(ROOT_CA)?).map_err(|_| Missing::Damaged)?;
    let key_file = keyfile::read(text(KEY)?, kek).map_err(|error| match error {
        KeyFileError::Locked => Missing::Locked,
        KeyFileError::WrongKey => Missing::WrongKey,
        KeyFileError::Damaged => Missing::Damaged,
    })?;
    let chain = Chain::from_pem(text(CERTIFICATE)?).map_err(|_| Missing::Damaged)?;
    let identity = seal::ca::verify(&chain, &root, now).map_err(|error| match error {
        // Go's verification gives both the reason "expired".
        seal::CertificateError::Expired { .. } | seal::CertificateError::NotYetValid { .. } => {
            Missing::Expired
        }
        _ => Missing::Damaged,
    })?;
    let own = Own { key: key_file.key.clone(), chain, identity };
    Ok(Found { credentials: Credentials { root, own: Some(own) }, key_file })
}
