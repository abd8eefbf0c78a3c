//! Calls through interfaces that types satisfy by their methods, and what else
//! follows from types that are made of other types.

use rustc_hash::FxHashMap;

use super::calls::EXTERNAL;
use super::emit::{Edge, EdgeKind};
use super::flow::DynamicOp;
use super::names::{Linker, kind};
use super::values::{Kind, Value};
use crate::facts::format::{NONE, def_flag};

/// More types than this are not listed as targets of one call.
const MOST: usize = 24;

/// How often calls that have become known may lead to further ones.
const ROUNDS: usize = 3;

/// How many types are compared with interfaces at all.
const BUDGET: usize = 1 << 20;

/// Interfaces, and the types that have their methods.
#[derive(Default)]
pub(super) struct Satisfied {
    by_interface: FxHashMap<u32, Vec<u32>>,
}

impl Linker<'_> {
    /// Sends calls on interfaces of which no value is known to the types that
    /// satisfy them, and passes on what follows.
    pub(super) fn dispatch(&mut self) {
        if !self.input.units.iter().any(|unit| unit.traits.structural) {
            return;
        }
        // Now that it is known which types satisfy which interfaces.
        self.solve();
        let mut done = vec![false; self.target_heads.len()];
        for _ in 0..ROUNDS {
            let open = self.open_calls(&mut done);
            if open.is_empty() {
                break;
            }
            for (file, call, name, class) in open {
                let value = Value::new(Kind::Instance, class);
                let receiver = self.slot_in(file, self.call(file, call).receiver);
                self.because(receiver, value, super::trace::Via::Satisfies);
                self.call_method(file, call, value, name, true);
            }
            self.run();
        }
    }

    /// Calls without a target that has a body, and the types that they may mean.
    fn open_calls(&mut self, done: &mut [bool]) -> Vec<(u32, u32, u64, u32)> {
        let mut open = Vec::new();
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.structural {
                continue;
            }
            let file = file as u32;
            for (local, record) in unit.facts.calls.iter().enumerate() {
                let call = self.call_base[file as usize] + local as u32;
                if record.receiver == NONE || done[call as usize] || self.has_body(call) {
                    continue;
                }
                let name = unit.facts.hash(record.name);
                let slot = self.slot_in(file, record.receiver);
                let values: Vec<Value> = self.sets.values(slot).map(|(value, _)| value).collect();
                for value in values {
                    for interface in self.interfaces_of(value, name) {
                        let known = self.satisfied.by_interface.get(&interface);
                        let types = known.map_or(&[][..], Vec::as_slice);
                        if types.len() > MOST {
                            continue;
                        }
                        done[call as usize] |= !types.is_empty();
                        open.extend(types.iter().map(|class| (file, call, name, *class)));
                    }
                }
            }
        }
        open
    }

    /// Whether a call has a target with a body.
    pub(super) fn has_body(&self, call: u32) -> bool {
        let mut at = self.target_heads[call as usize];
        while let Some(cell) = self.targets.get(at as usize) {
            let inside = cell.target & EXTERNAL == 0;
            if inside && self.def(cell.target).flags & def_flag::ABSTRACT == 0 {
                return true;
            }
            at = cell.next;
        }
        false
    }

    /// The interfaces through which `value` is seen when `name` is called on it.
    pub(super) fn interfaces_of(&mut self, value: Value, name: u64) -> Vec<u32> {
        if !matches!(value.kind(), Kind::Instance | Kind::Applied) {
            return Vec::new();
        }
        let Some(class) = self.class_of(value) else {
            return Vec::new();
        };
        match self.def(class).kind {
            kind::INTERFACE => vec![class],
            kind::TYPE_PARAM => {
                let order = self.order(class);
                let is_interface = |base: &u32| self.def(*base).kind == kind::INTERFACE;
                order.iter().copied().filter(is_interface).collect()
            }
            _ => {
                let entries = self.find_member(class, name);
                let defs = entries.iter().map(|entry| entry.def);
                let owners = defs
                    .filter(|def| *def != NONE)
                    .map(|def| self.owner_of(def));
                let is_interface = |owner: &u32| self.def(*owner).kind == kind::INTERFACE;
                owners.filter(is_interface).collect()
            }
        }
    }

    /// Whether it was found that a type has the methods of an interface.
    pub(super) fn has_satisfied(&self, class: u32, interface: u32) -> bool {
        let known = self.satisfied.by_interface.get(&interface);
        known.is_some_and(|types| types.binary_search(&class).is_ok())
    }

    /// Whether a type has the methods of an interface, as far as can be told.
    pub(super) fn satisfies(&self, class: u32, interface: u32) -> bool {
        if self.def(class).kind != kind::CLASS {
            return true;
        }
        let known = self.satisfied.by_interface.get(&interface);
        known.is_none_or(|types| types.binary_search(&class).is_ok())
    }

    /// Whether `class` can be the type of a call's receiver: where that is
    /// declared to be an interface, only types that satisfy it can.
    pub(super) fn fits(&self, file: u32, call: u32, class: u32) -> bool {
        let record = self.call(file, call);
        if record.receiver == NONE || !self.unit(file).traits.structural {
            return true;
        }
        let slot = self.slot_in(file, record.receiver);
        let (mut any, mut fits) = (false, false);
        for (value, _) in self.sets.values(slot) {
            let index = value.index();
            if value.kind() == Kind::Instance && self.def(index).kind == kind::INTERFACE {
                any = true;
                fits |= self.satisfies(class, index);
            }
        }
        fits || !any
    }

    /// The class that a member belongs to.
    pub(super) fn owner_of(&self, def: u32) -> u32 {
        let owner = self.hierarchy.owners.get(&def);
        owner.copied().unwrap_or_else(|| self.parent(def))
    }

    /// Finds which types have all methods of which interfaces.
    pub(super) fn find_satisfied(&mut self) {
        if !self.input.units.iter().any(|unit| unit.traits.structural) {
            return;
        }
        let mut own: FxHashMap<u32, Vec<(u64, u32)>> = FxHashMap::default();
        let (mut classes, mut interfaces) = (Vec::new(), Vec::new());
        for def in 0..self.def_file.len() as u32 {
            if !self.unit(self.file_of(def)).traits.structural {
                continue;
            }
            match self.def(def).kind {
                kind::METHOD => {
                    let owner = self.owner_of(def);
                    own.entry(owner)
                        .or_default()
                        .push((self.def_name(def), def));
                }
                kind::CLASS => classes.push(def),
                kind::INTERFACE => interfaces.push(def),
                _ => {}
            }
        }
        let mut having: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        for class in classes {
            for (name, _) in self.methods_of(class, &own) {
                having.entry(name).or_default().push(class);
            }
        }
        let mut budget = BUDGET;
        for interface in interfaces {
            let methods = self.methods_of(interface, &own);
            let rarest = methods
                .iter()
                .map(|(name, _)| having.get(name).map_or(&[][..], Vec::as_slice))
                .min_by_key(|types| types.len())
                .unwrap_or_default();
            if methods.is_empty() {
                continue;
            }
            // Far more types than any repository has stay undecided.
            let Some(left) = budget.checked_sub(rarest.len()) else {
                continue;
            };
            budget = left;
            let mut found = Vec::new();
            for class in rarest {
                let all = methods
                    .iter()
                    .all(|(name, method)| self.has_method(*class, *name, *method));
                if all {
                    found.push(*class);
                }
            }
            self.satisfied.by_interface.insert(interface, found);
        }
    }

    /// The methods of a type, those of its parts included.
    fn methods_of(&mut self, class: u32, own: &FxHashMap<u32, Vec<(u64, u32)>>) -> Vec<(u64, u32)> {
        if !self.hierarchy.bases.contains_key(&class) {
            return own.get(&class).cloned().unwrap_or_default();
        }
        let mut found: Vec<(u64, u32)> = Vec::new();
        for base in self.order(class).iter() {
            for method in own.get(base).into_iter().flatten() {
                if found.len() < 256 && found.iter().all(|known| known.0 != method.0) {
                    found.push(*method);
                }
            }
        }
        found
    }

    /// Whether `class` has a method like `method`, as far as can be told.
    fn has_method(&mut self, class: u32, name: u64, method: u32) -> bool {
        let entries = self.find_member(class, name);
        entries.iter().any(|entry| {
            entry.def != NONE && self.is_function(entry.def) && self.alike(entry.def, method)
        })
    }

    /// Whether two methods take and give the same, as far as can be told.
    fn alike(&self, one: u32, other: u32) -> bool {
        let (file, other_file) = (self.file_of(one), self.file_of(other));
        let (first, second) = (self.def(one), self.def(other));
        let params = |def: u32, file: u32| {
            let local = def - self.def_base[file as usize];
            self.unit(file).facts.params_of(local)
        };
        let (mine, others) = (params(one, file), params(other, other_file));
        mine.len() == others.len()
            && (first.ret_slot == NONE) == (second.ret_slot == NONE)
            && mine.iter().zip(others).all(|(mine, others)| {
                self.same_type((file, mine.type_slot), (other_file, others.type_slot))
            })
            && self.same_type((file, first.type_slot), (other_file, second.type_slot))
    }

    /// Whether two written types may be the same.
    fn same_type(&self, one: (u32, u32), other: (u32, u32)) -> bool {
        let named = |(file, slot): (u32, u32)| {
            if slot == NONE {
                return None;
            }
            let (value, _) = self.sets.values(self.slot_in(file, slot)).next()?;
            let known = match value.kind() {
                Kind::Def => self.def(value.index()).kind != kind::TYPE_PARAM,
                Kind::External => true,
                _ => false,
            };
            known.then_some(value)
        };
        match (named(one), named(other)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    /// The part of `receiver` that a method of one of its bases is called on.
    pub(super) fn part_of(&self, receiver: Value, class: u32, def: u32) -> Value {
        if def == NONE || !self.unit(self.file_of(def)).traits.embeds {
            return receiver;
        }
        let owner = self.owner_of(def);
        if owner == class || self.def(owner).kind != kind::CLASS {
            return receiver;
        }
        Value::new(Kind::Instance, owner)
    }

    /// A method that a type has from an interface among its parts is called on
    /// what the part holds.
    pub(super) fn call_part(&mut self, call: u32, class: u32, def: u32) {
        if !self.unit(self.file_of(def)).traits.embeds {
            return;
        }
        let owner = self.owner_of(def);
        if owner == class
            || self.def(owner).kind != kind::INTERFACE
            || self.def(class).kind != kind::CLASS
        {
            return;
        }
        let (part, name) = (self.def_name(owner), self.def_name(def));
        for entry in self.find_member(class, part) {
            self.hang(entry.slot, DynamicOp::Method { call, name });
        }
    }

    /// Functions that a variable of a named function type holds are receivers
    /// of the type's methods.
    pub(super) fn call_on_function(&mut self, file: u32, call: u32, name: u64, class: u32) {
        let record = self.call(file, call);
        if record.receiver == NONE || self.def(class).type_slot == NONE {
            return;
        }
        let slot = self.slot_in(file, record.receiver);
        let values: Vec<Value> = self.sets.values(slot).map(|(value, _)| value).collect();
        for entry in self.find_member(class, name) {
            if entry.def == NONE || self.def(entry.def).this_slot == NONE {
                continue;
            }
            let target = self.file_of(entry.def);
            let this = self.slot_in(target, self.def(entry.def).this_slot);
            for value in &values {
                if self.function_of(*value).is_some() {
                    self.sets.add(this, *value, true);
                }
            }
        }
    }

    /// The named types that the other values of a call's receiver have.
    pub(super) fn named_types(&self, file: u32, call: u32) -> Vec<u32> {
        let record = self.call(file, call);
        if record.receiver == NONE || !self.unit(file).traits.structural {
            return Vec::new();
        }
        let slot = self.slot_in(file, record.receiver);
        let values = self.sets.values(slot);
        let named = values.filter(|(value, _)| value.kind() == Kind::Instance);
        named
            .map(|(value, _)| value.index())
            .filter(|class| self.def(*class).type_slot != NONE)
            .collect()
    }

    /// Which types satisfy which interfaces, as edges.
    pub(super) fn emit_satisfied(&mut self, edges: &mut Vec<Edge>) {
        let satisfied = std::mem::take(&mut self.satisfied.by_interface);
        let mut pairs: Vec<(u32, u32)> = satisfied
            .iter()
            .flat_map(|(interface, types)| types.iter().map(|class| (*class, *interface)))
            .collect();
        pairs.sort_unstable();
        let edge = |kind: EdgeKind, source: u32, target: u32, linker: &Self| {
            let record = linker.def(source);
            Edge {
                kind,
                source,
                target,
                external: false,
                inferred: false,
                implicit: false,
                file: linker.file_of(source),
                line: record.line,
                column: record.column,
            }
        };
        let mut methods: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for def in 0..self.def_file.len() as u32 {
            if self.def(def).kind == kind::METHOD {
                let owner = self.owner_of(def);
                if satisfied.contains_key(&owner) {
                    methods.entry(owner).or_default().push(def);
                }
            }
        }
        for (class, interface) in pairs {
            edges.push(edge(EdgeKind::Implements, class, interface, self));
            for method in methods.get(&interface).into_iter().flatten() {
                let name = self.def_name(*method);
                let container = self.container(class);
                for entry in self.table.get(container, name) {
                    if entry.def != NONE && self.is_function(entry.def) {
                        edges.push(edge(EdgeKind::Overrides, entry.def, *method, self));
                    }
                }
            }
        }
    }
}
