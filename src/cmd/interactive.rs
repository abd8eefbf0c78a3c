//! `happy-faster-code`: the agent on a project, one task to a line.

use std::ffi::OsString;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use super::agent;
use super::context::{Context, GlobalArgs};
use super::output::{Color, Format};

/// Work on a project with the agent, one task to a line
///
/// Each line of standard input is a task for `happy agent`; what it does is
/// shown as it happens. An empty line is passed over; `exit` or the end of the
/// input ends the session. What landed last is taken back with
/// `happy patch --undo`.
#[derive(Debug, Parser)]
#[command(name = "happy-faster-code", version, max_term_width = 100)]
struct Cli {
    /// The project
    #[arg(long, value_name = "DIR", default_value = ".")]
    path: PathBuf,
    /// Write records as JSON lines or as text
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Colour the text: when it goes to a terminal, always or never
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
    #[command(flatten)]
    run: agent::RunArgs,
}

/// Runs the session; what `main` returns: the exit code of the last task.
pub fn interactive(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is no error for help either.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    crate::index::exit_when_a_mapping_is_cut();
    let asks = std::io::stdin().is_terminal();
    let context = || {
        Context::new(GlobalArgs {
            format: cli.format,
            color: cli.color,
            directory: Some(cli.path.clone()),
            lock_timeout: Some(600),
            ..GlobalArgs::default()
        })
    };
    // What is wrong with the project is said before the first task.
    let first = context();
    if let Err(error) = first.repo() {
        first.output.fail(&error);
        return ExitCode::from(error.exit());
    }
    let mut code = 0;
    let mut input = std::io::stdin().lock();
    loop {
        if asks {
            first.output.prompt("task> ");
        }
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let task = line.trim();
        match task {
            "" => continue,
            "exit" | "quit" => break,
            _ => {}
        }
        // Each task sees the repository as it is then.
        let context = context();
        code = match agent::run(&context, &agent::Args::of_task(task, &cli.run)) {
            Ok(()) => 0,
            Err(error) if error.is_closed_pipe() => return ExitCode::SUCCESS,
            Err(error) => {
                context.output.fail(&error);
                error.exit()
            }
        };
    }
    ExitCode::from(code)
}
