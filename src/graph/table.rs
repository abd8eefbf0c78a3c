//! Members by container and name, across all files.

use rustc_hash::FxHashMap;

use crate::facts::format::NONE;

/// A member: the variable that it is, and its definition where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) slot: u32,
    pub(super) def: u32,
    next: u32,
}

/// All members. Containers are numbered by the linker: modules, then classes.
#[derive(Default)]
pub(super) struct Table {
    heads: FxHashMap<u64, (u32, u32)>,
    entries: Vec<Entry>,
}

fn key(container: u32, name: u64) -> u64 {
    // Both parts are well mixed: the name is a hash, the container is spread.
    name ^ u64::from(container)
        .wrapping_add(1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(23)
}

impl Table {
    pub(super) fn with_capacity(count: usize) -> Self {
        let mut heads = FxHashMap::default();
        heads.reserve(count);
        Self {
            heads,
            entries: Vec::with_capacity(count),
        }
    }

    pub(super) fn insert(&mut self, container: u32, name: u64, slot: u32, def: u32) {
        let new = self.entries.len() as u32;
        let entries = &mut self.entries;
        entries.push(Entry {
            slot,
            def,
            next: NONE,
        });
        self.heads
            .entry(key(container, name))
            .and_modify(|(_, last)| {
                entries[*last as usize].next = new;
                *last = new;
            })
            .or_insert((new, new));
    }

    /// The members of that name, in the order they were defined.
    pub(super) fn get(&self, container: u32, name: u64) -> impl Iterator<Item = Entry> + '_ {
        let mut at = self
            .heads
            .get(&key(container, name))
            .map_or(NONE, |(first, _)| *first);
        std::iter::from_fn(move || {
            let entry = *self.entries.get(at as usize)?;
            at = entry.next;
            Some(entry)
        })
    }

    pub(super) fn has(&self, container: u32, name: u64) -> bool {
        self.heads.contains_key(&key(container, name))
    }
}
