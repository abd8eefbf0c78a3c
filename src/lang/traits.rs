//! Traits: what a language as a whole does, as its `roles.toml` says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What the language as a whole does.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Traits {
    /// Assignment to an unknown name declares it in the function.
    #[serde(default)]
    pub assignment_declares: bool,
    /// A later declaration of a name in one scope is a new variable.
    #[serde(default)]
    pub sequential: bool,
    /// Members of the enclosing class are visible by their bare names.
    #[serde(default)]
    pub implicit_this: bool,
    /// The first parameter of a method is the receiver.
    #[serde(default)]
    pub first_parameter_is_this: bool,
    /// `object["name"]` is `object.name`.
    #[serde(default)]
    pub index_is_member: bool,
    /// Objects whose members are keys of others: `Symbol`.
    #[serde(default)]
    pub key_objects: Vec<String>,
    /// What a file exports is not in its own scope.
    #[serde(default)]
    pub exports_apart: bool,
    /// The first string of a body documents it.
    #[serde(default)]
    pub docstrings: bool,
    /// Calling a class makes an instance.
    #[serde(default)]
    pub call_constructs: bool,
    /// Names of constructors.
    #[serde(default)]
    pub constructors: Vec<String>,
    /// A constructor bears the name of its class.
    #[serde(default)]
    pub constructor_is_class_name: bool,
    /// Functions without a class can be constructors.
    #[serde(default)]
    pub functions_construct: bool,
    /// Several functions of one name stand side by side, told apart by arguments.
    #[serde(default)]
    pub overloads: bool,
    /// Decorators and modifiers with a meaning: name → meaning.
    #[serde(default)]
    pub decorators: BTreeMap<String, Meaning>,
    /// Operators that are method calls: operator → method.
    #[serde(default)]
    pub operators: BTreeMap<String, String>,
    /// Operators whose value is one of the operands.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The method called by iterating, and by entering a context.
    #[serde(default)]
    pub iterate: Vec<String>,
    /// Methods called by entering and leaving a context.
    #[serde(default)]
    pub enter: Vec<String>,
    /// Type names that stand for their argument: `Optional`, `Box`.
    #[serde(default)]
    pub transparent_types: Vec<String>,
    /// Type names whose argument is the class itself: `type[C]`.
    #[serde(default)]
    pub class_types: Vec<String>,
    /// Type names of functions.
    #[serde(default)]
    pub callable_types: Vec<String>,
    /// The name that, called, is the bases' view of the receiver.
    #[serde(default)]
    pub super_call: String,
    /// Names of the classes of literals: kind → external symbol.
    #[serde(default)]
    pub literals: BTreeMap<String, String>,
    /// Calls that import: `require`, `import`.
    #[serde(default)]
    pub import_calls: Vec<String>,
    /// The members of the file that importers see: `module.exports`.
    #[serde(default)]
    pub exports_object: Vec<String>,
    /// The member of a class that its instances inherit: `prototype`.
    #[serde(default)]
    pub prototype: String,
    /// The prefix of symbols outside: `pypi`.
    #[serde(default)]
    pub external: String,
    /// Names that the language itself provides.
    #[serde(default)]
    pub builtins: Vec<String>,
    /// The member through which a call goes to the callee: `call`, `apply`.
    #[serde(default)]
    pub invokers: Vec<String>,
    /// What separates the segments of an import's path.
    #[serde(default)]
    pub path_separator: String,
    /// The item that an import without braces means: `default`.
    #[serde(default)]
    pub default_item: String,
    /// A class without a constructor has that of its base.
    #[serde(default)]
    pub inherits_constructor: bool,
    /// A type satisfies an interface by having its methods.
    #[serde(default)]
    pub structural: bool,
    /// The method that calling an instance calls.
    #[serde(default)]
    pub call_method: String,
    /// Methods through which containers gain elements.
    #[serde(default)]
    pub adders: Vec<String>,
    /// Methods through which containers gain what the functions that they are
    /// given give.
    #[serde(default)]
    pub adds_results: Vec<String>,
    /// External functions that call the functions they are given; `*` is any.
    #[serde(default)]
    pub calls_back: Vec<String>,
    /// A variable with a written type holds nothing but values of that type.
    #[serde(default)]
    pub declared_types_hold: bool,
    /// Calls inside external functions are no calls of whoever calls those.
    #[serde(default)]
    pub silent_callbacks: bool,
    /// What is called and what is read have names apart: `size()` and `size`.
    #[serde(default)]
    pub callables_apart: bool,
    /// A function as a value is an object: calling its method calls it.
    #[serde(default)]
    pub function_objects: bool,
    /// Methods of such objects that do not.
    #[serde(default)]
    pub object_methods: Vec<String>,
    /// The written type of a variable limits what it can hold.
    #[serde(default)]
    pub typed_variables: bool,
    /// Methods called by leaving a context.
    #[serde(default)]
    pub exit: Vec<String>,
    /// What stands before the names that the language provides; the language's
    /// name where this is empty.
    #[serde(default)]
    pub builtins_prefix: String,
    /// Types that every value has.
    #[serde(default)]
    pub top_types: Vec<String>,
    /// Types each of which takes the values of those before it.
    #[serde(default)]
    pub widening: Vec<String>,
    /// Types whose values turn into those of another type, and back, where
    /// that is wanted: `int` and `Integer`.
    #[serde(default)]
    pub boxes: BTreeMap<String, String>,
    /// Types outside, and the types that they extend: of those named here all
    /// are known.
    #[serde(default)]
    pub extends: BTreeMap<String, Vec<String>>,
    /// What members outside give: `Type.member`, `*.member` whatever the type
    /// is, or `[].member` read of an array, and the type of the result.
    #[serde(default)]
    pub gives: BTreeMap<String, String>,
    /// Members outside that give the member whose name is a literal among the
    /// arguments, of the class that is one: `A.class.getMethod("b")`.
    #[serde(default)]
    pub reflects: Vec<String>,
    /// What operators give: the kind of a literal, or `operand` for what their
    /// operands are, a text where one of them is.
    #[serde(default)]
    pub results: BTreeMap<String, String>,
    /// Inside a class its members are not seen by their bare names.
    #[serde(default)]
    pub members_need_receiver: bool,
    /// Operators that test the class of their left operand: `instanceof`.
    #[serde(default)]
    pub type_tests: Vec<String>,
    /// Methods of functions that call them, the receiver first: `call`.
    #[serde(default)]
    pub calls_with_receiver: Vec<String>,
    /// Methods of functions that call them with a receiver and a list: `apply`.
    #[serde(default)]
    pub calls_with_list: Vec<String>,
    /// Methods of functions that give them with a receiver: `bind`.
    #[serde(default)]
    pub binds: Vec<String>,
    /// Methods of whatever is awaited that hand it to functions: `then`.
    #[serde(default)]
    pub continues: Vec<String>,
    /// External functions that give their first argument the members of the others.
    #[serde(default)]
    pub mixes: Vec<String>,
    /// External functions that give back what they are given.
    #[serde(default)]
    pub passes: Vec<String>,
    /// A preprocessor runs before the grammar: words in capitals that stand
    /// where no word is expected are taken out.
    #[serde(default)]
    pub unknown_macros: bool,
    /// Declaring a variable of a class calls a constructor.
    #[serde(default)]
    pub declarations_construct: bool,
    /// Top-level names of all files stand in one scope; a file sees those of
    /// the files that it imports, directly or not.
    #[serde(default)]
    pub program_scope: bool,
    /// Top-level names of all files stand in one scope, imported or not.
    #[serde(default)]
    pub global_names: bool,
    /// Names that are the receiver: `this` where it is a variable like any other.
    #[serde(default)]
    pub this_names: Vec<String>,
    /// A method that is not virtual is that of the written type.
    #[serde(default)]
    pub static_dispatch: bool,
    /// Operators are also functions that are found by name.
    #[serde(default)]
    pub free_operators: bool,
    /// What the name of a destructor starts with.
    #[serde(default)]
    pub destructor: String,
    /// The method that indexing an instance calls.
    #[serde(default)]
    pub index_method: String,
    /// Methods that a loop calls on what it iterates.
    #[serde(default)]
    pub iterate_methods: Vec<String>,
    /// Functions that make an instance of their type argument.
    #[serde(default)]
    pub makers: Vec<String>,
    /// Functions that give their argument as their type argument.
    #[serde(default)]
    pub casts: Vec<String>,
    /// External functions that give back their argument.
    #[serde(default)]
    pub passes_through: Vec<String>,
    /// Imported names are no members of the importing module.
    #[serde(default)]
    pub private_imports: bool,
    /// Calling a type converts its argument.
    #[serde(default)]
    pub call_converts: bool,
    /// Indexing a function or type applies it to type arguments.
    #[serde(default)]
    pub index_applies: bool,
    /// Bases are parts: a base's method has the part as receiver, and the
    /// member of the nearest part counts.
    #[serde(default)]
    pub embeds: bool,
    /// A method that is called by its type's name takes the receiver first.
    #[serde(default)]
    pub receiver_first: bool,
    /// Operators that take an element out of their operand.
    #[serde(default)]
    pub takers: Vec<String>,
    /// Functions that give a value of the type they are given.
    #[serde(default)]
    pub allocators: Vec<String>,
    /// Functions that give their first argument with the others as elements.
    #[serde(default)]
    pub appenders: Vec<String>,
    /// Types that the language itself provides.
    #[serde(default)]
    pub builtin_types: Vec<String>,
    /// Making an instance is no call, unless a constructor is written.
    #[serde(default)]
    pub silent_constructors: bool,
    /// A written type says all of what a variable holds, so that no value flows
    /// there; functions and type parameters excepted.
    #[serde(default)]
    pub typed: bool,
    /// Namespaces do not see the names around them.
    #[serde(default)]
    pub closed_namespaces: bool,
    /// An import's path is looked up as a path in the code is, name by name.
    #[serde(default)]
    pub path_imports: bool,
    /// In patterns a name with a capital is a constant, not a variable.
    #[serde(default)]
    pub capital_patterns: bool,
    /// The names by which paths start: of the outermost module, of the module
    /// itself, of the one around it.
    #[serde(default)]
    pub path_roots: Vec<String>,
    /// The name of the enclosing type.
    #[serde(default)]
    pub self_type: String,
    /// Words inside tokens after which a name is defined.
    #[serde(default)]
    pub definers: Vec<String>,
    /// Types outside, and which of their arguments their elements are.
    #[serde(default)]
    pub elements: BTreeMap<String, u8>,
    /// Types outside whose iteration gives pairs of their two arguments.
    #[serde(default)]
    pub pairs: Vec<String>,
    /// Member types whose members a type's instances have too.
    #[serde(default)]
    pub delegates: Vec<String>,
    /// What the last of the methods of `iterate` gives holds the element.
    #[serde(default)]
    pub iterate_holds: bool,
    /// Cases of enums outside, and which argument of the enum they hold.
    #[serde(default)]
    pub cases: BTreeMap<String, u8>,
    /// What functions and methods outside the repository do with values.
    #[serde(default)]
    pub outside: BTreeMap<String, Vec<Effect>>,
}

/// What a function or method outside the repository does with values.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Effect {
    /// It gives the receiver.
    Receiver,
    /// It gives an element of the receiver.
    Element,
    /// It gives its arguments.
    Argument,
    /// It gives the elements of its arguments.
    ArgumentElement,
    /// It gives a new container that holds its arguments.
    Hold,
    /// It gives a new container that holds the elements of its arguments too.
    HoldElements,
    /// The receiver gains the arguments as elements.
    Add,
    /// The receiver gains the elements of the arguments.
    Extend,
    /// It calls functions that it is given, with nothing that is known.
    Call,
    /// It calls functions that it is given with elements of the receiver.
    CallElement,
    /// It calls functions that it is given with the receiver itself.
    CallReceiver,
    /// It calls functions that it is given with two elements of the receiver.
    CallElements,
    /// It calls functions that it is given with its first argument and elements of the receiver.
    Fold,
    /// It gives what the functions that it calls give.
    Returned,
    /// It gives a new container of what the functions that it calls give.
    HoldReturned,
    /// It gives a new container of the elements of what the functions that it calls give.
    HoldReturnedElements,
    /// It gives a new container of pairs: something, and an element of the receiver.
    Enumerate,
    /// It gives a new container of pairs: elements of the receiver and of the argument.
    Zip,
    /// It gives a new container of elements of the receiver, found by key.
    HoldElement,
}

/// What a decorator or modifier says of a definition.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Reading the member calls it.
    Property,
    /// Writing the member calls it.
    Setter,
    /// No receiver.
    Static,
    /// The receiver is the class.
    Class,
    /// No body here.
    Abstract,
    /// Returns what it decorates.
    Identity,
    /// May be overridden.
    Virtual,
    /// Makes what it decorates stand for its argument.
    Wrapper,
    /// Seen inside the file only.
    Private,
    /// Seen by importers.
    Public,
}
