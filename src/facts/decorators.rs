//! Decorators: calls with what they stand before.

use super::format::{ArgRec, CallRec, NONE, call_flag, seed};
use super::walk::{Frame, Tag, Val, Walk};
use crate::lang::{Field, Role};

impl Walk<'_> {
    /// A decorator with no meaning of its own is a function that is called.
    pub(super) fn leave_decorator(&mut self, frame: &Frame) -> Option<Val> {
        let value = self.values[self.children(frame)].last().copied()?;
        let text = &self.source[frame.start as usize..frame.end as usize];
        let text = std::str::from_utf8(text).unwrap_or_default();
        let text = text.trim_start_matches(['@', ' ']);
        let head = text.split('(').next().unwrap_or_default().trim();
        let last = head.rsplit('.').next().unwrap_or_default();
        let decorators = &self.roles.traits.decorators;
        let known = decorators.contains_key(head) || decorators.contains_key(last);
        let flags = self.meaning(head) | self.meaning(last);
        let a = self.slot_of(value)?;
        let field = frame.field;
        if known {
            return Some(Val {
                field,
                tag: Tag::Raw,
                a,
                start: flags,
                ..value
            });
        }
        if !self.frame_is(Role::Decorated) {
            self.decorate_here(a, value);
            return None;
        }
        Some(Val {
            field,
            tag: Tag::Slot,
            a,
            ..value
        })
    }

    /// A decorator that stands inside what it decorates is called with it.
    fn decorate_here(&mut self, callee: u32, at: Val) {
        let start = self.builder.facts.args.len() as u32;
        let def = self.frames.last().map_or(NONE, |frame| frame.def);
        if def != NONE {
            let slot = self.builder.facts.defs[def as usize].slot;
            let arg = ArgRec {
                slot,
                name: NONE,
                flags: 0,
                place: 0,
            };
            self.builder.facts.args.push(arg);
        }
        let result = self.builder.slot();
        let args_len = self.builder.facts.args.len() as u32 - start;
        self.builder.call(CallRec {
            caller: self.def,
            name: at.b,
            line: at.line,
            column: at.column,
            callee,
            receiver: NONE,
            result,
            args: start,
            args_len,
            flags: call_flag::DECORATOR | call_flag::IMPLICIT,
        });
    }

    pub(super) fn leave_decorated(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let defined = values.iter().rev().find(|value| {
            value.field != Field::Decorator && matches!(value.tag, Tag::Keyed | Tag::Slot)
        })?;
        let mut current = defined.a;
        for decorator in values.iter().rev() {
            if decorator.field != Field::Decorator || decorator.tag == Tag::Raw {
                continue;
            }
            let result = self.builder.slot();
            let start = self.builder.facts.args.len() as u32;
            self.builder.facts.args.push(ArgRec {
                slot: current,
                name: NONE,
                flags: 0,
                place: 0,
            });
            self.builder.call(CallRec {
                caller: self.def,
                name: decorator.b,
                line: decorator.line,
                column: decorator.column,
                callee: decorator.a,
                receiver: NONE,
                result,
                args: start,
                args_len: 1,
                flags: call_flag::DECORATOR | call_flag::IMPLICIT,
            });
            current = result;
        }
        if frame.note != NONE {
            self.builder.copy(frame.note, current);
        }
        let _ = seed::DEF;
        Some(Val {
            a: current,
            tag: Tag::Slot,
            ..*defined
        })
        .filter(|_| self.frame_is(Role::Export))
    }
}
