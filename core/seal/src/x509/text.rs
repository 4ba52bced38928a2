//! A certificate for people, in the layout of OpenSSL 3.0 (`openssl x509 -text`).

use std::fmt::Write;

use sim::Time;

use super::template::{
    ALTERNATIVE_NAMES, AUTHORITY_KEY_ID, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE,
    SUBJECT_KEY_ID,
};
use super::{Certificate, Name};
use crate::der::{self, DerError, Reader};

/// Bytes of a key in one line.
const KEY_LINE: usize = 15;
/// Bytes of a signature in one line.
const SIGNATURE_LINE: usize = 18;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The bits of a key usage, from the first.
const USAGES: [&str; 9] = [
    "Digital Signature",
    "Non Repudiation",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
];
/// Purposes of an extended key usage, by the last number of their identifiers (id-kp).
const PURPOSES: [(u8, &str); 2] =
    [(1, "TLS Web Server Authentication"), (2, "TLS Web Client Authentication")];

impl Name {
    /// `O = x, OU = y, CN = z`.
    pub fn text(&self) -> String {
        let parts = [
            ("O", self.organization.as_deref()),
            ("OU", self.organizational_unit.as_deref()),
            ("CN", Some(self.common_name.as_str())),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key} = {}", value?)))
            .collect();
        parts.join(", ")
    }
}

/// `Mar  1 08:00:00 2017 GMT`.
pub fn time_text(at: Time) -> String {
    let c = at.civil();
    let month = MONTHS[(c.month as usize + 11) % 12];
    format!("{month} {:2} {:02}:{:02}:{:02} {} GMT", c.day, c.hour, c.minute, c.second, c.year)
}

fn pairs(bytes: &[u8], separator: &str, upper: bool) -> String {
    let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    bytes.iter().map(digits).collect::<Vec<_>>().join(separator)
}

/// Lines of so many bytes; all but the last end in a colon.
fn block(bytes: &[u8], per_line: usize, indent: &str) -> String {
    let lines: Vec<String> =
        bytes.chunks(per_line).map(|line| format!("{indent}{}", pairs(line, ":", false))).collect();
    lines.join(":\n") + "\n"
}

/// One extension: its name, whether it is critical, and its value's lines.
struct Extension {
    name: &'static str,
    critical: bool,
    value: String,
}

fn key_usage(value: &mut Reader<'_>) -> Result<String, DerError> {
    let bits = value.read(der::BIT_STRING)?;
    let bits = bits.get(1..).unwrap_or_default();
    let is_set = |at: usize| bits.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
    let names: Vec<&str> = USAGES
        .into_iter()
        .enumerate()
        .filter(|(at, _)| is_set(*at))
        .map(|(_, name)| name)
        .collect();
    Ok(names.join(", "))
}

fn purposes(value: &mut Reader<'_>) -> Result<String, DerError> {
    let mut list = value.enter(der::SEQUENCE)?;
    let mut names = Vec::new();
    while !list.is_empty() {
        let last = list.read(der::OID)?.last().copied();
        let known = PURPOSES.into_iter().find(|(number, _)| last == Some(*number));
        names.push(known.map_or("unknown", |(_, name)| name));
    }
    Ok(names.join(", "))
}

fn extension(mut parts: Reader<'_>) -> Result<Option<Extension>, DerError> {
    let oid = parts.read(der::OID)?;
    let critical = parts.optional(der::BOOLEAN)?.is_some();
    let mut value = parts.enter(der::OCTET_STRING)?;
    let (name, value) = match oid {
        KEY_USAGE => ("X509v3 Key Usage", key_usage(&mut value)?),
        EXTENDED_KEY_USAGE => ("X509v3 Extended Key Usage", purposes(&mut value)?),
        BASIC_CONSTRAINTS => {
            let mut inside = value.enter(der::SEQUENCE)?;
            let is_ca = inside.optional(der::BOOLEAN)?.is_some();
            ("X509v3 Basic Constraints", if is_ca { "CA:TRUE" } else { "CA:FALSE" }.to_owned())
        }
        SUBJECT_KEY_ID => {
            let id = value.read(der::OCTET_STRING)?;
            ("X509v3 Subject Key Identifier", pairs(id, ":", true))
        }
        AUTHORITY_KEY_ID => {
            let id = value.enter(der::SEQUENCE)?.read(der::implicit(0))?;
            ("X509v3 Authority Key Identifier", pairs(id, ":", true))
        }
        ALTERNATIVE_NAMES => {
            let mut list = value.enter(der::SEQUENCE)?;
            let mut names = Vec::new();
            while !list.is_empty() {
                let name = list.read(der::implicit(2))?;
                names.push(format!("DNS:{}", String::from_utf8_lossy(name)));
            }
            ("X509v3 Subject Alternative Name", names.join(", "))
        }
        _ => return Ok(None),
    };
    Ok(Some(Extension { name, critical, value }))
}

impl Certificate {
    /// The extensions that are understood, in their order. What was read once reads again.
    fn extensions(&self) -> Vec<Extension> {
        let list = || -> Result<Vec<Extension>, DerError> {
            let mut fields = Reader::new(&self.der[self.signed.clone()]).enter(der::SEQUENCE)?;
            while !fields.is_empty() {
                let (tag, content) = fields.any()?;
                if tag != der::explicit(3) {
                    continue;
                }
                let mut entries = Reader::new(content).enter(der::SEQUENCE)?;
                let mut found = Vec::new();
                while !entries.is_empty() {
                    found.extend(extension(entries.enter(der::SEQUENCE)?)?);
                }
                return Ok(found);
            }
            Ok(Vec::new())
        };
        list().unwrap_or_default()
    }

    /// What `openssl x509 -text` prints.
    pub fn text(&self) -> String {
        let mut text = format!(
            "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number:\n            \
             {}\n        Signature Algorithm: ecdsa-with-SHA256\n        Issuer: {}\n        \
             Validity\n            Not Before: {}\n            Not After : {}\n        Subject: \
             {}\n        Subject Public Key Info:\n            Public Key Algorithm: \
             id-ecPublicKey\n                Public-Key: (256 bit)\n                pub:\n",
            pairs(&self.serial, ":", false),
            self.issuer.text(),
            time_text(self.not_before),
            time_text(self.not_after),
            self.subject.text(),
        );
        text += &block(&self.public_key.to_sec1(), KEY_LINE, &" ".repeat(20));
        text += "                ASN1 OID: prime256v1\n                NIST CURVE: P-256\n        \
                 X509v3 extensions:\n";
        for Extension { name, critical, value } in self.extensions() {
            let critical = if critical { "critical" } else { "" };
            let _ = write!(text, "            {name}: {critical}\n                {value}\n");
        }
        text += "    Signature Algorithm: ecdsa-with-SHA256\n    Signature Value:\n";
        text + &block(&self.signature, SIGNATURE_LINE, &" ".repeat(8))
    }

    /// `keyUsage` and the like, as `openssl x509 -ext` prints them, for the names that are given
    /// (without regard to case, `X509v3` and blanks).
    pub fn extension_text(&self, wanted: &[&str]) -> String {
        let mut text = String::new();
        for Extension { name, critical, value } in self.extensions() {
            let short = name.trim_start_matches("X509v3 ").replace(' ', "");
            let is_wanted = |other: &&str| match *other {
                "subjectAltName" => short == "SubjectAlternativeName",
                other => other.eq_ignore_ascii_case(&short),
            };
            if wanted.iter().any(is_wanted) {
                let critical = if critical { "critical" } else { "" };
                let _ = write!(text, "{name}: {critical}\n    {value}\n");
            }
        }
        text
    }

    /// The serial number in capital hexadecimal digits.
    pub fn serial_text(&self) -> String {
        pairs(&self.serial, "", true)
    }

    /// SHA-256 of the DER, `AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        use sha2::Digest;
        pairs(&sha2::Sha256::digest(&self.der), ":", true)
    }
}
