"""Truth for a Rust package, from the compiler's MIR.

    rust.py REPOSITORY [PACKAGE FOLDER]

The library is compiled with `--emit=mir` and spans of every constant; that of
the called function is the span of its path or method name, macro arguments
included. Calls of closures and function pointers are left out: MIR does not
say which function they reach. Calls written in a macro's definition, and those
without call syntax, are implicit.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import rust_index
import truth

# `_0 = path(args) -> […]` and, further down, the span of the path.
CALL = re.compile(r"^        (?:.*? = )?(?!const )([<\w:].*?)\((?:.*)\) -> .*// scope \d+ at (.*)$")
SPAN = re.compile(r"^\s*// \+ span: (.*?):(\d+):(\d+): (\d+):(\d+)$")
CONSTANT = re.compile(r"^\s*// \+ const_: Const \{ ty: .*, val: Value\((.*)\) \}$")


def compile_mir(root):
    """Compiles the library at `root`; the path of its MIR."""
    target = root.with_name(root.name + ".target")
    env = {**os.environ, "RUSTC_BOOTSTRAP": "1", "CARGO_TARGET_DIR": str(target)}
    subprocess.run(["cargo", "rustc", "--lib", "-q", "--", "--emit=mir", "-Zmir-include-spans=on",
                    "--cap-lints=allow"], cwd=root, env=env, check=True)
    name = re.search(r'^name = "(.*?)"', (root / "Cargo.toml").read_text(), re.M).group(1).replace("-", "_")
    found = sorted(target.glob(f"debug/deps/{name}-*.mir"), key=lambda p: p.stat().st_mtime)
    if not found:
        raise SystemExit(f"error: no MIR of `{name}` below `{target}`")
    return found[-1]


def constants(mir):
    """(file, line, column, end line, end column, callee path) of each function constant that a call names."""
    call, span = False, None
    for line in mir.open(encoding="utf8", errors="replace"):
        if line.startswith("        ") and not line.lstrip().startswith("//"):
            call, span, first = " -> " in line and "(" in line, None, True
            continue
        if call and (m := SPAN.match(line)):
            span = (m[1], *map(int, m.groups()[1:]))
        elif call and span and (m := CONSTANT.match(line)):
            if first and "ty: " in line and re.search(r"ty: (for<[^>]*> )?(unsafe |const |extern \"[^\"]*\" )*fn\(", line):
                yield (*span, m[1])
            first, span = False, None


def rows(mir, index, root, prefix):
    """Truth rows of the calls that are written as calls in the package's own files."""
    texts = {}
    for file, line, column, end_line, end_column, path in constants(mir):
        if file.startswith("/"):
            continue
        if file not in texts:
            texts[file] = (root / file).read_text(errors="replace").splitlines()
        name = re.match(r"\w*", rust_index.split(path)[-1] if not path.startswith("<") else
                        rust_index.split(path.rsplit(">::", 1)[-1])[0])[0]
        part = texts[file][end_line - 1][(column - 1 if line == end_line else 0):end_column - 1]
        part = re.sub(r"(::)?<.*>$", "", part)
        explicit = re.search(rf"\b{re.escape(name)}$", part)
        found = index.find(path)
        if found is None:
            continue
        targets, allowed, external = found
        at = end_line if explicit else line
        offset = ((column - 1 if line == end_line else 0) + explicit.start() if explicit else column - 1) + 1
        full = (lambda places: {(prefix + f, n) for f, n in places})
        yield truth.row(prefix + file, at, offset, name, index.caller(file, at), full(targets), full(allowed),
                        external, "call" if explicit and not index.in_macro(file, at) else "implicit")


def main():
    """Compiles one package and writes what its MIR says of calls."""
    repository = sys.argv[1]
    folder = sys.argv[2] if len(sys.argv) > 2 else "."
    root = truth.checkout(repository, "rust") / folder
    mir = compile_mir(root.resolve())
    sources = sorted(str(p.relative_to(root)) for p in root.rglob("*.rs"))
    index = rust_index.Index(root, [s for s in sources if s.startswith("src/")])
    truth.write(rows(mir, index, root, "" if folder == "." else folder.rstrip("/") + "/"), repository, "rust")


if __name__ == "__main__":
    main()
