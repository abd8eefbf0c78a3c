//! Imports whose paths are looked up name by name.

use rustc_hash::FxHashMap;

use super::flow::DynamicOp;
use super::names::Linker;
use super::values::{Kind, Value};
use crate::facts::format::NONE;

impl Linker<'_> {
    /// Paths that start at a namespace start where those around it do.
    pub(super) fn root_paths(&mut self, outer: u32, module: u32, roots: &[u64]) {
        self.outer.resize(module as usize + 1, NONE);
        let [root, own, around] = roots else {
            return;
        };
        self.outer[module as usize] = self.outer[outer as usize];
        if let Some(found) = self.submodules.get(&(outer, *root)).copied() {
            self.submodules.insert((module, *root), found);
        }
        self.submodules.insert((module, *own), module);
        self.submodules.insert((module, *around), outer);
    }

    /// Wildcard imports by path: one may be seen through another, so they are
    /// tried until none leads further.
    pub(super) fn bind_wildcard_paths(&mut self, mut paths: Vec<(u32, &[u64])>) {
        if paths.is_empty() {
            return;
        }
        let mut imports = FxHashMap::default();
        for (file, unit) in self.input.units.iter().enumerate() {
            for (import, target) in unit.facts.imports.iter().zip(&unit.imports) {
                if import.slot != NONE && !target.names.is_empty() {
                    let slot = self.slot_in(file as u32, import.slot);
                    let home = self.home(file as u32, self.module_scope(file as u32, import.scope));
                    imports.insert(slot, (home, target.names.as_slice()));
                }
            }
        }
        for _ in 0..8 {
            let before = paths.len();
            paths.retain(
                |(home, names)| match self.container_at(*home, names, &imports, 0) {
                    Some(found) => {
                        if found != *home {
                            self.wildcards.entry(*home).or_default().push(found);
                        }
                        false
                    }
                    None => true,
                },
            );
            if paths.len() == before {
                break;
            }
        }
    }

    /// The module or class that a path names, by names alone.
    pub(super) fn container_at(
        &self,
        home: u32,
        names: &[u64],
        imports: &FxHashMap<u32, (u32, &[u64])>,
        depth: u32,
    ) -> Option<u32> {
        let mut current = home;
        for (at, name) in names.iter().enumerate() {
            let mut seen = vec![current];
            let mut next = 0;
            let mut found = None;
            while let (None, Some(module)) = (found, seen.get(next).copied()) {
                next += 1;
                found = self.submodules.get(&(module, *name)).copied();
                if found.is_none() {
                    found = self.table.get(module, *name).find_map(|entry| {
                        if entry.def != NONE {
                            return self.is_class(entry.def).then(|| self.container(entry.def));
                        }
                        let (home, path) = imports.get(&entry.slot)?;
                        let own = (*home, *path) == (module, names);
                        if depth > 8 || own {
                            return None;
                        }
                        self.container_at(*home, path, imports, depth + 1)
                    });
                }
                if seen.len() < 64 {
                    let more = self.wildcards.get(&module).into_iter().flatten();
                    let more: Vec<u32> = more.filter(|one| !seen.contains(one)).copied().collect();
                    seen.extend(more);
                    let outer = self.outer.get(module as usize).copied().unwrap_or(NONE);
                    if at == 0 && outer != NONE && !seen.contains(&outer) {
                        seen.push(outer);
                    }
                }
            }
            current = found?;
        }
        Some(current)
    }

    /// Looks an import's path up, name by name.
    pub(super) fn bind_path(
        &mut self,
        slot: u32,
        import: &crate::facts::format::ImportRec,
        target: &super::Target,
        file: u32,
    ) {
        let unit = self.unit(file);
        let home = self.home(file, self.module_scope(file, import.scope));
        let Some((first, rest)) = target.names.split_first() else {
            return;
        };
        let start = if rest.is_empty() {
            slot
        } else {
            self.sets.grow()
        };
        let found = self.look_up_module_but(home, *first, start, slot);
        if !found && target.external != NONE {
            let id = self.external_path(target.external);
            self.sets.add(start, Value::new(Kind::External, id), false);
        }
        let _ = unit;
        let mut current = start;
        for (at, name) in rest.iter().enumerate() {
            let to = if at + 1 == rest.len() {
                slot
            } else {
                self.sets.grow()
            };
            let operation = DynamicOp::Load {
                to,
                name: *name,
                site: NONE,
                file,
            };
            self.hang(current, operation);
            current = to;
        }
    }
}
