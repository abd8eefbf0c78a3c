//! Statements that move values: assignments, loops, results, decorators.

use super::format::{ArgRec, CallRec, MemberRec, NONE, call_flag, def_flag, op};
use super::walk::{Frame, Mode, Tag, Val, Walk};
use crate::lang::{DefKind, Field, NodeFlag, Role};

impl Walk<'_> {
    /// The slot that holds a value; reads a place.
    pub(super) fn slot_of(&mut self, value: Val) -> Option<u32> {
        match value.tag {
            Tag::Slot | Tag::Literal | Tag::Keyed | Tag::Spread => Some(value.a),
            Tag::Place => {
                let place = self.places[value.a as usize];
                let to = self.builder.slot();
                let site = self
                    .builder
                    .mention(NONE, self.def, place.line, place.column);
                self.builder.op(place.base, op::LOAD, to, place.name, site);
                Some(to)
            }
            Tag::Pattern | Tag::Raw | Tag::Param => None,
        }
    }

    /// A member of `this` that is first seen in an assignment is a field of
    /// the class around.
    pub(super) fn note_field(&mut self, base: u32, name: u32, line: u32, column: u32) {
        let Some(function) = self.functions.iter().rev().find(|f| !f.outer_this) else {
            return;
        };
        if function.this != base {
            return;
        }
        let method = self.builder.facts.defs[function.def as usize];
        let class = if method.kind == DefKind::Class as u32 {
            function.def
        } else {
            method.parent
        };
        let kind = self.builder.facts.defs[class as usize].kind;
        let is_class = kind == DefKind::Class as u32 || kind == DefKind::Interface as u32;
        if !is_class || !self.fields.insert((class, name)) || self.has_member(class, name) {
            return;
        }
        let slot = self.builder.slot();
        let frame = self.frames.last().copied();
        let (start, end) = frame.map_or((0, 0), |frame| (frame.start, frame.end));
        let end_line = frame.map_or(line, |frame| frame.end_line);
        let mut record = self.blank();
        record.parent = class;
        record.name = name;
        record.kind = DefKind::Variable as u32;
        (record.start, record.end) = (start, end);
        (record.start_line, record.end_line) = (line, end_line);
        (record.line, record.column) = (line, column);
        record.slot = slot;
        let def = self.push_def(record);
        self.builder.facts.members.push(MemberRec {
            container: class,
            name,
            slot,
            def,
        });
    }

    fn has_member(&self, class: u32, name: u32) -> bool {
        // Members of the innermost class are the newest; a bounded look back
        // keeps this constant, and a second definition is harmless.
        self.builder
            .facts
            .members
            .iter()
            .rev()
            .take(256)
            .any(|member| member.container == class && member.name == name)
    }

    pub(super) fn leave_assign(&mut self, frame: &Frame) -> Option<Val> {
        if frame.role == Role::Declare && frame.row.has(NodeFlag::Positional) {
            return self.declare_positions(frame);
        }
        self.scopes.commit(frame.pending);
        let range = self.children(frame);
        let targets: Vec<Val> = self.values[range.clone()]
            .iter()
            .copied()
            .filter(|value| matches!(value.field, Field::Name | Field::Left))
            .collect();
        let values: Vec<Val> = self.values[range]
            .iter()
            .copied()
            .filter(|value| matches!(value.field, Field::Value | Field::Right | Field::Body))
            .collect();
        let written = self
            .child(frame, Field::Type)
            .and_then(|value| self.slot_of(value));
        if let Some(type_slot) = written {
            for target in &targets {
                self.declare_type(*target, type_slot);
            }
        }
        if frame.row.has(NodeFlag::Part) && targets.is_empty() {
            self.declare_part(frame);
            return None;
        }
        if frame.row.has(NodeFlag::Repeats) {
            let value = values.first().and_then(|value| self.slot_of(*value));
            self.repeat(&targets, written, value);
        }
        let keys = frame.role == Role::Declare && self.frame_is(Role::Collection);
        if let ([target], true) = (targets.as_slice(), keys && values.is_empty()) {
            // A member of an object type: a key, and instances of what is written.
            return (target.tag == Tag::Slot).then_some(Val {
                tag: Tag::Keyed,
                ..*target
            });
        }
        let mut result = None;
        if targets.len() > 1 && targets.len() == values.len() {
            for (target, value) in targets.iter().zip(&values) {
                self.assign_value(*target, *value);
            }
        } else if targets.len() > 1 && values.len() == 1 {
            // One value with several results.
            let from = self.slot_of(values[0]);
            let single = from.filter(|from| !self.is_result(*from));
            if let Some(from) = single {
                // The others say whether there was a value.
                self.assign(targets[0], from);
            } else if let Some(from) = from {
                for (index, target) in targets.iter().enumerate() {
                    let key = self.position(index);
                    let element = self.builder.slot();
                    self.builder.op(from, op::LOAD, element, key, NONE);
                    self.assign(*target, element);
                }
            }
        } else {
            for value in &values {
                for target in &targets {
                    self.assign_value(*target, *value);
                }
                result = Some(*value);
            }
        }
        if frame.role == Role::Declare
            && (self.frame_is(Role::Declare) || self.frame_is(Role::Param))
        {
            // The type of several declarators is written before them.
            return targets.first().copied();
        }
        if frame.row.has(NodeFlag::LastValue) || frame.role == Role::Assign {
            return result.and_then(|value| {
                let a = self.slot_of(value)?;
                Some(Val {
                    tag: Tag::Slot,
                    a,
                    ..value
                })
            });
        }
        None
    }

    fn assign_value(&mut self, target: Val, value: Val) {
        if let Some(from) = self.slot_of(value) {
            self.assign(target, from);
        }
    }

    pub(super) fn declare_type(&mut self, target: Val, type_slot: u32) {
        if target.tag != Tag::Slot {
            return;
        }
        self.builder
            .op(type_slot, op::INSTANCE, target.a, NONE, NONE);
        let facts = &mut self.builder.facts;
        if let Some(def) = facts
            .defs
            .iter_mut()
            .rev()
            .take(8)
            .find(|def| def.slot == target.a)
        {
            def.type_slot = type_slot;
        }
    }

    /// The key of the element at `index` of a sequence.
    pub(super) fn position(&mut self, index: usize) -> u32 {
        if index < 16 {
            let text = format!("[{index}]");
            self.builder.made_name(text.as_bytes())
        } else {
            self.builder.made_name(b"[?]")
        }
    }

    pub(super) fn leave_for(&mut self, frame: &Frame) -> Option<Val> {
        self.scopes.commit(frame.pending);
        let range = self.children(frame);
        let values: Vec<Val> = self.values[range].to_vec();
        let written = values
            .iter()
            .find(|value| value.field == Field::Type)
            .copied();
        let targets = values
            .iter()
            .filter(|v| matches!(v.field, Field::Left | Field::Name));
        let targets: Vec<Val> = targets.copied().collect();
        if let Some(type_slot) = written.and_then(|value| self.slot_of(value)) {
            for target in &targets {
                self.declare_type(*target, type_slot);
            }
        }
        let sources = values
            .iter()
            .filter(|v| matches!(v.field, Field::Right | Field::Value));
        for value in sources.copied().collect::<Vec<_>>() {
            let Some(from) = self.slot_of(value) else {
                continue;
            };
            if frame.row.has(NodeFlag::KeyFirst) {
                self.bind_keys(&targets, from);
                continue;
            }
            let element = self.iterate(from, value);
            let last = targets.len().saturating_sub(1);
            for (index, target) in targets.iter().enumerate() {
                // Where a loop gives index and element, the element comes last.
                if index == last {
                    self.assign(*target, element);
                }
            }
        }
        None
    }

    /// The elements of `from`; iterating calls the methods of the language.
    pub(super) fn iterate(&mut self, from: u32, at: Val) -> u32 {
        let element = self.builder.derive(op::ITERATE, from);
        let methods = self.roles.traits.iterate.clone();
        // The first method is the value's, the others are those of what it gives.
        let mut receiver = from;
        let mut last = from;
        for (index, method) in methods.iter().enumerate() {
            let name = self.builder.made_name(method.as_bytes());
            last = self.implicit_call(receiver, name, at, &[]);
            if index == 0 {
                receiver = last;
            }
        }
        if !methods.is_empty() {
            if self.roles.traits.iterate_holds {
                self.builder.op(last, op::ITERATE, element, NONE, NONE);
            } else {
                self.builder.copy(element, last);
            }
        }
        if !self.roles.traits.iterate_methods.is_empty() {
            self.iterate_by_methods(from, element, at);
        }
        element
    }

    /// A call that is not written: of method `name` on `receiver`.
    pub(super) fn implicit_call(&mut self, receiver: u32, name: u32, at: Val, args: &[u32]) -> u32 {
        let result = self.builder.slot();
        let start = self.builder.facts.args.len() as u32;
        for arg in args {
            self.builder.facts.args.push(ArgRec {
                slot: *arg,
                name: NONE,
                flags: 0,
                place: 0,
            });
        }
        self.builder.call(CallRec {
            caller: self.def,
            name,
            line: at.line,
            column: at.column,
            callee: NONE,
            receiver,
            result,
            args: start,
            args_len: args.len() as u32,
            flags: call_flag::IMPLICIT,
        });
        result
    }

    /// What the function `def` returns.
    pub(super) fn ret(&mut self, def: u32) -> u32 {
        let slot = self.builder.facts.defs[def as usize].ret_slot;
        if slot != NONE {
            return slot;
        }
        let slot = self.builder.slot();
        self.builder.facts.defs[def as usize].ret_slot = slot;
        slot
    }

    pub(super) fn leave_return(&mut self, frame: &Frame) -> Option<Val> {
        let function = self.functions.last().copied()?;
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let used = values.iter().filter(|value| value.field != Field::Aside);
        let used: Vec<Val> = used.copied().collect();
        let ret = self.ret(function.def);
        if let [value] = used.as_slice() {
            if let Some(from) = self.slot_of(*value) {
                self.builder.copy(ret, from);
            }
        } else if used.len() > 1 {
            // Several results: a tuple, unless they are ways to one value.
            if frame.row.has(NodeFlag::Positional) {
                let tuple = self.sequence(&used);
                self.builder.copy(ret, tuple);
            } else {
                for value in used {
                    if let Some(from) = self.slot_of(value) {
                        self.builder.copy(ret, from);
                    }
                }
            }
        }
        None
    }

    pub(super) fn begin_generator(&mut self) {
        let Some(function) = self.functions.last_mut() else {
            return;
        };
        if function.yields {
            return;
        }
        function.yields = true;
        let def = function.def;
        let ret = self.ret(def);
        let container = self.builder.container(NONE);
        self.builder.copy(ret, container);
        self.builder.facts.defs[def as usize].flags |= def_flag::GENERATOR;
    }

    pub(super) fn leave_yield(&mut self, frame: &Frame) -> Option<Val> {
        let function = self.functions.last().copied()?;
        self.begin_generator();
        let ret = self.ret(function.def);
        let delegates = self.source[frame.start as usize..frame.end as usize]
            .strip_prefix(b"yield")
            .is_some_and(|rest| {
                let rest = rest.trim_ascii_start();
                rest.starts_with(b"from ") || rest.starts_with(b"*")
            });
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let any = self.builder.made_name(b"[]");
        for value in values {
            if let Some(mut from) = self.slot_of(value) {
                if delegates {
                    let (line, column) = (frame.line, frame.column);
                    let at = Val {
                        line,
                        column,
                        ..value
                    };
                    from = self.iterate(from, at);
                }
                self.builder.op(ret, op::STORE, from, any, NONE);
            }
        }
        None
    }

    /// Raising a class makes an instance of it.
    pub(super) fn leave_raise(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        for value in values {
            let called = value.tag == Tag::Slot && value.b == NONE;
            let Some(from) = self.slot_of(value) else {
                continue;
            };
            if called || value.field == Field::Aside {
                continue;
            }
            let result = self.builder.slot();
            let args = self.builder.facts.args.len() as u32;
            self.builder.call(CallRec {
                caller: self.def,
                name: value.b,
                line: value.line,
                column: value.column,
                callee: from,
                receiver: NONE,
                result,
                args,
                args_len: 0,
                flags: call_flag::IMPLICIT | call_flag::NEW,
            });
        }
        None
    }

    /// `with … as`, `except … as`, casts: a pattern and what it is bound to.
    pub(super) fn leave_typed(&mut self, frame: &Frame) -> Option<Val> {
        if let Some(value) = self.leave_conversion(frame) {
            return Some(value);
        }
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let named = |value: &&Val| matches!(value.field, Field::Name | Field::Left | Field::Alias);
        let target = values.iter().find(named).copied();
        let mut result = None;
        for value in values.iter().copied() {
            if named(&&value) {
                continue;
            }
            let Some(from) = self.slot_of(value) else {
                continue;
            };
            match (frame.role, value.field) {
                (Role::Enter, field) if field != Field::Type => {
                    let entered = self.enter_context(from, value);
                    if let Some(target) = target {
                        self.assign(target, entered);
                    }
                }
                (_, Field::Type) => {
                    let to = self.builder.derive(op::INSTANCE, from);
                    if let Some(target) = target {
                        self.declare_type(target, from);
                        self.assign(target, to);
                    }
                    result = Some(Val {
                        tag: Tag::Slot,
                        a: to,
                        ..value
                    });
                }
                (Role::Catch, _) if target.is_none() => {}
                (_, Field::Value) | (Role::Cast, Field::None) => {
                    if let Some(target) = target {
                        self.assign(target, from);
                    }
                    if let (Some(result), true) = (result, frame.row.has(NodeFlag::LastValue)) {
                        self.builder.copy(result.a, from);
                    }
                    if result.is_none() {
                        result = Some(Val {
                            tag: Tag::Slot,
                            a: from,
                            ..value
                        });
                    }
                }
                _ => {}
            }
        }
        if frame.role == Role::Cast {
            result
        } else {
            None
        }
    }

    fn enter_context(&mut self, from: u32, at: Val) -> u32 {
        let result = self.builder.derive(op::ENTER, from);
        let methods = self.roles.traits.enter.clone();
        for (index, method) in methods.iter().enumerate() {
            let name = self.builder.made_name(method.as_bytes());
            let called = self.implicit_call(from, name, at, &[]);
            if index == 0 {
                self.builder.copy(result, called);
            }
        }
        let exits = self.roles.traits.exit.clone();
        for method in &exits {
            let name = self.builder.made_name(method.as_bytes());
            self.implicit_call(from, name, at, &[]);
        }
        if methods.is_empty() {
            self.builder.copy(result, from);
        }
        result
    }

    /// Names of `global` and `nonlocal`.
    pub(super) fn leave_global(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        for value in values {
            if frame.role == Role::Global {
                self.scopes.global(&mut self.builder, value.b);
            } else {
                self.scopes.nonlocal(&mut self.builder, value.b);
            }
        }
        None
    }

    /// Whether patterns are being bound here.
    pub(super) fn binds(frame: &Frame) -> bool {
        matches!(frame.mode, Mode::Bind { .. })
    }
}
