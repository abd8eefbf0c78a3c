//! A sandbox that is a process of this machine: started, watched, and killed
//! with all that it started.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::outcome::{Limit, Outcome, SandboxError, Status, Stream};
use super::policy::{Limits, Policy};
use super::ring::{Complaints, Ring};
use super::session::Session;
use super::{Sandbox, host, launcher};

/// Tells the program's processes and threads from the backend's own.
pub(super) type Count = fn(&host::Usage) -> u32;

/// A backend that turns a policy into a command of this machine.
pub(super) trait Local: Send + Sync + 'static {
    /// See [`Sandbox::name`].
    fn name(&self) -> &'static str;
    /// See [`Sandbox::guarantee`].
    fn guarantee(&self) -> &'static str;
    /// Whether the tools are there: why not, and what to do about it.
    fn ready(&self) -> Result<(), (String, String)>;
    /// The command that runs the policy's program. What it needs on the host
    /// goes to `scratch`, an empty folder that is removed afterwards.
    fn prepare(
        &self,
        policy: &Policy,
        launcher: &Path,
        scratch: &Path,
    ) -> Result<Prepared, SandboxError>;
    /// How many of the processes and threads that were counted are the
    /// program's: all but the launcher and the first process.
    fn count(&self) -> Count {
        |usage| usage.tasks.saturating_sub(2)
    }
    /// Bytes of memory that the backend itself needs.
    fn own_memory(&self) -> u64 {
        0
    }
}

/// A command that is ready to start, and the control group it joins.
pub(super) struct Prepared {
    pub(super) command: Command,
    pub(super) group: Option<host::Group>,
}

/// A running sandbox.
pub(super) struct Watched {
    child: Child,
    group: Option<host::Group>,
    limits: Limits,
    count: Count,
    own_memory: u64,
    started: Instant,
    next_check: Instant,
    _scratch: tempfile::TempDir,
}

/// A sandbox that is ready to start, on whichever thread will keep it.
pub(super) struct Ready {
    prepared: Prepared,
    limits: Limits,
    count: Count,
    own_memory: u64,
    scratch: tempfile::TempDir,
}

/// How the scratch folders are called; the process that made one follows.
const SCRATCH: &str = "happy-sandbox-";

/// Removes the scratch folders of processes that were killed. A folder that
/// another user made cannot be removed, and that is right.
fn sweep() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(SCRATCH));
        let owner = owner.and_then(|rest| rest.split('-').next()?.parse::<i32>().ok());
        if owner.and_then(Pid::from_raw).is_some_and(has_ended) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether there is no process of that number any more.
pub(super) fn has_ended(pid: Pid) -> bool {
    rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
}

impl Ready {
    pub(super) fn new(backend: &dyn Local, policy: &Policy) -> Result<Self, SandboxError> {
        static ONCE: std::sync::Once = std::sync::Once::new();
        policy.check()?;
        ONCE.call_once(sweep);
        let doing = "making a scratch folder";
        let scratch = tempfile::Builder::new()
            .prefix(&format!("{SCRATCH}{}-", std::process::id()))
            .tempdir()
            .map_err(SandboxError::io(doing))?;
        let path = scratch
            .path()
            .canonicalize()
            .map_err(SandboxError::io(doing))?;
        Ok(Self {
            prepared: backend.prepare(policy, &launcher()?, &path)?,
            limits: policy.limits,
            count: backend.count(),
            own_memory: backend.own_memory(),
            scratch,
        })
    }

    /// Starts it. It dies with the calling thread.
    pub(super) fn start(self) -> Result<Watched, SandboxError> {
        let Prepared { mut command, group } = self.prepared;
        let started = Instant::now();
        let child = command
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(SandboxError::io("starting the sandbox"))?;
        Ok(Watched {
            child,
            group,
            limits: self.limits,
            count: self.count,
            own_memory: self.own_memory,
            started,
            next_check: started,
            _scratch: self.scratch,
        })
    }
}

impl Watched {
    pub(super) fn pipes(&mut self) -> (ChildStdin, ChildStdout, ChildStderr) {
        let child = &mut self.child;
        (
            child.stdin.take().expect("standard input was piped"),
            child.stdout.take().expect("standard output was piped"),
            child.stderr.take().expect("standard error was piped"),
        )
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The limit that has been passed, if any. Cheap to call often.
    pub(super) fn check(&mut self) -> Option<Limit> {
        let now = Instant::now();
        if now.duration_since(self.started) >= self.limits.wall {
            return Some(Limit::Wall);
        }
        if now < self.next_check {
            return None;
        }
        let limit = self
            .group
            .as_ref()
            .and_then(host::Group::hit)
            .or_else(|| self.measured());
        // The watch may cost a twentieth of a processor, no more.
        let cost = now.elapsed();
        self.next_check = Instant::now() + (cost * 20).max(Duration::from_millis(10));
        limit
    }

    fn measured(&self) -> Option<Limit> {
        let usage = host::measure(self.child.id(), false);
        if usage.cpu >= self.limits.cpu {
            return Some(Limit::Cpu);
        }
        if (self.count)(&usage) > self.limits.processes {
            return Some(Limit::Processes);
        }
        let most = self.limits.memory + self.own_memory;
        let kept = self.group.as_ref().is_some_and(host::Group::keeps_memory);
        if !kept && usage.memory > most && host::measure(self.child.id(), true).memory > most {
            return Some(Limit::Memory);
        }
        None
    }

    pub(super) fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Kills everything that was started and waits for its end.
    pub(super) fn kill(&mut self) -> ExitStatus {
        let members = || {
            let group = self.group.as_ref();
            group.map(host::Group::members).unwrap_or_default()
        };
        let mut killed = host::kill_tree(self.child.id(), &members());
        let status = self.child.wait().unwrap_or(ExitStatus::from_raw(9));
        // What lost its parent is reaped by the kernel a moment later.
        for _ in 0..500 {
            for pid in members() {
                killed.extend(host::kill_tree(pid, &[]));
            }
            killed.retain(|pid| host::runs(*pid));
            if killed.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        status
    }

    /// The limit that explains an end that nobody waited for.
    pub(super) fn limit_behind(&self, status: Status, complaints: &Complaints) -> Option<Limit> {
        let kernel = self.group.as_ref().and_then(host::Group::hit);
        kernel.or(match status {
            Status::Signaled(libc_signal::XFSZ) => Some(Limit::FileSize),
            Status::Signaled(libc_signal::XCPU) => Some(Limit::Cpu),
            Status::Exited(0) => None,
            _ => complaints.limit(),
        })
    }

    pub(super) fn wall(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.try_wait().is_none() {
            self.kill();
        }
    }
}

mod libc_signal {
    pub(super) const XCPU: i32 = 24;
    pub(super) const XFSZ: i32 = 25;
}

/// What the program reported: the launchers pass a signal on as 128 and its
/// number, as a shell does.
pub(super) fn status_of(status: ExitStatus) -> Status {
    match (status.code(), status.signal()) {
        (Some(code @ 129..=192), _) => Status::Signaled(code - 128),
        (Some(code), _) => Status::Exited(code),
        (None, signal) => Status::Signaled(signal.unwrap_or(9)),
    }
}

enum Event {
    Bytes(Stream, Vec<u8>),
    End,
}

fn read_all(mut from: impl Read + Send + 'static, stream: Stream, to: mpsc::SyncSender<Event>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) if to.send(Event::Bytes(stream, buffer[..n].to_vec())).is_ok() => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => break,
            }
        }
        let _ = to.send(Event::End);
    });
}

/// The last bytes that are kept of each output.
pub(super) const KEPT: u64 = 16 << 20;
const STEP: Duration = Duration::from_millis(10);

fn run(
    backend: &dyn Local,
    policy: &Policy,
    input: &[u8],
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<Outcome, SandboxError> {
    let mut watched = Ready::new(backend, policy)?.start()?;
    let (mut stdin, stdout, stderr) = watched.pipes();
    let input = input.to_vec();
    // A program that does not read its input ends this thread by ending.
    std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let (sender, events) = mpsc::sync_channel(8);
    read_all(stdout, Stream::Stdout, sender.clone());
    read_all(stderr, Stream::Stderr, sender);

    let kept = policy.limits.output.min(KEPT) as usize;
    let mut out = Ring::new(Stream::Stdout, kept);
    let mut err = Ring::new(Stream::Stderr, kept);
    let mut complaints = Complaints::default();
    let mut on_line = |stream, line: &str| {
        complaints.note(line);
        on_line(stream, line);
    };
    let (mut printed, mut open) = (0u64, 2);
    let mut ended_at = None;
    let (exit, mut limit) = loop {
        match events.recv_timeout(if open == 0 {
            Duration::from_millis(1)
        } else {
            STEP
        }) {
            Ok(Event::Bytes(stream, bytes)) => {
                printed += bytes.len() as u64;
                let ring = if stream == Stream::Stdout {
                    &mut out
                } else {
                    &mut err
                };
                ring.push(&bytes, &mut on_line);
                if printed > policy.limits.output {
                    break (watched.kill(), Some(Limit::Output));
                }
            }
            Ok(Event::End) => open -= 1,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        if let Some(limit) = watched.check() {
            break (watched.kill(), Some(limit));
        }
        if let Some(exit) = watched.try_wait() {
            // What the program has written is still in the pipes.
            let since = *ended_at.get_or_insert_with(Instant::now);
            if open == 0 || since.elapsed() > Duration::from_millis(500) {
                break (exit, None);
            }
        }
    };
    // What was said before the end is the best clue to it.
    while open > 0 {
        match events.recv_timeout(Duration::from_millis(100)) {
            Ok(Event::Bytes(stream, bytes)) if printed <= policy.limits.output => {
                printed += bytes.len() as u64;
                let ring = if stream == Stream::Stdout {
                    &mut out
                } else {
                    &mut err
                };
                ring.push(&bytes, &mut on_line);
            }
            Ok(Event::Bytes(..)) => {}
            Ok(Event::End) => open -= 1,
            Err(_) => break,
        }
    }
    out.flush(&mut on_line);
    err.flush(&mut on_line);
    let status = status_of(exit);
    limit = limit.or_else(|| watched.limit_behind(status, &complaints));
    let wall = watched.wall();
    let (stdout, dropped_out) = out.finish();
    let (stderr, dropped_err) = err.finish();
    if status == Status::Exited(host::FAILED) {
        start_failure(backend.name(), &stderr)?;
    }
    Ok(Outcome {
        status,
        stdout,
        stderr,
        dropped: dropped_out + dropped_err,
        limit_hit: limit,
        denied: complaints.denied,
        wall,
    })
}

/// Tells a launcher that failed from a program that did.
pub(super) fn start_failure(name: &'static str, stderr: &[u8]) -> Result<(), SandboxError> {
    let text = String::from_utf8_lossy(stderr);
    let said = text
        .lines()
        .last()
        .and_then(|l| l.strip_prefix(host::FAILED_PREFIX));
    said.map_or(Ok(()), |why| {
        Err(SandboxError::Start {
            name,
            why: why.to_owned(),
        })
    })
}

impl<T: Local> Sandbox for T {
    fn name(&self) -> &'static str {
        Local::name(self)
    }

    fn guarantee(&self) -> &'static str {
        Local::guarantee(self)
    }

    fn ready(&self) -> Result<(), (String, String)> {
        Local::ready(self)
    }

    fn run(
        &self,
        policy: &Policy,
        input: &[u8],
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Outcome, SandboxError> {
        run(self, policy, input, on_line)
    }

    fn spawn_session(&self, policy: &Policy) -> Result<Session, SandboxError> {
        Session::start(self, policy)
    }
}

/// A program of the host's, by name. The search path of whoever runs `happy`
/// comes first, then the folders for administrators, where some systems put
/// these.
pub(super) fn find_tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .chain(["/usr/bin", "/usr/sbin", "/usr/local/bin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}
