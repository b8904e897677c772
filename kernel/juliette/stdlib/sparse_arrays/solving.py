"""Systems of equations with sparse matrices: by SciPy's LU, by Cholesky, else as dense ones."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, shape_of
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.sparse_arrays.arithmetic import wrap_dense
from juliette.stdlib.sparse_arrays.kinds import MATRIX, SparseMatrix, columns_of, sparse_of
from juliette.stdlib.sparse_arrays.storage import Columns

LinearAlgebra = PACKAGES["LinearAlgebra"]


def scipy_part(name: str) -> Any:
    """A part of SciPy; None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def by_scipy(a: Columns, y: Any) -> Any:
    """The solution by SciPy's sparse LU; None if it has none, or is not there."""
    sparse, linalg = scipy_part("scipy.sparse"), scipy_part("scipy.sparse.linalg")
    if sparse is None or linalg is None or a.data.dtype == object or y.dtype == object:
        return None
    kind = np.result_type(a.data.dtype, y.dtype, float)
    matrix = sparse.csc_matrix((a.data.astype(kind), a.indices, a.indptr), shape=a.shape)
    try:
        return linalg.splu(matrix).solve(y.astype(kind))
    except RuntimeError:
        from juliette.stdlib.linear_algebra.kernels import SingularException

        raise SingularException(0) from None


def by_cholesky(a: Columns, y: Any) -> Any:
    """The solution of a system with a positive definite matrix; None if it is not."""
    from juliette.stdlib.sparse_arrays.factors import factored, same_turned

    if a.data.dtype == object or y.dtype == object or not same_turned(a):
        return None
    f = factored(SparseMatrix(a), 0, None, root=True)
    return None if f.info else f.solve(y)


def is_triangular(a: Columns) -> bool:
    above = a.columns - a.indices
    return bool((above >= 0).all() or (above <= 0).all())


for _kind in ("Symmetric", "Hermitian"):
    _type = f"LinearAlgebra.{_kind}{{<:Any, <:SparseArrays.SparseMatrixCSC}}"

    @Base.method(f"\\(A::{_type}, b::AbstractVecOrMat)")
    def solve_mirrored(a: Any, b: Any) -> Any:
        return solve(sparse_of(a), b)


@Base.method(f"\\(A::{MATRIX}, b::AbstractVecOrMat)")
def solve(a: Any, b: Any) -> Any:
    """The solution of a sparse system; of least squares if the matrix is not square."""
    y = dense(b)
    m, n = shape_of(a)
    if m != y.shape[0]:
        raise DimensionMismatch(f"B has leading dimension {y.shape[0]}, but needs {m}")
    columns = columns_of(a)
    if m == n and not is_triangular(columns):
        found = by_scipy(columns, y)
        if found is None:
            found = by_cholesky(columns, y)
        if found is not None:
            return wrap(np.asfortranarray(found))
    return Base.bindings["\\"](wrap_dense(a), wrap_dense(b))
