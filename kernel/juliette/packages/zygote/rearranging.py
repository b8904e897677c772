"""Rules that look at Julia values themselves: picking, arranging and joining elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base import concatenation
from juliette.base.array_protocol import ArrayLike
from juliette.packages.zygote.arrays import RULES, _prod, _sum
from juliette.packages.zygote.averaging import mean, quantile
from juliette.packages.zygote.errors import foreign_call
from juliette.packages.zygote.factored import FACTORED
from juliette.packages.zygote.folding import FOLDED
from juliette.packages.zygote.nodes import PLAIN, opened, plain, stacked, to_engine, to_julia
from juliette.packages.zygote.ordering import ORDERED
from juliette.packages.zygote.scalars import operation
from juliette.packages.zygote.sequences import SEQUENCES
from juliette.packages.zygote.structured import densify, holds_node
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, array_class, elements, wrap
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base
from juliette_engine import linalg, rules
from juliette_engine.tape import Node, primal

ndarray = np.ndarray

# Methods that pick and arrange elements: run on linear indices.
REARRANGING = {
    "getindex", "view", "reverse", "circshift", "permutedims", "repeat", "selectdim", "rotl90", "rotr90", "rot180",
    "dropdims", "diag", "PermutedDimsArray", "first", "last", "vec", "reshape", "eachcol", "eachrow", "eachslice",
    "dotview", "%dotview", "droplast", "getindex_slice",
}  # fmt: skip


def rearranged(f: Any) -> Any:
    """A method that picks elements of its first argument, told by what it does to their numbers."""

    def run(x: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(x, Node):
            return f(x, *(args if isinstance(x, T.JuliaType) else map(plain, args)), **options)
        data = x.data
        numbers = wrap(np.arange(data.size).reshape(data.shape, order="F"))
        return taken(x, f(numbers, *map(plain, args), **options))

    return run


def taken(x: Any, numbers: Any) -> Any:
    """The elements of a traced array with these linear indices; for iterators of pieces, one by one."""
    if not x.data.ndim:
        return taken(rules.reshape(x, (1,)), numbers)
    if (
        isinstance(getattr(numbers, "data", None), ndarray) and not numbers.data.ndim
    ):  # a view of one element
        return rules.reshape(taken(x, wrap(np.array([int(numbers.data)]))), ())
    if isinstance(numbers, (int, np.integer)):
        return rules.getitem(x, np.unravel_index(int(numbers), x.data.shape, order="F"))
    data = getattr(numbers, "data", None)
    if isinstance(data, ndarray) and data.dtype != object:
        index = (
            np.unravel_index(data, x.data.shape, order="F") if x.data.ndim > 1 else np.asarray(data)
        )
        return rules.getitem(x, index)
    from juliette.base.iteration import iterate_value
    from juliette.runtime.array import vector

    return vector([taken(x, n) for n in iterate_value(numbers)], T.Any_)


def _getindex(f: Any) -> Any:
    general = rearranged(f)

    def getindex(x: Any, *index: Any) -> Any:
        if isinstance(x, Node):
            data = x.data
            if len(index) == 1 and type(index[0]) is int:
                i = index[0]
                if 0 < i <= data.size:
                    at = i - 1 if data.ndim == 1 else np.unravel_index(i - 1, data.shape, order="F")
                    return rules.getitem(x, at)
            elif len(index) == data.ndim:
                where = _simple_index(index, data.shape)
                if where is not None:
                    return rules.getitem(x, where)
        return general(x, *index)

    return getindex


def _simple_index(index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """numpy's form of whole numbers, colons and unit ranges within bounds; else None."""
    out: list[Any] = []
    for i, n in zip(index, shape, strict=True):
        if type(i) is int and 0 < i <= n:
            out.append(i - 1)
        elif isinstance(i, V.ColonType):
            out.append(slice(None))
        elif isinstance(i, V.UnitRange) and i.start >= 1 and i.stop <= n:
            out.append(slice(i.start - 1, max(i.stop, i.start - 1)))
        else:
            return None
    return tuple(out)


def _joined(dim: int) -> Any:
    return lambda *xs: concatenated(xs, dim)


def concatenated(xs: tuple[Any, ...], dim: int) -> Any:
    """Join Julia values along a dimension (from 0)."""
    if not all(map(_computable, xs)):
        return _joined_values(xs, dim)
    n = max(dim + 1, max(np.ndim(primal(to_engine(x))) for x in xs))
    parts = []
    for x in xs:
        e = to_engine(x)
        s = np.shape(primal(e))
        parts.append(rules.reshape(e, s + (1,) * (n - len(s))) if s else stacked([e], (1,) * n))
    shapes = [np.shape(primal(p)) for p in parts]
    for s in shapes:
        if s[:dim] + s[dim + 1 :] != shapes[0][:dim] + shapes[0][dim + 1 :]:
            plain_xs = tuple(map(plain, xs))
            return Base.bindings["vcat" if dim == 0 else "hcat"](*plain_xs)  # raises Julia's error
    return to_julia(rules.concatenate(parts, dim))


def _computable(x: Any) -> bool:
    """Is this a number or an array of numbers?"""
    return isinstance(to_engine(x), (Node, ndarray, int, float, complex, np.generic))


def _joined_values(xs: tuple[Any, ...], dim: int) -> Any:
    """Join values of which some are no numbers: an array that holds the traced numbers beside them."""
    parts = []
    for x in xs:
        if isinstance(x, (Array, V.Wrapper, V.Range, V.BitArray)):
            data = (opened(x) if isinstance(x, Node) else x).data.astype(object)
        else:
            data = np.empty((1,), dtype=object)
            data[0] = x
        parts.append(data.reshape(data.shape + (1,) * (dim + 1 - data.ndim), order="F"))
    return array_class(T.Any_, parts[0].ndim)(np.asfortranarray(np.concatenate(parts, dim)))


def joined(xs: tuple[Any, ...], dim: int | None, eltype: Any) -> Any:
    """Pieces joined, if some of them are traced; None if not."""
    if not any(map(holds_node, xs)) or not all(map(_computable, xs)):
        return None
    if dim is None:
        return True
    out = concatenated(xs, dim)
    dtype = T.DTYPE_OF.get(eltype)
    return (
        out
        if dtype is None or dtype == out.data.dtype or dtype.kind not in "fc"
        else rules.cast(out, dtype=dtype)
    )


concatenation.TRACED_JOIN = joined


def _hvcat(counts: Any, *xs: Any) -> Any:
    rows, i = [], 0
    if type(counts) is int:
        counts = (counts,) * (len(xs) // counts)
    for n in counts:
        rows.append(concatenated(xs[i : i + n], 1))
        i += n
    return concatenated(tuple(rows), 0)


def _cat(*xs: Any, dims: Any) -> Any:
    if hasattr(dims, "x"):
        dims = dims.x
    if isinstance(dims, ArrayLike):
        dims = tuple(elements(np.asarray(dims.data)))
    if type(dims) is tuple:
        if len(dims) != 1:
            return _in_blocks(xs, [int(d) - 1 for d in dims])
        dims = dims[0]
    return concatenated(xs, int(dims) - 1)


def _in_blocks(xs: tuple[Any, ...], axes: list[int]) -> Any:
    """Join along several dimensions: blocks on the diagonal of zeros."""
    shapes = [np.shape(primal(to_engine(x))) for x in xs]
    n = max(max(axes) + 1, *map(len, shapes))
    shapes = [s + (1,) * (n - len(s)) for s in shapes]
    total = tuple([sum(s[k] for s in shapes) if k in axes else shapes[0][k] for k in range(n)])
    flat: list[Any] = [np.zeros(1)]
    places = np.zeros(total, dtype=np.int64, order="F")
    at, start = [0] * n, 1
    for x, s in zip(xs, shapes, strict=True):
        size = int(np.prod(s))
        where = tuple([slice(at[k], at[k] + s[k]) for k in range(n)])
        places[where] = np.arange(start, start + size).reshape(s, order="F")
        e = to_engine(x)
        flat.append(rules.reshape(e, (size,)) if np.ndim(primal(e)) else stacked([e], (1,)))
        start += size
        for k in axes:
            at[k] += s[k]
    return to_julia(rules.getitem(rules.concatenate(flat, 0), places))


def _with_function(reduce: Any) -> Any:
    """`sum(f, x)` and its like: a dotted call, then the reduction."""

    def rule(f: Any) -> Any:
        def run(g: Any, x: Any, **options: Any) -> Any:
            name = g.name if isinstance(g, GenericFunction) else ""
            if type(x) in PLAIN and Base.bindings.get(name) is g:
                if reduce is _sum and not options and name == "abs2" and x.data.dtype.kind == "f":
                    return rules.sum_of_squares(x)
                op = operation(name, 1)
                if op is not None and (x.data.dtype.kind in "fc" or x.data.dtype.itemsize == 8):
                    # numpy and Julia differ in what they make of small whole numbers
                    return to_julia(reduce(op(x), **options))
            values = B.materialize(B.broadcasted(g, x))
            return to_julia(reduce(to_engine(values), **options))

        return run

    return rule


def _hvncat(f: Any) -> Any:
    def join(dims: Any, row_first: Any, *xs: Any) -> Any:
        if isinstance(dims, int):
            return concatenated(xs, dims - 1)
        if len(dims) == 2:
            rows, columns = dims
            return _hvcat(columns, *xs) if row_first else _columns(rows, xs)
        raise foreign_call("hvncat")

    return join


def _columns(rows: int, xs: tuple[Any, ...]) -> Any:
    return concatenated(
        tuple([concatenated(xs[i : i + rows], 0) for i in range(0, len(xs), rows)]), 1
    )


def _convert(f: Any) -> Any:
    """`convert(T, x)` of an array: itself, or one of another kind made of it."""
    return lambda t, x: x if T.isa(x, t) else T.CONSTRUCT(t, (x,), {})


def as_array(f: Any) -> Any:
    """`Array{T,N}(x)`"""

    def make(t: Any, *args: Any) -> Any:
        x = densify(args[0]) if len(args) == 1 else None
        if not isinstance(x, Node) or type(x.data) is not ndarray:
            return f(t, *args)
        wanted = list(T.unwrap(t).parameters)
        kind, ndim = wanted[0], wanted[1] if len(wanted) > 1 else None
        if isinstance(ndim, int) and ndim != x.data.ndim:
            return f(t, plain(x))  # raises Julia's error
        dtype = T.DTYPE_OF.get(kind) if isinstance(kind, T.DataType) else x.data.dtype
        if dtype is None or dtype.kind not in "fc":
            return f(t, plain(x)) if dtype is not x.data.dtype else to_julia(rules.copied(x))
        if dtype == x.data.dtype:
            return to_julia(rules.copied(x))
        if dtype.kind == "c" and x.data.dtype.kind != "c":
            return to_julia(rules.complexed(x, 0.0))
        return to_julia(rules.cast(x, dtype=dtype))

    return make


def _diagonal(f: Any) -> Any:
    """`Diagonal` of a vector, or of the diagonal of a matrix."""

    def make(t: Any, x: Any) -> Any:
        return f(t, to_julia(linalg.diagonal(x)) if isinstance(x, Node) and x.data.ndim == 2 else x)

    return make


def _logdet(f: Any) -> Any:
    def run(a: Any) -> Any:
        if not np.iscomplexobj(primal(a)):
            f(plain(a))  # raises Julia's error where it is negative
        return to_julia(linalg.logdet(a))

    return run


# Rules that look at Julia values: f(the method's own code) -> code.
SPECIAL: dict[str, Callable[[Any], Any]] = {
    "getindex": _getindex,
    "vcat": lambda f: _joined(0),
    "hcat": lambda f: _joined(1),
    "hvcat": lambda f: _hvcat,
    "hvncat": _hvncat,
    "cat": lambda f: _cat,
    **ORDERED,
    **SEQUENCES,
    "quantile": quantile,
    "skipmissing": lambda f: lambda x: x,
    **FACTORED,
    "logabsdet": lambda f: lambda a: (to_julia(linalg.logabsdet(a)), f(plain(a))[1]),
    "logdet": _logdet,
    "Diagonal": _diagonal,
    "Symmetric": lambda f: f,
    "Hermitian": lambda f: f,
    "UpperTriangular": lambda f: f,
    "PermutedDimsArray": lambda f: f,
    "ifelse": lambda f: (
        lambda test, a, b: (a if test else b) if type(test) is bool else f(plain(test), a, b)
    ),
    "LowerTriangular": lambda f: f,
    "Adjoint": lambda f: f,
    "Transpose": lambda f: f,
}
_REDUCTIONS = {
    "sum": _sum,
    "prod": _prod,
    "mean": mean,
    "maximum": RULES["maximum"],
    "minimum": RULES["minimum"],
}

# Methods made of generic functions that have a rule of their own for traced arrays.
OVERRIDDEN: dict[str, Callable[[Any], Any]] = {
    "collect": lambda f: rules.copied,
    "convert": _convert,
    **FOLDED,
    **{n: ORDERED[n] for n in ("sort", "partialsort", "sortslices", "unique")},
    **{n: SEQUENCES[n] for n in ("setdiff", "union", "intersect", "symdiff")},
}
