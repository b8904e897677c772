"""Streams to print to, with the context that printing looks at."""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime.modules import Base
from juliette.syntax.expr import Symbol


class IO:
    """An output stream; `context` holds `limit`, `compact`, `typeinfo`, `displaysize`, `color`."""

    __slots__ = ("context", "stream")

    def __init__(self, stream: Any, context: dict[str, Any] | None = None) -> None:
        self.stream = stream
        self.context = context or {}

    def write(self, text: str) -> None:
        self.stream.write(text)

    def with_(self, **context: Any) -> IO:
        return IOContext(self.stream, {**self.context, **context})

    def get(self, key: str, default: Any = None) -> Any:
        return self.context.get(key, default)


class IOContext(IO):
    """`IOContext(io, :compact => true)`"""

    __slots__ = ()


class Text:
    """Collects what is written."""

    __slots__ = ("parts",)

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        self.parts.append(text)

    def flush(self) -> None:
        pass

    def value(self) -> str:
        return "".join(self.parts)


class IOBuffer(IO):
    """`IOBuffer()`"""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(Text())


class Terminal(IO):
    """`stdout` and `stderr`: the stream is the host's."""

    __slots__ = ()


_TTY = T.define("Base.TTY", T.IO_)
T.register_class(IO, _TTY)
T.register_class(Terminal, T.define("Base.TTY", T.IO_))
T.register_class(IOContext, T._core("IOContext", T.IO_))
T.register_class(IOBuffer, T._core("IOBuffer", T.IO_))
Base.const("IOContext", T.CORE_TYPES["IOContext"])
Base.const("IOBuffer", T.CORE_TYPES["IOBuffer"])


class Sink:
    """Where a Terminal writes until a host says otherwise."""

    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


STDOUT = Terminal(Sink())
STDERR = Terminal(Sink())
STDIN = Terminal(Sink())
Base.const("stdout", STDOUT)
Base.const("stderr", STDERR)
Base.const("stdin", STDIN)


def context_value(io: IO, key: Symbol, default: Any) -> Any:
    return io.get(key.name, default)
