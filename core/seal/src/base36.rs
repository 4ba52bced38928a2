//! Big-endian bytes as digits `0-9a-z`: how swarmkit spells ids, digests and join secrets.

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The number that `bytes` spell (big-endian) in base 36, padded with zeros on the left to at
/// least `width` digits. No bytes are the number zero.
pub fn encode(bytes: &[u8], width: usize) -> String {
    // Long division by 36, a byte at a time; numbers here are at most 32 bytes.
    let mut number = bytes.to_vec();
    let mut digits = Vec::new();
    let mut start = 0;
    while start < number.len() {
        if number[start] == 0 {
            start += 1;
            continue;
        }
        let mut remainder = 0_u32;
        for byte in &mut number[start..] {
            let value = remainder << 8 | u32::from(*byte);
            // Both fit: value < 36 * 256.
            *byte = (value / 36) as u8;
            remainder = value % 36;
        }
        digits.push(DIGITS[remainder as usize]);
    }
    while digits.len() < width.max(1) {
        digits.push(b'0');
    }
    digits.iter().rev().map(|&digit| char::from(digit)).collect()
}

/// The `N` big-endian bytes that `text` spells, or nothing where it is empty, holds anything but
/// `0-9a-z`, or does not fit.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.is_empty() {
        return None;
    }
    let mut bytes = [0_u8; N];
    for character in text.bytes() {
        let mut carry = match character {
            b'0'..=b'9' => u32::from(character - b'0'),
            b'a'..=b'z' => u32::from(character - b'a') + 10,
            _ => return None,
        };
        for byte in bytes.iter_mut().rev() {
            let value = u32::from(*byte) * 36 + carry;
            *byte = (value & 0xff) as u8;
            carry = value >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_spellings() {
        for (bytes, width, text) in [
            (&[][..], 0, "0"),
            (&[0], 3, "000"),
            (&[35], 1, "z"),
            (&[36], 1, "10"),
            (&[0, 0, 1, 0], 5, "00074"),
            (&[0xff; 16], 25, "f5lxx1zz5pnorynqglhzmsp33"),
            (&[0xff; 8], 0, "3w5e11264sgsf"),
        ] {
            assert_eq!(encode(bytes, width), text, "{bytes:?}");
        }
    }

    #[test]
    fn both_ways_with_leading_zeros() {
        let mut rng = sim::Streams::new(5).stream("base36");
        for round in 0..200_usize {
            let mut bytes: [u8; 32] = rng.bytes();
            bytes[..round % 32].fill(0);
            let text = encode(&bytes, 50);
            assert_eq!(text.len(), 50);
            assert_eq!(decode::<32>(&text), Some(bytes));
        }
    }

    #[test]
    fn what_is_not_a_number_of_that_size_is_refused() {
        assert_eq!(decode::<1>("73"), Some([255]));
        for text in ["", "74", "zzz", "A", "-1", "é", " 1"] {
            assert_eq!(decode::<1>(text), None, "{text:?}");
        }
    }
}
