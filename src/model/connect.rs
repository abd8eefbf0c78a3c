//! A model over the wire: one client for all protocols.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::chat_completions::ChatCompletions;
use super::messages::Messages;
use super::redact::redact_request;
use super::responses::Responses;
use super::settings::{Settings, WireKind};
use super::wire::{Answer, Fault, Quirks, Wire, is_overflow};
use super::{
    Error, Finish, ModelClient, Pending, Reply, Request, Usage, estimate, estimate_request,
};
use crate::http::{self, Call, Client, Redactor, Secret};

/// A client for the model that the settings name. Nothing is sent yet.
pub fn connect(settings: &Settings) -> Result<Box<dyn ModelClient>, Error> {
    let unusable = |message: String| Error::NotConfigured { message };
    if settings.model.trim().is_empty() {
        return Err(unusable("no model is named".to_owned()));
    }
    if settings.key.is_some()
        && !settings.allow_plain_http
        && http::is_open_to_others(&settings.base_url)
    {
        return Err(unusable(format!(
            "a key would go over plain HTTP to another machine ({}): use `https://`, or set `HAPPY_ALLOW_HTTP=1` to accept the risk",
            settings.base_url
        )));
    }
    let redactor = redactor_of(settings);
    let client = Client::new(
        &settings.base_url,
        settings.limits,
        settings.policy,
        redactor,
    )
    .map_err(|error| unusable(error.to_string()))?;
    let wire: Box<dyn Wire> = match settings.wire {
        WireKind::ChatCompletions => Box::new(ChatCompletions),
        WireKind::Responses => Box::new(Responses),
        WireKind::Messages => Box::new(Messages),
    };
    // The one server that is known to refuse the older name.
    let quirks = Quirks {
        completion_tokens: client.endpoint() == "api.openai.com",
        ..Quirks::default()
    };
    Ok(Box::new(Remote {
        url: format!("{}{}", settings.base_url.trim_end_matches('/'), wire.path()),
        headers: wire.headers(settings.key.as_ref()),
        model: settings.model.clone(),
        quirks: Mutex::new(quirks),
        client,
        wire,
    }))
}

/// What must not be sent to the model that the settings name.
pub fn redactor_of(settings: &Settings) -> Redactor {
    let redactor = Redactor::new(settings.key.iter().chain(&settings.secrets).cloned());
    if settings.allow_shapes {
        redactor.without_shapes()
    } else {
        redactor
    }
}

struct Remote {
    url: String,
    headers: Vec<(&'static str, Secret)>,
    model: String,
    quirks: Mutex<Quirks>,
    client: Client,
    wire: Box<dyn Wire>,
}

/// A try that failed.
enum Failure {
    /// As the network or the status has it.
    Http(http::Error),
    /// After a part of the answer was heard: asking again would say it twice.
    Heard(http::Error, usize),
    /// As the answer itself says.
    Refused(String),
}

impl ModelClient for Remote {
    fn model(&self) -> &str {
        &self.model
    }

    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: &'a mut (dyn FnMut(&str) + Send),
    ) -> Pending<'a> {
        Box::pin(async move {
            if request.messages.is_empty() {
                return Err(Error::Rejected {
                    status: 400,
                    message: "there is nothing to ask".to_owned(),
                });
            }
            let (request, _) = redact_request(self.client.redactor(), request);
            let mut retrier = self.client.retrier();
            loop {
                let quirks = self.quirks();
                let body = self.wire.body(&self.model, &request, quirks);
                let failure = match self.attempt(&body, on_text).await {
                    Ok(answer) => return Ok(reply(answer, &request)),
                    Err(failure) => failure,
                };
                match failure {
                    Failure::Http(error) => {
                        if let http::Error::Status {
                            status, message, ..
                        } = &error
                        {
                            // Some servers call a prompt that is too long a failure
                            // of their own.
                            if is_overflow(*status, message) {
                                return Err(self.refused(*status, message));
                            }
                            if matches!(status, 400 | 422) && self.learn(quirks, message) {
                                continue;
                            }
                        }
                        retrier
                            .wait(self.client.clean(error))
                            .await
                            .map_err(|error| self.error(&error))?;
                    }
                    Failure::Heard(error, heard) => {
                        let error = self.client.clean(error);
                        return Err(match error {
                            http::Error::Malformed { .. } => self.error(&error),
                            error => Error::Broken {
                                endpoint: self.client.endpoint().to_owned(),
                                message: format!("{error} (after {heard} bytes of text)"),
                            },
                        });
                    }
                    Failure::Refused(message) => return Err(self.refused(400, &message)),
                }
            }
        })
    }
}

impl Remote {
    fn quirks(&self) -> Quirks {
        *self.quirks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a refusal taught something that makes another try worth it.
    fn learn(&self, sent: Quirks, message: &str) -> bool {
        let learnt = sent.learn(message);
        *self.quirks.lock().unwrap_or_else(PoisonError::into_inner) = learnt;
        learnt != sent
    }

    /// One try, from the request to the end of the answer.
    async fn attempt(
        &self,
        body: &Value,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, Failure> {
        let call = Call {
            url: &self.url,
            headers: &self.headers,
            body,
        };
        let mut answer = Answer::default();
        let mut reader = self.wire.reader();
        let body = self.client.send(&call).await.map_err(Failure::Http)?;
        if !body.is_events() {
            // A server that does not stream answers all at once.
            let data = body.json().await.map_err(Failure::Http)?;
            reader
                .whole(&mut answer, &data)
                .map_err(|fault| self.fault(fault, 0))?;
            if !answer.text.is_empty() {
                on_text(&answer.text);
            }
            return Ok(answer);
        }
        let mut events = body.events();
        while !answer.done {
            let heard = answer.text.len();
            let failed = |error| {
                if heard == 0 {
                    Failure::Http(error)
                } else {
                    Failure::Heard(error, heard)
                }
            };
            let Some(event) = events.next().await.map_err(failed)? else {
                break;
            };
            let data = event.data.trim();
            if data == "[DONE]" {
                answer.finish.get_or_insert(Finish::Stop);
                answer.done = true;
                break;
            }
            if data.is_empty() {
                continue;
            }
            let data: Value = serde_json::from_str(data).map_err(|error| {
                failed(self.malformed(format!("an event is not JSON: {error}")))
            })?;
            reader
                .event(&mut answer, &data, &mut |piece| on_text(piece))
                .map_err(|fault| self.fault(fault, heard))?;
        }
        // Some servers end without a last word once they told why.
        if !answer.done && answer.finish.is_none() {
            let error = http::Error::Cut {
                endpoint: self.client.endpoint().to_owned(),
                message: "the stream ended before the answer did".to_owned(),
            };
            return Err(match answer.text.len() {
                0 => Failure::Http(error),
                heard => Failure::Heard(error, heard),
            });
        }
        Ok(answer)
    }

    fn malformed(&self, message: String) -> http::Error {
        http::Error::Malformed {
            endpoint: self.client.endpoint().to_owned(),
            message,
        }
    }

    fn fault(&self, fault: Fault, heard: usize) -> Failure {
        let error = match fault {
            Fault::Refused(message) => return Failure::Refused(message),
            Fault::Malformed(message) => self.malformed(message),
            Fault::Failed(message) => http::Error::Status {
                endpoint: self.client.endpoint().to_owned(),
                status: 503,
                message,
                retry_after: None,
            },
        };
        if heard == 0 {
            Failure::Http(error)
        } else {
            Failure::Heard(error, heard)
        }
    }

    fn refused(&self, status: u16, message: &str) -> Error {
        let message = self.client.redactor().redact(message).text.into_owned();
        if is_overflow(status, &message) {
            Error::ContextOverflow { message }
        } else {
            Error::Rejected { status, message }
        }
    }

    fn error(&self, error: &http::Error) -> Error {
        let endpoint = self.client.endpoint().to_owned();
        match error {
            http::Error::Unusable(message) => Error::NotConfigured {
                message: message.clone(),
            },
            http::Error::Status {
                status, message, ..
            } => self.refused(*status, message),
            http::Error::TooLarge { .. }
            | http::Error::ContentType { .. }
            | http::Error::Malformed { .. } => Error::Malformed {
                endpoint,
                message: error.to_string(),
            },
            _ => Error::Unavailable {
                endpoint,
                message: error.to_string(),
            },
        }
    }
}

/// The answer with its usage, estimated where the server gave none.
fn reply(answer: Answer, request: &Request) -> Reply {
    let usage = answer
        .usage
        .filter(|usage| usage.prompt_tokens > 0 || usage.completion_tokens > 0);
    Reply {
        usage: usage.unwrap_or_else(|| Usage {
            prompt_tokens: estimate_request(request),
            completion_tokens: estimate(&answer.text),
            cached_tokens: 0,
            estimated: true,
        }),
        finish: answer.finish.unwrap_or(Finish::Stop),
        text: answer.text,
    }
}
