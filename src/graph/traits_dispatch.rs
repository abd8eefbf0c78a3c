//! Which functions a call means where its receiver does not say it plainly.

use super::flow::DynamicOp;
use super::names::Linker;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, def_flag};

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
}
