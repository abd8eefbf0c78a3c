//! `happy lang add`: a language is checked in another process, then moved
//! into place whole.

use std::path::{Path, PathBuf};

use super::{changed, check, folder, io};
use crate::cmd::added;
use crate::cmd::context::Context;
use crate::cmd::error::Error;
use crate::lang::LANGUAGES;
use crate::lang::plugin::{Candidate, GRAMMAR, MANIFEST, Manifest, Plugin, ROLES, Table};

/// Adds the language of these paths.
pub(super) fn run(context: &Context, paths: &[PathBuf], replace: bool) -> Result<(), Error> {
    let base = context.directory()?;
    let (wasm, roles) = files(&base, paths)?;
    let candidate = Candidate::read(&wasm, &roles)?;
    let name = candidate.table.name.clone();
    let folder = folder()?;
    let known: Vec<Plugin> = added::read(&folder)
        .into_iter()
        .filter_map(|found| found.plugin.ok())
        .collect();
    let clashes = clashes(&candidate.table, &known);
    let there = folder.join(&name);
    if !replace {
        if let Some(first) = clashes.first() {
            return Err(Error::LanguageClash {
                with: first.clone(),
            });
        }
        if there.exists() {
            let with = format!("the language `{name}` is there already");
            return Err(Error::LanguageClash { with });
        }
    }
    create(&folder).map_err(|source| io("write", &folder, source))?;
    let staged = tempfile::Builder::new()
        .prefix(".adding-")
        .tempdir_in(&folder)
        .map_err(|source| io("write", &folder, source))?;
    let inside = staged.path().join(&name);
    let write = |file: &str, bytes: &[u8]| {
        let path = inside.join(file);
        std::fs::write(&path, bytes).map_err(|source| io("write", &path, source))
    };
    std::fs::create_dir(&inside).map_err(|source| io("write", &inside, source))?;
    write(GRAMMAR, &candidate.wasm)?;
    write(ROLES, candidate.roles.as_bytes())?;
    let checked = check::apart(context, &inside)?;
    let added = context.now().duration_since(std::time::UNIX_EPOCH);
    let manifest = Manifest {
        happy: env!("CARGO_PKG_VERSION").to_owned(),
        grammar: candidate.hash(),
        abi: checked.abi,
        version: checked.version,
        replaces: clashes,
        added: added.map_or(0, |time| time.as_secs()),
    };
    let text = toml::to_string(&manifest)
        .map_err(|error| io("write", &inside, std::io::Error::other(error)))?;
    write(MANIFEST, text.as_bytes())?;
    let change = if there.exists() {
        // Both in one step is no call that every system has; a reader in
        // between finds the language absent, which is no error.
        let old = staged.path().join("replaced");
        std::fs::rename(&there, &old).map_err(|source| io("remove", &there, source))?;
        "replaced"
    } else {
        "added"
    };
    std::fs::rename(&inside, &there).map_err(|source| io("write", &there, source))?;
    changed(context, &name, change, &there);
    Ok(())
}

/// The grammar and the roles among the paths.
fn files(base: &Path, paths: &[PathBuf]) -> Result<(PathBuf, PathBuf), Error> {
    if let [folder] = paths {
        let folder = base.join(folder);
        if folder.is_dir() {
            return Ok((folder.join(GRAMMAR), folder.join(ROLES)));
        }
    }
    let with = |ending: &str| {
        let mut fitting = paths.iter().filter(|path| {
            let found = path.extension();
            found.is_some_and(|found| found.eq_ignore_ascii_case(ending))
        });
        fitting.next().map(|path| base.join(path))
    };
    with("wasm").zip(with("toml")).ok_or_else(|| {
        Error::Usage("name a folder, or a `.wasm` file and a `.toml` file".to_owned())
    })
}

/// Names, endings and interpreters that other languages have, a sentence each.
fn clashes(table: &Table, known: &[Plugin]) -> Vec<String> {
    let mut found = Vec::new();
    let mut meet = |other: &str, theirs: [Vec<&str>; 3]| {
        let ours = [&table.extensions, &table.filenames, &table.interpreters];
        let what = ["files that end in", "files named", "scripts of"];
        for ((ours, theirs), what) in ours.into_iter().zip(theirs).zip(what) {
            for name in ours {
                if theirs.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    found.push(format!("{what} `{name}` are in `{other}`"));
                }
            }
        }
    };
    for spec in LANGUAGES {
        let lists = [spec.extensions, spec.filenames, spec.interpreters];
        meet(spec.name, lists.map(<[&str]>::to_vec));
    }
    for plugin in known
        .iter()
        .filter(|plugin| plugin.table.name != table.name)
    {
        let theirs = &plugin.table;
        let lists = [&theirs.extensions, &theirs.filenames, &theirs.interpreters];
        meet(
            &theirs.name,
            lists.map(|list| list.iter().map(String::as_str).collect()),
        );
    }
    if LANGUAGES.iter().any(|spec| spec.name == table.name) {
        found.insert(0, format!("the language `{}` is built in", table.name));
    }
    found
}

fn create(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}
