//! Writing one new pack from many threads, and merging packs into one.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zerocopy::IntoBytes;
use zerocopy::little_endian::U32;

use super::builder::SegmentWriter;
use super::error::Error;
use super::header::{Identity, Kind};
use super::io::{Durability, StoreIo, TempFile, ensure_dir};
use super::packs::{
    ENTRIES, FANOUT, FactsPacks, IDS, RECORDS, RecordEntry, pack_name, record_checksum, sequences,
};

/// Streams records into one new pack; nothing is seen of it before
/// [`PackWriter::finish`], and nothing remains of it when it is dropped.
pub struct PackWriter<'w> {
    io: Arc<dyn StoreIo>,
    tmp: PathBuf,
    dir: PathBuf,
    identity: Identity,
    state: Mutex<State>,
    /// The writer's lock is held as long as this lives.
    locked: PhantomData<&'w ()>,
}

#[derive(Default)]
struct State {
    /// Nothing before the first record.
    writer: Option<SegmentWriter<TempFile>>,
    known: HashSet<Box<[u8]>>,
    records: Vec<(Box<[u8]>, RecordEntry)>,
    /// A write failed: what follows would lie at the wrong place.
    broken: bool,
}

impl PackWriter<'_> {
    pub(super) fn new(
        io: Arc<dyn StoreIo>,
        tmp: PathBuf,
        dir: PathBuf,
        identity: Identity,
    ) -> Self {
        Self {
            io,
            tmp,
            dir,
            identity,
            state: Mutex::default(),
            locked: PhantomData,
        }
    }

    /// Adds the facts of blob `id`; one that was added before is left as it is.
    pub fn add(&self, id: &[u8], record: &[u8]) -> Result<(), Error> {
        let invalid = || Error::io("write", &self.dir, std::io::ErrorKind::InvalidInput.into());
        let len = u32::try_from(record.len()).map_err(|_| invalid())?;
        if id.len() != self.identity.object_format.id_len() {
            return Err(invalid());
        }
        let checksum = record_checksum(id, record);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.broken {
            return Err(Error::io(
                "write",
                &self.dir,
                std::io::ErrorKind::BrokenPipe.into(),
            ));
        }
        if !state.known.insert(id.into()) {
            return Ok(());
        }
        let written = self.append(&mut state, record);
        state.broken = written.is_err();
        let offset = written?;
        let entry = RecordEntry {
            offset: offset.into(),
            checksum: checksum.into(),
            len: len.into(),
            reserved: 0.into(),
        };
        state.records.push((id.into(), entry));
        Ok(())
    }

    /// Puts the pack in its place and says where; nothing if no record was
    /// added.
    pub fn finish(self) -> Result<Option<PathBuf>, Error> {
        self.end(Durability::Durable)
    }

    /// The same at half the price, for a few records: a loss of power may take
    /// the pack, whole.
    pub fn finish_relaxed(self) -> Result<Option<PathBuf>, Error> {
        self.end(Durability::Relaxed)
    }

    fn end(self, durability: Durability) -> Result<Option<PathBuf>, Error> {
        let mut state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(mut writer) = state.writer.take() else {
            return Ok(None);
        };
        if state.broken {
            return Err(Error::io(
                "write",
                &self.dir,
                std::io::ErrorKind::BrokenPipe.into(),
            ));
        }
        state.records.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let failed = |error| Error::io("write", &self.dir, error);
        write_index(&mut writer, &state.records).map_err(failed)?;
        let file = writer.finish().map_err(failed)?;
        ensure_dir(&*self.io, &self.dir)?;
        let next = sequences(&*self.io, &self.dir)?
            .last()
            .map_or(1, |last| last.saturating_add(1));
        let target = self.dir.join(pack_name(next));
        file.persist(&target, durability)?;
        Ok(Some(target))
    }

    /// Writes the record and says where.
    fn append(&self, state: &mut State, record: &[u8]) -> Result<u64, Error> {
        let failed = |error| Error::io("write", &self.dir, error);
        let writer = match &mut state.writer {
            Some(writer) => writer,
            none => {
                let file = TempFile::create(&self.io, &self.tmp)?;
                let mut writer =
                    SegmentWriter::new(file, Kind::Facts, &self.identity, 4).map_err(failed)?;
                writer.begin(RECORDS, 1).map_err(failed)?;
                none.insert(writer)
            }
        };
        let offset = writer.section_len();
        writer.append(record).map_err(failed)?;
        let padding = record.len().next_multiple_of(8) - record.len();
        writer.append(&[0; 8][..padding]).map_err(failed)?;
        Ok(offset)
    }
}

fn write_index(
    writer: &mut SegmentWriter<TempFile>,
    records: &[(Box<[u8]>, RecordEntry)],
) -> std::io::Result<()> {
    let width = records.first().map_or(1, |(id, _)| id.len());
    writer.begin(IDS, width as u32)?;
    let mut counts = [0u32; 256];
    for (id, _) in records {
        writer.append(id)?;
        counts[usize::from(id[0])] += 1;
    }
    writer.begin(ENTRIES, size_of::<RecordEntry>() as u32)?;
    for (_, entry) in records {
        writer.append(entry.as_bytes())?;
    }
    let mut sum = 0;
    let fanout = counts.map(|count| {
        sum += count;
        U32::new(sum)
    });
    writer.begin(FANOUT, size_of::<U32>() as u32)?;
    writer.append(fanout.as_bytes())
}

/// Copies every sound record that `keep` wants from the packs for which
/// `chosen` holds into `writer`, in the order of the ids.
pub(super) fn copy_records(
    packs: &FactsPacks,
    chosen: impl Fn(&Path) -> bool,
    keep: &dyn Fn(&[u8]) -> bool,
    writer: &PackWriter<'_>,
) -> Result<(), Error> {
    let mut records: Vec<(&[u8], &[u8])> = Vec::new();
    for pack in packs
        .packs()
        .iter()
        .filter(|pack| chosen(pack.segment.origin()))
    {
        for id in pack.ids().filter(|id| keep(id)) {
            // One that is damaged here may be sound in an older pack.
            if let Ok(Some(record)) = pack.get(id) {
                records.push((id, record));
            }
        }
    }
    // Stable: of two with one id, the newer pack's comes first and is kept.
    records.sort_by_key(|(id, _)| *id);
    records.dedup_by_key(|(id, _)| *id);
    records
        .into_iter()
        .try_for_each(|(id, record)| writer.add(id, record))
}
