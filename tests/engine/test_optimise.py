"""Each optimisation rule against its formula, written for single numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine.optimise import stateful
from juliette_engine.optimise.rule import Rule

GRADIENTS = (0.5, -1.5, 2.0, 0.25, -0.75, 1.0, 1.0)
Formula = Callable[[float], Iterator[float]]


def descend(rule: Any, x: float = 1.0, dtype: Any = float) -> list[float]:
    """The values of one parameter over the steps."""
    array = np.array([x], dtype=dtype)
    state = rule.init(array)
    out = []
    for g in GRADIENTS:
        state, dx = rule.apply(state, array, np.array([g], dtype=dtype))
        if dx is not None:
            array = array - dx
        out.append(float(array[0]))
    return out


def moments(β1: float, β2: float) -> Iterator[tuple[int, float, float, float]]:
    """Step, gradient and the two running means."""
    m = v = 0.0
    for t, g in enumerate(GRADIENTS, 1):
        m, v = β1 * m + (1 - β1) * g, β2 * v + (1 - β2) * g * g
        yield t, g, m, v


def momentum(x: float, η: float = 0.01, ρ: float = 0.9) -> Iterator[float]:
    v = 0.0
    for g in GRADIENTS:
        v = ρ * v + η * g
        x -= v
        yield x


def nesterov(x: float, η: float = 0.001, ρ: float = 0.9) -> Iterator[float]:
    v = 0.0
    for g in GRADIENTS:
        x -= (1 + ρ) * η * g - ρ * ρ * v
        v = ρ * v - η * g
        yield x


def rmsprop(x: float, η: float = 0.001, ρ: float = 0.9, ε: float = 1e-8) -> Iterator[float]:
    a = 0.0
    for g in GRADIENTS:
        a = ρ * a + (1 - ρ) * g * g
        x -= η * g / (math.sqrt(a) + ε)
        yield x


def centred_rmsprop(x: float, η: float = 0.001, ρ: float = 0.9, ε: float = 1e-8) -> Iterator[float]:
    a = mean = 0.0
    for g in GRADIENTS:
        a, mean = ρ * a + (1 - ρ) * g * g, ρ * mean + (1 - ρ) * g
        x -= η * g / (math.sqrt(a - mean * mean) + ε)
        yield x


def adam(x: float, β: Any = (0.9, 0.999), η: float = 0.001, ε: float = 1e-8) -> Iterator[float]:
    for t, _, m, v in moments(*β):
        x -= η * (m / (1 - β[0] ** t)) / (math.sqrt(v / (1 - β[1] ** t)) + ε)
        yield x


def radam(x: float, β: Any = (0.9, 0.999), η: float = 0.001, ε: float = 1e-8) -> Iterator[float]:
    limit = 2 / (1 - β[1]) - 1
    for t, _, m, v in moments(*β):
        ρ = limit - 2 * t * β[1] ** t / (1 - β[1] ** t)
        step = m / (1 - β[0] ** t)
        if ρ > 4:
            r = math.sqrt((ρ - 4) * (ρ - 2) * limit / ((limit - 4) * (limit - 2) * ρ))
            step *= r / (math.sqrt(v / (1 - β[1] ** t)) + ε)
        x -= η * step
        yield x


def adamax(x: float, β: Any = (0.9, 0.999), η: float = 0.001, ε: float = 1e-8) -> Iterator[float]:
    u = 0.0
    for t, g, m, _ in moments(*β):
        u = max(β[1] * u, abs(g))
        x -= η / (1 - β[0] ** t) * m / (u + ε)
        yield x


def oadam(x: float, β: Any = (0.5, 0.9), η: float = 0.001, ε: float = 1e-8) -> Iterator[float]:
    before = 0.0
    for t, _, m, v in moments(*β):
        τ = η * (m / (1 - β[0] ** t)) / (math.sqrt(v / (1 - β[1] ** t)) + ε)
        x -= 2 * τ - before
        before = τ
        yield x


def adagrad(x: float, η: float = 0.1, ε: float = 1e-8) -> Iterator[float]:
    acc = ε
    for g in GRADIENTS:
        acc += g * g
        x -= η * g / (math.sqrt(acc) + ε)
        yield x


def adadelta(x: float, ρ: float = 0.9, ε: float = 1e-8) -> Iterator[float]:
    a = d = 0.0
    for g in GRADIENTS:
        a = ρ * a + (1 - ρ) * g * g
        step = g * math.sqrt(d + ε) / math.sqrt(a + ε)
        d = ρ * d + (1 - ρ) * step * step
        x -= step
        yield x


def amsgrad(x: float, β: Any = (0.9, 0.999), η: float = 0.001, ε: float = 1e-8) -> Iterator[float]:
    m = v = top = ε
    for g in GRADIENTS:
        m, v = β[0] * m + (1 - β[0]) * g, β[1] * v + (1 - β[1]) * g * g
        top = max(top, v)
        x -= η * m / (math.sqrt(top) + ε)
        yield x


def nadam(x: float, β: Any = (0.9, 0.999), η: float = 0.001, ε: float = 1e-8) -> Iterator[float]:
    for t, g, m, v in moments(*β):
        ahead = β[0] * m / (1 - β[0] ** (t + 1)) + (1 - β[0]) * g / (1 - β[0] ** t)
        x -= η * ahead / (math.sqrt(β[1] * v / (1 - β[1] ** t)) + ε)
        yield x


def adamw(x: float, λ: float = 0.1, η: float = 0.001) -> Iterator[float]:
    for t, _, m, v in moments(0.9, 0.999):
        step = (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        x -= η * (step + λ * x)
        yield x


def adabelief(
    x: float, β: Any = (0.9, 0.999), η: float = 0.001, ε: float = 1e-16
) -> Iterator[float]:
    s = 0.0
    for t, g, m, _ in moments(*β):
        s = β[1] * s + (1 - β[1]) * (g - m) ** 2 + ε
        x -= η * (m / (1 - β[0] ** t)) / (math.sqrt(s / (1 - β[1] ** t)) + ε)
        yield x


def lion(x: float, β: Any = (0.9, 0.999), η: float = 0.001) -> Iterator[float]:
    m = 0.0
    for g in GRADIENTS:
        x -= η * math.copysign(1, (β[1] - β[0]) * g + β[0] * m)
        m = β[1] * g + (1 - β[1]) * m
        yield x


def clipped(x: float) -> Iterator[float]:
    for g in GRADIENTS:
        x -= 0.1 * max(-1.0, min(1.0, g + 0.01 * x))
        yield x


FORMULAS: dict[str, tuple[Rule, Formula]] = {
    "Momentum": (je.Momentum(), momentum),
    "Nesterov": (je.Nesterov(), nesterov),
    "RMSProp": (je.RMSProp(), rmsprop),
    "RMSProp centred": (je.RMSProp(centred=True), centred_rmsprop),
    "Adam": (je.Adam(), adam),
    "RAdam": (je.RAdam(), radam),
    "AdaMax": (je.AdaMax(), adamax),
    "OAdam": (je.OAdam(), oadam),
    "AdaGrad": (je.AdaGrad(), adagrad),
    "AdaDelta": (je.AdaDelta(), adadelta),
    "AMSGrad": (je.AMSGrad(), amsgrad),
    "NAdam": (je.NAdam(), nadam),
    "AdamW": (je.AdamW(lambda_=0.1), adamw),
    "AdaBelief": (je.AdaBelief(), adabelief),
    "Lion": (je.Lion(), lion),
    "chain": (
        je.OptimiserChain(je.WeightDecay(0.01), je.ClipGrad(1.0), je.Descent(0.1)),
        clipped,
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_rule_follows_its_formula(name: str) -> None:
    rule, formula = FORMULAS[name]
    np.testing.assert_allclose(descend(rule), list(formula(1.0)), rtol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_rule_keeps_single_precision(name: str) -> None:
    rule, formula = FORMULAS[name]
    x = np.ones(3, dtype=np.float32)
    _, dx = rule.apply(rule.init(x), x, np.full(3, 0.5, dtype=np.float32))
    assert dx.dtype == np.float32
    np.testing.assert_allclose(descend(rule, dtype=np.float32), list(formula(1.0)), rtol=1e-5)


def test_rprop_steps_grow_and_shrink() -> None:
    rule = je.Rprop(0.1, (0.5, 1.2), (1e-6, 50.0))
    array = np.array([0.0])
    state = rule.init(array)
    steps = []
    for g in (1.0, 1.0, -1.0, -1.0):
        state, dx = rule.apply(state, array, np.array([g]))
        steps.append(float(dx[0]))
    # agreement makes a step 1.2 times as long; a change of sign halves it and skips one step
    np.testing.assert_allclose(steps, [0.1, 0.12, 0.0, -0.06])


def test_accumulated_gradients_are_averaged() -> None:
    rule = je.OptimiserChain(je.AccumGrad(2), je.Descent(1.0))
    # the means of 0.5 and -1.5, 2 and 0.25, -0.75 and 1
    expected = [1.0, 1.5, 1.5, 0.375, 0.375, 0.25, 0.25]
    np.testing.assert_allclose(descend(rule), expected)


def test_norms_are_clipped() -> None:
    rule = je.ClipNorm(1.0)
    _, g = rule.apply(None, np.zeros(2), np.array([3.0, 4.0]))
    np.testing.assert_allclose(g, [0.6, 0.8])
    with pytest.raises(je.DomainError, match=r"gradient has 2.0-norm NaN"):
        rule.apply(None, np.zeros(1), np.array([math.nan]))


def test_old_rules_agree_with_the_new() -> None:
    for name, cls in stateful.ALL.items():
        base = getattr(je, name, None)
        if base is None or name in ("WeightDecay", "SignDecay", "ClipNorm", "AdaBelief", "Descent"):
            continue
        np.testing.assert_allclose(descend(cls()), descend(base()), rtol=1e-12, err_msg=name)
        assert type(cls().modern()) is base


def test_exponential_decay() -> None:
    rule = stateful.ExpDecay(1.0, 0.5, 2, 0.2)
    x, at = np.zeros(1), [0.0]
    for _ in range(7):
        rule.step(x, np.ones(1))
        at.append(x[0])
    steps = -np.diff(at)
    np.testing.assert_allclose(steps, [1.0, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2])


def test_state_trees_update_in_place() -> None:
    model = je.Chain(je.Dense((2, 3), je.relu), je.Dense((3, 1)))
    weight = model[0].weight
    before = weight.copy()
    state = je.setup(je.Adam(0.01), model)
    grads = je.gradient(lambda m: je.mse(m(np.ones((2, 4))), np.zeros((1, 4))), model)[0]
    je.update(state, model, grads)
    assert model[0].weight is weight
    g = grads["layers"][0]["weight"]
    np.testing.assert_allclose(weight, before - 0.01 * np.sign(g) * (g != 0), atol=1e-5)


def test_hyper_parameters_change_in_place() -> None:
    model = je.Dense((2, 2))
    state = je.setup(je.OptimiserChain(je.WeightDecay(), je.Adam()), model)
    je.adjust(state, 0.5, beta=(0.8, 0.9))
    rule = state["weight"].rule[1]
    assert (rule.eta, rule.beta) == (0.5, (0.8, 0.9))
    with pytest.raises(je.DomainError, match="the learning rate cannot be negative"):
        je.Adam(-1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_arrays_step_together_as_each_does_alone(dtype: Any) -> None:
    random = np.random.default_rng(3)
    sizes = {"weight": (3, 4), "bias": (3,), "scale": (1, 2, 2)}
    model = {
        k: np.asfortranarray(random.standard_normal(s).astype(dtype)) for k, s in sizes.items()
    }
    alone = {k: x.copy(order="F") for k, x in model.items()}
    state = je.setup(je.Adam(0.1), model)
    rule: Any = je.Adam(0.1)
    states = {k: rule.init(x) for k, x in alone.items()}
    for step in range(8):
        grads = {
            k: np.asfortranarray(random.standard_normal(s).astype(dtype)) for k, s in sizes.items()
        }
        state["bias"].frozen = step in (3, 4)  # from then on it is younger than the others
        if step == 6:
            je.adjust(state, 0.02)
            rule = rule.adjusted(0.02)
        je.update(state, model, grads)
        for k, x in alone.items():
            if not state[k].frozen:
                states[k], dx = rule.apply(states[k], x, grads[k])
                x -= dx
    for k, x in alone.items():
        assert np.allclose(
            model[k], x, rtol=20 * np.finfo(dtype).eps, atol=20 * np.finfo(dtype).eps
        )
        assert model[k].dtype == dtype
        for kept, own in zip(state[k].kept[:2], states[k][:2], strict=True):
            assert kept.shape == sizes[k]
            assert np.allclose(kept, own, rtol=20 * np.finfo(dtype).eps)
        assert state[k].kept[2] == pytest.approx(states[k][2])


ELEMENTWISE = [
    je.Descent(0.1), je.Momentum(), je.Nesterov(), je.RMSProp(), je.RMSProp(centred=True), je.Rprop(), je.Adam(0.1), je.RAdam(),
    je.AdaMax(), je.OAdam(), je.AdaGrad(), je.AdaDelta(), je.AMSGrad(), je.NAdam(), je.AdamW(0.1, (0.9, 0.999), 0.2), je.AdaBelief(),
    je.Lion(), je.WeightDecay(0.1), je.ClipGrad(0.5), je.OptimiserChain(je.WeightDecay(0.1), je.ClipGrad(0.5), je.Adam()),
]  # fmt: skip


@pytest.mark.parametrize("rule", ELEMENTWISE, ids=str)
def test_steps_of_many_arrays_are_those_of_each(rule: Rule) -> None:
    assert rule.elementwise
    random = np.random.default_rng(4)
    # two small ones, one as large as a joint gets, and one of several blocks
    sizes = {"a": (3, 4), "b": (5,), "c": (1 << 15,), "d": (300, 270)}
    model = {k: np.asfortranarray(random.standard_normal(s)) for k, s in sizes.items()}
    alone = {k: x.copy(order="F") for k, x in model.items()}
    state = je.setup(rule, model)
    states = {k: rule.init(x) for k, x in alone.items()}
    for step in range(5):
        grads = {k: np.asfortranarray(random.standard_normal(s)) for k, s in sizes.items()}
        if step == 3:  # states that are looked at are taken out
            np.testing.assert_allclose(flat(state["b"].kept), flat(states["b"]), rtol=1e-12)
        je.update(state, model, grads)
        for k, x in alone.items():
            states[k], dx = rule.apply(states[k], x, grads[k])
            x -= dx
    for k in sizes:
        np.testing.assert_allclose(model[k], alone[k], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(flat(state[k].kept), flat(states[k]), rtol=1e-12, atol=1e-14)


def flat(state: Any) -> Any:
    """All numbers of a state."""
    if isinstance(state, tuple):
        return np.concatenate([flat(s) for s in state]) if state else np.zeros(0)
    return np.zeros(0) if state is None else np.ravel(state).astype(float)


def test_arrays_in_another_order_step_as_well() -> None:
    x = np.arange(12.0).reshape(3, 4)  # rows first
    model = {"x": x}
    state = je.setup(je.Adam(0.1), model)
    je.update(state, model, {"x": np.asfortranarray(np.ones((3, 4)))})
    np.testing.assert_allclose(model["x"], np.arange(12.0).reshape(3, 4) - 0.1)
    model["x"] = np.asfortranarray(x)
    je.update(state, model, {"x": np.ones((3, 4))})
    model["x"] = np.ascontiguousarray(model["x"])
    je.update(state, model, {"x": np.ones((3, 4))})
    np.testing.assert_allclose(model["x"], np.arange(12.0).reshape(3, 4) - 0.3, rtol=1e-6)


def test_tied_arrays_step_once() -> None:
    w = np.ones((2, 2), order="F")
    model = {"first": w, "second": w}
    state = je.setup(je.Descent(0.5), model)
    for _ in range(2):
        je.update(state, model, {"first": np.ones((2, 2)), "second": np.ones((2, 2))})
    np.testing.assert_allclose(w, -1.0)
    apart = {"first": np.ones((2, 2)), "second": np.ones((2, 2))}
    state = je.setup(je.Descent(0.5), apart)
    for _ in range(2):
        je.update(state, apart, {"first": np.ones((2, 2)), "second": None})
    assert (apart["first"][0, 0], apart["second"][0, 0]) == (0.0, 1.0)


def test_adam_in_half_precision_does_not_divide_by_nothing() -> None:
    """Where the second mean underflows there is an `ε` that Float16 can tell from zero."""
    x = np.array([0.579, -0.729, 0.5493], np.float16)
    g = np.array([-0.001497, 0.0001875, -0.013176], np.float16)
    je.update(je.setup(je.Adam(1e-4), x), x, g)
    np.testing.assert_allclose(x, np.array([1.835, -0.886, 0.5493], np.float16), rtol=1e-3)


@pytest.mark.parametrize(
    "rule",
    [je.Adam(0.01), je.AdamW(0.01), je.RAdam(0.01), je.RMSProp(0.01), je.AdaBelief(0.01)],
    ids=str,
)
def test_rules_take_complex_numbers(rule: Any) -> None:
    """The distance of `w * (1 + i)` from `1 - i` shrinks."""
    model = {"w": np.zeros(1, complex)}
    state = je.setup(rule, model)
    before = 2.0
    for _ in range(10):
        rest = model["w"] * (1 + 1j) - (1 - 1j)
        je.update(state, model, {"w": 2 * rest * (1 - 1j)})
    assert float(np.abs(model["w"] * (1 + 1j) - (1 - 1j))[0] ** 2) < before
