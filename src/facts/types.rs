//! Types as they are written: applied, listed, taken from a value.

use super::format::{DefRec, NONE, def_flag, op, seed};
use super::walk::{Frame, Mode, Tag, Val, Walk};
use crate::lang::{DefKind, Field, Role};

/// Arrays of more dimensions are taken for ones of this many.
const MOST_DIMENSIONS: usize = 8;

impl Walk<'_> {
    /// A type applied to arguments. Some types stand for their argument.
    pub(super) fn apply(&mut self, frame: &Frame, object: Val, base: u32, args: &[u32]) -> Val {
        let transparent = object.b != NONE && {
            let name = self.builder.bytes(object.b);
            self.roles
                .traits
                .transparent_types
                .iter()
                .any(|known| known.as_bytes() == name)
        };
        let slot = if transparent {
            let slot = self.builder.slot();
            for arg in args {
                self.builder.copy(slot, *arg);
            }
            slot
        } else {
            self.builder.applied(base, args)
        };
        Self::value(frame, Tag::Slot, slot, object.b, object)
    }

    pub(super) fn leave_generic(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let head = values
            .iter()
            .position(|value| value.field != Field::TypeArgs)?;
        let object = values[head];
        let mut args = Vec::new();
        for (at, value) in values.iter().enumerate() {
            if at != head {
                args.extend(self.slot_of(*value));
            }
        }
        if frame.mode != Mode::Type && frame.field == Field::Object && self.roles.traits.typed {
            let base = self.slot_of(object)?;
            let slot = self.builder.applied(base, &args);
            return Some(Self::value(frame, Tag::Slot, slot, object.b, object));
        }
        if frame.mode != Mode::Type || args.is_empty() {
            self.type_arg = args.first().map_or((NONE, NONE), |arg| (object.end, *arg));
            // `f::<T>` is `f`: what it makes is found by inference.
            return Some(Val {
                field: frame.field,
                ..object
            });
        }
        let base = self.slot_of(object)?;
        Some(self.apply(frame, object, base, &args))
    }

    /// `typeof x` as a type: whatever `x` is, so are the values of the type.
    pub(super) fn leave_type_of(&mut self, frame: &Frame) -> Option<Val> {
        let value = self.values[self.children(frame)].last().copied()?;
        let from = self.slot_of(value)?;
        let slot = self.builder.type_of(from);
        Some(Self::value(frame, Tag::Slot, slot, NONE, value))
    }

    /// The type of functions: a function without a body or a name, whose
    /// parameters and result are instances of what is written.
    pub(super) fn leave_function_type(&mut self, frame: &Frame) -> Option<Val> {
        if self.roles.traits.typed {
            return self.leave_opaque_type(frame);
        }
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let slot = self.builder.slot();
        let ret = self.builder.slot();
        let start = self.builder.facts.params.len() as u32;
        for value in &values {
            if value.tag == Tag::Param {
                self.add_param(*value, NONE);
            } else if value.field == Field::Type
                && let Some(written) = self.slot_of(*value)
            {
                self.builder.op(written, op::INSTANCE, ret, NONE, NONE);
            }
        }
        let name = self.builder.made_name(b"()");
        let params_len = self.builder.facts.params.len() as u32 - start;
        let def = self.builder.facts.defs.len() as u32;
        self.builder.facts.defs.push(DefRec {
            name,
            kind: DefKind::Function as u32,
            flags: def_flag::ABSTRACT | def_flag::SIGNATURE,
            line: frame.line,
            column: frame.column,
            slot,
            ret_slot: ret,
            params: start,
            params_len,
            ..self.blank()
        });
        self.builder.seed(slot, seed::DEF, def);
        let value = Val {
            field: frame.field,
            tag: Tag::Slot,
            a: slot,
            b: NONE,
            line: frame.line,
            column: frame.column,
            start: frame.start,
            end: frame.end,
        };
        match self.frames.last().map(|outer| outer.role) {
            // Instances of the type around can be called.
            Some(Role::Class) => {
                self.builder.member(self.def, name, slot, def);
                None
            }
            Some(Role::Collection) => Some(Val {
                tag: Tag::Keyed,
                b: name,
                ..value
            }),
            _ => Some(value),
        }
    }

    /// Of a function's type no more is known than that it is one.
    fn leave_opaque_type(&mut self, frame: &Frame) -> Option<Val> {
        self.settle(frame);
        let slot = self.builder.slot();
        Some(Val {
            field: frame.field,
            tag: Tag::Slot,
            a: slot,
            b: NONE,
            line: frame.line,
            column: frame.column,
            start: frame.start,
            end: frame.end,
        })
    }

    pub(super) fn leave_array_type(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let args: Vec<u32> = values
            .iter()
            .filter_map(|value| self.slot_of(*value))
            .collect();
        let at = *values.last()?;
        let mut slot = self.builder.applied(NONE, &args);
        for _ in 1..self.brackets(at.end, frame.end) {
            slot = self.builder.applied(NONE, &[slot]);
        }
        Some(Self::value(frame, Tag::Slot, slot, at.b, at))
    }

    /// An array of a written type, with the elements that are given for it.
    pub(super) fn leave_new_array(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let written = self.child(frame, Field::Type);
        let mut slot = self.builder.slot();
        for value in &values {
            match value.field {
                Field::Type => {}
                Field::Value => slot = self.slot_of(*value).unwrap_or(slot),
                _ => {
                    self.slot_of(*value);
                }
            }
        }
        let at = written.or(values.first().copied())?;
        if let Some(element) = written.and_then(|written| self.slot_of(written)) {
            let levels = self.brackets(at.end, frame.end).max(1);
            let array = (0..levels).fold(element, |of, _| self.builder.applied(NONE, &[of]));
            self.builder.op(array, op::INSTANCE, slot, NONE, NONE);
        }
        Some(Self::value(frame, Tag::Slot, slot, NONE, at))
    }

    /// How many pairs of brackets stand side by side in a stretch of text.
    fn brackets(&self, from: u32, to: u32) -> usize {
        let (mut depth, mut count) = (0_usize, 0);
        for byte in &self.source[from.min(to) as usize..to as usize] {
            match byte {
                b'[' => {
                    count += usize::from(depth == 0);
                    depth += 1;
                }
                b']' => depth = depth.saturating_sub(1),
                b'{' if depth == 0 => break,
                _ => {}
            }
        }
        count.min(MOST_DIMENSIONS)
    }
}
