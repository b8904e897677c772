"""Lazy transposes of the matrices in a batch (NNlib): `batched_transpose`, `batched_adjoint`."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from juliette.packages import zygote
from juliette.packages.flux import boundary
from juliette.packages.flux.boundary import from_host, same_function, to_host
from juliette.packages.flux.optimise import method_for
from juliette.runtime import types as T
from juliette.runtime import wrappers as W
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base, Module
from juliette_engine import functions as engine


def family(name: str) -> Any:
    """The parametric type of one of the two wrappers."""
    made = T.sub_family(name, "T S", lambda t, s: W.abstract_array(t, 3))
    names = T.unwrap(made).typename
    names.fields, names.field_types, names.ninitialized = ("parent",), (T.Any_,), 1
    return made


class Batched(W.Wrapper):
    """Each matrix `A[:, :, k]` of an array transposed, and conjugated as an adjoint."""

    __slots__ = ()
    conjugates: ClassVar[bool] = False

    def __new__(cls, parent: Any) -> Any:
        eltype = W.eltype_of(parent)
        parameters = (eltype, T.typeof(parent))
        return object.__new__(W.wrapper_class(FAMILIES[cls.conjugates], cls, parameters, eltype, 3))

    @property
    def data(self) -> Any:
        out = W.data_of(self.parent).transpose(1, 0, 2)
        if not self.conjugates or out.dtype.kind not in "cO":
            return out
        return (
            out.conj() if out.dtype.kind == "c" else np.frompyfunc(W.ELEMENT["adjoint"], 1, 1)(out)
        )

    @property
    def aliased(self) -> bool:
        return W.is_aliased(self.parent) and not (
            self.conjugates and self.parent.data.dtype.kind in "cO"
        )

    def positions(self) -> Any:
        return W.linear_positions(W.shape_of(self.parent)).transpose(1, 0, 2)

    def write(self, where: Any, values: Any) -> None:
        if not self.aliased and self.conjugates:
            each = W.ELEMENT["adjoint"]
            values = (
                np.frompyfunc(each, 1, 1)(values)
                if isinstance(values, np.ndarray)
                else each(values)
            )
        super().write(where, values)


class BatchedTranspose(Batched):
    """What `batched_transpose` gives."""

    __slots__ = ()


class BatchedAdjoint(Batched):
    """What `batched_adjoint` gives."""

    __slots__ = ()
    conjugates: ClassVar[bool] = True


FAMILIES = {False: family("BatchedTranspose"), True: family("BatchedAdjoint")}


def swapped(x: Any, cls: type[Batched]) -> Any:
    """`x` with each matrix transposed; what was wrapped already is unwrapped where that is the same."""
    real = T.subtype(W.eltype_of(x), T.Real)
    if isinstance(x, W.PermutedDimsArray) and x.perm == (1, 0, 2) and (real or not cls.conjugates):
        return x.parent
    if isinstance(x, Batched) and (real or x.conjugates == cls.conjugates):
        return x.parent
    if isinstance(x, BatchedAdjoint) and not real:
        return BatchedAdjoint(BatchedTranspose(x.parent))
    return cls(x)


def strides(x: Batched) -> tuple[int, int, int]:
    """The steps in memory of what is wrapped, the first two exchanged."""
    first, second, third = Base.bindings["strides"](x.parent)
    return second, first, third


def load(module: Module) -> None:
    """Add the two functions and their types to the module NNlib."""
    types = {}
    for cls, name, plain in (
        (BatchedTranspose, "batched_transpose", engine.batched_transpose),
        (BatchedAdjoint, "batched_adjoint", engine.batched_adjoint),
    ):
        wrapper = FAMILIES[cls.conjugates]
        T.unwrap(wrapper).typename.module = module
        types[cls.__name__] = wrapper
        module.const(cls.__name__, wrapper, export=False)
        define(module, name, cls, plain)

    for name, made in types.items():
        wrap = BatchedTranspose if name == "BatchedTranspose" else BatchedAdjoint

        @module.method(f"{name}(A::AbstractArray)", export=False)
        def construct(_: Any, x: Any, wrap: Any = wrap, made: Any = made) -> Any:
            """A lazy transpose of each matrix."""
            if len(W.shape_of(x)) != 3:
                raise MethodError(made, (x,), None)
            return wrap(x)

        method_for(types, f"parent(A::{name})", lambda x: x.parent)
        method_for(types, f"strides(A::{name})", strides)
        method_for(types, f"-(A::{name})", lambda x, wrap=wrap: wrap(Base.bindings["-"](x.parent)))


def define(module: Module, name: str, cls: type[Batched], plain: Any) -> None:
    """`batched_transpose` or `batched_adjoint`."""

    @module.method(f"{name}(A::AbstractArray)", transparent=True)
    def call(x: Any) -> Any:
        if zygote.is_traced(x):
            return from_host(plain(to_host(x)))
        if len(W.shape_of(x)) != 3:
            raise MethodError(module.bindings[name], (x,), None)
        return swapped(x, cls)

    call.__doc__ = plain.__doc__
    same_function(module.bindings[name], plain)
    boundary._WHOLE.add(id(module.bindings[name]))
