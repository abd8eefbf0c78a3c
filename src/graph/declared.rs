//! Written types: what they keep out of a variable, and what they say of the
//! functions that are given where a function's type is written.

use super::calls::EXTERNAL;
use super::names::{Linker, kind};
use super::values::{Kind, MOST, OPAQUE, Value};
use crate::facts::format::{CallRec, NONE, alloc, def_flag, op};

/// A slot for which several types are written takes anything.
const OPEN: u32 = u32::MAX;

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
            if unit.traits.structural {
                self.hold_variables(file);
            }
        }
        self.find_required();
    }

    /// Every variable with a written type, those without a definition too.
    fn hold_variables(&mut self, file: u32) {
        let facts = &self.unit(file).facts;
        for types in 0..facts.slots() {
            for record in facts.ops_of(types) {
                if record.kind == op::INSTANCE {
                    self.hold(file, record.other, types);
                }
            }
        }
    }

    /// What is called on variables of types outside the repository: a type of
    /// ours that lacks one of these methods is no such type.
    fn find_required(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.structural {
                continue;
            }
            for call in unit.facts.calls.iter().filter(|c| c.receiver != NONE) {
                let slot = self.slot_in(file as u32, call.receiver) as usize;
                let gate = self.gates.get(slot).copied().unwrap_or(0);
                if gate == 0 || gate == OPEN {
                    continue;
                }
                if let [class] = *self.gate_classes[gate as usize - 1]
                    && class & EXTERNAL != 0
                {
                    let name = unit.facts.hash(call.name);
                    self.required.entry(class).or_default().insert(name);
                }
            }
        }
    }

    fn hold(&mut self, file: u32, slot: u32, type_slot: u32) {
        if slot == NONE || type_slot == NONE {
            return;
        }
        let written = self.slot_in(file, type_slot);
        self.declare_signatures(written, self.slot_in(file, slot));
        let structural = self.unit(file).traits.structural;
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
                // A named type that is no structure holds what it is made of.
                Some(class) if self.def(class).type_slot != NONE => return,
                Some(class) if matches!(self.def(class).kind, kind::CLASS | kind::INTERFACE) => {
                    classes.push(class);
                }
                None if structural && value.kind() == Kind::External && value != OPAQUE => {
                    classes.push(EXTERNAL | value.index());
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
        let known = self.gates[slot];
        if structural && known != 0 {
            if known == OPEN || *self.gate_classes[known as usize - 1] != *classes {
                self.gates[slot] = OPEN;
            }
            return;
        }
        self.gate_classes.push(classes.into());
        self.gates[slot] = self.gate_classes.len() as u32;
    }

    /// Types of functions are there before functions come, so that none of
    /// these comes too early to take its context.
    fn declare_signatures(&mut self, types: u32, slot: u32) {
        let values = self.sets.values(types).map(|(value, _)| value);
        let is = |value: &Value| {
            value.kind() == Kind::Def && self.def(value.index()).flags & def_flag::SIGNATURE != 0
        };
        let signatures: Vec<Value> = values.filter(is).collect();
        for signature in signatures {
            self.sets.declare(slot, signature, false);
        }
    }

    /// What a written type keeps out of one slot, it keeps out of another that
    /// has its type from there.
    fn hold_alike(&mut self, from: u32, to: u32) {
        let gate = self.gates.get(from as usize).copied().unwrap_or(0);
        if gate == 0 {
            return;
        }
        let to = to as usize;
        if self.gates.len() <= to {
            self.gates.resize(to + 1, 0);
        }
        if self.gates[to] == 0 {
            self.gates[to] = gate;
        }
    }

    /// Whether a slot may hold a value, by the type that is written for it.
    pub(super) fn admits(&mut self, slot: u32, value: Value) -> bool {
        let gate = self.gates.get(slot as usize).copied().unwrap_or(0);
        if gate == 0 || gate == OPEN {
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
        if class & EXTERNAL != 0 {
            let own = match value.kind() {
                Kind::Instance | Kind::Applied | Kind::Object => self.class_of(value),
                _ => None,
            };
            return own.is_none_or(|own| self.has_required(own, class));
        }
        let open = self.def(class).kind == kind::INTERFACE;
        match value.kind() {
            Kind::Instance => self.extends(value.index(), class),
            Kind::Applied => match self.applied_class(value) {
                Some(own) => self.extends(own, class),
                None => false,
            },
            Kind::Object => match self.alloc(value.index()) {
                Some((_, record)) if record.kind == alloc::APPLIED => false,
                Some((file, _)) if self.unit(file).traits.structural => {
                    let own = self.class_of(value);
                    own.is_none_or(|own| self.extends(own, class))
                }
                _ => open,
            },
            Kind::Def | Kind::Bound => open,
            Kind::Module | Kind::External | Kind::Super => false,
        }
    }

    /// Whether a type of ours has what is called on variables of the type
    /// `external`, as far as can be told.
    fn has_required(&mut self, own: u32, external: u32) -> bool {
        if !matches!(self.def(own).kind, kind::CLASS | kind::INTERFACE) {
            return true;
        }
        if let Some(known) = self.fitting.get(&(own, external)) {
            return *known;
        }
        let names = self.required.get(&external);
        let names: Vec<u64> = names.into_iter().flatten().copied().collect();
        // What a part from outside brings is not known.
        let fits = names
            .iter()
            .all(|name| !self.find_member(own, *name).is_empty())
            || self.external_base(own).is_some();
        self.fitting.insert((own, external), fits);
        fits
    }

    fn extends(&mut self, own: u32, class: u32) -> bool {
        if own == class || self.order(own).contains(&class) {
            return true;
        }
        // What has the members of an interface is of its type.
        if self.def(class).kind != kind::INTERFACE || self.def(own).kind != kind::CLASS {
            return false;
        }
        if let Some(known) = self.fitting.get(&(own, class)) {
            return *known;
        }
        let file = self.file_of(class);
        let local = class - self.def_base[file as usize];
        let facts = &self.unit(file).facts;
        let members = facts.members_of(local);
        let fits = !members.is_empty()
            && members.iter().all(|member| {
                let name = facts.hash(member.name);
                !self.find_member(own, name).is_empty()
            });
        self.fitting.insert((own, class), fits);
        fits
    }

    /// Whether a written type says which member a call means: then values that
    /// flow into that member are no targets, but for functions of its name.
    pub(super) fn is_member_decided(&self, call: &CallRec, mut at: u32) -> bool {
        if call.receiver == NONE {
            return false;
        }
        while let Some(cell) = self.targets.get(at as usize) {
            if cell.target & EXTERNAL == 0 {
                let def = self.def(cell.target);
                let written = !cell.inferred || def.flags & def_flag::ABSTRACT != 0;
                if written && def.kind == kind::METHOD {
                    return true;
                }
            }
            at = cell.next;
        }
        false
    }

    /// A function that arrives where the type of functions is written takes
    /// from it what its own parameters do not say.
    pub(super) fn take_context(&mut self, slot: u32, value: Value) {
        let own = self.signature_of(value);
        if own.is_none() && self.function_of(value).is_none() {
            return;
        }
        let mut others = [value; MOST];
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
                self.hold_alike(from, to);
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
