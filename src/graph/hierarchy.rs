//! Classes and their bases: linear orders, members declared outside, overriding.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{BLANKET, CONSTRUCT, Linker, external, kind};
use super::table::Entry;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, def_flag};

/// The bases of classes, and the orders in which members are looked up.
#[derive(Default)]
pub(super) struct Hierarchy {
    /// Class → (base, implements, site line, site column).
    pub(super) bases: FxHashMap<u32, Vec<Base>>,
    pub(super) derived: FxHashMap<u32, Vec<u32>>,
    /// Class → a base outside the repository.
    pub(super) external: FxHashMap<u32, u32>,
    /// Class → all its bases outside the repository.
    pub(super) outside: FxHashMap<u32, Vec<u32>>,
    orders: FxHashMap<u32, Arc<[u32]>>,
    /// Class and name → the base whose member it is, or [`NONE`].
    nearest: FxHashMap<(u32, u64), u32>,
    /// The class that members of an `impl` belong to.
    pub(super) owners: FxHashMap<u32, u32>,
    /// Each `impl` that is for an interface's sake.
    pub(super) of_interface: FxHashSet<u32>,
}

/// One base of a class, and where it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    pub(super) class: u32,
    /// The applied type that the base is written as, or [`NONE`].
    pub(super) applied: u32,
    pub(super) implements: bool,
    pub(super) file: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Longest lookup order; a deeper hierarchy is cut, which bounds each lookup.
const MAX_ORDER: usize = 2048;

impl Hierarchy {
    /// Notes a base outside the repository.
    fn extends_outside(&mut self, class: u32, external: u32) {
        self.external.entry(class).or_insert(external);
        let known = self.outside.entry(class).or_default();
        if !known.contains(&external) {
            known.push(external);
        }
    }

    /// Forgets what was read off names.
    pub(super) fn forget_bases(&mut self) {
        self.bases.clear();
        self.derived.clear();
        self.external.clear();
        self.outside.clear();
        self.orders.clear();
    }
}

impl Linker<'_> {
    /// Reads the hierarchy off the values that names have by now.
    pub(super) fn find_hierarchy(&mut self) {
        self.attach_outside_members();
        self.read_bases();
        self.find_nested_bases();
    }

    /// Reads the bases whose names mean something by now.
    pub(super) fn read_bases(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            for base in unit.facts.bases {
                let mut class = self.def_base[file] + base.class;
                if let Some(owner) = self.hierarchy.owners.get(&class) {
                    class = *owner;
                }
                let slot = self.slot_in(file as u32, base.slot);
                let found: Vec<Value> = self.sets.values(slot).map(|(value, _)| value).collect();
                let known = |value: &Value| matches!(value.kind(), Kind::Def | Kind::External);
                if !found.iter().any(known) && unit.traits.prototype != 0 {
                    // A base that is computed is found while values flow.
                    self.computed_bases.push((class, slot));
                }
                for value in found {
                    let target = match value.kind() {
                        Kind::Def => Some(value.index()),
                        Kind::Object => {
                            if let Some(external) = self.applied_external(value) {
                                self.hierarchy.extends_outside(class, external);
                            }
                            self.applied_class(value)
                        }
                        Kind::External => {
                            self.hierarchy.extends_outside(class, value.index());
                            None
                        }
                        _ => None,
                    };
                    let Some(target) = target.filter(|target| *target != class) else {
                        continue;
                    };
                    let record = Base {
                        class: target,
                        applied: if value.kind() == Kind::Object {
                            value.index()
                        } else {
                            NONE
                        },
                        implements: base.implements != 0,
                        file: file as u32,
                        line: base.line,
                        column: base.column,
                    };
                    self.hierarchy.bases.entry(class).or_default().push(record);
                    self.hierarchy
                        .derived
                        .entry(target)
                        .or_default()
                        .push(class);
                }
            }
            self.find_definitions(file as u32);
        }
    }

    /// A type that is defined as another has its members.
    fn find_definitions(&mut self, file: u32) {
        let unit = self.unit(file);
        for (local, def) in unit.facts.defs.iter().enumerate() {
            if def.kind != kind::CLASS || def.type_slot == NONE {
                continue;
            }
            let class = self.def_base[file as usize] + local as u32;
            let slot = self.slot_in(file, def.type_slot);
            let found: Vec<Value> = self.sets.values(slot).map(|(value, _)| value).collect();
            for value in found {
                let target = match value.kind() {
                    Kind::Def => value.index(),
                    Kind::Object => match self.applied_class(value) {
                        Some(class) => class,
                        None => continue,
                    },
                    Kind::External => {
                        self.hierarchy.extends_outside(class, value.index());
                        continue;
                    }
                    _ => continue,
                };
                if target != class && self.is_class(target) {
                    let record = Base {
                        class: target,
                        implements: false,
                        applied: NONE,
                        file,
                        line: 0,
                        column: 0,
                    };
                    self.hierarchy.bases.entry(class).or_default().push(record);
                }
            }
        }
    }

    /// Members of `impl` blocks, and members named by a path, join their class.
    fn attach_outside_members(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            let file = file as u32;
            let base = self.def_base[file as usize];
            for record in unit.facts.bases {
                if unit.facts.defs[record.class as usize].kind == kind::IMPL {
                    self.hierarchy.of_interface.insert(base + record.class);
                }
            }
            for (local, def) in unit.facts.defs.iter().enumerate() {
                if def.owner_slot == NONE {
                    continue;
                }
                let id = base + local as u32;
                let container = if let Some(owner) = self.owner(file, def.owner_slot) {
                    self.hierarchy.owners.insert(id, owner);
                    if self.def(owner).kind == kind::TYPE_PARAM && def.kind == kind::IMPL {
                        BLANKET
                    } else {
                        self.container(owner)
                    }
                } else if let Some(id) = self.external_owner(file, def.owner_slot) {
                    external(id)
                } else {
                    self.attach_to_namespace(file, id);
                    continue;
                };
                if def.kind == kind::IMPL {
                    for member in unit.facts.members_of(local as u32) {
                        let slot = self.slot_in(file, member.slot);
                        let def = if member.def == NONE {
                            NONE
                        } else {
                            base + member.def
                        };
                        self.table
                            .insert(container, unit.facts.hash(member.name), slot, def);
                    }
                } else {
                    let slot = self.slot_in(file, def.slot);
                    self.table
                        .insert(container, unit.facts.hash(def.name), slot, id);
                    let class_name = self
                        .hierarchy
                        .owners
                        .get(&id)
                        .map_or(0, |owner| self.def_name(*owner));
                    if def.flags & def_flag::CONSTRUCTOR != 0
                        || unit.facts.hash(def.name) == class_name
                    {
                        self.table.insert(container, CONSTRUCT, slot, id);
                    }
                    let destructor = unit.traits.destructor.as_slice();
                    if !destructor.is_empty() && unit.facts.name(def.name).starts_with(destructor) {
                        self.table.insert(
                            container,
                            xxhash_rust::xxh3::xxh3_64(destructor),
                            slot,
                            id,
                        );
                    }
                }
            }
        }
    }

    /// The lookup order of a class: itself, then its bases (C3 where that
    /// exists, otherwise depth first).
    pub(super) fn order(&mut self, class: u32) -> Arc<[u32]> {
        if let Some(order) = self.hierarchy.orders.get(&class) {
            return Arc::clone(order);
        }
        // Bases first, without recursion: a class is done when its bases are.
        let mut stack = vec![(class, false)];
        let mut open = rustc_hash::FxHashSet::default();
        while let Some((current, ready)) = stack.pop() {
            if self.hierarchy.orders.contains_key(&current) {
                continue;
            }
            let bases: Vec<u32> = self
                .hierarchy
                .bases
                .get(&current)
                .map(|bases| bases.iter().map(|base| base.class).collect())
                .unwrap_or_default();
            if ready {
                let order = self.merge(current, &bases);
                self.steps += order.len() as u64;
                self.hierarchy.orders.insert(current, order);
                continue;
            }
            open.insert(current);
            stack.push((current, true));
            for base in bases.iter().rev() {
                if !open.contains(base) {
                    stack.push((*base, false));
                }
            }
        }
        self.hierarchy
            .orders
            .get(&class)
            .cloned()
            .unwrap_or_else(|| Arc::new([class]))
    }

    /// The lookup order where bases are parts: the nearest first.
    fn nearest(&self, class: u32) -> Arc<[u32]> {
        let mut order = vec![class];
        let mut seen: rustc_hash::FxHashSet<u32> = std::iter::once(class).collect();
        let mut at = 0;
        while at < order.len() && order.len() < MAX_ORDER {
            let bases = self.hierarchy.bases.get(&order[at]);
            for base in bases.into_iter().flatten() {
                if seen.insert(base.class) {
                    order.push(base.class);
                }
            }
            at += 1;
        }
        order.into()
    }

    fn merge(&self, class: u32, bases: &[u32]) -> Arc<[u32]> {
        if self.unit(self.file_of(class)).traits.embeds {
            return self.nearest(class);
        }
        let mut order = vec![class];
        if let [base] = bases {
            if let Some(rest) = self.hierarchy.orders.get(base) {
                order.extend(rest.iter().copied().filter(|other| *other != class));
            } else {
                order.push(*base);
            }
            order.truncate(MAX_ORDER);
            return order.into();
        }
        let mut lists: Vec<Vec<u32>> = bases
            .iter()
            .map(|base| {
                self.hierarchy
                    .orders
                    .get(base)
                    .map_or_else(|| vec![*base], |order| order.to_vec())
            })
            .collect();
        lists.push(bases.to_vec());
        for list in &mut lists {
            list.retain(|other| *other != class);
            list.reverse();
        }
        loop {
            lists.retain(|list| !list.is_empty());
            if lists.is_empty() || order.len() >= MAX_ORDER {
                break;
            }
            let free = lists
                .iter()
                .map(|list| list[list.len() - 1])
                .find(|candidate| {
                    lists
                        .iter()
                        .all(|list| !list[..list.len() - 1].contains(candidate))
                });
            let next = free.unwrap_or_else(|| lists[0][lists[0].len() - 1]);
            order.push(next);
            for list in &mut lists {
                list.retain(|other| *other != next);
            }
        }
        order.into()
    }

    /// The members of that name that an instance of `class` has: those of the
    /// first class in its order that has any.
    pub(super) fn find_member(&mut self, class: u32, name: u64) -> Vec<Entry> {
        self.find_member_from(class, name, 0)
    }

    /// The same, leaving out the first `skip` classes of the order.
    pub(super) fn find_member_from(&mut self, class: u32, name: u64, skip: usize) -> Vec<Entry> {
        let container = self.container(class);
        if skip == 0 && self.table.has(container, name) {
            return self.own_first(self.table.get(container, name).collect());
        }
        if !self.hierarchy.bases.contains_key(&class) {
            return Vec::new();
        }
        match self.nearest_with(class, name, skip) {
            NONE => Vec::new(),
            base => self.table.get(self.container(base), name).collect(),
        }
    }

    /// The first class in the order of `class`, from place `skip` on, that has
    /// members of that name, or [`NONE`].
    fn nearest_with(&mut self, class: u32, name: u64, skip: usize) -> u32 {
        // A class that stands first was looked at already, or is left out. The
        // tables are complete when values flow.
        let keeps = !self.naming && skip < 2;
        if let (true, Some(base)) = (keeps, self.hierarchy.nearest.get(&(class, name))) {
            return *base;
        }
        let order = self.order(class);
        let has = |base: &u32| self.table.has(self.container(*base), name);
        let found = order
            .iter()
            .skip(skip.max(1))
            .copied()
            .find(has)
            .unwrap_or(NONE);
        if keeps {
            self.hierarchy.nearest.insert((class, name), found);
        }
        found
    }

    /// Members that a class has of its own come before those that it has for
    /// an interface's sake.
    fn own_first(&self, entries: Vec<Entry>) -> Vec<Entry> {
        if entries.len() < 2 || self.hierarchy.of_interface.is_empty() {
            return entries;
        }
        let of_interface = |entry: &Entry| {
            entry.def != NONE
                && self
                    .hierarchy
                    .of_interface
                    .contains(&self.parent(entry.def))
        };
        let own: Vec<Entry> = entries
            .iter()
            .filter(|entry| !of_interface(entry))
            .copied()
            .collect();
        if own.is_empty() { entries } else { own }
    }

    /// An external base anywhere above `class`.
    pub(super) fn external_base(&mut self, class: u32) -> Option<u32> {
        let order = self.order(class);
        order
            .iter()
            .find_map(|base| self.hierarchy.external.get(base).copied())
    }

    /// Whether a definition is a class of some sort.
    pub(super) fn is_class(&self, def: u32) -> bool {
        matches!(
            self.def(def).kind,
            kind::CLASS | kind::INTERFACE | kind::TYPE_PARAM
        ) || self.def(def).flags & def_flag::VARIANT != 0
    }

    pub(super) fn is_function(&self, def: u32) -> bool {
        matches!(self.def(def).kind, kind::FUNCTION | kind::METHOD)
    }
}
