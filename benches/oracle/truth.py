"""The common form of an oracle's answer, and how one is written.

A truth row is one call site as a compiler or type checker sees it:

    {"file", "line", "column", "name", "caller_line", "kind",
     "targets": [{"file", "line"}], "allowed": [{"file", "line"}], "external": bool}

Lines and columns are 1-based, columns count bytes; `line` and `column` are
those of the callee's name. `targets` are definitions inside the repository,
each at the line of its name. `allowed` are further right answers that nobody
has to give: an override that a virtual call may reach, the class whose
constructor is the target. `external` says that the call leaves the repository
alone. `kind` is `call`, or `implicit` for calls without call syntax (operators,
properties, decorators, conversions). `partial` marks a site where the oracle
knows some targets, not all; `open` one of a virtual call, which a method in a
file that the oracle did not read may override. A call that the oracle cannot decide has no row; an
implicit one may have a row that is `undecided`, so that edges of its line are
not taken for those of the call beside it.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

CORPUS = Path(os.environ.get("HAPPY_CORPUS", Path.home() / ".cache/happy-corpus"))


def checkout(repository, language):
    """A scratch copy of a repository's HEAD, for tools that leave files behind."""
    repository = Path(repository).resolve()
    to = CORPUS / "oracle" / language / repository.name
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    archive = subprocess.Popen(["git", "-C", repository, "archive", "HEAD"], stdout=subprocess.PIPE)
    subprocess.run(["tar", "x", "-C", to], stdin=archive.stdout, check=True)
    if archive.wait():
        raise SystemExit(f"error: `git archive` failed in `{repository}`")
    return to


def output(repository, language):
    """Where the truth about a repository in one language is kept."""
    return CORPUS / "oracle" / f"{Path(repository).resolve().name}.{language}.jsonl"


def place(file, line):
    """A definition as the rows name it."""
    return {"file": file, "line": line}


def row(file, line, column, name, caller_line, targets, allowed=(), external=False, kind="call", partial=False,
        undecided=False):
    """One truth row from places given as `(file, line)` pairs."""
    targets = sorted(set(targets))
    made = {"file": file, "line": line, "column": column, "name": name, "caller_line": caller_line, "kind": kind,
            "targets": [place(*t) for t in targets],
            "allowed": [place(*a) for a in sorted(set(allowed) - set(targets))], "external": external}
    return {**made, **({"partial": True} if partial else {}), **({"undecided": True} if undecided else {})}


def write(rows, repository, language):
    """Writes the rows in a fixed order and says how many there are."""
    rows = sorted(rows, key=lambda r: (r["file"], r["line"], r["column"] or 0, r["kind"], json.dumps(r)))
    to = output(repository, language)
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("w") as out:
        for r in rows:
            out.write(json.dumps(r) + "\n")
    calls = [r for r in rows if r["kind"] == "call"]
    inside = sum(bool(r["targets"]) for r in calls)
    files = len({r["file"] for r in rows})
    print(f"{to}: {files} files, {inside} call sites into the repository, "
          f"{sum(r['external'] for r in calls)} out of it, {len(rows) - len(calls)} implicit")
