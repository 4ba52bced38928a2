//! The key schedule of TLS 1.3 (RFC 8446, section 7.1), with SHA-256.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A secret of the schedule.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// The secret that all handshake keys come from, given the result of the key agreement.
pub(super) fn handshake_secret(shared: &[u8]) -> Secret {
    let early = extract(&[0; 32], &[0; 32]);
    extract(&*derived(&early), shared)
}

/// The secret that all keys of application data come from.
pub(super) fn master_secret(handshake: &Secret) -> Secret {
    extract(&*derived(handshake), &[0; 32])
}

/// Derive-Secret, with the hash of the messages so far.
pub(super) fn derive(secret: &Secret, label: &str, transcript: &[u8; 32]) -> Secret {
    let mut out = Zeroizing::new([0; 32]);
    expand_label(secret, label, transcript, &mut *out);
    out
}

/// HKDF-Expand-Label.
pub(super) fn expand_label(secret: &Secret, label: &str, context: &[u8], out: &mut [u8]) {
    let short = "labels, contexts and keys have a few dozen bytes";
    let mut info = Vec::with_capacity(10 + label.len() + context.len());
    info.extend_from_slice(&u16::try_from(out.len()).expect(short).to_be_bytes());
    info.push(u8::try_from(6 + label.len()).expect(short));
    info.extend_from_slice(b"tls13 ");
    info.extend_from_slice(label.as_bytes());
    info.push(u8::try_from(context.len()).expect(short));
    info.extend_from_slice(context);
    let derivation = Hkdf::<Sha256>::from_prk(&**secret).expect("a secret is as long as a hash");
    derivation.expand(&info, out).expect(short);
}

/// The MAC of a Finished message over the messages before it.
pub(super) fn finished(secret: &Secret, transcript: &[u8; 32]) -> [u8; 32] {
    let mut key = Zeroizing::new([0; 32]);
    expand_label(secret, "finished", &[], &mut *key);
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(&*key).expect("HMAC takes keys of any length");
    mac.update(transcript);
    mac.finalize().into_bytes().into()
}

fn derived(secret: &Secret) -> Secret {
    derive(secret, "derived", &Sha256::digest([]).into())
}

fn extract(salt: &[u8], material: &[u8]) -> Secret {
    let (secret, _) = Hkdf::<Sha256>::extract(Some(salt), material);
    Zeroizing::new(secret.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 8448, section 3: the early secret without a pre-shared key, and what follows from it.
    #[test]
    fn rfc_8448() {
        let early = extract(&[0; 32], &[0; 32]);
        assert_eq!(
            hex(&*early),
            "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"
        );
        assert_eq!(
            hex(&*derived(&early)),
            "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"
        );
    }
}
