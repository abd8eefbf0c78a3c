//! The walk: from the change to whoever depends on it, the shortest way first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::costs;
use super::near;
use super::suite::{Suite, is_callable};
use crate::graph::EdgeKind;
use crate::index::records::{EdgeRec, SymbolRec};
use crate::index::{STORED, Snapshot};
use crate::lang::DefKind;
use crate::query::Result;
use crate::query::names::{confidence, edge_name};
use crate::record::Confidence;

/// In what way a symbol is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// It behaves otherwise itself.
    Itself,
    /// A call of it may arrive at a method that overrides it.
    Called,
    /// A class whose tests all go through what is reached.
    Lends,
}

/// How a symbol was reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) node: u32,
    pub(super) role: Role,
    pub(super) depth: u32,
    /// The place in the list of the step that it depends on.
    pub(super) from: usize,
    pub(super) edge: &'static str,
    pub(super) at: Option<EdgeRec>,
    pub(super) sure: Confidence,
    pub(super) cost: u32,
}

/// What is seen of a symbol from the one that it depends on.
#[derive(Clone, Copy)]
struct Seen {
    edge: &'static str,
    at: Option<EdgeRec>,
    sure: Confidence,
    cost: u32,
}

impl Seen {
    fn at(kind: EdgeKind, edge: &EdgeRec, cost: u32) -> Self {
        Self {
            edge: edge_name(kind),
            at: Some(*edge),
            sure: confidence(edge),
            cost,
        }
    }

    fn unwritten(edge: &'static str, sure: Confidence, cost: u32) -> Self {
        Self {
            edge,
            at: None,
            sure,
            cost,
        }
    }
}

/// A walk.
pub(super) struct Walk<'s> {
    snapshot: &'s Snapshot,
    suite: Suite<'s>,
    all: bool,
    /// Number of the targets at each call's site, in the order of the edges.
    targets: Vec<u16>,
    /// The number of the first call among all edges.
    first: u32,
    steps: Vec<Step>,
    waiting: Vec<Step>,
    queue: BinaryHeap<Reverse<(u32, usize)>>,
    best: FxHashMap<(u32, Role), u32>,
}

impl<'s> Walk<'s> {
    pub(super) fn new(snapshot: &'s Snapshot, suite: Suite<'s>, all: bool) -> Result<Self> {
        Ok(Self {
            snapshot,
            suite,
            all,
            targets: targets(snapshot)?,
            steps: Vec::new(),
            waiting: Vec::new(),
            queue: BinaryHeap::new(),
            best: FxHashMap::default(),
            first: first(snapshot)?,
        })
    }

    /// Walks from `seeds` to the end.
    pub(super) fn run(&mut self, seeds: &[u32]) -> Result<()> {
        for &node in seeds {
            let seen = Seen::unwritten("touched", Confidence::Exact, 0);
            self.push(node, Role::Itself, 0, 0, seen);
        }
        while let Some(Reverse((cost, at))) = self.queue.pop() {
            let step = self.waiting[at];
            if self.best.get(&(step.node, step.role)) != Some(&cost) {
                continue;
            }
            // What waits behind at the same cost is no better.
            self.best.insert((step.node, step.role), 0);
            self.steps.push(step);
            self.widen(self.steps.len() - 1)?;
        }
        Ok(())
    }

    /// The steps, and what tests are.
    pub(super) fn done(self) -> (Vec<Step>, Suite<'s>) {
        (self.steps, self.suite)
    }

    fn push(&mut self, node: u32, role: Role, from: usize, depth: u32, seen: Seen) {
        if self.snapshot.is_external(node) {
            return;
        }
        let before = self.steps.get(from).map_or(0, |step| step.cost);
        let cost = if depth == 0 {
            1
        } else {
            before.saturating_add(seen.cost).max(2)
        };
        let best = self.best.entry((node, role)).or_insert(u32::MAX);
        if *best <= cost {
            return;
        }
        *best = cost;
        self.queue.push(Reverse((cost, self.waiting.len())));
        self.waiting.push(Step {
            node,
            role,
            depth,
            from,
            edge: seen.edge,
            at: seen.at,
            sure: seen.sure,
            cost,
        });
    }

    fn visit(&mut self, at: usize, node: u32, role: Role, seen: Seen) {
        let depth = self.steps[at].depth + 1;
        self.push(node, role, at, depth, seen);
    }

    /// Adds whoever depends directly on the step at `at`.
    fn widen(&mut self, at: usize) -> Result<()> {
        let Step {
            node, role, depth, ..
        } = self.steps[at];
        let record = *self.snapshot.symbol(node)?;
        if role == Role::Lends {
            return self.lent(at, node);
        }
        self.callers(at, node, role)?;
        self.mentions(at, node)?;
        self.overridden(at, node)?;
        if role == Role::Called {
            return self.undecided(at, &record);
        }
        if record.kind == DefKind::File as u32 {
            return self.importers(at, &record);
        }
        for (kind, cost) in [
            (EdgeKind::Implements, costs::SUBCLASS),
            (EdgeKind::Overrides, costs::OVERRIDES),
        ] {
            // What overrides a method runs it by a call, if it does.
            if kind == EdgeKind::Implements || depth == 0 {
                for back in self.snapshot.edges_to(kind, node)? {
                    let edge = *self.snapshot.edge(back.edge)?;
                    self.visit(at, back.source, Role::Itself, Seen::at(kind, &edge, cost));
                }
            }
        }
        if depth == 0 && record.kind == DefKind::Method as u32 {
            // Instances may call it in ways that no call site shows.
            let seen = Seen::unwritten("defines", Confidence::Inferred, costs::HOLDER);
            self.visit(at, record.parent, Role::Itself, seen);
        }
        self.undecided(at, &record)?;
        let in_tests = self.suite.holds(node)?;
        if in_tests {
            self.within_tests(at, node, &record)?;
        } else if self.all && self.is_unused(node)? {
            // What nobody is seen to use is used in a way that cannot be seen.
            let seen = Seen::unwritten("defines", Confidence::Name, costs::UNUSED);
            self.visit(at, record.parent, Role::Itself, seen);
        }
        if self.all && depth == 0 {
            self.worded(at, node)?;
        }
        Ok(())
    }

    fn callers(&mut self, at: usize, node: u32, role: Role) -> Result<()> {
        for back in self.snapshot.edges_to(EdgeKind::Calls, node)? {
            let edge = *self.snapshot.edge(back.edge)?;
            if role == Role::Called && self.overrides(back.source, node)? {
                continue; // Only this one, through `super`.
            }
            let targets = back.edge.wrapping_sub(self.first) as usize;
            let targets = self.targets.get(targets).copied().unwrap_or(1);
            let mut cost = costs::call(&edge, u32::from(targets));
            if self.is_class(back.source)? {
                cost += costs::BODY;
            }
            let seen = Seen::at(EdgeKind::Calls, &edge, cost);
            self.visit(at, back.source, Role::Itself, seen);
        }
        Ok(())
    }

    fn mentions(&mut self, at: usize, node: u32) -> Result<()> {
        let parent = self.snapshot.symbol(node)?.parent;
        let callable = is_callable(self.snapshot.symbol(node)?.kind);
        for back in self.snapshot.edges_to(EdgeKind::References, node)? {
            let edge = *self.snapshot.edge(back.edge)?;
            let cost = if !callable {
                costs::CALL
            } else if back.source == parent && node != parent {
                costs::HANDED_OUT
            } else if self.is_class(back.source)? {
                costs::MENTION + costs::BODY
            } else {
                costs::MENTION
            };
            let seen = Seen::at(EdgeKind::References, &edge, cost);
            self.visit(at, back.source, Role::Itself, seen);
        }
        Ok(())
    }

    /// A call of the method that this one overrides may arrive here.
    fn overridden(&mut self, at: usize, node: u32) -> Result<()> {
        for edge in self.snapshot.edges_from(EdgeKind::Overrides, node)? {
            let overriders = self
                .snapshot
                .edges_to(EdgeKind::Overrides, edge.target)?
                .len();
            let cost = costs::overridden(overriders);
            let seen = Seen::at(EdgeKind::Overrides, edge, cost);
            self.visit(at, edge.target, Role::Called, seen);
        }
        Ok(())
    }

    fn overrides(&self, method: u32, other: u32) -> Result<bool> {
        let edges = self.snapshot.edges_from(EdgeKind::Overrides, method)?;
        Ok(edges.iter().any(|edge| edge.target == other))
    }

    /// Code at the top runs for whoever imports anything of the file.
    fn importers(&mut self, at: usize, record: &SymbolRec) -> Result<()> {
        let file = *self.snapshot.file(record.file)?;
        let mut found: FxHashMap<u32, EdgeRec> = FxHashMap::default();
        for symbol in file.symbols..file.symbols.saturating_add(file.symbols_len) {
            for back in self.snapshot.edges_to(EdgeKind::Imports, symbol)? {
                found
                    .entry(back.source)
                    .or_insert(*self.snapshot.edge(back.edge)?);
            }
        }
        let cost = costs::import(found.len());
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_unstable_by_key(|(source, _)| *source);
        for (source, edge) in found {
            let seen = Seen::at(EdgeKind::Imports, &edge, cost);
            self.visit(at, source, Role::Itself, seen);
        }
        Ok(())
    }

    /// Call sites of that name that nothing decided.
    fn undecided(&mut self, at: usize, record: &SymbolRec) -> Result<()> {
        if !self.all || !is_callable(record.kind) {
            return Ok(());
        }
        let name = self.snapshot.text(record.name)?;
        let sites = self.snapshot.unresolved(crate::text::name_hash(name))?;
        let cost = costs::by_name(sites.len(), self.snapshot.by_name(name)?.len());
        for site in sites {
            let seen = Seen::unwritten("calls", Confidence::Name, cost);
            self.visit(at, site.source, Role::Itself, seen);
        }
        Ok(())
    }

    /// What a runner does with test code: it passes it to those that take it
    /// by its name, runs it around the tests of a class, and in subclasses.
    fn within_tests(&mut self, at: usize, node: u32, record: &SymbolRec) -> Result<()> {
        let named = self.suite.is_named_as_test(record)?;
        if !named {
            for taker in self.suite.takers_of(node)? {
                if taker == node {
                    continue;
                }
                let cost = if self.suite.sees(taker, node)? {
                    costs::PARAMETER
                } else {
                    costs::FAR_PARAMETER
                };
                let seen = Seen::unwritten("parameter", Confidence::Name, cost);
                self.visit(at, taker, Role::Itself, seen);
            }
        }
        let seen = Seen::unwritten("defines", Confidence::Inferred, costs::SET_UP);
        if let Some(class) = self.suite.shared_by(node)? {
            self.visit(at, class, Role::Lends, seen);
        } else if self.is_class(node)? {
            self.visit(at, node, Role::Lends, seen);
        } else if named && record.kind == DefKind::Method as u32 {
            self.lent(at, record.parent)?;
        }
        Ok(())
    }

    /// The subclasses of a class run its tests, and what stands around them.
    fn lent(&mut self, at: usize, class: u32) -> Result<()> {
        for back in self.snapshot.edges_to(EdgeKind::Implements, class)? {
            let edge = *self.snapshot.edge(back.edge)?;
            let seen = Seen::at(EdgeKind::Implements, &edge, costs::SET_UP);
            self.visit(at, back.source, Role::Lends, seen);
        }
        Ok(())
    }

    /// Test code in which the name stands.
    fn worded(&mut self, at: usize, node: u32) -> Result<()> {
        let found = near::mentions(self.snapshot, node)?;
        let count = found.len();
        let users = self.users(node)?;
        for other in found {
            let record = *self.snapshot.symbol(other)?;
            let cost = match is_callable(record.kind) {
                true => costs::by_word(count),
                // Where it is seen who uses it, the import is for them.
                false if users.contains(&record.file) => continue,
                // What only imports it says little of the tests beside.
                false if record.kind == DefKind::File as u32 => {
                    costs::by_word(count) + costs::IMPORT
                }
                false => continue,
            };
            if other != node && self.suite.holds(other)? {
                let seen = Seen::unwritten("references", Confidence::Name, cost);
                self.visit(at, other, Role::Itself, seen);
            }
        }
        Ok(())
    }

    /// The files in which something uses `node`.
    fn users(&self, node: u32) -> Result<FxHashSet<u32>> {
        let mut files = FxHashSet::default();
        for kind in [EdgeKind::Calls, EdgeKind::References, EdgeKind::Implements] {
            for back in self.snapshot.edges_to(kind, node)? {
                files.insert(self.snapshot.symbol(back.source)?.file);
            }
        }
        Ok(files)
    }

    fn is_class(&self, node: u32) -> Result<bool> {
        let kind = self.snapshot.symbol(node)?.kind;
        Ok(kind == DefKind::Class as u32 || kind == DefKind::Interface as u32)
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
}

/// For each call, in the order of the index: how many targets its site has.
fn targets(snapshot: &Snapshot) -> Result<Vec<u16>> {
    let edges = snapshot.edges(EdgeKind::Calls)?;
    let mut counts: FxHashMap<(u32, u32, u32), u16> = FxHashMap::default();
    let mut targets = Vec::with_capacity(edges.len());
    for run in edges.chunk_by(|one, other| one.source == other.source) {
        counts.clear();
        let place = |edge: &EdgeRec| (edge.file, edge.line, edge.column >> 2);
        for edge in run {
            let count = counts.entry(place(edge)).or_insert(0);
            *count = count.saturating_add(1);
        }
        targets.extend(run.iter().map(|edge| counts[&place(edge)]));
    }
    Ok(targets)
}

/// The number of the first call among the edges of all kinds.
fn first(snapshot: &Snapshot) -> Result<u32> {
    let mut first = 0;
    for kind in STORED.iter().take_while(|kind| **kind != EdgeKind::Calls) {
        first += snapshot.edges(*kind)?.len() as u32;
    }
    Ok(first)
}
