//! Declarations and the definitions that they declare.

use super::names::{CONSTRUCT, Linker, kind};
use super::table::Entry;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, def_flag, param_flag};

/// Most definitions of one name that are compared with a declaration.
const MOST: usize = 256;

impl<'a> Linker<'a> {
    /// Whether a definition is a mere declaration of a function.
    pub(super) fn is_forward(&self, def: u32) -> bool {
        let record = self.def(def);
        record.flags & def_flag::PROTOTYPE != 0
            && matches!(record.kind, kind::FUNCTION | kind::METHOD)
    }

    /// The definition that `def` declares, or `def`.
    pub(super) fn body_of(&self, def: u32) -> u32 {
        self.bodies.get(&def).copied().unwrap_or(def)
    }

    /// Finds what declarations declare, and gives their names that value.
    pub(super) fn bind_bodies(&mut self) {
        for def in 0..self.def_file.len() as u32 {
            if !self.is_forward(def) {
                continue;
            }
            let file = self.file_of(def);
            let record = *self.def(def);
            let container = match self.hierarchy.owners.get(&def) {
                Some(owner) => self.container(*owner),
                None => self.home(file, record.parent),
            };
            let name = self.def_name(def);
            let found = self.body_in(container, name, def);
            let body = found.unwrap_or(def);
            if body != def {
                self.bodies.insert(def, body);
                let required = self.required(def);
                let known = self.declared.entry(body).or_insert((required, 0));
                known.0 = known.0.min(required);
                known.1 |= record.flags;
            }
            let slot = self.slot_in(file, record.slot);
            self.sets.add(slot, Value::new(Kind::Def, body), false);
        }
        // What a declared name means is known before anything runs.
        self.run();
    }

    fn body_in(&self, container: u32, name: u64, forward: u32) -> Option<u32> {
        let file = self.file_of(forward);
        let mut best: Option<(u32, u32)> = None;
        let private = self.is_private(forward);
        for entry in self.table.get(container, name).take(MOST) {
            if entry.def == NONE || self.is_forward(entry.def) {
                continue;
            }
            let other = self.file_of(entry.def);
            if !self.is_function(entry.def)
                || other != file && (private || self.is_private(entry.def))
            {
                continue;
            }
            let Some(likeness) = self.likeness(forward, entry.def) else {
                continue;
            };
            let includes = self
                .included
                .get(other as usize)
                .is_some_and(|files| files.contains(&file));
            let score = likeness * 4 + u32::from(other == file) * 2 + u32::from(includes);
            if best.is_none_or(|(known, _)| score > known) {
                best = Some((score, entry.def));
            }
        }
        best.map(|(_, def)| def)
    }

    /// How alike two functions are in their parameters' types; `None` where
    /// one cannot be a declaration of the other.
    fn likeness(&self, one: u32, other: u32) -> Option<u32> {
        let (first, second) = (self.params(one), self.params(other));
        if first.len() != second.len() {
            return None;
        }
        let (a, b) = (self.unit(self.file_of(one)), self.unit(self.file_of(other)));
        let mut alike = 1;
        for (left, right) in first.iter().zip(second) {
            if left.type_name == NONE || right.type_name == NONE {
                continue;
            }
            if a.facts.hash(left.type_name) == b.facts.hash(right.type_name) {
                alike += 1;
            }
        }
        Some(alike)
    }

    /// The parameters of a function.
    pub(super) fn params(&self, def: u32) -> &'a [crate::facts::format::ParamRec] {
        let file = self.file_of(def);
        let local = def - self.def_base[file as usize];
        self.unit(file).facts.params_of(local)
    }

    fn required(&self, def: u32) -> u32 {
        let optional = param_flag::OPTIONAL | param_flag::REST;
        let params = self.params(def).iter();
        params.filter(|param| param.flags & optional == 0).count() as u32
    }

    /// Members with declarations replaced by what they declare, each once.
    pub(super) fn with_bodies(&self, entries: Vec<Entry>) -> Vec<Entry> {
        if self.bodies.is_empty() {
            return entries;
        }
        let mut out: Vec<Entry> = Vec::with_capacity(entries.len());
        for mut entry in entries {
            if entry.def != NONE {
                entry.def = self.body_of(entry.def);
            }
            if !out
                .iter()
                .any(|known| known.def != NONE && known.def == entry.def)
            {
                out.push(entry);
            }
        }
        out
    }

    /// The constructors of a class: its own, or those that it takes over from
    /// a base by name.
    pub(super) fn constructors_of(&mut self, class: u32, own: Vec<u32>) -> Vec<u32> {
        if !self.unit(self.file_of(class)).traits.program_scope {
            return own;
        }
        let mut found = own;
        let container = self.container(class);
        let bases: Vec<u32> = self
            .hierarchy
            .bases
            .get(&class)
            .map(|bases| bases.iter().map(|base| base.class).collect())
            .unwrap_or_default();
        for base in bases {
            let name = self.def_name(base);
            let taken = self
                .table
                .get(container, name)
                .any(|entry| entry.def == NONE);
            if taken {
                let inner: Vec<u32> = self
                    .find_member(base, CONSTRUCT)
                    .into_iter()
                    .filter(|entry| entry.def != NONE)
                    .map(|entry| entry.def)
                    .collect();
                let inner = if inner.is_empty() && base != class {
                    self.constructors_of(base, inner)
                } else {
                    inner
                };
                found.extend(inner);
            }
        }
        let mut out: Vec<u32> = Vec::with_capacity(found.len());
        for def in found {
            let def = self.body_of(def);
            if !out.contains(&def) {
                out.push(def);
            }
        }
        out
    }

    /// Whether a function takes as many arguments as a call has.
    pub(super) fn takes(&self, file: u32, call: u32, def: u32) -> bool {
        let record = self.call(file, call);
        if record.flags & crate::facts::format::call_flag::SPREAD != 0 {
            return true;
        }
        let params = self.params(def);
        let rest = self.def(def).flags & def_flag::VARIADIC != 0
            || params
                .iter()
                .any(|param| param.flags & param_flag::REST != 0);
        let declared = self.declared.get(&def);
        let required = self.required(def);
        let required = declared.map_or(required, |known| required.min(known.0));
        let count = record.args_len;
        count >= required && (rest || count as usize <= params.len())
    }
}
