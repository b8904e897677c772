"""Reductions written into an array that is there: `sum!`, `findmin!` and their kin."""

from __future__ import annotations

from typing import Any

from juliette.base.array_protocol import from_values, origin, shape_of, values_of
from juliette.base.reducing import OPERATORS
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import Base


def into_reduction(name: str) -> None:
    """`sum!(dest, A)` and its kin reduce along the dimensions where `dest` has size 1."""

    def stored(dest: Any, found: Any, init: bool) -> Any:
        if not init:  # what is there already counts, too
            op = Base.bindings[OPERATORS[name]]
            pairs = zip(values_of(dest), values_of(found), strict=True)
            found = from_values([op(x, y) for x, y in pairs], shape_of(dest))
        return Base.bindings["copyto!"](dest, found)

    @Base.method(f"{name}!(dest::AbstractArray, a::AbstractArray; init::Bool=true)")
    def into(dest: Any, a: Any, *, init: bool = True) -> Any:
        found = Base.bindings[name].call_kw({"dims": reduced(dest, a)}, a)
        return stored(dest, found, init)

    @Base.method(f"{name}!(f::Function, dest::AbstractArray, a::AbstractArray; init::Bool=true)")
    def mapped_into(f: Any, dest: Any, a: Any, *, init: bool = True) -> Any:
        found = Base.bindings[name].call_kw({"dims": reduced(dest, a)}, f, a)
        return stored(dest, found, init)

    into.__doc__ = f"`{name}` along the dimensions where the destination has size 1, written there."


def reduced(dest: Any, a: Any) -> tuple[int, ...]:
    """The dimensions along which an array has to be reduced to fit the destination."""
    small, large = shape_of(dest), shape_of(a)
    if len(small) > len(large):
        raise DimensionMismatch(
            f"cannot reduce {len(large)}-dimensional array to {len(small)} dimensions"
        )
    first, start = (origin(x) or (1,) * len(large) for x in (dest, a))
    if any(
        m != 1 and (m, i) != (n, k) for m, n, i, k in zip(small, large, first, start, strict=False)
    ):
        axes, show = Base.bindings["axes"], Base.bindings["repr"]
        raise DimensionMismatch(
            f"reduction on array with indices {show(axes(a))} with output with indices "
            f"{show(axes(dest))}"
        )
    padded = small + (1,) * (len(large) - len(small))
    return tuple(d for d, m in enumerate(padded, 1) if m == 1)


def into_search(name: str) -> None:
    """`findmin!` and `findmax!` write the values and where they are."""

    @Base.method(f"{name}!(values::AbstractArray, places::AbstractArray, a::AbstractArray)")
    def into(values: Any, places: Any, a: Any) -> Any:
        found = Base.bindings[name].call_kw({"dims": reduced(values, a)}, a)
        copyto = Base.bindings["copyto!"]
        return copyto(values, found[0]), copyto(places, found[1])

    into.__doc__ = (
        f"`{name}` along the dimensions where the destinations have size 1, written there."
    )


@Base.method("_extrema_rf(a::Tuple, b::Tuple)", export=False)
def joined_extrema(a: Any, b: Any) -> Any:
    """The extrema of two ranges of values together."""
    return Base.bindings["min"](a[0], b[0]), Base.bindings["max"](a[1], b[1])


for _name in OPERATORS:
    into_reduction(_name)

for _name in ("findmin", "findmax"):
    into_search(_name)
