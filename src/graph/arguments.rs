//! Type parameters and what stands for them: results of generic functions, and
//! functions given for an interface of one method.

use super::flow::DynamicOp;
use super::members::argument;
use super::names::{Linker, kind};
use super::values::{Kind, Value};
use crate::facts::format::{CallRec, NONE, def_flag, param_flag};

/// Longest way from a class to the base that declares a type parameter.
const MAX_WAY: usize = 16;

impl Linker<'_> {
    /// Where a function gives a type parameter, its result is what the call
    /// gives for that parameter. `false` where that is not known.
    pub(super) fn give_argument(
        &mut self,
        file: u32,
        site: &CallRec,
        def: u32,
        receiver: Option<Value>,
    ) -> bool {
        let target = self.file_of(def);
        if !self.unit(target).traits.typed_variables {
            return false;
        }
        let Some(param) = self.type_param(target, self.def(def).type_slot) else {
            return false;
        };
        let result = self.slot_in(file, site.result);
        if self.parent(param) == def {
            return self.give_by_argument(file, site, def, param, result);
        }
        match receiver.and_then(|receiver| self.type_argument(receiver, param)) {
            Some(slot) => {
                self.flow(slot, result, NONE);
                true
            }
            None => false,
        }
    }

    /// The type parameter that a written type is, if it is one.
    fn type_param(&self, file: u32, type_slot: u32) -> Option<u32> {
        if type_slot == NONE {
            return None;
        }
        let slot = self.slot_in(file, type_slot);
        let (value, _) = self.sets.values(slot).next()?;
        let param = value.kind() == Kind::Def && self.def(value.index()).kind == kind::TYPE_PARAM;
        param.then(|| value.index())
    }

    /// A function's own type parameter is what its arguments of that type are.
    fn give_by_argument(
        &mut self,
        file: u32,
        site: &CallRec,
        def: u32,
        param: u32,
        result: u32,
    ) -> bool {
        let target = self.file_of(def);
        let local = def - self.def_base[target as usize];
        let params = self.unit(target).facts.params_of(local);
        let mut given = false;
        for (at, arg) in self.unit(file).facts.args_of(site).iter().enumerate() {
            let Some(written) = params.get(at) else { break };
            if written.flags & param_flag::REST == 0
                && self.type_param(target, written.type_slot) == Some(param)
            {
                let from = self.slot_in(file, arg.slot);
                self.pass_written(from, result);
                self.flow(from, result, NONE);
                given = true;
            }
        }
        given
    }

    /// The slot of what stands for `param` in a receiver.
    fn type_argument(&mut self, receiver: Value, param: u32) -> Option<u32> {
        let owner = self.parent(param);
        let mut class = self.class_of(receiver)?;
        let mut current = receiver;
        for _ in 0..MAX_WAY {
            if class == owner {
                if current.kind() != Kind::Applied {
                    return None;
                }
                self.open_applied(current);
                let index = self.index_of(param)?;
                return self.fields.get(&(current.0, argument(index))).copied();
            }
            let base = self.written_base(class, owner)?;
            class = self.class_of(base)?;
            current = Value::new(Kind::Applied, base.index());
        }
        None
    }

    /// The applied base of `class` through which `owner` is reached.
    fn written_base(&mut self, class: u32, owner: u32) -> Option<Value> {
        let bases = self.hierarchy.bases.get(&class)?.clone();
        for base in bases {
            if base.applied == NONE {
                continue;
            }
            if base.class == owner || self.order(base.class).contains(&owner) {
                return Some(Value::new(Kind::Applied, base.applied));
            }
        }
        None
    }

    /// Which of its owner's type parameters a type parameter is.
    fn index_of(&self, param: u32) -> Option<usize> {
        let file = self.file_of(param);
        let base = self.def_base[file as usize];
        let parent = self.def(param).parent;
        let defs = &self.unit(file).facts.defs[parent as usize + 1..(param - base) as usize];
        let before = defs
            .iter()
            .filter(|def| def.parent == parent && def.kind == kind::TYPE_PARAM);
        Some(before.count())
    }

    /// The one method without a body of an interface.
    pub(super) fn single_method(&mut self, class: u32) -> Option<u32> {
        if self.def(class).kind != kind::INTERFACE {
            return None;
        }
        let order = self.order(class);
        let mut found = None;
        for base in order.iter() {
            let file = self.file_of(*base);
            let first = self.def_base[file as usize];
            let facts = &self.unit(file).facts;
            for member in facts.members_of(*base - first) {
                let Some(def) = facts.defs.get(member.def as usize) else {
                    continue;
                };
                if def.kind != kind::METHOD || def.flags & def_flag::ABSTRACT == 0 {
                    continue;
                }
                match found {
                    None => found = Some(first + member.def),
                    Some(known) if self.def_name(known) == facts.hash(def.name) => {}
                    Some(_) => return None,
                }
            }
        }
        found
    }

    /// A variable of an interface's type may be given a function for it.
    pub(super) fn expect_function(&mut self, written: Value, to: u32) {
        let class = match written.kind() {
            Kind::Instance => Some(written.index()),
            Kind::Applied => self.applied_class(written),
            _ => return,
        };
        if let Some(class) = class {
            let traits = self.unit(self.file_of(class)).traits;
            if !traits.function_objects || self.single_method(class).is_none() {
                return;
            }
        } else {
            let traits = self
                .alloc(written.index())
                .map(|(file, _)| self.unit(file).traits);
            if !traits.is_some_and(|traits| traits.function_objects) {
                return;
            }
        }
        self.hang(to, DynamicOp::Implement { written });
    }

    /// A function stands for the one method of a type: it takes what that takes.
    pub(super) fn implement(&mut self, written: Value, value: Value) {
        let def = match value.kind() {
            Kind::Def => value.index(),
            Kind::Bound => self.bound[value.index() as usize].0,
            _ => return,
        };
        if !self.is_function(def) || self.def(def).kind != kind::FUNCTION {
            return;
        }
        let class = match written.kind() {
            Kind::Instance => Some(written.index()),
            _ => self.applied_class(written),
        };
        let target = self.file_of(def);
        let local = def - self.def_base[target as usize];
        let params = self.unit(target).facts.params_of(local);
        let Some(class) = class else {
            // Outside: one type argument for each parameter, the last for the rest.
            self.open_applied(written);
            let mut last = None;
            for (index, param) in params.iter().enumerate() {
                let from = self.fields.get(&(written.0, argument(index))).copied();
                last = from.or(last);
                if let Some(from) = last {
                    let to = self.slot_in(target, param.slot);
                    self.flow(from, to, NONE);
                }
            }
            return;
        };
        let Some(method) = self.single_method(class) else {
            return;
        };
        let from_file = self.file_of(method);
        let local = method - self.def_base[from_file as usize];
        let taken = self.unit(from_file).facts.params_of(local);
        for (param, taken) in params.iter().zip(taken) {
            let to = self.slot_in(target, param.slot);
            let open = self.type_param(from_file, taken.type_slot);
            let given = open.and_then(|open| self.type_argument(written, open));
            let from = given.unwrap_or_else(|| self.slot_in(from_file, taken.slot));
            self.flow(from, to, NONE);
        }
    }
}
