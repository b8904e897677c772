"""Where and how output appears: colours, the context of printing, other places than the host's."""

from __future__ import annotations

import os
from typing import Any

from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.pipes import PipeEnd, WaitingStream
from juliette.base.streams import open_mode
from juliette.base.strings.values import text_of
from juliette.display.io import (
    IO,
    STDERR,
    STDIN,
    STDOUT,
    IOBuffer,
    IOContext,
    IOStream,
    Text,
    screen,
)
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import KeyError_
from juliette.runtime.modules import Base
from juliette.runtime.streams import MemoryStream
from juliette.syntax.expr import Symbol

_COLORS = {
    "black": 30,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "magenta": 35,
    "cyan": 36,
    "white": 37,
    "light_black": 90,
    "light_red": 91,
    "light_green": 92,
    "light_yellow": 93,
    "light_blue": 94,
    "light_magenta": 95,
    "light_cyan": 96,
    "light_white": 97,
    "gray": 90,
    "grey": 90,
    "normal": 0,
    "default": 39,
}


def styled(text: str, color: Any, styles: dict[str, bool]) -> str:
    """Text between the codes that switch colours and styles on and off."""
    codes = {
        "bold": ("1", "22"),
        "italic": ("3", "23"),
        "underline": ("4", "24"),
        "blink": ("5", "25"),
        "reverse": ("7", "27"),
        "hidden": ("8", "28"),
    }
    before, after = "", ""
    if isinstance(color, Symbol) and color.name in codes:
        before, after = (f"\x1b[{code}m" for code in codes[color.name])
        styles = {**styles, color.name: False}
    elif isinstance(color, int):
        before, after = f"\x1b[38;5;{color}m", "\x1b[39m"
    elif color is None or color.name == "normal":
        before = "\x1b[0m"
    elif color.name in _COLORS:
        before = f"\x1b[{_COLORS[color.name]}m"
        after = "" if color.name == "default" else "\x1b[39m"
    for name in codes:
        if styles.get(name):
            before += f"\x1b[{codes[name][0]}m"
            after = f"\x1b[{codes[name][1]}m{after}"
    return "\n".join(f"{before}{line}{after}" if line else "" for line in text.split("\n"))


@Base.method(
    "printstyled(xs...; bold=false, italic=false, underline=false, blink=false, reverse=false, hidden=false, color=:normal)"
)
def printstyled(*xs: Any, color: Any = None, **styles: bool) -> None:
    """Print in colours and styles where the stream shows them."""
    io: IO = STDOUT
    if xs and isinstance(xs[0], IO):
        io, xs = xs[0], xs[1:]
    text = Text()
    Base.bindings["print"](IO(text, io.context), *xs)
    io.write(styled(text.value(), color, styles) if io.get("color") else text.value())


@Base.method("error_color()", export=False)
def error_color() -> Symbol:
    return Symbol("light_red")


@Base.method("warn_color()", export=False)
def warn_color() -> Symbol:
    return Symbol("yellow")


@Base.method("info_color()", export=False)
def info_color() -> Symbol:
    return Symbol("cyan")


# ---------------------------------------------------------------- context


def context_entries(pairs: Any) -> dict[str, Any]:
    convert = Base.bindings["convert"]
    return {convert(T.Symbol_, p.first).name: p.second for p in pairs}


@Base.method("IOContext(io::IO, pairs::Pair...)")
def io_context(_: Any, io: IO, *pairs: V.Pair) -> IO:
    """A stream with properties that printing looks at.

    ```jldoctest
    julia> show(IOContext(stdout, :compact => true), 1/3)
    0.333333
    ```
    """
    return io.with_(**context_entries(pairs))


def context_field(io: IO, name: str) -> Any:
    """`io.io`: the stream without its properties."""
    if name != "io":
        raise field_error(io, name)
    for plain in (STDOUT, STDERR):
        if io.stream is plain.stream:
            return plain
    return IOBuffer(io.stream) if isinstance(io.stream, MemoryStream) else IOStream(io.stream)


FIELD_HOOKS[IOContext] = context_field


@Base.method("IOContext(io::IO, other::IO)")
def io_context_of(_: Any, io: IO, other: IO) -> IO:
    return io.with_(**other.context)


@Base.method("get(io::IO, key::Symbol, default)")
def context_get(io: IO, key: Symbol, default: Any) -> Any:
    return io.context.get(key.name, default)


@Base.method("getindex(io::IO, key::Symbol)")
def context_getindex(io: IO, key: Symbol) -> Any:
    if key.name not in io.context:
        raise KeyError_(key)
    return io.context[key.name]


@Base.method("haskey(io::IO, key::Symbol)")
def context_haskey(io: IO, key: Symbol) -> bool:
    return key.name in io.context


@Base.method("keys(io::IO)")
def context_keys(io: IO) -> Any:
    return vector([Symbol(k) for k in io.context], T.Symbol_)


@Base.method("in(p::Pair, io::IO)")
def context_in(p: V.Pair, io: IO) -> bool:
    return p.first.name in io.context and Base.bindings["=="](io.context[p.first.name], p.second)


@Base.method("displaysize(io::IO)")
def displaysize(io: IO) -> tuple[int, int]:
    """Rows and columns of what a stream is shown on."""
    return displaysize_default() if io.get("displaysize") is None else screen(io)


@Base.method("displaysize()")
def displaysize_default() -> tuple[int, int]:
    return int(os.environ.get("LINES", 24)), int(os.environ.get("COLUMNS", 80))


@Base.method("unwrapcontext(io::IO)", export=False)
def unwrapcontext(io: IO) -> tuple[IO, Any]:
    return io, io.context


# ---------------------------------------------------------------- elsewhere than to the host


# What the standard streams of the host were before they were redirected.
HOSTS: dict[str, Any] = {}


def redirect(name: str, target: IO) -> None:
    """`redirect_stdout` and its relatives."""

    def during(f: Any, stream: Any) -> Any:
        before = target.stream
        target.stream = stream.stream
        try:
            return f()
        finally:
            target.stream = before

    def from_now_on(stream: Any) -> Any:
        if stream is target:
            # `original = stdout` names the stream of the host.
            target.stream = HOSTS.pop(name, target.stream)
            return stream
        HOSTS.setdefault(name, target.stream)
        target.stream = stream.stream
        return stream

    def to_pipe() -> tuple[IO, IO]:
        ends = PipeEnd(WaitingStream()), PipeEnd(None)
        ends[1].stream = ends[0].stream
        from_now_on(ends[1])
        return ends

    Base.method(f"{name}()")(to_pipe)

    during.__doc__ = f"Call `f` while `{name.removeprefix('redirect_')}` is another stream."
    Base.method(f"{name}(f::Function, io::IO)")(during)
    Base.method(f"{name}(io::IO)")(from_now_on)

    @Base.method(f"{name}(f::Function, path::AbstractString)")
    def during_file(f: Any, path: Any) -> Any:
        io = open_mode(path, "w")
        try:
            return during(f, io)
        finally:
            io.stream.close()


for _name, _target in (
    ("redirect_stdout", STDOUT),
    ("redirect_stderr", STDERR),
    ("redirect_stdin", STDIN),
):
    redirect(_name, _target)


@Base.method("redirect_stdio(f::Function; stdin=nothing, stdout=nothing, stderr=nothing)")
def redirect_stdio(f: Any, *, stdin: Any = None, stdout: Any = None, stderr: Any = None) -> Any:
    """Call `f` while some of the standard streams are others."""
    files: dict[str, IO] = {}
    saved = [(io, io.stream) for io in (STDIN, STDOUT, STDERR)]
    try:
        for io, new, mode in ((STDIN, stdin, "r"), (STDOUT, stdout, "w"), (STDERR, stderr, "w")):
            if new is None:
                continue
            if not isinstance(new, IO):
                # one file for both, where both are named so
                path = text_of(new)
                new = files.get(path) or open_mode(path, mode)
                files[path] = new
            io.stream = new.stream
        return f()
    finally:
        for io, stream in saved:
            io.stream = stream
        for file in files.values():
            file.stream.close()
