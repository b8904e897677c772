"""LinearAlgebra: matrices with structure, factorizations, norms, products.

- `structured`: `Diagonal`, `Symmetric`, triangular and other structured matrices; `I`
- `kernels`: elimination, substitution, reflections on ndarrays
- `factorizations`: `lu`, `qr`, `cholesky`, `eigen`, `svd`, … as objects
- `operations`: products, norms, determinants, questions
- `matrix_functions`: `\\`, `/`, `inv`, powers and functions of matrices
- `structured_arithmetic`: arithmetic that keeps structure
- `blas`: `LinearAlgebra.BLAS`
"""

from __future__ import annotations

from typing import Any

from juliette.runtime import wrappers as W


def load(module: Any) -> None:
    """Fill the module."""
    module.const("Adjoint", W.Adjoint_)
    module.const("Transpose", W.Transpose_)
    from juliette.stdlib.linear_algebra import structured
    from juliette.stdlib.linear_algebra import factorizations, matrix_functions, operations  # isort: skip
    from juliette.stdlib.linear_algebra import blas, structured_arithmetic  # isort: skip

    assert all((structured, factorizations, matrix_functions, operations, blas, structured_arithmetic))
