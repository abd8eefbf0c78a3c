//! A repository that was found, checked and opened.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::discover::{self, Found};
use super::environment::Environment;
use super::objects::{Database, Objects};
use super::trust::{self, Format};
use super::{Error, ObjectFormat, ObjectId, Result};

/// A repository; cheap to clone, and shared freely between threads.
#[derive(Clone)]
pub struct Repo {
    inner: Arc<Inner>,
}

struct Inner {
    found: Found,
    format: Format,
    bare: bool,
    prefix: Vec<u8>,
    config: Config,
    environment: Environment,
    database: Database,
    /// `None` where `gix` cannot resolve revisions and the `git` program must.
    revisions: Option<gix::ThreadSafeRepository>,
}

/// What `HEAD` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// On a branch, by its full name (`refs/heads/main`), and the commit it is at.
    Branch {
        /// The full name of the branch.
        name: String,
        /// The commit.
        commit: ObjectId,
    },
    /// On no branch.
    Detached {
        /// The commit.
        commit: ObjectId,
    },
    /// On a branch without commits.
    Unborn {
        /// The full name of the branch.
        name: String,
    },
}

impl Repo {
    /// Finds and opens the repository that `start` belongs to.
    ///
    /// Follows Git's rules: `GIT_DIR` and its companions first, then `start`
    /// and its parents up to a ceiling or a mount point.
    ///
    /// # Errors
    ///
    /// [`Error::NotARepository`], [`Error::BrokenLink`], and the refusals
    /// [`Error::ForeignOwner`], [`Error::UnsafeBare`],
    /// [`Error::UnknownExtension`] and [`Error::UnsupportedFormat`].
    pub fn discover(start: &Path, environment: &Environment) -> Result<Self> {
        let found = discover::discover(start, environment)?;
        Self::from_found(found, Some(start), environment)
    }

    /// Opens the repository at `git_dir`, a `.git` folder, a bare repository, a
    /// `.git` file or a folder that holds one of these.
    ///
    /// Naming a repository is trusting its owner, as with Git's `--git-dir`.
    pub fn open(git_dir: &Path, environment: &Environment) -> Result<Self> {
        Self::from_found(discover::named(git_dir, environment)?, None, environment)
    }

    fn from_found(
        mut found: Found,
        start: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self> {
        let protected = Config::protected(environment)?;
        trust::check_owner(&found, &protected, environment)?;
        let local = Config::local(&found.git_dir, &found.common_dir)?;
        let format = trust::check_format(&local)?;
        let bare_by_config = local.boolean("core.bare")?;
        let start = start.map(|start| start.canonicalize().unwrap_or_else(|_| start.to_owned()));
        found.work_dir = work_dir(
            &found,
            start.as_deref(),
            &local,
            bare_by_config,
            environment,
        );
        let config = protected.then(local);
        let database = Database::open(
            &found.git_dir,
            &found.common_dir,
            format.objects,
            environment,
        )?;
        let revisions = revisions(&found, &format, environment)?;
        let prefix = prefix(found.work_dir.as_deref(), start.as_deref(), environment);
        let bare = found.work_dir.is_none();
        let environment = environment.clone();
        let inner = Inner {
            found,
            format,
            bare,
            prefix,
            config,
            environment,
            database,
            revisions,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The folder with `HEAD` and the index; of a linked worktree, its own.
    pub fn git_dir(&self) -> &Path {
        &self.inner.found.git_dir
    }

    /// The folder with objects and references, shared by all linked worktrees.
    pub fn common_dir(&self) -> &Path {
        &self.inner.found.common_dir
    }

    /// The working tree's root, unless the repository is bare.
    pub fn work_dir(&self) -> Option<&Path> {
        self.inner.found.work_dir.as_deref()
    }

    /// True if there is no working tree.
    pub fn is_bare(&self) -> bool {
        self.inner.bare
    }

    /// True if this is a worktree made by `git worktree add`.
    pub fn is_linked_worktree(&self) -> bool {
        self.git_dir() != self.common_dir()
    }

    /// The hash function of all ids.
    pub fn object_format(&self) -> ObjectFormat {
        self.inner.format.objects
    }

    /// The folder the caller stands in, relative to the working tree, without a
    /// slash at the end; empty at the root.
    pub fn prefix(&self) -> &[u8] {
        &self.inner.prefix
    }

    /// True if history was cut short by a shallow clone.
    pub fn is_shallow(&self) -> bool {
        std::fs::metadata(self.common_dir().join("shallow")).is_ok_and(|meta| meta.len() > 0)
    }

    /// True if a promisor remote may hold objects that are not here.
    pub fn is_partial(&self) -> bool {
        self.config().string("extensions.partialClone").is_some()
            || self.config().section("remote").iter().any(|(key, value)| {
                key.ends_with(".promisor")
                    && matches!(value.as_slice(), b"true" | b"1" | b"yes" | b"on" | b"")
            })
    }

    /// Where the index of `happy` lies: in the folder that all worktrees share.
    pub fn happy_dir(&self) -> PathBuf {
        self.common_dir().join("happy")
    }

    /// The setting `happy.<name>`, be it the user's or the repository's.
    ///
    /// Whoever made the repository may have written it: good for a number or a
    /// choice, never for a path to write to or a program to run.
    pub fn setting(&self, name: &str) -> Option<String> {
        let value = self.config().string(&format!("happy.{name}"))?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// The setting `happy.<name>` from outside the repository alone.
    pub fn user_setting(&self, name: &str) -> Option<String> {
        let value = self.config().protected_string(&format!("happy.{name}"))?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// Whether the file system takes names that differ in case for one.
    pub fn folds_case(&self) -> bool {
        let setting = self.config().boolean("core.ignoreCase");
        setting.ok().flatten().unwrap_or_default()
    }

    /// The index file of this working tree.
    pub fn index_path(&self) -> PathBuf {
        match self.environment().path("GIT_INDEX_FILE") {
            // Git takes a relative name from the root of the working tree, where hooks run.
            Some(path) => self.work_dir().unwrap_or(self.git_dir()).join(path),
            None => self.git_dir().join("index"),
        }
    }

    /// A handle to the object database for one thread.
    pub fn objects(&self) -> Objects {
        self.inner.database.objects()
    }

    /// The bytes of a blob; see [`Objects::blob`].
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>> {
        self.inner.database.with(|objects| objects.blob(id))
    }

    /// The size of a blob in bytes, without reading it.
    pub fn blob_header(&self, id: ObjectId) -> Result<u64> {
        self.inner
            .database
            .with(|objects| objects.header(id))
            .map(|(_, size)| size)
    }

    pub(super) fn with_objects<T>(&self, work: impl FnOnce(&Objects) -> T) -> T {
        self.inner.database.with(work)
    }

    pub(super) fn config(&self) -> &Config {
        &self.inner.config
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    pub(super) fn revisions(&self) -> Option<gix::Repository> {
        self.inner
            .revisions
            .as_ref()
            .map(gix::ThreadSafeRepository::to_thread_local)
    }

    pub(super) fn require_work_dir(&self) -> Result<&Path> {
        let bare = || Error::NoWorkTree {
            git_dir: self.git_dir().to_owned(),
        };
        self.work_dir().ok_or_else(bare)
    }
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repo").field(&self.inner.found).finish()
    }
}

/// The working tree: `GIT_WORK_TREE`, then `core.worktree`, then where `.git` was found.
fn work_dir(
    found: &Found,
    start: Option<&Path>,
    local: &Config,
    bare: Option<bool>,
    environment: &Environment,
) -> Option<PathBuf> {
    let resolve = |path: PathBuf| path.canonicalize().unwrap_or(path);
    if let Some(path) = environment.path("GIT_WORK_TREE") {
        return Some(resolve(start.unwrap_or(&found.git_dir).join(path)));
    }
    let linked = found.git_dir != found.common_dir;
    if bare == Some(true) && !linked {
        return None;
    }
    if let Some(path) = local.string("core.worktree").filter(|_| !linked) {
        return Some(resolve(
            found.git_dir.join(std::ffi::OsStr::from_bytes(&path)),
        ));
    }
    if found.work_dir.is_some() {
        return found.work_dir.clone();
    }
    if linked {
        // A linked worktree's folder says where its `.git` file lies.
        let back = std::fs::read(found.git_dir.join("gitdir")).ok()?;
        let path = found
            .git_dir
            .join(std::ffi::OsStr::from_bytes(back.trim_ascii_end()));
        return path.parent().map(|parent| resolve(parent.to_owned()));
    }
    // With `GIT_DIR` alone, Git takes the current folder for the working tree.
    let named = found.explicit && environment.path("GIT_DIR").is_some();
    start
        .filter(|start| named && bare == Some(false) && !start.starts_with(&found.git_dir))
        .map(Path::to_owned)
}

/// Where the caller stands; a shell alias runs at the root and says so in `GIT_PREFIX`.
fn prefix(work_dir: Option<&Path>, start: Option<&Path>, environment: &Environment) -> Vec<u8> {
    let below = work_dir
        .zip(start)
        .and_then(|(root, start)| start.strip_prefix(root).ok());
    let below = below
        .map(|path| path.as_os_str().as_bytes().to_vec())
        .unwrap_or_default();
    if !below.is_empty() {
        return below;
    }
    let given = environment
        .get("GIT_PREFIX")
        .map(|prefix| prefix.as_bytes().to_vec())
        .unwrap_or_default();
    let given = given.strip_suffix(b"/").unwrap_or(&given);
    let safe = work_dir.is_some() && given.split(|byte| *byte == b'/').all(|part| part != b"..");
    if safe { given.to_vec() } else { Vec::new() }
}

/// Opens `gix` on the repository's own files alone, where it can read them.
fn revisions(
    found: &Found,
    format: &Format,
    environment: &Environment,
) -> Result<Option<gix::ThreadSafeRepository>> {
    let moved = [
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    ];
    if format.reftable || moved.iter().any(|name| environment.get(name).is_some()) {
        return Ok(None);
    }
    let options = gix::open::Options::isolated()
        .open_path_as_is(true)
        .with(gix::sec::Trust::Full);
    gix::ThreadSafeRepository::open_opts(&found.git_dir, options)
        .map(Some)
        .map_err(|error| Error::BrokenLink {
            path: found.git_dir.clone(),
            reason: error.to_string(),
        })
}
