"""The sentence of every exception, and stack traces of the user's own frames."""

from __future__ import annotations

from typing import Any

from juliette.base.method_reflection import table_of
from juliette.compiler.lower import SyntaxProblem
from juliette.compiler.support import WARN, iterate
from juliette.display.declared import passed_on
from juliette.display.io import IO, Text
from juliette.display.methods import (
    callee_text,
    candidates,
    method_text,
    name_text,
    place,
    where_text,
)
from juliette.display.show import one_line, string_of, summary
from juliette.display.strings import escaped
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime.array import Array, vector
from juliette.runtime.dispatch import CALLABLES, GenericFunction, KeywordCall
from juliette.runtime.modules import Base, Module, is_plain_name
from juliette.runtime.world import WORLD
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def call_text(types: list[Any], keywords: dict[str, Any]) -> str:
    """`(::Int64, ::String; k::Int64)`"""
    shown = ", ".join(f"::{T.type_string(t)}" for t in types)
    if keywords:
        shown += "; " + ", ".join(f"{k}::{T.type_string(T.typeof(v))}" for k, v in keywords.items())
    return f"({shown})"


def argument_types(args: Any) -> list[Any]:
    """The types of a call's arguments, as dispatch sees them."""
    if isinstance(args, T.JuliaType):
        return list(T.unwrap(args).parameters)
    return [T.dispatch_type(a) for a in args]


def is_ambiguous(f: Any, types: list[Any]) -> bool:
    """Whether several methods fit and none is the most specific."""
    table, before = table_of(f)
    given = (*before, *types)
    return table.selected(given) is None and len(table.matching(given)) > 1


def method_error(e: Any, color: bool = False) -> str:
    """The sentence of a MethodError, its hints, and the closest candidates."""
    f, keywords = e.f, {}
    if isinstance(f, KeywordCall):
        f, keywords = f.function, f.kwargs
    args = e.args
    if (
        keywords
        and type(args) is tuple
        and args
        and isinstance(args[0], T.JuliaType)
        and table_of(args[0])[0] is f
    ):
        # The methods that construct a type take it first.
        f, args = args[0], args[1:]
    if keywords and type(args) is tuple:
        f, args = passed_on(f, args, keywords)
    types = argument_types(args)
    if type(e.world) is str or is_ambiguous(f, types):
        return ambiguity(f, types)
    if f is Base.bindings.get("reduce_empty"):
        return "MethodError: reducing over an empty collection is not allowed; consider supplying `init` to the reducer"
    converting = (
        f is Base.bindings.get("convert") and len(types) == 2 and not isinstance(args, T.JuliaType)
    )
    table, _ = table_of(f)
    table.settle()
    if converting:
        text = convert_error(args[0], types)
    elif isinstance(f, T.DataType) and f.typename.abstract and not table.methods:
        return f"MethodError: no constructors have been defined for {T.type_string(f)}"
    elif (not T.isa(f, T.Function_) and not callable(f)) or (
        table is CALLABLES
        and not T.isa(f, T.Function_)
        and not any(T.intersects(T.typeof(f), m.parameters[0]) for m in table.methods)
    ):
        return (
            f"MethodError: objects of type {T.type_string(T.typeof(f))} are not callable"
            + call_hint(f)
        )
    else:
        invoked = "invoke " if isinstance(args, T.JuliaType) else ""
        text = (
            f"MethodError: no method matching {invoked}{callee_text(f)}{call_text(types, keywords)}"
        )
    if type(e.world) is int:
        text += (
            f"\nThe applicable method may be too new: running in world age {e.world}, "
            f"while current world is {WORLD.latest}."
        )
    text += hint(f, types, args)
    return text + closest(f, types, keywords, color, e.world)


def closest(f: Any, types: list[Any], keywords: dict[str, Any], color: bool, world: Any) -> str:
    """The closest candidates; some functions have so many methods that the first argument decides."""
    special = f in (Base.bindings.get(n) for n in ("convert", "getindex", "setindex!"))
    return candidates(f, types, keywords, color, special=special, world=world)


@Base.method("show_method_candidates(io::IO, e::MethodError, kwargs=())", export=False)
def show_method_candidates(io: IO, e: Any, kwargs: Any = ()) -> None:
    """Print the methods that a call came closest to."""
    named = {k.name: v for k, v in iterate(kwargs)}
    color = bool(io.get("color", False))
    io.write(closest(e.f, argument_types(e.args), named, color, e.world))


def convert_error(target: Any, types: list[Any]) -> str:
    """What `convert` could not do; two types of one family are set below each other."""
    if not isinstance(target, T.JuliaType):
        return f"MethodError: First argument to `convert` must be a Type, got {one_line(target)}"
    given = types[1]
    alike = not (
        isinstance(target, T.DataType)
        and isinstance(given, T.DataType)
        and target.typename is not given.typename
    )
    sep = "\n  " if alike else ""
    return (
        f"MethodError: Cannot `convert` an object of type {sep}{T.type_string(given)} "
        f"to an object of type {sep}{T.type_string(target)}"
    )


def ambiguity(f: Any, types: list[Any]) -> str:
    """The candidates of an ambiguous call, and the method that would decide."""
    table, before = table_of(f)
    found = table.matching((*before, *types))
    best = [
        m
        for m in found
        if not any(o is not m and T.more_specific(o.signature, m.signature) for o in found)
    ]
    lines = [f"MethodError: {callee_text(f)}{call_text(types, {})} is ambiguous.\n\nCandidates:"]
    meet: Any = T.Any_
    for m in reversed(best):
        lines.append(f"  {method_text(m)}\n    @ {place(m)}")
        meet = T.intersect(m.signature, meet)
    if isinstance(T.unwrap(meet), T.DataType) and T.unwrap(meet).typename is T.TUPLE_NAME:
        if all(T.more_specific(meet, m.signature) for m in best):
            variables = []
            body = meet
            while isinstance(body, T.UnionAll):
                variables.append(body.var)
                body = body.body
            shown = list(body.parameters)[len(before) :]
            lines.append(
                f"\nPossible fix, define\n  {callee_text(f)}{signature_text(shown)}{where_text(variables)}"
            )
        else:
            lines.append(
                "To resolve the ambiguity, try making one of the methods more specific, or adding a new "
                "method more specific than any of the existing applicable methods."
            )
    return "\n".join(lines) + "\n"


def signature_text(params: list[Any]) -> str:
    """`(::Int64, ::String...)`"""
    return (
        "("
        + ", ".join(
            f"::{T.type_string(p.type)}..." if isinstance(p, T.Vararg) else f"::{T.type_string(p)}"
            for p in params
        )
        + ")"
    )


def call_hint(f: Any) -> str:
    """What somebody who calls a number or an array probably meant."""
    if T.isa(f, T.Number):
        return "\nMaybe you forgot to use an operator such as *, ^, %, / etc. ?"
    if T.isa(f, T.AbstractArray):
        return "\nUse square brackets [] for indexing an Array."
    return ""


def hint(f: Any, types: list[Any], args: Any) -> str:
    """What the caller probably meant."""
    name = getattr(getattr(f, "generic", f), "name", "")
    text = ""
    if f is Base.bindings.get(name) and name in ("+", "-") and len(types) == 2:
        numbers = [T.subtype(t, T.Number) for t in types]
        arrays = [T.subtype(t, _ARRAY_OF_NUMBERS) for t in types]
        if any(numbers) and any(arrays):
            noun = "addition" if name == "+" else "subtraction"
            first, second = ("scalar", "array") if numbers[0] else ("array", "scalar")
            text += (
                f"\nFor element-wise {noun}, use broadcasting with dot syntax: "
                f"{first} .{name} {second}"
            )
    if isinstance(f, GenericFunction) and f.module is not Base:
        of_base = Base.bindings.get(name)
        if (
            isinstance(of_base, (GenericFunction, T.JuliaType))
            and of_base is not f
            and takes(of_base, types)
        ):
            text += f"\nYou may have intended to import Base.{operator_text(name)}"
    if isinstance(args, tuple):
        text += row_hint(f, args)
    if f is Base.bindings.get("setindex!") and types:
        text += setindex_hint(types[0])
    if f is Base.bindings.get("+") and types and all(T.subtype(t, T.AbstractString) for t in types):
        text += (
            "\nString concatenation is performed with * (See also: "
            "https://docs.julialang.org/en/v1/manual/strings/#man-concatenation)."
        )
    return text


def takes(f: Any, types: list[Any]) -> bool:
    """Has a function or type a method for arguments of these types?"""
    table, before = table_of(f)
    return bool(table.matching((*before, *types)))


_v = T.TypeVar("T", None, T.Number)
_n = T.TypeVar("N")
_ARRAY_OF_NUMBERS = T.UnionAll(_v, T.UnionAll(_n, T.apply_type(T.AbstractArray, _v, _n)))


def setindex_hint(t: Any) -> str:
    """What was probably meant by `a[1][2] = 3` and `d = Dict; d[1] = 2`."""
    if T.subtype(t, T.Number):
        return (
            "\nAre you trying to index into an array? For multi-dimensional arrays, separate the indices "
            "with commas: a[1, 2] rather than a[1][2]"
        )
    if isinstance(t, T.DataType) and t.typename is T.TYPE_NAME:
        name = T.type_string(t.parameters[0])
        return (
            f"\nYou attempted to index the type {name}, rather than an instance of the type. Make sure you "
            f"create the type using its constructor: d = {name}([...]) rather than d = {name}"
        )
    return ""


def row_hint(f: Any, args: tuple[Any, ...]) -> str:
    """A matrix of one row where a vector would do."""
    rows = [isinstance(a, Array) and a.data.ndim == 2 and a.data.shape[0] == 1 for a in args]
    if not any(rows):
        return ""
    as_vectors = [
        T.apply_type(T.Array_, a.eltype, 1) if row else T.dispatch_type(a)
        for a, row in zip(args, rows, strict=True)
    ]
    table, before = table_of(f)
    if not table.matching((*before, *as_vectors)):
        return ""
    return (
        "\n\nYou might have used a 2d row vector where a 1d column vector was required.\nNote the "
        "difference between 1d column vector [1,2,3] and 2d row vector [1 2 3].\nYou can convert to a "
        "column vector with the vec() function."
    )


def index_text(i: Any) -> str:
    if type(i) is tuple:
        return ", ".join(index_text(x) for x in i)
    from juliette.runtime import values as V

    if isinstance(i, V.ColonType):
        return ":"
    return one_line(i)


def error_text(e: Any, color: bool = False) -> str:
    """What `showerror` prints."""
    for cls in type(e).__mro__:
        if cls in SENTENCES:
            text = SENTENCES[cls](e)
            return text + registered_hints(e)  # type: ignore[no-any-return]
    if isinstance(e, E.MethodError):
        text = method_error(e, color)
        spaced = "Closest candidates" in text or "Possible fix" in text
        return text.rstrip("\n") + registered_hints(e) + ("\n" if spaced else "")
    if isinstance(e, SyntaxProblem):
        return f"syntax: {e.msg}"
    if isinstance(e, E.JuliaException) and "msg" in e.fields and type(e) in E.EXCEPTIONS.values():
        return f"{T.typeof(e).typename.name}: {str_of(e.msg)}"  # type: ignore[attr-defined]
    return one_line(e)


def operator_text(name: str) -> str:
    """A name behind a dot: that of an operator is quoted."""
    if is_plain_name(name.removesuffix("!")):
        return name_text(name)
    field: str = Base.bindings["string"](Expr(".", Symbol("Base"), QuoteNode(Symbol(name))))
    return field.removeprefix("Base.")


def str_of(x: Any) -> str:
    """A message: text as it is, other values as they are shown."""
    return x if type(x) is str else Base.bindings["string"](x)


def bounds_error(e: Any) -> str:
    if getattr(e, "a", None) is None:
        return "BoundsError"
    what = summary(e.a) if not isinstance(e.a, tuple) else T.type_string(T.typeof(e.a))
    if getattr(e, "i", None) is None:
        return f"BoundsError: attempt to access {what}"
    return f"BoundsError: attempt to access {what} at index [{index_text(e.i)}]"


def inexact_error(e: Any) -> str:
    name, t = e.func.name, e.T
    if not isinstance(t, T.JuliaType):
        return f"InexactError: {name}({one_line(t)}, {one_line(e.val)})"
    of_type = name == getattr(getattr(T.unwrap(t), "typename", None), "name", None)
    first = "" if of_type else f"{T.type_string(t)}, "
    return f"InexactError: {name}({first}{string_of(e.val)})"


def domain_error(e: Any) -> str:
    value = (
        one_line(e.val, compact=True, limit=True)
        if T.isa(e.val, T.AbstractArray)
        else string_of(e.val)
    )
    return f"DomainError with {value}:\n{str_of(e.msg) if e.msg is not None else ''}"


def string_index_error(e: Any) -> str:
    s, i = e.string, e.index
    text = f"StringIndexError: invalid index [{i}]"
    if not 1 <= i <= Base.bindings["ncodeunits"](s):
        return text

    def near(k: int) -> str:
        return f"[{k}]=>'{escaped(Base.bindings['getindex'](s, k).text)}'"

    before = Base.bindings["thisind"](s, i)
    after = Base.bindings["nextind"](s, before)
    if after > Base.bindings["ncodeunits"](s):
        return f"{text}, valid nearby index {near(before)}"
    return f"{text}, valid nearby indices {near(before)}, {near(after)}"


def type_error(e: Any) -> str:
    got = e.got
    if e.expected is T.Bool:
        return f"TypeError: non-boolean ({T.type_string(T.typeof(got))}) used in boolean context"
    value = (
        "Vararg"
        if got is T.Vararg_
        else f"Type{{{T.type_string(got)}}}"
        if isinstance(got, T.JuliaType)
        else f"a value of type {T.type_string(T.typeof(got))}"
    )
    expected = (
        T.bound_string(e.expected)
        if isinstance(e.expected, T.TypeVar)
        else (
            T.type_string(e.expected) if isinstance(e.expected, T.JuliaType) else str_of(e.expected)
        )
    )
    context = str_of(e.context) if e.context else ""
    if not context:
        where = f"in {e.func.name}"
    elif e.func.name == "keyword argument":
        where = f"in keyword argument {context}"
    else:
        where = f"in {e.func.name}, in {context}"
    return f"TypeError: {where}, expected {expected}, got {value}"


def loads(e: Any) -> int:
    """How many files, macros and modules were being loaded when an exception was thrown."""
    depth = 0
    while type(e).__name__ in ("LoadError", "InitError"):
        depth, e = depth + 1, e.error
    return depth


def load_error(e: Any) -> str:
    return f"LoadError: {showerror_text(e.error)}\nin expression starting at {e.file}:{e.line}"


SENTENCES: dict[type, Any] = {
    E.ConcurrencyViolationError: lambda e: f"ConcurrencyViolationError({one_line(e.msg)})",
    E.ErrorException: lambda e: str_of(e.msg),
    E.UndefVarError: lambda e: f"UndefVarError: `{e.var.name}` not defined",
    E.BoundsError: bounds_error,
    E.KeyError_: lambda e: f"KeyError: key {one_line(e.key)} not found",
    E.InexactError: inexact_error,
    E.DomainError: domain_error,
    E.TypeError_: type_error,
    E.DivideError: lambda e: "DivideError: integer division error",
    E.UndefKeywordError: lambda e: (
        f"UndefKeywordError: keyword argument `{e.var.name}` not assigned"
    ),
    E.UndefRefError: lambda e: "UndefRefError: access to undefined reference",
    E.StringIndexError: string_index_error,
    E.LoadError: load_error,
    E.StackOverflowError: lambda e: "StackOverflowError:",
    E.InterruptException: lambda e: "InterruptException:",
    E.OutOfMemoryError: lambda e: "OutOfMemoryError()",
    E.EOFError_: lambda e: "EOFError: read end of file",
    E.ParseErrorException: lambda e: f"ParseError:\n{str_of(e.msg)}",
    E.CanonicalIndexError: lambda e: (
        f"CanonicalIndexError: {str_of(e.func)} not defined for {T.type_string(e.type)}"
    ),
}


# ---------------------------------------------------------------- showerror


def showerror_text(e: Any, color: bool = False) -> str:
    """`error_text`, unless there is a `showerror` method for the type."""
    method = SHOWERROR.resolve((T.typeof(IO(Text())), T.dispatch_type(e)))
    if method.builtin is showerror:
        return error_text(e, color)
    text = Text()
    SHOWERROR(IO(text, {"color": color}), e)
    return text.value()


@Base.method("showerror(io::IO, e)")
def showerror(io: IO, e: Any) -> None:
    """Print the sentence of an exception.

    ```jldoctest
    julia> sprint(showerror, KeyError(:a))
    "KeyError: key :a not found"
    ```
    """
    io.write(error_text(e, bool(io.get("color"))))


SHOWERROR: GenericFunction = Base.bindings["showerror"]


def tells_its_trace(e: Any) -> bool:
    """Is there a method `showerror(io, e, trace)` for the type?  It says all that is to be said."""
    kind = T.dispatch_type(e)
    return any(
        len(m.parameters) == 3
        and m.parameters[1] is not T.Any_
        and T.match(T.tuple_type((kind,)), T.tuple_type((m.parameters[1],))) is not None
        for m in SHOWERROR.methods
    )


def text_with_trace(e: Any, trace: Any) -> str:
    """What `showerror(io, e, trace)` prints."""
    text = Text()
    SHOWERROR(IO(text), e, trace)
    return text.value()


# ---------------------------------------------------------------- hints of users

HINTS: list[tuple[Any, Any]] = []


def register_error_hint(handler: Any, kind: Any) -> None:
    """`Base.Experimental.register_error_hint(handler, ExceptionType)`"""
    HINTS.append((handler, kind))


def registered_hints(e: Any) -> str:
    """What the handlers that users registered add to a sentence."""
    if not HINTS:
        return ""
    text = Text()
    io = IO(text)
    for handler, kind in list(HINTS):
        if not T.isa(e, kind):
            continue
        given: tuple[Any, ...] = (e,)
        if isinstance(e, E.MethodError):
            f, keywords = (e.f.function, e.f.kwargs) if isinstance(e.f, KeywordCall) else (e.f, {})
            pairs = [(Symbol(k), v) for k, v in keywords.items()]
            types = vector(argument_types(e.args), T.Any_)
            given = (E.MethodError(f, e.args, e.world), types, vector(pairs, T.Any_))
        elif T.isa(e, T.CORE_TYPES["MethodError"]):
            continue  # of a call of what is no function there is nothing to tell
        try:
            handler(io, *given)
        except Exception:
            name = f"{one_line(handler)} for {T.type_string(kind)}"
            WARN(f"┌ Error: Hint-handler {name} caused an error\n└ @ Base.Experimental\n")
    return text.value()


Experimental = Module("Experimental", Base)
Base.const("Experimental", Experimental, export=False)
Experimental.const("register_error_hint", register_error_hint, export=False)
