//! What can go wrong with a request, in the words a caller decides by.

use std::time::Duration;

/// Why a server gave no answer that can be used. No text in it holds a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address or a header cannot be used at all.
    #[error("{0}")]
    Unusable(String),
    /// No connection: no such name, nobody there, a certificate that is not valid.
    #[error("cannot connect to {endpoint}: {message}")]
    Connect {
        /// The server, without user, password and query.
        endpoint: String,
        /// What the network said.
        message: String,
    },
    /// The server took too long.
    #[error("{endpoint} {what} for {} s", after.as_secs_f32())]
    Silent {
        /// The server.
        endpoint: String,
        /// What it did: `gave no answer`, `was silent in the middle of its answer`.
        what: &'static str,
        /// For how long.
        after: Duration,
    },
    /// The answer broke off.
    #[error("the answer of {endpoint} broke off: {message}")]
    Cut {
        /// The server.
        endpoint: String,
        /// What the network said.
        message: String,
    },
    /// The server said no.
    #[error("{endpoint} answered {status}: {message}")]
    Status {
        /// The server.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// What it said, shortened.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer is larger than allowed.
    #[error("the answer of {endpoint} is larger than {limit} bytes")]
    TooLarge {
        /// The server.
        endpoint: String,
        /// What is allowed.
        limit: usize,
    },
    /// The answer is no JSON and no stream of events.
    #[error("{endpoint} answered {found} instead of JSON; is the address right?")]
    ContentType {
        /// The server.
        endpoint: String,
        /// What it called its answer.
        found: String,
    },
    /// The answer is not what the protocol says.
    #[error("{endpoint} answered nonsense: {message}")]
    Malformed {
        /// The server.
        endpoint: String,
        /// What is wrong with it.
        message: String,
    },
    /// The last failure after which no more was tried.
    #[error("{last}; gave up after {tries} {} ({:.0} s)", if *tries == 1 { "try" } else { "tries" }, spent.as_secs_f32())]
    GaveUp {
        /// How often it was tried.
        tries: u32,
        /// How long that took.
        spent: Duration,
        /// What went wrong last.
        last: Box<Error>,
    },
}

impl Error {
    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Silent { .. } | Self::Cut { .. } => true,
            Self::Status {
                status, message, ..
            } => {
                // A quota that is used up stays so, whatever its status says.
                matches!(status, 408 | 409 | 425 | 429 | 500 | 502 | 503 | 504 | 529)
                    && !message.contains("insufficient_quota")
            }
            _ => false,
        }
    }

    /// How long the server asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What went wrong last, without how often it was tried.
    pub fn last(&self) -> &Self {
        match self {
            Self::GaveUp { last, .. } => last.last(),
            other => other,
        }
    }
}
