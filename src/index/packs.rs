//! Facts of blobs, in immutable packs: sorted ids, and for each a record that
//! is checked when it is read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::error::Error;
use super::header::{Identity, Kind};
use super::io::{EntryKind, StoreIo, list};
use super::segment::Segment;

/// The records, each at a multiple of eight.
pub(super) const RECORDS: u32 = 1;
/// The ids, ascending, without gaps.
pub(super) const IDS: u32 = 2;
/// Per id, where its record lies.
pub(super) const ENTRIES: u32 = 3;
/// Per first byte of an id, how many ids have that byte or a smaller one.
pub(super) const FANOUT: u32 = 4;

/// What the name of a pack ends in.
const SUFFIX: &str = ".pack";

/// How often the packs are listed before what has vanished counts as absent.
const LISTINGS: usize = 5;

/// Where a record lies.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct RecordEntry {
    /// From the beginning of the records.
    pub(super) offset: U64,
    /// Of the record, seeded by its id: a record under another id is damage.
    pub(super) checksum: U64,
    pub(super) len: U32,
    pub(super) reserved: U32,
}

/// The checksum of the record of blob `id`.
pub(super) fn record_checksum(id: &[u8], record: &[u8]) -> u64 {
    xxh3_64_with_seed(record, xxh3_64(id))
}

/// A pack that did not say what it should, and what was wrong.
#[derive(Debug)]
pub struct Damage {
    /// The pack.
    pub pack: PathBuf,
    /// What is wrong with it.
    pub error: Error,
}

/// All packs of one fingerprint, as they were when they were opened.
#[derive(Debug)]
pub struct FactsPacks {
    /// Newest first.
    packs: Vec<Pack>,
    damaged: Mutex<Vec<Damage>>,
}

/// One pack.
#[derive(Debug)]
pub(super) struct Pack {
    pub(super) segment: Segment,
}

impl FactsPacks {
    /// No packs.
    pub fn empty() -> Self {
        Self {
            packs: Vec::new(),
            damaged: Mutex::default(),
        }
    }

    /// Opens the packs in `dir`. One that cannot be read is reported by
    /// [`FactsPacks::damaged`], and its blobs are absent.
    pub fn open(io: &dyn StoreIo, dir: &Path, expected: &Identity) -> Result<Self, Error> {
        // A merge that takes listed packs away has put their records into a
        // newer one, which the next listing has.
        for _ in 1..LISTINGS {
            let (found, vanished) = Self::open_listed(io, dir, expected)?;
            if !vanished {
                return Ok(found);
            }
        }
        Ok(Self::open_listed(io, dir, expected)?.0)
    }

    /// Opens the packs that are there now; says whether one went away
    /// meanwhile.
    fn open_listed(
        io: &dyn StoreIo,
        dir: &Path,
        expected: &Identity,
    ) -> Result<(Self, bool), Error> {
        let mut packs = Vec::new();
        let mut damaged = Vec::new();
        let mut vanished = false;
        for sequence in sequences(io, dir)? {
            let path = dir.join(pack_name(sequence));
            match open_pack(io, &path, expected) {
                Ok(segment) => packs.push(Pack { segment }),
                Err(error) if error.is_not_found() => vanished = true,
                Err(error) => damaged.push(Damage { pack: path, error }),
            }
        }
        packs.reverse();
        let damaged = Mutex::new(damaged);
        Ok((Self { packs, damaged }, vanished))
    }

    /// The facts of blob `id`, in place, at an address that is a multiple of
    /// eight. A record that does not match its checksum is absent, and
    /// reported by [`FactsPacks::damaged`].
    pub fn get(&self, id: &[u8]) -> Option<&[u8]> {
        self.packs.iter().find_map(|pack| match pack.get(id) {
            Ok(found) => found,
            Err(error) => {
                self.report(pack, error);
                None
            }
        })
    }

    /// How many packs there are.
    pub fn len(&self) -> usize {
        self.packs.len()
    }

    /// Whether there is no pack.
    pub fn is_empty(&self) -> bool {
        self.packs.is_empty()
    }

    /// How many records there are; one that stands in two packs counts twice.
    pub fn records(&self) -> usize {
        self.packs.iter().map(|pack| pack.ids().count()).sum()
    }

    /// Checks every byte of every pack and reports what is wrong.
    pub fn verify(&self) {
        for pack in &self.packs {
            if let Err(error) = pack.segment.verify() {
                self.report(pack, error);
            }
        }
    }

    /// What was found damaged so far, and forgets it.
    pub fn damaged(&self) -> Vec<Damage> {
        std::mem::take(&mut *self.damaged.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The packs, newest first.
    pub(super) fn packs(&self) -> &[Pack] {
        &self.packs
    }

    fn report(&self, pack: &Pack, error: Error) {
        let path = pack.segment.origin();
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        if damaged.iter().all(|known| known.pack != path) {
            damaged.push(Damage {
                pack: path.to_owned(),
                error,
            });
        }
    }
}

impl Pack {
    /// The record of `id`, checked.
    pub(super) fn get(&self, id: &[u8]) -> Result<Option<&[u8]>, Error> {
        let Some(at) = self.find(id)? else {
            return Ok(None);
        };
        let lies = || self.segment.corrupt("a record lies outside the pack");
        let entries: &[RecordEntry] = self.segment.array(ENTRIES)?;
        let entry = entries.get(at).ok_or_else(lies)?;
        let start = usize::try_from(entry.offset.get()).map_err(|_| lies())?;
        let end = start
            .checked_add(entry.len.get() as usize)
            .ok_or_else(lies)?;
        let record = self
            .segment
            .bytes(RECORDS)?
            .get(start..end)
            .ok_or_else(lies)?;
        if start % 8 != 0 || record_checksum(id, record) != entry.checksum.get() {
            return Err(self.segment.corrupt("a record does not match its checksum"));
        }
        Ok(Some(record))
    }

    /// The ids it has, ascending.
    pub(super) fn ids(&self) -> impl Iterator<Item = &[u8]> {
        let len = self.segment.identity().object_format.id_len();
        self.segment
            .bytes(IDS)
            .unwrap_or_default()
            .chunks_exact(len)
    }

    fn find(&self, id: &[u8]) -> Result<Option<usize>, Error> {
        let width = self.segment.identity().object_format.id_len();
        let Some(first) = id.first().filter(|_| id.len() == width) else {
            return Ok(None);
        };
        let fanout: &[U32] = self.segment.array(FANOUT)?;
        let all = self.segment.bytes(IDS)?;
        let bound = |byte: usize| fanout.get(byte).map(|count| count.get() as usize);
        let low = if *first == 0 {
            Some(0)
        } else {
            bound(usize::from(*first) - 1)
        };
        let ids = low
            .zip(bound(usize::from(*first)))
            .and_then(|(low, high)| Some((low, all.get(low * width..high.checked_mul(width)?)?)));
        let Some((low, ids)) = ids else {
            return Err(self.segment.corrupt("its table of ids is out of order"));
        };
        let (mut from, mut to) = (0, ids.len() / width);
        while from < to {
            let middle = from + (to - from) / 2;
            match ids[middle * width..(middle + 1) * width].cmp(id) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
                std::cmp::Ordering::Equal => return Ok(Some(low + middle)),
            }
        }
        Ok(None)
    }
}

/// The name of the pack with this place in the order of writing.
pub(super) fn pack_name(sequence: u64) -> String {
    format!("{sequence:016x}{SUFFIX}")
}

/// The places of the packs in `dir`, ascending.
pub(super) fn sequences(io: &dyn StoreIo, dir: &Path) -> Result<Vec<u64>, Error> {
    let entries = list(io, dir)?;
    let number = |name: &str| {
        let digits = name
            .strip_suffix(SUFFIX)
            .filter(|digits| digits.len() == 16)?;
        u64::from_str_radix(digits, 16)
            .ok()
            .filter(|number| pack_name(*number) == name)
    };
    Ok(entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::File)
        .filter_map(|entry| number(entry.name.to_str()?))
        .collect())
}

fn open_pack(io: &dyn StoreIo, path: &Path, expected: &Identity) -> Result<Segment, Error> {
    let segment = Segment::open(io, path)?;
    segment.expect(Kind::Facts, expected)?;
    if segment.identity().fingerprint != expected.fingerprint {
        return Err(Error::Foreign {
            path: path.to_owned(),
            what: "fingerprint",
        });
    }
    for id in [RECORDS, IDS, ENTRIES, FANOUT] {
        segment.bytes(id)?;
    }
    Ok(segment)
}
