"""Dotted calls while gradients are traced.

A fused tree becomes one kernel of the engine, and one record.  Where a function has no rule the tree
is evaluated call by call: a function of the user's own runs once on *lanes* where it can, else once
for each element.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.lanes import SHORTEST, Lanes, NoLanes, may_throw
from juliette.compiler.closures import ClosureBase
from juliette.packages.zygote.nodes import (
    PLAIN,
    array_class_of,
    for_numpy,
    is_big,
    is_traced,
    stacked,
    to_engine,
    to_julia,
    twin,
)
from juliette.packages.zygote.scalars import COMPOSED, OPS, RENUMBERING, operation
from juliette.packages.zygote.structured import holds_node, is_wrapper
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, array_class
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.kernels import KERNELS, Literal, Template
from juliette.runtime.modules import Base
from juliette_engine import rules
from juliette_engine.elementwise import Elementwise, run_tree
from juliette_engine.fusion import Call, Fixed, Host, Leaf, build
from juliette_engine.numeric import ONES
from juliette_engine.tape import LEVELS, Node, ScalarTracer, primal

ndarray = np.ndarray
_REGISTERED: dict[Any, Any] = {}
_OF_REALS: set[int] = set()


def register_broadcast(f: Any, op: Any, *, of_reals: bool = False) -> None:
    """Give a function its derivative in dotted calls; those `of_reals` have none of complex numbers."""
    _REGISTERED[f] = op
    if of_reals:
        _OF_REALS.add(id(op))


def broadcast_rule(f: Any, count: int = 0) -> Any:
    """The engine's operation for a function in a dotted call with so many arguments."""
    if isinstance(f, GenericFunction) and f.module is not None:
        found = _REGISTERED.get(f)
        if found is not None:
            return found
        name = f.name
        if Base.bindings.get(name) is f:
            return operation(name, count) if count else OPS.get(name)
    return None


class JuliaHost(Host):
    """Julia's promotion, classes and errors."""

    julia = True

    def node_class(self, sample: Any) -> Any:
        return twin(array_class_of(sample))

    def finish(self, sample: Any) -> Any:
        return V.BitArray if sample.dtype == bool else array_class_of(sample)

    def mismatch(self, shapes: list[tuple[int, ...]]) -> Exception:
        try:
            B.common_shape(shapes)
        except Exception as e:
            return e
        return ValueError(str(shapes))


HOST = JuliaHost()


def leaf(x: Any) -> Leaf | None:
    """The description of a leaf; None if no kernel can take it."""
    if isinstance(x, Node):
        if x.nested:
            return None
        d = x.data
        if type(d) is ndarray:
            return (
                Leaf(True, np.ones((1,) * d.ndim, d.dtype), "{}.data", fortran=d.ndim < 2)
                if d.ndim
                else None
            )
        if type(d) in ONES:
            return None
        sample = np.float64(1.0) if type(d) is float else type(d)(1)
        return Leaf(True, sample, "float64({}.data)" if type(d) is float else "{}.data")
    if isinstance(x, Array):
        d = x.data
        if d.dtype.kind not in "fiubc" or not d.ndim:
            return None
        return Leaf(False, np.ones((1,) * d.ndim, d.dtype), "{}.data")
    if isinstance(x, (V.BitArray, V.Wrapper, V.Range)):
        d = np.asarray(x.data)
        if d.dtype.kind not in "fiub" or not d.ndim:
            return None
        return Leaf(False, np.ones((1,) * d.ndim, d.dtype), "{}.data", fortran=d.ndim < 2)
    if type(x) is float:
        return Leaf(False, np.float64(1.0), "float64({})")
    if type(x) in (int, bool, np.float32, np.float16):
        return Leaf(False, type(x)(1), "{}")
    return None


def traced_kernel(t: Template, values: tuple[Any, ...], slow: Any) -> Any:
    """The kernel of a template whose leaves are partly traced; None if there is nothing traced, or no kernel."""
    if any(is_wrapper(v) for v in values):
        return slow
    if not any(isinstance(v, Node) for v in values):
        return None
    leaves: dict[int, Leaf] = {}
    order: list[int] = []

    def visit(n: Any) -> Any:
        if isinstance(n, Literal):
            return Fixed(np.float64(n.value) if type(n.value) is float else n.value)
        if isinstance(n, int):
            found = leaf(values[n])
            if found is None:
                raise LookupError
            leaves[n] = found
            order.append(n)
            return order.index(n)
        op = broadcast_rule(values[n.function], len(n.args))
        if not isinstance(op, Elementwise):
            if (
                op is not None
                and len(n.args) == 1
                and op(1.0) == 1.0
                and getattr(values[n.function], "name", "") in ("+", "identity")
            ):
                return visit(n.args[0])
            raise LookupError
        usual = tuple(getattr(op, "constants", {}).values())[len(n.args) - 1 :]
        parts = [visit(a) for a in n.args]
        if id(op) in _OF_REALS and any(np.iscomplexobj(leaves[i].sample) for i in leaves):
            raise LookupError
        return Call(op, (*parts, *map(Fixed, usual)))

    try:
        tree = visit(t.tree)
    except LookupError:
        return slow
    if not isinstance(tree, Call) or not any(leaves[i].array for i in order):
        return slow
    places = tuple(order)

    def mixed(*xs: Any) -> Any:
        return to_julia(run_tree(tree, [to_engine(x) for x in xs]))

    kernel = build(tree, tuple([leaves[i] for i in order]), HOST, None, mixed)
    names = [f"v{i}" for i in range(t.count)]
    space: dict[str, Any] = {"kernel": kernel}
    text = f"def call({', '.join(names)}): return kernel({', '.join(f'v{i}' for i in places)})"
    exec(compile(text, "<dotted call>", "exec"), space)
    return space["call"]


# ---------------------------------------------------------------- call by call


def traced_broadcast(tree: Any) -> Any:
    """The value of a dotted call, recorded where its leaves are traced."""
    out = _evaluate(tree)
    return to_julia(out) if isinstance(out, (Node, ndarray, np.generic)) else out


def _evaluate(tree: Any) -> Any:
    """An engine value, or a Julia value that the engine does not know."""
    if not isinstance(tree, B.Broadcasted):
        return tree if type(tree) is tuple else to_engine(tree)
    args = [_evaluate(a) for a in tree.args]
    f = tree.function
    numeric = all(isinstance(a, (int, float, np.generic, ndarray, Node)) for a in args)
    if numeric and any(isinstance(a, ndarray) and a.dtype == object for a in args):
        numeric = False
    if numeric:
        op = broadcast_rule(f, len(args)) or _whole(f, args)
        if op is not None and not (id(op) in _OF_REALS and np.iscomplexobj(primal(args[0]))):
            if any([type(primal(a)) is ndarray for a in args]):
                args = [for_numpy(a) for a in args]
            shapes = [np.shape(primal(a)) for a in args]
            if any(shapes):
                B.common_shape(shapes)
                if isinstance(op, Elementwise) and any(map(_small, args)):
                    return _promoted(op, [to_julia(a) for a in args])
                return op(*map(_julian, args))
            return to_engine(f(*map(_only, args)))
    if not any(map(holds_node, args)) and not _captures(f):
        return _known(B.finish(B.evaluate(B.Broadcasted(f, tuple([_back(a) for a in args]))), tree))
    if numeric and isinstance(f, GenericFunction) and KERNELS.get(f) is not None and _constant(f):
        plain = [_back(primal(a)) for a in args]
        return _known(B.finish(B.evaluate(B.Broadcasted(f, tuple(plain))), tree))
    return _loop(f, args)


def _small(x: Any) -> bool:
    """An array of small whole numbers, which Julia promotes otherwise than numpy?"""
    p = primal(x)
    return type(p) is ndarray and p.dtype.kind in "iu" and p.dtype.itemsize < 8


def _promoted(op: Elementwise, args: list[Any]) -> Any:
    """One operation with Julia's promotion."""
    leaves = tuple([found for found in map(leaf, args) if found is not None])
    engine = lambda *xs: op(*[_julian(to_engine(x)) for x in xs])  # noqa: E731
    if len(leaves) < len(args) or getattr(op, "constants", None):
        return engine(*args)
    return to_engine(build(op.tree, leaves, HOST, None, engine)(*args))


def _julian(x: Any) -> Any:
    return np.float64(x) if type(x) is float else x


def _only(x: Any) -> Any:
    """The number in an array without dimensions."""
    return to_julia(rules.getitem(x, ())) if type(primal(x)) is ndarray else x


def _whole(f: Any, args: list[Any]) -> Any:
    """Functions that are made of operations."""
    name = f.name if isinstance(f, GenericFunction) else ""
    if name in RENUMBERING and any([type(primal(a)) is ndarray for a in args]):
        return None
    if Base.bindings.get(name) is f:
        return COMPOSED.get((name, len(args)))
    return None


def _constant(f: GenericFunction) -> bool:
    from juliette.packages.zygote.methods import CONSTANT

    return f.name in CONSTANT or f.name in (
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!=",
        "!",
        "&",
        "|",
        "isnan",
        "isinf",
        "isfinite",
        "≤",
        "≥",
        "≠",
        "xor",
        "⊻",
        "iseven",
        "isodd",
        "iszero",
        "isless",
        "isequal",
    )


def _captures(f: Any) -> bool:
    """Could a function hold traced values?"""
    return not isinstance(f, (GenericFunction, T.JuliaType))


def _back(a: Any) -> Any:
    return to_julia(a) if isinstance(a, ndarray) else a


def _known(x: Any) -> Any:
    if isinstance(x, ArrayLike) and np.asarray(x.data).dtype != object:
        return to_engine(x)
    return x


class TracedLanes(Lanes):
    """A user's function over whole traced arrays, operation by operation."""

    def plain(self, a: Any) -> Any:
        return primal(a) if isinstance(a, Node) else a

    def knows(self, f: GenericFunction, count: int) -> bool:
        return self.rule(f, count) is not None or (_constant(f) and KERNELS.get(f) is not None)

    def rule(self, f: GenericFunction, count: int) -> Any:
        return broadcast_rule(f, count) or (
            COMPOSED.get((f.name, count)) if Base.bindings.get(f.name) is f else None
        )

    def operation(self, f: GenericFunction, args: list[Any]) -> Any:
        pole = f.name in ("inv", "\\") or (
            f.name == "/" and not (isinstance(args[1], (int, float, np.floating)) and args[1])
        )
        if may_throw(f, args) or pole:
            self.partial = True
        if f.user_methods:
            raise NoLanes
        rule = self.rule(f, len(args))
        if rule is None:
            arrays = [primal(a) for a in args]
            n = max(np.ndim(a) for a in arrays)
            if getattr(KERNELS[f], "nin", len(args)) != len(args):
                raise NoLanes
            return KERNELS[f](*[B.align(a, n) for a in arrays])
        return rule(*map(_julian, args))

    def both(self, *args: Any) -> Any:
        out = super().both(*args)
        if self.partial:
            raise NoLanes  # the side that is not taken could still spoil the gradient
        return out

    def chosen(self, test: Any, a: Any, b: Any) -> Any:
        return rules.where(test, a, b)


def _lanes(f: Any, args: list[Any], shape: tuple[int, ...]) -> Any:
    """The value of a dotted call of a user's function, or None if the loop must do it."""
    if not isinstance(f, (GenericFunction, ClosureBase)) or int(np.prod(shape)) < SHORTEST:
        return None
    if not all(
        isinstance(a, (int, float, np.floating, ScalarTracer)) or isinstance(primal(a), ndarray)
        for a in args
    ):
        return None
    run = TracedLanes()
    mark = [len(t) for t in LEVELS.tapes]
    try:
        out = run.run(f, args)
        data = primal(out)
        if (
            isinstance(data, ndarray)
            and data.shape == shape
            and not (run.partial and np.isnan(data).any())
        ):
            return out
    except Exception as e:
        if not isinstance(
            e, (NoLanes, TypeError, ValueError, AttributeError, LookupError)
        ) and not hasattr(e, "julia_type"):
            raise
    for t, n in zip(LEVELS.tapes, mark, strict=True):
        del t[n:]
    return None


def _loop(f: Any, args: list[Any]) -> Any:
    """One call for each element."""
    shapes = [_shape(a) for a in args]
    shape = B.common_shape(shapes)
    whole = _lanes(f, args, shape)
    if whole is not None:
        return whole
    if not shape:
        return to_engine(f(*[a.x if isinstance(a, V.Ref) else a for a in args]))
    if len(shape) == 1 and all(
        not s or type(a) is tuple for a, s in zip(args, shapes, strict=True)
    ):
        return tuple(
            f(
                *[
                    a[i if len(a) > 1 else 0]
                    if type(a) is tuple
                    else a.x
                    if isinstance(a, V.Ref)
                    else a
                    for a in args
                ]
            )
            for i in range(shape[0])
        )
    streams = [_stream(a, s, shape) for a, s in zip(args, shapes, strict=True)]
    out = [f(*row) for row in zip(*streams, strict=True)]
    if (
        all(
            isinstance(v, (int, float, np.number, ScalarTracer))
            and not isinstance(v, bool)
            and not is_big(v)
            for v in out
        )
        and out
    ):
        return stacked(out, shape)
    return _known(B.from_values(out, shape))


def _shape(a: Any) -> tuple[int, ...]:
    if isinstance(a, V.Ref):
        return ()
    if type(a) is tuple:
        return (len(a),)
    if isinstance(a, ArrayLike) and not isinstance(a, Node):
        return np.shape(a.data)
    return np.shape(primal(a)) if isinstance(a, (Node, ndarray)) else ()


def _stream(a: Any, s: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The argument for each element, in column-major order."""
    size = int(np.prod(shape))
    if isinstance(a, V.Ref):
        return [a.x] * size
    if not s:
        return [a] * size
    if type(a) is tuple:
        numbers = _spread(np.arange(len(a)), shape)
        return [a[i] for i in numbers]
    data = np.asarray(a.data) if isinstance(a, ArrayLike) and not isinstance(a, Node) else a
    if isinstance(a, Node):
        data = a.data
        numbers = _spread(np.arange(data.size).reshape(s, order="F"), shape)
        elements: dict[int, Any] = {}
        out = []
        for i in numbers:
            v = elements.get(i)
            if v is None:
                v = elements[i] = rules.getitem(
                    a, np.unravel_index(i, s, order="F") if len(s) > 1 else i
                )
            out.append(v)
        return out
    from juliette.runtime.array import elements as all_elements

    return all_elements(np.broadcast_to(B.align(data, len(shape)), shape))


def _spread(numbers: Any, shape: tuple[int, ...]) -> list[int]:
    return np.broadcast_to(B.align(numbers, len(shape)), shape).ravel(order="F").tolist()


B.TRACED = traced_broadcast
B.TRACED_KERNEL = traced_kernel
_ = (PLAIN, array_class, is_traced)
