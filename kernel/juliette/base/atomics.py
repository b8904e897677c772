"""Fields and globals read and changed in one step: `@atomic`, `swapproperty!` and their relatives.

Code runs in one thread, so every step is one.  A field that is declared `@atomic` refuses all the
same to be written in another way, and other fields refuse an atomic step.
"""

from __future__ import annotations

from typing import Any

from juliette.base.fields import getfield, setfield
from juliette.base.identity import egal
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import (
    ConcurrencyViolationError,
    ErrorException,
    MethodError,
)
from juliette.runtime.modules import Base, Core, Module
from juliette.syntax.expr import Expr, QuoteNode, Symbol

REPLACED = ("old", "success")
ORDERS = {
    "not_atomic",
    "unordered",
    "monotonic",
    "acquire",
    "release",
    "acquire_release",
    "sequentially_consistent",
}


def is_atomic(order: Any) -> bool:
    """Does an ordering make a step atomic?"""
    if not isinstance(order, Symbol) or order.name not in ORDERS:
        raise ConcurrencyViolationError("invalid atomic ordering")
    return order.name != "not_atomic"


PLAIN = Symbol("not_atomic")


@Base.method("setfield!(x, name, value, order::Symbol)")
def set_field(x: Any, name: Any, value: Any, order: Any) -> Any:
    """Change a field in one step."""
    return setfield(x, name, value, atomic=is_atomic(order))


@Base.method("setproperty!(x, name, value, order::Symbol)")
def set_property(x: Any, name: Any, value: Any, order: Any) -> Any:
    return setfield(x, name, value, atomic=is_atomic(order))


@Base.method("getfield(x, name, order::Symbol)")
def get_field(x: Any, name: Any, order: Any) -> Any:
    """The field, read with an ordering: of one that is declared `@atomic`, with an atomic one."""
    atomic = is_atomic(order)
    kind = T.typeof(x)
    declared = (
        isinstance(name, Symbol)
        and isinstance(kind, T.DataType)
        and name.name in kind.typename.field_atomics
    )
    if atomic and not declared:
        raise ConcurrencyViolationError("getfield: non-atomic field cannot be accessed atomically")
    if declared and not atomic:
        raise ConcurrencyViolationError("getfield: atomic field cannot be accessed non-atomically")
    return getfield(x, name)


@Base.method("getproperty(x, name, order::Symbol)")
def get_property(x: Any, name: Any, order: Any) -> Any:
    return get_field(x, name, order)


def steps(kind: str) -> None:
    """The functions that change a field or property and tell what was there."""

    @Base.method(f"swap{kind}!(x, name::Symbol, value, order=:not_atomic)")
    def swap(x: Any, name: Symbol, value: Any, order: Any = PLAIN) -> Any:
        """Set it; the value is what it was before."""
        old = getfield(x, name)
        setfield(x, name, value, atomic=is_atomic(order), verb="swapfield!")
        return old

    @Base.method(f"modify{kind}!(x, name::Symbol, op, value, order=:not_atomic)")
    def modify(x: Any, name: Symbol, op: Any, value: Any, order: Any = PLAIN) -> Any:
        """Set it to `op(old, value)`; the value is `old => new`."""
        old = getfield(x, name)
        new = op(old, value)
        setfield(x, name, new, atomic=is_atomic(order), verb="modifyfield!")
        return V.Pair(old, new)

    @Base.method(
        f"replace{kind}!(x, name::Symbol, expected, value, success=:not_atomic, fail=:not_atomic)"
    )
    def replace(
        x: Any, name: Symbol, expected: Any, value: Any, order: Any = PLAIN, fail: Any = PLAIN
    ) -> Any:
        """Set it if it is `expected`; the value is `(old = …, success = …)`."""
        old = getfield(x, name)
        success = egal(old, expected)
        setfield(x, name, value if success else old, atomic=is_atomic(order), verb="replacefield!")
        return V.NamedTuple(REPLACED, (old, success))


steps("field")
steps("property")


@Base.method("getglobal(m::Module, name::Symbol, order=:monotonic)")
def get_global(m: Module, name: Symbol, order: Any = None) -> Any:
    """The value of a global variable of a module.

    ```jldoctest
    julia> getglobal(Base, :pi)
    π = 3.1415926535897...
    ```
    """
    return m.get(name.name)


@Base.method("setglobal!(m::Module, name::Symbol, value, order=:monotonic)")
def set_global(m: Module, name: Symbol, value: Any, order: Any = None) -> Any:
    """Give a global variable of a module a value."""
    if name.name not in m.bindings and (m is Base or m is Core):
        raise ErrorException("cannot assign variables in other modules")
    support.HELPERS["%set_global"](m, name.name, value, False)
    return value


for _name in (
    "getglobal",
    "setglobal!",
    "swapfield!",
    "modifyfield!",
    "replacefield!",
):
    Core.bindings[_name] = Base.bindings[_name]


# ---------------------------------------------------------------- the macros


def _call(name: str, *args: Any) -> Expr:
    return Expr("call", QuoteNode(Base.get(name)), *args)


def _field(e: Any) -> tuple[Any, Any]:
    """The object and the quoted name of `a.b.x`."""
    if not isinstance(e, Expr) or e.head != ".":
        raise ErrorException("could not parse @atomic expression")
    return e.args[0], e.args[1]


def _split(args: tuple[Any, ...]) -> tuple[list[Any], Any]:
    """The arguments without the orderings, and the (first) ordering."""
    orders = [a for a in args if isinstance(a, QuoteNode) and isinstance(a.value, Symbol)]
    rest = [a for a in args if not any(a is o for o in orders)]
    return rest, orders[0] if orders else QuoteNode(Symbol("sequentially_consistent"))


@Base.macro("atomic")
def atomic(context: Any, *args: Any) -> Any:
    """`@atomic x.a`, `@atomic x.a = v`, `@atomic x.a += v`, `@atomic x.a max v`: one step; `@atomic a::T` declares."""
    rest, order = _split(args)
    if len(rest) == 3:
        x, name = _field(rest[0])
        return _call("modifyproperty!", x, name, rest[1], rest[2], order)
    if len(rest) != 1:
        raise MethodError(context, args)
    e = rest[0]
    if isinstance(e, Symbol) or (isinstance(e, Expr) and e.head == "::"):
        return Expr("atomic", e)
    if isinstance(e, Expr) and e.head == "=":
        x, name = _field(e.args[0])
        return _call("setproperty!", x, name, e.args[1], order)
    if isinstance(e, Expr) and e.head.endswith("=") and len(e.args) == 2:
        x, name = _field(e.args[0])
        return _call(
            "getindex", _call("modifyproperty!", x, name, Symbol(e.head[:-1]), e.args[1], order), 2
        )
    if isinstance(e, Expr) and e.head == "call" and len(e.args) == 3:
        x, name = _field(e.args[1])
        return _call("modifyproperty!", x, name, e.args[0], e.args[2], order)
    x, name = _field(e)
    return _call("getproperty", x, name, order)


@Base.macro("atomicswap")
def atomic_swap(context: Any, *args: Any) -> Any:
    """`@atomicswap x.a = v` sets the field; the value is what it was before."""
    rest, order = _split(args)
    e = rest[-1]
    if not isinstance(e, Expr) or e.head != "=":
        raise ErrorException("@atomicswap expression missing assignment")
    x, name = _field(e.args[0])
    return _call("swapproperty!", x, name, e.args[1], order)


@Base.macro("atomicreplace")
def atomic_replace(context: Any, *args: Any) -> Any:
    """`@atomicreplace x.a old => new` sets the field if it is `old`."""
    rest, order = _split(args)
    if len(rest) != 2:
        raise ErrorException("@atomicreplace requires two arguments")
    x, name = _field(rest[0])
    pair = rest[1]
    if isinstance(pair, Expr) and pair.head == "call" and pair.args[0] == Symbol("=>"):
        return _call("replaceproperty!", x, name, pair.args[1], pair.args[2], order, order)
    return Expr("call", QuoteNode(_replace_pair), x, name, pair, order)


def _replace_pair(x: Any, name: Any, pair: Any, order: Any) -> Any:
    return Base.get("replaceproperty!")(x, name, pair.first, pair.second, order, order)
