//! Whole trees of files, as `docker cp` and `kubectl cp` carry them.

use super::Proc;
use crate::Errno;
use crate::fs::{Attributes, Inode, Kind, Tree};

impl Proc {
    /// What is at a path and below it, with that path as the root; all of it becomes root's. Links stay links.
    ///
    /// # Errors
    /// As [`Proc::lstat`], [`Proc::read_file`] and [`Proc::list`].
    pub fn read_tree(&self, path: &str) -> Result<Tree, Errno> {
        let mut tree = Tree::default();
        self.add_to_tree(path, "/", &mut tree)?;
        Ok(tree)
    }

    fn add_to_tree(&self, from: &str, to: &str, tree: &mut Tree) -> Result<(), Errno> {
        let mut inode = self.lstat(from)?;
        let Attributes { mode, modified, .. } = inode.attributes;
        inode.attributes = Attributes { mode, uid: 0, gid: 0, modified };
        let is_folder = inode.is_directory();
        if let Kind::File(bytes) = &mut inode.kind {
            *bytes = self.read_file(from)?;
        }
        tree.insert(to, inode);
        if is_folder {
            for (name, _) in self.list(from)? {
                let to = format!("{}/{name}", to.trim_end_matches('/'));
                self.add_to_tree(&format!("{from}/{name}"), &to, tree)?;
            }
        }
        Ok(())
    }

    /// Makes a tree's files, its root at this path.
    ///
    /// # Errors
    /// The path that could not be made, and why.
    pub fn write_tree(&self, tree: &Tree, path: &str) -> Result<(), (String, Errno)> {
        for (inner, inode) in tree.iter() {
            let to = if inner == "/" { path.to_owned() } else { format!("{path}{inner}") };
            self.write_inode(inode, &to).map_err(|errno| (to, errno))?;
        }
        Ok(())
    }

    fn write_inode(&self, inode: &Inode, to: &str) -> Result<(), Errno> {
        match &inode.kind {
            Kind::Directory if self.exists(to) => Ok(()),
            Kind::Directory => self.make_directory(to, inode.attributes.mode),
            Kind::Symlink(link) => self.make_symlink(link, to),
            Kind::File(bytes) => {
                self.write_file(to, bytes)?;
                self.change_attributes(to, Some(inode.attributes.mode), None, None)
            }
            _ => Ok(()),
        }
    }
}
