"""The module Random: generators, seeds, permutations, and how a user's own types are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base import randomness
from juliette.base.array_protocol import dims_of
from juliette.base.iteration import iterate_value
from juliette.base.randomness import default_rng, take_rng
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.array import Array, elements, vector
from juliette.runtime.errors import ArgumentError, DomainError, MethodError, NoMethod
from juliette.runtime.modules import Base, Module
from juliette.runtime.wrappers import BitArray
from juliette.stdlib.random_mersenne import MersenneTwister
from juliette.stdlib.random_samplers import samplers
from juliette.stdlib.xoshiro import Xoshiro


class RandomDevice(Xoshiro):
    """`RandomDevice()`: seeded by the operating system."""

    __slots__ = ()


class TaskLocalRNG(Xoshiro):
    """The generator of calls that name none."""

    __slots__ = ()


def load(module: Module) -> None:
    """Fill the module."""
    generators(module)
    permutations(module)
    filling(module)
    samplers(module)
    for name in ("rand", "randn", "randexp"):
        module.const(name, Base.bindings[name])


def seed_of(f: Any, args: tuple[Any, ...], wide: tuple[Any, ...] = ()) -> Any:
    """The seed that a call of `f` names: an integer, or words of 32 bits or of a `wide` type."""
    if not args or args[0] is None:
        return None
    seed = args[0]
    if isinstance(seed, Array):
        if seed.eltype not in (T.UInt32, *wide):
            raise MethodError(f, args, None)
        return np.array(elements(seed.data), T.DTYPE_OF[seed.eltype])
    if not T.isa(seed, T.Integer):
        raise MethodError(f, args, None)
    if int(seed) < 0:
        raise DomainError(seed, "`n` must be non-negative.")
    return int(seed)


def generators(module: Module) -> None:
    abstract = T.define("AbstractRNG", module=module, abstract=True)
    module.const("AbstractRNG", abstract)
    types: dict[str, Any] = {}
    for cls in (MersenneTwister, Xoshiro, RandomDevice, TaskLocalRNG):
        t = types[cls.__name__] = T.define(cls.__name__, abstract, module=module)
        T.register_class(cls, t)
        module.const(cls.__name__, t)
    default_rng().__class__ = TaskLocalRNG

    @module.method("seed!(args...)", export=False)
    def seed(*args: Any) -> Any:
        """Seed the default generator, or a given one.

        ```jldoctest
        julia> using Random

        julia> Random.seed!(7); a = rand(3); Random.seed!(7); a == rand(3)
        true
        ```
        """
        rng, rest = take_rng(args)
        wide = (T.UInt64,) if isinstance(rng, Xoshiro) else ()
        value = seed_of(module.bindings["seed!"], rest, wide)
        rng.seed(value)
        if rng is default_rng():
            randomness.GLOBAL_SEED = value
        return rng

    module.method("MersenneTwister(seed...)")(lambda t, *s: MersenneTwister(seed_of(t, s)))
    module.method("RandomDevice(seed::Nothing=nothing)")(lambda _, seed=None: RandomDevice())
    module.method("TaskLocalRNG()")(lambda _: default_rng())

    @module.method("Xoshiro(seed...)")
    def xoshiro(t: Any, *words: Any) -> Xoshiro:
        """A Xoshiro256++ generator."""
        if len(words) > 1:
            if not all([T.isa(w, T.Integer) for w in words]):
                raise MethodError(t, words, None)
            return Xoshiro(*map(int, words))
        return Xoshiro.seeded(seed_of(t, words, (T.UInt64,)))

    @module.method("default_rng()", export=False)
    def default() -> Any:
        """The generator of calls that name none."""
        return default_rng()

    # the name of the days before task-local generators
    module.const("GLOBAL_RNG", default_rng(), export=False)

    @module.method("hash(rng::Union{TaskLocalRNG, Xoshiro}, h::UInt64)", export=False)
    def hash_(rng: Any, h: Any) -> Any:
        state = tuple(map(np.uint64, rng.state))
        return Base.bindings["hash"](state, np.uint64((int(h) + 0x49A62C2DDA6FA9BE) & (2**64 - 1)))

    module.method("copy(rng::AbstractRNG)", export=False)(lambda rng: rng.copy())

    @module.method("hash(rng::MersenneTwister, h::UInt64)", export=False)
    def hash_twister(rng: Any, h: Any) -> Any:
        state = tuple(tuple(p) if isinstance(p, list) else p for p in rng._state())
        return Base.bindings["hash"](Base.bindings["string"](state), h)

    @module.method("copy!(a::AbstractRNG, b::AbstractRNG)", export=False)
    def copy_into(a: Any, b: Any) -> Any:
        if isinstance(a, MersenneTwister) and isinstance(b, MersenneTwister):
            a.become(b)
        else:
            a.set_state(*b.state)
        return a

    def kind(rng: Any) -> Any:
        """The generator of calls that name none is one of Xoshiro's."""
        return Xoshiro if isinstance(rng, TaskLocalRNG) else type(rng)

    module.method("==(a::AbstractRNG, b::AbstractRNG)", export=False)(
        lambda a, b: kind(a) is kind(b) and bool(a == b)
    )

    @module.method("show(io::IO, rng::AbstractRNG)", export=False)
    def show(io: IO, rng: Any) -> None:
        if isinstance(rng, MersenneTwister):
            words = rng.seed_vector
            seed = sum(w << 32 * i for i, w in enumerate(words))
            shown = f"0x{seed:x}" if seed >= 2**63 else str(seed)
            come = rng.progress()
            io.write(f"MersenneTwister({shown}, {come})" if come else f"MersenneTwister({shown})")
        elif isinstance(rng, (TaskLocalRNG, RandomDevice)):
            io.write(f"{type(rng).__name__}()")
        else:
            io.write(repr(rng))


# ---------------------------------------------------------------- permutations


def permutations(module: Module) -> None:
    def permutation(name: str, doc: str) -> None:
        @module.method(f"{name}(n::Integer)")
        @module.method(f"{name}(rng::AbstractRNG, n::Integer)")
        def new(*args: Any) -> Any:
            rng, rest = take_rng(args)
            n = rest[0]
            if n < 0:
                raise ArgumentError("invalid Array dimensions")
            t = T.typeof(n)
            return vector(getattr(rng, name)(int(n)), t if t in T.DTYPE_OF else T.Int64)

        @module.method(f"{name}!(a::AbstractArray)")
        @module.method(f"{name}!(rng::AbstractRNG, a::AbstractArray)")
        def in_place(*args: Any) -> Any:
            rng, rest = take_rng(args)
            a = rest[0]
            drawn = getattr(rng, name)(a.data.size)
            a.data[...] = np.reshape(drawn, a.data.shape, order="F")
            return a

        new.__doc__ = f"{doc}: `{name}([rng], n)`."
        in_place.__doc__ = f"{doc}, stored in a vector."

    permutation("randperm", "A random permutation of `1:n`")
    permutation("randcycle", "A random cyclic permutation of `1:n`")

    def shuffled(rng: Any, v: Any) -> list[Any]:
        values = list(iterate_value(v))
        return [values[i - 1] for i in rng.shuffle_indices(len(values))]

    @module.method("shuffle(v::AbstractArray)")
    @module.method("shuffle(rng::AbstractRNG, v::AbstractArray)")
    def shuffle(*args: Any) -> Any:
        """A randomly permuted copy: `shuffle([rng], v)`.

        ```jldoctest
        julia> using Random

        julia> sort(shuffle(1:5)) == 1:5, size(shuffle([1 2 3; 4 5 6]))
        (true, (2, 3))
        ```
        """
        rng, rest = take_rng(args)
        v = rest[0]
        drawn = vector(shuffled(rng, v), Base.bindings["eltype"](v))
        shape = Base.bindings["size"](v)
        return drawn if len(shape) == 1 else Base.bindings["reshape"](drawn, shape)

    @module.method("shuffle!(v::AbstractArray)")
    @module.method("shuffle!(rng::AbstractRNG, v::AbstractArray)")
    def shuffle_in_place(*args: Any) -> Any:
        """Permute randomly, in place: `shuffle!([rng], v)`."""
        rng, rest = take_rng(args)
        v = rest[0]
        if isinstance(v, Array):
            values = vector(shuffled(rng, v), v.eltype).data
            v.data[...] = values.reshape(v.data.shape, order="F")
            return v
        set_ = Base.bindings["setindex!"]
        for i, x in enumerate(shuffled(rng, v), 1):
            set_(v, x, i)
        return v

    def chosen(args: tuple[Any, ...]) -> tuple[list[Any], Any]:
        rng, (a, p) = take_rng(args)
        if not 0 <= p <= 1:
            shown = Base.bindings["string"](p)
            raise ArgumentError(f"probability {shown} not in [0,1]")
        values = list(iterate_value(a))
        kept = [values[i - 1] for i in rng.randsubseq(len(values), float(p))]
        return kept, Base.bindings["eltype"](a)

    @module.method("randsubseq(a::AbstractArray, p::Real)")
    @module.method("randsubseq(rng::AbstractRNG, a::AbstractArray, p::Real)")
    def randsubseq(*args: Any) -> Any:
        """Each element with probability `p`: `randsubseq([rng], A, p)`."""
        return vector(*chosen(args))

    @module.method("randsubseq!(s::AbstractArray, a::AbstractArray, p::Real)")
    @module.method("randsubseq!(rng::AbstractRNG, s::AbstractArray, a::AbstractArray, p::Real)")
    def randsubseq_into(*args: Any) -> Any:
        """Each element with probability `p`, stored in `S`: `randsubseq!([rng], S, A, p)`."""
        rng, (s, a, p) = take_rng(args)
        s.data, s._buffer = vector(chosen((rng, a, p))[0], s.eltype).data, None
        return s

    @module.method("bitrand(args...)")
    def bitrand(*args: Any) -> Any:
        """A BitArray of random values: `bitrand([rng], [dims...])`."""
        rng, rest = take_rng(args)
        shape = dims_of(rest) if rest else ()
        n = int(np.prod(shape, dtype=int))
        return BitArray(rng.bitrand(n).reshape(shape, order="F"))

    @module.method("randstring(args...)")
    def randstring(*args: Any) -> str:
        """A random string: `randstring([rng], [characters], [length])`.

        ```jldoctest
        julia> using Random

        julia> length(randstring()), randstring('a':'a', 3)
        (8, "aaa")
        ```
        """
        rng, rest = take_rng(args)
        count, characters = 8, None
        for a in rest:
            if isinstance(a, int):
                count = a
            else:
                characters = a
        if characters is None:
            return str(rng.randstring(count))
        if T.isa(characters, T.Number):
            raise NoMethod("characters are a collection")
        text, char = Base.bindings["string"], Base.bindings["Char"]
        chosen_from = [
            text(char(c) if T.isa(c, T.Integer) else c) for c in iterate_value(characters)
        ]
        if not chosen_from:
            raise ArgumentError(randomness.EMPTY)
        return str(rng.randstring(count, chosen_from))


# ---------------------------------------------------------------- filling arrays


def filling(module: Module) -> None:
    def fills(name: str, make: Any) -> None:
        def method(*args: Any) -> Any:
            rng, rest = take_rng(args)
            a = rest[0]
            source = rest[1] if len(rest) > 1 else Base.bindings["eltype"](a)
            drawn = make(rng, source, tuple(Base.bindings["size"](a)))
            if not isinstance(a, Array):
                return Base.bindings["copyto!"](a, drawn)
            a.data[...] = Base.bindings["convert"](T.typeof(a), drawn).data
            return a

        method.__doc__ = f"Fill an array with random values, as `{name.removesuffix('!')}` gives."
        for given in ("", "rng::AbstractRNG, "):
            module.method(f"{name}({given}a::AbstractArray, source...)")(method)

    def uniform(rng: Any, source: Any, shape: tuple[int, ...]) -> Any:
        return randomness.fill(rng, source, int(np.prod(shape, dtype=int)), shape)

    fills("rand!", uniform)
    fills("randn!", lambda rng, t, shape: Base.bindings["randn"](rng, t, *shape))
    fills("randexp!", lambda rng, t, shape: Base.bindings["randexp"](rng, t, *shape))
