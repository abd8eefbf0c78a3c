//! Edits turned round: what the form says of the state before is all there is.

use super::edit::{Action, Chunk, DiffKind, Edit, FileDiff, Hunk, HunkLine, Side, Target};
use super::report::{Reason, Rejection};

/// The edits that take the given ones back, last first.
pub(super) fn reversed(edits: &[Edit]) -> Result<Vec<Edit>, Vec<Rejection>> {
    let mut out = Vec::new();
    let mut bad = Vec::new();
    for edit in edits.iter().rev() {
        match turned(edit) {
            Ok(edit) => out.push(edit),
            Err(what) => bad.push(Rejection {
                path: match &edit.target {
                    Target::Path(path) => path.clone(),
                    Target::Symbol(symbol) => symbol.clone().into_bytes(),
                },
                form: edit.form,
                input_line: edit.line,
                hunk: None,
                reason: Reason::NotReversible(what),
                nearest: None,
            }),
        }
    }
    if bad.is_empty() { Ok(out) } else { Err(bad) }
}

fn turned(edit: &Edit) -> Result<Edit, &'static str> {
    let mut target = edit.target.clone();
    let action = match &edit.action {
        Action::Create { content, .. } => Action::Delete {
            content: Some(content.clone()),
            hash: None,
        },
        Action::Delete { .. } => return Err("a deletion"),
        Action::Rename { to } => {
            let from = std::mem::replace(&mut target, Target::Path(to.clone()));
            Action::Rename { to: path_of(from)? }
        }
        Action::SetMode { .. } => return Err("a change of mode"),
        Action::Replace { replace, .. } if replace.is_empty() => return Err("a removal of text"),
        // The hash was that of the text before, which is not there now.
        Action::Replace {
            search,
            replace,
            whole_lines,
            ..
        } => Action::Replace {
            search: replace.clone(),
            replace: search.clone(),
            whole_lines: *whole_lines,
            hash: None,
        },
        Action::Body { .. } => return Err("a replaced body"),
        Action::Diff(file) => {
            let file = turned_diff(file)?;
            let path = if file.kind == DiffKind::Delete {
                &file.from
            } else {
                &file.to
            };
            target = Target::Path(path.clone());
            Action::Diff(file)
        }
        Action::Chunks { chunks, move_to } => {
            let mut back = None;
            if let Some(to) = move_to {
                back = Some(path_of(std::mem::replace(
                    &mut target,
                    Target::Path(to.clone()),
                ))?);
            }
            let turn = |chunk: &Chunk| Chunk {
                lines: turned_lines(&chunk.lines),
                ..chunk.clone()
            };
            let chunks: Vec<_> = chunks.iter().map(turn).collect();
            if chunks
                .iter()
                .any(|chunk| !chunk.lines.iter().any(HunkLine::is_old))
            {
                return Err("a removal of lines without context");
            }
            Action::Chunks {
                chunks,
                move_to: back,
            }
        }
    };
    Ok(Edit {
        form: edit.form,
        line: edit.line,
        target,
        action,
    })
}

fn path_of(target: Target) -> Result<Vec<u8>, &'static str> {
    match target {
        Target::Path(path) => Ok(path),
        Target::Symbol(_) => Err("a change by symbol"),
    }
}

fn turned_diff(file: &FileDiff) -> Result<FileDiff, &'static str> {
    let kind = match file.kind {
        DiffKind::Create => DiffKind::Delete,
        DiffKind::Delete => DiffKind::Create,
        DiffKind::Copy => return Err("a copy"),
        kind => kind,
    };
    let turn = |hunk: &Hunk| Hunk {
        line: hunk.line,
        old_start: hunk.new_start,
        new_start: hunk.old_start,
        lines: turned_lines(&hunk.lines),
    };
    Ok(FileDiff {
        kind,
        from: file.to.clone(),
        to: file.from.clone(),
        old_mode: file.new_mode,
        new_mode: file.old_mode,
        old_blob: file.new_blob.clone(),
        new_blob: file.old_blob.clone(),
        hunks: file.hunks.iter().map(turn).collect(),
    })
}

fn turned_lines(lines: &[HunkLine]) -> Vec<HunkLine> {
    let turn = |line: &HunkLine| HunkLine {
        side: match line.side {
            Side::Both => Side::Both,
            Side::Old => Side::New,
            Side::New => Side::Old,
        },
        text: line.text.clone(),
    };
    lines.iter().map(turn).collect()
}
