//! Git's index as a plain list: what is tracked, and how it looked when Git last saw it.

use std::collections::BTreeMap;

use gix::index::entry::{Flags, Mode as IndexMode, Stage};

use super::stat::FileStat;
use crate::git::tree::{is_safe_name, join};
use crate::git::{Error, Mode, ObjectId, Repo, Result};

/// One tracked path.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub(super) path: Vec<u8>,
    pub(super) mode: Mode,
    pub(super) id: ObjectId,
    pub(super) stat: FileStat,
    /// `false` if `id` is not what Git last saw in the file: a conflict, or
    /// `git add --intent-to-add`.
    pub(super) seen: bool,
    /// Not in a sparse checkout, so its absence means nothing.
    pub(super) sparse: bool,
    /// The user said that it does not change (`git update-index --assume-unchanged`).
    pub(super) assumed: bool,
}

/// The index of a working tree.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Sorted by path; each path once.
    pub(super) tracked: Vec<Tracked>,
    /// When the index file was written: seconds and nanoseconds.
    pub(super) written: (u32, u32),
    /// The tree that the entries make up, if Git noted it.
    pub(super) tree: Option<ObjectId>,
}

impl Index {
    /// Reads the index file; an absent one is an empty index.
    pub(super) fn read(repo: &Repo) -> Result<Self> {
        let path = repo.index_path();
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => {}
            Ok(_) => {
                return Err(Error::CorruptIndex {
                    path,
                    reason: "it is not a file".into(),
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(Error::io("read", &path, error)),
        }
        let options = gix::index::decode::Options {
            thread_limit: Some(1),
            alloc_limit_bytes: Some(1 << 31),
            ..Default::default()
        };
        let kind = repo.object_format().kind();
        // The checksum is verified: a flipped bit in an id would be a wrong answer.
        let file = gix::index::File::at(&path, kind, false, options).map_err(|error| {
            Error::CorruptIndex {
                path: path.clone(),
                reason: error.to_string(),
            }
        })?;
        Self::from_file(repo, &file)
    }

    fn from_file(repo: &Repo, file: &gix::index::File) -> Result<Self> {
        let written = file.timestamp();
        let mut index = Self {
            tracked: Vec::with_capacity(file.entries().len()),
            written: (written.unix_seconds() as u32, written.nanoseconds()),
            tree: file
                .tree()
                .filter(|tree| tree.num_entries.is_some())
                .map(|tree| ObjectId::from_gix(&tree.id)),
        };
        let mut conflicts: BTreeMap<Vec<u8>, (Stage, Tracked)> = BTreeMap::new();
        for entry in file.entries() {
            let path: &[u8] = entry.path(file);
            let id = ObjectId::from_gix(&entry.id);
            if entry.mode.is_sparse() {
                index.expand(repo, path, id)?;
                continue;
            }
            let Some(mode) =
                mode_of(entry.mode).filter(|_| path.split(|byte| *byte == b'/').all(is_safe_name))
            else {
                continue;
            };
            let tracked = Tracked {
                path: path.to_vec(),
                mode,
                id,
                stat: FileStat::of_index(&entry.stat),
                seen: !entry.flags.contains(Flags::INTENT_TO_ADD),
                sparse: entry.flags.contains(Flags::SKIP_WORKTREE),
                assumed: entry.flags.contains(Flags::ASSUME_VALID),
            };
            match entry.stage() {
                Stage::Unconflicted => index.tracked.push(tracked),
                stage => {
                    let tracked = Tracked {
                        seen: false,
                        ..tracked
                    };
                    // Of the sides of a conflict, ours stands for the path.
                    conflicts
                        .entry(path.to_vec())
                        .and_modify(|known| {
                            if stage == Stage::Ours {
                                *known = (stage, tracked.clone());
                            }
                        })
                        .or_insert((stage, tracked));
                }
            }
        }
        index
            .tracked
            .extend(conflicts.into_values().map(|(_, tracked)| tracked));
        index.tracked.sort_by(|a, b| a.path.cmp(&b.path));
        // Git's note leaves out what was only announced with `--intent-to-add`.
        index.tree = index
            .tree
            .filter(|_| index.tracked.iter().all(|tracked| tracked.seen));
        index.tracked.dedup_by(|a, b| a.path == b.path);
        Ok(index)
    }

    /// A sparse index names whole folders by their trees.
    fn expand(&mut self, repo: &Repo, path: &[u8], tree: ObjectId) -> Result<()> {
        let folder = path.strip_suffix(b"/").unwrap_or(path);
        for file in repo.files(tree)?.files {
            self.tracked.push(Tracked {
                path: join(folder, &file.path),
                mode: file.mode,
                id: file.id,
                stat: FileStat::of_index(&gix::index::entry::Stat::default()),
                seen: true,
                sparse: true,
                assumed: false,
            });
        }
        Ok(())
    }
}

fn mode_of(mode: IndexMode) -> Option<Mode> {
    match mode {
        IndexMode::FILE => Some(Mode::File),
        IndexMode::FILE_EXECUTABLE => Some(Mode::Executable),
        IndexMode::SYMLINK => Some(Mode::Symlink),
        IndexMode::COMMIT => Some(Mode::Submodule),
        _ => None,
    }
}
