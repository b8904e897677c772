"""Julia values as trees of the engine: structs, named tuples, arrays, closures, compositions."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from juliette.base.fixing import Fix1, Fix2
from juliette.base.tuples import Composed
from juliette.compiler.closures import ClosureBase
from juliette.packages import zygote
from juliette.packages.flux.profile import PROFILE
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import TypeError_
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol
from juliette_engine import sizes, trees
from juliette_engine.layers.layer import Layer

# The fields that `@functor` or `@layer` opened, by type family; None means all.
FUNCTORS: dict[Any, tuple[str, ...] | None] = {}
# What `@layer T trainable=(…)` said.
TRAINABLE: dict[Any, tuple[str, ...]] = {}
# Families that `@leaf` closed.
LEAVES: set[Any] = set()
# `Flux.trainable`, to which users add methods.
TRAINABLE_FUNCTION = GenericFunction("trainable")


def family_of(x: Any) -> Any:
    """The type family of a struct."""
    return T.unwrap(T.typeof(x)).typename


def add_functor(t: Any, fields: tuple[str, ...] | None = None) -> None:
    """Let structs of a type open."""
    if not isinstance(t, T.JuliaType):
        # the methods that Flux adds are for `Type{<:t}`
        raise TypeError_(Symbol("TypeVar"), "upper bound", T.Type_, t)
    FUNCTORS[T.unwrap(t).typename] = fields


def opens(x: Any) -> bool:
    """Does a struct open? Up to Flux 0.14 only if it was declared, from 0.15 unless closed."""
    family = family_of(x)
    if family in LEAVES:
        return False
    return family in FUNCTORS or PROFILE.modern


def _struct_children(x: Any) -> trees.Parts | None:
    if not isinstance(x, Layer) and not opens(x):
        return None
    if isinstance(x, Layer):
        get = _FIELDS_OF.get(type(x))
        if get is None:
            names = x.fields
            get = _FIELDS_OF[type(x)] = (
                attrgetter(*names) if len(names) > 1 else partial(_only, names)
            )
        return x.fields, get(x)
    names = FUNCTORS.get(family_of(x)) or x.fields
    return names, tuple(getattr(x, n, None) for n in names)


# The values of all fields of a layer, by its class.
_FIELDS_OF: dict[type, Any] = {}


def _only(names: tuple[str, ...], x: Any) -> tuple[Any, ...]:
    """The values of no field or one."""
    return tuple([getattr(x, n) for n in names])


def remake(x: Any, names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """A struct of the same family with some fields replaced; its type follows the values."""
    new = dict(zip(names, values, strict=True))
    every = tuple(new.get(f, getattr(x, f, None)) for f in x.fields)
    family = family_of(x)
    if isinstance(x, Layer):
        return assemble(family, every)
    if family.params:
        return T.CONSTRUCT(family.wrapper, every, {})
    out: Any = object.__new__(type(x))
    for f, v in zip(x.fields, every, strict=True):
        object.__setattr__(out, f, v)
    return out


def assemble(family: Any, values: tuple[Any, ...]) -> Any:
    """A layer from the values of its fields; its type parameters are types of some of them."""
    fields = dict(zip(family.fields, values, strict=True))
    wanted = LAYER_PARAMETERS[family]
    t = (
        T.instantiate(family, tuple(T.typeof(fields[f]) for f in wanted))
        if wanted
        else family.wrapper
    )
    cls: Any = t.pyclass
    out = cls.__new__(cls)
    for f, v in fields.items():
        object.__setattr__(out, f, v)
    return out


# The fields whose types are the parameters of a layer's type.
LAYER_PARAMETERS: dict[Any, tuple[str, ...]] = {}


def _struct_trainable(x: Any) -> tuple[Any, ...] | None:
    if any(m.builtin is None for m in TRAINABLE_FUNCTION.methods) and any(
        m.builtin is None for m in TRAINABLE_FUNCTION.matching((T.typeof(x),))
    ):
        return _named_parts(x, TRAINABLE_FUNCTION(x))
    family = family_of(x)
    if family in TRAINABLE:
        return TRAINABLE[family]
    if isinstance(x, Layer):
        spelled = x.mathematical
        return tuple(spelled.get(f, f) for f in x.trainable())
    return None


def _named_parts(x: Any, chosen: Any) -> tuple[Any, ...]:
    """The fields that a method of `trainable` chose, by name or by identity."""
    if isinstance(chosen, V.NamedTuple):
        return chosen.names
    parts = _struct_children(x)
    assert parts is not None
    ids = {id(v) for v in (chosen if type(chosen) is tuple else (chosen,))}
    return tuple(k for k, v in zip(*parts, strict=True) if id(v) in ids)


def _named(x: Any, keys: tuple[Any, ...], values: tuple[Any, ...]) -> Any:
    return V.NamedTuple(keys, values)


def _array_children(x: Any) -> trees.Parts | None:
    if x.data.dtype != object:
        return None
    values = tuple(elements(x.data))
    return tuple(range(len(values))), values


def _fields_children(x: Any) -> trees.Parts:
    return tuple(x.fields), tuple(getattr(x, f) for f in x.fields)


def _rebuild_fields(x: Any, values: tuple[Any, ...]) -> Any:
    out: Any = object.__new__(type(x))
    for f, v in zip(x.fields, values, strict=True):
        object.__setattr__(out, f, v)
    return out


def wrap_data(data: Any) -> Any:
    """numpy data as a Julia array."""
    from juliette.packages.flux.boundary import from_host

    return from_host(data)


trees.register(
    Struct,
    trees.Opener(
        _struct_children,
        lambda x, v: remake(x, _struct_children(x)[0], v),  # type: ignore[index]
        _struct_trainable,
        _named,
    ),
)
trees.register(
    V.NamedTuple,
    trees.Opener(
        lambda x: (x.names, x.values),
        lambda x, v: V.NamedTuple(x.names, v),
        mirror=_named,
    ),
)
trees.register(
    Array,
    trees.Opener(
        _array_children,
        lambda x, v: B.from_values(list(v), x.data.shape),
        mirror=lambda x, k, v: B.from_values(list(v), x.data.shape),
    ),
)


def _dictionary(x: Any, keys: tuple[Any, ...], values: tuple[Any, ...]) -> Any:
    """A dictionary with the keys of `x` and other values."""
    pairs = [V.Pair(k, v) for (k, _), v in zip(x.entries(), values, strict=True)]
    return Base.bindings["Dict"](*pairs)


trees.register(
    V.JuliaDict,
    trees.Opener(
        lambda x: (
            tuple([V.hashable(k) for k, _ in x.entries()]),
            tuple([v for _, v in x.entries()]),
        ),
        lambda x, v: _dictionary(x, (), v),
        mirror=_dictionary,
    ),
)


trees.register(
    V.Ref, trees.Opener(lambda x: (("x",), (x.x,)), lambda _x, v: V.Ref(v[0]), mirror=_named)
)


def _wrapper(cls: Any, name: str) -> None:
    """Transposed arrays open into their parent, so that `W` and `W'` are tied."""

    def flipped(x: Any) -> Any:
        return Base.bindings[name](x)

    def received(x: Any, g: Any) -> Any:
        return (
            g
            if isinstance(g, V.NamedTuple)
            else V.NamedTuple(("parent",), (wrap_data(zygote.to_engine(flipped(g))),))
        )

    trees.register(
        cls,
        trees.Opener(
            lambda x: (("parent",), (x.parent,)),
            lambda x, v: flipped(v[0]),
            mirror=_named,
            received=received,
        ),
    )
    sizes.FOREIGN[cls] = lambda x: ([("parent", x.parent)], False)


_wrapper(W.Adjoint, "adjoint")
_wrapper(W.Transpose, "transpose")
_FIXED: tuple[type, ...] = (Fix1, Fix2)
for _cls in _FIXED:
    trees.register(_cls, trees.Opener(_fields_children, lambda x, v: type(x)(*v), mirror=_named))
trees.register(
    V.Pair,
    trees.Opener(
        lambda x: (("first", "second"), (x.first, x.second)), lambda x, v: V.Pair(*v), mirror=_named
    ),
)
trees.register(Composed, trees.Opener(_fields_children, _rebuild_fields, mirror=_named))


def _captured(x: Any) -> trees.Parts | None:
    """What a closure captured; up to Flux 0.14 it does not open."""
    return _fields_children(x) if PROFILE.modern else None


trees.register(ClosureBase, trees.Opener(_captured, _rebuild_fields, mirror=_named))
trees.register_array(Array, trees.ArrayKind(lambda a: a.data, wrap_data))


def _put(x: Any, data: Any) -> None:
    """New elements for a wrapper: what shows the memory of its parent has them already."""
    if not x.aliased:
        x.write((slice(None),) * data.ndim, data)


def _elements(x: Any) -> Any:
    """The numbers of a wrapper; of a sparse matrix none, which is not trained."""
    return _NONE if hasattr(x, "csc") else x.data


def _structured(x: Any, data: Any) -> Any:
    """Other numbers in the structure of a matrix; what only shows another array becomes an array."""
    matrix = wrap_data(data)
    if not x.structured:
        return matrix
    given = (matrix, Symbol(x.uplo_text)) if hasattr(x, "uplo_text") else (matrix,)
    return T.CONSTRUCT(T.unwrap(T.typeof(x)).typename.wrapper, given, {})


_NONE = np.empty(0, dtype=object)
trees.register_array(W.Wrapper, trees.ArrayKind(_elements, wrap_data, _put, _structured))
trees.register_array(W.Transposed, None)


def _memory(x: Any) -> tuple[list[tuple[str, Any]], bool]:
    """The fields of a struct; without a concrete type they are pointers."""
    mutable = bool(getattr(x, "mutable", False))
    fields = [(f, getattr(x, f, None)) for f in x.fields]
    if isinstance(x, Layer):
        return fields, mutable
    types = T.typeof(x).field_types
    return [
        (f, v if T.is_concrete(t) else sizes.Boxed(v))
        for (f, v), t in zip(fields, types, strict=True)
    ], mutable


sizes.FOREIGN[Struct] = _memory
sizes.FOREIGN[V.NamedTuple] = lambda x: (list(zip(x.names, x.values, strict=True)), False)
sizes.FOREIGN[ClosureBase] = sizes.FOREIGN[Composed] = lambda x: (
    [(f, getattr(x, f)) for f in x.fields],
    False,
)
