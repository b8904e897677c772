"""Files by the numbers of their descriptors, `RawFD`; disks, `diskstat`; the numbers of errors."""

from __future__ import annotations

import errno
import os
from typing import Any

import numpy as np

from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.files import Filesystem, StatStruct, quoted
from juliette.base.streams import io_error, system_error
from juliette.base.strings.values import text_of
from juliette.display.io import IO, IOStream
from juliette.runtime import types as T
from juliette.runtime.modules import Base
from juliette.runtime.streams import FileStream


class RawFD:
    """`RawFD(n)`: an open file, by its number."""

    __slots__ = ("fd",)
    fields = value_fields = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RawFD) and self.fd == other.fd

    def __hash__(self) -> int:
        return hash((RawFD, self.fd))


RawFD_ = T.define("RawFD", module=Base)
RawFD_.typename.fields = RawFD.fields
RawFD_.typename.field_types = (T.Int32,)
T.register_class(RawFD, RawFD_)
Base.const("RawFD", RawFD_)
Base.method("RawFD(fd::Integer)")(lambda _, fd: RawFD(int(fd)))
Base.method("RawFD(fd::RawFD)")(lambda _, fd: fd)
Base.method("show(io::IO, fd::RawFD)")(lambda io, fd: io.write(f"RawFD({fd.fd})"))
Base.method("cconvert(::Type{Int32}, fd::RawFD)")(lambda _, fd: np.int32(fd.fd))
Base.method("stat(fd::RawFD)")(lambda fd: StatStruct(fd.fd, True))


@Base.method("fdio(name::AbstractString, fd::Integer, own::Bool=false)", export=False)
def named_fdio(name: Any, fd: int, own: bool = False) -> IOStream:
    return stream_of(text_of(name), int(fd), own)


@Base.method("fdio(fd::Integer, own::Bool=false)", export=False)
def fdio(fd: int, own: bool = False) -> IOStream:
    """A stream of an open file, by its number; `own` is whether closing it closes the file.

    ```jldoctest
    julia> path = tempname(); write(path, "some text");

    julia> open(path) do io
               read(Base.fdio(fd(io)), String)
           end
    "some text"
    ```
    """
    return stream_of(f"<fd {int(fd)}>", int(fd), own)


@Base.method("open(fd::RawFD)")
def open_raw(fd: RawFD) -> IOStream:
    return stream_of(f"<fd {fd.fd}>", fd.fd, True)


def stream_of(name: str, fd: int, own: bool) -> IOStream:
    try:
        import fcntl

        access = fcntl.fcntl(fd, fcntl.F_GETFL) & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
    except ImportError:
        access = os.O_RDONLY
    except OSError as error:
        raise system_error("fdio", error) from None
    read, write = access != os.O_WRONLY, access != os.O_RDONLY
    file = os.fdopen(fd, "r+b" if read and write else "wb" if write else "rb", closefd=own)
    return IOStream(FileStream(file, name, readable=read, writable=write))


# ---------------------------------------------------------------- disks

_COUNTS = ("ftype", "bsize", "blocks", "bfree", "bavail", "files", "ffree")


class DiskStat:
    """`diskstat(path)`"""

    __slots__ = ("fspare", *_COUNTS)
    fields = (*_COUNTS, "fspare")

    def __init__(self, counts: tuple[int, ...]) -> None:
        for name, n in zip(_COUNTS, counts, strict=True):
            setattr(self, name, np.uint64(n))
        self.fspare = (np.uint64(0),) * 4

    def size(self, name: str) -> int:
        """`total`, `available` or `used`, in bytes."""
        block, blocks, free = (int(getattr(self, n)) for n in ("bsize", "blocks", "bavail"))
        sizes = {"total": block * blocks, "available": block * free}
        return sizes["total"] - sizes["available"] if name == "used" else sizes[name]


DiskStat_ = T.define("Base.Filesystem.DiskStat")
DiskStat_.typename.fields = DiskStat.fields
DiskStat_.typename.field_types = (T.UInt64,) * len(DiskStat.fields)
T.register_class(DiskStat, DiskStat_)
Filesystem.const("DiskStat", DiskStat_)


def disk_field(d: DiskStat, name: str) -> Any:
    if name in ("total", "available", "used"):
        return d.size(name)
    if name not in DiskStat.fields:
        raise field_error(d, name)
    return getattr(d, name)


FIELD_HOOKS[DiskStat] = disk_field


@Base.method("diskstat(path=pwd())")
def diskstat(path: Any = ".") -> DiskStat:
    """How large the disk of a path is, and how much of it is used, in its fields and in bytes.

    ```jldoctest
    julia> d = diskstat();

    julia> d.total == d.used + d.available > 0
    true
    ```
    """
    text = text_of(path)
    try:
        s = os.statvfs(text)
    except OSError as error:
        raise io_error(f"diskstat({quoted(text)})", error) from None
    return DiskStat((0, s.f_frsize, s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree))


@Base.method("show(io::IO, d::Base.Filesystem.DiskStat)")
def show_disk(io: IO, d: DiskStat) -> None:
    sizes = (f"{name}={d.size(name)}" for name in ("total", "used", "available"))
    io.write(f"DiskStat({', '.join(sizes)})")


# ---------------------------------------------------------------- errors

for _number, _name in errno.errorcode.items():
    Base.const(f"UV_{_name}", -_number, export=False)
Base.const("UV_EOF", -4095, export=False)
