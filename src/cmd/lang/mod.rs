//! `happy lang`

mod add;
mod check;

use std::path::PathBuf;

use super::added;
use super::context::Context;
use super::error::Error;
use crate::lang::plugin::{self, Plugin};
use crate::lang::{LANGUAGES, Spec, language};
use crate::record::{Language, LanguageChange, Record, Text};

/// Add languages by their grammars, and say which there are
///
/// A language is a folder with `grammar.wasm`, a tree-sitter grammar as
/// WebAssembly, and `roles.toml`, which says what the grammar's nodes mean;
/// `docs/languages.md` shows how to write one. It is kept with the user's
/// configuration, is read from there alone, and needs no rebuild of happy.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Check a language and add it: a folder, or its two files
    Add(Add),
    /// List the languages, built in and added
    List,
    /// Check a language: its files, its grammar, its roles, its sample
    Check(Check),
    /// Remove a language that was added
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// A folder with `grammar.wasm` and `roles.toml`, or a `.wasm` and a `.toml` file
    #[arg(required = true, num_args = 1..=2, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Take over names and endings that another language has
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, clap::Args)]
struct Check {
    /// The name of an added language, or a folder
    #[arg(value_name = "NAME|DIR")]
    what: PathBuf,
    /// Run the grammar in this process
    #[arg(long, hide = true)]
    here: bool,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// The name of an added language
    name: String,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    match &args.action {
        Action::List => list(context),
        Action::Add(args) => {
            supported().and_then(|()| add::run(context, &args.paths, args.replace))
        }
        Action::Check(args) if args.here => {
            supported().and_then(|()| check::here(context, &args.what))
        }
        Action::Check(args) => supported().and_then(|()| check::run(context, &args.what)),
        Action::Remove(args) => remove(context, &args.name),
    }
}

fn supported() -> Result<(), Error> {
    if plugin::SUPPORTED {
        return Ok(());
    }
    Err(Error::Language(plugin::Error::NoSupport))
}

/// Where added languages lie.
fn folder() -> Result<PathBuf, Error> {
    added::folder().ok_or_else(|| Error::Usage("there is no HOME to keep languages in".to_owned()))
}

fn list(context: &Context) -> Result<(), Error> {
    for (id, spec) in LANGUAGES.iter().enumerate() {
        context
            .output
            .emit(&Record::Language(built_in(id as u8, spec)));
    }
    let Some(folder) = added::folder() else {
        return Ok(());
    };
    let unsupported = (!plugin::SUPPORTED).then(|| plugin::Error::NoSupport.to_string());
    for found in added::read(&folder) {
        let path = Some(Text::from(found.path.to_string_lossy().as_ref()));
        let record = match found.plugin {
            Ok(plugin) => Language {
                path,
                problem: unsupported.clone(),
                ..of(&plugin)
            },
            Err(error) => Language {
                name: found.name,
                path,
                problem: Some(error.to_string()),
                ..nothing()
            },
        };
        context.output.emit(&Record::Language(record));
    }
    Ok(())
}

fn nothing() -> Language {
    Language {
        name: String::new(),
        source: "wasm",
        extensions: Vec::new(),
        filenames: Vec::new(),
        interpreters: Vec::new(),
        abi: None,
        version: None,
        hash: None,
        path: None,
        problem: None,
    }
}

fn built_in(id: u8, spec: &Spec) -> Language {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let grammar = language(id).map(crate::lang::Lang::grammar);
    Language {
        name: spec.name.to_owned(),
        source: "builtin",
        extensions: texts(spec.extensions),
        filenames: texts(spec.filenames),
        interpreters: texts(spec.interpreters),
        abi: grammar.map(|grammar| grammar.abi_version() as u32),
        version: grammar.and_then(plugin::version),
        ..nothing()
    }
}

/// An added language as a record.
fn of(plugin: &Plugin) -> Language {
    let manifest = &plugin.manifest;
    Language {
        name: plugin.table.name.clone(),
        extensions: plugin.table.extensions.clone(),
        filenames: plugin.table.filenames.clone(),
        interpreters: plugin.table.interpreters.clone(),
        abi: Some(manifest.abi),
        version: manifest.version.clone(),
        hash: Some(manifest.grammar.clone()),
        ..nothing()
    }
}

fn remove(context: &Context, name: &str) -> Result<(), Error> {
    let folder = folder()?;
    let known = added::read(&folder);
    let Some(found) = known.iter().find(|found| found.name == name) else {
        return Err(Error::NoLanguage {
            name: name.to_owned(),
            built_in: LANGUAGES.iter().any(|spec| spec.name == name),
        });
    };
    // Out of sight first, so that nobody meets half of it.
    let aside = tempfile::Builder::new()
        .prefix(".removed-")
        .tempdir_in(&folder)
        .map_err(|source| io("write", &folder, source))?;
    std::fs::rename(&found.path, aside.path().join("language"))
        .map_err(|source| io("remove", &found.path, source))?;
    changed(context, name, "removed", &found.path);
    Ok(())
}

fn changed(context: &Context, name: &str, change: &'static str, path: &std::path::Path) {
    context.output.emit(&Record::LanguageChange(LanguageChange {
        name: name.to_owned(),
        change,
        path: Text::from(path.to_string_lossy().as_ref()),
    }));
}

fn io(action: &'static str, path: &std::path::Path, source: std::io::Error) -> Error {
    Error::Git(crate::git::Error::Io {
        action,
        path: path.to_owned(),
        source,
    })
}
