"""Arrays in columns aligned as Julia aligns them, cut to the size of the display."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_NUMBER = re.compile(r"^([-+]?\d[^.eEf]*|NaN|-?In)((?:[.eEf].*)?f?)$", re.S)


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


def column_widths(cells: Cell, rows: list[int], cols: list[int], width: int, sep: int) -> list[tuple[int, int]]:
    """Left and right widths of as many columns as fit."""
    out: list[tuple[int, int]] = []
    total = 0
    for j in cols:
        left = right = 0
        for i in rows:
            _, a, b = cells(i, j)
            left = max(left, a)
            right = max(right, b)
        total += left + right + sep
        out.append((left, right))
        if total > width:
            out.pop()
            break
    return out


def print_matrix(cells: Cell, m: int, n: int, height: int, width: int, limit: bool) -> str:
    """The body of a matrix display, without the header; no line break at the end."""
    pre, sep = " ", "  "
    width -= len(pre)
    if not limit:
        height, width = m + n + 10, 10**9
    rows = list(range(m))
    halfheight = height // 2
    top, bottom = rows, []
    if m > height:
        top, bottom = rows[:halfheight], rows[m - (height - 1) // 2 :]
    shown = top + bottom
    maxcol = min(n, width // (1 + len(sep)) + 1)
    widths = column_widths(cells, shown, list(range(min(n, maxcol))), width, len(sep))
    lines: list[str] = []

    def row(i: int, cols: list[int], ws: list[tuple[int, int]], last: bool) -> str:
        out = []
        for k, (j, (left, right)) in enumerate(zip(cols, ws, strict=True)):
            text, a, b = cells(i, j)
            tail = "" if last and k == len(cols) - 1 else " " * (right - b)
            out.append(" " * (left - a) + text + tail)
        return sep.join(out)

    def dots(ws: list[tuple[int, int]], start: int, width_mod: int = 5, pad_first: int = 0) -> str:
        out = []
        for k, (left, right) in enumerate(ws):
            w = left + right
            if (k + start) % width_mod == 0:
                before = max(left - 1, 0) if left else 0
                before = left - 1 if left > 0 else 0
                out.append(" " * before + "⋮" + " " * (w - before - 1))
            else:
                out.append(" " * w)
        return sep.join(out)

    if len(widths) == n:
        cols = list(range(n))
        for i in top:
            lines.append(pre + row(i, cols, widths, True))
        if bottom:
            lines.append(pre + dots(widths, 0))
            for i in bottom:
                lines.append(pre + row(i, cols, widths, True))
        return "\n".join(line if line.strip("⋮ ") or True else line for line in lines)
    hdots = "  …  "
    ddots = "  ⋱  "
    right_ws = column_widths(cells, shown, list(range(n - 1, max(-1, n - 1 - maxcol), -1)), (width - len(hdots)) // 2, len(sep))
    right_ws = right_ws[::-1]
    used = sum(a + b for a, b in right_ws) + len(sep) * (len(right_ws) - 1)
    left_ws = column_widths(cells, shown, list(range(maxcol)), width - used - len(hdots), len(sep))
    left_cols = list(range(len(left_ws)))
    right_cols = list(range(n - len(right_ws), n))
    for pos, i in enumerate(top):
        middle = hdots if i % 5 == 0 else " " * len(hdots)
        lines.append(pre + row(i, left_cols, left_ws, False) + middle + row(i, right_cols, right_ws, True))
    if bottom:
        lines.append(pre + dots(left_ws, 0) + ddots + dots(right_ws, (-right_cols[0]) % 5 * -1 + right_cols[0]))
        for i in bottom:
            middle = hdots if i % 5 == 0 else " " * len(hdots)
            lines.append(pre + row(i, left_cols, left_ws, False) + middle + row(i, right_cols, right_ws, True))
    return "\n".join(lines)


def one_line(text: Callable[[tuple[int, ...]], str], shape: tuple[int, ...], limit: bool) -> str:
    """`[1.0 2.0; 3.0 4.0]` and its kin, without the type prefix."""
    if len(shape) == 0:
        return "fill(" + text(()) + ")"
    if len(shape) == 1:
        n = shape[0]
        if limit and n > 20:
            head = [text((i,)) for i in range(10)]
            tail = [text((i,)) for i in range(n - 10, n)]
            return "[" + ", ".join(head) + "  …  " + ", ".join(tail) + "]"
        return "[" + ", ".join(text((i,)) for i in range(n)) + "]"
    return "[" + _nested(text, shape, len(shape), (), limit) + (";;" if shape[1] == 1 and len(shape) == 2 else "") + "]"


def _nested(
    text: Callable[[tuple[int, ...]], str], shape: tuple[int, ...], d: int, tail: tuple[int, ...], limit: bool
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
            cells = ["…" if j < 0 else text((i, j, *tail)) for j in pick(cols)]
            lines.append(" ".join(cells))
        return "; ".join(lines).replace("; …; ", " … ; ")
    return (";" * d + " ").join(
        _nested(text, shape, d - 1, (k, *tail), limit) for k in range(shape[d - 1])
    )
