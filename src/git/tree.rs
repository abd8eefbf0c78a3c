//! The files of a commit, read from the object database.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{Error, Kind, ObjectId, Objects, Repo, Result};

/// Deeper folders than Git itself would write (`core.maxTreeDepth`).
const MAX_DEPTH: usize = 2048;
/// More entries than any repository holds; a tree of repeated trees can claim 2^64.
pub(super) const MAX_ENTRIES: usize = 1 << 22;

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A file.
    File,
    /// A file with the executable bit.
    Executable,
    /// A symbolic link; its blob is the target's text.
    Symlink,
    /// A submodule; its id is a commit of another repository.
    Submodule,
}

/// One path of a tree or of the working tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeFile {
    /// The path from the root, bytes with `/`.
    pub path: Vec<u8>,
    /// What it is.
    pub mode: Mode,
    /// The blob, or the commit of a submodule.
    pub id: ObjectId,
}

/// Why a path of a tree was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// A name that no checkout could hold safely: `.git`, `..`, empty or with a slash.
    UnsafeName,
    /// The same name twice in one folder; the first was kept.
    Duplicate,
    /// A folder whose tree object is not here, as in a treeless partial clone.
    MissingTree(ObjectId),
    /// A folder whose tree object cannot be decoded.
    CorruptTree(ObjectId, String),
    /// A folder nested too deep.
    TooDeep,
}

/// A path that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The path as the tree has it.
    pub path: Vec<u8>,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// All files of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files, in the order of their paths' bytes.
    pub files: Vec<TreeFile>,
    /// What was left out, in the same order.
    pub skipped: Vec<Skipped>,
}

/// One line of a tree object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    /// `None` for a folder.
    pub(super) mode: Option<Mode>,
    pub(super) id: ObjectId,
}

/// The entries of one tree, and the names that were left out with the reasons.
type TreeParts = (Vec<Entry>, Vec<(Vec<u8>, SkipReason)>);

/// A folder still to be read.
struct Folder {
    path: Vec<u8>,
    id: ObjectId,
}

#[derive(Default)]
struct Level {
    files: Vec<TreeFile>,
    folders: Vec<Folder>,
    skipped: Vec<Skipped>,
}

impl Repo {
    /// The files of a commit or tree, sorted by path.
    ///
    /// A part that cannot be read is named in [`Listing::skipped`]; only a root
    /// that cannot be read is an error.
    pub fn files(&self, commit_or_tree: ObjectId) -> Result<Listing> {
        let root = self.tree_of(commit_or_tree)?;
        let mut buffer = Vec::new();
        self.with_objects(|objects| objects.read_kind(root, Kind::Tree, &mut buffer))?;
        let mut listing = Listing::default();
        let entries = AtomicUsize::new(0);
        let mut folders = vec![Folder {
            path: Vec::new(),
            id: root,
        }];
        for depth in 0.. {
            if folders.is_empty() {
                break;
            }
            if depth == MAX_DEPTH {
                let deep = |folder: Folder| Skipped {
                    path: folder.path,
                    reason: SkipReason::TooDeep,
                };
                listing.skipped.extend(folders.into_iter().map(deep));
                break;
            }
            let level = folders
                .par_iter()
                .map_init(
                    || (self.objects(), Vec::new()),
                    |(objects, buffer), folder| read(objects, buffer, folder, &entries),
                )
                .reduce(Level::default, Level::append);
            if entries.load(Ordering::Relaxed) > MAX_ENTRIES {
                let reason = format!("it claims more than {MAX_ENTRIES} entries");
                return Err(Error::CorruptObject { id: root, reason });
            }
            listing.files.extend(level.files);
            listing.skipped.extend(level.skipped);
            folders = level.folders;
        }
        listing
            .files
            .par_sort_unstable_by(|a, b| a.path.cmp(&b.path));
        listing.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(listing)
    }

    /// The entries of one tree object; what is unsafe goes to `skipped`.
    pub(super) fn entries(&self, id: ObjectId) -> Result<TreeParts> {
        let mut buffer = Vec::new();
        self.with_objects(|objects| objects.read_kind(id, Kind::Tree, &mut buffer))?;
        decode(id, &buffer)
    }
}

impl Level {
    fn append(mut self, mut other: Self) -> Self {
        self.files.append(&mut other.files);
        self.folders.append(&mut other.folders);
        self.skipped.append(&mut other.skipped);
        self
    }
}

/// Reads one folder, unless the entries read so far are too many already.
fn read(objects: &Objects, buffer: &mut Vec<u8>, folder: &Folder, read: &AtomicUsize) -> Level {
    let mut level = Level::default();
    if read.load(Ordering::Relaxed) > MAX_ENTRIES {
        return level;
    }
    let parts = objects
        .read_kind(folder.id, Kind::Tree, buffer)
        .and_then(|()| decode(folder.id, buffer));
    let (entries, skipped) = match parts {
        Ok(parts) => parts,
        Err(error) => {
            let reason = match error {
                Error::MissingObject { id } => SkipReason::MissingTree(id),
                other => SkipReason::CorruptTree(folder.id, other.to_string()),
            };
            level.skipped.push(Skipped {
                path: folder.path.clone(),
                reason,
            });
            return level;
        }
    };
    read.fetch_add(entries.len(), Ordering::Relaxed);
    for Entry { name, mode, id } in entries {
        let path = join(&folder.path, &name);
        match mode {
            Some(mode) => level.files.push(TreeFile { path, mode, id }),
            None => level.folders.push(Folder { path, id }),
        }
    }
    let skipped = skipped.into_iter();
    level.skipped.extend(skipped.map(|(name, reason)| Skipped {
        path: join(&folder.path, &name),
        reason,
    }));
    level
}

/// `folder/name`, or `name` at the root.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    path.extend_from_slice(folder);
    if !folder.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// `a/b/c` into `a/b` and `c`.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

fn decode(id: ObjectId, data: &[u8]) -> Result<TreeParts> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut skipped = Vec::new();
    for entry in gix::objs::TreeRefIter::from_bytes(data, id.format().kind()) {
        let entry = entry.map_err(|error| Error::CorruptObject {
            id,
            reason: error.to_string(),
        })?;
        let name: &[u8] = entry.filename;
        if !is_safe_name(name) {
            skipped.push((name.to_vec(), SkipReason::UnsafeName));
            continue;
        }
        let mode = match entry.mode.kind() {
            gix::objs::tree::EntryKind::Tree => None,
            gix::objs::tree::EntryKind::Blob => Some(Mode::File),
            gix::objs::tree::EntryKind::BlobExecutable => Some(Mode::Executable),
            gix::objs::tree::EntryKind::Link => Some(Mode::Symlink),
            gix::objs::tree::EntryKind::Commit => Some(Mode::Submodule),
        };
        entries.push(Entry {
            name: name.to_vec(),
            mode,
            id: ObjectId::from_gix(entry.oid),
        });
    }
    drop_duplicates(&mut entries, &mut skipped);
    Ok((entries, skipped))
}

/// Two entries of one name are how a folder is made to stand behind a symbolic link.
fn drop_duplicates(entries: &mut Vec<Entry>, skipped: &mut Vec<(Vec<u8>, SkipReason)>) {
    // Git sorts a folder as if its name ended in a slash; in that order two of
    // one name may stand apart, so the check is by name alone.
    let mut names: Vec<&[u8]> = entries.iter().map(|entry| entry.name.as_slice()).collect();
    names.sort_unstable();
    if names.windows(2).all(|pair| pair[0] != pair[1]) {
        return;
    }
    let mut seen = rustc_hash::FxHashSet::default();
    entries.retain(|entry| {
        let first = seen.insert(entry.name.clone());
        if !first {
            skipped.push((entry.name.clone(), SkipReason::Duplicate));
        }
        first
    });
}

/// Refuses what Git's `verify_path` refuses, on every kind of file system.
pub(super) fn is_safe_name(name: &[u8]) -> bool {
    // Nearly every name begins with a letter and is settled by its first bytes.
    if let [first, ..] = name
        && first.is_ascii_alphanumeric()
        && !matches!(first, b'g' | b'G')
        && !name.contains(&b'/')
    {
        return true;
    }
    let options = gix::validate::path::component::Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    gix::validate::path::component(name.into(), None, options).is_ok()
}
