"""How sparse arrays print: small ones as tables with dots, large ones as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.display.array_show import marks, matrix_text, size_text
from juliette.display.io import screen
from juliette.runtime import types as T
from juliette.runtime.array import elements
from juliette.runtime.modules import Base
from juliette.stdlib.sparse_arrays.kinds import MATRIX, columns_of
from juliette.stdlib.sparse_arrays.parts import findnz, nnz


@Base.method("summary(io::IO, A::SparseArrays.AbstractSparseArray)")
@Base.method(f"summary(io::IO, A::{MATRIX})")
def summary(io: Any, a: Any) -> None:
    n = nnz(a)
    entries = "entry" if n == 1 else "entries"
    kind = T.type_string(T.typeof(a))
    io.write(f"{size_text(a.shape)} {kind} with {n} stored {entries}")


@Base.method(f'show(io::IO, m::MIME"text/plain", A::{MATRIX})')
def show_matrix(io: Any, mime: Any, a: Any) -> None:
    summary(io, a)
    m, n = a.shape
    if not (m and n):
        return
    rows, cols = screen(io)
    if max(m, n) < 16:
        inner = io.with_(typeinfo=a.eltype)
        if io.get("compact") is None and n > 1:
            inner = inner.with_(compact=True)
        limit = bool(io.get("limit"))
        io.write(":\n" + matrix_text(a.data, inner, rows - 4, cols, limit, marks(a)))
    else:
        io.write(":\n" + braille(a, rows - 4, cols // 2, bool(io.get("limit", True))))


_DOTS = (0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80)


def nearest(places: Any, new: int, old: int) -> Any:
    """Where places (from 0) among `old` are among `new`, counted from 1 for rounding as Julia's."""
    scale = max(1, new - 1) / max(1, old - 1)
    return np.rint(places * scale + 1).astype(int) - 1


def braille(a: Any, height: int, width: int, limit: bool) -> str:
    """The pattern of a large matrix in Braille dots, between brackets."""
    m, n = a.shape
    tall, wide = m, n
    if limit and (m > 4 * height or n > 2 * width):
        s = min(2 * width / n, 4 * height / m)
        tall, wide = int(s * m), int(s * n)
    tall, wide = max(tall, 8), max(wide, 4)
    rows, cols = (tall - 1) // 4 + 1, (wide - 1) // 2 + 1
    grid = np.full((rows, cols), 0x2800)
    columns = columns_of(a)
    i, j = nearest(columns.indices, tall, m), nearest(columns.columns, wide, n)
    for p, q in zip(i.tolist(), j.tolist(), strict=True):
        grid[p // 4, q // 2] |= _DOTS[(q % 2) * 4 + p % 4]
    lines = []
    for k, row in enumerate(grid):
        left, right = ("⎡", "⎤") if k == 0 else ("⎣", "⎦") if k == rows - 1 else ("⎢", "⎥")
        lines.append(left + "".join(map(chr, row)) + right)
    return "\n".join(lines)


@Base.method('show(io::IO, m::MIME"text/plain", v::SparseArrays.SparseVector)')
def show_vector(io: Any, mime: Any, v: Any) -> None:
    summary(io, v)
    index = v.nzind.data.tolist()
    if not index:
        return
    io.write(":")
    rows, _ = screen(io)
    pad = len(str(index[-1]))
    count = len(index)
    half = (rows - 8) // 2 if io.get("limit") else count + 1
    inner = io.with_(typeinfo=v.eltype)
    if io.get("compact") is None:
        inner = inner.with_(compact=True)
    values = elements(v.csc.data)
    for k in range(1, count + 1):
        if k < half or k > count - half:
            io.write(f"\n  [{index[k - 1]:<{pad}}]  =  ")
            Base.bindings["show"](inner, values[k - 1])
        elif k == half:
            io.write("\n   " + " " * pad + "   ⋮")


@Base.method("show(io::IO, A::SparseArrays.SparseMatrixCSC)")
def show_matrix_short(io: Any, a: Any) -> None:
    i, j, v = findnz(a)
    text = ", ".join(Base.bindings["repr"](x) for x in (i, j, v))
    io.write(f"sparse({text}, {a.m}, {a.n})")


@Base.method("show(io::IO, v::SparseArrays.SparseVector)")
def show_vector_short(io: Any, v: Any) -> None:
    i, x = findnz(v)
    io.write(f"sparsevec({Base.bindings['repr'](i)}, {Base.bindings['repr'](x)}, {v.n})")
