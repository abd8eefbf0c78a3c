//! The launcher: what `happy` does when it is started as
//! `happy util sandbox-exec PLAN`.
//!
//! A sandbox is put up from the inside, by a process with one thread that then
//! becomes the program. The plan lies in a file, not in arguments or in the
//! environment: nothing that a policy sets (a preloaded library, say) may take
//! effect before the walls stand.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::harden::{self, Walls};
use super::{namespaces, overlay};
use crate::sandbox::policy::{Limits, Policy};

/// The exit code of a launcher that could not do what its plan says.
pub(in crate::sandbox) const FAILED: i32 = 121;
/// How its message starts.
pub(in crate::sandbox) const FAILED_PREFIX: &str = "sandbox launcher: ";
/// The arguments that make `happy` a launcher.
pub(in crate::sandbox) const VERB: [&str; 2] = ["util", "sandbox-exec"];

/// What the launcher is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Plan {
    /// On the host: join the control groups, put up the overlays, then go on.
    Enter {
        /// Files of control groups to write the own process id to.
        groups: Vec<PathBuf>,
        limits: Limits,
        overlays: Vec<overlay::Overlay>,
        then: Then,
    },
    /// As the first process of new namespaces: build the file system, then run
    /// the program and reap what it leaves.
    Init(Box<namespaces::Init>),
    /// Behind walls that another program put up: put up the last ones.
    Inner(Inner),
}

/// How [`Plan::Enter`] goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Then {
    /// Becomes another program. Its `list`, if any, is handed over as a file
    /// of NUL-ended arguments, in place of the argument `@list`.
    Become {
        program: PathBuf,
        arguments: Vec<String>,
        list: Vec<String>,
        /// Whether the processes are limited already here.
        limit_files: bool,
    },
    /// Makes namespaces and starts the launcher again as their first process.
    Unshare { plan: PathBuf },
}

/// The program itself and the walls around it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Inner {
    command: Vec<String>,
    cwd: PathBuf,
    env: BTreeMap<String, String>,
    walls: Walls,
}

impl Inner {
    pub(super) fn of(policy: &Policy) -> Self {
        Self {
            command: policy.command.clone(),
            cwd: policy.cwd.clone(),
            env: policy.env.clone(),
            walls: Walls::of(policy),
        }
    }

    pub(super) fn raise_walls(&self) -> io::Result<()> {
        self.walls.raise()
    }

    pub(super) fn program(&self) -> Command {
        let mut command = Command::new(self.command.first().map_or("", String::as_str));
        command
            .args(self.command.iter().skip(1))
            .env_clear()
            .envs(&self.env)
            .current_dir(&self.cwd);
        command
    }
}

/// Does the launcher's work if the arguments ask for it, and returns nothing
/// otherwise. To be called first in `main`, before there is a second thread.
pub(in crate::sandbox) fn intercept(arguments: &[std::ffi::OsString]) -> Option<ExitCode> {
    let [verb, name, plan] = arguments else {
        return None;
    };
    if verb != VERB[0] || name != VERB[1] {
        return None;
    }
    Some(match carry_out(Path::new(plan)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(&error);
            ExitCode::from(FAILED as u8)
        }
    })
}

#[expect(
    clippy::print_stderr,
    reason = "the launcher is a process of its own whose standard error the host reads"
)]
fn complain(error: &io::Error) {
    eprintln!("{FAILED_PREFIX}{error}");
}

pub(super) fn during<E: Into<io::Error>>(
    what: impl std::fmt::Display,
) -> impl FnOnce(E) -> io::Error {
    move |error| {
        let error = error.into();
        io::Error::new(error.kind(), format!("{what}: {error}"))
    }
}

pub(super) fn write_plan(path: &Path, plan: &Plan) -> io::Result<()> {
    std::fs::write(path, serde_json::to_vec(plan)?)
}

fn carry_out(path: &Path) -> io::Result<u8> {
    // Whoever started the launcher has ended: nothing may outlive it.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let text = std::fs::read(path).map_err(during("reading the plan"))?;
    match serde_json::from_slice(&text)? {
        Plan::Enter {
            groups,
            limits,
            overlays,
            then,
        } => {
            for group in groups {
                std::fs::write(&group, "0").map_err(during(group.display()))?;
            }
            overlay::put_up(&overlays)?;
            enter(then, &limits)
        }
        Plan::Init(init) => namespaces::init(&init),
        Plan::Inner(inner) => {
            inner
                .raise_walls()
                .map_err(during("putting up the walls"))?;
            Err(not_found(&inner.command, inner.program().exec()))
        }
    }
}

pub(super) fn not_found(command: &[String], error: io::Error) -> io::Error {
    let name = command.first().map_or("", String::as_str);
    during(format!("`{name}` cannot be started"))(error)
}

fn enter(then: Then, limits: &Limits) -> io::Result<u8> {
    match then {
        Then::Become {
            program,
            mut arguments,
            list,
            limit_files,
        } => {
            if limit_files {
                harden::limit_process(limits)?;
            }
            // The descriptor must stay open until the program has read it.
            let _open = match arguments.iter_mut().find(|a| *a == "@list") {
                Some(argument) => {
                    let file = inherited_list(&list)?;
                    *argument = std::os::fd::AsRawFd::as_raw_fd(&file).to_string();
                    Some(file)
                }
                None => None,
            };
            let error = Command::new(&program).args(&arguments).exec();
            Err(during(program.display())(error))
        }
        Then::Unshare { plan } => namespaces::unshare(&plan),
    }
}

fn inherited_list(list: &[String]) -> io::Result<std::os::fd::OwnedFd> {
    use rustix::fs::{MemfdFlags, SeekFrom};
    let file = rustix::fs::memfd_create("arguments", MemfdFlags::empty())?;
    let mut bytes = Vec::new();
    for item in list {
        bytes.extend_from_slice(item.as_bytes());
        bytes.push(0);
    }
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        rest = &rest[rustix::io::write(&file, rest)?..];
    }
    rustix::fs::seek(&file, SeekFrom::Start(0))?;
    Ok(file)
}
