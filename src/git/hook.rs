//! Hooks of Git's that call `happy`: put in, found again, taken out.
//!
//! Somebody else's hook is never overwritten. Ours is a marked block in it, or
//! stands before it where a block cannot go in (another language, a link, a
//! file that Git does not run). Taking ours out restores every byte. Where Git
//! knows configured hooks (2.54), the block stands in its configuration.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::config::expand_home;
use super::{Error, Repo, Result};

/// What happens in Git that we listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A commit was made.
    PostCommit,
    /// Another commit was checked out.
    PostCheckout,
    /// A merge was made, or a pull.
    PostMerge,
    /// Commits were rewritten: a rebase, an amended commit.
    PostRewrite,
    /// Commits are about to be pushed.
    PrePush,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::PostCommit,
        Self::PostCheckout,
        Self::PostMerge,
        Self::PostRewrite,
        Self::PrePush,
    ];

    /// Its name, which is its file's.
    pub fn name(self) -> &'static str {
        match self {
            Self::PostCommit => "post-commit",
            Self::PostCheckout => "post-checkout",
            Self::PostMerge => "post-merge",
            Self::PostRewrite => "post-rewrite",
            Self::PrePush => "pre-push",
        }
    }

    /// The event of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// What a hook file runs.
    fn shim(self) -> String {
        match self {
            Self::PrePush => include_str!("../../hooks/pre-push.sh").to_owned(),
            _ => include_str!("../../hooks/warm.sh").replace("EVENT", self.name()),
        }
    }
}

const BEGIN: &[u8] = b"# >>> happy >>>";
const END: &[u8] = b"# <<< happy <<<\n";
/// The file is ours alone: with the block it goes.
const WHOLE: &str = " file";
/// The line before the block had no end.
const JOINED: &str = " joined";
/// Behind the name of a hook that ours stands before.
const KEPT: &str = ".before-happy";
const SHELL: &str = "#!/bin/sh\n";

/// How ours stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not at all.
    Absent,
    /// In a file of its own.
    File,
    /// As a block in somebody's hook.
    Block,
    /// Before somebody's hook, which it runs.
    Wrapped,
    /// In Git's configuration.
    Configured,
    /// As another version of `happy` wrote it.
    Outdated,
}

impl State {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::File => "file",
            Self::Block => "block",
            Self::Wrapped => "wrapped",
            Self::Configured => "configured",
            Self::Outdated => "outdated",
        }
    }
}

/// A hook as it is found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it listens to.
    pub event: Event,
    /// How ours stands.
    pub state: State,
    /// The file that ours stands in, or would.
    pub path: PathBuf,
    /// Whether somebody else's hook runs there too.
    pub others: bool,
}

/// The folder that Git runs hooks from.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The folder; it may not exist yet.
    pub path: PathBuf,
    /// It lies outside the repository, so others may use it.
    pub shared: bool,
    /// It lies in the working tree, so it may be committed.
    pub tracked: bool,
}

impl Repo {
    /// Where Git looks for hook files: `core.hooksPath`, or `hooks` in the
    /// folder that all working trees share.
    pub fn hooks_folder(&self) -> Folder {
        let base = self.work_dir().unwrap_or(self.git_dir());
        let Some(setting) = self.config().string("core.hooksPath") else {
            let path = self.common_dir().join("hooks");
            return Folder {
                path,
                shared: false,
                tracked: false,
            };
        };
        let path = base.join(expand_home(&setting, self.environment()));
        // A link, or `..`, may lead anywhere: what counts is where it ends.
        let real = resolved(&path);
        let common = resolved(self.common_dir());
        let tree = self.work_dir().map(resolved);
        let inside = real.starts_with(&common);
        let tracked = !inside && tree.is_some_and(|tree| real.starts_with(tree));
        Folder {
            shared: !inside && !tracked,
            path: real,
            tracked,
        }
    }
}

/// A path without links and `..`, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => resolved(parent).join(name),
        (Some(parent), None) => resolved(parent).parent().unwrap_or(parent).to_owned(),
        _ => path.to_owned(),
    }
}

/// How ours stands in a folder of hooks.
pub fn find(folder: &Path, event: Event) -> Result<Found> {
    let path = folder.join(event.name());
    let kept = kept_path(&path);
    let text = read(&path)?.filter(|_| !is_link(&path));
    let block = text.as_deref().and_then(Block::find);
    let (state, others) = match (&text, block) {
        (Some(text), Some(block)) => {
            let wrapped = exists(&kept);
            let current = text[block.start..block.end] == rendered(event, block.flag, wrapped)[..];
            let state = match (current, wrapped, block.flag == WHOLE) {
                (false, ..) => State::Outdated,
                (true, true, _) => State::Wrapped,
                (true, false, true) => State::File,
                (true, false, false) => State::Block,
            };
            (state, wrapped || block.without(text) != SHELL.as_bytes())
        }
        _ => (State::Absent, exists(&path)),
    };
    Ok(Found {
        event,
        state,
        path,
        others,
    })
}

/// Puts ours into a folder of hooks; whether anything had to change.
pub fn install(folder: &Path, event: Event) -> Result<bool> {
    let found = find(folder, event)?;
    match found.state {
        State::Absent => {}
        State::Outdated => {
            uninstall(folder, event)?;
        }
        _ => return Ok(false),
    }
    std::fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
    let path = &found.path;
    let block = |flag, wrapped| rendered(event, flag, wrapped);
    if !exists(path) {
        let text = [SHELL.as_bytes(), &block(WHOLE, false)].concat();
        write(path, &text, 0o755)?;
        return Ok(true);
    }
    if let Some((text, mode, at)) = shell_script(path)? {
        let text = [&text[..at], &block("", false), &text[at..]].concat();
        write(path, &text, mode)?;
        return Ok(true);
    }
    let kept = kept_path(path);
    if exists(&kept) {
        let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(Error::io("keep the hook as", &kept, taken));
    }
    std::fs::rename(path, &kept).map_err(|error| Error::io("rename", path, error))?;
    let text = [SHELL.as_bytes(), &block(WHOLE, true)].concat();
    if let Err(error) = write(path, &text, 0o755) {
        // The hook that was there comes back, whatever else fails.
        let _ = std::fs::rename(&kept, path);
        return Err(error);
    }
    Ok(true)
}

/// Takes ours out of a folder of hooks; whether there was anything.
pub fn uninstall(folder: &Path, event: Event) -> Result<bool> {
    let path = folder.join(event.name());
    if is_link(&path) {
        return Ok(false);
    }
    let Some(text) = read(&path)? else {
        return Ok(false);
    };
    let Some(block) = Block::find(&text) else {
        return Ok(false);
    };
    let rest = block.without(&text);
    let kept = kept_path(&path);
    let ours_alone = block.flag == WHOLE && rest == SHELL.as_bytes();
    if ours_alone && exists(&kept) {
        std::fs::rename(&kept, &path).map_err(|error| Error::io("rename", &kept, error))?;
    } else if ours_alone {
        std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
    } else {
        let meta = std::fs::metadata(&path).map_err(|error| Error::io("read", &path, error))?;
        write(&path, &rest, meta.permissions().mode() & 0o7777)?;
    }
    Ok(true)
}

/// Whether that version of Git, as `git version` says it, runs configured hooks.
pub fn knows_configured_hooks(version: &str) -> bool {
    let mut numbers = version
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or_default()
        .split('.')
        .map(|number| number.parse::<u32>().unwrap_or_default());
    (numbers.next(), numbers.next()) >= (Some(2), Some(54))
}

/// How ours stands in the repository's configuration.
pub fn find_configured(config: &Path, event: Event) -> Result<Found> {
    let text = read(config)?.unwrap_or_default();
    let block = Block::find(&text).map(|block| text[block.start..block.end].to_vec());
    let section = configured(event);
    let ours = block.is_some_and(|block| holds(&block, section.as_bytes()));
    Ok(Found {
        event,
        state: if ours {
            State::Configured
        } else {
            State::Absent
        },
        path: config.to_owned(),
        others: false,
    })
}

/// Puts ours for these events, and no other, into the repository's
/// configuration; whether anything had to change.
pub fn configure(config: &Path, events: &[Event]) -> Result<bool> {
    let guard = ConfigLock::take(config)?;
    let text = read(config)?.unwrap_or_default();
    let mut new = match Block::find(&text) {
        Some(block) => block.without(&text),
        None => text.clone(),
    };
    if !events.is_empty() {
        let joined = !new.is_empty() && !new.ends_with(b"\n");
        new.extend_from_slice(if joined { b"\n" } else { b"" });
        new.extend_from_slice(BEGIN);
        new.extend_from_slice(if joined { JOINED } else { "" }.as_bytes());
        new.push(b'\n');
        for event in events {
            new.extend_from_slice(configured(*event).as_bytes());
        }
        new.extend_from_slice(END);
    }
    if new == text {
        return Ok(false);
    }
    guard.replace(&new)?;
    Ok(true)
}

/// The section of Git's configuration that runs a hook of ours. Git ends the
/// command with the hook's arguments; only an exit code of 1 stops anything.
fn configured(event: Event) -> String {
    let name = event.name();
    format!(
        "[hook \"happy-{name}\"]\n\tevent = {name}\n\tcommand = \"happy_hook() {{ command -v happy >/dev/null 2>&1 || return 0; happy hook run {name} \\\"$@\\\" || [ $? -ne 1 ]; }}; happy_hook\"\n"
    )
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// The block for an event, with its marks.
fn rendered(event: Event, flag: &str, wrapped: bool) -> Vec<u8> {
    let mut text = BEGIN.to_vec();
    text.extend_from_slice(flag.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(event.shim().as_bytes());
    if wrapped {
        // The kept hook runs as it did before: if Git would have run it.
        let line = format!("[ ! -x \"$0{KEPT}\" ] || exec \"$0{KEPT}\" \"$@\"\n");
        text.extend_from_slice(line.as_bytes());
    }
    text.extend_from_slice(END);
    text
}

/// Where a block stands in a text.
struct Block {
    start: usize,
    end: usize,
    flag: &'static str,
}

impl Block {
    fn find(text: &[u8]) -> Option<Self> {
        let start = memchr::memmem::find_iter(text, BEGIN)
            .find(|start| *start == 0 || text[start - 1] == b'\n')?;
        let rest = &text[start + BEGIN.len()..];
        let flag = [WHOLE, JOINED]
            .into_iter()
            .find(|flag| rest.starts_with(flag.as_bytes()))
            .unwrap_or_default();
        let end = memchr::memmem::find(rest, END)?;
        Some(Self {
            start,
            end: start + BEGIN.len() + end + END.len(),
            flag,
        })
    }

    fn without(&self, text: &[u8]) -> Vec<u8> {
        let start = self.start - usize::from(self.flag == JOINED);
        [&text[..start], &text[self.end..]].concat()
    }
}

/// A shell script that Git runs: its text, its mode, and where a block goes in.
fn shell_script(path: &Path) -> Result<Option<(Vec<u8>, u32, usize)>> {
    if is_link(path) {
        return Ok(None);
    }
    let meta = std::fs::metadata(path).map_err(|error| Error::io("read", path, error))?;
    let mode = meta.permissions().mode() & 0o7777;
    let text = read(path)?.unwrap_or_default();
    let Some(end) = memchr::memchr(b'\n', &text) else {
        return Ok(None);
    };
    let line = String::from_utf8_lossy(&text[..end]).into_owned();
    let Some(words) = line.strip_prefix("#!") else {
        return Ok(None);
    };
    let mut words = words.split([' ', '\t']).filter(|word| !word.is_empty());
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let mut interpreter = words.next().map(name).unwrap_or_default();
    if interpreter == "env" {
        interpreter = words.next().map(name).unwrap_or_default();
    }
    let shells = ["sh", "bash", "dash", "ash", "ksh", "zsh"];
    let good = shells.contains(&interpreter.as_str()) && mode & 0o100 != 0 && !text.contains(&0);
    Ok(good.then_some((text, mode, end + 1)))
}

/// The hook that ours stands before.
fn kept_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(KEPT);
    path.with_file_name(name)
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| !meta.is_file())
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        // A link to nowhere or a folder is somebody's business, not ours.
        Err(_) if is_link(path) => Ok(Some(Vec::new())),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

/// Writes beside and renames into place: never half a hook.
fn write(path: &Path, text: &[u8], mode: u32) -> Result<()> {
    let fail = |error| Error::io("write", path, error);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(text).map_err(fail)?;
    let permissions = std::fs::Permissions::from_mode(mode);
    file.as_file().set_permissions(permissions).map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Git's own lock on its configuration file.
struct ConfigLock<'a> {
    config: &'a Path,
    lock: PathBuf,
}

impl<'a> ConfigLock<'a> {
    fn take(config: &'a Path) -> Result<Self> {
        let mut name = config.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let lock = config.with_file_name(name);
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&lock)
            .map_err(|error| Error::io("lock", &lock, error))?;
        Ok(Self { config, lock })
    }

    fn replace(&self, text: &[u8]) -> Result<()> {
        let mode = std::fs::metadata(self.config).map_or(0o644, |meta| meta.permissions().mode());
        write(self.config, text, mode & 0o7777)
    }
}

impl Drop for ConfigLock<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.lock);
    }
}
