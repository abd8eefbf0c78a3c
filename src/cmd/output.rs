//! Records to standard output, as JSON lines or as text.

use std::cell::{Cell, RefCell};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::rc::Rc;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::error::Error;
use super::text;
use crate::record::Record;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object on each line.
    Jsonl,
    /// For people.
    Text,
    /// A summary of `impact` and `test` for people, in Markdown.
    Markdown,
    /// What `impact` and `test` found, for code scanning (SARIF 2.1.0).
    Sarif,
    /// What `impact` and `test` found, as GitHub's annotations.
    Github,
    /// Graphviz.
    Dot,
    /// A Mermaid flowchart.
    Mermaid,
    /// `GraphML`, as networkx, Gephi and yEd read it.
    Graphml,
    /// One table of nodes and edges.
    Csv,
    /// One JSON document of nodes and edges.
    Json,
    /// A SCIP index, as code hosts and editors read it.
    Scip,
    /// One page to look at, which needs no network.
    Html,
}

impl Format {
    /// Whether it is one document of all records, which only some verbs have.
    pub fn is_report(self) -> bool {
        matches!(self, Self::Markdown | Self::Sarif | Self::Github)
    }
}

/// Reads the formats of records, which every verb has.
pub fn record_formats() -> impl TypedValueParser<Value = Format> {
    formats(&[Format::Jsonl, Format::Text])
}

/// Reads the formats of verbs that have a report for CI, too.
pub fn report_formats() -> impl TypedValueParser<Value = Format> {
    formats(&[
        Format::Jsonl,
        Format::Text,
        Format::Markdown,
        Format::Sarif,
        Format::Github,
    ])
}

fn formats(known: &'static [Format]) -> impl TypedValueParser<Value = Format> {
    let values = known.iter().filter_map(ValueEnum::to_possible_value);
    PossibleValuesParser::new(values).map(move |text| {
        let found = known.iter().copied().find(|format| {
            let value = format.to_possible_value();
            value.is_some_and(|value| value.matches(&text, false))
        });
        found.unwrap_or(Format::Jsonl)
    })
}

/// When text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Writes a record as a line to standard output at once, from any thread. What
/// an [`Output`] has written must have been flushed.
pub fn say_now(record: &Record) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}

/// Takes records in the place of standard output, and what people would read in
/// the place of standard error.
pub trait Sink {
    /// Takes a record; `false` where it has enough.
    fn record(&self, record: &Record) -> bool;
    /// Takes bytes that stand in place of records.
    fn raw(&self, bytes: &[u8]);
    /// Takes a sentence for people.
    fn note(&self, text: &str);
}

/// Where records go.
pub struct Output {
    format: Cell<Format>,
    color: bool,
    out: RefCell<BufWriter<io::Stdout>>,
    count: RefCell<u64>,
    /// So many records are written already, of a run that starts over.
    skip: RefCell<u64>,
    failed: RefCell<Option<io::Error>>,
    /// What a report will be about.
    gathered: RefCell<Vec<Record>>,
    reported: Cell<bool>,
    sink: Option<Rc<dyn Sink>>,
}

impl Output {
    /// To standard output.
    pub fn new(format: Option<Format>, color: Color, no_color: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        // A document takes the place of records; what is said beside it does not.
        let format = match format {
            Some(format @ (Format::Jsonl | Format::Text)) => format,
            _ if terminal => Format::Text,
            _ => Format::Jsonl,
        };
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        let out = RefCell::new(BufWriter::with_capacity(1 << 16, io::stdout()));
        Self {
            format: Cell::new(format),
            color,
            out,
            count: RefCell::new(0),
            skip: RefCell::new(0),
            failed: RefCell::new(None),
            gathered: RefCell::default(),
            reported: Cell::default(),
            sink: None,
        }
    }

    /// To `sink`; nothing is printed.
    pub fn to(sink: Rc<dyn Sink>) -> Self {
        Self {
            sink: Some(sink),
            ..Self::new(Some(Format::Jsonl), Color::Never, true)
        }
    }

    /// The format that is written.
    pub fn format(&self) -> Format {
        self.format.get()
    }

    /// Another format, where a verb has options of its own for it.
    pub fn choose(&self, format: Option<Format>) {
        self.format.set(format.unwrap_or(self.format.get()));
    }

    /// Writes a record; `false` where the reader has gone.
    pub fn emit(&self, record: &Record) -> bool {
        if *self.skip.borrow() > 0 {
            *self.skip.borrow_mut() -= 1;
            return true;
        }
        *self.count.borrow_mut() += 1;
        if let Some(sink) = &self.sink {
            return sink.record(record);
        }
        let mut out = self.out.borrow_mut();
        let written = match self.format.get() {
            Format::Jsonl => serde_json::to_writer(&mut *out, record)
                .map_err(io::Error::from)
                .and_then(|()| out.write_all(b"\n")),
            Format::Markdown | Format::Sarif | Format::Github => {
                self.gathered.borrow_mut().push(record.clone());
                Ok(())
            }
            _ => text::write(&mut *out, record, self.color),
        };
        match written {
            Ok(()) => true,
            Err(error) => {
                *self.failed.borrow_mut() = Some(error);
                false
            }
        }
    }

    /// Writes bytes as they are, in place of records; counts as one.
    pub fn raw(&self, bytes: &[u8]) {
        *self.count.borrow_mut() += 1;
        if let Some(sink) = &self.sink {
            return sink.raw(bytes);
        }
        if let Err(error) = self.out.borrow_mut().write_all(bytes) {
            *self.failed.borrow_mut() = Some(error);
        }
    }

    /// The records written so far come again, and are passed over: their order
    /// is the same in each run.
    pub fn start_over(&self) {
        *self.skip.borrow_mut() = self.count();
    }

    /// Lets whoever reads have what was written so far.
    pub fn flush(&self) {
        if let Err(error) = self.out.borrow_mut().flush() {
            *self.failed.borrow_mut() = Some(error);
        }
    }

    /// How many records were written.
    pub fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Makes sure that everything is out.
    pub fn finish(&self) -> Result<(), Error> {
        if self.format.get().is_report() && !self.reported.replace(true) {
            let report = super::reports::render(self.format.get(), &self.gathered.borrow());
            if let Err(error) = self.out.borrow_mut().write_all(report.as_bytes()) {
                *self.failed.borrow_mut() = Some(error);
            }
        }
        let source = match self.failed.borrow_mut().take() {
            Some(error) => error,
            None => match self.out.borrow_mut().flush() {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
        };
        Err(Error::Stream {
            action: "write output",
            source,
        })
    }

    /// Says something on standard error.
    pub fn note(&self, text: &str) {
        if let Some(sink) = &self.sink {
            return sink.note(text);
        }
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Asks on standard error for a line of input.
    pub fn prompt(&self, text: &str) {
        let mut err = io::stderr();
        let _ = write!(err, "{text}").and_then(|()| err.flush());
    }

    /// Warns on standard error.
    pub fn warn(&self, text: &str) {
        if let Some(sink) = &self.sink {
            return sink.note(text);
        }
        let _ = writeln!(io::stderr(), "warning: {text}");
    }

    /// Tells a failure: to people on standard error, to programs as a record there.
    pub fn fail(&self, error: &Error) {
        let mut err = io::stderr();
        if self.format.get() == Format::Jsonl && !err.is_terminal() {
            let _ = serde_json::to_writer(&mut err, &error.record());
            let _ = writeln!(err);
            return;
        }
        let _ = writeln!(err, "error: {error}");
        if let Some(hint) = error.hint() {
            let _ = writeln!(err, "hint: {hint}");
        }
    }
}
