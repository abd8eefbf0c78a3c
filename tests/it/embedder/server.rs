//! One embedder and its server.

use std::time::{Duration, Instant};

use happy::http;
use happy::model::Secret;
use happy::vector::endpoint::{Endpoint, Settings};
use happy::vector::{Embedder, Error};
use serde_json::json;

use super::{DIMS, sound, sound_server, texts, vector};
use crate::fault_server::{Answer, FaultServer, Piece, answer, json as whole};
use crate::model::real::ModelServer;

fn settings(server: &FaultServer) -> Settings {
    Settings {
        dimensions: Some(DIMS),
        batch: 4,
        policy: http::Policy {
            tries: 3,
            first_wait: Duration::from_millis(10),
            longest_wait: Duration::from_millis(40),
            longest_asked: Duration::from_secs(2),
        },
        limits: http::Limits {
            first_byte: Duration::from_millis(500),
            idle: Duration::from_millis(500),
            bytes: 1 << 20,
            ..http::Limits::default()
        },
        ..Settings::new(Some(&server.url()), Some("m"))
    }
}

fn embed(server: &FaultServer, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
    Endpoint::connect(settings(server))?.embed(texts)
}

fn near(one: &[f32], other: &[f32]) -> bool {
    let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let dot: f32 = one.iter().zip(other).map(|(a, b)| a * b).sum();
    dot / (length(one) * length(other)) > 0.999
}

/// What the server says once, then it is sound.
fn once(first: Answer) -> FaultServer {
    FaultServer::scripted(Box::new(move |at, request| {
        if at == 0 {
            first.clone()
        } else {
            sound(request)
        }
    }))
}

/// What the server says always.
fn error(answer: Answer) -> (String, usize) {
    let server = FaultServer::new(vec![answer]);
    let error = embed(&server, &["one", "two"]).expect_err("it is no vector");
    assert!(matches!(error, Error::Endpoint(_)), "{error:?}");
    (error.to_string(), server.requests().len())
}

#[test]
fn each_text_has_its_vector_whatever_the_order_and_the_batches() {
    let server = sound_server();
    let words: Vec<String> = (0..23).map(|at| format!("word{at} and more{at}")).collect();
    let input: Vec<&str> = words.iter().map(String::as_str).collect();
    let made = embed(&server, &input).expect("it is sound");
    assert_eq!(made.len(), 23);
    for (text, made) in input.iter().zip(&made) {
        assert!(near(made, &vector(text)), "{text}");
        let length: f32 = made.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-4);
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 6, "four texts at a time");
    assert_eq!(requests[0].path, "/v1/embeddings");
    assert_eq!(requests[0].body["model"], "m");
    assert_eq!(requests[0].body["dimensions"], DIMS);
}

#[test]
fn a_server_that_is_busy_fails_or_breaks_off_is_asked_again() {
    let cut = vec![Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{\"data\": [".to_vec()), Piece::Break];
    let busy = answer(429, &[("Retry-After", "1")], "slow down");
    for (first, least) in [
        (busy, 1000),
        (answer(500, &[], "oops"), 0),
        (cut, 0),
        (vec![Piece::Break], 0),
    ] {
        let server = once(first.clone());
        let started = Instant::now();
        let made = embed(&server, &["one"]).expect("the second try answers");
        assert!(near(&made[0], &vector("one")), "{first:?}");
        assert_eq!(server.requests().len(), 2);
        assert!(started.elapsed() >= Duration::from_millis(least));
    }
    let (said, tries) = error(answer(500, &[], "oops"));
    assert!(said.contains("500: oops; gave up after 3 tries"), "{said}");
    assert_eq!(tries, 3);
}

#[test]
fn a_slow_trickle_is_waited_for_and_silence_is_not() {
    let body = json!({"data": [{"index": 0, "embedding": vector("one")}]}).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut slow = vec![Piece::Bytes(head.into_bytes())];
    for piece in body.as_bytes().chunks(8) {
        slow.push(Piece::Bytes(piece.to_vec()));
        slow.push(Piece::Pause(Duration::from_millis(20)));
    }
    let server = FaultServer::new(vec![slow.clone()]);
    assert!(near(
        &embed(&server, &["one"]).expect("it comes")[0],
        &vector("one")
    ));

    slow.truncate(4);
    slow.push(Piece::Pause(Duration::from_secs(4)));
    let started = Instant::now();
    let (said, _) = error(slow);
    assert!(
        said.contains("was silent in the middle of its answer"),
        "{said}"
    );
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn vectors_that_are_not_what_was_asked_for_are_refused() {
    let two = |one: serde_json::Value, other: serde_json::Value| {
        whole(
            200,
            &json!({"data": [{"index": 0, "embedding": one}, {"index": 1, "embedding": other}]}),
        )
    };
    let good = || json!(vector("x"));
    let huge = format!(
        "{{\"data\": [{{\"embedding\": [1e999{}]}}]}}",
        ", 0".repeat(DIMS - 1)
    );
    for (answer, what) in [
        (
            two(good(), json!([1.0, 2.0])),
            "has 2 numbers instead of 32",
        ),
        (two(good(), json!([])), "has 0 numbers instead of 32"),
        (
            two(good(), json!(vec![serde_json::Value::Null; DIMS])),
            "no finite number",
        ),
        (two(good(), json!("AAAA")), "no list of numbers"),
        (
            whole(200, &json!({"data": []})),
            "2 texts were sent, 0 vectors came",
        ),
        (whole(200, &json!({"hello": 1})), "no `data`"),
        (
            whole(
                200,
                &json!({"data": [{"index": 1, "embedding": vector("x")}, {"index": 1, "embedding": vector("y")}]}),
            ),
            "two vectors are for one text",
        ),
        (
            whole(
                200,
                &json!({"data": [{"index": 7, "embedding": vector("x")}, {"index": 1, "embedding": vector("y")}]}),
            ),
            "two vectors are for one text",
        ),
        (
            answer(
                200,
                &[("Content-Type", "application/json")],
                "{\"data\": [{\"embedding\": [NaN, 1.0]}]}",
            ),
            "not JSON",
        ),
        (
            answer(200, &[("Content-Type", "application/json")], &huge),
            "not JSON",
        ),
        (
            answer(200, &[("Content-Type", "text/html")], "<p>hello"),
            "is the address right?",
        ),
    ] {
        let (said, tries) = error(answer);
        assert!(said.contains(what), "{what}: {said}");
        assert_eq!(tries, 1, "{what}: asking again would not help");
    }
}

#[test]
fn a_text_that_is_too_long_is_cut_as_far_as_the_server_wants() {
    // A server that takes 900 bytes, and says so only when it is too late.
    let server = FaultServer::scripted(Box::new(|_, request| {
        if texts(request).iter().any(|text| text.len() > 900) {
            return whole(
                400,
                &json!({"error": {"message": "This model's maximum context length is 300 tokens"}}),
            );
        }
        sound(request)
    }));
    let long = "some words of a long text\n".repeat(1000);
    let embedder = Endpoint::connect(settings(&server)).expect("usable");
    let made = embedder.embed(&[&long, "short"]).expect("in pieces");
    assert_eq!(made.len(), 2);
    assert!(near(
        &made[0],
        &vector(&"some words of a long text\n".repeat(30))
    ));
    assert!(near(&made[1], &vector("short")));
    let before = server.requests().len();
    embedder.embed(&[&long]).expect("in pieces");
    assert_eq!(server.requests().len(), before + 1, "it knows by now");
}

#[test]
fn the_number_of_dimensions_is_asked_for_where_nothing_tells_it() {
    let server = sound_server();
    let embedder = Endpoint::connect(Settings {
        dimensions: None,
        ..settings(&server)
    })
    .expect("it answers");
    assert_eq!(embedder.id().dims, DIMS);
    assert!(server.requests()[0].body.get("dimensions").is_none());
    let known = Endpoint::connect(Settings::new(None, None)).expect("nothing is asked");
    assert_eq!(
        (known.id().model.as_str(), known.id().dims),
        ("text-embedding-3-small", 1536)
    );
}

#[test]
fn a_key_is_sent_and_stands_in_no_error() {
    let server = FaultServer::new(vec![answer(401, &[], "wrong key hunter2-hunter2")]);
    let keyed = |url: &str| Settings {
        key: Some(Secret::new("hunter2-hunter2")),
        base_url: url.to_owned(),
        ..settings(&server)
    };
    let embedder = Endpoint::connect(keyed(&server.url())).expect("usable");
    let said = embedder.embed(&["x"]).expect_err("refused").to_string();
    assert!(said.contains("401") && !said.contains("hunter2"), "{said}");
    assert!(
        server.requests()[0]
            .head
            .contains("authorization: bearer hunter2-hunter2")
    );
    let said = Endpoint::connect(keyed("http://vectors.example/v1"))
        .err()
        .expect("refused")
        .to_string();
    assert!(said.contains("plain HTTP"), "{said}");
}

#[test]
fn secrets_are_taken_out_of_what_is_embedded() {
    let server = sound_server();
    let embedder = Endpoint::connect(Settings {
        secrets: vec![Secret::new("swordfish")],
        ..settings(&server)
    })
    .expect("usable");
    let aws = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
    embedder
        .embed(&[&format!("a = swordfish, {aws}")])
        .expect("sound");
    assert_eq!(
        texts(&server.requests()[0]),
        ["a = [redacted: a configured secret], [redacted: an AWS access key]"]
    );
}

#[test]
fn a_call_inside_a_runtime_does_not_panic_and_ends_when_told() {
    let server = FaultServer::new(vec![vec![Piece::Pause(Duration::from_secs(5))]]);
    let embedder = Endpoint::connect(Settings {
        limits: http::Limits::default(),
        ..settings(&server)
    })
    .expect("usable");
    let started = Instant::now();
    embedder.stop_when(move || started.elapsed() > Duration::from_millis(200));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let said = runtime
        .block_on(async { embedder.embed(&["x"]) })
        .expect_err("it is stopped");
    assert!(said.to_string().contains("interrupted"), "{said}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_real_server_gives_vectors_that_tell_texts_apart() {
    let Some(server) = ModelServer::start(&["--embeddings"]) else {
        return;
    };
    let embedder =
        Endpoint::connect(Settings::new(Some(server.url()), Some("smollm2"))).expect("it answers");
    assert_eq!(embedder.id().dims, 576);
    let long = "a ship sails over the sea ".repeat(400);
    let texts = [
        "the cat sits on the mat",
        "a cat sat on a mat",
        "quarterly revenue grew by ten percent",
        &long,
    ];
    let made = embedder.embed(&texts).expect("it answers");
    let cosine =
        |a: usize, b: usize| -> f32 { made[a].iter().zip(&made[b]).map(|(x, y)| x * y).sum() };
    assert!(
        cosine(0, 1) > cosine(0, 2),
        "{} {}",
        cosine(0, 1),
        cosine(0, 2)
    );
    assert!((cosine(3, 3) - 1.0).abs() < 1e-3);
}
