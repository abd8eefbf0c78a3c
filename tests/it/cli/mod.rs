//! The commands as a user meets them: whole processes in a world of their own.

mod ci;
mod damage;
mod documents;
mod faults;
mod hooks;
mod incremental;
mod inputs;
mod invariants;
mod lang;
mod managers;
mod packages;
mod reference;
mod roles;
mod sessions;
mod settings;
mod shapes;
mod sweep;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with a home, a `PATH` and a Git configuration of its own; gone
/// when dropped.
struct World {
    dir: tempfile::TempDir,
}

/// What a command said.
#[derive(Debug)]
struct Said {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Said {
    fn lines(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is a JSON object"))
            .collect()
    }

    /// The `symbol` of each record.
    fn symbols(&self) -> Vec<String> {
        self.lines()
            .iter()
            .map(|record| record["symbol"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    #[track_caller]
    fn fails(self, code: i32, words: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.contains(words), "no `{words}` in {self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self
    }
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let world = Self { dir };
        for folder in ["home", "bin", "work"] {
            std::fs::create_dir(world.root().join(folder)).expect("a folder can be made");
        }
        for (name, program) in [
            ("happy", env!("CARGO_BIN_EXE_happy")),
            ("git-happy", env!("CARGO_BIN_EXE_git-happy")),
        ] {
            std::os::unix::fs::symlink(program, world.root().join("bin").join(name))
                .expect("a link can be made");
        }
        world
    }

    /// With a repository in `work/repo` that has one commit of these files.
    fn with(files: &[(&str, &str)]) -> Self {
        let world = Self::new();
        world.sh("git init -q repo");
        for (path, text) in files {
            world.write(path, text.as_bytes());
        }
        world.repo("git add -A && git commit -qm one").ok();
        world
    }

    /// The repository most tests ask about.
    fn small() -> Self {
        Self::with(&[
            (
                "lib/shapes.py",
                "class Shape:\n    def area(self):\n        return helper()\n\n\ndef helper():\n    return 1\n",
            ),
            (
                "main.py",
                "from lib.shapes import Shape, helper\n\n\ndef run():\n    helper()\n    return Shape().area()\n",
            ),
        ])
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().expect("the folder exists")
    }

    fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.work().join("repo").join(path);
        let folder = path.parent().expect("it lies in a folder");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(path, bytes).expect("a file can be written");
    }

    /// A shell in `folder`, with nothing of the caller's environment but `PATH`.
    fn command(&self, folder: &Path, script: &str) -> Command {
        let root = self.root();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .current_dir(folder)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", format!("{}/bin:{path}", root.display()))
            .env("HOME", root.join("home"))
            .env("ROOT", &root)
            .envs([
                ("LC_ALL", "C"),
                ("TZ", "UTC"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_AUTHOR_NAME", "A"),
                ("GIT_AUTHOR_EMAIL", "a@example.com"),
                ("GIT_AUTHOR_DATE", "1700000000 +0000"),
                ("GIT_COMMITTER_NAME", "A"),
                ("GIT_COMMITTER_EMAIL", "a@example.com"),
                ("GIT_COMMITTER_DATE", "1700000000 +0000"),
                ("GIT_CONFIG_COUNT", "2"),
                ("GIT_CONFIG_KEY_0", "init.defaultBranch"),
                ("GIT_CONFIG_VALUE_0", "main"),
                ("GIT_CONFIG_KEY_1", "protocol.file.allow"),
                ("GIT_CONFIG_VALUE_1", "always"),
            ]);
        command
    }

    fn run(&self, folder: &Path, script: &str) -> Said {
        use std::os::unix::process::ExitStatusExt;
        let output = self
            .command(folder, script)
            .output()
            .expect("the shell runs");
        let code = output.status.code();
        let signal = output.status.signal().unwrap_or_default();
        Said {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: code.unwrap_or(128 + signal),
        }
    }

    /// Runs in `work`.
    fn sh(&self, script: &str) -> Said {
        self.run(&self.work(), script)
    }

    /// Runs in `work/repo`.
    fn repo(&self, script: &str) -> Said {
        self.run(&self.work().join("repo"), script)
    }

    /// The folder of the repository's index.
    fn index(&self) -> PathBuf {
        self.work().join("repo/.git/happy")
    }

    /// The one snapshot of a commit.
    fn snapshot(&self) -> PathBuf {
        let commit = self.repo("git rev-parse HEAD").stdout;
        self.index().join("commits").join(commit.trim())
    }
}

/// What `happy callers helper` says of [`World::small`].
const CALLERS_OF_HELPER: [&str; 2] = ["lib/shapes.py::Shape.area", "main.py::run"];

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
