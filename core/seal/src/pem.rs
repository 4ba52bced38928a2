//! PEM blocks (RFC 7468), with the headers that `swarm-node.key` carries (RFC 1421).

use std::fmt::Write;

use crate::base64;

/// One block: `-----BEGIN label-----`, headers, base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    /// What the block says it holds, for instance `CERTIFICATE`.
    pub label: String,
    /// `key: value` lines before the base64, in their order.
    pub headers: Vec<(String, String)>,
    /// The decoded content; the block's owner knows whether it is secret.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pem({}, {} bytes)", self.label, self.body.len())
    }
}

/// A text that is not one PEM block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid PEM")]
pub struct InvalidPem;

/// Characters of a line of base64.
const LINE: usize = 64;

impl Pem {
    /// The block as Go's `encoding/pem` writes it: `Proc-Type` first, then the other headers in
    /// alphabetical order, lines of 64 characters, a newline at the end.
    pub fn encode(&self) -> String {
        let mut text = format!("-----BEGIN {}-----\n", self.label);
        let mut headers: Vec<_> = self.headers.iter().collect();
        headers.sort_by_key(|(key, value)| (key != "Proc-Type", key, value));
        for (key, value) in &headers {
            writeln!(text, "{key}: {value}").expect("a String takes everything");
        }
        if !headers.is_empty() {
            text.push('\n');
        }
        for (position, digit) in base64::encode(&self.body).chars().enumerate() {
            if position != 0 && position % LINE == 0 {
                text.push('\n');
            }
            text.push(digit);
        }
        if !self.body.is_empty() {
            text.push('\n');
        }
        writeln!(text, "-----END {}-----", self.label).expect("a String takes everything");
        text
    }

    /// Reads a text that is exactly one block; only white space may surround it.
    ///
    /// # Errors
    /// When it is not.
    pub fn decode(text: &str) -> Result<Self, InvalidPem> {
        let mut lines = text.trim().lines().map(str::trim_end);
        let label = lines.next().and_then(|line| {
            line.strip_prefix("-----BEGIN ")?.strip_suffix("-----").map(str::to_owned)
        });
        let label = label.ok_or(InvalidPem)?;
        let (mut headers, mut digits, mut ended) = (Vec::new(), String::new(), false);
        for line in lines {
            if ended {
                return Err(InvalidPem);
            }
            if let Some(end) = line.strip_prefix("-----END ") {
                if end.strip_suffix("-----") != Some(&label) {
                    return Err(InvalidPem);
                }
                ended = true;
            } else if let Some((key, value)) = line.split_once(": ") {
                if !digits.is_empty() {
                    return Err(InvalidPem);
                }
                headers.push((key.to_owned(), value.to_owned()));
            } else {
                digits.push_str(line);
            }
        }
        if !ended {
            return Err(InvalidPem);
        }
        Ok(Self { label, headers, body: base64::decode(&digits).ok_or(InvalidPem)? })
    }

    /// Splits a text into its blocks, each a text for [`Pem::decode`]; what stands before the first is
    /// left out.
    pub fn split(text: &str) -> Vec<&str> {
        const BEGIN: &str = "-----BEGIN ";
        let mut starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
        starts.push(text.len());
        starts.windows(2).map(|pair| text[pair[0]..pair[1]].trim()).collect()
    }

    /// The value of a header.
    pub fn header(&self, key: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_go_both_ways() {
        for size in [0, 1, 47, 48, 49, 200] {
            let headers = vec![("Proc-Type".into(), "x".into()), ("a".into(), "b: c".into())];
            let block = Pem { label: "THING".into(), headers, body: vec![0xa5; size] };
            assert_eq!(Pem::decode(&block.encode()).as_ref(), Ok(&block));
        }
        let block = Pem { label: "T".into(), headers: Vec::new(), body: vec![0; 49] };
        let expected = format!("-----BEGIN T-----\n{}\nAA==\n-----END T-----\n", "A".repeat(64));
        assert_eq!(block.encode(), expected);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "AAAA",
            "-----BEGIN T-----",
            "-----BEGIN T-----\nAAAA",
            "-----BEGIN T-----\nAAAA\n-----END U-----",
            "-----BEGIN T-----\nAAA\n-----END T-----",
            "-----BEGIN T-----\nAAAA\na: b\n-----END T-----",
            "-----BEGIN T-----\nAAAA\n-----END T-----\n-----BEGIN T-----\nAAAA\n-----END T-----",
        ] {
            assert_eq!(Pem::decode(text), Err(InvalidPem), "{text:?}");
        }
    }
}
