//! Which of several functions of one name a call means.
//!
//! First by number of arguments, then by what is known of their types. A call
//! whose arguments are not known yet waits until nothing else moves, so that
//! the order in which values arrive decides nothing.

use std::cmp::Reverse;

use super::names::{CONSTRUCT, Linker};
use super::shapes::{Shape, fit};
use super::table::Entry;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, ParamRec, call_flag, def_flag, param_flag};

/// Most functions of one name that are asked whether they override another.
const MOST_HIDING: usize = 256;

/// Most functions that fit alike and are held against each other.
const MOST_COMPARED: usize = 16;

/// How well all arguments of a call fit a function; more is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Arguments that do not fit.
    misses: Reverse<usize>,
    /// Whether some value must turn into one of another type.
    turned: Reverse<bool>,
    sum: u32,
}

/// A call that waits until more is known of its arguments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) call: u32,
    pub(super) value: Value,
    pub(super) class: u32,
    pub(super) name: u64,
    pub(super) skip: usize,
    pub(super) inferred: bool,
    /// Why it was made.
    pub(super) cause: super::trace::Cause,
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
                let hidden = found[..known.min(MOST_HIDING)]
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
                let open = |shape| matches!(shape, Shape::Open(_) | Shape::Unknown);
                let both = matches!((a, b), (Shape::Array(_), Shape::Array(_)));
                a == b || open(a) || open(b) || both && self.elements_agree(a, b)
            })
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

    /// Whether types leave open which of several functions is meant.
    pub(super) fn is_tie(&self, file: u32, chosen: &[u32]) -> bool {
        chosen.len() > 1 && self.unit(file).traits.typed_variables
    }

    fn best(&mut self, file: u32, args: &[u32], fits: &[u32], exact: &[u32]) -> Vec<u32> {
        let shapes: Vec<Shape> = args.iter().map(|slot| self.argument_shape(*slot)).collect();
        // Functions that take the arguments one by one come before those that
        // gather them.
        for (round, group) in [exact, fits].into_iter().enumerate() {
            let mut best: Vec<u32> = Vec::new();
            let mut top = Fit::default();
            for def in group {
                let key = self.fit_all(file, *def, &shapes, round == 0);
                if best.is_empty() || key > top {
                    best.clear();
                    top = key;
                }
                if key == top {
                    best.push(*def);
                }
            }
            if !best.is_empty() && top.misses.0 == 0 || round == 1 {
                // Nothing is specific to an argument of which nothing is known.
                if shapes.contains(&Shape::Unknown) {
                    return best;
                }
                return self.most_specific(file, best);
            }
        }
        fits.to_vec()
    }

    /// How well all arguments fit a function.
    fn fit_all(&mut self, file: u32, def: u32, shapes: &[Shape], one_by_one: bool) -> Fit {
        self.steps += 1;
        let params = self.params(def);
        let (mut misses, mut turned, mut sum) = (0, false, 0);
        for (at, arg) in shapes.iter().enumerate() {
            let Some(param) = params.get(at.min(params.len().saturating_sub(1))) else {
                continue;
            };
            let gathers = param.flags & param_flag::REST != 0
                && (!matches!(arg, Shape::Array(_)) || at + 1 != shapes.len());
            if gathers && one_by_one {
                misses += usize::from(*arg != Shape::Null);
                continue;
            }
            let written = if gathers {
                self.gathered(def, param)
            } else {
                self.type_of(def, param)
            };
            let rank = self.rank(*arg, self.bounded(written), file);
            misses += usize::from(rank == fit::NOT);
            turned |= rank & fit::TURNED != 0;
            sum += rank & !fit::TURNED;
        }
        Fit {
            misses: Reverse(misses),
            turned: Reverse(turned),
            sum,
        }
    }

    /// Of functions that fit alike, the one whose parameters all fit those of
    /// the others too.
    fn most_specific(&mut self, file: u32, fits: Vec<u32>) -> Vec<u32> {
        if fits.len() < 2 || fits.len() > MOST_COMPARED {
            return fits;
        }
        for def in &fits {
            let params: Vec<ParamRec> = self.params(*def).to_vec();
            let mine: Vec<Shape> = params
                .iter()
                .map(|param| self.bounded(self.type_of(*def, param)))
                .collect();
            let mut beats = true;
            for other in fits.iter().filter(|other| *other != def) {
                let theirs: Vec<ParamRec> = self.params(*other).to_vec();
                let mut narrower = theirs.len() == mine.len();
                let mut differs = false;
                for (mine, param) in mine.iter().zip(&theirs) {
                    let their = self.bounded(self.type_of(*other, param));
                    if *mine == their {
                        continue;
                    }
                    differs = true;
                    narrower &= self.rank(*mine, their, file) > fit::UNKNOWN
                        && self.rank(their, *mine, file) <= fit::UNKNOWN;
                }
                beats &= narrower && differs;
            }
            if beats {
                return vec![*def];
            }
        }
        fits
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
            cause,
        } in now
        {
            self.resume(cause);
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
        self.resume(super::trace::Cause::START);
        true
    }
}
