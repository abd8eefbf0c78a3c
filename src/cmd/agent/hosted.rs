//! Standard input of a run that another program has started: answers of the
//! models that it stands for, and the sign that it has gone.

use std::io::{BufRead as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::context::Context;
use super::super::error::Error;
use super::super::output::{self, Format};
use crate::model::Desk;
use crate::record::Record;

/// A line past this size is no answer.
const LONGEST: u64 = 64 << 20;

/// Standard input, read by a thread of its own.
#[derive(Clone)]
pub(super) struct Input {
    /// Where models of the other program are asked.
    pub(super) desk: Arc<Desk>,
    ended: Arc<AtomicBool>,
}

impl Input {
    /// Begins to read.
    pub(super) fn listen() -> Self {
        let say = |record: &Record| output::say_now(record).map_err(|error| error.to_string());
        let input = Self {
            desk: Desk::new(Box::new(say)),
            ended: Arc::default(),
        };
        let heard = input.clone();
        std::thread::spawn(move || heard.read());
        input
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    fn read(&self) {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        let why = loop {
            line.clear();
            match input.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
                Ok(0) => break "it has ended".to_owned(),
                Ok(_) if line.last() == Some(&b'\n') => self.desk.hear(&line),
                Ok(_) if line.len() as u64 >= LONGEST => {
                    break format!("a line is longer than {LONGEST} bytes");
                }
                // The last line may have no end.
                Ok(_) => self.desk.hear(&line),
                Err(error) => break error.to_string(),
            }
        };
        // First the sign, so that what fails for want of answers ends as stopped.
        self.ended.store(true, Ordering::SeqCst);
        self.desk.close(&why);
    }
}

/// What makes answers on standard input possible.
pub(super) fn check(context: &Context) -> Result<(), Error> {
    if context.output.format() == Format::Jsonl {
        return Ok(());
    }
    Err(Error::Usage(
        "a model at `stdio` is asked in JSON lines: pass `--format jsonl`".to_owned(),
    ))
}
