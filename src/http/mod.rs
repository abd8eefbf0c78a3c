//! Requests to servers: JSON out, JSON or a stream of events back.
//!
//! One client with one policy: what is retried and how long to wait, how long a
//! server may be silent, how much it may say. Redirects are not followed, since
//! they would carry a key elsewhere; a key never stands in an error.
//!
//! This layer must not know what is asked: models and embedders bring the words.

mod body;
mod client;
mod date;
mod error;
mod redact;
mod retry;
mod sse;

pub use body::Body;
pub use client::{Call, Client, Limits, Method, Payload, Request};
pub(crate) use client::{is_loopback, is_open_to_others};
pub use error::Error;
pub use redact::{Finding, Redacted, Redactor, Secret};
pub use retry::{Policy, Retrier};
#[cfg(fuzzing)]
pub use sse::parsed;
pub use sse::{Event, Events};
