//! `happy util`: tools for the people who work on `happy` itself.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::context::Context;
use super::error::Error;
use super::folder;
use crate::facts;
use crate::index::Source;
use crate::lang::{detect, language};
use crate::record::Record;

/// Tools for the people who work on happy itself
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
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let Tool::ParseOnly { folder, threads } = &args.tool;
    if let Some(threads) = threads {
        // Set before the first parallel work, so nothing else decides it.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(*threads)
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
            let lang = language(*id).expect("the id is of the list");
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
