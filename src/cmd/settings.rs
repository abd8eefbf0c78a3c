//! Settings: each a plain value, and where it stands.
//!
//! The command line comes first (the verbs see to that), then the environment,
//! then Git's configuration, then the team's `.happy.toml`, then the default.
//! Whoever wrote a repository wrote its `.git/config` and its `.happy.toml`:
//! from there comes no path, no endpoint, and no command before it is trusted.

use std::path::PathBuf;

use super::context::{Context, variable};
use super::error::Error;
use super::known::known;
pub use super::known::{KEYS, Key, Kind, Reach, variable_of};
use super::trusted::{self, Team};
use crate::git::{self, Environment, GitSetting};

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A variable.
    Environment(String),
    /// A file of Git's configuration.
    Git(PathBuf),
    /// The team's file.
    File(PathBuf),
    /// Nowhere.
    Default,
}

impl Origin {
    /// Its name in records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Environment(_) => "environment",
            Self::Git(_) => "git",
            Self::File(_) => "file",
            Self::Default => "default",
        }
    }

    /// The variable or the file.
    pub fn place(&self) -> Option<String> {
        match self {
            Self::Environment(name) => Some(name.clone()),
            Self::Git(path) | Self::File(path) => Some(path.display().to_string()),
            Self::Default => None,
        }
    }
}

/// A value that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The setting, as this program spells it.
    pub key: String,
    /// The value.
    pub text: String,
    /// Where it stands.
    pub origin: Origin,
    /// Why it does not hold, unless it does.
    pub refused: Option<&'static str>,
}

/// All that was said, the first that holds first.
#[derive(Clone, Debug, Default)]
pub struct Config {
    values: Vec<Value>,
    /// What the user should know: names that mean nothing.
    pub problems: Vec<String>,
}

/// Why a value of the repository's does not hold.
const UNTRUSTED: &str = "not trusted; look at it, then run `happy config trust`";
const PERSONAL: &str = "only you may set it, not the repository";

/// Where the settings of a run come from.
pub struct Sources<'a> {
    /// A variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Git's, a later one wins.
    pub git: Vec<GitSetting>,
    /// The team's.
    pub team: Option<Team>,
    /// Whether the repository's own commands are trusted as they are.
    pub trusted: bool,
}

impl Config {
    /// From what was found.
    pub fn new(sources: &Sources<'_>) -> Self {
        let mut config = Self::default();
        for key in KEYS {
            let name = variable_of(key.name);
            if let Some(text) = (sources.variable)(&name) {
                config.push(key.name, text, Origin::Environment(name), None);
            }
        }
        for setting in sources.git.iter().rev() {
            let origin = Origin::Git(setting.path.clone());
            config.add(
                &setting.name,
                &setting.value,
                origin,
                setting.local,
                sources.trusted,
            );
        }
        if let Some(team) = &sources.team {
            config.problems.extend(team.problem.clone());
            for (name, text) in &team.values {
                let origin = Origin::File(team.path.clone());
                config.add(name, text, origin, true, sources.trusted);
            }
        }
        config
    }

    fn add(&mut self, name: &str, text: &str, origin: Origin, theirs: bool, trusted: bool) {
        let Some(key) = known(name) else {
            let place = origin.place().unwrap_or_default();
            self.problems.push(format!(
                "`{place}` sets `{name}`, which is no setting of happy"
            ));
            return;
        };
        let refused = match key.reach {
            Reach::Personal if theirs => Some(PERSONAL),
            Reach::Trusted if theirs && !trusted => Some(UNTRUSTED),
            _ => None,
        };
        self.push(key.name, text.to_owned(), origin, refused);
    }

    fn push(&mut self, key: &str, text: String, origin: Origin, refused: Option<&'static str>) {
        self.values.push(Value {
            key: key.to_owned(),
            text,
            origin,
            refused,
        });
    }

    /// All values that somebody gave, the first that holds first.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value that holds, be it the default.
    pub fn get(&self, name: &str) -> Option<&str> {
        let given = self.given(name).map(|value| value.text.as_str());
        let default = || {
            let key = KEYS.iter().find(|key| key.name == name)?;
            (!key.default.is_empty()).then_some(key.default)
        };
        given.or_else(default)
    }

    /// The value that holds and that somebody gave.
    pub fn given(&self, name: &str) -> Option<&Value> {
        let mut values = self.values.iter();
        values.find(|value| value.key == name && value.refused.is_none())
    }

    /// A value that would hold if the repository were trusted.
    pub fn untrusted(&self, name: &str) -> Option<&Value> {
        let first = self.values.iter().find(|value| value.key == name)?;
        (first.refused == Some(UNTRUSTED)).then_some(first)
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<u64, Error> {
        let text = self.get(name).unwrap_or_default();
        text.trim()
            .parse()
            .map_err(|_| self.wrong(name, text, "a whole number"))
    }

    /// A boolean, as Git spells it.
    pub fn boolean(&self, name: &str) -> Result<bool, Error> {
        let text = self.get(name).unwrap_or_default();
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" | "" => Ok(false),
            _ => Err(self.wrong(name, text, "`true` or `false`")),
        }
    }

    /// One of the values that the setting may have.
    pub fn choice(&self, name: &str) -> Result<&str, Error> {
        let text = self.get(name).unwrap_or_default().trim();
        let key = KEYS.iter().find(|key| key.name == name);
        match key.map(|key| key.kind) {
            Some(Kind::Choice(choices)) if !choices.contains(&text) => {
                Err(self.wrong(name, text, &format!("one of {}", choices.join(", "))))
            }
            _ => Ok(text),
        }
    }

    fn wrong(&self, name: &str, text: &str, wanted: &str) -> Error {
        let origin = self.given(name).map(|value| &value.origin);
        let place = origin.and_then(Origin::place).unwrap_or_default();
        Error::Usage(format!(
            "`happy.{name}` is `{text}` in `{place}`; it is {wanted}"
        ))
    }

    /// What a variable `HAPPY_…` comes to: the environment's value, or that of
    /// the setting that it stands for.
    pub fn variable(
        &self,
        name: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        if let Some(text) = environment(name) {
            return Some(text);
        }
        let key = KEYS.iter().find(|key| variable_of(key.name) == name)?;
        let value = self.given(key.name)?;
        Some(value.text.clone())
    }
}

/// A variable of the environment as text.
pub fn environment(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}

/// The settings of a run: of the repository around, if there is one.
pub fn load(context: &Context) -> Result<Config, Error> {
    let (git, team, trusted) = if let Ok(repo) = context.repo() {
        let team = trusted::team(&repo)?;
        let git = repo.settings();
        let trusted = trusted::is_trusted(&repo, team.as_ref(), &git);
        (git, team, trusted)
    } else {
        let environment = Environment::from_vars(std::env::vars_os());
        (git::user_settings(&environment)?, None, false)
    };
    Ok(Config::new(&Sources {
        variable: &environment,
        git,
        team,
        trusted,
    }))
}

/// The folder that the user keeps indexes in, if not in `.git/happy`: of each
/// repository a folder of its own there; a variable names the very folder.
pub fn index_dir(repo: &git::Repo) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    if let Some(folder) = variable(&variable_of("indexDir")) {
        return Some(PathBuf::from(folder));
    }
    let all = PathBuf::from(repo.user_setting("indexDir")?);
    let place = repo.common_dir();
    let id = git::ObjectId::of_blob(git::ObjectFormat::Sha1, place.as_os_str().as_bytes())?;
    Some(all.join(id.short()))
}

/// Whether that setting of the repository's is a command, or decides one.
pub fn decides_a_command(name: &str) -> bool {
    known(name).is_some_and(|key| key.reach == Reach::Trusted)
}
