//! `happy symbols`

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use super::context::{AtArgs, Context, Opened};
use super::error::Error;
use super::input::from_root;
use crate::query::{self, SymbolFilter};

/// List symbols, of a file or by pattern
///
/// `happy symbols src/auth.py` is the outline of a file; `happy symbols 'get_*'`
/// lists by pattern, and a word without `*` or `?` by part of the name.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file, a folder, or a pattern on the qualified name
    #[arg(value_name = "PATH|PATTERN")]
    pattern: Option<OsString>,
    /// Only these kinds
    #[arg(short, long, value_name = "KIND", value_delimiter = ',',
          value_parser = ["file", "module", "class", "interface", "function", "method", "variable"])]
    kind: Vec<String>,
    /// Only files of these languages
    #[arg(short, long, value_name = "LANGUAGE", value_delimiter = ',')]
    lang: Vec<String>,
    /// Only below this path
    #[arg(short, long, value_name = "PATH")]
    path: Option<OsString>,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    check_languages(&args.lang)?;
    let opened = context.open(&args.at)?;
    let filter = SymbolFilter {
        pattern: None,
        kinds: args.kind.clone(),
        languages: args.lang.clone(),
        path: args
            .path
            .as_ref()
            .map(|path| from_root(&opened.prefix, path.as_bytes())),
    };
    let pattern = args.pattern.as_ref().map(|pattern| pattern.as_bytes());
    let filter = aim(&opened, filter, pattern)?;
    query::symbols(&opened.snapshot, &filter, |record| {
        context.output.emit(&record)
    })?;
    Ok(())
}

/// With `pattern`, which is a file or folder where there is such a one.
pub fn aim(
    opened: &Opened,
    mut filter: SymbolFilter,
    pattern: Option<&[u8]>,
) -> Result<SymbolFilter, Error> {
    if let Some(pattern) = pattern {
        let path = from_root(&opened.prefix, pattern);
        let plain = from_root(b"", pattern);
        if filter.path.is_none() && is_path(&opened.snapshot, &path)? {
            filter.path = Some(path);
        } else if filter.path.is_none() && is_path(&opened.snapshot, &plain)? {
            filter.path = Some(plain);
        } else {
            filter.pattern = Some(pattern.to_vec());
        }
    }
    Ok(filter)
}

/// An error where a language is not known.
pub fn check_languages(names: &[String]) -> Result<(), Error> {
    for name in names {
        if crate::lang::by_name(name).is_none() {
            let known: Vec<&str> = crate::lang::languages()
                .iter()
                .map(|spec| spec.name)
                .collect();
            let known = known.join(", ");
            return Err(Error::Usage(format!(
                "no language `{name}`; there are {known}"
            )));
        }
    }
    Ok(())
}

/// Whether some file is, or stands below, that path.
fn is_path(snapshot: &crate::index::Snapshot, wanted: &[u8]) -> Result<bool, Error> {
    if wanted.is_empty() {
        return Ok(false);
    }
    for file in snapshot.files()? {
        let rest = snapshot.text(file.path)?.strip_prefix(wanted);
        if rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/') {
            return Ok(true);
        }
    }
    Ok(false)
}
