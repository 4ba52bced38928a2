//! A node's certificate together with the intermediate that leads to the root which others still trust.
//!
//! While a root CA is being rotated, the new CA signs, and the old CA has signed the new CA's certificate
//! (cross-signing): who trusts the old root goes over the intermediate, who trusts the new one does not
//! need it (swarmkit: `ca/certificates.go`, `CrossSignCACertificate`).

use super::{Certificate, CertificateError};
use crate::der::{self, Reader};
use crate::pem::Pem;

/// A certificate and, during a root rotation, its intermediate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The owner's certificate.
    pub leaf: Certificate,
    /// The certificate of the CA that signed it, signed by an older CA.
    pub intermediate: Option<Certificate>,
}

impl From<Certificate> for Chain {
    fn from(leaf: Certificate) -> Self {
        Self { leaf, intermediate: None }
    }
}

impl Chain {
    fn new(
        mut list: impl Iterator<Item = Result<Certificate, CertificateError>>,
    ) -> Result<Self, CertificateError> {
        let leaf = list.next().ok_or(CertificateError::Malformed)??;
        let intermediate = list.next().transpose()?;
        if list.next().is_some() || intermediate.as_ref().is_some_and(|ca| !ca.is_ca()) {
            return Err(CertificateError::Malformed);
        }
        Ok(Self { leaf, intermediate })
    }

    /// Reads one or two blocks `CERTIFICATE`: the leaf, then the intermediate.
    ///
    /// # Errors
    /// `Malformed` for anything else.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::new(Pem::split(text).into_iter().map(Certificate::from_pem))
    }

    /// Reads the certificates' DER, one after the other.
    ///
    /// # Errors
    /// `Malformed` for anything else.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        let mut reader = Reader::new(bytes);
        let next = || {
            (!reader.is_empty()).then(|| {
                let (whole, _) =
                    reader.read_whole(der::SEQUENCE).map_err(|_| CertificateError::Malformed)?;
                Certificate::from_der(whole)
            })
        };
        // An element that cannot be read is the last: nothing is known about what follows it.
        Self::new(std::iter::from_fn(next).take(3))
    }

    /// The certificates' DER, one after the other.
    pub fn der(&self) -> Vec<u8> {
        let intermediate = self.intermediate.as_ref().map_or(&[][..], Certificate::der);
        [self.leaf.der(), intermediate].concat()
    }

    /// As `swarm-node.crt` holds it.
    pub fn pem(&self) -> String {
        let intermediate = self.intermediate.as_ref().map(Certificate::pem);
        self.leaf.pem() + intermediate.as_deref().unwrap_or_default()
    }
}
