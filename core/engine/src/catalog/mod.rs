//! The images that everybody can pull: a small, fixed part of a public registry.
//!
//! Files are real as far as a workshop looks: accounts, release files, executables, configuration,
//! entrypoints. Sizes are those of the real images; the programs in them are only named here (see
//! [`os::program::image`]), so a layer says how large it would be.

mod base;
mod family;
mod own;
mod table;
mod tags;

use os::fs::{Inode, Tree};
use sim::Time;

use crate::image::{History, Image, ImageConfig, ImageParts};
use crate::layer::Layer;
use crate::reference::Reference;
use crate::registry::Registry;

use base::Bases;

/// Executables to put into images: (path, name of the program).
pub type Commands<'a> = &'a [(&'a str, &'a str)];

/// When the catalogue's images were made: before any workshop takes place.
pub(crate) const CREATED: Time = Time::from_date(2016, 11, 8);

/// The simulated public registry's content: images are made when somebody asks for them. What is made
/// follows from the name and the tag alone.
#[derive(Debug)]
pub struct Catalog {
    bases: Bases,
}

impl Catalog {
    /// All images, with a shell's utilities: `gnu` for those made of Debian and Ubuntu, `busybox` for
    /// those made of busybox and Alpine.
    pub fn standard(
        gnu: &[(&'static str, &'static str)],
        busybox: &[(&'static str, &'static str)],
    ) -> Self {
        Self { bases: Bases::new(gnu, busybox) }
    }

    /// The registry that holds them; hosts push into it.
    pub fn into_registry(self) -> Registry {
        let mut registry = Registry::default();
        for name in base::BASES.split(' ') {
            let image = self.image(name, "latest").expect("every base has a latest release");
            let reference = Reference::parse(name).expect("the catalogue's names are well formed");
            registry.keep_made(&reference, image);
        }
        registry.set_catalog(self);
        registry
    }

    /// The repositories, under the names that people type.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let families = table::FAMILIES.iter().flat_map(|rows| rows.iter());
        base::BASES.split(' ').chain(families.flat_map(|family| family.names.split(' ')))
    }

    /// The image of that repository and tag.
    pub(crate) fn image(&self, name: &str, tag: &str) -> Option<Image> {
        let called = table::ALIASES.iter().fold(name.to_owned(), |name, (alias, own)| {
            name.strip_prefix(alias).map(|rest| format!("{own}{rest}")).unwrap_or(name)
        });
        let name = called.as_str();
        if let Some(base) = self.bases.make(name, tag) {
            return Some(base.recipe.build());
        }
        let mut families = table::FAMILIES.iter().flat_map(|rows| rows.iter());
        let family = families.find(|family| family.names.split(' ').any(|own| own == name))?;
        let found = tags::find(family.versions, tag)?;
        let flavour = family.flavour(&found.flavour)?;
        Some(family.recipe(&self.bases, &found.version, flavour).build())
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
    fn the_same_name_is_the_same_image() {
        let ids = || -> Vec<String> {
            let catalog = Catalog::standard(GNU, BUSYBOX);
            let image = |name| catalog.image(name, "latest").map(|image| format!("{}", image.id));
            Catalog::names().map(|name| image(name).unwrap_or_else(|| panic!("{name}"))).collect()
        };
        assert_eq!(ids(), ids());
    }

    #[test]
    fn tags_of_one_version_are_one_image_and_others_are_not() {
        let catalog = Catalog::standard(GNU, BUSYBOX);
        let id = |name: &str, tag: &str| catalog.image(name, tag).map(|image| image.id);
        assert!(id("redis", "6").is_some());
        assert_eq!(id("redis", "6"), id("redis", "latest"));
        assert_ne!(id("redis", "6"), id("redis", "6-alpine"));
        assert_eq!(id("redis", "6.2-alpine3.17"), id("redis", "alpine"));
        assert_ne!(id("redis", "3.0.6"), id("redis", "3.0.7"));
        for (name, tag) in [
            ("elasticsearch", "7.17.9"),
            ("node", "12.4-alpine"),
            ("postgres", "9.6-alpine"),
            ("python", "3.9-slim-buster"),
            ("openjdk", "8-jdk-alpine"),
            ("jenkins/jenkins", "2.346.1-lts-jdk11"),
            ("dockersamples/examplevotingapp_vote", "before"),
            ("grafana/grafana", "9.1.0"),
        ] {
            assert!(id(name, tag).is_some(), "{name}:{tag}");
        }
        assert_eq!(id("redis", "nosuch"), None);
        // Workshops roll it out because it is not there.
        assert!(id("dockercoins/worker", "v0.2").is_some());
        assert_eq!(id("dockercoins/worker", "v0.3"), None);
        assert_eq!(id("nosuch", "latest"), None);
        assert_eq!(id("ubuntu", "20.04"), id("ubuntu", "focal"));
    }

    #[test]
    fn every_image_has_accounts_and_a_root_folder() {
        let catalog = Catalog::standard(GNU, BUSYBOX);
        for family in table::FAMILIES.iter().flat_map(|rows| rows.iter()) {
            for flavour in family.flavours {
                let image = family.recipe(&catalog.bases, "1.2.3", flavour).build();
                let fs = os::fs::FileSystem::overlay(image.trees());
                assert!(fs.get("/").is_some(), "{}", family.names);
                let is_bare = flavour.1 == family::On::Nothing;
                assert!(fs.get("/etc/passwd").is_some() || is_bare, "{}", family.names);
            }
        }
        let image = catalog.image("redis", "alpine").unwrap();
        assert_eq!(image.config.entrypoint, ["docker-entrypoint.sh"]);
        assert_eq!(
            (image.config.cmd.as_slice(), image.config.working_dir.as_str()),
            (&["redis-server".to_owned()][..], "/data")
        );
        assert!(image.config.exposed_ports.contains("6379/tcp"));
    }
}
