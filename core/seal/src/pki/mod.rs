//! Certificates that people make: keys, requests and certificates as `openssl` writes them, with RSA and
//! P-256 keys, any subject and the usual extensions. A swarm's own certificates are in [`crate::x509`],
//! which refuses all that a swarm does not make; what reads here may be anybody's.

mod certificate;
mod chain;
mod extension;
mod key;
mod name;
pub mod passphrase;
mod rsa;
mod text;
pub mod tls;

pub use certificate::{Certificate, Request, Template};
pub use chain::{Complaint, verify};
pub use extension::{Extension, extensions};
pub use key::{Key, PublicKey};
pub use name::Name;
pub use rsa::{RsaPrivateKey, RsaPublicKey};
pub use text::{request_text, text, time_text};
