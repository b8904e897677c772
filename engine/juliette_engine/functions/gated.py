"""The steps of gated recurrent cells as one record each.

Inside, a sample is a row: that is the memory of Julia's columns.  `slow` is the same step from recorded
operations, for arrays of mixed kinds and where gradients are nested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import tape as T
from juliette_engine.functions.affine import quiet_sigmoid
from juliette_engine.fusion import ones
from juliette_engine.primitives import getitem
from juliette_engine.tape import IMPLICIT, Node, full, give, lent, new, raw

ndarray = np.ndarray


def lstm(
    slow: Callable[..., Any], wi: Any, wh: Any, b: Any, x: Any, h: Any, c: Any
) -> tuple[Any, Any]:
    """New output and memory of long short-term memory; the gates are input, forget, cell, output."""
    args, nodes, values, flat = _opened(4, (wi, wh, b, x, h, c))
    if values is None:
        return slow(*args)  # type: ignore[no-any-return]
    w, u, bias, xs, hs, cs = values
    z = xs.dot(w.T) + hs.dot(u.T)
    if bias is not None:
        z += bias
    n = u.shape[1]
    memory = z[:, 2 * n : 3 * n]
    cell = np.tanh(memory)
    with np.errstate(over="ignore"):
        quiet_sigmoid(z)
    memory[...] = cell
    both = np.empty((len(z), 2 * n), z.dtype)
    new_h, new_c = both[:, :n], both[:, n:]
    np.multiply(z[:, n : 2 * n], cs, new_c)
    new_c += z[:, :n] * cell
    t = np.tanh(new_c)
    np.multiply(z[:, 3 * n :], t, new_h)
    value = both[0] if flat else both.T
    y = _recorded(_lstm_back, nodes, value, args, (slow, values, z, t))
    return getitem(y, slice(0, n)), getitem(y, slice(n, 2 * n))


def gru(slow: Callable[..., Any], wi: Any, wh: Any, b: Any, x: Any, h: Any) -> Any:
    """New state of a gated recurrent unit; the gates are reset, update, new, and the reset acts on `wh * h`."""
    args, nodes, values, flat = _opened(3, (wi, wh, b, x, h))
    if values is None:
        return slow(*args)
    w, u, bias, xs, hs = values
    i, s = xs.dot(w.T), hs.dot(u.T)
    if bias is not None:
        i += bias
    n = u.shape[1]
    gates = i[:, : 2 * n] + s[:, : 2 * n]
    with np.errstate(over="ignore"):
        quiet_sigmoid(gates)
    reset, update = gates[:, :n], gates[:, n:]
    old = s[:, 2 * n :]
    fresh = np.tanh(i[:, 2 * n :] + reset * old)
    y = update * (hs - fresh)
    y += fresh
    value = y[0] if flat else y.T
    return _recorded(_gru_back, nodes, value, args, (slow, values, gates, old, fresh))


def _opened(
    gates: int, args: tuple[Any, ...]
) -> tuple[tuple[Any, ...], list[Any], list[Any] | None, bool]:
    """The arguments, the traced ones, all with a sample in each row, and whether there is but a vector.

    There are no rows where a step is to go slowly: for nested traces, other kinds of arrays, and sizes that
    do not fit.
    """
    if IMPLICIT:
        args = lent(args)
    nodes = [v for v in args if isinstance(v, Node)]
    if any([n.nested or n.tape is not nodes[0].tape for n in nodes]):
        return args, nodes, None, False
    found = [v.data if isinstance(v, Node) else raw(v) for v in args]
    if found[2] is False:
        found[2] = None
    w, u, bias, *rest = found
    for v in found:
        if v is not None and (type(v) is not ndarray or v.dtype != w.dtype or v.dtype.kind != "f"):
            return args, nodes, None, False
    if any([v.ndim not in (1, 2) for v in rest]) or w.ndim != 2 or u.ndim != 2:
        return args, nodes, None, False
    rows = [v.T if v.ndim == 2 else v.reshape(1, -1) for v in rest]
    n = u.shape[1]
    fits = (
        u.shape[0] == len(w) == gates * n
        and (bias is None or bias.shape == (len(w),))
        and rows[0].shape[1] == w.shape[1]
        and all([v.shape[1] == n for v in rows[1:]])
        and len({len(v) for v in rows} - {1}) < 2
        and all([len(v) == len(rows[1]) for v in rows[2:]])
    )
    return args, nodes, [w, u, bias, *rows] if fits else None, all([v.ndim == 1 for v in rest])


def _recorded(back: Any, nodes: list[Any], value: Any, args: Any, kept: Any) -> Any:
    """A value, as a node where arguments are traced."""
    if not nodes:
        return value
    tape = nodes[0].tape
    r: Any = new(tape.array_class(value))
    r.data = value
    r.grad = None
    r.tape = tape
    tape.append((back, r, args, kept))
    return r


def _rows(g: Any, r: Any) -> Any:
    """A cotangent with a sample in each row."""
    g = full(g, r.data)
    return g.T if g.ndim == 2 else g.reshape(1, -1)


def _give(node: Any, rows: Any) -> None:
    """Add a cotangent with a sample in each row to an argument of one or two dimensions, perhaps of one sample."""
    like = node.data
    if like.ndim == 1 or (like.shape[1] == 1 and len(rows) != 1):
        rows = ones(len(rows), rows.dtype).dot(rows)
        give(node, rows if like.ndim == 1 else rows.reshape(-1, 1))
    else:
        give(node, rows.T)


def _product(rows: Any, dz: Any) -> Any:
    """The cotangent of weights: the sum of products of a sample's input and its cotangent."""
    if len(rows) != len(dz):
        dz = ones(len(dz), dz.dtype).dot(dz).reshape(1, -1)
    return rows.T.dot(dz).T


def _lstm_back(g: Any, r: Any, args: Any, kept: Any) -> None:
    wi, wh, b, x, h, c = args
    _, (w, u, _, xs, hs, cs), z, t = kept
    n = u.shape[1]
    g = _rows(g, r)
    i, f, cell, o = z[:, :n], z[:, n : 2 * n], z[:, 2 * n : 3 * n], z[:, 3 * n :]
    one = z.dtype.type(1)
    dh = g[:, :n]
    dc = (one - t * t) * o
    dc *= dh
    dc += g[:, n:]
    dz = one - z  # of a sigmoid
    dz *= z
    dz[:, :n] *= dc * cell
    dz[:, n : 2 * n] *= dc * cs
    np.multiply(one - cell * cell, dc * i, dz[:, 2 * n : 3 * n])
    dz[:, 3 * n :] *= dh * t
    if isinstance(wi, Node):
        give(wi, _product(xs, dz))
    if isinstance(wh, Node):
        give(wh, _product(hs, dz))
    if isinstance(b, Node):
        give(b, ones(len(dz), dz.dtype).dot(dz))
    if isinstance(x, Node):
        _give(x, dz.dot(w))
    if isinstance(h, Node):
        _give(h, dz.dot(u))
    if isinstance(c, Node):
        _give(c, dc * f)


def _gru_back(g: Any, r: Any, args: Any, kept: Any) -> None:
    wi, wh, b, x, h = args
    _, (w, u, _, xs, hs), gates, old, fresh = kept
    n = u.shape[1]
    g = _rows(g, r)
    reset, update = gates[:, :n], gates[:, n:]
    one = gates.dtype.type(1)
    di = np.empty((len(g), 3 * n), gates.dtype)
    d_gates = one - gates
    d_gates *= gates
    d_fresh = np.multiply(g, one - update, di[:, 2 * n :])
    d_fresh *= one - fresh * fresh
    np.multiply(d_gates[:, :n], d_fresh * old, di[:, :n])
    np.multiply(d_gates[:, n:], g * (hs - fresh), di[:, n : 2 * n])
    if isinstance(wi, Node):
        give(wi, _product(xs, di))
    if isinstance(b, Node):
        give(b, ones(len(di), di.dtype).dot(di))
    if isinstance(x, Node):
        _give(x, di.dot(w))
    if isinstance(wh, Node) or isinstance(h, Node):
        ds = di.copy()
        ds[:, 2 * n :] *= reset
        if isinstance(wh, Node):
            give(wh, _product(hs, ds))
        if isinstance(h, Node):
            back = ds.dot(u)
            back += g * update
            _give(h, back)


def _traced(g: Any, r: Any, args: Any, kept: Any) -> None:
    """The step back with recorded operations: the step is made again, one level up."""
    from juliette_engine.gradients import pullback
    from juliette_engine.primitives import concatenate

    def again(*xs: Any) -> Any:
        y = kept[0](*xs)
        return concatenate(list(y), 0) if type(y) is tuple else y

    values = [v.data if isinstance(v, Node) else v for v in args]
    _, back = pullback(again, *values)
    for v, d in zip(args, back(g), strict=True):
        if isinstance(v, Node):
            T.acc_any(v, d)


T.TRACED_RULES[_lstm_back] = T.TRACED_RULES[_gru_back] = _traced
