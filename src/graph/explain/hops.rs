//! One hop of a value, told as a rule.

use super::Explainer;
use super::chain::{Chain, Hop};
use super::roles::Role;
use crate::facts::format::{NONE, op};
use crate::graph::flow::DynamicOp;
use crate::graph::trace::{Cause, Via};
use crate::graph::values::{Kind, OPAQUE, Value};
use crate::text::is_element;

/// What was done with a value that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Nothing that has a name.
    None,
    Copy,
    Load {
        name: u64,
        file: u32,
        site: u32,
    },
    Store {
        name: u64,
        file: u32,
        site: u32,
    },
    Instance,
    /// Called, or called a member of, or an operation of a call.
    Call(u32),
    /// A function outside calls it or hands it on.
    Library(u32),
    Iterate,
    Await,
    Enter,
    Decorate,
    /// Type parameters were replaced at a call (or none).
    Replace(u32),
    Narrow,
    Property,
    Mix,
    Implement,
    Context,
    Accessor,
}

impl Explainer<'_> {
    /// What was done, by its cause.
    pub(super) fn deed(&self, cause: Cause) -> Deed {
        let linker = &self.linker;
        match cause.via {
            Via::Op(at) => {
                let Some(file) = linker.slot_home(cause.slot) else {
                    return Deed::None;
                };
                let facts = &linker.unit(file).facts;
                let local = cause.slot - linker.slot_base[file as usize];
                let Some(record) = facts.ops_of(local).get(at as usize) else {
                    return Deed::None;
                };
                let name = facts.hash(record.name);
                let site = record.site;
                match record.kind {
                    op::COPY => Deed::Copy,
                    op::LOAD => Deed::Load { name, file, site },
                    op::STORE => Deed::Store { name, file, site },
                    op::INSTANCE => Deed::Instance,
                    op::CALL | op::METHOD => {
                        Deed::Call(linker.call_base[file as usize] + record.other)
                    }
                    op::ITERATE | op::ELEMENT => Deed::Iterate,
                    op::AWAIT => Deed::Await,
                    op::ENTER => Deed::Enter,
                    op::GETTER | op::SETTER => Deed::Accessor,
                    _ => Deed::None,
                }
            }
            Via::Hung(at) => {
                let hung = linker.dynamic.get(&cause.slot);
                match hung.and_then(|hung| hung.get(at as usize)) {
                    Some(operation) => self.hung_deed(operation),
                    None => Deed::None,
                }
            }
            Via::Context => Deed::Context,
            Via::Start | Via::Edge(_) | Via::Satisfies | Via::Below => Deed::None,
        }
    }

    fn hung_deed(&self, operation: &DynamicOp) -> Deed {
        match *operation {
            DynamicOp::Load {
                name, site, file, ..
            } => Deed::Load { name, file, site },
            DynamicOp::Call { call, .. }
            | DynamicOp::Construct { call }
            | DynamicOp::Method { call, .. }
            | DynamicOp::Virtual { call, .. } => Deed::Call(call),
            DynamicOp::CallBack { call, .. } => Deed::Library(call),
            DynamicOp::Library(back) => Deed::Library(back.call),
            DynamicOp::Iterate { .. } | DynamicOp::ElementType { .. } => Deed::Iterate,
            DynamicOp::Instance { .. } => Deed::Instance,
            DynamicOp::Narrow { .. } => Deed::Narrow,
            DynamicOp::Get { .. } | DynamicOp::Set { .. } => Deed::Property,
            DynamicOp::Inherit { .. } => Deed::Mix,
            DynamicOp::Decorated { .. } => Deed::Decorate,
            DynamicOp::Replace { context, .. } => {
                Deed::Replace(self.linker.contexts[context as usize].call)
            }
            DynamicOp::Implement { .. } => Deed::Implement,
            DynamicOp::Aggregate { .. } => Deed::None,
        }
    }

    /// Tells of one hop.
    pub(super) fn hop(&mut self, chain: &mut Chain, hop: &Hop) {
        if let Via::Edge(edge) = hop.cause.via {
            let Some(laid) = self.trace.laid(edge).copied() else {
                return;
            };
            if laid.cause.via == Via::Start {
                self.binding(chain, laid.from, laid.to);
                return;
            }
            let deed = self.deed(laid.cause);
            self.along(chain, laid.from, laid.to, laid.cause.value, deed, hop.value);
        } else {
            let deed = self.deed(hop.cause);
            self.directly(chain, hop, deed);
        }
    }

    /// Tells of a value that came along an edge which `deed` with `with` laid.
    fn along(
        &mut self,
        chain: &mut Chain,
        from: u32,
        to: u32,
        with: Value,
        deed: Deed,
        value: Value,
    ) {
        match deed {
            Deed::Load { name, file, site } => {
                self.tell_read(chain, (from, to), with, (name, file, site));
            }
            Deed::Store { name, file, site } => {
                match self.place_of_slot(from).filter(|_| site == NONE) {
                    Some(place) => (chain.file, chain.line) = place,
                    None => self.go_to_site(chain, file, site),
                }
                let of = self.described(with);
                let name = self.linker.name_text(file, name);
                let text = if name.is_empty() || name.starts_with('[') {
                    format!("stored as an element of {of}")
                } else {
                    format!("stored as `{name}` of {of}")
                };
                chain.tell_here("stored", text);
            }
            Deed::Call(call) => self.along_call(chain, from, to, with, call, value),
            Deed::Library(call) => {
                let (file, line) = self.place_of_call(call);
                let (rule, text) = match self.param_of(to) {
                    Some((def, name)) => (
                        "callback_argument",
                        format!(
                            "handed to {} as {name} by whoever is called here",
                            self.quoted(def)
                        ),
                    ),
                    None => (
                        "library_call",
                        format!("{} hands it on", self.call_text(call)),
                    ),
                };
                chain.tell(rule, file, line, text);
            }
            Deed::Iterate => self.tell_element(chain, to, with),
            Deed::Replace(_) => chain.tell_here(
                "type_argument",
                format!("a type parameter stands for {}", self.described(value)),
            ),
            Deed::Decorate => chain.tell_here(
                "decorated",
                "the decorator gives the function itself".into(),
            ),
            Deed::Property => chain.tell_here("property", "what the property gives".into()),
            Deed::Mix => chain.tell_here(
                "prototype",
                "members of another object are copied in".into(),
            ),
            Deed::Implement => chain.tell_here(
                "function_type",
                format!(
                    "the function stands for the method of {}",
                    self.described(with)
                ),
            ),
            Deed::Context => chain.tell_here(
                "function_type",
                "the type that is written for the function says its parameters".into(),
            ),
            Deed::Instance => chain.tell_here("declared_type", "by its written type".into()),
            Deed::Accessor => chain.tell_here("property", "an accessor of the object".into()),
            Deed::Copy | Deed::Await | Deed::Enter | Deed::Narrow | Deed::None => {}
        }
    }

    /// Tells that what is called is a field of the receiver, where it is.
    pub(super) fn tell_called_field(&mut self, chain: &mut Chain, cause: Cause) {
        let Via::Hung(at) = cause.via else { return };
        let hung = self.linker.dynamic.get(&cause.slot);
        let Some(DynamicOp::Call {
            call,
            receiver: Some(receiver),
            ..
        }) = hung.and_then(|hung| hung.get(at as usize)).copied()
        else {
            return;
        };
        let (file, line) = self.place_of_call(call);
        let name = self.text(file, self.linker.call(file, call).name);
        let text = format!("`{name}` of {}", self.described(receiver));
        chain.tell("field", file, line, text);
    }

    pub(super) fn along_call(
        &mut self,
        chain: &mut Chain,
        from: u32,
        to: u32,
        with: Value,
        call: u32,
        value: Value,
    ) {
        let (file, line) = self.place_of_call(call);
        let called = self.call_text(call);
        let result = self
            .linker
            .slot_in(file, self.linker.call(file, call).result);
        if let Some((def, name)) = self.param_of(to) {
            let text = format!("passed to {} as {name}", self.quoted(def));
            chain.tell("parameter", file, line, text);
        } else if let Some(def) = self.role(to, |role| match role {
            Role::This(def) => Some(def),
            _ => None,
        }) {
            let text = format!(
                "{} is called on {}",
                self.quoted(def),
                self.described(value)
            );
            chain.tell("called_on", file, line, text);
        } else if to == result {
            let function = self.role(from, |role| match role {
                Role::Ret(def) => Some(def),
                _ => None,
            });
            match function {
                Some(def) => {
                    let text = format!("{called} gives what {} returns", self.quoted(def));
                    chain.tell("returned", file, line, text);
                    (chain.file, chain.line) =
                        (self.linker.file_of(def), self.linker.def(def).line);
                }
                None if self.is_argument(call, from) => {
                    chain.tell(
                        "passed_through",
                        file,
                        line,
                        format!("{called} gives back its argument"),
                    );
                }
                None => chain.tell("library_call", file, line, format!("{called} gives it")),
            }
        } else {
            let of = self.described(with);
            let name = self.text(file, self.linker.call(file, call).name);
            match with.kind() {
                Kind::Module => {
                    let text = format!("`{name}` is a member of {of}");
                    chain.tell("module_member", file, line, text);
                }
                Kind::Def => {
                    let text = format!("`{name}` is a member of {of} itself");
                    chain.tell("member_of", file, line, text);
                }
                Kind::Object | Kind::Applied if self.is_argument(call, from) => {
                    let text = format!("{called} puts its argument into {of}");
                    chain.tell("stored", file, line, text);
                }
                Kind::Object | Kind::Applied => {
                    chain.tell("element_of", file, line, format!("held by {of}"));
                }
                _ => chain.tell("flow", file, line, format!("handed on by {called}")),
            }
        }
    }

    fn is_argument(&self, call: u32, slot: u32) -> bool {
        let file = self.linker.call_file(call);
        let record = self.linker.call(file, call);
        let mut args = self.linker.unit(file).facts.args_of(record).iter();
        args.any(|arg| self.linker.slot_in(file, arg.slot) == slot)
    }

    /// The function and the name of the parameter that a slot is.
    pub(super) fn param_of(&mut self, slot: u32) -> Option<(u32, String)> {
        let (def, at) = self.role(slot, |role| match role {
            Role::Param(def, at) => Some((def, at)),
            _ => None,
        })?;
        let param = &self.linker.params(def)[at as usize];
        let name = self.text(self.linker.file_of(def), param.name);
        let name = if name.is_empty() {
            format!("parameter {}", at + 1)
        } else {
            format!("`{name}`")
        };
        Some((def, name))
    }

    pub(super) fn place_of_call(&self, call: u32) -> (u32, u32) {
        let file = self.linker.call_file(call);
        (file, self.linker.call(file, call).line)
    }

    fn go_to_site(&self, chain: &mut Chain, file: u32, site: u32) {
        let refs = self.linker.unit(file).facts.refs;
        if let Some(mention) = refs.get(site as usize) {
            (chain.file, chain.line) = (file, mention.line);
        }
    }

    fn tell_element(&mut self, chain: &mut Chain, to: u32, of: Value) {
        let text = self.element_text(of);
        match self.variable(to) {
            Some((file, line, name)) => {
                chain.tell("element_of", file, line, format!("`{name}` is {text}"));
            }
            None => chain.tell_here("element_of", text),
        }
    }

    fn element_text(&self, of: Value) -> String {
        match self.type_name(of) {
            Some(name) => format!("an element of {name}"),
            None => "an element of a container".to_owned(),
        }
    }

    /// Tells that member `name` of `of` is read.
    fn tell_read(
        &mut self,
        chain: &mut Chain,
        (from, to): (u32, u32),
        of: Value,
        (name, file, site): (u64, u32, u32),
    ) {
        let import = self.role(to, |role| match role {
            Role::Import(at) => Some(at),
            _ => None,
        });
        if let (Some(at), Some(home)) = (import, self.linker.slot_home(to)) {
            self.tell_import(chain, home, at, from);
            return;
        }
        self.go_to_site(chain, file, site);
        let text = self.linker.name_text(file, name);
        let whose = self.described(of);
        if is_element(name) || text.starts_with('[') {
            chain.tell_here("element_of", self.element_text(of));
        } else if of.kind() == Kind::Module {
            chain.tell_here("module_member", format!("`{text}` is a member of {whose}"));
        } else {
            let callable = self.role(from, |role| match role {
                Role::Def(def) => Some(def),
                _ => None,
            });
            let rule = match callable {
                Some(def) if self.is_callable(def) => "member_of",
                _ => "field",
            };
            chain.tell_here(rule, format!("`{text}` of {whose}"));
        }
    }

    /// Tells of a value that an operation gave without an edge.
    fn directly(&mut self, chain: &mut Chain, hop: &Hop, deed: Deed) {
        let Hop { to, value, cause } = *hop;
        match deed {
            Deed::Copy => self.tell_copy(chain, cause.slot, to),
            Deed::Instance => self.tell_declared(chain, to, value),
            Deed::Load { name, file, site } if value.kind() == Kind::External => {
                self.go_to_site(chain, file, site);
                let name = self.linker.name_text(file, name);
                if value != OPAQUE {
                    let of = self.described(cause.value);
                    chain.tell_here("external_member", format!("`{name}` of {of}"));
                }
            }
            Deed::Load { name, file, site } => {
                self.tell_read(chain, (cause.slot, to), cause.value, (name, file, site));
            }
            Deed::Call(call) => self.give(chain, hop, call),
            Deed::Library(call) => {
                let (file, line) = self.place_of_call(call);
                chain.tell(
                    "library_call",
                    file,
                    line,
                    format!("{} gives it", self.call_text(call)),
                );
            }
            Deed::Iterate => self.tell_element(chain, to, cause.value),
            Deed::Await => {
                chain.tell_here("awaited", format!("{} is awaited", self.described(value)));
            }
            Deed::Enter => {
                chain.tell_here("entered", format!("{} is entered", self.described(value)));
            }
            Deed::Narrow => chain.tell_here(
                "type_check",
                format!("{} passes the type check", self.described(value)),
            ),
            Deed::Decorate => chain.tell_here("decorated", "what the decorator returns".into()),
            Deed::Property => {
                chain.tell_here("property", format!("read on {}", self.described(value)));
            }
            Deed::Replace(call) => self.tell_replaced(chain, hop, call),
            _ => {}
        }
    }

    fn tell_replaced(&mut self, chain: &mut Chain, hop: &Hop, call: u32) {
        let function = self.role(hop.cause.slot, |role| match role {
            Role::Ret(def) => Some(def),
            _ => None,
        });
        if let (Some(def), true) = (function, call != NONE) {
            let (file, line) = self.place_of_call(call);
            let text = format!(
                "{} gives what {} returns",
                self.call_text(call),
                self.quoted(def)
            );
            chain.tell("returned", file, line, text);
            (chain.file, chain.line) = (self.linker.file_of(def), self.linker.def(def).line);
        }
        if hop.value != hop.cause.value {
            let text = format!("a type parameter stands for {}", self.described(hop.value));
            chain.tell_here("type_argument", text);
        }
    }

    fn tell_copy(&mut self, chain: &mut Chain, from: u32, to: u32) {
        let is_this = |role| matches!(role, Role::This(_)).then_some(());
        if self.role(from, is_this).is_some() || self.role(to, is_this).is_some() {
            return;
        }
        if let Some((def, name)) = self.param_of(to) {
            let (file, line) = (self.linker.file_of(def), self.linker.def(def).line);
            chain.tell(
                "default_value",
                file,
                line,
                format!("{name} has a default value"),
            );
            return;
        }
        let file = self.linker.slot_home(to);
        let name = self.role(to, |role| match role {
            Role::Def(def) => Some((Some(def), NONE)),
            Role::Member(_, name) => Some((None, name)),
            _ => None,
        });
        match (name, file) {
            (Some((Some(def), _)), _) if !self.is_callable(def) => {
                let (file, line) = (self.linker.file_of(def), self.linker.def(def).line.max(1));
                chain.tell(
                    "assigned",
                    file,
                    line,
                    format!("{} is assigned", self.quoted(def)),
                );
            }
            (Some((None, name)), Some(file)) => {
                let name = self.text(file, name);
                if !name.is_empty() {
                    chain.tell_here("assigned", format!("`{name}` is assigned"));
                }
            }
            (None, _) => {
                if let Some((file, line, name)) = self.variable(to) {
                    chain.tell("assigned", file, line, format!("`{name}` is assigned"));
                }
            }
            _ => {}
        }
    }

    fn tell_declared(&mut self, chain: &mut Chain, to: u32, value: Value) {
        let declared = match self.type_name(value) {
            Some(name) => name,
            None => self.described(value),
        };
        if let Some((def, name)) = self.param_of(to) {
            let (file, line) = (self.linker.file_of(def), self.linker.def(def).line);
            let text = format!("{name} is a parameter declared {declared}");
            chain.tell("declared_type", file, line, text);
            return;
        }
        let known = self.role(to, |role| match role {
            Role::Ret(def) => Some((def, true)),
            Role::Def(def) => Some((def, false)),
            _ => None,
        });
        match known {
            Some((def, returns)) => {
                let (file, line) = (self.linker.file_of(def), self.linker.def(def).line.max(1));
                let name = self.quoted(def);
                let text = if returns {
                    format!("{name} is declared to return {declared}")
                } else {
                    format!("{name} is declared {declared}")
                };
                chain.tell("declared_type", file, line, text);
            }
            None => match self.variable(to) {
                Some((file, line, name)) => {
                    let text = format!("`{name}` is declared {declared}");
                    chain.tell("declared_type", file, line, text);
                }
                None => chain.tell_here("declared_type", format!("declared {declared}")),
            },
        }
    }

    /// Tells of a value that a call gave without an edge.
    fn give(&mut self, chain: &mut Chain, hop: &Hop, call: u32) {
        let (file, line) = self.place_of_call(call);
        let Hop { to, value, cause } = *hop;
        let called = self.call_text(call);
        let this = self.role(to, |role| match role {
            Role::This(def) => Some(def),
            _ => None,
        });
        let result = self
            .linker
            .slot_in(file, self.linker.call(file, call).result);
        if let (Some(def), true) = (this, to != result) {
            let text = format!(
                "{} is called on {}",
                self.quoted(def),
                self.described(value)
            );
            chain.tell("called_on", file, line, text);
            return;
        }
        if let Some((def, name)) = self.param_of(to).filter(|_| to != result) {
            let text = format!("{name} of {} gathers arguments", self.quoted(def));
            chain.tell("rest_arguments", file, line, text);
            return;
        }
        let text = self.described(value);
        match value.kind() {
            Kind::External if value == OPAQUE => {
                chain.tell(
                    "external_result",
                    file,
                    line,
                    format!("{called} gives something from outside"),
                );
            }
            Kind::External => {
                chain.tell(
                    "external_result",
                    file,
                    line,
                    format!("{called} gives {text}"),
                );
            }
            _ if value == cause.value => {
                chain.tell(
                    "receiver_returned",
                    file,
                    line,
                    format!("{called} gives back {text}"),
                );
            }
            Kind::Instance | Kind::Applied => {
                chain.tell("constructed", file, line, format!("{called} makes {text}"));
            }
            _ => chain.tell("library_call", file, line, format!("{called} gives {text}")),
        }
    }
}
