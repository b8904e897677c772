"""Functions that take a function and a collection: map, filter, folds, any and all, searching.

One module, since all of them meet the same kinds of collections, each with a container of its own for results.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from operator import add
from typing import Any

import numpy as np

from juliette.base.array_protocol import in_kind, is_array
from juliette.base.collecting import (
    Generator,
    along_axes,
    finite,
    finite_source,
    gather,
    of_results,
)
from juliette.base.fixing import Fix1
from juliette.base.iteration import applied, apply_each, binary, direct, folded, iterate_value
from juliette.base.iterator_sizes import eltype_of_iterator, shape_of_iterator
from juliette.base.iterators import NO_INIT, Filter, zipped_shape
from juliette.base.lanes import at_once, numbers_of
from juliette.compiler import support
from juliette.compiler.arithmetic import wrap
from juliette.compiler.emitter import FAST
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, vector
from juliette.runtime.array import wrap as wrap_array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.text import is_valid
from juliette.runtime.world import TRACE


def nothing_to_reduce(op: Any, t: Any) -> MethodError:
    """The error of a fold over nothing."""
    error: MethodError = MethodError(Base.get("reduce_empty"), (op, t), None)
    return error


def holds(f: Any, x: Any) -> bool:
    """`f(x)` as a condition: only a Bool will do."""
    found = f(x)
    return found if found is True or found is False else support.truth(found)


def applied_to(f: Any, values: list[Any]) -> list[bool]:
    """`f(x)` of values of one class, as conditions."""
    if not values:
        return []
    first = f(values[0])
    found = [first, *map(direct(f, type(values[0])), values[1:])]
    return found if set(map(type, found)) == {bool} else list(map(support.truth, found))


# ---------------------------------------------------------------- map, foreach, filter


@Base.method("map(f, xs...)", transparent=True)
def map_(f: Any, *xs: Any) -> Any:
    """Apply `f` to each element (or to corresponding elements).

    ```jldoctest
    julia> map(+, [1, 2], [10, 20])
    2-element Vector{Int64}:
     11
     22

    julia> map(abs, (-1, 2))
    (1, 2)
    ```
    """
    if not xs:
        return f()
    x = xs[0]
    if len(xs) == 1:
        if type(x) is tuple:
            return tuple(map(f, x))
        if isinstance(x, V.NamedTuple):
            return V.NamedTuple(x.names, tuple(map(f, x.values)))
        if isinstance(x, (int, float, np.number)):
            return f(x)
        if isinstance(x, V.Transposed) and x.parent_is_vector:
            turn = Base.bindings[x.function]
            return turn(map_(lambda v: turn(f(turn(v))), x.parent))
        if isinstance(x, V.Range) and isinstance(f, T.JuliaType) and T.subtype(f, T.Real):
            from juliette.base.range_questions import mapped_range

            converted = mapped_range(f, x)
            if converted is not None:
                return converted
        whole = at_once(f, x)
        if whole is not None:
            return wrap_array(whole)
        finite_source(x)
        values = apply_each(f, x)
        if isinstance(x, V.BitArray) and getattr(f, "name", None) in _BITWISE:
            return V.BitArray(np.array(values, dtype=bool).reshape(x.data.shape, order="F"))
        if type(x) is str:
            return _string(values)
        out = of_results(f, values, shape_of_iterator(x), xs)
        return in_kind(x, out) if isinstance(x, (Struct, V.Wrapper)) and is_array(x) else out
    if all(type(x) is tuple for x in xs):
        return tuple(map(f, *xs))
    if all(isinstance(x, V.NamedTuple) for x in xs):
        if any(o.names != x.names for o in xs):
            raise ArgumentError("Named tuple names do not match.")
        return V.NamedTuple(x.names, tuple(map(f, *(o.values for o in xs))))
    if all(isinstance(x, (int, float, np.number)) for x in xs):
        return f(*xs)
    shapes = [s for x in xs if (s := shape_of_iterator(x)) is not None]
    alike = len(shapes) == len(xs) and len(set(map(len, shapes))) == 1
    shape = zipped_shape(shapes) if alike else None
    whole = at_once(f, *xs)
    if whole is not None:
        return wrap_array(whole)
    values = list(map(binary(f) if len(xs) == 2 else f, *map(iterate_value, xs)))
    of_bits = all(isinstance(o, V.BitArray) and o.data.shape == x.data.shape for o in xs)
    if of_bits and getattr(f, "name", None) in _BITWISE:
        return V.BitArray(np.array(values, dtype=bool).reshape(x.data.shape, order="F"))
    out = of_results(f, values, shape, xs)
    return along_axes(x, out) if shape is not None and isinstance(out, Array) else out


# Functions of bits, by which a bit array is mapped to a bit array.
_BITWISE = {
    "!",
    "~",
    "identity",
    "&",
    "|",
    "xor",
    "⊻",
    "nand",
    "nor",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "min",
    "max",
}


def _string(values: list[Any]) -> str:
    for v in values:
        if not isinstance(v, V.Char):
            raise ArgumentError(
                "map(f, s::AbstractString) requires f to return AbstractChar; try map(f, collect(s)) "
                "or a comprehension instead"
            )
    return "".join(chr(v.code) for v in values)


@Base.method("map!(f, dest, xs...)", transparent=True)
def map_into(f: Any, dest: Any, *xs: Any) -> Any:
    """Like `map`, with the results stored in `dest`."""
    sources = xs or (dest,)
    set_ = Base.bindings["setindex!"]
    values = [f(*vs) for vs in zip(*map(iterate_value, sources), strict=False)]
    for i, v in zip(iterate_value(Base.bindings["eachindex"](dest)), values, strict=False):
        set_(dest, v, i)
    return dest


@Base.method("foreach(f, xs...)", transparent=True)
def foreach(f: Any, *xs: Any) -> None:
    """Call `f` for each element.

    ```jldoctest
    julia> foreach(println, [1, 2])
    1
    2
    ```
    """
    if len(xs) == 1:
        for _ in applied(f, iterate_value(xs[0])):
            pass
        return
    for vs in zip(*map(iterate_value, xs), strict=False) if xs else [()]:
        f(*vs)


@Base.method("filter(f, x::Union{AbstractArray,Tuple,NamedTuple})", transparent=True)
def filter_(f: Any, x: Any) -> Any:
    """The elements for which `f` is true.

    ```jldoctest
    julia> filter(isodd, 1:5)
    3-element Vector{Int64}:
     1
     3
     5
    ```
    """
    if type(x) is tuple:
        return tuple(v for v in x if holds(f, v))
    if isinstance(x, V.NamedTuple):
        return Base.bindings["getindex"](
            x, tuple([V.Symbol(n) for n, v in zip(x.names, x.values, strict=True) if holds(f, v)])
        )
    if type(x) is str:
        chars = list(iterate_value(x))
        verdicts = applied_to(f, chars)
        return (
            "".join(itertools.compress(x, verdicts))
            if is_valid(x)
            else "".join(c.text for c in itertools.compress(chars, verdicts))
        )
    t = eltype_of_iterator(x)
    whole = at_once(f, x)
    if whole is not None and whole.dtype == bool:
        verdicts = whole.ravel(order="F")
        return wrap_array(numbers_of(x).ravel(order="F")[verdicts])
    if finite(x):
        items = list(iterate_value(x))
        verdicts = apply_each(f, x, items)
        if not set(map(type, verdicts)) <= {bool}:
            verdicts = list(map(support.truth, verdicts))
        values = list(itertools.compress(items, verdicts))
    else:
        values = [v for v in iterate_value(x) if holds(f, v)]
    return (
        gather(values, None, T.Any_ if t is None else t)
        if t is None or TRACE.depth
        else vector(values, t)
    )


@Base.method("filter(f)", transparent=True)
def filter_by(f: Any) -> Any:
    return Fix1(Base.bindings["filter"], f)


@Base.method("filter!(f, v::AbstractVector)", transparent=True)
def filter_in_place(f: Any, v: Any) -> Any:
    """Keep only the elements for which `f` is true."""
    kept = vector([x for x in iterate_value(v) if holds(f, x)], v.eltype)
    v.data, v._buffer = kept.data, None
    return v


# ---------------------------------------------------------------- folds


def empty_fold(op: Any, t: Any) -> Any:
    """What a fold of nothing is, where the operation has a neutral element for the type."""
    if t is None:
        raise nothing_to_reduce(op, t)
    return Base.get("reduce_empty")(op, t)


def source_type(x: Any) -> Any:
    """The element type that says what a fold of nothing is; None where a function made the elements."""
    while isinstance(x, (Generator, Filter)):
        if isinstance(x, Generator) and x.f is not Base.bindings["identity"]:
            return None
        x = x.iter if isinstance(x, Generator) else x.itr
    return eltype_of_iterator(x)


def fold_left(op: Any, items: Any, init: Any, t: Any) -> Any:
    """Fold a Python iterable from the left."""
    if init is not NO_INIT:
        return folded(quick(op), items, init)
    it = iter(items)
    for first in it:
        if type(first) is bool and getattr(op, "name", None) == "+":
            first = int(first)  # what `reduce_first` makes of it
        return folded(quick(op), it, first)
    return empty_fold(op, t)


def quick(op: Any) -> Any:
    """An operator in the form that looks for a method only where it must."""
    name = FAST.get(op) if type(op) is GenericFunction and not TRACE.depth else None
    return support.HELPERS[name] if name is not None else op


def fold_right(op: Any, items: list[Any], init: Any, t: Any) -> Any:
    return (
        fold_left(lambda a, b: op(b, a), reversed(items), init, t)
        if items or init is not NO_INIT
        else empty_fold(op, t)
    )


def _joins(op: Any) -> bool:
    return op is Base.bindings.get("vcat") or op is Base.bindings.get("hcat")


def _dims_fold(f: Any, op: Any, a: Any, dims: Any, init: Any) -> Any:
    """A fold along dimensions of an array."""
    data = a.data
    axes = sorted(
        {d - 1 for d in (dims if type(dims) is tuple else (dims,))} & set(range(data.ndim))
    )
    rest = [d for d in range(data.ndim) if d not in axes]
    shape = tuple(1 if d in axes else n for d, n in enumerate(data.shape))
    moved = np.transpose(data, [*axes, *rest])
    count = int(np.prod([data.shape[d] for d in axes], dtype=int))
    columns = moved.reshape(count, -1, order="F")
    out = []
    for j in range(columns.shape[1]):
        out.append(fold_left(op, map(f, elements(columns[:, j])), init, a.eltype))
    return gather(out, shape)


@Base.method("reduce(op, x; init, dims)", transparent=True)
def reduce(op: Any, x: Any, *, init: Any = NO_INIT, dims: Any = None) -> Any:
    """Combine all elements with a binary operation.

    ```jldoctest
    julia> reduce(*, [2, 3, 4])
    24

    julia> reduce(*, Int[]; init = 7)
    7
    ```
    """
    if dims is not None and not isinstance(dims, V.ColonType):
        return _dims_fold(lambda v: v, op, x, dims, init)
    if _joins(op) and init is NO_INIT:
        return op(*iterate_value(x))
    return fold_left(op, iterate_value(x), init, source_type(x))


@Base.method("foldl(op, x; init)", transparent=True)
def foldl(op: Any, x: Any, *, init: Any = NO_INIT) -> Any:
    """Combine from the left.

    ```jldoctest
    julia> foldl(=>, 1:4)
    ((1 => 2) => 3) => 4
    ```
    """
    return fold_left(op, iterate_value(x), init, source_type(x))


@Base.method("foldr(op, x; init)", transparent=True)
def foldr(op: Any, x: Any, *, init: Any = NO_INIT) -> Any:
    """Combine from the right.

    ```jldoctest
    julia> foldr(=>, 1:4)
    1 => (2 => (3 => 4))
    ```
    """
    return fold_right(op, list(iterate_value(x)), init, source_type(x))


def _mapped(f: Any, xs: tuple[Any, ...]) -> Iterator[Any]:
    if len(xs) == 1:
        return applied(f, iterate_value(xs[0]))
    return map(binary(f) if len(xs) == 2 else f, *map(iterate_value, xs))


@Base.method("mapreduce(f, op, xs...; init, dims)", transparent=True)
def mapreduce(f: Any, op: Any, *xs: Any, init: Any = NO_INIT, dims: Any = None) -> Any:
    """`reduce(op, map(f, xs...))` without the array between.

    ```jldoctest
    julia> mapreduce(x -> x^2, +, 1:3)
    14
    ```
    """
    if not xs:
        raise MethodError(Base.bindings["Generator"], (f,), None)
    if dims is not None and not isinstance(dims, V.ColonType):
        return _dims_fold(f, op, xs[0], dims, init)
    return fold_left(op, _mapped(f, xs), init, _result_type(f, xs))


def _result_type(f: Any, xs: tuple[Any, ...]) -> Any:
    """The type of `f`'s results where it is the element type itself."""
    if f is Base.bindings["identity"] and len(xs) == 1:
        return source_type(xs[0])
    return (
        source_type(xs[0])
        if getattr(f, "name", "") in ("abs", "abs2", "-", "+") and len(xs) == 1
        else None
    )


@Base.method("mapfoldl(f, op, xs...; init)", transparent=True)
def mapfoldl(f: Any, op: Any, *xs: Any, init: Any = NO_INIT) -> Any:
    """`foldl(op, map(f, xs...))`"""
    return fold_left(op, _mapped(f, xs), init, _result_type(f, xs))


@Base.method("mapfoldr(f, op, xs...; init)", transparent=True)
def mapfoldr(f: Any, op: Any, *xs: Any, init: Any = NO_INIT) -> Any:
    """`foldr(op, map(f, xs...))`"""
    return fold_right(op, list(_mapped(f, xs)), init, _result_type(f, xs))


@Base.method("accumulate(op, x; init, dims)", transparent=True)
def accumulate(op: Any, x: Any, *, init: Any = NO_INIT, dims: Any = None) -> Any:
    """All partial folds from the left.

    ```jldoctest
    julia> accumulate(+, [1, 2, 3])
    3-element Vector{Int64}:
     1
     3
     6

    julia> accumulate(*, (1, 2, 3); init = 10)
    (10, 20, 60)
    ```
    """
    shape = shape_of_iterator(x)
    if shape is not None and len(shape) > 1:
        if dims is None:
            return gather(_partial(op, list(iterate_value(x)), init), shape)
        axis = dims - 1
        out = np.empty(shape, dtype=object, order="F")
        rest = shape[:axis] + shape[axis + 1 :]
        for index in np.ndindex(*rest):
            where = (*index[:axis], slice(None), *index[axis:])
            for k, v in enumerate(_partial(op, elements(x.data[where]), init)):
                out[(*index[:axis], k, *index[axis:])] = v
        return gather(elements(out), shape)
    values = _partial(op, list(iterate_value(x)), init)
    if type(x) is tuple:
        return tuple(values)
    return gather(values, shape, eltype_of_iterator(x) or T.Any_)


def _partial(op: Any, items: list[Any], init: Any) -> list[Any]:
    if init is NO_INIT:
        return list(itertools.accumulate(items, op))
    # not `initial`, for which None is none
    return list(itertools.accumulate([init, *items], op))[1:]


@Base.method("accumulate!(op, dest, x; init)", transparent=True)
def accumulate_into(op: Any, dest: Any, x: Any, *, init: Any = NO_INIT) -> Any:
    """All partial folds, stored in `dest`."""
    set_ = Base.bindings["setindex!"]
    for i, v in enumerate(_partial(op, list(iterate_value(x)), init), 1):
        set_(dest, v, i)
    return dest


# ---------------------------------------------------------------- sum and its relatives on any iterator


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
        return fold_left(op(), wide(items), init, _result_type(f, (x,)))

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


def _three_valued(found: Any, where: str) -> Any:
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
        found = _three_valued(value, "any")
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
        found = _three_valued(value, "all")
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
