//! From the bytes in the working tree to the bytes Git would store.
//!
//! Line ends and `$Id$` are put back as Git does; filters are never run, so a
//! filtered file counts with the bytes it has.

use rustix::fs::FileType;

use super::open::Content;
use crate::git::attributes::Text;
use crate::git::{Attributes, Repo};

/// What the configuration says about line ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conversion {
    /// `core.autocrlf` is `true` or `input`.
    auto: bool,
}

impl Conversion {
    pub(super) fn of(repo: &Repo) -> Self {
        let value = repo.config().string("core.autocrlf").unwrap_or_default();
        let auto = match value.to_ascii_lowercase().as_slice() {
            b"input" => true,
            _ => repo
                .config()
                .boolean("core.autocrlf")
                .ok()
                .flatten()
                .unwrap_or_default(),
        };
        Self { auto }
    }

    /// A number that differs where files would be converted differently.
    pub(super) fn digest(self, attributes: &Attributes) -> u64 {
        attributes.digest() ^ u64::from(self.auto)
    }

    /// True if the index may have a say in how `content` is converted.
    pub(super) fn asks_index(self, content: &Content, attributes: &Attributes) -> bool {
        (self.auto || !attributes.is_empty()) && has_crlf(&content.bytes)
    }

    /// The bytes Git would store for `content` of the file at `path`. `stored`
    /// gives what the index has, and is asked only where that decides.
    pub(super) fn clean(
        self,
        content: Content,
        path: &[u8],
        attributes: &Attributes,
        stored: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Vec<u8> {
        let bytes = content.bytes;
        let regular = FileType::from_raw_mode(content.stat.st_mode) == FileType::RegularFile;
        if !regular || (!self.auto && attributes.is_empty()) {
            return bytes;
        }
        let attributes = attributes.of(path);
        let text = match attributes.text {
            // An `eol` alone makes a file text.
            Text::Unspecified if attributes.crlf.is_some() => Text::Set,
            Text::Unspecified if self.auto => Text::Auto,
            text => text,
        };
        let bytes = match text {
            Text::Set => to_lf(bytes),
            Text::Auto if has_crlf(&bytes) && !looks_binary(&bytes) => {
                // What was once stored with CRLF stays so until it is renormalised.
                if stored().is_some_and(|stored| has_crlf(&stored)) {
                    bytes
                } else {
                    to_lf(bytes)
                }
            }
            Text::Auto | Text::Unset | Text::Unspecified => bytes,
        };
        if attributes.ident {
            collapse_ident(bytes)
        } else {
            bytes
        }
    }
}

fn has_crlf(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\r\n")
}

fn to_lf(bytes: Vec<u8>) -> Vec<u8> {
    if !has_crlf(&bytes) {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\r' || rest.peek() != Some(&b'\n') {
            out.push(byte);
        }
    }
    out
}

/// Git's guess: a NUL, a lone CR, or one unprintable byte in 128.
fn looks_binary(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_suffix(b"\x1a").unwrap_or(bytes);
    let (mut printable, mut odd) = (0usize, 0usize);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            0 => return true,
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => return true,
            b'\r' | b'\n' => {}
            0x08 | b'\t' | 0x0c | 0x1b => printable += 1,
            0x7f | 0..0x20 => odd += 1,
            _ => printable += 1,
        }
    }
    (printable >> 7) < odd
}

/// `$Id: anything$` on one line becomes `$Id$`.
fn collapse_ident(bytes: Vec<u8>) -> Vec<u8> {
    const START: &[u8] = b"$Id:";
    if !bytes.windows(START.len()).any(|window| window == START) {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some(at) = rest.windows(START.len()).position(|window| window == START) {
        let after = &rest[at + START.len()..];
        let end = after.iter().position(|byte| matches!(byte, b'$' | b'\n'));
        if let Some(end) = end.filter(|end| after[*end] == b'$') {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(b"$Id$");
            rest = &after[end + 1..];
        } else {
            out.extend_from_slice(&rest[..at + START.len()]);
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out
}
