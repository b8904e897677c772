"""Julia code by Juliette against the same algorithm in Python, in one run.

    python benchmarks/language.py [--repeats N] [name …]

Each row runs both programs in turn and compares medians of CPU time; the work happens inside
functions.  The last row measures the compiler.  Nothing here is a test: the numbers are to read.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Row:
    """One algorithm in both languages."""

    name: str
    julia: str
    call: str
    python: Callable[[], Any]
    limit: float = 3.0
    against: str = "CPython"


# ---------------------------------------------------------------- the same in Python


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def loop(n: int) -> int:
    s = 0
    for i in range(1, n + 1):
        s += i % 7 * 3 - i
    return s


def collatz(limit: int) -> int:
    longest = 0
    for start in range(1, limit + 1):
        n, steps = start, 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        if steps > longest:
            longest = steps
    return longest


SIDE = 100
ROWS_A = [[float(i + j) for j in range(SIDE)] for i in range(SIDE)]
ROWS_B = [[float(i - j) for j in range(SIDE)] for i in range(SIDE)]


def matmul(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    n, m, p = len(a), len(b[0]), len(b)
    c = [[0.0] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            s = 0.0
            for k in range(p):
                s += a[i][k] * b[k][j]
            c[i][j] = s
    return c


def build(n: int) -> str:
    s = ""
    for i in range(1, n + 1):
        s += str(i % 10) + ","
    return s


random.seed(1)
KEYS = [random.randrange(20_000) for _ in range(100_000)]


def count(keys: list[int]) -> int:
    d: dict[int, int] = {}
    for k in keys:
        d[k] = d.get(k, 0) + 1
    return len(d)


def _shape(i: int) -> type:
    def area(self: Any) -> float:
        return float(self.r * self.r * i)

    def init(self: Any, r: float) -> None:
        self.r = r

    return type(f"S{i}", (), {"__slots__": ("r",), "__init__": init, "area": area})


_SHAPES = [_shape(i) for i in range(10)]
SHAPES = [_SHAPES[i % 10](0.5 + i) for i in range(2_000)]


def total(shapes: list[Any], times: int) -> float:
    s = 0.0
    for _ in range(times):
        for x in shapes:
            s += x.area()
    return s


FLOATS = np.random.default_rng(1).random(1_000_000)

# ---------------------------------------------------------------- the same in Julia

ROWS = [
    Row("fib(25)", "fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)", "fib(25)", lambda: fib(25)),
    Row(
        "loop of 10^6",
        """
        function loop(n)
            s = 0
            for i in 1:n
                s += i % 7 * 3 - i
            end
            s
        end""",
        "loop(10^6)",
        lambda: loop(10**6),
    ),
    Row(
        "Collatz to 3·10^4",
        """
        function collatz(limit)
            longest = 0
            for start in 1:limit
                n, steps = start, 0
                while n != 1
                    n = n % 2 == 0 ? n ÷ 2 : 3n + 1
                    steps += 1
                end
                if steps > longest
                    longest = steps
                end
            end
            longest
        end""",
        "collatz(30_000)",
        lambda: collatz(30_000),
    ),
    Row(
        "100×100 matrix product",
        """
        function matmul(A, B)
            n, m, p = size(A, 1), size(B, 2), size(A, 2)
            C = zeros(n, m)
            for i in 1:n, j in 1:m
                s = 0.0
                for k in 1:p
                    s += A[i, k] * B[k, j]
                end
                C[i, j] = s
            end
            C
        end
        A = [Float64(i + j) for i in 0:99, j in 0:99]
        B = [Float64(i - j) for i in 0:99, j in 0:99]""",
        "matmul(A, B)",
        lambda: matmul(ROWS_A, ROWS_B),
    ),
    Row(
        "string of 10^5 pieces",
        """
        function build(n)
            s = ""
            for i in 1:n
                s *= string(i % 10) * ","
            end
            s
        end""",
        "length(build(10^5))",
        lambda: len(build(10**5)),
    ),
    Row(
        "Dict count over 10^5 keys",
        """
        function tally(ks)
            d = Dict{Int,Int}()
            for k in ks
                d[k] = get(d, k, 0) + 1
            end
            length(d)
        end""",
        "tally(ks)",
        lambda: count(KEYS),
    ),
    Row(
        "dispatch over ten structs",
        """
        abstract type Shape end
        """
        + "\n".join(
            f"struct S{i} <: Shape\n r::Float64\nend\narea(s::S{i}) = s.r * s.r * {i}"
            for i in range(10)
        )
        + """
        function total(shapes, times)
            s = 0.0
            for _ in 1:times
                for x in shapes
                    s += area(x)
                end
            end
            s
        end
        kinds = (S0, S1, S2, S3, S4, S5, S6, S7, S8, S9)
        shapes = Shape[kinds[i % 10 + 1](0.5 + i) for i in 0:1999]""",
        "total(shapes, 50)",
        lambda: total(SHAPES, 50),
    ),
    Row(
        "broadcast of a function over 10^6",
        "bf(x) = 3x^2 + 2x + 1",
        "bf.(xs)",
        lambda: 3 * FLOATS**2 + 2 * FLOATS + 1,
        2.0,
        "numpy",
    ),
]

CELL = """
function sample(n, p)
    out = Float64[]
    for i in 1:n
        x = i * p + 1
        y = x > 2 ? sqrt(x) : x^2
        push!(out, y - i / 2)
    end
    return sum(out) / length(out)
end
sample(3, 0.5)
"""


def cpu(f: Callable[[], Any]) -> float:
    start = time.process_time()
    f()
    return time.process_time() - start


def measure(row: Row, repeats: int) -> tuple[float, float]:
    """Medians of CPU time: Julia, Python."""
    from juliette.interpreter import Interpreter
    from juliette.runtime import types as T
    from juliette.runtime.array import vector, wrap

    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    session.module.bindings["ks"] = vector(KEYS, T.Int64)
    session.module.bindings["xs"] = wrap(FLOATS.copy())

    def run(code: str) -> Any:
        outcome = session.run(code)
        if outcome.error is not None:
            raise SystemExit(f"{row.name}: {outcome.error.render()}")
        return outcome.value

    run(row.julia)
    ours, theirs = run(row.call), row.python()
    same = (
        np.allclose(ours.data, theirs)
        if hasattr(ours, "data")
        else abs(ours - theirs) <= 1e-9 * abs(theirs)
    )
    if not same:
        raise SystemExit(f"{row.name}: {ours!r} is not {theirs!r}")
    julia, python = [], []
    for _ in range(repeats):
        julia.append(cpu(lambda: run(row.call)))
        python.append(cpu(row.python))
    return statistics.median(julia), statistics.median(python)


def compile_time(repeats: int) -> float:
    """Median CPU time of a new cell of ten lines, run once."""
    from juliette.interpreter import Interpreter

    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    session.run(CELL)
    return statistics.median(
        cpu(lambda k=k: session.run(CELL.replace("sample", f"sample{k}")))
        for k in range(4 * repeats)
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=7)
    options.add_argument("names", nargs="*")
    given = options.parse_args()
    print(f"{'':34}{'Juliette':>10}{'Python':>10}{'ratio':>8}{'limit':>7}")
    for row in ROWS:
        if given.names and not any(n in row.name for n in given.names):
            continue
        ours, theirs = measure(row, given.repeats)
        times = f"{ours * 1e3:7.1f} ms{theirs * 1e3:7.1f} ms{ours / theirs:8.2f}"
        print(f"{row.name:34}{times}{row.limit:7.1f}  {row.against}")
    if not given.names:
        print(
            f"{'a new cell of ten lines':34}{compile_time(given.repeats) * 1e3:7.2f} ms{'5 ms':>25}"
        )


if __name__ == "__main__":
    main()
