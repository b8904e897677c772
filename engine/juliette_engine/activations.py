"""The activation functions: entries of the table of elementwise operations, with their constants.

Each works on numbers, arrays and nodes, and knows the name under which a layer prints it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette_engine import elementwise as E
from juliette_engine.deferred import LongTracer, defer
from juliette_engine.elementwise import (
    OPS,
    Elementwise,
    Rule,
    elementwise,
    erf,
    tanh,
    where,
)
from juliette_engine.elementwise import sigmoid as σ
from juliette_engine.fusion import PYTHON, Call, Fixed, build
from juliette_engine.numeric import ONES
from juliette_engine.tape import IMPLICIT, Node, lent, primal

__all__ = [
    "celu",
    "elu",
    "erf",
    "gelu",
    "gelu_erf",
    "gelu_sigmoid",
    "gelu_tanh",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardσ",
    "identity",
    "leakyrelu",
    "lisht",
    "logcosh",
    "logsigmoid",
    "logσ",
    "mish",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "sigmoid_fast",
    "softplus",
    "softshrink",
    "softsign",
    "swish",
    "tanh",
    "tanh_fast",
    "tanhshrink",
    "thresholdrelu",
    "trelu",
    "where",
    "σ",
]


def identity(x: Any) -> Any:
    """The argument `x` itself: the activation of a layer without one.

    Source: Julia, `identity`; NNlib, `identity` as an activation.
    """
    return x


class Activation(Elementwise):
    """An elementwise function with constants, such as the slope of `leakyrelu`.

    Only the first argument is differentiated; constants left out have their usual values.
    """

    constants: dict[str, float]

    def rule_for(self, args: list[Any]) -> Rule:
        return self.rule

    def __call__(self, *args: Any) -> Any:
        if len(args) == 1:
            if IMPLICIT:
                args = lent(args)
            kernel = self.kernels.get(type(args[0]))
            return kernel(args[0]) if kernel is not None else self.other(args[0])
        return self.other(*args)

    def other(self, *args: Any) -> Any:
        given = tuple([float(primal(c)) for c in args[1:]])
        constants = given + tuple(self.constants.values())[len(given) :]
        x = args[0]
        if (
            not isinstance(x, (Node, np.ndarray, int, float, complex, np.generic))
            and type(x) not in ONES
        ):
            x = E.lifted(x, self, args)
        if type(x) is LongTracer:
            waiting = defer(Call(self, (0, *map(Fixed, constants))), (x,))
            if waiting is not None:
                return waiting
        key = (constants, E.kind(x))
        kernel = self.exact.get(key)
        if kernel is None:
            tree = Call(self, (0, *map(Fixed, constants)))
            at = E.leaf(x)
            if at is None:
                return E.mixed(self, (x, *constants))
            kernel = build(tree, (at,), PYTHON, self.other, None)
            self.exact[key] = kernel
        if not given and type(x) is not LongTracer:
            self.kernels[type(x)] = kernel
        return kernel(x)


def activation(name: str, forward: str, partial: str, **constants: float) -> Any:
    """Enter an activation in the table."""
    f = Activation(name, forward, partial)
    f.rule = Rule.__new__(Rule)
    f.rule.forward, f.rule.names = forward, ("x", *constants)
    f.rule.holomorphic = True
    f.rule.changes = ()
    f.rule.partials = (partial, *[None] * len(constants))
    f.constants = constants
    f.tree = Call(f, (0, *[Fixed(c) for c in constants.values()]))
    OPS[name] = f
    return f


sigmoid = sigmoid_fast = σ
σ.__name__ = "σ"
tanh_fast = tanh
relu = E.relu
softplus = E.softplus
hardσ = hardsigmoid = elementwise(
    "hardσ", "minimum(maximum((x + 3) / 6, 0), 1)", "g * ((y > 0) & (y < 1)) / 6"
)
logσ = logsigmoid = elementwise("logσ", "-softplus(-x)", "g * sigmoid(-x)")
hardtanh = elementwise("hardtanh", "minimum(maximum(x, -1), 1)", "g * (absolute(y) < 1)")
relu6 = elementwise("relu6", "minimum(maximum(x, 0), 6)", "g * ((y > 0) & (y < 6))")
leakyrelu = activation("leakyrelu", "where(x > 0, x, a * x)", "where(x > 0, g, g * a)", a=0.01)
elu = activation(
    "elu", "where(x >= 0, x, α * expm1(minimum(x, 0)))", "where(x >= 0, g, g * (y + α))", α=1.0
)
celu = activation(
    "celu",
    "where(x >= 0, x, α * expm1(minimum(x, 0) / α))",
    "where(x >= 0, g, g * (y / α + 1))",
    α=1.0,
)
selu = elementwise(
    "selu",
    "1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(minimum(x, 0)))",
    "where(x > 0, g * 1.0507009873554805, g * (y + 1.7580993408473766))",
)
_TANH = f"tanh({math.sqrt(2 / math.pi)!r} * (x + 0.044715 * x * x * x))"
gelu = gelu_tanh = elementwise(
    "gelu_tanh",
    f"0.5 * x * (1 + {_TANH})",
    f"g * (0.5 * (1 + {_TANH}) + 0.5 * x * ((1 - {_TANH} * {_TANH}) "
    f"* ({math.sqrt(2 / math.pi)!r} * (1 + 0.134145 * (x * x)))))",
)
gelu_sigmoid = elementwise(
    "gelu_sigmoid", OPS["gelu_tanh"].rule.forward, OPS["gelu_tanh"].rule.partials[0]
)
gelu_erf = elementwise(
    "gelu_erf",
    f"x / 2 * (1 + erf(x / {math.sqrt(2)!r}))",
    f"g * (0.5 * (1 + erf(x * {math.sqrt(0.5)!r})) + x * (exp(-0.5 * (x * x)) * {1 / math.sqrt(2 * math.pi)!r}))",
)
swish = elementwise("swish", "x * sigmoid(x)", "g * (sigmoid(x) + y * (1 - sigmoid(x)))")
hardswish = elementwise(
    "hardswish",
    "x * minimum(maximum((x + 3) / 6, 0), 1)",
    "where(x > 3, g, where(x > -3, g * (x / 3 + 0.5), 0))",
)
lisht = elementwise("lisht", "x * tanh(x)", "g * (tanh(x) + x * (1 - tanh(x) * tanh(x)))")
mish = elementwise(
    "mish",
    "x * tanh(softplus(x))",
    "g * (tanh(softplus(x)) + x * ((1 - tanh(softplus(x)) * tanh(softplus(x))) * sigmoid(x)))",
)
logcosh = elementwise("logcosh", f"x + softplus(-2 * x) - {math.log(2.0)!r}", "g * tanh(x)")
softsign = elementwise(
    "softsign", "x / (1 + absolute(x))", "g / ((1 + absolute(x)) * (1 + absolute(x)))"
)
tanhshrink = elementwise("tanhshrink", "x - tanh(x)", "g * ((x - y) * (x - y))")
softshrink = activation(
    "softshrink", "minimum(maximum(0, x - λ), x + λ)", "g * ((x > λ) | (x < -λ))", λ=0.5
)
trelu = thresholdrelu = activation("trelu", "where(x <= θ, 0, x)", "g * (x > θ)", θ=1.0)


def rrelu(x: Any, low: float = 1 / 8, high: float = 1 / 3) -> Any:
    """`leakyrelu` with a slope drawn anew for each element of `x`, between `low` and `high`.

    Shapes: any, kept.
    Raises: nothing.
    Source: Xu and others (2015); NNlib, `rrelu`.
    """
    from juliette_engine.initialisers import uniform

    p = np.asarray(primal(x))
    slope = low + (high - low) * uniform(p.shape)
    slopes = slope.astype(p.dtype if p.dtype.kind == "f" else float)[()]
    return where(p > 0, x, E.mul(slopes, x))


# What `help` says of each, and where it comes from.
for _name, (_text, _source) in {
    "σ": ("`1 / (1 + exp(-x))`, the logistic function.", "Verhulst (1845); NNlib, `sigmoid`"),
    "tanh": ("The hyperbolic tangent.", "NNlib, `tanh_fast`"),
    "relu": ("`max(0, x)`.", "Nair and Hinton (2010); NNlib, `relu`"),
    "relu6": ("`min(max(0, x), 6)`.", "Krizhevsky (2010); NNlib, `relu6`"),
    "leakyrelu": ("`max(a x, x)` with `a = 0.01`.", "Maas and others (2013); NNlib, `leakyrelu`"),
    "elu": (
        "`x` above zero, else `α (exp(x) - 1)` with `α = 1`.",
        "Clevert and others (2015); NNlib, `elu`",
    ),
    "celu": (
        "`max(0, x) + min(0, α (exp(x / α) - 1))` with `α = 1`.",
        "Barron (2017); NNlib, `celu`",
    ),
    "selu": (
        "`λ x` above zero, else `λ α (exp(x) - 1)`.",
        "Klambauer and others (2017); NNlib, `selu`",
    ),
    "gelu_tanh": (
        "`x Φ(x)`, with `tanh` for the normal distribution Φ.",
        "Hendrycks and Gimpel (2016); NNlib, `gelu_tanh`",
    ),
    "gelu_sigmoid": (
        "`x Φ(x)`, with a sigmoid for the normal distribution Φ.",
        "Hendrycks and Gimpel (2016); NNlib, `gelu_sigmoid`",
    ),
    "gelu_erf": (
        "`x Φ(x)` with the normal distribution Φ.",
        "Hendrycks and Gimpel (2016); NNlib, `gelu_erf`",
    ),
    "swish": ("`x σ(x)`.", "Ramachandran and others (2017); NNlib, `swish`"),
    "hardswish": ("`x hardσ(x)`.", "Howard and others (2019); NNlib, `hardswish`"),
    "hardσ": ("`max(0, min(1, (x + 3) / 6))`.", "Howard and others (2019); NNlib, `hardsigmoid`"),
    "hardtanh": ("`max(-1, min(1, x))`.", "Collobert (2004); NNlib, `hardtanh`"),
    "lisht": ("`x tanh(x)`.", "Roy and others (2019); NNlib, `lisht`"),
    "mish": ("`x tanh(softplus(x))`.", "Misra (2019); NNlib, `mish`"),
    "logσ": ("`log(σ(x))`, computed without overflow.", "NNlib, `logsigmoid`"),
    "logcosh": ("`log(cosh(x))`, computed without overflow.", "NNlib, `logcosh`"),
    "softplus": (
        "`log(exp(x) + 1)`, computed without overflow.",
        "Dugas and others (2000); NNlib, `softplus`",
    ),
    "softsign": ("`x / (1 + |x|)`.", "Glorot and Bengio (2010); NNlib, `softsign`"),
    "softshrink": ("`x` towards zero by `λ = 0.5`, at most to zero.", "NNlib, `softshrink`"),
    "tanhshrink": ("`x - tanh(x)`.", "NNlib, `tanhshrink`"),
    "trelu": ("`x` above `θ = 1`, else zero.", "Konda and others (2014); NNlib, `trelu`"),
}.items():
    globals()[
        _name
    ].__doc__ = f"Elementwise: {_text}\n\nShapes: any, kept.\nRaises: nothing.\nSource: {_source}."
