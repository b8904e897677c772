"""The functions that rules are written with: on arrays numpy's own, on numbers safe and plain.

`ARRAYS` and `NUMBERS` give a name's two readings.  On numbers nothing is raised: a pole is `inf`,
what is undefined is `nan`, as in floating point.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from juliette_engine import blas

ndarray = np.ndarray
ARRAYS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in [
        "exp",
        "expm1",
        "exp2",
        "log",
        "log1p",
        "log2",
        "log10",
        "sqrt",
        "cbrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "arcsin",
        "arccos",
        "arctan",
        "arcsinh",
        "arccosh",
        "arctanh",
        "arctan2",
        "hypot",
        "absolute",
        "sign",
        "maximum",
        "minimum",
        "floor",
        "ceil",
        "rint",
        "trunc",
        "conjugate",
        "logaddexp",
        "greater",
        "less",
        "greater_equal",
        "less_equal",
        "equal",
        "not_equal",
        "power",
        "true_divide",
        "where",
        "real",
        "imag",
        "signbit",
        "isfinite",
    ]
}
NUMBERS: dict[str, Callable[..., Any]] = {}


def plain(x: Any) -> Any:
    """A Python number for numpy's float64 and int64; others as they are."""
    return x.item() if type(x) is np.float64 or type(x) is np.int64 or type(x) is np.bool_ else x


# How numbers of other libraries compute, by their class: f(name, *xs), with numpy's name of a function.
OTHERS: dict[type, Callable[..., Any]] = {}
# One, of such numbers.
ONES: dict[type, Any] = {}
# What such a number, or a node for one, is beside an array: f(x).
AMONG_ARRAYS: dict[type, Callable[[Any], Any]] = {}


def narrowed(g: Any, like: Any) -> Any:
    """A cotangent of another library's kind for a number of Python's or numpy's."""
    return type(like)(float(g)) if type(g) in ONES and isinstance(like, (float, np.floating)) else g


def _safe(name: str, function: Callable[..., Any]) -> None:
    ufunc = ARRAYS[name]

    def f(*xs: Any) -> Any:
        try:
            for x in xs:
                if type(x) is not float and type(x) is not int:
                    other = OTHERS.get(type(x))
                    if other is not None:
                        return other(name, *xs)
                    if isinstance(x, np.integer):
                        # numpy would compute small ones in half precision
                        return f(*[int(x) if isinstance(x, np.integer) else x for x in xs])
                    return plain(ufunc(*xs))
            return function(*xs)
        except (ValueError, OverflowError, ZeroDivisionError):
            with np.errstate(all="ignore"):
                return plain(ufunc(*map(float, xs)))

    f.__name__ = name
    NUMBERS[name] = f


for _numpy, _math in {
    "exp": math.exp, "expm1": math.expm1, "exp2": math.exp2, "log": math.log, "log1p": math.log1p,
    "log2": math.log2, "log10": math.log10, "sqrt": math.sqrt, "cbrt": math.cbrt, "sin": math.sin,
    "cos": math.cos, "tan": math.tan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh,
    "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan, "arcsinh": math.asinh,
    "arccosh": math.acosh, "arctanh": math.atanh, "arctan2": math.atan2, "hypot": math.hypot,
}.items():  # fmt: skip
    if hasattr(math, _math.__name__):
        _safe(_numpy, _math)  # type: ignore[arg-type]
# Functions of whole numbers whose values are floats.
FLOATING = frozenset(NUMBERS)
NUMBERS["absolute"] = abs
for _name in (
    "greater",
    "less",
    "greater_equal",
    "less_equal",
    "equal",
    "not_equal",
    "logaddexp",
    "signbit",
    "isfinite",
):
    NUMBERS[_name] = lambda *xs, f=ARRAYS[_name]: plain(f(*xs))


def _number(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        NUMBERS[name] = f
        return f

    return register


@_number("true_divide")
def divide(x: Any, y: Any) -> Any:
    """`x / y`, with poles."""
    try:
        return x / y
    except ZeroDivisionError:
        with np.errstate(all="ignore"):
            return plain(np.true_divide(x, y))


@_number("power")
def power(x: Any, y: Any) -> Any:
    """`x ** y`, with poles; undefined roots are `nan`."""
    try:
        out = x**y
    except ZeroDivisionError:
        return math.copysign(math.inf, x) if y == int(y) and int(y) % 2 else math.inf
    except OverflowError:
        return math.inf if x > 0 or y != int(y) or int(y) % 2 == 0 else -math.inf
    if type(out) is complex and type(x) is not complex and type(y) is not complex:
        return math.nan
    return out


def _alike(x: Any, other: Any) -> Any:
    """A whole number as the other argument's kind of number."""
    if type(x) is not int:
        return x
    if isinstance(other, (float, np.floating, np.integer)):
        return type(other)(x)
    one = ONES.get(type(other))
    return x if one is None else one * x


@_number("maximum")
def _maximum(x: Any, y: Any) -> Any:
    return _alike(x, y) if x > y or x != x else _alike(y, x)


@_number("minimum")
def _minimum(x: Any, y: Any) -> Any:
    return _alike(x, y) if x < y or x != x else _alike(y, x)


NUMBERS["sign"] = lambda x: (
    (x > 0) - (x < 0) if type(x) is int or type(x) in OTHERS else plain(np.sign(x))
)
NUMBERS["where"] = lambda m, a, b: _alike(a, b) if m else _alike(b, a)
NUMBERS["conjugate"] = lambda x: x.conjugate()
ARRAYS["angle"] = np.angle
NUMBERS["angle"] = lambda x: plain(np.angle(x))
NUMBERS["real"] = lambda x: x.real
NUMBERS["imag"] = lambda x: x.imag
for _name in ("floor", "ceil", "trunc", "rint"):
    NUMBERS[_name] = lambda x, f=ARRAYS[_name]: plain(f(x))


# ---------------------------------------------------------------- functions numpy has not


def _sigmoid(x: Any) -> Any:
    t = np.negative(x)
    if type(t) is not ndarray:
        return _sigmoid_number(x)
    if t.dtype.kind != "f":
        t = t.astype(float)
    with np.errstate(over="ignore"):
        np.exp(t, t)
    t += 1
    return np.true_divide(1, t, t)


def _sigmoid_number(x: Any) -> Any:
    t = NUMBERS["exp"](-abs(x))
    return 1 / (1 + t) if x >= 0 else t / (1 + t)


ARRAYS["sigmoid"], NUMBERS["sigmoid"] = _sigmoid, _sigmoid_number


def _softplus(x: Any) -> Any:
    t = np.absolute(x)
    t = np.log1p(np.exp(np.negative(t)))
    return t + np.maximum(x, 0)


ARRAYS["softplus"] = _softplus
NUMBERS["softplus"] = lambda x: NUMBERS["log1p"](NUMBERS["exp"](-abs(x))) + (x if x > 0 else 0)

_erf_objects: Any = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Any) -> Any:
    return _erf_objects(x).astype(x.dtype if x.dtype.kind == "f" else float)


ARRAYS["erf"] = _erf
NUMBERS["erf"] = lambda x: (
    math.erf(x) if type(x) is float or type(x) is int else type(x)(math.erf(x))
)


def _abs2(x: Any) -> Any:
    return x.real * x.real + x.imag * x.imag if np.iscomplexobj(x) else x * x


ARRAYS["abs2"] = NUMBERS["abs2"] = _abs2


def _floating(x: Any) -> Any:
    return x if x.dtype.kind in "fc" else x.astype(float)


ARRAYS["floating"] = _floating
NUMBERS["floating"] = lambda x: (
    float(x) if type(x) is int or type(x) is bool or isinstance(x, np.integer) else x
)


def _complexed(re: Any, im: Any) -> Any:
    kind = np.complex64 if np.result_type(re, im) in (np.float32, np.float16) else complex
    out = np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), kind, order="F")
    out.real, out.imag = re, im
    return out


ARRAYS["complexed"] = _complexed
NUMBERS["complexed"] = lambda re, im: (
    complex(re, im)
    if type(re) in (float, int) or type(im) in (float, int)
    else np.complex64(complex(re, im))
)


def _xlogy(x: Any, y: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(x, 0), x * np.zeros_like(y), x * np.log(y))


ARRAYS["xlogy"] = _xlogy
NUMBERS["xlogy"] = lambda x, y: x * 0 if x == 0 else x * NUMBERS["log"](y)


@lru_cache(256)
def constant(value: Any, dtype: Any) -> Any:
    """A number as an array without dimensions: numpy computes with it in half the time it needs for a Python number."""
    out = np.array(value, dtype)
    out.flags.writeable = False
    return out


# Zeros to take the larger of, in a row: numpy compares two arrays three times as fast as an array
# and a number.
_ROW = 16384


@lru_cache(8)
def _zeros(dtype: Any) -> Any:
    out = np.zeros(_ROW, dtype)
    out.flags.writeable = False
    return out


def rectify(z: Any) -> Any:
    """An array of floats with zeros for what is negative, in place."""
    n = z.size
    if n < 512 or not (z.flags.c_contiguous or z.flags.f_contiguous):
        return np.maximum(z, constant(0, z.dtype), out=z)
    zeros, flat = _zeros(z.dtype), z.reshape(-1, order="A")
    if n <= _ROW:
        zeros = zeros[:n]
        np.maximum(flat, zeros, out=flat)
        return z
    whole = n - n % _ROW
    rows = flat[:whole].reshape(-1, _ROW)
    np.maximum(rows, zeros, out=rows)
    if whole < n:
        rest = flat[whole:]
        np.maximum(rest, zeros[: n - whole], out=rest)
    return z


# A BLAS that can make small products without packing their arguments first does so up to this many multiplications.
UNPACKED = 1_000_000


def product(a: Any, b: Any) -> Any:
    """`a.dot(b)` of two matrices; thin ones in pieces that BLAS need not pack, if it can: packing costs more than they."""
    m, k = a.shape
    n = b.shape[1]
    work = m * k * n
    if a.dtype is not b.dtype:
        return a.dot(b)
    if (
        work > UNPACKED
        and a.dtype.char in "fd"
        and (work < 8 * UNPACKED or m < 33 or n < 33)
        and blas.multiplies_unpacked()
    ):
        out = _in_pieces(a, b, m, k, n, -(-work // UNPACKED))
        if out is not None:
            return out
    # into memory that numpy need not fill with zeros first
    return a.dot(b) if m * n < 8192 else a.dot(b, np.empty((m, n), a.dtype))


def _in_pieces(a: Any, b: Any, m: int, k: int, n: int, least: int) -> Any:
    """A product in at least so many pieces along its longest dimension that lies so; None if there is none."""
    for size, way in sorted(((m, _rows), (k, _inner), (n, _columns)), key=_first, reverse=True):
        p = pieces(size, least)
        out = way(a, b, m, k, n, p, size // p) if p else None
        if out is not None:
            return out
    return None


def _first(pair: Any) -> int:
    return pair[0]  # type: ignore[no-any-return]


def _rows(a: Any, b: Any, m: int, k: int, n: int, p: int, size: int) -> Any:
    if a.flags.c_contiguous:
        stack = a.reshape(p, size, k)
    elif a.flags.f_contiguous:
        stack = a.T.reshape(k, p, size).transpose(1, 2, 0)
    else:
        return None
    out = np.empty((m, n), a.dtype)
    np.matmul(stack, b, out.reshape(p, size, n))
    return out


def _columns(a: Any, b: Any, m: int, k: int, n: int, p: int, size: int) -> Any:
    if not b.flags.c_contiguous:
        return None
    out = np.empty((m, n), a.dtype)
    np.matmul(
        a, b.reshape(k, p, size).transpose(1, 0, 2), out.reshape(m, p, size).transpose(1, 0, 2)
    )
    return out


def _inner(a: Any, b: Any, m: int, k: int, n: int, p: int, size: int) -> Any:
    if not a.flags.c_contiguous or not b.flags.f_contiguous:
        return None
    left, right = a.reshape(m, p, size), b.T.reshape(n, p, size)
    if m < n:
        return np.add.reduce(np.matmul(right.transpose(1, 0, 2), left.transpose(1, 2, 0)), 0).T
    return np.add.reduce(np.matmul(left.transpose(1, 0, 2), right.transpose(1, 2, 0)), 0)


@lru_cache(1024)
def pieces(n: int, least: int) -> int:
    """The smallest number of equal pieces of `n`, at least so many, that are not too short; 0 if there is none."""
    return next((p for p in range(least, n // 16 + 1) if n % p == 0), 0)


def largest(x: Any) -> Any:
    """The largest number of each column: short columns are reduced side by side."""
    if x.ndim == 2 and x.shape[0] < 32 < x.size:
        x = np.ascontiguousarray(x)
    return np.maximum.reduce(x, 0)
