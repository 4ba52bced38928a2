//! Keys, certificates, join tokens, sealed records and the mutually authenticated channel.
//!
//! Everything a swarm proves or hides goes through this crate: who a node is, who may join, what a
//! manager's disk holds and what crosses a wire. The bytes are real: keys are real keys,
//! certificates are DER that other tools read, and whatever is sealed can only be opened with the
//! key. Nothing here does I/O, reads a clock or asks the system for entropy: the caller hands in
//! the virtual time and a random stream, and ECDSA signs deterministically (RFC 6979).
//!
//! | module | what it is |
//! | --- | --- |
//! | [`identity`] | object ids of 25 characters |
//! | [`token`], [`unlock`] | what people copy and paste: join tokens and unlock keys |
//! | [`keys`] | DEK, KEK and the elliptic-curve key pair of a node |
//! | [`sealer`] | AES-256-GCM for records at rest, bound to their position |
//! | [`x509`], [`csr`], [`ca`] | certificates, requests for them, and who signs and checks them |
//! | [`pki`] | keys, requests and certificates of other makers, and connections with them |
//! | [`keyfile`] | `swarm-node.key`: a node's key with the DEK in its headers |
//! | [`channel`] | the mutually authenticated channel between two nodes |
//! | [`base36`], [`base64`], [`pem`] | the spellings these use |
//!
//! Two honest differences from swarmkit, which a lab's text should name: it seals Raft records and
//! the DEK with NaCl secretbox (Fernet under FIPS) and an autolocked TLS key with AES-256-CBC,
//! while everything here is AES-256-GCM; and the channel is TLS 1.3 in structure and key schedule,
//! but does not speak TLS's bytes.

pub mod base36;
pub mod base64;
pub mod ca;
pub mod channel;
pub mod crypt;
pub mod csr;
mod ct;
mod der;
mod envelope;
pub mod identity;
pub mod keyfile;
pub mod keys;
pub mod pem;
pub mod pki;
pub mod sealer;
pub mod token;
pub mod unlock;
pub mod x509;

pub use ca::{NodeIdentity, Peer, RootCa};
pub use channel::{Channel, ChannelError, ClientConfig, Identity, Received, ServerConfig, Trust};
pub use csr::Csr;
pub use keyfile::{KeyFileError, NodeKeyFile};
pub use keys::{Dek, Kek, PrivateKey, PublicKey};
pub use sealer::{Nonce, Purpose, SealError, Sealer, nonce_of};
pub use token::JoinToken;
pub use unlock::UnlockKey;
pub use x509::{Certificate, CertificateError, Chain, Role, RootCertificate};
