//! What a power loss leaves of a node's certificates and its key is whole.

use sim::Disk;
use sorted::SortedMap;
use swarm::node::CERTIFICATE_FOLDER;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "key_files",
    statement: "a power loss leaves each of a node's certificate and key files as it was before a change or after it, never a part of it: a node whose key is torn is lost to its swarm",
    source: "swarmkit `ca/keyreadwriter.go` and continuity `ioutils.AtomicWriteFile`: a new file takes the old one's place",
};

/// The files as they were seen last, whatever of them was durable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// Changes of the disk, and how many are settled.
    counts: (u64, u64),
    seen: SortedMap<String, Vec<u8>>,
}

impl Files {
    /// Looks at a disk again.
    pub(crate) fn follow(&mut self, disk: &Disk) -> Verdict {
        let counts = (disk.change_count(), disk.settled_count());
        if std::mem::replace(&mut self.counts, counts) == counts {
            return Ok(());
        }
        // What is still beside its place may be torn.
        for path in disk.list(CERTIFICATE_FOLDER).filter(|path| !path.ends_with(".tmp")) {
            let (Some(now), durable) = (disk.read(path), disk.read_durable(path)) else { continue };
            let seen = self.seen.get(path).map(Vec::as_slice);
            if let (Some(seen), Some(durable)) = (seen, durable) {
                check(path, seen, durable)?;
            }
            if seen != Some(now) {
                self.seen.insert(path.to_owned(), now.to_vec());
            }
        }
        Ok(())
    }
}

/// How a PEM file ends.
const END: &[u8] = b"-----\n";

/// What was seen of a file last, and what is durable of it now. Nobody but a node writes these files unseen: a person who
/// damages one is seen before the disk has it, and a flipped bit leaves the size as it was.
///
/// # Errors
/// If what is durable is the beginning of a write that never came to its end.
pub fn check(path: &str, seen: &[u8], durable: &[u8]) -> Verdict {
    let is_torn = durable.len() != seen.len() && !durable.ends_with(END);
    ensure!(!is_torn, "{path} is torn: {} bytes without an end", durable.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_torn_key() {
        let path = format!("{CERTIFICATE_FOLDER}key");
        let mut disk = Disk::default();
        let mut files = Files::default();
        disk.write(&path, b"the first-----\n");
        disk.complete_sync(disk.begin_sync());
        files.follow(&disk).unwrap();
        disk.write(&path, b"another-----\n");
        let whole = disk.unsynced_size(0);
        for size in 0..=whole {
            let mut disk = disk.clone();
            disk.lose_power_after(0, size);
            let verdict = files.clone().follow(&disk);
            if size == 0 || size == whole {
                verdict.unwrap();
            } else {
                complains(verdict, &INVARIANT);
            }
        }
    }
}
