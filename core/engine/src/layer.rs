//! Layers: a tree of files, its canonical bytes, and the digests that name it.

use std::rc::Rc;

use os::fs::{Inode, Kind, Tree};

use crate::digest::Digest;

/// One layer of an image. Two layers with the same files are the same layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What the layer adds, changes and (as whiteouts) removes.
    pub tree: Rc<Tree>,
    /// Digest of the canonical bytes: the `diff_id`.
    pub diff_id: Digest,
    /// Digest of what is sent over the wire: names the layer in a manifest and in progress lines.
    pub blob: Digest,
    /// Bytes unpacked. An image of the catalogue counts the programs that its files stand for, which
    /// are larger than the files here.
    pub size: u64,
    /// Bytes sent over the wire.
    pub compressed_size: u64,
}

/// Where the storage driver keeps layers.
const FOLDERS: &str = "/var/lib/docker/overlay2";

/// The folder of a writable layer, by its container, or of an image's layer, by the digests of all up to it
/// (moby: `daemon/graphdriver/overlay2`, where the names are random).
pub fn folder(of: &str) -> String {
    let name = Digest::of(&[b"overlay2\0", of.as_bytes()].concat()).hex();
    format!("{FOLDERS}/{name}")
}

/// What `inspect` shows of the folders: of an image's layers, or of a container's on top of them.
pub fn folders(layers: &[Layer], container: Option<&str>) -> Vec<(String, String)> {
    let mut below = Vec::new();
    let mut digests = String::new();
    for layer in layers {
        digests += &layer.diff_id.to_string();
        below.push(folder(&digests));
    }
    below.reverse();
    let top = match container {
        Some(id) => {
            let own = folder(id);
            below.insert(0, format!("{own}-init"));
            own
        }
        None if below.is_empty() => return Vec::new(),
        None => below.remove(0),
    };
    let lower: Vec<String> = below.iter().map(|one| format!("{one}/diff")).collect();
    let mut found = Vec::new();
    if !lower.is_empty() {
        found.push(("LowerDir".to_owned(), lower.join(":")));
    }
    for (key, name) in [("MergedDir", "merged"), ("UpperDir", "diff"), ("WorkDir", "work")] {
        found.push((key.to_owned(), format!("{top}/{name}")));
    }
    found
}

impl Layer {
    /// A layer whose size is that of its files.
    pub fn new(tree: Tree) -> Self {
        let size = content_size(&tree);
        // Text compresses to about a third.
        Self::with_size(tree, size, size / 3)
    }

    /// A layer that stands for so many bytes, unpacked and on the wire.
    pub fn with_size(tree: Tree, size: u64, compressed_size: u64) -> Self {
        let diff_id = Digest::of(&canonical(&tree));
        // No compressor here: the wire form has a digest of its own all the same.
        let blob = Digest::of(&[b"gzip\0", diff_id.to_string().as_bytes()].concat());
        Self { tree: Rc::new(tree), diff_id, blob, size, compressed_size: compressed_size.max(32) }
    }
}

/// The bytes in a tree's files.
pub fn content_size(tree: &Tree) -> u64 {
    tree.iter().map(|(_, inode)| file_size(inode)).sum()
}

fn file_size(inode: &Inode) -> u64 {
    match &inode.kind {
        Kind::File(bytes) => bytes.len() as u64,
        _ => 0,
    }
}

/// A tree as bytes: for every path in order its attributes and content, each with its length in
/// front, so that two trees never have the same bytes.
pub fn canonical(tree: &Tree) -> Vec<u8> {
    let mut bytes = b"glasshive layer 1\n".to_vec();
    let mut put = |field: &[u8]| {
        bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
        bytes.extend_from_slice(field);
    };
    for (path, inode) in tree.iter() {
        let attributes = inode.attributes;
        put(path.as_bytes());
        put(&attributes.mode.to_le_bytes());
        put(&attributes.uid.to_le_bytes());
        put(&attributes.gid.to_le_bytes());
        put(&attributes.modified.unix_nanos().to_le_bytes());
        match &inode.kind {
            Kind::File(content) => {
                put(b"file");
                put(content);
            }
            Kind::Symlink(target) => {
                put(b"link");
                put(target.as_bytes());
            }
            Kind::Directory => put(b"folder"),
            Kind::NullDevice => put(b"null"),
            Kind::ZeroDevice => put(b"zero"),
            Kind::RandomDevice => put(b"random"),
            Kind::Socket => put(b"socket"),
            Kind::TerminalDevice => put(b"tty"),
            Kind::Whiteout => put(b"whiteout"),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use sim::Time;

    use super::*;

    #[test]
    fn the_same_files_have_the_same_digest_and_others_have_not() {
        let tree = |text: &str, mode: u32| {
            let mut tree = Tree::default();
            tree.add_file("/etc/motd", text, mode, Time::EPOCH);
            tree
        };
        let layer = Layer::new(tree("hello", 0o644));
        assert_eq!(layer, Layer::new(tree("hello", 0o644)));
        assert_ne!(layer.diff_id, Layer::new(tree("hellO", 0o644)).diff_id);
        assert_ne!(layer.diff_id, Layer::new(tree("hello", 0o600)).diff_id);
        assert_ne!(layer.diff_id, layer.blob);
        assert_eq!(layer.size, 5);
    }
}
