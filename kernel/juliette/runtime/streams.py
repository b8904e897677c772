"""Streams of bytes: in memory, in files, from the host's standard input.

What prints writes text; what reads counts bytes. A stream serves both, with Julia's rules for marks and
for the end of the data.
"""

from __future__ import annotations

from typing import Any

from juliette.runtime.errors import ArgumentError, EOFError_
from juliette.runtime.text import from_utf8, utf8


class ByteStream:
    """Base of all streams of bytes."""

    readable = True
    writable = False
    seekable = True
    name = ""

    def __init__(self) -> None:
        self.marked = -1
        self.is_open = True

    # ------------------------------------------------------------ what each kind defines

    def read(self, n: int = -1) -> bytes:
        """At most `n` bytes, or all that are left."""
        raise NotImplementedError

    def peek(self) -> bytes:
        """Some of the bytes that come next; none at the end."""
        raise NotImplementedError

    def write_bytes(self, data: bytes) -> int:
        raise ArgumentError("write failed, the stream is not writeable")

    def tell(self) -> int:
        raise ArgumentError("the stream has no position")

    def seek(self, position: int) -> None:
        raise ArgumentError("the stream has no position")

    def size(self) -> int:
        raise ArgumentError("the stream has no size")

    def close(self) -> None:
        self.is_open = False

    def flush(self) -> None:
        """Write out what is buffered."""

    # ------------------------------------------------------------ what follows

    def write(self, text: str) -> int:
        return self.write_bytes(utf8(text))

    def eof(self) -> bool:
        return not self.peek()

    def read_exactly(self, n: int) -> bytes:
        data = self.read(n)
        if len(data) < n:
            raise EOFError_()
        return data

    def read_until(self, end: bytes, keep: bool) -> bytes:
        """The bytes up to a delimiter, which is taken too."""
        out = bytearray()
        last = end[-1:]
        while True:
            ahead = self.peek()
            if not ahead:
                return bytes(out)
            at = ahead.find(last)
            out += self.read(len(ahead) if at < 0 else at + 1)
            if at >= 0 and out.endswith(end):
                return bytes(out if keep else out[: -len(end)])

    def read_line(self, keep: bool) -> str:
        """The next line; "" at the end."""
        line = self.read_until(b"\n", True)
        if not keep:
            line = line.removesuffix(b"\n").removesuffix(b"\r") if line.endswith(b"\n") else line
        return from_utf8(line)


class MemoryStream(ByteStream):
    """What an `IOBuffer` holds."""

    def __init__(
        self,
        data: bytes = b"",
        *,
        readable: bool = True,
        writable: bool = True,
        append: bool = False,
        maxsize: int | None = None,
    ) -> None:
        super().__init__()
        self.data = bytearray(data)
        self.position = 0
        self.readable = readable
        self.writable = writable
        self.append = append
        self.maxsize = maxsize

    def read(self, n: int = -1) -> bytes:
        if not self.readable:
            raise ArgumentError("read failed, IOBuffer is not readable")
        end = len(self.data) if n < 0 else min(self.position + n, len(self.data))
        found = bytes(self.data[self.position : end])
        self.position = max(end, self.position)
        return found

    def peek(self) -> bytes:
        return bytes(self.data[self.position : self.position + 4096])

    def write_bytes(self, data: bytes) -> int:
        if not self.writable:
            raise ArgumentError("ensureroom failed, IOBuffer is not writeable")
        start = len(self.data) if self.append else self.position
        if self.maxsize is not None:
            data = data[: max(self.maxsize - start, 0)]
        elif start == len(self.data):
            self.data += data
            self.position += 0 if self.append else len(data)
            return len(data)
        if start > len(self.data):
            self.data += bytes(start - len(self.data))
        self.data[start : start + len(data)] = data
        if not self.append:
            self.position = start + len(data)
        return len(data)

    def tell(self) -> int:
        return self.position

    def seek(self, position: int) -> None:
        if not (self.seekable and self.is_open):
            raise ArgumentError("seek failed, IOBuffer is not seekable and is not marked")
        self.position = max(0, min(position, len(self.data)))

    def size(self) -> int:
        return len(self.data)

    def truncate(self, n: int) -> None:
        if not self.writable:
            raise ArgumentError("truncate failed, IOBuffer is not writeable")
        if not self.seekable:
            raise ArgumentError("truncate failed, IOBuffer is not seekable")
        if n < 0:
            raise ArgumentError(f"truncate failed, n bytes must be ≥ 0, got {n}")
        self.data = self.data[:n] + bytes(max(0, n - len(self.data)))
        self.position = min(self.position, n)

    def take(self) -> bytes:
        """All the data; what was taken is gone."""
        data = bytes(self.data)
        if self.writable:
            self.data.clear()
            self.position = 0
        return data

    def close(self) -> None:
        super().close()
        self.data.clear()
        self.position = 0
        self.readable = self.writable = False


class FileStream(ByteStream):
    """A file, or an end of a pipe."""

    def __init__(
        self, file: Any, name: str, *, readable: bool, writable: bool, append: bool = False
    ) -> None:
        super().__init__()
        self.file = file
        self.name = name
        self.readable = readable
        self.writable = writable
        self.append = append

    def _check(self, wanted: bool, what: str) -> None:
        if not self.is_open:
            raise ArgumentError(
                f"{what} failed, IOStream is closed" if what != "stream" else "stream is closed"
            )
        if not wanted:
            raise ArgumentError(
                f"{what} failed, IOStream is not {'readable' if what == 'read' else 'writeable'}"
            )

    def read(self, n: int = -1) -> bytes:
        self._check(self.readable, "read")
        return bytes(self.file.read(n))

    def peek(self) -> bytes:
        if not self.is_open or not self.readable:
            return b""
        if hasattr(self.file, "peek"):
            return bytes(self.file.peek(1))
        at = self.file.tell()
        data = self.file.read(4096)
        self.file.seek(at)
        return bytes(data)

    def write_bytes(self, data: bytes) -> int:
        self._check(self.writable, "write")
        return int(self.file.write(data))

    def tell(self) -> int:
        return int(self.file.tell())

    def seek(self, position: int) -> None:
        self.file.seek(position)

    def size(self) -> int:
        at = self.file.tell()
        end = self.file.seek(0, 2)
        self.file.seek(at)
        return int(end)

    def truncate(self, n: int) -> None:
        self.file.truncate(n)

    def flush(self) -> None:
        if self.is_open:
            self.file.flush()

    def close(self) -> None:
        if self.is_open:
            super().close()
            self.file.close()


class LineInput(ByteStream):
    """The host's standard input, which gives lines of text."""

    def __init__(self, host: Any) -> None:
        super().__init__()
        self.host = host
        self.ahead = b""
        self.ended = False

    def _fill(self) -> None:
        if self.ahead or self.ended:
            return
        try:
            self.ahead = utf8(str(self.host.readline()))
        except EOFError:
            self.ahead = b""
        self.ended = not self.ahead

    def peek(self) -> bytes:
        self._fill()
        return self.ahead

    def read(self, n: int = -1) -> bytes:
        out = bytearray()
        while n < 0 or len(out) < n:
            self._fill()
            if not self.ahead:
                break
            piece = self.ahead if n < 0 else self.ahead[: n - len(out)]
            out += piece
            self.ahead = self.ahead[len(piece) :]
        return bytes(out)


class Nothing(ByteStream):
    """`devnull`: empty to read, and what is written is gone."""

    readable = False
    writable = True

    def read(self, n: int = -1) -> bytes:
        return b""

    def peek(self) -> bytes:
        return b""

    def write_bytes(self, data: bytes) -> int:
        return len(data)
