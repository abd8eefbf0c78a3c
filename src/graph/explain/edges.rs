//! Which call, mention or base an edge is, and its chain.

use rustc_hash::FxHashMap;

use super::chain::Chain;
use super::{Asked, CallAt, Explainer, Step};
use crate::facts::format::{NONE, call_flag};
use crate::graph::calls::EXTERNAL;
use crate::graph::emit::EdgeKind;
use crate::graph::names::kind;
use crate::graph::trace::{Decision, Via};
use crate::graph::values::{Kind, Value};

/// Most hops between names until a definition.
const MOST: usize = 64;

impl Explainer<'_> {
    /// The chain of rules behind an edge; empty where linking found no such edge.
    pub fn edge(&mut self, asked: &Asked<'_>) -> Vec<Step> {
        let chain = match asked.kind {
            EdgeKind::Calls => self.call_edge(asked),
            EdgeKind::References => self.reference(asked),
            EdgeKind::Imports => self.import_edge(asked),
            EdgeKind::Implements => self.base_edge(asked),
            EdgeKind::Overrides => self.override_edge(asked),
            EdgeKind::Defines => None,
        };
        chain.map(Chain::finish).unwrap_or_default()
    }

    fn call_edge(&mut self, asked: &Asked<'_>) -> Option<Chain> {
        let mut best: Option<(u32, u32, Decision)> = None;
        for (call, arg) in self.calls_at(asked.file, asked.line, asked.column) {
            for decision in self.trace.decisions(call) {
                let external = decision.target & EXTERNAL != 0;
                let target = decision.target & !EXTERNAL;
                let takes = external == asked.external
                    && asked.targets.contains(&target)
                    && (arg == NONE || decision.arg == arg)
                    && decision.cause.via != Via::Start;
                let surer = best.is_none_or(|(_, _, known)| known.inferred && !decision.inferred);
                if takes && surer && self.is_target(call, decision) {
                    best = Some((call, arg, *decision));
                }
            }
        }
        if let Some((call, _, decision)) = best {
            let mut chain = Chain::at(asked.file, asked.line);
            self.tell_decision(&mut chain, call, &decision);
            return Some(chain);
        }
        self.member_mention(asked, true)
    }

    /// Whether a decision stands, now that everything is settled.
    fn is_target(&self, call: u32, decision: &Decision) -> bool {
        let mut at = self.linker.target_heads[call as usize];
        while let Some(cell) = self.linker.targets.get(at as usize) {
            if (cell.target, cell.arg) == (decision.target, decision.arg) {
                return true;
            }
            at = cell.next;
        }
        false
    }

    /// The calls that have their name, or an argument, at a place.
    pub(super) fn calls_at(&mut self, file: u32, line: u32, column: u32) -> Vec<CallAt> {
        if !self.calls.contains_key(&file) {
            let facts = &self.linker.unit(file).facts;
            let base = self.linker.call_base[file as usize];
            let mut places: FxHashMap<(u32, u32), Vec<CallAt>> = FxHashMap::default();
            for (at, call) in facts.calls.iter().enumerate() {
                let id = base + at as u32;
                places
                    .entry((call.line, call.column))
                    .or_default()
                    .push((id, NONE));
                for (arg, record) in facts.args_of(call).iter().enumerate() {
                    if record.place != 0 {
                        let place = (call.line + (record.place >> 16), record.place & 0xFFFF);
                        places.entry(place).or_default().push((id, arg as u32));
                    }
                }
            }
            self.calls.insert(file, places);
        }
        self.calls[&file]
            .get(&(line, column))
            .cloned()
            .unwrap_or_default()
    }

    /// A member that is read or written at a place; of properties, the call.
    fn member_mention(&mut self, asked: &Asked<'_>, property: bool) -> Option<Chain> {
        if asked.external {
            return None;
        }
        if self.refers.is_none() {
            let mut by_file: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
            for (at, (file, ..)) in self.linker.member_refs.iter().enumerate() {
                by_file.entry(*file).or_default().push(at);
            }
            self.refers = Some(by_file);
        }
        let known = self.refers.as_ref()?.get(&asked.file)?;
        let refs = self.linker.unit(asked.file).facts.refs;
        let found = known.iter().copied().find(|at| {
            let (_, site, def, reads) = self.linker.member_refs[*at];
            let place = refs
                .get(site as usize)
                .map(|mention| (mention.line, mention.column));
            place == Some((asked.line, asked.column))
                && asked.targets.contains(&self.linker.body_of(def))
                && (reads || !property)
        })?;
        let (_, _, def, reads) = self.linker.member_refs[found];
        let cause = self.trace.refers(found);
        let mut chain = Chain::at(asked.file, asked.line);
        if cause.slot != NONE {
            self.follow(&mut chain, cause.slot, cause.value, u32::MAX);
        }
        let (file, line) = (self.linker.file_of(def), self.linker.def(def).line.max(1));
        let (name, of) = (self.named(def), self.described(cause.value));
        let owner = self.linker.owner_of(def);
        if reads {
            let text = format!("{name} is read or written on {of}, which calls it");
            chain.tell("property", file, line, text);
        } else if cause.value.kind() == Kind::Module {
            chain.tell(
                "module_member",
                file,
                line,
                format!("{name} is a member of {of}"),
            );
        } else {
            let class = self.linker.class_of(cause.value);
            let own = class.is_none_or(|class| class == owner);
            let rule = if own { "member_of" } else { "inherited_member" };
            chain.tell(rule, file, line, format!("{name} is a member of {of}"));
        }
        Some(chain)
    }

    fn reference(&mut self, asked: &Asked<'_>) -> Option<Chain> {
        let refs = self.linker.unit(asked.file).facts.refs;
        for mention in refs {
            if (mention.line, mention.column) != (asked.line, asked.column) || mention.slot == NONE
            {
                continue;
            }
            let slot = self.linker.slot_in(asked.file, mention.slot);
            for target in asked.targets {
                let mut chain = Chain::at(asked.file, asked.line);
                if self.tell_name(&mut chain, slot, *target) {
                    return Some(chain);
                }
            }
        }
        self.member_mention(asked, false)
    }

    /// Tells how the name in `slot` came to mean `def`.
    fn tell_name(&mut self, chain: &mut Chain, slot: u32, def: u32) -> bool {
        let value = match self.linker.module_of_def.get(&def) {
            Some(module) => Value::new(Kind::Module, *module),
            None => Value::new(Kind::Def, def),
        };
        if self.trace.arrival(slot, value, u32::MAX).is_some() {
            self.follow(chain, slot, value, u32::MAX);
            if value.kind() == Kind::Module {
                self.tell_end(chain, def);
            }
            return true;
        }
        // A variable has no value of its own: names alone lead to it.
        let home = self.linker.file_of(def);
        let facts = &self.linker.unit(home).facts;
        let local = def - self.linker.def_base[home as usize];
        let members = facts.members.iter().filter(|member| member.def == local);
        let mut own: Vec<u32> = members.map(|member| member.slot).collect();
        own.push(self.linker.def(def).slot);
        own.iter_mut()
            .for_each(|slot| *slot = self.linker.slot_in(home, *slot));
        let way = self.names_between(slot, &own);
        let Some(way) = way else { return false };
        for (from, to) in way {
            self.binding(chain, from, to);
        }
        let line = self.linker.def(def).line.max(1);
        let text = self.named(def);
        if chain.is_bound_in(home) {
            let text = format!("the name is that of {text}, in this file");
            chain.tell("local_binding", home, line, text);
        } else {
            chain.tell("definition", home, line, format!("{text} is defined here"));
        }
        true
    }

    /// The bindings by which `slot` is another name of one of `own`.
    fn names_between(&mut self, slot: u32, own: &[u32]) -> Option<Vec<(u32, u32)>> {
        if self.bindings.is_none() {
            let mut bindings: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
            for laid in self.trace.all_laid() {
                if laid.cause.via == Via::Start {
                    bindings.entry(laid.to).or_default().push(laid.from);
                }
            }
            self.bindings = Some(bindings);
        }
        let bindings = self.bindings.as_ref()?;
        let mut seen = vec![(slot, 0)];
        let mut at = 0;
        while let Some((current, _)) = seen.get(at).copied() {
            if own.contains(&current) {
                break;
            }
            for from in bindings.get(&current).into_iter().flatten() {
                if seen.len() < MOST && seen.iter().all(|(known, _)| known != from) {
                    seen.push((*from, at));
                }
            }
            at += 1;
        }
        seen.get(at)?;
        let mut way = Vec::new();
        while at != 0 {
            let (from, before) = seen[at];
            way.push((from, seen[before].0));
            at = before;
        }
        way.reverse();
        Some(way)
    }

    fn import_edge(&mut self, asked: &Asked<'_>) -> Option<Chain> {
        let unit = self.linker.unit(asked.file);
        let at = unit
            .facts
            .imports
            .iter()
            .position(|import| (import.line, import.column) == (asked.line, asked.column))?;
        let mut chain = Chain::at(asked.file, asked.line);
        let text = self.import_text(asked.file, at as u32);
        if asked.external {
            let target = Value::new(Kind::External, *asked.targets.first()?);
            let text = format!("{text} is {}, outside", self.described(target));
            chain.tell_here("external_import", text);
            return Some(chain);
        }
        let import = &unit.facts.imports[at];
        if import.slot != NONE {
            let slot = self.linker.slot_in(asked.file, import.slot);
            for target in asked.targets {
                if self.linker.stands_for.get(&slot) == Some(target)
                    && self.tell_name(&mut chain, slot, *target)
                {
                    return Some(chain);
                }
            }
        }
        let target = *asked.targets.first()?;
        let text = format!("{text} is {}", self.named(target));
        chain.tell_here("import", text);
        Some(chain)
    }

    fn base_edge(&mut self, asked: &Asked<'_>) -> Option<Chain> {
        let facts = &self.linker.unit(asked.file).facts;
        let mut chain = Chain::at(asked.file, asked.line);
        for base in facts.bases {
            if (base.line, base.column) != (asked.line, asked.column) {
                continue;
            }
            let slot = self.linker.slot_in(asked.file, base.slot);
            let values: Vec<Value> = self
                .linker
                .sets
                .values(slot)
                .map(|(value, _)| value)
                .collect();
            for value in values {
                let class = match value.kind() {
                    Kind::Def => Some(value.index()),
                    Kind::Object => self.linker.applied_class(value),
                    _ => None,
                };
                let Some(class) = class.filter(|class| asked.targets.contains(class)) else {
                    continue;
                };
                chain.tell_here(
                    "extends",
                    format!("{} is written as a base", self.quoted(class)),
                );
                self.follow(&mut chain, slot, value, u32::MAX);
                return Some(chain);
            }
        }
        for source in asked.sources {
            for target in asked.targets {
                if self.linker.has_satisfied(*source, *target) {
                    let (one, other) = (self.quoted(*source), self.quoted(*target));
                    let text = format!("{one} has all methods of {other}");
                    chain.tell_here("interface_implementation", text);
                    return Some(chain);
                }
            }
        }
        None
    }

    fn override_edge(&mut self, asked: &Asked<'_>) -> Option<Chain> {
        let mut chain = Chain::at(asked.file, asked.line);
        let (source, target) = (*asked.sources.first()?, *asked.targets.first()?);
        let (owner, base) = (self.linker.owner_of(source), self.linker.owner_of(target));
        let home = |explainer: &Self, def: u32| match explainer.linker.def(def).kind {
            kind::IMPL => explainer
                .linker
                .hierarchy
                .owners
                .get(&def)
                .copied()
                .unwrap_or(def),
            _ => def,
        };
        let (owner, base) = (home(self, owner), home(self, base));
        let (one, other) = (self.quoted(owner), self.quoted(base));
        let (rule, text) = if self.linker.has_satisfied(owner, base) {
            (
                "interface_implementation",
                format!("{one} has all methods of {other}"),
            )
        } else {
            (
                "override",
                format!("{one} is below {other}, which has a member of that name"),
            )
        };
        chain.tell_here(rule, text);
        let (file, line) = (
            self.linker.file_of(target),
            self.linker.def(target).line.max(1),
        );
        let text = format!("{} is what it overrides", self.named(target));
        chain.tell("definition", file, line, text);
        Some(chain)
    }

    /// Whether a call is written at all.
    pub(super) fn is_written(&self, call: u32) -> bool {
        let file = self.linker.call_file(call);
        self.linker.call(file, call).flags & call_flag::IMPLICIT == 0
    }
}
