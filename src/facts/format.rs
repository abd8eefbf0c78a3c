//! The records of one file's facts, and their form as bytes.
//!
//! A record holds only `u32`-sized fields that index the file's own arrays, so
//! that facts are read in place from a mapped pack. Nothing refers to another
//! file: what a name means outside is decided by linking.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

pub use super::view::{Facts, View};

/// "No such thing", wherever an index may be absent.
pub const NONE: u32 = u32::MAX;

/// The name of a copy from a parameter to its function's result.
pub const RETURNED: u32 = u32::MAX - 1;

/// A name of the file: its hash is its identity across files.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct NameRec {
    /// xxh3 of the bytes.
    pub hash: u64,
    /// Where the bytes start in the text.
    pub at: u32,
    /// How many bytes.
    pub len: u32,
}

/// A definition. Definition 0 is the file.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct DefRec {
    /// Its name.
    pub name: u32,
    /// [`crate::lang::DefKind`] as a number.
    pub kind: u32,
    /// Bits of [`def_flag`].
    pub flags: u32,
    /// The definition it stands in.
    pub parent: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// First line, 1-based.
    pub start_line: u32,
    /// Last line.
    pub end_line: u32,
    /// Line of the name; 0 for the file.
    pub line: u32,
    /// Byte column of the name, 1-based.
    pub column: u32,
    /// The variable that the name is.
    pub slot: u32,
    /// The receiver, in functions that have one.
    pub this_slot: u32,
    /// What the function returns, or [`NONE`].
    pub ret_slot: u32,
    /// The written type: of the result, of the variable.
    pub type_slot: u32,
    /// The type that a member declared outside belongs to.
    pub owner_slot: u32,
    /// That type's name as written, or [`NONE`].
    pub owner_name: u32,
    /// First parameter.
    pub params: u32,
    /// Number of parameters.
    pub params_len: u32,
    /// Signature text.
    pub signature: u32,
    /// Its length.
    pub signature_len: u32,
    /// Doc comment text.
    pub doc: u32,
    /// Its length.
    pub doc_len: u32,
    /// Which of several definitions of one qualified name, from 0.
    pub ordinal: u32,
}

/// Bits of [`DefRec::flags`].
pub mod def_flag {
    /// Reading it calls it.
    pub const PROPERTY: u32 = 1;
    /// Writing it calls it.
    pub const SETTER: u32 = 1 << 1;
    /// It takes no receiver.
    pub const STATIC: u32 = 1 << 2;
    /// Its receiver is the class.
    pub const CLASS_METHOD: u32 = 1 << 3;
    /// It has no body.
    pub const ABSTRACT: u32 = 1 << 4;
    /// It makes instances.
    pub const CONSTRUCTOR: u32 = 1 << 5;
    /// Its calls run bit by bit.
    pub const GENERATOR: u32 = 1 << 6;
    /// It has no name of its own.
    pub const ANONYMOUS: u32 = 1 << 7;
    /// Decorators or assignments may have changed what the name is.
    pub const REBOUND: u32 = 1 << 8;
    /// Its members are instances of it.
    pub const ENUM: u32 = 1 << 9;
    /// Visible in its file only.
    pub const PRIVATE: u32 = 1 << 10;
    /// A declaration whose body stands elsewhere.
    pub const FORWARD: u32 = 1 << 11;
    /// It is exported under the file's default name.
    pub const DEFAULT_EXPORT: u32 = 1 << 12;
    /// Its members are reached without its name.
    pub const TRANSPARENT: u32 = 1 << 13;
    /// Stands for the function that it wraps.
    pub const WRAPPER: u32 = 1 << 15;
    /// Has a last parameter that takes the rest.
    pub const VARIADIC: u32 = 1 << 14;
    /// May be overridden, in languages that say so.
    pub const VIRTUAL: u32 = 1 << 20;
    /// Refers to a value of the written type, and holds none.
    pub const INDIRECT: u32 = 1 << 21;
    /// A mere declaration: no symbol if some file has a definition with a body.
    pub const PROTOTYPE: u32 = 1 << 22;
    /// The type of functions; no symbol of its own.
    pub const SIGNATURE: u32 = 1 << 23;
    /// A case of the enum that it stands in.
    pub const VARIANT: u32 = 1 << 16;
    /// A class that is written where its one instance is made.
    pub const INLINE: u32 = 1 << 24;
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ParamRec {
    /// Its name, or [`NONE`] for a pattern.
    pub name: u32,
    /// The variable that it is.
    pub slot: u32,
    /// Bits of [`param_flag`].
    pub flags: u32,
    /// The written type, or [`NONE`].
    pub type_slot: u32,
    /// The written type as text, or [`NONE`].
    pub type_name: u32,
}

/// Bits of [`ParamRec::flags`].
pub mod param_flag {
    /// Takes the rest of the arguments.
    pub const REST: u32 = 1;
    /// Takes the rest of the keyword arguments.
    pub const KEYWORD_REST: u32 = 1 << 1;
    /// May be left out.
    pub const OPTIONAL: u32 = 1 << 2;
    /// Is the receiver.
    pub const THIS: u32 = 1 << 3;
}

/// A flow of values, taken when its trigger gains one.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct OpRec {
    /// Number of [`op`].
    pub kind: u32,
    /// The other side: destination, source, or index of a call.
    pub other: u32,
    /// A name, where the kind has one.
    pub name: u32,
    /// Index of the reference site, or [`NONE`].
    pub site: u32,
}

/// Kinds of [`OpRec`]; the trigger is the slot that the operation hangs on.
pub mod op {
    /// `other` gains what the trigger has. Named [`super::RETURNED`], the
    /// trigger is a parameter or the receiver and `other` the result: each call
    /// gets back its own argument.
    pub const COPY: u32 = 0;
    /// `other` gains member `name` of what the trigger has.
    pub const LOAD: u32 = 1;
    /// Member `name` of what the trigger has gains what `other` has.
    pub const STORE: u32 = 2;
    /// `other` gains instances of what the trigger has.
    pub const INSTANCE: u32 = 3;
    /// Call `other` has the trigger as callee.
    pub const CALL: u32 = 4;
    /// Call `other` has the trigger as receiver and calls member `name`.
    pub const METHOD: u32 = 5;
    /// `other` gains the instance that calling the trigger would make, or its result.
    pub const RESULT: u32 = 6;
    /// `other` gains what iterating the trigger gives.
    pub const ITERATE: u32 = 7;
    /// `other` gains what waiting for the trigger gives.
    pub const AWAIT: u32 = 8;
    /// `other` gains what entering the trigger as a context gives.
    pub const ENTER: u32 = 9;
    /// Reading member `name` of what the trigger has calls what `other` has.
    pub const GETTER: u32 = 10;
    /// Writing member `name` of what the trigger has calls what `other` has.
    pub const SETTER: u32 = 11;
    /// `other` is a variable that holds an instance of the trigger's class, and
    /// of none derived from it.
    /// With a name, `other` is a list whose places are the fields of the class.
    pub const HOLDS: u32 = 12;
    /// `other` gains the type of the elements of the types that the trigger has.
    pub const ELEMENT: u32 = 13;
    /// Number of kinds.
    pub const COUNT: u32 = 14;
}

/// A value that a slot has from the start.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct SeedRec {
    /// The slot.
    pub slot: u32,
    /// Number of [`seed`].
    pub kind: u32,
    /// Definition, allocation or name, by kind.
    pub value: u32,
}

/// Kinds of [`SeedRec`].
pub mod seed {
    /// The definition itself.
    pub const DEF: u32 = 0;
    /// An instance of the class.
    pub const INSTANCE: u32 = 1;
    /// The object made at an allocation.
    pub const OBJECT: u32 = 2;
    /// An external symbol of that name.
    pub const EXTERNAL: u32 = 3;
    /// The bases' view of an instance of the class.
    pub const SUPER: u32 = 4;
    /// Number of kinds.
    pub const COUNT: u32 = 5;
}

/// A call site.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct CallRec {
    /// The definition that the site stands in.
    pub caller: u32,
    /// The name that is called, or [`NONE`].
    pub name: u32,
    /// Line of the callee's name, 1-based.
    pub line: u32,
    /// Byte column, 1-based.
    pub column: u32,
    /// The callee's slot, or [`NONE`] for a method call.
    pub callee: u32,
    /// The receiver's slot, or [`NONE`].
    pub receiver: u32,
    /// What the result goes to.
    pub result: u32,
    /// First argument.
    pub args: u32,
    /// Number of arguments.
    pub args_len: u32,
    /// Bits of [`call_flag`].
    pub flags: u32,
}

/// Bits of [`CallRec::flags`].
pub mod call_flag {
    /// Makes an instance of the callee.
    pub const NEW: u32 = 1;
    /// No call is written here: an operator, a property, a loop.
    pub const IMPLICIT: u32 = 1 << 1;
    /// Applies a decorator.
    pub const DECORATOR: u32 = 1 << 2;
    /// Inside the tokens of a macro.
    pub const TOKENS: u32 = 1 << 3;
    /// Arguments hold a spread.
    pub const SPREAD: u32 = 1 << 4;
    /// The receiver is the base classes' view of `this`.
    pub const SUPER: u32 = 1 << 5;
    /// An element: a class makes an instance, a function is called.
    pub const ELEMENT: u32 = 1 << 6;
    /// Initialises a base or a field of the class.
    pub const INIT: u32 = 1 << 10;
    /// A function that an operator is, found by name: some argument must be of
    /// a class that it takes.
    pub const OPERATOR: u32 = 1 << 11;
    /// A conversion to the callee, written or not: nothing is called.
    pub const CONVERTS: u32 = 1 << 7;
    /// A constructor hands its own receiver to another constructor.
    pub const DELEGATES: u32 = 1 << 12;
}

/// An argument of a call.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ArgRec {
    /// Its value.
    pub slot: u32,
    /// The keyword, or [`NONE`].
    pub name: u32,
    /// Bits of [`arg_flag`].
    pub flags: u32,
    /// Where it is written, as [`place`] packs it; 0 where it is not.
    pub place: u32,
}

/// Packs the place of an argument: lines below the call's own in the upper
/// half, byte column in the lower; 0 where that is too far.
pub fn place(call_line: u32, line: u32, column: u32) -> u32 {
    let below = line.wrapping_sub(call_line);
    if below > 0xFFFF || column > 0xFFFF {
        return 0;
    }
    below << 16 | column
}

/// Bits of [`ArgRec::flags`].
pub mod arg_flag {
    /// Stands for the elements of its value.
    pub const SPREAD: u32 = 1;
    /// Stands for the named elements of its value.
    pub const KEYWORD_SPREAD: u32 = 1 << 1;
}

/// An imported name.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ImportRec {
    /// The variable it binds, or [`NONE`] (a wildcard, a bare import).
    pub slot: u32,
    /// The path as written, segments joined as the language writes them.
    pub path: u32,
    /// The imported member of that path, or [`NONE`] for the module itself.
    pub item: u32,
    /// Bits of [`import_flag`].
    pub flags: u32,
    /// The definition it stands in.
    pub scope: u32,
    /// Line, 1-based.
    pub line: u32,
    /// Byte column, 1-based.
    pub column: u32,
    /// The name it is exported under, or [`NONE`].
    pub export: u32,
}

/// Bits of [`ImportRec::flags`].
pub mod import_flag {
    /// All names of the module.
    pub const WILDCARD: u32 = 1;
    /// Importers of this file see the name.
    pub const REEXPORT: u32 = 1 << 1;
    /// The path's first segment is bound, not its last (`import a.b`).
    pub const ROOT: u32 = 1 << 2;
    /// The path is a string with the language's own rule.
    pub const QUOTED: u32 = 1 << 3;
    /// Members, not types (`import static`).
    pub const STATIC: u32 = 1 << 4;
    /// A system header.
    pub const SYSTEM: u32 = 1 << 5;
    /// The path is one of names in the code, not one of files.
    pub const PATH: u32 = 1 << 12;
    /// The name is guessed from the path: the module's own name is what counts.
    pub const GUESSED: u32 = 1 << 7;
    /// The path is that of a file that belongs inside this one: `mod name;`.
    pub const CHILD: u32 = 1 << 6;
}

/// A name that the file does not bind.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FreeRec {
    /// The variable that stands for it.
    pub slot: u32,
    /// The name.
    pub name: u32,
    /// The class whose inherited members are meant first, or the namespace that
    /// is meant; 0 at the file's level.
    pub scope: u32,
    /// The variable that it is if no inherited member is, or [`NONE`].
    pub outer: u32,
}

/// A member of a definition, or of the file.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct MemberRec {
    /// The definition that holds it.
    pub container: u32,
    /// Its name.
    pub name: u32,
    /// The variable that it is.
    pub slot: u32,
    /// The definition, or [`NONE`] where an import or assignment made it.
    pub def: u32,
}

/// A base of a class.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct BaseRec {
    /// The class (or a type parameter with a bound, or an `impl`).
    pub class: u32,
    /// The base's slot.
    pub slot: u32,
    /// 1 where the base is implemented, 0 where it is extended.
    pub implements: u32,
    /// Line, 1-based.
    pub line: u32,
    /// Byte column, 1-based.
    pub column: u32,
}

/// A mention of something that may be a definition.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct RefRec {
    /// The slot whose meaning is mentioned, or [`NONE`] when an operation
    /// names this reference as its site.
    pub slot: u32,
    /// The definition that the mention stands in.
    pub scope: u32,
    /// Line, 1-based.
    pub line: u32,
    /// Byte column, 1-based.
    pub column: u32,
}

/// An object made by a literal or a written type.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct AllocRec {
    /// The slot of its class, or [`NONE`].
    pub class_slot: u32,
    /// Number of [`alloc`].
    pub kind: u32,
    /// First type argument in the arguments, for [`alloc::APPLIED`].
    pub args: u32,
    /// Number of type arguments.
    pub args_len: u32,
}

/// Kinds of [`AllocRec`].
pub mod alloc {
    /// A container or object literal.
    pub const LITERAL: u32 = 0;
    /// A type applied to arguments: as a value it is the type.
    pub const APPLIED: u32 = 1;
    /// The members that a type lists: its instances are the object itself.
    pub const SHAPE: u32 = 2;
    /// The type of the values in the class's slot: its instances are they.
    pub const OF: u32 = 3;
    /// A type of several types by position; as a value it is the type.
    pub const TUPLE: u32 = 4;
    /// Number of kinds.
    pub const COUNT: u32 = 5;
}
