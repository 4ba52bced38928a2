//! Secrets and configs: bytes with a name. Only their labels can change after creation.

use std::fmt;
use std::rc::Rc;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Annotations, Driver, Id, Meta};

/// Bytes that must not be shown: `Debug` prints only how many there are.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Rc<[u8]>);

impl SecretBytes {
    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
    /// How many bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// No bytes: what reads over the API get.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for SecretBytes {
    fn default() -> Self {
        Self(Rc::from(&[][..]))
    }
}
impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(Rc::from(bytes))
    }
}
impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Rc::from(bytes))
    }
}
impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<secret, {} bytes>", self.0.len())
    }
}
impl Serialize for SecretBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}
impl<'de> Deserialize<'de> for SecretBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = SecretBytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<SecretBytes, E> {
                Ok(SecretBytes::from(bytes))
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<SecretBytes, E> {
                Ok(SecretBytes::from(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// Bytes for a task, and the template engine if they are a template.
pub type Payload = (SecretBytes, Option<Driver>);

/// What a user asked for. `driver` set means that the bytes come from a plugin and `data` is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretSpec {
    /// Name and labels.
    pub annotations: Annotations,
    /// 1 to 511,999 bytes; empty in everything read over the API.
    pub data: SecretBytes,
    /// A secret driver, if the bytes come from one.
    pub driver: Option<Driver>,
    /// The template engine (`golang`), if the data is a template.
    pub templating: Option<Driver>,
}

/// A secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its identifier.
    pub id: Id,
    /// Version and times.
    pub meta: Meta,
    /// What was asked for.
    pub spec: SecretSpec,
}

/// What a user asked for. Unlike a secret's, the data is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigSpec {
    /// Name and labels.
    pub annotations: Annotations,
    /// The bytes. They share the secrets' type so that logs stay short; the API returns them.
    pub data: SecretBytes,
    /// The template engine (`golang`), if the data is a template.
    pub templating: Option<Driver>,
}

/// A config.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Its identifier.
    pub id: Id,
    /// Version and times.
    pub meta: Meta,
    /// What was asked for.
    pub spec: ConfigSpec,
}
