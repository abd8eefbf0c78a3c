//! Records about changes as text for people.

use std::io;

use super::text::{BOLD, DIM, GREEN, MAGENTA, Pen, RED, YELLOW, printable};
use crate::record::{Record, Text};

/// Writes a record of a patch, or of what it leads to.
pub(super) fn write(pen: &mut Pen<'_>, record: &Record) -> io::Result<()> {
    match record {
        Record::Patched {
            path,
            from,
            change,
            added,
            removed,
            applied,
            ..
        } => {
            write!(pen.out, "{change:<10}")?;
            if let Some(from) = from {
                pen.put(MAGENTA, &from.lossy())?;
                write!(pen.out, " -> ")?;
            }
            pen.put(MAGENTA, &path.lossy())?;
            write!(pen.out, "  ")?;
            pen.put(GREEN, &format!("+{added}"))?;
            write!(pen.out, " ")?;
            pen.put(RED, &format!("-{removed}"))?;
            if !applied {
                pen.put(DIM, "  not applied")?;
            }
            Ok(())
        }
        Record::PatchNote {
            path,
            input_line,
            note,
        } => {
            pen.put(YELLOW, "note      ")?;
            pen.put(MAGENTA, &path.lossy())?;
            write!(pen.out, "  {note}")?;
            pen.put(DIM, &format!("  (line {input_line} of the patch)"))
        }
        Record::SyntaxErrors {
            path,
            before,
            after,
        } => {
            pen.put(YELLOW, "syntax    ")?;
            pen.put(MAGENTA, &path.lossy())?;
            write!(pen.out, "  {after} syntax errors, {before} before")
        }
        Record::Rejection {
            path,
            input_line,
            hunk,
            reason,
            nearest_line,
            nearest,
            ..
        } => {
            pen.put(RED, "rejected  ")?;
            pen.put(MAGENTA, &path.lossy())?;
            if let Some(hunk) = hunk {
                write!(pen.out, " hunk {hunk}")?;
            }
            write!(pen.out, "  {}", printable(reason))?;
            pen.put(DIM, &format!("  (line {input_line} of the patch)"))?;
            if let (Some(line), Some(text)) = (nearest_line, nearest) {
                nearby(pen, *line, text)?;
            }
            Ok(())
        }
        Record::Refusal {
            path,
            input_line,
            reason,
        } => {
            pen.put(RED, "refused   ")?;
            pen.put(MAGENTA, &path.lossy())?;
            write!(pen.out, "  {}", printable(reason))?;
            pen.put(DIM, &format!("  (line {input_line} of the patch)"))
        }
        Record::Recovered {
            operation,
            action,
            paths,
            ..
        } => {
            write!(pen.out, "{}  ", action.replace('_', " "))?;
            pen.put(BOLD, operation)?;
            for path in paths {
                write!(pen.out, "\n          ")?;
                pen.put(MAGENTA, &path.lossy())?;
            }
            Ok(())
        }
        other => super::verdicts::write(pen, other),
    }
}

fn nearby(pen: &mut Pen<'_>, first: usize, text: &Text) -> io::Result<()> {
    write!(pen.out, "\n          nearest:")?;
    for (at, line) in text.lossy().lines().take(12).enumerate() {
        writeln!(pen.out)?;
        pen.put(DIM, &format!("{:>9} ", first + at))?;
        write!(pen.out, "{}", printable(line))?;
    }
    Ok(())
}
