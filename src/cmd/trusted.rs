//! The team's file of settings, and whether the user trusts what it would run.
//!
//! Trust is for one repository and for one content: of the file, and of what
//! the repository's own Git configuration says about commands. It is kept with
//! the user's state, where no repository can write.

use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::context::variable;
use super::error::Error;
use super::settings::decides_a_command;
use crate::git::{self, GitSetting, ObjectFormat, ObjectId, Repo};

/// The name of the team's file.
pub const FILE: &str = ".happy.toml";
/// A file past this size holds no settings.
const MAX: u64 = 1 << 16;

/// What the team's file says.
#[derive(Clone, Debug, Default)]
pub struct Team {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its settings: dotted names and values.
    pub values: Vec<(String, String)>,
    /// Why it could not be read as settings.
    pub problem: Option<String>,
}

/// Reads the team's file, if there is one. A link is not followed.
pub fn team(repo: &Repo) -> Result<Option<Team>, Error> {
    let Some(root) = repo.work_dir() else {
        return Ok(None);
    };
    let path = root.join(FILE);
    let failed = |source| {
        Error::Git(git::Error::Io {
            action: "read",
            path: path.clone(),
            source,
        })
    };
    let mut team = Team {
        path: path.clone(),
        ..Team::default()
    };
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() && meta.len() <= MAX => {}
        Ok(_) => {
            team.problem = Some(format!("`{FILE}` is a link or too large, and is not read"));
            return Ok(Some(team));
        }
        Err(_) => return Ok(None),
    }
    let file = std::fs::File::open(&path).map_err(failed)?;
    file.take(MAX)
        .read_to_end(&mut team.bytes)
        .map_err(failed)?;
    let text = String::from_utf8_lossy(&team.bytes);
    match text.parse::<toml::Table>() {
        Ok(table) => flatten("", &table, &mut team.values),
        Err(error) => {
            let reason = error.message();
            team.problem = Some(format!("`{FILE}` cannot be read: {reason}"));
        }
    }
    Ok(Some(team))
}

fn flatten(prefix: &str, table: &toml::Table, out: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let name = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            toml::Value::Table(table) => flatten(&name, table, out),
            toml::Value::String(text) => out.push((name, text.clone())),
            other => out.push((name, other.to_string())),
        }
    }
}

/// The settings that trust decides, and what they say.
pub fn commands(team: Option<&Team>, git: &[GitSetting]) -> Vec<(String, String)> {
    let team = team.into_iter().flat_map(|team| team.values.clone());
    let local = git.iter().filter(|setting| setting.local);
    let local = local.map(|setting| (setting.name.clone(), setting.value.clone()));
    team.chain(local)
        .filter(|(name, _)| decides_a_command(name))
        .collect()
}

/// What is trusted: a repository, the file's bytes, and what its own
/// configuration says about commands.
fn token(repo: &Repo, team: Option<&Team>, git: &[GitSetting]) -> Option<String> {
    let mut bytes = repo.common_dir().as_os_str().as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(team.map(|team| team.bytes.as_slice()).unwrap_or_default());
    for setting in git.iter().filter(|setting| setting.local) {
        if decides_a_command(&setting.name) {
            let line = format!("\0{}={}", setting.name, setting.value);
            bytes.extend_from_slice(line.as_bytes());
        }
    }
    ObjectId::of_blob(ObjectFormat::Sha256, &bytes).map(|id| id.to_string())
}

/// Where trust is kept.
fn record() -> Option<PathBuf> {
    let state = variable("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute());
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    state.or_else(home).map(|state| state.join("happy/trusted"))
}

/// Whether the repository's commands are trusted as they are.
pub fn is_trusted(repo: &Repo, team: Option<&Team>, git: &[GitSetting]) -> bool {
    let Some((file, token)) = record().zip(token(repo, team, git)) else {
        return false;
    };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .any(|line| line.split(' ').next() == Some(&token))
}

/// Trusts the repository's commands as they are; or no longer, in any form.
pub fn set(repo: &Repo, team: Option<&Team>, git: &[GitSetting], trust: bool) -> Result<(), Error> {
    let none = || Error::Usage("there is no HOME to keep trust in".to_owned());
    let file = record().ok_or_else(none)?;
    let token = token(repo, team, git).ok_or_else(none)?;
    let place = repo
        .common_dir()
        .to_string_lossy()
        .replace(['\n', '\r'], "?");
    let old = std::fs::read_to_string(&file).unwrap_or_default();
    let ours = |line: &&str| line.split_once(' ').is_some_and(|(_, of)| of == place);
    let mut new = String::new();
    for line in old.lines().filter(|line| trust || !ours(line)) {
        new.push_str(line);
        new.push('\n');
    }
    if trust && !is_trusted(repo, team, git) {
        new.push_str(&format!("{token} {place}\n"));
    }
    write(&file, &new).map_err(|source| {
        Error::Git(git::Error::Io {
            action: "write",
            path: file.clone(),
            source,
        })
    })
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(text.as_bytes())?;
    beside.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// Reads a team's settings, for fuzzing.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    if let Ok(table) = String::from_utf8_lossy(bytes).parse::<toml::Table>() {
        flatten("", &table, &mut Vec::new());
    }
}
