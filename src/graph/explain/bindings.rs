//! How a name of one file comes to be another's.

use super::Explainer;
use super::chain::Chain;
use super::roles::Role;
use crate::facts::format::{NONE, import_flag};

impl Explainer<'_> {
    /// Tells how a name of one file is another's.
    pub(super) fn binding(&mut self, chain: &mut Chain, from: u32, to: u32) {
        let Some(file) = self.linker.slot_home(to) else {
            return;
        };
        let found = self.role(to, |role| match role {
            Role::Import(at) => Some((true, at)),
            Role::Free(at) => Some((false, at)),
            _ => None,
        });
        match found {
            Some((true, at)) => self.tell_import(chain, file, at, from),
            Some((false, at)) => self.tell_free(chain, file, at, from),
            None => {}
        }
    }

    pub(super) fn tell_import(&mut self, chain: &mut Chain, file: u32, at: u32, from: u32) {
        let unit = self.linker.unit(file);
        let line = unit.facts.imports[at as usize].line;
        let text = self.import_text(file, at);
        let rule = if chain.imported { "reexport" } else { "import" };
        let home = self.linker.slot_home(from);
        let text = match home {
            Some(home) if home != file => format!("{text} leads to `{}`", self.label(home)),
            _ => text,
        };
        chain.tell(rule, file, line, text);
        let target = unit.imports[at as usize].module;
        if let (Some(home), true) = (home, target != NONE) {
            self.tell_wildcards(chain, target, self.linker.unit(home).module);
        }
    }

    fn tell_free(&mut self, chain: &mut Chain, file: u32, at: u32, from: u32) {
        let unit = self.linker.unit(file);
        let free = unit.facts.frees[at as usize];
        let name = self.text(file, free.name);
        let Some(home) = self.linker.slot_home(from) else {
            return;
        };
        if free.outer != NONE && from == self.linker.slot_in(file, free.outer) {
            return;
        }
        let class = self.linker.def_base[file as usize] + free.scope;
        if free.scope != 0 && self.linker.is_class(class) {
            let text = format!("`{name}` is a member of {} around it", self.quoted(class));
            chain.tell_here("implicit_receiver", text);
            return;
        }
        if home == file {
            return;
        }
        let other = self.linker.unit(home).module;
        let place = self.label(home);
        if unit.traits.program_scope {
            let text = format!("`{name}` is seen in `{place}`, which is included");
            chain.tell_here("included_file", text);
        } else if self.tell_wildcards(chain, unit.module, other)
            || self.private_wildcard(chain, file, other)
        {
        } else {
            let text = format!("`{name}` stands in `{place}`, of the same package");
            chain.tell_here("package_scope", text);
        }
    }

    /// Tells of the wildcard import of `file` that opens a module.
    fn private_wildcard(&mut self, chain: &mut Chain, file: u32, module: u32) -> bool {
        let unit = self.linker.unit(file);
        if !unit.traits.private_imports {
            return false;
        }
        let mut imports = unit.facts.imports.iter().zip(&unit.imports);
        let found = imports.position(|(import, target)| {
            import.flags & import_flag::WILDCARD != 0 && target.module == module
        });
        let Some(at) = found else { return false };
        let line = unit.facts.imports[at].line;
        let text = format!("all names of {}", self.module(module));
        chain.tell("wildcard_import", file, line, text);
        true
    }

    /// Tells of the wildcard imports through which names of module `to` are
    /// seen in module `from`, if they are.
    fn tell_wildcards(&mut self, chain: &mut Chain, from: u32, to: u32) -> bool {
        if from == to {
            return false;
        }
        // In the order in which they were looked through.
        let mut seen = vec![(from, NONE)];
        let mut at = 0;
        while let Some((current, _)) = seen.get(at).copied() {
            if current == to {
                break;
            }
            for next in self.linker.wildcards.get(&current).into_iter().flatten() {
                if seen.len() < 256 && seen.iter().all(|(known, _)| known != next) {
                    seen.push((*next, at as u32));
                }
            }
            at += 1;
        }
        if at >= seen.len() {
            return false;
        }
        let mut way = Vec::new();
        while let Some((module, before)) = seen.get(at).copied() {
            if before == NONE {
                break;
            }
            way.push((seen[before as usize].0, module));
            at = before as usize;
        }
        for (outer, inner) in way.into_iter().rev() {
            let text = format!("all names of {}", self.module(inner));
            match self.wildcard_place(outer, inner) {
                Some((file, line)) => chain.tell("wildcard_import", file, line, text),
                None => chain.tell_here("wildcard_import", text),
            }
        }
        true
    }

    fn wildcard_place(&self, outer: u32, inner: u32) -> Option<(u32, u32)> {
        let units = self.linker.input.units.iter().enumerate();
        for (file, unit) in units.filter(|(_, unit)| unit.module == outer) {
            for (import, target) in unit.facts.imports.iter().zip(&unit.imports) {
                if import.flags & import_flag::WILDCARD != 0 && target.module == inner {
                    return Some((file as u32, import.line));
                }
            }
        }
        None
    }
}
