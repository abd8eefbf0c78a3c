//! Types as values: conversions, types that are made of other types, and
//! elements that a type gives away.

use std::sync::OnceLock;

use crate::text::name_hash;

use super::flow::DynamicOp;
use super::members::any;
use super::names::{Linker, kind};
use super::values::{Kind, Value};
use crate::facts::format::{NONE, alloc, op};

/// The member that holds the functions that were converted to a type.
fn converted() -> u64 {
    static HASH: OnceLock<u64> = OnceLock::new();
    *HASH.get_or_init(|| name_hash(b"()"))
}

/// How often a type may be defined as another.
const DEPTH: usize = 4;

impl Linker<'_> {
    /// Converts the argument of `call` to the type that `value` is.
    pub(super) fn convert(&mut self, file: u32, call: u32, value: Value) {
        let record = *self.call(file, call);
        let result = self.slot_in(file, record.result);
        let Some(arg) = self.unit(file).facts.args_of(&record).first() else {
            return;
        };
        let from = self.slot_in(file, arg.slot);
        self.instance(value, result);
        let keeps = match value.kind() {
            Kind::Def => match self.def(value.index()).kind {
                kind::INTERFACE => {
                    let interface = value.index();
                    let to = result;
                    self.hang(from, DynamicOp::Narrow { to, interface });
                    false
                }
                kind::TYPE_PARAM => true,
                kind::CLASS => {
                    self.convert_underlying(value.index(), from);
                    false
                }
                _ => false,
            },
            Kind::Object => self.applied_class(value).is_none(),
            Kind::External => true,
            _ => false,
        };
        if keeps {
            self.flow(from, result, NONE);
        }
    }

    /// Whether calling `value` converts to it.
    pub(super) fn converts(&self, file: u32, value: Value) -> bool {
        let traits = self.unit(file).traits;
        if !traits.call_converts {
            return false;
        }
        match value.kind() {
            Kind::Def => self.is_class(value.index()),
            Kind::Object => self.is_applied(value),
            Kind::External => {
                let (parent, name, _) = &self.externals[value.index() as usize];
                *parent == NONE && traits.types.contains(name)
            }
            _ => false,
        }
    }

    /// A value that becomes one of a type keeps its elements, and stays the
    /// function that it was.
    fn convert_underlying(&mut self, class: u32, from: u32) {
        if self.def(class).type_slot == NONE {
            return;
        }
        let functions = self.field(Value::new(Kind::Def, class), converted());
        self.flow(from, functions, NONE);
        for value in self.underlying(class) {
            let to = self.field(Value::new(Kind::Applied, value.index()), any());
            self.hang(from, DynamicOp::Iterate { to });
        }
    }

    /// Gives `value` where it can be one of the interface.
    pub(super) fn narrow(&mut self, value: Value, to: u32, interface: u32) {
        let class = match value.kind() {
            Kind::Instance | Kind::Applied => self.class_of(value),
            _ => None,
        };
        if class.is_none_or(|class| self.satisfies(class, interface)) {
            self.sets.add(to, value, true);
        }
    }

    /// Calls the functions that were converted to a type.
    pub(super) fn call_converted(&mut self, call: u32, value: Value) {
        if value.kind() != Kind::Instance || self.def(value.index()).type_slot == NONE {
            return;
        }
        let slot = self.field(value, converted());
        let receiver = None;
        self.hang(
            slot,
            DynamicOp::Call {
                call,
                receiver,
                inferred: true,
            },
        );
    }

    /// The applied types that a type is defined as.
    fn underlying(&self, class: u32) -> Vec<Value> {
        let (mut found, mut todo) = (Vec::new(), vec![class]);
        for _ in 0..DEPTH {
            for class in std::mem::take(&mut todo) {
                let slot = self.def(class).type_slot;
                if slot == NONE {
                    continue;
                }
                let slot = self.slot_in(self.file_of(class), slot);
                for (value, _) in self.sets.values(slot) {
                    match value.kind() {
                        Kind::Object if self.is_applied(value) => found.push(value),
                        Kind::Def if self.def(value.index()).kind == kind::CLASS => {
                            todo.push(value.index());
                        }
                        _ => {}
                    }
                }
            }
        }
        found
    }

    fn is_applied(&self, value: Value) -> bool {
        let record = self.alloc(value.index());
        record.is_some_and(|(_, record)| record.kind == alloc::APPLIED)
    }

    /// Instances of a type are instances of what it is defined as.
    pub(super) fn instance_of_underlying(&mut self, class: u32, to: u32) {
        let record = self.def(class);
        if record.kind != kind::CLASS || record.type_slot == NONE {
            return;
        }
        for value in self.underlying(class) {
            self.instance(value, to);
        }
    }

    /// `to` gains the type of the elements of the type `value`.
    pub(super) fn element_type(&mut self, value: Value, to: u32) {
        match value.kind() {
            Kind::Object if self.is_applied(value) => {
                let Some((file, record)) = self.alloc(value.index()) else {
                    return;
                };
                if let Some(class) = self.applied_class(value) {
                    self.element_type(Value::new(Kind::Def, class), to);
                    return;
                }
                let last = (record.args + record.args_len).checked_sub(1);
                let args = self.unit(file).facts.args;
                if let Some(arg) = last.and_then(|at| args.get(at as usize)) {
                    let from = self.slot_in(file, arg.slot);
                    self.flow(from, to, NONE);
                }
            }
            Kind::Def if self.is_class(value.index()) => {
                let record = self.def(value.index());
                if record.kind == kind::CLASS && record.type_slot != NONE {
                    let slot = self.slot_in(self.file_of(value.index()), record.type_slot);
                    self.hang(slot, DynamicOp::ElementType { to });
                }
            }
            _ => {}
        }
    }

    /// Whether an applied type has keys beside elements.
    pub(super) fn is_keyed(&self, value: Value) -> bool {
        let record = self.alloc(value.index());
        record.is_some_and(|(_, record)| record.class_slot == NONE && record.args_len > 1)
    }

    /// Looping over a function gives what it calls its parameter with.
    pub(super) fn iterate_function(&mut self, value: Value, to: u32, index: usize) {
        let Some(def) = self.function_of(value) else {
            return;
        };
        let Some(param) = self.param_at(def, 0) else {
            return;
        };
        let file = self.file_of(def);
        let facts = &self.unit(file).facts;
        let local = param - self.slot_base[file as usize];
        for record in facts.ops_of(local).iter().filter(|op| op.kind == op::CALL) {
            let call = &facts.calls[record.other as usize];
            if let Some(arg) = facts.args_of(call).get(index) {
                let from = self.slot_in(file, arg.slot);
                self.flow(from, to, NONE);
            }
        }
    }

    /// The field at a position of a type, where `name` is that of a position.
    pub(super) fn field_at(&self, class: u32, name: u64) -> Option<u32> {
        let index = super::members::position(name)?;
        let record = self.def(class);
        if record.kind != kind::CLASS || record.type_slot != NONE {
            return None;
        }
        let file = self.file_of(class);
        let local = class - self.def_base[file as usize];
        let defs = &self.unit(file).facts.defs;
        let inside = defs.iter().skip(local as usize + 1);
        let mut fields = inside
            .take_while(|def| def.start < record.end)
            .filter(|def| def.parent == local && def.kind == kind::VARIABLE);
        let field = fields.nth(index)?;
        Some(self.slot_in(file, field.slot))
    }
}
