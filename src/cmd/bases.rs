//! What a patch asks of Git, the index and the grammars.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::context::Opened;
use super::error::Error;
use crate::git::{self, Mode, ObjectId, Repo};
use crate::lang::{self, DefKind};
use crate::patch::{
    Base, Entry, File, FileMode, Obstacle, RepoPath, SymbolFault, SymbolSpan, SymbolSpans,
    SyntaxCheck, Worktree, content_hash,
};
use crate::{facts, query};

/// The worktree, with the repository's blobs for merges.
pub struct WithBlobs<'a> {
    worktree: &'a Worktree,
    repo: &'a Repo,
}

impl<'a> WithBlobs<'a> {
    /// Files of `worktree`, blobs of `repo`.
    pub fn new(worktree: &'a Worktree, repo: &'a Repo) -> Self {
        Self { worktree, repo }
    }
}

impl Base for WithBlobs<'_> {
    fn entry(&self, path: &RepoPath) -> io::Result<Entry> {
        self.worktree.entry(path)
    }

    fn names(&self, folder: Option<&RepoPath>) -> io::Result<Vec<Vec<u8>>> {
        self.worktree.names(folder)
    }

    fn blob(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        blob(self.repo, id)
    }

    fn folds_case(&self) -> bool {
        self.worktree.folds_case()
    }
}

/// A blob by a prefix of its id; the prefix comes from a patch.
fn blob(repo: &Repo, id: &str) -> io::Result<Option<Vec<u8>>> {
    if id.len() < 4 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let output = git::exec::Git::new(repo)
        .args(["cat-file", "blob", id])
        .output()
        .map_err(io::Error::other)?;
    Ok(output.success().then(|| output.stdout().to_vec()))
}

/// The files of a commit.
pub struct CommitBase<'a> {
    repo: &'a Repo,
    files: BTreeMap<Vec<u8>, (Mode, ObjectId)>,
}

impl<'a> CommitBase<'a> {
    /// The files of `commit`.
    pub fn new(repo: &'a Repo, commit: ObjectId) -> Result<Self, Error> {
        let listing = repo.files(commit)?;
        let files = listing
            .files
            .into_iter()
            .map(|file| (file.path, (file.mode, file.id)))
            .collect();
        Ok(Self { repo, files })
    }

    fn obstacle(&self, path: &RepoPath) -> Option<Obstacle> {
        let (mode, _) = self.files.get(path.as_bytes())?;
        Some(match mode {
            Mode::Symlink => Obstacle::Symlink,
            Mode::Submodule => Obstacle::Repository,
            Mode::File | Mode::Executable => Obstacle::File,
        })
    }
}

impl Base for CommitBase<'_> {
    fn entry(&self, path: &RepoPath) -> io::Result<Entry> {
        for at in path.ancestors() {
            if let Some(by) = self.obstacle(&at) {
                return Ok(Entry::Blocked { at, by });
            }
        }
        let Some((mode, id)) = self.files.get(path.as_bytes()) else {
            let found = self.names(Some(path))?;
            return Ok(if found.is_empty() {
                Entry::Missing
            } else {
                Entry::Directory
            });
        };
        let mode = match mode {
            Mode::File => FileMode::Regular,
            Mode::Executable => FileMode::Executable,
            Mode::Symlink | Mode::Submodule => {
                let by = self.obstacle(path).unwrap_or(Obstacle::Special);
                let at = path.clone();
                return Ok(Entry::Blocked { at, by });
            }
        };
        let bytes = self.repo.blob(*id).map_err(io::Error::other)?.into();
        Ok(Entry::File(File { bytes, mode }))
    }

    fn names(&self, folder: Option<&RepoPath>) -> io::Result<Vec<Vec<u8>>> {
        let prefix = folder.map_or_else(Vec::new, |path| [path.as_bytes(), b"/"].concat());
        let mut names: Vec<_> = self
            .files
            .range(prefix.clone()..)
            .map_while(|(path, _)| path.strip_prefix(prefix.as_slice()))
            .filter_map(|rest| rest.split(|byte| *byte == b'/').next())
            .map(<[u8]>::to_vec)
            .collect();
        names.dedup();
        Ok(names)
    }

    fn blob(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        blob(self.repo, id)
    }
}

/// Symbols of a snapshot, with the bytes that they span.
pub struct Spans<'a>(pub &'a Opened);

impl Spans<'_> {
    fn span(&self, node: u32) -> Result<SymbolSpan, Error> {
        let snapshot = &self.0.snapshot;
        let record = *snapshot.symbol(node)?;
        let bytes = self.0.read(record.file)?;
        let whole = record.kind == DefKind::File as u32;
        let end = if whole {
            bytes.len()
        } else {
            record.end as usize
        };
        let end = end.min(bytes.len());
        let start = if whole { 0 } else { record.start as usize }.min(end);
        let path = snapshot.text(snapshot.file(record.file)?.path)?;
        let path = RepoPath::new(path).map_err(|_| git::Error::UnsafePath {
            path: String::from_utf8_lossy(path).into_owned(),
            reason: "no patch may name it",
        })?;
        Ok(SymbolSpan {
            path,
            hash: content_hash(&bytes[start..end]),
            span: start..end,
        })
    }
}

impl SymbolSpans for Spans<'_> {
    fn resolve(&self, symbol: &str) -> Result<SymbolSpan, SymbolFault> {
        let snapshot = &self.0.snapshot;
        let found = query::find(snapshot, symbol.as_bytes()).unwrap_or_default();
        let mut nodes = found.nodes;
        nodes.retain(|node| !snapshot.is_external(*node));
        match nodes.as_slice() {
            [] => Err(SymbolFault::Unknown),
            [node] => self.span(*node).map_err(|_| SymbolFault::Unknown),
            several => {
                let names = several.iter().map(|node| {
                    let text = query::symbol_text(snapshot, *node).unwrap_or_default();
                    String::from_utf8_lossy(&text).into_owned()
                });
                Err(SymbolFault::Ambiguous(names.collect()))
            }
        }
    }
}

/// Counts the nodes that a grammar could not fit, or had to make up.
pub struct Grammar;

const DEADLINE: Duration = Duration::from_secs(2);

impl SyntaxCheck for Grammar {
    fn errors(&self, path: &RepoPath, content: &[u8]) -> Option<usize> {
        let head = &content[..content.len().min(256)];
        let lang = lang::language(lang::detect(path.as_bytes(), head)?)?;
        let mut parser = tree_sitter::Parser::new();
        let tree = facts::parse(&mut parser, content, lang, DEADLINE).ok()?;
        let mut cursor = tree.walk();
        let mut count = 0;
        loop {
            let node = cursor.node();
            count += usize::from(node.is_error() || node.is_missing());
            if node.has_error() && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return Some(count);
                }
            }
        }
    }
}
