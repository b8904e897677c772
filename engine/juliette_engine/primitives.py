"""Operations on whole arrays: direct numpy calls on plain values, one record each on nodes.

`primitive(forward, *partials)` makes one; `partial(g, y, *args, **static)` is the cotangent of an
argument, written with recorded operations.  On plain arrays those are numpy calls, on nodes they are
recorded, so the one definition serves every level of nesting; where the numpy reading is worth
writing out it is given as `raw`.  Only the partials of traced arguments are computed.
"""

from __future__ import annotations

import inspect
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
from juliette_engine.tape import (
    IMPLICIT,
    Node,
    acc,
    acc_any,
    acc_number,
    full,
    give,
    lent,
    primal,
    raw,
    strip,
    top,
)

ndarray = np.ndarray

# Every primitive by name, for tests.
PRIMITIVES: dict[str, Primitive] = {}


class Primitive:
    """An operation with a cotangent for each positional argument; keywords are constants."""

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        partials: tuple[Any, ...],
        raws: tuple[Any, ...] | None,
        uniform: bool,
        fresh: bool,
    ) -> None:
        self.name = self.__name__ = name
        self.__doc__ = forward.__doc__
        self.forward = forward
        self.partials = partials
        self.raws = raws or partials
        self.uniform = uniform  # may the cotangent be a number that stands for an array?
        self.fresh = fresh  # are the cotangents new arrays?
        self.keywords = any(
            p.kind is p.KEYWORD_ONLY for p in inspect.signature(forward).parameters.values()
        )
        # The change of the value from those of the arguments, `f(changes, suffix, y, *args, **static)`; see `changes`.
        self.change: Callable[..., Any] | None = None
        self.kernels: dict[Any, Any] = {}

    def __call__(self, *args: Any, **static: Any) -> Any:
        if IMPLICIT:
            args = lent(args)
        kernel = self.kernels.get(tuple(map(type, args)))
        if kernel is None:
            kernel = self.make(args)
        return kernel(*args, **static)

    def make(self, args: tuple[Any, ...]) -> Any:
        """The code for arguments like these."""
        return self.kernel_for(tuple(map(type, args)))

    def kernel_for(self, classes: tuple[type, ...]) -> Any:
        """The code for these classes of arguments."""
        found = self.kernels.get(classes)
        if found is not None:
            return found
        traced = [i for i, c in enumerate(classes) if issubclass(c, Node)]
        if not traced:
            plain = all(
                c is ndarray or issubclass(c, (int, float, complex, np.generic, tuple, list))
                for c in classes
            )
            kernel = (
                self.forward
                if plain
                else lambda *xs, **static: self.forward(*map(raw, xs), **static)
            )
        elif any(classes[i].nested for i in traced):  # type: ignore[attr-defined]
            kernel = self.mixed
        else:
            kernel = self.build(classes, traced)
        self.kernels[classes] = kernel
        return kernel

    def build(self, classes: tuple[type, ...], traced: list[int]) -> Any:
        """One record: written as Python for this pattern of traced arguments."""
        n = len(classes)
        names = [f"v{i}" for i in range(n)]
        first = names[traced[0]]
        static, passed = (", **static", ", **b") if self.keywords else ("", "")
        lines = [f"def kernel({', '.join(names)}{static}):", f"    tape = {first}.tape"]
        if len(traced) > 1:
            test = " or ".join(f"{names[i]}.tape is not tape" for i in traced[1:])
            lines.append(f"    if {test}: return mixed({', '.join(names)}{static})")
        data = []
        for i, c in enumerate(classes):
            if i in traced:
                data.append(f"{names[i]}.data")
            elif c is ndarray or issubclass(c, (int, float, complex, np.generic, tuple)):
                data.append(names[i])
            else:
                lines.append(f"    {names[i]} = raw({names[i]})")
                data.append(names[i])
        lines += [
            f"    y = forward({', '.join(data)}{static})",
            "    if type(y) is ndarray: r = new(tape.array_class(y))",
            "    elif type(y) is float: r = new(FloatTracer)",
            "    else: r = tape.node(y); y = r.data",
            "    r.data = y; r.grad = None; r.tape = tape",
            f"    tape.append((back, r, {names[0] if n == 1 else '(' + ', '.join(names) + ')'}, {'static' if static else 'None'}))",
            "    return r",
            "def back(g, r, a, b):",
            f"    {', '.join(names)} = a",
        ]
        if not self.uniform:
            lines.append(
                "    if type(g) is not ndarray and type(r.data) is ndarray: g = full(g, r.data)"
            )
        put = "give" if self.fresh else "acc"
        namespace: dict[str, Any] = {
            "forward": self.forward,
            "mixed": self.mixed,
            "raw": raw,
            "full": full,
            "ndarray": ndarray,
            "acc": acc,
            "give": give,
            "acc_number": acc_number,
            "new": T.new,
            "FloatTracer": T.FloatTracer,
        }
        for i in traced:
            if self.partials[i] is None:
                continue
            namespace[f"p{i}"] = self.raws[i]
            to = "acc_number" if issubclass(classes[i], T.ScalarTracer) else put
            lines.append(f"    {to}({names[i]}, p{i}(g, r.data, {', '.join(data)}{passed}))")
        exec(compile("\n".join(lines), f"<{self.name}>", "exec"), namespace)
        partials = self.partials

        def traced_back(g: Any, r: Any, a: Any, b: Any) -> None:
            args = (a,) if n == 1 else a
            values = [x.data if isinstance(x, Node) else x for x in args]
            for i in traced:
                if partials[i] is not None:
                    acc_any(
                        args[i], partials[i](spread_like(g, r.data), r.data, *values, **(b or {}))
                    )

        def change(tape: Any, r: Any, a: Any, b: Any) -> Any:
            args = (a,) if n == 1 else a
            return self.changed(
                tape, args, r.data, [x.data if isinstance(x, Node) else x for x in args], b or {}
            )

        T.TRACED_RULES[namespace["back"]] = traced_back
        T.FORWARD_RULES[namespace["back"]] = change
        return namespace["kernel"]

    def changed(self, tape: Any, args: Any, y: Any, values: Any, static: Any) -> Any:
        """The change of the value, given arguments with theirs, and the values below."""
        ds = [x.grad if isinstance(x, Node) and x.tape is tape else None for x in args]
        if all([d is None for d in ds]):
            return None
        return (
            NotImplemented
            if self.change is None
            else self.change(ds, tape.suffix, y, *values, **static)
        )

    def mixed(self, *args: Any, **static: Any) -> Any:
        """Arguments of several levels: recorded on the highest, computed below."""
        tape = top(args)
        assert tape is not None
        below = tuple([strip(a, tape) for a in args])
        value = self(*below, **static)
        out = tape.over(value)
        tape.append((_mixed_back, out, self, (args, below, value, static)))
        return out

    def __repr__(self) -> str:
        return self.name


def _mixed_back(g: Any, out: Any, op: Primitive, kept: Any) -> None:
    args, below, value, static = kept
    tape = out.tape
    g = spread_like(g, out.data)
    for i, a in enumerate(args):
        if isinstance(a, Node) and a.tape is tape and op.partials[i] is not None:
            acc_any(a, op.partials[i](g, value, *below, **static))


def _mixed_change(tape: Any, out: Any, op: Primitive, kept: Any) -> Any:
    args, below, value, static = kept
    return op.changed(tape, args, value, below, static)


T.FORWARD_RULES[_mixed_back] = _mixed_change


def primitive(
    *partials: Any,
    raw: tuple[Any, ...] | None = None,
    uniform: bool = False,
    fresh: bool = False,
    name: str = "",
) -> Callable[[Callable[..., Any]], Any]:
    """Make a function on plain arrays a primitive."""

    def register(forward: Callable[..., Any]) -> Primitive:
        f = Primitive(name or forward.__name__.strip("_"), forward, partials, raw, uniform, fresh)
        PRIMITIVES[f.name] = f
        return f

    return register


def many(name: str, forward: Callable[..., Any], partial: Callable[..., Any]) -> Callable[..., Any]:
    """A primitive of a list of arguments; `partial(g, y, i, xs, **static)` is the i-th cotangent."""

    def back(g: Any, r: Any, xs: Any, static: Any) -> None:
        if type(r.data) is ndarray:
            g = full(g, r.data)
        _send(g, r.data, r.tape, xs, [x.data if isinstance(x, Node) else x for x in xs], static)

    def traced_back(g: Any, r: Any, xs: Any, static: Any) -> None:
        _send(
            spread_like(g, r.data),
            r.data,
            r.tape,
            xs,
            [x.data if isinstance(x, Node) else x for x in xs],
            static,
        )

    def mixed_back(g: Any, r: Any, xs: Any, kept: Any) -> None:
        below, value, static = kept
        _send(spread_like(g, r.data), value, r.tape, xs, below, static)

    def _send(g: Any, y: Any, tape: Any, xs: Any, values: Any, static: Any) -> None:
        for i, x in enumerate(xs):
            if isinstance(x, Node) and x.tape is tape:
                acc_any(x, partial(g, y, i, values, **static))

    def changed(tape: Any, r: Any, xs: Any, static: Any) -> Any:
        return _changed(tape, xs, [x.data if isinstance(x, Node) else x for x in xs], static)

    def mixed_changed(tape: Any, r: Any, xs: Any, kept: Any) -> Any:
        return _changed(tape, xs, kept[0], kept[2])

    def _changed(tape: Any, xs: Any, values: Any, static: Any) -> Any:
        ds = [x.grad if isinstance(x, Node) and x.tape is tape else None for x in xs]
        return (
            None
            if all([d is None for d in ds])
            else LINEAR[name](ds, tape.suffix, values, **static)
        )

    T.TRACED_RULES[back] = traced_back
    T.FORWARD_RULES[back], T.FORWARD_RULES[mixed_back] = changed, mixed_changed

    def f(xs: Any, **static: Any) -> Any:
        xs = [x if isinstance(x, Node) else raw(x) for x in (lent(tuple(xs)) if IMPLICIT else xs)]
        tape = top(tuple(xs))
        if tape is None:
            return forward(xs, **static)
        if any(isinstance(x, Node) and (x.nested or x.tape is not tape) for x in xs):
            below = [strip(x, tape) for x in xs]
            value = f(below, **static)
            out = tape.over(value)
            tape.append((mixed_back, out, xs, (below, value, static)))
            return out
        out = tape.node(forward([x.data if isinstance(x, Node) else x for x in xs], **static))
        tape.append((back, out, xs, static))
        return out

    f.__name__ = name
    f.__doc__ = forward.__doc__
    return f


# The changes of the values of such primitives, by name: `f(changes, suffix, xs, **static)`; see `changes`.
LINEAR: dict[str, Callable[..., Any]] = {}


# ---------------------------------------------------------------- shapes


def shape(x: Any) -> tuple[int, ...]:
    """The size of an array; `()` of a number."""
    if isinstance(x, T.ArrayTracer):
        return x.shape  # type: ignore[no-any-return]
    x = x.data if isinstance(x, Node) else raw(x)
    return (
        x.shape if type(x) is ndarray else () if type(x) is float or type(x) is int else np.shape(x)
    )


def number(x: Any) -> Any:
    """A Python number for numpy's float64 and int64."""
    return x.item() if isinstance(x, (np.float64, np.int64, np.complex128)) else x


def spread_like(g: Any, like: Any) -> Any:
    """A cotangent as an array, if a number stands for it."""
    if type(like) is ndarray and shape(g) != like.shape:
        return mul(
            g, np.ones(like.shape, like.dtype if like.dtype.kind in "fc" else float, order="F")
        )
    return g


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
