"""The loop over the data, in both styles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from juliette_engine.errors import DomainError, UsageError
from juliette_engine.gradients import withgradient
from juliette_engine.optimise.rule import Rule
from juliette_engine.optimise.state import setup, update
from juliette_engine.parameters import Params
from juliette_engine.text import float_text


def check_loss(loss: Any, index: int) -> None:
    """Stop training on a loss that is not finite; items count from one."""
    value = loss[0] if isinstance(loss, tuple) else loss
    if not math.isfinite(value):
        raise DomainError(
            value, f"Loss is {float_text(float(value))} on data item {index}, stopping training"
        )


def train(
    loss: Callable[..., Any],
    model: Any,
    data: Iterable[Any],
    opt: Any,
    *,
    cb: Callable[[], Any] | None = None,
) -> None:
    """One pass over the `data`: `loss(*d)` with `Params`, or `loss(model, *d)` with a state tree `opt`.

    Items that are tuples are spread over the arguments; `cb` is called after each step.

    Raises: DomainError when the loss is not finite, UsageError for a callback in the explicit style.
    Source: Flux, `train!`.
    """
    implicit = isinstance(model, Params)
    if cb is not None and not implicit:
        raise UsageError("train does not support callback functions: write a loop instead")
    state = setup(opt, model) if isinstance(opt, Rule) and not implicit else opt
    for index, d in enumerate(data, 1):
        args = d if isinstance(d, tuple) else (d,)
        if implicit:
            value, grads = withgradient(lambda args=args: loss(*args), model)
        else:
            value, grads = withgradient(lambda m, args=args: loss(m, *args), model)
            grads = grads[0]
        check_loss(value, index)
        update(state, model, grads)
        if cb is not None:
            cb()
