"""Factorizations of traced matrices, and functions of matrices.

The value is Base's own, with its errors; the derivative is the engine's.  A factorization keeps the
matrix that it is of where its factors do not give it back: solving with it is solving with the matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense
from juliette.packages.zygote import linear
from juliette.packages.zygote.errors import foreign_call
from juliette.packages.zygote.nodes import plain, stacked, to_engine, to_julia
from juliette.packages.zygote.structured import densify
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import call_kw
from juliette.runtime.modules import PACKAGES, Base
from juliette_engine import linalg, rules, spectra
from juliette_engine.elementwise import OPS
from juliette_engine.tape import Node, primal

_CLASSES: dict[tuple[type, type], type] = {}


class _LU:
    """The factors of `lu` as recorded triangles."""

    __slots__ = ()
    packed: Any

    @property
    def L(self) -> Any:
        n = self.packed.data.shape[0]
        return to_julia(rules.add(linear.tril(self.packed, -1), np.eye(n)))

    @property
    def U(self) -> Any:
        return to_julia(linear.triu(self.packed))


class _QR:
    """The factors of `qr`: `Q` is the thin matrix."""

    __slots__ = ()
    q: Any

    @property
    def Q(self) -> Any:
        return self.q


def _lu(f: Any) -> Any:
    def run(a: Any, *args: Any, **options: Any) -> Any:
        x = densify(a)
        found = f(plain(x), *args, **options)
        if x.data.ndim != 2 or x.data.shape[0] != x.data.shape[1]:
            raise foreign_call("lu")
        y = linalg.lu(x, found.packed.data, found.order)
        return with_matrix_of(found, _LU, x, packed=to_julia(y))

    return run


def _qr(f: Any) -> Any:
    def run(a: Any, *args: Any, **options: Any) -> Any:
        x = densify(a)
        if args or x.data.ndim != 2 or x.data.shape[0] < x.data.shape[1]:
            raise foreign_call("qr")
        found = f(plain(x), **options)
        q, r = np.linalg.qr(x.data)
        q, r = map(to_julia, linalg.qr(x, (q, r)))
        return with_matrix_of(found, _QR, x, q=q, upper=r)

    return run


def with_matrix_of(found: Any, extra: type, matrix: Any, **parts: Any) -> Any:
    """Base's factorization with traced parts instead of its own."""
    key = (type(found), extra)
    cls = _CLASSES.get(key)
    if cls is None:
        cls = _CLASSES[key] = type(
            type(found).__name__, (extra, type(found)), {"__slots__": ("matrix",)}
        )
        T.register_class(cls, T.typeof(found))
    out: Any = object.__new__(cls)
    for c in type(found).__mro__:
        slots = c.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            setattr(out, name, parts.get(name, getattr(found, name, None)))
    out.matrix = matrix
    return out


def _cholesky(f: Any) -> Any:
    def run(a: Any, *args: Any, **options: Any) -> Any:
        from juliette.stdlib.linear_algebra.elimination import Cholesky

        number = plain(a)
        found = f(number, *args, **options)  # raises Julia's error where there is none
        x = densify(a)
        if not np.ndim(primal(x)):
            return Cholesky(to_julia(stacked([rules.sqrt(x)], (1, 1))), "U", 0)
        lower = linalg.cholesky(x)
        return Cholesky(
            to_julia(lower if found.uplo_text == "L" else rules.adjoint(lower)), found.uplo_text, 0
        )

    return run


def is_hermitian(x: Any) -> bool:
    from juliette.stdlib.linear_algebra.elimination import is_hermitian

    return is_hermitian(x)


def _eigen(values_only: bool, vectors_only: bool = False) -> Any:
    def rule(f: Any) -> Any:
        def run(a: Any, *args: Any, **options: Any) -> Any:
            from juliette.stdlib.linear_algebra.spectral import Eigen

            if args:
                raise foreign_call("eigen")
            number = plain(a)
            found = call_kw(PACKAGES["LinearAlgebra"].bindings["eigen"], options, number)
            x = densify(a)
            parts = found.values.data, found.vectors.data
            values, vectors = (spectra.eigen if is_hermitian(number) else spectra.eig)(x, parts)
            if parts[0].dtype.kind == "f" and np.iscomplexobj(primal(values)):
                values = rules.real(values)
            if values_only:
                return to_julia(values)
            return to_julia(vectors) if vectors_only else Eigen(to_julia(values), to_julia(vectors))

        return run

    return rule


def _svd(values_only: bool) -> Any:
    def rule(f: Any) -> Any:
        def run(a: Any, *args: Any, **options: Any) -> Any:
            from juliette.stdlib.linear_algebra.spectral import SVD

            x = densify(a)
            if args or x.data.ndim != 2 or x.data.dtype.kind != "f" or options.get("full") is True:
                raise foreign_call("svd")
            found = call_kw(PACKAGES["LinearAlgebra"].bindings["svd"], options, plain(x))
            u, s, vt = spectra.svd(x, tuple([p.data for p in (found.U, found.S, found.Vt)]))
            return to_julia(s) if values_only else SVD(*map(to_julia, (u, s, vt)))

        return run

    return rule


# ---------------------------------------------------------------- functions of matrices

_FUNCTIONS = {
    "sqrt": "sqrt", "log": "log", "cbrt": "cbrt", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "asin": "asin", "acos": "acos", "atan": "atan", "asinh": "asinh", "acosh": "acosh", "atanh": "atanh", "exp": "exp",
}  # fmt: skip


def like(value: Any, y: Any) -> Any:
    """A traced matrix as Base's value is wrapped."""
    y = to_julia(y)
    symmetric = isinstance(value, V.Wrapper) and hasattr(value, "conjugate")
    return type(value).__mro__[1](y, value.uplo_text) if symmetric else y


def _function(name: str) -> Any:
    f_and_slope = spectra.elementary(OPS[_FUNCTIONS[name]])

    def rule(f: Any) -> Any:
        def run(a: Any) -> Any:
            number = plain(a)
            x = densify(a)
            if np.ndim(primal(x)) != 2:
                return f(number)  # raises Julia's error
            hermitian = is_hermitian(number)
            if name == "exp" and not hermitian:
                return to_julia(linear.exp(x))
            value = f(number)
            return like(value, spectra.matrix_function(x, f_and_slope, dense(value), hermitian))

        return run

    return rule


def _power(f: Any) -> Any:
    def run(a: Any, p: Any) -> Any:
        number, exponent = plain(a), plain(p)
        x = to_engine(a)
        if np.ndim(primal(x)) != 2:
            return f(number, exponent)
        whole = isinstance(exponent, (int, np.integer)) or float(exponent).is_integer()
        if whole and (isinstance(exponent, (int, np.integer)) or not isinstance(p, Node)):
            value = f(number, exponent)
            if not exponent:
                return value
            return like(value, linear.power(x, int(exponent)))
        value = f(number, float(exponent))
        return like(value, spectra.matrix_power(x, p, dense(value), is_hermitian(number)))

    return run


def _sincos(f: Any) -> Any:
    return lambda a: (Base.bindings["sin"](a), Base.bindings["cos"](a))


def _pick(name: str, at: Callable[[Any], int]) -> Any:
    """`eigmax` and `eigmin`"""

    def run(a: Any, **options: Any) -> Any:
        f = PACKAGES["LinearAlgebra"].bindings["eigvals"]
        values = to_engine(f(a))
        return rules.getitem(values, at(primal(values)))

    return lambda f: run


def _operator_norm(f: Any) -> Any:
    def run(a: Any, p: Any = 2) -> Any:
        x = densify(a)
        p = plain(p)
        if p == 2:
            return to_julia(
                rules.getitem(
                    to_engine(PACKAGES["LinearAlgebra"].bindings["svdvals"](to_julia(x))), 0
                )
            )
        sums = rules.sum_along(rules.absolute(x), (0 if p == 1 else 1,))
        return rules.extreme(sums, np.argmax)

    return run


def _condition(f: Any) -> Any:
    def run(a: Any, p: Any = 2) -> Any:
        x = to_julia(densify(a))
        if plain(p) != 2:
            norm = _operator_norm(f)
            return Base.bindings["*"](norm(x, p), norm(Base.bindings["inv"](x), p))
        values = to_engine(PACKAGES["LinearAlgebra"].bindings["svdvals"](x))
        return rules.div(rules.getitem(values, 0), rules.getitem(values, -1))

    return run


# Rules that look at Julia values themselves: f(the method's own code) -> code.
FACTORED: dict[str, Callable[[Any], Any]] = {
    "cholesky": _cholesky,
    "lu": _lu,
    "qr": _qr,
    "eigen": _eigen(False),
    "eigvals": _eigen(True),
    "eigvecs": _eigen(False, True),
    "svd": _svd(False),
    "svdvals": _svd(True),
    "sincos": _sincos,
    "eigmax": _pick("eigmax", np.argmax),
    "eigmin": _pick("eigmin", np.argmin),
    "opnorm": _operator_norm,
    "cond": _condition,
    **{name: _function(name) for name in _FUNCTIONS},
}
POWER = _power
