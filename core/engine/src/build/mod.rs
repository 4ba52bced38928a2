//! Building images from Dockerfiles: the classic builder (moby: `builder/dockerfile`) and BuildKit
//! (`frontend/dockerfile/dockerfile2llb`) as far as a person sees them.
//!
//! A [`Build`] is a list of work that is done one piece after the other; a `RUN` is a container of the
//! image so far, whose end is waited for, and whose writable layer becomes the next layer. What differs
//! between the two builders: the classic one does every stage, keeps each step as an image and shows its
//! containers; BuildKit does the stages that are needed, keeps steps in a cache of its own, has mounts for
//! single steps, and tells vertices instead of lines. BuildKit's stages run one after the other here.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `dockerfile`, [`words`] | text to stages and instructions; quotes and variables |
//! | `plan` | which work there is |
//! | `machine` | what is done next, what is waited for |
//! | `step`, `finish` | one instruction; what it comes to |
//! | `copying`, `mounts` | `COPY` and `ADD`; `RUN --mount` |
//! | `told` | what a person is told meanwhile |

mod bases;
mod copying;
mod dockerfile;
mod finish;
mod machine;
mod mounts;
mod plan;
mod step;
mod told;
pub(crate) mod words;

use sorted::SortedMap;

use os::Machine;
use os::fs::{SharedFs, Tree};
use sim::Time;

pub use machine::Build;
pub use told::{Failure, Message, Vertex};

use crate::container::SecretFile;
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, ImageId};
use crate::engine::Engine;
use crate::image::Image;
use crate::reference::Reference;
use crate::registry::Registry;
use crate::transfer::TransferId;

/// The number of a build on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildId(pub u64);

/// What is to be built.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BuildRequest {
    /// The Dockerfile's text.
    pub dockerfile: String,
    /// Its name, for messages.
    pub dockerfile_name: String,
    /// The files that were sent along, below `/`.
    pub context: Tree,
    /// Names for the image.
    pub tags: Vec<Reference>,
    /// The stage to build; empty for the last one.
    pub target: String,
    /// `--build-arg`.
    pub args: SortedMap<String, String>,
    /// `--label`.
    pub labels: SortedMap<String, String>,
    /// `--secret`, by identity: nothing of them is in a layer or a cache.
    pub secrets: Vec<SecretFile>,
    /// Do every step again.
    pub no_cache: bool,
    /// Ask the registry for bases that are here.
    pub pull: bool,
    /// Keep containers of the classic builder's steps (`--rm=false`).
    pub keep_containers: bool,
    /// Remove the container of a step that failed too (`--force-rm`).
    pub force_remove: bool,
    /// As BuildKit does it.
    pub buildkit: bool,
}

/// What all builds of a host share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builds {
    next: u64,
    all: SortedMap<BuildId, Build>,
    /// What a step made of what: by the image before it and the step's text and input.
    cache: SortedMap<String, Image>,
    /// Bases that BuildKit pulled: they are in no list of images.
    bases: SortedMap<ImageId, Image>,
    /// `RUN --mount=type=cache`, by identity.
    folders: SortedMap<String, SharedFs>,
}

impl Builds {
    /// True if a base that BuildKit keeps has the layer.
    pub(crate) fn has_layer(&self, diff_id: Digest) -> bool {
        self.bases.values().any(|image| image.layers.iter().any(|l| l.diff_id == diff_id))
    }

    /// When a build has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.all.values().filter_map(Build::next_deadline).min()
    }

    /// Bytes in layers that only the cache holds, and the number of its entries.
    pub(crate) fn cache_size(&self, is_used: impl Fn(Digest) -> bool) -> (u64, u64) {
        let all = self.cache.values().chain(self.bases.values());
        let mut layers = SortedMap::new();
        for layer in all.flat_map(|image| &image.layers) {
            if !is_used(layer.diff_id) {
                layers.insert(layer.diff_id, layer.size);
            }
        }
        (layers.values().sum(), layers.len() as u64)
    }
}

impl Engine {
    /// Begins a build; [`Engine::run_builds`] drives it.
    ///
    /// # Errors
    /// A Dockerfile that cannot be understood.
    pub fn start_build(&mut self, now: Time, request: BuildRequest) -> Result<BuildId, Failure> {
        let build = Build::new(now, request, self.options.release)?;
        self.builds.next += 1;
        let id = BuildId(self.builds.next);
        self.builds.all.insert(id, build);
        Ok(id)
    }

    /// A build, under way or finished.
    pub fn build(&self, id: BuildId) -> Option<&Build> {
        self.builds.all.get(&id)
    }

    /// What there is to tell of a build since the last call.
    pub fn take_build_messages(&mut self, id: BuildId) -> Vec<Message> {
        self.builds.all.get_mut(&id).map(Build::take_messages).unwrap_or_default()
    }

    /// Forgets a build; one that is under way is broken off.
    pub fn forget_build(&mut self, now: Time, machine: &mut Machine, id: BuildId) {
        if let Some(build) = self.builds.all.remove(&id)
            && let Some(container) = build.container()
        {
            let _ = self.remove(now, machine, &container.clone(), true, true);
        }
    }

    /// Drives all builds as far as they go at this moment.
    pub fn run_builds(&mut self, now: Time, machine: &mut Machine, registry: &Registry) {
        let ids: Vec<BuildId> = self.builds.all.keys().copied().collect();
        for id in ids {
            if let Some(mut build) = self.builds.all.remove(&id) {
                build.run(self, now, machine, registry);
                self.builds.all.insert(id, build);
            }
        }
    }

    /// The builds that nobody has forgotten yet.
    pub fn build_ids(&self) -> impl Iterator<Item = BuildId> {
        self.builds.all.keys().copied()
    }

    /// The secrets that builds under way hold in memory.
    pub fn build_secrets(&self) -> impl Iterator<Item = &SecretFile> {
        self.builds.all.values().flat_map(Build::secrets)
    }

    /// Layers that only the builders' caches hold: they are on the host's disk too.
    pub fn cached_layers(&self) -> impl Iterator<Item = &crate::layer::Layer> {
        let builds = &self.builds;
        builds.cache.values().chain(builds.bases.values()).flat_map(|image| &image.layers)
    }

    /// The folders of `RUN --mount=type=cache`.
    pub fn cache_folders(&self) -> impl Iterator<Item = (&str, &SharedFs)> {
        self.builds.folders.iter().map(|(name, fs)| (name.as_str(), fs))
    }

    /// Empties the builders' caches; how many bytes that frees.
    pub fn prune_builds(&mut self) -> u64 {
        let images = &self.images;
        let (size, _) = self.builds.cache_size(|layer| images.has_layer(layer));
        self.builds.cache.clear();
        self.builds.bases.clear();
        self.builds.folders.clear();
        size
    }

    /// Bytes and entries of the builders' caches that no image shares.
    pub fn build_cache_size(&self) -> (u64, u64) {
        self.builds.cache_size(|layer| self.images.has_layer(layer))
    }

    /// The transfer that a build waits for, with what it pulls.
    pub fn build_transfer(&self, id: BuildId) -> Option<TransferId> {
        self.builds.all.get(&id).and_then(Build::pulling)
    }
}
