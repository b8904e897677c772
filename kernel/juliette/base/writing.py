"""Writing to files and other streams."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from juliette.base.iteration import iterate_value
from juliette.base.streams import byte_vector, open_mode, readable
from juliette.base.strings.values import text_of
from juliette.display.io import IO, Terminal
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base
from juliette.runtime.numeric import Complex, Rational
from juliette.runtime.numeric import parts as real_and_imaginary
from juliette.runtime.text import utf8
from juliette.syntax.expr import Symbol


def raw_bytes(x: Any) -> bytes | None:
    """The bytes that `write` writes, or None for what has none."""
    if isinstance(x, str) or hasattr(x, "string"):
        return utf8(text_of(x))
    if isinstance(x, V.Char):
        return utf8(x.text)
    if isinstance(x, Symbol):
        return utf8(x.name)
    if isinstance(x, (complex, np.complexfloating, Complex)):
        return b"".join(raw_bytes(part) or b"" for part in real_and_imaginary(x))
    if isinstance(x, Rational):
        return (raw_bytes(x.num) or b"") + (raw_bytes(x.den) or b"")
    t = T.typeof(x)
    dtype = T.DTYPE_OF.get(t)
    if dtype is not None:
        return np.asarray(x, dtype=dtype).tobytes()
    if isinstance(x, V.BitArray):
        bits = np.packbits(np.asarray(x.data).ravel(order="F"), bitorder="little").tobytes()
        return bits + bytes(-len(bits) % 8)
    if isinstance(x, Array):
        if x.data.dtype != object:
            return np.asarray(x.data).tobytes(order="F")
        parts = [raw_bytes(v) for v in elements(x.data)]
        return None if None in parts else b"".join(parts)  # type: ignore[arg-type]
    if isinstance(x, V.Range):
        return raw_bytes(Base.bindings["collect"](x))
    if T.isa(x, V.RefValue_):
        return raw_bytes(Base.bindings["getindex"](x))
    if T.isa(x, T.AbstractArray):
        each = [raw_bytes(v) for v in iterate_value(x)]
        return None if None in each else b"".join(each)  # type: ignore[arg-type]
    return None


@Base.method("write(io::IO, x)")
def write(io: Any, x: Any) -> int:
    """Write the bytes of a value; says how many there were.

    ```jldoctest
    julia> io = IOBuffer(); write(io, "añ"), write(io, 0x21), write(io, 1.0)
    (3, 1, 8)
    ```
    """
    if isinstance(x, IO):
        return write(io, byte_vector(readable(x).read()))
    data = raw_bytes(x)
    if data is None:
        raise MethodError(Base.bindings["write"], (io, x), None)
    if not isinstance(io, IO):
        one = Base.bindings["write"]
        return sum(int(one(io, np.uint8(b))) for b in data)
    return io.write_bytes(data)


@Base.method("write(io::IO, x, y, zs...)")
def write_many(io: Any, *xs: Any) -> int:
    """Write values one after another; on a terminal each waits for its turn, as output does in Julia."""
    one = Base.bindings["write"]
    tasks = sys.modules.get("juliette.runtime.scheduler") if isinstance(io, Terminal) else None
    count = 0
    for x in xs:
        count += int(one(io, x))
        if tasks is not None:
            tasks.SCHEDULER.yield_()
    return count


@Base.method("write(path::AbstractString, x, ys...)")
def write_path(path: Any, *xs: Any) -> int:
    """Write values to a new file."""
    io = open_mode(path, "w")
    try:
        return sum(Base.bindings["write"](io, x) for x in xs)
    finally:
        io.stream.close()
