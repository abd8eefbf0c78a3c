//! Questions of a cell about the repository; answers are handles.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value, json};

use super::Error;
use super::source;
use super::workplace::Workplace;
use crate::lang::DefKind;
use crate::query::{self, CallOptions, DepOptions, Impact, SearchOptions, Subject, SymbolFilter};
use crate::record::{Record, Symbol, Text};
use crate::vector::Embedder;

/// Why a question has no answer: the cell's fault, or the host's.
pub(super) enum Fault {
    /// For the cell to read.
    Cell(String),
    /// For the run to stop.
    Host(Error),
}

impl<E: Into<Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Host(error.into())
    }
}

type Answer = Result<Value, Fault>;

/// The arguments of a call.
pub(super) struct Arguments<'a>(pub(super) &'a Value);

impl Arguments<'_> {
    pub(super) fn text(&self, name: &str) -> Result<&str, Fault> {
        self.optional(name)
            .ok_or_else(|| Fault::Cell(format!("`{name}` is to be a text")))
    }

    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn limit(&self) -> usize {
        let given = self.0.get("limit").and_then(Value::as_u64);
        given.map_or(100, |limit| limit.clamp(1, 1000) as usize)
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Fault> {
        let list = self.0.get(name).and_then(Value::as_array);
        let list = list.ok_or_else(|| Fault::Cell(format!("`{name}` is to be a list")))?;
        list.iter()
            .map(|item| match item.as_str() {
                Some(text) => Ok(text.to_owned()),
                None => Err(Fault::Cell(format!("`{name}` is to be a list of texts"))),
            })
            .collect()
    }
}

/// The symbols that a name means; none is the cell's fault.
pub(super) fn nodes(place: &dyn Workplace, name: &str) -> Result<Vec<u32>, Fault> {
    let found = query::find(place.snapshot(), name.as_bytes())?;
    if found.nodes.is_empty() {
        let near: Vec<String> = found
            .nearest
            .iter()
            .map(|name| format!("`{}`", String::from_utf8_lossy(name)))
            .collect();
        let hint = if near.is_empty() {
            String::new()
        } else {
            format!("; did you mean {}?", near.join(", "))
        };
        return Err(Fault::Cell(format!("no symbol `{name}`{hint}")));
    }
    Ok(found.nodes)
}

/// Answers a question; nothing where the name is that of none.
pub(super) fn answer(
    place: &dyn Workplace,
    embedder: &dyn Embedder,
    name: &str,
    arguments: &Arguments<'_>,
) -> Option<Answer> {
    Some(match name {
        "show" => show(place, arguments),
        "symbols" => symbols(place, arguments),
        "search" => search(place, embedder, arguments),
        "callers" | "callees" => calls(place, name, arguments),
        "refs" => refs(place, arguments),
        "deps" => deps(place, arguments),
        "path" => path(place, arguments),
        "impact" => impact(place, arguments),
        _ => return None,
    })
}

/// Handles that are collected up to a limit, each symbol once.
struct Bag<'a> {
    place: &'a dyn Workplace,
    limit: usize,
    seen: FxHashSet<Text>,
    handles: Vec<Value>,
    total: usize,
}

impl<'a> Bag<'a> {
    fn new(place: &'a dyn Workplace, arguments: &Arguments<'_>) -> Self {
        Self {
            place,
            limit: arguments.limit(),
            seen: FxHashSet::default(),
            handles: Vec::new(),
            total: 0,
        }
    }

    fn add(&mut self, symbol: &Symbol, more: &[(&str, Value)]) -> Result<(), Error> {
        if !self.seen.insert(symbol.symbol.clone()) {
            return Ok(());
        }
        self.total += 1;
        if self.handles.len() < self.limit {
            let mut fields = handle(self.place, symbol)?;
            for (name, value) in more {
                fields.insert((*name).to_owned(), value.clone());
            }
            self.handles.push(Value::Object(fields));
        }
        Ok(())
    }

    fn answer(self) -> Answer {
        Ok(json!({"handles": self.handles, "total": self.total}))
    }
}

/// What a cell learns of a symbol.
pub(super) fn handle(place: &dyn Workplace, symbol: &Symbol) -> Result<Map<String, Value>, Error> {
    let mut fields = Map::new();
    let name = symbol.symbol.lossy().into_owned();
    fields.insert("symbol".to_owned(), name.clone().into());
    fields.insert("kind".to_owned(), symbol.kind.into());
    fields.insert("name".to_owned(), symbol.name.lossy().into());
    if let Some(signature) = &symbol.signature {
        fields.insert("signature".to_owned(), signature.lossy().into());
    }
    if let Some(path) = &symbol.path {
        fields.insert("path".to_owned(), path.lossy().into());
    }
    let found = query::find(place.snapshot(), &symbol.symbol.0)?;
    if let Some(node) = found.nodes.first().copied()
        && !place.snapshot().is_external(node)
    {
        let known = source::measure(place, node)?;
        fields.insert("line".to_owned(), known.first.into());
        fields.insert("end_line".to_owned(), known.last.into());
        fields.insert("tokens".to_owned(), known.tokens.into());
        fields.insert("hash".to_owned(), known.hash.into());
    }
    Ok(fields)
}

fn show(place: &dyn Workplace, arguments: &Arguments<'_>) -> Answer {
    let mut bag = Bag::new(place, arguments);
    for node in nodes(place, arguments.text("symbol")?)? {
        bag.add(&query::symbol(place.snapshot(), node)?, &[])?;
    }
    bag.answer()
}

fn symbols(place: &dyn Workplace, arguments: &Arguments<'_>) -> Answer {
    let filter = SymbolFilter {
        pattern: arguments.optional("pattern").map(|text| text.into()),
        kinds: arguments
            .optional("kind")
            .map(|kind| kind.split(',').map(str::to_owned).collect())
            .unwrap_or_default(),
        languages: Vec::new(),
        path: arguments.optional("path").map(|text| text.into()),
    };
    let mut bag = Bag::new(place, arguments);
    let mut failed = None;
    query::symbols(place.snapshot(), &filter, |record| {
        if let Record::Symbol { symbol, .. } = &record {
            failed = bag.add(symbol, &[]).err();
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(()), Err)?;
    bag.answer()
}

fn search(place: &dyn Workplace, embedder: &dyn Embedder, arguments: &Arguments<'_>) -> Answer {
    let options = SearchOptions {
        tests: arguments.flag("tests"),
        limit: arguments.limit(),
        ..SearchOptions::default()
    };
    let subject = Subject::Query(arguments.text("query")?.to_owned());
    let mut bag = Bag::new(place, arguments);
    for record in query::search(place.snapshot(), &subject, &options, embedder)? {
        if let Record::Hit { symbol, .. } = &record {
            bag.add(symbol, &[])?;
        }
    }
    bag.answer()
}

fn calls(place: &dyn Workplace, name: &str, arguments: &Arguments<'_>) -> Answer {
    let snapshot = place.snapshot();
    let targets = nodes(place, arguments.text("symbol")?)?;
    let options = CallOptions {
        transitive: arguments.flag("transitive"),
        ..CallOptions::default()
    };
    let mut bag = Bag::new(place, arguments);
    let mut failed = None;
    let emit = |record: Record| {
        if let Record::Caller {
            symbol,
            site,
            depth,
            ..
        }
        | Record::Callee {
            symbol,
            site,
            depth,
            ..
        } = &record
        {
            let at = format!("{}:{}", site.site_path.lossy(), site.site_line);
            let mut more = vec![("at", Value::from(at))];
            if *depth > 1 {
                more.push(("depth", (*depth).into()));
            }
            failed = bag.add(symbol, &more).err();
        }
        failed.is_none()
    };
    match name {
        "callers" => query::callers(snapshot, &targets, options, emit)?,
        _ => query::callees(snapshot, &targets, options, emit)?,
    }
    failed.map_or(Ok(()), Err)?;
    bag.answer()
}

fn refs(place: &dyn Workplace, arguments: &Arguments<'_>) -> Answer {
    let targets = nodes(place, arguments.text("symbol")?)?;
    let mut bag = Bag::new(place, arguments);
    let mut failed = None;
    query::refs(place.snapshot(), &targets, |record| {
        if let Record::Reference {
            symbol, site, edge, ..
        } = &record
        {
            let at = format!("{}:{}", site.site_path.lossy(), site.site_line);
            let more = [("at", at.into()), ("edge", (*edge).into())];
            failed = bag.add(symbol, &more).err();
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(()), Err)?;
    bag.answer()
}

fn deps(place: &dyn Workplace, arguments: &Arguments<'_>) -> Answer {
    let of = nodes(place, arguments.text("symbol")?)?;
    let options = DepOptions {
        reverse: arguments.flag("reverse"),
        transitive: arguments.flag("transitive"),
    };
    let mut bag = Bag::new(place, arguments);
    let mut failed = None;
    query::deps(place.snapshot(), &of, options, |record| {
        if let Record::Dependency { symbol, edge, .. } = &record {
            failed = bag.add(symbol, &[("edge", (*edge).into())]).err();
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(()), Err)?;
    bag.answer()
}

fn path(place: &dyn Workplace, arguments: &Arguments<'_>) -> Answer {
    let from = nodes(place, arguments.text("source")?)?;
    let to = nodes(place, arguments.text("target")?)?;
    let mut bag = Bag::new(place, arguments);
    for record in query::path(place.snapshot(), &from, &to)? {
        if let Record::Step { symbol, .. } = &record {
            bag.add(symbol, &[])?;
        }
    }
    bag.answer()
}

fn impact(place: &dyn Workplace, arguments: &Arguments<'_>) -> Answer {
    let snapshot = place.snapshot();
    let seeds = nodes(place, arguments.text("symbol")?)?;
    let only_tests = arguments.flag("tests");
    let mut bag = Bag::new(place, arguments);
    let mut failed = None;
    Impact::new(snapshot, &seeds, true)?.records(|record| {
        if let Record::Impacted {
            symbol,
            test,
            depth,
            edge,
            ..
        } = &record
            && (*test || !only_tests)
        {
            let more = [("depth", (*depth).into()), ("edge", (*edge).into())];
            failed = bag.add(symbol, &more).err();
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(()), Err)?;
    bag.answer()
}

/// What the repository holds, in a few lines: for the first message.
pub(super) fn overview(place: &dyn Workplace) -> Result<String, Error> {
    let snapshot = place.snapshot();
    let mut folders: Vec<(String, u32)> = Vec::new();
    let mut lines = 0u64;
    let files = snapshot.files()?;
    for file in files {
        lines += u64::from(file.lines);
        let path = String::from_utf8_lossy(snapshot.text(file.path)?).into_owned();
        let top = path.split_once('/').map_or(".", |(top, _)| top).to_owned();
        match folders.iter_mut().find(|(name, _)| *name == top) {
            Some((_, count)) => *count += 1,
            None => folders.push((top, 1)),
        }
    }
    folders.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let shown: Vec<String> = folders
        .iter()
        .take(12)
        .map(|(name, count)| format!("{name} ({count})"))
        .collect();
    let mut functions = 0;
    for symbol in snapshot.symbols()? {
        let callable = [DefKind::Function as u32, DefKind::Method as u32];
        functions += u32::from(callable.contains(&symbol.kind));
    }
    Ok(format!(
        "{} files, {lines} lines, {functions} functions; files by folder: {}",
        files.len(),
        shown.join(", ")
    ))
}
