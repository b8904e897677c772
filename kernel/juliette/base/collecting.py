"""`collect` and its relatives, and generators: the elements of an iterator as an array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from juliette.base.array_construction import copy, typed
from juliette.base.array_protocol import (
    fill_user,
    is_array,
    own_axes,
)
from juliette.base.iteration import ITERATORS, applied, apply_all, by_protocol, iterate_value
from juliette.base.iterator_sizes import (
    HasLength,
    IsInfinite,
    Lazy,
    eltype_of_iterator,
    known_length,
    shape_of_iterator,
    size_of,
)
from juliette.compiler import support
from juliette.compiler.lattice import joined as join_members
from juliette.compiler.result_types import element_type
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, dtype_of, elements, make, pack, vector
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import MethodError
from juliette.runtime.memory import reserve
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE


def fitted(values: list[Any], shape: tuple[int, ...] | None, t: Any) -> Array:
    """An array of values of type `t` in the shape of the iterator they came from."""
    out = vector(values, t)
    if shape is None or len(shape) == 1:
        return out
    return make(out.data.reshape(shape, order="F"), t)


def finite(x: Any) -> bool:
    """Is it a collection that is there already, with all its elements?"""
    return isinstance(x, (Array, V.Range, tuple))


def check_end(x: Any) -> None:
    """An iterator has an end, and room for as many elements as it says it has."""
    size = size_of(x)
    if size is IsInfinite:
        raise MethodError(Base.bindings["length"], (x,), None)
    if size is HasLength and (
        isinstance(x, Lazy) or ITERATORS.get(type(x), by_protocol) is by_protocol
    ):
        # As in Julia, who says to have a length is asked for it.
        length = Base.bindings["length"](x)
        if type(length) is int:
            reserve(length)


def collect_values(x: Any) -> list[Any]:
    """The elements of a finite iterator."""
    check_end(x)
    return list(iterate_value(x))


def gather(values: list[Any], shape: tuple[int, ...] | None, empty_type: Any = T.Any_) -> Any:
    """An array of values whose type nobody announced: the narrowest that holds them all."""
    if GATHER is not None and TRACE.depth:
        traced = GATHER(values, shape if shape is not None else (len(values),))
        if traced is not None:
            return traced
    return fitted(values, shape, B.join_types(values) if values else empty_type)


def of_results(
    f: Any, values: list[Any], shape: tuple[int, ...] | None, sources: tuple[Any, ...]
) -> Any:
    """The array of `f`'s results for the elements of sources; without any, its type is inferred."""
    if values:
        return gather(values, shape)
    known = tuple(T.Any_ if t is None else t for t in map(eltype_of_iterator, sources))
    t = element_type(f, known)
    if t is T.Any_ and T.Any_ in known and not TRACE.depth:
        # Of arguments that may be anything the method says what it gives, if there is but one.
        t = join_members(Base.get("promote_op")(f, *known))
    return gather(values, shape, t)


# Set by the gradient packages: an array of traced scalars.
GATHER: Any = None


@Base.method("collect(x)", transparent=True)
def collect(x: Any) -> Any:
    """All elements of a collection or iterator, as an array.

    ```jldoctest
    julia> collect(1:2:5)
    3-element Vector{Int64}:
     1
     3
     5

    julia> collect("ab")
    2-element Vector{Char}:
     'a': ASCII/Unicode U+0061 (category Ll: Letter, lowercase)
     'b': ASCII/Unicode U+0062 (category Ll: Letter, lowercase)
    ```
    """
    if isinstance(x, Array):
        return copy(x)
    if isinstance(x, (V.BitArray, V.Wrapper)):
        return make(np.array(x.data, order="F"), x.eltype)
    if isinstance(x, V.Range):
        return collect_range(x)
    t = eltype_of_iterator(x)
    shape = shape_of_iterator(x)
    if shape is not None:
        reserve(prod(shape))
    values = (
        apply_all(x.f, x.iter) if type(x) is Generator and finite(x.iter) else collect_values(x)
    )
    if type(x) is Generator:
        return along_axes(x.iter, of_results(x.f, values, shape, (x.iter,)))
    if t is None or (t is not T.Any_ and TRACE.depth):
        return gather(values, shape, t or getattr(x, "empty_eltype", T.Any_))
    return fitted(values, shape, t)


def along_axes(source: Any, out: Any) -> Any:
    """What a comprehension gives: an array with the axes of a source that counts its elements otherwise than from 1."""
    axes = own_axes(source) if is_array(source) or not isinstance(source, Struct) else None
    if isinstance(source, Lazy) and type(source).__name__ == "Product":
        parts = [own_axes(x) or Base.bindings["axes"](x) for x in source.iterators]  # type: ignore[attr-defined]
        axes = tuple(axis for part in parts for axis in part)
        axes = None if all(isinstance(axis, V.OneTo) for axis in axes) else axes
    similar = Base.bindings["similar"]
    kinds = (T.typeof(V.OneTo(1)), T.type_of_type(out.eltype), T.typeof(axes))
    if axes is None or not similar.user_matches(kinds):
        return out
    dest = similar(V.OneTo(1), out.eltype, axes)
    fill_user(dest, elements(out.data))
    return dest


def collect_range(x: Any) -> Any:
    """The elements of a range, without a list of them where numbers are kept as they are."""
    t = Base.bindings["eltype"](x)
    dtype = dtype_of(t)
    if dtype.kind == "O":
        return vector(list(iterate_value(x)), t)
    if isinstance(x, V.UnitRange) and dtype == np.int64 and x.count < 1 << 48:
        return make(x.data, t)
    return make(np.fromiter(iterate_value(x), dtype, len(x)), t)


@Base.method("collect(t::Type, x)", transparent=True)
def collect_as(t: Any, x: Any) -> Any:
    """All elements, converted to a type."""
    convert = Base.bindings["convert"]
    return fitted(
        [v if T.isa(v, t) else convert(t, v) for v in collect_values(x)], shape_of_iterator(x), t
    )


support.HELPERS["%collect_comprehension"] = collect


def typed_comprehension(t: Any, g: Any) -> Any:
    """`T[f(x) for x in xs]`"""
    shape = shape_of_iterator(g)
    return typed_array(t, collect_values(g), shape)


support.HELPERS["%typed_comprehension"] = typed_comprehension


def finite_source(x: Any) -> None:
    """What a comprehension goes through has an end, and room for its elements."""
    if isinstance(x, (Array, tuple, str)):
        return
    shape = shape_of_iterator(x)
    if shape is not None:
        reserve(prod(shape))
    else:
        check_end(x)


def joint_shape(*xs: Any) -> tuple[int, ...] | None:
    """The shape of a comprehension over several sources; None for a vector of what there is."""
    if len(xs) == 1:
        return shape_of_iterator(xs[0])
    return product_shape(xs)


def product_shape(xs: tuple[Any, ...]) -> tuple[int, ...] | None:
    """The shape of all combinations; None where not even a length is known."""
    out: tuple[int, ...] = ()
    for x in xs:
        shape = shape_of_iterator(x)
        if shape is None:
            n = known_length(x)
            if n is None:
                return None
            shape = (n,)
        out += shape
    return out


def typed_array(t: Any, values: list[Any], shape: tuple[int, ...] | None) -> Any:
    """`T[f(x) for x in xs]`, from its values."""
    out = typed(t, *values)
    return out if shape is None or len(shape) == 1 else make(out.data.reshape(shape, order="F"), t)


def array_of(t: Any, values: list[Any], shape: tuple[int, ...] | None) -> Any:
    """An array of values that are known to be of the type."""
    data = pack(values, t)
    return make(data if shape is None or len(shape) == 1 else data.reshape(shape, order="F"), t)


def consume(f: Any, values: list[Any], t: Any, source: Any, *rest: Any) -> Any:
    """A function of Base's applied to what a generator gave."""
    if not values:
        return f(_empty(f, t, source), *rest)
    if (
        t is T.Int64
        and not rest
        and isinstance(f, GenericFunction)
        and f.name in ("maximum", "minimum")
    ):
        return max(values) if f.name == "maximum" else min(values)
    return f(Generator(Base.bindings["identity"], tuple(values)), *rest)


def consume_from(f: Any, init: Any, values: list[Any]) -> Any:
    """A fold of Base's over what a generator gave, which begins with `init`."""
    return f.call_kw({"init": init}, Generator(Base.bindings["identity"], tuple(values)))


def _empty(f: Any, t: Any, source: Any) -> Any:
    """What a generator is that gave nothing: it may have a type, or only a function that could have been applied."""
    if isinstance(f, T.JuliaType) and isinstance(t, T.DataType):
        return vector([], t)
    if source is None:
        return Generator(Base.bindings["sin"], vector([], T.Any_))
    return Generator(Base.bindings["identity"], vector([], eltype_of_iterator(source) or T.Any_))


def any_step(so_far: Any, answer: Any) -> Any:
    """`any` so far, after one more answer: `missing` counts if nothing is true."""
    return _answer(so_far, answer, False)


def all_step(so_far: Any, answer: Any) -> Any:
    """`all` so far, after one more answer."""
    return _answer(so_far, answer, True)


def _answer(so_far: Any, answer: Any, neutral: bool) -> Any:
    if answer is neutral:
        return so_far
    if type(answer) is bool or answer is V.MISSING:
        return answer
    return support.truth(answer)


support.HELPERS |= {
    "%consume": consume,
    "%consume_from": consume_from,
    "%any_step": any_step,
    "%all_step": all_step,
    "%finite": finite_source,
    "%shape": joint_shape,
    "%typed_array": typed_array,
    "%array_of": array_of,
    "%gather": gather,
}

# ---------------------------------------------------------------- generators


def lazy_type(
    cls: type, name: str, params: str, parameters: Callable[[Any], tuple[Any, ...]]
) -> Any:
    """Register the parametric Julia type of a lazy iterator's class."""
    family = T.sub_family(name, params, lambda *_: T.Any_)
    typename = T.unwrap(family).typename
    typename.fields = cls.fields  # type: ignore[attr-defined]
    typename.field_types = (T.Any_,) * len(typename.fields)
    typename.ninitialized = len(typename.fields)
    T.register_instances(cls, lambda x: T.apply_type(family, *parameters(x)), family)
    if not getattr(cls, "mutable", False):
        cls.value_fields = cls.fields  # type: ignore[attr-defined]
    _sized(name.removeprefix("Base."))
    return family


def _sized(name: str) -> None:
    """`size`, `axes` and `ndims` of the lazy iterators that have a shape."""

    def shape_or_error(function: str, x: Any) -> tuple[int, ...]:
        shape = x.iteration_shape()
        if shape is None:
            raise x.without_shape(function)
        return shape

    @Base.method(f"size(x::Base.{name})")
    def size(x: Any) -> Any:
        return shape_or_error("size", x)

    @Base.method(f"axes(x::Base.{name})")
    def axes(x: Any) -> Any:
        return tuple(map(V.OneTo, shape_or_error("axes", x)))

    @Base.method(f"ndims(x::Base.{name})")
    def ndims(x: Any) -> int:
        return len(shape_or_error("ndims", x))


class Generator(Lazy):
    """`f(x) for x in xs`"""

    __slots__ = ("f", "iter")
    fields = ("f", "iter")

    def __init__(self, f: Any, iter_: Any) -> None:
        self.f = f
        self.iter = iter_

    def julia_iterator(self) -> Iterator[Any]:
        return applied(self.f, iterate_value(self.iter))

    def size(self) -> Any:
        return size_of(self.iter)

    def iteration_shape(self) -> tuple[int, ...] | None:
        return shape_of_iterator(self.iter)

    def iteration_length(self) -> int:
        return int(Base.bindings["length"](self.iter))

    def element_type(self) -> Any:
        return None


Generator_ = lazy_type(
    Generator, "Base.Generator", "I F", lambda g: (T.typeof(g.iter), T.typeof(g.f))
)
Base.const("Generator", Generator_, export=False)
support.HELPERS["%generator"] = Generator


@Base.method("Generator(f, xs...)", export=False)
def generator(_: Any, f: Any, *xs: Any) -> Any:
    """The iterator behind `f(x) for x in xs`."""
    if len(xs) == 1:
        return Generator(f, xs[0])
    return Generator(lambda args: f(*args), Base.bindings["zip"](*xs))


@Base.method("iterate(g::Generator, state...)", transparent=True)
def iterate_generator(g: Generator, *state: Any) -> Any:
    """The function of the next value, and the state of what the generator runs over."""
    step = Base.bindings["iterate"](g.iter, *state)
    if step is None:
        return None
    value, following = step
    return g.f(value), following
