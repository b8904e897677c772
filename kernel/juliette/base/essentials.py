"""The types of Core, exceptions, and the constructors of what is no number."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from juliette.base.conversion import convert_to
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.errors import (
    EXCEPTIONS,
    ErrorException,
    JuliaException,
    MethodError,
    Thrown,
    TypeError_,
)
from juliette.runtime.modules import Base, Core, Main, Module, constructors
from juliette.syntax.expr import Expr, QuoteNode, Symbol

for _name, _t in T.CORE_TYPES.items():
    if _name not in Base.bindings:
        Base.const(_name, _t)
        Core.bindings[_name] = _t
    _family = getattr(T.unwrap(_t), "typename", None)
    if _family is not None and _family.module is None:
        _family.module = Core
for _name in ("Core", "Base", "Main"):
    Base.const(_name, {"Core": Core, "Base": Base, "Main": Main}[_name])
T.register_class(Module, T.Module_)
# What Core has of functions comes with the first name that is not found there.
Core.loader = functools.partial(importlib.import_module, "juliette.base.loading")
for _name in (
    "UnitRange",
    "OneTo",
    "StepRange",
    "StepRangeLen",
    "LinRange",
    "RefValue",
    "RefArray",
):
    Base.exports.discard(_name) if _name in ("OneTo", "RefValue", "RefArray") else None
Base.const("nothing", None)
Base.const("missing", V.MISSING)
Base.const("undef", np)
Base.const("throw", support.throw)


class UndefInitializer:
    """`undef`"""


UNDEF = UndefInitializer()
UndefInitializer_ = T.define("UndefInitializer", module=Core)
T.register_class(UndefInitializer, UndefInitializer_)
Base.const("UndefInitializer", UndefInitializer_)
Base.bindings["undef"] = UNDEF
UndefInitializer_.typename.singleton = UNDEF


@Base.method("UndefInitializer()")
def undef_initializer(_: Any) -> UndefInitializer:
    return UNDEF


@Base.method('show(io::IO, ::MIME"text/plain", x::UndefInitializer)')
def show_undef(io: Any, mime: Any, x: UndefInitializer) -> None:
    io.write(
        "UndefInitializer()"
        + ("" if io.get("compact") else ": array initializer with undefined values")
    )


# ---------------------------------------------------------------- exceptions


@Base.method("error(args...)")
def error(*args: Any) -> Any:
    """Raise an ErrorException with the arguments joined as its message."""
    raise ErrorException(Base.bindings["string"](*args))


@Base.method("rethrow()")
def rethrow() -> Any:
    """Throw the exception that is being handled once more."""
    if not support.EXCEPTION_STACK:
        raise ErrorException("rethrow() not allowed outside a catch block")
    raise support.EXCEPTION_STACK[-1]


@Base.method("rethrow(e)")
def rethrow_other(e: Any) -> Any:
    if isinstance(e, BaseException):
        raise e
    raise Thrown(e)


# What the last fields of an exception are when they are not given; `UNDEF` leaves them undefined.
LAST_FIELDS: dict[str, tuple[Any, ...]] = {
    "AssertionError": ("",),
    "BoundsError": (UNDEF, UNDEF),
    "DimensionMismatch": ("",),
    "DomainError": ("",),
    "MethodError": (np.uint64(2**64 - 1),),
    "ParseError": (None,),
    "SystemError": (0, None),
}


def exception_constructor(cls: type[JuliaException]) -> None:
    """Let Julia code make exceptions of this class: `ArgumentError("…")`."""
    n = len(cls.fields)
    t = T.typeof(cls.__new__(cls))
    table = constructors(t)
    rest = LAST_FIELDS.get(cls.__name__, ())

    def make_exception(_: Any, *args: Any) -> Any:
        if cls is TypeError_ and len(args) == 3:
            # `TypeError(where, expected, got)`, without a context.
            args = (args[0], "", *args[1:])
        made = cls(*args, *rest[len(args) + len(rest) - n :])
        for field in made.fields:
            if getattr(made, field) is UNDEF:
                delattr(made, field)
        return made

    least = 3 if cls is TypeError_ else n - len(rest)
    for k in range(least, n + 1):
        given = T.tuple_type([T.type_of_type(t), *[T.Any_] * k])
        support._builtin(table, given, make_exception, cls.fields[:k])


for _cls in EXCEPTIONS.values():
    exception_constructor(_cls)


@Base.method("exit(n=0)")
def exit_(n: int = 0) -> Any:
    """Leave Julia."""
    raise SystemExit(n)


Base.const("quit", Base.bindings["exit"], export=False)


# `Symbol(...)`, `Expr(...)`, `QuoteNode(...)`
def _simple(t: Any, f: Any) -> None:
    support._builtin(
        constructors(t), T.tuple_type([T.type_of_type(t), T.Vararg(T.Any_)]), f, ("args",)
    )


def _applied(t: Any, f: Any) -> None:
    """The constructor of the members of a family, `Pair{A, B}(a, b)`."""
    kind = T.TypeVar("T", None, t)
    signature = T.UnionAll(kind, T.tuple_type([T.apply_type(T.Type_, kind), T.Vararg(T.Any_)]))
    support._builtin(constructors(t), signature, f, ("args",))


def members_constructor(t: Any, types: tuple[Any, ...], f: Any, names: tuple[str, ...]) -> None:
    """The constructor that each member of a family has: `Family{A, B}(::types...) where {A, B}`."""
    signature: Any = T.tuple_type([T.type_of_type(T.unwrap(t)), *types])
    for v in reversed(T.unwrap(t).parameters):
        signature = T.UnionAll(v, signature)
    support._builtin(constructors(t), signature, f, names)


def _expression(t: Any, *args: Any) -> Expr:
    if not args or type(args[0]) is not Symbol:
        raise MethodError(t, args, None)
    return Expr(args[0].name, *args[1:])


def _quote_node(t: Any, *args: Any) -> QuoteNode:
    if len(args) != 1:
        raise MethodError(t, args, None)
    return QuoteNode(args[0])


def reference(t: Any, *args: Any) -> V.Ref | V.RefArray:
    """`Ref(x)`, `Ref{T}(x)`, `Ref{T}()`, `Ref(array, i)`"""
    (eltype,) = T.unwrap(t).parameters
    is_open = isinstance(eltype, T.TypeVar)
    if len(args) == 2 and isinstance(args[0], Array) and T.isa(args[1], T.Integer):
        return V.RefArray(args[0], int(args[1]))
    if len(args) > 1 or (is_open and not args):
        raise MethodError(t, args, None)
    if args:
        return V.Ref(args[0]) if is_open else V.Ref(convert_to(eltype, args[0]), eltype)
    if eltype in T.DTYPE_OF and T.DTYPE_OF[eltype].kind != "O":
        return V.Ref(convert_to(eltype, 0), eltype)
    out = V.Ref.__new__(V.Ref)
    out.eltype = eltype
    return out


_simple(T.CORE_TYPES["Expr"], _expression)
_simple(T.CORE_TYPES["QuoteNode"], _quote_node)
_simple(V.Pair_, lambda _, a, b: V.Pair(a, b))
_simple(T.CORE_TYPES["Colon"], lambda _: V.COLON)
for _family in (V.Ref_, V.RefValue_):
    support._builtin(
        constructors(_family), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), reference, ("args",)
    )
_simple(V.MIME_, lambda _, x: V.MIME(x))


def _pair(t: Any, *args: Any) -> V.Pair:
    if len(args) != 2:
        raise MethodError(t, args, None)
    if not isinstance(t, T.DataType):
        return V.Pair(*args)
    return V.pair_of(t, *map(convert_to, t.parameters, args))


def _mime(t: Any, *args: Any) -> V.MIME:
    if not isinstance(t, T.DataType):
        return V.MIME(*args)
    if args:
        raise MethodError(t, args, None)
    return V.MIME(t.parameters[0].name)


_applied(V.Pair_, _pair)
_applied(V.MIME_, _mime)


class Val:
    """`Val(x)`"""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x


T.register_instances(Val, lambda v: T.apply_type(V.Val_, v.x), V.Val_)


def _val(t: Any, *args: Any) -> Val:
    if len(args) > 1 or bool(args) is isinstance(t, T.DataType):
        raise MethodError(t, args, None)
    found = T.apply_type(V.Val_, args[0]) if args else t
    if found not in _VALS:
        _VALS[found] = Val(found.parameters[0])
    return _VALS[found]


_VALS: dict[Any, Val] = {}
_simple(V.Val_, _val)
_applied(V.Val_, _val)
