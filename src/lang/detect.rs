//! Which language a file is in: by its path, then by its `#!` line.

use super::{LANGUAGES, Spec, languages};

/// The first language for which `fits` holds. A language that the user added
/// comes before those of the binary: where the two meet, the user said so.
fn first(fits: impl Fn(&Spec) -> bool) -> Option<u8> {
    let (built_in, added) = languages().split_at(LANGUAGES.len());
    let at = |specs: &[Spec], from: usize| {
        let found = specs.iter().position(&fits);
        found.map(|at| (from + at) as u8)
    };
    at(added, built_in.len()).or_else(|| at(built_in, 0))
}

/// The id of the language of that name.
pub fn by_name(name: &str) -> Option<u8> {
    first(|spec| spec.name == name)
}

/// The id of the language of a file. `head` is its first bytes, or empty when
/// they are not at hand.
pub fn detect(path: &[u8], head: &[u8]) -> Option<u8> {
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if let Some(id) = by_path(file) {
        return Some(id);
    }
    if file.contains(&b'.') || !head.starts_with(b"#!") {
        return None;
    }
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).ok()?;
    let words = line[2..].split_ascii_whitespace();
    let interpreter = words
        .map(|word| word.rsplit('/').next().unwrap_or_default())
        .find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    let stem = interpreter.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    first(|spec| {
        spec.interpreters
            .iter()
            .any(|known| *known == interpreter || *known == stem)
    })
}

fn by_path(file: &[u8]) -> Option<u8> {
    // Bytes throughout: a name need not be UTF-8.
    let dot = file.iter().rposition(|byte| *byte == b'.');
    let extension = dot.map(|dot| &file[dot + 1..]);
    first(|spec| {
        let named = spec.filenames.iter().any(|known| known.as_bytes() == file);
        named
            || extension.is_some_and(|extension| {
                spec.extensions
                    .iter()
                    .any(|known| known.as_bytes().eq_ignore_ascii_case(extension))
            })
    })
}
