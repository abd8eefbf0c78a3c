//! From what a person types to the id of a commit.

use gix::bstr::BStr;

use super::exec::Git;
use super::{Error, Head, Kind, ObjectId, Repo, Result};

/// The two ends of `A..B`, both resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The older end: `A` of `A..B`, the merge base of `A...B`.
    pub base: ObjectId,
    /// The newer end.
    pub tip: ObjectId,
}

/// What a commit object says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The commit.
    pub id: ObjectId,
    /// The tree of all files.
    pub tree: ObjectId,
    /// The parents, first parent first.
    pub parents: Vec<ObjectId>,
    /// The committer's time in seconds since 1970, nought if it is unreadable.
    pub time: i64,
}

/// Tags may name tags; past this many it is a joke.
const MAX_TAGS: usize = 64;

impl Repo {
    /// The commit that `revision` names, through tags.
    ///
    /// Understands what Git understands: `HEAD`, branches, tags, abbreviated
    /// ids, `main~3`, `@{upstream}`, `v1^{commit}`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRevision`], [`Error::AmbiguousRevision`],
    /// [`Error::Unborn`] for a `HEAD` without commits, [`Error::WrongKind`] if
    /// it names a tree or blob, [`Error::MissingObject`] if a reference points
    /// to what is not here.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId> {
        if let Ok(id) = revision.parse::<ObjectId>()
            && id.format() == self.object_format()
        {
            // A full id is no name that could be looked up elsewhere: it is here or it is not.
            return match self.peel(id, Kind::Commit) {
                Err(Error::MissingObject { id: missing }) if missing == id => {
                    Err(Error::UnknownRevision {
                        revision: revision.to_owned(),
                    })
                }
                result => result,
            };
        }
        if matches!(revision, "HEAD" | "@") {
            return match self.head()? {
                Head::Branch { commit, .. } | Head::Detached { commit } => Ok(commit),
                Head::Unborn { name } => Err(unborn(&name)),
            };
        }
        let id = match self.revisions() {
            // What `gix` does not know (`:/text`, short ids of SHA-256), Git may.
            Some(gix) => match parse(&gix, revision) {
                Err(Error::UnknownRevision { .. }) => self.rev_parse(revision),
                result => result,
            },
            None => self.rev_parse(revision),
        };
        match id {
            Ok(id) => self.peel(id, Kind::Commit),
            Err(Error::UnknownRevision { revision }) => match self.head() {
                Ok(Head::Unborn { name })
                    if revision.starts_with("HEAD") || revision.starts_with('@') =>
                {
                    Err(unborn(&name))
                }
                _ => Err(Error::UnknownRevision { revision }),
            },
            Err(error) => Err(error),
        }
    }

    /// Both ends of `A..B`, `A...B`, `A..` (to `HEAD`) or `..B` (from `HEAD`).
    ///
    /// A revision without dots is the range from its first parent, or from
    /// itself if it has none.
    pub fn resolve_range(&self, range: &str) -> Result<Range> {
        let or_head = |name: &str| self.resolve(if name.is_empty() { "HEAD" } else { name });
        if let Some((left, right)) = range.split_once("...") {
            let (from, tip) = (or_head(left)?, or_head(right)?);
            let base = self
                .merge_base(from, tip)?
                .ok_or_else(|| Error::NoMergeBase {
                    left: left.to_owned(),
                    right: right.to_owned(),
                })?;
            return Ok(Range { base, tip });
        }
        if let Some((left, right)) = range.split_once("..") {
            return Ok(Range {
                base: or_head(left)?,
                tip: or_head(right)?,
            });
        }
        let tip = self.resolve(range)?;
        let base = self.commit(tip)?.parents.first().copied().unwrap_or(tip);
        Ok(Range { base, tip })
    }

    /// The tree of a commit, of a tag of one, or the tree itself.
    pub fn tree_of(&self, id: ObjectId) -> Result<ObjectId> {
        self.peel(id, Kind::Tree)
    }

    /// What the commit `id` says about itself.
    pub fn commit(&self, id: ObjectId) -> Result<Commit> {
        let mut data = Vec::new();
        self.with_objects(|objects| objects.read_kind(id, Kind::Commit, &mut data))?;
        decode_commit(id, &data)
    }

    /// A best common ancestor of two commits, if they share one.
    pub fn merge_base(&self, one: ObjectId, two: ObjectId) -> Result<Option<ObjectId>> {
        if let Some(gix) = self.revisions() {
            return match gix.merge_base(one.as_gix(), two.as_gix()) {
                Ok(base) => Ok(base.map(|id| ObjectId::from_gix(&id))),
                Err(error) => Err(Error::CorruptObject {
                    id: one,
                    reason: error.to_string(),
                }),
            };
        }
        let output = Git::new(self)
            .args(["merge-base", &one.to_string(), &two.to_string()])
            .output()?;
        Ok(output.first_id().ok())
    }

    /// What `HEAD` says, followed to its commit.
    pub fn head(&self) -> Result<Head> {
        let Some(gix) = self.revisions() else {
            return self.head_by_program();
        };
        let broken = |reason: String| Error::BrokenLink {
            path: self.git_dir().join("HEAD"),
            reason,
        };
        let mut head = gix.head().map_err(|error| broken(error.to_string()))?;
        let name = head.referent_name().map(|name| name.as_bstr().to_string());
        let id = match head.id() {
            // A branch may itself be a symbolic reference, or an annotated tag.
            None if !head.is_unborn() => head
                .try_peel_to_id()
                .ok()
                .flatten()
                .map(|id| ObjectId::from_gix(&id)),
            id => id.map(|id| ObjectId::from_gix(&id)),
        };
        Ok(match (name, id) {
            (Some(name), Some(id)) => Head::Branch {
                name,
                commit: self.peel(id, Kind::Commit)?,
            },
            (None, Some(id)) => Head::Detached {
                commit: self.peel(id, Kind::Commit)?,
            },
            (Some(name), None) => Head::Unborn { name },
            (None, None) => return Err(broken("it names nothing".into())),
        })
    }

    fn head_by_program(&self) -> Result<Head> {
        let name = Git::new(self)
            .args(["symbolic-ref", "--quiet", "HEAD"])
            .output()?;
        let name = name.success().then(|| name.text());
        match (name, self.rev_parse("HEAD")) {
            (Some(name), Ok(id)) => Ok(Head::Branch {
                name,
                commit: self.peel(id, Kind::Commit)?,
            }),
            (None, Ok(id)) => Ok(Head::Detached {
                commit: self.peel(id, Kind::Commit)?,
            }),
            (Some(name), Err(Error::UnknownRevision { .. })) => Ok(Head::Unborn { name }),
            (_, Err(error)) => Err(error),
        }
    }

    /// Asks the `git` program, for what `gix` cannot read.
    fn rev_parse(&self, revision: &str) -> Result<ObjectId> {
        let unknown = || Error::UnknownRevision {
            revision: revision.to_owned(),
        };
        // Nothing that could be taken for an option or two revisions goes on.
        if revision.starts_with('-') || revision.contains(['\0', '\n']) {
            return Err(unknown());
        }
        let arguments = ["rev-parse", "--verify", "--end-of-options", revision];
        let output = match Git::new(self).args(arguments).output() {
            Err(Error::NoGitProgram) if self.revisions().is_some() => return Err(unknown()),
            result => result?,
        };
        if output.stderr().contains("ambiguous") {
            let candidates = output.stderr().lines().filter_map(|line| {
                line.trim_start()
                    .strip_prefix("hint:")?
                    .split_whitespace()
                    .next()
                    .map(str::to_owned)
            });
            let candidates = candidates
                .filter(|word| word.bytes().all(|b| b.is_ascii_hexdigit()))
                .collect();
            return Err(Error::AmbiguousRevision {
                revision: revision.to_owned(),
                candidates,
            });
        }
        output.first_id().map_err(|_| unknown())
    }

    /// Follows tags to a commit, and a commit to its tree if that is wanted.
    fn peel(&self, id: ObjectId, wanted: Kind) -> Result<ObjectId> {
        let mut data = Vec::new();
        let mut at = id;
        for _ in 0..MAX_TAGS {
            let kind = self.with_objects(|objects| match objects.header(at)? {
                (kind, _) if kind == wanted || kind == Kind::Blob => Ok(kind),
                _ => objects.read(at, &mut data),
            })?;
            match kind {
                kind if kind == wanted => return Ok(at),
                Kind::Commit => at = decode_commit(at, &data)?.tree,
                Kind::Tag => at = tag_target(at, &data)?,
                Kind::Tree | Kind::Blob => break,
            }
        }
        let (found, _) = self.with_objects(|objects| objects.header(at))?;
        Err(Error::WrongKind {
            id,
            expected: wanted.name(),
            found: found.name().into(),
        })
    }
}

fn unborn(name: &str) -> Error {
    Error::Unborn {
        branch: name.strip_prefix("refs/heads/").unwrap_or(name).to_owned(),
    }
}

fn parse(gix: &gix::Repository, revision: &str) -> Result<ObjectId> {
    use gix::revision::spec::parse::Error as ParseError;
    let error = match gix.rev_parse_single(BStr::new(revision.as_bytes())) {
        Ok(id) => return Ok(ObjectId::from_gix(&id)),
        Err(error) => error,
    };
    let candidates =
        error
            .iter_errors()
            .find_map(|error| match error.downcast_ref::<ParseError>() {
                Some(
                    ParseError::AmbiguousPrefix { candidates, .. }
                    | ParseError::AmbiguousRefAndObject { candidates, .. },
                ) => Some(candidates.iter().map(|(id, _)| id.to_string()).collect()),
                _ => None,
            });
    let revision = revision.to_owned();
    Err(match candidates {
        Some(candidates) => Error::AmbiguousRevision {
            revision,
            candidates,
        },
        None => Error::UnknownRevision { revision },
    })
}

fn decode_commit(id: ObjectId, data: &[u8]) -> Result<Commit> {
    let fail = |reason: String| Error::CorruptObject { id, reason };
    let commit = gix::objs::CommitRef::from_bytes(data, id.format().kind())
        .map_err(|error| fail(error.to_string()))?;
    let time = commit
        .committer()
        .ok()
        .and_then(|signature| signature.time().ok());
    Ok(Commit {
        id,
        tree: ObjectId::from_gix(&commit.tree()),
        parents: commit
            .parents()
            .map(|parent| ObjectId::from_gix(&parent))
            .collect(),
        time: time.map(|time| time.seconds).unwrap_or_default(),
    })
}

fn tag_target(id: ObjectId, data: &[u8]) -> Result<ObjectId> {
    let fail = |reason: String| Error::CorruptObject { id, reason };
    let tag = gix::objs::TagRef::from_bytes(data, id.format().kind())
        .map_err(|error| fail(error.to_string()))?;
    Ok(ObjectId::from_gix(&tag.target()))
}
