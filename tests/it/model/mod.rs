//! Models over the wire: against a server of faults, and against one that
//! nobody here wrote.

mod budget;
mod faults;
mod real;
mod settings;
mod wires;

use std::time::Duration;

use happy::http;
use happy::model::{Error, Message, Reply, Request, Role, Settings, WireKind, connect};

use crate::fault_server::FaultServer;

/// A request of one question.
fn question(text: &str) -> Request {
    Request {
        messages: vec![
            Message {
                role: Role::System,
                content: "You answer.".to_owned(),
            },
            Message {
                role: Role::User,
                content: text.to_owned(),
            },
        ],
        max_output_tokens: 64,
        temperature: None,
    }
}

/// Settings for a server, with waits so short that a test can sit through them.
fn settings(wire: WireKind, url: &str) -> Settings {
    Settings {
        policy: http::Policy {
            tries: 3,
            first_wait: Duration::from_millis(10),
            longest_wait: Duration::from_millis(40),
            longest_asked: Duration::from_secs(2),
        },
        limits: http::Limits {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_millis(400),
            idle: Duration::from_millis(400),
            bytes: 1 << 20,
            ..http::Limits::default()
        },
        ..Settings::new(wire, url, "a-model")
    }
}

/// What the server's model answers, and the pieces that were heard.
fn complete(settings: &Settings, request: &Request) -> (Result<Reply, Error>, Vec<String>) {
    let client = connect(settings).expect("the settings can be used");
    let mut heard = Vec::new();
    let mut hear = |piece: &str| heard.push(piece.to_owned());
    let reply = block_on(client.complete(request, &mut hear));
    (reply, heard)
}

/// The same over chat completions, against a server of faults.
fn chat(server: &FaultServer) -> (Result<Reply, Error>, Vec<String>) {
    complete(
        &settings(WireKind::ChatCompletions, &server.url()),
        &question("Hello?"),
    )
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made")
        .block_on(future)
}
