//! Names of files and folders under `.git/happy/`, and the file that says which
//! version of this layout they follow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::error::Error;
use super::header::FORMAT_VERSION;
use super::io::{Durability, StoreFile, StoreIo, TempFile};

pub(super) const FACTS: &str = "facts";
pub(super) const COMMITS: &str = "commits";
pub(super) const IMPORTED: &str = "imported";
pub(super) const WORKTREE: &str = "worktree";
pub(super) const VECTORS: &str = "vectors";
pub(super) const RUNS: &str = "runs";
pub(super) const TMP: &str = "tmp";
pub(super) const LOCK: &str = "lock";
pub(super) const QUARANTINE: &str = "quarantine";
pub(super) const TRASH: &str = "trash";
const FORMAT: &str = "format";
const OLD: &str = "old-";

/// The folders that are reached from the top; none may be a link.
pub(super) const FOLDERS: [&str; 9] = [
    FACTS, COMMITS, IMPORTED, WORKTREE, VECTORS, RUNS, TMP, QUARANTINE, TRASH,
];

/// What a new format does not take over. Runs are kept: their lines are
/// records, whatever the index's format.
pub(super) const VERSIONED: [&str; 5] = [FACTS, COMMITS, IMPORTED, WORKTREE, VECTORS];

/// An object id or key as the name of a file.
pub(super) fn hex(id: &[u8]) -> String {
    id.iter()
        .fold(String::with_capacity(id.len() * 2), |mut name, byte| {
            for nibble in [byte >> 4, byte & 15] {
                name.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
            name
        })
}

/// The id that [`hex`] made a name of; nothing for any other name.
pub(super) fn unhex(name: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = name.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// Any text as the name of a file: what is not plain becomes `%xx`, and what
/// would be too long ends in its hash.
pub(super) fn file_name(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut name = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if plain || (byte == b'.' && !name.is_empty()) {
            name.push(char::from(byte));
        } else {
            name.push('%');
            name.push_str(&hex(&[byte]));
        }
    }
    if name.len() > LONGEST {
        name.truncate(LONGEST);
        name.push('%');
        name.push_str(&hex(&xxh3_64(text.as_bytes()).to_be_bytes()));
    }
    if name.is_empty() {
        "%".to_owned()
    } else {
        name
    }
}

/// The folder of the facts of one fingerprint.
pub(super) fn facts_dir(root: &Path, fingerprint: u64) -> PathBuf {
    root.join(FACTS).join(format!("{fingerprint:016x}"))
}

/// The fingerprint whose facts lie in the folder `name`; nothing for any other.
pub(super) fn fingerprint(name: &str) -> Option<u64> {
    let number = u64::from_str_radix(name, 16).ok()?;
    (format!("{number:016x}") == name).then_some(number)
}

/// A folder that the content of an older format is put into; numbered, since
/// an older program may have run again meanwhile.
pub(super) fn old_format(version: u32, number: u32) -> String {
    format!("{OLD}{version}-{number}")
}

/// Whether [`old_format`] made this name.
pub(super) fn is_old_format(name: &str) -> bool {
    name.strip_prefix(OLD)
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(version, number)| {
            version.parse::<u32>().is_ok() && number.parse::<u32>().is_ok()
        })
}

/// What the file `format` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// There is none, or it says nothing that can be believed.
    Absent,
    Ours,
    Older(u32),
    Newer(u32),
}

/// Reads the file `format`. Its checksum keeps a flipped digit from locking
/// the user out as a newer format.
pub(super) fn read_format(io: &dyn StoreIo, root: &Path) -> Result<Format, Error> {
    let path = root.join(FORMAT);
    let bytes = match io.read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let error = Error::io("read", &path, error);
            return if error.is_not_found() {
                Ok(Format::Absent)
            } else {
                Err(error)
            };
        }
    };
    let version = std::str::from_utf8(&bytes).ok().and_then(|text| {
        let version: u32 = text.split(' ').nth(1)?.parse().ok()?;
        (text == format_line(version)).then_some(version)
    });
    Ok(match version {
        None => Format::Absent,
        Some(FORMAT_VERSION) => Format::Ours,
        Some(found) if found > FORMAT_VERSION => Format::Newer(found),
        Some(found) => Format::Older(found),
    })
}

/// Writes the file `format`.
pub(super) fn write_format(io: &Arc<dyn StoreIo>, root: &Path) -> Result<(), Error> {
    let mut file = TempFile::create(io, &root.join(TMP))?;
    let path = file.path().to_owned();
    file.append(format_line(FORMAT_VERSION).as_bytes())
        .map_err(|error| Error::io("write", &path, error))?;
    file.persist(&root.join(FORMAT), Durability::Durable)
}

fn format_line(version: u32) -> String {
    let line = format!("happy-index {version}");
    format!("{line} {:016x}\n", xxh3_64(line.as_bytes()))
}
