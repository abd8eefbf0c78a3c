//! The environment variables that Git itself would look at, as plain data.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The variables of the caller's environment that say where a repository is,
/// who the user is and where the `git` program lies.
///
/// The caller captures them; nothing below reads the process's environment.
/// Variables by which configuration could be injected (`GIT_CONFIG_COUNT`,
/// `GIT_EXTERNAL_DIFF`, `GIT_SSH_COMMAND`, pagers, editors) are left behind,
/// save for the `safe.*` keys, which name no program.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    vars: Vec<(OsString, OsString)>,
}

/// Variables kept by [`Environment::from_vars`]; every other one is dropped.
const KEPT: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_COUNT",
    "HOME",
    "XDG_CONFIG_HOME",
    "SUDO_UID",
    "PATH",
    "TMPDIR",
];

/// How many of [`KEPT`], from the first, name one repository.
const REPOSITORY: usize = 8;

impl Environment {
    /// Keeps what matters of `vars`, normally `std::env::vars_os()`.
    pub fn from_vars(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let kept = |name: &OsStr| {
            name.to_str().is_some_and(|name| {
                KEPT.contains(&name)
                    || name.starts_with("GIT_CONFIG_KEY_")
                    || name.starts_with("GIT_CONFIG_VALUE_")
            })
        };
        Self {
            vars: vars.into_iter().filter(|(name, _)| kept(name)).collect(),
        }
    }

    /// The same without the variables that name one repository, as a hook has
    /// them: for opening another one.
    #[must_use]
    pub fn without_repository(&self) -> Self {
        let names = &KEPT[..REPOSITORY];
        let elsewhere = |name: &OsStr| names.iter().all(|known| name != OsStr::new(known));
        Self {
            vars: self
                .vars
                .iter()
                .filter(|(name, _)| elsewhere(name))
                .cloned()
                .collect(),
        }
    }

    /// The value of `name`, unless it is unset or empty.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.vars
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_os_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// A boolean as Git reads it: `1`, `true`, `yes`, `on` or another number but nought.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(OsStr::to_str).is_some_and(|value| {
            matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on")
                || value.parse::<i64>().is_ok_and(|number| number != 0)
        })
    }

    /// True if the variable is set, even to nothing.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.vars.iter().any(|(known, _)| known == name)
    }

    /// The values that `GIT_CONFIG_COUNT` and its pairs give to `key`, in order.
    pub(super) fn config_values(&self, key: &str) -> Vec<Vec<u8>> {
        let count = self
            .get("GIT_CONFIG_COUNT")
            .and_then(OsStr::to_str)
            .and_then(|count| count.parse::<usize>().ok())
            .unwrap_or_default()
            .min(self.vars.len());
        (0..count)
            .filter(|at| {
                self.get(&format!("GIT_CONFIG_KEY_{at}"))
                    .is_some_and(|name| name.eq_ignore_ascii_case(key))
            })
            .map(|at| {
                self.get(&format!("GIT_CONFIG_VALUE_{at}"))
                    .map(|value| value.as_encoded_bytes().to_vec())
                    .unwrap_or_default()
            })
            .collect()
    }
}
