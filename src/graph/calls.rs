//! Calls: from a value that is called to targets, parameters and results.

use super::flow::DynamicOp;
use super::names::{Linker, kind};
use super::values::{Kind, OPAQUE, Value};
use crate::facts::format::{CallRec, NONE, call_flag, def_flag};

/// A target of a call, in the call's list.
#[derive(Clone, Copy, Debug)]
pub(super) struct TargetCell {
    /// A definition, or [`EXTERNAL`] plus an external symbol.
    pub(super) target: u32,
    /// The argument that is called back, or [`NONE`] for the callee itself.
    pub(super) arg: u32,
    pub(super) inferred: bool,
    pub(super) next: u32,
}

/// Marks targets outside the repository.
pub(super) const EXTERNAL: u32 = 1 << 31;

impl Linker<'_> {
    pub(super) fn call(&self, file: u32, call: u32) -> &CallRec {
        let local = call - self.call_base[file as usize];
        &self.input.units[file as usize].facts.calls[local as usize]
    }

    /// Adds a target; `true` where it is new.
    pub(super) fn add_target(&mut self, call: u32, target: u32, inferred: bool) -> bool {
        self.add_target_of(call, target, NONE, inferred)
    }

    pub(super) fn add_target_of(
        &mut self,
        call: u32,
        target: u32,
        arg: u32,
        inferred: bool,
    ) -> bool {
        let mut at = self.target_heads[call as usize];
        while at != NONE {
            let cell = &mut self.targets[at as usize];
            if cell.target == target && cell.arg == arg {
                let rises = cell.inferred && !inferred;
                cell.inferred &= inferred;
                if rises {
                    self.note_target(call, target, arg, inferred);
                }
                return false;
            }
            at = cell.next;
        }
        self.note_target(call, target, arg, inferred);
        let next = self.target_heads[call as usize];
        self.target_heads[call as usize] = self.targets.len() as u32;
        self.targets.push(TargetCell {
            target,
            arg,
            inferred,
            next,
        });
        true
    }

    /// Calls member `name` of `value`.
    pub(super) fn call_method(
        &mut self,
        file: u32,
        call: u32,
        value: Value,
        name: u64,
        inferred: bool,
    ) {
        let traits = self.unit(file).traits;
        match value.kind() {
            Kind::Def if traits.callables_apart && self.is_class(value.index()) => {
                self.call_member(file, call, value, value.index(), name, 0, inferred);
            }
            Kind::Def | Kind::Bound
                if traits.function_objects && self.is_function_object(value) =>
            {
                self.call_function_object(file, call, value, name);
            }
            Kind::Def | Kind::Bound
                if traits.invokers.contains(&name) && !self.answers(value, name) =>
            {
                self.invoke(file, call, value, None, inferred);
            }
            Kind::Def | Kind::Bound if self.call_through(file, call, value, name, inferred) => {}
            Kind::Instance | Kind::Module | Kind::Object | Kind::Applied
                if traits.continues.contains(&name) && !self.has_own(value, name) =>
            {
                let elements = self.field(Value::new(Kind::Object, call | 1 << 28), name);
                self.sets.add(elements, value, inferred);
                let result = self.slot_in(file, self.call(file, call).result);
                self.call_back(file, call, Some(elements));
                if self.call(file, call).args_len == 0 {
                    self.sets.add(result, value, true);
                }
            }
            Kind::Instance if !self.fits(file, call, value.index()) => {}
            Kind::Instance => self.call_member(file, call, value, value.index(), name, 0, inferred),
            Kind::Super => {
                self.call_member(file, call, value, value.index(), name, 1, inferred);
            }
            Kind::Def
                if self.is_class(value.index())
                    && self.call_static(file, call, value, name, inferred) => {}
            Kind::Object | Kind::Applied => {
                let found = if let Some(class) = self.class_of(value) {
                    let found = !self.find_member(class, name).is_empty();
                    if found {
                        self.call_member(file, call, value, class, name, 0, inferred);
                    }
                    found
                } else {
                    let external = self.applied_external(value);
                    external.is_some_and(|id| {
                        self.call_extension(file, call, value, super::names::external(id), name)
                    })
                };
                let found = found || self.delegate(call, value, name);
                let found = found
                    || self.call_library(file, call, name, Some(value))
                    || (traits.typed && self.call_blanket(file, call, value, name));
                if traits.typed && self.alloc(value.index()).is_some() {
                    return;
                }
                // What no class says of an operator is the language's own.
                let built_in =
                    traits.program_scope && self.call(file, call).flags & call_flag::IMPLICIT != 0;
                if !found && !built_in {
                    let slot = self.field(value, name);
                    self.hang(
                        slot,
                        DynamicOp::Call {
                            call,
                            receiver: Some(value),
                            inferred: true,
                        },
                    );
                    // A list between braces has no methods there.
                    if !traits.program_scope || self.applied_external(value).is_some() {
                        self.call_container(file, call, value, name);
                    }
                }
            }
            Kind::External
                if self.call_extension(
                    file,
                    call,
                    value,
                    super::names::external(value.index()),
                    name,
                ) => {}
            Kind::External => {
                self.give_outside(file, call, value.index(), name, false);
                let member = self.external_member(value, name, file);
                self.invoke(file, call, member, None, inferred);
            }
            Kind::Module | Kind::Def | Kind::Bound => {
                if self.function_of(value).is_some() {
                    for class in self.named_types(file, call) {
                        self.call_on_function(file, call, name, class);
                    }
                }
                // A scratch slot per call and member keeps this incremental.
                let slot = self.field(
                    Value::new(Kind::Object, call | 1 << 28),
                    name ^ u64::from(value.0),
                );
                self.hang(
                    slot,
                    DynamicOp::Call {
                        call,
                        receiver: None,
                        inferred: inferred || !self.names_member(value),
                    },
                );
                self.load(value, name, slot, NONE, file);
            }
        }
    }

    /// Whether a member of `value` is named, as one of a module or class is.
    fn names_member(&self, value: Value) -> bool {
        match value.kind() {
            Kind::Module => true,
            Kind::Def => self.is_class(value.index()),
            _ => false,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one lookup, spelt out")]
    pub(super) fn call_member(
        &mut self,
        file: u32,
        call: u32,
        value: Value,
        class: u32,
        name: u64,
        skip: usize,
        inferred: bool,
    ) {
        let receiver = if value.kind() == Kind::Super {
            Value::new(Kind::Instance, value.index())
        } else {
            value
        };
        let entries = self.candidates(class, name, skip);
        if entries.is_empty() && self.unit(file).traits.typed {
            let _ = self.delegate(call, receiver, name)
                || self.call_library(file, call, name, Some(receiver))
                || self.call_blanket(file, call, receiver, name);
            return;
        }
        if entries.is_empty() {
            // What every value has, whatever its class.
            self.give_outside(file, call, NONE, name, true);
            let slot = self.field(receiver, name);
            self.hang(
                slot,
                DynamicOp::Call {
                    call,
                    receiver: Some(receiver),
                    inferred: true,
                },
            );
            let traits = self.unit(self.file_of(class)).traits;
            if traits.prototype != 0 {
                let scratch = self.field(Value::new(Kind::Object, call | 1 << 28), name);
                self.hang(
                    scratch,
                    DynamicOp::Call {
                        call,
                        receiver: Some(receiver),
                        inferred: true,
                    },
                );
                self.load_instance(receiver, class, name, scratch, NONE, file, skip);
            }
            if let Some(external) = self.external_base(class) {
                let external = Value::new(Kind::External, external);
                self.call_method(file, call, external, name, inferred);
            }
            return;
        }
        let entries = self.with_bodies(entries);
        self.call_on_function(file, call, name, class);
        let candidates: Vec<u32> = entries
            .iter()
            .filter(|entry| entry.def != NONE)
            .map(|entry| entry.def)
            .collect();
        let Some(chosen) = self.overloads(file, call, &candidates) else {
            let cause = self.cause();
            self.pending.push(super::overloads::Pending {
                call,
                value,
                class,
                name,
                skip,
                inferred,
                cause,
            });
            return;
        };
        let inferred =
            inferred || self.is_tie(file, &chosen) || self.is_below_written(file, call, class);
        for entry in entries {
            let plain = entry.def != NONE
                && self.is_function(entry.def)
                && self.def(entry.def).flags & (def_flag::REBOUND | def_flag::PROPERTY) == 0;
            if plain {
                if chosen.contains(&entry.def) {
                    if self.def(entry.def).flags & def_flag::ABSTRACT != 0 && skip == 0 {
                        self.abstract_calls.push((call, class, name));
                    }
                    let bound = self.def(entry.def).flags & def_flag::STATIC == 0;
                    let part = self.part_of(receiver, class, entry.def);
                    let receiver = bound.then_some(part);
                    self.call_part(call, class, entry.def);
                    self.enter(file, call, entry.def, receiver, inferred);
                    if value.kind() == Kind::Super {
                        self.pass_this(file, call, entry.def);
                    }
                }
            } else {
                self.hang(
                    entry.slot,
                    DynamicOp::Call {
                        call,
                        receiver: Some(receiver),
                        inferred: true,
                    },
                );
            }
        }
    }

    /// A call on the bases' view passes on the caller's own receiver.
    pub(super) fn pass_this(&mut self, file: u32, call: u32, def: u32) {
        let caller = self.call(file, call).caller;
        let from = self.unit(file).facts.defs[caller as usize].this_slot;
        let target = self.file_of(def);
        let to = self.def(def).this_slot;
        if from != NONE && to != NONE {
            let (from, to) = (self.slot_in(file, from), self.slot_in(target, to));
            self.flow(from, to, NONE);
        }
    }

    /// Whether a value is a class that has a member of its own of that name.
    fn answers(&mut self, value: Value, name: u64) -> bool {
        value.kind() == Kind::Def
            && self.is_class(value.index())
            && !self.find_member(value.index(), name).is_empty()
    }

    /// Calls `value`.
    pub(super) fn invoke(
        &mut self,
        file: u32,
        call: u32,
        value: Value,
        receiver: Option<Value>,
        inferred: bool,
    ) {
        let record = *self.call(file, call);
        let result = self.slot_in(file, record.result);
        if record.flags & call_flag::CONVERTS != 0 {
            self.convert(file, call, value);
            return;
        }
        match value.kind() {
            Kind::Def | Kind::Object if self.converts(file, value) => {
                self.convert(file, call, value);
            }
            Kind::External if self.converts(file, value) => {
                self.convert(file, call, value);
            }
            Kind::Def if self.is_class(value.index()) => {
                self.construct(file, call, value.index(), inferred);
            }
            Kind::Def if self.is_function(value.index()) => {
                let def = value.index();
                if self.unit(file).traits.program_scope && !self.takes(file, call, def) {
                    return;
                }
                let method = self.def(def).kind == kind::METHOD;
                let mut receiver = receiver.filter(|_| method || self.functions_have_this(def));
                let made_up = self.def(def).flags & def_flag::SIGNATURE != 0;
                if record.flags & call_flag::NEW != 0
                    && !made_up
                    && self.unit(file).traits.functions_construct
                {
                    let made = Value::new(Kind::Instance, def);
                    self.sets.add(result, made, false);
                    receiver = Some(made);
                }
                if receiver.is_none() && method && self.unit(file).traits.callables_apart {
                    if record.receiver == NONE {
                        self.call_bare(file, call, def, inferred);
                    } else {
                        self.enter_unbound(file, call, def);
                    }
                    return;
                }
                if receiver.is_none() && method && self.unit(file).traits.implicit_this {
                    self.enter_implicit(file, call, def, inferred);
                    return;
                }
                self.enter(file, call, def, receiver, inferred);
            }
            Kind::Super if record.flags & call_flag::DELEGATES != 0 => {
                self.construct_direct_base(file, call, value.index(), inferred);
            }
            Kind::Bound if self.is_class(self.bound[value.index() as usize].0) => {
                let class = self.bound[value.index() as usize].0;
                self.make(file, call, class, true);
            }
            Kind::Bound => {
                let (def, receiver) = self.bound[value.index() as usize];
                self.enter(file, call, def, Some(receiver), inferred);
            }
            Kind::External => {
                self.add_target(call, EXTERNAL | value.index(), inferred);
                if self.unit(file).traits.typed {
                    let name = self.externals[value.index() as usize].1;
                    let own = self.unit(file).facts.hash(record.name);
                    let known = self.call_library(file, call, own, None)
                        || self.call_library(file, call, name, None);
                    if !known {
                        self.sets.add(result, value, true);
                    }
                    return;
                }
                if record.flags & call_flag::DECORATOR != 0 {
                    for arg in self.unit(file).facts.args_of(&record) {
                        let from = self.slot_in(file, arg.slot);
                        self.flow(from, result, NONE);
                    }
                } else {
                    let traits = self.unit(file).traits;
                    let (owner, name, _) = self.externals[value.index() as usize];
                    if record.flags & call_flag::NEW != 0 && traits.typed_variables {
                        self.sets.add(result, value, false);
                    } else if !self.give_outside(file, call, owner, name, false) {
                        // What it gives is outside too; nobody knows what it is.
                        self.sets.add(result, OPAQUE, true);
                    }
                    self.mix(file, call, name);
                    let own = self.unit(file).facts.hash(record.name);
                    if traits.all_call_back
                        || traits.calls_back.contains(&name)
                        || traits.calls_back.contains(&own)
                    {
                        self.call_back(file, call, None);
                    }
                }
            }
            Kind::Instance | Kind::Applied if record.flags & call_flag::NEW == 0 => {
                let method = self.unit(file).traits.call_method;
                if method != 0 {
                    self.call_method(file, call, value, method, true);
                }
                self.call_converted(call, value);
            }
            Kind::Super => {
                self.construct_base(file, call, value.index(), inferred);
            }
            Kind::Object => {
                let method = self.unit(file).traits.call_method;
                if let Some(slot) = self.fields.get(&(value.0, method)).copied() {
                    self.hang(
                        slot,
                        DynamicOp::Call {
                            call,
                            receiver: None,
                            inferred: true,
                        },
                    );
                }
                if let (None, Some(external)) =
                    (self.applied_class(value), self.applied_external(value))
                {
                    self.add_target(call, EXTERNAL | external, inferred);
                    self.open_applied(value);
                    let made = Value::new(Kind::Applied, value.index());
                    self.sets.add(result, made, true);
                }
                if let Some(class) = self.applied_class(value) {
                    self.construct(file, call, class, inferred);
                    self.open_applied(value);
                    self.sets
                        .add(result, Value::new(Kind::Applied, value.index()), true);
                }
            }
            _ => {}
        }
    }

    pub(super) fn functions_have_this(&self, def: u32) -> bool {
        self.def(def).this_slot != NONE
    }

    /// A method that is called by its bare name is called on `this`, so that
    /// what overrides it is meant too.
    pub(super) fn enter_implicit(&mut self, file: u32, call: u32, def: u32, inferred: bool) {
        self.enter(file, call, def, None, inferred);
        self.pass_this(file, call, def);
    }

    /// Records that `call` enters `def`, and moves arguments and result.
    pub(super) fn enter(
        &mut self,
        file: u32,
        call: u32,
        def: u32,
        receiver: Option<Value>,
        inferred: bool,
    ) {
        let new = self.add_target(call, def, inferred);
        let target = self.file_of(def);
        let record = *self.def(def);
        if let (Some(receiver), true) = (receiver, record.this_slot != NONE) {
            let this = self.slot_in(target, record.this_slot);
            self.sets.add(this, receiver, true);
            if self.returns_receiver(def) {
                let result = self.slot_in(file, self.call(file, call).result);
                self.sets.add(result, receiver, inferred);
            }
        }
        if !new {
            return;
        }
        let site = *self.call(file, call);
        if record.ret_slot != NONE && record.flags & def_flag::CONSTRUCTOR == 0 {
            let from = self.slot_in(target, record.ret_slot);
            let to = self.slot_in(file, site.result);
            match self.unit(file).facts.args_of(&site) {
                [argument] if site.flags & call_flag::DECORATOR != 0 => {
                    let argument = self.slot_in(file, argument.slot);
                    self.hang(from, DynamicOp::Decorated { to, argument });
                }
                _ if self.unit(target).traits.typed => {
                    let receiver = receiver.map_or(NONE, |receiver| receiver.0);
                    let context = super::generics::Context {
                        call,
                        def,
                        receiver,
                    };
                    self.flow_replaced(from, to, context);
                }
                _ if self.give_argument(file, &site, def, receiver) => {}
                _ => {
                    self.pass_written(from, to);
                    self.flow(from, to, NONE);
                }
            }
        }
        let first = receiver.is_none()
            && record.kind == kind::METHOD
            && record.this_slot != NONE
            && self.unit(target).traits.receiver_first;
        if first {
            // The receiver is written as the first argument.
            let this = self.slot_in(target, record.this_slot);
            if let Some(arg) = self.unit(file).facts.args_of(&site).first() {
                let from = self.slot_in(file, arg.slot);
                self.flow(from, this, NONE);
            }
        }
        let given = receiver.is_some_and(|receiver| {
            !self.unit(target).traits.typed
                || !matches!(receiver.kind(), Kind::Def | Kind::Object)
                || self.unit(file).facts.args_of(&site).len()
                    < self
                        .unit(target)
                        .facts
                        .params_of(def - self.def_base[target as usize])
                        .len()
        });
        self.pass_arguments(file, &site, def, given, first);
    }
}
