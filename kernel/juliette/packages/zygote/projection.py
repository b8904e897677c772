"""Projection: a cotangent brought to the kind of the value that it belongs to.

What ChainRules' `ProjectTo` does: reals have real cotangents, Float32 stays Float32, whole numbers
get fractions, and structured matrices keep their structure.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike, dense
from juliette.packages.zygote.nodes import to_engine, to_julia
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.runtime.numeric import Complex, Irrational, Rational
from juliette_engine import rules
from juliette_engine.tape import Node, primal

ndarray = np.ndarray


def size_text(shape: tuple[int, ...]) -> str:
    """A size as Julia writes it."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def mismatch(want: tuple[int, ...], have: tuple[int, ...]) -> DimensionMismatch:
    """A cotangent of another size than its value."""
    return DimensionMismatch(
        f"variable with size(x) == {size_text(want)} cannot have a gradient with size(dx) == {size_text(have)}"
    )


def categorical(like: Any) -> bool:
    """Has a value no tangents: is it a Bool, a text, a symbol, an array of Bools?"""
    p = primal(like)
    if isinstance(p, Array):
        data = p.data
        return data.dtype == bool or (
            data.dtype == object and data.size > 0 and all(type(v) is bool for v in elements(data))
        )
    if isinstance(p, V.Wrapper):
        return p.eltype is T.Bool
    return isinstance(p, (bool, np.bool_, V.BitArray))


def project_number(g: Any, like: Any) -> Any:
    """A number's cotangent."""
    real = not isinstance(like, (complex, np.complexfloating, Complex))
    if isinstance(g, Node):
        return rules.real(g) if real and np.iscomplexobj(primal(g)) else g
    if isinstance(g, Complex):
        g = complex(g) if not real else g.re
    if not isinstance(g, (int, float, complex, np.number, Rational, Irrational)):
        return g
    if real and isinstance(g, (complex, np.complexfloating)):
        g = g.real
    if isinstance(like, np.floating) and isinstance(g, (int, float, np.number, Irrational)):
        return type(like)(float(g))
    if isinstance(like, np.complex64):
        return np.complex64(complex(g))
    if not real:
        return complex(g)
    return float(g) if isinstance(g, (int, float, np.number, Irrational)) else g


def fitted(g: Any, shape: tuple[int, ...]) -> Any:
    """A cotangent in the shape of its value: dimensions of size 1 at the end may come or go."""
    have = np.shape(primal(to_engine(g)))
    if have == shape:
        return g
    if not have and math.prod(shape) != 1:
        raise mismatch(shape, have)
    n = max(len(have), len(shape))
    if have and have + (1,) * (n - len(have)) != shape + (1,) * (n - len(shape)):
        raise mismatch(shape, have)
    return to_julia(rules.reshape(to_engine(g), shape))


def project_array(g: Any, like: Any) -> Any:
    """An array's cotangent."""
    data = like.data
    if not isinstance(g, ArrayLike):
        if data.ndim == 0:
            return to_julia(np.array(project_number(g, data.item())).reshape(()))
        if isinstance(g, (int, float, complex, np.number)):
            raise mismatch(data.shape, ())
        return g
    g = fitted(g, data.shape)
    if data.dtype == object:
        if isinstance(g, Node):
            return g
        parts = [
            projected(a, b)
            for a, b in zip(elements(np.asarray(g.data)), elements(data), strict=True)
        ]
        return B.from_values(parts, data.shape) if parts else g
    kind = data.dtype if data.dtype.kind in "fc" else np.dtype(float)
    if isinstance(g, Node):
        return to_julia(rules.real(g)) if kind.kind == "f" and np.iscomplexobj(g.data) else g
    if not isinstance(g, Array) and getattr(g, "eltype", None) is T.TYPE_OF_DTYPE.get(kind):
        return g
    x = to_engine(g)
    if not isinstance(x, ndarray):
        return g
    x = x.real if x.dtype.kind == "c" and kind.kind != "c" else x
    return to_julia(np.array(x, dtype=kind, order="F"))


def halves(g: Any, *, adjoint: bool) -> Any:
    """The mean of a matrix and its transpose or adjoint."""
    x = to_engine(g)
    turned = rules.adjoint(x) if adjoint else rules.transpose(x)
    return to_julia(rules.mul(0.5, rules.add(x, turned)))


def project_structured(g: Any, like: Any) -> Any:
    """A structured matrix's cotangent, in its structure."""
    module = PACKAGES["LinearAlgebra"]
    name = T.unwrap(T.typeof(like)).typename.name
    if name in ("Adjoint", "Transpose"):
        if not like.parent_is_vector:
            return project_array(g, as_array(like))
        if np.shape(primal(to_engine(g))) != like.shape:
            raise mismatch(like.shape, np.shape(primal(to_engine(g))))
        vector = Base.bindings["vec"](g)
        vector = Base.bindings["conj"](vector) if name == "Adjoint" else vector
        return Base.bindings[name.lower()](projected(vector, like.parent))
    make: Any = module.bindings.get(name)
    shape = like.shape
    g = fitted(g, shape)
    real = like.eltype is not T.Bool and not np.iscomplexobj(dense(like))
    if real and np.iscomplexobj(primal(to_engine(g))):
        g = to_julia(rules.real(to_engine(g)))
    kept = T.unwrap(T.typeof(g)).typename.name == name
    if name in ("Symmetric", "Hermitian"):
        if kept or (T.unwrap(T.typeof(g)).typename.name == "Diagonal"):
            return g
        mean = halves(g, adjoint=name == "Hermitian")
        return make(_kind_of(mean, like), _symbol(like.uplo_text))
    if kept and name != "Bidiagonal":
        return g
    diag = module.bindings["diag"]
    if name == "Diagonal":
        return make(projected(diag(g), like.diag))
    if name == "Bidiagonal":
        up = like.uplo_text == "U"
        return make(
            projected(diag(g), like.dv),
            projected(diag(g, 1 if up else -1), like.ev),
            _symbol(like.uplo_text),
        )
    if name == "Tridiagonal":
        return make(
            projected(diag(g, -1), like.dl),
            projected(diag(g), like.d),
            projected(diag(g, 1), like.du),
        )
    if name == "SymTridiagonal":
        h = halves(g, adjoint=False)
        return make(projected(diag(h), like.dv), projected(diag(h, 1), like.ev))
    return make(_kind_of(g, like)) if make is not None else project_array(g, as_array(like))


def _symbol(text: str) -> Any:
    from juliette.syntax.expr import Symbol

    return Symbol(text)


def _kind_of(g: Any, like: Any) -> Any:
    return project_array(g, as_array(like))


def as_array(like: Any) -> Any:
    """A structured matrix's elements as an array."""
    return to_julia(np.asarray(dense(like)))


def projected(g: Any, like: Any) -> Any:
    """A cotangent `g` of a value `like`; where nothing is known it is returned as it is."""
    if g is None:
        return None
    if isinstance(like, V.Ref):
        return V.Ref(projected(g.x if isinstance(g, V.Ref) else g, like.x))
    if isinstance(like, Array):
        return project_array(g, like)
    if isinstance(like, (V.Range, V.BitArray)):
        return project_array(g, to_julia(np.asarray(like.data, float)))
    if isinstance(like, V.Wrapper):
        return project_structured(g, like)
    if isinstance(primal(like), (int, float, complex, np.number, Rational, Complex, Irrational)):
        return project_number(g, primal(like))
    return g
