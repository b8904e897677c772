"""Reverse-mode automatic differentiation and layers on numpy.

- `tape`: tracers, the tape, nesting by levels
- `rules`: the primitive operations and their derivatives
- `gradients`: pullback, gradient, Params and Grads
- `layers`: Dense, Chain, activations, optimisation
"""

from juliette_engine.gradients import Grads, Params, gradient, params, pullback, withgradient
from juliette_engine.layers import (
    Chain, Dense, Descent, Momentum, crossentropy, glorot_uniform, identity, logsoftmax, mse, relu, sigmoid, softmax,
    tanh, update,
)

__all__ = [
    "Chain", "Dense", "Descent", "Grads", "Momentum", "Params", "crossentropy", "glorot_uniform", "gradient",
    "identity", "logsoftmax", "mse", "params", "pullback", "relu", "sigmoid", "softmax", "tanh", "update", "withgradient",
]
