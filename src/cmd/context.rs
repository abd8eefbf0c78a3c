//! What surrounds a run: environment, current folder, clock, terminal, signals.
//! Nothing else in the program asks for these.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::error::Error;
use super::output::Output;
use super::progress::Bar;
use crate::git::{self, Environment, ObjectId, Repo, Worktree};
use crate::index::{
    Builder, Mode, ObjectFormat, Owner, Progress, Snapshot, Source, SourceFile, Store, Warning,
    records::file_flag, snapshot_fingerprint,
};

/// Options that every verb has.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GlobalArgs {
    /// Write records as JSON lines or as text
    ///
    /// Without this, a terminal gets text and a pipe gets JSON lines.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        help_heading = "Global options"
    )]
    pub format: Option<super::output::Format>,

    /// Colour the text: when it goes to a terminal, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        help_heading = "Global options"
    )]
    pub color: super::output::Color,

    /// Run as if started in this folder
    #[arg(
        short = 'C',
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub directory: Option<PathBuf>,

    /// Look at a plain folder instead of a repository
    ///
    /// Nothing is stored; the folder is read anew each time.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub no_git: Option<PathBuf>,

    /// Keep the index in this folder instead of `.git/happy`
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub index_dir: Option<PathBuf>,

    /// Fail where there is no index, instead of building it
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_auto_index: bool,

    /// Use so many threads
    #[arg(long, global = true, value_name = "N", help_heading = "Global options")]
    pub jobs: Option<usize>,

    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub quiet: bool,
}

/// Which state of the repository a question is about.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AtArgs {
    /// Ask about this revision instead of the working tree
    #[arg(long, value_name = "REV")]
    pub at: Option<String>,
}

/// A run of a verb.
pub struct Context {
    /// Options that every verb has.
    pub args: GlobalArgs,
    /// Where records go.
    pub output: Output,
    started: Instant,
}

/// A snapshot, and how to read the files that it is of.
pub struct Opened {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Its name for people: a commit's short id, or `worktree`.
    pub name: String,
    /// Whether it had to be built now.
    pub built: bool,
    source: Bytes,
}

enum Bytes {
    Commit(Repo),
    Worktree(Box<Worktree>),
    Folder(PathBuf),
}

impl Opened {
    /// The bytes of a file of the snapshot.
    pub fn read(&self, file: u32) -> Result<Vec<u8>, Error> {
        let id = ObjectId::from_bytes(self.snapshot.blob(file)?).map_err(|_| {
            git::Error::UnsafePath {
                path: String::new(),
                reason: "its id is damaged",
            }
        })?;
        let path = self.snapshot.text(self.snapshot.file(file)?.path)?;
        match &self.source {
            Bytes::Commit(repo) => Ok(repo.blob(id)?),
            Bytes::Worktree(worktree) => {
                let at = worktree
                    .files()
                    .binary_search_by(|file| file.path.as_slice().cmp(path));
                match at {
                    Ok(at) => Ok(worktree.read(at)?),
                    Err(_) => Err(git::Error::MissingObject { id }.into()),
                }
            }
            Bytes::Folder(root) => read_plain(root, path),
        }
    }
}

fn read_plain(root: &Path, path: &[u8]) -> Result<Vec<u8>, Error> {
    use std::os::unix::ffi::OsStrExt;
    let path = root.join(std::ffi::OsStr::from_bytes(path));
    std::fs::read(&path).map_err(|source| {
        git::Error::Io {
            action: "read",
            path,
            source,
        }
        .into()
    })
}

impl Context {
    /// For a run with these options.
    pub fn new(args: GlobalArgs) -> Self {
        let output = Output::new(args.format, args.color, variable("NO_COLOR").is_some());
        Self {
            args,
            output,
            started: Instant::now(),
        }
    }

    /// How long the run has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The folder that the run is about.
    pub fn directory(&self) -> Result<PathBuf, Error> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
        let current = std::env::current_dir().map_err(|source| git::Error::Io {
            action: "find",
            path: PathBuf::from("."),
            source,
        })?;
        Ok(match &self.args.directory {
            Some(directory) => current.join(directory),
            None => current,
        })
    }

    /// The repository around the current folder.
    pub fn repo(&self) -> Result<Repo, Error> {
        let environment = Environment::from_vars(std::env::vars_os());
        Ok(Repo::discover(&self.directory()?, &environment)?)
    }

    /// The index of a repository.
    pub fn store(&self, repo: &Repo) -> Result<Store, Error> {
        let owner = Owner {
            repository: Vec::new(),
            object_format: match repo.object_format() {
                git::ObjectFormat::Sha1 => ObjectFormat::Sha1,
                git::ObjectFormat::Sha256 => ObjectFormat::Sha256,
            },
        };
        let root = self
            .args
            .index_dir
            .clone()
            .unwrap_or_else(|| repo.happy_dir());
        Ok(Store::open(&root, owner, Mode::Disk)?)
    }

    /// The present time.
    pub fn now(&self) -> SystemTime {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
        SystemTime::now()
    }

    /// The snapshot that a question is about; built where there is none.
    pub fn open(&self, at: &AtArgs) -> Result<Opened, Error> {
        if let Some(folder) = &self.args.no_git {
            return self.open_folder(folder);
        }
        let repo = self.repo()?;
        let store = self.store(&repo)?;
        if let Some(revision) = &at.at {
            let commit = repo.resolve(revision)?;
            return self.open_commit(&repo, &store, commit);
        }
        if repo.work_dir().is_none() {
            let commit = repo.resolve("HEAD")?;
            return self.open_commit(&repo, &store, commit);
        }
        let worktree = repo.worktree()?;
        if let Ok(commit) = repo.resolve("HEAD") {
            if worktree.is_clean_against(commit)? {
                return self.open_commit(&repo, &store, commit);
            }
        }
        self.open_worktree(&repo, &store, worktree)
    }

    /// The snapshot of a commit.
    pub fn open_commit(
        &self,
        repo: &Repo,
        store: &Store,
        commit: ObjectId,
    ) -> Result<Opened, Error> {
        let name = commit.short();
        let opened = |snapshot, built| Opened {
            snapshot,
            name: name.clone(),
            built,
            source: Bytes::Commit(repo.clone()),
        };
        let found = self.usable(store.snapshot(commit.as_bytes()))?;
        if let Some(snapshot) = found {
            return Ok(opened(snapshot, false));
        }
        self.may_build(&name)?;
        let writer = store.write(LOCK_TIMEOUT, self.now())?;
        if let Some(snapshot) = self.usable(store.snapshot(commit.as_bytes()))? {
            return Ok(opened(snapshot, false));
        }
        let listing = repo.files(commit)?;
        let attributes = repo.attributes(&listing.files);
        let files = source_files(&listing.files, &attributes);
        let source = CommitSource {
            repo: repo.clone(),
            files: &files,
        };
        let tree = repo.tree_of(commit)?;
        let identity =
            store
                .owner()
                .identity(commit.as_bytes(), tree.as_bytes(), snapshot_fingerprint());
        let snapshot = self.build(store, &files, &source, &writer, identity, |builder| {
            match writer.publish(commit.as_bytes(), builder) {
                Ok(segment) => Snapshot::new(segment),
                // The answer is right even if it cannot be kept.
                Err(error) if error.is_full() => Snapshot::new(builder.to_segment()?),
                Err(error) => Err(error),
            }
        })?;
        drop(writer);
        self.tell(&store.warnings());
        Ok(opened(snapshot, true))
    }

    fn open_worktree(
        &self,
        repo: &Repo,
        store: &Store,
        worktree: Worktree,
    ) -> Result<Opened, Error> {
        let key = worktree.id();
        let id = worktree_name(repo);
        let found = self.usable(store.worktree(&id, key.as_bytes()))?;
        let (snapshot, built) = match found {
            Some(snapshot) => (snapshot, false),
            None => {
                self.may_build("the working tree")?;
                let writer = store.write(LOCK_TIMEOUT, self.now())?;
                let files = source_files(worktree.files(), worktree.attributes());
                let source = WorktreeSource {
                    worktree: &worktree,
                    indices: indices(worktree.files()),
                };
                let identity = store
                    .owner()
                    .identity(&[], key.as_bytes(), snapshot_fingerprint());
                let snapshot = self.build(
                    store,
                    &files,
                    &source,
                    &writer,
                    identity,
                    |builder| match writer.publish_worktree(&id, key.as_bytes(), builder) {
                        Ok(segment) => Snapshot::new(segment),
                        Err(error) if error.is_full() => Snapshot::new(builder.to_segment()?),
                        Err(error) => Err(error),
                    },
                )?;
                drop(writer);
                self.tell(&store.warnings());
                (snapshot, true)
            }
        };
        let source = Bytes::Worktree(Box::new(worktree));
        Ok(Opened {
            snapshot,
            name: "worktree".to_owned(),
            built,
            source,
        })
    }

    fn open_folder(&self, folder: &Path) -> Result<Opened, Error> {
        let root = self.directory()?.join(folder);
        let plain = super::folder::read(&root)?;
        let owner = Owner {
            repository: Vec::new(),
            object_format: ObjectFormat::Sha1,
        };
        let store = Store::open(&root.join(".happy"), owner, Mode::Memory)?;
        let writer = store.write(LOCK_TIMEOUT, self.now())?;
        let source = super::folder::FolderSource {
            root: &root,
            files: &plain,
        };
        let identity = store
            .owner()
            .identity(&[], &[0; 20], snapshot_fingerprint());
        let snapshot = self.build(&store, &plain, &source, &writer, identity, |builder| {
            Snapshot::new(builder.to_segment()?)
        })?;
        Ok(Opened {
            snapshot,
            name: "folder".to_owned(),
            built: true,
            source: Bytes::Folder(root),
        })
    }

    /// A snapshot that this program can use; one that is damaged, or was made
    /// by another version of the linker, is made again.
    fn usable(
        &self,
        found: Result<Option<crate::index::Segment>, crate::index::Error>,
    ) -> Result<Option<Snapshot>, Error> {
        match found {
            Ok(Some(segment)) if segment.identity().fingerprint == snapshot_fingerprint() => {
                match Snapshot::new(segment) {
                    Ok(snapshot) => Ok(Some(snapshot)),
                    Err(error) if error.is_rebuildable() => {
                        self.warn(&format!("{error}; it is built again"));
                        Ok(None)
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Ok(_) => Ok(None),
            Err(error) if error.is_rebuildable() => {
                self.warn(&format!("{error}; it is built again"));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn may_build(&self, what: &str) -> Result<(), Error> {
        if self.args.no_auto_index {
            return Err(Error::NoIndex {
                what: what.to_owned(),
            });
        }
        Ok(())
    }

    fn build(
        &self,
        store: &Store,
        files: &[SourceFile],
        source: &dyn Source,
        writer: &crate::index::Writer<'_>,
        identity: crate::index::Identity,
        publish: impl FnOnce(&crate::index::SegmentBuilder<'_>) -> Result<Snapshot, crate::index::Error>,
    ) -> Result<Snapshot, Error> {
        let bar = Arc::new(Bar::new(
            !self.args.quiet && std::io::stderr().is_terminal(),
        ));
        let progress: &dyn Progress = &*bar;
        let builder = Builder {
            store,
            deadline: DEADLINE,
            progress,
        };
        let snapshot = builder.build(files, source, writer, identity, publish);
        let text = bar.finish(self.started.elapsed());
        let snapshot = snapshot?;
        if !self.args.quiet && std::io::stderr().is_terminal() {
            self.output.note(&text);
        }
        Ok(snapshot)
    }

    fn tell(&self, warnings: &[Warning]) {
        for warning in warnings {
            let text = match warning {
                Warning::NotSaved { path } => {
                    format!("`{}` is read-only; the index is not saved", path.display())
                }
                Warning::Upgraded { from, to } => {
                    format!("the index is upgraded from format {from} to {to}")
                }
                Warning::NoLocks { path } => {
                    format!("`{}` lies on a file system without locks", path.display())
                }
                Warning::Damaged { path, what } => {
                    format!(
                        "`{}` is damaged ({what}); it was built again",
                        path.display()
                    )
                }
            };
            self.warn(&text);
        }
    }

    /// Says something on standard error that the user should know.
    pub fn warn(&self, text: &str) {
        if !self.args.quiet {
            self.output.warn(text);
        }
    }
}

const LOCK_TIMEOUT: Duration = Duration::from_secs(600);
const DEADLINE: Duration = Duration::from_secs(5);

/// A variable of the environment.
pub fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The name of a worktree among those that share an index.
fn worktree_name(repo: &Repo) -> String {
    if repo.is_linked_worktree() {
        let name = repo.git_dir().file_name().unwrap_or_default();
        return format!("linked-{}", name.to_string_lossy());
    }
    "main".to_owned()
}

fn indices(files: &[git::TreeFile]) -> Vec<usize> {
    (0..files.len())
        .filter(|at| is_file(files[*at].mode))
        .collect()
}

fn is_file(mode: git::Mode) -> bool {
    matches!(mode, git::Mode::File | git::Mode::Executable)
}

fn source_files(files: &[git::TreeFile], attributes: &git::Attributes) -> Vec<SourceFile> {
    files
        .iter()
        .filter(|file| is_file(file.mode))
        .map(|file| {
            let (mut flags, mut unflags) = (0, 0);
            if !attributes.is_empty() {
                let found = attributes.of(&file.path);
                for (value, flag) in [
                    (found.generated, file_flag::GENERATED),
                    (found.vendored, file_flag::VENDORED),
                ] {
                    match value {
                        Some(true) => flags |= flag,
                        Some(false) => unflags |= flag,
                        None => {}
                    }
                }
            }
            SourceFile {
                path: file.path.clone(),
                id: file.id,
                flags,
                unflags,
            }
        })
        .collect()
}

struct CommitSource<'a> {
    repo: Repo,
    files: &'a [SourceFile],
}

impl Source for CommitSource<'_> {
    fn read(&self, at: usize) -> Result<Vec<u8>, git::Error> {
        self.repo.blob(self.files[at].id)
    }
}

struct WorktreeSource<'a> {
    worktree: &'a Worktree,
    indices: Vec<usize>,
}

impl Source for WorktreeSource<'_> {
    fn read(&self, at: usize) -> Result<Vec<u8>, git::Error> {
        self.worktree.read(self.indices[at])
    }
}

/// The user's own programs, found and asked outside every sandbox.
pub struct Machine<'a> {
    /// The project: a program in it is not the user's.
    pub project: &'a Path,
}

impl crate::runner::Host for Machine<'_> {
    fn find(&self, program: &str) -> Option<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let path = variable("PATH")?;
        std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute() && !folder.starts_with(self.project))
            .map(|folder| folder.join(program))
            .find(|file| {
                file.metadata()
                    .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
            })
    }

    fn ask(&self, program: &Path, args: &[&str]) -> Option<String> {
        // Far from the project, whose folder could hold modules and settings.
        let output = std::process::Command::new(program)
            .args(args)
            .current_dir("/")
            .stdin(std::process::Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then_some(text)
    }

    fn home(&self) -> Option<PathBuf> {
        variable("HOME").map(PathBuf::from)
    }
}
