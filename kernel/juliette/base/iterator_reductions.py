"""`sum`, `maximum`, `any`, `count` and their kin of anything that can be iterated."""

from __future__ import annotations

import functools
from operator import add
from typing import Any

import numpy as np

from juliette.base.folds import fold_left, result_type, source_type
from juliette.base.iteration import applied, apply_each, iterate_value
from juliette.base.iterators import NO_INIT
from juliette.base.lanes import at_once
from juliette.base.reducing import nothing_to_reduce
from juliette.compiler import support
from juliette.compiler.arithmetic import wrap
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base


def folding(name: str, operator: str, doc: str) -> None:
    """`sum`, `prod`, `maximum` and `minimum` of what is no array."""
    greatest = operator in ("max", "min")

    def op() -> Any:
        return Base.bindings[operator]

    def whole(x: Any, *, init: Any = NO_INIT) -> Any:
        if type(x) is tuple and operator == "+" and init is NO_INIT:
            kinds = set(map(type, x))
            if kinds == {int}:
                return wrap(sum(x))
            if kinds == {float}:
                return functools.reduce(add, x)
        t = source_type(x)
        items = iterate_value(x)
        if type(x) is tuple and not x and operator == "*" and init is NO_INIT:
            return 1
        if greatest:
            return fold_left(op(), items, init, None)
        return fold_left(op(), wide(items), init, wide_type(t))

    def mapped(f: Any, x: Any, *, init: Any = NO_INIT) -> Any:
        items = applied(f, iterate_value(x))
        if greatest:
            return fold_left(op(), items, init, None)
        return fold_left(op(), wide(items), init, result_type(f, (x,)))

    whole.__doc__ = doc
    Base.method(f"{name}(x; init)", transparent=True)(whole)
    Base.method(f"{name}(f, x; init)", transparent=True)(mapped)


def wide_type(t: Any) -> Any:
    """The type as which values of a type are added or multiplied."""
    if not isinstance(t, T.DataType) or not T.subtype(t, T.Integer):
        return t
    return (
        T.Int64
        if t in (T.Bool, T.Int8, T.Int16, T.Int32)
        else T.UInt64
        if t in (T.UInt8, T.UInt16, T.UInt32)
        else t
    )


def wide(items: Any) -> list[Any]:
    """Items to add or multiply."""
    values = list(items)
    kinds = set(map(type, values))
    return values if kinds <= {int, float} else list(map(widened, values))


def widened(x: Any) -> Any:
    """Small integers are added as Int64 or UInt64."""
    if type(x) is bool:
        return int(x)
    if isinstance(x, np.integer) and x.dtype.itemsize < 8:
        return int(x) if x.dtype.kind == "i" else np.uint64(x)
    return x


def extreme(name: str, operator: str, doc: str) -> None:
    """`argmax`, `findmax` and their opposites of any collection with keys."""
    better = Base.bindings["isless"]

    def ahead(a: Any, b: Any) -> bool:
        """Does `b` replace `a`?  NaN and missing win."""
        if _unordered(a):
            return False
        return _unordered(b) or (better(a, b) if operator == "max" else better(b, a))

    def best(items: Any) -> tuple[Any, Any]:
        found = None
        for value, key in items:
            if found is None or ahead(found[0], value):
                found = (value, key)
        if found is None:
            raise nothing_to_reduce(better, T.Any_)
        return found

    def keyed(x: Any) -> Any:
        return zip(
            iterate_value(x) if not isinstance(x, V.JuliaDict) else (v for _, v in x.pairs()),
            iterate_value(Base.bindings["keys"](x)),
            strict=False,
        )

    def find(x: Any) -> Any:
        return best(keyed(x))

    def find_by(f: Any, x: Any) -> Any:
        return best((f(v), k) for v, k in keyed(x))

    def arg(x: Any) -> Any:
        return best(keyed(x))[1]

    def arg_by(f: Any, x: Any) -> Any:
        return best((f(v), v) for v in iterate_value(x))[1]

    find.__doc__, arg.__doc__ = doc.split("|")
    Base.method(f"find{name}(x)", transparent=True)(find)
    Base.method(f"find{name}(f, x)", transparent=True)(find_by)
    Base.method(f"arg{name}(x)", transparent=True)(arg)
    Base.method(f"arg{name}(f, x)", transparent=True)(arg_by)


def _unordered(x: Any) -> bool:
    return x is V.MISSING or (isinstance(x, (float, np.floating)) and x != x)


# ---------------------------------------------------------------- any, all, count


def _three_valued(found: Any) -> Any:
    if found is True or found is False or found is V.MISSING:
        return found
    return support.truth(found)


@Base.method("any(x)", transparent=True)
def any_(x: Any) -> Any:
    """Is one element true?

    ```jldoctest
    julia> any([false, true])
    true
    ```
    """
    return any_of(itself, x)


def itself(x: Any) -> Any:
    return x


@Base.method("any(f, x)", transparent=True)
def any_of(f: Any, x: Any) -> Any:
    """Is `f` true for one element?"""
    result: Any = False
    for value in applied(f, iterate_value(x)):
        found = _three_valued(value)
        if found is True:
            return True
        if found is V.MISSING:
            result = V.MISSING
    return result


@Base.method("all(x)", transparent=True)
def all_(x: Any) -> Any:
    """Are all elements true?

    ```jldoctest
    julia> all([true, false])
    false
    ```
    """
    return all_of(itself, x)


@Base.method("all(f, x)", transparent=True)
def all_of(f: Any, x: Any) -> Any:
    """Is `f` true for all elements?"""
    result: Any = True
    for value in applied(f, iterate_value(x)):
        found = _three_valued(value)
        if found is False:
            return False
        if found is V.MISSING:
            result = V.MISSING
    return result


@Base.method("count(x; init=0)", transparent=True)
def count(x: Any, *, init: Any = 0) -> Any:
    """How many elements are true?

    ```jldoctest
    julia> count([true, false, true])
    2
    ```
    """
    return init + sum(
        1 for v in iterate_value(x) if (v is True or (v is not False and support.truth(v)))
    )


@Base.method("count(f, x; init=0)", transparent=True)
def count_of(f: Any, x: Any, *, init: Any = 0) -> Any:
    """For how many elements is `f` true?

    ```jldoctest
    julia> count(isodd, 1:5)
    3
    ```
    """
    whole = at_once(f, x)
    if whole is not None and whole.dtype == bool:
        return init + int(np.count_nonzero(whole))
    verdicts = apply_each(f, x)
    if set(map(type, verdicts)) <= {bool}:
        return init + sum(verdicts)
    return init + sum(map(support.truth, verdicts))


# `sum(x)` and its relatives for arrays are in `reductions`; these are for every other iterator.
folding(
    "sum", "+", "The sum of all elements.\n\n```jldoctest\njulia> sum(x^2 for x in 1:3)\n14\n```"
)
folding(
    "prod", "*", "The product of all elements.\n\n```jldoctest\njulia> prod((2, 3, 4))\n24\n```"
)
folding(
    "maximum", "max", "The greatest element.\n\n```jldoctest\njulia> maximum(abs, [-3, 2])\n3\n```"
)
folding(
    "minimum", "min", "The smallest element.\n\n```jldoctest\njulia> minimum((4, 2, 9))\n2\n```"
)
extreme(
    "max",
    "max",
    "The greatest element and its index.\n\n```jldoctest\njulia> findmax([3, 8, 1])\n(8, 2)\n```|The index of the greatest element.\n\n```jldoctest\njulia> argmax([3, 8, 1]), argmax(abs, -2:1)\n(2, -2)\n```",
)
extreme(
    "min",
    "min",
    "The smallest element and its index.\n\n```jldoctest\njulia> findmin([3, 8, 1])\n(1, 3)\n```|The index of the smallest element.\n\n```jldoctest\njulia> argmin([3, 8, 1])\n3\n```",
)


@Base.method("extrema(x; init)", transparent=True)
def extrema(x: Any, *, init: Any = NO_INIT) -> Any:
    """The smallest and the greatest element.

    ```jldoctest
    julia> extrema([3, 1, 2])
    (1, 3)
    ```
    """
    return extrema_of(itself, x, init=init)


@Base.method("extrema(f, x; init)", transparent=True)
def extrema_of(f: Any, x: Any, *, init: Any = NO_INIT) -> Any:
    values = [f(v) for v in iterate_value(x)]
    low, high = init if init is not NO_INIT else (NO_INIT, NO_INIT)
    return fold_left(Base.bindings["min"], values, low, None), fold_left(
        Base.bindings["max"], values, high, None
    )
