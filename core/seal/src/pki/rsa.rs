//! RSA keys of many small primes (RFC 8017: multi-prime RSA), with PKCS #1 v1.5 signatures over SHA-256.
//!
//! A modulus of two large primes takes seconds to find. Here it is the product of primes of 64 bits:
//! sizes, files, signatures and checks are RSA's, and anybody who wants to can factor it. Nothing in a
//! swarm rests on such a key; what `openssl genrsa` makes does.

use sha2::{Digest, Sha256};

use crate::der::{self, DerError, Reader};

/// The public exponent.
const E: u64 = 65_537;
/// DER of the DigestInfo of SHA-256, up to the digest (RFC 8017, section 9.2).
const SHA256_INFO: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
/// Bits of a modulus.
const BITS_MIN: usize = 512;
const BITS_MAX: usize = 16_384;

fn times(a: u64, b: u64, modulus: u64) -> u64 {
    // The remainder is below the modulus and fits.
    (u128::from(a) * u128::from(b) % u128::from(modulus)) as u64
}

fn power(base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let (mut result, mut square) = (1, base % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, square, modulus);
        }
        square = times(square, square, modulus);
        exponent >>= 1;
    }
    result
}

/// The inverse of `a` modulo a prime.
fn inverse(a: u64, prime: u64) -> u64 {
    power(a, prime - 2, prime)
}

/// Miller-Rabin; these bases decide for 64 bits.
fn is_prime(candidate: u64) -> bool {
    for small in [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37] {
        if candidate.is_multiple_of(small) {
            return candidate == small;
        }
    }
    let twos = (candidate - 1).trailing_zeros();
    let odd = (candidate - 1) >> twos;
    [2, 325, 9_375, 28_178, 450_775, 9_780_504, 1_795_265_022].into_iter().all(|base| {
        let mut x = power(base, odd, candidate);
        if x == 1 || x == candidate - 1 {
            return true;
        }
        (1..twos).any(|_| {
            x = times(x, x, candidate);
            x == candidate - 1
        })
    })
}

/// A natural number: digits of 32 bits, the lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Natural(Vec<u32>);

impl Natural {
    fn from_bytes(bytes: &[u8]) -> Self {
        let digit = |four: &[u8]| four.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        Self(bytes.rchunks(4).map(digit).collect())
    }

    /// Big-endian, so many bytes.
    fn to_bytes(&self, size: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.0.iter().flat_map(|digit| digit.to_le_bytes()).collect();
        bytes.resize(size, 0);
        bytes.reverse();
        bytes
    }

    /// `self * factor + more`.
    fn times_plus(&self, factor: u64, more: &[u32]) -> Self {
        let mut digits = Vec::with_capacity(self.0.len() + 3);
        let mut carry: u128 = 0;
        let length = self.0.len().max(more.len());
        for at in 0..length {
            let digit = self.0.get(at).copied().unwrap_or(0);
            let add = more.get(at).copied().unwrap_or(0);
            carry += u128::from(digit) * u128::from(factor) + u128::from(add);
            digits.push(carry as u32);
            carry >>= 32;
        }
        while carry > 0 {
            digits.push(carry as u32);
            carry >>= 32;
        }
        Self(digits)
    }

    fn modulo(&self, modulus: u64) -> u64 {
        self.0.iter().rev().fold(0, |rest: u64, digit| {
            // Below the modulus.
            ((u128::from(rest) << 32 | u128::from(*digit)) % u128::from(modulus)) as u64
        })
    }

    fn divided(&self, by: u64) -> Self {
        let (mut digits, mut rest) = (vec![0; self.0.len()], 0_u64);
        for (at, digit) in self.0.iter().enumerate().rev() {
            let value = u128::from(rest) << 32 | u128::from(*digit);
            digits[at] = (value / u128::from(by)) as u32;
            rest = (value % u128::from(by)) as u64;
        }
        Self(digits)
    }

    fn below(&self, other: &Self) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    /// Less `other`, of the same length; a borrow is dropped.
    fn minus(&mut self, other: &Self) {
        let mut borrow = false;
        for (digit, less) in self.0.iter_mut().zip(&other.0) {
            let (value, first) = digit.overflowing_sub(*less);
            let (value, second) = value.overflowing_sub(u32::from(borrow));
            (*digit, borrow) = (value, first || second);
        }
    }

    /// Twice itself modulo `modulus`, of the same length.
    fn double(&mut self, modulus: &Self) {
        let mut carry = 0;
        for digit in &mut self.0 {
            let value = u64::from(*digit) << 1 | carry;
            *digit = value as u32;
            carry = value >> 32;
        }
        if carry > 0 || !self.below(modulus) {
            self.minus(modulus);
        }
    }
}

/// Multiplication modulo an odd number (Montgomery).
struct Montgomery {
    modulus: Natural,
    /// The negative inverse of the modulus's lowest digit, modulo 2³².
    inverse: u32,
}

impl Montgomery {
    fn new(modulus: Natural) -> Self {
        let lowest = modulus.0[0];
        // Newton: every step doubles the digits that are right.
        let inverse = (0..5).fold(lowest, |it: u32, _| {
            it.wrapping_mul(2_u32.wrapping_sub(lowest.wrapping_mul(it)))
        });
        Self { modulus, inverse: inverse.wrapping_neg() }
    }

    fn times(&self, a: &Natural, b: &Natural) -> Natural {
        let n = &self.modulus.0;
        let mut sum = vec![0_u32; n.len() + 2];
        let add = |sum: &mut [u32], digits: &[u32], factor: u32| {
            let mut carry = 0_u64;
            for (at, digit) in digits.iter().enumerate() {
                carry += u64::from(sum[at]) + u64::from(*digit) * u64::from(factor);
                sum[at] = carry as u32;
                carry >>= 32;
            }
            for digit in &mut sum[digits.len()..] {
                carry += u64::from(*digit);
                *digit = carry as u32;
                carry >>= 32;
            }
        };
        for digit in &a.0 {
            add(&mut sum, &b.0, *digit);
            let factor = sum[0].wrapping_mul(self.inverse);
            add(&mut sum, n, factor);
            sum.rotate_left(1);
        }
        let over = sum[n.len()] > 0;
        sum.truncate(n.len());
        let mut sum = Natural(sum);
        if over || !sum.below(&self.modulus) {
            sum.minus(&self.modulus);
        }
        sum
    }

    /// `base` to the power of [`E`].
    fn power(&self, base: &Natural) -> Natural {
        let length = self.modulus.0.len();
        let mut square = Natural(vec![0; length]);
        square.0[0] = 1;
        for _ in 0..64 * length {
            square.double(&self.modulus);
        }
        let base = self.times(base, &square);
        let mut result = base.clone();
        for _ in 0..16 {
            result = self.times(&result, &result);
        }
        let result = self.times(&result, &base);
        let mut one = Natural(vec![0; length]);
        one.0[0] = 1;
        self.times(&result, &one)
    }
}

/// An RSA public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RsaPublicKey {
    /// The modulus, big-endian, without leading zeros.
    pub modulus: Vec<u8>,
}

impl RsaPublicKey {
    /// The modulus's length.
    pub fn bits(&self) -> usize {
        let first = self.modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        self.modulus.len() * 8 - first
    }

    /// RSAPublicKey (RFC 8017, appendix A.1.1).
    pub fn to_der(&self) -> Vec<u8> {
        let parts = [der::unsigned(&self.modulus), der::unsigned(&E.to_be_bytes())];
        der::element(der::SEQUENCE, &[&parts.concat()])
    }

    /// Reads [`RsaPublicKey::to_der`].
    pub(crate) fn from_der(bytes: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(bytes).enter(der::SEQUENCE)?;
        let modulus = reader.unsigned()?.to_vec();
        let is_known = reader.unsigned()? == &E.to_be_bytes()[5..];
        let is_odd = modulus.last().is_some_and(|byte| byte & 1 == 1);
        let is_usual = (BITS_MIN / 8..=BITS_MAX / 8).contains(&modulus.len());
        if is_known && is_odd && is_usual { Ok(Self { modulus }) } else { Err(DerError) }
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let modulus = Natural::from_bytes(&self.modulus);
        let mut signature = Natural::from_bytes(signature);
        signature.0.resize(modulus.0.len(), 0);
        if !signature.below(&modulus) {
            return false;
        }
        let size = self.modulus.len();
        Montgomery::new(modulus).power(&signature).to_bytes(size) == padded(message, size)
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017, section 9.2).
fn padded(message: &[u8], size: usize) -> Vec<u8> {
    let digest: [u8; 32] = Sha256::digest(message).into();
    let fill = size.saturating_sub(3 + SHA256_INFO.len() + digest.len());
    [&[0, 1][..], &vec![0xff; fill], &[0], SHA256_INFO, &digest].concat()
}

/// An RSA private key.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPrivateKey {
    primes: Vec<u64>,
}

impl std::fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaPrivateKey(secret)")
    }
}

impl RsaPrivateKey {
    /// A new key whose modulus has so many bits, rounded up to whole primes. `random` gives bytes.
    pub fn generate(bits: usize, random: &mut dyn FnMut(usize) -> Vec<u8>) -> Self {
        let count = bits.clamp(BITS_MIN, BITS_MAX).div_ceil(64);
        let mut primes = Vec::new();
        while primes.len() < count {
            let bytes = random(8);
            let number = bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            // So close to 2⁶⁴ that the product of all is as long as it can be.
            let mut candidate = number | 0xff << 56 | 1;
            while !(is_prime(candidate) && candidate % E != 1 && !primes.contains(&candidate)) {
                candidate = candidate.wrapping_add(2) | 0xff << 56;
            }
            primes.push(candidate);
        }
        Self { primes }
    }

    fn product(&self) -> Natural {
        self.primes.iter().fold(Natural(vec![1]), |product, prime| product.times_plus(*prime, &[]))
    }

    /// The public half.
    pub fn public_key(&self) -> RsaPublicKey {
        RsaPublicKey { modulus: self.product().to_bytes(self.primes.len() * 8) }
    }

    /// The private exponent modulo `prime - 1`.
    fn exponent(prime: u64) -> u64 {
        // e * d = 1 + k * (p - 1), so k is -1/(p - 1) modulo e, which is prime.
        let below = prime - 1;
        let k = E - inverse(below % E, E);
        // The quotient is below p.
        ((u128::from(below) * u128::from(k) + 1) / u128::from(E)) as u64
    }

    /// What the Chinese remainder theorem needs for the prime at `at`: the inverse of the product of
    /// those before it.
    fn coefficient(&self, at: usize) -> u64 {
        let prime = self.primes[at];
        let product = self.primes[..at].iter().fold(1, |it, one| times(it, one % prime, prime));
        inverse(product, prime)
    }

    /// A signature over the SHA-256 of `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let size = self.primes.len() * 8;
        let padded = Natural::from_bytes(&padded(message, size));
        let (mut sum, mut product) = (Natural(Vec::new()), Natural(vec![1]));
        for (at, &prime) in self.primes.iter().enumerate() {
            let rest = power(padded.modulo(prime), Self::exponent(prime), prime);
            let missing = (u128::from(rest) + u128::from(prime) - u128::from(sum.modulo(prime)))
                % u128::from(prime);
            let factor = times(missing as u64, self.coefficient(at), prime);
            sum = product.times_plus(factor, &sum.0);
            product = product.times_plus(prime, &[]);
        }
        sum.to_bytes(size)
    }

    /// RSAPrivateKey (RFC 8017, appendix A.1.2), version 1: with more primes than two.
    pub fn to_der(&self) -> Vec<u8> {
        let number = |value: u64| der::unsigned(&value.to_be_bytes());
        let count = self.primes.iter().fold(Natural(vec![1]), |it, p| it.times_plus(p - 1, &[]));
        let k = E - inverse(count.modulo(E), E);
        let exponent = count.times_plus(k, &[1]).divided(E).to_bytes(self.primes.len() * 8);
        let (p, q) = (self.primes[0], self.primes[1]);
        let mut parts = vec![
            number(1),
            der::unsigned(&self.public_key().modulus),
            number(E),
            der::unsigned(&exponent),
            number(p),
            number(q),
            number(Self::exponent(p)),
            number(Self::exponent(q)),
            number(inverse(q % p, p)),
        ];
        let others = (2..self.primes.len()).map(|at| {
            let prime = self.primes[at];
            let info = [prime, Self::exponent(prime), self.coefficient(at)];
            der::element(der::SEQUENCE, &[&info.map(number).concat()])
        });
        parts.push(der::element(der::SEQUENCE, &[&others.collect::<Vec<_>>().concat()]));
        der::element(der::SEQUENCE, &[&parts.concat()])
    }

    /// Reads [`RsaPrivateKey::to_der`]; keys of other makers are not read.
    pub(crate) fn from_der(bytes: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(bytes).enter(der::SEQUENCE)?;
        for _ in 0..4 {
            reader.unsigned()?;
        }
        let mut primes = Vec::new();
        let mut number = |reader: &mut Reader<'_>| -> Result<(), DerError> {
            let digits = reader.unsigned()?;
            let value = digits.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            // Of 64 bits, all of them, and a prime: what is computed with it stays right.
            if digits.len() != 8 || value >> 56 != 0xff || !is_prime(value) || value % E == 1 {
                return Err(DerError);
            }
            primes.push(value);
            Ok(())
        };
        number(&mut reader)?;
        number(&mut reader)?;
        for _ in 0..3 {
            reader.unsigned()?;
        }
        let mut others = reader.enter(der::SEQUENCE)?;
        while !others.is_empty() {
            number(&mut others.enter(der::SEQUENCE)?)?;
        }
        let mut sorted = primes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let is_usual = (BITS_MIN / 64..=BITS_MAX / 64).contains(&primes.len());
        if !is_usual || sorted.len() != primes.len() { Err(DerError) } else { Ok(Self { primes }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_verifies_and_nothing_else() {
        let mut rng = sim::Streams::new(3).stream("rsa");
        let mut random = |size: usize| (0..size).map(|_| rng.bytes::<1>()[0]).collect();
        for bits in [512, 1024, 2048] {
            let key = RsaPrivateKey::generate(bits, &mut random);
            let public = key.public_key();
            assert_eq!(public.bits(), bits);
            let mut signature = key.sign(b"message");
            assert!(public.verify(b"message", &signature));
            assert!(!public.verify(b"massage", &signature));
            signature[20] ^= 1;
            assert!(!public.verify(b"message", &signature));
            assert!(!public.verify(b"message", &[]));
            assert_eq!(RsaPrivateKey::from_der(&key.to_der()), Ok(key));
            assert_eq!(RsaPublicKey::from_der(&public.to_der()), Ok(public));
        }
    }
}
