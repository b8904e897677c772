"""`rand`, `randn` and `randexp`, on Julia's own generators."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from juliette.base.array_protocol import dims_of, scalar
from juliette.base.iteration import iterate_value
from juliette.base.strings.values import is_string, text_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, make, vector, wrap
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.memory import reserve
from juliette.runtime.modules import PACKAGES, Base
from juliette.runtime.numeric import (
    BITS,
    FLOATS,
    MAKER,
    BigFloat_,
    BigInt_,
    Int128_,
    UInt128_,
)

# The last seed of the default generator; each set of tests begins with it again.
GLOBAL_SEED: Any = None
EMPTY = "collection must be non-empty"
# What the module Random adds: how values are drawn by samplers of the user's own, and generators
# of the user's own.
CUSTOM: Callable[[Any, Any], Any] | None = None
OWN_GENERATOR: Callable[[Any], Any] | None = None


_DEFAULT: Any = None


def default_rng() -> Any:
    """The generator of calls that name none."""
    global _DEFAULT
    if _DEFAULT is None:
        from juliette.stdlib.xoshiro import default_rng

        _DEFAULT = default_rng()
    return _DEFAULT


def is_rng(x: Any) -> bool:
    """Is it a generator?"""
    return hasattr(x, "rand_float64") and hasattr(x, "fill_float64")


def take_rng(args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The generator that a call begins with (or the default one), and the other arguments."""
    if args and is_rng(args[0]):
        return args[0], args[1:]
    own = OWN_GENERATOR(args[0]) if args and OWN_GENERATOR is not None else None
    return (own, args[1:]) if own is not None else (default_rng(), args)


@Base.method("rand()")
def rand_plain() -> float:
    return (_DEFAULT or default_rng()).rand_float64()


_INT_BITS = {
    T.Int8: (8, True),
    T.Int16: (16, True),
    T.Int32: (32, True),
    T.Int64: (64, True),
    T.UInt8: (8, False),
    T.UInt16: (16, False),
    T.UInt32: (32, False),
    T.UInt64: (64, False),
}


@Base.method("rand(args...)")
def rand(*args: Any) -> Any:
    """Random values: `rand([rng], [S], [dims...])`, uniform over `S`, which is `[0, 1)` by default.

    ```jldoctest
    julia> all(x -> x in 1:6, rand(1:6, 100)), size(rand(2, 3)), rand((:a,))
    (true, (2, 3), :a)
    ```
    """
    if len(args) == 1 and type(args[0]) is V.UnitRange:  # most draws are of this kind
        r = args[0]
        if r.eltype is T.Int64 and type(r.start) is int and r.start <= r.stop:
            return int((_DEFAULT or default_rng()).rand_range(r.start, r.stop))
    rng, given = take_rng(args)
    source: Any = T.Float64
    if given and not (type(given[0]) is int or T.isa(given[0], T.Integer)):
        # A tuple of sizes after a generator or a type is a shape; alone it is what is drawn from.
        source, given = given[0], given[1:]
    if not given:
        return draw(rng, source)
    shape = dims_of(given)
    return fill(rng, source, prod(shape), shape)


def draw(rng: Any, source: Any) -> Any:
    """One random value."""
    simple = _DRAWS.get(source) if isinstance(source, T.JuliaType) else None
    if simple is not None:
        return simple(rng)
    if isinstance(source, V.Range):
        if not len(source):
            raise ArgumentError(EMPTY)
        return range_draw(rng, source)
    if isinstance(source, (V.JuliaDict, V.JuliaSet)):
        return draw_entry(rng, source)
    if is_string(source):
        text = text_of(source)
        if not text:
            raise ArgumentError(EMPTY)
        return V.Char(ord(text[rng.rand_string_index(text)]))
    if isinstance(source, T.JuliaType) or not isinstance(
        source, (Array, tuple, V.BitArray, V.Transposed)
    ):
        if T.isa(source, COLLECTIONS):
            return draw_any(rng, source)
        if T.isa(source, T.AbstractArray):  # one of the user's own
            first, last = (Base.bindings[f](source) for f in ("firstindex", "lastindex"))
            if last < first:
                raise ArgumentError(EMPTY)
            return Base.bindings["getindex"](source, int(rng.rand_range(first, last)))
        return draw_custom(rng, source)
    if isinstance(source, Array):
        count = source.data.size
        if not count:
            raise ArgumentError(EMPTY)
        return Base.bindings["getindex"](source, int(rng.rand_range(1, count)))
    items = list(iterate_value(source))
    if not items:
        raise ArgumentError(EMPTY)
    if type(source) is tuple:
        return items[rng.rand_tuple_index(len(items)) - 1]
    return items[int(rng.rand_range(1, len(items))) - 1]


COLLECTIONS = T.union(T.AbstractSet, T.AbstractDict)


def draw_any(rng: Any, source: Any) -> Any:
    """An entry of a set or dictionary of one's own, which is gone through as far as it."""
    count = Base.bindings["length"](source)
    if not count:
        raise ArgumentError(EMPTY)
    place = int(rng.rand_range(1, count)) - 1
    return next(islice(iterate_value(source), place, None))


def range_draw(rng: Any, r: Any) -> Any:
    """An element of a range: of unit ranges by words of the element type's size, else by place."""
    if isinstance(r, V.UnitRange):
        if type(r.start) is int and r.eltype is T.Int64:
            return int(rng.rand_range(r.start, r.stop))
        if r.eltype is BigInt_:
            return MAKER[BigInt_](rng.rand_bigint_range(int(r.start), int(r.stop)))
        if r.eltype in BITS and r.eltype not in FLOATS:
            return MAKER[r.eltype](int(rng.rand_range(int(r.start), int(r.stop), BITS[r.eltype])))
    return r.get(int(rng.rand_range(1, r.count)) - 1)


def complex_part(t: Any) -> Any:
    """`T` of `Complex{T}`; None of other types."""
    body = T.unwrap(t)
    is_complex = getattr(body, "typename", None) is T.unwrap(Base.bindings["Complex"]).typename
    return body.parameters[0] if is_complex else None


def draw_custom(rng: Any, source: Any) -> Any:
    """A complex or big number, or a value by a sampler of the user's own."""
    if isinstance(source, T.JuliaType):
        part = complex_part(source)
        if part in _DRAWS or part is BigFloat_:
            return Base.bindings["complex"](draw(rng, part), draw(rng, part))
        if source is BigFloat_:
            from mpmath import libmp

            from juliette.runtime.bigfloat import BigFloat, Precision

            number, below = rng.rand_bigfloat(Precision.bits)
            return BigFloat(libmp.from_man_exp(number, -below, Precision.bits, "n"))
    if CUSTOM is not None:
        return CUSTOM(rng, source)
    raise ArgumentError(NO_SAMPLER)


NO_SAMPLER = "Sampler for this object is not defined"


def draw_entry(rng: Any, source: Any) -> Any:
    """An entry of a dictionary or set: slots of the hash table are tried until one is taken."""
    if not len(source):
        raise ArgumentError(EMPTY)
    table = source.settled()
    if table is None:
        entries = source.entries()
        found = entries[int(rng.rand_range(1, len(entries))) - 1]
    else:
        while True:
            handle = table.slots[int(rng.rand_range(1, len(table.slots))) - 1]
            if handle in table.where:
                (found,) = source.originals([handle])
                if isinstance(source, V.JuliaDict):
                    found = found, source.data[handle]
                break
    return V.Pair(*found) if isinstance(source, V.JuliaDict) else found


def _whole(t: Any) -> Callable[[Any], Any]:
    bits, signed = _INT_BITS[t]
    if t is T.Int64:
        return lambda rng: int(rng.rand_int(bits, signed))
    make_ = T.DTYPE_OF[t].type
    return lambda rng: make_(rng.rand_int(bits, signed))


_DRAWS: dict[Any, Callable[[Any], Any]] = {
    T.Float64: lambda rng: rng.rand_float64(),
    T.Float32: lambda rng: np.float32(rng.rand_float32()),
    T.Float16: lambda rng: np.float16(rng.rand_float16()),
    T.Bool: lambda rng: bool(rng.rand_bool()),
    T.Char_: lambda rng: V.Char(rng.rand_char()),
    **{t: _whole(t) for t in _INT_BITS},
}


def _wide(name: str, signed: bool) -> None:
    t = Base.bindings.get(name)
    if t is not None:
        _DRAWS[t] = lambda rng: t(wide(rng, signed))


def wide(rng: Any, signed: bool) -> Any:
    """128 random bits."""
    return rng.rand_int(128, signed)


_wide("Int128", True)
_wide("UInt128", False)


def fill(rng: Any, source: Any, n: int, shape: tuple[int, ...]) -> Any:
    """An array of random values."""
    reserve(
        n,
        T.DTYPE_OF[source].itemsize
        if isinstance(source, T.JuliaType) and source in T.DTYPE_OF
        else 8,
    )
    if isinstance(source, T.JuliaType):
        if source is T.Float64:
            return wrap(rng.fill_float64(n).reshape(shape, order="F"))
        if source is T.Float32:
            return wrap(rng.fill_float32(n).reshape(shape, order="F"))
        if source is T.Float16:
            return wrap(rng.fill_float16(n).reshape(shape, order="F"))
        if source is T.Bool:
            return make(np.asarray(rng.fill_bool(n), dtype=bool).reshape(shape, order="F"), T.Bool)
        if source in _INT_BITS:
            return wrap(np.asarray(rng.fill_int(n, T.DTYPE_OF[source])).reshape(shape, order="F"))
        if source in (Int128_, UInt128_):
            return shaped(
                [MAKER[source](x) for x in rng.fill_int128(n, source is Int128_)], source, shape
            )
        if source is T.Char_:
            return shaped([V.Char(int(c)) for c in rng.fill_char(n)], source, shape)
        if complex_part(source) in (T.Float32, T.Float64):
            dtype = np.complex128 if complex_part(source) is T.Float64 else np.complex64
            return wrap(rng.fill_complex(n, dtype).reshape(shape, order="F"))
    if isinstance(source, V.UnitRange) and source.eltype in _INT_BITS:
        if not len(source):
            raise ArgumentError(EMPTY)
        drawn = rng.fill_range(n, source.start, source.stop, BITS[source.eltype])
        return wrap(np.asarray(drawn).astype(T.DTYPE_OF[source.eltype]).reshape(shape, order="F"))
    if isinstance(source, V.UnitRange) and source.eltype in (BigInt_, Int128_, UInt128_):
        return shaped([draw(rng, source) for _ in range(n)], source.eltype, shape)
    if isinstance(source, (Array, V.Range)):
        items: Any = source if isinstance(source, V.Range) else list(iterate_value(source))
        if not len(items):
            raise ArgumentError(EMPTY)
        get = items.get if isinstance(source, V.Range) else items.__getitem__
        values = [get(int(i) - 1) for i in rng.fill_range(n, 1, len(items))]
        return shaped(values, Base.bindings["eltype"](source), shape)
    values = [draw(rng, source) for _ in range(n)]
    return shaped(
        values,
        source if isinstance(source, T.JuliaType) else Base.bindings["eltype"](source),
        shape,
    )


def shaped(values: list[Any], t: Any, shape: tuple[int, ...]) -> Array:
    return make(vector(values, t).data.reshape(shape, order="F"), t)


def drawn_by_user(f: Any, rng: Any, t: Any, dims: tuple[Any, ...]) -> Any:
    """Random values of a type for which the user has written how one is drawn."""
    if not dims:
        return f(rng, t)
    shape = dims_of(dims)
    return shaped([f(rng, t) for _ in range(prod(shape))], t, shape)


_COMPLEX_DTYPES = {T.Float64: np.dtype(np.complex128), T.Float32: np.dtype(np.complex64)}


def _complex_normal(rng: Any, t: Any) -> Any:
    """Both parts vary by half as much as a real number does."""
    op, part = Base.bindings, t.parameters[0]
    half = op["sqrt"](op["/"](op["one"](part), 2))
    a, b = (op["*"](half, op["randn"](rng, part)) for _ in range(2))
    return t(a, b)


def _normal(rng: Any, t: Any) -> Any:
    """A normal number of any type of floats that has uniform ones, by Marsaglia's polar method."""
    op = Base.bindings
    one = op["one"](t)
    while True:
        u, v = (op["-"](op["*"](2, draw(rng, t)), one) for _ in range(2))
        s = op["+"](op["*"](u, u), op["*"](v, v))
        if bool(op["<"](s, one)) and bool(op["<"](op["zero"](t), s)):
            return op["*"](u, op["sqrt"](op["/"](op["*"](-2, op["log"](s)), s)))


def _exponential(rng: Any, t: Any) -> Any:
    """An exponential number of any type of floats that has uniform ones."""
    op = Base.bindings
    return op["-"](op["log1p"](op["-"](draw(rng, t))))


_GENERIC = {"randn": _normal, "randexp": _exponential}


def continuous(name: str, one: str, many: str, doc: str) -> None:
    """`randn` and `randexp`."""

    def method(*args: Any) -> Any:
        rng, given = take_rng(args)
        t: Any = T.Float64
        if given and isinstance(given[0], T.JuliaType):
            t, given = given[0], given[1:]
        part = complex_part(t)
        dtype: Any = _COMPLEX_DTYPES.get(part) if part is not None else T.DTYPE_OF.get(t)
        if dtype is None or dtype.kind not in "fc":
            f = Base.bindings[name]
            if f.resolve((T.typeof(rng), T.type_of_type(t))).code is not None:
                return drawn_by_user(f, rng, t, given)
            if name == "randn" and part is not None:
                return drawn_by_user(_complex_normal, rng, t, given)
            if t is not T.AbstractFloat and T.subtype(t, T.AbstractFloat):
                return drawn_by_user(_GENERIC[name], rng, t, given)
            # Its type has a name once Random is there.
            PACKAGES["Random"].load()
            raise MethodError(f, (rng, t), None)
        if not given:
            if part is not None:
                return scalar(getattr(rng, many)(1, dtype)[0])
            x = getattr(rng, one)()
            return x if t is T.Float64 else dtype.type(x)
        shape = dims_of(given)
        n = prod(shape)
        reserve(n, dtype.itemsize)
        drawn = getattr(rng, many)(n, dtype)
        return wrap(drawn.reshape(shape, order="F"))

    method.__doc__ = doc
    Base.method(f"{name}(args...)", export=name == "randn")(method)


continuous(
    "randn",
    "randn",
    "fill_randn",
    "Normally distributed random numbers: `randn([rng], [T], [dims...])`.",
)
continuous(
    "randexp",
    "randexp",
    "fill_randexp",
    "Exponentially distributed random numbers: `randexp([rng], [T], [dims...])`.",
)
