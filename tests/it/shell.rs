//! The program in a repository of its own, in an environment of the test's making.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A repository, gone when dropped.
pub(crate) struct Shell {
    dir: tempfile::TempDir,
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// The records on standard output.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line is a record"))
            .collect()
    }

    /// The records of a type.
    pub(crate) fn of(&self, kind: &str) -> Vec<Value> {
        let mut records = self.records();
        records.retain(|record| record["type"] == kind);
        records
    }

    /// Fails the test unless the exit code is that one.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl Shell {
    /// A repository with one commit of these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let shell = Self { dir };
        std::fs::create_dir(shell.path("")).expect("made");
        shell.git(&["init", "-q", "-b", "main"]);
        for (path, text) in files {
            shell.write(path, text);
        }
        shell.commit("first");
        shell
    }

    /// A path in the repository.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        let root = self.dir.path().canonicalize().expect("it exists");
        root.join("repo").join(path)
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    /// Reads a file.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).expect("readable")
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// Runs Git.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let ran = self.run(Command::new("git").args(args), b"");
        assert_eq!(ran.code, 0, "{args:?}\n{}", ran.stderr);
        ran.stdout
    }

    /// Runs the program.
    pub(crate) fn happy(&self, args: &[&str]) -> Ran {
        self.happy_with(args, b"")
    }

    /// Runs the program with standard input.
    pub(crate) fn happy_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_happy"));
        self.run(command.args(args), input)
    }

    /// Runs the program with more variables.
    pub(crate) fn happy_where(&self, variables: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut command = Command::new("env");
        command.args(
            variables
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        self.run(command.arg(env!("CARGO_BIN_EXE_happy")).args(args), b"")
    }

    fn run(&self, command: &mut Command, input: &[u8]) -> Ran {
        let home = self.dir.path().join("home");
        let kept = ["PATH", "RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"];
        let mut child = command
            .current_dir(self.path(""))
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| kept.iter().any(|kept| name == kept)))
            .env("HOME", home)
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "A")
            .env("GIT_AUTHOR_EMAIL", "a@example.com")
            .env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_NAME", "A")
            .env("GIT_COMMITTER_EMAIL", "a@example.com")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input is no failure.
        let _ = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
