"""`@boundscheck` and `@inbounds`: checks that a caller may leave out."""

from __future__ import annotations

import sys
from typing import Any

from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr, QuoteNode, Symbol


class _Bounds:
    """The function that is called without its `@boundscheck` block; None as a rule."""

    trusted: str | None = None
    guarded = False  # has any code of the user's such a block?


@Base.macro("boundscheck")
def boundscheck(context: Any, e: Any = None) -> Any:
    """`@boundscheck code` runs the code, unless the function is called under `@inbounds`.

    ```jldoctest
    julia> function part(v, i)
               @boundscheck checkbounds(v, i)
               "part $i"
           end;

    julia> part(1:2, 3)
    ERROR: BoundsError: attempt to access 2-element UnitRange{Int64} at index [3]
    [...]

    julia> @inbounds part(1:2, 3)
    "part 3"
    ```
    """
    _Bounds.guarded = True
    return Expr("if", Expr("call", QuoteNode(_bounds_are_checked)), e)


def _bounds_are_checked() -> bool:
    trusted, _Bounds.trusted = _Bounds.trusted, None
    return trusted is None or sys._getframe(1).f_code.co_name != trusted


@Base.macro("inbounds")
def inbounds(context: Any, e: Any = None) -> Any:
    """`@inbounds code`: the functions that it calls leave out their `@boundscheck` blocks; indices stay checked."""
    return _trusting(e, context.module) if _Bounds.guarded else e


def _trusting(e: Any, module: Module) -> Any:
    """Code whose calls of the user's functions are trusted."""
    if not isinstance(e, Expr) or e.head in ("quote", "->", "function", "macrocall"):
        return e
    args = [_trusting(a, module) for a in e.args]
    if e.head == "call" and isinstance(args[0], Symbol) and not any(map(_is_keyword, args)):
        f = module.bindings.get(args[0].name)
        if isinstance(f, GenericFunction) and f.module is not Base:
            return Expr("call", QuoteNode(_trusted_call), *args)
    return Expr(e.head, *args)


def _is_keyword(e: Any) -> bool:
    return isinstance(e, Expr) and e.head in ("kw", "parameters")


def _trusted_call(f: Any, *args: Any) -> Any:
    _Bounds.trusted = f.name
    try:
        return f(*args)
    finally:
        _Bounds.trusted = None
