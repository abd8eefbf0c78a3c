//! What was found out by reading, so that the next look need not read again.
//!
//! Git's index vouches for tracked files as Git last saw them. Untracked files,
//! edited ones and those of a stale index would be hashed at every look; a
//! caller that keeps a [`StatCache`] pays for each of them once.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::stat::FileStat;
use crate::git::ObjectId;

const MAGIC: &[u8; 8] = b"happysc1";
/// A file younger than this at the time of looking may change again unnoticed.
pub(super) const SETTLE_SECONDS: u32 = 2;

/// The ids of files by their stat data, as an earlier [`super::Worktree`] found them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatCache {
    /// Of the rules of conversion in force; under others, ids would differ.
    pub(super) rules: u64,
    pub(super) entries: FxHashMap<Vec<u8>, (FileStat, ObjectId)>,
}

impl StatCache {
    /// The number of files known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if nothing is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The cache as bytes to be kept; the same cache always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.rules.to_le_bytes());
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|(path, _)| *path);
        for (path, (stat, id)) in entries {
            out.extend_from_slice(&(path.len() as u32).to_le_bytes());
            out.extend_from_slice(path);
            for word in stat.words() {
                out.extend_from_slice(&word.to_le_bytes());
            }
            out.push(id.as_bytes().len() as u8);
            out.extend_from_slice(id.as_bytes());
        }
        let checksum = xxh3_128(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// The cache that [`StatCache::to_bytes`] gave; an empty one if the bytes
    /// are damaged or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::decode(bytes).unwrap_or_default()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, checksum) = bytes.split_last_chunk::<16>()?;
        if xxh3_128(body) != u128::from_le_bytes(*checksum) {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let rules = u64::from_le_bytes(take(&mut rest)?);
        let mut entries = FxHashMap::default();
        while !rest.is_empty() {
            let length = u32::from_le_bytes(take(&mut rest)?);
            let (path, after) = rest.split_at_checked(length as usize)?;
            rest = after;
            let mut words = [0; 8];
            for word in &mut words {
                *word = u32::from_le_bytes(take(&mut rest)?);
            }
            let [length] = take(&mut rest)?;
            let (id, after) = rest.split_at_checked(usize::from(length))?;
            rest = after;
            let id = ObjectId::from_bytes(id).ok()?;
            entries.insert(path.to_vec(), (FileStat::from_words(words), id));
        }
        Some(Self { rules, entries })
    }

    /// The id of a file that looks exactly as it did.
    pub(super) fn find(&self, path: &[u8], stat: &FileStat) -> Option<ObjectId> {
        let (known, id) = self.entries.get(path)?;
        (known == stat).then_some(*id)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}
