//! Checksums: `md5sum`, `sha1sum`, `sha224sum`, `sha256sum`, `sha384sum`, `sha512sum`.

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::{Spec, Utility};

/// The digest that a name such as `sha256` stands for, in hexadecimal.
pub(super) fn digest(algorithm: &str, bytes: &[u8]) -> Option<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(match algorithm {
        "md5" => hex(&md5(bytes)),
        "sha1" => hex(&sha1(bytes)),
        "sha224" => hex(&Sha224::digest(bytes)),
        "sha256" => hex(&Sha256::digest(bytes)),
        "sha384" => hex(&Sha384::digest(bytes)),
        "sha512" => hex(&Sha512::digest(bytes)),
        _ => return None,
    })
}

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

fn md5(bytes: &[u8]) -> [u8; 16] {
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

/// FIPS 180-4.
fn sha1(bytes: &[u8]) -> [u8; 20] {
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

/// `<algorithm>sum`, printing or checking.
pub(crate) async fn sum(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "cbts",
        long: &[("check", 'c'), ("binary", 'b'), ("text", 't'), ("status", 's'), ("quiet", '\0')],
        lacking: "wz",
        usage: "sha256sum [-c[sw]] [FILE]...",
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let algorithm = utility.name.trim_end_matches("sum");
    let of = |bytes: &[u8]| digest(algorithm, bytes).unwrap_or_default();
    let (mut status, mut failed) = (0, 0);
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else {
            status = 1;
            continue;
        };
        utility.work(bytes.len()).await;
        if !parsed.has('c') {
            let mark = if parsed.has('b') { '*' } else { ' ' };
            utility.print(format!("{} {mark}{path}\n", of(&bytes))).await;
            continue;
        }
        for line in String::from_utf8_lossy(&bytes).lines() {
            let Some((sum, name)) = line.split_once("  ").or_else(|| line.split_once(" *")) else {
                continue;
            };
            let fits = match utility.read_or_tell(name).await {
                Some(bytes) => of(&bytes) == sum,
                None => false,
            };
            if !parsed.has('s') {
                let word = if fits { "OK" } else { "FAILED" };
                utility.print(format!("{name}: {word}\n")).await;
            }
            failed += i32::from(!fits);
        }
    }
    if failed > 0 {
        let what = if failed == 1 { "checksum" } else { "checksums" };
        utility.error(format!("WARNING: {failed} computed {what} did NOT match")).await;
        return 1;
    }
    status
}

#[cfg(test)]
mod tests {
    use super::digest;

    /// Examples of RFC 1321 and FIPS 180.
    #[test]
    fn known_digests() {
        for (algorithm, text, expected) in [
            ("md5", "", "d41d8cd98f00b204e9800998ecf8427e"),
            ("md5", "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha1", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ] {
            assert_eq!(digest(algorithm, text.as_bytes()).as_deref(), Some(expected));
        }
        let long = [b'a'; 200];
        assert_eq!(digest("md5", &long).as_deref(), Some("887f30b43b2867f4a9accceee7d16e6c"));
    }
}
