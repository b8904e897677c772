"""Making sparse arrays: from places and values, from other arrays, at random."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_construction import FROM_VALUE
from juliette.base.array_protocol import (
    convert_data,
    convert_element,
    dense,
    eltype_of,
    is_array,
    shape_of,
    shaped,
)
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import pack
from juliette.runtime.errors import ArgumentError, ErrorException, NoMethod
from juliette.runtime.modules import PACKAGES, Base, constructors
from juliette.stdlib.sparse_arrays.kinds import (
    SPARSE,
    TURNED,
    SparseMatrix_,
    SparseVector_,
    blank,
    columns_of,
    method,
    over,
    sparse_of,
)
from juliette.stdlib.sparse_arrays.storage import Columns, from_triplets


def op(name: str, *args: Any) -> Any:
    return Base.bindings[name](*args)


def values_for(v: Any, count: int) -> tuple[Any, Any]:
    """Values as an ndarray, and their type; a number stands for many."""
    if is_array(v):
        return dense(v), eltype_of(v)
    t = T.typeof(v)
    return shaped([v] * count, t, (count,)), t


def default_combine(eltype: Any) -> Any:
    """How values of one place are joined: as sums, or as `|` of Booleans."""
    return Base.bindings["|" if eltype is T.Bool else "+"]


def places(x: Any) -> Any:
    """Indices from 0."""
    if not T.subtype(x.eltype, T.Integer) and not all([T.isa(i, T.Integer) for i in dense(x).flat]):
        raise NoMethod("places are whole numbers")
    return np.asarray(dense(x)).astype(np.int64) - 1


def limit(index: Any) -> int:
    return int(index.max(initial=-1)) + 1


# ---------------------------------------------------------------- from places and values


@method("sparse(I::AbstractVector, J::AbstractVector, V, m=nothing, n=nothing, combine=nothing)")
def sparse(i: Any, j: Any, v: Any, m: Any = None, n: Any = None, combine: Any = None) -> Any:
    """A sparse matrix from places and values, or from another matrix.

    ```jldoctest
    julia> using SparseArrays

    julia> sparse([1, 2], [1, 3], [5, 7])
    2×3 SparseMatrixCSC{Int64, Int64} with 2 stored entries:
     5  ⋅  ⋅
     ⋅  ⋅  7
    ```
    """
    rows, cols = places(i), places(j)
    values, eltype = values_for(v, len(rows))
    if not len(rows) == len(cols) == len(values):
        raise ArgumentError(
            "the first three arguments' lengths must match, "
            f"length(I) (={len(rows)}) == length(J) (= {len(cols)}) == "
            f"length(V) (= {len(values)})"
        )
    shape = (
        limit(rows) if m is None else int(m),
        limit(cols) if n is None else int(n),
    )
    for name, size, index, bound in (
        ("row", shape[0], rows, "I[k] <= m"),
        ("column", shape[1], cols, "J[k] <= n"),
    ):
        if len(index) and (index.min() < 0 or index.max() >= size):
            letter = bound[0]
            raise ArgumentError(f"{name} indices {letter}[k] must satisfy 1 <= {bound}")
    combine = combine or default_combine(eltype)
    return over(from_triplets(rows, cols, np.array(values), shape, eltype, combine))


method("sparse(A::AbstractVecOrMat)")(sparse_of)


@method("sparse!(I, J, V, m=nothing, n=nothing, combine=nothing, work...)", export=False)
def sparse_reusing(*args: Any) -> Any:
    """`sparse` of the first six arguments; the vectors of work that follow are not needed."""
    return sparse(*args[:6])


@method("sparse(s, m::Integer, n::Integer)")
def sparse_scaling(s: Any, m: int, n: int) -> Any:
    return sparse_of(FROM_VALUE[type(s)](s, (m, n), None))


@method("sparse(s, dims::Dims{2})")
def sparse_scaling_dims(s: Any, dims: Any) -> Any:
    return sparse_scaling(s, *dims)


@method("sparsevec(I::AbstractVector, V, m::Integer, combine)")
def sparsevec_of_length(i: Any, v: Any, m: Any, combine: Any) -> Any:
    index = places(i)
    values, eltype = values_for(v, len(index))
    if len(index) != len(values):
        raise ArgumentError("index and value vectors must be the same length")
    if len(index) and (index.min() < 0 or index.max() >= m):
        raise ArgumentError("An index is out of bound.")
    columns = from_triplets(
        index, np.zeros_like(index), np.array(values), (int(m), 1), eltype, combine
    )
    return over(columns, 1)


@method("sparsevec(I::AbstractVector, V, m::Integer)")
def sparsevec_summed(i: Any, v: Any, m: Any) -> Any:
    eltype = eltype_of(v) if is_array(v) else T.typeof(v)
    return sparsevec_of_length(i, v, m, default_combine(eltype))


@method("sparsevec(I::AbstractVector, V, combine)")
def sparsevec_combined(i: Any, v: Any, combine: Any) -> Any:
    index = places(i)
    if len(index) and index.min() < 0:
        raise ErrorException("Index must be positive.")
    return sparsevec_of_length(i, v, limit(index), combine)


@method("sparsevec(I::AbstractVector, V)")
def sparsevec(i: Any, v: Any) -> Any:
    """A sparse vector from places and values, from a dictionary, or from another array.

    `sparsevec(I, V, [m, combine])`, `sparsevec(d, [m])`, `sparsevec(A)`.

    ```jldoctest
    julia> using SparseArrays

    julia> sparsevec([4, 2, 4], [1, 5, 3])
    4-element SparseVector{Int64, Int64} with 2 stored entries:
      [2]  =  5
      [4]  =  4
    ```
    """
    eltype = eltype_of(v) if is_array(v) else T.typeof(v)
    return sparsevec_combined(i, v, default_combine(eltype))


@method("sparsevec(A::AbstractArray)")
def sparsevec_of(a: Any) -> Any:
    return over(columns_of(op("vec", a)).copy(), 1)


@method("sparsevec(d::AbstractDict, m=nothing)")
def sparsevec_dict(d: Any, m: Any = None) -> Any:
    pairs = [(p.first, p.second) for p in op("collect", d).data.tolist()]
    eltype = op("valtype", d)
    index = np.array([int(k) for k, _ in pairs], dtype=np.int64) - 1
    if len(index) and index.min() < 0:
        raise ArgumentError("index must be positive.")
    if m is not None and len(index) and index.max() >= m:
        raise ArgumentError("an index is out of bound.")
    size = limit(index) if m is None else int(m)
    values = pack([v for _, v in pairs], eltype)
    return over(from_triplets(index, np.zeros_like(index), values, (size, 1), eltype, None), 1)


# ---------------------------------------------------------------- from types, zeros, diagonals


@method("spzeros(args...)")
def spzeros(*args: Any) -> Any:
    """A sparse array without entries, or with zeros stored at given places.

    `spzeros([type], m, [n])`, `spzeros([type], I, J, [m, n])`
    """
    t: Any = T.Float64
    if args and isinstance(args[0], T.JuliaType):
        t, args = args[0], args[1:]
        if args and isinstance(args[0], T.JuliaType):  # the type of the indices
            args = args[1:]
    if len(args) > 1 and is_array(args[0]) and is_array(args[1]):
        zero = op("zero", t)
        made = sparse(args[0], args[1], zero, *args[2:])
        return over(made.csc.with_data(convert_data(t, made.csc.data, made.csc.eltype), t))
    dims = args[0] if len(args) == 1 and type(args[0]) is tuple else args
    if len(dims) not in (1, 2) or not all([T.isa(n, T.Integer) for n in dims]):
        raise NoMethod("one or two sizes are needed")
    return blank(tuple(map(int, dims)), t)


def diagonals(m: int | None, n: int | None, ps: tuple[Any, ...]) -> Any:
    """A sparse matrix from diagonals; as large as needed if no size is given."""
    needed_m = max(shape_of(p.second)[0] + max(-p.first, 0) for p in ps)
    needed_n = max(shape_of(p.second)[0] + max(p.first, 0) for p in ps)
    if m is None or n is None:
        m = n = max(needed_m, needed_n)
    if m < needed_m or n < needed_n:
        raise ArgumentError("invalid size")
    eltype: Any = op("promote_type", *(eltype_of(p.second) for p in ps))
    rows, cols, values = [], [], []
    for p in ps:
        v = convert_data(eltype, dense(p.second), eltype_of(p.second))
        at = np.arange(len(v))
        rows.append(at + max(0, -p.first))
        cols.append(at + max(0, p.first))
        values.append(v)
    parts = [np.concatenate(x) for x in (rows, cols, values)]
    return over(
        from_triplets(parts[0], parts[1], parts[2], (m, n), eltype, default_combine(eltype))
    )


@method("spdiagm(p::Pair{<:Integer,<:AbstractVector}, ps::Pair{<:Integer,<:AbstractVector}...)")
def spdiagm(*ps: Any) -> Any:
    """A sparse matrix from diagonals: `spdiagm([m, n], kv::Pair...)`, `spdiagm([m, n], v)`.

    ```jldoctest
    julia> using SparseArrays

    julia> spdiagm(-1 => [3, 4])
    3×3 SparseMatrixCSC{Int64, Int64} with 2 stored entries:
     ⋅  ⋅  ⋅
     3  ⋅  ⋅
     ⋅  4  ⋅
    ```
    """
    return diagonals(None, None, ps)


@method("spdiagm(m::Integer, n::Integer, ps::Pair...)")
def spdiagm_of_size(m: int, n: int, *ps: Any) -> Any:
    return diagonals(int(m), int(n), ps)


@method("spdiagm(v::AbstractVector)")
def spdiagm_vector(v: Any) -> Any:
    return spdiagm(V.Pair(0, v))


@method("spdiagm(m::Integer, n::Integer, v::AbstractVector)")
def spdiagm_vector_of_size(m: int, n: int, v: Any) -> Any:
    return diagonals(int(m), int(n), (V.Pair(0, v),))


@method("blockdiag(xs...)")
def blockdiag(*xs: Any) -> Any:
    """Matrices along the diagonal of a larger one."""
    columns = [columns_of(x) for x in xs]
    eltype: Any = op("promote_type", *(c.eltype for c in columns))
    rows, cols, values = [], [], []
    m = n = 0
    for c in columns:
        rows.append(c.indices + m)
        cols.append(c.columns + n)
        values.append(convert_data(eltype, c.data, c.eltype))
        m, n = m + c.shape[0], n + c.shape[1]
    parts = [np.concatenate(x) for x in (rows, cols, values)]
    return over(from_triplets(parts[0], parts[1], parts[2], (m, n), eltype, None))


def joining(name: str) -> None:
    @method(f"sparse_{name}(xs...)")
    def join(*xs: Any) -> Any:
        return sparse_of(op(name, *(sparse_of(x) if is_array(x) else x for x in xs)))

    join.__doc__ = f"Like `{name}`, but the result is sparse."


for _name in ("hcat", "vcat", "hvcat"):
    joining(_name)


# ---------------------------------------------------------------- at random


def drawing(args: tuple[Any, ...], function: str) -> Any:
    """The generator (in a tuple, or none), the type, the other arguments, how values are drawn."""
    random = PACKAGES["Random"]
    random.load()
    rng: tuple[Any, ...] = ()
    if args and T.isa(args[0], random.bindings["AbstractRNG"]):
        rng, args = args[:1], args[1:]
    eltype: Any = T.Float64
    given: tuple[Any, ...] = ()
    if args and isinstance(args[0], T.JuliaType):
        eltype, given, args = args[0], args[:1], args[1:]
    draw: Callable[[int], Any] = lambda n: op(function, *rng, *given, n)  # noqa: E731
    if eltype is T.Bool:
        draw = lambda n: op("trues", n)  # noqa: E731
    sizes = list(itertools.takewhile(lambda a: T.isa(a, T.Integer), args))
    if len(sizes) not in (1, 2) or len(sizes) == len(args) or not T.isa(args[len(sizes)], T.Real):
        raise NoMethod("one or two sizes and a density are needed")
    density, rest = args[len(sizes)], args[len(sizes) + 1 :]
    if rest:
        own = rest[0]
        draw = lambda n: own(*rng, n)  # noqa: E731
    if not 0 <= density <= 1:
        raise ArgumentError(f"{op('string', density)} not in [0,1]")
    return rng, draw, [int(n) for n in sizes], float(density)


def chosen(rng: tuple[Any, ...], n: int, density: float) -> list[int]:
    """A random part of `1:n`."""
    subset = PACKAGES["Random"].bindings["randsubseq"]
    return [int(i) for i in subset(*rng, op(":", 1, n), density).data]


def random_places(
    rng: tuple[Any, ...], m: int, n: int, density: float
) -> tuple[list[int], list[int]]:
    """Rows and columns of a random matrix: the columns that hold anything, then their rows."""
    if density in (0.0, 1.0):
        count = m * n if density else 0
        return [k % m for k in range(count)], [k // m for k in range(count)]
    log = math.log1p(-density)
    filled, bare = -math.expm1(m * log), math.exp(m * log)
    rows: list[int] = []
    cols: list[int] = []
    for j in chosen(rng, n, filled):
        first = math.ceil(math.log(bare + float(op("rand", *rng)) * filled) / log)
        first = max(1, min(first, m))
        here = [i - 1 for i in chosen(rng, m - first, density)] + [m - first]
        rows += here
        cols += [j - 1] * len(here)
    return rows, cols


def random_sparse(args: tuple[Any, ...], function: str) -> Any:
    rng, draw, sizes, density = drawing(args, function)
    if len(sizes) == 1:
        rows = [i - 1 for i in chosen(rng, sizes[0], density)]
        cols = [0] * len(rows)
        shape = (sizes[0], 1)
    else:
        shape = (sizes[0], sizes[1])
        rows, cols = random_places(rng, *shape, density)
    values = draw(len(rows))
    i, j = np.array(rows, dtype=np.int64), np.array(cols, dtype=np.int64)
    columns = from_triplets(i, j, dense(values), shape, eltype_of(values), None)
    return over(columns, len(sizes))


@method("sprand(args...)")
def sprand(*args: Any) -> Any:
    """A random sparse array: `sprand([rng], [type], m, [n], p, [rfn])`.

    Each element is there with probability `p`.
    """
    return random_sparse(args, "rand")


@method("sprandn(args...)")
def sprandn(*args: Any) -> Any:
    """Like `sprand`, of normally distributed numbers: `sprandn([rng], [type], m, [n], p)`."""
    return random_sparse(args, "randn")


# ---------------------------------------------------------------- constructors, copies


def from_parts(m: int, n: int, colptr: Any, rowval: Any, nzval: Any) -> Any:
    """A sparse matrix from what it stores."""
    pointers = dense(colptr)
    if len(pointers) < n + 1:
        raise ArgumentError(f"{len(pointers)} == length(colptr) < {n + 1}")
    if pointers[0] != 1:
        raise ArgumentError(f"{pointers[0]} == colptr[1] != 1")
    for k in range(1, n + 1):
        if pointers[k - 1] > pointers[k]:
            raise ArgumentError(
                f"{pointers[k - 1]} == colptr[{k}] > colptr[{k + 1}] == {pointers[k]}"
            )
    count = int(pointers[n]) - 1
    if len(dense(rowval)) < count:
        raise ArgumentError(f"{len(dense(rowval))} == length(rowval) < {count}")
    rows, values = dense(rowval)[:count] - 1, dense(nzval)[:count]
    return over(Columns((m, n), pointers - 1, rows, values, eltype_of(nzval)))


def retyped(t: Any, a: Any) -> Any:
    """A sparse array, with the element type that a type names."""
    out = sparse_of(a)
    eltype = T.unwrap(t).parameters[0]
    if isinstance(eltype, T.TypeVar) or out.eltype is eltype:
        return out
    return over(out.csc.with_data(convert_data(eltype, out.csc.data, out.eltype), eltype), out.ndim)


def constructor(family: Any, arguments: list[Any], names: tuple[str, ...], f: Any) -> None:
    signature = T.tuple_type([T.Type_, *arguments])
    support._builtin(constructors(family), signature, f, names)


def _element(t: Any, default: Any = None) -> Any:
    eltype = T.unwrap(t).parameters[0]
    return default if isinstance(eltype, T.TypeVar) else eltype


_undef = T.typeof(Base.bindings["undef"])
constructor(
    SparseMatrix_,
    [T.Integer, T.Integer, *[T.AbstractVector] * 3],
    ("m", "n", "colptr", "rowval", "nzval"),
    lambda t, m, n, *parts: retyped(t, from_parts(int(m), int(n), *parts)),
)
constructor(
    SparseVector_,
    [T.Integer, T.AbstractVector, T.AbstractVector],
    ("n", "nzind", "nzval"),
    lambda t, n, i, v: retyped(t, vector_from_parts(int(n), i, v)),
)
constructor(
    SparseMatrix_,
    [_undef, T.Integer, T.Integer],
    ("undef", "m", "n"),
    lambda t, _, m, n: blank((int(m), int(n)), _element(t, T.Float64)),
)
constructor(
    SparseVector_,
    [_undef, T.Integer],
    ("undef", "n"),
    lambda t, _, n: blank((int(n),), _element(t, T.Float64)),
)
for _family in (SparseMatrix_, SparseVector_):
    constructor(_family, [T.Any_], ("A",), retyped)


def vector_from_parts(n: int, index: Any, values: Any) -> Any:
    if n < 0:
        raise ArgumentError("The number of elements must be non-negative.")
    rows = places(index)
    if len(rows) != len(dense(values)):
        raise ArgumentError("index and value vectors must be the same length")
    count = np.array([0, len(rows)], dtype=np.int64)
    return over(Columns((n, 1), count, rows, dense(values), eltype_of(values)), 1)


@Base.method(f"copy(A::{SPARSE})")
def copied(a: Any) -> Any:
    return over(a.csc.copy(), a.ndim)


@Base.method(f"copy(A::{TURNED})")
def copied_turned(a: Any) -> Any:
    return over(columns_of(a))


@Base.method(f"similar(A::{SPARSE}, t::Type)")
def similar_typed(a: Any, t: Any) -> Any:
    """A sparse array with the same places, of whatever values."""
    zeros = shaped([convert_element(t, op("zero", t))] * len(a.csc.data), t, a.csc.data.shape)
    return over(a.csc.with_data(zeros, t), a.ndim)


@Base.method(f"similar(A::{SPARSE})")
def similar_sparse(a: Any) -> Any:
    return similar_typed(a, a.eltype)


@Base.method(f"similar(A::{SPARSE}, t::Type, dims::Union{{Dims{{1}},Dims{{2}}}})")
def similar_sized(a: Any, t: Any, dims: Any) -> Any:
    return blank(dims, t)


@Base.method(f"similar(A::{SPARSE}, dims::Union{{Dims{{1}},Dims{{2}}}})")
def similar_dims(a: Any, dims: Any) -> Any:
    return blank(dims, a.eltype)


@Base.method(f"similar(A::{SPARSE}, t::Type, m::Integer)")
def similar_vector(a: Any, t: Any, m: int) -> Any:
    return blank((m,), t)


@Base.method(f"similar(A::{SPARSE}, t::Type, m::Integer, n::Integer)")
def similar_matrix(a: Any, t: Any, m: int, n: int) -> Any:
    return blank((m, n), t)
