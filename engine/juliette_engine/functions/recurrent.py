"""Recurrences over time as one record: the plain cell `h = σ.(wi * x .+ wh * h .+ b)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine import tape as T
from juliette_engine.elementwise import add
from juliette_engine.functions.affine import IN_PLACE
from juliette_engine.fusion import ones, unbroadcast
from juliette_engine.primitive import shape
from juliette_engine.primitives import concatenate, getitem, matmul, reshape
from juliette_engine.tape import IMPLICIT, Node, full, give, lent, new, raw

ndarray = np.ndarray


def rnn(σ: Any, wi: Any, wh: Any, b: Any, x: Any, h: Any, time: int = 1) -> Any:
    """All states `σ.(wi * x .+ wh * h .+ b)` of a plain recurrence.

    `x` is features × time × batch, `h` out × batch, or one state for all; the result is out × time ×
    batch.  With `time=2` the last two dimensions of `x` and the result are the other way round.  The
    products with `wi` are one, before the loop, and so are the gradients of the weights, after it.

    Source: Flux, `RNN`.
    """
    if IMPLICIT:
        wi, wh, b, x, h = lent((wi, wh, b, x, h))
    nodes = [v for v in (wi, wh, b, x, h) if isinstance(v, Node)]
    known = IN_PLACE.get(σ)
    if known is None or any([n.nested or n.tape is not nodes[0].tape for n in nodes]):
        return _step_by_step(σ, wi, wh, b, x, h, time)
    values = [v.data if isinstance(v, Node) else raw(v) for v in (wi, wh, b, x, h)]
    w, u, c, v, s = values
    dtype = w.dtype
    if (
        dtype.kind != "f"
        or any([a.dtype != dtype for a in (u, v, s)])
        or (type(c) is ndarray and c.dtype != dtype)
    ):
        return _step_by_step(σ, wi, wh, b, x, h, time)
    order = (time, 3 - time, 0)
    into, steps, batch = v.shape[0], v.shape[time], v.shape[3 - time]
    out = w.shape[0]
    # time outermost, then batch, features innermost: rows are the columns of Julia's matrices
    inputs = np.ascontiguousarray(v.transpose(order)).reshape(steps * batch, into)
    z = inputs.dot(w.T)
    if type(c) is ndarray:
        z += c
    z = z.reshape(steps, batch, out)
    states = np.empty((steps + 1, batch, out), z.dtype)
    states[0] = s.T
    back = np.ascontiguousarray(u.T)
    for t in range(steps):
        y = states[t + 1]
        np.matmul(states[t], back, out=y)
        y += z[t]
        if known[0] is not None:
            known[0](y)
    value = states[1:].transpose((2, 0, 1) if time == 1 else (2, 1, 0))
    if not nodes:
        return np.asfortranarray(value)
    tape = nodes[0].tape
    r: Any = new(tape.array_class(value))
    r.data = value
    r.grad = None
    r.tape = tape
    tape.append((_rnn_back, r, (wi, wh, b, x, h), (σ, states, inputs, time)))
    return r


def _rnn_back(g: Any, r: Any, args: Any, kept: Any) -> None:
    wi, wh, b, x, h = args
    σ, states, inputs, time = kept
    slope = IN_PLACE[σ][1]
    dz = np.array(full(g, r.data).transpose(time, 3 - time, 0), order="C")
    steps, batch, out = dz.shape
    u = wh.data if isinstance(wh, Node) else raw(wh)
    carried = np.empty((batch, out), dz.dtype)
    one = np.ones((), dz.dtype)
    unit = None if slope is None else slope(one, states[1:])
    for t in range(steps - 1, -1, -1):
        q = dz[t]
        if t < steps - 1:
            np.matmul(dz[t + 1], u, out=carried)
            q += carried
        if unit is not None:
            q *= unit[t]
    flat = dz.reshape(steps * batch, out)
    if isinstance(wi, Node):
        give(wi, inputs.T.dot(flat).T)
    if isinstance(wh, Node):
        give(wh, states[:steps].reshape(steps * batch, out).T.dot(flat).T)
    if isinstance(b, Node):
        give(b, ones(steps * batch, flat.dtype).dot(flat))
    if isinstance(x, Node):
        w = wi.data if isinstance(wi, Node) else raw(wi)
        give(
            x,
            flat.dot(w)
            .reshape(steps, batch, w.shape[1])
            .transpose((2, 0, 1) if time == 1 else (2, 1, 0)),
        )
    if isinstance(h, Node):
        d = dz[0].dot(u).T
        give(h, unbroadcast(d, h.data.shape, d.shape))


def _rnn_traced(g: Any, r: Any, args: Any, kept: Any) -> None:
    """The step back with recorded operations: the recurrence is run again, one level up."""
    from juliette_engine.gradients import pullback

    values = [v.data if isinstance(v, Node) else v for v in args]
    _, back = pullback(lambda *xs: _step_by_step(kept[0], *xs, kept[3]), *values)  # type: ignore[call-arg]
    for v, d in zip(args, back(g), strict=True):
        if isinstance(v, Node):
            T.acc_any(v, d)


T.TRACED_RULES[_rnn_back] = _rnn_traced


def _step_by_step(σ: Any, wi: Any, wh: Any, b: Any, x: Any, h: Any, time: int) -> Any:
    """The same, cell by cell."""
    out = []
    for t in range(shape(x)[time]):
        at = (slice(None), t) if time == 1 else (slice(None), slice(None), t)
        z = add(matmul(wi, getitem(x, at)), matmul(wh, h))
        h = σ(z if b is False or b is None else add(z, b))
        n, batch = shape(h)
        out.append(reshape(h, (n, 1, batch) if time == 1 else (n, batch, 1)))
    return concatenate(out, time)
