"""Arithmetic that keeps structure: sums, products and multiples of structured matrices, and of `I`.

The result of a sum has as many diagonals as its operands have together; the type follows from that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_arithmetic import same_shape
from juliette.base.array_protocol import dense, eltype_of, shape_of
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import wrappers as W
from juliette.runtime.errors import DimensionMismatch, JuliaException
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S

LinearAlgebra = PACKAGES["LinearAlgebra"]
BANDED = (
    "Union{"
    + ",".join(
        f"LinearAlgebra.{n}"
        for n in (
            "Diagonal",
            "Bidiagonal",
            "Tridiagonal",
            "SymTridiagonal",
            "AbstractTriangular",
            "UpperHessenberg",
        )
    )
    + "}"
)
MIRRORED = "Union{LinearAlgebra.Symmetric,LinearAlgebra.Hermitian}"
ANY = "Union{" + BANDED + "," + MIRRORED + "}"


def plain(a: Any) -> Any:
    """The matrix as an Array."""
    return K.result_array(np.array(dense(a), order="F"))


def elementwise(f: Any, *xs: Any) -> Any:
    """A dotted call of plain arrays."""
    return B.materialize(B.broadcasted(f, *xs))


def of_band(out: Any, low: int, high: int, *sources: Any) -> Any:
    """A result with these diagonals, in the type that holds no more."""
    if low == 0 and high == 0:
        return S.Diagonal(S.diagonal_of(out))
    if all(isinstance(s, S.Diagonal | S.SymTridiagonal) for s in sources) and low == high == 1:
        return S.SymTridiagonal(S.diagonal_of(out), S.diagonal_of(out, 1))
    narrow = all(isinstance(s, S.Diagonal | S.Bidiagonal) for s in sources)
    if narrow and (low, high) in ((0, 1), (1, 0)):
        return S.Bidiagonal(
            S.diagonal_of(out), S.diagonal_of(out, high - low), "U" if high else "L"
        )
    if low <= 1 and high <= 1:
        return S.Tridiagonal(S.diagonal_of(out, -1), S.diagonal_of(out), S.diagonal_of(out, 1))
    if low == 0:
        return S.UpperTriangular(out)
    if high == 0:
        return S.LowerTriangular(out)
    if low == 1 and any(isinstance(s, S.UpperHessenberg) for s in sources):
        return S.UpperHessenberg(out)
    return out


def add(name: str) -> None:
    f = Base.bindings[name]

    @Base.method(f"{name}(A::{BANDED}, B::{BANDED})")
    def both(a: Any, b: Any) -> Any:
        same_shape(a, b)
        return of_band(
            elementwise(f, plain(a), plain(b)), max(a.low, b.low), max(a.high, b.high), a, b
        )

    for kind in ("Symmetric", "Hermitian"):

        @Base.method(f"{name}(A::LinearAlgebra.{kind}, B::LinearAlgebra.{kind})")
        def mirrored(a: Any, b: Any) -> Any:
            same_shape(a, b)
            return type(a).__mro__[1](elementwise(f, plain(a), plain(b)), a.uplo_text)

        # A complex diagonal makes a sum that is its own adjoint no more.
        diagonal = "Diagonal{<:Real}" if kind == "Hermitian" else "Diagonal"

        @Base.method(f"{name}(A::LinearAlgebra.{kind}, B::LinearAlgebra.{diagonal})")
        def with_diagonal(a: Any, b: Any) -> Any:
            return type(a).__mro__[1](elementwise(f, plain(a), plain(b)), a.uplo_text)

        @Base.method(f"{name}(A::LinearAlgebra.{diagonal}, B::LinearAlgebra.{kind})")
        def diagonal_with(a: Any, b: Any) -> Any:
            return type(b).__mro__[1](elementwise(f, plain(a), plain(b)), b.uplo_text)

    real = "LinearAlgebra.Symmetric{<:Real}"

    @Base.method(f"{name}(A::LinearAlgebra.Hermitian, B::{real})")
    @Base.method(f"{name}(A::{real}, B::LinearAlgebra.Hermitian)")
    def mixed(a: Any, b: Any) -> Any:
        same_shape(a, b)
        return S.Hermitian(elementwise(f, plain(a), plain(b)), a.uplo_text)

    @Base.method(f"{name}(A::AbstractMatrix, s::LinearAlgebra.UniformScaling)")
    def plus_scaling(a: Any, s: Any) -> Any:
        n = K.check_square(a)
        return f(a, S.Diagonal(Base.bindings["fill"](s.value, n)))

    @Base.method(f"{name}(s::LinearAlgebra.UniformScaling, A::AbstractMatrix)")
    def scaling_plus(s: Any, a: Any) -> Any:
        n = K.check_square(a)
        return f(S.Diagonal(Base.bindings["fill"](s.value, n)), a)

    @Base.method(f"{name}(a::LinearAlgebra.UniformScaling, b::LinearAlgebra.UniformScaling)")
    def scalings(a: Any, b: Any) -> Any:
        return S.UniformScaling(f(a.value, b.value))


add("+")
add("-")


def rebuilt(a: Any, f: Any) -> Any:
    """The same structure with `f` applied to what is stored."""
    if isinstance(a, S.Diagonal):
        return S.Diagonal(f(a.diag))
    if isinstance(a, S.Bidiagonal):
        return S.Bidiagonal(f(a.dv), f(a.ev), a.uplo_text)
    if isinstance(a, S.Tridiagonal):
        return S.Tridiagonal(f(a.dl), f(a.d), f(a.du))
    if isinstance(a, S.SymTridiagonal):
        return S.SymTridiagonal(f(a.dv), f(a.ev))
    if isinstance(a, S.Mirrored):
        return type(a).__mro__[1](f(plain(a)), a.uplo_text)
    if a.unit:
        return (S.LowerTriangular if a.lower else S.UpperTriangular)(f(plain(a)))
    return type(a).__mro__[1](f(plain(a)))


def scale(name: str) -> None:
    f = Base.bindings[name]

    @Base.method(f"{name}(A::{ANY}, x::Number)")
    def right(a: Any, x: Any) -> Any:
        return rebuilt(a, lambda v: elementwise(f, v, x))

    @Base.method(f"{name}(s::LinearAlgebra.UniformScaling, x::Number)")
    def scaling(s: Any, x: Any) -> Any:
        return S.UniformScaling(f(s.value, x))


scale("*")
scale("/")


@Base.method(f"*(x::Number, A::{ANY})")
def scale_left(x: Any, a: Any) -> Any:
    return rebuilt(a, lambda v: elementwise(Base.bindings["*"], x, v))


@Base.method("*(x::Number, s::LinearAlgebra.UniformScaling)")
def scale_scaling(x: Any, s: Any) -> Any:
    return S.UniformScaling(Base.bindings["*"](x, s.value))


@Base.method(f"-(A::{ANY})")
def negative(a: Any) -> Any:
    return rebuilt(a, Base.bindings["-"])


@Base.method("-(s::LinearAlgebra.UniformScaling)")
def negative_scaling(s: Any) -> Any:
    return S.UniformScaling(Base.bindings["-"](s.value))


@Base.method(f"copy(A::{ANY})")
def copied(a: Any) -> Any:
    copy = Base.bindings["copy"]
    if isinstance(a, S.Part):
        return type(a).__mro__[1](copy(a.parent))
    if isinstance(a, S.Mirrored):
        return type(a).__mro__[1](copy(a.parent), a.uplo_text)
    return rebuilt(a, copy)


@Base.method("copyto!(A::LinearAlgebra.SymTridiagonal, B::LinearAlgebra.SymTridiagonal)")
def copy_into(a: Any, b: Any) -> Any:
    same_shape(a, b)
    for to, source in ((a.dv, b.dv), (a.ev, b.ev)):
        Base.bindings["copyto!"](to, source)
    return a


def checked(a: Any, b: Any) -> None:
    m, n = shape_of(a)[1], shape_of(b)[0]
    if m != n:
        raise DimensionMismatch(
            f"second dimension of A, {m}, does not match first dimension of B, {n}"
        )


@Base.method(f"*(A::{BANDED}, B::{BANDED})")
def product(a: Any, b: Any) -> Any:
    """The product of structured matrices, with the diagonals that it can have."""
    checked(a, b)
    out = Base.bindings["*"](plain(a), plain(b))
    low, high = a.low + b.low, a.high + b.high
    diagonal = isinstance(a, S.Diagonal) or isinstance(b, S.Diagonal)
    if diagonal and not (isinstance(a, S.SymTridiagonal) or isinstance(b, S.SymTridiagonal)):
        return of_band(out, low, high, a, b)
    if low == 0 and high:
        return S.UpperTriangular(out)
    if high == 0 and low:
        return S.LowerTriangular(out)
    return of_band(out, 1, 1, S.Tridiagonal) if diagonal else out


@Base.method("*(A::AbstractMatrix, s::LinearAlgebra.UniformScaling)")
def times_scaling(a: Any, s: Any) -> Any:
    return Base.bindings["*"](a, s.value)


@Base.method("*(s::LinearAlgebra.UniformScaling, A::AbstractMatrix)")
def scaling_times(s: Any, a: Any) -> Any:
    return Base.bindings["*"](s.value, a)


@Base.method("*(s::LinearAlgebra.UniformScaling, v::AbstractVector)")
def scaling_vector(s: Any, v: Any) -> Any:
    return Base.bindings["*"](s.value, v)


@Base.method("*(a::LinearAlgebra.UniformScaling, b::LinearAlgebra.UniformScaling)")
def scaling_scaling(a: Any, b: Any) -> Any:
    return S.UniformScaling(Base.bindings["*"](a.value, b.value))


@Base.method("\\(s::LinearAlgebra.UniformScaling, A::AbstractVecOrMat)")
def scaling_solve(s: Any, a: Any) -> Any:
    return Base.bindings["\\"](s.value, a)


@Base.method("/(A::AbstractMatrix, s::LinearAlgebra.UniformScaling)")
def over_scaling(a: Any, s: Any) -> Any:
    return Base.bindings["/"](a, s.value)


@Base.method("/(s::LinearAlgebra.UniformScaling, A::AbstractMatrix)", transparent=True)
def scaling_over(s: Any, a: Any) -> Any:
    return Base.bindings["*"](s.value, Base.bindings["inv"](a))


@Base.method("\\(A::AbstractMatrix, s::LinearAlgebra.UniformScaling)", transparent=True)
def under_scaling(a: Any, s: Any) -> Any:
    return Base.bindings["*"](s.value, Base.bindings["inv"](a))


@Base.method("muladd(A::AbstractMatrix, y::AbstractVecOrMat, z)", transparent=True)
def muladd(a: Any, y: Any, z: Any) -> Any:
    out = Base.bindings["*"](a, y)
    return Base.bindings["broadcast"](Base.bindings["+"], out, z)


@Base.method("^(s::LinearAlgebra.UniformScaling, p::Number)")
def scaling_power(s: Any, p: Any) -> Any:
    return S.UniformScaling(Base.bindings["^"](s.value, p))


@Base.method("inv(s::LinearAlgebra.UniformScaling)")
def scaling_inverse(s: Any) -> Any:
    return S.UniformScaling(Base.bindings["inv"](s.value))


for _name in ("adjoint", "transpose", "conj"):

    @Base.method(f"{_name}(s::LinearAlgebra.UniformScaling)")
    def _turned_scaling(s: Any, name: str = _name) -> Any:
        return S.UniformScaling(Base.bindings[name](s.value))


@Base.method("==(a::LinearAlgebra.UniformScaling, b::LinearAlgebra.UniformScaling)")
def equal_scalings(a: Any, b: Any) -> Any:
    return Base.bindings["=="](a.value, b.value)


@Base.method("==(A::AbstractMatrix, s::LinearAlgebra.UniformScaling)")
def equal_to_scaling(a: Any, s: Any) -> Any:
    m, n = shape_of(a)
    return m == n and Base.bindings["=="](a, S.matrix_of(s, m, n))


@Base.method("==(s::LinearAlgebra.UniformScaling, A::AbstractMatrix)")
def scaling_equal(s: Any, a: Any) -> Any:
    return equal_to_scaling(a, s)


@Base.method("isapprox(A::AbstractMatrix, s::LinearAlgebra.UniformScaling; atol=0, rtol=nothing)")
def near_scaling(a: Any, s: Any, **keywords: Any) -> Any:
    m, n = shape_of(a)
    return (
        Base.bindings["isapprox"].call_kw(keywords, a, S.matrix_of(s, m, n))
        if keywords
        else Base.bindings["isapprox"](a, S.matrix_of(s, m, n))
    )


@Base.method("getindex(s::LinearAlgebra.UniformScaling, i::Integer, j::Integer)")
def scaling_element(s: Any, i: int, j: int) -> Any:
    return s.value if i == j else Base.bindings["zero"](s.value)


@Base.method("eltype(s::LinearAlgebra.UniformScaling)")
def scaling_eltype(s: Any) -> Any:
    return T.typeof(s.value)


@Base.method('show(io::IO, m::MIME"text/plain", s::LinearAlgebra.UniformScaling)')
def show_scaling(io: Any, mime: Any, s: Any) -> None:
    text = Base.bindings["repr"](s.value)
    if "+" in text[1:] or "-" in text[1:]:
        text = f"({text})"
    io.write(f"{T.type_string(T.typeof(s))}\n{text}*I")


@Base.method("show(io::IO, s::LinearAlgebra.UniformScaling)")
def show_scaling_short(io: Any, s: Any) -> None:
    io.write(f"{T.type_string(T.typeof(s))}({Base.bindings['repr'](s.value)})")


# ---------------------------------------------------------------- turning around


def turn(name: str, conjugates: bool) -> None:
    """`adjoint` and `transpose` of structured matrices."""
    each = Base.bindings[name]

    def over(v: Any) -> Any:
        t = eltype_of(v)
        if T.subtype(t, T.Real) or (not conjugates and T.subtype(t, T.Number)):
            return v
        return elementwise(each, v)

    @Base.method(f"{name}(A::{BANDED})")
    def turned(a: Any) -> Any:
        if isinstance(a, S.Diagonal):
            return S.Diagonal(over(a.diag))
        if isinstance(a, S.Bidiagonal):
            return S.Bidiagonal(over(a.dv), over(a.ev), "L" if a.uplo_text == "U" else "U")
        if isinstance(a, S.Tridiagonal):
            return S.Tridiagonal(over(a.du), over(a.d), over(a.dl))
        if isinstance(a, S.SymTridiagonal):
            return a if not conjugates else S.SymTridiagonal(over(a.dv), over(a.ev))
        if isinstance(a, S.UpperHessenberg):
            return (W.Adjoint if conjugates else W.Transpose)(a)
        other = {
            S.UpperTriangular: S.LowerTriangular,
            S.LowerTriangular: S.UpperTriangular,
            S.UnitUpperTriangular: S.UnitLowerTriangular,
            S.UnitLowerTriangular: S.UnitUpperTriangular,
        }[type(a).__mro__[1]]
        return other(each(a.parent))

    @Base.method(f"{name}(A::{MIRRORED})")
    def mirrored(a: Any) -> Any:
        if a.conjugate is conjugates or T.subtype(a.eltype, T.Real):
            return a
        return type(a).__mro__[1](elementwise(Base.bindings["conj"], plain(a)), a.uplo_text)


turn("adjoint", True)
turn("transpose", False)

for _kind, _other in (("Adjoint", "transpose"), ("Transpose", "adjoint")):
    _vector = f"LinearAlgebra.{_kind}{{<:Any,<:AbstractVector}}"
    Base.method(f"similar(A::{_vector})")(
        lambda a: type(a).__mro__[1](Base.bindings["similar"](a.parent))
    )
    Base.method(f"similar(A::{_vector}, t::Type)")(
        lambda a, t: type(a).__mro__[1](Base.bindings["similar"](a.parent, t))
    )

    @Base.method(f"conj(A::LinearAlgebra.{_kind}{{<:Complex}})")
    def conjugate_turned(a: Any, other: str = _other) -> Any:
        return Base.bindings[other](a.parent)


@Base.method(f"similar(A::{BANDED}, t::Type)")
def similar_structured(a: Any, t: Any) -> Any:
    """A matrix of the same structure, with another element type."""
    from juliette.base.array_construction import SIMILAR

    return rebuilt(a, lambda v: SIMILAR(v, t))


@Base.method("one(A::LinearAlgebra.Diagonal)")
def one_diagonal(a: Any) -> Any:
    return S.Diagonal(Base.bindings["ones"](a.eltype, a.n))


def structured_broadcast(f: Any, args: tuple[Any, ...]) -> Any:
    """A dotted call keeps the structure if it gives zero where nothing is stored."""
    parts = [x for x in args if isinstance(x, S.Structured)]
    others = [x for x in args if not isinstance(x, S.Structured)]
    if any(isinstance(x, S.Mirrored) for x in parts):
        return None
    if not all(isinstance(x, (int, float, complex, np.generic)) for x in others):
        return None
    sample = [S.zero_of(x.eltype) if isinstance(x, S.Structured) else x for x in args]
    try:
        kept = Base.bindings["iszero"](f(*sample)) is True
    except JuliaException:
        return None
    if not kept:
        return None
    if len(parts) == 1:
        a = parts[0]
        return rebuilt(a, lambda v: elementwise(f, *[v if x is a else x for x in args]))
    if any(x.shape != parts[0].shape for x in parts):
        return None
    out = elementwise(f, *[plain(x) if isinstance(x, S.Structured) else x for x in args])
    return of_band(out, max(x.low for x in parts), max(x.high for x in parts), *parts)


S.BROADCAST = structured_broadcast
