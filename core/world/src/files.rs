//! Looking at the files of a host.

use os::fs::Kind;

use crate::error::Error;
use crate::world::World;

impl World {
    /// The bytes of a regular file of a host, by its absolute path; nothing if there is none.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn file(&self, node: &str, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let root = self.hosts[self.index(node)?].root.borrow();
        Ok(match root.get(path).map(|inode| &inode.kind) {
            Some(Kind::File(bytes)) => Some(bytes.to_vec()),
            _ => None,
        })
    }

    /// The size in bytes of a regular file of a host, by its absolute path; nothing if there is none.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn file_size(&self, node: &str, path: &str) -> Result<Option<u64>, Error> {
        let root = self.hosts[self.index(node)?].root.borrow();
        Ok(match root.get(path).map(|inode| &inode.kind) {
            Some(Kind::File(bytes)) => Some(bytes.len() as u64),
            _ => None,
        })
    }
}
