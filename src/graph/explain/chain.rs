//! The way of one value back to where it came from.

use super::Explainer;
use super::roles::Role;
use super::{Spot, Step};
use crate::facts::format::{NONE, param_flag, seed};
use crate::graph::names::kind;
use crate::graph::trace::{Arrival, Cause, Via};
use crate::graph::values::{Kind, OPAQUE, Value};

/// Most hops of one way; a longer one is cut.
const MOST: usize = 512;

/// Most written types that lead on to a class within one chain.
const MOST_CLASSES: u32 = 8;

/// Most steps that are told.
const MOST_TOLD: usize = 24;

/// A chain while it is told.
pub(super) struct Chain {
    pub(super) steps: Vec<Step>,
    /// The file of the site.
    site: u32,
    /// Where the last step stands.
    pub(super) file: u32,
    pub(super) line: u32,
    /// Whether the last step was an import or the like.
    pub(super) imported: bool,
    /// How often a written type led on to its class.
    depth: u32,
}

/// Rules about names, of which one may lead to the next.
const NAMES: &[&str] = &[
    "import",
    "reexport",
    "wildcard_import",
    "package_scope",
    "included_file",
    "module_member",
];

/// Rules that name what a class makes of a name.
const MEMBERS: &[&str] = &[
    "member_of",
    "inherited_member",
    "embedded",
    "super",
    "bound",
    "trait_implementation",
    "interface_implementation",
    "override",
    "callable_object",
    "property",
];

impl Chain {
    pub(super) fn at(file: u32, line: u32) -> Self {
        Self {
            steps: Vec::new(),
            site: file,
            file,
            line,
            imported: false,
            depth: 0,
        }
    }

    /// Adds a step at a place; what repeats the last one is left out.
    pub(super) fn tell(&mut self, rule: &'static str, file: u32, line: u32, text: String) {
        let step = Step {
            rule,
            file,
            line,
            text,
        };
        (self.file, self.line) = (file, line);
        self.imported = NAMES.contains(&rule);
        // What moves a value within one line is told once; where a class stands
        // is no step between its name and its member.
        let told = self.steps.last().is_some_and(|last| {
            let assigned = last.rule == "assigned" && (last.file, last.line) == (file, line);
            let class = matches!(last.rule, "definition" | "local_binding");
            assigned || class && self.steps.len() > 1 && MEMBERS.contains(&rule)
        });
        if told {
            self.steps.pop();
        }
        if self.steps.last() != Some(&step) {
            self.steps.push(step);
        }
    }

    /// Whether the name that is looked up now is written in a file, and bare.
    pub(super) fn is_bound_in(&self, file: u32) -> bool {
        let last = self.steps.last();
        let bare = last
            .is_none_or(|step| step.rule != "implicit_receiver" && !MEMBERS.contains(&step.rule));
        let written = last.map_or(self.site, |step| step.file);
        bare && !self.imported && written == file
    }

    /// Adds a step where the last one stands.
    pub(super) fn tell_here(&mut self, rule: &'static str, text: String) {
        self.tell(rule, self.file, self.line, text);
    }

    /// The steps; the middle of a very long chain is left out.
    pub(super) fn finish(mut self) -> Vec<Step> {
        if self.steps.len() > MOST_TOLD {
            let until = self.steps.len() - MOST_TOLD / 2;
            let left = until - MOST_TOLD / 2;
            self.steps.drain(MOST_TOLD / 2..until);
            let step = &mut self.steps[MOST_TOLD / 2];
            step.text = format!("after {left} steps more: {}", step.text);
        }
        self.steps
    }
}

/// One hop: what came where, from what, because of what.
pub(super) struct Hop {
    pub(super) to: u32,
    pub(super) value: Value,
    pub(super) cause: Cause,
}

impl Explainer<'_> {
    /// Tells how `value` came into `slot` before `time`.
    pub(super) fn follow(&mut self, chain: &mut Chain, slot: u32, value: Value, time: u32) {
        let (mut slot, mut value, mut time) = (slot, value, time);
        for _ in 0..MOST {
            let Some((at, arrival)) = self.trace.arrival(slot, value, time) else {
                return;
            };
            let Arrival { cause, .. } = arrival;
            let hop = Hop {
                to: slot,
                value,
                cause,
            };
            if cause.via == Via::Start {
                self.origin(chain, slot, value);
                return;
            }
            self.move_on(chain, slot);
            self.hop(chain, &hop);
            self.tell_called_field(chain, cause);
            (slot, value, time) = (cause.slot, cause.value, at);
        }
    }

    /// A chain that comes into another file stands at its beginning until a
    /// step says more.
    fn move_on(&mut self, chain: &mut Chain, slot: u32) {
        let Some(file) = self.linker.slot_home(slot) else {
            return;
        };
        let place = self.place_of_slot(slot);
        if let Some((file, line)) = place {
            (chain.file, chain.line) = (file, line);
        } else if chain.file != file {
            (chain.file, chain.line) = (file, 1);
        }
    }

    /// Where a slot is written, as far as that is known.
    pub(super) fn place_of_slot(&mut self, slot: u32) -> Option<(u32, u32)> {
        let file = self.linker.slot_home(slot)?;
        let roles = self.roles(slot);
        let places = |role: &&Role| !matches!(role, Role::Used(_) | Role::Free(_));
        let mut known = roles.iter().filter(places);
        let known = known.find_map(|role| self.place_of(file, *role));
        if known.is_some() {
            return known;
        }
        if let Some(spot) = self.spot(slot) {
            return Some((file, spot.line));
        }
        self.place_of(file, *roles.first()?)
    }

    /// Where a slot is written in the text, and its name if it is a variable.
    pub(super) fn spot(&mut self, slot: u32) -> Option<Spot> {
        let file = self.linker.slot_home(slot)?;
        let local = slot - self.linker.slot_base[file as usize];
        (self.locate)(file, local)
    }

    /// The name of the local variable that a slot is, and where it is written.
    pub(super) fn variable(&mut self, slot: u32) -> Option<(u32, u32, String)> {
        let file = self.linker.slot_home(slot)?;
        let spot = self.spot(slot)?;
        Some((file, spot.line, spot.name?))
    }

    /// Tells of a value that was in its slot from the start.
    fn origin(&mut self, chain: &mut Chain, slot: u32, value: Value) {
        let place = self.place_of_slot(slot);
        let (file, line) = place.unwrap_or((chain.file, chain.line));
        match value.kind() {
            Kind::Def => self.tell_definition(chain, slot, value.index()),
            Kind::Instance => {
                let text = self.described(value);
                if let Some(def) = self.role(slot, |role| match role {
                    Role::This(def) => Some(def),
                    _ => None,
                }) {
                    let name = self.receiver_name(def);
                    chain.tell("receiver", file, line, format!("{name} is {text}"));
                } else {
                    chain.tell("receiver", chain.file, chain.line, text);
                }
            }
            Kind::Super => {}
            Kind::Module => self.tell_module(chain, slot, value.index()),
            Kind::External if value == OPAQUE => {}
            Kind::External => self.tell_outside(chain, slot, value),
            _ => {
                let text = self.described(value);
                let home = self.linker.alloc(value.index()).map(|(file, _)| file);
                let (file, line) = match home {
                    Some(home) if home != file => (home, 1),
                    _ => (file, line),
                };
                if self.is_written_type(value) {
                    self.follow_class(chain, value);
                    return;
                }
                chain.tell("literal", file, line, format!("{text} written here"));
            }
        }
    }

    /// Goes on to the class that a written type applies.
    fn follow_class(&mut self, chain: &mut Chain, value: Value) {
        chain.depth += 1;
        let Some((file, record)) = self.linker.alloc(value.index()) else {
            return;
        };
        if record.class_slot == NONE || chain.depth > MOST_CLASSES {
            return;
        }
        let slot = self.linker.slot_in(file, record.class_slot);
        let class = self.linker.sets.values(slot).next();
        if let Some((class, _)) = class {
            self.follow(chain, slot, class, u32::MAX);
        }
    }

    fn is_written_type(&self, value: Value) -> bool {
        use crate::facts::format::alloc;
        let known = self.linker.alloc(value.index());
        known.is_some_and(|(_, record)| record.kind != alloc::LITERAL)
    }

    /// The name that a function has for its receiver.
    pub(super) fn receiver_name(&self, def: u32) -> String {
        let file = self.linker.file_of(def);
        let mut params = self.linker.params(def).iter();
        let own = params.find(|param| param.flags & param_flag::THIS != 0 && param.name != NONE);
        match own {
            Some(param) => format!("`{}`", self.text(file, param.name)),
            None => "`this`".to_owned(),
        }
    }

    /// Tells of the definition that a chain ends at.
    fn tell_definition(&mut self, chain: &mut Chain, slot: u32, def: u32) {
        let record = self.linker.def(def);
        let home = self.linker.file_of(def);
        let line = record.line.max(1);
        let text = self.named(def);
        let own = self.linker.slot_in(home, record.slot);
        if own != slot && self.linker.slot_home(slot) != Some(home) {
            chain.tell(
                "declaration",
                home,
                line,
                format!("declared in a header, {text} is defined here"),
            );
        } else if !chain.is_bound_in(home) {
            chain.tell("definition", home, line, format!("{text} is defined here"));
        } else {
            chain.tell(
                "local_binding",
                home,
                line,
                format!("the name is that of {text}, in this file"),
            );
        }
    }

    fn tell_module(&mut self, chain: &mut Chain, slot: u32, module: u32) {
        let text = self.module(module);
        let import = self.role(slot, |role| match role {
            Role::Import(at) => Some(at),
            _ => None,
        });
        if let (Some(at), Some(file)) = (import, self.linker.slot_home(slot)) {
            let line = self.linker.unit(file).facts.imports[at as usize].line;
            let rule = if chain.imported { "reexport" } else { "import" };
            chain.tell(
                rule,
                file,
                line,
                format!("{} is {text}", self.import_text(file, at)),
            );
        } else {
            chain.tell_here("package_scope", format!("the name is that of {text}"));
        }
    }

    fn tell_outside(&mut self, chain: &mut Chain, slot: u32, value: Value) {
        let text = self.described(value);
        let file = self.linker.slot_home(slot);
        let found = self.role(slot, |role| match role {
            Role::Import(at) => Some((true, at)),
            Role::Free(at) => Some((false, at)),
            _ => None,
        });
        match (found, file) {
            (Some((true, at)), Some(file)) => {
                let line = self.linker.unit(file).facts.imports[at as usize].line;
                let import = self.import_text(file, at);
                chain.tell(
                    "external_import",
                    file,
                    line,
                    format!("{import} is {text}, outside"),
                );
            }
            (Some((false, _)), _) => {
                chain.tell_here("builtin", format!("the language provides {text}"));
            }
            (_, Some(file)) if self.is_seeded(file, slot) => {
                chain.tell_here("literal", format!("a value of the type {text}"));
            }
            _ => chain.tell_here("external_import", format!("the path leads outside: {text}")),
        }
    }

    fn is_seeded(&self, file: u32, slot: u32) -> bool {
        let local = slot - self.linker.slot_base[file as usize];
        let mut seeds = self.linker.unit(file).facts.seeds.iter();
        seeds.any(|record| record.slot == local && record.kind == seed::EXTERNAL)
    }

    /// An import in words: what it binds, from where.
    pub(super) fn import_text(&self, file: u32, at: u32) -> String {
        let import = &self.linker.unit(file).facts.imports[at as usize];
        let (path, item) = (self.text(file, import.path), self.text(file, import.item));
        match (path.is_empty(), item.is_empty()) {
            (false, false) => format!("`{item}` of `{path}`"),
            (true, false) => format!("`{item}`"),
            _ => format!("`{path}`"),
        }
    }

    /// Whether a definition is a function or class that names may mean.
    pub(super) fn is_callable(&self, def: u32) -> bool {
        matches!(
            self.linker.def(def).kind,
            kind::FUNCTION | kind::METHOD | kind::CLASS | kind::INTERFACE
        )
    }
}
