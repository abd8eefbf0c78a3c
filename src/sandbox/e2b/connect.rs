//! The Connect protocol's stream, with JSON inside: what a process in the
//! virtual machine says, frame by frame.
//!
//! A frame is one byte of flags, four bytes of length (big-endian), and a
//! message. The last frame has the flag for the end and says whether the
//! stream ended well; a stream without it was cut. Nothing is allocated for a
//! length before its bytes have come.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::sandbox::outcome::{Status, Stream};

const HEAD: usize = 5;
const COMPRESSED: u8 = 1;
const LAST: u8 = 2;
/// The longest frame: the service sends 32 KiB of output in each.
pub(super) const MOST: usize = 4 << 20;

/// A message as one frame.
pub(super) fn frame(message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend((message.len() as u32).to_be_bytes());
    bytes.extend(message);
    bytes
}

/// Turns bytes into messages.
#[derive(Debug, Default)]
pub(super) struct Frames {
    held: Vec<u8>,
    ended: bool,
}

impl Frames {
    /// Takes bytes in; whole messages go to `out`. What no peer may say is an
    /// error: too long a frame, one in a compression nobody asked for, a word
    /// after the last, or a last word that is an error itself.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Vec<u8>>) -> Result<(), String> {
        self.held.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(head) = self.held.get(at..at + HEAD) {
            if self.ended {
                return Err("it went on after its last frame".to_owned());
            }
            let flags = head[0];
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            if flags & COMPRESSED != 0 {
                return Err("a frame is compressed, which nobody asked for".to_owned());
            }
            if flags & !LAST != 0 {
                return Err(format!("a frame has unknown flags ({flags:#04x})"));
            }
            if length > MOST {
                return Err(format!(
                    "a frame of {length} bytes, where {MOST} are allowed"
                ));
            }
            let Some(message) = self.held.get(at + HEAD..at + HEAD + length) else {
                break;
            };
            if flags & LAST == 0 {
                out.push_back(message.to_vec());
            } else {
                last_word(message)?;
                self.ended = true;
            }
            at += HEAD + length;
        }
        if self.ended && at < self.held.len() {
            return Err("it went on after its last frame".to_owned());
        }
        self.held.drain(..at);
        Ok(())
    }

    /// Whether the last frame has come.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

#[derive(Deserialize)]
struct LastWord {
    #[serde(default)]
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

fn last_word(message: &[u8]) -> Result<(), String> {
    let word: LastWord = serde_json::from_slice(message)
        .map_err(|error| format!("its last frame is not JSON: {error}"))?;
    match word.error {
        None => Ok(()),
        Some(error) if error.message.is_empty() => Err(error.code),
        Some(error) => Err(format!("{} ({})", error.message, error.code)),
    }
}

/// What a process says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It runs, under this number.
    Started(u32),
    /// It printed something.
    Printed(Stream, Vec<u8>),
    /// It ended.
    Ended(Status),
    /// It is still there, or something that this version does not know.
    Alive,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    event: Option<ProcessEvent>,
}

#[derive(Deserialize)]
struct ProcessEvent {
    #[serde(default)]
    start: Option<Start>,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    end: Option<End>,
}

#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    pid: u32,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    stdout: Option<String>,
    #[serde(default)]
    stderr: Option<String>,
    #[serde(default)]
    pty: Option<String>,
}

#[derive(Deserialize)]
struct End {
    #[serde(default, alias = "exit_code", rename = "exitCode")]
    exit_code: i32,
    #[serde(default)]
    exited: bool,
    #[serde(default)]
    status: String,
}

/// What a message of a process's stream says.
pub(super) fn event(message: &[u8]) -> Result<Event, String> {
    let response: Response = serde_json::from_slice(message)
        .map_err(|error| format!("a message is not what a process says: {error}"))?;
    let Some(event) = response.event else {
        return Ok(Event::Alive);
    };
    if let Some(start) = event.start {
        return Ok(Event::Started(start.pid));
    }
    if let Some(data) = event.data {
        let (stream, text) = match (data.stdout, data.stderr, data.pty) {
            (Some(text), _, _) | (None, None, Some(text)) => (Stream::Stdout, text),
            (None, Some(text), _) => (Stream::Stderr, text),
            (None, None, None) => return Ok(Event::Alive),
        };
        return Ok(Event::Printed(stream, decoded(&text)?));
    }
    Ok(event.end.map_or(Event::Alive, |end| {
        Event::Ended(status(end.exit_code, end.exited, &end.status))
    }))
}

/// Bytes in JSON, in any of the spellings that the format allows.
fn decoded(text: &str) -> Result<Vec<u8>, String> {
    let padded = text.ends_with('=');
    let engine = match (text.contains(['-', '_']), padded) {
        (false, true) => STANDARD,
        (false, false) => STANDARD_NO_PAD,
        (true, true) => URL_SAFE,
        (true, false) => URL_SAFE_NO_PAD,
    };
    engine
        .decode(text)
        .map_err(|error| format!("output is not in base 64: {error}"))
}

/// How a process ended. A signal stands in words alone, those of Go.
fn status(code: i32, exited: bool, words: &str) -> Status {
    if let (true, 129..=192) = (exited, code) {
        return Status::Signaled(code - 128);
    }
    // Without words there is nothing to say that it did not exit.
    if exited || words.is_empty() && code >= 0 {
        return Status::Exited(code);
    }
    let words = words.strip_prefix("signal: ").unwrap_or(words);
    let words = words.strip_suffix(" (core dumped)").unwrap_or(words);
    let known = SIGNALS.iter().find(|(name, _)| *name == words);
    let number = words.strip_prefix("signal ").and_then(|n| n.parse().ok());
    Status::Signaled(known.map(|(_, number)| *number).or(number).unwrap_or(9))
}

const SIGNALS: [(&str, i32); 17] = [
    ("hangup", 1),
    ("interrupt", 2),
    ("quit", 3),
    ("illegal instruction", 4),
    ("trace/breakpoint trap", 5),
    ("aborted", 6),
    ("bus error", 7),
    ("floating point exception", 8),
    ("killed", 9),
    ("user defined signal 1", 10),
    ("segmentation fault", 11),
    ("user defined signal 2", 12),
    ("broken pipe", 13),
    ("alarm clock", 14),
    ("terminated", 15),
    ("CPU time limit exceeded", 24),
    ("file size limit exceeded", 25),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Result<bool, String>) {
        let mut frames = Frames::default();
        let mut out = VecDeque::new();
        for piece in pieces {
            if let Err(why) = frames.feed(piece, &mut out) {
                return (out.into(), Err(why));
            }
        }
        (out.into(), Ok(frames.has_ended()))
    }

    fn last(text: &str) -> Vec<u8> {
        let mut bytes = frame(text.as_bytes());
        bytes[0] = LAST;
        bytes
    }

    #[test]
    fn frames_come_whole_however_the_bytes_are_cut() {
        let mut bytes = frame(b"{\"a\":1}");
        bytes.extend(frame(b""));
        bytes.extend(last("{}"));
        let expected = (vec![b"{\"a\":1}".to_vec(), Vec::new()], Ok(true));
        assert_eq!(fed(&[&bytes]), expected);
        for cut in 0..bytes.len() {
            assert_eq!(
                fed(&[&bytes[..cut], &bytes[cut..]]),
                expected,
                "cut at {cut}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(fed(&single), expected);
    }

    #[test]
    fn a_stream_without_its_last_frame_has_not_ended() {
        assert_eq!(fed(&[&frame(b"{}")]).1, Ok(false));
        assert_eq!(fed(&[&last("{}")[..4]]).1, Ok(false));
    }

    #[test]
    fn what_no_peer_may_say_is_an_error_that_says_what() {
        let giant = [0, 0x40, 0, 0, 0];
        let compressed = [1, 0, 0, 0, 1, b'x'];
        let strange = [0x80, 0, 0, 0, 0];
        let mut late = last("{}");
        late.extend(frame(b"{}"));
        let refused = last(r#"{"error":{"code":"not_found","message":"no such process"}}"#);
        for (bytes, expected) in [
            (giant.to_vec(), "a frame of 1073741824 bytes"),
            (compressed.to_vec(), "compressed"),
            (strange.to_vec(), "unknown flags (0x80)"),
            (late, "after its last frame"),
            (refused, "no such process (not_found)"),
            (last("garbage"), "not JSON"),
        ] {
            let why = fed(&[&bytes]).1.expect_err(expected);
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn a_process_says_what_it_says() {
        for (text, expected) in [
            (r#"{"event":{"start":{"pid":7}}}"#, Event::Started(7)),
            (
                r#"{"event":{"data":{"stdout":"aGkK"}}}"#,
                Event::Printed(Stream::Stdout, b"hi\n".to_vec()),
            ),
            (
                r#"{"event":{"data":{"stderr":"__8"}}}"#,
                Event::Printed(Stream::Stderr, vec![0xff, 0xff]),
            ),
            (
                r#"{"event":{"end":{"exited":true,"status":"exit status 0"}}}"#,
                Event::Ended(Status::Exited(0)),
            ),
            (
                r#"{"event":{"end":{"exitCode":3,"exited":true,"status":"exit status 3","error":"exit status 3"}}}"#,
                Event::Ended(Status::Exited(3)),
            ),
            (
                r#"{"event":{"end":{"exitCode":-1,"status":"signal: segmentation fault (core dumped)"}}}"#,
                Event::Ended(Status::Signaled(11)),
            ),
            (
                r#"{"event":{"end":{"exitCode":-1,"status":"signal: signal 40"}}}"#,
                Event::Ended(Status::Signaled(40)),
            ),
            (r#"{"event":{"keepalive":{}}}"#, Event::Alive),
            (r#"{"event":{"news":{"x":1}},"more":2}"#, Event::Alive),
            ("{}", Event::Alive),
        ] {
            assert_eq!(event(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in ["", "7", "null1", r#"{"event":{"data":{"stdout":"%"}}}"#] {
            assert!(event(text.as_bytes()).is_err(), "{text}");
        }
    }
}
