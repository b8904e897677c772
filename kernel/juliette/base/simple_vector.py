"""`Core.SimpleVector`: the immutable vectors of type parameters, `svec(Int64, 1)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# `hash` is there before it gets a method here.
from juliette.base import hashes as hashes
from juliette.base.iteration import iterates, native_steps
from juliette.display.show import joined
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import BoundsError
from juliette.runtime.modules import Base, Core


class SimpleVector:
    """Values in order, of any types."""

    __slots__ = ("items",)

    def __init__(self, items: Any) -> None:
        self.items = tuple(items)


SimpleVector_ = T.define("Core.SimpleVector", module=Core)
T.register_class(SimpleVector, SimpleVector_)
Core.bindings["SimpleVector"] = SimpleVector_
Base.const("SimpleVector", SimpleVector_, export=False)
native_steps("SimpleVector")


@iterates(SimpleVector)
def iterate_items(v: SimpleVector) -> Iterator[Any]:
    return iter(v.items)


@Base.method("svec(items...)", export=False)
def svec(*items: Any) -> SimpleVector:
    """A `SimpleVector` of these values."""
    return SimpleVector(items)


Core.bindings["svec"] = Base.bindings["svec"]


@Base.method("length(v::SimpleVector)")
def length(v: SimpleVector) -> int:
    return len(v.items)


@Base.method("firstindex(v::SimpleVector)")
def first_index(v: SimpleVector) -> int:
    return 1


@Base.method("lastindex(v::SimpleVector)")
def last_index(v: SimpleVector) -> int:
    return len(v.items)


@Base.method("isempty(v::SimpleVector)")
def is_empty(v: SimpleVector) -> bool:
    return not v.items


@Base.method("eltype(::Type{SimpleVector})")
def element_type(_: Any) -> Any:
    return T.Any_


@Base.method("getindex(v::SimpleVector, i::Integer)")
def item(v: SimpleVector, i: int) -> Any:
    if not 1 <= i <= len(v.items):
        raise BoundsError(v, (i,))
    return v.items[i - 1]


@Base.method("getindex(v::SimpleVector, indices::AbstractArray)")
def items_at(v: SimpleVector, indices: Any) -> SimpleVector:
    return SimpleVector([item(v, int(i)) for i in indices.data])


@Base.method("keys(v::SimpleVector)")
def keys(v: SimpleVector) -> Any:
    return Base.bindings["OneTo"](len(v.items))


@Base.method("collect(v::SimpleVector)")
def collect(v: SimpleVector) -> Any:
    return vector(v.items, T.Any_)


@Base.method("==(a::SimpleVector, b::SimpleVector)")
def equal(a: SimpleVector, b: SimpleVector) -> bool:
    same = Base.bindings["=="]
    return len(a.items) == len(b.items) and all(
        same(x, y) is True for x, y in zip(a.items, b.items, strict=True)
    )


@Base.method("===(a::SimpleVector, b::SimpleVector)")
def same(a: SimpleVector, b: SimpleVector) -> bool:
    return a is b or equal(a, b)


@Base.method("hash(v::SimpleVector, h::UInt)")
def hashed(v: SimpleVector, h: Any) -> Any:
    return Base.bindings["hash"](v.items, h)


@Base.method("show(io::IO, v::SimpleVector)")
def show(io: Any, v: SimpleVector) -> None:
    joined(io, v.items, "svec(", ")")
