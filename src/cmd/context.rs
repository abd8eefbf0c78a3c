//! What surrounds a run: environment, current folder, clock, terminal, signals.
//! Nothing else in the program asks for these.

use std::cell::{Cell, OnceCell, RefCell};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

pub use super::arguments::{AtArgs, GlobalArgs};
use super::error::Error;
use super::gaps;
use super::meaning::Payment;
use super::opened::Bytes;
pub use super::opened::Opened;
use super::output::Output;
use super::progress::Bar;
use super::signals::Signals;
use super::sources::{CommitSource, WorktreeSource, source_files};
pub use super::state::worktree_name;
use super::state::{self, State};
use crate::git::{self, Environment, ObjectId, Repo, Worktree};
use crate::index::{
    Builder, Meaning, Mode, ObjectFormat, Owner, Progress, Snapshot, Source, SourceFile, Store,
    Warning, Writer, snapshot_fingerprint,
};

/// A run of a verb.
pub struct Context {
    /// Options that every verb has.
    pub args: GlobalArgs,
    /// Where records go.
    pub output: Output,
    /// What standard input held, once it was read.
    pub piped: OnceCell<Vec<Vec<u8>>>,
    /// What is read in the place of standard input, where another program asks.
    pub input: Option<Vec<u8>>,
    /// The snapshots that were opened so far, the last one last.
    pub states: RefCell<Vec<State>>,
    watcher: Option<Arc<dyn Progress + Send + Sync>>,
    /// Where a program that embeds this one is: its environment, and how it
    /// stops what takes long. A process of its own asks the system instead.
    host: Option<Host>,
    started: Instant,
    /// Stored snapshots are not to be used: one proved damaged.
    distrust: Cell<bool>,
    /// Whose vectors snapshots must have.
    pub meaning: super::meaning::Choice,
    warned: RefCell<Vec<String>>,
}

/// What a program gives that embeds this one.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Its environment, captured where nobody changes it meanwhile.
    pub environment: Environment,
    /// The number of the signal that came; 0 while none did.
    pub signal: Arc<AtomicUsize>,
}

impl Host {
    fn is_stopped(&self) -> bool {
        self.signal.load(Ordering::SeqCst) != 0
    }
}

impl Context {
    /// For a run with these options.
    pub fn new(args: GlobalArgs) -> Self {
        let output = Output::new(args.format, args.color, variable("NO_COLOR").is_some());
        Self::with(args, output)
    }

    fn with(args: GlobalArgs, output: Output) -> Self {
        super::added::install();
        Self {
            args,
            output,
            piped: OnceCell::new(),
            input: None,
            states: RefCell::default(),
            watcher: None,
            host: None,
            started: Instant::now(),
            distrust: Cell::new(false),
            meaning: super::meaning::Choice::default(),
            warned: RefCell::default(),
        }
    }

    /// For a run that another program asks for: records go to `output`, `input`
    /// stands for standard input, and `watcher` hears of indexing in the place
    /// of the bar and can stop it.
    pub fn asked(
        args: GlobalArgs,
        output: Output,
        input: Vec<u8>,
        watcher: Arc<dyn Progress + Send + Sync>,
    ) -> Self {
        Self {
            input: Some(input),
            watcher: Some(watcher),
            ..Self::with(args, output)
        }
    }

    /// For a program that embeds this one: nothing is printed, no signal is
    /// caught, and warnings wait in [`Context::warnings`]. With `distrust`,
    /// stored snapshots are built anew.
    pub fn embedded(mut args: GlobalArgs, host: Host, distrust: bool) -> Self {
        args.quiet = true;
        let mut context = Self::new(args);
        context.host = Some(host);
        context.distrust = Cell::new(distrust);
        context
    }

    /// What was, or would have been, said on standard error.
    pub fn warnings(&self) -> Vec<String> {
        self.warned.borrow().clone()
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
        let environment = match &self.host {
            Some(host) => host.environment.clone(),
            None => Environment::from_vars(std::env::vars_os()),
        };
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
        for problem in super::added::problems() {
            self.warn(problem);
        }
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
        if let Ok(commit) = repo.resolve("HEAD")
            && worktree.is_clean_against(commit)?
        {
            return self.open_commit(&repo, &store, commit);
        }
        self.open_worktree(&repo, &store, worktree)
    }

    /// The snapshot of a commit, as it is without any import.
    pub fn open_own(&self, repo: &Repo, store: &Store, commit: ObjectId) -> Result<Opened, Error> {
        let opened = |snapshot, built| Opened {
            snapshot,
            name: commit.short(),
            built,
            prefix: repo.prefix().to_vec(),
            imported: false,
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
            imported: false,
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
    pub(super) fn tell_gaps(&self, opened: Opened, lost: &[String]) -> Result<Opened, Error> {
        self.states.borrow_mut().push(State::of(&opened));
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
                let left = limit.saturating_sub(first);
                match &self.host {
                    None => Ok(store.write(left, self.now())?),
                    Some(host) => self.wait(store, left, host),
                }
            }
            begun => Ok(begun?),
        }
    }

    /// Waits for the right to write, in steps between which it can be stopped.
    fn wait<'s>(
        &self,
        store: &'s Store,
        limit: Duration,
        host: &Host,
    ) -> Result<Writer<'s>, Error> {
        let begun = Instant::now();
        loop {
            if host.is_stopped() {
                return Err(Error::Interrupted { signal: 2 });
            }
            let left = limit.saturating_sub(begun.elapsed());
            match store.write(left.min(PATIENCE), self.now()) {
                Err(crate::index::Error::Busy { .. }) if left > PATIENCE => {}
                ended => return Ok(ended?),
            }
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
        let opened = Opened {
            snapshot,
            name: "folder".to_owned(),
            built: true,
            prefix: Vec::new(),
            imported: false,
            source: Bytes::Folder(root),
        };
        self.states.borrow_mut().push(State::of(&opened));
        Ok(opened)
    }

    /// A snapshot that this program can use; one that is damaged, or was made
    /// by another version of the linker, is made again.
    pub(super) fn usable(
        &self,
        found: Result<Option<crate::index::Segment>, crate::index::Error>,
    ) -> Result<Option<Snapshot>, Error> {
        match found {
            _ if self.distrust.get() => Ok(None),
            Ok(Some(segment)) if segment.identity().fingerprint == snapshot_fingerprint() => {
                match Snapshot::new(segment) {
                    Ok(snapshot) => Ok(self.meaning.accepts(&snapshot)?.then_some(snapshot)),
                    Err(error) if error.is_rebuildable() => {
                        self.warn(&format!("{error}; it is built again"));
                        Ok(None)
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Ok(Some(segment)) => {
                let names = Snapshot::added_languages(&segment);
                if let Some(text) = super::added::missing(&names) {
                    self.warn(&text);
                }
                Ok(None)
            }
            Ok(None) => Ok(None),
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
        if let Some(watcher) = &self.watcher {
            let payment = (self.meaning.endpoint())
                .map(|endpoint| Payment::unseen(endpoint, Arc::clone(watcher)));
            let builder = Builder {
                store,
                deadline: DEADLINE,
                progress: &**watcher,
                meaning: payment.as_ref().map(|payment| payment as &dyn Meaning),
            };
            return Ok(builder.build(files, source, writer, identity, publish)?);
        }
        let signals = match &self.host {
            Some(host) => Signals::told(Arc::clone(&host.signal)),
            None => Signals::catch(),
        };
        let bar = Bar::new(
            !self.args.quiet && std::io::stderr().is_terminal(),
            signals.clone(),
        );
        let progress: &dyn Progress = &bar;
        let payment = (self.meaning.endpoint())
            .map(|endpoint| Payment::new(endpoint, self.args.quiet, &signals));
        let builder = Builder {
            store,
            deadline: DEADLINE,
            progress,
            meaning: payment.as_ref().map(|payment| payment as &dyn Meaning),
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
            self.warn(&state::sentence(warning));
        }
    }

    /// Says something on standard error that the user should know.
    pub fn warn(&self, text: &str) {
        let mut warned = self.warned.borrow_mut();
        if !warned.iter().any(|known| known == text) {
            if !self.args.quiet {
                self.output.warn(text);
            }
            warned.push(text.to_owned());
        }
    }
}

/// How long to wait for another writer without a word.
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest time to parse one file.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// A variable of the environment.
pub fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
