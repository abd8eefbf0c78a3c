//! `POST /messages`.

use serde_json::{Value, json};

use super::wire::{Answer, Fault, Quirks, Reader, Wire, number, said, text};
use super::{Finish, Request, Role, Usage};
use crate::http::Secret;

pub(super) struct Messages;

/// The version of the protocol.
const VERSION: &str = "2023-06-01";

impl Wire for Messages {
    fn path(&self) -> &'static str {
        "/messages"
    }

    fn headers(&self, key: Option<&Secret>) -> Vec<(&'static str, Secret)> {
        let mut headers = vec![("anthropic-version", Secret::new(VERSION))];
        headers.extend(key.map(|key| ("x-api-key", key.clone())));
        headers
    }

    fn body(&self, model: &str, request: &Request, quirks: Quirks) -> Value {
        let mut system: Vec<&str> = Vec::new();
        let mut turns: Vec<(&str, String)> = Vec::new();
        for message in &request.messages {
            let role = match message.role {
                Role::System if turns.is_empty() => {
                    system.push(&message.content);
                    continue;
                }
                // Instructions have no place in the middle of this protocol.
                Role::System | Role::User => "user",
                Role::Assistant => "assistant",
            };
            // An empty text, and blanks at the end of the model's own last
            // words, are refused.
            let content = match role {
                "assistant" => message.content.trim_end(),
                _ => &message.content,
            };
            if content.trim().is_empty() {
                continue;
            }
            match turns.last_mut() {
                Some((last, text)) if *last == role => {
                    text.push_str("\n\n");
                    text.push_str(content);
                }
                _ => turns.push((role, content.to_owned())),
            }
        }
        // What was sent before is read from the provider's cache next time.
        let mark = |text: &str, marked: bool| {
            let mut block = json!({"type": "text", "text": text});
            if marked && !quirks.no_cache_marks {
                block["cache_control"] = json!({"type": "ephemeral"});
            }
            json!([block])
        };
        let last = turns.len().saturating_sub(1);
        let messages: Vec<Value> = turns
            .iter()
            .enumerate()
            .map(|(at, (role, text))| json!({"role": role, "content": mark(text, at == last)}))
            .collect();
        let mut body = json!({
            "model": model,
            "messages": messages,
            "max_tokens": request.max_output_tokens,
            "stream": true,
        });
        if !system.is_empty() {
            body["system"] = mark(&system.join("\n\n"), true);
        }
        if let Some(temperature) = request.temperature.filter(|_| !quirks.no_temperature) {
            body["temperature"] = temperature.into();
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Events::default())
    }
}

#[derive(Default)]
struct Events {
    begun: bool,
}

/// Takes what a `usage` object tells; later ones tell of the answer only.
fn used(answer: &mut Answer, usage: &Value) {
    let known = answer.usage.get_or_insert_with(Usage::default);
    let count = |name: &str| number(usage, &[name]);
    if let Some(fresh) = count("input_tokens") {
        let cached = count("cache_read_input_tokens").unwrap_or_default();
        let written = count("cache_creation_input_tokens").unwrap_or_default();
        let prompt = fresh + cached + written;
        // The last event of some servers repeats the prompt as nought.
        if prompt > 0 {
            known.prompt_tokens = prompt;
            known.cached_tokens = cached;
        }
    }
    if let Some(output) = count("output_tokens") {
        known.completion_tokens = output;
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::Refused,
        _ => Finish::Stop,
    }
}

impl Reader for Events {
    fn event(
        &mut self,
        answer: &mut Answer,
        data: &Value,
        hear: &mut dyn FnMut(&str),
    ) -> Result<(), Fault> {
        match text(data, &["type"]).unwrap_or_default() {
            "message_start" => {
                self.begun = true;
                if let Some(usage) = data.get("message").and_then(|message| message.get("usage")) {
                    used(answer, usage);
                }
            }
            "content_block_delta" => {
                if let Some(piece) = text(data, &["delta", "text"]) {
                    answer.text.push_str(piece);
                    hear(piece);
                }
            }
            "message_delta" => {
                if let Some(reason) = text(data, &["delta", "stop_reason"]) {
                    answer.finish = Some(finish(reason));
                }
                if let Some(usage) = data.get("usage") {
                    used(answer, usage);
                }
            }
            "message_stop" => {
                if !self.begun {
                    return Err(Fault::Malformed("it ends before it begins".to_owned()));
                }
                answer.finish.get_or_insert(Finish::Stop);
                answer.done = true;
            }
            "error" => return Err(said(data.get("error").unwrap_or(data))),
            "" => {
                return Err(match data.get("error") {
                    Some(error) => said(error),
                    None => Fault::Malformed("an event has no `type`".to_owned()),
                });
            }
            // Pings, and kinds that are not known yet.
            _ => {}
        }
        Ok(())
    }

    fn whole(&mut self, answer: &mut Answer, data: &Value) -> Result<(), Fault> {
        if let Some(error) = data.get("error").filter(|error| !error.is_null()) {
            return Err(said(error));
        }
        let Some(blocks) = data.get("content").and_then(Value::as_array) else {
            return Err(Fault::Malformed("it has no `content`".to_owned()));
        };
        for block in blocks {
            if text(block, &["type"]) == Some("text") {
                answer
                    .text
                    .push_str(text(block, &["text"]).unwrap_or_default());
            }
        }
        if let Some(usage) = data.get("usage") {
            used(answer, usage);
        }
        answer.finish = Some(finish(text(data, &["stop_reason"]).unwrap_or_default()));
        answer.done = true;
        Ok(())
    }
}
