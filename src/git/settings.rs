//! The settings `happy.*` in Git's configuration, each with where it stands.

use std::path::PathBuf;

use super::config::Config;
use super::environment::Environment;
use super::{Repo, Result};

/// A setting in one of Git's configuration files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitSetting {
    /// Its name without the leading `happy.`, as it is written there.
    pub name: String,
    /// Its value; what is not UTF-8 is replaced.
    pub value: String,
    /// The file.
    pub path: PathBuf,
    /// Whether the repository itself holds that file: whoever made the
    /// repository may have written it.
    pub local: bool,
}

impl Repo {
    /// All settings `happy.*`, the user's and the repository's, in Git's order:
    /// a later one wins.
    pub fn settings(&self) -> Vec<GitSetting> {
        read(self.config())
    }
}

/// The settings `happy.*` outside any repository.
pub fn user_settings(environment: &Environment) -> Result<Vec<GitSetting>> {
    Ok(read(&Config::protected(environment)?))
}

fn read(config: &Config) -> Vec<GitSetting> {
    let placed = config.placed("happy").into_iter();
    placed
        .map(|(name, value, path, local)| GitSetting {
            name,
            value: String::from_utf8_lossy(&value).into_owned(),
            path,
            local,
        })
        .collect()
}
