"""What the types of lazy iterators tell: how many elements there are, and of which type.

A type that wraps an iterator of type `I` asks `IteratorSize(I)` and `eltype(I)`, as Julia's manual
has it, so each type needs the answers that its values give.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.base.iterator_sizes import (
    EltypeUnknown,
    HasLength,
    HasShape_,
    IsInfinite,
    IteratorEltype,
    IteratorSize,
    SizeUnknown,
    has_shape,
)
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base

# The value of `IteratorSize`, and the element type; None if only the elements themselves tell.
Traits = tuple[Any, Any]


def size_of(t: Any) -> Any:
    return IteratorSize(t)


def element_of(t: Any) -> Any:
    return None if IteratorEltype(t) is EltypeUnknown else Base.bindings["eltype"](t)


def dimensions(size: Any) -> int | None:
    """How many dimensions a size has; None where it has no shape."""
    shape = T.typeof(size)
    return shape.parameters[0] if shape.typename is T.unwrap(HasShape_).typename else None


def flat(size: Any) -> Any:
    """A size without its shape."""
    return HasLength if dimensions(size) is not None else size


def same(i: Any, *_: Any) -> Traits:
    return size_of(i), element_of(i)


def unknown_size(i: Any, *_: Any) -> Traits:
    return SizeUnknown, element_of(i)


def endless(i: Any, *_: Any) -> Traits:
    return IsInfinite, element_of(i)


def zip_traits(sources: Any) -> Traits:
    sizes = [size_of(i) for i in sources.parameters]
    finite = [s for s in sizes if s is not IsInfinite]
    types = [element_of(i) for i in sources.parameters]
    element = None if None in types else T.tuple_type(types)
    if SizeUnknown in sizes:
        return SizeUnknown, element
    if not finite:
        return IsInfinite, element
    alike = len(finite) == len(sizes) and all(
        dimensions(s) == dimensions(finite[0]) for s in finite
    )
    return (finite[0] if alike else HasLength), element


def product_traits(sources: Any) -> Traits:
    sizes = [size_of(i) for i in sources.parameters]
    types = [element_of(i) for i in sources.parameters]
    element = None if None in types else T.tuple_type(types)
    for special in (SizeUnknown, IsInfinite):
        if special in sizes:
            return special, element
    return has_shape(sum(1 if (n := dimensions(s)) is None else n for s in sizes)), element


def enumerate_traits(i: Any) -> Traits:
    element = element_of(i)
    return size_of(i), None if element is None else T.tuple_type([T.Int64, element])


def take_traits(i: Any) -> Traits:
    return SizeUnknown if size_of(i) is SizeUnknown else HasLength, element_of(i)


def drop_traits(i: Any) -> Traits:
    return flat(size_of(i)), element_of(i)


def rest_traits(i: Any, *_: Any) -> Traits:
    return IsInfinite if size_of(i) is IsInfinite else SizeUnknown, element_of(i)


def flatten_traits(i: Any) -> Traits:
    element = element_of(i)
    fixed = element is not None and (
        T.subtype(element, T.Number)
        or (
            isinstance(element, T.DataType)
            and element.typename is T.TUPLE_NAME
            and not any(isinstance(p, T.Vararg) for p in element.parameters)
        )
    )
    size = HasLength if fixed and size_of(i) not in (SizeUnknown, IsInfinite) else SizeUnknown
    return size, None if element is None else element_of(element)


def partition_traits(i: Any) -> Traits:
    size = flat(size_of(i))
    if not T.subtype(i, T.AbstractArray):
        element = element_of(i)
        return size, None if element is None else T.apply_type(T.Vector, element)
    return size, piece_of(i)


def piece_of(i: Any) -> Any:
    """The type of the pieces of an array of the type `i`; None if only they tell."""
    if T.subtype(i, T.AbstractRange):
        return (
            T.apply_type(V.UnitRange_, element_of(i))
            if T.subtype(i, Base.bindings["AbstractUnitRange"])
            else i
        )
    if not T.subtype(i, T.Vector):
        return None
    places = T.tuple_type([T.apply_type(V.UnitRange_, T.Int64)])
    return T.apply_type(Base.bindings["SubArray"], element_of(i), 1, i, places, True)


def generator_traits(i: Any, _: Any) -> Traits:
    return size_of(i), None


def accumulate_traits(_: Any, i: Any, *__: Any) -> Traits:
    return size_of(i), None


def stateful_traits(i: Any, *_: Any) -> Traits:
    return flat(size_of(i)), element_of(i)


def skipmissing_traits(i: Any) -> Traits:
    element = element_of(i)
    return SizeUnknown, None if element is None else Base.get("nonmissingtype")(element)


RULES: dict[str, Callable[..., Traits]] = {
    "Zip": zip_traits,
    "Enumerate": enumerate_traits,
    "Filter": lambda _, i: unknown_size(i),
    "Take": take_traits,
    "Drop": drop_traits,
    "TakeWhile": unknown_size,
    "DropWhile": unknown_size,
    "Rest": rest_traits,
    "Count": lambda t, *_: (IsInfinite, t),
    "Cycle": endless,
    "Repeated": lambda t: (IsInfinite, t),
    "ProductIterator": product_traits,
    "Flatten": flatten_traits,
    "PartitionIterator": partition_traits,
    "Accumulate": accumulate_traits,
    "Reverse": same,
    "Stateful": stateful_traits,
    "Generator": generator_traits,
    "ValueIterator": lambda d: (HasLength, Base.bindings["valtype"](d)),
    "Pairs": lambda k, v, _, a: (size_of(a), T.apply_type(V.Pair_, k, v)),
    "SkipMissing": skipmissing_traits,
    "EachLine": lambda: (SizeUnknown, T.String),
}


def traits(t: Any) -> Traits | None:
    """What the type of a lazy iterator tells; None for one that follows the rules of other types."""
    rule = RULES.get(t.typename.name.rpartition(".")[2])
    return None if rule is None else rule(*t.parameters)
