//! Test runners: which one a project uses, how it is started in a sandbox, and
//! what it says of each test.
//!
//! Absence: nothing here starts a program outside a sandbox or reads the
//! environment. A [`Host`] answers for the machine, a [`Job`] is data, and
//! [`run_job`] has a sandbox run it.

mod cargo;
mod django;
mod go;
mod junit;
mod node;
mod project;
mod python;
mod report;
mod tools;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use junit::cases as junit_cases;
pub use project::{Command, PROJECT, Results, Select, exit_case};
pub use report::{Case, Outcome, Parser};
pub use trial::{Bounds, Changed, Said, TrialError, run_job};

/// A runner of tests.
pub trait Runner: Sync {
    /// Its name, as users write it.
    fn name(&self) -> &'static str;

    /// Whether the project uses it.
    fn detect(&self, project: &Project<'_>) -> bool;

    /// How it is run; with a selection, on those tests alone.
    fn job(&self, project: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing>;
}

/// All runners, in the order in which they are looked for.
pub static RUNNERS: &[&dyn Runner] = &[
    &django::Django,
    &python::Pytest,
    &python::Unittest,
    &cargo::Nextest,
    &cargo::CargoTest,
    &go::GoTest,
    &node::Jest,
    &node::Vitest,
    &node::NodeTest,
    &tools::Maven,
    &tools::Gradle,
    &tools::Ctest,
];

/// The runners that a project uses: of each kind of project the first that fits.
pub fn detect(project: &Project<'_>) -> Vec<&'static dyn Runner> {
    let mut found: Vec<&'static dyn Runner> = Vec::new();
    for kind in [0..3, 3..5, 5..6, 6..9, 9..11, 11..12] {
        found.extend(
            RUNNERS[kind]
                .iter()
                .copied()
                .find(|runner| runner.detect(project)),
        );
    }
    found
}

/// The files of a project.
pub struct Project<'a> {
    /// Its folder.
    pub root: &'a Path,
    /// The paths of its files, relative, with `/`.
    pub files: &'a [String],
}

impl Project<'_> {
    /// Whether it has a file of that path.
    pub fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file == path)
    }

    /// Whether some file fits.
    pub fn any(&self, fits: impl Fn(&str, &str) -> bool) -> bool {
        self.files.iter().any(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            fits(path, name)
        })
    }

    /// The text of a file, empty where there is none. A link is not followed.
    pub fn text(&self, path: &str) -> String {
        let file = self.root.join(path);
        match file.symlink_metadata() {
            Ok(meta) if meta.is_file() && meta.len() < 4 << 20 => {
                std::fs::read_to_string(file).unwrap_or_default()
            }
            _ => String::new(),
        }
    }
}

/// What a runner must know of the machine.
pub trait Host {
    /// A program of the user's, by its name.
    fn find(&self, program: &str) -> Option<PathBuf>;

    /// What one of the user's programs prints. It runs outside every sandbox
    /// and far from the project.
    fn ask(&self, program: &Path, args: &[&str]) -> Option<String>;

    /// The user's home.
    fn home(&self) -> Option<PathBuf>;
}

/// Which tests are to be run.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// These alone; all if `None`.
    pub tests: Option<Vec<Test>>,
    /// Arguments for the runner.
    pub args: Vec<String>,
}

/// One test that is to be run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    /// Its file.
    pub path: String,
    /// Its name in the file with its containers', dots between; all of the file
    /// if `None`.
    pub name: Option<String>,
}

/// How a runner is started in a sandbox.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Its environment beyond the sandbox's own.
    pub env: Vec<(String, String)>,
    /// Files and folders of the host that it reads.
    pub reads: Vec<PathBuf>,
    /// Empty folders that it writes, gone afterwards.
    pub scratch: Vec<PathBuf>,
    /// Files that it finds in [`REPORT`].
    pub files: Vec<(&'static str, &'static str)>,
    /// What reads its output.
    pub parser: Parser,
    /// Exit codes with which it says that tests failed.
    pub failed: Vec<i32>,
}

/// The folder with our own reporters, in the sandbox.
pub const REPORT: &str = "/opt/happy/report";
/// The folder to which a runner may write reports, in the sandbox.
pub const OUT: &str = "/opt/happy/out";

/// Why a runner that fits cannot be run.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Missing {
    /// What is missing.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl Missing {
    fn program(name: &str) -> Self {
        Self {
            what: format!("`{name}` is not on PATH"),
            hint: format!("install it, or name another runner with `--runner`; it needs `{name}`"),
        }
    }
}

/// Seconds as a number, to a duration.
fn seconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value).ok()
}

/// Every reader of a runner's output, for fuzzing.
#[cfg(fuzzing)]
pub fn parsers() -> Vec<Parser> {
    vec![
        Parser::Marked,
        Parser::Libtest(report::Libtest::default()),
        Parser::Go(Vec::new()),
        Parser::Lines(project::Lines::new(false)),
        Parser::Lines(project::Lines::new(true)),
    ]
}
