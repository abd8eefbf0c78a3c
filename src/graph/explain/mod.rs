//! Why an edge is there: the chain of rules by which linking found it.
//!
//! Everything here is read off what linking noted of itself ([`super::trace`])
//! and off its final state; nothing is guessed anew. A chain leads from the
//! site back to the definition: how a value came to where it is used, and what
//! its class makes of the name.

mod bindings;
mod chain;
mod edges;
mod hops;
mod members;
mod roles;
mod rules;
mod sites;
mod words;

use rustc_hash::FxHashMap;

use super::emit::{EdgeKind, Linked};
use super::names::Linker;
use super::trace::Trace;
use super::{Input, solved};

pub use rules::RULES;

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule's name, one of [`RULES`].
    pub rule: &'static str,
    /// The file of the place that the rule was applied at.
    pub file: u32,
    /// Its line, 1-based.
    pub line: u32,
    /// What the rule says here.
    pub text: String,
}

/// An edge that is to be explained.
#[derive(Clone, Debug)]
pub struct Asked<'t> {
    /// What it says.
    pub kind: EdgeKind,
    /// The file of its site.
    pub file: u32,
    /// Line of the site.
    pub line: u32,
    /// Byte column of the site.
    pub column: u32,
    /// What its source is: definitions that are one symbol.
    pub sources: &'t [u32],
    /// What it leads to: definitions that are one symbol, or external symbols.
    pub targets: &'t [u32],
    /// Whether the targets are external symbols.
    pub external: bool,
}

/// Where a slot is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Line, 1-based.
    pub line: u32,
    /// The name of the variable that it is, if it is one.
    pub name: Option<String>,
}

/// Tells where a slot of a file is written, as far as that is known.
pub type Locate<'a> = Box<dyn FnMut(u32, u32) -> Option<Spot> + 'a>;

/// A call by its number, and the argument at a place (or none).
type CallAt = (u32, u32);

/// Explains the edges of what was linked.
pub struct Explainer<'a> {
    linker: Linker<'a>,
    /// The notes, taken out of the linker.
    trace: Box<Trace>,
    labels: &'a [&'a [u8]],
    locate: Locate<'a>,
    roles: FxHashMap<u32, FxHashMap<u32, Vec<roles::Role>>>,
    calls: FxHashMap<u32, FxHashMap<(u32, u32), Vec<CallAt>>>,
    /// Per file, the members that were found where: line, column, number.
    refers: Option<FxHashMap<u32, Vec<usize>>>,
    /// Edges that names laid, by where they lead.
    bindings: Option<FxHashMap<u32, Vec<u32>>>,
}

impl<'a> Explainer<'a> {
    /// Links `input` and notes how. `labels` are what its files are called;
    /// `locate` tells where slots are written, which facts do not say.
    pub fn new(input: &'a Input<'a>, labels: &'a [&'a [u8]], locate: Locate<'a>) -> Self {
        let mut linker = Linker::new(input);
        linker.trace();
        let mut linker = solved(linker);
        let trace = linker.sets.trace.take().unwrap_or_default();
        Self {
            linker,
            trace,
            labels,
            locate,
            roles: FxHashMap::default(),
            calls: FxHashMap::default(),
            refers: None,
            bindings: None,
        }
    }

    /// What linking gave beside edges.
    pub fn outline(&self) -> Linked {
        self.linker.outline()
    }
}
