"""Makes the type stub of `happy_core` from what is compiled into it.

maturin reads signatures and documentation out of the library; this completes
what it cannot know: the exceptions, the second names of the questions, and the
types of constructors' arguments. Run by `tools/wheel.sh`, in an environment
that has the wheel, maturin and ruff.

    stub.py GENERATED COMMITTED     # fails where they differ
    UPDATE=1 stub.py GENERATED COMMITTED
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import happy_core

HEADER = '''# Generated from the library by `tools/stub.py`; do not edit.
import builtins
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias, final

from typing_extensions import Self

'''

RECORDS = [
    name
    for name in happy_core.__all__
    if hasattr(getattr(happy_core, name), "to_dict")
]

ATTRIBUTES = {
    "HappyError": ["code: str", "exit_code: int", "retryable: bool", "hint: str | None"],
    "SymbolNotFound": ["symbol: str", "suggestions: list[str]"],
}


class Completed(ast.NodeTransformer):
    """What maturin wrote, with what it cannot know."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        types = {
            item.name: item.returns
            for item in node.body
            if isinstance(item, ast.FunctionDef) and item.decorator_list
        }
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                self.method(node.name, item, types)
            elif isinstance(item, ast.AnnAssign) and ast.unparse(item.target) == "__match_args__":
                item.annotation = expression("Final[tuple[str, ...]]")
        # What documents a constant is no string in a stub.
        node.body = node.body[:1] + [i for i in node.body[1:] if not isinstance(i, ast.Expr)]
        if node.name == "HappyRepo":
            node.body.extend(aliases())
        return node

    def method(self, owner: str, item: ast.FunctionDef, types: dict[str, ast.expr | None]) -> None:
        arguments = [*item.args.args, *item.args.kwonlyargs]
        for argument in arguments:
            if owner in RECORDS and argument.arg in types:
                argument.annotation = types[argument.arg]
            argument.annotation = unquoted(argument.annotation)
        item.returns = unquoted(item.returns)
        if item.name == "__new__":
            item.returns = expression("Self")
        if item.name == "__reduce__":
            item.returns = expression("tuple[builtins.type[Self], tuple[Any, ...]]")
        if item.name == "to_dict":
            item.returns = expression("dict[str, Any]")


def unquoted(annotation: ast.expr | None) -> ast.expr | None:
    """An annotation that was given as text, as code."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return expression(annotation.value)
    return annotation


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def aliases() -> list[ast.stmt]:
    """The second names that `happy_core/__init__.py` gives."""
    members = vars(happy_core.HappyRepo)
    lines = [
        f"{name} = {member.__name__}"
        for name, member in sorted(members.items())
        if callable(member) and not name.startswith("_") and member.__name__ != name
    ]
    return ast.parse("\n".join(lines)).body


def exceptions() -> str:
    parts = []
    for name in happy_core.__all__:
        thing = getattr(happy_core, name)
        if isinstance(thing, type) and issubclass(thing, Exception):
            body = [f'"""{thing.__doc__}"""', *ATTRIBUTES.get(name, [])]
            indented = "\n".join(f"    {line}" for line in body)
            base = thing.__base__.__name__
            parts.append((len(thing.__mro__), f"class {name}({base}):\n{indented}\n"))
    return "\n".join(text for _, text in sorted(parts))


def stub(generated: str) -> str:
    """The whole stub, before it is formatted."""
    tree = ast.parse(generated)
    documentation = ast.get_docstring(tree, clean=False) or ""
    tree.body = [
        item
        for item in tree.body[1:]
        if not isinstance(item, (ast.ImportFrom, ast.FunctionDef, ast.Expr))
    ]
    names = "\n".join(f'    "{name}",' for name in happy_core.__all__)
    named = [name for name in RECORDS if hasattr(getattr(happy_core, name), "symbol")]
    one = " | ".join(["str", "bytes", "os.PathLike[str]", *named])
    parts = [
        f'"""{documentation}"""\n',
        HEADER,
        f"__all__ = [\n{names}\n]\n",
        f"_One: TypeAlias = {one}\n",
        "Symbols: TypeAlias = _One | Iterable[_One]\n",
        exceptions(),
        ast.unparse(Completed().visit(tree)),
    ]
    return "\n".join(parts) + "\n"


def main(generated: Path, committed: Path) -> int:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", committed.name, "-"]
    config = ["--config", str(committed.parents[1] / "pyproject.toml")]
    text = subprocess.run(
        command + config,
        input=stub(generated.read_text("utf-8")),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if os.environ.get("UPDATE"):
        committed.write_text(text, "utf-8")
    elif not committed.exists() or committed.read_text("utf-8") != text:
        print(f"{committed} is stale: run `UPDATE=1 tools/wheel.sh`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
