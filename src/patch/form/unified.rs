//! Unified diffs: Git's, with its extended headers, and plain ones.

use super::header::{self, Prefix};
use super::{Lines, ParseError, content_line};
use crate::patch::edit::{Action, DiffKind, Edit, FileDiff, Form, Hunk, HunkLine, Side, Target};

/// What the header lines of one section say.
#[derive(Default)]
struct Header {
    old_mode: Option<u32>,
    new_mode: Option<u32>,
    created: bool,
    deleted: bool,
    rename: (Option<Vec<u8>>, Option<Vec<u8>>),
    copy: (Option<Vec<u8>>, Option<Vec<u8>>),
    blobs: Option<(String, String)>,
    names: Option<(Vec<u8>, Vec<u8>)>,
}

/// Whether a line is a hunk header with line numbers.
pub(super) fn is_hunk_header(line: &[u8]) -> bool {
    hunk_header(line).is_some()
}

/// Reads one file section, whose first line is the coming one.
pub(super) fn parse(lines: &mut Lines<'_>) -> Result<Edit, ParseError> {
    let line = lines.number();
    let error = |line: usize, reason: String| ParseError {
        line,
        form: Some(Form::Unified),
        reason,
    };
    let first = lines.peek().unwrap_or_default();
    let git = first.strip_prefix(b"diff --git ").map(<[u8]>::to_vec);
    let mut transport_crlf = lines.peek_raw().is_some_and(|raw| raw.ends_with(b"\r\n"));
    let mut header = Header::default();
    if git.is_some() {
        lines.next();
        while let Some(next) = lines.peek() {
            if !extended(next, &mut header).map_err(|reason| error(lines.number(), reason))? {
                break;
            }
            lines.next();
        }
    }
    let binary = lines.peek().is_some_and(|next| {
        next == b"GIT binary patch"
            || (next.starts_with(b"Binary files ") && next.ends_with(b" differ"))
    });
    if binary {
        return Err(error(
            lines.number(),
            "binary changes cannot be applied, only text".into(),
        ));
    }
    let mut hunks = Vec::new();
    let named = lines.peek().is_some_and(|next| next.starts_with(b"--- "))
        && lines
            .peek_second()
            .is_some_and(|next| next.starts_with(b"+++ "));
    if named {
        let at = lines.number();
        let old = lines.next().and_then(|text| header::name(&text[4..]));
        transport_crlf &= lines.peek_raw().is_some_and(|raw| raw.ends_with(b"\r\n"));
        let new = lines.next().and_then(|text| header::name(&text[4..]));
        header.names = Some(
            old.zip(new)
                .ok_or_else(|| error(at, "a file name is not readable".into()))?,
        );
        while let Some(start) = lines.peek().and_then(hunk_header) {
            hunks.push(hunk(lines, start, transport_crlf)?);
        }
        if hunks.is_empty() {
            return Err(error(
                lines.number(),
                "a file header without a hunk below it".into(),
            ));
        }
    }
    let file = assemble(git.as_deref(), header, hunks).map_err(|reason| error(line, reason))?;
    let target = if file.kind == DiffKind::Delete {
        &file.from
    } else {
        &file.to
    };
    Ok(Edit {
        form: Form::Unified,
        line,
        target: Target::Path(target.clone()),
        action: Action::Diff(file),
    })
}

/// Reads an extended header line; `false` if it is none.
fn extended(line: &[u8], header: &mut Header) -> Result<bool, String> {
    let mode = |text: &[u8]| {
        let text = text.trim_ascii();
        let valid =
            !text.is_empty() && text.len() <= 7 && text.iter().all(|b| (b'0'..=b'7').contains(b));
        if !valid {
            return Err("a file mode is not an octal number".to_owned());
        }
        Ok(Some(
            text.iter()
                .fold(0, |sum, digit| sum * 8 + u32::from(digit - b'0')),
        ))
    };
    let path = |text: &[u8]| {
        if text.starts_with(b"\"") {
            header::unquote(text)
                .map(|(name, _)| Some(name))
                .ok_or_else(|| "a quoted file name is not readable".to_owned())
        } else {
            Ok(Some(text.to_vec()))
        }
    };
    let Some((key, rest)) = KEYS
        .iter()
        .find_map(|key| Some((*key, line.strip_prefix(key.as_bytes())?)))
    else {
        return Ok(false);
    };
    match key {
        "old mode " => header.old_mode = mode(rest)?,
        "new mode " => header.new_mode = mode(rest)?,
        "new file mode " => {
            header.created = true;
            header.new_mode = mode(rest)?;
        }
        "deleted file mode " => {
            header.deleted = true;
            header.old_mode = mode(rest)?;
        }
        "rename from " | "rename old " => header.rename.0 = path(rest)?,
        "rename to " | "rename new " => header.rename.1 = path(rest)?,
        "copy from " => header.copy.0 = path(rest)?,
        "copy to " => header.copy.1 = path(rest)?,
        "index " => index_line(rest, header)?,
        _ => {}
    }
    Ok(true)
}

const KEYS: &[&str] = &[
    "old mode ",
    "new mode ",
    "new file mode ",
    "deleted file mode ",
    "rename from ",
    "rename old ",
    "rename to ",
    "rename new ",
    "copy from ",
    "copy to ",
    "index ",
    "similarity index ",
    "dissimilarity index ",
];

fn index_line(rest: &[u8], header: &mut Header) -> Result<(), String> {
    let text = String::from_utf8_lossy(rest);
    let mut words = text.split_whitespace();
    let ids = words.next().and_then(|ids| ids.split_once(".."));
    let is_id =
        |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some((old, new)) = ids.filter(|(old, new)| is_id(old) && is_id(new)) {
        header.blobs = Some((old.to_ascii_lowercase(), new.to_ascii_lowercase()));
    }
    if let Some(mode) = words.next() {
        let mode =
            u32::from_str_radix(mode, 8).map_err(|_| "a file mode is not octal".to_owned())?;
        header.old_mode = header.old_mode.or(Some(mode));
        header.new_mode = header.new_mode.or(Some(mode));
    }
    Ok(())
}

fn assemble(git: Option<&[u8]>, header: Header, hunks: Vec<Hunk>) -> Result<FileDiff, String> {
    let (kind, from, to) = match (header.rename, header.copy) {
        ((Some(from), Some(to)), (None, None)) => (DiffKind::Rename, from, to),
        ((None, None), (Some(from), Some(to))) => (DiffKind::Copy, from, to),
        ((None, None), (None, None)) => {
            let names = header.names.as_ref();
            let names = names.map(|(old, new)| (old.as_slice(), new.as_slice()));
            plain(git, header.created, header.deleted, names, &hunks)
        }?,
        _ => return Err("the rename and copy lines do not form a pair".into()),
    };
    let (old_blob, new_blob) = header.blobs.unzip();
    Ok(FileDiff {
        kind,
        from,
        to,
        old_mode: header.old_mode,
        new_mode: header.new_mode,
        old_blob,
        new_blob,
        hunks,
    })
}

/// The kind and the two paths of a section that neither renames nor copies.
fn plain(
    git: Option<&[u8]>,
    created: bool,
    deleted: bool,
    names: Option<(&[u8], &[u8])>,
    hunks: &[Hunk],
) -> Result<(DiffKind, Vec<u8>, Vec<u8>), String> {
    let common = git.and_then(header::git_name);
    let pair = names.map(|(old, new)| match &common {
        Some((_, prefix)) => Some((strip(*prefix, old)?, strip(*prefix, new)?)),
        None => header::plain_names(old, new),
    });
    let (old, new) = match (pair, &common) {
        (Some(Some(found)), _) => found,
        (Some(None), _) => return Err("the file names have no path after their prefix".into()),
        (None, Some((name, _))) => (name.clone(), name.clone()),
        (None, None) => {
            return Err("the header names two files and says neither rename nor copy".into());
        }
    };
    let present = |name: Vec<u8>| (name != header::NULL).then_some(name);
    let (old, new) = (present(old), present(new));
    if let Some((name, _)) = &common
        && [&old, &new]
            .into_iter()
            .flatten()
            .any(|other| other != name)
    {
        return Err("the file names of the header lines contradict each other".into());
    }
    // Without Git's word for it, `@@ -0,0` says that there was nothing before.
    let kind = match (&old, &new) {
        _ if created && deleted => return Err("the file is both new and deleted".into()),
        (None, None) => return Err("both names are `/dev/null`".into()),
        (None, _) => DiffKind::Create,
        (_, None) => DiffKind::Delete,
        _ if created => DiffKind::Create,
        _ if deleted => DiffKind::Delete,
        _ => DiffKind::Modify,
    };
    let wrong_side = |side: Side| {
        hunks
            .iter()
            .flat_map(|hunk| &hunk.lines)
            .any(|line| line.side == side)
    };
    if kind == DiffKind::Create && (wrong_side(Side::Old) || wrong_side(Side::Both)) {
        return Err("a new file has no lines to remove or keep".into());
    }
    if kind == DiffKind::Delete && (wrong_side(Side::New) || wrong_side(Side::Both)) {
        return Err("a deleted file keeps no lines".into());
    }
    let name = old.clone().or_else(|| new.clone()).unwrap_or_default();
    Ok((
        kind,
        old.unwrap_or_else(|| name.clone()),
        new.unwrap_or(name),
    ))
}

/// A name without its prefix.
fn strip(prefix: Prefix, name: &[u8]) -> Option<Vec<u8>> {
    if name == header::NULL {
        Some(name.to_vec())
    } else {
        prefix.strip(name)
    }
}

/// The numbers of `@@ -a,b +c,d @@`.
#[derive(Clone, Copy)]
struct HunkStart {
    old_start: usize,
    old_count: usize,
    new_start: usize,
    new_count: usize,
}

fn hunk_header(line: &[u8]) -> Option<HunkStart> {
    let rest = line.strip_prefix(b"@@ -")?;
    let (old_start, old_count, rest) = range(rest)?;
    let (new_start, new_count, rest) = range(rest.strip_prefix(b" +")?)?;
    rest.starts_with(b" @@").then_some(HunkStart {
        old_start,
        old_count,
        new_start,
        new_count,
    })
}

fn range(text: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (start, rest) = number(text)?;
    match rest.strip_prefix(b",") {
        Some(rest) => number(rest).map(|(count, rest)| (start, count, rest)),
        None => Some((start, 1, rest)),
    }
}

fn number(text: &[u8]) -> Option<(usize, &[u8])> {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    if !(1..=9).contains(&end) {
        return None;
    }
    let value = text[..end]
        .iter()
        .fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Some((value, &text[end..]))
}

fn hunk(lines: &mut Lines<'_>, start: HunkStart, transport_crlf: bool) -> Result<Hunk, ParseError> {
    let line = lines.number();
    let error = |line: usize, reason: &str| ParseError {
        line,
        form: Some(Form::Unified),
        reason: reason.into(),
    };
    lines.next();
    let (mut old, mut new) = (start.old_count, start.new_count);
    let mut body: Vec<HunkLine> = Vec::new();
    while old > 0 || new > 0 {
        let at = lines.number();
        let Some(raw) = lines.next_raw() else {
            return Err(error(at, "the input ends inside a hunk"));
        };
        let side = match raw.first() {
            Some(b' ' | b'\n' | b'\r') => Side::Both,
            Some(b'-') => Side::Old,
            Some(b'+') => Side::New,
            Some(b'\\') if cut_newline(&mut body) => continue,
            _ => return Err(error(at, "the hunk has fewer lines than its header says")),
        };
        let text = if matches!(raw[0], b'\n' | b'\r') {
            raw
        } else {
            &raw[1..]
        };
        let entry = HunkLine {
            side,
            text: content_line(text, transport_crlf),
        };
        let spent = (entry.is_old() && old == 0) || (entry.is_new() && new == 0);
        if spent {
            return Err(error(at, "the hunk's lines do not add up to its header"));
        }
        old -= usize::from(entry.is_old());
        new -= usize::from(entry.is_new());
        body.push(entry);
    }
    if lines.peek().is_some_and(|next| next.starts_with(b"\\ ")) && cut_newline(&mut body) {
        lines.next();
    }
    let goes_on = lines.peek().is_some_and(|next| {
        let header = next.starts_with(b"--- ")
            && lines
                .peek_second()
                .is_some_and(|second| second.starts_with(b"+++ "));
        matches!(next.first(), Some(b'+' | b'-')) && !header && next.trim_ascii_end() != b"--"
    });
    if goes_on {
        return Err(error(
            lines.number(),
            "the hunk has more lines than its header says",
        ));
    }
    if body.iter().all(|line| line.side == Side::Both) {
        return Err(error(line, "the hunk changes nothing"));
    }
    Ok(Hunk {
        line,
        old_start: start.old_start,
        new_start: start.new_start,
        lines: body,
    })
}

/// `\ No newline at end of file`: the line before it ends without one.
fn cut_newline(body: &mut [HunkLine]) -> bool {
    let Some(last) = body.last_mut() else {
        return false;
    };
    if last.text.ends_with(b"\n") {
        last.text.pop();
    }
    true
}
