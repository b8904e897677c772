"""Reading from files and other streams: bytes, values, lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.iteration import iterate_value, native_steps
from juliette.base.iterator_sizes import Lazy, SizeUnknown
from juliette.base.streams import byte_vector, open_mode, readable
from juliette.base.strings.values import text_of
from juliette.compiler import support
from juliette.display.io import IO, STDIN, IOBuffer
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.errors import EOFError_, MethodError
from juliette.runtime.modules import Base, constructors
from juliette.runtime.streams import ByteStream, MemoryStream
from juliette.runtime.text import from_utf8, utf8, width_at


@Base.method("read(io::IO)")
def read(io: IO) -> Array:
    """All bytes that are left."""
    return byte_vector(readable(io).read())


@Base.method("read(io::IO, n::Integer; all=true)")
def read_some(io: IO, n: int, *, all: bool = True) -> Array:
    """At most `n` bytes."""
    return byte_vector(readable(io).read(n))


@Base.method("read(io::IO, t::Type)")
def read_value(io: IO, t: Any) -> Any:
    """A value of a type: `String` for all that is left, `Char`, or a number in its bytes.

    ```jldoctest
    julia> read(IOBuffer("añb"), String)
    "añb"

    julia> io = IOBuffer("añb"); (read(io, UInt8), read(io, Char))
    (0x61, 'ñ')
    ```
    """
    source = readable(io)
    if t is T.String:
        return from_utf8(source.read())
    if t is T.Char_:
        return read_char(source)
    dtype = T.DTYPE_OF.get(t)
    if dtype is None:
        raise MethodError(Base.bindings["read"], (io, t), None)
    data = source.read_exactly(dtype.itemsize)
    found = np.frombuffer(data, dtype=dtype)[0]
    return found.item() if t in (T.Int64, T.Float64, T.Bool) else found


def read_char(source: ByteStream) -> V.Char:
    first = source.read_exactly(1)
    n = width_at(first + b"\x80\x80\x80", 0)
    ahead = source.peek()
    take = 0
    while take < min(n - 1, len(ahead)) and ahead[take] & 0xC0 == 0x80:
        take += 1
    text = from_utf8(first + source.read(take))
    return next(iterate_value(text))


@Base.method("read(path::AbstractString, args...)")
def read_path(path: Any, *args: Any) -> Any:
    """The content of a file."""
    return with_file(path, lambda io: Base.bindings["read"](io, *args))


def with_file(path: Any, f: Any) -> Any:
    io = open_mode(path, "r")
    try:
        return f(io)
    finally:
        io.stream.close()


@Base.method("read!(io::IO, a::AbstractArray)")
def read_into(io: IO, a: Any) -> Any:
    """Fill an array with values that are read."""
    t = Base.bindings["eltype"](a)
    if not isinstance(a, Array):
        set_ = Base.bindings["setindex!"]
        for i in iterate_value(Base.bindings["eachindex"](a)):
            set_(a, read_value(io, t), i)
        return a
    values = [read_value(io, t) for _ in range(a.data.size)]
    a.data[...] = vector(values, t).data.reshape(a.data.shape, order="F")
    return a


@Base.method("read!(io::IO, r::Ref)")
def read_into_ref(io: IO, r: Any) -> Any:
    Base.bindings["setindex!"](r, read_value(io, Base.bindings["eltype"](r)))
    return r


@Base.method("readbytes!(io::IO, b::AbstractVector, n::Integer)")
def readbytes_into(io: IO, b: Any, n: int) -> int:
    """Read at most `n` bytes into a vector, which grows if it must; says how many there were."""
    data = np.frombuffer(readable(io).read(n), dtype=np.uint8)
    if len(data) > b.data.size:
        b.data, b._buffer = data.copy(), None
    else:
        b.data[: len(data)] = data
    return len(data)


@Base.method("readbytes!(io::IO, b::AbstractVector)")
def readbytes_full(io: IO, b: Any) -> int:
    return readbytes_into(io, b, int(b.data.size))


@Base.method("readavailable(io::IO)")
def readavailable(io: IO) -> Array:
    """The bytes that are there without waiting."""
    source = readable(io)
    return byte_vector(source.read(len(source.peek())))


@Base.method("bytesavailable(io::IO)")
def bytesavailable(io: IO) -> int:
    """How many bytes can be read without waiting."""
    source = readable(io)
    return source.size() - source.tell() if isinstance(source, MemoryStream) else len(source.peek())


@Base.method("readline(io::IO=stdin; keep=false)")
def readline(io: IO = STDIN, *, keep: bool = False) -> str:
    """The next line, without its line break unless `keep`.

    ```jldoctest
    julia> io = IOBuffer("first\\nsecond");

    julia> readline(io), readline(io; keep = true), readline(io)
    ("first", "second", "")
    ```
    """
    return readable(io).read_line(keep)


@Base.method("readline(path::AbstractString; keep=false)")
def readline_path(path: Any, *, keep: bool = False) -> str:
    return with_file(path, lambda io: readline(io, keep=keep))


def lines_of(source: ByteStream, keep: bool) -> Iterator[str]:
    while not source.eof():
        yield source.read_line(keep)


@Base.method("readlines(io::IO=stdin; keep=false)")
def readlines(io: IO = STDIN, *, keep: bool = False) -> Array:
    """All lines that are left, as a vector."""
    return vector(list(lines_of(readable(io), keep)), T.String)


@Base.method("readlines(path::AbstractString; keep=false)")
def readlines_path(path: Any, *, keep: bool = False) -> Array:
    return with_file(path, lambda io: readlines(io, keep=keep))


class EachLine(Lazy):
    """`eachline(io)`"""

    __slots__ = ("keep", "ondone", "stream")
    fields = ("stream", "ondone", "keep")

    def __init__(self, stream: Any, keep: bool, ondone: Any = None) -> None:
        self.stream, self.keep, self.ondone = stream, keep, ondone

    def julia_iterator(self) -> Iterator[str]:
        yield from lines_of(readable(self.stream), self.keep)
        if self.ondone is not None:
            self.ondone()

    def size(self) -> Any:
        return SizeUnknown

    def element_type(self) -> Any:
        return T.String


T.register_class(EachLine, T.define("Base.EachLine"))
Base.const("EachLine", T.typeof(EachLine(None, False)), export=False)
native_steps("EachLine")


@Base.method("eachline(io::IO=stdin; keep=false)")
def eachline(io: Any = STDIN, *, keep: bool = False) -> EachLine:
    """The lines one after the other, read as they are wanted.

    ```jldoctest
    julia> for line in eachline(IOBuffer("a\\nb"))
               println(line, '!')
           end
    a!
    b!
    ```
    """
    return EachLine(io, keep)


@Base.method("eachline(path::AbstractString; keep=false)")
def eachline_path(path: Any, *, keep: bool = False) -> EachLine:
    io = open_mode(path, "r")
    return EachLine(io, keep, lambda: Base.bindings["close"](io))


def construct_each_line(kwargs: dict[str, Any], _: Any, stream: Any = STDIN) -> EachLine:
    """`Base.EachLine(stream; keep = false, ondone = () -> nothing)`"""
    return EachLine(stream, kwargs.get("keep", False), kwargs.get("ondone"))


_MADE = constructors(T.typeof(EachLine(None, False)))
support._builtin(
    _MADE,
    T.tuple_type([T.Type_, T.CORE_TYPES["IO"]]),
    lambda t, io: EachLine(io, False),
    ("stream",),
)
_MADE.methods[-1].kwcall = construct_each_line


def delimiter_bytes(delim: Any) -> bytes:
    if isinstance(delim, V.Char):
        return utf8(delim.text)
    if isinstance(delim, Array):
        return bytes(delim.data)
    return bytes([int(delim)]) if isinstance(delim, (int, np.integer)) else utf8(text_of(delim))


@Base.method("readuntil(io::IO, delim; keep=false)")
def readuntil(io: IO, delim: Any, *, keep: bool = False) -> Any:
    """What comes before a delimiter; the delimiter is taken too.

    ```jldoctest
    julia> readuntil(IOBuffer("key=value"), '=')
    "key"
    ```
    """
    data = readable(io).read_until(delimiter_bytes(delim), keep)
    return (
        from_utf8(data)
        if isinstance(delim, (str, V.Char)) or hasattr(delim, "string")
        else byte_vector(data)
    )


@Base.method("readuntil(path::AbstractString, delim; keep=false)")
def readuntil_path(path: Any, delim: Any, *, keep: bool = False) -> Any:
    return with_file(path, lambda io: readuntil(io, delim, keep=keep))


@Base.method("readchomp(x)")
def readchomp(x: Any) -> str:
    """All of it as a string, without a line break at the end."""
    return Base.bindings["read"](x, T.String).removesuffix("\n").removesuffix("\r")


@Base.method("countlines(io; eol='\\n')")
def countlines(io: Any, *, eol: Any = None) -> int:
    """How many lines there are."""
    if not isinstance(io, IO):
        return with_file(io, lambda f: countlines(f, eol=eol))
    data = readable(io).read()
    end = utf8(eol.text) if eol is not None else b"\n"
    return data.count(end) + (not data.endswith(end) and bool(data))


@Base.method("eof(io::IO)")
def eof(io: IO) -> bool:
    """Is there nothing more to read?"""
    return readable(io).eof()


@Base.method("peek(io::IO, t::Type=UInt8)")
def peek(io: IO, t: Any = T.UInt8) -> Any:
    """The next value, which stays to be read."""
    source = readable(io)
    ahead = source.peek()
    if not ahead:
        raise EOFError_()
    return read_value(IOBuffer(MemoryStream(ahead, writable=False)), t)
