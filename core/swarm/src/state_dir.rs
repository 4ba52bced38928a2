//! A manager's state folder read by somebody else than the manager: what `swarm-rafttool` is built on
//! (swarmkit: `swarmd/cmd/swarm-rafttool`).
//!
//! Nothing here knows a running cluster. It gets files, and whoever has the files and, with autolock, the
//! unlock key, reads what the manager would read.

use raft::{ConfChange, Payload, RaftId};
use seal::keyfile::{self, KeyFileError};
use seal::unlock::UnlockKeyError;
use seal::{Kek, Sealer, UnlockKey};
use sim::Disk;

use crate::ca::files;
use crate::objects::Object;
use crate::raft_driver::restore;
use crate::raft_driver::sealed::{self, Envelope, SnapshotData};
use crate::raft_driver::wal::{self, Record, SNAPSHOT_FOLDER, WAL_FOLDER, Wal};
use crate::store::{Store, StoreAction};

/// The folder that holds all of it on a host.
pub const FOLDER: &str = files::FOLDER;

/// One entry of the log.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Its index.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// What it does.
    pub content: EntryContent,
}

/// What an entry does.
#[derive(Clone, Debug)]
pub enum EntryContent {
    /// Opens a leader's term.
    Empty,
    /// Changes the store: the request's number and the changes.
    Actions(u64, Vec<StoreAction>),
    /// Adds a member.
    AddMember(u64),
    /// Removes a member.
    RemoveMember(u64),
    /// Not readable as what it should be.
    Unreadable,
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotContent {
    /// Raft number, node, address.
    pub members: Vec<(u64, String, String)>,
    /// Raft numbers.
    pub removed: Vec<u64>,
    /// The whole store.
    pub objects: Vec<Object>,
}

/// What a state folder holds.
#[derive(Debug)]
pub struct StateDir {
    /// The log behind the snapshot.
    pub entries: Vec<LogEntry>,
    /// The newest snapshot, if there is one.
    pub snapshot: Option<SnapshotContent>,
    disk: Disk,
    sealers: Vec<Sealer>,
    node_id: String,
}

impl StateDir {
    /// Reads the files of a folder: paths below it, and contents.
    ///
    /// # Errors
    /// In the words of swarmkit's tool where it has some: no key file, a wrong or missing unlock key, no
    /// DEK, a damaged log.
    pub fn read(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        unlock_key: Option<&str>,
    ) -> Result<Self, String> {
        let kek = match unlock_key.filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(Kek::from(&text.parse::<UnlockKey>().map_err(key_text)?)),
        };
        let mut disk = Disk::default();
        for (path, bytes) in files {
            disk.write(&format!("{FOLDER}{path}"), &bytes);
        }
        let key = disk.read(files::KEY).ok_or("no valid TLS key found")?;
        let key = std::str::from_utf8(key).map_err(|_| "invalid key pair PEM")?;
        let key = keyfile::read(key, kek.as_ref()).map_err(|error| match error {
            KeyFileError::Locked | KeyFileError::WrongKey => "x509: decryption password incorrect",
            KeyFileError::Damaged => "invalid key pair PEM",
        })?;
        let deks = [&key.dek, &key.pending_dek];
        let sealers: Vec<Sealer> = deks.into_iter().flatten().map(Sealer::new).collect();
        if sealers.is_empty() {
            return Err("no raft DEKs available".to_owned());
        }
        let records = wal::read(&mut disk).map_err(|error| error.to_string())?;
        let node_id = records.iter().find_map(|record| match record {
            Record::Metadata { node_id, .. } => Some(node_id.clone()),
            _ => None,
        });
        let node_id = node_id.ok_or("no WAL found")?;
        let found = restore::read(&mut disk, &sealers, &node_id)?.ok_or("no WAL found")?;
        let snapshot = match &found.restored.snapshot {
            None => None,
            Some(snapshot) => Some(content(&snapshot.data)?),
        };
        let entries = found.restored.entries.iter().map(|entry| LogEntry {
            index: entry.index.0,
            term: entry.term.0,
            content: match &entry.payload {
                Payload::Empty => EntryContent::Empty,
                Payload::Data(data) => match postcard::from_bytes::<Envelope>(data) {
                    Ok(envelope) => EntryContent::Actions(envelope.id, envelope.actions),
                    Err(_) => EntryContent::Unreadable,
                },
                Payload::ConfChange(ConfChange::AddVoter { id, .. }) => {
                    EntryContent::AddMember(id.0)
                }
                Payload::ConfChange(ConfChange::RemoveVoter { id }) => {
                    EntryContent::RemoveMember(id.0)
                }
            },
        });
        let entries = entries.collect();
        Ok(Self { entries, snapshot, disk, sealers, node_id })
    }

    /// The store as it is after the snapshot and all entries.
    pub fn store(&self) -> Store {
        let mut store = Store::new();
        for object in self.snapshot.iter().flat_map(|snapshot| &snapshot.objects) {
            store.apply(&[StoreAction::Create(object.clone())]);
        }
        for entry in &self.entries {
            if let EntryContent::Actions(_, actions) = &entry.content {
                store.apply(actions);
            }
        }
        store
    }

    /// The log's and the snapshots' files without their seals: names below the output folder, contents.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn decrypted(mut self) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut out = Vec::new();
        let names: Vec<String> = self.disk.list(SNAPSHOT_FOLDER).map(str::to_owned).collect();
        for path in names {
            // Older ones may be sealed with a key that is gone.
            let name = path.trim_start_matches(SNAPSHOT_FOLDER);
            if let Some(bytes) =
                sealed::unsealed_snapshot(&self.disk, &path, &self.sealers, &self.node_id)
            {
                out.push((format!("snap-decrypted/{name}"), bytes));
            }
        }
        let records = wal::read(&mut self.disk).map_err(|error| error.to_string())?;
        let mut plain = Disk::default();
        let mut file: Option<Wal> = None;
        for record in records {
            let record = match record {
                Record::Metadata { node_id, raft_id } => {
                    if file.is_none() {
                        let first = raft::Index(0);
                        file = Some(Wal::create(
                            &mut plain,
                            WAL_FOLDER,
                            &node_id,
                            RaftId(raft_id.0),
                            first,
                        ));
                    }
                    continue;
                }
                Record::Entry { term, index, kind, data } => {
                    let data =
                        sealed::unsealed(&self.sealers, &self.node_id, (term, index), kind, data)
                            .map_err(|error| format!("wal: entry {index}: {error}"))?;
                    Record::Entry { term, index, kind, data }
                }
                other => other,
            };
            if let Some(file) = &mut file {
                file.append(&mut plain, &[record]);
            }
        }
        for (path, bytes) in plain.files() {
            let name = path.trim_start_matches(WAL_FOLDER);
            out.push((format!("wal-decrypted/{name}"), bytes.to_vec()));
        }
        Ok(out)
    }
}

fn key_text(error: UnlockKeyError) -> String {
    match error {
        UnlockKeyError::Malformed => "invalid key string".to_owned(),
        UnlockKeyError::Length => "x509: decryption password incorrect".to_owned(),
    }
}

fn content(data: &[u8]) -> Result<SnapshotContent, String> {
    let unreadable = || "unrecognized snapshot".to_owned();
    let data: SnapshotData = postcard::from_bytes(data).map_err(|_| unreadable())?;
    let store = Store::restore(&data.store).map_err(|error| error.to_string())?;
    Ok(SnapshotContent {
        members: data
            .members
            .into_iter()
            .map(|(id, member)| (id.0, member.node_id.to_string(), member.addr))
            .collect(),
        removed: data.removed.into_iter().map(|id| id.0).collect(),
        objects: store.objects().collect(),
    })
}
