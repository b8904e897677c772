"""Types, conversion, identity, fields and exceptions."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from juliette.compiler import support
from juliette.runtime import structs
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, make, pack
from juliette.runtime.dispatch import OPEN_CALLS, GenericFunction, open_call
from juliette.runtime.errors import (
    EXCEPTIONS,
    BoundsError,
    ConcurrencyViolationError,
    ErrorException,
    JuliaException,
    MethodError,
    Thrown,
    TypeError_,
    UndefRefError,
)
from juliette.runtime.modules import Base, Core, Main, Module, constructors
from juliette.runtime.numeric import (
    FLOATS,
    BigInt,
    conversion,
    is_basic_type,
    is_number,
    to_number,
)
from juliette.runtime.numeric import (
    INT_RANGE as _INT_RANGE,
)
from juliette.runtime.structs import Struct
from juliette.runtime.tables import identity_key
from juliette.runtime.wrappers import Wrapper
from juliette.syntax.expr import Expr, QuoteNode, Symbol

for _name, _t in T.CORE_TYPES.items():
    if _name not in Base.bindings:
        Base.const(_name, _t)
        Core.bindings[_name] = _t
    _family = getattr(T.unwrap(_t), "typename", None)
    if _family is not None and _family.module is None:
        _family.module = Core
for _name in ("Core", "Base", "Main"):
    Base.const(_name, {"Core": Core, "Base": Base, "Main": Main}[_name])
T.register_class(Module, T.Module_)
# What Core has of functions comes with the first name that is not found there.
Core.loader = functools.partial(importlib.import_module, "juliette.base.loading")
for _name in (
    "UnitRange",
    "OneTo",
    "StepRange",
    "StepRangeLen",
    "LinRange",
    "RefValue",
    "RefArray",
):
    Base.exports.discard(_name) if _name in ("OneTo", "RefValue", "RefArray") else None
Base.const("nothing", None)
Base.const("missing", V.MISSING)
Base.const("undef", np)
Base.const("throw", support.throw)


class UndefInitializer:
    """`undef`"""


UNDEF = UndefInitializer()
UndefInitializer_ = T.define("UndefInitializer", module=Core)
T.register_class(UndefInitializer, UndefInitializer_)
Base.const("UndefInitializer", UndefInitializer_)
Base.bindings["undef"] = UNDEF
UndefInitializer_.typename.singleton = UNDEF


@Base.method("UndefInitializer()")
def undef_initializer(_: Any) -> UndefInitializer:
    return UNDEF


@Base.method('show(io::IO, ::MIME"text/plain", x::UndefInitializer)')
def show_undef(io: Any, mime: Any, x: UndefInitializer) -> None:
    io.write(
        "UndefInitializer()"
        + ("" if io.get("compact") else ": array initializer with undefined values")
    )


# ---------------------------------------------------------------- conversion


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
    return CONVERT(t, x)


CONVERT: GenericFunction = Base.bindings["convert"]


def convert_built_in(t: Any, x: Any) -> Any:
    """What `convert` does for all types."""
    known = T.CONVERSIONS.get((t, type(x)))
    if known is not None:
        return known(x)
    if T.isa(x, t):
        return x
    if is_basic_type(t) and is_number(x):
        return to_number(t, x)
    if isinstance(t, T.UnionType):
        for option in t.types:
            if option not in (T.Nothing, V.Missing_):
                try:
                    return CONVERT(option, x)
                except MethodError:
                    continue
    body = T.unwrap(t)
    family = getattr(body, "typename", None)
    if (
        family is T.unwrap(T.Array_).typename
        and isinstance(x, Struct)
        and T.subtype(T.typeof(x), T.AbstractArray)
    ):
        return T.CONSTRUCT(t, (x,), {})
    if family is T.unwrap(T.Array_).typename and hasattr(x, "data"):
        eltype, ndim = body.parameters
        if isinstance(eltype, T.TypeVar):
            eltype = x.eltype
        if isinstance(ndim, int) and isinstance(x.data, np.ndarray) and x.data.ndim != ndim:
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
            key = CONVERT(body.parameters[0], k)
            out.data[out.key(key)] = (key, CONVERT(body.parameters[1], v))
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
    if t in (T.String, V.SubString_) and T.isa(x, T.AbstractString):
        return T.CONSTRUCT(t, (x,), {})
    if (
        isinstance(t, T.DataType)
        and t.typename is T.unwrap(V.SubString_).typename
        and T.isa(x, t.parameters[0])
    ):
        return T.CONSTRUCT(V.SubString_, (x,), {})
    raise MethodError(Base.bindings["convert"], (t, x), None)


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
    values = [CONVERT(eltype, v) for v in elements(x.data)]
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
                keep_conversion(t, type(x), conversion(t, type(x)))
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


# ---------------------------------------------------------------- fields


def getproperty(x: Any, name: Any) -> Any:
    """`x.name`"""
    custom = GETPROPERTY.cache or GETPROPERTY.methods
    if custom and type(x) not in _PLAIN:
        return GETPROPERTY(x, name)
    return getfield(x, name)


_PLAIN: set[type] = {V.NamedTuple, V.DeclaredNamedTuple, Module}
# How values of Python libraries answer for their fields: f(x, name).
PROPERTIES: dict[type, Any] = {}


def _type_field(x: Any, name: str) -> Any:
    from juliette.base.type_fields import FIELDS

    return FIELDS[type(x)](x, name)


PROPERTIES.update(
    dict.fromkeys((T.DataType, T.TypeName, T.UnionAll, T.UnionType, T.TypeVar), _type_field)
)


def numbered_field(x: Any, i: int) -> Any:
    """The field of a number; that of a tuple is its element."""
    values = x if type(x) is tuple else x.values if isinstance(x, V.NamedTuple) else None
    names = T.typeof(x).fields if values is None else ()
    if not 1 <= i <= len(names if values is None else values):
        raise BoundsError(x, i)
    return values[i - 1] if values is not None else getfield(x, Symbol(names[i - 1]))


def getfield(x: Any, name: Any) -> Any:
    if type(name) is int:
        return numbered_field(x, name)
    if type(name) is not Symbol:
        raise TypeError_(Symbol("getfield"), "", T.Symbol_, name)
    key = name.name
    if isinstance(x, V.NamedTuple):
        if key in x.names:
            return x.values[x.names.index(key)]
        raise field_error(x, key)
    if isinstance(x, Module):
        return x.get(key)
    if isinstance(x, Expr):
        if key == "head":
            return Symbol(x.head)
        if key != "args":
            raise field_error(x, key)
        if x._vector is None:
            x._vector = make(pack(x._args, T.Any_), T.Any_)
        return x._vector
    if isinstance(x, QuoteNode) and key == "value":
        return x.value
    special = PROPERTIES.get(type(x))
    if special is not None:
        return special(x, key)
    fields = getattr(x, "fields", None)
    if fields is None:
        fields = T.typeof(x).fields if isinstance(T.typeof(x), T.DataType) else ()
    if key in fields:
        if key == "data" and isinstance(x, V.Wrapper):
            return x.parent
        try:
            value = getattr(x, key)
        except AttributeError:
            raise UndefRefError() from None
        return value
    foreign = FIELD_HOOKS.get(type(x))
    if foreign is None:
        for cls in type(x).__mro__:
            if cls in FIELD_HOOKS:
                foreign = FIELD_HOOKS[cls]
                break
    if foreign is not None:
        return foreign(x, key)
    raise field_error(x, key)


# How fields of values from Python libraries are read.
FIELD_HOOKS: dict[type, Any] = {}


def field_error(x: Any, name: str) -> JuliaException:
    if isinstance(x, T.JuliaType):
        return ErrorException(f"type {T.type_string(T.typeof(x))} has no field {name}")
    t = T.typeof(x)
    shown = T.unwrap(t).typename.name if isinstance(T.unwrap(t), T.DataType) else T.type_string(t)
    return ErrorException(f"type {shown.rpartition('.')[2]} has no field {name}")


GETPROPERTY = GenericFunction("getproperty", Base)
SETPROPERTY = GenericFunction("setproperty!", Base)
Base.const("getproperty", GETPROPERTY)
Base.const("setproperty!", SETPROPERTY)


@Base.method("getproperty(x, name)", transparent=True)
def _getproperty(x: Any, name: Any) -> Any:
    return getfield(x, name)


@Base.method("getfield(x, name)", transparent=True)
def _getfield(x: Any, name: Any) -> Any:
    """The field of `x` with this name or number."""
    return getfield(x, name)


def setfield(
    x: Any, name: Any, value: Any, *, atomic: bool = False, verb: str = "setfield!"
) -> Any:
    """Change a field; one that is declared `@atomic` only in an atomic step."""
    if type(x) is tuple:
        raise ErrorException("setfield!: immutable struct of type Tuple cannot be changed")
    if type(name) is int:
        names = T.typeof(x).fields
        if not 1 <= name <= len(names):
            raise BoundsError(x, name)
        name = Symbol(names[name - 1])
    if type(name) is not Symbol:
        raise TypeError_(Symbol("setfield!"), "", T.Symbol_, name)
    key = name.name
    if isinstance(x, Expr):
        if key == "head":
            x.head = value.name
        else:
            x.args = value.data.tolist()
        return value
    if isinstance(x, Module):
        raise ErrorException("cannot assign variables in other modules")
    t = T.typeof(x)
    fields = x.names if isinstance(x, V.NamedTuple) else t.fields
    if key not in fields:
        raise field_error(x, key)
    if not t.typename.mutable:
        raise ErrorException(
            f"setfield!: immutable struct of type {t.typename.name} cannot be changed"
        )
    if key in t.typename.field_consts:
        raise ErrorException(
            f"setfield!: const field .{key} of type {t.typename.name} cannot be changed"
        )
    if atomic is not (key in t.typename.field_atomics):
        kind, how = ("non-atomic", "atomically") if atomic else ("atomic", "non-atomically")
        raise ConcurrencyViolationError(f"{verb}: {kind} field cannot be written {how}")
    ft = t.field_types[fields.index(key)]
    value = value if ft is T.Any_ else Base.bindings["convert"](ft, value)
    setattr(x, key, value)
    return value


@Base.method("setproperty!(x, name, value)", transparent=True)
def _setproperty(x: Any, name: Any, value: Any) -> Any:
    return setfield(x, name, value)


@Base.method("setfield!(x, name, value)", transparent=True)
def _setfield(x: Any, name: Any, value: Any) -> Any:
    """Change a field of a mutable struct."""
    t = T.typeof(x)
    if isinstance(name, Symbol) and name.name in t.fields and t.typename.mutable:
        kind = t.field_types[t.fields.index(name.name)]
        if not T.isa(value, kind):
            raise TypeError_(Symbol("setfield!"), "", kind, value)
    elif not isinstance(x, Module) and not t.typename.mutable:
        raise ErrorException(
            f"setfield!: immutable struct of type {t.typename.name} cannot be changed"
        )
    return setfield(x, name, value)


@Base.method("propertynames(x)", transparent=True)
def propertynames(x: Any) -> tuple[Symbol, ...]:
    """The names that may follow the dot after `x`."""
    if isinstance(x, V.NamedTuple):
        return tuple(map(Symbol, x.names))
    return (
        tuple(range(1, len(x) + 1)) if type(x) is tuple else tuple(map(Symbol, T.typeof(x).fields))
    )


@Base.method("hasproperty(x, s)", transparent=True)
def hasproperty(x: Any, s: Symbol) -> bool:
    """Does `x` have a property of this name?"""
    return s in Base.bindings["propertynames"](x)


@Base.method("isdefined(x, name)", transparent=True)
def isdefined(x: Any, name: Symbol) -> bool:
    """Is the field or global assigned?"""
    if isinstance(x, Module):
        return x.has(name.name)
    if type(name) is int:
        if type(x) is tuple or isinstance(x, V.NamedTuple):
            return 1 <= name <= len(x if type(x) is tuple else x.values)
        names = T.typeof(x).fields
        return 1 <= name <= len(names) and hasattr(x, names[name - 1])
    if type(name) is not Symbol:
        raise TypeError_(Symbol("isdefined"), "", T.Symbol_, name)
    return name.name in x.names if isinstance(x, V.NamedTuple) else hasattr(x, name.name)


# ---------------------------------------------------------------- identity and equality


def _number(x: Any) -> Any:
    """A number without the gradient that it is under."""
    return x.data if hasattr(type(x), "tape") and not isinstance(x.data, np.ndarray) else x


def egal(a: Any, b: Any) -> bool:
    """`a === b`"""
    if a is b:
        return True
    if type(a) is not type(b):
        if isinstance(a, T.JuliaType) and isinstance(b, T.JuliaType):
            return bool(a == b)
        p, q = _number(a), _number(b)
        return (p is not a or q is not b) and egal(p, q)
    if type(a) in (int, str, bool, V.Char):
        return bool(a == b)
    if type(a) is float:
        return (a == b and str(a) == str(b)) or (a != a and b != b)
    if type(a) is tuple:
        return len(a) == len(b) and all(map(egal, a, b))
    if isinstance(a, np.generic):
        return a.tobytes() == b.tobytes()
    own = getattr(type(a), "egal", None)
    if own is not None:
        return bool(own(a, b))
    if isinstance(a, int):
        return int(a) == int(b) and not isinstance(a, BigInt)
    if type(a) is complex:
        return egal(a.real, b.real) and egal(a.imag, b.imag)
    if isinstance(a, V.NamedTuple):
        return a.names == b.names and egal(a.values, b.values) and V.kinds_of(a) == V.kinds_of(b)
    names = getattr(type(a), "value_fields", None)
    if names is not None:
        return all(egal(getattr(a, n, None), getattr(b, n, None)) for n in names)
    if isinstance(a, T.JuliaType):
        return bool(a == b)
    if isinstance(a, V.Pair):
        return T.typeof(a) is T.typeof(b) and egal(a.first, b.first) and egal(a.second, b.second)
    if isinstance(a, V.Range):
        return identity_key(a) == identity_key(b)
    return False


@Base.method("===(a, b)", transparent=True)
def _egal(a: Any, b: Any) -> bool:
    """Are `a` and `b` indistinguishable to any program?"""
    return egal(a, b)


Base.const("≡", Base.bindings["==="])


@Base.method("!==(a, b)", transparent=True)
def not_egal(a: Any, b: Any) -> bool:
    """`!(a === b)`"""
    return not egal(a, b)


Base.const("≢", Base.bindings["!=="])


@Base.method("objectid(x)")
def objectid(x: Any) -> Any:
    """A hash value that distinguishes objects."""
    return np.uint64(hash(identity_key(x)) & (2**64 - 1))


@Base.method("identity(x)", transparent=True)
def identity(x: Any) -> Any:
    """The argument itself."""
    return x


@Base.method("deepcopy(x)", transparent=True)
def deepcopy(x: Any) -> Any:
    """A copy that shares nothing with the original."""
    return deep_copy(x, {})


def deep_copy(x: Any, memo: dict[int, Any]) -> Any:
    if id(x) in memo:
        return memo[id(x)]
    hook = COPY_HOOKS.get(type(x))
    if hook is not None:
        return hook(x, memo)
    if isinstance(x, Array):
        out = type(x)(x.data.copy(order="F"))
        memo[id(x)] = out
        if x.data.dtype == object:
            flat = out.data
            for i in np.ndindex(flat.shape):
                flat[i] = deep_copy(flat[i], memo)
        return out
    if type(x) is tuple:
        return tuple(deep_copy(v, memo) for v in x)
    if isinstance(x, V.NamedTuple):
        return V.NamedTuple(x.names, deep_copy(x.values, memo))
    if isinstance(x, V.JuliaDict):
        d = type(x)(x.key_type, x.value_type)
        memo[id(x)] = d
        for k, v in x.pairs():
            kk = deep_copy(k, memo)
            d.data[d.key(kk)] = (kk, deep_copy(v, memo))
        return d
    if isinstance(x, Wrapper):
        return _slots_copied(x, memo, {"parent"})
    fields = getattr(type(x), "fields", None)
    if fields and hasattr(type(x), "julia_type"):
        if any(isinstance(getattr(type(x), f, None), property) for f in fields):
            return _slots_copied(x, memo)
        out = object.__new__(type(x))
        memo[id(x)] = out
        for f in fields:
            if hasattr(x, f):
                setattr(out, f, deep_copy(getattr(x, f), memo))
        return out
    return x


def _slots_copied(x: Any, memo: dict[int, Any], deep: set[str] | None = None) -> Any:
    """The same for classes of ours that keep what they have under names of their own; all, or some, are copied."""
    out = memo[id(x)] = object.__new__(type(x))
    for cls in type(x).__mro__:
        for name in cls.__dict__.get("__slots__", ()):
            if hasattr(x, name):
                value = getattr(x, name)
                setattr(
                    out, name, deep_copy(value, memo) if deep is None or name in deep else value
                )
    return out


COPY_HOOKS: dict[type, Any] = {}


# ---------------------------------------------------------------- exceptions


@Base.method("error(args...)")
def error(*args: Any) -> Any:
    """Raise an ErrorException with the arguments joined as its message."""
    raise ErrorException(Base.bindings["string"](*args))


@Base.method("rethrow()")
def rethrow() -> Any:
    """Throw the exception that is being handled once more."""
    if not support.EXCEPTION_STACK:
        raise ErrorException("rethrow() not allowed outside a catch block")
    raise support.EXCEPTION_STACK[-1]


@Base.method("rethrow(e)")
def rethrow_other(e: Any) -> Any:
    if isinstance(e, BaseException):
        raise e
    raise Thrown(e)


# What the last fields of an exception are when they are not given; `UNDEF` leaves them undefined.
LAST_FIELDS: dict[str, tuple[Any, ...]] = {
    "AssertionError": ("",),
    "BoundsError": (UNDEF, UNDEF),
    "DimensionMismatch": ("",),
    "DomainError": ("",),
    "MethodError": (np.uint64(2**64 - 1),),
    "ParseError": (None,),
    "SystemError": (0, None),
}


def exception_constructor(cls: type[JuliaException]) -> None:
    """Let Julia code make exceptions of this class: `ArgumentError("…")`."""
    n = len(cls.fields)
    t = T.typeof(cls.__new__(cls))
    table = constructors(t)
    rest = LAST_FIELDS.get(cls.__name__, ())

    def make_exception(_: Any, *args: Any) -> Any:
        if cls is TypeError_ and len(args) == 3:
            # `TypeError(where, expected, got)`, without a context.
            args = (args[0], "", *args[1:])
        made = cls(*args, *rest[len(args) + len(rest) - n :])
        for field in made.fields:
            if getattr(made, field) is UNDEF:
                delattr(made, field)
        return made

    least = 3 if cls is TypeError_ else n - len(rest)
    for k in range(least, n + 1):
        given = T.tuple_type([T.type_of_type(t), *[T.Any_] * k])
        support._builtin(table, given, make_exception, cls.fields[:k])


for _cls in EXCEPTIONS.values():
    exception_constructor(_cls)


@Base.method("exit(n=0)")
def exit_(n: int = 0) -> Any:
    """Leave Julia."""
    raise SystemExit(n)


Base.const("quit", Base.bindings["exit"], export=False)


# `Symbol(...)`, `Expr(...)`, `QuoteNode(...)`
def _simple(t: Any, f: Any) -> None:
    support._builtin(
        constructors(t), T.tuple_type([T.type_of_type(t), T.Vararg(T.Any_)]), f, ("args",)
    )


def _applied(t: Any, f: Any) -> None:
    """The constructor of the members of a family, `Pair{A, B}(a, b)`."""
    kind = T.TypeVar("T", None, t)
    signature = T.UnionAll(kind, T.tuple_type([T.apply_type(T.Type_, kind), T.Vararg(T.Any_)]))
    support._builtin(constructors(t), signature, f, ("args",))


def _expression(t: Any, *args: Any) -> Expr:
    if not args or type(args[0]) is not Symbol:
        raise MethodError(t, args, None)
    return Expr(args[0].name, *args[1:])


def _quote_node(t: Any, *args: Any) -> QuoteNode:
    if len(args) != 1:
        raise MethodError(t, args, None)
    return QuoteNode(args[0])


def reference(t: Any, *args: Any) -> V.Ref:
    """`Ref(x)`, `Ref{T}(x)`, `Ref{T}()`, `Ref(array, i)`"""
    (eltype,) = T.unwrap(t).parameters
    is_open = isinstance(eltype, T.TypeVar)
    if len(args) == 2 and isinstance(args[0], Array):
        return V.RefArray(args[0], int(args[1]))
    if len(args) > 1 or (is_open and not args):
        raise MethodError(t, args, None)
    if args:
        return V.Ref(args[0]) if is_open else V.Ref(convert_to(eltype, args[0]), eltype)
    if eltype in T.DTYPE_OF and T.DTYPE_OF[eltype].kind != "O":
        return V.Ref(convert_to(eltype, 0), eltype)
    out = V.Ref.__new__(V.Ref)
    out.eltype = eltype
    return out


_simple(T.CORE_TYPES["Expr"], _expression)
_simple(T.CORE_TYPES["QuoteNode"], _quote_node)
_simple(V.Pair_, lambda _, a, b: V.Pair(a, b))
_simple(T.CORE_TYPES["Colon"], lambda _: V.COLON)
for _family in (V.Ref_, V.RefValue_):
    support._builtin(
        constructors(_family), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), reference, ("args",)
    )
_simple(V.MIME_, lambda _, x: V.MIME(x))


def _pair(t: Any, *args: Any) -> V.Pair:
    if len(args) != 2:
        raise MethodError(t, args, None)
    if not isinstance(t, T.DataType):
        return V.Pair(*args)
    return V.pair_of(t, *map(convert_to, t.parameters, args))


def _mime(t: Any, *args: Any) -> V.MIME:
    if not isinstance(t, T.DataType):
        return V.MIME(*args)
    if args:
        raise MethodError(t, args, None)
    return V.MIME(t.parameters[0].name)


_applied(V.Pair_, _pair)
_applied(V.MIME_, _mime)


class Val:
    """`Val(x)`"""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x


T.register_instances(Val, lambda v: T.apply_type(V.Val_, v.x), V.Val_)


def _val(t: Any, *args: Any) -> Val:
    if len(args) > 1 or bool(args) is isinstance(t, T.DataType):
        raise MethodError(t, args, None)
    found = T.apply_type(V.Val_, args[0]) if args else t
    if found not in _VALS:
        _VALS[found] = Val(found.parameters[0])
    return _VALS[found]


_VALS: dict[Any, Val] = {}
_simple(V.Val_, _val)
_applied(V.Val_, _val)
