//! Scopes: which variable a name is, decided once per file.
//!
//! A name that is mentioned before (or after) its declaration in the same
//! scope is one variable; a name that a scope does not declare is, when the
//! scope closes, the enclosing scope's. What is left at the file's end is free.

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::format::{FreeRec, NONE};

/// What kind of scope, which decides who can see its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
    Block,
    /// Type parameters of the definition that follows.
    Params,
}

#[derive(Clone, Copy, Debug)]
struct Variable {
    name: u32,
    slot: u32,
    declared: bool,
}

#[derive(Debug)]
struct Scope {
    kind: ScopeKind,
    /// The definition that the scope is the inside of.
    def: u32,
    variables: Vec<Variable>,
    current: FxHashMap<u32, u32>,
}

/// The stack of open scopes.
#[derive(Debug)]
pub(super) struct Scopes {
    open: Vec<Scope>,
    spare: Vec<Scope>,
    /// Members of a class are seen by bare names inside its functions.
    class_visible: bool,
    sequential: bool,
    /// Not even the class's own body sees them.
    members_need_receiver: bool,
    /// Namespaces do not see the names around them.
    closed: bool,
    /// Variables whose names are seen only when their declaration is over.
    pending: Vec<(usize, u32, u32)>,
}

impl Scopes {
    pub(super) fn new(class_visible: bool, sequential: bool, closed: bool) -> Self {
        Self {
            open: Vec::new(),
            spare: Vec::new(),
            class_visible,
            sequential,
            members_need_receiver: false,
            closed,
            pending: Vec::new(),
        }
    }

    pub(super) fn members_need_receiver(&mut self, need: bool) {
        self.members_need_receiver = need;
    }

    pub(super) fn open(&mut self, kind: ScopeKind, def: u32) {
        let mut scope = self.spare.pop().unwrap_or_else(|| Scope {
            kind,
            def,
            variables: Vec::new(),
            current: FxHashMap::default(),
        });
        scope.kind = kind;
        scope.def = def;
        self.open.push(scope);
    }

    pub(super) fn kind(&self) -> ScopeKind {
        self.open
            .iter()
            .rev()
            .map(|scope| scope.kind)
            .find(|kind| *kind != ScopeKind::Params)
            .unwrap_or(ScopeKind::Module)
    }

    /// The definition that the innermost scope is the inside of.
    pub(super) fn def(&self) -> u32 {
        self.open.last().map_or(0, |scope| scope.def)
    }

    /// Declares a type parameter of what follows.
    pub(super) fn declare_param(&mut self, builder: &mut Builder<'_>, name: u32) -> u32 {
        let depth = self.open.len() - 1;
        let slot = self.lookup_at(builder, depth, name);
        let at = self.open[depth].current[&name] as usize;
        self.open[depth].variables[at].declared = true;
        slot
    }

    /// The variable that `name` is when used here.
    pub(super) fn lookup(&mut self, builder: &mut Builder<'_>, name: u32) -> u32 {
        let mut depth = self.open.len() - 1;
        while self.members_need_receiver && depth > 0 && self.open[depth].kind == ScopeKind::Class {
            depth -= 1;
        }
        self.lookup_at(builder, depth, name)
    }

    /// The variable that `name` is at the file's top level.
    pub(super) fn lookup_root(&mut self, builder: &mut Builder<'_>, name: u32) -> u32 {
        self.lookup_at(builder, 0, name)
    }

    /// The variable that `name` is around the innermost function.
    pub(super) fn lookup_outside(&mut self, builder: &mut Builder<'_>, name: u32) -> u32 {
        let depth = self.open.len().saturating_sub(2);
        self.lookup_at(builder, depth, name)
    }

    fn lookup_at(&mut self, builder: &mut Builder<'_>, depth: usize, name: u32) -> u32 {
        let scope = &mut self.open[depth];
        if let Some(at) = scope.current.get(&name) {
            return scope.variables[*at as usize].slot;
        }
        let slot = builder.variable(name);
        scope.current.insert(name, scope.variables.len() as u32);
        scope.variables.push(Variable {
            name,
            slot,
            declared: false,
        });
        slot
    }

    /// Whether this scope declares `name`.
    pub(super) fn declares(&self, depth: usize, name: u32) -> bool {
        let scope = &self.open[depth];
        scope
            .current
            .get(&name)
            .is_some_and(|at| scope.variables[*at as usize].declared)
    }

    /// Declares `name` in the innermost scope, or for `hoisted` in the
    /// innermost that is no block. Gives the variable's slot and whether it is new.
    pub(super) fn declare(
        &mut self,
        builder: &mut Builder<'_>,
        name: u32,
        hoisted: bool,
        item: bool,
    ) -> (u32, bool) {
        let depth = if hoisted {
            self.function_depth()
        } else {
            let found = self
                .open
                .iter()
                .rposition(|scope| scope.kind != ScopeKind::Params);
            found.unwrap_or_default()
        };
        let sequential = self.sequential && !item && self.open[depth].kind != ScopeKind::Class;
        let scope = &mut self.open[depth];
        if let Some(at) = scope.current.get(&name) {
            let variable = &mut scope.variables[*at as usize];
            if !sequential || (variable.declared && scope.kind == ScopeKind::Module) {
                let new = !variable.declared;
                variable.declared = true;
                return (variable.slot, new);
            }
        }
        let slot = builder.variable(name);
        scope.current.insert(name, scope.variables.len() as u32);
        scope.variables.push(Variable {
            name,
            slot,
            declared: true,
        });
        (slot, true)
    }

    /// Declares a variable that is seen by its name once [`Self::commit`] says
    /// so; `from` is where the pending variables of its declaration start.
    pub(super) fn declare_later(&mut self, builder: &mut Builder<'_>, name: u32, from: u32) -> u32 {
        let depth = self.open.len() - 1;
        let mut own = self.pending[(from as usize).min(self.pending.len())..].iter();
        if let Some((.., slot)) = own.find(|known| (known.0, known.1) == (depth, name)) {
            return *slot;
        }
        let slot = builder.variable(name);
        self.pending.push((depth, name, slot));
        slot
    }

    /// Number of variables whose declaration is not over.
    pub(super) fn pending(&self) -> u32 {
        self.pending.len() as u32
    }

    /// Makes pending variables visible, but for the first `from`.
    pub(super) fn commit(&mut self, from: u32) {
        let from = (from as usize).min(self.pending.len());
        for (depth, name, slot) in self.pending.split_off(from) {
            let Some(scope) = self.open.get_mut(depth) else {
                continue;
            };
            scope.current.insert(name, scope.variables.len() as u32);
            scope.variables.push(Variable {
                name,
                slot,
                declared: true,
            });
        }
    }

    /// Whether a later declaration of a name in the innermost scope is a new variable.
    pub(super) fn shadows(&self) -> bool {
        self.sequential && matches!(self.kind(), ScopeKind::Function | ScopeKind::Block)
    }

    /// The innermost scope that is no block.
    pub(super) fn function_depth(&self) -> usize {
        let found = self
            .open
            .iter()
            .rposition(|scope| !matches!(scope.kind, ScopeKind::Block | ScopeKind::Params));
        found.unwrap_or_default()
    }

    /// The kind of the innermost scope that is no block.
    pub(super) fn function_kind(&self) -> ScopeKind {
        self.open
            .get(self.function_depth())
            .map_or(ScopeKind::Module, |scope| scope.kind)
    }

    /// Says that `name` here is the module's variable.
    pub(super) fn global(&mut self, builder: &mut Builder<'_>, name: u32) -> u32 {
        let outer = self.lookup_at(builder, 0, name);
        let index = self.open[0].current[&name] as usize;
        self.open[0].variables[index].declared = true;
        self.bind_to(builder, name, outer);
        outer
    }

    /// Says that `name` here is an enclosing function's variable.
    pub(super) fn nonlocal(&mut self, builder: &mut Builder<'_>, name: u32) {
        let depth = self.function_depth();
        if let Some(outer) = self.visible_from(depth) {
            let slot = self.lookup_at(builder, outer, name);
            self.bind_to(builder, name, slot);
        }
    }

    fn bind_to(&mut self, builder: &mut Builder<'_>, name: u32, slot: u32) {
        let depth = self.function_depth();
        let own = self.lookup_at(builder, depth, name);
        if own != slot {
            builder.unite(own, slot);
        }
        let scope = &mut self.open[depth];
        let at = scope.current[&name] as usize;
        scope.variables[at].declared = true;
    }

    /// The scope whose names are seen from the inside of the one at `depth`.
    fn visible_from(&self, depth: usize) -> Option<usize> {
        let mut outer = depth.checked_sub(1)?;
        let inside = self.open[depth].kind;
        while self.open[outer].kind == ScopeKind::Class
            && !self.class_visible
            && (inside != ScopeKind::Block || self.members_need_receiver)
        {
            outer = outer.checked_sub(1)?;
        }
        Some(outer)
    }

    /// Closes the innermost scope: names that it does not declare are the
    /// enclosing scope's. `free` hears of names that nobody declares (outer is
    /// [`NONE`]) and, for `inherits`, of names that may be inherited members
    /// before they are the enclosing scope's.
    pub(super) fn close(
        &mut self,
        builder: &mut Builder<'_>,
        inherits: bool,
        mut free: impl FnMut(&mut Builder<'_>, FreeRec),
    ) {
        let depth = self.open.len() - 1;
        let closed = self.closed && self.kind() == ScopeKind::Module;
        let outer = self.visible_from(depth).filter(|_| !closed);
        let Some(mut scope) = self.open.pop() else {
            return;
        };
        for variable in scope.variables.iter().filter(|variable| !variable.declared) {
            let Variable { name, slot, .. } = *variable;
            match outer {
                Some(outer) => {
                    let found = self.lookup_at(builder, outer, name);
                    if inherits {
                        free(
                            builder,
                            FreeRec {
                                slot,
                                name,
                                scope: scope.def,
                                outer: found,
                            },
                        );
                    } else {
                        builder.unite(slot, found);
                    }
                }
                None => free(
                    builder,
                    FreeRec {
                        slot,
                        name,
                        scope: if closed { scope.def } else { 0 },
                        outer: NONE,
                    },
                ),
            }
        }
        scope.variables.clear();
        scope.current.clear();
        self.spare.push(scope);
    }

    /// Number of open scopes.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The slot of a name that the scope at `depth` has already met.
    pub(super) fn known(&self, depth: usize, name: u32) -> u32 {
        let scope = &self.open[depth];
        scope
            .current
            .get(&name)
            .map_or(NONE, |at| scope.variables[*at as usize].slot)
    }
}
