//! What the host and a session say to each other over the session's pipes.
//!
//! A frame is one line: the length of the text in bytes, a blank, the text as
//! JSON, a newline (`17 {"type":"finish"}`). The length tells a frame from
//! anything else that a program may print: what does not add up is a
//! [`Frame::Garbage`] with a reason, never an error that ends the session.
//! The host reads with a maximum and never holds more than that.

use std::io::{self, BufRead, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest frame, unless something else is agreed.
pub const MOST: usize = 8 << 20;

/// From the host to the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToSession {
    /// Run a cell.
    Execute {
        /// Which cell; its result names it again.
        id: u64,
        /// Its source.
        code: String,
    },
    /// The answer to a call.
    Answer {
        /// Which call.
        id: u64,
        /// What it returned.
        value: Value,
    },
    /// A call that failed.
    Failure {
        /// Which call.
        id: u64,
        /// What went wrong, for the cell to see as an exception.
        message: String,
    },
    /// End the session.
    Finish,
}

/// From the session to the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromSession {
    /// The session has started and waits for a cell.
    Ready,
    /// Ask the host for something, in the midst of a cell.
    Call {
        /// Which call; its answer names it again.
        id: u64,
        /// What is called.
        name: String,
        /// With what.
        #[serde(default)]
        arguments: Value,
    },
    /// The end of a cell.
    Result {
        /// Which cell.
        id: u64,
        /// Whether it ran to its end.
        ok: bool,
        /// What it printed, shortened by the session.
        output: String,
        /// The exception, if it raised one.
        #[serde(default)]
        error: Option<String>,
    },
    /// The session ends by itself.
    Finished,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame<T> {
    /// A message.
    Message(T),
    /// A line that is no message.
    Garbage(Garbage),
}

/// A line that is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbage {
    /// What is wrong with it.
    pub why: GarbageKind,
    /// How it starts, shortened.
    pub start: String,
    /// How long it is.
    pub bytes: u64,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GarbageKind {
    /// It does not start with a length.
    NoLength,
    /// It is not as long as it says.
    WrongLength,
    /// It is longer than allowed.
    TooLong,
    /// Its text is not a message.
    NoMessage,
    /// It was cut off by the end of the pipe.
    CutOff,
}

/// Reads frames.
#[derive(Debug)]
pub struct FrameReader<R> {
    from: R,
    most: usize,
    budget: u64,
}

impl<R: BufRead> FrameReader<R> {
    /// Reads frames of at most `most` bytes each and `budget` bytes in all.
    pub fn new(from: R, most: usize, budget: u64) -> Self {
        Self { from, most, budget }
    }

    /// The next frame, or nothing at the end of the pipe. The only errors are
    /// those of the pipe itself, and a spent budget.
    pub fn read<T: DeserializeOwned>(&mut self) -> io::Result<Option<Frame<T>>> {
        // The length itself, the blank and the newline.
        let whole = self.most + 24;
        let mut line = Vec::new();
        let mut bytes = 0u64;
        let ended = loop {
            let buffer = match self.from.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                break false;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffer.len(), |at| at + 1);
            let room = whole.saturating_sub(line.len());
            line.extend_from_slice(&buffer[..taken.min(room)]);
            self.from.consume(taken);
            bytes += taken as u64;
            self.budget = self.budget.checked_sub(taken as u64).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::QuotaExceeded,
                    "the session has said more than it may",
                )
            })?;
            if end.is_some() {
                break true;
            }
        };
        if bytes == 0 {
            return Ok(None);
        }
        let garbage = |why| {
            let start = String::from_utf8_lossy(&line[..line.len().min(80)]);
            Ok(Some(Frame::Garbage(Garbage {
                why,
                start: start.trim_end().to_owned(),
                bytes,
            })))
        };
        if bytes > whole as u64 {
            return garbage(GarbageKind::TooLong);
        }
        let Some(text) = line.strip_suffix(b"\n").filter(|_| ended) else {
            return garbage(GarbageKind::CutOff);
        };
        let Some((length, text)) = split_length(text) else {
            return garbage(GarbageKind::NoLength);
        };
        if length > self.most {
            return garbage(GarbageKind::TooLong);
        }
        if length != text.len() {
            return garbage(GarbageKind::WrongLength);
        }
        match serde_json::from_slice(text) {
            Ok(message) => Ok(Some(Frame::Message(message))),
            Err(_) => garbage(GarbageKind::NoMessage),
        }
    }
}

fn split_length(line: &[u8]) -> Option<(usize, &[u8])> {
    let blank = line.iter().take(20).position(|byte| *byte == b' ')?;
    let digits = &line[..blank];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((length, &line[blank + 1..]))
}

/// Writes one frame and flushes it. One longer than `most` is refused and
/// nothing is written.
pub fn write_frame(to: &mut impl Write, message: &impl Serialize, most: usize) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    if text.len() > most {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "a frame of {} bytes is longer than the {most} allowed",
                text.len()
            ),
        ));
    }
    let mut line = format!("{} ", text.len()).into_bytes();
    line.extend(text);
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::GarbageKind::{CutOff, NoLength, NoMessage, WrongLength};
    use super::*;

    fn read_all(bytes: &[u8], most: usize) -> Vec<Frame<FromSession>> {
        let mut reader = FrameReader::new(io::BufReader::with_capacity(7, bytes), most, 1 << 20);
        std::iter::from_fn(|| reader.read().expect("memory can be read")).collect()
    }

    fn kinds(bytes: &[u8], most: usize) -> Vec<Option<GarbageKind>> {
        read_all(bytes, most)
            .into_iter()
            .map(|frame| match frame {
                Frame::Message(_) => None,
                Frame::Garbage(garbage) => Some(garbage.why),
            })
            .collect()
    }

    #[test]
    fn a_frame_comes_back_as_it_was_sent() {
        let sent = FromSession::Result {
            id: 3,
            ok: false,
            output: "a\nb\u{2028}".to_owned(),
            error: Some("ValueError".to_owned()),
        };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &sent, MOST).expect("memory can be written");
        write_frame(&mut bytes, &FromSession::Ready, MOST).expect("memory can be written");
        assert_eq!(
            read_all(&bytes, MOST),
            [Frame::Message(sent), Frame::Message(FromSession::Ready)]
        );
    }

    #[test]
    fn garbage_is_a_value_and_the_next_frame_is_read() {
        let bytes = b"hello\n5 {\"type\":\"ready\"}\n16 {\"type\":\"ready\"}\n3 abc\n\n99999999999999999999999 x\n16 {\"type\":\"ready\"}\n16 {\"ty";
        assert_eq!(
            kinds(bytes, MOST),
            [
                Some(NoLength),
                Some(WrongLength),
                None,
                Some(NoMessage),
                Some(NoLength),
                Some(NoLength),
                None,
                Some(CutOff)
            ]
        );
    }

    #[test]
    fn a_giant_frame_is_skipped_without_being_held() {
        let mut bytes = b"1000000 ".to_vec();
        bytes.extend(vec![b'x'; 500_000]);
        bytes.extend(b"\n16 {\"type\":\"ready\"}\n");
        assert_eq!(kinds(&bytes, 64), [Some(GarbageKind::TooLong), None]);
    }

    #[test]
    fn a_flood_ends_with_the_budget() {
        let mut reader = FrameReader::new(io::repeat(b'x').take_buffered(), 64, 100_000);
        let error = reader
            .read::<FromSession>()
            .expect_err("the budget is spent");
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    }

    trait TakeBuffered: io::Read + Sized {
        fn take_buffered(self) -> io::BufReader<Self> {
            io::BufReader::new(self)
        }
    }
    impl TakeBuffered for io::Repeat {}

    #[test]
    fn a_frame_that_is_too_long_is_not_written() {
        let mut bytes = Vec::new();
        let message = ToSession::Execute {
            id: 1,
            code: "x".repeat(100),
        };
        assert!(write_frame(&mut bytes, &message, 50).is_err());
        assert!(bytes.is_empty());
    }
}
