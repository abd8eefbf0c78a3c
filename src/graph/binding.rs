//! What imports and free names mean, between files.

use rustc_hash::FxHashMap;

use super::Unit;
use super::flow::DynamicOp;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, import_flag};
use crate::text::name_hash;

use super::names::{Linker, kind};

impl Linker<'_> {
    pub(super) fn bind_imports(&mut self) {
        let mut paths = Vec::new();
        for (module, seen) in &self.input.visible {
            self.wildcards.entry(*module).or_default().push(*seen);
        }
        for (file, unit) in self.input.units.iter().enumerate() {
            for (import, target) in unit.facts.imports.iter().zip(&unit.imports) {
                if unit.traits.program_scope {
                    continue;
                }
                if import.flags & import_flag::WILDCARD != 0 && !unit.traits.private_imports {
                    let home = self.home(file as u32, self.module_scope(file as u32, import.scope));
                    if !target.names.is_empty() {
                        paths.push((home, target.names.as_slice()));
                        continue;
                    }
                    if target.module != NONE && target.module != home {
                        self.wildcards.entry(home).or_default().push(target.module);
                    }
                }
            }
        }
        self.bind_wildcard_paths(paths);
    }

    /// The innermost namespace (or the file) around a definition.
    pub(super) fn module_scope(&self, file: u32, local: u32) -> u32 {
        let facts = &self.unit(file).facts;
        let mut at = local;
        while at != 0 && facts.defs[at as usize].kind != kind::MODULE {
            at = facts.defs[at as usize].parent;
        }
        at
    }

    /// Gives import slots and free names their first values. A name that
    /// another file's variable stands behind gains what that variable gains.
    pub(super) fn bind_frees(&mut self) {
        for unit in &self.input.units {
            let package = unit.facts.defs[0].owner_name;
            if package != NONE {
                let name = unit.facts.hash(package);
                self.module_names.entry(unit.module).or_insert(name);
            }
        }
        for (file, unit) in self.input.units.iter().enumerate() {
            let file_id = file as u32;
            for (import, target) in unit.facts.imports.iter().zip(&unit.imports) {
                if import.slot == NONE {
                    continue;
                }
                let slot = self.slot_in(file_id, import.slot);
                let item = unit.facts.hash(import.item);
                if !target.names.is_empty() {
                    self.bind_path(slot, import, target, file_id);
                    continue;
                }
                self.bind_import(slot, import.item, item, import.flags, target, unit, file_id);
            }
            if unit.traits.program_scope {
                self.bind_program_frees(file_id);
                continue;
            }
            let guessed = self.guessed_imports(file_id);
            let (modules, types) = self.private_wildcards(file_id);
            for free in unit.facts.frees {
                if free.outer != NONE {
                    continue;
                }
                let slot = self.slot_in(file_id, free.slot);
                let name = unit.facts.hash(free.name);
                if let Some(module) = guessed.get(&name).copied() {
                    self.sets.add(slot, Value::new(Kind::Module, module), false);
                    continue;
                }
                let home = self.home(file_id, free.scope);
                let apart = unit.traits.exports_apart && home == unit.module;
                let found = (!apart && self.look_up_module(home, name, slot, unit.family))
                    || modules
                        .iter()
                        .any(|module| self.look_up_module(*module, name, slot, unit.family));
                for inner in types.iter().filter(|_| !found) {
                    let (to, site, file) = (slot, NONE, file_id);
                    self.hang(
                        *inner,
                        DynamicOp::Load {
                            to,
                            name,
                            site,
                            file,
                        },
                    );
                }
                if !found && let Some(external) = unit.traits.builtins.get(&name) {
                    let id = self.external_path(*external);
                    self.sets.add(slot, Value::new(Kind::External, id), false);
                }
            }
        }
    }

    /// The imported modules by the names that they call themselves, where the
    /// import has to guess what it is called.
    pub(super) fn guessed_imports(&self, file: u32) -> FxHashMap<u64, u32> {
        let unit = self.unit(file);
        let guessed = |flags: u32| flags & import_flag::GUESSED != 0;
        let imports = unit.facts.imports.iter().zip(&unit.imports);
        imports
            .filter(|(import, target)| guessed(import.flags) && target.module != NONE)
            .filter_map(|(_, target)| {
                Some((*self.module_names.get(&target.module)?, target.module))
            })
            .collect()
    }

    /// What a file's own wildcard imports open: modules, and slots of classes.
    pub(super) fn private_wildcards(&mut self, file: u32) -> (Vec<u32>, Vec<u32>) {
        let unit = self.unit(file);
        let (mut modules, mut types) = (Vec::new(), Vec::new());
        if !unit.traits.private_imports {
            return (modules, types);
        }
        for (import, target) in unit.facts.imports.iter().zip(&unit.imports) {
            if import.flags & import_flag::WILDCARD == 0 || target.module == NONE {
                continue;
            }
            if target.rest.is_empty() {
                modules.push(target.module);
            } else {
                types.extend(self.member_of_module(file, target, unit.family));
            }
        }
        (modules, types)
    }

    /// The slot of the member that a path names behind its module.
    pub(super) fn member_of_module(
        &mut self,
        file: u32,
        target: &super::Target,
        family: u8,
    ) -> Option<u32> {
        let mut slot = self.sets.grow();
        let (first, rest) = target.rest.split_first()?;
        if target.module == NONE || !self.look_up_module(target.module, *first, slot, family) {
            return None;
        }
        for name in rest {
            let (to, name, site) = (self.sets.grow(), *name, NONE);
            self.hang(
                slot,
                DynamicOp::Load {
                    to,
                    name,
                    site,
                    file,
                },
            );
            slot = to;
        }
        Some(slot)
    }

    #[expect(clippy::too_many_arguments, reason = "one import, spelt out")]
    pub(super) fn bind_import(
        &mut self,
        slot: u32,
        item_name: u32,
        item: u64,
        flags: u32,
        target: &super::Target,
        unit: &Unit<'_>,
        file: u32,
    ) {
        if !target.rest.is_empty() {
            if let Some(inner) = self.member_of_module(file, target, unit.family) {
                let (to, site, name) = (slot, NONE, item);
                self.hang(
                    inner,
                    DynamicOp::Load {
                        to,
                        name,
                        site,
                        file,
                    },
                );
                return;
            }
        } else if target.module != NONE {
            if item_name == NONE {
                self.sets
                    .add(slot, Value::new(Kind::Module, target.module), false);
                let whole = name_hash(b"module.exports");
                self.look_up_module(target.module, whole, slot, unit.family);
                return;
            }
            let found = self.look_up_module(target.module, item, slot, unit.family);
            if !found && target.submodule == NONE && flags & import_flag::QUOTED != 0 {
                // An item of whatever the module exports as a whole.
                let whole = self.sets.grow();
                self.look_up_module(
                    target.module,
                    name_hash(b"module.exports"),
                    whole,
                    unit.family,
                );
                if item == name_hash(b"default") {
                    self.flow(whole, slot, NONE);
                } else {
                    self.hang(
                        whole,
                        DynamicOp::Load {
                            to: slot,
                            name: item,
                            site: NONE,
                            file,
                        },
                    );
                }
            }
            if found {
                return;
            }
        }
        if target.submodule != NONE {
            self.sets
                .add(slot, Value::new(Kind::Module, target.submodule), false);
            return;
        }
        if target.external != NONE {
            let mut id = self.external_path(target.external);
            if item_name != NONE {
                let text = unit.facts.name(item_name);
                let text = text.strip_suffix(b"()").unwrap_or(text);
                let text = String::from_utf8_lossy(text).into_owned();
                id = self.external_child(id, item, &text);
            }
            self.sets.add(slot, Value::new(Kind::External, id), false);
        }
    }

    /// Lets `slot` gain what `name` is in `module`: its members, then what its
    /// wildcard imports bring, then modules inside it.
    pub(super) fn look_up_module(&mut self, module: u32, name: u64, slot: u32, family: u8) -> bool {
        let _ = family;
        self.look_up_module_but(module, name, slot, slot)
    }

    /// The same, but for the variable `not`.
    pub(super) fn look_up_module_but(
        &mut self,
        module: u32,
        name: u64,
        slot: u32,
        not: u32,
    ) -> bool {
        let mut seen = vec![module];
        let mut at = 0;
        while at < seen.len() {
            let current = seen[at];
            at += 1;
            let entries: Vec<_> = self
                .table
                .get(current, name)
                .filter(|entry| entry.slot != slot && entry.slot != not)
                .collect();
            if !entries.is_empty() {
                for entry in entries {
                    self.flow(entry.slot, slot, NONE);
                    if entry.def != NONE {
                        self.stands_for.entry(slot).or_insert(entry.def);
                    }
                }
                return true;
            }
            if self.take_submodule(current, name, slot) {
                return true;
            }
            self.open_wildcards(current, &mut seen);
        }
        let outer = self.outer.get(module as usize).copied().unwrap_or(NONE);
        if outer != NONE && outer != module {
            return self.look_up_module_but(outer, name, slot, not);
        }
        false
    }

    /// Gives `slot` the module of that name inside `module`, if there is one.
    pub(super) fn take_submodule(&mut self, module: u32, name: u64, slot: u32) -> bool {
        let Some(sub) = self.submodules.get(&(module, name)) else {
            return false;
        };
        self.sets.add(slot, Value::new(Kind::Module, *sub), false);
        true
    }

    /// Adds the modules that a module's wildcard imports bring to those to look in.
    pub(super) fn open_wildcards(&self, module: u32, seen: &mut Vec<u32>) {
        for next in self.wildcards.get(&module).into_iter().flatten() {
            if !seen.contains(next) && seen.len() < 256 {
                seen.push(*next);
            }
        }
    }

    pub(super) fn external_path(&mut self, path: u32) -> u32 {
        let text = &self.input.externals[path as usize];
        let text = text.clone();
        self.external_child(NONE, name_hash(text.as_bytes()), &text)
    }

    pub(super) fn external_child(&mut self, parent: u32, name: u64, text: &str) -> u32 {
        let next = self.externals.len() as u32;
        let id = *self.external_ids.entry((parent, name)).or_insert(next);
        if id == next {
            self.externals.push((parent, name, text.to_owned()));
        }
        id
    }
}
