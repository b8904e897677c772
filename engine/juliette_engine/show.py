"""How models print: Flux's layout, with Julia's count of bytes (1.10 and before)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from juliette_engine import trees
from juliette_engine.layers.containers import one_line
from juliette_engine.layers.layer import Layer
from juliette_engine.sizes import bytes_text, summary_size
from juliette_engine.text import eltype_name

_COMMENT_NESTED, _COMMENT_ALONE = 40, 20


class Piece(NamedTuple):
    """Text in one colour; `""` is the terminal's own."""

    text: str
    colour: str = ""


GREY, CYAN, RED = "light_black", "cyan", "red"
Line = list[Piece]


def _count(arrays: list[Any]) -> int:
    return sum(trees.data(a).size for a in arrays)


def grouped(n: int) -> str:
    """Digits in groups of three."""
    return f"{n:_}"


def _flags(arrays: list[Any]) -> Line:
    data = [trees.data(a) for a in arrays]
    if all(not a.any() for a in data):
        return [Piece("  (all zero)", CYAN)]
    out = []
    if any(np.isnan(a).any() for a in data):
        out.append(Piece("  (some NaN)", RED))
    if any(np.isinf(a).any() for a in data):
        out.append(Piece("  (some Inf)", RED))
    return out


def comment(layer: Any, *, alone: bool) -> Line:
    """`# 12 parameters` and what goes with it; nothing without parameters."""
    trains = list(trees.parameters(layer))
    if not trains:
        return []
    n = _count(trains)
    text = f"# {grouped(n)} parameters"
    others = _count(list(trees.arrays(layer))) - n
    if others > 0:
        text += f", plus {grouped(others)}" + (" non-trainable" if alone else "")
    return [Piece(text, GREY), *_flags(trains)]


def _with_comment(text: str, after: Line, width: int) -> Line:
    if not after:
        return [Piece(text)]
    return [Piece(text + " " * max(2, width - len(text))), *after]


def leaf_like(x: Any) -> bool:
    """Does this part have no lines of its own?"""
    if isinstance(x, tuple):
        return all(isinstance(v, (int, float, np.number)) for v in x) or all(map(trees.is_array, x))
    if isinstance(x, Layer):
        return not x.fields
    return trees.is_leaf(x)


def shown_children(x: Any) -> list[tuple[str, Any]]:
    """The parts that print on lines of their own, with their names."""
    if isinstance(x, Layer):
        return x.shown_children()
    own = next((found for f in PARTS if (found := f(x)) is not None), None)
    if own is not None:
        return [("", v) for v in own]
    parts = trees.children(x)
    if parts is None:
        return []
    named = plain_brackets(x) == _NAMED
    return [(str(k) if named else "", v) for k, v in zip(*parts, strict=True)]


_TUPLE, _LIST, _NAMED = ("(", ")"), ("[", "]"), ("(;", ")")
# The parts of a layer of a front end that print, if these are not all: `f(x)` gives them, or None.
PARTS: list[Callable[[Any], list[Any] | None]] = []
# What stands around containers of a front end that are no layers: `f(x)` gives it, or None.
BRACKETS: list[Callable[[Any], tuple[str, str] | None]] = []


def plain_brackets(x: Any) -> tuple[str, str] | None:
    """What stands around the parts of a container that is no layer; None for other values."""
    if type(x) is tuple:
        return _TUPLE
    if isinstance(x, (list, dict)):
        return _LIST if isinstance(x, list) else _NAMED
    return next((found for f in BRACKETS if (found := f(x)) is not None), None)


def brackets(x: Any) -> tuple[str, str]:
    """What stands around the parts of an expanded node."""
    kind = style(x)
    if kind is None:
        return plain_brackets(x) or _TUPLE
    found = getattr(x, "brackets", None)
    opening, closing = found() if found is not None else _TUPLE
    return kind[0] + opening, closing


# How layers of a front end print: `f(x)` gives the title and whether it expands, or None.
STYLES: list[Callable[[Any], tuple[str, bool] | None]] = []


def style(x: Any) -> tuple[str, bool] | None:
    """The title of a layer and whether its parts may have lines of their own."""
    if isinstance(x, Layer):
        return x.title(), x.expands
    return next((found for f in STYLES if (found := f(x)) is not None), None)


def expands(x: Any) -> bool:
    """Do the parts of this value print on lines of their own?"""
    found = style(x)
    wide = plain_brackets(x) is not None if found is None else found[1]
    return wide and not all(leaf_like(c) for _, c in shown_children(x))


def lines(x: Any, name: str = "", indent: int = 0) -> Iterator[Line]:
    """The lines of a model, without the totals."""
    space = " " * indent
    label = f"{name} = " if name else ""
    after = "," if indent else ""
    if not expands(x):
        text = f"{space}{label}{_text(x)}{after}"
        width = _COMMENT_NESTED if indent else _COMMENT_ALONE
        yield _with_comment(text, comment(x, alone=not indent), width)
        return
    opening, closing = brackets(x)
    yield [Piece(f"{space}{label}{opening}")]
    for child_name, child in shown_children(x):
        yield from lines(child, child_name, indent + 2)
    yield [Piece(f"{space}{closing}{after}")]


def _text(x: Any) -> str:
    if trees.is_array(x):
        data = trees.data(x)
        kind = "Array" if data.ndim > 2 else ("Vector", "Matrix")[data.ndim - 1]
        more = ",...}" if data.ndim > 2 else "}"
        size = f"{data.shape[0]}-element" if data.ndim == 1 else "×".join(map(str, data.shape))
        return f"{size} {kind}{{{eltype_name(data.dtype)}{more}"
    return PART(x)


PART: Callable[[Any], str] = one_line


def set_part(f: Callable[[Any], str]) -> None:
    """Install a front end's printer for parts on lines of their own."""
    global PART
    PART = f


def totals(x: Any, closing: str) -> Iterator[Line]:
    """The last lines: how many arrays, parameters and bytes."""
    trains = list(trees.parameters(x))
    if len(trains) <= 2:
        yield [Piece(closing)]
        return
    every = list(trees.arrays(x))
    count, size = _count(trains), bytes_text(summary_size(x))
    others = len(every) - len(trains)
    if others <= 0:
        yield [
            Piece(closing.ljust(20)),
            Piece(f"# Total: {len(trains)} arrays, ", GREY),
            Piece(f"{grouped(count)} parameters, {size}."),
        ]
        return
    yield [
        Piece(closing.ljust(10)),
        Piece(f"# Total: {len(trains)} trainable arrays, ", GREY),
        Piece(f"{grouped(count)} parameters,"),
    ]
    rest = grouped(_count(every) - count)
    yield [
        Piece(" " * 10),
        Piece(f"# plus {others} non-trainable, {rest} parameters, summarysize ", GREY),
        Piece(f"{size}."),
    ]


def model_lines(x: Any) -> list[Line]:
    """A model over several lines, with its numbers of parameters."""
    out = list(lines(x))
    if expands(x):
        out[-1:] = totals(x, out[-1][0].text)
    return out


def show_model(x: Any) -> str:
    """A model `x` over several lines, without colours.

    Source: Flux, `show`.
    """
    return "\n".join("".join(p.text for p in line) for line in model_lines(x))
