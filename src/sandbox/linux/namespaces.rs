//! Namespaces made by `happy` itself: what is left where no sandboxing tool is
//! installed.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sched::CloneFlags;
use rustix::mount::{
    MountFlags, UnmountFlags, mount, mount_bind_recursive, mount_remount, unmount,
};
use rustix::process::{Pid, WaitOptions};
use serde::{Deserialize, Serialize};

use super::launch::{Inner, VERB, during, not_found};
use super::overlay::{ids, map, private_mounts, tmpfs, unshare as unshare_flags};
use crate::sandbox::policy::Mount;

/// What the first process of the new namespaces does.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Init {
    /// An empty folder of the host on which the new root is built.
    pub(super) root: PathBuf,
    pub(super) mounts: Vec<Mount>,
    pub(super) disk: u64,
    pub(super) inner: Inner,
}

/// Who the program is inside.
pub(super) const USER: u32 = 1000;

/// Makes the namespaces, starts their first process, and waits for it.
pub(super) fn unshare(plan: &Path) -> io::Result<u8> {
    let (uid, gid) = ids();
    unshare_flags(
        CloneFlags::CLONE_NEWUSER
            | CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWCGROUP,
    )?;
    map(USER, uid, gid)?;
    keep_rights()?;
    let status = Command::new("/proc/self/exe")
        .args(VERB)
        .arg(plan)
        .status()
        .map_err(during("starting the first process"))?;
    Ok(exit_code(status))
}

fn exit_code(status: std::process::ExitStatus) -> u8 {
    let signal = || status.signal().map_or(1, |signal| 128 + signal);
    status.code().unwrap_or_else(signal) as u8
}

/// Builds the file system, drops all rights, runs the program, and reaps
/// whatever is orphaned until the program ends; the kernel then kills the rest.
pub(super) fn init(init: &Init) -> io::Result<u8> {
    private_mounts()?;
    build(init)?;
    loopback_up().map_err(during("bringing the loopback up"))?;
    rustix::system::sethostname(b"sandbox")?;
    drop_rights()?;
    init.inner
        .raise_walls()
        .map_err(during("putting up the walls"))?;
    let mut command = init.inner.program();
    let program = command
        .spawn()
        .map_err(|error| not_found(&[command.get_program().to_string_lossy().into()], error))?;
    let wanted = Pid::from_child(&program);
    drop(command);
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == wanted => {
                let signal = status.terminating_signal().map_or(1, |s| 128 + s);
                return Ok(status.exit_status().unwrap_or(signal) as u8);
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn build(init: &Init) -> io::Result<()> {
    let root = &init.root;
    let safe = MountFlags::NOSUID | MountFlags::NODEV;
    tmpfs(root, 16 << 20, safe)?;
    for folder in ["proc", "dev", "old"] {
        std::fs::create_dir(root.join(folder))?;
    }
    mount(
        "proc",
        root.join("proc"),
        "proc",
        safe | MountFlags::NOEXEC,
        None,
    )
    .map_err(during("mounting /proc (is it masked here?)"))?;
    for name in ["sys", "sysrq-trigger", "irq", "bus"] {
        let path = root.join("proc").join(name);
        if path.exists() {
            bind(&path, &path, true)?;
        }
    }
    devices(&root.join("dev"), init.disk)?;
    for item in &init.mounts {
        let at = root.join(item.inside().strip_prefix("/").unwrap_or(item.inside()));
        if let Some(parent) = at.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match item {
            Mount::ReadOnly { host, .. } => bind(host, &at, true)?,
            Mount::Writable { host, .. } => bind(host, &at, false)?,
            Mount::Scratch { .. } => {
                std::fs::create_dir_all(&at)?;
                tmpfs(&at, init.disk, safe)?;
            }
            Mount::Link { target, .. } => std::os::unix::fs::symlink(target, &at)?,
            Mount::Overlay { .. } => {
                return Err(io::Error::other("an overlay was not put up before"));
            }
        }
    }
    std::env::set_current_dir(root)?;
    rustix::process::pivot_root(".", "old").map_err(during("changing the root"))?;
    unmount("/old", UnmountFlags::DETACH)?;
    std::fs::remove_dir("/old")?;
    mount_remount("/", MountFlags::BIND | MountFlags::RDONLY | safe, "")
        .map_err(during("making the root read-only"))
}

/// Binds a path of the host, with all that is mounted beneath it.
fn bind(host: &Path, at: &Path, read_only: bool) -> io::Result<()> {
    if host != at {
        if host.is_dir() {
            std::fs::create_dir_all(at)?;
        } else if !at.exists() {
            std::fs::write(at, "")?;
        }
    }
    mount_bind_recursive(host, at).map_err(during(host.display()))?;
    for (path, flags) in mounted_beneath(at)? {
        // A flag that the host set cannot be taken off in a user namespace.
        let mut flags = flags | MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV;
        flags.set(
            MountFlags::RDONLY,
            read_only || flags.contains(MountFlags::RDONLY),
        );
        mount_remount(&path, flags, "").map_err(during(path.display()))?;
    }
    Ok(())
}

/// The mount points at and beneath a path, with the flags they have now.
fn mounted_beneath(at: &Path) -> io::Result<Vec<(PathBuf, MountFlags)>> {
    let mut found = Vec::new();
    for line in std::fs::read_to_string("/proc/self/mountinfo")?.lines() {
        let mut columns = line.split(' ').skip(4);
        let (Some(path), Some(options)) = (columns.next(), columns.next()) else {
            continue;
        };
        let path = PathBuf::from(unescaped(path));
        if !path.starts_with(at) {
            continue;
        }
        let mut flags = MountFlags::empty();
        for option in options.split(',') {
            flags |= match option {
                "ro" => MountFlags::RDONLY,
                "noexec" => MountFlags::NOEXEC,
                "noatime" => MountFlags::NOATIME,
                "nodiratime" => MountFlags::NODIRATIME,
                "relatime" => MountFlags::RELATIME,
                _ => MountFlags::empty(),
            };
        }
        found.push((path, flags));
    }
    Ok(found)
}

/// A path of `mountinfo`, in which blanks and `\` stand as octal numbers.
fn unescaped(text: &str) -> String {
    let blanks = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    blanks.iter().fold(text.to_owned(), |text, (code, byte)| {
        text.replace(code, byte)
    })
}

fn devices(dev: &Path, disk: u64) -> io::Result<()> {
    tmpfs(dev, 1 << 20, MountFlags::NOSUID | MountFlags::NOEXEC)?;
    for name in ["null", "zero", "full", "random", "urandom"] {
        let at = dev.join(name);
        std::fs::write(&at, "")?;
        let host = Path::new("/dev").join(name);
        mount_bind_recursive(&host, &at).map_err(during(host.display()))?;
    }
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ];
    for (name, target) in links {
        std::os::unix::fs::symlink(target, dev.join(name))?;
    }
    std::fs::create_dir(dev.join("shm"))?;
    tmpfs(
        &dev.join("shm"),
        disk,
        MountFlags::NOSUID | MountFlags::NODEV,
    )
}

/// Lets the rights over the new namespaces outlive the start of their first
/// process, which is not user 0 there.
fn keep_rights() -> io::Result<()> {
    use rustix::thread::{
        CapabilitySet, capabilities, configure_capability_in_ambient_set, set_capabilities,
    };
    let mut sets = capabilities(None)?;
    let wanted = CapabilitySet::SYS_ADMIN | CapabilitySet::NET_ADMIN;
    sets.inheritable = wanted;
    set_capabilities(None, sets)?;
    for right in wanted {
        configure_capability_in_ambient_set(right, true)?;
    }
    Ok(())
}

fn drop_rights() -> io::Result<()> {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
    rustix::thread::clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?;
    Ok(())
}

/// Asks the kernel, over its routing socket, to bring interface 1 up: tests
/// that serve themselves need a loopback, and the namespace's own is down.
fn loopback_up() -> io::Result<()> {
    const NEW_LINK: u16 = 16;
    const REQUEST: u16 = 1;
    const UP: u32 = 1;
    use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, send, socket_with};
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    )?;
    let mut message = Vec::with_capacity(32);
    message.extend(32u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST.to_ne_bytes());
    message.extend([0; 8]); // sequence, sender
    message.extend([0; 4]); // family, padding, kind of device
    message.extend(1i32.to_ne_bytes()); // interface
    message.extend(UP.to_ne_bytes()); // flags
    message.extend(UP.to_ne_bytes()); // which flags change
    send(&socket, &message, SendFlags::empty())?;
    Ok(())
}
