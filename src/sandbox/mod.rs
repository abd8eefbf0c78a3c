//! Where untrusted code runs.
//!
//! A [`Policy`] says all that a program gets; a [`Sandbox`] carries it out, or
//! refuses. [`choose`] takes the first backend that passes a self-test on this
//! machine and never falls back to none.
//!
//! This folder does not know what the programs are for: no runner, no agent,
//! no repository beyond a folder that is shown copy-on-write.

use std::path::PathBuf;
use std::sync::OnceLock;

mod choose;
pub mod e2b;
mod local;
mod outcome;
mod policy;
mod probe;
pub mod protocol;
mod ring;
mod seatbelt;
mod session;
mod tree;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as host;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(target_os = "linux"))]
use portable as host;

pub use choose::{Chosen, Probe, choose, probe_all};
pub use outcome::{Denials, Limit, Outcome, SandboxError, Status, Stream};
pub use policy::{Limits, Mount, Policy, PolicyError};
pub use session::{Ended, Session};
pub use tree::{TreeError, TreeView};

/// One way to run a program that is not trusted.
pub trait Sandbox: Send + Sync {
    /// The name in settings and records.
    fn name(&self) -> &'static str;

    /// The weakest thing that can be said of it: what an attacker would need.
    fn guarantee(&self) -> &'static str;

    /// Whether its tools are there: if not, why, and what to do about it.
    /// That it works is for the self-test to say.
    fn ready(&self) -> Result<(), (String, String)>;

    /// Whether what it is given leaves this machine. Such a backend is used
    /// only where it is asked for by name, never by `auto`.
    fn is_remote(&self) -> bool {
        false
    }

    /// A self-test of its own, in the place of the one that runs in it.
    fn own_test(&self) -> Option<Result<(), String>> {
        None
    }

    /// Runs a program to its end with `input` on its standard input, and hands
    /// on each line of its output as it comes.
    fn run(
        &self,
        policy: &Policy,
        input: &[u8],
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Outcome, SandboxError>;

    /// Starts a program that stays, to be spoken to over its pipes.
    fn spawn_session(&self, policy: &Policy) -> Result<Session, SandboxError>;
}

/// All backends, the strongest first.
pub static BACKENDS: &[&dyn Sandbox] = &[
    #[cfg(target_os = "linux")]
    &linux::Gvisor,
    #[cfg(target_os = "linux")]
    &linux::Bubblewrap,
    #[cfg(target_os = "linux")]
    &linux::Namespaces,
    &seatbelt::Seatbelt,
    &e2b::E2b::from_environment(),
];

static LAUNCHER: OnceLock<PathBuf> = OnceLock::new();

/// Says which program is `happy`, for a process that is not: a sandbox is put
/// up by `happy` started again. The first call counts.
pub fn set_launcher(path: PathBuf) {
    let _ = LAUNCHER.set(path);
}

fn launcher() -> Result<PathBuf, SandboxError> {
    if let Some(path) = LAUNCHER.get() {
        return Ok(path.clone());
    }
    let own = std::env::current_exe().map_err(SandboxError::io("finding the own program"))?;
    if own.file_stem().is_some_and(|stem| stem == "happy") {
        return Ok(own);
    }
    // The other commands are installed beside it.
    let beside = own.with_file_name("happy");
    if beside.is_file() {
        return Ok(beside);
    }
    local::find_tool("happy").ok_or(SandboxError::Start {
        name: "launcher",
        why: "the program `happy` is not on PATH, and it is what puts a sandbox up".to_owned(),
    })
}

/// Does the work of a sandbox's launcher if the arguments (without the
/// program's name) ask for it. To be called first in `main`, before there is a
/// second thread.
pub fn intercept(arguments: &[std::ffi::OsString]) -> Option<std::process::ExitCode> {
    probe::intercept(arguments).or_else(|| host::intercept(arguments))
}
