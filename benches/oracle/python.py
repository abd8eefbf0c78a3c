"""Truth for a Python repository, from the type checker pyrefly.

    python.py REPOSITORY [FOLDER…]     only sites below FOLDER are kept

pyrefly infers types through unannotated code (preset `strict`) and reports the
call graph that it gives to taint analysis. Its ranges are those of whole call
expressions; the standard parser turns them into the position of the name.
"""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import truth

CONFIG = 'project-includes = ["**/*.py"]\npreset = "strict"\n'

# Decorators that leave the function itself in place.
TRANSPARENT = {"overload", "property", "classmethod", "staticmethod", "abstractmethod", "cached_property", "setter",
               "getter", "deleter", "override", "final", "abstractproperty"}


class Report:
    """pyrefly's report: modules, definitions, overrides."""

    def __init__(self, folder, root):
        self.folder, self.root, self.sources = folder, root, {}
        listing = json.loads((folder / "pyrefly.pysa.json").read_text())["modules"]
        self.file, self.info = {}, {}
        for module in listing.values():
            path = module["source_path"].get("FileSystem")
            if path and Path(path).is_relative_to(root):
                self.file[module["module_id"]] = str(Path(path).relative_to(root))
                self.info[module["module_id"]] = module["info_filename"]
        # `with` leaves where it entered: place of `__enter__` -> that of `__exit__`.
        self.function, self.klass, self.mro, self.exits, self.members = {}, {}, {}, {}, {}
        self.overriders = defaultdict(set)
        for module, info in self.info.items():
            self.read_definitions(module, json.loads((folder / "definitions" / info).read_text()))
        self.find_overrides()

    def read_definitions(self, module, definitions):
        """Keeps the line of each name, each class's ancestors, and who overrides whom."""
        for key, f in definitions["function_definitions"].items():
            owner = f.get("defining_class")
            if "name_location" not in f:
                continue
            line = int(f["name_location"].split(":")[0])
            owner = owner and (owner["module_id"], owner["class_id"])
            self.function[module, key] = line, owner
            if owner:
                self.members[owner, f["name"]] = module, key
            base = f.get("overridden_base_method")
            base = next(iter(base.values())) if base and "module_id" not in base else base
            if base:
                self.overriders[base["module_id"], base.get("function_id")].add((module, key))
        pairs = {"__enter__": "__exit__", "__aenter__": "__aexit__"}
        methods = {(f["defining_class"]["class_id"], f["name"]): self.function[module, key][0]
                   for key, f in definitions["function_definitions"].items()
                   if f.get("defining_class") and (module, key) in self.function}
        for (owner, name), line in methods.items():
            if (owner, pairs.get(name)) in methods:
                self.exits[self.file[module], line] = self.file[module], methods[owner, pairs[name]]
        for c in definitions["class_definitions"].values():
            self.klass[module, c["class_id"]] = int(c["name_location"].split(":")[0])
            ancestors = c["mro"].get("Resolved", []) if isinstance(c["mro"], dict) else []
            self.mro[module, c["class_id"]] = [(a["module_id"], a["class_id"]) for a in ancestors]

    def find_overrides(self):
        """Adds the overrides that follow from ancestors: the report names few of them."""
        for (owner, name), key in self.members.items():
            for ancestor in self.mro.get(owner, ()):
                if (ancestor, name) in self.members:
                    self.overriders[self.members[ancestor, name]].add(key)
                    break

    def where(self, key):
        """The place of a function in the repository, or None for one outside."""
        if key[0] in self.file and key in self.function:
            return self.file[key[0]], self.function[key][0]
        return None

    def written(self, file):
        """What the source of a file says that the report does not."""
        if file not in self.sources:
            self.sources[file] = declarations(self.root / file)
        return self.sources[file]

    def overloads(self, place):
        """Places of the `@overload` declarations of a function, with itself."""
        return [(place[0], line) for line in self.written(place[0])[0].get(place[1], ())]

    def wrapped(self, place):
        """Whether a decorator may have put another function in this one's place."""
        return place[1] in self.written(place[0])[1]

    def overrides(self, key, receiver):
        """Places of the methods below `receiver` that override this one."""
        seen, todo = set(), [key]
        while todo:
            for nxt in self.overriders.get(todo.pop(), ()):
                if nxt not in seen:
                    seen.add(nxt)
                    todo.append(nxt)
        for other in seen:
            owner = self.function[other][1] if other in self.function else None
            if receiver is None or owner is None or receiver == owner or receiver in self.mro.get(owner, ()):
                if self.where(other):
                    yield self.where(other)

    def resolve(self, found):
        """(targets, allowed, leaves the repository) of one reported call."""
        targets, allowed, outside = set(), set(), False
        built = [*found.get("init_targets", []), *found.get("new_targets", [])]
        for one in [*found.get("call_targets", []), *found.get("property_getters", []), *built]:
            (how, ref), = one["target"].items()
            if how not in ("Function", "Overrides"):
                outside = True
                continue
            key, receiver = (ref["module_id"], ref["function_id"]), one.get("receiver_class")
            receiver = receiver and (receiver["module_id"], receiver["class_id"])
            if here := self.where(key):
                targets.add(here)
                allowed |= set(self.overloads(here))
            else:
                outside = True
            if how == "Overrides":
                allowed |= set(self.overrides(key, receiver))
            if one in built and receiver in self.klass and receiver[0] in self.file:
                allowed.add((self.file[receiver[0]], self.klass[receiver]))
        return targets, allowed, outside and not targets


class Source:
    """Positions in one file: the name of a call, the function round a line."""

    def __init__(self, text):
        self.calls, self.attributes, self.callers = {}, {}, []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                self.calls[span(node)] = name_position(node.func)
            elif isinstance(node, ast.Attribute):
                self.attributes[span(node)] = name_position(node)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                first = node.body if isinstance(node, ast.Lambda) else node.body[0]
                self.callers.append((first.lineno, node.end_lineno, node.lineno))
        self.callers.sort(reverse=True)

    def caller(self, line):
        """Line of the innermost function round a line, 0 at a module's top."""
        return next((at for begin, end, at in self.callers if begin <= line <= end), 0)


def declarations(file):
    """(lines of overloaded functions -> lines of the whole group, lines of functions that a decorator wraps)."""
    try:
        tree = ast.parse(file.read_text())
    except (SyntaxError, UnicodeDecodeError):
        return {}, set()
    groups, wrapped = {}, set()
    for scope in ast.walk(tree):
        body, by_name = getattr(scope, "body", ()), defaultdict(list)
        for f in body if isinstance(body, list) else ():
            if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)):
                by_name[f.name].append((f, {ast.unparse(d).rsplit(".", 1)[-1] for d in f.decorator_list}))
        for same in by_name.values():
            if any("overload" in names for _, names in same):
                groups |= {f.lineno: [g.lineno for g, _ in same] for f, _ in same}
            wrapped |= {f.lineno for f, names in same if names - TRANSPARENT}
    return groups, wrapped


def span(node):
    """A node's range as pyrefly writes it: 1-based, end exclusive."""
    return f"{node.lineno}:{node.col_offset + 1}-{node.end_lineno}:{node.end_col_offset + 1}"


def name_position(node):
    """(line, column, name) of the last name of a callee, None without one."""
    if isinstance(node, ast.Attribute):
        return node.end_lineno, node.end_col_offset - len(node.attr.encode()) + 1, node.attr
    if isinstance(node, ast.Name):
        return node.lineno, node.col_offset + 1, node.id
    return node.lineno, node.col_offset + 1, None


def rows(report, root, folders):
    """Truth rows of every module below one of the folders."""
    for module, file in report.file.items():
        if folders and not any(Path(file).is_relative_to(f) for f in folders):
            continue
        try:
            source = Source((root / file).read_text())
        except (SyntaxError, UnicodeDecodeError):
            continue
        graphs = json.loads((report.folder / "call_graphs" / report.info[module]).read_text())["call_graphs"]
        for graph in graphs.values():
            for location, answer in graph.items():
                at, _, artificial = location.partition("|")
                for how, found in answer.items():
                    if how not in ("Call", "AttributeAccess"):
                        continue
                    targets, allowed, outside = report.resolve(found)
                    if artificial.endswith("with-enter"):
                        allowed |= {report.exits[t] for t in targets & report.exits.keys()}
                    if not targets and not outside:
                        if how == "Call" and artificial:
                            line, column = map(int, at.split("-")[0].split(":"))
                            yield truth.row(file, line, column, None, source.caller(line), (), kind="implicit",
                                            undecided=True)
                        continue
                    explicit = how == "Call" and not artificial and at in source.calls
                    line, column, name = (
                        source.calls[at] if explicit else source.attributes.get(at)
                        or (*map(int, at.split("-")[0].split(":")), None))
                    yield truth.row(file, line, column, name, source.caller(line), targets, allowed, outside,
                                    "call" if explicit else "implicit",
                                    isinstance(found.get("unresolved"), dict) or any(map(report.wrapped, targets)))


def main():
    """Checks the repository with pyrefly and writes what it says of calls."""
    repository, folders = sys.argv[1], sys.argv[2:]
    root = truth.checkout(repository, "python")
    for name in ("pyrefly.toml", "pyproject.toml", "setup.cfg", "mypy.ini"):
        (root / name).unlink(missing_ok=True)
    (root / "pyrefly.toml").write_text(CONFIG)
    report = root.with_name(root.name + ".pysa")
    subprocess.run([os.environ.get("PYREFLY", "pyrefly"), "check", "--report-pysa-format", "json",
                    "--report-pysa", report], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    truth.write(rows(Report(report, root), root, folders), repository, "python")


if __name__ == "__main__":
    main()
