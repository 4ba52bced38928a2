//! Extensions of certificates: from lines of a configuration to bytes, and from bytes to text.

use super::key::PublicKey;
use crate::der::{self, DerError, Reader};

const KEY_USAGE: u8 = 15;
const EXTENDED_KEY_USAGE: u8 = 37;
const BASIC_CONSTRAINTS: u8 = 19;
const SUBJECT_KEY_ID: u8 = 14;
const AUTHORITY_KEY_ID: u8 = 35;
pub(super) const ALTERNATIVE_NAMES: u8 = 17;

/// The bits of a key usage, from the first: in a configuration, in a text.
const USAGES: [(&str, &str); 9] = [
    ("digitalSignature", "Digital Signature"),
    ("nonRepudiation", "Non Repudiation"),
    ("keyEncipherment", "Key Encipherment"),
    ("dataEncipherment", "Data Encipherment"),
    ("keyAgreement", "Key Agreement"),
    ("keyCertSign", "Certificate Sign"),
    ("cRLSign", "CRL Sign"),
    ("encipherOnly", "Encipher Only"),
    ("decipherOnly", "Decipher Only"),
];
/// Purposes, by the last number of their identifiers (id-kp).
const PURPOSES: [(u8, &str, &str); 4] = [
    (1, "serverAuth", "TLS Web Server Authentication"),
    (2, "clientAuth", "TLS Web Client Authentication"),
    (3, "codeSigning", "Code Signing"),
    (4, "emailProtection", "E-mail Protection"),
];
const PURPOSE: [u8; 7] = [0x2b, 6, 1, 5, 5, 7, 3];

/// An extension that is understood (all of them are `id-ce`, 2.5.29).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The last number of its identifier.
    pub(super) id: u8,
    pub(super) critical: bool,
    /// DER.
    pub(super) value: Vec<u8>,
}

/// The extensions that lines `key = value` of a configuration ask for. `sections` finds the lines of
/// another section, for `@names`.
///
/// # Errors
/// The line that is not understood.
pub fn extensions(
    lines: &[(String, String)],
    subject: &PublicKey,
    issuer: &PublicKey,
    sections: &dyn Fn(&str) -> Vec<(String, String)>,
) -> Result<Vec<Extension>, String> {
    let mut list = Vec::new();
    for (key, value) in lines {
        let mut words: Vec<&str> = value.split(',').map(str::trim).collect();
        let critical = words.first() == Some(&"critical");
        if critical {
            words.remove(0);
        }
        let fail = || format!("{key} = {value}");
        let (id, value) = match key.as_str() {
            "basicConstraints" => (BASIC_CONSTRAINTS, basic_constraints(&words).ok_or_else(fail)?),
            "keyUsage" => (KEY_USAGE, key_usage(&words).ok_or_else(fail)?),
            "extendedKeyUsage" => (EXTENDED_KEY_USAGE, purposes(&words).ok_or_else(fail)?),
            "subjectKeyIdentifier" => {
                (SUBJECT_KEY_ID, der::element(der::OCTET_STRING, &[&subject.id()]))
            }
            "authorityKeyIdentifier" => {
                let id = der::element(der::implicit(0), &[&issuer.id()]);
                (AUTHORITY_KEY_ID, der::element(der::SEQUENCE, &[&id]))
            }
            "subjectAltName" => {
                let mut names: Vec<String> = Vec::new();
                for word in words {
                    match word.strip_prefix('@') {
                        // `DNS.1 = a`
                        Some(section) => {
                            names.extend(sections(section).iter().map(|(key, value)| {
                                format!("{}:{value}", key.split('.').next().unwrap_or_default())
                            }))
                        }
                        None => names.push(word.to_owned()),
                    }
                }
                (ALTERNATIVE_NAMES, alternative_names(&names).ok_or_else(fail)?)
            }
            // Comments for old browsers.
            "nsComment" | "nsCertType" => continue,
            _ => return Err(fail()),
        };
        list.push(Extension { id, critical, value });
    }
    Ok(list)
}

fn basic_constraints(words: &[&str]) -> Option<Vec<u8>> {
    let mut parts = Vec::new();
    for word in words {
        match word.split_once(':')? {
            ("CA", value) if value.eq_ignore_ascii_case("true") => {
                parts.push(der::element(der::BOOLEAN, &[&[0xff]]));
            }
            ("CA", _) => {}
            ("pathlen", number) => parts.push(der::unsigned(&[number.parse().ok()?])),
            _ => return None,
        }
    }
    Some(der::element(der::SEQUENCE, &[&parts.concat()]))
}

fn key_usage(words: &[&str]) -> Option<Vec<u8>> {
    let mut bits = [0_u8; 2];
    for word in words {
        let at = USAGES.iter().position(|(name, _)| name == word)?;
        bits[at / 8] |= 0x80 >> (at % 8);
    }
    let bits = if bits[1] == 0 { &bits[..1] } else { &bits[..] };
    let unused = u8::try_from(bits.last()?.trailing_zeros().min(7)).ok()?;
    Some(der::element(der::BIT_STRING, &[&[unused], bits]))
}

fn purposes(words: &[&str]) -> Option<Vec<u8>> {
    let purpose = |word: &&str| {
        let (number, ..) = PURPOSES.iter().find(|(_, name, _)| name == word)?;
        Some(der::element(der::OID, &[&PURPOSE, &[*number]]))
    };
    let list: Option<Vec<Vec<u8>>> = words.iter().map(purpose).collect();
    Some(der::element(der::SEQUENCE, &[&list?.concat()]))
}

/// `DNS:localhost`, `IP:127.0.0.1`, `email:a@b`.
fn alternative_names(names: &[String]) -> Option<Vec<u8>> {
    let name = |name: &String| {
        let (kind, value) = name.split_once(':')?;
        Some(match kind.trim() {
            "DNS" => der::element(der::implicit(2), &[value.trim().as_bytes()]),
            "email" => der::element(der::implicit(1), &[value.trim().as_bytes()]),
            "IP" => {
                let address: std::net::Ipv4Addr = value.trim().parse().ok()?;
                der::element(der::implicit(7), &[&address.octets()])
            }
            _ => return None,
        })
    };
    let list: Option<Vec<Vec<u8>>> = names.iter().map(name).collect();
    Some(der::element(der::SEQUENCE, &[&list?.concat()]))
}

impl Extension {
    pub(super) fn to_der(&self) -> Vec<u8> {
        // FALSE is the default, and DER leaves defaults out.
        let critical =
            if self.critical { der::element(der::BOOLEAN, &[&[0xff]]) } else { Vec::new() };
        let id = der::element(der::OID, &[&[0x55, 29, self.id]]);
        let value = der::element(der::OCTET_STRING, &[&self.value]);
        der::element(der::SEQUENCE, &[&id, &critical, &value])
    }

    /// All that stand in a SEQUENCE; those that are not understood are left out.
    pub(super) fn read_all(list: &[u8]) -> Result<Vec<Self>, DerError> {
        let (mut list, mut found) = (Reader::new(list), Vec::new());
        while !list.is_empty() {
            let mut parts = list.enter(der::SEQUENCE)?;
            let id = parts.read(der::OID)?;
            let critical = parts.optional(der::BOOLEAN)?.is_some();
            let value = parts.read(der::OCTET_STRING)?.to_vec();
            if let [0x55, 29, id] = *id {
                found.push(Self { id, critical, value });
            }
        }
        Ok(found)
    }

    /// Whether it says that a certificate may sign others.
    pub(super) fn is_ca(&self) -> bool {
        let inside = || Reader::new(&self.value).enter(der::SEQUENCE)?.optional(der::BOOLEAN);
        self.id == BASIC_CONSTRAINTS && inside().is_ok_and(|flag| flag == Some(&[0xff]))
    }

    /// The names of a subjectAltName: kind and text.
    pub(super) fn names(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let Ok(mut list) = Reader::new(&self.value).enter(der::SEQUENCE) else { return found };
        while let Ok((tag, value)) = list.any() {
            let text = String::from_utf8_lossy(value).into_owned();
            match (tag & 0x1f, value) {
                (1, _) => found.push(("email", text)),
                (2, _) => found.push(("DNS", text)),
                (7, [a, b, c, d]) => found.push(("IP Address", format!("{a}.{b}.{c}.{d}"))),
                _ => {}
            }
        }
        found
    }

    /// Its name and its value for people.
    pub(super) fn text(&self) -> Option<(&'static str, String)> {
        let mut value = Reader::new(&self.value);
        Some(match self.id {
            KEY_USAGE => {
                let bits = value.read(der::BIT_STRING).ok()?.get(1..)?;
                let is_set =
                    |at: usize| bits.get(at / 8).is_some_and(|it| it & (0x80 >> (at % 8)) != 0);
                let set = USAGES.iter().enumerate().filter(|(at, _)| is_set(*at));
                let names: Vec<&str> = set.map(|(_, (_, name))| *name).collect();
                ("X509v3 Key Usage", names.join(", "))
            }
            EXTENDED_KEY_USAGE => {
                let mut list = value.enter(der::SEQUENCE).ok()?;
                let mut names = Vec::new();
                while let Ok(id) = list.read(der::OID) {
                    let known = PURPOSES.iter().find(|(number, ..)| id.last() == Some(number));
                    names.push(known.map_or("unknown", |(_, _, name)| name));
                }
                ("X509v3 Extended Key Usage", names.join(", "))
            }
            BASIC_CONSTRAINTS => {
                let mut inside = value.enter(der::SEQUENCE).ok()?;
                let is_ca = inside.optional(der::BOOLEAN).ok()?.is_some();
                let mut text = if is_ca { "CA:TRUE" } else { "CA:FALSE" }.to_owned();
                if let Some([length]) = inside.optional(der::INTEGER).ok()? {
                    text += &format!(", pathlen:{length}");
                }
                ("X509v3 Basic Constraints", text)
            }
            SUBJECT_KEY_ID => {
                let id = value.read(der::OCTET_STRING).ok()?;
                ("X509v3 Subject Key Identifier", super::text::pairs(id, ":", true))
            }
            AUTHORITY_KEY_ID => {
                let id = value.enter(der::SEQUENCE).ok()?.read(der::implicit(0)).ok()?;
                ("X509v3 Authority Key Identifier", super::text::pairs(id, ":", true))
            }
            ALTERNATIVE_NAMES => {
                let names: Vec<String> =
                    self.names().iter().map(|(kind, name)| format!("{kind}:{name}")).collect();
                ("X509v3 Subject Alternative Name", names.join(", "))
            }
            _ => return None,
        })
    }
}
