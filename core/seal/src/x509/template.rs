//! Writing and signing a certificate.

use sha2::{Digest, Sha256};
use sim::{Duration, Time};

use super::{Certificate, Name};
use crate::der;
use crate::keys::{PrivateKey, PublicKey};

pub(super) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
pub(super) const ORGANIZATION: &[u8] = &[0x55, 4, 10];
pub(super) const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 4, 11];
pub(super) const SUBJECT_KEY_ID: &[u8] = &[0x55, 29, 14];
pub(super) const KEY_USAGE: &[u8] = &[0x55, 29, 15];
pub(super) const ALTERNATIVE_NAMES: &[u8] = &[0x55, 29, 17];
pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 29, 19];
pub(super) const AUTHORITY_KEY_ID: &[u8] = &[0x55, 29, 35];
pub(super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 29, 37];
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
/// id-ecPublicKey
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// prime256v1
pub(crate) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// ecdsa-with-SHA256
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// keyCertSign and cRLSign: bits 5 and 6.
const CA_USAGE: &[u8] = &[1, 0b0000_0110];
/// digitalSignature and keyEncipherment: bits 0 and 2.
const NODE_USAGE: &[u8] = &[5, 0b1010_0000];

/// Everything that a certificate says.
pub(crate) struct Template<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: &'a Name,
    pub(crate) issuer_key: &'a PublicKey,
    pub(crate) subject: &'a Name,
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    pub(crate) public_key: &'a PublicKey,
    pub(crate) is_ca: bool,
    pub(crate) dns_names: Vec<&'a str>,
}

impl Template<'_> {
    /// The certificate, signed. Nothing where a name cannot be written (not ASCII, endless).
    pub(crate) fn sign(&self, key: &PrivateKey) -> Option<Certificate> {
        let algorithm = sequence(&[&der::element(der::OID, &[ECDSA_SHA256])]);
        let signed = sequence(&[
            // Version 3.
            &der::element(der::explicit(0), &[&der::unsigned(&[2])]),
            &der::unsigned(self.serial),
            &algorithm,
            &name(self.issuer),
            &sequence(&[&time(self.not_before), &time(self.not_after)]),
            &name(self.subject),
            &public_key(self.public_key),
            &der::element(der::explicit(3), &[&self.extensions()]),
        ]);
        let signature = der::bit_string(&key.sign(&signed));
        Certificate::from_der(&sequence(&[&signed, &algorithm, &signature])).ok()
    }

    fn extensions(&self) -> Vec<u8> {
        let usage = if self.is_ca { CA_USAGE } else { NODE_USAGE };
        let usage = der::element(der::BIT_STRING, &[usage]);
        let constraints = if self.is_ca {
            sequence(&[&der::element(der::BOOLEAN, &[&[0xff]])])
        } else {
            sequence(&[])
        };
        let own_id = der::element(der::OCTET_STRING, &[&key_id(self.public_key)]);
        let mut list = vec![extension(KEY_USAGE, true, &usage)];
        if !self.is_ca {
            let purposes = sequence(&[
                &der::element(der::OID, &[SERVER_AUTH]),
                &der::element(der::OID, &[CLIENT_AUTH]),
            ]);
            list.push(extension(EXTENDED_KEY_USAGE, false, &purposes));
        }
        list.push(extension(BASIC_CONSTRAINTS, true, &constraints));
        list.push(extension(SUBJECT_KEY_ID, false, &own_id));
        if self.issuer_key != self.public_key {
            let issuer_id = der::element(der::implicit(0), &[&key_id(self.issuer_key)]);
            list.push(extension(AUTHORITY_KEY_ID, false, &sequence(&[&issuer_id])));
        }
        if !self.is_ca {
            let names: Vec<Vec<u8>> = self
                .dns_names
                .iter()
                .map(|name| der::element(der::implicit(2), &[name.as_bytes()]))
                .collect();
            list.push(extension(ALTERNATIVE_NAMES, false, &sequence_of(&names)));
        }
        sequence_of(&list)
    }
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der::element(der::SEQUENCE, parts)
}

fn sequence_of(parts: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[&parts.concat()])
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    // FALSE is the default, and DER leaves defaults out.
    let critical = if critical { der::element(der::BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    let value = der::element(der::OCTET_STRING, &[value]);
    sequence(&[&der::element(der::OID, &[oid]), &critical, &value])
}

/// The key's id: RFC 7093, method 1.
fn key_id(key: &PublicKey) -> [u8; 20] {
    let digest: [u8; 32] = Sha256::digest(key.to_sec1()).into();
    let mut id = [0; 20];
    id.copy_from_slice(&digest[..20]);
    id
}

/// SubjectPublicKeyInfo.
pub(super) fn public_key(key: &PublicKey) -> Vec<u8> {
    let algorithm =
        sequence(&[&der::element(der::OID, &[EC_PUBLIC_KEY]), &der::element(der::OID, &[P256])]);
    sequence(&[&algorithm, &der::bit_string(&key.to_sec1())])
}

/// A name in Go's order: O, OU, CN.
pub(super) fn name(name: &Name) -> Vec<u8> {
    let parts = [
        (ORGANIZATION, name.organization.as_deref()),
        (ORGANIZATIONAL_UNIT, name.organizational_unit.as_deref()),
        (COMMON_NAME, Some(name.common_name.as_str())),
    ];
    let sets: Vec<Vec<u8>> = parts
        .into_iter()
        .filter_map(|(oid, value)| {
            let value = value?;
            let tag = if is_printable(value) { der::PRINTABLE_STRING } else { der::UTF8_STRING };
            let value = der::element(tag, &[value.as_bytes()]);
            Some(der::element(der::SET, &[&sequence(&[&der::element(der::OID, &[oid]), &value])]))
        })
        .collect();
    sequence_of(&sets)
}

/// Whether ASN.1's PrintableString can hold it; Go writes that where it can.
pub(crate) fn is_printable(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&c))
}

/// UTCTime until 2049, then GeneralizedTime (RFC 5280, section 4.1.2.5); whole seconds.
pub(crate) fn time(at: Time) -> Vec<u8> {
    let c = at.civil();
    let rest = format!("{:02}{:02}{:02}{:02}{:02}Z", c.month, c.day, c.hour, c.minute, c.second);
    if c.year < 2050 {
        der::element(der::UTC_TIME, &[format!("{:02}{rest}", c.year % 100).as_bytes()])
    } else {
        der::element(der::GENERALIZED_TIME, &[format!("{:04}{rest}", c.year).as_bytes()])
    }
}

/// The nearest full minute, as cfssl rounds the times of a certificate.
pub(crate) fn rounded_to_minute(at: Time) -> Time {
    const MINUTE: u64 = 60_000_000_000;
    let shifted = at + Duration::from_secs(30);
    Time::from_unix_nanos(shifted.unix_nanos() / MINUTE * MINUTE)
}
