"""The module CRC32c: Castagnoli's checksum."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from juliette.base.strings.values import is_string, text_of
from juliette.display.io import IO
from juliette.runtime.modules import Base, Module
from juliette.runtime.text import utf8

_POLYNOMIAL = 0x82F63B78


@functools.cache
def table() -> list[int]:
    """What each byte does to the checksum."""
    out = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (_POLYNOMIAL if n & 1 else 0)
        out.append(n)
    return out


def checksum(data: bytes, crc: int = 0) -> Any:
    step = table()
    crc ^= 0xFFFFFFFF
    for b in data:
        crc = step[(crc ^ b) & 0xFF] ^ crc >> 8
    return np.uint32(crc ^ 0xFFFFFFFF)


def load(module: Module) -> None:
    """Fill the module."""

    @module.method("crc32c(data, crc::UInt32=0x00000000)")
    def crc32c(data: Any, crc: Any = 0) -> Any:
        """The checksum of bytes, a string or a stream, going on from an earlier one.

        ```jldoctest
        julia> using CRC32c

        julia> crc32c("123456789"), crc32c("6789", crc32c("12345"))
        (0xe3069283, 0xe3069283)
        ```
        """
        if isinstance(data, IO):
            data = Base.bindings["read"](data)
        content = utf8(text_of(data)) if is_string(data) else np.asarray(data.data).tobytes()
        return checksum(content, int(crc))

    @module.method("crc32c(io::IO, nb::Integer, crc::UInt32=0x00000000)")
    def crc32c_some(io: IO, nb: Any, crc: Any = 0) -> Any:
        """The checksum of the next `nb` bytes of a stream."""
        return checksum(np.asarray(Base.bindings["read"](io, nb).data).tobytes(), int(crc))
