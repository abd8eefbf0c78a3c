//! The flow of values to its fixpoint.
//!
//! Each slot holds a small set of values; each operation that hangs on a slot
//! is taken once for each value that the slot gains. Sets are capped, so the
//! work is linear in the number of operations.

use super::names::{GETTER, Linker, SETTER, kind};
use super::trace::{Cause, Via};
use super::values::{Kind, Passed, Value};
use crate::facts::format::{NONE, OpRec, RETURNED, alloc, def_flag, op};

/// An operation that was found while solving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DynamicOp {
    /// Gain a member.
    Load {
        to: u32,
        name: u64,
        site: u32,
        file: u32,
    },
    /// Call what arrives here; `call` is global, `receiver` a value or none.
    /// Unless `inferred`, the call is as sure as what arrives.
    Call {
        call: u32,
        receiver: Option<Value>,
        inferred: bool,
    },
    /// Gain what iterating gives.
    Iterate { to: u32 },
    /// Give instances of what arrives.
    Instance { to: u32 },
    /// Construct the class that arrives.
    Construct { call: u32 },
    /// Give what arrives where it can be one of the interface.
    Narrow { to: u32, interface: u32 },
    /// Give the type of the elements of what arrives.
    ElementType { to: u32 },
    /// A member is read by calling what arrives.
    Get {
        to: u32,
        receiver: Value,
        site: u32,
        file: u32,
    },
    /// A member is written by calling what arrives.
    Set {
        from: u32,
        receiver: Value,
        site: u32,
        file: u32,
    },
    /// What arrives is called by whoever is called, with the elements.
    CallBack { call: u32, arg: u32, elements: u32 },
    /// What arrives gains the members of what is in the slot.
    Inherit { from: u32, prototype: u64 },
    /// Gain what a decorator gives for `argument`: a function that stands for
    /// what it wraps is what it wraps.
    Decorated { to: u32, argument: u32 },
    /// Call member `name` of what arrives.
    Method { call: u32, name: u64 },
    /// Give what arrives, type parameters replaced.
    Replace { to: u32, context: u32, types: bool },
    /// A library function calls what arrives.
    Library(super::library::CallBack),
    /// Call member `name` of what arrives.
    Virtual { call: u32, name: u64 },
    /// The places of a list that arrives are the fields of the class.
    Aggregate { class: u32 },
    /// A function that arrives is the one method of the type in `class_slot`.
    Implement { written: Value },
}

impl Linker<'_> {
    /// Solves for all values, now that the hierarchy is known.
    pub(super) fn solve(&mut self) {
        let first = std::mem::replace(&mut self.naming, false);
        self.find_typed();
        self.bind_inherited(first);
        self.find_declared();
        for (class, slot) in std::mem::take(&mut self.computed_bases) {
            let prototype = self.unit(self.file_of(class)).traits.prototype;
            let to = self.field(Value::new(Kind::Def, class), prototype);
            self.hang(slot, DynamicOp::Instance { to });
        }
        self.initialise_fields();
        self.find_limits();
        // Reads look for getters and for what an object inherits when they
        // happen; what an object gained after that is seen the second time.
        for again in [!first, true] {
            let remember = again && self.copies_stand();
            self.edges.old = self.edges.cells.len() as u32;
            self.sets.restart(remember);
            self.late = false;
            loop {
                self.run();
                if !self.settle_pending() && !self.dispatch_abstract() {
                    break;
                }
            }
            if !self.late {
                break;
            }
        }
    }

    /// Whether a copy that was made is made for good, and one that was not never
    /// will be: no written type says otherwise, but those of [`Self::is_gated`].
    fn copies_stand(&self) -> bool {
        let mut units = self.input.units.iter();
        self.held.is_empty() && units.all(|unit| !unit.traits.typed && !unit.traits.typed_variables)
    }

    /// Whether a written type limits what `slot` takes.
    fn is_gated(&self, slot: u32) -> bool {
        self.gates.get(slot as usize).is_some_and(|gate| *gate != 0)
    }

    /// Passes values on until nothing changes.
    pub(super) fn run(&mut self) {
        while let Some(slot) = self.sets.take() {
            let (file, ops): (u32, &[OpRec]) = match self.slot_file(slot) {
                Some(file) => {
                    let local = slot - self.slot_base[file as usize];
                    (file, self.unit(file).facts.ops_of(local))
                }
                None => (NONE, &[]),
            };
            while let Some(passed) = self.sets.next_new(slot) {
                self.pass_on(slot, file, ops, passed);
            }
        }
        self.resume(Cause::START);
    }

    fn pass_on(&mut self, slot: u32, file: u32, ops: &[OpRec], passed: Passed) {
        let Passed {
            value,
            inferred,
            again,
        } = passed;
        self.steps += 1;
        if !self.naming && self.has_signatures {
            self.because(slot, value, Via::Context);
            self.take_context(slot, value);
        }
        for (at, record) in ops.iter().enumerate() {
            // A copy that was made is there.
            if again && record.kind == op::COPY {
                let to = self.slot_base[file as usize] + record.other;
                if !self.is_gated(to) {
                    continue;
                }
            }
            self.because(slot, value, Via::Op(at as u32));
            self.operate(file, record, value, inferred);
        }
        let old = if again { self.edges.old } else { 0 };
        // Edges that are added meanwhile are put in front, and get the value
        // when they are added.
        let mut at = self.edges.first(slot);
        while let Some(edge) = self.edges.cells.get(at as usize).copied() {
            if at < old && !self.is_gated(edge.to) {
                if self.gates.is_empty() {
                    break;
                }
                at = edge.next;
                continue;
            }
            self.because(slot, value, Via::Edge(at));
            self.arrive(edge.to, edge.receiver, value, inferred);
            at = edge.next;
        }
        if let Some(count) = self.dynamic.get(&slot).map(Vec::len) {
            for at in 0..count {
                let operation = self.dynamic[&slot][at];
                self.because(slot, value, Via::Hung(at as u32));
                self.operate_dynamic(operation, value, inferred);
            }
        }
    }

    fn slot_file(&self, slot: u32) -> Option<u32> {
        if slot >= *self.slot_base.last()? {
            return None;
        }
        Some(self.slot_base.partition_point(|base| *base <= slot) as u32 - 1)
    }

    fn operate(&mut self, file: u32, record: &OpRec, value: Value, inferred: bool) {
        let other = self.slot_base[file as usize] + record.other;
        let unit = self.unit(file);
        match record.kind {
            op::COPY if record.name == RETURNED && !self.naming => {}
            op::COPY if self.rules_out(other, value) => {}
            op::COPY => {
                let by_flow = record.name == NONE;
                if self.admits(other, value) {
                    let inferred = inferred || (by_flow && !self.naming);
                    self.gain_value(other, value, inferred);
                }
            }
            // Instances have no members before the hierarchy is known.
            op::LOAD if self.naming && !names_something(value) => {}
            op::LOAD => {
                let name = unit.facts.hash(record.name);
                self.load(value, name, other, record.site, file);
            }
            op::GETTER | op::SETTER => {
                let salt = if record.kind == op::GETTER {
                    GETTER
                } else {
                    SETTER
                };
                let slot = self.gain(value, unit.facts.hash(record.name) ^ salt);
                self.flow(other, slot, NONE);
            }
            op::HOLDS
                if value.kind() == Kind::Def
                    && matches!(self.def(value.index()).kind, kind::CLASS | kind::INTERFACE) =>
            {
                if record.name == NONE {
                    self.held.insert(other, value.index());
                } else {
                    let class = value.index();
                    self.hang(other, DynamicOp::Aggregate { class });
                }
            }
            _ if self.naming => {}
            op::STORE => {
                let name = unit.facts.hash(record.name);
                self.store(value, name, other, record.site, file);
            }
            op::INSTANCE => self.instance(value, other),
            op::CALL => {
                let call = self.call_base[file as usize] + record.other;
                self.invoke(file, call, value, None, inferred);
            }
            op::METHOD => {
                let call = self.call_base[file as usize] + record.other;
                self.call_method(file, call, value, unit.facts.hash(record.name), inferred);
            }
            op::ITERATE => {
                let name = (record.name != NONE).then(|| unit.facts.hash(record.name));
                self.iterate(value, other, name);
            }
            op::ELEMENT => self.element_type(value, other),
            op::AWAIT => {
                self.sets.add(other, value, inferred);
            }
            op::ENTER if value.kind() != Kind::Instance => {
                self.sets.add(other, value, true);
            }
            _ => {}
        }
    }

    /// Slots whose written types say all that they hold.
    fn find_typed(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.typed {
                continue;
            }
            let file = file as u32;
            for local in 0..unit.facts.slots() {
                let mut types = unit.facts.ops_of(local).iter();
                if !types.any(|record| record.kind == op::INSTANCE) {
                    continue;
                }
                if !self.decides(self.slot_in(file, local), 0) {
                    continue;
                }
                for record in unit.facts.ops_of(local) {
                    if record.kind == op::INSTANCE {
                        let slot = self.slot_in(file, record.other);
                        self.sets.set_typed(slot);
                    }
                }
            }
        }
    }

    /// Whether the type in `slot` leaves nothing open: no function, no type
    /// parameter of which nothing is known.
    fn decides(&self, slot: u32, depth: u32) -> bool {
        let mut any = false;
        for (value, _) in self.sets.values(slot) {
            any = true;
            let decided = match value.kind() {
                Kind::Def if self.def(value.index()).kind == kind::TYPE_PARAM => {
                    self.hierarchy.bases.contains_key(&value.index())
                }
                Kind::Def => self.is_class(value.index()),
                Kind::External => true,
                Kind::Object => match self.alloc(value.index()) {
                    Some((file, record)) if depth < 6 => {
                        let facts = &self.unit(file).facts;
                        let from = record.args as usize;
                        let args = &facts.args[from..from + record.args_len as usize];
                        let class = record.class_slot;
                        (class == NONE || self.decides(self.slot_in(file, class), depth + 1))
                            && args
                                .iter()
                                .all(|arg| self.decides(self.slot_in(file, arg.slot), depth + 1))
                    }
                    _ => false,
                },
                _ => false,
            };
            if !decided {
                return false;
            }
        }
        any
    }

    fn operate_dynamic(&mut self, operation: DynamicOp, value: Value, inferred: bool) {
        match operation {
            DynamicOp::Load {
                to,
                name,
                site,
                file,
            } => self.load(value, name, to, site, file),
            DynamicOp::Call {
                call,
                receiver,
                inferred: flows,
            } => {
                let file = self.call_file(call);
                self.invoke(file, call, value, receiver, flows || inferred);
            }
            DynamicOp::Iterate { to } => self.iterate(value, to, None),
            DynamicOp::Narrow { to, interface } => self.narrow(value, to, interface),
            DynamicOp::ElementType { to } => self.element_type(value, to),
            DynamicOp::Instance { to } => self.instance(value, to),
            DynamicOp::Construct { call } => {
                let file = self.call_file(call);
                self.invoke(file, call, value, None, false);
            }
            DynamicOp::Get {
                to,
                receiver,
                site,
                file,
            } => {
                if let Some(def) = self.function_of(value) {
                    self.read_property(def, receiver, to, site, file);
                }
            }
            DynamicOp::Set {
                from,
                receiver,
                site,
                file,
            } => {
                if let Some(def) = self.function_of(value) {
                    self.write_property(def, receiver, from, site, file);
                }
            }
            DynamicOp::CallBack {
                call,
                arg,
                elements,
            } => self.call_back_with(call, arg, elements, value),
            DynamicOp::Inherit { from, prototype } => {
                let to = self.gain(value, prototype);
                self.flow(from, to, NONE);
            }
            DynamicOp::Decorated { to, argument } => {
                let wraps = value.kind() == Kind::Def
                    && self.def(value.index()).flags & def_flag::WRAPPER != 0;
                if wraps {
                    self.flow(argument, to, NONE);
                } else {
                    self.sets.add(to, value, true);
                }
            }
            DynamicOp::Method { call, name } => {
                let file = self.call_file(call);
                self.call_method(file, call, value, name, true);
            }
            DynamicOp::Replace { to, context, types } => {
                self.replace(value, to, context, types);
            }
            DynamicOp::Library(back) => self.called_back(&back, value),
            DynamicOp::Virtual { call, name } => {
                let file = self.call_file(call);
                self.call_method(file, call, value, name, inferred);
            }
            DynamicOp::Aggregate { class } => self.aggregate(class, value),
            DynamicOp::Implement { written } => self.implement(written, value),
        }
    }

    pub(super) fn call_file(&self, call: u32) -> u32 {
        self.call_base.partition_point(|base| *base <= call) as u32 - 1
    }

    /// Lets `to` gain everything that `from` has or gains. A function that
    /// arrives through a `receiver` is bound to it.
    pub(super) fn flow(&mut self, from: u32, to: u32, receiver: u32) {
        if from == to || self.sets.is_typed(to) || !self.edges.insert(from, to, receiver) {
            return;
        }
        self.note_edge(from, to);
        let outer = self.cause();
        let edge = Via::Edge(self.edges.cells.len() as u32 - 1);
        let passed: Vec<(Value, bool)> = self.sets.passed(from).collect();
        for (value, inferred) in passed {
            self.because(from, value, edge);
            self.arrive(to, receiver, value, inferred);
        }
        self.resume(outer);
    }

    /// Whether a variable of a written class cannot hold a value.
    fn rules_out(&self, to: u32, value: Value) -> bool {
        value.kind() == Kind::Instance
            && self
                .held
                .get(&to)
                .is_some_and(|class| *class != value.index())
    }

    fn arrive(&mut self, to: u32, receiver: u32, value: Value, inferred: bool) {
        if self.rules_out(to, value) {
            return;
        }
        let value = if receiver == NONE {
            value
        } else {
            self.bind(value, Value(receiver))
        };
        if self.admits(to, value) {
            self.gain_value(to, value, inferred);
        }
    }

    /// Adds a value. A function that a full slot has no room for has its place
    /// all the same: what the slot's written type says of its parameters holds.
    fn gain_value(&mut self, to: u32, value: Value, inferred: bool) {
        let new = self.sets.add(to, value, inferred);
        if !new && self.has_signatures && !self.naming && self.sets.is_full(to) {
            self.take_context(to, value);
        }
    }

    /// A function that is read through a receiver remembers it.
    pub(super) fn bind(&mut self, value: Value, receiver: Value) -> Value {
        if value.kind() != Kind::Def || self.def(value.index()).kind != kind::METHOD {
            return value;
        }
        self.bound_to(value.index(), receiver)
    }

    /// A function with its receiver; of a class, what makes its instances.
    pub(super) fn bound_to(&mut self, def: u32, receiver: Value) -> Value {
        let next = self.bound.len() as u32;
        let id = *self.bound_ids.entry((def, receiver.0)).or_insert(next);
        if id == next {
            self.bound.push((def, receiver));
        }
        Value::new(Kind::Bound, id)
    }

    /// The slot of a member that reads look for before they take others.
    fn gain(&mut self, value: Value, name: u64) -> u32 {
        let count = self.fields.len();
        let slot = self.field(value, name);
        self.late |= self.fields.len() > count;
        slot
    }

    /// Hangs an operation on a slot.
    pub(super) fn hang(&mut self, slot: u32, operation: DynamicOp) {
        let known = self.dynamic.entry(slot).or_default();
        if known.contains(&operation) {
            return;
        }
        known.push(operation);
        let at = known.len() as u32 - 1;
        let outer = self.cause();
        let passed: Vec<(Value, bool)> = self.sets.passed(slot).collect();
        for (value, inferred) in passed {
            self.because(slot, value, Via::Hung(at));
            self.operate_dynamic(operation, value, inferred);
        }
        self.resume(outer);
    }

    pub(super) fn instance(&mut self, value: Value, to: u32) {
        let made = match value.kind() {
            Kind::Def if self.is_class(value.index()) => {
                self.instance_of_underlying(value.index(), to);
                Value::new(Kind::Instance, value.index())
            }
            Kind::Def if self.def(value.index()).flags & def_flag::SIGNATURE != 0 => value,
            Kind::Object => match self.alloc(value.index()) {
                Some((_, record)) if matches!(record.kind, alloc::APPLIED | alloc::TUPLE) => {
                    self.open_applied(value);
                    Value::new(Kind::Applied, value.index())
                }
                Some((_, record)) if record.kind == alloc::SHAPE => value,
                Some((file, record)) if record.kind == alloc::OF => {
                    let from = self.slot_in(file, record.class_slot);
                    self.flow(from, to, NONE);
                    return;
                }
                _ => return,
            },
            Kind::External => value,
            _ => return,
        };
        self.sets.declare(to, made, false);
        self.expect_function(made, to);
    }

    /// Gives the elements of `value`; `part` says whether keys or elements are
    /// meant where both are given.
    pub(super) fn iterate(&mut self, value: Value, to: u32, part: Option<u64>) {
        let keys = part == Some(super::members::argument(0));
        match value.kind() {
            Kind::Applied if keys && self.is_keyed(value) => {
                let slot = self.field(value, super::members::argument(0));
                self.flow(slot, to, NONE);
            }
            Kind::Def | Kind::Bound if part.is_some() => {
                self.iterate_function(value, to, usize::from(!keys));
            }
            Kind::Object | Kind::Applied => {
                let slot = self.field(value, super::members::any());
                self.flow(slot, to, NONE);
            }
            Kind::External => {
                let element = self.element_outside(value).unwrap_or(value);
                self.sets.add(to, element, true);
            }
            Kind::Instance => self.iterate_instance(value, to),
            _ => {}
        }
    }

    /// What an instance of ours gives that can be iterated: what its method
    /// for that returns holds the elements.
    fn iterate_instance(&mut self, value: Value, to: u32) {
        let traits = self.unit(self.file_of(value.index())).traits;
        if !traits.typed {
            return;
        }
        for name in &traits.iterate {
            for entry in self.find_member(value.index(), *name) {
                if entry.def == NONE || self.def(entry.def).ret_slot == NONE {
                    continue;
                }
                let file = self.file_of(entry.def);
                let ret = self.slot_in(file, self.def(entry.def).ret_slot);
                self.hang(ret, DynamicOp::Iterate { to });
            }
        }
    }
}

/// Whether a value is what names mean, and not what running gives.
fn names_something(value: Value) -> bool {
    matches!(value.kind(), Kind::Def | Kind::Module | Kind::External)
}
