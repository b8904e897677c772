"""Arrays in columns aligned as Julia aligns them, cut to the size of the display."""

from __future__ import annotations

import itertools
from collections.abc import Callable


def alignment(text: str, kind: str) -> tuple[int, int]:
    """Columns left and right of the point of alignment."""
    if kind == "float":
        if text in ("NaN", "missing", "nothing"):
            return len(text), 0
        if text.lstrip("-").startswith("Inf"):
            return len(text) - 1, 1
        for i, c in enumerate(text):
            if c in ".ef":
                return i, len(text) - i
        return len(text), 0
    if kind == "integer":
        return len(text), 0
    if kind == "pair":
        at = text.find(" => ")
        return (at, len(text) - at) if at >= 0 else (0, len(text))
    return 0, len(text)


Cell = Callable[[int, int], tuple[str, int, int]]


def column_widths(
    cells: Cell, rows: list[int], cols: list[int], width: int, sep: int, total: int
) -> list[tuple[int, int]]:
    """Left and right widths of as many of the columns as fit; always of one at least."""
    out: list[tuple[int, int]] = []
    used = 0
    for j in cols:
        left = right = 0
        for i in rows:
            _, a, b = cells(i, j)
            left = max(left, a)
            right = max(right, b)
        out.append((left, right))
        used += left + right
        if len(out) > 1 and used + sep * len(out) >= width:
            used -= sum(out.pop())
            break
    if 1 < len(out) < total:
        while out and used + sep * len(out) >= width:
            used -= sum(out.pop())
    return out


_PRE, _SEP, _HDOTS, _VDOTS, _DDOTS, _EVERY = " ", "  ", "  …  ", "⋮", "  ⋱  ", 5


def _row(cells: Cell, i: int, cols: list[int], widths: list[tuple[int, int]], last: int) -> str:
    """The cells of a row; the last column of the matrix is not padded."""
    out = []
    for j, (left, right) in zip(cols, widths, strict=True):
        text, a, b = cells(i, j)
        out.append(" " * (left - a) + text + ("" if j == last else " " * (right - b)))
    return _SEP.join(out)


def _dots(widths: list[tuple[int, int]], remainder: int, padded: bool = False) -> str:
    """The row that stands for those left out: `⋮` in every fifth column."""
    out = []
    for k, (left, right) in enumerate(widths, 1):
        width = left + right
        if k % _EVERY == remainder:
            before = max(0, left - 1)
            out.append(" " * before + _VDOTS + " " * max(0, width - 1 - before))
        else:
            out.append(" " * width)
    if not padded:
        out[-1] = out[-1].rstrip()
    return _SEP.join(out)


def print_matrix(cells: Cell, m: int, n: int, height: int, width: int, limit: bool) -> str:
    """The body of a matrix display, without the header; no line break at the end."""
    width -= len(_PRE)
    if not limit:
        height, width = m, 10**9
    half = height // 2
    rows = list(range(m))
    if m > height:
        rows = [*range(half), *range(m - (height - 1) // 2, m)]
    possible = width // (1 + len(_SEP))
    first = list(range(min(n, possible)))
    gap = len(_SEP)
    widths = column_widths(cells, rows, first, width, gap, n)
    lines: list[str] = []
    if not rows:
        return _PRE + _VDOTS + ("    " + _DDOTS if n > 1 else "")
    if n <= len(widths):
        for k, i in enumerate(rows):
            lines.append(_PRE + _row(cells, i, first, widths, n - 1))
            if m > height and k == half - 1:
                lines.append(_PRE + _dots(widths, 1))
        return "\n".join(lines)
    space = (width - len(_HDOTS) + 1) // 2 + 1
    backwards = list(range(n - 1, max(-1, n - 1 - possible), -1))
    right = column_widths(cells, rows, backwards, space, gap, n)[::-1]
    space = width - sum(map(sum, right)) - (len(right) - 1) * gap - len(_HDOTS)
    left = column_widths(cells, rows, first, space, gap, n)
    left_cols, right_cols = first[: len(left)], list(range(n - len(right), n))
    for k, i in enumerate(rows):
        middle = _HDOTS if i % _EVERY == 0 else " " * len(_HDOTS)
        front = _row(cells, i, left_cols, left, n - 1)
        lines.append(_PRE + front + middle + _row(cells, i, right_cols, right, n - 1))
        if m > height and k == half - 1:
            under = _dots(right, (len(right) - n + 1) % _EVERY)
            lines.append(_PRE + _dots(left, 1, True) + _DDOTS + under)
    return "\n".join(lines)


def one_line(text: Callable[[tuple[int, ...]], str], shape: tuple[int, ...], limit: bool) -> str:
    """`[1.0 2.0; 3.0 4.0]` and its kin, without the type prefix."""
    if len(shape) == 1:
        n = shape[0]
        if limit and n > 20:
            head = [text((i,)) for i in range(10)]
            tail = [text((i,)) for i in range(n - 10, n)]
            return "[" + ", ".join(head) + "  …  " + ", ".join(tail) + "]"
        return "[" + ", ".join(text((i,)) for i in range(n)) + "]"
    return (
        "["
        + _nested(text, shape, len(shape), (), limit)
        + (";" * len(shape) if shape[-1] == 1 else "")
        + "]"
    )


def _nested(
    text: Callable[[tuple[int, ...]], str],
    shape: tuple[int, ...],
    d: int,
    tail: tuple[int, ...],
    limit: bool,
) -> str:
    if d == 2:
        rows, cols = shape[0], shape[1]

        def pick(n: int) -> list[int]:
            return [*range(2), -1, *range(n - 2, n)] if limit and n > 4 else list(range(n))

        lines = []
        for i in pick(rows):
            if i < 0:
                lines.append("…")
                continue
            lines.append(" ".join("…" if j < 0 else text((i, j, *tail)) for j in pick(cols)))
        return "; ".join(lines).replace("; …; ", "; … ; ")
    length = shape[d - 1]
    parts = []
    for k in range(length):
        if limit and length > 10 and 3 <= k < length - 3:
            if k == 3:
                parts.append("…")
            continue
        parts.append(_nested(text, shape, d - 1, (k, *tail), limit))
    out = parts[0]
    for before, part in itertools.pairwise(parts):
        out += " " if before == "…" else ""
        out += ";" * d + " " + part
    return out
