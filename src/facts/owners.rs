//! Definitions that belong together, or to a container that is no definition:
//! signatures of one function, values of an object, members named by a path.

use super::format::{NONE, def_flag};
use super::walk::{Tag, Walk};
use crate::lang::{Field, Role};

impl Walk<'_> {
    /// A declaration without a body stands for the definition with one that
    /// follows it: signatures of one function.
    pub(super) fn join_signatures(&mut self, def: u32, parent: u32, name: u32, extra: u32) {
        if extra & def_flag::ABSTRACT != 0 {
            let seed = self.builder.facts.seeds.len() as u32 - 1;
            let member = self.builder.facts.members.len() as u32;
            let known = self.signatures.entry((parent, name)).or_default();
            known.push((def, seed, member.wrapping_sub(1)));
            return;
        }
        let Some(signatures) = self.signatures.remove(&(parent, name)) else {
            return;
        };
        for (signature, seed, member) in signatures {
            let facts = &mut self.builder.facts;
            facts.seeds[seed as usize].value = def;
            if let Some(member) = facts.members.get_mut(member as usize)
                && member.def == signature
            {
                member.def = def;
            }
            let record = &mut facts.defs[signature as usize];
            record.flags |= def_flag::FORWARD;
            let from = record.ret_slot;
            if from != NONE {
                let to = self.ret(def);
                self.builder.copy(to, from);
            }
        }
    }

    /// The container, as users name it, of a definition that is a value in an
    /// object or of a member: `api.server` in `api.server = { start() {} }`;
    /// and whether what it is bound to is inherited by instances.
    pub(super) fn owner_of(&mut self) -> Option<(u32, bool)> {
        let mut keys: Vec<u32> = Vec::new();
        let mut at = self.frames.len().checked_sub(2)?;
        let mut inside = false;
        if self.frames[at].role == Role::Pair {
            at = at.checked_sub(1)?;
        }
        while self.frames[at].role == Role::Collection {
            inside = true;
            at = at.checked_sub(1)?;
            if self.frames[at].role != Role::Pair || keys.len() > 16 {
                break;
            }
            keys.push(self.key_of(at)?);
            at = at.checked_sub(1)?;
        }
        let mut path: Vec<u8> = Vec::new();
        let mut inherited = false;
        let frame = self.frames[at];
        if matches!(frame.role, Role::Declare | Role::Assign) {
            let values = &self.values[frame.values as usize..];
            let target = values
                .iter()
                .find(|value| matches!(value.field, Field::Name | Field::Left))
                .copied()?;
            match target.tag {
                Tag::Place => {
                    let whole = &self.source[target.start as usize..target.end as usize];
                    let whole = if inside {
                        whole
                    } else {
                        let end = whole.iter().rposition(|byte| *byte == b'.')?;
                        &whole[..end]
                    };
                    inherited = self.member_path(whole, &mut path)?;
                }
                Tag::Slot if inside && target.b != NONE => {
                    path.extend_from_slice(self.builder.bytes(target.b));
                }
                _ => {}
            }
        }
        for key in keys.iter().rev() {
            if !path.is_empty() {
                path.push(b'.');
            }
            path.extend_from_slice(self.builder.bytes(*key));
        }
        if path.is_empty() && !inherited {
            return None;
        }
        let name = if path.is_empty() {
            NONE
        } else {
            self.builder.made_name(&path)
        };
        Some((name, inherited))
    }

    fn key_of(&self, pair: usize) -> Option<u32> {
        let values = &self.values[self.frames[pair].values as usize..];
        let key = values.iter().find(|value| value.field == Field::Key)?;
        (key.b != NONE).then_some(key.b)
    }

    /// Appends the names of a chain of members, those left out that say where
    /// it stands in its language; `true` where one of them is the prototype.
    fn member_path(&self, chain: &[u8], path: &mut Vec<u8>) -> Option<bool> {
        let traits = &self.roles.traits;
        let mut inherited = false;
        for (index, part) in chain.split(|byte| *byte == b'.').enumerate() {
            let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'#');
            if part.is_empty() || !part.iter().all(word) {
                return None;
            }
            if !traits.prototype.is_empty() && part == traits.prototype.as_bytes() {
                inherited = true;
                continue;
            }
            let receiver = self.receiver != NONE && part == self.builder.bytes(self.receiver);
            let exports = index < 2 && traits.exports_object.iter().any(|n| n.as_bytes() == part);
            if exports || index == 0 && receiver {
                continue;
            }
            if !path.is_empty() {
                path.push(b'.');
            }
            path.extend_from_slice(part);
        }
        Some(inherited)
    }
}
