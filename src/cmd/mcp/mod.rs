//! `happy mcp`: the verbs as tools of the Model Context Protocol.
//!
//! A call is a command line: `tools.rs` writes it, the verb runs as it would
//! in a shell, and its records go to a page instead of standard output. What
//! this module must not know is how a question is answered.

mod ask;
mod clients;
mod gate;
mod install;
mod jsonc;
mod page;
mod schema;
mod server;
mod tools;
mod watch;

use rmcp::ServiceExt;

use super::context::Context;
use super::error::Error;

/// Serve the verbs to other programs, by the Model Context Protocol
///
/// Without more, it speaks the protocol on standard input and output, as
/// editors and agents start it: tools `search`, `symbols`, `callers`,
/// `callees`, `path`, `impact`, `show` and `status`, which read and change
/// nothing. `happy mcp install` writes the entry into a client's settings.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Also offer what changes files or runs code
    #[arg(long, value_name = "TOOL", value_delimiter = ',', value_enum)]
    allow: Vec<Allow>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Install(install::Args),
}

/// A tool that needs permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Allow {
    /// Apply patches to the working tree.
    Patch,
    /// Run tests in a sandbox.
    Test,
}

impl Allow {
    fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Test => "test",
        }
    }
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let allowed: Vec<&'static str> = args.allow.iter().map(|allow| allow.name()).collect();
    match &args.action {
        Some(Action::Install(install)) => install::run(context, install, &allowed),
        None => serve(context, allowed),
    }
}

fn serve(context: &Context, allowed: Vec<&'static str>) -> Result<(), Error> {
    let failed = |source| Error::Stream {
        action: "serve",
        source,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    let server = server::Server::new(context.args.clone(), allowed);
    let done = runtime.block_on(async {
        let (reader, writer) = tokio::io::duplex(1 << 16);
        tokio::spawn(gate::pass(tokio::io::stdin(), writer));
        match server.serve((reader, tokio::io::stdout())).await {
            Ok(running) => running
                .waiting()
                .await
                .map(drop)
                .map_err(std::io::Error::other),
            // A client that leaves before it said anything is no failure.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(std::io::Error::other(error)),
        }
    });
    // Reading standard input and running tests cannot be waited for.
    runtime.shutdown_background();
    // Nothing more is said: what was asked was answered on the way.
    context.output.raw(b"");
    done.map_err(failed)
}
