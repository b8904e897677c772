"""The means of crossentropies over samples, each as one record."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import add, div, mul, neg, sub
from juliette_engine.primitives import number, primitive, shape, softmax
from juliette_engine.tape import primal

ndarray = np.ndarray


def _samples(size: tuple[int, ...]) -> int:
    n = 1
    for k in size[1:]:
        n *= k
    return n


def _logit_partial(g: Any, loss: Any, z: Any, *, y: Any, saved: Any) -> Any:
    weights = np.add.reduce(y, 0, keepdims=True)
    return mul(sub(mul(softmax(z), weights), y), div(g, _samples(shape(z))))


def _logit_raw(g: Any, loss: Any, z: Any, *, y: Any, saved: Any) -> Any:
    e, total = saved[-1]
    d = e / total
    weights = np.add.reduce(y, 0)
    if not (np.ndim(weights) == 0 and weights == 1):
        d *= weights
    d -= y
    d *= g / _samples(z.shape)
    return d


@primitive(_logit_partial, raw=(_logit_raw,), uniform=True, fresh=True, name="logit_crossentropy")
def _logit(z: Any, *, y: Any, saved: Any) -> Any:
    s = z - np.maximum.reduce(z, 0)
    if s.dtype.kind != "f":
        s = s.astype(float)
    e = np.exp(s)
    total = np.add.reduce(e, 0)
    saved[:] = [(e, total)]
    logs = np.log(total)
    if s.ndim == 1:
        return number(logs * np.add.reduce(y) - s.dot(y))
    if s.flags.f_contiguous and y.flags.f_contiguous:
        a, b = s.reshape(-1, order="A"), y.reshape(-1, order="A")
        inner = a.dot(b)
    else:
        inner = np.add.reduce(s * y, None)
    weights = np.add.reduce(y, 0)
    return number((np.add.reduce(logs * weights, None) - inner) / s.dtype.type(_samples(z.shape)))


def logit_crossentropy(z: Any, y: Any) -> Any:
    """The mean over samples of `-sum(y .* logsoftmax(z))`; `y` is constant."""
    return _logit(z, y=y, saved=[])


@primitive(
    lambda g, loss, p, *, y, eps: neg(mul(div(y, add(p, eps)), div(g, _samples(shape(p))))),
    raw=(lambda g, loss, p, *, y, eps: y / (p + eps) * p.dtype.type(-g / _samples(p.shape)),),
    uniform=True, fresh=True, name="crossentropy",
)
def _crossentropy(p: Any, *, y: Any, eps: float) -> Any:
    q = p + eps
    terms = np.log(q)
    terms *= y
    total = np.add.reduce(terms, None)
    if total != total:
        total = np.add.reduce(np.where(y == 0, 0, terms), None)
    return number(-total / terms.dtype.type(_samples(p.shape)))


def crossentropy(p: Any, y: Any, eps: float) -> Any:
    """The mean over samples of `-sum(y .* log.(p .+ eps))`; `y` is constant."""
    return _crossentropy(p, y=y, eps=eps)


def fits(z: Any, y: Any) -> bool:
    """Are both real arrays of one size, the first of floats, and the second not traced?"""
    p = primal(z)
    return (
        type(p) is ndarray and type(y) is ndarray and p.shape == y.shape and p.dtype.kind == "f" and p.ndim > 0
        and y.dtype.kind == "f" and y.dtype.itemsize <= p.dtype.itemsize
    )

