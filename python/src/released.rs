//! The one helper through which every question gives up the interpreter.
//!
//! While Rust works, other threads of Python run; a panic becomes an exception;
//! and Ctrl-C is heard. What answers in microseconds runs in the calling
//! thread, which looks for signals between records. What may take long runs in
//! threads of its own while the calling thread waits and looks: threads that
//! are shared would be missing in a forked child, and one that waits for the
//! lock of an index could be the one that must give it back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use happy::cmd::Error;
use happy::cmd::embed::Host;
use happy::git::Environment;
use happy::record::Record;
use pyo3::prelude::*;

use crate::errors;

/// How long Ctrl-C may wait.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long to wait for work that was told to stop.
const FAREWELL: Duration = Duration::from_secs(5);

/// Records between two looks at the clock.
const STRIDE: usize = 256;

/// Records of an answer, and whether somebody wants it stopped.
pub struct Answer {
    records: Vec<Record>,
    looked: Instant,
    raised: Option<PyErr>,
}

impl Answer {
    fn new() -> Self {
        Self {
            records: Vec::new(),
            looked: Instant::now(),
            raised: None,
        }
    }

    /// Takes a record; `false` where a signal says to stop.
    pub fn take(&mut self, record: Record) -> bool {
        self.records.push(record);
        if self.records.len().is_multiple_of(STRIDE) && self.looked.elapsed() > PATIENCE {
            self.looked = Instant::now();
            // An interpreter that shuts down hears no signals any more.
            let heard = Python::try_attach(|py| py.check_signals());
            self.raised = heard.and_then(Result::err);
        }
        self.raised.is_none()
    }
}

/// Answers in this thread, with the interpreter given up.
pub fn answer(
    py: Python<'_>,
    ask: impl FnOnce(&mut Answer) -> Result<(), Error> + Send,
) -> PyResult<Result<Vec<Record>, Error>> {
    let mut answer = Answer::new();
    let asked = guarded(py, || ask(&mut answer))?;
    match answer.raised {
        Some(raised) => Err(raised),
        None => Ok(asked.map(|()| answer.records)),
    }
}

/// Works with the interpreter given up; a panic is an exception.
pub fn guarded<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let done = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    done.map_err(|payload| errors::panicked(payload.as_ref()))
}

/// Works in threads of its own and waits, with the interpreter given up.
pub fn long<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(Host) -> Result<T, Error> + Send + 'static,
) -> PyResult<Result<T, Error>> {
    // Read while no other thread of Python can change it.
    let host = Host {
        environment: Environment::from_vars(std::env::vars_os()),
        ..Host::default()
    };
    let signal = Arc::clone(&host.signal);
    let (sender, mut receiver) = channel();
    let begun = std::thread::Builder::new()
        .name("happy".to_owned())
        .spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| pool()?.install(|| work(host))));
            // Nobody waits any more after an interruption.
            let _ = sender.send(done);
        });
    if let Err(source) = begun {
        let action = "start a thread";
        return Ok(Err(Error::Stream { action, source }));
    }
    loop {
        let (got, back) = guarded(py, move || (receiver.recv_timeout(PATIENCE), receiver))?;
        receiver = back;
        match got {
            Ok(done) => return done.map_err(|payload| errors::panicked(payload.as_ref())),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(errors::panicked(&"the work ended without a result"));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(raised) = py.check_signals() {
            signal.store(2, Ordering::SeqCst);
            let _ = guarded(py, move || receiver.recv_timeout(FAREWELL))?;
            return Err(raised);
        }
    }
}

fn pool() -> Result<rayon::ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|at| format!("happy-{at}"))
        .build();
    pool.map_err(|error| Error::Stream {
        action: "start threads",
        source: std::io::Error::other(error),
    })
}
