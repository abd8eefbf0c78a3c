//! E2B: a virtual machine of somebody else's, made for each run and deleted
//! after it.
//!
//! What the policy shows leaves this machine, so this backend is used only
//! where it is asked for by name. The program runs as an ordinary user who can
//! gain no rights, in a machine without a network; what the policy says of
//! processes and files of the host holds because there are none. Where the
//! policy says less than a machine gives (its own system instead of the
//! host's) or a machine keeps less than a policy says (memory and processes
//! only where its kernel has control groups), SHORTCOMINGS.md says so.

mod connect;
mod machine;
mod pack;
mod run;
mod service;
mod session;
mod settings;
mod unpack;

use std::sync::atomic::AtomicBool;
use std::sync::mpsc;

use super::Sandbox;
use super::outcome::{Limit, Outcome, SandboxError, Status, Stream};
use super::policy::Policy;
use super::ring::{Complaints, Ring};
use super::session::Session;
use run::{Ends, Finish, Input};
use service::Service;
pub use settings::{KeyCommand, Settings, set_key_command};

pub(super) const NAME: &str = "e2b";

/// The remote sandbox.
#[derive(Debug)]
pub struct E2b {
    settings: Option<Settings>,
}

impl E2b {
    /// The one that the environment describes.
    pub(super) const fn from_environment() -> Self {
        Self { settings: None }
    }

    /// One with these settings.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: Some(settings),
        }
    }

    fn settings(&self) -> Result<Settings, SandboxError> {
        let settings = match &self.settings {
            Some(settings) => Ok(settings.clone()),
            None => Settings::from_environment(),
        };
        settings.map_err(|why| SandboxError::Unusable { name: NAME, why })
    }
}

/// A runtime for one thread that waits for the network.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Does work on a thread of its own, since whoever asks may be in a runtime.
fn apart<T: Send + 'static>(
    work: impl AsyncFnOnce() -> Result<T, SandboxError> + Send + 'static,
) -> std::thread::JoinHandle<Result<T, SandboxError>> {
    std::thread::spawn(move || {
        let runtime = runtime().map_err(SandboxError::io("starting a runtime"))?;
        runtime.block_on(work())
    })
}

fn panicked<T>(_: T) -> SandboxError {
    SandboxError::Start {
        name: NAME,
        why: "its thread panicked".to_owned(),
    }
}

/// Sends on what a program prints, to be read on another thread.
struct Told(mpsc::Sender<(Stream, Vec<u8>)>);

impl Ends for Told {
    async fn take(&mut self, stream: Stream, bytes: Vec<u8>) {
        // Bounded by the limit on output.
        let _ = self.0.send((stream, bytes));
    }
}

/// The limit that explains an end that nobody waited for.
fn limit_behind(finish: &Finish, complaints: &Complaints) -> Option<Limit> {
    const XCPU: i32 = 24;
    const XFSZ: i32 = 25;
    finish.limit.or(match finish.status {
        Status::Signaled(XCPU) => Some(Limit::Cpu),
        Status::Signaled(XFSZ) => Some(Limit::FileSize),
        Status::Exited(0) => None,
        _ => complaints.limit(),
    })
}

impl Sandbox for E2b {
    fn name(&self) -> &'static str {
        NAME
    }

    fn guarantee(&self) -> &'static str {
        "the program runs on another machine, whose operator sees all that it is given"
    }

    fn ready(&self) -> Result<(), (String, String)> {
        if self.settings.is_some() || Settings::are_there() {
            return Ok(());
        }
        Err((
            "no key".to_owned(),
            "set `E2B_API_KEY`, or `HAPPY_E2B_KEY_COMMAND` to a command that prints it; \
             code then leaves this machine where `--sandbox e2b` says so"
                .to_owned(),
        ))
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn own_test(&self) -> Option<Result<(), String>> {
        // A machine costs money, so it is looked at when it is made for a run.
        let greet = || -> Result<(), SandboxError> {
            let settings = self.settings()?;
            let asked = apart(async move || {
                let greeted = match Service::new(&settings) {
                    Ok(service) => service.greet().await,
                    Err(error) => Err(error),
                };
                greeted.map_err(|error| SandboxError::Unusable {
                    name: NAME,
                    why: error.to_string(),
                })
            });
            asked.join().map_err(panicked)?
        };
        Some(greet().map_err(|error| match error {
            SandboxError::Unusable { why, .. } => why,
            other => other.to_string(),
        }))
    }

    fn run(
        &self,
        policy: &Policy,
        input: &[u8],
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Outcome, SandboxError> {
        policy.check()?;
        let (to, said) = mpsc::channel();
        let (settings, shown, input) = (self.settings()?, policy.clone(), input.to_vec());
        let running = apart(async move || {
            let input = Input::Whole(input);
            let never = AtomicBool::new(false);
            run::run(&settings, &shown, input, &mut Told(to), &never, None).await
        });
        let kept = policy.limits.output.min(super::local::KEPT) as usize;
        let mut out = Ring::new(Stream::Stdout, kept);
        let mut err = Ring::new(Stream::Stderr, kept);
        let mut complaints = Complaints::default();
        let mut on_line = |stream, line: &str| {
            complaints.note(line);
            on_line(stream, line);
        };
        while let Ok((stream, bytes)) = said.recv() {
            let ring = if stream == Stream::Stdout {
                &mut out
            } else {
                &mut err
            };
            ring.push(&bytes, &mut on_line);
        }
        out.flush(&mut on_line);
        err.flush(&mut on_line);
        let finish = running.join().map_err(panicked)??;
        let (stdout, dropped_out) = out.finish();
        let (stderr, dropped_err) = err.finish();
        Ok(Outcome {
            status: finish.status,
            stdout,
            stderr,
            dropped: dropped_out + dropped_err,
            limit_hit: limit_behind(&finish, &complaints),
            denied: complaints.denied,
            wall: finish.wall,
        })
    }

    fn spawn_session(&self, policy: &Policy) -> Result<Session, SandboxError> {
        policy.check()?;
        session::start(self.settings()?, policy.clone())
    }
}

/// What a machine says in bytes, for fuzzing: whole, and cut anywhere.
#[cfg(fuzzing)]
pub fn fuzz_stream(bytes: &[u8]) {
    let mut whole = std::collections::VecDeque::new();
    let mut frames = connect::Frames::default();
    let said = frames.feed(bytes, &mut whole);
    for message in &whole {
        let _ = connect::event(message);
    }
    let mut pieces = std::collections::VecDeque::new();
    let mut frames = connect::Frames::default();
    let mut slowly = Ok(());
    for byte in bytes.chunks(1) {
        slowly = frames.feed(byte, &mut pieces);
        if slowly.is_err() {
            break;
        }
    }
    assert_eq!(whole, pieces, "how the bytes are cut makes no difference");
    assert_eq!(said.is_ok(), slowly.is_ok());
}

/// An archive that a machine sends back, for fuzzing: nothing but the folder
/// changes.
#[cfg(fuzzing)]
pub fn fuzz_archive(bytes: &[u8]) {
    let place = tempfile::tempdir().expect("a temporary folder");
    let folder = place.path().join("folder");
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(place.path().join("beside"), "beside").expect("written");
    let _ = unpack::replace(bytes, &folder, 1 << 20);
    let mut names: Vec<_> = std::fs::read_dir(place.path())
        .expect("readable")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["beside", "folder"]);
    let beside = std::fs::read(place.path().join("beside")).expect("readable");
    assert_eq!(beside, b"beside");
}
