//! Patterns: what they are laid against, part by part.

use super::format::{NONE, op};
use super::walk::{Frame, Tag, Val, Walk};
use crate::lang::{Field, NodeFlag, Role};

impl Walk<'_> {
    /// Lets `target` gain what `from` has.
    pub(super) fn assign(&mut self, target: Val, from: u32) {
        let mut todo = vec![(target, from)];
        while let Some((target, from)) = todo.pop() {
            match target.tag {
                Tag::Slot | Tag::Param => self.builder.copy(target.a, from),
                Tag::Place => {
                    let place = self.places[target.a as usize];
                    let site = self
                        .builder
                        .mention(NONE, self.def, place.line, place.column);
                    self.builder
                        .op(place.base, op::STORE, from, place.name, site);
                    self.note_field(place.base, place.name, place.line, place.column);
                }
                Tag::Spread => {
                    let rest = self.builder.container(NONE);
                    let element = self.builder.derive(op::ITERATE, from);
                    let any = self.builder.made_name(b"[]");
                    self.builder.op(rest, op::STORE, element, any, NONE);
                    self.builder.copy(target.a, rest);
                    self.builder.copy(target.a, from);
                }
                Tag::Pattern => {
                    let typed = self.pattern_types.get(target.a as usize).copied();
                    let typed = typed.unwrap_or(NONE);
                    for at in 0..self.patterns[target.a as usize].len() {
                        let (key, part) = self.patterns[target.a as usize][at];
                        if part.tag == Tag::Spread {
                            todo.push((part, from));
                            continue;
                        }
                        if key == NONE {
                            todo.push((part, from));
                            continue;
                        }
                        if matches!(part.tag, Tag::Raw | Tag::Literal) {
                            continue;
                        }
                        let element = self.builder.slot();
                        self.builder.op(from, op::LOAD, element, key, NONE);
                        if typed != NONE {
                            self.builder.op(typed, op::LOAD, element, key, NONE);
                        }
                        todo.push((part, element));
                    }
                }
                _ => {}
            }
        }
    }

    /// Members by position: `struct Pair(A, B)`.
    pub(super) fn declare_positions(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let types = values.iter().filter(|value| value.field == Field::Type);
        for (index, value) in types.enumerate() {
            let Some(type_slot) = self.slot_of(*value) else {
                continue;
            };
            let slot = self.builder.derive(op::INSTANCE, type_slot);
            let name = self.position(index);
            self.builder.member(self.def, name, slot, NONE);
        }
        None
    }

    /// A statement has a value where nothing ends it.
    pub(super) fn leave_statement(&mut self, frame: &Frame) -> Option<Val> {
        let text = &self.source[frame.start as usize..frame.end as usize];
        if frame.row.has(NodeFlag::LastValue) && text.last() != Some(&b';') {
            return self.last_value(frame);
        }
        self.settle(frame);
        None
    }

    /// A pattern, laid against the value of the match around it.
    pub(super) fn leave_arm(&mut self, frame: &Frame) -> Option<Val> {
        let target = self.child(frame, Field::Left);
        let outer = self
            .frames
            .iter()
            .rposition(|frame| frame.role == Role::Match);
        if let (Some(target), Some(outer)) = (target, outer) {
            if self.frames[outer].note == NONE {
                let values = self.values[self.frames[outer].values as usize..].iter();
                let value = values.copied().find(|value| value.field == Field::Value);
                let slot = value.and_then(|value| self.slot_of(value));
                self.frames[outer].note = slot.unwrap_or_else(|| self.builder.slot());
            }
            let from = self.frames[outer].note;
            self.assign(target, from);
        }
        let value = self.child(frame, Field::Right)?;
        let a = self.slot_of(value)?;
        Some(Val {
            tag: Tag::Slot,
            a,
            ..value
        })
    }

    /// What any of the arms leads to.
    pub(super) fn leave_match(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let slot = self.builder.slot();
        let mut last = None;
        for value in values.iter().filter(|value| value.field != Field::Value) {
            if let Some(from) = self.slot_of(*value) {
                self.builder.copy(slot, from);
                last = Some(*value);
            }
        }
        last.map(|value| Val {
            tag: Tag::Slot,
            a: slot,
            b: NONE,
            ..value
        })
    }

    pub(super) fn pattern(&mut self, values: &[Val], frame: &Frame) -> u32 {
        let mut parts = Vec::with_capacity(values.len());
        let named = frame.row.has(NodeFlag::NamedKeys);
        for (index, value) in values.iter().enumerate() {
            let key = match value.tag {
                Tag::Keyed => value.b,
                Tag::Slot | Tag::Param if named && value.b != NONE => value.b,
                _ => self.position(index),
            };
            let part = if value.tag == Tag::Keyed {
                self.keyed_pattern(*value)
            } else {
                *value
            };
            parts.push((key, part));
        }
        self.patterns.push(parts);
        self.patterns.len() as u32 - 1
    }

    /// The pattern behind a key: the pair's frame stored it as a pattern of one.
    pub(super) fn keyed_pattern(&self, value: Val) -> Val {
        let index = value.end as usize;
        match self.patterns.get(index).and_then(|parts| parts.first()) {
            Some((_, part)) if value.start == NONE => *part,
            _ => Val {
                tag: Tag::Slot,
                ..value
            },
        }
    }

    pub(super) fn leave_pair(&mut self, frame: &Frame) -> Option<Val> {
        let key = self
            .child(frame, Field::Key)
            .or_else(|| self.child(frame, Field::Name))
            .or_else(|| self.child(frame, Field::None))?;
        let value = self.child(frame, Field::Value).unwrap_or(key);
        let name = match key.tag {
            Tag::Raw if key.b != NONE => key.b,
            Tag::Literal => {
                let text = self.source[key.start as usize..key.end as usize].to_vec();
                self.key_name(&text)
            }
            Tag::Slot if frame.row.has(NodeFlag::NamedKeys) => key.b,
            Tag::Slot if key.b != NONE && frame.row.has(NodeFlag::EitherKeys) => key.b,
            _ => {
                self.slot_of(key);
                self.builder.made_name(b"[?]")
            }
        };
        if Self::binds(frame) {
            self.patterns.push(vec![(name, value)]);
            let at = self.patterns.len() as u32 - 1;
            let mut keyed = Self::value(frame, Tag::Keyed, NONE, name, key);
            (keyed.start, keyed.end) = (NONE, at);
            return Some(keyed);
        }
        let slot = self.slot_of(value)?;
        Some(Self::value(frame, Tag::Keyed, slot, name, key))
    }
}
