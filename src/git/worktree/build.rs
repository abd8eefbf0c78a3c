//! From what lies there and what the index says to the list of files.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use rustix::fs::{FileType, Stat};

use super::cache::{SETTLE_SECONDS, StatCache};
use super::convert::Conversion;
use super::index::{Index, Tracked};
use super::open::Root;
use super::stat::{FileStat, StatRules};
use super::walk::Scan;
use super::{LARGE, Origin, Unreadable, Worktree, id_of};
use crate::git::tree::split;
use crate::git::{Attributes, Error, Mode, Repo, Result, TreeFile};

/// What is needed to judge a file.
struct Rules<'a> {
    repo: &'a Repo,
    root: &'a Root,
    stat: StatRules,
    conversion: Conversion,
    attributes: Attributes,
    trust_mode: bool,
    trust_symlinks: bool,
    index_written: (u32, u32),
    known: Option<&'a StatCache>,
    now: u32,
}

/// A path whose content the index does not vouch for.
struct Doubtful<'a> {
    path: Vec<u8>,
    tracked: Option<&'a Tracked>,
    stat: Stat,
    mode: Mode,
}

/// What came of looking at one path.
enum Verdict {
    /// With the stat data by which it may be known next time.
    File(TreeFile, Origin, Option<FileStat>),
    Gone,
    Unreadable(Unreadable),
}

/// Judges every path of `scan`, reading what must be read.
pub(super) fn build(
    repo: &Repo,
    root: Root,
    index: &Index,
    scan: Scan,
    known: &StatCache,
    now: u32,
) -> Result<Worktree> {
    let config = repo.config();
    let mut rules = Rules {
        repo,
        root: &root,
        stat: StatRules::of(config)?,
        conversion: Conversion::of(repo),
        attributes: Attributes::default(),
        trust_mode: config.boolean("core.fileMode")?.unwrap_or(true),
        trust_symlinks: config.boolean("core.symlinks")?.unwrap_or(true),
        index_written: index.written,
        known: None,
        now,
    };
    rules.attributes = attributes(&rules, index, &scan);
    let digest = rules.conversion.digest(&rules.attributes);
    rules.known = Some(known).filter(|known| known.rules == digest);
    let mut files: Vec<(TreeFile, Origin)> = Vec::with_capacity(index.tracked.len());
    let mut doubtful = Vec::new();
    let mut present = vec![false; index.tracked.len()];
    for (at, stat) in scan.present {
        present[at] = true;
        let tracked = &index.tracked[at];
        if let Some(mode) = rules.settled(tracked, &stat) {
            files.push((file(tracked, mode), Origin::Stored));
            continue;
        }
        let (path, mode) = (tracked.path.clone(), rules.mode(&stat, Some(tracked)));
        doubtful.push(Doubtful {
            path,
            tracked: Some(tracked),
            stat,
            mode,
        });
    }
    let absent = index
        .tracked
        .iter()
        .zip(present)
        .filter(|(tracked, present)| tracked.sparse && !present);
    files.extend(absent.map(|(tracked, _)| (file(tracked, tracked.mode), Origin::Stored)));
    doubtful.extend(scan.untracked.into_iter().map(|(path, stat)| {
        let mode = rules.mode(&stat, None);
        Doubtful {
            path,
            tracked: None,
            stat,
            mode,
        }
    }));
    let verdicts: Vec<Verdict> = doubtful
        .par_iter()
        .map(|doubtful| rules.judge(doubtful))
        .collect();
    let unreadable = scan.unreadable.into_iter();
    let mut unreadable: Vec<Unreadable> = unreadable
        .map(|(path, error)| Unreadable {
            path,
            reason: error.to_string(),
        })
        .collect();
    let mut indexed = FxHashMap::default();
    let mut cache = StatCache {
        rules: digest,
        ..StatCache::default()
    };
    for (verdict, doubtful) in verdicts.into_iter().zip(&doubtful) {
        match verdict {
            Verdict::File(file, origin, stat) => {
                if let Some(stat) = stat {
                    cache.entries.insert(file.path.clone(), (stat, file.id));
                }
                if let (Origin::Local { .. }, Some(tracked)) = (origin, doubtful.tracked) {
                    indexed.insert(file.path.clone(), tracked.id);
                }
                files.push((file, origin));
            }
            Verdict::Gone => {}
            Verdict::Unreadable(problem) => unreadable.push(problem),
        }
    }
    files.par_sort_unstable_by(|a, b| a.0.path.cmp(&b.0.path));
    unreadable.sort_by(|a, b| a.path.cmp(&b.path));
    let mut nested = scan.nested;
    nested.sort();
    let as_indexed = is_as_indexed(&files, &index.tracked);
    let indexed_tree = index.tree;
    let (files, origins) = files.into_iter().unzip();
    let (conversion, attributes) = (rules.conversion, rules.attributes);
    let repo = repo.clone();
    Ok(Worktree {
        repo,
        root,
        conversion,
        attributes,
        files,
        origins,
        unreadable,
        nested,
        indexed,
        indexed_tree,
        cache,
        as_indexed,
    })
}

impl Rules<'_> {
    /// The mode of a tracked file that need not be read.
    fn settled(&self, tracked: &Tracked, stat: &Stat) -> Option<Mode> {
        let kind = FileType::from_raw_mode(stat.st_mode);
        if tracked.assumed || (tracked.mode == Mode::Submodule && kind == FileType::Directory) {
            return Some(tracked.mode);
        }
        let mode = self.mode(stat, Some(tracked));
        let same_kind = (mode == Mode::Symlink) == (tracked.mode == Mode::Symlink);
        let own = FileStat::of(stat);
        let settled = tracked.seen
            && same_kind
            && tracked.mode != Mode::Submodule
            && self.stat.same(&own, &tracked.stat)
            && !own.is_racy(self.index_written);
        settled.then_some(mode)
    }

    /// What Git would call the file, as far as the file system can say.
    fn mode(&self, stat: &Stat, tracked: Option<&Tracked>) -> Mode {
        let known = tracked.map(|tracked| tracked.mode);
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            return Mode::Symlink;
        }
        if !self.trust_symlinks && known == Some(Mode::Symlink) {
            return Mode::Symlink;
        }
        match known {
            Some(Mode::File | Mode::Executable) if !self.trust_mode => known.unwrap_or(Mode::File),
            _ if self.trust_mode && stat.st_mode & 0o100 != 0 => Mode::Executable,
            _ => Mode::File,
        }
    }

    fn judge(&self, doubtful: &Doubtful<'_>) -> Verdict {
        let Doubtful {
            path,
            tracked,
            stat,
            mode,
        } = doubtful;
        let seen = tracked.filter(|tracked| tracked.seen);
        let own = FileStat::of(stat);
        let size = stat.st_size as u64;
        let verdict = |id, size, known| match seen {
            Some(tracked) if tracked.id == id => {
                Verdict::File(file(tracked, *mode), Origin::Stored, known)
            }
            _ => {
                let path = path.clone();
                Verdict::File(
                    TreeFile {
                        path,
                        mode: *mode,
                        id,
                    },
                    Origin::Local { size },
                    known,
                )
            }
        };
        if size > LARGE {
            let key = format!("large file\0{own:?}");
            return verdict(id_of(self.repo.object_format(), key.as_bytes()), size, None);
        }
        // Only its filter could say whether a filtered file is what was stored;
        // where nothing but the racy rule speaks against it, it is.
        if let Some(tracked) = seen
            && self.stat.same(&own, &tracked.stat)
            && self.attributes.of(path).filter.is_some()
        {
            return verdict(tracked.id, size, None);
        }
        if let Some(id) = self.known.and_then(|known| known.find(path, &own)) {
            return verdict(id, size, Some(own));
        }
        let content = match self.root.read(path) {
            Ok(content) => content,
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Verdict::Gone;
            }
            Err(Error::UnsafePath { .. }) => return Verdict::Gone,
            Err(error) => {
                let reason = match error {
                    Error::Io { source, .. } => source.to_string(),
                    other => other.to_string(),
                };
                return Verdict::Unreadable(Unreadable {
                    path: path.clone(),
                    reason,
                });
            }
        };
        let (size, own) = (content.stat.st_size as u64, FileStat::of(&content.stat));
        let lasting = own.is_settled(self.now, SETTLE_SECONDS)
            && !self.conversion.asks_index(&content, &self.attributes);
        let stored = || seen.and_then(|tracked| self.repo.blob(tracked.id).ok());
        let bytes = self
            .conversion
            .clean(content, path, &self.attributes, stored);
        let id = id_of(self.repo.object_format(), &bytes);
        verdict(id, size, lasting.then_some(own))
    }
}

fn file(tracked: &Tracked, mode: Mode) -> TreeFile {
    TreeFile {
        path: tracked.path.clone(),
        mode,
        id: tracked.id,
    }
}

/// The attributes in force, from the files of attributes that lie there.
fn attributes(rules: &Rules<'_>, index: &Index, scan: &Scan) -> Attributes {
    let mut found: Vec<TreeFile> = Vec::new();
    for tracked in &index.tracked {
        if tracked.path.ends_with(b".gitattributes") {
            found.push(file(tracked, tracked.mode));
        }
    }
    for (path, stat) in &scan.untracked {
        if split(path).1 == b".gitattributes" {
            let mode = rules.mode(stat, None);
            found.push(TreeFile {
                path: path.clone(),
                mode,
                id: id_of(rules.repo.object_format(), b""),
            });
        }
    }
    let read = |at: usize| {
        let TreeFile { path, id, .. } = &found[at];
        // Git falls back to the index where the checkout is sparse or the file was deleted.
        rules
            .root
            .read(path)
            .map(|content| content.bytes)
            .or_else(|_| rules.repo.blob(*id))
            .ok()
    };
    rules.repo.attributes_with(&found, read)
}

/// True if the list is that of the index, entry by entry, with nothing local.
fn is_as_indexed(files: &[(TreeFile, Origin)], tracked: &[Tracked]) -> bool {
    files.len() == tracked.len()
        && files.iter().zip(tracked).all(|((file, origin), tracked)| {
            tracked.seen
                && *origin == Origin::Stored
                && file.mode == tracked.mode
                && file.path == tracked.path
        })
}
