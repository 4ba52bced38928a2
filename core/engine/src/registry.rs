//! Registries: what can be pulled. One value for the whole world; hosts push into it.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::error::{EngineError, ErrorKind};
use crate::image::Image;
use crate::options::Release;
use crate::reference::Reference;

#[derive(Clone, Debug, Default)]
struct Repository {
    tags: BTreeMap<String, Digest>,
    manifests: BTreeMap<Digest, Image>,
}

/// Repositories by complete name, `docker.io/library/redis`.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    repositories: BTreeMap<String, Repository>,
    /// Accounts at the public registry, with the digest of the password.
    accounts: BTreeMap<String, Digest>,
}

impl Registry {
    /// Puts an image there under a tag.
    pub fn publish(&mut self, reference: &Reference, image: Image) -> Digest {
        let digest = image.manifest_digest();
        let repository = self.repositories.entry(reference.repository()).or_default();
        repository.tags.insert(reference.tag_or_latest().to_owned(), digest);
        repository.manifests.insert(digest, image);
        digest
    }

    /// The digest that a name has at present: `service create` pins it.
    pub fn resolve(&self, reference: &Reference) -> Option<Digest> {
        let repository = self.repositories.get(&reference.repository())?;
        match reference.digest {
            Some(digest) => repository.manifests.contains_key(&digest).then_some(digest),
            None => repository.tags.get(reference.tag_or_latest()).copied(),
        }
    }

    /// The image behind a name.
    ///
    /// # Errors
    /// The texts of a missing repository and of a missing tag, by release.
    pub fn image(&self, reference: &Reference, release: Release) -> Result<&Image, EngineError> {
        let Some(repository) = self.repositories.get(&reference.repository()) else {
            return Err(no_repository(reference, release));
        };
        let digest = self.resolve(reference);
        digest
            .and_then(|digest| repository.manifests.get(&digest))
            .ok_or_else(|| no_manifest(reference, release))
    }

    /// True if the password is the account's. The first one that is used for a name opens the
    /// account: nobody has to sign up elsewhere.
    pub fn log_in(&mut self, user: &str, password: &str) -> bool {
        let digest = Digest::of(password.as_bytes());
        let is_named = !user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric());
        is_named && *self.accounts.entry(user.to_owned()).or_insert(digest) == digest
    }

    /// The name of a repository that has the layer; `first` before all others.
    pub(crate) fn holder(&self, layer: Digest, first: &str) -> Option<&str> {
        // The layers of the smallest image of a repository that has the layer.
        let size = |repository: &Repository| {
            let images = repository.manifests.values();
            let holders = images.filter(|one| one.layers.iter().any(|l| l.diff_id == layer));
            holders.map(|image| image.layers.len()).min()
        };
        let own = self.repositories.get_key_value(first).filter(|(_, one)| size(one).is_some());
        let found = own.map(|(name, _)| name).or_else(|| {
            let others = self.repositories.iter();
            let sized = others.filter_map(|(name, one)| Some((size(one)?, name)));
            // Of several the one that others are made of.
            sized.min().map(|(_, name)| name)
        });
        found.map(String::as_str)
    }

    /// All images that anyone can pull, as (complete name with tag, image), in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (String, &Image)> {
        self.repositories.iter().flat_map(|(name, repository)| {
            repository.tags.iter().filter_map(move |(tag, digest)| {
                Some((format!("{name}:{tag}"), repository.manifests.get(digest)?))
            })
        })
    }
}

/// moby: distribution/errors.go at the tags.
fn no_repository(reference: &Reference, release: Release) -> EngineError {
    let name = reference.familiar_name();
    let message = if release < Release(17, 6) {
        format!("repository {name} not found: does not exist or no pull access")
    } else {
        let denied = if release < Release(19, 3) {
            ""
        } else {
            ": denied: requested access to the resource is denied"
        };
        format!(
            "pull access denied for {name}, repository does not exist or may require 'docker \
             login'{denied}"
        )
    };
    EngineError::new(ErrorKind::NotFound, message)
}

pub(crate) fn no_manifest(reference: &Reference, release: Release) -> EngineError {
    let unknown =
        if release < Release(19, 3) { "" } else { ": manifest unknown: manifest unknown" };
    EngineError::not_found(format!("manifest for {} not found{unknown}", reference.familiar()))
}

/// Why `login` may not push to a name at the public registry.
pub(crate) fn check_push(reference: &Reference, login: Option<&str>) -> Result<(), EngineError> {
    let owner = reference.path.split('/').next().unwrap_or_default();
    if reference.is_docker_io() && login != Some(owner) {
        return Err(EngineError::new(
            ErrorKind::Forbidden,
            "denied: requested access to the resource is denied",
        ));
    }
    Ok(())
}
