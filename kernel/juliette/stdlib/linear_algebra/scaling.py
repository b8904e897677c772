"""`I` and its multiples as matrices of any size: their elements, functions and questions."""

from __future__ import annotations

from typing import Any

from juliette.base.array_protocol import from_values, shape_of, values_of
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.structured_arithmetic import scaling_element

LinearAlgebra = PACKAGES["LinearAlgebra"]
ELEMENTARY = tuple(
    f"{prefix}{name}{suffix}"
    for name in ("sin", "cos", "tan", "sec", "csc", "cot")
    for prefix in ("", "a")
    for suffix in ("", "h")
)
OTHERS = ("exp", "log", "expm1", "log1p", "sqrt", "cbrt", "real", "imag")


def with_number(name: str) -> None:
    """Beside a number, `λ*I` is the number λ."""
    f = Base.bindings[name]
    Base.method(f"{name}(s::LinearAlgebra.UniformScaling, x::Number)")(lambda s, x: f(s.value, x))
    Base.method(f"{name}(x::Number, s::LinearAlgebra.UniformScaling)")(lambda x, s: f(x, s.value))


with_number("+")
with_number("-")
Base.method("\\(x::Number, s::LinearAlgebra.UniformScaling)")(
    lambda x, s: S.UniformScaling(Base.bindings["\\"](x, s.value))
)
Base.method("ndims(s::LinearAlgebra.UniformScaling)")(lambda s: 2)
LinearAlgebra.method("isposdef(s::LinearAlgebra.UniformScaling)")(
    lambda s: LinearAlgebra.bindings["isposdef"](s.value)
)


@LinearAlgebra.method("dot(A::AbstractMatrix, s::LinearAlgebra.UniformScaling)")
def dot_scaling(a: Any, s: Any) -> Any:
    return LinearAlgebra.bindings["dot"](a, S.matrix_of(s, *shape_of(a)))


@LinearAlgebra.method("dot(s::LinearAlgebra.UniformScaling, A::AbstractMatrix)")
def scaling_dot(s: Any, a: Any) -> Any:
    return LinearAlgebra.bindings["dot"](S.matrix_of(s, *shape_of(a)), a)


@LinearAlgebra.method("dot(x::AbstractVector, s::LinearAlgebra.UniformScaling, y::AbstractVector)")
def dot_through_scaling(x: Any, s: Any, y: Any) -> Any:
    return LinearAlgebra.bindings["dot"](x, Base.bindings["*"](s, y))


@Base.method("getindex(s::LinearAlgebra.UniformScaling, i, j)")
def scaling_block(s: Any, i: Any, j: Any) -> Any:
    """The rows and columns that a matrix of any size would have there."""
    rows, columns = positions(i), positions(j)
    if isinstance(i, int) or isinstance(j, int):
        several: Any = columns if isinstance(i, int) else rows
        one = rows if isinstance(i, int) else columns
        return from_values([scaling_element(s, k, one) for k in several], (len(several),))
    items = [scaling_element(s, r, c) for c in columns for r in rows]
    return from_values(items, (len(rows), len(columns)))


def positions(i: Any) -> Any:
    return i if isinstance(i, int) else list(values_of(i))


@Base.method("copyto!(A::AbstractMatrix, s::LinearAlgebra.UniformScaling)")
def scaling_into(a: Any, s: Any) -> Any:
    return Base.bindings["copyto!"](a, S.matrix_of(s, *shape_of(a)))


for _name in ("one", "zero", "oneunit", "copy", *OTHERS, *ELEMENTARY):

    @Base.method(f"{_name}(s::LinearAlgebra.UniformScaling)")
    def scaling_function(s: Any, name: str = _name) -> Any:
        return S.UniformScaling(Base.bindings[name](s.value))


for _name in ("isdiag", "istriu", "istril", "issymmetric"):
    LinearAlgebra.method(f"{_name}(s::LinearAlgebra.UniformScaling)")(lambda s: True)
LinearAlgebra.method("ishermitian(s::LinearAlgebra.UniformScaling)")(
    lambda s: Base.bindings["isreal"](s.value)
)
LinearAlgebra.method("pinv(s::LinearAlgebra.UniformScaling)")(
    lambda s: S.UniformScaling(Base.bindings["inv"](s.value) if s.value else 0.0)
)
LinearAlgebra.method("opnorm(s::LinearAlgebra.UniformScaling, p::Real=2)")(
    lambda s, p=2: Base.bindings["abs"](s.value)
)
LinearAlgebra.method("cond(s::LinearAlgebra.UniformScaling)")(
    lambda s: 1.0 if s.value else float("inf")
)


@Base.method("isapprox(s::LinearAlgebra.UniformScaling, A::AbstractMatrix; atol=0, rtol=nothing)")
def scaling_near(s: Any, a: Any, **keywords: Any) -> Any:
    return Base.bindings["isapprox"].call_kw(keywords, a, s)


@Base.method("isapprox(a::LinearAlgebra.UniformScaling, b::LinearAlgebra.UniformScaling; atol=0)")
def scalings_near(a: Any, b: Any, **keywords: Any) -> Any:
    return Base.bindings["isapprox"].call_kw(keywords, a.value, b.value)
