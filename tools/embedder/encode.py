"""encode.py MINED OUT: mined definitions into a vocabulary and pairs of word counts.

OUT/vocabulary.txt has one word a line, most useful first; OUT/pairs.npz the
pairs for training, OUT/heldout.npz the definitions of packages kept apart.
"""

import hashlib
import json
import multiprocessing
import os
import re
import sys
from collections import Counter
from pathlib import Path

import numpy

import prose
import words

VOCABULARY = 40_000
MAX_SAME_SENTENCE = 3  # within one package
HELDOUT_SHARE = 0.06
LANGUAGE_GROUP = {"javascript": "javascript", "typescript": "javascript", "tsx": "javascript", "cpp": "c++", "c": "c"}


def digest(text):
    """64 bits that depend on the text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def held_out(package):
    """Whether a package is kept apart: decided by its name alone."""
    return digest("held out " + package) / 2**64 < HELDOUT_SHARE


def _path_words(path):
    folders = path.rsplit(".", 1)[0].split("/")
    return " ".join(folders[-2:])


def texts_of(row):
    """(document query or '', name query or '', document, document without its name)."""
    salt = digest(row["path"] + row["name"] + row["code"][:200])
    place = " " + row["container"] + (" " + _path_words(row["path"]) if salt & 1 else "")
    query = ""
    if row["doc"]:
        query = row["doc"] if salt & 6 == 6 else prose.first_sentence(row["doc"])
    name, nameless = "", ""
    parts = words.split(row["name"].encode("utf-8", "replace"))
    if row["name"] and len(parts) >= 2 and salt & 8 | (not row["doc"]):
        name = (row["container"] + " " if salt & 16 else "") + row["name"]
        nameless = re.sub(re.escape(row["name"]), " ", row["code"], count=0 if salt & 32 else 1)
        nameless += " " + row["container"] if not salt & 16 else ""
    return query, name, row["code"] + place, nameless


class Counts:
    """Texts as word counts: for text i, ids[start[i]:start[i+1]] with counts beside them."""

    def __init__(self):
        self.local, self.start, self.ids, self.counts = {}, [0], [], []

    def add(self, text):
        """Adds a text, returns its number."""
        counter = Counter(words.split(text.encode("utf-8", "replace")))
        local = self.local
        for word, count in counter.items():
            self.ids.append(local.setdefault(word, len(local)))
            self.counts.append(min(count, 255))
        self.start.append(len(self.ids))
        return len(self.start) - 2


def _package(path):
    counts, pairs, sentences, names = Counts(), [], Counter(), Counter()
    language = Counter()
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    rows.sort(key=lambda r: (r["path"], digest(r["code"])))
    documents = []
    for row in rows:
        query, name, document, nameless = texts_of(row)
        group = LANGUAGE_GROUP.get(row["lang"], row["lang"])
        code = digest(re.sub(r"\s+", "", row["code"]))
        key = query.lower()
        query = query if sentences[key] < MAX_SAME_SENTENCE else ""
        sentences[key] += 1
        name = name if names[name] < 2 else ""
        names[name] += 1
        if not query and not name and not held_out(path.stem):
            continue
        at = counts.add(document)
        documents.append((at, code))
        language[group] += 1
        if query:
            pairs.append((counts.add(query), at, 0, digest(key), code))
        if name:
            pairs.append((counts.add(name), counts.add(nameless), 1, digest(name), code))
    vocabulary = list(counts.local)
    return (path.stem, language.most_common(1)[0][0] if language else "", vocabulary,
            numpy.array(counts.start, numpy.int64), numpy.array(counts.ids, numpy.int32), numpy.array(counts.counts, numpy.uint8),
            numpy.array(pairs, dtype=numpy.uint64).reshape(-1, 5), numpy.array(documents, dtype=numpy.uint64).reshape(-1, 2))


def choose_vocabulary(packages):
    """The words that most packages use most: each package's say is capped."""
    score, spread = Counter(), Counter()
    for _, _, vocabulary, _, ids, counts, _, _ in packages:
        total = numpy.bincount(ids, weights=counts, minlength=len(vocabulary))
        for word, times in zip(vocabulary, numpy.minimum(total, 100).tolist()):
            score[word] += times
            spread[word] += 1
    kept = [w for w in score if spread[w] >= 3 and not (w[:1].isdigit() and len(w) > 4) and len(w) <= 24]
    kept.sort(key=lambda w: (-score[w], w))
    return kept[:VOCABULARY]


def remap(package, known, longest):
    """A package's counts in ids of the vocabulary, unknown words in pieces."""
    _, _, vocabulary, start, ids, counts, _, _ = package
    mapped = [[known[w]] if w in known else [known[p] for p in words.pieces(w, known, longest)] for w in vocabulary]
    sizes = numpy.array([len(m) for m in mapped], numpy.int64)
    flat = numpy.array([i for m in mapped for i in m], numpy.int32)
    offsets = numpy.concatenate([[0], numpy.cumsum(sizes)])
    each = sizes[ids]
    new_start = numpy.concatenate([[0], numpy.cumsum(each)])[start]
    first = numpy.repeat(offsets[ids], each)
    within = numpy.arange(each.sum()) - numpy.repeat(numpy.cumsum(each) - each, each)
    return new_start, flat[first + within], numpy.repeat(counts, each)


def _join(packages, known, longest):
    starts, ids, counts, pairs, documents, base, size = [numpy.zeros(1, numpy.int64)], [], [], [], [], 0, 0
    for number, package in enumerate(packages):
        start, own_ids, own_counts = remap(package, known, longest)
        starts.append(start[1:] + size)
        ids.append(own_ids)
        counts.append(own_counts)
        own = package[6].copy()
        own[:, :2] += numpy.uint64(base)
        pairs.append(numpy.column_stack([own, numpy.full(len(own), number, numpy.uint64)]))
        own = package[7].copy()
        own[:, 0] += numpy.uint64(base)
        documents.append(numpy.column_stack([own, numpy.full(len(own), number, numpy.uint64)]))
        base += len(start) - 1
        size += len(own_ids)
    return dict(start=numpy.concatenate(starts), ids=numpy.concatenate(ids), counts=numpy.concatenate(counts),
                pairs=numpy.concatenate(pairs), documents=numpy.concatenate(documents),
                packages=numpy.array([p[0] for p in packages]), languages=numpy.array([p[1] for p in packages]))


def main():
    mined, out = Path(sys.argv[1]), Path(sys.argv[2])
    os.makedirs(out, exist_ok=True)
    with multiprocessing.Pool(2, maxtasksperchild=50) as pool:
        packages = [p for p in pool.imap(_package, sorted(mined.glob("*.jsonl")), chunksize=2) if len(p[6])]
    training = [p for p in packages if not held_out(p[0])]
    heldout = [p for p in packages if held_out(p[0])]
    vocabulary = choose_vocabulary(training)
    (out / "vocabulary.txt").write_bytes(b"".join(w + b"\n" for w in vocabulary))
    known = {w: i for i, w in enumerate(vocabulary)}
    longest = max(map(len, vocabulary))
    for name, part in (("pairs", training), ("heldout", heldout)):
        data = _join(part, known, longest)
        if name == "pairs":  # the same code in two packages counts once
            _, first = numpy.unique(data["pairs"][:, 4] * numpy.uint64(2) + data["pairs"][:, 2], return_index=True)
            data["pairs"] = data["pairs"][numpy.sort(first)]
        numpy.savez(out / f"{name}.npz", **data)
        kinds = Counter(data["pairs"][:, 2].tolist())
        spoken = Counter(data["languages"][data["pairs"][:, 5].astype(int)].tolist())
        print(name, len(part), "packages", len(data["pairs"]), "pairs", dict(kinds), dict(spoken))


if __name__ == "__main__":
    main()
