//! Which functions a call means where its receiver does not say it plainly.

use super::flow::DynamicOp;
use super::names::Linker;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, call_flag, def_flag, param_flag};

impl Linker<'_> {
    /// Calls a function of a class by the class's name.
    pub(super) fn call_static(
        &mut self,
        file: u32,
        call: u32,
        value: Value,
        name: u64,
        inferred: bool,
    ) -> bool {
        if !self.unit(file).traits.typed {
            return false;
        }
        let entries = self.find_member(value.index(), name);
        let plain = |entry: &super::table::Entry| {
            entry.def != NONE
                && self.is_function(entry.def)
                && self.def(entry.def).flags & (def_flag::REBOUND | def_flag::PROPERTY) == 0
        };
        if entries.is_empty() || !entries.iter().all(plain) {
            return false;
        }
        for entry in entries {
            self.enter(file, call, entry.def, Some(value), inferred);
        }
        true
    }

    /// Calls a member that an `impl` of ours adds to something outside.
    pub(super) fn call_extension(
        &mut self,
        file: u32,
        call: u32,
        value: Value,
        container: u32,
        name: u64,
    ) -> bool {
        let entries: Vec<_> = self.table.get(container, name).collect();
        let mut found = false;
        for entry in entries {
            if entry.def != NONE && self.is_function(entry.def) {
                self.enter(file, call, entry.def, Some(value), true);
                found = true;
            }
        }
        found
    }

    /// Calls a member that an `impl` for every type adds.
    pub(super) fn call_blanket(&mut self, file: u32, call: u32, value: Value, name: u64) -> bool {
        self.call_extension(file, call, value, super::names::BLANKET, name)
    }

    /// Calls a member of what the receiver stands for: its `Target`.
    pub(super) fn delegate(&mut self, call: u32, receiver: Value, name: u64) -> bool {
        let file = self.call_file(call);
        let traits = self.unit(file).traits;
        let class = match receiver.kind() {
            Kind::Instance => receiver.index(),
            Kind::Applied => match self.applied_class(receiver) {
                Some(class) => class,
                None => return false,
            },
            _ => return false,
        };
        let mut found = false;
        for delegate in &traits.delegates {
            for entry in self.find_member(class, *delegate) {
                let slot = self.field(Value::new(Kind::Def, class), *delegate ^ 1);
                self.hang(entry.slot, DynamicOp::Instance { to: slot });
                self.hang(slot, DynamicOp::Method { call, name });
                found = true;
            }
        }
        found
    }

    /// Of several functions of one name, those that take this many arguments.
    pub(super) fn overloads(&self, file: u32, call: u32, candidates: &[u32]) -> Vec<u32> {
        if candidates.len() < 2 {
            return candidates.to_vec();
        }
        let record = self.call(file, call);
        if record.flags & call_flag::SPREAD != 0 || !self.unit(file).traits.overloads {
            return candidates.to_vec();
        }
        let count = record.args_len;
        let fits: Vec<u32> = candidates
            .iter()
            .copied()
            .filter(|def| {
                let params = self
                    .unit(self.file_of(*def))
                    .facts
                    .params_of(*def - self.def_base[self.file_of(*def) as usize]);
                let rest = params
                    .iter()
                    .any(|param| param.flags & param_flag::REST != 0);
                let rest = rest || self.def(*def).flags & def_flag::VARIADIC != 0;
                let required = params
                    .iter()
                    .filter(|param| param.flags & (param_flag::OPTIONAL | param_flag::REST) == 0)
                    .count() as u32;
                let declared = self.declared.get(def).map_or(required, |known| known.0);
                count >= required.min(declared) && (rest || count <= params.len() as u32)
            })
            .collect();
        if fits.is_empty() {
            candidates.to_vec()
        } else {
            fits
        }
    }
}
