"""The `show` methods: one line, and `text/plain` for the prompt and notebooks; `print` and `string`.

They stay together: printing is showing but for a few types, and both ask the same tables which.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from juliette.compiler import support
from juliette.display.io import IO, STDOUT, IOBuffer, Terminal, Text, UserIO, context_class, within
from juliette.display.numbers import complex_text, float_text, number_text, plain_text
from juliette.display.strings import char_description, char_text, quoted, string_long
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import JuliaException
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import UNSIGNED, Irrational, Rational, Rational_, parts
from juliette.runtime.structs import Primitive
from juliette.runtime.text import from_utf8
from juliette.runtime.type_names import alias_note, own_string, set_shown
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

PLAIN = V.MIME("text/plain")
if "=>" not in Base.bindings:
    Base.const("=>", V.Pair_)


def show(io: IO, x: Any) -> None:
    """The one-line form, through the user's own methods if there are any."""
    SHOW(io, x)


def one_line(x: Any, **context: Any) -> str:
    text = Text()
    show(IO(text, context), x)
    return text.value()


def long_text(x: Any, **context: Any) -> str:
    text = Text()
    SHOW(context_class(Terminal)(text, context), PLAIN, x)
    return text.value()


# ---------------------------------------------------------------- scalars


@Base.method("show(io::IO, x::CoreReal)")
def show_number(io: IO, x: Any) -> None:
    known = io.get("typeinfo")
    typed = not io.get("compact") and not (isinstance(x, np.floating) and known is T.typeof(x))
    if type(x) is bool and known is T.Bool:
        io.write("1" if x else "0")
        return
    io.write(number_text(x, compact=bool(io.get("compact")), typed=typed))


@Base.method("show(io::IO, x::Rational)")
def show_rational(io: IO, x: Any) -> None:
    io.write(number_text(x.num))
    known = io.get("typeinfo")
    if isinstance(known, T.UnionType):
        known = T.union(*(t for t in known.types if t is not T.Nothing and t is not V.Missing_))
    if (
        x.den != 1
        or not isinstance(known, T.JuliaType)
        or known is T.Bottom
        or not T.subtype(known, Rational_)
    ):
        io.write(f"//{number_text(x.den)}")


@Base.method("show(io::IO, z::Complex)")
def show_complex(io: IO, z: Any) -> None:
    re, im = parts(z)
    if type(re) is bool:
        io.write("im" if im and not re else f"Complex({number_text(re)},{number_text(im)})")
        return

    def part(x: Any) -> str:
        return one_line(x, **io.context)

    io.write(complex_text(part(re), im, part, bool(io.get("compact"))))


@Base.method("show(io::IO, x::AbstractString)")
def show_string(io: IO, x: Any) -> None:
    io.write(quoted(x if isinstance(x, str) else string_of(x)))


@Base.method("show(io::IO, x::AbstractChar)")
def show_char(io: IO, x: V.Char) -> None:
    io.write(char_text(x))


def show_char_long(io: IO, mime: Any, x: V.Char) -> None:
    io.write(char_text(x) + ("" if io.get("compact") else char_description(x)))


@Base.method("show(io::IO, x::Symbol)")
def show_symbol(io: IO, x: Symbol) -> None:
    io.write(symbol_text(x))


def symbol_text(x: Symbol) -> str:
    from juliette.syntax.names import (
        KEYWORDS,
        PRECEDENCE,
        SYNTACTIC,
        UNARY,
        is_name_part,
        is_name_start,
    )

    n = x.name
    if (n and is_name_start(n[0]) and all(map(is_name_part, n)) and n not in KEYWORDS) or (
        n in KEYWORDS and n not in ("true", "false")
    ):
        return ":" + n
    if n in PRECEDENCE or n in UNARY or n in SYNTACTIC:
        return f":({n})" if n in (":", "::", ":=", "=", "==", "===", "=>") else ":" + n
    return f"Symbol({quoted(n)})"


@Base.method("show(io::IO, x::Nothing)")
def show_nothing(io: IO, x: None) -> None:
    io.write("nothing")


@Base.method("show(io::IO, x::Missing)")
def show_missing(io: IO, x: Any) -> None:
    io.write("missing")


@Base.method("show(io::IO, x::AbstractIrrational)")
def show_irrational(io: IO, x: Irrational) -> None:
    io.write(x.name)


@Base.method("show(io::IO, x::Module)")
def show_module(io: IO, x: Module) -> None:
    io.write(".".join(x.path))


@Base.method("show(io::IO, t::Type)")
def show_type(io: IO, t: Any) -> None:
    io.write(own_string(t))


class TypeShows:
    """The user's `show` methods for types, which also write them inside of other types' names."""

    def __init__(self) -> None:
        self.known = False
        self.any = False
        # while an error is told, which such a method may have thrown, it may throw again
        self.telling = False

    @contextlib.contextmanager
    def errors_told(self) -> Iterator[None]:
        """Write types as they are where the user's methods throw."""
        before, self.telling = self.telling, True
        try:
            yield
        finally:
            self.telling = before

    def forget(self) -> None:
        """A method of `show` was added."""
        self.known = False

    def __call__(self, t: Any) -> str | None:
        if not self.known:
            self.known = True
            self.any = any(
                len(m.parameters) == 2
                and T.intersects(m.parameters[1], T.Type_)
                and m.parameters[1] is not T.Any_
                for m in SHOW.user_methods
            )
            SHOW.watch(None, self.forget)
        if not self.any or not SHOW.user_matches((T.CORE_TYPES["IOBuffer"], T.type_of_type(t))):
            return None
        try:
            return one_line(t)
        except Exception:
            if self.telling:
                return None
            raise


TYPE_SHOWS = TypeShows()
set_shown(TYPE_SHOWS)


# ---------------------------------------------------------------- containers


def joined(io: IO, items: Any, opening: str, closing: str, single: str = "") -> None:
    io.write(opening)
    items = list(items)
    for i, v in enumerate(items):
        if i:
            io.write(", ")
        show(io, v)
    if len(items) == 1:
        io.write(single)
    io.write(closing)


@Base.method("show(io::IO, t::Tuple)")
def show_tuple(io: IO, t: tuple[Any, ...]) -> None:
    known = io.get("typeinfo")
    if known is not None and known is T.typeof(t) and t:
        io.write("(")
        for i, (v, kind) in enumerate(zip(t, known.parameters, strict=True)):
            io.write(", " if i else "")
            show(io.with_(typeinfo=kind), v)
        io.write(",)" if len(t) == 1 else ")")
        return
    joined(io.with_(typeinfo=None), t, "(", ")", ",")


@Base.method("show(io::IO, t::NamedTuple)")
def show_named_tuple(io: IO, t: V.NamedTuple) -> None:
    if not t.names:
        io.write("NamedTuple()")
        return
    from juliette.display.expressions import name_text

    known = io.get("typeinfo")
    if type(t) is V.DeclaredNamedTuple:
        show(io, t.declared)
        io.write("(")
        show(io, t.values)
        io.write(")")
        return
    told = known is not None and known is T.typeof(t)
    kinds = known.parameters[1].parameters if told else (None,) * len(t.names)
    io.write("(")
    for i, (n, v, kind) in enumerate(zip(t.names, t.values, kinds, strict=True)):
        if i:
            io.write(", ")
        io.write(f"{name_text(n)} = ")
        show(io.with_(typeinfo=kind), v)
    io.write(",)" if len(t.names) == 1 else ")")


def is_delimited(io: IO, x: Any) -> bool:
    """Does it print as one piece, which needs no parentheses beside `=>`?"""
    if isinstance(x, V.Pair):
        return isinstance(x, V.DeclaredPair) and io.get("typeinfo") is not x.declared
    return not (isinstance(x, GenericFunction) and not x.name[:1].isidentifier())


def pair_contexts(io: IO, p: V.Pair) -> tuple[IO, IO]:
    """The streams for the two sides of a pair, which know what its type says of them."""
    known = io.get("typeinfo")
    kinds = known.parameters if known is not None and known is T.typeof(p) else (None, None)
    return io.with_(typeinfo=kinds[0]), io.with_(typeinfo=kinds[1])


@Base.method("show(io::IO, p::Pair)")
def show_pair(io: IO, p: V.Pair) -> None:
    if is_delimited(io, p):
        joined(io.with_(typeinfo=None), p, T.type_string(T.typeof(p)) + "(", ")")
        return
    arrow = "=>" if io.get("compact") else " => "
    for side, inner, sep in zip(p, pair_contexts(io, p), (arrow, ""), strict=True):
        delimited = is_delimited(inner, side)
        io.write("" if delimited else "(")
        show(inner, side)
        io.write(("" if delimited else ")") + sep)


@Base.method("show(io::IO, r::Ref)")
def show_ref(io: IO, r: V.Ref) -> None:
    io.write(f"Base.RefValue{{{T.type_string(r.eltype)}}}(")
    if hasattr(r, "x"):
        show(io, r.x)
    else:
        io.write("#undef")
    io.write(")")


@Base.method("show(io::IO, r::Base.RefArray)")
def show_ref_array(io: IO, r: V.RefArray) -> None:
    io.write(T.type_string(T.typeof(r)) + "(")
    show(io, r.x)
    io.write(f", {r.i}, nothing)")


@Base.method("print(io::IO, m::MIME)")
def print_mime(io: IO, m: V.MIME) -> None:
    io.write(m.name)


@Base.method("show(io::IO, m::MIME)")
def show_mime(io: IO, m: V.MIME) -> None:
    io.write(f"MIME type {m.name}")


@Base.method("show(io::IO, x)")
def show_any(io: IO, x: Any) -> None:
    """Print a value in one line."""
    if isinstance(x, (Expr, QuoteNode, LineNumberNode, GlobalRef)):
        from juliette.display.expressions import quoted_expression

        io.write(quoted_expression(x, io.context))
        return
    if isinstance(x, IO):
        io.write(T.type_string(T.typeof(x)) + "(...)")
        return
    hook = SHOW_HOOKS.get(type(x)) or next(
        (SHOW_HOOKS[c] for c in type(x).__mro__ if c in SHOW_HOOKS), None
    )
    if hook is not None:
        hook(io, x, False)
        return
    show_default(io, x)


@Base.method("show_default(io::IO, x)", export=False)
def show_default(io: IO, x: Any) -> None:
    """The type and the fields of a value that has no form of its own: `Point(1, 2)`."""
    t = T.typeof(x)
    if isinstance(x, Primitive):
        io.write(f"{T.type_string(t)}(0x{x.bits:0{t.typename.primitive_bits // 4}x})")
        return
    fields = t.fields if isinstance(t, T.DataType) else ()
    texts = _plain_fields(io, x, fields)
    if texts is not None:
        io.write(f"{T.type_string(t)}({', '.join(texts)})")
        return
    io.write(T.type_string(t) + "(")
    inner = within(io, x, typeinfo=None) if fields else io
    for i, f in enumerate(fields):
        if inner is None:
            break
        if i:
            io.write(", ")
        if hasattr(x, f):
            show(inner, getattr(x, f))
        else:
            io.write("#undef")
    io.write(")")


def _plain_fields(io: IO, x: Any, fields: tuple[str, ...]) -> list[str] | None:
    """The fields as they are shown, if the form of none depends on the context or on the user's methods."""
    known = literals()
    out = []
    for f in fields:
        value = getattr(x, f, UNDEF)
        text = known.get(type(value))
        if text is None:
            if type(value) is not float or io.get("compact") or not _plain(float):
                return None
            text = float_text
        out.append(text(value))
    return out


# How values from Python libraries print: f(io, x, long).
SHOW_HOOKS: dict[type, Any] = {}

# ---------------------------------------------------------------- arrays

_IMPLIED = (T.Float64, T.Int64, T.String, T.Char_, T.Symbol_)


def _implied(eltype: Any) -> bool:
    """Do the elements, as they are shown, say the element type?"""
    return _by_literals(eltype) or (eltype is not T.Bottom and IMPLICIT(eltype) is True)


def _by_literals(eltype: Any) -> bool:
    if eltype in _IMPLIED:
        return True
    if isinstance(eltype, T.DataType):
        if eltype.typename is T.unwrap(T.Array_).typename:
            return _implied(eltype.parameters[0])
        if eltype.typename is T.TUPLE_NAME:
            return eltype.concrete and all(map(_implied, eltype.parameters))
        if eltype.typename.name in ("Pair", "Dict") and eltype.concrete:
            return all(map(_implied, eltype.parameters))
        if eltype.typename.name == "NamedTuple" and eltype.concrete:
            return all(map(_implied, eltype.parameters[1].parameters))
        if eltype in (T.Nothing, V.Missing_) or eltype.typename.singleton is not None:
            return True
        known = eltype.typename.make_class is not None or T.subtype(eltype, T.Function_)
        return eltype.concrete and not eltype.fields and known
    return False


@Base.method("typeinfo_implicit(t::Type)", export=False)
def typeinfo_implicit(t: Any) -> bool:
    """Does each value of the type say its type when it is shown? Extend it for types of your own."""
    return _by_literals(t)


IMPLICIT = Base.bindings["typeinfo_implicit"]


def summary(x: Any) -> str:
    """`summary(x)`, through the methods of Julia's function."""
    return Base.bindings["summary"](x)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- long forms


@Base.method("show(io::IO, m::MIME, x)")
def show_long(io: IO, mime: V.MIME, x: Any) -> None:
    """The form for a MIME type; `text/plain` is what the prompt shows."""
    if mime.name != "text/plain":
        from juliette.runtime.errors import MethodError

        raise MethodError(SHOW, (io, mime, x), None)
    if isinstance(x, V.Char):
        show_char_long(io, mime, x)
    elif isinstance(x, str):
        io.write(string_long(x, io))
    elif isinstance(x, Irrational):
        io.write(f"{x.name} = {str(x.value)[:15]}...")
    elif isinstance(x, T.JuliaType):
        show_type_long(io, x)
    elif isinstance(x, JuliaException):
        show(io, x)
    else:
        hook = SHOW_HOOKS.get(type(x)) or next(
            (SHOW_HOOKS[c] for c in type(x).__mro__ if c in SHOW_HOOKS), None
        )
        if hook is not None:
            hook(io, x, True)
        else:
            show(io, x)


def show_type_long(io: IO, t: Any) -> None:
    io.write(T.type_string(t) + alias_note(t))
    if isinstance(t, T.DataType) and isinstance(t.typename.singleton, GenericFunction):
        io.write(f" (singleton type of function {t.typename.singleton.name}, subtype of Function)")


T.set_value_text(lambda x: one_line(x))


SHOW: GenericFunction = Base.bindings["show"]


@Base.method("show(io::IO, mime::AbstractString, x)")
def show_as(io: IO, mime: Any, x: Any) -> None:
    """The form for a MIME type that is named by a string."""
    SHOW(io, V.MIME(str(mime)), x)


@Base.method("show(x)")
def show_stdout(x: Any) -> None:
    show(STDOUT, x)


# ---------------------------------------------------------------- printing


def print_value(io: Any, x: Any) -> None:
    """`print(io, x)`"""
    if isinstance(x, str):
        io.write(str(x))
    elif isinstance(x, V.Char):
        io.write(x.text)
    elif isinstance(x, Symbol):
        io.write(x.name)
    elif isinstance(x, np.floating):
        io.write(plain_text(x))
    elif isinstance(x, (Expr, QuoteNode, LineNumberNode, GlobalRef)):
        from juliette.display.expressions import expression_text

        io.write(expression_text(x))
    elif T._TYPE_OF_CLASS.get(type(x)) in UNSIGNED:
        io.write(plain_text(x))
    elif T.isa(x, T.Function_) and not _shown_by_user(x):
        from juliette.display.functions import print_function

        print_function(io, x)
    elif isinstance(x, Rational):
        io.write(f"{plain_text(x.num)}//{plain_text(x.den)}")
    elif T.isa(x, T.AbstractString):
        io.write(
            x.julia_text()
            if hasattr(x, "julia_text")
            else "".join(c.text for c in support.iterate(x))
        )
    else:
        show(io, x)


@Base.method("print(xs...)")
def print_(*xs: Any) -> None:
    """Write values in plain form."""
    if xs and isinstance(xs[0], (IO, UserIO)):
        io, xs = xs[0], xs[1:]
    else:
        io = STDOUT
    texts: list[str] = []  # of strings and numbers in a row, which are written at once
    for x in xs:
        cls = type(x)
        text = _TEXTS.get(cls)
        if text is not None and (cls is not float or not io.context) and _plain(cls):
            texts.append(text(x))
            continue
        if texts:
            io.write("".join(texts))
            texts.clear()
        if cls in PRINT_OWN or PRINT_USER:
            PRINT(io, x) if (PRINT._pending or len(PRINT.methods) > 1) and _has_print(
                x
            ) else print_value(io, x)
        else:
            print_value(io, x)
    if texts:
        io.write("".join(texts))


PRINT: GenericFunction = Base.bindings["print"]
PRINT_OWN: set[type] = set()
PRINT_USER = True


# How values of the plainest classes are printed where no method of the user's is in between.
_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    int: int.__repr__,
    float: float_text,
    V.Char: attrgetter("text"),
    Symbol: attrgetter("name"),
}


# How values are shown whose form depends on no context.
_LITERALS: dict[type, Callable[[Any], str]] = {
    int: int.__repr__,
    str: quoted,
    V.Char: char_text,
}


def literals() -> dict[type, Callable[[Any], str]]:
    """Those of `_LITERALS` that no method of the user's comes before."""
    if all(map(_plain, _LITERALS)):
        return _LITERALS
    return {cls: f for cls, f in _LITERALS.items() if _plain(cls)}


def _plain(cls: type) -> bool:
    """`_built_in`, remembered while no method is added."""
    key = (cls, len(SHOW.methods), len(PRINT.methods))
    found = _PLAIN.get(key)
    if found is None:
        built_in = _built_in(cls)
        found = _PLAIN[cls, len(SHOW.methods), len(PRINT.methods)] = built_in
    return found


_PLAIN: dict[tuple[type, int, int], bool] = {}


def _has_print(x: Any) -> bool:
    """Is there a `print(io, x)` for this type?"""
    t, exact = T.class_type(type(x))
    if not exact:
        return len(PRINT.matching((T.typeof(STDOUT), T.typeof(x)))) > 1
    PRINT.settle()
    key = (type(x), len(PRINT.methods))
    found = _PRINTS.get(key)
    if found is None:
        found = _PRINTS[key] = len(PRINT.matching((T.typeof(STDOUT), t))) > 1
    return found


_PRINTS: dict[tuple[type, int], bool] = {}


def _shown_by_user(x: Any) -> bool:
    """Has the user written a `show` for this value?"""
    return (
        bool(SHOW.user_methods)
        and SHOW.resolve((T.typeof(STDOUT), T.dispatch_type(x))).code is not None
    )


def _built_in(cls: type) -> bool:
    """Do values of a plain class print as they do in Base, with no method of the user's in between?"""
    if not SHOW.user_methods and not PRINT.user_methods:
        return True
    types = (T.typeof(STDOUT), T.class_type(cls)[0])
    return SHOW.resolve(types).code is None and PRINT.resolve(types).code is None


@Base.method("println(xs...)")
def println(*xs: Any) -> None:
    """`print`, then a line break."""
    io: IO | UserIO = STDOUT
    if xs and isinstance(xs[0], (IO, UserIO)):
        io, xs = xs[0], xs[1:]
    if SHOW.user_methods or PRINT.user_methods:
        print_(io, *xs, "\n")  # what a method of the user's writes elsewhere stays in its place
        return
    text = Text()
    out = IO(text, io.context)
    print_(out, *xs, "\n")
    io.write(text.value())


def string_of(x: Any) -> str:
    cls = type(x)
    if cls is str:
        return x  # type: ignore[no-any-return]
    text_of = _TEXTS.get(cls)
    if text_of is not None and _plain(cls):
        return text_of(x)
    text = Text()
    print_(IO(text), x)
    return text.value()


@Base.method("string(xs...)")
def string(*xs: Any) -> str:
    """The printed forms, joined.

    ```jldoctest
    julia> string("a", 1, 2.5, :b)
    "a12.5b"
    ```
    """
    if len(xs) == 1:
        (x,) = xs
        cls = type(x)
        text_of = _TEXTS.get(cls)
        if text_of is not None and _plain(cls):
            return text_of(x)
        if not isinstance(x, str) and T.isa(x, T.AbstractString):
            return x  # type: ignore[no-any-return]
    return "".join(map(string_of, xs))


def contexts(context: Any) -> dict[str, Any]:
    """The entries of `context=…`: a stream, a pair, or several pairs."""
    if context is None:
        return {}
    if isinstance(context, (IO, UserIO)):
        return dict(context.context)
    pairs = (context,) if isinstance(context, V.Pair) else context
    return {p.first.name: p.second for p in support.iterate(pairs)}


@Base.method("repr(x; context=nothing)")
def repr_(x: Any, *, context: Any = None) -> str:
    """The one-line form as a string."""
    return one_line(x) if context is None else one_line(x, **contexts(context))


@Base.method("repr(m::MIME, x; context=nothing)")
def repr_mime(m: V.MIME, x: Any, *, context: Any = None) -> Any:
    """What `show` writes for a MIME type; strings and bytes are themselves where that is no text/plain.

    ```jldoctest
    julia> repr("text/plain", [1, 2])
    "2-element Vector{Int64}:\\n 1\\n 2"
    ```
    """
    binary = not Base.bindings["istextmime"](m)
    if binary and isinstance(x, Array) and x.eltype is T.UInt8:
        return x
    if not binary and isinstance(x, str) and m.name != "text/plain":
        return x
    buffer = IOBuffer()
    SHOW(buffer.with_(**contexts(context)), m, x)
    data = Base.bindings["take!"](buffer)
    return data if binary else Base.bindings["String"](data)


@Base.method("repr(m::AbstractString, x; context=nothing)")
def repr_mime_name(m: Any, x: Any, *, context: Any = None) -> Any:
    return repr_mime(V.MIME(str(m)), x, context=context)


@Base.method("sprint(f, xs...; context=nothing, sizehint=0)")
def sprint(f: Any, *xs: Any, context: Any = None, sizehint: int = 0) -> str:
    """What `f(io, xs...)` prints."""
    if isinstance(f, GenericFunction) and f.module is Base and not f.user_methods:
        text = Text()
        f(IO(text, contexts(context)), *xs)
        return text.value()
    buffer = IOBuffer()
    f(buffer if context is None else buffer.with_(**contexts(context)), *xs)
    return from_utf8(bytes(buffer.stream.data))


@Base.method("display(x)")
def display(x: Any) -> None:
    """Show a value as the prompt does."""
    DISPLAY(x)


def _display(x: Any) -> None:
    STDOUT.write(long_text(x, limit=True, displaysize=(24, 80)) + "\n")


DISPLAY: Any = _display
