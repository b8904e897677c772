"""LinearAlgebra: matrices with structure, factorizations, norms, products.

- `structured`: `Diagonal`, `Symmetric`, triangular and other structured matrices; `I`
- `small`: small matrices, rounded to the last digit
- `kernels`: elimination, substitution, reflections on ndarrays
- `factorization`: what factorization objects have in common
- `orthogonal`: the Q of factorizations
- `elimination`: `lu`, `qr`, `lq`, `cholesky`
- `wide`: QR and Cholesky of numbers that numpy does not know
- `symmetric_factors`: `ldlt`, `bunchkaufman`
- `equations`: `sylvester`, `lyap`; Cholesky factors of changed matrices
- `spectral`: `eigen`, `svd`, `schur`, `hessenberg`
- `generalized`: factorizations of pairs, ordered Schur forms, pivoted Cholesky
- `factorizations`: display and use of the objects; `factorize`
- `in_place`: their `!` forms
- `rotations`: Givens rotations
- `operations`: products, determinants
- `norms`: norms, rank, condition
- `parts`: diagonals, triangles, questions
- `matrix_functions`: `\\`, `/`, `inv`, powers and functions of matrices
- `structured_arithmetic`: arithmetic that keeps structure
- `scaling`: `I` and its multiples
- `blas`, `blas_in_place`, `lapack`: `LinearAlgebra.BLAS` and `LinearAlgebra.LAPACK`
"""

from __future__ import annotations

from typing import Any

from juliette.runtime import wrappers as W


def load(module: Any) -> None:
    """Fill the module."""
    module.const("Adjoint", W.Adjoint_)
    module.const("Transpose", W.Transpose_)
    from juliette.stdlib.linear_algebra import structured
    from juliette.stdlib.linear_algebra import factorizations, matrix_functions, operations, parts  # isort: skip
    from juliette.stdlib.linear_algebra import (
        blas,
        blas_in_place,
        equations,
        in_place,
        lapack,
        norms,
        rotations,
        scaling,
    )  # isort: skip

    numeric = (structured, factorizations, matrix_functions, operations, parts, norms)
    assert all((*numeric, blas, blas_in_place, equations, in_place, lapack, rotations, scaling))
