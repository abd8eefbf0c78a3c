//! Whether the command, the Python module and the index are of one version.
//!
//! Nothing is executed to find out, since a repository could bring a module of
//! that name: what pip has written down is read.

use std::fs;
use std::path::{Path, PathBuf};

use super::context::{Context, variable};
use crate::index::FORMAT_VERSION;
use crate::record::Record;

const OURS: &str = env!("CARGO_PKG_VERSION");

/// An installed module.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// The environment that it is installed in.
    pub prefix: PathBuf,
    /// Its version, as pip has it.
    pub version: String,
}

/// Says which versions there are.
pub fn tell(context: &Context) {
    let modules = installed(&prefixes());
    let (works, detail, hint) = judge(&modules);
    context.output.emit(&Record::Check {
        check: "versions",
        name: None,
        works,
        detail,
        hint,
    });
}

fn judge(modules: &[Module]) -> (bool, String, Option<String>) {
    let ours = format!("command {OURS}, index format {FORMAT_VERSION}");
    if let Some(other) = modules.iter().find(|module| module.version != OURS) {
        let prefix = other.prefix.display();
        let detail = format!("{ours}; Python module {} in `{prefix}`", other.version);
        let hint = format!(
            "run `{prefix}/bin/pip install --upgrade happyfastercode`, or the command that came with it, `{prefix}/bin/happy`"
        );
        return (false, detail, Some(hint));
    }
    let detail = match modules.first() {
        Some(module) => format!(
            "{ours}; Python module alike in `{}`",
            module.prefix.display()
        ),
        None => format!("{ours}; no Python module is installed"),
    };
    (true, detail, None)
}

/// The environments that a user may mean: the program's own, the one that is
/// active, and that of the first interpreter on PATH.
fn prefixes() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok();
    let own = program.as_deref().and_then(prefix_of);
    let active = variable("VIRTUAL_ENV").map(PathBuf::from);
    let path = variable("PATH").unwrap_or_default();
    let python = std::env::split_paths(&path).find(|folder| folder.join("python3").is_file());
    let first = python.and_then(|folder| prefix_of(&folder.join("python3")));
    let mut found: Vec<PathBuf> = Vec::new();
    for prefix in [own, active, first].into_iter().flatten() {
        if !found.contains(&prefix) {
            found.push(prefix);
        }
    }
    found
}

/// `prefix` of `prefix/bin/program`.
fn prefix_of(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    (folder.file_name()? == "bin").then(|| folder.parent().map(Path::to_owned))?
}

/// The modules that pip has installed there.
pub fn installed(prefixes: &[PathBuf]) -> Vec<Module> {
    let mut found = Vec::new();
    for prefix in prefixes {
        for lib in names(&prefix.join("lib"), "python3") {
            for packages in ["site-packages", "dist-packages"] {
                for name in names(&lib.join(packages), "happyfastercode-") {
                    let version = name
                        .file_name()
                        .and_then(|name| name.to_str())
                        .and_then(|name| name.strip_prefix("happyfastercode-"))
                        .and_then(|name| name.strip_suffix(".dist-info"));
                    found.extend(version.map(|version| Module {
                        prefix: prefix.clone(),
                        version: version.to_owned(),
                    }));
                }
            }
        }
    }
    found
}

/// What a folder holds whose name begins so, in order.
fn names(folder: &Path, start: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}
