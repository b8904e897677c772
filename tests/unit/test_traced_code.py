"""Code that runs while gradients are traced: derivatives agree with finite differences."""

import io

import pytest

from juliette.interpreter import Interpreter

# A function of one number, and where its derivative is taken.
FUNCTIONS: dict[str, tuple[str, str]] = {
    "polynomial": ("f(x) = 3x^2 + 2x + 1", "2.0"),
    "loop": (
        "function f(x)\n s = 0.0\n for i in 1:5\n  s += x * i\n  s > 10 && (s = s / 2)\n end\n s\nend",
        "1.3",
    ),
    "a sum that begins with an integer": (
        "function f(x)\n s = 0\n for i in 1:3\n  s += x^i\n end\n s\nend",
        "1.5",
    ),
    "while": ("function f(x)\n while x < 100\n  x = x * x\n end\n x\nend", "2.0"),
    "recursion": ("rec(x, n) = n == 0 ? x : rec(x * 1.1, n - 1)\nf(x) = rec(x, 4)", "2.0"),
    "branches": ("f(x) = x > 1 ? x^2 : -x", "2.0"),
    "division": ("f(x) = 1 / x + x / 3 + x / (1 + x)", "2.0"),
    "functions": ("f(x) = sqrt(x) + abs(-x) + min(x, 3) + max(x, 1) + exp(x) * sin(x)", "2.0"),
    "remainders": ("f(x) = x % 3 + mod(x, 2)", "2.5"),
    "structs": ("struct P\n a\n b\nend\nmul(p) = p.a * p.b\nf(x) = mul(P(x, 2x))", "1.5"),
    "typed structs": (
        "struct Q\n a::Float64\n b::Float64\nend\nmul(p) = p.a * p.b\nf(x) = mul(Q(x, 2))",
        "1.5",
    ),
    "parametric structs": ("struct R{T}\n a::T\nend\nf(x) = R(x).a * R(x^2).a", "1.5"),
    "closures": ("f(x) = (g = y -> x * y; g(x) + g(2))", "1.5"),
    "keywords": ("g(x; k = 1) = x * k\nf(x) = g(x; k = x) + g(x)", "2.0"),
    "tuples": ("function f(x)\n a, b = x, x^2\n a * b\nend", "2.0"),
    "elements": ("f(x) = (v = [x, 2x, 3x]; v[1] * v[2] + v[3])", "2.0"),
    "comprehensions": ("f(x) = sum([x * i for i in 1:3]) + sum(x^i for i in 1:2)", "2.0"),
    "map": ("f(x) = sum(map(y -> y * x, [1.0, 2.0]))", "2.0"),
    "elements in a loop": (
        "function f(x)\n s = 0.0\n for w in [1.0, 2.0]\n  s += w * x\n end\n s\nend",
        "2.0",
    ),
    "declared types": ("function f(x)::Float64\n y::Float64 = x\n y * x\nend", "2.0"),
    "conversion": ("f(x) = Float64(x) * 2 + float(x) * x", "2.0"),
    "try": ("f(x) = try\n x^2\nfinally\n 1\nend", "2.0"),
    "a dictionary": ("f(x) = (d = Dict(1 => x); d[1]^2)", "2.0"),
    "a gradient inside": ("f(x) = gradient(y -> y^3, x)[1] * x", "2.0"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivative(name: str) -> None:
    definition, point = FUNCTIONS[name]
    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    outcome = session.run(
        f"using Zygote\n{definition}\nh = 1e-5\n"
        f"numeric = (f({point} + h) - f({point} - h)) / 2h\n"
        f"(gradient(f, {point})[1], numeric)"
    )
    assert outcome.error is None, outcome.error
    exact, numeric = outcome.value
    assert exact == pytest.approx(numeric, rel=1e-4)
