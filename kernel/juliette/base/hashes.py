"""`hash`, and the keys that user-defined types are in dictionaries and sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import origin
from juliette.base.cartesian import CartesianIndex
from juliette.base.iteration import iterate_value
from juliette.base.strings.values import is_string, text_of
from juliette.runtime import tables
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, vector
from juliette.runtime.hashing import MASK, julia_hash, mix, string_hash
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.text import utf8
from juliette.syntax.expr import Expr, QuoteNode, Symbol

_UNORDERED = T.union(T.AbstractDict, T.AbstractSet)


def _uint(h: Any) -> int:
    return int(h) & MASK


@Base.method("hash(x)", transparent=True)
def hash_(x: Any) -> Any:
    """An unsigned integer that is the same for values that are `isequal`.

    ```jldoctest
    julia> hash(1) == hash(1.0), hash("a") == hash("b")
    (true, false)
    ```
    """
    return Base.bindings["hash"](x, np.uint64(0))


@Base.method("hash(x, h::UInt64)", transparent=True)
def hash_with(x: Any, h: Any) -> Any:
    seed = _uint(h)
    known = julia_hash(x, seed)
    if known is not None:
        return np.uint64(known)
    if type(x) is tuple:
        out: Any = np.uint64((seed + 0x77CFA1EEF01BCA90) & MASK)
        for v in reversed(x):
            out = Base.bindings["hash"](v, out)
        return out
    if is_string(x):
        return np.uint64(string_hash(utf8(text_of(x)), seed))
    if isinstance(x, (Array, V.BitArray, V.Range, V.Wrapper)):
        return hash_array(x, np.uint64((seed + 0x7E2D6FB6448BEB77) & MASK), origin(x))
    if isinstance(x, Struct) and T.subtype(T.typeof(x), T.AbstractArray):
        same = Base.bindings["collect"](x)
        seed = (seed + 0x7E2D6FB6448BEB77) & MASK
        return hash_array(same, np.uint64(seed), origin(x))
    if isinstance(x, (V.JuliaDict, V.JuliaSet)) or T.isa(x, _UNORDERED):
        of = Base.bindings["hash"]
        pairs = T.subtype(T.typeof(x), T.AbstractDict)
        total = 0x6D35BB51952D5539 if pairs else 0x852ADA37CFE8E0CE
        for v in iterate_value(x):
            total ^= _uint(of(v.first, of(v.second)) if pairs else of(v))
        return of(np.uint64(total), h)
    if isinstance(x, (V.Pair, V.NamedTuple)):
        parts = (x.first, x.second) if isinstance(x, V.Pair) else (*map(Symbol, x.names), *x.values)
        out = h
        for v in parts:
            out = Base.bindings["hash"](v, out)
        return out
    value = decomposed(x) if isinstance(x, Struct) and T.isa(x, T.Real) else None
    if value is not None:
        return hash_with(value, h)
    return np.uint64(mix((3 * seed - (hash(V.identity_key(x)) & MASK)) & MASK))


def decomposed(x: Any) -> Any:
    """The value of a number of one's own that tells its parts; None if it does not."""
    decompose = Base.bindings.get("decompose")
    if decompose is None or not decompose.user_matches((T.typeof(x),)):
        return None
    from juliette.base.float_layout import value_of_parts

    return value_of_parts(decompose(x))


@Base.method("hash(e::Expr, h::UInt64)")
def hash_expression(e: Expr, h: Any) -> Any:
    of = Base.bindings["hash"]
    return of(
        vector(e.args, T.Any_),
        of(Symbol(e.head), np.uint64((_uint(h) + 0x83C7900696D26DC6) & MASK)),
    )


@Base.method("hash(q::QuoteNode, h::UInt64)")
def hash_quoted(q: QuoteNode, h: Any) -> Any:
    return Base.bindings["hash"](q.value, np.uint64((_uint(h) + 0x2C97BF8B3DE87020) & MASK))


# Arrays from this length on are hashed by a part of their elements.
LONG = 8192


def hash_array(x: Any, h: Any, first: tuple[int, ...] | None = None) -> Any:
    """The hash of the first and last index of each dimension, then of the elements.

    Source: base/abstractarray.jl, `hash(A::AbstractArray, h::UInt)`
    """
    of = Base.bindings["hash"]
    shape = (Base.bindings["length"](x),) if isinstance(x, V.Range) else x.data.shape
    if first is None:
        h = _uint(of(shape, of((1,) * len(shape), h)))
    else:
        last = tuple([i + n - 1 for i, n in zip(first, shape, strict=True)])
        h = _uint(of(last, of(first, h)))
    if int(shape[0] if len(shape) == 1 else np.prod(shape)) < LONG:
        for v in iterate_value(x) if isinstance(x, V.Range) else elements(np.asarray(x.data)):
            h = _hash_on(v, h)
        return np.uint64(h)
    return np.uint64(hash_sparsely(x, shape, h))


def _hash_on(v: Any, h: int) -> int:
    """`hash(v, h)` of plain integers."""
    known = julia_hash(v, h)
    return known if known is not None else _uint(Base.bindings["hash"](v, np.uint64(h)))


def hash_sparsely(x: Any, shape: tuple[int, ...], h: int) -> int:
    """From the end on, with skips that grow as the Fibonacci numbers, and past equal elements."""
    values, before_equals = _looker(x)
    i = int(x.count if isinstance(x, V.Range) else x.data.size)
    skip, before, n = 1, 1, 0
    while i > 0:
        n += 1
        value = values(i - 1)
        if len(shape) == 1:
            h = _hash_on(value, _hash_on(i, h))
        else:
            place = np.unravel_index(i - 1, shape, "F")
            h = _hash_on(value, CartesianIndex(tuple(int(k) + 1 for k in place)).hash_from(h))
        i -= skip
        if n % 4096 == 0:
            skip, before = skip + before, skip
        i = before_equals(i, value)
    return h


def _looker(x: Any) -> tuple[Callable[[int], Any], Callable[[int, Any], int]]:
    """Two functions: the element at a position from 0 on; how many elements are left, up to a count,
    without those at the end that equal a value."""
    same = Base.bindings["isequal"]
    data = None if isinstance(x, V.Range) else np.asarray(x.data)
    if data is None or data.dtype.kind not in "biuf" or data.dtype.itemsize > 8:
        values = x.get if data is None else elements(data).__getitem__

        def left(i: int, value: Any) -> int:
            while i > 0 and ((other := values(i - 1)) is value or same(other, value)):
                i -= 1
            return i

        return values, left
    flat = data.ravel(order="F")
    # As `isequal`: a float is equal to one of the same bits.
    bits = flat.view(f"u{flat.dtype.itemsize}")

    def run(i: int, value: Any) -> int:
        wanted = np.asarray(value, flat.dtype).view(bits.dtype)
        width = 8
        while i > 0 and bits[i - 1] == wanted:
            part = bits[max(i - width, 0) : i]
            others = np.flatnonzero(part != wanted)
            i = max(i - width, 0) + (int(others[-1]) + 1 if len(others) else 0)
            width *= 2
        return max(i, 0)

    return lambda i: elements(flat[i : i + 1])[0], run


class ByMethods:
    """The key of an instance whose type has its own `hash` and `==`."""

    __slots__ = ("code", "x")

    def __init__(self, x: Any) -> None:
        self.x = x
        self.code = int(Base.bindings["hash"](x))

    def __hash__(self) -> int:
        return self.code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByMethods) and bool(Base.bindings["isequal"](self.x, other.x))


_OWN: dict[tuple[type, int], bool] = {}


def custom_key(x: Any) -> Any:
    """The key of a struct: by its type's `hash` method, else by `===`; a number that tells its parts is like its equals."""
    f = Base.bindings["hash"]
    where = (type(x), len(f.methods))
    own = _OWN.get(where)
    if own is None:
        t = T.typeof(x)
        found = f.matching((t, T.UInt64)) + f.matching((t,))
        own = _OWN[where] = any(m.module is not Base for m in found)
    if own:
        return ByMethods(x)
    value = decomposed(x) if T.isa(x, T.Real) else None
    return V.identity_key(x) if value is None else tables.hashable(value)


tables.CUSTOM_KEY = custom_key
