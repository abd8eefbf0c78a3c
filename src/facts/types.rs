//! Types as they are written: applied, listed, taken from a value.

use super::format::NONE;
use super::walk::{Frame, Mode, Tag, Val, Walk};
use crate::lang::Field;

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

    /// Of a function's type no more is known than that it is one.
    pub(super) fn leave_function_type(&mut self, frame: &Frame) -> Option<Val> {
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
        let slot = self.builder.applied(NONE, &args);
        Some(Self::value(frame, Tag::Slot, slot, at.b, at))
    }
}
