//! Roles: what the kinds of node of a grammar mean to the one tree walk.
//!
//! A language's `roles.toml` maps node kinds to roles and grammar fields to
//! slots of that role; [`super::Roles`] is its compiled form.

use std::collections::BTreeMap;

use serde::Deserialize;

pub use super::traits::{Effect, Meaning, Traits};

/// What a node means.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Role {
    /// Transparent: its children belong to the nearest node with a role.
    Pass,
    /// Not entered.
    Skip,
    /// A comment: the doc comment of the definition that follows at once.
    Comment,
    /// An attribute that may stand between a doc comment and its definition.
    Attribute,
    /// An identifier that is looked up in scope.
    Name,
    /// The receiver: `this`, `self`.
    This,
    /// The enclosing class as a value: `Self`.
    SelfType,
    /// The base classes' view of the receiver: `super`.
    Super,
    /// A path root: `crate`, `self`, `super` in paths.
    PathRoot,
    /// A literal; `literal` in the node's entry names its class.
    Literal,
    /// A literal with expressions inside.
    Template,
    /// The whole file.
    Module,
    /// A named function or method.
    Function,
    /// An anonymous function.
    Lambda,
    /// A class, interface, trait, struct, enum.
    Class,
    /// A named scope that is no type: `mod`, `namespace`.
    Namespace,
    /// Members added to a type from outside: `impl`.
    Impl,
    /// A scope without a name.
    Block,
    /// A statement: its value is nobody's.
    Statement,
    /// A parameter.
    Param,
    /// The receiver parameter written out: `&self`.
    SelfParam,
    /// Declares the names of its pattern.
    Declare,
    /// Assigns to its left side; declares names where the language does so.
    Assign,
    /// Binds its left side to the elements of its right side.
    ForIn,
    /// Leaves the function with a value.
    Return,
    /// Raises a value; a class that is raised is instantiated.
    Raise,
    /// Gives a value to whoever iterates the function's result.
    Yield,
    /// Binds a name to the value of entering a context: `with … as`.
    Enter,
    /// Binds a name to an instance of a class: `except … as`.
    Catch,
    /// `object.property`.
    Member,
    /// `object[index]`.
    Index,
    /// A call.
    Call,
    /// An instantiation.
    New,
    /// A list, tuple, set, map or object literal.
    Collection,
    /// A collection whose elements come from a loop inside it.
    Comprehension,
    /// One of several values: `a if c else b`.
    Choice,
    /// What is awaited.
    Await,
    /// A key and a value inside a collection, or a keyword argument.
    Pair,
    /// An argument that stands for many.
    Spread,
    /// An operator between operands.
    Binary,
    /// An operation whose result is none of its operands.
    Opaque,
    /// A value of a written type: a cast, a typed pattern.
    Cast,
    /// A new array of a written type of elements.
    NewArray,
    /// A definition with decorators before it.
    Decorated,
    /// One decorator.
    Decorator,
    /// A type applied to arguments: `List<T>`.
    Generic,
    /// A type whose values hold elements of its argument: `[T]`, `T[]`.
    ArrayType,
    /// The type of a function.
    FunctionType,
    /// The type that a value has, written as that value: `typeof x`.
    TypeOf,
    /// A type parameter with its bounds.
    TypeParam,
    /// Another name for a type.
    TypeAlias,
    /// Tokens inside a macro call.
    Tokens,
    /// An import, with everything inside it.
    Import,
    /// One imported name.
    ImportItem,
    /// A list of imported names under a common prefix.
    ImportList,
    /// All names of the prefix.
    ImportStar,
    /// Names that are made visible to importers.
    Export,
    /// Names bound in the module's scope: `global`.
    Global,
    /// Names bound in an enclosing function's scope: `nonlocal`.
    Nonlocal,
    /// Names the package the file belongs to.
    Package,
    /// Type parameters, and the definition that they are the parameters of.
    Parametric,
    /// Makes a name of another scope visible here; `namespace` in it, all names.
    Using,
    /// Ends the life of its value: `delete`.
    Delete,
    /// Takes the address of its value, or what is at one.
    Indirection,
    /// Puts its value into its object: `channel <- value`.
    Put,
    /// Binds a name, in each of its branches, to a value of the branch's types.
    TypeSwitch,
    /// A branch of that, with its types.
    TypeCase,
    /// A value that is laid against the patterns of its arms.
    Match,
    /// One pattern (left) and what it leads to (right).
    Arm,
    /// Gives bases to a type parameter that was declared before: `where T: B`.
    Bound,
}

/// The place of a child in its parent's role.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Default)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Field {
    /// No particular place.
    #[default]
    None,
    /// The defined or bound name (a pattern).
    Name,
    /// Parameters.
    Params,
    /// The receiver parameter of a method declared outside its type.
    Receiver,
    /// The body.
    Body,
    /// A written type.
    Type,
    /// The type that an `impl` block adds to.
    Owner,
    /// The value.
    Value,
    /// The side that is assigned to (a pattern).
    Left,
    /// The side that is assigned from.
    Right,
    /// What is called.
    Callee,
    /// Arguments.
    Args,
    /// The object of a member access.
    Object,
    /// The member's name.
    Property,
    /// The index or key.
    Key,
    /// Base classes.
    Bases,
    /// Implemented interfaces.
    Interfaces,
    /// The other name of an import.
    Alias,
    /// The path of an import.
    Path,
    /// Type parameters.
    TypeParams,
    /// Arguments of a type.
    TypeArgs,
    /// A decorator.
    Decorator,
    /// A word that says that the names are declared here: `const`.
    Declarator,
    /// Evaluated, but its value is not used.
    Aside,
    /// Not evaluated.
    Ignore,
    /// Arguments that are spelt as one collection: `T{a, b}`.
    List,
}

/// The kind of definition a node makes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum DefKind {
    /// The file itself.
    #[default]
    File,
    /// A namespace or nested module.
    Module,
    /// A class, struct, enum or union.
    Class,
    /// An interface, trait or protocol.
    Interface,
    /// A function.
    Function,
    /// A function that belongs to a type.
    Method,
    /// A variable, field or constant.
    Variable,
    /// A group of members added to a type; no symbol of its own.
    Impl,
    /// A type parameter; no symbol of its own.
    TypeParam,
    /// Another name for a type; a symbol of kind variable.
    TypeAlias,
}

/// One node kind as written in `roles.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NodeEntry {
    pub(super) role: Role,
    #[serde(default)]
    pub(super) kind: DefKind,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Field>,
    #[serde(default)]
    pub(super) children: BTreeMap<String, Field>,
    #[serde(default)]
    pub(super) flags: Vec<NodeFlag>,
    #[serde(default)]
    pub(super) literal: String,
}

/// What else the walk must know of a kind of node.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum NodeFlag {
    /// The value of the body is the result of the function.
    BodyValue,
    /// `this` is that of the enclosing function.
    OuterThis,
    /// A function whose calls run it bit by bit.
    Generator,
    /// The names are bound in the function, not in the block.
    Hoisted,
    /// A field of the enclosing type, even without `this`; of a name, a member of
    /// the receiver: `@name`.
    FieldOf,
    /// Names that stand alone among the children are the definition's name.
    NameChildren,
    /// Declares no definition without a body (a forward declaration).
    NeedsBody,
    /// A constructor.
    Constructor,
    /// Keys of the collection are names, not expressions.
    NamedKeys,
    /// Values are kept by position.
    Positional,
    /// Declares by being assigned, even where assignments do not (`:=`).
    Declares,
    /// An enum: its members are instances of it.
    Enum,
    /// The last value of the node is its value.
    LastValue,
    /// Every leaf name is an import of its own (`import a, b`).
    Plain,
    /// The imported names are visible to importers of this file.
    Reexport,
    /// Static by its kind.
    Static,
    /// Members of this class can be reached without its name.
    Transparent,
    /// Assigned in the enclosing class when found in a constructor's head.
    ParamField,
    /// The receiver is the object, and the property is looked up in its bases.
    Awaits,
    /// The node is a block: names declared in it are not seen around it.
    Scoped,
    /// A call whose named arguments make one object; a callee in lower case is
    /// a word of the language.
    Element,
    /// Declares a function where its name stands directly below a signature.
    Prototype,
    /// The shape of a function: its name and its parameters.
    Signature,
    /// What is declared below refers to a value of the type, and holds none.
    Indirect,
    /// A path whose rest nests to the right: `a::(b::c)`.
    Qualified,
    /// Initialises what is named, a base or a field, in a constructor's head.
    Initialises,
    /// Its written type is that of its elements; a literal in another one has
    /// the type of the other's elements.
    ElementType,
    /// Without a name, its type is a base of the class around it, and names it.
    Part,
    /// Without a type and a value, it has those of the one before it.
    Repeats,
    /// Of two names the first is bound to keys, and so is a single one.
    KeyFirst,
    /// Keys are names of members or expressions: which, the type decides.
    EitherKeys,
    /// A case of the enum around it: an instance of the case is one of the enum.
    Variant,
    /// Its name never meets those of functions and variables: `name!`.
    Separate,
    /// A path: the receiver's word in it names a module.
    Path,
    /// Takes the element out of its value: `value?`.
    Unwraps,
}
