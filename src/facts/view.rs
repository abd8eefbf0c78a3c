//! The facts of one file as arrays of records: gathered, as bytes, read in place.

use zerocopy::{FromBytes, IntoBytes};

use super::format::{
    AllocRec, ArgRec, BaseRec, CallRec, DefRec, FreeRec, ImportRec, MemberRec, NONE, NameRec,
    OpRec, ParamRec, RefRec, SeedRec, alloc, op, seed,
};

macro_rules! facts {
    ($($(#[$doc:meta])* $field:ident: $record:ty,)*) => {
        /// The facts of one file while they are gathered.
        #[derive(Debug, Default)]
        pub struct Facts {
            $($(#[$doc])* pub $field: Vec<$record>,)*
        }

        /// The facts of one file, read in place.
        #[derive(Clone, Copy, Debug)]
        pub struct View<'a> {
            $($(#[$doc])* pub $field: &'a [$record],)*
        }

        const ARRAYS: usize = [$(stringify!($field)),*].len();

        impl Facts {
            /// The facts, to be read.
            pub fn view(&self) -> View<'_> {
                View { $($field: &self.$field,)* }
            }

            /// The facts as bytes: a count per array, then the arrays, each
            /// starting at a multiple of eight.
            pub fn to_bytes(&self) -> Vec<u8> {
                let counts = [$(self.$field.len() as u32),*];
                let mut size = (ARRAYS * 4).next_multiple_of(8);
                $(size = size.next_multiple_of(8) + size_of_val(self.$field.as_slice());)*
                let mut out = Vec::with_capacity(size.next_multiple_of(8));
                for count in counts {
                    out.extend_from_slice(&count.to_le_bytes());
                }
                $(
                    out.resize(out.len().next_multiple_of(8), 0);
                    out.extend_from_slice(self.$field.as_slice().as_bytes());
                )*
                out.resize(out.len().next_multiple_of(8), 0);
                out
            }
        }

        impl<'a> View<'a> {
            /// Reads facts in place. `None` where the bytes are no facts: any
            /// length, any count and any index is checked.
            pub fn read(bytes: &'a [u8]) -> Option<Self> {
                let (counts, _) = <[u32; ARRAYS]>::ref_from_prefix(bytes).ok()?;
                let mut at = ARRAYS * 4;
                let mut next = 0;
                $(
                    at = at.next_multiple_of(8);
                    let count = counts[next] as usize;
                    next += 1;
                    let size = count.checked_mul(size_of::<$record>())?;
                    let end = at.checked_add(size)?;
                    let $field = <[$record]>::ref_from_bytes(bytes.get(at..end)?).ok()?;
                    at = end;
                )*
                let _ = (at, next);
                let view = Self { $($field,)* };
                view.is_sound().then_some(view)
            }
        }
    };
}

facts! {
    /// Names, in the order they are first met.
    names: NameRec,
    /// Definitions; the first is the file.
    defs: DefRec,
    /// Parameters of all functions.
    params: ParamRec,
    /// Operations, ordered by trigger.
    ops: OpRec,
    /// Per slot, where its operations start; one more at the end.
    uses: u32,
    /// Values that slots have from the start.
    seeds: SeedRec,
    /// Call sites in source order.
    calls: CallRec,
    /// Arguments of all calls and applied types.
    args: ArgRec,
    /// Imports in source order.
    imports: ImportRec,
    /// Names that the file does not bind.
    frees: FreeRec,
    /// Members, ordered by container and name.
    members: MemberRec,
    /// Bases of classes.
    bases: BaseRec,
    /// Mentions in source order.
    refs: RefRec,
    /// Objects made by literals and written types.
    allocs: AllocRec,
    /// All text.
    text: u8,
}

impl<'a> View<'a> {
    /// Number of slots.
    pub fn slots(&self) -> u32 {
        self.uses.len().saturating_sub(1) as u32
    }

    /// The bytes of a name; empty for [`NONE`].
    pub fn name(&self, name: u32) -> &'a [u8] {
        match self.names.get(name as usize) {
            Some(record) => self.text(record.at, record.len),
            None => b"",
        }
    }

    /// The hash of a name; 0 for [`NONE`].
    pub fn hash(&self, name: u32) -> u64 {
        self.names
            .get(name as usize)
            .map_or(0, |record| record.hash)
    }

    /// A piece of the text.
    pub fn text(&self, at: u32, len: u32) -> &'a [u8] {
        self.text
            .get(at as usize..at as usize + len as usize)
            .unwrap_or_default()
    }

    /// The operations that hang on `slot`.
    pub fn ops_of(&self, slot: u32) -> &'a [OpRec] {
        let from = self.uses[slot as usize] as usize;
        let to = self.uses[slot as usize + 1] as usize;
        &self.ops[from..to]
    }

    /// The parameters of `def`.
    pub fn params_of(&self, def: u32) -> &'a [ParamRec] {
        let record = &self.defs[def as usize];
        &self.params[record.params as usize..(record.params + record.params_len) as usize]
    }

    /// The arguments of a call.
    pub fn args_of(&self, call: &CallRec) -> &'a [ArgRec] {
        &self.args[call.args as usize..(call.args + call.args_len) as usize]
    }

    /// The members of `container`.
    pub fn members_of(&self, container: u32) -> &'a [MemberRec] {
        let from = self
            .members
            .partition_point(|member| member.container < container);
        let len = self.members[from..].partition_point(|member| member.container == container);
        &self.members[from..from + len]
    }

    fn is_sound(&self) -> bool {
        let slots = self.slots();
        let (names, defs) = (self.names.len() as u32, self.defs.len() as u32);
        let slot = |index: u32| index < slots;
        let maybe = |index: u32, count: u32| index == NONE || index < count;
        let range = |at: u32, len: u32, count: usize| {
            at.checked_add(len).is_some_and(|end| end as usize <= count)
        };
        let text = |at: u32, len: u32| range(at, len, self.text.len());
        !self.uses.is_empty()
            && !self.defs.is_empty()
            && self.uses.windows(2).all(|pair| pair[0] <= pair[1])
            && self
                .uses
                .last()
                .is_some_and(|last| *last as usize == self.ops.len())
            && self.names.iter().all(|name| text(name.at, name.len))
            && self.defs.iter().enumerate().all(|(at, def)| {
                def.name < names
                    && (def.parent as usize) < at.max(1)
                    && slot(def.slot)
                    && maybe(def.this_slot, slots)
                    && maybe(def.ret_slot, slots)
                    && maybe(def.type_slot, slots)
                    && maybe(def.owner_slot, slots)
                    && maybe(def.owner_name, names)
                    && range(def.params, def.params_len, self.params.len())
                    && text(def.signature, def.signature_len)
                    && text(def.doc, def.doc_len)
            })
            && self.params.iter().all(|param| {
                maybe(param.name, names) && slot(param.slot) && maybe(param.type_slot, slots)
            })
            && self.ops.iter().all(|op| {
                let calls = matches!(op.kind, op::CALL | op::METHOD);
                let other = if calls {
                    self.calls.len() as u32
                } else {
                    slots
                };
                op.kind < op::COUNT
                    && op.other < other
                    && (maybe(op.name, names) || op.name == super::format::RETURNED)
                    && maybe(op.site, self.refs.len() as u32)
            })
            && self.seeds.iter().all(|seed| {
                let count = match seed.kind {
                    seed::DEF | seed::INSTANCE | seed::SUPER => defs,
                    seed::OBJECT => self.allocs.len() as u32,
                    seed::EXTERNAL => names,
                    _ => 0,
                };
                slot(seed.slot) && seed.value < count
            })
            && self.calls.iter().all(|call| {
                call.caller < defs
                    && maybe(call.name, names)
                    && maybe(call.callee, slots)
                    && maybe(call.receiver, slots)
                    && slot(call.result)
                    && range(call.args, call.args_len, self.args.len())
            })
            && self
                .args
                .iter()
                .all(|arg| slot(arg.slot) && maybe(arg.name, names))
            && self.imports.iter().all(|import| {
                maybe(import.slot, slots)
                    && maybe(import.path, names)
                    && maybe(import.item, names)
                    && maybe(import.export, names)
                    && import.scope < defs
            })
            && self.frees.iter().all(|free| {
                slot(free.slot)
                    && free.name < names
                    && free.scope < defs
                    && maybe(free.outer, slots)
            })
            && self.members.iter().all(|member| {
                member.container < defs
                    && member.name < names
                    && slot(member.slot)
                    && maybe(member.def, defs)
            })
            && self
                .bases
                .iter()
                .all(|base| base.class < defs && slot(base.slot))
            && self
                .refs
                .iter()
                .all(|mention| maybe(mention.slot, slots) && mention.scope < defs)
            && self.allocs.iter().all(|alloc| {
                maybe(alloc.class_slot, slots)
                    && alloc.kind < alloc::COUNT
                    && range(alloc.args, alloc.args_len, self.args.len())
            })
    }
}
