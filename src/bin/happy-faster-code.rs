//! The command `happy-faster-code`: the agent on a project, one task to a line.

use std::process::ExitCode;

fn main() -> ExitCode {
    happy::cmd::interactive(std::env::args_os())
}
