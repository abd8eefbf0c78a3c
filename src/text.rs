//! Text helpers shared by every layer.

use xxhash_rust::xxh3::xxh3_64;

/// The identity of a name across files.
///
/// The lowest bit is set for names of elements (`[0]`, `['key']`), so that
/// whoever holds only the hash knows an element from a member.
pub fn name_hash(name: &[u8]) -> u64 {
    xxh3_64(name) & !1 | u64::from(name.first() == Some(&b'['))
}

/// Whether a hash is that of an element's name.
pub fn is_element(hash: u64) -> bool {
    hash & 1 == 1
}
