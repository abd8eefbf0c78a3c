//! Members: what reading and writing them means for each kind of value.

use std::sync::OnceLock;

use crate::text::{is_element, name_hash};

use super::flow::DynamicOp;
use super::names::{GETTER, Linker, SETTER, kind};
use super::table::Entry;
use super::values::{Kind, OPAQUE, Value};
use crate::facts::format::{AllocRec, NONE, alloc, def_flag};

/// The member that stands for any element.
pub(super) fn any() -> u64 {
    static HASH: OnceLock<u64> = OnceLock::new();
    *HASH.get_or_init(|| name_hash(b"[]"))
}

/// The member that stands for elements under keys that are not known.
pub(super) fn unknown_key() -> u64 {
    static HASH: OnceLock<u64> = OnceLock::new();
    *HASH.get_or_init(|| name_hash(b"[?]"))
}

/// The member that stands for whatever members of an object have names.
fn any_name() -> u64 {
    static HASH: OnceLock<u64> = OnceLock::new();
    *HASH.get_or_init(|| name_hash(b"[*]"))
}

/// The member of a class that stands for making instances of it.
fn construction() -> u64 {
    static HASH: OnceLock<u64> = OnceLock::new();
    *HASH.get_or_init(|| name_hash(b"<new>"))
}

/// The member that holds the argument of an applied type.
pub(super) fn argument(index: usize) -> u64 {
    name_hash(format!("<{index}>").as_bytes())
}

/// The position that an element's name says.
pub(super) fn position(name: u64) -> Option<usize> {
    static HASHES: OnceLock<Vec<u64>> = OnceLock::new();
    let hashes = HASHES.get_or_init(|| {
        let names = (0..16).map(|index| format!("[{index}]"));
        names.map(|name| name_hash(name.as_bytes())).collect()
    });
    hashes.iter().position(|known| *known == name)
}

/// The member that stands at a position.
pub(super) fn at_position(index: usize) -> u64 {
    name_hash(format!("[{index}]").as_bytes())
}

impl Linker<'_> {
    /// The slot of a member that no definition declares.
    pub(super) fn field(&mut self, owner: Value, name: u64) -> u32 {
        // A class and its instances share what is stored on them.
        let owner = match owner.kind() {
            Kind::Instance => Value::new(Kind::Def, owner.index()),
            _ => owner,
        };
        if let Some(slot) = self.fields.get(&(owner.0, name)) {
            return *slot;
        }
        let slot = self.sets.grow();
        self.fields.insert((owner.0, name), slot);
        slot
    }

    /// Fills the members that hold the arguments of an applied type.
    pub(super) fn open_applied(&mut self, value: Value) {
        if !self.object_slots.insert(value.index()) {
            return;
        }
        let Some((file, record)) = self.alloc(value.index()) else {
            return;
        };
        let instance = Value::new(Kind::Applied, value.index());
        let facts = &self.unit(file).facts;
        let args = &facts.args[record.args as usize..(record.args + record.args_len) as usize];
        for (index, arg) in args.iter().enumerate() {
            let from = self.slot_in(file, arg.slot);
            let to = self.field(instance, argument(index));
            self.hang(from, DynamicOp::Instance { to });
        }
        self.open_elements(instance, file, record);
    }

    /// Which arguments of an applied type are its elements.
    pub(super) fn open_elements(&mut self, instance: Value, file: u32, record: &AllocRec) {
        let count = record.args_len as usize;
        if record.kind == alloc::TUPLE {
            for index in 0..count {
                let from = self.field(instance, argument(index));
                let to = self.field(instance, at_position(index));
                self.flow(from, to, NONE);
            }
            return;
        }
        if count == 0 {
            return;
        }
        let traits = self.unit(file).traits;
        let class = self.applied_external(instance);
        let class = class.map_or(0, |id| self.externals[id as usize].1);
        let class = self.external_simple(class);
        let index = match traits.elements.get(&class) {
            Some(index) => (*index as usize).min(count - 1),
            None if traits.typed => 0,
            None => count - 1,
        };
        let from = self.field(instance, argument(index));
        let unknown = self.field(instance, unknown_key());
        self.flow(from, unknown, NONE);
        let element = self.field(instance, any());
        if traits.pairs.contains(&class) && count > 1 {
            // Iterating gives pairs, looking up gives their second halves.
            let pair = self.made_pair(instance.index());
            for index in 0..2 {
                let from = self.field(instance, argument(index));
                let to = self.field(pair, at_position(index));
                self.flow(from, to, NONE);
            }
            self.sets.add(element, pair, false);
        } else {
            self.flow(from, element, NONE);
        }
    }

    /// The last name of an external symbol.
    fn external_simple(&self, name: u64) -> u64 {
        self.simple.get(&name).copied().unwrap_or(name)
    }

    fn made_pair(&mut self, object: u32) -> Value {
        let next = 1 << 27 | self.made.len() as u32;
        Value::new(
            Kind::Object,
            *self.made.entry((object, NONE)).or_insert(next),
        )
    }

    /// `to` gains member `name` of `value`.
    pub(super) fn load(&mut self, value: Value, name: u64, to: u32, site: u32, file: u32) {
        match value.kind() {
            Kind::Module => {
                let found = if self.unit(file).traits.program_scope {
                    self.look_up_path(value.index(), name, to, file)
                } else {
                    self.look_up_module(value.index(), name, to, 0)
                };
                if found {
                    self.refer_member(file, site, to);
                } else {
                    self.load_export(value, name, to, site, file);
                }
            }
            Kind::Def => self.load_static(value, name, to, site, file),
            Kind::Instance => self.load_instance(value, value.index(), name, to, site, file, 0),
            Kind::Super => {
                let this = Value::new(Kind::Instance, value.index());
                self.load_instance(this, value.index(), name, to, site, file, 1);
            }
            Kind::Object | Kind::Applied => self.load_object(value, name, to, site, file),
            Kind::External => self.load_external(value, name, to, file),
            Kind::Bound => {}
        }
    }

    /// A member of what a module exports as a whole (`module.exports.name`).
    fn load_export(&mut self, value: Value, name: u64, to: u32, site: u32, file: u32) {
        let whole = name_hash(b"module.exports");
        if name == whole || !self.table.has(value.index(), whole) {
            return;
        }
        let entries: Vec<Entry> = self.table.get(value.index(), whole).collect();
        for entry in entries {
            self.hang(
                entry.slot,
                DynamicOp::Load {
                    to,
                    name,
                    site,
                    file,
                },
            );
        }
    }

    fn load_external(&mut self, value: Value, name: u64, to: u32, file: u32) {
        if let Some(element) = self.element_outside(value) {
            let element = is_element(name).then_some(element);
            if let Some(read) = element.or_else(|| self.member_of_array(file, name)) {
                self.sets.add(to, read, false);
                return;
            }
        }
        let member = self.external_member(value, name, file);
        self.sets.add(to, member, false);
    }

    /// The member of something outside. What something outside gives stays
    /// without a name, and so does what is nested very deep.
    pub(super) fn external_member(&mut self, value: Value, name: u64, file: u32) -> Value {
        if value == OPAQUE {
            return OPAQUE;
        }
        let id = if let Some(id) = self.external_ids.get(&(value.index(), name)) {
            *id
        } else {
            let text = self.name_text(file, name);
            self.external_child(value.index(), name, &text)
        };
        Value::new(Kind::External, id)
    }

    /// The text of a name that some file mentions.
    pub(super) fn name_text(&mut self, file: u32, name: u64) -> String {
        let facts = &self.unit(file).facts;
        if self.text_files.insert(file) {
            for record in facts.names {
                self.texts.entry(record.hash).or_insert((file, record.at));
            }
        }
        let Some((file, at)) = self.texts.get(&name).copied() else {
            return String::new();
        };
        let facts = &self.unit(file).facts;
        let record = facts.names.partition_point(|record| record.at < at);
        let len = facts.names.get(record).map_or(0, |record| record.len);
        let text = facts.text(at, len);
        let text = text.strip_suffix(b"()").unwrap_or(text);
        String::from_utf8_lossy(text).into_owned()
    }

    /// A member of a class (or a function) itself.
    fn load_static(&mut self, value: Value, name: u64, to: u32, site: u32, file: u32) {
        let class = value.index();
        if name == construction() {
            if self.is_class(class) {
                let maker = self.bound_to(class, value);
                self.sets.add(to, maker, false);
            }
            return;
        }
        let traits = self.unit(self.file_of(class)).traits;
        if name == traits.prototype && name != 0 {
            self.sets.add(to, Value::new(Kind::Instance, class), false);
            return;
        }
        if traits.index_applies && is_element(name) {
            self.sets.add(to, value, false);
            return;
        }
        if !self.naming || self.is_class(class) {
            let entries = self.find_member(class, name);
            if !entries.is_empty() {
                for entry in entries {
                    self.read_entry(entry, to, site, file, value);
                }
                return;
            }
        }
        if self.naming {
            return;
        }
        let slot = self.field(value, name);
        self.flow(slot, to, NONE);
        if let Some(external) = self.external_base(class) {
            self.load_external(Value::new(Kind::External, external), name, to, file);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one lookup, spelt out")]
    pub(super) fn load_instance(
        &mut self,
        receiver: Value,
        class: u32,
        name: u64,
        to: u32,
        site: u32,
        file: u32,
        skip: usize,
    ) {
        let entries = self.find_member_from(class, name, skip);
        if !entries.is_empty() {
            for entry in entries {
                let part = self.part_of(receiver, class, entry.def);
                self.read_entry(entry, to, site, file, part);
            }
            return;
        }
        let slot = self.field(receiver, name);
        self.flow(slot, to, receiver.0);
        self.load_prototype(class, name, to, site, file);
        if let Some(external) = self.external_base(class) {
            self.load_external(Value::new(Kind::External, external), name, to, file);
        }
    }

    /// What a function's prototype was set to has members for its instances.
    fn load_prototype(&mut self, class: u32, name: u64, to: u32, site: u32, file: u32) {
        let traits = self.unit(self.file_of(class)).traits;
        if traits.prototype == 0 || name == traits.prototype {
            return;
        }
        let slot = self.field(Value::new(Kind::Def, class), traits.prototype);
        self.hang(
            slot,
            DynamicOp::Load {
                to,
                name,
                site,
                file,
            },
        );
    }

    fn load_object(&mut self, value: Value, name: u64, to: u32, site: u32, file: u32) {
        if let Some(class) = self.class_of(value) {
            let entries = self.find_member(class, name);
            if !entries.is_empty() {
                for entry in entries {
                    self.read_entry(entry, to, site, file, value);
                }
                return;
            }
        }
        if let Some(read) = self.member_of_array(file, name)
            && self.applied(value).is_none()
        {
            self.sets.add(to, read, false);
            return;
        }
        let slot = self.field(value, name);
        self.flow(slot, to, NONE);
        self.load_beyond(value, name, to, site, file);
        let indexed = is_element(name);
        if name == unknown_key() {
            let named = self.field(value, any_name());
            self.flow(named, to, NONE);
        }
        if indexed && name != unknown_key() {
            let unknown = self.field(value, unknown_key());
            self.flow(unknown, to, NONE);
        } else if indexed {
            let element = self.field(value, any());
            self.flow(element, to, NONE);
        }
    }

    /// What an object has beside its own values: getters, and the members of
    /// what it inherits from.
    fn load_beyond(&mut self, value: Value, name: u64, to: u32, site: u32, file: u32) {
        if let Some(getter) = self.fields.get(&(value.0, name ^ GETTER)).copied() {
            let receiver = value;
            self.hang(
                getter,
                DynamicOp::Get {
                    to,
                    receiver,
                    site,
                    file,
                },
            );
        }
        let prototype = self.unit(file).traits.prototype;
        if prototype == 0 || name == prototype {
            return;
        }
        if let Some(slot) = self.fields.get(&(value.0, prototype)).copied() {
            self.hang(
                slot,
                DynamicOp::Load {
                    to,
                    name,
                    site,
                    file,
                },
            );
        }
    }

    /// The class of an object, where it was written.
    pub(super) fn class_of(&self, value: Value) -> Option<u32> {
        match value.kind() {
            Kind::Applied => self.applied_class(value),
            Kind::Object => {
                let (file, record) = self.alloc(value.index())?;
                if record.class_slot == NONE || record.kind == alloc::APPLIED {
                    return self.applied_class(value);
                }
                let slot = self.slot_in(file, record.class_slot);
                self.sets
                    .values(slot)
                    .find_map(|(value, _)| (value.kind() == Kind::Def).then(|| value.index()))
            }
            Kind::Instance => Some(value.index()),
            _ => None,
        }
    }

    /// Reads a member through `receiver`.
    fn read_entry(&mut self, entry: Entry, to: u32, site: u32, file: u32, receiver: Value) {
        if entry.def != NONE {
            if site != NONE {
                self.member_refs.push((file, site, entry.def, false));
            }
            let def = self.def(entry.def);
            let through_instance = receiver.kind() != Kind::Def
                || def.flags & (def_flag::STATIC | def_flag::CLASS_METHOD) != 0;
            if def.flags & def_flag::PROPERTY != 0 && through_instance {
                self.read_property(entry.def, receiver, to, site, file);
                return;
            }
        }
        let binds = match receiver.kind() {
            Kind::Def => {
                entry.def != NONE && self.def(entry.def).flags & def_flag::CLASS_METHOD != 0
            }
            _ => entry.def == NONE || self.def(entry.def).flags & def_flag::STATIC == 0,
        };
        let applied = receiver.kind() == Kind::Applied;
        if applied && !(entry.def != NONE && self.is_function(entry.def)) {
            let def = entry.def;
            let (call, receiver) = (NONE, receiver.0);
            let context = super::generics::Context {
                call,
                def,
                receiver,
            };
            self.flow_replaced(entry.slot, to, context);
            return;
        }
        self.pass_written(entry.slot, to);
        self.flow(entry.slot, to, if binds { receiver.0 } else { NONE });
    }

    /// Reading a property calls its getter.
    pub(super) fn read_property(
        &mut self,
        def: u32,
        receiver: Value,
        to: u32,
        site: u32,
        file: u32,
    ) {
        let getter = self.file_of(def);
        let record = self.def(def);
        if record.this_slot != NONE {
            let this = self.slot_in(getter, record.this_slot);
            self.sets.add(this, receiver, true);
        }
        if record.ret_slot != NONE {
            let ret = self.slot_in(getter, record.ret_slot);
            self.flow(ret, to, NONE);
        }
        if site != NONE {
            self.member_refs.push((file, site, def, true));
        }
    }

    /// Writing a property calls its setter.
    pub(super) fn write_property(
        &mut self,
        def: u32,
        receiver: Value,
        from: u32,
        site: u32,
        file: u32,
    ) {
        let setter = self.file_of(def);
        let record = self.def(def);
        if record.this_slot != NONE {
            let this = self.slot_in(setter, record.this_slot);
            self.sets.add(this, receiver, true);
        }
        if let Some(param) = self.param_at(def, 0) {
            self.flow(from, param, NONE);
        }
        if site != NONE {
            self.member_refs.push((file, site, def, true));
        }
    }

    fn refer_member(&mut self, file: u32, site: u32, to: u32) {
        if site == NONE {
            return;
        }
        if let Some(def) = self.stands_for.get(&to) {
            self.member_refs.push((file, site, *def, false));
        }
    }

    /// Member `name` of `value` gains what `from` has.
    pub(super) fn store(&mut self, value: Value, name: u64, from: u32, site: u32, file: u32) {
        let indexed = is_element(name);
        match value.kind() {
            Kind::Instance | Kind::Def => {
                for setter in self.find_member(value.index(), name ^ SETTER) {
                    if setter.def != NONE {
                        self.write_property(setter.def, value, from, site, file);
                    }
                }
                let entries = self.find_member(value.index(), name);
                if site != NONE {
                    let named = entries.iter().filter(|entry| entry.def != NONE);
                    let named = named.filter(|e| self.def(e.def).flags & def_flag::PROPERTY == 0);
                    let found: Vec<u32> = named.map(|entry| entry.def).collect();
                    for def in found {
                        self.member_refs.push((file, site, def, false));
                    }
                }
                let variables: Vec<Entry> = entries
                    .into_iter()
                    .filter(|entry| entry.def == NONE || self.def(entry.def).kind == kind::VARIABLE)
                    .collect();
                for entry in &variables {
                    self.flow(from, entry.slot, NONE);
                }
                if variables.is_empty() {
                    let slot = self.field_at(value.index(), name);
                    let slot = slot.unwrap_or_else(|| self.field(value, name));
                    self.flow(from, slot, NONE);
                }
            }
            Kind::Module => {
                let entries: Vec<Entry> = self.table.get(value.index(), name).collect();
                for entry in entries {
                    self.flow(from, entry.slot, NONE);
                }
            }
            Kind::Object | Kind::Applied => {
                if let Some(setter) = self.fields.get(&(value.0, name ^ SETTER)).copied() {
                    let receiver = value;
                    self.hang(
                        setter,
                        DynamicOp::Set {
                            from,
                            receiver,
                            site,
                            file,
                        },
                    );
                }
                let slot = self.field(value, name);
                self.flow(from, slot, NONE);
                if !indexed && self.unit(file).traits.index_is_member {
                    let named = self.field(value, any_name());
                    self.flow(from, named, NONE);
                }
                if indexed && name != any() {
                    let element = self.field(value, any());
                    self.flow(from, element, NONE);
                } else if indexed {
                    let unknown = self.field(value, unknown_key());
                    self.flow(from, unknown, NONE);
                }
            }
            Kind::External | Kind::Bound | Kind::Super => {}
        }
    }
}
