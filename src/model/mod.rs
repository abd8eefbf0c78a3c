//! Model access: one trait, its adapters, and what is paid for it.
//!
//! A call is cancelled by dropping its future.
//!
//! [`Settings`] say which model, where and with what key; [`connect`] makes a
//! client of them; [`ask`] calls it within a [`Budget`]. This layer must not
//! know what is asked, and reads no environment: whoever makes the settings
//! brings it.

mod budget;
mod chat_completions;
mod connect;
mod hosted;
mod messages;
mod prices;
mod redact;
mod responses;
mod settings;
mod tokens;
mod wire;

mod replay;

pub use replay::{Answer, Recalled, ReplayClient, digest};

use std::future::Future;
use std::pin::Pin;

pub use budget::{AskError, Budget, Exhausted, Limits, Report, Reservation, Spent, Who, ask};
pub use connect::{connect, redactor_of};
pub use hosted::{Desk, HostedClient, Say};
pub use prices::{Money, Price, PriceError, Prices};
pub use redact::{Finding, Redactor, Secret, redact_request};
pub use settings::{PRESETS, Preset, Settings, WireKind, key_command_words, says_yes};
pub use tokens::{estimate, estimate_request};

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The instructions.
    System,
    /// The host: tasks, observations.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The conversation; the instructions come first.
    pub messages: Vec<Message>,
    /// The most tokens that the answer may have.
    pub max_output_tokens: u32,
    /// Randomness, if it is not the model's default.
    pub temperature: Option<f32>,
}

/// Tokens that a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, those read from a cache included.
    pub prompt_tokens: u64,
    /// Tokens of the prompt that a cache had.
    pub cached_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// Whether the numbers were estimated here since the server gave none.
    pub estimated: bool,
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model was done.
    Stop,
    /// The limit on its tokens was reached.
    Length,
    /// The provider refused it.
    Refused,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its text.
    pub text: String,
    /// What it used.
    pub usage: Usage,
    /// Why it ends.
    pub finish: Finish,
}

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The conversation is longer than the model takes.
    #[error("the prompt is longer than the model takes: {message}")]
    ContextOverflow {
        /// What the server said.
        message: String,
    },
    /// The server refused the request; asking again would not help.
    #[error("the model refused the request ({status}): {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// What the server said, secrets removed.
        message: String,
    },
    /// No answer after all retries.
    #[error("the model at {endpoint} gave no answer: {message}")]
    Unavailable {
        /// The server, without keys.
        endpoint: String,
        /// What went wrong last.
        message: String,
    },
    /// An answer that broke off after a part of it was heard.
    #[error("the answer of the model at {endpoint} broke off: {message}")]
    Broken {
        /// The server, without keys.
        endpoint: String,
        /// What went wrong, and how much had come.
        message: String,
    },
    /// An answer that is not what the protocol says.
    #[error("the model at {endpoint} answered nonsense: {message}")]
    Malformed {
        /// The server, without keys.
        endpoint: String,
        /// What is wrong with it.
        message: String,
    },
    /// The program that answers for a model says that it cannot.
    #[error("the model `{model}` failed: {message}")]
    Failed {
        /// The model.
        model: String,
        /// What it said.
        message: String,
    },
    /// What was asked for is not configured.
    #[error("{message}")]
    NotConfigured {
        /// What is missing, and how to set it.
        message: String,
    },
    /// A recorded run has no answer to this.
    #[error("the recorded run has no answer to this: {message}")]
    NotRecorded {
        /// What was asked.
        message: String,
    },
}

/// An answer that is under way.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'a>>;

/// A model that can be asked.
pub trait ModelClient: Send + Sync {
    /// The model's name, as its provider calls it.
    fn model(&self) -> &str;

    /// Asks the model. `on_text` hears the pieces of a streamed answer.
    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: &'a mut (dyn FnMut(&str) + Send),
    ) -> Pending<'a>;
}

/// Reads answers of every protocol, for fuzzing.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    wire::fuzz(
        bytes,
        &[
            &chat_completions::ChatCompletions,
            &messages::Messages,
            &responses::Responses,
        ],
    );
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = key_command_words(text);
    }
}
