//! Records: how a channel's frames are cut and sealed.
//!
//! A frame is one or more whole records; a record is `kind, length (32 bits), body`. A sealed
//! record's body is AES-256-GCM over the content and one byte for the content's kind, with the
//! record's header as associated data. Its nonce is not sent: it is the direction's fixed part
//! xored with the count of records so far (RFC 8446, section 5.3). So a record that is replayed,
//! left out, reordered or sent back does not open, and each (key, nonce) seals one record.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Tag};
use zeroize::Zeroizing;

use super::ChannelError;
use super::schedule::{Secret, expand_label};

/// Bytes of a record's header.
const HEADER_SIZE: usize = 5;
const TAG_SIZE: usize = 16;
/// The longest plaintext of a record, in bytes: four times gRPC's limit for a message (4 MiB).
pub const MESSAGE_SIZE_LIMIT: usize = 16 * 1024 * 1024;
/// After so many records a direction takes its next key; far below GCM's limits.
pub(super) const RECORDS_PER_KEY: u64 = 1 << 20;

/// What kind of record it is; the codes are TLS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A hello, in the clear.
    Hello,
    /// Anything else, sealed.
    Sealed,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Hello => 22,
            Self::Sealed => 23,
        }
    }
}

/// What a sealed record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Messages of the handshake.
    Handshake,
    /// The application's bytes.
    Data,
    /// "My next record uses the next key."
    KeyUpdate,
}

impl Content {
    const fn code(self) -> u8 {
        match self {
            Self::Handshake => 22,
            Self::Data => 23,
            Self::KeyUpdate => 24,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Handshake, Self::Data, Self::KeyUpdate].into_iter().find(|c| c.code() == code)
    }
}

/// One record of a received frame.
pub(super) struct Record<'a> {
    pub(super) kind: Kind,
    header: &'a [u8],
    pub(super) body: &'a [u8],
}

/// Takes the next record off `frame`; nothing when the frame is used up.
pub(super) fn next<'a>(frame: &mut &'a [u8]) -> Result<Option<Record<'a>>, ChannelError> {
    if frame.is_empty() {
        return Ok(None);
    }
    let (header, rest) = frame.split_at_checked(HEADER_SIZE).ok_or(ChannelError::Truncated)?;
    let kind = match header[0] {
        22 => Kind::Hello,
        23 => Kind::Sealed,
        _ => return Err(ChannelError::Unexpected),
    };
    let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
    // On 32-bit targets a u32 fits as well.
    let (body, rest) = rest.split_at_checked(length as usize).ok_or(ChannelError::Truncated)?;
    *frame = rest;
    Ok(Some(Record { kind, header, body }))
}

/// A hello's record.
pub(super) fn hello(body: &[u8]) -> Vec<u8> {
    [&header(Kind::Hello, body.len())[..], body].concat()
}

fn header(kind: Kind, length: usize) -> [u8; HEADER_SIZE] {
    let length = u32::try_from(length).expect("records are below MESSAGE_SIZE_LIMIT");
    let [a, b, c, d] = length.to_be_bytes();
    [kind.code(), a, b, c, d]
}

/// The keys and the count of records of one direction.
#[derive(Clone)]
pub(super) struct Direction {
    secret: Secret,
    cipher: Aes256Gcm,
    fixed: [u8; 12],
    sequence: u64,
}

impl Direction {
    pub(super) fn new(secret: &Secret) -> Self {
        let (mut key, mut fixed) = (Zeroizing::new([0; 32]), [0; 12]);
        expand_label(secret, "key", &[], &mut *key);
        expand_label(secret, "iv", &[], &mut fixed);
        let cipher = Aes256Gcm::new(&(*key).into());
        Self { secret: secret.clone(), cipher, fixed, sequence: 0 }
    }

    /// How many records this key has sealed or opened.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Takes the next key. The last one cannot be found from it.
    pub(super) fn update(&mut self) {
        let mut next = Zeroizing::new([0; 32]);
        expand_label(&self.secret, "traffic upd", &[], &mut *next);
        *self = Self::new(&next);
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = self.fixed;
        for (byte, count) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= count;
        }
        nonce
    }

    /// Appends the sealed record to `frame`.
    pub(super) fn seal(&mut self, content: Content, plaintext: &[u8], frame: &mut Vec<u8>) {
        let header = header(Kind::Sealed, plaintext.len() + 1 + TAG_SIZE);
        frame.reserve(HEADER_SIZE + plaintext.len() + 1 + TAG_SIZE);
        frame.extend_from_slice(&header);
        let start = frame.len();
        frame.extend_from_slice(plaintext);
        frame.push(content.code());
        let nonce = self.nonce();
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), &header, (&mut frame[start..]).into())
            .expect("a record is far below the 64 GiB that GCM allows");
        frame.extend_from_slice(&tag);
        self.sequence += 1;
    }

    /// What a received record holds.
    pub(super) fn open(&mut self, record: &Record<'_>) -> Result<(Content, Vec<u8>), ChannelError> {
        let (sealed, tag) =
            record.body.split_last_chunk::<TAG_SIZE>().ok_or(ChannelError::Truncated)?;
        if record.kind != Kind::Sealed || sealed.len() > MESSAGE_SIZE_LIMIT + 1 {
            return Err(ChannelError::Unexpected);
        }
        let mut plaintext = sealed.to_vec();
        self.cipher
            .decrypt_inout_detached(
                &self.nonce().into(),
                record.header,
                plaintext.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| ChannelError::BadRecord)?;
        self.sequence += 1;
        let content = plaintext.pop().and_then(Content::from_code);
        Ok((content.ok_or(ChannelError::Unexpected)?, plaintext))
    }
}

#[cfg(test)]
mod tests {
    use sorted::SortedSet;

    use super::*;

    #[test]
    fn ten_thousand_records_and_new_keys_never_share_key_and_nonce() {
        let mut seen = SortedSet::new();
        let mut direction = Direction::new(&Zeroizing::new([1; 32]));
        for count in 0..10_000 {
            if count % 1_000 == 999 {
                direction.update();
            }
            assert!(seen.insert((*direction.secret, direction.nonce())), "record {count}");
            direction.seal(Content::Data, b"same text", &mut Vec::new());
        }
    }

    #[test]
    fn records_are_cut_where_they_end() {
        let frame = [hello(b"one"), hello(b""), hello(b"three")].concat();
        let mut rest = &frame[..];
        let mut bodies = Vec::new();
        while let Some(record) = next(&mut rest).unwrap() {
            bodies.push(record.body);
        }
        assert_eq!(bodies, [&b"one"[..], b"", b"three"]);
        let mut cut = &frame[..7];
        assert!(matches!(next(&mut cut), Err(ChannelError::Truncated)));
    }
}
