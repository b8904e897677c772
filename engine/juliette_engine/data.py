"""Batches of observations; the last dimension counts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette_engine import primitives, trees
from juliette_engine.errors import ArgumentError, DimensionMismatch
from juliette_engine.initialisers import permutation
from juliette_engine.tape import primal


def count(data: Any) -> int:
    """How many observations there are; raises DimensionMismatch if parts disagree."""
    if trees.is_array(data):
        return int(trees.size(data)[-1])
    parts = trees.children(data)
    if parts is None or not parts[0]:
        return len(data)
    if isinstance(data, list):
        return len(data)
    counts = {count(v) for v in parts[1]}
    if len(counts) != 1:
        raise DimensionMismatch("All data containers must have the same number of observations.")
    return counts.pop()


def observations(data: Any, index: Any) -> Any:
    """Some observations as a copy; an integer index drops the dimension."""
    if trees.is_array(data):
        picked = trees.data(data)[..., index]
        return trees.wrap_like(data, np.asfortranarray(picked)) if np.ndim(picked) else picked[()]
    if isinstance(data, list):
        return data[index] if isinstance(index, int) else [data[i] for i in index]
    parts = trees.children(data)
    assert parts is not None
    return trees.mirror(data, parts[0], tuple(observations(v, index) for v in parts[1]))


class DataLoader:
    """Iterates over batches of observations of `data`: an array, a tuple or a dictionary of arrays.

    A batch has `batchsize` observations.  The last may be smaller, or is left out with `partial=False`; `shuffle=True`
    draws a new order for each pass, from `rng`.

    Shapes: the last dimension of each array counts the observations; batches keep the others.
    Raises: DimensionMismatch if the arrays have different numbers of observations.
    Source: MLUtils, `DataLoader`.

    >>> [x.shape for x in DataLoader(np.zeros((2, 5)), batchsize=2)]
    [(2, 2), (2, 2), (2, 1)]
    """

    def __init__(
        self,
        data: Any,
        *,
        batchsize: int = 1,
        shuffle: bool = False,
        partial: bool = True,
        rng: Any = None,
    ) -> None:
        self.data = data
        self.batchsize = batchsize
        self.shuffle = shuffle
        self.partial = partial
        self.rng = rng
        self.n = count(data)

    def __repr__(self) -> str:
        options = f", batchsize={self.batchsize}" if self.batchsize != 1 else ""
        options += (", shuffle=true" if self.shuffle else "") + (
            "" if self.partial else ", partial=false"
        )
        return f"{len(self)}-element DataLoader({self.n} observations{options})"

    def __len__(self) -> int:
        if self.batchsize <= 0:
            return self.n
        whole, rest = divmod(self.n, self.batchsize)
        return whole + (1 if rest and self.partial else 0)

    def __iter__(self) -> Iterator[Any]:
        order = permutation(self.n, self.rng) if self.shuffle else np.arange(self.n)
        if self.batchsize <= 0:
            for i in order.tolist():
                yield observations(self.data, i)
            return
        for k in range(len(self)):
            yield observations(self.data, order[k * self.batchsize : (k + 1) * self.batchsize])


def flatten(x: Any) -> Any:
    """One column for each observation: all dimensions of `x` but the last in one.

    Shapes: `size… × batch` to `prod(size) × batch`.
    Raises: nothing.
    Source: MLUtils, `flatten`.

    >>> flatten(np.zeros((8, 8, 3, 5))).shape
    (192, 5)
    """
    return primitives.reshape(x, (-1, np.shape(primal(x))[-1]))


def onehot(x: Any, labels: Any, default: Any = None) -> Any:
    """A Boolean vector, true at the place of `x` among `labels`, or of `default` if it is none of them.

    Shapes: as many as `labels`.
    Raises: ArgumentError if `x` is no label, without a default.
    Source: OneHotArrays, `onehot`.

    >>> onehot("b", "abc")
    array([False,  True, False])
    """
    return onehotbatch([x], labels, default)[:, 0]


def onehotbatch(xs: Any, labels: Any, default: Any = None) -> Any:
    """A Boolean column for each element of `xs`, true in the row of its label among `labels`.

    An element that is no label gets the column of `default`.

    Shapes: `labels × size(xs)`.
    Raises: ArgumentError for an element that is no label, without a default.
    Source: OneHotArrays, `onehotbatch`.

    >>> onehotbatch("ab", "abc").astype(int)
    array([[1, 0],
           [0, 1],
           [0, 0]])
    """
    rows = {label: i for i, label in enumerate(labels)}
    items = list(xs)
    out = np.zeros((len(rows), len(items)), dtype=bool, order="F")
    for j, x in enumerate(items):
        row = rows.get(x, None if default is None else rows[default])
        if row is None:
            raise ArgumentError(f"Value {x!r} not found in labels")
        out[row, j] = True
    return out


def onecold(y: Any, labels: Any = None) -> Any:
    """The label of the largest element of each column of `y`, or its row, counted from zero, without `labels`.

    Shapes: the dimensions of `y` without the first.
    Raises: DimensionMismatch if there are not as many labels as rows.
    Source: OneHotArrays, `onecold`.
    """
    y = np.asarray(y)
    names = None if labels is None else list(labels)
    if names is not None and len(names) != y.shape[0]:
        raise DimensionMismatch(
            f"onecold got {len(names)} labels for an array with size(y, 1) == {y.shape[0]}, "
            "these must agree"
        )
    where = np.argmax(y, axis=0)
    return where if names is None else np.array(names)[where]
