//! One pass over the folders of the working tree.
//!
//! Each folder is listed once: what is tracked there is looked at, what is not
//! is held against the ignore rules. No symbolic link is followed, so what lies
//! behind one is neither tracked nor untracked.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use rustix::fs::{Dir, FileType, Stat};
use rustix::io::Errno;

use super::ignore::Scope;
use super::index::Tracked;
use super::open::{Root, stat};
use crate::git::tree::join;
use crate::git::{Mode, Repo};

/// What lies in the working tree.
#[derive(Default)]
pub(super) struct Scan {
    /// Tracked paths that are there, by their place in the index.
    pub(super) present: Vec<(usize, Stat)>,
    /// Files and symbolic links that are neither tracked nor ignored.
    pub(super) untracked: Vec<(Vec<u8>, Stat)>,
    /// Folders with a repository of their own, which are not entered.
    pub(super) nested: Vec<Vec<u8>>,
    /// Folders and files that the system does not let us look at.
    pub(super) unreadable: Vec<(Vec<u8>, Errno)>,
    folders: Vec<Folder>,
}

/// A folder still to be listed.
struct Folder {
    path: Vec<u8>,
    /// The tracked paths below it.
    tracked: Range<usize>,
    scope: Arc<Scope>,
    /// True if the folder itself is ignored: only what is tracked counts there.
    ignored: bool,
}

/// What the index has under one name of a folder.
struct Child<'a> {
    name: &'a [u8],
    file: Option<usize>,
    below: Range<usize>,
}

/// Lists the working tree at `root`, of which `tracked` is what Git knows.
pub(super) fn scan(repo: &Repo, root: &Root, tracked: &[Tracked]) -> Scan {
    let mut scan = Scan::default();
    let top = Folder {
        path: Vec::new(),
        tracked: 0..tracked.len(),
        scope: Scope::root(repo),
        ignored: false,
    };
    let mut folders = vec![top];
    while !folders.is_empty() {
        let level = folders
            .par_iter()
            .fold(Scan::default, |mut level, folder| {
                list(repo, root, tracked, folder, &mut level);
                level
            })
            .reduce(Scan::default, Scan::append);
        scan = scan.append(level);
        folders = std::mem::take(&mut scan.folders);
    }
    scan
}

impl Scan {
    fn append(mut self, mut other: Self) -> Self {
        self.present.append(&mut other.present);
        self.untracked.append(&mut other.untracked);
        self.nested.append(&mut other.nested);
        self.unreadable.append(&mut other.unreadable);
        self.folders.append(&mut other.folders);
        self
    }
}

fn list(repo: &Repo, root: &Root, tracked: &[Tracked], folder: &Folder, out: &mut Scan) {
    let mut dir = match root.folder(&folder.path).and_then(Dir::new) {
        Ok(dir) => dir,
        // It went away, or a file or a symbolic link stands there: what was tracked below is gone.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => return,
        Err(error) => return out.unreadable.push((folder.path.clone(), error)),
    };
    let mut names: Vec<(Vec<u8>, FileType)> = Vec::new();
    while let Some(entry) = dir.read() {
        match entry {
            Ok(entry) => {
                let name = entry.file_name().to_bytes();
                if !matches!(name, b"." | b"..") && !name.eq_ignore_ascii_case(b".git") {
                    names.push((name.to_vec(), entry.file_type()));
                }
            }
            Err(error) => {
                out.unreadable.push((folder.path.clone(), error));
                break;
            }
        }
    }
    let children = children(tracked, folder);
    let scope = scope(repo, root, tracked, folder, &names, &children);
    for (name, kind) in names {
        let child = children
            .binary_search_by(|child| child.name.cmp(&name))
            .ok()
            .map(|at| &children[at]);
        let path = join(&folder.path, &name);
        let tracked_file = child.and_then(|child| child.file);
        let (mut kind, mut seen) = (kind, None);
        if kind != FileType::Directory || tracked_file.is_some() {
            let hidden = || folder.ignored || scope.is_ignored(&path, false);
            if tracked_file.is_none() && kind != FileType::Unknown && hidden() {
                continue;
            }
            match dir.fd().and_then(|fd| stat(fd, &name)) {
                Ok(stat) => {
                    kind = FileType::from_raw_mode(stat.st_mode);
                    seen = Some(stat);
                }
                Err(Errno::NOENT) => continue,
                Err(error) => {
                    out.unreadable.push((path, error));
                    continue;
                }
            }
        }
        match kind {
            FileType::Directory => {
                if let Some(at) = tracked_file.filter(|at| tracked[*at].mode == Mode::Submodule) {
                    out.present.extend(seen.map(|stat| (at, stat)));
                    continue;
                }
                let below = child.map_or(0..0, |child| child.below.clone());
                let ignored = folder.ignored || scope.is_ignored(&path, true);
                if below.is_empty() && ignored {
                    continue;
                }
                if below.is_empty() && root.stat(&join(&path, b".git")).is_ok() {
                    out.nested.push(path);
                    continue;
                }
                out.folders.push(Folder {
                    path,
                    tracked: below,
                    scope: scope.clone(),
                    ignored,
                });
            }
            FileType::RegularFile | FileType::Symlink => {
                let Some(stat) = seen else { continue };
                match tracked_file {
                    Some(at) => out.present.push((at, stat)),
                    None if folder.ignored || scope.is_ignored(&path, false) => {}
                    None => out.untracked.push((path, stat)),
                }
            }
            _ => {}
        }
    }
}

/// Groups the tracked paths below a folder by their next name.
fn children<'a>(tracked: &'a [Tracked], folder: &Folder) -> Vec<Child<'a>> {
    let start = if folder.path.is_empty() {
        0
    } else {
        folder.path.len() + 1
    };
    let mut children: Vec<Child<'a>> = Vec::new();
    let mut at = folder.tracked.start;
    while at < folder.tracked.end {
        let rest = &tracked[at].path[start..];
        let Some(slash) = rest.iter().position(|byte| *byte == b'/') else {
            children.push(Child {
                name: rest,
                file: Some(at),
                below: 0..0,
            });
            at += 1;
            continue;
        };
        let name = &rest[..slash];
        let prefix = &tracked[at].path[..=start + slash];
        let length =
            tracked[at..folder.tracked.end].partition_point(|entry| entry.path.starts_with(prefix));
        children.push(Child {
            name,
            file: None,
            below: at..at + length,
        });
        at += length;
    }
    // In path order `a.b` stands between `a` and `a/`; by name it does not.
    children.sort_by(|a, b| a.name.cmp(b.name));
    children.dedup_by(|later, first| {
        let same = later.name == first.name;
        if same {
            first.file = first.file.or(later.file);
            if first.below.is_empty() {
                first.below = later.below.clone();
            }
        }
        same
    });
    children
}

/// The ignore rules inside a folder; of a sparse checkout, those in the index.
fn scope(
    repo: &Repo,
    root: &Root,
    tracked: &[Tracked],
    folder: &Folder,
    names: &[(Vec<u8>, FileType)],
    children: &[Child<'_>],
) -> Arc<Scope> {
    const NAME: &[u8] = b".gitignore";
    if folder.ignored {
        return folder.scope.clone();
    }
    let there = names.iter().find(|(name, _)| name == NAME);
    let bytes = match there {
        // Git does not follow a `.gitignore` that is a symbolic link.
        Some((_, FileType::Symlink)) => None,
        Some(_) => root
            .read(&join(&folder.path, NAME))
            .ok()
            .map(|content| content.bytes),
        None => {
            let child = children
                .iter()
                .find(|child| child.name == NAME)
                .and_then(|child| child.file);
            let sparse = child.filter(|at| tracked[*at].sparse);
            sparse.and_then(|at| repo.blob(tracked[at].id).ok())
        }
    };
    bytes.map_or_else(
        || folder.scope.clone(),
        |bytes| folder.scope.within(&folder.path, &bytes),
    )
}
