//! What servers and networks do wrong.

use std::time::{Duration, Instant};

use happy::model::{Error, Finish, Secret, Settings, WireKind, connect};
use serde_json::json;

use super::{block_on, chat, complete, question, settings};
use crate::fault_server::{Answer, FaultServer, Piece, answer, end, json as whole, piece, stream};

const HELLO: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn good() -> Answer {
    vec![stream(), piece(HELLO), piece(STOP), piece(DONE), end()]
}

fn failing(status: u16) -> Answer {
    whole(
        status,
        &json!({"error": {"message": "no", "type": "some_error"}}),
    )
}

#[test]
fn a_server_that_is_busy_is_asked_again_after_the_time_it_names() {
    let busy = answer(
        429,
        &[("Retry-After", "1"), ("Content-Type", "application/json")],
        "{\"error\":{\"message\":\"slow down\"}}",
    );
    let server = FaultServer::new(vec![busy, good()]);
    let started = Instant::now();
    let (reply, heard) = chat(&server);
    assert_eq!(reply.expect("the second try answers").text, "Hello");
    assert_eq!(heard, ["Hello"]);
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_wait_that_is_too_long_is_an_error_at_once() {
    let busy = answer(429, &[("Retry-After", "3600")], "slow down");
    let server = FaultServer::new(vec![busy]);
    let started = Instant::now();
    let error = chat(&server).0.expect_err("it asks for an hour");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(
        error
            .to_string()
            .contains("429: slow down; gave up after 1 try"),
        "{error}"
    );
}

#[test]
fn a_server_that_fails_is_asked_again_and_given_up_in_the_end() {
    let server = FaultServer::new(vec![failing(500), failing(503), good()]);
    assert_eq!(
        chat(&server).0.expect("the third try answers").text,
        "Hello"
    );

    let server = FaultServer::new(vec![failing(500)]);
    let error = chat(&server).0.expect_err("it never answers");
    assert!(matches!(error, Error::Unavailable { .. }));
    assert!(
        error
            .to_string()
            .contains("500: no (some_error); gave up after 3 tries"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_refusal_is_not_asked_again() {
    for status in [400, 401, 403, 404, 422, 301] {
        let server = FaultServer::new(vec![failing(status)]);
        let error = chat(&server).0.expect_err("it says no");
        assert!(
            matches!(error, Error::Rejected { status: found, .. } if found == status),
            "{error:?}"
        );
        assert_eq!(server.requests().len(), 1, "{status}");
    }
    let spent = whole(
        429,
        &json!({"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}),
    );
    let server = FaultServer::new(vec![spent]);
    assert!(matches!(
        chat(&server).0,
        Err(Error::Rejected { status: 429, .. })
    ));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_redirect_is_not_followed_with_the_key() {
    let other = FaultServer::new(vec![good()]);
    let url = format!("{}/chat/completions", other.url());
    let server = FaultServer::new(vec![answer(307, &[("Location", &url)], "")]);
    let keyed = Settings {
        key: Some(Secret::new("a-secret-key")),
        ..settings(WireKind::ChatCompletions, &server.url())
    };
    let error = complete(&keyed, &question("x"))
        .0
        .expect_err("it sends elsewhere");
    assert!(
        error.to_string().contains("redirects are not followed"),
        "{error}"
    );
    assert!(other.requests().is_empty());
}

#[test]
fn a_stream_that_breaks_before_a_word_is_asked_for_again() {
    for broken in [
        vec![Piece::Break],
        vec![stream(), Piece::Break],
        vec![stream(), end()],
        vec![stream(), piece(": keep alive\n\n"), Piece::Break],
    ] {
        let server = FaultServer::new(vec![broken.clone(), good()]);
        let reply = chat(&server).0;
        assert_eq!(
            reply.expect("the second try answers").text,
            "Hello",
            "{broken:?}"
        );
    }
}

#[test]
fn a_stream_that_breaks_after_a_word_is_an_error_and_not_said_twice() {
    for broken in [
        vec![stream(), piece(HELLO), Piece::Break],
        vec![stream(), piece(HELLO), end()],
        vec![stream(), piece(HELLO), Piece::Pause(Duration::from_secs(2))],
    ] {
        let server = FaultServer::new(vec![broken.clone(), good()]);
        let (reply, heard) = chat(&server);
        let error = reply.expect_err("it broke off");
        assert!(
            matches!(error, Error::Broken { .. }),
            "{broken:?}: {error:?}"
        );
        assert!(
            error.to_string().contains("after 5 bytes of text"),
            "{error}"
        );
        assert_eq!(heard, ["Hello"]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_answer_that_ends_without_a_last_word_counts_once_it_said_why() {
    let server = FaultServer::new(vec![vec![stream(), piece(HELLO), piece(STOP), end()]]);
    let reply = chat(&server).0.expect("it said that it stops");
    assert_eq!((reply.text.as_str(), reply.finish), ("Hello", Finish::Stop));
}

#[test]
fn a_server_that_is_silent_is_given_up_in_time() {
    let silent = vec![Piece::Pause(Duration::from_secs(5))];
    let server = FaultServer::new(vec![silent]);
    let started = Instant::now();
    let error = chat(&server).0.expect_err("it says nothing");
    assert!(
        error.to_string().contains("gave no answer for 0.4 s"),
        "{error}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_slow_trickle_is_waited_for() {
    let mut slow = vec![stream()];
    for byte in HELLO.chars() {
        slow.push(piece(&byte.to_string()));
        slow.push(Piece::Pause(Duration::from_millis(15)));
    }
    slow.extend([piece(STOP), piece(DONE), end()]);
    let server = FaultServer::new(vec![slow]);
    assert_eq!(chat(&server).0.expect("it comes").text, "Hello");
}

#[test]
fn nonsense_is_called_so() {
    let html = answer(200, &[("Content-Type", "text/html")], "<h1>It works</h1>");
    let json_of_another_kind = whole(200, &json!({"hello": 1}));
    let no_json = answer(
        200,
        &[("Content-Type", "application/json")],
        "{\"choices\": [",
    );
    let bad_event = vec![stream(), piece("data: {\"choices\": oops\n\n"), end()];
    let bad_bytes = vec![
        stream(),
        Piece::Bytes(b"b\r\ndata: \xff\xfe{\n\n\r\n".to_vec()),
        end(),
    ];
    for (server, what) in [
        (html, "text/html instead of JSON; is the address right?"),
        (json_of_another_kind, "no `choices`"),
        (no_json, "not JSON"),
        (bad_event, "an event is not JSON"),
        (bad_bytes, "an event is not JSON"),
    ] {
        let server = FaultServer::new(vec![server]);
        let error = chat(&server).0.expect_err("nonsense");
        assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(server.requests().len(), 1, "{what}");
    }
}

#[test]
fn an_answer_of_ten_megabytes_is_refused_before_it_is_all_read() {
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10485760\r\n\r\n";
    let huge = vec![
        Piece::Bytes(head.to_vec()),
        Piece::Repeat(&[b' '; 1024], 10 * 1024),
    ];
    let server = FaultServer::new(vec![huge]);
    let error = chat(&server).0.expect_err("more than a megabyte");
    assert!(
        error.to_string().contains("larger than 1048576 bytes"),
        "{error}"
    );

    let comments = Piece::Repeat(b"10\r\n: 0123456789abc\n\r\n", 100_000);
    let server = FaultServer::new(vec![vec![stream(), comments, end()]]);
    let error = chat(&server).0.expect_err("a stream counts too");
    assert!(
        error.to_string().contains("larger than 1048576 bytes"),
        "{error}"
    );
}

#[test]
fn a_failure_in_the_middle_of_a_stream_is_told_apart_by_what_was_heard() {
    let overloaded =
        "data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let server = FaultServer::new(vec![vec![stream(), piece(overloaded), end()], good()]);
    assert_eq!(
        chat(&server).0.expect("the second try answers").text,
        "Hello"
    );

    let server = FaultServer::new(vec![vec![stream(), piece(HELLO), piece(overloaded), end()]]);
    assert!(matches!(chat(&server).0, Err(Error::Broken { .. })));

    let refused = "data: {\"error\":{\"type\":\"invalid_request_error\",\"message\":\"bad\"}}\n\n";
    let server = FaultServer::new(vec![vec![stream(), piece(refused), end()], good()]);
    assert!(matches!(chat(&server).0, Err(Error::Rejected { .. })));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn nobody_there_is_a_clear_error() {
    let settings = settings(WireKind::ChatCompletions, "http://127.0.0.1:1/v1");
    let error = complete(&settings, &question("x"))
        .0
        .expect_err("nobody listens");
    assert!(matches!(error, Error::Unavailable { .. }));
    assert!(
        error.to_string().contains("cannot connect to 127.0.0.1:1"),
        "{error}"
    );
    assert!(error.to_string().contains("3 tries"), "{error}");
}

#[test]
fn a_key_stands_in_no_error_whatever_the_server_says() {
    let said = json!({"error": {"message": "Incorrect API key provided: hunter2-hunter2. And cookie is swordfish."}});
    for answer in [
        whole(401, &said),
        answer(500, &[], "hunter2-hunter2 swordfish"),
        answer(200, &[("Content-Type", "hunter2-hunter2")], ""),
        vec![stream(), piece(&format!("data: {said}\n\n")), end()],
    ] {
        let server = FaultServer::new(vec![answer]);
        let settings = Settings {
            key: Some(Secret::new("hunter2-hunter2")),
            secrets: vec![Secret::new("swordfish")],
            ..settings(WireKind::ChatCompletions, &server.url())
        };
        let error = complete(&settings, &question("x"))
            .0
            .expect_err("it says no");
        let shown = format!("{error} {error:?} {settings:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("swordfish"),
            "{shown}"
        );
    }
}

#[test]
fn secrets_are_taken_out_of_what_is_sent() {
    let server = FaultServer::new(vec![good()]);
    let settings = Settings {
        secrets: vec![Secret::new("swordfish")],
        ..settings(WireKind::ChatCompletions, &server.url())
    };
    let aws = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
    let request = question(&format!("password = swordfish\naws = {aws}\nrest"));
    complete(&settings, &request).0.expect("it answers");
    assert_eq!(
        server.requests()[0].body["messages"][1]["content"],
        "password = [redacted: a configured secret]\naws = [redacted: an AWS access key]\nrest"
    );
}

#[test]
fn a_dropped_call_ends_its_connection() {
    let mut endless = vec![stream()];
    for _ in 0..400 {
        endless.push(piece(HELLO));
        endless.push(Piece::Pause(Duration::from_millis(10)));
    }
    let server = FaultServer::new(vec![endless]);
    let client = connect(&settings(WireKind::ChatCompletions, &server.url())).expect("usable");
    let request = question("x");
    let mut heard = 0;
    block_on(async {
        let mut hear = |_: &str| heard += 1;
        let call = client.complete(&request, &mut hear);
        let left = tokio::time::timeout(Duration::from_millis(300), call).await;
        assert!(left.is_err(), "it would go on for seconds");
        for _ in 0..200 {
            if server.closed() == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server still talks to nobody");
    });
    assert!(heard > 0);
}
