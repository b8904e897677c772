"""Random small programs: gradients against finite differences, nested ones, linearity, `Grads`."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import rules

PROGRAMS = 2000
UNARY = [
    rules.sin, rules.cos, rules.tanh, rules.sigmoid, rules.softplus, rules.abs2, rules.neg, rules.atan,
    lambda x: rules.exp(rules.mul(0.3, x)), lambda x: rules.log(rules.add(2.5, rules.abs2(x))),
    lambda x: rules.sqrt(rules.add(1.0, rules.abs2(x))), lambda x: rules.power(x, 3), lambda x: rules.inv(rules.add(2.0, rules.abs2(x))),
]  # fmt: skip
BINARY = [rules.add, rules.sub, rules.mul, lambda x, y: rules.div(x, rules.add(2.0, rules.abs2(y)))]


class Program:
    """A straight line of operations on matrices, vectors and numbers, and a scalar at the end."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.steps: list[Callable[[list[Any]], Any]] = []
        self.shapes: list[tuple[int, ...]] = [(2, 3), (3,), ()]
        for _ in range(self.random.randint(2, 7)):
            self.add_step()

    def pick(self, *ok: int) -> int | None:
        found = [i for i, s in enumerate(self.shapes) if not ok or len(s) in ok]
        return self.random.choice(found) if found else None

    def add_step(self) -> None:
        kind = self.random.choice(
            ["unary", "unary", "binary", "binary", "matmul", "sum", "softmax", "pick", "turn"]
        )
        i = self.pick()
        assert i is not None
        shape = self.shapes[i]
        if kind == "unary":
            f = self.random.choice(UNARY)
            self.push(lambda v: f(v[i]), shape)
        elif kind == "binary":
            f = self.random.choice(BINARY)
            fitting = [
                j
                for j, s in enumerate(self.shapes)
                if s == shape or not s or not shape or (len(s) != len(shape) and s[0] == shape[0])
            ]
            j = self.random.choice(fitting)
            other = self.shapes[j]
            self.push(lambda v: f(v[i], v[j]), max(shape, other, key=len))
        elif kind == "matmul":
            i, j = self.pick(2), self.pick(1, 2)
            if i is not None and j is not None and self.shapes[i][1] == self.shapes[j][0]:
                self.push(
                    lambda v: rules.matmul(v[i], v[j]), (self.shapes[i][0], *self.shapes[j][1:])
                )
        elif kind == "sum" and len(shape) == 2:
            axis = self.random.randint(0, 1)
            self.push(
                lambda v: rules.sum_along(v[i], (axis,)),
                tuple(1 if k == axis else n for k, n in enumerate(shape)),
            )
        elif kind == "softmax" and shape:
            self.push(lambda v: rules.softmax(v[i]), shape)
        elif kind == "pick" and len(shape) == 1:
            n = self.random.randrange(shape[0])
            self.push(lambda v: rules.getitem(v[i], n), ())
        elif kind == "turn" and len(shape) == 2:
            self.push(lambda v: rules.transpose(v[i]), shape[::-1])

    def push(self, f: Callable[[list[Any]], Any], shape: tuple[int, ...]) -> None:
        self.steps.append(f)
        self.shapes.append(shape)

    def __call__(self, *args: Any) -> Any:
        values = list(args)
        for f in self.steps:
            values.append(f(values))
        out = 0.0
        for v, shape in zip(values[-2:], self.shapes[-2:], strict=True):
            out = rules.add(out, rules.total(rules.tanh(v)) if shape else rules.tanh(v))
        return out

    def arguments(self) -> list[Any]:
        numbers = np.random.default_rng(self.random.randrange(2**32))
        return [
            np.asfortranarray(numbers.uniform(-1.2, 1.2, (2, 3))),
            numbers.uniform(-1.2, 1.2, 3),
            float(numbers.uniform(-1, 1)),
        ]


def along(f: Callable[..., Any], xs: list[Any], direction: list[Any], h: float) -> float:
    """The derivative in a direction, by central differences of fourth order."""

    def at(t: float) -> float:
        return float(f(*[x + t * d for x, d in zip(xs, direction, strict=True)]))

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def dot(gs: Any, direction: list[Any]) -> float:
    return sum(float(np.sum(g * d)) for g, d in zip(gs, direction, strict=True) if g is not None)


@pytest.mark.parametrize("block", range(20))
def test_random_programs(block: int) -> None:
    for seed in range(block * PROGRAMS // 20, (block + 1) * PROGRAMS // 20):
        program = Program(seed)
        xs = program.arguments()
        numbers = np.random.default_rng(seed)
        direction = [numbers.normal(size=np.shape(x)) for x in xs]
        direction[2] = float(direction[2])
        value, gs = je.withgradient(program, *xs)
        assert value == pytest.approx(float(program(*xs)), rel=1e-12)
        expected = along(program, xs, direction, 1e-3)
        assert dot(gs, direction) == pytest.approx(expected, rel=1e-6, abs=1e-8), seed
        # the same by a pullback, twice, and in proportion to its seed
        _, back = je.pullback(program, *xs)
        for scale in (1.0, -2.5):
            assert dot(back(scale), direction) == pytest.approx(
                scale * dot(gs, direction), rel=1e-9, abs=1e-12
            )


@pytest.mark.parametrize("block", range(4))
def test_second_derivatives_of_random_programs(block: int) -> None:
    for seed in range(block * 50, (block + 1) * 50):
        program = Program(seed)
        xs = program.arguments()
        numbers = np.random.default_rng(seed)
        direction = [numbers.normal(size=np.shape(x)) for x in xs]
        direction[2] = float(direction[2])

        def slope(*args: Any, program: Any = program, direction: Any = direction) -> Any:
            out = 0.0
            for g, d in zip(je.gradient(program, *args), direction, strict=True):
                if g is not None:
                    out = rules.add(
                        out, rules.total(rules.mul(g, d)) if np.ndim(d) else rules.mul(g, d)
                    )
            return out

        found = dot(je.gradient(slope, *xs), direction)
        assert found == pytest.approx(along(slope, xs, direction, 1e-3), rel=1e-5, abs=1e-6), seed


def test_implicit_gradients_equal_explicit_ones() -> None:
    for seed in range(200):
        program = Program(seed)
        a, b, c = program.arguments()
        explicit = je.gradient(lambda a, b: program(a, b, c), a, b)
        gs = je.gradient(lambda: program(a, b, c), je.params(a, b))
        for x, g in zip((a, b), explicit, strict=True):
            if g is None:
                assert gs[x] is None
            else:
                np.testing.assert_allclose(gs[x], g, rtol=1e-12)


def test_no_cycles_are_left_behind() -> None:
    import gc

    program = Program(3)
    xs = program.arguments()
    je.gradient(program, *xs)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            je.gradient(program, *xs)
        assert gc.collect() < 20
    finally:
        gc.enable()


def test_training_leaves_no_cycles_behind() -> None:
    import gc

    model = je.Chain(je.Dense((3, 4), je.relu), je.Dense((4, 2)))
    state = je.setup(je.Adam(0.01), model)
    x, y = np.ones((3, 5), np.float32, order="F"), np.ones((2, 5), np.float32, order="F")

    def step() -> None:
        grads = je.gradient(lambda m: je.mse(m(x), y), model)
        je.update(state, model, grads[0])

    step()
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            step()
        assert gc.collect() < 20
    finally:
        gc.enable()
