"""train.py DATA OUT.npy [--epochs 2 --rate 0.01 --temperature 0.06 --dimensions 256 --pairs N --names 1 --seed 1]

Trains the table from random numbers: symmetric contrastive loss over batches
of 1,024 pairs in runs of 64 from one package, so that most negatives of a
pair come from its own package and a share from its own files.
"""

import argparse
import time
from pathlib import Path

import numpy
from scipy import sparse

import model
import words

BATCH, RUN = 1_024, 64
# What people put around the thing they look for; the table has to learn that it means nothing.
FRAMES = [
    "how does work", "how is implemented", "where is", "where is defined", "the code that", "code for", "implementation of",
    "function to", "function that", "class that", "class for", "how to", "find the", "what handles", "logic for", "fix", "add", "support for",
    "how are", "where do we", "which", "make", "handling of",
]


# Fetched, but no pair of theirs is used: each was found to carry a copy of one of the benchmark's projects.
WITHOUT = {"debian-apache-log4j2"}


def runs_of(pairs, random):
    """Indices of pairs in runs of RUN from one package, half of them neighbours in the source."""
    package = pairs[:, 5].astype(numpy.int64)
    order = numpy.argsort(package, kind="stable")
    bounds = numpy.flatnonzero(numpy.diff(package[order])) + 1
    runs = []
    for own in numpy.split(order, bounds):
        blocks = [own[i:i + RUN // 2] for i in range(0, len(own), RUN // 2)]  # neighbours
        random.shuffle(blocks)
        half = len(blocks) // 2
        shuffled = numpy.concatenate(blocks[half:])
        random.shuffle(shuffled)
        own = numpy.concatenate(blocks[:half] + [shuffled])
        runs += [own[i:i + RUN] for i in range(0, len(own) - RUN // 2 + 1, RUN)]
    random.shuffle(runs)
    return runs


def batches(pairs, random):
    """Batches of about BATCH pairs."""
    batch, size = [], 0
    for run in runs_of(pairs, random):
        batch.append(run)
        size += len(run)
        if size >= BATCH:
            yield numpy.concatenate(batch)
            batch, size = [], 0


class Adam:
    """Adam on the rows that a batch touches."""

    def __init__(self, table):
        self.table, self.mean, self.square, self.step = table, numpy.zeros_like(table), numpy.zeros_like(table), 0

    def update(self, touched, gradient, rate):
        """One step on `touched` rows."""
        self.step += 1
        mean = self.mean[touched]
        mean += 0.1 * (gradient - mean)
        square = self.square[touched]
        square += 0.001 * (gradient * gradient - square)
        self.mean[touched], self.square[touched] = mean, square
        correction = numpy.float32(rate * numpy.sqrt(1 - 0.999**self.step) / (1 - 0.9**self.step))
        self.table[touched] -= correction * mean / (numpy.sqrt(square) + 1e-8)


def before_norm(unit, norm, gradient):
    """The gradient of the sums, from that of the normalised vectors."""
    return (gradient - unit * (unit * gradient).sum(1, keepdims=True)) / norm


def step(table, queries, documents, same, temperature):
    """(loss, touched rows, their gradient) of one batch."""
    unit_q, norm_q = model.embed(queries, table)
    unit_d, norm_d = model.embed(documents, table)
    logits = unit_q @ unit_d.T
    logits /= temperature
    logits[same] = -1e9  # another pair with the same text is no negative
    size = len(logits)
    across = numpy.exp(logits - logits.max(1, keepdims=True))
    across /= across.sum(1, keepdims=True)
    down = numpy.exp(logits - logits.max(0, keepdims=True))
    down /= down.sum(0, keepdims=True)
    diagonal = numpy.arange(size)
    loss = -(numpy.log(across[diagonal, diagonal] + 1e-12).mean() + numpy.log(down[diagonal, diagonal] + 1e-12).mean()) / 2
    across += down
    across[diagonal, diagonal] -= 2
    across /= numpy.float32(2 * size * temperature)
    dense = numpy.concatenate([before_norm(unit_q, norm_q, across @ unit_d), before_norm(unit_d, norm_d, across.T @ unit_q)])
    used = numpy.unique(numpy.concatenate([queries.indices, documents.indices]))
    both = sparse.vstack([queries, documents], format="csr")
    both = sparse.csr_matrix((both.data, numpy.searchsorted(used, both.indices), both.indptr), shape=(2 * size, len(used)))
    return loss, used, both.T.tocsr() @ dense


def train(data, vocabulary, options, report=print):
    """The trained table."""
    random = numpy.random.default_rng(options.seed)
    pairs = data["pairs"]
    dropped = numpy.flatnonzero(numpy.isin(data["packages"], list(WITHOUT)))
    pairs = pairs[~numpy.isin(pairs[:, 5], dropped.astype(pairs.dtype))]
    if options.pairs and options.pairs < len(pairs):
        pairs = pairs[numpy.sort(random.choice(len(pairs), options.pairs, replace=False))]
    if options.names < 1:  # of the pairs name and body, a share; pairs of prose stay
        pairs = pairs[(pairs[:, 2] == 0) | (random.random(len(pairs)) < options.names)]
    known = {w: i for i, w in enumerate(vocabulary)}
    frames = [[known[w] for w in words.split(f.encode()) if w in known] for f in FRAMES]
    width = len(vocabulary)
    table = random.standard_normal((width, options.dimensions), dtype=numpy.float32) / numpy.float32(numpy.sqrt(options.dimensions))
    adam = Adam(table)
    total = int(options.epochs * len(pairs) / BATCH)
    began, done, losses = time.time(), 0, []
    while done < total:
        for batch in batches(pairs, random):
            chosen = pairs[batch]
            frame = [frames[random.integers(len(frames))] if random.random() < options.framed else [] for _ in chosen]
            queries = model.rows(data, chosen[:, 0].astype(numpy.int64), width, frame)
            documents = model.rows(data, chosen[:, 1].astype(numpy.int64), width)
            same = (chosen[:, 3][:, None] == chosen[:, 3][None]) | (chosen[:, 4][:, None] == chosen[:, 4][None])
            numpy.fill_diagonal(same, False)
            rate = options.rate * min(1, (done + 1) / 50) * max(0.02, 1 - done / total)
            loss, touched, gradient = step(table, queries, documents, same, options.temperature)
            adam.update(touched, gradient, rate)
            losses.append(loss)
            done += 1
            if done % 100 == 0:
                report(f"{done}/{total} loss {numpy.mean(losses[-100:]):.4f} {time.time() - began:.0f} s", flush=True)
            if done >= total:
                break
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--temperature", type=float, default=0.06)
    parser.add_argument("--dimensions", type=int, default=256)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--names", type=float, default=1)
    parser.add_argument("--framed", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    data = dict(numpy.load(options.data / "pairs.npz"))
    vocabulary = (options.data / "vocabulary.txt").read_bytes().split(b"\n")[:-1]
    numpy.save(options.out, train(data, vocabulary, options))


if __name__ == "__main__":
    main()
