//! Classes, namespaces, `impl` blocks and type parameters.

use tree_sitter::Node;

use super::format::{BaseRec, DefRec, NONE, def_flag, seed};
use super::scope::ScopeKind;
use super::walk::{Frame, Function, Tag, Val, Walk};
use crate::lang::{DefKind, Field, NodeFlag};

impl Walk<'_> {
    pub(super) fn enter_class(&mut self, node: Node<'_>) {
        let named = self.find_name(node);
        let own_name = named.as_ref().map(|named| named.name);
        let kind = match self.frames[self.frames.len() - 1].row.kind {
            DefKind::Interface => DefKind::Interface,
            _ => DefKind::Class,
        };
        let variant = self.frames[self.frames.len() - 1]
            .row
            .has(NodeFlag::Variant);
        let kind = if variant { DefKind::Variable } else { kind };
        let def = self.define(node, named, kind, 0);
        let _ = own_name;
        let outer = self.def;
        self.def = def;
        // Type parameters, seen from all functions of the class.
        self.open_scope(ScopeKind::Block);
        if variant {
            let record = self.builder.facts.defs[def as usize];
            let slot = self.builder.facts.defs[outer as usize].slot;
            let (line, column) = (record.line, record.column);
            self.builder.facts.bases.push(BaseRec {
                class: def,
                slot,
                implements: 0,
                line,
                column,
            });
        } else {
            self.declare_self_type(def, kind == DefKind::Interface);
        }
    }

    /// Binds the name of the enclosing type, where the language has one. In an
    /// interface it stands for whoever implements it.
    pub(super) fn declare_self_type(&mut self, class: u32, interface: bool) {
        if self.roles.traits.self_type.is_empty() {
            return;
        }
        let name = self
            .builder
            .made_name(self.roles.traits.self_type.as_bytes());
        let (variable, _) = self.scopes.declare(&mut self.builder, name, false, true);
        let record = self.builder.facts.defs[class as usize];
        if !interface {
            self.builder.copy(variable, record.slot);
            return;
        }
        let slot = self.builder.slot();
        let param = self.push_def(DefRec {
            name,
            kind: DefKind::TypeParam as u32,
            line: record.line,
            column: record.column,
            slot,
            ..self.blank()
        });
        self.builder.seed(slot, seed::DEF, param);
        self.builder.copy(variable, slot);
        let (slot, line, column) = (record.slot, record.line, record.column);
        self.builder.facts.bases.push(BaseRec {
            class: param,
            slot,
            implements: 0,
            line,
            column,
        });
        self.self_params.push((class, param));
    }

    /// A class may be written where its instance is made.
    pub(super) fn enter_new(&mut self, node: Node<'_>) {
        if self.child_at(node, Field::Body).is_none() {
            return;
        }
        let named = self
            .child_at(node, Field::Name)
            .and_then(|_| self.find_name(node));
        let at = self.frames.len() - 1;
        // The name is that of the variable, which the frame declares.
        self.frames[at].note = 1;
        self.define(node, named, DefKind::Class, def_flag::INLINE);
    }

    pub(super) fn begin_inline_class(&mut self) {
        let frame = *self.frames.last().expect("an instantiation has a frame");
        if frame.def == NONE {
            return;
        }
        let base = match self.child(&frame, Field::Type) {
            Some(written) => self
                .slot_of(written)
                .map(|slot| (slot, written.line, written.column)),
            None => match self.enclosing_class() {
                NONE => None,
                class => {
                    let record = self.builder.facts.defs[class as usize];
                    Some((record.slot, frame.line, frame.column))
                }
            },
        };
        self.def = frame.def;
        self.open_scope(ScopeKind::Class);
        if let Some((slot, line, column)) = base {
            self.heirs.insert(frame.def);
            self.builder.facts.bases.push(BaseRec {
                class: frame.def,
                slot,
                implements: 0,
                line,
                column,
            });
        }
    }

    pub(super) fn begin_class_body(&mut self) {
        let frame = *self.frames.last().expect("a class has a frame");
        self.add_bases(frame.def, self.children(&frame));
        if let Some(frame) = self.frames.last_mut() {
            frame.note = self.values.len() as u32;
        }
        self.open_scope(ScopeKind::Class);
        // Values of fields see the receiver.
        self.functions.push(Function {
            def: frame.def,
            this: NONE,
            outer_this: self.roles.traits.first_parameter_is_this,
            yields: false,
        });
    }

    pub(super) fn add_bases(&mut self, class: u32, among: std::ops::Range<usize>) {
        for at in among {
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
            self.heirs.insert(class);
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
        self.functions.pop();
        // Bases that stand among the members.
        let rest = (frame.note as usize).min(self.values.len())..self.values.len();
        self.add_bases(frame.def, rest);
        if let Some(written) = self.child(frame, Field::Type) {
            let slot = self.slot_of(written).unwrap_or(NONE);
            self.builder.facts.defs[frame.def as usize].type_slot = slot;
        }
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
        let named = if self.roles.traits.program_scope {
            self.enter_outer_namespaces(node)
        } else {
            self.find_name(node)
        };
        let at = self.frames.len() - 1;
        if self.frames[at].row.has(NodeFlag::NeedsBody)
            && self.child_at(node, Field::Body).is_none()
        {
            if let Some(named) = named {
                self.import_child(node, named.name, named.line, named.column);
            }
            self.open_scope(ScopeKind::Block);
            return;
        }
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
        self.open_scope(ScopeKind::Block);
    }

    pub(super) fn begin_impl_body(&mut self) {
        let frame = *self.frames.last().expect("an impl has a frame");
        if let Some(owner) = self.child(&frame, Field::Owner)
            && let Some(slot) = self.slot_of(owner)
        {
            let record = &mut self.builder.facts.defs[frame.def as usize];
            record.owner_slot = slot;
            record.owner_name = owner.b;
            if owner.b != NONE {
                record.name = owner.b;
            }
            if !self.roles.traits.self_type.is_empty() {
                let name = self
                    .builder
                    .made_name(self.roles.traits.self_type.as_bytes());
                let (variable, _) = self.scopes.declare(&mut self.builder, name, false, true);
                self.builder.copy(variable, slot);
            }
        }
        self.add_bases(frame.def, self.children(&frame));
        self.open_scope(ScopeKind::Class);
    }

    pub(super) fn leave_namespace(&mut self, frame: &Frame) {
        self.def = frame.outer_def;
    }

    pub(super) fn leave_type_param(&mut self, frame: &Frame) -> Option<Val> {
        let values = self.values[self.children(frame)].iter();
        let names: Vec<Val> = values
            .copied()
            .filter(|value| value.field == Field::Name)
            .collect();
        for name in names {
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
            if self.scopes.kind() == ScopeKind::Class && !self.roles.traits.self_type.is_empty() {
                self.builder.member(self.def, name.b, name.a, NONE);
            }
            self.add_bases(def, self.children(frame));
        }
        None
    }

    /// Gives bases to the type parameter that is named.
    pub(super) fn leave_bound(&mut self, frame: &Frame) -> Option<Val> {
        let owner = self.child(frame, Field::Owner)?;
        let found = self
            .builder
            .facts
            .defs
            .iter()
            .rposition(|def| def.kind == DefKind::TypeParam as u32 && def.name == owner.b);
        match found {
            Some(def) if owner.b != NONE => self.add_bases(def as u32, self.children(frame)),
            _ => self.settle(frame),
        }
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
