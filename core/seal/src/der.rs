//! The few pieces of DER that certificates and keys are made of: written, and read strictly.
//!
//! The reader accepts definite, shortest lengths only, below 16 MiB, and never more than there is:
//! two different byte strings cannot read as the same certificate.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The tag `[number]`, constructed.
pub(crate) const fn explicit(number: u8) -> u8 {
    0xa0 | number
}

/// The tag `[number]`, primitive.
pub(crate) const fn implicit(number: u8) -> u8 {
    0x80 | number
}

/// One element: tag, length, the parts one after the other.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length + 5);
    bytes.push(tag);
    let digits = (length as u64).to_be_bytes();
    let first = digits.iter().position(|&digit| digit != 0).unwrap_or(7);
    if length >= 128 {
        // At most 8 digits, so the sum fits.
        bytes.push(0x80 + (8 - first) as u8);
    }
    bytes.extend_from_slice(&digits[first..]);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// An unsigned INTEGER from big-endian bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    match bytes.get(first) {
        None => element(INTEGER, &[&[0]]),
        Some(0x80..) => element(INTEGER, &[&[0], &bytes[first..]]),
        Some(_) => element(INTEGER, &[&bytes[first..]]),
    }
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// Bytes that are not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DerError;

/// Reads elements one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element with `tag`: its content.
    pub(crate) fn read(&mut self, tag: u8) -> Result<&'a [u8], DerError> {
        self.read_whole(tag).map(|(_, content)| content)
    }

    /// The next element with `tag`: with its header, and its content alone.
    pub(crate) fn read_whole(&mut self, tag: u8) -> Result<(&'a [u8], &'a [u8]), DerError> {
        let bytes = self.rest;
        let (&first, after) = bytes.split_first().ok_or(DerError)?;
        if first != tag {
            return Err(DerError);
        }
        let (&short, mut after) = after.split_first().ok_or(DerError)?;
        let length = match short {
            0..=0x7f => usize::from(short),
            0x81..=0x83 => {
                let (digits, rest) =
                    after.split_at_checked(usize::from(short - 0x80)).ok_or(DerError)?;
                after = rest;
                let length = digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit));
                if digits[0] == 0 || length < 128 {
                    return Err(DerError);
                }
                length
            }
            _ => return Err(DerError),
        };
        let (content, rest) = after.split_at_checked(length).ok_or(DerError)?;
        self.rest = rest;
        Ok((&bytes[..bytes.len() - rest.len()], content))
    }

    /// A reader of the content of the next element with `tag`.
    pub(crate) fn enter(&mut self, tag: u8) -> Result<Reader<'a>, DerError> {
        self.read(tag).map(Reader::new)
    }

    /// The content of the next element if it has `tag`.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, DerError> {
        if self.rest.first() == Some(&tag) { self.read(tag).map(Some) } else { Ok(None) }
    }

    /// The next element's tag and content, whatever it is.
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8]), DerError> {
        let tag = *self.rest.first().ok_or(DerError)?;
        self.read(tag).map(|content| (tag, content))
    }

    /// The big-endian bytes of a positive INTEGER, without leading zeros.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], DerError> {
        match self.read(INTEGER)? {
            [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => Err(DerError),
            [0, rest @ ..] => Ok(rest),
            bytes => Ok(bytes),
        }
    }

    /// The content of a BIT STRING of whole bytes.
    pub(crate) fn bit_string(&mut self) -> Result<&'a [u8], DerError> {
        match self.read(BIT_STRING)? {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(DerError),
        }
    }

    /// Nothing may follow.
    pub(crate) fn finish(self) -> Result<(), DerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_and_read_in_their_shortest_form() {
        for (length, header) in [
            (0, &[0x04, 0][..]),
            (127, &[0x04, 127]),
            (128, &[0x04, 0x81, 128]),
            (256, &[0x04, 0x82, 1, 0]),
            (65_536, &[0x04, 0x83, 1, 0, 0]),
        ] {
            let content = vec![9; length];
            let bytes = element(OCTET_STRING, &[&content]);
            assert_eq!(bytes[..header.len()], *header);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.read(OCTET_STRING), Ok(&content[..]));
            assert_eq!(reader.finish(), Ok(()));
            assert_eq!(Reader::new(&bytes[..bytes.len() - 1]).read(OCTET_STRING), Err(DerError));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for bytes in [
            &[][..],
            &[4],
            &[4, 0x80, 0, 0],
            &[4, 0x81, 1, 9],
            &[4, 0x82, 0, 200],
            &[4, 0x84, 0, 0, 0, 1, 9],
            &[4, 0xff],
            &[4, 0x83, 0xff],
            &[5, 0],
        ] {
            assert_eq!(Reader::new(bytes).read(OCTET_STRING), Err(DerError), "{bytes:?}");
        }
    }

    #[test]
    fn integers() {
        for (bytes, der) in
            [(&[][..], &[2, 1, 0][..]), (&[0, 0, 5], &[2, 1, 5]), (&[0x80], &[2, 2, 0, 0x80])]
        {
            assert_eq!(unsigned(bytes), der);
        }
        assert_eq!(Reader::new(&[2, 2, 0, 0x80]).unsigned(), Ok(&[0x80][..]));
        for bytes in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 1]] {
            assert_eq!(Reader::new(bytes).unsigned(), Err(DerError));
        }
    }
}
