//! Roles: what the kinds of node of a grammar mean to the one tree walk.
//!
//! A language's `roles.toml` maps node kinds to roles and grammar fields to
//! slots of that role. It is compiled once into arrays indexed by kind id and
//! field id, so that the walk asks no string.

use std::collections::BTreeMap;

use serde::Deserialize;
use tree_sitter::Language;

pub use super::traits::{Meaning, Traits};

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
    role: Role,
    #[serde(default)]
    kind: DefKind,
    #[serde(default)]
    fields: BTreeMap<String, Field>,
    #[serde(default)]
    children: BTreeMap<String, Field>,
    #[serde(default)]
    flags: Vec<NodeFlag>,
    #[serde(default)]
    literal: String,
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
    /// A field of the enclosing type, even without `this`.
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
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "traits")]
    language: Traits,
    node: BTreeMap<String, NodeEntry>,
}

/// A compiled row: what the walk needs of one node kind.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The role.
    pub role: Role,
    /// The kind of definition, where the role makes one.
    pub kind: DefKind,
    /// Flags as bits, `1 << NodeFlag`.
    pub flags: u32,
    /// Whether any grammar field or child kind of this node has a place.
    pub mapped: bool,
    /// Index into [`Roles::literals`], plus one.
    pub literal: u8,
}

/// The compiled roles of one grammar.
#[derive(Debug)]
pub struct Roles {
    /// What the language as a whole does.
    pub traits: Traits,
    rows: Vec<Row>,
    fields: Vec<Field>,
    field_count: usize,
    children: Vec<(u32, Field)>,
    /// External symbols of literal classes, indexed by [`Row::literal`] − 1.
    pub literals: Vec<String>,
}

/// Why a `roles.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RolesError {
    /// The file is not of the form described in `docs/languages.md`.
    #[error("`roles.toml` cannot be read: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// The grammar has no node of this name.
    #[error("`roles.toml` names the node `{0}`, which the grammar does not have")]
    UnknownNode(String),
    /// The grammar has no field of this name.
    #[error("`roles.toml` names the field `{0}`, which the grammar does not have")]
    UnknownField(String),
}

impl Roles {
    /// Compiles `text` against `grammar`.
    ///
    /// Unless `lenient`, naming a node that the grammar lacks is an error; a
    /// language whose grammars share one file (TSX and JavaScript) is lenient.
    pub fn compile(text: &str, grammar: &Language, lenient: bool) -> Result<Self, RolesError> {
        let document: Document = toml::from_str(text).map_err(Box::new)?;
        let kinds = grammar.node_kind_count();
        let field_count = grammar.field_count() + 1;
        let mut rows = Vec::with_capacity(kinds);
        for id in 0..kinds {
            let role = if grammar.node_kind_is_named(id as u16) {
                Role::Pass
            } else {
                Role::Skip
            };
            rows.push(Row {
                role,
                kind: DefKind::File,
                flags: 0,
                mapped: false,
                literal: 0,
            });
        }
        let mut roles = Self {
            traits: document.language,
            rows,
            fields: vec![Field::None; kinds * field_count],
            field_count,
            children: Vec::new(),
            literals: Vec::new(),
        };
        for (name, entry) in &document.node {
            let mut found = false;
            for id in 0..kinds {
                if grammar.node_kind_for_id(id as u16) == Some(name.as_str())
                    && (grammar.node_kind_is_named(id as u16)
                        || entry.flags.contains(&NodeFlag::NamedKeys)
                            && entry.role != Role::Collection)
                {
                    found = true;
                    roles.fill(id, entry, grammar, lenient)?;
                }
            }
            if !found && !lenient {
                return Err(RolesError::UnknownNode(name.clone()));
            }
        }
        roles.children.sort_unstable();
        Ok(roles)
    }

    fn fill(
        &mut self,
        id: usize,
        entry: &NodeEntry,
        grammar: &Language,
        lenient: bool,
    ) -> Result<(), RolesError> {
        let row = &mut self.rows[id];
        row.role = entry.role;
        row.kind = entry.kind;
        row.flags = entry
            .flags
            .iter()
            .fold(0, |bits, flag| bits | 1 << *flag as u32);
        row.mapped = !entry.fields.is_empty() || !entry.children.is_empty();
        if !entry.literal.is_empty() {
            let symbol = self
                .traits
                .literals
                .get(&entry.literal)
                .unwrap_or(&entry.literal);
            let at = self.literals.iter().position(|known| known == symbol);
            let at = at.unwrap_or_else(|| {
                self.literals.push(symbol.clone());
                self.literals.len() - 1
            });
            row.literal = at as u8 + 1;
        }
        for (name, field) in &entry.fields {
            match grammar.field_id_for_name(name) {
                Some(grammar_field) => {
                    self.fields[id * self.field_count + usize::from(grammar_field.get())] = *field;
                }
                None if lenient => {}
                None => return Err(RolesError::UnknownField(name.clone())),
            }
        }
        for (name, field) in &entry.children {
            let mut found = false;
            for child in 0..grammar.node_kind_count() {
                if grammar.node_kind_for_id(child as u16) == Some(name.as_str()) {
                    self.children
                        .push(((id as u32) << 16 | child as u32, *field));
                    found = true;
                }
            }
            if !found && !lenient {
                return Err(RolesError::UnknownNode(name.clone()));
            }
        }
        Ok(())
    }

    /// The row of a node kind; unknown kinds (errors) are transparent.
    pub fn row(&self, kind: u16) -> Row {
        self.rows.get(usize::from(kind)).copied().unwrap_or(Row {
            role: Role::Pass,
            kind: DefKind::File,
            flags: 0,
            mapped: false,
            literal: 0,
        })
    }

    /// The place of a child of kind `child` under grammar field `field` (0 for none).
    pub fn place(&self, parent: u16, field: u16, child: u16) -> Field {
        if usize::from(parent) >= self.rows.len() {
            return Field::None;
        }
        let by_field = self.fields[usize::from(parent) * self.field_count + usize::from(field)];
        if by_field != Field::None || self.children.is_empty() {
            return by_field;
        }
        let key = u32::from(parent) << 16 | u32::from(child);
        match self.children.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => self.children[at].1,
            Err(_) => Field::None,
        }
    }
}

impl Row {
    /// Whether the node's entry has `flag`.
    pub fn has(self, flag: NodeFlag) -> bool {
        self.flags & (1 << flag as u32) != 0
    }
}
