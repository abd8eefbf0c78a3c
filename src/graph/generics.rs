//! Type parameters: what they stand for where a generic function is called or
//! a member of an applied type is read.

use super::flow::DynamicOp;
use super::members::argument;
use super::names::{Linker, kind};
use super::values::{Kind, Value};
use crate::facts::format::{NONE, arg_flag, param_flag};

/// Where type parameters get their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Context {
    /// The call, or [`NONE`] where a member is read.
    pub(super) call: u32,
    /// The function that is called, or the member.
    pub(super) def: u32,
    /// The value that it is a member of, or `u32::MAX`.
    pub(super) receiver: u32,
}

/// Objects from here on are copies of allocations with their arguments replaced.
pub(super) const COPIES: u32 = 1 << 26;

impl Linker<'_> {
    /// `to` gains what `from` has, type parameters replaced.
    pub(super) fn flow_replaced(&mut self, from: u32, to: u32, context: Context) {
        if self.sets.is_typed(to) {
            return;
        }
        let next = self.contexts.len() as u32;
        let id = *self.context_ids.entry(context).or_insert(next);
        if id == next {
            self.contexts.push(context);
        }
        let operation = DynamicOp::Replace {
            to,
            context: id,
            types: false,
        };
        self.hang(from, operation);
    }

    /// Gives `value` to `to`, type parameters replaced; a type's instances
    /// where `types` says so.
    pub(super) fn replace(&mut self, value: Value, to: u32, context: u32, types: bool) {
        let value = match (types, value.kind()) {
            (true, Kind::Def) if self.is_class(value.index()) => {
                Value::new(Kind::Instance, value.index())
            }
            (true, Kind::Object) => {
                self.open_applied(value);
                Value::new(Kind::Applied, value.index())
            }
            _ => value,
        };
        match value.kind() {
            Kind::Instance if self.def(value.index()).kind == kind::TYPE_PARAM => {
                if !self.replace_param(value.index(), to, context) {
                    self.sets.add(to, value, true);
                }
            }
            Kind::Applied if self.is_open(value, 0) => {
                let made = self.copy_applied(value, context);
                self.sets.add(to, made, true);
            }
            _ => {
                self.sets.add(to, value, true);
            }
        }
    }

    /// Whether a type parameter stands among the arguments of an applied type.
    fn is_open(&self, value: Value, depth: u32) -> bool {
        if value.index() >= COPIES {
            return false;
        }
        let Some((file, record)) = self.alloc(value.index()) else {
            return false;
        };
        let from = record.args as usize;
        let args = &self.unit(file).facts.args[from..from + record.args_len as usize];
        args.iter().any(|arg| {
            let slot = self.slot_in(file, arg.slot);
            self.sets.values(slot).any(|(value, _)| match value.kind() {
                Kind::Def => self.def(value.index()).kind == kind::TYPE_PARAM,
                Kind::Object => depth < 4 && self.is_open(value, depth + 1),
                _ => false,
            })
        })
    }

    /// The applied type with its arguments replaced.
    fn copy_applied(&mut self, value: Value, context: u32) -> Value {
        let next = COPIES + self.copies.len() as u32;
        let key = (value.index(), context);
        if let Some(known) = self.copy_ids.get(&key) {
            return Value::new(Kind::Applied, *known);
        }
        self.copy_ids.insert(key, next);
        self.copies.push(value.index());
        let made = Value::new(Kind::Applied, next);
        self.object_slots.insert(next);
        let Some((file, record)) = self.alloc(value.index()) else {
            return value;
        };
        let from = record.args as usize;
        let args = &self.unit(file).facts.args[from..from + record.args_len as usize];
        for (index, arg) in args.iter().enumerate() {
            let to = self.field(made, argument(index));
            let from = self.slot_in(file, arg.slot);
            let operation = DynamicOp::Replace {
                to,
                context,
                types: true,
            };
            self.hang(from, operation);
        }
        self.open_elements(made, file, record);
        made
    }

    /// What the type parameter `param` stands for; `false` where it is not known.
    fn replace_param(&mut self, param: u32, to: u32, context: u32) -> bool {
        let context = self.contexts[context as usize];
        let holder = self.parent(param);
        let receiver = (context.receiver != NONE).then_some(Value(context.receiver));
        if self.def(holder).kind == kind::INTERFACE && self.is_self(param) {
            let Some(receiver) = receiver else {
                return false;
            };
            let receiver = match receiver.kind() {
                Kind::Def => Value::new(Kind::Instance, receiver.index()),
                Kind::Object => Value::new(Kind::Applied, receiver.index()),
                _ => receiver,
            };
            self.sets.add(to, receiver, true);
            return true;
        }
        if let Some(receiver) = receiver
            && matches!(receiver.kind(), Kind::Applied | Kind::Object)
            && let Some(index) = self.parameter_index(param, holder)
        {
            let applied = Value::new(Kind::Applied, receiver.index());
            self.open_applied(applied);
            let from = self.field(applied, argument(index));
            self.flow(from, to, NONE);
            return true;
        }
        context.call != NONE && self.replace_by_arguments(param, to, context)
    }

    /// Whether a type parameter of an interface stands for its implementer.
    fn is_self(&self, param: u32) -> bool {
        let holder = self.parent(param);
        self.hierarchy
            .bases
            .get(&param)
            .is_some_and(|bases| bases.iter().any(|base| base.class == holder))
    }

    /// The position of a type parameter among those of its class, or among the
    /// arguments of the type that its `impl` is for.
    fn parameter_index(&self, param: u32, holder: u32) -> Option<usize> {
        let file = self.file_of(holder);
        let record = self.def(holder);
        if record.kind != kind::IMPL {
            let base = self.def_base[file as usize];
            let facts = &self.unit(file).facts;
            let own = facts.defs[(holder - base) as usize..(param - base) as usize].iter();
            let params = own.filter(|def| {
                def.kind == kind::TYPE_PARAM && def.parent == holder - base && def.start != 0
            });
            return Some(params.count());
        }
        let slot = self.slot_in(file, record.owner_slot);
        let owner = self
            .sets
            .values(slot)
            .find(|(value, _)| value.kind() == Kind::Object)?
            .0;
        let (file, record) = self.alloc(owner.index())?;
        let from = record.args as usize;
        let args = &self.unit(file).facts.args[from..from + record.args_len as usize];
        args.iter().position(|arg| {
            let slot = self.slot_in(file, arg.slot);
            self.sets
                .values(slot)
                .any(|(value, _)| value == Value::new(Kind::Def, param))
        })
    }

    /// Finds a type parameter in the parameters' types, and so in the arguments.
    fn replace_by_arguments(&mut self, param: u32, to: u32, context: Context) -> bool {
        if !self.is_function(context.def) {
            return false;
        }
        let file = self.call_file(context.call);
        let site = *self.call(file, context.call);
        let target = self.file_of(context.def);
        let local = context.def - self.def_base[target as usize];
        let params = self.unit(target).facts.params_of(local);
        let args = self.unit(file).facts.args_of(&site);
        let this = params
            .first()
            .is_some_and(|param| param.flags & param_flag::THIS != 0);
        let bound = context.receiver != NONE
            && !matches!(Value(context.receiver).kind(), Kind::Def | Kind::Object);
        let params = &params[usize::from(this && bound)..];
        let mut found = false;
        for (taken, arg) in params.iter().zip(args) {
            if taken.type_slot == NONE || arg.flags & arg_flag::SPREAD != 0 {
                continue;
            }
            let types = self.slot_in(target, taken.type_slot);
            let from = self.slot_in(file, arg.slot);
            let values: Vec<Value> = self.sets.values(types).map(|(value, _)| value).collect();
            for value in values {
                if value == Value::new(Kind::Def, param) {
                    self.flow(from, to, NONE);
                    found = true;
                } else if value.kind() == Kind::Object && self.is_open(value, 0) {
                    self.hang(from, DynamicOp::Iterate { to });
                    found = true;
                }
            }
        }
        found
    }
}
