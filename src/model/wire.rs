//! What the three wires share: how a request becomes a body, and how events
//! become a reply.

use serde_json::Value;

use super::{Finish, Request, Usage};
use crate::http::Secret;

/// Parameters that a server may not know; they are left out once it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quirks {
    /// It wants `max_completion_tokens` instead of `max_tokens`.
    pub completion_tokens: bool,
    /// It takes no temperature.
    pub no_temperature: bool,
    /// It takes no `stream_options`.
    pub no_stream_options: bool,
    /// It takes no marks for its cache.
    pub no_cache_marks: bool,
}

impl Quirks {
    /// What a refusal teaches; nothing new where it teaches nothing.
    pub(super) fn learn(self, message: &str) -> Self {
        let names = |name: &str| message.contains(name);
        Self {
            completion_tokens: self.completion_tokens || names("max_completion_tokens"),
            no_temperature: self.no_temperature || names("temperature"),
            no_stream_options: self.no_stream_options || names("stream_options"),
            no_cache_marks: self.no_cache_marks || names("cache_control"),
        }
    }
}

/// A protocol.
pub(super) trait Wire: Send + Sync {
    /// What comes after the server's address.
    fn path(&self) -> &'static str;

    /// The headers that carry the key, and others the protocol asks for.
    fn headers(&self, key: Option<&Secret>) -> Vec<(&'static str, Secret)>;

    /// What is sent.
    fn body(&self, model: &str, request: &Request, quirks: Quirks) -> Value;

    /// Reads a stream.
    fn reader(&self) -> Box<dyn Reader>;
}

/// `Authorization: Bearer KEY`.
pub(super) fn bearer(key: Option<&Secret>) -> Vec<(&'static str, Secret)> {
    key.map(|key| {
        (
            "authorization",
            Secret::new(format!("Bearer {}", key.expose())),
        )
    })
    .into_iter()
    .collect()
}

/// Something in an answer that ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server says that it failed; the same may succeed later.
    Failed(String),
    /// The server says no.
    Refused(String),
    /// It is not what the protocol says.
    Malformed(String),
}

/// An answer as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub text: String,
    pub usage: Option<Usage>,
    pub finish: Option<Finish>,
    /// Nothing more will come.
    pub done: bool,
}

/// Turns events into an answer.
pub(super) trait Reader: Send {
    /// Takes one event; its data is JSON. What the text gains is heard by `hear`.
    fn event(
        &mut self,
        answer: &mut Answer,
        data: &Value,
        hear: &mut dyn FnMut(&str),
    ) -> Result<(), Fault>;

    /// Takes an answer that came whole.
    fn whole(&mut self, answer: &mut Answer, data: &Value) -> Result<(), Fault>;
}

/// A number that servers write as an integer, and some as a float or null.
pub(super) fn number(value: &Value, path: &[&str]) -> Option<u64> {
    let found = at(value, path)?;
    found.as_u64().or_else(|| {
        found
            .as_f64()
            .filter(|n| (0.0..1e15).contains(n))
            .map(|n| n as u64)
    })
}

/// The text at a path; nothing where there is none.
pub(super) fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path)?.as_str()
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(*name))
}

/// An error object in an answer: what it says, and whether to ask again.
pub(super) fn said(error: &Value) -> Fault {
    let message = text(error, &["message"])
        .or(error.as_str())
        .unwrap_or("no reason given");
    let code = text(error, &["type"])
        .or(text(error, &["code"]))
        .unwrap_or_default();
    let said = if code.is_empty() || message.contains(code) {
        message.to_owned()
    } else {
        format!("{message} ({code})")
    };
    let status = number(error, &["code"]).unwrap_or_default();
    let passing = [
        "overloaded",
        "rate_limit",
        "server_error",
        "api_error",
        "timeout",
        "unavailable",
    ];
    if (500..600).contains(&status)
        || status == 429
        || passing.iter().any(|word| said.contains(word))
    {
        Fault::Failed(said)
    } else {
        Fault::Refused(said)
    }
}

/// Whether a server's refusal says that the prompt is too long.
pub(super) fn is_overflow(status: u16, message: &str) -> bool {
    const SIGNS: &[&str] = &[
        "context_length_exceeded",
        "exceed_context_size",
        "maximum context length",
        "context length",
        "context window",
        "context size",
        "prompt is too long",
        "input is too long",
        "input token count",
        "too many tokens",
        "exceeds the maximum number of tokens",
        "request_too_large",
    ];
    let message = message.to_ascii_lowercase();
    matches!(status, 400 | 413 | 422 | 500) && SIGNS.iter().any(|sign| message.contains(sign))
        || status == 413
}

/// Reads answers of every protocol, for fuzzing: one event a line, then the
/// whole as one.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8], wires: &[&dyn Wire]) {
    for wire in wires {
        let mut answer = Answer::default();
        let mut reader = wire.reader();
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(value) = serde_json::from_slice(line)
                && reader.event(&mut answer, &value, &mut |_| ()).is_err()
            {
                break;
            }
        }
        if let Ok(value) = serde_json::from_slice(bytes) {
            let _ = wire.reader().whole(&mut Answer::default(), &value);
        }
    }
}
