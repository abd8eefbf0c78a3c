//! A recorded run as a model.
//!
//! Answers are found by the key of the call, so that a changed prompt does not
//! make a recording worthless; a caller that has no keys is answered by what
//! it asks. The digest says whether the question is still the recorded one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use super::{Error, ModelClient, Pending, Reply, Request};

/// A recorded answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which call of the run it answers.
    pub key: String,
    /// The digest of what was asked, or empty where it was not noted.
    pub asked: String,
    /// What the model said.
    pub reply: Reply,
}

/// What a recording has on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// What the model said.
    pub reply: Reply,
    /// Whether it was asked the same then.
    pub same: bool,
}

/// The answers of a recorded run.
#[derive(Debug, Default)]
pub struct ReplayClient {
    name: String,
    by_key: BTreeMap<String, Answer>,
    by_question: Mutex<BTreeMap<String, VecDeque<Reply>>>,
}

impl ReplayClient {
    /// A model called `name` that gives these answers. Of two answers to one
    /// key the later one counts.
    pub fn new(name: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut by_key = BTreeMap::new();
        let mut by_question: BTreeMap<String, VecDeque<Reply>> = BTreeMap::new();
        for answer in answers {
            by_question
                .entry(answer.asked.clone())
                .or_default()
                .push_back(answer.reply.clone());
            by_key.insert(answer.key.clone(), answer);
        }
        Self {
            name: name.to_owned(),
            by_key,
            by_question: Mutex::new(by_question),
        }
    }

    /// The answer to a call, by its key.
    pub fn recall(&self, key: &str, request: &Request) -> Option<Recalled> {
        let answer = self.by_key.get(key)?;
        Some(Recalled {
            reply: answer.reply.clone(),
            same: answer.asked.is_empty() || answer.asked == digest(request),
        })
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl ModelClient for ReplayClient {
    fn model(&self) -> &str {
        &self.name
    }

    fn complete<'a>(
        &'a self,
        request: &'a Request,
        on_text: &'a mut (dyn FnMut(&str) + Send),
    ) -> Pending<'a> {
        Box::pin(async move {
            let found = match self.by_question.lock() {
                Ok(mut known) => known
                    .get_mut(&digest(request))
                    .and_then(VecDeque::pop_front),
                Err(_) => None,
            };
            let reply = found.ok_or_else(|| {
                let last = request.messages.last();
                let said = last.map_or("", |message| message.content.as_str());
                Error::NotRecorded {
                    message: said.chars().take(120).collect(),
                }
            })?;
            on_text(&reply.text);
            Ok(reply)
        })
    }
}

/// A digest of what is asked: the conversation, not how long the answer may be.
pub fn digest(request: &Request) -> String {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for message in &request.messages {
        hasher.update(&[message.role as u8]);
        hasher.update(&(message.content.len() as u64).to_le_bytes());
        hasher.update(message.content.as_bytes());
    }
    format!("{:016x}", hasher.digest())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finish, Message, Role, Usage};

    fn request(text: &str) -> Request {
        Request {
            messages: vec![Message {
                role: Role::User,
                content: text.to_owned(),
            }],
            max_output_tokens: 10,
            temperature: None,
        }
    }

    fn answer(key: &str, question: &str, text: &str) -> Answer {
        Answer {
            key: key.to_owned(),
            asked: digest(&request(question)),
            reply: Reply {
                text: text.to_owned(),
                usage: Usage::default(),
                finish: Finish::Stop,
            },
        }
    }

    #[test]
    fn an_answer_is_found_by_its_key_and_says_whether_the_question_changed() {
        let client = ReplayClient::new("m", [answer("root/1", "a", "one")]);
        let same = client.recall("root/1", &request("a")).expect("recorded");
        assert_eq!((same.reply.text.as_str(), same.same), ("one", true));
        let changed = client.recall("root/1", &request("b")).expect("recorded");
        assert!(!changed.same);
        assert_eq!(client.recall("root/2", &request("a")), None);
    }

    #[test]
    fn without_a_key_the_question_finds_each_answer_once_and_in_order() {
        let client = ReplayClient::new("m", [answer("1", "a", "one"), answer("2", "a", "two")]);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let ask = |text: &str| {
            let request = request(text);
            let answer = runtime.block_on(client.complete(&request, &mut |_| ()));
            answer.map(|reply| reply.text)
        };
        assert_eq!(ask("a").expect("recorded"), "one");
        assert_eq!(ask("a").expect("recorded"), "two");
        let error = ask("a").expect_err("no third answer");
        assert!(matches!(error, Error::NotRecorded { .. }), "{error}");
    }
}
