//! Records about tests and about what a change reaches, as text for people.

use std::io;

use super::text::{BOLD, DIM, GREEN, MAGENTA, Pen, RED, YELLOW, printable};
use crate::record::Record;

/// Writes a record of `impact`, `test` or `doctor`; of another, nothing.
pub(super) fn write(pen: &mut Pen<'_>, record: &Record) -> io::Result<()> {
    match record {
        Record::Touched { symbol, change } => {
            write!(pen.out, "{change:<10}")?;
            pen.symbol(symbol)?;
            if let Some(line) = symbol.line {
                write!(pen.out, ":")?;
                pen.put(GREEN, &line.to_string())?;
            }
            Ok(())
        }
        Record::Impacted {
            symbol,
            test,
            chain,
            edge,
            confidence,
            ..
        } => {
            pen.put(YELLOW, if *test { "test      " } else { "reached   " })?;
            pen.symbol(symbol)?;
            let mut via = Vec::new();
            for link in chain.iter().skip(1) {
                via.push(link.lossy().into_owned());
            }
            pen.put(DIM, &format!("  {edge} {}", via.join(" < ")))?;
            pen.confidence(*confidence)
        }
        Record::Test {
            name,
            path,
            outcome,
            milliseconds,
            message,
        } => {
            let style = match *outcome {
                "passed" => GREEN,
                "skipped" => YELLOW,
                _ => RED,
            };
            pen.put(style, &format!("{outcome:<10}"))?;
            if let Some(path) = path
                .as_ref()
                .filter(|path| !name.starts_with(path.as_str()))
            {
                pen.put(MAGENTA, path)?;
                write!(pen.out, "  ")?;
            }
            pen.put(BOLD, name)?;
            if let Some(milliseconds) = milliseconds {
                pen.put(DIM, &format!("  {milliseconds} ms"))?;
            }
            match message {
                Some(message) if *outcome != "passed" => indented(pen, message),
                _ => Ok(()),
            }
        }
        Record::TestFailure { name, message } => {
            pen.put(BOLD, name)?;
            indented(pen, message)
        }
        Record::TestSummary {
            runner,
            sandbox,
            passed,
            failed,
            skipped,
            errored,
            milliseconds,
            limit,
            output,
            ..
        } => {
            if let Some(output) = output {
                indented(pen, &output.lossy())?;
                writeln!(pen.out)?;
            }
            let style = if failed + errored > 0 { RED } else { GREEN };
            pen.put(style, &format!("{passed} passed, {failed} failed"))?;
            write!(pen.out, ", {errored} errors, {skipped} skipped")?;
            pen.put(DIM, &format!("  {runner} in {sandbox}, {milliseconds} ms"))?;
            if let Some(limit) = limit {
                pen.put(RED, &format!("  stopped by the limit on {limit}"))?;
            }
            Ok(())
        }
        Record::Check {
            check,
            name,
            works,
            detail,
            hint,
        } => {
            let (style, word) = if *works {
                (GREEN, "works")
            } else {
                (RED, "fails")
            };
            pen.put(style, word)?;
            write!(pen.out, "  {check:<11}")?;
            if let Some(name) = name {
                pen.put(BOLD, &format!("{name:<11} "))?;
            }
            write!(pen.out, "{}", printable(detail))?;
            if let Some(hint) = hint {
                writeln!(pen.out)?;
                pen.put(DIM, &format!("       hint: {hint}"))?;
            }
            Ok(())
        }
        other => super::listings::write(pen, other),
    }
}

fn indented(pen: &mut Pen<'_>, text: &str) -> io::Result<()> {
    for line in text.lines() {
        write!(pen.out, "\n    {}", printable(line))?;
    }
    Ok(())
}
