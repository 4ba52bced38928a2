//! Distinguished names.

use crate::der::{self, DerError, Reader};
use crate::x509::is_printable;

/// Attributes: short name, what a prompt calls it, the object identifier's content.
const ATTRIBUTES: &[(&str, &[u8])] = &[
    ("C", &[0x55, 4, 6]),
    ("ST", &[0x55, 4, 8]),
    ("L", &[0x55, 4, 7]),
    ("O", &[0x55, 4, 10]),
    ("OU", &[0x55, 4, 11]),
    ("CN", &[0x55, 4, 3]),
    ("SN", &[0x55, 4, 4]),
    ("GN", &[0x55, 4, 42]),
    ("serialNumber", &[0x55, 4, 5]),
    ("emailAddress", &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]),
];
/// ASN.1's IA5String.
const IA5_STRING: u8 = 0x16;

/// A distinguished name: attributes by short name, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(pub Vec<(String, String)>);

impl Name {
    /// Reads `/C=US/O=Example/CN=localhost`; `\/` is a slash.
    ///
    /// # Errors
    /// The part that is no attribute.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else { return Err(text.to_owned()) };
        let mut parts = vec![String::new()];
        let mut chars = rest.chars();
        while let Some(char) = chars.next() {
            match (char, parts.last_mut()) {
                ('/', _) => parts.push(String::new()),
                ('\\', Some(part)) => part.extend(chars.next()),
                (char, Some(part)) => part.push(char),
                (_, None) => {}
            }
        }
        let mut name = Self::default();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| part.clone())?;
            let long = [
                ("countryName", "C"),
                ("stateOrProvinceName", "ST"),
                ("localityName", "L"),
                ("organizationName", "O"),
                ("organizationalUnitName", "OU"),
                ("commonName", "CN"),
            ];
            let key = long.iter().find(|(long, _)| *long == key).map_or(key, |(_, short)| short);
            if !ATTRIBUTES.iter().any(|(known, _)| *known == key) {
                return Err(key.to_owned());
            }
            // An attribute without a value is left out.
            if !value.is_empty() {
                name.0.push((key.to_owned(), value.to_owned()));
            }
        }
        Ok(name)
    }

    /// The common name.
    pub fn common_name(&self) -> &str {
        self.0.iter().find(|(key, _)| key == "CN").map_or("", |(_, value)| value)
    }

    /// `C = US, O = Example`.
    pub fn text(&self) -> String {
        let parts: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        parts.join(", ")
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        let attribute = |(key, value): &(String, String)| {
            let oid = ATTRIBUTES.iter().find(|(known, _)| known == key);
            let tag = match key.as_str() {
                "C" | "serialNumber" if is_printable(value) => der::PRINTABLE_STRING,
                "emailAddress" => IA5_STRING,
                _ => der::UTF8_STRING,
            };
            let oid = der::element(der::OID, &[oid.map_or(&[][..], |(_, oid)| oid)]);
            let value = der::element(tag, &[value.as_bytes()]);
            der::element(der::SET, &[&der::element(der::SEQUENCE, &[&oid, &value])])
        };
        let attributes: Vec<Vec<u8>> = self.0.iter().map(attribute).collect();
        der::element(der::SEQUENCE, &[&attributes.concat()])
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DerError> {
        let mut sets = reader.enter(der::SEQUENCE)?;
        let mut name = Self::default();
        while !sets.is_empty() {
            let mut pair = sets.enter(der::SET)?.enter(der::SEQUENCE)?;
            let oid = pair.read(der::OID)?;
            let (_, value) = pair.any()?;
            let known = ATTRIBUTES.iter().find(|(_, known)| *known == oid).ok_or(DerError)?;
            let value = String::from_utf8(value.to_vec()).map_err(|_| DerError)?;
            name.0.push((known.0.to_owned(), value));
        }
        Ok(name)
    }
}
