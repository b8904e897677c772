"""Functions of the user's own over whole arrays at once.

`f.(x)` need not call `f` for each element where `f` is made of functions with array kernels: its core
code is run once, with whole arrays in place of numbers.  A branch on numbers runs both sides and
picks.  Only code that can have no effect is taken: anything else (assignment to globals, loops,
unknown functions) sends the call back to the loop before anything has happened, and so does a result
that is not a number where the loop might throw.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import getrefcount
from typing import Any

import numpy as np

from juliette.base.fixing import Fix1, Fix2
from juliette.compiler import core as C
from juliette.compiler.closures import ClosureBase
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.kernels import FOLDED, KERNELS
from juliette.runtime.world import TRACE

ndarray = np.ndarray
ARITHMETIC = {np.add, np.subtract, np.multiply, np.true_divide}
# Shorter arrays are as fast in the loop.
SHORTEST = 32
# From here on it pays to try them where the results are wanted one by one.
LONG = 256
DEEPEST = 8
# Functions that may throw where their kernels give no number.
PARTIAL = {
    "sqrt",
    "log",
    "log2",
    "log10",
    "log1p",
    "^",
    "asin",
    "acos",
    "acosh",
    "atanh",
    "sin",
    "cos",
    "tan",
    "cbrt",
}
_WHOLE = {"div", "rem", "mod", "fld", "cld", "gcd", "lcm", "<<", ">>"}  # these throw for a zero


class NoLanes(Exception):
    """The code needs its numbers one by one."""


class Lanes:
    """One run of a function; a subclass says what functions do to arrays."""

    def __init__(self) -> None:
        self.partial = False

    def run(self, f: Any, args: list[Any], depth: int = 0) -> Any:
        """`f(args...)` for all elements at once."""
        if depth > DEEPEST:
            raise NoLanes
        generic = f.generic if isinstance(f, ClosureBase) else f
        if not isinstance(generic, GenericFunction):
            raise NoLanes
        if not isinstance(f, ClosureBase) and self.knows(generic, len(args)):
            return self.operation(generic, args)
        generic.settle()
        method = generic.selected(tuple([self.type_of(a) for a in args]))
        if method is None or method.code is None or method.source.drop_first:
            raise NoLanes
        code = method.code
        if (
            code.vararg
            or code.keywords
            or code.keyword_rest is not None
            or code.statics
            or code.return_type is not None
        ):
            raise NoLanes
        scope: dict[Any, Any] = dict(zip(code.params, args, strict=True))
        if code.captures:
            if not isinstance(f, ClosureBase):
                raise NoLanes
            for inner in code.captures.values():
                if inner.boxed:
                    raise NoLanes
                scope[inner] = getattr(f, inner.name)
        return self.value(code.body, scope, method.source.module, depth)

    def type_of(self, a: Any) -> Any:
        """The type that dispatch sees for one element."""
        data = self.plain(a)
        if isinstance(data, ndarray):
            found = T.TYPE_OF_DTYPE.get(data.dtype)
            if found is None:
                raise NoLanes
            return found
        return T.dispatch_type(a)

    def plain(self, a: Any) -> Any:
        return a

    # ------------------------------------------------------------ core code

    def value(self, n: C.Node, scope: dict[Any, Any], module: Any, depth: int) -> Any:
        """The value of a node."""
        kind = type(n)
        if kind is C.Const:
            return n.value  # type: ignore[attr-defined]
        if kind is C.Local:
            if n.var not in scope:  # type: ignore[attr-defined]
                raise NoLanes
            return scope[n.var]  # type: ignore[attr-defined]
        if kind is C.Global:
            return module.get(n.name)  # type: ignore[attr-defined]
        if kind is C.Block:
            out = None
            for item in n.items:  # type: ignore[attr-defined]
                if type(item) is C.Line:
                    continue
                out = self.value(item, scope, module, depth)
                if type(item) is C.Return:
                    return out
                if _returns(item):
                    raise NoLanes
            return out
        if kind is C.Return:
            return self.value(n.value, scope, module, depth)  # type: ignore[attr-defined]
        if kind is C.Assign:
            if n.var.boxed or n.var.declared_type is not None:  # type: ignore[attr-defined]
                raise NoLanes
            scope[n.var] = out = self.value(n.value, scope, module, depth)  # type: ignore[attr-defined]
            return out
        if kind is C.If:
            return self.branch(n, scope, module, depth)  # type: ignore[arg-type]
        if kind is C.Fresh and not any(v.boxed for v in n.vars):  # type: ignore[attr-defined]
            return None
        if kind is C.Call:
            return self.call(n, scope, module, depth)  # type: ignore[arg-type]
        raise NoLanes

    def call(self, n: C.Call, scope: dict[Any, Any], module: Any, depth: int) -> Any:
        if n.kwargs or any(type(a) is C.Splat for a in n.args):
            raise NoLanes
        if type(n.function) is C.Runtime:
            if n.function.name != "literal_power":
                raise NoLanes
            f, x, k = [self.value(a, scope, module, depth) for a in n.args]
            if k < 0 and not (
                isinstance(self.plain(x), ndarray) and self.plain(x).dtype.kind == "f"
            ):
                raise NoLanes
        else:
            f = self.value(n.function, scope, module, depth)
            args = [self.value(a, scope, module, depth) for a in n.args]
            return self.apply(f, args, depth)
        return self.apply(f, [x, k], depth)

    def apply(self, f: Any, args: list[Any], depth: int) -> Any:
        if not any(isinstance(self.plain(a), ndarray) for a in args):
            known = isinstance(f, GenericFunction) and (
                KERNELS.get(f) is not None or self.knows(f, len(args))
            )
            if not known:
                return self.run(f, args, depth + 1)
            return f(*args)
        return self.run(f, args, depth + 1)

    def branch(self, n: C.If, scope: dict[Any, Any], module: Any, depth: int) -> Any:
        test = self.value(n.test, scope, module, depth)
        if test is True:
            return self.value(n.then, scope, module, depth)
        if test is False:
            return self.value(n.otherwise, scope, module, depth)
        test = self.plain(test)
        if not isinstance(test, ndarray) or test.dtype != bool:
            raise NoLanes
        if test.size and test.all():
            return self.value(n.then, scope, module, depth)
        if not test.any():
            return self.value(n.otherwise, scope, module, depth)
        return self.both(test, n, scope, module, depth)

    def both(self, test: Any, n: C.If, scope: dict[Any, Any], module: Any, depth: int) -> Any:
        """Both sides of a branch, and the right one for each element."""
        sides, scopes = [], []
        for side in (n.then, n.otherwise):
            own = dict(scope)
            sides.append(self.value(side, own, module, depth))
            scopes.append(own)
        for var in {**scopes[0], **scopes[1]}:
            values = [s.get(var, NoLanes) for s in scopes]
            if values[0] is not values[1]:
                if NoLanes in [v for v in values if v is NoLanes]:
                    scope.pop(var, None)
                    continue
                scope[var] = self.pick(test, *values)
        return self.pick(test, *sides)

    def pick(self, test: Any, a: Any, b: Any) -> Any:
        """`ifelse` of two results, which must be of one type."""
        kinds = [self.type_of(x) for x in (a, b)]
        if kinds[0] is not kinds[1]:
            raise NoLanes
        return self.chosen(test, a, b)

    def chosen(self, test: Any, a: Any, b: Any) -> Any:
        n = max(np.ndim(x) for x in (test, a, b))
        return np.where(*[B.align(x, n) for x in (test, a, b)])

    # ------------------------------------------------------------ functions

    def knows(self, f: GenericFunction, count: int) -> bool:
        """Has a function an array form?"""
        return KERNELS.get(f) is not None and f.name not in _WHOLE

    def operation(self, f: GenericFunction, args: list[Any]) -> Any:
        """A known function of arrays and numbers."""
        if may_throw(f, args):
            self.partial = True
        if f.user_methods:
            raise NoLanes
        if len(args) > 2 and KERNELS.get(f) in FOLDED:
            rest = args[:1:-1]
            del args[2:]
            while rest:
                args[:] = self.operation(f, args), rest.pop()
            return self.operation(f, args)
        spare = _spare(args)
        arrays = [a for a in args if isinstance(a, ndarray)]
        if len(args) == 1 and f.name in ("+", "-"):
            return args[0] if f.name == "+" else np.negative(args[0])
        if any(a.dtype.char not in "dflq?" for a in arrays) or not all(
            isinstance(a, (ndarray, int, float, np.floating)) for a in args
        ):
            raise NoLanes
        if any(a.dtype == bool for a in arrays) and f.name not in (
            "&",
            "|",
            "!",
            "⊻",
            "xor",
            "==",
            "!=",
        ):
            raise NoLanes
        if len({a.dtype for a in arrays}) > 1:
            raise NoLanes
        n = max(a.ndim for a in arrays)
        if getattr(KERNELS[f], "nin", len(args)) != len(args):
            raise NoLanes  # numpy would write into a further argument
        if (
            spare is not None
            and KERNELS[f] in ARITHMETIC
            and arrays[0].dtype.kind == "f"
            and len({a.shape for a in arrays}) == 1
        ):
            return KERNELS[f](*[B.widen(a) for a in args], out=args[spare])
        out = KERNELS[f](*[B.align(B.widen(a), n) for a in args])
        if not isinstance(out, ndarray):
            raise NoLanes
        return out


def _spare(args: list[Any]) -> int | None:
    """The place of an intermediate result that nobody else has: what comes of it may be written over it."""
    for i in range(len(args)):
        # the list has it, and so has the call that counts
        if isinstance(args[i], ndarray) and args[i].base is None and getrefcount(args[i]) == 2:
            return i
    return None


def may_throw(f: GenericFunction, args: list[Any]) -> bool:
    """May a function throw where its kernel gives no number?"""
    return f.name in PARTIAL and not (f.name == "^" and type(args[1]) is int and args[1] >= 0)


def _returns(n: Any) -> bool:
    """Is there a `return` inside a statement?"""
    if type(n) is C.If:
        return _returns(n.then) or _returns(n.otherwise)
    if type(n) is C.Block:
        return any(map(_returns, n.items))
    return type(n) is C.Return


def at_once(f: Any, *xs: Any) -> Any:
    """The values of `f` for all numbers of long arrays or ranges of one size, or None if the loop must
    do it."""
    if TRACE.depth:
        return None
    args: list[Any] = []
    for x in xs:
        data = numbers_of(x)
        if data is None or (args and data.shape != args[0].shape):
            return None
        args.append(data)
    return lanes(f, args, args[0].shape)


def numbers_of(x: Any, most: int = 1 << 22) -> Any:
    """The plain numbers of a long array, or of a range of at most so many, as an ndarray; None of
    anything else."""
    if isinstance(x, Array):
        data = x.data
        return data if data.dtype.kind in "fiu" and data.size >= LONG else None
    # a range may be far longer than what fits into memory
    if type(x) in _STEADY and x.eltype is T.Int64 and LONG <= len(x) <= most:
        return np.arange(x.first, x.last + x.step, x.step)
    return None


def in_parts(f: Any, x: Any) -> Iterator[Any]:
    """The values of `f` for a long array, part by part, each twice as long as the one before; what the
    last of them leaves is for the loop."""
    found = None if TRACE.depth else numbers_of(x, 4 * LONG)
    if found is None:
        return
    data, start, length = found.ravel(order="F"), 0, LONG
    while length >= SHORTEST:
        whole = lanes(f, [data[start : start + length]], (length,))
        if whole is None:
            return
        yield whole
        start += length
        length = min(2 * length, len(data) - start)


_STEADY = (V.UnitRange, V.OneTo, V.StepRange)


def lanes(f: Any, args: list[Any], shape: tuple[int, ...]) -> Any:
    """The values of `f.(args...)` as an ndarray, or None if the loop must do it."""
    if isinstance(f, (Fix1, Fix2)) and type(f.x) in (int, float):
        f, args = f.f, [f.x, *args] if isinstance(f, Fix1) else [*args, f.x]
    size = 1
    for n in shape:
        size *= n
    if size < SHORTEST or not isinstance(f, (GenericFunction, ClosureBase)):
        return None
    run = Lanes()
    try:
        with np.errstate(all="ignore"):
            out = run.run(f, list(args))
    except NoLanes:
        return None
    except Exception:
        return None  # the loop will meet it, and throw as it should
    if not isinstance(out, ndarray):
        if not isinstance(out, (int, float, np.floating)):
            return None
        out = np.full(shape, out, order="F")
    if out.shape != shape:
        out = np.array(np.broadcast_to(B.align(out, len(shape)), shape), order="F")
    if run.partial and out.dtype.kind == "f" and np.isnan(out).any():
        return None
    return out


B.LANES = lanes
