//! Values that flow, and the small sets of them that slots hold.

use crate::facts::format::NONE;

/// A value: three bits of kind, the rest an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Value(pub(super) u32);

const SHIFT: u32 = 29;
const MASK: u32 = (1 << SHIFT) - 1;

/// What kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A definition itself: a function, a class, a type parameter.
    Def,
    /// An instance of a class.
    Instance,
    /// A container or object made at one place; as a type, an applied type.
    Object,
    /// A module.
    Module,
    /// A symbol outside the repository.
    External,
    /// A function with its receiver.
    Bound,
    /// The bases' view of an instance of a class.
    Super,
    /// An instance of an applied type.
    Applied,
}

impl Value {
    pub(super) fn new(kind: Kind, index: u32) -> Self {
        Self((kind as u32) << SHIFT | (index & MASK))
    }

    pub(super) fn kind(self) -> Kind {
        match self.0 >> SHIFT {
            0 => Kind::Def,
            1 => Kind::Instance,
            2 => Kind::Object,
            3 => Kind::Module,
            4 => Kind::External,
            5 => Kind::Bound,
            6 => Kind::Super,
            _ => Kind::Applied,
        }
    }

    pub(super) fn index(self) -> u32 {
        self.0 & MASK
    }
}

/// Most values that a slot holds; past it the slot is unknown.
pub(super) const CAP: u16 = 24;

#[derive(Clone, Copy)]
struct Head {
    first: u32,
    last: u32,
    /// Last value that has been passed on.
    done: u32,
    len: u16,
    queued: bool,
    full: bool,
}

#[derive(Clone, Copy)]
struct Cell {
    value: Value,
    next: u32,
    inferred: bool,
}

/// The value sets of all slots.
pub(super) struct Sets {
    heads: Vec<Head>,
    cells: Vec<Cell>,
    /// Slots with values to pass on.
    queue: std::collections::VecDeque<u32>,
    /// What slots with a written type can hold.
    pub(super) limits: super::limits::Limits,
}

impl Sets {
    pub(super) fn new(slots: usize) -> Self {
        let empty = Head {
            first: NONE,
            last: NONE,
            done: NONE,
            len: 0,
            queued: false,
            full: false,
        };
        Self {
            heads: vec![empty; slots],
            cells: Vec::with_capacity(slots / 2),
            queue: std::collections::VecDeque::new(),
            limits: super::limits::Limits::default(),
        }
    }

    /// A new slot.
    pub(super) fn grow(&mut self) -> u32 {
        let empty = Head {
            first: NONE,
            last: NONE,
            done: NONE,
            len: 0,
            queued: false,
            full: false,
        };
        self.heads.push(empty);
        self.heads.len() as u32 - 1
    }

    /// Adds a value; `true` where it is new.
    pub(super) fn add(&mut self, slot: u32, value: Value, inferred: bool) -> bool {
        let head = self.heads[slot as usize];
        let mut at = head.first;
        while at != NONE {
            let cell = &mut self.cells[at as usize];
            if cell.value == value {
                cell.inferred &= inferred;
                return false;
            }
            at = cell.next;
        }
        if !self.limits.accept(slot, value) {
            return false;
        }
        if head.len >= CAP {
            self.heads[slot as usize].full = true;
            return false;
        }
        let new = self.cells.len() as u32;
        self.cells.push(Cell {
            value,
            next: NONE,
            inferred,
        });
        let head = &mut self.heads[slot as usize];
        if head.last == NONE {
            head.first = new;
        } else {
            self.cells[head.last as usize].next = new;
        }
        head.last = new;
        head.len += 1;
        if !head.queued {
            head.queued = true;
            self.queue.push_back(slot);
        }
        true
    }

    /// Takes a slot that has values to pass on.
    pub(super) fn take(&mut self) -> Option<u32> {
        let slot = self.queue.pop_front()?;
        self.heads[slot as usize].queued = false;
        Some(slot)
    }

    /// The next value of `slot` that has not been passed on, with how it was found.
    pub(super) fn next_new(&mut self, slot: u32) -> Option<(Value, bool)> {
        let head = &mut self.heads[slot as usize];
        let at = if head.done == NONE {
            head.first
        } else {
            self.cells[head.done as usize].next
        };
        if at == NONE {
            return None;
        }
        head.done = at;
        let cell = self.cells[at as usize];
        Some((cell.value, cell.inferred))
    }

    /// Forgets what was passed on, so that everything is passed on again.
    pub(super) fn restart(&mut self) {
        for slot in 0..self.heads.len() as u32 {
            let head = &mut self.heads[slot as usize];
            head.done = NONE;
            if head.first != NONE && !head.queued {
                head.queued = true;
                self.queue.push_back(slot);
            }
        }
    }

    /// The values of `slot`.
    pub(super) fn values(&self, slot: u32) -> impl Iterator<Item = (Value, bool)> + '_ {
        let mut at = self.heads[slot as usize].first;
        std::iter::from_fn(move || {
            let cell = self.cells.get(at as usize)?;
            at = cell.next;
            Some((cell.value, cell.inferred))
        })
    }

    /// Whether the slot was given more values than it holds.
    pub(super) fn is_full(&self, slot: u32) -> bool {
        self.heads[slot as usize].full
    }

    /// Whether the slot has no value.
    pub(super) fn is_empty(&self, slot: u32) -> bool {
        self.heads[slot as usize].first == NONE
    }

    /// Whether some value of the slot has been passed on already.
    pub(super) fn passed(&self, slot: u32) -> impl Iterator<Item = (Value, bool)> + '_ {
        let head = self.heads[slot as usize];
        let mut at = if head.done == NONE { NONE } else { head.first };
        let last = head.done;
        std::iter::from_fn(move || {
            let here = at;
            let cell = self.cells.get(here as usize)?;
            at = if here == last { NONE } else { cell.next };
            Some((cell.value, cell.inferred))
        })
    }
}
