//! The languages that the user added: where they lie, and taking them up at
//! the start.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::context::variable;
use crate::lang::plugin::{self, Plugin};

/// Where added languages lie: in the user's configuration, never in a
/// repository, since a grammar is code.
pub fn folder() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".config"));
    let config = config.filter(absolute).or_else(home).filter(absolute)?;
    Some(config.join("happy/languages"))
}

/// A folder of an added language.
pub struct Found {
    /// The name of the folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What stands in it.
    pub plugin: Result<Plugin, plugin::Error>,
}

/// All folders of added languages, by name.
pub fn read(folder: &Path) -> Vec<Found> {
    // Where there is no such folder, nothing was added.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<Found> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            // What begins with a dot is being written.
            (!name.starts_with('.')).then(|| Found {
                plugin: Plugin::read(&path),
                name,
                path,
            })
        })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// Takes up the added languages, once in a process: what is added later is
/// there in the next one.
pub fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        if !plugin::SUPPORTED {
            return;
        }
        let Some(folder) = folder() else { return };
        let mut sound: Vec<&'static Plugin> = Vec::new();
        let mut wrong = Vec::new();
        for found in read(&folder) {
            match found.plugin {
                Ok(plugin) => sound.push(Box::leak(Box::new(plugin))),
                Err(error) => wrong.push(format!(
                    "the language `{0}` is not used: {error}; see `happy lang check {0}`",
                    found.name
                )),
            }
        }
        crate::lang::install(sound);
        let _ = PROBLEMS.set(wrong);
    });
}

static PROBLEMS: OnceLock<Vec<String>> = OnceLock::new();

/// What is wrong with added languages that were not taken up.
pub fn problems() -> &'static [String] {
    PROBLEMS.get().map_or(&[], Vec::as_slice)
}

/// A sentence about languages that a snapshot was made with and that are not
/// there now, if there are any.
pub fn missing(names: &[String]) -> Option<String> {
    let there = |name: &String| crate::lang::by_name(name).is_some();
    let gone: Vec<String> = names
        .iter()
        .filter(|name| !there(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if gone.is_empty() {
        return None;
    }
    Some(format!(
        "the index was made with the language {}, which is not there now; it is built again without it",
        gone.join(", ")
    ))
}
