"""Reading and writing: files, buffers in memory, the standard streams.

One short method for each function of the chapter; opening, reading, positions and writing share the
stream behind an IO.
"""

from __future__ import annotations

import copy
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from juliette.base.essentials import exception_constructor
from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.iteration import iterate_value, native_steps
from juliette.base.iterator_sizes import Lazy, SizeUnknown
from juliette.base.strings.values import text_of
from juliette.compiler import support
from juliette.display.io import (
    IO,
    STDIN,
    STDOUT,
    IOBuffer,
    IOStream,
    Terminal,
    source_of,
)
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, make, vector
from juliette.runtime.errors import (
    ArgumentError,
    EOFError_,
    MethodError,
    NoMethod,
    SystemError_,
    _exception,
)
from juliette.runtime.modules import Base, constructors
from juliette.runtime.numeric import Complex, Rational
from juliette.runtime.numeric import parts as real_and_imaginary
from juliette.runtime.streams import ByteStream, FileStream, MemoryStream
from juliette.runtime.text import from_utf8, utf8, width_at
from juliette.syntax.expr import Symbol

IOError_ = _exception("IOError", "msg code")
Base.const("IOError", T.CORE_TYPES["IOError"], export=False)
exception_constructor(IOError_)


def byte_vector(data: bytes) -> Array:
    """A `Vector{UInt8}` of some bytes."""
    return make(np.frombuffer(data, dtype=np.uint8).copy(), T.UInt8)


def system_error(prefix: str, error: OSError) -> SystemError_:
    return SystemError_(prefix, error.errno or 0, None)


def io_error(call: str, error: OSError) -> Any:
    """What Julia throws where the operating system refuses a file operation."""
    number = error.errno or 0
    name = errno.errorcode.get(number, "EUNKNOWN")
    texts = {
        errno.ENOENT: "no such file or directory",
        errno.EEXIST: "file already exists",
        errno.ENOTEMPTY: "directory not empty",
        errno.ENOTDIR: "not a directory",
        errno.EISDIR: "illegal operation on a directory",
        errno.EACCES: "permission denied",
        errno.EPERM: "operation not permitted",
        errno.EINVAL: "invalid argument",
        errno.EXDEV: "cross-device link not permitted",
        errno.ELOOP: "too many symbolic links encountered",
    }
    text = texts.get(number) or os.strerror(number).lower()
    return IOError_(f"{call}: {text} ({name})", -number)


def path_text(x: Any) -> str:
    return text_of(x)


# ---------------------------------------------------------------- opening

_MODES = {
    "r": (True, False, False, False, False),
    "w": (False, True, True, True, False),
    "a": (False, True, True, False, True),
    "r+": (True, True, False, False, False),
    "w+": (True, True, True, True, False),
    "a+": (True, True, True, False, True),
}


def open_file(
    path: str, read: bool, write: bool, create: bool, truncate: bool, append: bool
) -> IOStream:
    flags = os.O_RDWR if read and write else os.O_WRONLY if write else os.O_RDONLY
    flags |= (
        (os.O_CREAT if create else 0)
        | (os.O_TRUNC if truncate else 0)
        | (os.O_APPEND if append else 0)
    )
    try:
        if Path(path).is_dir() and not write:
            raise OSError(errno.EISDIR, "")
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
        mode = "r+b" if read and write else "wb" if write else "rb"
        file = os.fdopen(descriptor, mode)
    except OSError as error:
        raise system_error(f"opening file {Base.bindings['repr'](path)}", error) from None
    if append:
        file.seek(0, 2)
    return IOStream(FileStream(file, path, readable=read, writable=write, append=append))


@Base.method("open(path::AbstractString, mode::AbstractString)")
def open_mode(path: Any, mode: Any) -> IOStream:
    """Open a file: `"r"` to read, `"w"` to write anew, `"a"` to append; with `+` for both."""
    flags = _MODES.get(text_of(mode))
    if flags is None:
        raise ArgumentError(f"invalid open mode: {mode}")
    return open_file(path_text(path), *flags)


@Base.method(
    "open(path::AbstractString; read=nothing, write=nothing, create=nothing, truncate=nothing, append=nothing, lock=true)"
)
def open_flags(
    path: Any,
    *,
    read: Any = None,
    write: Any = None,
    create: Any = None,
    truncate: Any = None,
    append: Any = None,
    lock: bool = True,
) -> IOStream:
    append = bool(append)
    truncate = bool(truncate) if truncate is not None else bool(write and not read and not append)
    write = bool(write) if write is not None else truncate or append
    read = bool(read) if read is not None else not write
    create = bool(create) if create is not None else truncate or append
    return open_file(path_text(path), read, write, create, truncate, append)


@Base.method("open(f::Function, args...; kw...)")
def open_during(f: Any, /, *args: Any, **kw: Any) -> Any:
    """Open, call `f` with the stream, and close it whatever happens.

    ```jldoctest
    julia> path = tempname();

    julia> open(io -> print(io, "two\\nlines"), path, "w");

    julia> open(readlines, path)
    2-element Vector{String}:
     "two"
     "lines"
    ```
    """
    io = Base.bindings["open"].call_kw(kw, *args)
    try:
        return f(io)
    finally:
        Base.bindings["close"](io)


@Base.method(
    "IOBuffer(data...; read=nothing, write=nothing, append=nothing, truncate=nothing, maxsize=typemax(Int), sizehint=nothing)"
)
def io_buffer(
    _: Any,
    *data: Any,
    read: Any = None,
    write: Any = None,
    append: Any = None,
    truncate: Any = None,
    maxsize: Any = None,
    sizehint: Any = None,
) -> IOBuffer:
    """A stream in memory.

    ```jldoctest
    julia> io = IOBuffer();

    julia> write(io, "some ", "text");

    julia> String(take!(io))
    "some text"
    ```
    """
    given = data[0] if data else None
    if isinstance(given, int) and not isinstance(given, bool):
        given, maxsize = None, given
    limit = None if maxsize is None or maxsize >= 2**63 - 1 else int(maxsize)
    if given is None:
        readable = True if read is None else bool(read)
        writable = True if write is None else bool(write)
        return IOBuffer(
            MemoryStream(readable=readable, writable=writable, append=bool(append), maxsize=limit)
        )
    content = bytes(given.data) if isinstance(given, Array) else utf8(text_of(given))
    writable = bool(write) if write is not None else bool(append or truncate)
    stream = MemoryStream(
        b"" if truncate else content,
        readable=True if read is None else bool(read),
        writable=writable,
        append=bool(append),
        maxsize=limit,
    )
    return IOBuffer(stream)


def buffer_field(io: IOBuffer, name: str) -> Any:
    """The fields of Base's `IOBuffer` that programs look at."""
    stream = io.stream
    if name == "data":
        return make(np.frombuffer(bytes(stream.data), np.uint8).copy(), T.UInt8)
    known = {
        "size": len(stream.data),
        "ptr": stream.position + 1,
        "mark": stream.marked,
        "readable": stream.readable,
        "writable": stream.writable,
        "seekable": stream.seekable,
        "append": stream.append,
        "maxsize": 2**63 - 1 if stream.maxsize is None else stream.maxsize,
    }
    if name not in known:
        raise field_error(io, name)
    return known[name]


FIELD_HOOKS[IOBuffer] = buffer_field


@Base.method("close(io::IO)")
def close(io: IO) -> None:
    """Close a stream."""
    if isinstance(io.stream, ByteStream):
        io.stream.close()


@Base.method("isopen(io::IO)")
def isopen(io: IO) -> bool:
    """Is a stream open?"""
    return getattr(io.stream, "is_open", True)


@Base.method("isreadable(io::IO)")
def isreadable(io: IO) -> bool:
    """Can a stream be read?"""
    source = source_of(io)
    return isinstance(source, ByteStream) and source.readable and source.is_open


@Base.method("iswritable(io::IO)")
def iswritable(io: IO) -> bool:
    """Can a stream be written to?"""
    stream = io.stream
    return (
        (stream.writable and stream.is_open) if isinstance(stream, ByteStream) else io is not STDIN
    )


@Base.method("isreadonly(io::IO)")
def isreadonly(io: IO) -> bool:
    """Can a stream be read, but not written to?"""
    return isreadable(io) and not iswritable(io)


@Base.method("flush(io::IO)")
def flush(io: IO) -> None:
    """Write out what is buffered."""
    getattr(io.stream, "flush", lambda: None)()


# ---------------------------------------------------------------- reading


def readable(io: Any) -> ByteStream:
    """The stream of bytes to read from."""
    if io is STDIN:
        flush(STDOUT)
    source = source_of(io)
    if not isinstance(source, ByteStream):
        raise ArgumentError("read failed, the stream is not readable")
    return source


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
    t = a.eltype
    values = [read_value(io, t) for _ in range(a.data.size)]
    a.data[...] = vector(values, t).data.reshape(a.data.shape, order="F")
    return a


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


# ---------------------------------------------------------------- positions


@Base.method("position(io::IO)")
def position(io: IO) -> int:
    """How many bytes from its start a stream is."""
    return source_of(io).tell()


@Base.method("seek(io::IO, n::Integer)")
def seek(io: IO, n: int) -> IO:
    """Go to a position, counted in bytes from 0."""
    source_of(io).seek(n)
    return io


@Base.method("seekstart(io::IO)")
def seekstart(io: IO) -> IO:
    """Go to the start."""
    return seek(io, 0)


@Base.method("seekend(io::IO)")
def seekend(io: IO) -> IO:
    """Go to the end."""
    source = source_of(io)
    source.seek(source.size())
    return io


@Base.method("skip(io::IO, n::Integer)")
def skip(io: IO, n: int) -> IO:
    """Go forward by `n` bytes."""
    source = source_of(io)
    source.seek(source.tell() + n)
    return io


@Base.method("truncate(io::IO, n::Integer)")
def truncate(io: IO, n: int) -> IO:
    """Make a file or buffer `n` bytes long."""
    source_of(io).truncate(n)
    return io


@Base.method("mark(io::IO)")
def mark(io: IO) -> int:
    """Remember the position, for `reset`."""
    source = source_of(io)
    source.marked = source.tell()
    return source.marked


@Base.method("unmark(io::IO)")
def unmark(io: IO) -> bool:
    """Forget the mark; says whether there was one."""
    source = source_of(io)
    had, source.marked = source.marked >= 0, -1
    return had


@Base.method("ismarked(io::IO)")
def ismarked(io: IO) -> bool:
    """Is there a mark?"""
    return source_of(io).marked >= 0


@Base.method("reset(io::IO)")
def reset(io: IO) -> int:
    """Go back to the mark, and forget it."""
    source = source_of(io)
    if source.marked < 0:
        raise ArgumentError(f"{T.type_string(T.typeof(io))} not marked")
    at, source.marked = source.marked, -1
    source.seek(at)
    return at


@Base.method("fd(io::IO)")
def fd(io: IO) -> int:
    """The number of a file's descriptor."""
    file = getattr(source_of(io), "file", None)
    if file is None:
        raise NoMethod("no file belongs to it")
    return int(file.fileno())


@Base.method("take!(io::IOBuffer)")
def take(io: IOBuffer) -> Array:
    """All that is in a buffer, which is empty afterwards."""
    return byte_vector(io.stream.take())


@Base.method("copy(io::IOBuffer)")
def copy_buffer(io: IOBuffer) -> IOBuffer:
    """A buffer with the same bytes, at the same position.

    ```jldoctest
    julia> a = IOBuffer("text"); skip(a, 2); b = copy(a);

    julia> read(a, String), read(b, String)
    ("xt", "xt")
    ```
    """
    stream = copy.copy(io.stream)
    stream.data = bytearray(io.stream.data)
    return IOBuffer(stream)


@Base.method("take!(io::IOContext)")
def take_context(io: IO) -> Array:
    return byte_vector(io.stream.take())


# ---------------------------------------------------------------- writing


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
    if isinstance(x, (Array, V.BitArray)):
        if x.data.dtype != object:
            return np.asarray(x.data).tobytes(order="F")
        parts = [raw_bytes(v) for v in elements(x.data)]
        return None if None in parts else b"".join(parts)  # type: ignore[arg-type]
    if isinstance(x, V.Range):
        return raw_bytes(Base.bindings["collect"](x))
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
