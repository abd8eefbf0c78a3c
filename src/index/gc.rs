//! Keeping the index small: merging packs, and letting go of what is old.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::io::{self, Entry, EntryKind, list, stat, sync_dir};
use super::layout;
use super::pack_writer::copy_records;
use super::packs::{Damage, FactsPacks};
use super::writer::{WORKTREE_STATES, Writer};

/// What a question about a commit's snapshot decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A ref reaches the commit: its snapshot goes last.
    Reached,
    /// The repository has the commit, but no ref reaches it: it goes first.
    Unreached,
    /// The repository has no such commit any more: its snapshot goes at once.
    Gone,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcPolicy {
    /// Snapshots of commits.
    pub max_snapshots: usize,
    /// Their bytes together; the one most wanted stays whatever its size.
    pub max_bytes: u64,
    /// How long a file that was let go stays on the disk, for readers on other
    /// machines.
    pub grace: Duration,
    /// How long what this program no longer reads stays: facts of other
    /// fingerprints, older formats, quarantined files, states of worktrees.
    pub keep_unused: Duration,
}

impl Default for GcPolicy {
    fn default() -> Self {
        Self {
            max_snapshots: 50,
            max_bytes: 4 << 30,
            grace: GRACE,
            keep_unused: Duration::from_hours(7 * 24),
        }
    }
}

/// What the rest of the program knows and the index does not.
pub struct Wanted<'a> {
    /// Whether the repository still has a commit, and whether a ref reaches it.
    pub reach: &'a dyn Fn(&[u8]) -> Reach,
    /// The fingerprints of the present extractors.
    pub fingerprints: &'a [u64],
    /// Whether the facts of a blob are worth keeping.
    pub blob: &'a dyn Fn(&[u8]) -> bool,
}

/// What [`Writer::gc`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcReport {
    /// Snapshots of commits and of worktrees that were let go.
    pub snapshots: usize,
    /// Packs that went, merged or unused.
    pub packs: usize,
    /// Bytes of what was let go; the disk has them after the grace period.
    pub bytes: u64,
    /// Bytes that the disk has now.
    pub freed: u64,
}

/// The grace period of every writer's own cleaning.
pub(super) const GRACE: Duration = Duration::from_mins(10);

/// More packs than this are worth a merge after a run.
const MANY_PACKS: usize = 8;

/// Of one pack, the share of unwanted records that is worth a rewrite: 1 / 4.
const UNWANTED_SHARE: usize = 4;

impl Writer<'_> {
    /// Lets go of what `policy` has no room for.
    pub fn gc(&self, policy: &GcPolicy, wanted: &Wanted<'_>) -> Result<GcReport, Error> {
        let mut report = GcReport::default();
        self.gc_snapshots(policy, wanted, &mut report)?;
        self.gc_worktrees(policy, &mut report)?;
        self.gc_facts(policy, wanted, &mut report)?;
        self.gc_older_formats(policy, &mut report)?;
        let root = self.store().root();
        report.freed += self.empty(&root.join(layout::TRASH), policy.grace)?;
        report.freed += self.empty(&root.join(layout::QUARANTINE), policy.keep_unused)?;
        Ok(report)
    }

    /// Merges the newest packs of a fingerprint once there are many, so that a
    /// look-up asks few and no record is copied more often than the logarithm
    /// of their number. Meant for the end of a run.
    pub fn consolidate(&self, fingerprint: u64) -> Result<(), Error> {
        let packs = self.store().packs(fingerprint)?;
        if packs.len() <= MANY_PACKS {
            return Ok(());
        }
        let mut chosen = HashSet::new();
        let mut sum = 0;
        for pack in packs.packs() {
            let len = pack.segment.as_bytes().len();
            if chosen.len() >= 2 && len > 2 * sum {
                break;
            }
            sum += len;
            chosen.insert(pack.segment.origin().to_owned());
        }
        self.merge(fingerprint, &packs, &chosen, &|_| true)?;
        Ok(())
    }

    /// Saves the sound records of packs that were found damaged into a new
    /// pack, and puts the damaged ones aside. Says how many those were; their
    /// other blobs are to be extracted again.
    pub fn repair(&self, fingerprint: u64, packs: &FactsPacks) -> Result<usize, Error> {
        let damaged = packs.damaged();
        let chosen: HashSet<PathBuf> = damaged.iter().map(|damage| damage.pack.clone()).collect();
        let open = packs
            .packs()
            .iter()
            .any(|pack| chosen.contains(pack.segment.origin()));
        if open {
            let writer = self.pack(fingerprint);
            copy_records(packs, |path| chosen.contains(path), &|_| true, &writer)?;
            writer.finish()?;
        }
        let mut count = 0;
        for Damage { pack, error } in damaged {
            // One that could not be read this time may be sound.
            if error.is_rebuildable() && stat(&**self.io(), &pack)?.is_some() {
                self.quarantine(&pack, &error)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Removes what was let go at least `age` ago from `trash/` or
    /// `quarantine/`, and says how many bytes that freed.
    pub(super) fn empty(&self, dir: &Path, age: Duration) -> Result<u64, Error> {
        let mut freed = 0;
        for entry in list(&**self.io(), dir)? {
            let old = set_aside_at(&entry).is_some_and(|since| self.is_older(since, age));
            if old && entry.kind == EntryKind::File {
                io::remove_file(&**self.io(), &dir.join(&entry.name))?;
                freed += entry.len;
            }
        }
        Ok(freed)
    }

    fn gc_snapshots(
        &self,
        policy: &GcPolicy,
        wanted: &Wanted<'_>,
        report: &mut GcReport,
    ) -> Result<(), Error> {
        let mut snapshots: Vec<_> = self
            .store()
            .snapshots()?
            .into_iter()
            .map(|snapshot| ((wanted.reach)(&snapshot.id), snapshot))
            .collect();
        // Stable: within one kind of reach the newest stays first.
        snapshots.sort_by_key(|(reach, _)| *reach != Reach::Reached);
        let (mut kept, mut bytes) = (0, 0u64);
        for (reach, snapshot) in snapshots {
            let total = bytes.saturating_add(snapshot.len);
            let fits = kept < policy.max_snapshots && (kept == 0 || total <= policy.max_bytes);
            if reach != Reach::Gone && fits {
                kept += 1;
                bytes = total;
            } else {
                self.discard(&snapshot.path)?;
                report.snapshots += 1;
                report.bytes += snapshot.len;
            }
        }
        Ok(())
    }

    fn gc_worktrees(&self, policy: &GcPolicy, report: &mut GcReport) -> Result<(), Error> {
        let root = self.store().root().join(layout::WORKTREE);
        for dir in self.folders(&root)? {
            let states = self.store().listed(&dir)?;
            let count = states.len();
            let mut removed = 0;
            for (place, state) in states.into_iter().enumerate() {
                if place >= WORKTREE_STATES || self.is_older(state.modified, policy.keep_unused) {
                    self.discard(&state.path)?;
                    report.bytes += state.len;
                    removed += 1;
                }
            }
            report.snapshots += removed;
            if removed == count {
                self.remove_empty(&dir)?;
            }
        }
        Ok(())
    }

    fn gc_facts(
        &self,
        policy: &GcPolicy,
        wanted: &Wanted<'_>,
        report: &mut GcReport,
    ) -> Result<(), Error> {
        let root = self.store().root().join(layout::FACTS);
        for dir in self.folders(&root)? {
            let name = dir
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let Some(fingerprint) = layout::fingerprint(name) else {
                continue;
            };
            let packs = self.store().packs(fingerprint)?;
            if wanted.fingerprints.contains(&fingerprint) {
                packs.verify();
                self.repair(fingerprint, &packs)?;
                let packs = self.store().packs(fingerprint)?;
                if packs.len() > 1 || mostly_unwanted(&packs, wanted.blob) {
                    let all = packs
                        .packs()
                        .iter()
                        .map(|pack| pack.segment.origin().to_owned());
                    let (count, bytes) =
                        self.merge(fingerprint, &packs, &all.collect(), wanted.blob)?;
                    report.packs += count;
                    report.bytes += bytes;
                }
                continue;
            }
            let files = list(&**self.io(), &dir)?;
            if files
                .iter()
                .all(|file| self.is_older(file.modified, policy.keep_unused))
            {
                for file in files.iter().filter(|file| file.kind == EntryKind::File) {
                    self.discard(&dir.join(&file.name))?;
                    report.packs += 1;
                    report.bytes += file.len;
                }
                self.remove_empty(&dir)?;
            }
        }
        Ok(())
    }

    fn gc_older_formats(&self, policy: &GcPolicy, report: &mut GcReport) -> Result<(), Error> {
        let root = self.store().root();
        for entry in list(&**self.io(), root)? {
            let older = entry.name.to_str().is_some_and(layout::is_old_format);
            if older
                && entry.kind == EntryKind::Dir
                && self.is_older(entry.modified, policy.keep_unused)
            {
                report.freed += self.remove_tree(&root.join(&entry.name))?;
            }
        }
        Ok(())
    }

    /// Writes the chosen packs' records as one pack and lets the chosen go.
    fn merge(
        &self,
        fingerprint: u64,
        packs: &FactsPacks,
        chosen: &HashSet<PathBuf>,
        keep: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(usize, u64), Error> {
        let writer = self.pack(fingerprint);
        copy_records(packs, |path| chosen.contains(path), keep, &writer)?;
        writer.finish()?;
        let (mut count, mut bytes) = (0, 0);
        for pack in packs.packs() {
            let path = pack.segment.origin();
            if chosen.contains(path) {
                self.discard(path)?;
                count += 1;
                bytes += pack.segment.as_bytes().len() as u64;
            }
        }
        Ok((count, bytes))
    }

    fn folders(&self, dir: &Path) -> Result<Vec<PathBuf>, Error> {
        Ok(list(&**self.io(), dir)?
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::Dir)
            .map(|entry| dir.join(entry.name))
            .collect())
    }

    /// Removes a folder unless something is in it.
    fn remove_empty(&self, dir: &Path) -> Result<(), Error> {
        if !list(&**self.io(), dir)?.is_empty() {
            return Ok(());
        }
        self.io()
            .remove_dir(dir)
            .map_err(|error| Error::io("remove", dir, error))?;
        dir.parent()
            .map_or(Ok(()), |parent| sync_dir(&**self.io(), parent))
    }

    /// Removes a folder and all in it, following no link.
    fn remove_tree(&self, top: &Path) -> Result<u64, Error> {
        let mut freed = 0;
        let mut found = vec![top.to_owned()];
        let mut dirs = Vec::new();
        while let Some(dir) = found.pop() {
            for entry in list(&**self.io(), &dir)? {
                let path = dir.join(&entry.name);
                if entry.kind == EntryKind::Dir {
                    found.push(path);
                } else {
                    io::remove_file(&**self.io(), &path)?;
                    freed += entry.len;
                }
            }
            dirs.push(dir);
        }
        // A folder was found before those in it.
        dirs.iter()
            .rev()
            .try_for_each(|dir| self.remove_empty(dir))?;
        Ok(freed)
    }

    fn is_older(&self, since: SystemTime, age: Duration) -> bool {
        self.now()
            .duration_since(since)
            .is_ok_and(|passed| passed >= age)
    }
}

fn mostly_unwanted(packs: &FactsPacks, wanted: &dyn Fn(&[u8]) -> bool) -> bool {
    let ids = packs.packs().iter().flat_map(super::packs::Pack::ids);
    let unwanted = ids.filter(|id| !wanted(id)).count();
    unwanted * UNWANTED_SHARE > packs.records()
}

/// When a file was put aside, by its name.
fn set_aside_at(entry: &Entry) -> Option<SystemTime> {
    let (seconds, _) = entry.name.to_str()?.split_once('-')?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))
}
