//! The last walls, put up by the process that becomes the sandboxed program:
//! limits of the process, Landlock, seccomp. None can be taken down again.

use std::io;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::syscalls;
use crate::sandbox::policy::{Limits, Mount, Policy};

/// What the walls are made from. All paths are the sandbox's own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Walls {
    readable: Vec<PathBuf>,
    writable: Vec<PathBuf>,
    limits: Limits,
}

impl Walls {
    pub(super) fn of(policy: &Policy) -> Self {
        let mut readable: Vec<PathBuf> = vec!["/proc".into()];
        let mut writable: Vec<PathBuf> = vec!["/dev".into()];
        for mount in &policy.mounts {
            if matches!(mount, Mount::Link { .. }) {
                continue;
            }
            let inside = mount.inside().to_owned();
            if mount.is_writable() {
                writable.push(inside);
            } else {
                readable.push(inside);
            }
        }
        Self {
            readable,
            writable,
            limits: policy.limits,
        }
    }

    /// Puts the walls up around the calling thread, which must be the only
    /// one, and around all that it starts.
    pub(super) fn raise(&self) -> io::Result<()> {
        limit_process(&self.limits)?;
        // The count is per user *namespace* and user, so only the sandbox's own
        // processes count; the kernel ignores it for the real root, for whom
        // there are control groups and the watch. Three more: the launcher, the
        // first process, and one by which the watch sees that a program goes
        // beyond.
        let tasks = u64::from(self.limits.processes) + 3;
        set(Resource::Nproc, tasks)?;
        rustix::thread::set_no_new_privs(true)?;
        self.landlock().map_err(io::Error::other)?;
        let filter = syscalls::filter().map_err(io::Error::other)?;
        seccompiler::apply_filter(&filter).map_err(io::Error::other)
    }

    /// As much of Landlock as this kernel has: it is the second wall behind
    /// the mount namespace, and the backend says so.
    fn landlock(&self) -> Result<(), landlock::RulesetError> {
        let abi = ABI::V6;
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .scope(Scope::AbstractUnixSocket | Scope::Signal)?
            .create()?;
        let read = AccessFs::from_read(abi);
        let all = AccessFs::from_all(abi);
        let grants = std::iter::once((PathBuf::from("/"), AccessFs::ReadDir.into()))
            .chain(self.readable.iter().map(|path| (path.clone(), read)))
            .chain(self.writable.iter().map(|path| (path.clone(), all)));
        for (path, access) in grants {
            let Ok(fd) = PathFd::new(&path) else { continue };
            let access = if path.is_dir() {
                access
            } else {
                access & AccessFs::from_file(abi)
            };
            rules = rules.add_rule(PathBeneath::new(fd, access))?;
        }
        rules.restrict_self().map(|_| ())
    }
}

/// The limits that the kernel keeps for each process by itself.
pub(super) fn limit_process(limits: &Limits) -> io::Result<()> {
    set(Resource::Core, 0)?;
    set(Resource::Fsize, limits.file_size)?;
    // A second more, so that the watch, which counts all processes together
    // and names the limit, comes first.
    set(Resource::Cpu, limits.cpu.as_secs().saturating_add(2))
}

/// Lowers a limit; one that is lower already stays.
fn set(resource: Resource, value: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let value = now.maximum.map_or(value, |most| most.min(value));
    let new = Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    Ok(setrlimit(resource, new)?)
}
