//! Numbers everything across files and binds the names between them.

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::flow::DynamicOp;
use super::hierarchy::Hierarchy;
use super::table::Table;
use super::values::{Kind, Sets, Value};
use super::{Input, Unit};
use crate::facts::format::def_flag;
use crate::facts::format::{DefRec, NONE, alloc, seed};
use crate::text::name_hash;

/// Kinds of definitions, as facts number them.
pub(super) mod kind {
    pub(in crate::graph) const FILE: u32 = 0;
    pub(in crate::graph) const MODULE: u32 = 1;
    pub(in crate::graph) const CLASS: u32 = 2;
    pub(in crate::graph) const INTERFACE: u32 = 3;
    pub(in crate::graph) const METHOD: u32 = 5;
    pub(in crate::graph) const FUNCTION: u32 = 4;
    pub(in crate::graph) const VARIABLE: u32 = 6;
    pub(in crate::graph) const IMPL: u32 = 7;
    pub(in crate::graph) const TYPE_PARAM: u32 = 8;
}

/// Added to a member's name: what is called when it is read, and when it is written.
pub(super) const GETTER: u64 = 0x6765_7474_6572_0000;
pub(super) const SETTER: u64 = 0x7365_7474_6572_0000;

/// The member under which constructors are found.
pub(super) const CONSTRUCT: u64 = 0x636F_6E73_7472_7563;

/// The container of members that an `impl` for every type adds.
pub(super) const BLANKET: u32 = 0x7FFF_FFFF;

/// The container of members that are added to an external type.
pub(super) fn external(id: u32) -> u32 {
    0x6000_0000 + id
}

/// An external path and its last name.
fn simple_name(text: &str) -> (u64, u64) {
    let last = text.rsplit([':', '.', '/']).next().unwrap_or_default();
    (
        crate::text::name_hash(text.as_bytes()),
        crate::text::name_hash(last.as_bytes()),
    )
}

/// The state of linking.
pub(super) struct Linker<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) def_base: Vec<u32>,
    pub(super) slot_base: Vec<u32>,
    pub(super) call_base: Vec<u32>,
    /// Objects: the file's allocations, then one for each of its calls.
    pub(super) object_base: Vec<u32>,
    /// The file of each definition.
    pub(super) def_file: Vec<u32>,
    pub(super) sets: Sets,
    pub(super) table: Table,
    pub(super) modules: u32,
    /// Modules that namespaces are, by definition.
    pub(super) module_of_def: FxHashMap<u32, u32>,
    pub(super) submodules: FxHashMap<(u32, u64), u32>,
    /// Per module: the module whose names it sees too, or [`NONE`].
    pub(super) outer: Vec<u32>,
    /// Per module: where its wildcard imports lead.
    pub(super) wildcards: FxHashMap<u32, Vec<u32>>,
    /// External symbols: parent and name.
    pub(super) externals: Vec<(u32, u64, String)>,
    pub(super) external_ids: FxHashMap<(u32, u64), u32>,
    pub(super) hierarchy: Hierarchy,
    /// The definition that a slot stands for without flow: imports and frees.
    pub(super) stands_for: FxHashMap<u32, u32>,
    /// Flow edges that are found while solving: slot → (to, receiver).
    pub(super) edges: super::edges::Edges,
    pub(super) dynamic: FxHashMap<u32, Vec<DynamicOp>>,
    pub(super) fields: FxHashMap<(u32, u64), u32>,
    pub(super) bound: Vec<(u32, Value)>,
    pub(super) bound_ids: FxHashMap<(u32, u32), u32>,
    /// Targets of each call: linked list heads.
    pub(super) targets: Vec<super::calls::TargetCell>,
    pub(super) target_heads: Vec<u32>,
    pub(super) object_slots: FxHashSet<u32>,
    /// Per slot: the written types it is held to, plus one.
    pub(super) gates: Vec<u32>,
    pub(super) gate_classes: Vec<Box<[u32]>>,
    /// Classes whose base is what arrives in a slot.
    pub(super) computed_bases: Vec<(u32, u32)>,
    /// Which types satisfy which interfaces.
    pub(super) satisfied: super::dispatch::Satisfied,
    /// What modules call themselves, where their files say so.
    pub(super) module_names: FxHashMap<u32, u64>,
    /// Objects that calls make outside: (call, part) → object.
    pub(super) made: FxHashMap<(u32, u32), u32>,
    pub(super) contexts: Vec<super::generics::Context>,
    pub(super) context_ids: FxHashMap<super::generics::Context, u32>,
    /// Allocations that were copied with other arguments.
    pub(super) copies: Vec<u32>,
    pub(super) copy_ids: FxHashMap<(u32, u32), u32>,
    /// Where names stand in the text, for files that were asked.
    pub(super) texts: FxHashMap<u64, (u32, u32)>,
    pub(super) text_files: FxHashSet<u32>,
    /// The methods that are called on variables of types outside.
    pub(super) required: FxHashMap<u32, FxHashSet<u64>>,
    /// Whether a type has the members of another, once that has been asked.
    pub(super) fitting: FxHashMap<(u32, u32), bool>,
    /// Hashes of names that are keys of elements.
    pub(super) keys: FxHashSet<u64>,
    /// The last name of each path outside.
    pub(super) simple: FxHashMap<u64, u64>,
    /// The hashes of the full names of types outside.
    pub(super) full_names: FxHashMap<u32, u64>,
    /// Arrays outside, and the types of their elements.
    pub(super) arrays: FxHashMap<u32, u32>,
    /// The slots of the elements of containers, and those of their keys.
    pub(super) key_slots: FxHashMap<u32, u32>,
    /// The names of methods that functions are given for.
    pub(super) function_names: Option<FxHashSet<u64>>,
    /// Whether some definition is the type of functions.
    pub(super) has_signatures: bool,
    /// Whether only names flow, not yet values.
    pub(super) naming: bool,
    /// References found through members: (file, site) → definition.
    pub(super) member_refs: Vec<(u32, u32, u32, bool)>,
    /// Declarations and the definitions with a body that they declare.
    pub(super) bodies: FxHashMap<u32, u32>,
    /// What declarations add to a definition: fewest arguments, flags.
    pub(super) declared: FxHashMap<u32, (u32, u32)>,
    /// Variables that hold an instance of one class, and of none derived from it.
    pub(super) held: FxHashMap<u32, u32>,
    /// What files see, where it was asked for.
    pub(super) sights: FxHashMap<u32, std::sync::Arc<super::program::Sight>>,
    /// The files that each file includes, where top levels stand in one scope.
    pub(super) included: Vec<Vec<u32>>,
    /// Calls that wait until more is known of their arguments.
    pub(super) pending: Vec<super::overloads::Pending>,
    /// Whether waiting calls are being decided.
    pub(super) settling: bool,
    /// Calls that met a member without a body: call, class, name.
    pub(super) abstract_calls: Vec<(u32, u32, u64)>,
    /// What linking cost: values passed on, functions held against arguments,
    /// classes put in order.
    pub(super) steps: u64,
    /// Per slot: the one type that is written for it, [`NONE`], or [`SEVERAL`].
    ///
    /// [`SEVERAL`]: super::shapes::SEVERAL
    pub(super) written: Vec<u32>,
    /// Whether an object gained something that earlier reads of it looked for.
    pub(super) late: bool,
}

impl<'a> Linker<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> Self {
        let count = input.units.len();
        let mut linker = Self {
            input,
            def_base: Vec::with_capacity(count + 1),
            slot_base: Vec::with_capacity(count + 1),
            call_base: Vec::with_capacity(count + 1),
            object_base: Vec::with_capacity(count + 1),
            def_file: Vec::new(),
            sets: Sets::new(0),
            table: Table::default(),
            modules: input.modules,
            module_of_def: FxHashMap::default(),
            submodules: input.submodules.clone(),
            outer: input.outer.clone(),
            wildcards: FxHashMap::default(),
            externals: vec![(NONE, 0, String::new())],
            external_ids: FxHashMap::default(),
            hierarchy: Hierarchy::default(),
            stands_for: FxHashMap::default(),
            edges: super::edges::Edges::default(),
            dynamic: FxHashMap::default(),
            fields: FxHashMap::default(),
            bound: Vec::new(),
            bound_ids: FxHashMap::default(),
            targets: Vec::new(),
            target_heads: Vec::new(),
            object_slots: FxHashSet::default(),
            gates: Vec::new(),
            gate_classes: Vec::new(),
            computed_bases: Vec::new(),
            satisfied: super::dispatch::Satisfied::default(),
            module_names: FxHashMap::default(),
            made: FxHashMap::default(),
            contexts: Vec::new(),
            context_ids: FxHashMap::default(),
            copies: Vec::new(),
            copy_ids: FxHashMap::default(),
            texts: FxHashMap::default(),
            text_files: FxHashSet::default(),
            required: FxHashMap::default(),
            fitting: FxHashMap::default(),
            keys: FxHashSet::default(),
            simple: input
                .externals
                .iter()
                .map(|text| simple_name(text))
                .collect(),
            full_names: FxHashMap::default(),
            arrays: FxHashMap::default(),
            key_slots: FxHashMap::default(),
            function_names: None,
            has_signatures: false,
            naming: true,
            member_refs: Vec::new(),
            bodies: FxHashMap::default(),
            declared: FxHashMap::default(),
            held: FxHashMap::default(),
            sights: FxHashMap::default(),
            included: Vec::new(),
            pending: Vec::new(),
            settling: false,
            abstract_calls: Vec::new(),
            written: Vec::new(),
            steps: 0,
            late: false,
        };
        linker.number();
        linker
    }

    pub(super) fn number(&mut self) {
        let (mut defs, mut slots, mut calls, mut objects) = (0_u32, 0_u32, 0_u32, 0_u32);
        for (file, unit) in self.input.units.iter().enumerate() {
            self.def_base.push(defs);
            self.slot_base.push(slots);
            self.call_base.push(calls);
            self.object_base.push(objects);
            defs += unit.facts.defs.len() as u32;
            slots += unit.facts.slots();
            calls += unit.facts.calls.len() as u32;
            objects += unit.facts.allocs.len() as u32 + unit.facts.calls.len() as u32;
            self.def_file.resize(defs as usize, file as u32);
        }
        self.def_base.push(defs);
        self.slot_base.push(slots);
        self.call_base.push(calls);
        self.object_base.push(objects);
        self.sets = Sets::new(slots as usize);
        self.target_heads = vec![NONE; calls as usize];
        self.has_signatures = self.input.units.iter().any(|unit| {
            let mut defs = unit.facts.defs.iter();
            defs.any(|def| def.flags & def_flag::SIGNATURE != 0)
        });
        for unit in &self.input.units {
            for name in unit.facts.names {
                if unit.facts.text.get(name.at as usize) == Some(&b'[') && name.len > 0 {
                    self.keys.insert(name.hash);
                }
            }
        }
    }

    pub(super) fn unit(&self, file: u32) -> &'a Unit<'a> {
        &self.input.units[file as usize]
    }

    /// The record of a definition.
    pub(super) fn def(&self, def: u32) -> &'a DefRec {
        let file = self.def_file[def as usize];
        &self.unit(file).facts.defs[(def - self.def_base[file as usize]) as usize]
    }

    pub(super) fn file_of(&self, def: u32) -> u32 {
        self.def_file[def as usize]
    }

    /// A slot of a definition's file.
    pub(super) fn slot_in(&self, file: u32, slot: u32) -> u32 {
        self.slot_base[file as usize] + slot
    }

    pub(super) fn def_name(&self, def: u32) -> u64 {
        self.unit(self.file_of(def)).facts.hash(self.def(def).name)
    }

    /// The name under which a definition is a member.
    pub(super) fn member_name(&self, def: u32) -> u64 {
        let unit = self.unit(self.file_of(def));
        if !unit.traits.callables_apart || !self.is_function(def) {
            return self.def_name(def);
        }
        let text = unit.facts.name(self.def(def).name);
        name_hash(&[text, b"()"].concat())
    }

    pub(super) fn parent(&self, def: u32) -> u32 {
        self.def_base[self.file_of(def) as usize] + self.def(def).parent
    }

    /// The number of a class (or any definition) as a container of members.
    pub(super) fn container(&self, def: u32) -> u32 {
        // Modules come first; definitions follow, from the top down.
        u32::MAX - def
    }

    /// The container that members of `def` belong to.
    pub(super) fn home(&self, file: u32, local: u32) -> u32 {
        if local == 0 {
            let unit = self.unit(file);
            if unit.traits.program_scope || unit.traits.global_names {
                return self.input.outer[unit.module as usize];
            }
            return unit.module;
        }
        let def = self.def_base[file as usize] + local;
        self.module_of_def
            .get(&def)
            .copied()
            .unwrap_or_else(|| self.container(def))
    }

    /// Binds names between files: tables of members, imports, free names.
    pub(super) fn bind_names(&mut self) {
        self.open_namespaces();
        self.fill_table();
        self.bind_imports();
        self.bind_includes();
        self.bind_frees();
        self.seed();
        self.run();
    }

    /// Namespaces of one name in one module are one module, across files.
    pub(super) fn open_namespaces(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            for (local, def) in unit.facts.defs.iter().enumerate() {
                if def.kind != kind::MODULE {
                    continue;
                }
                let outer = self.home(file as u32, def.parent);
                if outer >= u32::MAX - self.def_file.len() as u32 {
                    continue;
                }
                let name = unit.facts.hash(def.name);
                let next = self.modules;
                let module = *self.submodules.entry((outer, name)).or_insert(next);
                self.modules = self.modules.max(module + 1);
                if module == next {
                    self.root_paths(outer, module, &unit.traits.path_roots);
                }
                self.module_of_def
                    .insert(self.def_base[file] + local as u32, module);
                let nameless = def_flag::TRANSPARENT | def_flag::ANONYMOUS;
                if def.flags & nameless != 0 || unit.facts.name(def.name).is_empty() {
                    self.wildcards.entry(outer).or_default().push(module);
                }
            }
        }
    }

    pub(super) fn fill_table(&mut self) {
        let members = self
            .input
            .units
            .iter()
            .map(|unit| unit.facts.members.len())
            .sum::<usize>();
        self.table = Table::with_capacity(members * 2);
        for (file, unit) in self.input.units.iter().enumerate() {
            let file = file as u32;
            let mut last = (NONE, 0);
            for member in unit.facts.members {
                if last.0 != member.container {
                    last = (member.container, self.home(file, member.container));
                }
                let slot = self.slot_in(file, member.slot);
                let base = self.def_base[file as usize];
                let def = if member.def == NONE {
                    NONE
                } else {
                    base + member.def
                };
                let mut name = unit.facts.hash(member.name);
                if def != NONE && unit.facts.defs[member.def as usize].flags & def_flag::SETTER != 0
                {
                    name ^= SETTER;
                }
                self.table.insert(last.1, name, slot, def);
                if def != NONE
                    && unit.facts.defs[member.def as usize].flags & def_flag::CONSTRUCTOR != 0
                {
                    self.table.insert(last.1, CONSTRUCT, slot, def);
                }
                let destructor = unit.traits.destructor.as_slice();
                if !destructor.is_empty() && unit.facts.name(member.name).starts_with(destructor) {
                    self.table.insert(last.1, xxh3_64(destructor), slot, def);
                }
            }
        }
    }

    pub(super) fn seed(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            let base = self.def_base[file];
            for record in unit.facts.seeds {
                if record.kind == seed::DEF && self.is_forward(base + record.value) {
                    // What it stands for is known when bodies are.
                    continue;
                }
                let slot = self.slot_in(file as u32, record.slot);
                let value = match record.kind {
                    seed::DEF => match self.module_of_def.get(&(base + record.value)) {
                        Some(module) => Value::new(Kind::Module, *module),
                        None if record.value == 0 => Value::new(Kind::Module, unit.module),
                        None => Value::new(Kind::Def, base + record.value),
                    },
                    seed::INSTANCE => Value::new(Kind::Instance, base + record.value),
                    seed::SUPER => Value::new(Kind::Super, base + record.value),
                    seed::OBJECT => Value::new(Kind::Object, self.object_base[file] + record.value),
                    _ => {
                        let text =
                            String::from_utf8_lossy(unit.facts.name(record.value)).into_owned();
                        let id = self.external_child(NONE, unit.facts.hash(record.value), &text);
                        Value::new(Kind::External, id)
                    }
                };
                self.sets.add(slot, value, false);
            }
        }
    }

    /// The class that an `impl` (or a member declared outside) belongs to.
    pub(super) fn owner(&self, file: u32, owner_slot: u32) -> Option<u32> {
        let slot = self.slot_in(file, owner_slot);
        self.sets
            .values(slot)
            .find_map(|(value, _)| match value.kind() {
                Kind::Def => Some(value.index()),
                Kind::Object => self.applied_class(value),
                _ => None,
            })
    }

    /// The external type that an `impl` adds to.
    pub(super) fn external_owner(&self, file: u32, owner_slot: u32) -> Option<u32> {
        let slot = self.slot_in(file, owner_slot);
        self.sets
            .values(slot)
            .find_map(|(value, _)| match value.kind() {
                Kind::External => Some(value.index()),
                Kind::Object => self.applied_external(value),
                _ => None,
            })
    }

    /// The class that an applied type applies, aliases seen through.
    pub(super) fn applied_class(&self, value: Value) -> Option<u32> {
        let found = self.applied(value)?;
        (found.kind() == Kind::Def).then(|| found.index())
    }

    /// The external type that an applied type applies.
    pub(super) fn applied_external(&self, value: Value) -> Option<u32> {
        self.alloc(value.index())
            .filter(|(_, record)| record.kind == alloc::APPLIED)?;
        let found = self.applied(value)?;
        (found.kind() == Kind::External).then(|| found.index())
    }

    pub(super) fn applied(&self, mut value: Value) -> Option<Value> {
        for _ in 0..8 {
            let (file, record) = self.alloc(value.index())?;
            if record.class_slot == NONE {
                return None;
            }
            let slot = self.slot_in(file, record.class_slot);
            let found = self.sets.values(slot).find_map(|(value, _)| {
                matches!(value.kind(), Kind::Def | Kind::External | Kind::Object).then_some(value)
            })?;
            if found.kind() != Kind::Object {
                return Some(found);
            }
            value = found;
        }
        None
    }

    /// The allocation of an object, where it is one of the file's own.
    pub(super) fn alloc(&self, object: u32) -> Option<(u32, &'a crate::facts::format::AllocRec)> {
        let copied = object
            .checked_sub(super::generics::COPIES)
            .and_then(|at| self.copies.get(at as usize));
        let object = copied.copied().unwrap_or(object);
        if object >= *self.object_base.last()? {
            return None;
        }
        let file = self.object_base.partition_point(|base| *base <= object) - 1;
        let local = object - self.object_base[file];
        let record = self.unit(file as u32).facts.allocs.get(local as usize)?;
        Some((file as u32, record))
    }
}
