//! Makes a repository by running its script in a folder of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use happy::git::{Environment, Repo};

/// A folder with what a script of `tests/fixtures/repos` made; gone when dropped.
pub(super) struct Fixture {
    dir: tempfile::TempDir,
}

impl Fixture {
    /// Runs `tests/fixtures/repos/<name>.sh` in an empty folder, without any
    /// configuration but what the test itself brings.
    pub(super) fn new(name: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/repos")
            .join(format!("{name}.sh"));
        let fixture = Self { dir };
        fixture.sh(&format!("SCRIPT='{0}'; . '{0}'", script.display()));
        fixture
    }

    /// The folder the script ran in, without symbolic links.
    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().expect("the folder exists")
    }

    /// Runs shell commands in the folder and gives back what they print.
    pub(super) fn sh(&self, commands: &str) -> String {
        let output = Command::new("sh")
            .args(["-e", "-c", commands])
            .current_dir(self.path())
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
            .envs([
                ("HOME", self.path().as_os_str()),
                ("LC_ALL", "C".as_ref()),
                ("GIT_CONFIG_NOSYSTEM", "1".as_ref()),
                ("GIT_CONFIG_GLOBAL", "/dev/null".as_ref()),
                ("GIT_AUTHOR_NAME", "A".as_ref()),
                ("GIT_AUTHOR_EMAIL", "a@example.com".as_ref()),
                ("GIT_AUTHOR_DATE", "1700000000 +0000".as_ref()),
                ("GIT_COMMITTER_NAME", "A".as_ref()),
                ("GIT_COMMITTER_EMAIL", "a@example.com".as_ref()),
                ("GIT_COMMITTER_DATE", "1700000000 +0000".as_ref()),
                ("GIT_CONFIG_COUNT", "2".as_ref()),
                ("GIT_CONFIG_KEY_0", "init.defaultBranch".as_ref()),
                ("GIT_CONFIG_VALUE_0", "main".as_ref()),
                ("GIT_CONFIG_KEY_1", "protocol.file.allow".as_ref()),
                ("GIT_CONFIG_VALUE_1", "always".as_ref()),
            ])
            .output()
            .expect("sh runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{stderr}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// The repository that `folder` below the fixture belongs to.
    pub(super) fn repo(&self, folder: &str) -> Repo {
        self.discover(folder, &[]).expect("the repository opens")
    }

    /// The same, with variables of the environment, which may fail.
    pub(super) fn discover(&self, folder: &str, vars: &[(&str, &str)]) -> happy::git::Result<Repo> {
        Repo::discover(&self.path().join(folder), &self.environment(vars))
    }

    /// An environment with an empty home, `PATH` and the given variables.
    pub(super) fn environment(&self, vars: &[(&str, &str)]) -> Environment {
        let path = std::env::vars_os().filter(|(name, _)| name == "PATH");
        let fixed = [
            (
                OsString::from("HOME"),
                self.path().join("home").into_os_string(),
            ),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ];
        let given = vars.iter().map(|(name, value)| (name.into(), value.into()));
        Environment::from_vars(path.chain(fixed).chain(given))
    }
}
