//! One question: a verb that runs with its records going to a page.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use serde_json::{Value, json};

use super::page::{Cursor, Mark, Page, Taken};
use super::tools::{Call, Tool};
use super::watch::Watch;
use crate::cmd::context::{Context, GlobalArgs};
use crate::cmd::error::Error;
use crate::cmd::output::Output;
use crate::cmd::state::State;
use crate::cmd::{Cli, attempt};
use crate::record::Record;

/// What a client asked.
pub struct Question {
    /// Which tool.
    pub tool: &'static Tool,
    /// The verb's command line.
    pub call: Call,
    /// Tokens that the answer may have.
    pub tokens: usize,
    /// Where a page before ended.
    pub cursor: Option<Cursor>,
    /// What tells this question from others.
    pub digest: u64,
}

/// An answer, or why there is none.
pub struct Answer {
    /// As the output schema says.
    pub value: Value,
    /// Whether the tool failed.
    pub failed: bool,
}

/// Asks; `globals` are the options that the server was started with.
pub fn ask(globals: &GlobalArgs, question: Question, watch: &Arc<Watch>) -> Answer {
    let started = Instant::now();
    let cli = match Cli::try_parse_from(question.call.argv) {
        Ok(cli) => cli,
        Err(error) => {
            // What clap says of a command line, without its advice on usage.
            let text = error.render().to_string();
            let text = text.split("\n\nUsage").next().unwrap_or_default();
            let text = text.trim_start_matches("error: ").trim();
            let error = Error::Usage(text.to_owned());
            return answer(
                started,
                &State::default(),
                Taken::default(),
                None,
                Some(&error),
            );
        }
    };
    let start = question
        .cursor
        .as_ref()
        .map_or(Mark::default(), |cursor| cursor.mark);
    let stop = Arc::clone(watch);
    let page = Rc::new(Page::new(start, question.tokens, move || stop.is_stopped()));
    let output = Output::to(page.clone());
    let context = Context::asked(globals.clone(), output, question.call.input, watch.clone());
    let done = attempt(&context, &cli.verb);
    let mut taken = page.finish();
    let state = state_of(&context, &taken);
    let key = digest(&state.key);
    if question.cursor.is_some_and(|cursor| cursor.state != key) {
        let error = Error::Usage(
            "the code has changed since the page before; ask again without `cursor`".to_owned(),
        );
        return answer(started, &state, Taken::default(), None, Some(&error));
    }
    let next = taken.next.take().map(|mark| Cursor {
        mark,
        question: question.digest,
        state: key,
    });
    let next = match next {
        Some(_) if !question.tool.pages() => {
            taken
                .notes
                .push("more was left out; ask with more `max_tokens`".to_owned());
            None
        }
        next => next,
    };
    answer(started, &state, taken, next.as_ref(), done.err().as_ref())
}

/// The state that was asked last: where a verb compares two, the new one.
fn state_of(context: &Context, taken: &Taken) -> State {
    let states = context.states.borrow();
    if let Some(last) = states.last() {
        return State {
            built: states.iter().any(|state| state.built),
            ..last.clone()
        };
    }
    // `status` opens no snapshot, and says itself what there is.
    let record = taken.records.first();
    let head = record
        .filter(|record| record["dirty"] == false)
        .and_then(|record| record["head"].as_str());
    State {
        revision: head.unwrap_or("worktree").to_owned(),
        ..State::default()
    }
}

fn answer(
    started: Instant,
    state: &State,
    taken: Taken,
    next: Option<&Cursor>,
    error: Option<&Error>,
) -> Answer {
    let mut value = json!({
        "confidence": confidence(&taken.records),
        "records": taken.records,
        "freshness": {
            "revision": if state.revision.is_empty() { "none" } else { &state.revision },
            "built": state.built,
            "milliseconds": started.elapsed().as_millis() as u64,
        },
    });
    if !taken.notes.is_empty() {
        value["notes"] = json!(taken.notes);
    }
    if let Some(next) = next {
        value["next_cursor"] = json!(next.encode());
    }
    // Tests that fail are an answer, not a failure of the tool.
    let failed = error.is_some_and(|error| !matches!(error, Error::TestsFailed { .. }));
    if let Some(error) = error {
        value["error"] = told(error);
    }
    Answer { value, failed }
}

fn told(error: &Error) -> Value {
    let Record::Error {
        code,
        retryable,
        message,
        hint,
        ..
    } = error.record()
    else {
        return Value::Null;
    };
    let mut value = json!({ "code": code, "message": message, "retryable": retryable });
    if let Some(hint) = hint {
        value["hint"] = json!(hint);
    }
    value
}

/// How surely the least sure record is known.
fn confidence(records: &[Value]) -> &'static str {
    let mut least = if records.is_empty() { "none" } else { "exact" };
    for record in records {
        match record["confidence"].as_str() {
            Some("name") => return "name",
            Some("inferred") => least = "inferred",
            _ if record["type"] == "hit" => return "ranked",
            _ => {}
        }
    }
    least
}

/// A number that tells one text from others.
pub fn digest(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}
