"""Functions inside Flux that layers of one's own are written with."""

from __future__ import annotations

import itertools
from typing import Any

from juliette.base.randomness import default_rng
from juliette.display.show import one_line
from juliette.packages.flux.profile import PROFILE
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array
from juliette.runtime.errors import (
    ArgumentError,
    AssertionError_,
    DimensionMismatch,
    ErrorException,
)
from juliette.runtime.modules import PACKAGES, Base, Module


def load(module: Module) -> None:
    """Add these functions to Flux."""
    parts(module)
    filters(module)
    module.const("dropout", PACKAGES["NNlib"].bindings["dropout"], export=False)
    module.const("within_gradient", PACKAGES["NNlib"].bindings["within_gradient"], export=False)
    if not PROFILE.modern:
        gates(module)


def parts(module: Module) -> None:
    """What constructors of layers call."""

    @module.method("create_bias(weights, bias, dims...)", export=False)
    def create_bias(weights: Any, bias: Any, *dims: int) -> Any:
        """The bias that a layer keeps for the value of its keyword `bias`.

        ```jldoctest
        julia> using Flux

        julia> Flux.create_bias([1.0 2.0], true, 2), Flux.create_bias([1.0 2.0], [3, 4], 2)
        ([0.0, 0.0], [3.0, 4.0])
        ```
        """
        if type(bias) is bool:
            similar, fill = Base.bindings["similar"], Base.bindings["fill!"]
            return fill(similar(weights, *dims), 0) if bias else False
        if not T.isa(bias, T.AbstractArray):
            return bias
        size = W.shape_of(bias)
        if size != dims:
            raise DimensionMismatch(
                f"expected bias of size {one_line(dims)}, got size {one_line(size)}"
            )
        return Base.bindings["convert"](
            T.apply_type(T.AbstractArray, Base.bindings["eltype"](weights)), bias
        )

    @module.method("ofeltype(x, y)", export=False)
    def ofeltype(x: Any, y: Any) -> Any:
        """`y` as a floating-point number of the kind of `x`'s elements."""
        return Base.bindings["convert"](Base.bindings["float"](Base.bindings["eltype"](x)), y)

    @module.method("epseltype(x)", export=False)
    def epseltype(x: Any) -> Any:
        """The precision of `x`'s elements as floating-point numbers."""
        return Base.bindings["eps"](Base.bindings["float"](Base.bindings["eltype"](x)))

    @module.method("rng_from_array(x...)", export=False)
    def rng_from_array(*x: Any) -> Any:
        """The generator of random numbers for arrays like `x`."""
        return default_rng()

    @module.method("default_rng_value()", export=False)
    def default_rng_value() -> Any:
        """The generator of random numbers that layers use."""
        return default_rng()

    @module.method("_splitat(data::AbstractVector, at::AbstractVector{<:Integer})", export=False)
    def split_at(data: Any, at: Any) -> Any:
        """`data` in pieces that begin at the given places."""
        places, view = [int(i) for i in at.data], Base.bindings["view"]
        if places[:1] != [1]:
            raise ArgumentError("The first element in `at` must be 1.")
        if any(a >= b for a, b in itertools.pairwise(places)):
            raise ArgumentError("`at` must be monotonically increasing with no duplicates.")
        n = W.shape_of(data)[0]
        if places[-1] > n:
            raise ArgumentError("The last element in `at` must be at most the length of `data`.")
        ends = [*(p - 1 for p in places[1:]), n]
        return Base.bindings["vect"](
            *[view(data, V.UnitRange(a, b)) for a, b in zip(places, ends, strict=True)]
        )


def filters(module: Module) -> None:
    """Weights of convolutions."""

    def drawn(shape: tuple[int, ...], init: Any) -> Any:
        return (module.bindings["glorot_uniform"] if init is None else init)(*shape)

    @module.method("convfilter(filter::Tuple, ch::Pair; init=nothing, groups=1)", export=False)
    def convfilter(filter: Any, ch: Any, *, init: Any = None, groups: int = 1) -> Any:
        """A weight `filter… × in ÷ groups × out` for channels `in => out`."""
        into, out = ch.first, ch.second
        for name, n in (("Input", into), ("Output", out)):
            if n % groups:
                raise AssertionError_(f"{name} channel dimension must be divisible by groups.")
        return drawn((*filter, into // groups, out), init)

    @module.method("depthwiseconvfilter(filter::Tuple, ch::Pair; init=nothing)", export=False)
    def depthwiseconvfilter(filter: Any, ch: Any, *, init: Any = None) -> Any:
        """A weight `filter… × out ÷ in × in` for channels `in => out`."""
        return drawn((*filter, ch.second // ch.first, ch.first), init)


def gates(module: Module) -> None:
    """Parts of the arrays of recurrent cells, and the bias that is none, before 0.15."""

    @module.method("gate(h, n)", export=False)
    def gate(h: int, n: int) -> Any:
        """The rows of the `n`-th of gates that have `h` rows each."""
        return V.UnitRange(h * (n - 1) + 1, h * n)

    @module.method("gate(x::AbstractArray, h, n)", export=False, transparent=True)
    def gate_of(x: Any, h: int, n: int) -> Any:
        """The `n`-th of the gates in the rows of an array."""
        rows = V.UnitRange(h * (n - 1) + 1, h * n)
        lazy = isinstance(x, Array)
        take = Base.bindings["view" if lazy else "getindex"]
        return take(x, rows) if Base.bindings["ndims"](x) == 1 else take(x, rows, V.COLON)

    @module.method("flip(f, xs)", export=False, transparent=True)
    def flip(f: Any, xs: Any) -> Any:
        """`f` of each of `xs`, from the last to the first; the results in the order of `xs`.

        A recurrent layer reads a sequence backwards so.

        ```jldoctest
        julia> seen = Int[]; Flux.flip(x -> (push!(seen, x); 10x), [1, 2, 3]) |> println
        [10, 20, 30]

        julia> println(seen)
        [3, 2, 1]
        ```
        """
        reverse = Base.bindings["reverse"]
        return reverse(Base.bindings["map"](f, reverse(xs)))

    @module.method("multigate(x::AbstractArray, h, n)", export=False, transparent=True)
    def multigate(x: Any, h: int, n: Any) -> Any:
        """All `n` gates in the rows of an array; `n` is a `Val`."""
        count = T.typeof(n).parameters[0]
        if type(count) is not int:
            raise ErrorException("multigate wants the number of gates as a Val")
        return tuple([gate_of(x, h, k) for k in range(1, count + 1)])

    @module.method("Zeros(args...)", export=False)
    def zeros(*args: Any) -> bool:
        """The bias of layers without one: `false`."""
        return False
