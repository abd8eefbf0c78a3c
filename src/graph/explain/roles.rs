//! What a slot is in the words of its file: a parameter, what a function
//! returns, an imported name.

use rustc_hash::FxHashMap;

use super::Explainer;
use crate::facts::format::NONE;

/// What a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// What an import binds: its number in the file.
    Import(u32),
    /// A parameter of a definition.
    Param(u32, u32),
    /// The receiver of a definition.
    This(u32),
    /// What a definition returns.
    Ret(u32),
    /// A definition's own name.
    Def(u32),
    /// A member that no definition makes, of a definition, and its name.
    Member(u32, u32),
    /// A name that the file does not bind: its number in the file.
    Free(u32),
    /// What a call gives.
    Result(u32),
    /// What a call calls, is called on or is given.
    Used(u32),
}

impl Explainer<'_> {
    /// The roles of a slot, the most telling first.
    pub(super) fn roles(&mut self, slot: u32) -> Vec<Role> {
        let Some(file) = self.linker.slot_home(slot) else {
            return Vec::new();
        };
        let local = slot - self.linker.slot_base[file as usize];
        if !self.roles.contains_key(&file) {
            let roles = self.roles_of_file(file);
            self.roles.insert(file, roles);
        }
        self.roles[&file].get(&local).cloned().unwrap_or_default()
    }

    /// The first role of a slot that `pick` takes.
    pub(super) fn role<T>(&mut self, slot: u32, pick: impl Fn(Role) -> Option<T>) -> Option<T> {
        self.roles(slot).into_iter().find_map(pick)
    }

    fn roles_of_file(&self, file: u32) -> FxHashMap<u32, Vec<Role>> {
        let unit = self.linker.unit(file);
        let facts = &unit.facts;
        let base = self.linker.def_base[file as usize];
        let calls = self.linker.call_base[file as usize];
        let mut roles: FxHashMap<u32, Vec<Role>> = FxHashMap::default();
        let mut add = |slot: u32, role: Role| {
            if slot != NONE {
                roles.entry(slot).or_default().push(role);
            }
        };
        for (at, import) in facts.imports.iter().enumerate() {
            add(import.slot, Role::Import(at as u32));
        }
        for (at, free) in facts.frees.iter().enumerate() {
            add(free.slot, Role::Free(at as u32));
        }
        for (local, def) in facts.defs.iter().enumerate() {
            let id = base + local as u32;
            add(def.slot, Role::Def(id));
            add(def.this_slot, Role::This(id));
            add(def.ret_slot, Role::Ret(id));
            for (at, param) in facts.params_of(local as u32).iter().enumerate() {
                if param.slot != def.this_slot {
                    add(param.slot, Role::Param(id, at as u32));
                }
            }
        }
        for member in facts.members {
            let role = if member.def == NONE {
                Role::Member(base + member.container, member.name)
            } else {
                Role::Def(base + member.def)
            };
            add(member.slot, role);
        }
        for (at, call) in facts.calls.iter().enumerate() {
            let id = calls + at as u32;
            add(call.result, Role::Result(id));
            for slot in [call.callee, call.receiver] {
                add(slot, Role::Used(id));
            }
            for arg in facts.args_of(call) {
                add(arg.slot, Role::Used(id));
            }
        }
        for known in roles.values_mut() {
            known.sort_unstable();
            known.dedup();
            known.truncate(MOST);
        }
        roles
    }

    /// Where a role is written: its file and line.
    pub(super) fn place_of(&self, file: u32, role: Role) -> Option<(u32, u32)> {
        let linker = &self.linker;
        let facts = &linker.unit(file).facts;
        match role {
            Role::Import(at) => Some((file, facts.imports[at as usize].line)),
            Role::Param(def, _) | Role::This(def) | Role::Ret(def) | Role::Def(def) => {
                Some((file, linker.def(def).line.max(1)))
            }
            Role::Result(call) | Role::Used(call) => Some((file, linker.call(file, call).line)),
            Role::Member(..) | Role::Free(_) => None,
        }
    }
}

/// Most roles of one slot that are told apart.
const MOST: usize = 32;
