"""Which type two kinds of ranges promote to, and conversion from one kind to another."""

from __future__ import annotations

from typing import Any

from juliette.base import ranges as made
from juliette.base.numbers import promotion
from juliette.base.numbers.promotion import promote_type
from juliette.runtime import ranges as R
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base
from juliette.runtime.numeric import FLOATS

UNIT, ONE_TO, STEPS, STEPS_LENGTH, LINEAR = (
    T.unwrap(t).typename
    for t in (R.UnitRange_, R.OneTo_, R.StepRange_, R.StepRangeLen_, R.LinRange_)
)
# From the narrowest family to the widest: a pair of types goes to the wider one.
WIDTH = {family: i for i, family in enumerate((ONE_TO, UNIT, STEPS, LINEAR, STEPS_LENGTH))}


def promoted(a: T.DataType, b: T.DataType) -> Any:
    """The type for ranges of two types, each `UnitRange{T}` or the like."""
    family = max(a.typename, b.typename, key=WIDTH.__getitem__)
    eltype = promote_type(a.parameters[0], b.parameters[0])
    if family is STEPS:
        steps = [t.parameters[1] if t.typename is STEPS else t.parameters[0] for t in (a, b)]
        return T.apply_type(R.StepRange_, eltype, promote_type(*steps))
    if family is STEPS_LENGTH:
        return steps_length_type(eltype, a, b)
    if family is LINEAR:
        return T.apply_type(R.LinRange_, eltype, T.Int64)
    return T.apply_type(family.wrapper, eltype)


def steps_length_type(eltype: Any, *types: Any) -> Any:
    """`StepRangeLen` over an element type, with the precision of the parts that it has here."""
    if eltype in FLOATS:
        return R.float_class(eltype).julia_type  # type: ignore[attr-defined]
    parts = [
        t.parameters[1:3] if t.typename is STEPS_LENGTH else (t.parameters[0],) * 2 for t in types
    ]
    ref, step = (
        promote_type(*pair) if len(pair) == 2 else pair[0] for pair in zip(*parts, strict=True)
    )
    return T.apply_type(R.StepRangeLen_, eltype, ref, step, T.Int64)


promotion.set_range_rule(frozenset(WIDTH), promoted)


@Base.method("convert(t::Type{<:AbstractRange}, r::AbstractRange)")
def convert_range(t: Any, r: Any) -> Any:
    """The same range as another kind of range."""
    if T.isa(r, t):
        return r
    body = T.unwrap(t)
    family = body.typename
    given = (
        body.parameters[0]
        if body.parameters and not isinstance(body.parameters[0], T.TypeVar)
        else r.eltype
    )
    convert = Base.bindings["convert"]
    first = convert(given, r.first if len(r) else r.start)
    if family in (UNIT, ONE_TO) and isinstance(r, V.UnitRange):
        return (
            R.unit_range(first, convert(given, r.stop), given)
            if family is UNIT
            else made.one_to(r.stop)
        )
    if family is STEPS and isinstance(r, (V.UnitRange, V.StepRange)):
        by = body.parameters[1]
        step = convert(r.eltype if isinstance(by, T.TypeVar) else by, r.step)
        return V.StepRange(first, step, convert(given, r.stop))
    if family is LINEAR:
        return V.LinRange(first, convert(given, r.last if len(r) else r.stop), len(r))
    if family is STEPS_LENGTH:
        return (
            made.by_length(first, convert(given, r.step), len(r), False)
            if given in FLOATS
            else (R.general_steps(first, r.step, len(r)))
        )
    raise MethodError(Base.bindings["convert"], (t, r), None)
