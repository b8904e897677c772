"""The sentence of every exception, and stack traces of the user's own frames."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from juliette.compiler.lower import SyntaxProblem
from juliette.compiler.support import ArgumentTypeError, UnsupportedKeyword
from juliette.display.io import IO, Text
from juliette.display.show import one_line, summary
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction, KeywordCall, Method
from juliette.runtime.modules import Base
from juliette.syntax.expr import Symbol


def callable_name(f: Any) -> str:
    generic = getattr(f, "generic", f)
    if isinstance(f, T.JuliaType):
        return T.type_string(f)
    if isinstance(generic, GenericFunction):
        return generic.name
    return f"(::{T.type_string(T.typeof(f))})"


def type_text(t: Any) -> str:
    return T.type_string(t)


def method_text(m: Method) -> str:
    """`f(x::Int64, y...) where T`"""
    parts = []
    params = list(m.parameters)
    names = list(m.arg_names)
    while len(names) < len(params):
        names.append("_")
    from juliette.runtime.dispatch import CALLABLES

    head = m.name
    if m.function is CALLABLES:
        head = f"(::{T.type_string(params[0])})"
        params, names = params[1:], names[1:]
    elif params and isinstance(params[0], T.DataType) and params[0].typename is T.TYPE_NAME and names[0] in ("T", "#ctor#", "_") and m.function is getattr(getattr(T.unwrap(params[0].parameters[0]), "typename", None), "constructors", None):
        params, names = params[1:], names[1:]
    for p, n in zip(params, names, strict=False):
        n = "" if n.startswith("#") or n == "_" else n
        if isinstance(p, T.Vararg):
            parts.append(f"{n}..." if p.type is T.Any_ else f"{n}::{T.type_string(p.type)}...")
        elif p is T.Any_:
            parts.append(n or "::Any")
        else:
            parts.append(f"{n}::{T.type_string(p)}")
    text = f"{head}({', '.join(parts)})"
    if m.type_vars:
        text += " where " + (T._bound_string(m.type_vars[0]) if len(m.type_vars) == 1 else "{" + ", ".join(map(T._bound_string, m.type_vars)) + "}")
    return text


def argument_types(args: Any) -> list[Any]:
    return [T.dispatch_type(a) for a in args]


def method_error(e: Any) -> str:
    f = e.f
    if isinstance(f, KeywordCall):
        names = ", ".join(f'"{k}"' for k in f.kwargs)
        types = ", ".join(f"::{T.type_string(t)}" for t in argument_types(e.args_))
        kw = ", ".join(f"{k}::{T.type_string(T.typeof(v))}" for k, v in f.kwargs.items())
        return f"MethodError: no method matching {callable_name(f.function)}({types}; {kw})\n\nClosest candidates are:" + candidates(f.function, argument_types(e.args_), f" got unsupported keyword argument{'s' * (len(f.kwargs) > 1)} {names}")
    types = argument_types(e.args_)
    shown = ", ".join(f"::{T.type_string(t)}" for t in types)
    if not callable(f):
        return f"MethodError: objects of type {T.type_string(T.typeof(f))} are not callable"
    name = callable_name(f)
    if f is Base.bindings.get("convert") and len(types) == 2 and isinstance(e.args_[0], T.JuliaType):
        return (
            f"MethodError: Cannot `convert` an object of type {T.type_string(types[1])} "
            f"to an object of type {T.type_string(e.args_[0])}"
        )
    if f is Base.bindings.get("reduce_empty"):
        return "MethodError: reducing over an empty collection is not allowed; consider supplying `init` to the reducer"
    if e.world == "ambiguous":
        lines = [f"MethodError: {name}({shown}) is ambiguous.\n\nCandidates:"]
        for m in f.matching(tuple(types)):
            lines.append(f"  {method_text(m)}\n    @ {place(m)}")
        lines.append(f"\nPossible fix, define\n  {name}({shown})\n")
        return "\n".join(lines)
    text = f"MethodError: no method matching {name}({shown})" + hint(f, types)
    near = candidates(f, types, "")
    return text + ("\n\nClosest candidates are:" + near if near else "")


def hint(f: Any, types: list[Any]) -> str:
    """What the caller probably meant."""
    name = getattr(f, "name", "")
    if name in ("+", "-") and len(types) == 2 and getattr(f, "module", None) is Base:
        of_numbers = [T.subtype(t, T.Number) for t in types]
        arrays = [T.subtype(t, T.AbstractArray) for t in types]
        if any(of_numbers) and any(arrays):
            noun = "addition" if name == "+" else "subtraction"
            first, second = ("scalar", "array") if of_numbers[0] else ("array", "scalar")
            return (
                f"\nFor element-wise {noun}, use broadcasting with dot syntax: "
                f"{first} .{name} {second}"
            )
        if name == "+" and all(T.subtype(t, T.AbstractString) for t in types):
            return (
                "\nString concatenation is performed with * (See also: "
                "https://docs.julialang.org/en/v1/manual/strings/#man-concatenation)."
            )
    return ""


def place(m: Method) -> str:
    """Where a method was defined; those of Base have no line to show."""
    return f"{m.module} {m.file}:{m.line}" if m.line else f"{m.module}"


def candidate_text(m: Method, types: list[Any]) -> str:
    """`f(::Int64, !Matched::String)`: a method held against the types it was called with."""
    params = list(m.parameters)
    head = m.name
    first = params[0] if params else None
    if isinstance(first, T.DataType) and first.typename is T.TYPE_NAME and types and (
        isinstance(types[0], T.DataType) and types[0].typename is T.TYPE_NAME
        and m.function.name == head and m.function is not Base.bindings.get(head)
    ):
        head = T.type_string(first.parameters[0]) if first.parameters else head
        params, types = params[1:], types[1:]
    parts = []
    bound: dict[T.TypeVar, Any] = {}
    for i, p in enumerate(params):
        inner = p.type if isinstance(p, T.Vararg) else p
        dots = "..." if isinstance(p, T.Vararg) else ""
        if isinstance(p, T.Vararg) and i >= len(types):
            ok = False
        else:
            given = types[i:] if isinstance(p, T.Vararg) else types[i : i + 1]
            ok = bool(given) and all(T.intersects(t, inner) for t in given)
            if ok and isinstance(inner, T.TypeVar):
                ok = all(bound.setdefault(inner, t) is t for t in given)
        parts.append(f"{'' if ok else '!Matched'}::{T.type_string(inner)}{dots}")
    code = getattr(m.source, "code", None)
    names = [str(k[0]) for k in getattr(code, "keywords", None) or ()]
    if getattr(code, "keyword_rest", None) is not None:
        names.append(f"{code.keyword_rest.name}...")
    text = f"{head}({', '.join(parts)}{'; ' + ', '.join(names) if names else ''})"
    if m.type_vars:
        bounds = [T._bound_string(v) for v in m.type_vars]
        text += " where " + (bounds[0] if len(bounds) == 1 else "{" + ", ".join(bounds) + "}")
    return text


def candidates(f: Any, types: list[Any], note: str) -> str:
    generic = getattr(f, "generic", f)
    if isinstance(generic, T.JuliaType):
        from juliette.runtime.modules import constructors

        family = getattr(T.unwrap(generic), "typename", None)
        if family is None or family.constructors is None:
            return ""
        generic = constructors(generic)
        types = [T.type_of_type(f), *types]
    if not isinstance(generic, GenericFunction):
        return ""
    generic.settle()
    scored = []
    for m in generic.methods:
        good = sum(
            T.intersects(t, _param(m, i)) for i, t in enumerate(types) if _param(m, i) is not None
        )
        if good or len(types) < 2 or note:
            scored.append((-good, abs(m.nargs - len(types)), m))
    scored.sort(key=lambda s: s[0])
    return "".join(
        f"\n  {candidate_text(m, types)}{note}\n   @ {place(m)}" for _, _, m in scored[:3]
    ) + ("\n" if scored else "") + ("  ...\n" if len(scored) > 3 else "")


def _param(m: Method, i: int) -> Any:
    params = m.parameters
    if i < len(params):
        p = params[i]
    elif m.vararg:
        p = params[-1]
    else:
        return None
    return p.type if isinstance(p, T.Vararg) else p


def index_text(i: Any) -> str:
    if type(i) is tuple:
        return ", ".join(index_text(x) for x in i)
    from juliette.runtime import values as V

    if isinstance(i, V.ColonType):
        return ":"
    return one_line(i)


def error_text(e: Any) -> str:
    """What `showerror` prints."""
    cls = type(e)
    name = T.typeof(e).typename.name if isinstance(T.typeof(e), T.DataType) else cls.__name__
    if isinstance(e, E.ErrorException):
        return str_of(e.msg)
    if isinstance(e, E.UndefVarError):
        return f"UndefVarError: `{e.var.name}` not defined"
    if isinstance(e, E.MethodError):
        text = method_error(e)
        spaced = "Closest candidates" in text or "Possible fix" in text
        return text.rstrip("\n") + ("\n" if spaced else "")
    if isinstance(e, E.BoundsError):
        if getattr(e, "a", None) is None:
            return "BoundsError"
        what = summary(e.a) if not isinstance(e.a, tuple) else T.type_string(T.typeof(e.a))
        if getattr(e, "i", None) is None:
            return f"BoundsError: attempt to access {what}"
        return f"BoundsError: attempt to access {what} at index [{index_text(e.i)}]"
    if isinstance(e, E.KeyError_):
        return f"KeyError: key {one_line(e.key)} not found"
    if isinstance(e, E.InexactError):
        value = one_line(e.val)
        if e.func.name in ("trunc",):
            return f"InexactError: trunc({T.type_string(e.T)}, {value})"
        return f"InexactError: {e.func.name}({value})" if e.func.name == T.type_string(e.T) else f"InexactError: {e.func.name}({T.type_string(e.T)}, {value})"
    if isinstance(e, E.DomainError):
        return f"DomainError with {one_line(e.val)}:\n{str_of(e.msg)}" if getattr(e, "msg", None) else f"DomainError with {one_line(e.val)}:"
    if isinstance(e, E.TypeError_):
        return type_error(e)
    if isinstance(e, E.DivideError):
        return "DivideError: integer division error"
    if isinstance(e, E.UndefKeywordError):
        return f"UndefKeywordError: keyword argument `{e.var.name}` not assigned"
    if isinstance(e, E.UndefRefError):
        return "UndefRefError: access to undefined reference"
    if isinstance(e, E.StringIndexError):
        b = e.string.encode()
        i = e.index
        start = i
        while start > 1 and b[start - 1] & 0xC0 == 0x80:
            start -= 1
        ch = b[start - 1 :].decode(errors="replace")[0]
        nxt = start + len(ch.encode())
        near = f", valid nearby indices [{start}]=>'{ch}'"
        if nxt <= len(b):
            near += f", [{nxt}]=>'{b[nxt - 1 :].decode(errors='replace')[0]}'"
        return f"StringIndexError: invalid index [{i}]{near}"
    if isinstance(e, E.LoadError):
        return f"LoadError: {error_text(e.error)}\nin expression starting at {e.file}:{e.line}"
    if isinstance(e, (E.StackOverflowError, E.InterruptException)):
        return f"{name}:"
    if isinstance(e, E.OutOfMemoryError):
        return "OutOfMemoryError()"
    if isinstance(e, E.CanonicalIndexError):
        return f"CanonicalIndexError: {e.func} not defined for {T.type_string(e.type)}"
    if isinstance(e, SyntaxProblem):
        return f"syntax: {e.msg}"
    if isinstance(e, E.JuliaException):
        if "msg" in e.fields and T.typeof(e).typename.module is not None and cls in E.EXCEPTIONS.values():
            return f"{name}: {str_of(e.msg)}"
        return one_line(e)
    return one_line(e)


def str_of(x: Any) -> str:
    return x if type(x) is str else one_line(x)


def type_error(e: Any) -> str:
    got = e.got
    if e.expected is T.Bool and e.func is Symbol("if"):
        return f"TypeError: non-boolean ({T.type_string(T.typeof(got))}) used in boolean context"
    what = T.type_string(got) if isinstance(got, T.DataType) and got.typename is T.TYPE_NAME else None
    value = what or (f"Type{{{T.type_string(got)}}}" if isinstance(got, T.JuliaType) else f"a value of type {T.type_string(T.typeof(got))}")
    context = f", in {e.context}" if e.context else ""
    return f"TypeError: in {e.func.name}{context}, expected {T.type_string(e.expected)}, got {value}"


def showerror_text(e: Any) -> str:
    """`error_text`, unless the user defined `showerror` for the type."""
    found = SHOWERROR.matching((T.typeof(IO(Text())), T.typeof(e)))
    if len(found) > 1:
        text = Text()
        SHOWERROR(IO(text), e)
        return text.value()
    return error_text(e)


@Base.method("showerror(io::IO, e)")
def showerror(io: IO, e: Any) -> None:
    """Print the sentence of an exception."""
    io.write(error_text(e))


SHOWERROR: GenericFunction = Base.bindings["showerror"]


def _foreign_type_error(error: TypeError) -> Any:
    text = str(error)
    if "is not callable" in text:
        return NotCallable(text)
    return E.ErrorException(text)


class NotCallable(E.ErrorException):
    """A call of something that is no function."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        kind = text.split("'")[1]
        names = {"int": "Int64", "float": "Float64", "str": "String", "bool": "Bool", "NoneType": "Nothing", "float32": "Float32"}
        super().__init__(f"MethodError: objects of type {names.get(kind, kind)} are not callable")


T.register_class(NotCallable, T.CORE_TYPES["MethodError"])
E.TRANSLATORS[TypeError] = _foreign_type_error
E.TRANSLATORS[UnboundLocalError] = lambda e: E.UndefVarError(Symbol(str(e).split("'")[1].split("%")[0]))
E.TRANSLATORS[ArgumentTypeError] = lambda e: E.ErrorException(
    f"ArgumentError: invalid type for argument number {e.index + 1} in method definition for {e.name}")
E.TRANSLATORS[UnsupportedKeyword] = lambda e: E.ErrorException(f'got unsupported keyword argument "{e}"')
E.TRANSLATORS[OverflowError] = lambda e: E.InexactError(Symbol("Int64"), T.Int64, float("inf"))

assert np is not None


_CELL = re.compile(r"(?:REPL|In)\[\d+\]$")


def stack_trace(frames: list[tuple[str, list[tuple[str, Any]], str, str, int]]) -> list[str]:
    """The lines below `Stacktrace:`: (function, arguments, module, file, line) each.

    Frames that follow each other and are alike are shown once.
    """
    entries: list[tuple[str, str, int]] = []
    for name, args, module, file, line in frames:
        if name == "top-level scope":
            head, where = name, f"{file}:{line}"
        else:
            head = f"{name}({', '.join(f'{n}::{T.type_string(t)}' for n, t in args)})"
            where = f"{module} {'./' if _CELL.match(file) else ''}{file}:{line}"
        if entries and entries[-1][:2] == (head, where):
            entries[-1] = (head, where, entries[-1][2] + 1)
        else:
            entries.append((head, where, 1))
    width = len(str(len(entries))) + 2
    out = []
    for i, (head, where, count) in enumerate(entries, 1):
        again = f" (repeats {count} times)" if count > 1 else ""
        out.append(f" {f'[{i}]'.rjust(width)} {head}{again}\n{' ' * width}@ {where}")
    return out
