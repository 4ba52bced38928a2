//! Certificates and the requests for them (RFC 5280, RFC 2986).

use sha2::{Digest, Sha256};
use sim::Time;

use super::extension::{ALTERNATIVE_NAMES, Extension};
use super::key::{Key, PublicKey};
use super::name::Name;
use crate::der::{self, DerError, Reader};
use crate::pem::Pem;
use crate::x509::{read_time, write_time};

/// extensionRequest
const EXTENSION_REQUEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14];
/// The longest file that is looked at, in bytes.
const SIZE_LIMIT: usize = 64 * 1024;

/// A certificate, read. Its signature may be anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub(super) der: Vec<u8>,
    signed: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) serial: Vec<u8>,
    /// Who signed it, as it says.
    pub issuer: Name,
    /// Whose it is.
    pub subject: Name,
    /// The first instant at which it is valid.
    pub not_before: Time,
    /// The last one.
    pub not_after: Time,
    /// The key that it speaks for.
    pub key: PublicKey,
    pub(super) extensions: Vec<Extension>,
    /// It was signed with an RSA key.
    pub(super) by_rsa: bool,
}

/// What a certificate is made of.
#[derive(Clone, Debug)]
pub struct Template<'a> {
    /// Big-endian.
    pub serial: &'a [u8],
    /// Whose key signs.
    pub issuer: &'a Name,
    /// Whose it is.
    pub subject: &'a Name,
    /// The first instant at which it is valid.
    pub not_before: Time,
    /// The last one.
    pub not_after: Time,
    /// The key that it speaks for.
    pub key: &'a PublicKey,
    /// Its extensions.
    pub extensions: &'a [Extension],
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der::element(der::SEQUENCE, parts)
}

fn list_of(extensions: &[Extension]) -> Vec<u8> {
    sequence(&[&extensions.iter().flat_map(Extension::to_der).collect::<Vec<_>>()])
}

/// Signed content, algorithm, signature.
fn signed(content: &[u8], key: &Key) -> Vec<u8> {
    sequence(&[content, &key.algorithm(), &der::bit_string(&key.sign(content))])
}

/// Content with and without its header, whether the signature is RSA's, and the signature.
type Parts<'a> = (&'a [u8], Reader<'a>, bool, Vec<u8>);

/// The parts of what [`signed`] wrote.
fn parts(bytes: &[u8]) -> Result<Parts<'_>, DerError> {
    if bytes.len() > SIZE_LIMIT {
        return Err(DerError);
    }
    let mut outer = Reader::new(bytes).enter(der::SEQUENCE)?;
    let (whole, content) = outer.read_whole(der::SEQUENCE)?;
    let algorithm = outer.enter(der::SEQUENCE)?.read(der::OID)?;
    let signature = outer.bit_string()?.to_vec();
    outer.finish()?;
    // 1.2.840.113549 is RSA's.
    Ok((whole, Reader::new(content), algorithm.starts_with(&[0x2a, 0x86, 0x48, 0x86]), signature))
}

impl Template<'_> {
    /// The certificate, signed; nothing where a part cannot be written.
    pub fn sign(&self, key: &Key) -> Option<Certificate> {
        let mut content = vec![
            // Version 3.
            der::element(der::explicit(0), &[&der::unsigned(&[2])]),
            der::unsigned(self.serial),
            key.algorithm(),
            self.issuer.to_der(),
            sequence(&[&write_time(self.not_before), &write_time(self.not_after)]),
            self.subject.to_der(),
            self.key.to_der(),
        ];
        if !self.extensions.is_empty() {
            content.push(der::element(der::explicit(3), &[&list_of(self.extensions)]));
        }
        Certificate::from_der(&signed(&sequence(&[&content.concat()]), key))
    }
}

impl Certificate {
    /// Reads a certificate's DER; nothing for other bytes, and for keys and names that are not known
    /// here.
    pub fn from_der(bytes: &[u8]) -> Option<Self> {
        Self::read(bytes).ok()
    }

    fn read(bytes: &[u8]) -> Result<Self, DerError> {
        let (whole, mut fields, by_rsa, signature) = parts(bytes)?;
        fields.optional(der::explicit(0))?;
        let serial = fields.unsigned()?.to_vec();
        fields.read(der::SEQUENCE)?;
        let issuer = Name::read(&mut fields)?;
        let mut validity = fields.enter(der::SEQUENCE)?;
        let (not_before, not_after) = (read_time(&mut validity)?, read_time(&mut validity)?);
        let subject = Name::read(&mut fields)?;
        let key = PublicKey::read(&mut fields)?;
        let extensions = match fields.optional(der::explicit(3))? {
            Some(list) => Extension::read_all(Reader::new(list).read(der::SEQUENCE)?)?,
            None => Vec::new(),
        };
        let (der, signed) = (bytes.to_vec(), whole.to_vec());
        Ok(Self {
            der,
            signed,
            signature,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key,
            extensions,
            by_rsa,
        })
    }

    /// All certificates of a file.
    pub fn all_of(text: &str) -> Vec<Self> {
        let blocks = Pem::split(text).into_iter().filter_map(|block| Pem::decode(block).ok());
        let certificates = blocks.filter(|block| block.label.ends_with("CERTIFICATE"));
        certificates.filter_map(|block| Self::from_der(&block.body)).collect()
    }

    /// PEM, with a newline at the end.
    pub fn pem(&self) -> String {
        let label = "CERTIFICATE".to_owned();
        Pem { label, headers: Vec::new(), body: self.der.clone() }.encode()
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the owner of `key` signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.signed, &self.signature)
    }

    /// Whether it may sign others. Certificates without constraints may (OpenSSL: for self-signed
    /// ones of version 1; here for all).
    pub fn is_ca(&self) -> bool {
        self.extensions.is_empty() || self.extensions.iter().any(Extension::is_ca)
    }

    /// The alternative names: kind (`DNS`, `IP Address`, `email`) and text.
    pub fn names(&self) -> Vec<(&'static str, String)> {
        let names = self.extensions.iter().find(|one| one.id == ALTERNATIVE_NAMES);
        names.map(Extension::names).unwrap_or_default()
    }

    /// Whether a server of this name or address may show it: by its alternative names, and without any
    /// by its common name.
    pub fn is_for(&self, host: &str) -> bool {
        let names = self.extensions.iter().find(|one| one.id == ALTERNATIVE_NAMES);
        let fits = |pattern: &str| {
            let pattern = pattern.to_ascii_lowercase();
            let host = host.to_ascii_lowercase();
            match pattern.strip_prefix("*.") {
                Some(rest) => host.split_once('.').is_some_and(|(_, domain)| domain == rest),
                None => pattern == host,
            }
        };
        match names {
            Some(names) => names.names().iter().any(|(_, name)| fits(name)),
            None => fits(self.subject.common_name()),
        }
    }

    /// The serial number in capital hexadecimal digits.
    pub fn serial_text(&self) -> String {
        super::text::pairs(&self.serial, "", true)
    }

    /// SHA-256 of the DER, `AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        super::text::pairs(&Sha256::digest(&self.der), ":", true)
    }
}

/// A request for a certificate (PKCS #10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    der: Vec<u8>,
    signed: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// Whose certificate it is to be.
    pub subject: Name,
    /// Whose key.
    pub key: PublicKey,
    /// What it asks for.
    pub extensions: Vec<Extension>,
    pub(super) by_rsa: bool,
}

impl Request {
    /// A request, signed with the key that it is for; nothing where a part cannot be written.
    pub fn new(subject: &Name, extensions: &[Extension], key: &Key) -> Option<Self> {
        let attributes = if extensions.is_empty() {
            Vec::new()
        } else {
            let set = der::element(der::SET, &[&list_of(extensions)]);
            sequence(&[&der::element(der::OID, &[EXTENSION_REQUEST]), &set])
        };
        let content = sequence(&[
            &der::unsigned(&[]),
            &subject.to_der(),
            &key.public().to_der(),
            &der::element(der::explicit(0), &[&attributes]),
        ]);
        Self::read(&signed(&content, key)).ok()
    }

    fn read(bytes: &[u8]) -> Result<Self, DerError> {
        let (whole, mut fields, by_rsa, signature) = parts(bytes)?;
        fields.read(der::INTEGER)?;
        let subject = Name::read(&mut fields)?;
        let key = PublicKey::read(&mut fields)?;
        let mut extensions = Vec::new();
        let mut attributes = Reader::new(fields.optional(der::explicit(0))?.unwrap_or_default());
        while !attributes.is_empty() {
            let mut attribute = attributes.enter(der::SEQUENCE)?;
            if attribute.read(der::OID)? == EXTENSION_REQUEST {
                let list = attribute.enter(der::SET)?.read(der::SEQUENCE)?;
                extensions = Extension::read_all(list)?;
            }
        }
        let (der, signed) = (bytes.to_vec(), whole.to_vec());
        Ok(Self { der, signed, signature, subject, key, extensions, by_rsa })
    }

    /// The first request of a file.
    pub fn from_pem(text: &str) -> Option<Self> {
        let blocks = Pem::split(text).into_iter().filter_map(|block| Pem::decode(block).ok());
        let mut requests = blocks.filter(|block| block.label.ends_with("CERTIFICATE REQUEST"));
        requests.find_map(|block| Self::read(&block.body).ok())
    }

    /// PEM, with a newline at the end.
    pub fn pem(&self) -> String {
        let label = "CERTIFICATE REQUEST".to_owned();
        Pem { label, headers: Vec::new(), body: self.der.clone() }.encode()
    }

    /// Whether its sender has the key.
    pub fn is_proven(&self) -> bool {
        self.key.verify(&self.signed, &self.signature)
    }
}
