//! What variables with a written type can hold.
//!
//! Where a language checks types, a value that is no instance of a variable's
//! type cannot be there; values that merely passed through the same container
//! or helper are kept out.

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{Linker, kind};
use super::values::{Kind, Value};
use crate::facts::format::{NONE, alloc, def_flag, op};
use crate::text::is_element;

/// Most types outside that are followed upwards.
const MOST_ABOVE: usize = 64;

/// Limits of slots, and what is needed to judge values by them.
#[derive(Default)]
pub(super) struct Limits {
    /// Per slot: 0 for none, a class plus one, [`OUTSIDE`] with an index in
    /// `names`, or [`MANY`].
    of_slot: Vec<u32>,
    /// Class and a base of it.
    above: FxHashSet<(u32, u32)>,
    /// Full names of types outside that are written for slots.
    names: Vec<u64>,
    ids: FxHashMap<u64, u32>,
    /// Class and the full name of a type outside that it extends.
    outside: FxHashSet<(u32, u64)>,
    /// Classes with a base of which nothing is known.
    open: FxHashSet<u32>,
    interfaces: FxHashSet<u32>,
    /// Classes of applied types.
    applied: FxHashMap<u32, u32>,
}

/// Marks types outside the repository.
const OUTSIDE: u32 = 1 << 31;
/// More than one type is written, or one that takes anything.
const MANY: u32 = u32::MAX;

impl Limits {
    /// Lets `slot` hold only what can be of a type outside.
    pub(super) fn restrict(&mut self, slot: u32, name: u64) {
        let next = self.names.len() as u32;
        let id = *self.ids.entry(name).or_insert(next);
        if id == next {
            self.names.push(name);
        }
        match self.of_slot.get_mut(slot as usize) {
            Some(limit) if *limit == 0 => *limit = OUTSIDE | id,
            Some(limit) if *limit != OUTSIDE | id => *limit = MANY,
            _ => {}
        }
    }

    /// Whether a slot can hold a value.
    pub(super) fn accept(&self, slot: u32, value: Value) -> bool {
        let limit = self.of_slot.get(slot as usize).copied().unwrap_or(0);
        if limit == 0 || limit == MANY {
            return true;
        }
        let class = match value.kind() {
            Kind::Instance => Some(value.index()),
            Kind::Applied | Kind::Object => self.applied.get(&value.index()).copied(),
            Kind::Def | Kind::Bound => {
                return limit & OUTSIDE != 0 || self.interfaces.contains(&(limit - 1));
            }
            _ => None,
        };
        match (class, limit) {
            (Some(class), _) if limit & OUTSIDE != 0 => {
                let name = self.names.get((limit & !OUTSIDE) as usize);
                self.open.contains(&class)
                    || name.is_some_and(|name| self.outside.contains(&(class, *name)))
            }
            (Some(class), _) => class == limit - 1 || self.above.contains(&(class, limit - 1)),
            (None, _) => limit & OUTSIDE != 0,
        }
    }
}

impl Linker<'_> {
    /// Reads limits off the written types, once names and hierarchy are known.
    pub(super) fn find_limits(&mut self) {
        let units = self.input.units.iter();
        if !units.clone().any(|unit| unit.traits.typed_variables) {
            return;
        }
        let slots = *self.slot_base.last().unwrap_or(&0) as usize;
        self.written.resize(slots, NONE);
        let mut limits = Limits {
            of_slot: vec![0; slots],
            ..Limits::default()
        };
        for (file, unit) in units.enumerate() {
            if !unit.traits.typed_variables {
                continue;
            }
            let file = file as u32;
            self.judge_classes(file, &mut limits);
            for trigger in 0..unit.facts.slots() {
                for record in unit.facts.ops_of(trigger) {
                    if record.kind != op::INSTANCE {
                        continue;
                    }
                    let limit = self.limit(self.slot_in(file, trigger), &mut limits);
                    let slot = self.slot_in(file, record.other);
                    self.write_type(self.slot_in(file, trigger), slot);
                    let slot = slot as usize;
                    limits.of_slot[slot] = match limits.of_slot[slot] {
                        0 => limit,
                        known if known == limit => limit,
                        _ => MANY,
                    };
                }
            }
        }
        self.write_elements();
        self.sets.limits = limits;
    }

    /// What is read from a variable that is written as an array.
    fn write_elements(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.typed_variables {
                continue;
            }
            let file = file as u32;
            for trigger in 0..unit.facts.slots() {
                for record in unit.facts.ops_of(trigger) {
                    if record.kind == op::LOAD && is_element(unit.facts.hash(record.name)) {
                        let from = self.slot_in(file, trigger);
                        self.write_element(from, self.slot_in(file, record.other));
                    }
                }
            }
        }
    }

    fn judge_classes(&mut self, file: u32, limits: &mut Limits) {
        let unit = self.unit(file);
        let base = self.def_base[file as usize];
        for (local, record) in unit.facts.defs.iter().enumerate() {
            let def = base + local as u32;
            if !self.is_class(def) {
                continue;
            }
            if record.kind == kind::INTERFACE {
                limits.interfaces.insert(def);
            }
            for above in self.order(def).iter().skip(1) {
                limits.above.insert((def, *above));
            }
            if record.kind == kind::TYPE_PARAM || record.flags & def_flag::ENUM != 0 {
                limits.open.insert(def);
                continue;
            }
            for base in self.outside_bases(def) {
                let mut names = vec![self.full_name(base)];
                let mut at = 0;
                while let Some(name) = names.get(at).copied() {
                    at += 1;
                    limits.outside.insert((def, name));
                    match unit.traits.extends.get(&name) {
                        Some(above) => names.extend(above.iter().take(MOST_ABOVE)),
                        None => {
                            limits.open.insert(def);
                        }
                    }
                    if at > MOST_ABOVE {
                        break;
                    }
                }
            }
        }
        for (local, record) in unit.facts.allocs.iter().enumerate() {
            let object = self.object_base[file as usize] + local as u32;
            if record.kind == alloc::APPLIED
                && let Some(class) = self.applied_class(Value::new(Kind::Object, object))
            {
                limits.applied.insert(object, class);
            }
        }
    }

    /// The limit that the written type in a slot sets.
    fn limit(&mut self, type_slot: u32, limits: &mut Limits) -> u32 {
        let mut values = self.sets.values(type_slot);
        let Some((value, _)) = values.next() else {
            return MANY;
        };
        if values.next().is_some() {
            return MANY;
        }
        drop(values);
        match value.kind() {
            Kind::Def if self.def(value.index()).kind == kind::TYPE_PARAM => MANY,
            Kind::Def if self.is_class(value.index()) => value.index() + 1,
            Kind::Object => match self.applied_class(value) {
                Some(class) => class + 1,
                None => match self.applied_external(value) {
                    Some(external) => self.limit_outside(external, limits),
                    None => MANY,
                },
            },
            Kind::External => {
                let traits = self
                    .input
                    .units
                    .iter()
                    .find(|unit| unit.traits.typed_variables);
                let name = self.externals[value.index() as usize].1;
                let any = traits.is_some_and(|unit| unit.traits.top_types.contains(&name));
                if any {
                    MANY
                } else {
                    self.limit_outside(value.index(), limits)
                }
            }
            _ => MANY,
        }
    }

    fn limit_outside(&mut self, external: u32, limits: &mut Limits) -> u32 {
        let name = self.full_name(external);
        let next = limits.names.len() as u32;
        let id = *limits.ids.entry(name).or_insert(next);
        if id == next {
            limits.names.push(name);
        }
        OUTSIDE | id
    }
}
