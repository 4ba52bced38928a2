//! The keys and values of etcd with their revisions (etcd: `server/storage/mvcc`), and the file that shows them.

use sorted::SortedMap;
use std::rc::Rc;

use raft::Index;
use serde::{Deserialize, Serialize};
use sim::Disk;

/// The file that etcd keeps its keys in (etcd: bbolt's `db`; here a record per revision, appended).
pub const DB_PATH: &str = "/var/lib/etcd/member/snap/db";
/// Compacted revisions stay in the file until it has grown by this much; then their place is used again.
const DB_SLACK: usize = 1 << 20;

/// A change of one key, if it is as the caller has seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Puts or removes a value.
    Put {
        /// The key.
        key: String,
        /// The revision at which the caller has seen it changed last; 0 if it was not there. Without, the change is
        /// made whatever is there.
        seen: Option<u64>,
        /// The new value; nothing to remove the key.
        value: Option<Vec<u8>>,
    },
    /// Forgets what was before a revision.
    Compact(u64),
    /// Changes nothing.
    Nothing,
}

/// A key's newest value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    /// The bytes, as whoever has only the disk finds them.
    pub value: Rc<[u8]>,
    /// The revision at which the key came to be.
    pub created: u64,
    /// The revision of the last change.
    pub modified: u64,
    /// How often it has changed since it came to be.
    pub version: u64,
}

/// What has become of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It changed something, at this revision.
    Done(u64),
    /// The key is not as the caller has seen it.
    Conflict,
}

/// What a revision changed: the key and its new value, nothing where it was removed.
type Revision = (String, Option<Rc<[u8]>>);

/// All keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Store {
    /// Counts the changes. etcd begins with 1.
    pub revision: u64,
    /// Revisions up to here are forgotten.
    pub compacted: u64,
    keys: SortedMap<String, KeyValue>,
    /// Every revision since the last compaction: key and value, nothing where it was removed.
    history: SortedMap<u64, Revision>,
    /// The newest entry of the log that is in the file.
    pub(super) consistent: Index,
    #[serde(skip)]
    file_size: usize,
}

/// A record of the file.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    index: Index,
    revision: u64,
    key: &'a str,
    value: Option<&'a [u8]>,
}

impl Store {
    pub(super) fn new() -> Self {
        Self { revision: 1, ..Self::default() }
    }

    /// A key's newest value.
    pub fn get(&self, key: &str) -> Option<&KeyValue> {
        self.keys.get(key)
    }

    /// All keys that begin like this, in order.
    pub fn range<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a KeyValue)> {
        self.keys
            .range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.as_str(), value))
    }

    /// What every revision after this one has changed, oldest first: a key and its new value, nothing where it was removed.
    /// What is compacted is not among it.
    pub fn changes_after(&self, revision: u64) -> impl Iterator<Item = (u64, &str, Option<&[u8]>)> {
        let changes = self.history.range(revision.saturating_add(1)..);
        changes.map(|(revision, (key, value))| (*revision, key.as_str(), value.as_deref()))
    }

    /// A key's value as of a revision.
    ///
    /// # Errors
    /// etcd's text for a revision that is compacted or yet to come.
    pub fn at_revision(&self, key: &str, revision: u64) -> Result<Option<&[u8]>, &'static str> {
        if revision < self.compacted {
            return Err("etcdserver: mvcc: required revision has been compacted");
        }
        if self.revision < revision {
            return Err("etcdserver: mvcc: required revision is a future revision");
        }
        let known = self.history.range(..=revision).rev().find(|(_, (known, _))| known == key);
        Ok(match known {
            Some((_, (_, value))) => value.as_deref(),
            None => {
                self.keys.get(key).filter(|one| one.modified <= revision).map(|one| &*one.value)
            }
        })
    }

    /// Applies an entry of the log.
    pub(super) fn apply(&mut self, index: Index, operation: Operation, disk: &mut Disk) -> Outcome {
        match operation {
            Operation::Nothing => Outcome::Done(self.revision),
            Operation::Compact(revision) => {
                self.compacted = self.compacted.max(revision.min(self.revision));
                self.history = self.history.split_off(&self.compacted);
                if self.live_size() + DB_SLACK < self.file_size {
                    self.defragment(disk);
                }
                Outcome::Done(self.revision)
            }
            Operation::Put { key, seen, value } => {
                let known = self.keys.get(&key);
                let modified = known.map_or(0, |one| one.modified);
                if seen.is_some_and(|seen| seen != modified) {
                    return Outcome::Conflict;
                }
                if known.is_none() && value.is_none() {
                    return Outcome::Done(self.revision);
                }
                self.revision += 1;
                let revision = self.revision;
                let value: Option<Rc<[u8]>> = value.map(Rc::from);
                self.write(disk, &Record { index, revision, key: &key, value: value.as_deref() });
                self.history.insert(revision, (key.clone(), value.clone()));
                match value {
                    None => drop(self.keys.remove(&key)),
                    Some(value) => {
                        let (created, version) = match self.keys.get(&key) {
                            Some(one) => (one.created, one.version + 1),
                            None => (revision, 1),
                        };
                        let new = KeyValue { value, created, modified: revision, version };
                        self.keys.insert(key, new);
                    }
                }
                Outcome::Done(revision)
            }
        }
    }

    fn write(&mut self, disk: &mut Disk, record: &Record<'_>) {
        // After a restart the log is applied again; what the file has is not written twice.
        if record.index <= self.consistent {
            return;
        }
        self.consistent = record.index;
        let bytes = encode(record);
        self.file_size += bytes.len();
        disk.append(DB_PATH, &bytes);
    }

    /// Every value, also those of earlier revisions.
    pub(super) fn each_value(&self, take: &mut dyn FnMut(&str, &[u8])) {
        let live = self.keys.iter().map(|(key, one)| (key, &one.value));
        let old = self.history.values().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        live.chain(old).for_each(|(key, value)| take(key, value));
    }

    fn live_size(&self) -> usize {
        self.keys.iter().map(|(key, one)| key.len() + one.value.len() + 16).sum()
    }

    /// Writes the file again with nothing in it but what can still be read (`etcdctl defrag`).
    pub fn defragment(&mut self, disk: &mut Disk) {
        let mut bytes = Vec::new();
        for (key, one) in &self.keys {
            let (index, revision) = (self.consistent, one.modified);
            if !self.history.contains_key(&revision) {
                bytes.extend(encode(&Record { index, revision, key, value: Some(&one.value) }));
            }
        }
        for (revision, (key, value)) in &self.history {
            let (index, revision) = (self.consistent, *revision);
            bytes.extend(encode(&Record { index, revision, key, value: value.as_deref() }));
        }
        if disk.replace(&format!("{DB_PATH}.tmp"), DB_PATH, &bytes) {
            self.file_size = bytes.len();
        }
    }

    /// Finds out how far the file has come; a record that a power loss has torn is cut off.
    pub(super) fn look_at_file(&mut self, disk: &mut Disk) {
        let bytes = disk.read(DB_PATH).unwrap_or_default();
        let (mut at, mut newest) = (0, Index(0));
        while let Some((record, size)) = decode(&bytes[at..]) {
            newest = newest.max(record.index);
            at += size;
        }
        if at < bytes.len() {
            disk.truncate(DB_PATH, at);
        }
        self.consistent = self.consistent.max(newest);
        self.file_size = at;
    }
}

fn encode(record: &Record<'_>) -> Vec<u8> {
    let body = postcard::to_allocvec(record).unwrap_or_default();
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(body);
    bytes
}

fn decode(bytes: &[u8]) -> Option<(Record<'_>, usize)> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let size = u32::from_le_bytes(*size) as usize;
    let record = postcard::from_bytes(rest.get(..size)?).ok()?;
    Some((record, size + 4))
}

/// The records of a `db` file, for whoever has only the disk: where they begin, key and value, oldest first.
pub(super) fn each_record(bytes: &[u8], take: &mut dyn FnMut(usize, &str, &[u8])) {
    let mut at = 0;
    while let Some((record, size)) = bytes.get(at..).and_then(decode) {
        if let Some(value) = record.value {
            take(at, record.key, value);
        }
        at += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &mut Store, index: u64, disk: &mut Disk) {
        let (key, value) = (format!("/key{index}"), Some(b"a value".to_vec()));
        store.apply(Index(index), Operation::Put { key, seen: None, value }, disk);
    }

    fn keys(disk: &Disk) -> Vec<String> {
        let mut keys = Vec::new();
        let bytes = disk.read(DB_PATH).unwrap_or_default();
        each_record(bytes, &mut |_, key, _| keys.push(key.to_owned()));
        keys
    }

    /// What a power loss has torn does not come before what is written later, and does not come back with the next one.
    #[test]
    fn a_torn_record_is_cut_off() {
        let mut disk = Disk::default();
        let mut store = Store::new();
        put(&mut store, 1, &mut disk);
        disk.complete_sync(disk.begin_sync());
        put(&mut store, 2, &mut disk);
        let size = disk.unsynced_size(0);
        for torn_size in 0..=size {
            let mut disk = disk.clone();
            disk.lose_power_after(0, torn_size);
            // The log has both; a store that was restored from a snapshot applies what the file does not have.
            let mut store = Store::new();
            store.look_at_file(&mut disk);
            assert_eq!(store.consistent, Index(if torn_size == size { 2 } else { 1 }));
            for index in 2..=3 {
                put(&mut store, index, &mut disk);
            }
            assert_eq!(keys(&disk), ["/key1", "/key2", "/key3"], "{torn_size}");
            for synced in 0..=disk.unsynced_count() {
                let mut disk = disk.clone();
                disk.lose_power_after(synced, 0);
                Store::new().look_at_file(&mut disk);
                let kept = keys(&disk);
                assert!(
                    ["/key1", "/key2", "/key3"]
                        .starts_with(&kept.iter().map(String::as_str).collect::<Vec<_>>()),
                    "{kept:?}"
                );
            }
        }
    }

    #[test]
    fn a_full_disk_keeps_the_file() {
        let mut disk = Disk::default();
        let mut store = Store::new();
        for index in 1..=3 {
            put(&mut store, index, &mut disk);
        }
        let before = disk.read(DB_PATH).map(<[u8]>::to_vec);
        store.apply(Index(4), Operation::Compact(3), &mut disk);
        disk.set_full(true);
        store.defragment(&mut disk);
        assert_eq!(disk.read(DB_PATH).map(<[u8]>::to_vec), before);
        assert_eq!(Some(store.file_size), before.map(|bytes| bytes.len()));
    }
}
