//! Instances: which constructor a call enters, and which of several functions.

use super::calls::EXTERNAL;
use super::names::{CONSTRUCT, Linker, kind};
use super::values::{Kind, Value};
use crate::facts::format::{NONE, alloc, call_flag, def_flag};

impl Linker<'_> {
    /// Makes an instance of `class`, where the call may.
    pub(super) fn construct(&mut self, file: u32, call: u32, class: u32, inferred: bool) {
        let record = *self.call(file, call);
        let traits = self.unit(self.file_of(class)).traits;
        let makes = record.flags & (call_flag::NEW | call_flag::ELEMENT) != 0;
        if !makes && !traits.call_constructs {
            return;
        }
        self.make(file, call, class, inferred);
    }

    /// Makes an instance of `class`.
    pub(super) fn make(&mut self, file: u32, call: u32, class: u32, inferred: bool) {
        let record = *self.call(file, call);
        let traits = self.unit(self.file_of(class)).traits;
        let made = Value::new(Kind::Instance, class);
        let result = self.slot_in(file, record.result);
        self.sets.add(result, made, false);
        if self.def(class).flags & def_flag::INLINE != 0 {
            self.construct_direct_base(file, call, class, inferred);
            return;
        }
        let constructors: Vec<u32> = if traits.inherits_constructor {
            self.find_member(class, CONSTRUCT)
        } else {
            let container = self.container(class);
            self.table.get(container, CONSTRUCT).collect()
        }
        .into_iter()
        .filter(|entry| entry.def != NONE)
        .map(|entry| entry.def)
        .collect();
        let constructors = self.constructors_of(class, constructors);
        let Some(chosen) = self.overloads(file, call, &constructors) else {
            let value = Value::new(Kind::Def, class);
            let cause = self.cause();
            self.pending.push(super::overloads::Pending {
                call,
                value,
                class,
                name: CONSTRUCT,
                skip: 0,
                inferred,
                cause,
            });
            return;
        };
        let inferred = inferred || self.is_tie(file, &chosen);
        let silent = record.flags & call_flag::IMPLICIT != 0 && traits.program_scope;
        if chosen.is_empty() && !silent {
            self.add_target(call, class, inferred);
        }
        if chosen.is_empty() && self.unit(file).traits.typed {
            let args = self.unit(file).facts.args_of(&record);
            for (index, arg) in args.iter().enumerate() {
                let from = self.slot_in(file, arg.slot);
                for entry in self.find_member(class, super::members::at_position(index)) {
                    self.flow(from, entry.slot, NONE);
                }
            }
        }
        for def in chosen {
            self.enter(file, call, def, Some(made), inferred);
        }
    }

    /// A list between braces makes a `class` without constructors: its places
    /// are the fields, in their order, and its names are their names.
    pub(super) fn aggregate(&mut self, class: u32, list: Value) {
        let literal = self.alloc(list.index());
        let literal = literal.is_some_and(|(_, record)| record.kind == alloc::LITERAL);
        if self.naming || list.kind() != Kind::Object || !literal {
            return;
        }
        if !self.find_member(class, CONSTRUCT).is_empty() {
            return;
        }
        let file = self.file_of(class);
        let base = self.def_base[file as usize];
        let defs = self.unit(file).facts.defs;
        let own = class - base;
        let end = defs[own as usize].end;
        let inside = defs[own as usize + 1..]
            .iter()
            .take_while(|def| def.start < end);
        let fields = inside.filter(|def| {
            def.parent == own && def.kind == kind::VARIABLE && def.flags & def_flag::STATIC == 0
        });
        for (index, field) in fields.enumerate() {
            let to = self.slot_in(file, field.slot);
            let name = self.unit(file).facts.hash(field.name);
            let named = self.field(list, name);
            let placed = self.field(list, super::members::at_position(index));
            self.flow(placed, named, NONE);
            self.flow(named, to, NONE);
        }
    }

    /// A call of the bases' view is a call of the base's constructor on the
    /// receiver at hand.
    pub(super) fn construct_base(&mut self, file: u32, call: u32, class: u32, inferred: bool) {
        let this = Value::new(Kind::Instance, class);
        let constructors: Vec<u32> = self
            .find_member_from(class, CONSTRUCT, 1)
            .into_iter()
            .filter(|entry| entry.def != NONE)
            .map(|entry| entry.def)
            .collect();
        if constructors.is_empty() {
            let order = self.order(class);
            if let Some(base) = order.get(1) {
                self.add_target(call, *base, inferred);
            }
            if let Some(external) = self.external_base(class) {
                self.add_target(call, EXTERNAL | external, inferred);
            }
            return;
        }
        let chosen = self.overloads(file, call, &constructors);
        for def in chosen.unwrap_or(constructors) {
            self.enter(file, call, def, Some(this), inferred);
            self.pass_this(file, call, def);
        }
    }
}
