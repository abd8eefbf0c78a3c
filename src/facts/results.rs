//! Several values at once, literals in literals, and values laid against types.

use super::format::{ArgRec, BaseRec, CallRec, DefRec, NONE, call_flag, op};
use super::walk::{Frame, Tag, Val, Walk};
use crate::lang::{DefKind, Field, NodeFlag, Role, Row};

impl Walk<'_> {
    /// Whether a node that is the body of the innermost frame's node is that
    /// node itself: the members of a named type, the elements of a typed literal.
    pub(super) fn is_body_of(&mut self, row: Row) -> bool {
        let Some(frame) = self.frames.last() else {
            return false;
        };
        if row.role != frame.role || !matches!(row.role, Role::Class | Role::Collection) {
            return false;
        }
        if row.role == Role::Class && row.kind == DefKind::Interface {
            self.builder.facts.defs[frame.def as usize].kind = row.kind as u32;
        }
        true
    }

    /// Several parameters of one type. `false` where there is only one.
    pub(super) fn leave_params(&mut self, frame: &Frame) -> bool {
        let is_name = |value: &&Val| value.field == Field::Name && value.tag == Tag::Slot;
        let values = self.values[self.children(frame)].iter();
        let names: Vec<Val> = values.filter(is_name).copied().collect();
        if names.len() < 2 {
            return false;
        }
        let written = self.child(frame, Field::Type);
        let type_slot = written.and_then(|value| self.slot_of(value));
        self.values.truncate(frame.values as usize);
        for name in names {
            if let Some(from) = type_slot {
                self.builder.op(from, op::INSTANCE, name.a, NONE, NONE);
            }
            self.values.push(Val {
                field: frame.field,
                tag: Tag::Param,
                line: 0,
                column: type_slot.unwrap_or(NONE),
                start: written.map_or(NONE, |value| value.b),
                ..name
            });
        }
        true
    }

    /// The results of a function that are written like parameters.
    pub(super) fn take_results(&mut self, def: u32, results: &[Val]) {
        let ret = self.ret(def);
        if let [one] = results {
            self.builder.facts.defs[def as usize].type_slot = one.column;
            self.builder.copy(ret, one.a);
            return;
        }
        let values: Vec<Val> = results
            .iter()
            .map(|value| Val {
                tag: Tag::Slot,
                ..*value
            })
            .collect();
        let tuple = self.sequence(&values);
        self.builder.copy(ret, tuple);
    }

    /// Whether `slot` is what a call has just given, so that it may be several values.
    pub(super) fn is_result(&self, slot: u32) -> bool {
        let last = self.builder.facts.calls.last();
        last.is_some_and(|call| call.result == slot && call.flags & call_flag::CONVERTS == 0)
    }

    /// A member without a name: a base, and a member that is named like it.
    pub(super) fn declare_part(&mut self, frame: &Frame) {
        let Some(written) = self.child(frame, Field::Type) else {
            return;
        };
        let Some(type_slot) = self.slot_of(written).filter(|_| written.b != NONE) else {
            return;
        };
        let class = self.def;
        let (line, column) = (written.line, written.column);
        self.builder.facts.bases.push(BaseRec {
            class,
            slot: type_slot,
            implements: 0,
            line,
            column,
        });
        let slot = self.builder.derive(op::INSTANCE, type_slot);
        let def = self.push_def(DefRec {
            name: written.b,
            kind: DefKind::Variable as u32,
            start: frame.start,
            end: frame.end,
            start_line: frame.line,
            end_line: frame.end_line,
            line,
            column,
            slot,
            type_slot,
            ..self.blank()
        });
        self.builder.member(class, written.b, slot, def);
    }

    /// A declaration without type and value repeats those of the one before.
    pub(super) fn repeat(&mut self, targets: &[Val], written: Option<u32>, value: Option<u32>) {
        if written.is_some() || value.is_some() {
            self.repeated = (written.unwrap_or(NONE), value.unwrap_or(NONE));
            return;
        }
        let (type_slot, value) = self.repeated;
        for target in targets {
            if type_slot != NONE {
                self.declare_type(*target, type_slot);
            }
            if value != NONE {
                self.assign(*target, value);
            }
        }
    }

    /// Binds the targets of a loop: keys to the first, elements to the second.
    pub(super) fn bind_keys(&mut self, targets: &[Val], from: u32) {
        for (index, target) in targets.iter().take(2).enumerate() {
            let name: &[u8] = if index == 0 { b"<0>" } else { b"<1>" };
            let name = self.builder.made_name(name);
            let to = self.builder.slot();
            self.builder.op(from, op::ITERATE, to, name, NONE);
            self.assign(*target, to);
        }
    }

    pub(super) fn leave_put(&mut self, frame: &Frame) -> Option<Val> {
        let object = self.child(frame, Field::Object)?;
        let value = self.child(frame, Field::Value)?;
        let (to, from) = (self.slot_of(object)?, self.slot_of(value)?);
        let any = self.builder.made_name(b"[]");
        self.builder.op(to, op::STORE, from, any, NONE);
        None
    }

    /// `value` as the type in `type_slot`: a slot for it.
    pub(super) fn convert(&mut self, type_slot: u32, value: u32, at: Val) -> u32 {
        let result = self.builder.slot();
        let args = self.builder.facts.args.len() as u32;
        self.builder.facts.args.push(ArgRec {
            slot: value,
            name: NONE,
            flags: 0,
            place: 0,
        });
        self.builder.call(CallRec {
            caller: self.def,
            name: NONE,
            line: at.line,
            column: at.column,
            callee: type_slot,
            receiver: NONE,
            result,
            args,
            args_len: 1,
            flags: call_flag::IMPLICIT | call_flag::CONVERTS,
        });
        result
    }

    /// A cast, in languages where that is a conversion.
    pub(super) fn leave_conversion(&mut self, frame: &Frame) -> Option<Val> {
        if !self.roles.traits.call_converts || frame.role != Role::Cast {
            return None;
        }
        let written = self.child(frame, Field::Type)?;
        let value = self.child(frame, Field::Value)?;
        let (type_slot, from) = (self.slot_of(written)?, self.slot_of(value)?);
        let slot = self.convert(type_slot, from, value);
        Some(Val {
            tag: Tag::Slot,
            a: slot,
            b: NONE,
            ..value
        })
    }

    /// A branch has a variable of its own for the name that the switch binds.
    pub(super) fn enter_type_case(&mut self) {
        let at = self.frames.len() - 1;
        let Some(outer) = at.checked_sub(1).map(|outer| self.frames[outer]) else {
            return;
        };
        if let Some(name) = self.child(&outer, Field::Name).filter(|v| v.b != NONE) {
            let (slot, _) = self.scopes.declare(&mut self.builder, name.b, false, false);
            self.frames[at].note = slot;
        }
    }

    pub(super) fn leave_type_case(&mut self, frame: &Frame) -> Option<Val> {
        let from = self.switched();
        let types: Vec<Val> = self.values[self.children(frame)]
            .iter()
            .copied()
            .filter(|value| value.field == Field::Type)
            .collect();
        for written in types {
            let type_slot = self.slot_of(written);
            if let (Some(type_slot), Some(from), true) = (type_slot, from, frame.note != NONE) {
                let slot = self.convert(type_slot, from, written);
                self.builder.copy(frame.note, slot);
            }
        }
        None
    }

    /// The value of the innermost switch.
    fn switched(&mut self) -> Option<u32> {
        let at = self
            .frames
            .iter()
            .rposition(|frame| frame.role == Role::TypeSwitch)?;
        if self.frames[at].note == NONE {
            let frame = self.frames[at];
            let value = self.child(&frame, Field::Value)?;
            self.frames[at].note = self.slot_of(value)?;
        }
        Some(self.frames[at].note)
    }

    pub(super) fn leave_type_switch(&mut self, frame: &Frame) -> Option<Val> {
        self.scopes.commit(frame.pending);
        let target = self.child(frame, Field::Name)?;
        let value = self.child(frame, Field::Value)?;
        let from = match frame.note {
            NONE => self.slot_of(value)?,
            slot => slot,
        };
        self.assign(target, from);
        None
    }

    /// A literal in a literal has the type of the outer one's elements.
    pub(super) fn enter_collection(&mut self) {
        let at = self.frames.len() - 1;
        if !self.frames[at].row.has(NodeFlag::ElementType) {
            return;
        }
        let outer = self.frames[..at]
            .iter()
            .rev()
            .take(2)
            .find(|frame| frame.role == Role::Collection)
            .map_or(NONE, |frame| frame.note);
        if outer != NONE {
            self.frames[at].note = self.builder.derive(op::ELEMENT, outer);
        }
    }

    /// The written type of a literal, before its elements.
    pub(super) fn begin_collection(&mut self) {
        let at = self.frames.len() - 1;
        let frame = self.frames[at];
        if !frame.row.has(NodeFlag::EitherKeys) {
            return;
        }
        if let Some(written) = self.child(&frame, Field::Type) {
            self.frames[at].note = self.slot_of(written).unwrap_or(NONE);
        }
    }

    /// A literal whose type says what its keys are.
    pub(super) fn leave_typed_literal(&mut self, frame: &Frame, items: &[Val]) -> u32 {
        let made = match frame.note {
            NONE => self.builder.container(NONE),
            class => self.builder.derive(op::INSTANCE, class),
        };
        let any = self.builder.made_name(b"[?]");
        for (index, item) in items.iter().enumerate() {
            if item.tag == Tag::Literal {
                continue;
            }
            let Some(from) = self.slot_of(*item) else {
                continue;
            };
            if item.tag != Tag::Keyed {
                let key = self.position(index);
                self.builder.op(made, op::STORE, from, key, NONE);
                continue;
            }
            if self.builder.bytes(item.b).first() == Some(&b'[') {
                self.builder.op(made, op::STORE, from, item.b, NONE);
            } else {
                let site = self.builder.mention(NONE, self.def, item.line, item.column);
                self.builder.op(made, op::STORE, from, item.b, site);
                self.builder.op(made, op::STORE, from, any, NONE);
            }
        }
        made
    }

    /// What calls of the language's own functions give: `new`, `append`.
    pub(super) fn call_builtin(&mut self, name: u32, args: &[ArgRec], result: u32) {
        if name == NONE {
            return;
        }
        let traits = &self.roles.traits;
        let bytes = self.builder.bytes(name);
        let known = |names: &[String]| names.iter().any(|known| known.as_bytes() == bytes);
        let (makes, appends) = (known(&traits.allocators), known(&traits.appenders));
        let Some((first, rest)) = args.split_first() else {
            return;
        };
        if makes {
            self.builder
                .op(first.slot, op::INSTANCE, result, NONE, NONE);
        }
        if appends {
            self.builder.copy(result, first.slot);
            let any = self.builder.made_name(b"[]");
            for arg in rest {
                let from = match arg.flags {
                    0 => arg.slot,
                    _ => self.builder.derive(op::ITERATE, arg.slot),
                };
                self.builder.op(result, op::STORE, from, any, NONE);
            }
        }
    }

    /// The value of the last child; the others are nobody's.
    pub(super) fn last_value(&mut self, frame: &Frame) -> Option<Val> {
        let last = self.values[frame.values as usize..].last().copied();
        self.settle_but_last(frame);
        last.filter(|value| !matches!(value.tag, Tag::Raw | Tag::Param))
    }

    fn settle_but_last(&mut self, frame: &Frame) {
        let range = self.children(frame);
        for at in range.start..range.end.saturating_sub(1) {
            let value = self.values[at];
            if value.tag == Tag::Place {
                self.slot_of(value);
            }
        }
    }
}
