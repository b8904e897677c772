"""Missing values: arithmetic that passes them on, and `skipmissing`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from juliette.base.array_protocol import eltype_of, is_array, shape_of, values_of
from juliette.base.array_searching import key_at
from juliette.base.collecting import gather
from juliette.base.indexing import GETINDEX
from juliette.base.iterator_sizes import SizeUnknown, eltype_of_iterator
from juliette.base.optional import without
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import MethodError, MissingException
from juliette.runtime.modules import Base

MISSING = V.MISSING


def passes_on(header: str) -> None:
    """A method whose result is missing because an argument is."""

    @Base.method(header)
    def missing(*_: Any) -> Any:
        return MISSING


for _name in ("+", "-", "*", "/", "^", "mod", "rem", "÷", "fld", "cld", "//", "\\"):
    if _name in Base.bindings:
        passes_on(f"{_name}(x::Missing, y::Missing)")
        passes_on(f"{_name}(x::Missing, y::Number)")
        passes_on(f"{_name}(x::Number, y::Missing)")
passes_on("^(x::Missing, p::Integer)")
for _name in (
    "+",
    "-",
    "*",
    "abs",
    "abs2",
    "sign",
    "real",
    "imag",
    "conj",
    "zero",
    "one",
    "oneunit",
    "inv",
    "iseven",
    "isodd",
    "isinteger",
    "isreal",
    "iszero",
    "ispow2",
    "float",
    "complex",
    "adjoint",
    "transpose",
    "exponent",
):
    passes_on(f"{_name}(x::Missing)")
passes_on("~(x::Missing)")
passes_on("*(x::Missing, y::Union{AbstractString,AbstractChar})")
passes_on("*(x::Union{AbstractString,AbstractChar}, y::Missing)")
for _name in ("zero", "one", "oneunit", "float", "complex"):
    Base.method(f"{_name}(t::Type{{>:Missing}})")(lambda t, name=_name: missing_or(name, t))


def missing_or(name: str, t: Any) -> Any:
    """`zero` and its like of `Union{T, Missing}`: that of `T`; of types, with Missing again."""
    if t is V.Missing_:
        return t if name in ("float", "complex") else MISSING
    if t is T.Any_:
        raise MethodError(Base.bindings[name], (t,), None)
    out = Base.bindings[name](without(t, V.Missing_))
    return T.union(out, V.Missing_) if isinstance(out, T.JuliaType) else out


for _name in ("min", "max"):
    passes_on(f"{_name}(x::Missing, y::Missing)")
    passes_on(f"{_name}(x::Missing, y::Number)")
    passes_on(f"{_name}(x::Number, y::Missing)")


def rounded_missing(name: str, mode: str) -> None:
    """`round(T, missing)`: only a `T` that takes in missing has an answer."""

    @Base.method(f"{name}(t::Type, x::Missing{mode})")
    def of_missing(t: Any, x: Any, *_: Any) -> Any:
        if T.isa(x, t):
            return x
        shown = T.type_string(t)
        raise MissingException(
            f"cannot convert a missing value to type {shown}: use Union{{{shown}, Missing}} instead"
        )

    @Base.method(f"{name}(t::Type{{>:Missing}}, x::Real{mode})")
    def of_number(t: Any, x: Any, *by: Any) -> Any:
        return Base.bindings[name](without(t, V.Missing_), x, *by)


for _name in ("round", "floor", "ceil", "trunc"):
    rounded_missing(_name, "")
rounded_missing("round", ", r::RoundingMode")

for _x, _y in (("Missing", "Missing"), ("Missing", "Any"), ("Any", "Missing")):

    @Base.method(f"isapprox(x::{_x}, y::{_y}; kwargs...)")
    def near_missing(x: Any, y: Any, **_: Any) -> Any:
        return MISSING


@Base.method("convert(::Type{Missing}, x::Missing)")
def convert_missing(_: Any, x: Any) -> Any:
    return x


# ---------------------------------------------------------------- skipmissing

SkipMissing_ = T.define("SkipMissing", T.Any_, [T.TypeVar("T")], module=Base)
T.unwrap(SkipMissing_).typename.fields = ("x",)
T.unwrap(SkipMissing_).typename.field_types = (T.Any_,)
Base.const("SkipMissing", SkipMissing_, export=False)


class SkipMissing:
    """`skipmissing(itr)`"""

    __slots__ = ("x",)
    fields = value_fields = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def julia_iterator(self) -> Iterator[Any]:
        return (v for v in support.iterate(self.x) if v is not MISSING)

    def __iter__(self) -> Iterator[Any]:
        return self.julia_iterator()

    @property
    def empty_eltype(self) -> Any:
        return element_type(self)


T.register_instances(SkipMissing, lambda s: T.apply_type(SkipMissing_, T.typeof(s.x)), SkipMissing_)


@Base.method("skipmissing(itr)")
def skipmissing(x: Any) -> Any:
    """An iterator over the elements that are not missing.

    ```jldoctest
    julia> sum(skipmissing([1, missing, 2]))
    3

    julia> collect(skipmissing([1, missing, 2]))
    2-element Vector{Int64}:
     1
     2
    ```
    """
    return SkipMissing(x)


def element_type(s: SkipMissing) -> Any:
    t = eltype_of(s.x) if is_array(s.x) else Base.bindings["eltype"](s.x)
    return without(t, V.Missing_)


@Base.method("IteratorSize(::Type{<:Base.SkipMissing})", export=False)
def skip_size(_: Any, t: Any) -> Any:
    return SizeUnknown


@Base.method("iterate(s::Base.SkipMissing)")
def skip_start(s: SkipMissing) -> Any:
    return skip_next(s, None)


@Base.method("iterate(s::Base.SkipMissing, state)")
def skip_next(s: SkipMissing, state: Any) -> Any:
    step = Base.bindings["iterate"]
    found = step(s.x) if state is None else step(s.x, state)
    while found is not None and found[0] is MISSING:
        found = step(s.x, found[1])
    return found


@Base.method("eltype(s::Base.SkipMissing)")
def skip_eltype(s: SkipMissing) -> Any:
    return element_type(s)


@Base.method("collect(s::Base.SkipMissing)")
def skip_collect(s: SkipMissing) -> Any:
    found = list(s.julia_iterator())
    return (
        gather(found, None) if eltype_of_iterator(s.x) is None else vector(found, element_type(s))
    )


@Base.method("getindex(s::Base.SkipMissing, i...)")
def skip_getindex(s: SkipMissing, *i: Any) -> Any:
    value = GETINDEX(s.x, *i)
    if value is MISSING:
        raise MissingException(f"the value at index {Base.bindings['repr'](i)} is missing")
    return value


def present(s: SkipMissing) -> list[Any]:
    """The keys of the elements that are there."""
    shape = shape_of(s.x)
    return [key_at(i, shape) for i, v in enumerate(values_of(s.x)) if v is not MISSING]


@Base.method("eachindex(s::Base.SkipMissing)")
def skip_indices(s: SkipMissing) -> Any:
    return (
        vector(
            [i for i in Base.bindings["eachindex"](s.x) if GETINDEX(s.x, i) is not MISSING], T.Int64
        )
        if (Base.bindings["IndexStyle"](T.typeof(s.x)) is Base.bindings["IndexLinear"]())
        else skip_keys(s)
    )


@Base.method("keys(s::Base.SkipMissing)")
def skip_keys(s: SkipMissing) -> Any:
    return gather(present(s), None)


def seeking(name: str) -> None:
    @Base.method(f"{name}(f::Function, s::Base.SkipMissing)")
    def seek(f: Any, s: SkipMissing) -> Any:
        return Base.bindings[name](lambda x: x is not MISSING and f(x), s.x)


for _name in ("findall", "findfirst", "findlast"):
    seeking(_name)


def extreme(name: str) -> None:
    @Base.method(f"{name}(s::Base.SkipMissing)")
    def of(s: SkipMissing) -> Any:
        keys = present(s)
        found, i = Base.bindings["find" + name[-3:]](skip_collect(s))
        key = keys[i - 1]
        return (found, key) if name.startswith("find") else key


for _name in ("argmax", "argmin", "findmax", "findmin"):
    extreme(_name)


@Base.method("filter(f, s::Base.SkipMissing)")
def skip_filter(f: Any, s: SkipMissing) -> Any:
    return vector([x for x in s.julia_iterator() if f(x)], element_type(s))


@Base.method("show(io::IO, s::Base.SkipMissing)")
def skip_show(io: Any, s: SkipMissing) -> None:
    io.write("skipmissing(")
    Base.bindings["show"](io, s.x)
    io.write(")")
