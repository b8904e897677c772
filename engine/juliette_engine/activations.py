"""The activation functions: elementwise, with a derivative made of differentiable operations.

Each works on numbers, arrays and tracers, and knows the name under which a layer prints it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import rules
from juliette_engine.rules import Elementwise, absolute, elementwise, exp, tanh
from juliette_engine.rules import sigmoid as σ
from juliette_engine.tape import primal

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

_LOG2 = math.log(2.0)
_SELU_λ, _SELU_α = 1.0507009873554805, 1.6732632423543772
_GELU_S, _GELU_C = math.sqrt(2 / math.pi), 0.044715


def _pick(mask: Any, a: Any, b: Any) -> Any:
    return np.where(mask, a, b)[()]


where: Elementwise = Elementwise(
    "where",
    _pick,
    None,
    lambda g, v, m, a, b: where(m, g, 0.0),
    lambda g, v, m, a, b: where(m, 0.0, g),
)


class Activation:
    """An elementwise function with constants, such as the slope of `leakyrelu`.

    Only the first argument is differentiated.
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        partial: Callable[..., Any],
        *constants: float,
        on: str = "reals",
    ) -> None:
        self.__name__ = name
        self.forward = forward
        self.partial = partial
        self.constants = constants
        self.on = on
        self.usual = self.at(constants)

    def at(self, constants: tuple[float, ...]) -> Elementwise:
        """The function for given constants."""
        forward, partial = self.forward, self.partial
        return Elementwise(
            self.__name__,
            lambda x: forward(x, *constants),
            lambda g, v, x: partial(g, v, x, *constants),
            on=self.on,
        )

    def __call__(self, x: Any, *constants: Any) -> Any:
        if not constants:
            return self.usual(x)
        given = tuple(float(primal(c)) for c in constants)
        return self.at(given + self.constants[len(given) :])(x)

    def __repr__(self) -> str:
        return self.__name__


def identity(x: Any) -> Any:
    """The argument itself."""
    return x


def _tanh_partial(g: Any, v: Any, x: Any) -> Any:
    return g * (1.0 - v * v)


def _mask(g: Any, mask: Any) -> Any:
    """The cotangent where the mask holds, else zero."""
    return where(mask, g, 0.0)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def _negative(x: Any) -> Any:
    """The negative part: exponentials of it cannot overflow."""
    return np.minimum(x, 0.0)


def _gelu(x: Any) -> Any:
    return 0.5 * x * (1.0 + np.tanh(_GELU_S * (x + _GELU_C * x * x * x)))


def _gelu_partial(g: Any, v: Any, x: Any) -> Any:
    t = tanh(_GELU_S * (x + _GELU_C * x * x * x))
    slope = _GELU_S * (1.0 + 3.0 * _GELU_C * (x * x))
    return g * (0.5 * (1.0 + t) + 0.5 * x * ((1.0 - t * t) * slope))


_erf_objects: Any = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return _erf_objects(x).astype(x.dtype if x.dtype.kind == "f" else float)
    return np.float32(math.erf(x)) if isinstance(x, np.float32) else math.erf(x)


erf = elementwise(
    "erf", _erf, lambda g, v, x: g * (2.0 / math.sqrt(math.pi) * exp(rules.neg(x * x)))
)


def _swish_partial(g: Any, v: Any, x: Any) -> Any:
    s = σ(x)
    return g * (s + v * (1.0 - s))


def _mish_partial(g: Any, v: Any, x: Any) -> Any:
    t = tanh(softplus(x))
    return g * (t + x * ((1.0 - t * t) * σ(x)))


def _lisht_partial(g: Any, v: Any, x: Any) -> Any:
    t = tanh(x)
    return g * (t + x * (1.0 - t * t))


def _gelu_erf_partial(g: Any, v: Any, x: Any) -> Any:
    cdf = 0.5 * (1.0 + erf(x * math.sqrt(0.5)))
    return g * (cdf + x * (exp(-0.5 * (x * x)) * (1.0 / math.sqrt(2.0 * math.pi))))


def _softsign_partial(g: Any, v: Any, x: Any) -> Any:
    d = 1.0 + absolute(x)
    return g / (d * d)


sigmoid = sigmoid_fast = σ
σ.__name__ = "σ"
tanh_fast = tanh
tanh.__name__ = "tanh"
relu = rules.relu
relu.__name__ = "relu"
softplus = Activation("softplus", _softplus, lambda g, v, x: g * σ(x))
hardσ = hardsigmoid = Activation(
    "hardσ",
    lambda x: np.clip((x + 3.0) / 6.0, 0.0, 1.0),
    lambda g, v, x: _mask(g / 6.0, (primal(v) > 0) & (primal(v) < 1)),
)
logσ = logsigmoid = Activation(
    "logσ", lambda x: -_softplus(-x), lambda g, v, x: g * σ(rules.neg(x))
)
hardtanh = Activation(
    "hardtanh", lambda x: np.clip(x, -1.0, 1.0), lambda g, v, x: _mask(g, abs(primal(v)) < 1)
)
relu6 = Activation(
    "relu6",
    lambda x: np.clip(x, 0.0, 6.0),
    lambda g, v, x: _mask(g, (primal(v) > 0) & (primal(v) < 6)),
)
leakyrelu = Activation(
    "leakyrelu",
    lambda x, a: _pick(x > 0, x, a * x),
    lambda g, v, x, a: where(primal(x) > 0, g, g * a),
    0.01,
)
elu = Activation(
    "elu",
    lambda x, α: _pick(x >= 0, x, α * np.expm1(_negative(x))),
    lambda g, v, x, α: where(primal(x) >= 0, g, g * (v + α)),
    1.0,
)
celu = Activation(
    "celu",
    lambda x, α: _pick(x >= 0, x, α * np.expm1(_negative(x) / α)),
    lambda g, v, x, α: where(primal(x) >= 0, g, g * (v / α + 1.0)),
    1.0,
)
selu = Activation(
    "selu",
    lambda x: _SELU_λ * _pick(x > 0, x, _SELU_α * np.expm1(_negative(x))),
    lambda g, v, x: where(primal(x) > 0, g * _SELU_λ, g * (v + _SELU_λ * _SELU_α)),
)
gelu = gelu_tanh = Activation("gelu_tanh", _gelu, _gelu_partial)
gelu_sigmoid = Activation("gelu_sigmoid", _gelu, _gelu_partial)
gelu_erf = Activation(
    "gelu_erf", lambda x: 0.5 * x * (1.0 + _erf(x * math.sqrt(0.5))), _gelu_erf_partial
)
swish = Activation("swish", lambda x: x * rules._sigmoid(x), _swish_partial)
hardswish = Activation(
    "hardswish",
    lambda x: x * np.clip((x + 3.0) / 6.0, 0.0, 1.0),
    lambda g, v, x: where(primal(x) > 3, g, _mask(g * (x / 3.0 + 0.5), primal(x) > -3)),
)
lisht = Activation("lisht", lambda x: x * np.tanh(x), _lisht_partial)
mish = Activation("mish", lambda x: x * np.tanh(_softplus(x)), _mish_partial)
logcosh = Activation(
    "logcosh", lambda x: x + _softplus(-2.0 * x) - _LOG2, lambda g, v, x: g * tanh(x)
)
softsign = Activation("softsign", lambda x: x / (1.0 + np.abs(x)), _softsign_partial)
tanhshrink = Activation(
    "tanhshrink", lambda x: x - np.tanh(x), lambda g, v, x: g * ((x - v) * (x - v))
)
softshrink = Activation(
    "softshrink",
    lambda x, λ: np.minimum(np.maximum(0.0, x - λ), x + λ),
    lambda g, v, x, λ: _mask(g, primal(v) != 0),
    0.5,
)
trelu = thresholdrelu = Activation(
    "trelu",
    lambda x, θ: _pick(x > θ, x, 0.0),
    lambda g, v, x, θ: _mask(g, primal(v) > 0),
    1.0,
)


def rrelu(x: Any, low: float = 1 / 8, high: float = 1 / 3) -> Any:
    """`leakyrelu` with a slope drawn anew for each element."""
    from juliette_engine.initialisers import uniform

    p = np.asarray(primal(x))
    slope = low + (high - low) * uniform(p.shape)
    slopes = slope.astype(p.dtype if p.dtype.kind == "f" else float)[()]
    return where(p > 0, x, rules.mul(slopes, x))
