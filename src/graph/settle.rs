//! What is decided when all values are known: which of several functions of
//! one name takes these arguments, and which calls no value can redirect.

use super::calls::EXTERNAL;
use super::names::{Linker, kind};
use super::values::Kind;
use crate::facts::format::{NONE, ParamRec, call_flag, def_flag};

impl Linker<'_> {
    /// Drops the targets that the types of arguments and receivers rule out.
    pub(super) fn settle(&mut self) {
        for (file, unit) in self.input.units.iter().enumerate() {
            if !unit.traits.program_scope {
                continue;
            }
            for local in 0..unit.facts.calls.len() as u32 {
                let call = self.call_base[file] + local;
                let head = self.target_heads[call as usize];
                if head == NONE {
                    continue;
                }
                let flags = unit.facts.calls[local as usize].flags;
                let single = self.targets[head as usize].next == NONE;
                if single && flags & call_flag::OPERATOR == 0 {
                    continue;
                }
                self.settle_call(file as u32, call, flags);
            }
        }
    }

    fn settle_call(&mut self, file: u32, call: u32, flags: u32) {
        let mut cells = Vec::new();
        let mut at = self.target_heads[call as usize];
        while at != NONE {
            let cell = self.targets[at as usize];
            cells.push(cell);
            at = cell.next;
        }
        cells.reverse();
        let scores: Vec<Option<i32>> = cells
            .iter()
            .map(|cell| {
                (cell.target & EXTERNAL == 0 && self.is_function(cell.target))
                    .then(|| self.fit(file, call, cell.target))
            })
            .collect();
        let mut keep = vec![true; cells.len()];
        for (at, cell) in cells.iter().enumerate() {
            let Some(score) = scores[at] else { continue };
            if flags & call_flag::OPERATOR != 0 && !self.takes_class(file, call, cell.target) {
                keep[at] = false;
                continue;
            }
            let group = self.group(cell.target);
            for (other, rival) in cells.iter().enumerate() {
                if other != at
                    && scores[other].is_some_and(|rival| rival > score)
                    && self.group(rival.target) == group
                {
                    keep[at] = false;
                }
            }
        }
        self.keep_static(file, call, &cells, &mut keep);
        self.target_heads[call as usize] = NONE;
        for (cell, _) in cells.iter().zip(&keep).filter(|(_, keep)| **keep) {
            self.add_target_of(call, cell.target, cell.arg, cell.inferred);
        }
    }

    /// A method that is not virtual is that of the written type, whatever
    /// values flow.
    fn keep_static(
        &mut self,
        file: u32,
        call: u32,
        cells: &[super::calls::TargetCell],
        keep: &mut [bool],
    ) {
        let record = self.call(file, call);
        if record.receiver == NONE || !self.unit(file).traits.static_dispatch {
            return;
        }
        let exact: Vec<u32> = cells
            .iter()
            .filter(|cell| !cell.inferred && cell.target & EXTERNAL == 0)
            .map(|cell| cell.target)
            .filter(|def| self.def(*def).kind == kind::METHOD)
            .collect();
        if exact.is_empty() || exact.iter().any(|def| self.is_virtual(*def)) {
            return;
        }
        for (cell, keep) in cells.iter().zip(keep) {
            if cell.inferred && cell.target & EXTERNAL == 0 {
                *keep = false;
            }
        }
    }

    /// Whether a method may be overridden: it says so, or what it overrides does.
    pub(super) fn is_virtual(&mut self, def: u32) -> bool {
        let flags = self.def(def).flags | self.declared.get(&def).map_or(0, |known| known.1);
        if flags & def_flag::VIRTUAL != 0 {
            return true;
        }
        let class = match self.hierarchy.owners.get(&def) {
            Some(owner) => *owner,
            None => self.parent(def),
        };
        if !self.is_class(class) {
            return false;
        }
        let name = self.def_name(def);
        let order = self.order(class);
        for base in order.iter().skip(1) {
            let container = self.container(*base);
            let virtual_one = self.table.get(container, name).any(|entry| {
                entry.def != NONE && self.def(entry.def).flags & def_flag::VIRTUAL != 0
            });
            if virtual_one {
                return true;
            }
        }
        false
    }

    /// Functions of one name in one place are one group.
    pub(super) fn group(&self, def: u32) -> (u32, u64) {
        if def & EXTERNAL != 0 || !self.is_function(def) {
            return (def, 0);
        }
        let home = match self.hierarchy.owners.get(&def) {
            Some(owner) => self.container(*owner),
            None => self.home(self.file_of(def), self.def(def).parent),
        };
        (home, self.def_name(def))
    }

    /// How well the arguments of a call fit a function.
    fn fit(&self, file: u32, call: u32, def: u32) -> i32 {
        let record = *self.call(file, call);
        let unit = self.unit(file);
        let params = self.params(def);
        let mut score = 0;
        for (arg, param) in unit.facts.args_of(&record).iter().zip(params) {
            score += self.fit_one(file, arg.slot, def, param);
        }
        score
    }

    fn fit_one(&self, file: u32, slot: u32, def: u32, param: &ParamRec) -> i32 {
        let slot = self.slot_in(file, slot);
        let target = self.file_of(def);
        let text = if param.type_name == NONE {
            &b""[..]
        } else {
            self.unit(target).facts.name(param.type_name)
        };
        let exact = self.sets.values(slot).any(|(_, inferred)| !inferred);
        let mut best = None;
        for (value, inferred) in self.sets.values(slot) {
            if exact && inferred {
                continue;
            }
            let score = match value.kind() {
                Kind::Instance | Kind::Applied => match self.class_of(value) {
                    Some(class) => self.fit_class(class, target, param),
                    None => 0,
                },
                Kind::External => {
                    let literal = self.externals[value.index() as usize].2.as_str();
                    fit_literal(literal, text, param.type_slot != NONE)
                }
                Kind::Def | Kind::Bound => 0,
                _ => 0,
            };
            best = Some(best.map_or(score, |known: i32| known.max(score)));
        }
        best.unwrap_or(0)
    }

    fn fit_class(&self, class: u32, target: u32, param: &ParamRec) -> i32 {
        if param.type_slot == NONE {
            return -4;
        }
        let types = self.slot_in(target, param.type_slot);
        let mut best = -2;
        for (value, _) in self.sets.values(types) {
            let known = match value.kind() {
                Kind::Def => value.index(),
                Kind::Object => match self.applied_class(value) {
                    Some(known) => known,
                    None => continue,
                },
                _ => continue,
            };
            if self.def(known).kind == kind::TYPE_PARAM {
                best = best.max(1);
            } else if known == class {
                best = best.max(6);
            } else if self.derives(class, known) {
                best = best.max(4);
            }
        }
        best
    }

    fn derives(&self, class: u32, base: u32) -> bool {
        let mut todo = vec![class];
        let mut at = 0;
        while let Some(current) = todo.get(at).copied() {
            at += 1;
            if current == base {
                return true;
            }
            if let Some(bases) = self.hierarchy.bases.get(&current) {
                for next in bases {
                    if !todo.contains(&next.class) && todo.len() < 64 {
                        todo.push(next.class);
                    }
                }
            }
        }
        false
    }

    /// Whether some argument is of a class that the function takes there.
    fn takes_class(&self, file: u32, call: u32, def: u32) -> bool {
        let record = *self.call(file, call);
        let unit = self.unit(file);
        let params = self.params(def);
        let target = self.file_of(def);
        unit.facts
            .args_of(&record)
            .iter()
            .zip(params)
            .any(|(arg, param)| {
                let slot = self.slot_in(file, arg.slot);
                self.sets.values(slot).any(|(value, _)| {
                    self.class_of(value)
                        .is_some_and(|class| self.fit_class(class, target, param) >= 4)
                })
            })
    }
}

/// How well a literal fits a parameter whose type is written `text`.
fn fit_literal(literal: &str, text: &[u8], class: bool) -> i32 {
    let Some((_, literal)) = literal.split_once("::") else {
        return 0;
    };
    let has = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    let pointer = text.contains(&b'*');
    match literal {
        "char*" if pointer && has(b"char") => 4,
        "char*" if class => 1,
        "char*" => -3,
        "int" if class || pointer => -1,
        "int" if text == b"int" => 3,
        "int" if has(b"float") || has(b"double") || has(b"bool") || has(b"char") => 1,
        "int" => 2,
        "char" if text == b"char" => 4,
        "char" if pointer || class => -1,
        "bool" if text == b"bool" => 4,
        "bool" if pointer || class => -1,
        _ => 0,
    }
}
