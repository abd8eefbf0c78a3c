//! The name of an object.

use std::fmt;
use std::str::FromStr;

/// The hash function a repository names its objects by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectFormat {
    /// 20 bytes, the default.
    Sha1,
    /// 32 bytes, `git init --object-format=sha256`.
    Sha256,
}

impl ObjectFormat {
    /// The name Git gives it: `sha1` or `sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// The length of an id in bytes: 20 or 32.
    #[expect(
        clippy::len_without_is_empty,
        reason = "the length of an id is never nought"
    )]
    pub fn len(self) -> usize {
        self.kind().len_in_bytes()
    }

    pub(super) fn kind(self) -> gix::hash::Kind {
        match self {
            Self::Sha1 => gix::hash::Kind::Sha1,
            Self::Sha256 => gix::hash::Kind::Sha256,
        }
    }
}

/// The id of a commit, tree, blob or tag: 20 or 32 bytes, shown as hex digits.
///
/// Ids order by their bytes; two ids of different formats are never equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

/// A text that is not 40 or 64 hex digits, or bytes that are not 20 or 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object id is 40 or 64 hex digits")]
pub struct InvalidId;

impl ObjectId {
    /// The id with these bytes; 20 or 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId> {
        if !matches!(bytes.len(), 20 | 32) {
            return Err(InvalidId);
        }
        let mut out = [0; 32];
        out[..bytes.len()].copy_from_slice(bytes);
        Ok(Self {
            bytes: out,
            len: bytes.len() as u8,
        })
    }

    /// The id of all noughts, which no object has.
    pub fn null(format: ObjectFormat) -> Self {
        Self {
            bytes: [0; 32],
            len: format.len() as u8,
        }
    }

    /// The bytes of the id: 20 or 32.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The format whose length this id has.
    pub fn format(&self) -> ObjectFormat {
        if self.len == 20 {
            ObjectFormat::Sha1
        } else {
            ObjectFormat::Sha256
        }
    }

    /// The first ten hex digits, for messages.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(10);
        text
    }

    /// The id a blob with these bytes has, as `git hash-object` computes it.
    ///
    /// `None` if the bytes are a known collision attack on SHA-1.
    pub fn of_blob(format: ObjectFormat, data: &[u8]) -> Option<Self> {
        gix::objs::compute_hash(format.kind(), gix::objs::Kind::Blob, data)
            .ok()
            .map(|id| Self::from_gix(&id))
    }

    pub(super) fn from_gix(id: &gix::hash::oid) -> Self {
        let mut bytes = [0; 32];
        let slice = id.as_bytes();
        bytes[..slice.len()].copy_from_slice(slice);
        Self {
            bytes,
            len: slice.len() as u8,
        }
    }

    pub(super) fn as_gix(&self) -> &gix::hash::oid {
        gix::hash::oid::from_bytes_unchecked(self.as_bytes())
    }
}

impl FromStr for ObjectId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.as_bytes();
        if !matches!(digits.len(), 40 | 64) {
            return Err(InvalidId);
        }
        let mut bytes = [0; 32];
        for (out, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16).ok_or(InvalidId)?;
            let low = (pair[1] as char).to_digit(16).ok_or(InvalidId)?;
            *out = (high << 4 | low) as u8;
        }
        Ok(Self {
            bytes,
            len: (digits.len() / 2) as u8,
        })
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.as_bytes()) {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        let text = &text[..usize::from(self.len) * 2];
        f.pad(std::str::from_utf8(text).unwrap_or_default())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
