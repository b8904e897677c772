"""The means of crossentropies over samples, each as one record."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import add, div, mul, neg, sub
from juliette_engine.fusion import ones
from juliette_engine.numeric import constant, largest
from juliette_engine.primitive import number, primitive, shape
from juliette_engine.softmaxes import softmax
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
    e, total, weights = saved[-1]
    d = e * (weights / total)
    d -= _columns(y)
    d *= g / e.shape[1]
    return d.reshape(z.shape, order="F")


def _columns(x: Any) -> Any:
    """A sample in each column."""
    return x if x.ndim == 2 else x.reshape((len(x), -1), order="F")


@primitive(_logit_partial, raw=(_logit_raw,), uniform=True, fresh=True, name="logit_crossentropy")
def _logit(z: Any, *, y: Any, saved: Any) -> Any:
    s, y = _columns(z), _columns(y)
    s = s - largest(s)
    if s.dtype.kind != "f":
        s = s.astype(float)
    e = np.exp(s)
    # a product with ones is the faster sum
    one = ones(len(s), s.dtype)
    total, weights = one.dot(e), one.dot(y)
    saved[:] = [(e, total, weights)]
    if s.flags.f_contiguous and y.flags.f_contiguous:
        inner = s.reshape(-1, order="A").dot(y.reshape(-1, order="A"))
    else:
        inner = np.add.reduce(s * y, None)
    return number((np.log(total).dot(weights) - inner) / s.dtype.type(s.shape[1]))


def logit_crossentropy(z: Any, y: Any) -> Any:
    """The mean over samples of `-sum(y .* logsoftmax(z))`; `y` is constant."""
    return _logit(z, y=y, saved=[])


def _raw(g: Any, loss: Any, p: Any, *, y: Any, eps: float) -> Any:
    d = y / (p + constant(eps, p.dtype))
    d *= -g / _samples(p.shape)
    return d


@primitive(
    lambda g, loss, p, *, y, eps: neg(mul(div(y, add(p, eps)), div(g, _samples(shape(p))))),
    raw=(_raw,),
    uniform=True,
    fresh=True,
    name="crossentropy",
)
def _crossentropy(p: Any, *, y: Any, eps: float) -> Any:
    q = p + constant(eps, p.dtype)
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
    """Are both real arrays of one size, not empty, the first of floats, and the second not traced?"""
    p = primal(z)
    return (
        type(p) is ndarray
        and type(y) is ndarray
        and p.shape == y.shape
        and p.dtype.kind == "f"
        and p.ndim > 0
        and p.size > 0
        and y.dtype.kind == "f"
        and y.dtype.itemsize <= p.dtype.itemsize
    )
