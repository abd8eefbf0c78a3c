//! Literals that hold values: lists, maps, objects, comprehensions.

use super::format::{NONE, def_flag, op};
use super::walk::{Frame, Mode, Tag, Val, Walk};
use crate::lang::{Field, NodeFlag, Role};

impl Walk<'_> {
    pub(super) fn leave_collection(&mut self, frame: &Frame) -> Option<Val> {
        let at = Val {
            field: frame.field,
            tag: Tag::Slot,
            a: NONE,
            b: NONE,
            line: frame.line,
            column: frame.column,
            start: frame.start,
            end: frame.end,
        };
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        if frame.role == Role::Template {
            self.settle(frame);
            let slot = match self
                .roles
                .literals
                .get(usize::from(frame.row.literal).wrapping_sub(1))
            {
                Some(symbol) => self.builder.external(symbol),
                None => self.builder.slot(),
            };
            return Some(Val {
                tag: Tag::Slot,
                a: slot,
                ..at
            });
        }
        if Self::binds(frame) {
            let typed = values.iter().find(|value| value.field == Field::Type);
            let typed_name = typed.map(|value| value.b).filter(|name| *name != NONE);
            let typed = typed.copied().and_then(|value| self.slot_of(value));
            let values: Vec<Val> = values
                .into_iter()
                .filter(|value| value.field != Field::Type)
                .collect();
            let pattern = self.pattern(&values, frame);
            let case = typed_name.and_then(|name| {
                let name = std::str::from_utf8(self.builder.bytes(name)).ok()?;
                self.roles.traits.cases.get(name).copied()
            });
            if let Some(index) = case {
                let name = self.builder.made_name(format!("<{index}>").as_bytes());
                let parts = &mut self.patterns[pattern as usize];
                parts.iter_mut().for_each(|part| part.0 = name);
            }
            self.pattern_types.resize(self.patterns.len(), NONE);
            self.pattern_types[pattern as usize] = typed.unwrap_or(NONE);
            return Some(Val {
                tag: Tag::Pattern,
                a: pattern,
                ..at
            });
        }
        if frame.mode == Mode::Type && frame.row.has(NodeFlag::NamedKeys) {
            let slot = self.builder.shape();
            for value in values.iter().filter(|value| value.tag == Tag::Keyed) {
                self.builder.op(slot, op::STORE, value.a, value.b, NONE);
            }
            return Some(Val { a: slot, ..at });
        }
        if frame.mode == Mode::Type && frame.row.has(NodeFlag::Positional) {
            let mut args = Vec::with_capacity(values.len());
            for value in values {
                args.extend(self.slot_of(value));
            }
            let slot = self.builder.tuple_type(&args);
            return Some(Val { a: slot, ..at });
        }
        if frame.mode == Mode::Type {
            // A tuple of types stands for any of them.
            let slot = self.builder.slot();
            for value in values {
                if let Some(from) = self.slot_of(value) {
                    self.builder.copy(slot, from);
                }
            }
            return Some(Val { a: slot, ..at });
        }
        let written = values
            .iter()
            .find(|value| value.field == Field::Type)
            .copied();
        let class = written.and_then(|value| self.slot_of(value));
        let items: Vec<Val> = values
            .iter()
            .copied()
            .filter(|value| value.field != Field::Type)
            .collect();
        if frame.row.has(NodeFlag::EitherKeys) {
            let slot = self.leave_typed_literal(frame, &items);
            return Some(Val { a: slot, ..at });
        }
        if let (Some(class), true) = (class, self.roles.traits.typed) {
            let made = self.builder.derive(op::INSTANCE, class);
            for item in &items {
                if let (Tag::Keyed, Some(from)) = (item.tag, self.slot_of(*item)) {
                    self.builder.op(made, op::STORE, from, item.b, NONE);
                }
            }
            return Some(Val { a: made, ..at });
        }
        let named = frame.row.has(NodeFlag::NamedKeys);
        let slot = self.filled(&items, class.unwrap_or(NONE), named);
        if let Some(class) = class {
            let made = self.builder.derive(op::INSTANCE, class);
            for item in items.iter().filter(|item| item.tag == Tag::Keyed) {
                self.builder.op(made, op::STORE, item.a, item.b, NONE);
            }
            self.builder.copy(slot, made);
        }
        Some(Val { a: slot, ..at })
    }

    /// A sequence that holds `values` by position.
    pub(super) fn sequence(&mut self, values: &[Val]) -> u32 {
        self.filled(values, NONE, false)
    }

    /// A container that holds `values`: by their keys, and the others by
    /// position, or where they are `named` by their own names.
    pub(super) fn filled(&mut self, values: &[Val], class: u32, named: bool) -> u32 {
        let container = self.builder.container(class);
        let any = self.builder.made_name(b"[?]");
        let mut index = 0;
        for value in values {
            if value.tag == Tag::Literal {
                index += 1;
                continue;
            }
            let Some(from) = self.slot_of(*value) else {
                continue;
            };
            match value.tag {
                Tag::Keyed => {
                    let kind = match self.accessors.get(&value.a) {
                        Some(flags) if flags & def_flag::SETTER != 0 => op::SETTER,
                        Some(_) => op::GETTER,
                        None => op::STORE,
                    };
                    self.builder.op(container, kind, from, value.b, NONE);
                }
                Tag::Slot if named && value.b != NONE => {
                    self.builder.op(container, op::STORE, from, value.b, NONE);
                }
                Tag::Spread => {
                    let element = self.builder.derive(op::ITERATE, from);
                    self.builder.op(container, op::STORE, element, any, NONE);
                    self.builder.copy(container, from);
                }
                _ => {
                    let key = self.position(index);
                    self.builder.op(container, op::STORE, from, key, NONE);
                }
            }
            index += 1;
        }
        container
    }

    /// Gives the elements or named fields of what is declared their values. A
    /// list that makes one `class` is held by it: its places are the fields.
    pub(super) fn fill(&mut self, target: Val, args: &[Val], class: Option<u32>) {
        let mut whole = None;
        // Lists in a list are the elements of an array.
        let listed = |arg: &Val| self.source.get(arg.start as usize) == Some(&b'{');
        let array = args.iter().all(listed);
        for (index, arg) in args.iter().enumerate() {
            if arg.tag == Tag::Literal {
                continue;
            }
            let Some(from) = self.slot_of(*arg) else {
                continue;
            };
            if arg.tag == Tag::Keyed {
                self.builder.op(target.a, op::STORE, from, arg.b, NONE);
                continue;
            }
            let key = self.position(index);
            self.builder.op(target.a, op::STORE, from, key, NONE);
            let holder = *whole.get_or_insert_with(|| self.builder.container(NONE));
            self.builder.op(holder, op::STORE, from, key, NONE);
            if let (Some(class), true) = (class, array) {
                self.builder.op(class, op::HOLDS, from, key, NONE);
            }
        }
        let Some(holder) = whole else { return };
        self.builder.copy(target.a, holder);
        if let (Some(class), false) = (class, array) {
            let key = self.position(0);
            self.builder.op(class, op::HOLDS, holder, key, NONE);
        }
    }

    pub(super) fn leave_comprehension(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let container = self.builder.container(NONE);
        let mut at = *values.first()?;
        for value in values {
            if value.field != Field::Value {
                self.slot_of(value);
                continue;
            }
            at = value;
            if let Some(from) = self.slot_of(value) {
                let any = self.builder.made_name(b"[?]");
                self.builder.op(container, op::STORE, from, any, NONE);
            }
        }
        Some(Self::value(frame, Tag::Slot, container, NONE, at))
    }
}
