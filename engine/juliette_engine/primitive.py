"""What a primitive is: a function of plain arrays that is recorded when its arguments are nodes.

`primitive(forward, *partials)` makes one; `partial(g, y, *args, **static)` is the cotangent of an
argument, written with recorded operations. On plain arrays those are numpy calls, on nodes they are
recorded, so the one definition serves every level of nesting; where the numpy reading is worth
writing out it is given as `raw`. Only the partials of traced arguments are computed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import tape as T
from juliette_engine.elementwise import (
    mul,
)
from juliette_engine.tape import (
    IMPLICIT,
    Node,
    acc,
    acc_any,
    acc_number,
    full,
    give,
    lent,
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
