//! The names of the rules.

/// Every rule that a step may name, and what it means.
pub const RULES: &[(&str, &str)] = &[
    // Names.
    ("local_binding", "the name is bound in the file itself"),
    ("import", "an import binds the name to another file's"),
    (
        "reexport",
        "a file that is imported from imports the name itself",
    ),
    (
        "wildcard_import",
        "an import of all names of a module brings it",
    ),
    (
        "package_scope",
        "another file of the same package or namespace has the name",
    ),
    (
        "included_file",
        "a file that is included, directly or not, has the name",
    ),
    (
        "external_import",
        "the name is imported from outside the repository",
    ),
    ("builtin", "the language provides the name"),
    (
        "implicit_receiver",
        "the bare name is a member of the class around it",
    ),
    ("definition", "the definition that was found"),
    (
        "declaration",
        "a declaration stands for a definition elsewhere",
    ),
    // Where values come from.
    (
        "receiver",
        "the receiver of a method is an instance of its class",
    ),
    ("called_on", "a call hands its receiver to the method"),
    ("constructed", "calling a class makes an instance of it"),
    (
        "declared_type",
        "a written type says what the variable holds",
    ),
    ("literal", "a literal or container stands here"),
    ("assigned", "a variable is assigned"),
    ("stored", "a field or element is assigned"),
    ("field", "a field is read"),
    ("parameter", "a call passes an argument to the parameter"),
    ("default_value", "the parameter has a default value"),
    ("rest_arguments", "the parameter gathers arguments"),
    ("returned", "a call gives what the function returns"),
    ("passed_through", "a call gives back its argument"),
    ("receiver_returned", "a call gives back its receiver"),
    ("element_of", "an element of a container is taken"),
    ("awaited", "what is awaited is given"),
    ("entered", "what is entered as a context is given"),
    (
        "decorated",
        "a decorator gives what stands in the function's place",
    ),
    (
        "type_argument",
        "a type parameter stands for what it was given",
    ),
    ("type_check", "a type check lets only such values pass"),
    (
        "function_type",
        "a function gets the parameters of the type that is written for it",
    ),
    (
        "prototype",
        "an object inherits from what its prototype is set to",
    ),
    ("library_call", "a function outside hands the value on"),
    (
        "callback_argument",
        "a function outside hands the value to a callback",
    ),
    ("external_result", "a call of something outside gives it"),
    ("flow", "a value is handed on"),
    // Members.
    ("member_of", "the class has the member"),
    ("inherited_member", "a base of the class has the member"),
    ("embedded", "a part of the type has the member"),
    ("super", "the bases' member is meant, in their order"),
    ("module_member", "the module has the member"),
    ("external_member", "a member of something outside"),
    ("bound", "the bound of a type parameter has the member"),
    (
        "trait_implementation",
        "an implementation for the type adds the member",
    ),
    ("property", "reading or writing the member calls it"),
    ("constructor", "making an instance calls the constructor"),
    (
        "inherited_constructor",
        "making an instance calls the constructor of a base",
    ),
    ("override", "the class below has the member that is meant"),
    (
        "interface_implementation",
        "the type has the methods of the interface",
    ),
    (
        "overload_by_arity",
        "of several functions it takes that many arguments",
    ),
    (
        "overload_by_type",
        "of several functions it takes arguments of these types",
    ),
    // Calls.
    (
        "implicit_call",
        "the language calls here, though no call is written",
    ),
    (
        "callable_object",
        "calling an instance calls one of its methods",
    ),
    (
        "callback",
        "a function that is handed outside is called from there",
    ),
    ("invoked_through", "a method of the function calls it"),
    // Other edges.
    ("extends", "the class names its base"),
    ("undecided", "why a call could not be decided"),
    ("imported_index", "an imported index says so"),
];
