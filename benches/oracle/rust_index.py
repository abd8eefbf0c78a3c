"""Definitions of a Rust package by name, read with tree-sitter.

MIR names a callee by a path as a user would write it, through re-exports, and
without a position. This index finds the definition behind such a path: by the
type's (or module's) name and the function's, and where several fit, by the
module that the path shows.
"""

import re
from collections import defaultdict
from pathlib import Path

import tree_sitter
import tree_sitter_rust

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))


def text(node):
    """A node's source."""
    return node.text.decode("utf8", "replace")


def split(path):
    """Segments of a path, split at `::` outside brackets, generics removed."""
    depth, cut, parts = 0, 0, []
    for i, c in enumerate(path):
        if c in "<([{":
            depth += 1
        elif c in ")]}" or c == ">" and path[i - 1] != "-":
            depth -= 1
        elif path.startswith("::", i) and depth == 0:
            parts.append(path[cut:i])
            cut = i + 2
    parts.append(path[cut:])
    named = [p for p in parts if p and (not p.startswith("<") or p.startswith("<impl "))]
    return [p if p.startswith("<") else re.sub(r"<.*>$", "", p, flags=re.S) for p in named]


def head(kind):
    """What a type is at its outside: its name, or `&`, `[`, `(`, `dyn`."""
    kind = kind.strip()
    if kind.startswith(("&", "*", "[", "(")):
        return kind[0]
    if kind.startswith(("dyn ", "impl ")):
        return "dyn"
    return split(kind)[-1] if split(kind) else kind


class Function:
    """One function: place, module, owner, trait, body lines."""

    def __init__(self, file, node, name, module, owner, trait, generics):
        self.file, self.line, self.name, self.module = file, name.start_point[0] + 1, text(name), module
        self.owner, self.trait, self.generics = owner, trait, generics
        body = node.child_by_field_name("body")
        self.begin, self.end = (node.start_point[0] + 1, node.end_point[0] + 1) if body else (0, -1)

    @property
    def place(self):
        """(file, line of the name)."""
        return self.file, self.line


class Index:
    """Every function of a package, and the traits and type names it declares."""

    def __init__(self, root, sources):
        self.by_name, self.files = defaultdict(list), defaultdict(list)
        self.traits, self.types = defaultdict(set), defaultdict(set)
        self.macros = defaultdict(list)
        for file in sources:
            tree = PARSER.parse((root / file).read_bytes())
            self.walk(file, tree.root_node, module_of(file), None, None, ())

    def walk(self, file, node, module, owner, trait, generics):
        """Records what one container holds; nested functions too."""
        for child in node.named_children:
            name, body = child.child_by_field_name("name"), child.child_by_field_name("body")
            if child.type in ("function_item", "function_signature_item"):
                made = Function(file, child, name, module, owner, trait, generics)
                self.by_name[made.name].append(made)
                self.files[file].append(made)
                if body:
                    self.walk(file, body, (*module, made.name), None, None, ())
            elif child.type == "mod_item" and body:
                self.walk(file, body, (*module, text(name)), None, None, ())
            elif child.type == "impl_item" and body:
                of, kind = child.child_by_field_name("trait"), text(child.child_by_field_name("type"))
                parameters = child.child_by_field_name("type_parameters")
                free = set(re.findall(r"\b[A-Z]\w*", text(parameters))) if parameters else set()
                self.walk(file, body, module, head(kind), head(text(of)) if of else None, free)
            elif child.type == "trait_item":
                self.traits[text(name)].add(module)
                if body:
                    self.walk(file, body, module, "trait", text(name), ())
            else:
                if child.type == "macro_definition":
                    self.macros[file].append((child.start_point[0] + 1, child.end_point[0] + 1))
                if child.type in ("struct_item", "enum_item", "union_item", "type_item"):
                    self.types[text(name)].add(module)
                self.walk(file, child, module, owner, trait, generics)

    def caller(self, file, line):
        """Line of the name of the innermost function round a line, 0 without one."""
        inside = [f for f in self.files[file] if f.begin <= line <= f.end]
        return max(inside, key=lambda f: f.begin).line if inside else 0

    def in_macro(self, file, line):
        """Whether a line belongs to the definition of a macro."""
        return any(begin <= line <= end for begin, end in self.macros[file])

    def find(self, path):
        """(targets, allowed, external) of a callee's path, or None when undecided."""
        if path.startswith("<") and " as " in path:
            return self.find_trait_method(path)
        parts = split(path)
        name = parts[-1]
        found = [f for f in self.by_name[name] if f.trait is None or f.owner == "trait" and len(parts) > 1]
        if len(parts) > 1 and parts[-2].startswith("<impl"):
            return set(), set(), True  # an inherent method of a primitive: the standard library's
        if len(parts) == 1:
            found = [f for f in found if f.owner is None]
        elif parts[-2] in self.types or parts[-2] in self.traits:
            owner = parts[-2]
            found = [f for f in found if f.owner == owner or f.owner == "trait" and f.trait == owner]
            if not found:
                return None  # written by a macro
        else:
            found = [f for f in found if f.owner is None and f.module[-1:] == (parts[-2],)]
        found = narrow(found, parts)
        if len({f.place for f in found}) > 1 and len({(f.file, f.owner) for f in found}) > 1:
            return None
        return {f.place for f in found}, set(), not found

    def find_trait_method(self, path):
        """Resolves `<Type as Trait>::method` to the impl, or to the trait's own."""
        inner, method = path[1:].rsplit(">::", 1) if ">::" in path else (path, "")
        method = split(method)[0] if method else ""
        depth, cut = 0, -1
        for i, c in enumerate(inner):
            depth += (c in "<([") - (c in ")]" or c == ">" and inner[i - 1] != "-")
            if depth == 0 and inner.startswith(" as ", i):
                cut = i
        kind, trait = inner[:cut], inner[cut + 4:]
        trait_name = split(trait)[-1]
        if trait_name in ("Fn", "FnMut", "FnOnce"):
            return None
        impls = [f for f in self.by_name[method] if f.trait == trait_name and f.owner != "trait"]
        own = narrow([f for f in self.by_name[method] if f.trait == trait_name and f.owner == "trait"], split(trait))
        if not impls and not own:
            return set(), set(), True
        at = head(kind)
        exact = narrow([f for f in impls if f.owner == at], split(re.sub(r"^[&*\s]+", "", kind)))
        if exact and at not in "&[(":
            return ({exact[0].place}, set(), False) if len({f.place for f in exact}) == 1 else self.by_argument(exact, trait)
        blanket = [f for f in impls if f.owner in f.generics or f.owner == at]
        if at in self.types or at in "&[(":
            if len(blanket) == 1:
                return {blanket[0].place}, set(), False
            if blanket:
                return None
            return {f.place for f in own}, set(), not own
        if own:  # a type parameter or trait object: the declaration, any impl allowed
            return {f.place for f in own}, {f.place for f in impls}, False
        return set(), {f.place for f in impls}, True

    def by_argument(self, found, trait):
        """Several impls of a generic trait for one type: any of them is allowed."""
        del trait
        return {min(f.place for f in found)}, {f.place for f in found}, False


def narrow(found, parts):
    """Prefers definitions whose module agrees longest with the end of the path."""
    if len({f.place for f in found}) < 2 or len(parts) < 2:
        return found
    above = parts[:-2] if found[0].owner else parts[:-1]

    def agreeing(f):
        n = 0
        while n < min(len(above), len(f.module)) and above[-1 - n] == f.module[-1 - n]:
            n += 1
        return n

    most = max(map(agreeing, found))
    return [f for f in found if agreeing(f) == most]


def module_of(file):
    """Module path of a file below `src`, as far as its name tells."""
    parts = list(Path(file).with_suffix("").parts)
    parts = parts[parts.index("src") + 1:] if "src" in parts else parts
    if parts and parts[-1] in ("mod", "lib", "main"):
        parts.pop()
    return tuple(parts)
