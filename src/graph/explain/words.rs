//! Names of definitions and values, for people.

use super::Explainer;
use crate::facts::format::{NONE, alloc, def_flag};
use crate::graph::names::kind;
use crate::graph::values::{Kind, OPAQUE, Value};

/// Most containers that stand before a name.
const MOST: usize = 8;

impl Explainer<'_> {
    /// The name of a definition with its containers', in backticks.
    pub(super) fn quoted(&self, def: u32) -> String {
        let record = self.linker.def(def);
        if record.kind == kind::FILE {
            return format!("file `{}`", self.label(self.linker.file_of(def)));
        }
        let mut parts = Vec::new();
        let mut at = def;
        for _ in 0..MOST {
            let record = self.linker.def(at);
            if record.kind == kind::FILE {
                break;
            }
            let name = self.text(self.linker.file_of(at), record.name);
            if record.kind != kind::IMPL && !name.is_empty() {
                parts.push(name);
            }
            at = match self.linker.hierarchy.owners.get(&at) {
                Some(owner) if *owner != at => *owner,
                _ => self.linker.parent(at),
            };
        }
        parts.reverse();
        match parts.as_slice() {
            [] if record.flags & def_flag::ANONYMOUS != 0 => "a function without a name".to_owned(),
            [] => "something without a name".to_owned(),
            parts => format!("`{}`", parts.join(".")),
        }
    }

    /// A definition with the word for what it is.
    pub(super) fn named(&self, def: u32) -> String {
        let record = self.linker.def(def);
        let name = self.quoted(def);
        let word = match record.kind {
            kind::MODULE => "module",
            kind::CLASS => "class",
            kind::INTERFACE => "interface",
            kind::METHOD => "method",
            kind::FUNCTION if record.flags & def_flag::ANONYMOUS == 0 => "function",
            kind::VARIABLE => "variable",
            kind::TYPE_PARAM => "type parameter",
            _ => return name,
        };
        format!("{word} {name}")
    }

    /// A value in words.
    pub(super) fn described(&self, value: Value) -> String {
        let linker = &self.linker;
        match value.kind() {
            Kind::Def => self.named(value.index()),
            Kind::Instance if linker.def(value.index()).kind == kind::FUNCTION => {
                format!("an object made by {}", self.quoted(value.index()))
            }
            Kind::Instance => format!("an instance of {}", self.quoted(value.index())),
            Kind::Super => format!("the bases' view of {}", self.quoted(value.index())),
            Kind::Module => self.module(value.index()),
            Kind::External if value == OPAQUE => "something from outside".to_owned(),
            Kind::External => format!("`{}`", linker.external_name(value.index() as usize)),
            Kind::Bound => match linker.bound.get(value.index() as usize) {
                Some((def, _)) => self.named(*def),
                None => "a method".to_owned(),
            },
            Kind::Object | Kind::Applied => match self.type_name(value) {
                Some(name) if value.kind() == Kind::Applied => format!("an instance of {name}"),
                Some(name) => name,
                None => "an object".to_owned(),
            },
        }
    }

    /// The name of the type that an object is, or is an instance of.
    pub(super) fn type_name(&self, value: Value) -> Option<String> {
        match value.kind() {
            Kind::Def | Kind::Instance => Some(self.quoted(value.index())),
            Kind::External if value == OPAQUE => None,
            Kind::External => Some(format!(
                "`{}`",
                self.linker.external_name(value.index() as usize)
            )),
            Kind::Object | Kind::Applied => {
                if let Some(class) = self.linker.applied_class(value) {
                    return Some(self.quoted(class));
                }
                if let Some(external) = self.linker.applied_external(value) {
                    return Some(format!(
                        "`{}`",
                        self.linker.external_name(external as usize)
                    ));
                }
                match self.linker.alloc(value.index()) {
                    Some((_, record)) if record.kind == alloc::TUPLE => Some("a tuple".to_owned()),
                    Some((_, record)) if record.kind == alloc::SHAPE => {
                        Some("a type of listed members".to_owned())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A module by its first file.
    pub(super) fn module(&self, module: u32) -> String {
        let known = self.linker.module_of_def.iter();
        let named = known.filter(|(_, other)| **other == module);
        if let Some(def) = named.map(|(def, _)| *def).min() {
            return format!("namespace {}", self.quoted(def));
        }
        let mut units = self.linker.input.units.iter();
        match units.position(|unit| unit.module == module) {
            Some(file) => format!("module `{}`", self.label(file as u32)),
            None => "a folder of modules".to_owned(),
        }
    }

    /// A name of a file as text.
    pub(super) fn text(&self, file: u32, name: u32) -> String {
        if name == NONE {
            return String::new();
        }
        let facts = &self.linker.unit(file).facts;
        let bytes = facts.name(name);
        let bytes = bytes.strip_suffix(b"()").unwrap_or(bytes);
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// The path of a file.
    pub(super) fn label(&self, file: u32) -> String {
        let path = self.labels.get(file as usize).copied().unwrap_or_default();
        String::from_utf8_lossy(path).into_owned()
    }

    /// What a call is called, in backticks.
    pub(super) fn call_text(&self, call: u32) -> String {
        let file = self.linker.call_file(call);
        let name = self.text(file, self.linker.call(file, call).name);
        if name.is_empty() {
            "the call".to_owned()
        } else {
            format!("`{name}(...)`")
        }
    }
}
