//! Images: a configuration and layers; and the images that a host has.

use sorted::{SortedMap, SortedSet};

use os::fs::Tree;
use serde_json::{Map, Value, json};
use sim::Time;

use crate::container::HealthCheck;
use crate::digest::{Digest, ImageId};
use crate::error::EngineError;
use crate::layer::Layer;
use crate::reference::Reference;

/// What an image says about the containers made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// In front of every command.
    pub entrypoint: Vec<String>,
    /// The command, unless another one is given.
    pub cmd: Vec<String>,
    /// `KEY=value`.
    pub env: Vec<String>,
    /// Working folder; empty for `/`.
    pub working_dir: String,
    /// `6379/tcp`.
    pub exposed_ports: SortedSet<String>,
    /// User, as name or number, with an optional group.
    pub user: String,
    /// Labels.
    pub labels: SortedMap<String, String>,
    /// Folders that every container gets a volume for.
    pub volumes: SortedSet<String>,
    /// Signal that stops it; empty for SIGTERM.
    pub stop_signal: String,
    /// How to find out whether it is well.
    pub health: Option<HealthCheck>,
    /// What runs lines of a Dockerfile; empty for `/bin/sh -c`.
    pub shell: Vec<String>,
    /// Instructions for a build that starts from the image.
    pub on_build: Vec<String>,
}

impl ImageConfig {
    /// What runs a line of a Dockerfile.
    pub fn shell_or_default(&self) -> Vec<String> {
        if self.shell.is_empty() {
            ["/bin/sh", "-c"].map(str::to_owned).to_vec()
        } else {
            self.shell.clone()
        }
    }
}

/// One line of `docker history`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// When.
    pub created: Time,
    /// What made it.
    pub created_by: String,
    /// A commit's message.
    pub comment: String,
    /// Who.
    pub author: String,
    /// It changed the configuration alone and has no layer.
    pub empty_layer: bool,
}

/// An image. Its identity follows from its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Digest of [`Image::config_json`].
    pub id: ImageId,
    /// The image it was made of on this host.
    pub parent: Option<ImageId>,
    /// What it says about containers.
    pub config: ImageConfig,
    /// When it was made.
    pub created: Time,
    /// Who made it.
    pub author: String,
    /// A commit's message.
    pub comment: String,
    /// The container it was committed from, all 64 digits; empty for none.
    pub container: String,
    /// The Docker version that made it.
    pub docker_version: String,
    /// How it came to be, oldest first.
    pub history: Vec<History>,
    /// Its files, lowest layer first.
    pub layers: Vec<Layer>,
}

/// Everything about an image but its identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageParts {
    /// See [`Image::parent`].
    pub parent: Option<ImageId>,
    /// See [`Image::config`].
    pub config: ImageConfig,
    /// See [`Image::created`].
    pub created: Time,
    /// See [`Image::author`].
    pub author: String,
    /// See [`Image::comment`].
    pub comment: String,
    /// See [`Image::container`].
    pub container: String,
    /// See [`Image::docker_version`].
    pub docker_version: String,
    /// See [`Image::history`].
    pub history: Vec<History>,
    /// See [`Image::layers`].
    pub layers: Vec<Layer>,
}

impl Image {
    /// The image with this content.
    pub fn new(parts: ImageParts) -> Self {
        let mut image = Self {
            id: ImageId(Digest::of(b"")),
            parent: parts.parent,
            config: parts.config,
            created: parts.created,
            author: parts.author,
            comment: parts.comment,
            container: parts.container,
            docker_version: parts.docker_version,
            history: parts.history,
            layers: parts.layers,
        };
        image.id = ImageId(Digest::of(&image.config_json()));
        image
    }

    /// Bytes of all layers, unpacked: the SIZE column.
    pub fn size(&self) -> u64 {
        self.layers.iter().map(|layer| layer.size).sum()
    }

    /// The configuration object as a registry stores it.
    pub fn config_json(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self.layers.iter().map(|l| l.diff_id.to_string()).collect();
        let history: Vec<Value> = self.history.iter().map(history_json).collect();
        let mut object = json!({
            "architecture": "amd64",
            "config": config_json(&self.config),
            "created": self.created.rfc3339(),
            "docker_version": self.docker_version,
            "history": history,
            "os": "linux",
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        if !self.author.is_empty() {
            object["author"] = json!(self.author);
        }
        if !self.comment.is_empty() {
            object["comment"] = json!(self.comment);
        }
        if !self.container.is_empty() {
            object["container"] = json!(self.container);
        }
        object.to_string().into_bytes()
    }

    /// The manifest as a registry stores it.
    pub fn manifest_json(&self) -> Vec<u8> {
        let layers: Vec<Value> = self
            .layers
            .iter()
            .map(|layer| {
                json!({
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "size": layer.compressed_size,
                    "digest": layer.blob.to_string(),
                })
            })
            .collect();
        json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": self.config_json().len() as u64,
                "digest": self.id.to_string(),
            },
            "layers": layers,
        })
        .to_string()
        .into_bytes()
    }

    /// The digest that pins the image in a registry.
    pub fn manifest_digest(&self) -> Digest {
        Digest::of(&self.manifest_json())
    }

    /// The layers' trees, topmost first, as a container's filesystem takes them.
    pub fn trees(&self) -> Vec<std::rc::Rc<Tree>> {
        self.layers.iter().rev().map(|layer| layer.tree.clone()).collect()
    }
}

fn set_json(set: &SortedSet<String>) -> Value {
    Value::Object(set.iter().map(|key| (key.clone(), Value::Object(Map::new()))).collect())
}

fn config_json(config: &ImageConfig) -> Value {
    let mut object = json!({
        "User": config.user,
        "ExposedPorts": set_json(&config.exposed_ports),
        "Env": config.env,
        "Cmd": config.cmd,
        "Volumes": set_json(&config.volumes),
        "WorkingDir": config.working_dir,
        "Entrypoint": config.entrypoint,
        "Labels": config.labels,
        "StopSignal": config.stop_signal,
    });
    if let Some(health) = &config.health {
        object["Healthcheck"] = json!({
            "Test": health.test,
            "Interval": health.interval.as_nanos(),
            "Timeout": health.timeout.as_nanos(),
            "StartPeriod": health.start_period.as_nanos(),
            "Retries": health.retries,
        });
    }
    if !config.shell.is_empty() {
        object["Shell"] = json!(config.shell);
    }
    if !config.on_build.is_empty() {
        object["OnBuild"] = json!(config.on_build);
    }
    object
}

fn history_json(history: &History) -> Value {
    json!({
        "created": history.created.rfc3339(),
        "created_by": history.created_by,
        "author": history.author,
        "comment": history.comment,
        "empty_layer": history.empty_layer,
    })
}

/// The images of one host and the names they have there.
#[derive(Clone, Debug, Default)]
pub struct ImageStore {
    images: SortedMap<ImageId, Image>,
    /// Complete name with tag, for instance `docker.io/library/redis:alpine`.
    tags: SortedMap<String, ImageId>,
    /// Complete name with digest: where it was pulled from or pushed to.
    digests: SortedMap<String, ImageId>,
}

impl ImageStore {
    /// All images in order of their identity.
    pub fn iter(&self) -> impl Iterator<Item = &Image> {
        self.images.values()
    }

    /// The image with this identity.
    pub fn get(&self, id: ImageId) -> Option<&Image> {
        self.images.get(&id)
    }

    /// Adds an image; nothing happens if it is there.
    pub fn add(&mut self, image: Image) -> ImageId {
        let id = image.id;
        self.images.entry(id).or_insert(image);
        id
    }

    /// Gives an image a name; the image that had it loses it.
    pub fn tag(&mut self, reference: &Reference, id: ImageId) {
        let name = format!("{}:{}", reference.repository(), reference.tag_or_latest());
        self.tags.insert(name, id);
    }

    /// Notes the digest that a registry knows an image by.
    pub fn note_digest(&mut self, reference: &Reference, digest: Digest, id: ImageId) {
        self.digests.insert(format!("{}@{digest}", reference.repository()), id);
    }

    /// The familiar names with tag of an image: RepoTags.
    pub fn tags_of(&self, id: ImageId) -> Vec<String> {
        names_of(&self.tags, id)
    }

    /// The familiar names with digest of an image: RepoDigests.
    pub fn digests_of(&self, id: ImageId) -> Vec<String> {
        names_of(&self.digests, id)
    }

    /// True if an image has a name, with a tag or with a digest.
    pub fn has_name(&self, id: ImageId) -> bool {
        self.tags.values().chain(self.digests.values()).any(|other| *other == id)
    }

    /// The image that a person means: a name, a name with digest, or (the start of) an identity.
    ///
    /// # Errors
    /// `No such image: x`.
    pub fn find(&self, text: &str) -> Result<&Image, EngineError> {
        let missing = || {
            let name = match Reference::parse(text) {
                Ok(reference) => reference.familiar(),
                Err(_) => text.to_owned(),
            };
            EngineError::not_found(format!("No such image: {name}"))
        };
        let named = Reference::parse(text).ok().and_then(|reference| {
            let pinned = reference.digest.and_then(|digest| {
                self.digests.get(&format!("{}@{digest}", reference.repository()))
            });
            let tagged = || {
                self.tags.get(&format!("{}:{}", reference.repository(), reference.tag_or_latest()))
            };
            if reference.digest.is_some() { pinned } else { tagged() }
        });
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let id = named.copied().or_else(|| {
            let is_prefix = !digits.is_empty()
                && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let mut found =
                self.images.keys().filter(|id| is_prefix && id.0.hex().starts_with(digits));
            found.next().filter(|_| found.next().is_none()).copied()
        });
        id.and_then(|id| self.images.get(&id)).ok_or_else(missing)
    }

    /// Takes a name away; true if it was there.
    pub(crate) fn untag(&mut self, reference: &Reference) -> Option<ImageId> {
        match reference.digest {
            Some(digest) => self.digests.remove(&format!("{}@{digest}", reference.repository())),
            None => {
                let name = format!("{}:{}", reference.repository(), reference.tag_or_latest());
                self.tags.remove(&name)
            }
        }
    }

    /// Takes an image away with all its names.
    pub(crate) fn remove(&mut self, id: ImageId) -> Option<Image> {
        self.tags.retain(|_, other| *other != id);
        self.digests.retain(|_, other| *other != id);
        self.images.remove(&id)
    }

    /// Digests of a repository that point at an image are dropped with the repository's last tag.
    pub(crate) fn drop_digests(&mut self, reference: &Reference, id: ImageId) -> Vec<String> {
        let prefix = format!("{}@", reference.repository());
        let gone: Vec<String> = self
            .digests
            .iter()
            .filter(|(name, other)| **other == id && name.starts_with(&prefix))
            .map(|(name, _)| name.clone())
            .collect();
        self.digests.retain(|name, _| !gone.contains(name));
        gone.iter().map(|name| familiar(name)).collect()
    }

    /// True if some image of this host has the layer.
    pub fn has_layer(&self, diff_id: Digest) -> bool {
        self.images.values().any(|image| image.layers.iter().any(|l| l.diff_id == diff_id))
    }
}

fn names_of(table: &SortedMap<String, ImageId>, id: ImageId) -> Vec<String> {
    let names = table.iter().filter(|(_, other)| **other == id);
    names.map(|(name, _)| familiar(name)).collect()
}

fn familiar(complete: &str) -> String {
    Reference::parse(complete).map_or_else(|_| complete.to_owned(), |name| name.familiar())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> Image {
        let mut tree = Tree::default();
        tree.add_file("/file", text, 0o644, Time::EPOCH);
        Image::new(ImageParts { layers: vec![Layer::new(tree)], ..ImageParts::default() })
    }

    #[test]
    fn an_image_is_what_is_in_it() {
        assert_eq!(image("a").id, image("a").id);
        assert_ne!(image("a").id, image("b").id);
        assert_ne!(image("a").manifest_digest(), image("b").manifest_digest());
        let mut other = image("a");
        other.config.env.push("A=1".into());
        assert_ne!(Digest::of(&other.config_json()), image("a").id.0);
    }

    #[test]
    fn images_are_found_by_every_name_they_have() {
        let mut store = ImageStore::default();
        let id = store.add(image("a"));
        let name = Reference::parse("jdoe/app:1.0").unwrap();
        store.tag(&name, id);
        let digest = image("a").manifest_digest();
        store.note_digest(&name, digest, id);
        let pinned = format!("jdoe/app:1.0@{digest}");
        for text in ["jdoe/app:1.0", &pinned, &id.to_string(), &id.0.short()] {
            assert_eq!(store.find(text).unwrap().id, id, "{text}");
        }
        let error = store.find("jdoe/app").unwrap_err();
        assert_eq!(error.message, "No such image: jdoe/app:latest");
        assert_eq!(store.tags_of(id), ["jdoe/app:1.0"]);
        store.tag(&name, store.get(id).unwrap().id);
        assert_eq!(store.untag(&name), Some(id));
        assert!(store.tags_of(id).is_empty());
    }
}
