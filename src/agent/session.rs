//! The sandboxed process that cells run in, and the threads at its pipes.

use std::io::BufReader;
use std::path::PathBuf;
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Error;
use crate::sandbox::protocol::{Frame, FrameReader, FromSession, MOST, ToSession, write_frame};
use crate::sandbox::{Chosen, Limits, Policy, Session as Process};

/// What runs in the sandbox.
const BOOTSTRAP: &str = include_str!("session.py");
/// All that one session may say, in bytes.
const ALL: u64 = 256 << 20;
/// Lines that are no frames before a session counts as broken.
const GARBAGE: u32 = 200;
/// How long a session may take to start.
const START: Duration = Duration::from_mins(1);

/// How sessions are started.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The sandbox.
    pub chosen: Chosen,
    /// The interpreter.
    pub python: PathBuf,
    /// What it reads.
    pub reads: Vec<PathBuf>,
    /// How long a cell may run by itself.
    pub cell: Duration,
}

/// What a session said.
#[derive(Debug)]
pub enum Heard {
    /// A frame.
    Frame(FromSession),
    /// Nothing for as long as it may be silent.
    Silence,
    /// It is broken or gone, and will say no more.
    End(String),
}

/// A running session. Dropped, it is killed.
pub struct Session {
    process: Option<Process>,
    heard: mpsc::Receiver<Heard>,
    say: blocking::Sender<ToSession>,
}

impl Session {
    /// Starts one and waits until it is ready. This blocks.
    pub fn start(spec: &Spec) -> Result<Self, Error> {
        let program = spec.python.to_string_lossy().into_owned();
        let cell = format!("{}", spec.cell.as_secs_f64());
        let mut policy = Policy::new([&program, "-I", "-B", "-c", BOOTSTRAP, &cell]);
        for path in &spec.reads {
            policy = policy.read_only(path);
        }
        let limits = Limits {
            wall: Duration::from_hours(12),
            cpu: Duration::from_hours(2),
            memory: 1 << 30,
            processes: 64,
            output: 16 << 20,
            disk: 256 << 20,
            file_size: 256 << 20,
        };
        let mut process = spec.chosen.sandbox.spawn_session(&policy.limits(limits))?;
        let gone = || Error::Session {
            why: "it has no pipes".to_owned(),
        };
        let stdout = process.stdout.take().ok_or_else(gone)?;
        let mut stdin = process.stdin.take().ok_or_else(gone)?;
        let (to_host, heard) = mpsc::channel(64);
        let (ready, is_ready) = blocking::channel();
        std::thread::spawn(move || listen(stdout, &to_host, &ready));
        let (say, said) = blocking::channel();
        std::thread::spawn(move || {
            while let Ok(message) = said.recv() {
                if write_frame(&mut stdin, &message, MOST).is_err() {
                    break;
                }
            }
        });
        let mut session = Self {
            process: Some(process),
            heard,
            say,
        };
        match is_ready.recv_timeout(START) {
            Ok(()) => Ok(session),
            Err(_) => Err(Error::Session {
                why: session.end("it did not become ready"),
            }),
        }
    }

    /// Says something. A session that is gone hears nothing, and `hear` tells.
    pub fn say(&self, message: ToSession) {
        let _ = self.say.send(message);
    }

    /// Waits for what it says next.
    pub async fn hear(&mut self, patience: Duration) -> Heard {
        match tokio::time::timeout(patience, self.heard.recv()).await {
            Ok(Some(heard)) => heard,
            Ok(None) => Heard::End("it closed its pipe".to_owned()),
            Err(_) => Heard::Silence,
        }
    }

    /// Kills it and says why it ended, where that is known better than `why`.
    pub fn end(&mut self, why: &str) -> String {
        let Some(process) = self.process.take() else {
            return why.to_owned();
        };
        match process.kill() {
            Ok(ended) => match ended.limit_hit {
                Some(limit) => format!("stopped by the limit on {}", limit.name()),
                None => {
                    let said = String::from_utf8_lossy(&ended.stderr);
                    let last = said.trim().lines().last().unwrap_or_default();
                    if last.is_empty() {
                        why.to_owned()
                    } else {
                        let last: String = last.chars().take(200).collect();
                        format!("{why} ({last})")
                    }
                }
            },
            Err(error) => format!("{why} ({error})"),
        }
    }
}

fn listen(
    stdout: std::process::ChildStdout,
    to_host: &mpsc::Sender<Heard>,
    ready: &blocking::Sender<()>,
) {
    let mut reader = FrameReader::new(BufReader::with_capacity(1 << 16, stdout), MOST, ALL);
    let mut garbage = 0;
    let end = loop {
        match reader.read() {
            Ok(Some(Frame::Message(FromSession::Ready))) => {
                let _ = ready.send(());
            }
            Ok(Some(Frame::Message(message))) => {
                if to_host.blocking_send(Heard::Frame(message)).is_err() {
                    return;
                }
            }
            Ok(Some(Frame::Garbage(_))) => {
                garbage += 1;
                if garbage > GARBAGE {
                    break "it wrote garbage to the pipe of the host".to_owned();
                }
            }
            Ok(None) => break "it closed its pipe".to_owned(),
            Err(error) => break format!("its pipe failed: {error}"),
        }
    };
    let _ = to_host.blocking_send(Heard::End(end));
}
