//! A sandboxed process that stays, spoken to over its pipes.

use std::io::Read;
use std::process::{ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::local::{KEPT, Local, Ready, Watched, start_failure, status_of};
use super::outcome::{Limit, SandboxError, Status, Stream};
use super::policy::Policy;
use super::ring::{Complaints, Ring};

/// How a session ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How its program ended.
    pub status: Status,
    /// The limit that stopped it.
    pub limit_hit: Option<Limit>,
    /// The last bytes of its standard error.
    pub stderr: Vec<u8>,
    /// Time on the clock from start to end.
    pub wall: Duration,
}

/// A running session. Dropped, it is killed.
///
/// The limits on time, memory and processes are kept by a thread; how much the
/// program may say on standard output is for whoever reads it to limit, as
/// `protocol` does.
#[derive(Debug)]
pub struct Session {
    /// The program's standard input.
    pub stdin: Option<ChildStdin>,
    /// The program's standard output.
    pub stdout: Option<ChildStdout>,
    name: &'static str,
    pid: u32,
    stop: Arc<AtomicBool>,
    keeper: Option<JoinHandle<Ended>>,
}

impl Session {
    pub(super) fn start<T: Local>(backend: &T, policy: &Policy) -> Result<Self, SandboxError> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let (sender, receiver) = mpsc::channel();
        let name = Local::name(backend);
        let ready = Ready::new(backend, policy)?;
        let output = policy.limits.output;
        // The sandbox dies with the thread that started it, so that thread must
        // be the one that stays.
        let keeper = std::thread::spawn(move || {
            let started = ready.start();
            match started {
                Ok(mut watched) => {
                    let (stdin, stdout, stderr) = watched.pipes();
                    let _ = sender.send(Ok((stdin, stdout, watched.pid())));
                    keep(&mut watched, stderr, output, &flag)
                }
                Err(error) => {
                    let _ = sender.send(Err(error));
                    Ended {
                        status: Status::Signaled(9),
                        limit_hit: None,
                        stderr: Vec::new(),
                        wall: Duration::ZERO,
                    }
                }
            }
        });
        let (stdin, stdout, pid) = receiver.recv().map_err(|_| SandboxError::Start {
            name,
            why: "its thread ended".to_owned(),
        })??;
        Ok(Self {
            stdin: Some(stdin),
            stdout: Some(stdout),
            name,
            pid,
            stop,
            keeper: Some(keeper),
        })
    }

    /// A session that something else keeps: its pipes, the flag that stops it,
    /// and the thread that knows how it ended.
    pub(super) fn of(
        name: &'static str,
        pid: u32,
        (stdin, stdout): (ChildStdin, ChildStdout),
        stop: Arc<AtomicBool>,
        keeper: JoinHandle<Ended>,
    ) -> Self {
        Self {
            stdin: Some(stdin),
            stdout: Some(stdout),
            name,
            pid,
            stop,
            keeper: Some(keeper),
        }
    }

    /// Kills the program and all that it started.
    pub fn kill(mut self) -> Result<Ended, SandboxError> {
        self.stop.store(true, Ordering::Release);
        self.join()
    }

    /// Closes the program's standard input and waits for its end.
    pub fn wait(mut self) -> Result<Ended, SandboxError> {
        self.stdin = None;
        self.join()
    }

    /// The process that all of the session's processes descend from: on the
    /// host, or in a remote machine its number there.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the program still runs.
    pub fn is_alive(&self) -> bool {
        self.keeper
            .as_ref()
            .is_some_and(|keeper| !keeper.is_finished())
    }

    fn join(&mut self) -> Result<Ended, SandboxError> {
        let Some(keeper) = self.keeper.take() else {
            return Err(SandboxError::Start {
                name: self.name,
                why: "the session has ended".to_owned(),
            });
        };
        keeper.thread().unpark();
        let ended = keeper.join().map_err(|_| SandboxError::Start {
            name: self.name,
            why: "its thread panicked".to_owned(),
        })?;
        if ended.status == Status::Exited(super::host::FAILED) {
            start_failure(self.name, &ended.stderr)?;
        }
        Ok(ended)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = self.join();
    }
}

fn keep(
    watched: &mut Watched,
    mut stderr: impl Read + Send + 'static,
    most: u64,
    stop: &AtomicBool,
) -> Ended {
    let ring = Ring::new(Stream::Stderr, most.min(KEPT) as usize);
    let shared = Arc::new(Mutex::new((Some(ring), Complaints::default())));
    let writer = Arc::clone(&shared);
    let reader = std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(n @ 1..) = stderr.read(&mut buffer) {
            let Ok(mut guard) = writer.lock() else { break };
            let (ring, complaints) = &mut *guard;
            let Some(ring) = ring else { break };
            ring.push(&buffer[..n], &mut |_, line| complaints.note(line));
        }
    });
    let (exit, limit) = loop {
        if stop.load(Ordering::Acquire) {
            break (watched.kill(), None);
        }
        if let Some(limit) = watched.check() {
            break (watched.kill(), Some(limit));
        }
        if let Some(exit) = watched.try_wait() {
            break (exit, None);
        }
        std::thread::park_timeout(Duration::from_millis(10));
    };
    // The pipe closes with the last process; a moment is enough.
    for _ in 0..100 {
        if reader.is_finished() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let status = status_of(exit);
    let mut guard = shared
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let limit_hit = limit.or_else(|| watched.limit_behind(status, &guard.1));
    let stderr = guard
        .0
        .take()
        .map(|ring| ring.finish().0)
        .unwrap_or_default();
    Ended {
        status,
        limit_hit,
        stderr,
        wall: watched.wall(),
    }
}
