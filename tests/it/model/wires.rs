//! The three protocols, as their providers write them down.

use happy::model::{Error, Finish, Message, Request, Role, Secret, Settings, Usage, WireKind};
use serde_json::{Value, json};

use super::{complete, question, settings};
use crate::fault_server::{Answer, FaultServer, end, json as whole, piece, stream};

fn events(list: &[Value]) -> Answer {
    let mut out = vec![stream()];
    for event in list {
        let name = event["type"]
            .as_str()
            .map_or(String::new(), |name| format!("event: {name}\n"));
        out.push(piece(&format!("{name}data: {event}\n\n")));
    }
    out.push(end());
    out
}

fn chat_answer() -> Answer {
    let mut out = events(&[
        json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": "Good "}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": "day ü"}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 16}}}),
    ]);
    out.insert(out.len() - 1, piece("data: [DONE]\n\n"));
    out
}

fn responses_answer() -> Answer {
    events(&[
        json!({"type": "response.created", "response": {"status": "in_progress", "error": null}}),
        json!({"type": "response.output_item.added", "item": {"type": "reasoning"}}),
        json!({"type": "response.output_text.delta", "delta": "Good "}),
        json!({"type": "response.output_text.delta", "delta": "day ü"}),
        json!({"type": "response.completed", "response": {"status": "completed", "error": null,
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Good day ü"}]}],
            "usage": {"input_tokens": 20, "input_tokens_details": {"cached_tokens": 16}, "output_tokens": 3}}}),
    ])
}

fn messages_answer() -> Answer {
    events(&[
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 1, "cache_read_input_tokens": 16, "cache_creation_input_tokens": 3, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Good "}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "day ü"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}),
        json!({"type": "message_stop"}),
    ])
}

const USED: Usage = Usage {
    prompt_tokens: 20,
    cached_tokens: 16,
    completion_tokens: 3,
    estimated: false,
};

fn keyed(wire: WireKind, server: &FaultServer) -> Settings {
    Settings {
        key: Some(Secret::new("a-secret-key")),
        ..settings(wire, &server.url())
    }
}

#[test]
fn each_wire_streams_its_text_and_tells_its_usage() {
    for (wire, answer) in [
        (WireKind::ChatCompletions, chat_answer()),
        (WireKind::Responses, responses_answer()),
        (WireKind::Messages, messages_answer()),
    ] {
        let server = FaultServer::new(vec![answer]);
        let (reply, heard) = complete(&keyed(wire, &server), &question("Hello?"));
        let reply = reply.expect("it answers");
        assert_eq!(reply.text, "Good day ü", "{wire}");
        assert_eq!(heard, ["Good ", "day ü"], "{wire}");
        assert_eq!(reply.usage, USED, "{wire}");
        assert_eq!(reply.finish, Finish::Stop, "{wire}");
    }
}

#[test]
fn each_wire_asks_as_its_protocol_wants() {
    let message = |role, content: &str| Message {
        role,
        content: content.to_owned(),
    };
    let request = Request {
        messages: vec![
            message(Role::System, "You answer."),
            message(Role::User, "One"),
            message(Role::User, "Two"),
            message(Role::Assistant, "Three \n"),
            message(Role::User, "Four"),
        ],
        max_output_tokens: 77,
        temperature: Some(0.5),
    };
    let ask = |wire, answer| {
        let server = FaultServer::new(vec![answer]);
        complete(&keyed(wire, &server), &request)
            .0
            .expect("it answers");
        server.requests().remove(0)
    };

    let sent = ask(WireKind::ChatCompletions, chat_answer());
    assert_eq!(sent.path, "/v1/chat/completions");
    assert!(sent.head.contains("authorization: bearer a-secret-key\r\n"));
    assert_eq!(
        sent.body,
        json!({"model": "a-model", "stream": true, "stream_options": {"include_usage": true},
            "max_tokens": 77, "temperature": 0.5, "messages": [
            {"role": "system", "content": "You answer."},
            {"role": "user", "content": "One"}, {"role": "user", "content": "Two"},
            {"role": "assistant", "content": "Three \n"}, {"role": "user", "content": "Four"}]})
    );

    let sent = ask(WireKind::Responses, responses_answer());
    assert_eq!(sent.path, "/v1/responses");
    assert!(sent.head.contains("authorization: bearer a-secret-key\r\n"));
    assert_eq!(sent.body["instructions"], "You answer.");
    assert_eq!(sent.body["max_output_tokens"], 77);
    assert_eq!(sent.body["store"], false);
    assert_eq!(sent.body["input"].as_array().map(Vec::len), Some(4));

    let sent = ask(WireKind::Messages, messages_answer());
    assert_eq!(sent.path, "/v1/messages");
    assert!(sent.head.contains("x-api-key: a-secret-key\r\n"));
    assert!(sent.head.contains("anthropic-version: 2023-06-01\r\n"));
    assert!(!sent.head.contains("authorization"));
    let mark = json!({"type": "ephemeral"});
    assert_eq!(
        sent.body,
        json!({"model": "a-model", "stream": true, "max_tokens": 77, "temperature": 0.5,
            "system": [{"type": "text", "text": "You answer.", "cache_control": mark}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "One\n\nTwo"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "Three"}]},
                {"role": "user", "content": [{"type": "text", "text": "Four", "cache_control": mark}]}]})
    );
}

#[test]
fn an_answer_that_is_not_streamed_is_read_all_the_same() {
    for (wire, answer) in [
        (
            WireKind::ChatCompletions,
            json!({"choices": [{"message": {"content": "Good day ü"}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 20, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 16}}}),
        ),
        (
            WireKind::Responses,
            json!({"status": "completed", "output": [{"type": "reasoning"}, {"type": "message", "content": [{"type": "output_text", "text": "Good day ü"}]}],
                "usage": {"input_tokens": 20, "input_tokens_details": {"cached_tokens": 16}, "output_tokens": 3}}),
        ),
        (
            WireKind::Messages,
            json!({"content": [{"type": "text", "text": "Good day ü"}], "stop_reason": "end_turn",
                "usage": {"input_tokens": 4, "cache_read_input_tokens": 16, "output_tokens": 3}}),
        ),
    ] {
        let server = FaultServer::new(vec![whole(200, &answer)]);
        let (reply, heard) = complete(&settings(wire, &server.url()), &question("Hello?"));
        let reply = reply.expect("it answers");
        assert_eq!(
            (reply.text.as_str(), reply.usage),
            ("Good day ü", USED),
            "{wire}"
        );
        assert_eq!(heard, ["Good day ü"], "{wire}");
    }
}

#[test]
fn each_wire_says_why_an_answer_ends() {
    let chat =
        |reason| json!({"choices": [{"message": {"content": "x"}, "finish_reason": reason}]});
    let responses = |reason| json!({"status": "incomplete", "incomplete_details": {"reason": reason}, "output": []});
    let messages = |reason| json!({"content": [], "stop_reason": reason});
    let refusal = json!({"choices": [{"message": {"content": null, "refusal": "No."}, "finish_reason": "stop"}]});
    for (wire, answer, finish) in [
        (WireKind::ChatCompletions, chat("length"), Finish::Length),
        (
            WireKind::ChatCompletions,
            chat("content_filter"),
            Finish::Refused,
        ),
        (WireKind::ChatCompletions, refusal, Finish::Refused),
        (
            WireKind::Responses,
            responses("max_output_tokens"),
            Finish::Length,
        ),
        (
            WireKind::Responses,
            responses("content_filter"),
            Finish::Refused,
        ),
        (WireKind::Messages, messages("max_tokens"), Finish::Length),
        (WireKind::Messages, messages("refusal"), Finish::Refused),
        (WireKind::Messages, messages("stop_sequence"), Finish::Stop),
    ] {
        let server = FaultServer::new(vec![whole(200, &answer)]);
        let (reply, _) = complete(&settings(wire, &server.url()), &question("Hello?"));
        assert_eq!(reply.expect("it answers").finish, finish, "{wire} {answer}");
    }
}

#[test]
fn usage_that_the_server_does_not_tell_is_estimated_and_says_so() {
    let answer =
        json!({"choices": [{"message": {"content": "Good day to you"}, "finish_reason": "stop"}]});
    let server = FaultServer::new(vec![whole(200, &answer)]);
    let (reply, _) = super::chat(&server);
    let usage = reply.expect("it answers").usage;
    assert!(usage.estimated);
    assert!((8..30).contains(&usage.prompt_tokens), "{usage:?}");
    assert!((3..8).contains(&usage.completion_tokens), "{usage:?}");
}

#[test]
fn a_prompt_that_is_too_long_is_told_apart_in_the_words_of_each_server() {
    for (status, message) in [
        (
            400,
            json!({"error": {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}}),
        ),
        (
            400,
            json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}}),
        ),
        (
            400,
            json!([{"error": {"code": 400, "message": "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)."}}]),
        ),
        (
            400,
            json!({"error": {"code": 400, "message": "request (5031 tokens) exceeds the available context size (512 tokens)", "type": "exceed_context_size_error"}}),
        ),
        (
            500,
            json!({"error": {"message": "the request exceeds the available context size"}}),
        ),
        (
            413,
            json!({"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}),
        ),
    ] {
        let server = FaultServer::new(vec![whole(status, &message)]);
        let (reply, _) = super::chat(&server);
        assert!(
            matches!(reply, Err(Error::ContextOverflow { .. })),
            "{message}: {reply:?}"
        );
        assert_eq!(server.requests().len(), 1, "it is not asked again");
    }
}

#[test]
fn a_parameter_that_a_server_does_not_take_is_left_out_and_not_sent_again() {
    let server = FaultServer::scripted(Box::new(|_, request| {
        if request.body.get("max_tokens").is_some() {
            return whole(
                400,
                &json!({"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}}),
            );
        }
        if request.body.get("temperature").is_some() {
            return whole(
                400,
                &json!({"error": {"message": "Unsupported value: 'temperature' does not support 0.5 with this model."}}),
            );
        }
        chat_answer()
    }));
    let client =
        happy::model::connect(&settings(WireKind::ChatCompletions, &server.url())).expect("usable");
    let request = Request {
        temperature: Some(0.5),
        ..question("Hello?")
    };
    for _ in 0..2 {
        super::block_on(client.complete(&request, &mut |_| {})).expect("it answers");
    }
    let sent = server.requests();
    assert_eq!(sent.len(), 4, "two refusals, two answers");
    assert_eq!(sent[3].body["max_completion_tokens"], 64);
    assert!(sent[3].body.get("temperature").is_none());
}
