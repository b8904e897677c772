"""`@inferred`: is the type of a call's value the one that inference finds?"""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Module
from juliette.runtime.values import NamedTuple
from juliette.syntax.expr import Expr, QuoteNode


def inferred_type(f: Any, args: tuple[Any, ...]) -> Any:
    """The type that inference finds for a call; `Any` where it does not know the method's code."""
    from juliette.base.code_stages import result_of, selected

    try:
        method, types = selected(f, tuple(map(T.dispatch_type, args)))
        return T.Any_ if method.code is None else result_of(method, types)
    except ErrorException:
        return T.Any_


def without(t: Any, allowed: Any) -> Any:
    """A union without what is allowed besides."""
    return T.union(*(part for part in t.types if not T.subtype(part, allowed)))


def checked(allowed: Any, keywords: NamedTuple, f: Any, *args: Any) -> Any:
    """The value of a call, if inference finds no union that is wider than its type."""
    value = call_kw(f, dict(zip(keywords.names, keywords.values, strict=True)), *args)
    found = T.typeof(value)
    expected = T.Any_ if keywords.names else inferred_type(f, args)
    # Our inference says `Any` of much that Julia's knows: only a union is a verdict.
    known = not isinstance(expected, T.UnionType) or T.subtype(found, allowed)
    if not known and without(expected, allowed) is not found:
        raise ErrorException(
            f"return type {T.type_string(found)} does not match inferred return type "
            f"{T.type_string(expected)}"
        )
    return value


def load(module: Module) -> None:
    """Add the macro to Test."""

    @module.macro("inferred")
    def inferred(context: Any, *arguments: Any) -> Any:
        """`@inferred [allowed] f(x)`: the value of the call, if inference knows its type.

        A union of types is not known; `allowed` may be one of them besides.

        ```jldoctest
        julia> using Test

        julia> clipped(x) = x > 9 ? 9 : x;

        julia> @inferred clipped(20)
        9

        julia> @inferred clipped(20.0)
        ERROR: return type Int64 does not match inferred return type Union{Float64, Int64}
        [...]
        ```
        """
        *before, e = arguments
        if not isinstance(e, Expr) or e.head not in ("call", "ref"):
            raise ErrorException("@inferred requires a call expression")
        keywords: list[Any] = []
        rest: list[Any] = []
        for a in e.args:
            if isinstance(a, Expr) and a.head in ("kw", "parameters"):
                keywords += [a] if a.head == "kw" else a.args
            else:
                rest.append(a)
        if e.head == "ref" or str(getattr(rest[0], "name", "")).startswith("."):
            return e
        given = Expr("tuple", Expr("parameters", *keywords))
        allowed = before[0] if before else QuoteNode(T.Bottom)
        return Expr("call", QuoteNode(checked), allowed, given, *rest)
