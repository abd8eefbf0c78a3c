//! `POST /chat/completions`: what nearly every server speaks.

use serde_json::{Value, json};

use super::wire::{Answer, Fault, Quirks, Reader, Wire, bearer, number, said, text};
use super::{Finish, Request, Role, Usage};
use crate::http::Secret;

pub(super) struct ChatCompletions;

impl Wire for ChatCompletions {
    fn path(&self) -> &'static str {
        "/chat/completions"
    }

    fn headers(&self, key: Option<&Secret>) -> Vec<(&'static str, Secret)> {
        bearer(key)
    }

    fn body(&self, model: &str, request: &Request, quirks: Quirks) -> Value {
        let messages: Vec<Value> = request
            .messages
            .iter()
            .map(|message| {
                let role = match message.role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                json!({"role": role, "content": message.content})
            })
            .collect();
        let mut body = json!({"model": model, "messages": messages, "stream": true});
        let limit = if quirks.completion_tokens {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        body[limit] = request.max_output_tokens.into();
        if !quirks.no_stream_options {
            body["stream_options"] = json!({"include_usage": true});
        }
        if let Some(temperature) = request.temperature.filter(|_| !quirks.no_temperature) {
            body["temperature"] = temperature.into();
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Chunks)
    }
}

struct Chunks;

impl Chunks {
    fn take(
        answer: &mut Answer,
        data: &Value,
        part: &str,
        hear: &mut dyn FnMut(&str),
    ) -> Result<(), Fault> {
        if let Some(error) = data.get("error").filter(|error| !error.is_null()) {
            return Err(said(error));
        }
        let choices = data.get("choices").and_then(Value::as_array);
        let usage = data.get("usage").filter(|usage| usage.is_object());
        if choices.is_none() && usage.is_none() {
            return Err(Fault::Malformed("it has no `choices`".to_owned()));
        }
        if let Some(usage) = usage {
            answer.usage = Some(Usage {
                prompt_tokens: number(usage, &["prompt_tokens"]).unwrap_or_default(),
                cached_tokens: number(usage, &["prompt_tokens_details", "cached_tokens"])
                    .or_else(|| number(usage, &["prompt_cache_hit_tokens"]))
                    .unwrap_or_default(),
                completion_tokens: number(usage, &["completion_tokens"]).unwrap_or_default(),
                estimated: false,
            });
        }
        for choice in choices.into_iter().flatten() {
            if number(choice, &["index"]).unwrap_or_default() > 0 {
                continue;
            }
            let piece = text(choice, &[part, "content"]).unwrap_or_default();
            let refusal = text(choice, &[part, "refusal"]).unwrap_or_default();
            for piece in [piece, refusal] {
                if !piece.is_empty() {
                    answer.text.push_str(piece);
                    hear(piece);
                }
            }
            let finish = match text(choice, &["finish_reason"]) {
                None => None,
                Some("length" | "max_tokens") => Some(Finish::Length),
                Some("content_filter" | "safety") => Some(Finish::Refused),
                Some(_) => Some(Finish::Stop),
            };
            let refused = !refusal.is_empty() || answer.finish == Some(Finish::Refused);
            answer.finish = if refused {
                Some(Finish::Refused)
            } else {
                finish.or(answer.finish)
            };
        }
        Ok(())
    }
}

impl Reader for Chunks {
    fn event(
        &mut self,
        answer: &mut Answer,
        data: &Value,
        hear: &mut dyn FnMut(&str),
    ) -> Result<(), Fault> {
        Self::take(answer, data, "delta", hear)
    }

    fn whole(&mut self, answer: &mut Answer, data: &Value) -> Result<(), Fault> {
        if data
            .get("choices")
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty)
            && data.get("error").is_none()
        {
            return Err(Fault::Malformed("it has no `choices`".to_owned()));
        }
        Self::take(answer, data, "message", &mut |_| {})?;
        answer.done = true;
        Ok(())
    }
}
