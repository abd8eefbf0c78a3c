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

/// Something outside that has no name of its own: what a call outside gives.
pub(super) const OPAQUE: Value = Value((Kind::External as u32) << SHIFT);

/// Most values that flow into a slot; past it the slot is unknown.
pub(super) const CAP: usize = 18;

/// Most values that a slot holds, with what its written type says.
pub(super) const MOST: usize = 30;

/// Values that stand in the slot's own record.
const INLINE: usize = 4;
/// Values of a block of further ones.
const BLOCK: usize = 7;

/// The values of a slot: the first few in place, the rest in blocks.
#[derive(Clone, Copy)]
struct Head {
    first: [Value; INLINE],
    /// The first block of further values.
    next: u32,
    /// Bit per value: a flow decides that it is here.
    inferred: u32,
    /// Bit per value: it was passed on as inferred, and is not any more.
    risen: u32,
    len: u8,
    /// How many values the last round passed on.
    old: u8,
    /// How many values have been passed on.
    done: u8,
    queued: bool,
    full: bool,
    /// Its written type says all: nothing flows here.
    typed: bool,
}

#[derive(Clone, Copy)]
struct Block {
    values: [Value; BLOCK],
    next: u32,
}

const EMPTY: Head = Head {
    first: [Value(0); INLINE],
    next: NONE,
    inferred: 0,
    risen: 0,
    len: 0,
    old: 0,
    done: 0,
    queued: false,
    full: false,
    typed: false,
};

/// A value that is passed on.
#[derive(Clone, Copy)]
pub(super) struct Passed {
    pub(super) value: Value,
    /// Whether a flow decides that it is here.
    pub(super) inferred: bool,
    /// Whether it was passed on in the round before, just so.
    pub(super) again: bool,
}

/// The value sets of all slots.
pub(super) struct Sets {
    heads: Vec<Head>,
    blocks: Vec<Block>,
    /// Slots with values to pass on.
    queue: std::collections::VecDeque<u32>,
    /// What slots with a written type can hold.
    pub(super) limits: super::limits::Limits,
    /// Notes why values are where they are, where that is asked for.
    pub(super) trace: Option<Box<super::trace::Trace>>,
}

impl Sets {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            heads: vec![EMPTY; slots],
            blocks: Vec::new(),
            queue: std::collections::VecDeque::new(),
            limits: super::limits::Limits::default(),
            trace: None,
        }
    }

    /// A new slot.
    pub(super) fn grow(&mut self) -> u32 {
        self.heads.push(EMPTY);
        self.heads.len() as u32 - 1
    }

    fn at(&self, head: &Head, index: usize) -> Value {
        if index < INLINE {
            return head.first[index];
        }
        let mut block = head.next;
        let mut index = index - INLINE;
        while index >= BLOCK {
            block = self.blocks[block as usize].next;
            index -= BLOCK;
        }
        self.blocks[block as usize].values[index]
    }

    /// The position of a value.
    #[inline]
    fn position(&self, slot: u32, value: Value) -> Option<usize> {
        let head = &self.heads[slot as usize];
        let len = usize::from(head.len);
        let inline = &head.first[..len.min(INLINE)];
        if let Some(index) = inline.iter().position(|other| *other == value) {
            return Some(index);
        }
        let (mut block, mut index) = (head.next, INLINE);
        while index < len {
            let record = &self.blocks[block as usize];
            let some = &record.values[..(len - index).min(BLOCK)];
            if let Some(at) = some.iter().position(|other| *other == value) {
                return Some(index + at);
            }
            index += BLOCK;
            block = record.next;
        }
        None
    }

    /// Whether the slot has an external symbol that keeps `value` out: what has
    /// no name does not stand in the way of what has one.
    fn has_external(&self, slot: u32, value: Value) -> bool {
        self.values(slot).any(|(other, _)| {
            other.kind() == Kind::External && (other != OPAQUE || value == OPAQUE)
        })
    }

    /// Lets only the written type say what `slot` holds.
    pub(super) fn set_typed(&mut self, slot: u32) {
        self.heads[slot as usize].typed = true;
    }

    /// Whether the written type alone says what `slot` holds.
    pub(super) fn is_typed(&self, slot: u32) -> bool {
        self.heads[slot as usize].typed
    }

    /// Adds a value that flows here; `true` where it is new.
    pub(super) fn add(&mut self, slot: u32, value: Value, inferred: bool) -> bool {
        !self.heads[slot as usize].typed && self.put(slot, value, inferred, CAP)
    }

    /// Adds a value that the written type says; `true` where it is new.
    pub(super) fn declare(&mut self, slot: u32, value: Value, inferred: bool) -> bool {
        self.put(slot, value, inferred, MOST)
    }

    fn put(&mut self, slot: u32, value: Value, inferred: bool, most: usize) -> bool {
        if let Some(index) = self.position(slot, value) {
            let head = &mut self.heads[slot as usize];
            if !inferred && head.inferred >> index & 1 == 1 {
                head.inferred &= !(1 << index);
                if index < usize::from(head.done.max(head.old)) {
                    head.risen |= 1 << index;
                }
                if let Some(trace) = &mut self.trace {
                    trace.arrive(slot, value);
                }
            }
            return false;
        }
        if value.kind() == Kind::External && self.has_external(slot, value) {
            return false;
        }
        if !self.limits.accept(slot, value) {
            return false;
        }
        let head = &mut self.heads[slot as usize];
        let len = usize::from(head.len);
        if len >= most {
            head.full = true;
            return false;
        }
        if let Some(trace) = &mut self.trace {
            trace.arrive(slot, value);
        }
        if inferred {
            head.inferred |= 1 << len;
        }
        head.len += 1;
        if !head.queued {
            head.queued = true;
            self.queue.push_back(slot);
        }
        if len < INLINE {
            head.first[len] = value;
        } else {
            self.add_further(slot, len - INLINE, value);
        }
        true
    }

    fn add_further(&mut self, slot: u32, index: usize, value: Value) {
        if index.is_multiple_of(BLOCK) {
            let new = self.blocks.len() as u32;
            self.blocks.push(Block {
                values: [Value(0); BLOCK],
                next: NONE,
            });
            let mut last = self.heads[slot as usize].next;
            if last == NONE {
                self.heads[slot as usize].next = new;
            } else {
                while self.blocks[last as usize].next != NONE {
                    last = self.blocks[last as usize].next;
                }
                self.blocks[last as usize].next = new;
            }
        }
        let mut block = self.heads[slot as usize].next;
        for _ in 0..index / BLOCK {
            block = self.blocks[block as usize].next;
        }
        self.blocks[block as usize].values[index % BLOCK] = value;
    }

    /// Takes a slot that has values to pass on.
    pub(super) fn take(&mut self) -> Option<u32> {
        let slot = self.queue.pop_front()?;
        self.heads[slot as usize].queued = false;
        Some(slot)
    }

    /// The next value of `slot` that has not been passed on.
    pub(super) fn next_new(&mut self, slot: u32) -> Option<Passed> {
        let head = &mut self.heads[slot as usize];
        if head.done == head.len {
            return None;
        }
        let index = usize::from(head.done);
        head.done += 1;
        let head = &self.heads[slot as usize];
        Some(Passed {
            value: self.at(head, index),
            inferred: head.inferred >> index & 1 == 1,
            again: index < usize::from(head.old) && head.risen >> index & 1 == 0,
        })
    }

    /// Forgets what was passed on, so that everything is passed on again.
    /// With `remember`, what was passed on before is known when it comes again.
    pub(super) fn restart(&mut self, remember: bool) {
        for slot in 0..self.heads.len() as u32 {
            let head = &mut self.heads[slot as usize];
            head.old = if remember { head.done } else { 0 };
            head.risen = if remember { head.risen } else { 0 };
            head.done = 0;
            if head.len > 0 && !head.queued {
                head.queued = true;
                self.queue.push_back(slot);
            }
        }
    }

    /// The values of `slot`.
    pub(super) fn values(&self, slot: u32) -> impl Iterator<Item = (Value, bool)> + '_ {
        self.some(slot, self.heads[slot as usize].len)
    }

    /// The values of `slot` that have been passed on already.
    pub(super) fn passed(&self, slot: u32) -> impl Iterator<Item = (Value, bool)> + '_ {
        self.some(slot, self.heads[slot as usize].done)
    }

    fn some(&self, slot: u32, count: u8) -> impl Iterator<Item = (Value, bool)> + '_ {
        let head = &self.heads[slot as usize];
        (0..usize::from(count))
            .map(move |index| (self.at(head, index), head.inferred >> index & 1 == 1))
    }

    /// Whether the slot was given more values than it holds.
    pub(super) fn is_full(&self, slot: u32) -> bool {
        self.heads[slot as usize].full
    }

    /// Whether the slot has no value.
    pub(super) fn is_empty(&self, slot: u32) -> bool {
        self.heads[slot as usize].len == 0
    }
}
