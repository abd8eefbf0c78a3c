//! The client: sends one request, and says what came back.

use std::sync::Once;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::body::Body;
use super::date::retry_after;
use super::error::Error;
use super::redact::{Redactor, Secret};
use super::retry::{Policy, Retrier};

/// How long a server may take, and how much it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// From the request to the first byte of the answer's head. A model that
    /// reads a long prompt says nothing for as long.
    pub first_byte: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// Bytes of an answer.
    pub bytes: usize,
    /// Bytes of one line of a stream.
    pub line: usize,
    /// Events of a stream.
    pub events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            first_byte: Duration::from_mins(10),
            idle: Duration::from_mins(2),
            bytes: 64 << 20,
            line: 8 << 20,
            events: 1_000_000,
        }
    }
}

/// One request.
#[derive(Debug)]
pub struct Call<'a> {
    /// Where to.
    pub url: &'a str,
    /// Headers beside those of JSON; their values are treated as secrets.
    pub headers: &'a [(&'static str, Secret)],
    /// What is said.
    pub body: &'a Value,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// To read.
    Get,
    /// To do something.
    Post,
    /// To take something away.
    Delete,
}

/// What is sent with a request.
#[derive(Debug)]
pub enum Payload<'a> {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(&'a Value),
    /// Bytes of the kind that is named.
    Bytes(&'a str, Vec<u8>),
}

/// A request of any kind.
#[derive(Debug)]
pub struct Request<'a> {
    /// What it asks for.
    pub method: Method,
    /// Where to.
    pub url: &'a str,
    /// Its headers; their values are treated as secrets.
    pub headers: &'a [(&'static str, Secret)],
    /// What is said.
    pub payload: Payload<'a>,
}

/// Bytes of an error's answer that are read, and of it that are shown.
const ERROR_READ: usize = 64 << 10;
const ERROR_SHOWN: usize = 1000;

/// Sends requests to one server.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    endpoint: String,
    limits: Limits,
    policy: Policy,
    redactor: Redactor,
}

impl Client {
    /// A client for the server at `base_url`. What `redactor` knows never
    /// stands in an error.
    pub fn new(
        base_url: &str,
        limits: Limits,
        policy: Policy,
        redactor: Redactor,
    ) -> Result<Self, Error> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // A program that links this may have installed another before.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let url = reqwest::Url::parse(base_url).map_err(|error| {
            Error::Unusable(format!(
                "`{}` is no address: {error}",
                redactor.redact(base_url).text
            ))
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Error::Unusable(format!(
                "`{}` is no address of a web server",
                redactor.redact(base_url).text
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Unusable(
                "an address must not hold a user's name or password".to_owned(),
            ));
        }
        let mut builder = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("happy/", env!("CARGO_PKG_VERSION")));
        if is_own(&url) {
            builder = builder.no_proxy();
        }
        let inner = builder
            .build()
            .map_err(|error| Error::Unusable(chain(&error)))?;
        let endpoint = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        };
        Ok(Self {
            inner,
            endpoint,
            limits,
            policy,
            redactor,
        })
    }

    /// The server, as errors name it: host and port.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What never stands in an error.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The tries of one request.
    pub fn retrier(&self) -> Retrier {
        Retrier::new(self.policy)
    }

    /// Sends a request once. The answer's head has come when this returns.
    pub async fn send(&self, call: &Call<'_>) -> Result<Body, Error> {
        self.ask(Request {
            method: Method::Post,
            url: call.url,
            headers: call.headers,
            payload: Payload::Json(call.body),
        })
        .await
    }

    /// Sends a request of any kind once.
    pub async fn ask(&self, request: Request<'_>) -> Result<Body, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers {
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
                Error::Unusable(format!(
                    "the key for {} holds characters that no key has; is there a line break in it?",
                    self.endpoint
                ))
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let unusable = |what: &dyn std::fmt::Display| Error::Unusable(what.to_string());
        let mut sent = self.inner.request(method, request.url);
        let (kind, bytes) = match request.payload {
            Payload::Nothing => (None, Vec::new()),
            Payload::Json(value) => {
                let bytes = serde_json::to_vec(value).map_err(|error| unusable(&error))?;
                (Some("application/json"), bytes)
            }
            Payload::Bytes(kind, bytes) => (Some(kind), bytes),
        };
        if let Some(kind) = kind {
            let kind = HeaderValue::from_str(kind).map_err(|error| unusable(&error))?;
            headers.insert(CONTENT_TYPE, kind);
            sent = sent.body(bytes);
        }
        let sent = sent.headers(headers).send();
        let response = match tokio::time::timeout(self.limits.first_byte, sent).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.failed(&error)),
            Err(_) => {
                return Err(Error::Silent {
                    endpoint: self.endpoint.clone(),
                    what: "gave no answer",
                    after: self.limits.first_byte,
                });
            }
        };
        if response.status().is_success() {
            return Ok(Body::new(response, self.endpoint.clone(), self.limits));
        }
        Err(self.refused(response).await)
    }

    /// Sends a request, again where that may help, and reads its JSON.
    pub async fn json(&self, call: &Call<'_>) -> Result<Value, Error> {
        let mut retrier = self.retrier();
        loop {
            let found = match self.send(call).await {
                Ok(body) => body.json().await,
                Err(error) => Err(error),
            };
            match found {
                Ok(found) => return Ok(found),
                Err(error) => retrier.wait(self.clean(error)).await?,
            }
        }
    }

    /// The same error without anything secret.
    pub fn clean(&self, error: Error) -> Error {
        let clean = |text: &str| self.redactor.redact(text).text.into_owned();
        match error {
            Error::Malformed { endpoint, message } => Error::Malformed {
                endpoint,
                message: clean(&message),
            },
            Error::Cut { endpoint, message } => Error::Cut {
                endpoint,
                message: clean(&message),
            },
            Error::ContentType { endpoint, found } => Error::ContentType {
                endpoint,
                found: clean(&found),
            },
            other => other,
        }
    }

    fn failed(&self, error: &reqwest::Error) -> Error {
        let mut message = self.redactor.redact(&chain(error)).text.into_owned();
        if message.contains("Expired")
            || message.contains("NotValidYet")
            || message.contains("certificate expired")
            || message.contains("not valid yet")
        {
            message.push_str("; is this machine's clock right?");
        }
        let endpoint = self.endpoint.clone();
        if error.is_connect() || error.is_timeout() {
            Error::Connect { endpoint, message }
        } else if error.is_builder() {
            Error::Unusable(message)
        } else {
            Error::Cut { endpoint, message }
        }
    }

    /// What a server said that refused.
    async fn refused(&self, response: reqwest::Response) -> Error {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let limits = Limits {
            bytes: ERROR_READ,
            idle: self.limits.idle.min(Duration::from_secs(10)),
            ..self.limits
        };
        let bytes = Body::new(response, self.endpoint.clone(), limits)
            .start_of()
            .await;
        let text = String::from_utf8_lossy(&bytes);
        let said = serde_json::from_str::<Value>(&text)
            .ok()
            .and_then(|value| said(&value))
            .unwrap_or_else(|| plain(&text));
        let said = self.redactor.redact(&said).text.into_owned();
        let mut message: String = said.chars().take(ERROR_SHOWN).collect();
        if message.trim().is_empty() {
            status
                .canonical_reason()
                .unwrap_or("no reason given")
                .clone_into(&mut message);
        }
        if status.is_redirection() {
            message.push_str(" (redirects are not followed; is the address right?)");
        }
        Error::Status {
            endpoint: self.endpoint.clone(),
            status: status.as_u16(),
            message,
            retry_after,
        }
    }
}

/// The sentence and the code in an error's JSON, in the shapes servers use.
fn said(value: &Value) -> Option<String> {
    let value = match value {
        // Gemini's compatible endpoint wraps its errors in a list.
        Value::Array(list) => list.first()?,
        other => other,
    };
    let error = value.get("error").unwrap_or(value);
    if let Some(text) = error.as_str() {
        return Some(text.to_owned());
    }
    let text = ["message", "detail", "error_description"]
        .iter()
        .find_map(|name| error.get(*name)?.as_str())?;
    let code = ["code", "type"]
        .iter()
        .find_map(|name| error.get(*name)?.as_str())
        .filter(|code| !text.contains(code));
    Some(match code {
        Some(code) => format!("{text} ({code})"),
        None => text.to_owned(),
    })
}

/// A page for people as one line.
fn plain(text: &str) -> String {
    let mut inside = false;
    let shown: String = text
        .chars()
        .filter(|c| {
            let tag = inside || *c == '<';
            inside = (inside || *c == '<') && *c != '>';
            !tag
        })
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An error with what caused it, each said once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    // The first part names the address, which the error names already.
    if parts.len() > 1 {
        parts.remove(0);
    }
    parts.join(": ")
}

fn is_own(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether requests to `base_url` can be read on the way by others: plain HTTP
/// to another machine.
pub(crate) fn is_open_to_others(base_url: &str) -> bool {
    reqwest::Url::parse(base_url).is_ok_and(|url| url.scheme() == "http" && !is_own(&url))
}

/// Whether `base_url` is on this machine.
pub(crate) fn is_loopback(base_url: &str) -> bool {
    reqwest::Url::parse(base_url).is_ok_and(|url| is_own(&url))
}
