"""evaluate.py DATA TABLE.npy…: retrieval on the held-out packages.

For each held-out package every documented definition is searched for by the
first sentence of its documentation among all definitions of that package
(at most 4,000), and every name among the bodies. Prints NDCG@10 (one relevant
each), a mean of means of packages, by language; `words` is the same with
tf·idf instead of a table.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy
from scipy import sparse

import model

MOST = 4_000


def ndcg(scores, right):
    """Mean NDCG@10 where row i looks for column right[i]."""
    own = scores[numpy.arange(len(right)), right]
    rank = (scores > own[:, None]).sum(1)
    return float(numpy.where(rank < 10, 1 / numpy.log2(rank + 2), 0).mean())


def tf_idf(matrix, inverse):
    """Words alone: the same weights times idf."""
    weighted = (matrix @ sparse.diags(inverse)).tocsr()
    norm = numpy.sqrt(numpy.asarray(weighted.multiply(weighted).sum(1))).ravel()
    return sparse.diags(1 / numpy.maximum(norm, 1e-6)) @ weighted


def score(data, width, vectors):
    """{(language, kind): [NDCG@10 of each package]} with `vectors(matrix)` as the embedder."""
    found = defaultdict(list)
    for number, language in enumerate(data["languages"]):
        for kind, label in ((0, "doc"), (1, "name")):
            pairs = data["pairs"][(data["pairs"][:, 5] == number) & (data["pairs"][:, 2] == kind)][:500]
            if len(pairs) < 30:
                continue
            others = data["documents"][data["documents"][:, 2] == number][:, 0] if kind == 0 else pairs[:0, 1]
            all_documents = numpy.unique(numpy.concatenate([pairs[:, 1], others[:MOST]])).astype(numpy.int64)
            right = numpy.searchsorted(all_documents, pairs[:, 1].astype(numpy.int64))
            documents = vectors(model.rows(data, all_documents, width))
            queries = vectors(model.rows(data, pairs[:, 0].astype(numpy.int64), width))
            similar = queries @ documents.T
            similar = similar.toarray() if sparse.issparse(similar) else similar
            found[str(language), label].append(ndcg(similar, right))
    return found


def summary(found):
    """One line: means by kind and language."""
    parts = []
    for label in ("doc", "name"):
        every = [v for (_, kind), values in found.items() if kind == label for v in values]
        parts.append(f"{label} {numpy.mean(every):.4f} ({len(every)})")
        parts += [f"{lang} {numpy.mean(values):.3f}" for (lang, kind), values in sorted(found.items()) if kind == label]
    return " · ".join(parts)


def main():
    folder = Path(sys.argv[1])
    data = dict(numpy.load(folder / "heldout.npz"))
    width = len((folder / "vocabulary.txt").read_bytes().split(b"\n")) - 1
    documents = data["documents"][:, 0].astype(numpy.int64)
    frequency = numpy.bincount(model.rows(data, documents, width).indices, minlength=width)
    inverse = numpy.log(1 + len(documents) / (1 + frequency))
    print("words", summary(score(data, width, lambda m: tf_idf(m, inverse))))
    for name in sys.argv[2:]:
        table = numpy.load(name).astype(numpy.float32)
        print(Path(name).stem, summary(score(data, width, lambda m, t=table: model.embed(m, t)[0])))


if __name__ == "__main__":
    main()
