//! From arguments to parameters.

use super::flow::DynamicOp;
use super::members::any;
use super::names::Linker;
use super::values::{Kind, Value};
use crate::facts::format::{CallRec, NONE, RETURNED, arg_flag, op, param_flag};

impl Linker<'_> {
    pub(super) fn pass_arguments(
        &mut self,
        file: u32,
        site: &CallRec,
        def: u32,
        has_receiver: bool,
        receiver_first: bool,
    ) {
        let target = self.file_of(def);
        let local = def - self.def_base[target as usize];
        let facts = &self.unit(target).facts;
        let params = facts.params_of(local);
        let own = self.unit(file);
        // A receiver that is given fills the parameter that stands for it.
        let skip = usize::from(
            has_receiver
                && params
                    .first()
                    .is_some_and(|param| param.flags & param_flag::THIS != 0),
        );
        let result = self.slot_in(file, site.result);
        let mut next = skip;
        let args = own.facts.args_of(site).iter();
        for arg in args.skip(usize::from(receiver_first)) {
            let from = self.slot_in(file, arg.slot);
            if arg.flags & arg_flag::SPREAD != 0 {
                for param in &params[next.min(params.len())..] {
                    let to = self.slot_in(target, param.slot);
                    if param.flags & param_flag::REST == 0 {
                        self.hang(from, DynamicOp::Iterate { to });
                    } else {
                        let element = self.sets.grow();
                        self.hang(from, DynamicOp::Iterate { to: element });
                        self.collect_rest(element, to, param.slot, target);
                    }
                }
                continue;
            }
            if arg.flags & arg_flag::KEYWORD_SPREAD != 0 {
                continue;
            }
            if arg.name != NONE {
                let name = own.facts.hash(arg.name);
                let named = params
                    .iter()
                    .find(|param| param.name != NONE && facts.hash(param.name) == name);
                let rest = params
                    .iter()
                    .find(|param| param.flags & param_flag::KEYWORD_REST != 0);
                if let Some(param) = named {
                    let to = self.slot_in(target, param.slot);
                    self.flow(from, to, NONE);
                    if is_returned(facts, param.slot) {
                        self.flow(from, result, NONE);
                    }
                } else if let Some(param) = rest {
                    let to = self.slot_in(target, param.slot);
                    self.collect_rest(from, to, param.slot, target);
                }
                continue;
            }
            let Some(param) = params.get(next) else {
                continue;
            };
            let to = self.slot_in(target, param.slot);
            if param.flags & param_flag::REST != 0 {
                self.collect_rest(from, to, param.slot, target);
            } else {
                self.flow(from, to, NONE);
                if is_returned(facts, param.slot) {
                    self.flow(from, result, NONE);
                }
                next += 1;
            }
        }
    }

    /// Whether a method gives back its receiver.
    pub(super) fn returns_receiver(&self, def: u32) -> bool {
        let file = self.file_of(def);
        let facts = &self.unit(file).facts;
        let params = facts.params_of(def - self.def_base[file as usize]);
        let first = params
            .first()
            .filter(|param| param.flags & param_flag::THIS != 0);
        is_returned(facts, self.def(def).this_slot)
            || first.is_some_and(|param| is_returned(facts, param.slot))
    }

    /// An argument that a rest parameter takes is an element of it.
    pub(super) fn collect_rest(&mut self, from: u32, to: u32, slot: u32, file: u32) {
        let _ = (slot, file);
        let next = self.sets_object(to);
        let element = self.field(next, any());
        self.flow(from, element, NONE);
        let unknown = self.field(next, super::members::unknown_key());
        self.flow(from, unknown, NONE);
        self.sets.add(to, next, true);
    }

    /// The object that a rest parameter is: one for each such parameter.
    pub(super) fn sets_object(&mut self, slot: u32) -> Value {
        let base = *self.object_base.last().unwrap_or(&0);
        Value::new(Kind::Object, base + slot)
    }
}

/// Whether what a slot has is returned as it came.
fn is_returned(facts: &crate::facts::View<'_>, slot: u32) -> bool {
    let ops = facts.ops_of(slot);
    ops.iter()
        .any(|record| record.kind == op::COPY && record.name == RETURNED)
}
