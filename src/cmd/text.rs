//! Records as text for people.

use std::io::{self, Write};

use crate::record::{Because, Confidence, Record, Site, Symbol, Text};

pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const DIM: &str = "\x1b[2m";
pub(super) const MAGENTA: &str = "\x1b[35m";
pub(super) const GREEN: &str = "\x1b[32m";
pub(super) const YELLOW: &str = "\x1b[33m";
pub(super) const RED: &str = "\x1b[31m";

/// Where text is written, and whether in colour.
pub(super) struct Pen<'w> {
    pub(super) out: &'w mut dyn Write,
    color: bool,
}

impl Pen<'_> {
    pub(super) fn put(&mut self, style: &str, text: &str) -> io::Result<()> {
        let text = printable(text);
        if self.color && !text.is_empty() {
            write!(self.out, "{style}{text}\x1b[0m")
        } else {
            write!(self.out, "{text}")
        }
    }

    pub(super) fn symbol(&mut self, symbol: &Symbol) -> io::Result<()> {
        self.put(BOLD, &symbol.symbol.lossy())
    }

    pub(super) fn place(&mut self, path: &Text, line: u32) -> io::Result<()> {
        self.put(MAGENTA, &path.lossy())?;
        write!(self.out, ":")?;
        self.put(GREEN, &line.to_string())
    }

    pub(super) fn site(&mut self, site: &Site) -> io::Result<()> {
        self.place(&site.site_path, site.site_line)
    }

    pub(super) fn confidence(&mut self, confidence: Confidence) -> io::Result<()> {
        match confidence {
            Confidence::Exact => Ok(()),
            other => {
                write!(self.out, "  ")?;
                self.put(YELLOW, other.name())
            }
        }
    }

    /// How an edge was found, a line a step.
    pub(super) fn explanation(&mut self, steps: &[Because], depth: u32) -> io::Result<()> {
        for step in steps {
            writeln!(self.out)?;
            indent(self.out, depth + 3)?;
            self.put(YELLOW, &format!("{:<20} ", step.rule.replace('_', " ")))?;
            write!(self.out, "{}", printable(&step.text))?;
            writeln!(self.out)?;
            indent(self.out, depth + 3)?;
            write!(self.out, "{:21}", "")?;
            self.place(&step.path, step.line)?;
            self.put(DIM, &format!("  {}", shorten(&step.code.lossy(), 90)))?;
        }
        Ok(())
    }

    pub(super) fn signature(&mut self, symbol: &Symbol) -> io::Result<()> {
        if let Some(signature) = &symbol.signature {
            write!(self.out, "  ")?;
            self.put(DIM, &shorten(&signature.lossy(), 80))?;
        }
        Ok(())
    }
}

/// Writes a record as one line (or, for source, as several).
pub fn write(out: &mut dyn Write, record: &Record, color: bool) -> io::Result<()> {
    let mut pen = Pen { out, color };
    match record {
        Record::Symbol { symbol, .. } => {
            write!(pen.out, "{:<10}", symbol.kind)?;
            pen.symbol(symbol)?;
            if let Some(line) = symbol.line {
                write!(pen.out, ":")?;
                pen.put(GREEN, &line.to_string())?;
            }
            pen.signature(symbol)?;
        }
        Record::Hit {
            symbol,
            score,
            others,
            shares,
            ..
        } => {
            write!(pen.out, "{:<10}", symbol.kind)?;
            pen.symbol(symbol)?;
            if let Some(line) = symbol.line {
                write!(pen.out, ":")?;
                pen.put(GREEN, &line.to_string())?;
            }
            pen.signature(symbol)?;
            if let Some(shares) = shares {
                let text = format!(
                    "\n          {score:.4} = (name {:.4} + words {:.4} + file {:.4} + meaning {:.4} \
                     + structure {:.4}) × {:.2}",
                    shares.named,
                    shares.words,
                    shares.file,
                    shares.meaning,
                    shares.structure,
                    shares.prior
                );
                write!(pen.out, "{text}")?;
            }
            for other in others {
                write!(pen.out, "\n          ")?;
                pen.put(DIM, &other.lossy())?;
            }
        }
        Record::Caller {
            symbol,
            depth,
            site,
            confidence,
            calls,
            explanation,
            ..
        } => {
            indent(pen.out, *depth)?;
            pen.site(site)?;
            write!(pen.out, "  ")?;
            pen.symbol(symbol)?;
            if *depth > 1 {
                pen.put(DIM, &format!("  calls {}", calls.lossy()))?;
            }
            pen.confidence(*confidence)?;
            pen.explanation(explanation, *depth)?;
        }
        Record::Callee {
            symbol,
            depth,
            site,
            confidence,
            explanation,
            ..
        } => {
            indent(pen.out, *depth)?;
            pen.site(site)?;
            write!(pen.out, "  ")?;
            pen.symbol(symbol)?;
            pen.confidence(*confidence)?;
            pen.explanation(explanation, *depth)?;
        }
        Record::Unresolved {
            symbol,
            name,
            site,
            reason,
            confidence,
            explanation,
        } => {
            pen.site(site)?;
            write!(pen.out, "  ")?;
            pen.put(BOLD, &symbol.lossy())?;
            pen.put(
                DIM,
                &format!(
                    "  calls some `{}`: {}",
                    name.lossy(),
                    reason.replace('_', " ")
                ),
            )?;
            pen.confidence(*confidence)?;
            pen.explanation(explanation, 1)?;
        }
        Record::Reference {
            symbol,
            edge,
            site,
            confidence,
            explanation,
            ..
        } => {
            pen.site(site)?;
            write!(pen.out, ":{}  ", site.site_column)?;
            pen.symbol(symbol)?;
            pen.put(DIM, &format!("  {edge}"))?;
            pen.confidence(*confidence)?;
            pen.explanation(explanation, 1)?;
        }
        Record::Dependency {
            symbol,
            edge,
            depth,
            site,
            confidence,
            ..
        } => {
            indent(pen.out, *depth)?;
            pen.symbol(symbol)?;
            pen.put(DIM, &format!("  {edge} at "))?;
            pen.site(site)?;
            pen.confidence(*confidence)?;
        }
        Record::Source {
            symbol,
            start_line,
            text,
        } => {
            pen.symbol(symbol)?;
            writeln!(pen.out)?;
            for (at, line) in text.lossy().lines().enumerate() {
                pen.put(DIM, &format!("{:>6} ", *start_line as usize + at))?;
                writeln!(pen.out, "{}", printable(line))?;
            }
        }
        Record::Step {
            index,
            symbol,
            site,
            confidence,
            explanation,
        } => {
            write!(pen.out, "{index:>3}  ")?;
            pen.symbol(symbol)?;
            if let Some(site) = site {
                pen.put(DIM, "  called at ")?;
                pen.site(site)?;
            }
            if let Some(confidence) = confidence {
                pen.confidence(*confidence)?;
            }
            pen.explanation(explanation, 2)?;
        }
        Record::Edge {
            kind,
            confidence,
            source,
            target,
            path,
            line,
            ..
        } => {
            write!(pen.out, "{kind:<11}")?;
            pen.put(BOLD, &source.lossy())?;
            write!(pen.out, " -> ")?;
            pen.put(BOLD, &target.lossy())?;
            write!(pen.out, "  ")?;
            pen.place(path, *line)?;
            pen.confidence(*confidence)?;
        }
        Record::Snapshot {
            revision,
            files,
            symbols,
            edges,
            unresolved,
            lines,
            bytes,
            built,
            milliseconds,
        } => {
            pen.put(BOLD, revision)?;
            let done = if *built {
                format!("indexed in {milliseconds} ms")
            } else {
                "was indexed".to_owned()
            };
            write!(
                pen.out,
                "  {done}: {}, {}, {}, {}, {}, {}",
                count(u64::from(*files), "file"),
                count(*lines, "line"),
                count(u64::from(*symbols), "symbol"),
                count(*edges, "edge"),
                count(*unresolved, "undecided call"),
                size(*bytes)
            )?;
        }
        Record::Coverage {
            path,
            language,
            reason,
            generated,
            vendored,
            ..
        } => {
            write!(pen.out, "{reason:<12}{:<12}", language.unwrap_or("-"))?;
            pen.put(MAGENTA, &path.lossy())?;
            for (marked, word) in [(*generated, "generated"), (*vendored, "vendored")] {
                if marked {
                    pen.put(DIM, &format!("  {word}"))?;
                }
            }
        }
        Record::Status {
            head,
            dirty,
            indexed,
            snapshots,
            bytes,
            path,
        } => {
            writeln!(
                pen.out,
                "head       {}",
                head.as_deref().unwrap_or("no commit yet")
            )?;
            writeln!(
                pen.out,
                "worktree   {}",
                if *dirty { "has changes" } else { "clean" }
            )?;
            let state = if *indexed {
                "ready"
            } else {
                "not built yet; the next question builds it"
            };
            writeln!(pen.out, "index      {state}")?;
            write!(
                pen.out,
                "stored     {}, {} in ",
                count(u64::from(*snapshots), "snapshot"),
                size(*bytes)
            )?;
            pen.put(MAGENTA, &path.lossy())?;
        }
        Record::Verified {
            path,
            sound,
            problem,
        } => {
            write!(pen.out, "{:<9}", if *sound { "sound" } else { "damaged" })?;
            pen.put(MAGENTA, &path.lossy())?;
            if let Some(problem) = problem {
                write!(pen.out, "  {problem}")?;
            }
        }
        Record::Collected {
            snapshots,
            packs,
            bytes,
        } => {
            write!(
                pen.out,
                "removed {} and {}, {}",
                count(*snapshots, "snapshot"),
                count(*packs, "pack"),
                size(*bytes)
            )?;
        }
        Record::Parsed {
            files,
            lines,
            milliseconds,
        } => {
            write!(
                pen.out,
                "parsed {files} files, {lines} lines in {milliseconds} ms"
            )?;
        }
        Record::Imported {
            revision,
            documents,
            confirmed,
            added,
            removed,
            decided,
            ..
        } => {
            write!(
                pen.out,
                "{revision}  imported {}: {confirmed} edges confirmed, {added} added, \
                 {removed} replaced, {}",
                count(u64::from(*documents), "document"),
                count(*decided, "undecided call")
            )?;
            write!(pen.out, " decided")?;
        }
        Record::Configured {
            client,
            path,
            change,
            applied,
        } => {
            let state = match (*change, *applied) {
                ("unchanged", _) => "has it",
                (_, true) => "written",
                (_, false) => "not yet",
            };
            write!(pen.out, "{client:<16}{state:<10}")?;
            pen.put(MAGENTA, &path.lossy())?;
        }
        Record::Error { message, .. } => write!(pen.out, "error: {message}")?,
        Record::Agent(event) => super::turns::write(&mut pen, event)?,
        other => super::changes::write(&mut pen, other)?,
    }
    if matches!(record, Record::Source { .. }) {
        Ok(())
    } else {
        writeln!(out)
    }
}

fn indent(out: &mut dyn Write, depth: u32) -> io::Result<()> {
    for _ in 1..depth.min(20) {
        write!(out, "  ")?;
    }
    Ok(())
}

/// `1 file`, `2 files`.
fn count(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// A number of bytes, with one digit after the point.
fn size(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >> shift > 0 {
            return format!("{:.1} {unit}", bytes as f64 / f64::from(1_u32 << shift));
        }
    }
    count(bytes, "byte")
}

fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

/// Text without control characters, which could steer a terminal.
pub(super) fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().any(|c| c.is_control() && c != '\t') {
        text.chars()
            .map(|c| if c.is_control() && c != '\t' { '?' } else { c })
            .collect()
    } else {
        text.into()
    }
}
