//! Which of several functions of one name a call means.
//!
//! First by number of arguments, then by what is known of their types. A call
//! whose arguments are not known yet waits until nothing else moves, so that
//! the order in which values arrive decides nothing.

use super::names::{CONSTRUCT, Linker, kind};
use super::table::Entry;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, ParamRec, alloc, call_flag, def_flag, param_flag};

/// A call that waits until more is known of its arguments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) call: u32,
    pub(super) value: Value,
    pub(super) class: u32,
    pub(super) name: u64,
    pub(super) skip: usize,
    pub(super) inferred: bool,
}

/// What is known of the type of an argument or parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Unknown,
    Null,
    /// A type parameter.
    Open,
    Class(u32),
    External(u32),
    /// An array, by the object that its type is.
    Array(u32),
    /// A function of so many parameters.
    Function(usize),
}

/// How well an argument fits, from 0 (not at all).
mod fit {
    pub(super) const SAME: u32 = 32;
    pub(super) const NEAR: u32 = 24;
    pub(super) const FUNCTION: u32 = 12;
    pub(super) const ANY: u32 = 3;
    pub(super) const PERHAPS: u32 = 2;
    pub(super) const UNKNOWN: u32 = 1;
    pub(super) const NOT: u32 = 0;
}

impl Linker<'_> {
    /// The members that a call of `name` on an instance of `class` may mean:
    /// where functions are overloaded, also those of bases that the nearer
    /// ones do not override.
    pub(super) fn candidates(&mut self, class: u32, name: u64, skip: usize) -> Vec<Entry> {
        let traits = self.unit(self.file_of(class)).traits;
        if !traits.overloads || !traits.callables_apart {
            return self.find_member_from(class, name, skip);
        }
        let mut found: Vec<Entry> = Vec::new();
        let order = self.order(class);
        for base in order.iter().skip(skip) {
            let container = self.container(*base);
            if !self.table.has(container, name) {
                continue;
            }
            let known = found.len();
            let entries: Vec<Entry> = self.table.get(container, name).collect();
            for entry in entries {
                let hidden = found[..known]
                    .iter()
                    .any(|nearer| self.same_signature(nearer.def, entry.def));
                if !hidden {
                    found.push(entry);
                }
            }
        }
        found
    }

    /// The members that `def` of `class` overrides, in the nearest of its bases.
    pub(super) fn overridden(&mut self, class: u32, name: u64, def: u32) -> Vec<Entry> {
        let traits = self.unit(self.file_of(class)).traits;
        if !traits.overloads || !traits.callables_apart {
            return self.find_member_from(class, name, 1);
        }
        let mut found = Vec::new();
        let mut seen = vec![class];
        let mut at = 0;
        while at < seen.len() && seen.len() < 256 {
            let current = seen[at];
            at += 1;
            let container = self.container(current);
            let entries = self
                .table
                .get(container, name)
                .filter(|entry| entry.def != def);
            let same: Vec<Entry> = entries
                .filter(|entry| current != class && self.same_signature(entry.def, def))
                .collect();
            if !same.is_empty() {
                found.extend(same);
                continue;
            }
            for base in self.hierarchy.bases.get(&current).into_iter().flatten() {
                if !seen.contains(&base.class) {
                    seen.push(base.class);
                }
            }
        }
        found
    }

    /// Whether two functions take the same types, as far as that is known.
    fn same_signature(&self, one: u32, other: u32) -> bool {
        if one == NONE || other == NONE {
            return one == other;
        }
        let (first, second) = (self.params(one), self.params(other));
        first.len() == second.len()
            && first.iter().zip(second).all(|(first, second)| {
                let (a, b) = (self.type_of(one, first), self.type_of(other, second));
                let open = |shape| matches!(shape, Shape::Open | Shape::Unknown);
                let both = matches!((a, b), (Shape::Array(_), Shape::Array(_)));
                a == b || open(a) || open(b) || both && self.elements_agree(a, b)
            })
    }

    fn type_of(&self, def: u32, param: &ParamRec) -> Shape {
        if param.type_slot == NONE {
            return Shape::Unknown;
        }
        let slot = self.slot_in(self.file_of(def), param.type_slot);
        let first = self.sets.values(slot).next();
        first.map_or(Shape::Unknown, |(value, _)| self.shape(value))
    }

    fn shape(&self, value: Value) -> Shape {
        match value.kind() {
            Kind::Def | Kind::Instance if self.is_class(value.index()) => {
                if self.def(value.index()).kind == kind::TYPE_PARAM {
                    Shape::Open
                } else {
                    Shape::Class(value.index())
                }
            }
            Kind::Def => Shape::Function(self.params(value.index()).len()),
            Kind::Bound => {
                let def = self.bound[value.index() as usize].0;
                let known = self.is_function(def);
                Shape::Function(if known {
                    self.params(def).len()
                } else {
                    usize::MAX
                })
            }
            Kind::Object | Kind::Applied => {
                if let Some(class) = self.applied_class(value) {
                    return Shape::Class(class);
                }
                if let Some(external) = self.applied_external(value) {
                    return Shape::External(external);
                }
                match self.alloc(value.index()) {
                    Some((_, record)) if record.class_slot == NONE => Shape::Array(value.index()),
                    Some((_, record)) if record.kind == alloc::LITERAL => {
                        Shape::Array(value.index())
                    }
                    _ => Shape::Unknown,
                }
            }
            Kind::External if self.externals[value.index() as usize].2.is_empty() => Shape::Null,
            Kind::External => Shape::External(value.index()),
            _ => Shape::Unknown,
        }
    }

    /// What is known of an argument: what scope or type say comes first.
    fn argument_shape(&self, slot: u32) -> Shape {
        let mut values = self.sets.values(slot);
        let exact = values.find(|(_, inferred)| !inferred);
        let first = exact.or_else(|| self.sets.values(slot).next());
        first.map_or(Shape::Unknown, |(value, _)| self.shape(value))
    }

    fn is_primitive(&self, external: u32) -> bool {
        let text = &self.externals[external as usize].2;
        let last = text.rsplit("::").next().unwrap_or_default();
        last.starts_with(|letter: char| letter.is_ascii_lowercase())
    }

    fn rank(&mut self, arg: Shape, param: Shape, file: u32) -> u32 {
        let traits = self.unit(file).traits;
        let any =
            |linker: &Self, id: u32| traits.top_types.contains(&linker.externals[id as usize].1);
        match (arg, param) {
            (Shape::Unknown, _) | (_, Shape::Unknown) => fit::UNKNOWN,
            (Shape::Null, Shape::External(id)) if self.is_primitive(id) => fit::NOT,
            (Shape::Null, Shape::External(id)) if any(self, id) => fit::UNKNOWN,
            (Shape::Null, _) => fit::PERHAPS,
            (Shape::External(id), Shape::Open) if self.is_primitive(id) => fit::UNKNOWN,
            (_, Shape::Open) => fit::ANY,
            (Shape::Open, Shape::External(id)) if any(self, id) => fit::ANY,
            (Shape::Open, Shape::External(id)) if self.is_primitive(id) => fit::NOT,
            (Shape::Open, _) => fit::UNKNOWN,
            (Shape::Class(one), Shape::Class(other)) if one == other => fit::SAME,
            (Shape::Class(one), Shape::Class(_)) if !self.hierarchy.bases.contains_key(&one) => {
                fit::NOT
            }
            (Shape::Class(one), Shape::Class(other)) => {
                let order = self.order(one);
                let distance = order.iter().position(|base| *base == other);
                match distance {
                    Some(0) => fit::SAME,
                    Some(far) => fit::NEAR.saturating_sub(far as u32).max(fit::FUNCTION),
                    None => fit::NOT,
                }
            }
            (Shape::Array(one), Shape::Array(other)) => {
                match (self.element(one), self.element(other)) {
                    (Shape::Array(_), Shape::Array(_)) => fit::NEAR,
                    (one, other) if one == other => fit::SAME,
                    (one, other) => self.rank(one, other, file).min(fit::FUNCTION),
                }
            }
            (Shape::Function(count), Shape::Class(class)) => self.rank_function(count, class),
            (Shape::Function(_), Shape::External(id)) if any(self, id) => fit::UNKNOWN,
            (Shape::Function(_), Shape::External(id)) if self.is_primitive(id) => fit::NOT,
            (Shape::Function(_), Shape::External(_)) => fit::FUNCTION,
            (Shape::External(one), Shape::External(other)) if one == other => fit::SAME,
            (Shape::External(one), Shape::External(other)) => {
                let place = |id: u32| {
                    let hash = self.externals[id as usize].1;
                    traits.widening.iter().position(|known| *known == hash)
                };
                match (place(one), place(other)) {
                    (Some(from), Some(to)) if from < to => fit::NEAR - (to - from) as u32,
                    (Some(_), Some(_)) => fit::NOT,
                    _ if any(self, other) => fit::ANY,
                    _ if self.is_primitive(one) != self.is_primitive(other) => fit::UNKNOWN,
                    _ if self.is_primitive(one) => fit::NOT,
                    _ => fit::PERHAPS,
                }
            }
            (_, Shape::External(id)) if any(self, id) => fit::ANY,
            (Shape::Class(class), Shape::External(id)) => match self.external_base(class) {
                Some(base) if base == id => fit::NEAR,
                Some(_) if !self.is_primitive(id) => fit::PERHAPS,
                _ => fit::NOT,
            },
            _ => fit::NOT,
        }
    }

    fn rank_function(&mut self, count: usize, class: u32) -> u32 {
        match self.single_method(class) {
            Some(method) if count == usize::MAX || self.params(method).len() == count => {
                fit::FUNCTION
            }
            Some(_) => fit::UNKNOWN,
            None => fit::NOT,
        }
    }

    /// Of several functions of one name, those that the arguments fit; nothing
    /// where that cannot be said yet.
    pub(super) fn overloads(
        &mut self,
        file: u32,
        call: u32,
        candidates: &[u32],
    ) -> Option<Vec<u32>> {
        let record = *self.call(file, call);
        if candidates.len() < 2
            || record.flags & call_flag::SPREAD != 0
            || !self.unit(file).traits.overloads
        {
            return Some(candidates.to_vec());
        }
        let count = record.args_len as usize;
        let mut fits: Vec<u32> = Vec::new();
        let mut exact: Vec<u32> = Vec::new();
        for def in candidates {
            let params = self.params(*def);
            let rest = params
                .iter()
                .any(|param| param.flags & param_flag::REST != 0);
            let rest = rest || self.def(*def).flags & def_flag::VARIADIC != 0;
            let optional = param_flag::OPTIONAL | param_flag::REST;
            let required = params
                .iter()
                .filter(|param| param.flags & optional == 0)
                .count();
            let declared = self
                .declared
                .get(def)
                .map_or(required, |known| known.0 as usize);
            if count >= required.min(declared) && (rest || count <= params.len()) {
                fits.push(*def);
                if count == params.len() {
                    exact.push(*def);
                }
            }
        }
        if fits.is_empty() {
            return Some(candidates.to_vec());
        }
        if fits.len() == 1 || !self.unit(file).traits.typed_variables {
            return Some(fits);
        }
        let args: Vec<u32> = self
            .unit(file)
            .facts
            .args_of(&record)
            .iter()
            .map(|arg| self.slot_in(file, arg.slot))
            .collect();
        if !self.settling && args.iter().any(|slot| self.sets.is_empty(*slot)) {
            return None;
        }
        Some(self.best(file, &args, &fits, &exact))
    }

    fn best(&mut self, file: u32, args: &[u32], fits: &[u32], exact: &[u32]) -> Vec<u32> {
        let shapes: Vec<Shape> = args.iter().map(|slot| self.argument_shape(*slot)).collect();
        // Functions that take the arguments one by one come before those that
        // gather them.
        for (round, group) in [exact, fits].into_iter().enumerate() {
            let mut best: Vec<u32> = Vec::new();
            let mut top = (usize::MAX, 0);
            for def in group {
                let params = self.params(*def);
                let (mut misses, mut sum) = (0, 0);
                for (at, arg) in shapes.iter().enumerate() {
                    let Some(param) = params.get(at.min(params.len().saturating_sub(1))) else {
                        continue;
                    };
                    let gathers = param.flags & param_flag::REST != 0
                        && (!matches!(arg, Shape::Array(_)) || at + 1 != shapes.len());
                    if gathers && round == 0 {
                        misses += usize::from(*arg != Shape::Null);
                        continue;
                    }
                    let written = if gathers {
                        self.gathered(*def, param)
                    } else {
                        self.type_of(*def, param)
                    };
                    let rank = self.rank(*arg, written, file);
                    misses += usize::from(rank == fit::NOT);
                    sum += rank;
                    if misses > top.0 {
                        // Some other takes more of them.
                        break;
                    }
                }
                let key = (misses, sum);
                if best.is_empty() || key.0 < top.0 || key.0 == top.0 && key.1 > top.1 {
                    best.clear();
                    top = key;
                }
                if key == top {
                    best.push(*def);
                }
            }
            if top.0 == 0 || round == 1 {
                return best;
            }
        }
        fits.to_vec()
    }

    /// The type of the elements that a parameter gathers.
    fn gathered(&self, def: u32, param: &ParamRec) -> Shape {
        if param.type_slot == NONE {
            return Shape::Unknown;
        }
        let file = self.file_of(def);
        let slot = self.slot_in(file, param.type_slot);
        let first = self.sets.values(slot).next();
        let object = first.filter(|(value, _)| value.kind() == Kind::Object);
        object.map_or(Shape::Unknown, |(value, _)| self.element(value.index()))
    }

    fn elements_agree(&self, one: Shape, other: Shape) -> bool {
        let (Shape::Array(one), Shape::Array(other)) = (one, other) else {
            return false;
        };
        let (one, other) = (self.element(one), self.element(other));
        let open = |shape| matches!(shape, Shape::Open | Shape::Unknown | Shape::Array(_));
        one == other || open(one) || open(other)
    }

    /// What is known of the elements of an array.
    fn element(&self, object: u32) -> Shape {
        let Some((owner, record)) = self.alloc(object).filter(|(_, record)| record.args_len > 0)
        else {
            return Shape::Unknown;
        };
        let facts = &self.unit(owner).facts;
        let Some(arg) = facts.args.get(record.args as usize) else {
            return Shape::Unknown;
        };
        let slot = self.slot_in(owner, arg.slot);
        let first = self.sets.values(slot).next();
        first.map_or(Shape::Unknown, |(value, _)| self.shape(value))
    }

    /// Decides calls that waited; `true` where there were any. Those whose
    /// arguments are known by now go first, for they may tell of the others'.
    pub(super) fn settle_pending(&mut self) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        let pending = std::mem::take(&mut self.pending);
        let (ready, waiting): (Vec<Pending>, Vec<Pending>) =
            pending.into_iter().partition(|pending| {
                let file = self.call_file(pending.call);
                let record = self.call(file, pending.call);
                let args = self.unit(file).facts.args_of(record);
                args.iter()
                    .all(|arg| !self.sets.is_empty(self.slot_in(file, arg.slot)))
            });
        let now = if ready.is_empty() {
            waiting
        } else {
            self.pending = waiting;
            ready
        };
        self.settling = true;
        for Pending {
            call,
            value,
            class,
            name,
            skip,
            inferred,
        } in now
        {
            let file = self.call_file(call);
            if name == CONSTRUCT && value.kind() == Kind::Def {
                self.make(file, call, class, inferred);
            } else if name == CONSTRUCT {
                self.construct_direct_base(file, call, class, inferred);
            } else {
                self.call_member(file, call, value, class, name, skip, inferred);
            }
        }
        self.settling = false;
        true
    }
}
