//! The command `git-happy`, so that `git happy …` works.

use std::process::ExitCode;

fn main() -> ExitCode {
    happy::cmd::main(std::env::args_os())
}
