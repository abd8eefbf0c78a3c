//! What a definition is called and documented by, and the record it gets.

use tree_sitter::Node;

use super::docs;
use super::format::{DefRec, NONE, def_flag, seed};
use super::leaves::unquote;
use super::walk::{Frame, Tag, Walk};
use crate::lang::{DefKind, Field, Meaning, NodeFlag, Role};

/// The name of a definition, as found below its node.
pub(super) struct Named {
    pub(super) name: u32,
    pub(super) line: u32,
    pub(super) column: u32,
    start: usize,
}

impl Named {
    /// A name that stands at `node`.
    pub(super) fn at(name: u32, node: Node<'_>) -> Self {
        let at = node.start_position();
        Self {
            name,
            line: at.row as u32 + 1,
            column: at.column as u32 + 1,
            start: node.start_byte(),
        }
    }
}

impl Walk<'_> {
    /// Finds the name of a definition: the child at the name's place, followed
    /// through transparent nodes (`*f(int)`) and paths (`A::f`).
    pub(super) fn find_name(&mut self, node: Node<'_>) -> Option<Named> {
        let mut current = self.child_at(node, Field::Name)?;
        for _ in 0..64 {
            let next = match self.roles.row(current.kind_id()).role {
                Role::Pass if current.named_child_count() > 0 => {
                    self.child_at(current, Field::Name)
                }
                Role::Member => self.child_at(current, Field::Property),
                Role::Generic => self
                    .child_at(current, Field::Type)
                    .or_else(|| current.named_child(0)),
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
        let name = self.word(current, start, end);
        Some(Named {
            name,
            line: at.row as u32 + 1,
            column: at.column as u32 + 1,
            start,
        })
    }

    /// The child of `node` at `place`; of a transparent node without one, its
    /// first named child.
    pub(super) fn child_at<'t>(&self, node: Node<'t>, place: Field) -> Option<Node<'t>> {
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
    pub(super) fn bound_name(&self, field: Field) -> Option<(u32, u32, u32, u32)> {
        let frame = self.frames.len().checked_sub(2).map(|at| self.frames[at])?;
        if frame.role == Role::TypeAlias && frame.note != NONE && field == Field::Type {
            return Some((frame.note, frame.line, frame.column, NONE));
        }
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

    pub(super) fn meanings(&self, from: usize, to: usize, frame: &Frame) -> u32 {
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
        if frame.row.has(NodeFlag::Variant) {
            flags |= def_flag::VARIANT;
        }
        flags
    }

    pub(super) fn meaning(&self, word: &str) -> u32 {
        match self.roles.traits.decorators.get(word) {
            Some(Meaning::Property) => def_flag::PROPERTY,
            Some(Meaning::Setter) => def_flag::SETTER,
            Some(Meaning::Static) => def_flag::STATIC,
            Some(Meaning::Class) => def_flag::CLASS_METHOD,
            Some(Meaning::Abstract) => def_flag::ABSTRACT,
            Some(Meaning::Private) => def_flag::PRIVATE,
            Some(Meaning::Wrapper) => def_flag::WRAPPER,
            Some(Meaning::Virtual) => def_flag::VIRTUAL,
            Some(Meaning::Identity | Meaning::Public) | None => 0,
        }
    }

    /// Pushes a definition for the innermost frame and binds its name.
    pub(super) fn define(
        &mut self,
        node: Node<'_>,
        named: Option<Named>,
        kind: DefKind,
        extra: u32,
    ) -> u32 {
        let at = self.frames.len() - 1;
        let mut frame = self.frames[at];
        let anonymous = named.is_none();
        let bound = if anonymous {
            self.bound_name(frame.field)
        } else {
            None
        };
        let named = named.or_else(|| {
            bound.map(|(name, line, column, _)| {
                // One that starts on another line than its name is found where it starts.
                let (line, column) = if line == frame.line {
                    (line, column)
                } else {
                    (frame.line, frame.column)
                };
                Named {
                    name,
                    line,
                    column,
                    start: frame.start as usize,
                }
            })
        });
        let owner = if anonymous && bound.is_none() {
            None
        } else {
            self.owner_of()
        };
        let kind = match owner {
            Some((_, true)) => DefKind::Method,
            _ => kind,
        };
        let nameless: &[u8] = match kind {
            DefKind::Class => b"<class>",
            _ => b"<lambda>",
        };
        let named = named.unwrap_or_else(|| Named {
            name: self.builder.made_name(nameless),
            line: frame.line,
            column: frame.column,
            start: frame.start as usize,
        });
        let (doc, doc_len) = self.doc_of(node, &frame);
        let mut decorated = 0;
        if self.frames.len() > 1 && self.frames[at - 1].role == Role::Decorated {
            let outer = self.frames[at - 1];
            frame.start = outer.start;
            frame.line = outer.line;
            for value in &self.values[outer.values as usize..] {
                // A decorator with a meaning carries it in place of its span.
                if value.field == Field::Decorator && value.tag == Tag::Raw {
                    decorated |= value.start;
                }
            }
        }
        let head_end = self
            .child_at(node, Field::Body)
            .map_or(frame.end as usize, |body| body.start_byte());
        let signature = docs::one_line(&self.source[node.start_byte()..head_end]);
        let (signature, signature_len) = self.builder.text(&signature);
        let mut flags = self.meanings(node.start_byte(), named.start, &frame) | extra | decorated;
        let slot = self.builder.slot();
        if anonymous && bound.is_none() {
            flags |= def_flag::ANONYMOUS;
        }
        // A variable whose value is the function is the function.
        let reuse = bound.and_then(|(_, _, _, slot)| {
            let facts = &mut self.builder.facts;
            let last = facts.defs.len().checked_sub(1)?;
            let variable = facts.defs[last].kind == DefKind::Variable as u32;
            let whole = variable && kind != DefKind::Class;
            (whole && slot != NONE && facts.defs[last].slot == slot).then_some(last)
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
            owner_name: owner.map_or(NONE, |(name, _)| name),
            ..self.blank()
        };
        let def = match reuse {
            Some(last) => {
                let facts = &mut self.builder.facts;
                let around = facts.defs[facts.defs[last].parent as usize].kind;
                if around == DefKind::Class as u32 && kind == DefKind::Function {
                    // A field whose value is a function is a method.
                    record.kind = DefKind::Method as u32;
                }
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
        if flags & (def_flag::PROPERTY | def_flag::SETTER) != 0 {
            self.accessors.insert(slot, flags);
        }
        if !anonymous {
            self.bind_definition(def, named.name, slot, parent, at);
        }
        if frame.role == Role::Function && !self.roles.traits.overloads {
            self.join_signatures(def, parent, named.name, extra);
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
        // What decorates a class gives the class back, in all but name.
        let is_class = self.frames[at].role == Role::Class;
        let wrapped = at > 0
            && !is_class
            && self.frames[at - 1].role == Role::Decorated
            && self.values[self.frames[at - 1].values as usize..]
                .iter()
                .any(|value| value.field == Field::Decorator && value.tag != Tag::Raw);
        let accessor =
            self.builder.facts.defs[def as usize].flags & (def_flag::SETTER | def_flag::PROPERTY);
        let function = self.frames[at].role == Role::Function;
        let name = if self.frames[at].row.has(NodeFlag::Separate) {
            let text = [self.builder.bytes(name), b"!"].concat();
            self.builder.made_name(&text)
        } else if function {
            self.builder.callable(name)
        } else {
            name
        };
        let (variable, _) = self.scopes.declare(&mut self.builder, name, false, true);
        self.builder.named.push(variable);
        if accessor & def_flag::SETTER != 0 {
            // What reads the member does not see the setter.
        } else if wrapped {
            self.frames[at - 1].note = variable;
            self.builder.facts.defs[def as usize].flags |= def_flag::REBOUND;
        } else {
            self.builder.copy(variable, slot);
        }
        if accessor & def_flag::SETTER == 0 {
            self.builder.member(parent, name, variable, def);
        } else {
            let own = self.builder.facts.defs[def as usize].slot;
            self.builder.member(parent, name, own, def);
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
}
