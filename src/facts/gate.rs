//! Which bytes are worth parsing.

/// Why a file is not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Larger than the limit.
    TooLarge = 1,
    /// Not text.
    Binary = 2,
    /// Written by a machine for a machine.
    Minified = 3,
    /// A pointer of Git LFS stands in its place.
    LfsPointer = 4,
}

/// Largest file that is parsed, in bytes.
pub const MAX_SIZE: usize = 2 << 20;
/// Longest line that people write, in bytes.
const MAX_LINE: usize = 64 << 10;
/// Longest mean line of a file of some size.
const MAX_MEAN_LINE: usize = 500;

/// The reason to leave a file out, if there is one.
pub fn check(source: &[u8]) -> Option<Reason> {
    if source.starts_with(b"version https://git-lfs.github.com/spec/") && source.len() < 1024 {
        return Some(Reason::LfsPointer);
    }
    if source.len() > MAX_SIZE {
        return Some(Reason::TooLarge);
    }
    if is_binary(source) {
        return Some(Reason::Binary);
    }
    let mut longest = 0;
    let mut lines = 0;
    for line in source.split(|byte| *byte == b'\n') {
        longest = longest.max(line.len());
        lines += 1;
    }
    let mean = source.len() / lines.max(1);
    if longest > MAX_LINE || (mean > MAX_MEAN_LINE && source.len() > 16 << 10) {
        return Some(Reason::Minified);
    }
    None
}

/// Text has no NUL and few control bytes in its first pages.
fn is_binary(source: &[u8]) -> bool {
    let head = &source[..source.len().min(8 << 10)];
    let control = head
        .iter()
        .filter(|byte| **byte < 0x20 && !matches!(**byte, b'\n' | b'\r' | b'\t' | 0x0C | 0x1B));
    let nul = head.contains(&0);
    let control = control.count();
    let invalid = match std::str::from_utf8(head) {
        Ok(_) => 0,
        Err(_) => String::from_utf8_lossy(head).matches('\u{FFFD}').count(),
    };
    nul || control * 10 > head.len() || invalid * 4 > head.len().max(1)
}
