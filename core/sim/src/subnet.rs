//! IPv4 subnets: what allocators of addresses share.

use std::fmt;
use std::net::Ipv4Addr;

/// For instance `10.0.1.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    base: u32,
    /// The prefix length, 0 to 32.
    pub bits: u32,
}

impl Subnet {
    /// Reads `base/bits`; bits of the base beyond the prefix are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/')?;
        let bits = bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?;
        let base = base.parse::<Ipv4Addr>().ok()?.to_bits();
        Some(Self { base: base & mask(bits), bits })
    }

    /// How many addresses; the whole of IPv4 counts as one less than it has.
    pub fn size(self) -> u32 {
        1_u32.checked_shl(32 - self.bits).unwrap_or(u32::MAX)
    }

    /// The address with this number.
    pub fn address(self, host: u32) -> String {
        Ipv4Addr::from_bits(self.base.wrapping_add(host)).to_string()
    }

    /// True if the address is in it.
    pub fn contains(self, address: &str) -> bool {
        let address = address.parse::<Ipv4Addr>();
        address.is_ok_and(|address| address.to_bits() & mask(self.bits) == self.base)
    }

    /// True if some address is in both.
    pub fn overlaps(self, other: Self) -> bool {
        let mask = mask(self.bits.min(other.bits));
        self.base & mask == other.base & mask
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address(0), self.bits)
    }
}

fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

/// The first subnet of this size in the pools that overlaps none of those taken.
pub fn next_subnet(pools: &[String], bits: u32, taken: &[Subnet]) -> Option<Subnet> {
    pools.iter().filter_map(|pool| Subnet::parse(pool)).find_map(|pool| {
        let count = 1_u64.checked_shl(bits.checked_sub(pool.bits)?)?;
        let step = 1_u64.checked_shl(32_u32.checked_sub(bits)?)?;
        (0..count)
            .map(|n| Subnet { base: pool.base.wrapping_add((n * step) as u32), bits })
            .find(|subnet| !taken.iter().any(|other| other.overlaps(*subnet)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_come_one_after_the_other() {
        let pools = vec!["10.0.0.0/8".to_owned()];
        let mut taken = vec![Subnet::parse("10.0.0.0/24").unwrap()];
        for expected in ["10.0.1.0/24", "10.0.2.0/24"] {
            let subnet = next_subnet(&pools, 24, &taken).unwrap();
            assert_eq!(subnet.to_string(), expected);
            taken.push(subnet);
        }
        assert_eq!(taken[1].address(1), "10.0.1.1");
        taken.push(Subnet::parse("10.0.0.0/8").unwrap());
        assert_eq!(next_subnet(&pools, 24, &taken), None);
    }
}
