//! The command `happy`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    // A sandbox is put up by this program started again, with one thread.
    if let Some(code) = happy::sandbox::intercept(arguments.get(1..).unwrap_or_default()) {
        return code;
    }
    happy::cmd::main(arguments)
}
