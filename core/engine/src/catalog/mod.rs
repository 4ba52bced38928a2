//! The images that everybody can pull: a small, fixed part of a public registry.
//!
//! Files are real as far as a workshop looks: accounts, release files, executables, configuration,
//! entrypoints. Sizes are those of the real images; the programs in them are only named here (see
//! [`os::program::image`]), so a layer says how large it would be.

mod apps;
mod base;
mod servers;

use os::fs::{Inode, Tree};
use sim::Time;

use crate::image::{History, Image, ImageConfig, ImageParts};
use crate::layer::Layer;
use crate::reference::Reference;
use crate::registry::Registry;

pub(crate) use base::Base;

/// Executables to put into images: (path, name of the program).
pub type Commands<'a> = &'a [(&'a str, &'a str)];

/// When the catalogue's images were made: before any workshop takes place.
pub(crate) const CREATED: Time = Time::from_date(2016, 11, 8);

/// The simulated public registry's content.
#[derive(Clone, Debug)]
pub struct Catalog {
    registry: Registry,
}

impl Catalog {
    /// All images, with a shell's utilities: `gnu` for those made of Debian and Ubuntu, `busybox` for
    /// those made of busybox and Alpine.
    pub fn standard(gnu: Commands<'_>, busybox: Commands<'_>) -> Self {
        let mut catalog = Self { registry: Registry::default() };
        let bases = base::Bases::new(gnu, busybox);
        bases.publish(&mut catalog);
        apps::publish(&bases, &mut catalog);
        servers::publish(&bases, &mut catalog);
        catalog
    }

    /// The registry that holds them; hosts push into it.
    pub fn into_registry(self) -> Registry {
        self.registry
    }

    fn add(&mut self, repository: &str, tags: &[&str], image: &Image) {
        for tag in tags {
            let name = format!("{repository}:{tag}");
            let reference = Reference::parse(&name).expect("the catalogue's names are well formed");
            self.registry.publish(&reference, image.clone());
        }
    }
}

/// An image while it is put together.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    parts: ImageParts,
}

/// Bytes of a layer, unpacked and compressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size(pub(crate) u64, pub(crate) u64);

impl Recipe {
    pub(crate) fn scratch() -> Self {
        let parts = ImageParts {
            created: CREATED,
            docker_version: "1.12.3".to_owned(),
            ..ImageParts::default()
        };
        Self { parts }
    }

    /// Adds a layer.
    pub(crate) fn layer(mut self, by: &str, tree: Tree, size: Size) -> Self {
        self.parts.layers.push(Layer::with_size(tree, size.0, size.1));
        self.history(by, false)
    }

    /// Changes the configuration.
    pub(crate) fn config(mut self, by: &str, change: impl FnOnce(&mut ImageConfig)) -> Self {
        change(&mut self.parts.config);
        self.history(by, true)
    }

    fn history(mut self, by: &str, empty_layer: bool) -> Self {
        let created_by = if empty_layer {
            format!("/bin/sh -c #(nop)  {by}")
        } else {
            format!("/bin/sh -c {by}")
        };
        self.parts.history.push(History {
            created: CREATED,
            created_by,
            comment: String::new(),
            author: String::new(),
            empty_layer,
        });
        self
    }

    pub(crate) fn build(&self) -> Image {
        Image::new(self.parts.clone())
    }
}

/// A tree that grows by lines; all of it dates from [`CREATED`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(Tree);

impl Files {
    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.0.add_file(path, text, 0o644, CREATED);
        self
    }
    pub(crate) fn script(mut self, path: &str, text: &str) -> Self {
        self.0.add_file(path, text, 0o755, CREATED);
        self
    }
    pub(crate) fn programs(mut self, commands: Commands<'_>) -> Self {
        for (path, name) in commands {
            self.0.add_file(path, os::program::image(name), 0o755, CREATED);
        }
        self
    }
    pub(crate) fn folder(mut self, path: &str, mode: u32) -> Self {
        self.0.add_directory(path, mode, CREATED);
        self
    }
    pub(crate) fn link(mut self, path: &str, target: &str) -> Self {
        self.0.add_symlink(path, target, CREATED);
        self
    }
    pub(crate) fn owned(mut self, path: &str, uid: u32, gid: u32) -> Self {
        if let Some(Inode { attributes, .. }) = self.0.get_mut(path) {
            (attributes.uid, attributes.gid) = (uid, gid);
        }
        self
    }
    pub(crate) fn tree(self) -> Tree {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GNU: Commands<'_> = &[("/bin/bash", "bash"), ("/bin/cat", "cat")];
    const BUSYBOX: Commands<'_> = &[("/bin/sh", "sh"), ("/bin/cat", "busybox-cat")];

    #[test]
    fn the_same_catalogue_has_the_same_digests() {
        let names = || -> Vec<String> {
            let registry = Catalog::standard(GNU, BUSYBOX).into_registry();
            registry.iter().map(|(name, image)| format!("{name} {}", image.id)).collect()
        };
        assert_eq!(names(), names());
        assert!(names().len() > 20);
    }

    #[test]
    fn every_image_has_accounts_and_a_root_folder() {
        let registry = Catalog::standard(GNU, BUSYBOX).into_registry();
        for (name, image) in registry.iter() {
            let fs = os::fs::FileSystem::overlay(image.trees());
            assert!(fs.get("/").is_some(), "{name}");
            let has_accounts = fs.get("/etc/passwd").is_some();
            let is_bare = ["hello-world", "whoami"].iter().any(|bare| name.contains(bare));
            assert!(has_accounts || is_bare, "{name}");
            assert_eq!(image.id, image.clone().id);
        }
        let redis = Reference::parse("redis:alpine").unwrap();
        let image = registry.image(&redis, crate::Release(17, 3)).unwrap();
        assert_eq!(image.config.entrypoint, ["docker-entrypoint.sh"]);
        assert_eq!(
            (image.config.cmd.as_slice(), image.config.working_dir.as_str()),
            (&["redis-server".to_owned()][..], "/data")
        );
        assert!(image.config.exposed_ports.contains("6379/tcp"));
    }
}
