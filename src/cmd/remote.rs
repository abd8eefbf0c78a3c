//! The sandbox that is asked for, and the key of the one that is elsewhere.

use super::keys;
use crate::sandbox::{self, Chosen, Probe, SandboxError};

/// The sandbox of that name.
pub fn choose(name: &str) -> Result<Chosen, SandboxError> {
    sandbox::e2b::set_key_command(run);
    sandbox::choose(name)
}

/// What is known of every sandbox.
pub fn probe_all() -> Vec<Probe> {
    sandbox::e2b::set_key_command(run);
    sandbox::probe_all()
}

fn run(command: &str) -> Result<String, String> {
    let words = crate::model::key_command_words(command).map_err(|error| error.to_string())?;
    keys::run(&words)
}
