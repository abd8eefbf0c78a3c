//! `happy util`: what completions call, what is generated, and yardsticks.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::context::Context;
use super::error::Error;
use super::{complete, folder, manual, schema};
use crate::facts;
use crate::index::Source;
use crate::lang::{detect, language};
use crate::record::Record;

/// What completions call, what is generated, and yardsticks
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, clap::Subcommand)]
enum Tool {
    /// Parse the files of a folder and do nothing with them
    ///
    /// The yardstick of `docs/performance.md`: files are read first, and only
    /// the parsing is timed.
    ParseOnly {
        /// The folder
        folder: PathBuf,
        /// Threads
        #[arg(long)]
        threads: Option<usize>,
    },
    /// Write the man pages into a folder
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: manual::Shell,
    },
    /// Print the JSON Schema of the records that a verb writes
    Schema {
        /// The verb; every record there is without one
        verb: Option<String>,
    },
    /// Print what a command line may go on with, one to a line
    Complete {
        /// The command line up to the cursor
        #[arg(long, allow_hyphen_values = true)]
        line: std::ffi::OsString,
    },
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    match &args.tool {
        Tool::ParseOnly { folder, threads } => parse_only(context, folder, *threads),
        Tool::Man { folder } => man(context, folder),
        Tool::Completions { shell } => {
            context.output.raw(&manual::completions(*shell));
            Ok(())
        }
        Tool::Schema { verb } => {
            let schema = schema::of(verb.as_deref())?;
            context.output.raw(format!("{schema:#}\n").as_bytes());
            Ok(())
        }
        Tool::Complete { line } => complete::run(context, line),
    }
}

fn man(context: &Context, folder: &Path) -> Result<(), Error> {
    let folder = context.directory()?.join(folder);
    let failed = |source| Error::Stream {
        action: "write the man pages",
        source,
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    for (name, text) in manual::pages().map_err(failed)? {
        std::fs::write(folder.join(&name), text).map_err(failed)?;
        context.output.raw(format!("{name}\n").as_bytes());
    }
    Ok(())
}

fn parse_only(context: &Context, folder: &Path, threads: Option<usize>) -> Result<(), Error> {
    if let Some(threads) = threads {
        // Set before the first parallel work, so nothing else decides it.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global();
    }
    let root = context.directory()?.join(folder);
    let files = folder::read(&root)?;
    let source = folder::FolderSource {
        root: &root,
        files: &files,
    };
    let texts: Vec<(u8, Vec<u8>)> = (0..files.len())
        .into_par_iter()
        .filter_map(|at| {
            let bytes = source.read(at).ok()?;
            let id = detect(&files[at].path, &bytes[..bytes.len().min(256)])?;
            facts::gate::check(&bytes).is_none().then_some((id, bytes))
        })
        .collect();
    let started = Instant::now();
    let lines: u64 = texts
        .par_iter()
        .with_max_len(8)
        .map_init(tree_sitter::Parser::new, |parser, (id, bytes)| {
            let Some(lang) = language(*id) else { return 0 };
            let tree = facts::parse(parser, bytes, lang, Duration::from_mins(1));
            tree.map_or(0, |tree| tree.root_node().end_position().row as u64)
        })
        .sum();
    context.output.emit(&Record::Parsed {
        files: texts.len() as u32,
        lines,
        milliseconds: started.elapsed().as_millis() as u64,
    });
    Ok(())
}
