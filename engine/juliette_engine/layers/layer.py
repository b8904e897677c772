"""What every layer is: named fields, some of which train, a call, and how it is written down.

A subclass annotates its fields in Flux's order.  `__init__` is the constructor, `constructor_args`
says how to write the layer down again, `trainable_fields` (or `trainable`) which fields train.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple

import numpy as np

from juliette_engine import trees
from juliette_engine.activations import identity
from juliette_engine.errors import DimensionMismatch
from juliette_engine.gradients import current, lifter_of, lowerer_of, register_lifter
from juliette_engine.tape import LEVELS, Tracer, primal
from juliette_engine.text import function_name, summary, value_text

Function = Callable[..., Any]
# Annotations that say what a field holds; a front end reads them.
Activation = Callable[..., Any]  # applied to each element
Callback = Callable[..., Any]  # called as it stands, on arrays
Child = Any  # a layer, or any callable
Name = str  # a symbol in Julia
Children = Any  # several of them, in a tuple, a list or a dictionary


class Keyword(NamedTuple):
    """A keyword argument of a constructor, as `constructor_args` yields it."""

    name: str
    value: Any


class InOut(tuple[Any, ...]):
    """A size of the input and one of the output: `5 => 2`."""

    def __new__(cls, into: Any, out: Any) -> InOut:
        return super().__new__(cls, (into, out))

    def __repr__(self) -> str:
        return f"{value_text(self[0])} => {value_text(self[1])}"


class Layer:
    """A callable with named fields; a subclass says which, and which of them train."""

    fields: ClassVar[tuple[str, ...]] = ()
    field_kinds: ClassVar[dict[str, str]] = {}
    # Fields whose mathematical name is no identifier of Python.
    mathematical: ClassVar[dict[str, str]] = {}
    trainable_fields: ClassVar[tuple[str, ...] | None] = None
    # The fields whose types are the layer's type parameters in Julia.
    type_fields: ClassVar[tuple[str, ...]] = ()
    # Does its state change when it is called?
    mutable: ClassVar[bool] = False
    # Does it only pass values on, so that it works for values of any library?
    passes_on: ClassVar[bool] = False
    # Does it take one array and nothing else?
    arrays_only: ClassVar[bool] = False
    # Do its parts print on lines of their own?
    expands: ClassVar[bool] = False
    keyword_separator: ClassVar[str] = "; "

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = {
            name: kind
            for name, kind in inspect.get_annotations(cls).items()
            if not str(kind).startswith("ClassVar")
        }
        if own:
            cls.field_kinds = own
            cls.fields = tuple(own)

    def __call__(self, *args: Any) -> Any:
        raise NotImplementedError

    def trainable(self) -> tuple[str, ...]:
        """The names of the fields that train."""
        return self.fields if self.trainable_fields is None else self.trainable_fields

    def constructor_args(self) -> Iterator[Any]:
        """How to write this layer down again: positional values and `Keyword`s."""
        raise NotImplementedError

    def line(self) -> str:
        """The layer on one line."""
        positional, keywords = [], []
        items: list[Any] = []
        with suppress(AttributeError, IndexError, TypeError, ValueError):  # parts of another kind
            items = list(self.constructor_args())
        for item in items:
            if isinstance(item, Keyword):
                keywords.append(f"{item.name}={value_text(item.value)}")
            else:
                positional.append(value_text(item))
        text = ", ".join(positional)
        if keywords:
            text += (self.keyword_separator if positional else "") + ", ".join(keywords)
        return f"{self.title()}({text})"

    def title(self) -> str:
        """The name before the parenthesis."""
        return str(getattr(type(self), "host", type(self)).__name__)

    def shown_children(self) -> list[tuple[str, Any]]:
        """The parts that print when a layer expands, each with its name or an empty one."""
        return [("", getattr(self, name)) for name in self.fields]

    def __repr__(self) -> str:
        from juliette_engine.show import show_model

        return show_model(self)


def layer_children(layer: Layer) -> trees.Parts:
    """All fields with their values."""
    fields = layer.fields
    given = layer.__dict__
    return fields, tuple([given[name] for name in fields])


trees.register(
    Layer,
    trees.Opener(
        layer_children,
        lambda x, values: trees.with_fields(x, x.fields, values),
        lambda x: x.trainable(),
    ),
)


def lift_layer(layer: Layer, tape: Any) -> Layer:
    """A copy with tracers for the fields that train; what is not trained stays shared."""
    traced: Layer = object.__new__(type(layer))
    fields = traced.__dict__
    fields.update(layer.__dict__)
    for name in layer.trainable():
        value = fields[name]
        fields[name] = lifter_of(type(value))(value, tape)
    return traced


def lower_layer(traced: Layer, layer: Layer) -> dict[str, Any] | None:
    """The gradient by field, with None for fields that have none."""
    out: dict[str, Any] = dict.fromkeys(layer.fields)
    given, plain = traced.__dict__, layer.__dict__
    some = False
    for name in layer.trainable():
        value = plain[name]
        g = out[name] = lowerer_of(type(value))(given[name], value)
        if g is not None:
            some = True
    return out if some else None


register_lifter(Layer, lift_layer, lower_layer)


# ---------------------------------------------------------------- helpers of the layers


def option(σ: Function) -> Iterator[Function]:
    """An activation for `constructor_args`, left out if it is the identity."""
    if not is_identity(σ):
        yield σ


def is_identity(f: Any) -> bool:
    """Is this the function that returns its argument, here or in a front end?"""
    return f is identity or f in IDENTITIES


IDENTITIES: list[Any] = []


def no_bias(bias: Any) -> Iterator[Keyword]:
    """`bias=false`, if there is none."""
    if bias is False or bias is None:
        yield Keyword("bias", False)


def given_array(x: Any) -> bool:
    """Is this argument of a constructor an array of parameters?"""
    return isinstance(x, (np.ndarray, Tracer))


def create_bias(weight: Any, bias: Any, *size: int) -> Any:
    """Zeros for True, False for False, else the given array, whose size is checked."""
    if bias is True:
        dtype = primal(weight).dtype
        return np.zeros(size, dtype=dtype if dtype.kind in "fc" else float, order="F")
    if bias is False or bias is None:
        return False
    if np.shape(primal(bias)) != size:
        raise DimensionMismatch(
            f"expected bias of size {value_text(size)}, got size {value_text(np.shape(primal(bias)))}"
        )
    if isinstance(bias, Tracer):
        return bias
    dtype = primal(weight).dtype
    if dtype.kind not in "fc":
        return bias
    return bias if bias.dtype == dtype else np.asfortranarray(bias, dtype=dtype)


def is_training(active: bool | None) -> bool:
    """Whether a layer that behaves differently in training is in training: inside a gradient."""
    return LEVELS.depth > 0 if active is None else bool(active)


def settled(x: Any) -> Any:
    """A state kept from an earlier call, without the tracers of gradients that are over."""
    if type(x) is tuple:
        return tuple(map(settled, x))
    return current(x)


def expect_size(layer: Layer, x: Any, dimension: int, want: int) -> None:
    """The check that Flux makes of an input; dimensions count from one in the sentence."""
    shape = np.shape(primal(x))
    if not 0 <= dimension < len(shape) or shape[dimension] != want:
        if want == 1 and dimension >= len(shape):
            return
        raise DimensionMismatch(
            f"layer {layer.line()} expects size(input, {dimension + 1}) == {want}, "
            f"but got {summary(primal(x))}"
        )


def expect_dims(layer: Layer, x: Any, want: int) -> None:
    """The check of the number of dimensions."""
    shape = np.shape(primal(x))
    if len(shape) != want:
        raise DimensionMismatch(
            f"layer {layer.line()} expects ndims(input) == {want}, but got {summary(primal(x))}"
        )


__all__ = [
    "Activation", "Callback", "Child", "Children", "Function", "InOut", "Keyword", "Layer",
    "Name", "create_bias", "expect_dims", "expect_size", "function_name", "given_array", "is_identity",
    "is_training", "no_bias", "option",
]  # fmt: skip
