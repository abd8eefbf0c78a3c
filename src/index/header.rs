//! The first bytes of every segment: what it is, whose it is, where its
//! sections lie. FORMAT.md gives the same layout in prose.

use std::fmt;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The version of everything under `.git/happy/` that this program writes.
pub const FORMAT_VERSION: u32 = 1;

/// The first eight bytes: not text, and broken by a transfer that changes line
/// ends or strips the eighth bit.
pub(super) const MAGIC: [u8; 8] = *b"\x89happy\r\n";

/// Sections begin at multiples of this.
pub(super) const ALIGN: u64 = 8;

/// Checksums are kept for blocks of this many bytes, so that a reader pays only
/// for what it reads.
pub(super) const BLOCK: usize = 4096;

/// More sections than any segment has; a bound for what a hostile file can ask.
pub(super) const MAX_SECTIONS: usize = 1024;

/// Room for a repository's id, a commit's, a tree's: a SHA-256.
pub(super) const ID_ROOM: usize = 32;

/// What a segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Facts of many blobs.
    Facts = 1,
    /// Everything about one commit, or one state of a worktree.
    Snapshot = 2,
    /// Embeddings by the hash of their chunk.
    Vectors = 3,
}

/// The hash that names objects in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ObjectFormat {
    /// 20-byte ids.
    #[default]
    Sha1 = 1,
    /// 32-byte ids.
    Sha256 = 2,
}

impl ObjectFormat {
    /// The length of an object id in bytes.
    pub fn id_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// Whose a segment is. Object ids are raw bytes; an empty one says that the
/// segment has no such thing (a worktree's state has no commit).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Names the repository, in at most 32 bytes.
    pub repository: Vec<u8>,
    /// The hash its objects are named by.
    pub object_format: ObjectFormat,
    /// The commit it describes, or nothing.
    pub commit: Vec<u8>,
    /// The tree it describes, or the key of a worktree's state, or nothing.
    pub tree: Vec<u8>,
    /// Version of whatever computed the content.
    pub fingerprint: u64,
}

/// What [`parse`] found wrong; the caller knows the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Truncated { expected: u64 },
    Corrupt(&'static str),
    Newer(u32),
    Older(u32),
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone)]
#[repr(C)]
struct RawHeader {
    magic: [u8; 8],
    version: U32,
    kind: U32,
    total_len: U64,
    blocks_offset: U64,
    section_count: U32,
    object_format: u8,
    repository_len: u8,
    commit_len: u8,
    tree_len: u8,
    fingerprint: U64,
    repository: [u8; ID_ROOM],
    commit: [u8; ID_ROOM],
    tree: [u8; ID_ROOM],
    checksum: U64,
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Clone)]
#[repr(C)]
struct RawSection {
    id: U32,
    element_size: U32,
    offset: U64,
    len: U64,
    checksum: U64,
}

const HEADER_LEN: usize = size_of::<RawHeader>();
const CHECKED_LEN: usize = HEADER_LEN - size_of::<U64>();

/// One entry of the section table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// What it is; ascending in the table and unique.
    pub id: u32,
    /// Bytes per element; divides `len`.
    pub element_size: u32,
    /// Where it begins in the file.
    pub offset: u64,
    /// Its bytes, without padding.
    pub len: u64,
    /// Checksum of its blocks' checksums.
    pub checksum: u64,
}

impl Section {
    /// How many blocks it is checked in.
    pub(super) fn blocks(&self) -> u64 {
        self.len.div_ceil(BLOCK as u64)
    }
}

/// A parsed header. All offsets lie within the bytes it was parsed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) identity: Identity,
    pub(super) sections: Vec<Section>,
    /// Where the blocks' checksums begin; they reach to the end of the file.
    pub(super) blocks_offset: u64,
    pub(super) total_len: u64,
}

/// Bytes of header and table before the first section.
pub(super) fn head_len(sections: usize) -> u64 {
    (HEADER_LEN + sections * size_of::<RawSection>()) as u64
}

/// The next place a section may begin.
pub(super) fn align(offset: u64) -> Option<u64> {
    offset.checked_next_multiple_of(ALIGN)
}

impl Header {
    /// The bytes of header and table. The identity's parts must fit
    /// ([`Identity::fits`]).
    pub(super) fn encode(&self) -> Vec<u8> {
        let (repository, repository_len) = pad(&self.identity.repository);
        let (commit, commit_len) = pad(&self.identity.commit);
        let (tree, tree_len) = pad(&self.identity.tree);
        let mut header = RawHeader {
            magic: MAGIC,
            version: FORMAT_VERSION.into(),
            kind: (self.kind as u32).into(),
            total_len: self.total_len.into(),
            blocks_offset: self.blocks_offset.into(),
            section_count: (self.sections.len() as u32).into(),
            object_format: self.identity.object_format as u8,
            repository_len,
            commit_len,
            tree_len,
            fingerprint: self.identity.fingerprint.into(),
            repository,
            commit,
            tree,
            checksum: 0.into(),
        };
        let table: Vec<RawSection> = self
            .sections
            .iter()
            .map(|section| RawSection {
                id: section.id.into(),
                element_size: section.element_size.into(),
                offset: section.offset.into(),
                len: section.len.into(),
                checksum: section.checksum.into(),
            })
            .collect();
        header.checksum = checksum(&header.as_bytes()[..CHECKED_LEN], table.as_bytes()).into();
        [header.as_bytes(), table.as_bytes()].concat()
    }
}

impl Identity {
    /// Whether every id fits its room in a header.
    pub fn fits(&self) -> bool {
        [&self.repository, &self.commit, &self.tree]
            .iter()
            .all(|id| id.len() <= ID_ROOM)
    }

    /// In what this is not `expected`, where an empty id means any. The
    /// fingerprint is the caller's to compare.
    pub(super) fn differs(&self, expected: &Self) -> Option<&'static str> {
        let other = |expected: &[u8], own: &[u8]| !expected.is_empty() && expected != own;
        if other(&expected.repository, &self.repository) {
            Some("repository")
        } else if expected.object_format != self.object_format {
            Some("object format")
        } else if other(&expected.commit, &self.commit) {
            Some("commit")
        } else if other(&expected.tree, &self.tree) {
            Some("tree")
        } else {
            None
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Facts => "facts",
            Self::Snapshot => "snapshot",
            Self::Vectors => "vectors",
        })
    }
}

/// Reads and checks header and table against the bytes of the whole file.
/// Touches nothing behind the table.
pub(super) fn parse(bytes: &[u8]) -> Result<Header, Fault> {
    let Ok((raw, rest)) = RawHeader::ref_from_prefix(bytes) else {
        return Err(Fault::Truncated {
            expected: HEADER_LEN as u64,
        });
    };
    if raw.magic != MAGIC {
        return Err(Fault::Corrupt("it does not begin as a segment does"));
    }
    if raw.version.get() != FORMAT_VERSION {
        return Err(other_version(raw, rest));
    }
    let found = bytes.len() as u64;
    let total_len = raw.total_len.get();
    let table = table(raw, rest).ok_or(Fault::Truncated {
        expected: total_len.max(found + 1),
    })?;
    if total_len > found {
        return Err(Fault::Truncated {
            expected: total_len,
        });
    }
    if checksum(&raw.as_bytes()[..CHECKED_LEN], table.as_bytes()) != raw.checksum.get() {
        return Err(Fault::Corrupt("the header's checksum is wrong"));
    }
    if total_len < found {
        return Err(Fault::Corrupt("it is longer than its header says"));
    }
    let sections = sections(raw, table)?;
    Ok(Header {
        kind: kind(raw.kind.get()).ok_or(Fault::Corrupt("it is of an unknown kind"))?,
        identity: identity(raw)?,
        sections,
        blocks_offset: raw.blocks_offset.get(),
        total_len,
    })
}

/// A version byte may have been flipped: then the checksum is right as soon as
/// the version is. Otherwise another program's header may look any way.
fn other_version(raw: &RawHeader, rest: &[u8]) -> Fault {
    let found = raw.version.get();
    let mut ours = raw.clone();
    ours.version = FORMAT_VERSION.into();
    let flipped = table(raw, rest).is_some_and(|table| {
        checksum(&ours.as_bytes()[..CHECKED_LEN], table.as_bytes()) == raw.checksum.get()
    });
    if flipped {
        Fault::Corrupt("its version is wrong")
    } else if found > FORMAT_VERSION {
        Fault::Newer(found)
    } else {
        Fault::Older(found)
    }
}

fn table<'a>(raw: &RawHeader, rest: &'a [u8]) -> Option<&'a [RawSection]> {
    let count = raw.section_count.get() as usize;
    if count > MAX_SECTIONS {
        return None;
    }
    let (table, _) = <[RawSection]>::ref_from_prefix_with_elems(rest, count).ok()?;
    Some(table)
}

fn checksum(header: &[u8], table: &[u8]) -> u64 {
    xxh3_64_with_seed(table, xxh3_64(header))
}

/// Sections must lie one after the other, each at the first place it may, so
/// that no two share a byte and none lies outside.
fn sections(raw: &RawHeader, table: &[RawSection]) -> Result<Vec<Section>, Fault> {
    let mut next = head_len(table.len());
    let mut blocks = 0u64;
    let mut last = None;
    let mut sections = Vec::with_capacity(table.len());
    for entry in table {
        let section = Section {
            id: entry.id.get(),
            element_size: entry.element_size.get(),
            offset: entry.offset.get(),
            len: entry.len.get(),
            checksum: entry.checksum.get(),
        };
        if last.is_some_and(|last| last >= section.id) {
            return Err(Fault::Corrupt("its sections are out of order"));
        }
        last = Some(section.id);
        if section.element_size == 0 || !section.len.is_multiple_of(u64::from(section.element_size))
        {
            return Err(Fault::Corrupt(
                "a section is not a whole number of elements",
            ));
        }
        if section.offset != next {
            return Err(Fault::Corrupt("a section is not where it should be"));
        }
        next = section
            .offset
            .checked_add(section.len)
            .and_then(align)
            .ok_or(Fault::Corrupt("a section lies outside the file"))?;
        blocks += section.blocks();
        sections.push(section);
    }
    let end = blocks.checked_mul(8).and_then(|len| next.checked_add(len));
    if raw.blocks_offset.get() != next || end != Some(raw.total_len.get()) {
        return Err(Fault::Corrupt("its sections do not fill it"));
    }
    Ok(sections)
}

fn kind(number: u32) -> Option<Kind> {
    [Kind::Facts, Kind::Snapshot, Kind::Vectors]
        .into_iter()
        .find(|kind| *kind as u32 == number)
}

fn identity(raw: &RawHeader) -> Result<Identity, Fault> {
    let object_format = match raw.object_format {
        1 => ObjectFormat::Sha1,
        2 => ObjectFormat::Sha256,
        _ => return Err(Fault::Corrupt("it names an unknown object format")),
    };
    let id = |bytes: &[u8; ID_ROOM], len: u8| {
        let (id, padding) = bytes
            .split_at_checked(len as usize)
            .ok_or(Fault::Corrupt("an id in its header is too long"))?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Fault::Corrupt(
                "an id in its header is not padded with zeros",
            ));
        }
        Ok(id.to_vec())
    };
    Ok(Identity {
        repository: id(&raw.repository, raw.repository_len)?,
        object_format,
        commit: id(&raw.commit, raw.commit_len)?,
        tree: id(&raw.tree, raw.tree_len)?,
        fingerprint: raw.fingerprint.get(),
    })
}

fn pad(id: &[u8]) -> ([u8; ID_ROOM], u8) {
    let mut room = [0; ID_ROOM];
    let len = id.len().min(ID_ROOM);
    room[..len].copy_from_slice(&id[..len]);
    (room, len as u8)
}
