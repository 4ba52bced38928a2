//! Searching the very bytes that the world holds.

use os::fs::{FsKind, Kind, Tree};
use serde::Serialize;

use crate::world::World;

/// What kind of place bytes were found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    /// A file of the host itself.
    File,
    /// The swarm's state on the host's disk: log, keys, the agent's tasks.
    Disk,
    /// A layer of an image.
    Image,
    /// A container's writable layer.
    Container,
    /// A container's configuration: environment, arguments, labels.
    Metadata,
    /// A filesystem in memory.
    Tmpfs,
    /// What a container wrote.
    Log,
    /// A manager's store or an agent's memory.
    Memory,
    /// A frame between two hosts.
    Frame,
    /// What a terminal shows.
    Terminal,
    /// Arguments and environment of a running process.
    Process,
}

impl Surface {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::File,
        Self::Disk,
        Self::Image,
        Self::Container,
        Self::Metadata,
        Self::Tmpfs,
        Self::Log,
        Self::Memory,
        Self::Frame,
        Self::Terminal,
        Self::Process,
    ];

    /// Its name in labs and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Disk => "disk",
            Self::Image => "image",
            Self::Container => "container",
            Self::Metadata => "metadata",
            Self::Tmpfs => "tmpfs",
            Self::Log => "log",
            Self::Memory => "memory",
            Self::Frame => "frame",
            Self::Terminal => "terminal",
            Self::Process => "process",
        }
    }
}

/// Bytes that were found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    /// What kind of place.
    pub surface: Surface,
    /// The host; of a frame, the sender.
    pub node: String,
    /// Where there: a path, a container's name and a path, ...
    pub place: String,
    /// Position of the first byte.
    pub offset: u64,
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<u64> {
    if needle.is_empty() {
        return None;
    }
    haystack.windows(needle.len()).position(|window| window == needle).map(|at| at as u64)
}

impl World {
    /// Every place that holds `needle` as it is, in a fixed order; one finding per place. Frames are
    /// those that the tap still remembers (the last 32 MB).
    pub fn find_bytes(&self, needle: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for host in &self.hosts {
            let mut look = |surface: Surface, place: &str, bytes: &[u8]| {
                if let Some(offset) = position(bytes, needle) {
                    let (node, place) = (host.name.clone(), place.to_owned());
                    found.push(Found { surface, node, place, offset });
                }
            };
            search_tree(host.root.borrow().upper(), "", Surface::File, &mut look);
            for (path, bytes) in host.disk.files() {
                look(Surface::Disk, path, bytes);
            }
            let Some(up) = &host.up else { continue };
            // Docker's own are searched in its containers.
            let is_own = |at: &str| at != "/" && !at.starts_with("/var/lib/docker/");
            for mount in up.machine.host().borrow().mounts.iter().filter(|one| is_own(&one.at)) {
                let fs = mount.fs.borrow();
                if fs.kind() == FsKind::Tmpfs {
                    search_tree(fs.upper(), &mount.at, Surface::Tmpfs, &mut look);
                }
            }
            up.daemon.search(&mut |place| {
                use daemon::Place;
                match place {
                    Place::Memory(name, bytes) => look(Surface::Memory, &name, bytes),
                    Place::Image(name, tree) => search_tree(tree, &name, Surface::Image, &mut look),
                    Place::Metadata(name, text) => {
                        look(Surface::Metadata, &name, text.as_bytes());
                    }
                    Place::Log(name, bytes) => look(Surface::Log, &name, bytes),
                    Place::Mount(name, fs) => {
                        let fs = fs.borrow();
                        let surface = match fs.kind() {
                            FsKind::Tmpfs => Surface::Tmpfs,
                            FsKind::Overlay => Surface::Container,
                            // A bind mount or a volume: the host's own files, which were searched
                            // above under their own paths.
                            FsKind::Disk => return,
                        };
                        search_tree(fs.upper(), &name, surface, &mut look);
                    }
                }
            });
            up.machine.terminal(host.terminal, |terminal| {
                for block in terminal.blocks() {
                    let typed = block.typed.join("\n");
                    look(Surface::Terminal, "typed", typed.as_bytes());
                    look(Surface::Terminal, "shown", block.screen.shown().as_bytes());
                }
            });
        }
        for crate::tap::Seen { frame, .. } in self.tap.frames() {
            if let Some(offset) = position(&frame.bytes, needle) {
                let name = |id: sim::HostId| self.hosts[usize::from(id.0)].name.clone();
                let place = format!("to {}, flow {}", name(frame.to), frame.flow);
                found.push(Found {
                    surface: Surface::Frame,
                    node: name(frame.from),
                    place,
                    offset,
                });
            }
        }
        found.dedup();
        found
    }

    /// How many frames the tap remembers.
    pub fn frame_count(&self) -> usize {
        self.tap.frames().count()
    }
}

fn search_tree(
    tree: &Tree,
    prefix: &str,
    surface: Surface,
    look: &mut impl FnMut(Surface, &str, &[u8]),
) {
    for (path, inode) in tree.iter() {
        match &inode.kind {
            Kind::File(bytes) => look(surface, &format!("{prefix}{path}"), bytes),
            Kind::Symlink(target) => look(surface, &format!("{prefix}{path}"), target.as_bytes()),
            _ => {}
        }
    }
}
