//! One run of a runner in a sandbox, on a copy of a working tree.
//!
//! The tree stays as it is; what the tests see can differ from it by some
//! files, and what they write is gone afterwards.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::report::Parser;
use super::{Case, Job, OUT, REPORT, junit_cases};
use crate::sandbox::{
    Chosen, Limits, Mount, Outcome as Ended, Policy, SandboxError, TreeError, TreeView,
};

/// A file that differs from the working tree: its bytes and whether it can be
/// executed, or nothing where it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The path, relative to the tree.
    pub path: PathBuf,
    /// What it holds.
    pub file: Option<(Vec<u8>, bool)>,
}

/// What a runner says while it runs.
#[derive(Clone, Debug)]
pub enum Said {
    /// A test ended.
    Case(Case),
    /// Why a test failed, where the runner says that later.
    Failure {
        /// The test.
        name: String,
        /// What it printed.
        message: String,
    },
}

/// Why nothing ran.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The sandbox's side.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The tree cannot be shown.
    #[error(transparent)]
    View(#[from] TreeError),
    /// A temporary folder cannot be made or filled.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Time and memory of a run of tests.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time on the clock.
    pub wall: Duration,
    /// Bytes of memory.
    pub memory: u64,
}

/// Runs `job` on a copy of the tree at `root`, which differs by `changes`.
pub fn run_job(
    job: &Job,
    chosen: &Chosen,
    root: &Path,
    changes: &[Changed],
    bounds: Bounds,
    on: &mut dyn FnMut(Said),
) -> Result<Ended, TrialError> {
    let io = |action| move |source| TrialError::Io { action, source };
    let folder = tempfile::tempdir().map_err(io("make a temporary folder"))?;
    let scratch = Scratch::new(folder.path(), job).map_err(io("fill a temporary folder"))?;
    let view = chosen.tree_view(root, &scratch.tree)?;
    for change in changes {
        match &change.file {
            Some((bytes, executable)) => view.write(&change.path, bytes, *executable)?,
            None => view.remove(&change.path)?,
        }
    }
    let policy = policy(job, root, &view, &scratch, bounds);
    let mut parser = job.parser.clone();
    let outcome = chosen.sandbox.run(&policy, b"", &mut |_, line| {
        if let Some((name, message)) = parser.failure(line) {
            on(Said::Failure { name, message });
        }
        if let Some(case) = parser.line(line) {
            on(Said::Case(case));
        }
    })?;
    if let Some((name, message)) = parser.end() {
        on(Said::Failure { name, message });
    }
    if let (Parser::Exit(name), None) = (&parser, outcome.limit_hit) {
        on(Said::Case(super::exit_case(name, &outcome)));
    }
    if matches!(parser, Parser::Junit) {
        for text in scratch.reports() {
            for case in junit_cases(&text) {
                on(Said::Case(case));
            }
        }
    }
    Ok(outcome)
}

/// The project where it stands, so that what was built before is not built
/// again; beside it what the runner reads, and nothing else.
fn policy(job: &Job, root: &Path, view: &TreeView, scratch: &Scratch, bounds: Bounds) -> Policy {
    let mut policy = Policy::new(job.command.clone());
    let mut reads: Vec<&PathBuf> = job.reads.iter().collect();
    reads.sort();
    reads.dedup();
    let system = |path: &Path| {
        ["/usr", "/bin", "/lib"]
            .iter()
            .any(|known| path.starts_with(known))
    };
    for inside in &job.scratch {
        policy = policy.mount(Mount::Scratch {
            inside: inside.clone(),
        });
    }
    for path in reads {
        if path.exists() && !system(path) && !path.starts_with(root) {
            policy = policy.read_only(path);
        }
    }
    policy = policy
        .mount(Mount::ReadOnly {
            host: scratch.report.clone(),
            inside: REPORT.into(),
        })
        .mount(Mount::Writable {
            host: scratch.out.clone(),
            inside: OUT.into(),
        })
        .mount(view.mount(root))
        .cwd(root);
    for (name, value) in &job.env {
        policy = policy.env(name, value);
    }
    let wall = bounds.wall.max(Duration::from_secs(1));
    policy.limits(Limits {
        wall,
        cpu: wall.saturating_mul(8),
        memory: bounds.memory.max(1 << 20),
        ..Limits::default()
    })
}

/// Folders of the host that one run needs.
struct Scratch {
    tree: PathBuf,
    report: PathBuf,
    out: PathBuf,
}

impl Scratch {
    fn new(folder: &Path, job: &Job) -> std::io::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let make = |name: &str, mode| {
            let path = folder.join(name);
            std::fs::create_dir(&path)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
            std::io::Result::Ok(path)
        };
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
        let scratch = Self {
            tree: make("tree", 0o755)?,
            report: make("report", 0o755)?,
            out: make("out", 0o777)?,
        };
        for (name, text) in &job.files {
            std::fs::write(scratch.report.join(name), text)?;
        }
        Ok(scratch)
    }

    /// The reports that the program left, links and giants passed over.
    fn reports(&self) -> Vec<String> {
        let mut paths: Vec<_> = std::fs::read_dir(&self.out)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        let plain = |path: &PathBuf| {
            path.symlink_metadata()
                .is_ok_and(|meta| meta.is_file() && meta.len() < 64 << 20)
        };
        paths
            .into_iter()
            .filter(plain)
            .filter_map(|path| std::fs::read(path).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect()
    }
}
