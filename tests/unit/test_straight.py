"""Straight-line gradients give what the tape gives: the same values, of the same types, and the same errors."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juliette.interpreter import Interpreter

PAGES = sorted(
    p
    for folder in ("zygote", "flux")
    for p in (Path(__file__).parents[1] / "spec" / folder).glob("*.md")
)
PROGRAMS = 2000


PRINTED = io.StringIO()


@pytest.fixture
def session() -> Iterator[Interpreter]:
    out = Interpreter(stdout=PRINTED)
    run(out, "using Flux, Zygote")
    PRINTED.truncate(0)
    yield out
    out.close()


def run(session: Interpreter, code: str) -> Any:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error.render()
    return outcome.value


def shown(session: Interpreter, code: str) -> str:
    """What a piece of code gives, in its one-line form; or its error."""
    from juliette.display.show import one_line

    outcome = session.run(code)
    return outcome.error.render() if outcome.error is not None else one_line(outcome.value)


def programs() -> list[Any]:
    from juliette.packages.zygote import entry

    return [p for p in entry.PROGRAMS.values() if callable(p)]


def refusals() -> list[str]:
    from juliette.packages.zygote import straight

    return list(straight.REFUSALS.values())


def forget() -> None:
    from juliette.packages.zygote import entry, straight

    entry.PROGRAMS.clear()
    straight.REFUSALS.clear()


def difference(a: Any, b: Any) -> str | None:
    """How two results differ, if they do by more than rounding."""
    from juliette.runtime import values as V
    from juliette.runtime.array import Array
    from juliette_engine.gradients import Grads

    if type(a) is not type(b):
        return f"{type(a).__name__} and {type(b).__name__}"
    if isinstance(a, Array):
        x, y = a.data, b.data
        if x.dtype != y.dtype or x.shape != y.shape:
            return f"{x.dtype}{x.shape} and {y.dtype}{y.shape}"
        if x.ndim > 1 and not x.flags.f_contiguous:
            return "the order in memory"
        if x.dtype == object:
            return None
        close = 1e-4 if x.dtype == np.float32 else 1e-9
        fits = np.allclose(x, y, rtol=close, atol=close, equal_nan=True)
        return None if fits else f"{x} and {y}"
    if isinstance(a, Grads):
        if a.grads.keys() != b.grads.keys():
            return "parameters"
        return next(filter(None, (difference(a.grads[k], b.grads[k]) for k in a.grads)), None)
    if isinstance(a, V.NamedTuple):
        return difference(a.values, b.values) if a.names == b.names else f"{a.names} and {b.names}"
    if type(a) is tuple:
        if len(a) != len(b):
            return "lengths"
        return next(filter(None, map(difference, a, b)), None)
    if isinstance(a, (float, np.floating)):
        close = (
            1e-4 if isinstance(a, np.float32) else 1e-6
        )  # sums of both kinds of float round like the smaller
        fits = np.allclose(a, b, rtol=close, atol=1e-9, equal_nan=True)
        return None if fits else f"{a!r} and {b!r}"
    return None if a is b or a == b else f"{a} and {b}"


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch, session: Interpreter) -> list[str]:
    """Every gradient is computed both ways, where there is a straight one; notes which had one."""
    from juliette.packages.zygote import entry, straight
    from juliette.runtime.world import TRACE

    notes: list[str] = []

    def surprised(e: Exception) -> None:
        raise AssertionError("the walk failed") from e

    monkeypatch.setattr(straight, "DEBUG", surprised)

    def both(
        f: Any, args: tuple[Any, ...], *, whole: bool = False, rest: tuple[Any, ...] = ()
    ) -> Any:
        program = found = None
        if not TRACE.depth:
            key = (id(f), whole, *map(type, args))
            entry.PROGRAMS.pop(key, None)
            program = straight.prepare(key, f, args, True, rest)
            notes.append("refused: " + straight.REFUSALS[key] if program is None else "straight")
        if program is not None:
            # what cannot be computed straight is left to the tape, which must not be able to, either
            try:
                found = program(f, *args, *rest)
            except Exception as e:
                notes[-1] = f"missed: {e!r}"
        called = (lambda *xs: f(*xs, *rest)) if rest else f
        expected = entry.run_on_tape(called, args, whole=whole)
        if found is not None:
            wrong = difference(found, expected)
            assert wrong is None, f"{wrong}\n{program.source}"
        return expected

    monkeypatch.setattr(entry, "run", both)
    return notes


# ---------------------------------------------------------------- the pages, and random programs


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_the_examples_of_a_page(path: Path, compared: list[str]) -> None:
    from juliette.testing.doctest import Page

    page = Page(path.read_text(encoding="utf-8"), filename=path.name)
    try:
        for block in page.blocks:
            check = page.check(block, update=False)
            assert check.passed, check.render()
    finally:
        page.close()
    assert not [n for n in compared if n.startswith("missed")]


class Source:
    """Julia code of a random function of a number, a vector, a matrix and a vector of Float32."""

    UNARY = (
        "sin({})",
        "tanh({})",
        "exp(-abs2({}))",
        "{}^2",
        "{}^3",
        "-{}",
        "1 / (2 + abs2({}))",
        "log(2 + {}^2)",
        "sqrt(1 + abs({}))",
        "max({}, 0.1)",
    )
    DOTTED = (
        "sin.({})",
        "tanh.({})",
        "σ.({})",
        "relu.({})",
        "abs2.({})",
        "{} .^ 2",
        ".-{}",
        "1 ./ (2 .+ abs2.({}))",
        "exp.(.-abs.({}))",
        "leakyrelu.({}, 0.1)",
        "{} .* 2 .+ 1",
        "bent.({})",
        "(x -> x * 2 + abs(x)).({})",
        "leaky.({})",
    )

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names: dict[str, list[str]] = {
            "number": ["a"],
            "vector": ["v"],
            "matrix": ["m"],
            "single": ["f"],
        }
        self.lines: list[str] = []
        self.count = 0
        for _ in range(self.random.randint(2, 8)):
            self.step(self.lines, 1)

    def pick(self, kind: str) -> str:
        return self.random.choice(self.names[kind])

    def new(self, kind: str) -> str:
        self.count += 1
        self.names[kind].append(f"t{self.count}")
        return self.names[kind][-1]

    def expression(self, kind: str) -> str:
        pick, choose = self.pick, self.random.choice
        number, vector, matrix = pick("number"), pick("vector"), pick("matrix")
        if kind == "number":
            return choose([
                choose(self.UNARY).format(number), f"{number} * {pick('number')}", f"{number} + {pick('number')} - 0.5",
                f"sum({choose(self.DOTTED).format(vector)})", f"sum({vector}) / length({vector})", f"{vector}[{self.random.randint(1, 2)}]", f"{matrix}[1, 2] * {number}",
                f"sum(abs2, {matrix})", f"sum({vector} .* {pick('vector')})", f"({number} > 0 ? {number}^2 : sin({number}))",
                f"{number} + 2 * {number} * {pick('number')}", f"mean({matrix})", f"{vector}' * {pick('vector')}", f"{vector}' * {matrix} * {pick('vector')}", f"sum(x -> x^2 + sin(x), {vector})", f"sum(map((p, q) -> p * q, {vector}, {pick('vector')}))",
                f"sum(i * {number} for i in 1:3)", f"sum(sum({matrix}[:, i] .* {vector}) for i in 1:2)", f"sum(abs2, {matrix}; dims = 2)[1, 1]", f"sum(x -> x^2, ({number}, {pick('number')}))", f"mean({matrix}; dims = 1)[1, 2]",
            ])  # fmt: skip
        if kind == "vector":
            return choose([
                choose(self.DOTTED).format(vector), f"{vector} .* {pick('vector')} .+ {number}", f"{vector} + {pick('vector')}", f"{matrix} * {vector}", f"{vector} .* {number}",
                f"{number} * {vector}", f"softmax({vector})", f"{matrix}[:, 1]", f"tanh.({matrix} * {vector} .+ {pick('vector')})", f"{vector} / 3", f"[{number}, {pick('number')}]", f"[{vector}[2], 0.5]", f"{matrix}' * {vector}", f"{vector} .- {vector}[1:2]",
            ])  # fmt: skip
        if kind == "single":
            f = pick("single")
            return choose(
                [
                    choose(self.DOTTED).format(f),
                    f"{f} .* {pick('single')}",
                    f"{f} .+ 1",
                    f"{f} .* 0.5f0",
                    f"logsoftmax({f})",
                    f"2f0 * {f}",
                ]
            )
        return choose([
            choose(self.DOTTED).format(matrix), f"{matrix} .* {pick('matrix')}", f"{matrix} .+ {vector}", f"{matrix} * {pick('matrix')}", f"{matrix} .* {number}",
            f"{matrix}'", f"softmax({matrix})", f"reshape({vector} * 2, 2, 1) .+ {matrix}", f"{matrix} - {pick('matrix')}", f"sum({matrix}; dims=1) .+ {matrix}",
        ])  # fmt: skip

    def step(self, lines: list[str], depth: int) -> None:
        indent = "    " * depth
        kind = self.random.choice(
            ["number", "number", "vector", "vector", "matrix", "single", "if", "loop"]
        )
        if kind in self.names:
            text = self.expression(kind)
            lines.append(f"{indent}{self.new(kind)} = {text}")
            return
        if depth > 2:
            return
        inner = self.random.choice(["number", "vector", "matrix"])
        start, name = self.expression(inner), self.new(inner)
        lines.append(f"{indent}{name} = {start}")
        known = {k: list(v) for k, v in self.names.items()}
        if kind == "loop":
            lines.append(f"{indent}for i in 1:{self.random.randint(1, 3)}")
            self.step(lines, depth + 1)
            lines.append(f"{indent}    {name} = {self.bounded(inner, name)}")
        else:
            lines.append(f"{indent}if {self.pick('number')} {self.random.choice('<>')} 0.3")
            self.step(lines, depth + 1)
            lines.append(f"{indent}    {name} = {self.expression(inner)}")
            self.names = {k: list(v) for k, v in known.items()}
            if self.random.random() < 0.7:
                lines.append(f"{indent}else")
                lines.append(f"{indent}    {name} = {self.expression(inner)}")
        lines.append(f"{indent}end")
        self.names = known

    def bounded(self, kind: str, name: str) -> str:
        """Something that does not grow without end in a loop."""
        if kind == "number":
            return f"sin({name}) + {self.pick('number')} * 0.1 * i"
        return f"tanh.({name} .+ {self.pick(kind)} .* 0.3)"

    def text(self) -> str:
        parts = [
            f"sum(tanh.({self.pick('vector')}))",
            f"sin({self.pick('number')})",
            f"sum(tanh.({self.pick('matrix')}))",
            f"sum({self.pick('vector')} .* {self.pick('vector')})",
        ]
        body = "\n".join(self.lines)
        return f"function program(a, v, m, f)\n{body}\n    {' + '.join(parts)} + sum(tanh.({self.pick('single')}))\nend"


@pytest.mark.parametrize(
    "block", [pytest.param(i, marks=[] if i < 1 else pytest.mark.slow) for i in range(20)]
)
def test_random_programs(block: int, compared: list[str], session: Interpreter) -> None:
    run(
        session,
        "using Statistics; bent(x) = x / (1 + exp(-x)); leaky(x) = x > 0 ? x : x / 10; v = [0.4, -0.7]; m = [0.3 -0.2; 0.9 0.5]; f = Float32[0.2, -0.3, 0.7]",
    )
    n = PROGRAMS // 20
    for seed in range(block * n, (block + 1) * n):
        run(session, Source(seed).text())
        run(session, "gradient(program, 0.8, v, m, f)")
        run(session, "gradient(() -> program(0.6, v, m, f), Flux.params(v, m))")
    refused = [x for x in compared if x != "straight"]
    assert len(refused) < len(compared) // 10, refused


# ---------------------------------------------------------------- what changes after a program was made


def often(session: Interpreter, code: str, n: int = 4) -> str:
    """The result of code that is run again and again, which is always the same."""
    results = {shown(session, code) for _ in range(n)}
    assert len(results) == 1, results
    return results.pop()


def test_a_program_is_made_when_a_call_comes_again(session: Interpreter) -> None:
    forget()
    run(session, "f(x) = 3x^2 + 2x + 1")
    assert shown(session, "gradient(f, 5.0)") == "(32.0,)"
    assert not programs()
    assert often(session, "gradient(f, 5.0)") == "(32.0,)"
    (program,) = programs()
    assert program.source.startswith("def straight(fun, arg0):")
    assert program.misses == 0


def test_the_text_is_the_same_each_time(session: Interpreter) -> None:
    from juliette.packages.zygote.straight import source_of

    f = run(
        session, "f(x, y) = (z = x > 0 ? x * y : x + y; for i in 1:3; z += sin(z) * x; end; z); f"
    )
    assert len({source_of(f, (0.5, 2.0)) for _ in range(5)}) == 1


def test_methods_that_change(session: Interpreter) -> None:
    forget()
    run(session, "g(x) = x^2; f(x) = g(x) + 1")
    assert often(session, "gradient(f, 3.0)") == "(6.0,)"
    run(session, "g(x) = x^3")
    assert often(session, "gradient(f, 3.0)") == "(27.0,)"
    run(session, "g(x::Float64) = 5x")
    assert often(session, "gradient(f, 3.0)") == "(5.0,)"


def test_what_was_refused_has_another_chance(session: Interpreter) -> None:
    forget()
    run(session, "g(x) = (println(stderr); x^2); f(x) = g(x)")
    run(session, 'g(x) = x * parse(Float64, "2.0")')
    assert often(session, "gradient(f, 3.0)") == "(2.0,)"
    assert not programs()
    run(session, "g(x) = x * 4")
    assert often(session, "gradient(f, 3.0)") == "(4.0,)"
    assert programs()


def test_rules_of_the_user(session: Interpreter) -> None:
    forget()
    run(session, "h(x) = x^2; f(x) = h(x)")
    assert often(session, "gradient(f, 3.0)") == "(6.0,)"
    run(session, "Zygote.@adjoint h(x) = x^2, d -> (100d,)")
    assert often(session, "gradient(f, 3.0)") == "(100.0,)"
    run(session, "k(x) = sin(x); gradient(k, 0.0); gradient(k, 0.0); gradient(k, 0.0)")
    sine = run(session, "sin")
    try:
        run(session, "Zygote.@adjoint Base.sin(x::Float64) = sin(x), d -> (7d,)")
        assert often(session, "gradient(k, 0.0)") == "(7.0,)"
    finally:
        sine.traced_rule = None  # the function is that of all sessions
        sine.forget()
        forget()


def test_globals_that_change(session: Interpreter) -> None:
    forget()
    run(session, "w = 2.0; f(x) = w * x")
    assert often(session, "gradient(f, 3.0)") == "(2.0,)"
    run(session, "w = 5.0")
    assert often(session, "gradient(f, 3.0)") == "(5.0,)"
    run(session, "w = 7")
    assert often(session, "gradient(f, 3.0)", 9) == "(7.0,)"
    run(session, "w = [1.0, 2.0]; k(x) = sum(w .* x)")
    assert often(session, "gradient(k, 3.0)") == "(3.0,)"
    run(session, "w = Float32[1, 2, 3]")
    assert often(session, "gradient(k, 3.0)", 9) == "(6.0,)"
    assert often(session, "gradient(k, [1.0, 2.0, 3.0])") == "([1.0, 2.0, 3.0],)"


def test_sizes_that_change(session: Interpreter) -> None:
    forget()
    run(session, "f(x, b) = sum(x .* b .+ b)")
    assert often(session, "gradient(f, [1.0, 2.0], [3.0, 4.0])") == "([3.0, 4.0], [2.0, 3.0])"
    assert often(session, "gradient(f, [1.0, 2.0], [3.0])", 2) == "([3.0, 3.0], [5.0])"
    assert often(session, "gradient(f, [1.0], [3.0, 4.0])", 9) == "([7.0], [2.0, 2.0])"
    assert often(session, "gradient(f, [1.0, 2.0], [3.0, 4.0])") == "([3.0, 4.0], [2.0, 3.0])"
    assert "DimensionMismatch" in often(session, "gradient(f, [1.0, 2.0], [3.0, 4.0, 5.0])")
    run(session, "g(x, b) = sum(x .+ b)")
    assert often(session, "gradient(g, [1.0, 2.0], [3.0, 4.0])") == "([1.0, 1.0], [1.0, 1.0])"
    assert often(session, "gradient(g, [1.0, 2.0], [3.0])", 2) == "([1.0, 1.0], [2.0])"
    assert "DimensionMismatch" in often(session, "gradient(g, [1.0, 2.0], [3.0, 4.0, 5.0])")


def test_effects_stay(session: Interpreter) -> None:
    forget()
    run(session, "calls = Ref(0); f(x) = (calls[] += 1; x^2)")
    assert often(session, "gradient(f, 3.0)", 6) == "(6.0,)"
    assert run(session, "calls[]") == 6
    run(session, "seen = Dict(); g(x) = (seen[length(seen)] = 1; x^2)")
    assert often(session, "gradient(g, 3.0)", 6) == "(6.0,)"
    assert run(session, "length(seen)") == 6
    run(session, "count = 0; h(x) = (global count += 1; x^2)")
    assert often(session, "gradient(h, 3.0)", 6) == "(6.0,)"
    assert run(session, "count") == 6
    run(session, "k(x) = (print(x); x .|> print; x^2)")
    assert often(session, "gradient(k, 3.0)", 6) == "(6.0,)"
    assert PRINTED.getvalue().count("3.0") == 12
    run(session, "r(x) = x * rand(); using Random")
    run(
        session,
        "for _ in 1:4; gradient(r, 1.0); end; Random.seed!(1); a = gradient(r, 1.0); b = gradient(r, 1.0)",
    )
    assert run(session, "a != b")


def test_errors_are_those_of_the_tape(session: Interpreter) -> None:
    forget()
    run(session, 'f(x) = x > 0 ? sqrt(x) : error("below zero")')
    assert often(session, "gradient(f, 4.0)") == "(0.25,)"
    assert "below zero" in often(session, "gradient(f, -4.0)", 9)
    assert often(session, "gradient(f, 4.0)") == "(0.25,)"
    run(session, "g(x) = sqrt(x)")
    assert often(session, "gradient(g, 4.0)") == "(0.25,)"
    assert "DomainError" in often(session, "gradient(g, -4.0)")
    run(session, "m(x) = (x[1] = 0; sum(x))")
    assert "Mutating arrays is not supported" in often(session, "gradient(m, [1.0, 2.0])")
    run(session, "o(x) = x .* 2")
    assert "Output is an array" in often(session, "gradient(o, [1.0, 2.0])")
    run(session, "i(x, k) = x[k] * 2")
    assert often(session, "gradient(i, [1.0, 2.0], 2)") == "([0.0, 2.0], nothing)"
    assert "BoundsError" in often(session, "gradient(i, [1.0, 2.0], 0)")
    assert "BoundsError" in often(session, "gradient(i, [1.0, 2.0], 3)")


def test_arguments_are_not_changed_and_results_are_new(session: Interpreter) -> None:
    forget()
    run(
        session,
        "x = [1.0, 2.0]; y = [3.0, 4.0]; f(x, y) = sum(x .* y) + sum(exp.(x)) + sum(exp.(x) .* 2)",
    )
    first = often(session, "gradient(f, x, y)")
    run(session, "g = gradient(f, x, y); g[1] .= 0; g[2] .= 0")
    assert shown(session, "(x, y)") == "([1.0, 2.0], [3.0, 4.0])"
    assert shown(session, "gradient(f, x, y)") == first
    run(
        session,
        "h(x, y) = sum(x .+ y); for _ in 1:4; gradient(h, x, y); end; g = gradient(h, x, y); g[1] .= 5",
    )
    assert shown(session, "g") == "([5.0, 5.0], [1.0, 1.0])"


def test_inside_another_gradient(session: Interpreter) -> None:
    forget()
    run(session, "f(x) = x^3; d(x) = gradient(f, x)[1]")
    assert often(session, "gradient(f, 2.0)") == "(12.0,)"
    assert often(session, "gradient(d, 2.0)") == "(12.0,)"
    assert often(session, "Zygote.hessian(x -> sum(x .^ 3), [1.0, 2.0])") == "[6.0 0.0; 0.0 12.0]"


def test_parameters_found_by_identity(session: Interpreter) -> None:
    forget()
    run(
        session,
        "W = [1.0 2.0]; b = [1.0]; x = [1.0, 2.0]; loss() = sum(W * x .+ b); ps = Flux.params(W, b)",
    )
    code = "(g = gradient(loss, ps); (g[W], g[b]))"
    assert often(session, code) == "([1.0 2.0], [1.0])"
    assert often(session, "(g = gradient(loss, Flux.params(W)); g[W])") == "[1.0 2.0]"
    run(session, "W = [5.0 6.0]")  # another array: the old parameters do not know it
    assert often(session, "gradient(loss, ps)[b]", 9) == "[1.0]"
    run(session, "ps = Flux.params(W, b, x)")
    assert often(session, "gradient(loss, ps)[x]", 9) == "[5.0, 6.0]"
    run(session, "b = x[1:1]; V = b; tied() = sum(b .* V); ps = Flux.params(b)")
    assert often(session, "gradient(tied, ps)[b]", 6) == "[2.0]"


def test_layers(session: Interpreter) -> None:
    forget()
    run(
        session,
        """
        m = Chain(Dense(Float32[0.1 0.2; 0.3 0.4; 0.5 0.6], Float32[0.1, 0.2, 0.3], tanh), Dense(Float32[0.1 0.2 0.3; 0.4 0.5 0.6], false), softmax)
        x = Float32[1 2 3; 4 5 6]; y = Flux.onehotbatch([1, 2, 1], 1:2)
        loss(m, x, y) = Flux.crossentropy(m(x), y)""",
    )
    often(session, "gradient(loss, m, x, y)")
    assert [p.misses for p in programs()] == [0]
    often(session, "withgradient(m -> Flux.mse(m(x), y), m)")
    often(
        session,
        "(g = gradient(() -> Flux.logitcrossentropy(m(x), y), Flux.params(m)); [g[p] for p in Flux.params(m)])",
    )
    assert "DimensionMismatch" in often(session, "gradient(loss, m, x[1:1, :], y)")
    forget()
    run(session, "z = [1.0 0 0; 0 1 1]; x64 = Float64.(x)")
    for loss in (
        "Flux.mse(m(Float64.(x)), y)",
        "Flux.crossentropy(m(x64), y)",
        "Flux.mse(m(x), z)",
        "Flux.logitbinarycrossentropy(m(x64), z)",
    ):
        forget()
        run(session, f"kinds(m, y) = {loss}")
        often(session, "gradient(kinds, m, y)")
        assert [p.misses for p in programs()] == [0], loss
    run(session, "d = Chain(m, Dropout(0.5))")
    assert shown(session, "gradient(d -> sum(d(x)), d)") != shown(
        session, "gradient(d -> sum(d(x)), d)"
    )


def test_training_runs_straight(session: Interpreter) -> None:
    forget()
    run(
        session,
        """
        m = Chain(Dense(Float32[0.1 0.2; 0.3 0.4], Float32[0, 0], tanh), Dense(Float32[0.5 0.6], Float32[0]))
        data = [(Float32[1 2; 3 4], Float32[1 2]), (Float32[5 1; 0 2], Float32[0 1])]
        loss(m, x, y) = Flux.mse(m(x), y)
        state = Flux.setup(Descent(0.01), m)
        for _ in 1:5; Flux.train!(loss, m, data, state); end""",
    )
    assert [p.misses for p in programs()] == [0]
    run(
        session,
        "implicit(x, y) = Flux.mse(m(x), y); for _ in 1:5; Flux.train!(implicit, Flux.params(m), data, Descent(0.01)); end",
    )
    assert [p.misses for p in programs()] == [0, 0]


def test_a_call_that_branches_without_end_is_refused(session: Interpreter) -> None:
    forget()
    run(session, "tree(n, x) = n == 0 ? x : tree(n - 1, x) + tree(n - 1, x); f(x) = tree(12, x)")
    assert often(session, "gradient(f, 1.0)", 4) == "(4096.0,)"
    assert not programs()


CALLS = {
    "a row times a vector": ("f(v, w) = v' * w", "v, w"),
    "a quadratic form": ("f(v) = v' * m * v", "v"),
    "an array of numbers": ("f(v) = sum(abs2, [v[1] - 1, v[2] * v[1], 3])", "v"),
    "a function of the user's in a dotted call": ("bend(x) = 1 / (1 + exp(-x)); f(m, v) = sum(bend.(m * v .+ v))", "m, v"),
    "one with a branch": ("leaky(x) = x > 0 ? x : 0.1x; f(v) = sum(leaky.(v) .* 2)", "v"),
    "sum of a closure": ("f(v, a) = sum(x -> a * x^2, v)", "v, 2.0"),
    "a loop with an index": ("f(v) = (s = 0.0; for i in 1:length(v); s += v[i] * i; end; s)", "v"),
    "a matrix by itself in a loop": (
        "f(m) = (y = 0.5; while y < 2; y = 1.5y + 0.3abs2((m * m)[2, 1]); end; y)",
        "[0.5 -0.2; 0.1 0.8]",
    ),
    "a while loop": ("f(x) = (y = x; while y < 100; y *= x; end; y)", "3.0"),
    "a struct that is called": ("struct Layer; W; b; end; (l::Layer)(x) = tanh.(l.W * x .+ l.b); l = Layer(m, v); f(l, x) = sum(l(x))", "l, v"),
    "a named tuple": ("f(p) = sum(p.w * p.x) + p.s", "(w = m, x = v, s = 1.0)"),
    "keywords and optional arguments": ("g(x, k = 2; shift = 1) = k * x + shift; f(x) = g(x) * g(x, 3; shift = x)", "2.0"),
    "let, closures, several values": ("both(x) = (x^2, 2x); f(x) = let (p, q) = both(x); h = y -> y * p; h(q) end", "2.0"),
    "a vector of layers": ("struct Stack; layers; end; Flux.@functor Stack; (s::Stack)(x) = (for l in s.layers; x = l(x); end; x); f(s) = sum(s(v))", "Stack([Dense(m, v, tanh), Dense(m, w)])"),
    "a sum over layers": ("f(c) = sum(l -> sum(abs2, l.weight), c.layers) + sum(c(v))", "Chain(Dense(m, v, tanh), Dense(m, w))"),
    "a sum over parameters": ("square(x) = sum(abs2, x); f(c) = sum(square, Flux.params(c)) + sum(sum(p) for p in Flux.params(c))", "Chain(Dense(m, v, tanh), Dense(2m, w))"),
    "a generator": ("vs = [v, w, v]; f(m) = sum(sum(m * x) for x in vs) + sum(2sum(abs2, m) for i in 1:3)", "m"),
    "a generator with a condition": ("vs = [v, w, v .+ 1]; f(m) = sum(sum(m * x) for x in vs if x[1] > 0.6)", "m"),
    "a comprehension": ("f(m, v) = sum(abs2, [sum(x) for x in (m, v, m * v)])", "m, v"),
    "two sources": ("vs = [v, w]; f(m) = (s = 0.0; for (x, y) in zip(vs, 1:5); s += y * sum(abs2, m * x - w); end; s)", "m"),
    "two sources of a generator": ("vs = [v, w]; ws = [w, v]; f(m) = sum(Flux.mse(m * x, y) for (x, y) in zip(vs, ws))", "m"),
    "numbered rounds": ("vs = [v, w]; f(m) = (s = 0.0; for (i, x) in enumerate(vs); s += i * sum(m * x); end; s)", "m"),
    "layers side by side": ("f(c) = (s = 0.0; for (l, k) in zip(c.layers, (2, 3)); s += k * sum(l(v)); end; s)", "Chain(Dense(m, v, tanh), Dense(m, w))"),
    "sums along dimensions": ("f(m) = sum(sqrt.(sum(abs2, m; dims = 1))) + sum(abs2, mean(m; dims = 2)) + sum(abs2, sum(m; dims = (1, 2)))", "m"),
    "targets that are numbers": ("f(m) = Flux.logitbinarycrossentropy(m, 1) + Flux.mse(m, 0.5)", "m"),
    "a skipped layer": ("f(c) = sum(c(m))", "SkipConnection(Dense(m, v, leakyrelu), +)"),
    "a normalised layer": ("f(c) = sum(abs2, c(m .* m))", "Chain(Dense(m, v, elu), LayerNorm(2, tanh) |> f64)"),
    "an embedding": ("f(e) = sum(abs2, m * e([2, 1, 2])) + sum(e([3]))", "Flux.Embedding([1.0 2 3; 4 5 6])"),
    "attention": ("f(m, w) = (q = m * w; k = w' * q; sum(abs2, w * softmax(k' * k ./ sqrt(2.0))))", "m, m .+ 1"),
    "no dropout": ("f(c) = sum(c(m))", "Chain(Dense(m, v), Dropout(0.5; active = false))"),
    "another aggregate": ("f(v) = Flux.mse(v, w; agg = sum) + Flux.mae(v, w)", "v"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_runs_straight(name: str, session: Interpreter) -> None:
    forget()
    definitions, args = CALLS[name]
    run(
        session,
        f"v = [0.5, -0.25]; w = [1.0, 2.0]; m = [1.0 2.0; 3.0 4.0]; using Statistics; {definitions}",
    )
    often(session, f"gradient(f, {args})")
    assert [p.misses for p in programs()] == [0], refusals()


def test_parameters_that_a_model_has_twice(session: Interpreter) -> None:
    forget()
    run(
        session,
        "m = [1.0 2; 3 4]; v = [1.0, 2.0]; f(c) = sum(sum(p) for p in Flux.params(c)); c = Chain(Dense(m, v), Dense(2m, 2v)); d = Chain(Dense(m, v), Dense(m, 2v))",
    )
    often(session, "gradient(f, c)")
    assert [p.misses for p in programs()] == [0]
    often(session, "gradient(f, d)")


def test_sums_over_implicit_parameters(session: Interpreter) -> None:
    forget()
    run(
        session,
        """
        c = Chain(Dense([0.5 1; -1 2], [0.1, 0.2], tanh), Dense([1.0 2], [0.3])); x = [0.5, -0.25]; ps = Flux.params(c)
        square(a) = sum(abs2, a); loss() = sum(c(x)) + 0.1 * sum(square, Flux.params(c)) + 0.2 * sum(norm(p) for p in ps); using LinearAlgebra""",
    )
    run(session, "loss() = sum(c(x)) + 0.1 * sum(square, Flux.params(c))")
    often(session, "(g = gradient(loss, ps); [g[p] for p in ps])")
    assert [p.misses for p in programs()] == [0]


@pytest.mark.parametrize("code", [
    "f(x) = sum(x .* randn(2)) + rand()", "f(x) = sum(x .* randn(Float64, size(x)) .* rand(Float64, 2)) * sum(randn(3))",
    "d = Dropout(0.3); f(x) = sum(d(x .* ones(2, 50)))", "f(x) = (s = 0.0; for i in 1:3; s += sum(x .* rand(2)); end; s)",
])  # fmt: skip
def test_random_numbers_are_those_of_the_tape(code: str, session: Interpreter) -> None:
    from juliette.packages.zygote import entry

    forget()
    run(
        session,
        f"using Random; {code}; x = [1.0, 2.0]; draw() = (Random.seed!(7); (gradient(f, x), rand()))",
    )
    first = shown(session, "draw()")
    assert often(session, "draw()") == first
    assert [p.misses for p in programs()] == [0]
    assert run(session, "gradient(f, x) != gradient(f, x)")
    # a program that gives up puts back what it has drawn
    (key,) = [k for k, p in entry.PROGRAMS.items() if callable(p)]
    text = entry.PROGRAMS[key].source
    assert text
    run(session, "y = [1.0, 2.0, 3.0]")
    assert shown(session, "(Random.seed!(7); try; gradient(f, y); catch; end; rand())") == shown(
        session, "(Random.seed!(7); try; gradient(f, y); catch; end; rand())"
    )


def test_an_interrupt_goes_through(session: Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    from juliette.packages.zygote import entry

    forget()
    f = run(session, "f(x) = x^2; for _ in 1:3; gradient(f, 1.0); end; f")

    def interrupted(*args: Any) -> Any:
        raise KeyboardInterrupt

    (key,) = [k for k, p in entry.PROGRAMS.items() if callable(p)]
    monkeypatch.setitem(entry.PROGRAMS, key, interrupted)
    with pytest.raises(KeyboardInterrupt):
        entry.run(f, (1.0,))


def test_no_cycles_are_left_behind(session: Interpreter) -> None:
    import gc

    f = run(session, "f(x) = (s = 0.0; for i in 1:20; s += sum(x .* i); end; s)")
    x = run(session, "x = [1.0, 2.0]")
    from juliette.packages.zygote import entry

    for _ in range(4):
        entry.run(f, (x,))
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            entry.run(f, (x,))
        assert gc.collect() < 20
    finally:
        gc.enable()


def test_long_arrays(compared: list[str], session: Interpreter) -> None:
    run(
        session,
        "x = collect(range(-1, 1; length = 150_001)); y = Float32.(x); z = collect(range(1, 2; length = 150_001)); leaky(x) = x > 0 ? x : x / 10",
    )
    for code in (
        "gradient(x -> sum(tanh.(σ.(x) .* 2 .+ 1) .^ 2), y)",
        "gradient((x, a) -> sum(sin.(x) .* a .+ a), x, 2.0)",
        "gradient((x, z) -> (u = x .* z; sum(u) + sum(u .* 3)), x, z)",
        "withgradient(x -> (u = exp.(x .* 2); sum(u) + sum(u)), x)",
        "gradient(x -> sum(2 .* x), x)",
        "gradient(x -> sum(relu.(x)), y)",
        "gradient(x -> sum(relu.(x)) + sum(max.(x, 0.5) .* 2) + sum(x .* x), x)",
        "gradient(x -> mean(abs2, leaky.(x)), x)",
        "gradient((x, z) -> sum(log.(z) .- sqrt.(z) .* x), x, z)",
        "gradient(x -> (s = 0.0; u = x .* x; for i in 1:3; s += sum(u .* i) + sum(u); end; s), x)",
        "gradient(() -> sum(abs2.(x .- z)), Flux.params(x, z))",
    ):  # fmt: skip
        run(session, "using Statistics; " + code)
    assert compared == ["straight"] * len(compared), compared


LOOPS = {
    "products of one matrix": "for x in xs; h = tanh.(W * x .+ U * h .+ b); end; sum(h)",
    "vectors": "k = h[:, 1]; for x in xs; k = tanh.(W * x[:, 1] .+ U * k .+ b); end; sum(k) + sum(h)",
    "a loss in each round": "s = 0.0; for x in xs; h = W * x + h; s += sum(abs2, h .* b); end; s",
    "rounds that differ": "for i in 1:3; h = i > 1 ? W * xs[i] .+ b : U * h; end; sum(h)",
    "a branch": "for i in 1:3; if i > 1; h = W * xs[i] .+ h .* b; else; h = U * h; end; end; sum(h)",
    "a cotangent that is used again": "for x in xs; g = W * h; h = g + x; h = h .+ b; end; sum(h .* h)",
    "loops in loops": "for i in 1:2; for x in xs; h = U * (W * h) .+ x .+ b; end; h = W * h ./ 10; end; sum(h)",
    "the weight is made in the loop": "for x in xs; V = W .* 2; h = V * h .+ b; end; sum(h)",
    "a sum of what is written over": "for x in xs; u = W * x; v = U * h; h = u .+ v; h = h .* u; end; sum(h)",
    "one column": "for x in xs; h = h .* b[1:1] .+ W * x; end; sum(h)",
    "a column of another size": "c = b[1:1]; for x in xs; h = W * h .+ c; end; sum(h)",
}  # fmt: skip


def test_ranges_whose_ends_carry_gradients(compared: list[str], session: Interpreter) -> None:
    run(
        session,
        "gradient(h -> (s = 0.0; for t in 0:h:1; s += t^2; end; s), 0.25), gradient(h -> sum(t^2 for t in 0:h:1), 0.25)",
    )
    run(
        session,
        "gradient(n -> (s = 0.0; for t in 1:n; s += t^2; end; s), 3), gradient(x -> sum(range(0, x; length = 3)), 2.0)",
    )
    assert not [n for n in compared if n.startswith("missed")]


def test_a_loop_without_rounds(session: Interpreter) -> None:
    forget()
    run(
        session,
        "f(W, x, b, n) = (for i in 1:n; x = W * x .+ b; end; sum(x) + sum(W)); W, x, b = [0.5 1; 1 0], [1.0 2; 3 4], [1.0, 2.0]",
    )
    assert (
        often(session, "gradient(f, W, x, b, 1)")
        == "([4.0 8.0; 4.0 8.0], [1.5 1.5; 1.0 1.0], [2.0, 2.0], nothing)"
    )
    assert (
        often(session, "gradient(f, W, x, b, 0)", 2)
        == "([1.0 1.0; 1.0 1.0], [1.0 1.0; 1.0 1.0], nothing, nothing)"
    )
    assert [p.misses for p in programs()] == [0]


@pytest.mark.parametrize("name", LOOPS)
def test_what_rounds_add_up(name: str, compared: list[str], session: Interpreter) -> None:
    run(
        session,
        f"""
        f(W, U, b, xs, h) = ({LOOPS[name]})
        W, U, b = [0.5 -0.2; 0.1 0.7], [0.3 0.4; -0.6 0.2], [0.1, -0.3]
        xs = [[1.0 2 3; 4 5 6] ./ i for i in 1:3]; h = [0.2 0.1 0; 0.4 0.3 0.9]""",
    )
    run(session, "gradient((W, U, b, h) -> f(W, U, b, xs, h), W, U, b, h)")
    run(session, "ys = map(x -> Float32.(x), xs); k = Float32.(h)")
    run(session, "gradient((W, U, b) -> f(W, U, b, ys, k), Float32.(W), Float32.(U), Float32.(b))")
    assert compared == ["straight", "straight"], compared
