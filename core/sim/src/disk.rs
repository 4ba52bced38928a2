//! Files that survive a crash only as far as they were synced.
//!
//! Every change is visible at once to whoever reads, and durable when a sync that began after it has
//! completed. A crash takes the rest away; after a power loss the first of the changes that were not synced
//! may be there all the same, and a part of the next one (a torn write).
//!
//! On a full disk nothing can be added; whoever writes asks [`Disk::take_failure`] whether all of it
//! arrived, as a program looks at what `write` returns.

use sorted::SortedMap;
use std::collections::VecDeque;

use crate::journal::Journal;
use crate::rng::Rng;

/// A position in the order of a disk's changes; a completed sync makes all up to it durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Barrier(u64);

#[derive(Clone, Debug)]
enum Change {
    Append { path: String, bytes: Vec<u8> },
    Write { path: String, bytes: Vec<u8> },
    Truncate { path: String, size: usize },
    Rename { from: String, to: String },
    Remove { path: String },
}

type Files = SortedMap<String, Vec<u8>>;

impl Change {
    fn apply(&self, files: &mut Files) {
        match self {
            Self::Append { path, bytes } => {
                files.entry(path.clone()).or_default().extend_from_slice(bytes);
            }
            Self::Write { path, bytes } => {
                files.insert(path.clone(), bytes.clone());
            }
            Self::Truncate { path, size } => {
                if let Some(bytes) = files.get_mut(path) {
                    bytes.truncate(*size);
                }
            }
            Self::Rename { from, to } => {
                if let Some(bytes) = files.remove(from) {
                    files.insert(to.clone(), bytes);
                }
            }
            Self::Remove { path } => {
                files.remove(path);
            }
        }
    }
}

/// One host's disk, as far as a daemon keeps its state on it. Paths are absolute.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    visible: Files,
    durable: Files,
    unsynced: VecDeque<Change>,
    synced_count: u64,
    is_full: bool,
    /// The file of the first write that failed since somebody asked.
    failure: Option<String>,
    flip_count: u64,
    journal: Journal,
}

impl Disk {
    fn change(&mut self, change: Change) {
        match &change {
            Change::Append { path, .. } => {
                let size = self.visible.get(path).map_or(0, Vec::len);
                self.journal.note(path, size as u64);
            }
            Change::Truncate { path, size } => self.journal.note(path, *size as u64),
            Change::Write { path, .. } | Change::Remove { path } => self.journal.note(path, 0),
            Change::Rename { from, to } => {
                self.journal.note(from, 0);
                self.journal.note(to, 0);
            }
        }
        change.apply(&mut self.visible);
        self.unsynced.push_back(change);
    }

    /// True, and remembered, if there is no room for `bytes` more in a file.
    fn fails(&mut self, path: &str, bytes: &[u8]) -> bool {
        let fails = self.is_full && !bytes.is_empty();
        if fails && self.failure.is_none() {
            self.failure = Some(path.to_owned());
        }
        fails
    }

    /// From now on nothing can be added to the disk, or something can again.
    pub fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// True when nothing can be added.
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// The file of the first write that failed since the last call.
    pub fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }

    /// The device returns one bit of a file wrong from now on. False if the file has no such byte.
    pub fn flip_bit(&mut self, path: &str, byte: u64, bit: u8) -> bool {
        let Ok(at) = usize::try_from(byte) else { return false };
        let mask = 1 << (bit % 8);
        let Some(seen) = self.visible.get_mut(path).and_then(|bytes| bytes.get_mut(at)) else {
            return false;
        };
        *seen ^= mask;
        if let Some(kept) = self.durable.get_mut(path).and_then(|bytes| bytes.get_mut(at)) {
            *kept ^= mask;
        }
        self.flip_count += 1;
        self.journal.note(path, byte);
        true
    }

    /// Adds `bytes` to the end of a file, which is made if need be.
    pub fn append(&mut self, path: &str, bytes: &[u8]) {
        if self.fails(path, bytes) {
            return;
        }
        self.change(Change::Append { path: path.to_owned(), bytes: bytes.to_vec() });
    }

    /// Replaces a file's content; false, and nothing has changed, if there is no room. Not atomic on a real disk: see
    /// [`Disk::replace`].
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> bool {
        if self.fails(path, bytes) {
            return false;
        }
        self.change(Change::Write { path: path.to_owned(), bytes: bytes.to_vec() });
        true
    }

    /// The same by a new file, which comes into being at `temporary` and takes the old one's place: whenever the power fails,
    /// the old content is there or the new one.
    pub fn replace(&mut self, temporary: &str, path: &str, bytes: &[u8]) -> bool {
        let is_written = self.write(temporary, bytes);
        if is_written {
            self.rename(temporary, path);
        }
        is_written
    }

    /// Cuts a file off behind its first `size` bytes. Whatever happens meanwhile, those stay; a full disk has room for it.
    pub fn truncate(&mut self, path: &str, size: usize) {
        self.change(Change::Truncate { path: path.to_owned(), size });
    }

    /// Gives a file another name, replacing what had it.
    pub fn rename(&mut self, from: &str, to: &str) {
        self.change(Change::Rename { from: from.to_owned(), to: to.to_owned() });
    }

    /// Removes a file; nothing happens if there is none.
    pub fn remove(&mut self, path: &str) {
        self.change(Change::Remove { path: path.to_owned() });
    }

    /// Removes every file below a folder (`path` ends in `/`).
    pub fn remove_below(&mut self, path: &str) {
        let below: Vec<String> = self.list(path).map(str::to_owned).collect();
        for file in below {
            self.remove(&file);
        }
    }

    /// A file's content as a reader sees it now.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.visible.get(path).map(Vec::as_slice)
    }

    /// The paths below a folder (`path` ends in `/`), in order.
    pub fn list<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.visible
            .range::<str, _>((std::ops::Bound::Included(path), std::ops::Bound::Unbounded))
            .map(|(file, _)| file.as_str())
            .take_while(move |file| file.starts_with(path))
    }

    /// All files as a reader sees them now, for whoever searches the disk's bytes.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.visible.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// All files as a power loss now would leave them, torn writes aside.
    pub fn durable_files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.durable.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// A file's content as a power loss now would leave it.
    pub fn read_durable(&self, path: &str) -> Option<&[u8]> {
        self.durable.get(path).map(Vec::as_slice)
    }

    /// How many changes are durable or lost; the same number means the same durable files.
    pub const fn settled_count(&self) -> u64 {
        self.synced_count
    }

    /// Everything changed so far; give it to [`Disk::complete_sync`] when the device has answered.
    pub fn begin_sync(&self) -> Barrier {
        Barrier(self.synced_count + self.unsynced.len() as u64)
    }

    /// All changes up to `barrier` are durable now.
    pub fn complete_sync(&mut self, barrier: Barrier) {
        while self.synced_count < barrier.0 {
            let Some(change) = self.unsynced.pop_front() else { break };
            change.apply(&mut self.durable);
            self.synced_count += 1;
        }
    }

    /// How many changes there ever were; the same number means the same content.
    pub fn change_count(&self) -> u64 {
        self.synced_count + self.unsynced.len() as u64 + self.flip_count
    }

    /// What changed lately, as a reader sees it.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The same, to name causes.
    pub const fn journal_mut(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// True when a power loss now would lose nothing.
    pub fn is_synced(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// Changes that a power loss now could lose.
    pub fn unsynced_count(&self) -> usize {
        self.unsynced.len()
    }

    /// How many bytes the unsynced change at this place writes; 0 if it is none or something else.
    pub fn unsynced_size(&self, place: usize) -> usize {
        match self.unsynced.get(place) {
            Some(Change::Append { bytes, .. } | Change::Write { bytes, .. }) => bytes.len(),
            _ => 0,
        }
    }

    /// The power fails when the first `count` unsynced changes have reached the device, and of the next
    /// one, if it writes, `torn_size` bytes: with all counts and sizes, every state that a power loss can leave.
    pub fn lose_power_after(&mut self, count: usize, torn_size: usize) {
        let until = Barrier(self.synced_count + count.min(self.unsynced.len()) as u64);
        self.complete_sync(until);
        let part = |bytes: &[u8]| bytes[..torn_size.min(bytes.len())].to_vec();
        match self.unsynced.front() {
            Some(Change::Append { path, bytes }) if 0 < torn_size => {
                self.durable.entry(path.clone()).or_default().extend_from_slice(&part(bytes));
            }
            Some(Change::Write { path, bytes }) if 0 < torn_size => {
                self.durable.insert(path.clone(), part(bytes));
            }
            _ => {}
        }
        self.lose_power();
    }

    /// The power fails at a random moment of what the device has begun: some of the changes that were not
    /// synced have reached it, and a part of the next one.
    pub fn lose_power_at_random(&mut self, rng: &mut Rng) {
        let count = rng.below(self.unsynced.len() as u64 + 1) as usize;
        let size = self.unsynced_size(count) as u64;
        self.lose_power_after(count, rng.below(size + 1) as usize);
    }

    /// The power fails before anything of what was not synced has reached the device.
    pub fn lose_power(&mut self) {
        self.synced_count += self.unsynced.len() as u64;
        self.unsynced.clear();
        self.failure = None;
        self.visible = self.durable.clone();
        self.journal.note_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Streams;

    #[test]
    fn only_what_was_synced_survives() {
        let mut disk = Disk::default();
        disk.append("/wal", b"one");
        let barrier = disk.begin_sync();
        disk.append("/wal", b"two");
        disk.complete_sync(barrier);
        assert_eq!(disk.read("/wal"), Some(&b"onetwo"[..]));
        disk.lose_power();
        assert_eq!(disk.read("/wal"), Some(&b"one"[..]));
        assert!(disk.is_synced());
    }

    #[test]
    fn a_torn_write_is_a_prefix() {
        for seed in 0..50 {
            let mut disk = Disk::default();
            disk.append("/wal", b"abcdef");
            disk.lose_power_at_random(&mut Streams::new(seed).stream("torn"));
            assert!(b"abcdef".starts_with(disk.read("/wal").unwrap_or_default()));
        }
    }

    #[test]
    fn a_power_loss_stops_the_device_anywhere() {
        let mut left: Vec<String> = Vec::new();
        for seed in 0..200 {
            let mut disk = Disk::default();
            disk.write("/a", b"old");
            disk.complete_sync(disk.begin_sync());
            disk.write("/a", b"new");
            disk.rename("/a", "/b");
            disk.lose_power_at_random(&mut Streams::new(seed).stream("torn"));
            let text = |path| String::from_utf8_lossy(disk.read(path).unwrap_or(b"-")).into_owned();
            left.push(format!("{} {}", text("/a"), text("/b")));
        }
        left.sort();
        left.dedup();
        assert_eq!(left, ["- new", "n -", "ne -", "new -", "old -"]);
    }

    #[test]
    fn a_full_disk_takes_nothing_and_says_so_once() {
        let mut disk = Disk::default();
        disk.append("/wal", b"one");
        disk.set_full(true);
        disk.append("/wal", b"two");
        disk.write("/other", b"three");
        assert_eq!(disk.read("/wal"), Some(&b"one"[..]));
        assert_eq!(disk.take_failure().as_deref(), Some("/wal"));
        assert_eq!(disk.take_failure(), None);
        disk.remove("/wal");
        assert_eq!(disk.read("/wal"), None);
        disk.set_full(false);
        disk.append("/wal", b"four");
        assert_eq!(disk.read("/wal"), Some(&b"four"[..]));
    }

    #[test]
    fn what_cannot_be_written_takes_no_place() {
        let mut disk = Disk::default();
        disk.write("/key", b"old");
        // A power loss has left it.
        disk.write("/key.tmp", b"ne");
        disk.set_full(true);
        assert!(!disk.replace("/key.tmp", "/key", b"new"));
        assert_eq!(disk.read("/key"), Some(&b"old"[..]));
        disk.set_full(false);
        assert!(disk.replace("/key.tmp", "/key", b"new"));
        assert_eq!((disk.read("/key"), disk.read("/key.tmp")), (Some(&b"new"[..]), None));
    }

    #[test]
    fn a_flipped_bit_stays_over_a_power_loss() {
        let mut disk = Disk::default();
        disk.append("/wal", b"abc");
        disk.complete_sync(disk.begin_sync());
        assert!(disk.flip_bit("/wal", 1, 0));
        assert!(!disk.flip_bit("/wal", 9, 0) && !disk.flip_bit("/none", 0, 0));
        disk.lose_power();
        assert_eq!(disk.read("/wal"), Some(&b"acc"[..]));
    }

    #[test]
    fn a_rename_is_all_or_nothing() {
        let mut disk = Disk::default();
        disk.write("/key", b"old");
        disk.complete_sync(disk.begin_sync());
        disk.write("/key.tmp", b"new");
        disk.rename("/key.tmp", "/key");
        assert_eq!(disk.read("/key"), Some(&b"new"[..]));
        disk.lose_power();
        assert_eq!(disk.read("/key"), Some(&b"old"[..]));
        assert_eq!(disk.list("/").collect::<Vec<_>>(), ["/key"]);
    }
}
