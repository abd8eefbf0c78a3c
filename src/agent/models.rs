//! The models of a run: who answers for the root and for sub-agents, and what
//! a recording has already answered.

use std::sync::Arc;
use std::time::Instant;

use super::run::Run;
use super::workplace::Step;
use crate::model::{
    self, AskError, Finish, Message, ModelClient, Price, ReplayClient, Reply, Request, Usage, Who,
    digest, estimate, estimate_request,
};
use crate::record::agent::{Event, Spent};

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

    /// Whether what is asked leaves the program.
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    fn price(&self) -> Option<Price> {
        match self {
            Self::Live { price, .. } => *price,
            Self::Recorded(_) => Some(Price::FREE),
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
    /// What a sub-agent reads; empty for others.
    pub(super) about: &'a str,
    pub(super) messages: Vec<Message>,
}

/// The fewest tokens of an answer that are worth a call.
const LEAST: u32 = 256;

/// Asks for an answer: from the recording where it has one, otherwise from the
/// model, within the budget.
pub(super) async fn ask(run: &Run<'_>, question: Question<'_>) -> Result<Reply, AskError> {
    let Question {
        key,
        who,
        about,
        messages,
    } = question;
    run.place.begin(&Step::Asks { key, about });
    let voice = match who {
        Who::Root => &run.models.root,
        Who::Sub => &run.models.sub,
    };
    let request = Request {
        messages,
        max_output_tokens: run.options.answer_tokens,
        temperature: None,
    };
    let begun = Instant::now();
    let reply = match answer(run, voice, key, who, &request).await {
        Ok(reply) => reply,
        Err(error) => {
            run.note(&Event::AgentFailure {
                key: key.to_owned(),
                message: error.to_string(),
            });
            return Err(error);
        }
    };
    let usage = reply.usage;
    let cost = voice.price().map(|price| price.cost(&usage).as_dollars());
    run.note(&Event::AgentReply {
        key: key.to_owned(),
        model: voice.name().to_owned(),
        asked: digest(&request),
        text: reply.text.clone(),
        finish: finish_name(reply.finish).to_owned(),
        spent: Spent {
            prompt_tokens: usage.prompt_tokens,
            cached_tokens: usage.cached_tokens,
            completion_tokens: usage.completion_tokens,
            calls: 1,
            cost: cost.unwrap_or(0.0),
        },
        estimated: usage.estimated,
        milliseconds: begun.elapsed().as_millis() as u64,
    });
    Ok(reply)
}

async fn answer(
    run: &Run<'_>,
    voice: &Voice,
    key: &str,
    who: Who,
    request: &Request,
) -> Result<Reply, AskError> {
    // What was answered before counts as long as the same is asked.
    let before = run.models.before.as_ref();
    let before = before.and_then(|before| before.recall(key, request));
    if let Some(recalled) = before.filter(|recalled| recalled.same) {
        return recalled_reply(run, voice, who, request, recalled.reply);
    }
    match voice {
        Voice::Recorded(client) => {
            let recalled = client.recall(key, request).ok_or_else(|| {
                AskError::Model(model::Error::NotRecorded {
                    message: format!("the call `{key}`"),
                })
            })?;
            if !recalled.same {
                run.diverged.set(run.diverged.get() + 1);
            }
            recalled_reply(run, voice, who, request, recalled.reply)
        }
        Voice::Live { client, price } => {
            let mut ignore = |_: &str| ();
            model::ask(&**client, request, &mut ignore, &run.budget, who, *price).await
        }
    }
}

/// A recorded answer costs what it cost then.
fn recalled_reply(
    run: &Run<'_>,
    voice: &Voice,
    who: Who,
    request: &Request,
    mut reply: Reply,
) -> Result<Reply, AskError> {
    let prompt = estimate_request(request);
    let reserved =
        run.budget
            .reserve(who, prompt, request.max_output_tokens, LEAST, voice.price())?;
    if reply.usage.prompt_tokens + reply.usage.completion_tokens == 0 {
        reply.usage = Usage {
            prompt_tokens: prompt,
            cached_tokens: 0,
            completion_tokens: estimate(&reply.text),
            estimated: true,
        };
    }
    reserved.settle(&reply.usage);
    Ok(reply)
}

fn finish_name(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Refused => "refused",
    }
}
