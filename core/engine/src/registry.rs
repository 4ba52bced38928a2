//! Registries: what can be pulled. One value for the whole world; hosts push into it.

use sorted::{SortedMap, SortedSet};
use std::cell::RefCell;
use std::rc::Rc;

use crate::catalog::Catalog;
use crate::digest::{Digest, ImageId};
use crate::error::{EngineError, ErrorKind};
use crate::image::Image;
use crate::options::Release;
use crate::reference::Reference;

#[derive(Clone, Debug, Default)]
struct Repository {
    tags: SortedMap<String, Digest>,
    manifests: SortedMap<Digest, Image>,
}

/// What the catalogue has made: files that nobody of this world has written.
#[derive(Debug, Default)]
pub struct Made {
    /// Images.
    pub images: SortedSet<ImageId>,
    /// Their layers.
    pub layers: SortedSet<Digest>,
}

/// Repositories by complete name, `docker.io/library/redis`.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// What was asked for is made and kept: asking changes nothing that anyone could see.
    repositories: RefCell<SortedMap<String, Repository>>,
    /// What the public registry has besides what was pushed.
    catalog: Option<Rc<Catalog>>,
    made: Rc<RefCell<Made>>,
    /// Accounts at the public registry, with the digest of the password.
    accounts: SortedMap<String, Digest>,
}

impl Registry {
    /// Gives the public registry its images.
    pub(crate) fn set_catalog(&mut self, catalog: Catalog) {
        self.catalog = Some(Rc::new(catalog));
    }

    /// Puts an image there under a tag.
    pub fn publish(&mut self, reference: &Reference, image: Image) -> Digest {
        self.keep(reference, image)
    }

    /// Keeps an image of the catalogue.
    pub(crate) fn keep_made(&self, reference: &Reference, image: Image) -> Digest {
        let mut made = self.made.borrow_mut();
        made.images.insert(image.id);
        made.layers.extend(image.layers.iter().map(|layer| layer.diff_id));
        self.keep(reference, image)
    }

    /// What the catalogue has made so far; it grows.
    pub fn made(&self) -> Rc<RefCell<Made>> {
        self.made.clone()
    }

    fn keep(&self, reference: &Reference, image: Image) -> Digest {
        let digest = image.manifest_digest();
        let mut repositories = self.repositories.borrow_mut();
        let repository = repositories.entry(reference.repository()).or_default();
        repository.tags.insert(reference.tag_or_latest().to_owned(), digest);
        repository.manifests.insert(digest, image);
        digest
    }

    /// The digest that a name has at present: `service create` pins it.
    pub fn resolve(&self, reference: &Reference) -> Option<Digest> {
        if let Some(repository) = self.repositories.borrow().get(&reference.repository()) {
            let known = match reference.digest {
                Some(digest) => repository.manifests.contains_key(&digest).then_some(digest),
                None => repository.tags.get(reference.tag_or_latest()).copied(),
            };
            if known.is_some() {
                return known;
            }
        }
        let catalog = self.catalog.as_ref()?;
        let image = catalog.image(&reference.familiar_name(), reference.tag_or_latest())?;
        let digest = self.keep_made(reference, image);
        reference.digest.is_none_or(|asked| asked == digest).then_some(digest)
    }

    /// The image behind a name.
    ///
    /// # Errors
    /// The texts of a missing repository and of a missing tag, by release.
    pub fn image(&self, reference: &Reference, release: Release) -> Result<Image, EngineError> {
        let digest = self.resolve(reference);
        let repositories = self.repositories.borrow();
        let repository = repositories.get(&reference.repository());
        let found = digest.and_then(|digest| repository?.manifests.get(&digest));
        if let Some(image) = found {
            return Ok(image.clone());
        }
        let is_known = |name: &str| Catalog::names().any(|known| known == name);
        let is_public = reference.is_public() && self.catalog.is_some();
        Err(if repository.is_some() || is_public && is_known(&reference.familiar_name()) {
            no_manifest(reference, release)
        } else {
            no_repository(reference, release)
        })
    }

    /// True if the password is the account's. The first one that is used for a name opens the
    /// account: nobody has to sign up elsewhere.
    pub fn log_in(&mut self, user: &str, password: &str) -> bool {
        let digest = Digest::of(password.as_bytes());
        let is_named = !user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric());
        is_named && *self.accounts.entry(user.to_owned()).or_insert(digest) == digest
    }

    /// All images that were made or pushed so far, in order of name.
    pub fn images(&self) -> Vec<Image> {
        let repositories = self.repositories.borrow();
        repositories.values().flat_map(|one| one.manifests.values().cloned()).collect()
    }

    /// The name of a repository that has the layer; `first` before all others.
    pub(crate) fn holder(&self, layer: Digest, first: &str) -> Option<String> {
        // The layers of the smallest image of a repository that has the layer.
        let size = |repository: &Repository| {
            let images = repository.manifests.values();
            let holders = images.filter(|one| one.layers.iter().any(|l| l.diff_id == layer));
            holders.map(|image| image.layers.len()).min()
        };
        let repositories = self.repositories.borrow();
        let own = repositories.get_key_value(first).filter(|(_, one)| size(one).is_some());
        let found = own.map(|(name, _)| name).or_else(|| {
            let sized = repositories.iter().filter_map(|(name, one)| Some((size(one)?, name)));
            // Of several the one that others are made of.
            sized.min().map(|(_, name)| name)
        });
        found.cloned()
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
    if reference.is_public() && login != Some(owner) {
        return Err(EngineError::new(
            ErrorKind::Forbidden,
            "denied: requested access to the resource is denied",
        ));
    }
    Ok(())
}
