//! The one place that starts the `git` program.
//!
//! It runs with an environment of our own making: no configuration of the
//! system or the user, no prompt, no optional lock, no network, and every
//! program that the repository's configuration can name replaced by nothing.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::{Error, ObjectId, Repo, Result};

/// Settings that beat the repository's own, as `GIT_CONFIG_COUNT` passes them.
const OVERRIDES: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.alternateRefsCommand", ""),
    ("core.askPass", ""),
    ("core.editor", "false"),
    ("core.gitProxy", ""),
    ("core.pager", "cat"),
    ("core.sshCommand", "false"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("log.showSignature", "false"),
    ("gpg.program", "false"),
    ("gpg.ssh.program", "false"),
    ("gpg.x509.program", "false"),
    ("credential.helper", ""),
    ("diff.external", ""),
    ("interactive.diffFilter", ""),
    ("sequence.editor", "false"),
    ("protocol.allow", "never"),
    ("protocol.ext.allow", "never"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
];

/// Keys under names that the repository chooses, each of which may hold a program.
const DRIVERS: &str = concat!(
    r"^(filter\..*\.(clean|smudge|process|required)",
    r"|diff\..*\.(command|textconv)",
    r"|merge\..*\.driver",
    r"|gpg\..*\.(program|defaultkeycommand)",
    r"|credential\..*\.helper)$",
);

/// Commands that understand, and need, the two switches against programs.
const DIFFING: &[&str] = &[
    "diff",
    "diff-files",
    "diff-index",
    "diff-tree",
    "format-patch",
    "log",
    "show",
];

/// A call of the `git` program on one repository, not yet made.
pub struct Git<'a> {
    repo: &'a Repo,
    args: Vec<OsString>,
    stdin: Option<&'a [u8]>,
    index: Option<&'a Path>,
    work_dir: Option<&'a Path>,
}

/// How a call of the `git` program ended.
#[derive(Debug)]
pub struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: String,
}

impl<'a> Git<'a> {
    /// A call on `repo` without arguments.
    pub fn new(repo: &'a Repo) -> Self {
        Self {
            repo,
            args: Vec::new(),
            stdin: None,
            index: None,
            work_dir: None,
        }
    }

    /// Adds an argument; the first one is Git's command.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// What the program reads from its standard input; nothing by default.
    #[must_use]
    pub fn stdin(mut self, bytes: &'a [u8]) -> Self {
        self.stdin = Some(bytes);
        self
    }

    /// Another index file than the working tree's, as for a temporary one.
    #[must_use]
    pub fn index(mut self, path: &'a Path) -> Self {
        self.index = Some(path);
        self
    }

    /// Another working tree than the repository's own.
    #[must_use]
    pub fn work_dir(mut self, path: &'a Path) -> Self {
        self.work_dir = Some(path);
        self
    }

    /// Runs it; anything but success is an [`Error::GitProgram`].
    pub fn run(self) -> Result<Output> {
        let command = self.display();
        let output = self.output()?;
        if output.success() {
            return Ok(output);
        }
        Err(Error::GitProgram {
            command,
            stderr: output.stderr.trim().to_owned(),
        })
    }

    /// Runs it, and leaves the exit status to the caller.
    pub fn output(self) -> Result<Output> {
        let program = find_git(self.repo)?;
        let drivers = self.drivers(&program)?;
        let mut command = self.command(&program, &drivers);
        if let Some((first, rest)) = self.args.split_first() {
            command.arg(first);
            if DIFFING.iter().any(|known| first == known) {
                command.args(["--no-ext-diff", "--no-textconv"]);
            }
            command.args(rest);
        }
        finish(command, &program, self.stdin.unwrap_or_default())
    }

    /// The drivers that the repository defines under names of its own, so that
    /// each can be overridden. Listing configuration executes nothing.
    fn drivers(&self, program: &Path) -> Result<Vec<(String, &'static str)>> {
        // Resolving names touches no file content, so no driver can be asked.
        let plain = ["rev-parse", "symbolic-ref", "merge-base"];
        if self
            .args
            .first()
            .is_none_or(|first| plain.iter().any(|known| first == known))
        {
            return Ok(Vec::new());
        }
        let mut command = self.command(program, &[]);
        command.args(["config", "--null", "--name-only", "--get-regexp", DRIVERS]);
        let output = finish(command, program, &[])?;
        let names = output
            .stdout
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty());
        Ok(names
            .map(|name| {
                let name = String::from_utf8_lossy(name).into_owned();
                let value = match name.rsplit_once('.').map(|(_, key)| key) {
                    // Git's own way of merging, which the driver stood in for.
                    Some("driver") => "git merge-file %A %O %B",
                    Some("required" | "program" | "defaultkeycommand") => "false",
                    _ => "",
                };
                (name, value)
            })
            .collect())
    }

    fn command(&self, program: &Path, drivers: &[(String, &str)]) -> Command {
        let environment = self.repo.environment();
        let mut command = Command::new(program);
        command.env_clear();
        for name in [
            "PATH",
            "TMPDIR",
            "GIT_COMMON_DIR",
            "GIT_OBJECT_DIRECTORY",
            "GIT_QUARANTINE_PATH",
        ]
        .into_iter()
        .chain(["GIT_ALTERNATE_OBJECT_DIRECTORIES"])
        {
            if let Some(value) = environment.get(name) {
                command.env(name, value);
            }
        }
        command.env("GIT_DIR", self.repo.git_dir());
        command.env(
            "GIT_INDEX_FILE",
            self.index
                .map_or_else(|| self.repo.index_path(), Path::to_owned),
        );
        let work_dir = self.work_dir.or(self.repo.work_dir());
        if let Some(work_dir) = work_dir {
            command.env("GIT_WORK_TREE", work_dir);
        }
        command.current_dir(work_dir.unwrap_or(self.repo.git_dir()));
        command.envs([
            ("LC_ALL", "C"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_ALLOW_PROTOCOL", ""),
            ("GIT_PAGER", "cat"),
            ("GIT_EDITOR", "false"),
        ]);
        let drivers = drivers.iter().map(|(key, value)| (key.as_str(), *value));
        let mut count = 0;
        for (key, value) in OVERRIDES.iter().copied().chain(drivers) {
            command.env(format!("GIT_CONFIG_KEY_{count}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string());
        command
    }

    fn display(&self) -> String {
        let words: Vec<_> = self.args.iter().map(|arg| arg.to_string_lossy()).collect();
        words.join(" ")
    }
}

impl Output {
    /// True if the program ended well.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// The exit code, unless a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// What it wrote to standard output.
    pub fn stdout(&self) -> &[u8] {
        &self.stdout
    }

    /// What it wrote to standard error, lossily decoded.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// Standard output as text without the end of line.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(self.stdout.trim_ascii_end()).into_owned()
    }

    /// The id on the first line, if the program ended well.
    pub(super) fn first_id(&self) -> Result<ObjectId, super::InvalidId> {
        if !self.success() {
            return Err(super::InvalidId);
        }
        self.text().lines().next().unwrap_or_default().parse()
    }
}

/// The `git` on the caller's `PATH`; a relative entry there could be the
/// repository's own, and is passed over.
fn find_git(repo: &Repo) -> Result<PathBuf> {
    let fallback = OsStr::new("/usr/local/bin:/usr/bin:/bin");
    let path = repo.environment().get("PATH").unwrap_or(fallback);
    let executable = |path: &PathBuf| {
        std::fs::metadata(path)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("git"))
        .find(executable)
        .ok_or(Error::NoGitProgram)
}

fn finish(mut command: Command, program: &Path, stdin: &[u8]) -> Result<Output> {
    let fail = |error| Error::io("run", program, error);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(fail)?;
    let pipe = child.stdin.take();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that ends without reading all of it is judged by its status.
            pipe.map(|mut pipe| pipe.write_all(stdin))
        });
        child.wait_with_output()
    });
    let output = output.map_err(fail)?;
    Ok(Output {
        status: output.status,
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
