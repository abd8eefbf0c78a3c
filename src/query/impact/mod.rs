//! What a change reaches: touched symbols, whoever depends on them, the tests among those.
//!
//! The walk goes from the change to whoever depends on it, the nearest first. A
//! plain call is one step long; a step that is less sure is longer ([`costs`]),
//! so that what nobody doubts comes before what might be. Tests that bear the
//! name of what changed come earlier still ([`near`]).

mod costs;
mod near;
mod suite;
mod walk;

use super::Result;
use super::find::file_at;
use super::names::{site, symbol, symbol_text};
use crate::index::Snapshot;
use crate::lang::DefKind;
use crate::record::{Record, Text};

use suite::Suite;
use walk::{Role, Step, Walk};

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

/// Everything that depends on some symbols, nearest first.
pub struct Impact<'s> {
    snapshot: &'s Snapshot,
    steps: Vec<Step>,
    /// The steps that are told, in order, and whether each is a test.
    told: Vec<(usize, bool)>,
}

impl<'s> Impact<'s> {
    /// Walks from `seeds` to whoever depends on them, to the end. With `all`,
    /// what only may depend on them counts, too: call sites that bear the name
    /// of what is reached and could not be decided, whatever holds a symbol that
    /// nobody is seen to use, and test code that has the name of a seed in it.
    pub fn new(snapshot: &'s Snapshot, seeds: &[u32], all: bool) -> Result<Self> {
        Self::of_lines(snapshot, seeds, b"", all)
    }

    /// The same, where the text of the lines that change is known: tests that
    /// share words with it come before others as far away.
    pub fn of_lines(
        snapshot: &'s Snapshot,
        seeds: &[u32],
        lines: &[u8],
        all: bool,
    ) -> Result<Self> {
        let mut walk = Walk::new(snapshot, Suite::new(snapshot)?, all)?;
        walk.run(seeds)?;
        let (steps, suite) = walk.done();
        let closeness = near::Closeness::new(snapshot, seeds, lines)?;
        let mut order = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let test = suite.is_test(step.node, step.role)?;
            let seed = step.depth == 0 && !test;
            // A class that only lends its tests is nothing that was reached.
            let lends = step.role == Role::Lends && !test;
            if seed || lends {
                continue;
            }
            let nearer = if test { closeness.of(step.node)? } else { 0 };
            order.push((step.cost.saturating_sub(nearer), at, test));
        }
        order.sort_unstable();
        let mut told = Vec::new();
        let mut known = rustc_hash::FxHashSet::default();
        for (_, at, test) in order {
            if known.insert(steps[at].node) {
                told.push((at, test));
            }
        }
        Ok(Self {
            snapshot,
            steps,
            told,
        })
    }

    /// What was reached, as records, nearest first; seeds are left out. Each
    /// has its chain, from itself to the touched symbol.
    pub fn records(&self, mut emit: impl FnMut(Record) -> bool) -> Result<()> {
        for &(at, test) in &self.told {
            let step = &self.steps[at];
            let chain = self.chain(at)?;
            let record = Record::Impacted {
                symbol: symbol(self.snapshot, step.node)?,
                test,
                depth: step.depth,
                distance: (step.cost / 10) as f32 / 10.0,
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
