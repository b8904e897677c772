"""Streams to print to, with the context that printing looks at."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.runtime import structs
from juliette.runtime import types as T
from juliette.runtime.errors import TypeError_
from juliette.runtime.modules import Base
from juliette.runtime.streams import ByteStream, LineInput, MemoryStream, Nothing
from juliette.runtime.text import from_utf8, utf8
from juliette.syntax.expr import Symbol


class IO:
    """A stream; `context` holds `limit`, `compact`, `typeinfo`, `displaysize`, `color`."""

    __slots__ = ("context", "stream")

    def __init__(self, stream: Any, context: dict[str, Any] | None = None) -> None:
        self.stream = stream
        self.context = context or {}

    def write(self, text: str) -> None:
        self.stream.write(text)

    def write_bytes(self, data: bytes) -> int:
        """Write bytes; a stream of text gets the text that they are."""
        write = getattr(self.stream, "write_bytes", None)
        if write is not None:
            return int(write(data))
        self.stream.write(from_utf8(data))
        return len(data)

    def with_(self, **context: Any) -> IO:
        return context_class(type(self))(self.stream, {**self.context, **context})

    def get(self, key: str, default: Any = None) -> Any:
        return self.context.get(key, default)


class UserIO:
    """What structs under IO are to printing: every byte goes to their own `write(io, b::UInt8)`."""

    __slots__ = ()

    @property
    def context(self) -> dict[str, Any]:
        return {}

    @property
    def stream(self) -> Any:
        return self

    def write(self, text: str) -> int:
        return self.write_bytes(utf8(text))

    def write_bytes(self, data: bytes) -> int:
        one = Base.get("write")
        for b in data:
            one(self, np.uint8(b))
        return len(data)

    def with_(self, **context: Any) -> IO:
        return context_class(type(self))(self, context)

    def get(self, key: str, default: Any = None) -> Any:
        return default


structs.MIXINS[T.IO_] = UserIO


def screen(io: Any) -> tuple[int, int]:
    """The rows and columns that a stream's context tells, or those of a usual terminal."""
    size = io.get("displaysize")
    if size is None:
        return (24, 80)
    if type(size) is tuple and list(map(type, size)) == [int, int]:
        return size
    raise TypeError_(Symbol("typeassert"), "", T.tuple_type((T.Int64, T.Int64)), size)


class IOContext(IO):
    """`IOContext(io, :compact => true)`; there is a class for each kind of stream around."""

    __slots__ = ()


_CONTEXT_CLASSES: dict[type, type[IOContext]] = {}


def context_class(of: type) -> type[IOContext]:
    """The class of an IOContext around a stream of a class: `IOContext{IOBuffer}`."""
    found = _CONTEXT_CLASSES.get(of)
    if found is None:
        found = of if issubclass(of, IOContext) else _new_context_class(of)
        _CONTEXT_CLASSES[of] = found
    return found


def _new_context_class(of: type) -> type[IOContext]:
    t = T.apply_type(T.CORE_TYPES["IOContext"], T.class_type(of)[0])
    if t._pyclass is None:
        T.register_class(type("IOContext", (IOContext,), {"__slots__": ()}), t)
    made: type[IOContext] = t.pyclass
    return made


def within(io: IO, x: Any, **context: Any) -> IO | None:
    """The stream for the parts of `x`; None, and a note in their place, if `x` is a part of itself."""
    outer = io.get("SHOWN_SET", ())
    for distance, shown in enumerate(reversed(outer), 1):
        if shown is x:
            io.write(f"#= circular reference @-{distance} =#")
            return None
    return io.with_(SHOWN_SET=(*outer, x), **context)


class Text:
    """Collects what is written."""

    __slots__ = ("parts", "raw")

    def __init__(self) -> None:
        self.parts: list[str] = []
        # were there bytes, which may make characters only together?
        self.raw = False

    def write(self, text: str) -> None:
        self.parts.append(text)

    def write_bytes(self, data: bytes) -> int:
        self.raw = True
        self.parts.append(from_utf8(data))
        return len(data)

    def flush(self) -> None:
        pass

    def value(self) -> str:
        text = "".join(self.parts)
        return from_utf8(utf8(text)) if self.raw else text


class IOBuffer(IO):
    """`IOBuffer()`"""

    __slots__ = ()
    stream: MemoryStream

    def __init__(self, stream: MemoryStream | None = None) -> None:
        super().__init__(stream if stream is not None else MemoryStream())


class IOStream(IO):
    """What `open` gives."""

    __slots__ = ()
    stream: ByteStream


class DevNull(IO):
    """`devnull`"""

    __slots__ = ()


class Terminal(IO):
    """`stdout` and `stderr`: the stream is the host's."""

    __slots__ = ()


class Input(IO):
    """`stdin`: the stream is the host's."""

    __slots__ = ("source",)

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self.source: Any = None


_TTY = T.define("Base.TTY", T.IO_)
T.register_class(Terminal, _TTY)
T.register_class(Input, _TTY)
T.CORE_TYPES["IOContext"] = T.define("IOContext", T.IO_, [T.TypeVar("IO_t", None, T.IO_)])
T.register_class(IOStream, T.core_type("IOStream", T.IO_))
_DEVNULL = T.define("Base.DevNull", T.IO_)
T.register_class(DevNull, _DEVNULL)
T.register_class(IOBuffer, T.core_type("IOBuffer", T.IO_))
T.register_class(IO, T.CORE_TYPES["IOBuffer"])
Base.const("IOContext", T.CORE_TYPES["IOContext"])
Base.const("IOBuffer", T.CORE_TYPES["IOBuffer"])
Base.const("IOStream", T.CORE_TYPES["IOStream"])
Base.const("TTY", _TTY, export=False)
Base.const("DevNull", _DEVNULL, export=False)


class Sink:
    """Where a Terminal writes until a host says otherwise."""

    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


STDOUT = Terminal(Sink())
STDERR = Terminal(Sink())
STDIN = Input(Sink())
DEVNULL = DevNull(Nothing())
Base.const("stdout", STDOUT)
Base.const("stderr", STDERR)
Base.const("stdin", STDIN)
Base.const("devnull", DEVNULL)


def source_of(io: IO) -> Any:
    """The stream of bytes behind an IO; the host's standard input is made one."""
    stream = io.stream
    if isinstance(stream, ByteStream):
        return stream
    if isinstance(io, Input):
        if io.source is None or io.source.host is not stream:
            io.source = LineInput(stream)
        return io.source
    return stream
