"""`convert` and the constructors of numbers: what a value is as a value of another type."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.runtime import structs
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, make, pack
from juliette.runtime.dispatch import OPEN_CALLS, GenericFunction, open_call
from juliette.runtime.errors import ErrorException, MethodError, TypeError_
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    FLOATS,
    conversion,
    is_basic_type,
    is_number,
    to_number,
)
from juliette.runtime.numeric import (
    INT_RANGE as _INT_RANGE,
)
from juliette.runtime.structs import Struct, checked
from juliette.syntax.expr import Symbol


@Base.method("convert(::Type{T}, x) where T", static=True, transparent=True)
def convert(t: Any, _: Any, x: Any) -> Any:
    """Convert `x` to a value of type `T`."""
    return convert_built_in(t, x)


def convert_to(t: Any, x: Any) -> Any:
    """`convert(t, x)`, with whatever methods there are; the common cases directly."""
    if T.isa(x, t):
        return x
    if is_basic_type(t) and is_number(x):
        return to_number(t, x)
    return checked(CONVERT(t, x), t, "typeassert")


CONVERT: GenericFunction = Base.bindings["convert"]


def convert_built_in(t: Any, x: Any) -> Any:
    """What `convert` does for all types."""
    known = T.CONVERSIONS.get((t, type(x)))
    if known is not None:
        return known(x)
    if t is T.String and type(x) is V.SubString:
        return str(x)
    if T.isa(x, t):
        return x
    if is_basic_type(t) and is_number(x):
        return to_number(t, x)
    rest = _without_optional(t)
    if rest is not t:
        return CONVERT(rest, x)
    body = T.unwrap(t)
    family = getattr(body, "typename", None)
    if (
        family is T.unwrap(T.Array_).typename
        and isinstance(x, Struct)
        and T.subtype(T.typeof(x), T.AbstractArray)
    ):
        return T.CONSTRUCT(t, (x,), {})
    if family is T.unwrap(T.Array_).typename and isinstance(getattr(x, "data", None), np.ndarray):
        eltype, ndim = body.parameters
        if isinstance(eltype, T.TypeVar):
            eltype = x.eltype
        if isinstance(ndim, int) and x.data.ndim != ndim:
            raise MethodError(CONVERT, (t, x), None)
        return convert_array(x, eltype)
    if family is T.unwrap(T.AbstractArray).typename and T.isa(x, T.AbstractArray):
        eltype, ndim = body.parameters
        if isinstance(eltype, T.TypeVar) or (
            isinstance(ndim, int) and ndim != Base.bindings["ndims"](x)
        ):
            raise MethodError(CONVERT, (t, x), None)
        return Base.bindings["copyto!"](Base.bindings["similar"](x, eltype), x)
    if family is T.unwrap(V.Dict_).typename and isinstance(x, V.JuliaDict):
        out = V.JuliaDict(*body.parameters)
        for k, v in x.pairs():
            out.put(convert_to(body.parameters[0], k), convert_to(body.parameters[1], v))
        return out
    if family is T.unwrap(V.Set_).typename and T.subtype(T.typeof(x), T.AbstractSet):
        return T.CONSTRUCT(t, (x,), {})
    if (
        isinstance(x, V.NamedTuple)
        and family is T.unwrap(V.NamedTuple_).typename
        and isinstance(t, T.DataType)
    ) and tuple(n.name for n in body.parameters[0]) == x.names:
        kinds = body.parameters[1].parameters
        return V.named_tuple_of(x.names, kinds, tuple(map(CONVERT, kinds, x.values)))
    if family is T.unwrap(V.Pair_).typename and isinstance(x, V.Pair) and isinstance(t, T.DataType):
        return V.pair_of(t, *map(CONVERT, body.parameters, x))
    if family is T.TUPLE_NAME and type(x) is tuple:
        kinds = element_types(body, len(x))
        if kinds is not None:
            return tuple(CONVERT(p, v) for p, v in zip(kinds, x, strict=True))
    if (
        isinstance(t, T.JuliaType)
        and T.subtype(t, T.Number)
        and t is not T.Bottom
        and (T.isa(x, T.Number) or type(x) in NUMBER_HOOKS or isinstance(x, V.Char))
    ):
        return T.CONSTRUCT(t, (x,), {})
    if t is T.Char_ and T.isa(x, T.Number):
        return T.CONSTRUCT(t, (x,), {})
    if t is V.SubString_ and T.isa(x, T.AbstractString):
        return T.CONSTRUCT(t, (x,), {})
    if (
        isinstance(t, T.DataType)
        and t.typename is T.unwrap(V.SubString_).typename
        and T.isa(x, t.parameters[0])
    ):
        return T.CONSTRUCT(V.SubString_, (x,), {})
    if isinstance(t, T.JuliaType) and t is not T.Bottom:
        for kind in _BY_CONSTRUCTOR:
            if T.subtype(t, kind) and T.isa(x, kind):
                return by_constructor(t, x)
    raise MethodError(Base.bindings["convert"], (t, x), None)


def _without_optional(t: Any) -> Any:
    """A type without `nothing` and `missing`, which no other value becomes."""
    if t is T.Nothing or t is V.Missing_:
        name = "nothing" if t is T.Nothing else "missing"
        raise ErrorException(f"cannot convert a value to {name} for assignment")
    if not isinstance(t, T.UnionType):
        return t
    rest = [option for option in t.types if option is not T.Nothing]
    if rest == [V.Missing_]:
        return V.Missing_
    rest = [option for option in rest if option is not V.Missing_]
    return t if len(rest) == len(t.types) else T.union(*rest)


# What becomes another of its kind through the constructor of that.
_BY_CONSTRUCTOR = (T.AbstractString, T.AbstractArray, T.AbstractDict, T.AbstractSet, T.AbstractChar)


def by_constructor(t: Any, x: Any) -> Any:
    """`t(x)`, which must be a `t`, and may not lose keys of a dictionary."""
    made = T.CONSTRUCT(t, (x,), {})
    if not T.isa(made, t):
        raise TypeError_(Symbol("typeassert"), "", t, made)
    if T.isa(x, T.AbstractDict):
        length = Base.bindings["length"]
        if length(made) != length(x):
            raise ErrorException("key collision during dictionary conversion")
    return made


def element_types(t: T.DataType, count: int) -> tuple[Any, ...] | None:
    """The types of the elements of a tuple of the type `t` with that many; None if it has no such tuple.

    A variable is what it is bounded by.
    """
    kinds = t.parameters
    if kinds and isinstance(kinds[-1], T.Vararg):
        rest = count - len(kinds) + 1
        if rest < 0 or isinstance(kinds[-1].count, int):
            return None
        kinds = (*kinds[:-1], *[kinds[-1].type] * rest)
    elif len(kinds) != count:
        return None
    return tuple(map(without_variables, kinds))


def without_variables(t: Any) -> Any:
    """A type whose variables are not free: a variable is its bound, `Complex{T}` is `Complex{T} where T`."""
    if isinstance(t, T.TypeVar):
        return t.upper
    for v in T.free_vars(t):
        t = T.UnionAll(v, t)
    return t


def convert_array(x: Any, eltype: Any) -> Array:
    if eltype in T.DTYPE_OF and x.data.dtype != object:
        if eltype in _INT_RANGE and x.data.dtype.kind == "f":
            for v in elements(x.data):
                to_number(eltype, v)
        return make(np.array(x.data, dtype=T.DTYPE_OF[eltype], order="F"), eltype)
    values = [convert_to(eltype, v) for v in elements(x.data)]
    return make(pack(values, eltype).reshape(x.data.shape, order="F"), eltype)


@Base.method("convert(::Type{Any}, x)", transparent=True)
def convert_any(_: Any, x: Any) -> Any:
    return x


CONVERT = Base.bindings["convert"]


def construct(t: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a type: its own constructors first, then what holds for all types."""
    if t is V.Pair_ and len(args) == 2 and not kwargs:
        return V.Pair(*args)
    if OPEN_CALLS and isinstance(t, T.JuliaType):
        found = open_call(t, (T.type_of_type(t), *map(T.dispatch_type, args)))
        if found is not None:
            return found.call_kw(kwargs, t, *args)
    family = getattr(T.unwrap(t), "typename", None)
    if family is not None and family.constructors is not None:
        table = family.constructors
        if kwargs:
            return table.call_kw(kwargs, t, *args)
        try:
            return table(t, *args)
        except MethodError as e:
            if e.f is not table:
                raise
            if len(args) == 1 and T.isa(args[0], t):
                return args[0]
            if isinstance(t, T.JuliaType) and T.subtype(t, T.Number):
                return construct_number(t, args)
            if len(args) != 1 or family is not T.unwrap(T.AbstractArray).typename:
                raise MethodError(t, args, e.world) from None
    if isinstance(t, T.JuliaType) and T.subtype(t, T.Number):
        return construct_number(t, args)
    if len(args) == 1:
        try:
            return convert_to(t, args[0])
        except MethodError as e:
            if e.f is CONVERT:
                raise MethodError(t, args, None) from None
            raise
    raise MethodError(t, args, None)


# What an abstract number type makes of a number of Base.
ABSTRACT_NUMBERS: dict[Any, Any] = {
    T.Number: lambda x: x,
    T.Real: lambda x: (
        Base.bindings["real"](x) if Base.bindings["isreal"](x) else to_number(T.Float64, x)
    ),
    T.AbstractFloat: lambda x: Base.bindings["float"](x),
    T.Integer: lambda x: x if T.isa(x, T.Integer) else to_number(T.Int64, x),
    T.Signed: lambda x: (
        Base.bindings["signed"](x) if T.isa(x, T.Integer) else to_number(T.Int64, x)
    ),
    T.Unsigned: lambda x: Base.bindings["unsigned"](x),
}


def construct_number(t: Any, args: tuple[Any, ...]) -> Any:
    """`T(x)` for a number type without constructors of its own for this argument."""
    if len(args) == 1:
        x = args[0]
        hook = NUMBER_HOOKS.get(type(x))
        if hook is not None:
            return hook(t, x)
        if is_number(x):
            if is_basic_type(t):
                cls: Any = type(x)
                keep_conversion(t, cls, conversion(t, cls))
                return to_number(t, x)
            if t in ABSTRACT_NUMBERS:
                return x if T.isa(x, t) else ABSTRACT_NUMBERS[t](x)
        if isinstance(x, V.Char):
            codepoint = Base.bindings["codepoint"]
            if is_basic_type(t):
                keep_conversion(t, type(x), lambda c: to_number(t, codepoint(c)))
            return construct_number(t, (codepoint(x),))
        if T.isa(x, t):
            return x
        if isinstance(x, str) and t in (T.CORE_TYPES["BigInt"], T.CORE_TYPES["BigFloat"]):
            return Base.bindings["parse"](t, x)
    elif len(args) == 2 and isinstance(args[1], ROUNDING) and t in FLOATS:
        return FLOAT_ROUNDED(t, *args)
    raise MethodError(t, args, None)


def keep_conversion(t: Any, cls: type, convert: Any) -> None:
    """Have `t(x)` of values of a class go straight to the conversion."""
    table = t.typename.constructors
    if table is not None and not any(then == T.CONVERSIONS.clear for _, then in table.watchers):
        table.watch(None, T.CONVERSIONS.clear)
    T.CONVERSIONS[t, cls] = convert


# `Float32(x, RoundUp)`; the rounding chapter of the numbers fills these in.
ROUNDING: Any = ()
FLOAT_ROUNDED: Any = None


# How values that are no plain numbers become numbers (tracers, irrationals, …).
NUMBER_HOOKS: dict[type, Any] = {}
T.set_constructor(construct)
structs.set_zero(lambda t: construct(t, (0,), {}))


@Base.method("oftype(x, y)", transparent=True)
def oftype(x: Any, y: Any) -> Any:
    """Convert `y` to the type of `x`."""
    return convert_to(T.typeof(x), y)
