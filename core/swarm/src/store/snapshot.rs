//! The whole store as bytes, and its digest.

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{Store, StoreAction};
use crate::objects::Object;

/// The bytes are not a saved store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the snapshot does not hold a store")]
pub struct RestoreError;

impl Store {
    /// All objects as bytes. They hold secrets in clear: whoever writes them down must seal them.
    pub fn save(&self) -> Vec<u8> {
        let objects: Vec<Object> = self.objects().collect();
        postcard::to_allocvec(&objects).expect("objects hold nothing that postcard refuses")
    }

    /// The store that was saved as these bytes.
    ///
    /// # Errors
    /// When they are something else.
    pub fn restore(bytes: &[u8]) -> Result<Self, RestoreError> {
        let objects: Vec<Object> = postcard::from_bytes(bytes).map_err(|_| RestoreError)?;
        let mut store = Self::new();
        for object in objects {
            store.apply(&[StoreAction::Create(object)]);
        }
        Ok(store)
    }

    /// SHA-256 over all objects: managers that have applied the same entries have the same.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.save()).into()
    }
}
