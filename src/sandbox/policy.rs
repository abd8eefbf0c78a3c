//! What a sandboxed program may do: one type for every backend.
//!
//! A policy only ever names what is allowed; what it does not name is absent.
//! [`Policy::child`] intersects, so a child is never weaker than its parent.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One thing that exists in the sandbox's file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mount {
    /// A file or folder of the host that can be read and executed.
    ReadOnly {
        /// The path on the host.
        host: PathBuf,
        /// The path in the sandbox.
        inside: PathBuf,
    },
    /// A folder of the host that can be written, and is then changed. What is
    /// found in it afterwards was made by the program, links included: the
    /// host must not follow them.
    Writable {
        /// The path on the host.
        host: PathBuf,
        /// The path in the sandbox.
        inside: PathBuf,
    },
    /// An empty folder in memory, gone with the sandbox, limited to
    /// [`Limits::disk`].
    Scratch {
        /// The path in the sandbox.
        inside: PathBuf,
    },
    /// A copy-on-write view of folders: reads see the first of `layers` that
    /// has the path, writes go to memory and are gone with the sandbox.
    Overlay {
        /// Folders of the host, the topmost first.
        layers: Vec<PathBuf>,
        /// The path in the sandbox.
        inside: PathBuf,
    },
    /// A symbolic link.
    Link {
        /// What the link says.
        target: PathBuf,
        /// The path in the sandbox.
        inside: PathBuf,
    },
}

impl Mount {
    /// Where the mount appears in the sandbox.
    pub fn inside(&self) -> &Path {
        match self {
            Self::ReadOnly { inside, .. }
            | Self::Writable { inside, .. }
            | Self::Scratch { inside }
            | Self::Overlay { inside, .. }
            | Self::Link { inside, .. } => inside,
        }
    }

    /// Whether the program may change what it finds there.
    pub fn is_writable(&self) -> bool {
        matches!(
            self,
            Self::Writable { .. } | Self::Scratch { .. } | Self::Overlay { .. }
        )
    }

    /// What is left of this mount under a parent that allows `parent`. Paths of
    /// the host are resolved first: a program may have put a link where a
    /// folder was.
    fn under(&self, parent: &[Self]) -> Option<Self> {
        match self {
            Self::Link { .. } => Some(self.clone()),
            Self::Scratch { .. } => allows_scratch(parent).then(|| self.clone()),
            Self::ReadOnly { host, inside } => Some(Self::ReadOnly {
                host: readable(parent, host)?,
                inside: inside.clone(),
            }),
            Self::Writable { host, inside } => {
                let host = readable(parent, host)?;
                let inside = inside.clone();
                let writable = parent
                    .iter()
                    .any(|m| matches!(m, Self::Writable { host: h, .. } if covers(h, &host)));
                Some(if writable {
                    Self::Writable { host, inside }
                } else {
                    Self::ReadOnly { host, inside }
                })
            }
            Self::Overlay { layers, inside } if allows_scratch(parent) => Some(Self::Overlay {
                layers: layers
                    .iter()
                    .map(|layer| readable(parent, layer))
                    .collect::<Option<_>>()?,
                inside: inside.clone(),
            }),
            Self::Overlay { .. } => None,
        }
    }
}

/// Whether a path of the host, resolved already, lies in one that is allowed.
fn covers(allowed: &Path, resolved: &Path) -> bool {
    allowed
        .canonicalize()
        .is_ok_and(|allowed| resolved.starts_with(allowed))
}

/// Where a path of the host really is, if the parent may read it.
fn readable(parent: &[Mount], host: &Path) -> Option<PathBuf> {
    let resolved = host.canonicalize().ok()?;
    let allowed = parent.iter().any(|mount| match mount {
        Mount::ReadOnly { host, .. } | Mount::Writable { host, .. } => covers(host, &resolved),
        Mount::Overlay { layers, .. } => layers.iter().any(|layer| covers(layer, &resolved)),
        Mount::Scratch { .. } | Mount::Link { .. } => false,
    });
    allowed.then_some(resolved)
}

/// Whether the parent may write to memory.
fn allows_scratch(parent: &[Mount]) -> bool {
    parent
        .iter()
        .any(|mount| matches!(mount, Mount::Scratch { .. } | Mount::Overlay { .. }))
}

/// How much a sandboxed program may use before it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time on the clock.
    pub wall: Duration,
    /// Processor time of all its processes together.
    pub cpu: Duration,
    /// Bytes of memory of all its processes together.
    pub memory: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Bytes on standard output and standard error together.
    pub output: u64,
    /// Bytes in each scratch folder and overlay.
    pub disk: u64,
    /// Bytes in one file.
    pub file_size: u64,
}

impl Default for Limits {
    /// What a test suite needs: ten minutes, 2 GiB, 512 processes, 16 MiB of
    /// output, 2 GiB of disk, 1 GiB a file.
    fn default() -> Self {
        Self {
            wall: Duration::from_mins(10),
            cpu: Duration::from_mins(30),
            memory: 2 << 30,
            processes: 512,
            output: 16 << 20,
            disk: 2 << 30,
            file_size: 1 << 30,
        }
    }
}

impl Limits {
    /// The smaller of the two, limit by limit.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            memory: self.memory.min(other.memory),
            processes: self.processes.min(other.processes),
            output: self.output.min(other.output),
            disk: self.disk.min(other.disk),
            file_size: self.file_size.min(other.file_size),
        }
    }
}

/// All that a sandboxed program gets. It never gets a network: only a loopback
/// of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What exists in its file system, outer paths before inner ones.
    pub mounts: Vec<Mount>,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder it starts in.
    pub cwd: PathBuf,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
}

/// Why a policy makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PolicyError {
    /// There is no program to run.
    #[error("the policy has no command")]
    NoCommand,
    /// A path in the sandbox must be absolute and without `..`.
    #[error("`{0}` is not an absolute path without `..`")]
    BadPath(PathBuf),
    /// A mount would hide the root or the sandbox's own file systems.
    #[error("`{0}` cannot be mounted over")]
    Reserved(PathBuf),
    /// A folder of the host that is to be mounted is not there.
    #[error("`{0}` does not exist and cannot be mounted")]
    Missing(PathBuf),
    /// A name or value that no environment can hold.
    #[error("`{0}` is not a valid environment variable")]
    BadVariable(String),
    /// A limit of nought.
    #[error("the limit on {0} is nought")]
    ZeroLimit(&'static str),
}

impl Policy {
    /// A policy for `command` in an otherwise empty world: the system's
    /// programs and libraries read-only, a scratch `/tmp` as home, and an
    /// environment that names nothing of the host.
    pub fn new(command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let env = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", "/tmp"),
            ("TMPDIR", "/tmp"),
            ("LANG", "C.UTF-8"),
        ];
        let mut mounts = system_mounts();
        mounts.push(Mount::Scratch {
            inside: PathBuf::from("/tmp"),
        });
        Self {
            mounts,
            command: command.into_iter().map(Into::into).collect(),
            cwd: PathBuf::from("/tmp"),
            env: env.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            limits: Limits::default(),
        }
    }

    /// Adds a folder or file of the host, read-only, at its own path.
    #[must_use]
    pub fn read_only(self, path: impl Into<PathBuf>) -> Self {
        let host = path.into();
        let inside = host.clone();
        self.mount(Mount::ReadOnly { host, inside })
    }

    /// Adds a mount; a later mount covers an earlier one at the same path.
    #[must_use]
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets the folder to start in.
    #[must_use]
    pub fn cwd(mut self, inside: impl Into<PathBuf>) -> Self {
        self.cwd = inside.into();
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// `wanted` cut down to what this policy allows: a mount that this one
    /// does not cover is dropped, a writable one that is read-only here
    /// becomes read-only, a variable that is not set here is dropped, and each
    /// limit is the smaller of the two.
    #[must_use]
    pub fn child(&self, wanted: &Self) -> Self {
        Self {
            mounts: wanted
                .mounts
                .iter()
                .filter_map(|mount| mount.under(&self.mounts))
                .collect(),
            command: wanted.command.clone(),
            cwd: wanted.cwd.clone(),
            env: wanted
                .env
                .iter()
                .filter(|(name, _)| self.env.contains_key(*name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            limits: self.limits.min(wanted.limits),
        }
    }

    /// Refuses a policy that no backend could carry out as written.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(PolicyError::NoCommand);
        }
        if !is_plain(&self.cwd) {
            return Err(PolicyError::BadPath(self.cwd.clone()));
        }
        for mount in &self.mounts {
            let inside = mount.inside();
            if !is_plain(inside) {
                return Err(PolicyError::BadPath(inside.to_owned()));
            }
            let reserved = ["/proc", "/dev", "/sys", LAUNCHER_INSIDE];
            let whole = ["/", "/etc", "/run"]
                .iter()
                .any(|path| inside == Path::new(path));
            if whole || reserved.iter().any(|r| inside.starts_with(r)) {
                return Err(PolicyError::Reserved(inside.to_owned()));
            }
            match mount {
                Mount::ReadOnly { host, .. } | Mount::Writable { host, .. } => exists(host)?,
                Mount::Overlay { layers, .. } => layers.iter().try_for_each(|l| exists(l))?,
                Mount::Scratch { .. } | Mount::Link { .. } => {}
            }
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(PolicyError::BadVariable(name.clone()));
            }
        }
        self.limits.check()
    }
}

impl Limits {
    fn check(&self) -> Result<(), PolicyError> {
        let limits = [
            ("wall time", self.wall.is_zero()),
            ("processor time", self.cpu.is_zero()),
            ("memory", self.memory == 0),
            ("processes", self.processes == 0),
            ("output", self.output == 0),
            ("disk", self.disk == 0),
            ("file size", self.file_size == 0),
        ];
        match limits.into_iter().find(|(_, zero)| *zero) {
            Some((name, _)) => Err(PolicyError::ZeroLimit(name)),
            None => Ok(()),
        }
    }
}

/// Where the launcher's own program appears in a sandbox that needs it.
pub(super) const LAUNCHER_INSIDE: &str = "/run/happy";

fn exists(host: &Path) -> Result<(), PolicyError> {
    if is_plain(host) && host.exists() {
        Ok(())
    } else {
        Err(PolicyError::Missing(host.to_owned()))
    }
}

fn is_plain(path: &Path) -> bool {
    path.is_absolute()
        && path
            .components()
            .all(|c| matches!(c, Component::RootDir | Component::Normal(_)))
}

/// The system's programs and libraries, and the few folders of `/etc` without
/// which they do not start. Nothing here says who uses the machine.
fn system_mounts() -> Vec<Mount> {
    let mut mounts = Vec::new();
    let folders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];
    let beneath_etc = [
        "/etc/alternatives",
        "/etc/ssl/certs",
        "/etc/java-17-openjdk",
        "/etc/java-21-openjdk",
    ];
    for path in folders.into_iter().chain(beneath_etc).map(PathBuf::from) {
        match path.symlink_metadata() {
            Ok(meta) if meta.is_symlink() && folders.iter().any(|f| path == Path::new(f)) => {
                if let Ok(target) = path.read_link() {
                    mounts.push(Mount::Link {
                        target,
                        inside: path,
                    });
                }
            }
            Ok(_) if path.exists() => mounts.push(Mount::ReadOnly {
                host: path.clone(),
                inside: path,
            }),
            _ => {}
        }
    }
    mounts
}
