//! Digests of old, and the hashes of passwords that web servers' files still hold: `$apr1$`, `$1$` and `{SHA}`. Nothing of
//! a swarm uses them.
//!
//! MD5 and SHA-1 are ours although there are crates for them: those unroll their rounds as their sibling for SHA-2 does,
//! whose two functions were 18 kB of the page, and protect nothing here that would ask for a reviewed one. SHA-2, which does,
//! is the library's.

use crate::base64;

/// The message in blocks of 64 bytes, with its length in bits at the end.
fn padded(bytes: &[u8], length: [u8; 8]) -> Vec<u8> {
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend(length);
    message
}

fn words<const N: usize>(block: &[u8], read: fn([u8; 4]) -> u32) -> [u32; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = read([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    words
}

/// RFC 1321. The constants are `floor(2^32 * abs(sin(i + 1)))`.
const MD5: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// MD5.
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] =
        [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let bits = (bytes.len() as u64).wrapping_mul(8);
    for block in padded(bytes, bits.to_le_bytes()).chunks_exact(64) {
        let message = words::<16>(block, u32::from_le_bytes);
        let [mut a, mut b, mut c, mut d] = state;
        for round in 0..64 {
            let (mix, index) = match round / 16 {
                0 => (b & c | !b & d, round),
                1 => (d & b | !d & c, (5 * round + 1) % 16),
                2 => (b ^ c ^ d, (3 * round + 5) % 16),
                _ => (c ^ (b | !d), 7 * round % 16),
            };
            let sum = a.wrapping_add(mix).wrapping_add(MD5[round]).wrapping_add(message[index]);
            let turned = sum.rotate_left(SHIFTS[round / 16][round % 4]);
            (a, d, c, b) = (d, c, b, b.wrapping_add(turned));
        }
        for (own, new) in state.iter_mut().zip([a, b, c, d]) {
            *own = own.wrapping_add(new);
        }
    }
    let mut result = [0; 16];
    for (place, word) in result.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    result
}

/// SHA-1 (FIPS 180-4).
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let bits = (bytes.len() as u64).wrapping_mul(8);
    for block in padded(bytes, bits.to_be_bytes()).chunks_exact(64) {
        let mut schedule = words::<80>(block, u32::from_be_bytes);
        for at in 16..80 {
            let mixed = schedule[at - 3] ^ schedule[at - 8] ^ schedule[at - 14] ^ schedule[at - 16];
            schedule[at] = mixed.rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (round, word) in schedule.into_iter().enumerate() {
            let (mix, constant) = match round / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let sum = a.rotate_left(5).wrapping_add(mix).wrapping_add(e);
            let new = sum.wrapping_add(constant).wrapping_add(word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, new);
        }
        for (own, new) in state.iter_mut().zip([a, b, c, d, e]) {
            *own = own.wrapping_add(new);
        }
    }
    let mut result = [0; 20];
    for (place, word) in result.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    result
}

const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A salt of eight characters from as many random bytes.
pub fn salt(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte & 63)])).collect()
}

/// A password's hash by MD5 in a thousand rounds, in Apache's form (`apr1`) or crypt's (`1`).
pub fn md5_crypt(password: &str, salt: &str, form: &str) -> String {
    let (word, salt) = (password.as_bytes(), salt.as_bytes());
    let salt = &salt[..salt.len().min(8)];
    let magic = format!("${form}$");
    let mut digest = md5(&[word, salt, word].concat());
    let mut text = [word, magic.as_bytes(), salt].concat();
    text.extend(digest.iter().cycle().take(word.len()));
    let mut left = word.len();
    while left > 0 {
        text.push(if left & 1 == 1 { 0 } else { word[0] });
        left >>= 1;
    }
    digest = md5(&text);
    for round in 0..1_000 {
        let (first, last): (&[u8], &[u8]) =
            if round % 2 == 1 { (word, &digest) } else { (&digest, word) };
        let text = [
            first,
            if round % 3 == 0 { b"" } else { salt },
            if round % 7 == 0 { b"" } else { word },
            last,
        ];
        digest = md5(&text.concat());
    }
    let mut shown = magic + &String::from_utf8_lossy(salt) + "$";
    for [a, b, c] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [16, 16, 11]] {
        let byte = |at: usize| u32::from(digest.get(at).copied().unwrap_or(0));
        let bits = byte(a) << 16 | byte(b) << 8 | byte(c);
        let count = if a == 16 { 2 } else { 4 };
        let digit = |place: u32| char::from(DIGITS[(bits >> (6 * place) & 63) as usize]);
        shown.extend((0..count).map(digit));
    }
    shown
}

/// Apache's `{SHA}` of a password.
pub fn sha_hash(password: &str) -> String {
    format!("{{SHA}}{}", base64::encode(&sha1(password.as_bytes())))
}

/// Whether a password is the one of a hash; nothing for a hash of a kind that is not simulated.
pub fn matches(hash: &str, password: &str) -> Option<bool> {
    let mut parts = hash.split('$').skip(1);
    if let (Some(form @ ("apr1" | "1")), Some(salt)) = (parts.next(), parts.next()) {
        return Some(md5_crypt(password, salt, form) == hash);
    }
    if hash.starts_with("{SHA}") {
        return Some(sha_hash(password) == hash);
    }
    let plain = hash.strip_prefix("{PLAIN}").unwrap_or(hash);
    (!plain.starts_with(['$', '{'])).then(|| plain == password)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl passwd` and `htpasswd` print them.
    #[test]
    fn hashes_are_those_of_the_real_programs() {
        assert_eq!(
            md5_crypt("myPassword", "r31.....", "apr1"),
            "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/"
        );
        assert_eq!(sha_hash("myPassword"), "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=");
        for hash in [
            "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
            "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=",
            "myPassword",
        ] {
            assert_eq!(matches(hash, "myPassword"), Some(true), "{hash}");
            assert_eq!(matches(hash, "myPassw0rd"), Some(false), "{hash}");
        }
        assert_eq!(matches("$2y$05$abc", "x"), None);
    }
}
