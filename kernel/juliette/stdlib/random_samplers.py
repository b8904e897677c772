"""Drawing by types and generators of the user's own: `Random.Sampler` and its kinds, `AbstractRNG`.

`rand(rng, x)` first makes a sampler, `Sampler(typeof(rng), x, repetition)`, then calls
`rand(rng, sampler)`. A package adds methods to either. What Base draws itself goes another way, but
has a sampler too, for whoever builds on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from juliette.base import randomness
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import SIGNED, UNSIGNED
from juliette.stdlib.random_sampling import Generator

_MASK_52 = (1 << 52) - 1


class SamplerType:
    """`SamplerType{T}()`: stands for drawing values of a type."""

    __slots__ = ("type",)

    def __init__(self, type_: Any) -> None:
        self.type = type_


class SamplerTrivial:
    """`SamplerTrivial(x)`: stands for drawing from a value."""

    __slots__ = ("self",)
    fields = ("self",)

    def __init__(self, x: Any) -> None:
        self.self = x


class SamplerSimple:
    """`SamplerSimple(x, data)`: drawing from a value, with data prepared beforehand."""

    __slots__ = ("data", "self")
    fields = ("self", "data")

    def __init__(self, x: Any, data: Any) -> None:
        self.self = x
        self.data = data


class CloseOpen:
    """`CloseOpen01(T)`: the numbers from 0 to 1, without 1; `CloseOpen12(T)`: from 1 to 2."""

    __slots__ = ("low", "type")
    fields = ()

    def __init__(self, type_: Any, low: int) -> None:
        self.type, self.low = type_, low

    def draw(self, rng: Any) -> Any:
        x = randomness.draw(rng, self.type)
        return Base.bindings["+"](x, Base.bindings["one"](self.type)) if self.low else x


def intervals(module: Module) -> dict[int, Any]:
    """The intervals from which floats are drawn, by their lower ends."""
    parent = T.sub_family("Random.FloatInterval", "T", lambda t: T.Any_, abstract=True)
    module.const("FloatInterval", parent, export=False)
    found: dict[int, Any] = {}
    for low, name in enumerate(("CloseOpen01", "CloseOpen12")):
        family = T.sub_family(f"Random.{name}", "T", lambda t: T.apply_type(parent, t))
        found[low] = family
        module.const(name, family, export=False)
        module.const(f"{name}_64", T.apply_type(family, T.Float64), export=False)
        module.method(f"{name}(t::Type{{<:AbstractFloat}}=Float64)", export=False)(
            lambda _, t=T.Float64, low=low: CloseOpen(t, low)
        )
        module.method(f"{name}{{T}}() where T", export=False)(
            lambda t, low=low: CloseOpen(t.parameters[0], low)
        )
    T.register_instances(CloseOpen, lambda c: T.apply_type(found[c.low], c.type), parent)
    module.method("eltype(t::Type{<:FloatInterval{T}}) where T", export=False)(
        lambda t: t.parameters[0]
    )
    return found


def samplers(module: Module) -> None:
    """Fill the module Random with the types of samplers, and let `rand` know of them."""
    sampler = T.sub_family("Random.Sampler", "E", lambda e: T.Any_, abstract=True)
    of_type = T.sub_family("Random.SamplerType", "T", lambda t: T.apply_type(sampler, t))
    trivial = T.sub_family("Random.SamplerTrivial", "T E", lambda t, e: T.apply_type(sampler, e))
    simple = T.sub_family("Random.SamplerSimple", "T S E", lambda t, s, e: T.apply_type(sampler, e))
    eltype = Base.bindings["eltype"]
    intervals(module)
    T.register_instances(SamplerType, lambda s: T.apply_type(of_type, s.type), of_type)
    T.register_instances(
        SamplerTrivial,
        lambda s: T.apply_type(trivial, T.typeof(s.self), gentype(s.self)),
        trivial,
    )
    T.register_instances(
        SamplerSimple,
        lambda s: T.apply_type(simple, T.typeof(s.self), T.typeof(s.data), gentype(s.self)),
        simple,
    )
    for name, t in (
        ("Sampler", sampler),
        ("SamplerType", of_type),
        ("SamplerTrivial", trivial),
        ("SamplerSimple", simple),
    ):
        module.const(name, t, export=False)
    module.const(
        "Repetition", T.union(*(T.apply_type(V.Val_, v) for v in (1, float("inf")))), export=False
    )

    @module.method("gentype(x)", export=False)
    def gentype(x: Any) -> Any:
        """The type of what is drawn from `x`."""
        return eltype(x)

    module.method("SamplerTrivial(x)", export=False)(lambda _, x: SamplerTrivial(x))
    module.method("SamplerSimple(x, data)", export=False)(lambda _, x, data: SamplerSimple(x, data))
    module.method("getindex(s::SamplerTrivial)", export=False)(lambda s: s.self)
    module.method("getindex(s::SamplerSimple)", export=False)(lambda s: s.self)

    @module.method("SamplerType{T}() where T", export=False)
    def sampler_type(t: Any) -> SamplerType:
        return SamplerType(t.parameters[0])

    @module.method("Sampler(rng::AbstractRNG, x, n=Val(Inf))", export=False)
    def sampler_for(_: Any, rng: Any, x: Any, n: Any = None) -> Any:
        return sampler(T.typeof(rng), x, *(() if n is None else (n,)))

    @module.method("Sampler(rng::Type{<:AbstractRNG}, x)", export=False)
    def sampler_any_number(_: Any, rng: Any, x: Any) -> Any:
        return sampler(rng, x, Base.bindings["Val"](float("inf")))

    @module.method("Sampler(rng::Type{<:AbstractRNG}, x, n)", export=False)
    def default_sampler(_: Any, rng: Any, x: Any, n: Any) -> Any:
        if isinstance(x, T.JuliaType) and T.subtype(x, T.AbstractFloat):
            return SamplerTrivial(CloseOpen(x, 0))
        return SamplerType(x) if isinstance(x, T.JuliaType) else SamplerTrivial(x)

    def custom(rng: Any, source: Any) -> Any:
        f = Base.bindings["rand"]
        whose = getattr(rng, "own", rng)
        given = T.typeof(whose)
        if isinstance(source, CloseOpen):
            source = SamplerTrivial(source)
        if isinstance(source, (SamplerType, SamplerTrivial, SamplerSimple)):
            if not _own(f, given, T.typeof(source)):
                # what Base draws itself
                inner = getattr(source, "self", None)
                if isinstance(inner, CloseOpen):
                    return inner.draw(rng)
                return randomness.draw(
                    rng, source.type if isinstance(source, SamplerType) else source.self
                )
            return f(whose, source)
        if _own(f, given, T.dispatch_type(source)):
            return f(whose, source)
        standing = sampler(given, source, Base.bindings["Val"](1))
        if not _own(f, given, T.typeof(standing)):
            raise ArgumentError(randomness.NO_SAMPLER)
        return f(whose, standing)

    randomness.CUSTOM = custom
    abstract = module.bindings["AbstractRNG"]

    def own_generator(x: Any) -> Any:
        return OwnGenerator(x) if T.isa(x, abstract) else None

    randomness.OWN_GENERATOR = own_generator
    module.method("rng_native_52(rng)", export=False)(lambda rng: T.UInt64)


def _own(f: Any, *types: Any) -> bool:
    """Has a user written a method of `rand` for these arguments?"""
    return any(m.module is not Base for m in f.matching(types))


class OwnGenerator(Generator):
    """A subtype of `AbstractRNG` of the user's own, with methods of `rand` for some types."""

    __slots__ = ("own",)

    def __init__(self, own: Any) -> None:
        self.own = own

    def ask(self, t: Any) -> Any:
        """`rand(rng, t)` by the user's method; None if there is none."""
        f = Base.bindings["rand"]
        floats = T.subtype(t, T.AbstractFloat)
        for source in (SamplerType(t), *((SamplerTrivial(CloseOpen(t, 0)),) if floats else ()), t):
            if _own(f, T.typeof(self.own), T.dispatch_type(source)):
                return f(self.own, source)
        return None

    def next_u64(self) -> int:
        word = self.ask(T.UInt64)
        if word is not None:
            return int(word)
        low = self.ask(T.UInt32)
        if low is not None:
            return int(low) | int(self.ask(T.UInt32)) << 32
        x = self.ask(T.Float64)
        if x is None:
            raise MethodError(Base.bindings["rand"], (self.own, SamplerType(T.UInt64)), None)
        return int(x * 2.0**52) << 12 | int(self.ask(T.Float64) * 2.0**12)

    def next_u32(self) -> int:
        word = self.ask(T.UInt32)
        return int(word) if word is not None else self.next_u64() & 0xFFFFFFFF

    next_word = next_u64

    def next_52(self) -> int:
        return self.next_u64() & _MASK_52

    def word_float(self, word: int) -> float:
        return (word & _MASK_52) * 2.0**-52

    def words_52(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return words & np.uint64(_MASK_52)

    def stream_u64(self, count: int) -> NDArray[np.uint64]:
        return np.array([self.next_u64() for _ in range(count)], np.uint64)

    words = stream_u64

    def stream_u32(self, count: int) -> NDArray[np.uint64]:
        return np.array([self.next_u32() for _ in range(count)], np.uint64)

    def rand_float64(self) -> float:
        x = self.ask(T.Float64)
        return float(x) if x is not None else self.word_float(self.next_u64())

    def rand_float32(self) -> np.float32:
        x = self.ask(T.Float32)
        return np.float32(x if x is not None else (self.next_u32() & 0x7FFFFF) * 2.0**-23)

    def rand_float16(self) -> np.float16:
        x = self.ask(T.Float16)
        return np.float16(x if x is not None else (self.next_u32() & 0x3FF) * 2.0**-10)

    def rand_int(self, bits: int, signed: bool = True) -> int:
        t = (SIGNED if signed else UNSIGNED)[(8, 16, 32, 64, 128).index(bits)]
        x = self.ask(t) if t is not T.UInt64 else None
        if x is not None:
            return int(x)
        value = self.next_u64() if bits <= 64 else self.next_u64() | self.next_u64() << 64
        value &= (1 << bits) - 1
        return value - (1 << bits) if signed and value >> (bits - 1) else value

    def rand_bool(self) -> bool:
        x = self.ask(T.Bool)
        return bool(x) if x is not None else bool(self.next_u64() & 1)

    def fill_int(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        kind = np.dtype(dtype)
        draws = [self.rand_int(8 * kind.itemsize, kind.kind == "i") for _ in range(count)]
        return np.array(draws, kind)

    def fill_float64(self, count: int) -> NDArray[np.float64]:
        return np.array([self.rand_float64() for _ in range(count)], np.float64)

    def fill_float32(self, count: int) -> NDArray[np.float32]:
        return np.array([self.rand_float32() for _ in range(count)], np.float32)

    def fill_float16(self, count: int) -> NDArray[np.float16]:
        return np.array([self.rand_float16() for _ in range(count)], np.float16)

    def fill_complex(self, count: int, dtype: DTypeLike = np.complex128) -> NDArray[Any]:
        kind = np.dtype(dtype)
        parts = (
            self.fill_float64(2 * count) if kind == np.complex128 else self.fill_float32(2 * count)
        )
        return parts.view(kind)

    def fill_int128(self, count: int, signed: bool = True) -> list[int]:
        return [self.rand_int(128, signed) for _ in range(count)]

    def fill_bool(self, count: int) -> NDArray[np.bool_]:
        return np.array([self.rand_bool() for _ in range(count)], np.bool_)

    def _bulk_bits(self, count: int) -> NDArray[np.uint64] | None:
        return None
