"""The module Base64."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from juliette.base.streams import byte_vector
from juliette.base.strings.values import text_of
from juliette.base.writing import write
from juliette.display.io import IO, IOBuffer
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base, Module
from juliette.runtime.streams import ByteStream, MemoryStream


class EncodeStream(ByteStream):
    """Encodes what is written; the rest comes when it is closed."""

    writable = True
    readable = False

    def __init__(self, target: IO) -> None:
        super().__init__()
        self.target = target
        self.held = b""

    def write_bytes(self, data: bytes) -> int:
        held = self.held + data
        whole = len(held) // 3 * 3
        self.target.write_bytes(base64.b64encode(held[:whole]))
        self.held = held[whole:]
        return len(data)

    def close(self) -> None:
        if self.is_open:
            super().close()
            self.target.write_bytes(base64.b64encode(self.held))
            self.held = b""


class DecodeStream(MemoryStream):
    """Decodes what its source has when it is first read from."""

    seekable = False

    def __init__(self, source: IO) -> None:
        super().__init__(writable=False)
        self.source: IO | None = source

    def _fill(self) -> None:
        if self.source is not None:
            source, self.source = self.source, None
            self.data += decoded(bytes(Base.bindings["read"](source).data))

    def read(self, n: int = -1) -> bytes:
        self._fill()
        return super().read(n)

    def peek(self) -> bytes:
        self._fill()
        return super().peek()


class EncodePipe(IO):
    """`Base64EncodePipe(io)`"""

    __slots__ = ()


class DecodePipe(IO):
    """`Base64DecodePipe(io)`"""

    __slots__ = ()


def decoded(text: bytes) -> bytes:
    """The bytes that a text encodes; blanks are skipped."""
    plain = b"".join(text.split())
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise ArgumentError("malformed base64 sequence") from None


def load(module: Module) -> None:
    """Fill the module."""
    for cls, name in ((EncodePipe, "Base64EncodePipe"), (DecodePipe, "Base64DecodePipe")):
        t = T.define(name, T.IO_, module=module)
        T.register_class(cls, t)
        module.const(name, t)

    @module.method("Base64EncodePipe(io::IO)")
    def encode_pipe(_: Any, io: IO) -> EncodePipe:
        """What is written to it is written to `io`, encoded."""
        return EncodePipe(EncodeStream(io))

    @module.method("Base64DecodePipe(io::IO)")
    def decode_pipe(_: Any, io: IO) -> DecodePipe:
        """What is read from it is read from `io`, decoded."""
        return DecodePipe(DecodeStream(io))

    @module.method("base64encode(xs...; context=nothing)")
    def base64encode(*xs: Any, context: Any = None) -> str:
        """What `write` writes for the values, in Base64.

        ```jldoctest
        julia> using Base64

        julia> base64encode("Hello!"), base64encode([0x01, 0x02])
        ("SGVsbG8h", "AQI=")
        ```
        """
        buffer = IOBuffer()
        if xs and T.isa(xs[0], T.Function_):
            xs[0](buffer, *xs[1:])
        else:
            for x in xs:
                write(buffer, x)
        return base64.b64encode(bytes(buffer.stream.data)).decode()

    @module.method("base64decode(s::AbstractString)")
    def base64decode(s: Any) -> Any:
        """The bytes that a string encodes.

        ```jldoctest
        julia> using Base64

        julia> String(base64decode("SGVsbG8h"))
        "Hello!"
        ```
        """
        return byte_vector(decoded(text_of(s).encode()))

    @module.method("stringmime(mime, x; context=nothing)")
    def stringmime(mime: Any, x: Any, *, context: Any = None) -> str:
        """The form of a value for a MIME type, as text."""
        shown = Base.bindings["repr"](mime, x)
        if Base.bindings["istextmime"](mime):
            return str(shown)
        return base64.b64encode(bytes(shown.data)).decode()
