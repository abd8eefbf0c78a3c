//! The embedder that asks a server: its faults, what is paid for, and that no
//! other embedder ever takes its place.

mod paid;
mod server;

use serde_json::{Value, json};

use crate::fault_server::{Answer, FaultServer, Request, json as whole};

/// Numbers of a vector of the server here.
const DIMS: usize = 32;

/// A vector that counts words.
fn vector(text: &str) -> Vec<f32> {
    let mut out = vec![0.0_f32; DIMS];
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        let hash = word.bytes().fold(7_usize, |hash, byte| {
            hash.wrapping_mul(31) ^ usize::from(byte)
        });
        out[hash % DIMS] += 1.0;
    }
    out
}

/// The texts that a request sends.
fn texts(request: &Request) -> Vec<String> {
    let input = request.body["input"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    input
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// What a sound server answers; the last text first, as a server may.
fn sound(request: &Request) -> Answer {
    let data: Vec<Value> = texts(request)
        .iter()
        .enumerate()
        .rev()
        .map(|(at, text)| json!({"index": at, "embedding": vector(text)}))
        .collect();
    whole(
        200,
        &json!({"data": data, "model": "m", "usage": {"prompt_tokens": 1}}),
    )
}

fn sound_server() -> FaultServer {
    FaultServer::scripted(Box::new(|_, request| sound(request)))
}
