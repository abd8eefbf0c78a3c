//! Names in languages whose files share one program-wide scope: a file sees
//! the top level of the files that it includes, directly or not.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::flow::DynamicOp;
use super::names::{Linker, kind};
use super::table::Entry;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, call_flag, def_flag, import_flag};

/// What a file sees: which files, and whether some include leads nowhere.
pub(super) struct Sight {
    seen: Vec<u32>,
    open: bool,
}

/// Most files whose sight is kept.
const MOST_SIGHTS: usize = 4096;

impl Linker<'_> {
    /// Notes which files include which, and what `using namespace` opens.
    pub(super) fn bind_includes(&mut self) {
        let mut file_of_module = FxHashMap::default();
        for (file, unit) in self.input.units.iter().enumerate() {
            if unit.traits.program_scope {
                file_of_module.insert(unit.module, file as u32);
            }
        }
        if file_of_module.is_empty() {
            return;
        }
        self.included = vec![Vec::new(); self.input.units.len()];
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.program_scope {
                continue;
            }
            for (import, target) in unit.facts.imports.iter().zip(&unit.imports) {
                if import.flags & import_flag::PATH != 0 {
                    self.open_namespace(file as u32, import.scope, import.path);
                } else if let Some(other) = file_of_module.get(&target.module) {
                    self.included[file].push(*other);
                } else if import.flags & import_flag::SYSTEM == 0 {
                    self.included[file].push(NONE);
                }
            }
        }
    }

    /// Lets the namespace around `scope` see the names of the one at `path`.
    fn open_namespace(&mut self, file: u32, scope: u32, path: u32) {
        let facts = &self.unit(file).facts;
        let mut around = self.module_scope(file, scope);
        let names: Vec<u64> = facts
            .name(path)
            .split(|byte| *byte == b':')
            .filter(|part| !part.is_empty())
            .map(xxh3_64)
            .collect();
        let home = self.home(file, around);
        loop {
            let mut current = Some(self.home(file, around));
            for name in &names {
                current = current.and_then(|module| self.submodules.get(&(module, *name)).copied());
            }
            if let Some(found) = current {
                if found != home {
                    let known = self.wildcards.entry(home).or_default();
                    if !known.contains(&found) {
                        known.push(found);
                    }
                }
                return;
            }
            if around == 0 {
                return;
            }
            let parent = facts.defs[around as usize].parent;
            around = self.module_scope(file, parent);
        }
    }

    /// Binds the free names of a file.
    pub(super) fn bind_program_frees(&mut self, file: u32) {
        let unit = self.unit(file);
        let sight = self.sight_of(file);
        for free in unit.facts.frees {
            let local = free.scope;
            let namespace = local != 0 && unit.facts.defs[local as usize].kind == kind::MODULE;
            if free.outer != NONE && !namespace {
                continue;
            }
            let slot = self.slot_in(file, free.slot);
            let name = unit.facts.hash(free.name);
            let home = self.home(file, local);
            if self.look_up_seen(home, name, slot, file, Some(&sight)) {
                continue;
            }
            if free.outer != NONE {
                let outer = self.slot_in(file, free.outer);
                self.flow(outer, slot, NONE);
                continue;
            }
            if let Some(external) = unit.traits.builtins.get(&name) {
                let id = self.external_path(*external);
                self.sets.add(slot, Value::new(Kind::External, id), false);
            }
        }
    }

    /// The same, kept for the next time.
    pub(super) fn sight_of(&mut self, file: u32) -> std::sync::Arc<Sight> {
        if let Some(known) = self.sights.get(&file) {
            return std::sync::Arc::clone(known);
        }
        if self.sights.len() >= MOST_SIGHTS {
            self.sights.clear();
        }
        let sight = std::sync::Arc::new(self.sight(file));
        self.sights.insert(file, std::sync::Arc::clone(&sight));
        sight
    }

    /// The files that `file` sees.
    fn sight(&self, file: u32) -> Sight {
        let mut seen = vec![file];
        let mut known = rustc_hash::FxHashSet::default();
        known.insert(file);
        let mut open = false;
        let mut at = 0;
        while let Some(current) = seen.get(at).copied() {
            at += 1;
            for next in &self.included[current as usize] {
                if *next == NONE {
                    open = true;
                } else if known.insert(*next) {
                    seen.push(*next);
                }
            }
        }
        seen.sort_unstable();
        Sight { seen, open }
    }

    /// Lets `slot` gain what a path to `name` in `module` is for `file`.
    pub(super) fn look_up_path(&mut self, module: u32, name: u64, slot: u32, file: u32) -> bool {
        let sight = self.sight_of(file);
        self.look_up_seen(module, name, slot, file, Some(&sight))
            || self.look_up_seen(module, name, slot, file, None)
    }

    /// Lets `slot` gain what `name` is in `module` for `file`: what it sees,
    /// or, where it may see more than is known, whatever is no file's own.
    pub(super) fn look_up_seen(
        &mut self,
        module: u32,
        name: u64,
        slot: u32,
        file: u32,
        sight: Option<&Sight>,
    ) -> bool {
        let mut seen = vec![module];
        let mut at = 0;
        let mut beyond: Vec<Entry> = Vec::new();
        while let Some(current) = seen.get(at).copied() {
            at += 1;
            let all: Vec<Entry> = self
                .table
                .get(current, name)
                .filter(|entry| entry.slot != slot)
                .take(1024)
                .collect();
            let mut entries = Vec::with_capacity(all.len());
            for entry in all {
                let Some(home) = self.slot_home(entry.slot) else {
                    continue;
                };
                let visible = home == file
                    || match sight {
                        Some(sight) => sight.seen.binary_search(&home).is_ok(),
                        None => !self.is_private(entry.def),
                    };
                if visible {
                    entries.push(entry);
                } else if sight.is_some_and(|sight| sight.open) && !self.is_private(entry.def) {
                    beyond.push(entry);
                }
            }
            if !entries.is_empty() {
                self.take_entries(&entries, slot);
                return true;
            }
            if self.take_submodule(current, name, slot) {
                return true;
            }
            self.open_wildcards(current, &mut seen);
        }
        if beyond.is_empty() {
            return false;
        }
        self.take_entries(&beyond, slot);
        true
    }

    fn take_entries(&mut self, entries: &[Entry], slot: u32) {
        for entry in entries {
            self.flow(entry.slot, slot, NONE);
            if entry.def != NONE {
                self.stands_for.entry(slot).or_insert(entry.def);
            }
        }
    }

    /// The file of a slot.
    pub(super) fn slot_home(&self, slot: u32) -> Option<u32> {
        if slot >= *self.slot_base.last()? {
            return None;
        }
        Some(self.slot_base.partition_point(|base| *base <= slot) as u32 - 1)
    }

    /// Whether a definition is seen in its own file only.
    pub(super) fn is_private(&self, def: u32) -> bool {
        if def == NONE {
            return false;
        }
        let mut at = def;
        for _ in 0..64 {
            let record = self.def(at);
            let parent = self.parent(at);
            let outer = self.def(parent);
            let top = matches!(outer.kind, kind::FILE | kind::MODULE);
            let hidden = match record.kind {
                kind::MODULE => record.flags & def_flag::ANONYMOUS != 0,
                _ => top && record.flags & def_flag::STATIC != 0,
            };
            if hidden {
                return true;
            }
            if outer.kind == kind::FILE {
                return false;
            }
            at = parent;
        }
        false
    }

    /// A member that is named by a path to a namespace joins it.
    pub(super) fn attach_to_namespace(&mut self, file: u32, def: u32) {
        let record = self.def(def);
        let slot = self.slot_in(file, record.owner_slot);
        let module = self
            .sets
            .values(slot)
            .find_map(|(value, _)| (value.kind() == Kind::Module).then(|| value.index()));
        if let Some(module) = module {
            let name = self.def_name(def);
            let slot = self.slot_in(file, record.slot);
            self.table.insert(module, name, slot, def);
        }
    }

    /// Fields that are initialised in a constructor's head are constructed.
    pub(super) fn initialise_fields(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.program_scope {
                continue;
            }
            for (local, call) in unit.facts.calls.iter().enumerate() {
                if call.flags & call_flag::INIT == 0 || call.name == NONE {
                    continue;
                }
                let caller = self.def_base[file] + call.caller;
                let class = match self.hierarchy.owners.get(&caller) {
                    Some(owner) => *owner,
                    None => self.parent(caller),
                };
                if !self.is_class(class) {
                    continue;
                }
                let entries = self.find_member(class, unit.facts.hash(call.name));
                for entry in entries {
                    if entry.def == NONE {
                        continue;
                    }
                    let field = self.def(entry.def);
                    if field.kind != kind::VARIABLE
                        || field.flags & def_flag::INDIRECT != 0
                        || field.type_slot == NONE
                    {
                        continue;
                    }
                    let types = self.slot_in(self.file_of(entry.def), field.type_slot);
                    let call = self.call_base[file] + local as u32;
                    self.hang(types, DynamicOp::Construct { call });
                }
            }
        }
    }
}
