//! The verbs: the only layer that talks to a person.
//!
//! A verb is one file: documented arguments, one `run`. It reads arguments,
//! asks the library one question and emits records. Printing is in
//! `output.rs`, what surrounds a run in `context.rs`, exit codes in `error.rs`.

mod added;
mod agent;
mod arguments;
mod bases;
mod batches;
mod callees;
mod callers;
mod changes;
mod commit;
mod complete;
mod config;
mod context;
mod deps;
mod doctor;
pub mod embed;
mod error;
mod folder;
mod gaps;
mod gc;
mod graph;
mod hook;
mod impact;
mod import;
mod index;
mod input;
mod interactive;
mod keys;
mod known;
mod lang;
mod listings;
mod machine;
pub mod manual;
mod mcp;
mod meaning;
mod opened;
mod output;
mod patch;
mod path;
mod progress;
mod push;
mod refs;
mod remote;
mod reports;
mod runs;
pub mod schema;
mod search;
mod selection;
pub mod settings;
mod show;
mod signals;
mod skew;
mod sources;
mod state;
mod status;
mod surroundings;
mod symbols;
mod test;
mod text;
mod trusted;
mod turns;
mod util;
mod verdicts;
mod warm;
mod why;

#[cfg(fuzzing)]
pub use import::fuzz as fuzz_places;
#[cfg(fuzzing)]
pub use trusted::fuzz as fuzz_settings;

pub use context::{Context, GlobalArgs};
pub use error::Error;
pub use interactive::interactive;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

/// Answer questions about the code of a Git repository
///
/// Every verb reads symbols (or `-`, records on standard input) and writes
/// records: JSON lines in a pipe, text at a terminal. Questions are answered
/// for the working tree as it is now, or with `--at` for any revision.
#[derive(Debug, Parser)]
#[command(
    name = "happy",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Index(index::Args),
    Callers(callers::Args),
    Callees(callees::Args),
    Refs(refs::Args),
    Deps(deps::Args),
    Symbols(symbols::Args),
    Search(search::Args),
    Show(show::Args),
    Path(path::Args),
    Graph(graph::Args),
    Import(import::Args),
    Mcp(mcp::Args),
    Impact(impact::Args),
    Patch(patch::Args),
    Test(test::Args),
    Hook(hook::Args),
    Config(config::Args),
    Lang(lang::Args),
    Agent(Box<agent::Args>),
    Doctor(doctor::Args),
    Status(status::Args),
    Gc(gc::Args),
    Util(util::Args),
}

/// Runs the command line; what `main` returns.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is no error for help either.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    if let Some(jobs) = cli.global.jobs {
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(jobs))
            .build_global();
    }
    crate::index::exit_when_a_mapping_is_cut();
    let context = Context::new(cli.global);
    let done = attempt(&context, &cli.verb).and_then(|()| context.output.finish());
    match done {
        Ok(()) if context.output.count() == 0 => ExitCode::from(1),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        // The hook said why, in lines of its own.
        Err(Error::PushStopped) => ExitCode::from(1),
        Err(error) => {
            context.output.fail(&error);
            ExitCode::from(error.exit())
        }
    }
}

/// Runs a verb, and again where a stored snapshot proved damaged.
fn attempt(context: &Context, verb: &Verb) -> Result<(), Error> {
    let done = run(context, verb);
    // What changes files, or reads its task from standard input, runs once.
    let asks = !matches!(
        verb,
        Verb::Patch(_)
            | Verb::Agent(_)
            | Verb::Mcp(_)
            | Verb::Util(_)
            | Verb::Hook(_)
            | Verb::Lang(_)
    );
    if asks && done.as_ref().is_err_and(|error| context.starts_over(error)) {
        return run(context, verb);
    }
    done
}

fn run(context: &Context, verb: &Verb) -> Result<(), Error> {
    match verb {
        Verb::Index(args) => index::run(context, args),
        Verb::Callers(args) => callers::run(context, args),
        Verb::Callees(args) => callees::run(context, args),
        Verb::Refs(args) => refs::run(context, args),
        Verb::Deps(args) => deps::run(context, args),
        Verb::Symbols(args) => symbols::run(context, args),
        Verb::Search(args) => search::run(context, args),
        Verb::Show(args) => show::run(context, args),
        Verb::Path(args) => path::run(context, args),
        Verb::Graph(args) => graph::run(context, args),
        Verb::Import(args) => import::run(context, args),
        Verb::Mcp(args) => mcp::run(context, args),
        Verb::Impact(args) => impact::run(context, args),
        Verb::Patch(args) => patch::run(context, args),
        Verb::Test(args) => test::run(context, args),
        Verb::Hook(args) => hook::run(context, args),
        Verb::Config(args) => config::run(context, args),
        Verb::Lang(args) => lang::run(context, args),
        Verb::Agent(args) => agent::run(context, args),
        Verb::Doctor(args) => doctor::run(context, args),
        Verb::Status(args) => status::run(context, args),
        Verb::Gc(args) => gc::run(context, args),
        Verb::Util(args) => util::run(context, args),
    }
}
