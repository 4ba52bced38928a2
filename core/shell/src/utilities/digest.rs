//! Checksums: `md5sum`, `sha1sum`, `sha224sum`, `sha256sum`, `sha384sum`, `sha512sum`.

use seal::crypt::{md5, sha1};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::{Arguments, Spec, Utility};

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

pub(crate) const SUM: Spec = Spec {
    flags: "cbts",
    long: &[("check", 'c'), ("binary", 'b'), ("text", 't'), ("status", 's'), ("quiet", '\0')],
    lacking: "wz",
    usage: "sha256sum [-c[sw]] [FILE]...",
    ..Spec::NONE
};

/// `<algorithm>sum`, printing or checking.
pub(crate) async fn sum(utility: Utility, parsed: Arguments) -> i32 {
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
