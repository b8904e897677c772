"""Operators and functions of Base on matrices; LinearAlgebra does the work when first asked."""

from __future__ import annotations

from typing import Any

from juliette.runtime.modules import PACKAGES, Base


def work() -> Any:
    """The module of LinearAlgebra that solves, inverts and raises to powers."""
    if WORK is None:
        PACKAGES["LinearAlgebra"].load()
    return WORK


# Set by LinearAlgebra when it is loaded: `WORK`, and the Kronecker product with its form in place.
WORK: Any = None
KRONECKER: list[Any] = []


@Base.method("\\(A::AbstractVecOrMat, B::AbstractVecOrMat)")
def left_divide(a: Any, b: Any) -> Any:
    """The solution of `A*x == b`, or the one of least squares.

    ```jldoctest
    julia> [2 0; 0 4] \\ [2, 2]
    2-element Vector{Float64}:
     1.0
     0.5
    ```
    """
    return work().solve(a, b)


@Base.method("/(A::AbstractVecOrMat, B::AbstractVecOrMat)")
def right_divide(a: Any, b: Any) -> Any:
    """The solution of `x*B == A`.

    ```jldoctest
    julia> [2 4] / [2 0; 0 4]
    1×2 Matrix{Float64}:
     1.0  1.0
    ```
    """
    return work().divide(a, b)


@Base.method("inv(A::AbstractMatrix)")
def inverse(a: Any) -> Any:
    """The inverse matrix.

    ```jldoctest
    julia> inv([2.0 0.0; 0.0 4.0])
    2×2 Matrix{Float64}:
     0.5  0.0
     0.0  0.25
    ```
    """
    return work().inverse(a)


@Base.method("^(A::AbstractMatrix, p::Number)")
def power(a: Any, p: Any) -> Any:
    """The matrix multiplied by itself.

    ```jldoctest
    julia> [1 1; 0 1]^3
    2×2 Matrix{Int64}:
     1  3
     0  1
    ```
    """
    return work().power(a, p)


@Base.method("^(x::Number, A::AbstractMatrix)")
def number_power(x: Any, a: Any) -> Any:
    return work().number_power(x, a)


def matrix_function(name: str) -> None:
    @Base.method(f"{name}(A::AbstractMatrix)")
    def f(a: Any) -> Any:
        return work().matrix_function(name, a)

    f.__doc__ = f"The matrix function `{name}`, not the function of each element."


@Base.method("sincos(A::AbstractMatrix)", transparent=True)
def sincos(a: Any) -> Any:
    """The sine and the cosine of a matrix."""
    return Base.bindings["sin"](a), Base.bindings["cos"](a)


for _name in (
    "exp",
    "log",
    "sqrt",
    "cbrt",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "asin",
    "acos",
    "atan",
    "asinh",
    "acosh",
    "atanh",
):
    matrix_function(_name)


def reciprocal(name: str, of: str) -> None:
    """Secant and its relatives: the inverse of a function of a matrix, or a function of its inverse."""

    @Base.method(f"{name}(A::AbstractMatrix)", transparent=True)
    def f(a: Any) -> Any:
        return Base.bindings["inv"](Base.bindings[of](a))

    @Base.method(f"a{name}(A::AbstractMatrix)", transparent=True)
    def back(a: Any) -> Any:
        return Base.bindings[f"a{of}"](Base.bindings["inv"](a))

    f.__doc__ = f"The matrix function `{name}`, not the function of each element."


for _name, _of in (("sec", "cos"), ("csc", "sin"), ("cot", "tan")):
    reciprocal(_name, _of)
    reciprocal(f"{_name}h", f"{_of}h")


@Base.method("kron(A, Bs...)")
def kron(a: Any, *bs: Any) -> Any:
    """The Kronecker product: each element of the first, times all of the second.

    ```jldoctest
    julia> kron([1, 10], [1, 2])
    4-element Vector{Int64}:
      1
      2
     10
     20
    ```
    """
    work()
    return KRONECKER[0](a, *bs)


@Base.method("kron!(C::AbstractArray, A, B)")
def kron_into(c: Any, a: Any, b: Any) -> Any:
    """Write the Kronecker product of `A` and `B` into `C`."""
    work()
    return KRONECKER[1](c, a, b)
