//! A secret's bytes are on no manager's or worker's disk and in no frame in the clear.

use sorted::SortedMap;

use sim::Disk;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "plaintext",
    statement: "what was given to `docker secret create`, and said in no service, is in no frame and in no file of the daemon in the clear",
    source: "ARCHITECTURE.md, invariant 7; raft.md X1 (canary scan)",
};

/// Shorter secrets could be anywhere by chance.
const NEEDLE_SIZE_MIN: usize = 8;

/// The bytes to look for.
#[derive(Clone, Debug, Default)]
pub struct Needles {
    all: Vec<(String, Vec<u8>)>,
    /// First bytes of needles: most places are passed by with one look.
    begins: Vec<u8>,
}

impl Needles {
    /// A secret has come into being.
    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        let is_known = self.all.iter().any(|(_, known)| known == bytes);
        if NEEDLE_SIZE_MIN <= bytes.len() && !is_known {
            self.all.push((name.to_owned(), bytes.to_vec()));
            self.begins.push(bytes[0]);
        }
    }

    /// Somebody has said it elsewhere, where Docker does not hide it: with `-e`, say.
    pub fn forget_those_in(&mut self, told: &[u8]) {
        let is_in = |needle: &[u8]| told.windows(needle.len()).any(|window| window == needle);
        self.all.retain(|(_, needle)| !is_in(needle));
        self.begins = self.all.iter().map(|(_, needle)| needle[0]).collect();
    }

    /// There is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn size_max(&self) -> usize {
        self.all.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or_default()
    }

    /// Looks at some bytes; `place` says what they are.
    ///
    /// # Errors
    /// Names the secret that is in them.
    pub fn check(&self, bytes: &[u8], place: impl Fn() -> String) -> Verdict {
        for (at, byte) in bytes.iter().enumerate() {
            if !self.begins.contains(byte) {
                continue;
            }
            if let Some((name, _)) = self.all.iter().find(|(_, n)| bytes[at..].starts_with(n)) {
                ensure!(false, "secret {name} is in the clear in {}, byte {at}", place());
            }
        }
        Ok(())
    }
}

/// What was looked at of one disk.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    change_count: Option<u64>,
    needle_count: usize,
    files: SortedMap<String, (usize, [u8; 32])>,
}

impl Scanned {
    /// Looks at what changed on a disk since the last call. Files that only grew are read from where
    /// they ended.
    ///
    /// # Errors
    /// As [`Needles::check`].
    pub fn check(&mut self, disk: &Disk, needles: &Needles) -> Verdict {
        if needles.all.len() != self.needle_count {
            // What was written before the secret was known holds it, too.
            *self = Self { needle_count: needles.all.len(), ..Self::default() };
        }
        if self.change_count == Some(disk.change_count()) || needles.is_empty() {
            return Ok(());
        }
        self.change_count = Some(disk.change_count());
        let before = std::mem::take(&mut self.files);
        for (path, bytes) in disk.files() {
            let known = before.get(path).copied().unwrap_or_default();
            let from = match known {
                (size, end)
                    if size != 0 && size <= bytes.len() && end_of(&bytes[..size]) == end =>
                {
                    size.saturating_sub(needles.size_max())
                }
                _ => 0,
            };
            needles.check(&bytes[from..], || format!("{path} after {from}"))?;
            self.files.insert(path.to_owned(), (bytes.len(), end_of(bytes)));
        }
        Ok(())
    }
}

/// The last bytes: sealed records, so that they tell two files apart.
fn end_of(bytes: &[u8]) -> [u8; 32] {
    let mut end = [0; 32];
    let from = bytes.len().saturating_sub(32);
    end[..bytes.len() - from].copy_from_slice(&bytes[from..]);
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_secret_on_the_disk() {
        let (mut disk, mut needles, mut scanned) =
            (Disk::default(), Needles::default(), Scanned::default());
        needles.add("a", b"tr0ub4dor");
        needles.add("short", b"x");
        disk.write("/log", &[7; 100]);
        scanned.check(&disk, &needles).unwrap();
        disk.append("/log", b"..tr0ub4d");
        scanned.check(&disk, &needles).unwrap();
        disk.append("/log", b"or..");
        complains(scanned.check(&disk, &needles), &INVARIANT);
        complains(needles.check(b"tr0ub4dor", || "a frame".to_owned()), &INVARIANT);
    }

    #[test]
    fn a_secret_that_was_said_aloud() {
        let mut needles = Needles::default();
        needles.add("a", b"tr0ub4dor");
        needles.add("b", b"battery staple");
        needles.forget_those_in(b"PW=tr0ub4dor");
        needles.check(b"tr0ub4dor", || "a frame".to_owned()).unwrap();
        complains(needles.check(b"battery staple", || "a frame".to_owned()), &INVARIANT);
    }

    #[test]
    fn a_secret_that_was_there_before_it_was_known() {
        let (mut disk, mut needles, mut scanned) =
            (Disk::default(), Needles::default(), Scanned::default());
        disk.write("/log", b"-- correct horse --");
        needles.add("b", b"battery staple");
        scanned.check(&disk, &needles).unwrap();
        needles.add("a", b"correct horse");
        complains(scanned.check(&disk, &needles), &INVARIANT);
    }
}
