//! A service that refuses, breaks off, lies or falls silent is an error that
//! says so, in time, and the machine is deleted where there is one.

use std::time::{Duration, Instant};

use happy::http::Secret;
use happy::sandbox::e2b::{E2b, Settings};
use happy::sandbox::{Limits, Outcome, Policy, Sandbox, SandboxError};
use serde_json::json;

use super::e2b::KEY;
use crate::fault_server::{Answer, FaultServer, Piece, Request, answer, end, json as whole};

fn frame(flags: u8, text: &str) -> Vec<u8> {
    let mut bytes = vec![flags];
    bytes.extend((text.len() as u32).to_be_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

fn chunk(bytes: Vec<u8>) -> Piece {
    let mut piece = format!("{:x}\r\n", bytes.len()).into_bytes();
    piece.extend(bytes);
    piece.extend(b"\r\n");
    Piece::Bytes(piece)
}

fn said(event: &str) -> Piece {
    chunk(frame(0, &format!(r#"{{"event":{event}}}"#)))
}

fn head() -> Piece {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\nTransfer-Encoding: chunked\r\n\r\n";
    Piece::Bytes(head.as_bytes().to_vec())
}

const STARTED: &str = r#"{"start":{"pid":7}}"#;
const ENDED: &str = r#"{"end":{"exited":true,"status":"exit status 0"}}"#;

/// A stream of these, with its proper end.
fn stream(events: &[&str]) -> Answer {
    let mut pieces = vec![head()];
    pieces.extend(events.iter().map(|event| said(event)));
    pieces.push(chunk(frame(2, "{}")));
    pieces.push(end());
    pieces
}

/// A service that works until the program starts, and then answers `program`.
fn service(program: Answer) -> FaultServer {
    scripted(move |_| program.clone())
}

fn scripted(program: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> FaultServer {
    FaultServer::scripted(Box::new(move |_, request| {
        let path = request.path.strip_prefix("/v1").unwrap_or(&request.path);
        if path.starts_with("/v2/sandboxes") {
            return whole(
                201,
                &json!({"sandboxID": "i1", "clientID": "c", "templateID": "t",
                "envdVersion": "0.6.4", "envdAccessToken": "ea_0123456789abcdef"}),
            );
        }
        if path.starts_with("/sandboxes/") {
            return answer(204, &[], "");
        }
        if path.starts_with("/files") {
            return whole(200, &json!([{"path": "x"}]));
        }
        if path != "/process.Process/Start" {
            return whole(200, &json!({}));
        }
        // The server keeps bodies that are JSON; a frame's five bytes are none,
        // so programs are told apart by how long they may take.
        if request.head.contains("connect-timeout-ms: 300000\r\n") {
            return stream(&[STARTED, r#"{"data":{"stdout":"L2Jpbi90cnVl"}}"#, ENDED]);
        }
        program(request)
    }))
}

fn run(server: &FaultServer) -> Result<Outcome, SandboxError> {
    let settings = Settings {
        api_url: server.url(),
        machine_url: Some(server.url()),
        ..Settings::new(Secret::new(KEY))
    };
    let policy = Policy::new(["/bin/true"]).limits(Limits {
        wall: Duration::from_secs(3),
        output: 1 << 20,
        ..Limits::default()
    });
    E2b::new(settings).run(&policy, b"", &mut |_, _| ())
}

fn deleted(server: &FaultServer) -> usize {
    let is_delete = |request: &&Request| request.head.starts_with("delete /v1/sandboxes/i1 ");
    server.requests().iter().filter(is_delete).count()
}

/// Runs and expects an error that holds `expected` and no key.
fn fails(server: &FaultServer, expected: &str) -> SandboxError {
    let error = run(server).expect_err(expected);
    let text = error.to_string();
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains(KEY) && !text.contains("ea_0123"), "{text}");
    error
}

#[test]
fn a_service_that_works_runs_the_program() {
    let server = service(stream(&[STARTED, ENDED]));
    let outcome = run(&server).expect("it runs");
    assert!(outcome.success());
    assert_eq!(deleted(&server), 1);
    for request in server.requests() {
        let to_machine = !request.path.contains("sandboxes");
        assert_eq!(request.head.contains(KEY), !to_machine, "{}", request.head);
        assert_eq!(request.head.contains("x-access-token: ea_"), to_machine);
        assert_eq!(request.head.contains("e2b-sandbox-id: i1"), to_machine);
    }
}

#[test]
fn a_wrong_key_is_said_at_once_and_not_shown() {
    let refused = json!({"code": 401, "message": format!("Invalid API key '{KEY}'")});
    let server = FaultServer::new(vec![whole(401, &refused)]);
    let error = fails(&server, "answered 401");
    assert!(matches!(error, SandboxError::Unusable { name: "e2b", .. }));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_busy_service_is_asked_again_when_it_says_and_makes_one_machine() {
    let busy = answer(
        429,
        &[("Retry-After", "1"), ("Content-Type", "application/json")],
        r#"{"code":429,"message":"too many"}"#,
    );
    let server = FaultServer::scripted(Box::new(move |at, _| match at {
        0 => busy.clone(),
        1 => whole(500, &json!({"code": 500, "message": "oops"})),
        _ => whole(400, &json!({"code": 400, "message": "no such template"})),
    }));
    let since = Instant::now();
    fails(&server, "no such template");
    assert!(since.elapsed() >= Duration::from_secs(1));
    let keys: Vec<String> = server
        .requests()
        .iter()
        .map(|request| {
            let line = request
                .head
                .lines()
                .find(|line| line.starts_with("idempotency-key"));
            line.expect("each try has a key").to_owned()
        })
        .collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[test]
fn a_service_that_stays_broken_is_given_up() {
    let server = FaultServer::new(vec![whole(500, &json!({"code": 500, "message": "oops"}))]);
    let error = fails(&server, "gave up after 4 tries");
    assert!(matches!(error, SandboxError::Start { .. }));
}

#[test]
fn a_stream_that_is_not_what_it_should_be_is_an_error_and_the_machine_goes() {
    let cut = vec![head(), said(STARTED), Piece::Break];
    let unended = vec![head(), said(STARTED), end()];
    let silent_end = stream(&[STARTED]);
    let garbage = vec![head(), chunk(b"HTTP/1.1 200 OK, and more of it".to_vec())];
    let no_json = vec![head(), said(STARTED), chunk(frame(0, "{\"event\":")), end()];
    let giant = vec![head(), said(STARTED), chunk(vec![0, 0x40, 0, 0, 0]), end()];
    let compressed = vec![head(), said(STARTED), chunk(frame(1, "{}")), end()];
    let out_of_turn = stream(&[ENDED]);
    let died = vec![
        head(),
        said(STARTED),
        chunk(frame(
            2,
            r#"{"error":{"code":"unavailable","message":"the sandbox is gone"}}"#,
        )),
        end(),
    ];
    for (program, expected) in [
        (cut, "broke off"),
        (unended, "the stream ended in the middle"),
        (silent_end, "did not say how the program ended"),
        (garbage, "unknown flags"),
        (no_json, "not what a process says"),
        (giant, "a frame of 1073741824 bytes"),
        (compressed, "compressed"),
        (out_of_turn, "before it said which program it started"),
        (died, "the sandbox is gone (unavailable)"),
        (
            whole(
                502,
                &json!({"code": 502, "message": "The sandbox was not found"}),
            ),
            "was not found",
        ),
        (
            whole(
                401,
                &json!({"code": "unauthenticated", "message": "no token"}),
            ),
            "no token",
        ),
    ] {
        let server = service(program);
        let since = Instant::now();
        fails(&server, expected);
        assert!(since.elapsed() < Duration::from_secs(5), "{expected}");
        assert_eq!(deleted(&server), 1, "{expected}");
    }
}

#[test]
fn a_program_that_trickles_is_stopped_by_the_clock() {
    let server = scripted(|_| {
        let mut pieces = vec![head(), said(STARTED)];
        for byte in frame(0, r#"{"event":{"data":{"stdout":"eA=="}}}"#) {
            pieces.extend([chunk(vec![byte]), Piece::Pause(Duration::from_millis(300))]);
        }
        pieces
    });
    let since = Instant::now();
    let outcome = run(&server).expect("its clock ran out");
    assert_eq!(outcome.limit_hit, Some(happy::sandbox::Limit::Wall));
    assert!(since.elapsed() < Duration::from_secs(6));
    assert_eq!(deleted(&server), 1);
    let killed = server
        .requests()
        .iter()
        .any(|request| request.path.ends_with("/SendSignal"));
    assert!(killed, "it is killed, too");
}

#[test]
fn a_flood_of_output_ends_at_the_limit() {
    let server = scripted(|_| {
        let text = format!(
            r#"{{"event":{{"data":{{"stdout":"{}"}}}}}}"#,
            "eHh4".repeat(10_000)
        );
        let Piece::Bytes(bytes) = chunk(frame(0, &text)) else {
            unreachable!()
        };
        vec![head(), said(STARTED), Piece::Repeat(bytes.leak(), 10_000)]
    });
    let outcome = run(&server).expect("its output ran out");
    assert_eq!(outcome.limit_hit, Some(happy::sandbox::Limit::Output));
    assert_eq!(deleted(&server), 1);
}

#[test]
fn a_service_that_names_no_machine_or_a_strange_one_is_refused() {
    for body in [json!({}), json!({"sandboxID": "../../x"}), json!([1])] {
        let server = FaultServer::new(vec![whole(201, &body)]);
        assert!(run(&server).is_err(), "{body}");
    }
}
