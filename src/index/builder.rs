//! Writing segments: the same sections give the same bytes.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;
use zerocopy::{Immutable, IntoBytes};

use super::error::Error;
use super::header::{ALIGN, BLOCK, Header, Identity, Kind, MAX_SECTIONS, Section, head_len};
use super::io::{Durability, StoreFile, StoreIo, TempFile};
use super::segment::Segment;

/// Writes are gathered until they are this long; longer ones go straight out.
const BUFFER: usize = 256 * 1024;

/// Collects the sections of a segment, borrowed where they live.
#[derive(Debug)]
pub struct SegmentBuilder<'a> {
    kind: Kind,
    identity: Identity,
    /// Id, size of an element, content.
    sections: Vec<(u32, u32, Cow<'a, [u8]>)>,
}

impl<'a> SegmentBuilder<'a> {
    /// A segment without sections.
    pub fn new(kind: Kind, identity: Identity) -> Self {
        Self {
            kind,
            identity,
            sections: Vec::new(),
        }
    }

    /// What it will say of itself.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What kind of segment it will be.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Adds section `id`, an array that is read back as [`Segment::array`] of
    /// the same type.
    pub fn array<T: IntoBytes + Immutable>(&mut self, id: u32, elements: &'a [T]) -> &mut Self {
        let size = u32::try_from(size_of::<T>()).unwrap_or(u32::MAX);
        self.sections
            .push((id, size, Cow::Borrowed(elements.as_bytes())));
        self
    }

    /// Adds section `id`, bytes that are read back by [`Segment::bytes`].
    pub fn bytes(&mut self, id: u32, bytes: impl Into<Cow<'a, [u8]>>) -> &mut Self {
        self.sections.push((id, 1, bytes.into()));
        self
    }

    /// Builds the segment in memory.
    pub fn to_segment(&self) -> Result<Segment, Error> {
        let path = Path::new("(memory)");
        let built = self
            .write(Vec::new())
            .map_err(|error| Error::io("build", path, error))?;
        Segment::from_vec(built)
    }

    /// Writes the segment into the folder `tmp` and renames it to `target`.
    pub(super) fn persist(
        &self,
        io: &Arc<dyn StoreIo>,
        tmp: &Path,
        target: &Path,
        durability: Durability,
    ) -> Result<(), Error> {
        let file = TempFile::create(io, tmp)?;
        let path = file.path().to_owned();
        let file = self
            .write(file)
            .map_err(|error| Error::io("write", &path, error))?;
        file.persist(target, durability)
    }

    fn write<F: StoreFile>(&self, file: F) -> io::Result<F> {
        let mut order: Vec<_> = self.sections.iter().collect();
        order.sort_by_key(|(id, ..)| *id);
        let mut writer = SegmentWriter::new(file, self.kind, &self.identity, order.len())?;
        for (id, element_size, bytes) in order {
            writer.begin(*id, *element_size)?;
            writer.append(bytes)?;
        }
        writer.finish()
    }
}

/// Writes a segment front to back, so that a section may be longer than
/// memory. The number of sections is said beforehand; their ids ascend.
#[derive(Debug)]
pub(super) struct SegmentWriter<F> {
    file: F,
    buffer: Vec<u8>,
    /// Bytes written and buffered.
    position: u64,
    header: Header,
    /// How many sections the space left for the table holds.
    room: usize,
    /// Checksums of all finished blocks.
    sums: Vec<u64>,
    /// How many of them belong to earlier sections.
    earlier: usize,
    /// The bytes of a block that is not yet full.
    partial: Vec<u8>,
}

impl<F: StoreFile> SegmentWriter<F> {
    pub(super) fn new(
        file: F,
        kind: Kind,
        identity: &Identity,
        sections: usize,
    ) -> io::Result<Self> {
        if sections > MAX_SECTIONS || !identity.fits() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let header = Header {
            kind,
            identity: identity.clone(),
            sections: Vec::with_capacity(sections),
            blocks_offset: 0,
            total_len: 0,
        };
        let mut writer = Self {
            file,
            buffer: Vec::new(),
            position: 0,
            header,
            room: sections,
            sums: Vec::new(),
            earlier: 0,
            partial: Vec::new(),
        };
        // Zeros until the end: a file without its header is no segment.
        writer.put(&vec![0; head_len(sections) as usize])?;
        Ok(writer)
    }

    /// Begins section `id` and ends the one before it.
    pub(super) fn begin(&mut self, id: u32, element_size: u32) -> io::Result<()> {
        self.end()?;
        let ascending = self.header.sections.last().is_none_or(|last| last.id < id);
        if !ascending || element_size == 0 || self.header.sections.len() >= self.room {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.header.sections.push(Section {
            id,
            element_size,
            offset: self.position,
            len: 0,
            checksum: 0,
        });
        Ok(())
    }

    /// Adds bytes to the section that was begun last.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(bytes)?;
        let mut rest = bytes;
        if !self.partial.is_empty() {
            let taken = rest.len().min(BLOCK - self.partial.len());
            self.partial.extend_from_slice(&rest[..taken]);
            rest = &rest[taken..];
            if self.partial.len() < BLOCK {
                return Ok(());
            }
            self.sums.push(xxh3_64(&self.partial));
            self.partial.clear();
        }
        let mut blocks = rest.chunks_exact(BLOCK);
        self.sums.extend(blocks.by_ref().map(xxh3_64));
        self.partial.extend_from_slice(blocks.remainder());
        Ok(())
    }

    /// Bytes of the present section so far.
    pub(super) fn section_len(&self) -> u64 {
        self.header
            .sections
            .last()
            .map_or(0, |section| self.position - section.offset)
    }

    /// Writes the checksums and the header.
    pub(super) fn finish(mut self) -> io::Result<F> {
        self.end()?;
        if self.header.sections.len() != self.room {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.header.blocks_offset = self.position;
        let sums = std::mem::take(&mut self.sums);
        self.put(sums.as_bytes())?;
        self.flush()?;
        self.header.total_len = self.position;
        self.file.write_at(0, &self.header.encode())?;
        Ok(self.file)
    }

    fn end(&mut self) -> io::Result<()> {
        let len = self.section_len();
        if !self.partial.is_empty() {
            self.sums.push(xxh3_64(&self.partial));
            self.partial.clear();
        }
        let own = &self.sums[self.earlier..];
        let checksum = xxh3_64(own.as_bytes());
        self.earlier = self.sums.len();
        let Some(section) = self.header.sections.last_mut() else {
            return Ok(());
        };
        section.len = len;
        section.checksum = checksum;
        let padding = self.position.next_multiple_of(ALIGN) - self.position;
        self.put(&[0; ALIGN as usize][..padding as usize])
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() > BUFFER {
            self.file.append(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
