"""Julia's types: the core ones, and the type of a value.

A Python class that fixes the Julia type of its instances is entered with `register_class`; dispatch
then goes by ``type(x)`` alone.  How types are built is in `lattice`, how they relate in `subtyping`,
`intersection` and `specificity`, how they are written in `type_names`; all of it can be had from
here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.runtime import lattice, subtyping
from juliette.runtime.intersection import intersect, intersects, join
from juliette.runtime.lattice import (
    CHECKS,
    CONVERSIONS,
    CORE_TYPES,
    TUPLE_NAME,
    TYPE_NAME,
    Any_,
    Bottom,
    DataType,
    DataType_,
    ElementError,
    JuliaType,
    ParameterCountError,
    Tuple_,
    Type_,
    TypeName,
    TypeofBottom,
    TypeofVararg,
    TypeParameterError,
    TypeVar,
    TypeVar_,
    Union_Kind,
    UnionAll,
    UnionAll_,
    UnionType,
    Vararg,
    Vararg_,
    VarargLengthError,
    apply_type,
    core_type,
    define,
    free_vars,
    has_free,
    instantiate,
    is_concrete,
    kind_of,
    make_applied,
    substitute,
    supertypes,
    tuple_type,
    type_of_type,
    union,
    unwrap,
)
from juliette.runtime.specificity import more_specific
from juliette.runtime.subtyping import equal, match, subtype
from juliette.runtime.type_names import bound_string, set_value_text, type_string
from juliette.syntax.expr import Symbol

__all__ = [
    "CHECKS",
    "CONVERSIONS",
    "CORE_TYPES",
    "TUPLE_NAME",
    "TYPE_NAME",
    "Any_",
    "Bottom",
    "DataType",
    "DataType_",
    "ElementError",
    "JuliaType",
    "ParameterCountError",
    "Tuple_",
    "TypeName",
    "TypeParameterError",
    "TypeVar",
    "TypeVar_",
    "Type_",
    "TypeofBottom",
    "TypeofVararg",
    "UnionAll",
    "UnionAll_",
    "UnionType",
    "Union_Kind",
    "Vararg",
    "VarargLengthError",
    "Vararg_",
    "apply_type",
    "bound_string",
    "core_type",
    "define",
    "equal",
    "free_vars",
    "has_free",
    "instantiate",
    "intersect",
    "intersects",
    "is_concrete",
    "join",
    "kind_of",
    "make_applied",
    "match",
    "more_specific",
    "set_value_text",
    "substitute",
    "subtype",
    "supertypes",
    "tuple_type",
    "type_of_type",
    "type_string",
    "union",
    "unwrap",
]

subtyping.KINDS.update(t.typename for t in (DataType_, UnionAll_, Union_Kind, TypeofBottom))


def set_constructor(f: Any) -> None:
    """Install what calling a type does (dispatch lives above this module)."""
    JuliaType.construct = staticmethod(f)


def CONSTRUCT(t: JuliaType, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
    """Call a type."""
    return JuliaType.construct(t, args, kw)


# ---------------------------------------------------------------- the type of a value

_TYPE_OF_CLASS: dict[type, Any] = {}
_TYPE_OF_INSTANCE: dict[type, Callable[[Any], Any]] = {}


def register_class(cls: type, t: Any) -> None:
    """Instances of `cls` are all of the one Julia type `t`."""
    _TYPE_OF_CLASS[cls] = t
    if isinstance(t, DataType) and t._pyclass is None:
        t.pyclass = cls


register_class(Vararg, TypeofVararg)


def register_instances(cls: type, f: Callable[[Any], Any], general: Any) -> None:
    """The Julia type of an instance of `cls` depends on the instance; `general` covers them all."""
    _TYPE_OF_INSTANCE[cls] = f
    GENERAL_TYPE[cls] = general


GENERAL_TYPE: dict[type, Any] = {}


def typeof(x: Any) -> Any:
    """The concrete Julia type of a value."""
    t = _TYPE_OF_CLASS.get(type(x))
    if t is not None:
        return t
    f = _TYPE_OF_INSTANCE.get(type(x))
    if f is not None:
        return f(x)
    for cls in type(x).__mro__[1:]:
        if cls in _TYPE_OF_CLASS:
            return _TYPE_OF_CLASS[cls]
        if cls in _TYPE_OF_INSTANCE:
            return _TYPE_OF_INSTANCE[cls](x)
    return foreign_type(type(x))


_FOREIGN: dict[type, DataType] = {}


def foreign_type(cls: type) -> DataType:
    """The opaque Julia type that stands for a Python class Julia knows nothing of."""
    t = _FOREIGN.get(cls)
    if t is None:
        t = _FOREIGN[cls] = define(f"PyObject_{cls.__name__}")
    return t


def class_type(cls: type) -> tuple[Any, bool]:
    """The Julia type of the instances of a Python class, and whether it is exact for all."""
    t = _TYPE_OF_CLASS.get(cls)
    if t is not None:
        return t, True
    if cls in GENERAL_TYPE:
        return GENERAL_TYPE[cls], False
    for base in cls.__mro__[1:]:
        if base in _TYPE_OF_CLASS:
            return _TYPE_OF_CLASS[base], True
        if base in GENERAL_TYPE:
            return GENERAL_TYPE[base], False
    return foreign_type(cls), True


def class_named(name: str) -> Any:
    """The Julia type of the instances of the Python class of a name."""
    known = {**GENERAL_TYPE, **_TYPE_OF_CLASS}
    return next((t for cls, t in known.items() if cls.__name__ == name), Any_)


def dispatch_type(x: Any) -> Any:
    """The type of an argument as dispatch sees it: `Type{T}` for a type."""
    return type_of_type(x) if isinstance(x, JuliaType) else typeof(x)


def isa(x: Any, t: Any) -> bool:
    """`x isa t`."""
    if t is Any_:
        return True
    if not isinstance(t, JuliaType) and not isinstance(t, TypeVar):
        from juliette.runtime.errors import Symbol_of, TypeError_

        raise TypeError_(Symbol_of("isa"), "", Type_, t)
    if isinstance(x, JuliaType):
        return subtype(type_of_type(x), t) or subtype(kind_of(x), t)
    return subtype(typeof(x), t)


NTuple = UnionAll(_n := TypeVar("N"), UnionAll(_t := TypeVar("T"), tuple_type([Vararg(_t, _n)])))
CORE_TYPES["NTuple"] = NTuple

Function_ = core_type("Function", abstract=True)
Number = core_type("Number", abstract=True)
Real = core_type("Real", Number, abstract=True)
AbstractFloat = core_type("AbstractFloat", Real, abstract=True)
Integer = core_type("Integer", Real, abstract=True)
Signed = core_type("Signed", Integer, abstract=True)
Unsigned = core_type("Unsigned", Integer, abstract=True)
AbstractIrrational = core_type("AbstractIrrational", Real, abstract=True)
AbstractString = core_type("AbstractString", abstract=True)
AbstractChar = core_type("AbstractChar", abstract=True)
Exception_ = core_type("Exception", abstract=True)
IO_ = core_type("IO", abstract=True)
AbstractArray = core_type("AbstractArray", None, "T N", abstract=True)
AbstractVector = UnionAll(_v := TypeVar("T"), apply_type(AbstractArray, _v, 1))
AbstractMatrix = UnionAll(_v, apply_type(AbstractArray, _v, 2))
AbstractDict = core_type("AbstractDict", None, "K V", abstract=True)
AbstractSet = core_type("AbstractSet", None, "T", abstract=True)


def sub_family(name: str, params: str, parent: Callable[..., Any], **options: Any) -> Any:
    """A parametric type whose supertype mentions its parameters."""
    variables = [TypeVar(p) for p in params.split()]
    t = define(name, parent(*variables), variables, **options)
    CORE_TYPES[name] = t
    return t


DenseArray = sub_family(
    "DenseArray", "T N", lambda t, n: apply_type(AbstractArray, t, n), abstract=True
)
Array_ = sub_family("Array", "T N", lambda t, n: apply_type(DenseArray, t, n), mutable=True)
Vector = UnionAll(_v, apply_type(Array_, _v, 1))
Matrix = UnionAll(_v, apply_type(Array_, _v, 2))
AbstractRange = sub_family(
    "AbstractRange", "T", lambda t: apply_type(AbstractArray, t, 1), abstract=True
)
CORE_TYPES.update(
    AbstractVector=AbstractVector, AbstractMatrix=AbstractMatrix, Vector=Vector, Matrix=Matrix
)

Int8 = core_type("Int8", Signed, bits=8)
Int16 = core_type("Int16", Signed, bits=16)
Int32 = core_type("Int32", Signed, bits=32)
Int64 = core_type("Int64", Signed, bits=64)
UInt8 = core_type("UInt8", Unsigned, bits=8)
UInt16 = core_type("UInt16", Unsigned, bits=16)
UInt32 = core_type("UInt32", Unsigned, bits=32)
UInt64 = core_type("UInt64", Unsigned, bits=64)
Bool = core_type("Bool", Integer, bits=8)
Float16 = core_type("Float16", AbstractFloat, bits=16)
Float32 = core_type("Float32", AbstractFloat, bits=32)
Float64 = core_type("Float64", AbstractFloat, bits=64)
String = core_type("String", AbstractString)
Char_ = core_type("Char", AbstractChar, bits=32)
Symbol_ = core_type("Symbol")
Nothing = core_type("Nothing")
Nothing.typename.is_struct = True
Module_ = core_type("Module")


def vec_or_mat(one: Any, two: Any) -> UnionAll:
    """`Union{one{T}, two{T}} where T`"""
    var = TypeVar("T")
    return UnionAll(var, union(apply_type(one, var), apply_type(two, var)))


AbstractVecOrMat = vec_or_mat(AbstractVector, AbstractMatrix)
CORE_TYPES.update(
    Int=Int64, UInt=UInt64, AbstractVecOrMat=AbstractVecOrMat, VecOrMat=vec_or_mat(Vector, Matrix)
)

for _cls, _jt in (
    (int, Int64),
    (float, Float64),
    (bool, Bool),
    (type(None), Nothing),
    (str, String),
    (Symbol, Symbol_),
    (np.int8, Int8),
    (np.int16, Int16),
    (np.int32, Int32),
    (np.uint8, UInt8),
    (np.uint16, UInt16),
    (np.uint32, UInt32),
    (np.uint64, UInt64),
    (np.float16, Float16),
    (np.float32, Float32),
):
    register_class(_cls, _jt)
# numpy's own 64-bit scalars may leak out of a library call; they mean the same.
_TYPE_OF_CLASS[np.int64] = Int64
_TYPE_OF_CLASS[np.float64] = Float64
_TYPE_OF_CLASS[np.bool_] = Bool

_OF_TUPLES: dict[tuple[type, ...], DataType] = {}


def type_of_tuple(x: tuple[Any, ...]) -> DataType:
    """`typeof` of a tuple, remembered where the classes of the elements tell it."""
    classes = tuple(map(type, x))
    t = _OF_TUPLES.get(classes)
    if t is None:
        t = tuple_type(map(typeof, x))
        if len(x) < 9 and all(cls in _TYPE_OF_CLASS for cls in classes):
            if len(_OF_TUPLES) > 1000:
                _OF_TUPLES.clear()
            _OF_TUPLES[classes] = t
    return t


register_instances(tuple, type_of_tuple, Tuple_)
register_instances(DataType, lambda x: DataType_, Type_)
register_instances(UnionAll, lambda x: UnionAll_, Type_)
register_instances(UnionType, kind_of, Type_)
register_class(TypeVar, TypeVar_)
register_class(TypeName, CORE_TYPES["TypeName"])

DTYPE_OF: dict[Any, np.dtype[Any]] = {
    t: np.dtype(c)
    for t, c in (
        (Int8, "i1"),
        (Int16, "i2"),
        (Int32, "i4"),
        (Int64, "i8"),
        (UInt8, "u1"),
        (UInt16, "u2"),
        (UInt32, "u4"),
        (UInt64, "u8"),
        (Bool, "?"),
        (Float16, "f2"),
        (Float32, "f4"),
        (Float64, "f8"),
    )
}
TYPE_OF_DTYPE: dict[np.dtype[Any], Any] = {d: t for t, d in DTYPE_OF.items()}

lattice.set_type_text(type_string)
lattice.set_register(register_class)
