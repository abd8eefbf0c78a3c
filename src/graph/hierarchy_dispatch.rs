//! Calls that the class of a receiver decides: bare names, functions that are
//! objects, constructors of bases, and what implements an abstract member.

use rustc_hash::FxHashSet;

use super::calls::EXTERNAL;
use super::flow::DynamicOp;
use super::names::{CONSTRUCT, Linker, kind};
use super::shapes::Shape;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, def_flag};

/// More implementers of one abstract member than this are not listed.
const MOST_IMPLEMENTERS: usize = 24;

impl Linker<'_> {
    /// Calls by its bare name a method that the innermost class around the call
    /// has which has any of that name; on its own receiver, so that what
    /// overrides it is meant too.
    pub(super) fn call_bare(&mut self, file: u32, call: u32, def: u32, inferred: bool) {
        let name = self.member_name(def);
        let base = self.def_base[file as usize];
        let mut at = self.call(file, call).caller;
        let mut this = NONE;
        let mut bound = true;
        while at != 0 {
            let record = self.unit(file).facts.defs[at as usize];
            if record.kind == kind::METHOD {
                this = record.this_slot;
                bound = record.flags & def_flag::STATIC == 0;
            }
            let class = base + at;
            if self.is_class(class) {
                if !self.find_member(class, name).is_empty() {
                    if this != NONE && bound {
                        let this = self.slot_in(file, this);
                        self.hang(this, DynamicOp::Virtual { call, name });
                    }
                    let own = Value::new(Kind::Instance, class);
                    self.call_member(file, call, own, class, name, 0, inferred);
                    return;
                }
                this = NONE;
                bound = true;
            }
            at = record.parent;
        }
        let class = self.parent(def);
        let own = Value::new(Kind::Instance, class);
        self.call_member(file, call, own, class, name, 0, inferred);
    }

    /// Calls a method whose receiver is the first argument (`A::b`).
    pub(super) fn enter_unbound(&mut self, file: u32, call: u32, def: u32) {
        let site = *self.call(file, call);
        let own = self.unit(file);
        let record = *self.def(def);
        let first = own.facts.args_of(&site).first().copied();
        let count = record.params_len;
        let (Some(first), true) = (first, record.this_slot != NONE && site.args_len > count) else {
            self.enter(file, call, def, None, true);
            return;
        };
        let from = self.slot_in(file, first.slot);
        let this = self.slot_in(self.file_of(def), record.this_slot);
        self.flow(from, this, NONE);
        if !self.add_target(call, def, true) {
            return;
        }
        if record.ret_slot != NONE {
            let ret = self.slot_in(self.file_of(def), record.ret_slot);
            let result = self.slot_in(file, site.result);
            self.flow(ret, result, NONE);
        }
        let mut rest = site;
        rest.args += 1;
        rest.args_len -= 1;
        self.pass_arguments(file, &rest, def, false, false);
    }

    /// Whether a value is a function that acts as an object.
    pub(super) fn is_function_object(&self, value: Value) -> bool {
        value.kind() == Kind::Bound || self.is_function(value.index())
    }

    /// Whether a function can be what is called when `name` is called on it: it
    /// stands for one method, which the receiver's written type tells.
    fn is_functions_method(&mut self, file: u32, call: u32, value: Value, name: u64) -> bool {
        let traits = self.unit(file).traits;
        if traits.invokers.contains(&name) {
            let def = self.function_of(value);
            return def.is_none_or(|def| self.def(def).kind == kind::METHOD);
        }
        let receiver = self.call(file, call).receiver;
        if receiver == NONE || traits.functional.is_empty() {
            return true;
        }
        match self.written_shape(self.slot_in(file, receiver)) {
            Shape::Class(class) => {
                self.def(class).kind == kind::INTERFACE
                    && (!self.find_member(class, name).is_empty()
                        || !self.outside_bases(class).is_empty())
            }
            Shape::External(id) => {
                let full = self.full_name(id);
                match traits.functional.get(&full) {
                    Some(only) => *only == name,
                    None => !traits.extends.contains_key(&full),
                }
            }
            _ => self.names_of_functions(traits).contains(&name),
        }
    }

    /// The names of all methods that a function can stand for.
    fn names_of_functions(&mut self, traits: &super::LinkTraits) -> &FxHashSet<u64> {
        if self.function_names.is_none() {
            let mut names: FxHashSet<u64> = traits.functional.values().copied().collect();
            for def in 0..self.def_file.len() as u32 {
                let record = self.def(def);
                if record.kind == kind::METHOD && record.flags & def_flag::ABSTRACT != 0 {
                    names.insert(self.member_name(def));
                }
            }
            self.function_names = Some(names);
        }
        self.function_names.get_or_insert_default()
    }

    /// Calls the one method of a function that is an object.
    pub(super) fn call_function_object(&mut self, file: u32, call: u32, value: Value, name: u64) {
        if self.unit(file).traits.object_methods.contains(&name)
            || !self.is_functions_method(file, call, value, name)
        {
            return;
        }
        let receiver = self.call(file, call).receiver;
        let types: Vec<u32> = match receiver {
            NONE => Vec::new(),
            slot => {
                let values = self.sets.values(self.slot_in(file, slot));
                values
                    .filter_map(|(value, _)| match value.kind() {
                        Kind::Instance => Some(value.index()),
                        Kind::Applied => self.applied_class(value),
                        _ => None,
                    })
                    .filter(|class| self.def(*class).kind == kind::INTERFACE)
                    .collect()
            }
        };
        for class in types {
            let entries = self.find_member(class, name);
            let found = entries.iter().find(|entry| {
                entry.def != NONE && self.def(entry.def).flags & def_flag::ABSTRACT == 0
            });
            if let Some(entry) = found.copied() {
                // A method with a body; the function is its receiver.
                let this = self.def(entry.def).this_slot;
                if this != NONE {
                    let this = self.slot_in(self.file_of(entry.def), this);
                    self.sets.add(this, value, true);
                }
                return;
            }
        }
        self.invoke(file, call, value, None, true);
    }

    /// Calls a constructor of the class that `class` extends, on the same instance.
    pub(super) fn construct_direct_base(
        &mut self,
        file: u32,
        call: u32,
        class: u32,
        inferred: bool,
    ) {
        let bases = self.hierarchy.bases.get(&class);
        let base = bases.into_iter().flatten().find(|base| !base.implements);
        let Some(base) = base.map(|base| base.class) else {
            if let Some(external) = self.hierarchy.external.get(&class).copied() {
                self.add_target(call, EXTERNAL | external, inferred);
            }
            return;
        };
        if self.def(base).kind != kind::CLASS {
            return;
        }
        let container = self.container(base);
        let constructors: Vec<u32> = self
            .table
            .get(container, CONSTRUCT)
            .map(|entry| entry.def)
            .filter(|def| *def != NONE)
            .collect();
        let Some(chosen) = self.overloads(file, call, &constructors) else {
            let cause = self.cause();
            self.pending.push(super::overloads::Pending {
                call,
                value: Value::new(Kind::Super, class),
                class,
                name: CONSTRUCT,
                skip: 1,
                inferred,
                cause,
            });
            return;
        };
        let inferred = inferred || self.is_tie(file, &chosen);
        if chosen.is_empty() {
            self.add_target(call, base, inferred);
        }
        for def in chosen {
            self.enter(
                file,
                call,
                def,
                Some(Value::new(Kind::Instance, class)),
                inferred,
            );
        }
    }

    /// Where a call met a member without a body and no value said which class
    /// it is of, all classes below are meant. `true` where that led anywhere.
    pub(super) fn dispatch_abstract(&mut self) -> bool {
        let calls = std::mem::take(&mut self.abstract_calls);
        let mut seen = FxHashSet::default();
        let mut any = false;
        for (call, class, name) in calls {
            if !seen.insert((call, class)) || self.has_concrete_target(call) {
                continue;
            }
            let below = self.concrete_below(class);
            if below.is_empty() || below.len() > MOST_IMPLEMENTERS {
                continue;
            }
            let file = self.call_file(call);
            if self.unit(file).traits.typed {
                continue;
            }
            let receiver = self.call(file, call).receiver;
            let above = Value::new(Kind::Instance, class);
            let slot = if receiver == NONE {
                NONE
            } else {
                self.slot_in(file, receiver)
            };
            self.because(slot, above, super::trace::Via::Below);
            for class in below {
                let value = Value::new(Kind::Instance, class);
                self.call_member(file, call, value, class, name, 0, true);
                any = true;
            }
        }
        self.resume(super::trace::Cause::START);
        any
    }

    fn has_concrete_target(&self, call: u32) -> bool {
        let mut at = self.target_heads[call as usize];
        while at != NONE {
            let cell = self.targets[at as usize];
            if cell.target & EXTERNAL == 0 && self.def(cell.target).flags & def_flag::ABSTRACT == 0
            {
                return true;
            }
            at = cell.next;
        }
        false
    }

    /// Classes below `class` in the hierarchy, as far as they are worth listing.
    fn concrete_below(&self, class: u32) -> Vec<u32> {
        let mut found = vec![class];
        let mut at = 0;
        while at < found.len() && found.len() <= MOST_IMPLEMENTERS + 1 {
            for below in self.hierarchy.derived.get(&found[at]).into_iter().flatten() {
                if !found.contains(below) && self.def(*below).kind != kind::TYPE_PARAM {
                    found.push(*below);
                }
            }
            at += 1;
        }
        found.remove(0);
        found
    }
}
