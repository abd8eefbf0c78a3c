"""Definitions of a source file with their documentation, by tree-sitter."""

import re

import tree_sitter_c
import tree_sitter_cpp
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language, Parser, Query, QueryCursor

_GRAMMARS = {
    "python": tree_sitter_python.language, "javascript": tree_sitter_javascript.language,
    "typescript": tree_sitter_typescript.language_typescript, "tsx": tree_sitter_typescript.language_tsx,
    "rust": tree_sitter_rust.language, "go": tree_sitter_go.language, "java": tree_sitter_java.language,
    "c": tree_sitter_c.language, "cpp": tree_sitter_cpp.language,
}

_SCRIPT = """
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @class
(method_definition name: (_) @name) @function
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression)]) @function
(assignment_expression left: (_) @name right: [(arrow_function) (function_expression) (class)]) @function
(pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @function
"""
_TYPED = _SCRIPT + """
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @class
(type_alias_declaration name: (_) @name) @class
(enum_declaration name: (_) @name) @class
"""
_C = """
(function_definition declarator: (_) @name) @function
(struct_specifier name: (_) @name body: (_)) @class
(enum_specifier name: (_) @name body: (_)) @class
"""
_QUERIES = {
    "python": "(function_definition name: (_) @name) @function (class_definition name: (_) @name) @class",
    "javascript": _SCRIPT, "typescript": _TYPED, "tsx": _TYPED,
    "rust": """
        (function_item name: (_) @name) @function (function_signature_item name: (_) @name) @function
        (struct_item name: (_) @name) @class (enum_item name: (_) @name) @class (trait_item name: (_) @name) @class
        (macro_definition name: (_) @name) @function (impl_item type: (_) @name) @scope
        """,
    "go": """
        (function_declaration name: (_) @name) @function (method_declaration name: (_) @name) @function
        (type_declaration (type_spec name: (_) @name)) @class
        """,
    "java": """
        (class_declaration name: (_) @name) @class (interface_declaration name: (_) @name) @class
        (enum_declaration name: (_) @name) @class (method_declaration name: (_) @name) @function
        (constructor_declaration name: (_) @name) @function
        """,
    "c": _C,
    "cpp": _C + """
        (class_specifier name: (_) @name body: (_)) @class
        (field_declaration declarator: (function_declarator) @name) @declaration
        (declaration declarator: (function_declarator) @name) @declaration
        """,
}
_READY = {}

_MODIFIERS = re.compile(rb"(export|default|async|static|inline|virtual|explicit|friend|constexpr|typedef|const|let|var|public|private|"
                        rb"protected|declare|abstract|pub(\([a-z]+\))?|unsafe|extern|\w+\.\w+|=|[A-Z_]{3,})")
_SKIPPED_LINE = re.compile(rb"\s*(#\[|@\w|template\s*<|[A-Z_]{4,}\s*$)")


def _ready(language):
    if language not in _READY:
        grammar = Language(_GRAMMARS[language]())
        _READY[language] = Parser(grammar), Query(grammar, _QUERIES[language])
    return _READY[language]


def _comment_before(source, start):
    """The comment that ends where the definition begins, raw, or b''."""
    lines = source[max(0, start - 6000):start].split(b"\n")
    if not all(_MODIFIERS.fullmatch(word) for word in lines.pop()[-200:].split()):
        return b""  # something else stands on the same line
    while lines and _SKIPPED_LINE.match(lines[-1]):
        lines.pop()
    if not lines:
        return b""
    if lines[-1].rstrip().endswith(b"*/"):
        text = b"\n".join(lines)
        begin = text.rfind(b"/*")
        return text[begin:] if begin >= 0 else b""
    taken = []
    while lines and lines[-1].lstrip().startswith(b"//"):
        taken.append(lines.pop())
    return b"\n".join(reversed(taken))


_DOCSTRING = re.compile(rb"""[rRuUbB]{0,2}("{3}|'{3}|"|')""")


def _docstring(node, source):
    """(text, start, end) of a Python docstring in a body, or None."""
    body = node.child_by_field_name("body")
    first = body.named_child(0) if body is not None and body.named_child_count else None
    if first is None:
        return None
    if first.type == "expression_statement":
        first = first.named_child(0)
    if first is None or first.type != "string":
        return None
    raw = source[first.start_byte:first.end_byte]
    opening = _DOCSTRING.match(raw)
    if not opening:
        return None
    quote = opening.group(1)
    return raw[opening.end():-len(quote)], first.start_byte, first.end_byte


_NOT_NAMES = {b"noexcept", b"decltype", b"alignas", b"throw", b"__attribute__", b"if", b"while", b"defined"}
_NAME = re.compile(rb"[~\w]+(?:::~?\w+)*(?=\s*\(|$)")


def definitions(language, source):
    """Yields dicts of kind, name, container, doc (raw bytes), code (bytes) in order of appearance.

    A function within a function is part of its parent. Declarations in C and
    C++ headers come as kind `declaration`: their comments describe a
    definition that stands elsewhere.
    """
    parser, query = _ready(language)
    tree = parser.parse(source)
    found = []
    for _, captures in QueryCursor(query).matches(tree.root_node):
        name = captures["name"][0]
        kind = next(k for k in ("function", "class", "scope", "declaration") if k in captures)
        node = captures[kind][0]
        found.append((node.start_byte, -node.end_byte, kind, node, name))
    found.sort(key=lambda f: f[:2])
    stack = []
    for start, end, kind, node, name_node in found:
        end = -end
        while stack and stack[-1][0] <= start:
            stack.pop()
        name = source[name_node.start_byte:name_node.end_byte]
        if language in ("c", "cpp") and kind in ("function", "declaration"):
            match = _NAME.search(name)
            if not match:
                continue
            name = match.group(0)
            if name in _NOT_NAMES:
                continue
        inside_function = any(s[1] == "function" for s in stack)
        containers = [s[2] for s in stack if s[1] in ("class", "scope")]
        if kind != "declaration":
            stack.append((end, kind, name))
        if kind == "scope" or inside_function:
            continue
        container = containers[-1] if containers else b""
        if language == "go" and node.type == "method_declaration":
            receiver = node.child_by_field_name("receiver")
            container = source[receiver.start_byte:receiver.end_byte].strip(b"()").split(b" ")[-1].strip(b"*")
        code, doc = source[start:end], b""
        if language == "python":
            string = _docstring(node, source)
            if string:
                doc = string[0]
                code = source[start:string[1]] + source[string[2]:end]
        else:
            doc = _comment_before(source, start)
        yield {"kind": kind, "name": name, "container": container, "doc": doc, "code": code}


def module_doc(language, source):
    """The documentation of a whole file: docstring, `//!` lines or the package comment."""
    if language == "python":
        text = source.lstrip()
        while text.startswith(b"#"):
            text = text.partition(b"\n")[2].lstrip()
        opening = _DOCSTRING.match(text)
        if opening:
            return text[opening.end():].split(opening.group(1))[0]
    elif language == "rust":
        lines = [line for line in source[:5000].split(b"\n") if line.startswith(b"//!")]
        return b"\n".join(line.replace(b"//!", b"///", 1) for line in lines)
    elif language == "go":
        match = re.search(rb"((?:^//.*\n)+)package ", source[:5000], re.M)
        return match.group(1) if match else b""
    return b""
