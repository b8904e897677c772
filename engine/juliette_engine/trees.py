"""Layers as trees of fields: which hold parameters, and how a gradient lifts them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from juliette_engine.gradients import LEVELS, lift, lower, register_lifter
from juliette_engine.tape import Tape, primal


class Layer:
    """A callable with named fields; a subclass says which, and which of them train."""

    fields: ClassVar[tuple[str, ...]] = ()
    trainable_fields: ClassVar[tuple[str, ...]] = ()
    mutable: ClassVar[bool] = False

    def trainable(self) -> Iterator[Any]:
        """The parts that hold parameters."""
        for name in self.trainable_fields:
            value = getattr(self, name)
            if value is not None and value is not False:
                yield value

    def line(self) -> str:
        """The layer on one line."""
        raise NotImplementedError

    def __repr__(self) -> str:
        from juliette_engine.show import show_model

        return show_model(self)


def lift_layer(layer: Layer, tape: Tape) -> Layer:
    """A shallow copy with tracers for parameters; what is not trained stays shared."""
    traced = copy.copy(layer)
    for name in layer.trainable_fields:
        setattr(traced, name, lift(getattr(layer, name), tape))
    return traced


def lower_layer(traced: Layer, layer: Layer) -> dict[str, Any] | None:
    """The gradient by field, with None for fields that have none."""
    out: dict[str, Any] = dict.fromkeys(layer.fields)
    for name in layer.trainable_fields:
        out[name] = lower(getattr(traced, name), getattr(layer, name))
    return None if all(v is None for v in out.values()) else out


register_lifter(Layer, lift_layer, lower_layer)


def is_training(active: bool | None) -> bool:
    """Whether a layer that behaves differently in training is in training: inside a gradient."""
    return LEVELS.depth > 0 if active is None else active


def function_name(f: Any) -> str:
    """How a function prints inside a layer."""
    if isinstance(f, np.ufunc):
        return f.__name__
    symbols = {"add": "+", "sub": "-", "mul": "*", "div": "/", "sigmoid": "σ"}
    name = str(getattr(f, "__name__", type(f).__name__))
    return symbols.get(name, name)


def number_text(x: Any) -> str:
    """A number as Julia prints it inside a layer."""
    x = primal(x)
    return ("true" if x else "false") if isinstance(x, bool) else str(x)
