//! The last bytes of an output, and its lines as they come.

use std::collections::VecDeque;

use super::outcome::{Denials, Limit, Stream};

/// The longest line that is handed on whole; a longer one comes in pieces.
const LINE: usize = 64 << 10;

/// One output of a program.
#[derive(Debug)]
pub(super) struct Ring {
    stream: Stream,
    kept: VecDeque<u8>,
    most: usize,
    dropped: u64,
    line: Vec<u8>,
}

impl Ring {
    pub(super) fn new(stream: Stream, most: usize) -> Self {
        Self {
            stream,
            kept: VecDeque::new(),
            most,
            dropped: 0,
            line: Vec::new(),
        }
    }

    /// Takes bytes in, and calls `on_line` for each line that is complete.
    pub(super) fn push(&mut self, bytes: &[u8], on_line: &mut dyn FnMut(Stream, &str)) {
        self.kept.extend(bytes);
        if let Some(excess @ 1..) = self.kept.len().checked_sub(self.most) {
            self.kept.drain(..excess);
            self.dropped += excess as u64;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() >= LINE {
                self.flush(on_line);
            }
        }
    }

    /// Hands on a last line that has no end.
    pub(super) fn flush(&mut self, on_line: &mut dyn FnMut(Stream, &str)) {
        if self.line.is_empty() {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        on_line(self.stream, text.trim_end_matches(['\n', '\r']));
    }

    /// What is left, and how much went before it.
    pub(super) fn finish(self) -> (Vec<u8>, u64) {
        (self.kept.into(), self.dropped)
    }
}

/// What the lines of a program say about why it failed.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    pub(super) denied: Denials,
    /// The last complaint, and how many lines came after it.
    suspected: Option<(Limit, u32)>,
}

/// A complaint that so many lines followed did not end the program.
const LAST_LINES: u32 = 20;

impl Complaints {
    pub(super) fn note(&mut self, line: &str) {
        self.denied.note(line);
        // The kernel refuses the write, and nobody but the program learns of it.
        if line.contains("File too large") || line.contains("EFBIG") {
            self.suspected = Some((Limit::FileSize, 0));
        } else if line.contains("No space left on device") || line.contains("ENOSPC") {
            self.suspected = Some((Limit::Disk, 0));
        } else if let Some((_, after)) = &mut self.suspected {
            *after += 1;
        }
    }

    /// The limit that a program complained of just before it failed.
    pub(super) fn limit(&self) -> Option<Limit> {
        let (limit, after) = self.suspected?;
        (after <= LAST_LINES).then_some(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_end_and_counts_the_rest() {
        let mut ring = Ring::new(Stream::Stdout, 4);
        let mut lines = Vec::new();
        for part in ["ab", "c\nde", "f"] {
            ring.push(part.as_bytes(), &mut |_, line| lines.push(line.to_owned()));
        }
        ring.flush(&mut |_, line| lines.push(line.to_owned()));
        assert_eq!(lines, ["abc", "def"]);
        assert_eq!(ring.finish(), (b"\ndef".to_vec(), 3));
    }

    #[test]
    fn only_a_complaint_at_the_end_explains_a_failure() {
        let mut complaints = Complaints::default();
        complaints.note("OSError: [Errno 28] No space left on device");
        assert_eq!(complaints.limit(), Some(Limit::Disk));
        (0..30).for_each(|_| complaints.note("and so on"));
        assert_eq!(complaints.limit(), None);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let mut ring = Ring::new(Stream::Stderr, 10);
        let mut pieces = 0;
        for _ in 0..3 {
            ring.push(&vec![b'x'; LINE], &mut |_, line| {
                assert_eq!(line.len(), LINE);
                pieces += 1;
            });
        }
        assert_eq!(pieces, 3);
    }
}
