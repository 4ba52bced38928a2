//! Files: trees of inodes, filesystems made of layers, and what is mounted where.

mod filesystem;
pub mod glob;
mod mounts;
mod tree;

pub use filesystem::{FileSystem, FsKind, SharedFs};
pub use mounts::{Located, Mount, Mounts, User, normalize};
pub use tree::{Attributes, Inode, Kind, Tree};
