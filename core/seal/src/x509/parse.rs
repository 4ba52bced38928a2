//! Reading a certificate, strictly: what is not understood is refused.

use sim::{Duration, Time};

use super::template::{
    ALTERNATIVE_NAMES, AUTHORITY_KEY_ID, BASIC_CONSTRAINTS, COMMON_NAME, EC_PUBLIC_KEY,
    EXTENDED_KEY_USAGE, KEY_USAGE, ORGANIZATION, ORGANIZATIONAL_UNIT, P256, SUBJECT_KEY_ID,
    is_printable,
};
use super::{Certificate, Name};
use crate::der::{self, DerError, Reader};
use crate::keys::PublicKey;

/// The longest certificate that is looked at, in bytes; a swarm's have some 600.
const SIZE_LIMIT: usize = 16 * 1024;
/// Years up to here fit [`Time`].
const YEAR_LIMIT: u32 = 2553;
/// The longest serial number, in bytes (RFC 5280, section 4.1.2.2).
const SERIAL_LIMIT: usize = 20;

/// ecdsa-with-SHA256, as it stands inside an AlgorithmIdentifier.
const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

pub(super) fn certificate(bytes: &[u8]) -> Result<Certificate, DerError> {
    if bytes.len() > SIZE_LIMIT {
        return Err(DerError);
    }
    let mut outer = Reader::new(bytes);
    let (whole, content) = outer.read_whole(der::SEQUENCE)?;
    outer.finish()?;
    let header_size = whole.len() - content.len();
    let mut parts = Reader::new(content);
    let (signed, fields) = parts.read_whole(der::SEQUENCE)?;
    algorithm(&mut parts)?;
    let signature = parts.bit_string()?.to_vec();
    parts.finish()?;

    let mut fields = Reader::new(fields);
    let mut version = fields.enter(der::explicit(0))?;
    if version.unsigned()? != [2] {
        return Err(DerError);
    }
    version.finish()?;
    let serial = fields.unsigned()?.to_vec();
    if serial.len() > SERIAL_LIMIT {
        return Err(DerError);
    }
    algorithm(&mut fields)?;
    let issuer = name(&mut fields)?;
    let mut validity = fields.enter(der::SEQUENCE)?;
    let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
    validity.finish()?;
    let subject = name(&mut fields)?;
    let public_key = public_key(&mut fields)?;
    let mut wrapped = fields.enter(der::explicit(3))?;
    let extensions = extensions(wrapped.enter(der::SEQUENCE)?)?;
    wrapped.finish()?;
    fields.finish()?;
    Ok(Certificate {
        der: bytes.to_vec(),
        signed: header_size..header_size + signed.len(),
        signature,
        serial,
        issuer,
        subject,
        not_before,
        not_after,
        public_key,
        is_ca: extensions.is_ca,
        dns_names: extensions.dns_names,
    })
}

fn algorithm(reader: &mut Reader<'_>) -> Result<(), DerError> {
    if reader.read(der::SEQUENCE)? == ECDSA_SHA256 { Ok(()) } else { Err(DerError) }
}

fn name(reader: &mut Reader<'_>) -> Result<Name, DerError> {
    let mut sets = reader.enter(der::SEQUENCE)?;
    let (mut organization, mut organizational_unit, mut common_name) = (None, None, None);
    while !sets.is_empty() {
        let mut set = sets.enter(der::SET)?;
        let mut pair = set.enter(der::SEQUENCE)?;
        set.finish()?;
        let place = match pair.read(der::OID)? {
            ORGANIZATION => &mut organization,
            ORGANIZATIONAL_UNIT => &mut organizational_unit,
            COMMON_NAME => &mut common_name,
            _ => return Err(DerError),
        };
        let (tag, value) = pair.any()?;
        pair.finish()?;
        let value = std::str::from_utf8(value).map_err(|_| DerError)?;
        let fits = match tag {
            der::PRINTABLE_STRING => is_printable(value),
            der::UTF8_STRING => true,
            _ => false,
        };
        if !fits || place.replace(value.to_owned()).is_some() {
            return Err(DerError);
        }
    }
    Ok(Name { organization, organizational_unit, common_name: common_name.ok_or(DerError)? })
}

pub(crate) fn time(reader: &mut Reader<'_>) -> Result<Time, DerError> {
    let (tag, text) = reader.any()?;
    let (digits, year_size) = match (tag, text) {
        (der::UTC_TIME, [digits @ .., b'Z']) => (digits, 2),
        (der::GENERALIZED_TIME, [digits @ .., b'Z']) => (digits, 4),
        _ => return Err(DerError),
    };
    if digits.len() != year_size + 10 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DerError);
    }
    let number = |from: usize, size: usize| {
        digits[from..from + size].iter().fold(0, |sum, &digit| sum * 10 + u32::from(digit - b'0'))
    };
    let year = match (year_size, number(0, year_size)) {
        (2, year @ 0..50) => 2000 + year,
        (2, year) => 1900 + year,
        (_, year) => year,
    };
    // GeneralizedTime is for years that UTCTime cannot hold, and only for those.
    let right_type = (year >= 2050) == (tag == der::GENERALIZED_TIME);
    let [month, day, hour, minute, second] =
        [0, 2, 4, 6, 8].map(|offset| number(year_size + offset, 2));
    if !right_type || !(1970..=YEAR_LIMIT).contains(&year) || !(1..=12).contains(&month) {
        return Err(DerError);
    }
    if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(DerError);
    }
    let midnight = Time::from_date(year, month, day);
    let civil = midnight.civil();
    if (civil.month, civil.day) != (month, day) {
        return Err(DerError);
    }
    Ok(midnight + Duration::from_secs(u64::from(hour * 3_600 + minute * 60 + second)))
}

fn public_key(reader: &mut Reader<'_>) -> Result<PublicKey, DerError> {
    let mut parts = reader.enter(der::SEQUENCE)?;
    let mut algorithm = parts.enter(der::SEQUENCE)?;
    if algorithm.read(der::OID)? != EC_PUBLIC_KEY || algorithm.read(der::OID)? != P256 {
        return Err(DerError);
    }
    algorithm.finish()?;
    let point = parts.bit_string()?;
    parts.finish()?;
    PublicKey::from_sec1(point).map_err(|_| DerError)
}

#[derive(Default)]
struct Extensions {
    is_ca: bool,
    dns_names: Vec<String>,
}

fn extensions(mut list: Reader<'_>) -> Result<Extensions, DerError> {
    let mut found = Extensions::default();
    let mut seen: Vec<&[u8]> = Vec::new();
    let (mut may_certify, mut has_usage, mut has_constraints) = (false, false, false);
    while !list.is_empty() {
        let mut parts = list.enter(der::SEQUENCE)?;
        let oid = parts.read(der::OID)?;
        let critical = match parts.optional(der::BOOLEAN)? {
            None => false,
            Some([0xff]) => true,
            Some(_) => return Err(DerError),
        };
        let mut value = parts.enter(der::OCTET_STRING)?;
        parts.finish()?;
        if seen.contains(&oid) {
            return Err(DerError);
        }
        seen.push(oid);
        match oid {
            KEY_USAGE => {
                has_usage = true;
                may_certify = key_usage(&mut value)?;
            }
            BASIC_CONSTRAINTS => {
                has_constraints = true;
                let mut inside = value.enter(der::SEQUENCE)?;
                found.is_ca = match inside.optional(der::BOOLEAN)? {
                    None => false,
                    Some([0xff]) => true,
                    Some(_) => return Err(DerError),
                };
                inside.finish()?;
            }
            ALTERNATIVE_NAMES => {
                let mut names = value.enter(der::SEQUENCE)?;
                while !names.is_empty() {
                    let name = names.read(der::implicit(2))?;
                    let name = std::str::from_utf8(name).map_err(|_| DerError)?;
                    if !name.is_ascii() {
                        return Err(DerError);
                    }
                    found.dns_names.push(name.to_owned());
                }
            }
            EXTENDED_KEY_USAGE | SUBJECT_KEY_ID | AUTHORITY_KEY_ID => {
                // They decide nothing in a swarm; they only have to be well-formed.
                value.any()?;
            }
            _ if critical => return Err(DerError),
            _ => continue,
        }
        value.finish()?;
    }
    // A CA may sign certificates and a node may not: both extensions must say the same.
    if !has_usage || !has_constraints || may_certify != found.is_ca {
        return Err(DerError);
    }
    Ok(found)
}

/// Whether keyCertSign is among the usages.
fn key_usage(value: &mut Reader<'_>) -> Result<bool, DerError> {
    match value.read(der::BIT_STRING)? {
        [unused @ 0..=7, bits @ .., last]
            if last.trailing_zeros() == u32::from(*unused) && bits.len() <= 1 =>
        {
            Ok(bits.first().unwrap_or(last) & 0b0000_0100 != 0)
        }
        _ => Err(DerError),
    }
}
