//! Why a call could not be decided: what is known of its receiver, and where
//! that ends.

use super::chain::Chain;
use super::roles::Role;
use super::{Explainer, Step};
use crate::facts::format::{NONE, op};
use crate::graph::values::Value;

/// Most hops back from a receiver of which nothing is known.
const MOST: usize = 12;

impl Explainer<'_> {
    /// What is known of the undecided call at a place.
    pub fn site(&mut self, file: u32, line: u32, column: u32) -> Vec<Step> {
        let calls = self.calls_at(file, line, column);
        let found = calls
            .iter()
            .find(|(call, arg)| *arg == NONE && self.is_written(*call));
        let Some((call, _)) = found.copied() else {
            return Vec::new();
        };
        let record = *self.linker.call(file, call);
        let mut chain = Chain::at(file, line);
        let name = self.call_text(call);
        let (slot, what) = match (record.receiver, record.callee) {
            (NONE, NONE) => {
                chain.tell_here(
                    "undecided",
                    format!("nothing is known of what {name} calls"),
                );
                return chain.finish();
            }
            (NONE, callee) => (callee, "the name"),
            (receiver, _) => (receiver, "the receiver"),
        };
        let slot = self.linker.slot_in(file, slot);
        let values: Vec<Value> = self
            .linker
            .sets
            .values(slot)
            .map(|(value, _)| value)
            .collect();
        if self.linker.sets.is_full(slot) {
            let text = format!(
                "{what} may be more things than are followed: {} and others",
                self.listed(&values)
            );
            chain.tell_here("undecided", text);
            return chain.finish();
        }
        if values.is_empty() {
            chain.tell_here(
                "undecided",
                format!("no value is known to reach {what} of {name}"),
            );
            self.tell_roots(&mut chain, slot);
            return chain.finish();
        }
        let member = self.text(file, record.name);
        let text = if record.receiver == NONE {
            format!(
                "{what} is {}, which is no function that is known",
                self.listed(&values)
            )
        } else {
            format!(
                "{what} is {}, without a member `{member}` that is known",
                self.listed(&values)
            )
        };
        chain.tell_here("undecided", text);
        self.follow(&mut chain, slot, values[0], u32::MAX);
        chain.finish()
    }

    fn listed(&self, values: &[Value]) -> String {
        let shown: Vec<String> = values
            .iter()
            .take(3)
            .map(|value| self.described(*value))
            .collect();
        let more = values.len().saturating_sub(3);
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("{}{rest}", shown.join(", "))
    }

    /// Tells what an empty slot would get its values from.
    fn tell_roots(&mut self, chain: &mut Chain, slot: u32) {
        let Some(file) = self.linker.slot_home(slot) else {
            return;
        };
        let base = self.linker.slot_base[file as usize];
        let mut local = slot - base;
        for _ in 0..MOST {
            if self.tell_root(chain, file, base + local) {
                return;
            }
            let facts = &self.linker.unit(file).facts;
            let feeds = (0..facts.slots()).find_map(|from| {
                let mut ops = facts.ops_of(from).iter();
                let found = ops.find(|record| {
                    record.other == local
                        && !matches!(
                            record.kind,
                            op::CALL | op::METHOD | op::STORE | op::GETTER | op::SETTER
                        )
                });
                found.map(|record| (from, *record))
            });
            let Some((from, record)) = feeds else { return };
            if let Some(mention) = facts.refs.get(record.site as usize) {
                (chain.file, chain.line) = (file, mention.line);
            }
            match record.kind {
                op::LOAD => {
                    let name = self.text(file, record.name);
                    let text = if name.starts_with('[') {
                        "it is an element of something unknown".to_owned()
                    } else {
                        format!("it is the member `{name}` of something")
                    };
                    let of = self.linker.sets.values(base + from).map(|(value, _)| value);
                    let of: Vec<Value> = of.collect();
                    if of.is_empty() {
                        chain.tell_here("undecided", text);
                    } else {
                        let text = format!(
                            "it is the member `{name}` of {}, to which nothing is assigned that is known",
                            self.listed(&of)
                        );
                        chain.tell_here("undecided", text);
                        return;
                    }
                }
                op::ITERATE => chain.tell_here("undecided", "it is an element of something".into()),
                op::INSTANCE => {
                    chain.tell_here("undecided", "its written type is not known".into());
                }
                _ => {}
            }
            if from == local {
                return;
            }
            local = from;
        }
    }

    /// Tells of the root that a slot is, if it is one.
    fn tell_root(&mut self, chain: &mut Chain, file: u32, slot: u32) -> bool {
        if let Some((def, name)) = self.param_of(slot) {
            let line = self.linker.def(def).line.max(1);
            let text = format!(
                "{name} is a parameter of {} that no known call gives a known value",
                self.quoted(def)
            );
            chain.tell("undecided", file, line, text);
            return true;
        }
        let role = self.role(slot, |role| match role {
            Role::Result(_) | Role::Free(_) | Role::Import(_) => Some(role),
            _ => None,
        });
        match role {
            Some(Role::Result(call)) => {
                let (file, line) = self.place_of_call(call);
                let text = format!("nothing is known of what {} gives", self.call_text(call));
                chain.tell("undecided", file, line, text);
                true
            }
            Some(Role::Free(at)) => {
                let free = self.linker.unit(file).facts.frees[at as usize];
                let text = format!(
                    "nothing that is known defines `{}`",
                    self.text(file, free.name)
                );
                chain.tell_here("undecided", text);
                true
            }
            Some(Role::Import(at)) => {
                let line = self.linker.unit(file).facts.imports[at as usize].line;
                let text = format!(
                    "{} is imported, and leads to nothing that is known",
                    self.import_text(file, at)
                );
                chain.tell("undecided", file, line, text);
                true
            }
            _ => false,
        }
    }
}
