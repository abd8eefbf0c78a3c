//! What a change reaches: touched symbols, whoever depends on them, the tests among those.

use rustc_hash::FxHashMap;

use super::Result;
use super::find::file_at;
use super::names::{confidence, edge_name, site, symbol, symbol_text};
use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::index::records::{EdgeRec, file_flag};
use crate::lang::DefKind;
use crate::record::{Confidence, Record, Text};

/// Lines of a file that a change touches: first and last, 1-based.
pub type Lines = (u32, u32);

/// The symbols that lines of a file belong to: for each line the innermost, or
/// the file for a line outside all of them.
pub fn touched(snapshot: &Snapshot, path: &[u8], lines: &[Lines]) -> Result<Vec<u32>> {
    let Some(file) = file_at(snapshot, path)? else {
        return Ok(Vec::new());
    };
    let record = *snapshot.file(file)?;
    let nodes = record.symbols..record.symbols.saturating_add(record.symbols_len);
    let mut found = Vec::new();
    for &(first, last) in lines {
        for line in first..=last.min(record.lines.saturating_add(1)) {
            let (mut best, mut size) = (record.symbols, u32::MAX);
            for node in nodes.clone() {
                let symbol = snapshot.symbol(node)?;
                let around = symbol.start_line <= line && line <= symbol.end_line;
                let lines = symbol.end_line.saturating_sub(symbol.start_line);
                if around && symbol.kind != DefKind::File as u32 && lines <= size {
                    (best, size) = (node, lines);
                }
            }
            if !found.contains(&best) {
                found.push(best);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// How a symbol was reached.
#[derive(Clone, Copy, Debug)]
struct Step {
    node: u32,
    depth: u32,
    /// The place in the list of the symbol that it depends on.
    from: usize,
    edge: &'static str,
    at: Option<EdgeRec>,
    sure: Confidence,
}

/// Everything that depends on some symbols, nearest first.
pub struct Impact<'s> {
    snapshot: &'s Snapshot,
    steps: Vec<Step>,
    known: FxHashMap<u32, usize>,
    /// Functions of test code whose parameters may name others: `(node, signature)`.
    takers: Option<Vec<u32>>,
}

impl<'s> Impact<'s> {
    /// Walks from `seeds` to whoever depends on them, to the end. With `all`,
    /// call sites count that bear the name of what is reached and could not be
    /// decided, and so does whatever holds a symbol that nobody is seen to use.
    pub fn new(snapshot: &'s Snapshot, seeds: &[u32], all: bool) -> Result<Self> {
        let mut impact = Self {
            snapshot,
            steps: Vec::new(),
            known: FxHashMap::default(),
            takers: None,
        };
        for &node in seeds {
            impact.visit(node, 0, 0, "touched", None, Confidence::Exact);
        }
        let mut at = 0;
        while at < impact.steps.len() {
            impact.widen(at, all)?;
            at += 1;
        }
        Ok(impact)
    }

    fn visit(
        &mut self,
        node: u32,
        depth: u32,
        from: usize,
        edge: &'static str,
        at: Option<EdgeRec>,
        sure: Confidence,
    ) {
        if self.snapshot.is_external(node) || self.known.contains_key(&node) {
            return;
        }
        self.known.insert(node, self.steps.len());
        self.steps.push(Step {
            node,
            depth,
            from,
            edge,
            at,
            sure,
        });
    }

    /// Adds whoever depends directly on the step at `at`.
    fn widen(&mut self, at: usize, all: bool) -> Result<()> {
        let snapshot = self.snapshot;
        let Step { node, depth, .. } = self.steps[at];
        let record = *snapshot.symbol(node)?;
        let whole = record.kind == DefKind::File as u32;
        for kind in [
            EdgeKind::Calls,
            EdgeKind::References,
            EdgeKind::Implements,
            EdgeKind::Overrides,
        ] {
            self.back(at, node, kind)?;
        }
        if whole {
            // Code at the top runs for whoever imports anything of the file.
            let file = *snapshot.file(record.file)?;
            for symbol in file.symbols..file.symbols.saturating_add(file.symbols_len) {
                self.back(at, symbol, EdgeKind::Imports)?;
            }
        }
        // A call of the method that this one overrides may arrive here.
        for edge in snapshot.edges_from(EdgeKind::Overrides, node)? {
            self.visit(
                edge.target,
                depth + 1,
                at,
                "overrides",
                Some(*edge),
                confidence(edge),
            );
        }
        if depth == 0 && record.kind == DefKind::Method as u32 {
            // Instances may call it in ways that no call site shows.
            self.visit(record.parent, 1, at, "defines", None, Confidence::Inferred);
        }
        if all && !whole {
            if is_callable(record.kind) {
                let name = snapshot.text(record.name)?;
                for site in snapshot.unresolved(crate::text::name_hash(name))? {
                    self.visit(site.source, depth + 1, at, "calls", None, Confidence::Name);
                }
            }
            // What nobody is seen to use is used in a way that cannot be seen.
            if self.is_unused(node)? && !self.in_test_code(node)? {
                self.visit(
                    record.parent,
                    depth + 1,
                    at,
                    "defines",
                    None,
                    Confidence::Name,
                );
            }
        }
        if !whole && self.in_test_code(node)? {
            self.takers_of(at, node)?;
        }
        Ok(())
    }

    fn is_unused(&self, node: u32) -> Result<bool> {
        for kind in [
            EdgeKind::Calls,
            EdgeKind::References,
            EdgeKind::Implements,
            EdgeKind::Overrides,
        ] {
            if !self.snapshot.edges_to(kind, node)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn back(&mut self, at: usize, target: u32, kind: EdgeKind) -> Result<()> {
        let depth = self.steps[at].depth + 1;
        for back in self.snapshot.edges_to(kind, target)? {
            let edge = *self.snapshot.edge(back.edge)?;
            self.visit(
                back.source,
                depth,
                at,
                edge_name(kind),
                Some(edge),
                confidence(&edge),
            );
        }
        Ok(())
    }

    /// Test code may name what it needs as a parameter, and the runner passes it.
    fn takers_of(&mut self, at: usize, node: u32) -> Result<()> {
        let snapshot = self.snapshot;
        if self.takers.is_none() {
            let mut takers = Vec::new();
            for record in snapshot.files()? {
                if record.flags & file_flag::TEST == 0 {
                    continue;
                }
                for other in record.symbols..record.symbols.saturating_add(record.symbols_len) {
                    if is_callable(snapshot.symbol(other)?.kind) {
                        takers.push(other);
                    }
                }
            }
            self.takers = Some(takers);
        }
        let name = snapshot.text(snapshot.symbol(node)?.name)?;
        let mut found = Vec::new();
        for &other in self.takers.iter().flatten() {
            let signature = snapshot.text(snapshot.symbol(other)?.signature)?;
            let parameters = signature.iter().position(|byte| *byte == b'(');
            if parameters.is_some_and(|start| has_word(&signature[start..], name)) {
                found.push(other);
            }
        }
        let depth = self.steps[at].depth + 1;
        for other in found {
            self.visit(other, depth, at, "parameter", None, Confidence::Name);
        }
        Ok(())
    }

    fn in_test_code(&self, node: u32) -> Result<bool> {
        let record = self.snapshot.symbol(node)?;
        if self.snapshot.file(record.file)?.flags & file_flag::TEST != 0 {
            return Ok(true);
        }
        let mut outer = *record;
        while outer.kind != DefKind::File as u32 {
            let name = self.snapshot.text(outer.name)?;
            if outer.kind == DefKind::Module as u32 && (name == b"tests" || name == b"test") {
                return Ok(true);
            }
            outer = *self.snapshot.symbol(outer.parent)?;
        }
        Ok(false)
    }

    /// Whether a runner would run it: a function of test code that is named as
    /// a test or that nobody calls, or the top of a test file.
    fn is_test(&self, node: u32) -> Result<bool> {
        if !self.in_test_code(node)? {
            return Ok(false);
        }
        let record = self.snapshot.symbol(node)?;
        if record.kind == DefKind::File as u32 {
            return Ok(true);
        }
        let name = self.snapshot.text(record.name)?.to_ascii_lowercase();
        Ok(is_callable(record.kind)
            && (name.starts_with(b"test")
                || self.snapshot.edges_to(EdgeKind::Calls, node)?.is_empty()))
    }

    /// What was reached, as records, nearest first; seeds are left out. Each
    /// has its chain, from itself to the touched symbol.
    pub fn records(&self, mut emit: impl FnMut(Record) -> bool) -> Result<()> {
        for (at, step) in self.steps.iter().enumerate() {
            let test = self.is_test(step.node)?;
            if step.depth == 0 && !test {
                continue;
            }
            let chain = self.chain(at)?;
            let record = Record::Impacted {
                symbol: symbol(self.snapshot, step.node)?,
                test,
                depth: step.depth,
                of: chain.last().cloned().unwrap_or_default(),
                edge: step.edge,
                site: match &step.at {
                    Some(edge) => Some(site(self.snapshot, edge)?),
                    None => None,
                },
                confidence: step.sure,
                chain,
            };
            if !emit(record) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn chain(&self, mut at: usize) -> Result<Vec<Text>> {
        let mut chain = Vec::new();
        loop {
            let step = &self.steps[at];
            chain.push(Text(symbol_text(self.snapshot, step.node)?));
            if step.depth == 0 {
                return Ok(chain);
            }
            at = step.from;
        }
    }
}

fn is_callable(kind: u32) -> bool {
    kind == DefKind::Function as u32 || kind == DefKind::Method as u32
}

fn has_word(text: &[u8], word: &[u8]) -> bool {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    !word.is_empty()
        && text
            .split(|byte| !part(byte))
            .any(|candidate| candidate == word)
}
