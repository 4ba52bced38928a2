//! Whether a certificate leads to one that is trusted.

use sim::Time;

use super::certificate::Certificate;

/// Longer chains are not followed.
const DEPTH_MAX: usize = 8;

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// How far from the leaf.
    pub depth: usize,
    /// OpenSSL's number.
    pub number: u32,
    /// OpenSSL's words.
    pub why: &'static str,
    /// The certificate's subject.
    pub subject: String,
}

/// Follows the issuers of `leaf` through `between` to one of `roots`: the chain, leaf first.
///
/// # Errors
/// Where it breaks.
pub fn verify(
    leaf: &Certificate,
    between: &[Certificate],
    roots: &[Certificate],
    now: Option<Time>,
) -> Result<Vec<Certificate>, Complaint> {
    let mut chain = vec![leaf.clone()];
    loop {
        let depth = chain.len() - 1;
        let last = &chain[depth];
        let complaint = |number, why| {
            let subject = last.subject.text();
            Err(Complaint { depth, number, why, subject })
        };
        if now.is_some_and(|now| now < last.not_before) {
            return complaint(9, "certificate is not yet valid");
        }
        if now.is_some_and(|now| now > last.not_after) {
            return complaint(10, "certificate has expired");
        }
        if roots.contains(last) {
            return Ok(chain);
        }
        let is_issuer = |other: &&Certificate| {
            other.subject == last.issuer && other.is_ca() && last.is_signed_by(&other.key)
        };
        if last.issuer == last.subject && last.is_signed_by(&last.key) {
            return match depth {
                0 => complaint(18, "self-signed certificate"),
                _ => complaint(19, "self-signed certificate in certificate chain"),
            };
        }
        let next = roots.iter().find(is_issuer).or_else(|| between.iter().find(is_issuer));
        match next {
            Some(next) if depth < DEPTH_MAX => {
                let next = next.clone();
                chain.push(next);
            }
            _ if depth == 0 => return complaint(20, "unable to get local issuer certificate"),
            _ => return complaint(2, "unable to get issuer certificate"),
        }
    }
}
