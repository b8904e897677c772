"""Optimisers against PyTorch: ten steps with the same gradients and hyper-parameters.

Where Optimisers.jl has another formula than PyTorch (`RAdam`, `NAdam`, `AMSGrad`, `OAdam`,
`AdaBelief`, `Lion`), `test_optimise.py` compares with that formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.engine.against_torch import PRECISIONS, kind, normal, same, tensor, torch

import juliette_engine as je

optim: Any = torch.optim
STEPS = 10

# Our rule, and PyTorch's optimiser of a list of tensors.
RULES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "Descent": (je.Descent(0.1), lambda ps: optim.SGD(ps, lr=0.1)),
    "Momentum": (je.Momentum(0.05, 0.8), lambda ps: optim.SGD(ps, lr=0.05, momentum=0.8)),
    "Nesterov": (je.Nesterov(0.05, 0.8), lambda ps: optim.SGD(ps, lr=0.05, momentum=0.8, nesterov=True)),
    "RMSProp": (je.RMSProp(0.01, 0.9), lambda ps: optim.RMSprop(ps, lr=0.01, alpha=0.9)),
    "RMSProp, centred": (je.RMSProp(0.01, 0.9, centred=True), lambda ps: optim.RMSprop(ps, lr=0.01, alpha=0.9, centered=True)),
    "Rprop": (je.Rprop(0.01, (0.4, 1.3), (1e-6, 50.0)), lambda ps: optim.Rprop(ps, lr=0.01, etas=(0.4, 1.3))),
    "Adam": (je.Adam(0.01, (0.8, 0.99)), lambda ps: optim.Adam(ps, lr=0.01, betas=(0.8, 0.99))),
    "AdaMax": (je.AdaMax(0.01), lambda ps: optim.Adamax(ps, lr=0.01)),
    "AdaGrad": (
        je.AdaGrad(0.1, 1e-8), lambda ps: optim.Adagrad(ps, lr=0.1, initial_accumulator_value=1e-8, eps=1e-8)
    ),
    "AdaDelta": (je.AdaDelta(0.9, 1e-6), lambda ps: optim.Adadelta(ps, lr=1.0, rho=0.9, eps=1e-6)),
    "AdamW": (je.AdamW(0.01, (0.9, 0.999), 0.1), lambda ps: optim.AdamW(ps, lr=0.01, weight_decay=0.1)),
    "WeightDecay": (
        je.OptimiserChain(je.WeightDecay(0.1), je.Momentum(0.05, 0.8)),
        lambda ps: optim.SGD(ps, lr=0.05, momentum=0.8, weight_decay=0.1),
    ),
    "WeightDecay, Adam": (
        je.OptimiserChain(je.WeightDecay(0.1), je.Adam(0.01)), lambda ps: optim.Adam(ps, lr=0.01, weight_decay=0.1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", RULES)
def test_rule(name: str, dtype: str) -> None:
    """Two arrays, one of which has gradients of both signs and of very different sizes."""
    rule, make = RULES[name]
    ours = {"w": kind(normal(4, 3), dtype), "b": kind(normal(3), dtype)}
    theirs = [tensor(x) for x in ours.values()]
    state, optimiser = je.setup(rule, ours), make(theirs)
    for k in range(STEPS):
        gradients = {
            "w": kind(normal(4, 3) * 10.0 ** (k % 3 - 1), dtype),
            "b": kind(normal(3), dtype),
        }
        state, ours = je.update(state, ours, gradients)
        for t, g in zip(theirs, gradients.values(), strict=True):
            t.grad = torch.tensor(np.ascontiguousarray(g.T))
        optimiser.step()
        for x, t in zip(ours.values(), theirs, strict=True):
            same(x, t.detach().numpy().T, dtype)


def test_clipping() -> None:
    g = kind(normal(4, 3) * 3, "float32")
    t = torch.zeros(3, 4, requires_grad=True)
    for rule, clip in (
        (je.ClipGrad(0.5), lambda: torch.nn.utils.clip_grad_value_([t], 0.5)),
        (je.ClipNorm(2.0), lambda: torch.nn.utils.clip_grad_norm_([t], 2.0)),
        (je.ClipNorm(3.0, 1.0), lambda: torch.nn.utils.clip_grad_norm_([t], 3.0, norm_type=1)),
        (je.ClipNorm(1e3), lambda: torch.nn.utils.clip_grad_norm_([t], 1e3)),
    ):
        t.grad = torch.tensor(np.ascontiguousarray(g.T))
        clip()
        same(rule.apply(rule.init(g), g, g)[1], t.grad.numpy().T, "float32")


def test_a_model_is_trained_alike() -> None:
    """The losses of thirty steps of a small network, and its weights afterwards."""
    model = je.Chain(je.Dense((4, 8), je.tanh), je.Dense((8, 2)))
    w, b, u, c = ps = [tensor(p) for p in je.trainables(model)]
    x, y = kind(normal(4, 20), "float32"), kind(normal(2, 20), "float32")
    tx, ty = tensor(x).detach(), tensor(y).detach()
    state, optimiser = je.setup(je.Adam(0.02), model), optim.Adam(ps, lr=0.02)
    for _ in range(30):
        loss, (gradient,) = je.withgradient(lambda m: je.mse(m(x), y), model)
        state, model = je.update(state, model, gradient)
        optimiser.zero_grad()
        expected = torch.nn.functional.mse_loss(torch.tanh(tx @ w + b) @ u + c, ty)
        expected.backward()
        optimiser.step()
        assert float(loss) == pytest.approx(expected.item(), rel=1e-4)
    for p, t in zip(je.trainables(model), ps, strict=True):
        np.testing.assert_allclose(p, t.detach().numpy().T, rtol=1e-3, atol=1e-4)
