//! Bubblewrap puts up the namespaces; Landlock and seccomp follow inside.

use std::io;
use std::path::{Path, PathBuf};

use super::cgroup::Group;
use super::launch::{Plan, Then, VERB};
use super::lower::Lowered;
use super::namespaces::USER;
use crate::sandbox::local::{Local, Prepared, find_tool};
use crate::sandbox::outcome::SandboxError;
use crate::sandbox::policy::{LAUNCHER_INSIDE, Mount, Policy};

/// Bubblewrap, Landlock and seccomp.
pub(in crate::sandbox) struct Bubblewrap;

impl Local for Bubblewrap {
    fn name(&self) -> &'static str {
        "bubblewrap"
    }

    fn guarantee(&self) -> &'static str {
        "the host's kernel is shared: a flaw in one of the allowed system calls is a way out; \
         Landlock is the second wall where the kernel has it"
    }

    fn ready(&self) -> Result<(), (String, String)> {
        find_tool("bwrap").map(|_| ()).ok_or_else(|| {
            (
                "`bwrap` is not installed".to_owned(),
                "install the package `bubblewrap`".to_owned(),
            )
        })
    }

    fn prepare(
        &self,
        policy: &Policy,
        launcher: &Path,
        scratch: &Path,
    ) -> Result<Prepared, SandboxError> {
        let program = find_tool("bwrap").ok_or(SandboxError::Unusable {
            name: "bubblewrap",
            why: "`bwrap` is not installed".to_owned(),
        })?;
        let build = || -> io::Result<Prepared> {
            let lowered = Lowered::new(policy, scratch, USER)?;
            let plan = lowered.write("inner", &Plan::Inner(lowered.inner()))?;
            let list = arguments(&lowered.policy, launcher, &plan)?;
            let then = Then::Become {
                program,
                arguments: [
                    "--args",
                    "@list",
                    "--",
                    &inside("launch"),
                    VERB[0],
                    VERB[1],
                    &inside("plan"),
                ]
                .map(str::to_owned)
                .into(),
                list,
                limit_files: false,
            };
            let group = Group::new(&policy.limits, 4, 0);
            lowered.prepared(launcher, group, then)
        };
        build().map_err(SandboxError::io("preparing the sandbox"))
    }
}

fn inside(name: &str) -> String {
    format!("{LAUNCHER_INSIDE}/{name}")
}

fn arguments(policy: &Policy, launcher: &Path, plan: &Path) -> io::Result<Vec<String>> {
    let user = USER.to_string();
    let disk = policy.limits.disk.to_string();
    let mut list: Vec<String> = [
        "--unshare-all",
        "--unshare-user",
        "--die-with-parent",
        "--new-session",
        "--hostname",
        "sandbox",
        "--uid",
        &user,
        "--gid",
        &user,
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--size",
        &disk,
        "--tmpfs",
        "/dev/shm",
    ]
    .map(str::to_owned)
    .into();
    let mut add = |parts: &[&str]| list.extend(parts.iter().map(|part| (*part).to_owned()));
    for mount in &policy.mounts {
        let at = text(mount.inside())?;
        match mount {
            Mount::ReadOnly { host, .. } => add(&["--ro-bind", text(host)?, at]),
            Mount::Writable { host, .. } => add(&["--bind", text(host)?, at]),
            Mount::Scratch { .. } => add(&["--size", &disk, "--tmpfs", at]),
            Mount::Link { target, .. } => add(&["--symlink", text(target)?, at]),
            Mount::Overlay { .. } => {
                return Err(io::Error::other("an overlay was not put up before"));
            }
        }
    }
    add(&["--ro-bind", text(launcher)?, &inside("launch")]);
    add(&["--ro-bind", text(plan)?, &inside("plan")]);
    add(&["--remount-ro", "/"]);
    Ok(list)
}

pub(super) fn text(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| {
        let shown = PathBuf::from(path);
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{}` is not UTF-8 and cannot be mounted", shown.display()),
        )
    })
}
