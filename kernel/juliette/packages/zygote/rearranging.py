"""Rules that look at Julia values themselves: picking, arranging and joining elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from juliette.base.array_protocol import ArrayLike
from juliette.packages.zygote import linear
from juliette.packages.zygote.errors import foreign_call
from juliette.packages.zygote.factored import FACTORED
from juliette.packages.zygote.nodes import PLAIN, plain, stacked, to_engine, to_julia
from juliette.packages.zygote.structured import densify
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import elements, wrap
from juliette.runtime.dispatch import GenericFunction, call_kw
from juliette.runtime.modules import Base
from juliette_engine import linalg, rules
from juliette_engine.tape import Node, primal
from juliette.packages.zygote.scalars import operation
from juliette.packages.zygote.arrays import RULES, _axes, _mean, _prod, _sum

ndarray = np.ndarray

# Methods that pick and arrange elements: run on linear indices.
REARRANGING = {
    "getindex", "view", "reverse", "circshift", "permutedims", "repeat", "selectdim", "rotl90", "rotr90", "rot180",
    "dropdims", "diag", "PermutedDimsArray", "first", "last", "vec", "reshape", "eachcol", "eachrow", "eachslice",
    "dotview", "%dotview", "droplast", "getindex_slice",
}  # fmt: skip
_SORTED = {"sort": "sortperm"}


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
    if isinstance(numbers, (int, np.integer)):
        return rules.getitem(x, np.unravel_index(int(numbers), x.data.shape, order="F"))
    data = getattr(numbers, "data", None)
    if isinstance(data, ndarray) and data.dtype != object:
        index = np.unravel_index(data, x.data.shape, order="F") if x.data.ndim > 1 else np.asarray(data)
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
    out = []
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


def _sorted(f: Any) -> Any:
    def sort(x: Any, *args: Any, **options: Any) -> Any:
        order = Base.bindings["sortperm"]
        numbers = order.call_kw(options, plain(x)) if options else order(plain(x))
        return rules.getitem(x, np.asarray(numbers.data) - 1)

    return sort


def _accumulate(op: Any, x: Any, *, init: Any = None, dims: Any = None) -> Any:
    from juliette.base.iteration import iterate_value

    out: list[Any] = []
    for v in iterate_value(x):
        if out:
            v = op(out[-1], v)
        elif init is not None:
            v = op(init, v)
        out.append(v)
    return to_julia(stacked(out, (len(out),)))


def _mapslices(f: Any) -> Any:
    def run(g: Any, x: Any, *, dims: Any) -> Any:
        shape = x.data.shape
        inner = _axes(dims, len(shape)) or ()
        outer = [i for i in range(len(shape)) if i not in inner]
        getindex = Base.bindings["getindex"]
        pieces = {}
        for at in np.ndindex(*[shape[i] for i in outer]):
            index: list[Any] = [V.COLON] * len(shape)
            for i, k in zip(outer, at, strict=True):
                index[i] = k + 1
            y = to_engine(g(getindex(x, *index)))
            size = np.shape(primal(y))
            full = [1] * len(shape)
            for i, n in zip(inner, size or (1,) * len(inner), strict=False):
                full[i] = n
            pieces[at] = rules.reshape(y, tuple(full)) if size else stacked([y], tuple(full))
        return to_julia(_assembled(pieces, outer, [shape[i] for i in outer], ()))

    return run


def _assembled(pieces: Any, outer: list[int], sizes: list[int], at: tuple[int, ...]) -> Any:
    if len(at) == len(outer):
        return pieces[at]
    k = len(at)
    return rules.concatenate([_assembled(pieces, outer, sizes, (*at, i)) for i in range(sizes[k])], outer[k])


def _found(name: str) -> Any:
    """`findmax` and `findmin`: the value and where it is."""

    def rule(f: Any) -> Any:
        def find(x: Any, *args: Any, **options: Any) -> Any:
            p = plain(x)
            value, where = f(p, *args, **options)
            if options:
                index = np.asarray([i.I if hasattr(i, "I") else (i,) for i in elements(where.data)]).T - 1
                shape = where.data.shape
                return to_julia(rules.getitem(x, tuple([np.reshape(i, shape, order="F") for i in index]))), where
            return Base.bindings["getindex"](x, where), where

        return find

    return rule


def _with_function(reduce: Any) -> Any:
    """`sum(f, x)` and its like: a dotted call, then the reduction."""

    def rule(f: Any) -> Any:
        def run(g: Any, x: Any, **options: Any) -> Any:
            if x.__class__ in PLAIN and isinstance(g, GenericFunction) and Base.bindings.get(g.name) is g:
                if reduce is _sum and not options and g.name == "abs2" and x.data.dtype.kind == "f":
                    return rules.sum_of_squares(x)
                op = operation(g.name, 1)
                if op is not None:
                    return to_julia(reduce(op(x), **options))
            values = B.materialize(B.broadcasted(g, x))
            return to_julia(reduce(to_engine(values), **options))

        return run

    return rule


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
    "getindex": _getindex, "vcat": lambda f: _joined(0), "hcat": lambda f: _joined(1), "hvcat": lambda f: _hvcat,
    "cat": lambda f: _cat, "sort": _sorted, "findmax": _found("findmax"), "findmin": _found("findmin"),
    **FACTORED, "mapslices": _mapslices, "logabsdet": lambda f: lambda a: (to_julia(linalg.logabsdet(a)), f(plain(a))[1]),
    "logdet": _logdet, "Diagonal": _diagonal, "Symmetric": lambda f: f, "Hermitian": lambda f: f, "UpperTriangular": lambda f: f, "PermutedDimsArray": lambda f: f,
    "LowerTriangular": lambda f: f, "Adjoint": lambda f: f, "Transpose": lambda f: f,
    "accumulate": lambda f: _accumulate,
}
_REDUCTIONS = {"sum": _sum, "prod": _prod, "mean": _mean, "maximum": RULES["maximum"], "minimum": RULES["minimum"]}

# Methods made of generic functions that have a rule of their own for traced arrays.
OVERRIDDEN: dict[str, Callable[[Any], Any]] = {
    "collect": lambda f: rules.copied, "accumulate": lambda f: _accumulate, "mapslices": _mapslices,
}
