//! The models of a run: who answers for the root and for sub-agents, and what
//! a recording has already answered.

use std::sync::Arc;
use std::time::Instant;

use super::Options;
use super::purse::Who;
use super::run::Run;
use crate::model::{Finish, Message, ModelClient, ReplayClient, Reply, Request, Usage, digest};
use crate::record::agent::{Event, Spent};

/// Dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// Of prompts.
    pub prompt: f64,
    /// Of prompts that a cache had.
    pub cached: f64,
    /// Of answers.
    pub completion: f64,
}

impl Price {
    fn of(&self, usage: &Usage) -> f64 {
        let fresh = usage.prompt_tokens.saturating_sub(usage.cached_tokens);
        let all = fresh as f64 * self.prompt
            + usage.cached_tokens as f64 * self.cached
            + usage.completion_tokens as f64 * self.completion;
        all / 1e6
    }
}

/// One model.
#[derive(Clone)]
pub enum Voice {
    /// It is asked.
    Live {
        /// How.
        client: Arc<dyn ModelClient>,
        /// What it costs, where that is known.
        price: Option<Price>,
    },
    /// It is a recording.
    Recorded(Arc<ReplayClient>),
}

impl Voice {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Live { client, .. } => client.model(),
            Self::Recorded(client) => client.model(),
        }
    }

    fn price(&self) -> Price {
        match self {
            Self::Live { price, .. } => price.unwrap_or_default(),
            Self::Recorded(_) => Price::default(),
        }
    }
}

/// The models of a run.
#[derive(Clone)]
pub struct Models {
    /// Answers the root, and agents that it starts.
    pub root: Voice,
    /// Answers sub-agents.
    pub sub: Voice,
    /// What was answered before the run was taken up again.
    pub before: Option<Arc<ReplayClient>>,
}

/// A conversation, and whom it is for.
pub(super) struct Question<'a> {
    pub(super) key: &'a str,
    pub(super) who: Who,
    pub(super) messages: Vec<Message>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The budget does not suffice.
    Budget(String),
    /// The model failed.
    Model(crate::model::Error),
}

impl Unanswered {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Budget(why) => format!("budget: {why}"),
            Self::Model(error) => error.to_string(),
        }
    }
}

/// Tokens of a text, estimated: four bytes to one.
pub(super) fn estimate(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

fn estimate_all(messages: &[Message]) -> u64 {
    let each = messages.iter();
    each.map(|message| estimate(&message.content) + 4).sum()
}

/// Asks for an answer: from the recording where it has one, otherwise from the
/// model, within the budget.
pub(super) async fn ask(run: &Run<'_>, question: Question<'_>) -> Result<Reply, Unanswered> {
    let Question { key, who, messages } = question;
    let options: &Options = run.options;
    let voice = match who {
        Who::Root => &run.models.root,
        Who::Sub => &run.models.sub,
    };
    let request = Request {
        messages,
        max_output_tokens: options.answer_tokens,
        temperature: None,
    };
    let prompt = estimate_all(&request.messages);
    let most = Usage {
        prompt_tokens: prompt,
        completion_tokens: u64::from(options.answer_tokens),
        ..Usage::default()
    };
    let reserved = run
        .purse
        .borrow_mut()
        .reserve(prompt + most.completion_tokens, voice.price().of(&most))
        .map_err(Unanswered::Budget)?;
    let begun = Instant::now();
    let answered = answer(run, voice, key, &request).await;
    let mut reply = match answered {
        Ok(reply) => reply,
        Err(error) => {
            run.purse
                .borrow_mut()
                .settle(reserved, who, &Spent::default());
            run.note(&Event::AgentFailure {
                key: key.to_owned(),
                message: error.text(),
            });
            return Err(error);
        }
    };
    if reply.usage.prompt_tokens + reply.usage.completion_tokens == 0 {
        reply.usage = Usage {
            prompt_tokens: prompt,
            cached_tokens: 0,
            completion_tokens: estimate(&reply.text),
            estimated: true,
        };
    }
    let usage = reply.usage;
    let spent = Spent {
        prompt_tokens: usage.prompt_tokens,
        cached_tokens: usage.cached_tokens,
        completion_tokens: usage.completion_tokens,
        calls: 1,
        cost: voice.price().of(&usage),
    };
    run.purse.borrow_mut().settle(reserved, who, &spent);
    run.note(&Event::AgentReply {
        key: key.to_owned(),
        model: voice.name().to_owned(),
        asked: digest(&request),
        text: reply.text.clone(),
        finish: finish_name(reply.finish).to_owned(),
        spent,
        estimated: usage.estimated,
        milliseconds: begun.elapsed().as_millis() as u64,
    });
    Ok(reply)
}

async fn answer(
    run: &Run<'_>,
    voice: &Voice,
    key: &str,
    request: &Request,
) -> Result<Reply, Unanswered> {
    // What was answered before counts as long as the same is asked.
    if let Some(before) = &run.models.before
        && let Some(recalled) = before.recall(key, request)
        && recalled.same
    {
        return Ok(recalled.reply);
    }
    match voice {
        Voice::Recorded(client) => {
            let recalled = client.recall(key, request);
            let recalled = recalled.ok_or_else(|| {
                Unanswered::Model(crate::model::Error::NotRecorded {
                    message: format!("the call `{key}`"),
                })
            })?;
            if !recalled.same {
                run.diverged.set(run.diverged.get() + 1);
            }
            Ok(recalled.reply)
        }
        Voice::Live { client, .. } => {
            let left = run.purse.borrow().left();
            let mut ignore = |_: &str| ();
            match tokio::time::timeout(left, client.complete(request, &mut ignore)).await {
                Ok(answered) => answered.map_err(Unanswered::Model),
                Err(_) => Err(Unanswered::Budget("the time is over".to_owned())),
            }
        }
    }
}

fn finish_name(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Refused => "refused",
    }
}
