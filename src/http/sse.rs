//! Server-sent events, as the HTML standard defines them, within limits.

use std::collections::VecDeque;

use super::body::Body;
use super::error::Error;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its data; lines are joined by line breaks.
    pub data: String,
}

/// The events of an answer.
#[derive(Debug)]
pub struct Events {
    body: Body,
    parser: Parser,
    ready: VecDeque<Event>,
    seen: usize,
    ended: bool,
}

impl Events {
    pub(super) fn new(body: Body) -> Self {
        let parser = Parser {
            longest: body.limits.line,
            ..Parser::default()
        };
        Self {
            body,
            parser,
            ready: VecDeque::new(),
            seen: 0,
            ended: false,
        }
    }

    /// The next event; nothing at the end of the stream.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.seen += 1;
                if self.seen > self.body.limits.events {
                    return Err(
                        self.malformed(format!("more than {} events", self.body.limits.events))
                    );
                }
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            if let Some(bytes) = self.body.piece().await? {
                if let Err(what) = self.parser.feed(&bytes, &mut self.ready) {
                    return Err(self.malformed(what));
                }
            } else {
                // The standard drops an event that no blank line ends; many
                // servers leave the last blank line out.
                self.parser.end(&mut self.ready);
                self.ended = true;
            }
        }
    }

    fn malformed(&self, message: String) -> Error {
        Error::Malformed {
            endpoint: self.body.endpoint.clone(),
            message,
        }
    }
}

/// Turns bytes into events.
#[derive(Debug, Default)]
struct Parser {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    after_return: bool,
    begun: bool,
    /// Bytes that a line, or the data of an event, may have.
    longest: usize,
}

impl Parser {
    fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Event>) -> Result<(), String> {
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    self.take(&line, out)?;
                    self.line = line;
                    self.line.clear();
                }
                _ => {
                    if self.line.len() >= self.longest {
                        return Err(format!("a line of more than {} bytes", self.longest));
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut VecDeque<Event>) {
        let line = std::mem::take(&mut self.line);
        // What is too long was refused before.
        let _ = self.take(&line, out);
        let _ = self.take(b"", out);
    }

    fn take(&mut self, line: &[u8], out: &mut VecDeque<Event>) -> Result<(), String> {
        let line = if self.begun {
            line
        } else {
            line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
        };
        self.begun = true;
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                out.push_back(event);
            }
            return Ok(());
        }
        let text = String::from_utf8_lossy(line);
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                if self.event.data.len() + value.len() > self.longest {
                    return Err(format!("an event of more than {} bytes", self.longest));
                }
                self.event.data.push_str(value);
            }
            // Comments keep a connection alive; ids and times are for reconnecting.
            _ => {}
        }
        Ok(())
    }
}

/// The events in bytes, for fuzzing.
#[cfg(fuzzing)]
pub fn parsed(bytes: &[u8]) -> Result<Vec<Event>, String> {
    let mut parser = Parser {
        longest: 1 << 16,
        ..Parser::default()
    };
    let mut out = VecDeque::new();
    parser.feed(bytes, &mut out)?;
    parser.end(&mut out);
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8], step: usize) -> Vec<(String, String)> {
        let mut parser = Parser {
            longest: 64,
            ..Parser::default()
        };
        let mut out = VecDeque::new();
        for piece in text.chunks(step) {
            parser.feed(piece, &mut out).expect("no line is too long");
        }
        parser.end(&mut out);
        out.into_iter()
            .map(|event| (event.name, event.data))
            .collect()
    }

    #[test]
    fn a_stream_means_the_same_in_pieces_of_any_size() {
        let text = "\u{feff}: hello\r\nevent: a\r\ndata: 1\r\ndata:  zwei\r\n\r\ndata\n\nid: 3\rdata: ü\r\rdata: last";
        let whole = [
            ("a".to_owned(), "1\n zwei".to_owned()),
            (String::new(), String::new()),
            (String::new(), "ü".to_owned()),
            (String::new(), "last".to_owned()),
        ];
        for step in 1..text.len() {
            assert_eq!(parse(text.as_bytes(), step), whole, "{step}");
        }
    }

    #[test]
    fn a_line_that_never_ends_is_refused() {
        let mut parser = Parser {
            longest: 64,
            ..Parser::default()
        };
        let mut out = VecDeque::new();
        assert!(parser.feed(&[b'x'; 65], &mut out).is_err());
        let mut parser = Parser {
            longest: 64,
            ..Parser::default()
        };
        let lines = "data: 0123456789\n".repeat(10);
        assert!(parser.feed(lines.as_bytes(), &mut out).is_err());
        assert!(out.is_empty());
    }
}
