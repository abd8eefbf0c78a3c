//! What a policy shows, as one archive that a machine unpacks at its root.
//!
//! The machine has a system of its own, so the host's programs and libraries
//! stay here. What leaves this machine is bounded, and names that hold secrets
//! by custom do not leave it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Read, Write as _};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::sandbox::outcome::SandboxError;
use crate::sandbox::policy::{Mount, Policy};
use crate::sandbox::tree::is_secret;

/// Bytes that are sent at most.
const MOST_BYTES: u64 = 1 << 30;
/// Files that are sent at most.
const MOST_FILES: u64 = 200_000;

/// An archive, and what is to be done with its parts.
#[derive(Debug)]
pub(super) struct Packed {
    /// The archive.
    pub(super) path: PathBuf,
    /// Bytes in it.
    pub(super) bytes: u64,
    /// Folders that the program may change.
    pub(super) writable: Vec<String>,
    /// Folders that are brought back: of the host, and in the machine.
    pub(super) back: Vec<(PathBuf, String)>,
    /// Everything that is shown.
    pub(super) shown: Vec<String>,
}

/// Folders that every system has as its own.
const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc"];

fn is_system(path: &Path) -> bool {
    SYSTEM.iter().any(|folder| path.starts_with(folder))
}

/// Whether a name does not leave this machine.
fn is_withheld(name: &OsStr) -> bool {
    const PERSONAL: [&str; 8] = [
        ".ssh",
        ".aws",
        ".gnupg",
        ".netrc",
        ".pypirc",
        ".git-credentials",
        "id_rsa",
        "id_ed25519",
    ];
    is_secret(name) || PERSONAL.iter().any(|known| name == *known)
}

fn refused(why: String) -> SandboxError {
    SandboxError::Unusable { name: "e2b", why }
}

/// Packs what `policy` shows into a file in `scratch`.
pub(super) fn pack(policy: &Policy, scratch: &Path) -> Result<Packed, SandboxError> {
    let path = scratch.join("shown.tar");
    let io = SandboxError::io("packing what the sandbox is shown");
    let file = match File::create(&path) {
        Ok(file) => file,
        Err(error) => return Err(io(error)),
    };
    let mut packer = Packer {
        archive: tar::Builder::new(BufWriter::new(file)),
        bytes: 0,
        files: 0,
    };
    let mut packed = Packed {
        path,
        bytes: 0,
        writable: Vec::new(),
        back: Vec::new(),
        shown: Vec::new(),
    };
    for mount in &policy.mounts {
        let inside = text(mount.inside())?;
        match mount {
            Mount::Link { inside: at, .. } if is_system(at) => continue,
            Mount::ReadOnly { host, inside } if host == inside && is_system(host) => continue,
            Mount::Link { target, inside } => packer.link(inside, target)?,
            Mount::ReadOnly { host, inside } => {
                packer.tree(std::slice::from_ref(host), inside, false)?;
            }
            Mount::Writable { host, .. } if !host.is_dir() => {
                return Err(refused(format!(
                    "`{}` is no folder, and only folders can be brought back",
                    host.display()
                )));
            }
            Mount::Writable { host, inside } => {
                packer.tree(std::slice::from_ref(host), inside, true)?;
                packed.back.push((host.clone(), text(inside)?));
                packed.writable.push(text(inside)?);
            }
            Mount::Scratch { inside } => packed.writable.push(text(inside)?),
            Mount::Overlay { layers, inside } => {
                packer.tree(layers, inside, false)?;
                packed.writable.push(text(inside)?);
            }
        }
        packed.shown.push(inside);
    }
    packed.bytes = packer.finish()?;
    Ok(packed)
}

fn text(path: &Path) -> Result<String, SandboxError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        refused(format!(
            "`{}` is not UTF-8 and cannot be mounted",
            path.display()
        ))
    })
}

struct Packer {
    archive: tar::Builder<BufWriter<File>>,
    bytes: u64,
    files: u64,
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SandboxError + use<> {
    let path = path.display().to_string();
    move |error| refused(format!("cannot read `{path}`: {error}"))
}

impl Packer {
    /// What layers show together, the topmost first. With `whole` nothing may
    /// be left out, since it is brought back.
    fn tree(&mut self, layers: &[PathBuf], inside: &Path, whole: bool) -> Result<(), SandboxError> {
        let mut folders = vec![(layers.to_vec(), inside.to_owned())];
        if let [only] = layers {
            let meta = std::fs::metadata(only).map_err(at(only))?;
            if !meta.is_dir() {
                return self.file(only, inside, &meta);
            }
        }
        while let Some((layers, inside)) = folders.pop() {
            let Some(top) = layers.first() else { continue };
            self.folder(&inside, &std::fs::metadata(top).map_err(at(top))?)?;
            for (name, found) in merged(&layers)? {
                if is_withheld(&name) {
                    if whole {
                        return Err(refused(format!(
                            "`{}` does not leave this machine, so its folder cannot be writable there",
                            inside.join(&name).display()
                        )));
                    }
                    continue;
                }
                let inside = inside.join(&name);
                match found {
                    Found::Folders(layers) => folders.push((layers, inside)),
                    Found::Other(path, meta) if meta.is_symlink() => {
                        let target = std::fs::read_link(&path).map_err(at(&path))?;
                        self.link(&inside, &target)?;
                    }
                    Found::Other(path, meta) if meta.is_file() => {
                        self.file(&path, &inside, &meta)?;
                    }
                    // Sockets, pipes and devices are nobody's content.
                    Found::Other(..) => {}
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64, inside: &Path) -> Result<(), SandboxError> {
        self.bytes += bytes;
        self.files += 1;
        if self.bytes > MOST_BYTES || self.files > MOST_FILES {
            return Err(refused(format!(
                "more than {} MiB or {MOST_FILES} files would have to be sent; it was at `{}`",
                MOST_BYTES >> 20,
                inside.display()
            )));
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, inside: &Path, meta: &Metadata) -> Result<(), SandboxError> {
        let file = File::open(path).map_err(at(path))?;
        let length = meta.len();
        self.count(length, inside)?;
        let mut header = header(meta, tar::EntryType::Regular);
        header.set_size(length);
        // A file that changes meanwhile keeps the length that was announced.
        let reader = file.take(length).chain(io::repeat(0)).take(length);
        self.archive
            .append_data(&mut header, relative(inside), reader)
            .map_err(at(path))
    }

    fn folder(&mut self, inside: &Path, meta: &Metadata) -> Result<(), SandboxError> {
        self.count(0, inside)?;
        let mut header = header(meta, tar::EntryType::Directory);
        self.archive
            .append_data(&mut header, relative(inside), io::empty())
            .map_err(at(inside))
    }

    fn link(&mut self, inside: &Path, target: &Path) -> Result<(), SandboxError> {
        self.count(0, inside)?;
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        self.archive
            .append_link(&mut header, relative(inside), target)
            .map_err(at(inside))
    }

    fn finish(mut self) -> Result<u64, SandboxError> {
        let done = self.archive.finish().and_then(|()| {
            let file = self.archive.get_mut();
            file.flush()?;
            file.get_ref().metadata()
        });
        done.map(|meta| meta.len())
            .map_err(SandboxError::io("packing what the sandbox is shown"))
    }
}

/// Everybody's to read, nobody's by name.
fn header(meta: &Metadata, kind: tar::EntryType) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    let folder = if meta.is_dir() { 0o111 } else { 0 };
    header.set_mode(meta.permissions().mode() & 0o777 | 0o444 | folder);
    header.set_mtime(u64::try_from(meta.mtime()).unwrap_or(0));
    header.set_size(0);
    header
}

fn relative(inside: &Path) -> &Path {
    inside.strip_prefix("/").unwrap_or(inside)
}

enum Found {
    /// Folders of that name, the topmost first.
    Folders(Vec<PathBuf>),
    /// Something else, which hides all beneath.
    Other(PathBuf, Metadata),
}

/// What folders show together: the topmost of a name counts, folders of one
/// name are one, and the overlay's mark for "not here" is heeded.
fn merged(layers: &[PathBuf]) -> Result<BTreeMap<OsString, Found>, SandboxError> {
    let mut found: BTreeMap<OsString, Found> = BTreeMap::new();
    for layer in layers {
        // A name that a lower layer has twice with different meanings is closed
        // by the first that is no folder.
        for entry in std::fs::read_dir(layer).map_err(at(layer))? {
            let entry = entry.map_err(at(layer))?;
            let path = entry.path();
            let meta = path.symlink_metadata().map_err(at(&path))?;
            match found.get_mut(&entry.file_name()) {
                None if meta.is_dir() => {
                    found.insert(entry.file_name(), Found::Folders(vec![path]));
                }
                None => {
                    found.insert(entry.file_name(), Found::Other(path, meta));
                }
                Some(Found::Folders(folders)) if meta.is_dir() => folders.push(path),
                Some(_) => {}
            }
        }
    }
    found.retain(|_, found| match found {
        Found::Other(_, meta) => !(meta.file_type().is_char_device() && meta.rdev() == 0),
        Found::Folders(_) => true,
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(policy: &Policy) -> Result<Vec<String>, String> {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let packed = pack(policy, scratch.path()).map_err(|error| error.to_string())?;
        let file = File::open(packed.path).expect("it was written");
        let mut archive = tar::Archive::new(file);
        let mut names: Vec<String> = archive
            .entries()
            .expect("an archive")
            .map(|entry| {
                let entry = entry.expect("an entry");
                entry.path().expect("a path").to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        Ok(names)
    }

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, name).expect("written");
        }
        folder
    }

    fn policy(mount: Mount) -> Policy {
        Policy::new(["true"]).mount(mount)
    }

    #[test]
    fn the_hosts_system_and_its_secrets_stay_here() {
        let folder = tree(&["a", ".env", ".git/config", "d/.ssh/id", "d/.env.example"]);
        let host = folder.path().to_owned();
        let inside = PathBuf::from("/work");
        assert_eq!(
            names(&policy(Mount::ReadOnly {
                host: host.clone(),
                inside: inside.clone()
            })),
            Ok(["work", "work/a", "work/d", "work/d/.env.example"]
                .map(str::to_owned)
                .into())
        );
        let why = names(&policy(Mount::Writable { host, inside }));
        assert!(
            why.expect_err("it would be lost")
                .contains("does not leave this machine")
        );
    }

    #[test]
    fn layers_are_packed_as_they_are_seen_together() {
        let (top, bottom) = (
            tree(&["a", "d/x", "file/in"]),
            tree(&["a", "b", "d/y", "file"]),
        );
        let layers = vec![top.path().to_owned(), bottom.path().to_owned()];
        let inside = PathBuf::from("/w");
        let expected = [
            "w",
            "w/a",
            "w/b",
            "w/d",
            "w/d/x",
            "w/d/y",
            "w/file",
            "w/file/in",
        ];
        assert_eq!(
            names(&policy(Mount::Overlay { layers, inside })),
            Ok(expected.map(str::to_owned).into())
        );
    }
}
