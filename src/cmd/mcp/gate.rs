//! What stands between standard input and the protocol: lines of any length
//! pass through a bounded buffer.
//!
//! A line that is too long is not kept. Where it was a request, a short request
//! of the same id takes its place, so that the client gets an error for it
//! instead of waiting for ever.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest message that is read.
pub const MAX_MESSAGE: usize = 8 << 20;

/// The method of the request that stands for one that was too long.
pub const TOO_LONG: &str = "happy/too_long";

/// Copies lines until `input` ends or nobody reads any more.
pub async fn pass(mut input: impl AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; 1 << 16];
    let mut gate = Gate::default();
    loop {
        let Ok(read @ 1..) = input.read(&mut buffer).await else {
            return;
        };
        for part in buffer[..read].split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = gate.take(part) else {
                continue;
            };
            // Whatever comes before the greeting must not end the conversation.
            if !gate.open {
                if !is_request(&line) {
                    continue;
                }
                gate.open = greets(&line);
            }
            if output.write_all(&line).await.is_err() {
                return;
            }
        }
    }
}

/// Whether a line asks for something, as a greeting does.
fn is_request(line: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(line).is_ok_and(|message| {
        message["method"].is_string() && (message["id"].is_string() || message["id"].is_i64())
    })
}

/// Whether a request begins a conversation: by a handshake, or by saying in
/// itself which version it speaks.
fn greets(line: &[u8]) -> bool {
    ["\"initialize\"", VERSION]
        .iter()
        .any(|word| memchr::memmem::find(line, word.as_bytes()).is_some())
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The line that is being read.
#[derive(Default)]
struct Gate {
    /// A greeting passed.
    open: bool,
    line: Vec<u8>,
    /// Bytes of the line so far, kept or not.
    length: usize,
    id: IdScan,
}

impl Gate {
    /// Takes a part of a line; gives the line at its end.
    fn take(&mut self, part: &[u8]) -> Option<Vec<u8>> {
        self.length += part.len();
        self.id.feed(part);
        if self.length <= MAX_MESSAGE {
            self.line.extend_from_slice(part);
        } else {
            self.line = Vec::new();
        }
        if !part.ends_with(b"\n") {
            return None;
        }
        let (line, id) = (std::mem::take(&mut self.line), std::mem::take(&mut self.id));
        let length = std::mem::take(&mut self.length);
        if length <= MAX_MESSAGE {
            return Some(line);
        }
        let id = id.found?;
        let id = std::str::from_utf8(&id).ok()?;
        // Only an id that stands on its own as JSON goes on.
        let id: serde_json::Value = serde_json::from_str(id).ok()?;
        let message = serde_json::json!({
            "jsonrpc": "2.0",
            "id": id,
            "method": TOO_LONG,
            "params": {
                "bytes": length,
                "_meta": {
                    VERSION: "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        });
        let mut line = message.to_string().into_bytes();
        line.push(b'\n');
        Some(line)
    }
}

/// Finds the value of `"id"` in the outermost object of a text that is read in
/// parts, and keeps nothing else of it.
#[derive(Default)]
struct IdScan {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// The last string or value of the outermost object, cut to [`MAX_ID`].
    token: Vec<u8>,
    /// A key `"id"` was read, and its value comes.
    wanted: bool,
    /// Between a key's colon and the comma behind its value.
    in_value: bool,
    found: Option<Vec<u8>>,
}

/// Longest id that is answered.
const MAX_ID: usize = 256;

impl IdScan {
    fn feed(&mut self, bytes: &[u8]) {
        if self.found.is_some() {
            return;
        }
        for &byte in bytes {
            self.byte(byte);
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.depth == 1 && (self.in_string || !matches!(byte, b':' | b',' | b'}')) {
            if self.token.len() < MAX_ID && (self.in_string || !byte.is_ascii_whitespace()) {
                self.token.push(byte);
            }
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == 1 {
                    self.token.clear();
                }
            }
            b'}' | b']' => {
                self.end_value();
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 && !self.in_value => {
                self.wanted = self.token == b"\"id\"";
                self.in_value = true;
                self.token.clear();
            }
            b',' => self.end_value(),
            _ => {}
        }
    }

    fn end_value(&mut self) {
        if self.depth != 1 {
            return;
        }
        if self.wanted && self.found.is_none() && self.token.len() < MAX_ID {
            self.found = Some(std::mem::take(&mut self.token));
        }
        self.token.clear();
        self.wanted = false;
        self.in_value = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(text: &str) -> Option<String> {
        let mut scan = IdScan::default();
        for part in text.as_bytes().chunks(3) {
            scan.feed(part);
        }
        scan.found.and_then(|id| String::from_utf8(id).ok())
    }

    #[test]
    fn the_id_is_that_of_the_outermost_object() {
        let text = r#"{"params":{"id":7,"x":"\"id\":8,{"},"method":"m","id": 42}"#;
        assert_eq!(id_of(text).as_deref(), Some("42"));
        let text = r#"{"jsonrpc":"2.0","id":"a,b:c}","params":[{"id":1}]}"#;
        assert_eq!(id_of(text).as_deref(), Some(r#""a,b:c}""#));
        assert_eq!(id_of(r#"{"method":"id","params":{"id":3}}"#), None);
        assert_eq!(id_of("garbage \"id\": 4, }"), None);
    }

    #[test]
    fn a_line_that_is_too_long_becomes_a_short_request_of_its_id() {
        let mut gate = Gate::default();
        assert_eq!(
            gate.take(b"{\"id\":1}\n").as_deref(),
            Some(&b"{\"id\":1}\n"[..])
        );
        assert_eq!(gate.take(b"{\"id\":2,\"params\":\""), None);
        let filler = vec![b'x'; 1 << 16];
        for _ in 0..2 * MAX_MESSAGE / filler.len() {
            assert_eq!(gate.take(&filler), None);
            assert!(gate.line.capacity() <= 2 * MAX_MESSAGE);
        }
        let line = gate.take(b"\"}\n").expect("it stands for the long one");
        let told: serde_json::Value = serde_json::from_slice(&line).expect("it is JSON");
        assert_eq!(told["id"], 2);
        assert_eq!(told["method"], TOO_LONG);
        assert_eq!(
            gate.take(b"{\"id\":3}\n").as_deref(),
            Some(&b"{\"id\":3}\n"[..])
        );
    }
}
