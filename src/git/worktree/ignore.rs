//! Which untracked files the user does not want to see: `.gitignore` and its kin.

use std::path::Path;
use std::sync::Arc;

use gix::glob::pattern::Case;
use gix::glob::{Pattern, wildmatch};

use crate::git::Repo;
use crate::git::config::expand_home;

/// A file of patterns past this size is not one.
const MAX_BYTES: u64 = 8 << 20;

/// The patterns that hold in one folder: its own, then those of the folders above.
pub(super) struct Scope {
    above: Option<Arc<Scope>>,
    /// The folder's path with a slash at the end, empty at the root.
    base: Vec<u8>,
    patterns: Vec<Pattern>,
    case: Case,
}

impl Scope {
    /// What holds everywhere: the user's own patterns, then `info/exclude`.
    pub(super) fn root(repo: &Repo) -> Arc<Self> {
        let config = repo.config();
        let fold = config
            .boolean("core.ignoreCase")
            .ok()
            .flatten()
            .unwrap_or_default();
        let case = if fold { Case::Fold } else { Case::Sensitive };
        let environment = repo.environment();
        let user = config
            .string("core.excludesFile")
            .map(|path| expand_home(&path, environment))
            .or_else(|| {
                let home = environment.path("HOME").map(|home| home.join(".config"));
                Some(
                    environment
                        .path("XDG_CONFIG_HOME")
                        .or(home)?
                        .join("git/ignore"),
                )
            });
        let mut patterns = Vec::new();
        for path in user
            .into_iter()
            .chain([repo.common_dir().join("info/exclude")])
        {
            patterns.extend(parse(&read(&path)));
        }
        Arc::new(Self {
            above: None,
            base: Vec::new(),
            patterns,
            case,
        })
    }

    /// The scope of the folder `base`, which has this `.gitignore`.
    pub(super) fn within(self: &Arc<Self>, base: &[u8], gitignore: &[u8]) -> Arc<Self> {
        let mut base = base.to_vec();
        if !base.is_empty() {
            base.push(b'/');
        }
        Arc::new(Self {
            above: Some(self.clone()),
            base,
            patterns: parse(gitignore),
            case: self.case,
        })
    }

    /// True if the last pattern that speaks of `path` excludes it.
    pub(super) fn is_ignored(&self, path: &[u8], is_dir: bool) -> bool {
        let mut scope = Some(self);
        while let Some(at) = scope {
            if let Some(relative) = path.strip_prefix(at.base.as_slice()) {
                let name = relative
                    .iter()
                    .rposition(|byte| *byte == b'/')
                    .map(|slash| slash + 1);
                let mode = wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
                let matching = at.patterns.iter().rev().find(|pattern| {
                    pattern.matches_repo_relative_path(
                        relative.into(),
                        name,
                        Some(is_dir),
                        at.case,
                        mode,
                    )
                });
                if let Some(pattern) = matching {
                    return !pattern.is_negative();
                }
            }
            scope = at.above.as_deref();
        }
        false
    }
}

fn parse(bytes: &[u8]) -> Vec<Pattern> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.starts_with(b"#"))
        .filter_map(|line| Pattern::from_bytes(trim_spaces(line)))
        .collect()
}

/// Spaces at the end of a line do not count unless a backslash guards them.
fn trim_spaces(mut line: &[u8]) -> &[u8] {
    while let Some(shorter) = line.strip_suffix(b" ") {
        let slashes = shorter
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        if slashes % 2 == 1 {
            break;
        }
        line = shorter;
    }
    line
}

fn read(path: &Path) -> Vec<u8> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() && meta.len() <= MAX_BYTES => {
            std::fs::read(path).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
