"""What helps at the prompt: `varinfo`, `versioninfo`."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from juliette import __version__
from juliette.base.reflection import summarysize
from juliette.display.io import IO, STDOUT
from juliette.display.show import summary
from juliette.runtime import types as T
from juliette.runtime.modules import SESSION, Base, Module


class Listing:
    """What `varinfo()` shows: name, size and summary of each variable."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[tuple[str, str, str]]) -> None:
        self.rows = rows


Listing_ = T.define("Markdown.MD")
T.register_class(Listing, Listing_)
Base.const("Listing", Listing_, export=False)


@Base.method('show(io::IO, ::MIME{Symbol("text/plain")}, x::Listing)')
def show_listing(io: IO, _: Any, listing: Listing) -> None:
    """The table, its columns set under their headings."""
    rows = [("name", "size", "summary"), *listing.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"  {n.ljust(widths[0])} {s.rjust(widths[1])} {t}".rstrip() for n, s, t in rows]
    rule = "  " + " ".join("–" * w for w in widths)
    io.write("\n".join([lines[0], rule, *lines[1:]]))


def size_text(n: int) -> str:
    """`40 bytes`, `1.500 KiB`"""
    return format_bytes(n)


@Base.method("format_bytes(bytes; binary=true)", export=False)
def format_bytes(n: Any, *, binary: bool = True) -> str:
    """A number of bytes for people to read.

    ```jldoctest
    julia> Base.format_bytes(1), Base.format_bytes(2_500_000), Base.format_bytes(2_500_000; binary = false)
    ("1 byte", "2.384 MiB", "2.5 MB")
    ```
    """
    step = 1024 if binary else 1000
    if n < step:
        return f"{int(n)} byte{'s' * (n != 1)}"
    value = float(n)
    unit = ""
    for unit in "KMGTP" if binary else "kMGTP":
        value /= step
        if value < step:
            break
    return f"{value:.3f} {unit}iB" if binary else f"{value:.1f} {unit}B"


@Base.method("varinfo(m...)")
def varinfo(*args: Any) -> Listing:
    """The variables of a module, Main if none is named."""
    module = args[0] if args and isinstance(args[0], Module) else SESSION.main
    rows = []
    for name in sorted(s.name for s in Base.get("names")(module).data.tolist()):
        if name not in module.bindings:
            continue
        value = module.bindings[name]
        plain = isinstance(value, Module)
        rows.append((name, "" if plain else size_text(summarysize(value)), summary(value)))
    return Listing(rows)


@Base.method("versioninfo(io...)")
def versioninfo(*args: Any) -> None:
    """What is running, and on what."""
    io = args[0] if args and isinstance(args[0], IO) else STDOUT
    version = Base.get("string")(Base.get("VERSION"))
    io.write(
        f"Julia Version {version}\n"
        f"Juliette {__version__} on Python {platform.python_version()}\n"
        "Platform Info:\n"
        f"  OS: {platform.system()} ({platform.machine()})\n"
        f"  CPU: {os.cpu_count()} × {platform.processor() or platform.machine()}\n"
        f"  WORD_SIZE: {sys.maxsize.bit_length() + 1}\n"
        "Threads: 1\n"
    )
