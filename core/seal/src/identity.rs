//! Object ids: nodes, services, tasks, secrets, configs, networks and the cluster.

use crate::base36;

/// Characters of an id.
pub const ID_LENGTH: usize = 25;

/// A new id: 25 characters of `0-9a-z`.
///
/// swarmkit (`identity/randomid.go`) prints 17 random bytes, whose top bit is set, in base 36 and
/// leaves out the first of the 27 digits: so every id has the same length, and the first
/// character is as random as the others.
pub fn random_id(rng: &mut sim::Rng) -> String {
    let mut bytes: [u8; 17] = rng.bytes();
    bytes[0] |= 0x80;
    base36::encode(&bytes, 27).chars().skip(1).take(ID_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_ids_and_differ() {
        let mut rng = sim::Streams::new(1).stream("ids");
        let mut seen = sorted::SortedSet::new();
        for _ in 0..1_000 {
            let id = random_id(&mut rng);
            assert_eq!(id.len(), ID_LENGTH);
            assert!(id.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'z')), "{id}");
            assert!(seen.insert(id));
        }
    }
}
