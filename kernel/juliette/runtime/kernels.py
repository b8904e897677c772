"""Kernels of dotted calls: one Python function for a fused tree and the kinds of its leaves.

A `Template` stands for the dotted calls of one place in the source.  Called with the functions and
leaves it looks up the kernel for their classes; `build` writes one where all functions have an array
kernel and all leaves are numbers or arrays of them.  An intermediate array is used once, so it is
written over.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import CO_VARARGS
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, array_class
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.values import BitArray
from juliette.runtime.world import TRACE


class Kernels(dict[Any, Any]):
    """A function's numpy form, which knows how many arguments it takes; filled by Base."""

    def __setitem__(self, f: Any, kernel: Any) -> None:
        code = getattr(kernel, "__code__", None)
        if code is not None and not code.co_flags & CO_VARARGS:
            kernel.nin = code.co_argcount - len(kernel.__defaults__ or ())
        super().__setitem__(f, kernel)


KERNELS = Kernels()


class Dot:
    """A dotted call in a template: the slots of its function and of its arguments."""

    __slots__ = ("args", "function")

    def __init__(self, function: int, args: tuple[Any, ...]) -> None:
        self.function = function
        self.args = args


class Literal:
    """A constant in a template."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Template:
    """The dotted calls of one place in the source.

    `run(*values)` takes the functions and leaves in the order in which they are evaluated.
    """

    __slots__ = ("cache", "count", "find", "functions", "run", "tree")

    def __init__(
        self, tree: Dot, count: int, find: Callable[[Template, tuple[Any, ...]], Any]
    ) -> None:
        self.tree = tree
        self.count = count
        self.cache: dict[Any, Any] = {}
        self.find = find
        self.functions = frozenset(_functions(tree))
        self.run = self._runner()

    def _runner(self) -> Any:
        names = [f"v{i}" for i in range(self.count)]
        keys = [
            f"v{i} if type(v{i}) is GenericFunction else type(v{i})"
            if i in self.functions
            else f"type(v{i})"
            for i in range(self.count)
        ]
        text = (
            f"def run({', '.join(names)}):\n"
            f"    key = ({''.join(k + ', ' for k in keys)})\n"
            "    f = get(key)\n"
            "    if f is None:\n"
            f"        f = cache[key] = find(template, ({''.join(n + ', ' for n in names)}))\n"
            f"    return f({', '.join(names)})\n"
        )
        space: dict[str, Any] = {
            "GenericFunction": GenericFunction,
            "get": self.cache.get,
            "cache": self.cache,
            "find": self.find,
            "template": self,
        }
        exec(compile(text, "<dotted call>", "exec"), space)
        run = space["run"]
        run.template = self
        return run


def _functions(t: Any) -> Any:
    if isinstance(t, Dot):
        yield t.function
        for a in t.args:
            yield from _functions(a)


class Unfit(Exception):
    """No kernel can be written for this tree."""


_OPERATORS = {np.add: "+", np.subtract: "-", np.multiply: "*", np.true_divide: "/"}
_COMPARISONS = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
# Functions of two arguments that take more from left to right.
FOLDED = {
    np.add,
    np.multiply,
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.maximum,
    np.minimum,
    np.gcd,
    np.lcm,
}
_NUMBERS = (int, float, np.float32, np.float16, bool)


def leaf(x: Any) -> tuple[Any, str] | None:
    """A sample of a leaf, and how to get at its data; None if it is no number or array of them."""
    if isinstance(x, Array):
        if x.data.dtype.kind not in "fiubc" or not x.ndim:
            return None
        return np.ones((1,) * x.data.ndim, x.data.dtype), "{}.data"
    if isinstance(x, (BitArray, V.Wrapper)):
        if isinstance(x, V.Wrapper) and (x.structured or x.shifts):
            return None
        data = np.asarray(x.data)
        return (
            (np.ones((1,) * data.ndim, data.dtype), "{}.data")
            if data.dtype.kind in "fiubc"
            else None
        )
    if type(x) is float:
        return np.float64(1.0), "float64({})"
    if type(x) in _NUMBERS:
        return type(x)(1), "{}"
    return None


def promotes_alike(kernel: Any, args: Any) -> bool:
    """Does numpy give these numbers and arrays the common type that Julia gives them?

    numpy lets an array decide over a Python integer, and finds a third type for signed and unsigned.
    """
    if kernel in _COMPARISONS:
        return True
    whole, small, large, weak, others = set(), False, False, False, False
    for x in args:
        dtype = getattr(x, "dtype", None)
        if dtype is None:
            weak = weak or type(x) is int
            large = large or type(x) is float
            others = others or type(x) is not bool
        elif dtype.kind in "iu":
            whole.add(dtype)
        elif dtype == np.float32 or dtype == np.float16:
            small = True
        elif dtype.kind != "b":
            large = True
    if whole and small and not large:
        return False
    if large or small:
        return True
    if not whole and not weak and not others:
        return kernel in _LOGICAL or not isinstance(kernel, np.ufunc)
    if weak:
        return whole <= {np.dtype(np.int64)}
    return len({d.kind for d in whole}) < 2


def build(template: Template, values: tuple[Any, ...], slow: Any) -> Any:
    """The kernel for leaves like these; `slow(*values)` takes what does not fit."""
    try:
        return _Writer(template, values, slow).kernel()
    except Unfit:
        return None


class _Writer:
    """Writes a kernel: for arrays of one size, or (`loose`) for arrays of which some are stretched over others."""

    def __init__(
        self, template: Template, values: tuple[Any, ...], slow: Any, loose: bool = False
    ) -> None:
        self.template = template
        self.loose = loose
        self.values = values
        self.names = [f"v{i}" for i in range(template.count)]
        self.tree = template.tree
        self.space: dict[str, Any] = {"float64": np.float64, "slow": slow}
        self.lines: list[str] = []
        self.arrays: list[str] = []
        self.ndims: dict[str, int] = {}
        self.loads: list[str] = []
        self.loaded: set[int] = set()
        # wrappers may have traced arrays inside
        self.wrapped = any(isinstance(v, V.Wrapper) for v in values)
        # may numpy refuse some elements, for which the loop has Julia's error?
        self.partial = False

    def kernel(self) -> Any:
        with np.errstate(all="ignore"):
            name, sample, _ = self.emit(self.tree)
        if not isinstance(sample, np.ndarray) or not self.arrays:
            raise Unfit
        if len(set(self.ndims.values())) > 1 and not self.loose:
            return self.stretching(self.values)
        if sample.dtype.kind not in "fiubc" or sample.ndim == 0:
            raise Unfit
        body = list(self.loads)
        if self.wrapped:
            self.space["TRACE"] = TRACE
            body.insert(0, f"if TRACE.depth: return slow({', '.join(self.names)})")
        if self.loose or self.partial:
            most = max(self.ndims.values())
            body += [
                f"{a} = {a}[(..., {'None, ' * (most - n)})]"
                for a, n in self.ndims.items()
                if n < most
            ]
            body += [
                "fits = True",
                "try:",
                *["    " + line for line in self.lines],
                "except ValueError:",
                "    fits = False",
            ]
            body.append(f"if not fits: return slow({', '.join(self.names)})")  # raises the error
            self.lines = []
        elif len(self.arrays) > 1:
            first, *rest = self.arrays
            test = " or ".join(f"{first}.shape != {a}.shape" for a in rest)
            body.append(f"if {test}: return loose({', '.join(self.names)})")
            self.space["loose"] = self.later
            self.values = ()  # which would stay alive with it
        body += self.lines
        if sample.ndim > 1:
            self.space["asfortranarray"] = np.asfortranarray
            body.append(f"if not {name}.flags.f_contiguous: {name} = asfortranarray({name})")
        if sample.dtype == bool:
            self.space["finish"] = BitArray
        else:
            eltype = T.TYPE_OF_DTYPE.get(sample.dtype)
            if eltype is None:
                raise Unfit
            self.space["finish"] = array_class(eltype, sample.ndim)
        body.append(f"return finish({name})")
        text = f"def kernel({', '.join(self.names)}):\n" + "".join(f"    {line}\n" for line in body)
        exec(compile(text, "<dotted call>", "exec"), self.space)
        self.space["kernel"].source = text
        return self.space["kernel"]

    def stretching(self, values: tuple[Any, ...]) -> Any:
        """The kernel for arrays of several sizes."""
        return _Writer(self.template, values, self.space["slow"], True).kernel()

    def later(self, *values: Any) -> Any:
        """The same, written when it is first needed."""
        kernel = self.space["loose"] = self.stretching(values)
        return kernel(*values)

    def emit(self, t: Any) -> tuple[str, Any, bool]:
        """The name of a part's value, a sample of it, and whether it may be written over."""
        if isinstance(t, Literal):
            return self.literal(t.value)
        if isinstance(t, int):
            return self.load(t)
        f = self.values[t.function]
        kernel = KERNELS.get(f) if isinstance(f, GenericFunction) else None
        if kernel is None:
            raise Unfit
        if isinstance(kernel, np.ufunc) and len(t.args) > kernel.nin:
            # numpy would take a further argument for the place to write to.
            if kernel not in FOLDED:
                raise Unfit
            *before, last = t.args
            return self.emit(Dot(t.function, (Dot(t.function, tuple(before)), last)))
        if len(t.args) != getattr(kernel, "nin", len(t.args)):
            raise Unfit
        args = [self.emit(a) for a in t.args]
        args = self.promoted(kernel, args)
        samples = [s for _, s, _ in args]
        if not promotes_alike(kernel, samples):
            raise Unfit
        try:
            sample = kernel(*samples)
        except Exception:
            raise Unfit from None
        if not isinstance(sample, (np.ndarray, np.generic)) or not any(
            isinstance(s, np.ndarray) for s in samples
        ):
            raise Unfit  # numbers alone are the function's own affair
        if f.name == "^" and sample.dtype.kind in "iu":
            self.partial = True
        out = f"t{len(self.lines)}"
        names = [n for n, _, _ in args]
        fits = [own and s.dtype == sample.dtype for _, s, own in args]
        if self.loose and sum([isinstance(s, np.ndarray) for s in samples]) > 1:
            fits = [False] * len(args)  # the result may be larger than each
        symbol = _OPERATORS.get(kernel)
        if symbol and len(args) == 2:
            if fits[0]:
                self.lines.append(f"{names[0]} {symbol}= {names[1]}")
                return names[0], sample, True
            if fits[1] and symbol in "+*":
                self.lines.append(f"{names[1]} {symbol}= {names[0]}")
                return names[1], sample, True
            self.lines.append(f"{out} = {names[0]} {symbol} {names[1]}")
        else:
            key = f"k{len(self.space)}"
            self.space[key] = kernel
            into = next((n for n, ok in zip(names, fits, strict=True) if ok), None)
            if into is not None and isinstance(kernel, np.ufunc):
                self.lines.append(f"{key}({', '.join(names)}, out={into})")
                return into, sample, True
            self.lines.append(f"{out} = {key}({', '.join(names)})")
            if not isinstance(kernel, np.ufunc):
                # A kernel that has met what it leaves to the function itself says so.
                self.space["NotImplemented"] = NotImplemented
                self.lines.append(
                    f"if {out} is NotImplemented: return slow({', '.join(self.names)})"
                )
        return out, sample, isinstance(kernel, np.ufunc) or symbol is not None

    def literal(self, value: Any) -> tuple[str, Any, bool]:
        found = leaf(value)
        if found is None:
            raise Unfit
        key = f"c{len(self.space)}"
        self.space[key] = np.float64(value) if type(value) is float else value
        return key, self.space[key], False

    def load(self, i: int) -> tuple[str, Any, bool]:
        found = leaf(self.values[i])
        if found is None:
            raise Unfit
        sample, access = found
        name = f"a{i}"
        if i not in self.loaded:
            self.loaded.add(i)
            self.loads.append(f"{name} = {access.format(f'v{i}')}")
            if isinstance(sample, np.ndarray):
                self.arrays.append(name)
                self.ndims[name] = sample.ndim
        return name, sample, False

    def promoted(self, kernel: Any, args: list[Any]) -> list[Any]:
        """Convert arguments where numpy would promote otherwise than Julia."""
        if not isinstance(kernel, np.ufunc) or kernel in _COMPARISONS:
            return args
        dtypes: list[Any] = [getattr(s, "dtype", None) for _, s, _ in args]
        arrays = [d for (_, s, _), d in zip(args, dtypes, strict=True) if isinstance(s, np.ndarray)]
        if (
            arrays
            and all(d.kind == "b" for d in arrays)
            and kernel.nin > 0
            and kernel not in _LOGICAL
        ):
            return [self.cast(a, np.int64) if isinstance(a[1], np.ndarray) else a for a in args]
        small = [d for d in dtypes if d == np.float32 or d == np.float16]
        if small and not any(d == np.float64 for d in dtypes):
            to = max(small, key=lambda d: d.itemsize)
            if any(d.kind in "iu" for d in arrays) or len(set(small)) > 1:
                return [
                    self.cast(a, to)
                    if isinstance(a[1], np.ndarray) and a[1].dtype.kind in "iu"
                    else a
                    for a in args
                ]
        return args

    def cast(self, arg: Any, dtype: Any) -> Any:
        name, sample, _ = arg
        out = f"t{len(self.lines)}"
        self.lines.append(f"{out} = {name}.astype({np.dtype(dtype).char!r})")
        return out, sample.astype(dtype), True


_LOGICAL = {
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.invert,
    np.logical_not,
    np.logical_and,
    np.logical_or,
}
