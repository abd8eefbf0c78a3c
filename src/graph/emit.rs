//! From values and targets to edges.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::calls::EXTERNAL;
use super::names::{Linker, kind};
use super::order::sort_grouped;
use super::values::Kind;
use crate::facts::format::{NONE, call_flag, def_flag};

/// What an edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(
    missing_docs,
    reason = "the names say it; `docs/records.md` tells more"
)]
pub enum EdgeKind {
    Defines,
    Calls,
    Imports,
    Implements,
    References,
    Overrides,
}

impl EdgeKind {
    /// How many kinds there are.
    pub const COUNT: usize = 6;
}

/// An edge between two definitions, or from one to an external symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What it says.
    pub kind: EdgeKind,
    /// The definition it starts at, numbered across files.
    pub source: u32,
    /// The definition (or external symbol) it leads to.
    pub target: u32,
    /// Whether `target` is an external symbol.
    pub external: bool,
    /// The file of the site.
    pub file: u32,
    /// Line of the site, 1-based; 0 where there is none.
    pub line: u32,
    /// Byte column of the site, 1-based.
    pub column: u32,
    /// Whether a flow of values, and not scope or type, decides it.
    pub inferred: bool,
    /// No call is written at the site.
    pub implicit: bool,
}

/// Why a call site has no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// Nothing is known of the receiver.
    UnknownReceiver = 1,
    /// Nothing is known of the name.
    UnknownName = 2,
    /// The receiver is known and has no such member.
    NoSuchMember = 3,
    /// More targets than are worth listing.
    TooMany = 4,
}

/// A call site that could not be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    /// The definition that the site stands in.
    pub source: u32,
    /// Hash of the name that is called.
    pub name: u64,
    /// The file of the site.
    pub file: u32,
    /// Line, 1-based.
    pub line: u32,
    /// Byte column, 1-based.
    pub column: u32,
    /// Why.
    pub reason: Reason,
}

/// What linking gives.
#[derive(Debug)]
pub struct Linked {
    /// First definition of each file, and the total at the end.
    pub def_base: Vec<u32>,
    /// All edges, in order.
    pub edges: Vec<Edge>,
    /// Call sites that could not be decided, in order.
    pub unresolved: Vec<Unresolved>,
    /// Names of external symbols.
    pub externals: Vec<String>,
    /// Where a definition's container stands outside its file's nesting:
    /// members of `impl` blocks, and members named by a path.
    pub owners: Vec<(u32, u32)>,
    /// Declarations whose definition stands elsewhere, in order.
    pub declared: Vec<u32>,
    /// What linking cost, in steps that do not depend on the machine.
    pub steps: u64,
}

impl Linker<'_> {
    /// The edges that follow from what was found.
    pub(super) fn emit(mut self) -> Linked {
        let files = self.input.units.len();
        let mut definitions = Vec::new();
        let mut hierarchy = Vec::new();
        self.emit_definitions(&mut definitions);
        self.emit_hierarchy(&mut hierarchy);
        let modules = self.module_files();
        let linker = &self;
        let parts: Vec<(Vec<Edge>, Vec<Unresolved>)> = (0..files)
            .into_par_iter()
            .map(|file| {
                let (mut edges, mut unresolved) = (Vec::new(), Vec::new());
                linker.emit_calls(file, &mut edges, &mut unresolved);
                linker.emit_imports(file, &modules, &mut edges);
                linker.emit_references(file, &mut edges);
                (edges, unresolved)
            })
            .collect();
        self.emit_member_references(&mut hierarchy);
        let mut unresolved = Vec::new();
        let defs = self.def_file.len();
        let mut by_kind: [Vec<Edge>; EdgeKind::COUNT] = Default::default();
        by_kind[EdgeKind::Defines as usize] = definitions;
        let mut sort_in = |some: Vec<Edge>| {
            for edge in some {
                by_kind[edge.kind as usize].push(edge);
            }
        };
        sort_in(hierarchy);
        for (some, mut sites) in parts {
            sort_in(some);
            unresolved.append(&mut sites);
        }
        by_kind.par_iter_mut().for_each(|edges| {
            sort_grouped(edges, defs, |edge| edge.source, |edge| *edge);
        });
        let mut edges = by_kind.concat();
        edges.dedup_by(|later, earlier| {
            let same = (
                later.kind,
                later.source,
                later.target,
                later.external,
                later.file,
                later.line,
                later.column,
            ) == (
                earlier.kind,
                earlier.source,
                earlier.target,
                earlier.external,
                earlier.file,
                earlier.line,
                earlier.column,
            );
            if same {
                earlier.inferred &= later.inferred;
                earlier.implicit &= later.implicit;
            }
            same
        });
        unresolved.par_sort_unstable();
        Linked {
            edges,
            unresolved,
            ..self.outline()
        }
    }

    /// What linking gives beside edges and sites.
    pub(super) fn outline(&self) -> Linked {
        let externals = (0..self.externals.len())
            .map(|at| self.external_name(at))
            .collect();
        let mut owners: Vec<(u32, u32)> = self
            .hierarchy
            .owners
            .iter()
            .map(|(def, owner)| (*def, *owner))
            .collect();
        owners.sort_unstable();
        let mut declared: Vec<u32> = self.bodies.keys().copied().collect();
        declared.sort_unstable();
        Linked {
            def_base: self.def_base.clone(),
            edges: Vec::new(),
            unresolved: Vec::new(),
            externals,
            owners,
            declared,
            steps: self.steps,
        }
    }

    /// Whether something outside has no name: what a call gave, or no value at all.
    fn is_nameless(&self, external: u32) -> bool {
        let (parent, _, text) = &self.externals[external as usize];
        *parent == NONE && text.is_empty()
    }

    /// The definition that stands for `def` in edges: members of an `impl`
    /// are its type's, and the file stands for its top level.
    fn shown(&self, def: u32) -> u32 {
        let record = self.def(def);
        if record.kind == kind::IMPL {
            return self
                .hierarchy
                .owners
                .get(&def)
                .copied()
                .unwrap_or_else(|| self.shown_parent(def));
        }
        def
    }

    fn shown_parent(&self, def: u32) -> u32 {
        let mut at = self.parent(def);
        for _ in 0..64 {
            let record = self.def(at);
            if record.kind != kind::IMPL && record.kind != kind::TYPE_PARAM {
                break;
            }
            at = self.parent(at);
        }
        at
    }

    fn emit_definitions(&self, edges: &mut Vec<Edge>) {
        for def in 0..self.def_file.len() as u32 {
            let record = self.def(def);
            let elsewhere = record.flags & (def_flag::FORWARD | def_flag::SIGNATURE) != 0
                || self.bodies.contains_key(&def);
            if elsewhere || matches!(record.kind, kind::FILE | kind::IMPL | kind::TYPE_PARAM) {
                continue;
            }
            let source = match self.hierarchy.owners.get(&def) {
                Some(owner) => *owner,
                None => self.shown(self.parent(def)),
            };
            edges.push(Edge {
                kind: EdgeKind::Defines,
                source,
                target: def,
                external: false,
                inferred: false,
                implicit: false,
                file: self.file_of(def),
                line: record.line,
                column: record.column,
            });
        }
    }

    fn emit_calls(&self, file: usize, edges: &mut Vec<Edge>, unresolved: &mut Vec<Unresolved>) {
        let unit = &self.input.units[file];
        let base = self.def_base[file];
        for (local, call) in unit.facts.calls.iter().enumerate() {
            let id = self.call_base[file] + local as u32;
            let source = self.shown(base + call.caller);
            let implicit = call.flags & call_flag::IMPLICIT != 0;
            let mut at = self.target_heads[id as usize];
            if !self.is_decided(at) {
                let made = unit.traits.callables_apart
                    && call.flags & call_flag::NEW != 0
                    && !self.sets.is_empty(self.slot_in(file as u32, call.result));
                if !implicit && !made && !self.is_conversion(file as u32, call) {
                    let reason = self.reason(file as u32, call);
                    let (line, column) = (call.line, call.column);
                    let name = unit.facts.hash(call.name);
                    let file = file as u32;
                    unresolved.push(Unresolved {
                        source,
                        name,
                        file,
                        line,
                        column,
                        reason,
                    });
                }
                continue;
            }
            let decided = unit.traits.declared_types_hold && self.is_member_decided(call, at);
            // Where it is known what a call enters, declarations are no targets.
            let known = unit.traits.structural && self.has_body(id);
            while at != NONE {
                let cell = self.targets[at as usize];
                at = cell.next;
                let external = cell.target & EXTERNAL != 0;
                if known && !external && self.def(cell.target).flags & def_flag::ABSTRACT != 0 {
                    continue;
                }
                let stored = decided && cell.inferred && !external && cell.arg == NONE;
                if stored && self.def_name(cell.target) != unit.facts.hash(call.name) {
                    continue;
                }
                // Something outside without a name is decided, but no symbol.
                if external && (implicit || self.is_nameless(cell.target & !EXTERNAL))
                    || self.is_signature(cell.target)
                {
                    continue;
                }
                if !external && unit.traits.silent_constructors && self.is_class(cell.target) {
                    continue;
                }
                // A function that is called back is called where it is given.
                let args = unit.facts.args_of(call);
                let place = args.get(cell.arg as usize).map_or(0, |arg| arg.place);
                let (line, column) = match place {
                    0 => (call.line, call.column),
                    place => (call.line + (place >> 16), place & 0xFFFF),
                };
                let implicit = implicit || cell.arg != NONE;
                edges.push(Edge {
                    kind: EdgeKind::Calls,
                    source,
                    target: cell.target & !EXTERNAL,
                    external,
                    inferred: cell.inferred,
                    implicit,
                    file: file as u32,
                    line,
                    column,
                });
            }
        }
    }

    /// Whether what is called is a type.
    fn is_conversion(&self, file: u32, call: &crate::facts::format::CallRec) -> bool {
        if call.callee == NONE || !self.unit(file).traits.call_converts {
            return false;
        }
        let slot = self.slot_in(file, call.callee);
        let mut values = self.sets.values(slot);
        values.any(|(value, _)| self.converts(file, value))
    }

    fn reason(&self, file: u32, call: &crate::facts::format::CallRec) -> Reason {
        let slot = if call.receiver == NONE {
            call.callee
        } else {
            call.receiver
        };
        if slot == NONE {
            return Reason::UnknownName;
        }
        let slot = self.slot_in(file, slot);
        match (
            self.sets.is_full(slot),
            self.sets.is_empty(slot),
            call.receiver == NONE,
        ) {
            (true, _, _) => Reason::TooMany,
            (_, true, true) => Reason::UnknownName,
            (_, true, false) => Reason::UnknownReceiver,
            _ => Reason::NoSuchMember,
        }
    }

    fn emit_imports(&self, file: usize, files: &FxHashMap<u32, Vec<u32>>, edges: &mut Vec<Edge>) {
        let unit = &self.input.units[file];
        let base = self.def_base[file];
        for (import, target) in unit.facts.imports.iter().zip(&unit.imports) {
            let mut push = |target: u32, external: bool| {
                edges.push(Edge {
                    kind: EdgeKind::Imports,
                    source: base,
                    target,
                    external,
                    inferred: false,
                    implicit: false,
                    file: file as u32,
                    line: import.line,
                    column: import.column,
                });
            };
            let mut known = false;
            if import.slot != NONE {
                let slot = self.slot_in(file as u32, import.slot);
                if let Some(def) = self.stands_for.get(&slot) {
                    push(*def, false);
                    known = true;
                }
            }
            let module = if target.submodule == NONE {
                target.module
            } else {
                target.submodule
            };
            if module != NONE && !known {
                for &def in files.get(&module).into_iter().flatten() {
                    push(def, false);
                }
            } else if target.external != NONE && !known {
                let slot = import.slot;
                let external = (slot != NONE)
                    .then(|| self.slot_in(file as u32, slot))
                    .and_then(|slot| {
                        self.sets
                            .values(slot)
                            .find(|(value, _)| value.kind() == Kind::External)
                    })
                    .map(|(value, _)| value.index());
                if let Some(external) = external {
                    push(external, true);
                }
            }
        }
    }

    /// The files of each module, as definitions.
    fn module_files(&self) -> FxHashMap<u32, Vec<u32>> {
        let mut files: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (file, unit) in self.input.units.iter().enumerate() {
            let known = files.entry(unit.module).or_default();
            // One file stands for a module of very many.
            if known.len() < 64 {
                known.push(self.def_base[file]);
            }
        }
        files
    }

    fn emit_hierarchy(&mut self, edges: &mut Vec<Edge>) {
        let mut classes: Vec<u32> = self.hierarchy.bases.keys().copied().collect();
        classes.sort_unstable();
        for class in &classes {
            let record = self.def(*class);
            if record.kind == kind::TYPE_PARAM || record.flags & def_flag::VARIANT != 0 {
                continue;
            }
            let bases = self.hierarchy.bases[class].clone();
            // What a class is made of, it does not implement.
            let part = self.unit(self.file_of(*class)).traits.embeds
                && self.def(*class).kind == kind::CLASS;
            for base in bases.into_iter().filter(|_| !part) {
                edges.push(Edge {
                    kind: EdgeKind::Implements,
                    source: *class,
                    target: base.class,
                    external: false,
                    inferred: false,
                    implicit: false,
                    file: base.file,
                    line: base.line,
                    column: base.column,
                });
            }
        }
        self.emit_satisfied(edges);
        self.emit_overrides(&classes, edges);
    }

    fn emit_overrides(&mut self, classes: &[u32], edges: &mut Vec<Edge>) {
        for def in 0..self.def_file.len() as u32 {
            let record = *self.def(def);
            if record.kind != kind::METHOD || record.flags & def_flag::CONSTRUCTOR != 0 {
                continue;
            }
            let parent = self.parent(def);
            let class = self
                .hierarchy
                .owners
                .get(&parent)
                .or_else(|| self.hierarchy.owners.get(&def))
                .copied()
                .unwrap_or(parent);
            if classes.binary_search(&class).is_err() {
                continue;
            }
            let name = self.member_name(def);
            for entry in self.overridden(class, name, def) {
                if entry.def == NONE || entry.def == def || !self.is_function(entry.def) {
                    continue;
                }
                edges.push(Edge {
                    kind: EdgeKind::Overrides,
                    source: def,
                    target: entry.def,
                    external: false,
                    inferred: false,
                    implicit: false,
                    file: self.file_of(def),
                    line: record.line,
                    column: record.column,
                });
            }
        }
    }

    fn emit_references(&self, file: usize, edges: &mut Vec<Edge>) {
        let unit = &self.input.units[file];
        let base = self.def_base[file];
        // The definition that a slot of this file is.
        let mut meant = vec![NONE; unit.facts.slots() as usize];
        for (local, def) in unit.facts.defs.iter().enumerate().skip(1) {
            if !matches!(def.kind, kind::IMPL | kind::TYPE_PARAM) {
                meant[def.slot as usize] = base + local as u32;
            }
        }
        for member in unit.facts.members {
            if member.def != NONE && meant[member.slot as usize] == NONE {
                meant[member.slot as usize] = base + member.def;
            }
        }
        for mention in unit.facts.refs {
            if mention.slot == NONE {
                continue;
            }
            let slot = self.slot_in(file as u32, mention.slot);
            let own = meant[mention.slot as usize];
            let target = if own == NONE {
                match self.stands_for.get(&slot) {
                    Some(def) => *def,
                    None => match self.single_def(slot) {
                        Some(def) => def,
                        None => continue,
                    },
                }
            } else {
                own
            };
            let target = self.body_of(target);
            edges.push(Edge {
                kind: EdgeKind::References,
                source: self.shown(base + mention.scope),
                target,
                external: false,
                inferred: false,
                implicit: false,
                file: file as u32,
                line: mention.line,
                column: mention.column,
            });
        }
    }

    /// Mentions that were found by reading members; a property is called, too.
    fn emit_member_references(&self, edges: &mut Vec<Edge>) {
        for (file, site, def, property) in &self.member_refs {
            let unit = self.unit(*file);
            let Some(mention) = unit.facts.refs.get(*site as usize) else {
                continue;
            };
            let source = self.shown(self.def_base[*file as usize] + mention.scope);
            let kinds = [EdgeKind::References, EdgeKind::Calls];
            for kind in &kinds[..if *property { 2 } else { 1 }] {
                edges.push(Edge {
                    kind: *kind,
                    source,
                    target: self.body_of(*def),
                    external: false,
                    inferred: *property,
                    implicit: *property,
                    file: *file,
                    line: mention.line,
                    column: mention.column,
                });
            }
        }
    }

    /// Whether one of a call's targets is more than the type of a function.
    fn is_decided(&self, mut at: u32) -> bool {
        while let Some(cell) = self.targets.get(at as usize) {
            if !self.is_signature(cell.target) {
                return true;
            }
            at = cell.next;
        }
        false
    }

    fn is_signature(&self, target: u32) -> bool {
        target & EXTERNAL == 0 && self.def(target).flags & def_flag::SIGNATURE != 0
    }

    fn single_def(&self, slot: u32) -> Option<u32> {
        let mut values = self.sets.values(slot);
        let (first, inferred) = values.next()?;
        let def =
            (first.kind() == Kind::Def && !self.is_signature(first.index())).then(|| first.index());
        def.filter(|_| values.next().is_none() && !inferred)
    }
}
