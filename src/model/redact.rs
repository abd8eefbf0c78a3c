//! Secrets taken out of what goes to a model.

use std::borrow::Cow;

use super::{Message, Request};
pub use crate::http::{Finding, Redactor, Secret};

/// The request without secrets, and what was taken out: the number of the
/// message and what stood there. Borrowed where there was nothing.
///
/// The clients that [`super::connect`] makes do this with every request; a
/// client of another kind is to be handed what this returns.
pub fn redact_request<'a>(
    redactor: &Redactor,
    request: &'a Request,
) -> (Cow<'a, Request>, Vec<(usize, Finding)>) {
    let mut found = Vec::new();
    let mut messages: Option<Vec<Message>> = None;
    for (at, message) in request.messages.iter().enumerate() {
        let clean = redactor.redact(&message.content);
        if clean.found.is_empty() {
            continue;
        }
        found.extend(clean.found.into_iter().map(|finding| (at, finding)));
        messages.get_or_insert_with(|| request.messages.clone())[at].content =
            clean.text.into_owned();
    }
    let request = match messages {
        Some(messages) => Cow::Owned(Request {
            messages,
            ..request.clone()
        }),
        None => Cow::Borrowed(request),
    };
    (request, found)
}
