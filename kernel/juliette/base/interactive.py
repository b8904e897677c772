"""What helps at the prompt: `varinfo`, `versioninfo`, `clipboard`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from typing import Any

from juliette import __version__
from juliette.base.reflection import summarysize
from juliette.display.io import STDOUT
from juliette.display.show import string_of, summary
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import PACKAGES, SESSION, Base, Module
from juliette.syntax.expr import Symbol


def table(rows: list[tuple[str, str, str]]) -> Any:
    """A Markdown document of one table: name, size and summary of each variable."""
    markdown = PACKAGES["Markdown"]
    markdown.load()
    cells = [vector(list(row), T.Any_) for row in (("name", "size", "summary"), *rows)]
    sides = vector([Symbol(side) for side in "lrl"], T.Symbol_)
    made = markdown.bindings["Table"](vector(cells, T.Any_), sides)
    return markdown.bindings["MD"](vector([made], T.Any_))


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
    units = "KMGTP" if binary else "kMGTP"
    power = 0
    while value >= step and power < len(units):
        value /= step
        power += 1
    unit = units[power - 1]
    return f"{value:.3f} {unit}iB" if binary else f"{value:.1f} {unit}B"


_BY = {
    "name": lambda row: row[0],
    "size": lambda row: -row[3],
    "summary": lambda row: row[2],
}
_VARINFO = "all=false, imported=false, recursive=false, sortby=:name, minsize=0"


@Base.method(f"varinfo(m::Module, pattern::Regex; {_VARINFO})")
def varinfo(
    m: Module,
    pattern: Any,
    *,
    all: bool = False,
    imported: bool = False,
    recursive: bool = False,
    sortby: Any = None,
    minsize: int = 0,
) -> Any:
    """The variables of a module, Main if none is named, whose names the pattern fits."""
    order = "name" if sortby is None else sortby.name
    if order not in _BY:
        raise ArgumentError(
            f"Unrecognized `sortby` value `:{order}`. Possible options are `:name`, `:size`, and `:summary`"
        )
    names, fits = Base.get("names"), Base.get("occursin")
    rows: list[tuple[str, str, str, int]] = []
    waiting = [(m, "")]
    for module, prefix in waiting:
        for symbol in names.call_kw({"all": all, "imported": imported}, module).data.tolist():
            name = symbol.name
            if not (module.has(name) or name in ("Base", "Core")) or not fits(pattern, name):
                continue
            value = module.get(name)
            plain = isinstance(value, Module)
            if recursive and plain and value.parent is module and value.name == name:
                waiting.append((value, f"{prefix}{name}."))
            size = sys.maxsize if plain else int(summarysize(value))
            if size >= minsize:
                text = "" if plain else size_text(size)
                rows.append((prefix + name, text, summary(value), size))
    return table([row[:3] for row in sorted(rows, key=_BY[order])])


@Base.method(f"varinfo(pattern::Regex; {_VARINFO})")
def varinfo_of_main(pattern: Any, **options: Any) -> Any:
    return Base.bindings["varinfo"].call_kw(options, SESSION.main, pattern)


@Base.method(f"varinfo(m::Module; {_VARINFO})")
def varinfo_of_all(m: Module, **options: Any) -> Any:
    return Base.bindings["varinfo"].call_kw(options, m, Base.get("Regex")(""))


@Base.method(f"varinfo(; {_VARINFO})")
def varinfo_of_main_all(**options: Any) -> Any:
    return Base.bindings["varinfo"].call_kw(options, SESSION.main, Base.get("Regex")(""))


@Base.method("versioninfo(io::IO=stdout; verbose=false)")
def versioninfo(io: Any = STDOUT, *, verbose: bool = False) -> None:
    """What is running, and on what; `verbose` tells more of the machine and of its settings."""
    version = Base.get("string")(Base.get("VERSION"))
    lines = [
        f"Julia Version {version}",
        f"Juliette {__version__} on Python {platform.python_version()}",
        "Platform Info:",
        f"  OS: {platform.system()} ({platform.machine()})",
    ]
    if verbose:
        lines.append(f"  uname: {platform.version()}")
    lines.append(f"  CPU: {os.cpu_count()} × {platform.processor() or platform.machine()}")
    if verbose:
        total, free = (Base.get("Sys").get(name)() for name in ("total_memory", "free_memory"))
        lines.append(f"  Memory: {int(total) / 2**30} GB ({int(free) / 2**20} MB free)")
    lines.append(f"  WORD_SIZE: {sys.maxsize.bit_length() + 1}")
    lines.append("Threads: 1")
    told = ("JULIA", "PATH", "FLAG", "HOME") if verbose else ("JULIA",)
    shown = [f"  {k} = {v}" for k, v in os.environ.items() if any(word in k for word in told)]
    if shown:
        lines += ["Environment:", *shown]
    io.write("\n".join(lines) + "\n")


# Programs that put text on the clipboard and fetch it.
_CLIPBOARDS = (
    (("pbcopy",), ("pbpaste",)),
    (("clip",), ("powershell", "-NoProfile", "-Command", "Get-Clipboard")),
    (("wl-copy",), ("wl-paste", "--no-newline")),
    (("xsel", "--input", "--clipboard"), ("xsel", "--output", "--clipboard")),
    (
        ("xclip", "-quiet", "-in", "-selection", "clipboard"),
        ("xclip", "-quiet", "-out", "-selection", "clipboard"),
    ),
)


def _clipboard_commands() -> tuple[tuple[str, ...], tuple[str, ...]]:
    for copy, paste in _CLIPBOARDS:
        if shutil.which(copy[0]) and (
            copy[0] not in ("xsel", "xclip", "wl-copy")
            or os.environ.get("DISPLAY")
            or os.environ.get("WAYLAND_DISPLAY")
        ):
            return copy, paste
    raise ErrorException("no clipboard command found, please install xsel or xclip or wl-clipboard")


@Base.method("clipboard(x)")
def clipboard_copy(x: Any) -> None:
    """Put the text of a value on the clipboard of the desktop."""
    copy, _ = _clipboard_commands()
    subprocess.run(copy, input=string_of(x).encode(), check=False)


@Base.method("clipboard()")
def clipboard_paste() -> str:
    """The text on the clipboard of the desktop."""
    _, paste = _clipboard_commands()
    return subprocess.run(paste, capture_output=True, check=False).stdout.decode("utf-8", "replace")
