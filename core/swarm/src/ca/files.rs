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
/// A node's certificates and its key.
pub const CERTIFICATE_FOLDER: &str = "/var/lib/docker/swarm/certificates/";
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
    /// True until a host that joins is ready for the first time: then it goes on with `remote_addr` after a restart.
    #[serde(default)]
    pub(crate) join_in_progress: bool,
}

/// A file that is not in its place yet.
fn temporary(path: &str) -> String {
    format!("{path}.tmp")
}

fn replace(disk: &mut Disk, path: &str, bytes: &[u8]) -> bool {
    disk.replace(&temporary(path), path, bytes)
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
        .map(|remote| Member { node_id: Id::from(remote.node_id), addr: remote.addr })
        .collect()
}

/// Writes certificates and key. A certificate is of no use without its key: it waits beside its place until the key is in its
/// own, so that whenever the power fails there is a pair (swarmkit: `ca/keyreadwriter.go`). False, and the old ones stay, if
/// the disk is full.
pub(crate) fn write_credentials(
    disk: &mut Disk,
    credentials: &Credentials,
    key_file: &NodeKeyFile,
    kek: Option<&Kek>,
) -> bool {
    let Some(own) = &credentials.own else { return false };
    let is_written = replace(disk, ROOT_CA, credentials.root.pem().as_bytes())
        && disk.write(&temporary(CERTIFICATE), own.chain.pem().as_bytes())
        && write_key(disk, key_file, kek);
    if is_written {
        disk.rename(&temporary(CERTIFICATE), CERTIFICATE);
    }
    is_written
}

/// There is a certificate in its place. Without one a node has nothing to come back to (moby: `daemon/cluster/utils.go`,
/// `loadPersistentState`).
pub(crate) fn has_certificate(disk: &Disk) -> bool {
    disk.read(CERTIFICATE).is_some()
}

/// Writes the key file alone; false, and the old one stays, if the disk is full.
pub(crate) fn write_key(disk: &mut Disk, key_file: &NodeKeyFile, kek: Option<&Kek>) -> bool {
    let kek = kek.filter(|_| !sim::planted!(KeyInClear));
    let text = keyfile::write(key_file, kek);
    if sim::planted!(KeyFileInPlace) {
        disk.write(KEY, text.as_bytes())
    } else {
        replace(disk, KEY, text.as_bytes())
    }
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
    let chain = |path| Chain::from_pem(text(path)?).map_err(|_| Missing::Damaged);
    let fits = |chain: &Chain| *chain.leaf.public_key() == key_file.key.public_key();
    let chain = match chain(CERTIFICATE) {
        Ok(chain) if fits(&chain) => chain,
        found => chain(&temporary(CERTIFICATE)).ok().filter(fits).map_or(found, Ok)?,
    };
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

#[cfg(test)]
mod tests {
    use seal::{Csr, NodeIdentity, PrivateKey, RootCa};
    use sim::{Duration, Streams};

    use super::*;

    /// Liveness seed 300: a demoted manager had the certificate of one key and another key.
    #[test]
    fn a_power_loss_leaves_a_certificate_with_its_key() {
        let now = Time::default() + Duration::from_secs(86_400 * 365);
        let mut rng = Streams::new(1).stream("keys");
        let ca = RootCa::create(now, &mut rng);
        let mut disk = Disk::default();
        let mut write = |disk: &mut Disk| {
            let key = PrivateKey::generate(&mut rng);
            let identity = NodeIdentity {
                node_id: "node".to_owned(),
                cluster_id: "cluster".to_owned(),
                role: seal::Role::Worker,
            };
            let lifetime = Duration::from_secs(86_400);
            let leaf = ca.issue(&Csr::new(&key), &identity, now, lifetime, &mut rng).unwrap();
            let chain = Chain { leaf, intermediate: None };
            let own = Some(Own { key: key.clone(), chain, identity });
            let root = ca.certificate.clone();
            write_credentials(disk, &Credentials { root, own }, &NodeKeyFile::new(key), None);
        };
        write(&mut disk);
        disk.complete_sync(disk.begin_sync());
        write(&mut disk);
        for count in 0..=disk.unsynced_count() {
            for size in [0, 9, usize::MAX] {
                let mut disk = disk.clone();
                disk.lose_power_after(count, size);
                let found = read_credentials(&disk, now, None).unwrap();
                let own = found.credentials.own.unwrap();
                let of_certificate = own.chain.leaf.public_key();
                assert!(*of_certificate == own.key.public_key(), "after {count} changes, {size}");
            }
        }
    }
}
