//! E2B: a virtual machine of somebody else's. The list names it so that a
//! setting that asks for it gets an answer; it does not run anything yet.

use super::Sandbox;
use super::outcome::{Outcome, SandboxError, Stream};
use super::policy::Policy;
use super::session::Session;

/// The remote sandbox, which refuses everything.
pub(super) struct E2b;

const WHY: &str = "E2B is not configured: this version cannot run on it yet";

fn refused<T>() -> Result<T, SandboxError> {
    Err(SandboxError::Unusable {
        name: "e2b",
        why: WHY.to_owned(),
    })
}

impl Sandbox for E2b {
    fn name(&self) -> &'static str {
        "e2b"
    }

    fn guarantee(&self) -> &'static str {
        "the program runs on another machine, whose operator sees all that it is given"
    }

    fn ready(&self) -> Result<(), (String, String)> {
        Err((
            WHY.to_owned(),
            "choose one of the local sandboxes".to_owned(),
        ))
    }

    fn run(
        &self,
        _policy: &Policy,
        _input: &[u8],
        _on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Outcome, SandboxError> {
        refused()
    }

    fn spawn_session(&self, _policy: &Policy) -> Result<Session, SandboxError> {
        refused()
    }
}
