//! Keys that a command prints, such as one of a password manager.

use std::process::{Command, Stdio};

/// Runs a key command, which is a program and its arguments; no shell reads it.
/// What it printed, or what went wrong: never with what it printed.
///
/// It may ask its user for something, so it has the terminal and no time limit.
pub fn run(words: &[String]) -> Result<String, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("it names no program".to_owned());
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .stdout(Stdio::piped())
        .output()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| "it printed no text".to_owned())
}
