//! Declarations whose shape says what they declare: prototypes, variables that
//! are constructed, names made visible; and paths that nest to the right.

use tree_sitter::Node;

use super::format::{ArgRec, CallRec, ImportRec, NONE, call_flag, def_flag, import_flag, op};
use super::scope::ScopeKind;
use super::walk::{Frame, PlaceRec, Tag, Val, Walk};
use crate::lang::{Field, NodeFlag, Role, Row};

/// Words of a parameter's type that do not tell one type from another.
const FILLERS: &[&[u8]] = &[
    b"const",
    b"volatile",
    b"struct",
    b"class",
    b"enum",
    b"typename",
    b"register",
    b"union",
    b"restrict",
    b"__restrict",
];

impl Walk<'_> {
    /// What a node is by its shape: a declaration of a function, or a mention
    /// of a class where nothing of it is defined.
    pub(super) fn reshape(&self, node: Node<'_>, row: Row) -> Row {
        if row.has(NodeFlag::Prototype) && self.is_prototype(node) {
            return Row {
                role: Role::Function,
                ..row
            };
        }
        if row.role == Role::Class
            && row.has(NodeFlag::NeedsBody)
            && self.child_at(node, Field::Body).is_none()
        {
            return Row {
                role: Role::Pass,
                mapped: false,
                ..row
            };
        }
        if row.role == Role::Name && !self.roles.traits.this_names.is_empty() {
            let text = &self.source[node.start_byte()..node.end_byte()];
            let mut names = self.roles.traits.this_names.iter();
            if names.any(|name| name.as_bytes() == text) {
                return Row {
                    role: Role::This,
                    ..row
                };
            }
        }
        row
    }

    /// Whether the name of a declaration stands directly below a signature.
    /// Inside a function such a thing declares a variable.
    fn is_prototype(&self, node: Node<'_>) -> bool {
        let mut current = self.child_at(node, Field::Name);
        let mut signed = false;
        for _ in 0..16 {
            let Some(found) = current else { return false };
            let row = self.roles.row(found.kind_id());
            if row.role != Role::Pass {
                let text = &self.source[found.start_byte()..found.end_byte()];
                let conversion = row.role == Role::Name && text.ends_with(b")");
                return conversion || signed && row.role != Role::Declare;
            }
            let signature = row.has(NodeFlag::Signature);
            let inside = self.child_at(found, Field::Name);
            if signature {
                // A pointer in parentheses comes first: a variable.
                signed =
                    inside.is_some_and(|inner| self.roles.row(inner.kind_id()).role != Role::Pass);
                if !signed || self.vexing(found) {
                    return false;
                }
            }
            current = inside;
        }
        false
    }

    /// `A a(b);` inside a function: what looks like parameters are arguments.
    fn vexing(&self, signature: Node<'_>) -> bool {
        if self.scopes.function_kind() != ScopeKind::Function {
            return false;
        }
        let Some(params) = self.child_at(signature, Field::Params) else {
            return false;
        };
        let mut cursor = params.walk();
        let mut some = false;
        for param in params.named_children(&mut cursor) {
            let text = &self.source[param.start_byte()..param.end_byte()];
            let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
            if self.roles.row(param.kind_id()).role != Role::Param
                || self.child_at(param, Field::Name).is_some()
                || !text.iter().all(word)
            {
                return false;
            }
            some = true;
        }
        some
    }

    /// A word of the source; of a name with white space, what tells it apart.
    pub(super) fn word(&mut self, node: Node<'_>, start: usize, mut end: usize) -> u32 {
        if node.child_count() > 0 {
            let mut cursor = node.walk();
            let signature = node
                .children(&mut cursor)
                .find(|child| self.roles.row(child.kind_id()).has(NodeFlag::Signature));
            if let Some(signature) = signature {
                end = signature.start_byte().max(start);
            }
        }
        let text = &self.source[start..end];
        if !text.iter().any(u8::is_ascii_whitespace) {
            return self.builder.name(start, end);
        }
        let mut out: Vec<u8> = Vec::with_capacity(text.len());
        for part in text.split(u8::is_ascii_whitespace) {
            let glued = match (out.last(), part.first()) {
                (Some(last), Some(first)) => {
                    last.is_ascii_alphanumeric() && first.is_ascii_alphanumeric()
                }
                _ => false,
            };
            if glued {
                out.push(b' ');
            }
            out.extend_from_slice(part);
        }
        self.builder.made_name(&out)
    }

    /// The text of a parameter's type that two declarations of one function share.
    pub(super) fn type_text(&mut self, from: u32, to: u32) -> u32 {
        let text = &self.source[from as usize..(to.max(from)) as usize];
        let mut out: Vec<u8> = Vec::with_capacity(text.len());
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128;
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            if word(byte) {
                let len = text[at..].iter().take_while(|byte| word(**byte)).count();
                let part = &text[at..at + len];
                at += len;
                if !FILLERS.contains(&part) {
                    if out.last().is_some_and(|last| word(*last)) {
                        out.push(b' ');
                    }
                    out.extend_from_slice(part);
                }
                continue;
            }
            if byte == b':' {
                // What a path leads through is left out.
                let kept = out
                    .iter()
                    .rposition(|byte| !word(*byte))
                    .map_or(0, |at| at + 1);
                out.truncate(kept);
            } else if byte == b'=' {
                break;
            } else if !byte.is_ascii_whitespace() {
                out.push(byte);
            }
            at += 1;
        }
        self.builder.made_name(&out)
    }

    /// The slot in which the rest of a path is looked up: what the path around
    /// has found so far.
    pub(super) fn path_base(&mut self, frame: &Frame, field: Field) -> Option<u32> {
        let mut at = self.frames.len() - 1;
        let mut place = field;
        if frame.role == Role::Generic && field == Field::None {
            place = frame.field;
            at = at.checked_sub(1)?;
        }
        let inner = self.frames[at];
        if inner.role != Role::Member || !inner.row.has(NodeFlag::Qualified) {
            let template = frame.role == Role::Generic && place == Field::Property;
            if !(template && inner.role == Role::Member) {
                return None;
            }
        }
        let around = match place {
            Field::Property if frame.role == Role::Generic => inner,
            Field::Object if inner.field == Field::Property => {
                let outer = self.frames[at.checked_sub(1)?];
                if outer.role != Role::Member || !outer.row.has(NodeFlag::Qualified) {
                    return None;
                }
                outer
            }
            _ => return None,
        };
        let object = self.values[around.values as usize..]
            .iter()
            .copied()
            .find(|value| value.field == Field::Object)?;
        self.slot_of(object)
    }

    pub(super) fn push_place(&mut self, node: Node<'_>, field: Field, base: u32, name: u32) {
        let at = node.start_position();
        let place = self.places.len() as u32;
        self.places.push(PlaceRec {
            base,
            base_name: NONE,
            name,
            line: at.row as u32 + 1,
            column: at.column as u32 + 1,
            indexed: false,
        });
        self.push(node, field, Tag::Place, place, name);
    }

    pub(super) fn frame_before(&self, role: Role) -> bool {
        self.frames
            .len()
            .checked_sub(2)
            .is_some_and(|at| self.frames[at].role == role)
    }

    /// The path before the last name of a definition, as users write it.
    pub(super) fn owner_path(&mut self, name: Val) -> u32 {
        let text = &self.source[name.start as usize..name.end.max(name.start) as usize];
        let mut depth = 0_u32;
        let mut out: Vec<u8> = Vec::with_capacity(text.len());
        for byte in text {
            match byte {
                b'<' => depth += 1,
                b'>' => depth = depth.saturating_sub(1),
                _ if depth > 0 || byte.is_ascii_whitespace() => {}
                b':' if out.last().is_none_or(|last| *last == b'.') => {}
                b':' => out.push(b'.'),
                _ => out.push(*byte),
            }
        }
        let end = out.iter().rposition(|byte| *byte == b'.').unwrap_or(0);
        out.truncate(end);
        self.builder.made_name(&out)
    }

    /// The elements of a list are the arguments of what is around.
    pub(super) fn leave_list(&mut self, frame: &Frame) {
        for at in self.children(frame) {
            self.values[at].field = Field::Args;
        }
        for _ in 0..frame.scopes {
            self.close_scope();
        }
    }

    /// A class that is written inside the declaration of its other name has it.
    pub(super) fn enter_type_alias(&mut self, node: Node<'_>) {
        if self.roles.traits.declarations_construct {
            let name = self.find_name(node).map_or(NONE, |named| named.name);
            if let Some(frame) = self.frames.last_mut() {
                frame.note = name;
            }
        }
    }

    /// A declaration of variables: their types, values and constructors.
    pub(super) fn leave_declaration(&mut self, frame: &Frame, node: Node<'_>) -> Option<Val> {
        let nested = self.frame_is(Role::Declare) && frame.field == Field::Name;
        let at = frame.values;
        let written = match self.child(frame, Field::Type) {
            None if nested => {
                let outer = self.frames.last().copied()?;
                self.values[outer.values as usize..at as usize]
                    .iter()
                    .copied()
                    .find(|value| value.field == Field::Type)
            }
            own => own,
        };
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let indirect = self.indirect_names(node);
        let class = written.and_then(|value| self.slot_of(value));
        let fresh: Vec<Val> = values
            .iter()
            .copied()
            .filter(|value| value.field == Field::Name && value.start != NONE)
            .collect();
        for target in &fresh {
            let refers = indirect.contains(&target.start);
            if target.tag == Tag::Slot && refers {
                self.mark_indirect(target.a);
            }
        }
        let result = self.leave_assign(frame);
        let args: Vec<Val> = values
            .iter()
            .copied()
            .filter(|value| value.field == Field::Args)
            .collect();
        let has_value = values.iter().any(|value| value.field == Field::Value);
        let head = &self.source[frame.start as usize..frame.end as usize];
        let elsewhere = head.starts_with(b"extern") || self.scopes.kind() == ScopeKind::Class;
        for target in &fresh {
            let Tag::Slot = target.tag else { continue };
            self.fill(*target, &args, class);
            let refers = indirect.contains(&target.start);
            if let (Some(class), false) = (class, refers) {
                self.builder.op(class, op::HOLDS, target.a, NONE, NONE);
            }
            // A nested declarator without arguments has a value, which says all.
            let plain = args.is_empty() && (has_value || nested && !self.has_list(node));
            if let (Some(class), false) = (class, refers || elsewhere || plain) {
                let at = written.unwrap_or(*target);
                self.construct(class, at, &args);
            }
        }
        if nested {
            let target = fresh.first().copied()?;
            return Some(Val {
                start: NONE,
                ..target
            });
        }
        result
    }

    fn has_list(&self, node: Node<'_>) -> bool {
        node.child_count() > 1
            && node.child(node.child_count() - 1).is_some_and(|last| {
                let place = self.roles.place(node.kind_id(), 0, last.kind_id());
                matches!(place, Field::Args | Field::List)
            })
    }

    /// Where the names start that a declaration declares as pointers.
    fn indirect_names(&self, node: Node<'_>) -> Vec<u32> {
        let mut found = Vec::new();
        let mut cursor = node.walk();
        if !cursor.goto_first_child() {
            return found;
        }
        loop {
            let child = cursor.node();
            let id = cursor.field_id().map_or(0, std::num::NonZeroU16::get);
            if self.roles.place(node.kind_id(), id, child.kind_id()) == Field::Name {
                let mut current = Some(child);
                let mut refers = false;
                for _ in 0..16 {
                    let Some(inner) = current else { break };
                    let row = self.roles.row(inner.kind_id());
                    refers |= row.has(NodeFlag::Indirect) || row.has(NodeFlag::Signature);
                    if row.role != Role::Pass {
                        if refers {
                            found.push(inner.start_byte() as u32);
                        }
                        break;
                    }
                    current = self.child_at(inner, Field::Name);
                }
            }
            if !cursor.goto_next_sibling() {
                return found;
            }
        }
    }

    fn mark_indirect(&mut self, slot: u32) {
        let known = self.builder.facts.defs.iter_mut().rev().take(8);
        if let Some(def) = known.into_iter().find(|def| def.slot == slot) {
            def.flags |= def_flag::INDIRECT;
        }
    }

    /// A constructor of what is in `class` is called, though no call is written.
    pub(super) fn construct(&mut self, class: u32, at: Val, args: &[Val]) -> u32 {
        let slots: Vec<u32> = args.iter().filter_map(|arg| self.slot_of(*arg)).collect();
        let start = self.builder.facts.args.len() as u32;
        for slot in &slots {
            self.builder.facts.args.push(ArgRec {
                slot: *slot,
                name: NONE,
                flags: 0,
                place: 0,
            });
        }
        let result = self.builder.slot();
        self.builder.call(CallRec {
            caller: self.def,
            name: at.b,
            line: at.line,
            column: at.column,
            callee: class,
            receiver: NONE,
            result,
            args: start,
            args_len: slots.len() as u32,
            flags: call_flag::NEW | call_flag::IMPLICIT,
        });
        result
    }

    /// An assignment, which in classes that say so calls an operator.
    pub(super) fn leave_assignment(&mut self, frame: &Frame, node: Node<'_>) -> Option<Val> {
        let target = self.child(frame, Field::Left);
        let value = self.child(frame, Field::Right);
        let result = self.leave_assign(frame);
        let (Some(target), Some(value)) = (target, value) else {
            return result;
        };
        let operator = node.child_by_field_name("operator")?;
        let text = &self.source[operator.start_byte()..operator.end_byte()];
        let method = std::str::from_utf8(text)
            .ok()
            .and_then(|text| self.roles.traits.operators.get(text).cloned());
        let Some(method) = method else { return result };
        let plain = value.tag == Tag::Literal && text == b"=";
        let left = match target.tag {
            Tag::Slot => Some(target.a),
            Tag::Place if !plain => self.slot_of(target),
            _ => None,
        };
        if let (Some(left), Some(right)) = (left, self.slot_of(value)) {
            let at = operator.start_position();
            let at = Val {
                line: at.row as u32 + 1,
                column: at.column as u32 + 1,
                ..target
            };
            let name = self.builder.made_name(method.as_bytes());
            self.implicit_call(left, name, at, &[right]);
            if text != b"=" {
                self.free_operator(name, at, &[left, right]);
            }
        }
        result
    }

    /// An operator as a function that is found by name.
    pub(super) fn free_operator(&mut self, name: u32, at: Val, args: &[u32]) -> u32 {
        let callee = self.scopes.lookup(&mut self.builder, name);
        let start = self.builder.facts.args.len() as u32;
        for slot in args {
            self.builder.facts.args.push(ArgRec {
                slot: *slot,
                name: NONE,
                flags: 0,
                place: 0,
            });
        }
        let result = self.builder.slot();
        self.builder.call(CallRec {
            caller: self.def,
            name,
            line: at.line,
            column: at.column,
            callee,
            receiver: NONE,
            result,
            args: start,
            args_len: args.len() as u32,
            flags: call_flag::IMPLICIT | call_flag::OPERATOR,
        });
        result
    }

    /// `using a::b;` and `using namespace a::b;`.
    pub(super) fn leave_using(&mut self, frame: &Frame, node: Node<'_>) -> Option<Val> {
        let value = self.values[self.children(frame)].last().copied()?;
        let mut cursor = node.walk();
        let wildcard = node.children(&mut cursor).any(|child| {
            !child.is_named() && &self.source[child.start_byte()..child.end_byte()] == b"namespace"
        });
        if wildcard {
            let text: Vec<u8> = self.source[value.start as usize..value.end as usize]
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            let path = self.builder.made_name(&text);
            self.builder.facts.imports.push(ImportRec {
                slot: NONE,
                path,
                item: NONE,
                flags: import_flag::WILDCARD | import_flag::PATH,
                scope: self.def,
                line: value.line,
                column: value.column,
                export: NONE,
            });
            return None;
        }
        if value.tag != Tag::Place || value.b == NONE {
            return None;
        }
        let from = self.slot_of(value)?;
        let (slot, _) = self.scopes.declare(&mut self.builder, value.b, false, true);
        self.builder.copy(slot, from);
        if matches!(self.scopes.kind(), ScopeKind::Module | ScopeKind::Class) {
            self.builder.member(self.def, value.b, slot, NONE);
        }
        None
    }

    /// `delete value`: the destructor of what it is.
    pub(super) fn leave_delete(&mut self, frame: &Frame) -> Option<Val> {
        let value = self.values[self.children(frame)].last().copied()?;
        let from = self.slot_of(value)?;
        let name = self.roles.traits.destructor.clone();
        let name = self.builder.made_name(name.as_bytes());
        let at = Val {
            line: frame.line,
            column: frame.column,
            ..value
        };
        self.implicit_call(from, name, at, &[]);
        None
    }

    /// `&value`, `*value`: as values both are what they are taken of, unless
    /// the class has an operator for it.
    pub(super) fn leave_indirection(&mut self, frame: &Frame, node: Node<'_>) -> Option<Val> {
        let value = self.child(frame, Field::Value)?;
        let star = self.source.get(frame.start as usize) == Some(&b'*');
        if !star || value.tag == Tag::Literal {
            return Some(Val {
                field: frame.field,
                start: frame.start,
                end: frame.end,
                ..value
            });
        }
        let _ = node;
        let this = self.functions.iter().rev().find(|f| !f.outer_this);
        let is_this = value.tag == Tag::Slot && this.is_some_and(|f| f.this == value.a);
        if is_this || Self::binds(frame) {
            return Some(Val {
                field: frame.field,
                ..value
            });
        }
        let from = self.slot_of(value)?;
        let Some(method) = self.roles.traits.operators.get("*") else {
            return Some(value);
        };
        let name = self.builder.made_name(method.clone().as_bytes());
        let at = Val {
            line: frame.line,
            column: frame.column,
            ..value
        };
        let result = self.implicit_call(from, name, at, &[]);
        self.builder.copy(result, from);
        let element = self.builder.made_name(b"[?]");
        let inside = self.builder.slot();
        self.builder.op(from, op::LOAD, inside, element, NONE);
        self.builder.copy(result, inside);
        Some(Val {
            field: frame.field,
            tag: Tag::Slot,
            a: result,
            start: frame.start,
            end: frame.end,
            ..value
        })
    }
}
