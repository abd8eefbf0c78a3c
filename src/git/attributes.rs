//! `.gitattributes`: what a repository says about its files.

use std::collections::HashMap;

use gix::glob::Pattern;
use gix::glob::pattern::Case;
use gix_attributes::StateRef;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::tree::split;
use super::{Repo, TreeFile};

/// A file of attributes past this size is not one (Git's own limit).
const MAX_BYTES: usize = 100 << 20;
/// Macros inside macros stop here.
const MAX_NESTING: usize = 8;

/// The attributes that concern us, of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileAttributes {
    /// `linguist-generated`, if the repository says so or denies it.
    pub generated: Option<bool>,
    /// `linguist-vendored`, if the repository says so or denies it.
    pub vendored: Option<bool>,
    /// `text`: set, unset (as `binary` does), or decided by content.
    pub text: Text,
    /// `eol`: `Some(true)` for CRLF in the working tree, `Some(false)` for LF.
    pub crlf: Option<bool>,
    /// `ident`: `$Id$` is expanded in the working tree.
    pub ident: bool,
    /// The name of a filter driver, which is never run.
    pub filter: Option<Vec<u8>>,
}

/// The `text` attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Text {
    /// Nothing is said, so `core.autocrlf` decides.
    #[default]
    Unspecified,
    /// Text, whose line ends are normalised.
    Set,
    /// Not text.
    Unset,
    /// Text if it looks like it.
    Auto,
}

/// One line: a pattern, and what it assigns in order.
struct Rule {
    pattern: Pattern,
    assignments: Vec<Assignment>,
}

#[derive(Clone)]
struct Assignment {
    name: String,
    state: State,
}

#[derive(Clone, PartialEq, Eq)]
enum State {
    Set,
    Unset,
    Unspecified,
    Value(Vec<u8>),
}

/// All attributes of one tree or of the working tree.
#[derive(Default)]
pub struct Attributes {
    /// By folder: the rules of its `.gitattributes`.
    folders: HashMap<Vec<u8>, Vec<Rule>>,
    /// `info/attributes`, which beats them all.
    local: Vec<Rule>,
    macros: HashMap<String, Vec<Assignment>>,
    fold: bool,
    /// A digest of all that was parsed, by which a change of rules is noticed.
    digest: u64,
}

impl Repo {
    /// The attributes that the `.gitattributes` among `files` give, sorted as
    /// [`Repo::files`] sorts them, and `info/attributes` of the repository.
    ///
    /// A file of attributes that cannot be read gives none.
    pub fn attributes(&self, files: &[TreeFile]) -> Attributes {
        self.attributes_with(files, |at| self.blob(files[at].id).ok())
    }

    pub(super) fn attributes_with(
        &self,
        files: &[TreeFile],
        read: impl Fn(usize) -> Option<Vec<u8>>,
    ) -> Attributes {
        let mut attributes = Attributes {
            fold: self
                .config()
                .boolean("core.ignoreCase")
                .ok()
                .flatten()
                .unwrap_or_default(),
            ..Attributes::default()
        };
        let unset = |name: &str| Assignment {
            name: name.into(),
            state: State::Unset,
        };
        attributes.macros.insert(
            "binary".into(),
            ["diff", "merge", "text"].map(unset).to_vec(),
        );
        for (at, file) in files.iter().enumerate() {
            let (folder, name) = split(&file.path);
            // Git does not follow a `.gitattributes` that is a symbolic link.
            if name == b".gitattributes" && file.mode != super::Mode::Symlink {
                let bytes = read(at).unwrap_or_default();
                attributes.digest = xxh3_64_with_seed(folder, attributes.digest);
                let rules = attributes.parse(&bytes, folder.is_empty());
                attributes.folders.insert(folder.to_vec(), rules);
            }
        }
        let local = self.common_dir().join("info/attributes");
        if std::fs::metadata(&local).is_ok_and(|meta| meta.is_file()) {
            attributes.local = attributes.parse(&std::fs::read(&local).unwrap_or_default(), true);
        }
        attributes
    }
}

impl Attributes {
    /// True if no file has any attribute.
    pub fn is_empty(&self) -> bool {
        self.local.is_empty() && self.folders.values().all(Vec::is_empty)
    }

    /// The attributes of the file at `path`.
    pub fn of(&self, path: &[u8]) -> FileAttributes {
        let mut out = FileAttributes::default();
        let slashes = path
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(at, _)| at);
        let mut apply = |rules: &[Rule], relative: &[u8]| {
            for rule in rules.iter().filter(|rule| self.matches(rule, relative)) {
                for assignment in &rule.assignments {
                    self.assign(&mut out, assignment, 0);
                }
            }
        };
        if self.folders.is_empty() && self.local.is_empty() {
            return out;
        }
        if let Some(rules) = self.folders.get(&b""[..]) {
            apply(rules, path);
        }
        for slash in slashes {
            if let Some(rules) = self.folders.get(&path[..slash]) {
                apply(rules, &path[slash + 1..]);
            }
        }
        apply(&self.local, path);
        out
    }

    /// A digest of all rules: equal digests mean equal attributes.
    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    fn matches(&self, rule: &Rule, relative: &[u8]) -> bool {
        let name = relative
            .iter()
            .rposition(|byte| *byte == b'/')
            .map(|slash| slash + 1);
        let case = if self.fold {
            Case::Fold
        } else {
            Case::Sensitive
        };
        let mode = gix::glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
        rule.pattern
            .matches_repo_relative_path(relative.into(), name, Some(false), case, mode)
    }

    fn assign(&self, out: &mut FileAttributes, assignment: &Assignment, depth: usize) {
        let boolean = match &assignment.state {
            State::Set => Some(true),
            State::Value(value) if value == b"true" => Some(true),
            State::Unset => Some(false),
            State::Value(value) if value == b"false" => Some(false),
            State::Unspecified | State::Value(_) => None,
        };
        match assignment.name.as_str() {
            "linguist-generated" => out.generated = boolean,
            "linguist-vendored" => out.vendored = boolean,
            "text" => {
                out.text = match &assignment.state {
                    State::Set => Text::Set,
                    State::Unset => Text::Unset,
                    State::Value(value) if value == b"auto" => Text::Auto,
                    State::Unspecified | State::Value(_) => Text::Unspecified,
                }
            }
            "eol" => {
                out.crlf = match &assignment.state {
                    State::Value(value) if value == b"crlf" => Some(true),
                    State::Value(value) if value == b"lf" => Some(false),
                    _ => None,
                }
            }
            "ident" => out.ident = assignment.state == State::Set,
            "filter" => {
                out.filter = match &assignment.state {
                    State::Value(value) => Some(value.clone()),
                    _ => None,
                }
            }
            name => {
                let parts = self.macros.get(name).filter(|_| depth < MAX_NESTING);
                for part in parts.into_iter().flatten() {
                    // A macro that is set assigns what it says; unspecified takes it all back.
                    let state = match assignment.state {
                        State::Set => part.state.clone(),
                        State::Unspecified => State::Unspecified,
                        _ => continue,
                    };
                    self.assign(
                        out,
                        &Assignment {
                            name: part.name.clone(),
                            state,
                        },
                        depth + 1,
                    );
                }
            }
        }
    }

    fn parse(&mut self, bytes: &[u8], allow_macros: bool) -> Vec<Rule> {
        if bytes.len() > MAX_BYTES {
            return Vec::new();
        }
        self.digest = xxh3_64_with_seed(bytes, self.digest);
        let mut rules = Vec::new();
        for (kind, assignments, _) in gix_attributes::parse(bytes).filter_map(Result::ok) {
            let assignments = assignments
                .filter_map(Result::ok)
                .map(|assignment| Assignment {
                    name: assignment.name.as_str().to_owned(),
                    state: match assignment.state {
                        StateRef::Set => State::Set,
                        StateRef::Unset => State::Unset,
                        StateRef::Unspecified => State::Unspecified,
                        StateRef::Value(value) => State::Value(value.as_bstr().to_vec()),
                    },
                });
            match kind {
                gix_attributes::parse::Kind::Pattern(pattern) => {
                    rules.push(Rule {
                        pattern,
                        assignments: assignments.collect(),
                    });
                }
                gix_attributes::parse::Kind::Macro(name) => {
                    let assignments = assignments.collect();
                    if allow_macros {
                        self.macros.insert(name.as_str().to_owned(), assignments);
                    }
                }
            }
        }
        rules
    }
}
