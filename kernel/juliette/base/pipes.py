"""Pipes: what is written at one end can be read at the other, by another task or another program.

A task that reads where there is nothing yet lets the others run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from juliette.base.fields import FIELD_HOOKS
from juliette.base.iteration import native_steps
from juliette.base.iterator_sizes import Lazy, SizeUnknown
from juliette.base.streams import readable
from juliette.base.strings.values import text_of
from juliette.display.io import IO, IOBuffer
from juliette.runtime import types as T
from juliette.runtime.array import Array
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base
from juliette.runtime.scheduler import SCHEDULER
from juliette.runtime.streams import ByteStream, MemoryStream
from juliette.runtime.text import utf8

# ---------------------------------------------------------------- in memory


class PipeStream(MemoryStream):
    """A pipe in memory: what was read is gone; it can be read to its end after it was closed."""

    seekable = False

    def __init__(self, data: bytes = b"", maxsize: int | None = None) -> None:
        super().__init__(data, append=True, maxsize=maxsize)

    def read(self, n: int = -1) -> bytes:
        self._await(n)
        found = super().read(n)
        self._forget()
        return found

    def peek(self) -> bytes:
        self._await(1)
        return super().peek()

    def _await(self, n: int) -> None:
        """Wait until there are `n` bytes, or all of them."""

    def _forget(self) -> None:
        if self.marked < 0:
            del self.data[: self.position]
            self.position = 0

    def seek(self, position: int) -> None:
        """A pipe goes back to its mark only."""
        if self.marked < 0:
            super().seek(position)
        if position != self.marked:
            raise ArgumentError("seek failed, IOBuffer is not seekable and n != mark")
        self.position = position

    def close(self) -> None:
        self.is_open = False
        self.writable = False


class WaitingStream(PipeStream):
    """A pipe between tasks: who reads waits for who writes, or for the end."""

    def _await(self, n: int) -> None:
        if SCHEDULER.alone():
            return
        SCHEDULER.until(
            lambda: not self.is_open or 0 < n <= len(self.data) - self.position or SCHEDULER.alone()
        )


class PipeEnd(IO):
    """An end of a pipe."""

    __slots__ = ()


Pipe = T.define("Pipe", T.IO_, module=Base)
T.register_class(PipeEnd, Pipe)
Base.const("Pipe", Pipe)


@Base.method("Pipe()")
def pipe(_: Any) -> PipeEnd:
    """A pipe: what is written to it can be read from it."""
    return PipeEnd(WaitingStream())


def pipe_field(p: PipeEnd, name: str) -> Any:
    if name in ("in", "out"):
        return p
    raise ErrorException(f"type Pipe has no field {name}")


FIELD_HOOKS[PipeEnd] = pipe_field


@Base.method("show(io::IO, p::Pipe)")
def show_pipe(io: IO, p: PipeEnd) -> None:
    state = "open" if p.stream.is_open else "closed"
    io.write(f"Pipe(RawFD(-1) {state} => RawFD(-1) {state}, {len(p.stream.data)} bytes waiting)")


class BufferStream(IO):
    """`Base.BufferStream()`"""

    __slots__ = ()


_buffer_stream = T.define("Base.BufferStream", T.IO_)
T.register_class(BufferStream, _buffer_stream)
Base.const("BufferStream", _buffer_stream, export=False)


@Base.method("BufferStream()")
def buffer_stream(_: Any) -> BufferStream:
    """A pipe between tasks."""
    return BufferStream(WaitingStream())


@Base.method("show(io::IO, s::Base.BufferStream)")
def show_buffer_stream(io: IO, s: BufferStream) -> None:
    open_ = str(s.stream.is_open).lower()
    io.write(f"BufferStream(bytes waiting={len(s.stream.data)}, isopen={open_})")


@Base.method("PipeBuffer(data=nothing; maxsize=nothing)")
def pipe_buffer(data: Any = None, *, maxsize: Any = None) -> IOBuffer:
    """A buffer that is read in the order in which it was written.

    ```jldoctest
    julia> io = PipeBuffer(); print(io, "one two"); readuntil(io, ' '), read(io, String)
    ("one", "two")
    ```
    """
    content = (
        b""
        if data is None
        else bytes(data.data)
        if isinstance(data, Array)
        else utf8(text_of(data))
    )
    return IOBuffer(
        PipeStream(content, None if maxsize is None or maxsize >= 2**63 - 1 else int(maxsize))
    )


@Base.method("closewrite(io::IO)")
def closewrite(io: IO) -> None:
    """Say that no more will be written; what is there can still be read."""
    stream = io.stream
    close = getattr(stream, "close_write", None)
    if close is not None:
        close()
    elif isinstance(stream, PipeStream):
        stream.close()


# ---------------------------------------------------------------- of the operating system


class DescriptorStream(ByteStream):
    """What another program writes, read as it comes."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor
        self.ahead = b""
        self.ended = False

    def fill(self) -> bool:
        """Wait for more; False at the end."""
        if self.ended or not self.is_open:
            return False
        if not SCHEDULER.alone():
            import select

            SCHEDULER.until(lambda: bool(select.select([self.descriptor], [], [], 0)[0]))
        data = os.read(self.descriptor, 65536)
        self.ended = not data
        self.ahead += data
        return not self.ended

    def read(self, n: int = -1) -> bytes:
        while (n < 0 or len(self.ahead) < n) and self.fill():
            pass
        out = self.ahead if n < 0 else self.ahead[:n]
        self.ahead = self.ahead[len(out) :]
        return out

    def peek(self) -> bytes:
        if not self.ahead:
            self.fill()
        return self.ahead

    def close(self) -> None:
        if self.is_open:
            super().close()
            os.close(self.descriptor)


class TwoWay(ByteStream):
    """A program that is written to and read from."""

    writable = True

    def __init__(self, source: ByteStream, target: ByteStream) -> None:
        super().__init__()
        self.source, self.target = source, target

    def read(self, n: int = -1) -> bytes:
        self.target.flush()
        return self.source.read(n)

    def peek(self) -> bytes:
        self.target.flush()
        return self.source.peek()

    def write_bytes(self, data: bytes) -> int:
        return self.target.write_bytes(data)

    def flush(self) -> None:
        self.target.flush()

    def close_write(self) -> None:
        self.target.close()

    def close(self) -> None:
        super().close()
        self.target.close()
        self.source.close()


# ---------------------------------------------------------------- reading by pieces


@Base.method("skipchars(test, io::IO; linecomment=nothing)")
def skipchars(test: Any, io: IO, *, linecomment: Any = None) -> IO:
    """Go on to the first character for which `test` is false.

    ```jldoctest
    julia> io = IOBuffer("   text"); skipchars(isspace, io); read(io, String)
    "text"
    ```
    """
    source = readable(io)
    one = Base.bindings["peek"]
    while source.peek():
        c = one(io, T.Char_)
        if linecomment is not None and c.text == linecomment.text:
            source.read_until(b"\n", True)
        elif test(c) is True:
            source.read(len(utf8(c.text)))
        else:
            break
    return io


class ReadEach(Lazy):
    """`readeach(io, T)`"""

    __slots__ = ("stream", "type")
    fields = ("stream",)

    def __init__(self, stream: IO, type_: Any) -> None:
        self.stream, self.type = stream, type_

    def julia_iterator(self) -> Iterator[Any]:
        source = readable(self.stream)
        one = Base.bindings["read"]
        while not source.eof():
            yield one(self.stream, self.type)

    def size(self) -> Any:
        return SizeUnknown

    def element_type(self) -> Any:
        return self.type


READ_EACH = T.define("Base.ReadEachIterator")
T.register_class(ReadEach, READ_EACH)
Base.const("ReadEachIterator", READ_EACH, export=False)
native_steps("Base.ReadEachIterator")


@Base.method("readeach(io::IO, t::Type)")
def readeach(io: IO, t: Any) -> ReadEach:
    """The values of a type that can be read, one by one.

    ```jldoctest
    julia> collect(readeach(IOBuffer("añ"), Char)) == ['a', 'ñ']
    true
    ```
    """
    return ReadEach(io, t)
