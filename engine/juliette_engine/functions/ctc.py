"""Connectionist temporal classification: the score of all alignments, as one record.

(Graves and others, 2006.)  A state is a label or a blank around labels.  `α` holds for each state
and time the logarithm of the probability of all beginnings that lead there, `β` of all ends that
set out from there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import add, mul, neg
from juliette_engine.primitive import number, primitive, shape
from juliette_engine.primitives import concatenate, getitem
from juliette_engine.softmaxes import logsoftmax, logsumexp
from juliette_engine.tape import raw

# As good as impossible, and still a number.
NEVER = -1e30


def states(labels: tuple[int, ...], classes: int) -> tuple[Any, Any]:
    """The class of each state, from 0, and whether a path may skip the blank before it."""
    z = np.full(2 * len(labels) + 1, classes - 1)
    z[1::2] = labels
    skip = np.zeros(len(z), bool)
    skip[3::2] = z[3::2] != z[1:-2:2]
    return z, skip


def _with_two_before(scores: Any) -> Any:
    """The scores of each state, of the one before it and of the one before that."""
    never = np.full(2, -np.inf, scores.dtype)
    padded = np.concatenate([never, scores])
    return padded[2:], padded[1:-1], padded[:-2]


def _ways(emitted: Any, skip: Any) -> Any:
    """The scores of all beginnings, states by times."""
    α = np.full(emitted.shape, -np.inf, emitted.dtype)
    α[:2, 0] = emitted[:2, 0]
    for t in range(1, α.shape[1]):
        stay, step, over = _with_two_before(α[:, t - 1])
        α[:, t] = (
            np.logaddexp(np.logaddexp(stay, step), np.where(skip, over, -np.inf)) + emitted[:, t]
        )
    return α


def _plain_logsoftmax(x: Any) -> Any:
    s = x - x.max(0)
    return s - np.log(np.exp(s).sum(0))


def _last(α: Any) -> Any:
    return np.logaddexp.reduce(α[-2:, -1])


def _forward(x: Any, *, labels: tuple[int, ...]) -> Any:
    z, skip = states(labels, len(x))
    x = x if x.dtype.kind == "f" else x.astype(float)
    return number(-_last(_ways(_plain_logsoftmax(x)[z], skip)))


def _raw(g: Any, loss: Any, x: Any, *, labels: tuple[int, ...]) -> Any:
    """What softmax gives each class, less what the alignments give it."""
    z, skip = states(labels, len(x))
    scores = _plain_logsoftmax(x if x.dtype.kind == "f" else x.astype(float))
    emitted = scores[z]
    α = _ways(emitted, skip)
    # From the end backwards the states change roles; `skip` belongs to the later of two states.
    forward = np.roll(skip[::-1], 2)
    β = _ways(emitted[::-1, ::-1], forward)[::-1, ::-1] - emitted
    with np.errstate(invalid="ignore"):
        share = np.exp(α + β - _last(α))
    used = np.zeros_like(scores)
    np.add.at(used, z, share)
    return g * (np.exp(scores) - used)


def step_by_step(x: Any, labels: tuple[int, ...]) -> Any:
    """The same from recorded operations."""
    z, skip = states(labels, shape(x)[0])
    emitted = getitem(logsoftmax(x), (z, slice(None)))
    n = len(z)
    never = np.full(1, NEVER, raw(x).dtype if hasattr(raw(x), "dtype") else float)
    # Where each state comes from; the last place holds what is impossible.
    places = np.arange(n)
    sources = np.stack([places, np.where(places > 0, places - 1, n), np.where(skip, places - 2, n)])
    α = concatenate(
        [getitem(emitted, (slice(0, 2), 0)), np.full(max(n - 2, 0), NEVER, never.dtype)], 0
    )
    for t in range(1, shape(x)[1]):
        ways = logsumexp(getitem(concatenate([α, never], 0), sources), (0,))
        α = add(getitem(ways, 0), getitem(emitted, (slice(None), t)))
    return neg(logsumexp(getitem(α, slice(max(n - 2, 0), n))))


def _partial(g: Any, loss: Any, x: Any, *, labels: tuple[int, ...]) -> Any:
    from juliette_engine.gradients import pullback

    return mul(pullback(lambda a: step_by_step(a, labels), x)[1](1.0)[0], g)


_ctc = primitive(_partial, raw=(_raw,), uniform=True, fresh=True, name="ctc")(_forward)


def ctc(x: Any, labels: tuple[int, ...]) -> Any:
    """`-log` of the probability of all alignments of `labels` (from 0) with the logits `x`; the last class is blank."""
    return _ctc(x, labels=labels)
