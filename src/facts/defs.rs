//! Definitions: functions, classes, namespaces, and what is around their bodies.

use tree_sitter::Node;

use super::format::{NONE, ParamRec, def_flag, op, param_flag, seed};
use super::scope::ScopeKind;
use super::walk::{Frame, Function, Tag, Val, Walk};
use crate::lang::{DefKind, Field, NodeFlag, Role};

impl Walk<'_> {
    pub(super) fn enter_function(&mut self, node: Node<'_>) {
        let named = self.find_name(node);
        let parent = self.builder.facts.defs[self.def as usize].kind;
        let in_class = self.scopes.kind() == ScopeKind::Class;
        let at = self.frames.len() - 1;
        let outside = self.has_owner(node);
        let kind = match self.frames[at].row.kind {
            DefKind::File if in_class || outside => DefKind::Method,
            DefKind::File => DefKind::Function,
            other => other,
        };
        if outside {
            self.frames[at].note = 1;
        }
        let bodiless = self.child_at(node, Field::Body).is_none();
        let extra = if bodiless { def_flag::ABSTRACT } else { 0 };
        let prototype = self.frames[at].row.has(NodeFlag::Prototype);
        let extra = extra | if prototype { def_flag::PROTOTYPE } else { 0 };
        let class_name = self.builder.facts.defs[self.def as usize].name;
        let same_name = named.as_ref().is_some_and(|named| named.name == class_name);
        let constructs =
            named.as_ref().is_some_and(|named| {
                let name = self.builder.bytes(named.name);
                self.roles
                    .traits
                    .constructors
                    .iter()
                    .any(|known| known.as_bytes() == name)
            }) || (self.roles.traits.constructor_is_class_name && in_class && same_name);
        let extra = extra | if constructs { def_flag::CONSTRUCTOR } else { 0 };
        let def = self.define(node, named, kind, extra);
        let class = self.def;
        self.open_function(def);
        let flags = self.builder.facts.defs[def as usize].flags;
        if in_class && flags & def_flag::STATIC == 0 {
            self.give_this(def, class, flags, parent == DefKind::Impl as u32);
        }
    }

    /// Whether a function's name is a path, or it has a receiver parameter.
    pub(super) fn has_owner(&self, node: Node<'_>) -> bool {
        if self.child_at(node, Field::Receiver).is_some() {
            return true;
        }
        let mut current = self.child_at(node, Field::Name);
        for _ in 0..16 {
            let Some(found) = current else { return false };
            match self.roles.row(found.kind_id()).role {
                Role::Member => return true,
                Role::Pass if found.named_child_count() > 0 => {
                    current = self.child_at(found, Field::Name);
                }
                _ => return false,
            }
        }
        false
    }

    pub(super) fn give_this(&mut self, def: u32, class: u32, flags: u32, in_impl: bool) {
        let slot = self.builder.slot();
        self.builder.facts.defs[def as usize].this_slot = slot;
        if let Some(function) = self.functions.last_mut() {
            function.this = slot;
        }
        let owner = self.builder.facts.defs[class as usize].owner_slot;
        let self_param = self.self_params.iter().rev().find(|known| known.0 == class);
        if let Some((_, param)) = self_param {
            self.builder.seed(slot, seed::INSTANCE, *param);
        } else if in_impl && owner != NONE {
            self.builder.op(owner, op::INSTANCE, slot, NONE, NONE);
        } else if flags & def_flag::CLASS_METHOD != 0 {
            self.builder.seed(slot, seed::DEF, class);
        } else {
            self.builder.seed(slot, seed::INSTANCE, class);
        }
    }

    pub(super) fn open_function(&mut self, def: u32) {
        let frame = *self.frames.last().expect("a function has a frame");
        self.def = def;
        self.open_scope(ScopeKind::Function);
        let outer_this = frame.row.has(NodeFlag::OuterThis);
        self.functions.push(Function {
            def,
            this: NONE,
            outer_this,
            yields: false,
        });
        if self.builder.facts.defs[def as usize].flags & def_flag::GENERATOR != 0 {
            self.begin_generator();
        }
    }

    pub(super) fn enter_lambda(&mut self, node: Node<'_>) {
        let named = self.find_name(node);
        let own_name = named.as_ref().map(|named| named.name);
        let def = self.define(node, named, DefKind::Function, 0);
        self.open_function(def);
        if let Some(name) = own_name {
            // A function expression sees itself by its own name.
            let (slot, _) = self.scopes.declare(&mut self.builder, name, false, true);
            let own = self.builder.facts.defs[def as usize].slot;
            self.builder.copy(slot, own);
        }
    }

    pub(super) fn begin_function_body(&mut self) {
        let frame = *self.frames.last().expect("a function has a frame");
        let def = frame.def;
        let this_first = self.roles.traits.first_parameter_is_this;
        let start = self.builder.facts.params.len() as u32;
        if self.roles.traits.program_scope {
            let head = &self.source[frame.start as usize..frame.end as usize];
            let head = head.split(|byte| *byte == b'{').next().unwrap_or_default();
            if head.windows(3).any(|part| part == b"...") {
                self.builder.facts.defs[def as usize].flags |= def_flag::VARIADIC;
            }
        }
        let this = self.builder.facts.defs[def as usize].this_slot;
        let mut results = Vec::new();
        for at in self.children(&frame) {
            let value = self.values[at];
            match (value.field, value.tag) {
                (Field::Type, Tag::Param) => results.push(value),
                (Field::Params, Tag::Param | Tag::Slot | Tag::Pattern | Tag::Spread | Tag::Raw) => {
                    let first = self.builder.facts.params.len() as u32 == start;
                    let this = if this_first && first { this } else { NONE };
                    self.add_param(value, this);
                }
                (Field::Receiver, Tag::Param) => self.take_receiver(def, value),
                (Field::Type, _) => {
                    if let Some(slot) = self.slot_of(value) {
                        self.builder.facts.defs[def as usize].type_slot = slot;
                        let ret = self.ret(def);
                        self.builder.op(slot, op::INSTANCE, ret, NONE, NONE);
                    }
                }
                (Field::Name, Tag::Place) => {
                    let place = self.places[value.a as usize];
                    let record = &mut self.builder.facts.defs[def as usize];
                    record.owner_slot = place.base;
                    record.owner_name = place.base_name;
                    if self.roles.traits.program_scope {
                        let owner = self.owner_path(value);
                        self.builder.facts.defs[def as usize].owner_name = owner;
                    }
                    let this = self.this();
                    self.builder.op(place.base, op::INSTANCE, this, NONE, NONE);
                }
                _ => {}
            }
        }
        if !results.is_empty() {
            self.take_results(def, &results);
        }
        let record = &mut self.builder.facts.defs[def as usize];
        record.params = start;
        record.params_len = self.builder.facts.params.len() as u32 - start;
    }

    pub(super) fn take_receiver(&mut self, def: u32, value: Val) {
        let this = self.this();
        self.builder.unite(value.a, this);
        let record = &mut self.builder.facts.defs[def as usize];
        record.this_slot = this;
        record.owner_slot = value.column;
        record.owner_name = value.start;
    }

    pub(super) fn add_param(&mut self, value: Val, this: u32) {
        let written = if value.tag == Tag::Param && self.roles.traits.program_scope {
            value.end
        } else {
            NONE
        };
        let (slot, name, mut flags, type_slot) = match value.tag {
            Tag::Param => (value.a, value.b, value.line, value.column),
            Tag::Slot => (value.a, value.b, 0, NONE),
            Tag::Spread => (value.a, value.b, param_flag::REST, NONE),
            _ => {
                let slot = self.builder.slot();
                self.assign(value, slot);
                (slot, NONE, 0, NONE)
            }
        };
        if this != NONE {
            self.builder.copy(slot, this);
            flags |= param_flag::THIS;
            if let Some(function) = self.functions.last_mut() {
                function.this = slot;
            }
        }
        // A parameter without a name, as `*` alone, takes its place all the same.
        let slot = if slot == NONE {
            self.builder.slot()
        } else {
            slot
        };
        self.builder.facts.params.push(ParamRec {
            name,
            slot,
            flags,
            type_slot,
            type_name: written,
        });
    }

    pub(super) fn leave_param(&mut self, frame: &Frame) -> Option<Val> {
        let name = self.child(frame, Field::Name);
        let mut end = frame.end;
        if self.roles.traits.program_scope {
            let text = self.source[frame.start as usize..frame.end as usize].trim_ascii();
            if text == b"void" {
                return None;
            }
            let until = name.map_or(frame.end, |name| name.start);
            end = self.type_text(frame.start, until);
        }
        let mut type_slot = NONE;
        let mut type_name = NONE;
        let mut flags = 0;
        if let Some(written) = self.child(frame, Field::Type) {
            type_slot = self.slot_of(written).unwrap_or(NONE);
            type_name = written.b;
        }
        if frame.row.has(NodeFlag::ElementType) && type_slot != NONE {
            type_slot = self.builder.applied(NONE, &[type_slot]);
        }
        let (slot, label) = match name {
            Some(value) if value.tag == Tag::Spread => {
                flags |= if value.b == 1 {
                    param_flag::KEYWORD_REST
                } else {
                    param_flag::REST
                };
                (value.a, NONE)
            }
            Some(value) if value.tag == Tag::Slot => {
                let this = self.functions.last().is_some_and(|function| {
                    function.this == value.a && self.roles.traits.self_type.len() > 1
                });
                flags |= if this { param_flag::THIS } else { 0 };
                (value.a, value.b)
            }
            Some(value) => {
                let slot = self.builder.slot();
                self.assign(value, slot);
                (slot, NONE)
            }
            None => (self.builder.slot(), NONE),
        };
        if type_slot != NONE && frame.row.has(NodeFlag::Positional) {
            type_slot = self.builder.applied(NONE, &[type_slot]);
        }
        if type_slot != NONE {
            self.builder.op(type_slot, op::INSTANCE, slot, NONE, NONE);
            if self.roles.traits.program_scope
                && !matches!(self.builder.bytes(end).last(), Some(b'*' | b'&'))
            {
                self.builder.op(type_slot, op::HOLDS, slot, NONE, NONE);
            }
        }
        if name.is_some_and(|value| value.tag == Tag::Slot && Some(value.a) == self.own_this()) {
            // The receiver's type, written where a parameter would stand.
            return None;
        }
        if frame.row.has(NodeFlag::ParamField)
            && self.is_constructor()
            && let Some(name) = name.filter(|name| frame.start < name.start)
        {
            self.param_field(name, slot, type_slot);
        }
        if let Some(default) = self.child(frame, Field::Value) {
            flags |= param_flag::OPTIONAL;
            if let Some(from) = self.slot_of(default) {
                self.builder.copy(slot, from);
            }
        }
        if frame.row.has(NodeFlag::Positional) {
            flags |= param_flag::REST;
        }
        Some(Val {
            field: frame.field,
            tag: Tag::Param,
            a: slot,
            b: label,
            line: flags,
            column: type_slot,
            start: type_name,
            end,
        })
    }

    /// The receiver of the innermost function, if it has been mentioned.
    pub(super) fn own_this(&self) -> Option<u32> {
        let this = self.functions.last()?.this;
        (this != NONE).then_some(this)
    }

    pub(super) fn is_constructor(&self) -> bool {
        self.functions.last().is_some_and(|function| {
            let flags = self.builder.facts.defs[function.def as usize].flags;
            flags & def_flag::CONSTRUCTOR != 0
        })
    }

    /// A parameter with a modifier before it is a field as well.
    pub(super) fn param_field(&mut self, name: Val, slot: u32, type_slot: u32) {
        let this = self.this();
        let known = self.builder.facts.defs.len();
        self.note_field(this, name.b, name.line, name.column);
        if let Some(field) = self.builder.facts.defs.get_mut(known) {
            field.type_slot = type_slot;
        }
        let site = self.builder.mention(NONE, self.def, name.line, name.column);
        self.builder.op(this, op::STORE, slot, name.b, site);
    }

    pub(super) fn leave_self_param(&mut self, frame: &Frame) -> Option<Val> {
        let this = self.this();
        Some(Val {
            field: frame.field,
            tag: Tag::Param,
            a: this,
            b: NONE,
            line: param_flag::THIS,
            column: NONE,
            start: NONE,
            end: frame.end,
        })
    }

    pub(super) fn leave_function(&mut self, frame: &Frame) -> Option<Val> {
        let def = frame.def;
        if frame.row.has(NodeFlag::BodyValue) {
            let body = self.values[frame.values as usize..]
                .iter()
                .rev()
                .copied()
                .find(|value| value.field == Field::Body);
            if let Some(from) = body.and_then(|value| self.slot_of(value)) {
                let ret = self.ret(def);
                self.builder.copy(ret, from);
            }
        }
        self.functions.pop();
        self.def = frame.outer_def;
        let record = self.builder.facts.defs[def as usize];
        Some(Val {
            field: frame.field,
            tag: if frame.role == Role::Lambda {
                Tag::Slot
            } else {
                Tag::Keyed
            },
            a: record.slot,
            b: record.name,
            line: record.line,
            column: record.column,
            start: frame.start,
            end: frame.end,
        })
        .filter(|_| {
            frame.role == Role::Lambda
                || self.frame_is(Role::Decorated)
                || self.frame_is(Role::Collection)
                || self.frame_is(Role::Export)
        })
    }
}
