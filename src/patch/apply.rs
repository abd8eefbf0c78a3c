//! Writes a plan to the worktree: journal, temporary files beside the targets, renames.
//!
//! A kill at any step leaves the old tree, the new tree, or a journal that
//! [`Applier::resume`] completes to the new and [`Applier::abort`] to the old one.

use std::fs::TryLockError;
use std::path::Path;
use std::time::Duration;

use super::RepoPath;
use super::base::Base as _;
use super::base::Entry;
use super::disk::Disk;
use super::error::PatchError;
use super::journal::{Journal, Op, Saved};
use super::place::Placer;
use super::plan::Plan;
use super::worktree::Worktree;

/// Applies plans to a worktree, and takes them back.
#[derive(Debug)]
pub struct Applier {
    worktree: Worktree,
    journal: Journal,
    disk: Disk,
    patience: Duration,
}

/// An application that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The journal's number, by which messages name it.
    pub id: String,
    /// The files that changed.
    pub paths: Vec<RepoPath>,
    /// Files left as they are, since somebody else changed them meanwhile.
    pub kept: Vec<RepoPath>,
}

impl Applier {
    /// Applies to `worktree`, with journals under `happy_dir`.
    pub fn new(worktree: Worktree, happy_dir: &Path) -> Self {
        let journal = Journal {
            folder: happy_dir.join("ops"),
        };
        Self {
            worktree,
            journal,
            disk: Disk::default(),
            patience: Duration::from_secs(1),
        }
    }

    /// Writes through another disk; for tests of recovery.
    #[must_use]
    pub fn with_disk(self, disk: Disk) -> Self {
        Self { disk, ..self }
    }

    /// How long to wait for another process that is applying; a second at first.
    #[must_use]
    pub fn waiting(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The disk, to ask it how many steps were taken.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The application that a crash cut short, if there is one.
    pub fn unfinished(&self) -> Result<Option<String>, PatchError> {
        Ok(self
            .journal
            .list()?
            .into_iter()
            .find(|(_, done)| !done)
            .map(|(id, _)| id))
    }

    /// Applies a plan, all of it or nothing.
    pub fn apply(&self, plan: &Plan) -> Result<Applied, PatchError> {
        let _lock = self.lock()?;
        if let Some(id) = self.unfinished()? {
            return Err(PatchError::Unfinished(id));
        }
        self.journal.tidy(&self.disk)?;
        let saved = |file| Saved { file, bits: None };
        let files = plan.paths().into_iter();
        let files = files
            .map(|(path, old, new)| (path, old.map(saved), new.map(saved)))
            .collect();
        self.begin(None, files)
    }

    /// Completes the application that was cut short.
    pub fn resume(&self) -> Result<Applied, PatchError> {
        let _lock = self.lock()?;
        let op = self.cut_short()?;
        let placer = Placer {
            worktree: &self.worktree,
            disk: &self.disk,
        };
        let kept = placer.sweep(&op)?;
        let foreign: Vec<_> = op
            .files
            .iter()
            .filter_map(
                |file| match placer.holds(&file.path, [&file.old, &file.new]) {
                    Ok(true) => None,
                    Ok(false) => Some(Ok(file.path.clone())),
                    Err(error) => Some(Err(error)),
                },
            )
            .collect::<Result<_, _>>()?;
        if !foreign.is_empty() {
            return Err(PatchError::Changed(foreign));
        }
        placer.forward(&op)?;
        self.finish(&op, kept)
    }

    /// Takes the application that was cut short back. Files that somebody else changed
    /// meanwhile are left as they are, and named.
    pub fn abort(&self) -> Result<Applied, PatchError> {
        let _lock = self.lock()?;
        let op = self.cut_short()?;
        self.take_back(&op)
    }

    /// Drops the journal of an application that was cut short, where it is too damaged to
    /// be completed or taken back. The files stay as they are.
    pub fn discard(&self) -> Result<String, PatchError> {
        let _lock = self.lock()?;
        let id = self.unfinished()?.ok_or(PatchError::NothingUnfinished)?;
        self.journal.remove(&self.disk, &id)?;
        Ok(id)
    }

    /// Takes the last applied change back; refused if its files changed since.
    pub fn undo(&self) -> Result<Applied, PatchError> {
        let _lock = self.lock()?;
        if let Some(id) = self.unfinished()? {
            return Err(PatchError::Unfinished(id));
        }
        self.journal.tidy(&self.disk)?;
        let (last, _) = self
            .journal
            .list()?
            .pop()
            .ok_or(PatchError::NothingToUndo)?;
        let op = self.journal.read(&last)?;
        let files = op
            .files
            .into_iter()
            .map(|file| (file.path, file.new, file.old))
            .collect();
        self.begin(Some(last), files)
    }

    fn begin(
        &self,
        undoes: Option<String>,
        mut files: Vec<(RepoPath, Option<Saved>, Option<Saved>)>,
    ) -> Result<Applied, PatchError> {
        let placer = Placer {
            worktree: &self.worktree,
            disk: &self.disk,
        };
        let mut changed = Vec::new();
        for (path, old, new) in &mut files {
            if !placer.holds(path, [old, old])? {
                changed.push(path.clone());
            }
            if let Some(old) = old {
                old.bits = placer.bits(path)?;
            }
            // A file that stays keeps its permission bits, but for Git's one.
            if let (Some(old), Some(new)) = (&old, new)
                && new.bits.is_none()
            {
                new.bits = old.bits.map(|bits| with_mode(bits, new.file.mode));
            }
        }
        if !changed.is_empty() {
            return Err(PatchError::Changed(changed));
        }
        let op = self.journal.begin(&self.disk, undoes, files)?;
        match placer.forward(&op) {
            Ok(()) => self.finish(&op, Vec::new()),
            Err(error) => {
                // A dead disk cannot take anything back: the journal stays.
                if self.disk.is_dead() {
                    return Err(error);
                }
                self.take_back(&op)?;
                Err(error)
            }
        }
    }

    fn finish(&self, op: &Op, kept: Vec<RepoPath>) -> Result<Applied, PatchError> {
        self.journal.finish(&self.disk, op)?;
        if op.undoes.is_some() {
            self.journal.tidy(&self.disk)?;
        }
        Ok(applied(op, kept))
    }

    fn take_back(&self, op: &Op) -> Result<Applied, PatchError> {
        let placer = Placer {
            worktree: &self.worktree,
            disk: &self.disk,
        };
        let mut kept = placer.sweep(op)?;
        let back = Op {
            id: op.id.clone(),
            undoes: None,
            files: op
                .files
                .iter()
                .map(|file| super::journal::OpFile {
                    old: file.new.clone(),
                    new: file.old.clone(),
                    ..file.clone()
                })
                .collect(),
        };
        let mut ours = back.clone();
        ours.files.clear();
        for file in back.files {
            if placer.holds(&file.path, [&file.old, &file.new])? {
                ours.files.push(file);
            } else {
                kept.push(file.path);
            }
        }
        placer.forward(&ours)?;
        self.journal.remove(&self.disk, &op.id)?;
        kept.sort();
        kept.dedup();
        Ok(applied(op, kept))
    }

    fn cut_short(&self) -> Result<Op, PatchError> {
        let id = self.unfinished()?.ok_or(PatchError::NothingUnfinished)?;
        self.journal.read(&id)
    }

    /// One process applies at a time; the kernel's lock dies with its holder.
    fn lock(&self) -> Result<std::fs::File, PatchError> {
        let io = |source| PatchError::Io {
            doing: "lock the journals".into(),
            source,
        };
        std::fs::create_dir_all(&self.journal.folder).map_err(io)?;
        let path = self.journal.folder.join("lock");
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(io)?;
        // A child that another thread is starting holds the lock until it is another
        // program, so that even a lock without a rival may take a moment.
        let pause = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if waited < self.patience => {
                    std::thread::sleep(pause);
                    waited += pause;
                }
                Err(TryLockError::WouldBlock) => return Err(PatchError::Busy),
                Err(TryLockError::Error(fault)) => return Err(io(fault)),
            }
        }
    }
}

fn applied(op: &Op, kept: Vec<RepoPath>) -> Applied {
    let paths = op.files.iter().map(|file| file.path.clone()).collect();
    Applied {
        id: op.id.clone(),
        paths,
        kept,
    }
}

/// Permission bits with Git's mode bit set anew: whoever may read may execute.
fn with_mode(bits: u32, mode: super::FileMode) -> u32 {
    match mode {
        super::FileMode::Executable => bits | ((bits & 0o444) >> 2),
        super::FileMode::Regular => bits & !0o111,
    }
}

/// Whether an entry is what was saved, mode and all.
pub(super) fn is_saved(entry: &Entry, saved: Option<&Saved>) -> bool {
    match (entry, saved) {
        (Entry::File(file), Some(saved)) => *file == saved.file,
        (Entry::File(_), None) => false,
        (_, saved) => saved.is_none(),
    }
}

impl Placer<'_> {
    /// Whether a path holds one of the two.
    fn holds(&self, path: &RepoPath, either: [&Option<Saved>; 2]) -> Result<bool, PatchError> {
        let entry = self
            .worktree
            .entry(path)
            .map_err(PatchError::io(format!("read `{path}`")))?;
        if let Entry::Blocked { at, by } = &entry
            && *by != super::Obstacle::File
        {
            return Err(PatchError::Refused(vec![super::Refusal {
                path: path.as_bytes().to_vec(),
                input_line: 0,
                danger: super::Danger::Through {
                    at: at.clone(),
                    by: *by,
                },
            }]));
        }
        Ok(either.iter().any(|saved| is_saved(&entry, saved.as_ref())))
    }
}
