//! Names that may be inherited members: they are bound when the hierarchy is
//! known, and the bases of classes inside classes are such names themselves.

use rustc_hash::FxHashSet;

use super::names::{Linker, kind};
use crate::facts::format::{FreeRec, NONE, op, seed};

/// Classes that are nested deeper find their bases as those of this depth do.
const MOST_NESTED: usize = 16;

/// Most steps from a name to the base that it is a part of.
const MOST_STEPS: usize = 4;

impl Linker<'_> {
    /// Finds the bases of classes inside classes that inherit: what is written
    /// may be a member type that the class around has from its own bases. So
    /// the outer classes come first.
    pub(super) fn find_nested_bases(&mut self) {
        let mut levels: Vec<Vec<(u32, FreeRec)>> = Vec::new();
        for (file, unit) in self.input.units.iter().enumerate() {
            let file = file as u32;
            if unit.facts.bases.is_empty() || unit.facts.frees.iter().all(|f| f.outer == NONE) {
                continue;
            }
            let mut wanted = self.slots_of_bases(file);
            for _ in 0..MOST_NESTED {
                // A name that is not inherited is that of the class further out.
                let known = wanted.len();
                for free in unit.facts.frees.iter().filter(|free| free.outer != NONE) {
                    if self.leads_to(file, free.slot, &wanted) {
                        wanted.insert(free.outer);
                    }
                }
                if wanted.len() == known {
                    break;
                }
            }
            for free in unit.facts.frees.iter().filter(|free| free.outer != NONE) {
                if self.leads_to(file, free.slot, &wanted) {
                    let depth = self.class_depth(file, free.scope).min(MOST_NESTED);
                    if levels.len() <= depth {
                        levels.resize_with(depth + 1, Vec::new);
                    }
                    levels[depth].push((file, *free));
                }
            }
        }
        for level in levels.into_iter().filter(|level| !level.is_empty()) {
            for (file, free) in level {
                self.bind_inherited_name(file, &free);
            }
            self.run();
            self.hierarchy.forget_bases();
            self.computed_bases.clear();
            self.read_bases();
        }
    }

    /// The slots, in the file, of the types that its classes have as bases.
    fn slots_of_bases(&self, file: u32) -> FxHashSet<u32> {
        let facts = &self.unit(file).facts;
        let mut wanted: FxHashSet<u32> = facts.bases.iter().map(|base| base.slot).collect();
        for record in facts.seeds.iter().filter(|seed| seed.kind == seed::OBJECT) {
            if let Some(alloc) = facts.allocs.get(record.value as usize)
                && alloc.class_slot != NONE
                && wanted.contains(&record.slot)
            {
                wanted.insert(alloc.class_slot);
            }
        }
        wanted
    }

    /// Whether what `slot` has is, or has as a member, what a wanted slot has.
    fn leads_to(&self, file: u32, slot: u32, wanted: &FxHashSet<u32>) -> bool {
        let facts = &self.unit(file).facts;
        let mut reached = vec![slot];
        for _ in 0..MOST_STEPS {
            if reached.iter().any(|slot| wanted.contains(slot)) {
                return true;
            }
            let ops = reached.iter().flat_map(|slot| facts.ops_of(*slot));
            let names = ops.filter(|record| matches!(record.kind, op::COPY | op::LOAD));
            reached = names.map(|record| record.other).collect();
        }
        false
    }

    /// How many classes stand around a definition of a file.
    fn class_depth(&self, file: u32, local: u32) -> usize {
        let defs = self.unit(file).facts.defs;
        let mut at = defs[local as usize].parent;
        let mut depth = 0;
        while at != 0 {
            depth += usize::from(matches!(
                defs[at as usize].kind,
                kind::CLASS | kind::INTERFACE
            ));
            at = defs[at as usize].parent;
        }
        depth
    }

    /// Names that may be inherited members: now it can be seen which are.
    pub(super) fn bind_inherited(&mut self, first: bool) {
        for (file, unit) in self.input.units.iter().enumerate() {
            for free in unit.facts.frees.iter().filter(|free| free.outer != NONE) {
                self.bind_inherited_name(file as u32, free);
            }
        }
        if first {
            // What these names name, before values flow.
            self.naming = true;
            self.run();
            self.naming = false;
        }
    }

    fn bind_inherited_name(&mut self, file: u32, free: &FreeRec) {
        let slot = self.slot_in(file, free.slot);
        let mut class = self.def_base[file as usize] + free.scope;
        if !self.is_class(class) {
            if self.def(class).kind == kind::MODULE {
                return;
            }
            // A member that is defined outside its class.
            class = self.hierarchy.owners.get(&class).copied().unwrap_or(class);
        }
        let name = self.unit(file).facts.hash(free.name);
        let entries = self.find_member(class, name);
        if entries.is_empty() {
            let outer = self.slot_in(file, free.outer);
            self.flow(outer, slot, NONE);
            if let Some(def) = self.stands_for.get(&outer) {
                self.stands_for.insert(slot, *def);
            }
            return;
        }
        for entry in entries {
            self.flow(entry.slot, slot, NONE);
            if entry.def != NONE {
                self.stands_for.entry(slot).or_insert(entry.def);
            }
        }
    }
}
