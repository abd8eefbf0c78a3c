//! Types outside: what they are called, what they extend, what arrays of them
//! hold, and what their members give.

use super::calls::EXTERNAL;
use super::names::Linker;
use super::values::{Kind, Value};
use crate::facts::format::NONE;
use crate::text::name_hash;

/// Most types outside that are followed upwards.
const MOST_ABOVE: usize = 64;

impl Linker<'_> {
    /// The hash of the full name of a type outside, however it was reached:
    /// `scheme:package::Outer.Inner`.
    pub(super) fn full_name(&mut self, external: u32) -> u64 {
        if let Some(known) = self.full_names.get(&external) {
            return *known;
        }
        let text = self.external_name(external as usize).replace("::", ".");
        // Packages are written in lower case; what is not begins the type.
        let upper = text
            .match_indices('.')
            .find(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_uppercase()));
        let split = upper.map(|(at, _)| at).or_else(|| text.rfind('.'));
        let hash = match split {
            Some(at) => name_hash(format!("{}::{}", &text[..at], &text[at + 1..]).as_bytes()),
            None => name_hash(text.as_bytes()),
        };
        self.full_names.insert(external, hash);
        hash
    }

    /// How far a type outside stands below another one; `None` where it does
    /// not. Both by the hashes of their full names.
    pub(super) fn above(&self, from: u64, to: u64, file: u32) -> Option<usize> {
        let extends = &self.unit(file).traits.extends;
        let mut seen = vec![(from, 0)];
        let mut at = 0;
        while let Some((name, far)) = seen.get(at).copied() {
            if name == to {
                return Some(far);
            }
            for base in extends.get(&name).into_iter().flatten() {
                if seen.len() < MOST_ABOVE && seen.iter().all(|(known, _)| known != base) {
                    seen.push((*base, far + 1));
                }
            }
            at += 1;
        }
        None
    }

    /// What member `name` of a type outside gives, by the type's full name: its
    /// own or what it has from its bases. With it, whether the type has
    /// arguments that are not known.
    fn member_outside(&self, file: u32, full: u64, name: u64) -> Option<(u32, bool)> {
        let traits = self.unit(file).traits;
        let mut seen = vec![full];
        let mut at = 0;
        while let Some(current) = seen.get(at).copied() {
            if let Some(given) = traits.library.get(&(current, name)) {
                return Some(*given);
            }
            for base in traits.extends.get(&current).into_iter().flatten() {
                if seen.len() < MOST_ABOVE && !seen.contains(base) {
                    seen.push(*base);
                }
            }
            at += 1;
        }
        traits.library.get(&(traits.top, name)).copied()
    }

    /// Gives what member `name` of the type `owner` outside is known to give;
    /// `false` where nothing is. A type whose arguments are not known is only
    /// noted where the receiver `holds` what they may be.
    pub(super) fn give_outside(
        &mut self,
        file: u32,
        call: u32,
        owner: u32,
        name: u64,
        holds: bool,
    ) -> bool {
        let traits = self.unit(file).traits;
        if traits.gives.is_empty() {
            return false;
        }
        let to = self.slot_in(file, self.call(file, call).result);
        let inside = owner == NONE || owner == 0;
        let full = if inside {
            traits.top
        } else {
            self.full_name(owner)
        };
        if let Some((result, open)) = self.member_outside(file, full, name) {
            let value = self.outside_value(result);
            if open && holds {
                self.note_written(to, value.0);
                let name = self.full_name(value.index());
                self.sets.limits.restrict(to, name);
                return false;
            }
            self.sets.add(to, value, false);
            return true;
        }
        if !inside && traits.extends.contains_key(&full) {
            return false;
        }
        let whole = self
            .externals
            .get(owner as usize)
            .map_or(0, |known| known.1);
        let simple = self.simple.get(&whole).copied().unwrap_or(whole);
        let known = traits.gives.get(&(simple, name));
        let Some(result) = known.or_else(|| traits.gives.get(&(0, name))).copied() else {
            return false;
        };
        let value = self.outside_value(result);
        self.sets.add(to, value, false);
        true
    }

    /// A value of the type outside that is called so.
    fn outside_value(&mut self, path: u32) -> Value {
        let id = self.external_path(path);
        let mut array = id;
        while !self.arrays.contains_key(&array) {
            let text = self.externals[array as usize].2.clone();
            let Some(element) = text.strip_suffix("[]") else {
                break;
            };
            let next = self.external_child(NONE, name_hash(element.as_bytes()), element);
            self.arrays.insert(array, next);
            array = next;
        }
        Value::new(Kind::External, id)
    }

    /// What the elements of an array outside are.
    pub(super) fn element_outside(&self, value: Value) -> Option<Value> {
        if value.kind() != Kind::External {
            return None;
        }
        let element = self.arrays.get(&value.index())?;
        Some(Value::new(Kind::External, *element))
    }

    /// What is read of every array, by that name.
    pub(super) fn member_of_array(&mut self, file: u32, name: u64) -> Option<Value> {
        let gives = &self.unit(file).traits.gives;
        if gives.is_empty() {
            return None;
        }
        let path = gives.get(&(name_hash(b"[]"), name)).copied()?;
        Some(self.outside_value(path))
    }

    /// Whether a class of ours can be of a type outside: how far above it that
    /// stands where this is known, and whether more bases are unknown.
    pub(super) fn outside_above(
        &mut self,
        class: u32,
        to: u32,
        file: u32,
    ) -> (Option<usize>, bool) {
        let to = self.full_name(to);
        let mut open = false;
        for base in self.outside_bases(class) {
            let from = self.full_name(base);
            if let Some(far) = self.above(from, to, file) {
                return (Some(far), open);
            }
            open |= !self.unit(file).traits.extends.contains_key(&from);
        }
        (None, open)
    }

    /// The bases outside the repository that a class has, anywhere above it.
    pub(super) fn outside_bases(&mut self, class: u32) -> Vec<u32> {
        let order = self.order(class);
        let all = order
            .iter()
            .filter_map(|base| self.hierarchy.outside.get(base));
        let mut found: Vec<u32> = all.flatten().copied().collect();
        found.truncate(MOST_ABOVE);
        debug_assert!(found.iter().all(|base| base & EXTERNAL == 0));
        found
    }
}
