//! The one writer: publishing snapshots, vectors and packs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::builder::SegmentBuilder;
use super::error::Error;
use super::gc::GRACE;
use super::header::{FORMAT_VERSION, Identity, Kind};
use super::io::{
    self, Durability, EntryKind, StoreIo, TEMP_SUFFIX, ensure_dir, list, stat, sync_dir,
};
use super::layout::{self, Format};
use super::lock::LockGuard;
use super::pack_writer::PackWriter;
use super::segment::Segment;
use super::store::{Store, Warning};

/// How many states of one worktree keep their snapshot.
pub(super) const WORKTREE_STATES: usize = 3;

/// The right to change a [`Store`]; no other process has it meanwhile.
#[derive(Debug)]
pub struct Writer<'s> {
    store: &'s Store,
    io: Arc<dyn StoreIo>,
    now: SystemTime,
    _lock: LockGuard,
}

impl<'s> Writer<'s> {
    pub(super) fn begin(
        store: &'s Store,
        timeout: Duration,
        now: SystemTime,
    ) -> Result<Self, Error> {
        let io = store.io();
        let root = store.root();
        ensure_dir(&*io, root)?;
        let lock = io.lock(&root.join(layout::LOCK), timeout)?;
        if !lock.is_by_kernel() {
            store.warn(Warning::NoLocks {
                path: root.to_owned(),
            });
        }
        let writer = Self {
            store,
            io,
            now,
            _lock: lock,
        };
        writer.prepare()?;
        Ok(writer)
    }

    /// The index that is written.
    pub fn store(&self) -> &'s Store {
        self.store
    }

    /// Puts the snapshot of `commit` in its place, over one that may be there,
    /// and opens it. When this fails, [`SegmentBuilder::to_segment`] still
    /// answers from memory.
    pub fn publish(&self, commit: &[u8], builder: &SegmentBuilder<'_>) -> Result<Segment, Error> {
        let target = self.store.snapshot_path(commit);
        let expected = self.store.owner().identity(commit, &[], 0);
        self.put(
            &target,
            Kind::Snapshot,
            &expected,
            builder,
            Durability::Durable,
        )
    }

    /// Puts a snapshot of `commit` with imported edges beside its own.
    pub fn publish_imported(
        &self,
        commit: &[u8],
        builder: &SegmentBuilder<'_>,
    ) -> Result<Segment, Error> {
        let target = self.store.imported_path(commit);
        let expected = self.store.owner().identity(commit, &[], 0);
        self.put(
            &target,
            Kind::Snapshot,
            &expected,
            builder,
            Durability::Durable,
        )
    }

    /// Removes the imported edges of `commit`.
    pub fn drop_imported(&self, commit: &[u8]) -> Result<(), Error> {
        io::remove_file(&*self.io, &self.store.imported_path(commit)).map(drop)
    }

    /// Puts the snapshot of the state `key` of the worktree `id` in its place,
    /// and removes all but the newest few of that worktree. A loss of power may
    /// take it, whole: it is cheaper to make again than to sync.
    pub fn publish_worktree(
        &self,
        id: &str,
        key: &[u8],
        builder: &SegmentBuilder<'_>,
    ) -> Result<Segment, Error> {
        let target = self.store.worktree_path(id, key);
        let expected = self.store.owner().identity(&[], key, 0);
        let segment = self.put(
            &target,
            Kind::Snapshot,
            &expected,
            builder,
            Durability::Relaxed,
        )?;
        for old in self
            .store
            .worktree_states(id)?
            .into_iter()
            .skip(WORKTREE_STATES)
        {
            // A reader that has it open keeps it; one that is about to open it
            // makes it again.
            if old.path != target {
                io::remove_file(&*self.io, &old.path)?;
            }
        }
        Ok(segment)
    }

    /// Puts the vectors of an embedding model in their place.
    pub fn publish_vectors(
        &self,
        model: &str,
        builder: &SegmentBuilder<'_>,
    ) -> Result<Segment, Error> {
        let target = self.store.vectors_path(model);
        let expected = self.store.owner().identity(&[], &[], 0);
        self.put(
            &target,
            Kind::Vectors,
            &expected,
            builder,
            Durability::Durable,
        )
    }

    /// Begins a new pack of facts, to be filled from any number of threads
    /// while this writer lives.
    pub fn pack(&self, fingerprint: u64) -> PackWriter<'_> {
        PackWriter::new(
            Arc::clone(&self.io),
            self.store.root().join(layout::TMP),
            layout::facts_dir(self.store.root(), fingerprint),
            self.store.owner().identity(&[], &[], fingerprint),
        )
    }

    /// Puts a damaged file aside, where it can be looked at and no reader finds
    /// it, and warns of it.
    pub fn quarantine(&self, path: &Path, error: &Error) -> Result<(), Error> {
        self.set_aside(path, layout::QUARANTINE)?;
        self.store.warn(Warning::Damaged {
            path: path.to_owned(),
            what: error.to_string(),
        });
        Ok(())
    }

    /// Takes a file out of readers' sight; it is removed for good after the
    /// grace period, so that a reader on another machine keeps it meanwhile.
    pub(super) fn discard(&self, path: &Path) -> Result<(), Error> {
        self.set_aside(path, layout::TRASH)
    }

    /// The time this writer was told.
    pub(super) fn now(&self) -> SystemTime {
        self.now
    }

    /// The disk it writes to.
    pub(super) fn io(&self) -> &Arc<dyn StoreIo> {
        &self.io
    }

    fn put(
        &self,
        target: &Path,
        kind: Kind,
        expected: &Identity,
        builder: &SegmentBuilder<'_>,
        durability: Durability,
    ) -> Result<Segment, Error> {
        let kind_differs = (builder.kind() != kind).then_some("kind");
        if let Some(what) = kind_differs.or_else(|| builder.identity().differs(expected)) {
            return Err(Error::Foreign {
                path: target.to_owned(),
                what,
            });
        }
        self.make_way(target, kind, expected)?;
        if let Some(parent) = target.parent() {
            ensure_dir(&*self.io, parent)?;
        }
        let tmp = self.store.root().join(layout::TMP);
        builder.persist(&self.io, &tmp, target, durability)?;
        let segment = Segment::open(&*self.io, target)?;
        segment.expect(kind, expected)?;
        Ok(segment)
    }

    /// Puts aside what stands in the place of a new file and is not sound.
    fn make_way(&self, target: &Path, kind: Kind, expected: &Identity) -> Result<(), Error> {
        let found = match stat(&*self.io, target)? {
            None => return Ok(()),
            Some(entry) if entry.kind == EntryKind::File => {
                Segment::open(&*self.io, target).and_then(|found| found.expect(kind, expected))
            }
            Some(_) => Err(Error::Refused {
                path: target.to_owned(),
                what: "is not a plain file",
            }),
        };
        match found {
            Err(error) if error.is_rebuildable() || matches!(error, Error::Refused { .. }) => {
                self.quarantine(target, &error)
            }
            // What cannot be read now is replaced, not judged.
            _ => Ok(()),
        }
    }

    fn set_aside(&self, path: &Path, folder: &str) -> Result<(), Error> {
        let dir = self.store.root().join(folder);
        ensure_dir(&*self.io, &dir)?;
        let seconds = self
            .now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for number in 0u32.. {
            let target = dir.join(format!("{seconds:012}-{number}-{name}"));
            if stat(&*self.io, &target)?.is_none() {
                self.io
                    .rename(path, &target)
                    .map_err(|error| Error::io("move", path, error))?;
                break;
            }
        }
        sync_dir(&*self.io, &dir)?;
        path.parent()
            .map_or(Ok(()), |parent| sync_dir(&*self.io, parent))
    }

    /// Brings the folder into the state that a writer relies on.
    fn prepare(&self) -> Result<(), Error> {
        let root = self.store.root();
        for name in layout::FOLDERS {
            io::refuse_link(&*self.io, &root.join(name))?;
        }
        let tmp = root.join(layout::TMP);
        ensure_dir(&*self.io, &tmp)?;
        self.clean(&tmp)?;
        self.empty(&root.join(layout::TRASH), GRACE)?;
        match self.store.check_format()? {
            Format::Ours => {}
            Format::Newer(_) | Format::Absent => layout::write_format(&self.io, root)?,
            Format::Older(from) => {
                self.put_older_aside(from)?;
                layout::write_format(&self.io, root)?;
                self.store.warn(Warning::Upgraded {
                    from,
                    to: FORMAT_VERSION,
                });
                self.store.is_upgraded();
            }
        }
        Ok(())
    }

    /// No writer but this one is alive, so every temporary file is a dead one's.
    fn clean(&self, tmp: &Path) -> Result<(), Error> {
        for entry in list(&*self.io, tmp)? {
            let ours = entry
                .name
                .to_str()
                .is_some_and(|name| name.ends_with(TEMP_SUFFIX));
            if ours && entry.kind == EntryKind::File {
                io::remove_file(&*self.io, &tmp.join(&entry.name))?;
            }
        }
        Ok(())
    }

    fn put_older_aside(&self, from: u32) -> Result<(), Error> {
        let root = self.store.root();
        for name in layout::VERSIONED {
            let dir = root.join(name);
            if stat(&*self.io, &dir)?.is_none() {
                continue;
            }
            for number in 0.. {
                let aside = root.join(layout::old_format(from, number));
                let target = aside.join(name);
                if stat(&*self.io, &target)?.is_none() {
                    ensure_dir(&*self.io, &aside)?;
                    self.io
                        .rename(&dir, &target)
                        .map_err(|error| Error::io("move", &dir, error))?;
                    sync_dir(&*self.io, &aside)?;
                    break;
                }
            }
        }
        sync_dir(&*self.io, root)
    }
}
