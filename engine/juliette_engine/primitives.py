"""Operations on whole arrays: direct numpy calls on plain values, one record each on nodes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import deferred
from juliette_engine import tape as T
from juliette_engine.elementwise import (
    add,
    div,
    mul,
)
from juliette_engine.errors import no_product
from juliette_engine.fusion import unbroadcast as _unbroadcast_plain
from juliette_engine.numeric import product as times
from juliette_engine.primitive import many, ndarray, number, primitive, shape, spread_like
from juliette_engine.tape import (
    Node,
    acc,
    acc_any,
    full,
    give,
    primal,
    raw,
)


def fortran(x: Any) -> Any:
    """An array in Fortran order."""
    return x if x.flags.f_contiguous else np.asfortranarray(x)


@primitive(lambda g, y, x, *, to: reshape(g, shape(x)), name="reshape")
def _reshape(x: Any, *, to: tuple[int, ...]) -> Any:
    return np.asarray(x).reshape(to, order="F")


def reshape(x: Any, to: tuple[int, ...]) -> Any:
    """The same elements in another shape, in Fortran order as Julia's `reshape`."""
    have = shape(x)
    if have == to:
        return x
    if -1 in to:
        rest = -math.prod(to)
        to = tuple([math.prod(have) // rest if n == -1 else n for n in to])
    if not isinstance(x, Node) and not have:
        return np.full(to, raw(x), order="F")
    return _reshape(x, to=to)


@primitive(lambda g, y, x: transpose(g))  # type: ignore[has-type]
def transpose(x: Any) -> Any:
    """The transpose of a matrix; all dimensions in reverse."""
    return x.T


@primitive(lambda g, y, x, *, axes: permute(g, axes=tuple(int(i) for i in np.argsort(axes))))  # type: ignore[has-type]
def permute(x: Any, *, axes: tuple[int, ...]) -> Any:
    """Dimensions in another order."""
    return np.asfortranarray(x.transpose(axes))


@primitive(lambda g, y, x: g, uniform=True)
def copied(x: Any) -> Any:
    """A new array with the same elements."""
    return x.copy(order="F")


@primitive(lambda g, y, x, *, dtype: g, uniform=True)
def cast(x: Any, *, dtype: Any) -> Any:
    """Elements of another kind of number."""
    return x.astype(dtype) if type(x) is ndarray else np.dtype(dtype).type(x)


# ---------------------------------------------------------------- sums


def sum_of(x: Any) -> Any:
    """The sum of an array; as a vector, if that needs no copy, in half the time."""
    if x.ndim != 1 and x.flags.f_contiguous:
        x = x.reshape(-1, order="A")
    return np.add.reduce(x) if x.ndim == 1 else np.add.reduce(x, None)


def sum_kernel(double: bool) -> Any:
    """The sum of all elements of a traced array of floats, with nothing to decide."""
    cls = T.FloatTracer if double else T.Float32Tracer
    reduce = np.add.reduce

    def kernel(x: Any) -> Any:
        r: Any = T.new(cls)
        data = x.data
        y = reduce(data) if data.ndim == 1 else sum_of(data)
        r.data = float(y) if double else y
        r.grad = None
        r.tape = tape = x.tape
        tape.append((_sum_back, r, x, None))
        return r

    return kernel


def _sum_back(g: Any, r: Any, x: Any, _: Any) -> None:
    if x.grad is None:
        x.grad = g
        x.own = False
    else:
        acc(x, g)


T.TRACED_RULES[_sum_back] = lambda g, r, x, _: acc_any(x, spread_like(g, x.data))
T.FORWARD_RULES[_sum_back] = lambda tape, r, x, _: total.changed(tape, (x,), r.data, (x.data,), {})  # type: ignore[has-type]


def _number_of(x: Any) -> Any:
    return (
        x.item()
        if type(x) is not np.float32 and type(x) is not np.float16 and isinstance(x, np.generic)
        else x
    )


@primitive(
    lambda g, y, x: (
        mul(
            g,
            np.ones(
                shape(x), primal(x).dtype if primal(x).dtype.kind in "fc" else float, order="F"
            ),
        )
        if shape(x)
        else g
    ),
    raw=(lambda g, y, x: g,),
    uniform=True,
)
def total(x: Any) -> Any:
    """The sum of all elements."""
    if type(x) is not ndarray:
        return x
    out = sum_of(x)
    return out.item() if type(out) is np.float64 else _number_of(out)


@primitive(
    lambda g, y, x, *, axes: mul(
        g, np.ones(shape(x), primal(x).dtype if primal(x).dtype.kind in "fc" else float, order="F")
    ),
    name="sum_along",
)
def _sum_along(x: Any, *, axes: tuple[int, ...]) -> Any:
    """The sum over dimensions, which stay with size 1."""
    return np.asfortranarray(np.add.reduce(x, axes, keepdims=True))


def sum_along(x: Any, axes: tuple[int, ...]) -> Any:
    """The sum over dimensions, which stay with size 1."""
    axes = tuple([a for a in axes if a < len(shape(x))])
    return _sum_along(x, axes=axes) if axes else x


def mean_along(x: Any, axes: tuple[int, ...]) -> Any:
    """The mean over dimensions, which stay with size 1."""
    n = math.prod([shape(x)[a] for a in axes])
    return div(sum_along(x, axes), n or math.nan)


def mean(x: Any) -> Any:
    """The mean of all elements."""
    return div(total(x), math.prod(shape(x))) if shape(x) else x


def unbroadcast(g: Any, like: Any) -> Any:
    """Sum a cotangent over the dimensions that broadcasting added or stretched."""
    want, have = shape(like), shape(g)
    if want == have:
        return g
    if not want:
        return total(g)
    if not have:
        return mul(g, np.ones(want, order="F"))
    if (
        not isinstance(g, Node)
        and all(h >= w for h, w in zip(have, want + (1,) * (len(have) - len(want)), strict=False))
        and len(have) >= len(want)
    ):
        return _unbroadcast_plain(g, want, have)
    padded = want + (1,) * (len(have) - len(want))
    axes = tuple(
        [i for i, (w, h) in enumerate(zip(padded, have, strict=False)) if w == 1 and h != 1]
    )
    g = sum_along(g, axes) if axes else g
    if math.prod(shape(g)) != math.prod(
        want
    ):  # the cotangent is the same along a stretched dimension
        return mul(g, np.ones(want, order="F"))
    return reshape(g, want)


def _total_of_long(x: Any) -> Any:
    """The sum of a long array that may not have been computed yet."""
    out = deferred.summed(x)
    return _total_of_node(x) if out is None else out


_total_of_node = total.build((deferred.LongTracer,), [0])
total.kernels[deferred.LongTracer,] = _total_of_long

# ---------------------------------------------------------------- products


def _dot(a: Any, b: Any) -> Any:
    try:
        if a.ndim == 2 and b.ndim == 2:
            return times(b.T, a.T).T
        return number(a.dot(b))
    except ValueError:
        raise no_product(a.shape, b.shape) from None


def _matmul_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 2:
        return times(b, g.T).T if a.ndim == 2 else b.dot(g)
    return (b[:, None] * g).T if a.ndim == 2 else b * g


def _matmul_b(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2:
        return times(g.T, a).T if b.ndim == 2 else a.T.dot(g)
    return a[:, None] * g if b.ndim == 2 else a * g


def adjoint(x: Any) -> Any:
    """The conjugate transpose of a matrix."""
    from juliette_engine.elementwise import conjugate

    return transpose(conjugate(x)) if np.iscomplexobj(primal(x)) else transpose(x)


def _conjugate(x: Any) -> Any:
    from juliette_engine.elementwise import conjugate

    return conjugate(x) if np.iscomplexobj(primal(x)) else x


def _matmul_a_traced(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(shape(b)) == 2:
        return _realised(
            matmul(g, adjoint(b)) if len(shape(a)) == 2 else matmul(_conjugate(b), g), a
        )
    if len(shape(a)) == 2:
        return _realised(mul(g, reshape(_conjugate(b), (1, *shape(b)))), a)
    return _realised(mul(g, _conjugate(b)), a)


def _matmul_b_traced(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(shape(a)) == 2:
        return _realised(matmul(adjoint(a), g), b)
    if len(shape(b)) == 2:
        return _realised(mul(_conjugate(a), reshape(g, (1, *shape(g)))), b)
    return _realised(mul(g, _conjugate(a)), b)


def _realised(d: Any, x: Any) -> Any:
    from juliette_engine.elementwise import real

    return real(d) if np.iscomplexobj(primal(d)) and not np.iscomplexobj(primal(x)) else d


def _real_only(fast: Any, general: Any) -> Any:
    def partial(g: Any, y: Any, a: Any, b: Any) -> Any:
        if (
            a.dtype.kind == "c"
            or b.dtype.kind == "c"
            or (g.dtype.kind == "c" if g.__class__ is ndarray else isinstance(g, complex))
        ):
            return general(g, y, a, b)
        return fast(g, y, a, b)

    return partial


# The product of real arrays `x` and `y` by their numbers of dimensions: its value, and the cotangents
# of both, each a new array.
PRODUCTS: dict[tuple[int, int], tuple[str, str, str]] = {
    (2, 2): ("{y}.T.dot({x}.T).T", "{y}.dot({g}.T).T", "{g}.T.dot({x}).T"),
    (2, 1): ("{x}.dot({y})", "({y}[:, None] * {g}).T", "{x}.T.dot({g})"),
}


def matrix_product(
    na: int, nb: int, a: bool, b: bool, node_class: Any, untraced: str = "{}.data"
) -> Any:
    """The matrix product of real arrays of `na` and `nb` dimensions, of which `a` and `b` say whether
    they are traced: one function for the value and one for the step back, with nothing to decide.
    `untraced` is how to get at the data of the other."""
    value, da, db = [text.format(x="x", y="y", g="g") for text in PRODUCTS[na, nb]]
    first = "p" if a else "q"
    lines = [
        "def kernel(p, q):",
        f"    tape = {first}.tape",
        *(["    if q.tape is not tape: return mixed(p, q)"] if a and b else []),
        f"    x = {'p.data' if a else untraced.format('p')}; y = {'q.data' if b else untraced.format('q')}",
        "    r = new(cls)",
        f"    r.data = {value}",
        "    r.grad = None; r.tape = tape",
        f"    tape.append((back, r, {'p' if a else 'x'}, {'q' if b else 'y'}))",
        "    return r",
        "def back(g, r, p, q):",
        "    if type(g) is not ndarray: g = full(g, r.data)",
        *(["    x = " + ("p.data" if a else "p")] if b else []),
        *(["    y = " + ("q.data" if b else "q")] if a else []),
        *([f"    give(p, {da})"] if a else []),
        *([f"    give(q, {db})"] if b else []),
    ]
    space: dict[str, Any] = {
        "mixed": matmul.mixed,
        "new": T.new,
        "cls": node_class,
        "ndarray": ndarray,
        "full": full,
        "give": give,
    }
    exec(compile("\n".join(lines), "<product>", "exec"), space)

    def traced_back(g: Any, r: Any, p: Any, q: Any) -> None:
        x, y = p.data if a else p, q.data if b else q
        if a:
            acc_any(p, _matmul_a_traced(g, r.data, x, y))
        if b:
            acc_any(q, _matmul_b_traced(g, r.data, x, y))

    def change(tape: Any, r: Any, p: Any, q: Any) -> Any:
        return matmul.changed(tape, (p, q), r.data, (p.data if a else p, q.data if b else q), {})

    T.TRACED_RULES[space["back"]] = traced_back
    T.FORWARD_RULES[space["back"]] = change
    return space["kernel"]


@primitive(
    _matmul_a_traced,
    _matmul_b_traced,
    fresh=True,
    raw=(_real_only(_matmul_a, _matmul_a_traced), _real_only(_matmul_b, _matmul_b_traced)),
)
def matmul(a: Any, b: Any) -> Any:
    """The matrix product; of two vectors the dot product."""
    return _dot(a, b)


def dot(a: Any, b: Any) -> Any:
    """The sum of products of the elements (of complex arrays, with the first conjugated)."""
    if math.prod(shape(a)) != math.prod(shape(b)):
        raise ValueError(f"dot of arrays of sizes {shape(a)} and {shape(b)}")
    n = (math.prod(shape(a)),)
    return matmul(reshape(_conjugate(a), n), reshape(b, n))


# ---------------------------------------------------------------- elements


def _positions(index: Any, like: tuple[int, ...]) -> bool:
    """Does an index name each element at most once?"""
    parts = index if type(index) is tuple else (index,)
    return not any(isinstance(i, (list, ndarray)) and np.asarray(i).dtype != bool for i in parts)


@primitive(lambda g, y, h, *, index, like, dtype: getitem(g, index), name="scatter")
def _scatter(h: Any, *, index: Any, like: tuple[int, ...], dtype: Any) -> Any:
    out = np.zeros(like, dtype=dtype if dtype.kind in "fc" else float, order="F")
    if _positions(index, like):
        out[index] = h
    else:
        np.add.at(out, index, h)
    return out


def scattered(h: Any, index: Any, like: tuple[int, ...]) -> Any:
    """An array of zeros with the elements of `h` at an index."""
    return _scatter(h, index=index, like=like, dtype=primal(h).dtype)


@primitive(
    lambda g, y, x, *, index: _scatter(g, index=index, like=shape(x), dtype=primal(x).dtype),
    name="getitem",
)
def _getitem(x: Any, *, index: Any) -> Any:
    out = x[index]
    if type(out) is ndarray:
        return np.asfortranarray(out) if out.ndim > 1 else out
    return number(out) if not isinstance(out, np.bool_) else bool(out)


def getitem(x: Any, index: Any) -> Any:
    """numpy indexing."""
    return _getitem(x, index=index)


@primitive(
    lambda g, y, x, v, *, index: _updated(g, np.zeros(shape(v)), index=index),  # type: ignore[has-type]
    lambda g, y, x, v, *, index: getitem(g, index),
    name="updated",
)
def _updated(x: Any, v: Any, *, index: Any) -> Any:
    out = x.copy(order="F")
    out[index] = v
    return out


def updated(x: Any, v: Any, index: Any) -> Any:
    """An array with other elements at an index, where each is once."""
    return _updated(x, v, index=index)


def _stack(xs: list[Any], *, to: tuple[int, ...]) -> Any:
    """An array of numbers in Fortran order."""
    return np.array(xs).reshape(to, order="F")


def _stack_partial(g: Any, y: Any, i: int, xs: Any, *, to: tuple[int, ...]) -> Any:
    if type(g) is ndarray:
        return number(g[np.unravel_index(i, to, order="F")])
    return getitem(g, np.unravel_index(i, to, order="F"))


_stacked = many("stack", _stack, _stack_partial)


def stack_scalars(xs: Any, to: tuple[int, ...]) -> Any:
    """An array of numbers, some of them traced."""
    return _stacked(xs, to=to)


def _concatenate(xs: list[Any], *, axis: int) -> Any:
    """Join arrays along an axis."""
    return np.asfortranarray(np.concatenate(xs, axis=axis))


def _concatenate_partial(g: Any, y: Any, i: int, xs: Any, *, axis: int) -> Any:
    at = sum([shape(x)[axis] for x in xs[:i]])
    return getitem(g, (slice(None),) * axis + (slice(at, at + shape(xs[i])[axis]),))


_joined = many("concatenate", _concatenate, _concatenate_partial)


def concatenate(xs: Any, axis: int) -> Any:
    """Join arrays along an axis."""
    return _joined(list(xs), axis=axis)


def extreme(x: Any, arg: Callable[[Any], Any]) -> Any:
    """`maximum` or `minimum`: the first extreme element gets the gradient."""
    p = raw(primal(x))
    return getitem(x, np.unravel_index(int(arg(p.ravel(order="F"))), p.shape, order="F"))


def extreme_along(x: Any, arg: Any, axis: int) -> Any:
    """Along a dimension, which stays with size 1."""
    p = raw(primal(x))
    index = list(
        np.indices(tuple([1 if i == axis else n for i, n in enumerate(p.shape)]), sparse=True)
    )
    index[axis] = np.expand_dims(arg(p, axis), axis)
    return getitem(x, tuple(np.broadcast_arrays(*index)))


def product(x: Any) -> Any:
    """The product of all elements, safe with zeros: products of halves, level by level."""
    n = math.prod(shape(x))
    if n == 0:
        return add(1.0, total(x))
    x = reshape(x, (n,))
    while n > 1:
        half = n // 2
        y = mul(getitem(x, slice(0, half)), getitem(x, slice(half, 2 * half)))
        x = concatenate([y, getitem(x, slice(2 * half, n))], 0) if n % 2 else y
        n = half + n % 2
    return getitem(x, 0)


def product_along(x: Any, axis: int) -> Any:
    """The product along a dimension, which stays with size 1."""
    parts = [getitem(x, (slice(None),) * axis + (slice(i, i + 1),)) for i in range(shape(x)[axis])]
    if not parts:
        return add(1.0, sum_along(x, (axis,)))
    while len(parts) > 1:
        parts = [
            mul(*parts[i : i + 2]) if i + 1 < len(parts) else parts[i]
            for i in range(0, len(parts), 2)
        ]
    return parts[0]


@primitive(lambda g, y, x, *, axis: reverse(cumsum(reverse(g, axis=axis), axis=axis), axis=axis))  # type: ignore[has-type]
def cumsum(x: Any, *, axis: int = 0) -> Any:
    """Running sums along a dimension."""
    return np.asfortranarray(np.cumsum(x, axis=axis))


@primitive(lambda g, y, x, *, axis: reverse(g, axis=axis))  # type: ignore[has-type]
def reverse(x: Any, *, axis: Any) -> Any:
    """Elements in reverse along a dimension."""
    return np.asfortranarray(np.flip(x, axis))
