//! Whether a repository that was found may be read at all.
//!
//! The rules are Git's own: a repository of somebody else is refused unless the
//! user's configuration names it safe, and a format that is not understood is
//! refused rather than misread.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::config::{Config, expand_home};
use super::discover::Found;
use super::environment::Environment;
use super::{Error, ObjectFormat, Result};

/// What the repository's own configuration says about its format.
#[derive(Clone, Debug)]
pub(super) struct Format {
    pub(super) objects: ObjectFormat,
    /// True if references lie in a reftable, which only the `git` program reads.
    pub(super) reftable: bool,
}

/// Extensions that Git honours whatever the format version.
const ALWAYS: &[&str] = &["noop", "preciousobjects", "partialclone", "worktreeconfig"];
/// Extensions that need format version 1.
const VERSION_1: &[&str] = &[
    "noop-v1",
    "objectformat",
    "compatobjectformat",
    "refstorage",
    "relativeworktrees",
];

/// Refuses a repository that somebody else owns or that was found by accident.
pub(super) fn check_owner(
    found: &Found,
    protected: &Config,
    environment: &Environment,
) -> Result<()> {
    if found.explicit {
        return Ok(());
    }
    if found.work_dir.is_none()
        && is_explicit_only(protected, environment)
        && !is_implicit_bare(&found.git_dir)
    {
        return Err(Error::UnsafeBare {
            path: found.git_dir.clone(),
        });
    }
    let paths = [
        found.link.as_deref(),
        found.work_dir.as_deref(),
        Some(found.git_dir.as_path()),
    ];
    for path in paths.into_iter().flatten() {
        let meta =
            std::fs::symlink_metadata(path).map_err(|error| Error::io("open", path, error))?;
        if is_mine(meta.uid(), environment) {
            continue;
        }
        let repository = found.work_dir.as_deref().unwrap_or(&found.git_dir);
        if is_listed(repository, protected, environment) {
            return Ok(());
        }
        return Err(Error::ForeignOwner {
            path: path.to_owned(),
            repository: repository.to_owned(),
            owner: meta.uid(),
            user: rustix::process::geteuid().as_raw(),
        });
    }
    Ok(())
}

/// Root owns what root owns, and under `sudo` also what the calling user owns.
fn is_mine(owner: u32, environment: &Environment) -> bool {
    let user = rustix::process::geteuid().as_raw();
    if user == 0 && owner != 0 {
        let caller = environment.get("SUDO_UID").and_then(|id| id.to_str());
        return caller.and_then(|id| id.parse::<u32>().ok()) == Some(owner);
    }
    user == owner
}

/// True if `safe.directory`, outside the repository, names `repository`.
fn is_listed(repository: &Path, protected: &Config, environment: &Environment) -> bool {
    let mut values = protected.strings("safe.directory");
    values.extend(environment.config_values("safe.directory"));
    let mut safe = false;
    for value in values {
        if value.is_empty() {
            // An empty value takes back all that stand before it.
            safe = false;
            continue;
        }
        if value == b"*" {
            safe = true;
            continue;
        }
        let (value, below) = match value.strip_suffix(b"/*") {
            Some(parent) => (parent.to_vec(), true),
            None => (value, false),
        };
        let path = expand_home(&value, environment);
        let path = path.canonicalize().unwrap_or(path);
        safe |= if below {
            repository != path && repository.starts_with(&path)
        } else {
            repository == path
        };
    }
    safe
}

fn is_explicit_only(protected: &Config, environment: &Environment) -> bool {
    let last = environment.config_values("safe.bareRepository").pop();
    let last = last.or_else(|| protected.string("safe.bareRepository"));
    last.is_some_and(|value| value == b"explicit")
}

/// Folders inside `.git` are no bare repository that somebody slipped in.
fn is_implicit_bare(git_dir: &Path) -> bool {
    let bytes = git_dir.as_os_str().as_bytes();
    let within = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    bytes.ends_with(b"/.git") || within(b"/.git/worktrees/") || within(b"/.git/modules/")
}

/// Reads the format, and refuses one that is not understood.
pub(super) fn check_format(local: &Config) -> Result<Format> {
    let version = local
        .integer("core.repositoryFormatVersion")?
        .unwrap_or_default();
    if !(0..=1).contains(&version) {
        return Err(Error::UnsupportedFormat { version });
    }
    let mut format = Format {
        objects: ObjectFormat::Sha1,
        reftable: false,
    };
    for (key, value) in local.section("extensions") {
        let unknown = || Error::UnknownExtension { name: key.clone() };
        let value = String::from_utf8_lossy(&value).into_owned();
        let odd_value = || Error::UnknownExtension {
            name: format!("{key} = {value}"),
        };
        match key.as_str() {
            known if ALWAYS.contains(&known) => {}
            known if VERSION_1.contains(&known) && version == 0 => return Err(unknown()),
            "objectformat" => {
                format.objects = match value.as_str() {
                    "sha1" => ObjectFormat::Sha1,
                    "sha256" => ObjectFormat::Sha256,
                    _ => return Err(odd_value()),
                };
            }
            "refstorage" => {
                format.reftable = match value.as_str() {
                    "files" => false,
                    "reftable" => true,
                    _ => return Err(odd_value()),
                };
            }
            known if VERSION_1.contains(&known) => {}
            // Version 0 promises nothing about extensions, and Git ignores them there.
            _ if version == 0 => {}
            _ => return Err(unknown()),
        }
    }
    Ok(format)
}
