//! How a sandboxed program ended.

use std::time::Duration;

use super::policy::PolicyError;

/// Which limit stopped a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Time on the clock.
    Wall,
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// Processes and threads.
    Processes,
    /// Bytes of output.
    Output,
    /// Bytes on its disk.
    Disk,
    /// Bytes in one file.
    FileSize,
}

impl Limit {
    /// The name that a record shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::Output => "output",
            Self::Disk => "disk",
            Self::FileSize => "file_size",
        }
    }
}

/// What the program reported of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It ended with this exit code.
    Exited(i32),
    /// A signal ended it.
    Signaled(i32),
}

impl Status {
    /// Whether it ended with exit code 0.
    pub fn success(self) -> bool {
        self == Self::Exited(0)
    }
}

/// Which of the two outputs a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What the program was refused, counted from what it printed about it: a
/// program that hides its errors is refused all the same, and not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Denials {
    /// Lines about an unreachable network or an unknown host.
    pub network: u32,
    /// Lines about a file system or folder that may not be written.
    pub write: u32,
}

impl Denials {
    pub(super) fn note(&mut self, line: &str) {
        const NETWORK: [&str; 6] = [
            "Network is unreachable",
            "ENETUNREACH",
            "network is unreachable",
            "Temporary failure in name resolution",
            "Name or service not known",
            "EAI_AGAIN",
        ];
        const WRITE: [&str; 3] = ["Read-only file system", "EROFS", "read-only file system"];
        if NETWORK.iter().any(|text| line.contains(text)) {
            self.network += 1;
        }
        if WRITE.iter().any(|text| line.contains(text)) {
            self.write += 1;
        }
    }
}

/// The end of one run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How the program ended; a stopped one shows the signal that stopped it.
    pub status: Status,
    /// The last bytes of standard output.
    pub stdout: Vec<u8>,
    /// The last bytes of standard error.
    pub stderr: Vec<u8>,
    /// Bytes of output that were printed before those and are not kept.
    pub dropped: u64,
    /// The limit that stopped it.
    pub limit_hit: Option<Limit>,
    /// What it was refused.
    pub denied: Denials,
    /// Time on the clock from start to end.
    pub wall: Duration,
}

impl Outcome {
    /// Whether the program ended with exit code 0 and within its limits.
    pub fn success(&self) -> bool {
        self.status.success() && self.limit_hit.is_none()
    }
}

/// Why nothing ran.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The policy contradicts itself.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// No backend passed its self-test, so nothing was run.
    #[error("no sandbox works here: {0}")]
    NoneWorks(String),
    /// There is no backend of that name.
    #[error("unknown sandbox `{0}`")]
    Unknown(String),
    /// The chosen backend cannot work here.
    #[error("sandbox `{name}` does not work here: {why}")]
    Unusable {
        /// The backend's name.
        name: &'static str,
        /// What is missing.
        why: String,
    },
    /// The sandbox's own machinery failed before the program started.
    #[error("sandbox `{name}` failed to start: {why}")]
    Start {
        /// The backend's name.
        name: &'static str,
        /// What it said.
        why: String,
    },
    /// The sandbox went away, or cannot be understood, while the program ran.
    #[error("sandbox `{name}` was lost: {why}")]
    Lost {
        /// The backend's name.
        name: &'static str,
        /// What happened.
        why: String,
    },
    /// The operating system refused something the host needs.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: std::io::Error,
    },
}

impl SandboxError {
    pub(super) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}
