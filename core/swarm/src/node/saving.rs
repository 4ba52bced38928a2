//! Certificates are used when the disk has them (swarmkit: `ca/certificates.go`, `RequestAndSaveNewCertificates`). Whoever has
//! shown one to others must have it after a power loss: a rotation of the root CA ends when all nodes show new ones, and who
//! comes back with an old one then is lost.

use seal::{Dek, Kek, NodeKeyFile, RootCertificate};
use sim::disk::Barrier;

use super::storage::no_space;
use super::swarm_node::{Io, SwarmNode};
use crate::ca::Credentials;
use crate::ca::credentials::Own;
use crate::ca::files;
use crate::control::{ApiError, Code};
use crate::objects::Role;

/// What is written and may still be lost.
#[derive(Debug)]
pub(crate) struct Saving {
    barrier: Barrier,
    credentials: Credentials,
    /// For the first certificate: the manager that gave it.
    server: Option<String>,
}

/// Only a manager's key is sealed.
fn kek_for<'a>(credentials: &Credentials, kek: Option<&'a Kek>) -> Option<&'a Kek> {
    let role = credentials.own.as_ref().map(Own::role);
    kek.filter(|_| role == Some(Role::Manager))
}

impl SwarmNode {
    /// The first certificate of a node is there.
    pub(super) fn save_first(
        &mut self,
        credentials: Credentials,
        mut key_file: NodeKeyFile,
        server: String,
        io: &mut Io<'_>,
    ) {
        let Some(own) = &credentials.own else { return };
        if own.role() == Role::Manager {
            key_file.dek = Some(Dek::generate(&mut self.rngs.keys));
        }
        if let Err(error) = self.save(credentials, key_file, Some(server), io) {
            self.join_failed(&error, io);
        }
    }

    /// A new certificate of a node is there.
    pub(super) fn save_renewed(
        &mut self,
        credentials: Credentials,
        mut key_file: NodeKeyFile,
        io: &mut Io<'_>,
    ) {
        let Some(own) = &credentials.own else { return };
        if let Some(old) = &self.key_file {
            key_file.kek_version = old.kek_version;
            key_file.dek.clone_from(&old.dek);
            key_file.pending_dek.clone_from(&old.pending_dek);
        }
        match own.role() {
            // A worker that was promoted, or a manager that was demoted and promoted again so soon that it
            // never was a worker: its old log is gone, and a new one gets a new key.
            Role::Manager if !self.is_in_raft() => {
                key_file.dek = Some(Dek::generate(&mut self.rngs.keys));
                key_file.pending_dek = None;
            }
            Role::Worker => (key_file.dek, key_file.pending_dek) = (None, None),
            Role::Manager => {}
        }
        if let Err(error) = self.save(credentials, key_file, None, io) {
            self.retry_renewal(io);
            io.event("ca.renewal_failed", error.to_string());
        }
    }

    fn save(
        &mut self,
        credentials: Credentials,
        key_file: NodeKeyFile,
        server: Option<String>,
        io: &mut Io<'_>,
    ) -> Result<(), ApiError> {
        let kek = kek_for(&credentials, self.kek.as_ref());
        if !files::write_credentials(io.disk, &credentials, &key_file, kek) {
            let why = no_space(&io.disk.take_failure().unwrap_or_default());
            return Err(ApiError::local(Code::Unknown, why));
        }
        io.sync_keys();
        self.key_file = Some(key_file);
        self.saving = Some(Saving { barrier: io.disk.begin_sync(), credentials, server });
        Ok(())
    }

    /// The disk has everything up to here.
    pub(super) fn saved(&mut self, barrier: Barrier, io: &mut Io<'_>) {
        match self.saving.take_if(|saving| saving.barrier <= barrier) {
            Some(Saving { credentials, server: Some(server), .. }) => {
                self.joined(credentials, &server, io);
            }
            Some(Saving { credentials, server: None, .. }) => self.renewed(credentials, io),
            None => {}
        }
    }

    /// Writes the root CA's certificate anew, which is trusted already; if the disk is full, as soon as there is room.
    pub(super) fn save_root(&mut self, root: RootCertificate, io: &mut Io<'_>) {
        let newest = match &mut self.saving {
            Some(saving) => {
                saving.credentials.root = root;
                Some(&saving.credentials)
            }
            None => self.credentials.as_deref(),
        };
        let (Some(newest), Some(key_file)) = (newest, &self.key_file) else { return };
        let kek = kek_for(newest, self.kek.as_ref());
        self.is_root_unwritten = !files::write_credentials(io.disk, newest, key_file, kek);
        if !self.is_root_unwritten {
            io.sync_keys();
        }
        if let Some(saving) = &mut self.saving {
            saving.barrier = io.disk.begin_sync();
        }
    }
}
