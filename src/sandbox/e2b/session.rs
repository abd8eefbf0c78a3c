//! A program in a machine that stays: its pipes end in pipes of this machine.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{ChildStdin, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::run::{Ends, Finish, Input, run};
use super::settings::Settings;
use crate::sandbox::local::KEPT;
use crate::sandbox::outcome::{SandboxError, Status, Stream};
use crate::sandbox::policy::{Limits, Policy};
use crate::sandbox::ring::{Complaints, Ring};
use crate::sandbox::session::{Ended, Session};

/// What a session prints: one output goes to a pipe, of the other the end is
/// kept.
struct Pipes {
    stdout: mpsc::Sender<Vec<u8>>,
    stderr: Arc<Mutex<(Ring, Complaints)>>,
}

impl Ends for Pipes {
    async fn take(&mut self, stream: Stream, bytes: Vec<u8>) {
        if stream == Stream::Stdout {
            // Nobody reads any more: then nobody misses it.
            let _ = self.stdout.send(bytes).await;
            return;
        }
        let mut held = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let (ring, complaints) = &mut *held;
        ring.push(&bytes, &mut |_, line| complaints.note(line));
    }
}

/// Starts one and waits until its program runs.
pub(super) fn start(settings: Settings, policy: Policy) -> Result<Session, SandboxError> {
    let io = || SandboxError::io("making a pipe");
    let (mut from_host, stdin) = std::io::pipe().map_err(io())?;
    let (stdout, mut to_host) = std::io::pipe().map_err(io())?;
    let (input, read) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 32 << 10];
        while let Ok(n @ 1..) = from_host.read(&mut buffer) {
            if input.blocking_send(buffer[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    let (printed, mut write) = mpsc::channel::<Vec<u8>>(8);
    std::thread::spawn(move || {
        while let Some(bytes) = write.blocking_recv() {
            if to_host.write_all(&bytes).is_err() {
                break;
            }
        }
    });
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let ring = Ring::new(Stream::Stderr, policy.limits.output.min(KEPT) as usize);
    let stderr = Arc::new(Mutex::new((ring, Complaints::default())));
    let kept = Arc::clone(&stderr);
    // How much it says on its output is for whoever reads it to limit.
    let policy = Policy {
        limits: Limits {
            output: u64::MAX,
            ..policy.limits
        },
        ..policy
    };
    let (started, is_started) = oneshot::channel();
    let running = super::apart(async move || {
        let mut ends = Pipes {
            stdout: printed,
            stderr,
        };
        run(
            &settings,
            &policy,
            Input::Live(read),
            &mut ends,
            &flag,
            Some(started),
        )
        .await
    });
    // Whoever waits here is on a thread without a runtime.
    let waiting = std::thread::spawn(move || is_started.blocking_recv());
    let Ok(Ok(pid)) = waiting.join() else {
        // It ended before the program ran, and says why.
        return Err(match running.join() {
            Ok(Err(error)) => error,
            Ok(Ok(_)) | Err(_) => super::panicked(()),
        });
    };
    let keeper = std::thread::spawn(move || ended(running.join(), &kept));
    let stdin = ChildStdin::from(OwnedFd::from(stdin));
    let stdout = ChildStdout::from(OwnedFd::from(stdout));
    Ok(Session::of(super::NAME, pid, (stdin, stdout), stop, keeper))
}

fn ended(
    finished: std::thread::Result<Result<Finish, SandboxError>>,
    kept: &Mutex<(Ring, Complaints)>,
) -> Ended {
    let mut held = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let empty = Ring::new(Stream::Stderr, 0);
    let (ring, complaints) = &mut *held;
    let mut stderr = std::mem::replace(ring, empty).finish().0;
    match finished.unwrap_or_else(|_| Err(super::panicked(()))) {
        Ok(finish) => Ended {
            status: finish.status,
            limit_hit: super::limit_behind(&finish, complaints),
            stderr,
            wall: finish.wall,
        },
        Err(error) => {
            stderr.extend_from_slice(format!("\n{error}\n").as_bytes());
            Ended {
                status: Status::Signaled(9),
                limit_hit: None,
                stderr,
                wall: Duration::ZERO,
            }
        }
    }
}
