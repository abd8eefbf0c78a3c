//! File names in diff headers: Git's quoting and the prefixes `a/` and `b/`.

/// Undoes Git's C-style quoting. `None` if it is not well-formed; the second value
/// is what follows the closing quote.
pub(super) fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut out = Vec::new();
    loop {
        let (first, after) = rest.split_first()?;
        rest = after;
        match first {
            b'"' => return Some((out, rest)),
            b'\\' => {
                let (escape, after) = rest.split_first()?;
                rest = after;
                out.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    b'"' | b'\\' => *escape,
                    b'0'..=b'3' => {
                        let ([second, third], after) = rest.split_first_chunk::<2>()?;
                        rest = after;
                        let digit = |byte: u8| (b'0'..=b'7').contains(&byte).then(|| byte - b'0');
                        (escape - b'0') * 64 + digit(*second)? * 8 + digit(*third)?
                    }
                    _ => return None,
                });
            }
            byte => out.push(*byte),
        }
    }
}

/// The name on a `---` or `+++` line: quoted, or up to the tab before a timestamp.
pub(super) fn name(text: &[u8]) -> Option<Vec<u8>> {
    if text.starts_with(b"\"") {
        return unquote(text).map(|(name, _)| name);
    }
    // Where there is a tab, a blank before it is part of the name.
    let name = match memchr::memchr(b'\t', text) {
        Some(tab) => &text[..tab],
        None => text.trim_ascii_end(),
    };
    (!name.is_empty()).then(|| name.to_vec())
}

/// A name without its first component.
pub(super) fn stripped(name: &[u8]) -> Option<&[u8]> {
    let slash = name.iter().position(|byte| *byte == b'/')?;
    let rest = &name[slash + 1..];
    (slash > 0 && !rest.is_empty()).then_some(rest)
}

/// How many components stand before the path proper: Git's `-p`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    None,
    One,
}

impl Prefix {
    /// The path proper.
    pub(super) fn strip(self, name: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::None => Some(name.to_vec()),
            Self::One => stripped(name).map(<[u8]>::to_vec),
        }
    }

    /// The prefix that a pair of names has, if the names are one name.
    fn of(old: &[u8], new: &[u8]) -> Option<Self> {
        if old == new {
            Some(Self::None)
        } else if stripped(old).is_some_and(|old| Some(old) == stripped(new)) {
            Some(Self::One)
        } else {
            None
        }
    }
}

/// The one name in a `diff --git X Y` header, where X and Y are one name. A renamed
/// file has two, and says so on lines of its own.
pub(super) fn git_name(rest: &[u8]) -> Option<(Vec<u8>, Prefix)> {
    // Beyond any path length, and so that a hostile header costs no square.
    if rest.len() > 16 * 1024 {
        return None;
    }
    let one_name = |old: &[u8], new: &[u8]| {
        let prefix = Prefix::of(old, new)?;
        Some((prefix.strip(old)?, prefix))
    };
    if rest.starts_with(b"\"") {
        let (old, after) = unquote(rest)?;
        return one_name(&old, &second_name(after.strip_prefix(b" ")?)?);
    }
    let mut spaces = rest.iter().enumerate().filter(|(_, byte)| **byte == b' ');
    spaces.find_map(|(at, _)| one_name(&rest[..at], &second_name(&rest[at + 1..])?))
}

fn second_name(text: &[u8]) -> Option<Vec<u8>> {
    if text.starts_with(b"\"") {
        let (name, after) = unquote(text)?;
        return after.is_empty().then_some(name);
    }
    Some(text.to_vec())
}

/// The name that stands for no file.
pub(super) const NULL: &[u8] = b"/dev/null";

/// The old and new paths of a plain diff; [`NULL`] stays as it is.
pub(super) fn plain_names(old: &[u8], new: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let alone = |name: &[u8], prefix: &[u8]| {
        name.strip_prefix(prefix)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(name)
            .to_vec()
    };
    match (old == NULL, new == NULL) {
        (true, true) => None,
        (true, false) => Some((NULL.to_vec(), alone(new, b"b/"))),
        (false, true) => Some((alone(old, b"a/"), NULL.to_vec())),
        (false, false) => {
            let prefix = match Prefix::of(old, new) {
                Some(prefix) => prefix,
                None if old.starts_with(b"a/") && new.starts_with(b"b/") => Prefix::One,
                None => Prefix::None,
            };
            // `foo.c.orig` and `foo.c`: the new name is the file that is meant.
            let name = prefix.strip(new)?;
            Some((name.clone(), name))
        }
    }
}
