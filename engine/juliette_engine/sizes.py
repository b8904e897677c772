"""The bytes of a model as Julia 1.10's `Base.summarysize` counts them.

An array has a header of 40 bytes (8 more for each dimension past the second).  An immutable struct
lies inside what holds it, and is counted again at its own level unless it is plain bits; a mutable
one is a pointer and an object of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import trees

# How values of a front end lie in memory: class -> f(x) giving the fields and whether it is mutable.
FOREIGN: dict[type, Callable[[Any], tuple[list[tuple[str, Any]], bool] | None]] = {}


class Boxed:
    """A value in a field without a concrete type: a pointer, and an object of its own."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def bytes_text(n: int) -> str:
    """A number of bytes as Julia prints it."""
    if n < 1024:
        return f"{n} bytes"
    for unit, size in (("KiB", 1 << 10), ("MiB", 1 << 20)):
        if n < size << 10:
            return f"{n / size:.3f} {unit}"
    return f"{n / (1 << 30):.3f} GiB"


def _up(n: int, to: int) -> int:
    return -(-n // to) * to


def _fields(x: Any) -> tuple[list[tuple[str, Any]], bool] | None:
    """The fields of a struct by name and whether it is mutable; None for other values."""
    for cls in type(x).__mro__:
        if cls in FOREIGN:
            return FOREIGN[cls](x)
    if isinstance(x, tuple):
        return [("", v) for v in x], False
    if isinstance(x, dict):
        return list(x.items()), False
    names = getattr(type(x), "fields", None)
    if names and not callable(names):
        return [(n, getattr(x, n)) for n in names], bool(getattr(type(x), "mutable", False))
    return None


def _holds_objects(x: Any) -> bool:
    """Is this an array of a front end whose elements are no numbers?"""
    dtype = getattr(getattr(x, "data", None), "dtype", None)
    return dtype is not None and dtype.kind == "O" and trees.children(x) is not None


class Sizes:
    """Adds up what is reached."""

    def __init__(self) -> None:
        self.total = 0
        self.seen: set[int] = set()

    def inline(self, x: Any) -> tuple[int, int, bool]:
        """Size and alignment of a value inside a struct, and whether it is plain bits."""
        if trees.is_array(x) or type(x) is list or _holds_objects(x):
            self.array(x)
            return 8, 8, False
        if isinstance(x, (bool, np.bool_)):
            return 1, 1, True
        if isinstance(x, np.number):
            return x.nbytes, x.nbytes, True
        if isinstance(x, (int, float)):
            return 8, 8, True
        found = _fields(x)
        if found is None:
            return 0, 1, True
        fields, mutable = found
        if mutable and id(x) in self.seen:
            return 8, 8, False
        self.seen.add(id(x))
        size, align, bits = self.struct(fields)
        if mutable:
            self.total += size
            return 8, 8, False
        if not bits:
            self.total += size
        return size, align, bits

    def struct(self, fields: list[tuple[str, Any]]) -> tuple[int, int, bool]:
        """Size, alignment and plainness of fields laid out one after the other."""
        at, widest, bits = 0, 1, True
        for name, field in fields:
            if name == "active":
                size, align, plain = 2, 1, True  # Union{Bool, Nothing}: a byte and a tag
            elif isinstance(field, Boxed):
                size, _, plain = self.inline(field.value)
                if plain:
                    self.total += size
                size, align, plain = 8, 8, False
            else:
                size, align, plain = self.inline(field)
            bits = bits and plain
            at = _up(at, align) + size
            widest = max(widest, align)
        return _up(at, widest), widest, bits

    def array(self, x: Any) -> None:
        """Header and data, once for each array."""
        if id(x) in self.seen:
            return
        self.seen.add(id(x))
        if not trees.is_array(x):
            items = x if type(x) is list else list(trees.children(x)[1])  # type: ignore[index]
            self.total += 40 + 8 * len(items)
            for item in items:
                self.inline(item)
            return
        data = trees.data(x)
        self.total += data.nbytes + 40 + 8 * max(0, data.ndim - 2)


def summary_size(x: Any) -> int:
    """The bytes of a model."""
    sizes = Sizes()
    size, _, bits = sizes.inline(x)
    return sizes.total + (size if bits else 0)
