"""Pointers as numbers, the names of C's types; and what cannot be: memory by address, calls of C.

`Ptr` is a type like any other, so that code which mentions it can be read and dispatched on.
Nothing here has an address, and no compiled code is called: what would need that says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.macros import call
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base
from juliette.runtime.structs import Primitive, make_primitive
from juliette.runtime.values import Ref_

_WRAP = 1 << 64
Ptr = T.sub_family("Ptr", "T", lambda t: T.apply_type(Ref_, t))
_FAMILY = T.unwrap(Ptr).typename
_FAMILY.primitive_bits = 64
_FAMILY.make_class = make_primitive
Base.const("Ptr", Ptr)
for _name in ("Cstring", "Cwstring"):
    _t = T.define(_name, bits=64, module=Base)
    _t.typename.make_class = make_primitive
    Base.const(_name, _t)

C_TYPES = {
    "Cchar": T.Int8,
    "Cuchar": T.UInt8,
    "Cshort": T.Int16,
    "Cushort": T.UInt16,
    "Cint": T.Int32,
    "Cuint": T.UInt32,
    "Clong": T.Int64,
    "Culong": T.UInt64,
    "Clonglong": T.Int64,
    "Culonglong": T.UInt64,
    "Cintmax_t": T.Int64,
    "Cuintmax_t": T.UInt64,
    "Csize_t": T.UInt64,
    "Cssize_t": T.Int64,
    "Cptrdiff_t": T.Int64,
    "Cwchar_t": T.Int32,
    "Cfloat": T.Float32,
    "Cdouble": T.Float64,
    "Cvoid": T.Nothing,
}
for _name, _t in C_TYPES.items():
    Base.const(_name, _t)
Base.const("C_NULL", T.apply_type(Ptr, T.Nothing).pyclass(0))


@Base.method("Ptr{T}(x::Union{Int,UInt,Ptr}) where T", static=True)
def from_address(t: Any, _: Any, x: Any) -> Any:
    """A pointer with this address: a number and no more."""
    address = x.bits if isinstance(x, Primitive) else int(x) % _WRAP
    return T.apply_type(Ptr, t).pyclass(address)


@Base.method("convert(::Type{Ptr{T}}, p::Ptr) where T", static=True)
def converted(t: Any, _: Any, p: Any) -> Any:
    """The same address, for values of another type."""
    return T.apply_type(Ptr, t).pyclass(p.bits)


@Base.method("Int(p::Ptr)")
def to_int(_: Any, p: Any) -> int:
    """The address."""
    return p.bits - (p.bits >> 63) * _WRAP


@Base.method("UInt(p::Ptr)")
def to_unsigned(_: Any, p: Any) -> Any:
    """The address."""
    return np.uint64(p.bits)


@Base.method("+(p::Ptr, n::Integer)")
def forward(p: Any, n: Any) -> Any:
    """The address so many bytes on.

    ```jldoctest
    julia> C_NULL + 16
    Ptr{Nothing} @0x0000000000000010
    ```
    """
    return type(p)((p.bits + int(n)) % _WRAP)


@Base.method("+(n::Integer, p::Ptr)")
def forward_too(n: Any, p: Any) -> Any:
    """The address so many bytes on."""
    return forward(p, n)


@Base.method("-(p::Ptr, n::Integer)")
def backward(p: Any, n: Any) -> Any:
    """The address so many bytes back."""
    return forward(p, -int(n))


@Base.method("-(p::Ptr, q::Ptr)")
def distance(p: Any, q: Any) -> Any:
    """How many bytes lie between two addresses."""
    return np.uint64((p.bits - q.bits) % _WRAP)


@Base.method("==(p::Ptr, q::Ptr)")
def equal(p: Any, q: Any) -> bool:
    """Is it the same address?

    ```jldoctest
    julia> Ptr{Int}(0) == C_NULL, Ptr{Int}(8) == C_NULL
    (true, false)
    ```
    """
    return bool(p.bits == q.bits)


@Base.method("isless(p::Ptr, q::Ptr)")
def is_less(p: Any, q: Any) -> bool:
    """Is the first address the lower one?"""
    return bool(p.bits < q.bits)


@Base.method("hash(p::Ptr, h::UInt)")
def hashed(p: Any, h: Any) -> Any:
    """Equal addresses have equal hashes."""
    return Base.get("hash")(np.uint64(p.bits), h)


@Base.method("eltype(::Type{Ptr{T}}) where T", static=True)
def eltype_of(t: Any, _: Any) -> Any:
    """The type of what the pointer would point at."""
    return t


@Base.method("show(io::IO, p::Ptr)")
def show(io: IO, p: Any) -> None:
    """`Ptr{Int64} @0x0000000000000010`"""
    io.write(f"{T.type_string(T.typeof(p))} @0x{p.bits:016x}")


# ---------------------------------------------------------------- what cannot be

NO_ADDRESS = "values have no addresses in Juliette"
NO_CODE = "Juliette calls no compiled code"
REFUSED = {
    **dict.fromkeys(
        (
            "pointer",
            "pointer_from_objref",
            "unsafe_pointer_to_objref",
            "unsafe_load",
            "unsafe_store!",
            "unsafe_wrap",
            "unsafe_string",
            "unsafe_read",
            "unsafe_write",
            "unsafe_modify!",
            "unsafe_replace!",
            "unsafe_swap!",
        ),
        NO_ADDRESS,
    ),
    **dict.fromkeys(("ccall", "cglobal"), NO_CODE),
}
UNEXPORTED = {"unsafe_convert": NO_ADDRESS, "cconvert": NO_ADDRESS, "llvmcall": NO_CODE}


def refusal(name: str, reason: str) -> ErrorException:
    """What is said when the name is used."""
    return ErrorException(f"`{name}` is not supported: {reason}.")


def _refuse(name: str, reason: str, export: bool) -> None:
    @Base.method(f"{name}(args...)", export=export)
    def refused(*args: Any) -> Any:
        """Not here: the error says why."""
        raise refusal(name, reason)


for _name, _reason in REFUSED.items():
    _refuse(_name, _reason, True)
for _name, _reason in UNEXPORTED.items():
    _refuse(_name, _reason, False)


def _refuse_macro(name: str) -> None:
    @Base.macro(name)
    def refused(context: Any, *args: Any) -> Any:
        """Not here: the code that it stands for throws the error that says why."""
        return call(throw, refusal(f"@{name}", NO_CODE))


def throw(error: Any) -> Any:
    """Raise an exception when the code is run."""
    raise error


for _name in ("ccall", "cfunction", "threadcall"):
    _refuse_macro(_name)
