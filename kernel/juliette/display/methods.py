"""Methods and calls as text: `f(x::Int64, y...) where T`, lists of methods, closest candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from juliette.base.method_reflection import (
    MethodList,
    by_specificity,
    keyword_names,
    table_of,
)
from juliette.display.declared import Declared, declared_methods
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.dispatch import CALLABLES, GenericFunction, Method
from juliette.runtime.modules import Base

# How many of the closest candidates an error shows.
_SHOWN = 3
RED, PLAIN = "\x1b[91m", "\x1b[39m"


def as_declared(p: Any) -> Any:
    """The type of a parameter as Julia declares it: Base's real numbers are `Real` there."""
    if isinstance(p, T.Vararg):
        return T.Vararg(T.Real) if as_declared(p.type) is not p.type else p
    return T.Real if p is Base.bindings.get("CoreReal") else p


def callee_text(f: Any) -> str:
    """What is called, as it stands before the parenthesis."""
    if isinstance(f, T.JuliaType):
        text = T.type_string(f)
        return f"({text})" if " where " in text else text
    generic = getattr(f, "generic", f)
    if isinstance(generic, GenericFunction) and not generic.anonymous:
        if generic.name == ":":
            return "(::Colon)"
        # A macro's name is no name that can be called.
        return f'var"{generic.name}"' if generic.name.startswith("@") else name_text(generic.name)
    return f"(::{T.type_string(T.typeof(f))})"


def name_text(name: str) -> str:
    """A function's name as code has it: `var"#1#f"` for one that cannot be written."""
    from juliette.display.expressions import name_text as code

    return code(name)


def where_text(variables: Iterable[T.TypeVar]) -> str:
    """` where {T, S<:Real}`"""
    bounds = [T.bound_string(v) for v in variables]
    if not bounds:
        return ""
    return f" where {bounds[0]}" if len(bounds) == 1 else f" where {{{', '.join(bounds)}}}"


def parts_of(m: Method) -> tuple[str, list[Any], list[str]]:
    """(what is called, parameter types, parameter names) of a method."""
    params = list(m.parameters)
    names = list(m.arg_names)
    names += ["_"] * (len(params) - len(names))
    if isinstance(m, Declared):
        first = 1 if m.of_type else 0
        return m.head, params[first:], names[first:]
    if m.function is CALLABLES:
        own = "" if names[0].startswith(("#", "self", "_")) else names[0]
        return f"({own}::{T.type_string(params[0])})", params[1:], names[1:]
    if params and is_constructor(m):
        inner = params[0].parameters[0] if isinstance(params[0], T.DataType) else params[0]
        head = (
            T.type_string(inner)
            if not isinstance(inner, T.TypeVar)
            else f"(::Type{{{inner.name}}})"
        )
        if isinstance(inner, T.DataType) and inner.has_free and m.type_vars:
            head = T.type_string(inner)
        elif isinstance(inner, T.UnionAll) and " where " in head:
            head = f"({head})"
        return head, params[1:], names[1:]
    if m.function.anonymous and m.function.julia_type is not None:
        # declared for the type without the types of what it captures
        return f"(::{T.type_string(m.function.julia_type).partition('{')[0]})", params, names
    return name_text(m.name) if m.name != ":" else "(::Colon)", params, names


def is_constructor(m: Method) -> bool:
    """Does the method belong to the table of a type's constructors?"""
    first = T.unwrap(m.parameters[0]) if m.parameters else None
    if (
        not isinstance(first, T.DataType)
        or first.typename is not T.TYPE_NAME
        or not first.parameters
    ):
        return False
    made = first.parameters[0]
    made = made.upper if isinstance(made, T.TypeVar) else made
    family = getattr(T.unwrap(made), "typename", None)
    return family is not None and family.constructors is m.function


def method_text(m: Method) -> str:
    """`f(x::Int64, y...; k) where T`"""
    head, params, names = parts_of(m)
    shown = []
    for p, n in zip(params, names, strict=False):
        p = as_declared(p)
        n = "" if n.startswith(("#", "%")) or n == "_" else name_text(n)
        if isinstance(p, T.Vararg):
            if isinstance(p.count, T.TypeVar):
                shown.append(f"{n}::{T.type_string(p)}")
            else:
                shown.append(f"{n}..." if p.type is T.Any_ else f"{n}::{T.type_string(p.type)}...")
        elif p is T.Any_:
            shown.append(n or "::Any")
        else:
            shown.append(f"{n}::{T.type_string(p)}")
    return f"{head}({', '.join(shown)}{keywords_text(m)}){where_text(m.type_vars)}"


def keywords_text(m: Method) -> str:
    """`; a, b, rest...`"""
    if m.kwcall is None:
        return ""
    names, rest = keyword_names(m)
    code = getattr(m.source, "code", None)
    if rest:
        last = code.keyword_rest.name if code is not None else "kwargs"
        if isinstance(m, Declared):
            last = m.rest
        if not last.startswith("#"):
            names = [*names, f"{last}..."]
    return f"; {', '.join(names)}" if names else ""


def place(m: Method, within: Any = None) -> str:
    """Where a method was defined: `Main REPL[1]:1`; those of Base have no line to show.

    The module is left out where it is the one that the list is about.
    """
    owner = ".".join((m.module or Base).path)
    if not m.line:
        return owner
    return f"{m.file}:{m.line}" if within is m.module else f"{owner} {m.file}:{m.line}"


# ---------------------------------------------------------------- showing


@Base.method("show(io::IO, m::Method)")
def show_method(io: IO, m: Method) -> None:
    io.write(f"{method_text(m)} @ {place(m)}")


@Base.method('show(io::IO, ::MIME"text/plain", m::Method)')
def show_method_long(io: IO, _: Any, m: Method) -> None:
    io.write(f"{method_text(m)}\n     @ {place(m)}")


@Base.method("show(io::IO, ms::Base.MethodList)")
def show_method_list(io: IO, ms: MethodList) -> None:
    """`methods(f)`: a heading, then each method with its place."""
    n, within = len(ms.methods), ms.module
    noun = "method" if n == 1 else "methods"
    if isinstance(ms.function, T.JuliaType):
        heading = f"# {n} {noun} for type constructor"
    elif isinstance(getattr(ms.function, "generic", ms.function), GenericFunction):
        generic = getattr(ms.function, "generic", ms.function)
        if generic.anonymous:
            heading = f"# {n} {noun} for anonymous function {_quoted(anonymous_name(ms.function))}"
        elif generic.name.startswith("@"):
            heading = f"# {n} {noun} for macro {_quoted(generic.name)} from {'.'.join(generic.module.path)}"
        else:
            heading = f"# {n} {noun} for generic function {_quoted(generic.name)} from {'.'.join(generic.module.path)}"
    else:
        heading = f"# {n} {noun} for callable object"
        within = getattr(getattr(T.typeof(ms.function), "typename", None), "module", within)
    io.write(heading + ":" if n else heading)
    width = len(str(n))
    for i, m in enumerate(ms.methods, 1):
        number = f"[{i}]".rjust(width + 2)
        io.write(f"\n {number} {method_text(m)}\n {' ' * (width + 2)} @ {place(m, within)}")


def generic_type_name(f: Any) -> str:
    """`#1#2`, the name of an anonymous function's type."""
    t = T.typeof(f)
    return str(t.typename.name).removeprefix('var"').removesuffix('"')


def anonymous_name(f: Any) -> str:
    """`#1`, as the table of methods of an anonymous function is called."""
    return generic_type_name(f).rpartition("#")[0] or generic_type_name(f)


def _quoted(text: str) -> str:
    return f'"{text}"'


# ---------------------------------------------------------------- candidates


def candidates(
    f: Any,
    types: list[Any],
    keywords: dict[str, Any],
    color: bool,
    *,
    special: bool = False,
    world: Any = None,
) -> str:
    """The lines under `Closest candidates are:`, best first; nothing if there are none."""
    table, before = table_of(f)
    table.settle()
    rows: list[tuple[int, str]] = []
    declared = declared_methods(f)
    known = (
        table.methods
        if declared is None
        else [m for m in table.methods if m.code is not None or m.line]
    )
    methods = [m for m in known if not before or T.isa(f, _closed(m, m.parameters[0]))]
    # A constructor of ours that takes whatever is given stands for several of Julia's.
    methods = [
        m
        for m in methods
        if not (before and not m.line and _takes_anything(m.parameters[len(before) :]))
    ]
    methods = by_specificity(methods) if len(methods) < 80 else methods
    if declared is not None:
        methods = [
            *methods,
            *(m for m in declared if not before or T.isa(f, _closed(m, m.parameters[0]))),
        ]
    for m in methods:
        newer = type(world) is int and m.world > world
        row = candidate(m, types, len(before), keywords, color, special, newer)
        if row is not None and row not in rows:
            if newer:
                head, at = row[1].split("\n", 1)
                row = (
                    row[0],
                    f"{head} (method too new to be called from this world context.)\n{at}",
                )
            rows.append(row)
    rows.sort(key=lambda row: -row[0])
    if not rows:
        return ""
    text = "\n\nClosest candidates are:" + "".join("\n" + line for _, line in rows[:_SHOWN])
    return text + ("\n  ..." if len(rows) > _SHOWN else "") + "\n"


def _takes_anything(params: Sequence[Any]) -> bool:
    """Are these parameters `xs...` alone?"""
    return len(params) == 1 and isinstance(params[0], T.Vararg) and params[0].type is T.Any_


def candidate(
    m: Method,
    types: list[Any],
    skipped: int,
    keywords: dict[str, Any],
    color: bool,
    special: bool,
    newer: bool = False,
) -> tuple[int, str] | None:
    """(how many arguments fit, `f(::Int64, !Matched::String)` with its place)."""
    head, _, _ = parts_of(m)
    params = list(m.parameters[skipped or (1 if m.function is CALLABLES else 0) :])
    given = list(types)
    matches = 0
    parts = []
    for i, p in enumerate(params[: len(given)]):
        vararg = isinstance(p, T.Vararg)
        upto = len(given) if vararg else i + 1
        if fits(m, params[: i + 1], given[:upto]):
            matches += upto == i + 1
            parts.append(argument(p, True, color))
        else:
            if special and i == 0:
                return None
            parts.append(argument(p, False, color))
            given[i] = p.type if vararg else p
    if special and matches == 0:
        return None
    if m.code is None and not keywords and not newer and matches == len(params) == len(types):
        # One that gave up on arguments of these types is no candidate for them.
        return None
    if params and isinstance(params[-1], T.Vararg) and len(given) > len(params):
        rest = _closed(m, params[-1].type)
        matches += sum(T.subtype(t, rest) for t in types[len(params) - 1 :])
    if not matches and len(types) > 1:
        # One that no argument fits is not close.
        return None
    for k, p in enumerate(params[len(given) :]):
        if k == 0 and isinstance(p, T.Vararg):
            parts.append(f"{T.type_string(p.type)}...")
        else:
            parts.append(argument(p, False, color))
    text = f"  {head}({', '.join(parts)}{keywords_text(m)}){where_text(m.type_vars)}"
    unexpected = unsupported(m, keywords)
    if unexpected:
        plural = "s" if len(unexpected) > 1 else ""
        names = '", "'.join(unexpected)
        note = f' got unsupported keyword argument{plural} "{names}"'
        text += f"{RED}{note}{PLAIN}" if color else note
    owner, _, rest = place(m).partition(" ")
    path = owner.split(".")
    # Of the modules around, the outermost is named.
    owner = ".".join(path[:2] if path[0] == "Main" else path[:1])
    return matches, f"{text}\n   @ {owner}{' ' if rest else ''}{rest}"


def unsupported(m: Method, keywords: dict[str, Any]) -> list[str]:
    """The keywords that a method does not take."""
    if not keywords:
        return []
    names, rest = keyword_names(m) if m.kwcall is not None else ([], False)
    return [] if rest else [k for k in keywords if k not in names]


def argument(p: Any, matched: bool, color: bool) -> str:
    """`::Int64`; one that did not fit is red, or marked."""
    # One method of ours for all plain numbers stands for one of all real numbers.
    p = as_declared(p)
    text = f"::{T.type_string(p.type)}..." if isinstance(p, T.Vararg) else f"::{T.type_string(p)}"
    if matched:
        return text
    return f"{RED}{text}{PLAIN}" if color else f"!Matched{text}"


def fits(m: Method, params: list[Any], given: list[Any]) -> bool:
    """Can arguments of these types meet the first parameters of a method?"""
    meet = T.intersect(_closed(m, T.tuple_type(params)), _closed(m, T.tuple_type(given)))
    return meet is not T.Bottom


def _closed(m: Method, t: Any) -> Any:
    """A type with the method's variables bound again."""
    for v in reversed(m.type_vars):
        if v in T.free_vars(t):
            t = T.UnionAll(v, t) if not isinstance(t, T.TypeVar) else v.upper
    return t
