//! A copy-on-write view of a worktree: what runs in it can change everything
//! it sees, and the worktree stays as it is.
//!
//! What a sandbox must not see is not in the view: `.git`, wherever it lies,
//! and dotenv files. Symbolic links stay links, and point nowhere when what
//! they name is not mounted.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::policy::Mount;

/// A view of a worktree.
#[derive(Debug)]
pub struct TreeView {
    worktree: PathBuf,
    /// What differs from the worktree, or all of it.
    layer: PathBuf,
    overlay: bool,
}

/// Why a view cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A path leaves the tree, names `.git`, or passes through a link.
    #[error("`{path}` {why}")]
    Refused {
        /// The path as it was given.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The file system refused something.
    #[error("`{path}`: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> TreeError {
    let path = path.to_owned();
    move |source| TreeError::Io { path, source }
}

impl TreeView {
    /// A view of `worktree`. What it needs goes to `scratch`, an empty folder.
    /// With `overlay` that is only what differs; without, it is a copy (which
    /// shares its blocks where the file system can do that).
    pub fn new(worktree: &Path, scratch: &Path, overlay: bool) -> Result<Self, TreeError> {
        let worktree = worktree.canonicalize().map_err(at(worktree))?;
        let layer = scratch.canonicalize().map_err(at(scratch))?.join("layer");
        std::fs::create_dir(&layer).map_err(at(&layer))?;
        let permissions = worktree.metadata().map_err(at(&worktree))?.permissions();
        std::fs::set_permissions(&layer, permissions).map_err(at(&layer))?;
        let mut view = Self {
            worktree,
            layer,
            overlay,
        };
        if view.overlay && view.hide_secrets().is_err() {
            // An old kernel lets only the root make the marks that hide.
            view.overlay = false;
            std::fs::remove_dir_all(&view.layer).map_err(at(&view.layer))?;
            std::fs::create_dir(&view.layer).map_err(at(&view.layer))?;
        }
        if !view.overlay {
            copy(&view.worktree, &view.layer)?;
        }
        Ok(view)
    }

    /// The mount that shows the view.
    pub fn mount(&self, inside: impl Into<PathBuf>) -> Mount {
        let inside = inside.into();
        if self.overlay {
            return Mount::Overlay {
                layers: vec![self.layer.clone(), self.worktree.clone()],
                inside,
            };
        }
        Mount::Writable {
            host: self.layer.clone(),
            inside,
        }
    }

    /// Whether the view copies nothing but what differs.
    pub fn is_overlay(&self) -> bool {
        self.overlay
    }

    /// Puts a file into the view, before anything runs in it.
    pub fn write(&self, path: &Path, bytes: &[u8], executable: bool) -> Result<(), TreeError> {
        use std::os::unix::fs::PermissionsExt;
        let file = self.changeable(path)?;
        let parent = file.parent().unwrap_or(&self.layer);
        std::fs::create_dir_all(parent).map_err(at(parent))?;
        std::fs::write(&file, bytes).map_err(at(&file))?;
        let mode = if executable { 0o755 } else { 0o644 };
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).map_err(at(&file))
    }

    /// Takes a file out of the view, before anything runs in it.
    pub fn remove(&self, path: &Path) -> Result<(), TreeError> {
        let file = self.changeable(path)?;
        if self.overlay && self.worktree.join(path).symlink_metadata().is_ok() {
            let parent = file.parent().unwrap_or(&self.layer);
            std::fs::create_dir_all(parent).map_err(at(parent))?;
            hide(&file)?;
        }
        Ok(())
    }

    /// The file of the layer for a path of the tree, with what was there gone.
    fn changeable(&self, path: &Path) -> Result<PathBuf, TreeError> {
        let refused = |why| TreeError::Refused {
            path: path.to_owned(),
            why,
        };
        let mut parts = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(name) if is_git(name) => return Err(refused("names `.git`")),
                Component::Normal(name) => parts.push(name),
                _ => return Err(refused("leaves the tree")),
            }
        }
        let Some((_, folders)) = parts.split_last() else {
            return Err(refused("is the tree itself"));
        };
        for root in [&self.worktree, &self.layer] {
            let mut so_far = root.clone();
            for folder in folders {
                so_far.push(folder);
                match so_far.symlink_metadata() {
                    Ok(meta) if meta.is_symlink() => {
                        return Err(refused("passes through a symbolic link"));
                    }
                    _ => {}
                }
            }
        }
        let file = self.layer.join(path);
        match file.symlink_metadata() {
            Ok(meta) if meta.is_dir() => Err(refused("is a folder")),
            Ok(_) => {
                std::fs::remove_file(&file).map_err(at(&file))?;
                Ok(file)
            }
            Err(_) => Ok(file),
        }
    }

    /// Marks what must not be seen as absent, in the layer above the worktree.
    fn hide_secrets(&self) -> Result<(), TreeError> {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let real = self.worktree.join(&folder);
            for entry in std::fs::read_dir(&real).map_err(at(&real))?.flatten() {
                let name = entry.file_name();
                let path = folder.join(&name);
                if is_secret(&name) {
                    let mark = self.layer.join(&path);
                    let parent = mark.parent().unwrap_or(&self.layer);
                    std::fs::create_dir_all(parent).map_err(at(parent))?;
                    hide(&mark)?;
                } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                }
            }
        }
        Ok(())
    }
}

/// The overlay file system's mark for "not here": a device of number 0, which
/// since Linux 5.8 anybody may make.
#[cfg(target_os = "linux")]
fn hide(mark: &Path) -> Result<(), TreeError> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, mark, FileType::CharacterDevice, Mode::empty(), 0)
        .map_err(|error| at(mark)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn hide(mark: &Path) -> Result<(), TreeError> {
    Err(at(mark)(io::ErrorKind::Unsupported.into()))
}

fn is_git(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(".git")
}

/// Files that hold secrets by custom. A template of one holds none.
pub(super) fn is_secret(name: &OsStr) -> bool {
    let Some(text) = name.to_str() else {
        return false;
    };
    let lower = text.to_ascii_lowercase();
    let template = ["example", "sample", "template", "dist"]
        .iter()
        .any(|ending| lower.ends_with(ending));
    is_git(name)
        || lower == ".envrc"
        || lower == ".env"
        || (lower.starts_with(".env.") && !template)
}

fn copy(from: &Path, to: &Path) -> Result<(), TreeError> {
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        for entry in std::fs::read_dir(&from).map_err(at(&from))?.flatten() {
            let name = entry.file_name();
            if is_secret(&name) {
                continue;
            }
            let (source, target) = (from.join(&name), to.join(&name));
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                std::fs::create_dir(&target).map_err(at(&target))?;
                folders.push((source, target));
            } else if kind.is_symlink() {
                let link = source.read_link().map_err(at(&source))?;
                std::os::unix::fs::symlink(link, &target).map_err(at(&target))?;
            } else if kind.is_file() {
                std::fs::copy(&source, &target).map_err(at(&source))?;
            }
        }
    }
    Ok(())
}
