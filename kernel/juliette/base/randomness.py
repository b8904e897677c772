"""`rand` and its family, on Julia's own generators."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import dims_of
from juliette.base.essentials import _simple
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, make, vector, wrap
from juliette.runtime.broadcast import from_values
from juliette.runtime.errors import ArgumentError, DomainError
from juliette.runtime.modules import Base, Module, package

_GENERATORS: list[Any] = []


def default_rng() -> Any:
    from juliette.stdlib.xoshiro import default_rng

    return default_rng()


def is_rng(x: Any) -> bool:
    return hasattr(x, "rand_float64") and hasattr(x, "fill_float64")


def take_rng(args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    if args and is_rng(args[0]):
        return args[0], args[1:]
    return default_rng(), args


@Base.method("rand(args...)")
def rand(*args: Any) -> Any:
    """Random numbers: `rand([rng], [S], [dims...])`, uniform over `S` (default `[0, 1)`)."""
    rng, args = take_rng(args)
    source: Any = T.Float64
    if args and not isinstance(args[0], int) and not (type(args[0]) is tuple and args[0] and all(isinstance(d, int) for d in args[0]) and len(args) == 1 and False):
        source, args = args[0], args[1:]
    if args:
        shape = dims_of(args)
        n = int(np.prod(shape))
        return fill(rng, source, n, shape)
    return draw(rng, source)


_INT_BITS = {T.Int8: (8, True), T.Int16: (16, True), T.Int32: (32, True), T.Int64: (64, True),
             T.UInt8: (8, False), T.UInt16: (16, False), T.UInt32: (32, False), T.UInt64: (64, False)}


def draw(rng: Any, source: Any) -> Any:
    if source is T.Float64:
        return rng.rand_float64()
    if source is T.Float32:
        return np.float32(rng.rand_float32())
    if source is T.Bool:
        return bool(rng.rand_bool())
    if source in _INT_BITS:
        bits, signed = _INT_BITS[source]
        value = rng.rand_int(bits, signed)
        return int(value) if source is T.Int64 else T.DTYPE_OF[source].type(value)
    if isinstance(source, V.UnitRange):
        if not len(source):
            raise ArgumentError("collection must be non-empty")
        return int(rng.rand_range(source.start, source.stop))
    items = list(support.iterate(source))
    if not items:
        raise ArgumentError("collection must be non-empty")
    if type(source) is tuple:
        return items[rng.rand_tuple_index(len(items)) - 1]
    return items[int(rng.rand_range(1, len(items))) - 1]


def fill(rng: Any, source: Any, n: int, shape: tuple[int, ...]) -> Any:
    if source is T.Float64:
        return wrap(rng.fill_float64(n).reshape(shape, order="F"))
    if source is T.Float32:
        return wrap(rng.fill_float32(n).reshape(shape, order="F"))
    if source is T.Bool:
        return make(np.asarray(rng.fill_bool(n), dtype=bool).reshape(shape, order="F"), T.Bool)
    if source in _INT_BITS:
        return wrap(np.asarray(rng.fill_int(n, T.DTYPE_OF[source])).reshape(shape, order="F"))
    if isinstance(source, V.UnitRange):
        if not len(source):
            raise ArgumentError("collection must be non-empty")
        return wrap(np.asarray(rng.fill_range(n, source.start, source.stop), dtype=np.int64).reshape(shape, order="F"))
    items = list(support.iterate(source))
    where = rng.fill_range(n, 1, len(items))
    return from_values([items[int(i) - 1] for i in where], shape)


@Base.method("randn(args...)")
def randn(*args: Any) -> Any:
    """Normally distributed random numbers: `randn([rng], [T], [dims...])`."""
    rng, args = take_rng(args)
    t: Any = T.Float64
    if args and isinstance(args[0], T.JuliaType):
        t, args = args[0], args[1:]
    if not args:
        return np.float32(rng.randn()) if t is T.Float32 else rng.randn()
    shape = dims_of(args)
    return wrap(rng.fill_randn(int(np.prod(shape)), T.DTYPE_OF[t]).reshape(shape, order="F"))


def load(module: Module) -> None:
    """The module Random."""
    @module.method("seed!(args...)")
    def seed(*args: Any) -> Any:
        """Seed the default generator (or a given one)."""
        from juliette.stdlib.xoshiro import default_rng as default
        from juliette.stdlib.xoshiro import seed_default

        if args and is_rng(args[0]):
            args[0].seed(*args[1:])
            return args[0]
        try:
            seed_default(*args)
        except ValueError as e:
            raise DomainError(args[0], str(e)) from None
        return default()

    @module.method("randperm(n)")
    def randperm(n: int) -> Any:
        """A random permutation of `1:n`."""
        return wrap(np.asarray(default_rng().randperm(n), dtype=np.int64))

    @module.method("shuffle(v)")
    def shuffle(v: Any) -> Any:
        """A randomly permuted copy."""
        values = list(support.iterate(v))
        order = default_rng().shuffle_indices(len(values))
        return vector([values[int(i) - 1] for i in order], Base.bindings["eltype"](v))

    @module.method("shuffle!(v)")
    def shuffle_in_place(v: Array) -> Any:
        """Permute randomly, in place."""
        v.data[...] = shuffle(v).data
        return v

    @module.method("randstring(n=8)")
    def randstring(n: int = 8) -> str:
        """A random string of letters and digits."""
        return default_rng().randstring(n)

    for name in ("rand", "randn"):
        module.const(name, Base.bindings[name])


package("Random", load)
assert elements is not None and _simple is not None
