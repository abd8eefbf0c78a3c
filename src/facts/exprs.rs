//! Expressions: members, calls, collections, operators, types.

use super::format::{self, ArgRec, CallRec, ImportRec, NONE, arg_flag, call_flag, import_flag, op};
use super::leaves::unquote;
use super::walk::{Frame, Mode, PlaceRec, Tag, Val, Walk};
use crate::lang::{Field, NodeFlag, Role};

/// The longest callee that is searched for line ends.
const MOST_SCANNED: usize = 1 << 12;

impl Walk<'_> {
    pub(super) fn value(frame: &Frame, tag: Tag, a: u32, b: u32, at: Val) -> Val {
        let (start, end) = (frame.start, frame.end);
        Val {
            field: frame.field,
            tag,
            a,
            b,
            line: at.line,
            column: at.column,
            start,
            end,
        }
    }

    pub(super) fn leave_member(&mut self, frame: &Frame) -> Option<Val> {
        if frame.row.has(NodeFlag::Positional) {
            return self.leave_pair_of_names(frame);
        }
        let property = self.child(frame, Field::Property)?;
        let Some(object) = self.child(frame, Field::Object) else {
            // A path from the root (`::name`): the name alone.
            if property.tag != Tag::Raw {
                return Some(Val {
                    field: frame.field,
                    ..property
                });
            }
            let slot = if frame.row.has(NodeFlag::Qualified) {
                self.scopes.lookup_root(&mut self.builder, property.b)
            } else {
                self.scopes.lookup(&mut self.builder, property.b)
            };
            self.builder
                .mention(slot, self.def, property.line, property.column);
            return Some(Self::value(frame, Tag::Slot, slot, property.b, property));
        };
        if property.tag == Tag::Place {
            // The rest of the path was looked up in what came before.
            return Some(Val {
                field: frame.field,
                start: frame.start,
                ..property
            });
        }
        if property.tag == Tag::Slot && self.roles.traits.program_scope {
            return Some(Val {
                field: frame.field,
                ..property
            });
        }
        if property.b == NONE {
            return Some(object);
        }
        let mut base = self.slot_of(object)?;
        if Self::binds(frame) && frame.row.has(NodeFlag::Path) {
            // A constant that a value is compared with gains nothing.
            let place = PlaceRec {
                base,
                base_name: object.b,
                name: property.b,
                line: property.line,
                column: property.column,
                indexed: false,
            };
            self.places.push(place);
            let at = self.places.len() as u32 - 1;
            self.slot_of(Self::value(frame, Tag::Place, at, property.b, property));
            return Some(Self::value(frame, Tag::Raw, NONE, NONE, property));
        }
        if self.roles.traits.free_operators {
            base = self.follow_arrow(base, object, property);
        }
        if property.tag == Tag::Raw && property.a == 0 && self.roles.traits.callables_apart {
            let slot = self.this_of(object.b, base);
            return Some(Self::value(frame, Tag::Slot, slot, property.b, property));
        }
        let at = self.places.len() as u32;
        self.places.push(PlaceRec {
            base,
            base_name: object.b,
            name: property.b,
            line: property.line,
            column: property.column,
            indexed: false,
        });
        let place = Self::value(frame, Tag::Place, at, property.b, property);
        if frame.mode == Mode::Type {
            let slot = self.slot_of(place)?;
            return Some(Val {
                tag: Tag::Slot,
                a: slot,
                ..place
            });
        }
        Some(place)
    }

    /// A member whose object and name are told apart by their order; without a
    /// name it is the object (`A::new`).
    pub(super) fn leave_pair_of_names(&mut self, frame: &Frame) -> Option<Val> {
        let values: Vec<Val> = self.values[self.children(frame)]
            .iter()
            .copied()
            .filter(|value| value.field != Field::Ignore)
            .collect();
        let object = *values.first()?;
        let base = self.slot_of(object)?;
        let Some(property) = values.get(1).filter(|value| value.b != NONE) else {
            let name = self.builder.made_name(b"<new>");
            let to = self.builder.slot();
            self.builder.op(base, op::LOAD, to, name, NONE);
            return Some(Self::value(frame, Tag::Slot, to, NONE, object));
        };
        let name = if frame.mode == Mode::Type {
            property.b
        } else {
            self.builder.callable(property.b)
        };
        let at = self.places.len() as u32;
        self.places.push(PlaceRec {
            base,
            base_name: object.b,
            name,
            line: property.line,
            column: property.column,
            indexed: false,
        });
        let place = Self::value(frame, Tag::Place, at, property.b, *property);
        let slot = self.slot_of(place)?;
        Some(Val {
            tag: Tag::Slot,
            a: slot,
            b: if frame.mode == Mode::Type {
                property.b
            } else {
                NONE
            },
            ..place
        })
    }

    /// The receiver that belongs to the class called `name`.
    pub(super) fn this_of(&mut self, name: u32, class_slot: u32) -> u32 {
        let facts = &self.builder.facts;
        let own = self.functions.iter().rev().find(|function| {
            let parent = facts.defs[function.def as usize].parent;
            function.this != NONE && facts.defs[parent as usize].name == name
        });
        match own {
            Some(function) => function.this,
            None => self.builder.derive(op::INSTANCE, class_slot),
        }
    }

    pub(super) fn leave_index(&mut self, frame: &Frame) -> Option<Val> {
        let children = self.values[self.children(frame)].to_vec();
        let named = children.iter().any(|value| value.field == Field::Object);
        // Without names, what is indexed comes first.
        let is_object = |at: usize, value: &Val| {
            if named {
                value.field == Field::Object
            } else {
                at == 0
            }
        };
        let object = children
            .iter()
            .enumerate()
            .find(|(at, value)| is_object(*at, value))?;
        let object = *object.1;
        let base = self.slot_of(object)?;
        let keys: Vec<Val> = children
            .iter()
            .enumerate()
            .filter(|(at, value)| !is_object(*at, value))
            .map(|(_, value)| *value)
            .filter(|value| !named || value.field == Field::Key)
            .collect();
        if frame.mode == Mode::Type {
            let args: Vec<u32> = keys.iter().filter_map(|key| self.slot_of(*key)).collect();
            return Some(self.apply(frame, object, base, &args));
        }
        if !self.roles.traits.index_method.is_empty() && !Self::binds(frame) {
            let args: Vec<u32> = keys.iter().filter_map(|key| self.slot_of(*key)).collect();
            let slot = self.index_call(base, object, &args);
            return Some(Self::value(frame, Tag::Slot, slot, NONE, object));
        }
        if keys.iter().any(|key| key.tag == Tag::Raw) {
            // A slice of a sequence holds what the sequence holds.
            return Some(Self::value(frame, Tag::Slot, base, object.b, object));
        }
        let name = match keys.as_slice() {
            [key] if key.tag == Tag::Literal => {
                let text = &self.source[key.start as usize..key.end as usize];
                self.key_name(text)
            }
            [key] if self.is_known_key(*key) => {
                let text = &self.source[key.start as usize..key.end as usize];
                let text = [b"[", text, b"]"].concat();
                self.slot_of(*key);
                self.builder.made_name(&text)
            }
            _ => {
                for key in &keys {
                    self.slot_of(*key);
                }
                self.builder.made_name(b"[?]")
            }
        };
        let (line, column) = self.place_behind(frame, object, 0);
        let object = Val {
            line,
            column,
            ..object
        };
        let at = self.places.len() as u32;
        self.places.push(PlaceRec {
            base,
            base_name: object.b,
            name,
            line,
            column,
            indexed: true,
        });
        Some(Self::value(frame, Tag::Place, at, NONE, object))
    }

    /// Whether a key is a member of an object whose members are keys.
    fn is_known_key(&self, key: Val) -> bool {
        let objects = &self.roles.traits.key_objects;
        if key.tag != Tag::Place || objects.is_empty() {
            return false;
        }
        let object = self.places[key.a as usize].base_name;
        object != NONE && {
            let name = self.builder.bytes(object);
            objects.iter().any(|known| known.as_bytes() == name)
        }
    }

    /// The name of the element under a literal key.
    pub(super) fn key_name(&mut self, literal: &[u8]) -> u32 {
        let inner = unquote(literal);
        if self.roles.traits.index_is_member && inner.len() < literal.len() {
            return self.builder.made_name(inner);
        }
        let mut text = Vec::with_capacity(inner.len() + 4);
        text.push(b'[');
        let quoted = inner.len() < literal.len();
        if quoted {
            text.push(b'\'');
        }
        text.extend_from_slice(&inner[..inner.len().min(64)]);
        if quoted {
            text.push(b'\'');
        }
        text.push(b']');
        self.builder.made_name(&text)
    }

    pub(super) fn leave_call(&mut self, frame: &Frame) -> Option<Val> {
        let callee = self
            .child(frame, Field::Callee)
            .or_else(|| self.child(frame, Field::Type))
            .or_else(|| self.named_callee(frame));
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let mut flags = if frame.role == Role::New {
            call_flag::NEW
        } else {
            0
        };
        let Some(callee) = callee else {
            self.settle(frame);
            // `int(x)`: a value of a type that is no name.
            let first = values.first().copied()?;
            let a = self.roles.traits.overloads.then(|| self.builder.slot())?;
            return Some(Self::value(frame, Tag::Slot, a, NONE, first));
        };
        if let Some(value) = self.type_call(frame, callee, &values) {
            return Some(value);
        }
        if frame.row.has(NodeFlag::Initialises) {
            flags |= call_flag::INIT | call_flag::IMPLICIT;
            self.initialise(callee, &values);
        }
        if callee.tag == Tag::Slot && callee.b != NONE && !self.roles.traits.super_call.is_empty() {
            let name = self.builder.bytes(callee.b);
            if name == self.roles.traits.super_call.as_bytes() {
                let slot = self.super_slot();
                return Some(Self::value(frame, Tag::Slot, slot, callee.b, callee));
            }
        }
        if let Some(import) = self.import_call(callee, &values) {
            return Some(Self::value(frame, Tag::Slot, import, NONE, callee));
        }
        let element = frame.row.has(NodeFlag::Element);
        if element {
            let small = callee.b != NONE
                && callee.tag == Tag::Slot
                && self
                    .builder
                    .bytes(callee.b)
                    .first()
                    .is_some_and(u8::is_ascii_lowercase);
            if small {
                self.settle(frame);
                return None;
            }
            flags |= call_flag::ELEMENT;
        }
        let mut args = Vec::with_capacity(values.len());
        let given = values.iter().filter(|value| value.field == Field::Args);
        let given: Vec<Val> = given.copied().collect();
        if element && !given.is_empty() {
            let slot = self.filled(&given, NONE, true);
            args.push(ArgRec {
                slot,
                name: NONE,
                flags: 0,
                place: 0,
            });
        }
        let called = self.place_of_call(frame, callee);
        for value in &values {
            if element {
                continue;
            }
            if value.field != Field::Args {
                if value.tag == Tag::Place && value.field != Field::Callee {
                    self.slot_of(*value);
                }
                continue;
            }
            let Some(slot) = self.slot_of(*value) else {
                continue;
            };
            let (line, column) = self.place_behind(frame, *value, 1);
            let (name, spread) = match value.tag {
                Tag::Keyed => (value.b, 0),
                Tag::Spread if value.b == 1 => (NONE, arg_flag::KEYWORD_SPREAD),
                Tag::Spread => (NONE, arg_flag::SPREAD),
                _ => (NONE, 0),
            };
            if spread != 0 {
                flags |= call_flag::SPREAD;
            }
            args.push(ArgRec {
                slot,
                name,
                flags: spread,
                place: format::place(called.0, line, column),
            });
        }
        let (mut callee_slot, mut receiver, name) = self.callee(callee)?;
        let types = values.iter().filter(|value| value.field == Field::TypeArgs);
        let types: Vec<Val> = types.copied().collect();
        let types: Vec<u32> = types
            .iter()
            .filter_map(|value| self.slot_of(*value))
            .collect();
        if frame.role == Role::New && !types.is_empty() {
            // What is made is an instance of the type with its arguments.
            if let Some(class) = self.slot_of(callee) {
                callee_slot = self.builder.applied(class, &types);
                receiver = NONE;
            }
        }
        if frame.role == Role::Call && frame.row.has(NodeFlag::Constructor) {
            flags |= call_flag::NEW | call_flag::DELEGATES;
            callee_slot = self.constructed(callee, callee_slot);
        }
        if frame.def != NONE {
            callee_slot = self.builder.facts.defs[frame.def as usize].slot;
        }
        let result = self.builder.slot();
        self.reflect(name, frame, &values, result);
        if receiver == NONE {
            self.call_builtin(name, &args, result);
        }
        if let (Some(name), true) = (self.child(frame, Field::Name), frame.role == Role::New) {
            self.assign(name, result);
        }
        let start = self.builder.facts.args.len() as u32;
        let args_len = args.len() as u32;
        self.builder.facts.args.extend(args);
        let (line, column) = called;
        self.builder.call(CallRec {
            caller: self.def,
            name,
            line,
            column,
            callee: callee_slot,
            receiver,
            result,
            args: start,
            args_len,
            flags,
        });
        Some(Self::value(frame, Tag::Slot, result, NONE, callee))
    }

    /// Where a call stands: at the callee's name, or, where what another call
    /// gives is called (`f(a)(b)`), behind that call.
    fn place_of_call(&self, frame: &Frame, callee: Val) -> (u32, u32) {
        if frame.role != Role::Call {
            return (callee.line, callee.column);
        }
        self.place_behind(frame, callee, 0)
    }

    /// The place of a value, or where it is what a call gives, that of the end
    /// of the call less `back` bytes: at its name the call itself stands.
    fn place_behind(&self, frame: &Frame, value: Val, back: usize) -> (u32, u32) {
        let end = value.end as usize;
        let before = self.source.get(frame.start as usize..end);
        let plain = value.tag != Tag::Slot || value.b != NONE;
        match before {
            Some(text) if !plain && text.len() < MOST_SCANNED && text.ends_with(b")") => {
                let text = &text[..text.len() - back];
                let lines = text.iter().filter(|byte| **byte == b'\n').count() as u32;
                let last = text.iter().rposition(|byte| *byte == b'\n');
                let column = match last {
                    Some(at) => (text.len() - at) as u32,
                    None => frame.column + text.len() as u32,
                };
                (frame.line + lines, column)
            }
            _ => (value.line, value.column),
        }
    }

    /// The callee of a call that is written as object and name, or whose class
    /// is the one around it (a case of an enum).
    pub(super) fn named_callee(&mut self, frame: &Frame) -> Option<Val> {
        if frame.role == Role::New {
            let name = self.child(frame, Field::Name)?;
            let class = self.enclosing_class();
            let a = self.builder.facts.defs.get(class as usize)?.slot;
            return Some(Val {
                tag: Tag::Slot,
                a,
                ..name
            });
        }
        let name = self.child(frame, Field::Property)?;
        let key = self.builder.callable(name.b);
        let of_base = self.child(frame, Field::Key);
        let object = self.child(frame, Field::Object);
        // `super.name()`: what stands before the name is the bases' view.
        let Some(object) = object.or(of_base) else {
            let slot = self.scopes.lookup(&mut self.builder, key);
            self.builder.mention(slot, self.def, name.line, name.column);
            return Some(Val {
                tag: Tag::Slot,
                a: slot,
                ..name
            });
        };
        let mut base = self.slot_of(object)?;
        if of_base.is_some() && object.field == Field::Object {
            // `Base.super.name()`: that base's own member.
            base = self.builder.derive(op::INSTANCE, base);
        }
        let at = self.places.len() as u32;
        self.places.push(PlaceRec {
            base,
            base_name: object.b,
            name: name.b,
            line: name.line,
            column: name.column,
            indexed: false,
        });
        Some(Val {
            tag: Tag::Place,
            a: at,
            ..name
        })
    }

    /// What a constructor that hands over to another one makes: `this(…)`
    /// calls one of the class around it, `super(…)` one of its base.
    pub(super) fn constructed(&mut self, callee: Val, slot: u32) -> u32 {
        let class = self.enclosing_class();
        let text = &self.source[callee.start as usize..callee.end as usize];
        if class == NONE || text == b"super" {
            return slot;
        }
        self.builder.facts.defs[class as usize].slot
    }

    /// Callee slot, receiver slot and name of a call.
    pub(super) fn callee(&mut self, callee: Val) -> Option<(u32, u32, u32)> {
        if callee.tag == Tag::Place {
            let place = self.places[callee.a as usize];
            if !place.indexed {
                return Some((NONE, place.base, place.name));
            }
        }
        let slot = self.slot_of(callee)?;
        Some((slot, NONE, callee.b))
    }

    /// `require("x")`, `import("x")`: a call that is an import.
    pub(super) fn import_call(&mut self, callee: Val, values: &[Val]) -> Option<u32> {
        if callee.tag != Tag::Slot && callee.tag != Tag::Raw || callee.b == NONE {
            return None;
        }
        let name = self.builder.bytes(callee.b);
        let calls = &self.roles.traits.import_calls;
        if !calls.iter().any(|known| known.as_bytes() == name) {
            return None;
        }
        let path = values.iter().find(|value| value.field == Field::Args)?;
        if path.tag != Tag::Literal {
            return None;
        }
        let text = unquote(&self.source[path.start as usize..path.end as usize]).to_vec();
        let path_name = self.builder.made_name(&text);
        let slot = self.builder.slot();
        self.builder.facts.imports.push(ImportRec {
            slot,
            path: path_name,
            item: NONE,
            flags: import_flag::QUOTED,
            scope: self.def,
            line: path.line,
            column: path.column,
            export: NONE,
        });
        Some(slot)
    }
}
