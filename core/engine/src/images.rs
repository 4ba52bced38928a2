//! What an engine does with images: pull, push, tag, remove, commit.

use sorted::SortedMap;

use os::fs::{Kind, Tree};
use sim::Time;

use crate::changes::apply_changes;
use crate::container::Container;
use crate::digest::{ContainerId, Digest, ImageId};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::{Happened, words};
use crate::image::{History, Image, ImageConfig, ImageParts};
use crate::layer::{Layer, content_size};
use crate::options::Release;
use crate::reference::Reference;
use crate::registry::{Registry, check_push};
use crate::transfer::{Direction, Transfer, TransferId, Transferred, finish_pull};

/// What `docker rmi` prints, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// A name is gone.
    Untagged(String),
    /// An image or one of its layers is gone.
    Deleted(Digest),
}

impl Engine {
    /// Connects the host to, or cuts it off from, the registries.
    pub const fn set_online(&mut self, is_online: bool) {
        self.is_online = is_online;
    }

    fn check_online(&self, reference: &Reference) -> Result<(), EngineError> {
        if self.is_online && reference.is_public() {
            return Ok(());
        }
        let host = match reference.domain.as_str() {
            "docker.io" => "registry-1.docker.io",
            domain => domain,
        };
        let (quote, name) =
            if self.options.release < Release(20, 10) { ("", "") } else { ("\"", "") };
        Err(EngineError::system(format!(
            "Get {quote}https://{host}/v2/{quote}: dial tcp: lookup {host}{name}: no such host"
        )))
    }

    /// Starts to pull an image; [`Happened::Transferred`] tells the end.
    pub fn start_pull(
        &mut self,
        now: Time,
        reference: &Reference,
        registry: &Registry,
    ) -> TransferId {
        self.start_transfer(now, reference, registry, true)
    }

    /// The same; unless `keep`, the image does not become one of the host's: BuildKit keeps its
    /// bases to itself.
    pub(crate) fn start_transfer(
        &mut self,
        now: Time,
        reference: &Reference,
        registry: &Registry,
        keep: bool,
    ) -> TransferId {
        let release = self.options.release;
        let plan = self.check_online(reference).and_then(|()| registry.image(reference, release));
        let images = &self.images;
        let builds = &self.builds;
        let exists = |diff_id| images.has_layer(diff_id) || builds.has_layer(diff_id);
        let mut transfer = Transfer::plan(
            now,
            Direction::Pull,
            reference.clone(),
            plan,
            exists,
            |id| images.get(id).is_some(),
            (&self.options, &mut self.rng),
        );
        transfer.is_kept = keep;
        self.transfers.add(transfer)
    }

    /// Starts to push an image; `login` is who is logged in. When [`Happened::Transferred`] comes,
    /// call [`Engine::publish`].
    pub fn start_push(
        &mut self,
        now: Time,
        reference: &Reference,
        registry: &Registry,
        login: Option<&str>,
    ) -> TransferId {
        let name = format!("{}:{}", reference.familiar_name(), reference.tag_or_latest());
        let missing = || {
            EngineError::not_found(format!(
                "An image does not exist locally with the tag: {}",
                reference.familiar_name()
            ))
        };
        let plan = self
            .images
            .find(&name)
            .cloned()
            .map_err(|_| missing())
            .and_then(|image| self.check_online(reference).map(|()| image))
            .and_then(|image| check_push(reference, login).map(|()| image));
        let repository = reference.repository();
        let holder = |diff_id| registry.holder(diff_id, &repository);
        let mut transfer = Transfer::plan(
            now,
            Direction::Push,
            reference.clone(),
            plan,
            |diff_id| holder(diff_id).is_some(),
            |_| false,
            (&self.options, &mut self.rng),
        );
        transfer.set_holders(|diff_id| {
            let other = holder(diff_id).filter(|name| *name != repository)?;
            let path = other.split_once('/').map(|(_, path)| path.to_owned());
            Some(path.unwrap_or(other))
        });
        self.transfers.add(transfer)
    }

    /// Starts a transfer whose image, or why there is none, is known already.
    pub fn start_known(
        &mut self,
        now: Time,
        direction: Direction,
        reference: &Reference,
        plan: Result<Image, EngineError>,
    ) -> TransferId {
        let images = &self.images;
        let exists = |diff_id| direction == Direction::Pull && images.has_layer(diff_id);
        let speed = (&self.options, &mut self.rng);
        let is_known = |id| direction == Direction::Pull && images.get(id).is_some();
        let transfer =
            Transfer::plan(now, direction, reference.clone(), plan, exists, is_known, speed);
        self.transfers.add(transfer)
    }

    /// The text for an image that a registry does not have.
    pub fn no_manifest(&self, reference: &Reference) -> EngineError {
        crate::registry::no_manifest(reference, self.options.release)
    }

    /// The engine's own failure with that text.
    pub fn refusal(&self, text: String) -> EngineError {
        EngineError::system(text)
    }

    /// Puts a pushed image into the registry: call it when the push is over.
    pub fn publish(&mut self, id: TransferId, registry: &mut Registry) {
        let Some(transfer) = self.transfers.all.get(&id) else { return };
        if let (Direction::Push, Some(Ok(_)), Ok(image)) =
            (transfer.direction, &transfer.result, &transfer.plan)
            && transfer.reference.is_public()
        {
            registry.publish(&transfer.reference, image.clone());
        }
    }

    /// A transfer, under way or finished.
    pub fn transfer(&self, id: TransferId) -> Option<&Transfer> {
        self.transfers.all.get(&id)
    }

    /// Forgets a transfer: one that is under way is broken off.
    pub fn forget_transfer(&mut self, id: TransferId) {
        self.transfers.all.remove(&id);
    }

    pub(crate) fn poll_transfers(&mut self, now: Time) {
        let over: Vec<TransferId> = self
            .transfers
            .all
            .iter()
            .filter(|(_, transfer)| transfer.is_over(now))
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            let Some(transfer) = self.transfers.all.get_mut(&id) else { continue };
            let action = match transfer.direction {
                Direction::Pull => {
                    finish_pull(&mut self.images, transfer);
                    "pull"
                }
                Direction::Push => {
                    finish_push(transfer);
                    if let (Ok(image), Some(Ok(done))) = (&transfer.plan, &transfer.result) {
                        self.images.note_digest(&transfer.reference, done.digest, image.id);
                    }
                    "push"
                }
            };
            if let Some(Ok(done)) = &transfer.result {
                let reference = &done.reference;
                let (name, repository) = (reference.familiar(), reference.familiar_name());
                let attributes = words([("name", &repository)]);
                self.note(now, Happened::Image(action, name), attributes);
            }
            self.note(now, Happened::Transferred(id), SortedMap::new());
        }
    }

    /// Gives an image one more name.
    ///
    /// # Errors
    /// `No such image: x`.
    pub fn tag(
        &mut self,
        now: Time,
        image: &str,
        reference: &Reference,
    ) -> Result<(), EngineError> {
        let id = self.images.find(image)?.id;
        self.images.tag(reference, id);
        let attributes = words([("name", &reference.familiar())]);
        self.note(now, Happened::Image("tag", id.to_string()), attributes);
        Ok(())
    }

    /// Takes a name away; with the last one the image goes too.
    ///
    /// # Errors
    /// `No such image: x`; `conflict: unable to …` for an image that a container or several names
    /// need.
    pub fn remove_image(
        &mut self,
        now: Time,
        text: &str,
        force: bool,
        prunes: bool,
    ) -> Result<Vec<Removed>, EngineError> {
        let image = self.images.find(text)?.clone();
        let tags = self.images.tags_of(image.id);
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let by_id = image.id.0.hex().starts_with(digits);
        let user = self.containers.values().find(|container| container.image == image.id);
        let is_last = by_id || tags.len() <= 1;
        let child = self.images.iter().find(|other| other.parent == Some(image.id));
        if by_id && child.is_some() {
            return Err(conflict(&image.id.0.short(), "delete", "cannot be forced", || {
                "image has dependent child images".to_owned()
            }));
        }
        // A step that others follow stays, without its name.
        let is_last = is_last && child.is_none();
        if by_id && tags.len() > 1 && !force {
            return Err(conflict(&image.id.0.short(), "delete", "must be forced", || {
                "image is referenced in multiple repositories".to_owned()
            }));
        }
        if is_last && let Some(container) = user {
            let short = container.id.short();
            if container.is_running() {
                let what = if by_id { image.id.0.short() } else { text.to_owned() };
                let verb = if by_id { "delete" } else { "remove repository reference" };
                let how = if by_id { "cannot be forced" } else { "must force" };
                return Err(in_use(&what, verb, how, "running", short, image.id, by_id));
            }
            if !force {
                let what = if by_id { image.id.0.short() } else { text.to_owned() };
                let verb = if by_id { "delete" } else { "remove repository reference" };
                let how = if by_id { "must be forced" } else { "must force" };
                return Err(in_use(&what, verb, how, "stopped", short, image.id, by_id));
            }
        }
        let mut removed = Vec::new();
        let mut untag = |engine: &mut Self, name: &str| {
            let Ok(reference) = Reference::parse(name) else { return };
            engine.images.untag(&reference);
            engine.note(now, Happened::Image("untag", image.id.to_string()), SortedMap::new());
            removed.push(Removed::Untagged(reference.familiar()));
            let others = engine.images.tags_of(image.id);
            let repository = format!("{}:", reference.familiar_name());
            if !others.iter().any(|other| other.starts_with(&repository)) {
                let digests = engine.images.drop_digests(&reference, image.id);
                removed.extend(digests.into_iter().map(Removed::Untagged));
            }
        };
        if by_id {
            tags.iter().for_each(|name| untag(self, name));
        } else {
            untag(self, text);
        }
        if is_last {
            self.delete_image(now, &image, &mut removed);
            let mut parent = image.parent.filter(|_| prunes);
            while let Some(id) = parent {
                let is_needed = self.images.has_name(id)
                    || self.images.iter().any(|other| other.parent == Some(id))
                    || self.containers.values().any(|container| container.image == id);
                let Some(image) = self.images.get(id).filter(|_| !is_needed).cloned() else {
                    break;
                };
                self.delete_image(now, &image, &mut removed);
                parent = image.parent;
            }
        }
        Ok(removed)
    }

    fn delete_image(&mut self, now: Time, image: &Image, removed: &mut Vec<Removed>) {
        self.images.remove(image.id);
        removed.push(Removed::Deleted(image.id.0));
        let gone = image.layers.iter().rev().filter(|l| !self.images.has_layer(l.diff_id));
        removed.extend(gone.map(|layer| Removed::Deleted(layer.diff_id)));
        let name = image.id.to_string();
        self.note(now, Happened::Image("delete", name), SortedMap::new());
    }

    /// How an image came to be, newest first.
    ///
    /// # Errors
    /// `No such image: x`.
    pub fn history(&self, text: &str) -> Result<Vec<HistoryStep>, EngineError> {
        let image = self.images.find(text)?;
        let mut sizes = image.layers.iter().rev().map(|layer| layer.size);
        let mut at = Some(image.id);
        let mut steps = Vec::new();
        for line in image.history.iter().rev() {
            // The images of earlier moments are known as far as they are the host's.
            let known = at
                .and_then(|id| self.images.get(id))
                .filter(|known| known.history.len() + steps.len() == image.history.len());
            steps.push(HistoryStep {
                id: known.map(|known| known.id),
                created: line.created,
                created_by: line.created_by.clone(),
                size: if line.empty_layer { 0 } else { sizes.next().unwrap_or(0) },
                comment: line.comment.clone(),
                tags: known.map(|known| self.images.tags_of(known.id)).unwrap_or_default(),
            });
            if let Some(known) = known {
                at = known.parent;
            }
        }
        Ok(steps)
    }

    /// Makes an image of a container: its configuration, its image's layers, and one more layer with
    /// exactly what its writable layer holds. What lies on a mount is not in the writable layer.
    ///
    /// # Errors
    /// `No such container: x`; a change that cannot be understood.
    pub fn commit(
        &mut self,
        now: Time,
        id: &ContainerId,
        commit: &Commit,
    ) -> Result<ImageId, EngineError> {
        let version = self.options.version.clone();
        let container = self.container(id)?;
        let mut config = config_of(container);
        apply_changes(&mut config, &commit.changes)?;
        let mut upper = container.root.borrow().upper().clone();
        if sim::planted!(TmpfsCommitted) {
            for secret in &container.config.secrets {
                let bytes = secret.bytes.as_ref().map(|bytes| bytes.to_vec()).unwrap_or_default();
                upper.add_file(&format!("/run/secrets/{}", secret.target), bytes, 0o444, now);
            }
        }
        let command = container.path_and_args().join(" ");
        let parent = container.image;
        let base = self.images.get(parent).cloned();
        let mut parts = ImageParts {
            parent: Some(parent),
            config,
            created: now,
            author: commit.author.clone(),
            comment: commit.message.clone(),
            container: id.to_string(),
            docker_version: version,
            ..ImageParts::default()
        };
        if let Some(base) = base {
            (parts.layers, parts.history) = (base.layers, base.history);
        }
        let is_empty = is_unchanged(&upper);
        parts.history.push(History {
            created: now,
            created_by: command,
            comment: commit.message.clone(),
            author: commit.author.clone(),
            empty_layer: is_empty,
        });
        if !is_empty {
            let size = content_size(&upper);
            parts.layers.push(Layer::with_size(upper, size, size));
        }
        let image = self.images.add(Image::new(parts));
        if let Some(reference) = &commit.reference {
            self.images.tag(reference, image);
        }
        self.note_of(now, id, Happened::Committed(id.clone()));
        Ok(image)
    }
}

/// One line of `docker history`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryStep {
    /// The image of that moment, if it is the host's.
    pub id: Option<ImageId>,
    /// When.
    pub created: Time,
    /// What made it.
    pub created_by: String,
    /// Bytes of its layer.
    pub size: u64,
    /// A commit's message.
    pub comment: String,
    /// Names of the image of that moment.
    pub tags: Vec<String>,
}

/// How to commit a container.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// The new image's name.
    pub reference: Option<Reference>,
    /// `-a`.
    pub author: String,
    /// `-m`.
    pub message: String,
    /// Instructions of a Dockerfile, such as `CMD ["sh"]` (`-c`).
    pub changes: Vec<String>,
}

/// True if nothing but the root folder's date differs.
fn is_unchanged(upper: &Tree) -> bool {
    upper.iter().all(|(path, inode)| path == "/" && inode.kind == Kind::Directory)
}

fn config_of(container: &Container) -> ImageConfig {
    let config = &container.config;
    ImageConfig {
        entrypoint: config.entrypoint.clone().unwrap_or_default(),
        cmd: config.command.clone(),
        env: config.env.clone(),
        working_dir: config.working_dir.clone(),
        exposed_ports: config.exposed_ports.clone(),
        user: config.user.clone(),
        labels: config.labels.clone(),
        volumes: container
            .mounts
            .iter()
            .filter(|mount| mount.kind == "volume")
            .map(|mount| mount.target.clone())
            .collect(),
        stop_signal: config.stop_signal.clone(),
        health: config.health.clone(),
        shell: Vec::new(),
        on_build: Vec::new(),
    }
}

fn finish_push(transfer: &mut Transfer) {
    let result = transfer.plan.clone().map(|image| Transferred {
        reference: transfer.reference.clone(),
        image: image.id,
        digest: image.manifest_digest(),
        manifest_size: image.manifest_json().len() as u64,
        is_new: true,
    });
    transfer.result = Some(result);
}

fn conflict(what: &str, verb: &str, how: &str, why: impl Fn() -> String) -> EngineError {
    EngineError::conflict(format!("conflict: unable to {verb} {what} ({how}) - {}", why()))
}

/// moby: daemon/images/image_delete.go.
fn in_use(
    what: &str,
    verb: &str,
    how: &str,
    state: &str,
    container: &str,
    image: ImageId,
    by_id: bool,
) -> EngineError {
    conflict(what, verb, how, || {
        if by_id {
            format!("image is being used by {state} container {container}")
        } else {
            format!("container {container} is using its referenced image {}", image.0.short())
        }
    })
}
