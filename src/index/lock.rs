//! One writer at a time. The kernel's file lock dies with its process, so none
//! is ever stale; readers take none.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::Error;

/// The writer's lock; dropping it lets the next writer in.
pub struct LockGuard {
    /// Dropped for what it releases.
    _held: Box<dyn Send + Sync>,
    by_kernel: bool,
}

impl LockGuard {
    /// Wraps whatever releases the lock when it is dropped.
    pub(super) fn new(held: impl Send + Sync + 'static, by_kernel: bool) -> Self {
        Self {
            _held: Box::new(held),
            by_kernel,
        }
    }

    /// Whether it dies with the process. Where the file system has no locks, a
    /// file that must not exist stands in.
    pub fn is_by_kernel(&self) -> bool {
        self.by_kernel
    }
}

impl fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockGuard")
            .field("by_kernel", &self.by_kernel)
            .finish_non_exhaustive()
    }
}

/// How long to sleep between two attempts: short at first, since most writers
/// are quick.
const FIRST_NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(50);

/// Room for a process id and the name of a machine.
const HOLDER_LEN: usize = 80;

/// Takes the kernel's lock on the file at `path`, or the stand-in beside it
/// where the file system knows no locks.
pub(super) fn acquire(path: &Path, timeout: Duration) -> Result<LockGuard, Error> {
    let mut file = open(path)?;
    let waiting = Waiting::new(path, timeout);
    loop {
        match file.try_lock() {
            Ok(()) => {
                // For the message of those who wait; the lock holds without.
                let _ = write_holder(&mut file);
                return Ok(LockGuard::new(file, true));
            }
            Err(TryLockError::WouldBlock) => waiting.nap()?,
            Err(TryLockError::Error(error)) if is_unsupported(&error) => {
                return acquire_exclusive(path, timeout);
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path, error)),
        }
    }
}

fn open(path: &Path) -> Result<File, Error> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(Error::Refused {
            path: path.to_owned(),
            what: "is not a plain file",
        });
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    no_follow(&mut options)
        .open(path)
        .map_err(|error| Error::io("open", path, error))
}

/// Makes opening fail where a link stands in the place of the file.
pub(super) fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

/// Takes the stand-in: a file that is made if there is none. It outlives a
/// killed holder, so one whose process is gone from this machine is removed.
pub(super) fn acquire_exclusive(lock: &Path, timeout: Duration) -> Result<LockGuard, Error> {
    let path = lock.with_extension("held");
    let waiting = Waiting::new(&path, timeout);
    loop {
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let held = Stand { path: path.clone() };
                write_holder(&mut file).map_err(|error| Error::io("write", &path, error))?;
                return Ok(LockGuard::new(held, false));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if holder(&path).is_some_and(|holder| holder.is_gone()) {
                    let _ = std::fs::remove_file(&path);
                }
                waiting.nap()?;
            }
            Err(error) => return Err(Error::io("create", &path, error)),
        }
    }
}

struct Stand {
    path: PathBuf,
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A lock within the process, for disks that no other process sees.
pub(super) fn acquire_flag(
    flag: &Arc<Mutex<bool>>,
    path: &Path,
    timeout: Duration,
) -> Result<LockGuard, Error> {
    let waiting = Waiting::new(path, timeout);
    loop {
        let mut taken = flag.lock().unwrap_or_else(PoisonError::into_inner);
        if !*taken {
            *taken = true;
            return Ok(LockGuard::new(Flag(Arc::clone(flag)), true));
        }
        drop(taken);
        waiting.nap()?;
    }
}

struct Flag(Arc<Mutex<bool>>);

impl Drop for Flag {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }
}

struct Waiting<'a> {
    path: &'a Path,
    since: Instant,
    timeout: Duration,
    naps: std::cell::Cell<u32>,
}

impl<'a> Waiting<'a> {
    fn new(path: &'a Path, timeout: Duration) -> Self {
        Self {
            path,
            since: Instant::now(),
            timeout,
            naps: std::cell::Cell::new(0),
        }
    }

    fn nap(&self) -> Result<(), Error> {
        let waited = self.since.elapsed();
        let Some(left) = self
            .timeout
            .checked_sub(waited)
            .filter(|left| !left.is_zero())
        else {
            return Err(Error::Busy {
                pid: holder(self.path).map(|holder| holder.pid),
                waited,
            });
        };
        let naps = self.naps.get();
        self.naps.set(naps.saturating_add(1));
        let nap = FIRST_NAP.saturating_mul(1 << naps.min(10)).min(LONGEST_NAP);
        std::thread::sleep(nap.min(left));
        Ok(())
    }
}

struct Holder {
    pid: u32,
    machine: String,
}

impl Holder {
    /// Only what ran on this machine can be known to be gone.
    fn is_gone(&self) -> bool {
        let pid = i32::try_from(self.pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        self.machine == machine()
            && pid.is_some_and(|pid| {
                rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
            })
    }
}

fn machine() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// The line is always as long, so that the file need not be cut first: some
/// file systems answer that by writing to the disk at once.
fn write_holder(file: &mut File) -> io::Result<()> {
    let line = format!("{} {}", std::process::id(), machine());
    let line = line.get(..HOLDER_LEN).unwrap_or(&line);
    file.rewind()?;
    file.write_all(format!("{line:HOLDER_LEN$}\n").as_bytes())
}

fn holder(path: &Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(256)
        .read_to_string(&mut text)
        .ok()?;
    let (pid, machine) = text.trim_end().split_once(' ')?;
    Some(Holder {
        pid: pid.parse().ok()?,
        machine: machine.to_owned(),
    })
}

fn is_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    error.kind() == io::ErrorKind::Unsupported
        || [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL]
            .iter()
            .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
