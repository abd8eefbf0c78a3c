//! What all files say together: symbols, edges, and how each was found.
//!
//! Linking reads the facts of every file in place and gives the edges between
//! their definitions. Absence: this layer knows no language and no Git; what a
//! language's import paths mean arrives as [`Target`]s.

mod arguments;
mod binding;
mod bodies;
mod calls;
mod construct;
mod convert;
mod declared;
mod dispatch;
mod edges;
mod emit;
mod explain;
mod flow;
mod generics;
mod hierarchy;
mod hierarchy_dispatch;
mod library;
mod limits;
mod members;
mod names;
mod nested;
pub mod order;
mod outside;
mod outside_types;
mod overloads;
mod passing;
mod paths;
mod program;
mod settle;
mod shapes;
mod table;
mod trace;
mod traits_dispatch;
mod values;

pub use emit::{Edge, EdgeKind, Linked, Reason, Unresolved};
pub use explain::{Asked, Explainer, Locate, RULES, Spot, Step};

use rustc_hash::FxHashMap;

use crate::facts::View;

/// One file to be linked.
#[derive(Debug)]
pub struct Unit<'a> {
    /// What it says.
    pub facts: View<'a>,
    /// The module that its top level belongs to.
    pub module: u32,
    /// Files of different families do not see each other's names.
    pub family: u8,
    /// How its language behaves.
    pub traits: &'a LinkTraits,
    /// What each of its imports means, in order.
    pub imports: Vec<Target>,
}

/// What an import path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The module that the path names, or [`NONE`].
    pub module: u32,
    /// The module that path and item name together, or [`NONE`].
    pub submodule: u32,
    /// Index of the external path in [`Input::externals`], or [`NONE`].
    pub external: u32,
    /// Hashes of the names of its path, where it is looked up name by name,
    /// starting in the importing namespace.
    pub names: Vec<u64>,
    /// Members inside members behind the module, by hash of their names.
    pub rest: Vec<u64>,
}

/// How a language behaves when names are linked.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent traits of languages"
)]
pub struct LinkTraits {
    /// Calling a class makes an instance.
    pub call_constructs: bool,
    /// Members of the enclosing class are meant by their bare names.
    pub implicit_this: bool,
    /// Constructors are inherited.
    pub inherits_constructor: bool,
    /// Functions can be constructors, with a prototype.
    pub functions_construct: bool,
    /// Several functions of one name are told apart by their arguments.
    pub overloads: bool,
    /// The receiver is the first parameter of a method.
    pub first_parameter_is_this: bool,
    /// A type satisfies an interface by having its methods.
    pub structural: bool,
    /// The method that calling an instance calls.
    pub call_method: u64,
    /// The member of a function that its instances inherit.
    pub prototype: u64,
    /// Members through which a function is called: `call`, `apply`.
    pub invokers: Vec<u64>,
    /// Names that the language provides; they are external.
    pub builtins: FxHashMap<u64, u32>,
    /// Names through which containers gain elements.
    pub adders: Vec<u64>,
    /// Names through which containers gain what the functions they call give.
    pub adds_results: Vec<u64>,
    /// External functions that call the functions they are given.
    pub calls_back: Vec<u64>,
    /// Every external function does.
    pub all_call_back: bool,
    /// A variable with a written type holds nothing but values of that type.
    pub declared_types_hold: bool,
    /// `object["name"]` is `object.name`.
    pub index_is_member: bool,
    /// Methods of functions that call them, the receiver first.
    pub calls_with_receiver: Vec<u64>,
    /// Methods of functions that call them with a receiver and a list.
    pub calls_with_list: Vec<u64>,
    /// Methods of functions that give them with a receiver.
    pub binds: Vec<u64>,
    /// Methods of whatever is awaited that hand it to functions.
    pub continues: Vec<u64>,
    /// External functions that give their first argument the others' members.
    pub mixes: Vec<u64>,
    /// Calling a type converts its argument.
    pub call_converts: bool,
    /// Indexing a function or type applies it to type arguments.
    pub index_applies: bool,
    /// Bases are parts: a base's method has the part as receiver.
    pub embeds: bool,
    /// A method called by its type's name takes the receiver first.
    pub receiver_first: bool,
    /// Types that the language itself provides.
    pub types: Vec<u64>,
    /// External functions that give back what they are given.
    pub passes: Vec<u64>,
    /// Top-level names of all files stand in one scope.
    pub program_scope: bool,
    /// Top-level names of all files stand in one scope, imported or not.
    pub global_names: bool,
    /// A method that is not virtual is that of the written type.
    pub static_dispatch: bool,
    /// What the name of a destructor starts with.
    pub destructor: Vec<u8>,
    /// Making an instance is no call, unless a constructor is written.
    pub silent_constructors: bool,
    /// A written type says all of what a variable holds.
    pub typed: bool,
    /// Import paths are looked up name by name.
    pub path_imports: bool,
    /// The names by which paths start: root, module itself, module around it.
    pub path_roots: Vec<u64>,
    /// External types, and which of their arguments their elements are.
    pub elements: FxHashMap<u64, u8>,
    /// The methods that iterating calls.
    pub iterate: Vec<u64>,
    /// External types whose iteration gives pairs of their two arguments.
    pub pairs: Vec<u64>,
    /// Member types whose members a type's instances have too.
    pub delegates: Vec<u64>,
    /// What external functions do with values: bits of `library::effect`.
    pub outside: FxHashMap<u64, u32>,
    /// Such calls are no calls of whoever calls the external function.
    pub silent_callbacks: bool,
    /// Names of callables are apart from those of variables.
    pub callables_apart: bool,
    /// What a file exports is not in its own scope.
    pub exports_apart: bool,
    /// Imported names are seen in their own file alone.
    pub private_imports: bool,
    /// A function as a value is an object whose method calls it.
    pub function_objects: bool,
    /// Methods of such objects that do not.
    pub object_methods: Vec<u64>,
    /// The written type of a variable limits what it holds.
    pub typed_variables: bool,
    /// External types that every value has.
    pub top_types: Vec<u64>,
    /// External types each of which takes the values of those before it.
    pub widening: Vec<u64>,
    /// Types whose values turn into those of another type, and back.
    pub boxes: Vec<(u64, u64)>,
    /// What members outside give: hash of the type's last name (0 for any) and
    /// of the member's, to an index in [`Input::externals`].
    pub gives: FxHashMap<(u64, u64), u32>,
    /// What members of the types of a standard library give: hashes of the
    /// type's full name and of the member's, to an index in
    /// [`Input::externals`], and whether receiver or call decide its arguments.
    pub library: FxHashMap<(u64, u64), (u32, bool)>,
    /// External types that a function can be given for, and the method that it
    /// then is.
    pub functional: FxHashMap<u64, u64>,
    /// The type that every other one extends.
    pub top: u64,
    /// External types, and those that they extend.
    pub extends: FxHashMap<u64, Vec<u64>>,
}

/// Everything that linking needs.
#[derive(Debug)]
pub struct Input<'a> {
    /// The files, in the order of their paths.
    pub units: Vec<Unit<'a>>,
    /// Number of modules.
    pub modules: u32,
    /// Modules inside modules, by name hash.
    pub submodules: FxHashMap<(u32, u64), u32>,
    /// Modules whose names are also seen, without import (`package` of a file).
    pub outer: Vec<u32>,
    /// Modules (second) whose names are seen in a module (first) without import.
    pub visible: Vec<(u32, u32)>,
    /// Paths outside the repository.
    pub externals: Vec<String>,
}

/// Links all files.
pub fn link(input: &Input<'_>) -> Linked {
    solved(names::Linker::new(input)).emit()
}

/// The same, with notes of how everything was found, for nobody to read: what
/// is explained must be what is linked.
#[doc(hidden)]
pub fn link_traced(input: &Input<'_>) -> Linked {
    let mut linker = names::Linker::new(input);
    linker.trace();
    solved(linker).emit()
}

fn solved(mut linker: names::Linker<'_>) -> names::Linker<'_> {
    linker.bind_names();
    linker.find_hierarchy();
    linker.bind_bodies();
    linker.solve();
    linker.find_satisfied();
    linker.dispatch();
    linker.settle();
    linker
}

/// The sources of this layer: what it computes changes only when they do.
pub const SOURCES: &[&str] = &[
    include_str!("binding.rs"),
    include_str!("passing.rs"),
    include_str!("arguments.rs"),
    include_str!("bodies.rs"),
    include_str!("calls.rs"),
    include_str!("construct.rs"),
    include_str!("convert.rs"),
    include_str!("declared.rs"),
    include_str!("dispatch.rs"),
    include_str!("edges.rs"),
    include_str!("emit.rs"),
    include_str!("flow.rs"),
    include_str!("generics.rs"),
    include_str!("hierarchy.rs"),
    include_str!("hierarchy_dispatch.rs"),
    include_str!("library.rs"),
    include_str!("limits.rs"),
    include_str!("members.rs"),
    include_str!("mod.rs"),
    include_str!("names.rs"),
    include_str!("nested.rs"),
    include_str!("order.rs"),
    include_str!("outside.rs"),
    include_str!("outside_types.rs"),
    include_str!("overloads.rs"),
    include_str!("paths.rs"),
    include_str!("program.rs"),
    include_str!("settle.rs"),
    include_str!("shapes.rs"),
    include_str!("table.rs"),
    include_str!("trace.rs"),
    include_str!("traits_dispatch.rs"),
    include_str!("values.rs"),
];
