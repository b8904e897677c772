"""How streams and the errors of the operating system print."""

from __future__ import annotations

import os
from typing import Any

from juliette.display.io import (
    IO,
    STDERR,
    STDOUT,
    DevNull,
    Input,
    IOBuffer,
    IOContext,
    IOStream,
)
from juliette.display.show import string_of
from juliette.runtime.modules import Base


@Base.method("show(io::IO, b::IOBuffer)")
def show_buffer(io: IO, b: IOBuffer) -> None:
    s = b.stream

    def flag(x: bool) -> str:
        return "true" if x else "false"

    maxsize = "Inf" if s.maxsize is None else s.maxsize
    io.write(
        f"IOBuffer(data=UInt8[...], readable={flag(s.readable)}, writable={flag(s.writable)}, seekable={flag(s.seekable)}, "
        f"append={flag(s.append)}, size={len(s.data)}, maxsize={maxsize}, ptr={s.position + 1}, mark={s.marked})"
    )


@Base.method("show(io::IO, s::IOContext)")
def show_context(io: IO, s: IOContext) -> None:
    """`IOContext(…)` around the stream that it is for."""
    inner = STDOUT if s.stream is STDOUT.stream else STDERR if s.stream is STDERR.stream else None
    kind = (
        IOBuffer if hasattr(s.stream, "maxsize") else IOStream if hasattr(s.stream, "name") else IO
    )
    io.write("IOContext(")
    Base.bindings["show"](io, inner if inner is not None else kind(s.stream))
    io.write(")")


@Base.method("show(io::IO, s::IOStream)")
def show_stream(io: IO, s: IOStream) -> None:
    io.write(f"IOStream(<file {s.stream.name}>)")


@Base.method("show(io::IO, s::Base.TTY)")
def show_terminal(io: IO, s: IO) -> None:
    number = 0 if isinstance(s, Input) else 2 if s is STDERR else 1
    io.write(f"Base.TTY(RawFD({number}) open, 0 bytes waiting)")


@Base.method("show(io::IO, d::Base.DevNull)")
def show_devnull(io: IO, d: DevNull) -> None:
    io.write("Base.DevNull()")


@Base.method("showerror(io::IO, e::SystemError)")
def show_system_error(io: IO, e: Any) -> None:
    more = f" (with {string_of(e.extrainfo)})" if e.extrainfo is not None else ""
    io.write(f"SystemError{more}: {e.prefix}: {os.strerror(e.errnum)}")


@Base.method("showerror(io::IO, e::Base.IOError)")
def show_io_error(io: IO, e: Any) -> None:
    io.write(f"IOError: {e.msg}")


@Base.method("showerror(io::IO, e::EOFError)")
def show_eof(io: IO, e: Any) -> None:
    io.write("EOFError: read end of file")
