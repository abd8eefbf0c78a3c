"""The model: a text is the normalised sum of (1 + ln tf) · E[word]."""

import numpy
from scipy import sparse

MAX_TF = 64
WEIGHTS = (1 + numpy.log(numpy.maximum(1, numpy.minimum(numpy.arange(256), MAX_TF)))).astype(numpy.float32)


def rows(data, numbers, width, prefix=None):
    """Texts by number as a sparse matrix of word weights; `prefix[i]` adds words to text i."""
    start, numbers = data["start"], numpy.asarray(numbers, numpy.int64)
    sizes = start[numbers + 1] - start[numbers]
    first = numpy.repeat(start[numbers], sizes)
    at = first + numpy.arange(sizes.sum()) - numpy.repeat(numpy.cumsum(sizes) - sizes, sizes)
    indices, counts = data["ids"][at], data["counts"][at].astype(numpy.float32)
    owner = numpy.repeat(numpy.arange(len(numbers)), sizes)
    if prefix is not None:
        extra = [(i, w) for i, ws in enumerate(prefix) for w in ws]
        if extra:
            extra = numpy.array(extra)
            owner = numpy.concatenate([owner, extra[:, 0]])
            indices = numpy.concatenate([indices, extra[:, 1].astype(indices.dtype)])
            counts = numpy.concatenate([counts, numpy.ones(len(extra), numpy.float32)])
    # Pieces of two words can be one word: the matrix sums what falls together.
    matrix = sparse.csr_matrix((counts, (owner, indices)), shape=(len(numbers), width))
    matrix.sum_duplicates()
    matrix.data = WEIGHTS[numpy.minimum(matrix.data, 255).astype(numpy.int32)]
    return matrix


def embed(matrix, table):
    """Normalised vectors and the norms before; a text without known words is a zero vector."""
    total = matrix @ table
    norm = numpy.maximum(numpy.linalg.norm(total, axis=1, keepdims=True), 1e-6)
    return total / norm, norm
