"""export.py DATA TABLE.npy OUT_FOLDER: the table file that the binary carries.

Writes `table.bin` (format in src/vector/static_table/table.rs) and
`table.sha256`; and, with --golden FILE, texts with the table's words in them
for the test that holds the Rust side to this one.
"""

import argparse
import hashlib
import json
import random
import struct
from pathlib import Path

import numpy

import words

MAGIC = b"HAPPYEM1"
MOST_BYTES = 11_000_000


def fnv(word):
    """32-bit FNV-1a."""
    hashed = 0x811C9DC5
    for byte in word:
        hashed = (hashed ^ byte) * 0x01000193 & 0xFFFFFFFF
    return hashed


def hash_slots(vocabulary):
    """Open addressing with linear probing; 0xffff is empty."""
    size = 1
    while size <= len(vocabulary) * 3 // 2:
        size *= 2
    slots = [0xFFFF] * size
    for number, word in enumerate(vocabulary):
        hashed = fnv(word)
        at = (hashed ^ hashed >> 15) & size - 1
        while slots[at] != 0xFFFF:
            at = at + 1 & size - 1
        slots[at] = number
    return numpy.array(slots, "<u2")


def quantised(table):
    """(int8 rows, scales)."""
    scales = numpy.maximum(numpy.abs(table).max(1), 1e-12) / 127
    return numpy.rint(table / scales[:, None]).astype(numpy.int8), scales.astype("<f4")


def file_bytes(vocabulary, table):
    """The whole file."""
    rows, scales = quantised(table)
    slots = hash_slots(vocabulary)
    text = b"".join(vocabulary)
    offsets = numpy.concatenate([[0], numpy.cumsum([len(w) for w in vocabulary])]).astype("<u4")
    header = MAGIC + struct.pack("<6I", len(vocabulary), table.shape[1], max(map(len, vocabulary)), len(slots), len(text), 0)
    return header + slots.tobytes() + offsets.tobytes() + scales.tobytes() + rows.tobytes() + text


def golden(vocabulary, count=2_000):
    """Texts of every shape that identifiers and prose take, each with the words the table sees."""
    known = {w: i for i, w in enumerate(vocabulary)}
    longest = max(map(len, vocabulary))
    source = random.Random(7)
    common = [w.decode() for w in vocabulary[:8_000]]
    shapes = [
        lambda ws: "_".join(ws), lambda ws: "".join(w.capitalize() for w in ws), lambda ws: ws[0] + "".join(w.capitalize() for w in ws[1:]),
        lambda ws: "".join(ws), lambda ws: ws[0].upper() + "".join(w.capitalize() for w in ws[1:]), lambda ws: " ".join(ws),
        lambda ws: "-".join(ws) + str(source.randrange(100_000)), lambda ws: "::".join(w.capitalize() for w in ws) + "()",
        lambda ws: "".join(source.choice([c, c.upper()]) for c in "".join(ws)), lambda ws: "é".join(ws) + "Ünïcode", lambda ws: "查".join(ws),
        lambda ws: "".join(source.choices("abcXYZ019_é ", k=30)), lambda ws: "x" * source.randrange(60, 70) + ws[0],
    ]
    texts = ["", " ", "A", "a", "AB", "ABc", "aB", "9", "a9B8", "HTTPServer2", "é", "\u0000\n\t", "İstanbul", "ſ", "x" * 64, "X" * 65]
    while len(texts) < count:
        texts.append(source.choice(shapes)(source.sample(common, source.randrange(1, 5))))
    for text in texts:
        found = []
        for word in words.split(text.encode()):
            found += [word] if word in known else words.pieces(word, known, longest)
        yield {"text": text, "words": [w.decode() for w in found]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("table")
    parser.add_argument("out", type=Path)
    parser.add_argument("--golden", type=Path)
    options = parser.parse_args()
    vocabulary = (options.data / "vocabulary.txt").read_bytes().split(b"\n")[:-1]
    data = file_bytes(vocabulary, numpy.load(options.table))
    if len(data) > MOST_BYTES:
        raise SystemExit(f"{len(data)} bytes are more than {MOST_BYTES}")
    (options.out / "table.bin").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    (options.out / "table.sha256").write_text(digest + "\n")
    if options.golden:
        lines = [json.dumps(row, ensure_ascii=True) for row in golden(vocabulary)]
        options.golden.write_text("\n".join(lines) + "\n")
    print(len(data), "bytes", digest)


if __name__ == "__main__":
    main()
