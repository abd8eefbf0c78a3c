"""mine.py FETCHED OUT: the definitions of every fetched package, one JSON-lines file a package.

FETCHED holds `artifacts.tsv` (kind, name, version, path), as fetch.py leaves
it. A line of OUT is one definition: lang, path, kind, container, name, doc
(first paragraph, may be empty), code (at most 1,800 characters, without its
documentation), or kind `module`, whose code is the head of the file.
"""

import hashlib
import json
import multiprocessing
import os
import re
import sys
from pathlib import Path

import definitions
import prose
import sources

MAX_TEXT = 30_000_000  # bytes of source from one package
MAX_DEFINITIONS = 9_000  # from one package, documented ones first
MAX_CODE = 1_800


def _order(text):
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _module(language, path, data):
    paragraph = prose.clean(definitions.module_doc(language, data))
    if not prose.useful(paragraph):
        return None
    names = [d["name"] for d in definitions.definitions(language, data)]
    code = b" ".join(names).decode("utf-8", "replace")[:MAX_CODE]
    return {"lang": language, "path": path, "kind": "module", "container": "", "name": "", "doc": paragraph, "code": code}


def package(kind, artifact):
    """All definitions of one package, duplicates dropped."""
    files = sorted(sources.files(kind, artifact), key=lambda f: _order(f[0]))
    taken, size = [], 0
    for file in files:
        size += len(file[2])
        if size > MAX_TEXT:
            break
        taken.append(file)
    rows, seen, declared = [], set(), {}
    for path, language, data, _ in taken:
        module = _module(language, path, data)
        if module:
            rows.append(module)
        for found in definitions.definitions(language, data):
            paragraph = prose.clean(found["doc"]) if found["doc"] else ""
            paragraph = paragraph if prose.useful(paragraph) else ""
            name = found["name"].decode("utf-8", "replace")
            if found["kind"] == "declaration":
                if paragraph:
                    declared.setdefault(name.split("::")[-1], set()).add(paragraph)
                continue
            code = found["code"][:MAX_CODE * 2].decode("utf-8", "replace")[:MAX_CODE]
            if len(code) < 30:
                continue
            digest = hash(re.sub(r"\s+", "", code))
            if digest in seen:
                continue
            seen.add(digest)
            container = found["container"].decode("utf-8", "replace")[:80]
            rows.append({"lang": language, "path": path, "kind": found["kind"], "container": container, "name": name[:80],
                         "doc": paragraph, "code": code})
    for row in rows:
        if not row["doc"] and row["lang"] in ("c", "cpp"):
            texts = declared.get(row["name"].split("::")[-1], ())
            if len(texts) == 1:  # a name declared twice with different words says nothing
                row["doc"] = next(iter(texts))
    rows.sort(key=lambda r: (not r["doc"], _order(r["path"] + r["container"] + r["name"])))
    return rows[:MAX_DEFINITIONS]


def _one(job):
    kind, name, version, artifact, out = job
    target = Path(out) / f"{kind}-{name.replace('/', '+')}.jsonl"
    if not target.exists():
        rows = package(kind, artifact)
        temporary = target.with_suffix(".part")
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))
        temporary.rename(target)
    return name


def main():
    fetched, out = sys.argv[1], sys.argv[2]
    os.makedirs(out, exist_ok=True)
    jobs = [line.rstrip("\n").split("\t") + [out] for line in open(Path(fetched) / "artifacts.tsv")]
    with multiprocessing.Pool(2, maxtasksperchild=8) as pool:
        for done, name in enumerate(pool.imap_unordered(_one, jobs), 1):
            print(f"{done}/{len(jobs)} {name}", flush=True)


if __name__ == "__main__":
    main()
