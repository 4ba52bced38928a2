//! `swarm-node.key`: a node's private key, with the Raft keys in the PEM headers.
//!
//! As in swarmkit (`ca/keyreadwriter.go`, `manager/deks.go`): `kek-version`, and on managers
//! `raft-dek`, during a rotation `raft-dek-pending`, and `raft-dek-needs-rotation`. Without autolock
//! everything is in the clear. With autolock the key and both DEKs are sealed with the KEK, here
//! with AES-256-GCM (swarmkit: AES-256-CBC for the key, NaCl secretbox for the DEKs), and the key's
//! seal covers the other headers. The version stays readable: it says which unlock key is needed.

use zeroize::{Zeroize, Zeroizing};

use crate::base64;
use crate::der::{self, DerError, Reader};
use crate::envelope::{self, EnvelopeError};
use crate::keys::{Dek, Kek, PrivateKey};
use crate::pem::Pem;
use crate::x509::{EC_PUBLIC_KEY, P256};

const LABEL: &str = "EC PRIVATE KEY";
const KEK_VERSION: &str = "kek-version";
const RAFT_DEK: &str = "raft-dek";
const RAFT_DEK_PENDING: &str = "raft-dek-pending";
const NEEDS_ROTATION: &str = "raft-dek-needs-rotation";
/// The marks of an encrypted PEM (RFC 1421), with an algorithm that is ours.
const ENCRYPTED: [(&str, &str); 2] = [("Proc-Type", "4,ENCRYPTED"), ("DEK-Info", "AES-256-GCM")];

/// What the file holds.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeKeyFile {
    /// The key of the node's certificate.
    pub key: PrivateKey,
    /// Which KEK seals the file; 0 until autolock was on for the first time.
    pub kek_version: u64,
    /// The key of the manager's log and snapshots; a worker has none.
    pub dek: Option<Dek>,
    /// The DEK that becomes current as soon as a snapshot under it is on disk.
    pub pending_dek: Option<Dek>,
    /// Whether another DEK must follow the pending one.
    pub needs_rotation: bool,
}

/// Why a key file was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Sealed, and no KEK was given.
    #[error("node is locked, and needs a valid unlock key")]
    Locked,
    /// Sealed with another KEK.
    #[error("invalid key provided")]
    WrongKey,
    /// No key file, or not as it was written.
    #[error("the node's key file is damaged")]
    Damaged,
}

impl From<DerError> for KeyFileError {
    fn from(_: DerError) -> Self {
        Self::Damaged
    }
}

impl From<EnvelopeError> for KeyFileError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::WrongKey => Self::WrongKey,
            EnvelopeError::Damaged => Self::Damaged,
        }
    }
}

impl NodeKeyFile {
    /// A new node's file: a key and nothing else.
    pub fn new(key: PrivateKey) -> Self {
        Self { key, kek_version: 0, dek: None, pending_dek: None, needs_rotation: false }
    }
}

impl std::fmt::Debug for NodeKeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeKeyFile")
            .field("kek_version", &self.kek_version)
            .field("has_dek", &self.dek.is_some())
            .field("has_pending_dek", &self.pending_dek.is_some())
            .field("needs_rotation", &self.needs_rotation)
            .finish_non_exhaustive()
    }
}

/// The file's text; sealed if a KEK is given (autolock).
///
/// Without a KEK the text is as secret as the keys in it.
pub fn write(file: &NodeKeyFile, kek: Option<&Kek>) -> String {
    let mut headers = vec![(KEK_VERSION.to_owned(), file.kek_version.to_string())];
    let deks = [(RAFT_DEK, &file.dek), (RAFT_DEK_PENDING, &file.pending_dek)];
    for (name, dek) in deks.into_iter().filter_map(|(name, dek)| Some((name, dek.as_ref()?))) {
        let value = match kek {
            None => base64::encode(dek.as_bytes()),
            Some(kek) => base64::encode(&envelope::seal(
                kek,
                &dek_context(name, file.kek_version),
                dek.as_bytes(),
            )),
        };
        headers.push((name.to_owned(), value));
    }
    if file.needs_rotation {
        headers.push((NEEDS_ROTATION.to_owned(), "true".to_owned()));
    }
    let key = sec1_encode(&file.key);
    let mut block = Pem { label: LABEL.to_owned(), headers, body: Vec::new() };
    block.body = match kek {
        None => key.to_vec(),
        Some(kek) => envelope::seal(kek, &body_context(&block.headers), &key),
    };
    if kek.is_some() {
        block.headers.extend(ENCRYPTED.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    let text = block.encode();
    block.body.zeroize();
    text
}

/// Reads a file that [`write()`] wrote. A KEK given for a file in the clear is not used.
///
/// # Errors
/// `Locked` when the file is sealed and no KEK is given, `WrongKey` when it is sealed with another,
/// `Damaged` for everything else.
pub fn read(text: &str, kek: Option<&Kek>) -> Result<NodeKeyFile, KeyFileError> {
    let parts = Parts::split(text)?;
    let kek = match (parts.sealed, kek) {
        (true, None) => return Err(KeyFileError::Locked),
        (true, Some(kek)) => Some(kek),
        (false, _) => None,
    };
    let dek = |name| -> Result<Option<Dek>, KeyFileError> {
        let Some(value) = parts.header(name) else { return Ok(None) };
        let stored = Zeroizing::new(base64::decode(value).ok_or(KeyFileError::Damaged)?);
        let bytes = match kek {
            None => stored,
            Some(kek) => envelope::open(kek, &dek_context(name, parts.kek_version), &stored)?,
        };
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyFileError::Damaged)?;
        Ok(Some(Dek::from_bytes(bytes)))
    };
    let key = match kek {
        None => sec1_decode(&parts.body)?,
        Some(kek) => {
            sec1_decode(&envelope::open(kek, &body_context(&parts.headers), &parts.body)?)?
        }
    };
    Ok(NodeKeyFile {
        key,
        kek_version: parts.kek_version,
        dek: dek(RAFT_DEK)?,
        pending_dek: dek(RAFT_DEK_PENDING)?,
        needs_rotation: parts.header(NEEDS_ROTATION).is_some(),
    })
}

/// Whether a file needs an unlock key, and the version of that key; readable without it.
///
/// # Errors
/// `Damaged` when it is no key file.
pub fn lock_state(text: &str) -> Result<(bool, u64), KeyFileError> {
    Parts::split(text).map(|parts| (parts.sealed, parts.kek_version))
}

/// A file's text, taken apart and not yet opened.
struct Parts {
    /// Without the marks of an encrypted PEM, as they were sorted when the file was written.
    headers: Vec<(String, String)>,
    kek_version: u64,
    sealed: bool,
    body: Zeroizing<Vec<u8>>,
}

impl Parts {
    fn split(text: &str) -> Result<Self, KeyFileError> {
        let block = Pem::decode(text).map_err(|_| KeyFileError::Damaged)?;
        let Pem { label, mut headers, body } = block;
        let body = Zeroizing::new(body);
        let before = headers.len();
        headers.retain(|(name, value)| !ENCRYPTED.contains(&(name.as_str(), value.as_str())));
        let sealed = match before - headers.len() {
            0 => false,
            2 => true,
            _ => return Err(KeyFileError::Damaged),
        };
        let known = [KEK_VERSION, RAFT_DEK, RAFT_DEK_PENDING, NEEDS_ROTATION];
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &headers {
            let value_fits = name != NEEDS_ROTATION || value == "true";
            if !value_fits || !known.contains(&name.as_str()) || seen.contains(&name.as_str()) {
                return Err(KeyFileError::Damaged);
            }
            seen.push(name);
        }
        let version = headers.iter().find(|(name, _)| name == KEK_VERSION);
        let (_, version) = version.ok_or(KeyFileError::Damaged)?;
        let kek_version: u64 = version.parse().map_err(|_| KeyFileError::Damaged)?;
        if label != LABEL || kek_version.to_string() != *version {
            return Err(KeyFileError::Damaged);
        }
        Ok(Self { headers, kek_version, sealed, body })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a sealed DEK is bound to: its header's name and the KEK's version.
fn dek_context(name: &str, kek_version: u64) -> Vec<u8> {
    format!("swarm-node.key\0{name}\0{kek_version}").into_bytes()
}

/// What the sealed key is bound to: all headers, in their order.
fn body_context(headers: &[(String, String)]) -> Vec<u8> {
    let mut headers: Vec<_> = headers.iter().collect();
    headers.sort();
    let mut context = b"swarm-node.key\0".to_vec();
    for (name, value) in headers {
        context.extend_from_slice(format!("{name}: {value}\n").as_bytes());
    }
    context
}

/// ECPrivateKey (RFC 5915), as `openssl ec` reads it.
pub(crate) fn sec1_encode(key: &PrivateKey) -> Zeroizing<Vec<u8>> {
    let scalar = key.to_bytes();
    let secret = Zeroizing::new(der::element(der::OCTET_STRING, &[&*scalar]));
    let curve = der::element(der::OID, &[P256]);
    let point = der::bit_string(&key.public_key().to_sec1());
    Zeroizing::new(der::element(
        der::SEQUENCE,
        &[
            &der::unsigned(&[1]),
            &secret,
            &der::element(der::explicit(0), &[&curve]),
            &der::element(der::explicit(1), &[&point]),
        ],
    ))
}

pub(crate) fn sec1_decode(bytes: &[u8]) -> Result<PrivateKey, KeyFileError> {
    let mut outer = Reader::new(bytes);
    let mut fields = outer.enter(der::SEQUENCE)?;
    outer.finish()?;
    let version = fields.unsigned()?;
    let scalar: &[u8; 32] =
        fields.read(der::OCTET_STRING)?.try_into().map_err(|_| KeyFileError::Damaged)?;
    let key = PrivateKey::from_bytes(scalar).map_err(|_| KeyFileError::Damaged)?;
    // Both may be left out: the curve where PKCS#8 has named it already, the point anywhere.
    if let Some(curve) = fields.optional(der::explicit(0))? {
        let mut curve = Reader::new(curve);
        if curve.read(der::OID)? != P256 {
            return Err(KeyFileError::Damaged);
        }
        curve.finish()?;
    }
    if let Some(point) = fields.optional(der::explicit(1))? {
        let mut point = Reader::new(point);
        if point.bit_string()? != key.public_key().to_sec1() {
            return Err(KeyFileError::Damaged);
        }
        point.finish()?;
    }
    fields.finish()?;
    if version == [1] { Ok(key) } else { Err(KeyFileError::Damaged) }
}

/// A P-256 key as users bring one along: `EC PRIVATE KEY`, or `PRIVATE KEY` (PKCS#8), in the clear. Other
/// blocks, such as the curve's name that `openssl ecparam` writes, are passed over.
///
/// # Errors
/// `Damaged` where there is no such key.
pub fn read_private_key(text: &str) -> Result<PrivateKey, KeyFileError> {
    for block in Pem::split(text) {
        let block = Pem::decode(block).map_err(|_| KeyFileError::Damaged)?;
        let body = Zeroizing::new(block.body);
        match block.label.as_str() {
            LABEL if block.headers.is_empty() => return sec1_decode(&body),
            "PRIVATE KEY" => {
                let mut outer = Reader::new(&body);
                let mut fields = outer.enter(der::SEQUENCE)?;
                outer.finish()?;
                let version = fields.unsigned()?;
                let mut algorithm = fields.enter(der::SEQUENCE)?;
                let known =
                    algorithm.read(der::OID)? == EC_PUBLIC_KEY && algorithm.read(der::OID)? == P256;
                if !known || !version.is_empty() {
                    return Err(KeyFileError::Damaged);
                }
                return sec1_decode(fields.read(der::OCTET_STRING)?);
            }
            _ => {}
        }
    }
    Err(KeyFileError::Damaged)
}

#[cfg(test)]
#[path = "keyfile_tests.rs"]
mod tests;
