//! A plan as one diff in Git's format, so that every form ends as what Git applies.

use std::hash::Hash;

use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices, group_diff_ops};

use super::lines;
use super::plan::{Change, Plan};

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// Past this many pairs of differing lines the changed middle becomes one hunk: a
/// minimal diff costs their product.
const MOST_PAIRS: usize = 50_000_000;

impl Plan {
    /// The whole plan as a diff that `git apply` takes.
    pub fn diff(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for change in &self.changes {
            section(change, &mut out);
        }
        out
    }
}

impl Change {
    /// How many lines are new, and how many go.
    pub fn line_counts(&self) -> (u32, u32) {
        let mut diff = Vec::new();
        section(self, &mut diff);
        let (mut added, mut removed) = (0, 0);
        let lines = diff.split(|byte| *byte == b'\n');
        for line in lines.skip_while(|line| !line.starts_with(b"@@")) {
            match line.first() {
                Some(b'+') => added += 1,
                Some(b'-') => removed += 1,
                _ => {}
            }
        }
        (added, removed)
    }
}

fn section(change: &Change, out: &mut Vec<u8>) {
    let new = change.path.as_bytes();
    let old = change.from.as_ref().map_or(new, super::RepoPath::as_bytes);
    let mut line = |parts: &[&[u8]]| {
        for part in parts {
            out.extend_from_slice(part);
        }
        out.push(b'\n');
    };
    line(&[
        b"diff --git ",
        &quoted(b"a/", old),
        b" ",
        &quoted(b"b/", new),
    ]);
    match (&change.before, &change.after) {
        (None, Some(after)) => line(&[b"new file mode ", after.mode.octal().as_bytes()]),
        (Some(before), None) => line(&[b"deleted file mode ", before.mode.octal().as_bytes()]),
        (Some(before), Some(after)) if before.mode != after.mode => {
            line(&[b"old mode ", before.mode.octal().as_bytes()]);
            line(&[b"new mode ", after.mode.octal().as_bytes()]);
        }
        _ => {}
    }
    if change.from.is_some() {
        line(&[b"rename from ", &quoted(b"", old)]);
        line(&[b"rename to ", &quoted(b"", new)]);
    }
    let before = change.before.as_ref().map_or(&[][..], |file| &file.bytes);
    let after = change.after.as_ref().map_or(&[][..], |file| &file.bytes);
    if before == after {
        return;
    }
    let id = |side: &Option<super::File>, bytes: &[u8]| match side {
        Some(_) => super::content_hash(bytes),
        None => "0".repeat(40),
    };
    let ids = [id(&change.before, before), id(&change.after, after)].join("..");
    let same_mode = match (&change.before, &change.after) {
        (Some(before), Some(after)) if before.mode == after.mode => {
            format!(" {}", after.mode.octal())
        }
        _ => String::new(),
    };
    line(&[b"index ", ids.as_bytes(), same_mode.as_bytes()]);
    let name = |present: bool, prefix: &[u8], path: &[u8]| {
        if !present {
            return b"/dev/null".to_vec();
        }
        let mut name = quoted(prefix, path);
        // A tab keeps readers from taking a blank for the end of the name.
        if !name.starts_with(b"\"") && path.contains(&b' ') {
            name.push(b'\t');
        }
        name
    };
    line(&[b"--- ", &name(change.before.is_some(), b"a/", old)]);
    line(&[b"+++ ", &name(change.after.is_some(), b"b/", new)]);
    hunks(before, after, out);
}

/// A name, in Git's quotes where it has a byte that needs them.
fn quoted(prefix: &[u8], path: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| (0x20..0x7f).contains(byte) && !matches!(byte, b'"' | b'\\');
    if path.iter().all(plain) {
        return [prefix, path].concat();
    }
    let mut out = vec![b'"'];
    out.extend_from_slice(prefix);
    for byte in path {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte if plain(byte) => out.push(*byte),
            byte => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
        }
    }
    out.push(b'"');
    out
}

fn operations<T: Eq + Hash + Ord>(old: &[T], new: &[T]) -> Vec<DiffOp> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..]
        .iter()
        .rev()
        .zip(new[head..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let old_len = old.len() - head - tail;
    let new_len = new.len() - head - tail;
    if old_len.saturating_mul(new_len) <= MOST_PAIRS {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    let equal = |old_index, new_index, len| DiffOp::Equal {
        old_index,
        new_index,
        len,
    };
    let middle = DiffOp::Replace {
        old_index: head,
        old_len,
        new_index: head,
        new_len,
    };
    let all = [
        equal(0, 0, head),
        middle,
        equal(head + old_len, head + new_len, tail),
    ];
    all.into_iter()
        .filter(|op| !matches!(op, DiffOp::Equal { len: 0, .. }))
        .collect()
}

fn hunks(before: &[u8], after: &[u8], out: &mut Vec<u8>) {
    let (old, new) = (lines::split(before), lines::split(after));
    for group in group_diff_ops(operations(&old, &new), CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let old_range = first.old_range().start..last.old_range().end;
        let new_range = first.new_range().start..last.new_range().end;
        // An empty side is named by the line before it.
        let range = |range: std::ops::Range<usize>| match range.len() {
            0 => format!("{},0", range.start),
            1 => format!("{}", range.start + 1),
            len => format!("{},{len}", range.start + 1),
        };
        out.extend_from_slice(
            format!("@@ -{} +{} @@\n", range(old_range), range(new_range)).as_bytes(),
        );
        for op in &group {
            for change in op.iter_changes(&old[..], &new[..]) {
                out.push(match change.tag() {
                    ChangeTag::Equal => b' ',
                    ChangeTag::Delete => b'-',
                    ChangeTag::Insert => b'+',
                });
                let line = change.value();
                out.extend_from_slice(line);
                if !line.ends_with(b"\n") {
                    out.extend_from_slice(b"\n\\ No newline at end of file\n");
                }
            }
        }
    }
}
