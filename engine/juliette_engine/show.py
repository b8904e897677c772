"""How models print: Flux's layout, with Julia's count of bytes (1.10 and before)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette_engine.layers import BatchNorm, Container, Dropout, Joined, SkipConnection
from juliette_engine.trees import Layer, function_name

_COMMENT_NESTED, _COMMENT_ALONE = 40, 20


def one_line(x: Any) -> str:
    """A layer or function on one line."""
    if isinstance(x, Layer):
        return x.line()
    return function_name(x)


def trainable_arrays(x: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays that train, each as often as it occurs."""
    if isinstance(x, np.ndarray):
        yield x
    elif isinstance(x, Layer):
        for part in x.trainable():
            yield from trainable_arrays(part)
    elif isinstance(x, (tuple, list)):
        for part in x:
            yield from trainable_arrays(part)
    elif isinstance(x, dict):
        for part in x.values():
            yield from trainable_arrays(part)


def other_arrays(x: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays that do not train."""
    if isinstance(x, BatchNorm):
        yield from (a for a in (x.μ, x.variance) if a is not None)
    elif isinstance(x, Container):
        for _, child in x.children():
            yield from other_arrays(child)


def _count(arrays: list[Any]) -> int:
    return sum(a.size for a in {id(a): a for a in arrays}.values())


def grouped(n: int) -> str:
    """Digits in groups of three."""
    return f"{n:_}"


def bytes_text(n: int) -> str:
    """A number of bytes as Julia prints it."""
    if n < 1024:
        return f"{n} bytes"
    for unit, size in (("KiB", 1 << 10), ("MiB", 1 << 20)):
        if n < size << 10:
            return f"{n / size:.3f} {unit}"
    return f"{n / (1 << 30):.3f} GiB"


def _align(n: int, to: int) -> int:
    return -(-n // to) * to


def _layout(sizes: list[tuple[int, int]]) -> int:
    """The size of a struct of fields given by size and alignment."""
    at, widest = 0, 1
    for size, align in sizes:
        at = _align(at, align) + size
        widest = max(widest, align)
    return _align(at, widest)


class Sizes:
    """Adds up what Julia's `summarysize` counts."""

    def __init__(self) -> None:
        self.total = 0
        self.seen: set[int] = set()

    def array(self, a: np.ndarray[Any, Any]) -> None:
        """Header and data, once for each array."""
        if id(a) not in self.seen:
            self.seen.add(id(a))
            self.total += a.nbytes + 40 + 8 * max(0, a.ndim - 2)

    def inline(self, x: Any) -> tuple[int, int]:
        """Size and alignment of a value inside a struct; what it points to is added up."""
        if isinstance(x, np.ndarray):
            self.array(x)
            return 8, 8
        if isinstance(x, bool):
            return 1, 1
        if isinstance(x, np.float32):
            return 4, 4
        if isinstance(x, (int, float)):
            return 8, 8
        if isinstance(x, BatchNorm):
            self.batchnorm(x)
            return 8, 8
        if isinstance(x, Dropout):
            return 10, 8
        if isinstance(x, (tuple, list)):
            return self.struct(list(x))
        if isinstance(x, dict):
            return self.struct(list(x.values()))
        if isinstance(x, Joined):
            return self.struct([x.connection, x.layers])
        if isinstance(x, SkipConnection):
            return self.struct([x.layers, x.connection])
        if isinstance(x, Layer):
            return self.struct([getattr(x, name, None) for name in x.fields])
        return 0, 1

    def struct(self, fields: list[Any]) -> tuple[int, int]:
        """An immutable struct, which counts at its own level too."""
        size = _layout([self.inline(f) for f in fields])
        self.total += size
        return size, 8

    def batchnorm(self, x: BatchNorm) -> None:
        """A mutable struct of its own."""
        arrays = [a for a in (x.β, x.γ, x.μ, x.variance) if a is not None]
        for a in arrays:
            self.array(a)
        pointers = [(8, 8)] * len(arrays)
        self.total += _layout([*pointers, (4, 4), (4, 4), (1, 1), (1, 1), (2, 1), (8, 8)])


def summary_size(x: Any) -> int:
    """The bytes of a model, as Julia 1.10 counts them."""
    sizes = Sizes()
    sizes.inline(x)
    return sizes.total


def _flags(arrays: list[Any]) -> str:
    if not arrays:
        return ""
    if all(not a.any() for a in arrays):
        return "  (all zero)"
    text = "  (some NaN)" if any(np.isnan(a).any() for a in arrays) else ""
    return text + ("  (some Inf)" if any(np.isinf(a).any() for a in arrays) else "")


def _comment(layer: Any, *, alone: bool) -> str:
    trains, others = list(trainable_arrays(layer)), list(other_arrays(layer))
    if not trains:
        return ""
    text = f"# {grouped(_count(trains))} parameters"
    if others:
        text += f", plus {grouped(_count(others))}" + (" non-trainable" if alone else "")
    return text + _flags(trains)


def _with_comment(text: str, comment: str, width: int) -> str:
    return text + " " * max(2, width - len(text)) + comment if comment else text


def _is_leaf(x: Any) -> bool:
    return not isinstance(x, Layer)


def _expands(x: Any) -> bool:
    return isinstance(x, Container) and not all(_is_leaf(c) for _, c in x.children())


def _lines(x: Any, name: str, indent: int) -> Iterator[str]:
    space = " " * indent
    label = f"{name} = " if name else ""
    if not _expands(x):
        text = f"{space}{label}{one_line(x)}{',' if indent else ''}"
        width = _COMMENT_NESTED if indent else _COMMENT_ALONE
        yield _with_comment(text, _comment(x, alone=not indent), width)
        return
    yield f"{space}{label}{type(x).__name__}("
    for child_name, child in x.children():
        yield from _lines(child, child_name, indent + 2)
    yield f"{space}){',' if indent else ''}"


def _total(x: Any, closer: str) -> str:
    trains = list({id(a): a for a in trainable_arrays(x)}.values())
    others = list({id(a): a for a in other_arrays(x)}.values())
    if len(trains) <= 2:
        return closer
    size = bytes_text(summary_size(x))
    count = grouped(_count(trains))
    if not others:
        return f"{closer.ljust(20)}# Total: {len(trains)} arrays, {count} parameters, {size}."
    return (
        f"{closer.ljust(10)}# Total: {len(trains)} trainable arrays, {count} parameters,\n"
        f"{' ' * 10}# plus {len(others)} non-trainable, {grouped(_count(others))} parameters, "
        f"summarysize {size}."
    )


def show_model(x: Any) -> str:
    """A model over several lines, with its numbers of parameters."""
    lines = list(_lines(x, "", 0))
    if _expands(x):
        lines[-1] = _total(x, lines[-1])
    return "\n".join(lines)
