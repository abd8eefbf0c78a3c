//! Configuration as data: what is read decides how, never what is executed.

use std::io::Read;
use std::path::{Path, PathBuf};

use gix::config::file::Metadata;
use gix::config::file::includes::Options as Includes;
use gix::config::{File, Source};

use super::environment::Environment;
use super::{Error, Result};

/// A configuration file past this size is not one.
const MAX_BYTES: u64 = 16 << 20;

/// Configuration files in the order Git reads them: a later one wins.
pub(super) struct Config {
    files: Vec<File>,
}

impl Config {
    /// The files outside any repository: the system's and the user's.
    ///
    /// Git calls these protected: no repository can write them, so `safe.*` is
    /// believed from here alone.
    pub(super) fn protected(environment: &Environment) -> Result<Self> {
        let mut paths = Vec::new();
        if !environment.flag("GIT_CONFIG_NOSYSTEM") {
            let system = environment.path("GIT_CONFIG_SYSTEM");
            paths.push((
                system.unwrap_or_else(|| "/etc/gitconfig".into()),
                Source::System,
            ));
        }
        let home = environment.path("HOME");
        if environment.is_set("GIT_CONFIG_GLOBAL") {
            paths.extend(
                environment
                    .path("GIT_CONFIG_GLOBAL")
                    .map(|path| (path, Source::User)),
            );
        } else {
            let xdg = environment.path("XDG_CONFIG_HOME");
            let xdg = xdg.or_else(|| home.as_ref().map(|home| home.join(".config")));
            paths.extend(xdg.map(|xdg| (xdg.join("git/config"), Source::Git)));
            paths.extend(
                home.as_ref()
                    .map(|home| (home.join(".gitconfig"), Source::User)),
            );
        }
        let mut files = Vec::new();
        for (path, source) in paths {
            let mut follow = Includes::follow_without_conditional(home.as_deref());
            follow.err_on_missing_config_path = false;
            files.extend(load(&path, source, follow)?);
        }
        Ok(Self { files })
    }

    /// The repository's own files, without the files they include: a path that
    /// a repository chooses is not ours to open.
    pub(super) fn local(git_dir: &Path, common_dir: &Path) -> Result<Self> {
        let mut local = Self { files: Vec::new() };
        local.files.extend(load(
            &common_dir.join("config"),
            Source::Local,
            Includes::no_follow(),
        )?);
        if local
            .boolean("extensions.worktreeConfig")?
            .unwrap_or_default()
        {
            let worktree = git_dir.join("config.worktree");
            local
                .files
                .extend(load(&worktree, Source::Worktree, Includes::no_follow())?);
        }
        Ok(local)
    }

    /// These files, then `later`, which wins.
    pub(super) fn then(mut self, later: Self) -> Self {
        self.files.extend(later.files);
        self
    }

    /// The last value of `key` that stands outside the repository.
    pub(super) fn protected_string(&self, key: &str) -> Option<Vec<u8>> {
        let local = |file: &&File| matches!(file.meta().source, Source::Local | Source::Worktree);
        let mut files = self.files.iter().rev().filter(|file| !local(file));
        files.find_map(|file| file.string(key)).map(Vec::from)
    }

    /// The last value of `key`.
    pub(super) fn string(&self, key: &str) -> Option<Vec<u8>> {
        self.files
            .iter()
            .rev()
            .find_map(|file| file.string(key))
            .map(Vec::from)
    }

    /// Every value of `key`, in order.
    pub(super) fn strings(&self, key: &str) -> Vec<Vec<u8>> {
        let values = self.files.iter().filter_map(|file| file.strings(key));
        values.flatten().map(Vec::from).collect()
    }

    /// The last value of `key` as a boolean.
    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>> {
        for file in self.files.iter().rev() {
            let value = file
                .boolean(key)
                .map_err(|error| invalid(file, key, &error))?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// The last value of `key` as a number.
    pub(super) fn integer(&self, key: &str) -> Result<Option<i64>> {
        for file in self.files.iter().rev() {
            let value = file
                .integer(key)
                .map_err(|error| invalid(file, key, &error))?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// Every key of `section` with its value, in order; keys in lower case.
    pub(super) fn section(&self, section: &str) -> Vec<(String, Vec<u8>)> {
        let mut out = Vec::new();
        for file in &self.files {
            for body in file.sections_by_name(section).into_iter().flatten() {
                for name in body.value_names() {
                    let value = body.value(&name).map(Vec::from).unwrap_or_default();
                    let key = match body.header().subsection_name() {
                        Some(sub) => format!("{sub}.{name}"),
                        None => name.clone(),
                    };
                    out.push((key.to_ascii_lowercase(), value));
                }
            }
        }
        out
    }

    /// Every value of `section`: its key as it is written, the file it stands
    /// in, and whether a repository holds that file.
    pub(super) fn placed(&self, section: &str) -> Vec<(String, Vec<u8>, PathBuf, bool)> {
        let mut out = Vec::new();
        for file in &self.files {
            let meta = file.meta();
            let local = matches!(meta.source, Source::Local | Source::Worktree);
            for body in file.sections_by_name(section).into_iter().flatten() {
                for name in body.value_names() {
                    // A key without a value means true.
                    let value = body
                        .value(&name)
                        .map_or_else(|| b"true".to_vec(), Vec::from);
                    let key = match body.header().subsection_name() {
                        Some(sub) => format!("{sub}.{name}"),
                        None => name.clone(),
                    };
                    let path = meta.path.clone().unwrap_or_default();
                    out.push((key, value, path, local));
                }
            }
        }
        out
    }
}

/// Expands a leading `~/` to the user's home, and leaves the rest alone.
pub(super) fn expand_home(value: &[u8], environment: &Environment) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    let path = Path::new(std::ffi::OsStr::from_bytes(value));
    match (path.strip_prefix("~"), environment.path("HOME")) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn load(path: &Path, source: Source, includes: Includes<'_>) -> Result<Option<File>> {
    let fail = |reason: String| Error::Config {
        path: path.to_owned(),
        reason,
    };
    match std::fs::metadata(path) {
        // A pipe would block for ever, and a device may never end.
        Ok(meta) if !meta.is_file() => return Ok(None),
        Ok(meta) if meta.len() > MAX_BYTES => return Err(fail("it is too large".into())),
        Ok(_) => {}
        Err(_) => return Ok(None),
    }
    let mut bytes = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => {}
        // The user's own file may be out of reach, as in a sandboxed build; the
        // repository's may not, since its format stands there.
        Err(_) if matches!(source, Source::System | Source::Git | Source::User) => return Ok(None),
        Err(error) => return Err(Error::io("read", path, error)),
    }
    let meta = Metadata::from(source).at(path).with(gix::sec::Trust::Full);
    let options = gix::config::file::init::Options {
        includes,
        ..Default::default()
    };
    File::from_bytes_owned(&mut bytes, meta, options)
        .map(Some)
        .map_err(|error| fail(error.to_string()))
}

fn invalid(file: &File, key: &str, error: &dyn std::fmt::Display) -> Error {
    let path = file.meta().path.clone().unwrap_or_default();
    Error::Config {
        path,
        reason: format!("`{key}`: {error}"),
    }
}
