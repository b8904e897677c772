"""The engine's layer classes as Julia types.

Annotations are the fields, `__init__` the constructor with its keywords, `__call__` the call,
`constructor_args` the printing, `trainable` the parameters.  Arrays given to a constructor keep
their identity.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.compiler.support import takes
from juliette.display.show import summary
from juliette.packages import zygote
from juliette.packages.flux import nodes
from juliette.packages.flux.boundary import (
    engine_function,
    from_host,
    host_elementwise,
    host_function,
    to_host,
)
from juliette.packages.flux.constructors import check, headers_of, maker, signature_of
from juliette.packages.flux.inputs import known, matched
from juliette.packages.flux.onehot import OneHot
from juliette.packages.zygote.nodes import PLAIN
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements
from juliette.runtime.errors import ArgumentError, MethodError, translated
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct, make_class
from juliette.syntax.expr import Symbol
from juliette_engine import trees
from juliette_engine.errors import DimensionMismatch
from juliette_engine.functions.affine import dense
from juliette_engine.layers.basic import Dense
from juliette_engine.layers.layer import Layer

# The engine's class of each type family.
HOSTS: dict[Any, type[Layer]] = {}


def expose(
    module: Module, cls: type[Layer], *, name: str | None = None, export: bool = True
) -> Any:
    """Make a layer class a type of a module."""
    name = cls.__name__ if name is None else name
    fields = tuple(cls.mathematical.get(f, f) for f in cls.fields)
    parameters = tuple(cls.mathematical.get(f, f) for f in cls.type_fields)
    variables = [T.TypeVar(f"T{i}") for i, _ in enumerate(parameters)]
    t = T.define(name, None, variables, mutable=cls.mutable, module=module)
    family = T.unwrap(t).typename
    family.fields = fields
    family.field_types = tuple(
        variables[parameters.index(f)] if f in parameters and not cls.mutable else T.Any_
        for f in fields
    )
    family.ninitialized = len(fields)
    family.make_class = lambda dt: _class_of(dt, cls)
    HOSTS[family] = cls
    nodes.LAYER_PARAMETERS[family] = parameters
    module.const(name, t, export=export)

    def construct(_: Any, *args: Any, **keywords: Any) -> Any:
        check(module, t, cls, args, keywords)
        return build(t, cls, args, keywords)

    construct.__doc__ = julia_doc(cls.__doc__ or "")
    construct.__signature__ = signature_of(cls)  # type: ignore[attr-defined]
    for header in headers_of(name):
        module.method(name + header, export=export, transparent=True)(construct)

    inputs = (
        "x::AbstractArray"
        if cls.arrays_only
        else "xs...; keywords..."
        if call_keywords(cls)
        else "xs..."
    )
    module.method(f"(layer::{name})({inputs})", transparent=True)(caller(cls))
    return t


def call_keywords(cls: type[Layer]) -> list[inspect.Parameter]:
    """The keywords that a layer's call takes, such as `mask`."""
    return [
        p for p in inspect.signature(cls.__call__).parameters.values() if p.kind is p.KEYWORD_ONLY
    ]


def julia_doc(text: str) -> str:
    """A docstring of the engine with its examples in Julia's syntax."""
    import re

    lines, code = [], False
    for line in inspect.cleandoc(text).splitlines():
        if line.startswith(">>> "):
            lines += [] if code else ["```jldoctest", "julia> using Flux", ""]
            line, code = "julia> " + line.removeprefix(">>> "), True
            line = re.sub(r"(.*)\((\w+), (\w+)\)", r"\1\2 => \3", line).replace("False", "false")
        lines.append(re.sub(r"\((in), (out)\)", r"\1 => \2", line))
    return "\n".join([*lines, "```"] if code else lines)


def _class_of(dt: Any, cls: type[Layer]) -> type:
    """The Python class of a concrete type: a struct with the methods of the engine's layer."""
    out = make_class(dt, cls)
    out.host = cls  # type: ignore[attr-defined]
    return out


# ---------------------------------------------------------------- construction


def argument(x: Any, known: dict[int, Any]) -> Any:
    """An argument of a constructor; arrays are remembered, functions and layers stay."""
    if isinstance(x, Array):
        host = to_host(x)
        known[id(host)] = x
        return host
    cls = type(x)
    if cls is tuple:
        return tuple(argument(v, known) for v in x)
    if isinstance(x, V.Pair):
        return tuple([int(v) if v is True else argument(v, known) for v in (x.first, x.second)])
    if issubclass(cls, V.NamedTuple):
        return {n: argument(v, known) for n, v in zip(x.names, x.values, strict=True)}
    if isinstance(x, (V.ColonType, ArrayLike)) or hasattr(x, "to_host"):
        host = to_host(x)
        known[id(host)] = x
        return host
    if cls is Symbol:
        return x.name
    if cls is not bool and T.isa(x, T.Integer):
        return int(x)
    return x


def tidy_active(mode: Any) -> bool | None:
    """When a layer trains: always, never, or (None) within a gradient."""
    if mode is None or isinstance(mode, bool):
        return mode
    if mode == "auto" or (isinstance(mode, Symbol) and mode.name == "auto"):
        return None
    raise ArgumentError(
        f"active = {Base.bindings['repr'](mode)} is not accepted, must be true/false/nothing or :auto"
    )


def build(t: Any, cls: type[Layer], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """A layer by the engine's constructor."""
    known: dict[int, Any] = {}
    given = {
        name: maker(t, args, value)
        if name.startswith("init")
        else tidy_active(value)
        if name == "active"
        else argument(value, known)
        for name, value in keywords.items()
    }
    if args and isinstance(args[0], int):  # sizes one by one
        args = tuple([int(a) if a is True else a for a in args])
    host = cls(*(argument(a, known) for a in args), **given)
    return adopt(T.unwrap(t).typename, host, known)


def adopt(family: Any, host: Layer, known: dict[int, Any]) -> Any:
    """An engine's layer as a Julia struct."""
    values = []
    for name in type(host).fields:
        value = getattr(host, name)
        values.append(_adopt_value(value, known, type(host).field_kinds.get(name, "")))
    return nodes.assemble(family, tuple(values))


def _adopt_value(value: Any, known: dict[int, Any], kind: str) -> Any:
    found = known.get(id(value))
    if found is not None:
        return found
    if isinstance(value, Layer) and not isinstance(value, Struct):
        family = next(f for f, c in HOSTS.items() if c is type(value))
        return adopt(family, value, known)
    if type(value) is tuple:
        return tuple(_adopt_value(v, known, kind) for v in value)
    if type(value) is dict:
        return V.NamedTuple(
            tuple(value), tuple(_adopt_value(v, known, kind) for v in value.values())
        )
    if kind == "Name" and isinstance(value, str):
        return Symbol(value)
    return V.COLON if isinstance(value, slice) else from_host(value)


# ---------------------------------------------------------------- the call


def caller(cls: type[Layer]) -> Any:
    """How layers of a class are called: on Julia's values if they only pass them on, else on the engine's."""
    apply = cls.__call__
    if cls.passes_on:

        def passing(layer: Any, *xs: Any) -> Any:
            try:
                return apply(layer, *xs)
            except TypeError:
                if takes(apply, 1 + len(xs)):
                    raise
            raise MethodError(layer, xs, None)

        return passing
    if cls.mutable:

        def stateful(layer: Any, *xs: Any) -> Any:
            view = host_view(layer)
            y = apply(view, *[to_host(matched(layer, x)) for x in xs])
            write_back(layer, view)
            return from_host(y)

        return explained(stateful, apply)
    if cls is Dense:
        return dense_caller(apply)
    if cls.arrays_only:
        return explained(
            lambda layer, x: from_host(apply(host_view(layer), to_host(matched(layer, x))))
        )
    keywords = call_keywords(cls)
    if not keywords:
        return explained(
            lambda layer, *xs: from_host(
                apply(host_view(layer), *[to_host(matched(layer, x)) for x in xs])
            ),
            apply,
        )

    def call(layer: Any, *xs: Any, **options: Any) -> Any:
        inputs = [to_host(matched(layer, x)) for x in xs]
        return from_host(
            apply(host_view(layer), *inputs, **{k: to_host(v) for k, v in options.items()})
        )

    inputs = inspect.Parameter("xs", inspect.Parameter.VAR_POSITIONAL)
    call.__signature__ = inspect.Signature([inputs, *keywords])  # type: ignore[attr-defined]
    return call


def computable(x: Any) -> bool:
    """Is this an array of machine numbers with dimensions?"""
    if isinstance(x, ArrayLike):
        return known(x) and np.ndim(x.data) > 0
    return isinstance(x, zygote.Tracer)


def as_given(text: str, layer: Any, xs: tuple[Any, ...]) -> str:
    """What is said of inputs, about them as they were before they took the type of the weights."""
    if xs and isinstance(xs[0], OneHot) and text.startswith(("A has", "second dimension of A")):
        columns, rows = W.shape_of(layer.weight)[1], W.shape_of(xs[0])[0]
        return f"Matrix column must correspond with OneHot size: {columns} != {rows}"
    for x in xs:
        if isinstance(x, ArrayLike) and type(x) not in PLAIN and (m := matched(layer, x)) is not x:
            text = text.replace(f"but got {summary(m)}", f"but got {summary(x)}")
    return text


def explained(call: Any, apply: Any = None) -> Any:
    """The call of a layer, which has no method for values that it does not compute with."""

    def explaining(layer: Any, *xs: Any) -> Any:
        try:
            return call(layer, *xs)
        except DimensionMismatch as e:
            raise DimensionMismatch(as_given(str(e), layer, xs)) from None
        except (AttributeError, TypeError, ValueError, IndexError, SystemError) as e:
            fits = apply is None or takes(apply, 1 + len(xs))
            if (xs and fits and all(map(computable, xs))) or translated(e) is not None:
                raise
        raise MethodError(layer, xs, None)

    return explaining


def dense_caller(apply: Any) -> Any:
    """How a `Dense` is called: most are small, so arrays of one kind take the straight way."""

    def call(layer: Any, x: Any) -> Any:
        w, b, σ = layer.weight, layer.bias, layer.σ
        if isinstance(w, Array) and isinstance(x, Array) and (b is False or isinstance(b, Array)):
            wd, xd = w.data, x.data
            f = engine_function(σ)
            if (
                f is not None
                and wd.dtype is xd.dtype
                and wd.dtype.char in "fd"
                and wd.ndim == 2
                and 0 < xd.ndim < 3
                and wd.shape[1] == xd.shape[0]
            ):
                y = dense(
                    f,
                    w if type(w) in PLAIN else wd,
                    x if type(x) in PLAIN else xd,
                    b if b is False or type(b) in PLAIN else b.data,
                )
                return y if type(y) in PLAIN else from_host(y)
        return slow(layer, x)

    slow = explained(
        lambda layer, x: from_host(apply(host_view(layer), to_host(matched(layer, x))))
    )
    return call


# For each layer class: the name of a field here and in Julia, and how its value is translated.
_PLANS: dict[type, list[tuple[str, str, Any]]] = {}


def plan(cls: type[Layer]) -> list[tuple[str, str, Any]]:
    """How the fields of a class are translated."""
    out = []
    for name in cls.fields:
        kind = cls.field_kinds.get(name)
        translate = {"Activation": host_elementwise, "Callback": host_child, "Child": host_child,
                     "Children": host_child}.get(kind or "", host_field)  # fmt: skip
        out.append((name, cls.mathematical.get(name, name), translate))
    return out


def host_field(value: Any) -> Any:
    """A field that is neither a function nor a layer by its nature."""
    if isinstance(value, Array):
        data = value.data
        return data if data.dtype.char != "O" and type(value) not in PLAIN else to_host(value)
    if isinstance(value, Struct):
        return host_child(value)
    if type(value) is tuple:
        return tuple(map(host_field, value))
    if isinstance(value, zygote.Tracer) and not trees.is_array(value):
        return zygote.plain(value)  # a traced struct also has its numbers traced
    return to_host(value)


def host_view(layer: Any) -> Any:
    """The engine's layer around the host values of the fields."""
    cls = layer.host
    fields = _PLANS.get(cls)
    if fields is None:
        fields = _PLANS[cls] = plan(cls)
    view = object.__new__(cls)
    given = view.__dict__
    for name, spelled, translate in fields:
        value = getattr(layer, spelled)
        if type(value) in PLAIN and translate is host_field:
            given[name] = value
        else:
            given[name] = translate(value)
    if hasattr(cls, "first_index"):
        view.first_index = 1
    if cls.mutable:
        given["_given"] = dict(given)
    return view


def host_child(value: Any) -> Any:
    """A part of a layer that is called on the engine's values."""
    if isinstance(value, Layer):
        return host_function(value) if value.host.passes_on else host_view(value)  # type: ignore[attr-defined]
    if type(value) is tuple:
        return tuple(map(host_child, value))
    if isinstance(value, V.NamedTuple):
        return dict(zip(value.names, map(host_child, value.values), strict=True))
    if isinstance(value, Array):
        return [host_child(v) for v in elements(value.data)]
    return host_function(value) if callable(value) else to_host(value)


def write_back(layer: Any, view: Any) -> None:
    """What a call changed in a layer with state."""
    for name, before in view._given.items():
        after = view.__dict__[name]
        if after is not before:
            object.__setattr__(layer, type(view).mathematical.get(name, name), from_host(after))


def adopt_call(module: Module, name: str, cell: Any, recur: Any) -> None:
    """`RNN(in => out, …)` and the others: a `Recur` around a cell."""

    @module.method(f"{name}(args...; keywords...)", transparent=True)
    def construct(*args: Any, **keywords: Any) -> Any:
        return T.CONSTRUCT(recur, (T.CONSTRUCT(cell, args, keywords),), {})

    construct.__doc__ = f"`Recur({name}Cell(args...; keywords...))`"


def expose_same_pad(module: Module) -> None:
    """`SamePad()`, and `DepthwiseConv`."""
    from juliette_engine.layers.conv import SamePad

    same = T.define("SamePad", module=module)
    # each profile of Flux in the process has a type of its own
    own = type("SamePad", (SamePad,), {})
    T.register_class(own, same)
    module.const("SamePad", same)

    @module.method("SamePad()")
    def same_pad(_: Any) -> Any:
        """Padding that keeps the size of the input, for layers of stride 1."""
        return own()

    conv = module.bindings["Conv"]

    @module.method(
        "DepthwiseConv(kernel::NTuple{N,Integer}, sizes::Pair{<:Integer,<:Integer}, rest...; "
        "keywords...) where N",
        transparent=True,
    )
    def depthwise(kernel: Any, sizes: Any, *rest: Any, **keywords: Any) -> Any:
        """A `Conv` with a group for each input channel."""
        return T.CONSTRUCT(conv, (kernel, sizes, *rest), {**keywords, "groups": sizes.first})

    @module.method("DepthwiseConv(weight::AbstractArray, rest...; keywords...)", transparent=True)
    def depthwise_of(weight: Any, *rest: Any, **keywords: Any) -> Any:
        """A `Conv` of the given weights: the window, the input channels, the outputs of each.

        ```jldoctest
        julia> DepthwiseConv(rand(2, 2, 3, 4), rand(12))
        Conv((2, 2), 3 => 12, groups=3)  # 60 parameters
        ```
        """
        size = Base.bindings["size"](weight)
        if len(size) < 2:
            raise MethodError(module.bindings["DepthwiseConv"], (weight, *rest), None)
        *window, groups, times = size
        one = Base.bindings["reshape"](weight, *window, 1, groups * times)
        return T.CONSTRUCT(conv, (one, *rest), {**keywords, "groups": groups})
