//! Written types: what they keep out of a variable, and what they say of the
//! functions that are given where a function's type is written.

use super::names::{Linker, kind};
use super::values::{CAP, Kind, Value};
use crate::facts::format::{NONE, alloc, def_flag};

impl Linker<'_> {
    /// Finds the variables, parameters and results that a written type holds.
    pub(super) fn find_declared(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.declared_types_hold {
                continue;
            }
            let file = file as u32;
            for param in unit.facts.params {
                self.hold(file, param.slot, param.type_slot);
            }
            for def in unit.facts.defs {
                let function = matches!(def.kind, kind::FUNCTION | kind::METHOD);
                let slot = if function { def.ret_slot } else { def.slot };
                self.hold(file, slot, def.type_slot);
            }
        }
    }

    fn hold(&mut self, file: u32, slot: u32, type_slot: u32) {
        if slot == NONE || type_slot == NONE {
            return;
        }
        let written = self.slot_in(file, type_slot);
        let mut classes = Vec::new();
        for (value, _) in self.sets.values(written) {
            let class = match value.kind() {
                Kind::Def => Some(value.index()),
                Kind::Object => match self.alloc(value.index()) {
                    Some((_, record)) if record.kind == alloc::APPLIED => self.applied_class(value),
                    _ => None,
                },
                _ => None,
            };
            match class {
                Some(class) if matches!(self.def(class).kind, kind::CLASS | kind::INTERFACE) => {
                    classes.push(class);
                }
                _ => return,
            }
        }
        if classes.is_empty() {
            return;
        }
        let slot = self.slot_in(file, slot) as usize;
        if self.gates.len() <= slot {
            self.gates.resize(slot + 1, 0);
        }
        self.gate_classes.push(classes.into());
        self.gates[slot] = self.gate_classes.len() as u32;
    }

    /// Whether a slot may hold a value, by the type that is written for it.
    pub(super) fn admits(&mut self, slot: u32, value: Value) -> bool {
        let gate = self.gates.get(slot as usize).copied().unwrap_or(0);
        if gate == 0 {
            return true;
        }
        for at in 0..self.gate_classes[gate as usize - 1].len() {
            let class = self.gate_classes[gate as usize - 1][at];
            if self.is_of(value, class) {
                return true;
            }
        }
        false
    }

    /// Whether `value` can be of the type `class`.
    fn is_of(&mut self, value: Value, class: u32) -> bool {
        let open = self.def(class).kind == kind::INTERFACE;
        match value.kind() {
            Kind::Instance => self.extends(value.index(), class),
            Kind::Applied => match self.applied_class(value) {
                Some(own) => self.extends(own, class),
                None => false,
            },
            Kind::Object => match self.alloc(value.index()) {
                Some((_, record)) if record.kind == alloc::APPLIED => false,
                _ => open,
            },
            Kind::Def | Kind::Bound => open,
            Kind::Module | Kind::External | Kind::Super => false,
        }
    }

    fn extends(&mut self, own: u32, class: u32) -> bool {
        if own == class || self.order(own).contains(&class) {
            return true;
        }
        // What has the members of an interface is of its type.
        if self.def(class).kind != kind::INTERFACE || self.def(own).kind != kind::CLASS {
            return false;
        }
        let file = self.file_of(class);
        let local = class - self.def_base[file as usize];
        let facts = &self.unit(file).facts;
        let members = facts.members_of(local);
        !members.is_empty()
            && members.iter().all(|member| {
                let name = facts.hash(member.name);
                !self.find_member(own, name).is_empty()
            })
    }

    /// A function that arrives where the type of functions is written takes
    /// from it what its own parameters do not say.
    pub(super) fn take_context(&mut self, slot: u32, value: Value) {
        let own = self.signature_of(value);
        if own.is_none() && self.function_of(value).is_none() {
            return;
        }
        let mut others = [value; CAP];
        let mut count = 0;
        for (other, _) in self.sets.values(slot).filter(|(other, _)| *other != value) {
            others[count] = other;
            count += 1;
        }
        for other in others.into_iter().take(count) {
            match (own, self.signature_of(other)) {
                (Some(signature), None) => self.give_context(signature, other),
                (None, Some(signature)) => self.give_context(signature, value),
                _ => {}
            }
        }
    }

    fn give_context(&mut self, signature: u32, value: Value) {
        let Some(def) = self.function_of(value) else {
            return;
        };
        let file = self.file_of(def);
        let facts = &self.unit(file).facts;
        let params = facts.params_of(def - self.def_base[file as usize]);
        for (index, param) in params.iter().enumerate() {
            if param.type_slot != NONE {
                continue;
            }
            if let Some(from) = self.param_at(signature, index) {
                let to = self.slot_in(file, param.slot);
                self.flow(from, to, NONE);
            }
        }
    }

    /// The type of functions that a value is, or that its class can be called as.
    fn signature_of(&mut self, value: Value) -> Option<u32> {
        let is = |linker: &Self, def: u32| linker.def(def).flags & def_flag::SIGNATURE != 0;
        match value.kind() {
            Kind::Def => is(self, value.index()).then(|| value.index()),
            Kind::Instance => {
                let traits = self.unit(self.file_of(value.index())).traits;
                if traits.call_method == 0 || self.def(value.index()).kind != kind::INTERFACE {
                    return None;
                }
                let entries = self.find_member(value.index(), traits.call_method);
                let def = entries.first()?.def;
                (def != NONE && is(self, def)).then_some(def)
            }
            _ => None,
        }
    }
}
