//! The last part of a call's chain: from what a value is to the function that
//! is entered.

use super::Explainer;
use super::chain::Chain;
use super::hops::Deed;
use crate::facts::format::{NONE, call_flag, def_flag, param_flag};
use crate::graph::calls::EXTERNAL;
use crate::graph::names::{BLANKET, external, kind};
use crate::graph::trace::{Decision, Via};
use crate::graph::values::{Kind, Value};

impl Explainer<'_> {
    /// Tells how a call came to a target.
    pub(super) fn tell_decision(&mut self, chain: &mut Chain, call: u32, decision: &Decision) {
        let file = self.linker.call_file(call);
        let record = *self.linker.call(file, call);
        let cause = decision.cause;
        if record.flags & (call_flag::IMPLICIT | call_flag::DECORATOR) != 0 {
            let name = self.text(file, record.name);
            let text = if record.flags & call_flag::DECORATOR != 0 {
                format!("applying the decorator `{name}` calls it")
            } else if name.is_empty() {
                "the language calls here".to_owned()
            } else {
                format!("the language calls `{name}` here")
            };
            chain.tell("implicit_call", file, record.line, text);
        }
        let deed = self.deed(cause);
        if matches!(deed, Deed::Library(_)) && decision.arg != NONE {
            let text = format!(
                "{} calls the function that it is given",
                self.call_text(call)
            );
            chain.tell("callback", file, chain.line, text);
        }
        let value = cause.value;
        if cause.slot != NONE {
            // The receiver of an interface's method holds the interface.
            let known = self
                .trace
                .arrival(cause.slot, value, decision.time)
                .is_some();
            let start = if known {
                Some(value)
            } else {
                self.seen_as(call, cause.slot, value, cause.via)
            };
            if let Some(start) = start
                && !self.tell_through(chain, call, start, decision)
            {
                self.tell_called_field(chain, cause);
                self.follow(chain, cause.slot, start, decision.time);
            }
        }
        self.tell_target(chain, call, value, decision);
    }

    /// Tells how a call came to a member of a module or class that its receiver
    /// is: first of the receiver, then of the member.
    fn tell_through(
        &mut self,
        chain: &mut Chain,
        call: u32,
        value: Value,
        decision: &Decision,
    ) -> bool {
        let slot = decision.cause.slot;
        if self.linker.slot_home(slot).is_some() {
            return false;
        }
        let Some((time, arrival)) = self.trace.arrival(slot, value, decision.time) else {
            return false;
        };
        let Via::Edge(edge) = arrival.cause.via else {
            return false;
        };
        let Some(laid) = self.trace.laid(edge).copied() else {
            return false;
        };
        let of = laid.cause.value;
        let names =
            of.kind() == Kind::Module || of.kind() == Kind::Def && self.linker.is_class(of.index());
        if self.deed(laid.cause) != Deed::Call(call) || !names {
            return false;
        }
        self.follow(chain, laid.cause.slot, of, time);
        let own = arrival.cause.value == Value::new(Kind::Def, decision.target);
        if own && of.kind() == Kind::Def {
            let def = decision.target;
            let (file, line) = (self.linker.file_of(def), self.linker.def(def).line.max(1));
            let (owner, class) = (self.linker.owner_of(def), self.quoted(of.index()));
            let name = self.named(def);
            if owner == of.index() {
                let text = format!("{name} is a member of {class} itself");
                chain.tell("member_of", file, line, text);
            } else {
                let text = format!("{class} itself has {name} from {}", self.quoted(owner));
                chain.tell("inherited_member", file, line, text);
            }
            return true;
        }
        self.along_call(chain, laid.from, slot, of, call, value);
        self.follow(chain, laid.from, arrival.cause.value, time);
        true
    }

    /// The value of a receiver through which `value` was called.
    fn seen_as(&mut self, call: u32, slot: u32, value: Value, via: Via) -> Option<Value> {
        if via != Via::Satisfies {
            return None;
        }
        let file = self.linker.call_file(call);
        let name = self
            .linker
            .unit(file)
            .facts
            .hash(self.linker.call(file, call).name);
        let values: Vec<Value> = self
            .linker
            .sets
            .values(slot)
            .map(|(value, _)| value)
            .collect();
        values.into_iter().find(|known| {
            let interfaces = self.linker.interfaces_of(*known, name);
            interfaces
                .iter()
                .any(|interface| self.linker.has_satisfied(value.index(), *interface))
        })
    }

    fn tell_target(&mut self, chain: &mut Chain, call: u32, value: Value, decision: &Decision) {
        let target = decision.target;
        if target & EXTERNAL != 0 {
            let text = self.described(Value::new(Kind::External, target & !EXTERNAL));
            if value.kind() != Kind::External || value.index() != target & !EXTERNAL {
                chain.tell_here("external_member", format!("{text}, outside the repository"));
            }
            return;
        }
        let (home, line) = (
            self.linker.file_of(target),
            self.linker.def(target).line.max(1),
        );
        let ends = chain
            .steps
            .last()
            .is_some_and(|step| (step.file, step.line) == (home, line));
        match value.kind() {
            Kind::Def if value.index() == target => {
                if !ends {
                    self.tell_end(chain, target);
                }
            }
            Kind::Bound if self.linker.bound[value.index() as usize].0 == target => {
                if !ends {
                    self.tell_end(chain, target);
                }
            }
            Kind::Def if self.linker.is_class(value.index()) => {
                self.tell_constructor(chain, value.index(), target);
            }
            Kind::Def | Kind::Bound | Kind::Module | Kind::External => {
                self.tell_other(chain, value, target);
            }
            Kind::Instance | Kind::Object | Kind::Applied | Kind::Super => {
                self.tell_member(chain, call, value, decision);
            }
        }
        self.tell_overload(chain, call, target);
    }

    pub(super) fn tell_end(&mut self, chain: &mut Chain, def: u32) {
        let (file, line) = (self.linker.file_of(def), self.linker.def(def).line.max(1));
        chain.tell(
            "definition",
            file,
            line,
            format!("{} is defined here", self.named(def)),
        );
    }

    fn tell_constructor(&mut self, chain: &mut Chain, class: u32, target: u32) {
        let (file, line) = (
            self.linker.file_of(target),
            self.linker.def(target).line.max(1),
        );
        let (owner, name) = (self.linker.owner_of(target), self.quoted(class));
        if self.linker.def(target).flags & def_flag::CONSTRUCTOR == 0 {
            let text = format!("{} is a member of {name} itself", self.named(target));
            chain.tell("member_of", file, line, text);
        } else if owner == class {
            chain.tell(
                "constructor",
                file,
                line,
                format!("making an instance of {name} calls it"),
            );
        } else {
            let text = format!("{name} has it from {}", self.quoted(owner));
            chain.tell("inherited_constructor", file, line, text);
        }
    }

    /// A target that no class of the value explains.
    fn tell_other(&mut self, chain: &mut Chain, value: Value, target: u32) {
        let (file, line) = (
            self.linker.file_of(target),
            self.linker.def(target).line.max(1),
        );
        let (name, of) = (self.named(target), self.described(value));
        let rule = match value.kind() {
            Kind::External => "trait_implementation",
            Kind::Module => "module_member",
            _ if self.linker.owner_of(target) != NONE
                && self.linker.is_class(self.linker.owner_of(target)) =>
            {
                "member_of"
            }
            _ => "invoked_through",
        };
        let text = match rule {
            "trait_implementation" => format!("{name} is added to {of}"),
            "module_member" => format!("{name} is a member of {of}"),
            "member_of" => format!("{name} is called for {of}"),
            _ => format!("{name} is called through a method of functions"),
        };
        chain.tell(rule, file, line, text);
    }

    fn tell_member(&mut self, chain: &mut Chain, call: u32, value: Value, decision: &Decision) {
        let target = decision.target;
        let (file, line) = (
            self.linker.file_of(target),
            self.linker.def(target).line.max(1),
        );
        let (owner, name) = (self.linker.owner_of(target), self.named(target));
        let class = match value.kind() {
            Kind::Super => Some(value.index()),
            _ => self.linker.class_of(value),
        };
        let site = self.linker.call_file(call);
        let record = self.linker.call(site, call);
        let own_name = self.linker.unit(site).facts.hash(record.name);
        let Some(class) = class else {
            self.tell_added(chain, value, target);
            return;
        };
        let (shown, base) = (self.quoted(class), self.quoted(owner));
        if self.linker.is_class(target) {
            let text = format!("no constructor of {} is written", self.quoted(target));
            chain.tell("constructor", file, line, text);
            return;
        }
        if decision.cause.via == Via::Satisfies {
            let text = format!("{shown} has the methods of the interface; {name} is its own");
            chain.tell("interface_implementation", file, line, text);
            return;
        }
        if decision.cause.via == Via::Below {
            let text = format!("{shown} leaves it to the classes below; {name} is one of theirs");
            chain.tell("override", file, line, text);
            return;
        }
        let calls_object = record.receiver == NONE
            && self.linker.def_name(target) != own_name
            && self.linker.def(target).flags & def_flag::CONSTRUCTOR == 0
            && value.kind() != Kind::Super;
        let above = self.linker.order(class);
        let inherited = owner != class && above.contains(&owner);
        let (rule, text) = if self.linker.def(target).flags & def_flag::CONSTRUCTOR != 0
            && value.kind() != Kind::Super
        {
            (
                "constructor",
                format!("making an instance of {shown} calls it"),
            )
        } else if value.kind() == Kind::Super {
            (
                "super",
                format!("`super` in {shown} is {base}, the next in the order of its bases"),
            )
        } else if calls_object && owner == class {
            (
                "callable_object",
                format!("calling an instance of {shown} calls {name}"),
            )
        } else if self.linker.def(class).kind == kind::TYPE_PARAM && owner != class {
            (
                "bound",
                format!("{name} is a member of what bounds {shown}"),
            )
        } else if owner == class && self.is_of_impl(target) {
            (
                "trait_implementation",
                format!("{name} is implemented for {shown}"),
            )
        } else if owner == class {
            ("member_of", format!("{name} is a member of {shown}"))
        } else if inherited && self.linker.unit(file).traits.embeds {
            (
                "embedded",
                format!("{shown} has a part {base}, which has {name}"),
            )
        } else if inherited {
            (
                "inherited_member",
                format!("{shown} has {name} from its base {base}"),
            )
        } else {
            self.tell_added(chain, value, target);
            return;
        };
        chain.tell(rule, file, line, text);
    }

    /// Whether a function stands in an implementation of an interface.
    fn is_of_impl(&self, def: u32) -> bool {
        let parent = self.linker.parent(def);
        self.linker.hierarchy.of_interface.contains(&parent)
    }

    /// A member that something beside the class of a value has.
    fn tell_added(&mut self, chain: &mut Chain, value: Value, target: u32) {
        let (file, line) = (
            self.linker.file_of(target),
            self.linker.def(target).line.max(1),
        );
        let (name, of) = (self.named(target), self.described(value));
        let own = self.linker.member_name(target);
        let outside = match value.kind() {
            Kind::External => Some(value.index()),
            Kind::Object | Kind::Applied => self.linker.applied_external(value),
            _ => None,
        };
        let has = |explainer: &Self, container: u32| {
            let mut entries = explainer.linker.table.get(container, own);
            entries.any(|entry| entry.def == target)
        };
        let (rule, text) = if has(self, BLANKET) {
            (
                "trait_implementation",
                format!("{name} is implemented for every type, {of} among them"),
            )
        } else if outside.is_some_and(|id| has(self, external(id))) {
            (
                "trait_implementation",
                format!("{name} is implemented for {of}"),
            )
        } else {
            ("member_of", format!("{name} is called on {of}"))
        };
        chain.tell(rule, file, line, text);
    }

    /// Tells which of several functions of one name is meant, and by what.
    fn tell_overload(&mut self, chain: &mut Chain, call: u32, target: u32) {
        let file = self.linker.call_file(call);
        let traits = self.linker.unit(file).traits;
        if !traits.overloads && !traits.program_scope || !self.linker.is_function(target) {
            return;
        }
        let (home, name) = self.linker.group(target);
        let mut all: Vec<u32> = self
            .linker
            .table
            .get(home, name)
            .map(|entry| self.linker.body_of(entry.def))
            .filter(|def| *def != NONE && self.linker.is_function(*def))
            .collect();
        all.sort_unstable();
        all.dedup();
        if all.len() < 2 || !all.contains(&target) {
            return;
        }
        let mut targets = Vec::new();
        let mut at = self.linker.target_heads[call as usize];
        while let Some(cell) = self.linker.targets.get(at as usize) {
            targets.push(cell.target);
            at = cell.next;
        }
        if all.iter().all(|def| targets.contains(def)) {
            return;
        }
        let count = self.linker.call(file, call).args_len as usize;
        let fitting = all
            .iter()
            .filter(|def| self.takes_count(**def, count))
            .count();
        let (line, of) = (self.linker.def(target).line.max(1), all.len());
        let home = self.linker.file_of(target);
        if fitting == 1 {
            let text =
                format!("of {of} functions of that name it is the one for {count} arguments");
            chain.tell("overload_by_arity", home, line, text);
        } else {
            let text =
                format!("of {of} functions of that name its parameters fit the arguments best");
            chain.tell("overload_by_type", home, line, text);
        }
    }

    fn takes_count(&self, def: u32, count: usize) -> bool {
        let params = self.linker.params(def);
        let open = param_flag::OPTIONAL | param_flag::REST;
        let rest = self.linker.def(def).flags & def_flag::VARIADIC != 0
            || params
                .iter()
                .any(|param| param.flags & param_flag::REST != 0);
        let required = params
            .iter()
            .filter(|param| param.flags & open == 0)
            .count();
        count >= required && (rest || count <= params.len())
    }
}
