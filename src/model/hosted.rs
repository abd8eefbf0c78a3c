//! A model that the program around answers for: questions go out as records,
//! answers come in as lines of JSON, in any order.
//!
//! This module knows neither pipe nor terminal: whoever makes a [`Desk`] gives
//! it a way to say a record, and tells it the lines that it hears.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::sync::oneshot;

use super::redact::{Redactor, redact_request};
use super::{
    Error, Finish, ModelClient, Pending, Reply, Request, Role, Usage, estimate, estimate_request,
};
use crate::record::{Record, Said};

/// Writes a record at once; what went wrong otherwise.
pub type Say = dyn Fn(&Record) -> Result<(), String> + Send + Sync;

/// Where questions are handed out and answers come back.
pub struct Desk {
    say: Box<Say>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    waiting: BTreeMap<u64, oneshot::Sender<Result<Heard, Error>>>,
    /// Why no more answers will come.
    closed: Option<String>,
}

/// An answer, as it is written in a line.
#[derive(Debug, Deserialize)]
struct Heard {
    id: u64,
    #[serde(default)]
    text: String,
    #[serde(default)]
    finish: Option<String>,
    #[serde(default)]
    usage: Option<Used>,
    #[serde(default)]
    error: Option<String>,
}

#[expect(
    clippy::struct_field_names,
    reason = "the field names of chat completions"
)]
#[derive(Clone, Copy, Debug, Deserialize)]
struct Used {
    prompt_tokens: u64,
    completion_tokens: u64,
    #[serde(default)]
    cached_tokens: u64,
}

impl Desk {
    /// A desk that hands out its questions through `say`.
    pub fn new(say: Box<Say>) -> Arc<Self> {
        Arc::new(Self {
            say,
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line with an answer. An answer that nobody waits for is passed
    /// over; a line that is none ends the desk, since whose it was is unknown.
    pub fn hear(&self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match serde_json::from_slice::<Heard>(line) {
            Ok(heard) => {
                let waiting = self.state().waiting.remove(&heard.id);
                if let Some(waiting) = waiting {
                    // Whoever asked may have left meanwhile.
                    let _ = waiting.send(Ok(heard));
                }
            }
            Err(error) => self.close(&format!("a line is no answer: {error}")),
        }
    }

    /// No more answers will come. All that is asked has failed, now and later.
    pub fn close(&self, why: &str) {
        let mut state = self.state();
        state.closed.get_or_insert_with(|| why.to_owned());
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (_, waiting) in waiting {
            let _ = waiting.send(Err(gone(why)));
        }
    }

    /// Hands out a question. Dropped before the answer is there, it is withdrawn.
    async fn ask(&self, model: &str, request: &Request) -> Result<Heard, Error> {
        let (to, answer) = oneshot::channel();
        let id = {
            let mut state = self.state();
            if let Some(why) = &state.closed {
                return Err(gone(why));
            }
            state.last += 1;
            let id = state.last;
            state.waiting.insert(id, to);
            id
        };
        let mut slip = Slip {
            desk: self,
            id,
            open: true,
        };
        let messages = request.messages.iter().map(|message| Said {
            role: match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content: message.content.clone(),
        });
        let question = Record::Ask {
            id,
            model: model.to_owned(),
            messages: messages.collect(),
            max_output_tokens: request.max_output_tokens,
        };
        if let Err(why) = (self.say)(&question) {
            slip.open = false;
            self.close(&why);
            return Err(gone(&why));
        }
        let heard = answer.await;
        slip.open = false;
        heard.unwrap_or_else(|_| Err(gone("it was dropped")))
    }
}

/// A question that is out.
struct Slip<'a> {
    desk: &'a Desk,
    id: u64,
    open: bool,
}

impl Drop for Slip<'_> {
    fn drop(&mut self) {
        if self.open && self.desk.state().waiting.remove(&self.id).is_some() {
            // Whoever does not hear of it answers for nothing, which is no harm.
            let _ = (self.desk.say)(&Record::AskWithdrawn { id: self.id });
        }
    }
}

/// Where answers come from, in messages.
const PLACE: &str = "standard input";

fn gone(why: &str) -> Error {
    Error::Unavailable {
        endpoint: PLACE.to_owned(),
        message: why.to_owned(),
    }
}

/// A model behind a desk.
pub struct HostedClient {
    name: String,
    desk: Arc<Desk>,
    redactor: Redactor,
}

impl HostedClient {
    /// The model of that name; what the redactor knows is taken out first.
    pub fn new(name: &str, desk: Arc<Desk>, redactor: Redactor) -> Self {
        Self {
            name: name.to_owned(),
            desk,
            redactor,
        }
    }
}

impl ModelClient for HostedClient {
    fn model(&self) -> &str {
        &self.name
    }

    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: &'a mut (dyn FnMut(&str) + Send),
    ) -> Pending<'a> {
        Box::pin(async move {
            let (request, _) = redact_request(&self.redactor, request);
            let heard = self.desk.ask(&self.name, &request).await?;
            if let Some(message) = heard.error {
                return Err(Error::Failed {
                    model: self.name.clone(),
                    message: self.redactor.redact(&message).text.into_owned(),
                });
            }
            let finish = match heard.finish.as_deref() {
                None | Some("stop") => Finish::Stop,
                Some("length") => Finish::Length,
                Some("refused") => Finish::Refused,
                Some(other) => {
                    return Err(Error::Malformed {
                        endpoint: PLACE.to_owned(),
                        message: format!("`finish` is stop, length or refused, not `{other}`"),
                    });
                }
            };
            on_text(&heard.text);
            let usage = match heard.usage {
                Some(used) => Usage {
                    prompt_tokens: used.prompt_tokens,
                    cached_tokens: used.cached_tokens.min(used.prompt_tokens),
                    completion_tokens: used.completion_tokens,
                    estimated: false,
                },
                None => Usage {
                    prompt_tokens: estimate_request(&request),
                    completion_tokens: estimate(&heard.text),
                    cached_tokens: 0,
                    estimated: true,
                },
            };
            Ok(Reply {
                text: heard.text,
                usage,
                finish,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Message;

    type Out = Arc<Mutex<Vec<String>>>;

    fn desk() -> (Arc<Desk>, Out) {
        let out = Out::default();
        let said = Arc::clone(&out);
        let say = move |record: &Record| {
            let line = serde_json::to_string(record).map_err(|error| error.to_string())?;
            said.lock().expect("not poisoned").push(line);
            Ok(())
        };
        (Desk::new(Box::new(say)), out)
    }

    fn request(text: &str) -> Request {
        Request {
            messages: vec![Message {
                role: Role::User,
                content: text.to_owned(),
            }],
            max_output_tokens: 7,
            temperature: None,
        }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread();
        runtime_of(runtime).block_on(future)
    }

    fn runtime_of(mut builder: tokio::runtime::Builder) -> tokio::runtime::Runtime {
        builder.enable_all().build().expect("a runtime")
    }

    #[test]
    fn answers_find_their_questions_in_any_order() {
        let (desk, out) = desk();
        let client = HostedClient::new("m", Arc::clone(&desk), Redactor::default());
        let (one, two) = (request("one"), request("two"));
        let replies = run(async {
            let (mut ignore, mut other) = (|_: &str| (), |_: &str| ());
            let both = futures_util::future::join(
                client.complete(&one, &mut ignore),
                client.complete(&two, &mut other),
            );
            let answers = async {
                tokio::task::yield_now().await;
                desk.hear(b"\n");
                desk.hear(br#"{"id": 9, "text": "for nobody"}"#);
                desk.hear(br#"{"id": 2, "text": "2", "usage": {"prompt_tokens": 5, "completion_tokens": 1}}"#);
                desk.hear(br#"{"id": 1, "text": "1", "finish": "length"}"#);
            };
            futures_util::future::join(both, answers).await.0
        });
        let first = replies.0.expect("answered");
        let second = replies.1.expect("answered");
        assert_eq!((first.text.as_str(), first.finish), ("1", Finish::Length));
        assert!(first.usage.estimated);
        assert_eq!((second.text.as_str(), second.usage.prompt_tokens), ("2", 5));
        assert_eq!(
            out.lock().expect("not poisoned")[0],
            r#"{"type":"ask","id":1,"model":"m","messages":[{"role":"user","content":"one"}],"max_output_tokens":7}"#
        );
    }

    #[test]
    fn a_failure_is_told_and_a_line_that_is_no_answer_ends_all_questions() {
        let (desk, _) = desk();
        let client = HostedClient::new("m", Arc::clone(&desk), Redactor::default());
        let question = request("one");
        let fail = |line: &'static [u8]| {
            let desk = Arc::clone(&desk);
            let (client, question) = (&client, &question);
            run(async move {
                let mut ignore = |_: &str| ();
                let asked = client.complete(question, &mut ignore);
                let answer = async {
                    tokio::task::yield_now().await;
                    desk.hear(line);
                };
                let (reply, ()) = futures_util::future::join(asked, answer).await;
                reply.expect_err("it fails").to_string()
            })
        };
        assert!(fail(br#"{"id": 1, "error": "no quota"}"#).contains("no quota"));
        assert!(fail(br#"{"id": 2, "text": "x", "finish": "odd"}"#).contains("not `odd`"));
        assert!(fail(b"hello").contains("no answer"));
        // Nothing is asked afterwards.
        assert!(fail(br#"{"id": 4, "text": "x"}"#).contains("no answer"));
    }

    #[test]
    fn a_question_that_is_dropped_is_withdrawn() {
        let (desk, out) = desk();
        let client = HostedClient::new("m", Arc::clone(&desk), Redactor::default());
        let question = request("one");
        run(async {
            let mut ignore = |_: &str| ();
            let asked = client.complete(&question, &mut ignore);
            let soon = std::time::Duration::from_millis(1);
            assert!(tokio::time::timeout(soon, asked).await.is_err());
        });
        let last = out.lock().expect("not poisoned").last().cloned();
        assert_eq!(last.as_deref(), Some(r#"{"type":"ask_withdrawn","id":1}"#));
        desk.hear(br#"{"id": 1, "text": "too late"}"#);
    }

    #[test]
    fn secrets_are_taken_out_of_what_is_asked() {
        let (desk, out) = desk();
        let secret = crate::model::Secret::new("open-sesame");
        let client = HostedClient::new("m", Arc::clone(&desk), Redactor::new([secret]));
        let question = request("say open-sesame");
        let error = run(async {
            let mut ignore = |_: &str| ();
            let asked = client.complete(&question, &mut ignore);
            let end = async {
                tokio::task::yield_now().await;
                desk.close("it ended");
            };
            futures_util::future::join(asked, end).await.0
        });
        assert!(error.expect_err("closed").to_string().contains("it ended"));
        let said = out.lock().expect("not poisoned").join("\n");
        assert!(said.contains("[redacted: a configured secret]") && !said.contains("sesame"));
    }
}
