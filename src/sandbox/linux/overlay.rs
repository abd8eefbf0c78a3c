//! Copy-on-write views: overlay file systems in a user and mount namespace of
//! the launcher's own, whose writes go to memory of a limited size. Every
//! backend then sees an ordinary folder.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::sched::CloneFlags;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use serde::{Deserialize, Serialize};

use super::launch::during;

/// One view.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Overlay {
    /// Folders of the host, the topmost first.
    pub(super) layers: Vec<PathBuf>,
    /// An empty folder of the host's to work in; the view is its `merged`.
    pub(super) at: PathBuf,
    /// How many bytes may be written.
    pub(super) size: u64,
}

impl Overlay {
    /// Where the view appears.
    pub(super) fn merged(&self) -> PathBuf {
        self.at.join("merged")
    }
}

pub(super) fn put_up(overlays: &[Overlay]) -> io::Result<()> {
    if overlays.is_empty() {
        return Ok(());
    }
    own_user_namespace(CloneFlags::CLONE_NEWNS)?;
    private_mounts()?;
    overlays.iter().try_for_each(one)
}

fn one(overlay: &Overlay) -> io::Result<()> {
    tmpfs(
        &overlay.at,
        overlay.size,
        MountFlags::NOSUID | MountFlags::NODEV,
    )?;
    let [upper, work, merged] = ["upper", "work", "merged"].map(|name| overlay.at.join(name));
    for folder in [&upper, &work, &merged] {
        std::fs::create_dir(folder)?;
    }
    let mut options = b"userxattr,lowerdir=".to_vec();
    for (i, layer) in overlay.layers.iter().enumerate() {
        if i > 0 {
            options.push(b':');
        }
        options.extend(escaped(layer));
    }
    if overlay.layers.len() == 1 {
        // The root of the view takes the mode of the topmost layer.
        let mode = std::fs::metadata(&overlay.layers[0])?.permissions();
        std::fs::set_permissions(&upper, mode)?;
    }
    options.extend(b",upperdir=");
    options.extend(escaped(&upper));
    options.extend(b",workdir=");
    options.extend(escaped(&work));
    let options = CString::new(options)?;
    mount(
        "overlay",
        &merged,
        "overlay",
        MountFlags::NOSUID | MountFlags::NODEV,
        options.as_c_str(),
    )
    .map_err(during("mounting the copy-on-write view"))
}

/// A path as an option of the overlay file system: `\`, `:` and `,` are its
/// separators.
fn escaped(path: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'\\' | b':' | b',') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

pub(super) fn tmpfs(at: &Path, size: u64, flags: MountFlags) -> io::Result<()> {
    let options = CString::new(format!("size={size},mode=0755"))?;
    mount("tmpfs", at, "tmpfs", flags, options.as_c_str()).map_err(during(at.display()))
}

pub(super) fn private_mounts() -> io::Result<()> {
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .map_err(during("making mounts private"))
}

/// A user namespace in which the caller is root, over every user it may act
/// for: all of them if it is root, itself alone otherwise.
fn own_user_namespace(more: CloneFlags) -> io::Result<()> {
    let (uid, gid) = ids();
    // A process with the right maps as many users as its own namespace has.
    let ranges = |file: &str| -> io::Result<String> {
        let mut out = String::new();
        for line in std::fs::read_to_string(file)?.lines() {
            let mut columns = line.split_whitespace();
            if let (Some(first), Some(_), Some(count)) =
                (columns.next(), columns.next(), columns.next())
            {
                out.extend([first, " ", first, " ", count, "\n"]);
            }
        }
        Ok(out)
    };
    if uid == 0 {
        let users = ranges("/proc/self/uid_map")?;
        let groups = ranges("/proc/self/gid_map")?;
        unshare(more | CloneFlags::CLONE_NEWUSER)?;
        // The whole range needs a right in the parent that the new namespace
        // does not have: the root alone is what is left then.
        if std::fs::write("/proc/self/uid_map", users).is_err() {
            return map(0, uid, gid);
        }
        return std::fs::write("/proc/self/gid_map", groups);
    }
    unshare(more | CloneFlags::CLONE_NEWUSER)?;
    map(0, uid, gid)
}

pub(super) fn ids() -> (u32, u32) {
    (
        rustix::process::geteuid().as_raw(),
        rustix::process::getegid().as_raw(),
    )
}

pub(super) fn unshare(flags: CloneFlags) -> io::Result<()> {
    nix::sched::unshare(flags)
        .map_err(io::Error::from)
        .map_err(during("making a user namespace"))
}

/// Shows one user and one group as `inside`.
pub(super) fn map(inside: u32, uid: u32, gid: u32) -> io::Result<()> {
    std::fs::write("/proc/self/setgroups", "deny").map_err(during("/proc/self/setgroups"))?;
    std::fs::write("/proc/self/uid_map", format!("{inside} {uid} 1"))
        .map_err(during("/proc/self/uid_map"))?;
    std::fs::write("/proc/self/gid_map", format!("{inside} {gid} 1"))
        .map_err(during("/proc/self/gid_map"))
}
