//! Where the repository is: the walk up from a folder, `.git` files, and the
//! variables that Git sets for its hooks.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::{Error, Result};

/// A `.git` file is one short line.
const MAX_LINK_BYTES: u64 = 1 << 20;

/// A repository that was found, before anything in it is believed.
#[derive(Debug)]
pub(super) struct Found {
    /// The folder with `HEAD`: of a linked worktree, its own.
    pub(super) git_dir: PathBuf,
    /// The folder with `objects` and `refs`, shared by all worktrees.
    pub(super) common_dir: PathBuf,
    /// The folder that holds the `.git` that led here.
    pub(super) work_dir: Option<PathBuf>,
    /// The `.git` file that led here, if it was a file.
    pub(super) link: Option<PathBuf>,
    /// True if `GIT_DIR` or the caller named it, so that no walk chose it.
    pub(super) explicit: bool,
}

/// Finds the repository that `start` belongs to, as Git does.
pub(super) fn discover(start: &Path, environment: &Environment) -> Result<Found> {
    let start = start
        .canonicalize()
        .map_err(|error| Error::io("open", start, error))?;
    if let Some(git_dir) = environment.path("GIT_DIR") {
        return named(&start.join(git_dir), environment);
    }
    let ceiling = ceiling(&start, environment);
    let across = environment.flag("GIT_DISCOVERY_ACROSS_FILESYSTEM");
    let device = std::fs::metadata(&start)
        .map_err(|error| Error::io("open", &start, error))?
        .dev();
    let mut stopped = start.as_path();
    for dir in start.ancestors() {
        let beyond = ceiling
            .as_ref()
            .is_some_and(|ceiling| ceiling.starts_with(dir));
        let elsewhere = || std::fs::metadata(dir).map_or(true, |meta| meta.dev() != device);
        if beyond || (!across && elsewhere()) {
            break;
        }
        stopped = dir;
        if let Some(found) = at(dir, environment)? {
            return Ok(found);
        }
    }
    let stopped = stopped.to_owned();
    Err(Error::NotARepository { start, stopped })
}

/// The repository at `git_dir`, which may also be a `.git` file or the folder above.
pub(super) fn named(git_dir: &Path, environment: &Environment) -> Result<Found> {
    let path = git_dir.canonicalize().map_err(|error| Error::BrokenLink {
        path: git_dir.to_owned(),
        reason: error.to_string(),
    })?;
    let found = if path.is_file() {
        Some(linked(&path, environment)?)
    } else if is_git_dir(&path, environment) {
        Some(plain(&path, environment)?)
    } else {
        at(&path, environment)?
    };
    let missing = || Error::BrokenLink {
        path,
        reason: "it holds no repository".into(),
    };
    found
        .map(|found| Found {
            explicit: true,
            ..found
        })
        .ok_or_else(missing)
}

/// The repository whose working tree or bare folder is exactly `dir`.
fn at(dir: &Path, environment: &Environment) -> Result<Option<Found>> {
    let dot_git = dir.join(".git");
    match std::fs::metadata(&dot_git) {
        Ok(meta) if meta.is_file() => return linked(&dot_git, environment).map(Some),
        Ok(meta) if meta.is_dir() && is_git_dir(&dot_git, environment) => {
            let git_dir = dot_git
                .canonicalize()
                .map_err(|error| Error::io("open", &dot_git, error))?;
            let found = plain(&git_dir, environment)?;
            return Ok(Some(Found {
                work_dir: Some(dir.to_owned()),
                ..found
            }));
        }
        _ => {}
    }
    if is_git_dir(dir, environment) {
        return plain(dir, environment).map(Some);
    }
    Ok(None)
}

/// Follows a `.git` file, which says `gitdir: <path>`.
fn linked(link: &Path, environment: &Environment) -> Result<Found> {
    let fail = |reason: String| Error::BrokenLink {
        path: link.to_owned(),
        reason,
    };
    let target = read_line(link)?
        .and_then(|line| line.strip_prefix(b"gitdir: ").map(<[u8]>::to_vec))
        .ok_or_else(|| fail("it does not begin with `gitdir: `".into()))?;
    let parent = link.parent().unwrap_or(Path::new("/"));
    let git_dir = parent
        .join(OsStr::from_bytes(&target))
        .canonicalize()
        .map_err(|error| fail(format!("`{}`: {error}", String::from_utf8_lossy(&target))))?;
    if !is_git_dir(&git_dir, environment) {
        return Err(fail(format!("`{}` holds no repository", git_dir.display())));
    }
    let found = plain(&git_dir, environment)?;
    Ok(Found {
        work_dir: Some(parent.to_owned()),
        link: Some(link.to_owned()),
        ..found
    })
}

/// The repository at `git_dir`, whose working tree is not yet known.
fn plain(git_dir: &Path, environment: &Environment) -> Result<Found> {
    let common_dir = common_dir(git_dir, environment)?;
    // Inside `.git`, as some hooks run, the working tree is the folder above.
    let work_dir = (git_dir.file_name() == Some(OsStr::new(".git")))
        .then(|| git_dir.parent().map(Path::to_owned))
        .flatten();
    let git_dir = git_dir.to_owned();
    Ok(Found {
        git_dir,
        common_dir,
        work_dir,
        link: None,
        explicit: false,
    })
}

/// The folder shared by all worktrees of the repository at `git_dir`.
fn common_dir(git_dir: &Path, environment: &Environment) -> Result<PathBuf> {
    if let Some(common) = environment.path("GIT_COMMON_DIR") {
        return absolute(&git_dir.join(common));
    }
    let file = git_dir.join("commondir");
    match read_line(&file)? {
        Some(line) => absolute(&git_dir.join(OsStr::from_bytes(&line))),
        None => Ok(git_dir.to_owned()),
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| Error::BrokenLink {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// What Git's `is_git_directory` asks: a plausible `HEAD`, `objects` and `refs`.
fn is_git_dir(dir: &Path, environment: &Environment) -> bool {
    let Ok(head) = std::fs::symlink_metadata(dir.join("HEAD")) else {
        return false;
    };
    let plausible = if head.is_symlink() {
        std::fs::read_link(dir.join("HEAD")).is_ok_and(|target| target.starts_with("refs"))
    } else {
        head.is_file()
            && read_line(&dir.join("HEAD")).is_ok_and(|line| {
                line.is_some_and(|line| {
                    let hex = line.len() >= 40 && line.iter().all(u8::is_ascii_hexdigit);
                    hex || line
                        .strip_prefix(b"ref:")
                        .is_some_and(|name| name.trim_ascii_start().starts_with(b"refs/"))
                })
            })
    };
    let Ok(common) = common_dir(dir, environment) else {
        return false;
    };
    let objects = environment
        .path("GIT_OBJECT_DIRECTORY")
        .map_or(common.join("objects"), |objects| dir.join(objects));
    plausible && objects.is_dir() && common.join("refs").is_dir()
}

/// The longest of `GIT_CEILING_DIRECTORIES` that `start` lies strictly below.
fn ceiling(start: &Path, environment: &Environment) -> Option<PathBuf> {
    let list = environment.get("GIT_CEILING_DIRECTORIES")?;
    let mut resolve = true;
    let mut longest: Option<PathBuf> = None;
    for entry in list.as_bytes().split(|byte| *byte == b':') {
        if entry.is_empty() {
            // An empty entry says that those after it hold no symbolic links.
            resolve = false;
            continue;
        }
        let path = PathBuf::from(OsStr::from_bytes(entry));
        if !path.is_absolute() {
            continue;
        }
        let path = if resolve {
            path.canonicalize().unwrap_or(path)
        } else {
            path
        };
        let above = start != path && start.starts_with(&path);
        if above
            && longest
                .as_ref()
                .is_none_or(|known| known.as_os_str().len() < path.as_os_str().len())
        {
            longest = Some(path);
        }
    }
    longest
}

/// The first line of a small file without its end; `None` if there is no such file.
fn read_line(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() && meta.len() <= MAX_LINK_BYTES => {}
        Ok(_) => {
            let reason = "it is not a short file".into();
            return Err(Error::BrokenLink {
                path: path.to_owned(),
                reason,
            });
        }
        Err(_) => return Ok(None),
    }
    let mut bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    while bytes
        .last()
        .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
    {
        bytes.pop();
    }
    Ok(Some(bytes))
}
