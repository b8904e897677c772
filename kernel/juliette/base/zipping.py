"""Several collections in step: `zip`, and `enumerate`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from juliette.base.iteration import iterate_value
from juliette.base.iterator_sizes import (
    HasLength,
    IsInfinite,
    Lazy,
    SizeUnknown,
    eltype_of_iterator,
    shape_of_iterator,
    size_of,
)
from juliette.base.lazy import Iterators, Wrapping, lazily, length_of
from juliette.compiler.lattice import IN_STEP
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.errors import ArgumentError, DimensionMismatch
from juliette.runtime.modules import Base


def zipped_shape(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of what is gone over together: vectors end with the shortest, other shapes must agree."""
    if len(shapes[0]) == 1:
        return (min(shapes)[0],)
    for other in shapes[1:]:
        if other != shapes[0]:
            axes = [tuple(V.OneTo(n) for n in shape) for shape in (shapes[0], other)]
            Base.bindings["promote_shape"](*axes)
    return shapes[0]


# Collections that cannot be used up.
_NEVER_DONE = (tuple, str, Array, V.Range)


@lazily("Zip", "Is", lambda z: (T.tuple_type(map(T.typeof, z.sources)),))
class Zip(Lazy):
    """`zip(xs...)`"""

    # Julia's name of the field is a keyword of Python.
    __slots__ = ("is",)
    fields = ("is",)

    def __init__(self, *sources: Any) -> None:
        setattr(self, "is", sources)

    @property
    def sources(self) -> tuple[Any, ...]:
        return getattr(self, "is")

    def julia_iterator(self) -> Iterator[Any]:
        sources: tuple[Any, ...] = self.sources
        for x in sources:
            if not isinstance(x, _NEVER_DONE):
                isdone = Base.bindings["isdone"]
                told = [
                    not isinstance(x, _NEVER_DONE) and isdone(x) is not V.MISSING for x in sources
                ]
                if any(told):
                    return self._careful(told)
                break
        return zip(*map(iterate_value, sources), strict=False)

    def _careful(self, told: list[bool]) -> Iterator[Any]:
        """Who can tell that it is at its end is asked, and gives its element after the others: none is lost."""
        isdone, sources = Base.bindings["isdone"], self.sources
        steps = list(map(iterate_value, sources))
        order = sorted(range(len(sources)), key=told.__getitem__)
        values = [None] * len(sources)
        while not any(told[i] and isdone(sources[i]) is True for i in order):
            for i in order:
                try:
                    values[i] = next(steps[i])
                except StopIteration:
                    return
            yield tuple(values)

    def size(self) -> Any:
        sizes = [size_of(x) for x in self.sources]
        if any(s is SizeUnknown for s in sizes):
            return SizeUnknown
        finite = [s for s in sizes if s is not IsInfinite]
        if not finite:
            return IsInfinite
        return (
            finite[0]
            if len(finite) == len(sizes) and all(s is finite[0] or s == finite[0] for s in finite)
            else HasLength
        )

    def iteration_shape(self) -> tuple[int, ...] | None:
        shapes = [shape_of_iterator(x) for x in self.sources]
        if not shapes or any(s is None or len(s) != len(shapes[0] or ()) for s in shapes):
            return None
        return zipped_shape(shapes)  # type: ignore[arg-type]

    def without_shape(self, function: str) -> Exception:
        shapes = [shape_of_iterator(x) for x in self.sources]
        if None not in shapes and len(set(shapes)) > 1:
            return DimensionMismatch("dimensions must match in zip")
        return super().without_shape(function)

    def iteration_length(self) -> int:
        finite = [x for x in self.sources if size_of(x) is not IsInfinite]
        if not finite:
            raise ArgumentError("iterator is of undefined length")
        return min(map(length_of, finite))

    def element_type(self) -> Any:
        types = [eltype_of_iterator(x) for x in self.sources]
        return None if None in types else T.tuple_type(types)


@Base.method("zip(xs...)", transparent=True)
def zip_(*xs: Any) -> Any:
    """Iterate over several collections at the same time, until one of them ends.

    ```jldoctest
    julia> collect(zip(1:3, ["a", "b"]))
    2-element Vector{Tuple{Int64, String}}:
     (1, "a")
     (2, "b")
    ```
    """
    return Zip(*xs)


@lazily("Enumerate", "I", lambda e: (T.typeof(e.itr),))
class Enumerate(Wrapping):
    """`enumerate(xs)`"""

    __slots__ = ("itr",)
    fields = ("itr",)

    def __init__(self, itr: Any) -> None:
        self.itr = itr

    def julia_iterator(self) -> Iterator[Any]:
        return enumerate(iterate_value(self.itr), 1)

    def element_type(self) -> Any:
        t = eltype_of_iterator(self.itr)
        return None if t is None else T.tuple_type([T.Int64, t])


IN_STEP.update(T.unwrap(Iterators.bindings[name]).typename for name in ("Zip", "Enumerate"))


@Base.method("enumerate(x)", transparent=True)
def enumerate_(x: Any) -> Any:
    """Pairs of a counter and the element: `(1, x₁), (2, x₂), …`.

    ```jldoctest
    julia> for (i, c) in enumerate("ab")
               println(i, c)
           end
    1a
    2b
    ```
    """
    return Enumerate(x)


Iterators.set("zip", Base.bindings["zip"], const=True)
Iterators.set("enumerate", Base.bindings["enumerate"], const=True)
