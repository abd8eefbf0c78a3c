//! One immutable file, mapped into memory and read in place. It knows nothing
//! of what its sections mean.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;
use xxhash_rust::xxh3::xxh3_64;
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::checked::{Checked, Seen};
use super::error::Error;
use super::header::{self, BLOCK, Fault, Header, Identity, Kind, Section};
use super::io::StoreIo;

#[cfg(target_endian = "big")]
compile_error!(
    "the index is mapped as little-endian arrays; a big-endian reader has to convert them"
);

/// The bytes of a file, beginning at a multiple of eight in memory.
pub struct Bytes(Held);

enum Held {
    Mapped(Mmap),
    /// A vector that happens to begin at a multiple of eight.
    Vec(Vec<u8>),
    /// Words, of whose bytes the first `len` count.
    Words {
        words: Vec<u64>,
        len: usize,
    },
}

impl Bytes {
    /// Maps a file that nobody changes in place.
    ///
    /// The files of an index are written beside, renamed into place and never
    /// opened for writing again, so the mapping's bytes do not change. A third
    /// party who cuts one short makes a later access fail by SIGBUS, as in
    /// every program that maps files; `--no-mmap` reads them instead.
    #[expect(
        unsafe_code,
        reason = "mapping a file is the one thing Rust cannot check here"
    )]
    pub(super) fn map(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self::from(Vec::new()));
        }
        // SAFETY: every `Segment` reads plain old data and checks its bounds
        // against the mapping's length, and files are immutable once in place.
        let map = unsafe { Mmap::map(file)? };
        Ok(Self(Held::Mapped(map)))
    }

    /// Reads a file into memory.
    pub(super) fn read(file: &mut File) -> io::Result<Self> {
        let len =
            usize::try_from(file.metadata()?.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut words: Vec<u64> = Vec::new();
        let count = len.div_ceil(size_of::<u64>());
        words
            .try_reserve_exact(count)
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        words.resize(count, 0);
        file.read_exact(&mut words.as_mut_bytes()[..len])?;
        Ok(Self(Held::Words { words, len }))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(vec: Vec<u8>) -> Self {
        if vec.as_ptr().addr().is_multiple_of(header::ALIGN as usize) {
            return Self(Held::Vec(vec));
        }
        let len = vec.len();
        let mut words = vec![0; len.div_ceil(size_of::<u64>())];
        words.as_mut_bytes()[..len].copy_from_slice(&vec);
        Self(Held::Words { words, len })
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Mapped(map) => map,
            Held::Vec(vec) => vec,
            Held::Words { words, len } => &words.as_bytes()[..*len],
        }
    }
}

/// Ends the process with status 5 and a sentence where a mapped file was cut
/// short under it, instead of by the signal's default. For a program, which
/// calls it once; never for a library in another's process.
#[cfg(unix)]
#[expect(unsafe_code, reason = "a signal handler can be set in no other way")]
pub fn exit_when_a_mapping_is_cut() {
    extern "C" fn handler(_signal: libc::c_int) {
        const SAID: &[u8] = b"error: an index file was cut short while it was read\n\
            hint: run again with `--no-mmap`\n";
        // SAFETY: both may be called in a signal handler, and `SAID` is static.
        unsafe {
            libc::write(2, SAID.as_ptr().cast(), SAID.len());
            libc::_exit(5);
        }
    }
    // SAFETY: the handler calls nothing but what a signal handler may.
    unsafe {
        libc::signal(libc::SIGBUS, handler as *const () as libc::sighandler_t);
    }
}

/// There is no such signal here.
#[cfg(not(unix))]
pub fn exit_when_a_mapping_is_cut() {}

/// An immutable file of numbered sections. Cloning shares it; it is `Send` and
/// `Sync`, and it stays readable after the file has been removed or replaced.
#[derive(Debug, Clone)]
pub struct Segment(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: Arc<Bytes>,
    origin: Box<Path>,
    header: Header,
    /// Per section, in the table's order: where its blocks' checksums begin,
    /// counted in blocks.
    first_blocks: Vec<usize>,
    seen: Seen,
}

impl Segment {
    /// Opens the file at `path`: checks its header and that every section lies
    /// within it, in microseconds whatever its size. Damage inside a section is
    /// found by [`Segment::checked`] where it is read, or by
    /// [`Segment::verify`].
    pub fn open(disk: &dyn StoreIo, path: &Path) -> Result<Self, Error> {
        let bytes = disk.read(path).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory => {
                Error::corrupt(path, "it is not a plain file")
            }
            _ => Error::io("read", path, error),
        })?;
        Self::from_bytes(bytes, path)
    }

    /// A segment that was built in memory.
    pub fn from_vec(bytes: Vec<u8>) -> Result<Self, Error> {
        Self::from_bytes(Arc::new(Bytes::from(bytes)), Path::new("(memory)"))
    }

    /// A segment in `bytes`; `origin` stands in its errors.
    pub fn from_bytes(bytes: Arc<Bytes>, origin: &Path) -> Result<Self, Error> {
        let header = header::parse(&bytes).map_err(|fault| match fault {
            Fault::Truncated { expected } => Error::Truncated {
                path: origin.to_owned(),
                expected,
                found: bytes.len() as u64,
            },
            Fault::Corrupt(what) => Error::corrupt(origin, what),
            Fault::Newer(found) => Error::NewerFormat {
                path: origin.to_owned(),
                found,
                ours: header::FORMAT_VERSION,
            },
            Fault::Older(found) => Error::OlderFormat {
                path: origin.to_owned(),
                found,
                ours: header::FORMAT_VERSION,
            },
        })?;
        let mut blocks = 0;
        let first_blocks = header
            .sections
            .iter()
            .map(|section| {
                let first = blocks;
                blocks += section.blocks() as usize;
                first
            })
            .collect();
        let seen = Seen::new(header.sections.len(), blocks);
        Ok(Self(Arc::new(Inner {
            bytes,
            origin: origin.into(),
            header,
            first_blocks,
            seen,
        })))
    }

    /// What kind of segment it is.
    pub fn kind(&self) -> Kind {
        self.0.header.kind
    }

    /// Whose it is.
    pub fn identity(&self) -> &Identity {
        &self.0.header.identity
    }

    /// The file it was opened from.
    pub fn origin(&self) -> &Path {
        &self.0.origin
    }

    /// The whole file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Its sections, ascending by id.
    pub fn sections(&self) -> &[Section] {
        &self.0.header.sections
    }

    /// Whether it has a section `id`.
    pub fn has(&self, id: u32) -> bool {
        self.position(id).is_some()
    }

    /// The bytes of section `id`, not checked against their checksum.
    pub fn bytes(&self, id: u32) -> Result<&[u8], Error> {
        Ok(self.payload(self.find(id)?))
    }

    /// Section `id` as an array, in place, not checked against its checksum.
    pub fn array<T>(&self, id: u32) -> Result<&[T], Error>
    where
        T: FromBytes + Immutable + KnownLayout,
    {
        let index = self.find(id)?;
        if self.sections()[index].element_size as usize != size_of::<T>() {
            return Err(self.corrupt(format!("section {id} has elements of another size")));
        }
        <[T]>::ref_from_bytes(self.payload(index))
            .map_err(|_| self.corrupt(format!("section {id} is not an array of such elements")))
    }

    /// Section `id` as an array whose blocks are checked when they are first
    /// read, once per segment.
    pub fn checked<T>(&self, id: u32) -> Result<Checked<'_, T>, Error>
    where
        T: FromBytes + Immutable + KnownLayout,
    {
        Ok(Checked::new(self, self.find(id)?, self.array(id)?))
    }

    /// Checks section `id` against its checksums.
    pub fn verify_section(&self, id: u32) -> Result<(), Error> {
        let index = self.find(id)?;
        let sums = self.block_sums(index)?;
        for (block, sum) in self.payload(index).chunks(BLOCK).zip(sums) {
            if xxh3_64(block) != sum.get() {
                return Err(self.corrupt(format!("section {id} does not match its checksum")));
            }
        }
        let start = self.payload_end(index);
        let end = start.next_multiple_of(header::ALIGN as usize);
        let padding = self.0.bytes.get(start..end).unwrap_or_default();
        if padding.iter().any(|byte| *byte != 0) {
            return Err(self.corrupt(format!("section {id} is not padded with zeros")));
        }
        Ok(())
    }

    /// Checks every byte of the file.
    pub fn verify(&self) -> Result<(), Error> {
        self.sections()
            .iter()
            .try_for_each(|section| self.verify_section(section.id))
    }

    /// Fails with [`Error::Foreign`] unless it is of `kind` and in all that
    /// `expected` says of repository, object format, commit and tree; an empty
    /// id there means any. The fingerprint is the caller's to compare.
    pub fn expect(&self, kind: Kind, expected: &Identity) -> Result<(), Error> {
        let kind = (self.kind() != kind).then_some("kind");
        match kind.or_else(|| self.identity().differs(expected)) {
            None => Ok(()),
            Some(what) => Err(Error::Foreign {
                path: self.origin().to_owned(),
                what,
            }),
        }
    }

    /// The checksums of a section's blocks, themselves checked.
    pub(super) fn block_sums(&self, index: usize) -> Result<&[U64], Error> {
        let section = &self.sections()[index];
        let all = self
            .0
            .bytes
            .get(self.0.header.blocks_offset as usize..)
            .unwrap_or_default();
        let first = self.0.first_blocks[index];
        let sums = <[U64]>::ref_from_bytes(all)
            .ok()
            .and_then(|sums| sums.get(first..first + section.blocks() as usize))
            .ok_or_else(|| self.corrupt("its checksums are missing"))?;
        if !self.0.seen.section(index) {
            if xxh3_64(sums.as_bytes()) != section.checksum {
                return Err(
                    self.corrupt(format!("the checksums of section {} are wrong", section.id))
                );
            }
            self.0.seen.set_section(index);
        }
        Ok(sums)
    }

    /// The marks of blocks that were checked, and the section's first.
    pub(super) fn seen(&self, index: usize) -> (&Seen, usize) {
        (&self.0.seen, self.0.first_blocks[index])
    }

    /// The bytes of the section at `index` of the table.
    pub(super) fn payload(&self, index: usize) -> &[u8] {
        let start = self.sections()[index].offset as usize;
        self.0
            .bytes
            .get(start..self.payload_end(index))
            .unwrap_or_default()
    }

    /// An error that names this segment.
    pub(super) fn corrupt(&self, what: impl Into<String>) -> Error {
        Error::corrupt(self.origin(), what)
    }

    fn payload_end(&self, index: usize) -> usize {
        let section = &self.sections()[index];
        (section.offset + section.len) as usize
    }

    fn position(&self, id: u32) -> Option<usize> {
        self.sections()
            .binary_search_by_key(&id, |section| section.id)
            .ok()
    }

    fn find(&self, id: u32) -> Result<usize, Error> {
        self.position(id)
            .ok_or_else(|| self.corrupt(format!("section {id} is missing")))
    }
}
