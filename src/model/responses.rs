//! `POST /responses`.

use serde_json::{Value, json};

use super::wire::{Answer, Fault, Quirks, Reader, Wire, bearer, number, said, text};
use super::{Finish, Request, Role, Usage};
use crate::http::Secret;

pub(super) struct Responses;

impl Wire for Responses {
    fn path(&self) -> &'static str {
        "/responses"
    }

    fn headers(&self, key: Option<&Secret>) -> Vec<(&'static str, Secret)> {
        bearer(key)
    }

    fn body(&self, model: &str, request: &Request, quirks: Quirks) -> Value {
        let mut instructions: Vec<&str> = Vec::new();
        let mut input: Vec<Value> = Vec::new();
        for message in &request.messages {
            let role = match message.role {
                Role::System if input.is_empty() => {
                    instructions.push(&message.content);
                    continue;
                }
                Role::System => "developer",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            input.push(json!({"type": "message", "role": role, "content": message.content}));
        }
        let mut body = json!({
            "model": model,
            "input": input,
            "max_output_tokens": request.max_output_tokens,
            "stream": true,
            "store": false,
        });
        if !instructions.is_empty() {
            body["instructions"] = instructions.join("\n\n").into();
        }
        if let Some(temperature) = request.temperature.filter(|_| !quirks.no_temperature) {
            body["temperature"] = temperature.into();
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Events)
    }
}

struct Events;

/// Takes usage and end of a `response` object.
fn end(answer: &mut Answer, response: &Value) -> Result<(), Fault> {
    if let Some(error) = response.get("error").filter(|error| !error.is_null()) {
        return Err(said(error));
    }
    if let Some(usage) = response.get("usage").filter(|usage| usage.is_object()) {
        answer.usage = Some(Usage {
            prompt_tokens: number(usage, &["input_tokens"]).unwrap_or_default(),
            cached_tokens: number(usage, &["input_tokens_details", "cached_tokens"])
                .unwrap_or_default(),
            completion_tokens: number(usage, &["output_tokens"]).unwrap_or_default(),
            estimated: false,
        });
    }
    let finish = match text(response, &["status"]) {
        Some("failed" | "cancelled") => {
            return Err(Fault::Failed("the server gave the answer up".to_owned()));
        }
        Some("incomplete") => match text(response, &["incomplete_details", "reason"]) {
            Some("content_filter") => Finish::Refused,
            _ => Finish::Length,
        },
        _ => Finish::Stop,
    };
    if answer.finish != Some(Finish::Refused) {
        answer.finish = Some(finish);
    }
    answer.done = true;
    Ok(())
}

/// The text of a whole response's output.
fn output(answer: &mut Answer, response: &Value) -> bool {
    let Some(items) = response.get("output").and_then(Value::as_array) else {
        return false;
    };
    for item in items {
        let parts = item.get("content").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            match text(part, &["type"]) {
                Some("output_text") => {
                    answer
                        .text
                        .push_str(text(part, &["text"]).unwrap_or_default());
                }
                Some("refusal") => {
                    answer
                        .text
                        .push_str(text(part, &["refusal"]).unwrap_or_default());
                    answer.finish = Some(Finish::Refused);
                }
                // Reasoning is the model's own.
                _ => {}
            }
        }
    }
    true
}

impl Reader for Events {
    fn event(
        &mut self,
        answer: &mut Answer,
        data: &Value,
        hear: &mut dyn FnMut(&str),
    ) -> Result<(), Fault> {
        match text(data, &["type"]).unwrap_or_default() {
            kind @ ("response.output_text.delta" | "response.refusal.delta") => {
                let piece = text(data, &["delta"]).unwrap_or_default();
                answer.text.push_str(piece);
                hear(piece);
                if kind == "response.refusal.delta" {
                    answer.finish = Some(Finish::Refused);
                }
                Ok(())
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                let response = data.get("response").unwrap_or(data);
                // Some servers send no pieces of a short answer.
                if answer.text.is_empty() && output(answer, response) && !answer.text.is_empty() {
                    hear(&answer.text.clone());
                }
                end(answer, response)
            }
            "error" => Err(said(data.get("error").unwrap_or(data))),
            "" => match data.get("error") {
                Some(error) => Err(said(error)),
                None => Err(Fault::Malformed("an event has no `type`".to_owned())),
            },
            _ => Ok(()),
        }
    }

    fn whole(&mut self, answer: &mut Answer, data: &Value) -> Result<(), Fault> {
        let known = output(answer, data);
        if !known && data.get("error").is_none_or(Value::is_null) {
            return Err(Fault::Malformed("it has no `output`".to_owned()));
        }
        end(answer, data)
    }
}
