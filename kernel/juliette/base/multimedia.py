"""Displays: who shows a value, and in which of its forms.

A display is any value of a type under `AbstractDisplay` for which `display(d, x)` is defined. The
host's own is at the bottom of the stack; code may push others on top of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from juliette.display import show as printing
from juliette.display.io import IO, STDOUT, Text
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.values import MIME

# What a front end can use besides plain text, the best first.
RICH = (
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/html",
    "text/markdown",
    "text/latex",
    "application/json",
)

AbstractDisplay = T.define("AbstractDisplay", T.Any_, abstract=True, module=Base)
Base.const("AbstractDisplay", AbstractDisplay)


class Html:
    """`HTML(s)`: shown as the HTML that `s` is."""

    __slots__ = ("content",)
    fields = ("content",)

    def __init__(self, content: Any) -> None:
        self.content = content


class PlainText:
    """`Text(s)`: shown as `s` itself, without quotes."""

    __slots__ = ("content",)
    fields = ("content",)

    def __init__(self, content: Any) -> None:
        self.content = content


def _wrapper(name: str, python: type) -> None:
    """A type with one parameter, the type of its content."""
    family = T.sub_family(name, "T", lambda t: T.Any_)
    body = T.unwrap(family).typename
    body.fields, body.field_types, body.ninitialized = ("content",), (body.params[0],), 1
    T.register_instances(python, lambda x: T.apply_type(family, T.typeof(x.content)), family)
    Base.const(name, family)


_wrapper("HTML", Html)
_wrapper("Text", PlainText)


@Base.method("HTML(content)")
def html(family: Any, content: Any) -> Html:
    """Mark a text as HTML."""
    return Html(content)


@Base.method("Text(content)")
def text(family: Any, content: Any) -> PlainText:
    """Mark a text as one to be shown as it is."""
    return PlainText(content)


@Base.method('show(io::IO, m::MIME"text/html", x::HTML)')
def show_html(io: IO, mime: MIME, x: Html) -> None:
    """The HTML itself."""
    io.write(printing.string_of(x.content))


@Base.method("show(io::IO, x::Text)")
def show_text(io: IO, x: PlainText) -> None:
    """The text itself."""
    io.write(printing.string_of(x.content))


@Base.macro("html_str")
def html_str(context: Any, content: str) -> Any:
    """`html"<b>…</b>"`"""
    return Html(content)


@Base.macro("text_str")
def text_str(context: Any, content: str) -> Any:
    """`text"…"`"""
    return PlainText(content)


@Base.method("istextmime(m::MIME)")
@Base.method("istextmime(m::AbstractString)")
def istextmime(m: Any) -> bool:
    """Whether a form is text.

    ```jldoctest
    julia> istextmime("image/png")
    false
    ```
    """
    name = m.name if isinstance(m, MIME) else str(m)
    return name.startswith("text/") or name in _TEXT_FORMS


_TEXT_FORMS = {
    "application/atom+xml",
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/julia",
    "application/postscript",
    "application/rdf+xml",
    "application/rss+xml",
    "application/x-latex",
    "application/xhtml+xml",
    "application/xml",
    "application/xml-dtd",
    "image/svg+xml",
    "model/vrml",
    "model/x3d+vrml",
    "model/x3d+xml",
}


@Base.method("showable(m::MIME, x)")
def showable(m: MIME, x: Any) -> bool:
    """Whether a value has a form.

    ```jldoctest
    julia> showable(MIME("text/html"), 1)
    false
    ```
    """
    if m.name == "text/plain":
        return True
    found = printing.SHOW.matching((T.typeof(STDOUT), T.typeof(m), T.dispatch_type(x)))
    return any(method.builtin is not printing.show_long for method in found)


@Base.method("showable(m::AbstractString, x)")
def showable_by_name(m: str, x: Any) -> bool:
    """Whether a value has a form, named by a string."""
    return showable(MIME(m), x)


def form(mime: MIME, x: Any, size: tuple[int, int]) -> str:
    """A value in one form: text as it is, bytes in base 64, as front ends want them."""
    if mime.name != "text/plain" and type(x) is str:
        return x
    if istextmime(mime):
        target = Text()
        printing.SHOW(IO(target, {"limit": True, "displaysize": size}), mime, x)
        return target.value()
    if T.subtype(T.typeof(x), T.AbstractArray):
        return base64.b64encode(bytes(x.data)).decode()
    buffer = Base.get("IOBuffer")()
    Base.get("show")(buffer, mime, x)
    return base64.b64encode(bytes(Base.get("take!")(buffer).data)).decode()


def rich_forms(x: Any, size: tuple[int, int]) -> dict[str, str]:
    """The forms besides plain text that a value has."""
    return {name: form(MIME(name), x, size) for name in RICH if showable(MIME(name), x)}


# ---------------------------------------------------------------- the stack


class Host:
    """The display of whoever runs the session: a notebook, a terminal, a script."""

    __slots__ = ("clear", "forms", "interactive", "show")

    def __init__(self) -> None:
        # Shows a value by itself, or a bundle of chosen forms; set by the session.
        self.show: Callable[[Any], None] = _print
        self.forms: Callable[[dict[str, str]], None] | None = None
        self.clear: Callable[[bool], None] | None = None
        self.interactive = False


def _print(x: Any) -> None:
    """Where nobody else shows values, they are printed."""
    size = (24, 80)
    STDOUT.write(printing.long_text(x, limit=True, displaysize=size) + "\n")


HostDisplay = T.define("HostDisplay", AbstractDisplay, module=Base)
T.register_class(Host, HostDisplay)
Base.const("HostDisplay", HostDisplay, export=False)


@Base.type("TextDisplay <: AbstractDisplay")
class TextDisplay:
    """`TextDisplay(io)`: prints values to a stream."""

    __slots__ = ("io",)
    fields = ("io",)

    def __init__(self, io: IO) -> None:
        self.io = io


@Base.method("TextDisplay(io::IO)")
def text_display(family: Any, io: IO) -> TextDisplay:
    """A display that prints to a stream."""
    return TextDisplay(io)


HOST = Host()
STACK: list[Any] = [HOST]


def set_host(
    show: Callable[[Any], None],
    forms: Callable[[dict[str, str]], None] | None = None,
    clear: Callable[[bool], None] | None = None,
    *,
    interactive: bool = False,
) -> None:
    """Say how the host shows values, chosen forms of them, and clears what it has shown."""
    HOST.show, HOST.forms, HOST.clear, HOST.interactive = show, forms, clear, interactive


@Base.method("isinteractive()")
def isinteractive() -> bool:
    """Whether somebody sits at a prompt or a notebook."""
    return HOST.interactive


def reset() -> None:
    """Only the host's display is left."""
    STACK[:] = [HOST]


@Base.method("pushdisplay(d::AbstractDisplay)")
def pushdisplay(d: Any) -> None:
    """Put a display on top of the stack."""
    STACK.append(d)


@Base.method("popdisplay()")
def popdisplay() -> Any:
    """Take the topmost display off the stack."""
    if len(STACK) < 2:
        raise ArgumentError("popdisplay: only the host's own display is left")
    return STACK.pop()


@Base.method("popdisplay(d::AbstractDisplay)")
def popdisplay_this(d: Any) -> Any:
    """Take a display off the stack."""
    for at in range(len(STACK) - 1, 0, -1):
        if STACK[at] is d:
            return STACK.pop(at)
    raise KeyError(d)


def display(x: Any) -> None:
    """Ask the displays from the top, until one takes the value."""
    _ask((x,))


def _ask(arguments: tuple[Any, ...]) -> None:
    """Call `display(d, …)` for each display, going on while it has no method for the value."""
    function = Base.get("display")
    for d in reversed(STACK):
        try:
            function(d, *arguments)
        except MethodError as error:
            if error.f is function and error.args and error.args[0] is d:
                continue
            raise
        return
    raise MethodError(function, arguments, None)


@Base.method("display(d::HostDisplay, x)")
def display_on_host(d: Host, x: Any) -> None:
    """The host shows it."""
    d.show(x)


@Base.method("display(d::HostDisplay, m::MIME, x)")
def display_form_on_host(d: Host, m: MIME, x: Any) -> None:
    """The host shows one form of it."""
    if m.name != "text/plain" and type(x) is not str and not showable(m, x):
        raise MethodError(printing.SHOW, (STDOUT, m, x), None)
    if d.forms is not None:
        d.forms({m.name: form(m, x, (30, 80))})
    elif m.name == "text/plain":
        d.show(x)
    else:
        raise MethodError(Base.get("display"), (d, m, x), None)


@Base.method("display(m::MIME, x)")
def display_form(m: MIME, x: Any) -> None:
    """Show a value in a given form."""
    _ask((m, x))


@Base.method("display(m::AbstractString, x)")
def display_form_by_name(m: str, x: Any) -> None:
    """Show a value in a form named by a string."""
    _ask((MIME(m), x))


@Base.method("display(d::AbstractDisplay, m::AbstractString, x)")
def display_form_by_name_on(d: Any, m: str, x: Any) -> None:
    """Show a value in a form named by a string, on a given display."""
    Base.get("display")(d, MIME(m), x)


@Base.method("display(d::TextDisplay, x)")
def display_as_text(d: TextDisplay, x: Any) -> None:
    """Print the value."""
    printing.SHOW(d.io, printing.PLAIN, x)
    d.io.write("\n")


@Base.method("redisplay(x)")
def redisplay(x: Any) -> None:
    """Show a value again; a display may show only the last of several."""
    display(x)


@Base.method("displayable(m::MIME)")
def displayable(m: MIME) -> bool:
    """Whether some display shows a form."""
    return HOST.forms is not None or m.name == "text/plain"


@Base.method("displayable(m::AbstractString)")
def displayable_by_name(m: str) -> bool:
    """Whether some display shows a form named by a string."""
    return displayable(MIME(m))


printing.DISPLAY = display
