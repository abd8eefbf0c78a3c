//! Expressions that call what is not written: operators, subscripts, loops,
//! casts and makers by type argument.

use tree_sitter::{Node, Point};

use super::define::Named;
use super::format::{NONE, op};
use super::scope::ScopeKind;
use super::walk::{Frame, Tag, Val, Walk};
use crate::lang::{DefKind, Field, Role};

impl Walk<'_> {
    /// `object->member`: of a class that says so, the member of what its
    /// operator gives.
    pub(super) fn follow_arrow(&mut self, base: u32, object: Val, property: Val) -> u32 {
        let from = (object.end as usize).min(property.start as usize);
        let between = &self.source[from..property.start as usize];
        let this = self.functions.iter().rev().find(|f| !f.outer_this);
        if this.is_some_and(|f| f.this == base) || !between.trim_ascii_start().starts_with(b"->") {
            return base;
        }
        let Some(method) = self.roles.traits.operators.get("->") else {
            return base;
        };
        let name = self.builder.made_name(method.clone().as_bytes());
        let result = self.implicit_call(base, name, object, &[]);
        self.builder.copy(result, base);
        result
    }

    /// `object[index]`: an element, or what the method for it gives.
    pub(super) fn index_call(&mut self, base: u32, object: Val, args: &[u32]) -> u32 {
        let element = self.builder.made_name(b"[?]");
        let slot = self.builder.slot();
        self.builder.op(base, op::LOAD, slot, element, NONE);
        let method = self.roles.traits.index_method.clone();
        let name = self.builder.made_name(method.as_bytes());
        let result = self.implicit_call(base, name, object, args);
        self.builder.copy(slot, result);
        slot
    }

    /// An operator: a method of its first operand, or a function by name.
    pub(super) fn operator(
        &mut self,
        frame: &Frame,
        name: u32,
        first: Val,
        position: Option<Point>,
        receiver: u32,
        slots: &[u32],
    ) -> Option<Val> {
        let mut at = first;
        if let Some(point) = position {
            (at.line, at.column) = (point.row as u32 + 1, point.column as u32 + 1);
        }
        let result = self.implicit_call(receiver, name, at, &slots[1.min(slots.len())..]);
        let free = self.free_operator(name, at, slots);
        self.builder.copy(result, free);
        if slots.len() == 1 {
            self.builder.copy(result, receiver);
        }
        Some(Val {
            field: frame.field,
            tag: Tag::Slot,
            a: result,
            b: NONE,
            start: frame.start,
            end: frame.end,
            ..at
        })
    }

    /// Elements of a class that gives them through methods.
    pub(super) fn iterate_by_methods(&mut self, from: u32, element: u32, at: Val) {
        let methods = self.roles.traits.iterate_methods.clone();
        for (index, method) in methods.iter().enumerate() {
            let name = self.builder.made_name(method.as_bytes());
            let result = self.implicit_call(from, name, at, &[]);
            if index > 0 {
                continue;
            }
            self.builder.copy(element, result);
            if let Some(star) = self.roles.traits.operators.get("*").cloned() {
                let star = self.builder.made_name(star.as_bytes());
                let inside = self.implicit_call(result, star, at, &[]);
                self.builder.copy(element, inside);
            }
        }
    }

    /// A call whose type argument says what it gives: a cast, or a maker, which
    /// calls a constructor besides. Gives the value of a cast.
    pub(super) fn type_call(&mut self, frame: &Frame, callee: Val, values: &[Val]) -> Option<Val> {
        if callee.b == NONE || self.roles.traits.casts.is_empty() {
            return None;
        }
        let traits = &self.roles.traits;
        let name = self.builder.bytes(callee.b);
        let is = |names: &[String]| names.iter().any(|known| known.as_bytes() == name);
        let (casts, makes, passes) = (
            is(&traits.casts),
            is(&traits.makers),
            is(&traits.passes_through),
        );
        if !casts && !makes && !passes {
            return None;
        }
        let args: Vec<Val> = values
            .iter()
            .copied()
            .filter(|value| value.field == Field::Args)
            .collect();
        let typed =
            (self.type_arg.0 == callee.end && callee.end != NONE).then_some(self.type_arg.1);
        let slot = match typed {
            Some(class) if makes => {
                // The call itself stays, for a function of ours of that name.
                self.construct(class, callee, &args);
                return None;
            }
            Some(class) if casts => self.builder.derive(op::INSTANCE, class),
            None if passes => self.builder.slot(),
            Some(_) if passes => self.builder.slot(),
            _ => return None,
        };
        if let Some(from) = args.first().and_then(|arg| self.slot_of(*arg)) {
            self.builder.copy(slot, from);
        }
        Some(Val {
            field: frame.field,
            tag: Tag::Slot,
            a: slot,
            b: NONE,
            ..callee
        })
    }

    /// A field that is initialised gains what it is initialised with.
    pub(super) fn initialise(&mut self, field: Val, values: &[Val]) {
        let args: Vec<Val> = values
            .iter()
            .copied()
            .filter(|value| value.field == Field::Args)
            .collect();
        let [only] = args.as_slice() else { return };
        if field.tag != Tag::Slot || only.tag == Tag::Literal {
            return;
        }
        if let Some(from) = self.slot_of(*only) {
            let this = self.this();
            self.builder.op(this, op::STORE, from, field.b, NONE);
        }
    }

    /// A call that finds a member by the text of its name gives that member:
    /// `A.class.getMethod("b")`, `lookup.findStatic(A.class, "b", type)`.
    pub(super) fn reflect(&mut self, name: u32, frame: &Frame, values: &[Val], result: u32) {
        let traits = &self.roles.traits;
        if traits.reflects.is_empty() || name == NONE {
            return;
        }
        let called = self.builder.bytes(name);
        if !traits
            .reflects
            .iter()
            .any(|known| known.as_bytes() == called)
        {
            return;
        }
        let suffix = b".class";
        let (mut class, mut member) = (None, None);
        let object = self.child(frame, Field::Object);
        let given = values.iter().filter(|value| value.field == Field::Args);
        for value in object.iter().chain(given) {
            let text = &self.source[value.start as usize..value.end as usize];
            match text.strip_suffix(suffix) {
                _ if value.tag != Tag::Literal => {}
                Some(written) if class.is_none() => class = Some(written.to_vec()),
                None if member.is_none() && text.first() == Some(&b'"') => {
                    member = Some(super::leaves::unquote(text).to_vec());
                }
                _ => {}
            }
        }
        let (Some(class), Some(member)) = (class, member) else {
            return;
        };
        let Some(class) = self.dotted(&class) else {
            return;
        };
        let member = self.builder.made_name(&member);
        let member = self.builder.callable(member);
        self.builder.op(class, op::LOAD, result, member, NONE);
    }

    /// Opens the namespaces before the last of `namespace a::b::c`, and names it.
    pub(super) fn enter_outer_namespaces(&mut self, node: Node<'_>) -> Option<Named> {
        let path = self.child_at(node, Field::Name)?;
        if self.roles.row(path.kind_id()).role != Role::Literal {
            return self.find_name(node);
        }
        let mut cursor = path.walk();
        let mut parts: Vec<Node<'_>> = Vec::new();
        let mut todo = vec![path];
        while let Some(current) = todo.pop() {
            if self.roles.row(current.kind_id()).role == Role::Name {
                parts.push(current);
            } else if parts.len() + todo.len() < 64 {
                let inner: Vec<Node<'_>> = current.named_children(&mut cursor).collect();
                todo.extend(inner.into_iter().rev());
            }
        }
        let last = parts.pop();
        for part in parts {
            let named = self.named(part);
            let def = self.define(node, Some(named), DefKind::Module, 0);
            self.def = def;
            self.open_scope(ScopeKind::Module);
        }
        last.map(|part| self.named(part))
    }

    fn named(&mut self, node: Node<'_>) -> Named {
        let name = self.builder.name(node.start_byte(), node.end_byte());
        Named::at(name, node)
    }
}
