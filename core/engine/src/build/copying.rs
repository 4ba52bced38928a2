//! `COPY` and `ADD`: files of the context, of a stage or of an image become a layer.

use std::rc::Rc;

use os::fs::{Attributes, FileSystem, Inode, Kind, Mounts, SharedFs, Tree, User, glob, normalize};
use sim::Time;

use super::dockerfile::Instruction;
use super::words::Reader;
use crate::container::files::{ensure_folder, put_file};
use crate::container::resolve_user;
use crate::digest::Digest;
use crate::image::Image;
use crate::layer::Layer;
use crate::volume::tree_below;

/// What is to be copied where.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    sources: Vec<(String, Tree)>,
    /// As written: it may end in a slash.
    target: String,
    /// Absolute.
    place: String,
    has_pattern: bool,
    unpacks: bool,
    owner: String,
    mode: Option<u32>,
}

/// Why files cannot be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CopyError {
    /// This source is not there.
    Missing(String),
    /// No source fits the patterns.
    Nothing,
    /// Anything else.
    Text(String),
}

impl From<String> for CopyError {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Copy {
    /// Reads the instruction and finds its sources in `files`.
    pub(super) fn new(
        instruction: &Instruction,
        reader: Reader<'_>,
        files: &SharedFs,
        working_dir: &str,
    ) -> Result<Self, CopyError> {
        let words = match instruction.json() {
            Some(words) => {
                words.iter().map(|word| reader.expand(word)).collect::<Result<_, _>>()?
            }
            None => reader.words(&instruction.rest)?,
        };
        let keyword = &instruction.keyword;
        let Some((target, wanted)) = words.split_last().filter(|(_, wanted)| !wanted.is_empty())
        else {
            return Err(CopyError::Text(format!(
                "{keyword} requires at least two arguments, but only one was provided. Destination \
                 could not be determined."
            )));
        };
        let flag = |name: &str| instruction.flag(name).map(|text| reader.expand(text)).transpose();
        let mode = match flag("chmod")? {
            None => None,
            Some(text) => Some(u32::from_str_radix(&text, 8).map_err(|_| {
                format!(
                    "invalid chmod parameter: '{text}'. it should be octal string and between \
                         0 and 07777"
                )
            })?),
        };
        for name in ["exclude", "parents", "checksum", "keep-git-dir", "unpack"] {
            if instruction.flag(name).is_some() {
                return Err(CopyError::Text(format!("not simulated: {keyword} --{name}")));
            }
        }
        let has_pattern = wanted.iter().any(|source| glob::is_pattern(source));
        if (wanted.len() > 1 || has_pattern && wanted.len() > 1) && !target.ends_with('/') {
            return Err(CopyError::Text(format!(
                "When using {keyword} with more than one source file, the destination must be a \
                 directory and end with a /"
            )));
        }
        let mut sources = Vec::new();
        let mut heredocs = instruction.heredocs.iter();
        for source in wanted {
            if source.starts_with("<<")
                && let Some(heredoc) = heredocs.next()
            {
                let content = if heredoc.expands {
                    reader.expand(&heredoc.content)?
                } else {
                    heredoc.content.clone()
                };
                let mut tree = Tree::default();
                let attributes = Attributes::root(0o644, Time::EPOCH);
                tree.insert("/", Inode { attributes, kind: Kind::File(content.into_bytes()) });
                sources.push((heredoc.name.clone(), tree));
                continue;
            }
            if source.starts_with("http://") || source.starts_with("https://") {
                let what = if keyword == "ADD" { "ADD of a URL" } else { "a URL" };
                return Err(CopyError::Text(format!("not simulated: {what}")));
            }
            let found = find(files, source);
            if found.is_empty() && !glob::is_pattern(source) {
                return Err(CopyError::Missing(source.clone()));
            }
            sources.extend(found);
        }
        if sources.is_empty() {
            return Err(CopyError::Nothing);
        }
        let place = normalize(if working_dir.is_empty() { "/" } else { working_dir }, target);
        Ok(Self {
            sources,
            target: target.clone(),
            place,
            has_pattern,
            unpacks: keyword == "ADD",
            owner: flag("chown")?.unwrap_or_default(),
            mode,
        })
    }

    /// What is copied, for the cache: names, modes and content, without dates.
    pub(super) fn digest(&self) -> Digest {
        let mut bytes = Vec::new();
        for (name, tree) in &self.sources {
            bytes.extend(format!("{name}\0").into_bytes());
            for (path, inode) in tree.iter() {
                let content = match &inode.kind {
                    Kind::File(content) => content.as_slice(),
                    Kind::Symlink(target) => target.as_bytes(),
                    _ => &[],
                };
                let (letter, mode) = (inode.type_letter(), inode.attributes.mode);
                let length = content.len() as u64;
                bytes.extend(format!("{path}\0{letter}{mode:o} {length}\0").into_bytes());
                bytes.extend_from_slice(content);
            }
        }
        bytes.extend(format!("{} {:?}", self.owner, self.mode).into_bytes());
        Digest::of(&bytes)
    }

    /// `file:`, `dir:` or `multi:` as the classic builder says it.
    pub(super) fn kind(&self) -> &'static str {
        match self.sources.as_slice() {
            [(_, tree)] => match tree.get("/") {
                Some(inode) if inode.is_directory() => "dir",
                _ => "file",
            },
            _ => "multi",
        }
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The layer that the copy makes over an image.
    pub(super) fn layer(&self, image: &Image, now: Time) -> Result<Layer, CopyError> {
        let root = FileSystem::overlay(image.trees()).shared();
        if root.borrow().get("/").is_none() {
            // `FROM scratch`: there is not even a root folder.
            let attributes = Attributes::root(0o755, now);
            let tree = Tree::default();
            let mut tree = tree;
            tree.insert("/", Inode { attributes, kind: Kind::Directory });
            let base = vec![Rc::new(tree)];
            return self.write(FileSystem::overlay(base).shared(), now);
        }
        self.write(root, now)
    }

    fn write(&self, root: SharedFs, now: Time) -> Result<Layer, CopyError> {
        let mounts = Mounts::new(root.clone());
        let owner = if self.owner.is_empty() {
            User::ROOT
        } else {
            let (name, group) = self.owner.split_once(':').unwrap_or((&self.owner, ""));
            // A number alone is the group too (moby: `parseChownFlag`).
            let both = if group.is_empty() && name.parse::<u32>().is_ok() {
                format!("{name}:{name}")
            } else {
                self.owner.clone()
            };
            resolve_user(&mounts, &both).map_err(|error| error.message)?.0
        };
        let is_folder = |path: &str| {
            let found = mounts.resolve("/", path, true, User::ROOT).ok();
            found.and_then(|located| located.inode()).is_some_and(|inode| inode.is_directory())
        };
        let into = self.target.ends_with('/')
            || matches!(self.target.as_str(), "." | "..")
            || is_folder(&self.place)
            || self.sources.len() > 1
            || self.has_pattern && self.sources.len() > 1;
        let failed = |errno: os::Errno| format!("cannot copy to {}: {errno}", self.place);
        for (name, tree) in &self.sources {
            let Some(top) = tree.get("/") else { continue };
            if let (true, Kind::File(bytes)) = (self.unpacks, &top.kind) {
                if bytes.starts_with(&[0x1f, 0x8b]) {
                    return Err(CopyError::Text("not simulated: compressed archives".to_owned()));
                }
                if let Some(content) = crate::tar::read(bytes) {
                    ensure_folder(&mounts, &self.place, 0o755, now).map_err(failed)?;
                    self.put_all(&mounts, &content, &self.place, owner, now)?;
                    continue;
                }
            }
            let base = if top.is_directory() || !into {
                self.place.clone()
            } else {
                let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                normalize(&self.place, last)
            };
            self.put_all(&mounts, tree, &base, owner, now)?;
        }
        let tree = root.borrow().upper().clone();
        Ok(Layer::new(tree))
    }

    fn put_all(
        &self,
        mounts: &Mounts,
        tree: &Tree,
        base: &str,
        owner: User,
        now: Time,
    ) -> Result<(), CopyError> {
        let failed = |errno: os::Errno| format!("cannot copy to {}: {errno}", self.place);
        for (inner, inode) in tree.iter() {
            let to = if inner == "/" {
                base.to_owned()
            } else {
                format!("{}{inner}", base.trim_end_matches('/'))
            };
            if inode.is_directory() && inner == "/" {
                ensure_folder(mounts, &to, 0o755, now).map_err(failed)?;
                continue;
            }
            let mut inode = inode.clone();
            inode.attributes.uid = owner.uid;
            inode.attributes.gid = owner.gid;
            if let Some(mode) = self.mode {
                inode.attributes.mode = mode;
            }
            if inode.attributes.modified == Time::EPOCH {
                inode.attributes.modified = now;
            }
            let found = mounts.resolve("/", &to, true, User::ROOT).ok();
            let existing = found.and_then(|located| located.inode());
            if existing.is_some_and(|existing| existing.is_directory()) && inode.is_directory() {
                continue;
            }
            put_file(mounts, &to, inode, now).map_err(failed)?;
        }
        Ok(())
    }
}

/// The files and folders that a source means, each with its name and what is at and below it.
fn find(files: &SharedFs, source: &str) -> Vec<(String, Tree)> {
    let mounts = Mounts::new(files.clone());
    let at = |path: &str| {
        let located = mounts.resolve("/", path, true, User::ROOT).ok()?;
        located.inode()?;
        Some((path.to_owned(), tree_below(&located.fs, &located.inner)))
    };
    let path = normalize("/", source);
    if !glob::is_pattern(source) {
        return at(&path).into_iter().collect();
    }
    let mut paths = vec![String::new()];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for folder in &paths {
            let inner = if folder.is_empty() { "/" } else { folder };
            let names = files.borrow().list(inner);
            let fits = names.keys().filter(|name| glob::matches(part, name));
            next.extend(fits.map(|name| format!("{folder}/{name}")));
        }
        paths = next;
    }
    paths.iter().filter_map(|path| at(path)).collect()
}
