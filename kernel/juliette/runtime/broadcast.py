"""Dotted calls: a fused tree of calls, evaluated on whole arrays where a kernel is known.

A function without an array kernel is called once for each element.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from math import prod
from typing import Any

import numpy as np

from juliette.runtime import array as array_values
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import OBJECT, Array, array_class, element, elements, make, pack, wrap
from juliette.runtime.columns import tuple_kernel
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, DimensionMismatch
from juliette.runtime.kernels import (
    KERNELS,
    Dot,
    Literal,
    Template,
    build,
    promotes_alike,
)
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.values import BitArray
from juliette.runtime.world import TRACE

# Set by the gradient packages: evaluates a tree whose leaves are traced.
TRACED: Any = None
# Set by the gradient packages: the kernel of a template for leaves of which some are traced.
TRACED_KERNEL: Any = None
# Set by the gradient packages: does a wrapper hold something traced?
TRACED_WITHIN: Any = None


class Broadcasted:
    """An unevaluated dotted call; `custom` where a value of a user's type is among its leaves."""

    __slots__ = ("args", "custom", "function", "style")
    style: Any

    def __init__(self, function: Any, args: tuple[Any, ...], custom: bool = False) -> None:
        self.function = function
        self.args = args
        self.custom = custom


def broadcasted(f: Any, *args: Any) -> Any:
    """A dotted call; on a range and a number some give a range at once."""
    custom = False
    for a in args:
        if isinstance(a, V.Range):
            if RANGE_OPERATION is not None:
                found = RANGE_OPERATION(f, args)
                if found is not None:
                    return found
        elif isinstance(a, V.Wrapper):
            if a.structured and not (
                TRACE.depth and TRACED_WITHIN is not None and TRACED_WITHIN(a)
            ):
                found = a.broadcast(f, args)
                if found is not None:
                    return found
            custom = custom or a.shifts
        elif isinstance(a, Struct) or (type(a) is Broadcasted and a.custom):
            custom = True
    if custom or BROADCASTED.user_methods:
        return CUSTOM_CALL(f, args)
    return Broadcasted(f, args)


# Set by Base: the operations that keep a range a range; dotted calls on values of users' types.
RANGE_OPERATION: Any = None
CUSTOM_CALL: Any = None
CUSTOM_VALUE: Any = None
BROADCASTED = GenericFunction("broadcasted")


def broadcasted_kw(kwargs: dict[str, Any], f: Any, *args: Any) -> Broadcasted:
    from juliette.runtime.dispatch import call_kw

    return Broadcasted(lambda *xs: call_kw(f, kwargs, *xs), args)


def template(tree: Dot, count: int) -> Template:
    """The dotted calls of one place in the source."""
    return Template(tree, count, _find_kernel)


def _find_kernel(t: Template, values: tuple[Any, ...]) -> Any:
    """The code for functions and leaves like these."""

    def slow(*vs: Any) -> Any:
        return materialize(instance(t.tree, vs))

    if TRACE.depth and TRACED_KERNEL is not None:
        found = TRACED_KERNEL(t, values, slow)
        if found is not None:
            return found
    return (
        build(t, values, slow)
        or tuple_kernel(t, values, slow, BROADCASTED)
        or one_by_one(t, values, slow)
        or slow
    )


# What stands beside arrays for each of their elements.
_ALONE = frozenset((int, float, bool, str, V.Char, T.DataType))


def one_by_one(t: Template, values: tuple[Any, ...], slow: Any) -> Any:
    """A single dotted call over vectors of which one holds no numbers: the function is called for each element."""
    f = values[t.tree.function]
    arrays: list[int] = []
    for a in t.tree.args:
        if isinstance(a, Dot):
            return None
        if isinstance(a, Literal):
            continue
        x = values[a]
        if isinstance(x, Array) and type(x) is array_class(x.eltype, 1):
            arrays.append(a)
        elif type(x) not in _ALONE:
            return None
    plain = isinstance(f, GenericFunction) and f.module is Base and f not in KERNELS
    if not arrays or not (plain or any(values[i].data.dtype is OBJECT for i in arrays)):
        return None
    args, function, first = t.tree.args, t.tree.function, arrays[0]

    def run(*vs: Any) -> Any:
        n = len(vs[first].data)
        if not n or TRACE.depth or BROADCASTED.user_methods:
            return slow(*vs)
        columns: list[Any] = []
        for a in args:
            x = a.value if isinstance(a, Literal) else vs[a]
            if isinstance(x, Array):
                if len(x.data) != n:
                    return slow(*vs)
                columns.append(elements(x.data))
            else:
                columns.append(repeat(x, n))
        return from_values(list(map(vs[function], *columns)), (n,), None)

    return run


def instance(t: Any, values: tuple[Any, ...]) -> Any:
    """A template with functions and leaves filled in."""
    if isinstance(t, Dot):
        return broadcasted(values[t.function], *[instance(a, values) for a in t.args])
    return t.value if isinstance(t, Literal) else values[t]


def is_array(x: Any) -> bool:
    return isinstance(x, (Array, BitArray, V.Range, V.Wrapper)) or type(x) in ARRAY_CLASSES


ARRAY_CLASSES: set[type] = set()


def leaf(x: Any) -> Any:
    """What a leaf of the tree is to numpy: an ndarray, or a scalar as it is."""
    if isinstance(x, (Array, BitArray, V.Wrapper, V.Range)):
        return x.data
    if type(x) is tuple:
        return Columns(x)
    if isinstance(x, V.Ref):
        return Scalar(x.x)
    if isinstance(x, V.RefArray):
        return Scalar(Base.bindings["getindex"](x.x, x.i))
    if type(x) in ARRAY_CLASSES:
        return x.data
    if isinstance(x, (V.JuliaDict, V.JuliaSet)) and isinstance(x, V.JuliaSet):
        return pack(list(x.items()), T.Any_)
    if hasattr(type(x), "julia_iterator"):
        return Base.get("collect")(x).data
    if isinstance(x, (V.JuliaDict, V.NamedTuple)):
        raise ArgumentError("broadcasting over dictionaries and `NamedTuple`s is reserved")
    return x


class Columns:
    """A tuple in a broadcast."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values


class Scalar:
    """A protected scalar (`Ref(x)`)."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def shape_of(x: Any) -> tuple[int, ...]:
    """Julia size: dimensions count from the first, so shorter ones are padded at the end."""
    if isinstance(x, np.ndarray):
        return x.shape  # type: ignore[no-any-return]
    if isinstance(x, Columns):
        return (len(x.values),)
    return ()


def common_shape(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    n = max(map(len, shapes), default=0)
    out: list[int] = []
    for d in range(n):
        size = 1
        for s in shapes:
            k = s[d] if d < len(s) else 1
            if k != 1:
                if size not in (1, k):
                    raise DimensionMismatch(
                        "arrays could not be broadcast to a common size; "
                        f"got a dimension with lengths {size} and {k}"
                    )
                size = k
        out.append(size)
    return tuple(out)


def align(x: Any, n: int) -> Any:
    """Pad an ndarray's shape with ones at the end, as Julia does."""
    if isinstance(x, np.ndarray) and x.ndim < n:
        return x.reshape(x.shape + (1,) * (n - x.ndim), order="A")
    return x


# Classes with dotted calls of their own: class -> (f(tree), assign(dest, value)).
STYLES: dict[type, tuple[Any, Any]] = {}


def leaves_of(tree: Broadcasted) -> Any:
    """The leaves of a tree, from left to right."""
    for a in tree.args:
        if isinstance(a, Broadcasted):
            yield from leaves_of(a)
        else:
            yield a


def materialize(tree: Any) -> Any:
    """The value of a dotted call."""
    if not isinstance(tree, Broadcasted):
        return tree
    if STYLES:
        for x in leaves_of(tree):
            style = STYLES.get(type(x))
            if style is not None:
                return style[0](tree)
    if tree.custom:
        return CUSTOM_VALUE(tree)
    if TRACE.depth and TRACED is not None:
        return TRACED(tree)
    return finish(evaluate(tree), tree)


class Values:
    """An elementwise result whose elements are Julia values."""

    __slots__ = ("shape", "values")

    def __init__(self, shape: tuple[int, ...], values: list[Any]) -> None:
        self.shape = shape
        self.values = values


class Deferred(Values):
    """Values that are worked out as they are asked for, each right before the call that takes it.

    So dotted calls inside one another are fused where it can be seen: `f.(g.(x))` calls `g` and `f`
    for the first element, then for the second.
    """

    __slots__ = ("known", "rows")

    def __init__(self, shape: tuple[int, ...], rows: Iterator[Any]) -> None:
        self.shape = shape
        self.rows = rows
        self.known: list[Any] | None = None

    @property
    def values(self) -> list[Any]:  # type: ignore[override]
        if self.known is None:
            self.known = list(self.rows)
        return self.known


def evaluate(tree: Any, inner: bool = False) -> Any:
    """An ndarray, Values, Columns, Scalar or a plain scalar."""
    if not isinstance(tree, Broadcasted):
        return leaf(tree)
    args = [evaluate(a, True) for a in tree.args]
    kernel = KERNELS.get(tree.function) if tree.function.__hash__ else None
    shapes = [a.shape if isinstance(a, Values) else shape_of(a) for a in args]
    if kernel is not None and getattr(kernel, "nin", len(args)) != len(args):
        kernel = None  # `.+x` is not what numpy's `add` does
    if kernel is not None and all(_numeric(a) for a in args):
        arrays = [a for a in args if isinstance(a, np.ndarray)]
        if arrays:
            if len(arrays) > 1:
                n = max(a.ndim for a in arrays)
                if any(a.shape != arrays[0].shape for a in arrays):
                    common_shape([a.shape for a in arrays])
                    args = [align(a, n) for a in args]
            numbers = list(map(widen, args))
            if promotes_alike(kernel, numbers):
                try:
                    result = kernel(*numbers)
                except (ValueError, TypeError):  # the loop finds the element, and Julia's error
                    result = None
                if isinstance(result, np.ndarray):
                    return result
    if not any(shapes):
        return Scalar(tree.function(*[_scalar(a) for a in args]))
    return loop(tree.function, args, shapes, inner)


def widen(x: Any) -> Any:
    """Numbers promote as in Julia: a Float64 beside an array of Float32 widens it."""
    if isinstance(x, np.ndarray):
        return x
    x = _scalar(x)
    if type(x) is float:
        return np.float64(x)
    return x


def _numeric(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype is not OBJECT and x.dtype.kind != "O"
    if isinstance(x, Scalar):
        x = x.value
    return type(x) in (int, float, bool, complex) or isinstance(x, np.generic)


def _scalar(x: Any) -> Any:
    if isinstance(x, Scalar):
        return x.value
    if isinstance(x, np.ndarray) and x.ndim == 0:
        return element(x, ())
    return x


# Set by Base: a user's function over whole arrays at once, or None.
LANES: Any = None


def loop(f: Any, args: list[Any], shapes: list[tuple[int, ...]], inner: bool = False) -> Any:
    """Call `f` for each element; later, where another call takes the results."""
    shape = common_shape(shapes)
    if len(shape) == 1 and all(not isinstance(a, (np.ndarray, Values)) for a in args):
        rows = []
        for i in range(shape[0]):
            rows.append(
                f(
                    *[
                        a.values[i if len(a.values) > 1 else 0]
                        if isinstance(a, Columns)
                        else _scalar(a)
                        for a in args
                    ]
                )
            )
        return Columns(tuple(rows))
    if LANES is not None and all(
        isinstance(a, np.ndarray) or isinstance(_scalar(a), (int, float, np.floating)) for a in args
    ):
        whole = LANES(f, [a if isinstance(a, np.ndarray) else _scalar(a) for a in args], shape)
        if whole is not None:
            return whole
    n = len(shape)
    size = prod(shape)
    streams: list[Any] = []
    for a in args:
        if type(a) is Deferred and a.shape == shape and a.known is None:
            streams.append(a.rows)
            continue
        if isinstance(a, Values):
            data = pack(a.values, T.Any_).reshape(a.shape, order="F")
        elif isinstance(a, Columns):
            data = pack(list(a.values), T.Any_)
        elif isinstance(a, np.ndarray):
            data = a
        else:
            value = _scalar(a)
            streams.append([value] * size)
            continue
        if data.shape != shape:
            data = np.broadcast_to(align(data, n), shape)
        streams.append(elements(data))
    if inner:
        return Deferred(shape, (f(*row) for row in zip(*streams, strict=True)))
    return Values(shape, [f(*row) for row in zip(*streams, strict=True)])


def finish(result: Any, tree: Any) -> Any:
    """A Julia value from what `evaluate` gave."""
    if isinstance(result, np.ndarray):
        if result.dtype == bool:
            return BitArray(result)
        if not result.flags.f_contiguous:
            result = np.asfortranarray(result)
        return wrap(result)
    if isinstance(result, Values):
        return from_values(result.values, result.shape, None if result.values else empty_type(tree))
    if isinstance(result, Columns):
        return result.values
    if isinstance(result, Scalar):
        return result.value
    return result


# Set by the compiler: the element type of an empty array of `f(args...)`, from the arguments' types.
ELEMENT_TYPE: Any = None


def set_element_type(f: Any) -> None:
    """Install inference for calls that are never made."""
    global ELEMENT_TYPE
    ELEMENT_TYPE = f


def empty_type(tree: Any) -> Any:
    """The element type of a dotted call that has no elements."""
    if isinstance(tree, Broadcasted):
        return ELEMENT_TYPE(tree.function, tuple(map(empty_type, tree.args)))
    if type(tree) is tuple:
        return join_types(list(tree))
    if isinstance(tree, V.Ref):
        return T.typeof(tree.x)
    if isinstance(tree, V.RefArray):
        return tree.x.eltype
    if is_array(tree) or isinstance(tree, V.JuliaSet) or hasattr(type(tree), "julia_iterator"):
        found = Base.bindings["eltype"](tree)
        return found if isinstance(found, T.JuliaType) else T.Any_
    return T.dispatch_type(tree)


def from_values(values: list[Any], shape: tuple[int, ...], eltype: Any = None) -> Any:
    """An array of computed elements; its element type is theirs."""
    if TRACE.depth and array_values.GATHER is not None:
        traced = array_values.GATHER(values, shape)
        if traced is not None:
            return traced
    if eltype is None:
        eltype = join_types(values)
    if eltype is T.Bool:
        return BitArray(np.array(values, dtype=bool).reshape(shape, order="F"))
    return make(pack(values, eltype).reshape(shape, order="F"), eltype)


def typejoin(a: Any, b: Any) -> Any:
    """The nearest type above both; unions with `Nothing` and `Missing` stay unions."""
    if a in (T.Nothing, V.Missing_) or b in (T.Nothing, V.Missing_):
        return T.union(a, b)
    return T.join(a, b)


def join_types(values: list[Any]) -> Any:
    eltype: Any = T.Bottom
    seen: set[Any] = set()
    for v in values:
        t = T.typeof(v)
        if t not in seen:
            seen.add(t)
            eltype = t if eltype is T.Bottom else typejoin(eltype, t)
    return T.Any_ if eltype is T.Bottom else eltype


def check_destination(source: tuple[int, ...], target: tuple[int, ...]) -> None:
    """Raise unless a result fits the array that it is written to."""
    extra = len(source) - len(target)
    if (extra > 0 and any(n != 1 for n in source[len(target) :])) or any(
        m not in (1, n) for m, n in zip(source, target, strict=False)
    ):
        raise DimensionMismatch("array could not be broadcast to match destination")


def materialize_into(dest: Any, tree: Any) -> Any:
    """`dest .= tree`"""
    style = STYLES.get(type(dest))
    if style is not None and style[1] is not None:
        return style[1](dest, materialize(tree))
    if TRACE.depth and MUTATION is not None:
        run = MUTATION(dest, "copyto!")
        if run is not None:
            return run(tree)
    value = materialize(tree)
    target = dest.data
    if isinstance(target, np.ndarray):
        source = value.data if is_array(value) else value.x if isinstance(value, V.Ref) else value
        if type(source) is tuple:
            source = pack(list(source), T.Any_)
        if isinstance(source, np.ndarray) and source.shape != target.shape:
            check_destination(source.shape, target.shape)
            source = np.broadcast_to(align(source, target.ndim), target.shape)
        if not fits(source, target):
            source = converted(source, dest.eltype, target.dtype)
        target[...] = source
    return dest


def fits(source: Any, target: Any) -> bool:
    """May numpy put these values into this array without asking Julia's `convert`?"""
    if target.dtype.kind == "O":
        return False
    kind = (
        source.dtype if isinstance(source, (np.ndarray, np.generic)) else _KINDS.get(type(source))
    )
    if kind is None or kind.kind not in "biufc":
        return False
    return np.can_cast(kind, target.dtype, "same_kind" if target.dtype.kind in "fc" else "safe")


_KINDS = {
    int: np.dtype(np.int64),
    float: np.dtype(float),
    bool: np.dtype(bool),
    complex: np.dtype(complex),
}


def converted(source: Any, eltype: Any, dtype: Any) -> Any:
    """Values for an array, each made one of its element type as an assignment would."""
    if eltype is T.Any_:
        return source
    convert = BASE["convert"]
    if not isinstance(source, np.ndarray):
        value = convert(eltype, source)
        out = np.empty((), dtype=dtype)
        out[()] = value
        return out
    return pack([convert(eltype, v) for v in elements(source)], eltype).reshape(
        source.shape, order="F"
    )


# Base's functions, once these exist.
BASE: Any = {}
# What happens before an array changes where gradients are traced: it may say how to change it instead.
MUTATION: Any = None
# Are views in a trace views, and not copies?
VIEWS_IN_TRACE: Any = lambda: False  # noqa: E731
