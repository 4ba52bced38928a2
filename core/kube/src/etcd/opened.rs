//! What an API server has sealed in etcd's files, and what of it opens with keys that somebody has found: for an audit,
//! as a thief would do it.

use raft::wal::{self, Record};
use sim::Disk;

use super::encryption::{Encryption, provider_of};
use super::{SNAPSHOT_FOLDER, WAL_FOLDER, member, store};
use crate::apiserver::objects::resource_of;

/// A sealed value.
#[derive(Clone, Debug)]
pub struct SealedValue {
    /// The file.
    pub path: String,
    /// Where the record that holds it begins.
    pub offset: u64,
    /// What is in it, if one of the keys opens it.
    pub content: Option<Vec<u8>>,
}

/// Every sealed value of etcd's log, snapshots and `db`. A damaged file is read up to its damage.
pub fn sealed_values(disk: &Disk, keys: &[Encryption]) -> Vec<SealedValue> {
    let mut found = Vec::new();
    let mut add = |path: &str, offset: usize, key: &str, stored: &[u8]| {
        if provider_of(stored) == "clear" {
            return;
        }
        let resource = resource_of(key).map_or("", |resource| resource.name);
        let content = keys.iter().find_map(|keys| keys.open(resource, key, stored).ok());
        found.push(SealedValue { path: path.to_owned(), offset: offset as u64, content });
    };
    for path in disk.list(WAL_FOLDER) {
        let bytes = disk.read(path).unwrap_or_default();
        let _ = wal::read_file(path, bytes, &mut |offset, record| {
            if let Record::Entry { data, .. } = record
                && let Some((key, value)) = member::written(&data)
            {
                add(path, offset, &key, &value);
            }
        });
    }
    for path in disk.list(SNAPSHOT_FOLDER) {
        let bytes = disk.read(path).unwrap_or_default();
        if path == store::DB_PATH {
            store::each_record(bytes, &mut |offset, key, value| add(path, offset, key, value));
        } else if let Some(store) = member::snapshot_of(bytes) {
            store.each_value(&mut |key, value| add(path, 0, key, value));
        }
    }
    found
}
