"""Truth for a C or C++ repository, from libclang.

    cpp.py REPOSITORY [-- COMPILER ARGUMENT…]

Every source file is a translation unit, compiled as `compile_commands.json`
says where there is one, else with the arguments given. A target is the
function's definition; its declarations are allowed, and for a virtual function
whatever overrides it. A call that a template leaves open has no row, nor has a
call through a pointer. Constructors without call syntax, conversions and
operators are implicit.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from clang import cindex
from clang.cindex import CursorKind as Kind

import truth

SOURCES = {".c", ".cc", ".cpp", ".cxx"}
FUNCTIONS = {Kind.FUNCTION_DECL, Kind.CXX_METHOD, Kind.CONSTRUCTOR, Kind.DESTRUCTOR, Kind.CONVERSION_FUNCTION,
             Kind.FUNCTION_TEMPLATE}
TRANSPARENT = {Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR}


def system_arguments():
    """Include folders of the machine's compiler, which the library lacks."""
    found = subprocess.run(["c++", "-E", "-x", "c++", "-v", "/dev/null"], capture_output=True, text=True).stderr
    folders = found.split("#include <...> search starts here:")[1].split("End of search list.")[0].split()
    return [argument for folder in folders for argument in ("-isystem", folder)]


class Units:
    """What all translation units say together."""

    def __init__(self, root):
        self.root = str(root) + "/"
        self.definitions, self.declarations, self.overriders = defaultdict(set), defaultdict(set), defaultdict(set)
        self.calls, self.seen, self.texts = [], set(), {}

    def place(self, cursor):
        """(file, line of the name), None outside the repository."""
        file = cursor.location.file
        if file is None or not (name := str(Path(file.name).resolve())).startswith(self.root):
            return None
        return name[len(self.root):], cursor.location.line

    def spelled(self, file, line, column, name):
        """Whether a name is written at a place: it is not where a macro brings it."""
        if file not in self.texts:
            self.texts[file] = Path(self.root, file).read_bytes().split(b"\n")
        return self.texts[file][line - 1][column - 1:].startswith(name.encode())

    def read(self, unit, whole):
        """Walks one translation unit, the repository's own files only; of one
        that did not compile as a whole only what it declares counts.
        """
        todo = [(c, 0) for c in unit.cursor.get_children() if self.place(c)]
        while todo:
            cursor, caller = todo.pop()
            if cursor.kind in FUNCTIONS:
                self.declare(cursor)
                caller = cursor.location.line
            elif cursor.kind == Kind.LAMBDA_EXPR:
                caller = cursor.extent.start.line
            elif cursor.kind == Kind.CALL_EXPR and whole:
                self.call(cursor, caller)
            todo.extend((c, caller) for c in cursor.get_children())

    def declare(self, cursor):
        """Keeps where a function is declared and defined, and what it overrides."""
        usr, at = cursor.get_usr(), self.place(cursor)
        if at:
            self.declarations[usr].add(at)
            if cursor.is_definition():
                self.definitions[usr].add(at)
        if cursor.kind in (Kind.CXX_METHOD, Kind.DESTRUCTOR):
            for base in overridden(cursor):
                self.overriders[base.get_usr()].add(usr)

    def call(self, cursor, caller):
        """Notes one call: where, how written, which function."""
        callee = cursor.referenced
        if callee is None or callee.kind not in FUNCTIONS:
            return
        general = cindex.conf.lib.clang_getSpecializedCursorTemplate(callee)
        if general is not None and general.kind in FUNCTIONS:
            callee = general
        name = callee.spelling.split("<")[0]
        at = name_cursor(cursor, callee)
        here = self.place(at)
        written = at.location.column
        if not here:
            return
        explicit = not name.startswith("operator") and self.spelled(*here, written, name)
        if callee.kind == Kind.CONSTRUCTOR and at is cursor:
            explicit = False
        built = callee.semantic_parent if callee.kind == Kind.CONSTRUCTOR else None
        generated = built is not None and callee.location == built.location
        key = (*here, written, name, explicit, callee.get_usr())
        if key not in self.seen:
            self.seen.add(key)
            for c in (callee, callee.get_definition()):
                if c is not None and not generated:
                    self.declare(c)
            self.calls.append((*here, written, name, caller, explicit, callee.get_usr(), generated,
                               self.place(built) if built is not None else None))

    def all_overriders(self, usr):
        """USRs of everything below a virtual function."""
        seen, todo = set(), [usr]
        while todo:
            for below in self.overriders[todo.pop()] - seen:
                seen.add(below)
                todo.append(below)
        return seen

    def rows(self):
        """Truth rows, once every unit is read."""
        for file, line, column, name, caller, explicit, usr, generated, built in self.calls:
            known = self.definitions[usr] or self.declarations[usr]  # several: one per platform
            inside = None if generated else min(known, default=None)
            allowed = self.declarations[usr] | ({built} if built else set())
            for below in self.all_overriders(usr):
                allowed |= self.declarations[below]
            yield truth.row(file, line, column, name, caller, [inside] if inside else [], allowed, not inside,
                            "call" if explicit else "implicit")


def overridden(cursor):
    """Methods that a method overrides directly."""
    from ctypes import POINTER, byref, c_uint
    lib, found, count = cindex.conf.lib, POINTER(cindex.Cursor)(), c_uint()
    if not getattr(lib, "_overridden_ready", False):
        lib.clang_getOverriddenCursors.argtypes = [cindex.Cursor, POINTER(POINTER(cindex.Cursor)), POINTER(c_uint)]
        lib.clang_getOverriddenCursors.restype = None
        lib._overridden_ready = True
    lib.clang_getOverriddenCursors(cursor, byref(found), byref(count))
    for i in range(count.value):
        found[i]._tu = cursor._tu
    return [found[i] for i in range(count.value)]


def name_cursor(call, callee):
    """The cursor at a call's name: the member or function reference inside it."""
    if callee.kind == Kind.CONSTRUCTOR:
        for child in call.get_children():
            if child.kind in (Kind.TYPE_REF, Kind.TEMPLATE_REF):
                return child
        return call
    at = next(call.get_children(), None)
    while at is not None and at.kind in TRANSPARENT:
        at = next(at.get_children(), None)
    return at if at is not None and at.kind in (Kind.MEMBER_REF_EXPR, Kind.DECL_REF_EXPR) else call


def commands(root, given):
    """(file, arguments) of every translation unit."""
    listed = root / "compile_commands.json"
    if listed.exists():
        for entry in json.loads(listed.read_text()):
            arguments = entry.get("arguments") or entry["command"].split()
            yield Path(entry["directory"]) / entry["file"], arguments[1:-1]
        return
    for file in sorted(p for p in root.rglob("*") if p.suffix in SOURCES):
        yield file, [*given, "-I", str(root), "-I", str(root / "include")]


def main():
    """Parses every translation unit and writes the rows."""
    arguments = sys.argv[1:]
    given = arguments[arguments.index("--") + 1:] if "--" in arguments else ["-std=c++17"]
    root = truth.checkout(arguments[0], "cpp")
    units, index, failed = Units(root), cindex.Index.create(), 0
    for file, flags in commands(root, given):
        try:
            unit = index.parse(str(file), [*flags, *system_arguments()])
        except cindex.TranslationUnitLoadError:
            failed += 1
            continue
        whole = not any(d.severity >= 4 for d in unit.diagnostics)
        failed += not whole
        units.read(unit, whole)
    if failed:
        print(f"cpp oracle: {failed} units do not compile; their calls have no rows", file=sys.stderr)
    truth.write(units.rows(), arguments[0], "cpp")


if __name__ == "__main__":
    main()
