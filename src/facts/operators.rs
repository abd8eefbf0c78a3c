//! Operators, and what is one of several values.

use tree_sitter::Node;

use super::format::{NONE, op};
use super::walk::{Frame, Tag, Val, Walk};
use crate::lang::{Field, NodeFlag};

impl Walk<'_> {
    pub(super) fn leave_choice(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let at = *values.first()?;
        if Self::binds(frame) && self.roles.traits.typed {
            // Patterns that are all laid against the same value.
            let parts = values.iter().map(|value| (NONE, *value)).collect();
            self.patterns.push(parts);
            let pattern = self.patterns.len() as u32 - 1;
            return Some(Self::value(frame, Tag::Pattern, pattern, NONE, at));
        }
        let slot = self.builder.slot();
        for value in values {
            let from = self.slot_of(value);
            if let (Some(from), true) = (from, value.field != Field::Aside) {
                self.builder.copy(slot, from);
            }
        }
        Some(Self::value(frame, Tag::Slot, slot, NONE, at))
    }

    pub(super) fn leave_await(&mut self, frame: &Frame) -> Option<Val> {
        let value = self.values[self.children(frame)].last().copied()?;
        let from = self.slot_of(value)?;
        let kind = if frame.row.has(NodeFlag::Unwraps) {
            op::ITERATE
        } else {
            op::AWAIT
        };
        let slot = self.builder.derive(kind, from);
        Some(Self::value(frame, Tag::Slot, slot, value.b, value))
    }

    pub(super) fn leave_spread(&mut self, frame: &Frame) -> Option<Val> {
        let value = self.values[self.children(frame)].last().copied()?;
        let named = u32::from(frame.row.has(NodeFlag::NamedKeys));
        if value.tag == Tag::Place && Self::binds(frame) {
            return Some(value);
        }
        let slot = self.slot_of(value)?;
        Some(Self::value(frame, Tag::Spread, slot, named, value))
    }

    pub(super) fn leave_binary(&mut self, frame: &Frame, node: Node<'_>) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let operator = node
            .child_by_field_name("operator")
            .map(|child| &self.source[child.start_byte()..child.end_byte()])
            .and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default();
        let traits = &self.roles.traits;
        if let [value] = values.as_slice() {
            if traits.takers.iter().any(|known| known == operator) {
                let from = self.slot_of(*value)?;
                let slot = self.iterate(from, *value);
                return Some(Self::value(frame, Tag::Slot, slot, NONE, *value));
            }
            if traits.choices.iter().any(|known| known == operator) {
                return Some(*value);
            }
        }
        if traits.choices.iter().any(|known| known == operator) {
            let slot = self.builder.slot();
            let mut first = None;
            for value in values {
                if let Some(from) = self.slot_of(value) {
                    self.builder.copy(slot, from);
                    first = first.or(Some(value));
                }
            }
            return first.map(|at| Self::value(frame, Tag::Slot, slot, NONE, at));
        }
        let tests = traits.type_tests.iter().any(|known| known == operator);
        let method = traits.operators.get(operator).cloned();
        let slots: Vec<Option<u32>> = values.iter().map(|value| self.slot_of(*value)).collect();
        if let (true, [Some(tested), Some(class)]) = (tests, slots.as_slice()) {
            if values[0].tag == Tag::Slot {
                // Where the test holds the value is an instance.
                self.builder.op(*class, op::INSTANCE, *tested, NONE, NONE);
            }
            return None;
        }
        let nothing = |walk: &mut Self| {
            // An argument counts, whatever it is.
            let at = *values.first()?;
            let slot = match walk.roles.traits.results.get(operator) {
                Some(result) => walk.result_of(result, &slots),
                None => walk.roles.traits.overloads.then(|| walk.builder.slot())?,
            };
            Some(Self::value(frame, Tag::Slot, slot, NONE, at))
        };
        let (Some(method), Some(Some(receiver))) = (method, slots.first()) else {
            return nothing(self);
        };
        let literals = values.iter().all(|value| value.tag == Tag::Literal);
        if values[0].tag == Tag::Literal && (literals || !self.roles.traits.free_operators) {
            return nothing(self);
        }
        let name = self.builder.made_name(method.as_bytes());
        let args: Vec<u32> = slots[1..].iter().filter_map(|slot| *slot).collect();
        let mut at = values[0];
        if self.roles.traits.free_operators {
            let all: Vec<u32> = slots.iter().filter_map(|slot| *slot).collect();
            let position = node
                .child_by_field_name("operator")
                .map(|child| child.start_position());
            return self.operator(frame, name, at, position, *receiver, &all);
        }
        if let Some(child) = node.child_by_field_name("operator") {
            let point = child.start_position();
            (at.line, at.column) = (point.row as u32 + 1, point.column as u32 + 1);
        }
        let result = self.implicit_call(*receiver, name, at, &args);
        Some(Self::value(frame, Tag::Slot, result, NONE, at))
    }

    /// What an operator gives whose `result` is known: a kind of literal, or
    /// what its operands are.
    fn result_of(&mut self, result: &str, operands: &[Option<u32>]) -> u32 {
        let roles = self.roles;
        if let Some(symbol) = roles.traits.literals.get(result) {
            return self.builder.external(symbol);
        }
        if let Some(text) = roles.traits.literals.get("string") {
            let text = self.builder.external(text);
            if operands.contains(&Some(text)) {
                return text;
            }
        }
        let slot = self.builder.slot();
        for operand in operands.iter().flatten() {
            self.builder.copy(slot, *operand);
        }
        slot
    }
}
