"""Files, buffers in memory and the standard streams: opening, closing, positions."""

from __future__ import annotations

import copy
import errno
import os
from pathlib import Path
from typing import Any

import numpy as np

from juliette.base.essentials import exception_constructor
from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.strings.values import text_of
from juliette.display.io import IO, STDIN, STDOUT, IOBuffer, IOStream, source_of
from juliette.runtime import types as T
from juliette.runtime.array import Array, make
from juliette.runtime.errors import ArgumentError, NoMethod, SystemError_, _exception
from juliette.runtime.modules import Base
from juliette.runtime.streams import ByteStream, FileStream, MemoryStream
from juliette.runtime.text import utf8

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


def readable(io: Any) -> ByteStream:
    """The stream of bytes to read from."""
    if io is STDIN:
        flush(STDOUT)
    source = source_of(io)
    if not isinstance(source, ByteStream):
        raise ArgumentError("read failed, the stream is not readable")
    return source


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
    if source.seekable:
        source.seek(source.size())
    else:
        source.read(-1)
    return io


@Base.method("skip(io::IO, n::Integer)")
def skip(io: IO, n: int) -> IO:
    """Go forward by `n` bytes."""
    source = source_of(io)
    if source.seekable:
        source.seek(source.tell() + n)
    else:
        source.read(n)
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
    at = source.marked
    source.seek(at)
    source.marked = -1
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
