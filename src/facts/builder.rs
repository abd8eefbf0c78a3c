//! Gathers facts: names, slots and what hangs on them.

use rustc_hash::FxHashMap;

use super::format::{
    AllocRec, ArgRec, CallRec, Facts, MemberRec, NONE, NameRec, OpRec, RETURNED, RefRec, SeedRec,
    alloc, op, param_flag, seed,
};
use crate::text::name_hash;

/// Where a slot was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whether it is no variable.
    pub temporary: bool,
    /// The first byte of what was looked at.
    pub start: u32,
    /// The name of the variable that it is, or [`NONE`].
    pub name: u32,
}

/// Facts while they are gathered; operations still carry their trigger.
pub(super) struct Builder<'s> {
    pub(super) source: &'s [u8],
    pub(super) facts: Facts,
    interned: FxHashMap<&'s [u8], u32>,
    made: FxHashMap<Vec<u8>, u32>,
    pub(super) ops: Vec<(u32, OpRec)>,
    slots: u32,
    /// Where the meaning of a slot is another slot's.
    alias: Vec<u32>,
    literal_slots: FxHashMap<u32, u32>,
    /// Variables that definitions are bound to.
    pub(super) named: Vec<u32>,
    /// Names of callables, where they are apart from those of variables.
    apart: Option<FxHashMap<u32, u32>>,
    /// Where each slot was made, where that is asked for.
    places: Option<Vec<Place>>,
    /// Where the walk is, then.
    here: u32,
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s [u8]) -> Self {
        let lines = source.len() / 32;
        let mut builder = Self {
            source,
            facts: Facts::default(),
            interned: FxHashMap::default(),
            made: FxHashMap::default(),
            ops: Vec::with_capacity(lines * 3),
            slots: 0,
            alias: Vec::with_capacity(lines * 3),
            literal_slots: FxHashMap::default(),
            named: Vec::new(),
            apart: None,
            places: None,
            here: 0,
        };
        builder.facts.refs.reserve(lines);
        builder.facts.calls.reserve(lines / 2);
        builder
    }

    /// Interns bytes of the source.
    pub(super) fn name(&mut self, start: usize, end: usize) -> u32 {
        let bytes = &self.source[start.min(end)..end];
        if let Some(name) = self.interned.get(bytes) {
            return *name;
        }
        // The same bytes may have been made before they were met.
        let made = self.made.get(bytes).copied();
        let name = made.unwrap_or_else(|| self.push_name(bytes));
        self.interned.insert(bytes, name);
        name
    }

    /// Interns bytes that do not stand in the source.
    pub(super) fn made_name(&mut self, bytes: &[u8]) -> u32 {
        if let Some(name) = self.interned.get(bytes).or_else(|| self.made.get(bytes)) {
            return *name;
        }
        let name = self.push_name(bytes);
        self.made.insert(bytes.to_vec(), name);
        name
    }

    /// Sets the names of what is called apart from those of variables.
    pub(super) fn set_callables_apart(&mut self) {
        self.apart = Some(FxHashMap::default());
    }

    /// The name under which a callable of that name is looked up.
    pub(super) fn callable(&mut self, name: u32) -> u32 {
        let Some(apart) = self.apart.as_mut().filter(|_| name != NONE) else {
            return name;
        };
        if let Some(key) = apart.get(&name) {
            return *key;
        }
        let text = [self.bytes(name), b"()"].concat();
        let key = self.made_name(&text);
        if let Some(apart) = self.apart.as_mut() {
            apart.insert(name, key);
        }
        key
    }

    fn push_name(&mut self, bytes: &[u8]) -> u32 {
        let at = self.facts.text.len() as u32;
        self.facts.text.extend_from_slice(bytes);
        let record = NameRec {
            hash: name_hash(bytes),
            at,
            len: bytes.len() as u32,
        };
        self.facts.names.push(record);
        self.facts.names.len() as u32 - 1
    }

    /// The bytes of an interned name.
    pub(super) fn bytes(&self, name: u32) -> &[u8] {
        let record = &self.facts.names[name as usize];
        &self.facts.text[record.at as usize..(record.at + record.len) as usize]
    }

    /// Adds text and says where.
    pub(super) fn text(&mut self, bytes: &[u8]) -> (u32, u32) {
        let at = self.facts.text.len() as u32;
        self.facts.text.extend_from_slice(bytes);
        (at, bytes.len() as u32)
    }

    /// Notes from now on where slots are made.
    pub(super) fn locate(&mut self) {
        self.places = Some(Vec::new());
    }

    /// The walk is at this byte.
    #[inline]
    pub(super) fn is_at(&mut self, start: usize) {
        if self.places.is_some() {
            self.here = start as u32;
        }
    }

    pub(super) fn slot(&mut self) -> u32 {
        self.alias.push(NONE);
        if let Some(places) = &mut self.places {
            places.push(Place {
                temporary: true,
                start: self.here,
                name: NONE,
            });
        }
        self.slots += 1;
        self.slots - 1
    }

    /// A slot that is the variable of that name.
    pub(super) fn variable(&mut self, name: u32) -> u32 {
        let slot = self.slot();
        if let Some(place) = self.places.as_mut().and_then(|places| places.last_mut()) {
            (place.temporary, place.name) = (false, name);
        }
        slot
    }

    /// Makes `slot` another name of `other`.
    pub(super) fn unite(&mut self, slot: u32, other: u32) {
        let (slot, other) = (self.find(slot), self.find(other));
        if slot != other {
            self.alias[slot as usize] = other;
        }
    }

    fn find(&mut self, slot: u32) -> u32 {
        let mut root = slot;
        while self.alias[root as usize] != NONE {
            root = self.alias[root as usize];
        }
        let mut walk = slot;
        while self.alias[walk as usize] != NONE {
            let next = self.alias[walk as usize];
            self.alias[walk as usize] = root;
            walk = next;
        }
        root
    }

    pub(super) fn op(&mut self, trigger: u32, kind: u32, other: u32, name: u32, site: u32) {
        // What is no variable gains nothing; an import's item that stands where
        // a value should, by roles that do not fit, is none.
        if trigger == NONE {
            return;
        }
        self.ops.push((
            trigger,
            OpRec {
                kind,
                other,
                name,
                site,
            },
        ));
    }

    pub(super) fn copy(&mut self, to: u32, from: u32) {
        if to != from {
            self.op(from, op::COPY, to, NONE, NONE);
        }
    }

    /// A new slot that gains `kind` of `from`.
    pub(super) fn derive(&mut self, kind: u32, from: u32) -> u32 {
        let to = self.slot();
        self.op(from, kind, to, NONE, NONE);
        to
    }

    pub(super) fn seed(&mut self, slot: u32, kind: u32, value: u32) {
        self.facts.seeds.push(SeedRec { slot, kind, value });
    }

    /// A slot that holds the external symbol `name`.
    pub(super) fn external(&mut self, symbol: &str) -> u32 {
        let name = self.made_name(symbol.as_bytes());
        if let Some(slot) = self.literal_slots.get(&name) {
            return *slot;
        }
        let slot = self.slot();
        self.seed(slot, seed::EXTERNAL, name);
        self.literal_slots.insert(name, slot);
        slot
    }

    /// A slot that holds a new container.
    pub(super) fn container(&mut self, class_slot: u32) -> u32 {
        let slot = self.slot();
        let at = self.facts.allocs.len() as u32;
        self.facts.allocs.push(AllocRec {
            class_slot,
            kind: alloc::LITERAL,
            args: 0,
            args_len: 0,
        });
        self.seed(slot, seed::OBJECT, at);
        slot
    }

    /// A slot that holds a type that lists its members.
    pub(super) fn shape(&mut self) -> u32 {
        self.allocate(NONE, alloc::SHAPE)
    }

    /// A slot that holds the type that the values of `from` have.
    pub(super) fn type_of(&mut self, from: u32) -> u32 {
        self.allocate(from, alloc::OF)
    }

    fn allocate(&mut self, class_slot: u32, kind: u32) -> u32 {
        let slot = self.slot();
        let at = self.facts.allocs.len() as u32;
        let (args, args_len) = (0, 0);
        self.facts.allocs.push(AllocRec {
            class_slot,
            kind,
            args,
            args_len,
        });
        self.seed(slot, seed::OBJECT, at);
        slot
    }

    /// A slot that holds the type of several types by position.
    pub(super) fn tuple_type(&mut self, args: &[u32]) -> u32 {
        let slot = self.applied(NONE, args);
        if let Some(record) = self.facts.allocs.last_mut() {
            record.kind = alloc::TUPLE;
        }
        slot
    }

    /// A slot that holds the type `class_slot` applied to `args`.
    pub(super) fn applied(&mut self, class_slot: u32, args: &[u32]) -> u32 {
        let slot = self.slot();
        let start = self.facts.args.len() as u32;
        for arg in args {
            self.facts.args.push(ArgRec {
                slot: *arg,
                name: NONE,
                flags: 0,
                place: 0,
            });
        }
        let at = self.facts.allocs.len() as u32;
        let args_len = args.len() as u32;
        let record = AllocRec {
            class_slot,
            kind: alloc::APPLIED,
            args: start,
            args_len,
        };
        self.facts.allocs.push(record);
        self.seed(slot, seed::OBJECT, at);
        slot
    }

    pub(super) fn mention(&mut self, slot: u32, scope: u32, line: u32, column: u32) -> u32 {
        self.facts.refs.push(RefRec {
            slot,
            scope,
            line,
            column,
        });
        self.facts.refs.len() as u32 - 1
    }

    pub(super) fn member(&mut self, container: u32, name: u32, slot: u32, def: u32) {
        self.facts.members.push(MemberRec {
            container,
            name,
            slot,
            def,
        });
    }

    pub(super) fn call(&mut self, record: CallRec) -> u32 {
        let at = self.facts.calls.len() as u32;
        if record.receiver != NONE && record.callee == NONE {
            let key = self.callable(record.name);
            self.op(record.receiver, op::METHOD, at, key, NONE);
        } else if record.callee != NONE {
            self.op(record.callee, op::CALL, at, NONE, NONE);
        }
        self.facts.calls.push(record);
        at
    }

    /// Resolves aliases, drops mentions of locals, orders what is looked up.
    /// With it, where each slot was first made, where that was asked for.
    pub(super) fn finish(mut self) -> (Facts, Vec<Place>) {
        // Slots that are another's name disappear; the rest move together.
        let mut number = vec![NONE; self.slots as usize];
        let mut next = 0;
        for slot in 0..self.slots {
            if self.alias[slot as usize] == NONE {
                number[slot as usize] = next;
                next += 1;
            }
        }
        for slot in 0..self.slots {
            let root = self.find(slot);
            number[slot as usize] = number[root as usize];
        }
        let map = |slot: &mut u32| {
            if *slot != NONE {
                *slot = number[*slot as usize];
            }
        };
        let facts = &mut self.facts;
        for (trigger, record) in &mut self.ops {
            map(trigger);
            if !matches!(record.kind, op::CALL | op::METHOD) {
                map(&mut record.other);
            }
        }
        for def in &mut facts.defs {
            map(&mut def.slot);
            map(&mut def.this_slot);
            map(&mut def.ret_slot);
            map(&mut def.type_slot);
            map(&mut def.owner_slot);
        }
        for param in &mut facts.params {
            map(&mut param.slot);
            map(&mut param.type_slot);
        }
        facts
            .seeds
            .iter_mut()
            .for_each(|record| map(&mut record.slot));
        for call in &mut facts.calls {
            map(&mut call.callee);
            map(&mut call.receiver);
            map(&mut call.result);
        }
        facts
            .args
            .iter_mut()
            .for_each(|record| map(&mut record.slot));
        facts
            .imports
            .iter_mut()
            .for_each(|record| map(&mut record.slot));
        for free in &mut facts.frees {
            map(&mut free.slot);
            map(&mut free.outer);
        }
        facts
            .members
            .iter_mut()
            .for_each(|record| map(&mut record.slot));
        facts
            .bases
            .iter_mut()
            .for_each(|record| map(&mut record.slot));
        facts
            .refs
            .iter_mut()
            .for_each(|record| map(&mut record.slot));
        facts
            .allocs
            .iter_mut()
            .for_each(|record| map(&mut record.class_slot));
        self.named.iter_mut().for_each(map);
        self.drop_local_mentions(next);
        self.mark_returned_parameters(next);
        self.order(next);
        let nowhere = Place {
            temporary: true,
            start: u32::MAX,
            name: NONE,
        };
        let mut places = vec![nowhere; self.places.as_ref().map_or(0, |_| next as usize)];
        for (slot, place) in self.places.iter().flatten().enumerate() {
            let first = &mut places[number[slot] as usize];
            *first = (*first).min(*place);
        }
        (self.facts, places)
    }

    /// A mention is kept when its slot may be a definition, an import or a
    /// name from outside; mentions of plain locals would triple the facts.
    fn drop_local_mentions(&mut self, slots: u32) {
        let facts = &mut self.facts;
        let mut global = vec![false; slots as usize];
        facts
            .defs
            .iter()
            .for_each(|def| global[def.slot as usize] = true);
        facts
            .frees
            .iter()
            .for_each(|free| global[free.slot as usize] = true);
        self.named
            .iter()
            .for_each(|slot| global[*slot as usize] = true);
        facts
            .imports
            .iter()
            .filter(|import| import.slot != NONE)
            .for_each(|import| {
                global[import.slot as usize] = true;
            });
        let mut moved = vec![NONE; facts.refs.len()];
        let mut kept = 0;
        for (at, place) in moved.iter_mut().enumerate() {
            let slot = facts.refs[at].slot;
            if slot == NONE || global[slot as usize] {
                *place = kept as u32;
                facts.refs[kept] = facts.refs[at];
                kept += 1;
            }
        }
        facts.refs.truncate(kept);
        for (_, record) in &mut self.ops {
            if record.site != NONE {
                record.site = moved[record.site as usize];
            }
        }
    }

    /// A parameter that is returned as it came gets a mark: what one call
    /// gives is not what another call gets.
    fn mark_returned_parameters(&mut self, slots: u32) {
        let facts = &self.facts;
        let mut result_of = vec![NONE; slots as usize];
        for def in facts.defs.iter().filter(|def| def.ret_slot != NONE) {
            let first = def.params as usize;
            for param in &facts.params[first..first + def.params_len as usize] {
                if param.flags & (param_flag::REST | param_flag::KEYWORD_REST) == 0 {
                    result_of[param.slot as usize] = def.ret_slot;
                }
            }
            if def.this_slot != NONE {
                result_of[def.this_slot as usize] = def.ret_slot;
            }
        }
        for (trigger, record) in &mut self.ops {
            let result = result_of[*trigger as usize];
            if record.kind == op::COPY && result != NONE && record.other == result {
                record.name = RETURNED;
            }
        }
    }

    fn order(&mut self, slots: u32) {
        let mut uses = vec![0_u32; slots as usize + 1];
        for (trigger, _) in &self.ops {
            uses[*trigger as usize + 1] += 1;
        }
        for slot in 0..slots as usize {
            uses[slot + 1] += uses[slot];
        }
        let mut fill = uses.clone();
        let empty = OpRec {
            kind: 0,
            other: 0,
            name: 0,
            site: 0,
        };
        self.facts.ops = vec![empty; self.ops.len()];
        for (trigger, record) in &self.ops {
            let at = &mut fill[*trigger as usize];
            self.facts.ops[*at as usize] = *record;
            *at += 1;
        }
        self.facts.uses = uses;
        let names = &self.facts.names;
        self.facts.members.sort_by_key(|member| {
            (
                member.container,
                names[member.name as usize].hash,
                member.def,
            )
        });
    }
}
