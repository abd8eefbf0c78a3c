//! Definitions: functions, classes, namespaces, and what is around their bodies.

use tree_sitter::Node;

use super::docs;
use super::format::{BaseRec, DefRec, NONE, ParamRec, def_flag, op, param_flag, seed};
use super::leaves::unquote;
use super::scope::ScopeKind;
use super::walk::{Frame, Function, Tag, Val, Walk};
use crate::lang::{DefKind, Field, Meaning, NodeFlag, Role};

/// The name of a definition, as found below its node.
pub(super) struct Named {
    pub(super) name: u32,
    line: u32,
    column: u32,
    start: usize,
}

impl Walk<'_> {
    /// Finds the name of a definition: the child at the name's place, followed
    /// through transparent nodes (`*f(int)`) and paths (`A::f`).
    fn find_name(&mut self, node: Node<'_>) -> Option<Named> {
        let mut current = self.child_at(node, Field::Name)?;
        for _ in 0..64 {
            let next = match self.roles.row(current.kind_id()).role {
                Role::Pass if current.named_child_count() > 0 => {
                    self.child_at(current, Field::Name)
                }
                Role::Member => self.child_at(current, Field::Property),
                Role::Generic => self.child_at(current, Field::Type),
                _ => break,
            };
            current = next?;
        }
        let at = current.start_position();
        let (mut start, mut end) = (current.start_byte(), current.end_byte());
        if self.roles.row(current.kind_id()).role == Role::Literal {
            let whole = &self.source[start..end];
            let inner = unquote(whole);
            start += whole.len() - inner.len() - usize::from(whole.len() > inner.len());
            end = start + inner.len();
        }
        let name = self.builder.name(start, end);
        Some(Named {
            name,
            line: at.row as u32 + 1,
            column: at.column as u32 + 1,
            start,
        })
    }

    /// The child of `node` at `place`; of a transparent node without one, its
    /// first named child.
    fn child_at<'t>(&self, node: Node<'t>, place: Field) -> Option<Node<'t>> {
        let kind = node.kind_id();
        let mut cursor = node.walk();
        if !cursor.goto_first_child() {
            return None;
        }
        let mut first = None;
        loop {
            let child = cursor.node();
            let id = cursor.field_id().map_or(0, std::num::NonZeroU16::get);
            if self.roles.place(kind, id, child.kind_id()) == place {
                return Some(child);
            }
            if child.is_named() && first.is_none() {
                first = Some(child);
            }
            if !cursor.goto_next_sibling() {
                let transparent = self.roles.row(kind).role == Role::Pass;
                return first.filter(|_| transparent);
            }
        }
    }

    /// The name that a nameless definition gets from what it is bound to, and
    /// the definition that the binding made.
    fn bound_name(&self, field: Field) -> Option<(u32, u32, u32, u32)> {
        let frame = self.frames.len().checked_sub(2).map(|at| self.frames[at])?;
        let binds = matches!(frame.role, Role::Declare | Role::Assign | Role::Pair);
        if !binds || !matches!(field, Field::Value | Field::Right) {
            return None;
        }
        let values = &self.values[frame.values as usize..];
        let target = values.iter().find(|value| {
            matches!(
                value.field,
                Field::Name | Field::Left | Field::Key | Field::Property
            )
        })?;
        let def = if target.tag == Tag::Slot {
            target.a
        } else {
            NONE
        };
        (target.b != NONE).then_some((target.b, target.line, target.column, def))
    }

    fn meanings(&self, from: usize, to: usize, frame: &Frame) -> u32 {
        let mut flags = 0;
        let head = self.source[from.min(to)..to]
            .split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#' | b'.')));
        for word in head.filter(|word| !word.is_empty()) {
            let Ok(word) = std::str::from_utf8(word) else {
                continue;
            };
            flags |= self.meaning(word);
        }
        if frame.row.has(NodeFlag::Static) {
            flags |= def_flag::STATIC;
        }
        if frame.row.has(NodeFlag::Constructor) {
            flags |= def_flag::CONSTRUCTOR;
        }
        if frame.row.has(NodeFlag::Generator) {
            flags |= def_flag::GENERATOR;
        }
        if frame.row.has(NodeFlag::Enum) {
            flags |= def_flag::ENUM;
        }
        if frame.row.has(NodeFlag::Transparent) {
            flags |= def_flag::TRANSPARENT;
        }
        flags
    }

    fn meaning(&self, word: &str) -> u32 {
        match self.roles.traits.decorators.get(word) {
            Some(Meaning::Property) => def_flag::PROPERTY,
            Some(Meaning::Setter) => def_flag::SETTER,
            Some(Meaning::Static) => def_flag::STATIC,
            Some(Meaning::Class) => def_flag::CLASS_METHOD,
            Some(Meaning::Abstract) => def_flag::ABSTRACT,
            Some(Meaning::Private) => def_flag::PRIVATE,
            Some(Meaning::Identity | Meaning::Public) | None => 0,
        }
    }

    /// Pushes a definition for the innermost frame and binds its name.
    fn define(&mut self, node: Node<'_>, named: Option<Named>, kind: DefKind, extra: u32) -> u32 {
        let at = self.frames.len() - 1;
        let mut frame = self.frames[at];
        let anonymous = named.is_none();
        let bound = if anonymous {
            self.bound_name(frame.field)
        } else {
            None
        };
        let named = named.or_else(|| {
            bound.map(|(name, line, column, _)| Named {
                name,
                line,
                column,
                start: frame.start as usize,
            })
        });
        let named = named.unwrap_or_else(|| Named {
            name: self.builder.made_name(b"<lambda>"),
            line: frame.line,
            column: frame.column,
            start: frame.start as usize,
        });
        let (doc, doc_len) = self.doc_of(node, &frame);
        if self.frames.len() > 1 && self.frames[at - 1].role == Role::Decorated {
            let outer = self.frames[at - 1];
            frame.start = outer.start;
            frame.line = outer.line;
        }
        let head_end = self
            .child_at(node, Field::Body)
            .map_or(frame.end as usize, |body| body.start_byte());
        let signature = docs::one_line(&self.source[node.start_byte()..head_end]);
        let (signature, signature_len) = self.builder.text(&signature);
        let mut flags = self.meanings(node.start_byte(), named.start, &frame) | extra;
        let slot = self.builder.slot();
        if anonymous && bound.is_none() {
            flags |= def_flag::ANONYMOUS;
        }
        // A variable whose value is the function is the function.
        let reuse = bound.and_then(|(_, _, _, slot)| {
            let facts = &mut self.builder.facts;
            let last = facts.defs.len().checked_sub(1)?;
            let variable = facts.defs[last].kind == DefKind::Variable as u32;
            (variable && slot != NONE && facts.defs[last].slot == slot).then_some(last)
        });
        let parent = self.def;
        let mut record = DefRec {
            name: named.name,
            kind: kind as u32,
            flags,
            start: frame.start,
            end: frame.end,
            start_line: frame.line,
            end_line: frame.end_line,
            line: named.line,
            column: named.column,
            slot,
            signature,
            signature_len,
            doc,
            doc_len,
            ..self.blank()
        };
        let def = match reuse {
            Some(last) => {
                let facts = &mut self.builder.facts;
                record.ordinal = facts.defs[last].ordinal;
                record.parent = facts.defs[last].parent;
                record.start = facts.defs[last].start;
                record.start_line = facts.defs[last].start_line;
                facts.defs[last] = record;
                last as u32
            }
            None => self.push_def(record),
        };
        self.builder.seed(slot, seed::DEF, def);
        self.frames[at].def = def;
        if !anonymous {
            self.bind_definition(def, named.name, slot, parent, at);
        }
        def
    }

    /// Binds a definition's name in the scope around it.
    fn bind_definition(&mut self, def: u32, name: u32, slot: u32, parent: u32, at: usize) {
        let in_literal = at > 0 && self.frames[at - 1].role == Role::Collection;
        if in_literal || self.frames[at].note == 1 {
            return;
        }
        let expression = matches!(self.frames[at].role, Role::Lambda);
        if expression {
            return;
        }
        let wrapped = at > 0
            && self.frames[at - 1].role == Role::Decorated
            && self.values[self.frames[at - 1].values as usize..]
                .iter()
                .any(|value| value.field == Field::Decorator && value.tag != Tag::Raw);
        let accessor =
            self.builder.facts.defs[def as usize].flags & (def_flag::SETTER | def_flag::PROPERTY);
        let (variable, _) = self.scopes.declare(&mut self.builder, name, false, true);
        if wrapped {
            self.frames[at - 1].note = variable;
            self.builder.facts.defs[def as usize].flags |= def_flag::REBOUND;
        } else {
            self.builder.copy(variable, slot);
        }
        if accessor & def_flag::SETTER == 0 {
            self.builder.member(parent, name, variable, def);
        }
    }

    fn doc_of(&mut self, node: Node<'_>, frame: &Frame) -> (u32, u32) {
        let at = self.frames.len() - 1;
        let line = match at.checked_sub(1).map(|outer| self.frames[outer]) {
            Some(outer) if outer.role == Role::Decorated => outer.line,
            _ => frame.line,
        };
        if self.roles.traits.docstrings {
            return self.docstring(node).unwrap_or_default();
        }
        self.doc_before(line)
    }

    fn docstring(&mut self, node: Node<'_>) -> Option<(u32, u32)> {
        let body = self.child_at(node, Field::Body)?;
        let statement = body.named_child(0)?;
        let string = statement
            .named_child(0)
            .filter(|_| statement.named_child_count() == 1)?;
        if !matches!(
            self.roles.row(string.kind_id()).role,
            Role::Template | Role::Literal
        ) {
            return None;
        }
        let text = unquote(&self.source[string.start_byte()..string.end_byte()]);
        let text = docs::plain(text);
        Some(self.builder.text(&text))
    }

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
    fn has_owner(&self, node: Node<'_>) -> bool {
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

    fn give_this(&mut self, def: u32, class: u32, flags: u32, in_impl: bool) {
        let slot = self.builder.slot();
        self.builder.facts.defs[def as usize].this_slot = slot;
        if let Some(function) = self.functions.last_mut() {
            function.this = slot;
        }
        let owner = self.builder.facts.defs[class as usize].owner_slot;
        if in_impl && owner != NONE {
            self.builder.op(owner, op::INSTANCE, slot, NONE, NONE);
        } else if flags & def_flag::CLASS_METHOD != 0 {
            self.builder.seed(slot, seed::DEF, class);
        } else {
            self.builder.seed(slot, seed::INSTANCE, class);
        }
    }

    fn open_function(&mut self, def: u32) {
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
        let this = self.builder.facts.defs[def as usize].this_slot;
        for at in self.children(&frame) {
            let value = self.values[at];
            match (value.field, value.tag) {
                (Field::Params, Tag::Param | Tag::Slot | Tag::Pattern | Tag::Spread) => {
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
                    let this = self.this();
                    self.builder.op(place.base, op::INSTANCE, this, NONE, NONE);
                }
                _ => {}
            }
        }
        let record = &mut self.builder.facts.defs[def as usize];
        record.params = start;
        record.params_len = self.builder.facts.params.len() as u32 - start;
    }

    fn take_receiver(&mut self, def: u32, value: Val) {
        let this = self.this();
        self.builder.unite(value.a, this);
        let record = &mut self.builder.facts.defs[def as usize];
        record.this_slot = this;
        record.owner_slot = value.column;
        record.owner_name = value.start;
    }

    fn add_param(&mut self, value: Val, this: u32) {
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
        self.builder.facts.params.push(ParamRec {
            name,
            slot,
            flags,
            type_slot,
        });
    }

    pub(super) fn leave_param(&mut self, frame: &Frame) -> Option<Val> {
        let name = self.child(frame, Field::Name);
        let mut type_slot = NONE;
        let mut type_name = NONE;
        let mut flags = 0;
        if let Some(written) = self.child(frame, Field::Type) {
            type_slot = self.slot_of(written).unwrap_or(NONE);
            type_name = written.b;
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
            Some(value) if value.tag == Tag::Slot => (value.a, value.b),
            Some(value) => {
                let slot = self.builder.slot();
                self.assign(value, slot);
                (slot, NONE)
            }
            None => (self.builder.slot(), NONE),
        };
        if type_slot != NONE {
            self.builder.op(type_slot, op::INSTANCE, slot, NONE, NONE);
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
            end: frame.end,
        })
    }

    pub(super) fn leave_self_param(&mut self, frame: &Frame) -> Option<Val> {
        // What is written is `self`; without it the function takes no receiver.
        let _ = (frame, self.this());
        None
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

    pub(super) fn enter_class(&mut self, node: Node<'_>) {
        let named = self.find_name(node);
        let own_name = named.as_ref().map(|named| named.name);
        let kind = match self.frames[self.frames.len() - 1].row.kind {
            DefKind::Interface => DefKind::Interface,
            _ => DefKind::Class,
        };
        let def = self.define(node, named, kind, 0);
        let _ = own_name;
        self.def = def;
        self.open_scope(ScopeKind::Class);
    }

    pub(super) fn begin_class_body(&mut self) {
        let frame = *self.frames.last().expect("a class has a frame");
        self.add_bases(&frame, frame.def);
    }

    fn add_bases(&mut self, frame: &Frame, class: u32) {
        for at in self.children(frame) {
            let value = self.values[at];
            let implements = match value.field {
                Field::Bases => 0,
                Field::Interfaces => 1,
                _ => continue,
            };
            if value.tag == Tag::Keyed {
                continue;
            }
            let Some(slot) = self.slot_of(value) else {
                continue;
            };
            let (line, column) = (value.line, value.column);
            self.builder.facts.bases.push(BaseRec {
                class,
                slot,
                implements,
                line,
                column,
            });
        }
    }

    pub(super) fn leave_class(&mut self, frame: &Frame) -> Option<Val> {
        let record = self.builder.facts.defs[frame.def as usize];
        Some(Val {
            field: frame.field,
            tag: Tag::Slot,
            a: record.slot,
            b: record.name,
            line: record.line,
            column: record.column,
            start: frame.start,
            end: frame.end,
        })
    }

    pub(super) fn enter_namespace(&mut self, node: Node<'_>) {
        let named = self.find_name(node);
        let def = self.define(node, named, DefKind::Module, 0);
        self.def = def;
        self.open_scope(ScopeKind::Module);
    }

    pub(super) fn enter_impl(&mut self) {
        let frame = *self.frames.last().expect("an impl has a frame");
        let slot = self.builder.slot();
        let name = self.builder.made_name(b"");
        let def = self.push_def(DefRec {
            name,
            kind: DefKind::Impl as u32,
            start: frame.start,
            end: frame.end,
            start_line: frame.line,
            end_line: frame.end_line,
            line: frame.line,
            column: frame.column,
            slot,
            ..self.blank()
        });
        let at = self.frames.len() - 1;
        self.frames[at].def = def;
        self.def = def;
        self.open_scope(ScopeKind::Class);
    }

    pub(super) fn begin_impl_body(&mut self) {
        let frame = *self.frames.last().expect("an impl has a frame");
        if let Some(owner) = self.child(&frame, Field::Owner) {
            if let Some(slot) = self.slot_of(owner) {
                let record = &mut self.builder.facts.defs[frame.def as usize];
                record.owner_slot = slot;
                record.owner_name = owner.b;
                if owner.b != NONE {
                    record.name = owner.b;
                }
            }
        }
        self.add_bases(&frame, frame.def);
    }

    pub(super) fn leave_type_param(&mut self, frame: &Frame) -> Option<Val> {
        let name = self.child(frame, Field::Name)?;
        let slot = self.builder.slot();
        let def = self.push_def(DefRec {
            name: name.b,
            kind: DefKind::TypeParam as u32,
            start: frame.start,
            end: frame.end,
            start_line: frame.line,
            end_line: frame.end_line,
            line: name.line,
            column: name.column,
            slot,
            ..self.blank()
        });
        self.builder.seed(slot, seed::DEF, def);
        self.builder.copy(name.a, slot);
        self.add_bases(frame, def);
        None
    }

    pub(super) fn leave_type_alias(&mut self, frame: &Frame) -> Option<Val> {
        let name = self.child(frame, Field::Name)?;
        let value = self
            .child(frame, Field::Type)
            .or_else(|| self.child(frame, Field::Value))?;
        if let Some(from) = self.slot_of(value) {
            self.assign(name, from);
        }
        None
    }
}
