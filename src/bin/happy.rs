//! The command `happy`.

use std::process::ExitCode;

fn main() -> ExitCode {
    happy::cmd::main(std::env::args_os())
}
