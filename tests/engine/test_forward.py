"""Forward mode: every rule's change against finite differences, in several directions, within a gradient and around one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.engine.test_functions import CONVS, OTHERS, POOLS
from tests.engine.test_random_programs import Program
from tests.engine.test_rules import (
    COMPLEX,
    CONSTANT,
    OPS,
    PLANE,
    RANDOM,
    WHOLE,
    arguments,
    caller,
    numeric,
    sample,
)

import juliette_engine as je
from juliette_engine import forward, rules
from juliette_engine import functions as F
from juliette_engine.primitive import PRIMITIVES, Primitive
from juliette_engine.tape import FORWARD_RULES, TRACED_RULES


def changes_like(xs: list[Any]) -> list[Any]:
    """Changes of the arguments in some direction."""
    return [
        RANDOM.uniform(-1, 1, np.shape(x))
        + (1j * RANDOM.uniform(-1, 1, np.shape(x)) if np.iscomplexobj(x) else 0)
        for x in xs
    ]


def check(f: Callable[..., Any], xs: list[Any]) -> None:
    """A change against differences of values; several at a time, and of only some arguments, against one."""
    ds, h = changes_like(xs), 1e-6
    y, d = forward.pushed(f, tuple(xs), tuple(ds))
    up, down = (np.asarray(f(*[x + s * e for x, e in zip(xs, ds, strict=True)])) for s in (h, -h))
    np.testing.assert_allclose(d, (up - down) / (2 * h), rtol=1e-5, atol=1e-4)
    assert np.shape(d) == np.shape(y)
    three = tuple([np.stack([e, 2 * e, -e], -1) for e in ds])
    found = forward.pushed(f, tuple(xs), three, (3,))[1]
    np.testing.assert_allclose(
        found, np.stack([d, 2 * np.asarray(d), -np.asarray(d)], -1), rtol=1e-9, atol=1e-12
    )
    parts = [
        forward.pushed(
            f, tuple(xs), tuple([e if i == k else None for i, e in enumerate(three)]), (3,)
        )[1]
        for k in range(len(xs))
    ]
    np.testing.assert_allclose(sum(parts), found, rtol=1e-9, atol=1e-10)


def check_within_gradient(f: Callable[..., Any], xs: list[Any]) -> None:
    """A gradient of changes."""
    ds = tuple([np.stack([e, -0.5 * e], -1) for e in changes_like(xs)])

    def loss(*args: Any) -> Any:
        change = forward.pushed(f, args, ds, (2,))[1]
        return rules.total(rules.mul(change, change))

    for k, g in enumerate(je.gradient(loss, *xs)):
        want = numeric(loss, xs, k, 1e-5)
        np.testing.assert_allclose(
            0 * want if g is None else g,
            want,
            rtol=1e-4,
            atol=1e-4 * max(1.0, float(np.max(np.abs(want)))),
        )


SHAPES = [((3,), (3,)), ((2, 3), (2,)), ((2, 1), (1, 3)), ((2, 1, 2), (2, 3))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("name", sorted(set(OPS) - CONSTANT))
def test_elementwise(name: str, shapes: Any) -> None:
    xs = arguments(OPS[name], *shapes)
    f = caller(OPS[name], *shapes)
    check(f, xs)
    check_within_gradient(f, xs)


@pytest.mark.parametrize("name", sorted(set(OPS) - CONSTANT))
def test_numbers_and_kinds(name: str) -> None:
    op = OPS[name]
    f = op if name != "where" else lambda a, b: op(True, a, b)
    xs = [x[0].item() for x in arguments(op, (1,), (1,))]
    y, d = forward.pushed(f, tuple(xs), (0.7,) * len(xs))
    assert type(y) is float
    assert type(d) is float
    assert d == pytest.approx(
        0.7 * sum(g for g in je.gradient(f, *xs) if g is not None), rel=1e-12, abs=1e-12
    )
    single = [np.full((2, 2), x, np.float32, order="F") for x in xs]
    y, d = forward.pushed(f, tuple(single), tuple(single))
    assert d.dtype == np.float32
    empty = [np.zeros((0, 2)) for x in xs]
    assert forward.pushed(f, tuple(empty), tuple(empty))[1].shape == (0, 2)


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers(name: str) -> None:
    op = OPS[name]
    real = name == "complex"
    shape = (2, 2)
    check(
        op,
        [
            sample("unit", *shape)
            if real
            else np.asfortranarray(sample("unit", *shape) + 1j * sample("unit", *shape))
            for _ in op.partials
        ],
    )


@pytest.mark.parametrize("name", WHOLE)
def test_array_operation(name: str) -> None:
    f, shapes = WHOLE[name]
    xs = [sample("reals", *s) for s in shapes]
    check(f, xs)
    check_within_gradient(f, xs)


@pytest.mark.parametrize("name", PLANE)
def test_complex_array_operation(name: str) -> None:
    f, shapes = WHOLE[name]
    check(f, [np.asfortranarray(sample("reals", *s) + 1j * sample("reals", *s)) for s in shapes])


@pytest.mark.parametrize("name", [*OTHERS, *POOLS])
def test_function_of_layers(name: str) -> None:
    f, *shapes = OTHERS[name] if name in OTHERS else (POOLS[name], (4, 5, 2, 2))
    check(f, [sample("reals", *s) for s in shapes])


@pytest.mark.parametrize("options", CONVS, ids=str)
def test_conv(options: dict[str, Any]) -> None:
    xs = [sample("reals", 5, 4, 2, 2), sample("reals", 2, 3, 2 // options["groups"], 2)]
    check(lambda a, b: F.conv(a, b, **{**options, "pad": 3}), xs)


# What other rules are made of, and what has tests of its own.
WITHIN = {"conv_data", "conv_filter", "add_columns", "ctc", "matrix_exponent", "spreadpool"}


def test_every_primitive_is_in_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are tested by being in a table of tests: none is forgotten."""
    reached: set[str] = set()
    changed = Primitive.changed

    def noted(self: Any, *args: Any) -> Any:
        reached.add(self.name)
        return changed(self, *args)

    monkeypatch.setattr(Primitive, "changed", noted)
    calls = [
        *WHOLE.values(),
        *[(f, tuple(s)) for f, *s in OTHERS.values()],
        *[(f, ((4, 5, 2, 2),)) for f in POOLS.values()],
    ]
    calls += [
        (F.conv, ((5, 4, 2, 2), (2, 3, 2, 2))),
        (lambda x: F.fold(F.unfold(x, (2, 2)), x.shape, (2, 2)), ((4, 3, 2, 2),)),
    ]
    for f, shapes in calls:
        xs = tuple([sample("reals", *s) for s in shapes])
        forward.pushed(f, xs, xs)
    assert set(PRIMITIVES) - reached - WITHIN == set()


@pytest.mark.parametrize("block", range(4))
def test_random_programs(block: int) -> None:
    for seed in range(block * 100, (block + 1) * 100):
        program = Program(seed)
        xs = program.arguments()
        numbers = np.random.default_rng(seed)
        ds = [numbers.normal(size=np.shape(x)) for x in xs]
        ds[2] = float(ds[2])
        value, change = forward.pushed(program, tuple(xs), tuple(ds))
        gs = je.gradient(program, *xs)
        assert value == pytest.approx(float(program(*xs)), rel=1e-12)
        expected = sum(float(np.sum(g * d)) for g, d in zip(gs, ds, strict=True) if g is not None)
        assert change == pytest.approx(expected, rel=1e-9, abs=1e-12), seed


def test_hessians_of_random_programs_by_both_modes() -> None:
    for seed in random.Random(1).sample(range(2000), 60):
        program = Program(seed)
        a, b, c = program.arguments()
        for f, x in (
            (lambda v: program(v, b, c), a),
            (lambda v: program(a, v, c), b),
            (lambda v: program(a, b, v), c),
        ):
            if je.gradient(f, x)[0] is None:
                continue
            np.testing.assert_allclose(
                je.hessian(f, x),
                je.hessian_reverse(f, x) or 0.0 if not np.ndim(x) else je.hessian_reverse(f, x),
                rtol=1e-8,
                atol=1e-10,
            )


def test_many_directions_go_in_chunks() -> None:
    x = RANDOM.uniform(-1, 1, 150)
    np.testing.assert_allclose(
        je.hessian(lambda v: rules.total(v**3), x), np.diag(6 * x), atol=1e-12
    )
    np.testing.assert_allclose(je.diaghessian(lambda v: rules.total(v**3), x)[0], 6 * x)


def test_models_go_forward() -> None:
    model = je.Chain(je.Dense((3, 4), je.tanh), je.Dense((4, 2)), je.softmax)
    x, d = RANDOM.uniform(-1, 1, (3, 5)), RANDOM.uniform(-1, 1, (3, 5))
    y, change = forward.pushed(model, (x,), (d,))
    want = (model(x + 1e-6 * d) - model(x - 1e-6 * d)) / 2e-6
    np.testing.assert_allclose(change, want, rtol=1e-4, atol=1e-6)
    assert y.shape == change.shape


def test_pushforward() -> None:
    assert je.pushforward(lambda x, y: x**2 * y, 3.0, 2.0)(1.0, 10.0) == 102.0
    assert je.gradient(lambda x: je.pushforward(lambda v: v**3, x)(1.0), 2.0) == (12.0,)


def test_every_kernel_has_both_directions() -> None:
    """Whatever is walked back inside another gradient goes forward too, or is transposed."""
    assert PRIMITIVES["matmul"].change is not None
    elementwise = [rule for rule in TRACED_RULES if rule.__code__.co_filename == "<kernel>"]
    assert elementwise
    assert all(rule in FORWARD_RULES for rule in elementwise)
