//! Certificates and requests for people, in the layout of OpenSSL 3.0 (`-text`).

use std::fmt::Write;

use sim::Time;

use super::certificate::{Certificate, Request};
use super::extension::Extension;
use super::key::PublicKey;

/// Bytes of a key in one line.
const KEY_LINE: usize = 15;
/// Bytes of a signature in one line.
const SIGNATURE_LINE: usize = 18;

/// `Mar  1 08:00:00 2017 GMT`.
pub fn time_text(at: Time) -> String {
    let c = at.civil();
    let month = c.month_name();
    format!("{month} {:2} {:02}:{:02}:{:02} {} GMT", c.day, c.hour, c.minute, c.second, c.year)
}

pub(super) fn pairs(bytes: &[u8], separator: &str, upper: bool) -> String {
    let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    bytes.iter().map(digits).collect::<Vec<_>>().join(separator)
}

/// Lines of so many bytes; all but the last end in a colon.
fn block(bytes: &[u8], per_line: usize, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let lines: Vec<String> =
        bytes.chunks(per_line).map(|line| format!("{indent}{}", pairs(line, ":", false))).collect();
    lines.join(":\n") + "\n"
}

const fn algorithm(by_rsa: bool) -> &'static str {
    if by_rsa { "sha256WithRSAEncryption" } else { "ecdsa-with-SHA256" }
}

/// The lines of a key, indented.
fn key(key: &PublicKey, indent: usize) -> String {
    let (gap, bits) = (" ".repeat(indent), key.bits());
    match key {
        PublicKey::Rsa(key) => {
            // The number is positive, so its first bit is not set.
            let modulus = [&[0], &key.modulus[..]].concat();
            let modulus = block(&modulus, KEY_LINE, indent + 8);
            format!(
                "{gap}Public Key Algorithm: rsaEncryption\n{gap}    Public-Key: ({bits} bit)\n{gap}    \
                 Modulus:\n{modulus}{gap}    Exponent: 65537 (0x10001)\n"
            )
        }
        PublicKey::Ec(key) => {
            let point = block(&key.to_sec1(), KEY_LINE, indent + 8);
            format!(
                "{gap}Public Key Algorithm: id-ecPublicKey\n{gap}    Public-Key: (256 bit)\n{gap}    \
                 pub:\n{point}{gap}    ASN1 OID: prime256v1\n{gap}    NIST CURVE: P-256\n"
            )
        }
    }
}

fn extensions(list: &[Extension], indent: usize) -> String {
    let (gap, mut text) = (" ".repeat(indent), String::new());
    for extension in list {
        if let Some((name, value)) = extension.text() {
            let critical = if extension.critical { "critical" } else { "" };
            let _ = write!(text, "{gap}{name}: {critical}\n{gap}    {value}\n");
        }
    }
    text
}

/// What `openssl x509 -text` prints.
pub fn text(it: &Certificate) -> String {
    // A short number is a number, a long one is bytes.
    let serial = match it.serial.len() {
        0..=7 => {
            let number = it.serial.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            format!(" {number} ({number:#x})")
        }
        _ => format!("\n            {}", pairs(&it.serial, ":", false)),
    };
    let mut text = format!(
        "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number:{serial}\n        \
         Signature Algorithm: {}\n        Issuer: {}\n        Validity\n            Not Before: {}\n            \
         Not After : {}\n        Subject: {}\n        Subject Public Key Info:\n",
        algorithm(it.by_rsa),
        it.issuer.text(),
        time_text(it.not_before),
        time_text(it.not_after),
        it.subject.text(),
    );
    text += &key(&it.key, 12);
    if !it.extensions.is_empty() {
        text += "        X509v3 extensions:\n";
        text += &extensions(&it.extensions, 12);
    }
    let _ =
        write!(text, "    Signature Algorithm: {}\n    Signature Value:\n", algorithm(it.by_rsa));
    text + &block(&it.signature, SIGNATURE_LINE, 8)
}

/// What `openssl req -text` prints.
pub fn request_text(it: &Request) -> String {
    let mut text = format!(
        "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n        Subject: {}\n        Subject \
         Public Key Info:\n",
        it.subject.text()
    );
    text += &key(&it.key, 12);
    if it.extensions.is_empty() {
        text += "        Attributes:\n            (none)\n            Requested Extensions:\n";
    } else {
        text += "        Attributes:\n            Requested Extensions:\n";
        text += &extensions(&it.extensions, 16);
    }
    let _ =
        write!(text, "    Signature Algorithm: {}\n    Signature Value:\n", algorithm(it.by_rsa));
    text + &block(&it.signature, SIGNATURE_LINE, 8)
}

impl Certificate {
    /// `keyUsage` and the like, as `openssl x509 -ext` prints them, for the names that are given
    /// (without regard to case, `X509v3` and blanks).
    pub fn extension_text(&self, wanted: &[&str]) -> String {
        let is_wanted = |extension: &&Extension| {
            let Some((name, _)) = extension.text() else { return false };
            let short = name.trim_start_matches("X509v3 ").replace(' ', "");
            wanted.iter().any(|other| match *other {
                "subjectAltName" => short == "SubjectAlternativeName",
                other => other.eq_ignore_ascii_case(&short),
            })
        };
        let list: Vec<Extension> = self.extensions.iter().filter(is_wanted).cloned().collect();
        extensions(&list, 0)
    }
}
