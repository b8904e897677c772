"""Wrappers and factorizations around traced arrays.

`Diagonal(v)`, `Symmetric(A)`, `v'` and their like keep a traced array inside.  Where a method meets one
it is made a plain traced matrix first: the wrapper is asked what it makes of the *numbers* of its
elements, and the elements are taken by number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.structs import Struct
from juliette_engine import rules
from juliette_engine.tape import Node, primal

ndarray = np.ndarray


def slots_of(cls: type) -> tuple[str, ...]:
    """The slots of a class and its bases."""
    found = _SLOTS.get(cls)
    if found is None:
        names: list[str] = []
        for c in cls.__mro__:
            s = c.__dict__.get("__slots__", ())
            names += [s] if isinstance(s, str) else s
        found = _SLOTS[cls] = tuple(n for n in names if not n.startswith("__"))
    return found


_SLOTS: dict[type, tuple[str, ...]] = {}


def is_wrapper(x: Any) -> bool:
    """Is it an array around another array, or a factorization, which stands for its matrix?"""
    return isinstance(x, V.Wrapper) or hasattr(type(x), "factors_shown")


def wraps_node(x: Any) -> bool:
    """Is a traced array inside a wrapper or factorization?"""
    for name in slots_of(type(x)):
        v = getattr(x, name, None)
        if isinstance(v, Node) or (v is not None and is_wrapper(v) and wraps_node(v)):
            return True
    return False


class Seen:
    """A wrapper around traced arrays beside the matrix that it stands for: cotangents come for either."""

    __slots__ = ("dense", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.dense = densify(value)


def seen(x: Any) -> Any:
    """A value whose wrappers can take the cotangent of the matrix that they stand for."""
    return Seen(x) if is_wrapper(x) and wraps_node(x) else x


def takes_seeds(y: Any) -> Any:
    """An output whose wrappers can take the sensitivity of the matrix that they stand for."""
    if type(y) is tuple:
        return tuple(map(takes_seeds, y))
    if isinstance(y, V.NamedTuple):
        return V.NamedTuple(y.names, tuple(map(takes_seeds, y.values)))
    return seen(y)


def densify(x: Any) -> Any:
    """A wrapper around traced arrays as one traced array; other values as they are."""
    if not is_wrapper(x) or not wraps_node(x):
        return x
    if isinstance(x, V.Transposed):
        parent = densify(x.parent)
        if parent.data.ndim == 1:
            y = rules.reshape(parent, (1, parent.data.size))
            return (
                rules.conjugate(y)
                if parent.data.dtype.kind == "c" and isinstance(x, V.Adjoint)
                else y
            )
        return rules.adjoint(parent) if isinstance(x, V.Adjoint) else rules.transpose(parent)
    if not isinstance(x, V.Wrapper):
        return _product(x)
    parent = getattr(x, "parent", None)
    if hasattr(x, "unit") and isinstance(densify(parent), Node):
        return _part(x, densify(parent))
    if hasattr(x, "conjugate") and isinstance(densify(parent), Node):
        return _mirrored(x, densify(parent))
    nodes: list[Any] = []
    numbers = np.asarray(_numbered(x, nodes).data)
    kind = np.result_type(*[primal(n) for n in nodes])
    parts: list[Any] = [np.array([0.0, 1.0], dtype=kind)]
    parts += [rules.reshape(n, (primal(n).size,)) for n in nodes]
    return rules.getitem(rules.concatenate(parts, 0), numbers.real.astype(np.int64))


def _part(x: Any, parent: Any) -> Any:
    """The elements of a triangular matrix or a like part of a matrix."""
    n = parent.data.shape[0]
    below = np.subtract.outer(np.arange(n), np.arange(n))
    keep = (below <= x.low) & (-below <= x.high)
    if x.unit:
        keep &= below != 0
    rest = np.eye(n, dtype=parent.data.dtype, order="F") if x.unit else parent.data.dtype.type(0)
    return rules.where(np.asfortranarray(keep), parent, rest)


def _mirrored(x: Any, parent: Any) -> Any:
    """The elements of a symmetric or Hermitian matrix."""
    n = parent.data.shape[0]
    below = np.subtract.outer(np.arange(n), np.arange(n))
    own = np.asfortranarray(below < 0 if x.uplo_text == "U" else below > 0)
    zero = parent.data.dtype.type(0)
    half = rules.where(own, parent, zero)
    middle = rules.where(np.eye(n, dtype=bool, order="F"), parent, zero)
    if x.conjugate and np.iscomplexobj(parent.data):
        return rules.add(rules.add(half, rules.adjoint(half)), rules.real(middle))
    return rules.add(rules.add(half, rules.transpose(half)), middle)


def _numbered(x: Any, nodes: list[Any]) -> Any:
    """A copy of a wrapper whose arrays, traced or not, are replaced by the numbers of their elements.

    0 and 1 are the numbers of the constants zero and one.
    """
    out = object.__new__(type(x))
    for name in slots_of(type(x)):
        if not hasattr(x, name):
            continue
        v = getattr(x, name)
        if is_wrapper(v):
            v = _numbered(v, nodes)
        elif isinstance(v, Array):
            start = 2 + sum([primal(n).size for n in nodes])
            nodes.append(v if isinstance(v, Node) else v.data)
            v = wrap((np.arange(v.data.size, dtype=float) + start).reshape(v.data.shape, order="F"))
        setattr(out, name, v)
    return out


def _product(x: Any) -> Any:
    """The matrix that a factorization stands for."""
    matrix = getattr(x, "matrix", None)
    if matrix is not None:
        return matrix
    if hasattr(x, "Vt"):
        return rules.matmul(rules.mul(x.U, rules.reshape(x.S, (1, -1))), x.Vt)
    if hasattr(x, "vectors"):
        from juliette_engine.linalg import inv

        return rules.matmul(rules.mul(x.vectors, rules.reshape(x.values, (1, -1))), inv(x.vectors))
    upper = densify(x.U)
    return rules.matmul(rules.adjoint(upper), upper)


def holds_node(x: Any) -> bool:
    """Is a value traced, or a container of something traced?"""
    if isinstance(x, Node):
        return True
    if type(x) is tuple:
        return any(map(holds_node, x))
    if isinstance(x, V.NamedTuple):
        return any(map(holds_node, x.values))
    if isinstance(x, Array):
        return x.data.dtype == object and any(map(holds_node, x.data.ravel().tolist()))
    if isinstance(x, V.Ref):
        return holds_node(x.x)
    if isinstance(x, V.Pair):
        return holds_node(x.first) or holds_node(x.second)
    if isinstance(x, V.JuliaDict):
        return any(holds_node(v) for v in x.data.values())
    if isinstance(x, Struct):
        return any(holds_node(getattr(x, f, None)) for f in x.fields)
    return is_wrapper(x) and wraps_node(x)
