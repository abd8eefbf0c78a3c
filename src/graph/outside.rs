//! Calls of what is outside: functions that call back, pass on, or mix.

use super::calls::EXTERNAL;
use super::flow::DynamicOp;
use super::members::any;
use super::names::Linker;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, call_flag, param_flag};

impl Linker<'_> {
    /// The name of an external symbol: its path, and its members behind that.
    pub(super) fn external_name(&self, at: usize) -> String {
        let mut parts = Vec::new();
        let mut at = at as u32;
        while let Some((parent, _, text)) = self.externals.get(at as usize) {
            parts.push(text.as_str());
            at = *parent;
        }
        parts.reverse();
        let root = parts.first().copied().unwrap_or_default();
        let mut name = root.to_owned();
        for (index, part) in parts.iter().enumerate().skip(1) {
            name.push_str(if index == 1 && !root.contains("::") {
                "::"
            } else {
                "."
            });
            name.push_str(part);
        }
        name
    }

    /// Something outside is called on a container: it may give the container
    /// or an element, hands elements to functions, and may add its arguments.
    pub(super) fn call_container(&mut self, file: u32, call: u32, value: Value, name: u64) {
        let record = *self.call(file, call);
        let unit = self.unit(file);
        if let Some(external) = self.applied_external(value) {
            let text = self.name_text(file, name);
            let member = self.external_child(external, name, &text);
            self.add_target(call, EXTERNAL | member, true);
        }
        let result = self.slot_in(file, record.result);
        let elements = self.field(value, any());
        let owner = self.applied_external(value).unwrap_or(NONE);
        if !self.give_outside(file, call, owner, name, true) {
            self.flow(elements, result, NONE);
            self.sets.add(result, value, true);
        }
        let adds = unit.traits.adders.contains(&name);
        for arg in unit.facts.args_of(&record) {
            let slot = self.slot_in(file, arg.slot);
            if adds {
                self.flow(slot, elements, NONE);
                let unknown = self.field(value, super::members::unknown_key());
                self.flow(slot, unknown, NONE);
            }
        }
        if self
            .alloc(value.index())
            .is_some_and(|(_, record)| record.args_len == 2)
        {
            // Of two arguments, the first are the keys.
            let keys = self.field(value, super::members::argument(0));
            self.key_slots.insert(elements, keys);
        }
        if unit.traits.adds_results.contains(&name) {
            let from = self.returned_outside(file, call);
            let unknown = self.field(value, super::members::unknown_key());
            for to in [elements, unknown, result] {
                self.flow(from, to, NONE);
            }
        }
        if unit.traits.all_call_back || unit.traits.calls_back.contains(&name) {
            self.call_back(file, call, Some(elements));
        }
    }

    /// `f.call(…)`, `f.apply(…)`, `f.bind(…)`: whether `name` is one of them.
    pub(super) fn call_through(
        &mut self,
        file: u32,
        call: u32,
        value: Value,
        name: u64,
        inferred: bool,
    ) -> bool {
        let unit = self.unit(file);
        let traits = unit.traits;
        let Some(def) = self.function_of(value) else {
            return false;
        };
        let with_list = traits.calls_with_list.contains(&name);
        let binds = traits.binds.contains(&name);
        if !with_list && !binds && !traits.calls_with_receiver.contains(&name) {
            return false;
        }
        let record = *self.call(file, call);
        let args: Vec<u32> = unit
            .facts
            .args_of(&record)
            .iter()
            .map(|arg| self.slot_in(file, arg.slot))
            .collect();
        let target = self.file_of(def);
        let this = self.def(def).this_slot;
        if let (Some(receiver), true) = (args.first(), this != NONE) {
            let this = self.slot_in(target, this);
            self.flow(*receiver, this, NONE);
        }
        let result = self.slot_in(file, record.result);
        if binds {
            self.sets.add(result, Value::new(Kind::Def, def), inferred);
        } else {
            self.add_target(call, def, inferred);
            let ret = self.def(def).ret_slot;
            if ret != NONE {
                let ret = self.slot_in(target, ret);
                self.flow(ret, result, NONE);
            }
        }
        if with_list {
            for index in 0..8 {
                let Some(to) = self.param_at(def, index) else {
                    break;
                };
                if let Some(list) = args.get(1) {
                    self.hang(*list, DynamicOp::Iterate { to });
                }
            }
        } else {
            for (index, arg) in args.iter().skip(1).enumerate() {
                if let Some(to) = self.param_at(def, index) {
                    self.flow(*arg, to, NONE);
                }
            }
        }
        true
    }

    /// The function that a value is, if it is one.
    pub(super) fn function_of(&self, value: Value) -> Option<u32> {
        let def = match value.kind() {
            Kind::Def => value.index(),
            Kind::Bound => self.bound[value.index() as usize].0,
            _ => return None,
        };
        self.is_function(def).then_some(def)
    }

    /// Whether a value has a member of that name of its own.
    pub(super) fn has_own(&mut self, value: Value, name: u64) -> bool {
        if value.kind() == Kind::Module {
            self.table.has(value.index(), name)
        } else {
            let class = self.class_of(value);
            class.is_some_and(|class| !self.find_member(class, name).is_empty())
                || self.fields.contains_key(&(value.0, name))
        }
    }

    /// Functions among the arguments are called by whoever takes them.
    pub(super) fn call_back(&mut self, file: u32, call: u32, elements: Option<u32>) {
        let record = *self.call(file, call);
        // Whatever an operator does with a function, it does not call it.
        let written = call_flag::NEW | call_flag::DECORATOR;
        let operator = record.flags & call_flag::IMPLICIT != 0 && record.flags & written == 0;
        if operator && self.unit(file).traits.program_scope {
            return;
        }
        for (index, arg) in self.unit(file).facts.args_of(&record).iter().enumerate() {
            let slot = self.slot_in(file, arg.slot);
            let elements = elements.unwrap_or(NONE);
            let arg = index as u32;
            self.hang(
                slot,
                DynamicOp::CallBack {
                    call,
                    arg,
                    elements,
                },
            );
        }
    }

    /// Calls a function that is argument `arg` of a call to whoever calls it.
    pub(super) fn call_back_with(&mut self, call: u32, arg: u32, elements: u32, value: Value) {
        let Some(def) = self.function_of(value) else {
            return;
        };
        let file = self.call_file(call);
        let record = *self.call(file, call);
        let unit = self.unit(file);
        if !unit.traits.silent_callbacks {
            self.add_target_of(call, def, arg, true);
        }
        if elements != NONE {
            let keys = self.key_slots.get(&elements).copied();
            for (index, from) in [keys.unwrap_or(elements), elements].into_iter().enumerate() {
                if let Some(param) = self.param_at(def, index) {
                    self.flow(from, param, NONE);
                }
            }
        }
        if let (Kind::Bound, this) = (value.kind(), self.def(def).this_slot)
            && this != NONE
        {
            let this = self.slot_in(self.file_of(def), this);
            let receiver = self.bound[value.index() as usize].1;
            self.sets.add(this, receiver, true);
        }
        let ret = self.def(def).ret_slot;
        if ret == NONE {
            return;
        }
        let made = self.object_base[file as usize]
            + unit.facts.allocs.len() as u32
            + (call - self.call_base[file as usize]);
        let made = Value::new(Kind::Object, made);
        let ret = self.slot_in(self.file_of(def), ret);
        let result = self.slot_in(file, record.result);
        let continues = unit
            .traits
            .continues
            .contains(&unit.facts.hash(record.name));
        if continues {
            // What is awaited next is what the function gives.
            self.flow(ret, result, NONE);
            return;
        }
        let to = self.field(made, any());
        self.flow(ret, to, NONE);
        self.sets.add(result, made, true);
    }

    /// The slot of what the functions give that a call outside calls.
    fn returned_outside(&mut self, file: u32, call: u32) -> u32 {
        let made = self.object_base[file as usize]
            + self.unit(file).facts.allocs.len() as u32
            + (call - self.call_base[file as usize]);
        self.field(Value::new(Kind::Object, made), any())
    }

    /// The slot of the parameter at `index`, the receiver not counted.
    pub(super) fn param_at(&self, def: u32, index: usize) -> Option<u32> {
        let file = self.file_of(def);
        let local = def - self.def_base[file as usize];
        let params = self.unit(file).facts.params_of(local);
        let mut params = params
            .iter()
            .filter(|param| param.flags & param_flag::THIS == 0);
        params
            .nth(index)
            .map(|param| self.slot_in(file, param.slot))
    }

    /// External functions that move members, or give back their arguments.
    pub(super) fn mix(&mut self, file: u32, call: u32, name: u64) {
        let unit = self.unit(file);
        let mixes = unit.traits.mixes.contains(&name);
        let passes = unit.traits.passes.contains(&name);
        if !mixes && !passes {
            return;
        }
        let record = *self.call(file, call);
        let result = self.slot_in(file, record.result);
        let slots: Vec<u32> = unit
            .facts
            .args_of(&record)
            .iter()
            .map(|arg| self.slot_in(file, arg.slot))
            .collect();
        if mixes {
            let prototype = unit.traits.prototype;
            for from in slots.iter().skip(1) {
                self.hang(
                    slots[0],
                    DynamicOp::Inherit {
                        from: *from,
                        prototype,
                    },
                );
            }
        }
        if passes {
            let given = if mixes { 1 } else { slots.len() };
            for from in slots.into_iter().take(given) {
                self.flow(from, result, NONE);
            }
        }
    }
}
