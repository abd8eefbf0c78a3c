//! The body of an answer, read piece by piece within the limits.

use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::client::{Limits, chain};
use super::error::Error;
use super::sse::Events;

/// An answer whose head has come.
#[derive(Debug)]
pub struct Body {
    response: reqwest::Response,
    pub(super) endpoint: String,
    pub(super) limits: Limits,
    read: usize,
}

impl Body {
    pub(super) fn new(response: reqwest::Response, endpoint: String, limits: Limits) -> Self {
        Self {
            response,
            endpoint,
            limits,
            read: 0,
        }
    }

    /// What the server calls it, such as `text/event-stream`.
    fn content_type(&self) -> &str {
        let value = self.response.headers().get(CONTENT_TYPE);
        let value = value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }

    /// Whether it is a stream of events.
    pub fn is_events(&self) -> bool {
        self.content_type()
            .eq_ignore_ascii_case("text/event-stream")
    }

    /// All of it, up to so many bytes.
    pub async fn bytes(mut self, most: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            if bytes.len() + piece.len() > most {
                return Err(Error::TooLarge {
                    endpoint: self.endpoint,
                    limit: most,
                });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// The next bytes; nothing at the end. Given up half-way, nothing is lost.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let next = tokio::time::timeout(self.limits.idle, self.response.chunk()).await;
        match next {
            Ok(Ok(Some(bytes))) => {
                self.read += bytes.len();
                if self.read > self.limits.bytes {
                    return Err(Error::TooLarge {
                        endpoint: self.endpoint.clone(),
                        limit: self.limits.bytes,
                    });
                }
                Ok(Some(bytes.to_vec()))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(Error::Cut {
                endpoint: self.endpoint.clone(),
                message: chain(&error),
            }),
            Err(_) => Err(Error::Silent {
                endpoint: self.endpoint.clone(),
                what: "was silent in the middle of its answer",
                after: self.limits.idle,
            }),
        }
    }

    /// All of it as JSON.
    pub async fn json(mut self) -> Result<Value, Error> {
        let kind = self.content_type().to_owned();
        // Some servers name nothing; only what is surely something else is refused.
        if !kind.is_empty()
            && !kind.contains("json")
            && kind != "text/plain"
            && kind != "application/octet-stream"
        {
            return Err(Error::ContentType {
                endpoint: self.endpoint,
                found: kind,
            });
        }
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            bytes.extend_from_slice(&piece);
        }
        serde_json::from_slice(&bytes).map_err(|error| Error::Malformed {
            endpoint: self.endpoint,
            message: format!("not JSON: {error}"),
        })
    }

    /// As a stream of events.
    pub fn events(self) -> Events {
        Events::new(self)
    }

    /// What comes of it before it ends, breaks off or grows too large.
    pub(super) async fn start_of(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Ok(Some(piece)) = self.piece().await {
            bytes.extend_from_slice(&piece);
        }
        bytes
    }
}
