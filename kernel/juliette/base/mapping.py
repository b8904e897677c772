"""Functions over the elements of collections: `map`, `foreach`, `filter`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from juliette.base.array_protocol import in_kind, is_array
from juliette.base.collecting import along_axes, finite, finite_source, gather, of_results
from juliette.base.fixing import Fix1
from juliette.base.iteration import applied, apply_each, binary, direct, iterate_value
from juliette.base.iterator_sizes import eltype_of_iterator, shape_of_iterator
from juliette.base.lanes import at_once, numbers_of
from juliette.base.zipping import zipped_shape
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.array import wrap as wrap_array
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.text import is_valid
from juliette.runtime.world import TRACE


def holds(f: Any, x: Any) -> bool:
    """`f(x)` as a condition: only a Bool will do."""
    found = f(x)
    return found if found is True or found is False else support.truth(found)


def applied_to(f: Any, values: list[Any]) -> list[bool]:
    """`f(x)` of values of one class, as conditions."""
    if not values:
        return []
    first = f(values[0])
    found = [first, *map(direct(f, type(values[0])), values[1:])]
    return found if set(map(type, found)) == {bool} else list(map(support.truth, found))


@Base.method("map(f, xs...)", transparent=True)
def map_(f: Any, *xs: Any) -> Any:
    """Apply `f` to each element (or to corresponding elements).

    ```jldoctest
    julia> map(+, [1, 2], [10, 20])
    2-element Vector{Int64}:
     11
     22

    julia> map(abs, (-1, 2))
    (1, 2)
    ```
    """
    if not xs:
        return f()
    x = xs[0]
    if len(xs) == 1:
        if type(x) is tuple:
            return tuple(map(f, x))
        if isinstance(x, V.NamedTuple):
            return V.NamedTuple(x.names, tuple(map(f, x.values)))
        if isinstance(x, (int, float, np.number)):
            return f(x)
        if isinstance(x, V.Transposed) and x.parent_is_vector:
            turn = Base.bindings[x.function]
            return turn(map_(lambda v: turn(f(turn(v))), x.parent))
        if isinstance(x, V.Range) and isinstance(f, T.JuliaType) and T.subtype(f, T.Real):
            from juliette.base.range_questions import mapped_range

            converted = mapped_range(f, x)
            if converted is not None:
                return converted
        whole = at_once(f, x)
        if whole is not None:
            return wrap_array(whole)
        finite_source(x)
        values = apply_each(f, x)
        if isinstance(x, V.BitArray) and getattr(f, "name", None) in _BITWISE:
            return V.BitArray(np.array(values, dtype=bool).reshape(x.data.shape, order="F"))
        if type(x) is str:
            return _string(values)
        out = of_results(f, values, shape_of_iterator(x), xs)
        return in_kind(x, out) if isinstance(x, (Struct, V.Wrapper)) and is_array(x) else out
    if all(type(x) is tuple for x in xs):
        return tuple(map(f, *xs))
    if all(isinstance(x, V.NamedTuple) for x in xs):
        if any(o.names != x.names for o in xs):
            raise ArgumentError("Named tuple names do not match.")
        return V.NamedTuple(x.names, tuple(map(f, *(o.values for o in xs))))
    if all(isinstance(x, (int, float, np.number)) for x in xs):
        return f(*xs)
    shapes = [s for x in xs if (s := shape_of_iterator(x)) is not None]
    alike = len(shapes) == len(xs) and len(set(map(len, shapes))) == 1
    shape = zipped_shape(shapes) if alike else None
    whole = at_once(f, *xs)
    if whole is not None:
        return wrap_array(whole)
    values = list(map(binary(f) if len(xs) == 2 else f, *map(iterate_value, xs)))
    of_bits = all(isinstance(o, V.BitArray) and o.data.shape == x.data.shape for o in xs)
    if of_bits and getattr(f, "name", None) in _BITWISE:
        return V.BitArray(np.array(values, dtype=bool).reshape(x.data.shape, order="F"))
    out = of_results(f, values, shape, xs)
    return along_axes(x, out) if shape is not None and isinstance(out, Array) else out


# Functions of bits, by which a bit array is mapped to a bit array.
_BITWISE = {
    "!",
    "~",
    "identity",
    "&",
    "|",
    "xor",
    "⊻",
    "nand",
    "nor",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "min",
    "max",
}


def _string(values: list[Any]) -> str:
    for v in values:
        if not isinstance(v, V.Char):
            raise ArgumentError(
                "map(f, s::AbstractString) requires f to return AbstractChar; try map(f, collect(s)) "
                "or a comprehension instead"
            )
    return "".join(chr(v.code) for v in values)


@Base.method("map!(f, dest, xs...)", transparent=True)
def map_into(f: Any, dest: Any, *xs: Any) -> Any:
    """Like `map`, with the results stored in `dest`."""
    sources = xs or (dest,)
    set_ = Base.bindings["setindex!"]
    values = [f(*vs) for vs in zip(*map(iterate_value, sources), strict=False)]
    for i, v in zip(iterate_value(Base.bindings["eachindex"](dest)), values, strict=False):
        set_(dest, v, i)
    return dest


@Base.method("foreach(f, xs...)", transparent=True)
def foreach(f: Any, *xs: Any) -> None:
    """Call `f` for each element.

    ```jldoctest
    julia> foreach(println, [1, 2])
    1
    2
    ```
    """
    if len(xs) == 1:
        for _ in applied(f, iterate_value(xs[0])):
            pass
        return
    for vs in zip(*map(iterate_value, xs), strict=False) if xs else [()]:
        f(*vs)


@Base.method("filter(f, x::Union{AbstractArray,Tuple,NamedTuple})", transparent=True)
def filter_(f: Any, x: Any) -> Any:
    """The elements for which `f` is true.

    ```jldoctest
    julia> filter(isodd, 1:5)
    3-element Vector{Int64}:
     1
     3
     5
    ```
    """
    if type(x) is tuple:
        return tuple(v for v in x if holds(f, v))
    if isinstance(x, V.NamedTuple):
        return Base.bindings["getindex"](
            x, tuple([V.Symbol(n) for n, v in zip(x.names, x.values, strict=True) if holds(f, v)])
        )
    if type(x) is str:
        chars = list(iterate_value(x))
        verdicts = applied_to(f, chars)
        return (
            "".join(itertools.compress(x, verdicts))
            if is_valid(x)
            else "".join(c.text for c in itertools.compress(chars, verdicts))
        )
    t = eltype_of_iterator(x)
    whole = at_once(f, x)
    if whole is not None and whole.dtype == bool:
        verdicts = whole.ravel(order="F")
        return wrap_array(numbers_of(x).ravel(order="F")[verdicts])
    if finite(x):
        items = list(iterate_value(x))
        verdicts = apply_each(f, x, items)
        if not set(map(type, verdicts)) <= {bool}:
            verdicts = list(map(support.truth, verdicts))
        values = list(itertools.compress(items, verdicts))
    else:
        values = [v for v in iterate_value(x) if holds(f, v)]
    return (
        gather(values, None, T.Any_ if t is None else t)
        if t is None or TRACE.depth
        else vector(values, t)
    )


@Base.method("filter(f)", transparent=True)
def filter_by(f: Any) -> Any:
    return Fix1(Base.bindings["filter"], f)


@Base.method("filter!(f, v::AbstractVector)", transparent=True)
def filter_in_place(f: Any, v: Any) -> Any:
    """Keep only the elements for which `f` is true."""
    kept = vector([x for x in iterate_value(v) if holds(f, x)], v.eltype)
    v.data, v._buffer = kept.data, None
    return v
