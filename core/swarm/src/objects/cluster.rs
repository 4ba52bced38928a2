//! The cluster object: settings, the CA, join tokens, unlock keys.

use sorted::SortedMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sim::{Duration, Time};

use super::{Annotations, Id, Meta, SecretBytes, TlsInfo};

/// How the raft group runs, in ticks and entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaftConfig {
    /// Applied entries between snapshots.
    pub snapshot_interval: u64,
    /// Old snapshots kept beside the newest.
    pub keep_old_snapshots: u64,
    /// Entries kept in the log behind a snapshot.
    pub log_entries_for_slow_followers: u64,
    /// Ticks between heartbeats.
    pub heartbeat_tick: u32,
    /// Ticks without a leader until an election.
    pub election_tick: u32,
}

/// What a user asked of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSpec {
    /// Name (`default`) and labels.
    pub annotations: Annotations,
    /// Tasks kept per slot, the current one included; negative keeps all.
    pub task_history_limit: i64,
    /// How the raft group runs.
    pub raft: RaftConfig,
    /// How often agents send a heartbeat.
    pub heartbeat_period: Duration,
    /// How long a node's certificate is valid.
    pub node_cert_expiry: Duration,
    /// Bumped to ask for a new root CA.
    pub ca_force_rotate: u64,
    /// Managers need the unlock key after a restart.
    pub autolock: bool,
    /// With an update only: the root CA that is wanted instead. The store does not keep it here.
    pub signing_ca: Option<SigningCa>,
}

impl ClusterSpec {
    /// How long a certificate that is issued now is valid. Zero is not set: the daemon does not pass it on
    /// (moby: `MergeSwarmSpecToGRPC`).
    pub fn cert_lifetime(&self) -> Duration {
        if self.node_cert_expiry == Duration::ZERO {
            super::defaults::NODE_CERT_EXPIRY
        } else {
            self.node_cert_expiry
        }
    }
}

/// A root CA that a user brings along (`docker swarm ca --rotate --ca-cert --ca-key`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningCa {
    /// Its certificate, in PEM.
    pub certificate: String,
    /// Its private key, in PEM.
    pub key: SecretBytes,
}

/// The cluster's certificate authority and its join tokens.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterCa {
    /// The root certificate.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: SecretBytes,
    /// SHA-256 of the root certificate, which join tokens carry.
    pub digest: String,
    /// Whoever has it may join as a worker.
    pub worker_token: String,
    /// Whoever has it may join as a manager.
    pub manager_token: String,
    /// The `ca_force_rotate` that was served last.
    pub last_forced_rotation: u64,
    /// A root rotation under way.
    pub rotation: Option<RootRotation>,
}

impl fmt::Debug for ClusterCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterCa")
            .field("digest", &self.digest)
            .field("last_forced_rotation", &self.last_forced_rotation)
            .field("rotation", &self.rotation)
            .finish_non_exhaustive()
    }
}

impl ClusterCa {
    /// What every node's certificate is to be like: signed by the CA that is to be, while the root that
    /// is trusted stays the current one until the rotation ends (swarmkit: `IssuerFromAPIRootCA`).
    pub fn wanted_tls(&self) -> TlsInfo {
        let wanted = self.rotation.as_ref().map_or(&self.certificate, |next| &next.certificate);
        let issuer = std::str::from_utf8(wanted).ok().map(seal::Certificate::from_pem);
        let trust_root = String::from_utf8_lossy(&self.certificate).into_owned();
        match issuer {
            Some(Ok(issuer)) => TlsInfo {
                trust_root,
                issuer_subject: issuer.subject_der(),
                issuer_public_key: issuer.public_key_der(),
            },
            _ => TlsInfo { trust_root, ..TlsInfo::default() },
        }
    }
}

/// The root certificate that is to follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootRotation {
    /// The new root certificate.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: SecretBytes,
    /// The new root, signed by the old one.
    pub cross_signed: Vec<u8>,
}

/// A key that unlocks something; today only a manager's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionKey {
    /// What it unlocks: `swarm-manager`.
    pub subsystem: String,
    /// 32 bytes.
    pub key: SecretBytes,
}

/// A key of the overlay networks or of gossip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkKey {
    /// `networking:gossip` or `networking:ipsec`.
    pub subsystem: String,
    /// 16 bytes.
    pub key: SecretBytes,
    /// Orders the keys.
    pub lamport_time: u64,
}

/// The cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its identifier, the organisation in every certificate.
    pub id: Id,
    /// Version and times.
    pub meta: Meta,
    /// What was asked for.
    pub spec: ClusterSpec,
    /// Certificate authority and join tokens.
    pub root_ca: ClusterCa,
    /// With autolock: the key-encryption keys.
    pub unlock_keys: Vec<EncryptionKey>,
    /// Keys of the networks, newest last.
    pub network_keys: Vec<NetworkKey>,
    /// The clock of the network keys.
    pub encryption_key_lamport_clock: u64,
    /// Removed nodes (certificate's common name) until their certificates have expired.
    pub blacklisted_certificates: SortedMap<String, Time>,
    /// Pools that overlay networks take their subnets from.
    pub default_address_pool: Vec<String>,
    /// Prefix length of those subnets.
    pub subnet_size: u32,
    /// The VXLAN port.
    pub vxlan_udp_port: u32,
}
