//! What surrounds a run: environment, current folder, clock, terminal, signals.
//! Nothing else in the program asks for these.

use std::cell::{Cell, OnceCell, RefCell};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::error::Error;
use super::gaps;
use super::output::Output;
use super::progress::Bar;
use super::signals::Signals;
use super::sources::{CommitSource, WorktreeSource, source_files};
use crate::git::{self, Environment, ObjectId, Repo, Worktree};
use crate::index::{
    Builder, Mode, ObjectFormat, Owner, Progress, Snapshot, Source, SourceFile, Store, Warning,
    Writer, snapshot_fingerprint,
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

    /// Fail where part of the repository cannot be read, instead of warning
    #[arg(long, global = true, help_heading = "Global options")]
    pub strict: bool,

    /// Wait so many seconds while another process writes the index
    ///
    /// Without it, the setting `lockTimeout`: 600.
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        help_heading = "Global options"
    )]
    pub lock_timeout: Option<u64>,

    /// Use so many threads
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Global options")]
    pub jobs: Option<u16>,

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
    /// What standard input held, once it was read.
    pub piped: OnceCell<Vec<Vec<u8>>>,
    started: Instant,
    /// Stored snapshots are not to be used: one proved damaged.
    distrust: Cell<bool>,
    warned: RefCell<Vec<String>>,
}

/// A snapshot, and how to read the files that it is of.
pub struct Opened {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Its name for people: a commit's short id, or `worktree`.
    pub name: String,
    /// Whether it had to be built now.
    pub built: bool,
    /// Where in the repository the user stands: empty, or a path with `/` at its end.
    pub prefix: Vec<u8>,
    source: Bytes,
}

enum Bytes {
    Commit(Repo),
    Worktree(Arc<Worktree>),
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
            piped: OnceCell::new(),
            started: Instant::now(),
            distrust: Cell::new(false),
            warned: RefCell::default(),
        }
    }

    /// Whether to run again after that failure: a block of a snapshot proved
    /// damaged when it was read, so the snapshot is to be built anew. What was
    /// written until then was right, and is not written again.
    pub fn starts_over(&self, error: &Error) -> bool {
        let Error::Index(damage) = error else {
            return false;
        };
        if !damage.is_rebuildable() || self.args.no_auto_index || self.distrust.replace(true) {
            return false;
        }
        self.warn(&format!("{damage}; it is built again"));
        self.output.start_over();
        true
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
        Ok(Store::open(&self.index_root(repo), owner, Mode::Disk)?)
    }

    /// Where the index of a repository lies.
    pub fn index_root(&self, repo: &Repo) -> PathBuf {
        let named = self.args.index_dir.clone();
        named
            .or_else(|| super::settings::index_dir(repo))
            .unwrap_or_else(|| repo.happy_dir())
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
        let opened = |snapshot, built| Opened {
            snapshot,
            name: commit.short(),
            built,
            prefix: repo.prefix().to_vec(),
            source: Bytes::Commit(repo.clone()),
        };
        let found = || -> Result<Option<Opened>, Error> {
            let found = self.usable(store.snapshot(commit.as_bytes()))?;
            self.unless_mended(found.map(|snapshot| opened(snapshot, false)))
        };
        if let Some(found) = found()? {
            return self.tell_gaps(found, &[]);
        }
        self.may_build(&commit.short())?;
        let writer = self.writer(store)?;
        // Whoever had the lock may have built it.
        if let Some(found) = found()? {
            return self.tell_gaps(found, &[]);
        }
        let listing = repo.files(commit)?;
        let attributes = repo.attributes(&listing.files);
        let files = source_files(&listing.files, &attributes);
        let source = CommitSource {
            repo: repo.clone(),
            files: &files,
        };
        let lost = gaps::lost_folders(&listing.skipped);
        let tree = repo.tree_of(commit)?;
        let identity =
            store
                .owner()
                .identity(commit.as_bytes(), tree.as_bytes(), snapshot_fingerprint());
        let snapshot = self.build(store, &files, &source, &writer, identity, |builder| {
            // What lacks whole folders is not kept: they may be back tomorrow.
            if lost.is_empty() {
                self.or_in_memory(builder, writer.publish(commit.as_bytes(), builder))
            } else {
                Snapshot::new(builder.to_segment()?)
            }
        })?;
        drop(writer);
        self.tell(&store.warnings());
        self.tell_gaps(opened(snapshot, true), &lost)
    }

    fn open_worktree(
        &self,
        repo: &Repo,
        store: &Store,
        worktree: Worktree,
    ) -> Result<Opened, Error> {
        let key = worktree.id();
        let id = worktree_name(repo);
        let lost = gaps::unreadable(&worktree);
        let worktree = Arc::new(worktree);
        let opened = |snapshot, built| Opened {
            snapshot,
            name: "worktree".to_owned(),
            built,
            prefix: repo.prefix().to_vec(),
            source: Bytes::Worktree(Arc::clone(&worktree)),
        };
        let found = || -> Result<Option<Opened>, Error> {
            let found = self.usable(store.worktree(&id, key.as_bytes()))?;
            self.unless_mended(found.map(|snapshot| opened(snapshot, false)))
        };
        if let Some(found) = found()? {
            return self.tell_gaps(found, &lost);
        }
        self.may_build("the working tree")?;
        let writer = self.writer(store)?;
        if let Some(found) = found()? {
            return self.tell_gaps(found, &lost);
        }
        let files = source_files(worktree.files(), worktree.attributes());
        let source = WorktreeSource::new(&worktree);
        let identity = store
            .owner()
            .identity(&[], key.as_bytes(), snapshot_fingerprint());
        let snapshot = self.build(store, &files, &source, &writer, identity, |builder| {
            self.or_in_memory(
                builder,
                writer.publish_worktree(&id, key.as_bytes(), builder),
            )
        })?;
        drop(writer);
        self.tell(&store.warnings());
        self.tell_gaps(opened(snapshot, true), &lost)
    }

    /// A snapshot that is published, or where the disk has no room in memory:
    /// the answer is right even if it cannot be kept.
    fn or_in_memory(
        &self,
        builder: &crate::index::SegmentBuilder<'_>,
        published: Result<crate::index::Segment, crate::index::Error>,
    ) -> Result<Snapshot, crate::index::Error> {
        match published {
            Ok(segment) => Snapshot::new(segment),
            Err(error) if error.is_full() => {
                self.warn(&format!("{error}; the index is not saved"));
                Snapshot::new(builder.to_segment()?)
            }
            Err(error) => Err(error),
        }
    }

    /// What was found, unless files that could not be read then can be now.
    fn unless_mended(&self, found: Option<Opened>) -> Result<Option<Opened>, Error> {
        match found {
            Some(opened) if !self.args.no_auto_index && gaps::is_mended(&opened)? => Ok(None),
            found => Ok(found),
        }
    }

    /// Says what is not in the snapshot since it could not be read.
    fn tell_gaps(&self, opened: Opened, lost: &[String]) -> Result<Opened, Error> {
        let gaps = gaps::describe(&opened.snapshot, lost)?;
        if self.args.strict && !gaps.is_empty() {
            return Err(Error::Incomplete {
                what: gaps.join("; "),
            });
        }
        for gap in gaps {
            self.warn(&gap);
        }
        Ok(opened)
    }

    /// The right to write; while another process has it, the user is told.
    pub fn writer<'s>(&self, store: &'s Store) -> Result<Writer<'s>, Error> {
        let limit = match self.args.lock_timeout {
            Some(seconds) => seconds,
            None => super::settings::load(self)?.number("lockTimeout")?,
        };
        let limit = Duration::from_secs(limit);
        let first = limit.min(PATIENCE);
        match store.write(first, self.now()) {
            Err(crate::index::Error::Busy { .. }) if limit > first => {
                self.warn("another process is indexing; waiting for it");
                Ok(store.write(limit - first, self.now())?)
            }
            begun => Ok(begun?),
        }
    }

    fn open_folder(&self, folder: &Path) -> Result<Opened, Error> {
        let root = self.directory()?.join(folder);
        let plain = super::folder::read(&root)?;
        let owner = Owner {
            repository: Vec::new(),
            object_format: ObjectFormat::Sha1,
        };
        let store = Store::open(&root.join(".happy"), owner, Mode::Memory)?;
        let writer = store.write(Duration::ZERO, self.now())?;
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
            prefix: Vec::new(),
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
            _ if self.distrust.get() => Ok(None),
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
        writer: &Writer<'_>,
        identity: crate::index::Identity,
        publish: impl FnOnce(&crate::index::SegmentBuilder<'_>) -> Result<Snapshot, crate::index::Error>,
    ) -> Result<Snapshot, Error> {
        let signals = Signals::catch();
        let bar = Bar::new(
            !self.args.quiet && std::io::stderr().is_terminal(),
            signals.clone(),
        );
        let progress: &dyn Progress = &bar;
        let builder = Builder {
            store,
            deadline: DEADLINE,
            progress,
        };
        let snapshot = builder.build(files, source, writer, identity, publish);
        let text = bar.finish(self.started.elapsed());
        if let Some(signal) = signals.arrived() {
            return Err(Error::Interrupted { signal });
        }
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
        let mut warned = self.warned.borrow_mut();
        if !self.args.quiet && !warned.iter().any(|known| known == text) {
            self.output.warn(text);
            warned.push(text.to_owned());
        }
    }
}

/// How long to wait for another writer without a word.
const PATIENCE: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(5);

/// A variable of the environment.
pub fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The name of a worktree among those that share an index.
pub fn worktree_name(repo: &Repo) -> String {
    if repo.is_linked_worktree() {
        let name = repo.git_dir().file_name().unwrap_or_default();
        return format!("linked-{}", name.to_string_lossy());
    }
    "main".to_owned()
}
